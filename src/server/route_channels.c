/* route_channels.c — channels: who carries what, with secrets that can be written and never read.
 */
#include "content/dkim.h"
#include "server/channel_mask.h"
#include "server/channel_words.h"
#include "server/channels.h"
#include "server/publish.h"
#include "server/show.h"
#include "server/trial.h"
#include "server/watch.h"

#include <stdio.h>

/* Where its provider calls us with receipts and replies: to be set in the provider's console. */
static void put_hook_url(struct call *c, str id)
{
    char secret[33];
    channel_hook_secret(c->server, id, secret);
    json_put_kv_str(
        &c->out, S("hook_url"),
        arena_printf(c->arena, "%s/hooks/%.*s/%s", c->server->public_url, STR_ARG(id), secret));
}

/* Since when it is so, the last thing that went wrong, and a day in numbers. */
static void put_lately(struct call *c, u32 channel)
{
    struct watch_channel w;
    struct buf *b = &c->out;
    if (!watch_channel_of(c->server, channel, &w)) return;
    json_put_kv_time(b, S("since"), w.since_ms);
    if (w.detail[0]) wording_put(b, S("words"), channel_words(w.status, str_of(w.detail)));
    if (w.last_error_ms) {
        json_put_key(b, S("last_error"));
        buf_byte(b, '{');
        json_put_kv_time(b, S("at"), w.last_error_ms);
        json_put_kv_str(b, S("detail"), str_of(w.last_error));
        wording_put(b, S("words"), channel_words("paused", str_of(w.last_error)));
        buf_byte(b, '}');
    }
    json_put_kv_i64(b, S("sent_24h"), (i64)w.sent_24h);
    json_put_kv_i64(b, S("failed_24h"), (i64)w.failed_24h);
}

/* One alert, with what to act on: the account is refused, or the channel rests. */
static void put_health(struct call *c, u32 channel, const struct provider_health *h,
                       const struct channel_state *st)
{
    bool rests = st->rests_until_ms > 0;
    json_put_key(&c->out, S("health"));
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("status"),
                    h->paused || rests ? S("paused")
                    : st->connected    ? S("ok")
                                       : S("unconnected"));
    if (h->paused) json_put_kv_str(&c->out, S("class"), str_of(h->class));
    if (h->paused || rests) {
        json_put_kv_str(&c->out, S("alert"), str_of(h->paused ? h->detail : st->detail));
        json_put_kv_time(&c->out, S("until"), h->paused ? h->until_ms : st->rests_until_ms);
    }
    put_lately(c, channel);
    buf_byte(&c->out, '}');
}

/* Also of what was published before its secrets were hidden. */
static str shown_source(struct call *c, const struct json *channel, str source)
{
    struct buf b;
    if (!channel) return source;
    buf_init(&b, API_BODY_MAX * 2);
    buf_byte(&b, '{');
    for (const struct json *m = channel->child; m; m = m->next) {
        json_put_key(&b, m->key);
        if (!str_eq(m->key, S("settings"))) {
            json_put(&b, m);
            continue;
        }
        buf_byte(&b, '{');
        mask_put_settings(&b, m, c->arena);
        buf_byte(&b, '}');
    }
    buf_byte(&b, '}');
    str shown = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return shown;
}

/* The channel as it was published, and what it is doing. */
static void put_channel(struct call *c, u32 code, str source)
{
    struct engine *e = c->server->engine;
    struct channel_state st = {0};
    struct provider_health health = {0};
    const struct json *j = NULL;
    u32 channel = 0;
    (void)code;
    if (json_parse(source, c->arena, &j, NULL) == ERR_OK)
        channel = names_find(engine_names(e), NAME_CHANNEL, json_get_str(j, "channel", (str){0}));
    outbox_channel_state(c->server->outbox, channel, &st);
    bool tells = channel_health(c->server, channel, &health);
    object_begin(c, shown_source(c, j, source));
    if (tells) put_hook_url(c, json_get_str(j, "id", (str){0}));
    put_health(c, channel, &health, &st);
    json_put_key(&c->out, S("state"));
    buf_byte(&c->out, '{');
    json_put_kv_bool(&c->out, S("connected"), st.connected);
    json_put_kv_i64(&c->out, S("in_flight"), st.in_flight);
    json_put_kv_i64(&c->out, S("waiting"), st.waiting);
    json_put_kv_i64(&c->out, S("sent"), (i64)st.sent);
    json_put_kv_i64(&c->out, S("failed"), (i64)st.failed);
    json_put_kv_time(&c->out, S("rests_until"), st.rests_until_ms);
    json_put_kv_str(&c->out, S("detail"), str_of(st.detail));
    buf_put(&c->out, S("}}"));
}

static err list(struct call *c)
{
    object_list(c, OBJECT_CHANNEL, put_channel);
    return ERR_OK;
}

static err show_one(struct call *c)
{
    str source = engine_object(c->server->engine, OBJECT_CHANNEL, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no channel of this id");
    put_channel(c, 0, source);
    return ERR_OK;
}

struct dkim_pair;
struct channel_change {
    str source, secrets;
    str before; /* its source as it is, or empty */
    struct dkim_pair *pair;
    struct connected *opened;
};

/* The body without its secrets, and its secrets alone. */
static void split(struct call *c, str id, struct channel_change *out)
{
    const struct json *settings = json_get(c->body, "settings");
    struct buf shown, hidden;
    buf_init(&shown, API_BODY_MAX * 2);
    buf_init(&hidden, API_BODY_MAX * 2);
    buf_byte(&shown, '{');
    buf_byte(&hidden, '{');
    json_put_kv_str(&shown, S("id"), id);
    json_put_kv_str(&shown, S("channel"), json_get_str(c->body, "channel", (str){0}));
    json_put_kv_str(&shown, S("provider"), json_get_str(c->body, "provider", (str){0}));
    json_put_key(&shown, S("settings"));
    buf_byte(&shown, '{');
    struct buf open;
    buf_init(&open, API_BODY_MAX * 2);
    buf_byte(&open, '{');
    for (const struct json *m = settings ? settings->child : NULL; m; m = m->next) {
        bool is_secret = channel_is_secret(m->key);
        if (is_secret || mask_concerns(m, c->arena)) {
            json_put_key(&hidden, m->key);
            json_put(&hidden, m);
        }
        if (is_secret) continue;
        json_put_key(&open, m->key);
        json_put(&open, m);
    }
    buf_byte(&open, '}');
    const struct json *rest = NULL;
    if (json_parse(arena_str(c->arena, buf_str(&open)), c->arena, &rest, NULL) == ERR_OK)
        mask_put_settings(&shown, rest, c->arena);
    buf_clear(&open);
    buf_put(&shown, S("}}"));
    buf_byte(&hidden, '}');
    out->source = arena_str(c->arena, buf_str(&shown));
    out->secrets = hidden.n > 2 ? arena_str(c->arena, buf_str(&hidden)) : (str){0};
    buf_clear(&shown);
    buf_clear(&hidden);
}

static str secret_name(struct call *c)
{
    return arena_printf(c->arena, "channel/%.*s", STR_ARG(c->params[0]));
}

static err attach(struct call *c)
{
    struct channel_change *ch = c->data;
    channel_attach(c->server, ch->opened);
    return show_one(c);
}

static err make_live(struct call *c)
{
    struct channel_change *ch = c->data;
    err e = object_publish(c, OBJECT_CHANNEL, ch->source, attach);
    if (e != ERR_OK) channel_abandon(c->server, ch->opened);
    return e;
}

static str server_of(struct call *c, str source)
{
    const struct json *j = NULL;
    if (!source.n || json_parse(source, c->arena, &j, NULL) != ERR_OK) return (str){0};
    const struct json *settings = json_get(j, "settings");
    str url = json_get_str(settings, "url", (str){0});
    return url.n ? mask_host(url) : json_get_str(settings, "host", (str){0});
}

/* What was a secret of one server is none of another's: it has to be given again. */
static err check_server(struct call *c, const struct channel_change *ch, const struct json *old,
                        const struct json *new)
{
    str before = server_of(c, ch->before), now = server_of(c, ch->source);
    if (!before.n || str_eq_nocase(before, now)) return ERR_OK;
    for (const struct json *m = old ? old->child : NULL; m; m = m->next) {
        const struct json *again = json_get(new, arena_str(c->arena, m->key).p);
        bool is_text = m->type == JSON_STRING && m->text.n;
        if (!channel_is_secret(m->key) || !is_text || again ||
            str_eq(m->key, S("dkim_private_key")))
            continue;
        return diag_at(
            &c->why, ERR_REFUSED,
            arena_printf(c->arena, "/settings/%.*s", (int)min_size(m->key.n, 64), m->key.p),
            "the server is another one: give \"%.*s\" again", STR_ARG(m->key));
    }
    return ERR_OK;
}

/* Secrets that are not sent again stay as they are; null or an empty text takes one away. */
static err merge_secrets(struct call *c, struct channel_change *ch)
{
    const struct json *old = NULL, *new = NULL;
    str kept = {0};
    struct buf b;
    err e = ERR_OK;
    err had = office_secret_get(c->server->office, secret_name(c), c->arena, &kept, &c->why);
    if (had != ERR_OK && had != ERR_NOT_FOUND) return had;
    if (kept.n) TRY(json_parse(kept, c->arena, &old, &c->why));
    if (ch->secrets.n) TRY(json_parse(ch->secrets, c->arena, &new, &c->why));
    TRY(check_server(c, ch, old, new));
    buf_init(&b, API_BODY_MAX * 2);
    buf_byte(&b, '{');
    const struct json *const lists[] = {old, new};
    for (u32 i = 0; i < COUNT_OF(lists); i++)
        for (const struct json *m = lists[i] ? lists[i]->child : NULL; m; m = m->next) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", STR_ARG(m->key));
            bool is_inside = !channel_is_secret(m->key); /* a URL, headers: as they are sent now */
            bool replaced = i == 0 && (is_inside || json_get(new, name));
            if (is_inside && !replaced && e == ERR_OK)
                e = mask_restore(&b, m, old, c->arena, &c->why);
            if (is_inside || replaced || m->type != JSON_STRING || !m->text.n) continue;
            json_put_kv_str(&b, m->key, m->text);
        }
    buf_byte(&b, '}');
    ch->secrets = b.n > 2 ? arena_str(c->arena, buf_str(&b)) : (str){0};
    buf_clear(&b);
    return e;
}

static err open_it(struct call *c)
{
    struct channel_change *ch = c->data;
    struct server *s = c->server;
    TRY(merge_secrets(c, ch));
    TRY(channel_open(s, c->params[0], ch->source, ch->secrets, &ch->opened, &c->why));
    err e = office_secret_put(s->office, secret_name(c), ch->secrets, &c->why);
    if (e == ERR_OK) return call_engine(c, make_live);
    channel_abandon(s, ch->opened);
    return e;
}

static err store(struct call *c, str id)
{
    struct channel_change *ch = arena_zalloc(c->arena, sizeof *ch);
    str text;
    TRY(call_text(c, "channel", &text));
    TRY(call_text(c, "provider", &text));
    if (c->status == 201 && engine_object(c->server->engine, OBJECT_CHANNEL, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a channel of this id");
    c->params[0] = id;
    c->data = ch;
    ch->before = arena_str(c->arena, engine_object(c->server->engine, OBJECT_CHANNEL, id, NULL));
    split(c, id, ch);
    return call_loop(c, open_it);
}

static err create(struct call *c)
{
    str id;
    TRY(object_id(c, "channel", &id));
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err forget_secret(struct call *c)
{
    TRY(office_secret_put(c->server->office, secret_name(c), (str){0}, &c->why));
    return answer_nothing(c);
}

static err removed(struct call *c)
{
    channel_detach(c->server, c->params[0]);
    return call_loop(c, forget_secret);
}

static err drop(struct call *c)
{
    return object_remove(c, OBJECT_CHANNEL, c->params[0], removed);
}

/* ---- a message to see whether it works ---- */

static err show_trial(struct call *c)
{
    const struct trial_outcome *o = c->data;
    struct buf *b = &c->out;
    buf_byte(b, '{');
    json_put_kv_bool(b, S("ok"), strcmp(o->status, "sent") == 0);
    json_put_kv_str(b, S("status"), str_of(o->status));
    json_put_kv_str(b, S("detail"), str_of(o->detail));
    wording_put(b, S("message"), channel_words(o->status, str_of(o->detail)));
    json_put_kv_str(b, S("to"), json_get_str(c->body, "to", (str){0}));
    json_put_kv_i64(b, S("took_ms"), o->took_ms);
    buf_byte(b, '}');
    return ERR_OK;
}

static err test_channel(struct call *c)
{
    struct engine *e = c->server->engine;
    const struct json *j;
    char room[NORMAL_BYTES_MAX];
    str to, source = engine_object(e, OBJECT_CHANNEL, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no channel of this id");
    TRY(call_text(c, "to", &to));
    TRY(json_parse(arena_str(c->arena, source), c->arena, &j, &c->why));
    u32 channel = names_find(engine_names(e), NAME_CHANNEL, json_get_str(j, "channel", (str){0}));
    u32 space = channel_space(channel);
    str normal = space ? identifier_normal(e, space, to, room) : to;
    if (!normal.n)
        return diag_at(&c->why, ERR_REFUSED, S("/to"), "this cannot be an address of this channel");
    bool zh = !str_eq(json_get_str(c->body, "language", S("zh")), S("en"));
    struct rendered content = {.subject = zh ? S("来自 Beckon 的测试") : S("A test from Beckon"),
                               .text = zh ? S("如果你看到这条消息，说明渠道已经接好。\n")
                                          : S("If you can read this, the channel works.\n"),
                               .html = zh ? S("<p>如果你看到这条消息，说明渠道已经接好。</p>")
                                          : S("<p>If you can read this, the channel works.</p>")};
    return trial_begin(c, channel, arena_str(c->arena, normal), &content, show_trial);
}

/* ---- DKIM: the server makes the pair, the private half is never shown ---- */

struct dkim_pair {
    str domain, selector, algorithm, private_key, record;
    dkim_algorithm kind;
};

static void put_dkim(struct call *c, const struct dkim_pair *d)
{
    struct buf *b = &c->out;
    buf_byte(b, '{');
    json_put_kv_str(b, S("domain"), d->domain);
    json_put_kv_str(b, S("selector"), d->selector);
    json_put_kv_str(b, S("algorithm"), d->algorithm);
    buf_put(b, S(",\"record\":{\"type\":\"TXT\""));
    json_put_kv_str(
        b, S("name"),
        arena_printf(c->arena, "%.*s._domainkey.%.*s", STR_ARG(d->selector), STR_ARG(d->domain)));
    json_put_kv_str(b, S("value"), d->record);
    buf_put(b, S("}}"));
}

static err dkim_live(struct call *c)
{
    struct channel_change *ch = c->data;
    channel_attach(c->server, ch->opened);
    put_dkim(c, ch->pair);
    c->status = 201;
    return ERR_OK;
}

static err dkim_publish(struct call *c)
{
    struct channel_change *ch = c->data;
    err e = object_publish(c, OBJECT_CHANNEL, ch->source, dkim_live);
    if (e != ERR_OK) channel_abandon(c->server, ch->opened);
    return e;
}

/* The channel as it was, but for its dkim. */
static void put_channel_with(struct buf *b, const struct json *channel, const struct dkim_pair *d)
{
    const struct json *settings = json_get(channel, "settings");
    buf_byte(b, '{');
    for (const struct json *m = channel->child; m; m = m->next) {
        if (str_eq(m->key, S("settings"))) continue;
        json_put_key(b, m->key);
        json_put(b, m);
    }
    json_put_key(b, S("settings"));
    buf_byte(b, '{');
    for (const struct json *m = settings ? settings->child : NULL; m; m = m->next) {
        if (str_eq(m->key, S("dkim"))) continue;
        json_put_key(b, m->key);
        json_put(b, m);
    }
    json_put_key(b, S("dkim"));
    buf_byte(b, '{');
    json_put_kv_str(b, S("domain"), d->domain);
    json_put_kv_str(b, S("selector"), d->selector);
    json_put_kv_str(b, S("algorithm"), d->algorithm);
    json_put_kv_str(b, S("record"), d->record);
    buf_put(b, S("}}}"));
}

static err dkim_open_it(struct call *c)
{
    struct channel_change *ch = c->data;
    struct server *s = c->server;
    struct buf b;
    buf_init(&b, API_BODY_MAX);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("dkim_private_key"), ch->pair->private_key);
    buf_byte(&b, '}');
    ch->secrets = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    TRY(merge_secrets(c, ch));
    TRY(channel_open(s, c->params[0], ch->source, ch->secrets, &ch->opened, &c->why));
    err e = office_secret_put(s->office, secret_name(c), ch->secrets, &c->why);
    if (e == ERR_OK) return call_engine(c, dkim_publish);
    channel_abandon(s, ch->opened);
    return e;
}

static err dkim_pair_made(struct call *c)
{
    struct channel_change *ch = c->data;
    const struct json *channel;
    struct buf b;
    dkim_make(ch->pair->kind, c->arena, &ch->pair->private_key, &ch->pair->record);
    TRY(json_parse(ch->source, c->arena, &channel, &c->why));
    buf_init(&b, API_BODY_MAX * 2);
    put_channel_with(&b, channel, ch->pair);
    ch->source = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return call_loop(c, dkim_open_it);
}

/* The domain of the channel's sender, unless another is given. */
static str sender_domain(const struct json *channel)
{
    str address;
    str from = json_get_str(json_get(channel, "settings"), "from", (str){0});
    if (mail_address(from, &address, NULL) != ERR_OK) return (str){0};
    return str_slice(address, (size_t)str_index(address, '@') + 1, address.n);
}

static err find_channel(struct call *c, const struct json **out, str *source)
{
    *source = engine_object(c->server->engine, OBJECT_CHANNEL, c->params[0], NULL);
    if (source->n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no channel of this id");
    *source = arena_str(c->arena, *source);
    TRY(json_parse(*source, c->arena, out, &c->why));
    if (str_eq(json_get_str(*out, "provider", (str){0}), S("smtp"))) return ERR_OK;
    return diag_set(&c->why, ERR_CONFLICT, "only mails sent by smtp are signed");
}

static err make_dkim(struct call *c)
{
    struct channel_change *ch = arena_zalloc(c->arena, sizeof *ch);
    struct dkim_pair *d = ch->pair = arena_zalloc(c->arena, sizeof *d);
    const struct json *channel;
    TRY(find_channel(c, &channel, &ch->source));
    d->algorithm = json_get_str(c->body, "algorithm", S("rsa"));
    if (!dkim_algorithm_parse(d->algorithm, &d->kind))
        return diag_at(&c->why, ERR_REFUSED, S("/algorithm"), "the algorithm is rsa or ed25519");
    d->domain = json_get_str(c->body, "domain", sender_domain(channel));
    if (!d->domain.n)
        return diag_at(&c->why, ERR_REFUSED, S("/domain"),
                       "the domain that signs is needed: the channel has no sender");
    d->selector = json_get_str(c->body, "selector",
                               arena_printf(c->arena, "beckon-%.*s", STR_ARG(d->algorithm)));
    c->data = ch;
    return call_helper(c, dkim_pair_made);
}

static err show_dkim(struct call *c)
{
    const struct json *channel;
    str source;
    TRY(find_channel(c, &channel, &source));
    const struct json *j = json_get(json_get(channel, "settings"), "dkim");
    if (!json_is(j, JSON_OBJECT))
        return diag_set(&c->why, ERR_NOT_FOUND, "this channel's mails are not signed");
    struct dkim_pair d = {.domain = json_get_str(j, "domain", (str){0}),
                          .selector = json_get_str(j, "selector", S("beckon")),
                          .algorithm = json_get_str(j, "algorithm", S("rsa")),
                          .record = json_get_str(j, "record", (str){0})};
    put_dkim(c, &d);
    return ERR_OK;
}

extern const struct route ROUTES_CHANNELS[];
const struct route ROUTES_CHANNELS[] = {
    {METHOD_GET, "/api/v1/channels", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/channels", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, create},
    {METHOD_GET, "/api/v1/channels/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/channels/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, replace},
    {METHOD_POST, "/api/v1/channels/{id}/test", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     test_channel},
    {METHOD_GET, "/api/v1/channels/{id}/dkim", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     show_dkim},
    {METHOD_POST, "/api/v1/channels/{id}/dkim", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, make_dkim},
    {METHOD_DELETE, "/api/v1/channels/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, drop},
    {0}};
