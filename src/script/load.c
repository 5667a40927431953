/* load.c — a script's files into entries, expectations and configuration. */
#include "script/playbook.h"
#include "script/script_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *word, *members;
} KINDS[ENTRY_KINDS] = {
#define X(constant, word, members) [constant] = {word, members},
    ENTRY_LIST(X) EXPECT_LIST(X)
#undef X
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
    l->s->sources[l->s->source_count++] = (struct script_object){kind, json};
    return ERR_OK;
}

/* Members of a bundle, in the order in which they mostly need each other. */
static const struct {
    const char *member;
    object_kind kind;
} PARTS[] = {{"policies", OBJECT_POLICY}, {"tags", OBJECT_TAG},     {"segments", OBJECT_SEGMENT},
             {"stages", OBJECT_STAGES},   {"scores", OBJECT_SCORE}, {"levels", OBJECT_LEVELS},
             {"coupons", OBJECT_COUPON},  {"topics", OBJECT_TOPIC}, {"templates", OBJECT_TEMPLATE},
             {"journeys", OBJECT_JOURNEY}};

/* The policies are one object, which is given its id here. */
MUST_USE static err add_policies(struct loader *l, const struct json *policies)
{
    struct json *id = arena_zalloc(l->s->arena, sizeof *id),
                *whole = arena_zalloc(l->s->arena, sizeof *whole);
    *id = (struct json){.type = JSON_STRING, .text = S("policies"), .key = S("id")};
    *whole = *policies;
    id->next = policies->child;
    whole->child = id;
    whole->count++;
    return add_source(l, OBJECT_POLICY, whole);
}

MUST_USE static err add_part(struct loader *l, const struct json *list, object_kind kind)
{
    if (kind == OBJECT_POLICY && json_is(list, JSON_OBJECT)) return add_policies(l, list);
    if (!json_is(list, JSON_ARRAY))
        return diag_set(l->why, ERR_REFUSED, "\"%.*s\" of a bundle is a list", STR_ARG(list->key));
    for (const struct json *o = list->child; o; o = o->next) TRY(add_source(l, kind, o));
    return ERR_OK;
}

/* A bundle, or one journey. */
MUST_USE static err add_bundle(struct loader *l, const struct json *j)
{
    if (json_get(j, "steps")) return add_source(l, OBJECT_JOURNEY, j);
    if (json_get(j, "bundle")) TRY(playbook_expand(j, "bundle", NULL, l->s->arena, &j, l->why));
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
    for (u32 i = 0; i < COUNT_OF(PARTS); i++)
        if (json_get(j, PARTS[i].member))
            TRY(add_part(l, json_get(j, PARTS[i].member), PARTS[i].kind));
    return ERR_OK;
}

static const struct json *stored_journey(const struct loader *l, str id)
{
    const struct script_base *base = l->s->base;
    for (u32 i = 0; base && i < base->count; i++)
        if (base->objects[i].kind == OBJECT_JOURNEY &&
            str_eq(json_get_str(base->objects[i].json, "id", S("")), id))
            return base->objects[i].json;
    return NULL;
}

MUST_USE static err load_journey(struct loader *l, const struct node *n)
{
    const struct json *json;
    str text;
    if (n->type == NODE_MAP) return add_bundle(l, node_json(n, l->s->arena));
    if ((json = stored_journey(l, n->text))) return add_source(l, OBJECT_JOURNEY, json);
    if (l->s->base && l->s->base->no_files)
        return node_refuse(n, l->s->file, l->why, "there is no journey of this id");
    str path = arena_printf(l->s->arena, "%.*s%.*s", STR_ARG(l->folder), STR_ARG(n->text));
    TRY(read_file(l, path.p, &text));
    err e = json_parse(text, l->s->arena, &json, l->why);
    if (e == ERR_OK) return add_bundle(l, json);
    snprintf(l->why->path, sizeof l->why->path, "%.*s", STR_ARG(path));
    return ERR_INVALID;
}

static str folder_of(str path)
{
    for (size_t n = path.n; n > 0; n--)
        if (path.p[n - 1] == '/') return (str){path.p, n};
    return (str){0};
}

err script_sources(struct script *s, const struct node *n, u32 *first, struct diag *why)
{
    struct loader l = {.s = s, .files = s->files, .why = why, .folder = folder_of(s->file)};
    *first = s->source_count;
    return load_journey(&l, n);
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

static const struct node *find_kind(const struct node *n, bool expectations, entry_kind *kind)
{
    u32 from = expectations ? EXPECT_MESSAGE : 0, to = expectations ? ENTRY_KINDS : EXPECT_MESSAGE;
    for (u32 k = from; k < to; k++) {
        const struct node *body = node_get(n, KINDS[k].word);
        if (body) {
            *kind = k;
            return body;
        }
    }
    return NULL;
}

/* Whether `word` is one of `list`, words apart by one blank. */
static bool word_in(str word, const char *list)
{
    str rest = str_of(list);
    while (rest.n) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != ' ') n++;
        if (str_eq(word, (str){rest.p, n})) return true;
        rest = str_slice(rest, n + (n < rest.n), rest.n);
    }
    return false;
}

/* A misspelt member would make an expectation weaker in silence. */
MUST_USE static err members_known(struct loader *l, const struct node *n, const char *members)
{
    if (!members || !*members) return ERR_OK;
    if (n->type != NODE_MAP)
        return node_refuse(n, l->s->file, l->why, "this has members: %s", members);
    for (const struct node *c = n->child; c; c = c->next)
        if (!word_in(c->key, members))
            return node_refuse(c, l->s->file, l->why, "\"%.*s\" is not known here: use %s",
                               STR_ARG(c->key), members);
    return ERR_OK;
}

static const char *siblings(entry_kind kind)
{
    if (kind == ENTRY_TRACK || kind == ENTRY_PAGE)
        return "at by properties occurred message_id repeat";
    if (kind == ENTRY_CUSTOMER) return "at occurred repeat";
    return kind < EXPECT_MESSAGE ? "at repeat" : "at";
}

MUST_USE static err one_entry(struct loader *l, const struct node *n, bool expectation,
                              struct entry *out)
{
    out->node = n;
    out->number = 1;
    out->body = find_kind(n, expectation, &out->kind);
    if (!out->body && find_kind(n, !expectation, &out->kind))
        return node_refuse(n, l->s->file, l->why, "this does not belong under \"%s\"",
                           expectation ? "expect" : "script");
    if (!out->body)
        return node_refuse(n, l->s->file, l->why, "this entry is none that this version knows");
    for (const struct node *c = n->type == NODE_MAP ? n->child : NULL; c; c = c->next)
        if (c != out->body && !word_in(c->key, siblings(out->kind)))
            return node_refuse(c, l->s->file, l->why, "\"%.*s\" is not known here",
                               STR_ARG(c->key));
    TRY(members_known(l, out->body, KINDS[out->kind].members));
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

/* Of a customer's state first, by time; the others as they stand in the file. */
static int states_by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    bool x_state = x->kind == EXPECT_CUSTOMER, y_state = y->kind == EXPECT_CUSTOMER;
    if (x_state != y_state) return x_state ? -1 : 1;
    return x_state ? by_time(a, b) : (x->place > y->place) - (x->place < y->place);
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
        TRY(one_entry(l, c, expectations, &e));
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

static bool brought(const struct loader *l, const struct script_object *o)
{
    str id = json_get_str(o->json, "id", S(""));
    for (u32 i = 0; i < l->s->source_count; i++)
        if (l->s->sources[i].kind == o->kind &&
            str_eq(json_get_str(l->s->sources[i].json, "id", S("")), id))
            return true;
    return false;
}

MUST_USE static err add_stored(struct loader *l)
{
    const struct script_base *base = l->s->base;
    for (u32 i = 0; base && i < base->count; i++)
        if (base->objects[i].kind != OBJECT_JOURNEY && !brought(l, &base->objects[i]))
            TRY(add_source(l, base->objects[i].kind, base->objects[i].json));
    return ERR_OK;
}

MUST_USE static err journeys(struct loader *l)
{
    const struct node *list = node_get(l->root, "journeys");
    const struct json *alone = l->s->base ? stored_journey(l, l->s->base->journey) : NULL;
    if (!list && alone) return add_source(l, OBJECT_JOURNEY, alone);
    if (!list || list->type != NODE_LIST)
        return node_refuse(l->root, l->s->file, l->why,
                           "\"journeys\" lists the files or journeys to run");
    for (const struct node *j = list->child; j; j = j->next) TRY(load_journey(l, j));
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
                "\"%.*s\" is not known at the top of a script; segments, templates and "
                "the like stand in a bundle under \"journeys\"",
                STR_ARG(c->key));
    }
    str zone = node_text(l->root, "zone", S("UTC"));
    TRY(load_zone(l, zone, &s->zone, &bytes));
    const struct zone *checked;
    s->workspace_zone.name = node_text(l->root, "workspace_zone", zone);
    TRY(load_zone(l, s->workspace_zone.name, &checked, &s->workspace_zone.tzif));
    TRY(journeys(l));
    return add_stored(l);
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
    qsort(s->expectations, s->expectation_count, sizeof *s->expectations, states_by_time);
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

static struct script *begin(struct loader *l, struct env *files, const char *name,
                            const struct script_base *base, struct arena *arena, struct diag *why)
{
    struct script *s = arena_zalloc(arena, sizeof *s);
    *l = (struct loader){.s = s, .files = files, .why = why, .last = INT64_MIN};
    s->arena = arena;
    s->files = files;
    s->file = str_of(name);
    s->base = base;
    l->folder = folder_of(s->file);
    return s;
}

MUST_USE static err read_all(struct loader *l, str text)
{
    TRY(node_parse(text, l->s->file, l->s->arena, &l->root, l->why));
    TRY(header(l));
    return body(l);
}

err script_parse(struct env *files, str text, const char *name, const struct script_base *base,
                 struct arena *arena, struct script **out, struct diag *why)
{
    struct loader l;
    *out = begin(&l, files, name, base, arena, why);
    return read_all(&l, text);
}

err script_load(struct env *files, const char *path, const struct script_base *base,
                struct arena *arena, struct script **out, struct diag *why)
{
    struct loader l;
    str text;
    *out = begin(&l, files, path, base, arena, why);
    TRY(read_file(&l, path, &text));
    return read_all(&l, text);
}

void script_base_of(struct engine *e, struct arena *arena, struct script_base *out)
{
    struct script_object *list = arena_alloc(arena, SOURCES_MAX * sizeof *list);
    u32 *codes = arena_alloc(arena, SOURCES_MAX * sizeof *codes);
    *out = (struct script_base){.objects = list};
    for (u32 k = 0; k < COUNT_OF(PARTS); k++) {
        u32 n = engine_objects(e, PARTS[k].kind, codes, SOURCES_MAX - out->count);
        for (u32 i = 0; i < n; i++) {
            str id = names_text(engine_names(e), NAME_OBJECT, codes[i]);
            str text = arena_str(arena, engine_object(e, PARTS[k].kind, id, NULL));
            struct diag why;
            const struct json *json;
            if (json_parse(text, arena, &json, &why) != ERR_OK) continue;
            list[out->count++] = (struct script_object){PARTS[k].kind, json};
        }
    }
}
