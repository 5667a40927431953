/* precheck.h — one reading of a request's bytes, or none: what two servers could understand
 * differently is refused before anything parses it.
 *
 *   bytes ─► precheck_head ─► boundaries of the head, framing of the body ─► parser
 *              │                                   │
 *              └─ 400 and close                    └─► precheck_chunks (bodies sent in chunks)
 *
 * Refused: a line feed without its carriage return, folded lines, white space around a field's
 * name, control bytes, a second Host, Content-Length or Transfer-Encoding, a length beside chunks,
 * any coding but exactly "chunked", targets that are not a path, the HTTP/2 preface, chunk
 * trailers, heads over HEAD_BYTES_MAX or HEAD_FIELDS_MAX. All of it works on any split of the bytes
 * and reads each byte once. Knows no sockets; allocates nothing. */
#pragma once
#include "base/base.h"

enum {
    HEAD_BYTES_MAX = 16 << 10,
    HEAD_FIELDS_MAX = 100,
    CHUNK_LINE_MAX = 256, /* a chunk's size and its extensions */
};

typedef enum {
    PRECHECK_MORE, /* fine so far, not whole */
    PRECHECK_DONE,
    PRECHECK_BAD /* answer `status`, then close */
} precheck_result;

typedef enum {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_COUNT
} http_verb;

/* Zero it for each request. */
struct precheck {
    u32 line_at; /* where the line begun last begins */
    u32 seen;    /* bytes already looked at for a line's end */
    u32 fields;
    u16 status;      /* BAD: 400, 417, 431, 501 or 505 */
    const char *why; /* BAD: a constant sentence */
    http_verb verb;
    u8 minor; /* of HTTP/1.x */
    bool has_host, has_length, chunked, wants_continue;
    u64 length;     /* Content-Length, 0 if there is none */
    u32 head_bytes; /* DONE: the head's size with its empty line */
};

/* Looks at `bytes`, all that has arrived of this request from its first byte on; call again with
 * more after MORE. */
precheck_result precheck_head(struct precheck *p, str bytes);

/* A chunked body, unpacked in place. Zero it for each request. */
struct chunks {
    u8 state;
    u8 digits;
    u16 line;  /* bytes of the size line so far */
    u64 left;  /* of the current chunk */
    u64 taken; /* bytes read in all */
    u64 body;  /* bytes of the body so far */
};

/* Reads `n` more raw bytes at `raw` and moves the body's bytes among them to `out` (≤ raw), which
 * advances `c->body`. `*used` gets the raw bytes read: all of them, or up to the body's end. BAD:
 * the chunks are malformed. */
precheck_result precheck_chunks(struct chunks *c, const char *raw, size_t n, char *out,
                                size_t *used);
