/* disk_open.c — what a directory of log files means: which have begun, where the tail is. */
#include "log/disk.h"

#include <stdlib.h>

struct found {
    struct log_file *at; /* ascending, as the names are */
    size_t count, cap;
    size_t spare_count;   /* of those seen so far, the last so many have not begun */
    struct buf leftovers; /* places of files that an erasure did not finish */
};

static bool seq_of(str name, u64 *out)
{
    *out = 0;
    for (size_t i = 0; i < name.n; i++) {
        ptrdiff_t digit = str_index(S("0123456789abcdef"), name.p[i]);
        if (digit < 0) return false;
        *out = *out << 4 | (u64)digit;
    }
    return name.n == 16 && *out > 0;
}

static void note_name(void *ctx, str name)
{
    struct found *found = ctx;
    u64 seq;
    if (name.n != 20 || !seq_of(str_slice(name, 0, 16), &seq)) return;
    if (str_ends(name, S(".tmp"))) {
        buf_u64(&found->leftovers, seq);
        return;
    }
    if (!str_ends(name, S(".log"))) return;
    if (found->count == found->cap) {
        found->cap = found->cap ? found->cap * 2 : 64;
        found->at = mem_realloc(found->at, found->cap * sizeof *found->at);
    }
    found->at[found->count++] = (struct log_file){.seq = seq};
}

static err remove_file(struct log_disk *d, u64 seq, const char *suffix)
{
    char path[PATH_BYTES];
    log_path(d, seq, suffix, path);
    err e = env_remove(d->env, path);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static err damaged(const struct log_disk *d, u64 seq, u64 at, const char *what, struct diag *why)
{
    char path[PATH_BYTES];
    log_path(d, seq, ".log", path);
    return diag_at(why, ERR_CORRUPT, str_of(path), "the log is damaged at byte %llu: %s",
                   (unsigned long long)at, what);
}

/* The beginning of a file: its header, and that of its first batch. */
struct beginning {
    struct file_head file;
    struct batch_head batch;
};

static err read_beginning(struct log_disk *d, u64 seq, struct beginning *b, u64 *size)
{
    char path[PATH_BYTES];
    struct file *f;
    size_t got;
    *b = (struct beginning){0};
    log_path(d, seq, ".log", path);
    TRY(env_open(d->env, path, FILE_READ, &f));
    err e = file_size(f, size);
    if (e == ERR_OK) e = file_read(f, 0, b, sizeof *b, &got);
    file_close(f);
    return e;
}

/* Adds a file that has begun: it must go on where the one before it ended. */
static err add_begun(struct log_disk *d, const struct beginning *b, u64 size, struct diag *why)
{
    const struct file_head *h = &b->file;
    const struct log_file *before = d->count ? &d->files[d->count - 1] : NULL;
    if (before && h->seq != before->seq + 1)
        return damaged(d, h->seq, 0, "the file before this one is missing", why);
    if (before && (h->log_id != d->log_id || h->first <= before->first))
        return damaged(d, h->seq, 0, "this file is of another log", why);
    d->log_id = h->log_id;
    bool has_batch = b->batch.file_id == h->id && b->batch.first == h->first;
    files_push(d, (struct log_file){
                      .seq = h->seq,
                      .id = h->id,
                      .first = h->first,
                      .first_time_ms = has_batch ? b->batch.time_ms : NEVER,
                      .size = size,
                  });
    return ERR_OK;
}

/* Finds out whether f has begun. One that has not cannot stand before one that has. A header that
 * is not whole may be of a write that failed: whether it is damage, check_spares tells. */
static err examine(struct log_disk *d, struct log_file *f, struct found *found, struct diag *why)
{
    struct beginning b;
    TRY(read_beginning(d, f->seq, &b, &f->size));
    bool is_whole = file_head_is_whole(&b.file);
    if (is_whole && b.file.version != 1)
        return diag_set(why, ERR_UNSUPPORTED, "the log was written by a newer version (format %u)",
                        b.file.version);
    if (!is_whole || b.file.seq != f->seq) {
        found->spare_count++;
        return ERR_OK;
    }
    if (found->spare_count) return damaged(d, f[-1].seq, 0, "the header is not whole", why);
    return add_begun(d, &b, f->size, why);
}

/* Spares stand one after the other behind the log; others are of no use. A file stays until the
 * next one has begun, so without any that has, the first must be a new log's. */
static err add_spares(struct log_disk *d, const struct found *found, struct diag *why)
{
    if (!d->count && found->count && found->at[0].seq != 1)
        return damaged(d, found->at[0].seq, 0, "the header is not whole", why);
    for (size_t i = found->count - found->spare_count; i < found->count; i++) {
        struct log_file f = found->at[i];
        u64 place = 1 + d->spare_count + (d->count ? d->files[d->count - 1].seq : 0);
        f.is_stale = true;
        if (f.seq == place && d->spare_count < SPARES_MAX - 1)
            d->spares[d->spare_count++] = f;
        else
            TRY(remove_file(d, f.seq, ".log"));
    }
    return ERR_OK;
}

/* ---- the tail ---- */

static err walk_all(struct walk *w, i64 *time_ms)
{
    struct batch b;
    err e;
    while ((e = walk_next(w, &b)) == ERR_OK) *time_ms = b.time_ms;
    return e == ERR_AGAIN ? ERR_OK : e;
}

/* The last batch may never have been synced, or in vain: then it can be read from the cache and is
 * not on the disk. Written again it is either. */
static err save_last(struct log_disk *d, struct walk *w, struct file *file)
{
    const char *p;
    u64 from = w->last_at == FILE_HEAD_BYTES ? 0 : w->last_at;
    size_t n = (size_t)(w->at - from);
    TRY(walk_bytes(w, from, n, &p));
    if (!p) return ERR_IO;
    TRY(file_write(file, from, p, n));
    return d->log->o.unsafe_no_sync ? ERR_OK : file_sync(file);
}

/* The last file began, but its first batch is not whole: it has not begun. */
static void unbegin(struct log_disk *d)
{
    struct log_file f = d->files[--d->count];
    f.is_stale = true;
    memmove(d->spares + 1, d->spares, d->spare_count * sizeof *d->spares);
    d->spares[0] = f;
    d->spare_count++;
}

/* Walks over the last file. `goes_on`: where a file behind it, now unbegun, would have gone on;
 * since then smaller batches may have found room in this one. */
static err settle(struct log_disk *d, struct walk *w, struct file *file, u64 *goes_on,
                  struct diag *why)
{
    struct log_file *f = &d->files[d->count - 1];
    i64 time_ms = INT64_MIN;
    bool has_batch, is_clean;
    walk_start(w, file, f, f->size);
    TRY(walk_all(w, &time_ms));
    TRY(walk_rest(w, &has_batch, &is_clean));
    if (has_batch) return damaged(d, f->seq, w->at, "a whole batch follows", why);
    if (w->expected < *goes_on)
        return damaged(d, f->seq, w->at, "the next file goes on with a later record", why);
    if (w->last_size == 0) {
        *goes_on = f->first;
        unbegin(d);
        return ERR_OK;
    }
    TRY(save_last(d, w, file));
    f->is_stale = !is_clean;
    d->current = file;
    d->used = w->at;
    d->log->next_number = w->expected;
    atomic_store(&d->log->time, time_ms);
    return ERR_OK;
}

static err find_tail(struct log_disk *d, struct walk *w, struct diag *why)
{
    u64 goes_on = 0;
    while (d->count && !d->current) {
        char path[PATH_BYTES];
        struct file *file;
        log_path(d, d->files[d->count - 1].seq, ".log", path);
        TRY(env_open(d->env, path, FILE_WRITE, &file));
        err e = settle(d, w, file, &goes_on, why);
        if (d->current != file) file_close(file);
        TRY(e);
    }
    if (!d->count) d->log->next_number = goes_on ? goes_on : 1;
    return ERR_OK;
}

/* A file that has not begun holds no batch that could come next: what a former life left has lower
 * numbers. */
static err check_spare(struct log_disk *d, u64 seq, struct walk *w, struct diag *why)
{
    char path[PATH_BYTES];
    struct beginning b;
    struct batch batch;
    struct file *file;
    u64 size;
    TRY(read_beginning(d, seq, &b, &size));
    if (b.batch.first < d->log->next_number) return ERR_OK;
    log_path(d, seq, ".log", path);
    TRY(env_open(d->env, path, FILE_READ, &file));
    struct log_file f = {.id = b.batch.file_id, .first = b.batch.first};
    walk_start(w, file, &f, size);
    err e = walk_next(w, &batch);
    file_close(file);
    if (e == ERR_OK) return damaged(d, seq, 0, "the header is not whole, and a batch follows", why);
    return e == ERR_AGAIN ? ERR_OK : e;
}

static err check_spares(struct log_disk *d, struct walk *w, struct diag *why)
{
    for (u32 i = 0; i < d->spare_count; i++) TRY(check_spare(d, d->spares[i].seq, w, why));
    return ERR_OK;
}

/* ---- open ---- */

static err read_directory(struct log_disk *d, struct found *found, struct diag *why)
{
    TRY(env_list(d->env, d->dir, note_name, found));
    struct reader r = reader_of(buf_str(&found->leftovers));
    while (r.p < r.end) TRY(remove_file(d, read_u64(&r), ".tmp"));
    for (size_t i = 0; i < found->count; i++) TRY(examine(d, &found->at[i], found, why));
    return add_spares(d, found, why);
}

static u64 sum_bytes(const struct log_disk *d)
{
    u64 sum = 0;
    for (u32 i = 0; i < d->count; i++) sum += d->files[i].size;
    for (u32 i = 0; i < d->spare_count; i++) sum += d->spares[i].size;
    return sum;
}

/* A new log makes its first file at once, so that a full disk is known before anything is taken in.
 */
static err first_file(struct log_disk *d)
{
    err e = ERR_OK;
    while (e == ERR_OK && !d->count) e = spare_step(d, next_file_bytes(d), READ_BYTES);
    d->new_file = false;
    return e == ERR_AGAIN ? ERR_OK : e;
}

static err open_files(struct log_disk *d, struct diag *why)
{
    struct log *log = d->log;
    struct found found = {0};
    struct walk w = {0};
    buf_init(&found.leftovers, 1 << 20);
    atomic_store(&log->time, INT64_MIN);
    err e = read_directory(d, &found, why);
    if (e == ERR_OK) e = find_tail(d, &w, why);
    if (e == ERR_OK) e = check_spares(d, &w, why);
    free(found.at);
    buf_clear(&found.leftovers);
    walk_clear(&w);
    TRY(e);
    TRY(disk_sync_names(d));
    if (!d->log_id) env_random(d->env, &d->log_id, sizeof d->log_id);
    atomic_store(&log->disk_bytes, sum_bytes(d));
    atomic_store(&log->start, d->count ? d->files[0].first : log->next_number);
    return first_file(d);
}

err log_disk_open(struct log *log, const char *dir, struct diag *why)
{
    struct log_disk *d = mem_zalloc(sizeof *d);
    log->backend = &LOG_DISK;
    log->kept = d;
    d->log = log;
    d->env = log->env;
    spare_is_ready(d, false);
    size_t n = strlen(dir) + 1;
    d->dir = memcpy(mem_alloc(n), dir, n);
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->spare_lock, NULL);
    err e = open_files(d, why);
    if (e == ERR_OK) return e;
    if (e != ERR_CORRUPT && e != ERR_FULL && e != ERR_UNSUPPORTED) e = ERR_IO;
    return diag_at(why, e, str_of(d->dir), "the log cannot be opened: %s", err_title(e));
}
