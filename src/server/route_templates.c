/* route_templates.c — templates: what messages say. Trying them out: render_template.c. */
#include "content/content.h"
#include "server/publish.h"
#include "server/render_template.h"

enum { USERS_MAX = 100 };

/* "used_by": ids of the journeys that are live and send it. */
static void put_users(struct call *c, u32 code)
{
    struct engine *e = c->server->engine;
    u32 users[USERS_MAX];
    u32 n = journey_users(engine_journeys(e), USE_TEMPLATE, code, users, USERS_MAX);
    json_put_key(&c->out, S("used_by"));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        json_put_str(&c->out, names_text(engine_names(e), NAME_OBJECT, users[i]));
    }
    buf_byte(&c->out, ']');
}

static void put_template(struct call *c, u32 code, str source)
{
    struct engine *e = c->server->engine;
    u32 version = 0;
    (void)engine_object(e, OBJECT_TEMPLATE, names_text(engine_names(e), NAME_OBJECT, code),
                        &version);
    object_begin(c, source);
    json_put_kv_i64(&c->out, S("version"), version);
    put_users(c, code);
    buf_byte(&c->out, '}');
}

static err list(struct call *c)
{
    object_list(c, OBJECT_TEMPLATE, put_template);
    return ERR_OK;
}

static err show_one(struct call *c)
{
    struct engine *e = c->server->engine;
    str source = engine_object(e, OBJECT_TEMPLATE, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no template of this id");
    put_template(c, names_find(engine_names(e), NAME_OBJECT, c->params[0]), source);
    return ERR_OK;
}

static err store(struct call *c, str id)
{
    struct template *compiled;
    const struct json *j;
    c->params[0] = id;
    str source = object_source(c, id);
    TRY(json_parse(source, c->arena, &j, &c->why));
    TRY(template_compile(j, c->arena, &compiled, &c->why));
    return object_publish(c, OBJECT_TEMPLATE, source, show_one);
}

static err create(struct call *c)
{
    str id;
    TRY(object_id(c, "template", &id));
    if (engine_object(c->server->engine, OBJECT_TEMPLATE, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a template of this id");
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err drop(struct call *c)
{
    return object_remove(c, OBJECT_TEMPLATE, c->params[0], answer_nothing);
}

extern const struct route ROUTES_TEMPLATES[];
const struct route ROUTES_TEMPLATES[] = {
    {METHOD_GET, "/api/v1/templates", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/templates", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, create},
    {METHOD_POST, "/api/v1/templates/render", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     templates_render},
    {METHOD_GET, "/api/v1/templates/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/templates/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/templates/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop},
    {0}};
