/* analysis_test.c — what random histories do not reach: orders and returns, attribution, sources,
 * profiles, a calendar's edges; and what a bad request is told. */
#include "analysis/calendar.h"
#include "analysis/numbers.h"
#include "analysis/rig_test.h"

static void did(struct town *w, persona p, const char *name, i64 at, const char *props)
{
    town_record(w);
    town_event(w, p, name, at, props ? town_json(w->arena, props) : NULL);
}

TEST("a return counts when it happens, up to what its order was of")
{
    struct town *w = rig_town(arena, NULL);
    persona ada = town_customer(w, "ada"), bob = town_customer(w, "bob");
    i64 t = w->now;
    w->now += 90 * DAY;
    did(w, ada, "Order Completed", t,
        "{'order_id':'1','total':100.5,'products':[{'quantity':2},{}]}");
    did(w, ada, "Order Completed", t + HOUR, "{'order_id':'1','total':100.5}"); /* repeats it */
    did(w, ada, "Order Refunded", t + 40 * DAY, "{'order_id':'1','total':30}");
    did(w, ada, "Order Refunded", t + 41 * DAY, "{'order_id':'1','total':500}"); /* what is left */
    did(w, bob, "Order Completed", t + 2 * DAY, "{'order_id':2,'revenue':20}");
    did(w, bob, "Order Cancelled", t + 3 * DAY, "{'order_id':'2'}");
    did(w, bob, "Order Completed", t + 35 * DAY,
        "{'order_id':3,'products':[{'price':'1.25','quantity':4},{'price':3}]}");
    const struct json *a = rig_answer(w, "orders", "{'interval':'month'}"),
                      *total = json_get(a, "total");
    CHECK_EQ(rig_fixed(total, "gross"), 1285000);
    CHECK_EQ(rig_fixed(total, "returns"), 1205000);
    CHECK_EQ(rig_fixed(total, "net"), 80000);
    CHECK_EQ(rig_number(total, "orders"), 3);
    CHECK_EQ(rig_number(total, "customers"), 2);
    CHECK_EQ(rig_number(total, "items"), 8);
    CHECK_EQ(rig_number(total, "returned"), 3);
    const struct json *march = rig_row(json_get(a, "rows"), 0),
                      *april = rig_row(json_get(a, "rows"), 1);
    CHECK_EQ(rig_fixed(march, "gross"), 1205000);
    CHECK_EQ(rig_fixed(march, "returns"), 200000);
    CHECK_EQ(rig_fixed(april, "returns"), 1005000);
    /* the order lies before the period, and is known all the same */
    a = rig_answer(w, "orders", "{'from':'2026-04-01'}");
    CHECK_EQ(rig_fixed(json_get(a, "total"), "returns"), 1005000);
    CHECK_EQ(rig_number(json_get(a, "total"), "orders"), 1);
    a = rig_answer(w, "returns", "{}");
    CHECK_EQ(rig_number(json_get(a, "total"), "returns"), 3);
    CHECK_EQ(rig_number(json_get(a, "total"), "customers"), 2);
    CHECK_EQ(rig_drill(w, "orders", S("{'drill':{}}")), 2);
    CHECK_EQ(rig_drill(w, "returns", S("{'interval':'month','drill':{'at':'2026-04-10'}}")), 1);
    town_free(w);
}

static i64 credit(const struct json *a, u32 row)
{
    return rig_fixed(rig_row(json_get(a, "rows"), row), "credit");
}

TEST("a goal's credit is shared by the model, and adds up to one")
{
    static const char *const MODELS[] = {"first", "last", "linear", "position", "decay"};
    static const i64 WANT[][3] = {
        {10000, 0, 0}, {0, 0, 10000}, {3333, 3333, 3333}, {4000, 2000, 4000}};
    struct town *w = rig_town(arena, NULL);
    persona ada = town_customer(w, "ada"), bob = town_customer(w, "bob");
    i64 t = w->now;
    w->now += 90 * DAY;
    did(w, ada, "mail", t, NULL);
    did(w, ada, "ad", t + DAY, NULL);
    did(w, ada, "search", t + 8 * DAY, NULL);
    did(w, ada, "pay", t + 15 * DAY, "{'amount':10}");
    did(w, bob, "pay", t + 15 * DAY, "{'amount':5}");
    for (u32 m = 0; m < 5; m++) {
        str body = arena_printf(arena,
                                "{'goal':{'did':'pay'},'amount':'amount','model':'%s','touches':["
                                "{'did':'mail'},{'did':'ad'},{'did':'search'}],'window':'30d'}",
                                MODELS[m]);
        const struct json *a = rig_answer(w, "attribution", body.p);
        i64 money = 0;
        for (u32 k = 0; k < 3 && m < 4; k++) CHECK(credit(a, k) / 2 == WANT[m][k] / 2);
        for (u32 k = 0; k < 3; k++) money += rig_fixed(rig_row(json_get(a, "rows"), k), "amount");
        CHECK_EQ(credit(a, 3), 10000); /* bob's, whom nothing touched */
        CHECK(m == 2 || m == 4 || money == 100000);
        if (m == 4) CHECK(credit(a, 2) > 2 * credit(a, 1) - 10 && credit(a, 1) > credit(a, 0));
    }
    /* the window is inclusive */
    const struct json *a = rig_answer(
        w, "attribution", "{'goal':{'did':'pay'},'touches':[{'did':'mail'}],'window':'15d'}");
    CHECK_EQ(rig_number(rig_row(json_get(a, "rows"), 0), "conversions"), 1);
    a = rig_answer(w, "attribution",
                   "{'goal':{'did':'pay'},'touches':[{'did':'mail'}],'window':'359h'}");
    CHECK_EQ(rig_number(rig_row(json_get(a, "rows"), 0), "conversions"), 0);
    CHECK_EQ(rig_drill(w, "attribution",
                       S("{'goal':{'did':'pay'},'touches':[{'did':'mail'}],"
                         "'drill':{'touch':'mail'}}")),
             1);
    CHECK_EQ(rig_drill(w, "attribution",
                       S("{'goal':{'did':'pay'},'touches':[{'did':'mail'}],"
                         "'drill':{'touch':null}}")),
             1);
    town_free(w);
}

TEST("a profile shows shares and how far they differ")
{
    struct town *w = rig_town(arena, NULL);
    struct change ch;
    for (u32 i = 0; i < 8; i++) {
        char name[8] = {'p', (char)('0' + i)};
        persona p = town_customer(w, name);
        town_set(w, p, "city", town_json(arena, i < 2 ? "'a'" : "'b'"), &ch);
        town_set(w, p, "vip", town_json(arena, i % 2 ? "true" : "false"), &ch);
    }
    const struct json *a = rig_answer(w, "profile",
                                      "{'predicate':{'attribute':'vip','op':'=','value':true},"
                                      "'attributes':['city']}");
    CHECK_EQ(rig_number(a, "customers"), 4);
    CHECK_EQ(rig_number(a, "against"), 8);
    const struct json *row = rig_row(json_get(a, "rows"), 1);
    CHECK_STR(json_get_str(row, "value", S("")), S("a"));
    CHECK_EQ(rig_number(row, "customers"), 1);
    CHECK_EQ(rig_fixed(row, "share"), 2500);
    CHECK_EQ(rig_number(row, "tgi"), 100);
    town_free(w);
}

TEST("days, weeks and months begin where the zone says, also when clocks change")
{
    struct town *w = rig_town(arena, "America/New_York");
    persona ada = town_customer(w, "ada");
    w->now = days_of(2026, 12, 1) * DAY;
    /* 1 November 2026: 01:30 comes twice there; the day has 25 hours */
    i64 midnight = zone_day_start(w->zone, days_of(2026, 11, 1));
    for (i64 h = 0; h < 25; h++) did(w, ada, "view", midnight + h * HOUR + 30 * MINUTE, NULL);
    did(w, ada, "view", midnight + 25 * HOUR, NULL);
    const struct json *a = rig_answer(w, "trend", "{'event':'view'}");
    CHECK_EQ(rig_number(rig_row(json_get(a, "rows"), 0), "events"), 25);
    CHECK_EQ(rig_number(rig_row(json_get(a, "rows"), 1), "events"), 1);
    a = rig_answer(w, "trend", "{'event':'view','interval':'hour'}");
    CHECK_EQ(json_get(a, "rows")->count, 26);
    a = rig_answer(w, "heatmap", "{}");
    CHECK_EQ(rig_number(rig_row(json_get(a, "rows"), 1), "hour"), 0); /* Monday's comes first */
    a = rig_answer(w, "trend",
                   "{'event':'view','fill':true,'from':'2026-10-30','to':'2026-11-05'}");
    CHECK_EQ(json_get(a, "rows")->count, 6);
    town_free(w);
}

static void refused(struct town *w, const char *name, const char *body, const char *path)
{
    struct diag why = rig_refusal(w, name, body);
    CHECK_STR(str_of(why.path), str_of(path));
    CHECK(why.message[0] != 0);
}

/* Of sorted ones. */
static u64 at_rank(const struct numbers *v, u64 part)
{
    u64 rank = (part * v->n + 99) / 100;
    return v->p[rank ? rank - 1 : 0];
}

TEST("a rank is the same of numbers in any order as of the sorted")
{
    struct rng rng = {test_seed()};
    (void)arena;
    for (u32 round = 0; round < 300; round++) {
        struct numbers v = {0};
        u64 n = 1 + rng_below(&rng, 400), part = rng_below(&rng, 101), top = rng_below(&rng, 64);
        for (u64 i = 0; i < n; i++) numbers_put(&v, rng_next(&rng) >> top);
        u64 selected = numbers_select(&v, part, 100), three[] = {part, 0, rng_below(&rng, 101)},
            at[3];
        numbers_ranks(&v, three, 3, 100, at);
        numbers_sort(&v);
        for (u32 k = 0; k < 3; k++) CHECK_EQ(at[k], at_rank(&v, three[k]));
        CHECK_EQ(selected, at_rank(&v, part));
        numbers_clear(&v);
    }
}

TEST("many moments at a time fall on the units they fall on one by one")
{
    static const char *const ZONES[] = {"UTC", "America/New_York", "Australia/Lord_Howe",
                                        "Asia/Shanghai", "Asia/Kathmandu"};
    struct rng rng = {test_seed()};
    enum { N = 500 };
    i64 at[N];
    for (u32 round = 0; round < 200; round++) {
        const struct calendar *days =
            calendar_new(town_zone(arena, ZONES[rng_below(&rng, COUNT_OF(ZONES))]), arena);
        struct clock k, one;
        unit_kind unit = (unit_kind)rng_below(&rng, UNIT_SPAN + 1);
        i64 base = (i64)rng_below(&rng, 60 * 365) * DAY,
            range = 1 + (i64)rng_below(&rng, 10) * 90 * DAY,
            length = 1 + (i64)rng_below(&rng, 9 * DAY);
        if (round % 10 == 0) base -= 20 * 365 * DAY;
        clock_init(&k, days, unit, base, length);
        clock_init(&one, days, unit, base, length);
        for (u32 batch = 0; batch < 5; batch++) {
            u32 n = (u32)rng_below(&rng, N + 1);
            for (u32 i = 0; i < n; i++) {
                at[i] = base + (i64)rng_below(&rng, (u64)range);
                if (rng_percent(&rng, 30))
                    at[i] = at[i] / (HOUR / 4) * (HOUR / 4) - (i64)rng_below(&rng, 2);
            }
            const i32 *units = clock_units(&k, at, n);
            for (u32 i = 0; i < n; i++) CHECK_EQ(units[i], (i32)clock_unit(&one, at[i]));
            const i32 *hours = clock_week_hours(&k, at, n);
            for (u32 i = 0; i < n; i++) {
                i64 local = clock_local(&one, at[i]), week = floor_div(local + 3 * DAY, 7 * DAY);
                CHECK_EQ(hours[i], floor_div(local + 3 * DAY - week * 7 * DAY, HOUR));
            }
        }
        clock_end(&k);
        clock_end(&one);
    }
}

/* Moments of up to `bits` bits of time units from a base on. */
static struct packed_times draw_packed(struct rng *rng, struct arena *arena, u32 n, u32 bits)
{
    struct packed_times t = {.width = bits,
                             .from = (u32)rng_below(rng, 20),
                             .unit = rng_percent(rng, 50) ? 1000 : 1,
                             .base = (i64)rng_below(rng, 60 * 365) * DAY};
    u64 *values = arena_alloc(arena, (t.from + n) * sizeof *values);
    u8 *p = arena_zalloc(arena, pack_bytes(bits, t.from + n) + PACK_SLACK);
    if (t.unit == 1 || rng_percent(rng, 20)) t.base += (i64)rng_below(rng, DAY);
    for (u32 i = 0; i < t.from + n; i++) {
        values[i] = rng_next(rng) & pack_mask(bits);
        if (rng_percent(rng, 30)) values[i] -= values[i] % (t.unit == 1 ? HOUR / 4 : 900);
    }
    pack_put(p, bits, values, 0, t.from + n);
    t.p = p;
    return t;
}

TEST("packed moments fall on the units they fall on one by one")
{
    static const char *const ZONES[] = {"UTC", "America/New_York", "Australia/Lord_Howe",
                                        "Asia/Shanghai", "Asia/Kathmandu"};
    struct rng rng = {test_seed()};
    for (u32 round = 0; round < 400; round++) {
        const struct calendar *days =
            calendar_new(town_zone(arena, ZONES[rng_below(&rng, COUNT_OF(ZONES))]), arena);
        struct clock k, one;
        unit_kind unit = (unit_kind)rng_below(&rng, UNIT_SPAN + 1);
        i64 from = (i64)rng_below(&rng, 60 * 365) * DAY,
            length = (1 + (i64)rng_below(&rng, 20)) * (rng_percent(&rng, 50) ? DAY : 12345);
        clock_init(&k, days, unit, from, length);
        clock_init(&one, days, unit, from, length);
        for (u32 batch = 0; batch < 3; batch++) {
            u32 n = (u32)rng_below(&rng, 300), bits = (u32)rng_below(&rng, 34);
            struct packed_times t = draw_packed(&rng, arena, n, bits);
            const i32 *units = clock_units_packed(&k, &t, n);
            for (u32 i = 0; i < n; i++)
                CHECK_EQ(units[i], (i32)clock_unit(&one, packed_time(&t, i)));
            const i32 *hours = clock_week_hours_packed(&k, &t, n);
            for (u32 i = 0; i < n; i++) {
                i64 local = clock_local(&one, packed_time(&t, i)),
                    week = floor_div(local + 3 * DAY, 7 * DAY);
                CHECK_EQ(hours[i], floor_div(local + 3 * DAY - week * 7 * DAY, HOUR));
            }
        }
        clock_end(&k);
        clock_end(&one);
    }
}

TEST("what is not understood is refused, with its place")
{
    struct town *w = rig_town(arena, NULL);
    refused(w, "trend", "{'intervall':'day'}", "/intervall");
    refused(w, "trend", "{'interval':'year'}", "/interval");
    refused(w, "trend", "{'measure':'sum'}", "/property");
    refused(w, "trend", "{'from':'2026-03-02','to':'2026-03-01'}", "/to");
    refused(w, "trend", "{'zone':'Mars/Base'}", "/zone");
    refused(w, "trend", "{'predicate':{'attribute':'x','op':'?','value':1}}", "/predicate/op");
    refused(w, "trend", "{'by':{'planet':'x'}}", "/by/planet");
    refused(w, "trend", "{'by':{'attribute':'x','tag':'y'}}", "/by");
    refused(w, "trend", "{'compare':{'previous':true}}", "/compare/previous");
    refused(w, "trend", "{'drill':{'when':'x'}}", "/drill/when");
    refused(w, "trend", "{'drill':{'rest':true}}", "/drill/rest");
    refused(w, "trend", "{'drill':{'compare':true}}", "/drill/compare");
    refused(w, "trend", "{'by':'source','drill':{'group':'a','rest':true}}", "/drill/rest");
    refused(w, "trend", "{'by':'source','drill':{'group':5}}", "/drill/group");
    refused(w, "retention", "{'first':{'did':'a'},'drill':{'lost':true}}", "/drill/period");
    refused(w, "retention", "{'first':{'did':'a'},'from':'2026-03-01','unit':'1ms'}", "/unit");
    refused(w, "repurchase", "{'drill':{'order':2,'within':'3d'}}", "/drill/order");
    refused(w, "profile", "{'drill':{'attribute':'nobody has it'}}", "/drill/attribute");
    refused(w, "sources", "{'drill':{}}", "/drill/source");
    refused(w, "funnel", "{}", "/steps");
    refused(w, "funnel", "{'steps':[{'did':'a'},{'dit':'b'}]}", "/steps/1/dit");
    refused(w, "funnel", "{'steps':[{'did':'a'},{'did':'b','where':{'property':'x'}}]}",
            "/steps/1/where/op");
    refused(w, "funnel", "{'steps':[{'did':'a'},{'did':'b'}],'window':'1mo'}", "/window");
    refused(w, "path", "{'length':9}", "/length");
    refused(w, "interval", "{'start':{'did':'a'}}", "/end");
    refused(w, "interval", "{'start':{'did':'a'},'end':{'did':'b'},'percentiles':[101]}",
            "/percentiles");
    refused(w, "retention", "{'unit':'7d','first':{'did':'a'}}", "/from");
    refused(w, "rfm", "{'groups':1}", "/groups");
    refused(w, "repurchase", "{'within':['x']}", "/within");
    refused(w, "attribution", "{'goal':{'did':'a'},'touches':[]}", "/touches");
    refused(w, "profile", "{'segment':'none'}", "/segment");
    refused(w, "nothing", "{}", "");
    town_free(w);
}
