/* crowd.h — who is whose now, beside whose they were when their events were sealed: what a pass
 * over everybody has to know before it begins.
 *
 * A file's rows lie under the heads of its sealing. Wherever a persona's head is another now, the
 * persona has strayed: its rows are passed over where they lie, and the customer it came to is
 * `moved`, passed over too, and read at the end through the iterator. So of a customer who has not
 * moved, every row under her head that has not strayed is hers, and no other row is. */
#pragma once
#include "event/catalog.h"

struct event_stayed;
struct crowd {
    const struct event_view *view;
    event_persona (*head_of)(void *ctx, event_persona p);
    void *ctx;
    const event_persona *heads; /* what it says of personas below heads_end; may be NULL */
    event_persona heads_end;
    struct event_stayed *stayed; /* scan.h's, of `heads`; may be NULL */
    i64 from, to;                /* of the tail's rows, those that occurred in [from, to)… */
    const u32 *marks;            /* …and whose code has a mark; NULL: all */
    u64 *moved, *strayed;        /* a bit for every head, every persona */
    u64 *unsure;                 /* NULL: nobody; else see crowd_doubt */
    bool any_moved, any_strayed;
    struct place *tail; /* its rows that are wanted, alive and somebody's, by (head, timeline) */
    u32 tail_count;
    struct place *pairs; /* the personas of all who moved: (key: head, order: persona), ascending */
    u32 pair_count;
};

/* Asks about everybody, with all above `moved` set; head_of is not asked later. */
void crowd_open(struct crowd *c);
void crowd_close(struct crowd *c);
/* Marks as unsure who has rows under her head that are another's by now, or that were deleted: that
 * a row lies there is not enough then. */
void crowd_doubt(struct crowd *c);

static inline bool crowd_has_moved(const struct crowd *c, event_persona head)
{
    return c->any_moved && c->moved[head / 64] >> head % 64 & 1;
}
static inline bool crowd_has_strayed(const struct crowd *c, event_persona p)
{
    return c->strayed[p / 64] >> p % 64 & 1;
}
/* The personas of the customer whose pairs begin at *at, which moves behind them; each once. `out`
 * has room for all pairs. */
u32 crowd_personas(const struct crowd *c, u32 *at, event_persona *out);
