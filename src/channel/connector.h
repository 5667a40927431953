/* connector.h — the only way out over HTTP: to gateways and webhooks, and to nowhere inside.
 *
 *   url ─outbound_check─► refused: scheme, user, odd host, port, an address that is not public
 *    └─► exchange_begin ─► names are resolved ─► each socket's own address is judged ─► one answer
 *
 * What is judged is the address that the socket connects to, so a name that answers differently the
 * second time gains nothing. No redirects, no proxy of the environment, no cookies; certificates
 * are verified; 64 KiB of an answer are kept. A request is never sent a second time by itself, and
 * `sent` tells whether the other side may have seen it. Loop's thread only. */
#pragma once
#include "base/buf.h"
#include "channel/curl_loop.h"

#include <sys/socket.h>

enum {
    OUTBOUND_NETS_MAX = 32,
    OUTBOUND_URL_MAX = 2048,
    EXCHANGE_ANSWER_MAX = 64 << 10,
    EXCHANGE_HEADERS_MAX = 32
};

/* A range of addresses. */
struct net {
    u8 bytes[16];
    u8 size, bits; /* size: 4 or 16 */
};
/* Where connections may go besides the public internet. One for the process. */
struct outbound {
    bool allow_private;
    struct net nets[OUTBOUND_NETS_MAX];
    u32 net_count;
    struct curl_slist *names; /* tests: "host:port:address" instead of asking the DNS */
};
/* "10.0.0.0/8,fd00::/8,127.0.0.1" into `nets`. ERR_INVALID names what is no range. */
MUST_USE err outbound_nets(struct outbound *o, str list, struct diag *why);
/* May a socket go there? Public unicast addresses that are not translated into others, and what is
 * allowed. */
bool outbound_address(const struct outbound *o, const struct sockaddr *a);
/* May this URL be asked, as far as its text tells? ERR_REFUSED with a sentence. Asks no DNS. */
MUST_USE err outbound_check(const struct outbound *o, str url, struct diag *why);

struct exchange_header {
    str name, value;
};

/* One request and its answer; the caller's memory, zeroed, kept until `done` was called. */
struct exchange {
    str url, method, body;
    struct exchange_header headers[EXCHANGE_HEADERS_MAX];
    u32 header_count;
    str user, password; /* Basic; empty: none */
    i64 timeout_ms;     /* for all of it */
    void (*done)(struct exchange *x);
    void *ctx;

    /* what came of it */
    bool sent;          /* something of the request may have arrived */
    bool refused;       /* the connector would not */
    int status;         /* 0: there was no whole answer */
    i64 retry_after_ms; /* −1: not said. From `now` given to exchange_begin, if it was a date */
    struct buf answer;  /* its first bytes */
    char error[256];    /* status 0: why */

    /* the connector's own */
    struct transfer transfer;
    struct curl_loop *loop;
    struct curl_slist *lines;
    const struct outbound *outbound;
    size_t body_at, head_bytes;
    i64 now_ms;
    bool too_large;
    uv_timer_t *later;
};

/* A header whose name or value could end its line is left out and the request refused. */
void exchange_header(struct exchange *x, str name, str value);
/* Starts it; `done` comes later, never from within. The policy is the loop's (curl_loop_outbound).
 */
void exchange_begin(struct exchange *x, struct curl_loop *loop, i64 now_ms);
/* After done, or instead of it: ends the transfer and frees the answer. */
void exchange_clear(struct exchange *x);
