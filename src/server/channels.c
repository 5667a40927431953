#include "server/channels.h"

#include "channel/channels.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHANNELS_MAX = 256, TEXT_MAX = 1 << 20 };

/* Providers that were replaced go on until the end: deliveries may still be with them. */
struct connected {
    struct connected *next;
    char id[OFFICE_ID_MAX * 2 + 2];
    const struct provider_type *type;
    void *provider;
    char from[320];
    u32 channel; /* 0: replaced */
};

bool channel_is_secret(str name)
{
    static const char *const WORDS[] = {"password",    "secret",  "token",
                                        "private_key", "api_key", "access_key_secret"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (str_ends(name, str_of(WORDS[i]))) return true;
    return false;
}

/* The channel's settings with its secrets among them, as the provider wants them. */
static err whole_settings(str source, str secrets, struct arena *a, const struct json **channel,
                          const struct json **settings, struct diag *why)
{
    const struct json *hidden = NULL;
    struct buf b;
    TRY(json_parse(source, a, channel, why));
    if (secrets.n) TRY(json_parse(secrets, a, &hidden, why));
    const struct json *shown = json_get(*channel, "settings");
    buf_init(&b, TEXT_MAX);
    buf_byte(&b, '{');
    for (const struct json *m = shown ? shown->child : NULL; m; m = m->next) {
        json_put_key(&b, m->key);
        json_put(&b, m);
    }
    for (const struct json *m = hidden ? hidden->child : NULL; m; m = m->next) {
        json_put_key(&b, m->key);
        json_put(&b, m);
    }
    buf_byte(&b, '}');
    str text = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return json_parse(text, a, settings, why);
}

static err open_provider(str source, str secrets, struct arena *a, const struct json **channel,
                         const struct provider_type **type, void **provider, struct diag *why)
{
    const struct json *settings;
    TRY(whole_settings(source, secrets, a, channel, &settings, why));
    str name = json_get_str(*channel, "provider", (str){0});
    *type = channel_type(name);
    if (!*type)
        return diag_at(why, ERR_REFUSED, S("/provider"), "there is no provider \"%.*s\"",
                       STR_ARG(name));
    return (*type)->open(settings, NULL, provider, why);
}

err channel_try(str source, str secrets, struct diag *why)
{
    const struct json *channel;
    const struct provider_type *type;
    void *provider;
    struct arena *a = arena_new();
    err e = open_provider(source, secrets, a, &channel, &type, &provider, why);
    if (e == ERR_OK) type->close(provider);
    arena_free(a);
    return e;
}

void channel_disconnect(struct server *s, str id)
{
    for (struct connected *x = s->connected; x; x = x->next) {
        if (!x->channel || !str_eq(str_of(x->id), id)) continue;
        outbox_channel(s->outbox, x->channel, NULL, NULL, (str){0});
        x->channel = 0;
    }
}

/* A channel has one provider: connecting another takes its place. */
static void replace(struct server *s, u32 channel)
{
    for (struct connected *x = s->connected; x; x = x->next)
        if (x->channel == channel) x->channel = 0;
}

static void put_in(char *out, size_t size, str s)
{
    size_t n = min_size(s.n, size - 1);
    memcpy(out, s.p, n);
    out[n] = 0;
}

err channel_connect(struct server *s, str id, str source, str secrets, struct diag *why)
{
    const struct json *channel;
    const struct provider_type *type;
    void *provider;
    u32 code = 0;
    struct arena *a = arena_new();
    err e = open_provider(source, secrets, a, &channel, &type, &provider, why);
    if (e == ERR_OK) {
        e = names_code(engine_names(s->engine), NAME_CHANNEL,
                       json_get_str(channel, "channel", (str){0}), &code);
        if (e != ERR_OK) {
            type->close(provider);
            diag_at(why, e, S("/channel"), "\"channel\" is needed: email, sms, push…");
        }
    }
    if (e == ERR_OK) {
        struct connected *x = mem_zalloc(sizeof *x);
        channel_disconnect(s, id);
        replace(s, code);
        put_in(x->id, sizeof x->id, id);
        put_in(x->from, sizeof x->from,
               json_get_str(json_get(channel, "settings"), "from", (str){0}));
        x->type = type;
        x->provider = provider;
        x->channel = code;
        x->next = s->connected;
        s->connected = x;
        outbox_channel(s->outbox, code, type, provider, str_of(x->from));
    }
    arena_free(a);
    return e;
}

void channels_open(struct server *s)
{
    struct office *office = NULL;
    struct arena *a = arena_new();
    u32 codes[CHANNELS_MAX], n = engine_objects(s->engine, OBJECT_CHANNEL, codes, CHANNELS_MAX);
    struct diag why = {0};
    err e = n ? office_open(s->env, s->options.dir, &office, &why) : ERR_OK;
    for (u32 i = 0; i < n && e == ERR_OK; i++) {
        str id = names_text(engine_names(s->engine), NAME_OBJECT, codes[i]), secrets = {0};
        why = (struct diag){0};
        err r = office_secret_get(office, arena_printf(a, "channel/%.*s", STR_ARG(id)), a, &secrets,
                                  NULL);
        if (r == ERR_OK || r == ERR_NOT_FOUND)
            r = channel_connect(s, id, engine_object(s->engine, OBJECT_CHANNEL, id, NULL), secrets,
                                &why);
        if (r != ERR_OK)
            server_log(s, "channel not connected", "id=%.*s why=%s", STR_ARG(id), why.message);
    }
    if (e != ERR_OK) server_log(s, "channels not connected", "why=%s", why.message);
    office_close(office);
    arena_free(a);
}

void channels_close(struct server *s)
{
    for (struct connected *x; (x = s->connected);) {
        s->connected = x->next;
        x->type->close(x->provider);
        free(x);
    }
}
