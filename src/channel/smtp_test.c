/* smtp_test.c — against a real server, written here, that is told line by line what to answer. */
#include "base/json.h"
#include "base/test.h"
#include "channel/smtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a server ---- */

#define HANG "hang"   /* says nothing more, until the other side closes */
#define CLOSE "close" /* closes */

/* What it answers to each step; NULL: the usual. `end_times` of them answer `end`, the rest 250. */
struct script {
    const char *greeting, *auth, *mail, *rcpt, *data, *end;
    int mail_after; /* `mail` holds from the n-th MAIL of a connection on; 0: from the first */
    int slow_ms;    /* before each answer */
    bool tls, starttls;
    bool pipelining; /* it offers that */
};

struct server {
    struct script script;
    int listener, port;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    SSL_CTX *tls;
    atomic_int open, open_max, connections, mails, commands;
    atomic_int ahead;      /* MAILs behind which more had come already */
    char last_mail[65536]; /* under the lock */
    size_t last_mail_n;
    atomic_bool stopping;
};

struct talk {
    struct server *s;
    int fd;
    SSL *ssl;
    char in[8192];
    size_t in_n;
};

static ssize_t talk_read(struct talk *t, void *p, size_t n)
{
    return t->ssl ? SSL_read(t->ssl, p, (int)n) : read(t->fd, p, n);
}

static void talk_write(struct talk *t, const char *text)
{
    char line[600];
    int n = snprintf(line, sizeof line, "%s\r\n", text);
    if (t->ssl)
        SSL_write(t->ssl, line, n);
    else
        (void)!write(t->fd, line, (size_t)n);
}

/* Answers; false when the script says to stop talking. */
static bool say(struct talk *t, const char *scripted, const char *usual)
{
    if (t->s->script.slow_ms) usleep((useconds_t)t->s->script.slow_ms * 1000);
    const char *words = scripted ? scripted : usual;
    if (strcmp(words, CLOSE) == 0) return false;
    if (strcmp(words, HANG) == 0) {
        char c;
        while (!t->s->stopping && talk_read(t, &c, 1) > 0) {
        }
        return false;
    }
    talk_write(t, words);
    return true;
}

/* The next line, terminated, without its end; false at the end. */
static bool line(struct talk *t, char out[2048])
{
    for (;;) {
        char *end = memchr(t->in, '\n', t->in_n);
        if (end) {
            size_t n = (size_t)(end - t->in) + 1, keep = n > 1 && end[-1] == '\r' ? n - 2 : n - 1;
            if (keep > 2047) return false;
            memcpy(out, t->in, keep);
            out[keep] = 0;
            memmove(t->in, t->in + n, t->in_n -= n);
            return true;
        }
        ssize_t got = talk_read(t, t->in + t->in_n, sizeof t->in - t->in_n);
        if (got <= 0) return false;
        t->in_n += (size_t)got;
    }
}

static bool take_mail(struct talk *t)
{
    char one[2048] = ""; /* a connection may end before the first line */
    struct server *s = t->s;
    static const char nothing[] = "";
    struct buf mail;
    buf_init(&mail, sizeof s->last_mail - 1);
    while (line(t, one) && strcmp(one, ".") != 0)
        buf_printf(&mail, "%s\r\n", one[0] == '.' ? one + 1 : one);
    bool whole = strcmp(one, ".") == 0;
    pthread_mutex_lock(&s->lock);
    s->last_mail_n = mail.n;
    memcpy(s->last_mail, mail.n ? mail.p : nothing, mail.n);
    pthread_mutex_unlock(&s->lock);
    buf_clear(&mail);
    if (!whole) return false;
    s->mails++;
    return true;
}

static bool start_tls(struct talk *t)
{
    t->ssl = SSL_new(t->s->tls);
    SSL_set_fd(t->ssl, t->fd);
    return SSL_accept(t->ssl) == 1;
}

static bool respond(struct talk *t, const char *command, int *mails)
{
    const struct script *c = &t->s->script;
    t->s->commands++;
    if (strncasecmp(command, "EHLO", 4) == 0) {
        talk_write(t, "250-test");
        if (c->starttls && !t->ssl) talk_write(t, "250-STARTTLS");
        if (c->pipelining) talk_write(t, "250-pipelining");
        return say(t, NULL, "250 AUTH PLAIN");
    }
    if (strncasecmp(command, "STARTTLS", 8) == 0) return say(t, NULL, "220 go") && start_tls(t);
    if (strncasecmp(command, "AUTH", 4) == 0) {
        if (strlen(command) > 11) return say(t, c->auth, "235 welcome");
        char secret[2048];
        return say(t, NULL, "334 ") && line(t, secret) && say(t, c->auth, "235 welcome");
    }
    if (strncasecmp(command, "MAIL", 4) == 0) t->s->ahead += t->in_n > 0;
    if (strncasecmp(command, "MAIL", 4) == 0)
        return say(t, ++*mails >= c->mail_after ? c->mail : NULL, "250 sender ok");
    if (strncasecmp(command, "RCPT", 4) == 0) return say(t, c->rcpt, "250 recipient ok");
    if (strncasecmp(command, "DATA", 4) == 0)
        return say(t, c->data, "354 go ahead") &&
               (c->data || (take_mail(t) && say(t, c->end, "250 2.0.0 queued as 1")));
    if (strncasecmp(command, "QUIT", 4) == 0) return false;
    return say(t, NULL, "250 ok");
}

static void *converse(void *ctx)
{
    struct talk *t = ctx;
    struct server *s = t->s;
    char command[2048];
    int mails = 0, now = ++s->open;
    for (int max = s->open_max;
         now > max && !atomic_compare_exchange_weak(&s->open_max, &max, now);) {
    }
    s->connections++;
    if ((!s->script.tls || start_tls(t)) && say(t, s->script.greeting, "220 test ready"))
        while (line(t, command) && respond(t, command, &mails)) {
        }
    if (t->ssl) SSL_free(t->ssl);
    close(t->fd);
    free(t);
    pthread_mutex_lock(&s->lock);
    s->open--;
    pthread_cond_signal(&s->ended);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *accept_all(void *ctx)
{
    struct server *s = ctx;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0 || s->stopping) {
            if (fd >= 0) close(fd);
            return NULL;
        }
        struct talk *t = mem_zalloc(sizeof *t);
        pthread_t thread;
        t->s = s;
        t->fd = fd;
        MUST(pthread_create(&thread, NULL, converse, t) == 0);
        pthread_detach(thread);
    }
}

/* A certificate nobody knows, for "localhost". */
static SSL_CTX *own_certificate(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, name);
    MUST(X509_sign(x, key, EVP_sha256()) > 0);
    MUST(SSL_CTX_use_certificate(tls, x) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1);
    X509_free(x);
    EVP_PKEY_free(key);
    return tls;
}

static struct server *server_start(struct script script)
{
    struct server *s = mem_zalloc(sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    s->script = script;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->ended, NULL);
    if (script.tls || script.starttls) s->tls = own_certificate();
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    MUST(bind(s->listener, (struct sockaddr *)&a, sizeof a) == 0 && listen(s->listener, 64) == 0);
    MUST(getsockname(s->listener, (struct sockaddr *)&a, &n) == 0);
    s->port = ntohs(a.sin_port);
    MUST(pthread_create(&s->acceptor, NULL, accept_all, s) == 0);
    return s;
}

static void server_stop(struct server *s)
{
    s->stopping = true;
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->acceptor, NULL);
    close(s->listener);
    pthread_mutex_lock(&s->lock);
    while (s->open) pthread_cond_wait(&s->ended, &s->lock);
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->ended);
    SSL_CTX_free(s->tls);
    free(s);
}

/* ---- a provider before it ---- */

struct rig {
    struct server *server;
    uv_loop_t loop;
    struct curl_loop *curl;
    struct reports *reports;
    void *smtp;
};

static const char *extra(const char *more)
{
    return more ? more : "\"security\":\"none\"";
}

/* Time-outs are short only before a server that keeps silent: a machine with much to do may let
 * any other wait for longer than a third of a second. */
static bool keeps_silent(const struct script *s)
{
    const char *const all[] = {s->greeting, s->auth, s->mail, s->rcpt, s->data, s->end};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i] && strcmp(all[i], HANG) == 0) return true;
    return false;
}

/* `more` are further settings; without them, none but the port and short time-outs. */
static void rig_open(struct rig *r, struct arena *arena, struct script script, u32 connections,
                     const char *more)
{
    struct diag why = {0};
    const struct json *j;
    bool short_ones = keeps_silent(&script);
    r->server = server_start(script);
    MUST(uv_loop_init(&r->loop) == 0);
    r->curl = curl_loop_new(&r->loop);
    r->reports = reports_new(NULL, NULL);
    str text = arena_printf(arena,
                            "{\"host\":\"127.0.0.1\",\"port\":%d,\"connections\":%u,"
                            "\"from\":\"Shop <shop@example.com>\",\"connect_timeout_ms\":%d,"
                            "\"reply_timeout_ms\":%d,\"final_timeout_ms\":%d,%s}",
                            r->server->port, connections, short_ones ? 800 : 20000,
                            short_ones ? 300 : 20000, short_ones ? 300 : 20000, extra(more));
    CHECK_OK(json_parse(text, arena, &j, &why));
    err e = provider_smtp.open(j, r->curl, &r->smtp, &why);
    if (e != ERR_OK) print_error("%s: %s\n", why.path, why.message);
    CHECK_OK(e);
}

static void rig_close(struct rig *r)
{
    provider_smtp.close(r->smtp);
    curl_loop_free(r->curl);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&r->loop), 0);
    server_stop(r->server);
    reports_free(r->reports);
}

static struct rendered content = {.subject = {"Hi", 2}, .text = {"Hello\n", 6}};

static struct delivery *delivery_to(struct rig *r, struct arena *arena, const char *to)
{
    struct delivery *d = arena_zalloc(arena, sizeof *d);
    static u64 id;
    d->id = (hash128){++id, 7};
    snprintf(d->to, sizeof d->to, "%s", to);
    d->content = content;
    d->from = S("Shop <shop@example.com>");
    d->date_ms = 1751362200000;
    d->reports = r->reports;
    return d;
}

/* Turns the loop until somebody reports. */
static struct delivery *wait_report(struct rig *r, report_kind *kind)
{
    for (int i = 0; i < 60000; i++) {
        struct delivery *d = reports_take(r->reports, kind);
        if (d) return d;
        uv_run(&r->loop, UV_RUN_NOWAIT);
        usleep(500);
    }
    *kind = REPORT_NONE;
    return NULL;
}

static void turn(struct rig *r, int ms)
{
    for (int i = 0; i < ms; i++) {
        uv_run(&r->loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static report_kind prepared(struct rig *r, struct delivery *d)
{
    report_kind kind;
    provider_smtp.prepare(r->smtp, d);
    CHECK(wait_report(r, &kind) == d);
    return kind;
}

static report_kind gone(struct rig *r, struct delivery *d)
{
    report_kind kind;
    provider_smtp.go(r->smtp, d);
    CHECK(wait_report(r, &kind) == d);
    return kind;
}

TEST("a mail rests before its first byte until it may go, then is accepted")
{
    struct rig r;
    rig_open(&r, arena, (struct script){0}, 2, NULL);
    struct delivery *d = delivery_to(&r, arena, "ada@example.com");
    CHECK_EQ(prepared(&r, d), REPORT_READY);
    turn(&r, 20);
    CHECK_EQ(r.server->mails, 0);
    CHECK_EQ(r.server->last_mail_n, 0);
    d->content.subject = S("Newer"); /* rendered again meanwhile */
    CHECK_EQ(gone(&r, d), REPORT_DONE);
    CHECK_EQ(d->answer, ANSWER_SENT);
    CHECK_STR(str_of(d->detail), S("250 2.0.0 queued as 1"));
    CHECK_EQ(r.server->mails, 1);
    str mail = {r.server->last_mail, r.server->last_mail_n};
    CHECK(str_find(mail, S("Subject: Newer\r\n")) > 0);
    CHECK(str_find(mail, S("To: ada@example.com\r\n")) > 0);
    CHECK(str_ends(mail, S("\r\n\r\nHello\r\n")));
    rig_close(&r);
}

TEST("what is dropped was never sent, and the next one goes")
{
    struct rig r;
    report_kind kind;
    rig_open(&r, arena, (struct script){0}, 1, NULL);
    struct delivery *d = delivery_to(&r, arena, "ada@example.com");
    CHECK_EQ(prepared(&r, d), REPORT_READY);
    provider_smtp.drop(r.smtp, d);
    CHECK(wait_report(&r, &kind) == d);
    CHECK_EQ(kind, REPORT_DROPPED);
    CHECK_EQ(r.server->mails, 0);
    d = delivery_to(&r, arena, "bob@example.com");
    CHECK_EQ(prepared(&r, d), REPORT_READY);
    CHECK_EQ(gone(&r, d), REPORT_DONE);
    CHECK_EQ(d->answer, ANSWER_SENT);
    CHECK_EQ(r.server->mails, 1);
    rig_close(&r);
}

TEST("connections are reused and never more than were allowed")
{
    enum { MAILS = 60, CONNECTIONS = 3 };
    struct rig r;
    u32 done = 0;
    report_kind kind;
    rig_open(&r, arena, (struct script){0}, CONNECTIONS, NULL);
    for (u32 i = 0; i < MAILS; i++)
        provider_smtp.prepare(r.smtp, delivery_to(&r, arena, "ada@example.com"));
    for (struct delivery *d; done < MAILS && (d = wait_report(&r, &kind));) {
        if (kind == REPORT_READY) {
            provider_smtp.go(r.smtp, d);
            continue;
        }
        CHECK_EQ(kind, REPORT_DONE);
        CHECK_EQ(d->answer, ANSWER_SENT);
        done++;
    }
    CHECK_EQ(done, MAILS);
    CHECK_EQ(r.server->mails, MAILS);
    CHECK_EQ(r.server->connections, CONNECTIONS);
    CHECK_EQ(r.server->open_max, CONNECTIONS);
    rig_close(&r);
}

/* ---- PIPELINING ---- */

TEST("sender, recipient and DATA go at once where the server takes that")
{
    for (int tls = 0; tls < 2; tls++) {
        struct rig r;
        rig_open(&r, arena, (struct script){.pipelining = true, .starttls = tls}, 1,
                 tls ? "\"security\":\"starttls\",\"verify\":false" : NULL);
        for (int i = 0; i < 2; i++) {
            struct delivery *d = delivery_to(&r, arena, "ada@example.com");
            CHECK_EQ(prepared(&r, d), REPORT_READY);
            turn(&r, 10);
            CHECK_EQ(r.server->last_mail_n > 0, i > 0);
            CHECK_EQ(gone(&r, d), REPORT_DONE);
            CHECK_EQ(d->answer, ANSWER_SENT);
        }
        CHECK_EQ(r.server->ahead, 2);
        CHECK_EQ(r.server->mails, 2);
        CHECK_EQ(r.server->connections, 1);
        rig_close(&r);
    }
}

TEST("what was said ahead of a refusal sends nothing, and leaves no answer to the next mail")
{
    static const struct {
        struct script script;
        answer_class class;
        int connections;
    } cases[] = {
        {{.rcpt = "550 5.1.1 no such user", .data = "503 no recipients"}, ANSWER_BOUNCED, 1},
        {{.rcpt = "550 5.1.1 no such user"}, ANSWER_BOUNCED, 2}, /* 354 all the same */
        {{.data = "451 4.3.0 later"}, ANSWER_RETRY, 1},
    };
    for (u32 i = 0; i < COUNT_OF(cases); i++) {
        struct rig r;
        struct script script = cases[i].script;
        script.pipelining = true;
        rig_open(&r, arena, script, 1, NULL);
        for (int n = 0; n < 2; n++) {
            struct delivery *d = delivery_to(&r, arena, "ada@example.com");
            CHECK_EQ(prepared(&r, d), REPORT_DONE);
            CHECK_EQ(d->answer, cases[i].class);
            const char *words = script.rcpt ? script.rcpt : script.data;
            CHECK_STR(str_of(d->detail), str_of(words));
        }
        CHECK_EQ(r.server->connections, cases[i].connections);
        CHECK_EQ(r.server->ahead, 2);
        CHECK_EQ(r.server->mails, 0);
        rig_close(&r);
    }
}

/* ---- refusals before the mail ---- */

struct refusal_case {
    struct script script;
    report_kind kind;
    answer_class class;
    i64 retry_min, retry_max;
    const char *detail;
};

/* One server, provider and mail for each case, all under way at once. */
struct course {
    struct rig rig;
    struct delivery *d;
    bool over;
};

static void check_over(struct course *c, const struct refusal_case *wanted)
{
    report_kind kind = REPORT_NONE;
    if (!reports_take(c->rig.reports, &kind)) return;
    if (kind == REPORT_READY) {
        provider_smtp.go(c->rig.smtp, c->d);
        return;
    }
    const struct delivery *d = c->d;
    bool fine = kind == wanted->kind && (kind != REPORT_DONE || d->answer == wanted->class) &&
                d->retry_in_ms >= wanted->retry_min && d->retry_in_ms <= wanted->retry_max &&
                str_find(str_of(d->detail), str_of(wanted->detail)) >= 0;
    if (!fine)
        print_error("%s: report %d, answer %d, retry in %lld, \"%s\"\n", wanted->detail, kind,
                    d->answer, (long long)d->retry_in_ms, d->detail);
    CHECK(fine);
    c->over = true;
}

static void check_refusals(struct arena *arena, const struct refusal_case *cases, u32 n)
{
    struct course *all = arena_zalloc(arena, n * sizeof *all);
    for (u32 i = 0; i < n; i++) {
        rig_open(&all[i].rig, arena, cases[i].script, 1,
                 cases[i].script.auth
                     ? "\"security\":\"none\",\"username\":\"u\",\"password\":\"p\""
                     : NULL);
        all[i].d = delivery_to(&all[i].rig, arena, "ada@example.com");
        provider_smtp.prepare(all[i].rig.smtp, all[i].d);
    }
    u32 over = 0;
    for (u32 spins = 0; over < n && spins < 5000; spins++) {
        over = 0;
        for (u32 i = 0; i < n; i++) {
            if (!all[i].over) uv_run(&all[i].rig.loop, UV_RUN_NOWAIT);
            if (!all[i].over) check_over(&all[i], &cases[i]);
            over += all[i].over;
        }
        usleep(500);
    }
    CHECK_EQ(over, n);
    for (u32 i = 0; i < n; i++) rig_close(&all[i].rig);
}

TEST("each refusal before the mail is its own class, in the server's words")
{
    static const struct refusal_case cases[] = {
        {{.greeting = "554 no service"}, REPORT_HELD, 0, 48000, 72000, "no service"},
        {{.greeting = "421 busy"}, REPORT_HELD, 0, 48000, 72000, "busy"},
        {{.greeting = CLOSE}, REPORT_HELD, 0, 48000, 72000, ""},
        {{.greeting = HANG}, REPORT_HELD, 0, 48000, 72000, "imeout"},
        {{.auth = "535 5.7.8 bad password"}, REPORT_HELD, 0, 240000, 360000, "5.7.8 bad password"},
        {{.mail = "550 5.7.1 sender unknown"}, REPORT_HELD, 0, HOUR, HOUR, "550 5.7.1 sender"},
        {{.mail = "451 later"}, REPORT_HELD, 0, 5 * MINUTE, 8 * MINUTE, "451 later"},
        {{.mail = CLOSE}, REPORT_HELD, 0, 48000, 72000, "closed"},
        {{.mail = HANG}, REPORT_HELD, 0, 48000, 72000, "in time"},
        {{.rcpt = "550 5.1.1 no such user"},
         REPORT_DONE,
         ANSWER_BOUNCED,
         0,
         0,
         "550 5.1.1 no such"},
        {{.rcpt = "550 no such user"}, REPORT_DONE, ANSWER_BOUNCED, 0, 0, "550 no such"},
        {{.rcpt = "553 mailbox name"}, REPORT_DONE, ANSWER_BOUNCED, 0, 0, "553"},
        {{.rcpt = "550 5.7.1 blocked"}, REPORT_DONE, ANSWER_RETRY, HOUR, HOUR, "5.7.1"},
        {{.rcpt = "550 your IP is listed at rbl.example"},
         REPORT_DONE,
         ANSWER_RETRY,
         HOUR,
         HOUR,
         "rbl"},
        {{.rcpt = "552 5.2.2 full"}, REPORT_DONE, ANSWER_RETRY, 4 * HOUR, 8 * HOUR, "5.2.2"},
        {{.rcpt = "554 5.4.4 no route"}, REPORT_DONE, ANSWER_REJECTED, 0, 0, "554 5.4.4"},
        {{.rcpt = "450 4.7.1 greylisted"},
         REPORT_DONE,
         ANSWER_RETRY,
         5 * MINUTE,
         8 * MINUTE,
         "450"},
        {{.rcpt = "421 4.7.28 too many"}, REPORT_HELD, 0, 5 * MINUTE, 8 * MINUTE, "421 4.7.28"},
        {{.rcpt = CLOSE}, REPORT_DONE, ANSWER_RETRY, 4 * MINUTE, 6 * MINUTE, "closed"},
        {{.rcpt = HANG}, REPORT_DONE, ANSWER_RETRY, 4 * MINUTE, 6 * MINUTE, "in time"},
        {{.rcpt = "hello"}, REPORT_DONE, ANSWER_RETRY, 4 * MINUTE, 6 * MINUTE, "does not speak"},
        {{.data = "554 no"}, REPORT_DONE, ANSWER_REJECTED, 0, 0, "554 no"},
        {{.data = "451 4.3.0 later"}, REPORT_DONE, ANSWER_RETRY, 5 * MINUTE, 8 * MINUTE, "451"},
        {{.data = HANG}, REPORT_DONE, ANSWER_RETRY, 4 * MINUTE, 6 * MINUTE, "in time"},
    };
    check_refusals(arena, cases, COUNT_OF(cases));
}

TEST("after the mail was sent only the server's word counts, and silence is unknown")
{
    static const struct refusal_case cases[] = {
        {{.end = "554 5.6.0 spam"}, REPORT_DONE, ANSWER_REJECTED, 0, 0, "554 5.6.0"},
        {{.end = "550 5.7.1 spam"}, REPORT_DONE, ANSWER_REJECTED, 0, 0, "550 5.7.1"},
        {{.end = "550 5.1.1 nobody"}, REPORT_DONE, ANSWER_BOUNCED, 0, 0, "550 5.1.1"},
        {{.end = "550 whatever"}, REPORT_DONE, ANSWER_REJECTED, 0, 0, "550"},
        {{.end = "452 4.3.1 full"}, REPORT_DONE, ANSWER_RETRY, 5 * MINUTE, 8 * MINUTE, "452"},
        {{.end = "421 bye"}, REPORT_DONE, ANSWER_RETRY, 5 * MINUTE, 8 * MINUTE, "421"},
        {{.end = CLOSE}, REPORT_DONE, ANSWER_UNKNOWN, 0, 0, "closed"},
        {{.end = HANG}, REPORT_DONE, ANSWER_UNKNOWN, 0, 0, "did not answer to the mail"},
        {{.end = "what"}, REPORT_DONE, ANSWER_UNKNOWN, 0, 0, "does not speak"},
        {{.end = "250 ok\r\n421 bye"}, REPORT_DONE, ANSWER_SENT, 0, 0, "250 ok"},
        {{.slow_ms = 60}, REPORT_DONE, ANSWER_SENT, 0, 0, "250"},
    };
    check_refusals(arena, cases, COUNT_OF(cases));
}

TEST("a connection lost while the claim is awaited means that nothing was sent")
{
    struct rig r;
    report_kind kind;
    rig_open(&r, arena, (struct script){0}, 1, NULL);
    struct delivery *d = delivery_to(&r, arena, "ada@example.com");
    CHECK_EQ(prepared(&r, d), REPORT_READY);
    struct smtp *s = r.smtp;
    CHECK_EQ(shutdown(s->links[0].socket, SHUT_RDWR), 0);
    turn(&r, 20);
    CHECK_EQ(gone(&r, d), REPORT_DONE);
    CHECK_EQ(d->answer, ANSWER_RETRY);
    d = delivery_to(&r, arena, "bob@example.com");
    CHECK_EQ(prepared(&r, d), REPORT_READY);
    CHECK_EQ(shutdown(s->links[0].socket, SHUT_RDWR), 0);
    turn(&r, 20);
    provider_smtp.drop(r.smtp, d);
    CHECK(wait_report(&r, &kind) == d);
    CHECK_EQ(kind, REPORT_DROPPED);
    rig_close(&r);
}

TEST("an idle connection that has died costs the next mail nothing")
{
    struct rig r;
    rig_open(&r, arena, (struct script){.mail = CLOSE, .mail_after = 2}, 1, NULL);
    for (u32 i = 0; i < 3; i++) {
        struct delivery *d = delivery_to(&r, arena, "ada@example.com");
        CHECK_EQ(prepared(&r, d), REPORT_READY);
        CHECK_EQ(gone(&r, d), REPORT_DONE);
        CHECK_EQ(d->answer, ANSWER_SENT);
    }
    CHECK_EQ(r.server->mails, 3);
    CHECK_EQ(r.server->connections, 3);
    CHECK_EQ(r.server->open_max, 1);
    rig_close(&r);
    rig_open(&r, arena, (struct script){.mail = "421 idle too long", .mail_after = 2}, 1, NULL);
    for (u32 i = 0; i < 2; i++) {
        struct delivery *d = delivery_to(&r, arena, "ada@example.com");
        CHECK_EQ(prepared(&r, d), REPORT_READY);
        CHECK_EQ(gone(&r, d), REPORT_DONE);
    }
    CHECK_EQ(r.server->mails, 2);
    rig_close(&r);
}

TEST("a server that thinks long over one mail does not hold up the others")
{
    struct rig r;
    report_kind kind;
    rig_open(&r, arena, (struct script){.end = HANG}, 2, NULL);
    struct delivery *a = delivery_to(&r, arena, "a@example.com");
    struct delivery *b = delivery_to(&r, arena, "b@example.com");
    CHECK_EQ(prepared(&r, a), REPORT_READY);
    provider_smtp.go(r.smtp, a);
    turn(&r, 30);
    provider_smtp.prepare(r.smtp, b);
    CHECK(wait_report(&r, &kind) == b); /* before a's time is over */
    CHECK_EQ(kind, REPORT_READY);
    provider_smtp.drop(r.smtp, b);
    CHECK(wait_report(&r, &kind) == b);
    CHECK(wait_report(&r, &kind) == a);
    CHECK_EQ(a->answer, ANSWER_UNKNOWN);
    rig_close(&r);
}

TEST("TLS is verified unless the server is on this machine and says so")
{
    static const struct {
        struct script script;
        const char *settings;
        report_kind kind;
    } cases[] = {
        {{.tls = true}, "\"security\":\"tls\"", REPORT_HELD},
        {{.starttls = true}, "\"security\":\"starttls\"", REPORT_HELD},
        {{.starttls = false}, "\"security\":\"starttls\"", REPORT_HELD},
        {{.tls = true}, "\"security\":\"tls\",\"verify\":false", REPORT_READY},
        {{.starttls = true},
         "\"security\":\"starttls\",\"verify\":false,\"username\":\"u\",\"password\":\"p\"",
         REPORT_READY},
    };
    for (u32 i = 0; i < COUNT_OF(cases); i++) {
        struct rig r;
        rig_open(&r, arena, cases[i].script, 1, cases[i].settings);
        for (u32 n = 0; n < 2; n++) {
            struct delivery *d = delivery_to(&r, arena, "ada@example.com");
            CHECK_EQ(prepared(&r, d), cases[i].kind);
            if (cases[i].kind != REPORT_READY) continue;
            CHECK_EQ(gone(&r, d), REPORT_DONE);
            CHECK_EQ(d->answer, ANSWER_SENT);
        }
        if (cases[i].kind == REPORT_READY) CHECK_EQ(r.server->connections, 1);
        rig_close(&r);
    }
}

TEST("no address can add a command, and a hostile one never reaches the server")
{
    static const char *const bad[] = {"a@b\r\nRSET", "a@b>",       "<a@b", "a b@c",
                                      "a",           "Name <a@b>", ""};
    struct rig r;
    report_kind kind;
    rig_open(&r, arena, (struct script){0}, 1, NULL);
    for (u32 i = 0; i < COUNT_OF(bad); i++) {
        struct delivery *d = delivery_to(&r, arena, bad[i]);
        provider_smtp.prepare(r.smtp, d);
        CHECK(wait_report(&r, &kind) == d);
        CHECK_EQ(kind, REPORT_DONE);
        CHECK_EQ(d->answer, ANSWER_REJECTED);
    }
    CHECK_EQ(r.server->commands, 0);
    struct delivery *d = delivery_to(&r, arena, "ada@example.com");
    d->from = S("a@b\r\nRSET");
    CHECK_EQ(prepared(&r, d), REPORT_DONE);
    CHECK_EQ(d->answer, ANSWER_REJECTED);
    rig_close(&r);
}

TEST("settings are refused by the name of what is wrong")
{
    static const struct {
        const char *json, *path;
    } cases[] = {
        {"{}", "/host"},
        {"{\"host\":\"a b\"}", "/host"},
        {"{\"host\":\"a/b\"}", "/host"},
        {"{\"host\":\"h\",\"port\":0}", "/port"},
        {"{\"host\":\"h\",\"port\":65536}", "/port"},
        {"{\"host\":\"h\",\"port\":\"25\"}", "/port"},
        {"{\"host\":\"h\",\"connections\":65}", "/connections"},
        {"{\"host\":\"h\",\"security\":\"ssl\"}", "/security"},
        {"{\"host\":\"h\",\"verify\":false}", "/verify"},
        {"{\"host\":\"h\",\"security\":\"none\",\"username\":\"u\"}", "/security"},
        {"{\"host\":\"h\",\"from\":\"nobody\"}", "/from"},
    };
    for (u32 i = 0; i < COUNT_OF(cases); i++) {
        struct diag why = {0};
        const struct json *j;
        struct smtp_settings o;
        CHECK_OK(json_parse(str_of(cases[i].json), arena, &j, &why));
        CHECK_EQ(smtp_settings_read(j, arena, &o, &why), ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(cases[i].path));
    }
    struct smtp_settings o;
    const struct json *j;
    CHECK_OK(json_parse(S("{\"host\":\"::1\",\"verify\":false,\"from\":\"S <s@shop.cn>\"}"), arena,
                        &j, NULL));
    CHECK_OK(smtp_settings_read(j, arena, &o, NULL));
    CHECK_STR(str_of(o.url), S("smtp://[::1]:587/shop.cn"));
    CHECK_EQ(o.connections, 8);
    CHECK(o.final_ms >= 10 * MINUTE);
}

TEST("back-off doubles up to its end and stays within a fifth")
{
    for (u32 attempts = 0; attempts < 40; attempts++) {
        i64 plain = attempts < 6 ? MINUTE << attempts : HOUR;
        for (u64 seed = 0; seed < 50; seed++) {
            i64 ms = smtp_backoff(MINUTE, HOUR, attempts, seed);
            CHECK(ms >= plain - plain / 5 && ms <= plain + plain / 5);
        }
    }
}

/* ---- across threads, as it is meant ---- */

static void stop_loop(uv_async_t *a)
{
    uv_stop(a->loop);
}

static void *run_loop(void *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    return NULL;
}

TEST("orders and reports cross threads")
{
    enum { MAILS = 40 };
    struct rig r;
    pthread_t thread;
    uv_async_t stop;
    u32 done = 0;
    report_kind kind;
    rig_open(&r, arena, (struct script){0}, 4, NULL);
    MUST(uv_async_init(&r.loop, &stop, stop_loop) == 0);
    MUST(pthread_create(&thread, NULL, run_loop, &r.loop) == 0);
    for (u32 i = 0; i < MAILS; i++)
        provider_smtp.prepare(r.smtp, delivery_to(&r, arena, "ada@example.com"));
    for (u32 spins = 0; done < MAILS && spins < 20000; spins++) {
        struct delivery *d = reports_take(r.reports, &kind);
        if (!d)
            usleep(200);
        else if (kind == REPORT_READY)
            (d->id.lo % 3 ? provider_smtp.go : provider_smtp.drop)(r.smtp, d);
        else
            done++;
    }
    CHECK_EQ(done, MAILS);
    uv_async_send(&stop);
    pthread_join(thread, NULL);
    uv_close((uv_handle_t *)&stop, NULL);
    CHECK(r.server->open_max <= 8); /* the server sees the end of a dropped one a little later */
    rig_close(&r);
}

TEST("the test outbox accepts at once")
{
    struct rig r = {.reports = reports_new(NULL, NULL)};
    const struct provider_type *t = channel_type(S("outbox"));
    struct delivery *d = delivery_to(&r, arena, "whoever");
    void *box;
    report_kind kind;
    CHECK(t == &provider_testbox && channel_type(S("smtp")) == &provider_smtp);
    CHECK(!channel_type(S("pigeon")));
    CHECK_OK(t->open(NULL, NULL, &box, NULL));
    t->prepare(box, d);
    CHECK(reports_take(r.reports, &kind) == d && kind == REPORT_READY);
    t->go(box, d);
    CHECK(reports_take(r.reports, &kind) == d && kind == REPORT_DONE);
    CHECK_EQ(d->answer, ANSWER_SENT);
    CHECK(!reports_take(r.reports, &kind));
    t->close(box);
    reports_free(r.reports);
}
