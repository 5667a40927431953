/* snapshot_write.c — writing a part, a block at a time, while the engine goes on.
 *
 * snapshot_begin takes what must be exact at the epoch (counts, ends, ranges, the marks) and does
 * no I/O; the steps after it run on one other thread. Rows come first: with every block the epoch
 * is told how far it has been read, so that rows before it need no before-image any more. Then the
 * heaps' lines, which are copied as they are (heap.c says why that is right), and the streams.
 *
 * When something fails the old manifest stays, and the frozen marks go into the next snapshot. The
 * file begun is removed, unless the manifest that names it may have reached the disk. */
#include "store/snapshot_internal.h"

#include <stdlib.h>

enum { PUSH_BYTES = 1 << 20 };
enum { RUN_HEAD = 8, NS_PER_US = 1000 };

/* ---- begin ---- */

/* directory: u32 heaps, tables, streams; then
 *   heap    varint length, name
 *   table   varint length, name, u32 row_size, u32 rows_max, u32 count
 *   stream  varint length, name, u64 start, u64 end: what is alive */
static err put_directory(struct snapshot *sn, struct epoch *e)
{
    struct writing *w = &sn->w;
    struct buf *b = &w->directory;
    buf_reset(b);
    buf_u32(b, w->heap_count);
    buf_u32(b, w->table_count);
    buf_u32(b, sn->stream_count);
    for (u32 i = 0; i < w->heap_count; i++) buf_str_varint(b, str_of(w->heaps[i]->name));
    for (u32 i = 0; i < w->table_count; i++) {
        const struct table *t = w->tables[i];
        buf_str_varint(b, str_of(t->name));
        buf_u32(b, t->base.row_size);
        buf_u32(b, t->rows_max);
        buf_u32(b, table_count(t));
    }
    for (u32 i = 0; i < sn->stream_count; i++) {
        const struct stream *st = &sn->streams[i];
        u64 start = 0, end = 0, from = w->all ? 0 : sn->stream_end[i];
        st->range(st->ctx, e, &start, &end);
        MUST(start <= end);
        w->stream_from[i] = start > from ? start : from;
        w->stream_end[i] = end;
        buf_str_varint(b, str_of(st->name));
        buf_u64(b, start);
        buf_u64(b, end);
    }
    return b->full ? ERR_LIMIT : ERR_OK;
}

/* The lists may grow while the snapshot runs; what it writes is what was there. */
static void take_lists(struct writing *w, const struct store *s)
{
    w->table_count = s->table_count;
    w->heap_count = s->heap_count;
    w->tables = mem_realloc(w->tables, s->table_count * sizeof *w->tables);
    w->heaps = mem_realloc(w->heaps, s->heap_count * sizeof *w->heaps);
    for (u32 i = 0; i < s->table_count; i++) w->tables[i] = s->tables[i];
    for (u32 i = 0; i < s->heap_count; i++) {
        w->heaps[i] = s->heaps[i];
        w->heap_end[i] = s->heaps[i]->end;
    }
}

static u64 lines_of(u64 units)
{
    return (units * HEAP_UNIT + HEAP_LINE - 1) / HEAP_LINE;
}

static void freeze_marks(struct writing *w, bool carry)
{
    for (u32 i = 0; i < w->table_count; i++)
        marks_freeze(&w->tables[i]->marks, table_count(w->tables[i]), carry);
    for (u32 i = 0; i < w->heap_count; i++)
        marks_freeze(&w->heaps[i]->marks, lines_of(w->heap_end[i]), carry);
}

/* The manifest to be: one part more, or one part alone. */
static void plan(struct snapshot *sn, const struct manifest *m)
{
    const struct kept *now = snapshot_now(sn);
    struct kept *next = snapshot_other(sn);
    next->m = *m;
    kept_set_extra(next, m->extra);
    memcpy(next->parts, now->parts, sizeof next->parts);
    next->part_count = sn->w.all ? 1 : now->part_count + 1;
    next->m.increments = next->part_count - 1;
    next->parts[next->part_count - 1] = (struct part){.number = sn->next_number++};
    sn->w.next = next;
}

err snapshot_begin(struct snapshot *sn, struct epoch *e, const struct manifest *m)
{
    struct store *s = sn->store;
    struct writing *w = &sn->w;
    const struct kept *now = snapshot_now(sn);
    if (snapshot_running(sn)) return ERR_CONFLICT;
    if (!epoch_is_now(e)) return ERR_STALE;
    if (m->extra.n > EXTRA_MAX) return ERR_TOO_LARGE;
    if (!w->packer) {
        w->packer = packer_new();
        w->raw = mem_alloc(BLOCK_RAW);
        buf_init(&w->directory, BLOCK_RAW_MAX);
    }
    store_collect(s); /* the last one's epoch, if it is still there */
    w->wanted = sn->want_full || (s->carry && w->wanted);
    w->all = w->wanted || now->part_count == 0 || now->part_count > sn->full_every;
    sn->want_full = false;
    take_lists(w, s);
    TRY(put_directory(sn, e));
    freeze_marks(w, s->carry);
    plan(sn, m);
    w->epoch = epoch_sweep(s, w->all);
    w->phase = w->object = w->ordinal = 0;
    w->at = w->bytes = w->chain = 0;
    w->may_be_named = false;
    s->carry = true;
    __atomic_store_n(&sn->running, true, __ATOMIC_RELEASE);
    return ERR_OK;
}

/* ---- blocks ---- */

static struct part *own_part(struct writing *w)
{
    return &w->next->parts[w->next->part_count - 1];
}

static err put_block(struct snapshot *sn, block_kind kind, str raw)
{
    struct writing *w = &sn->w;
    struct block b = {kind, w->object, w->ordinal++, own_part(w)->number, raw};
    u64 hash;
    str bytes = block_pack(w->packer, &b, &hash);
    TRY(file_write(w->file, w->bytes, bytes.p, bytes.n));
    u64 pushed = w->bytes / PUSH_BYTES * PUSH_BYTES;
    w->bytes += bytes.n;
    if (w->bytes - pushed >= PUSH_BYTES) file_push(w->file, pushed, w->bytes - pushed);
    w->chain = block_chain(w->chain, hash);
    KILL_POINT(sn->env, "snapshot.part");
    return ERR_OK;
}

static err put_raw(struct snapshot *sn, block_kind kind)
{
    return sn->w.raw_n ? put_block(sn, kind, (str){sn->w.raw, sn->w.raw_n}) : ERR_OK;
}

/* Runs: a head { u32 first, u32 count }, then the items. An item that follows the last one joins
 * it. */
struct run {
    u64 *head;
    u64 next;
};

static u64 *run_room(const struct writing *w, const struct run *r, u64 i)
{
    bool joins = r->head && r->next == i;
    return (u64 *)(void *)(w->raw + w->raw_n + (joins ? 0 : RUN_HEAD));
}

static void run_keep(struct writing *w, struct run *r, u64 i, size_t bytes)
{
    if (!r->head || r->next != i) {
        r->head = (u64 *)(void *)(w->raw + w->raw_n);
        *r->head = i;
        w->raw_n += RUN_HEAD;
    }
    *r->head += (u64)1 << 32;
    r->next = i + 1;
    w->raw_n += bytes;
}

/* ---- phases: each call does a block's worth; ERR_AGAIN while there is more ---- */

static err create(struct snapshot *sn)
{
    char path[PATH_BYTES];
    struct writing *w = &sn->w;
    snapshot_part_path(sn, own_part(w)->number, w->next->part_count - 1, path);
    TRY(env_open(sn->env, path, FILE_CREATE, &w->file));
    TRY(file_resize(w->file, 0));
    return put_block(sn, BLOCK_DIRECTORY, buf_str(&w->directory));
}

/* The object is done; the phase is, after the last. */
static err next_object(struct writing *w, u32 count)
{
    w->at = 0;
    if (++w->object < count) return ERR_AGAIN;
    w->object = 0;
    return ERR_OK;
}

static err fill_rows(struct writing *w, const struct table *t, u32 end)
{
    struct run run = {0};
    u32 i = (u32)w->at;
    for (; i < end && w->raw_n + RUN_HEAD + t->base.row_size <= BLOCK_RAW; i++) {
        i = w->all ? table_next_touched(t, i, end) : (u32)marks_next(&t->marks, i, end);
        if (i == end) break;
        row_state state = epoch_read(w->epoch, t, i, run_room(w, &run, i));
        if (state == ROW_LOST) return ERR_STALE;
        if (state != ROW_NONE) run_keep(w, &run, i, t->base.row_size);
    }
    w->at = i;
    __atomic_store_n(&w->epoch->passed, sweep_place(t->ordinal, i), __ATOMIC_RELEASE);
    return ERR_OK;
}

static err write_rows(struct snapshot *sn)
{
    struct writing *w = &sn->w;
    if (w->object < w->table_count) {
        const struct table *t = w->tables[w->object];
        u32 end = epoch_count(w->epoch, t);
        w->raw_n = 0;
        if (!end) return ERR_STALE;
        TRY(fill_rows(w, t, end));
        TRY(put_raw(sn, BLOCK_ROWS));
        if (w->at < end) return ERR_AGAIN;
    }
    TRY(next_object(w, w->table_count));
    __atomic_store_n(&w->epoch->passed, UINT64_MAX, __ATOMIC_RELEASE);
    return ERR_OK;
}

static err write_lines(struct snapshot *sn)
{
    struct writing *w = &sn->w;
    struct run run = {0};
    if (w->object < w->heap_count) {
        const struct heap *h = w->heaps[w->object];
        u64 i = w->at, end = lines_of(w->heap_end[w->object]);
        w->raw_n = 0;
        for (; i < end && w->raw_n + RUN_HEAD + HEAP_LINE <= BLOCK_RAW; i++) {
            if (!w->all && (i = marks_next(&h->marks, i, end)) == end) break;
            const char *line = h->base + i * HEAP_LINE;
            words_copy(run_room(w, &run, i), (const u64 *)(const void *)line, HEAP_LINE / 8);
            run_keep(w, &run, i, HEAP_LINE);
        }
        w->at = i;
        TRY(put_raw(sn, BLOCK_LINES));
        if (i < end) return ERR_AGAIN;
    }
    return next_object(w, w->heap_count);
}

static err write_streams(struct snapshot *sn)
{
    struct writing *w = &sn->w;
    if (w->object < sn->stream_count) {
        const struct stream *st = &sn->streams[w->object];
        u64 at = w->stream_from[w->object] + w->at;
        if (at < w->stream_end[w->object]) {
            size_t n = min_size(BLOCK_RAW - sizeof at, (size_t)(w->stream_end[w->object] - at));
            memcpy(w->raw, &at, sizeof at);
            st->read(st->ctx, at, w->raw + sizeof at, n);
            w->raw_n = sizeof at + n;
            w->at += n;
            TRY(put_raw(sn, BLOCK_STREAM));
            return ERR_AGAIN;
        }
    }
    return next_object(w, sn->stream_count);
}

static err finish_file(struct snapshot *sn)
{
    struct writing *w = &sn->w;
    TRY(put_block(sn, BLOCK_END, (str){0}));
    TRY(file_sync(w->file));
    file_close(w->file);
    w->file = NULL;
    own_part(w)->bytes = w->bytes;
    own_part(w)->chain = w->chain;
    TRY(env_sync_dir(sn->env, sn->dir));
    KILL_POINT(sn->env, "snapshot.written");
    return ERR_OK;
}

static err commit(struct snapshot *sn)
{
    return snapshot_commit(sn, sn->w.next, &sn->w.may_be_named);
}

/* The snapshot stands whether or not the old parts could be removed: the next one tries again. */
static err clean(struct snapshot *sn)
{
    err ignored = snapshot_clean(sn, sn->w.next, false);
    (void)ignored;
    KILL_POINT(sn->env, "manifest.cleaned");
    return ERR_OK;
}

static err (*const PHASES[])(struct snapshot *sn) = {
    create, write_rows, write_lines, write_streams, finish_file, commit, clean,
};

/* ---- the end ---- */

static void end_writing(struct snapshot *sn)
{
    epoch_drop(sn->w.epoch);
    __atomic_store_n(&sn->running, false, __ATOMIC_RELEASE);
}

/* A file that stays is removed by the next snapshot, or on start. */
static void abandon(struct snapshot *sn)
{
    char path[PATH_BYTES];
    struct writing *w = &sn->w;
    err ignored = ERR_OK;
    snapshot_part_path(sn, own_part(w)->number, w->next->part_count - 1, path);
    file_close(w->file);
    w->file = NULL;
    if (!w->may_be_named) ignored = env_remove(sn->env, path);
    (void)ignored;
    end_writing(sn);
}

static void settle(struct snapshot *sn)
{
    for (u32 i = 0; i < sn->stream_count; i++) sn->stream_end[i] = sn->w.stream_end[i];
    sn->store->carry = false;
    snapshot_publish(sn, sn->w.next);
    end_writing(sn);
}

err snapshot_step(struct snapshot *sn, i64 budget_us)
{
    MUST(snapshot_running(sn));
    i64 until = env_mono_ns(sn->env) + budget_us * NS_PER_US;
    for (;;) {
        err e = PHASES[sn->w.phase](sn);
        if (e == ERR_OK && ++sn->w.phase == COUNT_OF(PHASES)) {
            settle(sn);
            return ERR_OK;
        }
        if (e != ERR_OK && e != ERR_AGAIN) {
            abandon(sn);
            return e;
        }
        if (env_mono_ns(sn->env) >= until) return ERR_AGAIN;
    }
}
