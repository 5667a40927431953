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

struct hour {
    u64 events, customers;
    u64 last; /* the customer that was counted last */
};

struct state {
    const struct plan *p;
    const struct heatmap *h;
    struct clock clock;
    struct hour hours[CELLS];
    u64 serial;
};

static err parse(struct ask *a)
{
    struct heatmap *h = ask_room(a, sizeof *h);
    TRY(ask_did(a, S("*"), &h->filter));
    TRY(ask_flag(a, "fill", &h->fill));
    a->plan->args = h;
    return ERR_OK;
}

static void *begin(const struct plan *p)
{
    struct state *s = mem_zalloc(sizeof *s);
    s->p = p;
    s->h = p->args;
    clock_init(&s->clock, p->days, UNIT_HOUR, 0, 0);
    return s;
}

/* The local hour of a moment as a place of the week; the first day of 1970 was a Thursday, so its
 * hour 72 when weeks begin on Monday. */
static inline u32 place_of(struct clock *k, i64 at)
{
    i64 hours = floor_div(clock_local(k, at), HOUR) + 72;
    return (u32)(hours - floor_div(hours, CELLS) * CELLS);
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    struct clock clock = s->clock;
    u32 bit = 1u << s->h->filter;
    for (u32 c = 0; c < b->customers; c++) {
        u64 serial = ++s->serial;
        for (u32 i = b->start[c]; i < b->start[c + 1]; i++) {
            if (!(b->hits[i] & bit)) continue;
            struct hour *h = &s->hours[place_of(&clock, b->at[i])];
            h->events++;
            h->customers += h->last != serial;
            h->last = serial;
        }
    }
    s->clock = clock;
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
    .begin = begin,
    .add = add,
    .merge = merge,
    .finish = finish,
    .end = free,
    .cell_keys = " weekday hour ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
