/* route_links.c — the links and pictures of messages: counted, then on to where they lead.
 *
 * What is asked changes nothing but a count: whoever asks, and however often. A token that is not
 * ours leads nowhere. */
#include "content/link.h"
#include "server/hits.h"
#include "server/web.h"

static const char GIF[] = "GIF89a\1\0\1\0\200\0\0\0\0\0\0\0\0!\371\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0"
                          "\2\2D\1\0;";

static void quietly(struct call *c)
{
    call_header(c, "Cache-Control", S("no-store"));
    call_header(c, "Referrer-Policy", S("no-referrer"));
    call_header(c, "X-Robots-Tag", S("noindex, nofollow"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
}

static err check_ready(struct call *c)
{
    if (c->server->state == SERVER_READY) return ERR_OK;
    return diag_set(&c->why, ERR_UNAVAILABLE, "the server is starting or stopping");
}

static void take(struct call *c, const struct signed_link *link, bool is_open)
{
    struct hit hit = {.message = link->message, .is_open = is_open, .target = link->target};
    signed_customer_text(link->customer, hit.customer);
    hits_take(c->server, c->req, &hit);
}

static err follow(struct call *c)
{
    struct signed_link link;
    TRY(check_ready(c));
    if (!signed_link_read(c->params[0], c->server->key, SIGNED_CLICK, c->arena, &link))
        return web_unknown(c);
    take(c, &link, false);
    quietly(c);
    call_header(c, "Location", link.target);
    c->status = 302;
    return ERR_OK;
}

static err pixel(struct call *c)
{
    struct signed_link link;
    str token = c->params[0];
    TRY(check_ready(c));
    if (!str_ends(token, S(".gif"))) return web_unknown(c);
    token.n -= 4;
    if (!signed_link_read(token, c->server->key, SIGNED_OPEN, c->arena, &link))
        return web_unknown(c);
    take(c, &link, true);
    quietly(c);
    c->type = S("image/gif");
    buf_put(&c->out, (str){GIF, sizeof GIF - 1});
    return ERR_OK;
}

extern const struct route ROUTES_LINKS[];
const struct route ROUTES_LINKS[] = {
    {METHOD_GET, "/l/{token}", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, follow},
    {METHOD_GET, "/o/{token}", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, pixel},
    {0}};
