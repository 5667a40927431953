/* webhooks.c — collecting on the engine's thread, sending on the loop's. */
#include "server/webhooks.h"

#include "base/rng.h"
#include "channel/connector.h"
#include "channel/sign.h"
#include "log/events.h"
#include "server/show.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TICK_MS = 200,
    ROUND_EVENTS = 20000, /* looked at in one turn of the engine */
    ROUND_BYTES = 1 << 20,
    PIECE = 256,
    BODY_MAX = 20000, /* Standard Webhooks: under 20 KB */
    FLYING_MAX = 32,
    FLYING_OF_ONE = 4,
    TIMEOUT_MS = 15000,
    EVENT_NAMES_MAX = 100
};

/* A published webhook, as the engine's thread matches and the loop sends. */
struct target {
    str id, url;
    bool all;
    u32 name_count;
    str names[EVENT_NAMES_MAX];
};
struct targets {
    struct arena *arena;
    u32 count;
    struct target items[WEBHOOKS_MAX];
};

/* What the loop keeps of one. */
struct endpoint {
    str id, url;
    i64 rests_until;
    u32 flying;
    bool disabled;
};

struct flight {
    struct webhooks *w; /* NULL: free */
    struct exchange exchange;
    struct arena *arena;
    struct webhook_delivery delivery;
};

struct webhooks {
    struct server *server;

    /* the loop's */
    struct webhook_store *store;
    uv_timer_t timer;
    struct arena *arena; /* of the endpoints */
    struct endpoint endpoints[WEBHOOKS_MAX];
    u32 endpoint_count;
    struct flight flights[FLYING_MAX];
    bool asked, open, ended;
    bool wanted; /* once more, after the round that is under way */
    i64 trimmed_ms;

    /* the engine's */
    struct targets targets;
    struct event_cursor cursor;
    bool known;   /* the targets were read once */
    bool changed; /* the loop does not know them yet */

    /* handed over with a round: the engine's while asked, then the loop's */
    struct arena *round;
    struct webhook_delivery *found;
    u32 found_count, found_max;
    struct endpoint *fresh; /* NULL: the endpoints are the same */
    u32 fresh_count;
    u64 position; /* of the last event it saw */
    bool more;
};

/* ---- the schedule ---- */

i64 webhook_wait(u32 attempts, u64 seed)
{
    static const i64 WAITS[WEBHOOK_ATTEMPTS_MAX - 1] = {5 * SECOND, 5 * MINUTE, 30 * MINUTE,
                                                        2 * HOUR,   5 * HOUR,   10 * HOUR,
                                                        14 * HOUR,  20 * HOUR,  24 * HOUR};
    if (attempts == 0) return 0;
    if (attempts >= WEBHOOK_ATTEMPTS_MAX) return -1;
    i64 wait = WAITS[attempts - 1];
    struct rng r = {seed * 31 + attempts};
    return wait + (i64)rng_below(&r, (u64)(wait / 10 + 1));
}

void webhook_type(str event, struct buf *out)
{
    bool dot = false;
    for (size_t i = 0; i < event.n; i++) {
        char c = event.p[i];
        if (c == ' ' || c == '.') {
            dot = out->n > 0;
            continue;
        }
        if (dot) buf_byte(out, '.');
        dot = false;
        buf_byte(out, c >= 'A' && c <= 'Z' ? (u8)(c + 32) : (u8)c);
    }
}

/* ---- the engine's side ---- */

static void read_target(struct targets *t, str source)
{
    const struct json *j;
    if (t->count == WEBHOOKS_MAX) return;
    if (json_parse(arena_str(t->arena, source), t->arena, &j, NULL) != ERR_OK) return;
    struct target *x = &t->items[t->count++];
    *x = (struct target){.id = json_get_str(j, "id", (str){0}),
                         .url = json_get_str(j, "url", (str){0})};
    const struct json *events = json_get(j, "events");
    for (const struct json *m = events ? events->child : NULL; m; m = m->next) {
        x->all |= str_eq(m->text, S("*"));
        if (x->name_count < EVENT_NAMES_MAX) x->names[x->name_count++] = m->text;
    }
}

static void read_targets(struct webhooks *w)
{
    u32 codes[WEBHOOKS_MAX];
    struct engine *e = w->server->engine;
    struct targets *t = &w->targets;
    bool had = t->count > 0;
    arena_reset(t->arena);
    t->count = 0;
    u32 n = engine_objects(e, OBJECT_WEBHOOK, codes, WEBHOOKS_MAX);
    for (u32 i = 0; i < n; i++)
        read_target(t, engine_object(e, OBJECT_WEBHOOK,
                                     names_text(engine_names(e), NAME_OBJECT, codes[i]), NULL));
    /* The first one there is hears of what happens from now on. */
    if (!had && (w->known || !w->cursor.order))
        w->cursor = (struct event_cursor){.order = event_order(engine_applied(e) + 1, 0) - 1};
    w->known = true;
    w->changed = true;
}

static void put_body(struct buf *b, struct engine *e, const struct event *ev, bool whole)
{
    struct buf type;
    buf_init(&type, 1024);
    webhook_type(names_text(engine_names(e), NAME_EVENT, ev->code), &type);
    buf_byte(b, '{');
    json_put_kv_str(b, S("type"), buf_str(&type));
    buf_clear(&type);
    json_put_kv_time(b, S("timestamp"), ev->occurred_ms);
    json_put_key(b, S("data"));
    if (whole) {
        show_event(b, e, ev);
    } else {
        struct event cut = *ev;
        cut.props = (str){0};
        struct buf data;
        buf_init(&data, BODY_MAX);
        show_event(&data, e, &cut);
        buf_put(b, str_slice(buf_str(&data), 0, data.n ? data.n - 1 : 0));
        json_put_kv_bool(b, S("truncated"), true);
        buf_byte(b, '}');
        buf_clear(&data);
    }
    buf_byte(b, '}');
}

/* A step of a journey names the one endpoint that it calls. */
static bool is_named(const struct event *ev, str id)
{
    struct reader r = reader_of(ev->props);
    value v;
    for (u32 code; props_next(&r, &code, &v);)
        if (v.type == VALUE_TEXT && code != PROPERTY_JOURNEY && code != PROPERTY_STEP &&
            str_eq(v.text, id))
            return true;
    return false;
}

static bool wants(const struct target *t, const struct event *ev, str name)
{
    if (ev->flags & EVENT_HISTORY) return false;
    if (ev->code == EVENT_WEBHOOK_CALLED) return is_named(ev, t->id);
    if (t->all) return true;
    for (u32 i = 0; i < t->name_count; i++)
        if (str_eq(t->names[i], name)) return true;
    return false;
}

static void find(struct webhooks *w, const struct target *t, const struct event *ev, str name)
{
    struct engine *e = w->server->engine;
    struct buf b;
    char who[33];
    customer_id(engine_customers(e), customer_head(engine_customers(e), ev->persona), who);
    if (w->found_count == w->found_max) {
        u32 max = w->found_max ? w->found_max * 2 : 64;
        w->found = mem_realloc(w->found, max * sizeof *w->found);
        w->found_max = max;
    }
    buf_init(&b, BODY_MAX);
    put_body(&b, e, ev, true);
    if (b.full) {
        buf_reset(&b);
        b.full = false;
        put_body(&b, e, ev, false);
    }
    w->found[w->found_count++] = (struct webhook_delivery){
        .webhook = arena_str(w->round, t->id),
        .message = arena_printf(w->round, "msg_%llu", (unsigned long long)ev->order),
        .event = arena_str(w->round, name),
        .customer = arena_str(w->round, str_of(who)),
        .body = arena_str(w->round, buf_str(&b)),
        .created_ms = server_now(w->server)};
    buf_clear(&b);
}

static void hand_over_endpoints(struct webhooks *w)
{
    const struct targets *t = &w->targets;
    w->fresh = arena_zalloc(w->round, (t->count + 1) * sizeof *w->fresh);
    w->fresh_count = t->count;
    for (u32 i = 0; i < t->count; i++) {
        w->fresh[i].id = arena_str(w->round, t->items[i].id);
        w->fresh[i].url = arena_str(w->round, t->items[i].url);
    }
    w->changed = false;
}

static void hear(void *ctx);

static void collect(void *ctx)
{
    struct webhooks *w = ctx;
    struct engine *e = w->server->engine;
    struct event piece[PIECE];
    if (!w->known) read_targets(w);
    w->more = false;
    if (w->changed) hand_over_endpoints(w);
    for (u32 seen = 0, n = PIECE; w->targets.count && n == PIECE; seen += n) {
        w->more = seen >= ROUND_EVENTS || arena_bytes(w->round) > ROUND_BYTES;
        if (w->more) break;
        n = event_after(event_view_live(engine_events(e)), &w->cursor, piece, PIECE);
        for (u32 i = 0; i < n; i++) {
            str name = names_text(engine_names(e), NAME_EVENT, piece[i].code);
            for (u32 k = 0; k < w->targets.count; k++)
                if (wants(&w->targets.items[k], &piece[i], name))
                    find(w, &w->targets.items[k], &piece[i], name);
        }
    }
    w->position = w->cursor.order;
    postbox_post(&w->server->loop_post, hear, w);
}

void webhooks_changed(struct server *s)
{
    read_targets(s->webhooks);
    webhooks_wake(s);
}

/* ---- the loop's side: sending ---- */

static struct endpoint *endpoint_of(struct webhooks *w, str id)
{
    for (u32 i = 0; i < w->endpoint_count; i++)
        if (str_eq(w->endpoints[i].id, id)) return &w->endpoints[i];
    return NULL;
}

static void send_due(struct webhooks *w);

static str words_of(struct flight *f, char text[300])
{
    const struct exchange *x = &f->exchange;
    if (x->status)
        snprintf(text, 300, "HTTP %d", x->status);
    else
        snprintf(text, 300, "%s", x->error);
    return str_of(text);
}

static void judge(struct webhooks *w, struct flight *f, struct endpoint *e)
{
    struct webhook_delivery *d = &f->delivery;
    const struct exchange *x = &f->exchange;
    i64 now = server_now(w->server), wait = webhook_wait(d->attempts + 1, (u64)d->id);
    char text[300];
    d->detail = words_of(f, text);
    d->attempts++;
    d->status = x->status;
    d->changed_ms = now;
    if (x->status >= 200 && x->status < 300) {
        d->state = DELIVERY_DELIVERED;
    } else if (x->status == 410) {
        d->state = DELIVERY_FAILED;
        webhook_disable(w->store, d->webhook, S("it answered 410 Gone"), now);
        if (e) e->disabled = true;
    } else if (wait < 0) {
        d->state = DELIVERY_FAILED;
    } else {
        d->state = DELIVERY_PENDING;
        d->due_ms = now + max_i64(wait, x->retry_after_ms);
    }
    bool throttles = x->status == 429 || x->status == 502 || x->status == 504;
    if (e && throttles) e->rests_until = now + (x->retry_after_ms > 0 ? x->retry_after_ms : MINUTE);
    (void)!webhook_tell(w->store, d);
}

static void land(struct flight *f)
{
    exchange_clear(&f->exchange);
    arena_free(f->arena);
    *f = (struct flight){0};
}

static void on_done(struct exchange *x)
{
    struct flight *f = x->ctx;
    struct webhooks *w = f->w;
    struct endpoint *e = endpoint_of(w, f->delivery.webhook);
    if (e && e->flying) e->flying--;
    judge(w, f, e);
    land(f);
    send_due(w);
}

/* A body that cannot be signed will not be sendable later either. */
static void give_up(struct webhooks *w, struct webhook_delivery *d, const char *why)
{
    d->state = DELIVERY_FAILED;
    d->detail = str_of(why);
    d->changed_ms = server_now(w->server);
    (void)!webhook_tell(w->store, d);
}

static void fly(struct webhooks *w, struct flight *f, struct endpoint *e,
                const struct webhook_delivery *d)
{
    struct server *s = w->server;
    struct diag why = {0};
    struct buf b;
    i64 now = server_now(s);
    struct arena *a = arena_new();
    *f = (struct flight){.w = w, .arena = a, .delivery = *d};
    f->delivery.webhook = arena_str(a, d->webhook);
    f->delivery.message = arena_str(a, d->message);
    f->delivery.body = arena_str(a, d->body);
    str secret = {0};
    err r = office_secret_get(s->office, arena_printf(a, "webhook/%.*s", STR_ARG(d->webhook)), a,
                              &secret, &why);
    buf_init(&b, 1024);
    if (r == ERR_OK)
        r = sign_webhook(secret, f->delivery.message, now / SECOND, f->delivery.body, &b, &why);
    str signature = arena_str(a, buf_str(&b));
    buf_clear(&b);
    if (r != ERR_OK) {
        give_up(w, &f->delivery, why.message[0] ? why.message : "there is no secret");
        land(f);
        return;
    }
    struct exchange *x = &f->exchange;
    x->url = arena_str(a, e->url);
    x->method = S("POST");
    x->body = f->delivery.body;
    x->timeout_ms = TIMEOUT_MS;
    x->done = on_done;
    x->ctx = f;
    exchange_header(x, S("Content-Type"), S("application/json"));
    exchange_header(x, S("webhook-id"), f->delivery.message);
    exchange_header(x, S("webhook-timestamp"), arena_printf(a, "%lld", (long long)(now / SECOND)));
    exchange_header(x, S("webhook-signature"), signature);
    e->flying++;
    exchange_begin(x, s->curl, now);
}

static struct flight *free_flight(struct webhooks *w)
{
    for (u32 i = 0; i < FLYING_MAX; i++)
        if (!w->flights[i].w) return &w->flights[i];
    return NULL;
}

static bool flies(const struct webhooks *w, i64 id)
{
    for (u32 i = 0; i < FLYING_MAX; i++)
        if (w->flights[i].w && w->flights[i].delivery.id == id) return true;
    return false;
}

static void send_of(struct webhooks *w, struct endpoint *e, struct arena *a)
{
    struct webhook_delivery due[FLYING_OF_ONE * 2];
    i64 now = server_now(w->server);
    if (e->disabled || e->rests_until > now || e->flying >= FLYING_OF_ONE) return;
    u32 n = webhook_due(w->store, e->id, now, a, due, COUNT_OF(due));
    for (u32 i = 0; i < n && e->flying < FLYING_OF_ONE; i++) {
        struct flight *f = free_flight(w);
        if (!f) return;
        if (!flies(w, due[i].id)) fly(w, f, e, &due[i]);
    }
}

static void send_due(struct webhooks *w)
{
    if (w->ended) return;
    struct arena *a = arena_new();
    for (u32 i = 0; i < w->endpoint_count; i++) send_of(w, &w->endpoints[i], a);
    arena_free(a);
}

/* ---- the loop's side: what was collected ---- */

static void take_endpoints(struct webhooks *w)
{
    struct arena *a = arena_new();
    struct endpoint next[WEBHOOKS_MAX];
    for (u32 i = 0; i < w->fresh_count; i++) {
        i64 since;
        struct endpoint *old = endpoint_of(w, w->fresh[i].id);
        next[i] = (struct endpoint){.id = arena_str(a, w->fresh[i].id),
                                    .url = arena_str(a, w->fresh[i].url),
                                    .flying = old ? old->flying : 0,
                                    .rests_until = old ? old->rests_until : 0};
        next[i].disabled = webhook_disabled(w->store, next[i].id, a, &since).n > 0;
    }
    memcpy(w->endpoints, next, w->fresh_count * sizeof *next);
    w->endpoint_count = w->fresh_count;
    w->fresh = NULL;
    arena_free(w->arena);
    w->arena = a;
}

static void trim(struct webhooks *w)
{
    i64 now = server_now(w->server);
    if (now - w->trimmed_ms < MINUTE) return;
    w->trimmed_ms = now;
    for (u32 i = 0; i < w->endpoint_count; i++) webhook_trim(w->store, w->endpoints[i].id, now);
}

static void ask(struct webhooks *w);

static void hear(void *ctx)
{
    struct webhooks *w = ctx;
    err e = ERR_OK;
    w->asked = false;
    if (w->ended) return;
    if (w->fresh) take_endpoints(w);
    if (w->found_count || w->position != webhook_position(w->store)) {
        webhook_begin(w->store);
        for (u32 i = 0; i < w->found_count; i++) (void)webhook_add(w->store, &w->found[i]);
        e = webhook_commit(w->store, w->position);
    }
    if (e != ERR_OK) { /* a full disk: the same round is stored at the next tick */
        server_log(w->server, "webhooks wait", "webhooks.db cannot be written");
        return;
    }
    w->found_count = 0;
    arena_reset(w->round);
    trim(w);
    send_due(w);
    if (w->more || w->wanted) ask(w);
}

static void ask(struct webhooks *w)
{
    if (w->asked) w->wanted = true;
    if (w->asked || w->ended || !w->open) return;
    w->asked = true;
    w->wanted = false;
    if (w->found_count)
        hear(w);
    else
        postbox_post(&w->server->engine_post, collect, w);
}

static void on_tick(uv_timer_t *timer)
{
    struct webhooks *w = timer->data;
    if (w->endpoint_count) ask(w);
}

static void wake(void *ctx)
{
    struct webhooks *w = ctx;
    ask(w);
}

void webhooks_wake(struct server *s)
{
    postbox_post(&s->loop_post, wake, s->webhooks);
}

/* ---- erasure ---- */

struct erased {
    struct webhooks *w;
    u32 count;
    char ids[][33];
};

static void erase(void *ctx)
{
    struct erased *x = ctx;
    for (u32 i = 0; i < x->count && !x->w->ended; i++)
        webhook_erase(x->w->store, str_of(x->ids[i]));
    free(x);
}

/* Letters come in order: whatever was collected before is stored by then. */
void webhooks_erase(struct server *s, const char (*ids)[33], u32 count)
{
    struct erased *x = mem_alloc(sizeof *x + count * sizeof *ids);
    x->w = s->webhooks;
    x->count = count;
    if (count) memcpy(x->ids, ids, count * sizeof *ids);
    postbox_post(&s->loop_post, erase, x);
}

i64 webhooks_test(struct server *s, str id)
{
    u64 chance;
    struct webhooks *w = s->webhooks;
    struct arena *a = arena_new();
    struct buf b;
    i64 now = server_now(s);
    env_random(s->env, &chance, sizeof chance);
    buf_init(&b, BODY_MAX);
    buf_put(&b, S("{\"type\":\"webhook.test\""));
    json_put_kv_time(&b, S("timestamp"), now);
    buf_put(&b, S(",\"data\":{"));
    json_put_kv_str(&b, S("webhook"), id);
    buf_put(&b, S("}}"));
    struct webhook_delivery d = {
        .webhook = id,
        .message = arena_printf(a, "msg_test_%016llx", (unsigned long long)chance),
        .event = S("Webhook Test"),
        .body = arena_str(a, buf_str(&b)),
        .created_ms = now};
    buf_clear(&b);
    i64 row = webhook_add(w->store, &d);
    arena_free(a);
    send_due(w);
    return row;
}

/* ---- life ---- */

struct webhook_store *webhooks_store(struct server *s)
{
    return s->webhooks->store;
}

err webhooks_open(struct server *s, struct diag *why)
{
    struct webhooks *w = mem_zalloc(sizeof *w);
    s->webhooks = w;
    w->server = s;
    w->arena = arena_new();
    w->round = arena_new();
    w->targets.arena = arena_new();
    TRY(webhook_store_open(s->options.dir, &w->store, why));
    w->cursor.order = webhook_position(w->store);
    uv_timer_init(&s->loop, &w->timer);
    w->timer.data = w;
    uv_timer_start(&w->timer, on_tick, TICK_MS, TICK_MS);
    return ERR_OK;
}

void webhooks_begin(struct server *s)
{
    s->webhooks->open = true;
    ask(s->webhooks);
}

void webhooks_end(struct server *s)
{
    struct webhooks *w = s->webhooks;
    if (!w || w->ended) return;
    w->ended = true;
    for (u32 i = 0; i < FLYING_MAX; i++)
        if (w->flights[i].w) land(&w->flights[i]);
    if (w->timer.data) uv_close((uv_handle_t *)&w->timer, NULL);
}

void webhooks_free(struct server *s)
{
    struct webhooks *w = s->webhooks;
    if (!w) return;
    webhook_store_close(w->store);
    arena_free(w->arena);
    arena_free(w->round);
    arena_free(w->targets.arena);
    free(w->found);
    free(w);
}
