#include "analysis/calendar.h"

enum { SPANS_MAX = 1024 };

/* Before 1900 and after 2100 nobody asks for the hour. */
const struct calendar *calendar_new(const struct zone *zone, struct arena *arena)
{
    struct calendar *c = arena_zalloc(arena, sizeof *c);
    struct zone_span *spans = arena_alloc(arena, SPANS_MAX * sizeof *spans);
    i64 at = days_of(1900, 1, 1) * DAY, end = days_of(2100, 1, 1) * DAY, from = INT64_MIN;
    while (c->count < SPANS_MAX) {
        i64 next = zone_next_change(zone, at);
        if (c->count == SPANS_MAX - 1 || next >= end) next = INT64_MAX;
        spans[c->count++] = (struct zone_span){from, next, (i64)zone_offset(zone, at) * SECOND};
        if (next == INT64_MAX) break;
        at = from = next;
    }
    c->zone = zone;
    c->spans = spans;
    return c;
}

void clock_init(struct clock *k, const struct calendar *c, unit_kind unit, i64 from, i64 length)
{
    *k = (struct clock){
        .c = c, .span = c->spans[0], .unit = unit, .from = from, .length = length, .low = 1};
    if (length) k->units_each = 1.0 / (double)length;
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

i64 clock_month(struct clock *k, i64 at)
{
    civil c = civil_of_days(clock_day(k, at));
    i64 first = days_of(c.year, c.month, 1), end = first + month_days(c.year, c.month);
    k->low = max_i64(k->span.from, first * DAY - k->span.offset_ms);
    k->high = min_i64(k->span.to, end * DAY - k->span.offset_ms);
    return k->last = ((i64)c.year - 1970) * 12 + c.month - 1;
}

/* Guessed by a product that is off by one at most, as long as moments are below 2⁵². */
i64 clock_span(const struct clock *k, i64 at)
{
    i64 x = at - k->from, unit = (i64)((double)x * k->units_each), rest = x - unit * k->length;
    while (UNLIKELY(rest < 0)) unit--, rest += k->length;
    while (UNLIKELY(rest >= k->length)) unit++, rest -= k->length;
    return unit;
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
