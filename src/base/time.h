/* time.h — calendar arithmetic without zones: days, civil times, ISO 8601 text, durations.
 *
 * The calendar is the proleptic Gregorian one; a day number counts from 1970-01-01. What depends on
 * a place stands in zone.h. Nothing here asks the system for anything. */
#pragma once
#include "base/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A date and a time of day, somewhere. */
typedef struct {
    i32 year;
    u8 month, day; /* from 1 */
    u8 hour, minute, second;
    u16 ms;
} civil;

/* Days since 1970-01-01. The month must be 1–12; the day may be any number. O(1), as the next. */
i64 days_of(i64 year, u32 month, i64 day);
/* The date of a day number, at midnight. */
civil civil_of_days(i64 days);
/* The moment as if the civil time were UTC, and back. */
i64 civil_ms(civil c);
civil civil_of_ms(i64 ms);

bool date_valid(i64 year, u32 month, u32 day);
u32 month_days(i64 year, u32 month);
/* 1 = Monday … 7 = Sunday. */
u32 weekday_of(i64 days);
/* The same day and time `months` later; a day the month does not have becomes its last. */
civil civil_add_months(civil c, i64 months);

/* Floor division: the day number that a moment of UTC falls on. */
static inline i64 days_of_ms(i64 ms)
{
    return ms / DAY - (ms % DAY < 0);
}

/* ---- ISO 8601 ---- */

/* What a text said: 2026-06-01, 2026-06-01T10:00, 2026-06-01 10:00:00.123+08:00 … */
typedef struct {
    civil local;
    bool timed;   /* a time of day was given */
    bool zoned;   /* Z or an offset was given */
    i32 offset_s; /* east of Greenwich */
} iso_time;

/* The whole of `text`: date; then T, t or a space and HH:MM[:SS[.fraction]]; then Z, z, ±HH, ±HHMM
 * or ±HH:MM. A fraction of any length is cut to ms. A leap second is the second after it. Anything
 * else is false. */
bool iso_parse(str text, iso_time *out);
/* The moment of a zoned time; of another as if it were UTC. */
i64 iso_ms(const iso_time *t);
/* 2026-06-01T10:00:00.123Z, and 2026-06-01. Years past 9999 or before 0 get a sign and six digits.
 */
void iso_put(struct buf *b, i64 ms);
void iso_put_date(struct buf *b, i64 days);

/* ---- durations ---- */

/* `ms` is exact; `months` are calendar months. One of them is 0. */
typedef struct {
    i64 ms;
    u32 months;
} duration;

enum { DURATION_MONTHS_MAX = 1200 };
#define DURATION_MS_MAX (36525 * DAY)

/* "90s" "5m" "24h" "7d" "2w" "3mo": one whole number and one unit. ERR_INVALID for any other text,
 * ERR_LIMIT beyond a hundred years. */
MUST_USE err duration_parse(str text, duration *out);
/* An offset in calendar days: "3d", "-1d", "2w", "0d". Other units are ERR_INVALID. */
MUST_USE err offset_parse(str text, i32 *days);
/* The largest unit that states it exactly; text that duration_parse takes. */
void duration_put(struct buf *b, duration d);

/* "09:00", "09:00:30": the time of day in ms; ERR_INVALID for anything else. */
MUST_USE err clock_parse(str text, i64 *ms);

#ifdef __cplusplus
}
#endif
