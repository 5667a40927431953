/* task.c — a person says what came of a task, or gives one. */
#include "engine/engine_internal.h"

void apply_task(struct engine *e, const struct record *r)
{
    struct task_record t;
    struct task_info info;
    if (!task_read(r->payload, &t) || !task_find(e->journeys, t.task, &info)) return;
    engine_due(e, info.head);
    persona head = task_done(e->journeys, t.task, t.outcome, t.note, t.by, e->now);
    if (head) engine_settle(e);
    if (head) engine_arm(e, customer_head(e->customers, head));
}

_Static_assert((int)TASK_OUTCOMES_MAX == (int)GIVEN_OUTCOMES_MAX, "as many");

void apply_task_open(struct engine *e, const struct record *r)
{
    struct task_open_record t;
    if (r->payload.n == 0) e->blanked = true; /* whom it was about has been erased since */
    if (!task_open_read(r->payload, &t)) return;
    persona head = engine_head_of(e, t.customer);
    if (!head) return;
    engine_due(e, head);
    struct task_given given = {.head = head,
                               .kind = t.kind,
                               .owner = t.owner,
                               .note = t.note,
                               .by = t.by,
                               .outcome_count = t.outcome_count,
                               .due_ms = t.due_ms};
    memcpy(given.outcomes, t.outcomes, sizeof t.outcomes);
    if (!task_give(e->journeys, &given, e->now)) return;
    engine_settle(e);
    engine_arm(e, customer_head(e->customers, head));
}
