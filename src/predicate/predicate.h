/* predicate.h — one language of conditions: compiled once, asked of one customer or of all.
 *
 *   JSON ─compile─► bytes (in the published record) ─load─► predicate
 *     └─ diag: where and what, for a marketer                  ├─ predicate_eval       one
 * customer, │                from her own events ├─ predicate_eval_kept  one customer, │ from kept
 * state, O(1) a leaf └─ predicate_batch      everybody, on an epoch
 *
 * All three ways agree at every moment; the tests hold them against a naive evaluator. Windows are
 * half open, comparisons with what is missing are false, money is decimal (docs/predicates.md).
 * An answer comes with `until`: no later than the earliest moment at which time alone changes it.
 * What other modules know (segments, scores, a journey's own messages) comes in through `struct
 * resolver`. Evaluation allocates only in the subject's scratch arena. */
#pragma once
#include "base/json.h"
#include "base/zone.h"
#include "customer/customer.h"
#include "event/event.h"
#include "log/names.h"

struct predicate;

typedef struct {
    bool holds;
    i64 until; /* NEVER: time alone changes nothing */
} answer;

/* Where a predicate stands: what it may name, and what a bare `did` means there. */
typedef enum {
    PREDICATE_SEGMENT, /* segments, previews, tags: ever */
    PREDICATE_WHERE,   /* on the properties of one event */
    PREDICATE_ENTRY,   /* entry.if, branch.if, send.if: ever; may look at the trigger */
    PREDICATE_SCOPED,  /* exit, goal, until: since the enrolment or the wait began; may look at the
                          trigger */
} predicate_place;

/* Compile-time knowledge. Not used by what replay does. */
struct predicate_context {
    struct names *names;               /* names are given codes here */
    const struct customers *customers; /* attribute types; may be NULL */
    const struct zone *zone;           /* the workspace's, for bare dates; NULL: UTC */
    predicate_place place;
    /* True if `id` may be named here; kinds: segment, step, stage, score, channel, zone. NULL:
     * anything may. */
    bool (*known)(void *ctx, const char *kind, str id);
    void *ctx;
    bool leap_day_march; /* 29 February counts as 1 March in ordinary years, not as 28 February */
};

enum {
    PREDICATE_DEPTH_MAX = 8,
    PREDICATE_NODES_MAX = 500,
    PREDICATE_BYTES_MAX = 1 << 16,
    PREDICATE_LEAF_WORDS_MAX = 3,
};

/* Appends the compiled form to `out`. ERR_REFUSED with the JSON pointer and what to do, ERR_LIMIT.
 * Names of events, properties, … that are new are given codes even if something else is refused. */
MUST_USE err predicate_compile(const struct json *j, const struct predicate_context *pc,
                               struct buf *out, struct diag *why);
/* A condition {"date":F,"in":[from,to]} out of the members "date", "anniversary", "lunar" and
 * "zone" of `j`, the range given: for what names days by other words (a date trigger). */
MUST_USE err predicate_compile_days(const struct json *j, i32 from, i32 to,
                                    const struct predicate_context *pc, struct buf *out,
                                    struct diag *why);
/* Makes a predicate of compiled bytes; it and views into `bytes` live in `arena`. ERR_CORRUPT. */
MUST_USE err predicate_load(str bytes, struct arena *arena, struct predicate **out);

/* The name (NAME_OBJECT) of the list of who is at a stage of a model; empty: it would be too long.
 */
str predicate_stage_list(str model, str stage, char out[NAME_BYTES_MAX + 1]);

/* The name of the rule {"score":S,"op":">=","value":n} that a trigger waits for; empty: `t` is no
 * such crossing, or the name would be too long. */
str predicate_crossing(const struct json *t, char out[NAME_BYTES_MAX + 1]);

/* What it reads: so that a rule is asked only when something of it changed, and ordered by
 * dependence. Codes ascend and are there once. */
struct predicate_inputs {
    const u32 *events;     /* NAME_EVENT codes */
    const u32 *attributes; /* NAME_ATTRIBUTE codes */
    const u32 *tags;       /* NAME_TAG codes; with any_tag (a subtree): every tag */
    const u32 *segments;   /* NAME_OBJECT codes; a stage is the list of who is at it */
    const u32 *scores;     /* NAME_OBJECT codes */
    u32 event_count, attribute_count, tag_count, segment_count, score_count;
    bool any_event; /* every event, whatever `events` says */
    bool any_tag, identifiers, consents, trigger;
    bool others; /* what other modules but `segment` know: reachable, scores */
    bool own;    /* the enrolment's own messages, steps or tasks */
    bool time;   /* an answer may have an `until` of its own */
};
const struct predicate_inputs *predicate_inputs(const struct predicate *p);

/* How two things are compared; the numbers stand in compiled bytes. */
#define PREDICATE_OP_LIST(X)                                                                       \
    X(EQ, "=")                                                                                     \
    X(NE, "!=")                                                                                    \
    X(LT, "<")                                                                                     \
    X(LE, "<=")                                                                                    \
    X(GT, ">")                                                                                     \
    X(GE, ">=")                                                                                    \
    X(IN, "in")                                                                                    \
    X(NOT_IN, "not_in")                                                                            \
    X(BETWEEN, "between")                                                                          \
    X(CONTAINS, "contains")                                                                        \
    X(STARTS_WITH, "starts_with")                                                                  \
    X(ENDS_WITH, "ends_with")                                                                      \
    X(MATCHES, "matches")                                                                          \
    X(EXISTS, "exists")                                                                            \
    X(MISSING, "missing")                                                                          \
    X(HAS_ANY, "has_any")                                                                          \
    X(HAS_ALL, "has_all")
typedef enum {
    COMPARE_NONE_,
#define X(name, text) COMPARE_##name,
    PREDICATE_OP_LIST(X)
#undef X
        COMPARE_COUNT_
} predicate_op;

/* What {"message":…,"status":…} and {"step":…,"result":…} may ask, as numbers for the resolver. */
#define PREDICATE_STATUS_LIST(X)                                                                   \
    X(planned)                                                                                     \
    X(deferred)                                                                                    \
    X(claimed)                                                                                     \
    X(sent)                                                                                        \
    X(delivered)                                                                                   \
    X(opened)                                                                                      \
    X(clicked)                                                                                     \
    X(replied)                                                                                     \
    X(read)                                                                                        \
    X(rejected)                                                                                    \
    X(bounced)                                                                                     \
    X(complained)                                                                                  \
    X(unsubscribed)                                                                                \
    X(refused)                                                                                     \
    X(unknown)                                                                                     \
    X(expired)                                                                                     \
    X(cancelled)
enum predicate_status {
    ASKED_NONE_,
#define X(name) ASKED_##name,
    PREDICATE_STATUS_LIST(X)
#undef X
        ASKED_COUNT_
};
#define PREDICATE_RESULT_LIST(X) X(met) X(timeout) X(read) X(unread) X(unreachable)
enum predicate_result {
    RESULT_NONE_,
#define X(name) RESULT_##name,
    PREDICATE_RESULT_LIST(X)
#undef X
        RESULT_COUNT_
};

/* Answers of other modules. Any member may be NULL: then that condition is false. */
struct resolver {
    void *ctx;
    answer (*segment)(void *ctx, persona head, u32 code, i64 now);
    bool (*message)(void *ctx, u32 step, u32 status);        /* of the enrolment at hand; ASKED_* */
    bool (*step_result)(void *ctx, u32 step, u32 result);    /* RESULT_* */
    bool (*task_outcome)(void *ctx, u32 step, str outcome);  /* of its latest task */
    bool (*reachable)(void *ctx, persona head, u32 channel); /* address, not suppressed */
    answer (*score)(void *ctx, persona head, u32 score, predicate_op op, fixed value, i64 now);
    /* When the enrolment (step 0) or a step of it began; NULL: `entry` is the subject's `since`. */
    bool (*since)(void *ctx, u32 step, i64 *ms, u64 *order);
    /* A zone by its IANA name, of the records applied; NULL: the workspace's stands in. */
    const struct zone *(*zone)(void *ctx, str name);
};

/* One customer as seen at one moment. */
struct subject {
    const struct customer_view *view;
    persona head;
    const persona *personas;
    u32 persona_count;
    const struct event_view *events;         /* NULL: she has none */
    const struct event *event;               /* the triggering event, or NULL */
    i64 since_ms;                            /* SCOPED: when the enrolment (the wait) began… */
    u64 since_order;                         /* …and the order of the record that began it */
    const struct zone *zone, *customer_zone; /* NULL: UTC; her attribute `timezone`, by resolver */
    const struct resolver *resolver;         /* may be NULL */
    struct arena *scratch;
    struct names *names;           /* texts of tags, for "A/…" trees; NULL: no tree holds */
    const struct columns *columns; /* predicate_batch's own; NULL */
};

/* From the customer's own events: exact, cost = her events in the widest window. Events that
 * occurred after `now` do not exist yet. */
answer predicate_eval(const struct predicate *p, const struct subject *who, i64 now);
/* A PREDICATE_WHERE against one event's properties. O(properties × conditions), no allocation. */
bool predicate_where(const struct predicate *p, const struct event *ev);

/* ---- days: of a predicate that is one condition on a date ---- */

/* Her date, as it stands there; MISSING if that is none. */
value predicate_date(const struct predicate *p, const struct subject *who);
/* The zone whose days they are. */
const struct zone *predicate_date_zone(const struct predicate *p, const struct subject *who);
/* The first day after `after` on which it holds; false: there is none. O(1). */
bool predicate_date_next(const struct predicate *p, const struct subject *who, i64 after, i64 *day);

/* ---- live: kept state (class a) ---- */

/* (a) every leaf over events keeps O(1) state; (b) at least one is recomputed from her own events;
 * (c) asks too much for that, and is refused live. */
typedef enum {
    PREDICATE_KEPT = 'a',
    PREDICATE_REPLAYED = 'b',
    PREDICATE_DAILY = 'c'
} predicate_class;
predicate_class predicate_live_class(const struct predicate *p);
/* Why a class (c) predicate is not live, in a sentence; empty for the others. */
str predicate_class_reason(const struct predicate *p);

/* A leaf whose answer is kept in ≤ 24 bytes per customer. Equal (event, where, what is kept) give
 * equal keys, so predicates share state. State of zeros: no event was fed. */
struct predicate_leaf {
    hash128 key;     /* what makes two leaves the same */
    u32 event;       /* NAME_EVENT code; 0: any event of a client */
    u32 state_words; /* u64 words of state, ≤ PREDICATE_LEAF_WORDS_MAX */
    u32 index;       /* in its predicate */
};
u32 predicate_leaves(const struct predicate *p, struct predicate_leaf *out, u32 max);
/* Whether feeding looks into an event's properties. */
bool predicate_leaf_reads(const struct predicate *p, u32 leaf);
/* Takes one event into the state, once, in any order of occurrence; events it does not count change
 * nothing. */
void predicate_leaf_feed(const struct predicate *p, u32 leaf, u64 *state, const struct event *ev,
                         i64 now);
/* Evaluates with `state(ctx, leaf)` for kept leaves (NULL: zeros), her own events for the others.
 */
answer predicate_eval_kept(const struct predicate *p, const struct subject *who, i64 now,
                           const u64 *(*state)(void *ctx, u32 leaf), void *ctx);

/* ---- batch ---- */

struct batch_subject {
    const struct customer_view *view;
    const struct event_view *events;
    const struct zone *zone;
    const struct resolver *resolver;
    const bool *cancel; /* may be NULL */
    struct names *names;
    const struct event_crowd *crowd; /* predicate_crowd's of this predicate, and maybe others; NULL:
                                      * events are looked up customer by customer */
    const persona *heads;            /* of personas below heads_end: whose they are; or NULL */
    persona heads_end;
    const u64 *head_bits;        /* of the same personas, whether each is a head; may be NULL */
    struct event_stayed *stayed; /* event/scan.h's, of `heads`; may be NULL */
};
/* For asking everybody: who is whose among those with events that these predicates count, opened
 * once for all pieces and threads. NULL: none of them looks at events that could be scanned. */
struct event_crowd *predicate_crowd(const struct predicate *const *p, u32 count,
                                    const struct batch_subject *all, i64 now);
/* Sets bit (persona - from) of `bits`, and clears the others, for every head in [from, to) for
 * which `p` holds at `now`. Condition by condition, over those whom the ones before left open: rows
 * and columns first, events last; these by a scan where many are open and a crowd is there, else
 * customer by customer. Any thread on an epoch; stops early (false) when *cancel turns true or the
 * epoch is cancelled. */
bool predicate_batch(const struct predicate *p, const struct batch_subject *all, persona from,
                     persona to, i64 now, u64 *bits);

/* What asking everybody (heads below `end`) would look at, at most: events, of them those told by
 * an index, and the work of it in events of a plain scan. Told by the files' directories and by
 * asking what costs next to nothing of some hundred customers: of `asked` it may hold for `held`.
 * Some tens of microseconds for each condition over events. Engine thread, on a view as of now. */
struct predicate_cost {
    u64 events, indexed, work;
    u64 asked, held;
};
void predicate_cost(const struct predicate *p, const struct batch_subject *all, persona end,
                    i64 now, struct predicate_cost *out);

/* ---- who did any of it ---- */

/* Whether all it asks of events is false of who has none of certain events, which come with a
 * change of the customer (those of clients): then nobody else need be read. */
bool predicate_stirs(const struct predicate *p);
/* Of such a predicate: who is whose among those with any of its events, at any time; and bit
 * (persona - from) for every head in [from, to) that has some. False: cancelled. */
struct event_crowd *predicate_stirring(const struct predicate *p, const struct batch_subject *all);
bool predicate_stirred(const struct predicate *p, const struct batch_subject *all, persona from,
                       persona to, u64 *bits);
/* Of who has none, whose kept state is nothing: is its answer sure by that alone, and which? */
bool predicate_of_nothing(const struct predicate *p, bool *holds);

/* The condition as JSON text again (canonical), for showing and for the digest of configuration;
 * compiled in the same place and zone it gives the same bytes. */
void predicate_json(const struct predicate *p, struct names *names, struct buf *out);
