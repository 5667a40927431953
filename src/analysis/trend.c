/* trend.c — how often, by how many, how much, per hour, day, week or month of the zone. */
#include "analysis/runs.h"

#include <stdlib.h>

enum { MEASURE_EVENTS, MEASURE_OF_SUM, MEASURE_OF_AVERAGE, MEASURE_OF_MIN, MEASURE_OF_MAX };
#define MEASURE_WORDS "count sum avg min max"

/* Words of a place: events, customers, with an amount: how many had one, and 128 bits each. */
enum {
    AT_EVENTS,
    AT_CUSTOMERS,
    AT_COUNTED,
    AT_SUM,
    AT_LEAST = AT_SUM + 2,
    AT_MOST = AT_LEAST + 2,
    WORDS = AT_MOST + 2
};

struct trend {
    u32 filter, measure;
    unit_kind unit;
    bool fill;
    str property;
};

struct cell {
    i64 at;
};

struct state {
    const struct plan *p;
    const struct trend *t;
    struct clock clock;
    struct series rows;
    struct runs runs;
    u64 total[WORDS];
};

static decimal get(const u64 *w)
{
    decimal d;
    memcpy(&d, w, sizeof d);
    return d;
}

static void set(u64 *w, decimal d)
{
    memcpy(w, &d, sizeof d);
}

static err parse(struct ask *a)
{
    struct trend *t = ask_room(a, sizeof *t);
    u32 unit;
    TRY(ask_did(a, S("*"), &t->filter));
    TRY(ask_word(a, "interval", UNIT_WORDS, UNIT_DAY, &unit));
    TRY(ask_path(a, "property", (str){0}, &a->plan->has_amount, &a->plan->amount));
    TRY(ask_word(a, "measure", MEASURE_WORDS, a->plan->has_amount, &t->measure));
    TRY(ask_flag(a, "fill", &t->fill));
    if (t->measure && !a->plan->has_amount)
        return REFUSE_AT(a, "property", "this measure needs a \"property\" to take it of");
    t->unit = (unit_kind)unit;
    a->plan->packed_times = true;
    a->plan->args = t;
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    clock_init(&s->clock, p->days, s->t->unit, 0, 0);
    s->rows.words = p->has_amount ? WORDS : AT_COUNTED;
}

static void take(u64 *row, decimal d)
{
    bool first = row[AT_COUNTED]++ == 0;
    set(row + AT_SUM, decimal_add(get(row + AT_SUM), d));
    if (first || d < get(row + AT_LEAST)) set(row + AT_LEAST, d);
    if (first || d > get(row + AT_MOST)) set(row + AT_MOST, d);
}

/* Units ascend with time, so a customer is new in a unit when it is not the one before. */
static void count_amounts(struct state *s, const struct timelines *b, const i32 *unit, u32 bit)
{
    for (u32 c = 0; c < b->customers; c++) {
        i64 last = INT64_MIN;
        for (u32 i = b->start[c]; i < b->start[c + 1]; i++) {
            if (!(b->hits[i] & bit)) continue;
            u64 *row = series_at(&s->rows, unit[i]);
            row[AT_CUSTOMERS] += unit[i] != last;
            row[AT_EVENTS]++;
            s->total[AT_EVENTS]++;
            s->total[AT_CUSTOMERS] += last == INT64_MIN;
            last = unit[i];
            if (b->hits[i] & HIT_AMOUNT) take(row, b->amount[i]);
        }
    }
}

/* The same without amounts. */
static void count(struct state *s, const struct timelines *b, const i32 *unit, u32 bit)
{
    const u32 *hits = b->hits;
    u64 *cells = s->rows.cells - s->rows.first * AT_COUNTED, events = 0, customers = 0;
    for (u32 c = 0; c < b->customers; c++) {
        u32 end = b->start[c + 1];
        i64 last = INT64_MIN;
        u64 n = 0;
        for (u32 i = b->start[c]; i < end; i++) {
            if (!(hits[i] & bit)) continue;
            u64 *row = cells + (i64)unit[i] * AT_COUNTED;
            row[AT_EVENTS]++;
            row[AT_CUSTOMERS] += unit[i] != last;
            last = unit[i];
            n++;
        }
        events += n;
        customers += n != 0;
    }
    s->total[AT_EVENTS] += events;
    s->total[AT_CUSTOMERS] += customers;
}

/* The same where all events count: a run is one customer's in one unit. */
static void count_runs(struct state *s, const struct timelines *b, const i32 *unit)
{
    const u32 *first;
    u32 runs = runs_of(&s->runs, b, unit, &first);
    u64 *cells = s->rows.cells - s->rows.first * AT_COUNTED;
    for (u32 i = 0; i < runs; i++) {
        u64 *row = cells + (i64)unit[first[i]] * AT_COUNTED;
        row[AT_EVENTS] += first[i + 1] - first[i];
        row[AT_CUSTOMERS]++;
    }
    s->total[AT_EVENTS] += b->start[b->customers] - b->start[0];
    s->total[AT_CUSTOMERS] += b->customers;
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    u32 bit = 1u << s->t->filter, from = b->start[0], n = b->start[b->customers] - from;
    const i32 *unit = fold_units(&s->clock, b);
    if (!n || !series_at(&s->rows, s->clock.least) || !series_at(&s->rows, s->clock.most)) return;
    if (b->amount)
        count_amounts(s, b, unit - from, bit);
    else if (b->always & bit)
        count_runs(s, b, unit);
    else
        count(s, b, unit - from, bit);
}

static void join(u64 *into, const u64 *from, bool amounts)
{
    into[AT_EVENTS] += from[AT_EVENTS];
    into[AT_CUSTOMERS] += from[AT_CUSTOMERS];
    if (!amounts || !from[AT_COUNTED]) return;
    bool first = into[AT_COUNTED] == 0;
    into[AT_COUNTED] += from[AT_COUNTED];
    set(into + AT_SUM, decimal_add(get(into + AT_SUM), get(from + AT_SUM)));
    if (first || get(from + AT_LEAST) < get(into + AT_LEAST))
        set(into + AT_LEAST, get(from + AT_LEAST));
    if (first || get(from + AT_MOST) > get(into + AT_MOST))
        set(into + AT_MOST, get(from + AT_MOST));
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    s->rows.full |= o->rows.full;
    for (u64 i = 0; i < o->rows.places; i++) {
        const u64 *from = o->rows.cells + i * o->rows.words;
        if (!from[AT_EVENTS]) continue;
        u64 *into = series_at(&s->rows, o->rows.first + (i64)i);
        if (into) join(into, from, s->p->has_amount);
    }
    join(s->total, o->total, false);
}

static void put_row(const struct state *s, const u64 *row, struct buf *out)
{
    static const char *const NAMES[] = {"", "sum", "avg", "min", "max"};
    json_put_kv_i64(out, S("events"), (i64)row[AT_EVENTS]);
    json_put_kv_i64(out, S("customers"), (i64)row[AT_CUSTOMERS]);
    if (!s->p->has_amount) return;
    if (s->t->measure != MEASURE_OF_SUM) put_decimal(out, S("sum"), get(row + AT_SUM));
    if (!row[AT_COUNTED]) {
        if (s->t->measure == MEASURE_OF_SUM) put_decimal(out, S("sum"), 0);
        return;
    }
    decimal d = get(row + AT_SUM);
    if (s->t->measure == MEASURE_OF_AVERAGE) d /= (decimal)row[AT_COUNTED];
    if (s->t->measure == MEASURE_OF_MIN) d = get(row + AT_LEAST);
    if (s->t->measure == MEASURE_OF_MAX) d = get(row + AT_MOST);
    if (s->t->measure) put_decimal(out, str_of(NAMES[s->t->measure]), d);
}

static u64 events_at(const struct state *s, i64 unit)
{
    u64 i = (u64)(unit - s->rows.first);
    return i < s->rows.places ? s->rows.cells[i * s->rows.words + AT_EVENTS] : 0;
}

/* From the first to the last unit with an event; with `fill` from the period's to its end. */
static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    u64 nothing[WORDS] = {0}, total[WORDS] = {0};
    bool fill = s->t->fill;
    if (s->rows.full) return diag_set(why, ERR_LIMIT, "too many intervals; choose a longer one");
    i64 from = s->rows.first, to = from + (i64)s->rows.places;
    if (fill && s->p->from != INT64_MIN) from = clock_unit(&s->clock, s->p->from);
    if (fill) to = clock_unit(&s->clock, s->p->to - 1) + 1;
    while (s->p->from == INT64_MIN && from < to && !events_at(s, from)) from++;
    if (fill && to - from > SERIES_PLACES_MAX)
        return diag_set(why, ERR_LIMIT, "too many intervals; choose a longer one");
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (i64 unit = from; unit < to; unit++) {
        u64 i = (u64)(unit - s->rows.first);
        const u64 *row = i < s->rows.places ? s->rows.cells + i * s->rows.words : nothing;
        if (!row[AT_EVENTS] && (!fill || (s->t->unit == UNIT_HOUR && (unit - from) % 4))) continue;
        join(total, row, s->p->has_amount);
        json_put_comma(out);
        buf_byte(out, '{');
        put_moment(out, S("at"), clock_start(&s->clock, unit));
        put_row(s, row, out);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    total[AT_CUSTOMERS] = s->total[AT_CUSTOMERS];
    json_put_key(out, S("total"));
    buf_byte(out, '{');
    put_row(s, total, out);
    buf_byte(out, '}');
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    series_clear(&s->rows);
    runs_end(&s->runs);
    clock_end(&s->clock);
}

/* ---- the customers of one row ---- */

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_moment(a, "at", INT64_MIN, &c->at));
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    series_zero(&s->rows);
    memset(s->total, 0, sizeof s->total);
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    struct clock clock = s->clock;
    if (c->at == INT64_MIN) return s->total[AT_CUSTOMERS] > 0;
    u64 i = (u64)(clock_unit(&clock, c->at) - s->rows.first);
    return i < s->rows.places && s->rows.cells[i * s->rows.words + AT_CUSTOMERS];
}

/* Hours and spans aside a row is a did between two moments, unless the period cuts it. */
static bool says(const struct plan *p, struct buf *out)
{
    const struct cell *c = p->cell;
    const struct trend *t = p->args;
    struct clock clock;
    clock_init(&clock, p->days, t->unit, 0, 0);
    i64 from = p->from, to = p->to;
    if (c->at != INT64_MIN) {
        i64 unit = clock_unit(&clock, c->at);
        from = max_i64(from, clock_start(&clock, unit));
        to = min_i64(to, clock_start(&clock, unit + (t->unit == UNIT_HOUR ? 4 : 1)));
    }
    return say_did(p, t->filter, from, to, out);
}

const struct analysis TREND = {
    .name = S("trend"),
    .keys = " event where measure property interval fill ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " at ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
    .says = says,
};
