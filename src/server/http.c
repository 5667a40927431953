/* http.c — listening, time limits, and closing. */
#include "server/http_inside.h"

#include "base/hash.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { LINGER_MS = 2000, SWEEP_MS = 500, BODY_GRACE_MS = 5000 };

/* ---- closing ---- */

void http_free_if_done(struct http_server *s)
{
    if (!s->closing || s->handles || s->connection_count || s->request_count) return;
    for (struct http_request *r; (r = s->spare);) {
        s->spare = r->next;
        free(r);
    }
    buf_clear(&s->gather);
    free(s->cipher);
    void (*on_closed)(void *) = s->on_closed;
    void *ctx = s->on_closed_ctx;
    free(s);
    if (on_closed) on_closed(ctx);
}

static void on_connection_closed(uv_handle_t *h)
{
    struct http_connection *c = h->data;
    struct http_server *s = c->server;
    free(c->in);
    tls_link_free(c->tls);
    buf_clear(&c->backlog);
    free(c);
    s->connection_count--;
    http_free_if_done(s);
}

static void forget_dirty(struct http_connection *c)
{
    if (!c->is_dirty) return;
    struct http_connection **at = &c->server->dirty;
    while (*at != c) at = &(*at)->next_dirty;
    *at = c->next_dirty;
}

void http_connection_close(struct http_connection *c)
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
            http_request_free(req);
        else if (s->handler.on_gone)
            s->handler.on_gone(s->handler.ctx, req);
        req = next;
    }
    if (c->sink) s->handler.on_body_gone(s->handler.ctx, c->sink);
    c->sink = NULL;
    uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
}

/* ---- time ---- */

static bool body_too_slow(const struct http_connection *c, i64 now)
{
    i64 late = now - c->since_ms - BODY_GRACE_MS;
    if (late <= 0) return false;
    u64 got = c->sink                    ? c->sunk
              : c->phase == PHASE_CHUNKS ? c->chunks.taken
                                         : c->in_size - c->check.head_bytes;
    return (i64)got < late * c->server->options.body_rate_min / 1000;
}

static void check_time(struct http_connection *c, i64 now)
{
    const struct http_options *o = &c->server->options;
    if (c->is_writing && now - c->progress_ms > o->stall_ms)
        http_connection_close(c);
    else if (c->tls && !tls_is_up(c->tls)) {
        if (now - c->since_ms > o->header_ms) http_connection_close(c);
    } else if (c->is_lingering) {
        if (now - c->since_ms > LINGER_MS) http_connection_close(c);
    } else if (c->is_paused || c->closing)
        return;
    else if (c->phase != PHASE_HEAD) {
        if (body_too_slow(c, now)) http_refuse(c, 408, "The body came too slowly");
    } else if (c->in) {
        if (now - c->since_ms > o->header_ms) http_refuse(c, 408, "The header came too slowly");
    } else if (!c->first && now - c->since_ms > o->idle_ms)
        http_connection_close(c);
}

static void on_sweep(uv_timer_t *t)
{
    struct http_server *s = t->data;
    i64 now = http_now_ms(s);
    for (struct http_connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        check_time(c, now);
    }
}

/* Once per turn of the loop, after everything that could make an answer ready. */
static void on_prepare(uv_prepare_t *h)
{
    http_flush_all(h->data);
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

str http_peer(const struct http_request *req, char out[64])
{
    struct sockaddr_storage a = {0};
    int n = sizeof a;
    if (!req->connection || req->connection->is_gone ||
        uv_tcp_getpeername(&req->connection->tcp, (struct sockaddr *)&a, &n) != 0 ||
        uv_ip_name((const struct sockaddr *)&a, out, 64) != 0)
        return (str){0};
    str text = str_of(out);
    return str_starts(text, S("::ffff:")) ? str_slice(text, 7, text.n) : text;
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
    c->since_ms = http_now_ms(s);
    c->from_loopback = true;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0) {
        http_connection_close(c);
        return;
    }
    c->from_loopback = false;
    peer_of(c);
    bool full = s->connection_count > s->options.connections_max;
    if (!c->from_loopback && ++s->peers[c->peer] > s->options.per_peer_max) full = true;
    uv_tcp_nodelay(&c->tcp, 1);
    if (s->options.tls) c->tls = tls_link_new(s->options.tls);
    if (full || !http_read_start(c)) http_connection_close(c);
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
    if (o->tls) s->cipher = mem_alloc(READ_BYTES);
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

void http_always(struct http_server *s, const char *headers)
{
    s->always = headers;
}

u32 http_connections(const struct http_server *s)
{
    return s->connection_count;
}

static void on_handle_closed(uv_handle_t *h)
{
    struct http_server *s = h->data;
    s->handles--;
    http_free_if_done(s);
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
        if (!c->first && !c->in) http_connection_close(c);
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
    while (s->connections) http_connection_close(s->connections);
}
