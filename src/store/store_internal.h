/* store_internal.h — how the store lies in memory; for the files of this folder only.
 *
 *   word 0 of a row     63 ············ 28 | 27   | 26 ········ 0
 *                       interval           | live | before-image
 *
 * interval      the interval in which the row last changed, 1 = loaded, 0 = this row never was. It
 *               grows by one at a pin that follows a change; when its 36 bits are used up (two
 * years of a thousand pins a second) all epochs are cancelled and all rows become interval 1. live
 * 0: dropped, and word 1 is the next free row before-image  0 = none, else 1 + its place in the
 * undo chunks, in units of 16 bytes
 *
 * Who may touch what: the engine thread writes everything; any thread reads rows, images and an
 * epoch's own fields; the thread that steps a snapshot reads the frozen marks and the lines of
 * heaps. What two threads touch at once is read and written as aligned 64-bit words by relaxed
 * atomics, with the fences of a seqlock around them (epoch.c). Callers write row bodies by plain
 * stores: there the order stands on aligned stores of x86-64 and ARM64 being single, which a
 * compiler does not split. */
#pragma once
#include "base/mem.h"
#include "store/store.h"

enum {
    STORE_NAME_MAX = 64, /* with its 0 */
    TABLES_MAX = 8192,
    HEAPS_MAX = 256,
    ROW_WORDS_MAX = 16,
    PAGE_BYTES = 4096,
    IMAGE_BITS = 27,
    INTERVAL_SHIFT = IMAGE_BITS + 1,
    UNDO_UNIT = 16,
    UNDO_CHUNK = 64 << 10,
    HEAP_UNIT = 8,
    HEAP_LINE = 64,
    HEAP_CLASSES = 304,
};
#define LIVE_BIT ((u64)1 << IMAGE_BITS)
#define IMAGE_MASK (LIVE_BIT - 1)
#define INTERVAL_LAST (((u64)1 << (64 - INTERVAL_SHIFT)) - 1)

/* A table whose rows are claimed by index keeps this instead of its first free row. */
#define BY_INDEX UINT32_MAX

/* ---- words that two threads may touch ---- */

/* ThreadSanitizer knows no fences. Under it the hardware it runs on (x86-64) keeps the order that
 * they ask for, once the compiler is held. */
#if defined(__SANITIZE_THREAD__)
#define FENCE(order) __atomic_signal_fence(__ATOMIC_SEQ_CST)
#else
#define FENCE(order) __atomic_thread_fence(order)
#endif

static inline u64 word_get(const u64 *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void word_set(u64 *p, u64 v)
{
    __atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static inline void words_copy(u64 *to, const u64 *from, u32 n)
{
    for (u32 i = 0; i < n; i++) word_set(to + i, word_get(from + i));
}

static inline void words_zero(u64 *p, u64 n)
{
    for (u64 i = 0; i < n; i++) word_set(p + i, 0);
}

/* ---- marks: what changed since the last snapshot ---- */

/* One bit per row or heap line. `live` collects; a snapshot takes it over as `frozen`. */
struct marks {
    u64 *live, *frozen;
    u64 bits; /* room */
};

void marks_init(struct marks *m, u64 bits);
void marks_clear(struct marks *m);
/* Begins a generation, of which only the first `used` can be set. `carry`: what was frozen has not
 * reached the disk and stays in. */
void marks_freeze(struct marks *m, u64 used, bool carry);
u64 marks_next(const struct marks *m, u64 from, u64 end); /* the next frozen one, or end */

static inline void mark(struct marks *m, u64 i)
{
    m->live[i >> 6] |= (u64)1 << (i & 63);
}

static inline bool is_frozen(const struct marks *m, u64 i)
{
    return m->frozen[i >> 6] >> (i & 63) & 1;
}

/* ---- tables ---- */

struct table {
    struct table_base base; /* first: table_at */
    u32 rows_max;           /* the highest index */
    u32 words;              /* of a row */
    u32 ordinal;            /* place in store.tables */
    u32 loaded;             /* one past the highest row a snapshot had */
    struct store *store;
    struct marks marks;
    u64 *pages; /* one bit per page that holds a row; read by the snapshot too */
    char name[STORE_NAME_MAX];
};

static inline u64 *row_of(const struct table *t, u32 i)
{
    return (u64 *)(void *)(t->base.rows + (size_t)i * t->base.row_size);
}

bool table_is_by_index(const struct table *t); /* its rows are claimed */
/* The first index ≥ `from` whose page holds a row, or `end`: skips what was never touched. */
u32 table_next_touched(const struct table *t, u32 from, u32 end);
/* While loading: the row as a snapshot holds it, of which word 0 is 1 = live or 0 = dropped. */
void table_put_loaded(struct table *t, u32 i, const u64 *row);
/* After loading: count and free list make sense. */
MUST_USE err table_check(const struct table *t, struct diag *why);

/* ---- heaps ---- */

struct retired {
    u64 number; /* epochs from this one on do not see it */
    u32 handle;
};

struct heap {
    struct store *store;
    char *base;
    u64 end;             /* units in use or once used */
    u64 cut, cut_end;    /* free space being cut up */
    struct table *cells; /* one bit per unit: a living string begins here */
    struct marks marks;
    u32 free[HEAP_CLASSES];
    u64 free_classes[(HEAP_CLASSES + 63) / 64]; /* of those, the large ones that are not empty */
    struct retired *retired;                    /* a ring of retired_cap, a power of two */
    u64 retired_from, retired_to, retired_cap;
    char name[STORE_NAME_MAX];
};

void heap_free(struct heap *h);
/* Takes back what no epoch ≥ oldest_held can see; a part of it, so that a batch's end stays short.
 */
void heap_collect(struct heap *h, u64 oldest_held);
bool heap_is_wiped(const struct heap *h, u64 moment); /* all that was retired up to then */
/* While loading: `count` lines. */
MUST_USE err heap_put_loaded(struct heap *h, u64 first_line, const char *lines, u64 count);
/* After loading: the end and the free cells, found from the cells' bits. */
MUST_USE err heap_rebuild(struct heap *h, struct diag *why);

/* ---- epochs ---- */

struct epoch {
    struct store *store;
    u64 interval;     /* sees rows of this interval and older */
    u64 number;       /* the same, never reused */
    u64 undo_mark[2]; /* its images are in these chunks and later ones, per queue */
    u32 refs;         /* atomic */
    bool cancelled;   /* atomic; never taken back */
    bool sweep, sweep_all;
    u64 passed; /* atomic; of a sweep: (table ordinal, row) before which it needs nothing any more
                 */
    struct epoch *newer, *older;
};

/* Chunks in use, oldest first. */
struct undo_queue {
    u32 *chunks;
    u64 first, next; /* sequence of the oldest and of the one to come */
    u32 used;        /* bytes of the newest */
};

enum { FOR_READERS, FOR_SWEEP };

/* Before-images. Those a snapshot's epoch needs have a queue of their own, so that its long life
 * does not keep the images of readers that come and go. */
struct undo {
    char *base;
    u32 chunks, fresh; /* all there are; handed out at least once since last empty */
    u32 touched;       /* high-water mark of fresh: memory the system has given */
    u32 *spare, spare_count;
    struct undo_queue queue[2];
};

struct store {
    struct store_options options;
    u64 stamp;           /* interval << 1 | 1: what word 0 >> IMAGE_BITS of a row changed now is */
    u64 interval;        /* of the changes made now */
    u64 number;          /* of the epoch that will close this interval */
    bool changed;        /* something, in this interval */
    bool carry;          /* the last snapshot failed: its frozen marks go into the next one */
    u64 newest_reader;   /* interval of the newest epoch that readers hold; 0 = none */
    struct epoch *sweep; /* the snapshot's */
    struct epoch *last;  /* given again by a pin that follows no change */
    struct epoch *oldest, *newest;
    struct undo undo;
    struct table **tables;
    struct heap **heaps;
    u32 table_count, heap_count;
    u64 bytes;
};

/* Keeps a row before it changes; its image's place for word 0, or 0 if every epoch got cancelled.
 * `whom`: FOR_SWEEP if the sweep needs it, whoever else does. */
u64 undo_keep(struct store *s, const u64 *row, u32 words, int whom);
void undo_init(struct undo *u, u64 bytes);
void undo_free(struct undo *u);
void store_set_interval(struct store *s, u64 interval); /* 2…INTERVAL_LAST; tests, and the wrap */

/* The epoch a snapshot reads, and nobody else. It needs no image of a row it has passed and, unless
 * `all`, of one that is not frozen. To be dropped as any other. The state must be at `e`. */
struct epoch *epoch_sweep(struct store *s, bool all);
bool epoch_is_now(const struct epoch *e); /* nothing changed since the pin */
static inline u64 sweep_place(u32 ordinal, u64 row)
{
    return (u64)ordinal << 33 | row;
}

typedef enum { ROW_NONE, ROW_DROPPED, ROW_LIVE, ROW_LOST } row_state;
/* Copies a row as the epoch sees it, 8-aligned; out[0] becomes 1 if it is live, else 0. LOST: the
 * epoch is cancelled, and `out` holds anything. */
row_state epoch_read(const struct epoch *e, const struct table *t, u32 i, u64 *out);
