/* standing.c — tags by rule, stages and levels: compiled, published, and who reads what they
 * write. */
#include "segment/standing.h"

#include "segment/inside.h"

#include <stdio.h>
#include <stdlib.h>

enum { STANDING_VERSION = 1 };

/* ---- names no person can give: publishing refuses ids that begin with '$' ---- */

static const char *const KINDS[] = {
    [STANDING_TAG] = "tag", [STANDING_STAGES] = "stage", [STANDING_LEVELS] = "level"};

MUST_USE static err name_one(struct segments *sg, const char *of, const char *kind, str id,
                             str rung, u32 *code, struct diag *why)
{
    char name[NAME_BYTES_MAX + 1];
    int n = snprintf(name, sizeof name, "$%s%s:%.*s%s%.*s", kind, of, STR_ARG(id),
                     rung.n ? "/" : "", STR_ARG(rung));
    if (n > NAME_BYTES_MAX)
        return diag_at(why, ERR_REFUSED, S("/id"), "the id and \"%.*s\" are too long together",
                       STR_ARG(str_slice(rung, 0, min_size(rung.n, 60))));
    return names_code(sg->names, NAME_OBJECT, (str){name, (size_t)n}, code);
}

/* ---- compiling ---- */

/* A body on its way to bytes. */
struct making {
    struct segments *sg;
    standing_kind kind;
    str id;
    const struct zone *zone;
    const struct json *keep;
    struct buf *out;
    struct diag *why;
    struct arena *arena;
};

/* Before those that are there: their order says nothing. */
static struct json *put_member(struct making *m, struct json *parent, const char *key,
                               const struct json *as)
{
    struct json *j = arena_alloc(m->arena, sizeof *j);
    *j = *as;
    j->key = str_of(key);
    j->next = parent->child;
    parent->child = j;
    parent->count++;
    return j;
}

static void put_text(struct making *m, struct json *parent, const char *key, str text)
{
    put_member(m, parent, key, &(const struct json){.type = JSON_STRING, .text = text});
}

static void put_equal(struct making *m, struct json *list, const char *property, str text)
{
    struct json *one = put_member(m, list, "", &(const struct json){.type = JSON_OBJECT});
    put_text(m, one, "property", str_of(property));
    put_text(m, one, "op", S("="));
    put_text(m, one, "value", text);
}

/* {"any":[P, she came to this rung within `keep`]}: the timeline keeps when. */
static const struct json *kept(struct making *m, const struct json *rule, str rung)
{
    const struct json object = {.type = JSON_OBJECT}, list = {.type = JSON_ARRAY};
    struct json *top = arena_alloc(m->arena, sizeof *top);
    *top = object;
    struct json *any = put_member(m, top, "any", &list);
    put_member(m, any, "", rule);
    struct json *did = put_member(m, any, "", &object);
    put_text(m, did, "did", S("Level Changed"));
    struct json *where = put_member(m, did, "where", &object);
    struct json *all = put_member(m, where, "all", &list);
    put_equal(m, all, "name", m->id);
    put_equal(m, all, "new", rung);
    put_text(m, did, "within", m->keep->text);
    return top;
}

MUST_USE static err put_program(struct making *m, const struct json *rule, str rung,
                                const char *path)
{
    struct buf b;
    buf_init(&b, PREDICATE_BYTES_MAX);
    err e = rule ? rule_compile(m->sg, rule, m->zone, path, &b, m->why) : ERR_OK;
    if (e == ERR_OK && rule && m->keep) {
        buf_reset(&b);
        e = rule_compile(m->sg, kept(m, rule, rung), m->zone, path, &b, m->why);
    }
    if (e == ERR_OK) buf_str_varint(m->out, buf_str(&b));
    buf_clear(&b);
    return e;
}

MUST_USE static err put_rung(struct making *m, const struct json *rule, str rung, const char *path)
{
    u32 list, code = 0;
    TRY(name_one(m->sg, "", KINDS[m->kind], m->id, rung, &list, m->why));
    if (rule) TRY(name_one(m->sg, "-rule", KINDS[m->kind], m->id, rung, &code, m->why));
    buf_str_varint(m->out, rung);
    buf_varint(m->out, list);
    buf_varint(m->out, code);
    return put_program(m, rule, rung, path);
}

MUST_USE static err put_duration(struct making *m, const struct json *j, const char *member)
{
    const struct json *d = json_get(j, member);
    duration at = {0};
    char path[32];
    snprintf(path, sizeof path, "/%s", member);
    if (d && (!json_is(d, JSON_STRING) || duration_parse(d->text, &at) != ERR_OK ||
              (!at.ms && !at.months)))
        return diag_at(m->why, ERR_REFUSED, str_of(path),
                       "give a time such as \"30d\" or \"12mo\"");
    buf_zigzag(m->out, at.ms);
    buf_varint(m->out, at.months);
    return ERR_OK;
}

MUST_USE static err check_rungs(struct making *m, const struct json *list, const char *member)
{
    char path[48];
    u32 i = 0;
    snprintf(path, sizeof path, "/%s", member);
    if (!json_is(list, JSON_ARRAY) || list->count == 0 || list->count > RUNGS_MAX)
        return diag_at(m->why, ERR_REFUSED, str_of(path),
                       "\"%s\" is a list of 1 to %d, {\"id\":…,\"if\":…}", member, RUNGS_MAX);
    for (const struct json *r = list->child; r; r = r->next, i++) {
        str id = json_get_str(r, "id", S(""));
        bool good = id.n > 0 && str_index(id, '/') < 0;
        for (const struct json *o = list->child; o != r; o = o->next)
            good &= !str_eq(id, json_get_str(o, "id", S("")));
        snprintf(path, sizeof path, "/%s/%u/id", member, i);
        if (!good)
            return diag_at(m->why, ERR_REFUSED, str_of(path),
                           "each has an id of its own, without /");
    }
    return ERR_OK;
}

MUST_USE static err put_rungs(struct making *m, const struct json *j, const char *member)
{
    const struct json *list = json_get(j, member);
    char path[48];
    u32 i = 0;
    TRY(check_rungs(m, list, member));
    buf_varint(m->out, list->count);
    for (const struct json *r = list->child; r; r = r->next, i++) {
        snprintf(path, sizeof path, "/%s/%u/if", member, i);
        if (m->kind == STANDING_LEVELS && !json_get(r, "if"))
            return diag_at(m->why, ERR_REFUSED, str_of(path), "a level has a condition");
        TRY(put_rung(m, json_get(r, "if"), json_get_str(r, "id", S("")), path));
    }
    return ERR_OK;
}

MUST_USE static err put_body(struct making *m, const struct json *j)
{
    u32 target = 0;
    bool forward = m->kind == STANDING_STAGES && json_get_bool(j, "only_forward", false);
    if (m->kind == STANDING_TAG) TRY(names_code(m->sg->names, NAME_TAG, m->id, &target));
    if (m->kind == STANDING_LEVELS)
        TRY(names_code(m->sg->names, NAME_ATTRIBUTE, S("level"), &target));
    buf_byte(m->out, STANDING_VERSION);
    buf_byte(m->out, forward);
    buf_varint(m->out, target);
    TRY(put_duration(m, j, m->kind == STANDING_LEVELS ? "keep" : "expires"));
    if (m->kind == STANDING_LEVELS) {
        m->keep = json_get(j, "keep");
        return put_rungs(m, j, "ladder");
    }
    if (m->kind == STANDING_STAGES) return put_rungs(m, j, "stages");
    buf_varint(m->out, 1);
    return put_rung(m, json_get(j, "if"), (str){0}, "/if");
}

MUST_USE static err load(standing_kind kind, u32 code, str bytes, struct standing **out);
MUST_USE static err check_order(struct segments *sg, struct standing *st, struct diag *why);

err standing_compile(struct segments *sg, standing_kind kind, const struct json *j,
                     const struct zone *zone, struct buf *compiled, struct diag *why)
{
    struct making m = {.sg = sg,
                       .kind = kind,
                       .id = json_get_str(j, "id", S("")),
                       .zone = zone,
                       .out = compiled,
                       .why = why};
    u32 code;
    struct standing *st;
    if (!json_is(j, JSON_OBJECT) || m.id.n == 0)
        return diag_at(why, ERR_REFUSED, S("/id"), "it has an id");
    if (kind != STANDING_TAG && str_index(m.id, '/') >= 0)
        return diag_at(why, ERR_REFUSED, S("/id"), "this id has no /");
    TRY(names_code(sg->names, NAME_OBJECT, m.id, &code));
    m.arena = arena_new();
    size_t start = compiled->n;
    err e = put_body(&m, j);
    if (e == ERR_OK) {
        MUST(load(kind, code, (str){compiled->p + start, compiled->n - start}, &st) == ERR_OK);
        e = check_order(sg, st, why);
        arena_free(st->arena);
    }
    arena_free(m.arena);
    return e;
}

/* ---- loading ---- */

static void load_rung(struct reader *r, struct rung *out, struct arena *arena)
{
    out->id = arena_str(arena, read_str_varint(r));
    out->list = (u32)read_varint(r);
    out->rule = (u32)read_varint(r);
    out->program = arena_str(arena, read_str_varint(r));
    if (out->list == 0 || (out->rule == 0) != (out->program.n == 0)) r->bad = true;
}

MUST_USE static err load(standing_kind kind, u32 code, str bytes, struct standing **out)
{
    struct reader r = reader_of(bytes);
    struct arena *arena = arena_new();
    struct standing *st = arena_zalloc(arena, sizeof *st);
    if (read_byte(&r) != STANDING_VERSION) r.bad = true;
    st->kind = kind;
    st->code = code;
    st->arena = arena;
    st->only_forward = read_byte(&r);
    st->target = (u32)read_varint(&r);
    st->expires.ms = read_zigzag(&r);
    st->expires.months = (u32)read_varint(&r);
    st->count = (u32)read_varint(&r);
    if (st->count == 0 || st->count > RUNGS_MAX) r.bad = true;
    if (!r.bad) st->rungs = arena_zalloc(arena, st->count * sizeof *st->rungs);
    for (u32 i = 0; !r.bad && i < st->count; i++) load_rung(&r, &st->rungs[i], arena);
    if (r.bad) {
        arena_free(arena);
        return ERR_CORRUPT;
    }
    *out = st;
    return ERR_OK;
}

static i32 place_of(const struct segments *sg, standing_kind kind, u32 code)
{
    for (u32 i = 0; i < sg->standing_count; i++)
        if (sg->standings[i]->kind == kind && sg->standings[i]->code == code) return (i32)i;
    return -1;
}

u32 standings_count(const struct segments *sg)
{
    return sg->standing_count;
}

const struct standing *standing_at(const struct segments *sg, u32 i)
{
    return sg->standings[i];
}

const struct standing *standing_find(const struct segments *sg, standing_kind kind, u32 code)
{
    i32 at = place_of(sg, kind, code);
    return at < 0 ? NULL : sg->standings[at];
}

i32 standing_index(const struct segments *sg, u32 code)
{
    for (u32 i = 0; i < sg->standing_count; i++)
        for (u32 k = 0; k < sg->standings[i]->count; k++) {
            const struct rung *r = &sg->standings[i]->rungs[k];
            if (r->list == code || (code && r->rule == code)) return (i32)i;
        }
    return -1;
}

const struct standing *standing_of(const struct segments *sg, u32 code)
{
    i32 i = standing_index(sg, code);
    return i < 0 ? NULL : sg->standings[i];
}

/* ---- who reads what it writes ---- */

static bool has_code(const u32 *codes, u32 count, u32 code)
{
    for (u32 i = 0; i < count; i++)
        if (codes[i] == code) return true;
    return false;
}

static bool reads_tag(const struct segments *sg, const struct predicate_inputs *in, u32 tag)
{
    str text = names_text(sg->names, NAME_TAG, tag);
    if (has_code(in->tags, in->tag_count, tag)) return true;
    for (u32 i = 0; in->any_tag && i < in->tag_count; i++) {
        str root = names_text(sg->names, NAME_TAG, in->tags[i]);
        if (root.n < text.n && str_starts(text, root) && text.p[root.n] == '/') return true;
    }
    return false;
}

bool standing_read(const struct segments *sg, const struct standing *st, const struct rule *r)
{
    const struct predicate_inputs *in = predicate_inputs(r->p);
    if (st->kind == STANDING_TAG && reads_tag(sg, in, st->target)) return true;
    if (st->kind == STANDING_LEVELS && has_code(in->attributes, in->attribute_count, st->target))
        return true;
    for (u32 i = 0; i < st->count; i++)
        if (has_code(in->segments, in->segment_count, st->rungs[i].list)) return true;
    return false;
}

void standing_readers(const struct segments *sg, const struct standing *st, struct mask *out)
{
    if (st->kind == STANDING_TAG) {
        readers_add(sg, THING_TAG, st->target, out);
        mask_or(out, &sg->any_tag);
    }
    if (st->kind == STANDING_LEVELS) readers_add(sg, THING_ATTRIBUTE, st->target, out);
    for (u32 i = 0; i < st->count; i++) readers_add(sg, THING_SEGMENT, st->rungs[i].list, out);
}

u32 standing_user(const struct segments *sg, const struct standing *st)
{
    for (u32 i = 0; i < sg->rule_count; i++)
        if (standing_of(sg, sg->rules[i]->code) != st && standing_read(sg, st, sg->rules[i]))
            return sg->rules[i]->code;
    return 0;
}

/* ---- where she stands ---- */

static bool is_in(const struct segments *sg, u32 code, persona head)
{
    const struct segment_row *row = segment_at(sg, code);
    return row && member_is(sg, row->slot - 1, head);
}

i32 standing_now(const struct segments *sg, const struct standing *st, persona head)
{
    for (u32 i = st->count; i-- > 0;)
        if (is_in(sg, st->rungs[i].list, head)) return (i32)i;
    return -1;
}

i32 standing_due(const struct segments *sg, const struct standing *st, persona head)
{
    for (u32 i = st->count; i-- > 0;)
        if (st->rungs[i].rule && is_in(sg, st->rungs[i].rule, head)) return (i32)i;
    return -1;
}

void standings_hook(struct segments *sg,
                    void (*effect)(void *ctx, const struct standing *st, persona head, bool fresh),
                    void *ctx)
{
    sg->effect = effect;
    sg->effect_ctx = ctx;
}

/* ---- publishing ---- */

static bool has_rung(const struct standing *st, u32 code)
{
    for (u32 i = 0; i < st->count; i++)
        if (st->rungs[i].list == code || st->rungs[i].rule == code) return true;
    return false;
}

/* Rungs of `old` that `st` has no more. */
static void drop_rungs(struct segments *sg, const struct standing *old, const struct standing *st,
                       u64 number)
{
    for (u32 i = 0; i < old->count; i++) {
        const struct rung *r = &old->rungs[i];
        if (r->rule && (!st || !has_rung(st, r->rule))) segment_remove(sg, r->rule, number);
        if (!st || !has_rung(st, r->list)) segment_remove(sg, r->list, number);
    }
}

MUST_USE static err put_rules(struct segments *sg, const struct standing *st, u64 number)
{
    for (u32 i = 0; i < st->count; i++) {
        const struct rung *r = &st->rungs[i];
        if (!segment_exists(sg, r->list)) TRY(segment_publish(sg, r->list, (str){0}, number));
        if (r->rule && !str_eq(segment_program(sg, r->rule), r->program))
            TRY(segment_publish(sg, r->rule, r->program, number));
    }
    return ERR_OK;
}

static u32 row_of(const struct segments *sg, standing_kind kind, u32 code)
{
    for (u32 i = 1; i < table_count(sg->standing_rows); i++) {
        if (!table_has(sg->standing_rows, i)) continue;
        const struct standing_row *row = table_at(sg->standing_rows, i);
        if (row->kind == kind && row->code == code) return i;
    }
    return 0;
}

static void put_row(struct segments *sg, standing_kind kind, u32 code, str compiled)
{
    u32 at = row_of(sg, kind, code);
    if (!at) at = table_add(sg->standing_rows);
    MUST(at);
    struct standing_row *row = table_edit(sg->standing_rows, at);
    row->kind = kind;
    row->code = code;
    heap_retire(sg->programs, row->program);
    row->program = heap_put(sg->programs, compiled);
}

err standing_publish(struct segments *sg, standing_kind kind, u32 code, str compiled, u64 number)
{
    struct standing *st, *old = NULL;
    i32 at = place_of(sg, kind, code);
    if (at < 0 && sg->standing_count == STANDINGS_MAX) return ERR_LIMIT;
    TRY(load(kind, code, compiled, &st));
    if (at >= 0)
        old = sg->standings[at];
    else
        at = (i32)sg->standing_count++;
    sg->standings[at] = st;
    put_row(sg, kind, code, compiled);
    if (old) drop_rungs(sg, old, st, number);
    if (old) arena_free(old->arena);
    err e = put_rules(sg, st, number);
    if (e != ERR_OK) standing_remove(sg, kind, code, number);
    return e;
}

void standing_remove(struct segments *sg, standing_kind kind, u32 code, u64 number)
{
    i32 at = place_of(sg, kind, code);
    if (at < 0) return;
    struct standing *st = sg->standings[at];
    u32 row = row_of(sg, kind, code);
    drop_rungs(sg, st, NULL, number);
    memmove(sg->standings + at, sg->standings + at + 1,
            (--sg->standing_count - (u32)at) * sizeof sg->standings[0]);
    heap_retire(sg->programs,
                ((const struct standing_row *)table_at(sg->standing_rows, row))->program);
    table_drop(sg->standing_rows, row);
    arena_free(st->arena);
    MUST(segments_order(sg));
}

void standings_clear(struct segments *sg)
{
    for (u32 i = 0; i < sg->standing_count; i++) arena_free(sg->standings[i]->arena);
    sg->standing_count = 0;
}

void standings_rebuild(struct segments *sg)
{
    standings_clear(sg);
    for (u32 i = 1; i < table_count(sg->standing_rows); i++) {
        if (!table_has(sg->standing_rows, i)) continue;
        const struct standing_row *row = table_at(sg->standing_rows, i);
        struct standing **st = &sg->standings[sg->standing_count++];
        MUST(load(row->kind, row->code, heap_view(sg->programs, row->program), st) == ERR_OK);
    }
}

/* ---- circles ---- */

/* As if it were published: whether all rules then have an order. */
MUST_USE static err check_order(struct segments *sg, struct standing *st, struct diag *why)
{
    i32 at = place_of(sg, st->kind, st->code);
    struct standing *old = at < 0 ? NULL : sg->standings[at];
    if (!old && sg->standing_count == STANDINGS_MAX)
        return diag_set(why, ERR_LIMIT, "there are %d tags with rules, models and ladders already",
                        STANDINGS_MAX);
    u32 place = old ? (u32)at : sg->standing_count++;
    sg->standings[place] = st;
    str programs[RUNGS_MAX] = {{0}};
    u32 codes[RUNGS_MAX] = {0}, n = 0;
    for (u32 i = 0; i < st->count; i++) {
        if (!st->rungs[i].rule) continue;
        codes[n] = st->rungs[i].rule;
        programs[n++] = st->rungs[i].program;
    }
    err e = rules_try(sg, codes, programs, n);
    if (old)
        sg->standings[place] = old;
    else
        sg->standing_count--;
    MUST(segments_order(sg));
    if (e == ERR_LIMIT)
        return diag_set(why, e, "there would be more than %d live rules", SEGMENT_RULES_MAX);
    return e == ERR_OK ? e
                       : diag_set(why, ERR_REFUSED,
                                  "conditions would depend on each other in a circle: what it "
                                  "sets is asked for, directly or not, by a condition of its own");
}
