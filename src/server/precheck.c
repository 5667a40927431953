#include "server/precheck.h"

/* Classes of bytes, by table: one look-up instead of a chain of comparisons per byte. */
enum { TOKEN = 1, TARGET = 2, VALUE = 4, HOST = 8 };

static const u8 CLASS[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = TOKEN | TARGET | VALUE,
    ['"'] = VALUE,
    ['#'] = TOKEN | VALUE,
    ['$' ... '\''] = TOKEN | TARGET | VALUE,
    ['('] = TARGET | VALUE,
    [')'] = TARGET | VALUE,
    ['*' ... '+'] = TOKEN | TARGET | VALUE,
    [','] = TARGET | VALUE,
    ['-' ... '.'] = TOKEN | TARGET | VALUE | HOST,
    ['/'] = TARGET | VALUE,
    ['0' ... '9'] = TOKEN | TARGET | VALUE | HOST,
    [':'] = TARGET | VALUE | HOST,
    [';'] = TARGET | VALUE,
    ['<'] = VALUE,
    ['='] = TARGET | VALUE,
    ['>'] = VALUE,
    ['?' ... '@'] = TARGET | VALUE,
    ['A' ... 'Z'] = TOKEN | TARGET | VALUE | HOST,
    ['['] = TARGET | VALUE | HOST,
    ['\\'] = VALUE,
    [']'] = TARGET | VALUE | HOST,
    ['^'] = TOKEN | TARGET | VALUE,
    ['_'] = TOKEN | TARGET | VALUE | HOST,
    ['`'] = TOKEN | TARGET | VALUE,
    ['a' ... 'z'] = TOKEN | TARGET | VALUE | HOST,
    ['{'] = TARGET | VALUE,
    ['|'] = TOKEN | TARGET | VALUE,
    ['}'] = TARGET | VALUE,
    ['~'] = TOKEN | TARGET | VALUE,
    [128 ... 255] = VALUE,
};

static bool all_of(str s, u8 class)
{
    u8 both = class;
    for (size_t i = 0; i < s.n; i++) both &= CLASS[(u8)s.p[i]];
    return both != 0;
}

static precheck_result bad(struct precheck *p, u16 status, const char *why)
{
    p->status = status;
    p->why = why;
    return PRECHECK_BAD;
}

static const struct {
    str text;
    http_verb verb;
} VERBS[] = {{{"POST", 4}, METHOD_POST},      {{"GET", 3}, METHOD_GET},
             {{"PUT", 3}, METHOD_PUT},        {{"HEAD", 4}, METHOD_HEAD},
             {{"DELETE", 6}, METHOD_DELETE},  {{"PATCH", 5}, METHOD_PATCH},
             {{"OPTIONS", 7}, METHOD_OPTIONS}};

static bool verb_of(str text, http_verb *out)
{
    for (size_t i = 0; i < COUNT_OF(VERBS); i++)
        if (str_eq(VERBS[i].text, text)) {
            *out = VERBS[i].verb;
            return true;
        }
    return false;
}

/* METHOD SP TARGET SP HTTP/1.x, single spaces and nothing else. */
static precheck_result request_line(struct precheck *p, str line)
{
    ptrdiff_t a = str_index(line, ' ');
    if (a <= 0) return bad(p, 400, "The request line has no method");
    str method = str_slice(line, 0, (size_t)a), rest = str_slice(line, (size_t)a + 1, line.n);
    if (!all_of(method, TOKEN)) return bad(p, 400, "The method is not a word");
    ptrdiff_t b = str_index(rest, ' ');
    if (b <= 0) return bad(p, 400, "The request line has no target");
    str target = str_slice(rest, 0, (size_t)b), version = str_slice(rest, (size_t)b + 1, rest.n);
    if (str_eq(version, S("HTTP/2.0"))) return bad(p, 505, "HTTP/2 is not spoken here");
    if (str_eq(version, S("HTTP/1.1")))
        p->minor = 1;
    else if (!str_eq(version, S("HTTP/1.0")))
        return bad(p, 400, "The version is not HTTP/1.1");
    if (!verb_of(method, &p->verb)) return bad(p, 501, "The method is not known here");
    bool asterisk = p->verb == METHOD_OPTIONS && str_eq(target, S("*"));
    if ((target.p[0] != '/' && !asterisk) || !all_of(target, TARGET))
        return bad(p, 400, "The target is not a path");
    return PRECHECK_MORE;
}

static precheck_result content_length(struct precheck *p, str value)
{
    if (p->has_length) return bad(p, 400, "The length is given twice");
    if (value.n == 0 || value.n > 18) return bad(p, 400, "The length is no number");
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9') return bad(p, 400, "The length is no number");
        p->length = p->length * 10 + (u64)(value.p[i] - '0');
    }
    p->has_length = true;
    return PRECHECK_MORE;
}

/* The fields that decide where a request ends, or for whom it is. */
static precheck_result framing(struct precheck *p, str name, str value)
{
    if (str_eq_nocase(name, S("content-length"))) return content_length(p, value);
    if (str_eq_nocase(name, S("transfer-encoding"))) {
        if (p->chunked || p->minor == 0 || !str_eq_nocase(value, S("chunked")))
            return bad(p, 400, "The transfer coding is not exactly chunked");
        p->chunked = true;
    } else if (str_eq_nocase(name, S("host"))) {
        if (p->has_host || (value.n > 0 && !all_of(value, HOST)))
            return bad(p, 400, "The host is given twice or is no host");
        p->has_host = true;
    } else if (str_eq_nocase(name, S("expect"))) {
        if (!str_eq_nocase(value, S("100-continue")))
            return bad(p, 417, "Only 100-continue can be expected");
        p->wants_continue = p->minor == 1;
    }
    return PRECHECK_MORE;
}

static precheck_result field(struct precheck *p, str line)
{
    if (++p->fields > HEAD_FIELDS_MAX) return bad(p, 431, "There are too many header fields");
    ptrdiff_t colon = str_index(line, ':');
    if (colon <= 0) return bad(p, 400, "A header field has no name");
    str name = str_slice(line, 0, (size_t)colon);
    str value = str_slice(line, (size_t)colon + 1, line.n);
    if (!all_of(name, TOKEN)) return bad(p, 400, "A header field's name is not a word");
    if (!all_of(value, VALUE)) return bad(p, 400, "A header field holds control bytes");
    switch (name.n) {
    case 4:
    case 6:
    case 14:
    case 17: return framing(p, name, str_trim(value));
    default: break;
    }
    /* http_parser takes what only begins so for a transfer coding */
    if (name.n > 17 && str_eq_nocase(str_slice(name, 0, 17), S("transfer-encoding")))
        return bad(p, 400, "A header field is nearly a transfer coding");
    return PRECHECK_MORE;
}

static precheck_result end_of_head(struct precheck *p)
{
    if (p->chunked && p->has_length) return bad(p, 400, "A length stands beside chunks");
    if (p->minor == 1 && !p->has_host) return bad(p, 400, "The host is missing");
    p->head_bytes = p->line_at;
    return PRECHECK_DONE;
}

precheck_result precheck_head(struct precheck *p, str bytes)
{
    for (;;) {
        size_t limit = min_size(bytes.n, HEAD_BYTES_MAX);
        const char *lf = p->seen < limit ? memchr(bytes.p + p->seen, '\n', limit - p->seen) : NULL;
        if (!lf) {
            p->seen = (u32)limit;
            if (bytes.n >= HEAD_BYTES_MAX) return bad(p, 431, "The header is too large");
            return PRECHECK_MORE;
        }
        size_t at = p->line_at, end = (size_t)(lf - bytes.p);
        if (end == at || bytes.p[end - 1] != '\r')
            return bad(p, 400, "A line does not end in CR LF");
        str line = str_slice(bytes, at, end - 1);
        p->line_at = p->seen = (u32)(end + 1);
        if (at > 0 && line.n == 0) return end_of_head(p);
        precheck_result r = at == 0 ? request_line(p, line) : field(p, line);
        if (r == PRECHECK_BAD) return r;
    }
}

/* ---- chunks ---- */

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, END_CR, END_LF, END };

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    char low = (char)(c | 32);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* One byte outside of a chunk's data; false if it must not stand there. */
static bool frame_byte(struct chunks *c, char b)
{
    switch (c->state) {
    case SIZE:
        if (hex(b) >= 0) {
            c->left = c->left << 4 | (u64)hex(b);
            return ++c->digits <= 15;
        }
        if (c->digits == 0) return false;
        c->state = b == ';' ? EXTENSION : SIZE_LF;
        return b == ';' || b == '\r';
    case EXTENSION:
        if (b == '\r') c->state = SIZE_LF;
        return b == '\r' || (++c->line <= CHUNK_LINE_MAX && (CLASS[(u8)b] & VALUE) && (u8)b < 128);
    case SIZE_LF: c->state = c->left > 0 ? DATA : END_CR; return b == '\n';
    case DATA_CR: c->state = DATA_LF; return b == '\r';
    case DATA_LF:
        c->state = SIZE;
        c->digits = 0;
        c->line = 0;
        return b == '\n';
    case END_CR: c->state = END_LF; return b == '\r';
    default: c->state = END; return b == '\n';
    }
}

precheck_result precheck_chunks(struct chunks *c, const char *raw, size_t n, char *out,
                                size_t *used)
{
    size_t at = 0;
    while (at < n && c->state != END) {
        if (c->state != DATA) {
            if (!frame_byte(c, raw[at++])) return PRECHECK_BAD;
            continue;
        }
        size_t part = min_size(n - at, c->left);
        memmove(out, raw + at, part);
        out += part;
        at += part;
        c->body += part;
        c->left -= part;
        if (c->left == 0) c->state = DATA_CR;
    }
    c->taken += at;
    *used = at;
    return c->state == END ? PRECHECK_DONE : PRECHECK_MORE;
}
