/* real.c — Linux: POSIX files, fdatasync, flock; the clocks; getrandom; SIGKILL at a kill point. */
#include "env/backend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    ZEROS_BYTES = 1 << 18,
    LEFT_BYTES = 1 << 20, /* of a file or a mapping: so large ones are given back later */
    SOME_BYTES = 2 << 20, /* of a file: cut at a time */
};

struct real_file {
    struct file base;
    int fd;
};

static const struct env_ops OPS;
static char zeros[ZEROS_BYTES]; /* never written */
static char kill_name[64];
static _Atomic i64 kill_left;
static void (*_Atomic later)(void *ctx, struct left l);
static void *_Atomic later_ctx;

static int fd_of(const struct file *f)
{
    return ((const struct real_file *)f)->fd;
}

static err from_errno(void)
{
    switch (errno) {
    case ENOENT: return ERR_NOT_FOUND;
    case EEXIST: return ERR_CONFLICT;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ERR_FULL;
    default: return ERR_IO;
    }
}

static err done(int result)
{
    return result == 0 ? ERR_OK : from_errno();
}

static i64 real_wall_ms(struct env *env)
{
    (void)env;
    struct timespec t;
    MUST(clock_gettime(CLOCK_REALTIME, &t) == 0);
    return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static i64 real_mono_ns(struct env *env)
{
    (void)env;
    struct timespec t;
    MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (i64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void real_random(struct env *env, void *out, size_t n)
{
    (void)env;
    for (char *p = out; n;) {
        ssize_t got = getrandom(p, n, 0);
        MUST(got > 0 || errno == EINTR);
        if (got <= 0) continue;
        p += got;
        n -= (size_t)got;
    }
}

static struct file *file_new(int fd)
{
    struct real_file *f = mem_alloc(sizeof *f);
    *f = (struct real_file){{&OPS}, fd};
    return &f->base;
}

static err real_open(struct env *env, const char *path, file_mode mode, struct file **out)
{
    (void)env;
    static const int FLAGS[] = {
        [FILE_READ] = O_RDONLY,
        [FILE_WRITE] = O_RDWR,
        [FILE_CREATE] = O_RDWR | O_CREAT,
        [FILE_NEW] = O_RDWR | O_CREAT | O_EXCL,
    };
    int fd;
    do fd = open(path, FLAGS[mode] | O_CLOEXEC, 0600);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) return from_errno();
    *out = file_new(fd);
    return ERR_OK;
}

static void real_close(struct file *f)
{
    close(fd_of(f));
    free(f);
}

static err real_read(struct file *f, u64 offset, void *out, size_t n, size_t *got)
{
    while (*got < n) {
        ssize_t r = pread(fd_of(f), (char *)out + *got, n - *got, (off_t)(offset + *got));
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return from_errno();
        if (r == 0) break;
        *got += (size_t)r;
    }
    return ERR_OK;
}

static err real_write(struct file *f, u64 offset, const void *p, size_t n)
{
    for (size_t done_bytes = 0; done_bytes < n;) {
        ssize_t w = pwrite(fd_of(f), (const char *)p + done_bytes, n - done_bytes,
                           (off_t)(offset + done_bytes));
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return from_errno();
        if (w == 0) return ERR_IO;
        done_bytes += (size_t)w;
    }
    return ERR_OK;
}

/* What one call leaves over goes by plain writes. */
static err real_write_many(struct file *f, u64 offset, const str *texts, u32 count)
{
    struct iovec parts[FILE_TEXTS_MAX];
    ssize_t w;
    for (u32 i = 0; i < count; i++)
        parts[i] = (struct iovec){(void *)(uintptr_t)texts[i].p, texts[i].n};
    do w = pwritev(fd_of(f), parts, (int)count, (off_t)offset);
    while (w < 0 && errno == EINTR);
    if (w < 0) return from_errno();
    size_t left = (size_t)w; /* of what was written */
    for (u32 i = 0; i < count; offset += texts[i++].n) {
        size_t n = min_size(left, texts[i].n);
        left -= n;
        if (n < texts[i].n) TRY(real_write(f, offset + n, texts[i].p + n, texts[i].n - n));
    }
    return ERR_OK;
}

static void real_push(struct file *f, u64 offset, u64 n)
{
    sync_file_range(fd_of(f), (off_t)offset, (off_t)n, SYNC_FILE_RANGE_WRITE);
}

static err real_sync(struct file *f)
{
    int r;
    do r = fdatasync(fd_of(f));
    while (r != 0 && errno == EINTR);
    return r == 0 ? ERR_OK : ERR_IO;
}

static err real_size(struct file *f, u64 *out)
{
    struct stat st;
    if (fstat(fd_of(f), &st) != 0) return from_errno();
    *out = (u64)st.st_size;
    return ERR_OK;
}

static err real_resize(struct file *f, u64 size)
{
    int r;
    do r = ftruncate(fd_of(f), (off_t)size);
    while (r != 0 && errno == EINTR);
    return done(r);
}

/* The space is taken first, so that a full disk is known before anything is written; then the zeros
 * are written for real, because an extent that is only reserved costs metadata at its first write.
 */
static err fill(struct file *f, u64 from, u64 to)
{
    int r;
    do r = fallocate(fd_of(f), 0, (off_t)from, (off_t)(to - from));
    while (r != 0 && errno == EINTR);
    if (r != 0 && errno != EOPNOTSUPP && errno != ENOSYS) return from_errno();
    for (u64 at = from; at < to;) {
        size_t n = min_size(ZEROS_BYTES, to - at);
        TRY(real_write(f, at, zeros, n));
        at += n;
    }
    real_push(f, from, to - from);
    return ERR_OK;
}

static err real_grow_zeroed(struct file *f, u64 size)
{
    u64 old;
    TRY(real_size(f, &old));
    if (size <= old) return ERR_OK;
    err e = fill(f, old, size);
    if (e != ERR_OK && real_resize(f, old) != ERR_OK) return ERR_IO;
    return e;
}

static err real_map(struct file *f, u64 n, const void **out)
{
    if (n == 0) {
        *out = zeros;
        return ERR_OK;
    }
    void *p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd_of(f), 0);
    if (p == MAP_FAILED) return ERR_IO;
    *out = p;
    return ERR_OK;
}

/* ---- what is given back later ---- */

void env_real_later(void (*f)(void *ctx, struct left l), void *ctx)
{
    atomic_store(&later_ctx, ctx);
    atomic_store(&later, f);
}

void env_real_give_back(struct left l)
{
    if (l.n) MUST(munmap(l.p, l.n) == 0);
    if (l.fd >= 0) close(l.fd);
}

bool env_real_give_some(const struct left *l)
{
    struct stat st;
    if (!l->is_alone || l->fd < 0 || fstat(l->fd, &st) != 0 || st.st_size <= SOME_BYTES)
        return false;
    return ftruncate(l->fd, st.st_size - SOME_BYTES) == 0;
}

static void leave(struct left l, u64 bytes)
{
    void (*f)(void *ctx, struct left l) = atomic_load(&later);
    if (f && bytes >= LEFT_BYTES)
        f(atomic_load(&later_ctx), l);
    else
        env_real_give_back(l);
}

static void real_unmap(struct file *f, const void *p, u64 n)
{
    (void)f;
    leave((struct left){-1, false, (void *)(uintptr_t)p, n}, n);
}

static err real_rename(struct env *env, const char *from, const char *to)
{
    (void)env;
    return done(rename(from, to));
}

/* The name goes at once. While it is open the file itself stays: its blocks go when that is closed.
 */
static err remove_name(const char *path, bool is_alone)
{
    struct stat st;
    int fd = open(path, (is_alone ? O_RDWR : O_PATH) | O_NOFOLLOW | O_CLOEXEC);
    err e = done(unlink(path));
    bool is_large = fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 0;
    leave((struct left){fd, is_alone && is_large, NULL, 0}, is_large ? (u64)st.st_size : 0);
    return e;
}

static err real_remove(struct env *env, const char *path)
{
    (void)env;
    return remove_name(path, false);
}

static err real_discard(struct env *env, const char *path)
{
    (void)env;
    return remove_name(path, true);
}

static err real_make_dir(struct env *env, const char *path)
{
    (void)env;
    struct stat st;
    if (mkdir(path, 0700) == 0) return ERR_OK;
    if (errno != EEXIST) return from_errno();
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? ERR_OK : ERR_CONFLICT;
}

static err real_sync_dir(struct env *env, const char *path)
{
    (void)env;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return from_errno();
    int r;
    do r = fsync(fd);
    while (r != 0 && errno == EINTR);
    close(fd);
    return r == 0 ? ERR_OK : ERR_IO;
}

struct names {
    str *at;
    size_t n, cap;
};

static bool is_file(int dir_fd, const struct dirent *e)
{
    struct stat st;
    if (e->d_type != DT_UNKNOWN) return e->d_type != DT_DIR;
    return fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode);
}

static err collect(DIR *d, struct arena *arena, struct names *names)
{
    for (;;) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (!e) return errno ? ERR_IO : ERR_OK;
        if (!is_file(dirfd(d), e)) continue;
        if (names->n == names->cap) {
            names->cap = names->cap ? names->cap * 2 : 64;
            names->at = mem_realloc(names->at, names->cap * sizeof *names->at);
        }
        names->at[names->n++] = arena_str(arena, str_of(e->d_name));
    }
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const str *)a, *(const str *)b);
}

/* All names are read before the first is told, so that `each` may remove and create. */
static err real_list(struct env *env, const char *path, void (*each)(void *ctx, str name),
                     void *ctx)
{
    (void)env;
    DIR *d = opendir(path);
    if (!d) return from_errno();
    struct arena *arena = arena_new();
    struct names names = {0};
    err e = collect(d, arena, &names);
    closedir(d);
    if (names.n) qsort(names.at, names.n, sizeof *names.at, by_bytes);
    for (size_t i = 0; e == ERR_OK && i < names.n; i++) each(ctx, names.at[i]);
    free(names.at);
    arena_free(arena);
    return e;
}

/* The file system's id lasts where device numbers change with the order of devices at boot. */
static err real_identity(struct env *env, const char *path, u64 out[2])
{
    (void)env;
    struct stat st;
    struct statvfs fs;
    if (stat(path, &st) != 0 || statvfs(path, &fs) != 0) return from_errno();
    out[0] = fs.f_fsid ? fs.f_fsid : st.st_dev;
    out[1] = st.st_ino;
    return ERR_OK;
}

static err real_free_space(struct env *env, const char *path, u64 *out)
{
    (void)env;
    struct statvfs fs;
    if (statvfs(path, &fs) != 0) return from_errno();
    *out = (u64)fs.f_bavail * fs.f_frsize;
    return ERR_OK;
}

static err real_lock(struct env *env, const char *path, struct file **out)
{
    TRY(real_open(env, path, FILE_CREATE, out));
    int r;
    do r = flock(fd_of(*out), LOCK_EX | LOCK_NB);
    while (r != 0 && errno == EINTR);
    if (r == 0) return ERR_OK;
    err e = errno == EWOULDBLOCK ? ERR_CONFLICT : ERR_IO;
    real_close(*out);
    *out = NULL;
    return e;
}

static void real_kill_point(struct env *env, const char *name)
{
    (void)env;
    if (strcmp(kill_name, "*") != 0 && strcmp(kill_name, name) != 0) return;
    if (atomic_fetch_sub(&kill_left, 1) == 1) kill(getpid(), SIGKILL);
}

/* A text that means nothing ends the process at once: a crash test that never crashes would pass
 * for the wrong reason. */
void real_kill_arm(str text)
{
    ptrdiff_t colon = str_index(text, ':');
    str name = colon < 0 ? text : str_slice(text, 0, (size_t)colon);
    i64 n = 1;
    MUST(str_eq(name, S("*")) || kill_point_known(name));
    MUST(colon < 0 || str_to_i64(str_slice(text, (size_t)colon + 1, text.n), &n) == ERR_OK);
    MUST(n >= 1 && name.n < sizeof kill_name);
    memset(kill_name, 0, sizeof kill_name);
    memcpy(kill_name, name.p, name.n);
    atomic_store(&kill_left, n);
    env_kill_armed = true;
}

static void arm(void)
{
    const char *text = getenv("BECKON_KILL_AT");
    if (text && *text) real_kill_arm(str_of(text));
}

static const struct env_ops OPS = {
    .wall_ms = real_wall_ms,
    .mono_ns = real_mono_ns,
    .random = real_random,
    .open = real_open,
    .close = real_close,
    .read = real_read,
    .write = real_write,
    .write_many = real_write_many,
    .push = real_push,
    .sync = real_sync,
    .size = real_size,
    .resize = real_resize,
    .grow_zeroed = real_grow_zeroed,
    .map = real_map,
    .unmap = real_unmap,
    .rename = real_rename,
    .remove = real_remove,
    .discard = real_discard,
    .make_dir = real_make_dir,
    .sync_dir = real_sync_dir,
    .list = real_list,
    .identity = real_identity,
    .free_space = real_free_space,
    .lock = real_lock,
    .kill_point = real_kill_point,
};

struct env *env_real(void)
{
    static struct env env = {&OPS};
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, arm);
    return &env;
}
