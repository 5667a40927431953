/* http_inside.h — HTTP's own: the listener and its connections, and how the files divide the work.
 *
 *   http.c        listens, watches the time, closes
 *   http_read.c   bytes to requests
 *   http_write.c  answers to bytes, in order */
#pragma once
#include "server/http.h"
#include "server/tls.h"

#include <uv.h>

enum {
    READ_BYTES = 64 << 10, /* shared by all connections */
    PIPELINE_MAX = 128,    /* requests of one connection without an answer */
    PEER_BUCKETS = 1 << 14,
};

typedef enum { WAITING, ANSWERED, STREAMING, STREAM_ENDED } request_state;
typedef enum { PHASE_HEAD, PHASE_BODY, PHASE_CHUNKS } phase;

struct http_connection {
    uv_tcp_t tcp;
    struct http_server *server;
    struct tls_link *tls; /* NULL: plain */
    struct http_connection *previous, *next, *next_dirty;
    struct http_request *first, *last; /* in the order of arrival */
    char *in;                          /* a request in the making; NULL when idle */
    u32 in_size, in_room;
    u32 outstanding;
    struct buf backlog; /* waits for the write under way */
    u64 body_max;
    void *sink;   /* where the body at hand goes */
    u64 sunk;     /* of it */
    i64 since_ms; /* of the present phase; idle: of the last answer */
    i64 progress_ms;
    struct precheck check;
    struct chunks chunks;
    u32 peer;
    u8 phase;
    bool closing;    /* reads no further request */
    bool has_spoken; /* something came from it */
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
    const char *always; /* headers of every answer */
    char *cipher;       /* with TLS: what came from a socket */
    char read[READ_BYTES];
};

static inline i64 http_now_ms(const struct http_server *s)
{
    return (i64)uv_now(s->loop);
}

/* http.c */
void http_connection_close(struct http_connection *c);
void http_free_if_done(struct http_server *s); /* after http_close, when the last thing is gone */

/* http_read.c */
MUST_USE bool http_read_start(struct http_connection *c);
/* Goes on reading after a pause, first with what had been read. */
void http_read_on(struct http_connection *c);
/* Answers on its own what no handler shall see, and reads no further request. */
void http_refuse(struct http_connection *c, int status, const char *why);

/* http_write.c */
/* A request at the end of the connection's queue. */
struct http_request *http_request_new(struct http_connection *c);
void http_request_free(struct http_request *req);
/* Something may be written: looked at before the loop sleeps. */
void http_mark_dirty(struct http_connection *c);
void http_flush_all(struct http_server *s);
/* What TLS has to say by itself. */
void http_send_cipher(struct http_connection *c);
const char *http_status_text(int status);
