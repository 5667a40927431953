/* beside.h — what a condition may ask beside the engine's thread: a pinned view, and a resolver of
 * segments, stages and scores as they stood then, for any number of threads. */
#pragma once
#include "server/call.h"

#include "event/scan.h"
#include "segment/score.h"

/* Who belonged to whom, as one array: kept from one reader to the next as long as nobody moves.
 * Shared; whoever has the only one fills it. */
struct heads {
    u64 moves;
    persona end;
    u32 users;
    bool known;
    u64 *is_head; /* a bit for each */
    struct event_stayed stayed;
    persona of[];
};
void heads_clear(struct server *s);

struct beside {
    struct engine_view view;
    struct resolver resolver;
    const struct zone *zone;
    persona end;
    i64 now;
    struct segments *segments;
    const struct scores *scores;
    const struct reach *reach; /* NULL: nobody can be reached */
    struct server *server;
    struct call *call;
    struct heads *heads; /* to be asked for by beside_heads */
    bool has_heads;
};

/* Engine thread, both. ERR_BUSY, with c->why: too many wait for the crew. Who has pinned may go to
 * the crew as often as it likes, and must end at beside_unpin. */
MUST_USE err beside_pin(struct beside *b, struct call *c);
void beside_unpin(struct beside *b);
/* Pins for a look that stays on the engine's thread and ends with this step: without heads, and
 * whoever waits for the crew. */
void beside_look(struct beside *b, struct call *c);
/* Helper: whose personas below *end are. */
const persona *beside_heads(struct beside *b, persona *end);
/* Helper: the same, told to who asks everybody. */
void beside_everybody(struct beside *b, struct batch_subject *all);
/* Helper, before threads ask who can be reached: gathers the addresses that must not be used. */
void beside_reach(struct beside *b, struct call *c);
