/* log_test.c — records, the queue, the writer, files: what each promises and refuses. */
#include "log/log_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- records ---- */

static struct record random_record(struct rng *rng, char payload[64])
{
    struct record r = {
        .kind = (u16)rng_next(rng),
        .level = (u8)rng_next(rng),
        .id_count = (u8)rng_below(rng, RECORD_IDS_MAX + 1),
        .flags = (u16)rng_next(rng),
        .source = (u32)rng_next(rng),
        .occurred_ms = (i64)rng_next(rng),
        .dedupe = {rng_next(rng), rng_next(rng)},
        .payload = {payload, rng_below(rng, 65)},
    };
    for (u32 i = 0; i < r.id_count; i++)
        r.ids[i] = (struct record_id){{rng_next(rng), rng_next(rng)}, (u32)rng_next(rng)};
    for (size_t i = 0; i < r.payload.n; i++) payload[i] = (char)rng_next(rng);
    return r;
}

static void check_same(const struct record *a, const struct record *b)
{
    CHECK_EQ(a->kind, b->kind);
    CHECK_EQ(a->level, b->level);
    CHECK_EQ(a->id_count, b->id_count);
    CHECK_EQ(a->flags, b->flags);
    CHECK_EQ(a->source, b->source);
    CHECK_EQ(a->occurred_ms, b->occurred_ms);
    CHECK(hash128_eq(a->dedupe, b->dedupe));
    CHECK_STR(a->payload, b->payload);
    for (u32 i = 0; i < a->id_count; i++) {
        CHECK(hash128_eq(a->ids[i].hash, b->ids[i].hash));
        CHECK_EQ(a->ids[i].space, b->ids[i].space);
    }
}

TEST("records come back as they were put, one after the other")
{
    enum { N = 200 };
    static char payloads[N][64];
    struct record *in = arena_alloc(arena, N * sizeof *in), out;
    struct rng rng = {test_seed()};
    struct buf b;
    buf_init(&b, 1 << 20);
    for (u32 i = 0; i < N; i++) {
        in[i] = random_record(&rng, payloads[i]);
        record_put(&b, &in[i]);
        CHECK_EQ(b.n % 8, 0);
    }
    struct reader r = reader_of(buf_str(&b));
    for (u32 i = 0; i < N; i++) {
        CHECK(record_next(&r, &out));
        check_same(&in[i], &out);
    }
    CHECK(!record_next(&r, &out));
    CHECK(!r.bad);
    buf_clear(&b);
}

TEST("a record may be as large as the limit, and one byte more leaves the buffer full")
{
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX * 2);
    char *bytes = arena_zalloc(arena, RECORD_BYTES_MAX);
    struct record r = {.payload = {bytes, RECORD_BYTES_MAX - 40}}, out;
    record_put(&b, &r);
    CHECK(!b.full);
    CHECK_EQ(b.n, RECORD_BYTES_MAX);
    struct reader in = reader_of(buf_str(&b));
    CHECK(record_next(&in, &out));
    CHECK_EQ(out.payload.n, r.payload.n);
    r.payload.n++;
    record_put(&b, &r);
    CHECK(b.full);
    buf_clear(&b);
}

TEST("a record cut anywhere, or with a wild head, is bad and never read beyond its end")
{
    char payload[64];
    struct rng rng = {test_seed()};
    struct record out;
    for (int round = 0; round < 300; round++) {
        struct buf b;
        buf_init(&b, 1 << 12);
        struct record r = random_record(&rng, payload);
        record_put(&b, &r);
        char *copy =
            mem_alloc(b.n); /* of its exact size, so that the sanitizer sees one byte too many */
        for (size_t n = 1; n < b.n; n++) {
            memcpy(copy, b.p, n);
            struct reader in = reader_of((str){copy, n});
            CHECK(!record_next(&in, &out));
            CHECK(in.bad);
        }
        memcpy(copy, b.p, b.n);
        copy[rng_below(&rng, 12)] = (char)rng_next(&rng);
        struct reader in = reader_of((str){copy, b.n});
        while (record_next(&in, &out)) CHECK(out.payload.n <= b.n);
        free(copy);
        buf_clear(&b);
    }
}

/* ---- queue and writer ---- */

/* What both back ends promise. */
static void basics(struct env *env, const char *dir, struct arena *arena)
{
    struct log *log;
    struct diag why = {0};
    struct log_options o = {.dir = dir, .file_bytes = 4096};
    CHECK_OK(log_open(env, &o, &log, &why));
    CHECK_EQ(log_start(log), 1);
    CHECK_EQ(log_durable(log), 0);
    CHECK_EQ(log_time(log), INT64_MIN);
    CHECK_EQ(log_step(log), ERR_AGAIN);
    CHECK(!log_next(log));
    CHECK_STR(read_all(log, 1, arena), S(""));
    CHECK_OK(log_replay_end(log, &why));
    CHECK_EQ(append_ok(log, S("one")), 1);
    CHECK_EQ(append_ok(log, S("two")), 2);
    CHECK(log_pending_bytes(log) > 0);
    CHECK(!log_next(log));
    CHECK_OK(log_step(log));
    CHECK_EQ(log_durable(log), 2);
    CHECK_EQ(log_pending_bytes(log), 0);
    const struct batch *b = log_next(log);
    CHECK_EQ(b->first, 1);
    CHECK_EQ(b->count, 2);
    CHECK_EQ(b->time_ms, log_time(log));
    CHECK(log_next(log) == b);
    log_done(log, b);
    CHECK(!log_next(log));
    CHECK_EQ(append_ok(log, S("three")), 3);
    CHECK_OK(log_step(log));
    consume(log);
    CHECK(log_disk_bytes(log) > 0);
    if (dir) {
        log_close(log);
        CHECK_OK(log_open(env, &o, &log, &why));
        CHECK_EQ(log_durable(log), 3);
    }
    CHECK_STR(read_all(log, 1, arena), S("one two three "));
    CHECK_STR(read_all(log, 3, arena), S("three "));
    CHECK_STR(read_all(log, 4, arena), S(""));
    CHECK_EQ(log_replay(log, 0), ERR_NOT_FOUND);
    CHECK_EQ(log_replay(log, 5), ERR_CORRUPT);
    CHECK_EQ(append_ok(log, S("four")), 4);
    CHECK_OK(log_step(log));
    log_close(log);
}

TEST("what is appended is numbered, durable after a step, handed on, and read again: in files")
{
    struct env *env = env_sim(1);
    CHECK_OK(env_make_dir(env, "log"));
    basics(env, "log", arena);
    env_free(env);
}

TEST("what is appended is numbered, durable after a step, handed on, and read again: in memory")
{
    struct env *env = env_sim(1);
    basics(env, NULL, arena);
    env_free(env);
}

TEST(
    "what is appended is numbered, durable after a step, handed on, and read again: on a real disk")
{
    basics(env_real(), test_dir(), arena);
}

TEST("a log is not opened where there is no directory")
{
    struct env *env = env_sim(1);
    struct log *log;
    struct diag why = {0};
    CHECK_EQ(log_open(env, &(struct log_options){.dir = "no"}, &log, &why), ERR_IO);
    CHECK(!log);
    CHECK(why.message[0]);
    env_free(env);
}

TEST("batch time follows the wall clock, and stands still while that goes back")
{
    struct fixture f = fixture_new(1, 4096);
    i64 start = env_wall_ms(f.env);
    write_ok(f.log, S("a"));
    CHECK_EQ(log_time(f.log), start);
    sim_set_wall(f.env, start - DAY);
    write_ok(f.log, S("b"));
    CHECK_EQ(log_time(f.log), start);
    CHECK_OK(fixture_reopen(&f));
    write_ok(f.log, S("c"));
    CHECK_EQ(log_time(f.log), start);
    sim_set_wall(f.env, start + 5);
    write_ok(f.log, S("d"));
    CHECK_EQ(log_time(f.log), start + 5);
    fixture_free(&f);
}

TEST("beyond the bound appends are refused, urgent ones a sixteenth later")
{
    struct fixture f = fixture_new(1, 1 << 20);
    char text[1000] = "";
    u64 last;
    u32 taken = 0, urgent = 0;
    f.o.pending_bytes_max = 104000; /* a hundred records of 1040 bytes */
    CHECK_OK(fixture_reopen(&f));
    while (append_text(f.log, (str){text, 1000}, 0, false, &last) == ERR_OK) taken++;
    CHECK_EQ(append_text(f.log, (str){text, 1000}, 0, false, &last), ERR_BUSY);
    CHECK_EQ(last, 0);
    while (append_text(f.log, (str){text, 1000}, 0, true, &last) == ERR_OK) urgent++;
    CHECK_EQ(taken, 100);
    CHECK_EQ(urgent, 6);
    CHECK_OK(log_step(f.log));
    CHECK_EQ(log_durable(f.log), 106);
    CHECK_EQ(append_ok(f.log, S("x")), 107);
    fixture_free(&f);
}

TEST("a held log takes what is urgent and nothing else, until it is let go")
{
    struct fixture f = fixture_new(1, 1 << 20);
    u64 last;
    log_hold(f.log, true);
    CHECK_EQ(append_text(f.log, S("x"), 0, false, &last), ERR_BUSY);
    CHECK_OK(append_text(f.log, S("x"), 0, true, &last));
    log_hold(f.log, false);
    CHECK_OK(append_text(f.log, S("x"), 0, false, &last));
    fixture_free(&f);
}

static void count_call(void *ctx)
{
    ++*(u32 *)ctx;
}

TEST("the writer stops when the consumer is eight batches behind, and is woken when it goes on")
{
    u32 woken = 0;
    struct fixture f = fixture_new(1, 1 << 20);
    f.o.on_append = count_call;
    f.o.ctx = &woken;
    CHECK_OK(fixture_reopen(&f));
    for (int i = 0; i < 8; i++) {
        append_ok(f.log, S("x"));
        CHECK_OK(log_step(f.log));
    }
    append_ok(f.log, S("x"));
    CHECK_EQ(log_step(f.log), ERR_AGAIN);
    CHECK_EQ(woken, 0);
    log_done(f.log, log_next(f.log));
    CHECK_EQ(woken, 1);
    CHECK_OK(log_step(f.log));
    CHECK_EQ(log_durable(f.log), 9);
    fixture_free(&f);
}

TEST("an append wakes the writer once after it found nothing, not before and not again")
{
    u32 woken = 0;
    struct fixture f = fixture_new(1, 1 << 20);
    f.o.on_append = count_call;
    f.o.ctx = &woken;
    CHECK_OK(fixture_reopen(&f));
    append_ok(f.log, S("x"));
    CHECK_EQ(woken, 0);
    CHECK_OK(log_step(f.log));
    CHECK_EQ(log_step(f.log), ERR_AGAIN);
    append_ok(f.log, S("x"));
    append_ok(f.log, S("x"));
    CHECK_EQ(woken, 1);
    fixture_free(&f);
}

TEST("an append larger than a batch or a file is one batch; beyond the limit it is refused")
{
    struct fixture f = fixture_new(1, 1 << 20);
    struct buf b;
    u64 last;
    u32 count = 0;
    buf_init(&b, APPEND_BYTES_MAX + RECORD_BYTES_MAX);
    struct record r = {.payload = {arena_zalloc(arena, 1 << 20), RECORD_BYTES_MAX - 40}};
    for (; b.n < APPEND_BYTES_MAX; count++) record_put(&b, &r);
    append_ok(f.log, S("before"));
    CHECK_OK(log_append(f.log, buf_str(&b), count, false, &last));
    CHECK_EQ(last, 1 + count);
    append_ok(f.log, S("after"));
    for (u32 i = 0; i < 3; i++) CHECK_OK(log_step(f.log));
    CHECK_EQ(log_step(f.log), ERR_AGAIN);
    consume(f.log);
    record_put(&b, &r);
    CHECK_EQ(log_append(f.log, buf_str(&b), count + 1, false, &last), ERR_TOO_LARGE);
    CHECK_OK(fixture_reopen(&f));
    CHECK_EQ(log_durable(f.log), 2 + count);
    CHECK_STR(read_all(f.log, 2 + count, arena), S("after "));
    buf_clear(&b);
    fixture_free(&f);
}

TEST("what was not stepped when the log is closed is gone, and its numbers are given again")
{
    struct fixture f = fixture_new(1, 4096);
    write_ok(f.log, S("kept"));
    CHECK_EQ(append_ok(f.log, S("dropped")), 2);
    CHECK_OK(fixture_reopen(&f));
    CHECK_EQ(append_ok(f.log, S("other")), 2);
    CHECK_OK(log_step(f.log));
    consume(f.log);
    CHECK_OK(fixture_reopen(&f));
    CHECK_STR(read_all(f.log, 1, arena), S("kept other "));
    fixture_free(&f);
}

/* ---- the disk fails or is full ---- */

TEST("after a failed sync every call gives the same error, and what was acknowledged is there")
{
    struct fixture f = fixture_new(1, 4096);
    u64 last, cursor = 0;
    write_ok(f.log, S("one"));
    append_ok(f.log, S("two"));
    sim_faults(f.env, (struct sim_faults){.fail_call = 2});
    CHECK_EQ(log_step(f.log), ERR_IO);
    CHECK_EQ(log_step(f.log), ERR_IO);
    CHECK_EQ(append_text(f.log, S("three"), 0, true, &last), ERR_IO);
    CHECK_EQ(log_release(f.log, 1, 0), ERR_IO);
    CHECK_EQ(log_blank_step(f.log, NULL, 0, &cursor), ERR_IO);
    CHECK_EQ(log_prepare_step(f.log), ERR_IO);
    CHECK_EQ(log_replay(f.log, 1), ERR_IO);
    CHECK_EQ(log_durable(f.log), 1);
    sim_crash(f.env);
    CHECK_OK(fixture_reopen(&f));
    CHECK(str_starts(read_all(f.log, 1, arena), S("one ")));
    fixture_free(&f);
}

TEST("a batch that only the page cache holds after a failed sync is made durable by the next start")
{
    for (u64 seed = 1; seed <= 30; seed++) {
        struct fixture f = fixture_new(seed, 4096);
        write_ok(f.log, S("one"));
        append_ok(f.log, S("two"));
        sim_faults(f.env, (struct sim_faults){.fail_call = 2});
        CHECK_EQ(log_step(f.log), ERR_IO);
        sim_kill(f.env);
        CHECK_OK(fixture_reopen(&f));
        CHECK_EQ(log_durable(f.log), 2);
        sim_crash(f.env);
        CHECK_OK(fixture_reopen(&f));
        CHECK_STR(read_all(f.log, 1, arena), S("one two "));
        fixture_free(&f);
    }
}

TEST("on a full disk the queue stays, urgent records go on in what is left, and room is noticed")
{
    struct fixture f = fixture_new(1, 8192);
    char text[800];
    u64 last, written = 0;
    memset(text, 'x', sizeof text);
    sim_faults(f.env, (struct sim_faults){.space_bytes = 8192 * 2 + 100});
    err e;
    while ((e = append_text(f.log, (str){text, 800}, 0, false, &last)) == ERR_OK) {
        CHECK_OK(log_step(f.log));
        consume(f.log);
        written++;
    }
    CHECK_EQ(e, ERR_FULL);
    CHECK(written >= 9);
    while ((e = append_text(f.log, (str){text, 800}, 0, true, &last)) == ERR_OK) {
        e = log_step(f.log);
        if (e != ERR_OK) break;
        consume(f.log);
        written++;
    }
    CHECK_EQ(e, ERR_FULL);
    CHECK_EQ(written, 18);
    CHECK_EQ(log_step(f.log), ERR_FULL);
    CHECK_EQ(log_durable(f.log), 18);
    CHECK(log_pending_bytes(f.log) > 0);
    sim_faults(f.env, (struct sim_faults){0});
    CHECK_OK(log_step(f.log));
    CHECK_EQ(append_ok(f.log, S("again")), 20);
    CHECK_OK(log_step(f.log));
    CHECK_OK(fixture_reopen(&f));
    CHECK_EQ(log_durable(f.log), 20);
    fixture_free(&f);
}

TEST("while appends are refused for a full disk, steps without work find out that there is room "
     "again")
{
    struct fixture f = fixture_new(1, 8192);
    char text[800] = "";
    u64 last;
    sim_faults(f.env, (struct sim_faults){.space_bytes = 8192 + 100});
    while (append_text(f.log, (str){text, 800}, 0, false, &last) == ERR_OK) {
        CHECK_OK(log_step(f.log));
        consume(f.log);
    }
    sim_advance(f.env, 1000);
    CHECK_EQ(log_step(f.log), ERR_AGAIN);
    CHECK_EQ(append_text(f.log, S("x"), 0, false, &last), ERR_FULL);
    sim_faults(f.env, (struct sim_faults){0});
    CHECK_EQ(log_step(f.log), ERR_AGAIN);
    CHECK_EQ(append_text(f.log, S("x"), 0, false, &last), ERR_FULL);
    sim_advance(f.env, 1000);
    CHECK_EQ(log_step(f.log), ERR_AGAIN);
    CHECK_OK(append_text(f.log, S("x"), 0, false, &last));
    fixture_free(&f);
}

TEST("a new log needs room for its first file")
{
    struct env *env = env_sim(1);
    struct log *log;
    struct diag why = {0};
    CHECK_OK(env_make_dir(env, "log"));
    sim_faults(env, (struct sim_faults){.space_bytes = 4095});
    struct log_options o = {.dir = "log", .file_bytes = 4096};
    CHECK_EQ(log_open(env, &o, &log, &why), ERR_FULL);
    CHECK(why.message[0]);
    sim_faults(env, (struct sim_faults){.space_bytes = 4096});
    CHECK_OK(log_open(env, &o, &log, &why));
    log_close(log);
    env_free(env);
}

/* ---- files ---- */

TEST("released files are used again, the newest stays, and nothing of a former life comes back")
{
    struct fixture f = fixture_new(1, 4096);
    u64 written = 0;
    for (int round = 0; round < 20; round++) {
        write_many(f.log, written + 1, written + 40);
        written += 40;
        CHECK_OK(log_release(f.log, written, NEVER));
        CHECK(files_in(f.env, "log") <= 6);
        CHECK(log_start(f.log) > written - 10);
    }
    u64 start = log_start(f.log);
    CHECK_OK(fixture_reopen(&f));
    CHECK_EQ(log_start(f.log), start);
    CHECK_EQ(log_durable(f.log), written);
    CHECK_OK(log_replay(f.log, start));
    for (const struct batch *b; (b = log_next(f.log)); log_done(f.log, b))
        CHECK_EQ(b->first, start++);
    CHECK_OK(log_replay_end(f.log, &f.why));
    CHECK_EQ(start, written + 1);
    CHECK_EQ(log_replay(f.log, log_start(f.log) - 1), ERR_NOT_FOUND);
    fixture_free(&f);
}

TEST("a release keeps what is at or behind the number, and what is young")
{
    struct fixture f = fixture_new(1, 4096);
    write_many(f.log, 1, 50);
    i64 young = log_time(f.log);
    CHECK_OK(log_release(f.log, 51, young));
    CHECK_EQ(log_start(f.log), 1);
    CHECK_OK(log_release(f.log, 20, NEVER));
    CHECK(log_start(f.log) > 10);
    CHECK(log_start(f.log) <= 20);
    sim_advance(f.env, 5);
    write_many(f.log, 51, 70);
    CHECK_OK(log_release(f.log, 70, young + 1));
    CHECK(log_start(f.log) > 20 && log_start(f.log) <= 51);
    fixture_free(&f);
}

TEST("a large file grows step by step beside the writing, and is ready before it is needed")
{
    struct fixture f = fixture_new(1, 8 << 20);
    char *text = arena_zalloc(arena, 100000);
    u64 writes = 0;
    while (log_disk_bytes(f.log) < (1 << 20) + (4 << 20)) {
        write_ok(f.log, (str){text, 100000});
        writes++;
    }
    CHECK(writes >= 6 && writes <= 8); /* between half and three quarters of the first */
    CHECK_EQ(log_prepare_step(f.log), ERR_AGAIN);
    CHECK(!log_unprepared(f.log));
    for (int i = 0; i < 10; i++) write_ok(f.log, (str){text, 100000});
    CHECK(log_unprepared(f.log));
    CHECK_OK(log_prepare_step(f.log));
    while (log_prepare_step(f.log) == ERR_OK) continue;
    CHECK(!log_unprepared(f.log));
    CHECK_EQ(log_disk_bytes(f.log), (1 << 20) + (4 << 20) + (8 << 20));
    CHECK_OK(fixture_reopen(&f));
    CHECK_EQ(log_disk_bytes(f.log), (1 << 20) + (4 << 20) + (8 << 20));
    CHECK_EQ(log_prepare_step(f.log), ERR_OK); /* it finds what is there */
    CHECK_EQ(log_prepare_step(f.log), ERR_AGAIN);
    fixture_free(&f);
}

/* ---- threads ---- */

enum { APPENDERS = 4, APPENDS = 1500 };

struct crowd {
    struct log *log;
    atomic_uint appended, ended;
    u64 last[APPENDERS][APPENDS];
    u32 seen[APPENDERS];
    u64 records;
};

struct appender {
    struct crowd *crowd;
    u32 index;
};

static void *append_many(void *arg)
{
    struct appender *a = arg;
    struct buf b;
    buf_init(&b, 1 << 16);
    for (u32 i = 0; i < APPENDS; i++) {
        struct record r = {
            .kind = (u16)(a->index + 1), .source = i, .payload = S("some text of a record")};
        r.ids[0] = (struct record_id){{1, 1}, 1};
        r.id_count = i % 4 == 0;
        u32 count = 1 + i % 3;
        buf_reset(&b);
        for (u32 k = 0; k < count; k++) record_put(&b, &r);
        err e;
        while ((e = log_append(a->crowd->log, buf_str(&b), count, false,
                               &a->crowd->last[a->index][i])) == ERR_BUSY)
            sched_yield();
        MUST(e == ERR_OK);
    }
    buf_clear(&b);
    atomic_fetch_add(&a->crowd->ended, 1);
    return NULL;
}

static void *write_all(void *arg)
{
    struct crowd *c = arg;
    for (;;) {
        bool over = atomic_load(&c->ended) == APPENDERS;
        err e = log_step(c->log);
        MUST(e == ERR_OK || e == ERR_AGAIN);
        if (e == ERR_AGAIN && over && log_pending_bytes(c->log) == 0) break;
        if (e == ERR_AGAIN) sched_yield();
    }
    atomic_fetch_add(&c->ended, 1);
    return NULL;
}

static void *keep_house(void *arg)
{
    struct crowd *c = arg;
    struct blank_id id = {{{1, 1}, 1}, UINT64_MAX};
    while (atomic_load(&c->ended) < APPENDERS + 1) {
        u64 cursor = 0;
        err e = log_prepare_step(c->log);
        MUST(e == ERR_OK || e == ERR_AGAIN);
        MUST(log_release(c->log, log_durable(c->log) / 2, NEVER) == ERR_OK);
        while (cursor != UINT64_MAX) MUST(log_blank_step(c->log, &id, 1, &cursor) == ERR_OK);
        MUST(log_disk_bytes(c->log) > 0 && log_start(c->log) > 0);
        sched_yield();
    }
    return NULL;
}

static void take_batch(struct crowd *c, const struct batch *b)
{
    struct record r;
    struct reader in = reader_of(b->records);
    CHECK_EQ(b->first, c->records + 1);
    while (record_next(&in, &r)) {
        u32 who = r.kind - 1u, i = r.source;
        c->records++;
        if (c->last[who][i] == c->records) CHECK_EQ(c->seen[who]++, i);
    }
    CHECK_EQ(c->records, b->first + b->count - 1);
}

static void crowd_run(struct log *log, struct arena *arena)
{
    struct crowd *c = arena_zalloc(arena, sizeof *c);
    struct appender appenders[APPENDERS];
    pthread_t threads[APPENDERS + 2];
    c->log = log;
    for (u32 i = 0; i < APPENDERS; i++) {
        appenders[i] = (struct appender){c, i};
        CHECK_EQ(pthread_create(&threads[i], NULL, append_many, &appenders[i]), 0);
    }
    CHECK_EQ(pthread_create(&threads[APPENDERS], NULL, write_all, c), 0);
    CHECK_EQ(pthread_create(&threads[APPENDERS + 1], NULL, keep_house, c), 0);
    while (atomic_load(&c->ended) < APPENDERS + 1 || c->records < log_durable(log)) {
        const struct batch *b = log_next(log);
        if (b)
            take_batch(c, b), log_done(log, b);
        else
            sched_yield();
    }
    for (u32 i = 0; i < APPENDERS + 2; i++) pthread_join(threads[i], NULL);
    CHECK_EQ(c->records, APPENDERS * APPENDS * 2);
    for (u32 i = 0; i < APPENDERS; i++) CHECK_EQ(c->seen[i], APPENDS);
}

TEST("many threads append: everything arrives once, in the order of its numbers, while files come "
     "and go")
{
    struct log *log;
    struct diag why = {0};
    struct log_options o = {.dir = test_dir(),
                            .file_bytes = 64 << 10,
                            .pending_bytes_max = 64 << 10,
                            .unsafe_no_sync = true};
    CHECK_OK(log_open(env_real(), &o, &log, &why));
    crowd_run(log, arena);
    u64 durable = log_durable(log), start = log_start(log);
    log_close(log);
    CHECK_OK(log_open(env_real(), &o, &log, &why));
    CHECK_EQ(log_durable(log), durable);
    CHECK_EQ(log_start(log), start);
    CHECK_OK(log_replay(log, start));
    consume(log);
    CHECK_OK(log_replay_end(log, &why));
    log_close(log);
}
