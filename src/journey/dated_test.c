/* dated_test.c — moments of dates: by example, and against asking every day whether it has come. */
#include "journey/stage_test.h"

#define TRIP(offset, more)                                                                         \
    "{'id':'trip','trigger':{'date':'trip','offset':'" offset "'" more "},"                        \
    "'entry':{'again':'always','running':'parallel'},'steps':[{'end':'x'}]}"

static u32 entries(const struct stage *s)
{
    return stage_count(s, EVENT_JOURNEY_ENTERED, "trip", NULL);
}

static void check_last(const struct stage *s, const char *at)
{
    for (u32 i = s->told_count; i--;) {
        if (s->told[i].event != EVENT_JOURNEY_ENTERED) continue;
        CHECK_EQ(s->told[i].at_ms, stage_ms(at));
        return;
    }
    fail_msg("nobody entered, not at %s", at);
}

/* A stage at 2026-03-01T00:00Z with that journey, and somebody in it. */
static struct stage *trip(struct arena *arena, const char *zone, const char *json, persona *ada)
{
    struct stage *s = stage_new(arena, zone);
    *ada = town_customer(s->w, "ada");
    stage_publish(s, json);
    return s;
}

TEST("a date starts its journey so many days before it, at nine unless told otherwise")
{
    persona ada;
    struct stage *s = trip(arena, "Asia/Shanghai", TRIP("-3d", ""), &ada);
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_until(s, stage_ms("2026-03-07T00:59:59.999Z"));
    CHECK_EQ(entries(s), 0);
    stage_until(s, stage_ms("2026-03-07T01:00:00Z"));
    CHECK_EQ(entries(s), 1);
    stage_until(s, stage_ms("2027-06-01"));
    CHECK_EQ(entries(s), 1);
    CHECK_EQ(customer_at(s->w->customers, ada)->enrolments, 0);
    stage_free(s);
}

TEST("the moment at which the date becomes known still fires, the one before does not")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'at':'09:00'"), &ada);
    persona eve = town_customer(s->w, "eve");
    stage_until(s, stage_ms("2026-03-05T09:00:00Z"));
    stage_set(s, ada, "trip", "'2026-03-05'");
    s->w->now++;
    stage_set(s, eve, "trip", "'2026-03-05'");
    stage_until(s, stage_ms("2027-06-01"));
    CHECK_EQ(entries(s), 1);
    CHECK_EQ(s->told[0].head, ada);
    stage_free(s);
}

TEST("one trigger a day from the offset to repeat_until, both included")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("-3d", ",'repeat_until':'-1d','at':'18:30'"), &ada);
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_until(s, stage_ms("2026-03-07T18:30:00Z"));
    CHECK_EQ(entries(s), 1);
    check_last(s, "2026-03-07T18:30:00Z");
    stage_until(s, stage_ms("2026-03-20"));
    CHECK_EQ(entries(s), 3);
    check_last(s, "2026-03-09T18:30:00Z");
    stage_free(s);
}

TEST("moments not fired yet follow a date that changes, and go with one that is removed")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("-3d", ""), &ada);
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_set(s, ada, "trip", "'2026-03-12'");
    stage_until(s, stage_ms("2026-03-08T12:00:00Z"));
    CHECK_EQ(entries(s), 0);
    stage_set(s, ada, "trip", "'2026-03-11'"); /* today at nine: too late */
    stage_until(s, stage_ms("2026-03-09T12:00:00Z"));
    CHECK_EQ(entries(s), 0);
    stage_set(s, ada, "trip", "'2026-03-13'");
    stage_until(s, stage_ms("2026-03-10T08:00:00Z"));
    stage_set(s, ada, "trip", "null");
    stage_until(s, stage_ms("2026-03-12T08:00:00Z"));
    CHECK_EQ(entries(s), 0);
    CHECK_EQ(customer_at(s->w->customers, ada)->enrolments, 0);
    stage_set(s, ada, "trip", "'2026-03-15'");
    stage_until(s, stage_ms("2026-03-13T08:00:00Z"));
    CHECK_EQ(entries(s), 1);
    check_last(s, "2026-03-12T09:00:00Z");
    stage_set(s, ada, "trip", "'2026-03-20'"); /* another date: its own moments */
    stage_until(s, stage_ms("2026-04-01"));
    CHECK_EQ(entries(s), 2);
    check_last(s, "2026-03-17T09:00:00Z");
    stage_free(s);
}

TEST("a text that reads as a date is one, any other text is none")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ""), &ada);
    persona eve = town_customer(s->w, "eve"), zoe = town_customer(s->w, "zoe"),
            amy = town_customer(s->w, "amy");
    persona ivy = town_customer(s->w, "ivy");
    stage_set(s, ivy, "trip", "'2026-03-12'");
    stage_set(s, ada, "trip", "'2026-03-10 23:30'");
    stage_set(s, eve, "trip", "'2026-03-10T23:30:00-02:00'");
    stage_until(s, stage_ms("2026-03-09"));
    stage_set(s, zoe, "trip", "'soon'");  /* from here on the attribute holds texts */
    stage_set(s, amy, "trip", "'03-11'"); /* of no year, and this is no anniversary */
    stage_until(s, stage_ms("2026-03-10T09:00:00Z"));
    CHECK_EQ(entries(s), 1);
    stage_until(s, stage_ms("2026-03-11T09:00:00Z"));
    CHECK_EQ(entries(s), 2);
    stage_until(s, stage_ms("2027-06-01"));
    CHECK_EQ(entries(s), 3);
    check_last(s, "2026-03-12T09:00:00Z");
    stage_free(s);
}

TEST("a birthday comes every year; 29 February is 28 February in ordinary years")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'anniversary':true"), &ada);
    persona eve = town_customer(s->w, "eve");
    stage_set(s, ada, "trip", "'2000-02-29'");
    stage_set(s, eve, "trip", "'06-15'");
    stage_until(s, stage_ms("2027-01-01"));
    CHECK_EQ(entries(s), 1);
    check_last(s, "2026-06-15T09:00:00Z");
    stage_until(s, stage_ms("2027-03-30"));
    CHECK_EQ(entries(s), 2);
    check_last(s, "2027-02-28T09:00:00Z");
    stage_until(s, stage_ms("2028-03-30"));
    CHECK_EQ(entries(s), 4);
    check_last(s, "2028-02-29T09:00:00Z");
    stage_free(s);
}

TEST("a local time that does not exist is the first moment after the gap, one twice the first")
{
    persona ada;
    struct stage *s = trip(arena, "Europe/Berlin", TRIP("0d", ",'at':'02:30'"), &ada);
    persona eve = town_customer(s->w, "eve");
    stage_set(s, ada, "trip", "'2026-03-29'");
    stage_set(s, eve, "trip", "'2026-10-25'");
    stage_until(s, stage_ms("2026-06-01"));
    CHECK_EQ(entries(s), 1);
    check_last(s, "2026-03-29T01:00:00Z");
    stage_until(s, stage_ms("2026-12-01"));
    CHECK_EQ(entries(s), 2);
    check_last(s, "2026-10-25T00:30:00Z");
    stage_free(s);
}

TEST("her own zone moves her moments, and no day comes twice by it")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'zone':'customer','repeat_until':'1d'"), &ada);
    stage_zone(s, "Asia/Shanghai");
    stage_zone(s, "America/New_York");
    stage_set(s, ada, "timezone", "'Asia/Shanghai'");
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_until(s, stage_ms("2026-03-10T03:00:00Z"));
    CHECK_EQ(entries(s), 1);
    check_last(s, "2026-03-10T01:00:00Z");
    stage_set(s, ada, "timezone", "'America/New_York'");
    stage_until(s, stage_ms("2026-03-11T12:00:00Z"));
    CHECK_EQ(entries(s), 1);
    stage_until(s, stage_ms("2026-03-20"));
    CHECK_EQ(entries(s), 2);
    check_last(s, "2026-03-11T13:00:00Z");
    stage_free(s);
}

TEST("a day that has gone by stays dealt with when its zone moves west")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'zone':'customer'"), &ada);
    stage_zone(s, "Asia/Shanghai");
    stage_zone(s, "America/New_York");
    stage_set(s, ada, "timezone", "'Asia/Shanghai'");
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_until(s, stage_ms("2026-03-10T02:00:00Z"));
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_DATED), 1);
    stage_set(s, ada, "timezone", "'America/New_York'");
    stage_until(s, stage_ms("2026-03-20"));
    CHECK_EQ(entries(s), 1);
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_DATED), 0);
    stage_free(s);
}

TEST("a moment that her zone moves behind now still comes for a day, then no more")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'zone':'customer','anniversary':true"), &ada);
    persona eve = town_customer(s->w, "eve");
    stage_zone(s, "Asia/Shanghai");
    stage_zone(s, "America/New_York");
    stage_set(s, ada, "timezone", "'Asia/Shanghai'");
    stage_set(s, eve, "timezone", "'Asia/Shanghai'");
    stage_until(s, stage_ms("2026-03-10T01:00:00.001Z"));
    stage_set(s, ada, "trip", "'03-10'");
    stage_set(s, eve, "trip", "'03-10'");
    stage_until(s, stage_ms("2026-03-11T13:00:00Z"));
    stage_set(s, ada, "timezone", "'America/New_York'");
    stage_until(s, stage_ms("2026-03-11T13:00:00.001Z"));
    stage_set(s, eve, "timezone", "'America/New_York'");
    stage_until(s, stage_ms("2026-04-01"));
    CHECK_EQ(entries(s), 1);
    CHECK_EQ(s->told[0].head, ada);
    check_last(s, "2026-03-11T13:00:00Z");
    stage_free(s);
}

TEST("a zone that comes after who named it moves her moments, and only where her zone counts")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'zone':'customer'"), &ada);
    u32 code;
    persona from;
    stage_set(s, ada, "timezone", "'Asia/Shanghai'");
    stage_set(s, ada, "trip", "'2026-03-10'");
    CHECK_EQ(journey_next_due(s->journeys, ada), stage_ms("2026-03-10T09:00:00Z"));
    stage_zone(s, "Asia/Shanghai");
    journeys_rezone(s->journeys, true, s->w->now);
    stage_pass(s);
    CHECK_EQ(journey_next_due(s->journeys, ada), stage_ms("2026-03-10T01:00:00Z"));
    stage_publish(s, TRIP("0d", ""));
    journeys_rezone(s->journeys, true, s->w->now);
    CHECK(!journey_pass_next(s->journeys, &code, &from));
    s->w->zone = s->zones[0];
    journeys_rezone(s->journeys, false, s->w->now);
    stage_pass(s);
    stage_until(s, stage_ms("2026-03-20"));
    CHECK_EQ(entries(s), 1);
    check_last(s, "2026-03-10T01:00:00Z");
    stage_free(s);
}

TEST("publishing makes the moments of dates that are known already, from that moment on")
{
    struct stage *s = stage_new(arena, NULL);
    for (u32 i = 0; i < 10; i++) {
        char name[8], date[24];
        snprintf(name, sizeof name, "c%u", i);
        snprintf(date, sizeof date, "'2026-03-%02u'", i + 1);
        stage_set(s, town_customer(s->w, name), "trip", date);
    }
    stage_until(s, stage_ms("2026-03-05T09:00:00Z"));
    stage_publish(s, TRIP("0d", ""));
    stage_until(s, stage_ms("2027-01-01"));
    CHECK_EQ(entries(s), 6);
    stage_free(s);
}

TEST("a new version moves the moments, and a day dealt with does not come again")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ""), &ada);
    persona eve = town_customer(s->w, "eve");
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_set(s, eve, "trip", "'2026-03-20'");
    stage_until(s, stage_ms("2026-03-10T12:00:00Z"));
    CHECK_EQ(entries(s), 1);
    stage_publish(s, TRIP("0d", ",'at':'18:00'"));
    stage_until(s, stage_ms("2026-03-11"));
    CHECK_EQ(entries(s), 1);
    stage_publish(s, TRIP("-5d", ",'at':'18:00'"));
    stage_until(s, stage_ms("2026-03-16"));
    CHECK_EQ(entries(s), 2);
    check_last(s, "2026-03-15T18:00:00Z");
    stage_publish(s, "{'id':'trip','trigger':{'event':'X'},'steps':[{'end':'x'}]}");
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_DATED) + stage_rows(s, eve, ENROLMENT_DATED), 0);
    stage_free(s);
}

TEST("while a journey is paused its moments are refused, and not made up for")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'repeat_until':'1d'"), &ada);
    u32 code = names_find(s->w->names, NAME_OBJECT, S("trip"));
    stage_set(s, ada, "trip", "'2026-03-10'");
    journey_pause(s->journeys, code, true);
    stage_until(s, stage_ms("2026-03-10T12:00:00Z"));
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_REFUSED, "trip", "paused"), 1);
    journey_pause(s->journeys, code, false);
    stage_until(s, stage_ms("2026-03-11T08:00:00Z"));
    CHECK_EQ(entries(s), 0);
    stage_until(s, stage_ms("2026-03-20"));
    CHECK_EQ(entries(s), 1);
    stage_free(s);
}

TEST("a stopped journey keeps no moments, and begins again with its next version")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'anniversary':true"), &ada);
    stage_set(s, ada, "trip", "'03-10'");
    journey_stop(s->journeys, names_find(s->w->names, NAME_OBJECT, S("trip")));
    stage_pass(s);
    CHECK_EQ(journey_next_due(s->journeys, ada), 0);
    stage_set(s, ada, "trip", "'03-11'");
    CHECK_EQ(journey_next_due(s->journeys, ada), 0);
    stage_until(s, stage_ms("2026-03-11T10:00:00Z"));
    CHECK_EQ(entries(s), 0);
    stage_publish(s, TRIP("0d", ",'anniversary':true"));
    stage_until(s, stage_ms("2027-03-20"));
    CHECK_EQ(entries(s), 1);
    check_last(s, "2027-03-11T09:00:00Z");
    stage_free(s);
}

TEST("moments missed together are one trigger, when time goes on")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'repeat_until':'4d'"), &ada);
    stage_set(s, ada, "trip", "'2026-03-10'");
    s->w->now = stage_ms("2026-03-12T11:00:00Z");
    stage_until(s, s->w->now);
    CHECK_EQ(entries(s), 1);
    check_last(s, "2026-03-12T11:00:00Z");
    stage_until(s, stage_ms("2026-03-20"));
    CHECK_EQ(entries(s), 3);
    check_last(s, "2026-03-14T09:00:00Z");
    stage_free(s);
}

TEST("entry rules are asked at the moment, and a date's row is no earlier enrolment")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve");
    stage_publish(s, "{'id':'trip','trigger':{'date':'trip','repeat_until':'1d'},'entry':{'again':"
                     "'never','if':{'attribute':'ok','op':'=','value':true}},"
                     "'steps':[{'id':'w','wait':{'for':'10d'}}]}");
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_set(s, eve, "trip", "'2026-03-10'");
    stage_set(s, ada, "ok", "true");
    stage_until(s, stage_ms("2026-03-10T10:00:00Z"));
    CHECK_EQ(entries(s), 1);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_REFUSED, "trip", "entry_if"), 1);
    stage_until(s, stage_ms("2026-03-12T10:00:00Z"));
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_REFUSED, "trip", "running"), 1);
    stage_set(s, ada, "trip", "'2026-03-25'");
    stage_until(s, stage_ms("2026-04-12"));
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_REFUSED, "trip", "again"), 2);
    CHECK_EQ(entries(s), 1);
    stage_free(s);
}

TEST("what time begins in a record, that record may end")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada");
    stage_publish(s, "{'id':'trip','trigger':{'date':'trip'},'exit':[{'did':'Bought'}],"
                     "'steps':[{'id':'w','wait':{'for':'1d'}}]}");
    stage_set(s, ada, "trip", "'2026-03-10'");
    s->w->now = stage_ms("2026-03-10T09:00:00Z");
    stage_event(s, ada, "Bought", NULL);
    CHECK_EQ(entries(s), 1);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "trip", "exit"), 1);
    stage_free(s);
}

TEST("after a merge one row is left, for the date that won, with the days either side dealt with")
{
    persona ada;
    struct stage *s = trip(arena, NULL, TRIP("0d", ",'repeat_until':'2d'"), &ada);
    persona eve = town_customer(s->w, "eve"), zoe = town_customer(s->w, "zoe");
    stage_set(s, ada, "trip", "'2026-03-10'");
    stage_set(s, eve, "trip", "'2026-03-10'");
    s->w->now += MINUTE;
    stage_set(s, zoe, "trip", "'2026-03-20'");
    stage_until(s, stage_ms("2026-03-10T12:00:00Z"));
    CHECK_EQ(entries(s), 2);
    persona head = stage_merge(s, ada, eve);
    CHECK_EQ(stage_rows(s, head, ENROLMENT_DATED), 1);
    stage_until(s, stage_ms("2026-03-11T12:00:00Z"));
    CHECK_EQ(entries(s), 3);
    head = stage_merge(s, head, zoe);
    CHECK_EQ(stage_rows(s, head, ENROLMENT_DATED), 1);
    stage_until(s, stage_ms("2026-03-19"));
    CHECK_EQ(entries(s), 3);
    stage_until(s, stage_ms("2026-04-19"));
    CHECK_EQ(entries(s), 6);
    journey_forget(s->journeys, head);
    CHECK_EQ(customer_at(s->w->customers, head)->enrolments, 0);
    stage_free(s);
}

TEST("a date trigger that cannot be is refused with its place")
{
    static const struct {
        const char *trigger, *path, *says;
    } CASES[] = {
        {"{'date':''}", "/trigger/date", ""},
        {"{'date':7}", "/trigger/date", "name the attribute"},
        {"{'date':'d','event':'E'}", "/trigger", "say what starts the journey"},
        {"{'date':'d','offset':'3h'}", "/trigger/offset", "calendar days"},
        {"{'date':'d','offset':'36526d'}", "/trigger/offset", "100 years"},
        {"{'date':'d','offset':-3}", "/trigger/offset", "calendar days"},
        {"{'date':'d','repeat_until':'x'}", "/trigger/repeat_until", "calendar days"},
        {"{'date':'d','offset':'-1d','repeat_until':'-2d'}", "/trigger/repeat_until", "after"},
        {"{'date':'d','offset':'0d','repeat_until':'366d'}", "/trigger/repeat_until", "a year"},
        {"{'date':'d','at':'25:00'}", "/trigger/at", "time of the day"},
        {"{'date':'d','at':9}", "/trigger/at", "time of the day"},
        {"{'date':'d','zone':'nowhere at all'}", "/trigger/zone", "Asia/Shanghai"},
        {"{'date':'d','lunar':1}", "/trigger", "true or false"},
        {"{'date':'d','anniversary':1}", "/trigger", "true or false"},
        {"{'date':'d','key':'k'}", "/trigger", "no more than"},
        {"{'date':'d','max_late':'1h'}", "/trigger", "no more than"},
    };
    struct stage *s = stage_new(arena, NULL);
    for (u32 i = 0; i < COUNT_OF(CASES); i++) {
        struct diag why = {0};
        str json = arena_printf(arena, "{'id':'x','trigger':%s,'steps':[]}", CASES[i].trigger);
        CHECK_EQ(stage_compile(s, json.p, &why), ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(CASES[i].path));
        if (str_find(str_of(why.message), str_of(CASES[i].says)) < 0)
            fail_msg("%s: %s", CASES[i].trigger, why.message);
    }
    struct diag why = {0};
    CHECK_OK(stage_compile(s,
                           "{'id':'x','trigger':{'date':'a.b','offset':'-52w','repeat_until':'1d',"
                           "'at':'00:00','zone':'Asia/Shanghai','lunar':false},'steps':[]}",
                           &why));
    stage_free(s);
}

/* ---- against asking every day ---- */

enum { PEOPLE = 4, STEPS = 130 * 48, STEP_MS = 30 * 60 * 1000 };

/* One journey's trigger, and what a customer is to it. */
struct plan {
    i32 from, to;
    i64 clock_ms, live;
    bool anniversary, customer_zone;
};

struct expected {
    const char *date; /* NULL: none */
    i64 known, dealt;
    u32 fired;
};

struct world {
    struct stage *s;
    struct rng rng;
    struct plan plan;
    persona people[PEOPLE];
    const struct zone *own[PEOPLE]; /* NULL: the workspace's */
    struct expected expected[PEOPLE];
    u32 seen[PEOPLE], read; /* entries told, and how far was read */
};

/* Near now, so that something comes of it, in every way in which a date is written. */
static const char *random_date(struct world *w)
{
    static const char *const LEAP[] = {"'2000-02-29'", "'02-29'", "'later'", "'1999-12-31'"};
    struct arena *a = w->s->w->arena;
    civil c = civil_of_days(w->s->w->now / DAY + (i64)rng_below(&w->rng, 50) - 15);
    int hour = (int)rng_below(&w->rng, 24);
    if (w->plan.anniversary && rng_percent(&w->rng, 50)) c.year -= 1;
    switch (rng_below(&w->rng, 6)) {
    case 0: return LEAP[rng_below(&w->rng, COUNT_OF(LEAP))];
    case 1: return arena_printf(a, "'%02d-%02d'", c.month, c.day).p;
    case 2: return arena_printf(a, "'--%02d-%02d'", c.month, c.day).p;
    case 3: return arena_printf(a, "'%d-%02d-%02dT%02d:30:00Z'", c.year, c.month, c.day, hour).p;
    default: return arena_printf(a, "'%d-%02d-%02d'", c.year, c.month, c.day).p;
    }
}

static const char *const ZONES[] = {"Asia/Shanghai", "America/New_York", "Pacific/Apia",
                                    "Asia/Kolkata", "Australia/Lord_Howe"};

static bool leap(i64 year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Is this local day the date, or its anniversary? By reading the text, in no clever way. */
static bool is_the_day(const char *text, bool anniversary, const struct zone *z, i64 day)
{
    int year = 0, month, mday, hour = -1, minute;
    char end = 0;
    civil c = civil_of_days(day);
    if (sscanf(text, "'%4d-%2d-%2d%c%d:%d", &year, &month, &mday, &end, &hour, &minute) < 3) {
        bool yearly = sscanf(text, "'%2d-%2d'", &month, &mday) == 2 ||
                      sscanf(text, "'--%2d-%2d'", &month, &mday) == 2;
        if (!yearly || !anniversary) return false;
    } else if (strchr(text, 'Z')) {
        civil utc = {.year = year,
                     .month = (u8)month,
                     .day = (u8)mday,
                     .hour = (u8)hour,
                     .minute = (u8)minute};
        civil local = zone_local(z, civil_ms(utc));
        year = local.year, month = local.month, mday = local.day;
    }
    if (!anniversary && c.year != year) return false;
    if (anniversary && month == 2 && mday == 29 && !leap(c.year)) mday = 28;
    return c.month == month && c.day == mday;
}

static i64 moment_of(const struct world *w, const struct zone *z, i64 day)
{
    civil c = civil_of_days(day);
    c.hour = (u8)(w->plan.clock_ms / HOUR);
    c.minute = (u8)(w->plan.clock_ms / MINUTE % 60);
    return zone_resolve(z, c, NULL);
}

static const struct zone *zone_of(const struct world *w, u32 i)
{
    return w->plan.customer_zone && w->own[i] ? w->own[i] : w->s->w->zone;
}

/* Has a moment come that is neither before the date was known nor dealt with? */
static void expect(struct world *w, u32 i)
{
    struct expected *x = &w->expected[i];
    const struct zone *z = zone_of(w, i);
    i64 now = w->s->w->now, today = zone_day(z, now);
    bool fires = false;
    if (!x->date) return;
    for (i64 day = max_i64(x->dealt + 1, today - 4); day <= today + 1; day++) {
        i64 moment = moment_of(w, z, day);
        if (moment > now || moment < max_i64(x->known, w->plan.live)) continue;
        if (moment < now - DAY) continue; /* moved there by a zone */
        for (i32 o = w->plan.from; o <= w->plan.to && !fires; o++)
            fires = is_the_day(x->date, w->plan.anniversary, z, day - o);
    }
    if (!fires) return;
    x->fired++;
    for (i64 day = today - 4; day <= today + 1; day++)
        if (moment_of(w, z, day) <= now) x->dealt = max_i64(x->dealt, day);
}

static void publish(struct world *w)
{
    static const char *const OFFSETS[] = {"-30d", "-3d", "-1d", "0d", "1d", "7d"};
    static const i32 DAYS[] = {-30, -3, -1, 0, 1, 7};
    static const char *const CLOCKS[] = {"00:00", "02:30", "09:00", "23:30"};
    static const i64 CLOCK_MS[] = {0, 150 * MINUTE, 9 * HOUR, 1410 * MINUTE};
    u32 from = (u32)rng_below(&w->rng, COUNT_OF(OFFSETS)),
        to = from + (u32)rng_below(&w->rng, COUNT_OF(OFFSETS) - from),
        clock = (u32)rng_below(&w->rng, COUNT_OF(CLOCKS));
    w->plan = (struct plan){.from = DAYS[from],
                            .to = DAYS[to],
                            .clock_ms = CLOCK_MS[clock],
                            .live = w->s->w->now,
                            .anniversary = rng_percent(&w->rng, 50),
                            .customer_zone = rng_percent(&w->rng, 50)};
    stage_publish(w->s, arena_printf(w->s->w->arena,
                                     "{'id':'trip','trigger':{'date':'d','offset':'%s',"
                                     "'repeat_until':'%s','at':'%s','anniversary':%s%s},'entry':"
                                     "{'again':'always'},'steps':[{'end':'x'}]}",
                                     OFFSETS[from], OFFSETS[to], CLOCKS[clock],
                                     w->plan.anniversary ? "true" : "false",
                                     w->plan.customer_zone ? ",'zone':'customer'" : "")
                            .p);
}

static void change_date(struct world *w, u32 i)
{
    struct expected *x = &w->expected[i];
    const char *date = rng_percent(&w->rng, 15) ? NULL : random_date(w);
    stage_set(w->s, w->people[i], "d", date ? date : "null");
    if (x->date == date || (date && x->date && !strcmp(x->date, date))) return;
    *x = (struct expected){.date = date, .known = w->s->w->now, .fired = x->fired};
}

static void change_zone(struct world *w, u32 i)
{
    u32 z = (u32)rng_below(&w->rng, COUNT_OF(ZONES));
    stage_set(w->s, w->people[i], "timezone", arena_printf(w->s->w->arena, "'%s'", ZONES[z]).p);
    w->own[i] = w->s->zones[z];
}

static void step(struct world *w)
{
    u32 i = (u32)rng_below(&w->rng, PEOPLE);
    u64 dice = rng_below(&w->rng, 4000);
    if (dice < 80)
        change_date(w, i);
    else if (dice < 100)
        change_zone(w, i);
    else if (dice < 105)
        publish(w);
    else if (dice < 112) {
        w->s->w->zone = w->s->zones[rng_below(&w->rng, COUNT_OF(ZONES))];
        journeys_rezone(w->s->journeys, false, w->s->w->now);
        stage_pass(w->s);
    } else if (dice < 120)
        journeys_rebuild(w->s->journeys);
}

static void compare(struct world *w)
{
    struct stage *s = w->s;
    for (; w->read < s->told_count; w->read++)
        for (u32 i = 0; i < PEOPLE; i++)
            w->seen[i] += s->told[w->read].event == EVENT_JOURNEY_ENTERED &&
                          s->told[w->read].head == w->people[i];
    for (u32 i = 0; i < PEOPLE; i++) {
        const struct expected *x = &w->expected[i];
        if (w->seen[i] == x->fired) continue;
        civil c = civil_of_ms(s->w->now);
        fail_msg("%04d-%02d-%02d %02d:%02dZ: %s has entered %u times, not %u; her date %s", c.year,
                 c.month, c.day, c.hour, c.minute, ZONES[i], w->seen[i], x->fired,
                 x->date ? x->date : "none");
    }
}

TEST("over random dates, zones, edits and restarts every moment fires that asking daily finds")
{
    struct world w = {.rng = {test_seed()}};
    u32 fired = 0;
    w.s = stage_new(arena, "Europe/Berlin");
    for (u32 z = 0; z < COUNT_OF(ZONES); z++) stage_zone(w.s, ZONES[z]);
    for (u32 i = 0; i < PEOPLE; i++) w.people[i] = town_customer(w.s->w, ZONES[i]);
    w.s->w->now += (i64)rng_below(&w.rng, 1000) * DAY;
    publish(&w);
    for (u32 n = 0; n < STEPS; n++) {
        stage_until(w.s, w.s->w->now + STEP_MS);
        for (u32 i = 0; i < PEOPLE; i++) expect(&w, i);
        step(&w);
        stage_until(w.s, w.s->w->now);
        for (u32 i = 0; i < PEOPLE; i++) expect(&w, i);
        compare(&w);
    }
    for (u32 i = 0; i < PEOPLE; i++) fired += w.expected[i].fired;
    CHECK(fired > 0);
    stage_free(w.s);
}
