/* route_segments.c — segments: rules that are kept true, who is in them, and counts before any
 * exist. */
#include "predicate/sentence.h"
#include "server/counts.h"
#include "server/lists.h"
#include "server/look.h"
#include "server/publish.h"
#include "server/show.h"

#include <stdio.h>

static void put_segment(struct call *c, u32 code, str source)
{
    struct segments *sg = engine_segments(c->server->engine);
    object_begin(c, source);
    json_put_kv_i64(&c->out, S("members"), segment_count(sg, code));
    json_put_kv_bool(&c->out, S("complete"), segment_cursor(sg, code) >= PERSONAS_MAX);
    buf_byte(&c->out, '}');
}

static err list(struct call *c)
{
    object_list(c, OBJECT_SEGMENT, put_segment);
    return ERR_OK;
}

/* c->params[0] is the id, given or made. */
static err show_one(struct call *c)
{
    struct engine *e = c->server->engine;
    str source = engine_object(e, OBJECT_SEGMENT, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no segment of this id");
    put_segment(c, names_find(engine_names(e), NAME_OBJECT, c->params[0]), source);
    return ERR_OK;
}

/* The answer waits until the rule has passed everybody, each piece being a record; not for ever. */
static err show_complete(struct call *c)
{
    struct engine *e = c->server->engine;
    u32 code = names_find(engine_names(e), NAME_OBJECT, c->params[0]);
    i64 *until = c->data;
    bool complete = segment_cursor(engine_segments(e), code) >= PERSONAS_MAX;
    if (complete || env_mono_ns(c->server->env) > *until) return show_one(c);
    return call_applied(c, engine_applied(e) + 1, show_complete);
}

static err store(struct call *c, str id)
{
    i64 *until = arena_alloc(c->arena, sizeof *until);
    *until = env_mono_ns(c->server->env) + 2000000000;
    c->data = until;
    c->params[0] = id;
    return object_publish(c, OBJECT_SEGMENT, object_source(c, id), show_complete);
}

static err create(struct call *c)
{
    str id;
    TRY(object_id(c, "segment", &id));
    if (engine_object(c->server->engine, OBJECT_SEGMENT, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a segment of this id");
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err drop(struct call *c)
{
    return object_remove(c, OBJECT_SEGMENT, c->params[0], answer_nothing);
}

static err members(struct call *c)
{
    struct engine *e = c->server->engine;
    struct customers *cs = engine_customers(e);
    struct customer_view v = {cs, NULL};
    u32 limit, n = 0, code = names_find(engine_names(e), NAME_OBJECT, c->params[0]);
    i64 from = 1;
    str cursor = call_query(c, "cursor");
    TRY(call_limit(c, &limit));
    if (!code || engine_object(e, OBJECT_SEGMENT, c->params[0], NULL).n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no segment of this id");
    if (cursor.n && (str_to_i64(cursor, &from) != ERR_OK || from < 1 || from > PERSONAS_MAX))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    call_items_begin(c);
    for (persona p = (persona)from; p < customers_end(cs); p++) {
        if (customer_head(cs, p) != p || !segment_holds(engine_segments(e), &v, code, p)) continue;
        if (n++ == limit) {
            char next[16];
            snprintf(next, sizeof next, "%u", p);
            call_items_end(c, str_of(next));
            return ERR_OK;
        }
        char id[33];
        customer_id(cs, p, id);
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("id"), (str){id, 32});
        buf_byte(&c->out, '}');
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* ---- how it came to be so ---- */

/* The days on which somebody entered or left, newest first. */
static err history(struct call *c)
{
    struct engine *e = c->server->engine;
    struct segment_day *days = arena_alloc(c->arena, SEGMENT_DAYS_MAX * sizeof *days);
    u32 limit, n = 0, code = names_find(engine_names(e), NAME_OBJECT, c->params[0]);
    i64 before;
    TRY(call_limit(c, &limit));
    TRY(call_number_cursor(c, &before));
    if (engine_object(e, OBJECT_SEGMENT, c->params[0], NULL).n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no segment of this id");
    u32 count = engine_segment_days(e, code, days, SEGMENT_DAYS_MAX);
    str next = {0};
    call_items_begin(c);
    for (u32 i = 0; i < count && !next.n; i++) {
        if (days[i].day >= before) continue;
        if (n++ == limit) {
            next = arena_printf(c->arena, "%lld", (long long)days[i - 1].day);
            break;
        }
        json_put_comma(&c->out);
        buf_put(&c->out, S("{\"date\":\""));
        iso_put_date(&c->out, days[i].day);
        buf_byte(&c->out, '"');
        json_put_kv_i64(&c->out, S("entered"), days[i].entered);
        json_put_kv_i64(&c->out, S("left"), days[i].left);
        json_put_kv_i64(&c->out, S("members"), days[i].members);
        buf_byte(&c->out, '}');
    }
    call_items_end(c, next);
    return ERR_OK;
}

struct member_of {
    struct engine *engine;
    u32 segment;
};

static bool is_member(void *ctx, persona head)
{
    const struct member_of *m = ctx;
    struct customer_view v = {engine_customers(m->engine), NULL};
    return segment_holds(engine_segments(m->engine), &v, m->segment, head);
}

static str snapshot_source(struct call *c, str of, str id)
{
    struct buf b;
    str name = json_get_str(c->body, "name", (str){0});
    buf_init(&b, API_BODY_MAX);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), id);
    if (name.n) json_put_kv_str(&b, S("name"), name);
    json_put_kv_str(&b, S("snapshot_of"), of);
    json_put_kv_time(&b, S("snapshot_at"), server_now(c->server));
    buf_byte(&b, '}');
    str source = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return source;
}

/* A list of the members as of now, which no rule changes any more. */
static err snapshot(struct call *c)
{
    struct engine *e = c->server->engine;
    struct names *names = engine_names(e);
    str of = c->params[0], id;
    u32 to;
    if (engine_object(e, OBJECT_SEGMENT, of, NULL).n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no segment of this id");
    TRY(object_id(c, "segment", &id));
    if (engine_object(e, OBJECT_SEGMENT, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a segment of this id");
    TRY(object_publish(c, OBJECT_SEGMENT, snapshot_source(c, of, id), show_one));
    TRY(names_code(names, NAME_OBJECT, id, &to));
    struct member_of members_now = {e, names_find(names, NAME_OBJECT, of)};
    TRY(list_fill(c, to, is_member, &members_now));
    c->params[0] = id;
    c->status = 201;
    return ERR_OK;
}

/* ---- preview ---- */

/* The conditions at the top, one row each: all of `all`, or of `any`, or the one there is. */
static u32 rows_of(const struct json *rule, const struct json **first, bool *any, const char **name)
{
    const struct json *all = json_get(rule, "all"), *some = json_get(rule, "any");
    *any = !all && some;
    *name = all ? "/all" : some ? "/any" : "";
    const struct json *list = all ? all : some;
    *first = json_is(list, JSON_ARRAY) ? list->child : rule;
    return json_is(list, JSON_ARRAY) ? list->count : 1;
}

struct preview {
    struct counts counts;
    const struct json *first;
    const char *place;
    bool rows;
};

static void put_rows(struct call *c, const struct preview *p)
{
    const struct json *row = p->first;
    struct buf zh, en;
    buf_init(&zh, API_BODY_MAX), buf_init(&en, API_BODY_MAX);
    json_put_key(&c->out, S("rows"));
    buf_byte(&c->out, '[');
    for (u32 i = 1; i < p->counts.n; i++, row = row->next) {
        const struct counted *n = &p->counts.items[i];
        buf_reset(&zh), buf_reset(&en);
        predicate_sentence(row, true, &zh), predicate_sentence(row, false, &en);
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("path"),
                        p->place[0] ? arena_printf(c->arena, "%s/%u", p->place, i - 1) : S(""));
        put_both(&c->out, S("text"), buf_str(&zh), buf_str(&en));
        json_put_kv_i64(&c->out, S("count"), (i64)n->running);
        json_put_kv_i64(&c->out, S("alone"), (i64)n->count);
        buf_byte(&c->out, '}');
    }
    buf_byte(&c->out, ']');
    buf_clear(&zh), buf_clear(&en);
}

static err preview_answer(struct call *c)
{
    const struct preview *p = c->data;
    struct engine *e = c->server->engine;
    const struct counted *n = &p->counts.items[0];
    buf_byte(&c->out, '{');
    json_put_kv_i64(&c->out, S("count"), (i64)n->count);
    json_put_kv_i64(&c->out, S("of"), (i64)engine_stats(e).customers);
    json_put_key(&c->out, S("sample"));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < n->sampled; i++) {
        json_put_comma(&c->out);
        show_customer(&c->out, e, customer_head(engine_customers(e), n->sample[i]));
    }
    buf_byte(&c->out, ']');
    counts_put_reach(c, n);
    json_put_kv_i64(&c->out, S("reachable_any"), (i64)n->reachable_any);
    if (p->rows) put_rows(c, p);
    json_put_kv_i64(&c->out, S("took_ms"), p->counts.took_ms);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

MUST_USE static err flag_of(struct call *c, const char *name, bool *out)
{
    const struct json *j = json_get(c->body, name);
    *out = json_get_bool(c->body, name, false);
    if (!j || json_is(j, JSON_BOOL)) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/%s", name),
                   "\"%s\" is true or false", name);
}

static err preview(struct call *c)
{
    const struct json *rule = json_get(c->body, "predicate"), *row;
    struct preview *p = arena_zalloc(c->arena, sizeof *p);
    bool any;
    u32 rows;
    if (!rule) return diag_at(&c->why, ERR_REFUSED, S("/predicate"), "\"predicate\" is needed");
    c->data = p;
    counts_init(&p->counts, c);
    p->counts.under_way.name = S("preview");
    struct counted *whole = counts_add(&p->counts);
    TRY(counts_compile(&p->counts, whole, rule, "/predicate"));
    whole->with_reach = true;
    p->rows = json_get_bool(c->body, "rows", false);
    rows = p->rows ? rows_of(rule, &p->first, &any, &p->place) : 0;
    row = p->first;
    for (u32 i = 0; i < rows; i++, row = row->next) {
        struct counted *n = counts_add(&p->counts);
        TRY(counts_compile(&p->counts, n, row, "/predicate"));
        n->chain = i == 0 ? CHAIN_FIRST : any ? CHAIN_OR : CHAIN_AND;
    }
    bool only_estimate;
    TRY(flag_of(c, "estimate", &only_estimate));
    return only_estimate ? counts_estimate(&p->counts) : counts_begin(&p->counts, preview_answer);
}

extern const struct route ROUTES_SEGMENTS[];
const struct route ROUTES_SEGMENTS[] = {
    {METHOD_GET, "/api/v1/segments", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/segments", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, create},
    {METHOD_POST, "/api/v1/segments/preview", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_ENGINE, preview},
    {METHOD_GET, "/api/v1/segments/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/segments/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/segments/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop},
    {METHOD_GET, "/api/v1/segments/{id}/members", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     members},
    {METHOD_GET, "/api/v1/segments/{id}/history", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_ENGINE,
     history},
    {METHOD_POST, "/api/v1/segments/{id}/snapshot", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     snapshot},
    {0}};
