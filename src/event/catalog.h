/* catalog.h — the inside of `struct events`: what lies where, and who may still see it.
 *
 *   view ──► catalog (generation g): sealed files, set of deletions, where the tail begins
 *     └────► how far the tail and the deletions went when it was pinned
 *
 * Sealing, merging and clearing deletions make a new catalog; nothing in an old one changes. The
 * engine thread alone frees: catalogs, tail chunks and mappings go when the oldest view still
 * pinned is younger than their end. So views are numbered by their catalog's generation and nothing
 * is counted but pins. */
#pragma once
#include "base/map.h"
#include "env/env.h"
#include "event/block.h"
#include "event/erased.h"
#include "event/tail.h"

enum { SETS_MAX = 8 };

struct catalog {
    u64 generation;
    struct catalog *newer;
    struct erased *erased;
    u64 tail_start;
    u32 count;
    struct sealed *files[]; /* neighbours, ascending ranges of the log */
};

struct event_view {
    struct events *es;
    const struct catalog *catalog;
    u64 end; /* of the tail */
    u32 erased;
    u32 pins;         /* atomic; 0: the engine frees it */
    bool is_of_files; /* it does not look at the tail, which need not stay for it */
    struct event_view *newer;
};

/* The dedupe set of the tail's rows from `from` to where the next set begins. */
struct dedupe_set {
    struct map map;
    u64 from;
};

struct events {
    struct env *env;
    char *dir; /* NULL: no files */
    u64 seal_bytes, max_bytes, indexed_rows;
    i64 dedupe_ms;
    struct tail tail;
    struct dedupe_set sets[SETS_MAX];
    u32 set_count;
    struct catalog *oldest, *catalog;  /* a chain by `newer` */
    struct event_view *first, *newest; /* pinned, a chain by `newer` */
    struct event_view live;
    u64 tail_rows, tail_dead;
    u64 last_order;
    i64 last_received; /* no later record is older: what a merge may take for `now` */
    u64 erased_number, generation;
    struct seal_job *job, *parked; /* under way; a merge that waits for seals */
    struct sealed *gone; /* replaced files: mapped while a view may see them, then named on disk */
    struct buf manifests[2]; /* the two newest durable ones, newest first */
};

/* A catalog with `count` files, to be filled and then made the current one. */
struct catalog *catalog_new(const struct events *es, u32 count);
void catalog_install(struct events *es, struct catalog *c);
void catalog_show(struct events *es); /* brings the live view up to date */
/* A view of its own, of the sealed files alone. */
struct event_view *event_view_pin_files(struct events *es);
/* Frees what no view can see any more. */
void events_collect(struct events *es);
void sealed_path(const struct events *es, const struct sealed_place *place,
                 char out[SEALED_PATH_MAX]);
/* How many rows of a persona with low ≤ order < high are alive: in the tail, in a file. */
u32 tail_alive(struct events *es, event_persona p, u64 low, u64 high);
u32 sealed_alive(struct events *es, const struct sealed *s, event_persona p, u64 low, u64 high);
/* Of a job's input: what was deleted since it began. */
bool job_reads(const struct seal_job *job, const struct sealed *s); /* s NULL: the tail */
u64 job_last_order(const struct seal_job *job);
void job_note_dead(struct seal_job *job, u32 rows);
void job_forsake(struct seal_job *job); /* at the end of the process: its file stays */

/* Every event a view sees, in the order in which they lie. Stops when `each` answers false. */
bool events_walk(const struct event_view *v, bool (*each)(void *ctx, const struct event *ev),
                 void *ctx);
