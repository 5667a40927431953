#include "server/http.h"

#include "base/hash.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <uv.h>

enum {
    READ_BYTES = 64 << 10,   /* shared by all connections */
    GATHER_BYTES = 64 << 10, /* answers of one turn, joined for one write */
    JOIN_MAX = 16 << 10,     /* a body larger than this is written by itself */
    PIPELINE_MAX = 128,      /* requests of one connection without an answer */
    STREAM_BACKLOG_MAX = 512 << 10,
    PEER_BUCKETS = 1 << 14,
    LINGER_MS = 2000,
    SWEEP_MS = 500,
    BODY_GRACE_MS = 5000,
};

typedef enum { WAITING, ANSWERED, STREAMING, STREAM_ENDED } request_state;
typedef enum { PHASE_HEAD, PHASE_BODY, PHASE_CHUNKS } phase;

/* Bytes that have arrived and are not used up. */
struct input {
    char *p;
    size_t n;
};

struct http_connection {
    uv_tcp_t tcp;
    struct http_server *server;
    struct http_connection *previous, *next, *next_dirty;
    struct http_request *first, *last; /* in the order of arrival */
    char *in;                          /* a request in the making; NULL when idle */
    u32 in_size, in_room;
    u32 outstanding;
    struct buf backlog; /* waits for the write under way */
    u64 body_max;
    i64 since_ms; /* of the present phase; idle: of the last answer */
    i64 progress_ms;
    struct precheck check;
    struct chunks chunks;
    u32 peer;
    u8 phase;
    bool closing; /* reads no further request */
    bool is_dirty, is_writing, is_paused, is_gone, is_lingering, at_eof, owes_continue,
        from_loopback;
};

struct http_server {
    uv_loop_t *loop;
    struct env *env;
    struct http_options options;
    struct http_handler handler;
    uv_tcp_t listener;
    uv_prepare_t prepare;
    uv_timer_t sweep;
    struct http_connection *connections, *dirty;
    struct http_request *spare;
    u32 connection_count, request_count, handles;
    bool draining, closing;
    struct buf gather;
    i64 date_second;
    char date[48];
    struct head head;
    const struct http_connection *head_of; /* whose head stands in `head`… */
    const char *head_at;                   /* …and where its bytes are */
    u64 peer_seed;
    void (*on_closed)(void *ctx);
    void *on_closed_ctx;
    u16 peers[PEER_BUCKETS];
    char read[READ_BYTES];
};

/* A write the socket did not take at once. */
struct write {
    uv_write_t req;
    char *p;
};

static void connection_close(struct http_connection *c);
static void resume(struct http_connection *c);

static i64 now_ms(const struct http_server *s)
{
    return (i64)uv_now(s->loop);
}

/* ---- requests ---- */

static struct http_request *request_new(struct http_connection *c)
{
    struct http_server *s = c->server;
    struct http_request *req = s->spare;
    if (req)
        s->spare = req->next;
    else
        req = mem_alloc(sizeof *req);
    memset(req, 0, sizeof *req);
    req->server = s;
    req->connection = c;
    req->from_loopback = c->from_loopback;
    s->request_count++;
    if (c->last)
        c->last->next = req;
    else
        c->first = req;
    c->last = req;
    c->outstanding++;
    return req;
}

static void server_free_if_done(struct http_server *s)
{
    if (!s->closing || s->handles || s->connection_count || s->request_count) return;
    for (struct http_request *r; (r = s->spare);) {
        s->spare = r->next;
        free(r);
    }
    buf_clear(&s->gather);
    void (*on_closed)(void *) = s->on_closed;
    void *ctx = s->on_closed_ctx;
    free(s);
    if (on_closed) on_closed(ctx);
}

static void request_free(struct http_request *req)
{
    struct http_server *s = req->server;
    free(req->owned);
    free(req->kept);
    if (req->stream) {
        buf_clear(req->stream);
        free(req->stream);
    }
    req->next = s->spare;
    s->spare = req;
    s->request_count--;
    server_free_if_done(s);
}

str http_header(const struct http_request *req, str name)
{
    for (u32 i = 0; i < req->field_count; i++)
        if (req->fields[i].name.n == name.n && str_eq_nocase(req->fields[i].name, name))
            return req->fields[i].value;
    return (str){0};
}

static str keep_str(char **at, str s)
{
    char *p = *at;
    if (s.n) memcpy(p, s.p, s.n);
    *at += s.n;
    return (str){p, s.n};
}

void http_keep(struct http_request *req)
{
    if (req->kept) return;
    size_t table = req->field_count * sizeof(struct http_field);
    size_t size = table + req->path.n + req->query.n + req->body.n + 1;
    for (u32 i = 0; i < req->field_count; i++)
        size += req->fields[i].name.n + req->fields[i].value.n;
    req->kept = mem_alloc(size);
    struct http_field *fields = (struct http_field *)(void *)req->kept;
    char *at = req->kept + table;
    for (u32 i = 0; i < req->field_count; i++) {
        fields[i].name = keep_str(&at, req->fields[i].name);
        fields[i].value = keep_str(&at, req->fields[i].value);
    }
    req->fields = fields;
    req->path = keep_str(&at, req->path);
    req->query = keep_str(&at, req->query);
    req->body = keep_str(&at, req->body);
}

/* ---- writing ---- */

static const char *status_text(int status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
    }
}

static void mark_dirty(struct http_connection *c)
{
    if (c->is_dirty || c->is_gone) return;
    c->is_dirty = true;
    c->next_dirty = c->server->dirty;
    c->server->dirty = c;
}

static void start_write(struct http_connection *c, char *p, size_t n);

static void on_written(uv_write_t *req, int status)
{
    struct write *w = (struct write *)(void *)req;
    struct http_connection *c = req->handle->data;
    free(w->p);
    free(w);
    if (c->is_gone) return;
    c->is_writing = false;
    c->progress_ms = now_ms(c->server);
    if (status < 0) {
        connection_close(c);
        return;
    }
    if (c->backlog.n > 0) {
        struct buf b = c->backlog;
        buf_init(&c->backlog, SIZE_MAX);
        start_write(c, b.p, b.n);
    }
    mark_dirty(c);
}

/* Hands `n` bytes at `p`, which the write then owns, to the loop. */
static void start_write(struct http_connection *c, char *p, size_t n)
{
    struct write *w = mem_alloc(sizeof *w);
    w->p = p;
    uv_buf_t b = uv_buf_init(p, (unsigned)n);
    c->is_writing = true;
    c->progress_ms = now_ms(c->server);
    if (uv_write(&w->req, (uv_stream_t *)&c->tcp, &b, 1, on_written) != 0) {
        free(w->p);
        free(w);
        connection_close(c);
    }
}

/* To the socket if it takes it, else behind what waits. */
static void put_out(struct http_connection *c, str s)
{
    if (s.n == 0 || c->is_gone) return;
    if (c->is_writing) {
        buf_put(&c->backlog, s);
        return;
    }
    uv_buf_t b = {.base = (char *)(uintptr_t)s.p, .len = s.n};
    int sent = uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) {
        connection_close(c);
        return;
    }
    if ((size_t)sent == s.n) return;
    size_t left = s.n - (size_t)sent;
    char *copy = mem_alloc(left);
    memcpy(copy, s.p + sent, left);
    start_write(c, copy, left);
}

static void refresh_date(struct http_server *s)
{
    i64 second = now_ms(s) / 1000;
    if (second == s->date_second) return;
    s->date_second = second;
    time_t t = (time_t)(env_wall_ms(s->env) / 1000);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(s->date, sizeof s->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
}

static void put_head(struct http_server *s, const struct http_request *req)
{
    struct buf *b = &s->gather;
    bool streams = req->stream, chunks = streams && !req->old_version;
    buf_put(b, S("HTTP/1.1 "));
    buf_i64_text(b, req->status);
    buf_byte(b, ' ');
    buf_put(b, str_of(status_text(req->status)));
    buf_put(b, S("\r\n"));
    buf_put(b, str_of(s->date));
    if (req->type.n > 0) {
        buf_put(b, S("Content-Type: "));
        buf_put(b, req->type);
        buf_put(b, S("\r\n"));
    }
    if (chunks) {
        buf_put(b, S("Transfer-Encoding: chunked\r\n"));
    } else if (!streams && req->status != 204 && req->status != 304) {
        buf_put(b, S("Content-Length: "));
        buf_i64_text(b, (i64)req->answer.n);
        buf_put(b, S("\r\n"));
    }
    if (!req->keep_alive)
        buf_put(b, S("Connection: close\r\n"));
    else if (req->old_version)
        buf_put(b, S("Connection: keep-alive\r\n"));
    buf_put(b, req->headers);
    buf_put(b, S("\r\n"));
}

static void gathered_out(struct http_connection *c)
{
    struct buf *b = &c->server->gather;
    put_out(c, buf_str(b));
    buf_reset(b);
}

static void put_body(struct http_connection *c, str body)
{
    struct buf *b = &c->server->gather;
    if (body.n > JOIN_MAX) {
        gathered_out(c);
        put_out(c, body);
        return;
    }
    buf_put(b, body);
    if (b->n > GATHER_BYTES / 2) gathered_out(c);
}

/* What a stream has gathered, as one chunk; false if the connection went by it. */
static bool put_stream(struct http_connection *c, struct http_request *req)
{
    struct buf *b = &c->server->gather;
    if (!req->head_written) put_head(c->server, req);
    req->head_written = true;
    if (req->stream->n > 0) {
        if (!req->old_version) buf_printf(b, "%zx\r\n", req->stream->n);
        put_body(c, buf_str(req->stream));
        if (c->is_gone) return false;
        if (!req->old_version) buf_put(b, S("\r\n"));
        buf_reset(req->stream);
    }
    if (req->state == STREAM_ENDED && !req->old_version) buf_put(b, S("0\r\n\r\n"));
    return true;
}

static void drop_first(struct http_connection *c)
{
    struct http_request *req = c->first;
    if (!req->keep_alive) c->closing = true;
    c->first = req->next;
    if (!c->first) c->last = NULL;
    c->outstanding--;
    request_free(req);
}

static void on_shut(uv_shutdown_t *req, int status)
{
    (void)status;
    free(req);
}

/* All is answered and no further request is wanted: the peer is told by the end of our bytes, and
 * what it still sends is read and dropped for a while, since a reset would take the answer from it.
 */
static void finish(struct http_connection *c)
{
    if (c->is_lingering || c->is_gone) return;
    if (c->at_eof) {
        connection_close(c);
        return;
    }
    c->is_lingering = true;
    c->since_ms = now_ms(c->server);
    uv_shutdown_t *req = mem_alloc(sizeof *req);
    if (uv_shutdown(req, (uv_stream_t *)&c->tcp, on_shut) != 0) {
        free(req);
        connection_close(c);
    } else if (c->is_paused) {
        resume(c);
    }
}

/* Writes what is ready at the front of the queue. */
static void flush(struct http_connection *c)
{
    struct http_server *s = c->server;
    refresh_date(s);
    bool any = false;
    while (c->first && c->first->state != WAITING && !c->is_gone) {
        struct http_request *req = c->first;
        any = true;
        if (req->stream) {
            if (!put_stream(c, req) || req->state == STREAMING) break;
        } else {
            put_head(s, req);
            if (req->verb != METHOD_HEAD) put_body(c, req->answer);
        }
        if (!c->is_gone) drop_first(c);
    }
    if (c->owes_continue && !c->first) {
        c->owes_continue = false;
        buf_put(&s->gather, S("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    gathered_out(c);
    if (c->is_gone) return;
    if (any && c->phase == PHASE_HEAD && !c->in) c->since_ms = now_ms(s);
    if (!c->first && c->closing && !c->is_writing)
        finish(c);
    else if (c->is_paused && !c->is_writing && c->outstanding < PIPELINE_MAX / 2)
        resume(c);
}

/* Once per turn of the loop, after everything that could make an answer ready. */
static void on_prepare(uv_prepare_t *h)
{
    struct http_server *s = h->data;
    for (struct http_connection *c; (c = s->dirty);) {
        s->dirty = c->next_dirty;
        c->is_dirty = false;
        flush(c);
    }
}

/* ---- answering ---- */

static void answer_ready(struct http_request *req, int status)
{
    MUST(req->state == WAITING);
    req->state = ANSWERED;
    req->status = (u16)status;
    if (!req->connection)
        request_free(req);
    else if (req->connection->first == req)
        mark_dirty(req->connection);
}

void http_answer_constant(struct http_request *req, int status, str type, str headers, str body)
{
    req->type = type;
    req->headers = headers;
    req->answer = body;
    answer_ready(req, status);
}

void http_answer(struct http_request *req, int status, str type, str headers, str body)
{
    char *at = req->owned = mem_alloc(type.n + headers.n + body.n + 1);
    req->type = keep_str(&at, type);
    req->headers = keep_str(&at, headers);
    req->answer = keep_str(&at, body);
    answer_ready(req, status);
}

void http_answer_buf(struct http_request *req, int status, str type, str headers, struct buf *body)
{
    size_t n = body->n;
    char *p = mem_realloc(body->p, n + type.n + headers.n + 1), *at = p + n;
    req->owned = p;
    req->answer = (str){p, n};
    req->type = keep_str(&at, type);
    req->headers = keep_str(&at, headers);
    *body = (struct buf){0};
    answer_ready(req, status);
}

void http_stream(struct http_request *req, str type, str headers)
{
    MUST(req->state == WAITING);
    char *at = req->owned = mem_alloc(type.n + headers.n + 1);
    req->type = keep_str(&at, type);
    req->headers = keep_str(&at, headers);
    req->stream = mem_alloc(sizeof *req->stream);
    buf_init(req->stream, STREAM_BACKLOG_MAX);
    req->status = 200;
    req->state = STREAMING;
    if (req->old_version) req->keep_alive = false;
    if (req->connection && req->connection->first == req) mark_dirty(req->connection);
}

bool http_stream_write(struct http_request *req, str piece)
{
    struct http_connection *c = req->connection;
    MUST(req->state == STREAMING);
    if (!c || c->backlog.n > STREAM_BACKLOG_MAX) return false;
    buf_put(req->stream, piece);
    if (c->first == req) mark_dirty(c);
    return !req->stream->full;
}

void http_stream_end(struct http_request *req)
{
    struct http_connection *c = req->connection;
    MUST(req->state == STREAMING);
    req->state = STREAM_ENDED;
    if (!c)
        request_free(req);
    else if (req->stream->full)
        connection_close(c);
    else if (c->first == req)
        mark_dirty(c);
}

/* ---- closing ---- */

static void on_connection_closed(uv_handle_t *h)
{
    struct http_connection *c = h->data;
    struct http_server *s = c->server;
    free(c->in);
    buf_clear(&c->backlog);
    free(c);
    s->connection_count--;
    server_free_if_done(s);
}

static void forget_dirty(struct http_connection *c)
{
    if (!c->is_dirty) return;
    struct http_connection **at = &c->server->dirty;
    while (*at != c) at = &(*at)->next_dirty;
    *at = c->next_dirty;
}

static void connection_close(struct http_connection *c)
{
    struct http_server *s = c->server;
    if (c->is_gone) return;
    forget_dirty(c);
    c->is_gone = true;
    if (c->previous)
        c->previous->next = c->next;
    else
        s->connections = c->next;
    if (c->next) c->next->previous = c->previous;
    if (!c->from_loopback) s->peers[c->peer]--;
    struct http_request *req = c->first;
    c->first = c->last = NULL;
    while (req) {
        struct http_request *next = req->next;
        req->connection = NULL;
        req->next = NULL;
        if (req->state == ANSWERED || req->state == STREAM_ENDED)
            request_free(req);
        else if (s->handler.on_gone)
            s->handler.on_gone(s->handler.ctx, req);
        req = next;
    }
    uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
}

/* ---- reading ---- */

/* Answers on its own what no handler shall see, and reads no more. */
static void refuse(struct http_connection *c, int status, const char *why)
{
    struct http_request *req = request_new(c);
    req->verb = METHOD_GET;
    struct buf b;
    buf_init(&b, 4096);
    buf_put(&b, S("{\"type\":\"about:blank\",\"title\":"));
    json_put_str(&b, str_of(status_text(status)));
    buf_printf(&b, ",\"status\":%d,\"detail\":", status);
    json_put_str(&b, str_of(why));
    buf_byte(&b, '}');
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
}

/* True when the head is whole and its body may come. */
static bool take_head(struct http_connection *c, struct input *in)
{
    struct http_server *s = c->server;
    if (c->check.seen == 0) c->since_ms = now_ms(s);
    precheck_result r = precheck_head(&c->check, (str){in->p, in->n});
    if (r == PRECHECK_MORE) return false;
    if (r == PRECHECK_BAD) {
        refuse(c, c->check.status, c->check.why);
        return false;
    }
    if (!head_known(c, in)) {
        refuse(c, 400, "The header cannot be read");
        return false;
    }
    struct http_request probe = {.server = s};
    request_views(&probe, c);
    c->body_max = s->handler.body_max(s->handler.ctx, &probe);
    if (c->check.length > c->body_max) {
        refuse(c, 413, "The body is larger than is taken here");
        return false;
    }
    memset(&c->chunks, 0, sizeof c->chunks);
    c->phase = c->check.chunked ? PHASE_CHUNKS : PHASE_BODY;
    bool here = in->n > c->check.head_bytes || (!c->check.chunked && c->check.length == 0);
    c->owes_continue = c->check.wants_continue && !here;
    c->since_ms = now_ms(s);
    if (c->owes_continue) mark_dirty(c);
    return true;
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
        refuse(c, 400, "The chunks are malformed");
        return false;
    }
    if (c->chunks.body > c->body_max) {
        refuse(c, 413, "The body is larger than is taken here");
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
        refuse(c, 400, "The header cannot be read");
        return;
    }
    struct http_request *req = request_new(c);
    request_views(req, c);
    req->body = (str){in->p + c->check.head_bytes, size};
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
        if (!take_body(c, in, &size, &end)) break;
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
        c->in_room = (u32)(in.n < 2048 ? 2048 : in.n);
        c->in = mem_alloc(c->in_room);
    }
    memmove(c->in, in.p, in.n);
    c->in_size = (u32)in.n;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    struct http_connection *c = h->data;
    if (!c->in) {
        *out = uv_buf_init(c->server->read, READ_BYTES);
        return;
    }
    if (c->in_room - c->in_size < c->in_room / 4) {
        c->in_room *= 2;
        c->in = mem_realloc(c->in, c->in_room);
    }
    *out = uv_buf_init(c->in + c->in_size, c->in_room - c->in_size);
}

static void on_eof(struct http_connection *c)
{
    c->at_eof = c->closing = true;
    uv_read_stop((uv_stream_t *)&c->tcp);
    bool streams = c->first && c->first->stream;
    bool is_done = !c->first && !c->is_writing;
    if (is_done || c->is_lingering || streams) connection_close(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct http_connection *c = stream->data;
    if (n == 0) return;
    if (n < 0) {
        if (n == UV_EOF)
            on_eof(c);
        else
            connection_close(c);
        return;
    }
    if (c->closing) return;
    if (!c->in) {
        absorb(c, (struct input){b->base, (size_t)n});
        return;
    }
    c->in_size += (u32)n;
    absorb(c, (struct input){c->in, c->in_size});
}

/* Goes on reading after a pause, first with what had been read. */
static void resume(struct http_connection *c)
{
    c->is_paused = false;
    if (c->in && !c->closing) absorb(c, (struct input){c->in, c->in_size});
    if (!c->is_gone && !c->is_paused && !c->at_eof)
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* ---- time ---- */

static bool body_too_slow(const struct http_connection *c, i64 now)
{
    i64 late = now - c->since_ms - BODY_GRACE_MS;
    if (late <= 0) return false;
    u64 got = c->phase == PHASE_CHUNKS ? c->chunks.taken : c->in_size - c->check.head_bytes;
    return (i64)got < late * c->server->options.body_rate_min / 1000;
}

static void check_time(struct http_connection *c, i64 now)
{
    const struct http_options *o = &c->server->options;
    if (c->is_writing && now - c->progress_ms > o->stall_ms)
        connection_close(c);
    else if (c->is_lingering) {
        if (now - c->since_ms > LINGER_MS) connection_close(c);
    } else if (c->is_paused || c->closing)
        return;
    else if (c->phase != PHASE_HEAD) {
        if (body_too_slow(c, now)) refuse(c, 408, "The body came too slowly");
    } else if (c->in) {
        if (now - c->since_ms > o->header_ms) refuse(c, 408, "The header came too slowly");
    } else if (!c->first && now - c->since_ms > o->idle_ms)
        connection_close(c);
}

static void on_sweep(uv_timer_t *t)
{
    struct http_server *s = t->data;
    i64 now = now_ms(s);
    for (struct http_connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        check_time(c, now);
    }
}

/* ---- listening ---- */

static void peer_of(struct http_connection *c)
{
    struct sockaddr_storage a = {0};
    int n = sizeof a;
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &n) != 0) return;
    str bytes = {0};
    if (a.ss_family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&a;
        c->from_loopback = (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
        bytes = (str){(char *)&v4->sin_addr, 4};
    } else if (a.ss_family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&a;
        const u8 *ip = v6->sin6_addr.s6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        c->from_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || (mapped && ip[12] == 127);
        bytes = (str){(const char *)ip, mapped ? 16 : 8};
    }
    c->peer = (u32)((hash_xxh64(bytes) ^ c->server->peer_seed) * 0x9E3779B97F4A7C15u >> 50);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *s = listener->data;
    if (status < 0) return;
    struct http_connection *c = mem_zalloc(sizeof *c);
    c->server = s;
    buf_init(&c->backlog, SIZE_MAX);
    uv_tcp_init(s->loop, &c->tcp);
    c->tcp.data = c;
    s->connection_count++;
    c->next = s->connections;
    if (c->next) c->next->previous = c;
    s->connections = c;
    c->since_ms = now_ms(s);
    c->from_loopback = true;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0) {
        connection_close(c);
        return;
    }
    c->from_loopback = false;
    peer_of(c);
    bool full = s->connection_count > s->options.connections_max;
    if (!c->from_loopback && ++s->peers[c->peer] > s->options.per_peer_max) full = true;
    uv_tcp_nodelay(&c->tcp, 1);
    if (full || uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0) connection_close(c);
}

static err bind_to(struct http_server *s, struct diag *why)
{
    const struct http_options *o = &s->options;
    struct sockaddr_storage a;
    if (uv_ip4_addr(o->address, o->port, (struct sockaddr_in *)(void *)&a) != 0 &&
        uv_ip6_addr(o->address, o->port, (struct sockaddr_in6 *)(void *)&a) != 0)
        return diag_set(why, ERR_INVALID, "%s is not an IP address to listen on", o->address);
    int e = uv_tcp_init_ex(s->loop, &s->listener, a.ss_family);
    MUST(e == 0);
    s->listener.data = s;
    s->handles++;
    if (o->reuse_port) {
        uv_os_fd_t fd;
        int on = 1;
        if (uv_fileno((uv_handle_t *)&s->listener, &fd) == 0)
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    e = uv_tcp_bind(&s->listener, (struct sockaddr *)&a, 0);
    if (e == 0) e = uv_listen((uv_stream_t *)&s->listener, 4096, on_connection);
    if (e == UV_EADDRINUSE)
        return diag_set(why, ERR_CONFLICT, "Port %d is already in use", o->port);
    if (e != 0)
        return diag_set(why, ERR_IO, "Cannot listen on %s:%d: %s", o->address, o->port,
                        uv_strerror(e));
    return ERR_OK;
}

static void set_defaults(struct http_options *o)
{
    if (!o->connections_max) o->connections_max = 30000;
    if (!o->per_peer_max) o->per_peer_max = 256;
    if (!o->header_ms) o->header_ms = 10 * SECOND;
    if (!o->idle_ms) o->idle_ms = 75 * SECOND;
    if (!o->stall_ms) o->stall_ms = 30 * SECOND;
    if (!o->body_rate_min) o->body_rate_min = 1024;
}

err http_listen(void *loop, struct env *env, const struct http_options *o,
                const struct http_handler *h, struct http_server **out, struct diag *why)
{
    struct http_server *s = mem_zalloc(sizeof *s);
    s->loop = loop;
    s->env = env;
    s->options = *o;
    s->handler = *h;
    s->date_second = -1;
    set_defaults(&s->options);
    env_random(env, &s->peer_seed, sizeof s->peer_seed);
    buf_init(&s->gather, SIZE_MAX);
    uv_prepare_init(loop, &s->prepare);
    uv_timer_init(loop, &s->sweep);
    s->prepare.data = s->sweep.data = s;
    s->handles += 2;
    err e = bind_to(s, why);
    if (e != ERR_OK) {
        http_close(s, NULL, NULL);
        return e;
    }
    uv_prepare_start(&s->prepare, on_prepare);
    uv_timer_start(&s->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    *out = s;
    return ERR_OK;
}

int http_port(const struct http_server *s)
{
    struct sockaddr_storage a = {0};
    int n = sizeof a;
    if (uv_tcp_getsockname(&s->listener, (struct sockaddr *)&a, &n) != 0) return 0;
    return a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&a)->sin6_port)
                                   : ntohs(((struct sockaddr_in *)(void *)&a)->sin_port);
}

u32 http_connections(const struct http_server *s)
{
    return s->connection_count;
}

static void on_handle_closed(uv_handle_t *h)
{
    struct http_server *s = h->data;
    s->handles--;
    server_free_if_done(s);
}

static void close_handle(uv_handle_t *h)
{
    if (h->data && !uv_is_closing(h)) uv_close(h, on_handle_closed);
}

void http_drain(struct http_server *s)
{
    s->draining = true;
    close_handle((uv_handle_t *)&s->listener);
    for (struct http_connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        for (struct http_request *req = c->first; req; req = req->next) req->keep_alive = false;
        if (!c->first && !c->in) connection_close(c);
    }
}

void http_close(struct http_server *s, void (*on_closed)(void *ctx), void *ctx)
{
    s->closing = true;
    s->on_closed = on_closed;
    s->on_closed_ctx = ctx;
    close_handle((uv_handle_t *)&s->listener);
    close_handle((uv_handle_t *)&s->prepare);
    close_handle((uv_handle_t *)&s->sweep);
    while (s->connections) connection_close(s->connections);
}
