/* pack.c — packing and unpacking: many values at a time where the processor has AVX2. */
#include "event/pack.h"
#include "event/keep.h"

void pack_put(u8 *p, u32 width, const u64 *values, u64 base, u32 n)
{
    u64 word = 0;
    u32 bits = 0; /* of `word` that are set already */
    u32 i = 0;
    if (width == 0) return;
    /* Narrow ones by fours, which are put together without waiting for the word. */
    for (const u64 *x = values; width <= 16 && i + 4 <= n; i += 4, x += 4) {
        u64 v = (x[0] - base) | (x[1] - base) << width | (x[2] - base) << 2 * width |
                (x[3] - base) << 3 * width;
        word |= v << bits;
        bits += 4 * width;
        if (bits < 64) continue;
        memcpy(p, &word, sizeof word);
        p += sizeof word;
        bits -= 64;
        word = bits ? v >> (4 * width - bits) : 0;
    }
    for (; i < n; i++) {
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

#ifdef __x86_64__
#include <immintrin.h>

/* Eight values of w bits are w bytes. A shuffle brings each value's bytes into a lane of its own,
 * where a shift by less than a byte and a mask leave the value: widths up to 25 fit lanes of four
 * bytes, wider ones lanes of eight. Loads of 16 bytes may reach beyond the values: these loops end
 * before that, and the plain ones go on. */
enum { LOAD = 16 };

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

struct lanes {
    __m256i pick, shift;
    u32 second; /* the byte at which the upper half is loaded */
};

/* For a half of 16 bytes: `bytes` lanes of values [from, from + 16 / bytes). */
static void set_half(u8 *pick, u32 *shift, u32 width, u32 from, u32 first, u32 bytes)
{
    for (u32 k = 0; k < LOAD / bytes; k++) {
        u32 bit = (from + k) * width - first * 8;
        for (u32 i = 0; i < bytes; i++) pick[k * bytes + i] = (u8)(bit / 8 + i);
        shift[k * bytes / 4] = bit % 8;
    }
}

__attribute__((target("avx2"))) static struct lanes lanes_of(u32 width, u32 from, u32 bytes)
{
    u8 pick[32];
    u32 shift[8] = {0}, count = LOAD / bytes, first = from * width / 8,
        second = (from + count) * width / 8;
    set_half(pick, shift, width, from, first, bytes);
    set_half(pick + LOAD, shift + 4, width, from + count, second, bytes);
    return (struct lanes){_mm256_loadu_si256((const void *)pick),
                          _mm256_loadu_si256((const void *)shift), second - first};
}

__attribute__((target("avx2"))) static inline __m256i load_halves(const u8 *p, u32 second)
{
    __m128i low = _mm_loadu_si128((const void *)p),
            high = _mm_loadu_si128((const void *)(p + second));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

/* base + unit × v of four lanes; unit below 2³². */
__attribute__((target("avx2"))) static inline __m256i scaled(__m256i v, __m256i base, __m256i unit,
                                                             bool is_wide)
{
    __m256i product = _mm256_mul_epu32(v, unit);
    if (is_wide) {
        __m256i upper = _mm256_mul_epu32(_mm256_srli_epi64(v, 32), unit);
        product = _mm256_add_epi64(product, _mm256_slli_epi64(upper, 32));
    }
    return _mm256_add_epi64(product, base);
}

/* How many of n values may be read eight at a time by loads that begin at most `reach` bytes behind
 * an eight's first. */
static u32 eights_within(u32 width, u32 n, u32 reach)
{
    size_t bytes = pack_bytes(width, n) + PACK_SLACK;
    if (bytes < reach + LOAD) return 0;
    size_t eights = (bytes - reach - LOAD) / width + 1;
    return (u32)(eights < n / 8 ? eights : n / 8) * 8;
}

__attribute__((target("avx2"))) static u32 narrow_i64(const u8 *p, u32 width, u32 n, i64 base,
                                                      u64 unit, i64 *out)
{
    struct lanes l = lanes_of(width, 0, 4);
    __m256i mask = _mm256_set1_epi32((int)pack_mask(width)), bases = _mm256_set1_epi64x(base),
            units = _mm256_set1_epi64x((i64)unit);
    n = eights_within(width, n, l.second);
    for (u32 i = 0; i < n; i += 8, p += width) {
        __m256i v = _mm256_shuffle_epi8(load_halves(p, l.second), l.pick);
        v = _mm256_and_si256(_mm256_srlv_epi32(v, l.shift), mask);
        __m256i low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(v)),
                high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256(v, 1));
        _mm256_storeu_si256((void *)(out + i), scaled(low, bases, units, false));
        _mm256_storeu_si256((void *)(out + i + 4), scaled(high, bases, units, false));
    }
    return n;
}

__attribute__((target("avx2"))) static u32 narrow_u32(const u8 *p, u32 width, u32 n, u32 *out)
{
    struct lanes l = lanes_of(width, 0, 4);
    __m256i mask = _mm256_set1_epi32((int)pack_mask(width));
    n = eights_within(width, n, l.second);
    for (u32 i = 0; i < n; i += 8, p += width) {
        __m256i v = _mm256_shuffle_epi8(load_halves(p, l.second), l.pick);
        v = _mm256_and_si256(_mm256_srlv_epi32(v, l.shift), mask);
        _mm256_storeu_si256((void *)(out + i), v);
    }
    return n;
}

/* Those whose bit is set go together in the lower lanes before they become wide. *kept is where the
 * next one goes. */
__attribute__((target("avx2,popcnt"))) static u32
kept_i64(const u8 *p, u32 width, u32 n, i64 base, u64 unit, const u64 *bits, i64 *out, u32 *kept)
{
    struct lanes l = lanes_of(width, 0, 4);
    __m256i mask = _mm256_set1_epi32((int)pack_mask(width)), bases = _mm256_set1_epi64x(base),
            units = _mm256_set1_epi64x((i64)unit);
    n = eights_within(width, n, l.second);
    for (u32 i = 0; i < n; i += 8, p += width) {
        u64 eight = keep_byte(bits, i);
        __m256i v = _mm256_shuffle_epi8(load_halves(p, l.second), l.pick);
        v = _mm256_and_si256(_mm256_srlv_epi32(v, l.shift), mask);
        __m128i pick = _mm_loadl_epi64((const void *)&KEEP_PICKS[eight]);
        v = _mm256_permutevar8x32_epi32(v, _mm256_cvtepu8_epi32(pick));
        __m256i low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(v)),
                high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256(v, 1));
        _mm256_storeu_si256((void *)(out + *kept), scaled(low, bases, units, false));
        _mm256_storeu_si256((void *)(out + *kept + 4), scaled(high, bases, units, false));
        *kept += (u32)__builtin_popcountll(eight);
    }
    return n;
}

__attribute__((target("avx2"))) static u32 wide_i64(const u8 *p, u32 width, u32 n, i64 base,
                                                    u64 unit, i64 *out)
{
    struct lanes first = lanes_of(width, 0, 8), second = lanes_of(width, 4, 8);
    u32 middle = 4 * width / 8;
    __m256i mask = _mm256_set1_epi64x((i64)pack_mask(width)), bases = _mm256_set1_epi64x(base),
            units = _mm256_set1_epi64x((i64)unit);
    n = eights_within(width, n, middle + second.second);
    for (u32 i = 0; i < n; i += 8, p += width) {
        __m256i a = _mm256_shuffle_epi8(load_halves(p, first.second), first.pick);
        __m256i b = _mm256_shuffle_epi8(load_halves(p + middle, second.second), second.pick);
        a = _mm256_and_si256(_mm256_srlv_epi64(a, first.shift), mask);
        b = _mm256_and_si256(_mm256_srlv_epi64(b, second.shift), mask);
        _mm256_storeu_si256((void *)(out + i), scaled(a, bases, units, true));
        _mm256_storeu_si256((void *)(out + i + 4), scaled(b, bases, units, true));
    }
    return n;
}

/* Sixteen values at a time, in lanes of two bytes: a multiplication brings each to the lane's top.
 */
__attribute__((target("avx2"))) static u32 narrow_u8(const u8 *p, u32 width, u32 n, u8 *out)
{
    u8 pick[32];
    u16 factor[16];
    for (u32 k = 0; k < 16; k++) {
        u32 bit = k % 8 * width;
        pick[2 * k] = (u8)(bit / 8), pick[2 * k + 1] = (u8)(bit / 8 + 1);
        factor[k] = (u16)(1u << (16 - width - bit % 8));
    }
    __m256i picks = _mm256_loadu_si256((const void *)pick),
            factors = _mm256_loadu_si256((const void *)factor);
    __m128i down = _mm_cvtsi32_si128((int)(16 - width));
    n = eights_within(width, n, width) / 16 * 16;
    for (u32 i = 0; i < n; i += 16, p += 2 * width) {
        __m256i v = _mm256_shuffle_epi8(load_halves(p, width), picks);
        v = _mm256_srl_epi16(_mm256_mullo_epi16(v, factors), down);
        __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
        _mm_storeu_si128((void *)(out + i), bytes);
    }
    return n;
}

/* 64 values a word of bits. */
__attribute__((target("avx2"))) static u32 narrow_between(const u8 *p, u32 width, u32 n, u32 low,
                                                          u32 span, u64 *bits)
{
    struct lanes l = lanes_of(width, 0, 4);
    __m256i mask = _mm256_set1_epi32((int)pack_mask(width)), lows = _mm256_set1_epi32((int)low),
            spans = _mm256_set1_epi32((int)span);
    n = eights_within(width, n, l.second) / 64 * 64;
    for (u32 i = 0; i < n; i += 64) {
        u64 word = 0;
        for (u32 k = 0; k < 64; k += 8, p += width) {
            __m256i v = _mm256_shuffle_epi8(load_halves(p, l.second), l.pick);
            v = _mm256_and_si256(_mm256_srlv_epi32(v, l.shift), mask);
            v = _mm256_sub_epi32(v, lows);
            __m256i in = _mm256_cmpeq_epi32(_mm256_min_epu32(v, spans), v);
            word |= (u64)(u32)_mm256_movemask_ps(_mm256_castsi256_ps(in)) << k;
        }
        bits[i / 64] = word;
    }
    return n;
}

__attribute__((target("avx2"))) static u64 among_64(const u8 *p, const u8 *few, u32 count)
{
    __m256i a = _mm256_loadu_si256((const void *)p), b = _mm256_loadu_si256((const void *)(p + 32)),
            x = _mm256_setzero_si256(), y = x;
    for (u32 k = 0; k < count; k++) {
        __m256i one = _mm256_set1_epi8((char)few[k]);
        x = _mm256_or_si256(x, _mm256_cmpeq_epi8(a, one));
        y = _mm256_or_si256(y, _mm256_cmpeq_epi8(b, one));
    }
    return (u64)(u32)_mm256_movemask_epi8(y) << 32 | (u32)_mm256_movemask_epi8(x);
}

/* Values in [low, low + span], of both below 2³². */
static u32 fast_between(const u8 *p, u32 width, u32 n, u32 low, u32 span, u64 *bits)
{
    return has_avx2() && width <= PACK_NARROW ? narrow_between(p, width, n, low, span, bits) : 0;
}

static bool fast_among(const u8 *bytes, u32 n, const u8 *few, u32 count, u64 *bits)
{
    if (!has_avx2()) return false;
    for (u32 i = 0; i <= n / 64; i++) bits[i] = among_64(bytes + (size_t)i * 64, few, count);
    return true;
}

static u32 fast_i64(const u8 *p, u32 width, u32 n, i64 base, u64 unit, i64 *out)
{
    if (!has_avx2() || unit > UINT32_MAX || width > PACK_WIDE) return 0;
    return width <= PACK_NARROW ? narrow_i64(p, width, n, base, unit, out)
                                : wide_i64(p, width, n, base, unit, out);
}

static u32 fast_u32(const u8 *p, u32 width, u32 n, u32 *out)
{
    return has_avx2() ? narrow_u32(p, width, n, out) : 0;
}

static u32 fast_kept(const u8 *p, u32 width, u32 n, i64 base, u64 unit, const u64 *bits, i64 *out,
                     u32 *kept)
{
    if (!has_avx2() || !__builtin_cpu_supports("popcnt") || unit > UINT32_MAX ||
        width > PACK_NARROW || width == 0)
        return 0;
    return kept_i64(p, width, n, base, unit, bits, out, kept);
}

static u32 fast_u8(const u8 *p, u32 width, u32 n, u8 *out)
{
    return has_avx2() ? narrow_u8(p, width, n, out) : 0;
}
#else
static u32 fast_between(const u8 *p, u32 width, u32 n, u32 low, u32 span, u64 *bits)
{
    (void)p, (void)width, (void)n, (void)low, (void)span, (void)bits;
    return 0;
}

static bool fast_among(const u8 *bytes, u32 n, const u8 *few, u32 count, u64 *bits)
{
    (void)bytes, (void)n, (void)few, (void)count, (void)bits;
    return false;
}

static u32 fast_i64(const u8 *p, u32 width, u32 n, i64 base, u64 unit, i64 *out)
{
    (void)p, (void)width, (void)n, (void)base, (void)unit, (void)out;
    return 0;
}

static u32 fast_u32(const u8 *p, u32 width, u32 n, u32 *out)
{
    (void)p, (void)width, (void)n, (void)out;
    return 0;
}

static u32 fast_kept(const u8 *p, u32 width, u32 n, i64 base, u64 unit, const u64 *bits, i64 *out,
                     u32 *kept)
{
    (void)p, (void)width, (void)n, (void)base, (void)unit, (void)bits, (void)out, (void)kept;
    return 0;
}

static u32 fast_u8(const u8 *p, u32 width, u32 n, u8 *out)
{
    (void)p, (void)width, (void)n, (void)out;
    return 0;
}
#endif

/* Each reads single values up to a whole byte, then eights, then what is left. */

void unpack_i64(const u8 *p, u32 width, u32 from, u32 n, i64 base, u64 unit, i64 *out)
{
    u32 i = 0;
    if (width == 0) {
        for (; i < n; i++) out[i] = base;
        return;
    }
    for (; i < n && (from + i) % 8; i++)
        out[i] = (i64)((u64)base + unit * pack_get(p, width, from + i));
    i += fast_i64(p + (size_t)((from + i) / 8) * width, width, n - i, base, unit, out + i);
    for (; i < n; i++) out[i] = (i64)((u64)base + unit * pack_get(p, width, from + i));
}

void unpack_u32(const u8 *p, u32 width, u32 from, u32 n, u32 *out)
{
    u32 i = 0;
    if (width == 0) {
        if (n) memset(out, 0, n * sizeof *out);
        return;
    }
    for (; i < n && (from + i) % 8; i++) out[i] = (u32)pack_get(p, width, from + i);
    i += fast_u32(p + (size_t)((from + i) / 8) * width, width, n - i, out + i);
    for (; i < n; i++) out[i] = (u32)pack_get(p, width, from + i);
}

u32 keep_i64(const u8 *p, u32 width, u32 n, i64 base, u64 unit, const u64 *bits, i64 *out)
{
    u32 kept = 0, i = fast_kept(p, width, n, base, unit, bits, out, &kept);
    for (; i < n; i++) {
        out[kept] = (i64)((u64)base + unit * pack_get(p, width, i));
        kept += (u32)(bits[i / 64] >> i % 64 & 1);
    }
    return kept;
}

void unpack_u8(const u8 *p, u32 width, u32 from, u32 n, u8 *out)
{
    u32 i = 0;
    if (width == 0) {
        if (n) memset(out, 0, n);
        return;
    }
    for (; i < n && (from + i) % 8; i++) out[i] = (u8)pack_get(p, width, from + i);
    i += fast_u8(p + (size_t)((from + i) / 8) * width, width, n - i, out + i);
    for (; i < n; i++) out[i] = (u8)pack_get(p, width, from + i);
}

void packed_between(const u8 *p, u32 width, u32 n, u64 low, u64 high, u64 *bits)
{
    u64 most = pack_mask(width);
    u32 i = 0;
    memset(bits, 0, (n / 64 + 1) * sizeof *bits);
    if (low > most || high <= low) return;
    u64 span = (high - 1 < most ? high - 1 : most) - low;
    if (width) i = fast_between(p, width, n, (u32)low, (u32)span, bits);
    for (; i < n; i++) bits[i / 64] |= (u64)(pack_get(p, width, i) - low <= span) << i % 64;
}

void bytes_among(const u8 *bytes, u32 n, const u8 *few, u32 count, u64 *bits)
{
    if (!fast_among(bytes, n, few, count, bits))
        for (u32 i = 0; i <= n / 64; i++) {
            u64 word = 0;
            for (u32 k = 0; k < 64; k++) {
                bool hit = false;
                for (u32 f = 0; f < count; f++) hit |= bytes[i * 64 + k] == few[f];
                word |= (u64)hit << k;
            }
            bits[i] = word;
        }
    bits[n / 64] &= (1ull << n % 64) - 1;
}
