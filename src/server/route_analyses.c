/* route_analyses.c — questions about what customers did: compiled on the engine's thread, answered
 * by the crew on an epoch; and the customers behind a figure, shown or kept as a list. */
#include "server/analyses.h"
#include "server/beside.h"
#include "server/crew.h"
#include "server/lists.h"
#include "server/publish.h"
#include "server/show.h"
#include "server/under_way.h"

#include "analysis/analysis.h"

#include <stdlib.h>

enum { IDS_A_STEP = 20000 };

struct asked {
    struct under_way under_way;
    struct beside beside;
    struct plan *plan;
    struct analysis_cost cost;
    i64 run_ns; /* when it began to read */
    struct analysis_run *run;
    err result;
    struct diag why;
    err (*then)(struct call *c, err e); /* NULL: the answer goes out */
    /* ids that are asked for: which list, how far */
    u32 list, at, count;
    const persona *whom;
    str *texts;
};

static bool is_known(void *ctx, const char *kind, str id)
{
    struct engine *e = ctx;
    if (strcmp(kind, "zone") == 0) return engine_zone_known(e, id);
    return strcmp(kind, "segment") != 0 || engine_object(e, OBJECT_SEGMENT, id, NULL).n > 0;
}

/* ---- the end, on the engine's thread ---- */

static bool is_picked(void *ctx, persona head)
{
    return analysis_picked(ctx, head);
}

/* The list says where it comes from: the analysis and its request. */
static str list_source(struct call *c, str id, str name)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX * 2);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), id);
    if (name.n) json_put_kv_str(&b, S("name"), name);
    json_put_kv_str(&b, S("analysis"), c->params[0]);
    json_put_kv_time(&b, S("snapshot_at"), server_now(c->server));
    buf_byte(&b, '}');
    str source = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return source;
}

static err listed(struct call *c)
{
    (void)c;
    return ERR_OK;
}

static err keep_list(struct call *c, const struct json *save)
{
    struct asked *q = c->data;
    struct engine *e = c->server->engine;
    const struct json *body = c->body;
    str id;
    u32 to;
    c->body = save;
    err r = object_id(c, "segment", &id);
    c->body = body;
    if (r != ERR_OK) {
        char said[sizeof c->why.message];
        memcpy(said, c->why.message, sizeof said);
        c->why = (struct diag){0};
        return diag_at(&c->why, r, S("/save_as/id"), "%s", said);
    }
    if (engine_object(e, OBJECT_SEGMENT, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/save_as/id"),
                       "there is already a segment of this id");
    str source = list_source(c, id, json_get_str(save, "name", (str){0}));
    TRY(object_publish(c, OBJECT_SEGMENT, source, listed));
    TRY(names_code(engine_names(e), NAME_OBJECT, id, &to));
    TRY(list_fill(c, to, is_picked, q->run));
    json_put_kv_str(&c->out, S("segment"), id);
    c->status = 201;
    return ERR_OK;
}

static void put_sample(struct call *c)
{
    struct asked *q = c->data;
    struct customers *cs = engine_customers(c->server->engine);
    u32 n = 0;
    json_put_key(&c->out, S("sample"));
    buf_byte(&c->out, '[');
    for (persona p = 1; p < q->beside.end && n < ANALYSIS_SAMPLE; p++) {
        if (!analysis_picked(q->run, p)) continue;
        json_put_comma(&c->out);
        show_customer(&c->out, c->server->engine, customer_head(cs, p));
        n++;
    }
    buf_byte(&c->out, ']');
}

static err put_drill(struct call *c)
{
    struct asked *q = c->data;
    str predicate = analysis_predicate(q->run);
    json_put_kv_i64(&c->out, S("count"), (i64)analysis_count(q->run));
    put_sample(c);
    if (predicate.n) json_put_key(&c->out, S("predicate"));
    buf_put(&c->out, predicate);
    const struct json *save = json_get(c->body, "save_as");
    return save ? keep_list(c, save) : ERR_OK;
}

static err finish(struct call *c)
{
    struct asked *q = c->data;
    under_way_end(c->server, &q->under_way);
    err e = q->result;
    c->why = q->why;
    if (e == ERR_OK)
        speeds_learn(&c->server->speeds, q->cost.kind, q->cost.work,
                     env_mono_ns(c->server->env) - q->run_ns);
    if (e == ERR_OK && analysis_drills(q->plan)) e = put_drill(c);
    if (e == ERR_OK) {
        i64 ns = env_mono_ns(c->server->env) - q->under_way.began_ns;
        json_put_kv_i64(&c->out, S("took_ms"), ns / 1000000);
        buf_byte(&c->out, '}');
    }
    analysis_end(q->run);
    beside_unpin(&q->beside);
    return q->then ? q->then(c, e) : e;
}

/* ---- beside: the run ---- */

static void piece(void *ctx, u32 n, u32 worker)
{
    struct call *c = ctx;
    struct asked *q = c->data;
    if (atomic_load(&c->gone)) analysis_cancel(q->run);
    analysis_piece(q->run, n, worker);
}

static err answer_it(struct call *c)
{
    struct asked *q = c->data;
    buf_byte(&c->out, '{');
    q->result = analysis_answer(q->run, &c->out, &q->why);
    return call_engine(c, finish);
}

/* Texts of users, in steps that leave the engine to others in between. */
static err read_ids(struct call *c)
{
    struct asked *q = c->data;
    struct customers *cs = engine_customers(c->server->engine);
    for (u32 n = 0; n < IDS_A_STEP; n++, q->at++) {
        while (q->at == q->count) {
            q->at = q->count = 0;
            if (!analysis_wants_ids(q->run, q->list++, &q->whom, &q->count, &q->texts))
                return call_crew(c, answer_it);
        }
        struct identifier_view id;
        u32 cursor = 0;
        str text = {0};
        while (customer_identifier(cs, q->whom[q->at], &cursor, &id))
            if (id.space == SPACE_USER_ID) text = id.value;
        if (!text.n) {
            char hex[33];
            customer_id(cs, q->whom[q->at], hex);
            text = (str){hex, 32};
        }
        q->texts[q->at] = arena_str(c->arena, text);
    }
    return call_engine(c, read_ids);
}

static struct analysis_source source_of(struct call *c)
{
    struct asked *q = c->data;
    return (struct analysis_source){.view = q->beside.view.customers,
                                    .events = q->beside.view.events,
                                    .end = q->beside.end,
                                    .zone = q->beside.zone,
                                    .resolver = &q->beside.resolver,
                                    .names = engine_names(c->server->engine)};
}

static err run(struct call *c)
{
    struct asked *q = c->data;
    struct analysis_source source = source_of(c);
    q->run_ns = env_mono_ns(c->server->env);
    source.heads = beside_heads(&q->beside, &source.heads_end);
    source.stayed = &q->beside.heads->stayed;
    source.gone = &c->gone;
    struct analysis_run *r = analysis_begin(q->plan, &source, crew_size(c->server->crew));
    __atomic_store_n(&q->run, r, __ATOMIC_RELEASE);
    for (u32 n; (n = analysis_pieces(q->run)) > 0;) crew_each(c->server->crew, n, piece, c);
    return call_engine(c, read_ids);
}

/* ---- the beginning ---- */

static void set_cost(struct call *c)
{
    struct asked *q = c->data;
    struct analysis_source source = source_of(c);
    analysis_cost(q->plan, &source, &q->cost);
    q->under_way.estimate =
        (struct estimate){.events = q->cost.events,
                          .indexed = q->cost.indexed,
                          .customers = customers_count(engine_customers(c->server->engine)),
                          .ms = speeds_ms(&c->server->speeds, q->cost.kind, q->cost.work)};
}

/* Nobody has to wait for the crew to be told how long it would take. */
static err only_estimate(struct call *c)
{
    struct asked *q = c->data;
    beside_look(&q->beside, c);
    set_cost(c);
    beside_unpin(&q->beside);
    buf_byte(&c->out, '{');
    estimate_put(&c->out, &q->under_way.estimate);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* The crew begins it a little later than it is listed. */
static u32 percent(const void *ctx)
{
    const struct asked *q = ctx;
    const struct analysis_run *r = __atomic_load_n(&q->run, __ATOMIC_ACQUIRE);
    return r ? analysis_progress(r) : 0;
}

static err pin_and_run(struct call *c)
{
    struct asked *q = c->data;
    if (analysis_estimates(q->plan)) return only_estimate(c);
    TRY(beside_pin(&q->beside, c));
    set_cost(c);
    q->under_way.name = c->params[0];
    q->under_way.percent = percent;
    q->under_way.ctx = q;
    under_way_begin(c->server, &q->under_way);
    return call_crew(c, run);
}

/* A zone whose record is only on its way is known, though it cannot be read yet. */
static bool zone_of(void *ctx, str name, const struct zone **out)
{
    *out = engine_zone_named(ctx, name);
    return *out != NULL || engine_zone_known(ctx, name);
}

static struct analysis_context context(struct call *c)
{
    struct engine *e = c->server->engine;
    return (struct analysis_context){.names = engine_names(e),
                                     .customers = engine_customers(e),
                                     .zone = engine_zone(e),
                                     .zone_of = zone_of,
                                     .known = is_known,
                                     .ctx = e,
                                     .now = max_i64(engine_time(e), server_now(c->server))};
}

err analyses_check(struct call *c, str name, const struct json *request, str at)
{
    struct analysis_context cx = context(c);
    struct diag inner = {0};
    struct plan *plan;
    err e = analysis_compile(name, request, &cx, c->arena, &plan, &inner);
    if (e == ERR_OK && analysis_estimates(plan))
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "%.*s/estimate", STR_ARG(at)),
                       "a question that is kept is there to be answered: leave \"estimate\" out, "
                       "and say it when you ask");
    if (e == ERR_OK) return ERR_OK;
    return diag_at(&c->why, e == ERR_NOT_FOUND ? ERR_REFUSED : e,
                   arena_printf(c->arena, "%.*s%s", STR_ARG(at), inner.path), "%s", inner.message);
}

static err compile(struct call *c)
{
    struct asked *q = c->data;
    struct analysis_context cx = context(c);
    TRY(analysis_compile(c->params[0], c->body, &cx, c->arena, &q->plan, &c->why));
    if (q->then && analysis_estimates(q->plan))
        return diag_at(&c->why, ERR_REFUSED, S("/estimate"),
                       "a file holds an answer: leave \"estimate\" out");
    const struct json *save = json_get(c->body, "save_as");
    if (save && (!json_is(save, JSON_OBJECT) || !analysis_drills(q->plan)))
        return diag_at(&c->why, ERR_REFUSED, S("/save_as"),
                       "a list {\"id\":…,\"name\":…} is kept of the customers behind one figure: "
                       "name it in \"drill\"");
    if (save && !scope_allows(c->who.scopes, SCOPE_CONFIG_WRITE))
        return diag_set(&c->why, ERR_FORBIDDEN, "this key may ask, but make no lists");
    return pin_and_run(c);
}

static err begin(struct call *c)
{
    struct asked *q = c->data;
    err e = compile(c);
    return e != ERR_OK && q->then ? q->then(c, e) : e;
}

/* A zone nobody has named so far is written to the log first. */
err analyses_ask_then(struct call *c, err (*then)(struct call *c, err e))
{
    struct asked *q = arena_zalloc(c->arena, sizeof *q);
    struct engine *e = c->server->engine;
    str zone = json_get_str(c->body, "zone", (str){0});
    u64 number;
    c->data = q;
    q->then = then;
    q->under_way.began_ns = env_mono_ns(c->server->env);
    err r = under_way_read(c, &q->under_way);
    if (r != ERR_OK) return then ? then(c, r) : r;
    if (!zone.n || str_eq(zone, S("UTC")) || engine_zone_named(e, zone) ||
        engine_add_zone(e, zone, &number) != ERR_OK)
        return begin(c);
    return call_applied(c, number, begin);
}

err analyses_ask(struct call *c)
{
    return analyses_ask_then(c, NULL);
}

extern const struct route ROUTES_ANALYSES[];
const struct route ROUTES_ANALYSES[] = {
    {METHOD_GET, "/api/v1/analyses", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_ENGINE, under_way_list},
    {METHOD_POST, "/api/v1/analyses/{name}", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_ENGINE,
     analyses_ask},
    {0}};
