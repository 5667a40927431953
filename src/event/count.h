/* count.h — how often each of many customers did one thing in some time: told by the files' index
 * by day where they have one, by a scan of the rest.
 *
 *   files with an index ─► their days' rows, one by one ──┐
 *   other files, the tail ─► a scan ─────────────────────┼─► a count for each head
 *   customers who moved, or lost rows ─► a scan of them ─┘ */
#pragma once
#include "event/scan.h"

enum { EVENT_COUNT_MAX = 255 }; /* this many or more */

/* Lets events be counted with this crowd; before it has other threads. */
void event_crowd_counts(struct event_crowd *c);
/* Rows that event_count would look at through indexes, for customers with heads in [first, end); as
 * many as there are where there is no index. */
u64 event_count_rows(const struct event_crowd *c, const struct scan_want *want, u32 code,
                     event_persona first, event_persona end);
/* counts[head − first]: how many events each customer of `want` has; of who is no head by now,
 * anything. want->marks says yes to `code`
 * alone, its properties and columns to none. Ends as a scan does. */
MUST_USE err event_count(const struct event_crowd *c, const struct scan_want *want, u32 code,
                         event_persona first, event_persona end, u8 *counts);
