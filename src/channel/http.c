/* http.c — the HTTP providers: orders from the engine's thread, exchanges on the loop's, and what
 * each class of answer leads to. */
#include "channel/http.h"

#include "base/rng.h"
#include "env/env.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBE_WAIT_MS = 5000 };

struct http;
struct sending {
    struct http *http;
    struct delivery *d;
    struct sending *next; /* in the queue, then among those under way */
    struct arena *arena;
    struct exchange exchange;
    bool going; /* its order is to go; else to be dropped */
};

struct http {
    struct http_settings settings;
    struct arena *arena;
    struct curl_loop *loop;
    uv_async_t async;
    pthread_mutex_t lock;
    struct sending *queue, **queue_tail; /* under the lock */
    /* under the lock: how the account is */
    struct provider_health health;
    u32 failures; /* in a row that paused it */
    bool probing; /* after a pause one goes ahead */
};

static i64 now_ms(void)
{
    return env_wall_ms(env_real());
}

/* first × 2^times up to max, a fifth more or less by the seed. */
static i64 backoff(i64 first, i64 max, u32 times, u64 seed)
{
    i64 wait = first << (times < 20 ? times : 20);
    if (wait > max || wait <= 0) wait = max;
    struct rng r = {seed + times};
    return wait - wait / 5 + (i64)rng_below(&r, (u64)(wait / 5 * 2 + 1));
}

/* ---- the account's health ---- */

static void pause_account(struct http *h, outcome class, i64 wait, const char *said)
{
    static const char *const NAMES[OUTCOME_COUNT] = {
#define X(name, text) [OUTCOME_##name] = text,
        OUTCOME_LIST(X)
#undef X
    };
    pthread_mutex_lock(&h->lock);
    i64 until = now_ms() + wait;
    h->health.paused = true;
    h->health.until_ms = max_i64(h->health.until_ms, until);
    snprintf(h->health.class, sizeof h->health.class, "%s", NAMES[class]);
    snprintf(h->health.detail, sizeof h->health.detail, "%s", said);
    h->probing = false;
    pthread_mutex_unlock(&h->lock);
}

static void account_works(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    h->health = (struct provider_health){0};
    h->failures = 0;
    h->probing = false;
    pthread_mutex_unlock(&h->lock);
}

static void probe_over(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    h->probing = false;
    pthread_mutex_unlock(&h->lock);
}

/* 0: it may go on; else how long to wait. After a pause one delivery tries whether all is well. */
static i64 account_wait(struct http *h, char said[208])
{
    i64 wait = 0, now = now_ms();
    pthread_mutex_lock(&h->lock);
    if (h->health.paused) {
        if (h->health.until_ms > now)
            wait = h->health.until_ms - now;
        else if (h->probing)
            wait = PROBE_WAIT_MS;
        else
            h->probing = true;
        snprintf(said, 208, "%.15s: %.180s", h->health.class, h->health.detail);
    }
    pthread_mutex_unlock(&h->lock);
    return wait;
}

static void health(void *provider, struct provider_health *out)
{
    struct http *h = provider;
    pthread_mutex_lock(&h->lock);
    *out = h->health;
    pthread_mutex_unlock(&h->lock);
}

/* ---- the end of a sending ---- */

static void forget(struct sending *s)
{
    exchange_clear(&s->exchange);
    arena_free(s->arena);
    s->d->provider_data = NULL;
    free(s);
}

static void finish(struct sending *s, answer_class class, i64 retry, str detail)
{
    char kept[208];
    struct delivery *d = s->d;
    size_t n = min_size(detail.n, sizeof kept - 1);
    if (n) memcpy(kept, detail.p, n);
    forget(s);
    delivery_done(d, class, retry, (str){kept, n});
}

/* CONFIG, BILLING, AUTH: nothing goes until somebody acts, so one after another is not tried. */
static void finish_paused(struct sending *s, const struct verdict *v)
{
    struct http *h = s->http;
    pthread_mutex_lock(&h->lock);
    u32 times = h->failures < 4 ? h->failures++ : 4;
    pthread_mutex_unlock(&h->lock);
    pause_account(h, v->class, (5 * MINUTE) << times, v->said);
    finish(s, ANSWER_REJECTED, 0, str_of(v->said));
}

static void finish_rate(struct sending *s, const struct verdict *v)
{
    i64 said = v->retry_ms ? v->retry_ms : s->exchange.retry_after_ms;
    i64 wait = said > 0 ? said : MINUTE;
    if (v->account) pause_account(s->http, OUTCOME_RATE, wait, v->said);
    if (!v->account) account_works(s->http);
    finish(s, v->account ? ANSWER_RETURNED : ANSWER_RETRY, wait, str_of(v->said));
}

static void finish_retry(struct sending *s, i64 said, str words)
{
    i64 usual = backoff(30 * SECOND, HOUR, s->d->attempts, s->d->id.lo);
    probe_over(s->http);
    finish(s, ANSWER_RETRY, said > 0 ? said : usual, words);
}

/* The one place where a class becomes what the engine acts on. */
static void settle(struct sending *s, const struct verdict *v)
{
    char detail[208];
    switch (v->class) {
    case OUTCOME_OK:
    case OUTCOME_DUP:
        account_works(s->http);
        snprintf(detail, sizeof detail, v->id[0] ? "id:%s" : "accepted", v->id);
        finish(s, ANSWER_SENT, 0, str_of(detail));
        break;
    case OUTCOME_RETRY:
        finish_retry(s, v->retry_ms ? v->retry_ms : s->exchange.retry_after_ms, str_of(v->said));
        break;
    case OUTCOME_RATE: finish_rate(s, v); break;
    case OUTCOME_BAD_ADDR:
        account_works(s->http);
        finish(s, ANSWER_BOUNCED, 0, str_of(v->said));
        break;
    case OUTCOME_NO_CONSENT:
        account_works(s->http);
        s->d->opt_out = true;
        finish(s, ANSWER_REJECTED, 0, str_of(v->said));
        break;
    case OUTCOME_CONTENT:
        account_works(s->http);
        finish(s, ANSWER_REJECTED, 0, str_of(v->said));
        break;
    default: finish_paused(s, v); break;
    }
}

/* There was no whole answer. */
static void settle_silence(struct sending *s)
{
    struct exchange *x = &s->exchange;
    struct verdict v = {0};
    if (x->refused) {
        verdict_set(&v, OUTCOME_CONFIG, S("not asked"), str_of(x->error));
        settle(s, &v);
    } else if (x->sent && !s->http->settings.idempotent) {
        probe_over(s->http);
        finish(s, ANSWER_UNKNOWN, 0, str_of(x->error));
    } else {
        finish_retry(s, 0, str_of(x->error));
    }
}

static void on_done(struct exchange *x)
{
    struct sending *s = x->ctx;
    const struct gateway *g = s->http->settings.gateway;
    const struct json *json = NULL;
    struct verdict v = {0};
    if (!x->status) {
        settle_silence(s);
        return;
    }
    if (json_parse(buf_str(&x->answer), s->arena, &json, NULL) != ERR_OK) json = NULL;
    g->judge(&s->http->settings, x, json, &v);
    settle(s, &v);
}

/* ---- orders, on the loop ---- */

static void go_now(struct sending *s)
{
    struct http *h = s->http;
    struct diag why = {0};
    u8 chance[16];
    struct asking a = {.settings = &h->settings,
                       .delivery = s->d,
                       .arena = s->arena,
                       .exchange = &s->exchange,
                       .now_ms = now_ms()};
    env_random(env_real(), chance, sizeof chance);
    for (u32 i = 0; i < 16; i++) snprintf(a.nonce + 2 * i, 3, "%02x", chance[i]);
    s->exchange.timeout_ms = h->settings.timeout_ms;
    s->exchange.done = on_done;
    s->exchange.ctx = s;
    err e = h->settings.gateway->ask(&a, &why);
    if (e != ERR_OK) {
        probe_over(h);
        finish(s, ANSWER_REJECTED, 0, str_of(why.message));
        return;
    }
    exchange_begin(&s->exchange, h->loop, a.now_ms);
}

static void drop_now(struct sending *s)
{
    struct delivery *d = s->d;
    probe_over(s->http);
    forget(s);
    delivery_dropped(d);
}

static void on_async(uv_async_t *async)
{
    struct http *h = async->data;
    pthread_mutex_lock(&h->lock);
    struct sending *all = h->queue;
    h->queue = NULL;
    h->queue_tail = &h->queue;
    pthread_mutex_unlock(&h->lock);
    for (struct sending *s = all, *next; s; s = next) {
        next = s->next;
        if (s->going)
            go_now(s);
        else
            drop_now(s);
    }
}

/* ---- orders, from the engine's thread ---- */

static void order(struct http *h, struct sending *s, bool going)
{
    pthread_mutex_lock(&h->lock);
    s->going = going;
    s->next = NULL;
    *h->queue_tail = s;
    h->queue_tail = &s->next;
    pthread_mutex_unlock(&h->lock);
    uv_async_send(&h->async);
}

static bool is_number(str to)
{
    if (to.n && to.p[0] == '+') to = str_slice(to, 1, to.n);
    bool digits = to.n >= 3 && to.n <= 15;
    for (size_t i = 0; i < to.n; i++) digits &= to.p[i] >= '0' && to.p[i] <= '9';
    return digits;
}

static void prepare(void *provider, struct delivery *d)
{
    struct http *h = provider;
    char said[208] = "";
    if (h->settings.phones && !is_number(str_of(d->to))) {
        delivery_done(d, ANSWER_BOUNCED, 0, S("this is no phone number"));
        return;
    }
    i64 wait = account_wait(h, said);
    if (wait) {
        delivery_held(d, wait, str_of(said));
        return;
    }
    struct sending *s = mem_zalloc(sizeof *s);
    s->http = h;
    s->d = d;
    s->arena = arena_new();
    d->provider_data = s;
    d->opt_out = false;
    delivery_ready(d);
}

static void go(void *provider, struct delivery *d)
{
    order(provider, d->provider_data, true);
}

static void drop(void *provider, struct delivery *d)
{
    order(provider, d->provider_data, false);
}

/* ---- what comes in ---- */

static err hook(void *provider, const struct hook_request *q, struct hook_items *out,
                struct diag *why)
{
    struct http *h = provider;
    out->answer_type = h->settings.gateway->hook_type;
    out->answer = h->settings.gateway->hook_answer;
    return h->settings.gateway->hook(&h->settings, q, out, why);
}

/* ---- life ---- */

static u32 connections(void *provider)
{
    return ((struct http *)provider)->settings.connections;
}

/* The settings are read again into an arena that lives as long as the provider. */
MUST_USE static err read_settings(const struct json *settings, const struct gateway *g,
                                  struct http *h, struct diag *why)
{
    enum { SETTINGS_MAX = 1 << 20 };
    const struct json *j;
    struct buf b;
    buf_init(&b, SETTINGS_MAX);
    json_put(&b, settings);
    str text = arena_str(h->arena, buf_str(&b));
    bool full = b.full;
    buf_clear(&b);
    if (full) return diag_set(why, ERR_TOO_LARGE, "the settings are too large");
    TRY(json_parse(text, h->arena, &j, why));
    return http_settings_read(j, g, h->arena, &h->settings, why);
}

static err open_with(const struct gateway *g, const struct json *settings, void *loop, void **out,
                     struct diag *why)
{
    struct http *h = mem_zalloc(sizeof *h);
    h->arena = arena_new();
    h->loop = loop;
    h->queue_tail = &h->queue;
    err e = read_settings(settings, g, h, why);
    if (e != ERR_OK) {
        http_settings_clear(&h->settings);
        arena_free(h->arena);
        free(h);
        return e;
    }
    pthread_mutex_init(&h->lock, NULL);
    MUST(uv_async_init(curl_loop_uv(h->loop), &h->async, on_async) == 0);
    h->async.data = h;
    *out = h;
    return ERR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct http *h = handle->data;
    http_settings_clear(&h->settings);
    pthread_mutex_destroy(&h->lock);
    arena_free(h->arena);
    free(h);
}

static void close_http(void *provider)
{
    struct http *h = provider;
    MUST(!h->queue);
    uv_close((uv_handle_t *)&h->async, on_closed);
}

#define PROVIDER(id, gateway)                                                                      \
    static err open_##id(const struct json *settings, void *loop, void **out, struct diag *why)    \
    {                                                                                              \
        return open_with(&gateway, settings, loop, out, why);                                      \
    }                                                                                              \
    const struct provider_type provider_##id = {                                                   \
        #id, open_##id, close_http, connections, prepare, go, drop, health, hook,                  \
    };
PROVIDER(http, gateway_generic)
PROVIDER(aliyun, gateway_aliyun)
PROVIDER(tencent, gateway_tencent)
PROVIDER(twilio, gateway_twilio)
