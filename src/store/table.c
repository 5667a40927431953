/* table.c — the store, and its tables: rows that are given, changed and dropped.
 *
 * Every change goes through change(): it keeps the row's before-image if an epoch may look at it,
 * marks the row for the next snapshot, and only then publishes the new word 0; the body follows. A
 * reader that copied the body in between finds another word 0 and takes the image. All of this
 * happens at a row's first change after a pin; every later one ends at a compare in table_edit.
 *
 * Row 0 is a row like any other, so that epochs and snapshots hold the count and the free list too:
 *
 *   offset 8   u32  count: one past the highest index ever given
 *   offset 12  u32  the free row dropped last, 0 = none; BY_INDEX in tables of table_claim
 *
 * A dropped row is zero but for word 1, the next free row. */
#include "store/store_internal.h"

#include <stdlib.h>

enum { UNDO_DEFAULT = 256 << 20, ROW_SIZE_MIN = 16, ROW_SIZE_MAX = ROW_WORDS_MAX * 8 };

struct store *store_new(const struct store_options *o)
{
    struct store *s = mem_zalloc(sizeof *s);
    s->options = *o;
    if (!s->options.undo_bytes_max) s->options.undo_bytes_max = UNDO_DEFAULT;
    undo_init(&s->undo, s->options.undo_bytes_max);
    s->number = 2;
    store_set_interval(s, 2);
    return s;
}

static size_t rows_bytes(const struct table *t)
{
    return ((size_t)t->rows_max + 1) * t->base.row_size;
}

static size_t page_words(const struct table *t)
{
    return (rows_bytes(t) / PAGE_BYTES + 1 + 63) / 64;
}

void store_free(struct store *s)
{
    if (!s) return;
    store_collect(s);
    MUST(!s->oldest);
    for (u32 i = 0; i < s->heap_count; i++) heap_free(s->heaps[i]);
    for (u32 i = 0; i < s->table_count; i++) {
        struct table *t = s->tables[i];
        mem_release(t->base.rows, rows_bytes(t));
        mem_release(t->pages, page_words(t) * 8);
        marks_clear(&t->marks);
        free(t);
    }
    undo_free(&s->undo);
    free(s->tables);
    free(s->heaps);
    free(s);
}

u64 store_bytes(const struct store *s)
{
    return s->bytes;
}

bool store_room(const struct store *s)
{
    return !s->options.memory_max || s->bytes <= s->options.memory_max;
}

/* Notes the pages that row i lies on: what store_bytes counts and a full snapshot visits. */
static void touch(struct table *t, u32 i)
{
    size_t from = (size_t)i * t->base.row_size, to = from + t->base.row_size - 1;
    for (size_t page = from / PAGE_BYTES; page <= to / PAGE_BYTES; page++) {
        u64 bits = t->pages[page >> 6], bit = (u64)1 << (page & 63);
        if (bits & bit) continue;
        word_set(t->pages + (page >> 6), bits | bit);
        t->store->bytes += PAGE_BYTES;
    }
}

u32 table_next_touched(const struct table *t, u32 from, u32 end)
{
    while (from < end) {
        size_t page = (size_t)from * t->base.row_size / PAGE_BYTES;
        u64 bits = word_get(t->pages + (page >> 6)) >> (page & 63);
        if (bits & 1) return from;
        page = bits ? page + (size_t)__builtin_ctzll(bits) : (page | 63) + 1;
        size_t row = (page * PAGE_BYTES + t->base.row_size - 1) / t->base.row_size;
        from = row < end ? (u32)row : end;
        /* A row that begins on the page before and reaches into this one was marked on both. */
    }
    return end;
}

/* Whether the snapshot that runs has yet to read row i as it is, last changed in `interval`. */
static bool sweep_needs(const struct table *t, u32 i, u64 interval)
{
    const struct epoch *e = t->store->sweep;
    if (LIKELY(!e) || e->interval < interval) return false;
    return sweep_place(t->ordinal, i) >= __atomic_load_n(&e->passed, __ATOMIC_ACQUIRE) &&
           (e->sweep_all || is_frozen(&t->marks, i));
}

/* Makes the row one of this interval; its body may be written from here on. A row that nobody sees
 * now keeps the image it has: epochs older than that version find their way through it. */
static void change(struct table *t, u32 i, u64 *row, u64 live)
{
    struct store *s = t->store;
    u64 word = word_get(row), image = word & IMAGE_MASK;
    u64 interval = word >> INTERVAL_SHIFT;
    if (interval != s->interval) {
        bool sweep = word && sweep_needs(t, i, interval);
        if (sweep || (word && s->newest_reader >= interval))
            image = undo_keep(s, row, t->words, sweep ? FOR_SWEEP : FOR_READERS);
        mark(&t->marks, i);
        s->changed = true;
    }
    __atomic_store_n(row, s->interval << INTERVAL_SHIFT | live | image, __ATOMIC_RELEASE);
    FENCE(__ATOMIC_RELEASE);
}

static u32 count_of(const struct table *t)
{
    return (u32)word_get(row_of(t, 0) + 1);
}

static u32 free_of(const struct table *t)
{
    return (u32)(word_get(row_of(t, 0) + 1) >> 32);
}

bool table_is_by_index(const struct table *t)
{
    return free_of(t) == BY_INDEX;
}

static void set_head(struct table *t, u32 count, u32 free_row)
{
    u64 head = (u64)free_row << 32 | count, *row = row_of(t, 0);
    if (word_get(row + 1) == head) return;
    if (word_get(row) >> IMAGE_BITS != t->store->stamp) change(t, 0, row, LIVE_BIT);
    word_set(row + 1, head);
}

static void check_name(const char *name)
{
    MUST(name[0] && strlen(name) < STORE_NAME_MAX);
}

struct table *table_find(struct store *s, const char *name)
{
    for (u32 i = 0; i < s->table_count; i++)
        if (strcmp(s->tables[i]->name, name) == 0) return s->tables[i];
    return NULL;
}

struct table *table_new(struct store *s, const char *name, u32 row_size, u32 rows_max)
{
    check_name(name);
    MUST(row_size >= ROW_SIZE_MIN && row_size <= ROW_SIZE_MAX && row_size % 8 == 0);
    MUST(rows_max > 0 && rows_max < BY_INDEX);
    struct table *t = table_find(s, name);
    if (t) {
        MUST(t->base.row_size == row_size && rows_max <= t->rows_max);
        return t;
    }
    MUST(s->table_count < TABLES_MAX);
    t = mem_zalloc(sizeof *t);
    *t = (struct table){.base = {.row_size = row_size},
                        .rows_max = rows_max,
                        .words = row_size / 8,
                        .ordinal = s->table_count,
                        .store = s};
    memcpy(t->name, name, strlen(name) + 1);
    t->base.rows = mem_reserve_dense(rows_bytes(t), 4 << 20);
    t->pages = mem_reserve(page_words(t) * 8);
    marks_init(&t->marks, (u64)rows_max + 1);
    s->tables = mem_realloc(s->tables, (s->table_count + 1) * sizeof(struct table *));
    s->tables[s->table_count++] = t;
    touch(t, 0);
    change(t, 0, row_of(t, 0), LIVE_BIT);
    word_set(row_of(t, 0) + 1, 1);
    return t;
}

void *table_edit(struct table *t, u32 i)
{
    MUST(i - 1 < t->rows_max);
    u64 *row = row_of(t, i), word = word_get(row);
    if (LIKELY(word >> IMAGE_BITS == t->store->stamp)) return row;
    MUST(word & LIVE_BIT);
    change(t, i, row, LIVE_BIT);
    return row;
}

u32 table_add(struct table *t)
{
    u32 count = count_of(t), i = free_of(t), next = 0;
    MUST(i != BY_INDEX);
    if (i) {
        next = (u32)word_get(row_of(t, i) + 1);
    } else {
        if (count > t->rows_max) return 0;
        i = count++;
        touch(t, i);
    }
    change(t, i, row_of(t, i), LIVE_BIT);
    word_set(row_of(t, i) + 1, 0);
    set_head(t, count, next);
    return i;
}

void *table_claim(struct table *t, u32 i)
{
    u32 count = count_of(t);
    MUST(i - 1 < t->rows_max && !table_has(t, i));
    MUST(table_is_by_index(t) || count == 1);
    touch(t, i);
    change(t, i, row_of(t, i), LIVE_BIT);
    word_set(row_of(t, i) + 1, 0);
    set_head(t, i < count ? count : i + 1, BY_INDEX);
    return row_of(t, i);
}

void table_drop(struct table *t, u32 i)
{
    u64 *row = row_of(t, i);
    u32 next = free_of(t);
    MUST(table_has(t, i));
    change(t, i, row, 0);
    words_zero(row + 1, t->words - 1);
    if (next == BY_INDEX) return;
    word_set(row + 1, next);
    set_head(t, count_of(t), i);
}

bool table_has(const struct table *t, u32 i)
{
    return i - 1 < t->rows_max && word_get(row_of(t, i)) & LIVE_BIT;
}

u32 table_count(const struct table *t)
{
    return count_of(t);
}

u32 table_rows_max(const struct table *t)
{
    return t->rows_max;
}

void table_prefetch(const struct table *t, u32 i)
{
    const char *row = t->base.rows + (size_t)i * t->base.row_size;
    __builtin_prefetch(row, 1);
    if (t->base.row_size > 64) __builtin_prefetch(row + 64, 1);
}

void table_put_loaded(struct table *t, u32 i, const u64 *row)
{
    touch(t, i);
    if (t->loaded <= i) t->loaded = i + 1;
    u64 *to = row_of(t, i);
    bool live = row[0] & 1;
    words_copy(to, row, live ? t->words : 2);
    if (!live) words_zero(to + 2, t->words - 2); /* only the next free row counts */
    word_set(to, (u64)1 << INTERVAL_SHIFT | (live ? LIVE_BIT : 0));
}

/* No row is beyond the count; the free list names dropped rows only, and is no longer than there
 * are rows. */
err table_check(const struct table *t, struct diag *why)
{
    u32 count = count_of(t), length = 0;
    if (!(word_get(row_of(t, 0)) & LIVE_BIT) || count < t->loaded || count - 1 > t->rows_max)
        return diag_set(why, ERR_CORRUPT, "table %s has a count of %u rows", t->name, count);
    if (table_is_by_index(t)) return ERR_OK;
    for (u32 i = free_of(t); i; i = (u32)word_get(row_of(t, i) + 1))
        if (i >= count || !word_get(row_of(t, i)) || table_has(t, i) || ++length >= count)
            return diag_set(why, ERR_CORRUPT, "table %s has a broken free list", t->name);
    return ERR_OK;
}
