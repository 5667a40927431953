/* inside.h — what the files of `log` share: the queue's chunks, the table of back ends, the
 * formats.
 *
 *   log.c     queue, writer, hand-over       disk.c       files: writing, making the next one ready
 *   record.c  the bytes of a record          disk_open.c  finding and cutting the tail
 *   memory.c  the back end without files     disk_read.c  reading batches, replay
 *                                            disk_keep.c  release, erasure */
#pragma once
#include "base/map.h"
#include "log/log.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    FILE_HEAD_BYTES = 64,
    BATCH_HEAD_BYTES = 40,
    RECORD_HEAD_BYTES = 40,
    RECORD_ID_BYTES = 24,
    HEADROOM = FILE_HEAD_BYTES + BATCH_HEAD_BYTES, /* kept free before a chunk's records */
    BATCH_BYTES = 4 << 20, /* a batch is closed here, unless one append is more */
    HANDED_MAX = 8,        /* durable batches the consumer may be behind */
};

/* A batch on its way: filled by appenders, written where it lies, read by the consumer, used again.
 */
struct chunk {
    struct batch batch; /* first, so that log_done finds the chunk */
    char *space;        /* HEADROOM, then the records */
    size_t cap, n;      /* bytes of records: room, filled */
    struct chunk *next;
};

/* The identifiers an erasure names. */
struct id_set {
    struct map map;
    const struct blank_id *ids;
};

/* Where batches are kept. Calls come from the writer (write, prepare), the consumer (replay) and
 * one housekeeper (release, blank); prepare from the housekeeper too. */
struct backend {
    /* Makes the chunk durable. ERR_FULL: nothing changed. All else but ERR_OK is the end of the
     * log. */
    err (*write)(struct log *log, struct chunk *c);
    err (*prepare)(struct log *log);
    void (*replay)(struct log *log, u64 from);
    bool (*replay_next)(struct log *log,
                        struct batch *out); /* false: read, or log_fail was called */
    err (*release)(struct log *log, u64 upto, i64 older_than_ms);
    err (*blank_step)(struct log *log, const struct id_set *ids, u64 *cursor);
    void (*close)(struct log *log);
};

struct log {
    struct env *env;
    struct log_options o;
    const struct backend *backend;
    void *kept; /* the back end's */

    pthread_mutex_t lock; /* the queue, the spare chunks, `why` */
    struct chunk *first, *last;
    struct chunk *idle;
    u32 idle_count;
    u64 next_number;
    bool writer_waits; /* found the queue empty: the next append wakes it */
    struct diag why;   /* of `failure` */

    struct chunk *writing; /* the writer's; stays here after ERR_FULL */
    i64 last_try_ns;

    struct chunk *handed[HANDED_MAX];
    atomic_uint handed_head, handed_tail;
    atomic_bool writer_blocked; /* found the hand-over full: the next log_done wakes it */

    bool replaying, replay_held; /* the consumer's */
    struct batch replay_batch;

    atomic_int failure; /* err; once set for ever */
    atomic_bool
        full; /* no room for a next file: appends are refused, urgent ones use what is left */
    atomic_bool held;       /* by the consumer: it has no room for more */
    atomic_bool unprepared; /* the next file is not ready */
    atomic_ullong durable, start, pending_bytes, disk_bytes;
    atomic_llong time;
};

extern const struct backend LOG_DISK, LOG_MEMORY;
MUST_USE err log_disk_open(struct log *log, const char *dir, struct diag *why);
void log_memory_open(struct log *log);

/* Ends the log: every later call gives `e`. Answers `e`. */
err log_fail(struct log *log, err e, str path, const char *format, ...) PRINTF_LIKE(4, 5);

void id_set_init(struct id_set *set, const struct blank_id *ids, u32 count);
void id_set_clear(struct id_set *set);

/* Copies a batch's records to `out` (as much room), without the payloads of those that name one of
 * `ids`. `blanked` counts them. ERR_CORRUPT if they are not as many records as it says. */
MUST_USE err records_blank(const struct batch *b, const struct id_set *ids, char *out, size_t *n,
                           u32 *blanked);
/* Whether the bytes are exactly `count` records. */
bool records_are(str records, u32 count);
