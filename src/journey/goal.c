/* goal.c — how many did what the journey is for.
 *
 * The condition is asked of each enrolment when something happens that it reads: from the record
 * after the one that began it, until the goal's time is over, also after the enrolment has ended.
 * Each counts once, for the version it is in then. */
#include "journey/journey_internal.h"

i64 goal_end(const struct program *p, const struct enrolment_row *r)
{
    return p->goal_within_ms > NEVER - r->started_ms ? NEVER : r->started_ms + p->goal_within_ms;
}

static bool may_reach(const struct program *p, const struct enrolment_row *r, i64 now)
{
    bool there = enrolment_runs(r) ? r->goal == GOAL_WAITED : r->goal == GOAL_AFTER;
    return p->goal && r->state != ENROLMENT_DATED && there && now < goal_end(p, r);
}

bool goal_feed(struct journeys *j, u32 row, const struct cause *cause, i64 now)
{
    const struct program *p = program_at(j, row);
    if (!may_reach(p, row_at(j, row), now) || !journey_reads(p->goal, cause) ||
        !journey_holds(j, row, p->goal, now))
        return false;
    row_edit(j, row)->goal = GOAL_REACHED;
    count_goal(j, p);
    journey_drop_if_done(j, row);
    return !table_has(j->enrolments, row);
}

/* What goes on elsewhere, or is no more, is not counted here. */
void goal_after(struct journeys *j, u32 row, i64 now)
{
    const struct program *p = program_at(j, row);
    struct enrolment_row *r = row_edit(j, row);
    bool goes_on = r->exit != EXIT_RESTARTED && r->exit != EXIT_MERGED && r->exit != EXIT_ERASED;
    if (!p->goal || r->goal != GOAL_WAITED) return;
    r->goal = goes_on && now < goal_end(p, r) ? GOAL_AFTER : GOAL_OVER;
}

void goal_over(struct journeys *j, u32 row)
{
    row_edit(j, row)->goal = GOAL_OVER;
    journey_drop_if_done(j, row);
}
