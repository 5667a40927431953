/* What directories say of the rows that will be looked at, against the rows themselves. */
#include "event/estimate.h"

#include "event/daily.h"
#include "event/village_test.h"
#include "log/names.h"

#include <stdlib.h>

enum { STEP = 15000 /* ms: 120,000 rows are three weeks */, TAIL = 500 };

/* What a block's rows say of it, one by one. */
struct truth {
    u64 looked_at; /* rows of blocks with a row of a wanted code, whose span meets the asked one */
    u64 wanted, of_days, all;
};

static void add_block(struct block *b, const u32 *marks, const struct scan_want *w, struct truth *t)
{
    bool any = false;
    i64 low = INT64_MAX, high = INT64_MIN;
    for (u32 row = b->first; row < b->end; row++) {
        i64 at = block_occurred(b, row);
        bool is_mine = marks[block_code(b, row)] != 0;
        low = min_i64(low, at), high = max_i64(high, at);
        any |= is_mine;
        t->wanted += is_mine && at >= w->from && at < w->to;
        bool in_days = daily_day(at) >= daily_day(w->from) && daily_day(at) <= daily_day(w->to - 1);
        bool in_file = b->s->head.occurred_max >= w->from && b->s->head.occurred_min < w->to;
        t->of_days += is_mine && in_days && in_file;
    }
    if (any && high >= w->from && low < w->to) t->looked_at += b->end - b->first;
    t->all += b->end - b->first;
}

static struct truth truth_of(const struct village *v, const u32 *marks, const struct scan_want *w)
{
    struct truth t = {0};
    for (u32 f = 0; f < v->es->catalog->count; f++) {
        const struct sealed *s = v->es->catalog->files[f];
        struct block b = {0};
        for (u32 row = 0; row < s->head.rows; row = b.end) {
            block_at(&b, s, row);
            add_block(&b, marks, w, &t);
        }
    }
    return t;
}

/* Rows that a real scan hands out. */
static u64 handed_out(struct village *t, const struct scan_want *w)
{
    struct scan_batch s;
    u64 rows = 0;
    struct event_scan *scan = event_scan_new(event_view_live(t->es), w, village_head, t, 1);
    while (event_scan_next(scan, 0, &s) == ERR_OK) rows += s.events;
    event_scan_free(scan);
    return rows;
}

static void draw(struct village *t, u32 round, u32 *marks, struct scan_want *w)
{
    i64 from = (i64)rng_below(&t->rng, 2 * VILLAGE_ROWS) * STEP - 2 * DAILY_MS,
        ms = 1 + (i64)rng_below(&t->rng, 9 * DAILY_MS);
    *w = (struct scan_want){.marks = marks, .from = from, .to = from + ms};
    if (round % 4 == 0) w->from = 0;
    if (round % 5 == 0) w->to = 400 * (i64)DAILY_MS;
    for (u32 code = 1; code <= VILLAGE_CODES; code++) marks[code] = rng_percent(&t->rng, 30);
    marks[VILLAGE_SYSTEM] = rng_percent(&t->rng, 30);
}

TEST("of a scan directories say just the rows of the blocks that may have any of it")
{
    struct village *t = village_new(arena, STEP, TAIL);
    const struct event_view *v = event_view_live(t->es);
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    u32 some = 0;
    for (u32 round = 0; round < 60; round++) {
        struct scan_want w;
        draw(t, round, marks, &w);
        struct truth is = truth_of(t, marks, &w);
        u64 told = event_estimate_scan(v, marks, w.from, w.to, ESTIMATE_BLOCKS);
        bool any = false;
        for (u32 code = 1; code <= VILLAGE_SYSTEM; code++) any |= marks[code] != 0;
        CHECK_EQ(told, any ? is.looked_at + TAIL : 0);
        CHECK(handed_out(t, &w) <= told);
        some += is.looked_at && is.looked_at < is.all;
    }
    CHECK(some >= 10); /* or the test could not tell it from "everything" */
    CHECK_EQ(event_estimate_scan(v, NULL, INT64_MIN, INT64_MAX, ESTIMATE_BLOCKS),
             2 * VILLAGE_ROWS + TAIL);
    CHECK_EQ(event_estimate_scan(v, NULL, 5, 5, ESTIMATE_BLOCKS), 0);
    CHECK_EQ(event_estimate_scan(v, NULL, INT64_MIN, -5, ESTIMATE_BLOCKS), TAIL);
    free(marks);
    village_free(t);
}

TEST("where blocks are too many to look at, some stand for their neighbours")
{
    struct village *t = village_new(arena, STEP, 0);
    const struct event_view *v = event_view_live(t->es);
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    CHECK_EQ(event_estimate_scan(v, NULL, INT64_MIN, INT64_MAX, 3), 2 * VILLAGE_ROWS);
    marks[VILLAGE_SYSTEM] = 1;
    CHECK_EQ(event_estimate_scan(v, marks, INT64_MIN, INT64_MAX, 3), VILLAGE_ROWS);
    marks[VILLAGE_SYSTEM] = 0;
    for (u32 code = 1; code <= VILLAGE_CODES; code++) {
        marks[code] = 1; /* lies in two runs of blocks at most: wrong only where those end */
        u64 exact = event_estimate_scan(v, marks, INT64_MIN, INT64_MAX, ESTIMATE_BLOCKS);
        u64 rough = event_estimate_scan(v, marks, INT64_MIN, INT64_MAX, 8);
        CHECK(exact < VILLAGE_ROWS && rough <= VILLAGE_ROWS);
        CHECK((exact > rough ? exact - rough : rough - exact) <= 3 * 2 * BLOCK_ROWS);
        marks[code] = 0;
    }
    free(marks);
    village_free(t);
}

TEST("of what indexes count they say just the rows of its days")
{
    struct village *t = village_new(arena, STEP, TAIL);
    const struct event_view *v = event_view_live(t->es);
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    for (u32 round = 0; round < 60; round++) {
        struct scan_want w;
        draw(t, round, marks, &w);
        memset(marks, 0, (VILLAGE_SYSTEM + 1) * sizeof *marks);
        u32 code = 1 + (u32)rng_below(&t->rng, VILLAGE_CODES);
        marks[code] = 1;
        struct event_estimate e = event_estimate_count(v, code, w.from, w.to, ESTIMATE_BLOCKS);
        CHECK_EQ(e.indexed, truth_of(t, marks, &w).of_days);
        CHECK_EQ(e.scanned, TAIL);
        CHECK_EQ(e.by_scan, event_estimate_scan(v, marks, w.from, w.to, ESTIMATE_BLOCKS));
        marks[code] = 0;
    }
    free(marks);
    village_free(t);
}
