/* What a run would look at, in towns whose events lie all in the tail: there it is exact. */
#include "analysis/rig_test.h"

enum { EVENTS = 40 };

static struct town *small_town(struct arena *arena)
{
    struct town *w = rig_town(arena, NULL);
    struct change ch;
    w->now += DAY;
    for (u32 i = 0; i < 4; i++) {
        char name[8] = {'p', (char)('0' + i), 0};
        persona p = town_customer(w, name);
        if (i == 0) town_tag(w, p, "vip", true, NEVER, &ch);
        for (u32 k = 0; k < EVENTS / 4; k++)
            town_event(w, p, k % 2 ? "view" : "pay", w->now - k * MINUTE,
                       town_json(arena, "{'amount':3}"));
    }
    return w;
}

static struct analysis_cost cost(struct town *w, const char *name, const char *body)
{
    struct analysis_cost c;
    rig_cost(w, name, body, &c);
    return c;
}

TEST("a run would look at the events of each of its passes, of those whom the predicate leaves")
{
    struct town *w = small_town(arena);
    CHECK_EQ(cost(w, "trend", "{'event':'pay'}").events, EVENTS);
    CHECK_EQ(cost(w, "trend", "{'event':'never seen'}").events, EVENTS); /* the tail is walked */
    CHECK_EQ(cost(w, "trend", "{'event':'pay','by':'source'}").events, 2 * EVENTS);
    CHECK_EQ(cost(w, "trend", "{'event':'pay','by':{'attribute':'city'}}").events, EVENTS);
    CHECK_EQ(
        cost(w, "trend", "{'event':'pay','from':'2020-01-01','compare':{'previous':true}}").events,
        2 * EVENTS);
    CHECK_EQ(cost(w, "trend", "{'event':'pay','drill':{}}").events, EVENTS);
    CHECK_EQ(cost(w, "profile", "{'predicate':{'tag':'vip'}}").events, 0);
    /* a quarter of the customers is left by a tag, which reads no event… */
    CHECK_EQ(cost(w, "trend", "{'event':'pay','predicate':{'tag':'vip'}}").events, EVENTS / 4);
    CHECK_EQ(cost(w, "trend", "{'event':'pay','predicate':{'tag':'none'}}").events, 0);
    /* …and of what they did nobody knows: all may be left, and it is read itself */
    CHECK_EQ(cost(w, "trend", "{'event':'pay','predicate':{'did':'view'}}").events, 2 * EVENTS);
    CHECK_EQ(cost(w, "trend", "{'event':'pay','predicate':{'all':[{'tag':'vip'},{'did':'view'}]}}")
                 .events,
             EVENTS / 4 + EVENTS / 4);
    town_free(w);
}

TEST("kinds are apart by the question and how it is asked")
{
    struct town *w = small_town(arena);
    u32 plain = cost(w, "trend", "{}").kind, by = cost(w, "trend", "{'by':'source'}").kind;
    u32 drill = cost(w, "trend", "{'drill':{}}").kind, path = cost(w, "path", "{}").kind;
    CHECK(plain != by && plain != drill && by != drill && path != plain);
    CHECK(cost(w, "sources", "{}").kind < ANALYSIS_KINDS);
    CHECK_EQ(cost(w, "trend", "{'event':'pay'}").kind, plain);
    town_free(w);
}
