/* env_test.c — one contract for both worlds; then what each adds: crashes and faults, signals. */
#include "base/test.h"
#include "env/backend.h"
#include "env/sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where a contract test works: the real file system, or a simulated one. */
struct place {
    struct env *env;
    const char *dir;
};

static const char *in(struct place p, struct arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s%c", p.dir, name, 0).p;
}

static void on_both(struct arena *arena, void (*body)(struct place p, struct arena *arena))
{
    body((struct place){env_real(), test_dir()}, arena);
    struct env *env = env_sim(test_seed());
    CHECK_OK(env_make_dir(env, "d"));
    body((struct place){env, "d"}, arena);
    env_free(env);
}

static void put(struct env *env, const char *path, str text)
{
    struct file *f;
    CHECK_OK(env_open(env, path, FILE_CREATE, &f));
    CHECK_OK(file_resize(f, 0));
    CHECK_OK(file_write(f, 0, text.p, text.n));
    file_close(f);
}

/* The file's text, or empty where it is not. */
static str get(struct env *env, const char *path, struct arena *arena)
{
    struct file *f;
    u64 size;
    size_t got;
    if (env_open(env, path, FILE_READ, &f) != ERR_OK) return (str){0};
    CHECK_OK(file_size(f, &size));
    char *p = arena_alloc(arena, size + 1);
    CHECK_OK(file_read(f, 0, p, size + 1, &got));
    CHECK_EQ(got, size);
    file_close(f);
    return (str){p, got};
}

static void modes(struct place p, struct arena *arena)
{
    struct file *f;
    const char *path = in(p, arena, "a");
    CHECK_EQ(env_open(p.env, path, FILE_READ, &f), ERR_NOT_FOUND);
    CHECK(!f);
    CHECK_EQ(env_open(p.env, path, FILE_WRITE, &f), ERR_NOT_FOUND);
    CHECK_OK(env_open(p.env, path, FILE_NEW, &f));
    file_close(f);
    CHECK_EQ(env_open(p.env, path, FILE_NEW, &f), ERR_CONFLICT);
    CHECK_OK(env_open(p.env, path, FILE_CREATE, &f));
    file_close(f);
    CHECK_OK(env_open(p.env, path, FILE_READ, &f));
    file_close(f);
    CHECK_EQ(env_open(p.env, in(p, arena, "no/a"), FILE_CREATE, &f), ERR_NOT_FOUND);
    file_close(NULL);
}

TEST("a file opens as its mode says, and only so")
{
    on_both(arena, modes);
}

static void contents(struct place p, struct arena *arena)
{
    struct file *f;
    char out[16] = "";
    size_t got;
    u64 size;
    CHECK_OK(env_open(p.env, in(p, arena, "a"), FILE_NEW, &f));
    CHECK_OK(file_write(f, 5000, "xyz", 3));
    CHECK_OK(file_size(f, &size));
    CHECK_EQ(size, 5003);
    CHECK_OK(file_read(f, 4998, out, sizeof out, &got));
    CHECK_STR(((str){out, got}), S("\0\0xyz"));
    CHECK_OK(file_resize(f, 5001));
    CHECK_OK(file_resize(f, 5010));
    CHECK_OK(file_read(f, 5000, out, sizeof out, &got));
    CHECK_STR(((str){out, got}), S("x\0\0\0\0\0\0\0\0\0"));
    CHECK_OK(file_read(f, 5010, out, 1, &got));
    CHECK_EQ(got, 0);
    CHECK_OK(file_grow_zeroed(f, 900000));
    CHECK_OK(file_grow_zeroed(f, 10));
    CHECK_OK(file_size(f, &size));
    CHECK_EQ(size, 900000);
    CHECK_OK(file_read(f, 899990, out, sizeof out, &got));
    CHECK_STR(((str){out, got}), S("\0\0\0\0\0\0\0\0\0\0"));
    CHECK_OK(file_sync(f));
    const void *view;
    CHECK_OK(file_map(f, 5001, &view));
    CHECK_EQ(((const char *)view)[5000], 'x');
    file_unmap(f, view, 5001);
    CHECK_OK(file_map(f, 0, &view));
    CHECK(view);
    file_unmap(f, view, 0);
    file_close(f);
}

TEST("what is written is read, what is not is zeros, and the end is the end")
{
    on_both(arena, contents);
}

static void many(struct place p, struct arena *arena)
{
    struct file *f;
    const char *path = in(p, arena, "many");
    str texts[FILE_TEXTS_MAX];
    CHECK_OK(env_open(p.env, path, FILE_CREATE, &f));
    for (u32 i = 0; i < FILE_TEXTS_MAX; i++) texts[i] = i % 2 ? S("bc") : (str){0};
    CHECK_OK(file_write_many(f, 1, texts, FILE_TEXTS_MAX));
    CHECK_OK(file_write_many(f, 0, &S("a"), 1));
    CHECK_OK(file_write_many(f, 3, texts, 0));
    CHECK_OK(file_write_many(f, FILE_TEXTS_MAX + 1, &S("d"), 1));
    file_close(f);
    str got = get(p.env, path, arena);
    CHECK_EQ(got.n, FILE_TEXTS_MAX + 2);
    CHECK_STR(str_slice(got, 0, 4), S("abcb"));
    CHECK_STR(str_slice(got, got.n - 4, got.n), S("cbcd"));
}

TEST("texts are written one behind the other")
{
    on_both(arena, many);
}

static void note_name(void *ctx, str name)
{
    buf_put(ctx, name);
    buf_byte(ctx, ' ');
}

static void naming(struct place p, struct arena *arena)
{
    struct buf b;
    const char *a = in(p, arena, "a"), *c = in(p, arena, "c");
    buf_init(&b, 100);
    CHECK_OK(env_make_dir(p.env, in(p, arena, "b")));
    CHECK_OK(env_make_dir(p.env, in(p, arena, "b")));
    CHECK_EQ(env_make_dir(p.env, in(p, arena, "no/b")), ERR_NOT_FOUND);
    put(p.env, c, S("new"));
    put(p.env, a, S("old"));
    put(p.env, in(p, arena, "b/inner"), S("x"));
    CHECK_EQ(env_make_dir(p.env, a), ERR_CONFLICT);
    CHECK_OK(env_list(p.env, p.dir, note_name, &b));
    CHECK_STR(buf_str(&b), S("a c "));
    CHECK_OK(env_rename(p.env, c, a));
    CHECK_STR(get(p.env, a, arena), S("new"));
    CHECK_EQ(env_rename(p.env, c, a), ERR_NOT_FOUND);
    CHECK_OK(env_remove(p.env, a));
    CHECK_EQ(env_remove(p.env, a), ERR_NOT_FOUND);
    CHECK_OK(env_sync_dir(p.env, p.dir));
    CHECK_EQ(env_sync_dir(p.env, in(p, arena, "no")), ERR_NOT_FOUND);
    CHECK_EQ(env_list(p.env, in(p, arena, "no"), note_name, &b), ERR_NOT_FOUND);
    buf_clear(&b);
}

TEST("names are listed in order, move over others, and go")
{
    on_both(arena, naming);
}

static void holding(struct place p, struct arena *arena)
{
    struct file *first, *second;
    const char *path = in(p, arena, "lock");
    CHECK_OK(env_lock(p.env, path, &first));
    CHECK_EQ(env_lock(p.env, path, &second), ERR_CONFLICT);
    CHECK(!second);
    file_close(first);
    CHECK_OK(env_lock(p.env, path, &second));
    file_close(second);
}

TEST("a lock has one holder, until it is closed")
{
    on_both(arena, holding);
}

static void surroundings(struct place p, struct arena *arena)
{
    u64 one[2], two[2], space;
    const char *inner = in(p, arena, "e");
    CHECK_OK(env_make_dir(p.env, inner));
    CHECK_OK(env_identity(p.env, p.dir, one));
    CHECK_OK(env_identity(p.env, inner, two));
    CHECK_EQ(one[0], two[0]);
    CHECK(one[1] != two[1]);
    CHECK_EQ(env_identity(p.env, in(p, arena, "no"), two), ERR_NOT_FOUND);
    CHECK_OK(env_free_space(p.env, p.dir, &space));
    CHECK(space > 0);
    CHECK(env_wall_ms(p.env) > 1700000000000);
    i64 before = env_mono_ns(p.env);
    CHECK(env_mono_ns(p.env) >= before);
    u8 zero[37] = {0}, random[37] = {0};
    env_random(p.env, random, sizeof random);
    CHECK(memcmp(zero, random, sizeof zero) != 0);
}

TEST("directories are told apart, there is room, and time stands near the present")
{
    on_both(arena, surroundings);
}

TEST("real files are for their owner only")
{
    struct stat st;
    const char *path = arena_printf(arena, "%s/a%c", test_dir(), 0).p;
    put(env_real(), path, S("x"));
    CHECK_EQ(stat(path, &st), 0);
    CHECK_EQ(st.st_mode & 07777, 0600);
}

/* Whether this process holds a file that was removed, open or mapped. */
static bool holds_removed(const char *path)
{
    char name[64], target[1024], line[2048];
    bool holds = false;
    for (int fd = 0; fd < 256 && !holds; fd++) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(name, target, sizeof target - 1);
        target[n > 0 ? n : 0] = 0;
        holds = strstr(target, path) && strstr(target, "(deleted)");
    }
    FILE *maps = fopen("/proc/self/maps", "r");
    while (!holds && fgets(line, sizeof line, maps)) holds = strstr(line, path);
    fclose(maps);
    return holds;
}

struct leavings {
    struct left left[4];
    u32 count;
};

static void keep(void *ctx, struct left l)
{
    struct leavings *all = ctx;
    CHECK(all->count < COUNT_OF(all->left));
    all->left[all->count++] = l;
}

TEST("a large real file goes by its name at once, what it held when that is given back")
{
    struct env *env = env_real();
    struct leavings all = {.count = 0};
    char path[256];
    size_t size = 3 << 20, got;
    char *text = mem_alloc(size), byte = 0;
    const void *map;
    struct file *f, *other;
    snprintf(path, sizeof path, "%s/large", test_dir());
    for (size_t i = 0; i < size; i++) text[i] = (char)('a' + i % 26);
    put(env, path, (str){text, size});
    CHECK_OK(env_open(env, path, FILE_READ, &f));
    CHECK_OK(file_map(f, size, &map));
    env_real_later(keep, &all);
    CHECK_OK(env_remove(env, path));
    CHECK_EQ(env_remove(env, path), ERR_NOT_FOUND);
    CHECK_EQ(env_open(env, path, FILE_READ, &other), ERR_NOT_FOUND);
    CHECK(memcmp(map, text, size) == 0);
    CHECK_OK(file_read(f, size - 1, &byte, 1, &got));
    CHECK(got == 1 && byte == text[size - 1]);
    CHECK(holds_removed(path));
    file_unmap(f, map, size);
    file_close(f);
    CHECK_EQ(all.count, 2);
    CHECK(holds_removed(path));
    for (u32 i = 0; i < all.count; i++) env_real_give_back(all.left[i]);
    CHECK(!holds_removed(path));
    put(env, path, S("small"));
    CHECK_OK(env_remove(env, path));
    CHECK_EQ(all.count, 2);
    env_real_later(NULL, NULL);
    free(text);
}

/* The signal that ends a process armed by `at` which passes three times two points; 0 if it lives.
 */
static int signal_after(const char *at)
{
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        signal(SIGABRT, SIG_DFL);
        real_kill_arm(str_of(at));
        for (int i = 0; i < 3; i++) {
            KILL_POINT(env_real(), "log.before_write");
            KILL_POINT(env_real(), "log.after_write");
        }
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST("a real process dies at the passing it was told, and lives if that never comes")
{
    CHECK_EQ(signal_after("log.after_write"), SIGKILL);
    CHECK_EQ(signal_after("log.after_write:3"), SIGKILL);
    CHECK_EQ(signal_after("log.after_write:4"), 0);
    CHECK_EQ(signal_after("*:6"), SIGKILL);
    CHECK_EQ(signal_after("*:7"), 0);
    CHECK_EQ(signal_after("log.new_file"), 0);
}

TEST("a kill point that does not exist is refused, as is a count that is none")
{
    CHECK_EQ(signal_after("log.misspelt"), SIGABRT);
    CHECK_EQ(signal_after("log.after_write:x"), SIGABRT);
    CHECK_EQ(signal_after("log.after_write:0"), SIGABRT);
}

TEST("clocks in the simulator move only when told, and a jump leaves the monotonic one")
{
    struct env *env = env_sim(1);
    i64 wall = env_wall_ms(env), mono = env_mono_ns(env);
    sim_advance(env, 250);
    CHECK_EQ(env_wall_ms(env), wall + 250);
    CHECK_EQ(env_mono_ns(env), mono + 250 * 1000000);
    sim_set_wall(env, wall - DAY);
    CHECK_EQ(env_wall_ms(env), wall - DAY);
    CHECK_EQ(env_mono_ns(env), mono + 250 * 1000000);
    env_free(env);
}

/* What a two-sector file, synced as "a…a" and overwritten by "b…b", holds after a crash: one letter
 * per sector, upper case for the name that was not synced. */
static void crash_once(u64 seed, bool sync_again, char seen[3])
{
    char a[1024], b[1024];
    struct file *f;
    size_t got;
    memset(a, 'a', sizeof a), memset(b, 'b', sizeof b);
    struct env *env = env_sim(seed);
    CHECK_OK(env_make_dir(env, "d"));
    CHECK_OK(env_open(env, "d/x", FILE_NEW, &f));
    CHECK_OK(file_write(f, 0, a, sizeof a));
    CHECK_OK(file_sync(f));
    CHECK_OK(env_sync_dir(env, "d"));
    CHECK_OK(file_write(f, 0, b, sizeof b));
    if (sync_again) CHECK_OK(file_sync(f));
    sim_crash(env);
    file_close(f);
    CHECK_OK(env_open(env, "d/x", FILE_READ, &f));
    CHECK_OK(file_read(f, 0, a, sizeof a, &got));
    CHECK_EQ(got, sizeof a);
    for (size_t i = 0; i < sizeof a; i++) CHECK_EQ(a[i], a[i / 512 * 512]);
    seen[0] = a[0], seen[1] = a[512], seen[2] = 0;
    file_close(f);
    env_free(env);
}

TEST("a crash keeps what was synced, and of the rest any sectors, each of them whole")
{
    bool found[4] = {false};
    for (u64 seed = 1; seed <= 100; seed++) {
        char seen[3];
        crash_once(seed, true, seen);
        CHECK_STR(str_of(seen), S("bb"));
        crash_once(seed, false, seen);
        found[(seen[0] == 'b') + 2 * (seen[1] == 'b')] = true;
    }
    CHECK(found[0] && found[1] && found[2] && found[3]);
}

TEST("a kill keeps every byte written, synced or not, and frees the locks")
{
    struct env *env = env_sim(1);
    struct file *f, *lock;
    put(env, "x", S("unsynced"));
    CHECK_OK(env_open(env, "x", FILE_READ, &f));
    CHECK_OK(env_lock(env, "lock", &lock));
    sim_kill(env);
    file_close(f);
    struct file *next;
    CHECK_OK(env_lock(env, "lock", &next));
    file_close(lock);
    CHECK_STR(get(env, "x", arena), S("unsynced"));
    CHECK_EQ(env_lock(env, "lock", &f), ERR_CONFLICT);
    file_close(next);
    env_free(env);
}

/* "old" is replaced by a synced "new" through a rename: what is there after the crash. */
static str replace_and_crash(u64 seed, bool sync_dir, struct arena *arena)
{
    struct file *f;
    struct env *env = env_sim(seed);
    CHECK_OK(env_make_dir(env, "d"));
    put(env, "d/x", S("old"));
    CHECK_OK(env_open(env, "d/x", FILE_WRITE, &f));
    CHECK_OK(file_sync(f));
    CHECK_OK(env_sync_dir(env, "d"));
    file_close(f);
    CHECK_OK(env_open(env, "d/tmp", FILE_NEW, &f));
    CHECK_OK(file_write(f, 0, "new", 3));
    CHECK_OK(file_sync(f));
    file_close(f);
    CHECK_OK(env_rename(env, "d/tmp", "d/x"));
    if (sync_dir) CHECK_OK(env_sync_dir(env, "d"));
    sim_crash(env);
    str text = get(env, "d/x", arena);
    env_free(env);
    return text;
}

TEST("a rename is whole or not at all, and safe once its directory is synced")
{
    u32 olds = 0, news = 0;
    for (u64 seed = 1; seed <= 100; seed++) {
        CHECK_STR(replace_and_crash(seed, true, arena), S("new"));
        str text = replace_and_crash(seed, false, arena);
        olds += str_eq(text, S("old"));
        news += str_eq(text, S("new"));
    }
    CHECK_EQ(olds + news, 100);
    CHECK(olds && news);
}

TEST("a new name is lost with its file unless the directory was synced")
{
    u32 there = 0;
    for (u64 seed = 1; seed <= 100; seed++) {
        struct env *env = env_sim(seed);
        struct file *f;
        CHECK_OK(env_make_dir(env, "d"));
        CHECK_OK(env_open(env, "d/x", FILE_NEW, &f));
        CHECK_OK(file_write(f, 0, "text", 4));
        CHECK_OK(file_sync(f));
        sim_crash(env);
        file_close(f);
        str text = get(env, "d/x", arena);
        CHECK(text.n == 0 || str_eq(text, S("text")));
        there += text.n > 0;
        env_free(env);
    }
    CHECK(there > 0 && there < 100);
}

TEST("after a failed sync the bytes are readable, and a later sync does not save them")
{
    u32 lost = 0, rewritten = 0;
    for (u64 seed = 1; seed <= 50; seed++) {
        for (int rewrite = 0; rewrite < 2; rewrite++) {
            struct env *env = env_sim(seed);
            struct file *f;
            CHECK_OK(env_open(env, "x", FILE_NEW, &f));
            CHECK_OK(env_sync_dir(env, "."));
            CHECK_OK(file_write(f, 0, "text", 4));
            sim_faults(env, (struct sim_faults){.fail_call = 1});
            CHECK_EQ(file_sync(f), ERR_IO);
            CHECK_STR(get(env, "x", arena), S("text"));
            if (rewrite) CHECK_OK(file_write(f, 0, "text", 4));
            CHECK_OK(file_sync(f));
            sim_crash(env);
            file_close(f);
            bool there = str_eq(get(env, "x", arena), S("text"));
            if (rewrite)
                rewritten += there;
            else
                lost += !there;
            env_free(env);
        }
    }
    CHECK_EQ(rewritten, 50);
    CHECK(lost > 0);
}

TEST("a disk that only promises to sync loses what was synced")
{
    u32 lost = 0;
    for (u64 seed = 1; seed <= 50; seed++) {
        struct env *env = env_sim(seed);
        struct file *f;
        sim_faults(env, (struct sim_faults){.lose_synced = true});
        CHECK_OK(env_open(env, "x", FILE_NEW, &f));
        CHECK_OK(file_write(f, 0, "text", 4));
        CHECK_OK(file_sync(f));
        CHECK_OK(env_sync_dir(env, "."));
        sim_crash(env);
        file_close(f);
        lost += !str_eq(get(env, "x", arena), S("text"));
        env_free(env);
    }
    CHECK(lost > 10);
}

TEST("the n-th call fails once, and only that one")
{
    struct env *env = env_sim(1);
    struct file *f;
    sim_faults(env, (struct sim_faults){.fail_call = 3});
    u64 before = sim_calls(env);
    CHECK_OK(env_open(env, "x", FILE_NEW, &f));
    CHECK_OK(file_write(f, 0, "x", 1));
    CHECK_EQ(file_sync(f), ERR_IO);
    CHECK_OK(file_sync(f));
    CHECK_EQ(sim_calls(env) - before, 4);
    file_close(f);
    env_free(env);
}

TEST(
    "a full disk refuses growth to the byte, takes overwriting, and has room again after a removal")
{
    struct env *env = env_sim(1);
    struct file *f;
    u64 space;
    char text[100] = "";
    sim_faults(env, (struct sim_faults){.space_bytes = 1000});
    CHECK_OK(env_open(env, "x", FILE_NEW, &f));
    CHECK_OK(file_grow_zeroed(f, 1000));
    CHECK_EQ(file_grow_zeroed(f, 1001), ERR_FULL);
    CHECK_EQ(file_resize(f, 1001), ERR_FULL);
    CHECK_OK(file_write(f, 900, text, 100));
    CHECK_EQ(file_write(f, 901, text, 100), ERR_FULL);
    CHECK_OK(env_free_space(env, ".", &space));
    CHECK_EQ(space, 0);
    file_close(f);
    CHECK_OK(env_remove(env, "x"));
    CHECK_OK(env_free_space(env, ".", &space));
    CHECK_EQ(space, 1000);
    env_free(env);
}

TEST("the same seed gives the same run, another one another")
{
    u64 first, again, other;
    struct env *a = env_sim(5), *b = env_sim(5), *c = env_sim(6);
    env_random(a, &first, 8), env_random(b, &again, 8), env_random(c, &other, 8);
    CHECK_EQ(first, again);
    CHECK(first != other);
    env_free(a), env_free(b), env_free(c);
}

static void pass_points(struct env *env, volatile u32 *passed)
{
    for (u32 i = 0; i < 3; i++) {
        KILL_POINT(env, "log.before_write");
        ++*passed;
        KILL_POINT(env, "log.after_write");
        ++*passed;
    }
}

/* How many points are passed before the kill. */
static u32 passed_before(const char *name, u64 n, bool *fired)
{
    volatile u32 passed = 0;
    struct env *env = env_sim(1);
    if (!sim_kill_here(env)) {
        sim_kill_at(env, name, n);
        pass_points(env, &passed);
    }
    *fired = sim_kill_fired(env);
    CHECK_EQ(env_kill_armed, !*fired);
    env_free(env);
    CHECK(!env_kill_armed);
    return passed;
}

TEST("a kill point fires at its n-th passing, any point at the n-th of all")
{
    bool fired;
    CHECK_EQ(passed_before("log.after_write", 1, &fired), 1);
    CHECK(fired);
    CHECK_EQ(passed_before("log.after_write", 3, &fired), 5);
    CHECK(fired);
    CHECK_EQ(passed_before("log.after_write", 4, &fired), 6);
    CHECK(!fired);
    CHECK_EQ(passed_before(NULL, 4, &fired), 3);
    CHECK(fired);
}
