/* store.h — everything a record changes: tables of fixed rows, strings, and epochs to read them at.
 *
 *   engine thread:  table_at / table_edit / heap_put …        one writer, between epochs
 *                       │ first change of a row after a pin
 *                       ▼
 *                   undo ring: before-images  ◄── epoch_row (any thread, no lock)
 *
 * A row's word 0 belongs to the store: the number of the epoch interval in which it last changed,
 * and where its before-image lies. A reader at epoch e that finds a younger row follows the
 * before-images; each holds the word 0 before it, so the chain leads to the row as it was. Nothing
 * else is copied.
 *
 * Row 0 of every table is the store's own (free list, count): index 0 means "none" everywhere.
 * Tables are address ranges that never move; memory is taken as rows are touched. */
#pragma once
#include "base/mem.h"
#include "env/env.h"

struct store;
struct table;
struct heap;
struct epoch;

struct store_options {
    u64 undo_bytes_max; /* before-images; beyond it the oldest epochs are cancelled; 0 = 256 MiB */
    u64 memory_max;     /* budget of all tables and heaps: store_room answers it; 0 = none */
};

struct store *store_new(const struct store_options *o);
void store_free(struct store *s); /* no epoch may be pinned */
/* Pages touched by tables and heaps; derived indexes and before-images are not counted. */
u64 store_bytes(const struct store *s);
bool store_room(const struct store *s); /* false beyond memory_max: refuse input */

/* ---- tables: the engine thread ---- */

/* `name` (1…63 bytes) identifies the table in snapshots: unique, stable for ever; "….cells" belong
 * to heaps. row_size: a multiple of 8 in 16…128. Rows have the indexes 1…rows_max. Tables are
 * created in any order, at any time; a name that is there (from a snapshot, say) gives that table,
 * which must have the same row_size and no fewer rows_max. */
struct table *table_new(struct store *s, const char *name, u32 row_size, u32 rows_max);
struct table *table_find(struct store *s, const char *name);
static inline const void *table_at(const struct table *t, u32 i);
/* The row to change, its before-image kept if an epoch may see it. Good until the next epoch. Word
 * 0 of the row must not be touched. */
void *table_edit(struct table *t, u32 i);
/* A zeroed row; dropped rows are given again, newest first. ERR_FULL semantics: 0 when rows_max is
 * reached. */
u32 table_add(struct table *t);
/* A zeroed row at exactly this index ≥ 1, which must not be there, for tables indexed by persona;
 * grows the count. A table takes its rows by table_add or by table_claim, never by both. */
void *table_claim(struct table *t, u32 i);
bool table_has(const struct table *t, u32 i); /* given and not dropped; any i */
void table_drop(struct table *t, u32 i);      /* its content is wiped at once */
u32 table_count(const struct table *t);       /* one past the highest index ever given */
u32 table_rows_max(const struct table *t);
void table_prefetch(const struct table *t, u32 i);

/* ---- strings: immutable, replaced and never overwritten ---- */

enum { HEAP_STRING_MAX = 1 << 20 };
struct heap *heap_new(struct store *s, const char *name);
struct heap *heap_find(struct store *s, const char *name);
u32 heap_put(struct heap *h, str s); /* a handle; the empty string is handle 0 */
/* Any thread, for a handle from a row of an epoch that it has not dropped yet: that epoch's being
 * cancelled meanwhile does no harm to the string. O(1). */
str heap_view(const struct heap *h, u32 handle);
/* Wiped and used again once no epoch can see it; 0 is allowed, a handle twice is not. */
void heap_retire(struct heap *h, u32 handle);

/* ---- epochs ---- */

/* At a batch's end: pins the state as it is now. Engine thread (readers ask it to). Epochs pinned
 * with no change between them are one and shared. */
struct epoch *epoch_pin(struct store *s);
void epoch_drop(struct epoch *e);           /* any thread */
struct epoch *epoch_share(struct epoch *e); /* another reference; any thread that holds one */
u64 epoch_number(const struct epoch *e);
bool epoch_cancelled(const struct epoch *e); /* the undo ring ran out: start again with a new one */
void epoch_cancel_older(struct store *s, u64 number); /* engine thread: readers held too long */
/* Copies row i as it was, row_size bytes to `out`, which is aligned to 8; word 0 becomes 0. False
 * (out zeroed) if it did not exist then, was dropped, or the epoch is cancelled. Any i. */
bool epoch_row(const struct epoch *e, const struct table *t, u32 i, void *out);
u32 epoch_count(const struct epoch *e, const struct table *t); /* 0 if it is cancelled */
/* Engine thread, at each batch's end: frees before-images and strings nobody can see any more. */
void store_collect(struct store *s);
/* Erasure: strings retired before `store_moment` gave this number are wiped once store_is_wiped
 * says so; while an epoch sees one, it is not. */
u64 store_moment(const struct store *s);
bool store_is_wiped(const struct store *s, u64 moment);

/* The owner's word 0 mark: rows and their base address, for table_at. */
struct table_base {
    char *rows;
    u32 row_size;
};

static inline const void *table_at(const struct table *t, u32 i)
{
    const struct table_base *b = (const struct table_base *)(const void *)t;
    return b->rows + (size_t)i * b->row_size;
}
