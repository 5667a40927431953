/* reach.c — from an acknowledged event to the mail it causes, at a fixed rate of events.
 *
 *   reach PORT MAIL_PORT KEY RATE SECONDS BATCH EVERY [CUSTOMERS] [CONNECTIONS]
 *
 * A client and a mail server in one process, one thread. RATE events a second are due at even
 * times, whatever has been answered (open loop), in requests of BATCH; every EVERY-th event is
 * "Reached", which starts a journey that sends at once (bench/run.sh publishes it), the others are
 * "Watched", which starts nothing. A mail's subject says which event it answers. KEY is the base64
 * of "writeKey:". First each of CUSTOMERS is identified with an address and consent; the first
 * second of the run warms up and does not count.
 *
 *   answered   from when the event was due to its 2xx: durable and applied
 *   reached    from that 2xx to the mail's first bytes behind DATA, here
 *   in all     from when it was due to the same bytes
 *
 * Exit 1 if a mail came twice, was nobody's, or did not come within 30 s of the last one. */
#include "base/base.h"
#include "base/mem.h"
#include "base/rng.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 512, MAILERS_MAX = 256, BATCH_MAX = 1000, DIGITS = 12, REQUEST_HEAD = 1024 };
enum { MAIL_BYTES = 16384, SILENCE_S = 30 };
#define NS ((i64)1000000000)

/* An HTTP connection; one request at a time. */
struct client {
    int fd;
    char *request;
    size_t size, sent, got;
    u64 first; /* number of its first event */
    bool busy;
    char answer[4096];
};

/* A connection a mail comes by. */
struct mailer {
    int fd;
    bool data; /* behind DATA */
    u64 mail;  /* the event it answers, once its subject was read; UINT64_MAX before */
    size_t n;
    char in[MAIL_BYTES];
};

struct reach {
    struct client clients[CLIENTS_MAX];
    struct mailer mailers[MAILERS_MAX];
    u32 idle[CLIENTS_MAX], idle_count;
    u32 count, batch, every, customers;
    u16 port;
    const char *key;
    int epoll, listener;
    size_t id_at[BATCH_MAX], user_at[BATCH_MAX], name_at[BATCH_MAX], n_at[BATCH_MAX];
    u64 run; /* before each message id */
    struct rng rng;
    double rate;
    u64 total, next, warm; /* events of the run, the next one's number, those not counted */
    u64 answered, refused, mails, doubled, strangers;
    i64 began, last_mail;
    i64 *acked, *mailed; /* ns, by event; 0: not yet */
};

enum { AS_LISTENER = 1, AS_CLIENT, AS_MAILER };

static i64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(struct reach *r, int fd, u32 what, u32 index, u32 events)
{
    struct epoll_event e = {.events = events, .data.u64 = (u64)what << 32 | index};
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e) != 0) die("epoll");
}

static void quick(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

/* ---- the mail server: says yes to everything ---- */

static void listen_for_mail(struct reach *r, u16 port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    r->listener = -1;
    if (port == 0) return;
    r->listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(r->listener, (struct sockaddr *)&at, sizeof at) != 0) die("bind");
    if (listen(r->listener, 256) != 0) die("listen");
    quick(r->listener);
    watch(r, r->listener, AS_LISTENER, 0, EPOLLIN);
}

static void say(struct mailer *m, const char *text)
{
    if (write(m->fd, text, strlen(text)) < 0 && errno != EPIPE && errno != ECONNRESET)
        die("mail answer");
}

static void accept_mailers(struct reach *r)
{
    for (int fd; (fd = accept(r->listener, NULL, NULL)) >= 0;) {
        u32 i = 0;
        while (i < MAILERS_MAX && r->mailers[i].fd) i++;
        if (i == MAILERS_MAX) {
            close(fd);
            continue;
        }
        struct mailer *m = &r->mailers[i];
        m->fd = fd;
        m->n = 0;
        m->data = false;
        quick(fd);
        watch(r, fd, AS_MAILER, i, EPOLLIN);
        say(m, "220 sink ready\r\n");
    }
}

/* The subject is "n" and the event's number. */
static void read_subject(struct reach *r, struct mailer *m)
{
    static const char SUBJECT[] = "Subject: n";
    const char *at = memmem(m->in, m->n, SUBJECT, sizeof SUBJECT - 1);
    if (!at || (size_t)(m->in + m->n - at) < sizeof SUBJECT + DIGITS) return;
    u64 n = 0;
    for (const char *p = at + sizeof SUBJECT - 1; *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (u64)(*p - '0');
    m->mail = n;
    r->mails++;
    r->last_mail = now_ns();
    if (n >= r->total || n % r->every)
        r->strangers++;
    else if (r->mailed[n])
        r->doubled++;
    else
        r->mailed[n] = r->last_mail;
}

static bool whole_mail(const struct mailer *m, size_t *end)
{
    const char *at = memmem(m->in, m->n, "\r\n.\r\n", 5);
    *end = at ? (size_t)(at + 5 - m->in) : 0;
    return at != NULL;
}

static void forget(struct mailer *m, size_t n)
{
    memmove(m->in, m->in + n, m->n - n);
    m->n -= n;
}

static void hang_up(struct mailer *m)
{
    close(m->fd);
    m->fd = 0;
}

static void handle_mail(struct reach *r, struct mailer *m)
{
    for (size_t end; m->fd;) {
        if (m->data) {
            if (m->mail == UINT64_MAX) read_subject(r, m);
            if (!whole_mail(m, &end)) return;
            forget(m, end);
            m->data = false;
            say(m, "250 taken\r\n");
            continue;
        }
        const char *line = memmem(m->in, m->n, "\r\n", 2);
        if (!line) return;
        m->data = strncasecmp(m->in, "DATA", 4) == 0;
        bool quit = strncasecmp(m->in, "QUIT", 4) == 0;
        m->mail = UINT64_MAX;
        forget(m, (size_t)(line + 2 - m->in));
        say(m, m->data ? "354 go on\r\n" : quit ? "221 bye\r\n" : "250 fine\r\n");
        if (quit) hang_up(m);
    }
}

static void mail_readable(struct reach *r, struct mailer *m)
{
    if (m->n == MAIL_BYTES) forget(m, MAIL_BYTES / 2); /* the middle of a long mail */
    ssize_t n = read(m->fd, m->in + m->n, MAIL_BYTES - m->n);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        hang_up(m);
        return;
    }
    m->n += (size_t)n;
    handle_mail(r, m);
}

/* ---- the client ---- */

static void digits(char *at, u64 v)
{
    for (int i = DIGITS - 1; i >= 0; i--, v /= 10) at[i] = (char)('0' + v % 10);
}

static size_t put_head(const struct reach *r, char *at, size_t body)
{
    return (size_t)snprintf(at, REQUEST_HEAD,
                            "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
                            "application/json\r\nAuthorization: Basic %s\r\nContent-Length: "
                            "%zu\r\n\r\n",
                            r->key, body);
}

/* One finished request; where its numbers stand is the same in every connection's. */
static char *make_request(struct reach *r, size_t *size)
{
    static const char ITEM[] =
        "{\"type\":\"track\",\"messageId\":\"m-000000000000-000000000000\",\"userId\":"
        "\"c000000000000\",\"event\":\"Watched\",\"properties\":{\"n\":\"000000000000\","
        "\"product\":\"p1234\",\"price\":129.5,\"currency\":\"CNY\"}}";
    size_t item = sizeof ITEM - 1, body = r->batch * (item + 1) - 1 + 12;
    char *p = mem_alloc(body + REQUEST_HEAD);
    size_t n = put_head(r, p, body);
    memcpy(p + n, "{\"batch\":[", 10);
    n += 10;
    for (u32 i = 0; i < r->batch; i++) {
        if (i) p[n++] = ',';
        memcpy(p + n, ITEM, item);
        digits(p + n + (strstr(ITEM, "m-0") + 2 - ITEM), r->run);
        r->id_at[i] = n + (size_t)(strstr(ITEM, "m-0") + 3 + DIGITS - ITEM);
        r->user_at[i] = n + (size_t)(strstr(ITEM, "c0") + 1 - ITEM);
        r->name_at[i] = n + (size_t)(strstr(ITEM, "Watched") - ITEM);
        r->n_at[i] = n + (size_t)(strstr(ITEM, "\"n\":\"") + 5 - ITEM);
        n += item;
    }
    memcpy(p + n, "]}", 2);
    *size = n + 2;
    return p;
}

static int connect_to(u16 port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) die("connect");
    return fd;
}

static void push(struct client *c)
{
    while (c->sent < c->size) {
        ssize_t n = write(c->fd, c->request + c->sent, c->size - c->sent);
        if (n <= 0) return;
        c->sent += (size_t)n;
    }
}

static void ask(struct reach *r, struct client *c)
{
    for (u32 i = 0; i < r->batch; i++) {
        u64 n = r->next + i;
        digits(c->request + r->id_at[i], n);
        digits(c->request + r->n_at[i], n);
        digits(c->request + r->user_at[i], rng_below(&r->rng, r->customers));
        memcpy(c->request + r->name_at[i], n % r->every ? "Watched" : "Reached", 7);
    }
    c->first = r->next;
    r->next += r->batch;
    c->sent = c->got = 0;
    c->busy = true;
    push(c);
}

/* The whole answer: its head and Content-Length bytes. */
static bool complete(const struct client *c)
{
    const char *end = memmem(c->answer, c->got, "\r\n\r\n", 4);
    if (!end) return false;
    const char *length = memmem(c->answer, c->got, "ontent-Length: ", 15);
    size_t body = length ? (size_t)strtoul(length + 15, NULL, 10) : 0;
    return c->got >= (size_t)(end + 4 - c->answer) + body;
}

static bool read_answer(struct client *c)
{
    ssize_t n = read(c->fd, c->answer + c->got, sizeof c->answer - c->got - 1);
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) die("a connection was closed");
    c->got += (size_t)n;
    c->answer[c->got] = 0;
    return complete(c);
}

static void client_readable(struct reach *r, struct client *c)
{
    if (!c->busy || !read_answer(c)) return;
    bool fine = memcmp(c->answer, "HTTP/1.1 200", 12) == 0;
    i64 now = now_ns();
    if (fine) r->answered += r->batch;
    if (!fine) r->refused += r->batch;
    for (u32 i = 0; fine && i < r->batch; i++) r->acked[c->first + i] = now;
    c->busy = false;
    r->idle[r->idle_count++] = (u32)(c - r->clients);
}

/* Everybody by name, before anything is measured: a request at a time. */
static void identify_all(struct reach *r)
{
    enum { AT_ONCE = 200, ITEM = 256 };
    struct client *c = &r->clients[0];
    char *body = mem_alloc(AT_ONCE * ITEM + 64), *all = mem_alloc(AT_ONCE * ITEM + 2048);
    c->fd = connect_to(r->port);
    for (u32 from = 0; from < r->customers; from += AT_ONCE) {
        size_t n = (size_t)sprintf(body, "{\"batch\":[");
        for (u32 i = from; i < min_u32(from + AT_ONCE, r->customers); i++)
            n += (size_t)snprintf(body + n, ITEM,
                                  "%s{\"type\":\"identify\",\"messageId\":\"i-%llu-%u\",\"userId\":"
                                  "\"c%012u\",\"traits\":{\"email\":\"c%u@sink.test\",\"consent\":"
                                  "{\"email\":true}}}",
                                  i > from ? "," : "", (unsigned long long)r->run, i, i, i);
        n += (size_t)sprintf(body + n, "]}");
        size_t head = put_head(r, all, n);
        memcpy(all + head, body, n);
        if (write(c->fd, all, head + n) != (ssize_t)(head + n)) die("identify");
        for (c->got = 0; !read_answer(c);)
            ;
        if (memcmp(c->answer, "HTTP/1.1 200", 12) != 0) {
            fprintf(stderr, "%s\n", c->answer);
            exit(1);
        }
    }
    close(c->fd);
    free(body);
    free(all);
}

static void open_clients(struct reach *r)
{
    for (u32 i = 0; i < r->count; i++) {
        struct client *c = &r->clients[i];
        c->fd = connect_to(r->port);
        quick(c->fd);
        c->request = make_request(r, &c->size);
        c->sent = c->size; /* nothing is asked yet */
        watch(r, c->fd, AS_CLIENT, i, EPOLLIN | EPOLLOUT | EPOLLET);
        r->idle[r->idle_count++] = i;
    }
}

/* ---- running ---- */

static i64 due_ns(const struct reach *r, u64 event)
{
    return r->began + (i64)((double)(event - event % r->batch) / r->rate * (double)NS);
}

static void handle(struct reach *r, const struct epoll_event *e)
{
    u32 what = (u32)(e->data.u64 >> 32), i = (u32)e->data.u64;
    if (what == AS_LISTENER) accept_mailers(r);
    if (what == AS_MAILER && r->mailers[i].fd) mail_readable(r, &r->mailers[i]);
    if (what != AS_CLIENT) return;
    if (e->events & EPOLLOUT) push(&r->clients[i]);
    if (e->events & EPOLLIN) client_readable(r, &r->clients[i]);
}

static u64 mails_due(const struct reach *r)
{
    return r->listener < 0 ? 0 : (r->total + r->every - 1) / r->every;
}

static bool is_over(const struct reach *r, i64 now)
{
    if (r->next < r->total || r->idle_count < r->count) return false;
    return r->mails >= mails_due(r) || now - max_i64(r->last_mail, r->began) > SILENCE_S * NS;
}

static void run(struct reach *r)
{
    struct epoll_event events[256];
    r->began = now_ns();
    for (i64 now = r->began; !is_over(r, now); now = now_ns()) {
        while (r->next < r->total && r->idle_count && due_ns(r, r->next) <= now)
            ask(r, &r->clients[r->idle[--r->idle_count]]);
        i64 wait = NS / 10;
        if (r->next < r->total && r->idle_count)
            wait = max_i64(0, min_i64(wait, due_ns(r, r->next) - now));
        struct timespec t = {wait / NS, wait % NS};
        int n = epoll_pwait2(r->epoll, events, 256, &t, NULL);
        for (int i = 0; i < n; i++) handle(r, &events[i]);
    }
}

/* ---- telling ---- */

static int by_size(const void *a, const void *b)
{
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

static void show(const char *what, i64 *ns, u64 n)
{
    if (!n) return;
    qsort(ns, n, sizeof *ns, by_size);
    u64 s = n - 1;
    printf("  %-10s p50 %8.2f   p99 %8.2f   p99.9 %8.2f   max %8.2f ms   (%llu)\n", what,
           (double)ns[s / 2] / 1e6, (double)ns[s - s / 100] / 1e6, (double)ns[s - s / 1000] / 1e6,
           (double)ns[s] / 1e6, (unsigned long long)n);
}

static u64 tell(struct reach *r)
{
    i64 *answered = mem_alloc(r->total * sizeof *answered),
        *reached = mem_alloc(r->total * sizeof *reached), *all = mem_alloc(r->total * sizeof *all);
    u64 a = 0, m = 0, lost = 0;
    for (u64 n = 0; n < r->total; n++) {
        lost += r->listener >= 0 && n % r->every == 0 && r->acked[n] && !r->mailed[n];
        if (n < r->warm || !r->acked[n]) continue;
        answered[a++] = r->acked[n] - due_ns(r, n);
        if (!r->mailed[n]) continue;
        reached[m] = max_i64(0, r->mailed[n] - r->acked[n]);
        all[m++] = r->mailed[n] - due_ns(r, n);
    }
    double took = (double)max_i64(0, r->last_mail - r->began) / 1e9;
    printf("%.0f events/s in requests of %u, one in %u a mail (%.0f/s), %u customers, %u "
           "connections\n",
           r->rate, r->batch, r->every, r->rate / r->every, r->customers, r->count);
    show("answered", answered, a);
    show("reached", reached, m);
    show("in all", all, m);
    if (r->listener < 0) {
        printf("  %llu events answered, %llu refused\n", (unsigned long long)r->answered,
               (unsigned long long)r->refused);
        return 0;
    }
    printf("  %llu events answered, %llu refused; %llu of %llu mails in %.1f s, %llu lost, %llu "
           "doubled, %llu nobody's\n",
           (unsigned long long)r->answered, (unsigned long long)r->refused,
           (unsigned long long)r->mails, (unsigned long long)mails_due(r), took,
           (unsigned long long)lost, (unsigned long long)r->doubled,
           (unsigned long long)r->strangers);
    free(answered);
    free(reached);
    free(all);
    return lost;
}

int main(int argc, char **argv)
{
    if (argc < 8) {
        fputs("reach PORT MAIL_PORT KEY RATE SECONDS BATCH EVERY [CUSTOMERS] [CONNECTIONS]\n",
              stderr);
        return 2;
    }
    struct reach *r = mem_zalloc(sizeof *r);
    r->port = (u16)atol(argv[1]);
    r->key = argv[3];
    r->rate = atof(argv[4]);
    r->batch = (u32)atol(argv[6]);
    r->every = (u32)atol(argv[7]);
    r->customers = argc > 8 ? (u32)atol(argv[8]) : 50000;
    r->count = argc > 9 ? (u32)atol(argv[9]) : 64;
    if (r->rate <= 0 || !r->batch || r->batch > BATCH_MAX || !r->every || !r->customers ||
        !r->count || r->count > CLIENTS_MAX)
        return 2;
    r->total = (u64)(r->rate * (atof(argv[5]) + 1)) / r->batch * r->batch;
    r->warm = (u64)r->rate;
    r->rng.state = r->run = (u64)(now_ns() / 1000) % 1000000000000u;
    r->acked = mem_zalloc(r->total * sizeof *r->acked);
    r->mailed = mem_zalloc(r->total * sizeof *r->mailed);
    r->epoll = epoll_create1(0);
    listen_for_mail(r, (u16)atol(argv[2]));
    identify_all(r);
    open_clients(r);
    run(r);
    return tell(r) || r->doubled || r->strangers ? 1 : 0;
}
