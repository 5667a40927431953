/* http_write.c — answers to bytes, in the order of the requests, one write per turn of the loop. */
#include "server/http_inside.h"

#include <stdlib.h>
#include <time.h>

enum {
    GATHER_BYTES = 64 << 10, /* answers of one turn, joined for one write */
    JOIN_MAX = 16 << 10,     /* a body larger than this is written by itself */
    STREAM_BACKLOG_MAX = 512 << 10,
};

/* A write the socket did not take at once. */
struct write {
    uv_write_t req;
    char *p;
};

/* ---- requests ---- */

struct http_request *http_request_new(struct http_connection *c)
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

void http_request_free(struct http_request *req)
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
    http_free_if_done(s);
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

const char *http_status_text(int status)
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

void http_mark_dirty(struct http_connection *c)
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
    c->progress_ms = http_now_ms(c->server);
    if (status < 0) {
        http_connection_close(c);
        return;
    }
    if (c->backlog.n > 0) {
        struct buf b = c->backlog;
        buf_init(&c->backlog, SIZE_MAX);
        start_write(c, b.p, b.n);
    }
    http_mark_dirty(c);
}

/* Hands `n` bytes at `p`, which the write then owns, to the loop. */
static void start_write(struct http_connection *c, char *p, size_t n)
{
    struct write *w = mem_alloc(sizeof *w);
    w->p = p;
    uv_buf_t b = uv_buf_init(p, (unsigned)n);
    c->is_writing = true;
    c->progress_ms = http_now_ms(c->server);
    if (uv_write(&w->req, (uv_stream_t *)&c->tcp, &b, 1, on_written) != 0) {
        free(w->p);
        free(w);
        http_connection_close(c);
    }
}

/* To the socket if it takes it, else behind what waits. */
static void send_out(struct http_connection *c, str s)
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
        http_connection_close(c);
        return;
    }
    if ((size_t)sent == s.n) return;
    size_t left = s.n - (size_t)sent;
    char *copy = mem_alloc(left);
    memcpy(copy, s.p + sent, left);
    start_write(c, copy, left);
}

void http_send_cipher(struct http_connection *c)
{
    str bytes = tls_pending(c->tls);
    if (!bytes.n || c->is_gone) return;
    send_out(c, bytes);
    tls_sent(c->tls);
}

static void put_out(struct http_connection *c, str s)
{
    if (s.n == 0 || c->is_gone) return;
    if (!c->tls)
        send_out(c, s);
    else if (tls_write(c->tls, s))
        http_send_cipher(c);
    else
        http_connection_close(c);
}

static void refresh_date(struct http_server *s)
{
    i64 second = http_now_ms(s) / 1000;
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
    buf_put(b, str_of(http_status_text(req->status)));
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
    if (s->always) buf_put(b, str_of(s->always));
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
    http_request_free(req);
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
        http_connection_close(c);
        return;
    }
    if (c->tls) {
        tls_end(c->tls);
        http_send_cipher(c);
        if (c->is_gone) return;
    }
    c->is_lingering = true;
    c->since_ms = http_now_ms(c->server);
    uv_shutdown_t *req = mem_alloc(sizeof *req);
    if (uv_shutdown(req, (uv_stream_t *)&c->tcp, on_shut) != 0) {
        free(req);
        http_connection_close(c);
    } else if (c->is_paused) {
        http_read_on(c);
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
    if (any && c->phase == PHASE_HEAD && !c->in) c->since_ms = http_now_ms(s);
    if (!c->first && c->closing && !c->is_writing)
        finish(c);
    else if (c->is_paused && !c->is_writing && c->outstanding < PIPELINE_MAX / 2)
        http_read_on(c);
}

void http_flush_all(struct http_server *s)
{
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
        http_request_free(req);
    else if (req->connection->first == req)
        http_mark_dirty(req->connection);
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
    if (req->connection && req->connection->first == req) http_mark_dirty(req->connection);
}

bool http_stream_write(struct http_request *req, str piece)
{
    struct http_connection *c = req->connection;
    MUST(req->state == STREAMING);
    if (!c || c->backlog.n > STREAM_BACKLOG_MAX) return false;
    buf_put(req->stream, piece);
    if (c->first == req) http_mark_dirty(c);
    return !req->stream->full;
}

void http_stream_end(struct http_request *req)
{
    struct http_connection *c = req->connection;
    MUST(req->state == STREAMING);
    req->state = STREAM_ENDED;
    if (!c)
        http_request_free(req);
    else if (req->stream->full)
        http_connection_close(c);
    else if (c->first == req)
        http_mark_dirty(c);
}
