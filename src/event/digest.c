/* digest.c — what can be said of all events at once: their hash, and the newest of them. */
#include "event/catalog.h"

#include "log/names.h"

/* ---- the newest ---- */

static bool is_alive(const struct event_view *v, event_persona p, u64 order)
{
    struct erased_of gone = erased_of(v->catalog->erased, v->erased, p);
    return !is_erased(&gone, order);
}

/* The rows of [at, end) alive, newest first, at most `max`. Rows are met from old to new: the first
 * walk counts them, the second knows each one's place. */
static u32 newest_of(const struct event_view *v, u64 from, u64 end, struct event *out, u32 max)
{
    const struct tail *t = &v->es->tail;
    u32 alive = 0, met = 0;
    u64 at = from;
    for (const struct row *row; (row = tail_next(t, &at, end));)
        alive += is_alive(v, row->persona, row->order);
    at = from;
    for (const struct row *row; (row = tail_next(t, &at, end));) {
        if (!is_alive(v, row->persona, row->order)) continue;
        u32 place = alive - ++met;
        if (place < max) tail_event(row, &out[place]);
    }
    return min_u32(alive, max);
}

/* The newest rows alive of one file into out[0 … max), of which each row pushes itself in. */
static u32 newest_sealed(const struct event_view *v, const struct sealed *s, struct event *out,
                         u32 max, struct arena *arena)
{
    struct block b = {0};
    u32 n = 0;
    for (u32 row = 0; row < s->head.rows; row++) {
        block_at(&b, s, row);
        u64 order = block_order(&b, row);
        if (n == max && order < out[n - 1].order) continue;
        if (!is_alive(v, block_persona(&b, row), order)) continue;
        u32 at = n < max ? n++ : n - 1;
        for (; at && out[at - 1].order < order; at--) out[at] = out[at - 1];
        out[at] = (struct event){.order = order, .code = row};
    }
    for (u32 i = 0; i < n; i++) {
        u32 row = out[i].code;
        block_at(&b, s, row);
        block_event(&b, row, arena, &out[i]);
    }
    return n;
}

u32 event_latest(const struct event_view *v, struct event *out, u32 max, struct arena *arena)
{
    u64 start = v->catalog->tail_start, end = v->end;
    u32 n = 0;
    while (n < max && end > start) {
        u64 chunk = (end - 1) / TAIL_CHUNK * TAIL_CHUNK, from = chunk > start ? chunk : start;
        n += newest_of(v, from, end, out + n, max - n);
        end = from;
    }
    for (u32 i = v->catalog->count; i-- > 0 && n < max;)
        n += newest_sealed(v, v->catalog->files[i], out + n, max - n, arena);
    return n;
}

u32 event_after(const struct event_view *v, struct event_cursor *cursor, struct event *out, u32 max)
{
    u64 start = v->catalog->tail_start;
    u32 n = 0;
    if (cursor->at < start) cursor->at = start;
    while (n < max) {
        const struct row *row = tail_next(&v->es->tail, &cursor->at, v->end);
        if (!row) break;
        if (row->order <= cursor->order) continue;
        cursor->order = row->order;
        if (is_alive(v, row->persona, row->order)) tail_event(row, &out[n++]);
    }
    return n;
}

/* ---- the canonical hash ---- */

struct digest {
    hash128 sum;
    event_name_of name;
    void *ctx;
    struct buf bytes;
};

static void put_name(struct digest *d, u32 kind, u32 code)
{
    buf_str_varint(&d->bytes, code ? d->name(d->ctx, kind, code) : S(""));
}

/* Properties with their names in place of codes; code 0 holds names already. Whatever is no list of
 * properties is taken as it is. */
static void put_props(struct digest *d, str props)
{
    struct reader r = reader_of(props);
    const u8 *from = r.p;
    value v;
    for (u32 code; props_next(&r, &code, &v); from = r.p) {
        put_name(d, NAME_PROPERTY, code);
        value_put(&d->bytes, v);
    }
    buf_str_varint(&d->bytes, (str){(const char *)from, (size_t)(r.end - from)});
}

static bool add(void *ctx, const struct event *ev)
{
    struct digest *d = ctx;
    buf_reset(&d->bytes);
    buf_u32(&d->bytes, ev->persona);
    buf_u64(&d->bytes, ev->order);
    buf_u64(&d->bytes, (u64)ev->occurred_ms);
    buf_u64(&d->bytes, (u64)ev->received_ms);
    buf_u32(&d->bytes, ev->flags);
    put_name(d, NAME_EVENT, ev->code);
    put_name(d, NAME_SOURCE, ev->source);
    put_props(d, ev->props);
    d->sum = hash_add(d->sum, hash_xxh(buf_str(&d->bytes)));
    return true;
}

hash128 events_digest(const struct event_view *v, event_name_of name, void *ctx)
{
    struct digest d = {.name = name, .ctx = ctx};
    buf_init(&d.bytes, (size_t)1 << 30);
    events_walk(v, add, &d);
    buf_clear(&d.bytes);
    return d.sum;
}
