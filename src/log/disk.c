/* disk.c — writing batches, and having the next file ready before the current one is full. */
#include "log/disk.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum { VERSION = 1, FIRST_FILE_BYTES = 1 << 20, SLICE_MIN = 1 << 20, SLICE_MAX = 4 << 20 };

_Static_assert(sizeof(struct file_head) == FILE_HEAD_BYTES, "the table in log.c");
_Static_assert(sizeof(struct batch_head) == BATCH_HEAD_BYTES, "the table in log.c");

/* ---- formats ---- */

static u32 file_head_crc(const struct file_head *h)
{
    enum { AFTER_CRC = offsetof(struct file_head, version) };
    return hash_crc32c(0, (const char *)h + AFTER_CRC, FILE_HEAD_BYTES - AFTER_CRC);
}

void file_head_fill(struct file_head *h, u64 id, u64 seq, u64 first, u64 log_id)
{
    *h = (struct file_head){FILE_MAGIC, 0, VERSION, id, seq, first, log_id, {0, 0}};
    h->crc = file_head_crc(h);
}

bool file_head_is_whole(const struct file_head *h)
{
    return h->magic == FILE_MAGIC && h->crc == file_head_crc(h) && h->id != 0;
}

/* The records follow in memory right behind the header. */
void batch_head_fill(struct batch_head *h, u64 file_id, const struct batch *b)
{
    enum { AFTER_CRC = offsetof(struct batch_head, length) };
    *h = (struct batch_head){file_id, 0, (u32)b->records.n, b->first, b->time_ms, b->count, 0};
    u32 crc = hash_crc32c(0, (const char *)h + AFTER_CRC, BATCH_HEAD_BYTES - AFTER_CRC);
    h->crc = hash_crc32c(crc, b->records.p, b->records.n);
}

void log_path(const struct log_disk *d, u64 seq, const char *suffix, char out[PATH_BYTES])
{
    int n = snprintf(out, PATH_BYTES, "%s/%016llx%s", d->dir, (unsigned long long)seq, suffix);
    MUST(n > 0 && n < PATH_BYTES);
}

struct log_disk *disk_of(struct log *log)
{
    return log->kept;
}

void files_push(struct log_disk *d, struct log_file f)
{
    if (d->count == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 64;
        d->files = mem_realloc(d->files, d->cap * sizeof *d->files);
    }
    d->files[d->count++] = f;
}

err disk_sync_names(struct log_disk *d)
{
    if (d->log->o.unsafe_no_sync || env_sync_dir(d->env, d->dir) == ERR_OK) return ERR_OK;
    return log_fail(d->log, ERR_IO, str_of(d->dir), "the log's directory cannot be synced");
}

static err sync_bytes(struct log_disk *d, struct file *f)
{
    if (d->log->o.unsafe_no_sync || file_sync(f) == ERR_OK) return ERR_OK;
    return log_fail(d->log, ERR_IO, str_of(d->dir), "a file of the log cannot be synced");
}

/* ---- the next file ---- */

static u64 next_seq(const struct log_disk *d)
{
    return d->count ? d->files[d->count - 1].seq + 1 : 1;
}

/* A new log starts small, so that it starts at once, and quadruples up to file_bytes. */
u64 next_file_bytes(const struct log_disk *d)
{
    u64 size = d->count ? d->files[d->count - 1].size * 4 : 0;
    if (size < FIRST_FILE_BYTES) size = FIRST_FILE_BYTES;
    return size < d->log->o.file_bytes ? size : d->log->o.file_bytes;
}

static err spare_open(struct log_disk *d)
{
    char path[PATH_BYTES];
    u64 size;
    log_path(d, next_seq(d), ".log", path);
    TRY(env_open(d->env, path, FILE_CREATE, &d->next));
    err e = file_size(d->next, &size);
    if (e != ERR_OK) {
        file_close(d->next);
        d->next = NULL;
        return e;
    }
    if (d->spare_count == 0) d->spares[d->spare_count++] = (struct log_file){.is_stale = size > 0};
    atomic_fetch_add(&d->log->disk_bytes, size - d->spares[0].size);
    d->spares[0].seq = next_seq(d);
    d->spares[0].size = size;
    return ERR_OK;
}

void spare_is_ready(struct log_disk *d, bool ready)
{
    d->next_ready = ready;
    atomic_store_explicit(&d->log->unprepared, !ready, memory_order_relaxed);
}

static err spare_grow(struct log_disk *d, u64 size)
{
    TRY(file_grow_zeroed(d->next, size));
    atomic_fetch_add(&d->log->disk_bytes, size - d->spares[0].size);
    d->spares[0].size = size;
    spare_is_ready(d, false);
    return ERR_OK;
}

err spare_step(struct log_disk *d, u64 want, u64 slice)
{
    if (!d->next) TRY(spare_open(d));
    u64 size = d->spares[0].size;
    if (d->next_ready && size >= want) return ERR_AGAIN;
    if (size < want) TRY(spare_grow(d, want - size < slice ? want : size + slice));
    if (d->spares[0].size < want) return ERR_OK;
    TRY(sync_bytes(d, d->next));
    TRY(disk_sync_names(d));
    d->new_file = true;
    spare_is_ready(d, true);
    return ERR_OK;
}

/* Frees the lock, then passes the kill point, at which no lock may be held. */
static void spare_unlock(struct log_disk *d)
{
    bool new_file = d->new_file;
    d->new_file = false;
    pthread_mutex_unlock(&d->spare_lock);
    if (new_file) KILL_POINT(d->env, "log.new_file");
}

static void note_room(struct log_disk *d, err e)
{
    if (e == ERR_FULL) atomic_store(&d->log->full, true);
    if (e == ERR_OK || e == ERR_AGAIN) atomic_store(&d->log->full, false);
}

static err disk_prepare(struct log *log)
{
    struct log_disk *d = disk_of(log);
    pthread_mutex_lock(&d->spare_lock);
    err e = spare_step(d, next_file_bytes(d), SLICE_MAX);
    spare_unlock(d);
    note_room(d, e);
    return e;
}

/* How much of the next file should be there by now, if need be by the writer's own hand: nothing
 * until the current one is half full, all of it at three quarters. */
static u64 due_bytes(const struct log_disk *d, u64 want)
{
    u64 quarter = d->files[d->count - 1].size / 4;
    if (d->used <= 2 * quarter) return 0;
    return d->used >= 3 * quarter ? want : (u64)((u128)want * (d->used - 2 * quarter) / quarter);
}

/* After a batch. Another thread that is at it is not waited for; what fails is tried again, at the
 * latest when the file is needed. */
static void prepare_ahead(struct log_disk *d)
{
    if (pthread_mutex_trylock(&d->spare_lock) != 0) return;
    u64 want = next_file_bytes(d), due = due_bytes(d, want);
    u64 have = d->next ? d->spares[0].size : 0;
    if (due > have || (due == want && !d->next_ready)) {
        u64 slice = due > have ? due - have : 0;
        if (slice < SLICE_MIN) slice = SLICE_MIN;
        if (slice > SLICE_MAX) slice = SLICE_MAX;
        note_room(d, spare_step(d, want, slice));
    }
    spare_unlock(d);
}

/* ---- writing ---- */

static err spare_ready(struct log_disk *d, u64 at_least)
{
    pthread_mutex_lock(&d->spare_lock);
    u64 want = next_file_bytes(d);
    if (want < at_least) want = at_least;
    err e;
    do e = spare_step(d, want, SLICE_MAX);
    while (e == ERR_OK);
    note_room(d, e);
    spare_unlock(d);
    return e == ERR_AGAIN ? ERR_OK : e;
}

/* Writes the chunk as the first batch of the next file, with the file's header, in one piece. */
static err begin_file(struct log_disk *d, struct chunk *c, struct log_file *f)
{
    TRY(spare_ready(d, HEADROOM + c->n));
    *f = d->spares[0];
    f->first = c->batch.first;
    f->first_time_ms = c->batch.time_ms;
    do env_random(d->env, &f->id, sizeof f->id);
    while (f->id == 0);
    struct file_head head;
    struct batch_head batch;
    file_head_fill(&head, f->id, f->seq, f->first, d->log_id);
    batch_head_fill(&batch, f->id, &c->batch);
    memcpy(c->space, &head, sizeof head);
    memcpy(c->space + FILE_HEAD_BYTES, &batch, sizeof batch);
    return file_write(d->next, 0, c->space, HEADROOM + c->n);
}

static err append_batch(struct log_disk *d, struct chunk *c, u64 file_id)
{
    struct batch_head batch;
    batch_head_fill(&batch, file_id, &c->batch);
    memcpy(c->space + FILE_HEAD_BYTES, &batch, sizeof batch);
    return file_write(d->current, d->used, c->space + FILE_HEAD_BYTES, BATCH_HEAD_BYTES + c->n);
}

/* The next file, now that its first batch is durable, becomes the current one. */
static void turn_over(struct log_disk *d, struct log_file f)
{
    pthread_mutex_lock(&d->spare_lock);
    pthread_mutex_lock(&d->lock);
    struct file *old = d->current;
    files_push(d, f);
    d->current = d->next;
    d->is_closed = false;
    d->used = FILE_HEAD_BYTES;
    d->next = NULL;
    spare_is_ready(d, false);
    memmove(d->spares, d->spares + 1, --d->spare_count * sizeof *d->spares);
    pthread_mutex_unlock(&d->lock);
    pthread_mutex_unlock(&d->spare_lock);
    file_close(old);
}

/* Whether a batch of n bytes of records fits the current file, which is then copied to `f`. */
static bool take_off(struct log_disk *d, size_t n, struct log_file *f)
{
    pthread_mutex_lock(&d->lock);
    d->in_flight = true;
    if (d->count) *f = d->files[d->count - 1];
    bool fits = d->current && !d->is_closed && d->used + BATCH_HEAD_BYTES + n <= f->size;
    pthread_mutex_unlock(&d->lock);
    return fits;
}

static void land(struct log_disk *d, size_t n)
{
    pthread_mutex_lock(&d->lock);
    d->in_flight = false;
    d->used += n;
    pthread_mutex_unlock(&d->lock);
}

static err disk_write(struct log *log, struct chunk *c)
{
    struct log_disk *d = disk_of(log);
    struct log_file f;
    bool fits = take_off(d, c->n, &f);
    err e = fits ? append_batch(d, c, f.id) : begin_file(d, c, &f);
    if (e == ERR_OK) {
        KILL_POINT(d->env, "log.after_write");
        e = sync_bytes(d, fits ? d->current : d->next);
    }
    if (e != ERR_OK) {
        land(d, 0);
        return e;
    }
    KILL_POINT(d->env, "log.after_sync");
    if (!fits) turn_over(d, f);
    land(d, BATCH_HEAD_BYTES + c->n);
    prepare_ahead(d);
    return ERR_OK;
}

static void disk_close(struct log *log)
{
    struct log_disk *d = disk_of(log);
    if (d->replay_open) file_close(d->walk.file);
    walk_clear(&d->walk);
    disk_blank_end(d);
    file_close(d->current);
    file_close(d->next);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->spare_lock);
    free(d->files);
    free(d->dir);
    free(d);
}

const struct backend LOG_DISK = {
    .write = disk_write,
    .prepare = disk_prepare,
    .replay = disk_replay,
    .replay_next = disk_replay_next,
    .release = disk_release,
    .blank_step = disk_blank_step,
    .close = disk_close,
};
