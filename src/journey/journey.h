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
    u8 exit;         /* exit_reason when ENDED */
    i64 due_ms; /* WAITING: when its wait is over; ENDED: when it ended; NEVER: no end by time */
    i64 started_ms;
    u64 trigger_order; /* of the record that began it: also the order of creation */
    i64 trigger_ms;    /* its occurred time */
    u64 key;           /* hash of its key's text; 0: none */
};
_Static_assert(sizeof(struct enrolment_row) == 64, "an enrolment is one cache line");

typedef enum {
    ENROLMENT_NONE,
    ENROLMENT_WAITING, /* in a wait */
    ENROLMENT_SENDING, /* in a send: until its message is claimed or refused */
    ENROLMENT_ENDED    /* kept for `again`, or while a message of it is open */
} enrolment_state;

/* What a journey does to the rest: engine fills the table. */
struct journey_host {
    void *ctx;
    /* A system event of the customer: code of engine/events.h, props in base/props.h form. */
    void (*event)(void *ctx, persona head, u32 code, str props);
    /* A live subject of this customer. */
    void (*subject)(void *ctx, persona head, struct subject *out);
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
/* Applies a published version. `now` is when it became live. */
MUST_USE err journey_publish(struct journeys *j, u32 code, str compiled, i64 now);
/* Pausing refuses entries and lets what falls due wait; resuming lets it happen once; stopping ends
 * the enrolments and cancels what was not sent; releasing sets the share admitted (hundredths of a
 * percent). False for an unknown journey. After resume and stop the caller looks at the timers of
 * those told. */
bool journey_pause(struct journeys *j, u32 code, bool paused);
bool journey_stop(struct journeys *j, u32 code, i64 now);
bool journey_release(struct journeys *j, u32 code, u32 percent);
/* The customers with an enrolment under way in it, one call each enrolment. O(enrolments of all).
 */
void journey_customers(struct journeys *j, u32 code, void (*each)(void *ctx, persona head),
                       void *ctx);

/* A cause: one record, or what it led to. */
struct cause {
    const struct event *event; /* a client's or the engine's event, or NULL */
    const struct edge *edge;   /* a segment crossing, or NULL */
    u64 order;                 /* of the record */
    i64 occurred_ms;
    bool fresh;
};
/* Exits and waits of what already runs; enrolments that `cause` itself began are left alone. */
void journey_feed(struct journeys *j, persona head, const struct cause *cause, i64 now);
/* Triggers. */
void journey_offer(struct journeys *j, persona head, const struct cause *cause, i64 now);
/* Every wait of the customer that is over at `now`, in order of (due, creation). */
void journey_due(struct journeys *j, persona head, i64 now);
/* Earliest due wait of the customer; 0: none. */
i64 journey_next_due(const struct journeys *j, persona head);

/* The claim's checks before message_check's: stopped, exit, send_if. */
refusal journey_may_send(struct journeys *j, u32 message, i64 now);
/* The message left its send step (claimed, refused, expired, cancelled): the enrolment goes on. */
void journey_departed(struct journeys *j, u32 message, i64 now);
/* The message is settled for good: an ended enrolment that only waited for it may go. */
void journey_settled(struct journeys *j, u32 message);
bool journey_enrolment_open(const struct journeys *j, u32 enrolment);
void journey_moved(struct journeys *j, persona from, persona to, i64 now);
void journey_forget(struct journeys *j, persona head, i64 now);

/* What a message says: for rendering and for showing. */
struct message_content {
    u32 journey; /* NAME_OBJECT code */
    str journey_id, step_id;
    str template_id;
    str topic; /* empty: the channel itself */
    u32 topic_code;
    category category;
    u32 version;
    u64 trigger_order; /* the event for {{ event.… }}: event_get with these; 0: none */
    i64 trigger_ms;
};
bool journey_content(const struct journeys *j, u32 message, struct message_content *out);

/* For struct resolver.message: the enrolment whose condition is at hand has a message of that step
 * (a NAME_OBJECT code; the latest visit counts) that reached the status (ASKED_*). */
bool journey_asked(const struct journeys *j, u32 step, u32 status);

/* Reading for reports and pages (engine thread). */
struct journey_info {
    u32 code;
    str id;
    u32 version;
    bool paused, stopped;
    u64 entered, refused, waiting, done; /* enrolments of all versions */
    str source;
};
u32 journey_list(const struct journeys *j, struct journey_info *out, u32 max);
bool journey_find(const struct journeys *j, str id, struct journey_info *out);
const struct enrolment_row *enrolment_at(const struct journeys *j, u32 row);

hash128 journeys_digest(const struct journeys *j, name_of name, void *ctx);
