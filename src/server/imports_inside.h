/* imports_inside.h — what the files of a server's imports share. */
#pragma once
#include "server/call.h"
#include "server/import_job.h"
#include "server/imports.h"

struct imports {
    struct server *server;
    pthread_mutex_t lock; /* of the list, and of what is shown of a job */
    struct import_job **jobs;
    u32 count;
    /* the thread's own */
    struct import_job *at; /* under way */
    struct buf records;
    u64 ahead[4]; /* numbers of the last records of chunks, in a ring */
    u32 chunk;
    i64 tidy_ms; /* when old files are looked for again */
};

/* Cells of refused rows, and those of the preview, may be somebody's who is erased since: they are
 * not kept for ever. */
#define IMPORT_CELLS_KEPT (30 * DAY)
/* Removes what is older. Imports' thread. */
void imports_tidy(struct imports *x, i64 now);

/* Under the lock, or on the imports' thread, which alone adds. */
struct import_job *imports_find(struct imports *x, str id);
bool imports_add(struct imports *x, struct import_job *j);
/* Takes an import back for about that long; true when it is done. Imports' thread. */
bool imports_undo(struct imports *x, struct import_job *j, i64 budget_ms);
/* Goes on with one that is being taken back. */
bool imports_undo_on(struct imports *x);
