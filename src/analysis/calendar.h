/* calendar.h — which hour, day, week or month a moment falls on, in a zone, by the million.
 *
 * The offsets of a zone are written out once as spans; a reader remembers the span it was in, and
 * customers' events rarely leave it. Units are numbered: days since 1970-01-01, weeks (Monday
 * first) and months likewise; hours by the quarter of an hour they begin at, since zones are
 * shifted by quarters. */
#pragma once
#include "base/mem.h"
#include "base/zone.h"

typedef enum { UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_SPAN } unit_kind;
#define UNIT_WORDS "hour day week month"

struct zone_span {
    i64 from, to, offset_ms;
};

struct calendar {
    const struct zone *zone;
    u32 count;
    const struct zone_span *spans;
};

const struct calendar *calendar_new(const struct zone *zone, struct arena *arena);

/* One thread's. */
struct clock {
    const struct calendar *c;
    struct zone_span span;
    unit_kind unit;
    i64 from, length;    /* SPAN: units of that length counted from there */
    i64 last, low, high; /* the unit asked for last: it holds for moments of [low, high) */
};

void clock_init(struct clock *k, const struct calendar *c, unit_kind unit, i64 from, i64 length);
void clock_move(struct clock *k, i64 at);
i64 clock_far(struct clock *k, i64 at);

static inline i64 floor_div(i64 a, i64 b)
{
    return a / b - (a % b < 0);
}

/* The moment as if the local clock were UTC. */
static inline i64 clock_local(struct clock *k, i64 at)
{
    if (UNLIKELY(at < k->span.from || at >= k->span.to)) clock_move(k, at);
    return at + k->span.offset_ms;
}

/* What a customer does lies close together: most moments fall on the unit that was asked for last.
 */
static inline i64 clock_unit(struct clock *k, i64 at)
{
    return LIKELY(at >= k->low && at < k->high) ? k->last : clock_far(k, at);
}

/* The first moment of a unit. */
i64 clock_start(const struct clock *k, i64 unit);
/* "2026-01", "2026-01-05": the unit as a date; of hours and spans the moment. */
void clock_label(const struct clock *k, i64 unit, struct buf *out);
