/* route_webhooks.c — webhooks {id, url, events, secret}: who is told what, and what became of it.
 */
#include "channel/connector.h"
#include "channel/sign.h"
#include "server/publish.h"
#include "server/webhooks.h"

enum { EVENTS_MAX = 100 };

struct webhook_change {
    str source, secret;
    bool is_new;
};

static str secret_name(struct call *c)
{
    return arena_printf(c->arena, "webhook/%.*s", STR_ARG(c->params[0]));
}

/* ---- showing ---- */

static void put_state(struct call *c, str id)
{
    struct webhook_store *store = webhooks_store(c->server);
    struct webhook_counts n = webhook_counts(store, id);
    i64 since = 0;
    str why = webhook_disabled(store, id, c->arena, &since);
    json_put_key(&c->out, S("state"));
    buf_byte(&c->out, '{');
    json_put_kv_bool(&c->out, S("enabled"), !why.n);
    if (why.n) json_put_kv_str(&c->out, S("disabled_reason"), why);
    if (why.n) json_put_kv_time(&c->out, S("disabled_at"), since);
    json_put_kv_i64(&c->out, S("pending"), n.pending);
    json_put_kv_i64(&c->out, S("delivered"), n.delivered);
    json_put_kv_i64(&c->out, S("failed"), n.failed);
    json_put_kv_i64(&c->out, S("dropped"), n.dropped);
    buf_byte(&c->out, '}');
}

static void put_webhook(struct call *c, str source)
{
    const struct json *j;
    object_begin(c, source);
    if (json_parse(source, c->arena, &j, NULL) == ERR_OK)
        put_state(c, json_get_str(j, "id", (str){0}));
}

/* Its secret is in the answer to its making alone. */
static err show_source(struct call *c)
{
    const struct webhook_change *ch = c->data;
    put_webhook(c, ch->source);
    if (ch->is_new) json_put_kv_str(&c->out, S("secret"), ch->secret);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err show_one(struct call *c)
{
    struct webhook_change *ch = arena_zalloc(c->arena, sizeof *ch);
    str source = engine_object(c->server->engine, OBJECT_WEBHOOK, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no webhook of this id");
    ch->source = arena_str(c->arena, source);
    c->data = ch;
    return call_loop(c, show_source);
}

struct sources {
    u32 count;
    str items[WEBHOOKS_MAX];
};

static err show_all(struct call *c)
{
    const struct sources *all = c->data;
    call_items_begin(c);
    for (u32 i = 0; i < all->count; i++) {
        json_put_comma(&c->out);
        put_webhook(c, all->items[i]);
        buf_byte(&c->out, '}');
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err list(struct call *c)
{
    struct engine *e = c->server->engine;
    struct sources *all = arena_zalloc(c->arena, sizeof *all);
    u32 codes[WEBHOOKS_MAX], n = engine_objects(e, OBJECT_WEBHOOK, codes, WEBHOOKS_MAX);
    for (u32 i = 0; i < n; i++)
        all->items[all->count++] = arena_str(
            c->arena, engine_object(e, OBJECT_WEBHOOK,
                                    names_text(engine_names(e), NAME_OBJECT, codes[i]), NULL));
    c->data = all;
    return call_loop(c, show_all);
}

/* ---- making and changing ---- */

MUST_USE static err check_events(struct call *c)
{
    const struct json *events = json_get(c->body, "events");
    bool good = json_is(events, JSON_ARRAY) && events->count > 0 && events->count <= EVENTS_MAX;
    for (const struct json *m = good ? events->child : NULL; m; m = m->next)
        good &= m->type == JSON_STRING && m->text.n > 0;
    if (good) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/events"),
                   "events is a list of 1 to %d names, as \"Message Sent\"; \"*\" is all of them",
                   EVENTS_MAX);
}

MUST_USE static err check(struct call *c)
{
    str url, secret = json_get_str(c->body, "secret", (str){0});
    struct diag why = {0};
    struct buf ignored;
    TRY(call_text(c, "url", &url));
    TRY(check_events(c));
    if (outbound_check(c->server->outbound, url, &why) != ERR_OK)
        return diag_at(&c->why, ERR_REFUSED, S("/url"), "%s", why.message);
    if (!secret.n) return ERR_OK;
    buf_init(&ignored, 256);
    err e = sign_webhook(secret, S("x"), 0, S("x"), &ignored, &c->why);
    buf_clear(&ignored);
    return e;
}

static str source_of(struct call *c, str id)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX * 2);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), id);
    for (const struct json *m = c->body->child; m; m = m->next) {
        if (str_eq(m->key, S("id")) || str_eq(m->key, S("secret")) || str_eq(m->key, S("state")))
            continue;
        json_put_key(&b, m->key);
        json_put(&b, m);
    }
    buf_byte(&b, '}');
    str s = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

static str make_secret(struct call *c)
{
    u8 bytes[32];
    struct buf b;
    env_random(c->server->env, bytes, sizeof bytes);
    buf_init(&b, 128);
    buf_put(&b, S("whsec_"));
    put_base64(&b, bytes, sizeof bytes);
    str s = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

static err published(struct call *c)
{
    webhooks_changed(c->server);
    return call_loop(c, show_source);
}

static err make_live(struct call *c)
{
    return object_publish(c, OBJECT_WEBHOOK, ((struct webhook_change *)c->data)->source, published);
}

/* What was written again is tried again. */
static err keep_secret(struct call *c)
{
    struct webhook_change *ch = c->data;
    struct server *s = c->server;
    str had = {0};
    err e = office_secret_get(s->office, secret_name(c), c->arena, &had, &c->why);
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    if (!ch->secret.n && (ch->is_new || !had.n)) ch->secret = make_secret(c);
    if (ch->secret.n) TRY(office_secret_put(s->office, secret_name(c), ch->secret, &c->why));
    webhook_disable(webhooks_store(s), c->params[0], (str){0}, 0);
    return call_engine(c, make_live);
}

static err store(struct call *c, str id)
{
    struct webhook_change *ch = arena_zalloc(c->arena, sizeof *ch);
    u32 codes[WEBHOOKS_MAX + 1];
    struct engine *e = c->server->engine;
    bool there = engine_object(e, OBJECT_WEBHOOK, id, NULL).n > 0;
    TRY(check(c));
    ch->is_new = c->status == 201;
    if (ch->is_new && there)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a webhook of this id");
    if (!there && engine_objects(e, OBJECT_WEBHOOK, codes, WEBHOOKS_MAX + 1) >= WEBHOOKS_MAX)
        return diag_set(&c->why, ERR_LIMIT, "there may be %d webhooks", WEBHOOKS_MAX);
    ch->secret = json_get_str(c->body, "secret", (str){0});
    ch->source = source_of(c, id);
    c->params[0] = id;
    c->data = ch;
    return call_loop(c, keep_secret);
}

static err create(struct call *c)
{
    str id;
    TRY(object_id(c, "webhook", &id));
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err forget(struct call *c)
{
    webhook_forget(webhooks_store(c->server), c->params[0]);
    TRY(office_secret_put(c->server->office, secret_name(c), (str){0}, &c->why));
    return answer_nothing(c);
}

static err removed(struct call *c)
{
    webhooks_changed(c->server);
    return call_loop(c, forget);
}

static err drop(struct call *c)
{
    return object_remove(c, OBJECT_WEBHOOK, c->params[0], removed);
}

/* ---- deliveries ---- */

static err known(struct call *c, call_step then)
{
    if (engine_object(c->server->engine, OBJECT_WEBHOOK, c->params[0], NULL).n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no webhook of this id");
    return call_loop(c, then);
}

static void put_delivery(struct call *c, const struct webhook_delivery *d)
{
    const struct json *body;
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("id"), arena_printf(c->arena, "%lld", (long long)d->id));
    json_put_kv_str(&c->out, S("webhook_id"), d->message);
    json_put_kv_str(&c->out, S("event"), d->event);
    json_put_kv_str(&c->out, S("status"), told_text(d->state));
    json_put_kv_i64(&c->out, S("attempts"), d->attempts);
    if (d->status) json_put_kv_i64(&c->out, S("response_status"), d->status);
    if (d->detail.n) json_put_kv_str(&c->out, S("detail"), d->detail);
    json_put_kv_time(&c->out, S("created_at"), d->created_ms);
    json_put_kv_time(&c->out, S("changed_at"), d->changed_ms);
    if (d->state == DELIVERY_PENDING) json_put_kv_time(&c->out, S("due_at"), d->due_ms);
    if (json_parse(d->body, c->arena, &body, NULL) == ERR_OK) {
        json_put_key(&c->out, S("body"));
        json_put(&c->out, body);
    }
    buf_byte(&c->out, '}');
}

static err show_deliveries(struct call *c)
{
    u32 limit;
    i64 before = 0;
    int state = -1;
    str asked = call_query(c, "status"), cursor = call_query(c, "cursor"), next = {0};
    TRY(call_limit(c, &limit));
    for (int i = 0; i <= DELIVERY_DROPPED; i++)
        if (str_eq(asked, told_text((told)i))) state = i;
    if (asked.n && state < 0)
        return diag_at(&c->why, ERR_INVALID, S("status"),
                       "status is pending, delivered, failed or dropped");
    if (cursor.n && (str_to_i64(cursor, &before) != ERR_OK || before < 1))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    struct webhook_delivery *all = arena_alloc(c->arena, (limit + 1) * sizeof *all);
    u32 n = webhook_list(webhooks_store(c->server), c->params[0], state, before, c->arena, all,
                         limit + 1);
    call_items_begin(c);
    for (u32 i = 0; i < min_u32(n, limit); i++) put_delivery(c, &all[i]);
    if (n > limit) next = arena_printf(c->arena, "%lld", (long long)all[limit - 1].id);
    call_items_end(c, next);
    return ERR_OK;
}

static err deliveries(struct call *c)
{
    return known(c, show_deliveries);
}

static err accepted(struct call *c, i64 id)
{
    c->status = 202;
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("delivery"), arena_printf(c->arena, "%lld", (long long)id));
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err test_it(struct call *c)
{
    i64 id = webhooks_test(c->server, c->params[0]);
    return id ? accepted(c, id) : diag_set(&c->why, ERR_IO, "webhooks.db cannot be written");
}

static err test(struct call *c)
{
    return known(c, test_it);
}

static err replay_it(struct call *c)
{
    i64 id;
    if (str_to_i64(c->params[1], &id) != ERR_OK)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no delivery of this id");
    err e = webhook_replay(webhooks_store(c->server), c->params[0], id, server_now(c->server));
    if (e != ERR_OK) return diag_set(&c->why, e, "there is no delivery of this id");
    webhooks_wake(c->server);
    return accepted(c, id);
}

static err replay(struct call *c)
{
    return known(c, replay_it);
}

extern const struct route ROUTES_WEBHOOKS[];
const struct route ROUTES_WEBHOOKS[] = {
    {METHOD_GET, "/api/v1/webhooks", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/webhooks", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, create},
    {METHOD_GET, "/api/v1/webhooks/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/webhooks/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/webhooks/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, drop},
    {METHOD_POST, "/api/v1/webhooks/{id}/test", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, test},
    {METHOD_GET, "/api/v1/webhooks/{id}/deliveries", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     deliveries},
    {METHOD_POST, "/api/v1/webhooks/{id}/deliveries/{delivery}/replay", NEEDS_SCOPE, SCOPE_ADMIN,
     ON_ENGINE, replay},
    {0}};
