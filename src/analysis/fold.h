/* fold.h — what the questions share: the plan of a request, a batch of timelines, the fold.
 *
 *   feed ─batch─► add(state) ─┐
 *   feed ─batch─► add(state) ─┴ merge ─► finish(state) ─► JSON
 *
 * A batch holds whole customers; all arrays of events are in timeline order within a customer. The
 * request's filters were asked before: bit f of `hits` says that filter f takes the event. So a
 * fold knows no names and no conditions. A state is one thread's; any split of the customers into
 * states, merged in any order, finishes as one state would. */
#pragma once
#include "analysis/analysis.h"
#include "analysis/calendar.h"
#include "analysis/numbers.h"
#include "event/scan.h"
#include "predicate/program.h"

#define HIT_ANY (1u << 31)    /* an event of a client */
#define HIT_AMOUNT (1u << 30) /* it has an amount */

enum { FILTER_NONE = 255 };

struct timelines {
    u32 customers;
    const persona *head;
    const u32 *start; /* customers + 1 places in the arrays below */
    const i64 *at;    /* NULL: packed; only if the plan takes them so */
    const u32 *hits;  /* NULL: kind_hits[kind[i]]; only if the plan takes them so */
    const struct packed_times *packed;
    const u8 *kind;
    const u32 *kind_hits;
    u32 kinds;
    u32 always;            /* bits that all of them have: not worth asking */
    const u32 *code;       /* NULL unless the plan wants it */
    const u32 *source;     /* NULL unless the plan wants it */
    const decimal *amount; /* 0 where there is none; NULL: the plan wants none */
    const str *props;      /* NULL: the plan wants none */
};

/* The group of `by` in which a cell is drilled. */
typedef enum { IN_ALL, IN_VALUE, IN_MISSING, IN_REST } drilled_group;

typedef enum { BY_NOTHING, BY_ATTRIBUTE, BY_TAG, BY_STAGE, BY_PROPERTY, BY_SOURCE } by_kind;

struct by {
    by_kind kind;
    struct path path; /* ATTRIBUTE, PROPERTY */
    str text;         /* TAG: the tree, empty: all; STAGE: the model */
    u32 limit;
};

static inline i64 timeline_at(const struct timelines *b, u32 i)
{
    return b->at ? b->at[i] : packed_time(b->packed, i);
}
static inline u32 timeline_hits(const struct timelines *b, u32 i)
{
    return b->hits ? b->hits[i] : b->kind_hits[b->kind[i]];
}

struct plan {
    const struct analysis *what;
    struct arena *arena;
    const struct json *body;
    struct predicate *who;       /* NULL: everybody */
    const struct json *who_json; /* as it was written */
    i64 from, to;                /* events in [from, to) */
    i64 since;                   /* what is read begins here: ≤ from; orders look further back */
    i64 reach;                   /* what is read ends here: ≥ to; retention looks beyond */
    i64 as_of;
    const struct zone *zone;
    const struct calendar *days; /* of `zone` */
    struct by by;
    str item; /* by {"item"}: a member of an order's products; the question's own to tell apart */
    u32 filter_count;
    const struct filter *filters[ANALYSIS_FILTERS_MAX];
    const struct json *filter_json[ANALYSIS_FILTERS_MAX];
    bool any;        /* every event of a client is wanted, whatever the filters say */
    bool has_amount; /* of events that a filter takes */
    struct path amount;
    bool orders; /* the amount is what an order says: total, revenue, Σ products */
    struct order_names order_names;
    bool props, codes, source; /* batch.props, batch.code, batch.source are wanted */
    u32 property_count;        /* …props has these and what the filters look at */
    u32 properties[SCAN_PROPERTIES_MAX];
    bool packed_times, kinds; /* of a batch added whole: times and hits as they lie are welcome */
    u32 anchor;               /* the hits of events by which `by` a property or the source goes */
    struct names *names;
    const void *args;         /* the question's own */
    struct plan *other;       /* to compare with; or NULL */
    bool estimate;            /* only what it would cost is asked for */
    const struct json *drill; /* the cell asked for, or NULL */
    drilled_group drill_in;
    str drill_value;         /* IN_VALUE */
    struct plan *grouped_by; /* the compared side IN_REST: the values shown are this side's… */
    bool only_values;        /* …which is asked for nothing else */
    const void *cell;        /* the question's reading of it */
};

/* One customer without her events, for questions about who they are. */
struct person {
    persona head;
    bool is_in; /* the predicate holds; only of a plan that wants everybody */
    const struct analysis_source *source;
    i64 as_of;
};

/* Reads a request; see request.c. */
struct ask {
    const struct analysis_context *cx;
    struct plan *plan;
    const struct json *body; /* where members are looked up… */
    str at;                  /* …and its JSON pointer */
    struct diag *why;
};

struct analysis {
    str name;
    const char *keys; /* members beside the common ones, between single spaces */
    err (*parse)(struct ask *a);
    size_t state_size; /* struct state: begins with const struct plan *, and its args */
    void (*open)(void *state, const struct plan *p);       /* the rest is zeros; may be NULL */
    void (*add)(void *state, const struct timelines *b);   /* may be NULL */
    void (*person)(void *state, const struct person *who); /* may be NULL */
    bool by_item;                                          /* takes by {"item"} */
    bool everybody; /* `person` is also called for whom the predicate leaves out */
    void (*merge)(void *state, void *other); /* takes what it likes of `other` */
    err (*finish)(void *state, struct buf *out, struct diag *why); /* members, once */
    void (*close)(void *state); /* frees what it holds, not itself; may be NULL */
    /* Of a state that was merged: whose ids it wants, and where they go. May be NULL. */
    bool (*wants_ids)(void *state, const persona **heads, u32 *count, str **texts);
    /* Drilling: the members a cell has, its reading, and whether a state to which one customer was
     * added counts her there. A question of whole populations has `pick` instead. */
    const char *cell_keys;
    err (*cell)(struct ask *a);
    void (*reset)(void *state);
    bool (*counts)(const void *state);
    void (*pick)(void *state, u64 *bits);
    /* The cell as a predicate, beside the request's own; false: it cannot be said. May be NULL. */
    bool (*says)(const struct plan *p, struct buf *out);
};

/* clock_units and clock_week_hours of a batch's events, from its first one on. */
const i32 *fold_units(struct clock *k, const struct timelines *b);
const i32 *fold_week_hours(struct clock *k, const struct timelines *b);

/* A state of this question: zeros, its plan and args, then `open`; and its end. */
void *fold_begin(const struct plan *p);
void fold_end(const struct analysis *what, void *state);

extern const struct analysis TREND, HEATMAP, FUNNEL, PATH, INTERVAL, RETENTION, ORDERS, RETURNS,
    RFM, REPURCHASE, LIFECYCLE, ATTRIBUTION, PROFILE, SOURCES;

/* ---- request.c, for parse and cell ---- */

#define REFUSE_AT(a, member, ...) refuse_at(a, member, __VA_ARGS__)
err refuse_at(struct ask *a, const char *member, const char *format, ...) PRINTF_LIKE(3, 4);
/* Refuses members that are not among `keys`, or are there twice. */
MUST_USE err ask_only(struct ask *a, const char *keys);
MUST_USE err ask_text(struct ask *a, const char *member, str otherwise, str *out);
/* One of `words` (between single spaces): its number from 0. */
MUST_USE err ask_word(struct ask *a, const char *member, const char *words, u32 otherwise,
                      u32 *out);
MUST_USE err ask_number(struct ask *a, const char *member, i64 from, i64 to, i64 otherwise,
                        i64 *out);
/* An exact duration; `otherwise` if it is not there. */
MUST_USE err ask_duration(struct ask *a, const char *member, i64 otherwise, i64 *ms);
MUST_USE err ask_moment(struct ask *a, const char *member, i64 otherwise, i64 *ms);
MUST_USE err ask_flag(struct ask *a, const char *member, bool *out);
/* The path of a property; false in `has` if the member is not there. */
MUST_USE err ask_path(struct ask *a, const char *member, str otherwise, bool *has,
                      struct path *out);
/* An element of a list, or a member: reads {did, where?} into the next filter. */
MUST_USE err ask_filter(struct ask *a, const struct json *j, str at, u32 *filter);
/* The member as a filter; FILTER_NONE if it is not there. */
MUST_USE err ask_event(struct ask *a, const char *member, u32 *filter);
/* The members `event` (a name; "*": any of a client's) and `where` as one filter. */
MUST_USE err ask_did(struct ask *a, str otherwise, u32 *filter);
/* An ask for what stands behind a member or element. */
/* Wants the amount of an order (total, revenue, Σ of its products) unless a property is asked for.
 */
MUST_USE err ask_orders(struct ask *a);
/* The plan wants this property in batch.props. */
MUST_USE err ask_property(struct ask *a, u32 code);
struct ask ask_inside(const struct ask *a, const struct json *j, str at);
str ask_at(const struct ask *a, const char *member);
str ask_at_index(const struct ask *a, str at, u32 i);
void *ask_room(struct ask *a, size_t size);

/* The lists of who is at a stage of a model, and the stages' names; returns how many. */
u32 stage_lists(struct names *names, str model, struct arena *arena, u32 **codes, str **texts);

/* ---- for finish ---- */

void put_ratio(struct buf *b, str key, u64 part, u64 whole); /* 0 of nothing */
void put_seconds(struct buf *b, str key, u64 ms);
void put_decimal(struct buf *b, str key, decimal d);
void put_moment(struct buf *b, str key, i64 ms);
/* {"did":…,"where":…,"between":[from,to]} as a drilled cell's predicate; false: it cannot be said
 * exactly. */
bool say_did(const struct plan *p, u32 filter, i64 from, i64 to, struct buf *out);
/* "30d": the duration as one would write it. */
str duration_text(i64 ms, char room[24]);
