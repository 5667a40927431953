/* apply.c — how fast the engine takes events of customers it knows, alone and with company.
 *
 * apply [customers] [events] [dir]   (1,000,000 and 5,000,000 by default; dir: where files may be
 * made)
 *   1. customers are made, one identify each
 *   2. page events of random customers, in batches of about 4,000: records a second in engine_step
 * alone
 *   3. the same while a reader pins, reads 100,000 rows and pins again, over and over
 * Only engine_step is timed, in CPU time of its thread; the log is in memory for 1 to 3. */
#include "base/rng.h"
#include "engine/engine.h"
#include "log/fixed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct bench {
    struct env *env;
    struct engine *engine;
    struct rng rng;
    u32 customers, event, property;
    u64 numbered;
    struct buf records;
};

static double seconds(struct env *env)
{
    return (double)env_mono_ns(env) / 1e9;
}

/* Of this thread: what the engine needs of its core, whatever else the machine does. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put_item(struct bench *b, u32 customer, item_what what, u32 event, str props)
{
    char id[24];
    int n = snprintf(id, sizeof id, "customer-%u", customer);
    struct item item = {.what = what, .event = event, .props = props};
    struct buf payload;
    buf_init(&payload, 4096);
    item.values[0] = (str){id, (size_t)n};
    item_put(&payload, &item, 1);
    struct record r = {.kind = RECORD_ITEM_,
                       .level = ENGINE_LEVEL,
                       .id_count = 1,
                       .occurred_ms = NEVER,
                       .payload = buf_str(&payload)};
    r.dedupe = (hash128){++b->numbered, rng_next(&b->rng)};
    r.ids[0] = (struct record_id){
        identifier_hash(engine_key(b->engine), SPACE_USER_ID, item.values[0]), SPACE_USER_ID};
    record_put(&b->records, &r);
    buf_clear(&payload);
}

/* Appends and writes what was put; gives the seconds the engine took to apply it. */
static double apply(struct bench *b, u32 count, double *worst)
{
    u64 last;
    double spent = 0;
    while (log_append(engine_log(b->engine), buf_str(&b->records), count, false, &last) != ERR_OK)
        ;
    buf_reset(&b->records);
    while (log_step(engine_log(b->engine)) == ERR_OK)
        ;
    for (;;) {
        double start = cpu_seconds();
        bool more = engine_step(b->engine);
        double took = cpu_seconds() - start;
        spent += took;
        if (took > *worst) *worst = took;
        if (!more) break;
        while (log_step(engine_log(b->engine)) == ERR_OK)
            ;
    }
    return spent;
}

static void make_customers(struct bench *b)
{
    double worst = 0, start = seconds(b->env);
    for (u32 c = 0; c < b->customers;) {
        u32 n = 0;
        for (; n < 4000 && c < b->customers; n++) put_item(b, c++, ITEM_IDENTIFY, 0, (str){0});
        apply(b, n, &worst);
    }
    printf("made %u customers in %.1f s\n", b->customers, seconds(b->env) - start);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void page_events(struct bench *b, u32 events, const char *what)
{
    enum { BATCH = 4000 };
    double spent = 0, *batches = calloc(events / BATCH + 1, sizeof *batches);
    u32 rounds = 0;
    struct buf props;
    buf_init(&props, 4096);
    for (u32 done = 0; done < events; done += BATCH) {
        for (u32 i = 0; i < BATCH; i++) {
            buf_reset(&props);
            props_put(&props, b->property, value_int((i64)rng_below(&b->rng, 10000)));
            props_put(&props, b->property + 1, value_text(S("https://shop.example/p/9")));
            put_item(b, (u32)rng_below(&b->rng, b->customers), ITEM_PAGE, b->event,
                     buf_str(&props));
        }
        double worst = 0;
        spent += apply(b, BATCH, &worst);
        batches[rounds++] = worst;
    }
    qsort(batches, rounds, sizeof *batches, by_size);
    printf("%-34s %8.0f records/s   a batch of %d: p50 %.2f ms, p99.9 %.2f ms\n", what,
           events / spent, BATCH, 1e3 * batches[rounds / 2],
           1e3 * batches[rounds - 1 - rounds / 1000]);
    fflush(stdout);
    free(batches);
    buf_clear(&props);
}

/* ---- a reader that pins again at once; pins happen on the engine's thread, between batches ----
 */

struct reading {
    struct bench *b;
    _Atomic int state; /* 0: wants a view, 1: has one, 2: done with it */
    struct engine_view view;
    _Atomic bool stop;
    u64 rows;
};

static void *read_rows(void *arg)
{
    struct reading *r = arg;
    struct rng rng = {7};
    while (!atomic_load(&r->stop)) {
        if (atomic_load(&r->state) != 1) continue;
        struct customer_row row;
        for (u32 i = 0; i < 100000; i++)
            r->rows +=
                view_row(&r->view.customers, 1 + (u32)rng_below(&rng, r->b->customers), &row);
        atomic_store(&r->state, 2);
    }
    return NULL;
}

static void with_reader(struct bench *b, u32 events)
{
    struct reading r = {.b = b};
    pthread_t thread;
    enum { PIECE = 200000 };
    pthread_create(&thread, NULL, read_rows, &r);
    double spent = 0;
    u32 done = 0;
    while (done < events) {
        if (atomic_load(&r.state) == 2) {
            engine_unpin(&r.view);
            atomic_store(&r.state, 0);
        }
        if (atomic_load(&r.state) == 0) {
            engine_pin(b->engine, &r.view);
            atomic_store(&r.state, 1);
        }
        double worst = 0;
        struct buf props;
        buf_init(&props, 64);
        props_put(&props, b->property, value_int(3));
        for (u32 i = 0; i < 4000; i++)
            put_item(b, (u32)rng_below(&b->rng, b->customers), ITEM_PAGE, b->event,
                     buf_str(&props));
        buf_clear(&props);
        spent += apply(b, 4000, &worst);
        done += 4000;
    }
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
    if (atomic_load(&r.state)) engine_unpin(&r.view);
    printf("%-34s %8.0f records/s   (%llu rows read beside)\n",
           "with a reader pinning again at once", done / spent, (unsigned long long)r.rows);
}

static void open_engine(struct bench *b, const char *dir)
{
    struct engine_options o = {.dir = dir, .pending_bytes_max = 256 << 20};
    struct diag why = {0};
    if (engine_open(b->env, &o, &b->engine, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why.message);
        exit(1);
    }
    if (names_code(engine_names(b->engine), NAME_EVENT, S("Page Viewed"), &b->event) != ERR_OK ||
        names_code(engine_names(b->engine), NAME_PROPERTY, S("price"), &b->property) != ERR_OK)
        exit(1);
    u32 next;
    if (names_code(engine_names(b->engine), NAME_PROPERTY, S("url"), &next) != ERR_OK) exit(1);
}

int main(int argc, char **argv)
{
    struct bench b = {.env = env_real(), .rng = {1}};
    b.customers = argc > 1 ? (u32)atol(argv[1]) : 1000000;
    u32 events = argc > 2 ? (u32)atol(argv[2]) : 5000000;
    buf_init(&b.records, 16 << 20);
    open_engine(&b, NULL);
    make_customers(&b);
    page_events(&b, events, "apply alone");
    with_reader(&b, events);
    struct engine_stats s = engine_stats(b.engine);
    printf("per customer: %.0f B of rows, %.0f B derived; events in memory: %.0f B each\n",
           (double)s.store_bytes / (double)s.customers,
           (double)s.derived_bytes / (double)s.customers, (double)s.event_bytes / (double)s.events);
    engine_close(b.engine);
    buf_clear(&b.records);
    return 0;
}
