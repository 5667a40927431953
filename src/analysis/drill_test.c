/* drill_test.c — every figure leads to its customers: of a group, of those without a value and of
 * the rest, of either side of a comparison, whatever the question. */
#include "analysis/rig_test.h"

#include <stdio.h>

static const char *const CITIES[] = {"'a'", "'a'", "'a'", "'b'", "'b'", "''", "'c'", NULL, "'d'"};
enum { PEOPLE = 9 };

/* Three live in a, two in b, one each in c and d, one in a city without a name, one nowhere. Each
 * looks at something on her own day, the first five buy the day after, the first two once more. */
static struct town *a_town(struct arena *arena, const char *zone)
{
    struct town *w = rig_town(arena, zone);
    i64 t = w->now;
    w->now += 60 * DAY;
    for (u32 i = 0; i < PEOPLE; i++) {
        char name[8];
        struct change change;
        snprintf(name, sizeof name, "u%u", i);
        persona p = town_customer(w, name);
        town_record(w);
        if (CITIES[i]) town_set(w, p, "city", town_json(arena, CITIES[i]), &change);
        town_set(w, p, "likes", town_json(arena, i % 2 ? "['x','x','y']" : "['z']"), &change);
        town_event(w, p, "view", t + i * DAY,
                   town_json(arena, i % 2 ? "{'kind':'k','amount':5}" : "{'amount':7}"));
        if (i < 5) town_event(w, p, "pay", t + (i + 1) * DAY, town_json(arena, "{'amount':3}"));
        if (i < 2) town_event(w, p, "pay", t + (i + 9) * DAY, town_json(arena, "{'amount':4}"));
    }
    return w;
}

static u64 drill(struct town *w, const char *name, const char *request, const char *cell)
{
    return rig_drill(w, name, arena_printf(w->arena, "{%s,'drill':{%s}}", request, cell));
}

TEST("those without a value and those of the rest are drilled apart, by what they are")
{
    struct town *w = a_town(arena, NULL);
    const char *by = "'event':'view','by':{'attribute':'city','limit':2}";
    CHECK_EQ(drill(w, "trend", by, "'group':'a'"), 3);
    CHECK_EQ(drill(w, "trend", by, "'group':'b'"), 2);
    CHECK_EQ(drill(w, "trend", by, "'group':null"), 1);
    CHECK_EQ(drill(w, "trend", by, "'rest':true"), 3);
    CHECK_EQ(drill(w, "trend", by, "'group':''"), 1); /* a name of nothing is a name */
    CHECK_EQ(drill(w, "trend", by, ""), 9);
    town_free(w);
}

TEST("those without a value and those of the rest are drilled apart, by what happened")
{
    struct town *w = a_town(arena, NULL);
    const char *by = "'event':'view','by':{'property':'amount','limit':1}";
    CHECK_EQ(drill(w, "trend", by, "'group':'7'"), 5);
    CHECK_EQ(drill(w, "trend", by, "'rest':true"), 4);
    CHECK_EQ(drill(w, "trend", by, "'group':null"), 0);
    CHECK_EQ(drill(w, "trend", "'event':'view','by':{'property':'kind'}", "'group':null"), 5);
    town_free(w);
}

TEST("by a property that nobody ever sent all are without it")
{
    struct town *w = a_town(arena, NULL);
    const char *by = "'event':'view','by':{'property':'never sent'}";
    const struct json *a = rig_answer(w, "trend", arena_printf(arena, "{%s}", by).p);
    const struct json *group = rig_row(json_get(a, "groups"), 0);
    CHECK_STR(json_get_str(group, "kind", S("")), S("missing"));
    CHECK_EQ(rig_number(json_get(group, "total"), "customers"), 9);
    CHECK_EQ(drill(w, "trend", by, "'group':null"), 9);
    CHECK_EQ(drill(w, "trend", by, "'group':'x'"), 0);
    town_free(w);
}

TEST("either side of a comparison is drilled, and the rest is what the first side leaves")
{
    struct town *w = a_town(arena, NULL);
    const char *two = "'event':'view','compare':{'predicate':{'did':'pay'}}";
    CHECK_EQ(drill(w, "trend", two, ""), 9);
    CHECK_EQ(drill(w, "trend", two, "'compare':true"), 5);
    const char *by = "'event':'view','predicate':{'attribute':'city','op':'!=','value':'a'},"
                     "'by':{'attribute':'city','limit':1},'compare':{'predicate':{'did':'view'}}";
    CHECK_EQ(drill(w, "trend", by, "'group':'b','compare':true"), 2);
    CHECK_EQ(drill(w, "trend", by, "'rest':true,'compare':true"), 6); /* a is not shown */
    CHECK_EQ(drill(w, "trend", by, "'rest':true"), 3);
    town_free(w);
}

TEST("who has a value that only the compared side has is in its rest")
{
    struct town *w = a_town(arena, NULL);
    const struct json *a =
        rig_answer(w, "trend",
                   "{'event':'view','predicate':{'attribute':'city','op':'=','value':'a'},"
                   "'by':{'attribute':'city'},'compare':{'predicate':{'did':'view'}}}");
    const struct json *groups = json_get(json_get(a, "compare"), "groups"), *last = NULL;
    for (const struct json *g = groups->child; g; g = g->next) last = g;
    CHECK_STR(json_get_str(last, "kind", S("")), S("rest"));
    CHECK_EQ(rig_number(json_get(last, "total"), "customers"), 5);
    town_free(w);
}

TEST("a question of whole populations is drilled within its group")
{
    struct town *w = a_town(arena, NULL);
    const char *by = "'event':'pay','by':{'attribute':'city','limit':1}";
    CHECK_EQ(drill(w, "rfm", by, ""), 5);
    CHECK_EQ(drill(w, "rfm", by, "'group':'a'"), 3);
    CHECK_EQ(drill(w, "rfm", by, "'rest':true"), 2);
    CHECK_EQ(drill(w, "rfm", by, "'group':null"), 0);
    town_free(w);
}

TEST("cohorts, orders, starts, activity and buyers are drilled as a whole and one by one")
{
    struct town *w = a_town(arena, NULL);
    const char *first = "'first':{'did':'view'},'unit':'day','again':{'did':'pay'}";
    CHECK_EQ(drill(w, "retention", first, ""), 9);
    CHECK_EQ(drill(w, "repurchase", "'event':'pay'", ""), 2);
    CHECK_EQ(drill(w, "repurchase", "'event':'pay'", "'order':1"), 5);
    CHECK_EQ(drill(w, "repurchase", "'event':'pay'", "'order':2"), 2);
    CHECK_EQ(drill(w, "repurchase", "'event':'pay'", "'order':1,'lost':true"), 3);
    const char *took = "'start':{'did':'view'},'end':{'did':'pay'}";
    CHECK_EQ(drill(w, "interval", took, ""), 5);
    CHECK_EQ(drill(w, "interval", took, "'started':true"), 9);
    const struct json *a = rig_answer(w, "lifecycle", "{'event':'view','interval':'month'}"),
                      *row = rig_row(json_get(a, "rows"), 0);
    str at = json_get_str(row, "at", S(""));
    static const char *const KINDS[] = {"new", "dormant", "active"};
    for (u32 k = 0; k < COUNT_OF(KINDS); k++) {
        str cell = arena_printf(arena, "'at':'%.*s','kind':'%s'", STR_ARG(at), KINDS[k]);
        CHECK_EQ((i64)drill(w, "lifecycle", "'event':'view','interval':'month'", cell.p),
                 rig_number(row, KINDS[k]));
    }
    CHECK_EQ(drill(w, "sources", "'order':{'did':'pay'}", "'source':null"), 9);
    CHECK_EQ(drill(w, "sources", "'order':{'did':'pay'}", "'source':null,'buyers':true"), 5);
    town_free(w);
}

TEST("a profile's rows lead to their customers, on either side; a list that repeats counts one")
{
    struct town *w = a_town(arena, NULL);
    const char *buyers = "'predicate':{'did':'pay'}";
    CHECK_EQ(drill(w, "profile", buyers, ""), 5);
    CHECK_EQ(drill(w, "profile", buyers, "'against':true"), 9);
    CHECK_EQ(drill(w, "profile", "'compare':{'predicate':{'did':'pay'}}", "'compare':true"), 5);
    CHECK_EQ(drill(w, "profile", buyers, "'attribute':'city','value':'b'"), 2);
    CHECK_EQ(drill(w, "profile", buyers, "'attribute':'city','value':'d'"), 0);
    CHECK_EQ(drill(w, "profile", buyers, "'attribute':'city','value':'d','against':true"), 1);
    const struct json *a = rig_answer(w, "profile", "{'attributes':['likes']}");
    for (const struct json *r = json_get(a, "rows")->child; r; r = r->next) {
        str text = json_get_str(r, "value", S(""));
        str cell = arena_printf(arena, "'attribute':'likes','value':'%.*s'", STR_ARG(text));
        CHECK_EQ((i64)drill(w, "profile", "'attributes':['likes']", cell.p),
                 rig_number(r, "customers"));
    }
    CHECK_EQ(json_get(a, "rows")->count, 3);
    town_free(w);
}

/* The clocks of New York go forward on 8 March 2026: that day has 23 hours. */
TEST("the period before whole days is as many days, also where the clocks change")
{
    struct town *w = rig_town(arena, "America/New_York");
    persona p = town_customer(w, "ada");
    i64 t = days_of(2026, 3, 5) * DAY + 5 * HOUR; /* midnight of the fifth, in New York */
    w->now = t + 30 * DAY;
    town_record(w);
    town_event(w, p, "view", t + 10 * MINUTE, NULL);
    town_event(w, p, "view", t + 4 * DAY, NULL);
    const struct json *a = rig_answer(
        w, "trend", "{'from':'2026-03-08','to':'2026-03-11','compare':{'previous':true}}");
    const struct json *before = json_get(a, "compare");
    CHECK_EQ(rig_number(json_get(before, "total"), "events"), 1);
    CHECK_EQ(rig_drill(w, "trend",
                       S("{'from':'2026-03-08','to':'2026-03-11','compare':{'previous':true},"
                         "'drill':{'compare':true,'at':'2026-03-05T05:00:00Z'}}")),
             1);
    town_free(w);
}

TEST("without a beginning what is filled begins with the first event")
{
    struct town *w = a_town(arena, NULL);
    const struct json *a = rig_answer(w, "trend", "{'event':'view','interval':'hour','fill':true}");
    const struct json *row = rig_row(json_get(a, "rows"), 0);
    CHECK_EQ(rig_number(row, "events"), 1);
    town_free(w);
}
