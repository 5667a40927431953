/* journey_internal.h — what the files of this module share.
 *
 *   compile.c  JSON → bytes            program.c  bytes → program
 *   version.c  publish, operate, read  enter.c    triggers, entry rules
 *   journey.c  causes, exits, messages dated.c    moments of dates
 *   step.c     from step to step       wait.c     what steps wait for
 *   task.c     what people are to do   hand.c     one journey hands over to another
 *   given.c    the same, asked by hand
 *   mark.c     what is known of steps that were
 *   owner.c    joined, cut, forgotten  pass.c     work that passes everybody
 *   schedule.c ticks                   goal.c     what they are to do
 *   cron.c     patterns of local time  explain.c  how it stands for one customer
 *   user.c     which journey names an object  loop.c  circles of journeys
 *   ahead.c    what is likely to be sent soon    notice.c  mails to the staff */
#pragma once
#include "journey/program.h"

#include <stdio.h>
#include <stdlib.h>

/* One published version: row index = struct enrolment_row.program. */
struct program_row {
    u64 version; /* the store's */
    u32 code, number;
    u32 compiled; /* handle */
    u32 over;     /* the journey was stopped: enrolments of this version end */
    i64 live_ms;
};

/* One journey over all its versions. */
struct journey_row {
    u64 version; /* the store's */
    u32 code;
    u16 program; /* the newest */
    u8 paused, stopped;
    u32 percent, holdout;
    u32 numbers; /* versions so far */
    u32 cursor;  /* pass.c: the next persona, perhaps with PASS_PUBLISHED; 0: none is under way */
    u64 entered, refused, running, ended;
};
_Static_assert(sizeof(struct journey_row) == 64, "a journey is one cache line");

/* How often something was the fate of an entry into one version: row 1 + version index × 32 + a
 * refusal (NONE: entered), or ENDED_AT + how it ended. */
struct count_row {
    u64 version; /* the store's */
    u64 count;
};
enum { COUNTS_EACH = 32, ENDED_AT = 16, GOAL_AT = COUNTS_EACH - 1 };
_Static_assert((int)ENTRY_COUNT <= ENDED_AT && ENDED_AT + (int)EXIT_COUNT <= GOAL_AT, "room");

/* The ticks of a journey with a schedule; its index is the journey's row. */
struct schedule_row {
    u64 version;         /* the store's */
    i64 next_ms;         /* the next tick; NEVER: none */
    i64 tick_ms;         /* the one under way; 0: none */
    i64 dealt_ms;        /* local time of the last one, as if it were UTC */
    u64 begun;           /* number of the record it began with */
    persona cursor, end; /* of its pass */
    u32 program;         /* the version that was live at it */
    u32 spare;
};

/* Row 1: the journeys' own. */
struct clock_row {
    u64 version; /* the store's */
    i64 started_ms;
};

/* What an enrolment has beside its row, at the same index: only while a step of it needs it. */
struct extra_row {
    u64 version;     /* the store's */
    i64 since_ms;    /* when the present wait began… */
    u64 since_order; /* …and after which event */
    i64 timeout_ms;  /* of an until; NEVER: it has none */
    u32 marks;       /* its newest mark */
    u32 tasks;       /* its newest task */
    u64 met;         /* the wait is over, but its journey is paused */
    i64 exit_ms;     /* when time alone may make one of its exits true; 0: never */
};
/* A step that began, or ended so: its latest visit. */
struct mark_row {
    u64 version; /* the store's */
    i64 ms;      /* when it began; NEVER: nobody asked */
    u64 order;
    u32 next;
    u32 step;
    u64 result; /* RESULT_* */
};
struct task_row {
    u64 version; /* the store's */
    u32 next;    /* the enrolment's next, newest first */
    u32 enrolment;
    u16 program, at;    /* the instruction that opened it */
    u32 owner, outcome; /* handles */
    u32 state;          /* open, done, closed */
    u64 order;          /* of its opening */
    i64 opened_ms, due_ms;
};
/* A task that a person gave by hand (given.c). */
struct given_row {
    u64 version; /* the store's */
    persona who;
    u32 texts, outcome; /* handles */
    u32 state;          /* open, done */
    u64 order;          /* of its opening */
    i64 opened_ms, due_ms, done_ms;
};
/* In an id, and in a cursor over tasks: one of these. */
#define GIVEN_BIT ((u32)1 << 31)
/* Whose turn it is in a round robin. */
struct pool_row {
    u64 version; /* the store's */
    u32 journey, step;
    u64 next;
};
/* A customer who is handed over once the steps at hand are done. */
struct hand {
    persona head;
    u32 journey; /* NAME_OBJECT code */
    u64 order;   /* of the event that says so: the trigger */
};
enum { HANDS_MAX = 256, STEPS_AT_ONCE = 100 };

/* In a cursor: dates that were known before count from the publication on. */
#define PASS_PUBLISHED ((u32)1 << 31)

_Static_assert((int)INSTRUCTIONS_MAX <= (int)MESSAGE_STEPS_MAX, "room");

struct journeys {
    struct table *enrolments, *programs, *journeys, *counts, *schedules, *clock;
    struct table *extras, *marks, *tasks, *pools, *given;
    struct heap *bytes, *task_texts;
    struct customers *customers;
    struct messages *messages;
    struct segments *segments;
    struct names *names;
    struct journey_host host;
    /* derived */
    struct program *loaded; /* by program index */
    u32 loaded_count;
    u32 asking;                   /* the enrolment whose condition is being evaluated */
    struct hand hands[HANDS_MAX]; /* empty between records */
    u32 hand_count;
    bool handing;
    struct buf text; /* for what is written down at once: journey_text */
    i64 next_tick;
    u32 ticking, moving; /* ticks under way, passes that move enrolments */
};

static inline const struct enrolment_row *row_at(const struct journeys *j, u32 row)
{
    return table_at(j->enrolments, row);
}

static inline struct enrolment_row *row_edit(struct journeys *j, u32 row)
{
    return table_edit(j->enrolments, row);
}

static inline const struct program *program_at(const struct journeys *j, u32 row)
{
    return &j->loaded[row_at(j, row)->program];
}

static inline struct journey_row *journey_edit(struct journeys *j, const struct program *p)
{
    return table_edit(j->journeys, p->journey);
}

static inline const struct journey_row *journey_at(const struct journeys *j,
                                                   const struct program *p)
{
    return table_at(j->journeys, p->journey);
}

static inline bool enrolment_runs(const struct enrolment_row *r)
{
    return r->state == ENROLMENT_WAITING || r->state == ENROLMENT_SENDING;
}

static inline persona pass_at(const struct journey_row *r)
{
    return r->cursor & ~PASS_PUBLISHED;
}

/* An empty buffer, good until the next call. */
static inline struct buf *journey_text(struct journeys *j)
{
    buf_reset(&j->text);
    return &j->text;
}

/* ---- journey.c ---- */

/* An event of the journey, with its reason where there is one, and the entry's key as the
 * triggering event has it; of an entry also what began it. */
void journey_tell(struct journeys *j, persona who, u32 event, const struct program *p, str reason,
                  const struct cause *cause, bool fresh);
/* Ends an enrolment that runs; `fresh`: the exit may start other journeys. */
void journey_end(struct journeys *j, u32 row, exit_reason why, i64 now, bool fresh);
/* What it planned and nobody has claimed is cancelled; and the enrolment with it. */
void journey_cancel_messages(struct journeys *j, u32 row, i64 now, bool fresh);
void journey_cancel(struct journeys *j, u32 row, exit_reason why, i64 now, bool fresh);
/* Takes a row out of her list and frees it. */
void enrolment_drop(struct journeys *j, u32 row);

/* The stable id's low half of its message of that step, over versions and restarts: the journey,
 * the step, the customer, the entry, the visit. */
u64 journey_message_id(const struct journeys *j, const struct enrolment_row *r,
                       const struct program *p, u32 step);
/* Plans the message of a send step. */
void journey_plan(struct journeys *j, u32 row, const struct instruction *in, i64 now);
/* A subject whose `event` is the one that began the enrolment, if there is one; `trigger` has its
 * views. */
void enrolment_subject(struct journeys *j, u32 row, struct subject *who, struct event *trigger);
/* Asks one condition of an enrolment; none holds. */
bool journey_holds(struct journeys *j, u32 row, const struct predicate *p, i64 now);
/* When time alone may make one of its exits true is found anew. */
void exits_follow(struct journeys *j, u32 row, i64 now);
/* Asks all its exits; true: it has ended (`fresh` as for journey_end). */
bool exits_look(struct journeys *j, u32 row, i64 now, bool fresh);
/* What a condition reads may be another after this cause. */
bool journey_reads(const struct predicate *p, const struct cause *cause);
/* The key that an enrolment has by its trigger; MISSING. */
value journey_key(const struct program *p, const struct event *trigger);
/* An ended enrolment that nobody asks for any more goes. */
void journey_drop_if_done(struct journeys *j, u32 row);

/* ---- step.c ---- */

/* Runs from the present step to the next wait, send or end. */
void journey_advance(struct journeys *j, u32 row, i64 now);
/* The present step is over: the next. */
void journey_go_on(struct journeys *j, u32 row, i64 now);
/* An enrolment that runs is at another step of its version now; for `by` = ±1: one more, or one
 * less, who stands where the row says. */
void step_move(struct journeys *j, u32 row, u32 step);
void step_stands(struct journeys *j, u32 row, i64 by);
/* What every event of a step begins with: journey, step, key. */
void step_put(struct journeys *j, u32 row, const struct instruction *in, struct buf *b);
/* What Step Done says beside it. */
struct done {
    str result, reason;
    u32 to;    /* the journey entered */
    value key; /* with this key */
};
u64 step_done(struct journeys *j, u32 row, const struct instruction *in, const struct done *d);

/* ---- wait.c ---- */

/* Begins a wait; true: it is over already, and the next step stands in the row. */
bool wait_begin(struct journeys *j, u32 row, const struct instruction *in, i64 now);
/* Its due moment has come. */
void wait_due(struct journeys *j, u32 row, i64 now);
/* Something happened that may end it. */
void wait_feed(struct journeys *j, u32 row, const struct cause *cause, i64 now);
/* Looks whether anything about the customer or the zones ends or moves it. */
void wait_look(struct journeys *j, u32 row, i64 now);

/* The member "until" of what is under way: how the condition it waits for stands. */
void wait_explain(struct journeys *j, u32 row, i64 now, struct buf *out);

/* ---- mark.c ---- */

const struct extra_row *extra_at(const struct journeys *j, u32 row); /* NULL: none */
struct extra_row *extra_edit(struct journeys *j, u32 row);           /* made where there is none */
/* With all that hangs on it; nothing is told. */
void extra_drop(struct journeys *j, u32 row);
void mark_begin(struct journeys *j, u32 row, u32 step, i64 now);
void mark_result(struct journeys *j, u32 row, u32 step, u32 result);
hash128 extras_digest(const struct journeys *j, u32 row);

/* ---- task.c ---- */

/* False: there are too many. */
bool task_open(struct journeys *j, u32 row, const struct instruction *in, i64 now);
/* Whose it is now, in `arena`. */
str owner_read(struct journeys *j, u32 row, const struct instruction *in, struct arena *arena);
bool tasks_open(const struct journeys *j, u32 row);
/* Those that are open are closed, and it is told why. */
void tasks_close(struct journeys *j, u32 row, str why, bool fresh);
void tasks_drop(struct journeys *j, u32 first);
hash128 tasks_digest(const struct journeys *j, u32 first);
hash128 pools_digest(const struct journeys *j, name_of name, void *ctx);
void task_id_put(u32 i, u64 order, char out[TASK_ID_BYTES + 1]);
void task_put_due(struct buf *b, i64 ms);

/* ---- given.c ---- */

/* The row of an id's parts, and the one after a row; 0: none. */
u32 given_row_of(const struct journeys *j, u32 i, u64 order);
u32 given_next(const struct journeys *j, u32 after);
void given_describe(const struct journeys *j, u32 i, struct task_info *out);
/* The head of whom it is about. */
persona given_done(struct journeys *j, u32 i, str outcome, str note, str by, i64 now);
void given_forget(struct journeys *j, persona head);
hash128 given_digest(const struct journeys *j);

/* ---- notice.c ---- */

/* Plans the mail by which `to` hears of her. */
void notice_plan(struct journeys *j, u32 row, const struct instruction *in, str to, i64 now);

/* ---- hand.c ---- */

/* The customer of this enrolment enters another journey, once hands_over is called. */
void hand_put(struct journeys *j, u32 row, const struct instruction *in);
void hands_over(struct journeys *j, i64 now);
/* The event is a hand-over into this journey. */
bool is_hand(const struct program *p, const struct event *ev);

/* ---- loop.c ---- */

/* The journey whose own doing began the enrolment in p, and did not hand over; empty: none. */
str journey_behind(const struct program *p, const struct cause *cause);
/* Three times within a day journeys began it by hand-overs, or by events that go back to it. */
bool journey_loops(struct journeys *j, const struct program *p, persona head,
                   const struct cause *cause, i64 now);

/* ---- enter.c ---- */

/* Judges one entry of the newest version, and enrols her or says why not; then those whom the
 * steps at hand hand over. Nobody may be in the middle of her list. */
void journey_try(struct journeys *j, u32 program, persona head, const struct cause *cause, i64 now);
/* Ends an enrolment `restarted` and begins it anew in this version, by the same cause. */
void journey_begin_again(struct journeys *j, u32 row, u32 program, i64 now);

/* The customer's number in a lottery of the journey, 0 to 9,999. */
u32 journey_lot(const struct journeys *j, const struct program *p, persona head, str salt);

/* ---- dated.c ---- */

/* Makes her row for this journey's date what her date, her zone and the newest version say, and
 * gives it; 0: there is none. A date not met before counts from `since` on. `unchanged`: nothing
 * was written to the attribute, whatever it looks like now (a column's type may have widened). */
u32 dated_follow(struct journeys *j, u32 journey, persona head, bool unchanged, i64 since, i64 now);
/* The row's moment may have come: judges an entry. */
void dated_due(struct journeys *j, u32 row, i64 now);
bool dated_reads(const struct program *p, const struct change *change);
/* The condition on a date reads this attribute. */
bool dated_names(const struct predicate *days, u32 attribute);
/* The moment of a time on a day; the first of them not before `from` on a day of the condition,
 * NEVER: there is none any more. */
i64 dated_moment(const struct zone *z, i64 day, i64 clock_ms);
i64 dated_first(const struct predicate *days, const struct subject *who, i64 from, i64 clock_ms);

/* ---- schedule.c ---- */

/* The first moment after `after`; NEVER. */
i64 schedule_next(const struct schedule *s, const struct zone *z, i64 after);
/* Which moment of those from `due` to `now` counts: what was missed (nothing ran then, or it is
 * `late`) is made up for once, or not. NEVER: none. */
i64 schedule_counts(const struct journeys *j, const struct schedule *s, const struct zone *z,
                    i64 due, bool late, i64 now);
/* The local time of a moment, as if it were UTC. */
i64 local_of(const struct zone *z, i64 ms);
/* The journey's schedule by its newest version, from now on. */
void schedule_follow(struct journeys *j, u32 journey, i64 now);
void schedules_rezone(struct journeys *j, i64 now);
void schedules_rebuild(struct journeys *j);
/* A moment has come for her: in the audience she tries to enter. */
void schedule_offer(struct journeys *j, u32 program, persona head, i64 moment, i64 now);
/* Takes her turn in the earliest tick ≤ `upto` after *last (a journey's row, 0 at first); false:
 * there is none. After the last one, schedule_turns_taken. */
bool schedule_turn(struct journeys *j, persona head, i64 upto, u32 *last, i64 now);
void schedule_turns_taken(struct journeys *j, persona head);

/* ---- goal.c ---- */

/* Until when the goal of an enrolment counts. */
i64 goal_end(const struct program *p, const struct enrolment_row *r);
/* What happened may be what they were to do. True: the row is gone. */
bool goal_feed(struct journeys *j, u32 row, const struct cause *cause, i64 now);
/* An enrolment has just ended: how long its goal still counts. */
void goal_after(struct journeys *j, u32 row, i64 now);
/* The time of an ended one's goal is over. */
void goal_over(struct journeys *j, u32 row);

/* ---- pass.c, version.c ---- */

/* Her part of the passes that move enrolments and have not come to her. */
void pass_turn(struct journeys *j, persona head, i64 now);
bool pass_waits_for(const struct journeys *j, persona head);
void passes_rebuild(struct journeys *j);
void count_goal(struct journeys *j, const struct program *p);

/* A pass over everybody begins, from the first. */
void pass_begin(struct journeys *j, u32 journey, bool published);
/* One more that was refused (NONE: entered), or ended so. */
void count_entry(struct journeys *j, const struct program *p, entry_refusal why);
void count_end(struct journeys *j, const struct program *p, exit_reason why);
/* The row of a journey's code; 0: there is none. */
u32 journey_row_of(const struct journeys *j, u32 code);
