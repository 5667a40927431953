/* observe.h — what happened in a world, read from its customers' timelines. */
#pragma once
#include "script/world.h"

/* One system event that a script may expect. Texts are views in the arena. */
struct observed {
    i64 at_ms;
    u64 order;
    u32 event; /* EVENT_* */
    persona head;
    str journey, step, template, channel, reason, key, message_id;
    str kind, owner, task, to, coupon, tag, add;
    i64 due_ms; /* of a task; 0: none is said */
    bool used;
};

/* One customer's, by (time, order). */
u32 observe_one(struct world *w, struct arena *arena, persona head, struct observed **out);
/* The events by which her enrolments that still run would end now: what an erasure takes away
 * unsaid. */
u32 observe_ends(const struct observed *list, u32 n, i64 now, str reason, struct arena *arena,
                 struct observed **out);
/* All of them, by (time, order). */
u32 observe(struct world *w, struct arena *arena, struct observed **out);
