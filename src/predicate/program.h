/* program.h — what the files of `predicate` share: the bytes of a program and the tree they load
 * into.
 *
 *   compile*.c  JSON → bytes          compare.c  constants, order, patterns    tally.c  her events
 *   load.c      bytes → tree          field.c    values behind a path, where   date.c   calendar
 * days json.c      tree → JSON           eval.c     trees, answers and `until`    live.c   kept
 * state
 *
 *   program  u8 version, u8 place, tree
 *   tree     node… END                       postfix: an operator follows its operands
 *   node     u8 kind, then
 *     ALL ANY      varint operands
 *     NOT          nothing
 *     FIELD        path, test                an attribute; in a where: a property; in an item: a
 * member ITEM         path, tree                some member of a list satisfies TRIGGER      tree
 * on the properties of the triggering event TAG          varint code, u8 subtree, text CONSENT
 * varint channel, varint topic, u8 state REACHABLE    varint channel SEGMENT      varint code STAGE
 * varint list, u8 "in" was written SCORE        varint score, test MESSAGE STEP varint step, u8
 * status DATE         path, zigzag from, zigzag to (days), u8 flags, varint timezone attribute,
 * text zone DID          filter, window, u8 measure, path (not COUNT), test SEQUENCE     varint
 * steps, filter…, zigzag span (0: any), window TASK varint step, text outcome FORMULA text, varint
 * functions, {u8 kind, varint event, u8 has, [path]}…, varint steps, {u8 kind, [operand]}… MESSAGES
 * text journey, text template, text channel, u8 status, window, test filter   varint event (0: any
 * of a client's), u8 flags, [codes of orders], [tree], [path] window   u8 kind, WITHIN: zigzag ms;
 * MONTHS: varint n; BETWEEN: zigzag from, to, text, text; u8 since, STEP: varint code; u8
 * since_last, [filter] path     text, varint code of the whole, varint code of what stands before
 * the first dot test     u8 op, varint constants, constant… constant value bytes; of a DATE or TIME
 * also zigzag day, from_ms, to_ms: its day in the workspace's zone, so that comparing needs no zone
 */
#pragma once
#include "event/scan.h"
#include "predicate/orders.h"
#include "predicate/predicate.h"

enum {
    PROGRAM_VERSION = 1,
    CONSTANTS_MAX = 1000,
    CONSTANT_BYTES_MAX = 1024,
    STEPS_MAX = 16,     /* of a sequence */
    PATH_PARTS_MAX = 8, /* names between dots */
    KEPT_TIMES_MAX = 3, /* latest times that fit a leaf's state */
    COUNT_MAX = 1000000000,
    LIVE_COST_MAX = 96, /* beyond it a predicate is class (c); see live.c */
    NESTING_MAX = 3,    /* an item's tree in an event's tree in the main one */
};

#define SESSION_GAP (30 * MINUTE)

#define DECIMAL_ONE ((decimal)1000000000000)
#define DECIMAL_MAX ((decimal)(((u128)1 << 127) - 1))

typedef enum {
    NODE_END,
    NODE_ALL,
    NODE_ANY,
    NODE_NOT,
    NODE_FIELD,
    NODE_ITEM,
    NODE_TRIGGER,
    NODE_TAG,
    NODE_CONSENT,
    NODE_REACHABLE,
    NODE_SEGMENT,
    NODE_STAGE,
    NODE_SCORE,
    NODE_MESSAGE,
    NODE_STEP,
    NODE_DATE,
    NODE_DID,
    NODE_SEQUENCE,
    NODE_TASK,
    NODE_FORMULA,
    NODE_MESSAGES,
    NODE_KIND_COUNT
} node_kind;

/* Readers of the attributes a predicate asks of many customers. */
struct columns {
    u32 count;
    const u32 *codes; /* ascending */
    struct attribute_reader **readers;
};

/* What the fields of a tree's conditions belong to: a customer, an event, a member of a list. */
typedef enum { TREE_MAIN, TREE_WHERE, TREE_ITEM } tree_kind;

struct path {
    str text;
    u32 whole, head; /* codes; 0: has none */
};

struct constant {
    value v;
    bool is_number;
    decimal number;
    i64 day, from_ms, to_ms; /* DATE, TIME: its day in the workspace's zone is [from_ms, to_ms) */
};

struct test {
    predicate_op op;
    u32 count;
    const struct constant *constants;
};

enum { FILTER_WHERE = 1, FILTER_MATCH = 2, FILTER_NET = 4 };
struct filter {
    u32 event;
    const struct node *where; /* or NULL */
    bool has_match, net;      /* net: of a did on Order Completed */
    struct path match;
    struct order_names orders;
    str bytes; /* as compiled: what makes two filters the same */
};

typedef enum {
    WINDOW_EVER,
    WINDOW_WITHIN,
    WINDOW_MONTHS,
    WINDOW_SESSION,
    WINDOW_BETWEEN
} window_kind;
typedef enum { SINCE_NONE, SINCE_SCOPE, SINCE_STEP } since_kind;
struct window {
    window_kind kind;
    since_kind since;
    i64 ms;       /* WITHIN */
    u32 months;   /* MONTHS */
    i64 from, to; /* BETWEEN: [from, to) */
    str from_text, to_text;
    u32 since_step;
    bool has_since_last;
    struct filter since_last;
};

#define MEASURE_LIST(X)                                                                            \
    X(COUNT, "count")                                                                              \
    X(SUM, "sum")                                                                                  \
    X(MIN, "min")                                                                                  \
    X(MAX, "max")                                                                                  \
    X(AVG, "avg")                                                                                  \
    X(DISTINCT, "distinct")                                                                        \
    X(FIRST, "first")                                                                              \
    X(LAST, "last")
typedef enum {
#define X(name, text) MEASURE_##name,
    MEASURE_LIST(X)
#undef X
        MEASURE_KIND_COUNT
} measure_kind;

struct did {
    struct filter filter;
    struct window window;
    measure_kind measure;
    bool has_path; /* COUNT may have none */
    struct path path;
    struct test test;
    u32 saturation; /* COUNT: from this many on every count answers the same */
};

struct sequence {
    u32 count;
    const struct filter *steps;
    i64 span_ms; /* last − first is below; 0: however long */
    struct window window;
};

/* Her messages that reached a status. */
struct asked_messages {
    str journey, template, channel; /* empty: any */
    u8 status;                      /* ASKED_* */
    struct did count;               /* its window and test alone */
};

/* How a leaf over events is kept, if it is. */
typedef enum {
    KEPT_NOT,
    KEPT_TIMES,
    KEPT_COUNT,
    KEPT_SUM,
    KEPT_MIN,
    KEPT_MAX,
    KEPT_FIRST,
    KEPT_LAST
} kept_kind;

/* A leaf over events: `slot` is its place among the tallies of an evaluation. */
struct leaf {
    const struct did *did; /* one of the four */
    const struct sequence *sequence;
    const struct formula *formula;
    const struct asked_messages *messages;
    const struct window *window;
    u32 slot;
    kept_kind kept;
    u32 words, kept_index;
    hash128 key;
};

enum {
    DATE_ANNIVERSARY = 1,
    DATE_LEAP_MARCH = 2,
    DATE_CUSTOMER_ZONE = 4,
    DATE_NAMED_ZONE = 8,
    DATE_RANGE = 16,
    DATE_LUNAR = 32 /* with ANNIVERSARY: month and day of the Chinese calendar */
};
struct date {
    struct path path;
    i32 from, to; /* days: field − today within [from, to] */
    u8 flags;
    u32 zone_attribute;
    str zone;
};

struct node {
    node_kind kind;
    u8 cost, depth, state;
    u32 count;                    /* ALL, ANY, NOT */
    const struct node **children; /* as written… */
    const struct node **cheapest; /* …and in the order in which they are asked */
    u32 code, code2;
    str text;
    struct path path;
    struct test test;
    const struct node *tree; /* ITEM, TRIGGER */
    const struct date *date;
    struct leaf *leaf;
};

struct predicate {
    predicate_place place;
    const struct node *root;
    u32 leaf_count, kept_count;
    const struct order_names *net; /* of its conditions on orders; NULL: it has none */
    struct leaf **leaves;          /* in program order… */
    struct leaf **kept;            /* …and those with kept state */
    predicate_class live;
    str reason;
    struct predicate_inputs inputs;
};

/* ---- compare.c ---- */

/* Whether a value is a number, and which: decimals past the twelfth are rounded half away from
 * zero, what does not fit is the largest. */
bool decimal_of(value v, decimal *out);
decimal decimal_add(decimal a, decimal b); /* saturates */
/* The order of a value against a constant; false when the two do not compare. */
bool compare_value(value v, const struct constant *c, int *order);
/* Whether the test holds for a value; MISSING and NULL satisfy `missing` alone. */
bool test_value(const struct test *t, value v);
/* For numeric tests: sum ÷ n, without dividing. n ≥ 1. */
bool test_ratio(const struct test *t, decimal sum, u64 n);
bool test_count(const struct test *t, u64 n);
/* `*` is any text, `?` one character, `\` takes the next literally. O(text × pattern). */
bool pattern_matches(str text, str pattern);

/* ---- field.c ---- */

/* A row of a scan: an event whose fields are in columns, those of SCAN_NUMBER. */
struct told {
    const struct scan_batch *batch;
    const struct scan_property *properties;
    u32 property_count, row;
};

typedef enum { SCOPE_CUSTOMER, SCOPE_EVENT, SCOPE_TOLD, SCOPE_ITEM } scope_kind;
struct scope {
    scope_kind kind;
    const struct subject *who; /* CUSTOMER */
    str props;                 /* EVENT */
    const struct told *told;   /* TOLD */
    value item;                /* ITEM */
};
value field_of(const struct scope *s, const struct path *path);
value property_of(const struct scope *s, u32 code); /* EVENT, TOLD */
/* A value as text, the same for 7, 7.0 and "7"; false for what has none. */
bool value_as_text(value v, char room[48], str *out);
/* Trees of FIELD, ITEM, ALL, ANY and NOT. */
bool where_holds(const struct node *n, const struct scope *s);
bool filter_takes(const struct filter *f, const struct event *ev, const struct subject *who);
/* The same for an event whose fields are in `s`. */
bool filter_takes_in(const struct filter *f, const struct event *ev, const struct subject *who,
                     const struct scope *s);

/* ---- tally.c ---- */

struct evaluation {
    const struct predicate *p;
    const struct subject *who;
    i64 now;
    const u64 *(*state)(void *ctx, u32 leaf); /* NULL: no leaf is kept */
    void *ctx;
    answer *answers;             /* per leaf, once the pass over her events was made */
    const struct orders *orders; /* once they were folded, for leaves that are net */
    bool holds_only;             /* `until` is not asked for */
    struct told *told;           /* the events are rows of a scan, this one of them; or NULL */
};
/* The answer of a leaf that is not kept; the first call makes the one pass over her events that
 * answers all of them. */
answer tally_answer(struct evaluation *e, const struct leaf *leaf);
/* The same from rows [from, to) of e->told: those of her events that the leaf reads, in timeline
 * order. Not for leaves over sessions, since something, with `match` or net. */
bool tally_told(struct evaluation *e, const struct leaf *leaf, u32 from, u32 to);
/* Holds while more than … of `count` latest expiries are ahead; `expiries` ascend, all > now. */
answer count_answer(const struct did *d, const i64 *expiries, u64 stored, u64 count);
/* Whether a system event's code says that a message reached the status (ASKED_*). What happened
 * counts: a message that bounced later was sent. */
bool message_event_says(u32 event, u32 status);
/* No event before it is in a window of MONTHS, whatever the zone. */
i64 window_months_from(const struct window *w, i64 now);
/* When an event leaves the window; NEVER if it does not. */
i64 window_expiry(const struct window *w, const struct zone *zone, i64 t);

/* ---- eval.c, date.c, live.c, load.c ---- */

answer eval_root(struct evaluation *e);
answer eval_node(struct evaluation *e, const struct node *n); /* of a part of its tree */
/* A part of a tree on a customer as JSON text. */
void part_json(const struct node *n, struct names *names, struct buf *out);
answer date_answer(const struct date *d, const struct subject *who, i64 now);
answer kept_answer(const struct did *d, const struct leaf *leaf, const u64 *state, i64 now);
/* Chooses how each leaf is kept and the predicate's class; `arena` for the reason. */
void live_classify(struct predicate *p, struct arena *arena);

/* How an operator, a measure, a status or a result is written; 0 and empty when unknown. */
str op_text(predicate_op op);
predicate_op op_of(str text);
str measure_text(measure_kind m);
str status_text(u32 status);
u32 status_of(str text);
str result_text(u32 result);
u32 result_of(str text);
