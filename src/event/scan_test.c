#include "event/scan.h"
#include "event/twin.h"
#include "log/names.h"

#include <stdlib.h>

/* What the twin says of one customer, by the want: her events in timeline order. */
struct story {
    const struct event *events[TIMELINE_EVENTS];
    u32 count;
};

static bool matches(const struct scan_want *w, const struct event *ev)
{
    bool is_named = !w->marks || w->marks[ev->code];
    return is_named && ev->occurred_ms >= w->from && ev->occurred_ms < w->to;
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;
    if (x->occurred_ms != y->occurred_ms) return x->occurred_ms < y->occurred_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void tell(const struct timeline *t, const struct scan_want *w, event_persona head,
                 struct story *s)
{
    s->count = 0;
    if (w->who && (head >= w->who_end || !(w->who[head / 64] >> head % 64 & 1))) return;
    for (u32 i = 0; i < t->count; i++) {
        const struct twin_event *e = &t->events[i];
        if (!e->gone && t->heads[e->ev.persona] == head && matches(w, &e->ev))
            s->events[s->count++] = &e->ev;
    }
    qsort(s->events, s->count, sizeof s->events[0], by_time);
}

static void check_value(const struct event_scan *s, const struct scan_property *p,
                        const struct scan_column *c, u32 at, value want)
{
    fixed number = 0;
    bool is_number = value_as_fixed(want, &number);
    struct buf b;
    switch (p->kind) {
    case SCAN_FIXED:
        CHECK_EQ(c->valid[at], is_number);
        CHECK_EQ(c->number[at], number);
        break;
    case SCAN_NUMBER:
        if (want.type == VALUE_MISSING || want.type == VALUE_NULL)
            CHECK_EQ(c->valid[at], 0);
        else
            CHECK_EQ(c->valid[at], is_number ? SCAN_IS_NUMBER : SCAN_IS_OTHER);
        if (c->valid[at] == SCAN_IS_NUMBER) CHECK_EQ(c->number[at], number);
        if (c->valid[at] == SCAN_IS_OTHER) CHECK(value_eq(c->value[at], want));
        break;
    case SCAN_TEXT:
        buf_init(&b, 1 << 20);
        if (want.type != VALUE_MISSING) value_display(&b, want);
        CHECK_EQ(c->valid[at], want.type != VALUE_MISSING);
        CHECK(str_eq(event_scan_text(s, c->text[at]), buf_str(&b)));
        buf_clear(&b);
        break;
    case SCAN_VALUE:
        CHECK_EQ(c->valid[at], want.type != VALUE_MISSING);
        CHECK(want.type == VALUE_MISSING || value_eq(c->value[at], want));
        break;
    }
}

static void check_batch(const struct timeline *t, const struct event_scan *s,
                        const struct scan_want *w, const struct scan_batch *b, u64 *served)
{
    struct story *story = mem_alloc(sizeof *story);
    CHECK_EQ(b->start[b->customers], b->events);
    for (u32 i = 0; i < b->customers; i++) {
        CHECK(!(*served >> b->head[i] & 1));
        *served |= 1ull << b->head[i];
        tell(t, w, b->head[i], story);
        CHECK_EQ(b->start[i + 1] - b->start[i], story->count);
        for (u32 k = 0; k < story->count; k++) {
            const struct event *want = story->events[k];
            u32 at = b->start[i] + k;
            CHECK_EQ(b->time[at], want->occurred_ms);
            CHECK_EQ(b->mark[at], w->marks ? w->marks[want->code] : 0);
            CHECK(!w->codes || b->code[at] == want->code);
            CHECK(!w->orders || b->order[at] == want->order);
            CHECK(!w->sources || b->source[at] == want->source);
            for (u32 p = 0; p < w->property_count; p++)
                check_value(s, &w->properties[p], &b->columns[p], at,
                            props_get(want->props, w->properties[p].code));
        }
    }
    free(story);
}

static void check_scan(struct timeline *t, const struct event_view *v, const struct scan_want *w)
{
    struct story *story = mem_alloc(sizeof *story);
    u32 slices = 1 + (u32)rng_below(&t->rng, 4);
    u64 served = 0, expected = 0;
    struct event_scan *s = event_scan_new(v, w, timeline_head, t, slices);
    for (u32 i = slices; i-- > 0;) {
        struct scan_batch b;
        event_persona last = 0;
        u32 falls = 0;
        err e;
        while ((e = event_scan_next(s, i, &b)) == ERR_OK) {
            CHECK(b.customers > 0);
            for (u32 k = 0; k < b.customers; last = b.head[k++]) falls += b.head[k] < last;
            check_batch(t, s, w, &b, &served);
        }
        CHECK_EQ(e, ERR_NOT_FOUND);
        CHECK_EQ(event_scan_next(s, i, &b), ERR_NOT_FOUND);
        CHECK(falls <= 1);
    }
    for (event_persona p = 1; p <= TIMELINE_PERSONAS; p++) {
        tell(t, w, p, story);
        if (story->count) expected |= 1ull << p;
    }
    CHECK_EQ(served, expected);
    event_scan_free(s);
    free(story);
}

static void check_scans(struct timeline *t, const struct event_view *v)
{
    static const struct scan_property PROPERTIES[] = {
        {1, SCAN_TEXT},  {2, SCAN_FIXED},  {2, SCAN_TEXT},  {1, SCAN_VALUE},
        {9, SCAN_FIXED}, {2, SCAN_NUMBER}, {1, SCAN_NUMBER}};
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    for (u32 i = 0; i < 24; i++) {
        u64 most = rng_next(&t->rng) | rng_next(&t->rng), few = rng_next(&t->rng) & ~most;
        u64 who = i % 2 ? most : few;
        memset(marks, 0, 80 * sizeof *marks);
        for (u32 k = 0; k < i % 6; k++) marks[1 + rng_below(&t->rng, 5)] = 1 + k % 2 * 7;
        i64 from = t->now - (i64)rng_below(&t->rng, 60) * HOUR;
        struct scan_want w = {.from = i % 3 ? INT64_MIN : from,
                              .to = i % 3 ? NEVER : from + (i64)rng_below(&t->rng, 40) * HOUR,
                              .marks = i % 2 ? marks : NULL,
                              .properties = PROPERTIES,
                              .property_count = i % 7 ? (u32)rng_below(&t->rng, 8) : 0,
                              .codes = i % 8 > 2,
                              .orders = i % 4 == 0,
                              .sources = i % 5 == 0,
                              .who = rng_percent(&t->rng, 40) ? &who : NULL,
                              .who_end = 1 + (u32)rng_below(&t->rng, 64),
                              .heads = rng_percent(&t->rng, 50) ? t->heads : NULL,
                              .heads_end = 1 + (u32)rng_below(&t->rng, TIMELINE_PERSONAS + 1)};
        check_scan(t, v, &w);
    }
    free(marks);
}

TEST("a scan shows what the twin tells, wherever events lie and whosever they became")
{
    (void)arena;
    for (u32 round = 0; round < 6; round++) {
        struct timeline *t = timeline_new(test_seed() + round, 2 * DAY);
        check_scans(t, event_view_live(t->es));
        for (u32 i = 0; i < 5; i++) {
            timeline_act(t, 200 + 60 * i);
            check_scans(t, event_view_live(t->es));
            timeline_work(t, i % 2, 200);
            check_scans(t, event_view_live(t->es));
        }
        timeline_seal(t);
        check_scans(t, event_view_live(t->es));
        timeline_free(t);
    }
}

TEST("a customer too large for a scan's memory is refused, and a scan can be stopped")
{
    struct timeline *t = timeline_new(test_seed(), DAY);
    struct scan_batch b;
    bool stop = true;
    struct scan_want w = {.from = INT64_MIN, .to = NEVER, .bytes_max = 1000};
    (void)arena;
    for (u32 i = 0; i < 100; i++) timeline_append(t, 1 + i % 3, t->now + i, 10);
    struct event_scan *s = event_scan_new(event_view_live(t->es), &w, timeline_head, t, 1);
    CHECK_EQ(event_scan_next(s, 0, &b), ERR_LIMIT);
    event_scan_free(s);
    w = (struct scan_want){.from = INT64_MIN, .to = NEVER, .is_cancelled = &stop};
    s = event_scan_new(event_view_live(t->es), &w, timeline_head, t, 1);
    CHECK_EQ(event_scan_next(s, 0, &b), ERR_UNAVAILABLE);
    stop = false;
    CHECK_OK(event_scan_next(s, 0, &b));
    CHECK_EQ(b.customers, 3);
    event_scan_free(s);
    timeline_free(t);
}

TEST("words keep their codes, and a text is found again")
{
    struct timeline *t = timeline_new(test_seed(), DAY);
    struct scan_want w = {.from = INT64_MIN, .to = NEVER};
    struct event_scan *s = event_scan_new(event_view_live(t->es), &w, timeline_head, t, 1);
    u32 codes[2000];
    for (u32 i = 0; i < 2000; i++) codes[i] = event_scan_word(s, arena_printf(arena, "word %u", i));
    for (u32 i = 0; i < 2000; i++) {
        CHECK_EQ(event_scan_word(s, arena_printf(arena, "word %u", i)), codes[i]);
        CHECK(str_eq(event_scan_text(s, codes[i]), arena_printf(arena, "word %u", i)));
    }
    CHECK_EQ(event_scan_words(s), 2000);
    CHECK_EQ(event_scan_text(s, 0).n, 0);
    CHECK_EQ(event_scan_text(s, 2001).n, 0);
    event_scan_free(s);
    timeline_free(t);
}
