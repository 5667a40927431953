/* when.h — dates and times as people and programs write them into tables.
 *
 * ISO 8601; seconds and milliseconds since 1970; 20260105 and 20260105093000; 2026/1/5, 5.1.2026,
 * 01/02/2026, each with a time of day behind it; 2026年1月5日; 5 Jan 2026; serial numbers of
 * spreadsheets. Whether 01/02 is the first of February is not said by one cell: the caller looks
 * for evidence over a column, or is told. */
#pragma once
#include "base/zone.h"

typedef enum { DATES_UNSURE, DATES_YMD, DATES_DMY, DATES_MDY } date_order;

struct when {
    bool is_moment; /* `ms` is the moment; else a local time */
    i64 ms;
    iso_time iso; /* timed: a time of day was given */
};

/* False: it is no date or time. `order` decides where day and month could be either; UNSURE takes
 * the month first behind /, the day first behind . and -. */
bool when_parse(str text, date_order order, struct when *out);
/* The moment in that zone; a date is its first moment. False outside the years 1 to 9999. */
bool when_ms(const struct when *w, const struct zone *zone, i64 *ms);
/* What one cell proves: a part above 12 is no month. */
date_order when_evidence(str text);
/* "DD/MM/YYYY", "%d.%m.%Y", "mdy" …: the order of its letters. UNSURE: it names none. */
date_order when_order_of(str format);
/* A date written with separators or letters, so that no other number looks like it. */
bool when_is_plain(str text);
