/* batch_cost.c — what asking everybody would look at, told by directories and a few customers.
 *
 *   1,024 customers, in runs of 64 ─► the tree, as batch.c goes through it: parts that cost next to
 *   nothing are asked of them; a part over events is not asked but told by directories, times the
 *   share of those who are still open
 *
 * Whom a part over events would leave is not known: all who were open, so the figures are at most
 * what they say, but for the luck of the draw. Scores and what is asked of other modules are told
 * as if they read nothing. */
#include "event/estimate.h"
#include "predicate/batch.h"

#include <stdlib.h>

enum {
    RUNS = 16,
    RUN = 64,          /* one word of a set */
    FEW_SHARE = 4,     /* more than one of so many open: all rows are unpacked (scan_few.c) */
    MANY = 1024,       /* fewer than one of so many: looked up customer by customer */
    WEIGHT_TELL = 8,   /* a row whose fields go through the tally, in rows of a plain scan */
    WEIGHT_HERS = 40,  /* a row looked up through an iterator */
    WEIGHT_INDEX = 16, /* rows counted by an index in the time of one scanned */
};

struct costing {
    struct asking of[RUNS];
    u32 runs;
    const struct batch_subject *all;
    i64 now;
    u64 everybody; /* of the runs */
    bool is_draw;  /* there are others: that none was met does not say that there is none */
    persona end;
    struct predicate_cost *out;
};

/* One set of each run. */
struct sets {
    u64 of[RUNS];
};

/* How many; of none in a draw it is taken for one. */
static u64 size_of(const struct costing *k, const struct sets *s)
{
    u64 n = 0;
    for (u32 i = 0; i < k->runs; i++) n += bits_count(s->of[i]);
    return n == 0 && k->is_draw ? 1 : n;
}

/* A share of a figure. */
static u64 shared(const struct costing *k, u64 rows, u64 open)
{
    return k->everybody ? (u64)((u128)rows * open / k->everybody) : 0;
}

static void add(struct costing *k, u64 rows, u64 weight)
{
    k->out->events += rows;
    k->out->work += rows * weight;
}

/* ---- a leaf over events ---- */

/* Where more than few are open, all rows of a block are unpacked. */
static u64 unpacked(const struct costing *k, u64 rows, u64 open)
{
    return open * FEW_SHARE <= k->everybody ? shared(k, rows, open) : rows;
}

static bool is_few(const struct costing *k, u64 open)
{
    return open * MANY < k->everybody;
}

static void cost_plain(struct costing *k, const struct did *d, u64 open)
{
    i64 from, to;
    batch_plain_span(d, k->now, &from, &to);
    struct event_estimate e =
        event_estimate_count(k->all->events, d->filter.event, from, to, ESTIMATE_BLOCKS);
    bool counts = e.indexed && batch_may_count(d) &&
                  batch_counts(e.indexed + e.scanned, shared(k, k->end, open), k->end);
    if (is_few(k, open)) {
        add(k, shared(k, e.by_scan, open), WEIGHT_HERS);
    } else if (!counts) {
        add(k, unpacked(k, e.by_scan, open), 1);
    } else {
        add(k, e.scanned, 1);
        k->out->events += e.indexed;
        k->out->indexed += e.indexed;
        k->out->work += e.indexed / WEIGHT_INDEX;
    }
}

static void cost_leaf(struct costing *k, const struct leaf *leaf, u64 open)
{
    bool tells = batch_tells(leaf);
    i64 from = INT64_MIN, to = k->now == NEVER ? NEVER : k->now + 1;
    u32 *marks = tells ? mem_zalloc((NAMES_MAX + 1) * sizeof *marks) : NULL;
    if (tells) {
        batch_tell_marks(leaf, marks);
        batch_tell_span(leaf, k->now, &from, &to);
    }
    u64 rows = event_estimate_scan(k->all->events, marks, from, to, ESTIMATE_BLOCKS);
    if (!tells || is_few(k, open))
        add(k, shared(k, rows, open), WEIGHT_HERS);
    else
        add(k, unpacked(k, rows, open), WEIGHT_TELL);
    free(marks);
}

/* ---- the tree ---- */

static bool is_cheap(node_kind kind)
{
    return kind == NODE_FIELD || kind == NODE_ITEM || kind == NODE_TAG || kind == NODE_CONSENT ||
           kind == NODE_SEGMENT || kind == NODE_STAGE || kind == NODE_DATE;
}

/* For whom of `in` a part may hold, and for whom it may not: of what is not asked, both are all. */
struct outcome {
    struct sets holds, fails;
};

static struct outcome cost_node(struct costing *k, const struct node *n, const struct sets *in);

static struct outcome cost_parts(struct costing *k, const struct node *n, const struct sets *in)
{
    struct outcome o = {.holds = *in};
    bool all = n->kind == NODE_ALL;
    if (!all) o = (struct outcome){.fails = *in};
    struct sets *left = all ? &o.holds : &o.fails, *out = all ? &o.fails : &o.holds;
    for (u32 i = 0; i < n->count && size_of(k, left); i++) {
        struct outcome one = cost_node(k, n->cheapest[i], left);
        *left = all ? one.holds : one.fails;
        for (u32 r = 0; r < k->runs; r++) out->of[r] |= all ? one.fails.of[r] : one.holds.of[r];
    }
    return o;
}

static struct outcome cost_asked(struct costing *k, const struct node *n, const struct sets *in)
{
    struct outcome o = {0};
    for (u32 r = 0; r < k->runs; r++) {
        batch_ask(&k->of[r], n, &in->of[r], &o.holds.of[r]);
        o.fails.of[r] = in->of[r] & ~o.holds.of[r];
    }
    return o;
}

static struct outcome cost_node(struct costing *k, const struct node *n, const struct sets *in)
{
    struct outcome o = {*in, *in};
    switch (n->kind) {
    case NODE_ALL:
    case NODE_ANY: return cost_parts(k, n, in);
    case NODE_NOT: o = cost_node(k, n->children[0], in); return (struct outcome){o.fails, o.holds};
    case NODE_DID:
    case NODE_SEQUENCE:
    case NODE_FORMULA:
    case NODE_MESSAGES:
        if (!k->all->events) return o;
        if (batch_is_plain(n->leaf))
            cost_plain(k, n->leaf->did, size_of(k, in));
        else
            cost_leaf(k, n->leaf, size_of(k, in));
        return o;
    default: return is_cheap(n->kind) ? cost_asked(k, n, in) : o;
    }
}

/* ---- everybody ---- */

static void open_runs(struct costing *k, const struct predicate *p, struct sets *everybody)
{
    persona words = (k->end + RUN - 1) / RUN;
    k->runs = min_u32(RUNS, words);
    for (u32 i = 0; i < k->runs; i++) {
        persona from = (persona)((u64)words * i / k->runs) * RUN;
        k->of[i] = (struct asking){
            .p = p, .all = k->all, .from = from, .to = min_u32(k->end, from + RUN), .now = k->now};
        batch_open(&k->of[i]);
        everybody->of[i] = k->of[i].everybody[0];
    }
    k->everybody = size_of(k, everybody);
    k->is_draw = words > RUNS && k->everybody;
}

void predicate_cost(const struct predicate *p, const struct batch_subject *all, persona end,
                    i64 now, struct predicate_cost *out)
{
    struct costing *k = mem_zalloc(sizeof *k);
    struct sets everybody = {0};
    *out = (struct predicate_cost){0};
    k->all = all, k->now = now, k->end = end, k->out = out;
    open_runs(k, p, &everybody);
    struct outcome o = cost_node(k, p->root, &everybody);
    out->held = size_of(k, &o.holds);
    out->asked = k->everybody;
    for (u32 i = 0; i < k->runs; i++) batch_close(&k->of[i]);
    free(k);
}
