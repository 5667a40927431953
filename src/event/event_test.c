#include "event/twin.h"

#include "event/catalog.h"

#include <stdlib.h>

#define WEEK (7 * DAY)

static void check_all_ways(struct timeline *t)
{
    timeline_check(t);
    timeline_seal(t);
    timeline_check(t);
    timeline_work(t, false, 1000);
    timeline_check(t);
    timeline_save(t);
    timeline_open(t);
    timeline_check(t);
}

TEST("no answer depends on whether an event lies in the tail, in a file or in a merged one")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    for (u32 i = 0; i < 3; i++) {
        timeline_act(t, 400);
        check_all_ways(t);
    }
    timeline_free(t);
}

TEST("a random history of sealing, merging, moving, deleting and crashing is what the twin says")
{
    (void)arena;
    for (u64 seed = 0; seed < 10; seed++) {
        struct timeline *t = timeline_new(test_seed() * 100 + seed, seed % 2 ? WEEK : 4 * HOUR);
        for (u32 i = 0; i < 60; i++) {
            timeline_act(t, 40);
            u64 dice = rng_below(&t->rng, 10);
            if (dice < 7) timeline_work(t, dice < 2, 1 + (u32)rng_below(&t->rng, 60));
            if (dice == 7) timeline_save(t);
            if (dice == 8) {
                if (rng_percent(&t->rng, 50)) sim_crash(t->env);
                timeline_open(t);
            }
            if (dice == 9) timeline_check(t);
        }
        timeline_check(t);
        timeline_free(t);
    }
}

TEST("a pinned view shows its moment, whatever is sealed, merged and deleted after it")
{
    enum { VIEWS = 6 };
    struct event_view *views[VIEWS];
    bool *gone[VIEWS];
    u32 counts[VIEWS];
    struct timeline *t = timeline_new(test_seed() + 7, WEEK);
    for (u32 i = 0; i < VIEWS; i++) {
        timeline_act(t, 150);
        views[i] = event_view_pin(t->es);
        counts[i] = t->count;
        gone[i] = arena_zalloc(arena, TIMELINE_EVENTS * sizeof *gone[i]);
        for (u32 k = 0; k < t->count; k++) gone[i][k] = t->events[k].gone;
        timeline_act(t, 60);
        timeline_seal(t);
        timeline_work(t, true, 2000);
        timeline_save(t);
        for (u32 k = i % 2; k <= i; k += 2) timeline_check_view(t, views[k], gone[k], counts[k]);
    }
    for (u32 i = 0; i < VIEWS; i++) {
        u32 k = (i * 5 + 2) % VIEWS;
        timeline_check_view(t, views[k], gone[k], counts[k]);
        event_view_drop(views[k]);
        timeline_act(t, 20);
        event_view_drop(event_view_pin(t->es));
    }
    timeline_check(t);
    CHECK(t->es->oldest == t->es->catalog);
    timeline_free(t);
}

TEST("pins of one moment share one view")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    struct event_view *a = event_view_pin(t->es), *b = event_view_pin(t->es);
    CHECK(a == b);
    timeline_append(t, 1, t->now, 10);
    struct event_view *c = event_view_pin(t->es);
    CHECK(a != c);
    event_view_drop(a), event_view_drop(b), event_view_drop(c);
    timeline_free(t);
}

/* ---- dedupe ---- */

static void check_edge(struct timeline *t, u32 i, bool alive)
{
    const struct event *ev = &t->events[i].ev;
    CHECK_EQ(event_seen(t->es, ev->dedupe, ev->received_ms), alive);
    CHECK_EQ(event_seen(t->es, ev->dedupe, ev->received_ms + WEEK - 1), alive);
    CHECK_EQ(event_seen(t->es, ev->dedupe, ev->received_ms + WEEK), false);
}

static u32 append_known(struct timeline *t, event_persona p)
{
    do timeline_append(t, p, t->now - DAY, 20);
    while (hash128_is_zero(t->events[t->count - 1].ev.dedupe));
    return t->count - 1;
}

TEST(
    "a message id is known for a week less a millisecond: in the tail, sealed, merged and reopened")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    u32 first = append_known(t, 1), other = append_known(t, 2);
    (void)arena;
    check_edge(t, first, true);
    for (u32 i = 0; i < 6; i++) {
        timeline_append(t, 3, t->now, 30);
        timeline_seal(t);
        check_edge(t, first, true);
        timeline_save(t);
        timeline_open(t);
        check_edge(t, first, true);
    }
    event_delete(t->es, 1, t->events[first].ev.order);
    check_edge(t, first, false);
    check_edge(t, other, true);
    timeline_work(t, true, 100000);
    timeline_finish_job(t);
    check_edge(t, first, false);
    check_edge(t, other, true);
    timeline_free(t);
}

TEST("a merge drops message ids once nobody can ask for them, and keeps those of the last week")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    u32 last = 0;
    for (u32 i = 0; i < 4; i++) {
        last = append_known(t, 1);
        timeline_seal(t);
        t->now += 3 * DAY;
    }
    t->now += WEEK - 3 * DAY - 1;
    timeline_append(t, 2, t->now, 10);
    timeline_work(t, false, 100000);
    timeline_finish_job(t);
    CHECK_EQ(t->es->catalog->count, 1);
    u64 kept;
    sealed_hashes(t->es->catalog->files[0], &kept);
    CHECK_EQ(kept, 1);
    check_edge(t, last, true);
    t->now += 1;
    timeline_append(t, 2, t->now, 10);
    event_delete(t->es, 1, t->events[0].ev.order);
    t->events[0].gone = true;
    timeline_work(t, true, 100000);
    timeline_finish_job(t);
    u64 hashes = 0;
    for (u32 i = 0; i < t->es->catalog->count; i++) {
        sealed_hashes(t->es->catalog->files[i], &kept);
        hashes += kept;
    }
    CHECK(hashes <= 2);
    CHECK(!event_seen(t->es, t->events[last].ev.dedupe, t->now));
    timeline_check(t);
    timeline_free(t);
}

/* ---- deleting ---- */

TEST("what is deleted is gone at once, and after forced jobs from every byte of the newest files")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    timeline_act(t, 300);
    timeline_seal(t);
    timeline_act(t, 100);
    u64 count = events_count(t->es), order = t->events[5].ev.order;
    event_delete(t->es, 63, order);
    event_forget(t->es, 62, UINT64_MAX);
    CHECK_EQ(events_count(t->es), count);
    CHECK_EQ(erased_count(t->es->catalog->erased) > 0, events_deleted(t->es) > 0);
    for (u32 i = 0; i < t->count; i += 7) {
        event_delete(t->es, t->events[i].ev.persona, t->events[i].ev.order);
        count -= !t->events[i].gone;
        t->events[i].gone = true;
        event_delete(t->es, t->events[i].ev.persona, t->events[i].ev.order);
        CHECK_EQ(events_count(t->es), count);
    }
    timeline_check(t);
    while (events_deleted(t->es)) {
        t->job = event_job(t->es, true);
        CHECK(t->job);
        timeline_finish_job(t);
    }
    CHECK_EQ(erased_count(t->es->catalog->erased), 0);
    u64 rows = t->es->tail_rows;
    for (u32 i = 0; i < t->es->catalog->count; i++) rows += t->es->catalog->files[i]->head.rows;
    CHECK_EQ(rows, count);
    timeline_check(t);
    timeline_free(t);
}

TEST("files whose every row is deleted leave nothing behind")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    for (u32 i = 0; i < 50; i++) timeline_append(t, 1 + i % 3, t->now, 50);
    timeline_seal(t);
    for (u32 i = 0; i < 10; i++) timeline_append(t, 1 + i % 3, t->now, 50);
    for (event_persona p = 1; p <= 3; p++) event_forget(t->es, p, UINT64_MAX);
    for (u32 i = 0; i < t->count; i++) t->events[i].gone = true;
    timeline_check(t);
    timeline_seal(t);
    timeline_work(t, true, 100000);
    timeline_finish_job(t);
    CHECK_EQ(t->es->catalog->count, 0);
    CHECK_EQ(events_deleted(t->es), 0);
    timeline_check(t);
    timeline_save(t);
    timeline_save(t);
    CHECK_EQ(events_disk_bytes(t->es), 0);
    timeline_free(t);
}

/* ---- files on disk ---- */

static void count_file(void *ctx, str name)
{
    u32 *n = ctx;
    *n += str_starts(name, S("seal-"));
}

static u32 files_on_disk(struct timeline *t)
{
    u32 n = 0;
    CHECK_OK(env_list(t->env, "/events", count_file, &n));
    return n;
}

TEST("a replaced file stays while one of the two newest manifests or a view names it")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    for (u32 i = 0; i < 4; i++) {
        for (u32 k = 0; k < 30; k++) timeline_append(t, 1 + k, t->now, 50);
        timeline_seal(t);
    }
    timeline_save(t);
    CHECK_EQ(files_on_disk(t), 4);
    struct event_view *v = event_view_pin(t->es);
    timeline_work(t, false, 100000);
    timeline_finish_job(t);
    CHECK_EQ(t->es->catalog->count, 1);
    CHECK_EQ(files_on_disk(t), 5);
    timeline_save(t);
    CHECK_EQ(files_on_disk(t), 5);
    timeline_save(t);
    CHECK_EQ(files_on_disk(t), 5);
    event_view_drop(v);
    timeline_save(t);
    CHECK_EQ(files_on_disk(t), 1);
    timeline_append(t, 1, t->now, 10);
    timeline_seal(t);
    CHECK_EQ(files_on_disk(t), 2);
    timeline_open(t);
    CHECK_EQ(files_on_disk(t), 1);
    timeline_check(t);
    timeline_free(t);
}

TEST("a replaced file stays while the manifest before the newest names it")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    timeline_append(t, 1, t->now, 50);
    timeline_append(t, 2, t->now, 50);
    timeline_seal(t);
    timeline_save(t);
    event_delete(t->es, 1, t->events[0].ev.order);
    t->job = event_job(t->es, true);
    timeline_finish_job(t);
    CHECK_EQ(files_on_disk(t), 2);
    timeline_save(t);
    CHECK_EQ(files_on_disk(t), 2);
    timeline_save(t);
    CHECK_EQ(files_on_disk(t), 1);
    timeline_free(t);
}

TEST("many seals leave few files")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    u32 most = 0;
    (void)arena;
    for (u32 i = 0; i < 120; i++) {
        u32 rows = i % 2 ? 3 : 40;
        for (u32 k = 0; k < rows; k++) timeline_append(t, 1 + k, t->now, 100);
        timeline_seal(t);
        timeline_work(t, false, 100000);
        timeline_finish_job(t);
        if (t->es->catalog->count > most) most = t->es->catalog->count;
    }
    CHECK(most <= 12);
    timeline_check(t);
    timeline_free(t);
}

TEST("a seal that fails at any call of the disk changes nothing, and the next one succeeds")
{
    struct timeline *t = timeline_new(test_seed() + 3, WEEK);
    (void)arena;
    timeline_act(t, 120);
    timeline_save(t);
    for (u64 call = 1;; call++) {
        struct seal_job *job = event_job(t->es, true);
        CHECK(job);
        sim_faults(t->env, (struct sim_faults){.fail_call = call});
        err e;
        while ((e = event_job_step(job, timeline_head, t, 0)) == ERR_AGAIN) continue;
        sim_faults(t->env, (struct sim_faults){0});
        if (e == ERR_OK) {
            event_install(t->es, job);
            CHECK(call > 4);
            break;
        }
        event_job_abandon(t->es, job);
        timeline_append(t, 1, t->now, 10);
        if (call % 3 == 0) timeline_check(t);
        CHECK(t->es->set_count <= SETS_MAX);
    }
    timeline_check(t);
    timeline_seal(t);
    timeline_save(t);
    timeline_open(t);
    timeline_check(t);
    timeline_free(t);
}

/* Seals until a merge is due, which is begun. */
static struct seal_job *begin_merge(struct timeline *t)
{
    for (;;) {
        timeline_act(t, 20);
        t->job = event_job(t->es, false);
        if (!t->job) continue;
        if (event_job_parks(t->job)) break;
        timeline_finish_job(t);
    }
    CHECK_EQ(event_job_step(t->job, timeline_head, t, 0), ERR_AGAIN);
    return t->job;
}

TEST("a merge waits for a seal that is due, holds no tail meanwhile, and goes on where it was")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    struct seal_job *merge = begin_merge(t);
    u64 began = t->es->catalog->tail_start;
    u32 files = t->es->catalog->count;
    for (u32 i = 0; i < 3; i++) {
        event_job_park(t->es, merge);
        while (!event_seal_due(t->es)) timeline_act(t, 20);
        t->job = event_job(t->es, false);
        CHECK(t->job && !event_job_parks(t->job));
        timeline_finish_job(t);
        CHECK_EQ(t->es->catalog->count, files + i + 1);
        events_collect(t->es);
        CHECK(t->es->tail.kept > began);
        CHECK_EQ(t->es->tail.kept, t->es->catalog->tail_start);
        timeline_save(t);
        t->job = event_job(t->es, false);
        CHECK(t->job == merge);
        CHECK_EQ(event_job_step(merge, timeline_head, t, 0), ERR_AGAIN);
    }
    timeline_finish_job(t);
    CHECK(t->es->catalog->count < files + 3);
    timeline_check(t);
    timeline_open(t); /* what was saved has the files that were merged since */
    timeline_check(t);
    timeline_free(t);
}

TEST("a merge that waits may be left for ever")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    event_job_park(t->es, begin_merge(t));
    t->job = NULL;
    timeline_save(t);
    timeline_open(t);
    timeline_check(t);
    timeline_free(t);
}

TEST("a full disk is said, and the events go on from memory")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    timeline_act(t, 400);
    sim_faults(t->env, (struct sim_faults){.space_bytes = 20000});
    struct seal_job *job = event_job(t->es, true);
    err e;
    while ((e = event_job_step(job, timeline_head, t, 1000)) == ERR_AGAIN) continue;
    CHECK_EQ(e, ERR_FULL);
    event_job_abandon(t->es, job);
    CHECK_EQ(files_on_disk(t), 0);
    timeline_check(t);
    sim_faults(t->env, (struct sim_faults){0});
    timeline_seal(t);
    timeline_check(t);
    timeline_free(t);
}

TEST("a process killed around sealing and merging comes back from its manifest and the log")
{
    static const char *const POINTS[] = {"seal.written", "seal.installed", "merge.written"};
    (void)arena;
    for (u32 i = 0; i < 2 * COUNT_OF(POINTS); i++) {
        struct timeline *t = timeline_new(test_seed() + i, WEEK);
        for (u32 k = 0; k < 4; k++) {
            timeline_act(t, 30);
            for (u32 n = 0; k < 3 && n < 40; n++) timeline_append(t, 1 + n, t->now, 1000);
            if (k < 3) timeline_seal(t);
        }
        timeline_save(t);
        for (u32 n = 0; n < 40; n++) timeline_append(t, 1 + n, t->now, 1000);
        if (sim_kill_here(t->env)) {
            if (i >= COUNT_OF(POINTS))
                sim_crash(t->env);
            else
                sim_kill(t->env);
            sim_kill_at(t->env, NULL, 0);
            timeline_open(t);
            timeline_check(t);
            timeline_seal(t);
            timeline_check(t);
        } else {
            sim_kill_at(t->env, POINTS[i % COUNT_OF(POINTS)], 1);
            timeline_seal(t);
            timeline_work(t, false, 100000);
            timeline_finish_job(t);
            bool was_killed = false;
            CHECK(was_killed);
        }
        timeline_free(t);
    }
}

TEST("a manifest of another version, a missing file and another's file are refused")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    struct diag why = {0};
    timeline_act(t, 100);
    timeline_seal(t);
    timeline_save(t);
    str manifest = arena_str(arena, buf_str(&t->saved.manifest));
    char path[SEALED_PATH_MAX];
    memcpy(path, t->es->catalog->files[0]->path, sizeof path);
    char *bytes = arena_alloc(arena, manifest.n);
    for (size_t n = 1; n < manifest.n; n++) {
        struct events *es = events_new(t->env, &(struct events_options){.dir = NULL});
        CHECK(events_open(es, str_slice(manifest, 0, n), NULL) != ERR_OK);
        events_free(es);
    }
    memcpy(bytes, manifest.p, manifest.n);
    bytes[0] = 2;
    struct events *es = events_new(t->env, &t->options);
    CHECK_EQ(events_open(es, (str){bytes, manifest.n}, &why), ERR_UNSUPPORTED);
    events_free(es);
    CHECK_OK(env_rename(t->env, path, "/events/other"));
    es = events_new(t->env, &t->options);
    why = (struct diag){0};
    CHECK_EQ(events_open(es, manifest, &why), ERR_NOT_FOUND);
    CHECK(str_find(str_of(why.message), S("seal-")) >= 0);
    events_free(es);
    CHECK_OK(env_rename(t->env, "/events/other", path));
    timeline_open(t);
    timeline_check(t);
    timeline_free(t);
}

TEST("without a directory events stay in the tail, and deletions in the manifest")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    t->options.dir = NULL;
    timeline_save(t);
    timeline_open(t);
    timeline_act(t, 200);
    CHECK(!event_job(t->es, true));
    timeline_check(t);
    timeline_save(t);
    timeline_act(t, 50);
    timeline_open(t);
    timeline_check(t);
    timeline_free(t);
}

TEST("there is no room once the tail is as large as it may be")
{
    struct timeline *t = timeline_new(test_seed(), WEEK);
    (void)arena;
    events_free(t->es);
    t->options.tail_bytes_max = 30000;
    t->es = events_new(t->env, &t->options);
    CHECK(event_room(t->es));
    while (t->es->tail.end - t->es->tail.kept < 30000) {
        CHECK(event_room(t->es));
        timeline_append(t, 1, t->now, 1000);
    }
    CHECK(!event_room(t->es));
    CHECK(events_bytes(t->es) >= 30000);
    timeline_seal(t);
    CHECK(event_room(t->es));
    timeline_free(t);
}

static event_persona own_head(void *ctx, event_persona p)
{
    (void)ctx;
    return p;
}

static void work_off(struct events *es, struct seal_job *job)
{
    while (event_job_step(job, own_head, NULL, 1000) == ERR_AGAIN) continue;
    event_install(es, job);
}

static void tell_of(struct events *es, event_persona p, u64 record)
{
    struct event ev = {.persona = p, .code = 1, .order = event_order(record, 0), .props = S("")};
    ev.occurred_ms = ev.received_ms = (i64)record;
    event_append(es, &ev);
}

TEST("an erasure waits for its own deletions, in the tail and in files, not for those that come "
     "later")
{
    (void)arena;
    struct env *env = env_sim(test_seed());
    CHECK_OK(env_make_dir(env, "/x"));
    struct events *es = events_new(env, &(struct events_options){.dir = "/x"});
    CHECK_OK(events_open(es, (str){0}, NULL));
    for (u64 n = 1; n <= 90; n++) tell_of(es, (event_persona)(1 + n % 3), n);
    work_off(es, event_job(es, true));
    tell_of(es, 1, 91);
    CHECK(event_rid(es, event_deletions(es)) && !event_job_rid(es, event_deletions(es)));
    event_forget(es, 1, event_order(92, 0));
    u64 first = event_deletions(es);
    CHECK(!event_rid(es, first));
    work_off(es, event_job_rid(es, first)); /* the file */
    CHECK(!event_rid(es, first));
    work_off(es, event_job_rid(es, first)); /* the tail */
    CHECK(event_rid(es, first));
    event_forget(es, 2, event_order(92, 0));
    CHECK(event_rid(es, first) && !event_job_rid(es, first));
    u64 second = event_deletions(es);
    CHECK(!event_rid(es, second));
    work_off(es, event_job_rid(es, second));
    CHECK(event_rid(es, second));
    CHECK_EQ(events_deleted(es), 0);
    CHECK_EQ(events_count(es), 30);
    events_free(es);
    env_free(env);
}
