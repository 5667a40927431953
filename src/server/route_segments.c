/* route_segments.c — segments: rules that are kept true, who is in them, and counts before any
 * exist. */
#include "server/beside.h"
#include "server/crew.h"
#include "server/lists.h"
#include "server/publish.h"
#include "server/show.h"

#include <stdio.h>
#include <stdlib.h>

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

/* ---- preview: compiled on the engine's thread, counted beside on an epoch ---- */

enum { PREVIEW_BLOCK = 1 << 14, PREVIEW_SAMPLE = 10 };

/* What one block of personas comes to. */
struct preview_part {
    u64 count, reachable[CHANNEL_FIXED_COUNT];
    persona sample[PREVIEW_SAMPLE];
};

struct preview {
    struct beside beside;
    struct predicate *predicate;
    struct preview_part *parts, all;
    u32 part_count;
    i64 began_ns;
    bool cancelled;
};

static void count_one(const struct preview *p, struct preview_part *part, persona head)
{
    if (part->count < PREVIEW_SAMPLE) part->sample[part->count] = head;
    part->count++;
    for (u32 channel = CHANNEL_EMAIL; channel < CHANNEL_FIXED_COUNT; channel++)
        part->reachable[channel] += view_consent(&p->beside.view.customers, head, channel, 0) == 1;
}

static void join_part(struct preview_part *all, const struct preview_part *part)
{
    for (u64 i = 0; i < part->count && i < PREVIEW_SAMPLE && all->count + i < PREVIEW_SAMPLE; i++)
        all->sample[all->count + i] = part->sample[i];
    all->count += part->count;
    for (u32 i = 0; i < CHANNEL_FIXED_COUNT; i++) all->reachable[i] += part->reachable[i];
}

static err preview_unpin(struct call *c)
{
    struct preview *p = c->data;
    struct customers *cs = engine_customers(c->server->engine);
    beside_unpin(&p->beside);
    if (p->cancelled) return diag_set(&c->why, ERR_BUSY, "it took too long; ask again");
    buf_byte(&c->out, '{');
    json_put_kv_i64(&c->out, S("count"), (i64)p->all.count);
    json_put_key(&c->out, S("sample"));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < p->all.count && i < PREVIEW_SAMPLE; i++) {
        json_put_comma(&c->out);
        show_customer(&c->out, c->server->engine, customer_head(cs, p->all.sample[i]));
    }
    buf_byte(&c->out, ']');
    json_put_key(&c->out, S("reachable"));
    buf_byte(&c->out, '{');
    for (u32 i = CHANNEL_EMAIL; i < CHANNEL_FIXED_COUNT; i++)
        if (p->all.reachable[i])
            json_put_kv_i64(&c->out, names_text(engine_names(c->server->engine), NAME_CHANNEL, i),
                            (i64)p->all.reachable[i]);
    buf_byte(&c->out, '}');
    json_put_kv_i64(&c->out, S("took_ms"), (env_mono_ns(c->server->env) - p->began_ns) / 1000000);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* Any thread of the crew. */
static void preview_piece(void *ctx, u32 piece, u32 worker)
{
    struct call *c = ctx;
    struct preview *p = c->data;
    struct batch_subject all = {.view = &p->beside.view.customers,
                                .events = p->beside.view.events,
                                .zone = p->beside.zone,
                                .resolver = &p->beside.resolver,
                                .cancel = &p->cancelled,
                                .names = engine_names(c->server->engine)};
    persona from = 1 + piece * PREVIEW_BLOCK, to = min_u32(p->beside.end, from + PREVIEW_BLOCK);
    u64 bits[PREVIEW_BLOCK / 64];
    (void)worker;
    if (from >= to || __atomic_load_n(&p->cancelled, __ATOMIC_RELAXED)) return;
    if (atomic_load(&c->gone) ||
        !predicate_batch(p->predicate, &all, from, to, p->beside.now, bits)) {
        __atomic_store_n(&p->cancelled, true, __ATOMIC_RELAXED);
        return;
    }
    for (u32 w = 0; w < (to - from + 63) / 64; w++)
        for (u64 word = bits[w]; word; word &= word - 1)
            count_one(p, &p->parts[piece], from + w * 64 + (persona)__builtin_ctzll(word));
}

static err preview_count(struct call *c)
{
    struct preview *p = c->data;
    p->part_count = p->beside.end / PREVIEW_BLOCK + 1;
    p->parts = mem_zalloc(p->part_count * sizeof *p->parts);
    crew_each(c->server->crew, p->part_count, preview_piece, c);
    for (u32 i = 0; i < p->part_count; i++) join_part(&p->all, &p->parts[i]);
    free(p->parts);
    return call_engine(c, preview_unpin);
}

static bool is_known(void *ctx, const char *kind, str id)
{
    return strcmp(kind, "zone") != 0 || engine_zone_known(ctx, id);
}

static err preview(struct call *c)
{
    struct engine *e = c->server->engine;
    const struct json *rule = json_get(c->body, "predicate");
    struct predicate_context pc = {.names = engine_names(e),
                                   .customers = engine_customers(e),
                                   .zone = engine_zone(e),
                                   .place = PREDICATE_SEGMENT,
                                   .known = is_known,
                                   .ctx = e};
    if (!rule) return diag_at(&c->why, ERR_REFUSED, S("/predicate"), "\"predicate\" is needed");
    struct preview *p = arena_zalloc(c->arena, sizeof *p);
    struct buf compiled;
    buf_init(&compiled, RECORD_BYTES_MAX);
    struct diag inner = {0};
    err r = predicate_compile(rule, &pc, &compiled, &inner);
    if (r != ERR_OK && inner.code != ERR_OK) {
        str path = arena_printf(c->arena, "/predicate%s", inner.path);
        (void)!diag_at(&c->why, r, path, "%s", inner.message);
    }
    str bytes = arena_str(c->arena, buf_str(&compiled));
    buf_clear(&compiled);
    if (r == ERR_OK) r = predicate_load(bytes, c->arena, &p->predicate);
    if (r != ERR_OK) return r;
    p->began_ns = env_mono_ns(c->server->env);
    beside_pin(&p->beside, c);
    const struct json *as_of = json_get(c->body, "as_of");
    iso_time t;
    if (as_of && (!json_is(as_of, JSON_STRING) || !iso_parse(as_of->text, &t))) {
        beside_unpin(&p->beside);
        return diag_at(&c->why, ERR_REFUSED, S("/as_of"),
                       "\"as_of\" is a moment: \"2026-06-01T10:00:00Z\"");
    }
    if (as_of) p->beside.now = zone_resolve_iso(p->beside.zone, &t);
    c->data = p;
    return call_crew(c, preview_count);
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
