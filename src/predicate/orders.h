/* orders.h — what a customer ordered, folded from her events.
 *
 *   Order Completed, Order Refunded, Order Cancelled ─by order_id─► orders
 *
 * The one definition, for conditions ("net"), the API and messages. The first Order Completed of an
 * order_id (as text, in timeline order) is the order; later ones repeat it. Refunds and
 * cancellations count for it whatever the order in which anything arrived, and on the order's own
 * time. What is given back is the refund's total, else its revenue, else Σ quantity × price of its
 * products; a refund that says none of them is of all. Refunds add up, to the order's total at
 * most; then it is refunded. An order without order_id stands for itself. */
#pragma once
#include "base/hash.h"
#include "event/event.h"
#include "log/names.h"

/* Twelve decimal places in 128 bits: every sum of money is exact, whatever its order. */
typedef __int128 decimal;

/* Codes of the names that matter; 0: the directory has not met it. */
struct order_names {
    u32 completed, refunded, cancelled; /* NAME_EVENT */
    u32 total, revenue, products;       /* NAME_PROPERTY */
};
/* As they are known by now; none is given a code. */
struct order_names order_names_of(struct names *names);

typedef enum {
    ORDER_COMPLETED,
    ORDER_PARTLY_REFUNDED,
    ORDER_REFUNDED,
    ORDER_CANCELLED
} order_state;
str order_state_text(order_state s);

struct order {
    str id;      /* as text; empty: it has none */
    hash128 key; /* of the id */
    i64 at;      /* occurred */
    u64 order;   /* of its event */
    order_state state;
    bool has_total, wholly;  /* a refund of all of it */
    decimal total, refunded; /* refunded ≤ total, where there is one */
    str props;               /* of its event */
};

/* Cancelled, or given back whole. */
static inline bool order_is_void(const struct order *o)
{
    return o->state == ORDER_CANCELLED || o->state == ORDER_REFUNDED;
}

struct orders {
    struct order *at; /* in timeline order */
    u32 count;
    u32 *index; /* by key: place + 1; derived */
    u32 mask;
};

/* Her orders as of events that occurred before `to`. Everything lives in `arena`; views into props
 * are good as long as the events' are. One pass over her events. */
void orders_fold(const struct event_view *events, const event_persona *personas, u32 n, i64 to,
                 const struct order_names *names, struct arena *arena, struct orders *out);
/* The order that this Order Completed is; NULL: it repeats another. An event without order_id is
 * found by its place. */
const struct order *orders_find(const struct orders *all, const struct event *ev);

/* A number of money as JSON text, shortest form. */
void decimal_put(struct buf *b, decimal d);
/* Whether a value is a number, or a text that is one, and which. */
bool decimal_said(value v, decimal *out);
/* Σ quantity × price over a list of products; false: none says a price. */
bool products_total(value list, decimal *out);
/* What an order, or a refund, says it is of: its total, else its revenue, else Σ of its products.
 */
bool order_money(str props, const struct order_names *n, decimal *out);
/* The least exact value of it: FIXED if four places do, else NUMBER in `arena`. */
value decimal_value(decimal d, struct arena *arena);
