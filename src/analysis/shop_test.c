/* shop_test.c — what a shop asks of its orders: by what was in them, why they came back, and how
 * its groups of customers moved. */
#include "analysis/rig_test.h"

#include "base/rng.h"

#include <stdio.h>

static void did(struct town *w, persona p, const char *name, i64 at, const char *props)
{
    town_record(w);
    town_event(w, p, name, at, props ? town_json(w->arena, props) : NULL);
}

/* Two orders of shoes and hats, one of neither; three returns. */
static struct town *a_shop(struct arena *arena)
{
    struct town *w = rig_town(arena, NULL);
    persona ada = town_customer(w, "ada"), bob = town_customer(w, "bob");
    i64 t = w->now;
    w->now += 90 * DAY;
    did(w, ada, "Order Completed", t,
        "{'order_id':'1','total':100,'products':[{'category':'shoes','price':40,'quantity':2},"
        "{'category':'shoes','price':5},{'category':'hats','price':15}]}");
    did(w, ada, "Order Completed", t + DAY,
        "{'order_id':'2','total':30,'products':[{'category':'shoes','price':30},{'price':9}]}");
    did(w, bob, "Order Completed", t + DAY,
        "{'order_id':'3','total':60,'products':[{'category':'hats','price':60}]}");
    did(w, ada, "Order Refunded", t + 2 * DAY,
        "{'order_id':'1','total':40,'reason':'too small',"
        "'products':[{'category':'shoes','price':40}]}");
    did(w, ada, "Order Refunded", t + 3 * DAY, "{'order_id':'2','total':10,'reason':'too small'}");
    did(w, bob, "Order Cancelled", t + 3 * DAY, "{'order_id':'3'}");
    return w;
}

TEST("orders are told apart by what was in them; an order counts once under each")
{
    struct town *w = a_shop(arena);
    const struct json *a = rig_answer(w, "orders", "{'by':{'item':'category'}}"),
                      *groups = json_get(a, "groups"), *shoes = rig_row(groups, 0),
                      *hats = rig_row(groups, 1), *none = rig_row(groups, 2);
    CHECK_EQ(groups->count, 3);
    CHECK_STR(json_get_str(shoes, "group", S("")), S("shoes"));
    CHECK_EQ(rig_number(shoes, "orders"), 2);
    CHECK_EQ(rig_number(shoes, "customers"), 1);
    CHECK_EQ(rig_fixed(shoes, "items"), 40000);
    CHECK_EQ(rig_fixed(shoes, "gross"), 1150000);
    CHECK_EQ(rig_fixed(shoes, "returns"), 400000);
    CHECK_EQ(rig_fixed(shoes, "net"), 750000);
    CHECK_STR(json_get_str(hats, "group", S("")), S("hats"));
    CHECK_EQ(rig_number(hats, "orders"), 2);
    CHECK_EQ(rig_number(hats, "customers"), 2);
    CHECK_EQ(rig_fixed(hats, "returns"), 600000); /* a cancelled order gives all back */
    CHECK_STR(json_get_str(none, "kind", S("")), S("missing"));
    CHECK_EQ(rig_number(none, "orders"), 1);
    CHECK_EQ(rig_fixed(none, "gross"), 90000);
    CHECK_EQ(rig_fixed(none, "returns"), 100000); /* part of an order, nobody says of what */
    a = rig_answer(w, "orders", "{'by':{'item':'category','limit':1}}");
    CHECK_EQ(rig_number(rig_row(json_get(a, "groups"), 2), "values"), 1);
    CHECK_EQ(rig_drill(w, "orders", S("{'by':{'item':'category'},'drill':{'item':'hats'}}")), 2);
    CHECK_EQ(rig_drill(w, "orders", S("{'by':{'item':'category'},'drill':{'item':'socks'}}")), 0);
    CHECK_STR(str_of(rig_refusal(w, "orders", "{'drill':{'item':'hats'}}").path), S("/drill/item"));
    CHECK_STR(str_of(rig_refusal(w, "trend", "{'by':{'item':'category'}}").path), S("/by/item"));
    town_free(w);
}

TEST("returns say of what they are, and why")
{
    struct town *w = a_shop(arena);
    const struct json *a = rig_answer(w, "returns", "{'reasons':true,'by':{'item':'category'}}"),
                      *reasons = json_get(a, "reasons"), *groups = json_get(a, "groups");
    CHECK_EQ(reasons->count, 2);
    CHECK(json_is(json_get(rig_row(reasons, 0), "reason"), JSON_NULL));
    CHECK_EQ(rig_number(rig_row(reasons, 0), "returns"), 1);
    CHECK_EQ(rig_fixed(rig_row(reasons, 0), "amount"), 600000);
    CHECK_STR(json_get_str(rig_row(reasons, 1), "reason", S("")), S("too small"));
    CHECK_EQ(rig_number(rig_row(reasons, 1), "returns"), 2);
    CHECK_EQ(rig_number(rig_row(reasons, 1), "customers"), 1);
    CHECK_EQ(rig_fixed(rig_row(reasons, 1), "amount"), 500000);
    CHECK_STR(json_get_str(rig_row(groups, 0), "group", S("")), S("shoes"));
    CHECK_EQ(rig_fixed(rig_row(groups, 0), "amount"), 400000);
    CHECK_EQ(rig_fixed(rig_row(groups, 0), "items"), 10000);
    CHECK_EQ(rig_drill(w, "returns", S("{'reasons':true,'drill':{'reason':'too small'}}")), 1);
    CHECK_EQ(rig_drill(w, "returns", S("{'reasons':true,'drill':{'reason':null}}")), 1);
    CHECK_STR(str_of(rig_refusal(w, "returns", "{'reasons':7}").path), S("/reasons"));
    CHECK_STR(str_of(rig_refusal(w, "orders", "{'reasons':true}").path), S("/reasons"));
    town_free(w);
}

/* The sum over groups is the whole, however the customers are split among workers. */
TEST("what was ordered adds up over the groups of products")
{
    struct town *w = rig_town(arena, NULL);
    static const char *const KINDS[] = {"a", "b", "c", "d", "e"};
    struct rng rng = {7};
    i64 t = w->now, want = 0, got = 0;
    w->now += 90 * DAY;
    for (u32 i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        persona p = town_customer(w, name);
        for (u32 k = 0; k < rng_below(&rng, 4); k++) {
            u32 price = (u32)rng_below(&rng, 90) + 1, more = (u32)rng_below(&rng, 90) + 1;
            did(w, p, "Order Completed", t + (i64)rng_below(&rng, 80) * DAY,
                arena_printf(arena,
                             "{'order_id':'%u-%u','products':[{'category':'%s','price':%u},"
                             "{'category':'%s','price':%u}]}",
                             i, k, KINDS[rng_below(&rng, 5)], price, KINDS[rng_below(&rng, 5)],
                             more)
                    .p);
            want += price + more;
        }
    }
    const struct json *a = rig_answer(w, "orders", "{'by':{'item':'category'}}");
    CHECK_EQ(rig_fixed(json_get(a, "total"), "gross"), want * 10000);
    for (const struct json *g = json_get(a, "groups")->child; g; g = g->next)
        got += rig_fixed(g, "gross");
    CHECK_EQ(got, want * 10000);
    town_free(w);
}

TEST("groups of customers move between two days, by the bounds of the later one")
{
    struct town *w = rig_town(arena, NULL);
    i64 t = w->now;
    u64 all = 0;
    w->now += 100 * DAY;
    for (u32 i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        persona p = town_customer(w, name);
        if (i % 2) did(w, p, "Order Completed", t + i * DAY, "{'total':10}");
        if (i % 3) did(w, p, "Order Completed", t + (50 + i) * DAY, "{'total':20}");
    }
    str day = S("2026-04-10");
    str body = arena_printf(arena,
                            "{'since':'%.*s','groups':{'recency_days':[50],'frequency':[1],"
                            "'amount':[15]}}",
                            STR_ARG(day));
    const struct json *a = rig_answer(w, "rfm", body.p), *moves = json_get(a, "moves");
    CHECK(moves && moves->count > 2);
    for (const struct json *m = moves->child; m; m = m->next) {
        u64 n = (u64)rig_number(m, "customers");
        str from = json_get_str(m, "from", S("")), to = json_get_str(m, "to", S(""));
        all += n;
        str drill = arena_printf(
            arena,
            "{'since':'%.*s','groups':{'recency_days':[50],'frequency':[1],'amount':[15]},"
            "'drill':{'r':%c,'f':%c,'m':%c,'from':%s%.*s%s}}",
            STR_ARG(day), to.p[0], to.p[2], to.p[4], from.n ? "'" : "null", STR_ARG(from),
            from.n ? "'" : "");
        CHECK_EQ(rig_drill(w, "rfm", drill), n);
    }
    CHECK_EQ(all, (u64)rig_number(json_get(a, "total"), "customers"));
    /* who had not bought by then came from nowhere */
    a = rig_answer(w, "rfm", "{'since':'2026-01-01'}");
    for (const struct json *m = json_get(a, "moves")->child; m; m = m->next)
        CHECK(json_is(json_get(m, "from"), JSON_NULL));
    /* where they came from is what the groups were then */
    const struct json *then = rig_answer(w, "rfm",
                                         "{'as_of':'2026-04-10','groups':{'recency_days':[50],"
                                         "'frequency':[1],'amount':[15]}}");
    for (const struct json *c = json_get(then, "cells")->child; c; c = c->next) {
        i64 n = 0;
        char place[16];
        snprintf(place, sizeof place, "%d-%d-%d", (int)rig_number(c, "r"), (int)rig_number(c, "f"),
                 (int)rig_number(c, "m"));
        for (const struct json *m = moves->child; m; m = m->next)
            if (str_eq(json_get_str(m, "from", S("")), str_of(place)))
                n += rig_number(m, "customers");
        CHECK_EQ(n, rig_number(c, "customers"));
    }
    CHECK_STR(str_of(rig_refusal(w, "rfm", "{'since':'2030-01-01'}").path), S("/since"));
    CHECK_STR(str_of(rig_refusal(w, "rfm", "{'since':'2026-04-01','method':'ntile'}").path),
              S("/since"));
    CHECK_STR(str_of(rig_refusal(w, "rfm", "{'drill':{'from':'loyal'}}").path), S("/drill/from"));
    town_free(w);
}
