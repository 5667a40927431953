/* analysis.h — questions about what customers did: trend, funnel, retention… as folds.
 *
 *   request (JSON) ─analysis_compile─► plan ─┬─ who: the predicate, block by block
 *     └─ diag: where and what                ├─ groups: which values `by` has
 *                                            └─ fold: each customer's timeline, add
 *                                                     ─► merge ─► finish ─► answer (JSON)
 *
 * A run reads one epoch, which the caller has pinned. It is cut into pieces that any threads may
 * work off at the same time; nothing here starts one, and nothing here looks at the clock. What
 * each question means exactly is in docs/analyses.md; files with the name of a question hold it. */
#pragma once
#include "predicate/predicate.h"

#include <stdatomic.h>

enum {
    ANALYSIS_FILTERS_MAX = 24, /* events a request may name */
    ANALYSIS_GROUPS_MAX = 50,  /* values of `by` that are shown apart; the rest is "other" */
    ANALYSIS_WORKERS_MAX = 16,
    ANALYSIS_SAMPLE = 10,
};

/* Compile-time knowledge; engine thread. */
struct analysis_context {
    struct names *names;
    const struct customers *customers;
    const struct zone *zone; /* the workspace's; NULL: UTC */
    /* A zone by its IANA name; false: there is none. */
    bool (*zone_of)(void *ctx, str name, const struct zone **out);
    bool (*known)(void *ctx, const char *kind, str id); /* as of struct predicate_context */
    void *ctx;
    i64 now;
};

struct plan;

/* The questions there are, by name; an empty text ends them. */
str analysis_name(u32 i);

/* Reads a request. The plan lives in `arena` and keeps views into `body`. ERR_NOT_FOUND: no such
 * question; ERR_REFUSED with a JSON pointer; ERR_LIMIT. */
MUST_USE err analysis_compile(str name, const struct json *body, const struct analysis_context *cx,
                              struct arena *arena, struct plan **out, struct diag *why);

/* What a run reads. */
struct analysis_source {
    struct customer_view view;
    const struct event_view *events;
    persona end;                     /* personas are below it */
    const struct zone *zone;         /* the workspace's */
    const struct resolver *resolver; /* of segments, scores…; for any thread */
    struct names *names;
    const persona *heads; /* of personas below heads_end, as of the view; NULL: rows are asked */
    persona heads_end;
    struct event_stayed *stayed; /* event/scan.h's, of `heads`; may be NULL */
    const atomic_bool *gone;     /* as analysis_cancel, once it is true; may be NULL */
};

/* What a run would look at, told without reading it: events at most, but for a draw of some hundred
 * customers by which a predicate's share is told; of them those counted by an index; and the work
 * of it all in events of a plain scan, by which runs of one kind take their time. Below a
 * millisecond. Engine thread, on a view as of now. */
struct analysis_cost {
    u64 events, indexed, work;
    u32 kind; /* what is asked and how: below ANALYSIS_KINDS */
};
enum { ANALYSIS_KINDS = 64 };
void analysis_cost(const struct plan *p, const struct analysis_source *source,
                   struct analysis_cost *out);
/* The request says that it wants only that. */
bool analysis_estimates(const struct plan *p);

struct analysis_run;

/* Begins; `workers` threads at most will work on it. */
struct analysis_run *analysis_begin(struct plan *p, const struct analysis_source *source,
                                    u32 workers);
/* Pieces of the next phase; 0: the run is done. Once all of a phase's pieces were worked off. */
u32 analysis_pieces(struct analysis_run *r);
/* Works off one piece; pieces of a phase may run at the same time, with different workers. */
void analysis_piece(struct analysis_run *r, u32 piece, u32 worker);
/* Any thread: pieces end soon, and the answer is refused. */
void analysis_cancel(struct analysis_run *r);
/* Of a hundred: how far it is. Any thread. */
u32 analysis_progress(const struct analysis_run *r);

/* Writes the members of the answer, without the braces and took_ms. ERR_LIMIT: too many groups,
 * paths, values…, with the reason; ERR_BUSY: cancelled. */
MUST_USE err analysis_answer(struct analysis_run *r, struct buf *out, struct diag *why);

/* Of a request with `drill`: the customers behind that number. */
bool analysis_drills(const struct plan *p);
u64 analysis_count(const struct analysis_run *r);
bool analysis_picked(const struct analysis_run *r, persona head);
/* The same as a predicate's JSON, if it can be said so; empty: it cannot. */
str analysis_predicate(const struct analysis_run *r);
/* Of a question that splits ties by id: the i-th list of customers whose id it asks for, and where
 * the answers go; false: there is none. The texts must last until analysis_end. */
bool analysis_wants_ids(const struct analysis_run *r, u32 i, const persona **heads, u32 *count,
                        str **texts);
void analysis_end(struct analysis_run *r);
