/* import_job.h — an import as something people ask for, look at and take back: its files in
 * DIR/imports, and what is shown of it. Knows no thread and no socket: the server's thread and the
 * command line run it the same way.
 *
 *   ID.json     what was asked for      ID.upload      what was sent, until the import is over
 *   ID.result   how it ended            ID/errors.csv  rows that were refused
 *
 * How far a running one came is in the engine's state, not in files. */
#pragma once
#include "intake/import.h"

enum { IMPORT_ID_MAX = 32, JOB_TEXT_MAX = 1 << 20 };

typedef enum { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED } job_status;

struct import_job {
    char id[IMPORT_ID_MAX + 1];
    job_status status;
    struct arena *arena;
    const struct json *asked;
    struct import_request request;
    struct import_record progress;
    char detail[320];
    char read_as[96];
    struct buf preview; /* members of an object */
    i64 created_ms, ended_ms;
    bool undone, undoing;
    u32 live_seen; /* told to those who watch */
    struct import *run;
    str path; /* of a file of this machine, which is read where it is; empty: what was sent */
    void (*on_end)(void *ctx, bool done, str shown);
    void *on_end_ctx;
};

/* A new job out of what was asked for; writes its file. ERR_REFUSED, ERR_IO, ERR_FULL. */
MUST_USE err import_job_new(struct env *env, const char *dir, str id, str asked,
                            struct import_job **out, struct diag *why);
/* One that stands in the directory, with its result if it is over. */
MUST_USE err import_job_load(struct env *env, const char *dir, str id, struct import_job **out);
void import_job_free(struct import_job *j);
/* Every job of the directory, by `each`; uploads that have none go. At a start. */
MUST_USE err import_jobs_list(struct env *env, const char *dir,
                              void (*each)(void *ctx, struct import_job *j), void *ctx);
/* What is sent goes there. */
void import_job_upload(const char *dir, const char *id, char out[4096]);
/* DIR/imports/ID/NAME. */
void import_job_path(const char *dir, const char *id, const char *name, char out[4096]);
/* Where uploads go; a job makes its own directory in it. */
MUST_USE err import_jobs_make_dir(struct env *env, const char *dir);
/* A new id. */
void import_job_id(struct env *env, char out[IMPORT_ID_MAX + 1]);

/* Opens the file and goes on behind `at` (NULL: from the start). */
MUST_USE err import_job_begin(struct import_job *j, struct import_world *w, const char *dir,
                              const struct import_record *at, struct diag *why);
/* Ends the run: writes its result, and removes the file that was sent. */
void import_job_end(struct import_job *j, struct env *env, const char *dir, job_status status,
                    const struct diag *why);
/* Long after its end: the cells of its file that are kept, of refused rows and of the preview, go;
 * what its columns mean stays. */
void import_job_forget(struct import_job *j, struct env *env, const char *dir);
void import_job_save(const struct import_job *j, struct env *env, const char *dir);
/* As the API shows it. */
void import_job_put(const struct import_job *j, struct buf *out, bool whole);
