/* map.h — an index from 128-bit hashes to non-zero u32 row numbers; the rows keep the keys.
 *
 *   for (u32 row = map_first(m, key, &at); row; row = map_next(m, key, &at))
 *       if (row's own key == key) …found…
 *
 * A slot is 8 bytes: 32 bits of the hash and the row. Candidates are right but for about n / 2^32;
 * the caller compares with the key its row keeps. Growing moves a few slots at each put, so that no
 * single call takes long, whatever the size. Equal inputs in equal order give equal candidates'
 * sets, but no order is promised. Derived state: never stored, rebuilt by its owner. */
#pragma once
#include "base/base.h"

struct map {
    u64 *slots, *old_slots; /* tag in the high half, row in the low half, 0 = empty */
    u64 *next_slots;        /* being made ready */
    u64 size, old_size, old_left, next_size, next_touched; /* in slots */
    u64 count;
};

struct map_cursor {
    u64 at;
    bool in_old;
};

void map_init(struct map *m); /* takes no memory before the first put */
void map_clear(struct map *m);
/* Adds; the caller has made sure that this pair is not there. Amortised O(1), worst case O(64). */
void map_put(struct map *m, hash128 key, u32 row);
/* Takes the pair out; false if it was not there. */
bool map_remove(struct map *m, hash128 key, u32 row);
u32 map_first(const struct map *m, hash128 key, struct map_cursor *at);
u32 map_next(const struct map *m, hash128 key, struct map_cursor *at);
void map_prefetch(const struct map *m, hash128 key);
u64 map_bytes(const struct map *m);
