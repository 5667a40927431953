/* text_encoding.h — the bytes of a file as UTF-8, in pieces.
 *
 * Encodings: UTF-8 with and without its mark, UTF-16 of both orders, GB18030 (and so GBK, GB2312),
 * windows-1252. Without a word about it the mark decides, then zeros among the first bytes
 * (UTF-16), then whether what is not ASCII reads as UTF-8 or as GB18030. Bytes that are none become
 * U+FFFD where they are converted, and stay as they are in UTF-8: the row's reader refuses them. */
#pragma once
#include "base/buf.h"
#include "env/env.h"

enum { TEXT_PIECE = 256 << 10 };

struct text_in;

/* `encoding` empty: guessed. ERR_INVALID: an encoding that is not known, ERR_IO. */
MUST_USE err text_open(struct env *env, const char *path, str encoding, struct text_in **out,
                       struct diag *why);
void text_close(struct text_in *t);
/* Appends the next piece; ERR_NOT_FOUND at the end, ERR_IO. */
MUST_USE err text_more(struct text_in *t, struct buf *out);
const char *text_encoding(const struct text_in *t);

/* ---- of a file that is not converted: what is read is what lies there ---- */

bool text_is_plain(const struct text_in *t);
u64 text_size(const struct text_in *t);
/* Where the next piece is taken from. */
u64 text_at(const struct text_in *t);
void text_seek(struct text_in *t, u64 at);
/* Reads from anywhere and moves nothing: any thread may. */
MUST_USE err text_peek(const struct text_in *t, u64 at, void *out, size_t n, size_t *got);
