/* epoch.c — reading the past: pins, before-images, and the seqlock between writer and readers.
 *
 *   writer (change)                          reader (epoch_read)
 *   image ◄── row, if an epoch sees it       w = row's word 0                       acquire
 *   row's word 0 = now, image    release     w younger than the epoch: go to its image, again
 *   fence                        release     copy the body
 *   body                                     fence                                  acquire
 *                                            word 0 is still w: done; else again
 *
 * Images lie in chunks of 64 KiB, written one after the other. Every epoch knows the chunk that was
 * in use at its pin: all images it can need are in that one or later, because a row gets an image
 * only when it changes after a pin. So chunks are freed in order, without looking at them, and the
 * one freed last is used first: the memory taken is what is needed at once. There are two such
 * queues: one for what the snapshot's epoch needs, one for what only readers do.
 *
 * When all chunks are in use the oldest epoch is cancelled, and so on until one is free: the writer
 * never waits. A reader of a cancelled epoch may follow images that are overwritten under it. It
 * stays within the chunks (places are checked), comes to an end (each step looks at `cancelled`,
 * and a chain that is not overwritten is finite), and throws away what it copied: `cancelled` was
 * set before the first word was overwritten, with the same pair of fences. */
#include "store/store_internal.h"

#include <stdlib.h>

enum {
    CHUNKS_KEPT = 256, /* 16 MiB stay with us when nobody reads */
    GIVE_PART = 64,
};

/* ---- chunks ---- */

void undo_init(struct undo *u, u64 bytes)
{
    const u64 addressable = (u64)UNDO_UNIT << IMAGE_BITS;
    if (bytes > addressable - UNDO_CHUNK) bytes = addressable - UNDO_CHUNK;
    *u = (struct undo){.chunks = bytes < UNDO_CHUNK ? 1 : (u32)(bytes / UNDO_CHUNK)};
    u->spare = mem_alloc(u->chunks * sizeof *u->spare);
    for (int k = 0; k < 2; k++) u->queue[k].chunks = mem_alloc(u->chunks * sizeof(u32));
    /* One row more, so that a copy from any place within ends within. */
    u->base = mem_reserve((size_t)u->chunks * UNDO_CHUNK + PAGE_BYTES);
}

void undo_free(struct undo *u)
{
    mem_release(u->base, (size_t)u->chunks * UNDO_CHUNK + PAGE_BYTES);
    free(u->spare);
    for (int k = 0; k < 2; k++) free(u->queue[k].chunks);
}

static bool take_chunk(struct undo *u, struct undo_queue *q)
{
    u32 chunk;
    if (u->spare_count)
        chunk = u->spare[--u->spare_count];
    else if (u->fresh < u->chunks)
        chunk = u->fresh++;
    else
        return false;
    q->chunks[q->next++ % u->chunks] = chunk;
    q->used = 0;
    return true;
}

static void free_chunks(struct undo *u, struct undo_queue *q, u64 mark)
{
    for (; q->first < mark && q->first < q->next; q->first++)
        u->spare[u->spare_count++] = q->chunks[q->first % u->chunks];
}

/* Nobody reads: handing out begins anew, and the memory of a busier time goes back, a little at
 * each batch's end, so that a reader that comes again at once finds it. */
static void rest(struct undo *u)
{
    if (u->touched < u->fresh) u->touched = u->fresh;
    u->fresh = u->spare_count = 0;
    if (u->touched <= CHUNKS_KEPT) return;
    u32 give = 1 + (u->touched - CHUNKS_KEPT) / GIVE_PART;
    u->touched -= give;
    mem_discard(u->base + (size_t)u->touched * UNDO_CHUNK, (size_t)give * UNDO_CHUNK);
}

/* ---- epochs ---- */

static bool is_cancelled(const struct epoch *e)
{
    return __atomic_load_n(&e->cancelled, __ATOMIC_RELAXED);
}

/* Still in need of before-images. */
static bool looks_back(const struct epoch *e)
{
    if (e->sweep && __atomic_load_n(&e->passed, __ATOMIC_ACQUIRE) == UINT64_MAX) return false;
    return !is_cancelled(e);
}

/* After the set of epochs changed: what the newest reader sees, and which images are still needed.
 */
static void settle(struct store *s)
{
    struct undo *u = &s->undo;
    u64 keep[2] = {UINT64_MAX, UINT64_MAX};
    s->newest_reader = 0;
    s->sweep = NULL;
    for (struct epoch *e = s->newest; e; e = e->older) {
        if (!looks_back(e)) continue;
        keep[FOR_SWEEP] = e->undo_mark[FOR_SWEEP];
        if (e->sweep) {
            s->sweep = e;
            continue;
        }
        keep[FOR_READERS] = e->undo_mark[FOR_READERS];
        if (!s->newest_reader) s->newest_reader = e->interval;
    }
    for (int k = 0; k < 2; k++) free_chunks(u, &u->queue[k], keep[k]);
    if (!s->newest_reader && !s->sweep) rest(u);
}

static void cancel(struct epoch *e)
{
    __atomic_store_n(&e->cancelled, true, __ATOMIC_RELEASE);
    FENCE(__ATOMIC_RELEASE);
    if (e->store->last == e) e->store->last = NULL;
}

static void cancel_oldest(struct store *s)
{
    struct epoch *e = s->oldest;
    while (!looks_back(e)) e = e->newer;
    cancel(e);
    settle(s);
}

u64 undo_keep(struct store *s, const u64 *row, u32 words, int whom)
{
    struct undo *u = &s->undo;
    struct undo_queue *q = &u->queue[whom];
    u32 bytes = (words * 8 + UNDO_UNIT - 1) / UNDO_UNIT * UNDO_UNIT;
    while (q->first == q->next || q->used + bytes > UNDO_CHUNK) {
        if (take_chunk(u, q)) break;
        cancel_oldest(s);
        if (!s->newest_reader && !s->sweep) return 0;
    }
    size_t at = (size_t)q->chunks[(q->next - 1) % u->chunks] * UNDO_CHUNK + q->used;
    words_copy((u64 *)(void *)(u->base + at), row, words);
    q->used += bytes;
    return at / UNDO_UNIT + 1;
}

void store_set_interval(struct store *s, u64 interval)
{
    s->interval = interval;
    s->stamp = interval << 1 | 1;
}

/* The intervals are used up: every row becomes one of interval 1. Takes a pass over all rows; no
 * epoch survives it, but the numbers of epochs go on. */
static void renumber(struct store *s)
{
    for (struct epoch *e = s->oldest; e; e = e->newer) cancel(e);
    settle(s);
    for (u32 k = 0; k < s->table_count; k++) {
        struct table *t = s->tables[k];
        u32 end = table_count(t);
        for (u32 i = 0; (i = table_next_touched(t, i, end)) < end; i++) {
            u64 word = word_get(row_of(t, i));
            if (!word) continue;
            word = (u64)1 << INTERVAL_SHIFT | (word & LIVE_BIT);
            __atomic_store_n(row_of(t, i), word, __ATOMIC_RELEASE);
        }
    }
    store_set_interval(s, 2);
    s->number++;
    s->changed = false;
}

static void close_interval(struct store *s)
{
    if (s->interval == INTERVAL_LAST) {
        renumber(s);
    } else if (s->changed) {
        store_set_interval(s, s->interval + 1);
        s->number++;
        s->changed = false;
    }
}

static u64 newest_chunk(const struct undo_queue *q)
{
    return q->first < q->next ? q->next - 1 : q->next;
}

/* An epoch of the state as it is; the interval is closed. */
static struct epoch *add_epoch(struct store *s)
{
    struct epoch *e = mem_zalloc(sizeof *e);
    *e = (struct epoch){
        .store = s,
        .interval = s->interval - 1,
        .number = s->number - 1,
        .undo_mark = {newest_chunk(&s->undo.queue[0]), newest_chunk(&s->undo.queue[1])},
        .refs = 1,
        .older = s->newest};
    *(s->newest ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
    return e;
}

struct epoch *epoch_pin(struct store *s)
{
    if (!s->changed && s->last) return epoch_share(s->last);
    close_interval(s);
    s->last = add_epoch(s);
    s->newest_reader = s->last->interval;
    return s->last;
}

bool epoch_is_now(const struct epoch *e)
{
    return !e->store->changed && e->number == e->store->number - 1 && !is_cancelled(e);
}

struct epoch *epoch_sweep(struct store *s, bool all)
{
    MUST(!s->changed && !s->sweep);
    struct epoch *e = add_epoch(s);
    e->sweep = true;
    e->sweep_all = all;
    s->sweep = e;
    return e;
}

void epoch_drop(struct epoch *e)
{
    MUST(__atomic_fetch_sub(&e->refs, 1, __ATOMIC_ACQ_REL) > 0);
}

/* Also wakes an epoch that everybody dropped and nobody collected: only the engine thread, which
 * collects, does that. */
struct epoch *epoch_share(struct epoch *e)
{
    __atomic_fetch_add(&e->refs, 1, __ATOMIC_RELAXED);
    return e;
}

u64 epoch_number(const struct epoch *e)
{
    return e->number;
}

bool epoch_cancelled(const struct epoch *e)
{
    return is_cancelled(e);
}

void epoch_cancel_older(struct store *s, u64 number)
{
    for (struct epoch *e = s->oldest; e; e = e->newer)
        if (e->number < number && !is_cancelled(e)) cancel(e);
    settle(s);
}

static void unlink_epoch(struct store *s, struct epoch *e)
{
    *(e->older ? &e->older->newer : &s->oldest) = e->newer;
    *(e->newer ? &e->newer->older : &s->newest) = e->older;
    if (s->last == e) s->last = NULL;
    free(e);
}

/* Strings wait for cancelled epochs too, until these are dropped: a reader may be looking at one.
 */
u64 store_moment(const struct store *s)
{
    return s->number;
}

bool store_is_wiped(const struct store *s, u64 moment)
{
    for (u32 i = 0; i < s->heap_count; i++)
        if (!heap_is_wiped(s->heaps[i], moment)) return false;
    return true;
}

void store_collect(struct store *s)
{
    for (struct epoch *e = s->oldest, *newer; e; e = newer) {
        newer = e->newer;
        if (__atomic_load_n(&e->refs, __ATOMIC_ACQUIRE) == 0) unlink_epoch(s, e);
    }
    settle(s);
    u64 oldest = s->oldest ? s->oldest->number : UINT64_MAX;
    for (u32 i = 0; i < s->heap_count; i++) heap_collect(s->heaps[i], oldest);
}

/* ---- reading ---- */

/* The image a word 0 names; NULL where there is none. */
static const u64 *image_of(const struct undo *u, u64 word)
{
    u64 place = word & IMAGE_MASK;
    if (place - 1 >= (u64)u->chunks * (UNDO_CHUNK / UNDO_UNIT)) return NULL;
    return (const u64 *)(const void *)(u->base + (place - 1) * UNDO_UNIT);
}

row_state epoch_read(const struct epoch *e, const struct table *t, u32 i, u64 *out)
{
    const u64 *row = row_of(t, i), *at = row;
    u64 word = __atomic_load_n(row, __ATOMIC_ACQUIRE);
    while (!is_cancelled(e)) {
        if (word >> INTERVAL_SHIFT > e->interval) {
            at = image_of(&e->store->undo, word);
            word = at ? word_get(at) : 0;
            if (at) continue;
            words_zero(out, t->words);
            break;
        }
        words_copy(out, at, t->words);
        FENCE(__ATOMIC_ACQUIRE);
        if (at != row || word_get(row) == word) break;
        word = __atomic_load_n(row, __ATOMIC_ACQUIRE);
    }
    FENCE(__ATOMIC_ACQUIRE);
    if (is_cancelled(e)) return ROW_LOST;
    out[0] = word & LIVE_BIT ? 1 : 0;
    return word == 0 ? ROW_NONE : word & LIVE_BIT ? ROW_LIVE : ROW_DROPPED;
}

bool epoch_row(const struct epoch *e, const struct table *t, u32 i, void *out)
{
    u64 *words = out;
    if (i - 1 < t->rows_max && epoch_read(e, t, i, words) == ROW_LIVE) {
        words[0] = 0;
        return true;
    }
    words_zero(words, t->words);
    return false;
}

u32 epoch_count(const struct epoch *e, const struct table *t)
{
    u64 row[ROW_WORDS_MAX];
    return epoch_read(e, t, 0, row) == ROW_LIVE ? (u32)row[1] : 0;
}
