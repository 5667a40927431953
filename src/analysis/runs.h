/* runs.h — a batch's events as bits and runs. Events come in sessions, so that neighbours of a
 * customer mostly have the same day and often the same hour: folds count a run of them at once.
 *
 * Events are counted from the batch's first one; a bit for event i is bit i % 64 of word i / 64.
 * What is told is good until the next call with the same struct. */
#pragma once
#include "analysis/fold.h"

/* One thread's. */
struct runs {
    u64 *bits;
    u32 *first;
    u32 room;
};

/* A bit for every event that begins a run: a customer's first, or of another unit than the one
 * before; and one behind the last. */
const u64 *runs_bits(struct runs *r, const struct timelines *b, const i32 *unit);
/* Where they begin; and one behind the last. Returns how many runs there are. */
u32 runs_of(struct runs *r, const struct timelines *b, const i32 *unit, const u32 **first);
/* A bit for every event with any of these hits; and one behind the last. A word more is there. */
const u64 *runs_hit(struct runs *r, const struct timelines *b, u32 any_of);
/* A bit for every customer's first event; and one behind the last. */
const u64 *runs_customers(struct runs *r, const struct timelines *b);
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
/* The bits of 1 to 64 events from `at` on. */
static inline u64 runs_part(const u64 *bits, u32 at, u32 n)
{
    u64 low = bits[at / 64] >> at % 64, high = bits[at / 64 + 1] << 1 << (63 - at % 64);
    return (low | high) & ~0ull >> (64 - n);
}
