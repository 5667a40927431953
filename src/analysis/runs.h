/* runs.h — a batch's events as bits. Events come in sessions, so that neighbours of a customer
 * mostly have the same day and often the same hour: folds count a run of them at once.
 *
 * A bit for event i, counted from the batch's first one, is bit i % 64 of word i / 64. */
#pragma once
#include "analysis/fold.h"

/* One thread's. */
struct runs {
    u64 *bits;
    u32 room;
};

/* A bit for every event that begins a run: a customer's first, or of another unit than the one
 * before; and one behind the last. Good until the next call. */
const u64 *runs_of(struct runs *r, const struct timelines *b, const i32 *unit);
/* A bit for every one of n events with any of `hits`; and one behind the last. */
const u64 *runs_hit(struct runs *r, const u32 *hits, u32 n, u32 any_of);
void runs_end(struct runs *r);

/* The first bit from `at` on; there is one. */
static inline u32 runs_next(const u64 *bits, u32 at)
{
    u64 left = bits[at / 64] >> at % 64;
    if (LIKELY(left)) return at + (u32)__builtin_ctzll(left);
    do at = (at | 63) + 1;
    while (!bits[at / 64]);
    return at + (u32)__builtin_ctzll(bits[at / 64]);
}
