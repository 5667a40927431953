/* route_pages.c — the pages built into the binary, the description of the API. */
#include "server/call.h"
#include "server/embed.h"

#include "base/hash.h"

#include <stdio.h>

static const struct embedded *file_named(str path)
{
    for (const struct embedded *f = EMBEDDED; f->path; f++)
        if (str_eq(path, str_of(f->path))) return f;
    return NULL;
}

static str type_of(str path)
{
    if (str_ends(path, S(".html"))) return S("text/html; charset=utf-8");
    if (str_ends(path, S(".css"))) return S("text/css; charset=utf-8");
    if (str_ends(path, S(".js"))) return S("text/javascript; charset=utf-8");
    if (str_ends(path, S(".svg"))) return S("image/svg+xml");
    return S("application/json");
}

/* The browser asks again each time, and gets 304 as long as the content is the same. */
static err send_file(struct call *c, str path)
{
    const struct embedded *f = file_named(path);
    if (!f) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    str bytes = {(const char *)f->bytes, f->size};
    char tag[32];
    snprintf(tag, sizeof tag, "\"%016llx\"", (unsigned long long)hash_xxh64(bytes));
    call_header(c, "ETag", str_of(tag));
    call_header(c, "Cache-Control", S("no-cache"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    call_header(c, "Referrer-Policy", S("no-referrer"));
    call_header(c, "X-Frame-Options", S("DENY"));
    call_header(c, "Cross-Origin-Opener-Policy", S("same-origin"));
    call_header(c, "Content-Security-Policy",
                S("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                  "connect-src 'self'; frame-src blob:; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'"));
    if (str_eq(http_header(c->req, S("if-none-match")), str_of(tag))) {
        c->status = 304;
        return ERR_OK;
    }
    c->type = type_of(path);
    buf_put(&c->out, bytes);
    return ERR_OK;
}

static err index_page(struct call *c)
{
    return send_file(c, S("/index.html"));
}

static err page_file(struct call *c)
{
    return send_file(c, c->req->path);
}

/* The script for others' pages: any page may load it, and may keep it for an hour. */
static err sdk_file(struct call *c)
{
    const struct embedded *f = file_named(c->req->path);
    if (!f) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    call_header(c, "Cache-Control", S("public, max-age=3600"));
    call_header(c, "Access-Control-Allow-Origin", S("*"));
    call_header(c, "Cross-Origin-Resource-Policy", S("cross-origin"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    c->type = type_of(c->req->path);
    buf_put(&c->out, (str){(const char *)f->bytes, f->size});
    return ERR_OK;
}

static err openapi(struct call *c)
{
    const struct embedded *f = file_named(S("/openapi.json"));
    if (!f) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    buf_put(&c->out, (str){(const char *)f->bytes, f->size});
    return ERR_OK;
}

extern const struct route ROUTES_PAGES[];
const struct route ROUTES_PAGES[] = {
    {METHOD_GET, "/", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, index_page},
    {METHOD_GET, "/app.js", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, page_file},
    {METHOD_GET, "/app.css", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, page_file},
    {METHOD_GET, "/texts.js", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, page_file},
    {METHOD_GET, "/icon.svg", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, page_file},
    {METHOD_GET, "/beckon.js", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, sdk_file},
    {METHOD_GET, "/openapi.json", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, openapi},
    {METHOD_GET, "/invite", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, index_page},
    {0}};
