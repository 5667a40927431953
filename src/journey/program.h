/* program.h — a journey's version as it runs: flat instructions, decoded from the published bytes.
 *
 * Compiled bytes, all integers as varints (base/buf.h), texts with their length before them:
 *   u8 format (2) · id · category · lane · trigger kind, code, on, where, key, max_late; of a date
 * also its attribute and the time of day in ms; of a schedule u8 flags, zone, at, the pattern
 * (cron.h); of a message that came in the keyword · entry.if · again (the top bit: per key),
 * again_ms · running · exit count, exits · percent, holdout (hundredths of a percent) · quiet ·
 * dedupe ms · priority, active from and to, owner, what running enrolments do, the step they
 * continue at, goal, its time and target · instruction count · {u8 op · step code · operands}…
 * Operands:
 *   WAIT ms, months | SEND channel, template, topic, if, expires ms | BRANCH if, target
 *   JUMP target | END why
 *   UNTIL_TIME clock ms, zone, passed, target of "skip" | UNTIL_DATE days, clock ms
 *   UNTIL if, timeout ms, months (both 0: none), u8 its result is asked for | MARK nothing
 *   SPLIT hundredths of a percent up to which the arm goes, target of the rest
 *   TAG tag, ms, months (both 0: it stays) | UNTAG tag | SET attribute, value bytes
 *   ENTER journey, property of the key | TASK kind, owner, ms, months, count, outcomes
 *   NOTIFY owner, channel, template | COUPON id | WEBHOOK id
 * An owner is u8 kind and: ID text | ATTRIBUTE code, text | ROBIN count, texts. Predicates are the
 * bytes of predicate_compile, empty for none. Targets are instruction indexes in four bytes, always
 * forward: a program ends. */
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
typedef enum {
    OP_WAIT = 1,
    OP_SEND,
    OP_BRANCH,
    OP_JUMP,
    OP_END,
    OP_UNTIL_TIME,
    OP_UNTIL_DATE,
    OP_UNTIL,
    OP_MARK, /* the step that follows begins: asked for by a {"since": …} */
    OP_SPLIT,
    OP_TAG, /* this and those that follow do something, at once */
    OP_UNTAG,
    OP_SET,
    OP_ENTER,
    OP_TASK,
    OP_NOTIFY,
    OP_COUPON,
    OP_WEBHOOK,
    OP_STAGE,
    OP_SCORE
} op;
/* What an until_time does when today's time has passed. */
typedef enum { PASSED_NEXT, PASSED_NOW, PASSED_SKIP, PASSED_COUNT } passed_kind;
typedef enum { OWNER_NONE, OWNER_ID, OWNER_ATTRIBUTE, OWNER_ROBIN, OWNER_COUNT } owner_kind;

enum { OUTCOMES_MAX = 32, ROBIN_MAX = 256 };
enum { INSTRUCTIONS_MAX = 4000, EXITS_MAX = 16, STEPS_DEPTH_MAX = 16, PROGRAMS_MAX = 65535 };

/* Whose a task is, or who is told; read when the step runs. */
struct owner {
    owner_kind kind;
    u32 attribute;
    str id;    /* ID; ATTRIBUTE: who it is for customers without it */
    u32 count; /* ROBIN: in order of assignment */
    const str *of;
};

struct instruction {
    op op;
    bool goes_on;  /* one before it is of the same step; derived */
    u32 step;      /* NAME_OBJECT code of the step's id */
    duration wait; /* WAIT; UNTIL: its timeout; TAG: how long it stays; TASK: when it is due */
    u32 channel, topic;
    str text; /* SEND, NOTIFY: template id; END: why; UNTIL_TIME: zone; TASK: kind; SET: the value
               */
    i64 expires_ms; /* SEND */
    struct predicate *condition;
    u32 target; /* BRANCH, SPLIT: where to go when it does not hold; JUMP; UNTIL_TIME: "skip" */
    u32 code; /* the tag, attribute, journey, coupon, webhook, score, or list of a stage; SPLIT: up
               to which lot */
    fixed points; /* SCORE */
    u32 key;      /* ENTER: NAME_PROPERTY code, 0: none */
    u8 passed;    /* passed_kind */
    bool kept;    /* UNTIL: its result is asked for */
    i64 clock_ms;
    struct owner owner;
    u32 outcome_count; /* TASK */
    const str *outcomes;
    str told; /* SEND: what every event of its messages says of it; derived */
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
    bool timed_exits; /* time alone may make one of them true */
    u32 percent, holdout;
    bool reads_zone, reads_her_zone; /* a wait is for a time or a date, in the customer's zone */
    quiet_choice quiet;
    i64 dedupe_ms;              /* the same words to one address not within; 0: whenever */
    i32 priority;               /* of two that a cap lets one through: the higher one */
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
