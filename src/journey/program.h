/* program.h — a journey's version as it runs: flat instructions, decoded from the published bytes.
 *
 * Compiled bytes, all integers as varints (base/buf.h), texts with their length before them:
 *   u8 format (1 or 2) · id · category · lane · trigger kind, code, on, where, key, max_late; of a
 * date also its attribute and the time of day in ms; of a schedule u8 flags, zone, at, the pattern
 * (cron.h); of a message that came in the keyword · entry.if · again (the top bit: per key),
 * again_ms · running · exit count, exits · percent, holdout (hundredths of a percent) · from format
 * 2 on: priority, active from and to, owner, what running enrolments do, the step they continue at,
 * goal, its time and target · instruction count · {u8 op · step code · operands}… Operands: WAIT
 * ms, months | SEND channel, template, topic, if | BRANCH if, target | JUMP target | END why.
 * Predicates are the bytes of predicate_compile, empty for none. Targets are instruction indexes in
 * four bytes, always forward: a program ends. */
#pragma once
#include "journey/cron.h"
#include "journey/journey.h"

/* Attributes, tags, the API and forms start a journey by the event that tells of them: EVENT, with
 * a `where` of their own. JOURNEY: only another journey hands over to it. */
typedef enum {
    TRIGGER_EVENT = 1,
    TRIGGER_SEGMENT,
    TRIGGER_DATE,
    TRIGGER_SCHEDULE,
    TRIGGER_INBOUND,
    TRIGGER_JOURNEY
} trigger_kind;
/* AGAIN_PER_KEY stands in bytes of format 1 alone: it is NEVER, per key. */
typedef enum { AGAIN_AFTER_EXIT, AGAIN_NEVER, AGAIN_ALWAYS, AGAIN_AFTER, AGAIN_PER_KEY } again_kind;
typedef enum { RUNNING_IGNORE, RUNNING_RESTART, RUNNING_PARALLEL } running_kind;
/* What becomes of enrolments of earlier versions when this one is published. */
typedef enum { PUBLISH_STAY, PUBLISH_MOVE, PUBLISH_RESTART } publish_running;
typedef enum { OP_WAIT = 1, OP_SEND, OP_BRANCH, OP_JUMP, OP_END } op;

enum { INSTRUCTIONS_MAX = 4000, EXITS_MAX = 16, STEPS_DEPTH_MAX = 16, PROGRAMS_MAX = 65535 };

struct instruction {
    op op;
    u32 step; /* NAME_OBJECT code of the step's id */
    duration wait;
    u32 channel, topic;
    str text; /* SEND: template id; END: why */
    struct predicate *condition;
    u32 target; /* BRANCH: where to go when it does not hold; JUMP */
};

/* When a schedule comes. Its moments are those of the workspace's zone, of a zone by its name, or
 * each customer's own. */
struct schedule {
    bool is_cron;
    bool is_local;    /* at_ms is a local time, as if it were UTC */
    bool of_customer; /* in the customer's zone */
    bool skip_missed; /* what came while nothing ran is not made up for */
    str zone;         /* empty: the workspace's */
    i64 at_ms;
    struct cron cron;
};

struct program {
    u32 code, version;
    u32 journey; /* row of its journey */
    u32 index;   /* row of its own */
    i64 live_ms; /* since when */
    bool live;   /* the journey's newest version */
    bool over;   /* the journey was stopped while this was the newest, or before */
    str id;
    category category;
    lane lane;
    struct {
        trigger_kind kind;
        u32 code;
        bool on_leave;
        /* EVENT, INBOUND: on its properties; DATE: the days of its moments; SCHEDULE: the
         * audience */
        struct predicate *where;
        u32 key; /* NAME_PROPERTY code, 0: none */
        i64 max_late_ms;
        str field;    /* DATE: the attribute… INBOUND: the keyword */
        i64 clock_ms; /* …and the time of the day */
        struct schedule schedule;
    } trigger;
    struct predicate *entry_if;
    again_kind again;
    bool again_per_key; /* only entries with the same key count */
    i64 again_ms;
    running_kind running;
    u32 exit_count;
    struct predicate *exits[EXITS_MAX];
    u32 percent, holdout;
    i32 priority;
    i64 active_from, active_to; /* entries at from ≤ t < to */
    str owner;
    publish_running on_publish;
    u32 continue_at;        /* MOVE: NAME_OBJECT code of a step */
    struct predicate *goal; /* NULL: none */
    i64 goal_within_ms;     /* of the enrolment's start */
    fixed goal_target;      /* a share of those enrolled; 0: none given */
    u32 instruction_count;
    struct instruction *instructions;
    struct arena *arena;
};

/* Does an event begin its enrolments, for conditions and texts to look at? */
static inline bool program_has_event(const struct program *p)
{
    return p->trigger.kind != TRIGGER_DATE && p->trigger.kind != TRIGGER_SCHEDULE;
}

/* Does each customer have a row with the next moment of her own (dated.c)? */
static inline bool program_has_moments(const struct program *p)
{
    return p->trigger.kind == TRIGGER_DATE ||
           (p->trigger.kind == TRIGGER_SCHEDULE && p->trigger.schedule.of_customer);
}

/* The first instruction of a step; instruction_count: there is none. */
u32 program_find(const struct program *p, u32 step);

void schedule_put(struct buf *b, const struct schedule *s);
/* Decodes into `arena`; views into `bytes` are kept. ERR_CORRUPT. */
MUST_USE err program_load(str bytes, struct arena *arena, struct program *out);
