/* pack.h — whole numbers in as few bits as they need: value i in bits [i × width, (i + 1) × width),
 * from the lowest bit of the first byte up. A width is 0 … 56 or 64, so that one load of eight
 * bytes holds a value wherever it begins; PACK_SLACK bytes behind the last one may be read. */
#pragma once
#include "base/base.h"

enum { PACK_WIDTH_MAX = 64, PACK_WIDE = 56, PACK_NARROW = 25, PACK_SLACK = 8 };

/* The width for numbers up to `max`. */
static inline u32 pack_width(u64 max)
{
    u32 bits = max ? 64 - (u32)__builtin_clzll(max) : 0;
    return bits > PACK_WIDE ? PACK_WIDTH_MAX : bits;
}
static inline bool pack_width_valid(u32 width)
{
    return width <= PACK_WIDE || width == PACK_WIDTH_MAX;
}
static inline size_t pack_bytes(u32 width, u64 n)
{
    return (size_t)((n * width + 7) / 8);
}
static inline u64 pack_mask(u32 width)
{
    return width == PACK_WIDTH_MAX ? UINT64_MAX : (1ull << width) - 1;
}
static inline u64 pack_get(const u8 *p, u32 width, u64 i)
{
    u64 bit = i * width, v;
    memcpy(&v, p + bit / 8, sizeof v);
    return v >> bit % 8 & pack_mask(width);
}

/* Moments, packed: number i is base + unit × packed value from + i. */
struct packed_times {
    const u8 *p;
    u32 width, from;
    i64 base;
    u32 unit;
};
static inline i64 packed_time(const struct packed_times *t, u32 i)
{
    return t->width ? (i64)((u64)t->base + t->unit * pack_get(t->p, t->width, t->from + i))
                    : t->base;
}

/* Writes values[i] − base; `p` is zero where it is written, with PACK_SLACK bytes of room behind.
 */
void pack_put(u8 *p, u32 width, const u64 *values, u64 base, u32 n);
/* Reads values [from, from + n): base + unit × value. */
void unpack_i64(const u8 *p, u32 width, u32 from, u32 n, i64 base, u64 unit, i64 *out);
/* The packed values themselves, of widths up to PACK_NARROW. */
void unpack_u32(const u8 *p, u32 width, u32 from, u32 n, u32 *out);
/* Widths up to 8. */
void unpack_u8(const u8 *p, u32 width, u32 from, u32 n, u8 *out);
/* A bit for each of n values: whether it is in [low, high). Bits beyond n, up to a whole word
 * behind them, are 0: n / 64 + 1 words. */
void packed_between(const u8 *p, u32 width, u32 n, u64 low, u64 high, u64 *bits);
/* The same of n bytes that are among a few; 64 bytes beyond them may be read. */
void bytes_among(const u8 *bytes, u32 n, const u8 *few, u32 count, u64 *bits);
