/* zone.h — local time: one time zone out of its TZif bytes (RFC 8536), and the rule for gaps.
 *
 *   bytes of /usr/share/zoneinfo/Asia/Shanghai ─zone_parse─► struct zone ─► zone_local,
 * zone_resolve …
 *
 * A zone is one sorted table of changes of the offset. A rule for the years after the table (the
 * POSIX footer) is written out for 400 years, after which the Gregorian calendar repeats, so every
 * look-up at every time is one binary search. No libc zone calls, no files: bytes come from the
 * caller, which makes zones part of the log. */
#pragma once
#include "base/mem.h"
#include "base/time.h"

#ifdef __cplusplus
extern "C" {
#endif

struct zone;

/* Versions 1 to 4; the zone lives in `arena` and does not keep `tzif`. NULL for bytes that are no
 * TZif, count leap seconds, or go back by more than the time since the change before. About 10 KB
 * where a rule goes on, else 12 bytes a change. */
const struct zone *zone_parse(str tzif, struct arena *arena);
/* Does the text look like a zone's name (Asia/Shanghai, Etc/GMT+8, UTC)? Safe to join to a path. */
bool zone_name_valid(str name);

/* In all of these a NULL zone is UTC. */

/* Seconds east of Greenwich at that moment. */
i32 zone_offset(const struct zone *z, i64 ms);
civil zone_local(const struct zone *z, i64 ms);
/* The local day a moment falls on. */
i64 zone_day(const struct zone *z, i64 ms);

typedef enum { LOCAL_ONCE, LOCAL_SKIPPED, LOCAL_TWICE } local_kind;

/* The moment of a local time: one that does not exist is the first moment after the gap, one that
 * occurs twice the first of them. `kind` may be NULL. */
i64 zone_resolve(const struct zone *z, civil local, local_kind *kind);
/* The moment an ISO time means here; a date is its first moment. */
i64 zone_resolve_iso(const struct zone *z, const iso_time *t);

/* The first moment of a local day. */
i64 zone_day_start(const struct zone *z, i64 days);
/* The first moment after `after` at which the local clock says `clock_ms` (of the day). A day that
 * lacks that time takes it at the first moment after the gap. */
i64 zone_next_clock(const struct zone *z, i64 after, i64 clock_ms);
/* Exact for `ms`; months by the local calendar, clamped, same time of day. */
i64 zone_add(const struct zone *z, i64 ms, duration d);

typedef enum { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH } period;
/* The calendar period around a moment: [from, to). Weeks begin on Monday. */
void zone_period(const struct zone *z, i64 ms, period p, i64 *from, i64 *to);

/* The first change of the offset after a moment; NEVER if there is none. */
i64 zone_next_change(const struct zone *z, i64 after);

#ifdef __cplusplus
}
#endif
