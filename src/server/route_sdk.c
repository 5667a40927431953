/* route_sdk.c — what browser SDKs fetch before they send: settings of a write key. */
#include "server/call.h"

#include "server/auth.h"

static void for_any_page(struct call *c)
{
    call_header(c, "Access-Control-Allow-Origin", S("*"));
    call_header(c, "Cache-Control", S("no-cache"));
}

/* analytics.js: where to send to, and that nothing else is to be loaded. */
static err segment_settings(struct call *c)
{
    struct server *s = c->server;
    struct office_source *source = office_source_by_key(s->office, c->params[0]);
    ptrdiff_t at = str_find(str_of(s->public_url), S("://"));
    str url = str_of(s->public_url);
    for_any_page(c);
    if (!source) return diag_set(&c->why, ERR_NOT_FOUND, "there is no source with this write key");
    buf_put(&c->out, S("{\"integrations\":{\"Segment.io\":{"));
    json_put_kv_str(&c->out, S("apiKey"), c->params[0]);
    str host = at < 0 ? url : str_slice(url, (size_t)at + 3, url.n);
    json_put_kv_str(&c->out, S("apiHost"), arena_printf(c->arena, "%.*s/v1", STR_ARG(host)));
    json_put_kv_str(&c->out, S("protocol"), at < 0 ? S("http") : str_slice(url, 0, (size_t)at));
    buf_put(&c->out,
            S(",\"unbundledIntegrations\":[],\"addBundledMetadata\":true,\"maybeBundledConfigIds\":"
              "{}}},"
              "\"plan\":{\"track\":{\"__default\":{\"enabled\":true,\"integrations\":{}}}},"
              "\"middlewareSettings\":{},\"enabledMiddleware\":{},\"metrics\":{\"sampleRate\":0},"
              "\"remotePlugins\":[]}"));
    return ERR_OK;
}

/* RudderStack's control plane. */
static err rudder_config(struct call *c)
{
    char room[128];
    str key = call_query(c, "writeKey");
    if (key.n == 0) auth_basic_user(http_header(c->req, S("authorization")), room, &key);
    struct office_source *source = office_source_by_key(c->server->office, key);
    for_any_page(c);
    if (!source) return diag_set(&c->why, ERR_NOT_FOUND, "there is no source with this write key");
    buf_put(&c->out, S("{\"source\":{"));
    json_put_kv_str(&c->out, S("id"), str_of(source->id));
    json_put_kv_str(&c->out, S("name"), str_of(source->name));
    json_put_kv_str(&c->out, S("writeKey"), str_of(source->write_key));
    buf_put(&c->out,
            S(",\"enabled\":true,\"workspaceId\":\"beckon\",\"config\":{\"statsCollection\":{"
              "\"errors\":{\"enabled\":false},\"metrics\":{\"enabled\":false}}},"
              "\"connections\":[],\"destinations\":[]}}"));
    return ERR_OK;
}

static err preflight(struct call *c)
{
    for_any_page(c);
    call_header(c, "Access-Control-Allow-Headers", S("authorization,content-type,anonymousid"));
    call_header(c, "Access-Control-Max-Age", S("86400"));
    c->status = 204;
    return ERR_OK;
}

extern const struct route ROUTES_SDK[];
const struct route ROUTES_SDK[] = {
    {METHOD_GET, "/v1/projects/{key}/settings", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP,
     segment_settings},
    {METHOD_GET, "/sourceConfig", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, rudder_config},
    {METHOD_OPTIONS, "/sourceConfig", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, preflight},
    {METHOD_GET, "/sourceConfig/", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, rudder_config},
    {METHOD_OPTIONS, "/sourceConfig/", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, preflight},
    {0}};
