/* shop_test.c — coupons, orders and carts over the API. */
#include "server/rig_test.h"

static i64 number(const struct answer_text *a, const char *name)
{
    i64 n = -1;
    CHECK_OK(json_to_i64(json_get(a->json, name), &n));
    return n;
}

TEST("a coupon is made, gets codes as text or list, and counts what became of it")
{
    struct rig *rig = rig_new(arena, "coupons", (struct server_options){0});
    struct answer_text a =
        ask(rig, "POST", "/api/v1/coupons",
            "{\"id\":\"c\",\"value\":{\"amount\":10},\"valid\":\"3d\",\"pool\":true}");
    CHECK_EQ(a.status, 201);
    CHECK_EQ(number(&a, "left"), 0);
    CHECK_EQ(ask(rig, "POST", "/api/v1/coupons", "{\"id\":\"c\"}").status, 409);
    a = ask(rig, "POST", "/api/v1/coupons/c/codes", "A1\r\nA2\n\n  A3  \n");
    CHECK_EQ(a.status, 200);
    CHECK_EQ(number(&a, "left"), 3);
    a = ask(rig, "POST", "/api/v1/coupons/c/codes", "[\"A3\",\"A4\"]");
    CHECK_EQ(number(&a, "left"), 4);
    a = ask(rig, "POST", "/api/v1/coupons/c/codes", "{\"codes\":[5]}");
    CHECK_EQ(number(&a, "left"), 5);
    a = ask(rig, "POST", "/api/v1/coupons/c/codes", "[\"A 6\"]");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/0\"")));
    CHECK_EQ(ask(rig, "POST", "/api/v1/coupons/none/codes", "[]").status, 404);
    ask(rig, "POST", "/api/v1/coupons",
        "{\"id\":\"made\",\"value\":{\"percent\":5},\"valid\":\"3d\"}");
    CHECK_EQ(ask(rig, "POST", "/api/v1/coupons/made/codes", "X").status, 409);
    a = ask(rig, "PUT", "/api/v1/coupons/made", "{\"value\":{\"percent\":101},\"valid\":\"3d\"}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("/value/percent")));
    a = ask(rig, "GET", "/api/v1/coupons", "");
    CHECK_EQ(item_count(&a), 2);
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/coupons/made", "").status, 204);
    CHECK_EQ(ask(rig, "GET", "/api/v1/coupons/made", "").status, 404);
    rig_stop(rig);
}

#define TRACK(event, props)                                                                        \
    "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"" event "\",\"properties\":" props "}"

TEST("a customer's orders come newest first with what is left of them, and the open cart")
{
    struct rig *rig = rig_new(arena, "orders", (struct server_options){0});
    send_in(
        rig, "/v1/batch",
        "{\"batch\":[" TRACK(
            "Order Completed",
            "{\"order_id\":1,\"total\":100.5,\"currency\":"
            "\"EUR\",\"products\":[{\"price\":\"1\"}]}") "," TRACK("Order Refunded",
                                                                   "{\"order_id\":\"1\","
                                                                   "\"total\":"
                                                                   "40}") "," TRACK("Order "
                                                                                    "Completed",
                                                                                    "{\"order_"
                                                                                    "id\":"
                                                                                    "\"b\","
                                                                                    "\"total\":"
                                                                                    "20}") "," TRACK("Order Cancelled",
                                                                                                     "{\"order_id\":\"b\"}") "," TRACK("Product Added",
                                                                                                                                       "{\"cart_id\":\"k\",\"product_id\":\"p\",\"price\":2}") "]}");
    struct answer_text a = ask(rig, "GET", "/api/v1/customers/u/orders", "");
    CHECK_EQ(item_count(&a), 2);
    const struct json *newest = json_get(a.json, "items")->child, *older = newest->next;
    CHECK_STR(json_get_str(newest, "state", S("")), S("cancelled"));
    CHECK_STR(json_get(newest, "net")->text, S("0"));
    CHECK_STR(json_get_str(older, "state", S("")), S("partly_refunded"));
    CHECK_STR(json_get(older, "net")->text, S("60.5"));
    CHECK_STR(json_get_str(older, "currency", S("")), S("EUR"));
    CHECK_EQ(json_get(older, "items")->count, 1);
    a = ask(rig, "GET", "/api/v1/customers/u/orders?limit=1", "");
    CHECK_EQ(item_count(&a), 1);
    str next = member(&a, "next");
    str path = arena_printf(arena, "/api/v1/customers/u/orders?limit=1&cursor=%.*s", STR_ARG(next));
    a = ask(rig, "GET", path.p, "");
    CHECK_STR(json_get_str(json_get(a.json, "items")->child, "order_id", S("")), S("1"));
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/u/orders?cursor=9", "").status, 400);
    a = ask(rig, "GET", "/api/v1/customers/u/cart", "");
    CHECK_STR(member(&a, "cart_id"), S("k"));
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/u/cart?cart_id=x", "").status, 404);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/nobody/orders", "").status, 404);
    rig_stop(rig);
}
