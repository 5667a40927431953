/* funnel.c — how far customers go through steps, and how long each takes them.
 *
 * Ordered: for each step the latest beginning of a chain that came that far is kept; a chain that
 * began later can do whatever an earlier one can, so one pass finds the furthest step over all
 * beginnings. Later means later in the timeline: of two events at one moment, the one that came
 * later in the log.
 *
 * Of up to 64 events the same is told by bits, a word for each step: from an event of the last step
 * back, the latest event of the step before, and so on, is the chain with the latest beginning; the
 * first event from which that lies in the window ends the chain that is looked for. */
#include "analysis/runs.h"

#include <stdlib.h>

enum { FUNNEL_STEPS_MAX = 20 };
typedef enum { ORDER_ORDERED, ORDER_ANY, ORDER_STRICT } funnel_order;

struct funnel {
    u32 count, all; /* steps; their bits */
    u32 filters[FUNNEL_STEPS_MAX];
    bool in_row; /* each filter is the one before + 1 */
    str names[FUNNEL_STEPS_MAX];
    i64 window; /* INT64_MAX: none */
    funnel_order order;
};

struct cell {
    i64 step;
    bool lost; /* came to the step before, and not to this one */
};

/* When each step of the best chain so far was done. */
struct chain {
    i64 at[FUNNEL_STEPS_MAX];
};

struct state {
    const struct plan *p;
    const struct funnel *f;
    u64 ended[FUNNEL_STEPS_MAX + 1];        /* customers who came so far */
    struct numbers times[FUNNEL_STEPS_MAX]; /* from the step before */
    struct numbers
        from_first[FUNNEL_STEPS_MAX]; /* of the third and later; the second's are alike */
    u32 best;                         /* of the last customer */
    /* At hand: of k + 1 steps, that with the latest beginning; and the furthest found. Here, since
     * what lies on the stack is cleared at every call. */
    struct chain chains[FUNNEL_STEPS_MAX], found;
    struct runs bits[FUNNEL_STEPS_MAX]; /* a batch's events of a step */
    u32 *hits, room;                    /* of one customer */
    u64 step[FUNNEL_STEPS_MAX];         /* …the customer's at hand, and where they lie: */
    u32 first[FUNNEL_STEPS_MAX], place[FUNNEL_STEPS_MAX];
};

static err parse(struct ask *a)
{
    struct funnel *f = ask_room(a, sizeof *f);
    const struct json *steps = json_get(a->body, "steps");
    u32 order;
    if (!json_is(steps, JSON_ARRAY) || steps->count < 2 || steps->count > FUNNEL_STEPS_MAX)
        return REFUSE_AT(a, "steps", "a funnel has 2 to %d steps: [{\"did\":…},{\"did\":…}]",
                         FUNNEL_STEPS_MAX);
    str at = ask_at(a, "steps");
    for (const struct json *s = steps->child; s; s = s->next, f->count++) {
        TRY(ask_filter(a, s, ask_at_index(a, at, f->count), &f->filters[f->count]));
        f->names[f->count] = json_get_str(s, "name", json_get_str(s, "did", S("")));
        f->all |= 1u << f->filters[f->count];
        f->in_row =
            f->count == 0 || (f->in_row && f->filters[f->count] == f->filters[0] + f->count);
    }
    TRY(ask_duration(a, "window", INT64_MAX, &f->window));
    TRY(ask_word(a, "order", "ordered any strict", ORDER_ORDERED, &order));
    f->order = (funnel_order)order;
    a->plan->any = f->order == ORDER_STRICT;
    a->plan->kinds = f->order == ORDER_ORDERED;
    a->plan->args = f;
    return ERR_OK;
}

/* ---- one customer ---- */

static bool within(i64 from, i64 to, i64 window)
{
    return (u64)to - (u64)from <= (u64)window;
}

/* The steps that an event is, a bit each. */
static inline u32 steps_of(const struct funnel *f, u32 hits)
{
    u32 steps = 0;
    if (LIKELY(f->in_row)) return (hits & f->all) >> f->filters[0];
    for (u32 k = 0; k < f->count; k++) steps |= (hits >> f->filters[k] & 1) << k;
    return steps;
}

/* The furthest of `most` steps, and the first chain that came there. Steps are looked at from the
 * last, so that no event is two steps of one chain. */
static u32 ordered(struct state *s, const struct timelines *b, u32 from, u32 to, u32 most,
                   struct chain *best)
{
    const struct funnel *f = s->f;
    struct chain *chains = s->chains;
    u32 furthest = 0; /* chains of 1 … furthest steps are there, so the next may be step furthest */
    for (u32 i = from; i < to; i++) {
        i64 at = b->at[i];
        for (u32 steps = steps_of(f, b->hits[i]) & ((2u << furthest) - 1); steps;) {
            u32 k = 31 - (u32)__builtin_clz(steps);
            steps ^= 1u << k;
            if (k && !within(chains[k - 1].at[0], at, f->window)) continue;
            for (u32 j = 0; j < k; j++) chains[k].at[j] = chains[k - 1].at[j];
            chains[k].at[k] = at;
            if (furthest > k) continue;
            furthest = k + 1;
            for (u32 j = 0; j <= k; j++) best->at[j] = chains[k].at[j];
            if (furthest == most) return furthest;
        }
    }
    return furthest;
}

/* The chain of `steps` steps that ends at event `last` and begins latest. */
static void go_back(const u64 *step, u32 steps, u32 last, u32 *place)
{
    place[steps - 1] = last;
    for (u32 k = steps - 1; k-- > 0;)
        place[k] = 63 - (u32)__builtin_clzll(step[k] & ((1ull << place[k + 1]) - 1));
}

/* The same for 1 to 64 events, the batch's from `from` on; `bits` tell which are step k. */
static u32 ordered_by_bits(struct state *s, const u64 *const *bits, u32 from, u32 n, const i64 *at,
                           struct chain *best)
{
    const struct funnel *f = s->f;
    u64 *step = s->step, later = ~0ull;
    u32 *first = s->first, *place = s->place, steps = 0;
    /* without a window the first event of each step behind that of the step before is soonest */
    for (; steps < f->count; steps++) {
        step[steps] = runs_part(bits[steps], from, n);
        if (!(step[steps] & later)) break;
        first[steps] = (u32)__builtin_ctzll(step[steps] & later);
        later = ~0ull << first[steps] << 1;
    }
    for (; steps > 1; steps--)
        for (u64 ends = step[steps - 1] & ~0ull << first[steps - 1]; ends; ends &= ends - 1) {
            go_back(step, steps, (u32)__builtin_ctzll(ends), place);
            if (!within(at[place[0]], at[place[steps - 1]], f->window)) continue;
            for (u32 k = 0; k < steps; k++) best->at[k] = at[place[k]];
            return steps;
        }
    return steps;
}

/* So many steps have an event each, the first ones; no chain comes further. */
static u32 steps_there(const struct funnel *f, const struct timelines *b, u32 from, u32 to)
{
    u32 hits = 0, n = 0;
    for (u32 i = from; i < to; i++) hits |= b->hits[i];
    while (n < f->count && hits >> f->filters[n] & 1) n++;
    return n;
}

/* Neighbouring events. */
static u32 strict(const struct funnel *f, const struct timelines *b, u32 from, u32 to,
                  struct chain *best)
{
    u32 furthest = 0;
    for (u32 i = from; i < to; i++) {
        u32 k = 0;
        for (; k < f->count && i + k < to; k++) {
            u32 j = i + k;
            if (!(b->hits[j] >> f->filters[k] & 1)) break;
            if (!within(b->at[i], b->at[j], f->window)) break;
        }
        if (k <= furthest) continue;
        furthest = k;
        for (u32 j = 0; j < k; j++) best->at[j] = b->at[i + j];
    }
    return furthest;
}

/* Are steps 1 … n all there within some window? Moves along with the latest time of each. */
static bool all_there(const struct funnel *f, const struct timelines *b, u32 from, u32 to, u32 n,
                      struct chain *best)
{
    i64 last[FUNNEL_STEPS_MAX];
    u32 have = 0;
    for (u32 i = from; i < to; i++) {
        i64 least = b->at[i];
        for (u32 k = 0; k < n; k++)
            if (b->hits[i] >> f->filters[k] & 1) last[k] = b->at[i], have |= 1u << k;
        if (have != (1u << n) - 1) continue;
        for (u32 k = 0; k < n; k++) least = min_i64(least, last[k]);
        if (!within(least, b->at[i], f->window)) continue;
        memcpy(best->at, last, n * sizeof *last);
        return true;
    }
    return false;
}

static int ascending(const void *a, const void *b)
{
    const i64 *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static u32 in_any_order(const struct funnel *f, const struct timelines *b, u32 from, u32 to,
                        struct chain *best)
{
    u32 n = 0;
    while (n < f->count && all_there(f, b, from, to, n + 1, best)) n++;
    qsort(best->at, n, sizeof *best->at, ascending);
    return n;
}

static u32 furthest(struct state *s, const struct timelines *b, u32 from, u32 to,
                    struct chain *best)
{
    u32 most = steps_there(s->f, b, from, to);
    if (most < 2) return most;
    switch (s->f->order) {
    case ORDER_STRICT: return strict(s->f, b, from, to, best);
    case ORDER_ANY: return in_any_order(s->f, b, from, to, best);
    default: return ordered(s, b, from, to, most, best);
    }
}

/* Of more events than a word has bits: their hits are written out. */
static u32 furthest_of_many(struct state *s, const struct timelines *b, u32 from, u32 n)
{
    struct timelines one = *b;
    if (n > s->room) {
        s->room = n * 2;
        s->hits = mem_realloc(s->hits, s->room * sizeof *s->hits);
    }
    for (u32 i = 0; i < n; i++) s->hits[i] = timeline_hits(b, from + i);
    one.hits = s->hits;
    one.at += from;
    return furthest(s, &one, 0, n, &s->found);
}

/* The furthest of customer c; `bits` of the steps, NULL: the order is another. */
static u32 furthest_of(struct state *s, const struct timelines *b, u32 c, const u64 *const *bits)
{
    u32 from = b->start[c], n = b->start[c + 1] - from;
    if (!bits) return furthest(s, b, from, from + n, &s->found);
    if (n > 64) return furthest_of_many(s, b, from, n);
    return ordered_by_bits(s, bits, from - b->start[0], n, b->at + from, &s->found);
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    const u64 *bits[FUNNEL_STEPS_MAX];
    bool by_bits = s->f->order == ORDER_ORDERED;
    for (u32 k = 0; k < s->f->count && by_bits; k++)
        bits[k] = runs_hit(&s->bits[k], b, 1u << s->f->filters[k]);
    for (u32 c = 0; c < b->customers; c++) {
        u32 n = furthest_of(s, b, c, by_bits ? bits : NULL);
        s->best = n;
        s->ended[n]++;
        for (u32 k = 1; k < n; k++) {
            numbers_put(&s->times[k], (u64)(s->found.at[k] - s->found.at[k - 1]));
            if (k > 1) numbers_put(&s->from_first[k], (u64)(s->found.at[k] - s->found.at[0]));
        }
    }
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    for (u32 k = 0; k <= s->f->count; k++) s->ended[k] += o->ended[k];
    for (u32 k = 0; k < s->f->count; k++) {
        numbers_take(&s->times[k], &o->times[k]);
        numbers_take(&s->from_first[k], &o->from_first[k]);
    }
}

static u64 median(const struct numbers *times)
{
    return times->n ? numbers_select(times, 1, 2) : 0;
}

static void put_median(struct buf *out, str key, bool there, u64 ms)
{
    if (there)
        put_seconds(out, key, ms);
    else
        json_put_key(out, key), buf_put(out, S("null"));
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    u64 reached[FUNNEL_STEPS_MAX + 1] = {0};
    for (u32 k = s->f->count; k-- > 0;) reached[k] = reached[k + 1] + s->ended[k + 1];
    for (u32 k = 0; k < s->f->count; k++)
        if (s->times[k].full) return diag_set(why, ERR_LIMIT, "too many customers at once");
    json_put_key(out, S("steps"));
    buf_byte(out, '[');
    for (u32 k = 0; k < s->f->count; k++) {
        json_put_comma(out);
        buf_byte(out, '{');
        json_put_kv_i64(out, S("step"), k + 1);
        json_put_kv_str(out, S("name"), s->f->names[k]);
        json_put_kv_i64(out, S("customers"), (i64)reached[k]);
        put_ratio(out, S("share"), reached[k], reached[0]);
        put_ratio(out, S("share_of_previous"), reached[k], reached[k ? k - 1 : 0]);
        json_put_kv_i64(out, S("lost"), k ? (i64)(reached[k - 1] - reached[k]) : 0);
        bool there = s->times[k].n != 0;
        u64 from_before = median(&s->times[k]);
        put_median(out, S("median_s"), there, from_before);
        put_median(out, S("median_from_first_s"), there,
                   k > 1 ? median(&s->from_first[k]) : from_before);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    for (u32 k = 0; k < FUNNEL_STEPS_MAX; k++) {
        numbers_clear(&s->times[k]);
        numbers_clear(&s->from_first[k]);
        runs_end(&s->bits[k]);
    }
    free(s->hits);
}

/* ---- who came to a step, and who was lost before it ---- */

static err cell(struct ask *a)
{
    const struct funnel *f = a->plan->args;
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_number(a, "step", 1, f->count, 1, &c->step));
    TRY(ask_flag(a, "lost", &c->lost));
    if (c->lost && c->step == 1)
        return REFUSE_AT(a, "step", "nobody is lost before the first step");
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    s->best = 0;
    for (u32 k = 0; k < s->f->count; k++) s->times[k].n = s->from_first[k].n = 0;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    return c->lost ? s->best == c->step - 1 : s->best >= c->step;
}

const struct analysis FUNNEL = {
    .name = S("funnel"),
    .keys = " steps window order ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " step lost ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
