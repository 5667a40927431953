/* speeds.h — how long work of a kind takes, learned from what took so long before.
 *
 * A kind's speed is its picoseconds for a unit of work (an event of a plain scan: analysis.h,
 * predicate.h). It begins with what was measured on two cores, and each run that ended moves it by
 * a quarter of the way to its own; a run too short to tell, or far off any sense, moves nothing or
 * little. So it takes on the machine, its load, and the questions that are asked here. Nothing of
 * it is kept over a restart. One thread. */
#pragma once
#include "analysis/analysis.h"

enum { SPEED_COUNT = ANALYSIS_KINDS, SPEED_KINDS }; /* counting for whom a condition holds */

struct speeds {
    u64 ps[SPEED_KINDS]; /* 0: as it began */
};

/* What somebody is told before it runs. */
struct estimate {
    u64 events, indexed, customers;
    i64 ms;
};
/* "estimate":{"events":…,"indexed":…,"customers":…,"ms":…} */
void estimate_put(struct buf *out, const struct estimate *e);

/* About how many milliseconds; 1 at least. */
i64 speeds_ms(const struct speeds *s, u32 kind, u64 work);
void speeds_learn(struct speeds *s, u32 kind, u64 work, i64 ns);
