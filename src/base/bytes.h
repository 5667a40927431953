/* bytes.h — writing without a check at every step, into room that was asked for once (buf_room),
 * and stepping over value bytes that this process wrote a moment ago. For the few loops that run a
 * million times a second; everybody else uses buf.h and value.h, which distrust.
 *
 *   u8 *p = (u8 *)buf_room(b, BYTES_VARINT_MAX + s.n);
 *   if (p) b->n = (size_t)((char *)bytes_put_str(p, s) - b->p); */
#pragma once
#include "base/value.h"

enum { BYTES_VARINT_MAX = 10 };

static inline size_t bytes_varint_size(u64 v)
{
    size_t n = 1;
    while (v >= 0x80) v >>= 7, n++;
    return n;
}

static inline u8 *bytes_put_varint(u8 *p, u64 v)
{
    for (; v >= 0x80; v >>= 7) *p++ = (u8)(v | 0x80);
    *p++ = (u8)v;
    return p;
}

static inline u8 *bytes_put_zigzag(u8 *p, i64 v)
{
    return bytes_put_varint(p, ((u64)v << 1) ^ (u64)(v >> 63));
}

static inline u8 *bytes_put(u8 *p, const void *from, size_t n)
{
    if (n) memcpy(p, from, n);
    return p + n;
}

static inline u8 *bytes_put_str(u8 *p, str s)
{
    return bytes_put(bytes_put_varint(p, s.n), s.p, s.n);
}

/* As bytes_put, for texts that are mostly short: may read and write up to BYTES_SLACK bytes past
 * the end of either, which must be there. */
enum { BYTES_SLACK = 16 };
static inline u8 *bytes_put_loose(u8 *p, const void *from, size_t n)
{
    const u8 *f = (const u8 *)from;
    if (UNLIKELY(n > 64)) return bytes_put(p, from, n);
    for (size_t i = 0; i < n; i += 16) memcpy(p + i, f + i, 16);
    return p + n;
}

static inline u64 bytes_varint(const u8 **p)
{
    u64 v = *(*p)++;
    if (LIKELY(v < 0x80)) return v;
    v &= 0x7F;
    for (unsigned shift = 7;; shift += 7) {
        u8 c = *(*p)++;
        v |= (u64)(c & 0x7F) << shift;
        if (c < 0x80) return v;
    }
}

static inline str bytes_str(const u8 **p)
{
    size_t n = bytes_varint(p);
    str s = {(const char *)*p, n};
    *p += n;
    return s;
}

/* Past the value at `p`. */
static inline const u8 *bytes_skip_value(const u8 *p)
{
    switch (*p++) {
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE: break;
    case VALUE_INT:
    case VALUE_FIXED: bytes_varint(&p); break;
    case VALUE_DATE:
    case VALUE_TIME: bytes_varint(&p); /* fallthrough */
    default: bytes_str(&p);
    }
    return p;
}
