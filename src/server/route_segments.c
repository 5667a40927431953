/* route_segments.c — segments: rules that are kept true, who is in them, and counts before any
 * exist. */
#include "server/publish.h"
#include "server/show.h"

#include "segment/score.h"

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

/* Everybody who is in it now, into LIST records; they follow the list's own in the log, so that it
 * is never seen half full. */
static err put_on_list(struct call *c, u32 from, u32 to)
{
    struct engine *e = c->server->engine;
    struct customers *cs = engine_customers(e);
    struct customer_view v = {cs, NULL};
    struct buf who, b;
    u32 n = 0;
    err r = ERR_OK;
    buf_init(&who, RECORD_BYTES_MAX), buf_init(&b, RECORD_BYTES_MAX);
    for (persona p = 1; p <= customers_end(cs) && r == ERR_OK; p++) {
        bool is_last = p == customers_end(cs);
        if (!is_last && customer_head(cs, p) == p &&
            segment_holds(engine_segments(e), &v, from, p)) {
            buf_varint(&who, p);
            buf_varint(&who, customer_at(cs, p)->flags >> CUSTOMER_LIFE_SHIFT);
            n++;
        }
        if (n < LIST_PERSONAS_MAX && !(is_last && n)) continue;
        buf_reset(&b);
        list_put(&b, &(struct list_record){to, true, buf_str(&who)});
        r = call_append(c, RECORD_LIST_, buf_str(&b), &c->number);
        buf_reset(&who);
        n = 0;
    }
    buf_clear(&who), buf_clear(&b);
    return r;
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
    TRY(put_on_list(c, names_find(names, NAME_OBJECT, of), to));
    c->params[0] = id;
    c->status = 201;
    return ERR_OK;
}

/* ---- preview: compiled on the engine's thread, counted beside on an epoch ---- */

enum { PREVIEW_BLOCK = 1 << 16, PREVIEW_SAMPLE = 10 };

struct preview {
    struct engine_view view;
    struct predicate *predicate;
    const struct zone *zone;
    persona end;
    i64 now;
    u64 count, reachable[CHANNEL_FIXED_COUNT];
    persona sample[PREVIEW_SAMPLE];
    u32 sampled;
    i64 began_ns;
    bool cancelled;
    const struct scores *scores;
    struct arena *scratch; /* of one customer's scores */
};

static answer member_then(void *ctx, persona head, u32 code, i64 now)
{
    struct call *c = ctx;
    struct preview *p = c->data;
    (void)now;
    bool in = segment_holds(engine_segments(c->server->engine), &p->view.customers, code, head);
    return (answer){in, NEVER};
}

enum { PREVIEW_PERSONAS = 64 };

static answer score_then(void *ctx, persona head, u32 score, predicate_op op, fixed limit, i64 now)
{
    struct preview *p = ((struct call *)ctx)->data;
    persona personas[PREVIEW_PERSONAS] = {head};
    struct customer_row row;
    u32 n = 1;
    persona next = view_row(&p->view.customers, head, &row) ? row.next_of_head : 0;
    while (next && next != head && n < PREVIEW_PERSONAS) {
        personas[n++] = next;
        next = view_row(&p->view.customers, next, &row) ? row.next_of_head : 0;
    }
    struct subject who = {.view = &p->view.customers,
                          .head = head,
                          .personas = personas,
                          .persona_count = n,
                          .events = p->view.events,
                          .zone = p->zone,
                          .scratch = p->scratch};
    answer it = scores_answer(p->scores, score, &who, op, limit, now);
    arena_reset(p->scratch);
    return it;
}

static void count_one(struct call *c, persona head)
{
    struct preview *p = c->data;
    p->count++;
    if (p->sampled < PREVIEW_SAMPLE) p->sample[p->sampled++] = head;
    for (u32 channel = CHANNEL_EMAIL; channel < CHANNEL_FIXED_COUNT; channel++)
        p->reachable[channel] += view_consent(&p->view.customers, head, channel, 0) == 1;
}

static err preview_unpin(struct call *c)
{
    struct preview *p = c->data;
    struct customers *cs = engine_customers(c->server->engine);
    engine_unpin(&p->view);
    if (p->cancelled) return diag_set(&c->why, ERR_BUSY, "it took too long; ask again");
    buf_byte(&c->out, '{');
    json_put_kv_i64(&c->out, S("count"), (i64)p->count);
    json_put_key(&c->out, S("sample"));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < p->sampled; i++) {
        json_put_comma(&c->out);
        show_customer(&c->out, c->server->engine, customer_head(cs, p->sample[i]));
    }
    buf_byte(&c->out, ']');
    json_put_key(&c->out, S("reachable"));
    buf_byte(&c->out, '{');
    for (u32 i = CHANNEL_EMAIL; i < CHANNEL_FIXED_COUNT; i++)
        if (p->reachable[i])
            json_put_kv_i64(&c->out, names_text(engine_names(c->server->engine), NAME_CHANNEL, i),
                            (i64)p->reachable[i]);
    buf_byte(&c->out, '}');
    json_put_kv_i64(&c->out, S("took_ms"), (env_mono_ns(c->server->env) - p->began_ns) / 1000000);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err preview_count(struct call *c)
{
    struct preview *p = c->data;
    struct resolver resolver = {.ctx = c, .segment = member_then, .score = score_then};
    struct batch_subject all = {.view = &p->view.customers,
                                .events = p->view.events,
                                .zone = p->zone,
                                .resolver = &resolver,
                                .cancel = &p->cancelled,
                                .names = engine_names(c->server->engine)};
    u64 *bits = mem_alloc(PREVIEW_BLOCK / 8);
    p->scratch = arena_new();
    for (persona from = 1; from < p->end && !p->cancelled; from += PREVIEW_BLOCK) {
        persona to = min_u32(p->end, from + PREVIEW_BLOCK);
        memset(bits, 0, PREVIEW_BLOCK / 8);
        if (!predicate_batch(p->predicate, &all, from, to, p->now, bits)) p->cancelled = true;
        for (u32 w = 0; w < PREVIEW_BLOCK / 64 && !p->cancelled; w++)
            for (u64 word = bits[w]; word; word &= word - 1)
                count_one(c, from + w * 64 + (persona)__builtin_ctzll(word));
    }
    free(bits);
    arena_free(p->scratch);
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
    err r = predicate_compile(rule, &pc, &compiled, &c->why);
    str bytes = arena_str(c->arena, buf_str(&compiled));
    buf_clear(&compiled);
    if (r == ERR_OK) r = predicate_load(bytes, c->arena, &p->predicate);
    if (r != ERR_OK) return r;
    p->began_ns = env_mono_ns(c->server->env);
    p->zone = engine_zone(e);
    p->end = customers_end(engine_customers(e));
    p->now = max_i64(engine_time(e), server_now(c->server));
    p->scores = scores_copy(engine_segments(e), c->arena);
    engine_pin(e, &p->view);
    c->data = p;
    return call_helper(c, preview_count);
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
