/* http_read.c — bytes to requests: whole ones go to the handler as views into the read buffer. */
#include "server/http_inside.h"

#include "base/json.h"

#include <stdlib.h>

/* Bytes that have arrived and are not used up. */
struct input {
    char *p;
    size_t n;
};

void http_refuse(struct http_connection *c, int status, const char *why)
{
    struct http_request *req = http_request_new(c);
    req->verb = METHOD_GET;
    struct buf b;
    buf_init(&b, 4096);
    buf_put(&b, S("{\"type\":\"about:blank\",\"title\":"));
    json_put_str(&b, str_of(http_status_text(status)));
    buf_printf(&b, ",\"status\":%d,\"detail\":", status);
    json_put_str(&b, str_of(why));
    buf_put(&b, S(",\"errors\":[]}"));
    c->closing = true;
    http_answer_buf(req, status, S("application/problem+json"), (str){0}, &b);
}

static bool head_known(struct http_connection *c, const struct input *in)
{
    struct http_server *s = c->server;
    if (s->head_of == c && s->head_at == in->p) return true;
    if (!head_parse(&c->check, (str){in->p, in->n}, &s->head)) return false;
    s->head_of = c;
    s->head_at = in->p;
    return true;
}

/* Views of the head that stands in the server. */
static void request_views(struct http_request *req, const struct http_connection *c)
{
    const struct head *h = &c->server->head;
    req->verb = c->check.verb;
    req->path = h->path;
    req->query = h->query;
    req->fields = h->fields;
    req->field_count = h->field_count;
    req->from_loopback = c->from_loopback;
    req->tls = c->tls != NULL;
}

/* True when the head is whole and its body may come. */
static bool take_head(struct http_connection *c, struct input *in)
{
    struct http_server *s = c->server;
    if (c->check.seen == 0) c->since_ms = http_now_ms(s);
    precheck_result r = precheck_head(&c->check, (str){in->p, in->n});
    if (r == PRECHECK_MORE) return false;
    if (r == PRECHECK_BAD) {
        http_refuse(c, c->check.status, c->check.why);
        return false;
    }
    if (!head_known(c, in)) {
        http_refuse(c, 400, "The header cannot be read");
        return false;
    }
    struct http_request probe = {.server = s};
    request_views(&probe, c);
    c->body_max = s->handler.body_max(s->handler.ctx, &probe);
    if (c->check.length > c->body_max) {
        http_refuse(c, 413, "The body is larger than is taken here");
        return false;
    }
    memset(&c->chunks, 0, sizeof c->chunks);
    c->sunk = 0;
    c->sink = s->handler.sink ? s->handler.sink(s->handler.ctx, &probe) : NULL;
    c->phase = c->check.chunked ? PHASE_CHUNKS : PHASE_BODY;
    bool here = in->n > c->check.head_bytes || (!c->check.chunked && c->check.length == 0);
    c->owes_continue = c->check.wants_continue && !here;
    c->since_ms = http_now_ms(s);
    if (c->owes_continue) http_mark_dirty(c);
    return true;
}

/* As take_body, where the body is passed on: what came is used up, and the head stays. */
static bool take_sunk(struct http_connection *c, struct input *in, size_t *size, size_t *end)
{
    const struct http_handler *h = &c->server->handler;
    size_t head = c->check.head_bytes, have = in->n - head, used = 0;
    u64 before = c->sunk;
    precheck_result r = PRECHECK_MORE;
    if (have) c->owes_continue = false;
    if (c->phase == PHASE_CHUNKS) {
        r = precheck_chunks(&c->chunks, in->p + head, have, in->p + head, &used);
        c->sunk = c->chunks.body;
    } else {
        used = min_size(have, c->check.length - c->sunk);
        c->sunk += used;
        if (c->sunk == c->check.length) r = PRECHECK_DONE;
    }
    if (r == PRECHECK_BAD || c->sunk > c->body_max) {
        http_refuse(c, r == PRECHECK_BAD ? 400 : 413,
                    r == PRECHECK_BAD ? "The chunks are malformed"
                                      : "The body is larger than is taken here");
        return false;
    }
    h->on_body(h->ctx, c->sink, (str){in->p + head, c->sunk - before});
    *size = 0;
    *end = head + used;
    if (r == PRECHECK_MORE) in->n = head;
    return r == PRECHECK_DONE;
}

/* The body's size when it is whole, with the message's bytes in `*end`; false while it is not. */
static bool take_body(struct http_connection *c, struct input *in, size_t *size, size_t *end)
{
    size_t head = c->check.head_bytes;
    if (in->n > head) c->owes_continue = false;
    if (c->phase == PHASE_BODY) {
        *size = c->check.length;
        *end = head + *size;
        return in->n >= *end;
    }
    size_t raw = head + c->chunks.body, used;
    precheck_result r = precheck_chunks(&c->chunks, in->p + raw, in->n - raw, in->p + raw, &used);
    if (r == PRECHECK_BAD) {
        http_refuse(c, 400, "The chunks are malformed");
        return false;
    }
    if (c->chunks.body > c->body_max) {
        http_refuse(c, 413, "The body is larger than is taken here");
        return false;
    }
    *size = c->chunks.body;
    *end = raw + used;
    if (r == PRECHECK_MORE) in->n = head + *size;
    return r == PRECHECK_DONE;
}

static void dispatch(struct http_connection *c, struct input *in, size_t size)
{
    struct http_server *s = c->server;
    if (!head_known(c, in)) {
        http_refuse(c, 400, "The header cannot be read");
        return;
    }
    struct http_request *req = http_request_new(c);
    request_views(req, c);
    req->body = (str){in->p + c->check.head_bytes, size};
    req->sink = c->sink;
    c->sink = NULL;
    req->keep_alive = s->head.keep_alive && !s->draining;
    req->old_version = c->check.minor == 0;
    if (!req->keep_alive) c->closing = true;
    memset(&c->check, 0, sizeof c->check);
    c->phase = PHASE_HEAD;
    s->handler.on_request(s->handler.ctx, req);
}

/* Every whole request among the bytes; what is left belongs to one in the making. */
static void take(struct http_connection *c, struct input *in)
{
    while (in->n > 0 && !c->closing && !c->is_gone) {
        if (c->outstanding >= PIPELINE_MAX || c->is_writing) {
            c->is_paused = true;
            uv_read_stop((uv_stream_t *)&c->tcp);
            return;
        }
        size_t size, end;
        if (c->phase == PHASE_HEAD && !take_head(c, in)) break;
        if (!(c->sink ? take_sunk(c, in, &size, &end) : take_body(c, in, &size, &end))) break;
        dispatch(c, in, size);
        in->p += end;
        in->n -= end;
    }
    if (c->closing) in->n = 0;
}

/* Takes what it can and keeps the rest in the connection's own memory. */
static void absorb(struct http_connection *c, struct input in)
{
    take(c, &in);
    c->server->head_of = NULL;
    if (c->is_gone) return;
    if (in.n == 0) {
        free(c->in);
        c->in = NULL;
        c->in_size = c->in_room = 0;
        return;
    }
    if (!c->in) {
        size_t least = c->sink ? READ_BYTES : 2048;
        c->in_room = (u32)(in.n < least ? least : in.n);
        c->in = mem_alloc(c->in_room);
    }
    memmove(c->in, in.p, in.n);
    c->in_size = (u32)in.n;
}

/* Where the next plain bytes go. */
static uv_buf_t room_of(struct http_connection *c)
{
    if (!c->in) return uv_buf_init(c->server->read, READ_BYTES);
    if (c->in_room - c->in_size < c->in_room / 4) {
        c->in_room *= 2;
        c->in = mem_realloc(c->in, c->in_room);
    }
    return uv_buf_init(c->in + c->in_size, c->in_room - c->in_size);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    struct http_connection *c = h->data;
    *out = c->tls ? uv_buf_init(c->server->cipher, READ_BYTES) : room_of(c);
}

static void on_eof(struct http_connection *c)
{
    c->at_eof = c->closing = true;
    uv_read_stop((uv_stream_t *)&c->tcp);
    bool streams = c->first && c->first->stream;
    bool is_done = !c->first && !c->is_writing;
    if (is_done || c->is_lingering || streams) {
        http_connection_close(c);
        return;
    }
    const struct http_handler *h = &c->server->handler;
    for (struct http_request *req = c->first; req && h->on_silent; req = req->next)
        h->on_silent(h->ctx, req);
}

/* Plain bytes that lie where room_of said. */
static void came(struct http_connection *c, const uv_buf_t *b, size_t n)
{
    if (!c->in) {
        absorb(c, (struct input){b->base, n});
        return;
    }
    c->in_size += (u32)n;
    absorb(c, (struct input){c->in, c->in_size});
}

/* Whatever can be read of what was fed; what TLS wants to say goes out. */
static void decipher(struct http_connection *c)
{
    while (!c->is_gone && !c->closing && !c->is_paused) {
        uv_buf_t b = room_of(c);
        int n = tls_read(c->tls, b.base, b.len);
        if (n == 0) break;
        if (n < 0) {
            http_send_cipher(c); /* the alert, if there is one */
            if (!c->is_gone) on_eof(c);
            return;
        }
        came(c, &b, (size_t)n);
    }
    if (!c->is_gone) http_send_cipher(c);
}

/* Whoever speaks plain HTTP here is told so in plain. */
static bool is_plain(struct http_connection *c, const char *bytes)
{
    bool first = !c->has_spoken;
    c->has_spoken = true;
    if (!first || *bytes == 0x16 || (u8)*bytes >= 0x80) return false;
    tls_link_free(c->tls);
    c->tls = NULL;
    http_refuse(c, 400, "This port speaks HTTPS: the address begins with https://");
    return true;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct http_connection *c = stream->data;
    if (n == 0) return;
    if (n < 0) {
        if (n == UV_EOF)
            on_eof(c);
        else
            http_connection_close(c);
        return;
    }
    if (c->closing) return;
    if (!c->tls) {
        came(c, b, (size_t)n);
        return;
    }
    if (is_plain(c, b->base)) return;
    tls_feed(c->tls, (str){b->base, (size_t)n});
    decipher(c);
}

void http_read_on(struct http_connection *c)
{
    c->is_paused = false;
    if (c->in && !c->closing) absorb(c, (struct input){c->in, c->in_size});
    if (c->tls && !c->is_gone && !c->is_paused) decipher(c);
    if (!c->is_gone && !c->is_paused && !c->at_eof)
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

bool http_read_start(struct http_connection *c)
{
    return uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) == 0;
}
