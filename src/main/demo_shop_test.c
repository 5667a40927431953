/* demo_shop_test.c — the invented shop: the same for a seed, nothing ahead of now, something for
 * each playbook. */
#include "base/json.h"
#include "base/test.h"
#include "main/demo_shop.h"

struct tally {
    struct arena *arena;
    struct buf all;
    u32 rows, customers, orders, carts, refunds, broken;
    i64 now_ms;
};

static bool count(void *ctx, demo_kind kind, str row)
{
    struct tally *t = ctx;
    struct diag why;
    const struct json *j;
    arena_reset(t->arena);
    t->rows++;
    buf_put(&t->all, row);
    if (json_parse(row, t->arena, &j, &why) != ERR_OK) {
        t->broken++;
        return true;
    }
    str event = json_get_str(j, "event", S(""));
    t->customers += kind == DEMO_CUSTOMER;
    t->orders += str_eq(event, S("Order Completed"));
    t->carts += str_eq(event, S("Product Added"));
    t->refunds += str_eq(event, S("Order Refunded"));
    t->broken += json_get_str(j, "occurred_at", S("")).n == 0;
    return true;
}

static struct tally shop(u32 customers)
{
    struct tally t = {.arena = arena_new(), .now_ms = 1780000000000};
    buf_init(&t.all, 256 << 20);
    CHECK(demo_shop(7, t.now_ms, customers, count, &t));
    return t;
}

static void close_shop(struct tally *t)
{
    buf_clear(&t->all);
    arena_free(t->arena);
}

TEST("the demo shop is the same for a seed, and has something of everything")
{
    struct tally a = shop(400), b = shop(400);
    CHECK_EQ(a.broken, 0);
    CHECK_EQ(a.customers, 400);
    CHECK(a.orders > 200 && a.carts > a.orders && a.refunds > 0);
    CHECK(str_eq(buf_str(&a.all), buf_str(&b.all)));
    close_shop(&a);
    close_shop(&b);
}
