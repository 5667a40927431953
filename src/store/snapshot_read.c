/* snapshot_read.c — the base, then each increment over it, then what is derived.
 *
 * Rows and lines of a later part replace those of an earlier one. Of the streams only what the last
 * part says is alive is handed on, so its directory is read first. Nothing is believed that is not
 * under a checksum; and beyond that every index is checked, so that no file can make the loader
 * write outside. */
#include "store/snapshot_internal.h"

#include <stdlib.h>

/* A table that only the snapshot knows must at least be of a possible size. */
#define TABLE_BYTES_MAX ((u64)1 << 38)

struct loading {
    struct snapshot *sn;
    struct diag *why;
    struct packer *packer;
    char *bytes; /* one packed block */
    /* the part being read */
    struct file *file;
    const struct part *part;
    u32 n;
    u64 at, chain;
    u32 ordinal;
    /* its directory */
    struct table **tables;
    struct heap **heaps;
    u32 table_count, heap_count;
    u32 *counts;              /* of the tables' rows */
    u32 streams[STREAMS_MAX]; /* ours, by its place there */
    u32 stream_count;
    /* of our streams: what is alive in the end, and how far it is handed on */
    u64 start[STREAMS_MAX], end[STREAMS_MAX], done[STREAMS_MAX];
};

static err damaged(struct loading *l)
{
    return diag_set(l->why, ERR_CORRUPT,
                    "the snapshot's file snap-%llu-%u.bsn is damaged before byte %llu",
                    (unsigned long long)l->part->number, l->n, (unsigned long long)l->at);
}

/* ---- blocks ---- */

static err read_exactly(struct loading *l, void *out, size_t n)
{
    size_t got;
    TRY(file_read(l->file, l->at, out, n, &got));
    l->at += got;
    return got == n ? ERR_OK : ERR_CORRUPT;
}

static err next_block(struct loading *l, struct block *b)
{
    size_t follows;
    u64 hash;
    TRY(read_exactly(l, l->bytes, BLOCK_HEAD));
    if (!block_follows(l->bytes, &follows)) return ERR_CORRUPT;
    TRY(read_exactly(l, l->bytes + BLOCK_HEAD, follows));
    TRY(block_unpack(l->packer, (str){l->bytes, BLOCK_HEAD + follows}, b, &hash));
    if (b->number != l->part->number || b->ordinal != l->ordinal++) return ERR_CORRUPT;
    l->chain = block_chain(l->chain, hash);
    return ERR_OK;
}

/* ---- the directory ---- */

static err find_heap(struct loading *l, str name)
{
    char text[STORE_NAME_MAX], cells[STORE_NAME_MAX + 8];
    struct store *s = l->sn->store;
    if (!name.n || name.n + sizeof ".cells" > sizeof text || memchr(name.p, 0, name.n))
        return ERR_CORRUPT;
    memcpy(text, name.p, name.n);
    text[name.n] = 0;
    memcpy(cells, text, name.n);
    memcpy(cells + name.n, ".cells", sizeof ".cells");
    struct heap *h = heap_find(s, text);
    if (!h && (table_find(s, cells) || s->heap_count == HEAPS_MAX || s->table_count == TABLES_MAX))
        return ERR_CORRUPT;
    l->heaps[l->heap_count++] = h ? h : heap_new(s, text);
    return ERR_OK;
}

static err find_table(struct loading *l, str name, u32 row_size, u32 rows_max, u32 count)
{
    char text[STORE_NAME_MAX];
    struct store *s = l->sn->store;
    if (!name.n || name.n >= sizeof text || memchr(name.p, 0, name.n)) return ERR_CORRUPT;
    memcpy(text, name.p, name.n);
    text[name.n] = 0;
    struct table *t = table_find(s, text);
    if (t && t->base.row_size != row_size)
        return diag_set(l->why, ERR_UNSUPPORTED,
                        "table %s has rows of %u bytes in the snapshot, and of %u here", text,
                        row_size, t->base.row_size);
    if (t && count - 1 > t->rows_max)
        return diag_set(l->why, ERR_UNSUPPORTED,
                        "table %s has more rows in the snapshot than fit here", text);
    if (!t) {
        bool possible = count - 1 <= rows_max && row_size >= 16 && row_size <= ROW_WORDS_MAX * 8 &&
                        row_size % 8 == 0 && rows_max && rows_max < BY_INDEX &&
                        (u64)row_size * rows_max <= TABLE_BYTES_MAX && s->table_count < TABLES_MAX;
        if (!possible) return ERR_CORRUPT;
        t = table_new(s, text, row_size, rows_max);
    }
    l->counts[l->table_count] = count;
    l->tables[l->table_count++] = t;
    return ERR_OK;
}

static err find_stream(struct loading *l, str name, u64 start, u64 end)
{
    const struct snapshot *sn = l->sn;
    u32 i = 0;
    while (i < sn->stream_count && !str_eq(str_of(sn->streams[i].name), name)) i++;
    if (i == sn->stream_count)
        return diag_set(l->why, ERR_UNSUPPORTED,
                        "the snapshot has a stream \"%.*s\" that is not known here", STR_ARG(name));
    if (start > end) return ERR_CORRUPT;
    l->start[i] = start;
    l->end[i] = end;
    l->streams[l->stream_count++] = i;
    return ERR_OK;
}

static err read_directory(struct loading *l, str raw)
{
    struct reader r = reader_of(raw);
    u32 heaps = read_u32(&r), tables = read_u32(&r), streams = read_u32(&r);
    if (heaps > HEAPS_MAX || tables > TABLES_MAX || streams > STREAMS_MAX) return ERR_CORRUPT;
    l->heap_count = l->table_count = l->stream_count = 0;
    for (u32 i = 0; i < heaps; i++) TRY(find_heap(l, read_str_varint(&r)));
    for (u32 i = 0; i < tables; i++) {
        str name = read_str_varint(&r);
        u32 row_size = read_u32(&r), rows_max = read_u32(&r);
        TRY(find_table(l, name, row_size, rows_max, read_u32(&r)));
    }
    for (u32 i = 0; i < streams; i++) {
        str name = read_str_varint(&r);
        u64 start = read_u64(&r);
        TRY(find_stream(l, name, start, read_u64(&r)));
    }
    return r.bad || r.p != r.end ? ERR_CORRUPT : ERR_OK;
}

/* ---- what a block changes ---- */

static err apply_rows(struct loading *l, const struct block *b)
{
    if (b->object >= l->table_count) return ERR_CORRUPT;
    struct table *t = l->tables[b->object];
    struct reader r = reader_of(b->raw);
    while (r.p < r.end) {
        u32 first = read_u32(&r), count = read_u32(&r);
        str rows = read_bytes(&r, (size_t)count * t->base.row_size);
        if (r.bad || (u64)first + count > l->counts[b->object]) return ERR_CORRUPT;
        for (u32 i = 0; i < count; i++) {
            const u64 *row = (const u64 *)(const void *)(rows.p + (size_t)i * t->base.row_size);
            if (row[0] > 1) return ERR_CORRUPT;
            table_put_loaded(t, first + i, row);
        }
    }
    return ERR_OK;
}

static err apply_lines(struct loading *l, const struct block *b)
{
    if (b->object >= l->heap_count) return ERR_CORRUPT;
    struct reader r = reader_of(b->raw);
    while (r.p < r.end) {
        u32 first = read_u32(&r), count = read_u32(&r);
        str lines = read_bytes(&r, (size_t)count * HEAP_LINE);
        if (r.bad) return ERR_CORRUPT;
        TRY(heap_put_loaded(l->heaps[b->object], first, lines.p, count));
    }
    return ERR_OK;
}

static err apply_stream(struct loading *l, const struct block *b)
{
    if (b->object >= l->stream_count) return ERR_CORRUPT;
    u32 i = l->streams[b->object];
    const struct stream *st = &l->sn->streams[i];
    struct reader r = reader_of(b->raw);
    u64 at = read_u64(&r);
    str bytes = read_rest(&r);
    if (r.bad || at > UINT64_MAX - bytes.n) return ERR_CORRUPT;
    if (at + bytes.n <= l->done[i]) return ERR_OK;
    if (at > l->done[i] || at + bytes.n > l->end[i]) return ERR_CORRUPT;
    bytes = str_slice(bytes, (size_t)(l->done[i] - at), bytes.n);
    TRY(st->load(st->ctx, l->done[i], bytes));
    l->done[i] += bytes.n;
    return ERR_OK;
}

static err apply(struct loading *l, const struct block *b)
{
    switch (b->kind) {
    case BLOCK_ROWS: return apply_rows(l, b);
    case BLOCK_LINES: return apply_lines(l, b);
    case BLOCK_STREAM: return apply_stream(l, b);
    default: return ERR_CORRUPT;
    }
}

/* ---- parts ---- */

/* Opens part n and reads its directory. */
static err open_part(struct loading *l, u32 n)
{
    char path[PATH_BYTES];
    u64 size;
    struct block b;
    l->n = n;
    l->part = &snapshot_now(l->sn)->parts[n];
    l->at = l->chain = l->ordinal = 0;
    err e = env_open(l->sn->env, snapshot_part_path(l->sn, l->part->number, n, path), FILE_READ,
                     &l->file);
    if (e == ERR_NOT_FOUND)
        return diag_set(l->why, ERR_CORRUPT, "%s, which the manifest names, is missing", path);
    TRY(e);
    TRY(file_size(l->file, &size));
    if (size != l->part->bytes) return ERR_CORRUPT;
    TRY(next_block(l, &b));
    if (b.kind != BLOCK_DIRECTORY) return ERR_CORRUPT;
    return read_directory(l, b.raw);
}

static err close_part(struct loading *l, err e)
{
    file_close(l->file);
    l->file = NULL;
    if (e == ERR_CORRUPT) return damaged(l);
    if (e) return diag_set(l->why, e, "the snapshot cannot be read");
    return ERR_OK;
}

static err apply_part(struct loading *l)
{
    struct block b;
    for (;;) {
        TRY(next_block(l, &b));
        if (b.kind == BLOCK_END) break;
        TRY(apply(l, &b));
    }
    return l->at == l->part->bytes && l->chain == l->part->chain ? ERR_OK : ERR_CORRUPT;
}

/* Tells the streams' owners where they start, as of the last part. */
static err start_streams(struct loading *l, u32 last)
{
    TRY(close_part(l, open_part(l, last)));
    for (u32 k = 0; k < l->stream_count; k++) {
        u32 i = l->streams[k];
        const struct stream *st = &l->sn->streams[i];
        l->done[i] = l->start[i];
        TRY(st->load(st->ctx, l->start[i], (str){"", 0}));
    }
    return ERR_OK;
}

static err derive(struct loading *l)
{
    struct store *s = l->sn->store;
    for (u32 i = 0; i < s->table_count; i++) TRY(table_check(s->tables[i], l->why));
    for (u32 i = 0; i < s->heap_count; i++) TRY(heap_rebuild(s->heaps[i], l->why));
    for (u32 i = 0; i < l->sn->stream_count; i++) {
        if (l->done[i] != l->end[i])
            return diag_set(l->why, ERR_CORRUPT, "the snapshot lacks the end of stream \"%s\"",
                            l->sn->streams[i].name);
        l->sn->stream_end[i] = l->end[i];
    }
    return ERR_OK;
}

static err load(struct loading *l)
{
    u32 parts = snapshot_now(l->sn)->part_count;
    TRY(start_streams(l, parts - 1));
    for (u32 n = 0; n < parts; n++) {
        err e = open_part(l, n);
        if (!e) e = apply_part(l);
        TRY(close_part(l, e));
    }
    return derive(l);
}

err snapshot_load(struct snapshot *sn, struct diag *why)
{
    struct store *s = sn->store;
    if (snapshot_now(sn)->part_count == 0)
        return diag_set(why, ERR_NOT_FOUND, "there is no snapshot in %s", sn->dir);
    for (u32 i = 0; i < s->table_count; i++) MUST(table_count(s->tables[i]) == 1);
    MUST(!s->oldest);
    struct loading l = {.sn = sn, .why = why, .packer = packer_new()};
    l.bytes = mem_alloc(block_bytes_max());
    l.tables = mem_alloc(TABLES_MAX * sizeof *l.tables);
    l.counts = mem_alloc(TABLES_MAX * sizeof *l.counts);
    l.heaps = mem_alloc(HEAPS_MAX * sizeof *l.heaps);
    err e = load(&l);
    packer_free(l.packer);
    free(l.bytes);
    free(l.tables);
    free(l.counts);
    free(l.heaps);
    return e;
}
