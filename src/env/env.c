/* env.c — the table's front: every call goes to the world it was made for. */
#include "env/backend.h"

#include "env/kill_points.h"

bool env_kill_armed;

void env_free(struct env *env)
{
    if (env && env->ops->free) env->ops->free(env);
}

i64 env_wall_ms(struct env *env)
{
    return env->ops->wall_ms(env);
}

i64 env_mono_ns(struct env *env)
{
    return env->ops->mono_ns(env);
}

void env_random(struct env *env, void *out, size_t n)
{
    env->ops->random(env, out, n);
}

err env_open(struct env *env, const char *path, file_mode mode, struct file **out)
{
    *out = NULL;
    return env->ops->open(env, path, mode, out);
}

void file_close(struct file *f)
{
    if (f) f->ops->close(f);
}

err file_read(struct file *f, u64 offset, void *out, size_t n, size_t *got)
{
    *got = 0;
    return f->ops->read(f, offset, out, n, got);
}

err file_write(struct file *f, u64 offset, const void *p, size_t n)
{
    return f->ops->write(f, offset, p, n);
}

err file_write_many(struct file *f, u64 offset, const str *texts, u32 count)
{
    MUST(count <= FILE_TEXTS_MAX);
    if (f->ops->write_many) return f->ops->write_many(f, offset, texts, count);
    for (u32 i = 0; i < count; offset += texts[i++].n)
        TRY(f->ops->write(f, offset, texts[i].p, texts[i].n));
    return ERR_OK;
}

void file_push(struct file *f, u64 offset, u64 n)
{
    if (f->ops->push) f->ops->push(f, offset, n);
}

err file_sync(struct file *f)
{
    return f->ops->sync(f);
}

err file_size(struct file *f, u64 *out)
{
    *out = 0;
    return f->ops->size(f, out);
}

err file_resize(struct file *f, u64 size)
{
    return f->ops->resize(f, size);
}

err file_grow_zeroed(struct file *f, u64 size)
{
    return f->ops->grow_zeroed(f, size);
}

err file_map(struct file *f, u64 n, const void **out)
{
    *out = NULL;
    return f->ops->map(f, n, out);
}

void file_unmap(struct file *f, const void *p, u64 n)
{
    if (p) f->ops->unmap(f, p, n);
}

err env_rename(struct env *env, const char *from, const char *to)
{
    return env->ops->rename(env, from, to);
}

err env_remove(struct env *env, const char *path)
{
    return env->ops->remove(env, path);
}

err env_discard(struct env *env, const char *path)
{
    return env->ops->discard ? env->ops->discard(env, path) : env->ops->remove(env, path);
}

err env_make_dir(struct env *env, const char *path)
{
    return env->ops->make_dir(env, path);
}

err env_sync_dir(struct env *env, const char *path)
{
    return env->ops->sync_dir(env, path);
}

err env_list(struct env *env, const char *path, void (*each)(void *ctx, str name), void *ctx)
{
    return env->ops->list(env, path, each, ctx);
}

err env_identity(struct env *env, const char *path, u64 out[2])
{
    out[0] = out[1] = 0;
    return env->ops->identity(env, path, out);
}

err env_free_space(struct env *env, const char *path, u64 *out)
{
    *out = 0;
    return env->ops->free_space(env, path, out);
}

err env_lock(struct env *env, const char *path, struct file **out)
{
    *out = NULL;
    return env->ops->lock(env, path, out);
}

void env_kill_point(struct env *env, const char *name)
{
    env->ops->kill_point(env, name);
}

bool kill_point_known(str name)
{
    static const char *const NAMES[] = {
#define X(name) name,
        KILL_POINTS(X)
#undef X
    };
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (str_eq(name, str_of(NAMES[i]))) return true;
    return false;
}
