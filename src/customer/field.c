/* field.c — packed lists of fields: what a customer's tags and her values outside the columns are.
 *
 * A list is an immutable string, so that an epoch that sees the row sees the list. A change writes
 * it anew in one pass. Three tags of the usual kind are four bytes; the fields written by one
 * record share the time of the first entry among them. */
#include "customer/customer_internal.h"

struct packer {
    struct buf *out;
    u32 key;
    u8 plain;
    i64 base, own;
};
#define NO_TIME INT64_MIN

static struct field_reader reader(const struct customers *c, u32 handle, i64 base, u8 plain)
{
    return (struct field_reader){
        .in = reader_of(heap_view(c->text, handle)), .plain = plain, .base = base, .own = NO_TIME};
}

struct field_reader tags_of(const struct customers *c, const struct customer_row *row)
{
    return reader(c, row->tags, written(row), 0);
}

struct field_reader values_of(const struct customers *c, const struct customer_row *row)
{
    return reader(c, row->values, written(row), FIELD_INLINE);
}

bool field_next(struct field_reader *r, struct field *out)
{
    if (r->in.p == r->in.end) return false;
    u64 head = read_varint(&r->in);
    r->key += (u32)(head >> 1);
    u8 flags = head & 1 ? read_byte(&r->in) : r->plain;
    if (flags & FIELD_TIME) r->own = r->base + read_zigzag(&r->in);
    *out = (struct field){.key = r->key,
                          .flags = flags & (u8) ~(FIELD_TIME | FIELD_SAME),
                          .state = flags >> FIELD_STATE,
                          .own_time = flags & (FIELD_TIME | FIELD_SAME),
                          .when = r->base,
                          .expires = NEVER};
    if (out->own_time) out->when = r->own;
    if (flags & FIELD_EXPIRES) out->expires = out->when + read_zigzag(&r->in);
    if (flags & FIELD_STRING) out->handle = read_u32(&r->in);
    if (flags & FIELD_INLINE) {
        const u8 *from = r->in.p;
        value_read(&r->in);
        out->bytes = (str){(const char *)from, (size_t)(r->in.p - from)};
    }
    MUST(!r->in.bad);
    return true;
}

bool field_find(struct field_reader r, u32 key, struct field *out)
{
    while (field_next(&r, out)) {
        if (out->key == key) return true;
        if (out->key > key) break;
    }
    *out = (struct field){.key = key};
    return false;
}

static void pack(struct packer *p, const struct field *f)
{
    u8 flags = f->flags & (FIELD_GONE | FIELD_INLINE | FIELD_STRING);
    flags |= (u8)(f->state << FIELD_STATE);
    if (f->expires != NEVER && !(flags & FIELD_GONE)) flags |= FIELD_EXPIRES;
    if (f->when != p->base) flags |= f->when == p->own ? FIELD_SAME : FIELD_TIME;
    bool more = flags != p->plain;
    buf_varint(p->out, (u64)(f->key - p->key) << 1 | more);
    p->key = f->key;
    if (more) buf_byte(p->out, flags);
    if (flags & FIELD_TIME) {
        buf_zigzag(p->out, f->when - p->base);
        p->own = f->when;
    }
    if (flags & FIELD_EXPIRES) buf_zigzag(p->out, f->expires - f->when);
    if (flags & FIELD_STRING) buf_u32(p->out, f->handle);
    if (flags & FIELD_INLINE) buf_put(p->out, f->bytes);
}

/* The list's new handle. The entry's bytes may lie in the old one, which goes last. */
static u32 replace(struct customers *c, u32 handle, struct field_reader r, const struct field *f,
                   bool keep)
{
    struct packer p = {&c->packed, 0, r.plain, r.base, NO_TIME};
    bool pending = keep;
    str old = heap_view(c->text, handle);
    u32 gone = 0;
    buf_reset(&c->packed);
    for (struct field e; field_next(&r, &e);) {
        if (pending && e.key >= f->key) {
            pack(&p, f);
            pending = false;
        }
        if (e.key == f->key)
            gone = e.handle;
        else
            pack(&p, &e);
    }
    if (pending) pack(&p, f);
    MUST(!c->packed.full);
    if (gone && !(keep && f->handle == gone)) heap_retire(c->text, gone);
    if (str_eq(old, buf_str(&c->packed))) return handle;
    u32 now = heap_put(c->text, buf_str(&c->packed));
    heap_retire(c->text, handle);
    return now;
}

void tags_put(struct customers *c, persona p, const struct field *f, bool keep)
{
    struct customer_row *row = customer_edit(c, p);
    row->tags = replace(c, row->tags, tags_of(c, row), f, keep);
    tagged_put(c, p, f, keep);
}

void values_put(struct customers *c, struct customer_row *row, const struct field *f, bool keep)
{
    row->values = replace(c, row->values, values_of(c, row), f, keep);
}

bool tags_have_room(const struct customers *c, const struct customer_row *row)
{
    return heap_view(c->text, row->tags).n < FIELDS_BYTES_MAX;
}

bool values_have_room(const struct customers *c, const struct customer_row *row)
{
    return heap_view(c->text, row->values).n < FIELDS_BYTES_MAX;
}

void written_at(struct customer_row *row, i64 when)
{
    if (written(row)) return;
    if (when < 1 || when > N48_MAX) when = 1; /* a field of such a time keeps it as its own */
    row->written = n48_of(when);
}
