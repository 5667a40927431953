/* log_fixture.h — what the tests of `log` share: small records, and a log in a simulated directory.
 */
#pragma once
#include "base/test.h"
#include "env/sim.h"
#include "log/log.h"

#include <stdio.h>

struct fixture {
    struct env *env;
    struct log *log;
    struct log_options o;
    struct diag why;
};

static inline struct fixture fixture_new(u64 seed, u64 file_bytes)
{
    struct fixture f = {.env = env_sim(seed), .o = {.dir = "log", .file_bytes = file_bytes}};
    CHECK_OK(env_make_dir(f.env, "log"));
    CHECK_OK(log_open(f.env, &f.o, &f.log, &f.why));
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    log_close(f->log);
    env_free(f->env);
}

static inline err fixture_reopen(struct fixture *f)
{
    log_close(f->log);
    f->why = (struct diag){0};
    return log_open(f->env, &f->o, &f->log, &f->why);
}

/* One record of kind 7 with that payload, and the identifier (space 1, hash `id`) if that is not 0.
 */
static inline err append_text(struct log *log, str payload, u64 id, bool urgent, u64 *last)
{
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX);
    struct record r = {.kind = 7, .id_count = id ? 1 : 0, .occurred_ms = NEVER, .payload = payload};
    r.ids[0] = (struct record_id){{id, 0}, 1};
    record_put(&b, &r);
    CHECK(!b.full);
    err e = log_append(log, buf_str(&b), 1, urgent, last);
    buf_clear(&b);
    return e;
}

static inline u64 append_ok(struct log *log, str payload)
{
    u64 last;
    CHECK_OK(append_text(log, payload, 0, false, &last));
    return last;
}

static inline void consume(struct log *log)
{
    for (const struct batch *b; (b = log_next(log));) log_done(log, b);
}

/* Appends and makes durable, each payload its own batch. */
static inline void write_ok(struct log *log, str payload)
{
    append_ok(log, payload);
    CHECK_OK(log_step(log));
    consume(log);
}

/* All payloads from `from` on, each with a space behind it. */
static inline str read_all(struct log *log, u64 from, struct arena *arena)
{
    struct buf b;
    struct record r;
    buf_init(&b, 1 << 20);
    CHECK_OK(log_replay(log, from));
    for (const struct batch *batch; (batch = log_next(log)); log_done(log, batch)) {
        struct reader in = reader_of(batch->records);
        u32 count = 0;
        for (; record_next(&in, &r); count++) {
            buf_put(&b, r.payload);
            buf_byte(&b, ' ');
        }
        CHECK(!in.bad);
        CHECK_EQ(count, batch->count);
    }
    str text = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return text;
}

static inline void count_file(void *ctx, str name)
{
    (void)name;
    ++*(u32 *)ctx;
}

static inline u32 files_in(struct env *env, const char *dir)
{
    u32 count = 0;
    CHECK_OK(env_list(env, dir, count_file, &count));
    return count;
}

static inline void write_many(struct log *log, u64 from, u64 to)
{
    for (u64 i = from; i <= to; i++) {
        char text[400];
        memset(text, '.', sizeof text);
        snprintf(text, sizeof text, "%llu", (unsigned long long)i);
        write_ok(log, (str){text, sizeof text});
    }
}
