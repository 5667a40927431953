/* broadcast.c — how long until a schedule's tick has judged and enrolled everybody, and how long
 * events take meanwhile from being handed in to being applied.
 *
 * broadcast DIR [customers]   (1,000,000 by default; DIR is made anew and synced as in earnest)
 *   1. customers are made, one identify each, with a number of points
 *   2. events come in from four writers, each waiting for its own to be durable and applied: alone
 *      for two seconds, then while a journey with one send step plans a message for all customers,
 *      then while one plans for the half with more points
 * The engine has the server's threads and turns: log, engine, helper. Nothing is sent. */
#include "base/rng.h"
#include "engine/publish.h"
#include "log/events.h"
#include "log/fixed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 4, SAMPLES_MAX = 1 << 20 };

struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool rung;
};

struct bench {
    struct env *env;
    struct engine *engine;
    struct bell log_bell, engine_bell, helper_bell;
    u32 customers, points, seen;
    _Atomic bool stop, write;
    _Atomic u32 samples;
    i64 *took_ns;
    i64 engine_ns, longest_ns; /* that the engine's thread had a core; of one batch */
};

static void refuse(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- bells ---- */

static void bell_init(struct bell *b)
{
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->cond, NULL);
}

static void ring(struct bell *b)
{
    pthread_mutex_lock(&b->mutex);
    b->rung = true;
    pthread_cond_signal(&b->cond);
    pthread_mutex_unlock(&b->mutex);
}

static void wait_for(struct bell *b, i64 ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    pthread_mutex_lock(&b->mutex);
    if (!b->rung) pthread_cond_timedwait(&b->cond, &b->mutex, &t);
    b->rung = false;
    pthread_mutex_unlock(&b->mutex);
}

static void on_append(void *ctx)
{
    ring(&((struct bench *)ctx)->log_bell);
}

static void on_durable(void *ctx)
{
    ring(&((struct bench *)ctx)->engine_bell);
}

static void on_background(void *ctx)
{
    ring(&((struct bench *)ctx)->helper_bell);
}

/* ---- threads ---- */

static void *log_thread(void *arg)
{
    struct bench *b = arg;
    while (!atomic_load(&b->stop))
        if (log_step(engine_log(b->engine)) != ERR_OK) wait_for(&b->log_bell, 20);
    return NULL;
}

static void *help(void *arg)
{
    struct bench *b = arg;
    while (!atomic_load(&b->stop)) {
        bool busy = engine_background(b->engine, 5000);
        if (busy) ring(&b->engine_bell);
        if (!busy && log_prepare_step(engine_log(b->engine)) != ERR_OK)
            wait_for(&b->helper_bell, 20);
    }
    return NULL;
}

/* Of this thread. */
static i64 cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

/* One turn of the engine's thread. */
static void turn(struct bench *b)
{
    bool any = false;
    i64 start = cpu_ns();
    for (int i = 0; i < 16; i++) {
        i64 before = cpu_ns();
        if (!engine_step(b->engine)) break;
        b->longest_ns = max_i64(b->longest_ns, cpu_ns() - before);
        any = true;
    }
    any |= engine_propose(b->engine, env_wall_ms(b->env));
    if (any)
        b->engine_ns += cpu_ns() - start;
    else
        wait_for(&b->engine_bell, 1);
}

/* ---- records ---- */

static void put_item(struct bench *b, struct buf *out, struct rng *rng, u32 number, u32 event)
{
    char id[24];
    int n = snprintf(id, sizeof id, "customer-%u", number);
    struct buf traits, payload;
    buf_init(&traits, 256);
    buf_init(&payload, 1024);
    if (!event) props_put(&traits, b->points, value_int((i64)rng_below(rng, 10000)));
    struct item item = {
        .what = event ? ITEM_TRACK : ITEM_IDENTIFY, .event = event, .traits = buf_str(&traits)};
    item.values[0] = (str){id, (size_t)n};
    item_put(&payload, &item, 1);
    struct record r = {.kind = RECORD_ITEM_,
                       .level = ENGINE_LEVEL,
                       .id_count = 1,
                       .occurred_ms = NEVER,
                       .payload = buf_str(&payload)};
    r.ids[0] = (struct record_id){
        identifier_hash(engine_key(b->engine), SPACE_USER_ID, item.values[0]), SPACE_USER_ID};
    record_put(out, &r);
    buf_clear(&traits);
    buf_clear(&payload);
}

static void make_customers(struct bench *b)
{
    struct buf records;
    struct rng rng = {1};
    i64 start = env_mono_ns(b->env);
    u64 last = 0;
    buf_init(&records, 16 << 20);
    for (u32 c = 0; c < b->customers;) {
        u32 n = 0;
        for (; n < 4000 && c < b->customers; n++) put_item(b, &records, &rng, c++, 0);
        if (log_append(engine_log(b->engine), buf_str(&records), n, false, &last) != ERR_OK)
            refuse("the log is full");
        buf_reset(&records);
        while (engine_applied(b->engine) < last) turn(b);
    }
    buf_clear(&records);
    printf("made %u customers in %.1f s\n", b->customers,
           (double)(env_mono_ns(b->env) - start) / 1e9);
}

static void *write_events(void *arg)
{
    struct bench *b = arg;
    struct rng rng = {(u64)(uintptr_t)&rng};
    struct buf records;
    buf_init(&records, 1 << 16);
    while (!atomic_load(&b->stop)) {
        u64 number;
        if (!atomic_load(&b->write)) {
            usleep(1000);
            continue;
        }
        put_item(b, &records, &rng, (u32)rng_below(&rng, b->customers), b->seen);
        i64 start = env_mono_ns(b->env);
        if (log_append(engine_log(b->engine), buf_str(&records), 1, true, &number) != ERR_OK)
            refuse("the log is full");
        buf_reset(&records);
        while (engine_applied(b->engine) < number) usleep(50);
        u32 at = atomic_fetch_add(&b->samples, 1);
        if (at < SAMPLES_MAX) b->took_ns[at] = env_mono_ns(b->env) - start;
        usleep(1000);
    }
    buf_clear(&records);
    return NULL;
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

static void put_latency(struct bench *b)
{
    u32 n = min_u32(atomic_exchange(&b->samples, 0), SAMPLES_MAX);
    if (n == 0) refuse("no event came in");
    qsort(b->took_ns, n, sizeof *b->took_ns, by_size);
    printf("events from append to applied: p50 %.1f, p99 %.1f, max %.1f ms (%u)\n",
           (double)b->took_ns[n / 2] / 1e6, (double)b->took_ns[(u64)n * 99 / 100] / 1e6,
           (double)b->took_ns[n - 1] / 1e6, n);
    fflush(stdout);
}

static void publish(struct bench *b, const char *id, const char *audience, i64 at_ms)
{
    struct arena *arena = arena_new();
    const struct json *j;
    struct diag why = {0};
    struct buf payload, records, time;
    buf_init(&payload, RECORD_BYTES_MAX);
    buf_init(&records, RECORD_BYTES_MAX + 4096);
    buf_init(&time, 64);
    iso_put(&time, at_ms);
    str source = arena_printf(
        arena,
        "{\"id\":\"%s\",\"trigger\":{\"schedule\":{\"at\":\"%.*s\"}%s},"
        "\"steps\":[{\"id\":\"m\",\"send\":{\"channel\":\"email\",\"template\":\"t\"}}]}",
        id, STR_ARG(buf_str(&time)), audience);
    if (json_parse(source, arena, &j, &why) != ERR_OK ||
        publish_object(b->engine, OBJECT_JOURNEY, j, &payload, &why) != ERR_OK)
        refuse(why.message);
    struct record r = {.kind = RECORD_PUBLISH_,
                       .level = ENGINE_LEVEL,
                       .occurred_ms = NEVER,
                       .payload = buf_str(&payload)};
    u64 number;
    record_put(&records, &r);
    if (log_append(engine_log(b->engine), buf_str(&records), 1, true, &number) != ERR_OK)
        refuse("the log is full");
    while (engine_applied(b->engine) < number) turn(b);
    buf_clear(&payload);
    buf_clear(&records);
    buf_clear(&time);
    arena_free(arena);
}

static void broadcast(struct bench *b, const char *id, const char *audience)
{
    u32 code;
    persona from, end;
    i64 at = env_wall_ms(b->env) + 500;
    u64 before = message_tally(engine_messages(b->engine)).planned;
    publish(b, id, audience, at);
    while (env_wall_ms(b->env) < at - 20) turn(b);
    atomic_store(&b->samples, 0);
    b->engine_ns = b->longest_ns = 0;
    while (journeys_next_tick(engine_journeys(b->engine)) != NEVER) turn(b);
    while (journey_tick_next(engine_journeys(b->engine), &code, &from, &end)) turn(b);
    double took = (double)(env_wall_ms(b->env) - at) / 1e3;
    printf("%-28s %8llu messages planned %.2f s after the tick (the engine's thread had a core "
           "%.2f s, longest batch %.1f ms); ",
           id, (unsigned long long)(message_tally(engine_messages(b->engine)).planned - before),
           took, (double)b->engine_ns / 1e9, (double)b->longest_ns / 1e6);
    put_latency(b);
}

int main(int argc, char **argv)
{
    struct bench b = {.env = env_real()};
    pthread_t threads[2 + WRITERS];
    struct diag why = {0};
    if (argc < 2) refuse("broadcast DIR [customers]");
    b.customers = argc > 2 ? (u32)atol(argv[2]) : 1000000;
    b.took_ns = mem_alloc(SAMPLES_MAX * sizeof *b.took_ns);
    bell_init(&b.log_bell);
    bell_init(&b.engine_bell);
    bell_init(&b.helper_bell);
    struct engine_options o = {.dir = argv[1],
                               .pending_bytes_max = 256 << 20,
                               .on_append = on_append,
                               .on_durable = on_durable,
                               .on_background = on_background,
                               .ctx = &b};
    if (engine_open(b.env, &o, &b.engine, &why) != ERR_OK) refuse(why.message);
    pthread_create(&threads[0], NULL, log_thread, &b);
    if (names_code(engine_names(b.engine), NAME_ATTRIBUTE, S("points"), &b.points) != ERR_OK ||
        names_code(engine_names(b.engine), NAME_EVENT, S("Seen"), &b.seen) != ERR_OK)
        refuse("no names");
    pthread_create(&threads[1], NULL, help, &b);
    for (u32 i = 0; i < WRITERS; i++) pthread_create(&threads[2 + i], NULL, write_events, &b);
    make_customers(&b);
    atomic_store(&b.write, true);
    for (i64 until = env_mono_ns(b.env) + 2000000000; env_mono_ns(b.env) < until;) turn(&b);
    printf("alone: ");
    put_latency(&b);
    broadcast(&b, "to everybody", "");
    broadcast(&b, "to half of them",
              ",\"audience\":{\"attribute\":\"points\",\"op\":\">=\",\"value\":5000}");
    broadcast(&b, "to nobody", ",\"audience\":{\"attribute\":\"points\",\"op\":\"<\",\"value\":0}");
    atomic_store(&b.write, false);
    for (i64 until = env_mono_ns(b.env) + 200000000; env_mono_ns(b.env) < until;) turn(&b);
    atomic_store(&b.stop, true);
    for (u32 i = 0; i < 2 + WRITERS; i++) pthread_join(threads[i], NULL);
    engine_close(b.engine);
    free(b.took_ns);
    return 0;
}
