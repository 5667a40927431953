/* route_pages.c — the pages built into the binary, the description of the API. */
#include "server/call.h"
#include "server/embed.h"
#include "server/pages.h"

static err index_page(struct call *c)
{
    return pages_send(c);
}

static err icon(struct call *c)
{
    const struct embedded *f = embed_find(S("/icon.svg"));
    if (!f) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    call_header(c, "Cache-Control", S("public, max-age=3600"));
    c->type = S("image/svg+xml");
    buf_put(&c->out, (str){(const char *)f->bytes, f->size});
    return ERR_OK;
}

/* The script for others' pages: any page may load it, and may keep it for an hour. */
static err sdk_file(struct call *c)
{
    const struct embedded *f = embed_find(c->req->path);
    if (!f) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    call_header(c, "Cache-Control", S("public, max-age=3600"));
    call_header(c, "Access-Control-Allow-Origin", S("*"));
    call_header(c, "Cross-Origin-Resource-Policy", S("cross-origin"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    c->type = S("text/javascript; charset=utf-8");
    buf_put(&c->out, (str){(const char *)f->bytes, f->size});
    return ERR_OK;
}

static err openapi(struct call *c)
{
    const struct embedded *f = embed_find(S("/openapi.json"));
    if (!f) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    buf_put(&c->out, (str){(const char *)f->bytes, f->size});
    return ERR_OK;
}

extern const struct route ROUTES_PAGES[];
const struct route ROUTES_PAGES[] = {
    {METHOD_GET, "/", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, index_page},
    {METHOD_GET, "/icon.svg", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, icon},
    {METHOD_GET, "/beckon.js", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, sdk_file},
    {METHOD_GET, "/openapi.json", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, openapi},
    {METHOD_GET, "/invite", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, index_page},
    {0}};
