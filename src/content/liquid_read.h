/* liquid_read.h — value bytes, read inline and with an eye on their end: a rendering does little
 * else. The bytes and their checks are those of base/value.h. */
#pragma once
#include "base/value.h"

static inline bool peek_varint(const u8 **p, const u8 *end, u64 *out)
{
    if (LIKELY(*p < end && **p < 0x80)) {
        *out = *(*p)++;
        return true;
    }
    u64 v = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        u8 c = *(*p)++;
        v |= (u64)(c & 0x7F) << shift;
        if (c < 0x80) {
            *out = v;
            return true;
        }
    }
    return false;
}

static inline bool peek_bytes(const u8 **p, const u8 *end, str *out)
{
    u64 n;
    if (!peek_varint(p, end, &n) || n > (u64)(end - *p)) return false;
    *out = (str){(const char *)*p, (size_t)n};
    *p += n;
    return true;
}

/* The value at `p`, and past it. */
static inline bool peek_value(const u8 **p, const u8 *end, value *out)
{
    u64 n;
    if (*p == end) return false;
    u8 type = *(*p)++;
    *out = (value){.type = type};
    switch (type) {
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE: return true;
    case VALUE_NUMBER:
    case VALUE_TEXT: return peek_bytes(p, end, &out->text);
    case VALUE_INT:
    case VALUE_FIXED:
    case VALUE_DATE:
    case VALUE_TIME:
        if (!peek_varint(p, end, &n)) return false;
        out->n = (i64)(n >> 1) ^ -(i64)(n & 1);
        return type < VALUE_DATE || peek_bytes(p, end, &out->text);
    case VALUE_LIST:
    case VALUE_MAP: {
        str in;
        if (!peek_bytes(p, end, &in)) return false;
        const u8 *q = (const u8 *)in.p, *to = q + in.n;
        if (!peek_varint(&q, to, &n) || n > (u64)(to - q)) return false;
        out->count = (u32)n;
        out->text = (str){(const char *)q, (size_t)(to - q)};
        return true;
    }
    default: return false;
    }
}

static inline bool peek_skip(const u8 **p, const u8 *end)
{
    u64 n;
    str s;
    if (*p == end) return false;
    switch (*(*p)++) {
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE: return true;
    case VALUE_INT:
    case VALUE_FIXED: return peek_varint(p, end, &n);
    case VALUE_DATE:
    case VALUE_TIME:
        if (!peek_varint(p, end, &n)) return false; /* fallthrough */
    default: return peek_bytes(p, end, &s);
    }
}

/* As value_member: the last of that key. */
static inline value peek_member(const value *map, str key)
{
    value found = {0};
    const u8 *p = (const u8 *)map->text.p, *end = p + map->text.n;
    for (u32 i = 0; i < map->count; i++) {
        str name;
        if (!peek_bytes(&p, end, &name)) break;
        if (name.n == key.n && memcmp(name.p, key.p, key.n) == 0) {
            if (!peek_value(&p, end, &found)) return value_missing();
        } else if (!peek_skip(&p, end)) {
            break;
        }
    }
    return found;
}
