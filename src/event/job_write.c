/* job_write.c — writing a seal or a merge, in steps.
 *
 *   lanes (a file each; what must move, sorted) ──least of all──► rows ──► hashes ──► finish
 *
 * A seal has one lane, the tail's rows sorted by their customers' heads. A merge has two for each
 * file: its rows as they lie, but for personas whose head is another now, and those, sorted anew.
 * So memory goes with what moved, not with what is merged. Who belongs to whom is asked once for
 * each persona and kept: however the heads change meanwhile, a persona lies under one head in the
 * whole file. */
#include "event/job.h"

#include <stdlib.h>

enum { CLOCK_EVERY = 64 /* rows between looks at the clock */, AHEAD = 8 /* rows fetched early */ };

/* ---- the lanes ---- */

static event_persona head_of(struct seal_job *job, event_persona p)
{
    MUST(p < EVENT_PERSONAS_MAX);
    if (!job->heads[p]) {
        event_persona head = job->head_of(job->ctx, p);
        MUST(head < EVENT_PERSONAS_MAX);
        job->heads[p] = head ? head : p;
    }
    return job->heads[p];
}

static bool is_alive(const struct seal_job *job, struct erased_of *gone, event_persona p, u64 order)
{
    if (job->view->erased == 0) return true;
    if (gone->persona != p) *gone = erased_of(job->view->catalog->erased, job->view->erased, p);
    return !is_erased(gone, order);
}

/* To the next row of a file that is alive and still lies where it belongs. */
static bool advance_file(struct seal_job *job, struct lane *l)
{
    for (; l->at < l->end; l->at++) {
        block_at(&l->block, l->file, l->at);
        event_persona p = block_persona(&l->block, l->at);
        u64 order = block_order(&l->block, l->at);
        while (l->heads[l->head_at + 1].value <= l->at) l->head_at++;
        u32 key = l->heads[l->head_at].key;
        if (head_of(job, p) != key || !is_alive(job, &l->gone, p, order)) continue;
        l->next = (struct place){block_occurred(&l->block, l->at), order, key, l->at};
        l->at++;
        return true;
    }
    return false;
}

static bool advance_places(struct seal_job *job, struct lane *l)
{
    if (l->at == l->end) return false;
    l->next = l->places[l->at];
    if (l->file) {
        block_at(&l->block, l->file, l->next.at);
    } else {
        if (l->at + AHEAD < l->end) tail_prefetch(&job->es->tail, l->places[l->at + AHEAD].at);
        tail_event(tail_row(&job->es->tail, l->next.at), &l->event);
    }
    l->at++;
    return true;
}

static void advance(struct seal_job *job, struct lane *l)
{
    l->is_over = !(l->is_placed ? advance_places(job, l) : advance_file(job, l));
}

/* ---- gathering and sorting ---- */

static bool is_late(const struct seal_job *job, i64 until)
{
    return env_mono_ns(job->es->env) >= until;
}

MUST_USE static err gather_tail(struct seal_job *job, i64 until)
{
    const struct tail *t = &job->es->tail;
    struct lane *l = &job->lanes[0];
    if (!l->places) {
        l->places = mem_alloc(job->rows_most * sizeof *l->places);
        job->hashes = mem_alloc(job->rows_most * sizeof *job->hashes);
    }
    for (const struct row *row; (row = tail_next(t, &job->tail_at, job->to));) {
        job->read++;
        if (is_alive(job, &l->gone, row->persona, row->order)) {
            event_persona head = head_of(job, row->persona);
            u32 unit = tail_unit(job->tail_at - tail_frame(row->bytes));
            MUST(l->end < job->rows_most);
            l->places[l->end++] = (struct place){row->occurred_ms, row->order, head, unit};
            if (!hash128_is_zero(row->dedupe) && row->received_ms > job->young_from)
                job->hashes[job->hash_n++] = sealed_hash_of(&job->place, row->dedupe, row->persona,
                                                            row->order, row->received_ms);
        }
        if (job->read % CLOCK_EVERY == 0 && is_late(job, until)) return ERR_AGAIN;
    }
    return ERR_OK;
}

static void note_moved(struct lane *moved, u32 *max, struct place p)
{
    if (moved->end == *max) {
        *max = *max ? *max * 2 : 64;
        moved->places = mem_realloc(moved->places, *max * sizeof p);
    }
    moved->places[moved->end++] = p;
}

/* The rows under one head that belong under another now. */
static void gather_head(struct seal_job *job, struct lane *l, u32 i)
{
    u32 lane = (u32)(l - job->lanes);
    for (u32 row = l->heads[i].value; row < l->heads[i + 1].value; row++) {
        block_at(&l->block, l->file, row);
        event_persona p = block_persona(&l->block, row);
        u64 order = block_order(&l->block, row);
        event_persona head = head_of(job, p);
        if (head == l->heads[i].key || !is_alive(job, &l->gone, p, order)) continue;
        i64 occurred = block_occurred(&l->block, row);
        note_moved(&job->lanes[job->count + lane], &job->moved_max[lane],
                   (struct place){occurred, order, head, row});
    }
}

/* One file: its lists of customers say under which heads somebody moved; only those are read. */
static void gather_file(struct seal_job *job, struct lane *l)
{
    struct sealed_keys heads = sealed_heads(l->file), moved = sealed_moved(l->file);
    u8 *is_dirty = mem_zalloc(heads.count);
    sealed_touch(heads.s, heads.keys, (heads.count + 1) * sizeof *heads.keys);
    sealed_touch(moved.s, moved.keys, moved.count * sizeof *moved.keys);
    l->heads = heads.keys;
    for (u32 i = 0; i < heads.count; i++)
        is_dirty[i] = head_of(job, heads.keys[i].key) != heads.keys[i].key;
    for (u32 i = 0; i < moved.count; i++)
        if (head_of(job, moved.keys[i].key) != moved.keys[i].value)
            is_dirty[sealed_find(&heads, moved.keys[i].value)] = 1;
    l->is_clean &= moved.count == 0;
    for (u32 i = 0; i < heads.count; i++) {
        if (!is_dirty[i]) continue;
        l->is_clean = false;
        gather_head(job, l, i);
    }
    free(is_dirty);
}

MUST_USE static err gather(struct seal_job *job, i64 until)
{
    if (!job->is_merge) return gather_tail(job, until);
    while (job->gathered < job->count) {
        struct lane *own = &job->lanes[job->gathered];
        own->file = job->view->catalog->files[job->first + job->gathered];
        own->end = own->file->head.rows;
        job->read += own->end;
        gather_file(job, own);
        if (++job->gathered < job->count && is_late(job, until)) return ERR_AGAIN;
    }
    return ERR_OK;
}

/* The tail's hashes have no order yet. Their first 32 bits tell nearly all apart; what these leave
 * together is sorted whole. */
static void sort_hashes(struct seal_job *job)
{
    u32 n = (u32)job->hash_n;
    struct place *all = mem_alloc(2 * (size_t)n * sizeof *all);
    for (u32 i = 0; i < n; i++) {
        hash128 h = job->hashes[i].dedupe;
        all[i] = (struct place){(i64)(h.hi ^ 1ull << 63), h.lo, (u32)(h.hi >> 32), i};
    }
    place_sort_key(all, all + n, n);
    for (u32 from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && all[to].key == all[from].key;) to++;
        if (to - from > 1) place_sort(all + from, all + n, to - from);
    }
    job->hash_order = all;
}

static void sort_lane(struct lane *l)
{
    size_t bytes = (size_t)l->end * sizeof(struct place);
    l->is_placed = true;
    if (!l->end) return;
    struct place *spare = mem_reserve_dense(bytes, 0);
    place_sort(l->places, spare, l->end);
    mem_release(spare, bytes);
}

static void sort(struct seal_job *job)
{
    job->lane_count = job->is_merge ? 2 * job->count : 1;
    if (!job->is_merge) {
        sort_lane(&job->lanes[0]);
        sort_hashes(job);
    }
    for (u32 i = 0; i < job->count; i++) {
        struct lane *own = &job->lanes[i], *moved = &job->lanes[job->count + i];
        u64 hashes;
        moved->file = own->file;
        sort_lane(moved);
        own->hash = sealed_hashes(own->file, &hashes);
        own->hash_end = own->hash + hashes;
        sealed_touch(own->file, own->hash, hashes * sizeof *own->hash);
    }
}

/* ---- writing ---- */

/* At most. */
static u64 rows_of(const struct seal_job *job)
{
    u64 rows = job->rows_most;
    for (u32 i = 0; i < job->count; i++) rows += job->lanes[i].file->head.rows;
    return rows;
}

MUST_USE static err begin(struct seal_job *job)
{
    char path[SEALED_PATH_MAX];
    sealed_path(job->es, &job->place, path);
    TRY(sealed_writer_new(job->es->env, path, job->place, &job->writer));
    if (rows_of(job) < job->es->indexed_rows) sealed_writer_brief(job->writer);
    for (u32 i = 0; i < job->lane_count; i++) advance(job, &job->lanes[i]);
    return ERR_OK;
}

/* The lane whose row comes next, and the one that comes after it; NULL: there is none. */
static struct lane *least(struct seal_job *job, struct lane **second)
{
    struct lane *best = NULL;
    *second = NULL;
    for (u32 i = 0; i < job->lane_count; i++) {
        struct lane *l = &job->lanes[i];
        if (l->is_over) continue;
        if (!best || place_cmp(&l->next, &best->next) < 0) {
            *second = best;
            best = l;
        } else if (!*second || place_cmp(&l->next, &(*second)->next) < 0) {
            *second = l;
        }
    }
    return best;
}

MUST_USE static err add(struct seal_job *job, struct lane *l)
{
    if (l->file)
        return sealed_add_row(job->writer, l->next.key, &l->block, l->next.at,
                              (u32)(l - job->lanes), job->young_from);
    if (l->event.received_ms <= job->young_from) l->event.message_id = S("");
    return sealed_add(job->writer, l->next.key, &l->event);
}

/* Whether the row at hand begins a block of which every row comes before all of the other lanes: it
 * is taken over as it is, but for small ones, of which there would be ever more. */
static bool goes_whole(const struct seal_job *job, const struct lane *l, const struct lane *second)
{
    const struct block *b = &l->block;
    const struct sealed_key *h = l->heads + l->head_at;
    if (!l->file || l->is_placed || !l->is_clean || l->next.at != b->first ||
        b->end - b->first < BLOCK_ROWS / 2 ||
        (b->head->has_messages && l->file->head.received_min <= job->young_from))
        return false;
    while (h[1].value < b->end) h++;
    return !second || second->next.key > h->key;
}

MUST_USE static err take_block(struct seal_job *job, struct lane *l, bool *taken)
{
    if (!l->numbers) {
        u64 bytes;
        sealed_section(l->file, SECTION_TEXT_ENDS, &bytes);
        l->numbers = mem_zalloc(bytes + sizeof(u32));
    }
    TRY(sealed_add_block(job->writer, &l->block, l->heads + l->head_at, l->numbers, taken));
    if (*taken) l->at = l->block.end;
    return ERR_OK;
}

MUST_USE static err write_rows(struct seal_job *job, i64 until)
{
    if (!job->writer) TRY(begin(job));
    for (struct lane *second, *l; (l = least(job, &second));) {
        do {
            bool whole = false;
            if (goes_whole(job, l, second)) TRY(take_block(job, l, &whole));
            if (!whole) TRY(add(job, l));
            advance(job, l);
            if (whole || sealed_added(job->writer) % CLOCK_EVERY == 0)
                if (is_late(job, until)) return ERR_AGAIN;
        } while (!l->is_over && (!second || place_cmp(&l->next, &second->next) < 0));
    }
    return ERR_OK;
}

/* The least hash that is young and whose event is alive, over the files; false at the end. */
static bool next_hash(struct seal_job *job, struct sealed_hash *out)
{
    for (;;) {
        struct lane *best = NULL;
        for (u32 i = 0; i < job->count; i++) {
            struct lane *l = &job->lanes[i];
            if (l->hash == l->hash_end) continue;
            if (!best || hash128_cmp(l->hash->dedupe, best->hash->dedupe) < 0) best = l;
        }
        if (!best) return false;
        const struct sealed_hash *h = best->hash++;
        u64 order = sealed_hash_order(best->file, h);
        i64 received = (i64)read_u48(h->received);
        if (received <= job->young_from || !is_alive(job, &best->gone, h->persona, order)) continue;
        *out = sealed_hash_of(&job->place, h->dedupe, h->persona, order, received);
        return true;
    }
}

MUST_USE static err write_hashes(struct seal_job *job, i64 until)
{
    struct sealed_hash h;
    u64 written = 0;
    if (!job->is_merge) {
        if (job->hash_n) TRY(sealed_begin_hashes(job->writer, job->hash_n));
        for (u64 i = 0; i < job->hash_n; i++)
            TRY(sealed_add_hash(job->writer, &job->hashes[job->hash_order[i].at]));
        return ERR_OK;
    }
    if (job->hash_n == 0) {
        for (u32 i = 0; i < job->count; i++) {
            const struct lane *l = &job->lanes[i];
            if (l->file->head.received_max > job->young_from)
                job->hash_n += (u64)(l->hash_end - l->hash);
        }
        if (job->hash_n == 0) return ERR_OK;
        TRY(sealed_begin_hashes(job->writer, job->hash_n));
    }
    while (next_hash(job, &h)) {
        TRY(sealed_add_hash(job->writer, &h));
        if (++written % CLOCK_EVERY == 0 && is_late(job, until)) return ERR_AGAIN;
    }
    return ERR_OK;
}

/* Nothing may be left of the input: then there is no file. */
MUST_USE static err finish(struct seal_job *job)
{
    char path[SEALED_PATH_MAX];
    struct diag why = {0};
    if (sealed_added(job->writer) == 0) return ERR_OK;
    sealed_path(job->es, &job->place, path);
    TRY(sealed_finish(job->writer, job->es->dir));
    TRY(sealed_open(job->es->env, path, &job->result, &why));
    job->result->applied = job->applied;
    if (job->is_merge)
        KILL_POINT(job->es->env, "merge.written");
    else
        KILL_POINT(job->es->env, "seal.written");
    return ERR_OK;
}

err event_job_step(struct seal_job *job, event_persona (*heads)(void *ctx, event_persona p),
                   void *ctx, i64 budget_us)
{
    i64 until = env_mono_ns(job->es->env) + budget_us * 1000;
    job->head_of = heads;
    job->ctx = ctx;
    while (job->phase != DONE) {
        switch (job->phase) {
        case GATHER: TRY(gather(job, until)); break;
        case SORT: sort(job); break;
        case ROWS: TRY(write_rows(job, until)); break;
        case HASHES: TRY(write_hashes(job, until)); break;
        case FINISH: TRY(finish(job)); break;
        case DONE: break;
        }
        job->phase++;
        if (job->phase != DONE && is_late(job, until)) return ERR_AGAIN;
    }
    return ERR_OK;
}
