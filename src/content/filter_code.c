/* filter_code.c — texts in another writing: base64, URLs, JSON. What is decoded has to be UTF-8. */
#include "content/liquid.h"

/* Runs `put` over the value's text, behind the output, and makes what it wrote the value; false
 * from it: the text cannot be decoded. */
MUST_USE static err made(struct render *r, datum *d, bool (*put)(struct buf *out, str s))
{
    LIQUID_TEXT_OF(s, d);
    size_t from = r->out->n;
    bool fine = put(r->out, s);
    if (r->out->full) return render_out_of_room(r);
    size_t n = r->out->n - from;
    char *p = render_bytes(r, n);
    if (!p) return render_out_of_room(r);
    if (n) memcpy(p, r->out->p + from, n);
    r->out->n = from;
    if (!fine || !str_is_utf8((str){p, n}))
        return render_fail(r, ERR_INVALID, "this text cannot be decoded");
    datum_set(d, value_text((str){p, n}));
    return ERR_OK;
}

/* ---- base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_base64(struct buf *out, str s, const char *with)
{
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        u32 bits = (u32)(u8)s.p[i] << 16;
        if (left > 1) bits |= (u32)(u8)s.p[i + 1] << 8;
        if (left > 2) bits |= (u8)s.p[i + 2];
        buf_byte(out, (u8)with[bits >> 18]);
        buf_byte(out, (u8)with[bits >> 12 & 63]);
        buf_byte(out, left > 1 ? (u8)with[bits >> 6 & 63] : '=');
        buf_byte(out, left > 2 ? (u8)with[bits & 63] : '=');
    }
}

/* Strict: whole groups of four; padding may be left out only in the URLs' alphabet. */
static bool read_base64(struct buf *out, str s, const char *with)
{
    u32 bits = 0, count = 0;
    size_t n = s.n;
    while (n && s.n - n < 2 && s.p[n - 1] == '=') n--;
    if (n != s.n ? s.n % 4 != 0 : n % 4 == 1 || (n % 4 && with == digits)) return false;
    for (size_t i = 0; i < n; i++) {
        const char *at = s.p[i] ? strchr(with, s.p[i]) : NULL;
        if (!at) return false;
        bits = bits << 6 | (u32)(at - with);
        if ((count += 6) < 8) continue;
        count -= 8;
        buf_byte(out, (u8)(bits >> count));
    }
    return true;
}

static bool put_encoded(struct buf *out, str s)
{
    put_base64(out, s, digits);
    return true;
}

static bool put_decoded(struct buf *out, str s)
{
    return read_base64(out, s, digits);
}

static bool put_url_safe_encoded(struct buf *out, str s)
{
    put_base64(out, s, url_digits);
    return true;
}

static bool put_url_safe_decoded(struct buf *out, str s)
{
    return read_base64(out, s, url_digits);
}

/* ---- URLs ---- */

static bool put_url_encoded(struct buf *out, str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        u8 ch = (u8)s.p[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                     (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.' || ch == '~';
        if (plain || ch == ' ') {
            buf_byte(out, plain ? ch : '+');
            continue;
        }
        buf_byte(out, '%');
        buf_byte(out, (u8)hex[ch >> 4]);
        buf_byte(out, (u8)hex[ch & 15]);
    }
    return true;
}

static int hex_digit(char ch)
{
    if (ch >= '0' && ch <= '9') return ch - '0';
    ch = (char)(ch | 0x20);
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static bool put_url_decoded(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
        if (low >= 0) {
            buf_byte(out, (u8)(high << 4 | low));
            i += 2;
        } else {
            buf_byte(out, s.p[i] == '+' ? ' ' : (u8)s.p[i]);
        }
    }
    return true;
}

/* ---- filters ---- */

#define CODING(name, put)                                                                          \
    static err apply_##name(struct render *r, datum *d, const datum *args, u32 given)              \
    {                                                                                              \
        (void)args, (void)given;                                                                   \
        return datum_is_nil(d) ? ERR_OK : made(r, d, put);                                         \
    }
CODING(base64_encode, put_encoded)
CODING(base64_decode, put_decoded)
CODING(base64_url_safe_encode, put_url_safe_encoded)
CODING(base64_url_safe_decode, put_url_safe_decoded)
CODING(url_encode, put_url_encoded)
CODING(url_decode, put_url_decoded)

/* The value as JSON; in a script element < > & are written as what they mean there. */
static err apply_json(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    struct elements e;
    value v = d->v;
    if (d->kind == DATUM_RANGE) {
        TRY(elements_of(r, d, &e));
        TRY(elements_set(r, &e, d));
        v = d->v;
    } else if (d->kind != DATUM_PLAIN) {
        v = value_missing();
    }
    size_t from = r->out->n;
    value_json(r->out, v);
    if (r->out->full) return render_out_of_room(r);
    size_t n = r->out->n - from, used = 0;
    char *p = render_bytes(r, n * 6);
    if (!p) return render_out_of_room(r);
    for (size_t i = 0; i < n; i++) {
        char ch = r->out->p[from + i];
        if (r->format == LIQUID_HTML && (ch == '<' || ch == '>' || ch == '&')) {
            memcpy(p + used, ch == '<' ? "\\u003c" : ch == '>' ? "\\u003e" : "\\u0026", 6);
            used += 6;
        } else {
            p[used++] = ch;
        }
    }
    r->out->n = from;
    datum_set(d, value_text((str){p, used}));
    return ERR_OK;
}

const struct liquid_filter liquid_code_filters[] = {
    {LIQUID_NAME("base64_decode"), 0, 0, SAFE_ENDS, {0}, apply_base64_decode},
    {LIQUID_NAME("base64_encode"), 0, 0, SAFE_ENDS, {0}, apply_base64_encode},
    {LIQUID_NAME("base64_url_safe_decode"), 0, 0, SAFE_ENDS, {0}, apply_base64_url_safe_decode},
    {LIQUID_NAME("base64_url_safe_encode"), 0, 0, SAFE_ENDS, {0}, apply_base64_url_safe_encode},
    {LIQUID_NAME("json"), 0, 0, SAFE_ENDS, {0}, apply_json},
    {LIQUID_NAME("url_decode"), 0, 0, SAFE_ENDS, {0}, apply_url_decode},
    {LIQUID_NAME("url_encode"), 0, 0, SAFE_BEGINS, {0}, apply_url_encode},
    {{0}, 0, 0, 0, {0}, NULL},
};
