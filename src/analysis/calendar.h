/* calendar.h — which hour, day, week or month a moment falls on, in a zone, by the million.
 *
 * The offsets of a zone are written out once as spans; a reader remembers the span it was in, and
 * customers' events rarely leave it. Units are numbered: days since 1970-01-01, weeks (Monday
 * first) and months likewise; hours by the quarter of an hour they begin at, since zones are
 * shifted by quarters. */
#pragma once
#include "base/mem.h"
#include "base/zone.h"
#include "event/pack.h"

typedef enum { UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_SPAN } unit_kind;
#define UNIT_WORDS "hour day week month"

struct zone_span {
    i64 from, to, offset_ms;
};

struct calendar {
    const struct zone *zone;
    u32 count;
    const struct zone_span *spans;
    const i32 *months; /* their first days, from MONTHS_FROM on */
};

const struct calendar *calendar_new(const struct zone *zone, struct arena *arena);

/* A stretch of spans in which moments are looked up many at a time: the offset of the first, and
 * what each change adds. */
enum { REGION_CHANGES = 8 };
struct region {
    i64 from, to, offset_ms;
    u32 count;
    i64 at[REGION_CHANGES], delta_ms[REGION_CHANGES];
};

/* One thread's. */
struct clock {
    const struct calendar *c;
    struct zone_span span;
    unit_kind unit;
    i64 from, length;  /* SPAN: units of that length counted from there */
    double units_each; /* 1 ÷ length */
    struct region region;
    i32 *units;      /* of the batch asked for last */
    i32 least, most; /* …among them */
    i64 *times;      /* unpacked, where that is needed; of so many: */
    u32 times_room;
    u32 room;
};

void clock_init(struct clock *k, const struct calendar *c, unit_kind unit, i64 from, i64 length);
void clock_end(struct clock *k);
void clock_move(struct clock *k, i64 at);
i64 clock_month(struct clock *k, i64 at);
i64 clock_span(const struct clock *k, i64 at);

/* By a constant: a multiplication where a is not negative. */
static inline __attribute__((always_inline)) i64 floor_div(i64 a, i64 b)
{
    return LIKELY(a >= 0) ? (i64)((u64)a / (u64)b) : a / b - (a % b < 0);
}

/* The moment as if the local clock were UTC. */
static inline i64 clock_local(struct clock *k, i64 at)
{
    if (UNLIKELY(at < k->span.from || at >= k->span.to)) clock_move(k, at);
    return at + k->span.offset_ms;
}

static inline i64 clock_hour(struct clock *k, i64 at)
{
    i64 local = clock_local(k, at);
    return floor_div(floor_div(local, HOUR) * HOUR - k->span.offset_ms, HOUR / 4);
}
static inline i64 clock_day(struct clock *k, i64 at)
{
    return floor_div(clock_local(k, at), DAY);
}
/* Events of a customer are often days apart, so a unit is computed: to remember the last one would
 * mostly be a wrong guess. */
static inline i64 clock_unit(struct clock *k, i64 at)
{
    switch (k->unit) {
    case UNIT_HOUR: return clock_hour(k, at);
    case UNIT_DAY: return clock_day(k, at);
    case UNIT_WEEK: return floor_div(clock_day(k, at) + 3, 7);
    case UNIT_SPAN: return clock_span(k, at);
    default: return clock_month(k, at);
    }
}

/* The units of n moments, good until the next call; of hours and lengths of time less than a second
 * what is beyond 32 bits is cut off. */
const i32 *clock_units(struct clock *k, const i64 *at, u32 n);
/* …and the hours of the week, 0 to 167 from Monday on, of a clock of hours. */
const i32 *clock_week_hours(struct clock *k, const i64 *at, u32 n);

/* The same of packed moments, which mostly need not be unpacked to tell their units. */
const i32 *clock_units_packed(struct clock *k, const struct packed_times *t, u32 n);
const i32 *clock_week_hours_packed(struct clock *k, const struct packed_times *t, u32 n);
/* The first moment of a unit. */
i64 clock_start(const struct clock *k, i64 unit);
/* "2026-01", "2026-01-05": the unit as a date; of hours and spans the moment. */
void clock_label(const struct clock *k, i64 unit, struct buf *out);
