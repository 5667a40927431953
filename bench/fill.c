/* fill.c — a data directory as it lies after months, made in a minute: for bench/start.sh.
 *
 *   fill DIR CUSTOMERS EVENTS LOG_MB
 *
 * Customers of the peers' benchmark (user_id, 6 attributes, 3 tags on average), then page events of
 * random customers with two properties, at random times of the last 180 days, until there are
 * EVENTS (the customers' own changes count). Everything is sealed, merged and in a snapshot; then
 * LOG_MB of records more, which lie in the log alone. Nothing of this is done but through the
 * engine's own calls. */
#include "feed.h"

enum { HISTORY_DAYS = 180 };

struct fill {
    struct feed feed;
    struct feed_peer peer;
    struct feed_page page;
    u32 customers;
};

static void open_as(struct fill *f, const char *dir, u64 tail_bytes, u64 snapshot_records)
{
    struct engine_options o = {.dir = dir,
                               .pending_bytes_max = 256 << 20,
                               .events_tail_bytes = tail_bytes,
                               .snapshot_records = snapshot_records};
    feed_open(&f->feed, &o);
    feed_peer_names(&f->feed, &f->peer);
    feed_page_names(&f->feed, &f->page);
}

/* As ingest does: what finds no room waits for the seal. */
static void apply(struct fill *f)
{
    struct feed_time ignored = {0};
    while (!event_room(engine_events(f->feed.engine))) {
        feed_apply(&f->feed, &ignored);
        usleep(1000);
    }
    feed_apply(&f->feed, &ignored);
}

static void one_page(struct fill *f)
{
    i64 now = env_wall_ms(f->feed.env);
    f->feed.occurred_ms = now - (i64)rng_below(&f->feed.rng, HISTORY_DAYS * DAY);
    feed_page_event(&f->feed, &f->page, (u32)rng_below(&f->feed.rng, f->customers));
    f->feed.occurred_ms = NEVER;
}

static void make_history(struct fill *f, u64 events)
{
    feed_help(&f->feed);
    for (u32 c = 0; c < f->customers; c++) {
        feed_peer_customer(&f->feed, &f->peer, c);
        if (feed_is_full(&f->feed)) apply(f);
    }
    apply(f);
    while (engine_stats(f->feed.engine).events < events) {
        while (!feed_is_full(&f->feed)) one_page(f);
        apply(f);
    }
    feed_help_ends(&f->feed);
}

/* With a tail of one byte allowed, whatever lies there is due. */
static void settle(struct fill *f)
{
    struct feed_time ignored = {0};
    engine_snapshot(f->feed.engine);
    for (u32 idle = 0; idle < 3; idle++) {
        while (engine_background(f->feed.engine, 100000)) idle = 0;
        feed_apply(&f->feed, &ignored);
    }
}

static u64 make_log(struct fill *f, u64 bytes)
{
    struct feed_time ignored = {0};
    u64 records = engine_applied(f->feed.engine), put = 0;
    while (put < bytes) {
        while (!feed_is_full(&f->feed)) one_page(f);
        put += f->feed.records.n;
        feed_apply(&f->feed, &ignored);
    }
    return engine_applied(f->feed.engine) - records;
}

int main(int argc, char **argv)
{
    struct fill f = {0};
    if (argc < 5) {
        fputs("fill DIR CUSTOMERS EVENTS LOG_MB\n", stderr);
        return 2;
    }
    const char *dir = argv[1];
    double start = feed_clock();
    f.customers = (u32)atol(argv[2]);
    if (!f.customers) return 2;
    open_as(&f, dir, 0, 0);
    make_history(&f, strtoull(argv[3], NULL, 10));
    feed_close(&f.feed);
    open_as(&f, dir, 1, UINT64_MAX);
    settle(&f);
    struct engine_stats s = engine_stats(f.feed.engine);
    printf("%llu customers, %llu events in %llu MiB of sealed files",
           (unsigned long long)s.customers, (unsigned long long)s.events,
           (unsigned long long)(s.segment_bytes >> 20));
    feed_close(&f.feed);
    open_as(&f, dir, (u64)4 << 30, UINT64_MAX);
    u64 more = make_log(&f, strtoull(argv[4], NULL, 10) << 20);
    feed_close(&f.feed);
    printf(", %llu records behind the snapshot; made in %.0f s\n", (unsigned long long)more,
           feed_clock() - start);
    return 0;
}
