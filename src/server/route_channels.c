/* route_channels.c — channels: who carries what, with secrets that can be written and never read.
 */
#include "server/channels.h"
#include "server/publish.h"

/* The channel as it was published, and what it is doing. */
static void put_channel(struct call *c, u32 code, str source)
{
    struct engine *e = c->server->engine;
    struct channel_state st = {0};
    const struct json *j;
    (void)code;
    if (json_parse(source, c->arena, &j, NULL) == ERR_OK)
        outbox_channel_state(
            c->server->outbox,
            names_find(engine_names(e), NAME_CHANNEL, json_get_str(j, "channel", (str){0})), &st);
    object_begin(c, source);
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

struct channel_change {
    str source, secrets;
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
    for (const struct json *m = settings ? settings->child : NULL; m; m = m->next) {
        struct buf *to = channel_is_secret(m->key) ? &hidden : &shown;
        json_put_key(to, m->key);
        json_put(to, m);
    }
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

/* Secrets that are not sent again stay as they are. */
static err open_it(struct call *c)
{
    struct channel_change *ch = c->data;
    struct server *s = c->server;
    if (ch->secrets.n == 0) {
        err had = office_secret_get(s->office, secret_name(c), c->arena, &ch->secrets, &c->why);
        if (had != ERR_OK && had != ERR_NOT_FOUND) return had;
    }
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

extern const struct route ROUTES_CHANNELS[];
const struct route ROUTES_CHANNELS[] = {
    {METHOD_GET, "/api/v1/channels", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/channels", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, create},
    {METHOD_GET, "/api/v1/channels/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/channels/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/channels/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, drop},
    {0}};
