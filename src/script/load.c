/* load.c — a script's files into entries, expectations and configuration. */
#include "script/script_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const KINDS[ENTRY_KINDS] = {
    [ENTRY_CUSTOMER] = "customer",
    [ENTRY_TRACK] = "track",
    [ENTRY_PAGE] = "page",
    [ENTRY_UNSUBSCRIBE] = "unsubscribe",
    [ENTRY_PROVIDER] = "provider",
    [ENTRY_OPERATE] = "operate",
    [ENTRY_MERGE] = "merge",
    [ENTRY_UNMERGE] = "unmerge",
    [ENTRY_ERASE] = "erase",
    [EXPECT_MESSAGE] = "message",
    [EXPECT_REFUSED] = "refused",
    [EXPECT_ENTER] = "enter",
    [EXPECT_EXIT] = "exit",
    [EXPECT_COUNT] = "count",
    [EXPECT_NOTHING_ELSE] = "nothing_else",
};

struct loader {
    struct script *s;
    struct env *files;
    struct diag *why;
    str folder;
    const struct node *root;
    i64 last;
};

/* ---- files ---- */

MUST_USE static err read_file(struct loader *l, const char *path, str *out)
{
    struct file *f;
    u64 size = 0;
    size_t got = 0;
    err e = env_open(l->files, path, FILE_READ, &f);
    if (e != ERR_OK) return diag_at(l->why, ERR_INVALID, str_of(path), "this file cannot be read");
    e = file_size(f, &size);
    char *p = arena_alloc(l->s->arena, size + 1);
    if (e == ERR_OK) e = file_read(f, 0, p, size, &got);
    file_close(f);
    *out = (str){p, got};
    return e;
}

MUST_USE static err load_zone(struct loader *l, str name, const struct zone **zone, str *bytes)
{
    str path = arena_printf(l->s->arena, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
    if (!zone_name_valid(name))
        return diag_set(l->why, ERR_INVALID, "%.*s is no time zone", STR_ARG(name));
    TRY(read_file(l, path.p, bytes));
    *zone = zone_parse(*bytes, l->s->arena);
    return *zone ? ERR_OK : diag_set(l->why, ERR_INVALID, "%.*s is no time zone", STR_ARG(name));
}

/* ---- configuration ---- */

MUST_USE static err add_source(struct loader *l, object_kind kind, const struct json *json)
{
    if (l->s->source_count == SOURCES_MAX)
        return diag_set(l->why, ERR_LIMIT, "a script may have %d objects at most", SOURCES_MAX);
    l->s->sources[l->s->source_count++] = (struct source){kind, json};
    return ERR_OK;
}

/* A bundle, or one journey. Segments come before journeys: those name them. */
MUST_USE static err add_bundle(struct loader *l, const struct json *j)
{
    static const struct {
        const char *member;
        object_kind kind;
    } PARTS[] = {{"policies", OBJECT_POLICY},
                 {"segments", OBJECT_SEGMENT},
                 {"templates", OBJECT_TEMPLATE},
                 {"journeys", OBJECT_JOURNEY}};
    if (json_get(j, "steps")) return add_source(l, OBJECT_JOURNEY, j);
    for (const struct json *m = json_is(j, JSON_OBJECT) ? j->child : NULL; m; m = m->next) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(PARTS); i++) known |= str_eq(m->key, str_of(PARTS[i].member));
        if (!known)
            return diag_set(
                l->why, ERR_REFUSED,
                "this is no journey (it has no steps), and a bundle with \"%.*s\" is not "
                "known to this version",
                STR_ARG(m->key));
    }
    for (u32 i = 0; i < COUNT_OF(PARTS); i++) {
        const struct json *list = json_get(j, PARTS[i].member);
        if (json_is(list, JSON_OBJECT)) TRY(add_source(l, PARTS[i].kind, list));
        for (const struct json *o = json_is(list, JSON_ARRAY) ? list->child : NULL; o; o = o->next)
            TRY(add_source(l, PARTS[i].kind, o));
    }
    return ERR_OK;
}

MUST_USE static err load_journey(struct loader *l, const struct node *n)
{
    const struct json *json;
    str text;
    if (n->type == NODE_MAP) return add_bundle(l, node_json(n, l->s->arena));
    str path = arena_printf(l->s->arena, "%.*s%.*s", STR_ARG(l->folder), STR_ARG(n->text));
    TRY(read_file(l, path.p, &text));
    err e = json_parse(text, l->s->arena, &json, l->why);
    if (e == ERR_OK) return add_bundle(l, json);
    snprintf(l->why->path, sizeof l->why->path, "%.*s", STR_ARG(path));
    return ERR_INVALID;
}

/* ---- times ---- */

err script_time(const struct script *s, const struct node *n, i64 *out, struct diag *why)
{
    iso_time t;
    local_kind kind = LOCAL_ONCE;
    if (!n || n->type != NODE_TEXT || !iso_parse(n->text, &t))
        return node_refuse(n, s->file, why, "give a time: 2026-06-01 10:05, or with an offset");
    if (t.zoned) {
        *out = iso_ms(&t);
        return ERR_OK;
    }
    *out = zone_resolve(s->zone, t.local, &kind);
    if (kind == LOCAL_TWICE)
        return node_refuse(n, s->file, why,
                           "this local time occurs twice, write its offset (+02:00)");
    if (kind == LOCAL_SKIPPED)
        return node_refuse(n, s->file, why, "this local time does not exist on that day");
    return ERR_OK;
}

/* ---- entries ---- */

static const struct node *find_kind(const struct node *n, entry_kind *kind)
{
    for (u32 k = 0; k < ENTRY_KINDS; k++) {
        const struct node *body = node_get(n, KINDS[k]);
        if (body) {
            *kind = k;
            return body;
        }
    }
    return NULL;
}

MUST_USE static err one_entry(struct loader *l, const struct node *n, struct entry *out)
{
    static const char *const PARTS[] = {"at",         "by",     "properties", "occurred",
                                        "message_id", "repeat", "is",         "between"};
    out->node = n;
    out->number = 1;
    out->body = find_kind(n, &out->kind);
    if (!out->body)
        return node_refuse(n, l->s->file, l->why, "this entry is none that this version knows");
    for (const struct node *c = n->type == NODE_MAP ? n->child : NULL; c; c = c->next) {
        bool known = str_eq(c->key, str_of(KINDS[out->kind]));
        for (u32 i = 0; i < COUNT_OF(PARTS); i++) known |= str_eq(c->key, str_of(PARTS[i]));
        if (!known)
            return node_refuse(c, l->s->file, l->why, "\"%.*s\" is not known here",
                               STR_ARG(c->key));
    }
    if (out->kind == EXPECT_NOTHING_ELSE) return ERR_OK;
    TRY(script_time(l->s, node_get(n, "at"), &out->at_ms, l->why));
    l->last = max_i64(l->last, out->at_ms);
    return ERR_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->at_ms != y->at_ms) return x->at_ms < y->at_ms ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

MUST_USE static err entries(struct loader *l, const char *key, bool expectations,
                            struct entry **list, u32 *count)
{
    const struct node *n = node_get(l->root, key);
    if (!n) return ERR_OK;
    if (n->type != NODE_LIST) return node_refuse(n, l->s->file, l->why, "\"%s\" is a list", key);
    for (const struct node *c = n->child; c; c = c->next) {
        struct entry e = {.place = *count};
        i64 repeat = 1;
        TRY(one_entry(l, c, &e));
        if ((e.kind >= EXPECT_MESSAGE) != expectations)
            return node_refuse(c, l->s->file, l->why, "this does not belong under \"%s\"", key);
        if (node_get(c, "repeat") &&
            (str_to_i64(node_text(c, "repeat", S("")), &repeat) != ERR_OK || repeat < 1 ||
             repeat > 100000))
            return node_refuse(c, l->s->file, l->why, "\"repeat\" is a number from 1 to 100000");
        for (i64 i = 1; i <= repeat; i++) {
            if (*count == ENTRIES_MAX)
                return diag_set(l->why, ERR_LIMIT, "the script has too many entries");
            e.number = (u32)i;
            e.place = *count;
            (*list)[(*count)++] = e;
        }
    }
    return ERR_OK;
}

MUST_USE static err header(struct loader *l)
{
    static const char *const MEMBERS[] = {"journeys", "zone",   "workspace_zone", "start",
                                          "until",    "before", "script",         "expect"};
    struct script *s = l->s;
    str bytes;
    for (const struct node *c = l->root->type == NODE_MAP ? l->root->child : NULL; c; c = c->next) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(MEMBERS); i++) known |= str_eq(c->key, str_of(MEMBERS[i]));
        if (!known)
            return node_refuse(
                c, s->file, l->why,
                "\"%.*s\" is not known at the top of a script; segments and templates "
                "stand in a bundle under \"journeys\"",
                STR_ARG(c->key));
    }
    str zone = node_text(l->root, "zone", S("UTC"));
    TRY(load_zone(l, zone, &s->zone, &bytes));
    const struct zone *checked;
    s->workspace_zone.name = node_text(l->root, "workspace_zone", zone);
    TRY(load_zone(l, s->workspace_zone.name, &checked, &s->workspace_zone.tzif));
    const struct node *journeys = node_get(l->root, "journeys");
    if (!journeys || journeys->type != NODE_LIST)
        return node_refuse(l->root, s->file, l->why,
                           "\"journeys\" lists the files or journeys to run");
    for (const struct node *j = journeys->child; j; j = j->next) TRY(load_journey(l, j));
    return ERR_OK;
}

MUST_USE static err body(struct loader *l)
{
    struct script *s = l->s;
    s->entries = arena_alloc(s->arena, ENTRIES_MAX * sizeof *s->entries);
    s->expectations = arena_alloc(s->arena, ENTRIES_MAX * sizeof *s->expectations);
    TRY(entries(l, "before", false, &s->entries, &s->entry_count));
    TRY(entries(l, "script", false, &s->entries, &s->entry_count));
    TRY(entries(l, "expect", true, &s->expectations, &s->expectation_count));
    qsort(s->entries, s->entry_count, sizeof *s->entries, by_time);
    for (u32 i = 0; i < s->expectation_count; i++)
        s->nothing_else |= s->expectations[i].kind == EXPECT_NOTHING_ELSE;
    i64 first = s->entry_count ? s->entries[0].at_ms : 0;
    s->start_ms = first;
    s->until_ms = l->last;
    if (node_get(l->root, "start"))
        TRY(script_time(s, node_get(l->root, "start"), &s->start_ms, l->why));
    if (node_get(l->root, "until"))
        TRY(script_time(s, node_get(l->root, "until"), &s->until_ms, l->why));
    return ERR_OK;
}

err script_load(struct env *files, const char *path, struct arena *arena, struct script **out,
                struct diag *why)
{
    struct script *s = arena_zalloc(arena, sizeof *s);
    struct loader l = {.s = s, .files = files, .why = why, .last = INT64_MIN};
    const char *slash = strrchr(path, '/');
    str text;
    s->arena = arena;
    s->files = files;
    s->file = str_of(path);
    l.folder = slash ? (str){path, (size_t)(slash - path) + 1} : (str){0};
    TRY(read_file(&l, path, &text));
    TRY(node_parse(text, s->file, arena, &l.root, why));
    TRY(header(&l));
    TRY(body(&l));
    *out = s;
    return ERR_OK;
}
