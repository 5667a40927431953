#include "event/keep.h"

/* Bit i of mask m, if it is set, goes to the byte of as many as are set below it. */
#define BIT(m, i) ((u32)(m) >> (i) & 1)
#define BELOW(m, i)                                                                                \
    (((i) > 0) * BIT(m, 0) + ((i) > 1) * BIT(m, 1) + ((i) > 2) * BIT(m, 2) +                       \
     ((i) > 3) * BIT(m, 3) + ((i) > 4) * BIT(m, 4) + ((i) > 5) * BIT(m, 5) +                       \
     ((i) > 6) * BIT(m, 6))
#define PLACE(m, i) ((u64)((i) * BIT(m, i)) << 8 * BELOW(m, i))
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
        sum += (u32)__builtin_popcountll(bits[i]);
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

#ifdef __x86_64__
#include <immintrin.h>

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

u32 keep_u8(const u8 *bytes, u32 n, const u64 *bits, u8 *out)
{
    u32 whole = n / 8 * 8, kept;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("popcnt"))
        return plain_u8(bytes, 0, n, bits, out);
    kept = fast_u8(bytes, whole, bits, out);
    return kept + plain_u8(bytes, whole, n, bits, out + kept);
}
#else
u32 keep_u8(const u8 *bytes, u32 n, const u64 *bits, u8 *out)
{
    return plain_u8(bytes, 0, n, bits, out);
}
#endif
