#include "server/totp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

u32 totp_code(str secret, i64 step, int digits)
{
    u8 counter[8], mac[20];
    unsigned n = sizeof mac;
    u32 modulus = 1;
    for (int i = 0; i < 8; i++) counter[i] = (u8)((u64)step >> (56 - 8 * i));
    MUST(HMAC(EVP_sha1(), secret.p, (int)secret.n, counter, sizeof counter, mac, &n));
    const u8 *at = mac + (mac[19] & 15);
    u32 v = (u32)(at[0] & 0x7f) << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
    while (digits-- > 0) modulus *= 10;
    return v % modulus;
}

bool totp_fits(str secret, str code, i64 now_ms, i64 last, i64 *step)
{
    i64 given = 0, now = now_ms / TOTP_STEP_MS;
    bool fits = false;
    if (code.n != TOTP_DIGITS || str_to_i64(code, &given) != ERR_OK || given < 0) return false;
    for (i64 at = now - 1; at <= now + 1; at++) {
        u32 right = totp_code(secret, at, TOTP_DIGITS), said = (u32)given;
        bool same = CRYPTO_memcmp(&right, &said, sizeof right) == 0 && at > last;
        if (same) *step = at;
        fits |= same;
    }
    return fits;
}

void base32_put(struct buf *b, str bytes)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    u32 bits = 0, have = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | (u8)bytes.p[i];
        for (have += 8; have >= 5; have -= 5) buf_byte(b, (u8)LETTERS[bits >> (have - 5) & 31]);
    }
    if (have) buf_byte(b, (u8)LETTERS[bits << (5 - have) & 31]);
}

static void put_escaped(struct buf *b, str text)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        u8 c = (u8)text.p[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
                     c == '.' || c == '_' || c == '~' || c == '@';
        if (plain) {
            buf_byte(b, c);
            continue;
        }
        buf_byte(b, '%');
        buf_byte(b, (u8)HEX[c >> 4]);
        buf_byte(b, (u8)HEX[c & 15]);
    }
}

void totp_url(struct buf *b, str issuer, str account, str secret)
{
    buf_put(b, S("otpauth://totp/"));
    put_escaped(b, issuer);
    buf_byte(b, ':');
    put_escaped(b, account);
    buf_put(b, S("?secret="));
    base32_put(b, secret);
    buf_put(b, S("&issuer="));
    put_escaped(b, issuer);
}
