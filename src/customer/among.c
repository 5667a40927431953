/* among.c — which of 64 bytes are in a set of bytes: a bit each. A set is 32 bytes: bit h of byte l
 * says of the number 16 h + l (below 128; from there on in the second half), so that two shuffles
 * find a byte's row and its bit. */
#include "customer/customer_internal.h"

static u32 place_of(u8 byte)
{
    return (byte & 15u) + (byte >> 7) * 16u;
}

void byte_set_add(struct byte_set *set, u8 byte)
{
    set->rows[place_of(byte)] |= (u8)(1u << (byte >> 4 & 7));
}

bool byte_set_has(const struct byte_set *set, u8 byte)
{
    return set->rows[place_of(byte)] >> (byte >> 4 & 7) & 1;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static u32 among_32(const struct byte_set *set, const u8 *p)
{
    const __m256i low = _mm256_set1_epi8(15), bits = _mm256_set1_epi64x((i64)0x8040201008040201u);
    const __m128i *rows = (const void *)set->rows;
    __m256i first = _mm256_broadcastsi128_si256(_mm_loadu_si128(rows)),
            second = _mm256_broadcastsi128_si256(_mm_loadu_si128(rows + 1)),
            x = _mm256_loadu_si256((const void *)p), at = _mm256_and_si256(x, low);
    __m256i row =
        _mm256_blendv_epi8(_mm256_shuffle_epi8(first, at), _mm256_shuffle_epi8(second, at), x);
    __m256i bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(x, 4), low));
    return (u32)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(row, bit), bit));
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
static u32 among_32(const struct byte_set *set, const u8 *p)
{
    (void)set, (void)p;
    return 0;
}

static bool has_avx2(void)
{
    return false;
}
#endif

u64 bytes_in(const struct byte_set *set, const u8 bytes[64])
{
    u64 in = 0;
    if (has_avx2()) return (u64)among_32(set, bytes + 32) << 32 | among_32(set, bytes);
    for (u32 i = 0; i < 64; i++) in |= (u64)byte_set_has(set, bytes[i]) << i;
    return in;
}
