/* snapshot_test.c — what was written is what is loaded: after any history, crash, failure or
 * damage. */
#include "base/test.h"
#include "env/sim.h"
#include "store/snapshot_internal.h"
#include "store/twin.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a world: a twin, a stream, a disk ---- */

/* A stream whose byte at each offset is known, so that it needs no memory. */
struct tail {
    u64 start, end;
    u64 loaded_start, loaded_end;
};

struct world {
    struct env *env;
    struct twin twin;
    struct tail tail;
    struct snapshot *sn;
    bool found;
};

/* What a snapshot should hold. */
struct expected {
    struct past *past;
    struct tail tail;
    u64 position;
};

static char tail_byte(u64 offset)
{
    return (char)(offset * 0x9E3779B97F4A7C15u >> 56);
}

static void tail_range(void *ctx, const struct epoch *e, u64 *start, u64 *end)
{
    const struct tail *t = ctx;
    CHECK(!epoch_cancelled(e));
    *start = t->start;
    *end = t->end;
}

static void tail_read(void *ctx, u64 offset, void *out, size_t n)
{
    const struct tail *t = ctx;
    CHECK(offset >= t->start && offset + n <= t->end);
    for (size_t i = 0; i < n; i++) ((char *)out)[i] = tail_byte(offset + i);
}

static err tail_load(void *ctx, u64 offset, str bytes)
{
    struct tail *t = ctx;
    if (t->loaded_start == UINT64_MAX) {
        CHECK_EQ(bytes.n, 0);
        t->loaded_start = t->loaded_end = offset;
    }
    if (offset != t->loaded_end) return ERR_CORRUPT;
    for (size_t i = 0; i < bytes.n; i++)
        if (bytes.p[i] != tail_byte(offset + i)) return ERR_CORRUPT;
    t->loaded_end += bytes.n;
    return ERR_OK;
}

#define DIR "/data"

static err open_snapshot(struct world *w, u64 full_every, struct diag *why)
{
    struct stream s = {"tail", tail_range, tail_read, tail_load, &w->tail};
    struct snapshot_options o = {DIR, full_every};
    TRY(snapshot_open(w->env, w->twin.store, &o, &w->sn, &w->found, why));
    snapshot_stream(w->sn, &s);
    return ERR_OK;
}

static void world_new(struct world *w, u64 seed, u64 full_every)
{
    struct diag why = {0};
    *w = (struct world){.env = env_sim(seed), .twin = twin_new(seed, 8 << 20)};
    CHECK_OK(env_make_dir(w->env, DIR));
    CHECK_OK(open_snapshot(w, full_every, &why));
    CHECK(!w->found);
}

/* The process ends and another begins, with an empty store. */
static void world_restart(struct world *w, u64 full_every)
{
    struct diag why = {0};
    struct twin old = w->twin;
    snapshot_close(w->sn);
    w->sn = NULL;
    w->twin = twin_again(&old, old.now);
    twin_free(&old);
    w->tail.loaded_start = UINT64_MAX;
    CHECK_OK(open_snapshot(w, full_every, &why));
}

static void world_free(struct world *w)
{
    snapshot_close(w->sn);
    twin_free(&w->twin);
    env_free(w->env);
}

static void change(struct world *w, u32 times)
{
    struct rng *r = &w->twin.rng;
    twin_change(&w->twin, times);
    w->tail.end += rng_below(r, rng_percent(r, 10) ? 600000 : 3000);
    if (rng_percent(r, 30)) w->tail.start += rng_below(r, w->tail.end - w->tail.start + 1);
}

static struct expected expect(const struct world *w, u64 position)
{
    return (struct expected){twin_copy(&w->twin), w->tail, position};
}

static err begin(struct world *w, u64 position)
{
    struct epoch *e = epoch_pin(w->twin.store);
    struct manifest m = {position, 1000, position / 2, {7, 8}, S("extra"), 0};
    err result = snapshot_begin(w->sn, e, &m);
    epoch_drop(e);
    return result;
}

static err run(struct world *w)
{
    err e;
    do e = snapshot_step(w->sn, 0);
    while (e == ERR_AGAIN);
    return e;
}

static err take(struct world *w, u64 position)
{
    TRY(begin(w, position));
    return run(w);
}

/* The process ends; what the next one loads is one of these, and it is returned which. */
static u32 check_restart(struct world *w, const struct expected *some, u32 count)
{
    struct diag why = {0};
    world_restart(w, 3);
    CHECK(w->found);
    u64 position = snapshot_manifest(w->sn)->position;
    u32 i = 0;
    while (i < count && some[i].position != position) i++;
    CHECK(i < count);
    CHECK_OK(snapshot_load(w->sn, &why));
    twin_check_now(&w->twin, some[i].past);
    CHECK_EQ(w->tail.loaded_start, some[i].tail.start);
    CHECK_EQ(w->tail.loaded_end, some[i].tail.end);
    *w->twin.now = *some[i].past;
    w->tail = some[i].tail;
    return i;
}

/* ---- round trips ---- */

/* Every row, those of the store's own and dropped ones too, is in both stores the same. */
static void check_same_rows(const struct twin *a, const struct epoch *ea, const struct twin *b)
{
    struct epoch *eb = epoch_pin(b->store);
    for (u32 k = 0; k < a->store->table_count; k++) {
        const struct table *t = a->store->tables[k];
        for (u32 i = 0; i < table_count(t); i++) {
            u64 x[ROW_WORDS_MAX], y[ROW_WORDS_MAX];
            row_state is = epoch_read(ea, t, i, x);
            if (is == ROW_NONE) continue;
            CHECK_EQ(is, epoch_read(eb, table_find(b->store, t->name), i, y));
            CHECK(memcmp(x, y, t->base.row_size) == 0);
        }
    }
    epoch_drop(eb);
}

TEST("a snapshot holds its epoch exactly, whatever changes while it is written, through bases and "
     "increments")
{
    struct world w, other;
    struct diag why = {0};
    world_new(&w, test_seed(), 3);
    for (u64 round = 1; round <= 14; round++) {
        change(&w, round == 5 ? 0 : 150);
        store_collect(w.twin.store);
        struct expected x = expect(&w, round);
        struct epoch *e = epoch_pin(w.twin.store), *reader = epoch_share(e);
        CHECK_OK(begin(&w, round));
        u64 full = (round - 1) % 4 == 0;
        CHECK_EQ(w.sn->w.all, full);
        for (err step = ERR_AGAIN; step == ERR_AGAIN; step = snapshot_step(w.sn, 0)) {
            twin_change(&w.twin, 30);
            epoch_drop(reader);
            reader = epoch_pin(w.twin.store);
            store_collect(w.twin.store);
        }
        CHECK(!snapshot_running(w.sn));
        CHECK_EQ(snapshot_manifest(w.sn)->position, round);
        CHECK_EQ(snapshot_manifest(w.sn)->increments, (round - 1) % 4);

        other = w;
        other.twin = twin_again(&w.twin, x.past);
        other.tail.loaded_start = UINT64_MAX;
        CHECK_OK(open_snapshot(&other, 3, &why));
        CHECK_OK(snapshot_load(other.sn, &why));
        twin_check_now(&other.twin, x.past);
        CHECK_EQ(other.tail.loaded_end, x.tail.end);
        check_same_rows(&w.twin, e, &other.twin);
        snapshot_close(other.sn);
        twin_free(&other.twin);
        epoch_drop(reader);
        epoch_drop(e);
        free(x.past);
    }
    world_free(&w);
}

TEST("a life of many restarts goes on from each snapshot as if it had never stopped")
{
    struct world w;
    world_new(&w, test_seed() + 1, 3);
    for (u64 round = 1; round <= 12; round++) {
        change(&w, 200);
        CHECK_OK(take(&w, round));
        struct expected x = expect(&w, round);
        twin_change(&w.twin, 50);
        CHECK_EQ(check_restart(&w, &x, 1), 0);
        free(x.past);
    }
    world_free(&w);
}

TEST("the manifest keeps what it was given, and a snapshot without one is a new directory")
{
    struct world w;
    struct diag why = {0};
    world_new(&w, test_seed(), 0);
    CHECK_EQ(snapshot_load(w.sn, &why), ERR_NOT_FOUND);
    CHECK_EQ(snapshot_extra(w.sn, S("x")), ERR_NOT_FOUND);
    CHECK_OK(take(&w, 41));
    CHECK_OK(snapshot_extra(w.sn, S("seal-7")));
    world_restart(&w, 0);
    const struct manifest *m = snapshot_manifest(w.sn);
    CHECK(w.found);
    CHECK_EQ(m->position, 41);
    CHECK_EQ(m->time_ms, 1000);
    CHECK_EQ(m->log_start, 20);
    CHECK(m->identity[0] == 7 && m->identity[1] == 8);
    CHECK_STR(m->extra, S("seal-7"));
    CHECK(snapshot_disk_bytes(w.sn) > 0);
    world_free(&w);
}

enum { LARGE = 6000 };

static void check_large(struct world *w, const u64 *last_words)
{
    struct diag why = {0};
    struct world loaded = {.env = w->env, .twin = twin_again(&w->twin, w->twin.now)};
    loaded.tail.loaded_start = UINT64_MAX;
    CHECK_OK(open_snapshot(&loaded, 0, &why));
    CHECK_OK(snapshot_load(loaded.sn, &why));
    const struct table *t = table_find(loaded.twin.store, "large");
    for (u32 i = 1; i <= LARGE; i++) {
        const u64 *row = table_at(t, i);
        CHECK(table_has(t, i));
        CHECK_EQ(row[15], last_words[i]);
    }
    snapshot_close(loaded.sn);
    twin_free(&loaded.twin);
}

TEST("a row changed while its table is being written is written as it was, in a base and an "
     "increment")
{
    static u64 then[LARGE + 1];
    struct world w;
    world_new(&w, test_seed(), 0);
    struct table *t = table_new(w.twin.store, "large", 128, LARGE);
    for (u64 i = 1; i <= LARGE; i++) table_add(t);
    for (u64 round = 0; round < 3; round++) {
        u64 steps = 0;
        if (round == 2) {
            CHECK_OK(take(&w, round));
            snapshot_want_full(w.sn); /* a base in which nothing changed since the one before */
        }
        for (u32 i = 1; i <= LARGE; i++) then[i] = ((const u64 *)table_at(t, i))[15];
        CHECK_OK(begin(&w, 1 + round));
        CHECK_EQ(w.sn->w.all, round != 1);
        for (err e = ERR_AGAIN; e == ERR_AGAIN; steps++) {
            store_collect(w.twin.store);
            e = snapshot_step(w.sn, 0);
            for (u64 i = 1 + steps % 17; i <= LARGE; i += 17)
                ((u64 *)table_edit(t, (u32)i))[15] = rng_next(&w.twin.rng);
        }
        CHECK(steps > LARGE * 128 / BLOCK_RAW);
        check_large(&w, then);
    }
    world_free(&w);
}

TEST("images the snapshot needs are kept for rows it has yet to write, and for no others")
{
    enum { N = LARGE };
    struct world w;
    world_new(&w, test_seed(), 0);
    struct table *t = table_new(w.twin.store, "large", 128, N);
    struct undo_queue *q = &w.twin.store->undo.queue[FOR_SWEEP];
    for (u64 i = 1; i <= N; i++) table_add(t);
    CHECK_OK(take(&w, 1));
    for (u32 i = 1; i <= N / 2; i++) table_edit(t, i);
    CHECK_OK(begin(&w, 2));
    store_collect(w.twin.store);
    for (u32 i = N / 2 + 1; i <= N; i++) table_edit(t, i);
    CHECK_EQ(q->next, q->first); /* not changed before: not in this increment */
    for (u32 i = 1; i <= N / 2; i++) table_edit(t, i);
    CHECK_EQ((q->next - q->first - 1) * UNDO_CHUNK + q->used, N / 2 * 128);
    while (w.sn->w.phase < 2) CHECK_EQ(snapshot_step(w.sn, 0), ERR_AGAIN);
    store_collect(w.twin.store);
    CHECK_EQ(q->next, q->first); /* all rows are written */
    for (u32 i = 1; i <= N; i++) table_edit(t, i);
    CHECK_EQ(q->next, q->first);
    CHECK_OK(run(&w));
    world_free(&w);
}

TEST("free places in a heap are found again after a load")
{
    struct diag why = {0};
    struct world w;
    u32 handles[300];
    world_new(&w, test_seed(), 0);
    for (u32 i = 0; i < 300; i++)
        handles[i] = heap_put(w.twin.heap, S("a string of thirty-one bytes.."));
    u64 end = w.twin.heap->end;
    for (u32 i = 0; i < 299; i += 2) heap_retire(w.twin.heap, handles[i]);
    CHECK_OK(take(&w, 1));
    world_restart(&w, 0);
    CHECK_OK(snapshot_load(w.sn, &why));
    CHECK_EQ(w.twin.heap->end, end);
    for (u32 i = 0; i < 150; i++) heap_put(w.twin.heap, S("another one of as many bytes.."));
    CHECK_EQ(w.twin.heap->end, end);
    for (u32 i = 1; i < 300; i += 2)
        CHECK_STR(heap_view(w.twin.heap, handles[i]), S("a string of thirty-one bytes.."));
    world_free(&w);
}

/* ---- refusals ---- */

TEST("one snapshot runs at a time, and only of a state that is still there")
{
    struct world w;
    world_new(&w, test_seed(), 0);
    change(&w, 100);
    struct epoch *e = epoch_pin(w.twin.store);
    struct manifest m = {0};
    change(&w, 100);
    CHECK_EQ(snapshot_begin(w.sn, e, &m), ERR_STALE);
    epoch_drop(e);
    CHECK_OK(begin(&w, 1));
    CHECK_EQ(begin(&w, 2), ERR_CONFLICT);
    CHECK_EQ(snapshot_extra(w.sn, S("x")), ERR_CONFLICT);
    CHECK_OK(run(&w));
    world_free(&w);
}

TEST("a cancelled snapshot says so, the old one stays, and the next one lacks nothing")
{
    struct world w;
    world_new(&w, test_seed(), 0);
    change(&w, 400);
    CHECK_OK(take(&w, 1));
    change(&w, 100);
    CHECK_OK(begin(&w, 2));
    CHECK_EQ(snapshot_step(w.sn, 0), ERR_AGAIN);
    epoch_cancel_older(w.twin.store, UINT64_MAX);
    change(&w, 100);
    CHECK_EQ(run(&w), ERR_STALE);
    CHECK(!snapshot_running(w.sn));
    CHECK_EQ(snapshot_manifest(w.sn)->position, 1);
    CHECK_OK(take(&w, 3));
    CHECK_EQ(snapshot_manifest(w.sn)->increments, 1);
    struct expected x = expect(&w, 3);
    check_restart(&w, &x, 1);
    free(x.past);
    world_free(&w);
}

TEST("a base that was asked for comes, if need be at the second attempt")
{
    struct world w;
    world_new(&w, test_seed(), 0);
    CHECK_OK(take(&w, 1));
    CHECK_OK(take(&w, 2));
    CHECK_EQ(snapshot_manifest(w.sn)->increments, 1);
    snapshot_want_full(w.sn);
    CHECK_OK(begin(&w, 3));
    epoch_cancel_older(w.twin.store, UINT64_MAX);
    CHECK_EQ(run(&w), ERR_STALE);
    CHECK_OK(take(&w, 3));
    CHECK_EQ(snapshot_manifest(w.sn)->increments, 0);
    CHECK_OK(take(&w, 4));
    CHECK_EQ(snapshot_manifest(w.sn)->increments, 1);
    world_free(&w);
}

TEST("a full disk ends the snapshot, leaves the old one, and takes no room")
{
    struct world w;
    u64 before, after;
    world_new(&w, test_seed(), 0);
    change(&w, 500);
    CHECK_OK(take(&w, 1));
    struct expected x = expect(&w, 1);
    change(&w, 500);
    CHECK_OK(env_free_space(w.env, DIR, &before));
    sim_faults(w.env, (struct sim_faults){.space_bytes = snapshot_disk_bytes(w.sn) + 4096});
    CHECK_EQ(take(&w, 2), ERR_FULL);
    sim_faults(w.env, (struct sim_faults){0});
    CHECK_OK(env_free_space(w.env, DIR, &after));
    CHECK_EQ(before, after);
    check_restart(&w, &x, 1);
    free(x.past);
    world_free(&w);
}

/* ---- files of others ---- */

static void put_file(struct world *w, const char *name, str bytes)
{
    char path[PATH_BYTES];
    struct file *f;
    snprintf(path, sizeof path, DIR "/%s", name);
    CHECK_OK(env_open(w->env, path, FILE_CREATE, &f));
    CHECK_OK(file_resize(f, 0));
    CHECK_OK(file_write(f, 0, bytes.p, bytes.n));
    CHECK_OK(file_sync(f));
    file_close(f);
}

static void collect(void *ctx, str name)
{
    buf_printf(ctx, "%.*s ", STR_ARG(name));
}

TEST("only parts that are not named and the half-written manifest are removed")
{
    static const char *const NAMES[] = {"log-1",   "key",           "office.sqlite",
                                        "xsnap-1", "manifest.new",  "seal-1",
                                        "seal-2",  "snap-99-0.bsn", "snap-1-1.bsn"};
    struct world w;
    struct buf list;
    buf_init(&list, 4096);
    world_new(&w, test_seed(), 0);
    CHECK_OK(take(&w, 1));
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) put_file(&w, NAMES[i], S("x"));
    world_restart(&w, 0);
    CHECK_OK(env_list(w.env, DIR, collect, &list));
    CHECK_STR(buf_str(&list),
              S("key log-1 manifest office.sqlite seal-1 seal-2 snap-1-0.bsn xsnap-1 "));
    buf_clear(&list);
    world_free(&w);
}

/* ---- other programs' snapshots ---- */

TEST("tables, heaps and rows that only the snapshot knows are made and kept")
{
    struct diag why = {0};
    struct world w;
    world_new(&w, test_seed(), 0);
    struct table *t = table_new(w.twin.store, "of tomorrow", 40, 100);
    struct heap *h = heap_new(w.twin.store, "of tomorrow");
    ((u64 *)table_edit(t, table_add(t)))[1] = heap_put(h, S("hello"));
    CHECK_OK(take(&w, 1));
    for (u64 round = 0; round < 2; round++) {
        world_restart(&w, 0);
        CHECK_OK(snapshot_load(w.sn, &why));
        w.tail = (struct tail){0};
        t = table_new(w.twin.store, "of tomorrow", 40, 100);
        h = heap_new(w.twin.store, "of tomorrow");
        const u64 *row = table_at(t, 1);
        CHECK(table_has(t, 1));
        CHECK_STR(heap_view(h, (u32)row[1]), S("hello"));
        snapshot_want_full(w.sn);
        CHECK_OK(take(&w, 2 + round));
    }
    world_free(&w);
}

TEST("a table of another shape and a stream nobody knows are refused by name")
{
    struct world w;
    world_new(&w, test_seed(), 0);
    table_new(w.twin.store, "t", 40, 100);
    CHECK_OK(take(&w, 1));
    for (int k = 0; k < 2; k++) {
        struct diag why = {0};
        struct snapshot *sn;
        struct store *s = store_new(&(struct store_options){0});
        if (k == 0) table_new(s, "t", 48, 100);
        CHECK_OK(snapshot_open(w.env, s, &(struct snapshot_options){DIR, 0}, &sn, &w.found, &why));
        CHECK_EQ(snapshot_load(sn, &why), ERR_UNSUPPORTED);
        CHECK(strstr(why.message, k == 0 ? "table t" : "tail") != NULL);
        snapshot_close(sn);
        store_free(s);
    }
    world_free(&w);
}

/* ---- crashes and failures ---- */

/* The process dies at the n-th passing of the point, while it writes snapshot 2. False: it did not.
 */
static bool die_at(struct world *w, const char *point, u64 n, bool power_cut)
{
    volatile bool died = false;
    if (sim_kill_here(w->env)) {
        died = true;
    } else {
        sim_kill_at(w->env, point, n);
        CHECK_OK(take(w, 2));
    }
    sim_kill_at(w->env, NULL, 0);
    if (power_cut) sim_crash(w->env);
    if (!power_cut) sim_kill(w->env);
    return died;
}

static void sweep(const char *point, u64 seed, bool power_cut, u64 full_every, u32 *seen)
{
    bool died = true;
    for (u64 n = 1; died; n++) {
        struct world w;
        struct expected x[3];
        world_new(&w, seed + n, full_every);
        change(&w, 60);
        CHECK_OK(take(&w, 1));
        x[0] = expect(&w, 1);
        change(&w, 60);
        x[1] = expect(&w, 2);
        died = die_at(&w, point, n, power_cut);
        u32 which = check_restart(&w, x, 2);
        if (!died) CHECK_EQ(which, 1);
        if (strncmp(point, "manifest", 8) == 0 && !power_cut) CHECK_EQ(which, 1);
        seen[which]++;
        change(&w, 30);
        CHECK_OK(take(&w, 3));
        x[2] = expect(&w, 3);
        CHECK_EQ(check_restart(&w, x, 3), 2);
        for (int i = 0; i < 3; i++) free(x[i].past);
        world_free(&w);
    }
}

TEST("killed or cut off from power at any point, a process finds the newest snapshot or the one "
     "before")
{
    static const char *const POINTS[] = {"snapshot.part", "snapshot.written", "manifest.renamed",
                                         "manifest.cleaned"};
    u32 seen[2] = {0};
    for (size_t i = 0; i < COUNT_OF(POINTS); i++)
        for (u32 k = 0; k < (i == 0 ? 4 : 24); k++)
            sweep(POINTS[i], test_seed() + k, k & 1, k & 2 ? 1 : 8, seen);
    CHECK(seen[0] > 0 && seen[1] > 0);
}

/* The n-th call of snapshot 2 fails; then the power goes at once, or only after another snapshot.
 * False: there were fewer calls. */
static bool fail_at(u64 n, u64 seed, bool cut_at_once)
{
    struct world w;
    struct expected x[3];
    world_new(&w, seed + n, n & 1 ? 1 : 8);
    change(&w, 60);
    CHECK_OK(take(&w, 1));
    x[0] = expect(&w, 1);
    change(&w, 60);
    x[1] = expect(&w, 2);
    u64 calls = sim_calls(w.env);
    sim_faults(w.env, (struct sim_faults){.fail_call = n});
    err e = take(&w, 2);
    bool failed = sim_calls(w.env) - calls >= n;
    sim_faults(w.env, (struct sim_faults){0});
    CHECK(failed || e == ERR_OK);
    if (cut_at_once) {
        sim_crash(w.env);
        check_restart(&w, x, 2);
    }
    change(&w, 30);
    CHECK_OK(take(&w, 3));
    x[2] = expect(&w, 3);
    sim_crash(w.env);
    CHECK_EQ(check_restart(&w, x, 3), 2);
    for (int i = 0; i < 3; i++) free(x[i].past);
    world_free(&w);
    return failed;
}

TEST("whichever call fails, the old snapshot or the new one stays, and the next attempt succeeds")
{
    for (u64 k = 0; k < 10; k++)
        for (u64 n = 1; fail_at(n, test_seed() + 1000 * k, k % 4 != 0); n++) {
        }
}

/* ---- damage ---- */

struct names {
    char name[8][64];
    u32 count;
};

static void keep_name(void *ctx, str name)
{
    struct names *n = ctx;
    snprintf(n->name[n->count++], 64, "%.*s", STR_ARG(name));
}

static err open_and_load(struct world *w)
{
    struct diag why = {0};
    struct twin old = w->twin;
    bool found = true;
    w->twin = twin_again(&old, old.now);
    w->tail.loaded_start = UINT64_MAX;
    err e = open_snapshot(w, 0, &why);
    if (!e) found = w->found;
    if (!e) e = snapshot_load(w->sn, &why);
    CHECK(!found || e == ERR_OK || why.message[0]);
    if (w->sn) snapshot_close(w->sn);
    w->sn = NULL;
    twin_free(&old);
    return e;
}

static str whole(struct world *w, const char *name, struct arena *arena)
{
    char path[PATH_BYTES];
    struct file *f;
    u64 size;
    size_t got;
    snprintf(path, sizeof path, DIR "/%s", name);
    CHECK_OK(env_open(w->env, path, FILE_READ, &f));
    CHECK_OK(file_size(f, &size));
    char *bytes = arena_alloc(arena, size + 1);
    CHECK_OK(file_read(f, 0, bytes, size, &got));
    CHECK_EQ(got, size);
    file_close(f);
    return (str){bytes, got};
}

static void check_found(struct world *w, const char *name, str bytes)
{
    put_file(w, name, bytes);
    CHECK_EQ(open_and_load(w), ERR_CORRUPT);
}

TEST("a flipped bit, a cut or a longer file is found wherever it is, and nothing is loaded")
{
    struct world w;
    struct names names = {0};
    struct rng rng = {test_seed()};
    world_new(&w, test_seed(), 8);
    for (u64 i = 1; i <= 2; i++) {
        twin_change(&w.twin, 40);
        w.tail.end += 100;
        CHECK_OK(take(&w, i));
    }
    snapshot_close(w.sn);
    w.sn = NULL;
    CHECK_OK(env_list(w.env, DIR, keep_name, &names));
    CHECK_EQ(names.count, 3);
    CHECK_OK(open_and_load(&w));
    for (u32 k = 0; k < names.count; k++) {
        str bytes = whole(&w, names.name[k], arena);
        char *p = arena_alloc(arena, bytes.n + 1);
        memcpy(p, bytes.p, bytes.n);
        p[bytes.n] = 0;
        for (u32 i = 0; i < 200; i++) {
            size_t at = i < 64 ? min_size(i, bytes.n - 1) : (size_t)rng_below(&rng, bytes.n);
            char bit = (char)(1 << rng_below(&rng, 8));
            p[at] ^= bit;
            check_found(&w, names.name[k], (str){p, bytes.n});
            p[at] ^= bit;
        }
        check_found(&w, names.name[k], (str){p, bytes.n - 1});
        check_found(&w, names.name[k], (str){p, bytes.n + 1});
        check_found(&w, names.name[k], (str){p, bytes.n / 2});
        put_file(&w, names.name[k], bytes);
        CHECK_OK(open_and_load(&w));
    }
    world_free(&w);
}

TEST("a part of another attempt, whole in itself, is not taken for the one that is missing")
{
    struct world w;
    world_new(&w, test_seed(), 8);
    twin_change(&w.twin, 40);
    CHECK_OK(take(&w, 1));
    str first = whole(&w, "snap-1-0.bsn", arena);
    snapshot_want_full(w.sn);
    CHECK_OK(take(&w, 2));
    snapshot_close(w.sn);
    w.sn = NULL;
    CHECK_OK(open_and_load(&w));
    check_found(&w, "snap-2-0.bsn", first);
    CHECK_OK(env_remove(w.env, DIR "/snap-2-0.bsn"));
    CHECK_EQ(open_and_load(&w), ERR_CORRUPT);
    world_free(&w);
}

TEST("a part that another directory has under the same name is not taken for this one's")
{
    str parts[2];
    struct world w[2];
    for (u32 k = 0; k < 2; k++) {
        world_new(&w[k], test_seed(), 0);
        struct table *t = table_new(w[k].twin.store, "noise", 128, 100);
        struct rng rng = {test_seed()};
        for (u32 i = 1; i <= 100; i++) {
            u64 *row = table_edit(t, table_add(t));
            for (u32 n = 1; n < 16; n++) row[n] = rng_next(&rng) + (k && i == 50);
        }
        CHECK_OK(take(&w[k], 1));
        parts[k] = whole(&w[k], "snap-1-0.bsn", arena);
    }
    CHECK_EQ(parts[0].n, parts[1].n);
    CHECK(!str_eq(parts[0], parts[1]));
    snapshot_close(w[0].sn);
    w[0].sn = NULL;
    CHECK_OK(open_and_load(&w[0]));
    check_found(&w[0], "snap-1-0.bsn", parts[1]);
    for (u32 k = 0; k < 2; k++) world_free(&w[k]);
}
