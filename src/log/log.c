/* log.c — the queue before the writer, the writer, the hand-over after it.
 *
 * A file, `<16 hex digits: its place in order>.log`, all integers little-endian:
 *
 *   offset size
 *   0      8    "BECKLOG1"
 *   8      4    CRC32C of bytes 12 to 63
 *   12     4    version of the format: 1
 *   16     8    file id: drawn anew each time the file begins, so never reused and not to be
 * guessed 24     8    place in order, as in the name; another one: a recycled file that has not
 * begun 32     8    number of its first record 40     8    log id: the same in all files of one log
 *   48     16   zero
 *   64          batches, one after the other; then zeros, or what the file held in an earlier life
 *
 * A batch, at a multiple of 8:
 *
 *   0      8    file id
 *   8      4    CRC32C of the rest of this header and of the records
 *   12     4    bytes of records, a multiple of 8
 *   16     8    number of its first record
 *   24     8    time, milliseconds since 1970; never less than the batch before
 *   32     4    count of records
 *   36     4    zero
 *   40          records: the table in record.c
 *
 * Why this survives a crash. There is one write in flight at a time: a batch is begun only after
 * the one before is synced. So all that a crash can leave half-done begins at the tail, and a batch
 * that is not whole there was never acknowledged. What follows the tail can be taken for a batch
 * only if it carries the file's id: a file's former life has another id, and the remains of a torn
 * batch are the inside of records, whose author cannot know the id. A header and the first batch of
 * a file are one write: if either is not whole, the file has not begun. */
#include "log/inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { IDLE_CHUNKS_MAX = 4 };
static const u64 FILE_BYTES = 64 << 20, PENDING_BYTES_MAX = 64 << 20;
static const i64 RETRY_NS = 1000000000;

/* ---- failure ---- */

err log_fail(struct log *log, err e, str path, const char *format, ...)
{
    char text[sizeof log->why.message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&log->lock);
    diag_at(&log->why, e, path, "%s", text);
    pthread_mutex_unlock(&log->lock);
    int none = ERR_OK;
    atomic_compare_exchange_strong(&log->failure, &none, (int)e);
    return e;
}

static err failure_of(struct log *log)
{
    return (err)atomic_load(&log->failure);
}

/* ---- chunks ---- */

static struct chunk *chunk_new(size_t cap)
{
    struct chunk *c = mem_alloc(sizeof *c);
    *c = (struct chunk){.cap = cap};
    c->space = mem_reserve(HEADROOM + cap);
    return c;
}

static void chunk_free(struct chunk *c)
{
    if (!c) return;
    mem_release(c->space, HEADROOM + c->cap);
    free(c);
}

static void chunks_free(struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        chunk_free(c);
        c = next;
    }
}

/* An empty chunk for an append of n bytes: the one used last, whose memory is warm. */
static struct chunk *chunk_take(struct log *log, size_t n)
{
    struct chunk *c = log->idle;
    if (n > BATCH_BYTES) return chunk_new(n);
    if (!c) return chunk_new(BATCH_BYTES);
    log->idle = c->next;
    log->idle_count--;
    c->next = NULL;
    return c;
}

static void chunk_give(struct log *log, struct chunk *c)
{
    pthread_mutex_lock(&log->lock);
    bool keep = c->cap == BATCH_BYTES && log->idle_count < IDLE_CHUNKS_MAX;
    if (keep) {
        c->n = 0;
        c->batch = (struct batch){0};
        c->next = log->idle;
        log->idle = c;
        log->idle_count++;
    }
    pthread_mutex_unlock(&log->lock);
    if (!keep) chunk_free(c);
}

/* ---- open, close ---- */

err log_open(struct env *env, const struct log_options *o, struct log **out, struct diag *why)
{
    *out = NULL;
    struct log *log = mem_zalloc(sizeof *log);
    log->env = env;
    log->o = *o;
    if (!log->o.file_bytes) log->o.file_bytes = FILE_BYTES;
    if (!log->o.pending_bytes_max) log->o.pending_bytes_max = PENDING_BYTES_MAX;
    log->o.dir = NULL; /* the back end keeps a copy of its own */
    pthread_mutex_init(&log->lock, NULL);
    err e = ERR_OK;
    if (o->dir)
        e = log_disk_open(log, o->dir, why);
    else
        log_memory_open(log);
    if (e != ERR_OK) {
        log_close(log);
        return e;
    }
    atomic_store(&log->durable, log->next_number - 1);
    *out = log;
    return ERR_OK;
}

void log_close(struct log *log)
{
    if (!log) return;
    log->backend->close(log);
    chunks_free(log->first);
    chunks_free(log->idle);
    chunk_free(log->writing);
    for (u32 i = log->handed_tail; i != log->handed_head; i++)
        chunk_free(log->handed[i % HANDED_MAX]);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

/* ---- appenders ---- */

/* One append may always wait, whatever its size: else it could never be taken. */
static err admit(struct log *log, size_t n, bool urgent)
{
    u64 pending = atomic_load(&log->pending_bytes), max = log->o.pending_bytes_max;
    TRY(failure_of(log));
    if (urgent) max += max / 16;
    if (pending && pending + n > max) return ERR_BUSY;
    if (atomic_load_explicit(&log->held, memory_order_relaxed) && !urgent) return ERR_BUSY;
    return atomic_load(&log->full) && !urgent ? ERR_FULL : ERR_OK;
}

void log_hold(struct log *log, bool held)
{
    atomic_store_explicit(&log->held, held, memory_order_relaxed);
}

/* The chunk the append goes to: the last one that waits, if there is room. */
static struct chunk *chunk_for(struct log *log, size_t n)
{
    struct chunk *c = log->last;
    if (c && c->cap - c->n >= n) return c;
    c = chunk_take(log, n);
    c->batch.first = log->next_number;
    if (log->last)
        log->last->next = c;
    else
        log->first = c;
    log->last = c;
    return c;
}

static void enqueue(struct log *log, str records, u32 count)
{
    struct chunk *c = chunk_for(log, records.n);
    memcpy(c->space + HEADROOM + c->n, records.p, records.n);
    c->n += records.n;
    c->batch.count += count;
    log->next_number += count;
    atomic_fetch_add(&log->pending_bytes, records.n);
}

err log_append(struct log *log, str records, u32 count, bool urgent, u64 *last)
{
    *last = 0;
    if (records.n > APPEND_BYTES_MAX) return ERR_TOO_LARGE;
    MUST(count > 0 && records_are(records, count));
    pthread_mutex_lock(&log->lock);
    err e = admit(log, records.n, urgent);
    bool wake = false;
    if (e == ERR_OK) {
        enqueue(log, records, count);
        *last = log->next_number - 1;
        wake = log->writer_waits;
        log->writer_waits = false;
    }
    pthread_mutex_unlock(&log->lock);
    if (wake && log->o.on_append) log->o.on_append(log->o.ctx);
    return e;
}

/* ---- the writer ---- */

/* Whether the consumer has left a place. If not, its next log_done wakes the writer; asked again
 * after saying so, or a log_done in between would be missed. */
static bool has_place(struct log *log)
{
    for (int i = 0; i < 2; i++) {
        if (atomic_load(&log->handed_head) - atomic_load(&log->handed_tail) < HANDED_MAX) {
            if (i) atomic_store(&log->writer_blocked, false);
            return true;
        }
        atomic_store(&log->writer_blocked, true);
    }
    return false;
}

static struct chunk *take_waiting(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    struct chunk *c = log->first;
    if (c) {
        log->first = c->next;
        if (!log->first) log->last = NULL;
        c->next = NULL;
        c->batch.records = (str){c->space + HEADROOM, c->n};
    } else
        log->writer_waits = true;
    pthread_mutex_unlock(&log->lock);
    return c;
}

static void hand_over(struct log *log, struct chunk *c)
{
    u32 head = atomic_load(&log->handed_head);
    u64 last = c->batch.first + c->batch.count - 1;
    i64 time_ms = c->batch.time_ms;
    size_t n = c->n;
    log->writing = NULL;
    log->handed[head % HANDED_MAX] = c;
    atomic_store(&log->handed_head, head + 1); /* from here on the chunk is the consumer's */
    atomic_store(&log->time, time_ms);
    atomic_store(&log->durable, last);
    atomic_fetch_sub(&log->pending_bytes, n);
    if (log->o.on_durable) log->o.on_durable(log->o.ctx);
}

/* While the disk is full, appends are refused, so no batch would find out that there is room again.
 */
static void try_again(struct log *log)
{
    i64 now = env_mono_ns(log->env);
    if (!atomic_load(&log->full) || now - log->last_try_ns < RETRY_NS) return;
    log->last_try_ns = now;
    while (log->backend->prepare(log) == ERR_OK) continue;
}

err log_step(struct log *log)
{
    TRY(failure_of(log));
    if (!has_place(log)) return ERR_AGAIN;
    struct chunk *c = log->writing ? log->writing : take_waiting(log);
    if (!c) {
        try_again(log);
        return ERR_AGAIN;
    }
    log->writing = c;
    c->batch.time_ms = max_i64(atomic_load(&log->time), env_wall_ms(log->env));
    KILL_POINT(log->env, "log.before_write");
    err e = log->backend->write(log, c);
    if (e == ERR_FULL)
        atomic_store(&log->full, true);
    else if (e != ERR_OK)
        log_fail(log, e, (str){0}, "the log cannot be written");
    if (e != ERR_OK) return e;
    hand_over(log, c);
    return ERR_OK;
}

err log_prepare_step(struct log *log)
{
    TRY(failure_of(log));
    return log->backend->prepare(log);
}

bool log_unprepared(const struct log *log)
{
    return atomic_load_explicit(&log->unprepared, memory_order_relaxed);
}

/* ---- the consumer ---- */

const struct batch *log_next(struct log *log)
{
    if (log->replaying) {
        if (!log->replay_held)
            log->replay_held = log->backend->replay_next(log, &log->replay_batch);
        log->replaying = log->replay_held;
        return log->replay_held ? &log->replay_batch : NULL;
    }
    u32 tail = atomic_load(&log->handed_tail);
    if (tail == atomic_load(&log->handed_head)) return NULL;
    return &log->handed[tail % HANDED_MAX]->batch;
}

void log_done(struct log *log, const struct batch *b)
{
    if (b == &log->replay_batch) {
        log->replay_held = false;
        return;
    }
    u32 tail = atomic_load(&log->handed_tail);
    struct chunk *c = log->handed[tail % HANDED_MAX];
    MUST(b == &c->batch);
    atomic_store(&log->handed_tail, tail + 1);
    chunk_give(log, c);
    if (atomic_exchange(&log->writer_blocked, false) && log->o.on_append)
        log->o.on_append(log->o.ctx);
}

err log_replay(struct log *log, u64 from)
{
    TRY(failure_of(log));
    if (from < log_start(log)) return ERR_NOT_FOUND;
    if (from > log_durable(log) + 1) return ERR_CORRUPT;
    for (const struct batch *b; !log->replaying && (b = log_next(log));) log_done(log, b);
    log->backend->replay(log, from);
    log->replaying = true;
    log->replay_held = false;
    return ERR_OK;
}

err log_replay_end(struct log *log, struct diag *why)
{
    err e = log->replaying ? ERR_AGAIN : failure_of(log);
    if (e == ERR_OK || e == ERR_AGAIN) return e;
    pthread_mutex_lock(&log->lock);
    diag_at(why, e, str_of(log->why.path), "%s", log->why.message);
    pthread_mutex_unlock(&log->lock);
    return e;
}

/* ---- figures, housekeeping ---- */

u64 log_durable(struct log *log)
{
    return atomic_load(&log->durable);
}

u64 log_start(struct log *log)
{
    return atomic_load(&log->start);
}

u64 log_pending_bytes(struct log *log)
{
    return atomic_load(&log->pending_bytes);
}

u64 log_disk_bytes(struct log *log)
{
    return atomic_load(&log->disk_bytes);
}

i64 log_time(struct log *log)
{
    return atomic_load(&log->time);
}

err log_release(struct log *log, u64 upto, i64 older_than_ms)
{
    TRY(failure_of(log));
    return log->backend->release(log, upto, older_than_ms);
}

err log_blank_step(struct log *log, const struct blank_id *ids, u32 count, u64 *cursor)
{
    TRY(failure_of(log));
    struct id_set set;
    id_set_init(&set, ids, count);
    err e = log->backend->blank_step(log, &set, cursor);
    id_set_clear(&set);
    return e;
}
