/* crash_test.c — random histories on the simulated disk against a model that cannot be wrong.
 *
 * The model is a list of what was appended, by number, with the ends of appends marked. After any
 * end of the process the log must hold: everything acknowledged, perhaps more, up to the end of
 * some append, in order, each record as it was or, where an erasure was at work, without its
 * payload. */
#include "base/hash.h"
#include "log/log_fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORDS_MAX = 4000, IDS = 6 };

/* What must have become of a record that an erasure names. */
typedef enum { KEPT, MAYBE_BLANK, BLANK } blankness;

struct model {
    u64 whole[RECORDS_MAX + 1], blank[RECORDS_MAX + 1]; /* fingerprints, by number */
    u32 ids[RECORDS_MAX + 1];                           /* bit per identifier it names */
    bool ends[RECORDS_MAX + 1];                         /* an append ends here */
    u8 state[RECORDS_MAX + 1];
    u64 acked, queued, released;
    u32 erasing; /* identifier + 1, or 0 */
    u64 cursor, erase_upto;
};

struct world {
    struct fixture f;
    struct rng rng;
    struct model m;
    u64 calls_before;
    u32 lost; /* acknowledged records that were not there: the positive control counts them */
    u32 corrupt;
    bool may_lose;
    u32 kills, cut, recycled, blanked, refused;
};

static u64 fingerprint(const struct record *r)
{
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX);
    record_put(&b, r);
    u64 h = hash_xxh64(buf_str(&b));
    buf_clear(&b);
    return h;
}

static void note_record(struct model *m, struct record r)
{
    u64 number = ++m->queued;
    m->ids[number] = 0;
    for (u32 i = 0; i < r.id_count; i++) m->ids[number] |= 1u << r.ids[i].hash.lo;
    m->whole[number] = fingerprint(&r);
    r.payload = (str){0};
    m->blank[number] = fingerprint(&r);
    m->state[number] = KEPT;
    m->ends[number] = false;
}

static struct record draw_record(struct rng *rng, char *payload)
{
    struct record r = {
        .kind = (u16)rng_below(rng, 9), .source = (u32)rng_next(rng), .occurred_ms = NEVER};
    size_t n = rng_percent(rng, 5) ? rng_below(rng, 6000) : rng_below(rng, 300);
    for (size_t i = 0; i < n; i++) payload[i] = (char)rng_next(rng);
    r.payload = (str){payload, n};
    r.id_count = (u8)rng_below(rng, 4);
    for (u32 i = 0; i < r.id_count; i++) r.ids[i] = (struct record_id){{rng_below(rng, IDS), 0}, 1};
    return r;
}

static void do_append(struct world *w)
{
    static char payload[6000];
    struct buf b;
    u64 last;
    u32 count = 1 + (u32)rng_below(&w->rng, 4);
    if (w->m.queued + count > RECORDS_MAX) return;
    buf_init(&b, 1 << 20);
    u64 before = w->m.queued;
    for (u32 i = 0; i < count; i++) {
        struct record r = draw_record(&w->rng, payload);
        record_put(&b, &r);
        note_record(&w->m, r);
    }
    err e = log_append(w->f.log, buf_str(&b), count, rng_percent(&w->rng, 20), &last);
    buf_clear(&b);
    if (e == ERR_OK) {
        CHECK_EQ(last, w->m.queued);
        w->m.ends[last] = true;
    } else {
        CHECK(e == ERR_FULL || e == ERR_BUSY || e == ERR_IO);
        w->refused += e == ERR_FULL;
        w->m.queued = before;
    }
}

/* What the consumer has not taken yet, an erasure does not reach. */
static void check_record(struct model *m, u64 number, const struct record *r, bool is_live)
{
    u64 h = fingerprint(r);
    bool is_whole = h == m->whole[number], is_blank = h == m->blank[number];
    if (is_live || m->state[number] == KEPT)
        CHECK(is_whole);
    else
        CHECK(is_blank || (is_whole && m->state[number] == MAYBE_BLANK));
}

static void check_batch(struct world *w, const struct batch *b, u64 *number, bool is_live)
{
    struct record r;
    struct reader in = reader_of(b->records);
    CHECK_EQ(b->first, *number);
    for (; record_next(&in, &r); ++*number) check_record(&w->m, *number, &r, is_live);
    CHECK(!in.bad);
    CHECK_EQ(*number, b->first + b->count);
}

static void do_consume(struct world *w)
{
    for (const struct batch *b; (b = log_next(w->f.log)); log_done(w->f.log, b)) {
        u64 number = b->first;
        check_batch(w, b, &number, true);
    }
}

static void do_step(struct world *w)
{
    err e = log_step(w->f.log);
    CHECK(e == ERR_OK || e == ERR_AGAIN || e == ERR_FULL || e == ERR_IO);
    w->m.acked = log_durable(w->f.log);
    CHECK(w->m.acked <= w->m.queued);
    CHECK(w->m.acked == 0 || w->m.ends[w->m.acked]);
}

static void do_release(struct world *w)
{
    u64 upto = rng_below(&w->rng, w->m.acked + 1), bytes = log_disk_bytes(w->f.log),
        start = log_start(w->f.log);
    if (upto > w->m.released) w->m.released = upto;
    err e = log_release(w->f.log, upto, NEVER);
    CHECK(e == ERR_OK || e == ERR_IO);
    CHECK(log_start(w->f.log) <= (w->m.released ? w->m.released : 1));
    w->recycled += log_disk_bytes(w->f.log) == bytes && log_start(w->f.log) > start;
}

/* While an erasure runs, records it names are in either state; when it has ended, blank. */
static void mark_erasure(struct model *m, blankness state)
{
    for (u64 i = 1; i <= m->erase_upto; i++)
        if (m->ids[i] >> (m->erasing - 1) & 1 && m->state[i] != BLANK) m->state[i] = (u8)state;
}

static err do_erase(struct world *w)
{
    struct model *m = &w->m;
    if (!m->erasing) {
        m->erasing = 1 + (u32)rng_below(&w->rng, IDS);
        m->cursor = 0;
        m->erase_upto = m->acked;
        mark_erasure(m, MAYBE_BLANK);
    }
    /* Records that come while it runs may be in a file it rewrites. */
    u64 upto = m->erase_upto;
    m->erase_upto = m->acked;
    mark_erasure(m, MAYBE_BLANK);
    m->erase_upto = upto;
    struct blank_id id = {{{m->erasing - 1, 0}, 1}, UINT64_MAX};
    err e = log_blank_step(w->f.log, &id, 1, &m->cursor);
    CHECK(e == ERR_OK || e == ERR_IO || e == ERR_FULL);
    if (e != ERR_OK || m->cursor != UINT64_MAX) return e;
    mark_erasure(m, BLANK);
    m->erasing = 0;
    w->blanked++;
    return ERR_OK;
}

/* Reads the whole log against the model. */
static bool check_all(struct world *w)
{
    struct log *log = w->f.log;
    u64 number = log_start(log);
    CHECK(number <= (w->m.released ? w->m.released : 1));
    CHECK_OK(log_replay(log, number));
    i64 time_ms = INT64_MIN;
    for (const struct batch *b; (b = log_next(log)); log_done(log, b)) {
        CHECK(b->time_ms >= time_ms);
        time_ms = b->time_ms;
        check_batch(w, b, &number, false);
    }
    err e = log_replay_end(log, &w->f.why);
    if (e == ERR_CORRUPT && w->may_lose) return false;
    CHECK_OK(e);
    CHECK_EQ(number, log_durable(log) + 1);
    return true;
}

/* After the end of the process: what is there becomes what the model knows. */
static bool settle(struct world *w)
{
    struct model *m = &w->m;
    u64 durable = log_durable(w->f.log);
    if (durable < m->acked && w->may_lose) {
        w->lost += (u32)(m->acked - durable);
        return false;
    }
    CHECK(durable >= m->acked);
    CHECK(durable <= m->queued);
    CHECK(durable == 0 || m->ends[durable]);
    w->cut += durable < m->queued;
    if (!check_all(w)) {
        w->corrupt++;
        return false;
    }
    m->acked = m->queued = durable;
    m->erasing = 0; /* an erasure begins again; what it did stays done */
    return true;
}

static bool reopen(struct world *w)
{
    sim_faults(w->f.env, (struct sim_faults){.lose_synced = w->may_lose});
    err e = fixture_reopen(&w->f);
    if (e == ERR_CORRUPT && w->may_lose) {
        w->corrupt++;
        return false;
    }
    if (e != ERR_OK) print_error("%s: %s\n", w->f.why.path, w->f.why.message);
    CHECK_OK(e);
    return settle(w);
}

static struct sim_faults draw_faults(struct world *w)
{
    struct sim_faults f = {.lose_synced = w->may_lose};
    if (rng_percent(&w->rng, 30)) f.sync_error_per_million = 10000;
    if (rng_percent(&w->rng, 30)) f.write_error_per_million = 10000;
    if (rng_percent(&w->rng, 30)) f.open_error_per_million = 50000;
    if (rng_percent(&w->rng, 20))
        f.space_bytes = log_disk_bytes(w->f.log) + rng_below(&w->rng, 30000);
    return f;
}

static void do_something(struct world *w)
{
    u64 dice = rng_below(&w->rng, 100);
    if (dice < 35)
        do_append(w);
    else if (dice < 70)
        do_step(w);
    else if (dice < 85)
        do_consume(w);
    else if (dice < 88)
        do_release(w);
    else if (dice < 94)
        (void)do_erase(w);
    else if (dice < 96)
        (void)!log_prepare_step(w->f.log);
    else if (dice < 98)
        sim_advance(w->f.env, (i64)rng_below(&w->rng, 3000));
    else
        sim_set_wall(w->f.env, env_wall_ms(w->f.env) + (i64)rng_below(&w->rng, 2000) - 1000);
}

/* One life of the process: until it has done its work, a kill point ends it, or the log fails. */
static void live(struct world *w)
{
    if (sim_kill_here(w->f.env)) {
        w->kills++;
        return;
    }
    if (rng_percent(&w->rng, 60)) sim_kill_at(w->f.env, NULL, 1 + rng_below(&w->rng, 80));
    sim_faults(w->f.env, draw_faults(w));
    for (u64 left = rng_below(&w->rng, 120); left; left--) do_something(w);
}

static void run_history(struct world *w, u64 seed)
{
    static const u64 FILE_BYTES[] = {2048, 4096, 16384, 65536};
    w->rng.state = seed;
    w->f = fixture_new(seed, FILE_BYTES[rng_below(&w->rng, COUNT_OF(FILE_BYTES))]);
    sim_faults(w->f.env, (struct sim_faults){.lose_synced = w->may_lose});
    memset(&w->m, 0, sizeof w->m);
    for (int lives = 0; lives < 8; lives++) {
        live(w);
        sim_kill_at(w->f.env, NULL, 0);
        u64 end = rng_below(&w->rng, 10);
        if (end < 6)
            sim_crash(w->f.env);
        else if (end < 9)
            sim_kill(w->f.env);
        if (!reopen(w)) break;
    }
    fixture_free(&w->f);
}

TEST("after any crash everything acknowledged is there once and in order, the rest whole or not at "
     "all")
{
    struct world *w = arena_zalloc(arena, sizeof *w);
    for (u64 seed = 0; seed < 60; seed++) run_history(w, test_seed() * 1000 + seed);
    CHECK(w->kills > 50);
    CHECK(w->cut > 20);
    CHECK(w->recycled > 5);
    CHECK(w->blanked > 5);
}

TEST("on a disk that lies about syncing the same histories lose records: the test can fail")
{
    struct world *w = arena_zalloc(arena, sizeof *w);
    w->may_lose = true;
    for (u64 seed = 0; seed < 40; seed++) run_history(w, test_seed() * 1000 + seed);
    CHECK(w->lost > 0);
    CHECK(w->lost + w->corrupt > 10);
}

/* A fixed work, in which every kind of call on the disk happens. Stops at the first failure. */
static void do_work(struct world *w)
{
    err e = ERR_OK;
    for (int i = 0; i < 24 && e == ERR_OK; i++) {
        do_append(w);
        e = log_step(w->f.log);
        w->m.acked = log_durable(w->f.log);
        consume(w->f.log);
        if (i == 12) w->m.released = w->m.acked / 2;
        if (i == 12) e = log_release(w->f.log, w->m.released, NEVER);
        if (i == 18) do
                e = do_erase(w);
            while (e == ERR_OK && w->m.erasing);
    }
}

/* The same work with the k-th call on the disk failing; false when it is over before that. */
static bool fails_at(struct world *w, u64 k)
{
    struct log_options o = {.dir = "log", .file_bytes = 2048};
    *w = (struct world){.f = {.env = env_sim(k), .o = o}, .rng = {7}};
    CHECK_OK(env_make_dir(w->f.env, "log"));
    w->calls_before = sim_calls(w->f.env);
    sim_faults(w->f.env, (struct sim_faults){.fail_call = k});
    err e = log_open(w->f.env, &w->f.o, &w->f.log, &w->f.why);
    if (e == ERR_OK)
        do_work(w);
    else
        CHECK_EQ(e, ERR_IO);
    bool reached = sim_calls(w->f.env) - w->calls_before >= k;
    if (k % 2)
        sim_crash(w->f.env);
    else
        sim_kill(w->f.env);
    CHECK(reopen(w));
    do_work(w);
    CHECK_EQ(w->m.acked, w->m.queued);
    CHECK(reopen(w));
    fixture_free(&w->f);
    return reached;
}

TEST("whichever call on the disk fails, nothing acknowledged is lost and the next start works")
{
    struct world *w = arena_zalloc(arena, sizeof *w);
    u64 k = 1;
    while (fails_at(w, k)) k++;
    CHECK(k > 150);
}

/* The same work, with room for a number of bytes: each refusal of space in turn. */
TEST("wherever the disk becomes full, nothing acknowledged is lost, and with room all goes on")
{
    struct world *w = arena_zalloc(arena, sizeof *w);
    u32 full = 0;
    for (u64 room = 2048; room < 40000; room += 500) {
        struct log_options o = {.dir = "log", .file_bytes = 2048};
        *w = (struct world){.f = {.env = env_sim(room), .o = o}, .rng = {7}};
        CHECK_OK(env_make_dir(w->f.env, "log"));
        sim_faults(w->f.env, (struct sim_faults){.space_bytes = room});
        CHECK_OK(log_open(w->f.env, &o, &w->f.log, &w->f.why));
        do_work(w);
        full += w->refused > 0 || w->m.acked < w->m.queued;
        sim_faults(w->f.env, (struct sim_faults){0});
        while (log_step(w->f.log) == ERR_OK) consume(w->f.log);
        w->m.acked = log_durable(w->f.log);
        CHECK_EQ(w->m.acked, w->m.queued);
        sim_crash(w->f.env);
        CHECK(reopen(w));
        fixture_free(&w->f);
    }
    CHECK(full > 10);
}

static void step_until_written(struct fixture *f, str payload)
{
    if (sim_kill_here(f->env)) return;
    sim_kill_at(f->env, "log.after_write", 1);
    append_ok(f->log, payload);
    CHECK_OK(log_step(f->log));
}

/* The bytes of the first file's first batch, as somebody who could read the disk might send them
 * in. */
TEST("records that look like batches are never taken for one, torn or not")
{
    u32 torn = 0;
    for (u64 seed = 1; seed <= 60; seed++) {
        struct fixture f = fixture_new(seed, 8192);
        char bytes[2048];
        size_t got;
        struct file *file;
        write_ok(f.log, S("some text for the first batch"));
        CHECK_OK(env_open(f.env, "log/0000000000000001.log", FILE_READ, &file));
        CHECK_OK(file_read(file, 64, bytes, sizeof bytes, &got));
        file_close(file);
        bytes[0] ^= 1; /* the id is the one thing that cannot be known */
        step_until_written(&f, (str){bytes, sizeof bytes});
        sim_crash(f.env);
        CHECK_OK(fixture_reopen(&f));
        torn += log_durable(f.log) == 1;
        write_ok(f.log, S("short"));
        sim_crash(f.env);
        CHECK_OK(fixture_reopen(&f));
        CHECK(str_ends(read_all(f.log, 1, arena), S("short ")));
        fixture_free(&f);
    }
    CHECK(torn > 10 && torn < 60);
}
