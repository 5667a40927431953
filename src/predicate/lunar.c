/* lunar.c — the Chinese calendar from 1900 to 2100, as data.
 *
 * Source: the Gregorian-lunar conversion tables of the Hong Kong Observatory (1901–2100, and the
 * year before them), a number a year: bit 16 set if the leap month has 30 days, bits 15 … 4 set for
 * each of the months 1 … 12 that has 30, bits 3 … 0 the month that the leap month follows (0: the
 * year has none). Every first of a month was checked against computed new moons. */
#include "predicate/lunar.h"

#include "base/time.h"

static const u32 YEARS[LUNAR_YEAR_LAST - LUNAR_YEAR_FIRST + 1] = {
    0x04bd8, 0x04ae0, 0x0a570, 0x054d5, 0x0d260, 0x0d950, 0x16554, 0x056a0, 0x09ad0, 0x055d2,
    0x04ae0, 0x0a5b6, 0x0a4d0, 0x0d250, 0x1d255, 0x0b540, 0x0d6a0, 0x0ada2, 0x095b0, 0x14977,
    0x04970, 0x0a4b0, 0x0b4b5, 0x06a50, 0x06d40, 0x1ab54, 0x02b60, 0x09570, 0x052f2, 0x04970,
    0x06566, 0x0d4a0, 0x0ea50, 0x16a95, 0x05ad0, 0x02b60, 0x186e3, 0x092e0, 0x1c8d7, 0x0c950,
    0x0d4a0, 0x1d8a6, 0x0b550, 0x056a0, 0x1a5b4, 0x025d0, 0x092d0, 0x0d2b2, 0x0a950, 0x0b557,
    0x06ca0, 0x0b550, 0x15355, 0x04da0, 0x0a5b0, 0x14573, 0x052b0, 0x0a9a8, 0x0e950, 0x06aa0,
    0x0aea6, 0x0ab50, 0x04b60, 0x0aae4, 0x0a570, 0x05260, 0x0f263, 0x0d950, 0x05b57, 0x056a0,
    0x096d0, 0x04dd5, 0x04ad0, 0x0a4d0, 0x0d4d4, 0x0d250, 0x0d558, 0x0b540, 0x0b6a0, 0x195a6,
    0x095b0, 0x049b0, 0x0a974, 0x0a4b0, 0x0b27a, 0x06a50, 0x06d40, 0x0af46, 0x0ab60, 0x09570,
    0x04af5, 0x04970, 0x064b0, 0x074a3, 0x0ea50, 0x06b58, 0x05ac0, 0x0ab60, 0x096d5, 0x092e0,
    0x0c960, 0x0d954, 0x0d4a0, 0x0da50, 0x07552, 0x056a0, 0x0abb7, 0x025d0, 0x092d0, 0x0cab5,
    0x0a950, 0x0b4a0, 0x0baa4, 0x0ad50, 0x055d9, 0x04ba0, 0x0a5b0, 0x15176, 0x052b0, 0x0a930,
    0x07954, 0x06aa0, 0x0ad50, 0x05b52, 0x04b60, 0x0a6e6, 0x0a4e0, 0x0d260, 0x0ea65, 0x0d530,
    0x05aa0, 0x076a3, 0x096d0, 0x04afb, 0x04ad0, 0x0a4d0, 0x1d0b6, 0x0d250, 0x0d520, 0x0dd45,
    0x0b5a0, 0x056d0, 0x055b2, 0x049b0, 0x0a577, 0x0a4b0, 0x0aa50, 0x1b255, 0x06d20, 0x0ada0,
    0x14b63, 0x09370, 0x049f8, 0x04970, 0x064b0, 0x168a6, 0x0ea50, 0x06b20, 0x1a6c4, 0x0aae0,
    0x092e0, 0x0d2e3, 0x0c960, 0x0d557, 0x0d4a0, 0x0da50, 0x05d55, 0x056a0, 0x0a6d0, 0x055d4,
    0x052d0, 0x0a9b8, 0x0a950, 0x0b4a0, 0x0b6a6, 0x0ad50, 0x055a0, 0x0aba4, 0x0a5b0, 0x052b0,
    0x0b273, 0x06930, 0x07337, 0x06aa0, 0x0ad50, 0x14b55, 0x04b60, 0x0a570, 0x054e4, 0x0d160,
    0x0e968, 0x0d520, 0x0daa0, 0x16aa6, 0x056d0, 0x04ae0, 0x0a9d4, 0x0a2d0, 0x0d150, 0x0f252,
    0x0d520,
};

/* 31 January 1900, the first day of the table. */
#define FIRST_DAY (-25537)

static u32 month_length(u32 year, u32 month)
{
    return YEARS[year] >> (16 - month) & 1 ? 30 : 29;
}

static u32 leap_month(u32 year)
{
    return YEARS[year] & 15;
}

static u32 leap_length(u32 year)
{
    if (!leap_month(year)) return 0;
    return YEARS[year] >> 16 ? 30 : 29;
}

static u32 year_length(u32 year)
{
    u32 days = leap_length(year);
    for (u32 m = 1; m <= 12; m++) days += month_length(year, m);
    return days;
}

bool lunar_of(i64 day, struct lunar *out)
{
    i64 left = day - FIRST_DAY;
    if (left < 0) return false;
    u32 year = 0;
    while (year < COUNT_OF(YEARS) && left >= year_length(year)) left -= year_length(year++);
    if (year == COUNT_OF(YEARS)) return false;
    u32 month = 1;
    bool leap = false;
    for (;;) {
        u32 length = leap ? leap_length(year) : month_length(year, month);
        if (left < length) break;
        left -= length;
        leap = !leap && month == leap_month(year);
        month += !leap;
    }
    *out = (struct lunar){(i32)year + LUNAR_YEAR_FIRST, (u8)month, (u8)(left + 1), leap};
    return true;
}

bool lunar_day(i64 lunar_year, u32 month, u32 day, i64 *out)
{
    if (lunar_year < LUNAR_YEAR_FIRST || lunar_year > LUNAR_YEAR_LAST) return false;
    i64 at = FIRST_DAY;
    u32 year = (u32)(lunar_year - LUNAR_YEAR_FIRST);
    for (u32 y = 0; y < year; y++) at += year_length(y);
    for (u32 m = 1; m < month; m++)
        at += month_length(year, m) + (m == leap_month(year) ? leap_length(year) : 0);
    *out = at + min_u32(day, month_length(year, month)) - 1;
    return true;
}
