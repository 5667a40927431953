/* fixed.c — decimal text to and from ten-thousandths. */
#include "base/fixed.h"

static bool digit(str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

struct number {
    bool negative;
    u128 digits; /* all significant digits, without the point */
    i64 exponent;
};

/* JSON's number grammar (RFC 8259, section 6). More than 34 digits are a limit, not an error. */
MUST_USE static err scan(str s, struct number *out)
{
    size_t i = 0;
    *out = (struct number){0};
    bool too_long = false;
    u32 count = 0;
    out->negative = s.n && s.p[0] == '-';
    i += out->negative;
    if (!digit(s, i) || (s.p[i] == '0' && digit(s, i + 1))) return ERR_INVALID;
    for (bool after_point = false;; i++) {
        if (i < s.n && s.p[i] == '.' && !after_point && digit(s, i + 1)) {
            after_point = true;
            continue;
        }
        if (!digit(s, i)) break;
        if (count > 0 || s.p[i] != '0') count++;
        too_long |= count > 34;
        if (!too_long) out->digits = out->digits * 10 + (u32)(s.p[i] - '0');
        out->exponent -= after_point;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        bool minus = i < s.n && s.p[i] == '-';
        if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
        if (!digit(s, i)) return ERR_INVALID;
        i64 e = 0;
        for (; digit(s, i); i++)
            if (e < 100000) e = e * 10 + (s.p[i] - '0');
        out->exponent += minus ? -e : e;
    }
    if (i != s.n) return ERR_INVALID;
    return too_long ? ERR_LIMIT : ERR_OK;
}

err fixed_parse(str text, fixed *out)
{
    struct number n;
    TRY(scan(text, &n));
    i64 shift = n.exponent + 4;
    while (shift < 0 && n.digits % 10 == 0 && n.digits) n.digits /= 10, shift++;
    if (n.digits == 0) shift = 0;
    if (shift < 0 || shift > 34) return ERR_LIMIT;
    for (; shift > 0; shift--) {
        n.digits *= 10;
        if (n.digits > INT64_MAX) return ERR_LIMIT;
    }
    if (n.digits > INT64_MAX) return ERR_LIMIT;
    *out = n.negative ? -(i64)n.digits : (i64)n.digits;
    return ERR_OK;
}

void fixed_put(struct buf *b, fixed v)
{
    u64 rest = v < 0 ? 0 - (u64)v : (u64)v;
    u32 fraction = (u32)(rest % 10000);
    if (v < 0) buf_byte(b, '-');
    buf_i64_text(b, (i64)(rest / 10000));
    if (fraction == 0) return;
    buf_byte(b, '.');
    for (u32 place = 1000; fraction; place /= 10) {
        buf_byte(b, (u8)('0' + fraction / place));
        fraction %= place;
    }
}

MUST_USE static err divided(__int128 a, __int128 b, fixed *out)
{
    if (b == 0) return ERR_LIMIT;
    __int128 half = (b < 0 ? -b : b) / 2;
    __int128 q = (a < 0 ? a - half : a + half) / b;
    if (q > INT64_MAX || q < -INT64_MAX) return ERR_LIMIT;
    *out = (i64)q;
    return ERR_OK;
}

err fixed_mul(fixed a, fixed b, fixed *out)
{
    return divided((__int128)a * b, FIXED_ONE, out);
}

err fixed_div(fixed a, fixed b, fixed *out)
{
    return divided((__int128)a * FIXED_ONE, b, out);
}
