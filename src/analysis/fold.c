/* fold.c — the beginning and the end of a fold's state, alike for all questions. */
#include "analysis/fold.h"

#include <stdlib.h>

/* Every state begins with these two; their types are its own. */
struct head {
    const struct plan *plan;
    const void *args;
};

void *fold_begin(const struct plan *p)
{
    struct head head = {p, p->args};
    void *state = mem_zalloc(p->what->state_size);
    memcpy(state, &head, sizeof head);
    if (p->what->open) p->what->open(state, p);
    return state;
}

void fold_end(const struct analysis *what, void *state)
{
    if (what->close) what->close(state);
    free(state);
}

static u32 events_of(const struct timelines *b)
{
    return b->start[b->customers] - b->start[0];
}

/* Of packed times those from the batch's first event on. */
static struct packed_times packed_of(const struct timelines *b)
{
    struct packed_times t = *b->packed;
    t.from += b->start[0];
    return t;
}

const i32 *fold_units(struct clock *k, const struct timelines *b)
{
    if (b->at) return clock_units(k, b->at + b->start[0], events_of(b));
    struct packed_times t = packed_of(b);
    return clock_units_packed(k, &t, events_of(b));
}

const i32 *fold_week_hours(struct clock *k, const struct timelines *b)
{
    if (b->at) return clock_week_hours(k, b->at + b->start[0], events_of(b));
    struct packed_times t = packed_of(b);
    return clock_week_hours_packed(k, &t, events_of(b));
}
