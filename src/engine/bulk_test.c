/* bulk_test.c — rows of a file in BULK records leave what they leave as records of their own. */
#include "engine/rig_test.h"

enum { ROWS = 600, PEOPLE = 9, FLAGS = RECORD_IMPORT | RECORD_FILE | RECORD_HISTORY };

struct made {
    u32 person;
    struct bulk_row row;
};

/* Rows of a few people at times in any order, some with a message id that comes twice. */
static void make_rows(struct rig *r, struct made *rows)
{
    static const char *const NAMES[] = {"Viewed", "Paid", "Coupon Used"};
    for (u32 i = 0; i < ROWS; i++) {
        struct made *m = &rows[i];
        struct buf props;
        *m = (struct made){.person = (u32)rng_below(&r->rng, PEOPLE)};
        m->row.event = rig_code(r, NAME_EVENT, NAMES[rng_below(&r->rng, 3)]);
        m->row.occurred_ms = RIG_START - (i64)rng_below(&r->rng, 90) * DAY;
        if (rng_below(&r->rng, 10) == 0) m->row.occurred_ms = RIG_START + DAY;
        if (rng_below(&r->rng, 4) == 0) {
            u32 n = (u32)rng_below(&r->rng, 8);
            m->row.message_id = arena_printf(r->arena, "m%u-%u", m->person, n);
            m->row.dedupe = hash_sip(engine_key(r->engine), m->row.message_id);
        }
        buf_init(&props, 256);
        props_put(&props, rig_code(r, NAME_PROPERTY, "n"), value_int((i64)i));
        m->row.props = arena_str(r->arena, buf_str(&props));
        buf_clear(&props);
    }
}

static void append(struct rig *r, struct record *record, str payload, struct buf *all)
{
    record->flags = FLAGS;
    record->level = ENGINE_LEVEL;
    record->source = rig_code(r, NAME_SOURCE, "import:1");
    record->payload = payload;
    record_put(all, record);
}

static u32 as_items(struct rig *r, const struct made *rows, struct buf *all)
{
    for (u32 i = 0; i < ROWS; i++) {
        const struct bulk_row *row = &rows[i].row;
        struct item item = {.what = ITEM_TRACK,
                            .event = row->event,
                            .message_id = row->message_id,
                            .props = row->props};
        struct record record = {.kind = RECORD_ITEM_,
                                .id_count = 1,
                                .occurred_ms = row->occurred_ms,
                                .dedupe = row->dedupe};
        struct buf payload;
        buf_init(&payload, 4096);
        record.ids[0] = rig_id(r, rows[i].person, &item, 0);
        item_put(&payload, &item, 1);
        append(r, &record, buf_str(&payload), all);
        buf_clear(&payload);
    }
    return ROWS;
}

/* A record a person, in the order of their first rows. */
static u32 as_bulk(struct rig *r, const struct made *rows, struct buf *all)
{
    u32 count = 0;
    bool done[PEOPLE] = {0};
    for (u32 i = 0; i < ROWS; i++) {
        struct item item;
        struct record record = {
            .kind = RECORD_BULK_, .id_count = 1, .occurred_ms = rows[i].row.occurred_ms};
        struct buf payload;
        i64 before = record.occurred_ms;
        if (done[rows[i].person]) continue;
        done[rows[i].person] = true;
        buf_init(&payload, RECORD_BYTES_MAX);
        record.ids[0] = rig_id(r, rows[i].person, &item, 0);
        bulk_put(&payload, item.values[0], (str){0});
        for (u32 k = i; k < ROWS; k++) {
            if (rows[k].person != rows[i].person) continue;
            bulk_row_put(&payload, &rows[k].row, before);
            before = rows[k].row.occurred_ms;
        }
        append(r, &record, buf_str(&payload), all);
        buf_clear(&payload);
        count++;
    }
    return count;
}

/* What can be seen of everybody. */
static str told(struct rig *r, u32 segment)
{
    struct engine *e = r->engine;
    struct buf b;
    struct event ev;
    buf_init(&b, 4 << 20);
    for (persona p = 1; p < customers_end(e->customers); p++) {
        const struct customer_row *row = customer_at(e->customers, p);
        struct event_iter *it = event_iter(e->live_events, &p, 1, INT64_MIN, NEVER, r->arena);
        buf_printf(&b, "%u: %lld to %lld, due %lld, member %d\n", p,
                   (long long)n48_get(row->first_seen), (long long)n48_get(row->last_seen),
                   (long long)n48_get(row->next_due),
                   segment ? segment_resolve(e->segments, p, segment, RIG_START).holds : 0);
        struct identifier_view id;
        for (u32 at = 0; customer_identifier(e->customers, p, &at, &id);)
            buf_printf(&b, "  %.*s since %lld\n", STR_ARG(id.value), (long long)id.since_ms);
        while (event_next(it, &ev)) {
            buf_printf(&b, "  %u %u %u %lld ", ev.code, ev.source, ev.flags,
                       (long long)ev.occurred_ms);
            buf_put(&b, ev.message_id);
            for (size_t i = 0; i < ev.props.n; i++) buf_printf(&b, " %02x", (u8)ev.props.p[i]);
            buf_byte(&b, '\n');
        }
    }
    buf_printf(&b, "%llu accepted, %llu again\n", (unsigned long long)e->stats.accepted,
               (unsigned long long)e->stats.duplicates);
    str text = arena_str(r->arena, buf_str(&b));
    buf_clear(&b);
    return text;
}

static str run(struct arena *arena, bool bulk, bool rules)
{
    struct rig *r = rig_open(arena, NULL);
    struct made *rows = arena_alloc(arena, ROWS * sizeof *rows);
    struct buf all;
    if (rules) {
        rig_publishes(r, OBJECT_SEGMENT,
                      "{'id': 'payers', 'if': {'did':'Paid','count':{'op':'>=','value':19}}}");
        rig_settle(r);
    }
    make_rows(r, rows);
    rig_apply(r);
    buf_init(&all, APPEND_BYTES_MAX);
    u32 count = bulk ? as_bulk(r, rows, &all) : as_items(r, rows, &all);
    CHECK_OK(log_append(engine_log(r->engine), buf_str(&all), count, false, &r->number));
    buf_clear(&all);
    rig_apply(r);
    str text = told(r, rules ? rig_code(r, NAME_OBJECT, "payers") : 0);
    rig_close(r);
    return text;
}

TEST("rows in bulk leave the timelines, customers and counts that records of their own leave")
{
    str want = run(arena, false, false);
    CHECK(want.n > 10000);
    CHECK_STR(run(arena, true, false), want);
}

TEST("rows in bulk are heard by rules as records of their own are")
{
    str want = run(arena, false, true);
    CHECK(str_find(want, S("member 1")) > 0 && str_find(want, S("member 0")) > 0);
    CHECK_STR(run(arena, true, true), want);
}

TEST("rows that are damaged are told from those that end")
{
    struct buf b;
    struct bulk_record bulk;
    struct bulk_row row = {7, 99, {1, 2}, S("m"), S("")}, back;
    buf_init(&b, 4096);
    bulk_put(&b, S("u1"), S("U1"));
    bulk_row_put(&b, &row, 100);
    CHECK(bulk_read(buf_str(&b), 100, &bulk) && bulk_next(&bulk, &back));
    CHECK(back.event == 7 && back.occurred_ms == 99 && hash128_eq(back.dedupe, row.dedupe));
    CHECK_STR(back.message_id, S("m"));
    CHECK(!bulk_next(&bulk, &back) && !bulk.rows.bad);
    CHECK(bulk_read(str_slice(buf_str(&b), 0, b.n - 1), 100, &bulk));
    CHECK(!bulk_next(&bulk, &back) && bulk.rows.bad);
    CHECK(!bulk_read((str){0}, 100, &bulk));
    buf_clear(&b);
}

/* ---- what an import leaves on the disk ---- */

static void count_seal(void *ctx, str name)
{
    *(u32 *)ctx += str_starts(name, S("seal-"));
}

static u32 seals(struct rig *r)
{
    u32 n = 0;
    CHECK_OK(env_list(r->env, "data", count_seal, &n));
    return n;
}

static void say_import(struct rig *r, u8 state)
{
    struct import_record i = {.source = rig_code(r, NAME_SOURCE, "import:1"), .state = state};
    struct buf payload;
    buf_init(&payload, 256);
    import_put(&payload, &i);
    struct record record = {.kind = RECORD_IMPORT_, .payload = buf_str(&payload)};
    rig_append(r, &record);
    buf_clear(&payload);
}

TEST("the end of a large import leaves one sealed file and a snapshot, and a small one nothing")
{
    struct rig *r = arena_zalloc(arena, sizeof *r);
    struct made *rows = arena_alloc(arena, ROWS * sizeof *rows);
    r->arena = arena;
    r->env = env_sim(test_seed());
    sim_set_wall(r->env, RIG_START);
    r->options = (struct engine_options){
        .dir = "data", .events_tail_bytes = 32 << 10, .log_file_bytes = 1 << 20};
    rig_start(r);
    say_import(r, IMPORT_DONE);
    rig_settle(r);
    CHECK(seals(r) == 0 && !engine_tidying(r->engine));
    for (u32 i = 0; i < 6; i++) {
        struct buf all;
        buf_init(&all, APPEND_BYTES_MAX);
        make_rows(r, rows);
        u32 count = as_bulk(r, rows, &all);
        rig_apply(r);
        CHECK_OK(log_append(engine_log(r->engine), buf_str(&all), count, false, &r->number));
        buf_clear(&all);
        say_import(r, IMPORT_RUNNING);
        rig_settle(r);
    }
    CHECK(seals(r) >= 5); /* as they come, and no snapshot for so few */
    CHECK_EQ(engine_snapshots(r->engine), 0);
    say_import(r, IMPORT_DONE);
    rig_apply(r);
    CHECK(engine_tidying(r->engine));
    rig_settle(r);
    CHECK(!engine_tidying(r->engine));
    CHECK_EQ(engine_snapshots(r->engine), 1);
    rig_item(r, 1, "Viewed", (struct item){0}); /* what comes later is not its business */
    rig_settle(r);
    for (u32 i = 0; i < 2; i++) {
        engine_snapshot(r->engine);
        rig_item(r, 1, "Viewed", (struct item){0});
        rig_settle(r);
    }
    CHECK_EQ(seals(r), 1);
    rig_close(r);
}
