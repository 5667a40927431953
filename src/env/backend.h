/* backend.h — what a world has to offer. env.c passes every call on; real.c and sim.c fill the
 * table. */
#pragma once
#include "env/env.h"

struct env_ops {
    void (*free)(struct env *env);
    i64 (*wall_ms)(struct env *env);
    i64 (*mono_ns)(struct env *env);
    void (*random)(struct env *env, void *out, size_t n);

    err (*open)(struct env *env, const char *path, file_mode mode, struct file **out);
    void (*close)(struct file *f);
    err (*read)(struct file *f, u64 offset, void *out, size_t n, size_t *got);
    err (*write)(struct file *f, u64 offset, const void *p, size_t n);
    err (*write_many)(struct file *f, u64 offset, const str *texts, u32 count); /* NULL: by write */
    void (*push)(struct file *f, u64 offset, u64 n); /* NULL: does nothing */
    err (*sync)(struct file *f);
    err (*size)(struct file *f, u64 *out);
    err (*resize)(struct file *f, u64 size);
    err (*grow_zeroed)(struct file *f, u64 size);
    err (*map)(struct file *f, u64 n, const void **out);
    void (*unmap)(struct file *f, const void *p, u64 n);

    err (*rename)(struct env *env, const char *from, const char *to);
    err (*remove)(struct env *env, const char *path);
    err (*discard)(struct env *env, const char *path); /* NULL: as remove */
    err (*make_dir)(struct env *env, const char *path);
    err (*sync_dir)(struct env *env, const char *path);
    err (*list)(struct env *env, const char *path, void (*each)(void *ctx, str name), void *ctx);
    err (*identity)(struct env *env, const char *path, u64 out[2]);
    err (*free_space)(struct env *env, const char *path, u64 *out);
    err (*lock)(struct env *env, const char *path, struct file **out);

    void (*kill_point)(struct env *env, const char *name);
};

/* Both are the first member of what the backend keeps. */
struct env {
    const struct env_ops *ops;
};

struct file {
    const struct env_ops *ops;
};

/* Whether `name` is one of KILL_POINTS; a misspelt one would never fire. */
bool kill_point_known(str name);

/* What env_real does with BECKON_KILL_AT: "name", "name:n", "*:n". */
void real_kill_arm(str text);
