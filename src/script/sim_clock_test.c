/* sim_clock_test.c — what must hold of clocks: zones with rules written down once more, and the
 * turns of schedules, which nobody misses and nobody has twice. */
#include "script/sim_test.h"

#include <stdio.h>

static bool is(str text, const char *wanted)
{
    return str_eq(text, str_of(wanted));
}

/* ---- zones ---- */

#define PARIS_ON 1774746000000   /* 2026-03-29T01:00Z */
#define PARIS_BACK 1792890000000 /* 2026-10-25T01:00Z */

i64 sim_offset(str zone, i64 utc)
{
    if (is(zone, "Asia/Shanghai")) return 8 * HOUR;
    if (is(zone, "America/Phoenix")) return -7 * HOUR;
    if (is(zone, "Asia/Kolkata")) return 5 * HOUR + 30 * MINUTE;
    if (is(zone, "Europe/Paris")) return utc >= PARIS_ON && utc < PARIS_BACK ? 2 * HOUR : HOUR;
    return 0;
}

str sim_zone(const struct told *list, u32 at)
{
    for (u32 i = at; i-- > 0;)
        if (list[i].code == EVENT_ATTRIBUTE_CHANGED && is(list[i].name, "timezone"))
            return list[i].value;
    return (str){0};
}

i64 offset_at(const struct told *list, u32 at)
{
    return sim_offset(sim_zone(list, at), list[at].received_ms);
}

/* The first moment at which the zone's clock shows this; where it never does, that after the gap.
 * Clocks go an hour on or back. */
static i64 moment_of(str zone, i64 local)
{
    i64 late = local - min_i64(sim_offset(zone, local - DAY), sim_offset(zone, local + DAY));
    for (i64 utc = late - HOUR; utc <= late; utc += HOUR)
        if (utc + sim_offset(zone, utc) == local) return utc;
    return PARIS_ON;
}

/* ---- down ---- */

/* When there was somebody again to see a moment pass; the moment itself, if there was. What came to
 * an end within the next time that nothing ran is one with it. */
static i64 woke(const struct sim *s, i64 at)
{
    i64 up = at;
    for (u32 i = 0; i < s->stall_count; i++)
        if (s->stalls[i].from_ms <= up && up <= s->stalls[i].to_ms) up = s->stalls[i].to_ms;
    return up;
}

static bool was_down(const struct sim *s, i64 at)
{
    for (u32 i = 0; i < s->stall_count; i++)
        if (s->stalls[i].from_ms <= at && at <= s->stalls[i].to_ms) return true;
    return false;
}

/* ---- ticks (I9) ---- */

static i64 next_sixth(i64 after)
{
    return after - after % (6 * HOUR) + 6 * HOUR;
}

static i64 next_night(i64 after)
{
    i64 day = after - after % DAY - DAY;
    while (moment_of(S("Europe/Paris"), day + 2 * HOUR + 30 * MINUTE) <= after) day += DAY;
    return moment_of(S("Europe/Paris"), day + 2 * HOUR + 30 * MINUTE);
}

/* Each who was there is judged once, also by what was missed for less than an hour; what was missed
 * for longer is over, or was judged in time by a process that then ended. */
static void check_ticks(struct sim *s, const struct told *list, u32 n, const char *journey,
                        i64 (*next)(i64 after))
{
    i64 since = n ? max_i64(list[0].received_ms, s->swarm_ms) : NEVER;
    i64 until = world_now(s->world) - HOUR;
    u32 at = 0;
    if (!n) return;
    for (i64 tick = next(since); tick < until; tick = next(tick)) {
        u32 turns = 0;
        for (; at < n && list[at].received_ms < next(tick); at++) {
            bool judged = is(list[at].journey, journey) && list[at].code == EVENT_JOURNEY_ENTERED;
            if (!judged || list[at].received_ms < tick) continue;
            turns++;
            HOLDS(s, list[at].received_ms - tick < HOUR || was_down(s, tick),
                  "a turn of a schedule came late");
        }
        HOLDS(s, turns <= 1, "a schedule's turn came twice");
        HOLDS(s, turns == 1 || woke(s, tick) - tick >= HOUR, "a schedule's turn was missed");
    }
}

/* ---- mornings in the customer's zone ---- */

static bool is_gold(const struct told *list, u32 n, i64 before)
{
    bool gold = false;
    for (u32 i = 0; i < n && list[i].received_ms < before; i++)
        if (list[i].code == EVENT_ATTRIBUTE_CHANGED && is(list[i].name, "plan"))
            gold = is(list[i].value, "gold");
    return gold;
}

/* Did she go to another zone, or change her plan at that very moment? Then it may be either. */
static bool is_told_apart(const struct told *list, u32 n, i64 moment)
{
    for (u32 i = 0; i < n; i++) {
        if (list[i].code != EVENT_ATTRIBUTE_CHANGED) continue;
        i64 away = list[i].received_ms - moment;
        if (is(list[i].name, "timezone") && away > -2 * DAY && away < 2 * DAY) return false;
        if (is(list[i].name, "plan") && away == 0) return false;
    }
    return true;
}

static u32 entered_between(const struct told *list, u32 n, const char *journey, i64 from, i64 to)
{
    u32 entered = 0;
    for (u32 i = 0; i < n; i++)
        entered += list[i].code == EVENT_JOURNEY_ENTERED && is(list[i].journey, journey) &&
                   list[i].received_ms >= from && list[i].received_ms < to;
    return entered;
}

static void check_mornings(struct sim *s, const struct told *list, u32 n)
{
    i64 since = max_i64(list[0].received_ms, s->swarm_ms), until = world_now(s->world) - DAY;
    u32 at = 0;
    for (i64 day = since - since % DAY - DAY; day < until; day += DAY) {
        while (at < n && list[at].received_ms <= day) at++;
        str zone = sim_zone(list, at);
        i64 moment = moment_of(zone, day + 9 * HOUR + 30 * MINUTE);
        if (moment <= since || moment >= until || !is_told_apart(list, n, moment)) continue;
        u32 turns = entered_between(list, n, "morning", moment, moment + HOUR);
        bool gold = is_gold(list, n, moment);
        HOLDS(s, turns <= 1, "one morning came twice");
        if (was_down(s, moment)) continue;
        HOLDS(s, gold || !turns, "a morning came to somebody who is not in its audience");
        HOLDS(s, !gold || turns, "a morning was missed");
        HOLDS(s,
              !entered_between(list, n, "morning", moment - 8 * HOUR, moment) ||
                  was_down(s, moment - 8 * HOUR),
              "a morning came before its time");
    }
}

void check_schedules(struct sim *s, const struct told *list, u32 n)
{
    check_ticks(s, list, n, "tick", next_sixth);
    check_ticks(s, list, n, "night", next_night);
    if (n) check_mornings(s, list, n);
}
