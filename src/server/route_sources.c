/* route_sources.c — sources and API keys: what the back office keeps. */
#include "server/call.h"

static void put_source(struct buf *b, const struct office_source *x)
{
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(x->id));
    json_put_kv_str(b, S("name"), str_of(x->name));
    json_put_kv_str(b, S("kind"), source_kind_text(x->kind));
    json_put_kv_str(b, S("write_key"), str_of(x->write_key));
    json_put_kv_time(b, S("created_at"), x->created_ms);
    buf_byte(b, '}');
}

static err list_sources(struct call *c)
{
    struct office_source *all;
    u32 n = office_sources(c->server->office, &all);
    call_items_begin(c);
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        put_source(&c->out, &all[i]);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err create_source(struct call *c)
{
    struct office_source *made;
    source_kind kind;
    str name;
    TRY(call_text(c, "name", &name));
    str kind_text = json_get_str(c->body, "kind", S("server"));
    if (!source_kind_parse(kind_text, &kind))
        return diag_at(&c->why, ERR_REFUSED, S("/kind"), "kind is server, browser or mobile");
    TRY(office_source_create(c->server->office, json_get_str(c->body, "id", (str){0}), name, kind,
                             server_now(c->server), &made, &c->why));
    put_source(&c->out, made);
    c->status = 201;
    return ERR_OK;
}

static err delete_source(struct call *c)
{
    c->status = 204;
    return office_source_delete(c->server->office, c->params[0], &c->why);
}

static void put_key(struct buf *b, const struct office_key *k, str text)
{
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(k->id));
    json_put_kv_str(b, S("name"), str_of(k->name));
    json_put_kv_str(b, S("begins_with"), str_of(k->hint));
    json_put_key(b, S("scopes"));
    scopes_put(b, k->scopes);
    json_put_kv_time(b, S("created_at"), k->created_ms);
    json_put_kv_time(b, S("last_used_at"), k->used_ms);
    if (text.n) json_put_kv_str(b, S("key"), text);
    buf_byte(b, '}');
}

static err list_keys(struct call *c)
{
    const struct office_key *all;
    u32 n = office_keys(c->server->office, &all);
    call_items_begin(c);
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        put_key(&c->out, &all[i], (str){0});
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err read_scopes(struct call *c, u32 *out)
{
    const struct json *list = json_get(c->body, "scopes");
    *out = list ? 0 : scope_bit(SCOPE_ADMIN);
    if (!list) return ERR_OK;
    if (list->type != JSON_ARRAY || list->count == 0)
        return diag_at(&c->why, ERR_REFUSED, S("/scopes"), "scopes is a list of texts");
    for (const struct json *j = list->child; j; j = j->next) {
        u32 one;
        if (j->type != JSON_STRING || scopes_parse(j->text, &one, &c->why) != ERR_OK)
            return diag_at(&c->why, ERR_REFUSED, S("/scopes"), "scopes is a list of texts");
        *out |= one;
    }
    return ERR_OK;
}

static err create_key(struct call *c)
{
    const struct office_key *made;
    char text[OFFICE_KEY_MAX + 1];
    u32 scopes;
    str name;
    TRY(call_text(c, "name", &name));
    TRY(read_scopes(c, &scopes));
    TRY(office_key_create(c->server->office, name, scopes, server_now(c->server), text, &made,
                          &c->why));
    put_key(&c->out, made, str_of(text));
    call_header(c, "Cache-Control", S("no-store"));
    c->status = 201;
    return ERR_OK;
}

static err delete_key(struct call *c)
{
    c->status = 204;
    return office_key_delete(c->server->office, c->params[0], &c->why);
}

extern const struct route ROUTES_SOURCES[];
const struct route ROUTES_SOURCES[] = {
    {METHOD_GET, "/api/v1/sources", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, list_sources},
    {METHOD_POST, "/api/v1/sources", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, create_source},
    {METHOD_DELETE, "/api/v1/sources/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, delete_source},
    {METHOD_GET, "/api/v1/keys", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, list_keys},
    {METHOD_POST, "/api/v1/keys", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, create_key},
    {METHOD_DELETE, "/api/v1/keys/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, delete_key},
    {0}};
