/* orders_test.c — orders and carts, folded from events in any order. */
#include "base/test.h"
#include "predicate/carts.h"
#include "predicate/oracle.h"

static void does(struct town *w, persona p, const char *name, i64 ago, const char *props)
{
    town_record(w);
    town_event(w, p, name, w->now - ago, town_json(w->arena, props));
}

static struct orders fold(struct town *w, persona p, i64 to)
{
    struct orders all;
    struct order_names names = order_names_of(w->names);
    orders_fold(event_view_live(w->events), &p, 1, to, &names, w->arena, &all);
    return all;
}

static void check_money(decimal d, const char *text)
{
    struct buf b;
    buf_init(&b, 100);
    decimal_put(&b, d);
    CHECK_STR(buf_str(&b), str_of(text));
    buf_clear(&b);
}

TEST(
    "refunds add up, whatever the order in which anything came, and the whole of it ends the order")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    does(w, ada, "Order Refunded", 9 * DAY, "{'order_id':7,'total':10.5}");
    does(w, ada, "Order Completed", 5 * DAY, "{'order_id':'7','total':100}");
    does(w, ada, "Order Refunded", 2 * DAY, "{'order_id':'7','total':'-19.5'}");
    does(w, ada, "Order Completed", 1 * DAY, "{'order_id':7,'total':999}");
    struct orders all = fold(w, ada, NEVER);
    CHECK_EQ(all.count, 1);
    CHECK_EQ(all.at[0].state, ORDER_PARTLY_REFUNDED);
    check_money(all.at[0].total, "100");
    check_money(all.at[0].refunded, "30");
    CHECK_EQ(all.at[0].at, w->now - 5 * DAY);
    does(w, ada, "Order Refunded", 0, "{'order_id':7,'products':[{'price':35,'quantity':3}]}");
    all = fold(w, ada, NEVER);
    CHECK_EQ(all.at[0].state, ORDER_REFUNDED);
    check_money(all.at[0].refunded, "100");
    all = fold(w, ada, w->now);
    CHECK_EQ(all.at[0].state, ORDER_PARTLY_REFUNDED);
    CHECK_EQ(fold(w, ada, w->now - 5 * DAY).count, 0);
    town_free(w);
}

TEST("a refund that says no amount is of all; what was cancelled is void; an order needs no id")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    does(w, ada, "Order Completed", 5 * DAY, "{'order_id':'a','revenue':5}");
    does(w, ada, "Order Completed", 4 * DAY, "{'order_id':'b'}");
    does(w, ada, "Order Completed", 3 * DAY, "{'total':1}");
    does(w, ada, "Order Completed", 3 * DAY, "{'total':2}");
    does(w, ada, "Order Completed", 2 * DAY,
         "{'order_id':'c','products':[{'price':'1.25','quantity':2},{'price':3}]}");
    does(w, ada, "Order Refunded", 1 * DAY, "{'order_id':'a'}");
    does(w, ada, "Order Cancelled", 1 * DAY, "{'order_id':'b'}");
    struct orders all = fold(w, ada, NEVER);
    CHECK_EQ(all.count, 5);
    CHECK(all.at[0].state == ORDER_REFUNDED && all.at[1].state == ORDER_CANCELLED);
    CHECK(all.at[2].state == ORDER_COMPLETED && all.at[3].state == ORDER_COMPLETED);
    check_money(all.at[4].total, "5.5");
    CHECK(order_is_void(&all.at[0]) && order_is_void(&all.at[1]) && !order_is_void(&all.at[2]));
    town_free(w);
}

TEST("money is written shortest, to the twelfth place")
{
    check_money(0, "0");
    check_money((decimal)1, "0.000000000001");
    check_money((decimal)-1500000000000, "-1.5");
    check_money((decimal)120000000000000, "120");
}

/* ---- carts ---- */

static bool cart_is(struct town *w, persona p, const char *id, const char *json)
{
    struct cart cart;
    struct buf b;
    str of = id ? str_of(id) : (str){0};
    bool open = cart_open(event_view_live(w->events), &p, 1, NEVER, id ? &of : NULL, w->names,
                          w->arena, &cart);
    if (!open) return json == NULL;
    buf_init(&b, 1 << 16);
    value_json(&b, cart.items);
    str expected = json ? str_of(json) : S("nothing");
    bool same = str_eq(buf_str(&b), expected);
    if (!same) print_message("%.*s\n", STR_ARG(buf_str(&b)));
    buf_clear(&b);
    return same;
}

TEST("a cart is what was put in and not taken out, until it is ordered")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    CHECK(cart_is(w, ada, NULL, NULL));
    does(w, ada, "Product Added", 9 * HOUR, "{'cart_id':'c1','product_id':'p','price':2}");
    does(w, ada, "Product Added", 8 * HOUR, "{'cart_id':'c1','product_id':'p','quantity':2}");
    does(w, ada, "Product Added", 7 * HOUR, "{'cart_id':'c1','product_id':'q','quantity':1}");
    CHECK(cart_is(w, ada, "c1",
                  "[{\"product_id\":\"p\",\"quantity\":3},{\"product_id\":\"q\",\"quantity\":1}]"));
    does(w, ada, "Product Removed", 6 * HOUR, "{'cart_id':'c1','product_id':'q'}");
    does(w, ada, "Product Removed", 6 * HOUR, "{'cart_id':'c1','product_id':'p','quantity':1}");
    CHECK(cart_is(w, ada, NULL, "[{\"product_id\":\"p\",\"quantity\":2}]"));
    does(w, ada, "Cart Viewed", 5 * HOUR,
         "{'cart_id':'c2','products':[{'product_id':'z','price':1.5,'quantity':'4'}]}");
    CHECK(cart_is(w, ada, NULL, "[{\"product_id\":\"z\",\"price\":1.5,\"quantity\":4}]"));
    does(w, ada, "Order Completed", 4 * HOUR, "{'cart_id':'c2','order_id':'o'}");
    CHECK(cart_is(w, ada, "c2", NULL));
    CHECK(cart_is(w, ada, NULL, "[{\"product_id\":\"p\",\"quantity\":2}]"));
    does(w, ada, "Order Completed", 3 * HOUR, "{'order_id':'o2'}");
    CHECK(cart_is(w, ada, NULL, NULL));
    town_free(w);
}
