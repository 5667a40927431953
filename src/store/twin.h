/* twin.h — a store and its slow, obvious twin, for tests: every change is made in both.
 *
 * The store has tables of several row sizes, one of them by index, and a heap. Rows wider than 16
 * bytes hold a string: word 1 its handle, word 2 the seed its text is made from. The other words
 * are numbers. A `past` is a full copy of the twin at a moment. */
#pragma once
#include "base/rng.h"
#include "store/store_internal.h"

enum { TWIN_TABLES = 5, TWIN_ROWS = 150, TWIN_BY_INDEX = 4 };

struct past {
    struct {
        u32 count;
        bool live[TWIN_ROWS + 1];
        u64 words[TWIN_ROWS + 1][ROW_WORDS_MAX];
    } tables[TWIN_TABLES];
};

struct twin {
    struct store *store;
    struct table *tables[TWIN_TABLES];
    struct heap *heap;
    struct past *now;
    struct rng rng;
};

/* Tables and heap of a store, with nothing in them. */
struct twin twin_new(u64 seed, u64 undo_bytes);
void twin_free(struct twin *t);
/* The same tables in a new store, and the same chance; what they should hold is `now`. */
struct twin twin_again(const struct twin *old, const struct past *now);
void twin_change(struct twin *t, u32 times);  /* random ones */
struct past *twin_copy(const struct twin *t); /* free() */
void twin_check_now(const struct twin *t, const struct past *p);
void twin_check_epoch(const struct twin *t, const struct epoch *e, const struct past *p);
