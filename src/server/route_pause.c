/* route_pause.c — the one switch for all promotional sending, and the release of a copy that was
 * restored. */
#include "server/call.h"

#define NOTE S("pause") /* who, when and why, in the back office; whether, in the log */

static void put_note(struct call *c)
{
    const struct json *note = NULL;
    str text = office_setting_get(c->server->office, NOTE, c->arena);
    if (!text.n || json_parse(text, c->arena, &note, NULL) != ERR_OK) return;
    for (const struct json *m = note->child; m; m = m->next) {
        json_put_key(&c->out, m->key);
        json_put(&c->out, m);
    }
}

struct pause_state {
    bool paused;
    u32 waiting;
};

static err show_note(struct call *c)
{
    const struct pause_state *p = c->data;
    buf_byte(&c->out, '{');
    json_put_kv_bool(&c->out, S("paused"), p->paused);
    json_put_kv_i64(&c->out, S("waiting"), p->waiting);
    if (p->paused) put_note(c);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err show(struct call *c)
{
    struct pause_state *p = arena_zalloc(c->arena, sizeof *p);
    p->paused = engine_promotion_held(c->server->engine);
    p->waiting = messages_promotion_ready(engine_messages(c->server->engine));
    c->data = p;
    return call_loop(c, show_note);
}

static err operate(struct call *c, operate_what what, call_step then)
{
    struct operate_record o = {.what = what};
    struct buf b;
    u64 number = 0;
    buf_init(&b, 64);
    operate_put(&b, &o);
    err e = call_append(c, RECORD_OPERATE_, buf_str(&b), &number);
    buf_clear(&b);
    return e == ERR_OK ? call_applied(c, number, then) : e;
}

static err hold(struct call *c)
{
    if (engine_promotion_held(c->server->engine)) return show(c);
    return operate(c, OPERATE_PROMOTION_HOLD, show);
}

/* The note first: should the process end between, there is one too many and none too few. */
static err begin(struct call *c)
{
    struct buf b;
    str reason = json_get_str(c->body, "reason", (str){0});
    buf_init(&b, 4096);
    buf_byte(&b, '{');
    json_put_kv_time(&b, S("since"), server_now(c->server));
    json_put_kv_str(&b, S("by"), str_of(c->who.name));
    json_put_kv_str(&b, S("reason"), str_slice(reason, 0, 1000));
    buf_byte(&b, '}');
    err e = office_setting_put(c->server->office, NOTE, buf_str(&b), &c->why);
    buf_clear(&b);
    return e == ERR_OK ? call_engine(c, hold) : e;
}

static err go_on(struct call *c)
{
    return operate(c, OPERATE_PROMOTION_RELEASE, show);
}

static err released(struct call *c)
{
    buf_put(&c->out, S("{\"sending_held\":false}"));
    return ERR_OK;
}

static err release(struct call *c)
{
    return operate(c, OPERATE_SENDING_RELEASE, released);
}

extern const struct route ROUTES_PAUSE[];
const struct route ROUTES_PAUSE[] = {
    {METHOD_GET, "/api/v1/pause", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show},
    {METHOD_POST, "/api/v1/pause", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, begin},
    {METHOD_DELETE, "/api/v1/pause", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, go_on},
    {METHOD_POST, "/api/v1/sending/release", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE, release},
    {0}};
