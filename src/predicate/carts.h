/* carts.h — what a customer has put into the cart and not ordered yet, folded from her events.
 *
 * Product Added puts in (quantity, else 1), Product Removed takes out (quantity, else all), Cart
 * Viewed and Checkout Started with products say what is in it, Order Completed of its cart_id ends
 * it; one without cart_id ends the cart that was touched last. Events without cart_id are of one
 * cart without a name. */
#pragma once
#include "predicate/orders.h"

enum { CARTS_MAX = 64, CART_ITEMS_MAX = 500 };

struct cart {
    str id;      /* as text */
    i64 at;      /* of its last event */
    value items; /* LIST of MAPs, as they were sent, with the quantity there is now */
    bool has_total;
    decimal total; /* Σ quantity × price, of those with a price */
};

/* Her open cart of that id, or the one touched last (`id` NULL); false: there is none with anything
 * in it. One pass over her events; the result lives in `arena`. */
bool cart_open(const struct event_view *events, const event_persona *personas, u32 n, i64 to,
               const str *id, struct names *names, struct arena *arena, struct cart *out);

/* The properties of an event as a MAP, without its context and the one whose code is `but`. */
value props_map(str props, struct names *names, u32 but, struct arena *arena);
