/* memory.c — what one of each takes: DESIGN's table of memory, measured.
 *
 *   memory COUNT DIR     DIR is made; its folders hold the logs
 *
 * Each kind is made through records by an engine, in a process of its own; a line is the growth
 * from before to after, divided by how many there are: rows      tables and strings (store), pages
 * touched derived   hash indexes and timers tail      the events that came with it, which a seal
 * takes to disk resident  growth of the process's own memory, without that tail: what is in none of
 * the books shows here, as does room that tables and maps took ahead */
#include "engine/publish.h"
#include "feed.h"

#include <sys/wait.h>

struct memory {
    struct feed feed;
    u32 count;
    const char *dir;
};

struct level {
    double rows, derived, tail, resident;
};

static struct level level_now(struct memory *m)
{
    struct engine_stats s = engine_stats(m->feed.engine);
    return (struct level){(double)s.store_bytes, (double)s.derived_bytes, (double)s.event_bytes,
                          (double)feed_status_kb("RssAnon") * 1024 - (double)s.event_bytes};
}

static void show(struct memory *m, const char *what, const struct level *from, u64 n)
{
    struct level to = level_now(m);
    double k = (double)n;
    printf("%-58s %6.0f %8.0f %6.0f %9.0f\n", what, (to.rows - from->rows) / k,
           (to.derived - from->derived) / k, (to.tail - from->tail) / k,
           (to.resident - from->resident) / k);
    fflush(stdout);
}

static void flush(struct memory *m, bool all)
{
    struct feed_time ignored = {0};
    if (all || feed_is_full(&m->feed)) feed_apply(&m->feed, &ignored);
}

/* ---- customers ---- */

static void one_identifier(struct memory *m)
{
    struct level from = level_now(m);
    for (u32 i = 0; i < m->count; i++, flush(m, false))
        feed_user(&m->feed, &(struct item){.what = ITEM_IDENTIFY}, i);
    flush(m, true);
    show(m, "customer: one user_id, nothing else", &from, m->count);
}

static void second_identifier(struct memory *m)
{
    one_identifier(m);
    struct level from = level_now(m);
    for (u32 i = 0; i < m->count; i++, flush(m, false)) {
        char user[24], phone[24];
        const u32 spaces[] = {SPACE_USER_ID, SPACE_PHONE};
        str values[] = {{user, (size_t)snprintf(user, sizeof user, "customer-%u", i)},
                        {phone, (size_t)snprintf(phone, sizeof phone, "+86138%08u", i)}};
        feed_put(&m->feed, &(struct item){.what = ITEM_IDENTIFY}, spaces, values, 2);
    }
    flush(m, true);
    show(m, "…and a phone number", &from, m->count);
}

static void peer_customer(struct memory *m)
{
    struct feed_peer peer;
    feed_peer_names(&m->feed, &peer);
    struct level from = level_now(m);
    for (u32 i = 0; i < m->count; i++, flush(m, false)) feed_peer_customer(&m->feed, &peer, i);
    flush(m, true);
    show(m, "customer of peerbench: user_id, 6 attributes, 3 tags", &from, m->count);
}

/* 20 attributes: 4 texts of 13 to 30 bytes that nobody else has, 6 of few values, 10 numbers. */
static void put_traits(struct memory *m, const u32 *names, u32 i)
{
    static const char *const OWN[] = {"Surname ", "Long Street No. ", "a note about customer ",
                                      "card "};
    struct feed *f = &m->feed;
    buf_reset(&f->props);
    for (u32 k = 0; k < 4; k++) feed_trait_text(f, names[k], OWN[k], 10000000 + i);
    for (u32 k = 4; k < 10; k++)
        feed_trait_text(f, names[k], "value ", (u32)rng_below(&f->rng, 30));
    for (u32 k = 10; k < 17; k++)
        props_put(&f->props, names[k], value_int((i64)rng_below(&f->rng, 50000)));
    for (u32 k = 17; k < 20; k++)
        props_put(&f->props, names[k], value_fixed((fixed)rng_below(&f->rng, 10000000)));
}

static void full_customer(struct memory *m)
{
    u32 names[20], tags[40];
    char text[32];
    const u32 spaces[] = {SPACE_USER_ID, SPACE_EMAIL, SPACE_PHONE};
    for (u32 i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "attribute_%02u", i);
        names[i] = feed_name(&m->feed, NAME_ATTRIBUTE, text);
    }
    for (u32 i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "tag_%02u", i);
        tags[i] = feed_name(&m->feed, NAME_TAG, text);
    }
    struct level from = level_now(m);
    struct buf list;
    buf_init(&list, 4096);
    for (u32 i = 0; i < m->count; i++, flush(m, false)) {
        char user[24], mail[40], phone[24];
        str values[] = {{user, (size_t)snprintf(user, sizeof user, "customer-%u", i)},
                        {mail, (size_t)snprintf(mail, sizeof mail, "someone.%u@example.com", i)},
                        {phone, (size_t)snprintf(phone, sizeof phone, "+86138%08u", i)}};
        put_traits(m, names, i);
        buf_reset(&list);
        for (u32 t = 0, first = (u32)rng_below(&m->feed.rng, 40); t < 10; t++)
            feed_tag(&list, tags[(first + 3 * t) % 40]);
        struct item item = {
            .what = ITEM_IDENTIFY, .traits = buf_str(&m->feed.props), .tags = buf_str(&list)};
        feed_put(&m->feed, &item, spaces, values, 3);
    }
    flush(m, true);
    buf_clear(&list);
    show(m, "full customer: 3 ids, 20 attributes, 4 of own texts, 10 tags", &from, m->count);
}

static void visitor(struct memory *m)
{
    struct feed_page page;
    feed_page_names(&m->feed, &page);
    struct level from = level_now(m);
    for (u32 i = 0; i < m->count; i++, flush(m, false)) {
        u8 uuid[16];
        char text[33];
        u32 space = SPACE_ANONYMOUS_ID;
        for (u32 k = 0; k < 16; k++) uuid[k] = (u8)rng_next(&m->feed.rng);
        for (u32 k = 0; k < 16; k++) snprintf(text + 2 * k, 3, "%02x", uuid[k]);
        str hex = {text, 32};
        feed_put(&m->feed, &(struct item){.what = ITEM_PAGE, .event = page.event}, &space, &hex, 1);
    }
    flush(m, true);
    show(m, "visitor: an anonymous_id of 32 hex digits, one page", &from, m->count);
}

/* ---- journeys ---- */

static void publish(struct memory *m, const char *text)
{
    struct arena *arena = arena_new();
    struct diag why = {0};
    const struct json *source;
    struct buf payload;
    buf_init(&payload, RECORD_BYTES_MAX);
    feed_ok(json_parse(str_of(text), arena, &source, &why), &why);
    feed_ok(publish_object(m->feed.engine, OBJECT_JOURNEY, source, &payload, &why), &why);
    feed_record(&m->feed, &(struct record){.kind = RECORD_PUBLISH_}, buf_str(&payload));
    flush(m, true);
    buf_clear(&payload);
    arena_free(arena);
}

static void trigger(struct memory *m)
{
    u32 event = feed_name(&m->feed, NAME_EVENT, "Cart");
    for (u32 i = 0; i < m->count; i++, flush(m, false))
        feed_user(&m->feed, &(struct item){.what = ITEM_TRACK, .event = event}, i);
    flush(m, true);
}

/* Its trigger and what the journey writes about it lie in the tail. */
static void enrolment(struct memory *m)
{
    one_identifier(m);
    publish(m, "{\"id\":\"waits\",\"trigger\":{\"event\":\"Cart\"},"
               "\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"30d\"}}]}");
    struct level from = level_now(m);
    trigger(m);
    show(m, "…and an enrolment that waits", &from, m->count);
}

static void message(struct memory *m)
{
    one_identifier(m);
    publish(m,
            "{\"id\":\"sends\",\"trigger\":{\"event\":\"Cart\"},"
            "\"policy\":{\"category\":\"service\",\"quiet\":\"ignore\"},\"steps\":[{\"id\":\"m\","
            "\"send\":{\"channel\":\"email\",\"template\":\"t\"}}]}");
    struct level from = level_now(m);
    trigger(m);
    u64 planned = engine_stats(m->feed.engine).messages_planned;
    if (planned != m->count) feed_ok(ERR_INVALID, NULL);
    show(m, "…and an enrolment with a planned message", &from, m->count);
}

/* ---- events ---- */

static void tail_event(struct memory *m)
{
    struct feed_page page;
    enum { EACH = 10 };
    feed_page_names(&m->feed, &page);
    one_identifier(m);
    struct level from = level_now(m);
    for (u32 i = 0; i < m->count * EACH; i++, flush(m, false))
        feed_page_event(&m->feed, &page, i % m->count);
    flush(m, true);
    show(m, "…and events in the tail: two properties, 28 B", &from, (u64)m->count * EACH);
}

/* Ten events a customer, sealed and merged as the engine does it; what is in memory of them is
 * filters and directories, and 64 MiB which the tail keeps to use again. */
static void sealed_event(struct memory *m)
{
    struct feed_page page;
    enum { EACH = 10 };
    feed_page_names(&m->feed, &page);
    one_identifier(m);
    struct level from = level_now(m);
    u64 before = engine_stats(m->feed.engine).segment_bytes;
    for (u32 i = 0; i < m->count * EACH; i++, flush(m, false))
        feed_page_event(&m->feed, &page, (u32)rng_below(&m->feed.rng, m->count));
    flush(m, true);
    for (u32 idle = 0; idle < 100; idle++) { /* the tail's memory goes a little with each pin */
        struct engine_view view;
        while (engine_background(m->feed.engine, 100000)) idle = 0;
        engine_pin(m->feed.engine, &view);
        engine_unpin(&view);
        flush(m, true);
    }
    u64 events = engine_stats(m->feed.engine).events,
        disk = engine_stats(m->feed.engine).segment_bytes - before;
    show(m, "…and sealed events: what stays in memory", &from, (u64)m->count * EACH);
    printf("%-58s %6.1f on disk, with the dedupe hash\n", "   each of the events sealed",
           (double)disk / (double)events);
}

/* ---- each in its own process ---- */

static void run(struct memory *m, const char *folder, void (*kind)(struct memory *m),
                u64 tail_bytes)
{
    struct engine_options o = {.pending_bytes_max = 256 << 20, .snapshot_records = UINT64_MAX};
    char path[4096];
    fflush(stdout);
    pid_t child = fork();
    int status = 1;
    if (child < 0) exit(1);
    if (child > 0) {
        if (waitpid(child, &status, 0) != child || status != 0) exit(1);
        return;
    }
    snprintf(path, sizeof path, "%s/%s", m->dir, folder);
    o.dir = path;
    o.events_tail_bytes = tail_bytes;
    feed_open(&m->feed, &o);
    kind(m);
    feed_close(&m->feed);
    exit(0);
}

int main(int argc, char **argv)
{
    enum { NO_SEAL = 2047 << 20, SEALS = 1 << 20 };
    struct memory m = {.count = argc > 1 ? (u32)atol(argv[1]) : 0, .dir = argc > 2 ? argv[2] : ""};
    if (m.count == 0 || argc < 3) {
        fputs("memory COUNT DIR\n", stderr);
        return 2;
    }
    feed_ok(env_make_dir(env_real(), m.dir), NULL);
    printf("bytes each, of %u; \"…\" is what is added to the line before\n", m.count);
    printf("%-58s %6s %8s %6s %9s\n", "", "rows", "derived", "tail", "resident");
    run(&m, "identifier", second_identifier, NO_SEAL);
    run(&m, "peer", peer_customer, NO_SEAL);
    run(&m, "full", full_customer, NO_SEAL);
    run(&m, "visitor", visitor, NO_SEAL);
    run(&m, "enrolment", enrolment, NO_SEAL);
    run(&m, "message", message, NO_SEAL);
    run(&m, "tail", tail_event, NO_SEAL);
    run(&m, "sealed", sealed_event, SEALS);
    return 0;
}
