/* route_templates.c — templates: what messages say, and trying them out. */
#include "content/content.h"
#include "server/publish.h"

static void put_template(struct call *c, u32 code, str source)
{
    struct engine *e = c->server->engine;
    u32 version = 0;
    (void)engine_object(e, OBJECT_TEMPLATE, names_text(engine_names(e), NAME_OBJECT, code),
                        &version);
    object_open(&c->out, source);
    json_put_kv_i64(&c->out, S("version"), version);
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

/* ---- trying out: values are the members of "data" ---- */

/* A JSON tree in the form of base/value.h. */
static void put_value(struct buf *b, const struct json *j)
{
    struct buf inner;
    fixed f;
    i64 n;
    switch (j->type) {
    case JSON_NULL: value_put(b, (value){.type = VALUE_NULL}); return;
    case JSON_BOOL: value_put(b, value_bool(j->boolean)); return;
    case JSON_STRING: value_put(b, value_text(j->text)); return;
    case JSON_NUMBER:
        if (str_to_i64(j->text, &n) == ERR_OK)
            value_put(b, value_int(n));
        else if (fixed_parse(j->text, &f) == ERR_OK)
            value_put(b, value_fixed(f));
        else
            value_put(b, (value){.type = VALUE_NUMBER, .text = j->text});
        return;
    default: break;
    }
    buf_init(&inner, API_BODY_MAX * 2);
    for (const struct json *m = j->child; m; m = m->next) {
        if (j->type == JSON_OBJECT) buf_str_varint(&inner, m->key);
        put_value(&inner, m);
    }
    value_put(b, (value){.type = j->type == JSON_OBJECT ? VALUE_MAP : VALUE_LIST,
                         .count = j->count,
                         .text = buf_str(&inner)});
    buf_clear(&inner);
}

static value lookup(void *ctx, str root, str member)
{
    const value *data = ctx;
    value found = value_member(*data, root);
    return member.n ? value_member(found, member) : found;
}

static err data_value(struct call *c, value *out)
{
    const struct json *data = json_get(c->body, "data");
    struct buf b;
    *out = (value){.type = VALUE_MAP};
    if (!data) return ERR_OK;
    if (data->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/data"), "data has to be an object");
    buf_init(&b, API_BODY_MAX * 2);
    put_value(&b, data);
    struct reader r = reader_of(arena_str(c->arena, buf_str(&b)));
    buf_clear(&b);
    *out = value_read(&r);
    return ERR_OK;
}

static err render(struct call *c)
{
    str source, format = json_get_str(c->body, "format", S("html"));
    struct liquid *l;
    struct buf out;
    value data;
    TRY(call_text(c, "source", &source));
    TRY(data_value(c, &data));
    TRY(liquid_compile(source, c->arena, &l, &c->why));
    buf_init(&out, TEMPLATE_OUTPUT_MAX);
    struct liquid_values values = {lookup, &data};
    err e = liquid_render(l, &values, str_eq(format, S("text")) ? LIQUID_TEXT : LIQUID_HTML, &out,
                          &c->why);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("output"), buf_str(&out));
    buf_put(&c->out, S(",\"errors\":[]}"));
    buf_clear(&out);
    return e;
}

extern const struct route ROUTES_TEMPLATES[];
const struct route ROUTES_TEMPLATES[] = {
    {METHOD_GET, "/api/v1/templates", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/templates", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, create},
    {METHOD_POST, "/api/v1/templates/render", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, render},
    {METHOD_GET, "/api/v1/templates/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/templates/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/templates/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop},
    {0}};
