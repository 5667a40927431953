/* connector.c — one request over libcurl: every socket it opens is asked about first. */
#include "channel/connector.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 64 << 10, IDLE_MAX_S = 20, CONNECT_MAX_MS = 10000 };

static void fail(struct exchange *x, const char *format, ...) PRINTF_LIKE(2, 3);
static void fail(struct exchange *x, const char *format, ...)
{
    va_list args;
    if (x->error[0]) return;
    va_start(args, format);
    vsnprintf(x->error, sizeof x->error, format, args);
    va_end(args);
}

void exchange_header(struct exchange *x, str name, str value)
{
    bool good = name.n > 0 && x->header_count < EXCHANGE_HEADERS_MAX;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        good &=
            (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_';
    }
    for (size_t i = 0; i < value.n; i++) good &= (u8)value.p[i] >= 32 && (u8)value.p[i] != 127;
    if (!good) {
        x->refused = true;
        fail(x, "a header \"%.*s\" cannot be sent so", (int)min_size(name.n, 60), name.p);
        return;
    }
    x->headers[x->header_count++] = (struct exchange_header){name, value};
}

/* ---- what curl asks on its way ---- */

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct exchange *x = ctx;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    if (!outbound_address(x->outbound, &a->addr)) {
        char text[INET6_ADDRSTRLEN] = "?";
        const void *raw =
            a->family == AF_INET
                ? (const void *)&((const struct sockaddr_in *)(const void *)&a->addr)->sin_addr
                : &((const struct sockaddr_in6 *)(const void *)&a->addr)->sin6_addr;
        if (a->family == AF_INET || a->family == AF_INET6)
            inet_ntop(a->family, raw, text, sizeof text);
        x->refused = true;
        fail(x, "the host's address %s is not public", text);
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* No way to begin again is given, so curl cannot send a second time what it has begun to send. */
static size_t on_read(char *out, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    size_t n = min_size(size * count, x->body.n - x->body_at);
    if (n) memcpy(out, x->body.p + x->body_at, n);
    x->body_at += n;
    x->sent |= n > 0;
    return n;
}

static size_t on_write(char *p, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    size_t n = size * count, room = EXCHANGE_ANSWER_MAX - x->answer.n;
    buf_put(&x->answer, (str){p, min_size(n, room)});
    if (n <= room) return n;
    x->too_large = true;
    return 0;
}

static size_t on_head(char *p, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    size_t n = size * count;
    static const char NAME[] = "retry-after:";
    str line = {p, n};
    x->head_bytes += n;
    if (x->head_bytes > HEAD_BYTES_MAX) return 0;
    if (n <= sizeof NAME - 1 || !str_eq_nocase(str_slice(line, 0, sizeof NAME - 1), S(NAME)))
        return n;
    str value = str_trim(str_slice(line, sizeof NAME - 1, n));
    char text[64];
    i64 seconds;
    if (value.n >= sizeof text) return n;
    memcpy(text, value.p, value.n);
    text[value.n] = 0;
    if (str_to_i64(value, &seconds) == ERR_OK) {
        if (seconds >= 0) x->retry_after_ms = min_i64(seconds, 30 * DAY / SECOND) * SECOND;
        return n;
    }
    time_t at = curl_getdate(text, NULL);
    if (at >= 0) x->retry_after_ms = max_i64(0, min_i64((i64)at * SECOND - x->now_ms, 30 * DAY));
    return n;
}

/* ---- the end ---- */

static void on_done(struct transfer *t, CURLcode result)
{
    struct exchange *x =
        (struct exchange *)(void *)((char *)t - offsetof(struct exchange, transfer));
    long status = 0, request = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request);
    x->sent |= request > 0 && x->body.n == 0;
    bool whole = result == CURLE_OK || (result == CURLE_WRITE_ERROR && x->too_large);
    x->status = whole ? (int)status : 0;
    if (x->status) x->refused = false; /* another of the host's addresses was public */
    if (!whole) fail(x, "%s", curl_easy_strerror(result));
    if (whole && status == 0) fail(x, "the answer has no status");
    curl_loop_remove(x->loop, t);
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
    x->done(x);
}

static void on_later(uv_timer_t *timer)
{
    struct exchange *x = timer->data;
    x->later = NULL;
    uv_close((uv_handle_t *)timer, (uv_close_cb)free);
    x->done(x);
}

/* What is refused at once is told from the loop's top. */
static void refuse_later(struct exchange *x)
{
    x->refused = true;
    x->later = mem_zalloc(sizeof *x->later);
    uv_timer_init(curl_loop_uv(x->loop), x->later);
    x->later->data = x;
    uv_timer_start(x->later, on_later, 0, 0);
}

/* ---- the beginning ---- */

static void add_line(struct exchange *x, str name, str value)
{
    struct buf b;
    buf_init(&b, 64 << 10);
    buf_put(&b, name);
    buf_put(&b, value.n ? S(": ") : S(":"));
    buf_put(&b, value);
    buf_byte(&b, 0);
    x->lines = curl_slist_append(x->lines, b.p);
    MUST(x->lines);
    buf_clear(&b);
}

static void set_headers(struct exchange *x)
{
    bool typed = false;
    for (u32 i = 0; i < x->header_count; i++) {
        typed |= str_eq_nocase(x->headers[i].name, S("content-type"));
        add_line(x, x->headers[i].name, x->headers[i].value);
    }
    if (!typed) add_line(x, S("Content-Type"), (str){0});
    add_line(x, S("Expect"), (str){0});
    curl_easy_setopt(x->transfer.easy, CURLOPT_HTTPHEADER, x->lines);
}

static void set_text(CURL *easy, CURLoption option, str s)
{
    char *text = mem_alloc(s.n + 1);
    memcpy(text, s.n ? s.p : "", s.n);
    text[s.n] = 0;
    curl_easy_setopt(easy, option, text); /* curl keeps a copy of its own */
    free(text);
}

static void set_method(struct exchange *x, CURL *c)
{
    if (x->body.n == 0 && str_eq(x->method, S("GET"))) {
        /* A connection that dies under it is not tried again on another by curl. */
        curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
        return;
    }
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(c, CURLOPT_READDATA, x);
    if (x->body.n == 0) curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
    set_text(c, CURLOPT_CUSTOMREQUEST, x->method);
}

static void set_limits(struct exchange *x, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* also none that the environment names */
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)x->timeout_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)min_i64(x->timeout_ms, CONNECT_MAX_MS));
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_HTTP_TRANSFER_DECODING, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "Beckon");
    if (x->outbound->names) curl_easy_setopt(c, CURLOPT_RESOLVE, x->outbound->names);
}

void exchange_begin(struct exchange *x, struct curl_loop *loop, i64 now_ms)
{
    struct diag why = {0};
    x->loop = loop;
    x->outbound = curl_loop_outbound(loop);
    x->now_ms = now_ms;
    x->retry_after_ms = -1;
    buf_init(&x->answer, EXCHANGE_ANSWER_MAX);
    if (!x->refused && outbound_check(x->outbound, x->url, &why) != ERR_OK) {
        x->refused = true;
        fail(x, "%s", why.message);
    }
    if (x->refused) {
        refuse_later(x);
        return;
    }
    CURL *c = curl_easy_init();
    MUST(c);
    x->transfer = (struct transfer){c, on_done};
    set_text(c, CURLOPT_URL, x->url);
    set_method(x, c);
    set_headers(x);
    set_limits(x, c);
    if (x->user.n) {
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        set_text(c, CURLOPT_USERNAME, x->user);
        set_text(c, CURLOPT_PASSWORD, x->password);
    }
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_loop_add(loop, &x->transfer);
}

void exchange_clear(struct exchange *x)
{
    if (x->transfer.easy) {
        curl_loop_remove(x->loop, &x->transfer);
        curl_easy_cleanup(x->transfer.easy);
        x->transfer.easy = NULL;
    }
    if (x->later) uv_close((uv_handle_t *)x->later, (uv_close_cb)free);
    x->later = NULL;
    curl_slist_free_all(x->lines);
    x->lines = NULL;
    buf_clear(&x->answer);
}
