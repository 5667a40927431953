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
    bool used;
};

/* All of them, by (time, order). */
u32 observe(struct world *w, struct arena *arena, struct observed **out);
