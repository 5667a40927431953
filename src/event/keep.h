/* keep.h — of many values those whose bit is set: eight at a time where the processor has AVX2. A
 * bit for value i is bit i % 64 of word i / 64. Outputs have room for KEEP_SLACK values more than
 * are kept, which are written without a meaning. */
#pragma once
#include "base/base.h"

enum { KEEP_SLACK = 32 };

/* Of every mask of eight bits its bits' places, ascending, a byte each, then zeros. */
extern const u64 KEEP_PICKS[256];

static inline u64 keep_byte(const u64 *bits, u32 i)
{
    return bits[i / 64] >> i % 64 & 0xFF;
}

/* before[i]: the bits set in words before i. Returns how many there are in all. */
u32 keep_count(const u64 *bits, u32 words, u16 *before);
/* The bytes, one after another. Returns how many. */
u32 keep_u8(const u8 *bytes, u32 n, const u64 *bits, u8 *out);
/* The places of the bits set among the first n. Returns how many. */
u32 keep_places(const u64 *bits, u32 n, u32 *out);
/* out[i] = table[bytes[i]]; bytes are below KEEP_TABLE. KEEP_SLACK × 4 bytes beyond them may be
 * read and as many results written. */
enum { KEEP_TABLE = 32 };
void keep_look_up(const u8 *bytes, u32 n, const u32 table[KEEP_TABLE], u32 *out);
/* unpack_i64 (pack.h) of the first n values. Returns how many. */
u32 keep_i64(const u8 *p, u32 width, u32 n, i64 base, u64 unit, const u64 *bits, i64 *out);
