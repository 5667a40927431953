/* log_fuzz.c — wild bytes as records, and as the files of a log.
 *
 * The first byte says what the rest is: bit 0, files (else records); bit 1, checksums and numbers
 * are put right first, so that what lies behind them is reached; bit 2, two files (else one). A log
 * that opens must be read to its end, take a record, and open again with it. */
#include "base/hash.h"
#include "env/sim.h"
#include "log/disk.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static u64 read_records(str bytes)
{
    struct reader in = reader_of(bytes);
    struct record r;
    u64 sum = 0;
    while (record_next(&in, &r)) {
        for (u32 i = 0; i < r.id_count; i++) sum += r.ids[i].hash.lo + r.ids[i].space;
        for (size_t i = 0; i < r.payload.n; i++) sum += (u8)r.payload.p[i];
    }
    return sum;
}

static void repair_batch(char *p, size_t n, const struct file_head *file, u64 *number)
{
    struct batch_head h;
    memcpy(&h, p, sizeof h);
    u32 length = h.length % (u32)(n - BATCH_HEAD_BYTES + 1) / 8 * 8;
    u32 most = length / RECORD_HEAD_BYTES;
    struct batch b = {
        .first = *number,
        .count = most ? 1 + h.count % most : 0,
        .time_ms = h.time_ms,
        .records = {p + BATCH_HEAD_BYTES, length},
    };
    batch_head_fill(&h, file->id, &b);
    memcpy(p, &h, sizeof h);
    *number += b.count;
}

static void repair(char *p, size_t n, u64 seq, u64 *number)
{
    struct file_head h;
    if (n < FILE_HEAD_BYTES) return;
    memcpy(&h, p, sizeof h);
    file_head_fill(&h, h.id, seq, *number, 1);
    memcpy(p, &h, sizeof h);
    for (size_t at = FILE_HEAD_BYTES; at + BATCH_HEAD_BYTES <= n;) {
        struct batch_head b;
        repair_batch(p + at, n - at, &h, number);
        memcpy(&b, p + at, sizeof b);
        at += BATCH_HEAD_BYTES + b.length;
    }
}

static void put_file(struct env *env, const char *path, const char *p, size_t n)
{
    struct file *f;
    MUST(env_open(env, path, FILE_NEW, &f) == ERR_OK);
    MUST(file_write(f, 0, p, n) == ERR_OK);
    file_close(f);
}

static u64 read_log(struct log *log)
{
    struct diag why = {0};
    u64 sum = 0, number = log_start(log);
    MUST(log_replay(log, number) == ERR_OK);
    for (const struct batch *b; (b = log_next(log)); log_done(log, b)) {
        MUST(b->first == number);
        number += b->count;
        sum += read_records(b->records);
    }
    if (log_replay_end(log, &why) == ERR_OK)
        MUST(number == log_durable(log) + 1);
    else
        MUST(why.message[0]);
    return sum;
}

static void use_log(struct env *env, bool again)
{
    struct log_options o = {.dir = "log", .file_bytes = 4096};
    struct log *log;
    struct diag why = {0};
    err e = log_open(env, &o, &log, &why);
    if (e != ERR_OK) {
        MUST(!again && why.message[0]);
        return;
    }
    u64 durable = log_durable(log), last;
    read_log(log);
    struct buf b;
    buf_init(&b, 4096);
    record_put(&b, &(struct record){.kind = 1, .payload = S("one more")});
    if (log_append(log, buf_str(&b), 1, false, &last) == ERR_OK && log_step(log) == ERR_OK)
        MUST(log_durable(log) == durable + 1);
    buf_clear(&b);
    log_close(log);
    if (!again) use_log(env, true);
}

static void use_files(char *p, size_t n, u32 how)
{
    struct env *env = env_sim(1);
    size_t first = how & 4 ? n / 16 * 8 : n;
    u64 number = 1;
    MUST(env_make_dir(env, "log") == ERR_OK);
    if (how & 2) repair(p, first, 1, &number);
    put_file(env, "log/0000000000000001.log", p, first);
    if (how & 4) {
        if (how & 2) repair(p + first, n - first, 2, &number);
        put_file(env, "log/0000000000000002.log", p + first, n - first);
    }
    use_log(env, false);
    env_free(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    char *copy = malloc(size);
    MUST(copy);
    memcpy(copy, data + 1, size - 1);
    if (data[0] & 1)
        use_files(copy, size - 1, data[0]);
    else
        read_records((str){copy, size - 1});
    free(copy);
    return 0;
}
