/* smtp_link.c — one connection to a mail server, and the dialogue on it.
 *
 *   CLOSED ─curl─► IDLE ─MAIL─RCPT─DATA─► READY ─go─► SIGNING ─► BODY ─► END ─► IDLE …
 *                            └─ refused ─► REFUSED ─► RESET ─► IDLE
 *
 * A server that offers PIPELINING gets MAIL, RCPT and DATA at once, and answers one by one. SIGNING
 * is passed over where mails are not signed, REFUSED where nothing was said ahead.
 *
 * Until the first byte of a mail is sent, a lost connection means that nothing was sent. From then
 * on, until the server's answer to the final dot, nobody can know: the answer is "unknown". */
#include "channel/smtp.h"

#include <stdlib.h>
#include <unistd.h>

enum { MAIL_MAX = 24 << 20 };

static void on_writable(struct link *l);
static void read_replies(struct link *l);

/* ---- making and closing ---- */

void link_init(struct link *l, struct smtp *s)
{
    *l = (struct link){.smtp = s, .socket = CURL_SOCKET_BAD};
    buf_init(&l->out, MAIL_MAX);
    MUST(uv_timer_init(curl_loop_uv(s->loop), &l->timer) == 0);
    l->timer.data = l;
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void stop_poll(struct link *l)
{
    if (!l->poll) return;
    uv_close((uv_handle_t *)l->poll, on_poll_closed);
    l->poll = NULL;
    l->socket = CURL_SOCKET_BAD;
}

void link_close(struct link *l)
{
    stop_poll(l);
    uv_timer_stop(&l->timer);
    if (l->transfer.easy) {
        curl_loop_remove(l->smtp->loop, &l->transfer);
        curl_easy_cleanup(l->transfer.easy);
    }
    l->transfer.easy = NULL;
    l->state = LINK_CLOSED;
    l->served = 0;
    l->reply_n = 0;
    buf_reset(&l->out);
    l->out_sent = 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct link *l = handle->data;
    smtp_link_gone(l->smtp);
}

void link_end(struct link *l)
{
    MUST(!l->job);
    link_close(l);
    buf_clear(&l->out);
    uv_close((uv_handle_t *)&l->timer, on_timer_closed);
}

/* ---- failing ---- */

static str last_words(const struct link *l)
{
    return str_trim((str){l->reply, l->reply_n});
}

/* The connection is gone or of no more use: its job gets what that means at this point. */
static void lose(struct link *l, str why)
{
    struct job *job = l->job;
    struct smtp *s = l->smtp;
    link_state was = l->state;
    l->job = NULL;
    link_close(l);
    if (job) job->link = NULL;
    if (!job || was == LINK_READY || was == LINK_SIGNING) {
        /* The job waits for go or drop, or its signature, and will find that its link is gone. */
    } else if (was == LINK_BODY || was == LINK_END) {
        smtp_done(job, ANSWER_UNKNOWN, 0, why);
    } else if (was == LINK_SENDER && job->old) {
        smtp_requeue(s, job);
    } else if (was == LINK_RECIPIENT || was == LINK_DATA) {
        smtp_done(job, ANSWER_RETRY,
                  smtp_backoff(5 * MINUTE, 4 * HOUR, job->d->attempts, job->d->id.lo), why);
    } else {
        smtp_failed(s, job, false, why);
    }
    smtp_free_link(s);
}

static void on_timeout(uv_timer_t *timer)
{
    struct link *l = timer->data;
    if (l->state == LINK_IDLE) {
        size_t sent;
        curl_easy_send(l->transfer.easy, "QUIT\r\n", 6, &sent); /* a courtesy */
        link_close(l);
        return;
    }
    lose(l, l->state == LINK_END ? S("the server did not answer to the mail in time")
                                 : S("the server did not answer in time"));
}

static void await(struct link *l, i64 ms)
{
    uv_timer_start(&l->timer, on_timeout, (u64)ms, 0);
}

/* ---- bytes ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct link *l = poll->data;
    if (status < 0) {
        lose(l, S("the connection failed"));
        return;
    }
    if (events & UV_WRITABLE) on_writable(l);
    if (l->poll == poll && (events & UV_READABLE)) read_replies(l);
}

static void watch(struct link *l, bool writing)
{
    l->writing = writing;
    uv_poll_start(l->poll, UV_READABLE | (writing ? UV_WRITABLE : 0), on_poll);
}

/* Sends what waits; a mail that is out waits for its answer. */
static void on_writable(struct link *l)
{
    while (l->out_sent < l->out.n) {
        size_t sent = 0;
        CURLcode r =
            curl_easy_send(l->transfer.easy, l->out.p + l->out_sent, l->out.n - l->out_sent, &sent);
        if (r == CURLE_AGAIN) {
            if (!l->writing) watch(l, true);
            return;
        }
        if (r != CURLE_OK) {
            lose(l, S("the connection was lost"));
            return;
        }
        l->out_sent += sent;
    }
    if (l->writing) watch(l, false);
    buf_reset(&l->out);
    l->out_sent = 0;
    if (l->state != LINK_BODY) return;
    l->state = LINK_END;
    await(l, l->smtp->settings.final_ms);
}

static void say(struct link *l, link_state then, const char *command, str argument)
{
    buf_put(&l->out, str_of(command));
    buf_put(&l->out, argument);
    buf_put(&l->out, argument.n ? S(">\r\n") : S("\r\n"));
    l->state = then;
    await(l, l->smtp->settings.reply_ms);
    on_writable(l);
}

/* ---- the dialogue ---- */

static void become_idle(struct link *l)
{
    l->state = LINK_IDLE;
    await(l, l->smtp->settings.idle_ms);
    if (l->served >= SMTP_PER_CONNECTION_MAX) link_close(l);
    smtp_free_link(l->smtp);
}

/* All that comes before the mail, in one. */
static void say_all(struct link *l, str sender)
{
    buf_put(&l->out, S("MAIL FROM:<"));
    buf_put(&l->out, sender);
    buf_put(&l->out, S(">\r\nRCPT TO:<"));
    buf_put(&l->out, str_of(l->job->d->to));
    buf_put(&l->out, S(">\r\n"));
    say(l, LINK_SENDER, "DATA", (str){0});
}

/* Its turn came; the command is on its way already where it was said ahead. */
static void go_on(struct link *l, link_state then, const char *command, str argument)
{
    if (!l->ahead) {
        say(l, then, command, argument);
        return;
    }
    l->state = then;
    await(l, l->smtp->settings.reply_ms);
}

static void begin(struct link *l)
{
    str address;
    struct job *job = l->job;
    struct diag why = {0};
    if (mail_address(job->d->from, &address, &why) == ERR_OK) {
        if (l->ahead)
            say_all(l, address);
        else
            say(l, LINK_SENDER, "MAIL FROM:<", address);
        return;
    }
    l->job = NULL;
    job->link = NULL;
    smtp_done(job, ANSWER_REJECTED, 0, str_of(why.message));
    become_idle(l);
}

/* Refused before anything was sent: the server forgets it by RSET and the connection lives on. */
static void refused(struct link *l, smtp_phase phase, u32 code)
{
    struct job *job = l->job;
    str words = last_words(l);
    struct smtp_verdict v =
        smtp_judge(phase, code, str_slice(words, 4, words.n), job->d->attempts, job->d->id.lo);
    struct smtp *s = l->smtp;
    l->job = NULL;
    job->link = NULL;
    if (code == 421 && phase == SMTP_AT_SENDER && job->old)
        smtp_requeue(s, job);
    else if (v.channel)
        smtp_held(job, v.retry_ms, words);
    else
        smtp_done(job, v.class, v.retry_ms, words);
    if (phase == SMTP_AT_END) {
        l->served++;
        become_idle(l);
    } else if (code == 421 || v.channel) {
        link_close(l);
        smtp_free_link(s);
    } else if (l->ahead && phase != SMTP_AT_DATA) {
        l->owed = phase == SMTP_AT_SENDER ? 2 : 1;
        l->state = LINK_REFUSED;
        await(l, s->settings.reply_ms);
    } else {
        say(l, LINK_RESET, "RSET", (str){0});
    }
}

/* What was said behind a refused command is refused as well. A server that asks for the mail all
 * the same must not get one: only closing ends that. */
static void on_owed(struct link *l, u32 code)
{
    if (code == 354 || code == 421)
        lose(l, last_words(l));
    else if (--l->owed == 0)
        say(l, LINK_RESET, "RSET", (str){0});
}

/* Nothing was sent and the server waits for a mail: only closing ends that. */
static void become_ready(struct link *l)
{
    l->state = LINK_READY;
    uv_timer_stop(&l->timer);
    delivery_ready(l->job->d);
}

static void accepted(struct link *l)
{
    struct job *job = l->job;
    l->job = NULL;
    job->link = NULL;
    smtp_done(job, ANSWER_SENT, 0, last_words(l));
    l->served++;
    become_idle(l);
}

static void on_reply(struct link *l, u32 code)
{
    bool good = code >= 200 && code < 300;
    switch (l->state) {
    case LINK_SENDER:
        if (good)
            go_on(l, LINK_RECIPIENT, "RCPT TO:<", str_of(l->job->d->to));
        else
            refused(l, SMTP_AT_SENDER, code);
        break;
    case LINK_RECIPIENT:
        if (good)
            go_on(l, LINK_DATA, "DATA", (str){0});
        else
            refused(l, SMTP_AT_RECIPIENT, code);
        break;
    case LINK_DATA:
        if (code == 354)
            become_ready(l);
        else
            refused(l, SMTP_AT_DATA, code);
        break;
    case LINK_END:
        if (good)
            accepted(l);
        else
            refused(l, SMTP_AT_END, code);
        break;
    case LINK_REFUSED: on_owed(l, code); break;
    case LINK_RESET:
        if (good)
            become_idle(l);
        else
            lose(l, last_words(l));
        break;
    default: lose(l, last_words(l)); /* said without being asked: a farewell (421) */
    }
}

/* A mail may be refused while it is still being sent; that is an answer too, the connection's last.
 */
static void on_early_reply(struct link *l, u32 code)
{
    struct job *job = l->job;
    str words = last_words(l);
    struct smtp_verdict v = smtp_judge(SMTP_AT_END, code, str_slice(words, 4, words.n),
                                       job->d->attempts, job->d->id.lo);
    if (code < 400) {
        lose(l, S("the server answered before the mail was sent"));
        return;
    }
    l->job = NULL;
    job->link = NULL;
    smtp_done(job, v.class, v.retry_ms, words);
    link_close(l);
    smtp_free_link(l->smtp);
}

/* The code of the whole answer at the start, "250-…\r\n250 …\r\n", and its length; 0: it is not
 * whole yet; 1: this is no SMTP. */
static u32 whole_reply(const struct link *l, size_t *length)
{
    str rest = {l->reply, l->reply_n};
    for (;;) {
        ptrdiff_t end = str_index(rest, '\n');
        if (end < 0) return l->reply_n == REPLY_MAX ? 1 : 0;
        for (int i = 0; i < 3; i++)
            if (end < 3 || rest.p[i] < '0' || rest.p[i] > '9') return 1;
        *length = (size_t)(rest.p - l->reply) + (size_t)end + 1;
        if (rest.p[3] != '-') return (u32)strtoul(rest.p, NULL, 10);
        rest = str_slice(rest, (size_t)end + 1, rest.n);
    }
}

/* One answer at a time: what came behind it (a farewell) is looked at when it has taken effect. */
static void handle_reply(struct link *l, u32 code, size_t length)
{
    char behind[REPLY_MAX];
    size_t behind_n = l->reply_n - length;
    memcpy(behind, l->reply + length, behind_n);
    l->reply_n = length;
    if (code < 200)
        lose(l, S("the server does not speak SMTP"));
    else if (l->state == LINK_BODY)
        on_early_reply(l, code);
    else
        on_reply(l, code);
    memcpy(l->reply, behind, behind_n);
    l->reply_n = behind_n;
}

static void read_replies(struct link *l)
{
    while (l->poll) {
        size_t n = 0, length = 0;
        CURLcode r =
            curl_easy_recv(l->transfer.easy, l->reply + l->reply_n, REPLY_MAX - l->reply_n, &n);
        if (r == CURLE_AGAIN) return;
        if (r != CURLE_OK || n == 0) {
            lose(l, S("the server closed the connection"));
            return;
        }
        l->reply_n += n;
        for (u32 code; l->poll && (code = whole_reply(l, &length)) != 0;)
            handle_reply(l, code, length);
    }
}

/* ---- connecting ---- */

/* curl hands over the server's lines until we take over: the last one explains a failure. */
static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct link *l = ctx;
    str line = {p, size * n};
    l->reply_n = min_size(line.n, REPLY_MAX);
    memcpy(l->reply, p, l->reply_n);
    if (str_starts(line, S("220")))
        l->ahead = false; /* greeting, STARTTLS: what it offers follows */
    if (str_starts(line, S("250")) && line.n > 4 &&
        str_eq_nocase(str_trim(str_slice(line, 4, line.n)), S("PIPELINING")))
        l->ahead = true;
    return size * n;
}

/* curl may close the socket itself, as when it cleans its cache: then it must not be polled. */
static int on_close_socket(void *ctx, curl_socket_t socket)
{
    struct link *l = ctx;
    if (l->poll && l->socket == socket) {
        stop_poll(l);
        await(l, 1); /* and soon be found lost, but not from within curl */
    }
    return close(socket);
}

static void connect_failed(struct link *l, CURLcode result)
{
    struct job *job = l->job;
    struct smtp *s = l->smtp;
    bool credentials = result == CURLE_LOGIN_DENIED;
    str words = last_words(l);
    bool spoken = words.n > 3 && (words.p[0] == '4' || words.p[0] == '5');
    char detail[200];
    snprintf(detail, sizeof detail, "%s%s%.*s", curl_easy_strerror(result), spoken ? ": " : "",
             spoken ? (int)min_size(words.n, 120) : 0, words.p);
    l->job = NULL;
    link_close(l);
    if (job) {
        job->link = NULL;
        smtp_failed(s, job, credentials, str_of(detail));
    }
    smtp_free_link(s);
}

static void on_connected(struct transfer *t, CURLcode result)
{
    struct link *l = (struct link *)((char *)t - offsetof(struct link, transfer));
    if (result == CURLE_OK) {
        curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &l->socket);
        l->poll = mem_zalloc(sizeof *l->poll);
        l->poll->data = l;
        if (l->socket == CURL_SOCKET_BAD ||
            uv_poll_init_socket(curl_loop_uv(l->smtp->loop), l->poll, l->socket) != 0) {
            free(l->poll);
            l->poll = NULL;
            result = CURLE_COULDNT_CONNECT;
        }
    }
    if (result != CURLE_OK) {
        connect_failed(l, result);
        return;
    }
    l->smtp->failures = 0;
    l->reply_n = 0;
    watch(l, false);
    begin(l);
}

static void dial(struct link *l)
{
    const struct smtp_settings *o = &l->smtp->settings;
    CURL *easy = curl_easy_init();
    MUST(easy);
    l->transfer = (struct transfer){easy, on_connected};
    l->state = LINK_CONNECTING;
    l->reply_n = 0;
    l->ahead = false;
    curl_easy_setopt(easy, CURLOPT_URL, o->url);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none, whatever the environment says */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(o->security == SMTP_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, o->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, o->verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)o->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, l);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, l);
    if (o->username) curl_easy_setopt(easy, CURLOPT_USERNAME, o->username);
    if (o->username) curl_easy_setopt(easy, CURLOPT_PASSWORD, o->password);
    curl_loop_add(l->smtp->loop, &l->transfer);
}

void link_serve(struct link *l, struct job *job)
{
    MUST(!l->job && (l->state == LINK_IDLE || l->state == LINK_CLOSED));
    l->job = job;
    job->link = l;
    job->old = l->state == LINK_IDLE;
    if (l->state == LINK_IDLE)
        begin(l);
    else
        dial(l);
}

/* ---- the mail ---- */

/* Dots at the start of lines are doubled (RFC 5321 4.5.2), and one on a line of its own is the end.
 */
static void put_stuffed(struct buf *out, str mail)
{
    size_t from = 0, next = 0; /* a line's start */
    for (const char *end; next < mail.n; next = end ? (size_t)(end - mail.p) + 1 : mail.n) {
        if (mail.p[next] == '.') {
            buf_put(out, str_slice(mail, from, next));
            buf_byte(out, '.');
            from = next;
        }
        end = memchr(mail.p + next, '\n', mail.n - next);
    }
    buf_put(out, str_slice(mail, from, mail.n));
    buf_put(out, S(".\r\n"));
}

/* The signature is a header, ahead of what it signs. */
MUST_USE static err sign_mail(const struct dkim *dkim, const struct delivery *d, str mail,
                              struct buf *out, struct diag *why)
{
    struct buf header;
    buf_init(&header, 16 << 10);
    err e = dkim_sign(dkim, mail, d->date_ms, &header);
    buf_put(out, buf_str(&header)); /* no line of it begins with a dot */
    buf_clear(&header);
    return e == ERR_OK ? e : diag_set(why, e, "the mail cannot be signed");
}

MUST_USE static err write_mail(const struct smtp *s, const struct delivery *d, struct buf *out,
                               struct diag *why)
{
    str address;
    TRY(mail_address(d->from, &address, why));
    struct mail m = {.from = d->from,
                     .to = str_of(d->to),
                     .reply_to = d->reply_to,
                     .id = d->id,
                     .host = str_slice(address, (size_t)str_index(address, '@') + 1, address.n),
                     .date_ms = d->date_ms,
                     .content = &d->content,
                     .unsubscribe_url = d->unsubscribe_url};
    struct buf mail;
    buf_init(&mail, MAIL_MAX / 2);
    err e = mail_write(&m, &mail, why);
    if (e == ERR_OK && s->dkim) e = sign_mail(s->dkim, d, buf_str(&mail), out, why);
    if (e == ERR_OK) put_stuffed(out, buf_str(&mail));
    buf_clear(&mail);
    return e == ERR_OK && out->full ? diag_set(why, ERR_LIMIT, "the mail is too long") : e;
}

/* What is in `out` goes now, or `e` says why there is no mail. */
static void send_mail(struct link *l, err e, const struct diag *why)
{
    struct job *job = l->job;
    struct smtp *s = l->smtp;
    if (e == ERR_OK) {
        l->state = LINK_BODY;
        await(l, s->settings.final_ms);
        on_writable(l);
        return;
    }
    l->job = NULL;
    job->link = NULL;
    link_close(l); /* before anything was sent */
    smtp_done(job, ANSWER_REJECTED, 0, str_of(why->message));
    smtp_free_link(s);
}

/* ---- signing: a millisecond of computing, which the loop has not ---- */

struct signing {
    uv_work_t work;
    struct smtp *smtp;
    struct job *job; /* it and its delivery stay until we are done */
    struct buf out;
    struct diag why;
    err e;
};

static void on_sign(uv_work_t *work)
{
    struct signing *g = work->data;
    g->e = write_mail(g->smtp, g->job->d, &g->out, &g->why);
}

/* The connection may be lost meanwhile: then nothing was sent. */
static void on_signed(uv_work_t *work, int status)
{
    struct signing *g = work->data;
    struct link *l = g->job->link;
    (void)status; /* nobody cancels */
    if (l) {
        struct buf empty = l->out;
        l->out = g->out;
        g->out = empty;
        send_mail(l, g->e, &g->why);
    } else {
        smtp_unsent(g->job);
    }
    buf_clear(&g->out);
    free(g);
}

void link_go(struct link *l)
{
    struct smtp *s = l->smtp;
    struct diag why = {0};
    MUST(l->state == LINK_READY);
    if (!s->dkim) {
        err e = write_mail(s, l->job->d, &l->out, &why);
        send_mail(l, e, &why);
        return;
    }
    struct signing *g = mem_zalloc(sizeof *g);
    *g = (struct signing){.work.data = g, .smtp = s, .job = l->job};
    buf_init(&g->out, MAIL_MAX);
    l->state = LINK_SIGNING;
    MUST(uv_queue_work(curl_loop_uv(s->loop), &g->work, on_sign, on_signed) == 0);
}
