/* shares.h — sums by a text: of an order's items by one of their members, of returns by their
 * reason.
 *
 * An order is counted once under each text that its products have, with what these are of. A part
 * of a state, so it is one thread's; merged in any order it says the same. */
#pragma once
#include "analysis/fold.h"
#include "predicate/orders.h"

enum { SHARES_MAX = 1 << 18 }; /* different texts */

struct share {
    u64 hash; /* 0: this place is free */
    str text; /* empty: what says none */
    u64 orders, customers, returns, returners;
    decimal quantity, gross, returned, returned_quantity;
    u64 act, customer, returner; /* what and who was counted last */
};
struct shares {
    struct share *table;
    u64 count, mask;
    struct arena *arena;
    bool full;
};

/* The sums of this text, zeros at first; NULL: too many different ones. Good until the next call.
 */
struct share *shares_at(struct shares *s, str text);
/* NULL: it was never met. */
const struct share *shares_find(const struct shares *s, str text);
void shares_add(struct shares *s, const struct shares *other);
void shares_clear(struct shares *s);

/* Whom a sum is of: numbers that no other order, return or customer of the state has. */
struct share_of {
    u64 act, customer;
    str item; /* the member that tells products apart */
};
/* Products of an order, or of a return: each under its text, with quantity and price. */
void shares_order(struct shares *s, const struct share_of *of, value products);
void shares_return(struct shares *s, const struct share_of *of, value products);
/* A return that cannot be told apart by products, or goes by a text of its own. */
void shares_returned(struct shares *s, const struct share_of *of, str text, decimal amount);
/* "groups": [{group, …}] of what was ordered, or given back; at most `limit`, then the rest. */
void shares_put_items(const struct shares *s, bool returns, u32 limit, struct buf *out);
/* "reasons": [{reason, returns, customers, amount}] */
void shares_put_reasons(const struct shares *s, struct buf *out);
/* The used ones, most money (then returns, then by text) first, into memory to be freed. */
const struct share **shares_sorted(const struct shares *s, u64 *count);
