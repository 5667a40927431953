/* liquid_value.c — what values mean to templates: truth, comparison, members, text. */
#include "content/liquid.h"
#include "content/liquid_read.h"

#include <stdio.h>

bool datum_is_empty(const datum *d)
{
    if (d->kind != DATUM_PLAIN) return d->kind == DATUM_EMPTY;
    switch (d->v.type) {
    case VALUE_TEXT: return d->v.text.n == 0;
    case VALUE_LIST:
    case VALUE_MAP: return d->v.count == 0;
    default: return false;
    }
}

bool datum_is_blank(const datum *d)
{
    if (d->kind != DATUM_PLAIN) return d->kind == DATUM_BLANK;
    if (!datum_is_true(d) || datum_is_empty(d)) return true;
    return d->v.type == VALUE_TEXT && str_trim(d->v.text).n == 0;
}

/* ---- comparison ---- */

static bool contains(const datum *a, const datum *b)
{
    if (a->kind != DATUM_PLAIN || datum_is_nil(b)) return false;
    if (a->v.type == VALUE_TEXT) {
        if (b->v.type == VALUE_TEXT) return str_find(a->v.text, b->v.text) >= 0;
        struct buf text;
        buf_init(&text, 64);
        datum_put(&text, b);
        bool found = !text.full && text.n && str_find(a->v.text, buf_str(&text)) >= 0;
        buf_clear(&text);
        return found;
    }
    value v;
    if (a->v.type == VALUE_MAP && b->v.type == VALUE_TEXT) {
        peek_member(&a->v, b->v.text, &v);
        return v.type != VALUE_MISSING;
    }
    if (a->v.type != VALUE_LIST) return false;
    const u8 *p = (const u8 *)a->v.text.p, *end = p + a->v.text.n;
    for (u32 i = 0; i < a->v.count && peek_value(&p, end, &v); i++)
        if (value_eq(v, b->v)) return true;
    return false;
}

bool datum_equal(const datum *a, const datum *b)
{
    if (a->kind == DATUM_PLAIN && b->kind == DATUM_PLAIN) {
        if (a->v.type == VALUE_TEXT && b->v.type == VALUE_TEXT) return str_eq(a->v.text, b->v.text);
        if (datum_is_nil(a) || datum_is_nil(b)) return datum_is_nil(a) && datum_is_nil(b);
        return value_eq(a->v, b->v);
    }
    if (b->kind == DATUM_EMPTY) return datum_is_empty(a);
    if (a->kind == DATUM_EMPTY) return datum_is_empty(b);
    if (b->kind == DATUM_BLANK) return datum_is_blank(a);
    if (a->kind == DATUM_BLANK) return datum_is_blank(b);
    if (a->kind != b->kind) return false;
    return a->kind == DATUM_RANGE ? a->v.n == b->v.n && a->to == b->to : a->loop == b->loop;
}

/* An order with nil is false, whichever way one asks. */
err datum_compare(const datum *a, const datum *b, comparison c, bool *out)
{
    int order;
    *out = false;
    if (c == IS_EQ || c == IS_NE) {
        *out = datum_equal(a, b) == (c == IS_EQ);
        return ERR_OK;
    }
    if (c == IS_CONTAINS) {
        *out = contains(a, b);
        return ERR_OK;
    }
    if (a->kind != DATUM_PLAIN || b->kind != DATUM_PLAIN || datum_is_nil(a) || datum_is_nil(b))
        return ERR_OK;
    TRY(value_cmp(a->v, b->v, &order));
    switch (c) {
    case IS_LT: *out = order < 0; break;
    case IS_LE: *out = order <= 0; break;
    case IS_GT: *out = order > 0; break;
    default: *out = order >= 0; break;
    }
    return ERR_OK;
}

/* ---- members ---- */

u8 liquid_field_kind(str name)
{
    static const str names[] = {
        LIQUID_NAME(""),       LIQUID_NAME("size"),       LIQUID_NAME("first"),
        LIQUID_NAME("last"),   LIQUID_NAME("index"),      LIQUID_NAME("index0"),
        LIQUID_NAME("rindex"), LIQUID_NAME("rindex0"),    LIQUID_NAME("length"),
        LIQUID_NAME("name"),   LIQUID_NAME("parentloop"), LIQUID_NAME("col"),
        LIQUID_NAME("col0"),   LIQUID_NAME("col_first"),  LIQUID_NAME("col_last"),
        LIQUID_NAME("row")};
    for (u8 i = 1; i < COUNT_OF(names); i++)
        if (str_eq(names[i], name)) return i;
    return FIELD_NONE;
}

static void column_field(const struct loop *l, u8 field, datum *out)
{
    i64 column = l->columns ? l->index % l->columns : 0;
    if (!l->columns) return;
    switch (field) {
    case FIELD_COL: out->v = value_int(column + 1); break;
    case FIELD_COL0: out->v = value_int(column); break;
    case FIELD_COL_FIRST: out->v = value_bool(column == 0); break;
    case FIELD_COL_LAST: out->v = value_bool(column == l->columns - 1); break;
    case FIELD_ROW: out->v = value_int(l->index / l->columns + 1); break;
    default: break;
    }
}

static void loop_field(const struct loop *l, u8 field, datum *out)
{
    *out = (datum){0};
    switch (field) {
    case FIELD_INDEX: out->v = value_int(l->index + 1); break;
    case FIELD_INDEX0: out->v = value_int(l->index); break;
    case FIELD_RINDEX: out->v = value_int(l->length - l->index); break;
    case FIELD_RINDEX0: out->v = value_int(l->length - l->index - 1); break;
    case FIELD_FIRST: out->v = value_bool(l->index == 0); break;
    case FIELD_LAST: out->v = value_bool(l->index == l->length - 1); break;
    case FIELD_LENGTH: out->v = value_int(l->length); break;
    case FIELD_NAME:
        if (!l->columns) out->v = value_text(l->name);
        break;
    case FIELD_PARENTLOOP:
        if (l->parent && !l->columns) out->kind = DATUM_LOOP, out->loop = l->parent;
        break;
    default: column_field(l, field, out);
    }
}

i64 text_length(str s)
{
    i64 n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((u8)s.p[i] & 0xC0) != 0x80;
    return n;
}

static size_t first_bytes(str s)
{
    size_t n = s.n ? 1 : 0;
    while (n < s.n && ((u8)s.p[n] & 0xC0) == 0x80) n++;
    return n;
}

static size_t last_bytes(str s)
{
    size_t n = s.n ? 1 : 0;
    while (n < s.n && ((u8)s.p[s.n - n] & 0xC0) == 0x80) n++;
    return n;
}

/* `size`, `first`, `last` of what has them. */
static void end_field(const datum *d, u8 field, datum *out)
{
    const value *v = &d->v;
    bool first = field == FIELD_FIRST;
    if (d->kind == DATUM_RANGE) {
        i64 size = d->to < v->n ? 0 : d->to - v->n + 1;
        out->v = value_int(field == FIELD_SIZE ? size : first ? v->n : d->to);
    } else if (v->type == VALUE_TEXT) {
        size_t n = first ? first_bytes(v->text) : last_bytes(v->text);
        if (field == FIELD_SIZE)
            out->v = value_int(text_length(v->text));
        else
            out->v = value_text((str){first ? v->text.p : v->text.p + v->text.n - n, n});
    } else if (field == FIELD_SIZE && (v->type == VALUE_LIST || v->type == VALUE_MAP)) {
        out->v = value_int(v->count);
    } else if (v->type == VALUE_LIST && v->count) {
        out->v = value_element(*v, first ? 0 : v->count - 1);
    }
}

void datum_member(const datum *d, str name, u8 kind, datum *out)
{
    if (d->kind == DATUM_LOOP) {
        loop_field(d->loop, kind, out);
        return;
    }
    bool own = d->own;
    if (LIKELY(d->kind == DATUM_PLAIN && d->v.type == VALUE_MAP)) {
        value found;
        peek_member(&d->v, name, &found);
        if (LIKELY(found.type != VALUE_MISSING || !kind)) {
            out->v = found;
            out->kind = DATUM_PLAIN;
            out->safe = false;
            out->own = own;
            return;
        }
    }
    datum found = {0};
    if (kind && kind <= FIELD_LAST) end_field(d, kind, &found);
    *out = found;
    out->own = own;
}

value liquid_member(value map, str key)
{
    value v = {0};
    if (map.type == VALUE_MAP) peek_member(&map, key, &v);
    return v;
}

void datum_element(const datum *d, i64 index, datum *out)
{
    const value v = d->v;
    bool own = d->own;
    i64 to = d->to;
    u8 kind = d->kind;
    *out = (datum){.own = own};
    if (kind == DATUM_RANGE) {
        i64 count = to < v.n ? 0 : to - v.n + 1;
        if (index < 0) index += count;
        if (index >= 0 && index < count) out->v = value_int(v.n + index);
        return;
    }
    if (kind != DATUM_PLAIN || v.type != VALUE_LIST) return;
    if (index < 0) index += v.count;
    if (index >= 0 && index < v.count) out->v = value_element(v, (u32)index);
}

void datum_indexed(const datum *d, const datum *index, datum *out)
{
    if (index->v.type == VALUE_INT && index->kind == DATUM_PLAIN)
        datum_element(d, index->v.n, out);
    else if (index->v.type == VALUE_TEXT && (d->v.type == VALUE_MAP || d->kind == DATUM_LOOP))
        datum_member(d, index->v.text, d->kind == DATUM_LOOP ? liquid_field_kind(index->v.text) : 0,
                     out);
    else
        *out = (datum){.own = d->own};
}

/* ---- text ---- */

static void put_value(struct buf *out, const value *v, u32 depth, bool quoted);

/* {"a"=>1, "b"=>nil}: what Liquid prints of a map, and of a list within one. */
static void put_inspected(struct buf *out, const value *v, u32 depth)
{
    const u8 *p = (const u8 *)v->text.p, *end = p + v->text.n;
    bool map = v->type == VALUE_MAP;
    buf_byte(out, map ? '{' : '[');
    for (u32 i = 0; i < v->count && !out->full; i++) {
        str key;
        value member;
        if (map && !peek_bytes(&p, end, &key)) break;
        if (!peek_value(&p, end, &member)) break;
        if (i) buf_put(out, S(", "));
        if (map) {
            json_put_str(out, key);
            buf_put(out, S("=>"));
        }
        put_value(out, &member, depth + 1, true);
    }
    buf_byte(out, map ? '}' : ']');
}

/* A decimal keeps one place, so that 3.0 is told from 3. */
static void put_fixed(struct buf *out, fixed n)
{
    fixed_put(out, n);
    if (n % FIXED_ONE == 0) buf_put(out, S(".0"));
}

static void put_value(struct buf *out, const value *v, u32 depth, bool quoted)
{
    switch (v->type) {
    case VALUE_TEXT:
    case VALUE_DATE:
    case VALUE_TIME:
        if (quoted)
            json_put_str(out, v->text);
        else
            buf_put(out, v->text);
        break;
    case VALUE_INT: buf_i64_text(out, v->n); break;
    case VALUE_FIXED: put_fixed(out, v->n); break;
    case VALUE_LIST:
        if (depth > JSON_DEPTH_MAX) break;
        if (quoted) {
            put_inspected(out, v, depth);
            break;
        }
        /* A list's elements follow each other. */
        for (const u8 *p = (const u8 *)v->text.p, *end = p + v->text.n; p < end && !out->full;) {
            value element;
            if (!peek_value(&p, end, &element)) break;
            put_value(out, &element, depth + 1, false);
        }
        break;
    case VALUE_MAP:
        if (depth <= JSON_DEPTH_MAX) put_inspected(out, v, depth);
        break;
    case VALUE_MISSING:
    case VALUE_NULL:
        if (quoted) buf_put(out, S("nil"));
        break;
    default: value_display(out, *v);
    }
}

void datum_put(struct buf *out, const datum *d)
{
    if (LIKELY(d->kind == DATUM_PLAIN)) {
        put_value(out, &d->v, 0, false);
    } else if (d->kind == DATUM_RANGE) {
        buf_i64_text(out, d->v.n);
        buf_put(out, S(".."));
        buf_i64_text(out, d->to);
    }
}

/* What is no text is written behind the output and taken off again: no buffer of its own. */
bool datum_text(struct render *r, const datum *d, str *out)
{
    if (LIKELY(d->kind == DATUM_PLAIN && d->v.type >= VALUE_TEXT && d->v.type <= VALUE_TIME)) {
        *out = d->v.text;
        return true;
    }
    size_t from = r->out->n;
    *out = (str){0};
    if (d->kind == DATUM_PLAIN && d->v.type <= VALUE_NULL) return true;
    datum_put(r->out, d);
    if (r->out->full) return false;
    size_t n = r->out->n - from;
    char *copy = render_bytes(r, n);
    if (copy && n) memcpy(copy, r->out->p + from, n);
    r->out->n = from;
    *out = (str){copy, n};
    return copy;
}

bool datum_integer(const datum *d, i64 *out)
{
    if (d->kind != DATUM_PLAIN) return false;
    if (d->v.type == VALUE_INT) {
        *out = d->v.n;
        return true;
    }
    return d->v.type == VALUE_TEXT && str_to_i64(str_trim(d->v.text), out) == ERR_OK;
}
