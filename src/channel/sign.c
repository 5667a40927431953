#include "channel/sign.h"

#include "base/time.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

void sign_sha256(str s, u8 out[SHA256_BYTES])
{
    unsigned n;
    MUST(EVP_Digest(s.p, s.n, out, &n, EVP_sha256(), NULL) == 1 && n == SHA256_BYTES);
}

static void hmac(const EVP_MD *md, str key, str s, u8 *out)
{
    static const char EMPTY[1] = "";
    unsigned n;
    MUST(
        HMAC(md, key.n ? key.p : EMPTY, (int)key.n, (const u8 *)(s.n ? s.p : EMPTY), s.n, out, &n));
}

void sign_hmac_sha256(str key, str s, u8 out[SHA256_BYTES])
{
    hmac(EVP_sha256(), key, s, out);
}

void sign_hmac_sha1(str key, str s, u8 out[SHA1_BYTES])
{
    hmac(EVP_sha1(), key, s, out);
}

void put_hex(struct buf *b, const u8 *p, size_t n)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        buf_byte(b, (u8)DIGITS[p[i] >> 4]);
        buf_byte(b, (u8)DIGITS[p[i] & 15]);
    }
}

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void put_base64(struct buf *b, const u8 *p, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        u32 left = (u32)min_size(n - i, 3), v = (u32)p[i] << 16;
        if (left > 1) v |= (u32)p[i + 1] << 8;
        if (left > 2) v |= p[i + 2];
        buf_byte(b, (u8)LETTERS[v >> 18]);
        buf_byte(b, (u8)LETTERS[v >> 12 & 63]);
        buf_byte(b, left > 1 ? (u8)LETTERS[v >> 6 & 63] : '=');
        buf_byte(b, left > 2 ? (u8)LETTERS[v & 63] : '=');
    }
}

static int sextet(char c)
{
    const char *at = c ? strchr(LETTERS, c) : NULL;
    return at ? (int)(at - LETTERS) : -1;
}

bool read_base64(str text, u8 *out, size_t max, size_t *n)
{
    *n = 0;
    if (text.n == 0 || text.n % 4) return false;
    for (size_t i = 0; i < text.n; i += 4) {
        u32 v = 0, bytes = 3;
        for (size_t k = 0; k < 4; k++) {
            char c = text.p[i + k];
            int s = sextet(c);
            bool pad = c == '=' && i + 4 == text.n && k >= 2 && (k == 3 || text.p[i + 3] == '=');
            if (s < 0 && !pad) return false;
            if (pad) bytes = (u32)min_size(bytes, k - 1);
            v = v << 6 | (u32)(s < 0 ? 0 : s);
        }
        if (*n + bytes > max) return false;
        for (u32 k = 0; k < bytes; k++) out[(*n)++] = (u8)(v >> (16 - 8 * k));
    }
    return true;
}

void put_percent(struct buf *b, str s)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        u8 c = (u8)s.p[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (!plain) buf_byte(b, '%');
        buf_byte(b, plain ? c : (u8)DIGITS[c >> 4]);
        if (!plain) buf_byte(b, (u8)DIGITS[c & 15]);
    }
}

bool sign_equal(str a, str b)
{
    return a.n == b.n && b.n > 0 && CRYPTO_memcmp(a.p, b.p, b.n) == 0;
}

static int compare(const void *a, const void *b)
{
    const struct sign_pair *x = a, *y = b;
    int by_name = str_cmp(x->name, y->name);
    return by_name ? by_name : str_cmp(x->value, y->value);
}

void sign_sort(struct sign_pair *pairs, u32 n)
{
    if (n) qsort(pairs, n, sizeof *pairs, compare);
}

void sign_query(const struct sign_pair *sorted, u32 n, struct buf *out)
{
    for (u32 i = 0; i < n; i++) {
        if (i) buf_byte(out, '&');
        put_percent(out, sorted[i].name);
        buf_byte(out, '=');
        put_percent(out, sorted[i].value);
    }
}

static void put_sha256(struct buf *b, str s)
{
    u8 digest[SHA256_BYTES];
    sign_sha256(s, digest);
    put_hex(b, digest, sizeof digest);
}

static void put_signed_names(struct buf *b, const struct acs3 *a)
{
    for (u32 i = 0; i < a->header_count; i++) {
        if (i) buf_byte(b, ';');
        buf_put(b, a->headers[i].name);
    }
}

void sign_acs3(struct acs3 *a, struct buf *out)
{
    struct buf canonical, text;
    u8 mac[SHA256_BYTES];
    sign_sort(a->query, a->query_count);
    sign_sort(a->headers, a->header_count);
    buf_init(&canonical, 1 << 20);
    buf_init(&text, 256);
    buf_put(&canonical, a->method);
    buf_byte(&canonical, '\n');
    buf_put(&canonical, a->path);
    buf_byte(&canonical, '\n');
    sign_query(a->query, a->query_count, &canonical);
    buf_byte(&canonical, '\n');
    for (u32 i = 0; i < a->header_count; i++) {
        buf_put(&canonical, a->headers[i].name);
        buf_byte(&canonical, ':');
        buf_put(&canonical, str_trim(a->headers[i].value));
        buf_byte(&canonical, '\n');
    }
    buf_byte(&canonical, '\n');
    put_signed_names(&canonical, a);
    buf_byte(&canonical, '\n');
    put_sha256(&canonical, a->body);
    buf_put(&text, S("ACS3-HMAC-SHA256\n"));
    put_sha256(&text, buf_str(&canonical));
    sign_hmac_sha256(a->key_secret, buf_str(&text), mac);
    buf_put(out, S("ACS3-HMAC-SHA256 Credential="));
    buf_put(out, a->key_id);
    buf_put(out, S(",SignedHeaders="));
    put_signed_names(out, a);
    buf_put(out, S(",Signature="));
    put_hex(out, mac, sizeof mac);
    buf_clear(&canonical);
    buf_clear(&text);
}

static str bytes_of(const u8 *p, size_t n)
{
    return (str){(const char *)p, n};
}

static void tc3_mac(const struct tc3 *t, str date, str text, u8 out[SHA256_BYTES])
{
    struct buf key;
    u8 by_date[SHA256_BYTES], by_service[SHA256_BYTES], last[SHA256_BYTES];
    buf_init(&key, 4096);
    buf_put(&key, S("TC3"));
    buf_put(&key, t->key);
    sign_hmac_sha256(buf_str(&key), date, by_date);
    sign_hmac_sha256(bytes_of(by_date, sizeof by_date), t->service, by_service);
    sign_hmac_sha256(bytes_of(by_service, sizeof by_service), S("tc3_request"), last);
    sign_hmac_sha256(bytes_of(last, sizeof last), text, out);
    buf_clear(&key);
}

void sign_tc3(const struct tc3 *t, struct buf *out)
{
    struct buf canonical, text;
    char date[16];
    u8 mac[SHA256_BYTES];
    civil day = civil_of_ms(t->timestamp * 1000);
    buf_init(&text, sizeof date);
    buf_printf(&text, "%04d-%02u-%02u", day.year, day.month, day.day);
    str at = buf_str(&text);
    memcpy(date, at.p, at.n);
    at.p = date;
    buf_clear(&text);
    buf_init(&canonical, 4096);
    buf_init(&text, 4096);
    buf_printf(&canonical, "POST\n/\n\ncontent-type:%.*s\nhost:%.*s\n\ncontent-type;host\n",
               STR_ARG(t->content_type), STR_ARG(t->host));
    put_sha256(&canonical, t->body);
    buf_printf(&text, "TC3-HMAC-SHA256\n%lld\n%.*s/%.*s/tc3_request\n", (long long)t->timestamp,
               STR_ARG(at), STR_ARG(t->service));
    put_sha256(&text, buf_str(&canonical));
    tc3_mac(t, at, buf_str(&text), mac);
    buf_printf(out,
               "TC3-HMAC-SHA256 Credential=%.*s/%.*s/%.*s/tc3_request, "
               "SignedHeaders=content-type;host, Signature=",
               STR_ARG(t->id), STR_ARG(at), STR_ARG(t->service));
    put_hex(out, mac, sizeof mac);
    buf_clear(&canonical);
    buf_clear(&text);
}

void sign_twilio(str token, str url, struct sign_pair *params, u32 n, struct buf *out)
{
    struct buf text;
    u8 mac[SHA1_BYTES];
    sign_sort(params, n);
    buf_init(&text, 1 << 20);
    buf_put(&text, url);
    for (u32 i = 0; i < n; i++) {
        buf_put(&text, params[i].name);
        buf_put(&text, params[i].value);
    }
    sign_hmac_sha1(token, buf_str(&text), mac);
    put_base64(out, mac, sizeof mac);
    buf_clear(&text);
}

err sign_webhook(str secret, str id, i64 timestamp_s, str body, struct buf *out, struct diag *why)
{
    u8 key[WEBHOOK_SECRET_MAX], mac[SHA256_BYTES];
    size_t n = 0;
    struct buf text;
    bool good = str_starts(secret, S("whsec_")) &&
                read_base64(str_slice(secret, 6, secret.n), key, sizeof key, &n) && n >= 24;
    if (!good)
        return diag_at(why, ERR_REFUSED, S("/secret"),
                       "a secret is \"whsec_\" and the base64 of 24 to 64 bytes");
    buf_init(&text, body.n + id.n + 64);
    buf_printf(&text, "%.*s.%lld.", STR_ARG(id), (long long)timestamp_s);
    buf_put(&text, body);
    sign_hmac_sha256(bytes_of(key, n), buf_str(&text), mac);
    buf_put(out, S("v1,"));
    put_base64(out, mac, sizeof mac);
    buf_clear(&text);
    OPENSSL_cleanse(key, sizeof key);
    return ERR_OK;
}
