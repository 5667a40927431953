/* twin.h — events and their slow, obvious twin, for tests: an array of all that was ever appended.
 *
 * A timeline lives on a simulated disk. What it does is random, by its seed; the twin does the
 * same, and every question is asked of both. `timeline_save` keeps what a snapshot would; after a
 * crash the timeline is opened from it and what came later is done again, as the log would. */
#pragma once
#include "base/test.h"
#include "env/sim.h"
#include "event/event.h"

enum { TIMELINE_PERSONAS = 40, TIMELINE_EVENTS = 6000, TIMELINE_DEEDS = 20000 };

struct twin_event {
    struct event ev;
    char *blob; /* message id and properties */
    bool gone;
};

typedef enum { DEED_APPEND, DEED_DELETE, DEED_FORGET } deed_kind;
struct deed {
    deed_kind kind;
    u32 n; /* of the event appended or deleted; the persona */
    u64 before;
};

struct saved {
    struct buf manifest, stream;
    u64 stream_from;
    u32 deeds;
};

struct timeline {
    struct env *env;
    struct events *es;
    struct events_options options;
    struct rng rng;
    i64 now;
    u64 record;
    event_persona heads[TIMELINE_PERSONAS + 1];
    struct twin_event events[TIMELINE_EVENTS];
    u32 count;
    struct deed deeds[TIMELINE_DEEDS]; /* the log */
    u32 deed_count;
    struct saved saved;
    struct seal_job *job;
};

struct timeline *timeline_new(u64 seed, i64 dedupe_ms);
void timeline_free(struct timeline *t);
event_persona timeline_head(void *timeline, event_persona p); /* head_of */
void timeline_append(struct timeline *t, event_persona p, i64 occurred, size_t props);
void timeline_act(struct timeline *t,
                  u32 times); /* random appends, deletions, changes of heads, time */
void timeline_work(struct timeline *t, bool force,
                   u32 steps);          /* random steps of sealing and merging */
void timeline_seal(struct timeline *t); /* all of the tail, at once */
void timeline_finish_job(struct timeline *t);
void timeline_save(struct timeline *t);
void timeline_open(struct timeline *t);  /* from what was saved, and does again what came after */
void timeline_check(struct timeline *t); /* everything */
void timeline_check_view(struct timeline *t, const struct event_view *v, const bool *gone,
                         u32 count);
