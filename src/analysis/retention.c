/* retention.c — of those who began in a unit of time, how many came back in each later one. */
#include "analysis/runs.h"

#include <stdlib.h>

enum { PERIODS_MAX = 400, LENGTH_MIN = 600000 /* so that 2³¹ of them are more than all time */ };
typedef enum { MODE_EXACT, MODE_ROLLING } retention_mode;

struct retention {
    u32 first, again; /* again FILTER_NONE: any event */
    unit_kind unit;
    i64 length; /* SPAN */
    retention_mode mode;
    u32 periods;
};

struct cell {
    str cohort; /* empty: all */
    i64 period; /* −1: the whole cohort */
    bool lost;  /* did not come back in it */
};

struct state {
    const struct plan *p;
    const struct retention *a;
    struct clock clock;
    struct series rows; /* by cohort: size, then customers of periods 0 … n */
    bool seen;          /* of the last customer */
    i64 cohort;
    u64 *came; /* …in which periods, a bit each; only when drilling */
    struct runs firsts, runs;
};

/* A word, or a duration: periods of that length, counted from `from`. */
static err read_unit(struct ask *a, struct retention *x)
{
    str text;
    duration d;
    u32 unit = 0;
    TRY(ask_text(a, "unit", S("week"), &text));
    if (duration_parse(text, &d) == ERR_OK && !d.months && d.ms > 0) {
        x->unit = UNIT_SPAN;
        x->length = d.ms;
        if (d.ms < LENGTH_MIN)
            return REFUSE_AT(a, "unit", "a period is of ten minutes at least: \"7d\", \"24h\"");
        if (a->plan->from == INT64_MIN)
            return REFUSE_AT(a, "from", "periods of a given length are counted from \"from\"");
        return ERR_OK;
    }
    TRY(ask_word(a, "unit", "day week month", 1, &unit));
    x->unit = UNIT_DAY + unit;
    return ERR_OK;
}

static err parse(struct ask *a)
{
    struct retention *x = ask_room(a, sizeof *x);
    u32 mode;
    i64 periods;
    const struct json *first = json_get(a->body, "first");
    if (!first) return REFUSE_AT(a, "first", "\"first\" is the event that begins: {\"did\":…}");
    TRY(ask_event(a, "first", &x->first));
    TRY(ask_event(a, "again", &x->again));
    TRY(read_unit(a, x));
    TRY(ask_word(a, "mode", "exact rolling", MODE_EXACT, &mode));
    TRY(ask_number(a, "periods", 0, PERIODS_MAX, 8, &periods));
    x->mode = (retention_mode)mode;
    x->periods = (u32)periods;
    a->plan->any = x->again == FILTER_NONE;
    a->plan->packed_times = true;
    a->plan->kinds = a->plan->any && x->mode == MODE_EXACT;
    a->plan->reach = a->plan->as_of + 1;
    a->plan->args = x;
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    clock_init(&s->clock, p->days, s->a->unit, p->from, s->a->length);
    s->rows.words = s->a->periods + 2;
    if (p->drill) s->came = mem_zalloc((PERIODS_MAX + 64) / 64 * sizeof *s->came);
}

/* The events of a batch, counted from its first one. */
struct events {
    const struct timelines *batch;
    u32 from; /* its first */
    const u32 *hits;
    const i32 *unit;
    const u64 *firsts, *runs; /* runs NULL: not all events count */
};

/* Her first event of [from, to) that begins, or `to`; events are counted from the batch's first. */
static inline u32 find_first(const struct state *s, const struct events *e, u32 from, u32 to)
{
    u32 i = runs_next(e->firsts, from);
    for (; i < to; i = runs_next(e->firsts, i + 1)) {
        i64 at = timeline_at(e->batch, e->from + i);
        if (at >= s->p->from && at < s->p->to) return i;
    }
    return to;
}

/* The same where every event counts, from the one that begins on: a run is a period. Returns the
 * last of them. */
static i64 count_runs(u64 *row, const u64 *runs, const i32 *unit, u32 i, u32 to, i64 periods)
{
    i64 cohort = unit[i], last = 0;
    row[1]++;
    for (u32 j = runs_next(runs, i + 1); j < to; j = runs_next(runs, j + 1)) {
        i64 k = unit[j] - cohort;
        if (k > periods) break;
        row[1 + k]++;
        last = k;
    }
    return last;
}

/* Her periods from the cohort's on, in which she came: units ascend, so each counts once, when it
 * is not the one before. Returns the last. */
static i64 count_exact(u64 *row, const u32 *hits, const i32 *unit, u32 n, u32 again, i64 cohort,
                       i64 periods)
{
    i64 last = INT64_MIN;
    for (u32 i = 0; i < n; i++) {
        i64 k = unit[i] - cohort;
        if (k > periods) break;
        if (!(hits[i] & again)) continue;
        row[1 + k] += k != last;
        last = k;
    }
    return last;
}

static i64 last_of(const u32 *hits, const i32 *unit, u32 n, u32 again, i64 cohort)
{
    while (n && !(hits[n - 1] & again)) n--;
    return n ? unit[n - 1] - cohort : INT64_MIN;
}

/* Which of them, for a drilled cell. */
static void note(struct state *s, const u32 *hits, const i32 *unit, u32 n, u32 again, i64 last)
{
    i64 periods = s->a->periods;
    for (u32 i = 0; i < n && s->a->mode == MODE_EXACT; i++) {
        i64 k = unit[i] - s->cohort;
        if (hits[i] & again && k <= periods) s->came[k / 64] |= 1ull << k % 64;
    }
    for (i64 k = 0; k <= min_i64(last, periods) && s->a->mode == MODE_ROLLING; k++)
        s->came[k / 64] |= 1ull << k % 64;
}

static void one(struct state *s, const struct events *e, u32 from, u32 to)
{
    u32 again = s->a->again == FILTER_NONE ? HIT_ANY : 1u << s->a->again,
        i = find_first(s, e, from, to);
    bool exact = s->a->mode == MODE_EXACT;
    i64 last, periods = s->a->periods;
    s->seen = i < to;
    if (s->seen) s->cohort = e->unit[i];
    i64 cohort = s->cohort;
    u64 *row = s->seen ? series_at(&s->rows, cohort) : NULL;
    if (!row) return;
    row[0]++;
    if (e->runs) {
        last = count_runs(row, e->runs, e->unit, i, to, periods);
    } else {
        /* what happened earlier in the same period is of period 0 as well */
        while (i > from && e->unit[i - 1] == cohort) i--;
        last = exact ? count_exact(row, e->hits + i, e->unit + i, to - i, again, cohort, periods)
                     : last_of(e->hits + i, e->unit + i, to - i, again, cohort);
    }
    for (i64 k = 0; k <= min_i64(last, periods) && !exact; k++) row[1 + k]++;
    if (s->came) note(s, e->hits + i, e->unit + i, to - i, again, last);
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    u32 from = b->start[0], again = s->a->again == FILTER_NONE ? HIT_ANY : 1u << s->a->again;
    struct events e = {.batch = b,
                       .from = from,
                       .hits = b->hits ? b->hits + from : NULL,
                       .unit = fold_units(&s->clock, b)};
    e.firsts = runs_hit(&s->firsts, b, 1u << s->a->first);
    if (b->always & again && s->a->mode == MODE_EXACT) e.runs = runs_bits(&s->runs, b, e.unit);
    for (u32 c = 0; c < b->customers; c++) one(s, &e, b->start[c] - from, b->start[c + 1] - from);
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    series_add(&s->rows, &o->rows);
}

static void put_label(const struct state *s, i64 unit, struct buf *out)
{
    json_put_key(out, S("cohort"));
    buf_byte(out, '"');
    clock_label(&s->clock, unit, out);
    buf_byte(out, '"');
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    u64 total = 0;
    if (s->rows.full) return diag_set(why, ERR_LIMIT, "too many cohorts; choose a longer unit");
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u64 i = 0; i < s->rows.places; i++) {
        const u64 *row = s->rows.cells + i * s->rows.words;
        total += row[0];
        for (u32 k = 0; k <= s->a->periods && row[0]; k++) {
            if (!row[1 + k]) continue;
            json_put_comma(out);
            buf_byte(out, '{');
            put_label(s, s->rows.first + (i64)i, out);
            json_put_kv_i64(out, S("size"), (i64)row[0]);
            json_put_kv_i64(out, S("period"), k);
            json_put_kv_i64(out, S("customers"), (i64)row[1 + k]);
            put_ratio(out, S("share"), row[1 + k], row[0]);
            buf_byte(out, '}');
        }
    }
    buf_byte(out, ']');
    json_put_key(out, S("total"));
    buf_byte(out, '{');
    json_put_kv_i64(out, S("customers"), (i64)total);
    buf_byte(out, '}');
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    series_clear(&s->rows);
    clock_end(&s->clock);
    runs_end(&s->firsts), runs_end(&s->runs);
    free(s->came);
}

/* ---- who came back, and who did not ---- */

static err cell(struct ask *a)
{
    const struct retention *x = a->plan->args;
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_text(a, "cohort", S(""), &c->cohort));
    TRY(ask_number(a, "period", 0, x->periods, -1, &c->period));
    TRY(ask_flag(a, "lost", &c->lost));
    if (c->lost && c->period < 0)
        return REFUSE_AT(a, "period", "say in which \"period\" they did not come back");
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    s->seen = false;
    memset(s->came, 0, (PERIODS_MAX + 64) / 64 * sizeof *s->came);
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    struct buf label;
    if (!s->seen) return false;
    buf_init(&label, 64);
    clock_label(&s->clock, s->cohort, &label);
    bool mine = !c->cohort.n || str_eq(buf_str(&label), c->cohort);
    buf_clear(&label);
    if (!mine || c->period < 0) return mine;
    return (s->came[c->period / 64] >> c->period % 64 & 1) != c->lost;
}

const struct analysis RETENTION = {
    .name = S("retention"),
    .keys = " first again unit mode periods ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " cohort period lost ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
