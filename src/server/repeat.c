#include "server/repeat.h"

#include "server/memo.h"

#include <openssl/sha.h>
#include <stdlib.h>

enum { KEY_BYTES_MAX = 255 };

/* A request under a key, on its way. */
struct repeat {
    struct repeat *next;
    str caller, key; /* the call's */
    u8 request[32];
};

/* What makes it the same request: where it goes and what it says. A file that went to disk as it
 * came is told by its length. */
static void digest(const struct http_request *req, u8 out[32])
{
    struct buf b;
    u8 body[32];
    str said = req->sink ? http_header(req, S("content-length")) : req->body;
    SHA256((const u8 *)said.p, said.n, body);
    buf_init(&b, 2 * HEAD_BYTES_MAX);
    buf_put(&b, req->path);
    buf_byte(&b, '?');
    buf_put(&b, req->query);
    buf_put(&b, (str){(const char *)body, sizeof body});
    SHA256((const u8 *)b.p, b.n, out);
    buf_clear(&b);
}

static err other_request(struct call *c)
{
    return diag_set(&c->why, ERR_CONFLICT,
                    "this Idempotency-Key was used for another request within the last 24 hours; "
                    "a new request needs a new key");
}

static err under_way(struct call *c)
{
    call_header(c, "Retry-After", S("1"));
    return diag_set(&c->why, ERR_CONFLICT,
                    "the request with this Idempotency-Key is still under way; ask again soon");
}

static const struct repeat *find(const struct call *c, str key)
{
    for (const struct repeat *r = c->server->repeats; r; r = r->next)
        if (str_eq(r->key, key) && str_eq(r->caller, str_of(c->who.id))) return r;
    return NULL;
}

static err say_again(struct call *c, const struct memo_answer *a)
{
    c->replayed = true;
    c->status = a->status;
    c->type = a->type;
    buf_put(&c->headers, a->headers);
    call_header(c, "Idempotency-Replayed", S("true"));
    buf_put(&c->out, a->body);
    return ERR_OK;
}

err repeat_begin(struct call *c, call_step go_on)
{
    struct server *s = c->server;
    str key = http_header(c->req, S("idempotency-key"));
    struct repeat r = {.next = s->repeats, .caller = str_of(c->who.id), .key = key};
    struct memo_answer known;
    if (!key.n || c->route->verb != METHOD_POST || !c->who.id[0]) return go_on(c);
    if (key.n > KEY_BYTES_MAX || !str_is_utf8(key))
        return diag_set(&c->why, ERR_INVALID, "an Idempotency-Key has 1 to %d bytes of UTF-8",
                        KEY_BYTES_MAX);
    digest(c->req, r.request);
    const struct repeat *first = find(c, key);
    if (first)
        return memcmp(first->request, r.request, sizeof r.request) == 0 ? under_way(c)
                                                                        : other_request(c);
    if (memo_answer_get(s->memo, r.caller, key, server_now(s), c->arena, &known))
        return memcmp(known.request, r.request, sizeof r.request) == 0 ? say_again(c, &known)
                                                                       : other_request(c);
    c->repeat = arena_alloc(c->arena, sizeof r);
    *c->repeat = r;
    s->repeats = c->repeat;
    return go_on(c);
}

void repeat_answered(struct call *c)
{
    struct server *s = c->server;
    const struct repeat *r = c->repeat;
    struct repeat **at = &s->repeats;
    if (!r) return;
    while (*at != r) at = &(*at)->next;
    *at = r->next;
    c->repeat = NULL;
    int status = c->status ? c->status : 200;
    if (c->streams || status >= 500 || status == 429) return;
    struct memo_answer a = {.status = status,
                            .type = c->type,
                            .headers = buf_str(&c->headers),
                            .body = buf_str(&c->out)};
    memcpy(a.request, r->request, sizeof a.request);
    err e = memo_answer_put(s->memo, r->caller, r->key, &a, server_now(s));
    if (e != ERR_OK && e != ERR_TOO_LARGE)
        server_log(s, "answer not kept", "%s; the same request would be done again", err_title(e));
}
