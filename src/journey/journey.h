/* journey.h — deciding: journeys compiled to flat programs, and each customer's place in them.
 *
 *   JSON ─compile─► program ─publish─► version ─┬─ journey_offer   a cause may enrol (triggers)
 *                                               ├─ journey_feed    a cause may end a wait, or exit
 *                                               └─ journey_due     a wait is over
 *                                    effects ─► messages planned, events to write down
 *
 * A version never changes; an enrolment is 64 bytes. Timers are derived. Rules: SEMANTICS
 * "Journeys". */
#pragma once
#include "message/message.h"
#include "offer/offer.h"
#include "segment/segment.h"

struct journeys;

/* Why a customer was not enrolled: the first that holds, kept with the customer. */
#define ENTRY_REFUSAL_LIST(X)                                                                      \
    X(NONE, "")                                                                                    \
    X(LATE, "late")                                                                                \
    X(PAUSED, "paused")                                                                            \
    X(INACTIVE, "inactive")                                                                        \
    X(NO_KEY, "no_key")                                                                            \
    X(RUNNING, "running")                                                                          \
    X(AGAIN, "again")                                                                              \
    X(ENTRY_IF, "entry_if")                                                                        \
    X(HOLDOUT, "holdout")                                                                          \
    X(GRAY, "gray")                                                                                \
    X(LOOP, "loop")

typedef enum {
#define X(name, text) ENTRY_##name,
    ENTRY_REFUSAL_LIST(X)
#undef X
        ENTRY_COUNT
} entry_refusal;

#define EXIT_LIST(X)                                                                               \
    X(NONE, "")                                                                                    \
    X(EXIT, "exit")                                                                                \
    X(END, "end")                                                                                  \
    X(DONE, "done")                                                                                \
    X(MERGED, "merged")                                                                            \
    X(STOPPED, "stopped")                                                                          \
    X(RESTARTED, "restarted")                                                                      \
    X(NO_DATE, "no_date")                                                                          \
    X(ERASED, "erased")

typedef enum {
#define X(name, text) EXIT_##name,
    EXIT_LIST(X)
#undef X
        EXIT_COUNT
} exit_reason;

str entry_refusal_text(entry_refusal r);
str exit_reason_text(exit_reason r);

struct enrolment_row {
    u64 version;     /* the store's */
    persona persona; /* head at entry; follow customer_head */
    u32 next;        /* the customer's next enrolment, newest first */
    u16 program;     /* version index */
    u16 step;        /* instruction it stands at */
    u16 visit;       /* times a step was come to again */
    u8 state;        /* enrolment_state */
    u8 exit : 6;     /* exit_reason when ENDED */
    u8 goal : 2;     /* goal_state */
    i64 due_ms; /* WAITING: when its wait is over; ENDED: when it ended; NEVER: no end by time */
    i64 started_ms;
    u64 trigger_order; /* of the record that began it: also the order of creation */
    i64 trigger_ms;    /* its occurred time */
    u64 key;           /* hash of its key's text; 0: none */
    /* DATED: due_ms is the next moment, or when the row may go; started_ms: since when moments
     * count; trigger_ms: the last day (schedules: local minute) that is dealt with, as if it were
     * UTC; 0: none is; key: hash of the date, or of the schedule. */
};
_Static_assert(sizeof(struct enrolment_row) == 64, "an enrolment is one cache line");

typedef enum {
    ENROLMENT_NONE,
    ENROLMENT_WAITING, /* in a wait */
    ENROLMENT_SENDING, /* in a send: until its message is claimed or refused */
    ENROLMENT_ENDED,   /* kept for `again`, or while a message of it is open */
    ENROLMENT_DATED    /* none yet: holds the place of a date's next moment, one a journey */
} enrolment_state;

typedef enum {
    GOAL_WAITED,  /* while it runs */
    GOAL_REACHED, /* counted */
    GOAL_AFTER,   /* it has ended, and the goal's time has not */
    GOAL_OVER
} goal_state;

/* What a journey does to the rest: engine fills the table. */
struct journey_host {
    void *ctx;
    /* A system event of the persona whose enrolment it is of, so that a cut parts neither: code of
     * log/events.h, props in base/props.h form. One that is not fresh starts no journey. Gives its
     * order. */
    u64 (*event)(void *ctx, persona who, u32 code, str props, bool fresh);
    /* A live subject of this customer. */
    void (*subject)(void *ctx, persona head, struct subject *out);
    /* A zone by its name, of the records applied; empty: the workspace's. NULL: UTC, also where
     * there is no such function. */
    const struct zone *(*zone)(void *ctx, str name);
    /* A place of its own among the record's events, for a cause that is no event. */
    u64 (*order)(void *ctx);
    /* Gives a coupon (codes of NAME_OBJECT), once for each enrolment's step; false: there is none.
     */
    bool (*coupon)(void *ctx, persona head, u32 coupon, const struct offer_giver *by);
    /* As in struct predicate_context; NULL: whatever is named is there. Outside apply. */
    bool (*known)(void *ctx, const char *kind, str id);
    /* What steps do to a customer, as changes that are made now. `place`: properties of the event
     * that tells it. */
    void (*tag)(void *ctx, persona who, u32 tag, bool on, i64 expires_ms, str place);
    void (*set)(void *ctx, persona who, u32 attribute, value v, str place);
    /* Puts the customer at a stage, by the code of its list (predicate_stage_list); gives points of
     * a score. False: there is none, or the model forbids it. */
    bool (*stage)(void *ctx, persona head, u32 list, str place);
    bool (*score)(void *ctx, persona head, u32 score, fixed points, str place);
};

struct journeys *journeys_new(struct store *s, struct customers *c, struct messages *m,
                              struct segments *sg, struct names *names, struct journey_host host);
void journeys_free(struct journeys *j);
void journeys_set_key(struct journeys *j, struct sip_key key);
void journeys_rebuild(struct journeys *j);

/* Checks the journey's JSON and compiles it (names get codes). Outside apply. ERR_REFUSED with a
 * JSON pointer and a sentence. */
MUST_USE err journey_compile(struct journeys *j, const struct json *source, const struct zone *zone,
                             struct buf *compiled, struct diag *why);
/* The same; what becomes of enrolments that run is said by `how`, not by the journey's "publish".
 */
MUST_USE err journey_compile_as(struct journeys *j, const struct json *source,
                                const struct json *how, const struct zone *zone,
                                struct buf *compiled, struct diag *why);
/* Applies a published version. `now` is when it became live. */
MUST_USE err journey_publish(struct journeys *j, u32 code, str compiled, i64 now);
/* Pausing refuses entries and lets what falls due wait; resuming lets it happen once; stopping
 * refuses entries and claims at once, and its pass ends the enrolments and cancels what was not
 * sent; releasing sets the share admitted (hundredths of a percent). False for an unknown journey.
 * After resume the caller looks at the timers of those told. */
bool journey_pause(struct journeys *j, u32 code, bool paused);
bool journey_stop(struct journeys *j, u32 code);
bool journey_release(struct journeys *j, u32 code, u32 percent);
/* The customers with an enrolment in it, also one that has ended while something of it is open; one
 * call each enrolment. O(enrolments of all).
 */
void journey_customers(struct journeys *j, u32 code, void (*each)(void *ctx, persona head),
                       void *ctx);

/* A cause: one record, or what it led to. */
struct cause {
    const struct event *event;   /* a client's or the engine's event, or NULL */
    const struct edge *edge;     /* a segment crossing, or NULL */
    const struct change *change; /* the change that the event tells of, or NULL */
    str behind; /* of a crossing: the journey whose own doing led to it, if one did */
    u64 order;
    u64 own; /* orders from here on are the record's own doing; before it, of what was due */
    i64 occurred_ms;
    bool fresh;
    bool born; /* the record made the customer */
};
/* Exits and waits of what already runs; enrolments that the record itself began are left alone. */
void journey_feed(struct journeys *j, persona head, const struct cause *cause, i64 now);
/* Triggers; and moments follow a date that changes. */
void journey_offer(struct journeys *j, persona head, const struct cause *cause, i64 now);
/* The journey whose own doing an event tells of, or what rules made of it; empty: none's, or a
 * person did it. */
str journey_doing(const struct event *ev);
/* Whether there is any journey that could hear of something. */
bool journeys_any(const struct journeys *j);
/* Every wait of the customer that is over at `now`, and every moment of a date that has come, in
 * order of (due, creation). */
void journey_due(struct journeys *j, persona head, i64 now);
/* The earliest of them; 0: none. */
i64 journey_next_due(const struct journeys *j, persona head);

/* ---- passes: what concerns everybody, a piece at a time ----
 * Stopping ends what runs, publishing a date trigger makes moments of dates that are known already,
 * another zone moves them. */

/* Schedules. The moment at which one comes next; NEVER. Then journeys_tick, in the first record at
 * or after it, before anything else of that record. */
i64 journeys_next_tick(const struct journeys *j);
void journeys_tick(struct journeys *j, i64 now);
/* A process begins: what came before and was not begun has been missed. */
void journeys_started(struct journeys *j, i64 now);
/* Is what is due for her at `due` a schedule's moment? Late ones look after themselves. */
bool journey_is_scheduled(const struct journeys *j, persona head, i64 due);
/* A journey whose tick is under way, where its pass goes on and where it ends. */
bool journey_tick_next(const struct journeys *j, u32 *code, persona *from, persona *end);
/* Judges those of [from, to); nothing unless the pass is at `from`. `each` is told of everybody
 * whose turn it is; not `taken`: something of hers is due first, the caller serves her by
 * journey_due. */
void journey_tick_slice(struct journeys *j, u32 code, persona from, persona to,
                        void (*each)(void *ctx, persona head, bool taken), void *ctx, i64 now);
/* Does a tick or a move wait for her? Then journey_due takes her turn, before any record of hers.
 */
bool journey_has_turn(const struct journeys *j, persona head);

/* A journey whose pass is under way, and where it goes on; false: none is. */
bool journey_pass_next(const struct journeys *j, u32 *code, persona *from);
/* Passes [from, to); nothing unless the pass is at `from`. Then the caller looks at the timers of
 * those in it. */
void journey_pass(struct journeys *j, u32 code, persona from, persona to, i64 now);
/* A zone's rules or the workspace's zone changed: date triggers pass everybody again. `hers`: a
 * zone is new, which can only be that of customers who had named it in vain. */
void journeys_rezone(struct journeys *j, bool hers, i64 now);
/* An attribute has another type: what was a text may be a date. Moments count from now on. */
void journeys_retype(struct journeys *j, u32 attribute);
/* The same work for one customer, out of turn: her view was made anew (a merge, a cut). */
void journey_look(struct journeys *j, persona head, i64 now);

/* The claim's checks before message_check's: stopped, exit, send_if. */
refusal journey_may_send(struct journeys *j, u32 message, i64 now);
/* The message left its send step (claimed, refused, expired, cancelled): the enrolment goes on. */
void journey_departed(struct journeys *j, u32 message, i64 now);
/* The message is settled for good: an ended enrolment that only waited for it may go. */
void journey_settled(struct journeys *j, u32 message);
bool journey_enrolment_open(const struct journeys *j, u32 enrolment);

/* After a merge, and after message_moved: everything of `from` is the survivor's. What runs on both
 * sides in one journey with one key: the oldest stays, those of the other side end `merged` and
 * what they planned is cancelled. */
void journey_moved(struct journeys *j, persona from, persona to, i64 now);
/* After customer_cut, and after messages were parted: each enrolment goes to the head that its
 * persona has now. Once the views of both are filled again, journey_look for each. */
void journey_cut(struct journeys *j, persona a, persona b);
/* Before customer_forget: her enrolments end `erased` and are freed. Nothing is written down, for
 * her timeline goes too; what she was to get goes by message_forget, before or after. */
void journey_forget(struct journeys *j, persona head);

/* What a message says: for rendering and for showing. */
struct message_content {
    u32 journey; /* NAME_OBJECT code */
    str journey_id, step_id;
    str template_id;
    str topic; /* empty: the channel itself */
    u32 topic_code;
    category category;
    struct message_rules rules;
    u32 version;
    u64 trigger_order; /* the event for {{ event.… }}: event_get with these; 0: none */
    i64 trigger_ms;
    u64 key;   /* hash of its entry's key; 0: it has none */
    u64 entry; /* the enrolment's order, whatever began it: struct offer_giver */
    /* Of what a program asked for (message_send), which has no journey: */
    str to;     /* empty: her address as it is */
    str values; /* a MAP's value bytes */
};
bool journey_content(const struct journeys *j, u32 message, struct message_content *out);
/* The same of a notice to the staff (CATEGORY_NOTICE): `to` is the owner. */
bool notice_content(const struct journeys *j, const struct message_send *n,
                    struct message_content *out);

/* For struct resolver.message: the enrolment whose condition is at hand has a message of that step
 * (a NAME_OBJECT code; the latest visit counts) that reached the status (ASKED_*). */
bool journey_asked(const struct journeys *j, u32 step, u32 status);

/* For the resolver too, of the enrolment whose condition is at hand: its step (the latest visit)
 * ended so (RESULT_*); a task of its step was done with this outcome; since when the enrolment
 * (step 0) or a step of it is, false if it never was. */
bool journey_result(const struct journeys *j, u32 step, u32 result);
bool journey_task_is(const struct journeys *j, u32 step, str outcome);
bool journey_since(const struct journeys *j, u32 step, i64 *ms, u64 *order);

/* ---- tasks: what a person is to do (task.c) ---- */

enum { TASK_ID_BYTES = 24, TASKS_OPEN_MAX = 1 << 20, GIVEN_MAX = 1 << 16, GIVEN_OUTCOMES_MAX = 8 };
struct task_info {
    char id[TASK_ID_BYTES + 1];
    bool done;
    persona head;
    str journey, step; /* empty: given by hand */
    str kind, owner;
    str note, by;        /* by hand: what it is about, who gave it */
    str outcome;         /* empty while it is open */
    const str *outcomes; /* what it may be; none: anything */
    u32 outcome_count;
    u64 key;                     /* of its enrolment; 0: none */
    i64 opened_ms, due_ms;       /* due NEVER: at any time */
    str own[GIVEN_OUTCOMES_MAX]; /* where `outcomes` of one given by hand stand */
};
/* A task about a customer that a person gives; `due_ms` NEVER: at any time. */
struct task_given {
    persona head;
    str kind, owner, note, by;
    str outcomes[GIVEN_OUTCOMES_MAX];
    u32 outcome_count;
    i64 due_ms;
};
/* False: there are too many. */
bool task_give(struct journeys *j, const struct task_given *g, i64 now);
/* The one given by hand that was opened within [from, to) of the order of events. */
bool task_given_within(const struct journeys *j, u64 from, u64 to, struct task_info *out);
/* False: it was closed, or there never was one of this id. */
bool task_find(const struct journeys *j, str id, struct task_info *out);
/* Those that are open, and those done whose enrolment is still there, in no order; *cursor starts
 * at 0. O(tasks). */
bool task_next(const struct journeys *j, u32 *cursor, struct task_info *out);
/* The hash of a key's text, as enrolments have it. */
u64 journey_key_hash(str text);
/* May this be its outcome? */
bool task_allows(const struct task_info *t, str outcome);
/* A person's outcome; nothing for a task that is not open or does not allow it. `by` and `note` may
 * be empty. The head whose timers the caller looks at; 0: nothing happened. */
persona task_done(struct journeys *j, str id, str outcome, str note, str by, i64 now);
/* A journey that is live and names this object (codes of NAME_OBJECT) in its newest version; 0:
 * none does. */
typedef enum { USE_SEGMENT, USE_COUPON, USE_TEMPLATE } journey_use;
u32 journey_user(const struct journeys *j, journey_use use, u32 code);
/* All of them, up to `max`. */
u32 journey_users(const struct journeys *j, journey_use use, u32 code, u32 *out, u32 max);

/* Of a version, for struct message_host; held: its journey is paused. */
bool journey_is_held(const struct journeys *j, u32 program);
i32 journey_priority(const struct journeys *j, u32 program);
str journey_id(const struct journeys *j, u32 program);

/* Reading for reports and pages (engine thread). */
struct journey_info {
    u32 code;
    str id;
    u32 version;
    i32 priority; /* at one instant the higher comes first where a cap binds */
    u32 percent;  /* hundredths: how many are let in, as it stands */
    str owner;
    bool paused, stopped;
    u64 entered, refused, waiting, done; /* enrolments of all versions */
    str source;
};
/* What became of all who came to one version; ENTRY_NONE and EXIT_NONE stay 0. */
struct version_info {
    u32 index; /* for journey_next_step */
    u32 number;
    i64 live_ms;
    u64 entered, refused[ENTRY_COUNT], ended[EXIT_COUNT];
    u64 messages[MESSAGE_STATUS_COUNT]; /* by present (or last) status */
    bool has_goal;
    u64 reached;       /* how many of `entered` reached it in time */
    fixed goal_target; /* the share that was hoped for; 0: none */
};
/* Each version, oldest first; *cursor starts at 0. All of them: O(versions of all journeys). */
bool journey_next_version(const struct journeys *j, u32 code, u32 *cursor,
                          struct version_info *out);
/* One step of a version, in the order of the program. */
struct step_info {
    str step, kind;           /* kind: the word it is written with: "send", "wait"… */
    str channel, template_id; /* of a send */
    struct step_tally tally;
};
/* *cursor starts at 0. O(1). */
bool journey_next_step(const struct journeys *j, u32 version, u32 *cursor, struct step_info *out);
/* Sends behind her waits that end before `until`, as things stand: no other wait between, branches
 * by their first way, nothing of journeys that are paused. */
void journey_ahead(const struct journeys *j, persona head, i64 until,
                   void (*each)(void *ctx, u32 journey, u32 channel, i64 at), void *ctx);
/* One enrolment for pages. False: there is none in this row, or it only holds the place of a date.
 * Rows run from 1 to below journeys_enrolments; those that are freed are given again. */
struct enrolment_info {
    persona head;
    u32 journey, version;             /* NAME_OBJECT code; number */
    str step;                         /* where it stands, or stood last */
    u8 state;                         /* enrolment_state */
    u8 exit;                          /* exit_reason */
    bool reached;                     /* its goal */
    i64 entered_ms, due_ms, ended_ms; /* NEVER: none by time */
    u64 order;                        /* of creation */
};
u32 journeys_enrolments(const struct journeys *j);
bool enrolment_read(const struct journeys *j, u32 row, struct enrolment_info *out);
u32 journey_list(const struct journeys *j, struct journey_info *out, u32 max);
bool journey_find(const struct journeys *j, str id, struct journey_info *out);
const struct enrolment_row *enrolment_at(const struct journeys *j, u32 row);

/* How the newest version's conditions stand for her now, and her places in the journey, as a JSON
 * object; `step`: of a send, what it asks beside (0: none). False: there is no such journey. Engine
 * thread; conditions lie in the host's scratch. */
bool journey_explain(struct journeys *j, persona head, u32 code, u32 step, i64 now,
                     struct buf *out);

hash128 journeys_digest(const struct journeys *j, name_of name, void *ctx);
