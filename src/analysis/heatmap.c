/* heatmap.c — on which weekday and at which hour of the local clock. */
#include "analysis/runs.h"

#include <stdlib.h>

enum { CELLS = 7 * 24 };

struct heatmap {
    u32 filter;
    bool fill;
};

struct cell {
    i64 weekday, hour; /* 0, −1: any */
};

struct hour {
    u64 events, customers;
};

struct state {
    const struct plan *p;
    const struct heatmap *h;
    struct clock clock;
    struct hour hours[CELLS];
    u64 last[CELLS]; /* the customer that was counted last */
    u64 serial;
    struct runs runs;
};

static err parse(struct ask *a)
{
    struct heatmap *h = ask_room(a, sizeof *h);
    TRY(ask_did(a, S("*"), &h->filter));
    TRY(ask_flag(a, "fill", &h->fill));
    a->plan->packed_times = true;
    a->plan->args = h;
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    clock_init(&s->clock, p->days, UNIT_HOUR, 0, 0);
}

/* Of one batch, which has less than 2³² events: a cell's events in the lower half of a word, its
 * customers in the upper. */
static void count(struct state *s, const struct timelines *b, const i32 *hour, u32 bit,
                  u64 *counted)
{
    const u32 *hits = b->hits;
    u64 serial = s->serial, *last = s->last;
    for (u32 c = 0; c < b->customers; c++) {
        u32 end = b->start[c + 1];
        serial++;
        for (u32 i = b->start[c]; i < end; i++) {
            if (!(hits[i] & bit)) continue;
            u32 at = (u32)hour[i];
            counted[at] += 1 | (u64)(last[at] != serial) << 32;
            last[at] = serial;
        }
    }
    s->serial = serial;
}

/* The same where all events count, a run at a time. */
static void count_runs(struct state *s, const struct timelines *b, const i32 *hour, u64 *counted)
{
    const u32 *first;
    u32 runs = runs_of(&s->runs, b, hour, &first), from = b->start[0], c = 0;
    u64 serial = s->serial, *last = s->last;
    for (u32 i = 0; i < runs; i++) {
        u32 at = (u32)hour[first[i]];
        bool is_next = first[i] == b->start[c] - from; /* customer */
        serial += is_next;
        c += is_next;
        counted[at] += (first[i + 1] - first[i]) | (u64)(last[at] != serial) << 32;
        last[at] = serial;
    }
    s->serial = serial;
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    u32 bit = 1u << s->h->filter, from = b->start[0];
    u64 counted[CELLS] = {0};
    const i32 *hour = fold_week_hours(&s->clock, b);
    if (b->always & bit)
        count_runs(s, b, hour, counted);
    else
        count(s, b, hour - from, bit, counted);
    for (u32 i = 0; i < CELLS; i++) {
        s->hours[i].events += (u32)counted[i];
        s->hours[i].customers += counted[i] >> 32;
    }
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    for (u32 i = 0; i < CELLS; i++) {
        s->hours[i].events += o->hours[i].events;
        s->hours[i].customers += o->hours[i].customers;
    }
}

static void close(void *state)
{
    struct state *s = state;
    runs_end(&s->runs);
    clock_end(&s->clock);
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    (void)why;
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u32 i = 0; i < CELLS; i++) {
        if (!s->hours[i].events && !s->h->fill) continue;
        json_put_comma(out);
        buf_byte(out, '{');
        json_put_kv_i64(out, S("weekday"), i / 24 + 1);
        json_put_kv_i64(out, S("hour"), i % 24);
        json_put_kv_i64(out, S("events"), (i64)s->hours[i].events);
        json_put_kv_i64(out, S("customers"), (i64)s->hours[i].customers);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    return ERR_OK;
}

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_number(a, "weekday", 1, 7, 0, &c->weekday));
    TRY(ask_number(a, "hour", 0, 23, -1, &c->hour));
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    memset(s->hours, 0, sizeof s->hours);
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    for (u32 i = 0; i < CELLS; i++) {
        bool here = (!c->weekday || c->weekday == i / 24 + 1) && (c->hour < 0 || c->hour == i % 24);
        if (here && s->hours[i].events) return true;
    }
    return false;
}

const struct analysis HEATMAP = {
    .name = S("heatmap"),
    .keys = " event where fill ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " weekday hour ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
