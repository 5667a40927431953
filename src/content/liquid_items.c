/* liquid_items.c — elements one after another for loops, and as an array for filters. */
#include "content/liquid.h"
#include "content/liquid_read.h"

/* ---- one after another ---- */

void items_of(const datum *d, struct items *out)
{
    *out = (struct items){.of = *d};
    if (d->kind == DATUM_RANGE) {
        __int128 n = (__int128)d->to - d->v.n + 1;
        out->count = n < 0 ? 0 : n > INT64_MAX ? INT64_MAX : (i64)n;
    } else if (d->kind == DATUM_PLAIN && (d->v.type == VALUE_LIST || d->v.type == VALUE_MAP)) {
        out->count = d->v.count;
        out->bytes = reader_of(d->v.text);
    } else if (d->kind == DATUM_PLAIN && d->v.type == VALUE_TEXT) {
        out->count = d->v.text.n > 0;
    }
}

/* A map's member as a list of its key and its value: the value's bytes are as they stand. */
static bool pair(struct render *r, struct items *i, datum *out)
{
    str key;
    if (!peek_bytes(&i->bytes.p, i->bytes.end, &key)) return false;
    const u8 *from = i->bytes.p;
    if (!peek_skip(&i->bytes.p, i->bytes.end)) return false;
    size_t n = (size_t)(i->bytes.p - from);
    struct buf b = {.p = render_bytes(r, key.n + n + 16), .cap = key.n + n + 16};
    if (!b.p) return false;
    b.max = b.cap;
    value_put(&b, value_text(key));
    buf_put(&b, (str){(const char *)from, n});
    out->v = (value){.type = VALUE_LIST, .count = 2, .text = buf_str(&b)};
    return true;
}

bool items_next(struct render *r, struct items *i, datum *out)
{
    *out = (datum){.own = i->of.own};
    if (i->at >= i->count) return false;
    i64 at = i->at++;
    if (i->of.kind == DATUM_RANGE)
        out->v = value_int(i->of.v.n + at);
    else if (i->of.v.type == VALUE_LIST)
        return peek_value(&i->bytes.p, i->bytes.end, &out->v);
    else if (i->of.v.type == VALUE_MAP)
        return pair(r, i, out);
    else
        *out = i->of;
    return true;
}

err items_skip(struct render *r, struct items *i, i64 n)
{
    const struct items *c = i;
    if (n > c->count - c->at) n = c->count - c->at;
    if (n <= 0) return ERR_OK;
    i->at += n;
    if (c->of.kind == DATUM_RANGE || c->of.v.type == VALUE_TEXT) return ERR_OK;
    TRY(render_steps(r, (u64)n / 16));
    str key;
    for (i64 k = 0; k < n; k++) {
        if (c->of.v.type == VALUE_MAP && !peek_bytes(&i->bytes.p, i->bytes.end, &key)) break;
        if (!peek_skip(&i->bytes.p, i->bytes.end)) break;
    }
    return ERR_OK;
}

/* ---- as an array ---- */

static u64 flat_count(const value *v, u32 depth)
{
    u64 n = 0;
    const u8 *p = (const u8 *)v->text.p, *end = p + v->text.n;
    value e;
    for (u32 i = 0; i < v->count && peek_value(&p, end, &e); i++)
        n += e.type == VALUE_LIST && depth < JSON_DEPTH_MAX ? flat_count(&e, depth + 1) : 1;
    return n;
}

static void flatten(const value *v, u32 depth, struct elements *out)
{
    const u8 *p = (const u8 *)v->text.p, *end = p + v->text.n;
    value e;
    for (u32 i = 0; i < v->count && peek_value(&p, end, &e); i++) {
        if (e.type == VALUE_LIST && depth < JSON_DEPTH_MAX)
            flatten(&e, depth + 1, out);
        else
            out->at[out->count++] = e;
    }
}

static u64 count_of(const datum *d)
{
    if (d->kind == DATUM_PLAIN && d->v.type == VALUE_LIST) return flat_count(&d->v, 0);
    if (d->kind != DATUM_RANGE) return datum_is_nil(d) ? 0 : 1;
    struct items i;
    items_of(d, &i);
    return (u64)i.count;
}

err elements_of(struct render *r, const datum *d, struct elements *out)
{
    u64 n = count_of(d);
    *out = (struct elements){0};
    TRY(render_steps(r, n));
    out->at = (value *)(void *)render_bytes(r, n * sizeof *out->at);
    if (!out->at) return render_out_of_room(r);
    if (d->kind == DATUM_RANGE) {
        for (; out->count < n; out->count++) out->at[out->count] = value_int(d->v.n + out->count);
    } else if (d->kind == DATUM_PLAIN && d->v.type == VALUE_LIST) {
        flatten(&d->v, 0, out);
    } else if (n) {
        out->at[out->count++] = d->kind == DATUM_PLAIN ? d->v : value_text((str){0});
    }
    return ERR_OK;
}

static size_t bytes_of(const struct elements *e)
{
    size_t n = 0;
    for (u32 i = 0; i < e->count; i++) n += e->at[i].text.n + 32;
    return n;
}

err elements_set(struct render *r, const struct elements *e, datum *d)
{
    size_t room = bytes_of(e);
    struct buf b = {.p = render_bytes(r, room), .cap = room, .max = room};
    if (!b.p) return render_out_of_room(r);
    for (u32 i = 0; i < e->count; i++) {
        value v = e->at[i];
        if (v.type == VALUE_MISSING) v.type = VALUE_NULL;
        value_put(&b, v);
    }
    datum_set(d, (value){.type = VALUE_LIST, .count = e->count, .text = buf_str(&b)});
    return ERR_OK;
}
