/* snapshot.h — the state on disk: a base and increments, named by one manifest.
 *
 *   manifest ──► position, base, ≤ 8 increments, what modules add (sealed files), log start
 *
 * A snapshot is a step function that writes a pinned epoch while the engine goes on: every row and
 * string changed since the last one, compressed with zstd and checked with XXH3. The manifest is
 * written beside the old one, synced and renamed: the only truth. Files it does not name are
 * removed on start. Streams that only grow at one end (the event tail) take part as `struct
 * stream`. Formats: the tables in snapshot.c, snapshot_block.c and snapshot_write.c, and
 * docs/formats.md. */
#pragma once
#include "store/store.h"

/* An append-only byte stream with absolute offsets, of which [start, end) is alive. */
struct stream {
    const char *name;
    /* Engine thread, in snapshot_begin. Neither ever goes back. What is alive then must stay
     * readable until the snapshot ends. */
    void (*range)(void *ctx, const struct epoch *e, u64 *start, u64 *end);
    void (*read)(void *ctx, u64 offset, void *out, size_t n); /* any thread, below end */
    /* On start, in order and without gaps; the first call says where the stream starts, with no
     * bytes. */
    MUST_USE err (*load)(void *ctx, u64 offset, str bytes);
    void *ctx;
};

struct snapshot;

struct snapshot_options {
    const char *dir;
    u64 full_every; /* increments before a new base; 0 = 8 */
};

/* Reads the manifest and removes the snap-… files that are not its parts; other modules look after
 * their own. `*found` false: a new directory. ERR_CORRUPT, ERR_IO. */
MUST_USE err snapshot_open(struct env *env, struct store *s, const struct snapshot_options *o,
                           struct snapshot **out, bool *found, struct diag *why);
void snapshot_close(struct snapshot *sn);
void snapshot_stream(struct snapshot *sn,
                     const struct stream *stream); /* before load; kept by copy */

/* What the newest manifest says. */
struct manifest {
    u64 position; /* number of the last record in it */
    i64 time_ms;
    u64 log_start; /* the log must be kept from here */
    u64 identity[2];
    str extra; /* bytes of the engine's own: the sealed files, in its format */
    u32 increments;
};
/* A view, good until a snapshot or snapshot_extra after the next one begins; all zero before the
 * first. */
const struct manifest *snapshot_manifest(const struct snapshot *sn);

/* Loads tables, heaps and streams as of the manifest, into a store that has no rows yet. Tables and
 * heaps that are not there are made. Every block is checked: ERR_CORRUPT names the file and the
 * place; ERR_UNSUPPORTED: a table of another shape, a stream nobody knows. After a failure the
 * store is to be freed. ERR_NOT_FOUND without a manifest. */
MUST_USE err snapshot_load(struct snapshot *sn, struct diag *why);

/* Starts writing epoch `e` for `m` (whose `increments` is not looked at). Engine thread; no I/O.
 * The caller may drop `e` at once. ERR_CONFLICT: one is running. ERR_STALE: something changed since
 * `e` was pinned. */
MUST_USE err snapshot_begin(struct snapshot *sn, struct epoch *e, const struct manifest *m);
/* Writes for about budget_us; ERR_AGAIN while there is more, ERR_OK when the manifest is durable.
 * Any one thread. ERR_FULL and ERR_IO abandon this snapshot (the old one stays); ERR_STALE: epoch
 * cancelled. */
MUST_USE err snapshot_step(struct snapshot *sn, i64 budget_us);
bool snapshot_running(const struct snapshot *sn);
u64 snapshot_disk_bytes(const struct snapshot *sn);

/* The next snapshot will be a base, so that nothing erased before it stays in the files. Engine
 * thread. */
void snapshot_want_full(struct snapshot *sn);

/* Rewrites only the manifest (a seal or merge was installed): same state files, new `extra`. Engine
 * thread. ERR_CONFLICT while a snapshot runs, ERR_NOT_FOUND before the first. */
MUST_USE err snapshot_extra(struct snapshot *sn, str extra);
