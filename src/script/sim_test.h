/* sim_test.h — what the random simulator's files share: one run, and what must hold of it.
 *
 *   sim_test.c        people, providers, faults; a run from its seed
 *   sim_swarm_test.c  what only some runs have, each a draw of its own: policies, zones, schedules,
 *                     coupons, versions, shares, receipts, goals, messages of programs, imports
 *   sim_check_test.c  what must hold of the tables, at every quiet moment
 *   sim_told_test.c   what must hold of the timelines, at the end: a slow, obvious twin
 *   sim_clock_test.c  the same of clocks: zones, and the turns of schedules
 *   sim_oracle_test.c the same of what the swarm has: rules of contact, coupons, lots, counters */
#pragma once
#include "base/test.h"
#include "log/events.h"
#include "log/fixed.h"
#include "script/world.h"

enum { PEOPLE = 6, PLAIN = 3 /* the first ones: one identifier, never joined to anybody */ };
enum { EVENTS_MAX = 4096, HANDED_MAX = 4096, SEEN_MAX = 4096 };

struct handed {
    hash128 id;
    char customer[33];  /* whose it was then */
    bool again_allowed; /* the provider asked to try again */
};

/* What a run has beside the journeys that all have. */
#define FEATURES(X)                                                                                \
    X(RECEIPTS, 0)                                                                                 \
    X(CAPS, 0)                                                                                     \
    X(ZONES, 0)                                                                                    \
    X(SCHEDULE, 0)                                                                                 \
    X(TRIGGERS, 0)                                                                                 \
    X(COUPONS, 0)                                                                                  \
    X(VERSIONS, 0)                                                                                 \
    X(ROLLOUT, 0)                                                                                  \
    X(SENDS, 0)                                                                                    \
    X(STOPS, 0)                                                                                    \
    X(IMPORTS, 0)                                                                                  \
    X(GOALS, 0)                                                                                    \
    X(JOINS, 0)                                                                                    \
    X(ERASURES, 0)                                                                                 \
    X(JUMPS, 0)                                                                                    \
    X(CLOCKS, 0)
enum {
#define X(name, unused) FEATURE_##name,
    FEATURES(X)
#undef X
        FEATURE_COUNT
};

/* Policies in the order in which they came into force: the place is the version. */
enum { ERAS_MAX = 64, STALLS_MAX = 512 };
struct era {
    i64 from_ms;
    u64 after;  /* the last record before it was said: clocks go back, the log does not */
    u32 policy; /* one of sim_swarm_test.c's */
};
/* A time in which nothing ran, (from, to]. */
struct stall {
    i64 from_ms, to_ms;
};
/* Low halves of the ids of messages that programs ask for. */
#define SEND_BILL 0x5E4D0001ull  /* transactional */
#define SEND_OFFER 0x5E4D0002ull /* a promotion */

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
    u32 undos, undos_erased; /* of imports that were asked for; until the last erasure */
    bool erasing;            /* one was asked for, and may have happened */
    u32 device[PEOPLE];      /* how many she has had */
    struct journey_plan journeys[J_COUNT];
    struct handed handed[HANDED_MAX];
    u32 handed_count;
    struct seen_enrolment seen[SEEN_MAX];
    u32 seen_count;
    u32 features; /* 1 << FEATURE_… */
    struct rng swarm;
    struct era eras[ERAS_MAX];
    u32 era_count;
    struct stall stalls[STALLS_MAX];
    u32 stall_count;
    u32 lots_least, lots_most; /* shares of the journey "lots" so far, × 100 */
    u32 sends;                 /* keys used */
    i64 start_ms; /* 08:00 UTC of a day; with CLOCKS the one before Paris moves its own */
    i64 step_ms;  /* when the present step began */
    i64 swarm_ms; /* when the journeys of the swarm were published */
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
persona sim_find(struct sim *s, u32 space, const char *text);
/* Publishes the JSON; false if nobody knows. What is refused fails, unless disks fail. */
bool sim_publish(struct sim *s, object_kind kind, const char *text);
bool sim_call(struct sim *s, const char *body);

static inline bool has(const struct sim *s, u32 feature)
{
    return s->features >> feature & 1;
}
/* So many people are never anybody else. */
static inline u32 plain_people(const struct sim *s)
{
    return has(s, FEATURE_JOINS) ? PLAIN : PEOPLE;
}

/* ---- sim_swarm_test.c ---- */

void swarm_draw(struct sim *s);
void swarm_publish(struct sim *s);
void swarm_act(struct sim *s);
/* After a process began: what it found of what was not answered. */
void swarm_opened(struct sim *s);
void swarm_stalled(struct sim *s, i64 from, i64 to);
/* Rules of contact, told apart from the engine. */
struct contact_cap {
    u32 max;
    i64 window_ms; /* 0: the customer's day */
};
struct contact {
    const char *source; /* NULL: the defaults, never published */
    struct contact_cap caps[2];
    u32 cap_count, quiet_from, quiet_to; /* hours; equal: none */
};
const struct contact *swarm_contact(u32 policy);

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

/* One event of a timeline, in the order of the log. */
struct told {
    u64 order;
    u32 code, flags;
    i64 occurred_ms, received_ms;
    str journey, reason, key, n, message, segment, message_id, step, template_id, name, value,
        coupon, coupon_code, channel, result;
    bool machine;
};
u32 timeline(struct sim *s, persona head, struct arena *a, struct told **out);
bool was_joined(const struct told *list, u32 n);
/* The claim at `at` stood: its message was not rejected, bounced or put off behind it. */
bool claim_stood(const struct told *list, u32 n, u32 at);

/* Every answered event is there once (I1). */
void check_events(struct sim *s);
/* How many events there are that people sent; in old ones the message ids are gone. */
u64 count_events(struct sim *s);
/* Entries, refusals, exits and claims are those the events and the journeys' rules lead to. */
void check_told(struct sim *s);

/* ---- sim_clock_test.c ---- */

/* What a zone's clock is ahead of UTC, of those that the swarm gives. */
i64 sim_offset(str zone, i64 utc);
/* The zone that a customer has where her timeline is at `at`; and what it is ahead at that event.
 */
str sim_zone(const struct told *list, u32 at);
i64 offset_at(const struct told *list, u32 at);
/* Schedules: everybody has her turn, once, also in what was down for less than an hour. */
void check_schedules(struct sim *s, const struct told *list, u32 n);

/* ---- sim_oracle_test.c ---- */

/* No status without somebody who made it. At any quiet moment. */
void check_statuses(struct sim *s);
/* Rules of contact, enrolments, lots, coupons of one customer who was never two. */
void check_swarm_alone(struct sim *s, persona head, const struct told *list, u32 n);
/* Counters are a recount; codes are given once. */
void check_swarm(struct sim *s);
