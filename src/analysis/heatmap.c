/* heatmap.c — on which weekday and at which hour of the local clock. */
#include "analysis/fold.h"

#include <stdlib.h>

enum { CELLS = 7 * 24 };

struct heatmap {
    u32 filter;
    bool fill;
};

struct cell {
    i64 weekday, hour; /* 0, −1: any */
};

struct state {
    const struct plan *p;
    const struct heatmap *h;
    struct clock clock;
    u64 events[CELLS], customers[CELLS];
    u64 last[CELLS]; /* the customer that was counted last */
    u64 serial;
    i64 hour; /* the one asked for last, and its place */
    u32 place;
};

static err parse(struct ask *a)
{
    struct heatmap *h = ask_room(a, sizeof *h);
    TRY(ask_did(a, S("*"), &h->filter));
    TRY(ask_flag(a, "fill", &h->fill));
    a->plan->args = h;
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    clock_init(&s->clock, p->days, UNIT_HOUR, 0, 0);
    s->hour = INT64_MIN;
}

/* The local hour of a moment as a place of the week; the first day of 1970 was a Thursday, so its
 * hour 72 when weeks begin on Monday. Asked once for each hour she was there. */
static u32 place_of(struct state *s, i64 at)
{
    i64 hour = clock_unit(&s->clock, at);
    if (hour == s->hour) return s->place;
    s->hour = hour;
    i64 hours = floor_div(clock_local(&s->clock, at), HOUR) + 72;
    return s->place = (u32)(hours - floor_div(hours, CELLS) * CELLS);
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    u32 bit = 1u << s->h->filter;
    for (u32 c = 0; c < b->customers; c++) {
        u64 serial = ++s->serial;
        for (u32 i = b->start[c]; i < b->start[c + 1]; i++) {
            if (!(b->hits[i] & bit)) continue;
            u32 at = place_of(s, b->at[i]);
            s->events[at]++;
            s->customers[at] += s->last[at] != serial;
            s->last[at] = serial;
        }
    }
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    for (u32 i = 0; i < CELLS; i++) {
        s->events[i] += o->events[i];
        s->customers[i] += o->customers[i];
    }
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    (void)why;
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u32 i = 0; i < CELLS; i++) {
        if (!s->events[i] && !s->h->fill) continue;
        json_put_comma(out);
        buf_byte(out, '{');
        json_put_kv_i64(out, S("weekday"), i / 24 + 1);
        json_put_kv_i64(out, S("hour"), i % 24);
        json_put_kv_i64(out, S("events"), (i64)s->events[i]);
        json_put_kv_i64(out, S("customers"), (i64)s->customers[i]);
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
    memset(s->events, 0, sizeof s->events);
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    for (u32 i = 0; i < CELLS; i++) {
        bool here = (!c->weekday || c->weekday == i / 24 + 1) && (c->hour < 0 || c->hour == i % 24);
        if (here && s->events[i]) return true;
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
    .cell_keys = " weekday hour ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
