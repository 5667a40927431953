/* encode.c — texts without escapes are copied as they stand; numbers become INT or FIXED where
 * those hold them, else they stay as written: a number of 400 digits is a number. A container's
 * size stands before its members, which are written first and moved up by the size's few bytes. */
#include "intake/encode.h"

#include "base/bytes.h"

bool encode_fail(struct encoder *e, const char *problem, bool broken)
{
    if (!e->problem) e->problem = problem, e->broken = broken;
    return false;
}

static str trimmed(str s)
{
    for (; s.n; s.n--) {
        char c = s.p[s.n - 1];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') break;
    }
    return s;
}

/* ---- texts ---- */

static i32 hex4(str s)
{
    i32 v = 0;
    if (s.n < 4) return -1;
    for (u32 i = 0; i < 4; i++) {
        char c = s.p[i], low = (char)(c | 0x20);
        i32 digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0) return -1;
        v = v << 4 | digit;
    }
    return v;
}

static void put_utf8(struct buf *b, u32 c)
{
    u32 more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const u8 HEAD[] = {0, 0xC0, 0xE0, 0xF0};
    buf_byte(b, (u8)(HEAD[more] | c >> 6 * more));
    while (more--) buf_byte(b, (u8)(0x80 | (c >> 6 * more & 0x3F)));
}

/* The four digits behind "\u", and the second half where they are the first of a pair. Steps over
 * them. */
static bool unicode_escape(struct encoder *e, str *s)
{
    static const char HALF[] = "a text holds half of a surrogate pair";
    i32 c = hex4(*s);
    if (c < 0) return encode_fail(e, "a text holds an unfinished \\u escape", true);
    *s = str_slice(*s, 4, s->n);
    if (c >= 0xDC00 && c < 0xE000) return encode_fail(e, HALF, true);
    if (c >= 0xD800 && c < 0xDC00) {
        i32 low = str_starts(*s, S("\\u")) ? hex4(str_slice(*s, 2, s->n)) : -1;
        if (low < 0xDC00 || low >= 0xE000) return encode_fail(e, HALF, true);
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        *s = str_slice(*s, 6, s->n);
    }
    put_utf8(e->text, (u32)c);
    return true;
}

/* What stands between the quotes, into e->text. */
static bool unescape(struct encoder *e, str s)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    buf_reset(e->text);
    for (ptrdiff_t slash; (slash = str_index(s, '\\')) >= 0;) {
        buf_put(e->text, (str){s.p, (size_t)slash});
        s = str_slice(s, (size_t)slash + 1, s.n);
        if (s.n == 0) return encode_fail(e, "a text ends in a backslash", true);
        char c = *s.p;
        s = str_slice(s, 1, s.n);
        const char *at = c ? strchr(FROM, c) : NULL;
        if (c == 'u') {
            if (!unicode_escape(e, &s)) return false;
        } else if (at) {
            buf_byte(e->text, (u8)TO[at - FROM]);
        } else {
            return encode_fail(e, "a text holds an unknown escape", true);
        }
    }
    buf_put(e->text, s);
    return true;
}

/* The high bit of each byte of `v` that is `c`; bytes above the lowest such may be wrong. */
static u64 bytes_equal(u64 v, char c)
{
    const u64 ONES = 0x0101010101010101;
    u64 x = v ^ ONES * (u8)c;
    return (x - ONES) & ~x & ONES << 7;
}

static u64 load64(const char *p)
{
    u64 v;
    memcpy(&v, p, 8);
    return v;
}

/* Whether a backslash stands in `s`; bytes behind it are read and do not count. */
static bool has_escape(str s)
{
    if (s.n > 64) return str_index(s, '\\') >= 0;
    for (size_t i = 0; i < s.n; i += 8) {
        u64 found = bytes_equal(load64(s.p + i), '\\');
        if (UNLIKELY(found)) return i + (size_t)__builtin_ctzll(found) / 8 < s.n;
    }
    return false;
}

static bool put_escaped(struct encoder *e, str s)
{
    if (!unescape(e, s)) return false;
    s = buf_str(e->text);
    if (s.n > ENCODE_TEXT_MAX) return encode_fail(e, "a text is longer than 32 KB", false);
    *e->p++ = VALUE_TEXT;
    e->p = bytes_put_str(e->p, s);
    return true;
}

static bool put_text(struct encoder *e, str token)
{
    if (token.n < 2 || token.p[token.n - 1] != '"')
        return encode_fail(e, "a text is not closed", true);
    str s = {token.p + 1, token.n - 2};
    if (UNLIKELY(has_escape(s))) return put_escaped(e, s);
    if (s.n > ENCODE_TEXT_MAX) return encode_fail(e, "a text is longer than 32 KB", false);
    *e->p++ = VALUE_TEXT;
    e->p = bytes_put_loose(bytes_put_varint(e->p, s.n), s.p, s.n);
    return true;
}

static bool put_escaped_key(struct encoder *e, str s)
{
    if (!unescape(e, s)) return false;
    if (e->text->n > ENCODE_KEY_MAX)
        return encode_fail(e, "a name is longer than 128 bytes", false);
    e->p = bytes_put_str(e->p, buf_str(e->text));
    return true;
}

bool encode_key(struct encoder *e, const char *raw)
{
    const char *p = raw;
    bool escaped = false;
    for (;;) {
        u64 v = load64(p), found = bytes_equal(v, '"') | bytes_equal(v, '\\');
        if (!found) {
            p += 8;
            continue;
        }
        p += __builtin_ctzll(found) / 8;
        if (*p == '"') break;
        escaped = true;
        p += 2;
    }
    str key = {raw, (size_t)(p - raw)};
    if (UNLIKELY(escaped)) return put_escaped_key(e, key);
    if (key.n > ENCODE_KEY_MAX) return encode_fail(e, "a name is longer than 128 bytes", false);
    e->p = bytes_put_loose(bytes_put_varint(e->p, key.n), key.p, key.n);
    return true;
}

/* ---- numbers and words ---- */

static bool put_whole(struct encoder *e, value_type type, i64 n)
{
    *e->p++ = (u8)type;
    e->p = bytes_put_zigzag(e->p, n);
    return true;
}

static bool digit(str s, size_t i)
{
    return (u8)(s.p[i] - '0') <= 9;
}

/* The common ones at once: integers of up to 18 digits, decimals of up to 14 characters. */
static bool put_short(struct encoder *e, str s)
{
    bool minus = s.n && *s.p == '-';
    size_t i = minus, places = 0;
    i64 n = 0;
    if (s.n > 18) return false;
    for (; i < s.n && digit(s, i); i++) n = n * 10 + (s.p[i] - '0');
    if (i == minus || (s.p[minus] == '0' && i > minus + 1ul)) return false;
    if (i == s.n) return put_whole(e, VALUE_INT, minus ? -n : n);
    if (s.p[i] != '.' || s.n > 14) return false;
    for (i++; i < s.n && digit(s, i); i++, places++) n = n * 10 + (s.p[i] - '0');
    if (i < s.n || places == 0 || places > 4) return false;
    for (; places < 4; places++) n *= 10;
    return put_whole(e, VALUE_FIXED, minus ? -n : n);
}

static bool put_number(struct encoder *e, str s)
{
    fixed decimal;
    i64 n;
    if (LIKELY(put_short(e, s))) return true;
    err read = fixed_parse(s, &decimal);
    if (read == ERR_INVALID)
        return encode_fail(e, "there is something that is no JSON value", true);
    if (str_to_i64(s, &n) == ERR_OK) return put_whole(e, VALUE_INT, n);
    if (read == ERR_OK) return put_whole(e, VALUE_FIXED, decimal);
    *e->p++ = VALUE_NUMBER;
    e->p = bytes_put_str(e->p, s);
    return true;
}

static bool put_word(struct encoder *e, str s, str word, value_type type)
{
    if (!str_eq(s, word)) return encode_fail(e, "there is something that is no JSON value", true);
    *e->p++ = (u8)type;
    return true;
}

bool encode_scalar(struct encoder *e, str token)
{
    token = trimmed(token);
    switch (token.n ? *token.p : 0) {
    case '"': return put_text(e, token);
    case 't': return put_word(e, token, S("true"), VALUE_TRUE);
    case 'f': return put_word(e, token, S("false"), VALUE_FALSE);
    case 'n': return put_word(e, token, S("null"), VALUE_NULL);
    default: return put_number(e, token);
    }
}

/* ---- containers ---- */

bool encode_count(struct encoder *e, bool is_map, u32 count)
{
    if (!is_map || count <= ENCODE_MEMBERS_MAX) return true;
    return encode_fail(e, "an object has more than 1,000 members", false);
}

bool encode_open(struct encoder *e, bool is_map, u32 depth, u8 **at)
{
    if (depth > ENCODE_DEPTH_MAX) return encode_fail(e, "it is nested more than 32 deep", false);
    *e->p++ = is_map ? VALUE_MAP : VALUE_LIST;
    *at = e->p;
    return true;
}

void encode_close(struct encoder *e, u8 *at, u32 count)
{
    size_t members = (size_t)(e->p - at), inner = members + bytes_varint_size(count);
    size_t head = bytes_varint_size(inner) + bytes_varint_size(count);
    memmove(at + head, at, members);
    bytes_put_varint(bytes_put_varint(at, inner), count);
    e->p += head;
}
