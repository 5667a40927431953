/* time_test.c — the calendar, ISO texts and durations. */
#include "base/time.h"

#include "base/test.h"

static i64 at(const char *text)
{
    iso_time t;
    CHECK(iso_parse(str_of(text), &t));
    return iso_ms(&t);
}

TEST("every day of 4,000 years follows the one before it")
{
    i64 days = days_of(-1000, 1, 1);
    u32 weekday = weekday_of(days);
    for (i32 year = -1000; year < 3000; year++) {
        for (u32 month = 1; month <= 12; month++) {
            for (u32 day = 1; day <= month_days(year, month); day++, days++) {
                civil c = civil_of_days(days);
                if (c.year != year || c.month != month || c.day != day ||
                    days_of(year, month, day) != days || weekday_of(days) != weekday)
                    CHECK_EQ(days, -1);
                weekday = weekday % 7 + 1;
            }
        }
    }
    CHECK_EQ(days_of(1970, 1, 1), 0);
    CHECK_EQ(days_of(2000, 3, 1), 11017);
    CHECK_EQ(weekday_of(days_of(2026, 6, 1)), 1);
    CHECK_EQ(weekday_of(0), 4);
}

TEST("a moment is its civil time and back, on both sides of 1970")
{
    struct rng rng = {test_seed()};
    for (u32 i = 0; i < 100000; i++) {
        i64 ms = (i64)rng_below(&rng, 800000000000000) - 400000000000000;
        civil c = civil_of_ms(ms);
        CHECK(civil_ms(c) == ms && c.hour < 24 && c.minute < 60 && c.second < 60 && c.ms < 1000);
    }
    CHECK_EQ(civil_of_ms(-1).year, 1969);
    CHECK_EQ(civil_of_ms(-1).ms, 999);
    civil_of_ms(INT64_MAX), civil_of_ms(INT64_MIN);
    CHECK(civil_ms((civil){.year = INT32_MAX, .month = 1, .day = 1}) > 0);
}

TEST("months are added by the calendar, and a day that is not there becomes the last")
{
    civil c = civil_add_months((civil){.year = 2024, .month = 1, .day = 31, .hour = 9}, 1);
    CHECK_EQ(c.month, 2), CHECK_EQ(c.day, 29), CHECK_EQ(c.hour, 9);
    c = civil_add_months((civil){.year = 2023, .month = 1, .day = 31}, 1);
    CHECK_EQ(c.day, 28);
    c = civil_add_months((civil){.year = 2024, .month = 1, .day = 15}, -1);
    CHECK_EQ(c.year, 2023), CHECK_EQ(c.month, 12), CHECK_EQ(c.day, 15);
    c = civil_add_months((civil){.year = 2024, .month = 12, .day = 31}, 12 * 400 + 2);
    CHECK_EQ(c.year, 2425), CHECK_EQ(c.month, 2), CHECK_EQ(c.day, 28);
    c = civil_add_months((civil){.year = 0, .month = 1, .day = 1}, -1);
    CHECK_EQ(c.year, -1), CHECK_EQ(c.month, 12);
}

TEST("ISO times are read in every form people send")
{
    i64 ten = 1780308000000; /* 2026-06-01T10:00:00Z */
    CHECK_EQ(at("2026-06-01T10:00:00.123Z"), ten + 123);
    CHECK_EQ(at("2026-06-01T10:00:00Z"), ten);
    CHECK_EQ(at("2026-06-01t10:00:00z"), ten);
    CHECK_EQ(at("2026-06-01 10:00:00"), ten);
    CHECK_EQ(at("2026-06-01 10:00"), ten);
    CHECK_EQ(at("2026-06-01T18:00:00+08:00"), ten);
    CHECK_EQ(at("2026-06-01T18:00:00 +0800"), ten);
}

TEST("what is no ISO time is refused, to the last character")
{
    static const char *const BAD[] = {
        "",
        "2026",
        "2026-6-1",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "2026-06-01T",
        "2026-06-01T10",
        "2026-06-01T24:00:00Z",
        "2026-06-01T10:60",
        "2026-06-01x",
        "2026-06-01T10:00:61Z",
        "2026-06-01T10:00:60Z",
        "2026-06-01T10:00:00.Z",
        " 2026-06-01",
        "2026-06-01T10:00:00Z ",
        "2026-06-01T10:00:00+",
        "2026-06-01T10:00:00+8",
        "2026-06-01T10:00:00+08:",
        "2026-06-01T10:00:00+08:60",
        "2026-06-01T10:00:00+24:00",
        "2026-06-01T10:00:00  Z",
        "2026-06-01T10:00:00Zx",
        "2026-06-01 ",
        "2026/06/01",
        "+2026-06-01",
        "12026-06-01",
        "20260601",
    };
    iso_time t;
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        if (iso_parse(str_of(BAD[i]), &t)) print_error("taken: \"%s\"\n", BAD[i]);
        CHECK(!iso_parse(str_of(BAD[i]), &t));
    }
}

TEST("a fraction of any length is cut to milliseconds, and a leap second is the one after")
{
    CHECK_EQ(at("1970-01-01T00:00:00.1Z"), 100);
    CHECK_EQ(at("1970-01-01T00:00:00.0009Z"), 0);
    CHECK_EQ(at("1970-01-01T00:00:00,123999999999999999999Z"), 123);
    CHECK_EQ(at("1972-06-30T23:59:60Z"), at("1972-07-01T00:00:00Z"));
    CHECK_EQ(at("1969-12-31T23:59:59.999Z"), -1);
    CHECK_EQ(at("0001-01-01"), -62135596800000);
    CHECK_EQ(at("9999-12-31T23:59:59.999Z"), 253402300799999);
}

TEST("a date says so, and an offset says so")
{
    iso_time t;
    CHECK(iso_parse(S("2026-06-01"), &t) && !t.timed && !t.zoned);
    CHECK(iso_parse(S("2026-06-01T10:00"), &t) && t.timed && !t.zoned);
    CHECK(iso_parse(S("2026-06-01T10:00-02:30"), &t) && t.zoned && t.offset_s == -9000);
    CHECK(iso_parse(S("2026-06-01T10:00-00:00"), &t) && t.zoned && t.offset_s == 0);
}

TEST("what is printed is read back as the same moment")
{
    struct rng rng = {test_seed()};
    struct buf b;
    iso_time t;
    buf_init(&b, 64);
    for (u32 i = 0; i < 20000; i++) {
        i64 ms = (i64)rng_below(&rng, 315537897599999) - 62135596800000;
        buf_reset(&b);
        iso_put(&b, ms);
        CHECK(b.n == 24 && iso_parse(buf_str(&b), &t) && iso_ms(&t) == ms);
    }
    buf_reset(&b);
    iso_put(&b, INT64_MAX), iso_put(&b, INT64_MIN);
    CHECK(!b.full);
    buf_reset(&b);
    iso_put_date(&b, days_of(2026, 6, 1));
    CHECK_STR(buf_str(&b), S("2026-06-01"));
    buf_reset(&b);
    iso_put(&b, -62198755200000);
    CHECK_STR(buf_str(&b), S("-000001-01-01T00:00:00.000Z"));
    buf_clear(&b);
}

TEST("durations are one number and one unit, up to a hundred years")
{
    duration d;
    CHECK_OK(duration_parse(S("90s"), &d));
    CHECK_EQ(d.ms, 90000), CHECK_EQ(d.months, 0);
    CHECK_OK(duration_parse(S("5m"), &d));
    CHECK_EQ(d.ms, 5 * MINUTE);
    CHECK_OK(duration_parse(S("24h"), &d));
    CHECK_EQ(d.ms, DAY);
    CHECK_OK(duration_parse(S("7d"), &d));
    CHECK_EQ(d.ms, 7 * DAY);
    CHECK_OK(duration_parse(S("2w"), &d));
    CHECK_EQ(d.ms, 14 * DAY);
    CHECK_OK(duration_parse(S("3mo"), &d));
    CHECK_EQ(d.ms, 0), CHECK_EQ(d.months, 3);
    CHECK_OK(duration_parse(S("0s"), &d));
    CHECK_EQ(d.ms, 0);
    CHECK_OK(duration_parse(S("36525d"), &d));
    CHECK_EQ(duration_parse(S("36526d"), &d), ERR_LIMIT);
    CHECK_OK(duration_parse(S("1200mo"), &d));
    CHECK_EQ(duration_parse(S("1201mo"), &d), ERR_LIMIT);
    CHECK_EQ(duration_parse(S("99999999999999999999999999d"), &d), ERR_LIMIT);
    static const char *const BAD[] = {"",   "5",    "d",   "-5d",   "5 d",
                                      "5D", "1.5h", "5d ", "1h30m", "5mon"};
    for (u32 i = 0; i < COUNT_OF(BAD); i++)
        CHECK_EQ(duration_parse(str_of(BAD[i]), &d), ERR_INVALID);
}

TEST("a duration is printed in its largest unit and read back the same")
{
    static const char *const TEXTS[] = {"90s", "5m",  "1d",     "2w", "3mo",
                                        "0s",  "25h", "1500ms", "8d"};
    struct buf b;
    duration d;
    buf_init(&b, 32);
    for (u32 i = 0; i < COUNT_OF(TEXTS); i++) {
        buf_reset(&b);
        CHECK_OK(duration_parse(str_of(TEXTS[i]), &d));
        duration_put(&b, d);
        CHECK_STR(buf_str(&b), str_of(TEXTS[i]));
    }
    buf_clear(&b);
}

TEST("an offset counts calendar days, before or after")
{
    i32 days;
    CHECK_OK(offset_parse(S("-3d"), &days));
    CHECK_EQ(days, -3);
    CHECK_OK(offset_parse(S("+2w"), &days));
    CHECK_EQ(days, 14);
    CHECK_OK(offset_parse(S("0d"), &days));
    CHECK_EQ(days, 0);
    CHECK_EQ(offset_parse(S("24h"), &days), ERR_INVALID);
    CHECK_EQ(offset_parse(S("-"), &days), ERR_INVALID);
    CHECK_EQ(offset_parse(S("--1d"), &days), ERR_INVALID);
    CHECK_EQ(offset_parse(S("36526d"), &days), ERR_LIMIT);
}

TEST("a time of day has hours and minutes")
{
    i64 ms;
    CHECK_OK(clock_parse(S("09:00"), &ms));
    CHECK_EQ(ms, 9 * HOUR);
    CHECK_OK(clock_parse(S("23:59:59"), &ms));
    CHECK_EQ(ms, DAY - SECOND);
    CHECK_EQ(clock_parse(S("24:00"), &ms), ERR_INVALID);
    CHECK_EQ(clock_parse(S("9:00"), &ms), ERR_INVALID);
    CHECK_EQ(clock_parse(S("09:00Z"), &ms), ERR_INVALID);
    CHECK_EQ(clock_parse(S("23:59:60"), &ms), ERR_INVALID);
}
