/* manifest.c — what the snapshot's manifest says of events, and files coming and going by it.
 *
 *   u8 version 1; varints: start of the tail in its stream, last order, zigzag last received,
 * generation, number of the next deletion; files {first order, last order, generation, rows, bytes,
 * deletions left out, rows deleted since}; deletions {persona, kind, order, number}. Lists begin
 * with their count. */
#include "event/catalog.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANIFEST_VERSION = 1 };

struct listed {
    struct sealed_place place;
    u64 rows, bytes, applied, dead;
};

struct manifest_reader {
    struct reader r;
    u64 tail_start, last_order, generation, erased_number, files;
    i64 last_received;
};

void events_manifest(const struct events *es, struct buf *out)
{
    const struct catalog *c = es->catalog;
    buf_byte(out, MANIFEST_VERSION);
    buf_varint(out, c->tail_start);
    buf_varint(out, es->last_order);
    buf_zigzag(out, es->last_received);
    buf_varint(out, es->generation);
    buf_varint(out, es->erased_number);
    buf_varint(out, c->count);
    for (u32 i = 0; i < c->count; i++) {
        const struct sealed *s = c->files[i];
        u64 fields[] = {s->head.first_order,
                        s->head.last_order,
                        s->head.generation,
                        s->head.rows,
                        s->head.bytes,
                        s->applied,
                        s->dead};
        for (u32 k = 0; k < COUNT_OF(fields); k++) buf_varint(out, fields[k]);
    }
    buf_varint(out, erased_count(c->erased));
    for (u32 i = 0; i < erased_count(c->erased); i++) {
        const struct erased_entry *e = erased_at(c->erased, i);
        buf_varint(out, e->persona);
        buf_varint(out, e->kind);
        buf_varint(out, e->order);
        buf_varint(out, e->number);
    }
}

MUST_USE static err read_begin(str manifest, struct manifest_reader *m, struct diag *why)
{
    *m = (struct manifest_reader){.r = reader_of(manifest)};
    u8 version = read_byte(&m->r);
    if (version != MANIFEST_VERSION)
        return diag_set(why, ERR_UNSUPPORTED, "the list of sealed files is of version %u", version);
    m->tail_start = read_varint(&m->r);
    m->last_order = read_varint(&m->r);
    m->last_received = read_zigzag(&m->r);
    m->generation = read_varint(&m->r);
    m->erased_number = read_varint(&m->r);
    m->files = read_varint(&m->r);
    if (m->r.bad || m->files > manifest.n)
        return diag_set(why, ERR_CORRUPT, "the list of sealed files is damaged");
    return ERR_OK;
}

static struct listed read_listed(struct reader *r)
{
    struct listed l;
    l.place.first_order = read_varint(r);
    l.place.last_order = read_varint(r);
    l.place.generation = read_varint(r);
    l.rows = read_varint(r);
    l.bytes = read_varint(r);
    l.applied = read_varint(r);
    l.dead = read_varint(r);
    return l;
}

MUST_USE static err read_erased(struct reader *r, struct erased *to, struct diag *why)
{
    for (u64 left = read_varint(r); left && !r->bad; left--) {
        struct erased_entry e = {0};
        e.persona = (u32)read_varint(r);
        e.kind = (u32)read_varint(r);
        e.order = read_varint(r);
        e.number = read_varint(r);
        if (e.kind != ERASED_ONE && e.kind != ERASED_BEFORE) r->bad = true;
        if (!r->bad) erased_add(to, e);
    }
    if (r->bad || r->p != r->end)
        return diag_set(why, ERR_CORRUPT, "the list of deleted events is damaged");
    return ERR_OK;
}

void sealed_path(const struct events *es, const struct sealed_place *place,
                 char out[SEALED_PATH_MAX])
{
    int n = snprintf(out, SEALED_PATH_MAX, "%s/seal-%llx-%llx-%llx.bsg", es->dir,
                     (unsigned long long)place->first_order, (unsigned long long)place->last_order,
                     (unsigned long long)place->generation);
    MUST(n > 0 && n < SEALED_PATH_MAX);
}

MUST_USE static err open_listed(struct events *es, const struct listed *l, struct sealed **out,
                                struct diag *why)
{
    char path[SEALED_PATH_MAX];
    sealed_path(es, &l->place, path);
    TRY(sealed_open(es->env, path, out, why));
    const struct sealed_header *h = &(*out)->head;
    (*out)->applied = l->applied;
    (*out)->dead = (u32)l->dead;
    if (h->first_order != l->place.first_order || h->last_order != l->place.last_order ||
        h->generation != l->place.generation || h->rows != l->rows || h->bytes != l->bytes ||
        l->dead > l->rows)
        return diag_set(why, ERR_CORRUPT, "%s is not the file that was listed", path);
    return ERR_OK;
}

static bool is_listed(str manifest, u64 generation)
{
    struct manifest_reader m;
    if (manifest.n == 0 || read_begin(manifest, &m, NULL) != ERR_OK) return false;
    while (m.files-- && !m.r.bad)
        if (read_listed(&m.r).place.generation == generation) return true;
    return false;
}

struct cleaning {
    struct events *es;
    err e;
};

static void remove_unlisted(void *ctx, str name)
{
    struct cleaning *c = ctx;
    char path[SEALED_PATH_MAX];
    if (!str_starts(name, S("seal-"))) return;
    int n = snprintf(path, sizeof path, "%s/%.*s", c->es->dir, STR_ARG(name));
    MUST(n > 0 && n < SEALED_PATH_MAX);
    for (u32 i = 0; i < c->es->catalog->count; i++)
        if (strcmp(c->es->catalog->files[i]->path, path) == 0) return;
    err e = env_remove(c->es->env, path);
    if (c->e == ERR_OK) c->e = e;
}

MUST_USE static err open_all(struct events *es, str manifest, struct diag *why)
{
    struct manifest_reader m;
    TRY(read_begin(manifest, &m, why));
    if (m.files && !es->dir)
        return diag_set(why, ERR_INVALID, "there are sealed files, but no directory of them");
    struct catalog *c = catalog_new(es, (u32)m.files);
    c->erased = erased_new();
    c->tail_start = m.tail_start;
    c->count = 0;
    c->generation = m.generation + 1;
    catalog_install(es, c);
    for (; m.files; m.files--) {
        struct listed l = read_listed(&m.r);
        if (m.r.bad) return diag_set(why, ERR_CORRUPT, "the list of sealed files is damaged");
        err e = open_listed(es, &l, &c->files[c->count], why);
        if (c->files[c->count]) c->count++;
        TRY(e);
    }
    TRY(read_erased(&m.r, c->erased, why));
    es->last_order = m.last_order;
    es->last_received = m.last_received;
    es->erased_number = m.erased_number;
    tail_begin(&es->tail, m.tail_start);
    buf_put(&es->manifests[0], manifest);
    catalog_show(es);
    return ERR_OK;
}

err events_open(struct events *es, str manifest, struct diag *why)
{
    if (manifest.n) TRY(open_all(es, manifest, why));
    events_collect(es);
    if (!es->dir) return ERR_OK;
    struct cleaning c = {.es = es};
    TRY(env_list(es->env, es->dir, remove_unlisted, &c));
    return c.e;
}

void event_clean(struct events *es, str manifest)
{
    struct buf older = es->manifests[1];
    es->manifests[1] = es->manifests[0];
    es->manifests[0] = older;
    buf_reset(&es->manifests[0]);
    buf_put(&es->manifests[0], manifest);
    events_collect(es);
    u64 seen = es->first ? es->first->catalog->generation : es->catalog->generation;
    struct sealed **link = &es->gone;
    for (struct sealed *s; (s = *link);) {
        bool is_needed = s->gone_at > seen ||
                         is_listed(buf_str(&es->manifests[0]), s->head.generation) ||
                         is_listed(buf_str(&es->manifests[1]), s->head.generation);
        if (is_needed) {
            link = &s->next_gone;
            continue;
        }
        char path[SEALED_PATH_MAX];
        memcpy(path, s->path, sizeof path);
        *link = s->next_gone;
        sealed_close(s);
        err gone = env_discard(es->env, path);
        (void)gone; /* what stays is on no list, and removed on the next start */
    }
}

/* ---- the tail's stream ---- */

static void stream_range(void *ctx, const struct epoch *e, u64 *start, u64 *end)
{
    const struct events *es = ctx;
    (void)e;
    *start = es->catalog->tail_start;
    *end = es->tail.end;
}

static void stream_read(void *ctx, u64 offset, void *out, size_t n)
{
    const struct events *es = ctx;
    tail_read(&es->tail, offset, out, n);
}

MUST_USE static err stream_load(void *ctx, u64 offset, str bytes)
{
    struct events *es = ctx;
    return tail_load(&es->tail, offset, bytes);
}

struct stream events_stream(struct events *es)
{
    return (struct stream){"events", stream_range, stream_read, stream_load, es};
}

void events_rebuild(struct events *es)
{
    es->catalog->tail_start = es->sets[0].from = es->tail.kept;
    es->tail_rows = es->tail_dead = 0;
    tail_link(&es->tail);
    u64 at = es->tail.kept;
    for (const struct row *row; (row = tail_next(&es->tail, &at, es->tail.end));) {
        struct erased_of gone =
            erased_of(es->catalog->erased, erased_count(es->catalog->erased), row->persona);
        u32 unit = tail_unit(at - tail_frame(row->bytes));
        if (!hash128_is_zero(row->dedupe)) map_put(&es->sets[0].map, row->dedupe, unit);
        es->tail_rows++;
        es->tail_dead += is_erased(&gone, row->order);
        if (row->order > es->last_order) es->last_order = row->order;
        es->last_received = max_i64(es->last_received, row->received_ms);
    }
    catalog_show(es);
}
