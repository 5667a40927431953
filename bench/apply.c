/* apply.c — how fast the engine takes events of customers it knows, alone and with company.
 *
 *   apply alone    [customers] [events]        page events of random customers, nobody else
 *   apply pins     [customers] [events]        beside a reader of 100,000 random rows, that pins
 *                                              again at once
 *   apply reader   [customers] [events]        beside a reader of all rows in order, likewise
 *   apply snapshot [customers] [events] DIR    beside snapshots, one after the other
 *   apply replay   [customers] [events] DIR    engine_open over a log without a snapshot
 *
 * 1,000,000 customers and 3,000,000 events unless said. DIR is made, and filled. Events come in
 * batches of 4,000, with two properties and a message id; only engine_step is timed, in CPU time of
 * its thread. With company, pieces alone and pieces beside it take turns in one run, because the
 * machine's speed changes. */
#include "feed.h"

enum { PIECES = 5 };

struct tally {
    double cpu, wall, *batches;
    u64 records;
    u32 count, cap;
};

struct bench {
    struct feed feed;
    struct feed_page page;
    u32 customers, events;
    const char *dir;
};

/* ---- counting ---- */

static void note(struct tally *t, const struct feed_time *spent, u32 records)
{
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 1024;
        t->batches = mem_realloc(t->batches, t->cap * sizeof *t->batches);
    }
    t->batches[t->count++] = spent->worst;
    t->cpu += spent->cpu;
    t->wall += spent->wall;
    t->records += records;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double show(struct tally *t, const char *what)
{
    if (!t->count) return 0;
    qsort(t->batches, t->count, sizeof *t->batches, by_size);
    u32 last = t->count - 1;
    double rate = (double)t->records / t->cpu;
    printf("%-44s %8.0f records/s (%.0f by the clock); %u batches of %d: p50 %.2f, p99 %.2f, p99.9 "
           "%.2f, max %.2f ms\n",
           what, rate, (double)t->records / t->wall, t->count, FEED_BATCH,
           1e3 * t->batches[last / 2], 1e3 * t->batches[last - last / 100],
           1e3 * t->batches[last - last / 1000], 1e3 * t->batches[last]);
    fflush(stdout);
    free(t->batches);
    *t = (struct tally){0};
    return rate;
}

/* ---- feeding ---- */

static void make_customers(struct bench *b)
{
    struct feed_time spent = {0};
    double start = feed_clock();
    for (u32 c = 0; c < b->customers; c++) {
        feed_user(&b->feed, &(struct item){.what = ITEM_IDENTIFY}, c);
        if (feed_is_full(&b->feed)) feed_apply(&b->feed, &spent);
    }
    feed_apply(&b->feed, &spent);
    printf("made %u customers in %.1f s, one user_id each\n", b->customers, feed_clock() - start);
}

static void one_batch(struct bench *b, struct tally *t)
{
    struct feed_time spent = {0};
    for (u32 i = 0; i < FEED_BATCH; i++)
        feed_page_event(&b->feed, &b->page, (u32)rng_below(&b->feed.rng, b->customers));
    feed_apply(&b->feed, &spent);
    note(t, &spent, FEED_BATCH);
}

static void piece_alone(struct bench *b, struct tally *t, u32 events)
{
    for (u32 done = 0; done < events; done += FEED_BATCH) one_batch(b, t);
}

/* ---- a reader that pins again at once; pins are made on the engine's thread, between batches ----
 */

struct reading {
    struct bench *b;
    _Atomic int state; /* 0: wants a view, 1: has one, 2: is done with it */
    struct engine_view view;
    _Atomic bool stop;
    bool all; /* every row in order; else 100,000 random ones */
    u64 rows, passes;
};

static void *read_rows(void *arg)
{
    struct reading *r = arg;
    struct rng rng = {7};
    struct customer_row row;
    while (!atomic_load(&r->stop)) {
        if (atomic_load(&r->state) != 1) continue;
        u32 n = r->all ? r->b->customers : 100000;
        for (u32 i = 0; i < n; i++) {
            persona p = 1 + (r->all ? i : (u32)rng_below(&rng, r->b->customers));
            r->rows += view_row(&r->view.customers, p, &row);
        }
        r->passes++;
        atomic_store(&r->state, 2);
    }
    return NULL;
}

static void piece_read(struct reading *r, struct tally *t, u32 events)
{
    struct engine *e = r->b->feed.engine;
    for (u32 done = 0; done < events; done += FEED_BATCH) {
        if (atomic_load(&r->state) == 2) {
            engine_unpin(&r->view);
            atomic_store(&r->state, 0);
        }
        if (atomic_load(&r->state) == 0) {
            engine_pin(e, &r->view);
            atomic_store(&r->state, 1);
        }
        one_batch(r->b, t);
    }
    while (atomic_load(&r->state) != 2) usleep(100);
    engine_unpin(&r->view);
    atomic_store(&r->state, 0);
}

/* The state stays 0 while the pieces alone run: the thread spins then, so that both kinds of piece
 * have the same share of the machine. */
static void with_reader(struct bench *b, bool all)
{
    struct reading r = {.b = b, .all = all};
    struct tally alone = {0}, beside = {0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, read_rows, &r) != 0) exit(1);
    for (u32 i = 0; i < PIECES; i++) {
        piece_alone(b, &alone, b->events / PIECES / 2);
        piece_read(&r, &beside, b->events / PIECES / 2);
    }
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
    double first = show(&alone, "alone");
    double second =
        show(&beside, all ? "beside a reader of all rows" : "beside a reader that pins");
    printf("%-44s %.1f %%; %llu rows in %llu pins\n", "kept", 100 * second / first,
           (unsigned long long)r.rows, (unsigned long long)r.passes);
}

/* ---- beside snapshots ---- */

static void piece_snapshot(struct bench *b, struct tally *t)
{
    struct engine *e = b->feed.engine;
    u64 before = engine_snapshots(e);
    engine_snapshot(e);
    while (engine_snapshots(e) == before) one_batch(b, t);
}

static void with_snapshot(struct bench *b)
{
    struct tally alone = {0}, beside = {0};
    feed_help(&b->feed);
    engine_snapshot(b->feed.engine); /* the first: everything */
    double start = feed_clock();
    struct feed_time spent = {0};
    while (engine_snapshots(b->feed.engine) == 0) feed_apply(&b->feed, &spent), usleep(1000);
    printf("the first snapshot took %.1f s, nobody beside\n", feed_clock() - start);
    for (u32 i = 0; i < PIECES; i++) {
        piece_alone(b, &alone, b->events / PIECES);
        piece_snapshot(b, &beside);
    }
    feed_help_ends(&b->feed);
    double first = show(&alone, "alone, log on disk");
    double second = show(&beside, "beside a running snapshot");
    printf("%-44s %.1f %%; %d snapshots\n", "kept", 100 * second / first, PIECES);
}

/* ---- replay ---- */

static void replay(struct bench *b)
{
    struct engine_options o = {.dir = b->dir, .inspect = true};
    struct tally all = {0};
    piece_alone(b, &all, b->events);
    double live = show(&all, "apply alone, log on disk");
    u64 records = engine_applied(b->feed.engine);
    u64 bytes = log_disk_bytes(engine_log(b->feed.engine));
    feed_close(&b->feed);
    double wall = feed_clock(), cpu = feed_cpu();
    feed_open(&b->feed, &o);
    wall = feed_clock() - wall;
    cpu = feed_cpu() - cpu;
    if (engine_applied(b->feed.engine) != records) {
        fprintf(stderr, "bench: the log lost records\n");
        exit(1);
    }
    printf(
        "%-44s %8.0f records/s (%.0f by the clock); %llu records, files of %llu MiB, warm; %.0f %% "
        "of apply\n",
        "replay: engine_open, no snapshot", (double)records / cpu, (double)records / wall,
        (unsigned long long)records, (unsigned long long)(bytes >> 20),
        100 * (double)records / cpu / live);
}

/* ---- which ---- */

static void show_memory(struct bench *b)
{
    struct engine_stats s = engine_stats(b->feed.engine);
    printf("per customer: %.0f B of rows, %.0f B derived; events in memory: %.0f B each\n",
           (double)s.store_bytes / (double)s.customers,
           (double)s.derived_bytes / (double)s.customers, (double)s.event_bytes / (double)s.events);
}

static int usage(void)
{
    fputs("apply alone|pins|reader [customers] [events]\n"
          "apply snapshot|replay [customers] [events] DIR\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct bench b = {.customers = 1000000, .events = 3000000};
    const char *mode = argc > 1 ? argv[1] : "alone";
    bool on_disk = strcmp(mode, "snapshot") == 0 || strcmp(mode, "replay") == 0;
    if (argc > 2) b.customers = (u32)atol(argv[2]);
    if (argc > 3) b.events = (u32)atol(argv[3]);
    if (on_disk) b.dir = argc > 4 ? argv[4] : NULL;
    if (b.customers == 0 || b.events < FEED_BATCH * PIECES * 2 || (on_disk && !b.dir))
        return usage();
    /* No seal and no snapshot but those asked for: they are measured apart. */
    struct engine_options o = {.dir = b.dir,
                               .pending_bytes_max = 256 << 20,
                               .events_tail_bytes = (u64)4 << 30,
                               .snapshot_records = UINT64_MAX};
    feed_open(&b.feed, &o);
    feed_page_names(&b.feed, &b.page);
    make_customers(&b);
    if (strcmp(mode, "alone") == 0) {
        struct tally all = {0};
        piece_alone(&b, &all, b.events);
        show(&all, "apply alone");
        show_memory(&b);
    } else if (strcmp(mode, "pins") == 0 || strcmp(mode, "reader") == 0) {
        with_reader(&b, strcmp(mode, "reader") == 0);
    } else if (strcmp(mode, "snapshot") == 0) {
        with_snapshot(&b);
    } else if (strcmp(mode, "replay") == 0) {
        replay(&b);
    } else {
        return usage();
    }
    feed_close(&b.feed);
    return 0;
}
