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

/* What follows a type byte: 1 a varint, 2 a length and so many bytes, 4 no such type. */
static const u8 peek_shape[16] = {[VALUE_MISSING] = 4,
                                  [VALUE_NULL] = 0,
                                  [VALUE_FALSE] = 0,
                                  [VALUE_TRUE] = 0,
                                  [VALUE_INT] = 1,
                                  [VALUE_FIXED] = 1,
                                  [VALUE_NUMBER] = 2,
                                  [VALUE_TEXT] = 2,
                                  [VALUE_DATE] = 3,
                                  [VALUE_TIME] = 3,
                                  [VALUE_LIST] = 2,
                                  [VALUE_MAP] = 2,
                                  [12] = 4,
                                  [13] = 4,
                                  [14] = 4,
                                  [15] = 4};

static inline bool peek_skip(const u8 **p, const u8 *end)
{
    u64 n;
    if (*p == end || **p > 15) return false;
    u8 shape = peek_shape[*(*p)++];
    if (shape & 4) return false;
    if ((shape & 1) && !peek_varint(p, end, &n)) return false;
    if (!(shape & 2)) return true;
    if (!peek_varint(p, end, &n) || n > (u64)(end - *p)) return false;
    *p += n;
    return true;
}

/* Names are short, and most differ in their length or their ends. */
static inline bool peek_same(const u8 *a, const char *b, size_t n)
{
    const u8 *c = (const u8 *)b;
    if (n == 0) return true;
    if (a[0] != c[0] || a[n - 1] != c[n - 1]) return false;
    for (size_t i = 1; i + 1 < n; i++)
        if (a[i] != c[i]) return false;
    return true;
}

/* As value_member: the last of that key. */
static inline void peek_member(const value *map, str key, value *out)
{
    const u8 *p = (const u8 *)map->text.p, *end = p + map->text.n, *found = NULL;
    *out = (value){0};
    for (u32 i = 0; i < map->count; i++) {
        u64 n;
        if (!peek_varint(&p, end, &n) || n > (u64)(end - p)) break;
        const u8 *name = p;
        p += n;
        if (n == key.n && peek_same(name, key.p, key.n)) found = p;
        if (!peek_skip(&p, end)) break;
    }
    if (found && !peek_value(&found, end, out)) *out = (value){0};
}
