#include "server/precheck.h"

#include "base/test.h"
#include "server/head.h"

#include <stdio.h>
#include <stdlib.h>

static precheck_result whole(str bytes, struct precheck *p)
{
    memset(p, 0, sizeof *p);
    return precheck_head(p, bytes);
}

/* The same answer however the bytes are cut: fed one by one, and in two parts at each place. */
static precheck_result any_split(str bytes, struct precheck *out)
{
    precheck_result r = whole(bytes, out);
    struct precheck p = {0};
    precheck_result each = PRECHECK_MORE;
    for (size_t n = 1; n <= bytes.n && each == PRECHECK_MORE; n++)
        each = precheck_head(&p, str_slice(bytes, 0, n));
    CHECK_EQ(each, r);
    CHECK_EQ(p.status, out->status);
    CHECK_EQ(p.head_bytes, out->head_bytes);
    for (size_t cut = 0; cut < bytes.n; cut++) {
        struct precheck q = {0};
        if (precheck_head(&q, str_slice(bytes, 0, cut)) == PRECHECK_MORE)
            CHECK_EQ(precheck_head(&q, bytes), r);
    }
    return r;
}

static void check_bad(str bytes, int status)
{
    struct precheck p;
    if (any_split(bytes, &p) != PRECHECK_BAD || p.status != status) {
        print_error("not refused with %d but %d: %.*s\n", status, p.status, STR_ARG(bytes));
        CHECK(false);
    }
}

#define HOST "Host: a.example\r\n"

TEST("a plain request is whole at its empty line and not before")
{
    str s = S("GET /v1/t?x=1 HTTP/1.1\r\n" HOST "Accept: */*\r\n\r\nrest");
    struct precheck p;
    CHECK_EQ(any_split(s, &p), PRECHECK_DONE);
    CHECK_EQ(p.head_bytes, s.n - 4);
    CHECK_EQ(p.verb, METHOD_GET);
    CHECK_EQ(p.fields, 2);
    CHECK_EQ(whole(str_slice(s, 0, s.n - 5), &p), PRECHECK_MORE);
}

TEST("a length or chunks frame the body")
{
    struct precheck p;
    CHECK_EQ(whole(S("POST / HTTP/1.1\r\n" HOST "Content-Length: 17\r\n\r\n"), &p), PRECHECK_DONE);
    CHECK(p.has_length && !p.chunked);
    CHECK_EQ(p.length, 17);
    CHECK_EQ(whole(S("POST / HTTP/1.1\r\n" HOST "transfer-ENCODING:\tChunked \r\n\r\n"), &p),
             PRECHECK_DONE);
    CHECK(p.chunked && !p.has_length);
    CHECK_EQ(whole(S("POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n"), &p),
             PRECHECK_DONE);
    CHECK(p.wants_continue);
}

TEST("what two servers could read differently is refused")
{
    static const char *const BAD[] = {
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "\n",
        "GET / HTTP/1.1\r\r\n" HOST "\r\n",
        "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
        "\nGET / HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc\r\n\r\n",
        "GET / HTTP/1.1\r\n A: b\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A\t: b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A\xc3\xa4: b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A(b): c\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST HOST "\r\n",
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5 5\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        "GET /  HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1 \r\n" HOST "\r\n",
        "GET\t/ HTTP/1.1\r\n" HOST "\r\n",
        "GET /a b HTTP/1.1\r\n" HOST "\r\n",
        "GET /a\x01 HTTP/1.1\r\n" HOST "\r\n",
        "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n",
        "GET /a#b HTTP/1.1\r\n" HOST "\r\n",
        "GET /\"<> HTTP/1.1\r\n" HOST "\r\n",
        "GET a HTTP/1.1\r\n" HOST "\r\n",
        "GET * HTTP/1.1\r\n" HOST "\r\n",
        "GET http://b.example/ HTTP/1.1\r\n" HOST "\r\n",
        "OPTIONS b.example:80 HTTP/1.1\r\n" HOST "\r\n",
        "GET /\r\n" HOST "\r\n",
        "GET / HTTP/1.2\r\n" HOST "\r\n",
        "GET / HTTP/11\r\n" HOST "\r\n",
        "GET / http/1.1\r\n" HOST "\r\n",
        "G(T / HTTP/1.1\r\n" HOST "\r\n",
        " GET / HTTP/1.1\r\n" HOST "\r\n",
        "\x16\x03\x01\x02\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) check_bad(str_of(BAD[i]), 400);
    static const char with_nul[] = "GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n";
    check_bad((str){with_nul, sizeof with_nul - 1}, 400);
    check_bad(S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    check_bad(S("CONNECT b.example:80 HTTP/1.1\r\n" HOST "\r\n"), 501);
    check_bad(S("get / HTTP/1.1\r\n" HOST "\r\n"), 501);
    check_bad(S("POST / HTTP/1.1\r\n" HOST "Expect: coffee\r\n\r\n"), 417);
}

/* A head of exactly `size` bytes with `fields` fields beside the host. */
static str head_of(struct arena *a, size_t size, u32 fields)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_put(&b, S("GET / HTTP/1.1\r\n" HOST));
    for (u32 i = 0; i < fields; i++) buf_put(&b, S("a:\r\n"));
    while (b.n + 9 < size) {
        buf_put(&b, S("f:"));
        while (b.n + 4 < size && b.n % 1000) buf_byte(&b, 'x');
        buf_put(&b, S("\r\n"));
    }
    buf_put(&b, S("\r\n"));
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

TEST("a head may have a hundred fields and sixteen kibibytes, and no more")
{
    struct precheck p;
    CHECK_EQ(whole(head_of(arena, 0, HEAD_FIELDS_MAX - 1), &p), PRECHECK_DONE);
    CHECK_EQ(whole(head_of(arena, 0, HEAD_FIELDS_MAX), &p), PRECHECK_BAD);
    CHECK_EQ(p.status, 431);
    char *big = arena_alloc(arena, HEAD_BYTES_MAX + 64);
    memset(big, 'x', HEAD_BYTES_MAX + 64);
    str start = S("GET / HTTP/1.1\r\n" HOST "f: "), end = S("\r\n\r\n");
    memcpy(big, start.p, start.n);
    memcpy(big + HEAD_BYTES_MAX - end.n, end.p, end.n);
    CHECK_EQ(whole((str){big, HEAD_BYTES_MAX}, &p), PRECHECK_DONE);
    CHECK_EQ(p.head_bytes, HEAD_BYTES_MAX);
    memset(big + HEAD_BYTES_MAX - end.n, 'x', end.n);
    memcpy(big + HEAD_BYTES_MAX - end.n + 1, end.p, end.n);
    CHECK_EQ(whole((str){big, HEAD_BYTES_MAX + 1}, &p), PRECHECK_BAD);
    CHECK_EQ(p.status, 431);
    CHECK_EQ(whole((str){big, HEAD_BYTES_MAX - 1}, &p), PRECHECK_MORE);
}

TEST("the parser sees a head as the precheck saw it")
{
    str s = S(
        "POST /a/b?c=d&e HTTP/1.1\r\nhost: x:80\r\nX-Y:  z \r\nEmpty:\r\nContent-Length: 3\r\n\r\n"
        "abc");
    struct precheck p;
    CHECK_EQ(whole(s, &p), PRECHECK_DONE);
    struct head *h = arena_alloc(arena, sizeof *h);
    CHECK(head_parse(&p, s, h));
    CHECK_STR(h->path, S("/a/b"));
    CHECK_STR(h->query, S("c=d&e"));
    CHECK_EQ(h->field_count, 4);
    CHECK_STR(h->fields[1].name, S("X-Y"));
    CHECK_STR(h->fields[1].value, S("z"));
    CHECK_EQ(h->fields[2].value.n, 0);
    CHECK(h->keep_alive);
    str close = S("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    CHECK_EQ(whole(close, &p), PRECHECK_DONE);
    CHECK(head_parse(&p, close, h));
    CHECK(!h->keep_alive);
}

/* Unpacks `raw` fed in pieces of at most `step` bytes; the body ends up in `out`. */
static precheck_result unpack(str raw, size_t step, char *out, size_t *body, size_t *end)
{
    struct chunks c = {0};
    precheck_result r = PRECHECK_MORE;
    *end = 0;
    while (*end < raw.n && r == PRECHECK_MORE) {
        size_t used = 0, n = min_size(step, raw.n - *end);
        char piece[4096];
        memcpy(piece, raw.p + *end, n);
        size_t before = c.body;
        r = precheck_chunks(&c, piece, n, piece, &used);
        if (r == PRECHECK_BAD) return r;
        memcpy(out + before, piece, c.body - before);
        *end += used;
    }
    *body = c.body;
    return r;
}

TEST("chunks unpack to what was packed, at any split")
{
    struct rng rng = {test_seed()};
    for (int round = 0; round < 300; round++) {
        char body[2000], out[4000], raw[12000];
        size_t n = rng_below(&rng, sizeof body), at = 0, raw_n = 0, got = 0, end = 0;
        for (size_t i = 0; i < n; i++) body[i] = (char)rng_next(&rng);
        while (at < n) {
            size_t part = 1 + rng_below(&rng, min_size(n - at, 1 + rng_below(&rng, 700)));
            const char *ext = rng_percent(&rng, 20) ? ";a=\"b\"" : "";
            raw_n +=
                (size_t)snprintf(raw + raw_n, sizeof raw - raw_n,
                                 rng_percent(&rng, 50) ? "%zX%s\r\n" : "00%zx%s\r\n", part, ext);
            if (raw_n + part + 64 > sizeof raw) return;
            memcpy(raw + raw_n, body + at, part);
            memcpy(raw + raw_n + part, "\r\n", 2);
            raw_n += part + 2;
            at += part;
        }
        raw_n += (size_t)snprintf(raw + raw_n, sizeof raw - raw_n, "0\r\n\r\n");
        memcpy(raw + raw_n, "GET", 3);
        str all = {raw, raw_n + 3};
        CHECK_EQ(unpack(all, 1 + rng_below(&rng, 4000), out, &got, &end), PRECHECK_DONE);
        CHECK_EQ(end, raw_n);
        CHECK_STR(((str){out, got}), ((str){body, n}));
        CHECK_EQ(unpack(str_slice(all, 0, raw_n - 1), 1, out, &got, &end), PRECHECK_MORE);
    }
}

TEST("malformed chunks are refused at any split")
{
    static const char *const BAD[] = {
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "\r\n",
        "x\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "-1\r\n",
        "1234567890abcdef1\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;\x80\r\n",
        "0\r\nTrailer: x\r\n\r\n",
        "0\r\n\n",
        "0\n\r\n",
        "0\r\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        for (size_t step = 1; step < 20; step++) {
            char out[4096];
            size_t body, end;
            CHECK_EQ(unpack(str_of(BAD[i]), step, out, &body, &end), PRECHECK_BAD);
        }
    char long_line[CHUNK_LINE_MAX + 8] = "1;";
    memset(long_line + 2, 'x', CHUNK_LINE_MAX + 1);
    char out[4096];
    size_t body, end;
    CHECK_EQ(unpack((str){long_line, CHUNK_LINE_MAX + 3}, 4096, out, &body, &end), PRECHECK_BAD);
    CHECK_EQ(unpack((str){long_line, CHUNK_LINE_MAX + 2}, 4096, out, &body, &end), PRECHECK_MORE);
}
