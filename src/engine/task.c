/* task.c — a person says what came of a task. */
#include "engine/engine_internal.h"

void apply_task(struct engine *e, const struct record *r)
{
    struct task_record t;
    struct task_info info;
    if (!task_read(r->payload, &t) || !task_find(e->journeys, t.task, &info)) return;
    engine_due(e, info.head);
    persona head = task_done(e->journeys, t.task, t.outcome, t.note, t.by);
    if (head) engine_settle(e);
    if (head) engine_arm(e, customer_head(e->customers, head));
}
