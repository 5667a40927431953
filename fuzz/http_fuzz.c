/* http_fuzz.c — whatever the precheck lets pass has one reading.
 *
 * The bytes are a stream of requests. Each one the precheck accepts is given whole to http_parser,
 * which must end it at the same byte with the same body; and the precheck itself must answer the
 * same when the bytes arrive in two parts. */
#include "base/mem.h"
#include "server/head.h"

#include <http_parser.h>
#include <stdlib.h>

struct reading {
    char *body;
    size_t body_n, ended_at;
    bool ended;
};

static int on_body(http_parser *parser, const char *at, size_t n)
{
    struct reading *r = parser->data;
    memcpy(r->body + r->body_n, at, n);
    r->body_n += n;
    return 0;
}

static int on_end(http_parser *parser)
{
    struct reading *r = parser->data;
    r->ended = true;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings SETTINGS = {.on_body = on_body, .on_message_complete = on_end};

/* The end and body of the first message as the parser reads it. */
static void read_by_parser(str bytes, struct reading *r)
{
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = r;
    r->ended_at = http_parser_execute(&parser, &SETTINGS, bytes.p, bytes.n);
}

static bool read_by_us(const struct precheck *p, char *bytes, size_t n, str *body, size_t *end)
{
    char *at = bytes + p->head_bytes;
    size_t rest = n - p->head_bytes, used;
    if (!p->chunked) {
        *body = (str){at, p->length};
        *end = p->head_bytes + p->length;
        return rest >= p->length;
    }
    struct chunks c = {0};
    if (precheck_chunks(&c, at, rest, at, &used) != PRECHECK_DONE) return false;
    *body = (str){at, c.body};
    *end = p->head_bytes + used;
    return true;
}

static void check_split(str bytes, const struct precheck *whole, precheck_result r, size_t cut)
{
    struct precheck p = {0};
    precheck_result first = precheck_head(&p, str_slice(bytes, 0, cut));
    if (first == PRECHECK_MORE)
        MUST(precheck_head(&p, bytes) == r && p.head_bytes == whole->head_bytes);
    else
        MUST(first == r);
}

/* One message; the bytes it took, 0 if there is none. */
static size_t one(str bytes, u8 cut)
{
    static struct head head;
    struct precheck p = {0};
    precheck_result r = precheck_head(&p, bytes);
    check_split(bytes, &p, r, bytes.n * cut / 255);
    if (r != PRECHECK_DONE) return 0;
    MUST(head_parse(&p, bytes, &head));

    char *copy = mem_alloc(bytes.n + 1), *parsed = mem_alloc(bytes.n + 1);
    memcpy(copy, bytes.p, bytes.n);
    str body;
    size_t end = 0;
    if (read_by_us(&p, copy, bytes.n, &body, &end)) {
        struct reading reading = {.body = parsed};
        read_by_parser(str_slice(bytes, 0, end), &reading);
        MUST(reading.ended && reading.ended_at == end);
        MUST(str_eq((str){parsed, reading.body_n}, body));
        struct reading early = {.body = parsed};
        read_by_parser(str_slice(bytes, 0, end - 1), &early);
        MUST(!early.ended);
    } else {
        end = 0;
    }
    free(copy);
    free(parsed);
    return end;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size == 0) return 0;
    str bytes = {(const char *)data + 1, size - 1};
    for (size_t n; bytes.n > 0 && (n = one(bytes, data[0])) > 0;)
        bytes = str_slice(bytes, n, bytes.n);
    return 0;
}
