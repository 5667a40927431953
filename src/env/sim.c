/* sim.c — the simulated world: virtual time, chance from the seed, faults before every disk call.
 */
#include "env/sim.h"

#include "env/backend.h"
#include "env/sim_disk.h"

#include <stdlib.h>

enum { MILLION = 1000000 };
static const i64 START_MS = 1767225600000; /* 2026-01-01 00:00 UTC */
static const u64 ENDLESS = (u64)1 << 44;

struct sim {
    struct env base;
    struct disk disk;
    struct rng chance; /* faults and crashes */
    struct rng secret; /* env_random: its own stream, so that faults leave keys as they are */
    u64 seed;
    i64 wall_ms, mono_ns;
    struct sim_faults faults;
    u64 calls;
    struct sim_file *files;

    bool kill_armed, kill_fired;
    char kill_name[64]; /* empty: any */
    u64 kill_left;
    jmp_buf jump;
};

struct sim_file {
    struct file base;
    struct sim *sim;
    struct inode *node;
    bool writable, is_dead, is_lock;
    struct sim_file *next;
};

static u32 armed_count;
static const struct env_ops OPS;

static struct sim *sim_of(struct env *env)
{
    MUST(env->ops == &OPS);
    return (struct sim *)env;
}

static struct sim_file *file_of(struct file *f)
{
    struct sim_file *file = (struct sim_file *)f;
    MUST(!file->is_dead);
    return file;
}

/* Every fallible call asks here first, once. */
static bool fails(struct sim *s, u32 per_million)
{
    s->calls++;
    if (s->faults.fail_call && --s->faults.fail_call == 0) return true;
    return per_million && rng_below(&s->chance, MILLION) < per_million;
}

static bool coin(struct sim *s)
{
    return rng_percent(&s->chance, 50);
}

/* ---- clocks and chance ---- */

static i64 wall_ms(struct env *env)
{
    return sim_of(env)->wall_ms;
}

static i64 mono_ns(struct env *env)
{
    return sim_of(env)->mono_ns;
}

static void fill_random(struct env *env, void *out, size_t n)
{
    struct sim *s = sim_of(env);
    for (size_t i = 0; i < n; i += 8) {
        u64 v = rng_next(&s->secret);
        memcpy((char *)out + i, &v, min_size(8, n - i));
    }
}

void sim_set_wall(struct env *env, i64 ms)
{
    sim_of(env)->wall_ms = ms;
}

void sim_advance(struct env *env, i64 ms)
{
    struct sim *s = sim_of(env);
    MUST(ms >= 0);
    s->wall_ms += ms;
    s->mono_ns += ms * 1000000;
}

/* ---- files ---- */

static struct file *handle(struct sim *s, struct inode *node, bool writable)
{
    struct sim_file *f = mem_alloc(sizeof *f);
    *f = (struct sim_file){{&OPS}, s, node, writable, false, false, s->files};
    s->files = f;
    inode_open(node);
    return &f->base;
}

static err find_or_create(struct sim *s, const char *path, file_mode mode, struct inode **out)
{
    *out = disk_find(&s->disk, path);
    if (*out && (*out)->is_dir) return ERR_IO;
    if (*out) return mode == FILE_NEW ? ERR_CONFLICT : ERR_OK;
    if (mode == FILE_READ || mode == FILE_WRITE || !disk_has_parent(&s->disk, path))
        return ERR_NOT_FOUND;
    *out = disk_create(&s->disk, path, false);
    return ERR_OK;
}

static err open_file(struct env *env, const char *path, file_mode mode, struct file **out)
{
    struct sim *s = sim_of(env);
    struct inode *node;
    if (fails(s, s->faults.open_error_per_million)) return ERR_IO;
    TRY(find_or_create(s, path, mode, &node));
    *out = handle(s, node, mode != FILE_READ);
    return ERR_OK;
}

static void close_file(struct file *f)
{
    struct sim_file *file = (struct sim_file *)f;
    struct sim *s = file->sim;
    struct sim_file **at = &s->files;
    while (*at != file) at = &(*at)->next;
    *at = file->next;
    if (file->is_lock && !file->is_dead) file->node->locked = false;
    inode_close(&s->disk, file->node);
    free(file);
}

static err read_file(struct file *f, u64 offset, void *out, size_t n, size_t *got)
{
    struct sim_file *file = file_of(f);
    if (fails(file->sim, 0)) return ERR_IO;
    *got = inode_read(file->node, offset, out, n);
    return ERR_OK;
}

static u64 room(struct sim *s)
{
    u64 used = disk_used(&s->disk), space = s->faults.space_bytes;
    if (space == 0) return ENDLESS;
    return space > used ? space - used : 0;
}

static u64 growth(const struct inode *node, u64 end)
{
    return end > node->size ? end - node->size : 0;
}

/* A write that fails has written the beginning of what it was given. */
static err write_file(struct file *f, u64 offset, const void *p, size_t n)
{
    struct sim_file *file = file_of(f);
    struct sim *s = file->sim;
    MUST(file->writable && file->node->maps == 0);
    bool broken = fails(s, s->faults.write_error_per_million);
    u64 grow = growth(file->node, offset + n), may_grow = room(s);
    size_t fits = grow <= may_grow ? n : n - min_size(n, grow - may_grow);
    if (!broken && fits == n) {
        inode_write(file->node, offset, p, n);
        return ERR_OK;
    }
    inode_write(file->node, offset, p, rng_below(&s->chance, fits + 1));
    return broken ? ERR_IO : ERR_FULL;
}

static err sync_file(struct file *f)
{
    struct sim_file *file = file_of(f);
    if (fails(file->sim, file->sim->faults.sync_error_per_million)) {
        inode_doom(file->node);
        return ERR_IO;
    }
    if (!file->sim->faults.lose_synced) inode_sync(file->node);
    return ERR_OK;
}

static err size_of(struct file *f, u64 *out)
{
    struct sim_file *file = file_of(f);
    if (fails(file->sim, 0)) return ERR_IO;
    *out = file->node->size;
    return ERR_OK;
}

static err resize(struct file *f, u64 size)
{
    struct sim_file *file = file_of(f);
    MUST(file->writable && file->node->maps == 0);
    if (fails(file->sim, 0)) return ERR_IO;
    if (growth(file->node, size) > room(file->sim)) return ERR_FULL;
    inode_resize(file->node, size);
    return ERR_OK;
}

static err grow_zeroed(struct file *f, u64 size)
{
    struct sim_file *file = file_of(f);
    struct sim *s = file->sim;
    MUST(file->writable && file->node->maps == 0);
    if (fails(s, s->faults.write_error_per_million)) return ERR_IO;
    if (growth(file->node, size) > room(s)) return ERR_FULL;
    if (size > file->node->size) inode_resize(file->node, size);
    return ERR_OK;
}

static err map(struct file *f, u64 n, const void **out)
{
    struct sim_file *file = file_of(f);
    if (fails(file->sim, 0)) return ERR_IO;
    MUST(n <= file->node->size);
    void *p = mem_alloc(n);
    MUST(inode_read(file->node, 0, p, n) == n);
    file->node->maps++;
    *out = p;
    return ERR_OK;
}

static void unmap(struct file *f, const void *p, u64 n)
{
    struct sim_file *file = (struct sim_file *)f;
    (void)n;
    if (!file->is_dead) file->node->maps--;
    free((void *)(uintptr_t)p);
}

/* ---- names ---- */

/* A call on names that fails may nevertheless have done its work. */
static err rename_file(struct env *env, const char *from, const char *to)
{
    struct sim *s = sim_of(env);
    bool broken = fails(s, 0);
    if (broken && coin(s)) return ERR_IO;
    struct inode *node = disk_find(&s->disk, from), *there = disk_find(&s->disk, to);
    if (!node || !disk_has_parent(&s->disk, to)) return ERR_NOT_FOUND;
    if (node->is_dir || (there && there->is_dir)) return ERR_IO;
    disk_rename(&s->disk, from, to);
    return broken ? ERR_IO : ERR_OK;
}

static err remove_file(struct env *env, const char *path)
{
    struct sim *s = sim_of(env);
    bool broken = fails(s, 0);
    if (broken && coin(s)) return ERR_IO;
    struct inode *node = disk_find(&s->disk, path);
    if (!node) return ERR_NOT_FOUND;
    if (node->is_dir) return ERR_IO;
    disk_remove(&s->disk, path);
    return broken ? ERR_IO : ERR_OK;
}

static err make_dir(struct env *env, const char *path)
{
    struct sim *s = sim_of(env);
    bool broken = fails(s, 0);
    if (broken && coin(s)) return ERR_IO;
    struct inode *node = disk_find(&s->disk, path);
    if (node && !node->is_dir) return ERR_CONFLICT;
    if (!disk_has_parent(&s->disk, path)) return ERR_NOT_FOUND;
    if (!node) disk_create(&s->disk, path, true);
    return broken ? ERR_IO : ERR_OK;
}

static bool is_root(const char *path)
{
    return strcmp(path, ".") == 0 || strcmp(path, "/") == 0;
}

static err find_dir(struct sim *s, const char *path, struct inode **out)
{
    *out = is_root(path) ? NULL : disk_find(&s->disk, path);
    if (!*out && !is_root(path)) return ERR_NOT_FOUND;
    return *out && !(*out)->is_dir ? ERR_IO : ERR_OK;
}

static err sync_dir(struct env *env, const char *path)
{
    struct sim *s = sim_of(env);
    struct inode *node;
    bool broken = fails(s, s->faults.sync_error_per_million);
    if (broken && coin(s)) return ERR_IO;
    TRY(find_dir(s, path, &node));
    disk_sync_dir(&s->disk, path);
    return broken ? ERR_IO : ERR_OK;
}

/* The names are copied first, so that `each` may remove and create. */
static err list(struct env *env, const char *path, void (*each)(void *ctx, str name), void *ctx)
{
    struct sim *s = sim_of(env);
    struct inode *dir;
    if (fails(s, 0)) return ERR_IO;
    TRY(find_dir(s, path, &dir));
    const struct names_tree *t = &s->disk.now;
    struct arena *arena = arena_new();
    str *names = arena_alloc(arena, (t->count + 1) * sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i].node->is_dir || !disk_is_in(t->at[i].path, path)) continue;
        const char *slash = strrchr(t->at[i].path, '/');
        names[n++] = arena_str(arena, str_of(slash ? slash + 1 : t->at[i].path));
    }
    for (size_t i = 0; i < n; i++) each(ctx, names[i]);
    arena_free(arena);
    return ERR_OK;
}

static err identity(struct env *env, const char *path, u64 out[2])
{
    struct sim *s = sim_of(env);
    if (fails(s, 0)) return ERR_IO;
    struct inode *node = disk_find(&s->disk, path);
    if (!node && !is_root(path)) return ERR_NOT_FOUND;
    out[0] = s->seed;
    out[1] = node ? node->number : 0;
    return ERR_OK;
}

static err free_space(struct env *env, const char *path, u64 *out)
{
    struct sim *s = sim_of(env);
    (void)path;
    if (fails(s, 0)) return ERR_IO;
    *out = room(s);
    return ERR_OK;
}

static err lock(struct env *env, const char *path, struct file **out)
{
    struct sim *s = sim_of(env);
    struct inode *node;
    if (fails(s, s->faults.open_error_per_million)) return ERR_IO;
    TRY(find_or_create(s, path, FILE_CREATE, &node));
    if (node->locked) return ERR_CONFLICT;
    node->locked = true;
    *out = handle(s, node, true);
    ((struct sim_file *)*out)->is_lock = true;
    return ERR_OK;
}

/* ---- ends ---- */

static void end_process(struct sim *s)
{
    for (struct sim_file *f = s->files; f; f = f->next) {
        f->is_dead = true;
        f->node->locked = false;
        f->node->maps = 0;
    }
}

void sim_kill(struct env *env)
{
    end_process(sim_of(env));
}

void sim_crash(struct env *env)
{
    struct sim *s = sim_of(env);
    end_process(s);
    disk_crash(&s->disk, &s->chance);
}

static void disarm(struct sim *s)
{
    if (s->kill_armed) armed_count--;
    s->kill_armed = false;
    env_kill_armed = armed_count > 0;
}

void sim_kill_at(struct env *env, const char *name, u64 n)
{
    struct sim *s = sim_of(env);
    disarm(s);
    s->kill_fired = false;
    if (!name && n == 0) return;
    str text = str_of(name);
    MUST(n >= 1 && text.n < sizeof s->kill_name && (!name || kill_point_known(text)));
    memset(s->kill_name, 0, sizeof s->kill_name);
    if (text.n) memcpy(s->kill_name, text.p, text.n);
    s->kill_left = n;
    s->kill_armed = true;
    armed_count++;
    env_kill_armed = true;
}

static void kill_point(struct env *env, const char *name)
{
    struct sim *s = sim_of(env);
    MUST(kill_point_known(str_of(name)));
    if (!s->kill_armed || (s->kill_name[0] && strcmp(s->kill_name, name) != 0)) return;
    if (--s->kill_left) return;
    disarm(s);
    s->kill_fired = true;
    longjmp(s->jump, 1);
}

bool sim_kill_fired(struct env *env)
{
    return sim_of(env)->kill_fired;
}

jmp_buf *sim_kill_jump(struct env *env)
{
    return &sim_of(env)->jump;
}

void sim_faults(struct env *env, struct sim_faults faults)
{
    sim_of(env)->faults = faults;
}

u64 sim_calls(struct env *env)
{
    return sim_of(env)->calls;
}

static void sim_free(struct env *env)
{
    struct sim *s = sim_of(env);
    while (s->files) {
        MUST(s->files->is_dead);
        close_file(&s->files->base);
    }
    disarm(s);
    disk_clear(&s->disk);
    free(s);
}

static const struct env_ops OPS = {
    .free = sim_free,
    .wall_ms = wall_ms,
    .mono_ns = mono_ns,
    .random = fill_random,
    .open = open_file,
    .close = close_file,
    .read = read_file,
    .write = write_file,
    .sync = sync_file,
    .size = size_of,
    .resize = resize,
    .grow_zeroed = grow_zeroed,
    .map = map,
    .unmap = unmap,
    .rename = rename_file,
    .remove = remove_file,
    .make_dir = make_dir,
    .sync_dir = sync_dir,
    .list = list,
    .identity = identity,
    .free_space = free_space,
    .lock = lock,
    .kill_point = kill_point,
};

struct env *env_sim(u64 seed)
{
    struct sim *s = mem_zalloc(sizeof *s);
    s->base.ops = &OPS;
    s->seed = seed;
    s->chance.state = seed;
    s->secret.state = seed ^ 0x5DEECE66D1CE4E5B;
    s->wall_ms = START_MS;
    s->mono_ns = SECOND * 1000000;
    disk_init(&s->disk);
    return &s->base;
}
