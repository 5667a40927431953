/* record.c — the bytes of a record.
 *
 *   offset size
 *   0      4    size of the whole, a multiple of 8
 *   4      2    kind
 *   6      1    level
 *   7      1    n = number of identifiers, at most 16
 *   8      2    flags
 *   10     2    padding: zero bytes at the end, 0 to 7
 *   12     4    source
 *   16     8    occurred, milliseconds; INT64_MAX = at the batch's time
 *   24     16   hash of the message id, zero = none
 *   40     24n  identifiers: hash (16), namespace (4), zero (4)
 *   40+24n      payload, then the padding
 *
 * Little-endian, as all of Beckon's formats. A blanked record has its head and identifiers only. */
#include "log/inside.h"

struct head {
    u32 size;
    u16 kind;
    u8 level, id_count;
    u16 flags, padding;
    u32 source;
    i64 occurred_ms;
    u64 dedupe[2];
};

struct id_bytes {
    u64 lo, hi;
    u32 space, zero;
};

_Static_assert(sizeof(struct head) == RECORD_HEAD_BYTES, "the table above");
_Static_assert(sizeof(struct id_bytes) == RECORD_ID_BYTES, "the table above");
_Static_assert(sizeof(struct record_id) == RECORD_ID_BYTES &&
                   offsetof(struct record_id, space) == offsetof(struct id_bytes, space),
               "identifiers are read as they lie");

void record_put(struct buf *b, const struct record *r)
{
    MUST(r->id_count <= RECORD_IDS_MAX);
    size_t fixed = RECORD_HEAD_BYTES + (size_t)r->id_count * RECORD_ID_BYTES;
    if (r->payload.n > RECORD_BYTES_MAX - fixed) {
        b->full = true;
        return;
    }
    size_t size = (fixed + r->payload.n + 7) & ~(size_t)7;
    char *to = buf_room(b, size);
    if (!to) return;
    struct head h = {
        .size = (u32)size,
        .kind = r->kind,
        .level = r->level,
        .id_count = r->id_count,
        .flags = r->flags,
        .padding = (u16)(size - fixed - r->payload.n),
        .source = r->source,
        .occurred_ms = r->occurred_ms,
        .dedupe = {r->dedupe.lo, r->dedupe.hi},
    };
    memset(to + size - 8, 0, 8);
    memcpy(to, &h, sizeof h);
    for (u32 i = 0; i < r->id_count; i++) {
        struct id_bytes id = {r->ids[i].hash.lo, r->ids[i].hash.hi, r->ids[i].space, 0};
        memcpy(to + RECORD_HEAD_BYTES + i * RECORD_ID_BYTES, &id, sizeof id);
    }
    if (r->payload.n) memcpy(to + fixed, r->payload.p, r->payload.n);
    b->n += size;
}

static size_t fixed_bytes(const struct head *h)
{
    return RECORD_HEAD_BYTES + (size_t)h->id_count * RECORD_ID_BYTES;
}

/* Reads the head of the record at `p`; false unless it lies within `left` bytes and is well formed.
 */
static bool head_read(const void *p, size_t left, struct head *h)
{
    if (left < RECORD_HEAD_BYTES) return false;
    memcpy(h, p, sizeof *h);
    return h->size <= left && h->size % 8 == 0 && h->size <= RECORD_BYTES_MAX && h->padding < 8 &&
           h->id_count <= RECORD_IDS_MAX && h->size >= fixed_bytes(h) + h->padding;
}

bool record_next(struct reader *in, struct record *out)
{
    struct head h;
    size_t left = (size_t)(in->end - in->p);
    if (left == 0) return false;
    if (UNLIKELY(!head_read(in->p, left, &h))) {
        in->bad = true;
        in->p = in->end;
        return false;
    }
    out->kind = h.kind;
    out->level = h.level;
    out->id_count = h.id_count;
    out->flags = h.flags;
    out->source = h.source;
    out->occurred_ms = h.occurred_ms;
    out->dedupe = (hash128){h.dedupe[0], h.dedupe[1]};
    for (u32 i = 0; i < h.id_count; i++)
        memcpy(&out->ids[i], in->p + RECORD_HEAD_BYTES + i * RECORD_ID_BYTES, RECORD_ID_BYTES);
    size_t fixed = fixed_bytes(&h);
    out->payload = (str){(const char *)in->p + fixed, h.size - fixed - h.padding};
    in->p += h.size;
    return true;
}

bool records_are(str records, u32 count)
{
    struct head h;
    size_t at = 0;
    for (; count && head_read(records.p + at, records.n - at, &h); count--) at += h.size;
    return count == 0 && at == records.n;
}

void id_set_init(struct id_set *set, const struct blank_id *ids, u32 count)
{
    map_init(&set->map);
    set->ids = ids;
    for (u32 i = 0; i < count; i++) map_put(&set->map, ids[i].id.hash, i + 1);
}

void id_set_clear(struct id_set *set)
{
    map_clear(&set->map);
}

static bool id_set_has(const struct id_set *set, struct record_id id, u64 number)
{
    struct map_cursor at;
    for (u32 row = map_first(&set->map, id.hash, &at); row;
         row = map_next(&set->map, id.hash, &at)) {
        const struct blank_id *b = &set->ids[row - 1];
        if (b->id.space == id.space && hash128_eq(b->id.hash, id.hash) && number <= b->upto)
            return true;
    }
    return false;
}

static bool names_one_of(const char *p, const struct head *h, const struct id_set *ids, u64 number)
{
    for (u32 i = 0; i < h->id_count; i++) {
        struct record_id id;
        memcpy(&id, p + RECORD_HEAD_BYTES + i * RECORD_ID_BYTES, sizeof id);
        if (id_set_has(ids, id, number)) return true;
    }
    return false;
}

err records_blank(const struct batch *b, const struct id_set *ids, char *out, size_t *n,
                  u32 *blanked)
{
    struct head h;
    u64 number = b->first;
    *n = *blanked = 0;
    if (!records_are(b->records, b->count)) return ERR_CORRUPT;
    for (size_t at = 0; at < b->records.n; at += h.size, number++) {
        const char *p = b->records.p + at;
        MUST(head_read(p, b->records.n - at, &h));
        struct head kept = h;
        if (h.size > fixed_bytes(&h) && names_one_of(p, &h, ids, number)) {
            kept.size = (u32)fixed_bytes(&h);
            kept.padding = 0;
            ++*blanked;
        }
        memcpy(out + *n, p, kept.size);
        memcpy(out + *n, &kept, sizeof kept);
        *n += kept.size;
    }
    return ERR_OK;
}
