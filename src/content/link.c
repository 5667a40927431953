/* link.c — tokens: written, signed, and read back only if every bit is as it was. */
#include "content/link.h"

#include <stdio.h>

enum { VERSION = 1, TAG_BYTES = 16, BYTES_MAX = SIGNED_TARGET_MAX + 128 };

/* ---- base64url, one text for one value ---- */

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_base64(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n; i += 3) {
        size_t n = min_size(s.n - i, 3);
        u32 bits = 0;
        for (size_t k = 0; k < 3; k++) bits = bits << 8 | (k < n ? (u8)s.p[i + k] : 0);
        for (size_t k = 0; k <= n; k++) buf_byte(out, (u8)DIGITS[bits >> (18 - 6 * k) & 63]);
    }
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* Spare bits of the last digit have to be zero: else several texts would be one token. */
static bool read_base64(str s, char out[SIGNED_TEXT_MAX], size_t *n)
{
    u32 bits = 0, held = 0;
    *n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int d = digit(s.p[i]);
        if (d < 0) return false;
        bits = (bits << 6 | (u32)d) & 0xFFFF;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out[(*n)++] = (char)(bits >> held & 0xFF);
    }
    return s.n % 4 != 1 && (bits & ((1u << held) - 1)) == 0;
}

/* ---- the tag ---- */

static hash128 tag_of(struct sip_key key, signed_purpose purpose, str what)
{
    char name[] = "beckon signed link 0";
    name[sizeof name - 2] = (char)('0' + purpose);
    hash128 own = hash_sip(key, (str){name, sizeof name - 1});
    return hash_sip((struct sip_key){own.lo, own.hi}, what);
}

/* ---- what it says ---- */

static bool is_of_message(signed_purpose p)
{
    return p == SIGNED_CLICK || p == SIGNED_OPEN || p == SIGNED_UNSUBSCRIBE ||
           p == SIGNED_PREFERENCES;
}

static bool is_of_channel(signed_purpose p)
{
    return p == SIGNED_UNSUBSCRIBE || p == SIGNED_PREFERENCES || p == SIGNED_CONFIRM;
}

static bool has_text(signed_purpose p)
{
    return p == SIGNED_CLICK || p == SIGNED_CONFIRM;
}

void signed_link_put(struct buf *out, struct sip_key key, signed_purpose purpose,
                     const struct signed_link *link)
{
    struct buf b;
    buf_init(&b, BYTES_MAX);
    buf_byte(&b, VERSION);
    if (purpose != SIGNED_FORM) buf_put(&b, (str){(const char *)link->customer, 16});
    if (is_of_message(purpose)) buf_hash(&b, link->message);
    if (is_of_channel(purpose)) {
        buf_varint(&b, link->channel);
        buf_varint(&b, link->topic);
    }
    if (purpose == SIGNED_CONFIRM || purpose == SIGNED_FORM) {
        buf_varint(&b, link->object);
        buf_byte(&b, link->language);
        buf_zigzag(&b, link->at_ms);
    }
    if (has_text(purpose)) buf_put(&b, link->target);
    MUST(!b.full);
    buf_hash(&b, tag_of(key, purpose, buf_str(&b)));
    put_base64(out, buf_str(&b));
    buf_clear(&b);
}

static bool read_fields(str what, signed_purpose purpose, struct signed_link *out)
{
    struct reader r = reader_of(what);
    *out = (struct signed_link){0};
    if (read_byte(&r) != VERSION) return false;
    if (purpose != SIGNED_FORM) {
        str id = read_bytes(&r, 16);
        if (id.n == 16) memcpy(out->customer, id.p, 16);
    }
    if (is_of_message(purpose)) out->message = read_hash(&r);
    if (is_of_channel(purpose)) {
        out->channel = (u32)read_varint(&r);
        out->topic = (u32)read_varint(&r);
    }
    if (purpose == SIGNED_CONFIRM || purpose == SIGNED_FORM) {
        out->object = (u32)read_varint(&r);
        out->language = read_byte(&r);
        out->at_ms = read_zigzag(&r);
    }
    if (has_text(purpose)) out->target = read_rest(&r);
    return !r.bad && r.p == r.end;
}

bool signed_link_read(str text, struct sip_key key, signed_purpose purpose, struct arena *arena,
                      struct signed_link *out)
{
    char bytes[SIGNED_TEXT_MAX];
    size_t n;
    if (text.n > SIGNED_TEXT_MAX || !read_base64(text, bytes, &n) || n <= TAG_BYTES) return false;
    str what = {bytes, n - TAG_BYTES};
    struct reader r = reader_of((str){bytes + what.n, TAG_BYTES});
    hash128 said = read_hash(&r), tag = tag_of(key, purpose, what);
    if (((said.lo ^ tag.lo) | (said.hi ^ tag.hi)) != 0) return false; /* no early end: no hint */
    if (!read_fields(what, purpose, out)) return false;
    out->target = arena_str(arena, out->target);
    return true;
}

/* ---- opaque ids ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool signed_customer(str id, u8 out[16])
{
    if (id.n != 32) return false;
    for (size_t i = 0; i < 16; i++) {
        int a = hex(id.p[2 * i]), b = hex(id.p[2 * i + 1]);
        if (a < 0 || b < 0) return false;
        out[i] = (u8)(a << 4 | b);
    }
    return true;
}

void signed_customer_text(const u8 customer[16], char out[33])
{
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < 16; i++) {
        out[2 * i] = HEX[customer[i] >> 4];
        out[2 * i + 1] = HEX[customer[i] & 15];
    }
    out[32] = 0;
}
