/* damage_test.c — what is damaged is found and named; what is erased is gone from every byte. */
#include "log/log_fixture.h"

/* ---- damage ---- */

static const char *path_of(u64 seq, struct arena *arena)
{
    return arena_printf(arena, "log/%016llx.log%c", (unsigned long long)seq, 0).p;
}

static void flip(struct env *env, const char *path, u64 at, u8 bits)
{
    struct file *f;
    u8 byte;
    size_t got;
    CHECK_OK(env_open(env, path, FILE_WRITE, &f));
    CHECK_OK(file_read(f, at, &byte, 1, &got));
    CHECK_EQ(got, 1);
    byte ^= bits;
    CHECK_OK(file_write(f, at, &byte, 1));
    file_close(f);
}

TEST("damage before the last batch stops the start, and names the file and the byte")
{
    struct fixture f = fixture_new(1, 1 << 16);
    for (int i = 0; i < 3; i++) write_ok(f.log, S("text"));
    flip(f.env, path_of(1, arena), 64 + 88 + 50, 1); /* in the second batch of 88 bytes */
    CHECK_EQ(fixture_reopen(&f), ERR_CORRUPT);
    CHECK(!f.log);
    CHECK_STR(str_of(f.why.path), S("log/0000000000000001.log"));
    CHECK(str_find(str_of(f.why.message), S("byte 152")) >= 0);
    env_free(f.env);
}

TEST("a damaged last batch is the torn tail: it is cut, and the log goes on")
{
    struct fixture f = fixture_new(1, 1 << 16);
    for (int i = 0; i < 3; i++) write_ok(f.log, S("text"));
    flip(f.env, path_of(1, arena), 64 + 2 * 88 + 50, 1);
    CHECK_OK(fixture_reopen(&f));
    CHECK_EQ(log_durable(f.log), 2);
    write_ok(f.log, S("new"));
    CHECK_OK(fixture_reopen(&f));
    CHECK_STR(read_all(f.log, 1, arena), S("text text new "));
    fixture_free(&f);
}

TEST("a whole batch in the wrong place is damage")
{
    struct fixture f = fixture_new(1, 1 << 16);
    char batch[88];
    size_t got;
    struct file *file;
    for (int i = 0; i < 4; i++) write_ok(f.log, S("text"));
    CHECK_OK(env_open(f.env, path_of(1, arena), FILE_WRITE, &file));
    CHECK_OK(file_read(file, 64 + 2 * 88, batch, sizeof batch, &got));
    CHECK_OK(file_write(file, 64 + 88, batch, sizeof batch));
    file_close(file);
    CHECK_EQ(fixture_reopen(&f), ERR_CORRUPT);
    CHECK(str_find(str_of(f.why.message), S("byte 152")) >= 0);
    env_free(f.env);
}

TEST("damage in an older file is found by the replay, which then ends the log")
{
    struct fixture f = fixture_new(1, 4096);
    u64 last;
    write_many(f.log, 1, 30);
    flip(f.env, path_of(2, arena), 1000, 4);
    CHECK_OK(fixture_reopen(&f));
    CHECK_OK(log_replay(f.log, 1));
    CHECK_EQ(log_replay_end(f.log, &f.why), ERR_AGAIN);
    consume(f.log);
    CHECK_EQ(log_replay_end(f.log, &f.why), ERR_CORRUPT);
    CHECK_STR(str_of(f.why.path), S("log/0000000000000002.log"));
    CHECK_EQ(append_text(f.log, S("x"), 0, false, &last), ERR_CORRUPT);
    CHECK_EQ(log_step(f.log), ERR_CORRUPT);
    fixture_free(&f);
}

TEST("a file that is missing in the middle stops the start")
{
    struct fixture f = fixture_new(1, 4096);
    write_many(f.log, 1, 30);
    CHECK_OK(env_remove(f.env, path_of(2, arena)));
    CHECK_EQ(fixture_reopen(&f), ERR_CORRUPT);
    CHECK_STR(str_of(f.why.path), S("log/0000000000000003.log"));
    env_free(f.env);
}

TEST("a file of another log, or of a newer version, is refused")
{
    struct fixture f = fixture_new(1, 4096), g = fixture_new(2, 4096);
    char head[64];
    size_t got;
    struct file *file;
    write_many(f.log, 1, 12);
    write_many(g.log, 1, 12);
    CHECK_OK(env_open(g.env, path_of(2, arena), FILE_READ, &file));
    CHECK_OK(file_read(file, 0, head, sizeof head, &got));
    file_close(file);
    CHECK_OK(env_open(f.env, path_of(2, arena), FILE_WRITE, &file));
    CHECK_OK(file_write(file, 0, head, sizeof head));
    file_close(file);
    CHECK_EQ(fixture_reopen(&f), ERR_CORRUPT);
    CHECK(str_find(str_of(f.why.message), S("another log")) >= 0);
    env_free(f.env);
    fixture_free(&g);
}

TEST("when the only file left has lost its header, that is damage and no new log")
{
    for (u64 at = 0; at < 64; at += 9) {
        struct fixture f = fixture_new(1, 4096);
        write_many(f.log, 1, 30);
        CHECK_OK(log_release(f.log, 30, NEVER));
        flip(f.env, path_of(4, arena), at, 0x10);
        CHECK_EQ(fixture_reopen(&f), ERR_CORRUPT);
        CHECK_STR(str_of(f.why.path), S("log/0000000000000004.log"));
        env_free(f.env);
    }
}

TEST("a header that a failed write left half done is none: the log goes on behind it")
{
    for (u64 bytes = 1; bytes < 64; bytes += 6) {
        struct fixture f = fixture_new(1, 4096), other = fixture_new(2, 4096);
        char head[64];
        size_t got;
        struct file *file;
        write_many(f.log, 1, 8); /* the next file is ready by now */
        write_ok(other.log, S("x"));
        CHECK_OK(env_open(other.env, path_of(1, arena), FILE_READ, &file));
        CHECK_OK(file_read(file, 0, head, sizeof head, &got));
        file_close(file);
        CHECK_OK(env_open(f.env, path_of(2, arena), FILE_WRITE, &file));
        CHECK_OK(file_write(file, 0, head, bytes));
        file_close(file);
        CHECK_OK(fixture_reopen(&f));
        write_many(f.log, 9, 20);
        CHECK_OK(fixture_reopen(&f));
        CHECK_EQ(log_durable(f.log), 20);
        fixture_free(&f);
        fixture_free(&other);
    }
}

/* Whether all records of the log can be read but at most the last `may_miss` ones. */
static bool readable(struct fixture *f, u64 count, u64 may_miss)
{
    if (fixture_reopen(f) != ERR_OK) return false;
    if (log_replay(f->log, 1) != ERR_OK) return false;
    consume(f->log);
    if (log_replay_end(f->log, &f->why) != ERR_OK) return false;
    CHECK(log_durable(f->log) + may_miss >= count);
    return true;
}

TEST("any flipped bit is found, or hits what is no record, or cuts the very last batch")
{
    struct rng rng = {test_seed()};
    u32 found = 0, harmless = 0;
    for (u64 seq = 1; seq <= 3; seq++) {
        for (u64 at = rng_below(&rng, 8); at < 1024; at += 1 + rng_below(&rng, 8)) {
            struct fixture f = fixture_new(1, 1024);
            write_many(f.log, 1, 6);
            flip(f.env, path_of(seq, arena), at, (u8)(1 << rng_below(&rng, 8)));
            if (readable(&f, 6, seq == 3 ? 1 : 0))
                harmless++;
            else
                found++;
            fixture_free(&f);
        }
    }
    CHECK(found > 300);
    CHECK(harmless > 50);
}

/* ---- erasure ---- */

static void erase_all(struct log *log, u64 id)
{
    struct blank_id ids[] = {{{{id, 0}, 1}, UINT64_MAX}, {{{id, 0}, 9}, UINT64_MAX}};
    for (u64 cursor = 0; cursor != UINT64_MAX;) CHECK_OK(log_blank_step(log, ids, 2, &cursor));
}

/* Whether any file holds the text, be it in a batch or behind the tail. */
struct grep {
    struct env *env;
    str what;
    bool found;
};

static void grep_file(void *ctx, str name)
{
    struct grep *g = ctx;
    struct arena *arena = arena_new();
    struct file *f;
    u64 size;
    size_t got;
    CHECK_OK(
        env_open(g->env, arena_printf(arena, "log/%.*s%c", STR_ARG(name), 0).p, FILE_READ, &f));
    CHECK_OK(file_size(f, &size));
    char *p = arena_alloc(arena, size);
    CHECK_OK(file_read(f, 0, p, size, &got));
    g->found |= str_find((str){p, got}, g->what) >= 0;
    file_close(f);
    arena_free(arena);
}

static bool disk_has(struct env *env, str what)
{
    struct grep g = {env, what, false};
    CHECK_OK(env_list(env, "log", grep_file, &g));
    return g.found;
}

static void write_about(struct log *log, u64 from, u64 to)
{
    for (u64 i = from; i <= to; i++) {
        char text[200];
        u64 last;
        int n = snprintf(text, sizeof text, "%s%llu......................................",
                         i % 3 ? "keep" : "SECRET", (unsigned long long)i);
        CHECK_OK(append_text(log, (str){text, (size_t)n}, 100 + i % 3, false, &last));
        CHECK_OK(log_step(log));
        consume(log);
    }
}

static void check_blanked(struct log *log, u64 count)
{
    struct record r;
    u64 number = 0;
    CHECK_OK(log_replay(log, 1));
    for (const struct batch *b; (b = log_next(log)); log_done(log, b)) {
        struct reader in = reader_of(b->records);
        CHECK_EQ(b->first, number + 1);
        while (record_next(&in, &r)) {
            number++;
            CHECK_EQ(r.ids[0].hash.lo, 100 + number % 3);
            CHECK_EQ(r.payload.n == 0, number % 3 == 0);
        }
        CHECK(!in.bad);
    }
    CHECK_EQ(number, count);
}

TEST("an erasure empties the payloads in every file, keeps heads and numbers, and the log goes on")
{
    struct fixture f = fixture_new(1, 2048);
    write_about(f.log, 1, 100);
    CHECK(disk_has(f.env, S("SECRET")));
    u64 before = log_disk_bytes(f.log);
    erase_all(f.log, 100);
    CHECK(!disk_has(f.env, S("SECRET")));
    CHECK(log_disk_bytes(f.log) < before);
    write_about(f.log, 101, 101);
    CHECK_OK(fixture_reopen(&f));
    check_blanked(f.log, 101);
    erase_all(f.log, 100);
    erase_all(f.log, 777);
    CHECK_OK(fixture_reopen(&f));
    CHECK_EQ(log_durable(f.log), 101);
    sim_crash(f.env);
    CHECK_OK(fixture_reopen(&f));
    check_blanked(f.log, 101);
    fixture_free(&f);
}

TEST("an erasure empties the payloads in memory as well")
{
    struct env *env = env_sim(1);
    struct log *log;
    struct diag why = {0};
    CHECK_OK(log_open(env, &(struct log_options){0}, &log, &why));
    write_about(log, 1, 20);
    erase_all(log, 100);
    check_blanked(log, 20);
    CHECK_OK(log_release(log, 15, NEVER));
    CHECK_EQ(log_start(log), 15);
    CHECK_EQ(log_replay(log, 14), ERR_NOT_FOUND);
    log_close(log);
    env_free(env);
}

TEST("an erasure reaches what recycled files still hold, be they in use or not")
{
    for (u64 more = 1; more <= 30; more++) {
        struct fixture f = fixture_new(more, 2048);
        write_about(f.log, 1, 40);
        CHECK_OK(log_release(f.log, 40, NEVER));
        CHECK(disk_has(f.env, S("SECRET3.")));
        write_many(f.log, 41, 40 + more);
        if (more % 2) CHECK_OK(fixture_reopen(&f));
        erase_all(f.log, 100);
        CHECK(!disk_has(f.env, S("SECRET")));
        CHECK_OK(fixture_reopen(&f));
        CHECK_EQ(log_durable(f.log), 40 + more);
        fixture_free(&f);
    }
}

TEST("an erasure leaves alone what it has nothing to do in, and costs the log one file at most")
{
    struct fixture f = fixture_new(1, 2048);
    write_about(f.log, 1, 42);
    erase_all(f.log, 100);
    write_about(f.log, 43, 43);
    u32 files = files_in(f.env, "log");
    write_about(f.log, 44, 44);
    CHECK_EQ(files_in(f.env, "log"), files);
    u64 bytes = log_disk_bytes(f.log);
    erase_all(f.log, 777);
    CHECK_EQ(log_disk_bytes(f.log), bytes);
    write_about(f.log, 45, 45);
    CHECK_EQ(files_in(f.env, "log"), files);
    fixture_free(&f);
}

/* Leaves a thread for ever where it passes that point; the test goes on as another one. */
static void stop_writer_at(struct fixture *f, const char *point)
{
    if (sim_kill_here(f->env)) return;
    sim_kill_at(f->env, point, 1);
    CHECK_OK(log_step(f->log));
}

static void stop_erasure_at(struct fixture *f, const char *point)
{
    if (sim_kill_here(f->env)) return;
    sim_kill_at(f->env, point, 1);
    erase_all(f->log, 100);
}

TEST("an erasure waits for the batch that is being written to the file it would close")
{
    struct fixture f = fixture_new(1, 2048);
    struct blank_id id = {{{100, 0}, 1}, UINT64_MAX};
    u64 cursor = 0;
    write_about(f.log, 1, 5);
    append_ok(f.log, S("in flight"));
    stop_writer_at(&f, "log.after_write");
    CHECK(sim_kill_fired(f.env));
    CHECK_OK(log_blank_step(f.log, &id, 1, &cursor));
    CHECK_EQ(cursor, 0);
    CHECK(disk_has(f.env, S("SECRET")));
    fixture_free(&f);
}

TEST("an erasure waits for the batch that begins a recycled file")
{
    struct fixture f = fixture_new(1, 2048);
    struct blank_id id = {{{777, 0}, 1}, UINT64_MAX};
    u64 cursor = UINT64_MAX - 1;
    write_many(f.log, 1, 24); /* the files are full: four records each */
    CHECK_OK(log_release(f.log, 24, NEVER));
    CHECK_OK(log_blank_step(f.log, &id, 1, &cursor));
    CHECK_EQ(cursor, UINT64_MAX);
    write_many(f.log, 25, 48);
    CHECK_OK(log_release(f.log, 48, NEVER));
    append_ok(f.log, S("in flight"));
    stop_writer_at(&f, "log.after_write");
    u32 files = files_in(f.env, "log");
    cursor = UINT64_MAX - 1;
    CHECK_OK(log_blank_step(f.log, &id, 1, &cursor));
    CHECK_EQ(cursor, UINT64_MAX - 1);
    CHECK_EQ(files_in(f.env, "log"), files);
    fixture_free(&f);
}

TEST("while an erasure rewrites the current file, the writer goes on in the next one")
{
    struct fixture f = fixture_new(1, 4096);
    write_about(f.log, 1, 5);
    stop_erasure_at(&f, "log.blanked");
    CHECK(sim_kill_fired(f.env));
    write_ok(f.log, S("written meanwhile"));
    CHECK_OK(env_rename(f.env, "log/0000000000000001.tmp", path_of(1, arena)));
    CHECK_OK(fixture_reopen(&f));
    CHECK(!disk_has(f.env, S("SECRET")));
    CHECK_EQ(log_durable(f.log), 6);
    CHECK(str_ends(read_all(f.log, 1, arena), S("written meanwhile ")));
    fixture_free(&f);
}

/* The numbers of the records whose payload is gone. */
static str blank_ones(struct log *log, struct arena *arena)
{
    struct buf b;
    struct record r;
    u64 number = 0;
    buf_init(&b, 4096);
    CHECK_OK(log_replay(log, 1));
    for (const struct batch *batch; (batch = log_next(log)); log_done(log, batch))
        for (struct reader in = reader_of(batch->records); record_next(&in, &r);)
            if (++number && r.payload.n == 0) buf_printf(&b, "%llu ", (unsigned long long)number);
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

TEST("an erasure empties records up to its number; who came with the identifier later stays")
{
    struct fixture f = fixture_new(1, 2048);
    struct blank_id ids[] = {{{{100, 0}, 1}, 11}, {{{101, 0}, 1}, 4}};
    write_about(f.log, 1, 15); /* 100 names 3, 6 …, 101 names 1, 4 … */
    for (u64 cursor = 0; cursor != UINT64_MAX;) CHECK_OK(log_blank_step(f.log, ids, 2, &cursor));
    CHECK_STR(blank_ones(f.log, arena), S("1 3 4 6 9 "));
    CHECK_OK(fixture_reopen(&f));
    CHECK_STR(blank_ones(f.log, arena), S("1 3 4 6 9 "));
    fixture_free(&f);
}

TEST("an erasure never rewrites a damaged file")
{
    struct fixture f = fixture_new(1, 2048);
    struct blank_id id = {{{100, 0}, 1}, UINT64_MAX};
    u64 cursor = 2;
    write_about(f.log, 1, 60);
    flip(f.env, path_of(2, arena), 800, 1);
    CHECK_EQ(log_blank_step(f.log, &id, 1, &cursor), ERR_CORRUPT);
    CHECK_EQ(cursor, 2);
    flip(f.env, path_of(2, arena), 800, 1);
    erase_all(f.log, 100);
    CHECK_OK(fixture_reopen(&f));
    check_blanked(f.log, 60);
    fixture_free(&f);
}
