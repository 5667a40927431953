/* lunar.h — days of the Chinese calendar, 1900 to 2100.
 *
 * A day of a year is a month and a day. A leap month counts as the ordinary one of its number, and
 * where a month has 29 days its thirtieth is the 29th; so every month and day is once in a year. */
#pragma once
#include "base/base.h"

enum { LUNAR_YEAR_FIRST = 1900, LUNAR_YEAR_LAST = 2100 };

struct lunar {
    i32 year; /* the Gregorian one in which it begins */
    u8 month, day;
    bool leap; /* in the leap month after `month` */
};

/* The lunar date of a day since 1970; false outside the table. O(years). */
bool lunar_of(i64 day, struct lunar *out);
/* The day on which month (1–12) and day (1–30) of that lunar year fall; false outside the table. */
bool lunar_day(i64 lunar_year, u32 month, u32 day, i64 *out);
