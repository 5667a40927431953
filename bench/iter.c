/* iter.c — reading one customer's events after the other out of sealed files: bench-iter [EVENTS].
 *
 * Makes events of history (2,000,000 by default; one customer in forty), five properties each, in
 * the order of time, seals and merges as the engine would, then reads customers by chance: all but
 * the properties, all of it, and the last thirty days. Prints nanoseconds of processor time an
 * event and a customer; of one thread. */
#include "base/rng.h"
#include "env/env.h"
#include "event/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { OF_ONE = 40, KINDS = 6, READS = 20000 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static event_persona head_of(void *ctx, event_persona p)
{
    (void)ctx;
    return p;
}

static void finish(struct events *es, struct seal_job *job)
{
    while (event_job_step(job, head_of, NULL, 5000) == ERR_AGAIN) continue;
    event_install(es, job);
}

static void append(struct events *es, struct rng *rng, u64 i, u64 n, struct buf *props)
{
    static const char *const CITIES[] = {"Shanghai", "Beijing", "Berlin", "Paris"};
    i64 span = 365 * DAY;
    struct event ev = {.order = (i / 60000 + 1) << 20 | i % 60000,
                       .source = 3,
                       .flags = EVENT_HISTORY,
                       .persona = 1 + (u32)rng_below(rng, n / OF_ONE),
                       .code = 20 + (u32)rng_below(rng, KINDS),
                       .occurred_ms = 1700000000000 + (i64)((double)i / (double)n * (double)span),
                       .received_ms = 1800000000000 + (i64)(i / 60000)};
    buf_reset(props);
    props_put(props, 1, value_int((i64)rng_below(rng, 100000)));
    props_put(props, 2, value_int((i64)rng_below(rng, 500)));
    props_put(props, 3, value_int((i64)rng_below(rng, 20)));
    props_put(props, 4, value_text(S("web")));
    props_put(props, 5, value_text(str_of(CITIES[rng_below(rng, COUNT_OF(CITIES))])));
    ev.props = buf_str(props);
    event_append(es, &ev);
}

static void reads(const struct event_view *v, u32 customers, i64 from, bool whole, const char *what)
{
    double best = 1e9;
    u64 events = 0, sum = 0;
    struct arena *arena = arena_new();
    for (u32 round = 0; round < 3; round++) {
        struct rng rng = {7};
        events = 0;
        double begun = seconds();
        for (u32 i = 0; i < READS; i++) {
            event_persona p = 1 + (u32)rng_below(&rng, customers);
            struct event ev;
            struct event_iter *it = event_iter(v, &p, 1, from, NEVER, arena);
            while (whole ? event_next(it, &ev) : event_skim(it, &ev)) {
                events++;
                sum += ev.code + ev.props.n;
            }
            arena_reset(arena);
        }
        double took = seconds() - begun;
        best = took < best ? took : best;
    }
    arena_free(arena);
    printf("%-32s %6.1f events of a customer, %6.0f ns an event, %7.0f ns a customer (%llu)\n",
           what, (double)events / READS, best * 1e9 / (double)events, best * 1e9 / READS,
           (unsigned long long)sum % 10);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/bench-iter-XXXXXX";
    struct diag why = {0};
    struct rng rng = {1};
    struct buf props;
    u64 n = argc > 1 ? (u64)atol(argv[1]) : 2000000;
    if (!mkdtemp(dir)) return 2;
    buf_init(&props, 4096);
    struct events_options o = {.dir = dir, .tail_bytes_seal = 32 << 20};
    struct events *es = events_new(env_real(), &o);
    MUST(events_open(es, S(""), &why) == ERR_OK);
    for (u64 i = 0; i < n; i++) {
        append(es, &rng, i, n, &props);
        struct seal_job *job = event_job(es, false);
        if (job) finish(es, job);
    }
    for (struct seal_job *job; (job = event_job(es, es->tail_rows > 0));) finish(es, job);
    printf("%llu events of %llu customers in %u files\n", (unsigned long long)n,
           (unsigned long long)(n / OF_ONE), es->catalog->count);
    const struct event_view *v = event_view_live(es);
    i64 end = 1700000000000 + 365 * DAY;
    reads(v, (u32)(n / OF_ONE), INT64_MIN, false, "all, without properties");
    reads(v, (u32)(n / OF_ONE), INT64_MIN, true, "all");
    reads(v, (u32)(n / OF_ONE), end - 30 * DAY, false, "thirty days, without properties");
    events_free(es);
    fflush(stdout);
    return execlp("rm", "rm", "-r", dir, (char *)NULL);
}
