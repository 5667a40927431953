/* kept.c — sources of older versions of objects: what a customer got is shown by the words of then.
 *
 * The last KEPT_EACH versions of each, and as many rows as there may be objects. */
#include "engine/engine_internal.h"

enum { KEPT_EACH = 50 };

static const struct kept_row *at(const struct engine *e, u32 row)
{
    return table_has(e->kept, row) ? table_at(e->kept, row) : NULL;
}

/* The oldest of an object, and how many it has. */
static u32 oldest(const struct engine *e, u32 kind, u32 code, u32 *count)
{
    u32 found = 0;
    *count = 0;
    for (u32 i = 1; i < table_count(e->kept); i++) {
        const struct kept_row *k = at(e, i);
        if (!k || k->kind != kind || k->code != code) continue;
        ++*count;
        if (!found || k->number < at(e, found)->number) found = i;
    }
    return found;
}

void objects_keep(struct engine *e, const struct object_row *r)
{
    u32 count, last = oldest(e, r->kind, r->code, &count), row;
    if (count >= KEPT_EACH) {
        heap_retire(e->texts, at(e, last)->source);
        table_drop(e->kept, last);
    }
    if (!(row = table_add(e->kept))) {
        heap_retire(e->texts, r->source);
        return;
    }
    struct kept_row *k = table_edit(e->kept, row);
    k->kind = r->kind;
    k->code = r->code;
    k->number = r->number;
    k->source = r->source;
}

str engine_object_version(struct engine *e, object_kind kind, str id, u32 version)
{
    u32 newest, code = names_find(e->names, NAME_OBJECT, id);
    str source = engine_object(e, kind, id, &newest);
    if (newest == version && source.n) return source;
    for (u32 i = 1; code && i < table_count(e->kept); i++) {
        const struct kept_row *k = at(e, i);
        if (k && k->kind == kind && k->code == code && k->number == version)
            return heap_view(e->texts, k->source);
    }
    return (str){0};
}

hash128 objects_kept_digest(struct engine *e)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 8 << 20);
    for (u32 i = 1; i < table_count(e->kept); i++) {
        const struct kept_row *k = at(e, i);
        if (!k) continue;
        buf_reset(&b);
        buf_put(&b, S("kept"));
        buf_varint(&b, k->kind);
        buf_str_varint(&b, names_text(e->names, NAME_OBJECT, k->code));
        buf_varint(&b, k->number);
        buf_put(&b, heap_view(e->texts, k->source));
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}
