/* feed.h — an engine in this process and the records put into it: what the programs of bench share.
 *
 *   feed_open ─► feed_put … ─► feed_apply ─► engine_step (the only part that is timed)
 *
 * One thread feeds, writes the log and applies; feed_help starts a second one for background work,
 * as the server has it. */
#pragma once
#include "base/rng.h"
#include "engine/engine.h"
#include "log/fixed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FEED_BATCH = 4000, FEED_IDS = 3 };

struct feed {
    struct env *env;
    struct engine *engine;
    struct rng rng;
    u64 numbered;
    struct buf records, payload, props;
    u32 waiting; /* records in `records` */
    i64 occurred_ms;
    pthread_t helper;
    _Atomic bool stop;
};

/* What a run of feed_apply took: of the engine's thread in CPU time, whatever else the machine
 * does, and by the clock. */
struct feed_time {
    double cpu, wall, worst; /* seconds; worst: one engine_step, CPU */
};

static inline double feed_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double feed_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void feed_ok(err e, const struct diag *why)
{
    if (e == ERR_OK) return;
    fprintf(stderr, "bench: %s\n", why && why->message[0] ? why->message : err_title(e));
    exit(1);
}

static inline u32 feed_name(struct feed *f, name_kind kind, const char *text)
{
    u32 code;
    feed_ok(names_code(engine_names(f->engine), kind, str_of(text), &code), NULL);
    return code;
}

static inline void feed_open(struct feed *f, const struct engine_options *o)
{
    struct diag why = {0};
    *f = (struct feed){.env = env_real(), .rng = {1}, .occurred_ms = NEVER};
    env_random(f->env, &f->numbered, sizeof f->numbered);
    buf_init(&f->records, 16 << 20);
    buf_init(&f->payload, RECORD_BYTES_MAX);
    buf_init(&f->props, RECORD_BYTES_MAX / 2);
    feed_ok(engine_open(f->env, o, &f->engine, &why), &why);
}

static inline void feed_close(struct feed *f)
{
    engine_close(f->engine);
    buf_clear(&f->records);
    buf_clear(&f->payload);
    buf_clear(&f->props);
}

static inline void *feed_help_(void *arg)
{
    struct feed *f = arg;
    while (!atomic_load(&f->stop))
        if (!engine_background(f->engine, 5000)) usleep(1000);
    return NULL;
}

static inline void feed_help(struct feed *f)
{
    if (pthread_create(&f->helper, NULL, feed_help_, f) != 0) exit(1);
}

static inline void feed_help_ends(struct feed *f)
{
    atomic_store(&f->stop, true);
    pthread_join(f->helper, NULL);
    atomic_store(&f->stop, false);
}

/* Any record; kept until feed_apply. */
static inline void feed_record(struct feed *f, struct record *r, str payload)
{
    r->level = ENGINE_LEVEL;
    r->occurred_ms = f->occurred_ms;
    r->payload = payload;
    record_put(&f->records, r);
    f->waiting++;
}

/* An event, an identify… of whoever has these identifiers; its message id is a number of its own.
 */
static inline void feed_put(struct feed *f, struct item *item, const u32 *spaces, const str *values,
                            u32 n)
{
    struct record r = {.kind = RECORD_ITEM_, .id_count = (u8)n};
    r.dedupe = (hash128){++f->numbered, rng_next(&f->rng)};
    for (u32 i = 0; i < n; i++) {
        item->values[i] = values[i];
        r.ids[i] = (struct record_id){identifier_hash(engine_key(f->engine), spaces[i], values[i]),
                                      spaces[i]};
    }
    buf_reset(&f->payload);
    item_put(&f->payload, item, n);
    feed_record(f, &r, buf_str(&f->payload));
}

/* The same of one known by number: user_id "customer-N". */
static inline void feed_user(struct feed *f, struct item *item, u32 customer)
{
    char id[24];
    int n = snprintf(id, sizeof id, "customer-%u", customer);
    str name = {id, (size_t)n};
    feed_put(f, item, &(u32){SPACE_USER_ID}, &name, 1);
}

static inline void feed_step_(struct feed *f, struct feed_time *spent, bool *more)
{
    double cpu = feed_cpu(), wall = feed_clock();
    *more = engine_step(f->engine);
    double took = feed_cpu() - cpu;
    spent->cpu += took;
    spent->wall += feed_clock() - wall;
    if (took > spent->worst) spent->worst = took;
}

/* Appends what was put, writes it, and applies it. */
static inline void feed_apply(struct feed *f, struct feed_time *spent)
{
    u64 last = engine_applied(f->engine);
    bool more = true;
    if (f->waiting)
        feed_ok(log_append(engine_log(f->engine), buf_str(&f->records), f->waiting, false, &last),
                NULL);
    buf_reset(&f->records);
    f->waiting = 0;
    while (more || engine_applied(f->engine) < last) {
        while (log_step(engine_log(f->engine)) == ERR_OK)
            ;
        feed_step_(f, spent, &more);
    }
}

static inline bool feed_is_full(const struct feed *f)
{
    return f->waiting >= FEED_BATCH;
}

/* What lies in memory: resident, and that of no file. KiB of /proc/self/status. */
static inline u64 feed_status_kb(const char *what)
{
    char line[256];
    u64 kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    if (!f) return 0;
    while (fgets(line, sizeof line, f))
        if (strncmp(line, what, strlen(what)) == 0)
            kb = strtoull(line + strlen(what) + 1, NULL, 10);
    fclose(f);
    return kb;
}

/* ---- customers as the peers' benchmark has them: gender, age, city, channel, level, signup, and
 * each of two dozen tags with falling chance, three on average ---- */

enum { FEED_TAGS = 24 };

struct feed_peer {
    u32 gender, age, city, channel, level, signup, tags[FEED_TAGS];
};

static inline void feed_peer_names(struct feed *f, struct feed_peer *p)
{
    p->gender = feed_name(f, NAME_ATTRIBUTE, "gender");
    p->age = feed_name(f, NAME_ATTRIBUTE, "age");
    p->city = feed_name(f, NAME_ATTRIBUTE, "city");
    p->channel = feed_name(f, NAME_ATTRIBUTE, "channel");
    p->level = feed_name(f, NAME_ATTRIBUTE, "level");
    p->signup = feed_name(f, NAME_ATTRIBUTE, "signup_ts");
    for (u32 i = 0; i < FEED_TAGS; i++) {
        char name[16];
        snprintf(name, sizeof name, "tag%02u", i);
        p->tags[i] = feed_name(f, NAME_TAG, name);
    }
}

static inline void feed_trait_text(struct feed *f, u32 attribute, const char *prefix, u32 number)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%s%02u", prefix, number);
    props_put(&f->props, attribute, value_text((str){text, (size_t)n}));
}

/* Adds a tag without an end to the list an item carries. */
static inline void feed_tag(struct buf *tags, u32 tag)
{
    buf_varint(tags, tag);
    buf_byte(tags, 1);
    buf_zigzag(tags, NEVER);
}

static inline void feed_peer_customer(struct feed *f, const struct feed_peer *p, u32 customer)
{
    struct buf tags;
    buf_init(&tags, 1024);
    buf_reset(&f->props);
    feed_trait_text(f, p->gender, "g", (u32)rng_below(&f->rng, 3));
    props_put(&f->props, p->age, value_int(18 + (i64)rng_below(&f->rng, 52)));
    feed_trait_text(f, p->city, "city", (u32)rng_below(&f->rng, 40));
    feed_trait_text(f, p->channel, "channel", (u32)rng_below(&f->rng, 8));
    feed_trait_text(f, p->level, "L", (u32)rng_below(&f->rng, 5));
    props_put(&f->props, p->signup, value_int(1690000000 + (i64)rng_below(&f->rng, 77760000)));
    for (u32 i = 0; i < FEED_TAGS; i++)
        if (rng_below(&f->rng, 1000 + 400 * i) < 450) feed_tag(&tags, p->tags[i]);
    struct item item = {
        .what = ITEM_IDENTIFY, .traits = buf_str(&f->props), .tags = buf_str(&tags)};
    feed_user(f, &item, customer);
    buf_clear(&tags);
}

/* A page event with a price and a short text. */
struct feed_page {
    u32 event, price, url;
};

static inline void feed_page_names(struct feed *f, struct feed_page *p)
{
    p->event = feed_name(f, NAME_EVENT, "Page Viewed");
    p->price = feed_name(f, NAME_PROPERTY, "price");
    p->url = feed_name(f, NAME_PROPERTY, "url");
}

static inline void feed_page_event(struct feed *f, const struct feed_page *p, u32 customer)
{
    buf_reset(&f->props);
    props_put(&f->props, p->price, value_int((i64)rng_below(&f->rng, 10000)));
    props_put(&f->props, p->url, value_text(S("https://shop.example/p/9")));
    struct item item = {.what = ITEM_PAGE, .event = p->event, .props = buf_str(&f->props)};
    feed_user(f, &item, customer);
}
