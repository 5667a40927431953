/* disk_read.c — walking over a file's batches; replay. */
#include "log/disk.h"

#include "base/hash.h"

#include <stdlib.h>

void walk_start(struct walk *w, struct file *file, const struct log_file *f, u64 size)
{
    *w = (struct walk){
        .file = file,
        .id = f->id,
        .size = size,
        .at = FILE_HEAD_BYTES,
        .expected = f->first,
        .buffer = w->buffer,
        .cap = w->cap,
    };
}

void walk_clear(struct walk *w)
{
    free(w->buffer);
    *w = (struct walk){0};
}

/* Moves what the buffer holds of [at, …) to its beginning, and fills it up behind. */
static err refill(struct walk *w, u64 at, size_t n)
{
    size_t keep = at >= w->from && at < w->from + w->n ? (size_t)(w->from + w->n - at) : 0;
    size_t want = (size_t)(w->size - at), got;
    if (want > READ_BYTES) want = n > READ_BYTES ? n : READ_BYTES;
    if (want > w->cap) {
        w->cap = want;
        w->buffer = mem_realloc(w->buffer, w->cap);
    }
    if (keep) memmove(w->buffer, w->buffer + (at - w->from), keep);
    w->from = at;
    w->n = keep;
    TRY(file_read(w->file, at + keep, w->buffer + keep, want - keep, &got));
    w->n += got;
    return ERR_OK;
}

err walk_bytes(struct walk *w, u64 at, size_t n, const char **out)
{
    *out = NULL;
    if (n > w->size || at > w->size - n) return ERR_OK;
    if (at < w->from || at + n > w->from + w->n) TRY(refill(w, at, n));
    if (at + n <= w->from + w->n) *out = w->buffer + (at - w->from);
    return ERR_OK;
}

static u32 batch_crc(const char *p, size_t records)
{
    enum { AFTER_CRC = offsetof(struct batch_head, length) };
    return hash_crc32c(0, p + AFTER_CRC, BATCH_HEAD_BYTES - AFTER_CRC + records);
}

/* The whole batch of this file at `at`; ERR_AGAIN if there is none. */
static err batch_at(struct walk *w, u64 at, struct batch_head *h, const char **records)
{
    const char *p;
    TRY(walk_bytes(w, at, BATCH_HEAD_BYTES, &p));
    if (!p) return ERR_AGAIN;
    memcpy(h, p, sizeof *h);
    if (h->file_id != w->id || h->length % 8 != 0 || h->length > APPEND_BYTES_MAX ||
        h->count == 0 || h->count > h->length / RECORD_HEAD_BYTES)
        return ERR_AGAIN;
    TRY(walk_bytes(w, at, BATCH_HEAD_BYTES + (size_t)h->length, &p));
    if (!p || batch_crc(p, h->length) != h->crc) return ERR_AGAIN;
    *records = p + BATCH_HEAD_BYTES;
    return ERR_OK;
}

err walk_next(struct walk *w, struct batch *out)
{
    struct batch_head h;
    const char *records;
    TRY(batch_at(w, w->at, &h, &records));
    if (h.first != w->expected) return ERR_AGAIN;
    *out = (struct batch){h.first, h.count, h.time_ms, {records, h.length}};
    w->last_at = w->at;
    w->last_size = BATCH_HEAD_BYTES + (u64)h.length;
    w->at += w->last_size;
    w->expected += h.count;
    return ERR_OK;
}

/* Moves `at` to the next word that is the file's id, or to the end of what the buffer holds. */
static bool find_id(const struct walk *w, u64 *at, bool *is_clean)
{
    u64 end = w->from + w->n, id = w->id, any = 0;
    bool found = false;
    while (*at + 8 <= end && !found) {
        u64 word;
        memcpy(&word, w->buffer + (*at - w->from), 8);
        any |= word;
        found = word == id;
        if (!found) *at += 8;
    }
    if (any) *is_clean = false;
    return found;
}

err walk_rest(struct walk *w, bool *has_batch, bool *is_clean)
{
    *has_batch = false;
    *is_clean = true;
    for (u64 at = w->at; at + 8 <= w->size && !*has_batch;) {
        const char *p;
        struct batch_head h;
        TRY(walk_bytes(w, at, 8, &p));
        if (!p) break;
        if (!find_id(w, &at, is_clean)) continue;
        err e = batch_at(w, at, &h, &p);
        if (e != ERR_OK && e != ERR_AGAIN) return e;
        *has_batch = e == ERR_OK;
        at += 8;
    }
    return ERR_OK;
}

/* ---- replay ---- */

void disk_replay(struct log *log, u64 from)
{
    struct log_disk *d = disk_of(log);
    d->replay_from = from;
    d->replay_file = 0;
    while (d->replay_file + 1 < d->count && d->files[d->replay_file + 1].first <= from)
        d->replay_file++;
    d->replay_open = false;
}

static bool is_last(const struct log_disk *d)
{
    return d->replay_file + 1 == d->count;
}

static err replay_open(struct log_disk *d)
{
    const struct log_file *f = &d->files[d->replay_file];
    char path[PATH_BYTES];
    struct file *file;
    log_path(d, f->seq, ".log", path);
    TRY(env_open(d->env, path, FILE_READ, &file));
    walk_start(&d->walk, file, f, is_last(d) ? d->used : f->size);
    d->replay_open = true;
    return ERR_OK;
}

static void replay_close(struct log_disk *d)
{
    if (d->replay_open) file_close(d->walk.file);
    d->replay_open = false;
    if (is_last(d)) walk_clear(&d->walk);
    d->replay_file++;
}

static void replay_failed(struct log_disk *d, err e)
{
    char path[PATH_BYTES];
    log_path(d, d->files[d->replay_file].seq, ".log", path);
    if (e == ERR_AGAIN)
        log_fail(d->log, ERR_CORRUPT, str_of(path),
                 "the log is damaged at byte %llu: record %llu should begin there",
                 (unsigned long long)d->walk.at, (unsigned long long)d->walk.expected);
    else
        log_fail(d->log, e == ERR_NOT_FOUND ? ERR_CORRUPT : ERR_IO, str_of(path),
                 "a file of the log cannot be read");
}

/* Where a file's batches end, the next file's must go on, or the log's end be reached. */
static bool ends_well(const struct log_disk *d)
{
    u64 next = is_last(d) ? log_durable(d->log) + 1 : d->files[d->replay_file + 1].first;
    return d->walk.expected == next;
}

bool disk_replay_next(struct log *log, struct batch *out)
{
    struct log_disk *d = disk_of(log);
    while (d->replay_file < d->count) {
        err e = d->replay_open ? ERR_OK : replay_open(d);
        if (e == ERR_OK) e = walk_next(&d->walk, out);
        if (e == ERR_OK && out->first + out->count > d->replay_from) return true;
        if (e == ERR_OK) continue;
        bool ended = e == ERR_AGAIN && ends_well(d);
        if (!ended) replay_failed(d, e);
        replay_close(d);
        if (!ended) d->replay_file = d->count;
    }
    walk_clear(&d->walk);
    return false;
}
