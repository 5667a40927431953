/* route_orders.c — what a customer ordered, and what lies in the cart. */
#include "predicate/carts.h"
#include "server/show.h"

#include <stdio.h>

enum { PERSONAS = 256 };

struct buyer {
    persona head, personas[PERSONAS];
    u32 count;
};

MUST_USE static err buyer_of(struct call *c, struct buyer *out)
{
    struct engine *e = c->server->engine;
    TRY(call_customer(c, &out->head));
    out->count = min_u32(customer_personas(engine_customers(e), out->head, out->personas, PERSONAS),
                         PERSONAS);
    return ERR_OK;
}

static void put_money(struct buf *b, const char *key, decimal amount)
{
    json_put_key(b, str_of(key));
    decimal_put(b, amount);
}

static void put_currency(struct call *c, str props)
{
    struct engine *e = c->server->engine;
    u32 code = names_find(engine_names(e), NAME_PROPERTY, S("currency"));
    value v = code ? props_get(props, code) : value_missing();
    if (v.type != VALUE_TEXT) v = engine_setting(e, S("currency"));
    if (v.type == VALUE_TEXT) json_put_kv_str(&c->out, S("currency"), v.text);
}

static void put_order(struct call *c, const struct order *o, const struct order_names *names)
{
    value list = names->products ? props_get(o->props, names->products) : value_missing();
    decimal refunded = o->state == ORDER_CANCELLED && o->has_total ? o->total : o->refunded;
    buf_byte(&c->out, '{');
    if (o->id.n) json_put_kv_str(&c->out, S("order_id"), o->id);
    json_put_kv_time(&c->out, S("at"), o->at);
    json_put_kv_str(&c->out, S("state"), order_state_text(o->state));
    if (o->has_total) {
        put_money(&c->out, "total", o->total);
        put_money(&c->out, "refunded", o->refunded);
        put_money(&c->out, "net", o->total - refunded);
    }
    put_currency(c, o->props);
    json_put_key(&c->out, S("items"));
    if (list.type == VALUE_LIST)
        value_json(&c->out, list);
    else
        buf_put(&c->out, S("[]"));
    buf_byte(&c->out, '}');
}

/* Newest first; the cursor is how many are older than what was given. */
static err get_orders(struct call *c)
{
    struct engine *e = c->server->engine;
    struct order_names names = order_names_of(engine_names(e));
    struct orders all;
    struct buyer who;
    str cursor = call_query(c, "cursor");
    i64 left;
    u32 limit;
    TRY(buyer_of(c, &who));
    TRY(call_limit(c, &limit));
    orders_fold(event_view_live(engine_events(e)), who.personas, who.count, NEVER, &names, c->arena,
                &all);
    left = all.count;
    if (cursor.n && (str_to_i64(cursor, &left) != ERR_OK || left < 0 || left > all.count))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    call_items_begin(c);
    for (; left > 0 && limit > 0; left--, limit--) {
        json_put_comma(&c->out);
        put_order(c, &all.at[left - 1], &names);
    }
    call_items_end(c, left ? arena_printf(c->arena, "%lld", (long long)left) : (str){0});
    return ERR_OK;
}

static err get_cart(struct call *c)
{
    struct engine *e = c->server->engine;
    struct buyer who;
    struct cart cart;
    str id = call_query(c, "cart_id");
    TRY(buyer_of(c, &who));
    if (!cart_open(event_view_live(engine_events(e)), who.personas, who.count, NEVER,
                   id.n ? &id : NULL, engine_names(e), c->arena, &cart))
        return diag_set(&c->why, ERR_NOT_FOUND, "there is nothing in the cart");
    buf_byte(&c->out, '{');
    if (cart.id.n) json_put_kv_str(&c->out, S("cart_id"), cart.id);
    json_put_kv_time(&c->out, S("updated_at"), cart.at);
    if (cart.has_total) put_money(&c->out, "total", cart.total);
    json_put_key(&c->out, S("items"));
    value_json(&c->out, cart.items);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

extern const struct route ROUTES_ORDERS[];
const struct route ROUTES_ORDERS[] = {{METHOD_GET, "/api/v1/customers/{ref}/orders", NEEDS_SCOPE,
                                       SCOPE_CUSTOMERS_READ, ON_ENGINE, get_orders},
                                      {METHOD_GET, "/api/v1/customers/{ref}/cart", NEEDS_SCOPE,
                                       SCOPE_CUSTOMERS_READ, ON_ENGINE, get_cart},
                                      {0}};
