/* background.c — sealing, merging and snapshots: prepared and installed on the engine's thread,
 * worked off on a helper's, one thing at a time.
 *
 * The state word is handed back and forth: 0 idle (engine's), 1 to do (helper's), 2 done
 * (engine's). So nobody locks, and a seal is never installed under a running snapshot. */
#include "engine/engine_internal.h"

enum { IDLE, TO_DO, DONE };
enum {
    SEALS_A_SNAPSHOT = 4,
    SEALS_OF_IMPORT = 32,     /* … while an import brings so much: a start reads them again */
    IMPORT_SILENCE = 1 << 18, /* records without one of it: it goes on no more */
};
#define SNAPSHOT_RECORDS 4000000
#define LOG_KEEP (7 * DAY)
#define WAIT_FIRST_NS 1000000000
#define WAIT_MAX_NS (60 * (i64)WAIT_FIRST_NS)

/* What failed is due again at once, and would fail again at once: it waits, twice as long each
 * time. */
static void put_off(struct engine *e, err why)
{
    struct background *b = &e->background;
    b->failure = why;
    i64 wait = b->failing < 6 ? (i64)WAIT_FIRST_NS << b->failing : WAIT_MAX_NS;
    b->not_before_ns = env_mono_ns(e->env) + wait;
    b->failing++;
    e->stats.background_failures++;
}

static bool begin_snapshot(struct engine *e)
{
    struct background *b = &e->background;
    if (!e->snapshot) return false;
    buf_reset(&b->extra);
    events_manifest(e->events, &b->extra);
    b->epoch = epoch_pin(e->store);
    b->manifest = (struct manifest){
        .position = atomic_load(&e->applied),
        .time_ms = e->now,
        .log_start = atomic_load(&e->applied) + 1,
        .identity = {engine_meta(e)->identity[0], engine_meta(e)->identity[1]},
        .extra = buf_str(&b->extra),
    };
    err result = snapshot_begin(e->snapshot, b->epoch, &b->manifest);
    if (result != ERR_OK) {
        epoch_drop(b->epoch);
        b->epoch = NULL;
        put_off(e, result);
    }
    return result == ERR_OK;
}

/* While everybody has her turn in a tick, the cores are for that, as long as there is room. */
static bool can_wait(const struct engine *e)
{
    u32 code;
    persona from, end;
    return !e->background.snapshot_forced && event_ample(e->events) &&
           journey_tick_next(e->journeys, &code, &from, &end);
}

/* ---- an import ---- */

void background_import(struct engine *e, bool is_over)
{
    struct background *b = &e->background;
    if (!b->import_last) {
        b->import_first = e->number;
        b->import_seals = 0;
    }
    b->import_last = e->number;
    if (!is_over) return;
    /* One that was small goes the way of all events. */
    if (b->import_seals) {
        b->tidy_from = event_order(b->import_first, 0);
        b->tidy_to = event_order(e->number, 0);
    }
    b->import_last = 0;
}

static bool is_tidy(const struct engine *e)
{
    const struct background *b = &e->background;
    return !b->tidy_from || !event_tidy_due(e->events, b->tidy_from, b->tidy_to);
}

bool engine_tidying(const struct engine *e)
{
    const struct background *b = &e->background;
    return e->snapshot && !b->failing &&
           (b->tidy_from || atomic_load_explicit(&b->state, memory_order_acquire) != IDLE);
}

static bool import_goes_on(struct engine *e)
{
    struct background *b = &e->background;
    if (b->import_last && e->number - b->import_last > IMPORT_SILENCE) b->import_last = 0;
    return b->import_last > 0;
}

/* What is due for the events: while an import goes on, only what has to be; when it is over, one
 * file of what it left; then a snapshot, which is what tidy_from waits for. */
static struct seal_job *due_job(struct engine *e)
{
    struct background *b = &e->background;
    struct seal_job *job = erasing_job(e);
    if (job) return job;
    if (import_goes_on(e)) return event_job_rough(e->events);
    if (b->tidy_from && (job = event_job_tidy(e->events, b->tidy_from, b->tidy_to))) return job;
    return event_job(e->events, false);
}

/* While events pour in, a few seals share one snapshot: the log still has what they hold. */
static bool snapshot_waits(struct engine *e)
{
    const struct background *b = &e->background;
    if (b->snapshot_forced) return false;
    if (import_goes_on(e)) return b->seals < SEALS_OF_IMPORT;
    return b->tidy_from ? !is_tidy(e) : b->seals < SEALS_A_SNAPSHOT && event_seal_due(e->events);
}

/* A merge of hours' events takes seconds, and of years' minutes: the tail must not fill meanwhile.
 */
static void park_merge(struct engine *e)
{
    struct background *b = &e->background;
    if (b->work == WORK_SEAL && event_seal_due(e->events) && event_job_parks(b->job))
        atomic_store_explicit(&b->park, true, memory_order_relaxed);
}

void background_start(struct engine *e)
{
    struct background *b = &e->background;
    if (atomic_load_explicit(&b->state, memory_order_acquire) != IDLE) {
        park_merge(e);
        return;
    }
    if (!e->snapshot || e->options.inspect ||
        (b->failing && env_mono_ns(e->env) < b->not_before_ns) || can_wait(e))
        return;
    erasing_next(e);
    if (!b->snapshot_wanted && is_tidy(e)) b->tidy_from = 0;
    u64 every = e->options.snapshot_records ? e->options.snapshot_records : SNAPSHOT_RECORDS;
    u64 behind = atomic_load(&e->applied) - b->last_position;
    if ((b->snapshot_wanted && !snapshot_waits(e)) || behind > every) {
        if (behind == 0 && b->snapshots && !b->snapshot_forced)
            b->snapshot_wanted = false;
        else if (begin_snapshot(e))
            b->work = WORK_SNAPSHOT;
        else
            return;
    } else if ((b->job = due_job(e))) {
        b->work = WORK_SEAL;
        b->epoch = epoch_pin(e->store);
    } else if (erasing_wants_blank(e)) {
        b->work = WORK_BLANK;
    }
    if (b->work == WORK_NONE) return;
    atomic_store_explicit(&b->park, false, memory_order_relaxed);
    atomic_store_explicit(&b->state, TO_DO, memory_order_release);
    if (e->options.on_background) e->options.on_background(e->options.ctx);
}

/* Heads as they are in the pinned epoch: the helper may not look at live rows. */
static persona head_then(void *ctx, persona p)
{
    struct engine *e = ctx;
    struct customer_view v = {e->customers, e->background.epoch};
    struct customer_row row;
    return view_row(&v, p, &row) ? row.head : 0;
}

/* With what it holds, older files of the log may go. */
static err write_snapshot(struct engine *e, i64 budget_us)
{
    const struct manifest *m = &e->background.manifest;
    TRY(snapshot_step(e->snapshot, budget_us));
    (void)!log_release(e->log, m->log_start, m->time_ms - LOG_KEEP);
    return ERR_OK;
}

bool engine_background(struct engine *e, i64 budget_us)
{
    struct background *b = &e->background;
    bool worked = answers_step(e, budget_us);
    if (atomic_load_explicit(&b->state, memory_order_acquire) != TO_DO) return worked;
    err r = b->work == WORK_SEAL    ? event_job_step(b->job, head_then, e, budget_us)
            : b->work == WORK_BLANK ? erasing_blank(e)
                                    : write_snapshot(e, budget_us);
    if (r == ERR_AGAIN && !atomic_load_explicit(&b->park, memory_order_relaxed)) return true;
    b->result = r;
    atomic_store_explicit(&b->state, DONE, memory_order_release);
    return true;
}

static void end_snapshot(struct engine *e)
{
    struct background *b = &e->background;
    if (b->result != ERR_OK) return;
    b->snapshots++;
    b->seals = 0;
    b->snapshot_wanted = b->snapshot_forced = false;
    if (is_tidy(e)) b->tidy_from = 0;
    b->last_position = b->manifest.position;
    event_clean(e->events, buf_str(&b->extra));
}

static void end_seal(struct engine *e)
{
    struct background *b = &e->background;
    if (b->result != ERR_OK) {
        event_job_abandon(e->events, b->job);
        return;
    }
    event_install(e->events, b->job);
    b->seals++;
    b->import_seals++;
    b->snapshot_wanted = true; /* the manifest must name the new file before the old rows may go */
}

void background_install(struct engine *e)
{
    struct background *b = &e->background;
    if (atomic_load_explicit(&b->state, memory_order_acquire) != DONE) return;
    if (b->result == ERR_AGAIN)
        event_job_park(e->events, b->job);
    else if (b->work == WORK_SNAPSHOT)
        end_snapshot(e);
    else if (b->work == WORK_SEAL)
        end_seal(e);
    if (b->result == ERR_OK)
        b->failing = 0;
    else if (b->result != ERR_AGAIN)
        put_off(e, b->result);
    if (b->epoch) epoch_drop(b->epoch);
    b->epoch = NULL;
    b->job = NULL;
    b->work = WORK_NONE;
    atomic_store_explicit(&b->state, IDLE, memory_order_release);
}

/* What can be begun anew is left: its file is on no list, and goes on the next start. */
void background_end(struct engine *e)
{
    struct background *b = &e->background;
    if (b->work == WORK_SEAL && event_job_parks(b->job)) atomic_store(&b->park, true);
    while (engine_background(e, 10000))
        ;
    background_install(e);
}

bool engine_snapshot(struct engine *e)
{
    e->background.snapshot_wanted = true;
    e->background.not_before_ns = 0; /* who asks does not wait */
    background_start(e);
    return e->background.snapshot_wanted;
}

u64 engine_snapshots(const struct engine *e)
{
    return e->background.snapshots;
}

u32 engine_failing(const struct engine *e)
{
    return e->background.failing;
}

err engine_failure(const struct engine *e)
{
    return e->background.failure;
}
