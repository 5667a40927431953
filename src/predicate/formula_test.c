/* formula_test.c — formulas: what they are worth, and the very millisecond at which they turn. */
#include "base/test.h"
#include "predicate/oracle.h"

static void does(struct town *w, persona p, const char *name, i64 ago, const char *props)
{
    town_record(w);
    town_event(w, p, name, w->now - ago, town_json(w->arena, props));
}

static answer ask(struct town *w, persona p, const char *formula, i64 now)
{
    struct json text = {.type = JSON_STRING, .text = str_of(formula), .key = S("formula")};
    struct json j = {.type = JSON_OBJECT, .count = 1, .child = &text};
    const struct predicate *of = town_predicate(w, &j, PREDICATE_SEGMENT);
    struct subject who = town_subject(w, p);
    return predicate_eval(of, &who, now);
}

#define HOLDS(formula) CHECK(ask(w, ada, formula, w->now).holds)
#define FAILS(formula) CHECK(!ask(w, ada, formula, w->now).holds)
/* Turns `ahead` ms from now, and not before. */
#define TURNS(formula, ahead) CHECK_EQ(ask(w, ada, formula, w->now).until, w->now + (ahead))
#define STAYS(formula) CHECK_EQ(ask(w, ada, formula, w->now).until, NEVER)

TEST("numbers are exact: thirds come back, tenths add up, and nothing is rounded")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    for (u32 i = 0; i < 10; i++) does(w, ada, "A", DAY, "{'n':0.1}");
    does(w, ada, "B", DAY, "{'n':7}");
    HOLDS("sum('A','n') = 1");
    HOLDS("sum('B','n') / 3 * 3 = 7");
    HOLDS("1 / 3 + 1 / 6 = count('B') / 2");
    HOLDS("2 + 3 * 4 - 10 / 5 = count('A') + 2");
    HOLDS("-(2 - 3) = count('B')");
    HOLDS("avg('A', 'n') = 0.1");
    FAILS("sum('B', \"n\") != 7.0");
    STAYS("sum('B','n') > 3");
    town_free(w);
}

TEST("what is missing, divided by nothing or too large makes a comparison false, either way")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    FAILS("count('A') = 0");
    FAILS("count('A') != 0");
    HOLDS("coalesce(count('A'), 0) = 0");
    FAILS("days_since(last('A')) > 0");
    does(w, ada, "A", DAY, "{'n':0,'s':'x'}");
    FAILS("median_interval('A') >= 0");
    FAILS("count('A') / sum('A','n') > 0");
    FAILS("count('A') / sum('A','n') <= 0");
    HOLDS("coalesce(count('A') / sum('A','n'), 5) = 5");
    FAILS("last('A','s') != 1");
    FAILS("days_since(last('A','n')) < 9");
    FAILS("last('A','n') < first('A')");
    does(w, ada, "B", DAY, "{'n':99999999999999999999999999}");
    FAILS("max('B','n') * max('B','n') * max('B','n') > 1");
    FAILS("max('B','n') * max('B','n') * max('B','n') <= 1");
    town_free(w);
}

TEST("a formula turns at the millisecond that its fractions say, and is asked again no earlier")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    does(w, ada, "A", 10 * DAY, "{}");
    does(w, ada, "A", 4 * DAY, "{}");
    TURNS("days_since(last('A')) > 1.5 * median_interval('A')", 5 * DAY + 1);
    TURNS("days_since(last('A')) >= 1.5 * median_interval('A')", 5 * DAY);
    TURNS("days_since('A') = 5", DAY);
    CHECK_EQ(ask(w, ada, "days_since('A') = 5", w->now + DAY).until, w->now + DAY + 1);
    STAYS("days_since('A') < 4");
    STAYS("days_since('A') - days_since(first('A')) = -6");
    STAYS("days_since(last('A')) = days_since('A')");
    /* 2 events in 10 days; 1 in 6 at 12 days */
    TURNS("count('A') / days_since(first('A')) < 1 / 6", 2 * DAY + 1);
    TURNS("days_since('A') * 7 > 29", DAY / 7 + 1); /* 29/7 days is no whole number of ms */
    TURNS("days_since('A') * 7 >= 29", DAY / 7 + 1);
    STAYS("last('A') > first('A')");
    town_free(w);
}

TEST("around the zero of a divisor a formula is asked again, and is false at it")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    does(w, ada, "A", DAY, "{}");
    static const char *const FORMULA = "coalesce(1 / (days_since('A') - 2), 7) > 5";
    CHECK(!ask(w, ada, FORMULA, w->now).holds);
    CHECK_EQ(ask(w, ada, FORMULA, w->now).until, w->now + DAY);
    CHECK(ask(w, ada, FORMULA, w->now + DAY).holds); /* there is none: 7 */
    CHECK(ask(w, ada, FORMULA, w->now + DAY + 1).holds);
    CHECK_EQ(ask(w, ada, FORMULA, w->now + DAY + 1).until, w->now + DAY + DAY / 5);
    CHECK(!ask(w, ada, "1 / (days_since('A') - 2) != 0", w->now + DAY).holds);
    town_free(w);
}

TEST("moments, dates and values of the first and last event")
{
    struct town *w = town_new(arena, "Asia/Shanghai");
    persona ada = town_customer(w, "ada");
    does(w, ada, "A", 3 * DAY, "{'n':3,'d':'2026-02-27'}");
    does(w, ada, "A", DAY, "{'n':5}");
    HOLDS("last('A','n') - first('A','n') = 2");
    HOLDS("min('A','n') * max('A','n') = 15");
    /* 27 February begins in Shanghai at 16:00Z of the 26th; now is 1 March 00:00Z */
    HOLDS("days_since(last('A','d')) = 2 + 1 / 3");
    HOLDS("days_since('A', 'd') = days_since(first('A','d'))");
    HOLDS("last('A','d') < last('A')");
    HOLDS("median_interval('A') = 2");
    does(w, ada, "A", 0, "{}");
    HOLDS("median_interval('A') = 1.5");
    does(w, ada, "A", DAY, "{}"); /* at a time that is there already */
    HOLDS("median_interval('A') = 1.5");
    town_free(w);
}
