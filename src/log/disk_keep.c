/* disk_keep.c — what happens to old files: recycled, removed, or rewritten without what must go. */
#include "log/disk.h"

#include <stdlib.h>

/* ---- release ---- */

static void forget_oldest(struct log_disk *d)
{
    pthread_mutex_lock(&d->lock);
    memmove(d->files, d->files + 1, --d->count * sizeof *d->files);
    atomic_store(&d->log->start, d->files[0].first);
    pthread_mutex_unlock(&d->lock);
}

/* A recycled file takes the place behind the last spare. Names are synced one by one, oldest first,
 * so that a crash never leaves a hole between files. A file that is not there was moved by a call
 * that failed after its work. spare_lock is held. */
static err release_oldest(struct log_disk *d)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    struct log_file f = d->files[0];
    u64 seq = d->files[d->count - 1].seq + d->spare_count + 1;
    bool recycle = d->spare_count < SPARES_MAX && f.size <= d->log->o.file_bytes;
    log_path(d, f.seq, ".log", from);
    log_path(d, seq, ".log", to);
    err e = recycle ? env_rename(d->env, from, to) : env_remove(d->env, from);
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    TRY(disk_sync_names(d));
    if (recycle && e == ERR_OK) {
        f.seq = seq;
        f.is_stale = true;
        d->spares[d->spare_count++] = f;
    } else
        atomic_fetch_sub(&d->log->disk_bytes, f.size);
    forget_oldest(d);
    return ERR_OK;
}

err disk_release(struct log *log, u64 upto, i64 older_than_ms)
{
    struct log_disk *d = disk_of(log);
    err e = ERR_OK;
    bool more = true;
    while (more && e == ERR_OK) {
        pthread_mutex_lock(&d->spare_lock);
        more =
            d->count > 1 && d->files[1].first <= upto && d->files[1].first_time_ms < older_than_ms;
        if (more) e = release_oldest(d);
        pthread_mutex_unlock(&d->spare_lock);
    }
    return e;
}

/* ---- erasure ---- */

/* One step of an erasure. It hangs on the disk while it lasts, so that log_close frees what a kill
 * point left. */
struct blanking {
    struct log_disk *d;
    const struct id_set *ids;
    struct log_file f; /* as it was when the step began */
    bool is_current;
    u64 end, next; /* where its batches end, and the number the next file begins with */
    struct walk walk;
    struct file *in, *out;
    u64 out_size;
    char *scratch;
    size_t scratch_size;
};

/* The first file at or behind the cursor; false if there is none. */
static bool choose(struct blanking *b, u64 cursor)
{
    struct log_disk *d = b->d;
    pthread_mutex_lock(&d->lock);
    u32 i = 0;
    while (i < d->count && d->files[i].seq < cursor) i++;
    bool found = i < d->count;
    if (found) {
        b->f = d->files[i];
        b->is_current = i + 1 == d->count;
        b->end = b->is_current ? d->used : b->f.size;
        b->next = b->is_current ? 0 : d->files[i + 1].first;
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

static err scratch_batch(struct blanking *b, const struct batch *batch, size_t *n, u32 *blanked)
{
    size_t need = BATCH_HEAD_BYTES + batch->records.n;
    if (need > b->scratch_size) {
        b->scratch = mem_realloc(b->scratch, need);
        b->scratch_size = need;
    }
    return records_blank(batch, b->ids, b->scratch + BATCH_HEAD_BYTES, n, blanked);
}

static err write_batch(struct blanking *b, const struct batch *batch, size_t n)
{
    struct batch_head h;
    struct batch kept = *batch;
    kept.records = (str){b->scratch + BATCH_HEAD_BYTES, n};
    batch_head_fill(&h, b->f.id, &kept);
    memcpy(b->scratch, &h, sizeof h);
    TRY(file_write(b->out, b->out_size, b->scratch, BATCH_HEAD_BYTES + n));
    b->out_size += BATCH_HEAD_BYTES + n;
    return ERR_OK;
}

/* Walks over the file's batches, and writes them blanked if there is an `out`. `dirty`: something
 * has to go. A file that does not end where the next begins is damaged, and must stay as it is. */
static err pass(struct blanking *b, bool *dirty)
{
    struct batch batch;
    u32 blanked;
    size_t n;
    err e;
    walk_start(&b->walk, b->in, &b->f, b->end);
    *dirty = b->is_current && b->f.is_stale;
    while ((e = walk_next(&b->walk, &batch)) == ERR_OK) {
        TRY(scratch_batch(b, &batch, &n, &blanked));
        if (blanked) *dirty = true;
        if (b->out) TRY(write_batch(b, &batch, n));
    }
    if (e != ERR_AGAIN) return e;
    if (b->is_current ? b->walk.at != b->end : b->walk.expected != b->next) return ERR_CORRUPT;
    bool has_batch, is_clean = true;
    if (!b->is_current) TRY(walk_rest(&b->walk, &has_batch, &is_clean));
    if (!is_clean) *dirty = true;
    return ERR_OK;
}

/* The current file takes no more batches from here on; false while one is being written. */
static bool close_current(struct blanking *b)
{
    struct log_disk *d = b->d;
    pthread_mutex_lock(&d->lock);
    bool is_current = d->files[d->count - 1].seq == b->f.seq;
    bool closed = is_current && !d->in_flight;
    if (closed) {
        d->is_closed = true;
        b->end = d->used;
    }
    pthread_mutex_unlock(&d->lock);
    return closed;
}

static err write_new(struct blanking *b, const char *path)
{
    struct file_head head;
    bool dirty;
    TRY(env_open(b->d->env, path, FILE_CREATE, &b->out));
    TRY(file_resize(b->out, 0));
    file_head_fill(&head, b->f.id, b->f.seq, b->f.first, b->d->log_id);
    TRY(file_write(b->out, 0, &head, sizeof head));
    b->out_size = sizeof head;
    TRY(pass(b, &dirty));
    return b->d->log->o.unsafe_no_sync ? ERR_OK : file_sync(b->out);
}

static void note_size(struct blanking *b)
{
    struct log_disk *d = b->d;
    pthread_mutex_lock(&d->spare_lock);
    pthread_mutex_lock(&d->lock);
    for (u32 i = 0; i < d->count; i++) {
        if (d->files[i].seq != b->f.seq) continue;
        d->files[i].size = b->out_size;
        d->files[i].is_stale = false;
        if (i + 1 == d->count) d->used = b->out_size;
    }
    pthread_mutex_unlock(&d->lock);
    pthread_mutex_unlock(&d->spare_lock);
    atomic_fetch_add(&d->log->disk_bytes, b->out_size - b->f.size);
}

static err rewrite(struct blanking *b, const char *path)
{
    char beside[PATH_BYTES];
    log_path(b->d, b->f.seq, ".tmp", beside);
    err e = write_new(b, beside);
    if (e != ERR_OK) {
        err removed = env_remove(b->d->env, beside); /* else the next start does */
        (void)removed;
        return e;
    }
    KILL_POINT(b->d->env, "log.blanked");
    TRY(env_rename(b->d->env, beside, path));
    TRY(disk_sync_names(b->d));
    note_size(b);
    return ERR_OK;
}

static err blank_file(struct blanking *b, bool *done)
{
    char path[PATH_BYTES];
    bool dirty;
    log_path(b->d, b->f.seq, ".log", path);
    TRY(env_open(b->d->env, path, FILE_READ, &b->in));
    TRY(pass(b, &dirty));
    *done = !dirty || !b->is_current || close_current(b);
    return *done && dirty ? rewrite(b, path) : ERR_OK;
}

static err remove_last_spare(struct log_disk *d)
{
    char path[PATH_BYTES];
    struct log_file *f = &d->spares[d->spare_count - 1];
    log_path(d, f->seq, ".log", path);
    err e = env_remove(d->env, path);
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    atomic_fetch_sub(&d->log->disk_bytes, f->size);
    d->spare_count--;
    return ERR_OK;
}

static bool is_in_flight(struct log_disk *d)
{
    pthread_mutex_lock(&d->lock);
    bool in_flight = d->in_flight;
    pthread_mutex_unlock(&d->lock);
    return in_flight;
}

/* Recycled spares hold former records; the next file is then made anew. spare_lock is held. */
static err drop_stale_spares(struct log_disk *d, bool *done)
{
    bool any = false;
    for (u32 i = 0; i < d->spare_count; i++) any |= d->spares[i].is_stale;
    *done = !any || !is_in_flight(d);
    if (!any || !*done) return ERR_OK;
    file_close(d->next);
    d->next = NULL;
    spare_is_ready(d, false);
    while (d->spare_count) TRY(remove_last_spare(d));
    return disk_sync_names(d);
}

static err drop_spares(struct log_disk *d, u64 *cursor)
{
    bool done;
    pthread_mutex_lock(&d->spare_lock);
    err e = drop_stale_spares(d, &done);
    pthread_mutex_unlock(&d->spare_lock);
    if (e == ERR_OK && done) *cursor = UINT64_MAX;
    return e;
}

void disk_blank_end(struct log_disk *d)
{
    struct blanking *b = d->blanking;
    if (!b) return;
    d->blanking = NULL;
    walk_clear(&b->walk);
    file_close(b->in);
    file_close(b->out);
    free(b->scratch);
    free(b);
}

err disk_blank_step(struct log *log, const struct id_set *ids, u64 *cursor)
{
    struct log_disk *d = disk_of(log);
    struct blanking *b = d->blanking = mem_zalloc(sizeof *b);
    bool done = false;
    b->d = d;
    b->ids = ids;
    bool found = choose(b, *cursor);
    err e = found ? blank_file(b, &done) : drop_spares(d, cursor);
    if (found && e == ERR_OK && done) *cursor = b->f.seq + 1;
    disk_blank_end(d);
    return e;
}
