#include "server/head.h"

#include <http_parser.h>

/* The whole head is given in one piece, so each callback sees its text whole as well. */
static int on_url(http_parser *parser, const char *at, size_t n)
{
    struct head *h = parser->data;
    const char *mark = memchr(at, '?', n);
    size_t path = mark ? (size_t)(mark - at) : n;
    h->path = (str){at, path};
    h->query = mark ? (str){mark + 1, n - path - 1} : (str){0};
    return 0;
}

static int on_field(http_parser *parser, const char *at, size_t n)
{
    struct head *h = parser->data;
    if (h->field_count == HEAD_FIELDS_MAX) return 1;
    h->fields[h->field_count++] = (struct http_field){{at, n}, {at + n, 0}};
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t n)
{
    struct head *h = parser->data;
    if (h->field_count == 0) return 1;
    h->fields[h->field_count - 1].value = str_trim((str){at, n});
    return 0;
}

static int on_complete(http_parser *parser)
{
    struct head *h = parser->data;
    h->keep_alive = http_should_keep_alive(parser) != 0;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings SETTINGS = {.on_url = on_url,
                                              .on_header_field = on_field,
                                              .on_header_value = on_value,
                                              .on_headers_complete = on_complete};

static const enum http_method METHODS[METHOD_COUNT] = {
    HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS};

bool head_parse(const struct precheck *p, str bytes, struct head *out)
{
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = out;
    out->field_count = 0;
    out->path = out->query = (str){0};
    size_t used = http_parser_execute(&parser, &SETTINGS, bytes.p, p->head_bytes);
    if (HTTP_PARSER_ERRNO(&parser) != HPE_PAUSED || used + 1 < p->head_bytes) return false;
    if (parser.method != METHODS[p->verb] || out->field_count != p->fields) return false;
    if (p->chunked != !!(parser.flags & F_CHUNKED)) return false;
    return !p->has_length || parser.content_length == p->length;
}
