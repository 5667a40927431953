/* numbers.h — many whole numbers, kept to tell their ranks; and series of counters.
 *
 * Ranks are exact: the percentile p of n numbers is the one at rank ⌈p·n⌉ of them sorted. */
#pragma once
#include "base/mem.h"

enum { NUMBERS_MAX = 1 << 26 }; /* half a gigabyte */

struct numbers {
    u64 *p;
    u64 n, room;
    bool full; /* one more came than NUMBERS_MAX */
};

void numbers_grow(struct numbers *v, u64 more);
static inline void numbers_put(struct numbers *v, u64 x)
{
    if (UNLIKELY(v->n == v->room)) numbers_grow(v, 1);
    if (LIKELY(v->n < v->room)) v->p[v->n++] = x;
}
void numbers_clear(struct numbers *v);
/* Appends all of `from`. */
void numbers_take(struct numbers *v, const struct numbers *from);
/* Ascending, by digits: three passes for numbers below 2^33. */
void numbers_sort(struct numbers *v);
/* The one at rank ⌈share·n⌉, where share = part ÷ whole; n ≥ 1. They stay in their order; a third
 * of sorting's time. */
u64 numbers_select(const struct numbers *v, u64 part, u64 whole);

/* The same of several ranks at once, in any order: parts[i] ÷ whole, with out[i]; n ≥ 1. Costs four
 * passes, and sorting the few that share their first digits with one that is asked for. */
void numbers_ranks(const struct numbers *v, const u64 *parts, u32 count, u64 whole, u64 *out);

/* Counters in a row that grows both ways, `words` u64 for each place. */
enum { SERIES_PLACES_MAX = 1 << 20, SERIES_CELLS_MAX = 1 << 24 };
struct series {
    u64 *cells;
    i64 first;
    u64 places;
    u32 words;
    bool full;
};

/* The counters of a place, zeros at first; NULL: too far from the others (and full). Pointers go
 * with the next call. */
u64 *series_far(struct series *s, i64 place);
static inline u64 *series_at(struct series *s, i64 place)
{
    u64 i = (u64)(place - s->first);
    return LIKELY(i < s->places) ? s->cells + i * s->words : series_far(s, place);
}
/* Adds counters to counters, place by place; what is too far makes it full. */
void series_add(struct series *s, const struct series *other);
/* All counters back to nothing; their room stays. */
void series_zero(struct series *s);
void series_clear(struct series *s);
