/* node.c — libyaml events into a tree. */
#include "script/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

struct build {
    yaml_parser_t parser;
    struct arena *arena;
    struct diag *why;
    str file;
    u32 nodes;
};

static err at(struct build *b, yaml_mark_t mark, err code, const char *sentence)
{
    char path[160];
    snprintf(path, sizeof path, "%.*s:%zu:%zu", STR_ARG(b->file), mark.line + 1, mark.column + 1);
    return diag_at(b->why, code, str_of(path), "%s", sentence);
}

MUST_USE static err next(struct build *b, yaml_event_t *event)
{
    if (yaml_parser_parse(&b->parser, event)) return ERR_OK;
    return at(b, b->parser.problem_mark, ERR_INVALID,
              b->parser.problem ? b->parser.problem : "this is no YAML");
}

MUST_USE static err tree(struct build *b, yaml_event_t *event, u32 depth, struct node *out);

static bool forbidden(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default: return e->type == YAML_ALIAS_EVENT;
    }
}

/* The members of a list or a map, up to its end event. */
MUST_USE static err members(struct build *b, u32 depth, struct node *out)
{
    const struct node **link = &out->child;
    for (;;) {
        yaml_event_t event;
        str key = {0};
        TRY(next(b, &event));
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return ERR_OK;
        }
        if (out->type == NODE_MAP) {
            if (event.type != YAML_SCALAR_EVENT || forbidden(&event)) {
                err e = at(b, event.start_mark, ERR_INVALID, "a key is plain text");
                yaml_event_delete(&event);
                return e;
            }
            key = arena_str(b->arena,
                            (str){(const char *)event.data.scalar.value, event.data.scalar.length});
            yaml_event_delete(&event);
            TRY(next(b, &event));
        }
        struct node *child = arena_zalloc(b->arena, sizeof *child);
        child->key = key;
        err e = tree(b, &event, depth + 1, child);
        yaml_event_delete(&event);
        TRY(e);
        *link = child;
        link = &child->next;
        out->count++;
    }
}

MUST_USE static err tree(struct build *b, yaml_event_t *event, u32 depth, struct node *out)
{
    out->line = (u32)event->start_mark.line + 1;
    out->column = (u32)event->start_mark.column + 1;
    if (forbidden(event))
        return at(b, event->start_mark, ERR_INVALID, "anchors, aliases and tags are not used here");
    if (depth > NODE_DEPTH_MAX || ++b->nodes > NODES_MAX)
        return at(b, event->start_mark, ERR_LIMIT, "this is nested too deep, or too long");
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        out->type = NODE_TEXT;
        out->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        out->text = arena_str(
            b->arena, (str){(const char *)event->data.scalar.value, event->data.scalar.length});
        return ERR_OK;
    case YAML_SEQUENCE_START_EVENT: out->type = NODE_LIST; return members(b, depth, out);
    case YAML_MAPPING_START_EVENT: out->type = NODE_MAP; return members(b, depth, out);
    default: return at(b, event->start_mark, ERR_INVALID, "a value is missing");
    }
}

MUST_USE static err document(struct build *b, struct node *root)
{
    for (;;) {
        yaml_event_t event;
        TRY(next(b, &event));
        yaml_event_type_t type = event.type;
        err e = ERR_OK;
        bool done = false;
        if (type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_END_EVENT) {
            done = true;
            if (!root->line) e = at(b, event.start_mark, ERR_INVALID, "the file is empty");
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT) {
            e = tree(b, &event, 0, root);
        }
        yaml_event_delete(&event);
        TRY(e);
        if (done) return ERR_OK;
    }
}

err node_parse(str text, str file, struct arena *arena, const struct node **out, struct diag *why)
{
    struct build b = {.arena = arena, .why = why, .file = file};
    struct node *root = arena_zalloc(arena, sizeof *root);
    MUST(yaml_parser_initialize(&b.parser));
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    err e = document(&b, root);
    yaml_parser_delete(&b.parser);
    *out = root;
    return e;
}

const struct node *node_get(const struct node *n, const char *key)
{
    const struct node *found = NULL;
    if (!n || n->type != NODE_MAP) return NULL;
    for (const struct node *c = n->child; c; c = c->next)
        if (str_eq(c->key, str_of(key))) found = c;
    return found;
}

str node_text(const struct node *n, const char *key, str otherwise)
{
    const struct node *m = node_get(n, key);
    return m && m->type == NODE_TEXT ? m->text : otherwise;
}

static void scalar(const struct node *n, struct json *out)
{
    fixed f;
    err number = fixed_parse(n->text, &f);
    out->type = JSON_STRING;
    out->text = n->text;
    if (!n->plain) return;
    if (number != ERR_INVALID)
        out->type = JSON_NUMBER;
    else if (str_eq(n->text, S("true")) || str_eq(n->text, S("false"))) {
        out->type = JSON_BOOL;
        out->boolean = n->text.p[0] == 't';
    } else if (str_eq(n->text, S("null"))) {
        out->type = JSON_NULL;
    }
}

const struct json *node_json(const struct node *n, struct arena *arena)
{
    struct json *out = arena_zalloc(arena, sizeof *out);
    out->key = n->key;
    if (n->type == NODE_TEXT) {
        scalar(n, out);
        return out;
    }
    const struct json **link = &out->child;
    out->type = n->type == NODE_LIST ? JSON_ARRAY : JSON_OBJECT;
    out->count = n->count;
    for (const struct node *c = n->child; c; c = c->next) {
        struct json *child = arena_alloc(arena, sizeof *child);
        *child = *node_json(c, arena);
        *link = child;
        link = &child->next;
    }
    return out;
}

err node_refuse(const struct node *n, str file, struct diag *why, const char *format, ...)
{
    char sentence[300], path[160];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    snprintf(path, sizeof path, "%.*s:%u:%u", STR_ARG(file), n ? n->line : 0, n ? n->column : 0);
    return diag_at(why, ERR_INVALID, str_of(path), "%s", sentence);
}
