/* table_test.c — giving, changing and dropping rows; what memory they are counted for. */
#include "base/test.h"
#include "store/store_internal.h"

TEST("rows count from 1, and the one after the last is refused")
{
    struct store *s = store_new(&(struct store_options){0});
    struct table *t = table_new(s, "t", 16, 3);
    CHECK_EQ(table_count(t), 1);
    for (u32 i = 1; i <= 3; i++) CHECK_EQ(table_add(t), i);
    CHECK_EQ(table_add(t), 0);
    CHECK_EQ(table_count(t), 4);
    CHECK(!table_has(t, 0) && table_has(t, 1) && table_has(t, 3));
    CHECK(!table_has(t, 4) && !table_has(t, UINT32_MAX));
    store_free(s);
}

TEST("dropped rows are given again, the newest first, and are zero")
{
    struct store *s = store_new(&(struct store_options){0});
    struct table *t = table_new(s, "t", 32, 10);
    for (u32 i = 1; i <= 4; i++) {
        u64 *row = table_edit(t, table_add(t));
        row[1] = row[2] = row[3] = i;
    }
    table_drop(t, 2);
    table_drop(t, 4);
    table_drop(t, 1);
    CHECK(!table_has(t, 2));
    static const u32 AGAIN[] = {1, 4, 2, 5};
    for (size_t k = 0; k < COUNT_OF(AGAIN); k++) {
        CHECK_EQ(table_add(t), AGAIN[k]);
        const u64 *row = table_at(t, AGAIN[k]);
        CHECK_EQ(row[1] | row[2] | row[3], 0);
    }
    CHECK_EQ(table_count(t), 6);
    store_free(s);
}

TEST("a table by index has the rows that were claimed, and no others")
{
    struct store *s = store_new(&(struct store_options){0});
    struct table *t = table_new(s, "t", 64, 1000);
    u64 *row = table_claim(t, 700);
    row[7] = 7;
    CHECK_EQ(table_count(t), 701);
    CHECK(table_has(t, 700) && !table_has(t, 699));
    table_claim(t, 1000);
    table_drop(t, 700);
    CHECK(!table_has(t, 700));
    CHECK_EQ(((u64 *)table_claim(t, 700))[7], 0);
    CHECK_EQ(table_count(t), 1001);
    struct epoch *e = epoch_pin(s);
    u64 out[8];
    CHECK(epoch_row(e, t, 700, out) && !epoch_row(e, t, 699, out));
    epoch_drop(e);
    store_free(s);
}

TEST("the same name is the same table, and another name another")
{
    struct store *s = store_new(&(struct store_options){0});
    struct table *t = table_new(s, "t", 64, 1000);
    CHECK(table_new(s, "t", 64, 500) == t && table_find(s, "t") == t);
    CHECK(table_find(s, "u") == NULL && table_new(s, "u", 64, 500) != t);
    struct heap *h = heap_new(s, "t");
    CHECK(heap_new(s, "t") == h && heap_find(s, "t") == h && heap_find(s, "x") == NULL);
    store_free(s);
}

TEST("bytes are counted by pages touched, and past the budget there is no room")
{
    struct store *s = store_new(&(struct store_options){.memory_max = 4 * PAGE_BYTES});
    struct table *t = table_new(s, "t", 64, 1 << 20);
    CHECK_EQ(store_bytes(s), PAGE_BYTES);
    for (u32 i = 1; i < 64; i++) table_add(t);
    CHECK_EQ(store_bytes(s), PAGE_BYTES);
    table_add(t);
    CHECK_EQ(store_bytes(s), 2 * PAGE_BYTES);
    struct table *by_index = table_new(s, "by index", 24, 1 << 20);
    table_claim(by_index, 1 << 20);
    CHECK_EQ(store_bytes(s), 4 * PAGE_BYTES);
    CHECK(store_room(s));
    /* 170 × 24 = 4,080: this row lies across the border of two pages. */
    table_claim(by_index, 170);
    CHECK_EQ(store_bytes(s), 5 * PAGE_BYTES);
    CHECK(!store_room(s));
    store_free(s);
}

TEST("looking for touched rows finds each one, across pages and the gaps between them")
{
    struct store *s = store_new(&(struct store_options){0});
    struct table *t = table_new(s, "t", 24, 1 << 20);
    static const u32 ROWS[] = {1, 170, 171, 341, 5000, 200000, 200001, 1 << 20};
    for (size_t k = 0; k < COUNT_OF(ROWS); k++) table_claim(t, ROWS[k]);
    u32 found = 0, looked = 0;
    for (u32 i = 0; (i = table_next_touched(t, i, table_count(t))) < table_count(t); i++, looked++)
        if (i && table_has(t, i)) CHECK_EQ(i, ROWS[found++]);
    CHECK_EQ(found, COUNT_OF(ROWS));
    CHECK(looked < 9 * 171);
    store_free(s);
}

/* A table of three live rows and the head that is asked for, as if loaded. */
static err check_loaded(u32 count, u32 free_row, u64 dropped_live, u64 next)
{
    struct store *s = store_new(&(struct store_options){0});
    struct table *t = table_new(s, "t", 16, 5);
    u64 row[2] = {1, (u64)free_row << 32 | count};
    table_put_loaded(t, 0, row);
    for (u32 i = 1; i <= 3; i++) {
        row[0] = i == 2 ? dropped_live : 1;
        row[1] = i == 2 ? next : 0;
        table_put_loaded(t, i, row);
    }
    struct diag why = {0};
    err e = table_check(t, &why);
    CHECK(e == ERR_OK || why.message[0]);
    store_free(s);
    return e;
}

TEST("a loaded table whose count or free list cannot be is refused")
{
    CHECK_OK(check_loaded(4, 0, 1, 0));
    CHECK_OK(check_loaded(4, 2, 0, 0));
    CHECK_OK(check_loaded(6, 2, 0, 0));
    CHECK_OK(check_loaded(4, BY_INDEX, 0, 0));
    CHECK_EQ(check_loaded(7, 0, 1, 0), ERR_CORRUPT);
    CHECK_EQ(check_loaded(0, 0, 1, 0), ERR_CORRUPT);
    CHECK_EQ(check_loaded(3, 0, 1, 0), ERR_CORRUPT);
    CHECK_EQ(check_loaded(4, 2, 1, 0), ERR_CORRUPT); /* it lives */
    CHECK_EQ(check_loaded(4, 2, 0, 2), ERR_CORRUPT); /* it follows itself */
    CHECK_EQ(check_loaded(4, 2, 0, 3), ERR_CORRUPT); /* a living one follows */
    CHECK_EQ(check_loaded(5, 4, 0, 0), ERR_CORRUPT); /* never given */
    CHECK_EQ(check_loaded(4, 4, 0, 0), ERR_CORRUPT); /* beyond the count */
}
