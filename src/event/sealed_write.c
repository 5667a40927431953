/* sealed_write.c — writing a sealed file from front to back, its header last.
 *
 * The file, version 2 (little-endian; offsets from its start; every section begins at a multiple of
 * 64):
 *
 *   0      header, 4096 bytes: struct sealed_header, zeros, XXH3-64 of the 4088 bytes before it
 *   4096   sections, in any order, each by its (offset, bytes) in the header; absent: bytes 0
 *          ROWS       blocks (block.h), each a multiple of 8 bytes
 *          DEDUPE     {u64 lo, u64 hi, u32 persona, u48 order − first order, u48 received}, by (hi,
 * lo) FILTER     64-byte blocks of a Bloom filter over DEDUPE BLOCKS     64 bytes a block: {u64
 * offset in ROWS, u32 bytes, u32 first row, i64 occurred min, max, u64 order min, max, u64 codes
 * mod 64, u32 code min, max} HEADS      {u32 head, u32 first row} ascending, and {0xFFFFFFFF, rows}
 *          MOVED      {u32 persona, u32 head} ascending: personas whose rows lie under another's
 * head …FENCES    u32: every 512th key of HEADS (the last entry left out), of MOVED TEXT_ENDS  u32:
 * 0, then where each text ends in TEXTS TEXTS      the bytes of texts that repeat DAYS, CHUNKS
 * daily.h; what chunks hold lies between blocks end    CHECKS: XXH3-64 of each 64 KiB between 4096
 * and here; their own XXH3-64 stands in the header
 *
 * A reader takes more sections than it knows; a changed meaning takes a new version. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "event/block_write.h"
#include "event/daily.h"

#include <stdlib.h>

enum {
    OUT_BYTES = 16 * SEALED_PAGE,
    RECENT = 8,
    NEAR_FULL = BLOCK_ROWS - BLOCK_ROWS / 8, /* rows from which a block ends with its customer */
};
#define GROW_MAX ((size_t)1 << 40)

struct sealed_writer {
    struct env *env;
    struct file *file;
    struct sealed_header head;
    bool is_finished;
    u8 *out; /* OUT_BYTES, from `at` on; begins at a page */
    size_t out_n;
    u64 at;
    struct buf checks, blocks, heads, moved; /* bytes of their items; moved: struct place */
    struct buf copy;                         /* a block taken over */
    struct texts *texts;
    struct builder *builder;
    struct daily *daily;
    event_persona key, recent[RECENT]; /* the head being written, and who else was seen under it */
    u32 recent_n;
    u64 *filter, hash_count;
    char path[SEALED_PATH_MAX];
};

err sealed_writer_new(struct env *env, const char *path, struct sealed_place place,
                      struct sealed_writer **out)
{
    struct file *f;
    size_t n = strlen(path);
    MUST(n < SEALED_PATH_MAX);
    err e = env_open(env, path, FILE_NEW, &f);
    if (e == ERR_CONFLICT) {
        TRY(env_remove(env, path));
        e = env_open(env, path, FILE_NEW, &f);
    }
    TRY(e);
    struct sealed_writer *w = mem_zalloc(sizeof *w);
    *w = (struct sealed_writer){.env = env, .file = f, .at = SEALED_HEADER};
    w->head = (struct sealed_header){.magic = "BKSEALED",
                                     .version = SEALED_VERSION,
                                     .section_count = SECTION_COUNT,
                                     .generation = place.generation,
                                     .first_order = place.first_order,
                                     .last_order = place.last_order,
                                     .occurred_min = INT64_MAX,
                                     .occurred_max = INT64_MIN,
                                     .received_min = INT64_MAX,
                                     .received_max = INT64_MIN};
    memcpy(w->path, path, n);
    w->out = mem_alloc(OUT_BYTES);
    struct buf *bufs[] = {&w->checks, &w->blocks, &w->heads, &w->moved, &w->copy};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_init(bufs[i], GROW_MAX);
    w->texts = texts_new();
    w->builder = builder_new(w->texts);
    w->daily = daily_new();
    w->head.sections[SECTION_ROWS].offset = SEALED_HEADER;
    *out = w;
    return ERR_OK;
}

void sealed_writer_brief(struct sealed_writer *w)
{
    daily_give_up(w->daily);
}

void sealed_writer_free(struct sealed_writer *w)
{
    if (!w) return;
    file_close(w->file);
    err gone = w->is_finished ? ERR_OK : env_remove(w->env, w->path);
    (void)gone; /* what stays is on no list, and removed on the next start */
    struct buf *bufs[] = {&w->checks, &w->blocks, &w->heads, &w->moved, &w->copy};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_clear(bufs[i]);
    builder_free(w->builder);
    daily_free(w->daily);
    texts_free(w->texts);
    free(w->filter);
    free(w->out);
    free(w);
}

u32 sealed_added(const struct sealed_writer *w)
{
    return w->head.rows;
}

/* ---- bytes, pages, sections ---- */

MUST_USE static err flush(struct sealed_writer *w)
{
    for (size_t from = 0; from < w->out_n; from += SEALED_PAGE) {
        str page = {(const char *)w->out + from, min_size(SEALED_PAGE, w->out_n - from)};
        buf_u64(&w->checks, hash_xxh64(page));
    }
    TRY(file_write(w->file, w->at, w->out, w->out_n));
    file_push(w->file, w->at, w->out_n);
    w->at += w->out_n;
    w->out_n = 0;
    return ERR_OK;
}

MUST_USE static err out(struct sealed_writer *w, const void *p, size_t n)
{
    for (const u8 *from = p; n;) {
        size_t part = min_size(n, OUT_BYTES - w->out_n);
        memcpy(w->out + w->out_n, from, part);
        w->out_n += part;
        from += part, n -= part;
        if (w->out_n == OUT_BYTES) TRY(flush(w));
    }
    return ERR_OK;
}

static u64 here(const struct sealed_writer *w)
{
    return w->at + w->out_n;
}

MUST_USE static err begin(struct sealed_writer *w, section_kind kind)
{
    static const u8 ZEROS[64];
    TRY(out(w, ZEROS, (0 - here(w)) % 64));
    w->head.sections[kind].offset = here(w);
    return ERR_OK;
}

static void end(struct sealed_writer *w, section_kind kind)
{
    w->head.sections[kind].bytes = here(w) - w->head.sections[kind].offset;
}

MUST_USE static err section(struct sealed_writer *w, section_kind kind, const void *p, size_t n)
{
    TRY(begin(w, kind));
    TRY(out(w, p, n));
    end(w, kind);
    return ERR_OK;
}

/* ---- rows ---- */

MUST_USE static err put_block(struct sealed_writer *w, const struct sealed_block *e, str bytes)
{
    buf_put(&w->blocks, (str){(const char *)e, sizeof *e});
    TRY(out(w, bytes.p, bytes.n));
    daily_add(w->daily, bytes, e->first_row, (const void *)w->heads.p,
              (u32)(w->heads.n / sizeof(struct sealed_key)));
    if (!daily_is_full(w->daily)) return ERR_OK;
    str chunks = daily_take(w->daily, here(w), false);
    return out(w, chunks.p, chunks.n);
}

MUST_USE static err flush_block(struct sealed_writer *w)
{
    struct sealed_block b;
    u32 rows = builder_rows(w->builder);
    if (rows == 0) return ERR_OK;
    str bytes = builder_end(w->builder, &b);
    b.offset = here(w) - w->head.sections[SECTION_ROWS].offset;
    b.first_row = w->head.rows - rows;
    w->head.occurred_min = min_i64(w->head.occurred_min, b.occurred_min);
    w->head.occurred_max = max_i64(w->head.occurred_max, b.occurred_max);
    return put_block(w, &b, bytes);
}

static void note_moved(struct sealed_writer *w, event_persona p)
{
    for (u32 i = 0; i < min_u32(w->recent_n, RECENT); i++)
        if (w->recent[i] == p) return;
    w->recent[w->recent_n++ % RECENT] = p;
    struct place moved = {.key = p, .at = w->key};
    buf_put(&w->moved, (str){(const char *)&moved, sizeof moved});
}

/* Before a row: its customer begins, or goes on. Blocks rather end between customers. */
MUST_USE static err begin_row(struct sealed_writer *w, event_persona head, event_persona persona)
{
    MUST(head && head >= w->key && w->head.rows < SEALED_ROWS_MAX);
    if (head != w->key) {
        if (builder_rows(w->builder) >= NEAR_FULL) TRY(flush_block(w));
        struct sealed_key key = {head, w->head.rows};
        buf_put(&w->heads, (str){(const char *)&key, sizeof key});
        w->key = head;
        w->recent_n = 0;
    }
    if (persona != head) note_moved(w, persona);
    return ERR_OK;
}

MUST_USE static err end_row(struct sealed_writer *w, i64 received)
{
    w->head.rows++;
    w->head.received_min = min_i64(w->head.received_min, received);
    w->head.received_max = max_i64(w->head.received_max, received);
    return builder_is_full(w->builder) ? flush_block(w) : ERR_OK;
}

err sealed_add(struct sealed_writer *w, event_persona head, const struct event *ev)
{
    TRY(begin_row(w, head, ev->persona));
    if (!builder_add(w->builder, ev)) {
        TRY(flush_block(w));
        MUST(builder_add(w->builder, ev));
    }
    return end_row(w, ev->received_ms);
}

err sealed_add_row(struct sealed_writer *w, event_persona head, struct block *b, u32 row, u32 from,
                   i64 young_from)
{
    TRY(begin_row(w, head, block_persona(b, row)));
    if (!builder_add_row(w->builder, b, row, from, young_from)) {
        TRY(flush_block(w));
        MUST(builder_add_row(w->builder, b, row, from, young_from));
    }
    return end_row(w, block_received(b, row));
}

static void begin_heads(struct sealed_writer *w, const struct block *b,
                        const struct sealed_key *heads)
{
    for (; heads->value < b->end; heads++) {
        u32 from = heads->value > b->first ? heads->value - b->first : 0;
        MUST(heads->key && heads->key >= w->key);
        if (heads->key == w->key) continue;
        struct sealed_key key = {heads->key, w->head.rows + from};
        buf_put(&w->heads, (str){(const char *)&key, sizeof key});
        w->key = heads->key;
    }
    w->recent_n = 0;
}

err sealed_add_block(struct sealed_writer *w, const struct block *b, const struct sealed_key *heads,
                     u32 *numbers, bool *taken)
{
    struct sealed_block e = *sealed_block_at(b->s, b->index);
    *taken = block_copy(b, w->texts, numbers, &w->copy);
    if (!*taken) return ERR_OK;
    TRY(flush_block(w));
    begin_heads(w, b, heads);
    e.offset = here(w) - w->head.sections[SECTION_ROWS].offset;
    e.bytes = (u32)w->copy.n;
    e.first_row = w->head.rows;
    w->head.rows += b->end - b->first;
    MUST(w->head.rows <= SEALED_ROWS_MAX);
    w->head.occurred_min = min_i64(w->head.occurred_min, e.occurred_min);
    w->head.occurred_max = max_i64(w->head.occurred_max, e.occurred_max);
    w->head.received_min = min_i64(w->head.received_min, b->s->head.received_min);
    w->head.received_max = max_i64(w->head.received_max, b->s->head.received_max);
    return put_block(w, &e, buf_str(&w->copy));
}

/* ---- dedupe ---- */

struct sealed_hash sealed_hash_of(const struct sealed_place *place, hash128 dedupe,
                                  event_persona persona, u64 order, i64 received_ms)
{
    struct sealed_hash h = {.dedupe = dedupe, .persona = persona};
    u64 place_in = order - place->first_order, received = (u64)received_ms;
    MUST(place_in >> 48 == 0 && received >> 48 == 0);
    memcpy(h.order, &place_in, sizeof h.order);
    memcpy(h.received, &received, sizeof h.received);
    return h;
}

MUST_USE static err end_rows(struct sealed_writer *w)
{
    if (w->head.sections[SECTION_ROWS].bytes) return ERR_OK;
    TRY(flush_block(w));
    str chunks = daily_take(w->daily, here(w), true);
    TRY(out(w, chunks.p, chunks.n));
    end(w, SECTION_ROWS);
    return ERR_OK;
}

err sealed_begin_hashes(struct sealed_writer *w, u64 most)
{
    TRY(end_rows(w));
    w->head.sections[SECTION_FILTER].bytes = filter_bytes(most);
    w->filter = mem_zalloc(filter_bytes(most));
    return begin(w, SECTION_DEDUPE);
}

err sealed_add_hash(struct sealed_writer *w, const struct sealed_hash *h)
{
    filter_add(w->filter, w->head.sections[SECTION_FILTER].bytes, h->dedupe);
    w->hash_count++;
    return out(w, h, sizeof *h);
}

MUST_USE static err end_hashes(struct sealed_writer *w)
{
    if (w->hash_count) {
        end(w, SECTION_DEDUPE);
        return section(w, SECTION_FILTER, w->filter, w->head.sections[SECTION_FILTER].bytes);
    }
    memset(&w->head.sections[SECTION_DEDUPE], 0, sizeof w->head.sections[0]);
    memset(&w->head.sections[SECTION_FILTER], 0, sizeof w->head.sections[0]);
    return ERR_OK;
}

/* ---- the end ---- */

MUST_USE static err write_keys(struct sealed_writer *w, section_kind kind, const struct buf *keys,
                               bool leave_last)
{
    struct buf fences;
    size_t count = keys->n / sizeof(struct sealed_key) - leave_last;
    buf_init(&fences, GROW_MAX);
    for (size_t i = 0; i < count; i += SEALED_FENCE) {
        struct sealed_key k;
        memcpy(&k, keys->p + i * sizeof k, sizeof k);
        buf_u32(&fences, k.key);
    }
    err e = section(w, kind, keys->p, keys->n);
    if (e == ERR_OK) e = section(w, kind + 1, fences.p, fences.n);
    buf_clear(&fences);
    return e;
}

MUST_USE static err write_moved(struct sealed_writer *w)
{
    struct buf keys;
    struct place *all = (void *)w->moved.p, *spare = mem_alloc(w->moved.n);
    u32 n = (u32)(w->moved.n / sizeof *all);
    if (n) place_sort(all, spare, n);
    free(spare);
    buf_init(&keys, GROW_MAX);
    for (u32 i = 0; i < n; i++) {
        struct sealed_key k = {all[i].key, all[i].at};
        if (i && all[i - 1].key == k.key) continue;
        buf_put(&keys, (str){(const char *)&k, sizeof k});
    }
    err e = write_keys(w, SECTION_MOVED, &keys, false);
    buf_clear(&keys);
    return e;
}

MUST_USE static err write_days(struct sealed_writer *w)
{
    struct buf days, chunks;
    buf_init(&days, GROW_MAX);
    buf_init(&chunks, GROW_MAX);
    daily_end(w->daily, w->head.rows, &days, &chunks);
    err e = days.n ? section(w, SECTION_DAYS, days.p, days.n) : ERR_OK;
    if (e == ERR_OK && days.n) e = section(w, SECTION_CHUNKS, chunks.p, chunks.n);
    buf_clear(&days);
    buf_clear(&chunks);
    return e;
}

MUST_USE static err write_sections(struct sealed_writer *w)
{
    struct sealed_key last = {UINT32_MAX, w->head.rows};
    TRY(end_rows(w));
    if (w->filter) TRY(end_hashes(w));
    TRY(section(w, SECTION_BLOCKS, w->blocks.p, w->blocks.n));
    str ends = texts_ends(w->texts), texts = texts_bytes(w->texts);
    TRY(section(w, SECTION_TEXT_ENDS, ends.p, ends.n));
    TRY(section(w, SECTION_TEXTS, texts.p, texts.n));
    buf_put(&w->heads, (str){(const char *)&last, sizeof last});
    TRY(write_keys(w, SECTION_HEADS, &w->heads, true));
    TRY(write_moved(w));
    TRY(write_days(w));
    TRY(begin(w, SECTION_CHECKS));
    return flush(w);
}

MUST_USE static err write_header(struct sealed_writer *w)
{
    u8 page[SEALED_HEADER] = {0};
    memcpy(page, &w->head, sizeof w->head);
    u64 hash = hash_xxh64((str){(const char *)page, sizeof page - sizeof hash});
    memcpy(page + sizeof page - sizeof hash, &hash, sizeof hash);
    return file_write(w->file, 0, page, sizeof page);
}

err sealed_finish(struct sealed_writer *w, const char *dir)
{
    MUST(w->head.rows);
    TRY(write_sections(w));
    MUST(w->head.sections[SECTION_CHECKS].offset == w->at);
    w->head.sections[SECTION_CHECKS].bytes = w->checks.n;
    w->head.checks_hash = hash_xxh64(buf_str(&w->checks));
    w->head.bytes = w->at + w->checks.n;
    TRY(file_write(w->file, w->at, w->checks.p, w->checks.n));
    TRY(write_header(w));
    TRY(file_sync(w->file));
    TRY(env_sync_dir(w->env, dir));
    w->is_finished = true;
    return ERR_OK;
}
