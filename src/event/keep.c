#include "event/keep.h"

/* Bit i of mask m, if it is set, goes to the byte of as many as are set below it. */
#define BIT(m, i) ((u32)(m) >> (i)&1)
#define BELOW(m, i)                                                                                \
    (((i) > 0) * BIT(m, 0) + ((i) > 1) * BIT(m, 1) + ((i) > 2) * BIT(m, 2) +                       \
     ((i) > 3) * BIT(m, 3) + ((i) > 4) * BIT(m, 4) + ((i) > 5) * BIT(m, 5) +                       \
     ((i) > 6) * BIT(m, 6))
#define PLACE(m, i) ((u64)((i)*BIT(m, i)) << 8 * BELOW(m, i))
#define PICK(m)                                                                                    \
    (PLACE(m, 1) | PLACE(m, 2) | PLACE(m, 3) | PLACE(m, 4) | PLACE(m, 5) | PLACE(m, 6) |           \
     PLACE(m, 7))
#define FOUR(m) PICK(m), PICK((m) + 1), PICK((m) + 2), PICK((m) + 3)
#define SIXTEEN(m) FOUR(m), FOUR((m) + 4), FOUR((m) + 8), FOUR((m) + 12)
#define SIXTY_FOUR(m) SIXTEEN(m), SIXTEEN((m) + 16), SIXTEEN((m) + 32), SIXTEEN((m) + 48)
const u64 KEEP_PICKS[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};

u32 keep_count(const u64 *bits, u32 words, u16 *before)
{
    u32 sum = 0;
    for (u32 i = 0; i < words; i++) {
        before[i] = (u16)sum;
        sum += bits_count(bits[i]);
    }
    return sum;
}

static u32 plain_u8(const u8 *bytes, u32 from, u32 n, const u64 *bits, u8 *out)
{
    u32 kept = 0;
    for (u32 i = from; i < n; i++) {
        out[kept] = bytes[i];
        kept += (u32)(bits[i / 64] >> i % 64 & 1);
    }
    return kept;
}

static u32 plain_places(const u64 *bits, u32 from, u32 n, u32 *out)
{
    u32 kept = 0;
    for (u32 i = from; i < n; i++) {
        out[kept] = i;
        kept += (u32)(bits[i / 64] >> i % 64 & 1);
    }
    return kept;
}

#ifdef __x86_64__
#include <immintrin.h>

static bool is_fast(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

/* Of n, a multiple of eight. */
__attribute__((target("avx2,popcnt"))) static u32 fast_u8(const u8 *bytes, u32 n, const u64 *bits,
                                                          u8 *out)
{
    u32 kept = 0;
    for (u32 i = 0; i < n; i += 8) {
        u64 mask = keep_byte(bits, i);
        __m128i v = _mm_loadl_epi64((const void *)(bytes + i)),
                pick = _mm_loadl_epi64((const void *)&KEEP_PICKS[mask]);
        _mm_storel_epi64((void *)(out + kept), _mm_shuffle_epi8(v, pick));
        kept += (u32)__builtin_popcountll(mask);
    }
    return kept;
}

__attribute__((target("avx2,popcnt"))) static u32 fast_places(const u64 *bits, u32 n, u32 *out)
{
    __m256i at = _mm256_setzero_si256(), eight = _mm256_set1_epi32(8);
    u32 kept = 0;
    for (u32 i = 0; i < n; i += 8, at = _mm256_add_epi32(at, eight)) {
        u64 mask = keep_byte(bits, i);
        __m256i pick = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)&KEEP_PICKS[mask]));
        _mm256_storeu_si256((void *)(out + kept), _mm256_add_epi32(at, pick));
        kept += (u32)__builtin_popcountll(mask);
    }
    return kept;
}

/* Of a table's numbers the bytes that lie `byte` from the lowest, for 16 entries in both halves. */
__attribute__((target("avx2"))) static __m256i plane(const u32 *table, u32 byte)
{
    u8 bytes[16];
    for (u32 i = 0; i < 16; i++) bytes[i] = (u8)(table[i] >> 8 * byte);
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)bytes));
}

/* Byte by byte out of two halves of the table: a shuffle gives 0 where a byte's highest bit is set,
 * and so looks into one half only. */
__attribute__((target("avx2"))) static u32 fast_look_up(const u8 *bytes, u32 n, const u32 *table,
                                                        u32 *out)
{
    __m256i low[4], high[4], offset = _mm256_set1_epi8(0x70), sixteen = _mm256_set1_epi8(16);
    for (u32 b = 0; b < 4; b++) low[b] = plane(table, b), high[b] = plane(table + 16, b);
    for (u32 i = 0; i < n; i += 32) {
        __m256i v = _mm256_loadu_si256((const void *)(bytes + i)), p[4];
        /* so that each 128 bits hold what unpacking brings to its place */
        v = _mm256_permute4x64_epi64(v, 0xD8);
        __m256i in_low = _mm256_add_epi8(v, offset), in_high = _mm256_sub_epi8(v, sixteen);
        for (u32 b = 0; b < 4; b++)
            p[b] = _mm256_or_si256(_mm256_shuffle_epi8(low[b], in_low),
                                   _mm256_shuffle_epi8(high[b], in_high));
        __m256i a = _mm256_unpacklo_epi8(p[0], p[1]), c = _mm256_unpacklo_epi8(p[2], p[3]),
                d = _mm256_unpackhi_epi8(p[0], p[1]), e = _mm256_unpackhi_epi8(p[2], p[3]);
        __m256i r0 = _mm256_unpacklo_epi16(a, c), r1 = _mm256_unpackhi_epi16(a, c),
                r2 = _mm256_unpacklo_epi16(d, e), r3 = _mm256_unpackhi_epi16(d, e);
        _mm256_storeu_si256((void *)(out + i), _mm256_permute2x128_si256(r0, r1, 0x20));
        _mm256_storeu_si256((void *)(out + i + 8), _mm256_permute2x128_si256(r0, r1, 0x31));
        _mm256_storeu_si256((void *)(out + i + 16), _mm256_permute2x128_si256(r2, r3, 0x20));
        _mm256_storeu_si256((void *)(out + i + 24), _mm256_permute2x128_si256(r2, r3, 0x31));
    }
    return n;
}
#else
static bool is_fast(void)
{
    return false;
}
static u32 fast_u8(const u8 *bytes, u32 n, const u64 *bits, u8 *out)
{
    return plain_u8(bytes, 0, n, bits, out);
}
static u32 fast_places(const u64 *bits, u32 n, u32 *out)
{
    return plain_places(bits, 0, n, out);
}
static u32 fast_look_up(const u8 *bytes, u32 n, const u32 *table, u32 *out)
{
    (void)bytes, (void)n, (void)table, (void)out;
    return 0;
}
#endif

u32 keep_u8(const u8 *bytes, u32 n, const u64 *bits, u8 *out)
{
    u32 whole = is_fast() ? n / 8 * 8 : 0, kept = whole ? fast_u8(bytes, whole, bits, out) : 0;
    return kept + plain_u8(bytes, whole, n, bits, out + kept);
}

u32 keep_places(const u64 *bits, u32 n, u32 *out)
{
    u32 whole = is_fast() ? n / 8 * 8 : 0, kept = whole ? fast_places(bits, whole, out) : 0;
    return kept + plain_places(bits, whole, n, out + kept);
}

void keep_look_up(const u8 *bytes, u32 n, const u32 table[KEEP_TABLE], u32 *out)
{
    for (u32 i = is_fast() ? fast_look_up(bytes, n, table, out) : 0; i < n; i++)
        out[i] = table[bytes[i]];
}
