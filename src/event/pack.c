/* pack.c — packing and unpacking. Eight values of w bits are w bytes: with the width a constant,
 * all shifts are too, and the compiler unrolls. */
#include "event/pack.h"

void pack_put(u8 *p, u32 width, const u64 *values, u64 base, u32 n)
{
    u64 word = 0;
    u32 bits = 0; /* of `word` that are set already */
    if (width == 0) return;
    for (u32 i = 0; i < n; i++) {
        u64 v = values[i] - base;
        word |= v << bits;
        bits += width;
        if (bits < 64) continue;
        memcpy(p, &word, sizeof word);
        p += sizeof word;
        bits -= 64;
        word = bits ? v >> (width - bits) : 0;
    }
    memcpy(p, &word, (bits + 7) / 8);
}

#define EIGHT(X, w) X(w + 1) X(w + 2) X(w + 3) X(w + 4) X(w + 5) X(w + 6) X(w + 7) X(w + 8)
#define EACH_WIDTH(X) EIGHT(X, 0) EIGHT(X, 8) EIGHT(X, 16) EIGHT(X, 24) EIGHT(X, 32)

static inline __attribute__((always_inline)) u64 one_of_8(const u8 *p, u32 width, u32 k)
{
    u64 v;
    memcpy(&v, p + k * width / 8, sizeof v);
    return v >> k * width % 8 & pack_mask(width);
}

static inline __attribute__((always_inline)) u32 eights_i64(const u8 *p, u32 width, u32 n, i64 base,
                                                            u64 unit, i64 *out)
{
    u32 i = 0;
    for (; i + 8 <= n; i += 8, p += width)
#pragma GCC unroll 8
        for (u32 k = 0; k < 8; k++) out[i + k] = (i64)((u64)base + unit * one_of_8(p, width, k));
    return i;
}

void unpack_i64(const u8 *p, u32 width, u32 from, u32 n, i64 base, u64 unit, i64 *out)
{
    u32 i = 0;
    if (width == 0) {
        for (; i < n; i++) out[i] = base;
        return;
    }
    for (; i < n && (from + i) % 8; i++)
        out[i] = (i64)((u64)base + unit * pack_get(p, width, from + i));
    const u8 *at = p + (size_t)((from + i) / 8) * width;
    switch (width) {
#define CASE(w)                                                                                    \
    case w: i += eights_i64(at, w, n - i, base, unit, out + i); break;
        EACH_WIDTH(CASE)
#undef CASE
    default: break;
    }
    for (; i < n; i++) out[i] = (i64)((u64)base + unit * pack_get(p, width, from + i));
}

static inline __attribute__((always_inline)) u32 eights_u8(const u8 *p, u32 width, u32 n, u8 *out)
{
    u32 i = 0;
    for (; i + 8 <= n; i += 8, p += width)
#pragma GCC unroll 8
        for (u32 k = 0; k < 8; k++) out[i + k] = (u8)one_of_8(p, width, k);
    return i;
}

void unpack_u8(const u8 *p, u32 width, u32 from, u32 n, u8 *out)
{
    u32 i = 0;
    if (width == 0) {
        if (n) memset(out, 0, n);
        return;
    }
    for (; i < n && (from + i) % 8; i++) out[i] = (u8)pack_get(p, width, from + i);
    const u8 *at = p + (size_t)((from + i) / 8) * width;
    switch (width) {
#define CASE(w)                                                                                    \
    case w: i += eights_u8(at, w, n - i, out + i); break;
        EIGHT(CASE, 0)
#undef CASE
    default: break;
    }
    for (; i < n; i++) out[i] = (u8)pack_get(p, width, from + i);
}
