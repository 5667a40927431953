#include "server/channels.h"

#include "base/hash.h"
#include "channel/channels.h"
#include "channel/curl_loop.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHANNELS_MAX = 256, TEXT_MAX = 1 << 20 };

struct connected {
    struct connected *next; /* the loop's list */
    struct server *server;
    char id[132], from[320], reply_to[320];
    bool no_clicks, no_opens;
    const struct provider_type *type;
    void *provider;
    u32 channel;
    u32 lent;      /* the engine's thread: messages past the outbox that are with it */
    bool attached; /* the engine's thread: the outbox has it */
    bool retired;  /* the loop's thread: to be closed when it is not used */
    bool asked;    /* a question whether it is used is under way */
    bool is_used;  /* the answer */
};

/* What was published when the directory was opened. */
struct published_channel {
    struct published_channel *next;
    str id, source;
};

bool channel_is_secret(str name)
{
    static const char *const WORDS[] = {
        "password", "secret", "token", "private_key", "api_key", "access_key_secret", "secret_key"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (str_ends(name, str_of(WORDS[i]))) return true;
    return false;
}

void channel_hook_secret(const struct server *s, str id, char out[33])
{
    char text[160];
    int n = snprintf(text, sizeof text, "hook/%.*s", (int)min_size(id.n, 132), id.p);
    hash128 h = hash_sip(s->key, (str){text, (size_t)n});
    hash128_hex(h, out);
}

/* ---- opening, on the loop ---- */

static void put_members(struct buf *b, const struct json *object)
{
    for (const struct json *m = object ? object->child : NULL; m; m = m->next) {
        json_put_key(b, m->key);
        json_put(b, m);
    }
}

/* What the provider must know besides: what it carries, and where its own provider can call. */
static void put_own(struct server *s, struct buf *b, str id, const struct json *channel)
{
    char secret[33];
    struct buf url;
    channel_hook_secret(s, id, secret);
    buf_init(&url, 1024);
    buf_printf(&url, "%s/hooks/%.*s/%s", s->public_url, STR_ARG(id), secret);
    json_put_kv_str(b, S("$channel"), json_get_str(channel, "channel", (str){0}));
    json_put_kv_str(b, S("$hook_url"), buf_str(&url));
    buf_clear(&url);
}

/* The channel's settings with its secrets among them, as the provider wants them. */
static err whole_settings(struct server *s, str id, str source, str secrets, struct arena *a,
                          const struct json **channel, const struct json **settings,
                          struct diag *why)
{
    const struct json *hidden = NULL;
    struct buf b;
    TRY(json_parse(source, a, channel, why));
    if (secrets.n) TRY(json_parse(secrets, a, &hidden, why));
    buf_init(&b, TEXT_MAX);
    buf_byte(&b, '{');
    put_members(&b, json_get(*channel, "settings"));
    put_members(&b, hidden);
    put_own(s, &b, id, *channel);
    buf_byte(&b, '}');
    str text = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return json_parse(text, a, settings, why);
}

static void put_in(char *out, size_t size, str s)
{
    size_t n = min_size(s.n, size - 1);
    if (n) memcpy(out, s.p, n);
    out[n] = 0;
}

static err open_in(struct server *s, str id, str source, str secrets, struct arena *a,
                   struct connected *x, struct diag *why)
{
    const struct json *channel, *settings;
    TRY(whole_settings(s, id, source, secrets, a, &channel, &settings, why));
    str name = json_get_str(channel, "provider", (str){0});
    x->type = channel_type(name);
    if (!x->type)
        return diag_at(why, ERR_REFUSED, S("/provider"), "there is no provider \"%.*s\"",
                       STR_ARG(name));
    err e = names_code(engine_names(s->engine), NAME_CHANNEL,
                       json_get_str(channel, "channel", (str){0}), &x->channel);
    if (e != ERR_OK)
        return diag_at(why, e == ERR_INVALID ? ERR_REFUSED : e, S("/channel"),
                       "\"channel\" is needed: email, sms, push…");
    put_in(x->id, sizeof x->id, id);
    put_in(x->from, sizeof x->from, json_get_str(settings, "from", (str){0}));
    put_in(x->reply_to, sizeof x->reply_to, json_get_str(settings, "reply_to", (str){0}));
    x->no_clicks = !json_get_bool(settings, "track_clicks", true);
    x->no_opens = !json_get_bool(settings, "track_opens", true);
    struct diag inner = {0};
    err opened = x->type->open(settings, s->curl, &x->provider, &inner);
    if (opened == ERR_OK || inner.code == ERR_OK) return opened;
    if (!inner.path[0]) return diag_set(why, opened, "%s", inner.message);
    char path[sizeof inner.path + 16];
    snprintf(path, sizeof path, "/settings%s", inner.path);
    return diag_at(why, opened, str_of(path), "%s", inner.message);
}

err channel_open(struct server *s, str id, str source, str secrets, struct connected **out,
                 struct diag *why)
{
    struct arena *a = arena_new();
    struct connected *x = mem_zalloc(sizeof *x);
    x->server = s;
    err e = open_in(s, id, source, secrets, a, x, why);
    arena_free(a);
    if (e != ERR_OK) {
        free(x);
        return e;
    }
    x->next = s->connected;
    s->connected = x;
    *out = x;
    return ERR_OK;
}

err channel_hook(struct server *s, str id, const struct hook_request *q, struct hook_items *out,
                 u32 *channel, struct diag *why)
{
    struct connected *x = s->connected; /* the newest first */
    while (x && (x->retired || !str_eq(str_of(x->id), id))) x = x->next;
    if (!x || !x->type->hook)
        return diag_set(why, ERR_NOT_FOUND, "no channel of this id is called by its provider");
    *channel = x->channel;
    return x->type->hook(x->provider, q, out, why);
}

bool channel_health(struct server *s, u32 channel, struct provider_health *out)
{
    const struct connected *x = channel < CHANNELS_MAX ? s->attached[channel] : NULL;
    if (!x || !x->type->health) return false;
    x->type->health(x->provider, out);
    return true;
}

/* ---- using, on the engine's thread ---- */

static void retire(void *ctx)
{
    struct connected *x = ctx;
    x->retired = true;
}

/* The loop's list is only read here, and only what this thread has attached is looked at. */
static void let_go(struct server *s, struct connected *x)
{
    s->attached[x->channel] = NULL;
    x->attached = false;
    postbox_post(&s->loop_post, retire, x);
}

void channel_attach(struct server *s, struct connected *x)
{
    for (u32 i = 0; i < CHANNELS_MAX; i++)
        if (s->attached[i] && strcmp(s->attached[i]->id, x->id) == 0 && i != x->channel) {
            outbox_channel(s->outbox, i, NULL, NULL, (str){0});
            let_go(s, s->attached[i]);
        }
    if (s->attached[x->channel]) let_go(s, s->attached[x->channel]);
    x->attached = true;
    s->attached[x->channel] = x;
    outbox_channel(s->outbox, x->channel, x->type, x->provider, str_of(x->from));
    struct channel_mail mail = {str_of(x->reply_to), x->no_clicks, x->no_opens};
    outbox_channel_mail(s->outbox, x->channel, &mail);
}

void channel_abandon(struct server *s, struct connected *x)
{
    postbox_post(&s->loop_post, retire, x);
}

void channel_detach(struct server *s, str id)
{
    for (u32 i = 0; i < CHANNELS_MAX; i++) {
        struct connected *x = s->attached[i];
        if (!x || (id.n && !str_eq(str_of(x->id), id))) continue;
        outbox_channel(s->outbox, i, NULL, NULL, (str){0});
        let_go(s, x);
    }
}

bool channel_lend(struct server *s, u32 channel, struct channel_loan *out)
{
    struct connected *x = channel < CHANNELS_MAX ? s->attached[channel] : NULL;
    if (!x) return false;
    x->lent++;
    *out = (struct channel_loan){x, x->type, x->provider, str_of(x->from), str_of(x->reply_to)};
    return true;
}

void channel_return(struct server *s, struct connected *x)
{
    (void)s;
    x->lent--;
}

/* ---- closing, on the loop ---- */

static void hear_use(void *ctx)
{
    struct connected *x = ctx;
    struct server *s = x->server;
    x->asked = false;
    if (x->is_used) return;
    struct connected **at = &s->connected;
    while (*at != x) at = &(*at)->next;
    *at = x->next;
    x->type->close(x->provider);
    free(x);
}

static void ask_use(void *ctx)
{
    struct connected *x = ctx;
    x->is_used = x->lent || outbox_uses(x->server->outbox, x->provider);
    postbox_post(&x->server->loop_post, hear_use, x);
}

void channels_tick(struct server *s)
{
    for (struct connected *x = s->connected; x; x = x->next) {
        if (!x->retired || x->asked) continue;
        x->asked = true;
        postbox_post(&s->engine_post, ask_use, x);
    }
}

static void detach_all(void *ctx)
{
    channel_detach(ctx, (str){0});
}

void channels_end(struct server *s)
{
    postbox_post(&s->engine_post, detach_all, s);
}

bool channels_gone(const struct server *s)
{
    return !s->connected;
}

/* ---- the start ---- */

void channels_collect(struct server *s)
{
    u32 codes[CHANNELS_MAX], n = engine_objects(s->engine, OBJECT_CHANNEL, codes, CHANNELS_MAX);
    s->start_arena = arena_new();
    for (u32 i = 0; i < n; i++) {
        struct published_channel *p = arena_zalloc(s->start_arena, sizeof *p);
        p->id = names_text(engine_names(s->engine), NAME_OBJECT, codes[i]);
        p->source =
            arena_str(s->start_arena, engine_object(s->engine, OBJECT_CHANNEL, p->id, NULL));
        p->next = s->start_channels;
        s->start_channels = p;
    }
}

static void attach(void *ctx)
{
    struct connected *x = ctx;
    channel_attach(x->server, x);
}

/* What cannot be connected is logged, and its messages wait. */
void channels_begin(struct server *s)
{
    struct arena *a = s->start_arena;
    for (struct published_channel *p = s->start_channels; p; p = p->next) {
        struct diag why = {0};
        struct connected *x;
        str secrets = {0};
        err e = office_secret_get(s->office, arena_printf(a, "channel/%.*s", STR_ARG(p->id)), a,
                                  &secrets, &why);
        if (e == ERR_OK || e == ERR_NOT_FOUND)
            e = channel_open(s, p->id, p->source, secrets, &x, &why);
        if (e == ERR_OK)
            postbox_post(&s->engine_post, attach, x);
        else
            server_log(s, "channel not connected", "id=%.*s why=%s", STR_ARG(p->id), why.message);
    }
    arena_free(s->start_arena);
    s->start_arena = NULL;
    s->start_channels = NULL;
}
