/* twin_test.c — random histories of a store and its twin: whatever an epoch shows is what was. */
#include "store/twin.h"

#include "base/test.h"

#include <stdlib.h>

static const u32 SIZES[TWIN_TABLES] = {16, 24, 64, 128, 64};
static const char *const NAMES[TWIN_TABLES] = {"r16", "r24", "r64", "r128", "by index"};

/* ---- strings made from a seed ---- */

static str text_of(u64 seed, char *out)
{
    static const u32 LENGTHS[] = {0, 1, 6, 7, 8, 30, 127, 128, 500, 1021, 1022, 3000};
    struct rng r = {seed};
    u32 n = LENGTHS[rng_below(&r, COUNT_OF(LENGTHS))] + (u32)rng_below(&r, 3);
    if (rng_below(&r, 200) == 0) n = 16382 + (u32)rng_below(&r, 4);
    for (u32 i = 0; i < n; i++) out[i] = (char)rng_next(&r);
    return (str){out, n};
}

static void check_text(const struct heap *h, u32 handle, u64 seed)
{
    static char text[20000];
    str want = text_of(seed, text), is = heap_view(h, handle);
    CHECK(is.n == want.n && (want.n == 0 || memcmp(is.p, want.p, want.n) == 0));
}

static u32 put_text(struct twin *t, u64 seed)
{
    static char text[20000];
    return heap_put(t->heap, text_of(seed, text));
}

/* ---- both ---- */

static void open_tables(struct twin *t)
{
    t->store = store_new(&t->store->options);
    for (u32 k = 0; k < TWIN_TABLES; k++)
        t->tables[k] = table_new(t->store, NAMES[k], SIZES[k], TWIN_ROWS);
    t->heap = heap_new(t->store, "texts");
}

struct twin twin_new(u64 seed, u64 undo_bytes)
{
    struct store options = {.options = {.undo_bytes_max = undo_bytes}};
    struct twin t = {.rng = {seed}, .store = &options, .now = mem_zalloc(sizeof *t.now)};
    open_tables(&t);
    for (u32 k = 0; k < TWIN_TABLES; k++) t.now->tables[k].count = 1;
    return t;
}

struct twin twin_again(const struct twin *old, const struct past *now)
{
    struct twin t = *old;
    open_tables(&t);
    t.now = mem_alloc(sizeof *t.now);
    *t.now = *now;
    return t;
}

void twin_free(struct twin *t)
{
    store_free(t->store);
    free(t->now);
}

static u32 words_of(u32 k)
{
    return SIZES[k] / 8;
}

/* New values for a row that has none or others: some words of it, the string now and then. */
static void fill(struct twin *t, u32 k, u32 i, u64 *row, bool is_new)
{
    u64 *twin = t->now->tables[k].words[i];
    for (u32 w = 1; w < words_of(k); w++) {
        if (!is_new && rng_percent(&t->rng, 60)) continue;
        if (w == 1 && k > 0) continue;
        twin[w] = rng_next(&t->rng);
        if (w == 2 && k > 0) {
            heap_retire(t->heap, (u32)row[1]);
            word_set(row + 1, put_text(t, twin[w]));
        }
        word_set(row + w, twin[w]);
    }
}

static void add(struct twin *t, u32 k)
{
    u32 i;
    if (k == TWIN_BY_INDEX) {
        i = 1 + (u32)rng_below(&t->rng, TWIN_ROWS);
        if (table_has(t->tables[k], i)) return;
        CHECK(!t->now->tables[k].live[i]);
        table_claim(t->tables[k], i);
    } else {
        i = table_add(t->tables[k]);
        if (!i) return;
    }
    u64 *row = table_edit(t->tables[k], i);
    for (u32 w = 1; w < words_of(k); w++) CHECK_EQ(row[w], 0);
    if (i >= t->now->tables[k].count) t->now->tables[k].count = i + 1;
    t->now->tables[k].live[i] = true;
    memset(t->now->tables[k].words[i], 0, sizeof t->now->tables[k].words[i]);
    fill(t, k, i, row, true);
}

static void drop(struct twin *t, u32 k, u32 i)
{
    const u64 *row = table_at(t->tables[k], i);
    if (k > 0) heap_retire(t->heap, (u32)row[1]);
    table_drop(t->tables[k], i);
    t->now->tables[k].live[i] = false;
}

void twin_change(struct twin *t, u32 times)
{
    for (; times; times--) {
        u32 k = (u32)rng_below(&t->rng, TWIN_TABLES);
        u32 i = 1 + (u32)rng_below(&t->rng, TWIN_ROWS);
        if (!table_has(t->tables[k], i)) {
            if (rng_percent(&t->rng, 50)) add(t, k);
        } else if (rng_percent(&t->rng, 20)) {
            drop(t, k, i);
        } else {
            fill(t, k, i, table_edit(t->tables[k], i), false);
        }
    }
}

struct past *twin_copy(const struct twin *t)
{
    struct past *p = mem_alloc(sizeof *p);
    *p = *t->now;
    return p;
}

static void check_row(const struct twin *t, const struct past *p, u32 k, u32 i, const u64 *row)
{
    for (u32 w = k > 0 ? 2 : 1; w < words_of(k); w++) CHECK_EQ(row[w], p->tables[k].words[i][w]);
    if (k > 0) check_text(t->heap, (u32)row[1], p->tables[k].words[i][2]);
}

void twin_check_now(const struct twin *t, const struct past *p)
{
    for (u32 k = 0; k < TWIN_TABLES; k++) {
        CHECK_EQ(table_count(t->tables[k]), p->tables[k].count);
        for (u32 i = 1; i <= TWIN_ROWS; i++) {
            CHECK_EQ(table_has(t->tables[k], i), p->tables[k].live[i]);
            if (p->tables[k].live[i]) check_row(t, p, k, i, table_at(t->tables[k], i));
        }
    }
}

void twin_check_epoch(const struct twin *t, const struct epoch *e, const struct past *p)
{
    bool lost = epoch_cancelled(e);
    for (u32 k = 0; k < TWIN_TABLES; k++) {
        CHECK_EQ(epoch_count(e, t->tables[k]), lost ? 0 : p->tables[k].count);
        for (u32 i = 0; i <= TWIN_ROWS + 1; i++) {
            u64 row[ROW_WORDS_MAX];
            bool live = !lost && i <= TWIN_ROWS && p->tables[k].live[i];
            CHECK_EQ(epoch_row(e, t->tables[k], i, row), live);
            CHECK_EQ(row[0], 0);
            if (live)
                check_row(t, p, k, i, row);
            else
                for (u32 w = 0; w < words_of(k); w++) CHECK_EQ(row[w], 0);
        }
    }
}

/* ---- histories ---- */

enum { HELD_MAX = 6 };

struct held {
    struct epoch *epoch;
    struct past *past;
};

static void let_go(struct held *h)
{
    epoch_drop(h->epoch);
    free(h->past);
    *h = (struct held){0};
}

/* Pins, holds and drops at random; everything held is compared now and then, all of it in the end.
 */
static void live_through(struct twin *t, u32 rounds, u32 changes_max, u32 *cancelled)
{
    struct held held[HELD_MAX] = {0};
    *cancelled = 0;
    for (u32 round = 0; round < rounds; round++) {
        struct held *h = &held[rng_below(&t->rng, HELD_MAX)];
        twin_change(t, (u32)rng_below(&t->rng, changes_max));
        if (h->epoch && rng_percent(&t->rng, 60)) {
            twin_check_epoch(t, h->epoch, h->past);
            *cancelled += epoch_cancelled(h->epoch);
            let_go(h);
        } else if (!h->epoch) {
            *h = (struct held){epoch_pin(t->store), twin_copy(t)};
        }
        if (rng_percent(&t->rng, 70)) store_collect(t->store);
    }
    twin_check_now(t, t->now);
    for (u32 k = 0; k < HELD_MAX; k++) {
        if (!held[k].epoch) continue;
        twin_check_epoch(t, held[k].epoch, held[k].past);
        let_go(&held[k]);
    }
}

TEST("every row and string of every pinned epoch is as it was, through changes, drops and re-adds")
{
    u32 cancelled;
    for (u64 run = 0; run < 2; run++) {
        struct twin t = twin_new(test_seed() + run, 64 << 20);
        live_through(&t, 200, 60, &cancelled);
        CHECK_EQ(cancelled, 0);
        twin_free(&t);
    }
}

TEST("when before-images run out the oldest epochs are cancelled, and no epoch ever shows a wrong "
     "row")
{
    u32 cancelled, sum = 0;
    for (u64 run = 0; run < 3; run++) {
        struct twin t = twin_new(test_seed() + run, (1 + run) * UNDO_CHUNK);
        live_through(&t, 120, 250, &cancelled);
        sum += cancelled;
        twin_free(&t);
    }
    CHECK(sum > 0);
}

TEST("when the intervals are used up all epochs are cancelled once, and then all goes on")
{
    u32 cancelled;
    struct twin t = twin_new(test_seed(), 64 << 20);
    twin_change(&t, 500);
    store_set_interval(t.store, INTERVAL_LAST - 20);
    live_through(&t, 200, 40, &cancelled);
    CHECK(cancelled > 0 && cancelled <= HELD_MAX);
    CHECK(t.store->interval < 300);
    twin_free(&t);
}
