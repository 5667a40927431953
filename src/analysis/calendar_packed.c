/* calendar_packed.c — units of packed moments: base + time unit × x is a unit's number by one
 * division of x plus a constant, all below 2³¹, which is a product and a shift (Granlund and
 * Montgomery 1994: for n < 2³¹ and d ≤ 2ˡ, ⌊n ÷ d⌋ = ⌊n × ⌈2³¹⁺ˡ ÷ d⌉ ÷ 2³¹⁺ˡ⌋). */
#include "analysis/calendar_inside.h"

#include <stdlib.h>

enum { WRAP_SHIFT = 24 };

/* unit = add + ⌊(x + plus + deltas of the changes behind it) ÷ each⌋, less multiples of wrap. */
struct division {
    i32 plus, add;
    u32 count;
    i32 last_before[REGION_CHANGES], delta[REGION_CHANGES];
    u32 factor, shift;
    u32 wrap, wrap_factor;
};

static inline i32 divide(const struct division *d, u32 x)
{
    i32 n = (i32)x + d->plus;
    for (u32 c = 0; c < d->count; c++)
        if ((i32)x > d->last_before[c]) n += d->delta[c];
    u32 unit = (u32)d->add + (u32)((u64)(u32)n * d->factor >> d->shift);
    if (d->wrap) unit -= d->wrap * (unit * d->wrap_factor >> WRAP_SHIFT);
    return (i32)unit;
}

/* The changes, as far as they are among the moments; false: not in whole time units. */
static bool set_changes(struct division *d, const struct region *r, const struct packed_times *t,
                        i64 *lower, i64 *higher)
{
    i64 unit = t->unit, most = (i64)pack_mask(t->width);
    for (u32 c = 0; c < r->count; c++) {
        i64 first = -floor_div(t->base - r->at[c], unit); /* the first x that is not before */
        if (r->delta_ms[c] % unit) return false;
        if (first > most) continue;
        d->last_before[d->count] = (i32)max_i64(first, 0) - 1;
        d->delta[d->count++] = (i32)(r->delta_ms[c] / unit);
        *(r->delta_ms[c] < 0 ? lower : higher) += r->delta_ms[c] / unit;
    }
    return true;
}

static bool set_wrap(struct division *d, i64 *first, i64 most)
{
    if (!d->wrap) return *first >= INT32_MIN && *first + most <= INT32_MAX;
    *first -= floor_div(*first, d->wrap) * d->wrap;
    d->wrap_factor = ((1u << WRAP_SHIFT) + d->wrap - 1) / d->wrap;
    u64 off = (u64)d->wrap_factor * d->wrap - (1u << WRAP_SHIFT), top = (u64)(*first + most);
    return top * d->wrap_factor <= UINT32_MAX && top * off < 1u << WRAP_SHIFT;
}

/* False: the moments are not all in the region, or numbers do not fit. */
static bool set_division(struct clock *k, const struct rule *u, const struct packed_times *t,
                         struct division *d)
{
    const struct region *r = &k->region;
    i64 unit = t->unit, most = t->width ? (i64)pack_mask(t->width) : 0, lower = 0, higher = 0;
    *d = (struct division){.wrap = u->wrap};
    if (t->width > PACK_NARROW || u->each % unit) return false;
    if ((t->base < r->from || t->base + unit * most >= r->to) &&
        !clock_widen(k, t->base, t->base + unit * most))
        return false;
    if (u->local && !set_changes(d, r, t, &lower, &higher)) return false;
    i64 each = u->each / unit, begin = t->base + u->plus + (u->local ? r->offset_ms : 0),
        first = floor_div(begin, u->each), plus = begin - first * u->each;
    if (plus % unit || each > 1 << 30) return false;
    i64 spare = (each - 1 - lower) / each; /* units, so that no sum is below 0 */
    first -= spare;
    plus = plus / unit + spare * each;
    if (most + plus + higher > INT32_MAX) return false;
    u32 bits = each > 1 ? 64 - (u32)__builtin_clzll((u64)each - 1) : 0;
    d->plus = (i32)plus;
    d->shift = 31 + bits;
    d->factor = (u32)(((1ull << d->shift) + (u64)each - 1) / (u64)each);
    if (!set_wrap(d, &first, (most + plus + higher) / each)) return false;
    d->add = (i32)first;
    return true;
}

#ifdef __x86_64__
#include <immintrin.h>

static bool is_fast(void)
{
    return __builtin_cpu_supports("avx2");
}

/* Of whole eights, in place; least and most of eight lanes each. Returns how many. */
__attribute__((target("avx2"))) static u32 divide_eights(const struct division *d, i32 *x, u32 n,
                                                         i32 least[8], i32 most[8])
{
    const __m256i plus = _mm256_set1_epi32(d->plus), add = _mm256_set1_epi32(d->add),
                  factor = _mm256_set1_epi64x(d->factor), wrap = _mm256_set1_epi32((i32)d->wrap),
                  turns = _mm256_set1_epi32((i32)d->wrap_factor);
    const __m128i shift = _mm_cvtsi32_si128((i32)d->shift);
    __m256i low = _mm256_set1_epi32(INT32_MAX), high = _mm256_set1_epi32(INT32_MIN);
    n = n / 8 * 8;
    for (u32 i = 0; i < n; i += 8) {
        __m256i v = _mm256_loadu_si256((const void *)(x + i)), sum = _mm256_add_epi32(v, plus);
        for (u32 c = 0; c < d->count; c++) {
            __m256i behind = _mm256_cmpgt_epi32(v, _mm256_set1_epi32(d->last_before[c]));
            sum = _mm256_add_epi32(sum, _mm256_and_si256(behind, _mm256_set1_epi32(d->delta[c])));
        }
        __m256i even = _mm256_srl_epi64(_mm256_mul_epu32(sum, factor), shift),
                odd = _mm256_mul_epu32(_mm256_srli_epi64(sum, 32), factor);
        odd = _mm256_slli_epi64(_mm256_srl_epi64(odd, shift), 32);
        __m256i unit = _mm256_add_epi32(_mm256_blend_epi32(even, odd, 0xAA), add);
        if (d->wrap) {
            __m256i turn = _mm256_srli_epi32(_mm256_mullo_epi32(unit, turns), WRAP_SHIFT);
            unit = _mm256_sub_epi32(unit, _mm256_mullo_epi32(turn, wrap));
        }
        low = _mm256_min_epi32(low, unit);
        high = _mm256_max_epi32(high, unit);
        _mm256_storeu_si256((void *)(x + i), unit);
    }
    _mm256_storeu_si256((void *)least, low);
    _mm256_storeu_si256((void *)most, high);
    return n;
}
#else
static bool is_fast(void)
{
    return false;
}

static u32 divide_eights(const struct division *d, i32 *x, u32 n, i32 least[8], i32 most[8])
{
    (void)d, (void)x, (void)n, (void)least, (void)most;
    return 0;
}
#endif

static void note(struct clock *k, i32 unit)
{
    k->least = unit < k->least ? unit : k->least;
    k->most = unit > k->most ? unit : k->most;
}

static bool divide_all(struct clock *k, const struct rule *u, const struct packed_times *t, u32 n)
{
    struct division d;
    i32 least[8], most[8];
    if (!is_fast() || n == 0 || !set_division(k, u, t, &d)) return false;
    clock_make_room(k, n);
    unpack_u32(t->p, t->width, t->from, n, (u32 *)k->units);
    k->least = INT32_MAX, k->most = INT32_MIN;
    u32 done = divide_eights(&d, k->units, n, least, most);
    for (u32 i = 0; i < 8 && done; i++) note(k, least[i]), note(k, most[i]);
    for (u32 i = done; i < n; i++) {
        k->units[i] = divide(&d, (u32)k->units[i]);
        note(k, k->units[i]);
    }
    return true;
}

static const i64 *unpack(struct clock *k, const struct packed_times *t, u32 n)
{
    if (n > k->times_room) {
        k->times_room = n + n / 4;
        k->times = mem_realloc(k->times, k->times_room * sizeof *k->times);
    }
    unpack_i64(t->p, t->width, t->from, n, t->base, t->unit, k->times);
    return k->times;
}

const i32 *clock_units_packed(struct clock *k, const struct packed_times *t, u32 n)
{
    struct rule rule;
    if (clock_rule(k, &rule) && divide_all(k, &rule, t, n)) return k->units;
    return clock_units(k, unpack(k, t, n), n);
}

const i32 *clock_week_hours_packed(struct clock *k, const struct packed_times *t, u32 n)
{
    static const struct rule HOURS = CLOCK_WEEK_HOURS;
    return divide_all(k, &HOURS, t, n) ? k->units : clock_week_hours(k, unpack(k, t, n), n);
}
