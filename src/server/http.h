/* http.h — HTTP/1.1 over TCP: requests in, answers out, in order. Only this module's files know
 * libuv's sockets (http*.c).
 *
 *   read ─► precheck ─► head ─► body_max? ─► on_request ─┬─ http_answer at once
 *             │ 400, 408, 413, 431, 501: answered here   └─ … or later, in any order
 *   write ◄─ one write per connection and turn of the loop, answers in the order of the requests
 *
 * Nothing is copied on the way in: a handler sees views into the read buffer, good until it
 * returns; http_keep makes them last until the answer. A connection without a request in the making
 * holds no buffer (under 1 KiB). One listener belongs to one loop and its thread; several listeners
 * share nothing, so that a loop per core is possible with `reuse_port`.
 *
 * Each request is answered exactly once, also when its connection is gone: it is then swallowed. */
#pragma once
#include "base/buf.h"
#include "env/env.h"
#include "server/head.h"

struct http_server;
struct tls;
struct http_connection;

struct http_request {
    http_verb verb;
    str path, query; /* as sent: not decoded; query without its '?' */
    str body;        /* unpacked if it came in chunks; still compressed if it came so */
    const struct http_field *fields;
    u32 field_count;
    bool from_loopback; /* the peer is this machine */
    bool tls;           /* it came over TLS */
    void *user;         /* the handler's own; NULL at first */
    void *sink;         /* what the body went to, piece by piece; `body` is empty then */
    /* http.c's own */
    struct http_server *server;
    struct http_connection *connection; /* NULL: gone */
    struct http_request *next;
    str type, headers, answer; /* what is to be written… */
    char *owned, *kept;        /* …the memory of those; of the views */
    struct buf *stream;
    u16 status;
    u8 state;
    bool keep_alive, old_version, head_written;
};

/* What the owner of a listener does with requests. */
struct http_handler {
    void *ctx;
    /* The largest body this request may have, asked once its head is there; beyond it 413. */
    u64 (*body_max)(void *ctx, const struct http_request *req);
    void (*on_request)(void *ctx, struct http_request *req);
    /* The connection went while this request was kept without an answer, or in mid-stream. It must
     * still be answered (or its stream ended), now or later. May be NULL. */
    void (*on_gone)(void *ctx, struct http_request *req);
    /* The other side of its connection says no more. Mostly it has gone, which cannot be told from
     * one that still listens: long work may stop, an answer is still sent. May be NULL. */
    void (*on_silent)(void *ctx, struct http_request *req);
    /* A body too large to be kept: not NULL is what on_body gets it with, piece by piece, and
     * on_request then finds as `sink`. on_body_gone: the connection went before that. All may be
     * NULL. */
    void *(*sink)(void *ctx, const struct http_request *req);
    void (*on_body)(void *ctx, void *sink, str piece);
    void (*on_body_gone)(void *ctx, void *sink);
};

struct http_options {
    const char *address; /* "127.0.0.1", "::1", "0.0.0.0" */
    int port;            /* 0: any free one */
    bool reuse_port;
    u32 connections_max; /* 0 = 30,000 */
    u32 per_peer_max;    /* connections of one address but loopback; 0 = 256 */
    i64 header_ms;       /* for a whole head; 0 = 10 s */
    i64 idle_ms;         /* between requests; 0 = 75 s */
    i64 stall_ms;        /* a peer that does not read its answer; 0 = 30 s */
    u32 body_rate_min;   /* bytes per second of a body after 5 s; 0 = 1024 */
    struct tls *tls;     /* NULL: plain; lives as long as the listener */
};

/* Listens on `loop` (a uv_loop_t). ERR_CONFLICT if the port is taken; ERR_INVALID address; ERR_IO.
 */
MUST_USE err http_listen(void *loop, struct env *env, const struct http_options *o,
                         const struct http_handler *h, struct http_server **out, struct diag *why);
int http_port(const struct http_server *s);
/* Whole header lines for every answer; not copied. */
void http_always(struct http_server *s, const char *headers);
/* Takes no more connections; those without a request are closed, the others after their answers. */
void http_drain(struct http_server *s);
u32 http_connections(const struct http_server *s);
/* Closes everything; `on_closed` runs on the loop when the server's memory is gone. */
void http_close(struct http_server *s, void (*on_closed)(void *ctx), void *ctx);

/* The value of a header field by its name (any case); empty if it is not there. */
str http_header(const struct http_request *req, str name);
/* The address of who asks, as text; empty if the connection is gone. */
str http_peer(const struct http_request *req, char out[64]);
/* Makes the request's views last until its answer. */
void http_keep(struct http_request *req);

/* Answers. `headers` are whole lines, each with its CR LF; Content-Length, Date and Connection are
 * added here. Texts are copied. Loop thread only; safe after the connection is gone. */
void http_answer(struct http_request *req, int status, str type, str headers, str body);
/* The same, taking over the body's memory: `body` is cleared. */
void http_answer_buf(struct http_request *req, int status, str type, str headers, struct buf *body);
/* The same, where all three live as long as the program: costs no allocation. */
void http_answer_constant(struct http_request *req, int status, str type, str headers, str body);

/* An answer in pieces (server-sent events): begun, written, ended. False: the peer reads too slowly
 * or is gone, end it. */
void http_stream(struct http_request *req, str type, str headers);
bool http_stream_write(struct http_request *req, str piece);
void http_stream_end(struct http_request *req);
