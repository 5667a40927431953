#include "base/rng.h"
#include "base/test.h"
#include "event/keep.h"
#include "event/pack.h"

enum { MOST = 700, WORDS = MOST / 64 + 2 };

/* Bits of which one in `one_in` is set, none from n on. */
static void draw_bits(struct rng *r, u64 *bits, u32 n, u32 one_in)
{
    memset(bits, 0, WORDS * sizeof *bits);
    for (u32 i = 0; i < n; i++) bits[i / 64] |= (u64)(rng_below(r, one_in) == 0) << i % 64;
}

TEST("what is kept of many values are those whose bit is set, in their order")
{
    static const u32 COUNTS[] = {0, 1, 7, 8, 9, 63, 64, 65, 255, 256, 700};
    u64 values[MOST], bits[WORDS];
    u8 p[MOST * 8 + PACK_SLACK], bytes[MOST + 64], small[MOST + KEEP_SLACK];
    u16 before[WORDS];
    i64 wide[MOST + KEEP_SLACK];
    struct rng r = {41};
    for (u32 width = 0; width <= PACK_WIDTH_MAX; width += width == PACK_WIDE ? 8 : 1)
        for (u32 c = 0; c < COUNT_OF(COUNTS); c++) {
            u32 n = COUNTS[c], kept = 0;
            draw_bits(&r, bits, n, 1 + width % 5);
            memset(p, 0, sizeof p);
            for (u32 i = 0; i < n; i++) {
                values[i] = rng_next(&r) & pack_mask(width);
                bytes[i] = (u8)values[i];
            }
            pack_put(p, width, values, 0, n);
            u32 numbers = keep_i64(p, width, n, -5, 1000, bits, wide);
            u32 small_n = keep_u8(bytes, n, bits, small);
            CHECK(keep_count(bits, n / 64 + 1, before) == numbers && numbers == small_n);
            for (u32 i = 0; i < n; i++) {
                if (i % 64 == 0) CHECK_EQ(before[i / 64], kept);
                if (!(bits[i / 64] >> i % 64 & 1)) continue;
                CHECK_EQ(wide[kept], (i64)((u64)-5 + values[i] * 1000));
                CHECK_EQ(small[kept], bytes[i]);
                kept++;
            }
            CHECK_EQ(kept, numbers);
        }
}

TEST("a table is looked up, and places are listed, for any number of values")
{
    static const u32 COUNTS[] = {0, 1, 7, 8, 31, 32, 33, 64, 257, 700};
    u64 bits[WORDS];
    u8 bytes[MOST + KEEP_SLACK];
    u32 table[KEEP_TABLE], out[MOST + KEEP_SLACK];
    struct rng r = {42};
    for (u32 c = 0; c < COUNT_OF(COUNTS); c++) {
        u32 n = COUNTS[c], kept = 0;
        for (u32 i = 0; i < KEEP_TABLE; i++) table[i] = (u32)rng_next(&r);
        for (u32 i = 0; i < MOST + KEEP_SLACK; i++) bytes[i] = (u8)rng_below(&r, KEEP_TABLE);
        keep_look_up(bytes, n, table, out);
        for (u32 i = 0; i < n; i++) CHECK_EQ(out[i], table[bytes[i]]);
        draw_bits(&r, bits, n, 1 + c % 4);
        u32 listed = keep_places(bits, n, out);
        for (u32 i = 0; i < n; i++)
            if (bits[i / 64] >> i % 64 & 1) CHECK_EQ(out[kept++], i);
        CHECK_EQ(listed, kept);
    }
}

TEST("every mask of eight bits names its bits' places")
{
    for (u32 mask = 0; mask < 256; mask++) {
        u64 expected = 0;
        u32 n = 0;
        for (u32 i = 0; i < 8; i++)
            if (mask >> i & 1) expected |= (u64)i << 8 * n++;
        CHECK_EQ(KEEP_PICKS[mask], expected);
    }
}
