/* cron_test.c — patterns against a walk over every minute. */
#include "journey/cron.h"

#include "base/rng.h"
#include "base/test.h"
#include "predicate/oracle.h"

#include <stdio.h>
#include <stdlib.h>

static struct cron cron_of(const char *text)
{
    struct cron c;
    struct diag why = {0};
    if (cron_parse(str_of(text), &c, &why) != ERR_OK) fail_msg("%s: %s", text, why.message);
    return c;
}

static bool refused(const char *text)
{
    struct cron c;
    struct diag why = {0};
    return cron_parse(str_of(text), &c, &why) == ERR_REFUSED && why.message[0];
}

static i64 at(const struct zone *z, const char *text)
{
    iso_time t;
    MUST(iso_parse(str_of(text), &t));
    return zone_resolve_iso(z, &t);
}

/* ---- the slow, obvious twin ---- */

static bool part_has(const char *part, u32 v, u32 least, u32 most)
{
    u32 from = least, to = most, step = 1;
    char *end = NULL;
    if (*part == '*') {
        end = (char *)(uintptr_t)part + 1;
    } else {
        from = to = (u32)strtoul(part, &end, 10);
        if (*end == '-') to = (u32)strtoul(end + 1, &end, 10);
    }
    if (*end == '/') step = (u32)strtoul(end + 1, NULL, 10);
    return v >= from && v <= to && (v - from) % step == 0;
}

static bool field_has(const char *field, u32 v, u32 least, u32 most)
{
    char copy[64], *state = NULL;
    snprintf(copy, sizeof copy, "%s", field);
    for (char *p = strtok_r(copy, ",", &state); p; p = strtok_r(NULL, ",", &state))
        if (part_has(p, v, least, most)) return true;
    return false;
}

struct twin {
    char text[96];
    char field[5][16];
    bool every_hour;
};

static bool fits(const struct twin *w, i64 local)
{
    civil c = civil_of_ms(local);
    u32 weekday = weekday_of(days_of_ms(local)) % 7;
    bool day = field_has(w->field[2], c.day, 1, 31);
    bool week =
        field_has(w->field[4], weekday, 0, 7) || (weekday == 0 && field_has(w->field[4], 7, 0, 7));
    bool open = w->field[2][0] == '*' || w->field[4][0] == '*';
    return field_has(w->field[0], c.minute, 0, 59) && field_has(w->field[1], c.hour, 0, 23) &&
           field_has(w->field[3], c.month, 1, 12) && (open ? day && week : day || week);
}

static i64 local_of(const struct zone *z, i64 ms)
{
    return ms + zone_offset(z, ms) * SECOND;
}

/* Minute by minute: does it come at this moment? */
static bool comes(const struct twin *w, const struct zone *z, i64 t)
{
    i64 now = local_of(z, t), before = local_of(z, t - MINUTE);
    for (i64 m = before + MINUTE; m < now; m += MINUTE)
        if (fits(w, m)) return true;
    if (!fits(w, now)) return false;
    if (w->every_hour) return true;
    for (i64 back = 1; back <= 180; back++)
        if (local_of(z, t - back * MINUTE) == now) return false; /* the second time */
    return true;
}

static void put(struct twin *w, u32 field, const char *text)
{
    snprintf(w->field[field], sizeof w->field[field], "%s", text);
}

static struct twin draw(struct rng *r)
{
    static const char *const MINUTES[] = {"*", "0", "30", "*/15", "5,35", "10-20/5", "59"};
    static const char *const HOURS[] = {"*", "2", "1", "0-3", "*/2", "2,9", "23", "*/1"};
    static const char *const DAYS[] = {"*", "*", "*/2", "1-7", "8", "29,30"};
    static const char *const MONTHS[] = {"*", "*", "3,10,11", "4", "1-12/3"};
    static const char *const WEEKDAYS[] = {"*", "*", "0", "7", "1-5", "6,0"};
    struct twin w;
    put(&w, 0, MINUTES[rng_below(r, COUNT_OF(MINUTES))]);
    put(&w, 1, HOURS[rng_below(r, COUNT_OF(HOURS))]);
    put(&w, 2, DAYS[rng_below(r, COUNT_OF(DAYS))]);
    put(&w, 3, MONTHS[rng_below(r, COUNT_OF(MONTHS))]);
    put(&w, 4, WEEKDAYS[rng_below(r, COUNT_OF(WEEKDAYS))]);
    w.every_hour = strcmp(w.field[1], "*") == 0 || strcmp(w.field[1], "*/1") == 0;
    snprintf(w.text, sizeof w.text, "%s %s %s %s %s", w.field[0], w.field[1], w.field[2],
             w.field[3], w.field[4]);
    return w;
}

TEST("a pattern comes when a walk over every minute says so, also where the clock is moved")
{
    static const struct {
        const char *zone, *from;
    } PLACES[] = {{"America/New_York", "2026-03-07"},    {"America/New_York", "2026-10-31"},
                  {"Europe/Paris", "2026-03-28"},        {"Europe/Paris", "2026-10-24"},
                  {"Australia/Lord_Howe", "2026-04-04"}, {"Australia/Lord_Howe", "2026-10-03"},
                  {"Asia/Shanghai", "2026-02-27"},       {"UTC", "2028-02-28"}};
    struct rng r = {test_seed()};
    for (u32 round = 0; round < 200; round++) {
        u32 place = (u32)rng_below(&r, COUNT_OF(PLACES));
        const struct zone *z = town_zone(arena, PLACES[place].zone);
        struct twin w = draw(&r);
        struct cron c = cron_of(w.text);
        i64 t = at(z, PLACES[place].from), end = t + 3 * DAY, next = cron_next(&c, z, t - 1);
        for (; t < end; t += MINUTE) {
            bool is_now = comes(&w, z, t);
            if (is_now != (next == t))
                fail_msg("%s in %s: at %lld the walk says %d, the next is %lld", w.text,
                         PLACES[place].zone, (long long)t, is_now, (long long)next);
            if (is_now) next = cron_next(&c, z, t);
        }
    }
}

TEST("from any moment on the same one comes next")
{
    struct rng r = {test_seed()};
    const struct zone *z = town_zone(arena, "America/New_York");
    for (u32 round = 0; round < 500; round++) {
        struct twin w = draw(&r);
        struct cron c = cron_of(w.text);
        i64 t = at(z, "2026-10-31") + (i64)rng_below(&r, 3 * DAY), next = cron_next(&c, z, t);
        if (next == NEVER) continue;
        i64 between = t + (i64)rng_below(&r, (u64)(next - t));
        CHECK(next > t);
        CHECK_EQ(cron_next(&c, z, between), next);
    }
}

TEST("a local time that does not exist comes after the gap, one that occurs twice the first time")
{
    struct cron daily = cron_of("30 2 * * *"), twice = cron_of("30 1 * * *");
    const struct zone *ny = town_zone(arena, "America/New_York");
    CHECK_EQ(cron_next(&daily, ny, at(ny, "2026-03-07T12:00")), at(ny, "2026-03-08T03:00"));
    CHECK_EQ(cron_next(&daily, ny, at(ny, "2026-03-08T03:00")), at(ny, "2026-03-09T02:30"));
    i64 first = at(ny, "2026-11-01T01:30");
    CHECK_EQ(cron_next(&twice, ny, first - 1), first);
    CHECK_EQ(cron_next(&twice, ny, first), at(ny, "2026-11-02T01:30"));
    CHECK_EQ(cron_next(&twice, ny, first + HOUR - 1), at(ny, "2026-11-02T01:30"));
}

TEST("a pattern of every hour goes on with the clock")
{
    struct cron hourly = cron_of("0 * * * *"), often = cron_of("*/30 * * * *");
    const struct zone *ny = town_zone(arena, "America/New_York");
    const struct zone *lord = town_zone(arena, "Australia/Lord_Howe");
    i64 one = at(ny, "2026-11-01T01:00");
    CHECK_EQ(cron_next(&hourly, ny, one), one + HOUR);
    CHECK_EQ(cron_next(&hourly, ny, one + HOUR), one + 2 * HOUR);
    i64 gap = at(ny, "2026-03-08T03:00");
    CHECK_EQ(cron_next(&hourly, ny, gap - HOUR), gap);
    CHECK_EQ(cron_next(&hourly, ny, gap), gap + HOUR);
    /* At Lord Howe the clock jumps from 2:00 to 2:30. */
    gap = at(lord, "2026-10-04T02:30");
    CHECK_EQ(cron_next(&hourly, lord, gap - 1), gap);
    CHECK_EQ(cron_next(&often, lord, gap - 1), gap);
    CHECK_EQ(cron_next(&often, lord, gap), gap + 30 * MINUTE);
}

TEST("of two restricted days one is enough, a star asks for nothing")
{
    struct cron either = cron_of("0 9 13 * fri"), step = cron_of("0 9 */2 * mon");
    CHECK_EQ(cron_next(&either, NULL, at(NULL, "2026-01-01")), at(NULL, "2026-01-02T09:00"));
    CHECK_EQ(cron_next(&either, NULL, at(NULL, "2026-01-09T09:00")), at(NULL, "2026-01-13T09:00"));
    /* Mondays that are odd days: 5 January, 19 January. */
    CHECK_EQ(cron_next(&step, NULL, at(NULL, "2026-01-01")), at(NULL, "2026-01-05T09:00"));
    CHECK_EQ(cron_next(&step, NULL, at(NULL, "2026-01-05T09:00")), at(NULL, "2026-01-19T09:00"));
}

TEST("names, 0 and 7, ranges that end on Sunday")
{
    CHECK_EQ(cron_of("0 9 * * 0").weekdays, 1);
    CHECK_EQ(cron_of("0 9 * * 7").weekdays, 1);
    CHECK_EQ(cron_of("0 9 * * Sun").weekdays, 1);
    CHECK_EQ(cron_of("0 9 * * 5-7").weekdays, 1 | 1 << 5 | 1 << 6);
    CHECK_EQ(cron_of("0 9 * * sat-sun").weekdays, 1 | 1 << 6);
    CHECK_EQ(cron_of("0 9 1 JAN,dec *").months, 1 << 1 | 1 << 12);
    CHECK_EQ(cron_of("  0\t9 * *  *  ").hours, 1 << 9);
}

TEST("29 February comes, 30 February is refused")
{
    struct cron leap = cron_of("0 0 29 2 *");
    CHECK_EQ(cron_next(&leap, NULL, at(NULL, "2026-01-01")), at(NULL, "2028-02-29"));
    CHECK_EQ(cron_next(&leap, NULL, at(NULL, "2096-03-01")), at(NULL, "2104-02-29"));
    CHECK(refused("0 0 30 2 *"));
    CHECK(refused("0 0 31 4,6 *"));
}

TEST("what is no pattern is refused")
{
    static const char *const WRONG[] = {"",
                                        "* * * *",
                                        "* * * * * *",
                                        "60 * * * *",
                                        "* 24 * * *",
                                        "* * 0 * *",
                                        "* * 32 * *",
                                        "* * * 13 *",
                                        "* * * * 8",
                                        "*/0 * * * *",
                                        "5/15 * * * *",
                                        "5-3 * * * *",
                                        "1, * * * *",
                                        ",1 * * * *",
                                        "-1 * * * *",
                                        "a * * * *",
                                        "* * * foo *",
                                        "@daily",
                                        "1-2-3 * * * *",
                                        "* * ? * *",
                                        "99999999999 * * * *",
                                        "*5 * * * *"};
    for (u32 i = 0; i < COUNT_OF(WRONG); i++)
        if (!refused(WRONG[i])) fail_msg("%s is taken", WRONG[i]);
}

TEST("a pattern comes back from its bytes")
{
    struct cron c = cron_of("*/5 8-18 1,15 * mon-fri"), back;
    struct buf b;
    buf_init(&b, 256);
    cron_put(&b, &c);
    struct reader r = reader_of(buf_str(&b));
    CHECK(cron_read(&r, &back) && r.p == r.end);
    CHECK_EQ(cron_next(&back, NULL, 0), cron_next(&c, NULL, 0));
    CHECK_EQ(back.minutes, c.minutes);
    CHECK_EQ(back.weekdays, c.weekdays);
    CHECK(!back.any_day && !back.any_weekday);
    buf_clear(&b);
}
