/* pages.c — the web UI out of the binary.
 *
 * web/ builds into index.html and ui/NAME-HASH.js. Whatever address a browser asks for as a page
 * gets index.html, which knows what to show there. */
#include "server/pages.h"

#include "server/embed.h"

#include <stdio.h>
#include <string.h>

static bool is_api(str path)
{
    static const char *const OURS[] = {"/api", "/v1", "/ui", "/assets", "/hooks", "/f", "/l", "/o"};
    for (size_t i = 0; i < COUNT_OF(OURS); i++) {
        str p = str_of(OURS[i]);
        if (str_eq(path, p) || (str_starts(path, p) && path.p[p.n] == '/')) return true;
    }
    return false;
}

static bool wants_page(const struct http_request *req)
{
    str accept = http_header(req, S("accept"));
    return !is_api(req->path) && str_find(accept, S("text/html")) >= 0;
}

/* The page in which a mail is shown: it is framed by ours, and has a policy of its own. */
static bool is_frame(str path)
{
    return str_eq(path, S("/mail-frame.html")) || str_eq(path, S("/mail-frame.js"));
}

bool pages_fit(const struct call *c)
{
    if (c->req->verb != METHOD_GET && c->req->verb != METHOD_HEAD) return false;
    if (is_frame(c->req->path)) return embed_find(c->req->path) != NULL;
    return str_starts(c->req->path, S("/ui/")) ? embed_find(c->req->path) != NULL
                                               : wants_page(c->req);
}

static str type_of(str path)
{
    if (str_ends(path, S(".html"))) return S("text/html; charset=utf-8");
    if (str_ends(path, S(".css"))) return S("text/css; charset=utf-8");
    if (str_ends(path, S(".js"))) return S("text/javascript; charset=utf-8");
    if (str_ends(path, S(".svg"))) return S("image/svg+xml");
    if (str_ends(path, S(".woff2"))) return S("font/woff2");
    return S("application/octet-stream");
}

static void put_policy(struct call *c)
{
    call_header(c, "Content-Security-Policy",
                S("default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
                  "img-src 'self' data: blob: https:; connect-src 'self'; frame-src 'self' blob:; "
                  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
    call_header(c, "X-Frame-Options", S("DENY"));
    call_header(c, "Cross-Origin-Opener-Policy", S("same-origin"));
    call_header(c, "Permissions-Policy", S("camera=(), geolocation=(), microphone=()"));
}

/* A mail may have styles and images of its own, and nothing else: a document inside a page would
 * inherit the page's policy, which takes its styles away. */
static void put_frame_policy(struct call *c)
{
    call_header(c, "Content-Security-Policy",
                S("sandbox allow-scripts; default-src 'none'; script-src 'self'; "
                  "style-src 'unsafe-inline'; img-src 'self' data: https: http:; "
                  "font-src https: data:; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'self'"));
}

/* Is the coding named in Accept-Encoding, and not with q=0? */
static bool takes(str accepted, str coding)
{
    ptrdiff_t at = str_find(accepted, coding);
    if (at < 0) return false;
    str rest = str_slice(accepted, (size_t)at + coding.n, accepted.n);
    return !str_starts(rest, S(";q=0")) || str_starts(rest, S(";q=0."));
}

static str body_of(struct call *c, const struct embedded *f)
{
    str accepted = http_header(c->req, S("accept-encoding"));
    if (f->br || f->gz) call_header(c, "Vary", S("Accept-Encoding"));
    if (f->br && takes(accepted, S("br"))) {
        call_header(c, "Content-Encoding", S("br"));
        return (str){(const char *)f->br, f->br_size};
    }
    if (f->gz && takes(accepted, S("gzip"))) {
        call_header(c, "Content-Encoding", S("gzip"));
        return (str){(const char *)f->gz, f->gz_size};
    }
    return (str){(const char *)f->bytes, f->size};
}

err pages_send(struct call *c)
{
    bool hashed = str_starts(c->req->path, S("/ui/")), framed = is_frame(c->req->path);
    const struct embedded *f = embed_find(hashed || framed ? c->req->path : S("/index.html"));
    if (!f) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    call_header(c, "ETag", str_of(f->tag));
    call_header(c, "Cache-Control",
                hashed ? S("public, max-age=31536000, immutable") : S("no-cache"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    call_header(c, "Referrer-Policy", S("no-referrer"));
    c->type = type_of(str_of(f->path));
    if (framed) put_frame_policy(c);
    if (!hashed && !framed) put_policy(c);
    if (str_eq(http_header(c->req, S("if-none-match")), str_of(f->tag))) {
        c->status = 304;
        return ERR_OK;
    }
    buf_put(&c->out, body_of(c, f));
    return ERR_OK;
}
