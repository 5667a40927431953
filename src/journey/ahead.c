/* ahead.c — what is likely to be sent to a customer soon, for those who plan their day. */
#include "journey/journey_internal.h"

static bool waits(op o)
{
    return o == OP_WAIT || o == OP_UNTIL || o == OP_UNTIL_TIME || o == OP_UNTIL_DATE;
}

/* The first send from `at` on with no wait before it, each branch taken by its first way; NULL. */
static const struct instruction *next_send(const struct program *p, u32 at)
{
    for (; at < p->instruction_count; at++) {
        const struct instruction *in = &p->instructions[at];
        if (in->op == OP_SEND) return in;
        if (waits(in->op) || in->op == OP_END) return NULL;
    }
    return NULL;
}

void journey_ahead(const struct journeys *j, persona head, i64 until,
                   void (*each)(void *ctx, u32 journey, u32 channel, i64 at), void *ctx)
{
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next) {
        const struct enrolment_row *r = row_at(j, row);
        const struct program *p = &j->loaded[r->program];
        bool begins = r->state == ENROLMENT_DATED;
        if ((r->state != ENROLMENT_WAITING && !begins) || r->due_ms >= until ||
            journey_is_held(j, r->program) || p->over)
            continue;
        const struct instruction *in = next_send(p, begins ? 0 : r->step + 1u);
        if (in) each(ctx, p->code, in->channel, r->due_ms);
    }
}
