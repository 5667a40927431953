/* event.h — what they did: a tail in memory, sealed segments on disk, one iterator over both.
 *
 *   event_append ─► tail (rows chained per persona) ─seal─► segment (sorted by head, time, order)
 *                                                       └─merge─► larger segments
 *
 * The tail is append-only with a published length; a segment is an immutable, mapped, checksummed
 * file. Both are physical: no answer depends on where an event lies. Timeline order is (occurred,
 * order). Who belongs to whom is an argument (`head_of`, 0 for nobody's): this module does not know
 * customers.
 *
 * Threads: event_append, event_seen, event_install and everything marked "engine" on the engine
 * thread; sealing and merging read immutable data and run on a helper; readers hold an
 * `event_view`. */
#pragma once
#include "base/hash.h"
#include "base/props.h"
#include "store/snapshot.h"

typedef u32 event_persona; /* customer.h's persona; a neighbour's word, so only the number here */

enum {
    EVENT_PERSONAS_MAX = 1u << 27, /* personas are 1 … below this */
    EVENT_BYTES_MAX = 2 << 20,     /* message_id and props of one event together */
};

struct event {
    event_persona persona;
    u32 code;   /* NAME_EVENT; system events have fixed names */
    u32 source; /* NAME_SOURCE */
    u32 flags;  /* EVENT_* */
    i64 occurred_ms, received_ms;
    u64 order;      /* record number << 8 | place among the record's events: unique, log order */
    hash128 dedupe; /* zero: none; for event_append alone, reading gives zero */
    str message_id; /* as sent; a merge drops it after the dedupe window: nothing may hang on it */
    str props;      /* base/props.h */
};

enum {
    EVENT_HISTORY = 1 << 0, /* imported as history */
    EVENT_SYSTEM = 1 << 1,  /* written by the engine: changes, messages, journeys */
    EVENT_CHANGE = 1 << 2,  /* carries a change of a field (retention keeps the newest of each) */
};

/* The order of an event: the number of the record it came by, and its place among that record's. */
enum { EVENT_PLACE_BITS = 20 };

static inline u64 event_order(u64 record, u32 place)
{
    return record << EVENT_PLACE_BITS | place;
}

static inline u64 event_record(u64 order)
{
    return order >> EVENT_PLACE_BITS;
}

struct events;
struct events_options {
    const char *dir;     /* NULL: the tail only, nothing is ever sealed */
    u64 tail_bytes_seal; /* a seal is due beyond this; 0 = 64 MiB */
    u64 tail_bytes_max;  /* event_room answers false beyond; 0 = 512 MiB */
    i64 dedupe_ms;       /* 0 = 7 days */
    u64 indexed_rows; /* files of so many or more have an index by day (daily.h); 0 = 1 M: of small
                       * ones, which are soon merged, it would cost more than it saves */
};

struct events *events_new(struct env *env, const struct events_options *o);
void events_free(struct events *es);

/* A snapshot keeps the tail as a stream, and in its manifest events_manifest: the sealed files and
 * what was deleted. Both are as of the call, so at the batch's end that the snapshot's epoch was
 * pinned at: event_view_pin, events_manifest and snapshot_begin together, and the view held until
 * the snapshot is done, since it keeps the stream's bytes. What is sealed or deleted later belongs
 * to a later position of the log: it reaches the disk's manifest with the next snapshot, never by
 * snapshot_extra. */
struct stream events_stream(struct events *es);
void events_manifest(const struct events *es, struct buf *out);
/* On start, before or after the stream is loaded: opens the files listed and removes seal- files
 * that are not. An empty manifest is a new directory. ERR_CORRUPT, ERR_UNSUPPORTED, ERR_NOT_FOUND
 * name the file. */
MUST_USE err events_open(struct events *es, str manifest, struct diag *why);
/* After both: the chains and the dedupe set of the tail. */
void events_rebuild(struct events *es);
/* Reads every byte of every sealed file and proves what can be proved. ERR_CORRUPT: `why` names the
 * file and the place. (Otherwise a block is checked when it is first touched, and a bad one ends
 * the process.) Engine thread. */
MUST_USE err events_check(const struct events *es, struct diag *why);

/* ---- engine thread ---- */

/* Adds to the tail; orders ascend. Amortised a few cache lines; never reads sealed files. */
void event_append(struct events *es, const struct event *ev);
/* Has an event alive this message id and now − received < window? Exact, wherever it lies: a set
 * over the tail; a filter for each sealed file with rows that young, and on its hit the file's
 * hashes. */
bool event_seen(const struct events *es, hash128 dedupe, i64 now);
/* What event_seen will touch; what event_append will. */
void event_prefetch(const struct events *es, hash128 dedupe);
void event_prefetch_persona(const struct events *es, event_persona p);
/* Marks one event as gone (erasure, undo); takes effect in every later view and digest. Both read
 * the persona's rows; naming what is not there does nothing. */
void event_delete(struct events *es, event_persona p, u64 order);
/* Marks everything of a persona with order < before as gone. */
void event_forget(struct events *es, event_persona p, u64 before);
bool event_room(struct events *es); /* false: refuse input until a seal or a reader is done */
/* Whether the tail is big enough to be sealed. */
bool event_seal_due(const struct events *es);
bool event_ample(const struct events *es);   /* there is so much room that a seal can wait */
u64 events_bytes(const struct events *es);   /* anonymous memory */
u64 events_count(const struct events *es);   /* alive, tail and sealed */
u64 events_deleted(const struct events *es); /* deleted, but still in the tail or a sealed file */
u64 events_disk_bytes(const struct events *es);
/* Counts deletions: whether of what was deleted before event_deletions gave this number anything
 * still lies in the tail or a sealed file. Visitors go all the time; an erasure waits for its own.
 */
u64 event_deletions(const struct events *es);
bool event_rid(const struct events *es, u64 deletions);

/* ---- reading ---- */

/* What an epoch sees: the tail up to a length, and a list of segments. Made by the engine thread at
 * a batch's end, used by any thread until event_view_drop. */
struct event_view;
struct event_view *event_view_pin(struct events *es);
struct event_view *
event_view_live(struct events *es); /* engine thread: always the newest; not dropped */
void event_view_drop(struct event_view *v);

/* One customer's events, merged over its personas, in timeline order, with from ≤ occurred < to.
 * The iterator lives in `arena`: some hundred bytes for each place where the customer has events.
 */
struct event_iter;
struct event_iter *event_iter(const struct event_view *v, const event_persona *personas, u32 n,
                              i64 from, i64 to, struct arena *arena);
/* The next event; its views are good while `v` is pinned (live: until the engine's next call here)
 * and the arena stands. */
bool event_next(struct event_iter *it, struct event *out);
/* The same in two parts, for who looks into few of many: the event with neither message id nor
 * properties (those of the tail have them), and then, of the one just handed out, these too: of
 * sealed events they cost several times the rest. */
bool event_skim(struct event_iter *it, struct event *out);
void event_fill(struct event_iter *it, struct event *out);
/* Same, newest first. */
struct event_iter *event_iter_back(const struct event_view *v, const event_persona *personas, u32 n,
                                   i64 from, i64 to, struct arena *arena);
/* One event by its place; false if it is gone. `arena` is used while looking. */
bool event_get(const struct event_view *v, const event_persona *personas, u32 n, u64 order,
               i64 occurred, struct event *out, struct arena *arena);
/* The newest `max` events of everybody, newest first by order (live tail page). Cheap while the
 * tail holds that many; else it reads the order of every row of the newest sealed files. */
u32 event_latest(const struct event_view *v, struct event *out, u32 max, struct arena *arena);

/* Everybody's events in the order of the log, oldest first: those in memory after the cursor, which
 * moves behind what is returned. A cursor of {order} alone is found by one walk over the tail. */
struct event_cursor {
    u64 order; /* of the last one seen; 0: none */
    u64 at;    /* where the next may be; 0: not known */
};
u32 event_after(const struct event_view *v, struct event_cursor *cursor, struct event *out,
                u32 max);

/* One sequential pass over all events, customer by customer in ascending head: `each` is called per
 * event in timeline order with its head. Customers with a persona whose head moved
 * since sealing come at the end, again ascending; head_of's 0 leaves an event out. Stops when
 * `each` answers false. */
void event_pass(const struct event_view *v, event_persona (*head_of)(void *ctx, event_persona p),
                bool (*each)(void *ctx, event_persona head, const struct event *ev), void *ctx,
                struct arena *arena);

/* ---- sealing and merging: steps on a helper, installed by the engine between records ---- */

struct seal_job;
/* A job is due if the tail is big, or neighbouring segments should be joined, or one has many
 * deleted rows; else NULL. `force`: as soon as a file has a deleted row, or the tail any (erasure:
 * until events_deleted is 0 and a snapshot was taken). One at a time: NULL while another runs.
 * Engine thread: fixes the range. */
struct seal_job *event_job(struct events *es, bool force);
/* While events pour in: seals as they are due, and merges only where there are very many files. */
struct seal_job *event_job_rough(struct events *es);
/* After that: the next job on the way to one file of that range of orders, nothing of it in the
 * tail; NULL: it is so already, or another runs. */
struct seal_job *event_job_tidy(struct events *es, u64 from, u64 to);
bool event_tidy_due(const struct events *es, u64 from, u64 to);
/* The next job on the way to event_rid(deletions); NULL: it is so already, or another runs. */
struct seal_job *event_job_rid(struct events *es, u64 deletions);
/* A merge may be left as it is between two steps: the next job is then a seal that is due, or it
 * again, with whatever heads there are then. One at a time. */
bool event_job_parks(const struct seal_job *job);
void event_job_park(struct events *es, struct seal_job *job);
/* Works for about budget_us; ERR_AGAIN while there is more, ERR_OK when the file is durable. Any
 * one thread. head_of as of now: rows are sorted by it; each persona is asked about once. ERR_FULL
 * and ERR_IO: abandon the job, nothing has changed. */
MUST_USE err event_job_step(struct seal_job *job,
                            event_persona (*head_of)(void *ctx, event_persona p), void *ctx,
                            i64 budget_us);
/* Engine thread: swaps the result in; deletions made meanwhile stay in force. The inputs go once
 * neither the two newest manifests nor a view needs them (event_clean). Ends the job. */
void event_install(struct events *es, struct seal_job *job);
void event_job_abandon(struct events *es, struct seal_job *job);
/* After a manifest became durable, with the events_manifest it holds: removes replaced files that
 * neither it, nor the one before it, nor a view names. */
void event_clean(struct events *es, str manifest);

/* ---- the canonical hash: sum over events alive of XXH3-128 of their canonical bytes ---- */

/* `kind` is a name_kind of log/names.h. Message ids are left out: they go with the window. */
typedef str (*event_name_of)(void *ctx, u32 kind, u32 code);
hash128 events_digest(const struct event_view *v, event_name_of name, void *ctx);
