/* http_load.c — a client that costs little: keep-alive connections, one request under way on each.
 *
 * http_load PORT CONNECTIONS SECONDS BATCH CUSTOMERS [KEY [RATE]]
 * Every event has a message id of its own (a number written into a finished request), its customer
 * drawn from CUSTOMERS. KEY is the base64 of "writeKey:". Prints requests and events a second, and
 * the latency's percentiles of requests answered 200; counts all other answers.
 *
 * RATE: so many events a second, at even distances whatever is answered; latency is then from when
 * a request was due, also if it waited for a connection. 0 or none: the next as soon as one is
 * answered. SIGTERM ends it before SECONDS are over; what it took of one core is told too. */
#include "base/mem.h"
#include "base/rng.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, BATCH_MAX = 1000, ITEM_BYTES = 512, DIGITS = 12, SAMPLES = 8 << 20 };

struct connection {
    int fd;
    char *request;
    size_t size, sent, got;
    i64 began;
    char answer[4096];
};

struct load {
    struct connection connections[CONNECTIONS_MAX];
    u32 count, batch, customers;
    size_t id_at[BATCH_MAX], user_at[BATCH_MAX];
    u64 next, answered, refused;
    i64 due, every;            /* of the next request, and between two; every 0: at once */
    u32 idle[CONNECTIONS_MAX]; /* connections with nothing under way */
    u32 idle_count;
    struct rng rng;
    u32 *samples; /* µs */
    u32 sample_count;
};

static i64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void digits(char *at, u64 v)
{
    for (int i = DIGITS - 1; i >= 0; i--, v /= 10) at[i] = (char)('0' + v % 10);
}

/* One finished request; where its numbers stand is the same in every connection's. */
static char *make_request(struct load *l, const char *key, size_t *size)
{
    static const char ITEM[] = "{\"type\":\"track\",\"messageId\":\"m-000000000000\",\"userId\":"
                               "\"c000000000000\",\"event\":"
                               "\"view_product\",\"properties\":{\"product\":\"p1234\","
                               "\"category\":\"c12\",\"price\":129.5,"
                               "\"currency\":\"CNY\",\"quantity\":1},\"context\":{\"channel\":"
                               "\"app\",\"city\":\"city03\",\"ip\":"
                               "\"10.1.2.3\",\"userAgent\":\"Mozilla/5.0 (iPhone; CPU iPhone OS "
                               "17_0 like Mac OS X)\",\"library\":"
                               "{\"name\":\"analytics.js\",\"version\":\"2.1.0\"}}}";
    size_t item = sizeof ITEM - 1, body = l->batch * (item + 1) - 1 + 12;
    char *r = mem_alloc(body + 1024);
    size_t n = (size_t)snprintf(
        r, 1024,
        "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
        "application/json\r\nAuthorization: Basic %s\r\nContent-Length: %zu\r\n\r\n"
        "{\"batch\":[",
        key, body);
    for (u32 i = 0; i < l->batch; i++) {
        if (i) r[n++] = ',';
        memcpy(r + n, ITEM, item);
        l->id_at[i] = n + (size_t)(strstr(ITEM, "m-0") + 2 - ITEM);
        l->user_at[i] = n + (size_t)(strstr(ITEM, "c0") + 1 - ITEM);
        n += item;
    }
    memcpy(r + n, "]}", 2);
    *size = n + 2;
    return r;
}

static void push(struct connection *c)
{
    while (c->sent < c->size) {
        ssize_t n = write(c->fd, c->request + c->sent, c->size - c->sent);
        if (n <= 0) return;
        c->sent += (size_t)n;
    }
}

static void ask(struct load *l, struct connection *c, i64 due)
{
    for (u32 i = 0; i < l->batch; i++) {
        digits(c->request + l->id_at[i], ++l->next);
        digits(c->request + l->user_at[i], rng_below(&l->rng, l->customers));
    }
    c->sent = c->got = 0;
    c->began = due;
    push(c);
}

/* What is due by now, on whatever connections are free. */
static void ask_due(struct load *l)
{
    for (i64 now = now_ns(); l->every && l->idle_count && l->due <= now; l->due += l->every)
        ask(l, &l->connections[l->idle[--l->idle_count]], l->due);
}

static void ask_next(struct load *l, u32 connection)
{
    if (l->every)
        l->idle[l->idle_count++] = connection;
    else
        ask(l, &l->connections[connection], now_ns());
}

/* The whole answer: its head and Content-Length bytes. */
static bool complete(const struct connection *c)
{
    const char *end = memmem(c->answer, c->got, "\r\n\r\n", 4);
    if (!end) return false;
    const char *length = memmem(c->answer, c->got, "ontent-Length: ", 15);
    if (!length) length = memmem(c->answer, c->got, "ontent-length: ", 15);
    size_t body = length ? (size_t)strtoul(length + 15, NULL, 10) : 0;
    return c->got >= (size_t)(end + 4 - c->answer) + body;
}

static void readable(struct load *l, struct connection *c)
{
    ssize_t n = read(c->fd, c->answer + c->got, sizeof c->answer - c->got - 1);
    if (n <= 0) {
        if (n < 0 && errno == EAGAIN) return;
        fprintf(stderr, "a connection was closed\n");
        exit(1);
    }
    c->got += (size_t)n;
    c->answer[c->got] = 0;
    if (!complete(c)) return;
    if (memcmp(c->answer, "HTTP/1.1 200", 12) == 0)
        l->answered++;
    else
        l->refused++;
    if (l->sample_count < SAMPLES)
        l->samples[l->sample_count++] = (u32)((now_ns() - c->began) / 1000);
    ask_next(l, (u32)(c - l->connections));
}

static void open_all(struct load *l, int epoll, u16 port, const char *key)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    for (u32 i = 0; i < l->count; i++) {
        struct connection *c = &l->connections[i];
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) {
            perror("connect");
            exit(1);
        }
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->request = make_request(l, key, &c->size);
        c->sent = c->size;
        struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = i};
        epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e);
        ask_next(l, i);
    }
}

static int by_size(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;
    return (x > y) - (x < y);
}

static volatile sig_atomic_t ended;

static void on_end(int signal)
{
    (void)signal;
    ended = 1;
}

/* Until something comes or the next request is due, a tenth of a second at most. */
static int wait_for(const struct load *l, int epoll, struct epoll_event *events, int max)
{
    i64 left = 100 * 1000000;
    if (l->every && l->idle_count) left = l->due - now_ns();
    if (left < 0) left = 0;
    if (left > 100 * 1000000) left = 100 * 1000000;
    return epoll_pwait2(epoll, events, max, &(struct timespec){.tv_nsec = (long)left}, NULL);
}

static void run(struct load *l, int epoll, i64 end)
{
    struct epoll_event events[256];
    while (!ended && now_ns() < end) {
        ask_due(l);
        int n = wait_for(l, epoll, events, 256);
        for (int i = 0; i < n; i++) {
            struct connection *c = &l->connections[events[i].data.u32];
            if (events[i].events & EPOLLOUT) push(c);
            if (events[i].events & EPOLLIN) readable(l, c);
        }
    }
}

static void report(struct load *l, double seconds)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    qsort(l->samples, l->sample_count, sizeof *l->samples, by_size);
    u32 s = l->sample_count ? l->sample_count - 1 : 0;
    printf("%.0f requests/s, %.0f events/s, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms, "
           "refused %llu, client %.0f %% of a core\n",
           (double)l->answered / seconds, (double)l->answered * l->batch / seconds,
           l->samples[s / 2] / 1e3, l->samples[(u64)s * 99 / 100] / 1e3,
           l->samples[(u64)s * 999 / 1000] / 1e3, l->samples[s] / 1e3,
           (unsigned long long)l->refused, 100 * cpu / seconds);
}

int main(int argc, char **argv)
{
    if (argc < 6) return 2;
    struct load *l = mem_zalloc(sizeof *l);
    l->count = (u32)atol(argv[2]);
    l->batch = (u32)atol(argv[4]);
    l->customers = (u32)atol(argv[5]);
    double rate = argc > 7 ? atof(argv[7]) : 0;
    if (rate > 0) l->every = (i64)(1e9 * l->batch / rate);
    l->rng.state = 1;
    l->next = (u64)(now_ns() / 1000) % 1000000000000u;
    l->samples = mem_alloc(SAMPLES * sizeof *l->samples);
    if (l->count > CONNECTIONS_MAX || l->batch > BATCH_MAX) return 2;
    signal(SIGTERM, on_end);
    int epoll = epoll_create1(0);
    i64 began = l->due = now_ns();
    open_all(l, epoll, (u16)atol(argv[1]), argc > 6 ? argv[6] : "eDo=");
    run(l, epoll, began + (i64)(atof(argv[3]) * 1e9));
    report(l, (double)(now_ns() - began) / 1e9);
    return 0;
}
