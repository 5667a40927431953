/* connector_test.c — where requests may not go, in every way of writing it; and what a request's
 * end tells. Against a real listener on this machine. */
#include "base/test.h"
#include "channel/connector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- texts ---- */

static const char *const REFUSED[] = {
    /* this machine, in all spellings */
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0177.1/",
    "http://127.0.0.1./",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://LocalHost:8080/",
    "http://localhost./",
    "http://a.localhost/",
    "http://a.b.localhost./",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::127.0.0.1]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    /* private, shared, link-local, metadata */
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.255.255/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://100.127.255.255/",
    "http://169.254.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xA9FEA9FE/",
    "http://0251.0376.0251.0376/",
    "http://168.63.129.16/",
    "http://metadata.google.internal/",
    "http://METADATA.GOOGLE.INTERNAL./",
    "http://printer.local/",
    "http://nas.lan/",
    "http://box.home.arpa/",
    "http://x.localdomain/",
    /* not for unicast, or for documents */
    "http://224.0.0.1/",
    "http://239.255.255.255/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://198.51.100.7/",
    "http://203.0.113.9/",
    "http://198.18.0.1/",
    "http://192.88.99.1/",
    "http://192.0.0.8/",
    /* IPv6 that is inside, or carries IPv4 */
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:93.184.216.34]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[100::1]/",
    "http://[fec0::1]/",
    "http://[5f00::1]/",
    /* odd texts */
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "dict://example.com:2628/",
    "//example.com/",
    "example.com",
    "http:/example.com/",
    "http:///example.com/",
    "http://",
    "",
    "http://user@example.com/",
    "http://user:pw@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1\\@example.com/",
    "http://exa mple.com/",
    "http://example.com\r\nHost: x/",
    "http://ex\xc3\xa4mple.com/",
    "http://%31%32%37.0.0.1/",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:6379/",
    "http://example.com:x/",
    "http://example.com:/",
    "http://1.2.3.4.5/",
    "http://256.1.1.1/",
    "http://0x1g/",
    "http://[::1/",
    "http://[zz]/",
    "http://[1.2.3.4]/",
    "http://..example.com/",
    "http://example..com/",
    "http://example.com../",
    "http://127.0.0.1:80:80/",
    "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
    "http://127。0。0。1/",
};

static const char *const ALLOWED[] = {
    "http://example.com/",
    "https://example.com",
    "HTTPS://Example.COM/a?b=c#d",
    "https://example.com:8443/x",
    "https://example.com.:443/x",
    "https://93.184.216.34/",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    "https://[2606:4700::1111]:8443/",
    "https://xn--fiqs8s.example/",
    "https://a_b.example.com/?x=http://127.0.0.1/",
    "http://172.32.0.1/",
    "http://100.128.0.1/",
    "http://11.0.0.1/",
    "http://223.255.255.255/",
    "https://localhost.example.com/",
};

TEST("no spelling of an inside address passes, and public ones do")
{
    struct outbound o = {0};
    CHECK(COUNT_OF(REFUSED) >= 60);
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        struct diag why = {0};
        err e = outbound_check(&o, str_of(REFUSED[i]), &why);
        if (e != ERR_REFUSED) fprintf(stderr, "passed: %s\n", REFUSED[i]);
        CHECK_EQ(e, ERR_REFUSED);
        CHECK(why.message[0]);
    }
    for (size_t i = 0; i < COUNT_OF(ALLOWED); i++) {
        struct diag why = {0};
        err e = outbound_check(&o, str_of(ALLOWED[i]), &why);
        if (e != ERR_OK) fprintf(stderr, "refused: %s: %s\n", ALLOWED[i], why.message);
        CHECK_OK(e);
    }
}

TEST("what was allowed passes, and nothing beside it")
{
    struct outbound o = {0}, bad = {0};
    struct diag why = {0};
    CHECK_OK(outbound_nets(&o, S("10.1.0.0/16, fd00::/8,192.168.7.7"), &why));
    CHECK_EQ(o.net_count, 3);
    CHECK_OK(outbound_check(&o, S("http://10.1.255.255/"), NULL));
    CHECK_OK(outbound_check(&o, S("http://[fd12::1]/"), NULL));
    CHECK_OK(outbound_check(&o, S("http://192.168.7.7/"), NULL));
    CHECK_EQ(outbound_check(&o, S("http://10.2.0.0/"), NULL), ERR_REFUSED);
    CHECK_EQ(outbound_check(&o, S("http://[fc12::1]/"), NULL), ERR_REFUSED);
    CHECK_EQ(outbound_check(&o, S("http://192.168.7.8/"), NULL), ERR_REFUSED);
    CHECK_EQ(outbound_check(&o, S("http://169.254.169.254/"), NULL), ERR_REFUSED);
    static const char *const BAD[] = {"10.0.0.0/33", "fd00::/129",   "10.0.0", "x",
                                      "10.0.0.0/-1", "10.0.0.0/8,,", "/8"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        CHECK_EQ(outbound_nets(&bad, str_of(BAD[i]), &why), ERR_INVALID);
}

/* ---- requests ---- */

/* A server that answers every request on a thread of its own with one text, or not at all. */
struct listener {
    int fd, port;
    pthread_t thread;
    const char *answer; /* NULL: closes after the request */
    int first_answers;  /* so many are answered before `answer` becomes NULL; 0: as `answer` says */
    int hang_ms;
    atomic_int requests, connections;
    char last[8192];
};

static bool read_request(int fd, char *out, size_t max)
{
    size_t n = 0;
    while (n + 1 < max) {
        ssize_t got = read(fd, out + n, max - 1 - n);
        if (got <= 0) return false;
        n += (size_t)got;
        out[n] = 0;
        const char *end = strstr(out, "\r\n\r\n");
        const char *length = strcasestr(out, "content-length:");
        size_t want = length && length < end ? (size_t)strtoul(length + 15, NULL, 10) : 0;
        if (end && n >= (size_t)(end + 4 - out) + want) return true;
    }
    return false;
}

static void serve(struct listener *l, int fd)
{
    while (read_request(fd, l->last, sizeof l->last)) {
        int number = ++l->requests;
        if (l->hang_ms) usleep((useconds_t)l->hang_ms * 1000);
        if (!l->answer || (l->first_answers && number > l->first_answers)) break;
        (void)!write(fd, l->answer, strlen(l->answer));
    }
    close(fd);
}

static void *listen_on(void *ctx)
{
    struct listener *l = ctx;
    for (;;) {
        int fd = accept(l->fd, NULL, NULL);
        if (fd < 0) return NULL;
        l->connections++;
        serve(l, fd);
    }
}

static void listener_start(struct listener *l)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(bind(l->fd, (struct sockaddr *)&a, n) == 0 && listen(l->fd, 16) == 0);
    MUST(getsockname(l->fd, (struct sockaddr *)&a, &n) == 0);
    l->port = ntohs(a.sin_port);
    MUST(pthread_create(&l->thread, NULL, listen_on, l) == 0);
}

static void listener_stop(struct listener *l)
{
    shutdown(l->fd, SHUT_RDWR);
    pthread_join(l->thread, NULL);
    close(l->fd);
}

struct world {
    uv_loop_t loop;
    struct curl_loop *curl;
    struct outbound outbound;
    int done;
};

static void world_open(struct world *w, bool allow_private)
{
    *w = (struct world){.outbound.allow_private = allow_private};
    MUST(uv_loop_init(&w->loop) == 0);
    w->curl = curl_loop_new(&w->loop);
    curl_loop_allow(w->curl, &w->outbound);
}

static void world_close(struct world *w)
{
    curl_loop_free(w->curl);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    MUST(uv_loop_close(&w->loop) == 0);
    curl_slist_free_all(w->outbound.names);
}

static void on_done(struct exchange *x)
{
    struct world *w = x->ctx;
    w->done++;
}

static void ask(struct world *w, struct exchange *x, str url, str method, str body)
{
    *x = (struct exchange){.url = url,
                           .method = method,
                           .body = body,
                           .timeout_ms = x->timeout_ms ? x->timeout_ms : 2000,
                           .done = on_done,
                           .ctx = w};
    int before = w->done;
    exchange_begin(x, w->curl, 1000000);
    CHECK_EQ(w->done, before);
    while (w->done == before) uv_run(&w->loop, UV_RUN_ONCE);
}

static str url_of(struct arena *a, const char *host, int port)
{
    return arena_printf(a, "http://%s:%d/hook", host, port);
}

TEST("a name that leads inside is refused by the address of its socket")
{
    struct listener l = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
    struct world w;
    struct exchange x = {0};
    listener_start(&l);
    world_open(&w, false);
    str entry = arena_printf(arena, "evil.example:%d:127.0.0.1", l.port);
    w.outbound.names = curl_slist_append(NULL, entry.p);
    ask(&w, &x, url_of(arena, "evil.example", l.port), S("POST"), S("x"));
    CHECK_EQ(x.status, 0);
    CHECK(x.refused && !x.sent);
    CHECK(strstr(x.error, "127.0.0.1"));
    exchange_clear(&x);
    CHECK_EQ(l.connections, 0);
    world_close(&w);
    listener_stop(&l);
}

TEST("a name that answers otherwise the second time is refused then")
{
    struct listener l = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n"
                                   "\r\nok"};
    struct world w;
    struct exchange x = {0};
    listener_start(&l);
    world_open(&w, true); /* stands for a public address, the first time */
    str entry = arena_printf(arena, "rebind.example:%d:127.0.0.1", l.port);
    w.outbound.names = curl_slist_append(NULL, entry.p);
    ask(&w, &x, url_of(arena, "rebind.example", l.port), S("POST"), S("x"));
    CHECK_EQ(x.status, 200);
    exchange_clear(&x);
    w.outbound.allow_private = false; /* the same name, which now means this machine */
    ask(&w, &x, url_of(arena, "rebind.example", l.port), S("POST"), S("x"));
    CHECK(x.refused && x.status == 0);
    exchange_clear(&x);
    CHECK_EQ(l.requests, 1);
    world_close(&w);
    listener_stop(&l);
}

TEST("an answer comes with its status, its time to wait, and no more than 64 KiB")
{
    struct listener l = {.answer = "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n"
                                   "\r\nno"};
    struct world w;
    struct exchange x = {0};
    listener_start(&l);
    world_open(&w, true);
    ask(&w, &x, url_of(arena, "127.0.0.1", l.port), S("POST"), S("{\"a\":1}"));
    CHECK_EQ(x.status, 429);
    CHECK_EQ(x.retry_after_ms, 7000);
    CHECK_STR(buf_str(&x.answer), S("no"));
    CHECK(strstr(l.last, "{\"a\":1}") && !strcasestr(l.last, "content-type"));
    exchange_clear(&x);
    struct buf big;
    buf_init(&big, 1 << 20);
    buf_put(&big, S("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"));
    for (u32 i = 0; i < 100000; i++) buf_byte(&big, 'x');
    buf_byte(&big, 0);
    l.answer = big.p;
    ask(&w, &x, url_of(arena, "127.0.0.1", l.port), S("POST"), S("b"));
    CHECK_EQ(x.status, 200);
    CHECK_EQ(x.answer.n, EXCHANGE_ANSWER_MAX);
    exchange_clear(&x);
    world_close(&w);
    listener_stop(&l);
    buf_clear(&big);
}

TEST("a redirect is an answer, not a way")
{
    struct listener inside = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, l = {0};
    struct world w;
    struct exchange x = {0};
    listener_start(&inside);
    str answer = arena_printf(
        arena, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n",
        inside.port);
    l.answer = answer.p;
    listener_start(&l);
    world_open(&w, true);
    ask(&w, &x, url_of(arena, "127.0.0.1", l.port), S("POST"), S("b"));
    CHECK_EQ(x.status, 302);
    exchange_clear(&x);
    CHECK_EQ(inside.connections, 0);
    world_close(&w);
    listener_stop(&l);
    listener_stop(&inside);
}

TEST("it tells whether the request may have arrived")
{
    struct listener silent = {.answer = "x", .hang_ms = 1500}, closes = {0};
    struct world w;
    struct exchange x = {.timeout_ms = 300};
    listener_start(&silent);
    listener_start(&closes);
    world_open(&w, true);
    ask(&w, &x, url_of(arena, "127.0.0.1", silent.port), S("POST"), S("b"));
    CHECK(x.status == 0 && x.sent && !x.refused);
    exchange_clear(&x);
    ask(&w, &x, url_of(arena, "127.0.0.1", closes.port), S("POST"), S("b"));
    CHECK(x.status == 0 && x.sent);
    exchange_clear(&x);
    ask(&w, &x, url_of(arena, "127.0.0.1", closes.port), S("GET"), S(""));
    CHECK(x.status == 0 && x.sent);
    exchange_clear(&x);
    CHECK_EQ(closes.requests, 2);
    int port = closes.port;
    listener_stop(&closes);
    ask(&w, &x, url_of(arena, "127.0.0.1", port), S("POST"), S("b"));
    CHECK(x.status == 0 && !x.sent && !x.refused);
    exchange_clear(&x);
    world_close(&w);
    listener_stop(&silent);
}

TEST("a connection that dies under a request does not make it go twice")
{
    struct listener l = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                         .first_answers = 1};
    struct world w;
    struct exchange x = {0};
    listener_start(&l);
    world_open(&w, true);
    ask(&w, &x, url_of(arena, "127.0.0.1", l.port), S("POST"), S("one"));
    CHECK_EQ(x.status, 200);
    exchange_clear(&x);
    ask(&w, &x, url_of(arena, "127.0.0.1", l.port), S("POST"), S("two"));
    CHECK(x.status == 0 && x.sent);
    exchange_clear(&x);
    CHECK_EQ(l.requests, 2);
    world_close(&w);
    listener_stop(&l);
}

TEST("no header can end its line")
{
    struct world w;
    struct exchange x = {.method = S("POST"), .url = S("https://example.com/"), .done = on_done};
    world_open(&w, false);
    x.ctx = &w;
    x.timeout_ms = 1000;
    exchange_header(&x, S("X-Good"), S("fine"));
    CHECK(!x.refused);
    exchange_header(&x, S("X-Bad"), S("a\r\nHost: b"));
    CHECK(x.refused);
    exchange_begin(&x, w.curl, 0);
    while (!w.done) uv_run(&w.loop, UV_RUN_ONCE);
    CHECK(x.refused && x.status == 0 && !x.sent);
    exchange_clear(&x);
    world_close(&w);
}
