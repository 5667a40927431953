#include "server/http.h"

#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* A listener on a thread of its own. "/later" is answered after all that is asked at once,
 * "/stream" in three pieces, everything else with what was understood of it. */
struct rig {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    uv_timer_t later;
    uv_sem_t up;
    struct http_server *server;
    struct http_options options;
    struct http_request *waiting[4096];
    u32 waiting_count;
    atomic_uint gone;
    int port;
    bool drain;
};

static u64 body_max(void *ctx, const struct http_request *req)
{
    (void)ctx;
    return str_starts(req->path, S("/big")) ? 300000 : 1000;
}

static void on_later(uv_timer_t *t)
{
    struct rig *rig = t->data;
    /* newest first: the connection has to put them in order */
    while (rig->waiting_count > 0) {
        struct http_request *req = rig->waiting[--rig->waiting_count];
        http_answer(req, 200, S("text/plain"), (str){0}, req->path);
    }
}

static void on_request(void *ctx, struct http_request *req)
{
    struct rig *rig = ctx;
    struct buf b;
    if (str_starts(req->path, S("/later"))) {
        http_keep(req);
        rig->waiting[rig->waiting_count++] = req;
        if (!uv_is_active((uv_handle_t *)&rig->later)) uv_timer_start(&rig->later, on_later, 20, 0);
        return;
    }
    if (str_eq(req->path, S("/stream"))) {
        http_stream(req, S("text/event-stream"), S("Cache-Control: no-store\r\n"));
        http_stream_write(req, S("one"));
        http_stream_write(req, S("two"));
        http_stream_end(req);
        return;
    }
    if (str_eq(req->path, S("/constant"))) {
        http_answer_constant(req, 200, S("text/plain"), S("X-A: b\r\n"), S("same"));
        return;
    }
    buf_init(&b, 1 << 20);
    buf_printf(&b, "%d %.*s ? %.*s [", req->verb, STR_ARG(req->path), STR_ARG(req->query));
    buf_put(&b, http_header(req, S("x-test")));
    buf_printf(&b, "] %zu:", req->body.n);
    buf_put(&b, req->body);
    http_answer_buf(req, 200, S("text/plain"), (str){0}, &b);
}

static void on_gone(void *ctx, struct http_request *req)
{
    struct rig *rig = ctx;
    (void)req;
    atomic_fetch_add(&rig->gone, 1);
}

static void on_stop(uv_async_t *a)
{
    struct rig *rig = a->data;
    if (rig->drain) {
        rig->drain = false;
        http_drain(rig->server);
        return;
    }
    if (uv_is_closing((uv_handle_t *)&rig->stop)) return;
    uv_timer_stop(&rig->later);
    on_later(&rig->later);
    uv_close((uv_handle_t *)&rig->stop, NULL);
    uv_close((uv_handle_t *)&rig->later, NULL);
    http_close(rig->server, NULL, NULL);
}

static void *rig_thread(void *arg)
{
    struct rig *rig = arg;
    struct diag why = {0};
    struct http_handler h = {rig, body_max, on_request, on_gone};
    MUST(uv_loop_init(&rig->loop) == 0);
    uv_async_init(&rig->loop, &rig->stop, on_stop);
    uv_timer_init(&rig->loop, &rig->later);
    rig->stop.data = rig->later.data = rig;
    rig->options.address = "127.0.0.1";
    err e = http_listen(&rig->loop, env_real(), &rig->options, &h, &rig->server, &why);
    MUST(e == ERR_OK);
    rig->port = http_port(rig->server);
    uv_sem_post(&rig->up);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    MUST(uv_loop_close(&rig->loop) == 0);
    return NULL;
}

static struct rig *rig_new(struct http_options o)
{
    struct rig *rig = mem_zalloc(sizeof *rig);
    rig->options = o;
    uv_sem_init(&rig->up, 0);
    pthread_create(&rig->thread, NULL, rig_thread, rig);
    uv_sem_wait(&rig->up);
    return rig;
}

static void rig_free(struct rig *rig)
{
    uv_async_send(&rig->stop);
    pthread_join(rig->thread, NULL);
    uv_sem_destroy(&rig->up);
    free(rig);
}

static int dial(const struct rig *rig)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((u16)rig->port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void send_all(int fd, str s)
{
    while (s.n > 0) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0) return;
        s = str_slice(s, (size_t)n, s.n);
    }
}

/* Everything up to the end of the connection. */
static str receive_all(int fd, struct arena *a)
{
    struct buf b;
    buf_init(&b, 64 << 20);
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, 5000) <= 0) {
            buf_put(&b, S("<TIMED OUT>"));
            break;
        }
        char part[65536];
        ssize_t n = recv(fd, part, sizeof part, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) buf_put(&b, S("<RESET>"));
        if (n <= 0) break;
        buf_put(&b, (str){part, (size_t)n});
    }
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

/* Sends in pieces, ends our side if `half_close`, and gives back all that came. */
static str exchange(const struct rig *rig, str raw, size_t step, bool half_close, struct arena *a)
{
    int fd = dial(rig), on = 1;
    setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
    for (size_t at = 0; at < raw.n; at += step) {
        send_all(fd, str_slice(raw, at, at + step));
        if (step < raw.n) usleep(step == 1 ? 50 : 300);
    }
    if (half_close) shutdown(fd, SHUT_WR);
    str s = receive_all(fd, a);
    close(fd);
    return s;
}

static u32 times(str s, str needle)
{
    u32 n = 0;
    for (ptrdiff_t at; (at = str_find(s, needle)) >= 0; n++)
        s = str_slice(s, (size_t)at + needle.n, s.n);
    return n;
}

static bool has(str s, str needle)
{
    return str_find(s, needle) >= 0;
}

#define HOST "Host: localhost\r\n"

TEST("a request is understood and answered whole")
{
    struct rig *rig = rig_new((struct http_options){0});
    str s = exchange(
        rig,
        S("PATCH /a%20b?c=d HTTP/1.1\r\n" HOST "X-Test: yes\r\nContent-Length: 5\r\n\r\nhello"),
        1 << 20, true, arena);
    CHECK(str_starts(s, S("HTTP/1.1 200 OK\r\nDate: ")));
    CHECK(has(s, S("\r\nContent-Length: 28\r\n")));
    CHECK(str_ends(s, S("\r\n\r\n4 /a%20b ? c=d [yes] 5:hello")));
    s = exchange(rig, S("HEAD /x HTTP/1.1\r\n" HOST "\r\n"), 1 << 20, true, arena);
    CHECK(str_ends(s, S("\r\n\r\n")));
    CHECK(has(s, S("Content-Length: 13")));
    rig_free(rig);
}

TEST("a pipeline is answered in its order, whatever is ready first")
{
    struct rig *rig = rig_new((struct http_options){0});
    struct buf raw;
    buf_init(&raw, 1 << 20);
    for (int i = 0; i < 500; i++)
        buf_printf(&raw, "GET /%s%03d HTTP/1.1\r\n" HOST "\r\n", i % 3 ? "now" : "later", i);
    buf_put(&raw,
            S("POST /last HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: 1\r\n\r\nz"));
    str s = exchange(rig, buf_str(&raw), 1 << 20, false, arena);
    CHECK_EQ(times(s, S("HTTP/1.1 200 OK")), 501);
    for (int i = 0; i < 500; i++) {
        str want = arena_printf(arena, "/%s%03d", i % 3 ? "now" : "later", i);
        ptrdiff_t at = str_find(s, want);
        CHECK(at > 0);
        s = str_slice(s, (size_t)at + want.n, s.n);
    }
    CHECK(str_ends(s, S("2 /last ?  [] 1:z")));
    buf_clear(&raw);
    rig_free(rig);
}

TEST("answers are the same wherever the bytes are cut")
{
    struct rig *rig = rig_new((struct http_options){0});
    str raw = S("POST /a HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello world"
                "POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                "4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n"
                "GET /c HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    for (size_t step = 1; step < raw.n; step += step < 24 ? 1 : 37) {
        str s = exchange(rig, raw, step, false, arena);
        CHECK_EQ(times(s, S("HTTP/1.1 200 OK")), 3);
        CHECK(has(s, S("2 /a ?  [] 11:hello world")));
        CHECK(has(s, S("2 /b ?  [] 7:abcdefg")));
        CHECK(str_ends(s, S("0 /c ?  [] 0:")));
    }
    rig_free(rig);
}

TEST("an ambiguous request is answered 400 and its connection closed, after what came before it")
{
    struct rig *rig = rig_new((struct http_options){0});
    static const char *const BAD[] = {
        "POST /x HTTP/1.1\r\n" HOST
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "POST /x HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 11\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
        "GET /x HTTP/1.1\nHost: a\n\n",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        str raw = arena_printf(
            arena, "GET /later HTTP/1.1\r\n" HOST "\r\n%sGET /smuggled HTTP/1.1\r\n" HOST "\r\n",
            BAD[i]);
        str s = exchange(rig, raw, 1 << 20, false, arena);
        CHECK(str_starts(s, S("HTTP/1.1 200 OK")));
        CHECK_EQ(times(s, S("HTTP/1.1 ")), 2);
        CHECK_EQ(times(s, S("HTTP/1.1 400 Bad Request")), 1);
        CHECK(has(s, S("application/problem+json")) && has(s, S("Connection: close")));
        CHECK(!has(s, S("smuggled")) && !has(s, S("<")));
    }
    rig_free(rig);
}

TEST("a body over the limit is refused before it is sent, and after it when it came in chunks")
{
    struct rig *rig = rig_new((struct http_options){0});
    str s = exchange(rig, S("POST /x HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n"), 1 << 20,
                     false, arena);
    CHECK(str_starts(s, S("HTTP/1.1 413 ")));
    s = exchange(
        rig, S("POST /x HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n"),
        1 << 20, false, arena);
    CHECK(str_starts(s, S("HTTP/1.1 413 ")));
    char *big = arena_alloc(arena, 400000);
    memset(big, 'y', 400000);
    str raw = arena_printf(arena,
                           "POST /x HTTP/1.1\r\n" HOST
                           "Transfer-Encoding: chunked\r\n\r\n3e9\r\n%.1001s\r\n0\r\n\r\n",
                           big);
    s = exchange(rig, raw, 1 << 20, false, arena);
    CHECK(str_starts(s, S("HTTP/1.1 413 ")));
    raw = arena_printf(
        arena, "POST /big HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n%.300000s", big);
    s = exchange(rig, raw, 1 << 20, true, arena);
    CHECK(str_starts(s, S("HTTP/1.1 200 ")));
    CHECK(has(s, S(" 300000:yyyy")));
    CHECK_EQ(s.n - (size_t)str_find(s, S(":yyy")) - 1, 300000);
    rig_free(rig);
}

TEST("a peer that expects it is told to go on")
{
    struct rig *rig = rig_new((struct http_options){0});
    int fd = dial(rig);
    send_all(fd,
             S("POST /x HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    char part[128];
    ssize_t n = recv(fd, part, sizeof part, 0);
    CHECK_STR(((str){part, n > 0 ? (size_t)n : 0}), S("HTTP/1.1 100 Continue\r\n\r\n"));
    send_all(fd, S("ok"));
    shutdown(fd, SHUT_WR);
    CHECK(str_ends(receive_all(fd, arena), S(" 2:ok")));
    close(fd);
    rig_free(rig);
}

TEST("slow heads, slow bodies and idle connections are ended")
{
    struct rig *rig = rig_new((struct http_options){.header_ms = 100, .idle_ms = 300});
    str s = exchange(rig, S("GET /x HTT"), 1 << 20, false, arena);
    CHECK(str_starts(s, S("HTTP/1.1 408 ")));
    s = exchange(rig, S("GET /x HTTP/1.1\r\n" HOST "\r\n"), 1 << 20, false, arena);
    CHECK(str_starts(s, S("HTTP/1.1 200 ")) && !has(s, S("<TIMED OUT>")));
    rig_free(rig);
}

TEST("a request outlives its connection, and is swallowed")
{
    struct rig *rig = rig_new((struct http_options){0});
    int fd = dial(rig);
    send_all(fd, S("GET /later1 HTTP/1.1\r\n" HOST "\r\nGET /later2 HTTP/1.1\r\n" HOST "\r\n"));
    usleep(5000);
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    usleep(60000);
    CHECK_EQ(atomic_load(&rig->gone), 2);
    CHECK(has(exchange(rig, S("GET /a HTTP/1.1\r\n" HOST "\r\n"), 99, true, arena), S("200 OK")));
    rig_free(rig);
}

TEST("a stream is sent in chunks, and to an old peer until the end")
{
    struct rig *rig = rig_new((struct http_options){0});
    str s = exchange(rig,
                     S("GET /stream HTTP/1.1\r\n" HOST "\r\n"
                       "GET /constant HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"),
                     1 << 20, false, arena);
    CHECK(has(
        s, S("Transfer-Encoding: chunked\r\nCache-Control: no-store\r\n\r\n6\r\nonetwo\r\n0\r\n\r\n"
             "HTTP/1.1 200 OK\r\n")));
    CHECK(str_ends(s, S("X-A: b\r\n\r\nsame")));
    s = exchange(rig, S("GET /stream HTTP/1.0\r\n\r\n"), 1 << 20, false, arena);
    CHECK(str_ends(s, S("\r\n\r\nonetwo")));
    CHECK(!has(s, S("Transfer-Encoding")));
    rig_free(rig);
}

TEST("a peer that does not read holds back only itself")
{
    struct rig *rig = rig_new((struct http_options){.stall_ms = 400});
    int fd = dial(rig), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    char *big = arena_alloc(arena, 300000);
    memset(big, 'y', 300000);
    str one = arena_printf(
        arena, "POST /big HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n%.300000s", big);
    struct timeval limit = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    for (int i = 0; i < 60; i++) send_all(fd, one);
    CHECK(has(exchange(rig, S("GET /a HTTP/1.1\r\n" HOST "\r\n"), 99, true, arena), S("200 OK")));
    usleep(1200000);
    str s = receive_all(fd, arena);
    CHECK(!has(s, S("<TIMED OUT>")));
    CHECK(s.n < 20 * one.n);
    close(fd);
    rig_free(rig);
}

TEST("draining answers what was asked and closes")
{
    struct rig *rig = rig_new((struct http_options){0});
    int idle = dial(rig), busy = dial(rig);
    usleep(20000);
    send_all(busy, S("GET /later HTTP/1.1\r\n" HOST "\r\n"));
    usleep(5000);
    rig->drain = true;
    uv_async_send(&rig->stop);
    CHECK_EQ(receive_all(idle, arena).n, 0);
    str s = receive_all(busy, arena);
    CHECK(has(s, S("200 OK")) && has(s, S("Connection: close")));
    close(idle);
    close(busy);
    rig_free(rig);
}
