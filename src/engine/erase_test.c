/* Forgetting: at once for everything that runs, soon for the disk, and nobody else loses a thing.
 */
#include "engine/house_test.h"

#define SECRET "marker-of-ada"

/* ---- looking into every file ---- */

struct grep {
    struct env *env;
    const char *dir;
    str what;
    u32 found;
};

static void grep_file(void *ctx, str name)
{
    struct grep *g = ctx;
    struct arena *a = arena_new();
    struct file *f;
    u64 size = 0;
    size_t got = 0;
    const char *path = arena_printf(a, "%s/%.*s", g->dir, STR_ARG(name)).p;
    if (env_open(g->env, path, FILE_READ, &f) == ERR_OK) {
        CHECK_OK(file_size(f, &size));
        char *p = arena_alloc(a, size + 1);
        CHECK_OK(file_read(f, 0, p, size, &got));
        g->found += str_find((str){p, got}, g->what) >= 0;
        file_close(f);
    }
    arena_free(a);
}

/* Files of the directory that hold the text as it is. */
static u32 files_with(struct house *h, const char *what)
{
    struct grep g = {.env = h->env, .what = str_of(what)};
    static const char *const DIRS[] = {"/x", "/x/log", "/x/events"};
    for (u32 i = 0; i < COUNT_OF(DIRS); i++) {
        g.dir = DIRS[i];
        (void)!env_list(h->env, g.dir, grep_file, &g);
    }
    return g.found;
}

/* ---- a small world ---- */

static persona ada_comes(struct house *h)
{
    persona p = house_post(h, &(struct post){.ids = {"user:" SECRET, "mail:" SECRET "@x.test"},
                                             .attribute = "note",
                                             .tag = "t0",
                                             .consent = 1,
                                             .v = value_text(S(SECRET " lives here"))});
    house_post(h, &(struct post){.ids = {"user:" SECRET}, .event = "Search"});
    return p;
}

static u32 under_way(struct house *h)
{
    struct erasure_info list[8];
    return engine_erasures(h->e, list, 8);
}

/* Until the disk is rid of her: the work goes on as batches come. */
static void let_it_work(struct house *h)
{
    for (u32 i = 0; i < 50 && under_way(h); i++) {
        sim_advance(h->env, SECOND);
        house_say(h, RECORD_HEARTBEAT_, (str){0});
    }
}

static u64 events_of(struct house *h, const char *reference)
{
    struct subject who;
    struct event ev;
    u64 n = 0;
    persona head = house_find(h, reference);
    if (!head) return 0;
    struct arena *a = arena_new();
    engine_subject(h->e, head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, a);
    while (event_next(it, &ev)) n++;
    arena_free(a);
    return n;
}

TEST("who is erased is gone at once, from everything that runs")
{
    struct house h;
    house_open(&h, 1, NULL);
    house_publish(&h, OBJECT_SEGMENT,
                  "{\"id\":\"all\",\"if\":{\"did\":\"Search\",\"within\":\"3h\"}}");
    house_publish(&h, OBJECT_JOURNEY,
                  "{\"id\":\"j\",\"trigger\":{\"event\":\"Search\"},\"steps\":[{\"id\":\"m\","
                  "\"send\":{\"channel\":\"email\",\"template\":\"t\"}},{\"id\":\"w\",\"wait\":{"
                  "\"for\":\"1h\"}}]}");
    persona a = ada_comes(&h);
    persona b = house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Search"});
    u32 code = names_find(engine_names(h.e), NAME_OBJECT, S("all"));
    CHECK_EQ(segment_count(engine_segments(h.e), code), 2);
    u32 message = customer_at(engine_customers(h.e), a)->messages;
    hash128 id = message_id(engine_messages(h.e), message);
    house_persona(&h, RECORD_ERASE_, a);
    CHECK_EQ(house_find(&h, "user:" SECRET), 0);
    CHECK_EQ(customer_head(engine_customers(h.e), a), 0);
    CHECK_EQ(segment_count(engine_segments(h.e), code), 1);
    CHECK_EQ(customers_count(engine_customers(h.e)), 1);
    struct message_tally t = message_tally(engine_messages(h.e));
    CHECK_EQ(t.planned, 2);
    CHECK_EQ(t.now[MESSAGE_CANCELLED], 1);
    CHECK_EQ(t.now[MESSAGE_PLANNED], 1);
    struct journey_info info;
    CHECK(journey_find(engine_journeys(h.e), S("j"), &info));
    CHECK_EQ(info.waiting, 1);
    CHECK(events_of(&h, "user:bob") > 1);
    /* A claim on its way finds no message, and its answer none either. */
    struct claim_record claim = {.message = message, .id = id, .rendered_at = engine_applied(h.e)};
    struct answer_record told = {.message = message, .id = id, .class = ANSWER_SENT};
    struct claim_outcome outcome;
    struct buf buf;
    buf_init(&buf, 4096);
    claim_put(&buf, &claim);
    house_say(&h, RECORD_CLAIM_, buf_str(&buf));
    CHECK(engine_outcome(h.e, &outcome));
    CHECK_EQ(outcome.why, REFUSAL_STOPPED);
    buf_reset(&buf);
    answer_put(&buf, &told);
    house_say(&h, RECORD_ANSWER_, buf_str(&buf));
    buf_clear(&buf);
    CHECK_EQ(message_tally(engine_messages(h.e)).now[MESSAGE_SENT], 0);
    /* Who comes again is somebody new. */
    persona again = ada_comes(&h);
    CHECK(again > b);
    CHECK_EQ(engine_stats(h.e).customers, 2);
    house_close(&h);
}

TEST("a suppressed address stays suppressed when its customer is erased")
{
    struct house h;
    house_open(&h, 1, NULL);
    persona a = ada_comes(&h);
    struct identifier mail = house_id(&h, "mail:" SECRET "@x.test");
    hash128 key = address_key(engine_key(h.e), CHANNEL_EMAIL, mail.value);
    struct buf b;
    buf_init(&b, 256);
    suppress_put(&b, &(struct suppress_record){
                         CHANNEL_EMAIL, key, SUPPRESSED_COMPLAINT, {mail.hash, mail.space}});
    house_say(&h, RECORD_SUPPRESS_, buf_str(&b));
    buf_clear(&b);
    house_persona(&h, RECORD_ERASE_, a);
    ada_comes(&h);
    const struct address_row *row = address_of(engine_customers(h.e), key);
    CHECK(row && row->suppressed == SUPPRESSED_COMPLAINT);
    house_close(&h);
}

TEST("after an erasure no file has a byte of her, others have all of theirs, and replay agrees")
{
    struct house h;
    house_open(&h, 1, "/x");
    persona a = ada_comes(&h);
    house_post(&h, &(struct post){.ids = {"user:bob", "mail:bob@x.test"}, .event = "Search"});
    engine_snapshot(h.e);
    house_settle(&h);
    ada_comes(&h);
    u64 bob = events_of(&h, "user:bob");
    CHECK(files_with(&h, SECRET) > 0);
    house_persona(&h, RECORD_ERASE_, a);
    let_it_work(&h);
    CHECK_EQ(under_way(&h), 0);
    CHECK_EQ(events_deleted(engine_events(h.e)), 0);
    CHECK_EQ(files_with(&h, SECRET), 0);
    CHECK(files_with(&h, "bob@x.test") > 0);
    CHECK_EQ(events_of(&h, "user:bob"), bob);
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    CHECK_EQ(house_find(&h, "user:" SECRET), 0);
    house_close(&h);
}

/* What a file had of one person, as the import writes it. */
static void brings(struct house *h, const char *reference, const char *words)
{
    struct identifier id = house_id(h, reference);
    struct record r = {.kind = RECORD_BULK_,
                       .level = ENGINE_LEVEL,
                       .flags = RECORD_IMPORT | RECORD_FILE | RECORD_HISTORY,
                       .source = house_name(h, NAME_SOURCE, "import:1"),
                       .occurred_ms = house_now(h) - 9 * DAY,
                       .id_count = 1,
                       .ids = {{id.hash, id.space}}};
    struct buf payload, props;
    buf_init(&payload, 1 << 16);
    buf_init(&props, 4096);
    props_put(&props, house_name(h, NAME_PROPERTY, "n"), value_text(str_of(words)));
    bulk_put(&payload, id.value, (str){0});
    for (u32 i = 0; i < 3; i++)
        bulk_row_put(&payload,
                     &(struct bulk_row){.event = house_name(h, NAME_EVENT, "Bought Before"),
                                        .occurred_ms = r.occurred_ms + i * DAY,
                                        .props = buf_str(&props)},
                     r.occurred_ms + (i ? (i - 1) * DAY : 0));
    r.payload = buf_str(&payload);
    house_put(h, &r);
    buf_clear(&payload);
    buf_clear(&props);
}

TEST("what an import brought of her goes with her, from every file, and replay agrees")
{
    for (u32 snapshots = 0; snapshots < 2; snapshots++) {
        struct house h;
        house_open(&h, 1 + snapshots, "/x");
        brings(&h, "user:" SECRET, SECRET " bought it");
        brings(&h, "user:bob", "bob bought it");
        if (snapshots) engine_snapshot(h.e);
        house_settle(&h);
        brings(&h, "user:" SECRET, SECRET " bought it again");
        CHECK_EQ(events_of(&h, "user:" SECRET), 6);
        CHECK(files_with(&h, SECRET) > 0);
        house_persona(&h, RECORD_ERASE_, house_find(&h, "user:" SECRET));
        CHECK_EQ(house_find(&h, "user:" SECRET), 0);
        let_it_work(&h);
        CHECK_EQ(under_way(&h), 0);
        CHECK_EQ(files_with(&h, SECRET), 0);
        CHECK_EQ(events_of(&h, "user:bob"), 3);
        hash128 live = engine_hash(h.e);
        house_again(&h);
        CHECK(hash128_eq(engine_hash(h.e), live));
        brings(&h, "user:" SECRET, "somebody new");
        CHECK_EQ(events_of(&h, "user:" SECRET), 3);
        house_close(&h);
    }
}

TEST("an erasure goes on after a restart at any of its stages")
{
    for (u32 stop = 1; stop < 12; stop++) {
        struct house h;
        house_open(&h, stop, "/x");
        persona a = ada_comes(&h);
        house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Search"});
        struct record r = {.kind = RECORD_ERASE_, .level = ENGINE_LEVEL, .occurred_ms = NEVER};
        struct buf payload, b;
        u64 last;
        buf_init(&payload, 64);
        buf_init(&b, 4096);
        char id[33];
        customer_id(engine_customers(h.e), a, id);
        persona_put(&payload, (str){id, 32});
        r.payload = buf_str(&payload);
        record_put(&b, &r);
        CHECK_OK(log_append(engine_log(h.e), buf_str(&b), 1, false, &last));
        CHECK_OK(log_step(engine_log(h.e)));
        for (u32 i = 0; i < stop; i++) {
            engine_step(h.e);
            engine_background(h.e, 1);
        }
        house_again(&h);
        let_it_work(&h);
        CHECK_EQ(under_way(&h), 0);
        CHECK_EQ(files_with(&h, SECRET), 0);
        CHECK(house_find(&h, "user:bob") && !house_find(&h, "user:" SECRET));
        buf_clear(&b);
        buf_clear(&payload);
        house_close(&h);
    }
}

TEST("who comes again while her past goes from the disk keeps what she says now")
{
    struct house h;
    house_open(&h, 1, "/x");
    persona a = ada_comes(&h);
    house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Search"});
    house_persona(&h, RECORD_ERASE_, a);
    ada_comes(&h);
    let_it_work(&h);
    CHECK_EQ(under_way(&h), 0);
    ada_comes(&h);
    u64 events = events_of(&h, "user:" SECRET);
    CHECK(events > 2);
    CHECK(files_with(&h, SECRET) > 0); /* she is in the log again */
    hash128 live = engine_hash(h.e);
    sim_kill(h.env);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    CHECK_EQ(events_of(&h, "user:" SECRET), events);
    house_close(&h);
}

TEST("records of others that name what they shared with her stay whole")
{
    struct house h;
    house_open(&h, 1, "/x");
    persona a = house_post(&h, &(struct post){.ids = {"user:ada", "mail:family@x.test"},
                                              .attribute = "a0",
                                              .v = value_text(S("hers"))});
    house_post(&h, &(struct post){.ids = {"user:bob", "mail:family@x.test"},
                                  .attribute = "a0",
                                  .v = value_text(S("kept-of-bob"))});
    CHECK(house_find(&h, "user:bob") != a);
    house_persona(&h, RECORD_ERASE_, a);
    let_it_work(&h);
    CHECK_EQ(under_way(&h), 0);
    CHECK(files_with(&h, "kept-of-bob") > 0);
    CHECK_STR(house_attribute(&h, house_find(&h, "user:bob"), "a0"), S("kept-of-bob"));
    house_close(&h);
}

TEST("the log alone, once blanked, gives everybody the same number and others all of theirs, and "
     "sends nothing by itself")
{
    struct house h, alone;
    house_open(&h, 1, "/x");
    house_post(&h, &(struct post){.ids = {"anon:d1"}, .event = "Search"});
    brings(&h, "user:" SECRET, "out of a file");
    persona a = ada_comes(&h);
    house_post(&h, &(struct post){
                       .ids = {"anon:d1", "user:" SECRET}, .what = ITEM_ALIAS, .event = "Search"});
    house_post(
        &h, &(struct post){.ids = {"user:bob"}, .attribute = "a0", .v = value_text(S("of bob"))});
    persona bob = house_find(&h, "user:bob");
    CHECK_EQ(customer_personas(engine_customers(h.e), house_find(&h, "user:" SECRET), NULL, 0), 2);
    house_persona(&h, RECORD_ERASE_, a);
    let_it_work(&h);
    CHECK_EQ(under_way(&h), 0);
    house_post(&h, &(struct post){.ids = {"user:eve"}, .event = "Search"});
    persona eve = house_find(&h, "user:eve");
    u64 bobs = events_of(&h, "user:bob");
    bool held = engine_sending_held(h.e);
    engine_close(h.e);
    alone = h;
    alone.options.from_log_alone = true;
    house_enter(&alone);
    CHECK_EQ(house_find(&alone, "user:bob"), bob);
    CHECK_EQ(house_find(&alone, "user:eve"), eve);
    CHECK_EQ(house_find(&alone, "user:" SECRET), 0);
    CHECK_EQ(house_find(&alone, "anon:d1"), 0);
    CHECK_EQ(customers_count(engine_customers(alone.e)), 2);
    CHECK_EQ(events_of(&alone, "user:bob"), bobs);
    CHECK_STR(house_attribute(&alone, bob, "a0"), S("of bob"));
    CHECK(!held && engine_sending_held(alone.e) && engine_is_blanked(alone.e));
    house_close(&alone);
}

/* ---- everybody of a segment ---- */

static u64 erase_members(struct house *h, const char *segment)
{
    struct buf b;
    struct job_record j = {.kind = JOB_ERASE_MEMBERS, .on = 1};
    j.object = names_find(engine_names(h->e), NAME_OBJECT, str_of(segment));
    buf_init(&b, 64);
    job_put(&b, &j);
    struct buf whole;
    buf_init(&whole, 4096);
    record_put(&whole, &(struct record){.kind = RECORD_JOB_,
                                        .level = ENGINE_LEVEL,
                                        .occurred_ms = NEVER,
                                        .payload = buf_str(&b)});
    u64 number;
    CHECK_OK(log_append(engine_log(h->e), buf_str(&whole), 1, false, &number));
    CHECK_OK(log_step(engine_log(h->e)));
    CHECK(engine_step(h->e)); /* it began, and nothing more */
    buf_clear(&whole);
    buf_clear(&b);
    return number;
}

TEST("everybody of a segment is erased piece by piece, over a start, and nobody else")
{
    enum { PEOPLE = 300 };
    struct house h;
    struct erase_job_info info;
    char name[32];
    house_open(&h, 1, "/x");
    house_publish(&h, OBJECT_SEGMENT,
                  "{\"id\":\"old\",\"if\":{\"attribute\":\"age\",\"op\":\">\",\"value\":40}}");
    for (i64 i = 0; i < PEOPLE; i++) {
        snprintf(name, sizeof name, "user:p%lld", (long long)i);
        house_post(
            &h, &(struct post){.ids = {name}, .attribute = "age", .v = value_int(i % 3 ? 50 : 20)});
    }
    house_settle(&h);
    u64 job = erase_members(&h, "old");
    CHECK(engine_erase_job(h.e, job, &info));
    CHECK_EQ(info.total, 200);
    CHECK_EQ(info.erased, 0);
    CHECK_STR(info.segment, S("old"));
    house_again(&h);
    /* Who comes into it now stays. */
    house_post(&h, &(struct post){.ids = {"user:p0"}, .attribute = "age", .v = value_int(90)});
    house_settle(&h);
    CHECK(engine_erase_job(h.e, job, &info));
    CHECK(!info.running);
    CHECK_EQ(info.erased, 200);
    CHECK_EQ(customers_count(engine_customers(h.e)), 100);
    CHECK(house_find(&h, "user:p0") && house_find(&h, "user:p3") && !house_find(&h, "user:p1"));
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    CHECK_EQ(
        segment_count(engine_segments(h.e), names_find(engine_names(h.e), NAME_OBJECT, S("old"))),
        1);
    house_close(&h);
}
