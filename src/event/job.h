/* job.h — a seal or a merge under way: chosen and installed by job.c, written by job_write.c. */
#pragma once
#include "event/catalog.h"

enum {
    WINDOW_MIN = 4, /* files of one merge, as they are due … */
    WINDOW_MAX = 8,
    MERGE_MAX = 48, /* … and at most */
};

typedef enum { GATHER, SORT, ROWS, HASHES, FINISH, DONE } job_phase;

/* A run of rows in the order they will have. */
struct lane {
    const struct sealed *file; /* NULL: the tail */
    bool is_placed;            /* goes by `places`, else by the file's own order */
    struct place *places;
    u32 at, end;
    bool is_over;
    bool is_clean;      /* a file: nothing of it is deleted, nobody in it moved */
    u32 *numbers;       /* its texts: their numbers in the result, + 1; NULL: none yet */
    struct place next;  /* the row at hand */
    struct event event; /* the tail's */
    struct block block;
    struct erased_of gone;
    const struct sealed_key *heads; /* own order: its customers */
    u32 head_at;
    const struct sealed_hash *hash, *hash_end; /* own order: hashes not yet written */
};

struct seal_job {
    struct events *es;
    struct event_view *view;
    bool is_merge;
    u32 first, count; /* a merge: of the catalog's files */
    u64 tail_at, to;  /* a seal: what is left to gather of the tail's part, and its end */
    u64 rows_most;    /* a seal: no more than these are in the tail */
    struct sealed_place place;
    u64 applied;    /* number of the first deletion it does not know */
    i64 young_from; /* message ids received up to here are dropped */
    event_persona (*head_of)(void *ctx, event_persona p);
    void *ctx;
    event_persona *heads; /* as first asked; by persona */
    job_phase phase;
    struct lane lanes[2 * MERGE_MAX]; /* files in their own order; then what of each must move */
    u32 lane_count, gathered;         /* files gathered */
    u32 moved_max[MERGE_MAX];
    u32 read;                   /* rows of the input */
    struct sealed_hash *hashes; /* a seal's, and their order */
    struct place *hash_order;
    u64 hash_n;
    struct sealed_writer *writer;
    struct sealed *result; /* NULL if nothing was left */
    u32 dead;              /* rows deleted since the view */
};
