/* sim_test.h — what the random simulator's files share: one run, and what must hold of it.
 *
 *   sim_test.c        people, providers, faults; a run from its seed
 *   sim_check_test.c  what must hold of the tables, at every quiet moment
 *   sim_told_test.c   what must hold of the timelines, at the end: a slow, obvious twin */
#pragma once
#include "base/test.h"
#include "log/events.h"
#include "log/fixed.h"
#include "script/world.h"

enum { PEOPLE = 6, PLAIN = 3 /* the first ones: one identifier, never joined to anybody */ };
enum { EVENTS_MAX = 4096, HANDED_MAX = 4096, SEEN_MAX = 4096 };

struct handed {
    hash128 id;
    bool again_allowed; /* the provider asked to try again */
};

/* What worlds that are `capped` keep to (publish_policies). */
enum { CAP_MESSAGES = 2, CAP_QUIET_FROM = 23, CAP_QUIET_TO = 2 };
#define CAP_MS (6 * HOUR)

/* The journeys of a run. The keyed one runs in parallel: an exit does not say of which key. */
typedef enum { J_EACH, J_KEYED, J_FIRST, J_SECOND, J_MEMBERS, J_COUNT } sim_journey;
enum { AGAIN_LIST_ALWAYS, AGAIN_LIST_AFTER_EXIT, AGAIN_LIST_NEVER, AGAIN_LIST_2H, AGAIN_LIST_KEY };
enum { RUNNING_LIST_IGNORE, RUNNING_LIST_RESTART, RUNNING_LIST_PARALLEL };

struct journey_plan {
    const char *id, *event; /* no event: it begins by entering the segment "busy" */
    u32 again, running;
    bool keyed;
    bool operated; /* somebody paused or stopped it */
};

/* An enrolment as it was seen last. */
struct seen_enrolment {
    u64 trigger_order;
    i64 due_ms;
    u16 program, step;
    u8 state;
};

struct sim {
    u64 seed;
    struct rng rng;
    struct env *env;
    struct world *world;
    struct world_options options;
    u32 sent[EVENTS_MAX]; /* numbers of message ids that were answered */
    u32 sent_count, next_id;
    i64 opted_out[PEOPLE]; /* when the answer to an opt-out or erasure came; NEVER: is in */
    bool mixed[PEOPLE];    /* was one customer with somebody else: consent is of both */
    u8 gone[EVENTS_MAX];   /* message ids that were erased, or may have been */
    u32 erasures;
    u32 device[PEOPLE]; /* how many she has had */
    struct journey_plan journeys[J_COUNT];
    struct handed handed[HANDED_MAX];
    u32 handed_count;
    struct seen_enrolment seen[SEEN_MAX];
    u32 seen_count;
    bool capped; /* at most CAP_MESSAGES in CAP_MS, and quiet hours */
    bool faults;
    u32 crashes;
    bool dead; /* a kill point fired: the world must not be touched */
};

#define HOLDS(s, cond, sentence)                                                                   \
    do {                                                                                           \
        if (!(cond)) sim_failed(s, sentence);                                                      \
    } while (0)

/* ---- sim_test.c ---- */

_Noreturn void sim_failed(const struct sim *s, const char *sentence);

/* ---- sim_check_test.c ---- */

/* Nothing waits past its time, nothing is claimed without a hand-over (I2, I9). After a quiet
 * world_until. */
void check_punctual(struct sim *s);
/* No wait ends before its time (I9): what runs is remembered, and compared at the next call. */
void check_not_early(struct sim *s);
/* Every row is in exactly one customer's list, and the counters say how many there are (I8, I14).
 */
void check_lists(struct sim *s);
/* Planned is the sum of what became of it (I2). */
void check_tally(struct sim *s);
/* Every segment has the members that asking everybody gives (I7). */
void check_segments(struct sim *s);
/* Nothing is left of who was erased: the disk followed. After a quiet time. */
void check_erased(struct sim *s);
/* A month without faults: everything moved on (I8). */
void check_moves(struct sim *s);

/* ---- sim_told_test.c ---- */

/* Every answered event is there once (I1). */
void check_events(struct sim *s);
/* Entries, refusals, exits and claims are those the events and the journeys' rules lead to. */
void check_told(struct sim *s);
