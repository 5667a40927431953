/* place.h — where an event belongs and where it lies: what sealing, merging and iterating sort. */
#pragma once
#include "base/base.h"

struct place {
    i64 occurred_ms;
    u64 order;
    u32 key; /* the customer's head, or 0 where one customer is looked at */
    u32 at;  /* the tail's unit, or the row of a sealed file */
};

/* Negative, 0 or positive: by key, then timeline. */
static inline int place_cmp(const struct place *a, const struct place *b)
{
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    if (a->occurred_ms != b->occurred_ms) return a->occurred_ms < b->occurred_ms ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Sorts `a` by place_cmp; `spare` has room for n. O(n × bytes in which the places differ). */
void place_sort(struct place *a, struct place *spare, u32 n);
/* By the key alone, stably. */
void place_sort_key(struct place *a, struct place *spare, u32 n);
/* The first of n, sorted by key, that is not below `key`. */
static inline u32 place_lower(const struct place *a, u32 n, u32 key)
{
    u32 low = 0;
    while (low < n) {
        u32 middle = low + (n - low) / 2;
        if (a[middle].key < key)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}
