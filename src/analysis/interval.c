/* interval.c — how long it takes from one event to the next of another kind, and how long a
 * journey should wait for it. */
#include "analysis/fold.h"

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
    bool converted;
    i64 from, to; /* of the interval, ms: [from, to) */
};

struct state {
    const struct plan *p;
    const struct interval *a;
    struct numbers times;
    u64 starts, customers, started;
    bool open; /* the last customer has a start without an end */
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
    a->plan->args = x;
    return ERR_OK;
}

/* Backwards, and without branches, since what comes next cannot be guessed: of the ends that were
 * met, `end` is the moment of the first one and `later` the first moment after it, so that an end
 * at the start's own moment is passed over. */
static void one(struct state *s, const struct timelines *b, u32 from, u32 to)
{
    u32 starts = 0, start_shift = s->a->start, end_shift = s->a->end;
    u64 n = s->times.n, within = (u64)s->a->within;
    i64 end = INT64_MAX, later = INT64_MAX;
    bool open = false;
    if (s->times.room - n < to - from) numbers_grow(&s->times, to - from);
    if (s->times.room - n < to - from) return; /* full */
    u64 *times = s->times.p;
    for (u32 i = to; i-- > from;) {
        i64 now = b->at[i], next = end > now ? end : later;
        bool is_start = b->hits[i] >> start_shift & 1, is_end = b->hits[i] >> end_shift & 1,
             is_other = is_end & (now != end),
             comes = is_start & (next != INT64_MAX) & ((u64)next - (u64)now <= within);
        times[n] = (u64)next - (u64)now;
        n += comes;
        starts += is_start;
        open |= is_start & !comes;
        later = is_other ? end : later;
        end = is_other ? now : end;
    }
    s->open = open;
    s->starts += starts;
    s->started += starts != 0;
    s->customers += s->times.n != n;
    s->times.n = n;
}

static void add(void *state, const struct timelines *b)
{
    for (u32 c = 0; c < b->customers; c++) one(state, b, b->start[c], b->start[c + 1]);
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

static void put_histogram(const struct state *s, struct buf *out)
{
    u64 i = 0;
    json_put_key(out, S("histogram"));
    buf_byte(out, '[');
    for (u32 k = 0; k <= COUNT_OF(ROUND) && i < s->times.n; k++) {
        u64 from = k ? (u64)ROUND[k - 1] : 0, count = i;
        bool last = k == COUNT_OF(ROUND);
        while (i < s->times.n && (last || s->times.p[i] < (u64)ROUND[k])) i++;
        json_put_comma(out);
        buf_byte(out, '{');
        put_seconds(out, S("from_s"), from);
        if (!last) put_seconds(out, S("to_s"), (u64)ROUND[k]);
        json_put_kv_i64(out, S("count"), (i64)(i - count));
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

/* The shortest round time within which most have done it by themselves. */
static void put_wait(const struct state *s, struct buf *out)
{
    char room[24];
    u64 patience = numbers_rank(&s->times, PATIENCE, 100), n = 0;
    u32 k = 0;
    while (k + 1 < COUNT_OF(ROUND) && (u64)ROUND[k] < patience) k++;
    for (; n < s->times.n && s->times.p[n] <= (u64)ROUND[k];) n++;
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
    decimal sum = 0;
    for (u64 i = 0; i < s->times.n; i++) sum += (decimal)s->times.p[i];
    numbers_sort(&s->times);
    json_put_kv_i64(out, S("count"), (i64)s->times.n);
    put_decimal(out, S("sum_s"), sum * (DECIMAL_ONE / 1000));
    json_put_kv_i64(out, S("starts"), (i64)s->starts);
    json_put_kv_i64(out, S("customers"), (i64)s->customers);
    json_put_kv_i64(out, S("started"), (i64)s->started);
    json_put_key(out, S("percentiles"));
    buf_byte(out, '{');
    for (u32 i = 0; i < s->a->count && s->times.n; i++)
        put_seconds(out, s->a->texts[i],
                    numbers_rank(&s->times, (u64)s->a->percentiles[i], 100 * (u64)FIXED_ONE));
    buf_byte(out, '}');
    put_histogram(s, out);
    if (s->times.n) put_wait(s, out);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    numbers_clear(&s->times);
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
    s->open = false;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
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
    .cell_keys = " converted from_s to_s ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
