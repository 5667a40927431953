/* events.c — the engine's side: appending, deleting, dedupe, views and who frees what when. */
#include "event/catalog.h"

#include <stdlib.h>

#define MIB ((u64)1 << 20)
enum { CHUNKS_AT_ONCE = 4 }; /* given back at each pin */

static u64 or_default(u64 v, u64 otherwise)
{
    return v ? v : otherwise;
}

void catalog_show(struct events *es)
{
    es->live.catalog = es->catalog;
    es->live.end = es->tail.end;
    es->live.erased = erased_count(es->catalog->erased);
}

struct events *events_new(struct env *env, const struct events_options *o)
{
    struct events *es = mem_zalloc(sizeof *es);
    es->env = env;
    if (o->dir) es->dir = memcpy(mem_alloc(strlen(o->dir) + 1), o->dir, strlen(o->dir) + 1);
    es->seal_bytes = or_default(o->tail_bytes_seal, 64 * MIB);
    es->indexed_rows = or_default(o->indexed_rows, 1 << 20);
    es->max_bytes = or_default(o->tail_bytes_max, 512 * MIB);
    if (es->max_bytes > TAIL_WINDOW_MAX / 2) es->max_bytes = TAIL_WINDOW_MAX / 2;
    es->dedupe_ms = o->dedupe_ms ? o->dedupe_ms : 7 * DAY;
    es->last_received = INT64_MIN;
    es->live.es = es;
    tail_init(&es->tail);
    map_init(&es->sets[0].map);
    es->sets[0].from = TAIL_FIRST;
    es->set_count = 1;
    es->oldest = es->catalog = catalog_new(es, 0);
    es->catalog->erased = erased_new();
    es->catalog->tail_start = TAIL_FIRST;
    for (u32 i = 0; i < 2; i++) buf_init(&es->manifests[i], (size_t)1 << 32);
    catalog_show(es);
    return es;
}

void events_free(struct events *es)
{
    if (!es) return;
    if (es->job) job_forsake(es->job);
    if (es->parked) job_forsake(es->parked);
    events_collect(es);
    MUST(!es->first);
    for (u32 i = 0; i < es->catalog->count; i++) sealed_close(es->catalog->files[i]);
    for (struct sealed *s = es->gone, *next; s; s = next) {
        next = s->next_gone;
        sealed_close(s);
    }
    erased_free(es->catalog->erased);
    free(es->catalog);
    for (u32 i = 0; i < es->set_count; i++) map_clear(&es->sets[i].map);
    for (u32 i = 0; i < 2; i++) buf_clear(&es->manifests[i]);
    tail_clear(&es->tail);
    free(es->dir);
    free(es);
}

/* ---- appending and deleting ---- */

void event_append(struct events *es, const struct event *ev)
{
    MUST(ev->order > es->last_order);
    u32 unit = tail_append(&es->tail, ev);
    if (!hash128_is_zero(ev->dedupe)) map_put(&es->sets[es->set_count - 1].map, ev->dedupe, unit);
    es->tail_rows++;
    es->last_order = ev->order;
    es->last_received = max_i64(es->last_received, ev->received_ms);
    es->live.end = es->tail.end;
}

static struct erased_of gone_now(const struct events *es, event_persona p)
{
    return erased_of(es->catalog->erased, es->live.erased, p);
}

u32 tail_alive(struct events *es, event_persona p, u64 low, u64 high)
{
    u64 start = es->catalog->tail_start;
    struct erased_of gone = gone_now(es, p);
    u32 alive = 0;
    for (u32 unit = tail_newest(&es->tail, p, start, es->tail.end); unit;
         unit = tail_before(&es->tail, unit, start)) {
        u64 order = tail_row(&es->tail, unit)->order;
        if (order < low) break;
        alive += order < high && !is_erased(&gone, order);
    }
    return alive;
}

u32 sealed_alive(struct events *es, const struct sealed *s, event_persona p, u64 low, u64 high)
{
    struct sealed_keys moved = sealed_moved(s);
    struct erased_of gone = gone_now(es, p);
    struct block b = {0};
    u32 alive = 0, from, to;
    if (high <= s->head.first_order || low > s->head.last_order) return 0;
    sealed_rows(s, sealed_head_of(&moved, p), &from, &to);
    for (u32 row = from; row < to; row++) {
        block_at(&b, s, row);
        u64 order = block_order(&b, row);
        if (order < low || order >= high || block_persona(&b, row) != p) continue;
        alive += !is_erased(&gone, order);
    }
    return alive;
}

/* Counts first what will be gone, where it lies: that says how many are alive, which files are
 * worth writing anew, and whether there is anything to remember. */
static void erase(struct events *es, event_persona p, erased_kind kind, u64 order)
{
    u64 low = kind == ERASED_ONE ? order : 0, high = kind == ERASED_ONE ? order + 1 : order;
    u32 in_tail = tail_alive(es, p, low, high), all = in_tail;
    if (in_tail && es->job && job_reads(es->job, NULL)) {
        u64 last = job_last_order(es->job) + 1;
        job_note_dead(es->job, tail_alive(es, p, low, high < last ? high : last));
    }
    es->tail_dead += in_tail;
    for (u32 i = 0; i < es->catalog->count; i++) {
        struct sealed *s = es->catalog->files[i];
        u32 n = sealed_alive(es, s, p, low, high);
        s->dead += n;
        all += n;
        if (n && es->job && job_reads(es->job, s)) job_note_dead(es->job, n);
        if (n && es->parked && job_reads(es->parked, s)) job_note_dead(es->parked, n);
    }
    if (all == 0) return;
    struct erased_entry entry = {order, es->erased_number++, p, kind};
    erased_add(es->catalog->erased, entry);
    es->live.erased++;
}

void event_delete(struct events *es, event_persona p, u64 order)
{
    erase(es, p, ERASED_ONE, order);
}

void event_forget(struct events *es, event_persona p, u64 before)
{
    erase(es, p, ERASED_BEFORE, before);
}

/* ---- dedupe ---- */

static bool is_young(const struct events *es, i64 received, i64 now)
{
    return now - received < es->dedupe_ms;
}

static bool counts(const struct events *es, event_persona p, u64 order, i64 received, i64 now)
{
    if (!is_young(es, received, now)) return false;
    if (es->live.erased == 0) return true;
    struct erased_of gone = gone_now(es, p);
    return !is_erased(&gone, order);
}

static bool tail_seen(const struct events *es, hash128 dedupe, i64 now)
{
    for (u32 i = es->set_count; i-- > 0;) {
        const struct map *m = &es->sets[i].map;
        struct map_cursor at;
        if (m->count == 0) continue;
        for (u32 unit = map_first(m, dedupe, &at); unit; unit = map_next(m, dedupe, &at)) {
            const struct row *row = tail_row(&es->tail, unit);
            if (hash128_eq(row->dedupe, dedupe) &&
                counts(es, row->persona, row->order, row->received_ms, now))
                return true;
        }
    }
    return false;
}

bool event_seen(const struct events *es, hash128 dedupe, i64 now)
{
    if (hash128_is_zero(dedupe)) return false;
    if (tail_seen(es, dedupe, now)) return true;
    for (u32 i = es->catalog->count; i-- > 0;) {
        const struct sealed *s = es->catalog->files[i];
        u64 n;
        if (!is_young(es, s->head.received_max, now)) continue;
        const struct sealed_hash *h = sealed_seen(s, dedupe, &n);
        for (u64 k = 0; k < n; k++)
            if (counts(es, h[k].persona, sealed_hash_order(s, &h[k]), (i64)read_u48(h[k].received),
                       now))
                return true;
    }
    return false;
}

void event_prefetch(const struct events *es, hash128 dedupe)
{
    for (u32 i = 0; i < es->set_count; i++) map_prefetch(&es->sets[i].map, dedupe);
    for (u32 i = 0; i < es->catalog->count; i++)
        if (is_young(es, es->catalog->files[i]->head.received_max, es->last_received))
            sealed_seen_prefetch(es->catalog->files[i], dedupe);
}

void event_prefetch_persona(const struct events *es, event_persona p)
{
    if (p < EVENT_PERSONAS_MAX) tail_prefetch_head(&es->tail, p);
}

/* ---- size ---- */

bool event_room(struct events *es)
{
    if (es->tail.end - es->tail.kept >= es->max_bytes) events_collect(es);
    return es->tail.end - es->tail.kept < es->max_bytes;
}

bool event_seal_due(const struct events *es)
{
    return es->dir && es->tail.end - es->catalog->tail_start >= es->seal_bytes;
}

bool event_ample(const struct events *es)
{
    return es->tail.end - es->tail.kept < es->max_bytes / 2;
}

u64 events_bytes(const struct events *es)
{
    u64 bytes = tail_bytes(&es->tail) + erased_bytes(es->catalog->erased);
    for (u32 i = 0; i < es->set_count; i++) bytes += map_bytes(&es->sets[i].map);
    return bytes;
}

u64 events_count(const struct events *es)
{
    u64 alive = es->tail_rows - es->tail_dead;
    for (u32 i = 0; i < es->catalog->count; i++)
        alive += es->catalog->files[i]->head.rows - es->catalog->files[i]->dead;
    return alive;
}

u64 events_deleted(const struct events *es)
{
    u64 dead = es->tail_dead;
    for (u32 i = 0; i < es->catalog->count; i++) dead += es->catalog->files[i]->dead;
    return dead;
}

u64 event_deletions(const struct events *es)
{
    return es->erased_number;
}

bool event_rid(const struct events *es, u64 deletions)
{
    bool left = es->tail_dead > 0;
    for (u32 i = 0; i < es->catalog->count; i++) {
        const struct sealed *s = es->catalog->files[i];
        left |= s->dead && s->applied < deletions;
    }
    return !left;
}

u64 events_disk_bytes(const struct events *es)
{
    u64 bytes = 0;
    for (u32 i = 0; i < es->catalog->count; i++) bytes += es->catalog->files[i]->head.bytes;
    for (const struct sealed *s = es->gone; s; s = s->next_gone) bytes += s->head.bytes;
    return bytes;
}

err events_check(const struct events *es, struct diag *why)
{
    for (u32 i = 0; i < es->catalog->count; i++) TRY(sealed_check(es->catalog->files[i], why));
    return ERR_OK;
}

/* ---- views ---- */

struct catalog *catalog_new(const struct events *es, u32 count)
{
    struct catalog *c = mem_zalloc(sizeof *c + count * sizeof c->files[0]);
    c->generation = es->generation + 1;
    c->count = count;
    return c;
}

void catalog_install(struct events *es, struct catalog *c)
{
    es->generation = c->generation;
    es->catalog->newer = c;
    es->catalog = c;
    catalog_show(es);
}

static struct event_view *view_new(struct events *es)
{
    struct event_view *v = mem_alloc(sizeof *v);
    *v = es->live;
    v->pins = 0;
    v->newer = NULL;
    if (es->newest)
        es->newest->newer = v;
    else
        es->first = v;
    es->newest = v;
    return v;
}

struct event_view *event_view_pin(struct events *es)
{
    events_collect(es);
    struct event_view *v = es->newest;
    bool is_same = v && v->catalog == es->catalog && v->end == es->live.end &&
                   v->erased == es->live.erased && !v->is_of_files;
    if (!is_same) v = view_new(es);
    __atomic_fetch_add(&v->pins, 1, __ATOMIC_RELAXED);
    return v;
}

struct event_view *event_view_pin_files(struct events *es)
{
    struct event_view *v = view_new(es);
    v->is_of_files = true;
    v->pins = 1;
    return v;
}

struct event_view *event_view_live(struct events *es)
{
    return &es->live;
}

void event_view_drop(struct event_view *v)
{
    u32 pins = __atomic_fetch_sub(&v->pins, 1, __ATOMIC_RELEASE);
    MUST(pins != 0);
}

static void free_views(struct events *es)
{
    struct event_view **link = &es->first, *kept = NULL;
    for (struct event_view *v; (v = *link);) {
        if (__atomic_load_n(&v->pins, __ATOMIC_ACQUIRE)) {
            kept = v;
            link = &v->newer;
        } else {
            *link = v->newer;
            free(v);
        }
    }
    es->newest = kept;
}

void events_collect(struct events *es)
{
    free_views(es);
    const struct catalog *keep = es->first ? es->first->catalog : es->catalog;
    while (es->oldest != keep) {
        struct catalog *c = es->oldest;
        es->oldest = c->newer;
        if (c->erased != es->oldest->erased) erased_free(c->erased);
        free(c);
    }
    const struct event_view *v = es->first;
    while (v && v->is_of_files) v = v->newer;
    tail_keep(&es->tail, v ? v->catalog->tail_start : es->catalog->tail_start, CHUNKS_AT_ONCE);
}

static bool walk_file(const struct event_view *v, const struct sealed *s,
                      bool (*each)(void *ctx, const struct event *ev), void *ctx)
{
    struct arena *arena = arena_new();
    struct erased_of gone = {0};
    struct block b = {0};
    struct event ev;
    bool go_on = true;
    for (u32 row = 0; go_on && row < s->head.rows; row++) {
        arena_reset(arena);
        block_at(&b, s, row);
        block_event(&b, row, arena, &ev);
        if (ev.persona != gone.persona) gone = erased_of(v->catalog->erased, v->erased, ev.persona);
        if (!is_erased(&gone, ev.order)) go_on = each(ctx, &ev);
    }
    arena_free(arena);
    return go_on;
}

bool events_walk(const struct event_view *v, bool (*each)(void *ctx, const struct event *ev),
                 void *ctx)
{
    for (u32 i = 0; i < v->catalog->count; i++)
        if (!walk_file(v, v->catalog->files[i], each, ctx)) return false;
    u64 at = v->catalog->tail_start;
    for (const struct row *row; (row = tail_next(&v->es->tail, &at, v->end));) {
        struct erased_of gone = erased_of(v->catalog->erased, v->erased, row->persona);
        struct event ev;
        tail_event(row, &ev);
        if (!is_erased(&gone, ev.order) && !each(ctx, &ev)) return false;
    }
    return true;
}
