#include "event/event.h"

#include "base/test.h"

#include <pthread.h>
#include <stdatomic.h>

/* The engine appends, deletes, seals and merges; a reader takes the newest view, and what it sees
 * must be whole: each persona's events without a gap, as many as the pass shows. A helper works off
 * jobs. */
enum { PERSONAS = 64, EVENTS = 40000 };

struct stage {
    struct events *es;
    _Atomic(struct event_view *) offered; /* pinned for the reader, who takes it */
    _Atomic(struct seal_job *) job, finished;
    atomic_bool over;
    u64 seen[PERSONAS + 1];
};

static event_persona head_of(void *ctx, event_persona p)
{
    (void)ctx;
    return p - p % 2 ? p - p % 2 : p;
}

static bool on_event(void *ctx, event_persona head, const struct event *ev)
{
    u64 *counts = ctx;
    MUST(head_of(NULL, ev->persona) == head && ev->props.n == ev->persona);
    counts[ev->persona]++;
    return true;
}

static void look(struct stage *s, struct event_view *v)
{
    struct arena *arena = arena_new();
    u64 counts[PERSONAS + 1] = {0};
    event_pass(v, head_of, on_event, counts, arena);
    for (event_persona p = 1; p <= PERSONAS; p++) {
        struct event_iter *it = event_iter(v, &p, 1, INT64_MIN, INT64_MAX, arena);
        struct event ev;
        i64 next = p % 5 == 0; /* the first of every fifth persona is deleted at once */
        u64 n = 0;
        for (; event_next(it, &ev); n++) MUST(ev.occurred_ms == next++);
        MUST(n == counts[p] && n >= s->seen[p]);
        s->seen[p] = n;
    }
    arena_free(arena);
}

static void *read_views(void *ctx)
{
    struct stage *s = ctx;
    while (!atomic_load(&s->over)) {
        struct event_view *v = atomic_exchange(&s->offered, NULL);
        if (!v) continue;
        look(s, v);
        event_view_drop(v);
    }
    return NULL;
}

static void *work_jobs(void *ctx)
{
    struct stage *s = ctx;
    while (!atomic_load(&s->over)) {
        struct seal_job *job = atomic_exchange(&s->job, NULL);
        if (!job) continue;
        err e;
        while ((e = event_job_step(job, head_of, s, 100)) == ERR_AGAIN) continue;
        MUST(e == ERR_OK);
        atomic_store(&s->finished, job);
    }
    return NULL;
}

static void between_batches(struct stage *s, bool *working)
{
    struct event_view *expected = NULL, *v = event_view_pin(s->es);
    struct seal_job *job = atomic_exchange(&s->finished, NULL);
    if (!atomic_compare_exchange_strong(&s->offered, &expected, v)) event_view_drop(v);
    if (job) {
        event_install(s->es, job);
        *working = false;
    }
    if (!*working && (job = event_job(s->es, false))) {
        atomic_store(&s->job, job);
        *working = true;
    }
}

TEST("readers see whole views while another thread appends, seals and merges")
{
    struct events_options o = {.dir = test_dir(), .tail_bytes_seal = 300 << 10};
    struct stage s = {.es = events_new(env_real(), &o)};
    struct rng rng = {test_seed()};
    struct diag why = {0};
    char props[PERSONAS] = {0};
    i64 next[PERSONAS + 1] = {0};
    pthread_t reader, helper;
    bool working = false;
    (void)arena;
    CHECK_OK(events_open(s.es, S(""), &why));
    CHECK_EQ(pthread_create(&reader, NULL, read_views, &s), 0);
    CHECK_EQ(pthread_create(&helper, NULL, work_jobs, &s), 0);
    for (u64 i = 1; i <= EVENTS; i++) {
        event_persona p = 1 + (u32)rng_below(&rng, PERSONAS);
        struct event ev = {.persona = p, .order = i, .occurred_ms = next[p], .props = {props, p}};
        ev.dedupe.lo = ev.dedupe.hi = i << 32;
        event_append(s.es, &ev);
        if (p % 5 == 0 && next[p] == 0) event_delete(s.es, p, i);
        next[p]++;
        if (i % 100 == 0) between_batches(&s, &working);
    }
    while (working) between_batches(&s, &working);
    atomic_store(&s.over, true);
    pthread_join(reader, NULL);
    pthread_join(helper, NULL);
    struct event_view *left = atomic_load(&s.offered);
    if (left) event_view_drop(left);
    if (atomic_load(&s.job)) event_job_abandon(s.es, atomic_load(&s.job));
    CHECK_OK(events_check(s.es, &why));
    events_free(s.es);
}
