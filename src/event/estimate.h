/* estimate.h — how many events a question would look at, told by the files' directories without
 * reading an event.
 *
 *   marks, span ─► each block's entry: may it have any? its rows ──┐
 *   code, span ──► the files' index by day: rows of those days ────┼─► rows
 *   the tail: all of it ───────────────────────────────────────────┘
 *
 * The unit is the row. Of a scan it is exact in what it says: the rows of the blocks that may have
 * what is wanted; those that are wanted are at most as many. Where there are more blocks than may
 * be looked at, every so many-th stands for its neighbours. Deleted rows count: they are read too.
 *
 * Cost: 64 bytes of each block looked at, 2 ns or so; 20 M events have 2,500 blocks. Engine
 * thread. */
#pragma once
#include "event/scan.h"

enum { ESTIMATE_BLOCKS = 1 << 14 }; /* looked at, for a millisecond at most not to be passed */

/* Rows that a scan of these marks (by event code; NULL: all are wanted) and [from, to) looks at,
 * by at most about `blocks` entries. */
u64 event_estimate_scan(const struct event_view *v, const u32 *marks, i64 from, i64 to, u32 blocks);

/* Of one event: what event_count looks at, rows told by indexes and rows of what has none; and what
 * a scan of it would look at, of the same and of files with an index. */
struct event_estimate {
    u64 indexed, scanned, by_scan;
};
struct event_estimate event_estimate_count(const struct event_view *v, u32 code, i64 from, i64 to,
                                           u32 blocks);
