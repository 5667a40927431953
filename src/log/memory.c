/* memory.c — the back end without files: durable at once, and read again as long as the process
 * lives. */
#include "log/inside.h"

#include <stdlib.h>

struct memory {
    struct batch *batches; /* oldest first; each owns its records */
    size_t count, cap;
    size_t replay_at;
    u64 replay_from;
};

void log_memory_open(struct log *log)
{
    log->backend = &LOG_MEMORY;
    log->kept = mem_zalloc(sizeof(struct memory));
    log->next_number = 1;
    atomic_store(&log->start, 1);
    atomic_store(&log->time, INT64_MIN);
}

static err memory_write(struct log *log, struct chunk *c)
{
    struct memory *m = log->kept;
    if (m->count == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 64;
        m->batches = mem_realloc(m->batches, m->cap * sizeof *m->batches);
    }
    struct batch *b = &m->batches[m->count++];
    *b = c->batch;
    b->records.p = memcpy(mem_alloc(c->n), c->batch.records.p, c->n);
    atomic_fetch_add(&log->disk_bytes, c->n);
    KILL_POINT(log->env, "log.after_write");
    KILL_POINT(log->env, "log.after_sync");
    return ERR_OK;
}

static err memory_prepare(struct log *log)
{
    (void)log;
    return ERR_AGAIN;
}

static void memory_replay(struct log *log, u64 from)
{
    struct memory *m = log->kept;
    m->replay_at = 0;
    m->replay_from = from;
}

static u64 last_of(const struct batch *b)
{
    return b->first + b->count - 1;
}

static bool memory_replay_next(struct log *log, struct batch *out)
{
    struct memory *m = log->kept;
    while (m->replay_at < m->count && last_of(&m->batches[m->replay_at]) < m->replay_from)
        m->replay_at++;
    if (m->replay_at == m->count) return false;
    *out = m->batches[m->replay_at++];
    return true;
}

static void drop(struct log *log, struct batch *b)
{
    atomic_fetch_sub(&log->disk_bytes, b->records.n);
    free((void *)(uintptr_t)b->records.p);
}

/* As with files, the newest stays, whatever is asked. */
static err memory_release(struct log *log, u64 upto, i64 older_than_ms)
{
    struct memory *m = log->kept;
    size_t gone = 0;
    while (gone + 1 < m->count && last_of(&m->batches[gone]) < upto &&
           m->batches[gone].time_ms < older_than_ms)
        drop(log, &m->batches[gone++]);
    if (gone == 0) return ERR_OK;
    m->count -= gone;
    memmove(m->batches, m->batches + gone, m->count * sizeof *m->batches);
    atomic_store(&log->start, m->batches[0].first);
    return ERR_OK;
}

static err memory_blank_step(struct log *log, const struct id_set *ids, u64 *cursor)
{
    struct memory *m = log->kept;
    for (size_t i = 0; i < m->count; i++) {
        struct batch *b = &m->batches[i];
        u32 blanked;
        size_t n;
        char *out = mem_alloc(b->records.n);
        MUST(records_blank(b, ids, out, &n, &blanked) == ERR_OK);
        drop(log, b);
        b->records = (str){out, n};
        atomic_fetch_add(&log->disk_bytes, n);
    }
    *cursor = UINT64_MAX;
    return ERR_OK;
}

static void memory_close(struct log *log)
{
    struct memory *m = log->kept;
    for (size_t i = 0; i < m->count; i++) drop(log, &m->batches[i]);
    free(m->batches);
    free(m);
}

const struct backend LOG_MEMORY = {
    .write = memory_write,
    .prepare = memory_prepare,
    .replay = memory_replay,
    .replay_next = memory_replay_next,
    .release = memory_release,
    .blank_step = memory_blank_step,
    .close = memory_close,
};
