/* lunar_test.c — the Chinese calendar against dates everybody knows, and against itself. */
#include "predicate/lunar.h"

#include "base/test.h"
#include "base/time.h"

TEST("the Spring Festival is on the day it was on")
{
    static const struct {
        i32 year;
        u32 month, day;
    } NEW_YEARS[] = {{1900, 1, 31}, {1912, 2, 18}, {1949, 1, 29}, {1966, 1, 21}, {1976, 1, 31},
                     {1985, 2, 20}, {1996, 2, 19}, {2000, 2, 5},  {2001, 1, 24}, {2004, 1, 22},
                     {2008, 2, 7},  {2012, 1, 23}, {2015, 2, 19}, {2018, 2, 16}, {2019, 2, 5},
                     {2020, 1, 25}, {2021, 2, 12}, {2022, 2, 1},  {2023, 1, 22}, {2024, 2, 10},
                     {2025, 1, 29}, {2026, 2, 17}, {2027, 2, 6},  {2028, 1, 26}, {2029, 2, 13},
                     {2030, 2, 3},  {2033, 1, 31}, {2034, 2, 19}, {2050, 1, 23}, {2100, 2, 9}};
    for (size_t i = 0; i < COUNT_OF(NEW_YEARS); i++) {
        struct lunar l;
        i64 day = days_of(NEW_YEARS[i].year, NEW_YEARS[i].month, NEW_YEARS[i].day), back;
        CHECK(lunar_of(day, &l));
        CHECK_EQ(l.year, NEW_YEARS[i].year);
        CHECK(l.month == 1 && l.day == 1 && !l.leap);
        CHECK(lunar_day(l.year, 1, 1, &back));
        CHECK_EQ(back, day);
    }
}

TEST("the Mid-Autumn Festival, the Dragon Boat Festival and leap months lie where they lay")
{
    static const struct {
        i32 year;
        u32 month, day, of, on;
        bool leap;
    } DAYS[] = {
        {2020, 10, 1, 8, 15, false}, {2023, 9, 29, 8, 15, false}, {2024, 9, 17, 8, 15, false},
        {2025, 10, 6, 8, 15, false}, {2026, 9, 25, 8, 15, false}, {2024, 6, 10, 5, 5, false},
        {2025, 5, 31, 5, 5, false},  {2020, 5, 23, 4, 1, true},   {2023, 3, 22, 2, 1, true},
        {2025, 7, 25, 6, 1, true},   {2033, 12, 22, 11, 1, true}, {2028, 6, 23, 5, 1, true},
        {1987, 7, 26, 6, 1, true},   {1984, 11, 23, 10, 1, true},
    };
    for (size_t i = 0; i < COUNT_OF(DAYS); i++) {
        struct lunar l;
        CHECK(lunar_of(days_of(DAYS[i].year, DAYS[i].month, DAYS[i].day), &l));
        CHECK_EQ(l.month, DAYS[i].of);
        CHECK_EQ(l.day, DAYS[i].on);
        CHECK_EQ(l.leap, DAYS[i].leap);
    }
}

TEST("every day of two centuries has one lunar date, and goes there and back")
{
    struct lunar l, before;
    i64 back, first = days_of(1900, 1, 31), last = days_of(2101, 1, 28);
    CHECK(!lunar_of(first - 1, &l) && !lunar_of(last + 1, &l) && lunar_of(last, &l));
    CHECK(!lunar_day(1899, 1, 1, &back) && !lunar_day(2101, 1, 1, &back));
    CHECK(lunar_of(first, &before));
    for (i64 day = first + 1; day <= last; day++) {
        CHECK(lunar_of(day, &l));
        bool next = l.day == before.day + 1, new = l.day == 1 && before.day >= 29;
        CHECK(next || new);
        if (!l.leap) {
            CHECK(lunar_day(l.year, l.month, l.day, &back));
            CHECK_EQ(back, day);
        }
        before = l;
    }
}

TEST("the thirtieth of a month that has 29 days is its 29th")
{
    i64 eve, end;
    CHECK(lunar_day(2024, 12, 30, &end) && lunar_day(2024, 12, 29, &eve));
    CHECK_EQ(eve, days_of(2025, 1, 28));
    CHECK_EQ(end, eve);
    CHECK(lunar_day(2023, 12, 30, &end));
    CHECK_EQ(end, days_of(2024, 2, 9));
}
