/* log.h — the durable order of everything.
 *
 *   any thread: log_append ─┐                       ┌─► log_next (the engine thread) ─► log_done
 *   any thread: log_append ─┼─► pending ─ log_step ─┤
 *   any thread: log_append ─┘   (one writer: time,  └─► log_durable (requests may be answered once
 *                               numbers, write, sync)    the engine has applied up to here)
 *
 * Records are opaque here but for their header, and numbered as they are queued. The writer
 * collects what all threads handed it, gives the batch its time (max of the previous one and the
 * wall clock), writes it, syncs once, and hands it on. Files are preallocated with zeros and
 * recycled; each batch names its file, so that what a recycled file held before is never taken for
 * a batch.
 *
 * A torn tail is cut at the last whole batch; a bad checksum before it stops the start with the
 * offset. After a failed sync nothing is acknowledged any more: every call gives ERR_IO, the
 * process must end. When the disk is full, what is left of the current file (up to file_bytes) is
 * for urgent records. Formats: the tables in log.c, and docs/formats.md. */
#pragma once
#include "base/buf.h"
#include "env/env.h"

enum {
    RECORD_IDS_MAX = 16,
    RECORD_BYTES_MAX = 1 << 20,  /* one record */
    APPEND_BYTES_MAX = 16 << 20, /* one call of log_append */
};

/* An identifier as the log keeps it: its namespace's code, and the keyed hash of its normal form.
 */
struct record_id {
    hash128 hash;
    u32 space;
};

/* The header every record has. `payload` is a view. */
struct record {
    u16 kind; /* engine/record.h */
    u8 level; /* the engine level from which on this meaning holds */
    u8 id_count;
    u16 flags; /* engine/record.h */
    u32 source;
    i64 occurred_ms; /* NEVER: at the batch's time */
    hash128 dedupe;  /* of the message id; zero: none */
    struct record_id ids[RECORD_IDS_MAX];
    str payload;
};

/* Appends the record's bytes to `b`, in the form log_append takes and the file holds. One that is
 * larger than RECORD_BYTES_MAX leaves `b` full. */
void record_put(struct buf *b, const struct record *r);
/* The next record of a batch's or an append's bytes; false at the end. `in` turns bad on damage. Of
 * `ids` only the first id_count are set. */
bool record_next(struct reader *in, struct record *out);

struct batch {
    u64 first; /* number of its first record; the log's first record is 1 */
    u32 count;
    i64 time_ms;
    str records; /* count records for record_next */
};

struct log;

struct log_options {
    const char *dir;       /* exists; NULL: in memory only, durable at once (tests, simulate) */
    u64 file_bytes;        /* of one file; 0 = 64 MiB */
    u64 pending_bytes_max; /* beyond it log_append answers ERR_BUSY; 0 = 64 MiB */
    bool unsafe_no_sync;   /* positive control of the crash tests only */
    /* Called when log_step, having answered ERR_AGAIN, has something to do: by an appender, or by
     * log_done if the consumer was too far behind. To wake the writer's thread; may be NULL. */
    void (*on_append)(void *);
    void (*on_durable)(void *); /* called by log_step when a batch became durable; may be NULL */
    void *ctx;
};

/* Opens or creates. Reads all file headers, finds the tail and cuts it. ERR_CORRUPT with the file
 * and offset, ERR_IO, ERR_FULL. */
MUST_USE err log_open(struct env *env, const struct log_options *o, struct log **out,
                      struct diag *why);
void log_close(struct log *log); /* NULL is allowed; what was not stepped is dropped */

/* Copies `count` records (record_put bytes) into the queue, contiguous and in order; after a crash
 * either all of them are there or none. `last` gets the number the last of them will have. Any
 * thread. ERR_BUSY when too much waits, ERR_FULL while the disk is full, ERR_TOO_LARGE, ERR_IO
 * after a failed sync. `urgent` records (claims, answers, consent) may use a reserved sixteenth
 * beyond the bound. */
MUST_USE err log_append(struct log *log, str records, u32 count, bool urgent, u64 *last);

/* The consumer has no room for more at the moment (true), or again: meanwhile appends that are not
 * urgent find ERR_BUSY. */
void log_hold(struct log *log, bool held);

/* The one writer: takes what waits (up to 4 MiB), writes and syncs it, and makes it available.
 * ERR_OK, or ERR_AGAIN if nothing waits or the consumer is eight batches behind, ERR_FULL (kept
 * queued; call again later), ERR_IO (fatal). While the disk is full call it every second, also when
 * nothing waits: it finds out whether there is room again. */
MUST_USE err log_step(struct log *log);

/* Makes the next file ready, up to 4 MiB a call: ERR_OK if there is more to do, ERR_AGAIN if it is
 * ready, ERR_FULL. log_step does as much by itself as it needs; another thread that calls this in
 * idle moments keeps the zeros out of the writer's way. */
MUST_USE err log_prepare_step(struct log *log);
/* Whether that has something to do; any thread. */
bool log_unprepared(const struct log *log);

/* The oldest durable batch not yet taken, or NULL; good until log_done. One consumer thread. */
const struct batch *log_next(struct log *log);
void log_done(struct log *log, const struct batch *b);

u64 log_durable(struct log *log); /* number of the last durable record, 0 = none; any thread */
u64 log_start(struct log *log);   /* number of the first record that is still kept */
u64 log_pending_bytes(struct log *log);
u64 log_disk_bytes(struct log *log);
i64 log_time(struct log *log); /* time of the newest batch, or INT64_MIN */

/* Reads every kept batch whose last record is ≥ from, in order, through log_next/log_done: used
 * once, after log_open, before the first log_step (in memory: any time). log_next gives NULL when
 * all is read, or what is left cannot be read: log_replay_end tells. ERR_NOT_FOUND if `from` is
 * older than log_start (from = log_start is always there), ERR_CORRUPT if it is beyond the end:
 * records that were there are gone. */
MUST_USE err log_replay(struct log *log, u64 from);
/* After log_next gave NULL: ERR_OK if everything was read. ERR_CORRUPT with the file and offset,
 * ERR_IO; the log then gives nothing but this error any more. ERR_AGAIN while there is more to
 * read. */
MUST_USE err log_replay_end(struct log *log, struct diag *why);

/* Files whose records are all < upto and older than that time are recycled or removed; the newest
 * file stays. One thread at a time calls this and log_blank_step. */
MUST_USE err log_release(struct log *log, u64 upto, i64 older_than_ms);

/* An identifier that goes, and the last record that still meant the one who goes: whoever comes
 * with it later is somebody new. */
struct blank_id {
    struct record_id id;
    u64 upto;
};
/* Erasure: in every durable batch, empties the payload of records that name one of `ids` (headers
 * stay), up to the number that stands with it, rewriting whole files beside the old. What recycled
 * files still hold of their former life goes too. May take long; one file per call, `*cursor`
 * starts at 0 and is UINT64_MAX when done. On ERR_OK call again; after another error the same call
 * may be made later. ERR_CORRUPT: a file is damaged, and stays as it is. */
MUST_USE err log_blank_step(struct log *log, const struct blank_id *ids, u32 count, u64 *cursor);
