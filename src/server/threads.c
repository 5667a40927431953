/* threads.c — the bodies of the log's, the engine's and the helper's thread. */
#include "server/beside.h"
#include "server/call.h"
#include "server/channels.h"
#include "server/crew.h"
#include "server/imports.h"
#include "server/limits.h"
#include "server/show.h"
#include "server/staff.h"
#include "server/trial.h"
#include "server/watch.h"

#include <stdlib.h>
#include <unistd.h>

enum { HELPER_BUDGET_US = 5000, SWEEPER_PAUSE_US = 20000, CREW_LEAST = 2, CREW_MOST = 8 };

void server_fatal(struct server *s, err e, const char *what)
{
    server_log(s, "ending", "%s: %s; what was acknowledged is in the log", what, err_title(e));
    _exit(1);
}

/* ---- the log: write, sync, hand on ---- */

static void *log_thread(void *arg)
{
    struct server *s = arg;
    struct log *log = engine_log(s->engine);
    while (!atomic_load(&s->stop_log) || log_pending_bytes(log) > 0) {
        err e = log_step(log);
        if (e == ERR_OK && log_unprepared(log)) postbox_ring(&s->sweeper_post);
        if (e == ERR_OK) continue;
        if (e != ERR_AGAIN && e != ERR_FULL) server_fatal(s, e, "the log cannot be written");
        if (atomic_load(&s->stop_log)) break;
        postbox_wait(&s->log_post, e == ERR_FULL ? 200 : 1000);
    }
    return NULL;
}

/* From any thread. The loop's own appends wait for the end of its turn, so that one write takes
 * them all. */
static void on_append(void *ctx)
{
    struct server *s = ctx;
    if (pthread_equal(pthread_self(), s->loop_thread))
        s->log_wanted = true;
    else
        postbox_ring(&s->log_post);
}

static void on_durable(void *ctx)
{
    struct server *s = ctx;
    postbox_ring(&s->engine_post);
}

/* ---- the engine ---- */

static void wake_engine(void *ctx)
{
    struct server *s = ctx;
    postbox_ring(&s->engine_post);
}

static void on_background(void *ctx)
{
    struct server *s = ctx;
    postbox_ring(&s->helper_post);
}

static bool on_staff(void *ctx, str owner, struct staff *out)
{
    struct server *s = ctx;
    return staff_find(s->staff, owner, out);
}

static err open_engine(struct server *s)
{
    struct engine_options o = {.dir = s->options.dir,
                               .memory_max = s->options.memory_max,
                               .events_tail_bytes = s->options.tail_bytes,
                               .snapshot_records = s->options.snapshot_records,
                               .pending_bytes_max = s->options.inflight_bytes_max,
                               .zoneinfo = s->options.zoneinfo,
                               .unsafe_no_sync = s->options.no_sync,
                               .on_append = on_append,
                               .on_durable = on_durable,
                               .on_background = on_background,
                               .ctx = s};
    TRY(engine_open(s->env, &o, &s->engine, s->why));
    struct outbox_options box = {
        .wake = wake_engine, .staff = on_staff, .ctx = s, .public_url = str_of(s->public_url)};
    s->outbox = outbox_new(s->engine, s->env, &box);
    if (s->options.for_command) outbox_pause(s->outbox, true);
    s->trials = trials_new(s);
    watch_begin(s);
    channels_collect(s);
    s->zone = engine_zone(s->engine);
    struct limit limits[LIMIT_KIND_COUNT];
    settings_limits(s->engine, limits);
    memcpy(s->start_limits, limits, sizeof limits);
    str country = phone_country(s->engine);
    memcpy(s->start_country, country.p, min_size(country.n, sizeof s->start_country - 1));
    s->key = engine_key(s->engine);
    struct engine_stats stats = engine_stats(s->engine);
    server_log(s, "ready", "records=%llu replayed=%llu replay_ms=%lld",
               (unsigned long long)stats.applied, (unsigned long long)stats.replayed,
               (long long)stats.replay_ms);
    return ERR_OK;
}

/* What one turn may take before mail is looked at again. */
static bool apply_some(struct server *s)
{
    bool any = false;
    for (int i = 0; i < 16 && engine_step(s->engine); i++) {
        any = true;
        uv_async_send(&s->wake);
    }
    if (any) calls_applied(s);
    if (any) postbox_ring(&s->import_post);
    return any;
}

static i64 engine_sleep_ms(struct server *s, i64 now)
{
    i64 due = min_i64(engine_next_due(s->engine), outbox_next_due(s->outbox));
    i64 wait = due == NEVER ? 1000 : due - now;
    return wait < 0 ? 1 : min_i64(wait, 1000);
}

/* Background work that fails is told once, and once more when it goes again. */
static void tell_failures(struct server *s)
{
    u32 now = engine_failing(s->engine), before = atomic_exchange(&s->failing, now);
    if (now && !before)
        server_log(s, "background work fails", "%s; it is tried again, up to a minute later",
                   err_title(engine_failure(s->engine)));
    if (before && !now) server_log(s, "background work goes again", "times=%u", before);
}

static void *engine_thread(void *arg)
{
    struct server *s = arg;
    err e = open_engine(s);
    if (e != ERR_OK) {
        s->result_of_run = e;
        postbox_post(&s->loop_post, server_failed, s);
        return NULL;
    }
    postbox_post(&s->loop_post, server_ready, s);
    while (!atomic_load(&s->stop_engine)) {
        bool busy = postbox_run(&s->engine_post);
        busy |= apply_some(s);
        i64 now = server_now(s);
        busy |= outbox_step(s->outbox, now);
        busy |= engine_propose(s->engine, now);
        busy |= trials_step(s, now);
        watch_step(s, now);
        atomic_store(&s->in_flight, outbox_in_flight(s->outbox));
        atomic_store(&s->snapshots, engine_snapshots(s->engine));
        tell_failures(s);
        if (!busy) postbox_wait(&s->engine_post, engine_sleep_ms(s, now));
    }
    postbox_run(&s->engine_post);
    return NULL;
}

/* ---- the helper ---- */

static void *helper_thread(void *arg)
{
    struct server *s = arg;
    while (!atomic_load(&s->stop_helper)) {
        bool busy = postbox_run(&s->helper_post);
        busy |= engine_background(s->engine, HELPER_BUDGET_US);
        if (busy) atomic_fetch_add(&s->helper_turns, 1);
        if (busy) postbox_ring(&s->engine_post);
        if (!busy) postbox_wait(&s->helper_post, 100);
    }
    postbox_run(&s->helper_post);
    return NULL;
}

/* ---- imports ---- */

static void *import_thread(void *arg)
{
    struct server *s = arg;
    /* Of a command's threads it is the first; when those behind it have much to do, they go on
     * first: then little is left for them alone at the end. */
    if (s->options.for_command) crew_give_way();
    while (!atomic_load(&s->stop_import)) {
        bool busy = postbox_run(&s->import_post);
        busy |= imports_step(s);
        if (!busy) postbox_wait(&s->import_post, 1000);
    }
    postbox_run(&s->import_post);
    return NULL;
}

/* ---- what is given back later ---- */

struct leaving {
    struct server *server;
    struct left left;
};

/* The log's next file, so that its writer does not come to it. */
static bool prepare_log(struct server *s)
{
    struct log *log = engine_log(s->engine);
    return log_unprepared(log) && log_prepare_step(log) == ERR_OK;
}

/* Piece by piece: a disk that is told of much free room at once holds up the log's syncs. */
static void give_back(void *ctx)
{
    struct leaving *l = ctx;
    while (!atomic_load(&l->server->stop_sweeper) && env_real_give_some(&l->left))
        if (!prepare_log(l->server)) usleep(SWEEPER_PAUSE_US);
    env_real_give_back(l->left);
    free(l);
}

static void leave(void *ctx, struct left left)
{
    struct leaving *l = mem_alloc(sizeof *l);
    *l = (struct leaving){ctx, left};
    postbox_post(&l->server->sweeper_post, give_back, l);
}

/* Large files that come and go, so that no other thread waits for the disk to lay out or to forget
 * them: the log's next one, and those that were removed. */
static void *sweeper_thread(void *arg)
{
    struct server *s = arg;
    while (!atomic_load(&s->stop_sweeper)) {
        bool busy = postbox_run(&s->sweeper_post);
        busy |= prepare_log(s);
        if (!busy) postbox_wait(&s->sweeper_post, 1000);
    }
    postbox_run(&s->sweeper_post);
    return NULL;
}

/* ---- all of them ---- */

static void start(struct server *s, int which, const char *name, void *(*body)(void *))
{
    MUST(pthread_create(&s->threads[which], NULL, body, s) == 0);
    pthread_setname_np(s->threads[which], name); /* as top and perf show it */
    s->thread_runs[which] = true;
}

void threads_start(struct server *s)
{
    if (!s->thread_runs[THREAD_ENGINE]) {
        start(s, THREAD_ENGINE, "engine", engine_thread);
        return;
    }
    start(s, THREAD_SWEEPER, "sweeper", sweeper_thread);
    env_real_later(leave, s);
    start(s, THREAD_LOG, "log", log_thread);
    start(s, THREAD_HELPER, "helper", helper_thread);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    s->crew = crew_new(cpus < CREW_LEAST ? CREW_LEAST : cpus > CREW_MOST ? CREW_MOST : (u32)cpus);
    start(s, THREAD_IMPORT, "import", import_thread);
}

static void end(struct server *s, int which, atomic_bool *flag, struct postbox *box)
{
    atomic_store(flag, true);
    postbox_ring(box);
    if (s->thread_runs[which]) pthread_join(s->threads[which], NULL);
    s->thread_runs[which] = false;
}

/* The engine first, which appends; then the log, which writes that down; last what both leave. */
void threads_stop(struct server *s)
{
    end(s, THREAD_IMPORT, &s->stop_import, &s->import_post);
    end(s, THREAD_HELPER, &s->stop_helper, &s->helper_post);
    crew_free(s->crew);
    s->crew = NULL;
    end(s, THREAD_ENGINE, &s->stop_engine, &s->engine_post);
    heads_clear(s);
    end(s, THREAD_LOG, &s->stop_log, &s->log_post);
    env_real_later(NULL, NULL);
    end(s, THREAD_SWEEPER, &s->stop_sweeper, &s->sweeper_post);
}
