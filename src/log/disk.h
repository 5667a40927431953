/* disk.h — the log in files: what disk.c, disk_open.c, disk_read.c and disk_keep.c share.
 *
 *     files[0] … files[count-1] = current      spares[0] = next … spares[n]
 *     begun, full of batches      being filled  zeros or recycled, named for their place in order
 *
 * The writer alone writes to `current`. `lock` guards what others ask about it, and is never held
 * over a disk call. `spare_lock` guards the spares, is held over the disk calls on them, and is
 * taken first. The list of files changes under both, so either is enough to read it. */
#pragma once
#include "log/inside.h"

enum { PATH_BYTES = 4096, SPARES_MAX = 4, READ_BYTES = 4 << 20 };

#define FILE_MAGIC 0x31474F4C4B434542u /* "BECKLOG1" */

struct file_head {
    u64 magic;
    u32 crc, version;
    u64 id, seq, first, log_id;
    u64 zero[2];
};

struct batch_head {
    u64 file_id;
    u32 crc, length;
    u64 first;
    i64 time_ms;
    u32 count, zero;
};

struct log_file {
    u64 seq, id, first;
    i64 first_time_ms; /* of its first batch */
    u64 size;
    bool is_stale; /* may hold records of a former life behind its tail */
};

/* Reads a file's batches one after the other, through a large buffer. */
struct walk {
    struct file *file;
    u64 id, size;           /* batches end here at the latest */
    u64 at, expected;       /* the next batch: offset, number of its first record */
    u64 last_at, last_size; /* the batch just read */
    char *buffer;           /* holds bytes [from, from + n) of the file */
    size_t cap, n;
    u64 from;
};

struct log_disk {
    struct log *log;
    struct env *env;
    char *dir;
    u64 log_id;

    pthread_mutex_t lock;
    struct log_file *files;
    u32 count, cap;
    struct file *current; /* NULL before the log's first batch */
    u64 used;             /* of current, up to its tail */
    bool is_closed;       /* current takes no more batches: an erasure has rewritten it */
    bool in_flight;       /* a batch is being written */

    pthread_mutex_t spare_lock;
    struct log_file spares[SPARES_MAX];
    u32 spare_count;
    struct file *next; /* spares[0], opened */
    bool next_ready;   /* and large enough, and its name durable */
    bool new_file;     /* it became ready just now: a kill point is due once the lock is free */

    struct walk walk; /* of the replay */
    u32 replay_file;
    u64 replay_from;
    bool replay_open;

    struct blanking *blanking; /* disk_keep.c; NULL but during a step */
};

void file_head_fill(struct file_head *h, u64 id, u64 seq, u64 first, u64 log_id);
bool file_head_is_whole(const struct file_head *h);
void batch_head_fill(struct batch_head *h, u64 file_id, const struct batch *b);

void log_path(const struct log_disk *d, u64 seq, const char *suffix, char out[PATH_BYTES]);
struct log_disk *disk_of(struct log *log);
void files_push(struct log_disk *d, struct log_file f);
/* What a directory sync or file sync failed to promise ends the log. */
MUST_USE err disk_sync_names(struct log_disk *d);

/* One slice of making spares[0] ready for `want` bytes. spare_lock is held. ERR_AGAIN: it is. */
MUST_USE err spare_step(struct log_disk *d, u64 want, u64 slice);
u64 next_file_bytes(const struct log_disk *d);
void spare_is_ready(struct log_disk *d, bool ready);

/* Starts at the file's first batch. The buffer is kept from walk to walk; walk_clear frees it. */
void walk_start(struct walk *w, struct file *file, const struct log_file *f, u64 size);
void walk_clear(struct walk *w);
/* The next batch, a view good until the next call. ERR_AGAIN: no whole batch stands here. */
MUST_USE err walk_next(struct walk *w, struct batch *out);
/* Whether any whole batch of this file lies at or behind w->at, where walk_next found none.
 * `is_clean`: there are only zeros. */
MUST_USE err walk_rest(struct walk *w, bool *has_batch, bool *is_clean);
/* The file's bytes [at, at + n), or NULL where it ends before. */
MUST_USE err walk_bytes(struct walk *w, u64 at, size_t n, const char **out);

void disk_replay(struct log *log, u64 from);
bool disk_replay_next(struct log *log, struct batch *out);
err disk_release(struct log *log, u64 upto, i64 older_than_ms);
err disk_blank_step(struct log *log, const struct id_set *ids, u64 *cursor);
void disk_blank_end(struct log_disk *d);
