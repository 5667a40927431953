/* buf.c — bounded growth, and the little-endian codec. */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_clear(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->full = false;
}

str buf_str(const struct buf *b)
{
    return (str){b->p, b->n};
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->full || n > b->max - b->n) {
        b->full = true;
        return NULL;
    }
    if (n > b->cap - b->n || !b->p) {
        size_t cap = b->cap ? b->cap * 2 : 256;
        while (cap - b->n < n) cap *= 2;
        b->cap = min_size(cap, b->max);
        b->p = mem_realloc(b->p, b->cap);
    }
    return b->p + b->n;
}

void buf_put(struct buf *b, str s)
{
    char *to = buf_room(b, s.n);
    if (!to || s.n == 0) return;
    memcpy(to, s.p, s.n);
    b->n += s.n;
}

void buf_byte(struct buf *b, u8 c)
{
    char *to = buf_room(b, 1);
    if (!to) return;
    *to = (char)c;
    b->n++;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    MUST(n >= 0);
    if (b->max - b->n > (size_t)n) {
        char *to = buf_room(b, (size_t)n + 1);
        if (to) {
            vsnprintf(to, (size_t)n + 1, format, again);
            b->n += (size_t)n;
        }
    } else {
        b->full = true;
    }
    va_end(again);
}

void buf_i64_text(struct buf *b, i64 v)
{
    char digits[24];
    size_t at = sizeof digits;
    u64 rest = v < 0 ? 0 - (u64)v : (u64)v;
    do digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (v < 0) digits[--at] = '-';
    buf_put(b, (str){digits + at, sizeof digits - at});
}

static void put_le(struct buf *b, u64 v, size_t bytes)
{
    char *to = buf_room(b, bytes);
    if (!to) return;
    for (size_t i = 0; i < bytes; i++) to[i] = (char)(v >> (8 * i));
    b->n += bytes;
}

void buf_u16(struct buf *b, u16 v)
{
    put_le(b, v, 2);
}

void buf_u32(struct buf *b, u32 v)
{
    put_le(b, v, 4);
}

void buf_u64(struct buf *b, u64 v)
{
    put_le(b, v, 8);
}

void buf_varint(struct buf *b, u64 v)
{
    char *to = buf_room(b, 10);
    size_t n = 0;
    if (!to) return;
    for (; v >= 0x80; v >>= 7) to[n++] = (char)(v | 0x80);
    to[n++] = (char)v;
    b->n += n;
}

void buf_zigzag(struct buf *b, i64 v)
{
    buf_varint(b, ((u64)v << 1) ^ (u64)(v >> 63));
}

void buf_str_varint(struct buf *b, str s)
{
    buf_varint(b, s.n);
    buf_put(b, s);
}

void buf_hash(struct buf *b, hash128 h)
{
    buf_u64(b, h.lo);
    buf_u64(b, h.hi);
}

struct reader reader_of(str s)
{
    const u8 *p = (const u8 *)s.p;
    return (struct reader){p, p ? p + s.n : p, false};
}

static bool has(struct reader *r, size_t n)
{
    if ((size_t)(r->end - r->p) >= n) return true;
    r->bad = true;
    r->p = r->end;
    return false;
}

static u64 get_le(struct reader *r, size_t bytes)
{
    u64 v = 0;
    if (!has(r, bytes)) return 0;
    memcpy(&v, r->p, bytes);
    r->p += bytes;
    return v;
}

u8 read_byte(struct reader *r)
{
    return (u8)get_le(r, 1);
}

u16 read_u16(struct reader *r)
{
    return (u16)get_le(r, 2);
}

u32 read_u32(struct reader *r)
{
    return (u32)get_le(r, 4);
}

u64 read_u64(struct reader *r)
{
    return get_le(r, 8);
}

u64 read_varint(struct reader *r)
{
    u64 v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        u8 c = read_byte(r);
        if (shift == 63 && c > 1) break;
        v |= (u64)(c & 0x7F) << shift;
        if (c < 0x80) return v;
    }
    r->bad = true;
    r->p = r->end;
    return 0;
}

i64 read_zigzag(struct reader *r)
{
    u64 v = read_varint(r);
    return (i64)(v >> 1) ^ -(i64)(v & 1);
}

str read_bytes(struct reader *r, size_t n)
{
    if (n == 0 || !has(r, n)) return (str){0};
    str s = {(const char *)r->p, n};
    r->p += n;
    return s;
}

str read_str_varint(struct reader *r)
{
    return read_bytes(r, read_varint(r));
}

hash128 read_hash(struct reader *r)
{
    hash128 h;
    h.lo = read_u64(r);
    h.hi = read_u64(r);
    return h;
}

str read_rest(struct reader *r)
{
    return read_bytes(r, (size_t)(r->end - r->p));
}
