/* value.c — the value codec. */
#include "base/value.h"

#include "base/json.h"

value value_bool(bool b)
{
    return (value){.type = b ? VALUE_TRUE : VALUE_FALSE};
}

value value_int(i64 n)
{
    return (value){.type = VALUE_INT, .n = n};
}

value value_fixed(fixed n)
{
    return (value){.type = VALUE_FIXED, .n = n};
}

value value_text(str s)
{
    return (value){.type = VALUE_TEXT, .text = s};
}

static size_t varint_size(u64 v)
{
    size_t n = 1;
    while (v >= 0x80) v >>= 7, n++;
    return n;
}

void value_put(struct buf *b, value v)
{
    buf_byte(b, (u8)v.type);
    switch (v.type) {
    case VALUE_INT:
    case VALUE_FIXED: buf_zigzag(b, v.n); break;
    case VALUE_NUMBER:
    case VALUE_TEXT: buf_str_varint(b, v.text); break;
    case VALUE_DATE:
    case VALUE_TIME:
        buf_zigzag(b, v.n);
        buf_str_varint(b, v.text);
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        buf_varint(b, v.text.n + varint_size(v.count));
        buf_varint(b, v.count);
        buf_put(b, v.text);
        break;
    default: break;
    }
}

value value_read(struct reader *r)
{
    value v = {.type = read_byte(r)};
    switch (v.type) {
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE: break;
    case VALUE_INT:
    case VALUE_FIXED: v.n = read_zigzag(r); break;
    case VALUE_NUMBER:
    case VALUE_TEXT: v.text = read_str_varint(r); break;
    case VALUE_DATE:
    case VALUE_TIME:
        v.n = read_zigzag(r);
        v.text = read_str_varint(r);
        break;
    case VALUE_LIST:
    case VALUE_MAP: {
        struct reader in = reader_of(read_str_varint(r));
        u64 count = read_varint(&in);
        v.text = read_rest(&in);
        if (in.bad || count > v.text.n) r->bad = true;
        v.count = (u32)count;
        break;
    }
    default: r->bad = true;
    }
    return r->bad ? value_missing() : v;
}

static bool valid(struct reader *r, u32 depth)
{
    value v = value_read(r);
    if (r->bad) return false;
    if (v.type != VALUE_LIST && v.type != VALUE_MAP) return true;
    if (depth == 0) return false;
    struct reader in = reader_of(v.text);
    for (u32 i = 0; i < v.count; i++) {
        if (v.type == VALUE_MAP) read_str_varint(&in);
        if (!valid(&in, depth - 1)) return false;
    }
    return !in.bad && in.p == in.end;
}

bool value_valid(str bytes, u32 depth)
{
    struct reader r = reader_of(bytes);
    return valid(&r, depth) && r.p == r.end;
}

value value_member(value map, str key)
{
    value found = value_missing();
    if (map.type != VALUE_MAP) return found;
    struct reader r = reader_of(map.text);
    for (u32 i = 0; i < map.count; i++) {
        str name = read_str_varint(&r);
        value v = value_read(&r);
        if (!r.bad && str_eq(name, key)) found = v;
    }
    return found;
}

value value_element(value list, u32 index)
{
    if (list.type != VALUE_LIST || index >= list.count) return value_missing();
    struct reader r = reader_of(list.text);
    for (u32 i = 0; i < index; i++) value_read(&r);
    return value_read(&r);
}

bool value_as_fixed(value v, fixed *out)
{
    if (v.type == VALUE_FIXED) {
        *out = v.n;
        return true;
    }
    if (v.type != VALUE_INT) return false;
    if (__builtin_mul_overflow(v.n, FIXED_ONE, out)) *out = v.n < 0 ? -INT64_MAX : INT64_MAX;
    return true;
}

bool value_eq(value a, value b)
{
    int order;
    if (a.type == b.type) {
        switch (a.type) {
        case VALUE_MISSING: return false;
        case VALUE_NULL: return true;
        case VALUE_LIST:
        case VALUE_MAP:
        case VALUE_NUMBER: return str_eq(a.text, b.text);
        default: break;
        }
    }
    return value_cmp(a, b, &order) == ERR_OK && order == 0;
}

/* The decimal a NUMBER stands for, as a double: its only use is ordering what no i64 can hold. */
static bool as_double(value v, double *out)
{
    fixed f;
    if (v.type == VALUE_NUMBER) {
        *out = json_number(v.text);
        return true;
    }
    if (!value_as_fixed(v, &f)) return false;
    *out = v.type == VALUE_INT ? (double)v.n : (double)f / 10000.0;
    return true;
}

static bool instant(value v, i64 *ms)
{
    if (v.type != VALUE_DATE && v.type != VALUE_TIME) return false;
    *ms = v.type == VALUE_TIME ? v.n : v.n * DAY;
    return true;
}

err value_cmp(value a, value b, int *out)
{
    i64 x, y;
    double p, q;
    if (value_as_fixed(a, &x) && value_as_fixed(b, &y)) {
        if (a.type == b.type) x = a.n, y = b.n;
    } else if (as_double(a, &p) && as_double(b, &q)) {
        *out = (p > q) - (p < q);
        return ERR_OK;
    } else if (a.type == VALUE_TEXT && b.type == VALUE_TEXT) {
        *out = str_cmp(a.text, b.text);
        return ERR_OK;
    } else if ((a.type == VALUE_TRUE || a.type == VALUE_FALSE) &&
               (b.type == VALUE_TRUE || b.type == VALUE_FALSE)) {
        x = a.type, y = b.type;
    } else if (!instant(a, &x) || !instant(b, &y)) {
        return ERR_INVALID;
    }
    *out = (x > y) - (x < y);
    return ERR_OK;
}

static void members_json(struct buf *b, value v)
{
    struct reader r = reader_of(v.text);
    for (u32 i = 0; i < v.count && !r.bad; i++) {
        if (i) buf_byte(b, ',');
        if (v.type == VALUE_MAP) {
            json_put_str(b, read_str_varint(&r));
            buf_byte(b, ':');
        }
        value_json(b, value_read(&r));
    }
}

void value_json(struct buf *b, value v)
{
    switch (v.type) {
    case VALUE_FALSE: buf_put(b, S("false")); break;
    case VALUE_TRUE: buf_put(b, S("true")); break;
    case VALUE_INT: buf_i64_text(b, v.n); break;
    case VALUE_FIXED: fixed_put(b, v.n); break;
    case VALUE_NUMBER: buf_put(b, v.text); break;
    case VALUE_TEXT:
    case VALUE_DATE:
    case VALUE_TIME: json_put_str(b, v.text); break;
    case VALUE_LIST:
        buf_byte(b, '[');
        members_json(b, v);
        buf_byte(b, ']');
        break;
    case VALUE_MAP:
        buf_byte(b, '{');
        members_json(b, v);
        buf_byte(b, '}');
        break;
    default: buf_put(b, S("null"));
    }
}

void value_display(struct buf *b, value v)
{
    switch (v.type) {
    case VALUE_MISSING:
    case VALUE_NULL: break;
    case VALUE_TEXT:
    case VALUE_DATE:
    case VALUE_TIME: buf_put(b, v.text); break;
    default: value_json(b, v);
    }
}
