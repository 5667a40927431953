/* record_bulk.c — the codec of BULK: a row costs its event, its time's distance and its properties.
 */
#include "base/bytes.h"
#include "engine/record.h"

void bulk_put(struct buf *b, str normal, str raw)
{
    buf_str_varint(b, normal);
    buf_str_varint(b, raw);
}

/* Asks for room once: every row of a file passes here. */
void bulk_row_put(struct buf *b, const struct bulk_row *row, i64 before)
{
    u8 *start = (u8 *)buf_room(b, row->message_id.n + row->props.n + 16 + 4 * BYTES_VARINT_MAX);
    if (!start) return;
    u8 *p = bytes_put_varint(start, row->event);
    p = bytes_put_zigzag(p, (i64)((u64)row->occurred_ms - (u64)before));
    p = bytes_put_str(p, row->message_id);
    if (row->message_id.n) p = bytes_put(p, &row->dedupe.lo, 8);
    if (row->message_id.n) p = bytes_put(p, &row->dedupe.hi, 8);
    p = bytes_put_str(p, row->props);
    b->n += (size_t)(p - start);
}

/* read_varint without a call. */
static inline u64 next_varint(struct reader *r)
{
    u64 v = 0;
    const u8 *p = r->p;
    for (u32 shift = 0; p < r->end && shift < 56; shift += 7) {
        u8 c = *p++;
        v |= (u64)(c & 0x7F) << shift;
        if (c >= 0x80) continue;
        r->p = p;
        return v;
    }
    return read_varint(r);
}

static inline str next_str(struct reader *r)
{
    u64 n = next_varint(r);
    return read_bytes(r, n);
}

bool bulk_read(str payload, i64 at, struct bulk_record *out)
{
    out->rows = reader_of(payload);
    out->value = read_str_varint(&out->rows);
    out->raw = read_str_varint(&out->rows);
    out->at = at;
    return !out->rows.bad && out->value.n > 0;
}

bool bulk_next(struct bulk_record *b, struct bulk_row *out)
{
    struct reader *r = &b->rows;
    if (r->p == r->end || r->bad) return false;
    u64 event = next_varint(r);
    if (event == 0 || event > UINT32_MAX) r->bad = true;
    u64 distance = next_varint(r);
    b->at = (i64)((u64)b->at + (distance >> 1 ^ (0 - (distance & 1))));
    out->event = (u32)event;
    out->occurred_ms = b->at;
    out->message_id = next_str(r);
    out->dedupe = (hash128){0};
    if (out->message_id.n) {
        out->dedupe.lo = read_u64(r);
        out->dedupe.hi = read_u64(r);
    }
    out->props = next_str(r);
    return !r->bad;
}
