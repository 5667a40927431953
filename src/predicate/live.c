/* live.c — what a leaf keeps per customer, and which predicates may be live.
 *
 * kept     words                              serves
 * TIMES    the latest times, descending       a number of times within W that needs at most three
 * COUNT    how many                           a number of times ever, or between two dates
 * SUM      sum (two words), how many          sum and avg of those
 * MIN MAX  least or greatest (two), how many  min and max of numbers of those
 * FIRST    when, order, passes the test       first of those
 * LAST     when, order, passes the test       last of those, or within W
 *
 * A time is stored with its sign bit turned, so that an absent one (0) is the earliest. Everything
 * else is recomputed from her own events when one of its kind comes, at a cost estimated here. */
#include "predicate/formula.h"
#include "predicate/program.h"

static u64 time_word(i64 t)
{
    return (u64)t ^ (u64)1 << 63;
}

static i64 word_time(u64 word)
{
    return (i64)(word ^ (u64)1 << 63);
}

static decimal sum_of(const u64 *state)
{
    return (decimal)((u128)state[1] << 64 | state[0]);
}

static void put_sum(u64 *state, decimal sum)
{
    state[0] = (u64)sum;
    state[1] = (u64)((u128)sum >> 64);
}

/* ---- which ---- */

static kept_kind kept_measure(const struct did *d)
{
    bool still = d->window.kind != WINDOW_WITHIN;
    switch (d->measure) {
    case MEASURE_COUNT:
        if (still) return KEPT_COUNT;
        return d->saturation <= KEPT_TIMES_MAX ? KEPT_TIMES : KEPT_NOT;
    case MEASURE_SUM:
    case MEASURE_AVG: return still ? KEPT_SUM : KEPT_NOT;
    case MEASURE_MIN: return still && d->test.constants[0].is_number ? KEPT_MIN : KEPT_NOT;
    case MEASURE_MAX: return still && d->test.constants[0].is_number ? KEPT_MAX : KEPT_NOT;
    case MEASURE_FIRST: return still ? KEPT_FIRST : KEPT_NOT;
    case MEASURE_LAST: return KEPT_LAST;
    default: return KEPT_NOT;
    }
}

static kept_kind kept_of(const struct leaf *leaf)
{
    const struct did *d = leaf->did;
    if (!d || d->filter.has_match || d->filter.net || d->window.since != SINCE_NONE ||
        d->window.has_since_last)
        return KEPT_NOT;
    if (d->window.kind == WINDOW_MONTHS || d->window.kind == WINDOW_SESSION) return KEPT_NOT;
    return kept_measure(d);
}

static u32 words_of(const struct leaf *leaf)
{
    switch (leaf->kept) {
    case KEPT_TIMES: return leaf->did->saturation;
    case KEPT_COUNT: return 1;
    default: return 3;
    }
}

static void put_test(struct buf *b, const struct test *t)
{
    buf_byte(b, (u8)t->op);
    for (u32 i = 0; i < t->count; i++) value_put(b, t->constants[i].v);
    for (u32 i = 0; i < t->count; i++) buf_zigzag(b, t->constants[i].from_ms);
}

/* Everything the state depends on, and no more: a window that moves is looked at when answering. */
static hash128 key_of(const struct leaf *leaf)
{
    const struct did *d = leaf->did;
    struct buf b;
    buf_init(&b, PREDICATE_BYTES_MAX * 2);
    buf_byte(&b, (u8)leaf->kept);
    buf_byte(&b, (u8)leaf->words);
    buf_str_varint(&b, d->filter.bytes);
    if (d->has_path) {
        buf_str_varint(&b, d->path.text);
        buf_varint(&b, d->path.whole);
        buf_varint(&b, d->path.head);
    }
    buf_byte(&b, d->window.kind == WINDOW_BETWEEN);
    if (d->window.kind == WINDOW_BETWEEN) {
        buf_zigzag(&b, d->window.from);
        buf_zigzag(&b, d->window.to);
    }
    if (leaf->kept == KEPT_FIRST || leaf->kept == KEPT_LAST) put_test(&b, &d->test);
    hash128 key = hash_xxh(buf_str(&b));
    buf_clear(&b);
    return key;
}

/* ---- cost ---- */

/* Of one event read, roughly: how much of her past the leaf looks at, times what it does with it.
 */
static u32 cost_of(const struct leaf *leaf)
{
    const struct window *w = leaf->window;
    u32 reach = 8, work = 1;
    if (leaf->messages || (leaf->did && leaf->did->filter.net)) return 2 * reach;
    if (leaf->formula) return reach * (leaf->formula->function_count + 1);
    if (leaf->sequence) work += leaf->sequence->count / 2;
    if (w->kind == WINDOW_SESSION) reach = 1;
    if (w->kind == WINDOW_WITHIN)
        reach = w->ms <= 7 * DAY ? 1 : w->ms <= 31 * DAY ? 2 : w->ms <= 366 * DAY ? 4 : 8;
    if (w->kind == WINDOW_MONTHS) reach = w->months <= 1 ? 2 : w->months <= 12 ? 4 : 8;
    bool any_event = leaf->did && leaf->did->filter.event == 0;
    if (leaf->did && leaf->did->filter.where) work++;
    return reach * work * (any_event ? 2 : 1);
}

void live_classify(struct predicate *p, struct arena *arena)
{
    u32 cost = 0;
    p->kept = arena_alloc(arena, p->leaf_count * sizeof(struct leaf *));
    for (u32 i = 0; i < p->leaf_count; i++) {
        struct leaf *leaf = p->leaves[i];
        leaf->kept = kept_of(leaf);
        if (leaf->kept == KEPT_NOT) {
            cost += cost_of(leaf);
            continue;
        }
        leaf->words = words_of(leaf);
        leaf->key = key_of(leaf);
        leaf->kept_index = p->kept_count;
        p->kept[p->kept_count++] = leaf;
    }
    p->live = cost == 0               ? PREDICATE_KEPT
              : cost <= LIVE_COST_MAX ? PREDICATE_REPLAYED
                                      : PREDICATE_DAILY;
    if (p->live != PREDICATE_DAILY) return;
    p->reason =
        arena_printf(arena,
                     "this asks for too much of each customer's past (%u of %d points) each time "
                     "something happens: shorten windows, ask for fewer sums and sequences, or "
                     "keep parts of it as segments of their own",
                     cost, LIVE_COST_MAX);
}

predicate_class predicate_live_class(const struct predicate *p)
{
    return p->live;
}

str predicate_class_reason(const struct predicate *p)
{
    return p->reason;
}

u32 predicate_leaves(const struct predicate *p, struct predicate_leaf *out, u32 max)
{
    for (u32 i = 0; i < p->kept_count && i < max; i++) {
        const struct leaf *leaf = p->kept[i];
        out[i] = (struct predicate_leaf){leaf->key, leaf->did->filter.event, leaf->words, i};
    }
    return p->kept_count;
}

bool predicate_leaf_reads(const struct predicate *p, u32 leaf)
{
    const struct did *d = p->kept[leaf]->did;
    return d->filter.where || d->has_path;
}

/* ---- feeding ---- */

static void feed_time(u64 *state, u32 words, i64 t)
{
    u64 word = time_word(t);
    for (u32 i = 0; i < words; i++) {
        u64 here = state[i];
        if (word <= here) continue;
        state[i] = word;
        word = here;
    }
}

static void feed_extreme(u64 *state, bool least, decimal number)
{
    decimal best = sum_of(state);
    if (state[2] == 0 || (least ? number < best : number > best)) put_sum(state, number);
    state[2]++;
}

/* The first or last in timeline order; an order is never 0. */
static void feed_edge(u64 *state, bool last, const struct event *ev, bool passes)
{
    u64 at = time_word(ev->occurred_ms);
    bool later = at > state[0] || (at == state[0] && ev->order > state[1]);
    if (state[1] != 0 && later != last) return;
    state[0] = at;
    state[1] = ev->order;
    state[2] = passes;
}

static void feed_value(const struct leaf *leaf, u64 *state, const struct event *ev, value v)
{
    decimal number;
    switch (leaf->kept) {
    case KEPT_FIRST:
    case KEPT_LAST:
        feed_edge(state, leaf->kept == KEPT_LAST, ev, test_value(&leaf->did->test, v));
        return;
    case KEPT_COUNT: state[0]++; return;
    case KEPT_TIMES: feed_time(state, leaf->words, ev->occurred_ms); return;
    default: break;
    }
    if (!decimal_of(v, &number)) return;
    if (leaf->kept == KEPT_SUM) {
        put_sum(state, decimal_add(sum_of(state), number));
        state[2]++;
    } else {
        feed_extreme(state, leaf->kept == KEPT_MIN, number);
    }
}

void predicate_leaf_feed(const struct predicate *p, u32 leaf, u64 *state, const struct event *ev,
                         i64 now)
{
    MUST(leaf < p->kept_count);
    const struct leaf *l = p->kept[leaf];
    const struct did *d = l->did;
    if (ev->occurred_ms > now) return;
    if (d->window.kind == WINDOW_BETWEEN &&
        (ev->occurred_ms < d->window.from || ev->occurred_ms >= d->window.to))
        return;
    if (!filter_takes(&d->filter, ev, NULL)) return;
    struct scope s = {.kind = SCOPE_EVENT, .props = ev->props};
    value v = d->has_path ? field_of(&s, &d->path) : value_bool(true);
    if (v.type != VALUE_MISSING && v.type != VALUE_NULL) feed_value(l, state, ev, v);
}

/* ---- answering ---- */

static answer times_answer(const struct did *d, const struct leaf *leaf, const u64 *state, i64 now)
{
    i64 expiries[KEPT_TIMES_MAX];
    u32 n = 0;
    for (u32 i = leaf->words; i-- > 0;) {
        i64 expiry = state[i] ? window_expiry(&d->window, NULL, word_time(state[i])) : INT64_MIN;
        if (expiry > now) expiries[n++] = expiry;
    }
    return count_answer(d, expiries, n, n);
}

answer kept_answer(const struct did *d, const struct leaf *leaf, const u64 *state, i64 now)
{
    i64 expiry;
    switch (leaf->kept) {
    case KEPT_TIMES: return times_answer(d, leaf, state, now);
    case KEPT_COUNT: return (answer){state[0] && test_count(&d->test, state[0]), NEVER};
    case KEPT_FIRST:
    case KEPT_LAST:
        if (state[1] == 0) return (answer){false, NEVER};
        expiry = window_expiry(&d->window, NULL, word_time(state[0]));
        return expiry > now ? (answer){state[2] != 0, expiry} : (answer){false, NEVER};
    default: break;
    }
    if (state[2] == 0) return (answer){false, NEVER};
    u64 parts = d->measure == MEASURE_AVG ? state[2] : 1;
    return (answer){test_ratio(&d->test, sum_of(state), parts), NEVER};
}
