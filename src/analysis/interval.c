/* interval.c — how long it takes from one event to the next of another kind, and how long a
 * journey should wait for it. */
#include "analysis/runs.h"

#include <stdio.h>
#include <stdlib.h>

enum { PERCENTILES_MAX = 20, PATIENCE = 80 /* of a hundred who convert by themselves */ };

struct interval {
    u32 start, end;
    i64 within;
    u32 count;
    i64 percentiles[PERCENTILES_MAX]; /* of a hundred, ×1,000 */
    str texts[PERCENTILES_MAX];
};

struct cell {
    bool started; /* whoever has a start */
    bool converted;
    i64 from, to; /* of the interval, ms: [from, to) */
};

struct state {
    const struct plan *p;
    const struct interval *a;
    struct numbers times;
    u64 starts, customers, started;
    bool open; /* some customer of the last batch has a start without an end */
    struct runs start_bits, end_bits, customer_bits;
};

/* A percentile is a number of a hundred with up to three decimals. */
static err read_percentiles(struct ask *a, struct interval *x)
{
    static const struct json USUAL[5] = {
        {.type = JSON_NUMBER, .text = {"10", 2}, .next = &USUAL[1]},
        {.type = JSON_NUMBER, .text = {"25", 2}, .next = &USUAL[2]},
        {.type = JSON_NUMBER, .text = {"50", 2}, .next = &USUAL[3]},
        {.type = JSON_NUMBER, .text = {"75", 2}, .next = &USUAL[4]},
        {.type = JSON_NUMBER, .text = {"90", 2}}};
    const struct json *j = json_get(a->body, "percentiles"), *e = j ? j->child : USUAL;
    if (j && (j->type != JSON_ARRAY || j->count == 0 || j->count > PERCENTILES_MAX))
        return REFUSE_AT(a, "percentiles", "\"percentiles\" lists up to %d numbers from 0 to 100",
                         PERCENTILES_MAX);
    for (; e; e = e->next, x->count++) {
        fixed f;
        if (e->type != JSON_NUMBER || fixed_parse(e->text, &f) != ERR_OK || f < 0 ||
            f > 100 * FIXED_ONE)
            return REFUSE_AT(a, "percentiles", "a percentile is a number from 0 to 100");
        x->percentiles[x->count] = f;
        x->texts[x->count] = e->text;
    }
    return ERR_OK;
}

static err parse(struct ask *a)
{
    struct interval *x = ask_room(a, sizeof *x);
    if (!json_get(a->body, "start") || !json_get(a->body, "end"))
        return REFUSE_AT(a, json_get(a->body, "start") ? "end" : "start",
                         "\"start\" and \"end\" are events: {\"did\":…}");
    TRY(ask_event(a, "start", &x->start));
    TRY(ask_event(a, "end", &x->end));
    TRY(ask_duration(a, "within", INT64_MAX, &x->within));
    TRY(read_percentiles(a, x));
    a->plan->kinds = true;
    a->plan->args = x;
    return ERR_OK;
}

/* From start to start of the batch, without asking what cannot be guessed: the next end, and where
 * the customer's events end, are the next bits. An end at the start's own moment is passed over. */
static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    u32 from = b->start[0], events = b->start[b->customers] - from, to = 0;
    const u64 *starts = runs_hit(&s->start_bits, b, 1u << s->a->start),
              *ends = runs_hit(&s->end_bits, b, 1u << s->a->end),
              *customers = runs_customers(&s->customer_bits, b);
    const i64 *at = b->at + from;
    u64 within = (u64)s->a->within, n = 0, comers = 0, starters = 0;
    bool came = false, open = false;
    for (u32 i = runs_next(starts, 0); i < events; i = runs_next(starts, i + 1), n++) {
        bool is_new = i >= to; /* another customer than before */
        to = runs_next(customers, i + 1);
        u32 end = runs_next(ends, i + 1);
        while (UNLIKELY(end < to && at[end] == at[i])) end = runs_next(ends, end + 1);
        u64 took = (u64)at[min_u32(end, to - 1)] - (u64)at[i];
        bool comes = (end < to) & (took <= within), did = came & !is_new;
        if (comes) numbers_put(&s->times, took);
        starters += is_new;
        comers += comes & !did;
        came = did | comes;
        open |= !comes;
    }
    s->starts += n;
    s->started += starters;
    s->customers += comers;
    s->open = open;
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    numbers_take(&s->times, &o->times);
    s->starts += o->starts;
    s->customers += o->customers;
    s->started += o->started;
}

/* Round lengths of time: edges of the histogram, and what one would tell a journey to wait. */
static const i64 ROUND[] = {
    30 * SECOND, MINUTE,   2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR,
    2 * HOUR,    3 * HOUR, 4 * HOUR,   6 * HOUR,   8 * HOUR,    12 * HOUR,   DAY,         2 * DAY,
    3 * DAY,     4 * DAY,  5 * DAY,    6 * DAY,    7 * DAY,     10 * DAY,    14 * DAY,    21 * DAY,
    30 * DAY,    45 * DAY, 60 * DAY,   90 * DAY,   120 * DAY,   180 * DAY,   365 * DAY,
};

/* How many times lie in each of the histogram's bars, with what is longer than all. */
static void fill_bars(const struct state *s, u64 bars[COUNT_OF(ROUND) + 1])
{
    u32 least[64 + 1]; /* of each number of bits, the first bar with numbers that long */
    u32 bar = 0;
    for (u32 bits = 0; bits <= 64; bits++) {
        u64 shortest = bits ? 1ull << (bits - 1) : 0;
        while (bar < COUNT_OF(ROUND) && (u64)ROUND[bar] <= shortest) bar++;
        least[bits] = bar;
    }
    for (u64 i = 0; i < s->times.n; i++) {
        u64 t = s->times.p[i];
        u32 k = least[t ? 64 - __builtin_clzll(t) : 0];
        while (k < COUNT_OF(ROUND) && t >= (u64)ROUND[k]) k++;
        bars[k]++;
    }
}

static void put_histogram(const u64 *bars, u64 left, struct buf *out)
{
    json_put_key(out, S("histogram"));
    buf_byte(out, '[');
    for (u32 k = 0; left; left -= bars[k++]) {
        json_put_comma(out);
        buf_byte(out, '{');
        put_seconds(out, S("from_s"), k ? (u64)ROUND[k - 1] : 0);
        if (k < COUNT_OF(ROUND)) put_seconds(out, S("to_s"), (u64)ROUND[k]);
        json_put_kv_i64(out, S("count"), (i64)bars[k]);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

/* The shortest round time within which most, who take up to `patience`, have done it by themselves.
 */
static void put_wait(const struct state *s, u64 patience, struct buf *out)
{
    char room[24];
    u64 n = 0;
    u32 k = 0;
    while (k + 1 < COUNT_OF(ROUND) && (u64)ROUND[k] < patience) k++;
    for (u64 i = 0; i < s->times.n; i++) n += s->times.p[i] <= (u64)ROUND[k];
    json_put_key(out, S("wait"));
    buf_byte(out, '{');
    json_put_kv_str(out, S("for"), duration_text(ROUND[k], room));
    put_ratio(out, S("share"), n, s->times.n);
    buf_byte(out, '}');
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    if (s->times.full)
        return diag_set(why, ERR_LIMIT, "more than %d intervals; choose a shorter period",
                        NUMBERS_MAX);
    const u64 whole = 100 * (u64)FIXED_ONE;
    u64 parts[PERCENTILES_MAX + 1], at[PERCENTILES_MAX + 1], bars[COUNT_OF(ROUND) + 1] = {0};
    decimal sum = 0;
    for (u64 i = 0; i < s->times.n; i++) sum += (decimal)s->times.p[i];
    for (u32 i = 0; i < s->a->count; i++) parts[i] = (u64)s->a->percentiles[i];
    parts[s->a->count] = PATIENCE * (u64)FIXED_ONE;
    if (s->times.n) numbers_ranks(&s->times, parts, s->a->count + 1, whole, at);
    fill_bars(s, bars);
    json_put_kv_i64(out, S("count"), (i64)s->times.n);
    put_decimal(out, S("sum_s"), sum * (DECIMAL_ONE / 1000));
    json_put_kv_i64(out, S("starts"), (i64)s->starts);
    json_put_kv_i64(out, S("customers"), (i64)s->customers);
    json_put_kv_i64(out, S("started"), (i64)s->started);
    json_put_key(out, S("percentiles"));
    buf_byte(out, '{');
    for (u32 i = 0; i < s->a->count && s->times.n; i++) put_seconds(out, s->a->texts[i], at[i]);
    buf_byte(out, '}');
    put_histogram(bars, s->times.n, out);
    if (s->times.n) put_wait(s, at[s->a->count], out);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    numbers_clear(&s->times);
    runs_end(&s->start_bits), runs_end(&s->end_bits), runs_end(&s->customer_bits);
}

/* ---- who took that long, or never came ---- */

static err seconds(struct ask *a, const char *member, i64 otherwise, i64 *ms)
{
    const struct json *j = json_get(a->body, member);
    fixed f;
    *ms = otherwise;
    if (!j) return ERR_OK;
    if (j->type != JSON_NUMBER || fixed_parse(j->text, &f) != ERR_OK || f < 0)
        return REFUSE_AT(a, member, "\"%s\" is a number of seconds", member);
    *ms = f / (FIXED_ONE / 1000);
    return ERR_OK;
}

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    const struct json *converted = json_get(a->body, "converted");
    bool flag;
    TRY(ask_flag(a, "started", &c->started));
    TRY(ask_flag(a, "converted", &flag));
    c->converted = !converted || flag;
    TRY(seconds(a, "from_s", 0, &c->from));
    TRY(seconds(a, "to_s", INT64_MAX, &c->to));
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    s->times.n = 0;
    s->started = 0;
    s->open = false;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    if (c->started) return s->started > 0;
    if (!c->converted) return s->open;
    for (u64 i = 0; i < s->times.n; i++)
        if (s->times.p[i] >= (u64)c->from && s->times.p[i] < (u64)c->to) return true;
    return false;
}

const struct analysis INTERVAL = {
    .name = S("interval"),
    .keys = " start end within percentiles ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " started converted from_s to_s ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
