/* beside.h — what a condition may ask beside the engine's thread: a pinned view, and a resolver of
 * segments, stages and scores as they stood then, for any number of threads. */
#pragma once
#include "server/call.h"

#include "segment/score.h"

struct beside {
    struct engine_view view;
    struct resolver resolver;
    const struct zone *zone;
    persona end;
    i64 now;
    struct segments *segments;
    const struct scores *scores;
};

/* Engine thread, both. */
void beside_pin(struct beside *b, struct call *c);
void beside_unpin(struct beside *b);
