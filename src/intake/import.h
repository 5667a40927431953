/* import.h — a file of customers, events or orders on its way into the log.
 *
 *   rows ─mapping─► items ─► records, and one IMPORT record that says how far it came
 *                     └► what is refused: errors.csv
 *
 * A chunk's records and its IMPORT record are appended in one piece, so what the log has of an
 * import and where it goes on are never apart: after a crash the import begins anew at the place
 * that the engine's state names (engine_import), row for row. Nothing here depends on when it runs
 * but `created_ms`, so the same file gives the same records.
 *
 * Orders: rows of one order may stand anywhere in the file. They are first dealt out by order into
 * files small enough for memory (import_order.c), then taken one file after the other. */
#pragma once
#include "engine/engine.h"
#include "intake/mapping.h"

/* Rows of a chunk: what is sent in live waits for a few chunks at most. Where nothing is, larger
 * ones cost less. */
enum {
    IMPORT_CHUNK_ROWS = 2000,
    IMPORT_CHUNK_ROWS_ALONE = 1 << 16,
    IMPORT_CHUNK_BYTES = 7 << 19 /* less than a batch of the log */
};

/* What was asked for. Texts live as long as the arena they were read into. */
struct import_request {
    str id, file_name;
    import_kind kind;
    bool live, dry_run;
    i64 created_ms;
    const struct json *mapping; /* an object, or NULL */
    struct rows_options rows;
    str zone, date_format;
    str event;                  /* of events that come without a name of their own */
    const struct json *consent; /* channels that every customer of the file agreed to, or NULL */
};

/* From JSON: {id, kind, mode, dry_run, file_name, created_at_ms, mapping, options:{…}}. ERR_REFUSED
 * names the member. */
MUST_USE err import_request_read(const struct json *j, struct import_request *out,
                                 struct diag *why);

struct import_world {
    struct env *env;
    struct names *names;
    struct sip_key key;
    const struct zone *zone; /* the workspace's */
    const char *zoneinfo;    /* where the request's is read; NULL: the system's */
    str phone_country;
    bool (*on_zone)(void *ctx, str name); /* as intake.h's */
    void *ctx;
    /* Runs pieces 0 … n − 1 on threads that are numbered below `workers`; returns when all are
     * done. NULL: one after the other on the caller's. */
    void (*share)(void *ctx, u32 n, void (*run)(void *work, u32 piece, u32 worker), void *work);
    u32 workers;
    u32 chunk_rows;  /* 0: IMPORT_CHUNK_ROWS */
    const char *dir; /* where errors.csv and what is dealt out are written */
};

struct import;

/* Opens the file, looks at its first rows and decides what its columns mean. Nothing is written to
 * the log, but the names of columns if it is no dry run. ERR_REFUSED, ERR_INVALID: it cannot be
 * imported, with the reason. */
MUST_USE err import_open(const struct import_world *w, const struct import_request *r,
                         const char *path, struct import **out, struct diag *why);
void import_close(struct import *im);
/* Removes what a run that was cut off left in its directory beside errors.csv: rows half sorted. */
void import_clean(struct env *env, const char *dir);
/* Goes on behind a position that a chunk ended at. */
MUST_USE err import_resume(struct import *im, const struct import_record *at, struct diag *why);
/* Makes the next chunk: `count` records in `records` (reset first), the last of them the IMPORT
 * record. A dry run makes none. ERR_NOT_FOUND: the chunk before was the last. After another error
 * it may be opened anew and resumed; ERR_BUSY, ERR_FULL: a name could not get its code just now. */
MUST_USE err import_step(struct import *im, struct buf *records, u32 *count, struct diag *why);
/* As of the last chunk. */
const struct import_record *import_progress(const struct import *im);
/* "columns":[…],"rows":[[…]…] of the first rows, and "mapping":{…}; members of an object. */
void import_put_preview(const struct import *im, struct buf *out);
str import_describe(const struct import *im); /* how the file was read */
u32 import_source(const struct import *im);   /* NAME_SOURCE of its records */
