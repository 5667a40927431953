/* buf.h — text and bytes that grow up to a limit given at birth.
 *
 *   struct buf b; buf_init(&b, LIMIT);  buf_put(&b, S("x")); … ok = !b.full;  buf_clear(&b);
 *
 * Past the limit nothing more is written and `full` stays set: the writer checks once, at the end.
 * Little-endian integers and LEB128 varints are written by the same calls the codecs read with. */
#pragma once
#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct buf {
    char *p;
    size_t n, cap, max;
    bool full;
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees; the buffer may be initialised again */
void buf_reset(struct buf *b); /* empties, keeps the memory */
str buf_str(const struct buf *b);
/* Room for `n` more bytes, or NULL (and full) past the limit. The caller then adds to b->n. */
char *buf_room(struct buf *b, size_t n);

void buf_put(struct buf *b, str s);
void buf_byte(struct buf *b, u8 c);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_i64_text(struct buf *b, i64 v); /* decimal digits */
void buf_u16(struct buf *b, u16 v);
void buf_u32(struct buf *b, u32 v);
void buf_u64(struct buf *b, u64 v);
void buf_varint(struct buf *b, u64 v);
void buf_zigzag(struct buf *b, i64 v);
void buf_str_varint(struct buf *b, str s); /* length as varint, then the bytes */
void buf_hash(struct buf *b, hash128 h);

/* Reads what the calls above wrote. Past the end every read gives 0 and sets `bad`, so that a
 * decoder checks once, at the end. Never reads outside [p, end). */
struct reader {
    const u8 *p, *end;
    bool bad;
};

struct reader reader_of(str s);
u8 read_byte(struct reader *r);
u16 read_u16(struct reader *r);
u32 read_u32(struct reader *r);
u64 read_u64(struct reader *r);
u64 read_varint(struct reader *r);
i64 read_zigzag(struct reader *r);
str read_bytes(struct reader *r, size_t n); /* a view */
str read_str_varint(struct reader *r);      /* a view */
hash128 read_hash(struct reader *r);
str read_rest(struct reader *r); /* a view of all that is left */

#ifdef __cplusplus
}
#endif
