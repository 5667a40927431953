/* env.h — the world behind one table: clocks, randomness, files. Real, or simulated from a seed.
 *
 *   env_real() ──┐                       ┌── the operating system
 *                ├── struct env (calls) ─┤
 *   env_sim(7) ──┘                       └── virtual time, a disk that tears, reorders, fills and
 * fails
 *
 * Every module below `server` reaches clocks and files through here only, so that a test can stop
 * the time, lose power, fail the n-th call, and find the same run again from its seed. Sockets and
 * threads are started in `server` and `channel` alone; the simulator replaces those layers by
 * tables. */
#pragma once
#include "base/base.h"
#include "base/mem.h"

struct env;
struct file;

struct env *env_real(void);     /* one per process; not freed */
struct env *env_sim(u64 seed);  /* see "simulated" below */
void env_free(struct env *env); /* of a simulated one; no file may be open, but of a dead process */

/* What takes long to give back: the blocks of a removed file (a quarter of a second for 200 MB on
 * ext4), the pages of a mapping. Of real files it is handed to `later`, by any thread, which has
 * env_real_give_back called for it once; without one, as at first, it is given back at once. */
struct left {
    int fd;        /* −1: none */
    bool is_alone; /* nobody else has the file: it may be cut */
    void *p;
    size_t n;
};
void env_real_later(void (*later)(void *ctx, struct left l), void *ctx); /* NULL: at once */
void env_real_give_back(struct left l);
/* Gives back some of it, as much as others' syncs hardly notice; false: too little is left for
 * that. */
bool env_real_give_some(const struct left *l);

i64 env_wall_ms(struct env *env); /* since 1970 UTC; may jump */
i64 env_mono_ns(struct env *env); /* never goes back */
/* Bytes fit for keys (getrandom); in the simulator reproducible. */
void env_random(struct env *env, void *out, size_t n);

typedef enum {
    FILE_READ = 0,   /* must exist, read only */
    FILE_WRITE = 1,  /* read and write, must exist */
    FILE_CREATE = 2, /* read and write, created if missing (0600) */
    FILE_NEW = 3,    /* read and write, must not exist */
} file_mode;

/* Paths are relative to nothing: the caller joins. Errors: ERR_NOT_FOUND, ERR_FULL (no space,
 * quota), ERR_CONFLICT (FILE_NEW and it is there), ERR_IO for all else. Every call below may fail
 * with ERR_IO. */
MUST_USE err env_open(struct env *env, const char *path, file_mode mode, struct file **out);
void file_close(struct file *f); /* NULL is allowed */
/* Reads up to n bytes; fewer only at the end of the file. */
MUST_USE err file_read(struct file *f, u64 offset, void *out, size_t n, size_t *got);
/* Writes all n bytes or fails; after a failure the range is undefined. */
MUST_USE err file_write(struct file *f, u64 offset, const void *p, size_t n);
/* The same of up to FILE_TEXTS_MAX texts, one behind the other. */
enum { FILE_TEXTS_MAX = 128 };
MUST_USE err file_write_many(struct file *f, u64 offset, const str *texts, u32 count);
/* Has what was written of [offset, offset + n) go to the disk from now on, without waiting: so that
 * a sync of much has little left to do, and others' syncs do not wait behind it. Promises nothing.
 */
void file_push(struct file *f, u64 offset, u64 n);
/* fdatasync. A failure means that what was written since the last success may be lost, and stays
 * lost whatever a later call says: the caller stops. */
MUST_USE err file_sync(struct file *f);
MUST_USE err file_size(struct file *f, u64 *out);
/* Cuts, or grows with a hole that reads as zeros. */
MUST_USE err file_resize(struct file *f, u64 size);
/* Grows to `size` with zeros that take their space now (fallocate and written, so that a later
 * file_sync writes no metadata); never cuts. A failure leaves the size as it was. */
MUST_USE err file_grow_zeroed(struct file *f, u64 size);
/* A read-only view of [0, n), n ≤ its size; the file is not written while it is mapped. Real: mmap,
 * so that a read error is SIGBUS and ends the process. */
MUST_USE err file_map(struct file *f, u64 n, const void **out);
void file_unmap(struct file *f, const void *p, u64 n);

MUST_USE err env_rename(struct env *env, const char *from, const char *to); /* atomic, replaces */
MUST_USE err env_remove(struct env *env, const char *path);
/* The same of a file that nobody has open or mapped: its room may come back piece by piece. */
MUST_USE err env_discard(struct env *env, const char *path);
MUST_USE err env_make_dir(struct env *env, const char *path); /* fine if it is there */
/* Makes renames, creations and removals in `path` durable. */
MUST_USE err env_sync_dir(struct env *env, const char *path);
/* Calls `each` with the plain name of every file in `path` (not of directories), sorted; `each` may
 * change the directory. */
MUST_USE err env_list(struct env *env, const char *path, void (*each)(void *ctx, str name),
                      void *ctx);
/* What tells this directory from a copy of it: file system and inode. */
MUST_USE err env_identity(struct env *env, const char *path, u64 out[2]);
/* Space that may still be written, bytes. */
MUST_USE err env_free_space(struct env *env, const char *path, u64 *out);
/* One process at a time works on a directory: ERR_CONFLICT while another holds it. Freed by
 * file_close, or by the process's end. */
MUST_USE err env_lock(struct env *env, const char *path, struct file **out);

/* A named moment at which tests may end the process. In the real world a process started with
 * BECKON_KILL_AT=name[:n] dies by SIGKILL at the n-th passing (1 = first; `*` counts every point);
 * in the simulator the caller of sim_kill_at gets its longjmp, so no lock may be held at one. Costs
 * one load when unused. The names stand in env/kill_points.h. */
#define KILL_POINT(env, name)                                                                      \
    do {                                                                                           \
        if (UNLIKELY(env_kill_armed)) env_kill_point(env, name);                                   \
    } while (0)
extern bool env_kill_armed;
void env_kill_point(struct env *env, const char *name);
