/* calendar.c — spans of a zone, and moments to units: one by one exactly, or four at a time by
 * products of doubles, which are exact for whole milliseconds below 2⁵²: half a millisecond is
 * added, and a product is off by far less. Packed moments are divided as they lie, eight at a time
 * (calendar_packed.c). */
#include "analysis/calendar_inside.h"

#include <stdlib.h>

enum { SPANS_MAX = 1024, YEAR_FROM = 1900, YEAR_TO = 2100, MONTHS = (YEAR_TO - YEAR_FROM) * 12 };
#define MONTH_FROM ((YEAR_FROM - 1970) * 12)

static const i32 *month_days_of(struct arena *arena)
{
    i32 *first = arena_alloc(arena, (MONTHS + 1) * sizeof *first);
    i64 day = days_of(YEAR_FROM, 1, 1);
    for (u32 m = 0; m <= MONTHS; m++) {
        first[m] = (i32)day;
        day += month_days(YEAR_FROM + (i64)m / 12, m % 12 + 1);
    }
    return first;
}

/* Before 1900 and after 2100 nobody asks for the hour. */
const struct calendar *calendar_new(const struct zone *zone, struct arena *arena)
{
    struct calendar *c = arena_zalloc(arena, sizeof *c);
    struct zone_span *spans = arena_alloc(arena, SPANS_MAX * sizeof *spans);
    i64 at = days_of(YEAR_FROM, 1, 1) * DAY, end = days_of(YEAR_TO, 1, 1) * DAY, from = INT64_MIN;
    while (c->count < SPANS_MAX) {
        i64 next = zone_next_change(zone, at);
        if (c->count == SPANS_MAX - 1 || next >= end) next = INT64_MAX;
        spans[c->count++] = (struct zone_span){from, next, (i64)zone_offset(zone, at) * SECOND};
        if (next == INT64_MAX) break;
        at = from = next;
    }
    c->zone = zone;
    c->spans = spans;
    c->months = month_days_of(arena);
    return c;
}

void clock_init(struct clock *k, const struct calendar *c, unit_kind unit, i64 from, i64 length)
{
    *k = (struct clock){.c = c, .span = c->spans[0], .unit = unit, .from = from, .length = length};
    if (length) k->units_each = 1.0 / (double)length;
    k->region.to = INT64_MIN;
}

void clock_move(struct clock *k, i64 at)
{
    u32 low = 0, high = k->c->count - 1;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (at < k->c->spans[middle].to)
            high = middle;
        else
            low = middle + 1;
    }
    k->span = k->c->spans[low];
}

/* A guess by the average length is off by one at most. */
i64 clock_month(struct clock *k, i64 at)
{
    const i32 *first = k->c->months;
    i64 day = clock_day(k, at);
    if (UNLIKELY(day < first[0] || day >= first[MONTHS])) {
        civil c = civil_of_days(day);
        return ((i64)c.year - 1970) * 12 + c.month - 1;
    }
    u32 m = (u32)((u64)(day - first[0]) * 1000 / 30437); /* of 30.437 days on average */
    m -= day < first[m];                                 /* no branches: who can tell them? */
    m += day >= first[m + 1];
    return MONTH_FROM + (i64)m;
}

/* Guessed by a product that is off by one at most, as long as moments are below 2⁵². */
i64 clock_span(const struct clock *k, i64 at)
{
    i64 x = at - k->from, unit = (i64)((double)x * k->units_each), rest = x - unit * k->length;
    while (UNLIKELY(rest < 0)) unit--, rest += k->length;
    while (UNLIKELY(rest >= k->length)) unit++, rest -= k->length;
    return unit;
}

/* ---- many at a time ---- */

static u32 span_of(const struct calendar *c, i64 at)
{
    u32 low = 0, high = c->count - 1;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (at < c->spans[middle].to)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Makes the region hold [least, most] as well as the moments before. False: it has too many
 * changes. */
bool clock_widen(struct clock *k, i64 least, i64 most)
{
    struct region *r = &k->region;
    if (r->to != INT64_MIN) least = min_i64(least, r->from), most = max_i64(most, r->to - 1);
    u32 first = span_of(k->c, least), last = span_of(k->c, most);
    if (last - first > REGION_CHANGES) return false;
    *r = (struct region){.from = max_i64(k->c->spans[first].from, DAY),
                         .to = min_i64(k->c->spans[last].to, 1ll << 51),
                         .offset_ms = k->c->spans[first].offset_ms};
    for (u32 i = first; i < last; i++, r->count++) {
        r->at[r->count] = k->c->spans[i + 1].from;
        r->delta_ms[r->count] = k->c->spans[i + 1].offset_ms - k->c->spans[i].offset_ms;
    }
    return least >= r->from && most < r->to;
}

static bool widen(struct clock *k, const i64 *at, u32 n)
{
    i64 least = at[0], most = at[0];
    for (u32 i = 1; i < n; i++) {
        least = min_i64(least, at[i]);
        most = max_i64(most, at[i]);
    }
    return clock_widen(k, least, most);
}

enum { LANES = 4 };

#ifdef __x86_64__
#include <immintrin.h>

static bool is_fast(void)
{
    return __builtin_cpu_supports("avx2");
}

/* False where a moment is not in the region; the units mean nothing then. */
__attribute__((target("avx2"))) static bool apply(struct clock *k, const struct rule *u,
                                                  const i64 *at, u32 n, i32 *out)
{
    const struct region *r = &k->region;
    const __m256i from = _mm256_set1_epi64x(max_i64(r->from, -u->plus)),
                  last = _mm256_set1_epi64x(r->to - 1),
                  plus = _mm256_set1_epi64x(u->plus + (u->local ? r->offset_ms : 0)),
                  exponent = _mm256_set1_epi64x(0x4330000000000000);
    const __m256d bias = _mm256_set1_pd(0x1p52 - 0.5), each = _mm256_set1_pd(1.0 / (double)u->each),
                  wrap = _mm256_set1_pd(u->wrap),
                  turns = _mm256_set1_pd(u->wrap ? 1.0 / u->wrap : 0), half = _mm256_set1_pd(0.5);
    __m256i out_of = _mm256_setzero_si256();
    __m128i least = _mm_set1_epi32(k->least), most = _mm_set1_epi32(k->most);
    i32 lanes[LANES];
    u32 changes = u->local ? r->count : 0;
    for (u32 i = 0; i < n; i += 4) {
        __m256i t = _mm256_loadu_si256((const void *)(at + i));
        out_of = _mm256_or_si256(
            out_of, _mm256_or_si256(_mm256_cmpgt_epi64(from, t), _mm256_cmpgt_epi64(t, last)));
        __m256i x = _mm256_add_epi64(t, plus);
        for (u32 c = 0; c < changes; c++) {
            __m256i later = _mm256_cmpgt_epi64(t, _mm256_set1_epi64x(r->at[c] - 1));
            x = _mm256_add_epi64(x, _mm256_and_si256(later, _mm256_set1_epi64x(r->delta_ms[c])));
        }
        __m256d d = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(x, exponent)), bias);
        d = _mm256_floor_pd(_mm256_mul_pd(d, each));
        if (u->wrap) {
            __m256d turn = _mm256_floor_pd(_mm256_mul_pd(_mm256_add_pd(d, half), turns));
            d = _mm256_sub_pd(d, _mm256_mul_pd(turn, wrap));
        }
        __m128i unit = _mm256_cvttpd_epi32(d);
        least = _mm_min_epi32(least, unit);
        most = _mm_max_epi32(most, unit);
        _mm_storeu_si128((void *)(out + i), unit);
    }
    _mm_storeu_si128((void *)lanes, least);
    for (u32 i = 0; i < LANES; i++) k->least = lanes[i] < k->least ? lanes[i] : k->least;
    _mm_storeu_si128((void *)lanes, most);
    for (u32 i = 0; i < LANES; i++) k->most = lanes[i] > k->most ? lanes[i] : k->most;
    return _mm256_testz_si256(out_of, out_of);
}
#else
static bool is_fast(void)
{
    return false;
}

static bool apply(struct clock *k, const struct rule *u, const i64 *at, u32 n, i32 *out)
{
    (void)k, (void)u, (void)at, (void)n, (void)out;
    return false;
}
#endif

void clock_make_room(struct clock *k, u32 n)
{
    if (n + LANES <= k->room) return;
    k->room = n + n / 4 + LANES;
    k->units = mem_realloc(k->units, k->room * sizeof *k->units);
}

/* The last moments, fewer than four, are put beside a known one. */
static bool apply_all(struct clock *k, const struct rule *u, const i64 *at, u32 n)
{
    u32 whole = n / LANES * LANES;
    i64 rest[LANES];
    k->least = INT32_MAX, k->most = INT32_MIN;
    if (!is_fast() || k->region.to == INT64_MIN) return false;
    if (whole && !apply(k, u, at, whole, k->units)) return false;
    if (whole == n) return true;
    for (u32 i = 0; i < LANES; i++) rest[i] = at[whole + i < n ? whole + i : n - 1];
    return apply(k, u, rest, LANES, k->units + whole);
}

static void put_unit(struct clock *k, u32 i, i64 unit)
{
    if (i == 0) k->least = INT32_MAX, k->most = INT32_MIN;
    k->units[i] = (i32)unit;
    if (k->units[i] < k->least) k->least = k->units[i];
    if (k->units[i] > k->most) k->most = k->units[i];
}

static bool try_rule(struct clock *k, const struct rule *u, const i64 *at, u32 n)
{
    clock_make_room(k, n);
    if (n == 0 || apply_all(k, u, at, n)) return true;
    return is_fast() && widen(k, at, n) && apply_all(k, u, at, n);
}

bool clock_rule(const struct clock *k, struct rule *out)
{
    *out = (struct rule){0};
    if (k->unit == UNIT_DAY) *out = (struct rule){true, 0, DAY, 0};
    if (k->unit == UNIT_WEEK) *out = (struct rule){true, 3 * DAY, 7 * DAY, 0};
    if (k->unit == UNIT_SPAN && k->length >= SECOND)
        *out = (struct rule){false, -k->from, k->length, 0};
    return out->each != 0;
}

const i32 *clock_units(struct clock *k, const i64 *at, u32 n)
{
    struct rule rule;
    if (clock_rule(k, &rule) && try_rule(k, &rule, at, n)) return k->units;
    clock_make_room(k, n);
    for (u32 i = 0; i < n; i++) put_unit(k, i, clock_unit(k, at[i]));
    return k->units;
}

const i32 *clock_week_hours(struct clock *k, const i64 *at, u32 n)
{
    static const struct rule rule = CLOCK_WEEK_HOURS;
    if (try_rule(k, &rule, at, n)) return k->units;
    clock_make_room(k, n);
    for (u32 i = 0; i < n; i++) {
        i64 hours = floor_div(clock_local(k, at[i]), HOUR) + 72;
        put_unit(k, i, hours - floor_div(hours, 168) * 168);
    }
    return k->units;
}

void clock_end(struct clock *k)
{
    free(k->units);
    free(k->times);
    k->units = NULL;
    k->times = NULL;
    k->room = k->times_room = 0;
}

/* The first day of a unit of days, weeks or months. */
static i64 first_day(const struct clock *k, i64 unit)
{
    if (k->unit == UNIT_DAY) return unit;
    if (k->unit == UNIT_WEEK) return unit * 7 - 3;
    i64 year = floor_div(unit, 12);
    return days_of(1970 + year, (u32)(unit - year * 12) + 1, 1);
}

i64 clock_start(const struct clock *k, i64 unit)
{
    if (k->unit == UNIT_SPAN) return k->from + unit * k->length;
    if (k->unit == UNIT_HOUR) return unit * (HOUR / 4);
    return zone_day_start(k->c->zone, first_day(k, unit));
}

void clock_label(const struct clock *k, i64 unit, struct buf *out)
{
    if (k->unit == UNIT_SPAN || k->unit == UNIT_HOUR) {
        iso_put(out, clock_start(k, unit));
        return;
    }
    size_t from = out->n;
    iso_put_date(out, first_day(k, unit));
    if (k->unit == UNIT_MONTH && !out->full && out->n >= from + 3) out->n -= 3;
}
