/* segment.c — how long until a new segment over everybody is live, and the longest batch meanwhile.
 *
 * segment [customers] [dir]   (1,000,000 by default; without dir the log is in memory)
 *   1. customers are made, one identify each: a city out of ten and a number of points
 *   2. segments are published one after the other: of attributes (answered beside, on the helper's
 *      thread), edited, and of a tag (each customer is judged in apply)
 * A batch is one engine_step, which applies one SLICE. Beside the wall time stands the time the
 * engine's and the helper's threads had a core, which tells more on a machine with other work. */
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

struct bench {
    struct env *env;
    struct engine *engine;
    struct rng rng;
    u32 customers, city, points;
    struct buf records;
    _Atomic bool stop;
    _Atomic i64 helped_ns; /* by the helper, so far */
};

static void refuse(const struct diag *why)
{
    fprintf(stderr, "%s\n", why->message);
    exit(1);
}

static double seconds(struct bench *b)
{
    return (double)env_mono_ns(b->env) / 1e9;
}

/* Of this thread. */
static i64 cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

struct spent {
    u32 batches;
    i64 all_ns, longest_ns;
};

static void put_customer(struct bench *b, u32 number)
{
    char id[24], city[16];
    int n = snprintf(id, sizeof id, "customer-%u", number);
    struct buf traits, payload;
    buf_init(&traits, 256);
    buf_init(&payload, 1024);
    snprintf(city, sizeof city, "city %u", (u32)rng_below(&b->rng, 10));
    props_put(&traits, b->city, value_text(str_of(city)));
    props_put(&traits, b->points, value_int((i64)rng_below(&b->rng, 10000)));
    struct item item = {.what = ITEM_IDENTIFY, .traits = buf_str(&traits)};
    item.values[0] = (str){id, (size_t)n};
    item_put(&payload, &item, 1);
    struct record r = {.kind = RECORD_ITEM_,
                       .level = ENGINE_LEVEL,
                       .id_count = 1,
                       .occurred_ms = NEVER,
                       .payload = buf_str(&payload)};
    r.ids[0] = (struct record_id){
        identifier_hash(engine_key(b->engine), SPACE_USER_ID, item.values[0]), SPACE_USER_ID};
    record_put(&b->records, &r);
    buf_clear(&traits);
    buf_clear(&payload);
}

/* Writes and applies all there is. */
static void settle(struct bench *b, struct spent *s)
{
    for (;;) {
        while (log_step(engine_log(b->engine)) == ERR_OK) continue;
        i64 start = cpu_ns();
        if (!engine_step(b->engine)) return;
        i64 took = cpu_ns() - start;
        if (took > s->longest_ns) s->longest_ns = took;
        s->all_ns += took;
        s->batches++;
    }
}

static void append(struct bench *b, u32 count, struct spent *s)
{
    u64 last;
    if (log_append(engine_log(b->engine), buf_str(&b->records), count, false, &last) != ERR_OK)
        exit(1);
    buf_reset(&b->records);
    settle(b, s);
}

static void make_customers(struct bench *b)
{
    double start = seconds(b);
    struct spent s = {0};
    for (u32 c = 0; c < b->customers;) {
        u32 n = 0;
        for (; n < 4000 && c < b->customers; n++) put_customer(b, c++);
        append(b, n, &s);
    }
    printf("made %u customers in %.1f s\n", b->customers, seconds(b) - start);
}

static void publish(struct bench *b, const char *what, const char *source)
{
    struct arena *arena = arena_new();
    const struct json *j;
    struct diag why = {0};
    struct buf payload;
    buf_init(&payload, RECORD_BYTES_MAX);
    if (json_parse(str_of(source), arena, &j, &why) != ERR_OK ||
        publish_object(b->engine, OBJECT_SEGMENT, j, &payload, &why) != ERR_OK)
        refuse(&why);
    struct record r = {.kind = RECORD_PUBLISH_,
                       .level = ENGINE_LEVEL,
                       .occurred_ms = NEVER,
                       .payload = buf_str(&payload)};
    record_put(&b->records, &r);
    double start = seconds(b);
    i64 helped = atomic_load(&b->helped_ns);
    struct spent s = {0};
    append(b, 1, &s);
    u32 code = names_find(engine_names(b->engine), NAME_OBJECT, json_get_str(j, "id", S("")));
    while (segment_cursor(engine_segments(b->engine), code) < PERSONAS_MAX) {
        if (!engine_propose(b->engine, env_wall_ms(b->env))) usleep(20);
        settle(b, &s);
    }
    printf("%-36s live after %5.0f ms (engine %5.0f, helper %4.0f), %4u batches, longest %5.2f ms, "
           "%7u members\n",
           what, 1e3 * (seconds(b) - start), (double)s.all_ns / 1e6,
           (double)(atomic_load(&b->helped_ns) - helped) / 1e6, s.batches,
           (double)s.longest_ns / 1e6, segment_count(engine_segments(b->engine), code));
    fflush(stdout);
    buf_clear(&payload);
    arena_free(arena);
}

static void *help(void *arg)
{
    struct bench *b = arg;
    while (!atomic_load(&b->stop))
        if (engine_background(b->engine, 5000))
            atomic_store(&b->helped_ns, cpu_ns());
        else
            usleep(20);
    return NULL;
}

static void open_engine(struct bench *b, const char *dir)
{
    struct engine_options o = {.dir = dir, .pending_bytes_max = 256 << 20};
    struct diag why = {0};
    if (engine_open(b->env, &o, &b->engine, &why) != ERR_OK) refuse(&why);
    if (names_code(engine_names(b->engine), NAME_ATTRIBUTE, S("city"), &b->city) != ERR_OK ||
        names_code(engine_names(b->engine), NAME_ATTRIBUTE, S("points"), &b->points) != ERR_OK)
        exit(1);
}

int main(int argc, char **argv)
{
    struct bench b = {.env = env_real(), .rng = {1}};
    pthread_t helper;
    b.customers = argc > 1 ? (u32)atol(argv[1]) : 1000000;
    buf_init(&b.records, 16 << 20);
    open_engine(&b, argc > 2 ? argv[2] : NULL);
    make_customers(&b);
    pthread_create(&helper, NULL, help, &b);
    publish(&b, "one city, the first segment",
            "{\"id\":\"a\",\"if\":{\"attribute\":\"city\",\"op\":\"=\",\"value\":\"city 3\"}}");
    publish(
        &b, "one city of those with points",
        "{\"id\":\"b\",\"if\":{\"all\":[{\"attribute\":\"city\",\"op\":\"=\",\"value\":\"city 4\"},"
        "{\"attribute\":\"points\",\"op\":\">\",\"value\":5000}]}}");
    publish(&b, "nobody",
            "{\"id\":\"c\",\"if\":{\"attribute\":\"city\",\"op\":\"=\",\"value\":\"none\"}}");
    publish(&b, "everybody",
            "{\"id\":\"d\",\"if\":{\"attribute\":\"points\",\"op\":\">=\",\"value\":0}}");
    publish(&b, "everybody, edited: nine tenths leave",
            "{\"id\":\"d\",\"if\":{\"attribute\":\"points\",\"op\":\"<\",\"value\":1000}}");
    publish(&b, "a tag nobody has (judged in apply)", "{\"id\":\"e\",\"if\":{\"tag\":\"vip\"}}");
    atomic_store(&b.stop, true);
    pthread_join(helper, NULL);
    engine_close(b.engine);
    buf_clear(&b.records);
    return 0;
}
