/* route_settings.c — the workspace's name, zone and currency, and how long visitors are kept. */
#include "server/call.h"

enum { VISITOR_DAYS_MAX = 36500 };

static void put_setting(struct call *c, const char *name, str otherwise)
{
    value v = engine_setting(c->server->engine, str_of(name));
    json_put_kv_str(&c->out, str_of(name), v.type == VALUE_TEXT ? v.text : otherwise);
}

static err show(struct call *c)
{
    buf_byte(&c->out, '{');
    put_setting(c, "name", S(""));
    put_setting(c, "zone", S("UTC"));
    put_setting(c, "currency", S(""));
    put_setting(c, "url", S(""));
    json_put_kv_i64(&c->out, S("visitor_days"), engine_visitor_days(c->server->engine));
    json_put_kv_str(&c->out, S("public_url"), str_of(c->server->public_url));
    json_put_kv_bool(&c->out, S("sending_held"), engine_sending_held(c->server->engine));
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err write_setting(struct call *c, const char *name, value v, u64 *number)
{
    struct setting_record r = {str_of(name), v};
    struct buf b;
    buf_init(&b, 4096);
    setting_put(&b, &r);
    err e = call_append(c, RECORD_SETTING_, buf_str(&b), number);
    buf_clear(&b);
    return e;
}

/* Times that come without a zone are read in the workspace's from now on. */
static err tell_intake(struct call *c)
{
    intake_settings(c->server->intake, c->data, S("CN"));
    return ERR_OK;
}

static err changed(struct call *c)
{
    (void)!show(c);
    c->data = (void *)(uintptr_t)engine_zone(c->server->engine);
    return call_loop(c, tell_intake);
}

static err change(struct call *c)
{
    static const char *const NAMES[] = {"name", "zone", "currency", "url"};
    u64 number = engine_applied(c->server->engine);
    const struct json *days = json_get(c->body, "visitor_days");
    i64 kept = 0;
    if (days && (json_to_i64(days, &kept) != ERR_OK || kept < 0 || kept > VISITOR_DAYS_MAX))
        return diag_at(&c->why, ERR_REFUSED, S("/visitor_days"),
                       "a whole number of days is needed, at most %d; 0 keeps visitors for ever",
                       VISITOR_DAYS_MAX);
    for (u32 i = 0; i < COUNT_OF(NAMES); i++) {
        const struct json *j = json_get(c->body, NAMES[i]);
        if (!j) continue;
        str path = arena_printf(c->arena, "/%s", NAMES[i]);
        if (j->type != JSON_STRING || j->text.n > 200)
            return diag_at(&c->why, ERR_REFUSED, path, "a text of at most 200 bytes is needed");
        if (i == 1 && engine_add_zone(c->server->engine, j->text, &number) != ERR_OK)
            return diag_at(&c->why, ERR_REFUSED, path,
                           "\"%.*s\" is no time zone of this system, such as Asia/Shanghai",
                           STR_ARG(j->text));
    }
    for (u32 i = 0; i < COUNT_OF(NAMES); i++) {
        const struct json *j = json_get(c->body, NAMES[i]);
        if (j) TRY(write_setting(c, NAMES[i], value_text(j->text), &number));
    }
    if (days) TRY(write_setting(c, "visitor_days", value_int(kept), &number));
    return call_applied(c, number, changed);
}

extern const struct route ROUTES_SETTINGS[];
const struct route ROUTES_SETTINGS[] = {
    {METHOD_GET, "/api/v1/settings", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show},
    {METHOD_PATCH, "/api/v1/settings", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, change},
    {0}};
