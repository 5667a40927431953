/* batch_did.c — how often, or how much in all, each of many customers did something: one scan over
 * the events of those who are open. What takes more than times and a number is batch_tell.c's. */
#include "event/count.h"
#include "event/pack.h"
#include "log/events.h"
#include "predicate/batch.h"

#include <stdlib.h>

enum {
    MANY = 1024,       /* one customer in so many, or more, is worth a scan */
    ROWS_FOR_ONE = 48, /* of an index are looked at in the time that a scan takes for one of few… */
    ROWS_FOR_ALL = 8, /* …and for the events of one of many */
};

/* Plain enough to be told from times and one number: a count, a sum or an average of whole events
 * in a window that does not hang on anything else. */
bool batch_is_plain(const struct leaf *leaf)
{
    const struct did *d = leaf->did;
    if (!d || !d->filter.event || d->filter.where || d->filter.has_match || d->filter.net)
        return false;
    if (d->window.since != SINCE_NONE || d->window.has_since_last) return false;
    if (d->window.kind == WINDOW_SESSION || d->window.kind == WINDOW_MONTHS) return false;
    if (d->measure == MEASURE_COUNT) return !d->has_path;
    return (d->measure == MEASURE_SUM || d->measure == MEASURE_AVG) && d->path.whole &&
           !d->path.head;
}

/* Events that count occurred in [from, to). */
void batch_plain_span(const struct did *d, i64 now, i64 *from, i64 *to)
{
    *from = INT64_MIN;
    *to = now == NEVER ? NEVER : now + 1;
    if (d->window.kind == WINDOW_WITHIN) *from = now - d->window.ms + 1;
    if (d->window.kind == WINDOW_BETWEEN) {
        *from = d->window.from;
        *to = min_i64(*to, d->window.to);
    }
}

bool batch_scans(const struct asking *b, const struct leaf *leaf, u64 open)
{
    return b->all->crowd && open * MANY > b->to - b->from &&
           (batch_is_plain(leaf) || batch_tells(leaf));
}

/* The set as one that begins at a customer whose number 64 divides. */
static u64 *aligned(const struct asking *b, const u64 *in)
{
    u64 *who = arena_zalloc(b->sets, (b->words + 1) * sizeof *who);
    u32 shift = b->from % 64;
    for (u32 w = 0; w < b->words; w++) {
        who[w] |= in[w] << shift;
        if (shift) who[w + 1] |= in[w] >> (64 - shift);
    }
    return who;
}

/* Sums as the tally of a single customer does: values that are no numbers do not count. */
static bool sum_holds(const struct did *d, const struct scan_column *c, u32 from, u32 to)
{
    decimal sum = 0, number;
    u64 n = 0;
    for (u32 i = from; i < to; i++) {
        if (c->valid[i] == SCAN_IS_NUMBER)
            number = (decimal)c->number[i] * (DECIMAL_ONE / FIXED_ONE);
        else if (c->valid[i] != SCAN_IS_OTHER || !decimal_of(c->value[i], &number))
            continue;
        sum = decimal_add(sum, number);
        n++;
    }
    return n && test_ratio(&d->test, sum, d->measure == MEASURE_AVG ? n : 1);
}

static void take_batch(const struct asking *b, const struct did *d, const struct scan_batch *s,
                       u64 *out)
{
    for (u32 c = 0; c < s->customers; c++) {
        u32 from = s->start[c], to = s->start[c + 1];
        bool holds = d->measure == MEASURE_COUNT ? test_count(&d->test, to - from)
                                                 : sum_holds(d, &s->columns[0], from, to);
        persona at = s->head[c] - b->from;
        out[at / 64] |= (u64)holds << at % 64;
    }
}

/* ---- by the index ---- */

bool batch_may_count(const struct did *d)
{
    return d->measure == MEASURE_COUNT && d->saturation <= EVENT_COUNT_MAX;
}

bool batch_counts(u64 rows, u64 open, u64 n)
{
    return rows < open * ROWS_FOR_ONE && rows < n * ROWS_FOR_ALL;
}

/* Whether counting by the index is cheaper than a scan of those who are open. */
static bool is_counted(const struct asking *b, const struct did *d, const struct scan_want *want,
                       u64 open)
{
    if (!batch_may_count(d)) return false;
    u64 rows = event_count_rows(b->all->crowd, want, d->filter.event, b->from, b->to);
    return batch_counts(rows, open, b->to - b->from);
}

/* For whom the count holds: numbers from the first to the last for which it does, mostly. */
static void take_counts(const struct asking *b, const struct did *d, const u64 *in, u64 *out)
{
    bool holds[EVENT_COUNT_MAX + 1] = {false};
    u32 n = b->to - b->from, low = 0, high = 0, all = 0;
    for (u32 i = 1; i <= EVENT_COUNT_MAX; i++) {
        holds[i] = test_count(&d->test, i);
        if (!holds[i]) continue;
        if (!low) low = i;
        high = i + 1;
        all++;
    }
    if (all == high - low) {
        u64 *bits = arena_alloc(b->sets, (n / 64 + 1) * sizeof *bits);
        packed_between(b->counts, 8, n, low, high, bits);
        for (u32 w = 0; w < b->words; w++) out[w] = in[w] & bits[w];
        return;
    }
    memset(out, 0, b->words * sizeof *out);
    for (u32 i = 0; i < n; i++) out[i / 64] |= (u64)holds[b->counts[i]] << i % 64;
    for (u32 w = 0; w < b->words; w++) out[w] &= in[w];
}

static err count_plain(struct asking *b, const struct did *d, const struct scan_want *want,
                       const u64 *in, u64 *out)
{
    if (!b->counts) b->counts = mem_alloc(b->to - b->from + PACK_SLACK);
    err e = event_count(b->all->crowd, want, d->filter.event, b->from, b->to, b->counts);
    if (e == ERR_NOT_FOUND) take_counts(b, d, in, out);
    return e;
}

static err scan_plain(struct asking *b, const struct did *d, struct scan_want *want, const u64 *in,
                      u64 *out)
{
    struct scan_batch s;
    struct scan_property amount = {d->path.whole, SCAN_NUMBER};
    err e = ERR_NOT_FOUND;
    if (!b->marks) b->marks = mem_zalloc((NAMES_MAX + 1) * sizeof *b->marks);
    want->marks = b->marks;
    want->properties = &amount;
    want->property_count = d->measure != MEASURE_COUNT;
    b->marks[d->filter.event] = 1;
    batch_plain_span(d, b->now, &want->from, &want->to);
    memset(out, 0, b->words * sizeof *out);
    if (want->from < want->to && is_counted(b, d, want, batch_size(b, in))) {
        e = count_plain(b, d, want, in, out);
    } else if (want->from < want->to) {
        struct event_scan *scan = event_scan_of(b->all->crowd, want, b->from, b->to);
        while ((e = event_scan_next(scan, 0, &s)) == ERR_OK) take_batch(b, d, &s, out);
        event_scan_free(scan);
    }
    b->marks[d->filter.event] = 0;
    return e;
}

bool batch_scan(struct asking *b, const struct leaf *leaf, const u64 *in, u64 *out)
{
    bool all = memcmp(in, b->everybody, b->words * sizeof *in) == 0; /* need not be looked up */
    struct scan_want want = {.who = all ? NULL : aligned(b, in) - b->from / 64,
                             .who_end = b->to,
                             .heads = b->all->heads,
                             .heads_end = b->all->heads_end,
                             .is_cancelled = b->all->cancel};
    err e = batch_is_plain(leaf) ? scan_plain(b, leaf->did, &want, in, out)
                                 : batch_tell(b, leaf, &want, in, out);
    for (u32 w = 0; w < b->words && all; w++) out[w] &= in[w];
    if (e == ERR_UNAVAILABLE) b->cancelled = true;
    return e != ERR_LIMIT;
}

/* ---- for everybody ---- */

static event_persona head_of(void *ctx, event_persona p)
{
    const struct batch_subject *all = ctx;
    struct customer_row row;
    return view_row(all->view, p, &row) ? row.head : 0;
}

struct event_crowd *predicate_crowd(const struct predicate *const *p, u32 count,
                                    const struct batch_subject *all, i64 now)
{
    u32 *marks = NULL;
    struct batch_subject copy = *all;
    struct scan_want widest = {.from = INT64_MAX,
                               .to = INT64_MIN,
                               .heads = all->heads,
                               .heads_end = all->heads_end,
                               .stayed = all->stayed};
    for (u32 i = 0; i < count && all->events; i++)
        for (u32 k = 0; p[i] && k < p[i]->leaf_count; k++) {
            const struct leaf *leaf = p[i]->leaves[k];
            i64 from, to;
            bool plain = batch_is_plain(leaf);
            if (!plain && !batch_tells(leaf)) continue;
            if (!marks) marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
            if (plain) {
                marks[leaf->did->filter.event] = 1;
                batch_plain_span(leaf->did, now, &from, &to);
            } else {
                batch_tell_marks(leaf, marks);
                batch_tell_span(leaf, now, &from, &to);
            }
            widest.from = min_i64(widest.from, from);
            widest.to = max_i64(widest.to, to);
        }
    if (!marks) return NULL;
    widest.marks = marks;
    struct event_crowd *c = event_crowd_new(all->events, &widest, head_of, &copy);
    event_crowd_counts(c);
    free(marks);
    return c;
}

/* ---- who did any of it ---- */

/* Without any of this event a leaf does not hold; 0: no such thing can be said of it. */
static u32 stirring_event(const struct leaf *leaf)
{
    return leaf->did        ? leaf->did->filter.event
           : leaf->sequence ? leaf->sequence->steps[0].event
                            : 0;
}

bool predicate_stirs(const struct predicate *p)
{
    if (p->live == PREDICATE_DAILY || p->leaf_count == 0) return false;
    for (u32 i = 0; i < p->leaf_count; i++)
        if (stirring_event(p->leaves[i]) < EVENT_FIXED_END) return false;
    return true;
}

static struct scan_want any_of(const struct predicate *p, const struct batch_subject *all)
{
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    for (u32 i = 0; i < p->leaf_count; i++) marks[stirring_event(p->leaves[i])] = 1;
    return (struct scan_want){.marks = marks,
                              .from = INT64_MIN,
                              .to = INT64_MAX,
                              .heads = all->heads,
                              .heads_end = all->heads_end,
                              .is_cancelled = all->cancel};
}

struct event_crowd *predicate_stirring(const struct predicate *p, const struct batch_subject *all)
{
    struct batch_subject copy = *all;
    struct scan_want widest = any_of(p, all);
    struct event_crowd *c = event_crowd_new(all->events, &widest, head_of, &copy);
    free((void *)(uintptr_t)widest.marks);
    return c;
}

bool predicate_stirred(const struct predicate *p, const struct batch_subject *all, persona from,
                       persona to, u64 *bits)
{
    err e;
    struct scan_batch s;
    struct scan_want want = any_of(p, all);
    struct event_scan *scan = event_scan_of(all->crowd, &want, from, to);
    memset(bits, 0, (to - from + 63) / 64 * sizeof *bits);
    while ((e = event_scan_next(scan, 0, &s)) == ERR_OK)
        for (u32 i = 0; i < s.customers; i++)
            bits[(s.head[i] - from) / 64] |= 1ull << (s.head[i] - from) % 64;
    event_scan_free(scan);
    free((void *)(uintptr_t)want.marks);
    return e == ERR_NOT_FOUND;
}

/* Whether a part is sure to be `so`: what she did is nothing, the rest may be anything. */
static bool is_sure(const struct node *n, bool so)
{
    bool all = (n->kind == NODE_ALL) == so;
    switch (n->kind) {
    case NODE_ALL:
    case NODE_ANY:
        for (u32 i = 0; i < n->count; i++)
            if (is_sure(n->children[i], so) != all) return !all;
        return all;
    case NODE_NOT: return is_sure(n->children[0], !so);
    case NODE_DID:
    case NODE_SEQUENCE: return !so;
    default: return false;
    }
}

bool predicate_of_nothing(const struct predicate *p, bool *holds)
{
    *holds = is_sure(p->root, true);
    return *holds || is_sure(p->root, false);
}
