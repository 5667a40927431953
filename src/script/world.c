/* world.c — the loop: next due moment, clock, and everything until it is quiet. */
#include "script/world.h"

#include "engine/publish.h"
#include "log/fixed.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONNECTIONS = 16 };

/* A connection to the provider: nothing waits in it, but while it connects or answers. */
typedef enum { CALL_FREE, CALL_CONNECTING, CALL_READY, CALL_ANSWERING } call_state;
struct call {
    struct delivery *d;
    struct world_answer answer;
    i64 at_ms; /* CONNECTING, ANSWERING: when it has */
    call_state state;
};

struct world {
    struct world_options options;
    struct engine *engine;
    struct outbox *outbox;
    struct intake *intake;
    struct call calls[CONNECTIONS]; /* as many as deliveries at once */
    struct delivered *delivered;
    u32 delivered_count, delivered_cap;
    bool stopped; /* the log failed: a process would end here; or it was enough */
};

/* ---- the provider ---- */

static void note(struct world *w, const struct delivery *d, struct delivered *out)
{
    *out = (struct delivered){.at_ms = world_now(w), .id = d->id, .message = d->message};
    memcpy(out->to, d->to, sizeof out->to);
}

static struct world_answer ask(struct world *w, const struct delivery *d)
{
    struct delivered seen;
    note(w, d, &seen);
    return w->options.answer ? w->options.answer(w->options.ctx, &seen)
                             : (struct world_answer){.class = ANSWER_SENT};
}

static void end_call(struct call *c)
{
    struct delivery *d = c->d;
    c->state = CALL_FREE;
    delivery_done(d, c->answer.class, c->answer.retry_ms, S("simulated"));
}

static void connected(struct call *c)
{
    c->state = CALL_READY;
    delivery_ready(c->d);
}

static void sim_prepare(void *provider, struct delivery *d)
{
    struct world *w = provider;
    struct call *c = w->calls;
    for (; c->state != CALL_FREE; c++) MUST(c + 1 < w->calls + CONNECTIONS);
    *c = (struct call){.d = d, .answer = ask(w, d), .state = CALL_CONNECTING};
    c->at_ms = world_now(w) + c->answer.connect_ms;
    d->provider_data = c;
    if (c->answer.before_claim)
        end_call(c);
    else if (c->answer.connect_ms == 0)
        connected(c);
}

static void sim_go(void *provider, struct delivery *d)
{
    struct world *w = provider;
    struct call *c = d->provider_data;
    if (w->delivered_count == w->delivered_cap) {
        w->delivered_cap = w->delivered_cap ? w->delivered_cap * 2 : 64;
        w->delivered = mem_realloc(w->delivered, w->delivered_cap * sizeof *w->delivered);
    }
    note(w, d, &w->delivered[w->delivered_count]);
    w->delivered[w->delivered_count++].answer = c->answer.class;
    c->state = CALL_ANSWERING;
    c->at_ms = world_now(w) + c->answer.delay_ms;
    if (c->answer.delay_ms == 0) end_call(c);
}

static void sim_drop(void *provider, struct delivery *d)
{
    struct call *c = d->provider_data;
    (void)provider;
    c->state = CALL_FREE;
    delivery_dropped(d);
}

static u32 sim_connections(void *provider)
{
    (void)provider;
    return CONNECTIONS;
}

static err sim_open(const struct json *settings, void *loop, void **out, struct diag *why)
{
    (void)settings, (void)loop, (void)why;
    *out = NULL;
    return ERR_OK;
}

static void sim_close(void *provider)
{
    (void)provider;
}

static const struct provider_type PROVIDER = {.name = "sim",
                                              .open = sim_open,
                                              .close = sim_close,
                                              .connections = sim_connections,
                                              .prepare = sim_prepare,
                                              .go = sim_go,
                                              .drop = sim_drop};

/* ---- life ---- */

/* As in the server, but that here the engine may be asked what the log has. */
static bool take_zone(void *ctx, str name)
{
    struct world *w = ctx;
    u64 number;
    return engine_zone_named(w->engine, name) ||
           engine_add_zone(w->engine, name, &number) == ERR_OK;
}

static struct intake *make_intake(struct world *w)
{
    struct intake_options o = {.env = w->options.env,
                               .names = engine_names(w->engine),
                               .key = engine_key(w->engine),
                               .zone = engine_zone(w->engine),
                               .phone_country = S("CN"),
                               .on_zone = take_zone,
                               .ctx = w};
    return intake_new(&o);
}

err world_open(const struct world_options *o, struct world **out, struct diag *why)
{
    struct world *w = mem_zalloc(sizeof *w);
    struct engine_options eo = {
        .dir = o->dir, .events_tail_bytes = o->events_tail_bytes, .files = o->files};
    struct outbox_options oo = {.deliveries_max = CONNECTIONS,
                                .public_url = S("http://beckon.test"),
                                .stub_templates = true};
    w->options = *o;
    *out = NULL;
    err e = engine_open(o->env, &eo, &w->engine, why);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    w->outbox = outbox_new(w->engine, o->env, &oo);
    for (u32 channel = 1; channel < CHANNEL_FIXED_COUNT; channel++)
        outbox_channel(w->outbox, channel, &PROVIDER, w, S("shop@beckon.test"));
    w->intake = make_intake(w);
    *out = w;
    return ERR_OK;
}

void world_abandon(struct world *w)
{
    outbox_free(w->outbox);
    intake_free(w->intake);
    engine_close(w->engine);
    free(w->delivered);
    free(w);
}

void world_close(struct world *w)
{
    world_abandon(w);
}

struct engine *world_engine(struct world *w)
{
    return w->engine;
}

struct outbox *world_outbox(struct world *w)
{
    return w->outbox;
}

i64 world_now(struct world *w)
{
    return env_wall_ms(w->options.env);
}

const struct delivered *world_delivered(const struct world *w, u32 *count)
{
    *count = w->delivered_count;
    return w->delivered;
}

/* ---- the loop ---- */

static bool waits(const struct call *c)
{
    return c->state == CALL_CONNECTING || c->state == CALL_ANSWERING;
}

static bool provider_step(struct world *w)
{
    bool any = false;
    for (struct call *c = w->calls; c < w->calls + CONNECTIONS; c++) {
        if (!waits(c) || c->at_ms > world_now(w)) continue;
        if (c->state == CALL_CONNECTING)
            connected(c);
        else
            end_call(c);
        any = true;
    }
    return any;
}

/* Everything that can happen at this moment. */
static void settle(struct world *w)
{
    bool moved = true;
    w->stopped |= w->options.enough && w->options.enough(w->options.ctx);
    while (moved && !(w->stopped && w->options.enough)) {
        err log = log_step(engine_log(w->engine));
        w->stopped |= log == ERR_IO;
        moved = log == ERR_OK;
        moved |= engine_step(w->engine);
        moved |= engine_background(w->engine, 1000000);
        moved |= engine_propose(w->engine, world_now(w));
        moved |= provider_step(w);
        moved |= outbox_step(w->outbox, world_now(w));
    }
}

void world_until(struct world *w, i64 until_ms)
{
    for (;;) {
        settle(w);
        i64 next = min_i64(engine_next_due(w->engine), until_ms);
        for (const struct call *c = w->calls; c < w->calls + CONNECTIONS; c++)
            if (waits(c)) next = min_i64(next, c->at_ms);
        i64 now = world_now(w);
        if (now >= until_ms) return;
        if (w->stopped) next = until_ms;
        sim_advance(w->options.env, max_i64(next - now, 1));
    }
}

/* ---- doing things ---- */

err world_append(struct world *w, str records, u32 count, u64 *last)
{
    u64 number;
    TRY(log_append(engine_log(w->engine), records, count, true, &number));
    settle(w);
    if (last) *last = number;
    return engine_applied(w->engine) >= number ? ERR_OK : ERR_IO;
}

err world_record(struct world *w, u16 kind, str payload)
{
    struct record r = {
        .kind = kind, .level = ENGINE_LEVEL, .occurred_ms = NEVER, .payload = payload};
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX + 4096);
    record_put(&b, &r);
    err e = b.full ? ERR_TOO_LARGE : world_append(w, buf_str(&b), 1, NULL);
    buf_clear(&b);
    return e;
}

err world_operate(struct world *w, operate_what what, u32 code, u32 percent)
{
    struct operate_record o = {what, code, percent};
    struct buf b;
    buf_init(&b, 64);
    operate_put(&b, &o);
    err e = world_record(w, RECORD_OPERATE_, buf_str(&b));
    buf_clear(&b);
    return e;
}

err world_outcome(struct world *w, const struct task_record *t)
{
    struct buf b;
    buf_init(&b, 64 << 10);
    task_put(&b, t);
    err e = world_record(w, RECORD_TASK_, buf_str(&b));
    buf_clear(&b);
    return e;
}

err world_merge(struct world *w, persona a, persona b)
{
    struct buf payload;
    buf_init(&payload, 128);
    char ids[2][33];
    customer_id(engine_customers(w->engine), a, ids[0]);
    customer_id(engine_customers(w->engine), b, ids[1]);
    merge_put(&payload, &(struct merge_record){{ids[0], 32}, {ids[1], 32}});
    err e = world_record(w, RECORD_MERGE_, buf_str(&payload));
    buf_clear(&payload);
    return e;
}

MUST_USE static err append_persona(struct world *w, u16 kind, persona p)
{
    struct buf b;
    buf_init(&b, 128);
    char id[33];
    customer_id(engine_customers(w->engine), p, id);
    persona_put(&b, (str){id, 32});
    err e = world_record(w, kind, buf_str(&b));
    buf_clear(&b);
    return e;
}

err world_unmerge(struct world *w, persona p)
{
    return append_persona(w, RECORD_UNMERGE_, p);
}

err world_erase(struct world *w, persona p)
{
    return append_persona(w, RECORD_ERASE_, p);
}

err world_zone(struct world *w, const struct zone_record *zone)
{
    struct buf b;
    struct setting_record s = {S("zone"), value_text(zone->name)};
    buf_init(&b, 1 << 20);
    zone_put(&b, zone);
    err e = world_record(w, RECORD_ZONE_, buf_str(&b));
    buf_reset(&b);
    setting_put(&b, &s);
    if (e == ERR_OK) e = world_record(w, RECORD_SETTING_, buf_str(&b));
    buf_clear(&b);
    intake_settings(w->intake, engine_zone(w->engine), S("CN"));
    return e;
}

err world_publish(struct world *w, object_kind kind, const struct json *source, struct diag *why)
{
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX);
    err e = publish_object(w->engine, kind, source, &b, why);
    if (e == ERR_OK) e = world_record(w, RECORD_PUBLISH_, buf_str(&b));
    buf_clear(&b);
    return e;
}

MUST_USE static err take_from(struct world *w, const struct intake_source *from, intake_call call,
                              str body, struct intake_result *result, struct diag *why)
{
    struct buf records;
    buf_init(&records, APPEND_BYTES_MAX);
    err e = intake_batch(w->intake, from, call, body, world_now(w), &records, result, why);
    if (e == ERR_OK && result->accepted)
        e = world_append(w, buf_str(&records), result->accepted, NULL);
    buf_clear(&records);
    return e;
}

MUST_USE static err take(struct world *w, intake_call call, bool history, str body,
                         struct intake_result *result, struct diag *why)
{
    struct intake_source from = {.history = history};
    return take_from(w, &from, call, body, result, why);
}

MUST_USE static err take_batch(struct world *w, u32 source, intake_call call, str item,
                               struct intake_result *result, struct diag *why)
{
    struct intake_source from = {.code = source};
    struct buf batch;
    buf_init(&batch, APPEND_BYTES_MAX);
    buf_put(&batch, S("{\"batch\":["));
    buf_put(&batch, item);
    buf_put(&batch, S("]}"));
    err e = take_from(w, &from, call, buf_str(&batch), result, why);
    buf_clear(&batch);
    return e;
}

err world_track(struct world *w, str body, struct intake_result *result, struct diag *why)
{
    return take_batch(w, 0, INTAKE_BATCH, body, result, why);
}

err world_import(struct world *w, str body, struct intake_result *result, struct diag *why)
{
    return take_batch(w, 0, INTAKE_IMPORT, body, result, why);
}

err world_item(struct world *w, str body, struct intake_result *result, struct diag *why)
{
    return take(w, INTAKE_ITEM, false, body, result, why);
}

err world_past(struct world *w, str body, struct intake_result *result, struct diag *why)
{
    return take(w, INTAKE_ITEM, true, body, result, why);
}

err world_import_as(struct world *w, u32 source, str body, struct intake_result *result,
                    struct diag *why)
{
    return take_batch(w, source, INTAKE_IMPORT, body, result, why);
}
