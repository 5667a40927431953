/* inflate.c — gzip and zlib bodies, bounded in size and in how much they may grow. */
#include "intake/intake.h"

#include <zlib.h>

enum { STEP_BYTES = 64 << 10, RATIO_MAX = 500, RATIO_FREE = 1 << 20 };

static err refuse(struct diag *why, err code, const char *what)
{
    return diag_set(why, code, "the compressed body cannot be read: %s", what);
}

/* One member of the stream. `z` stands behind it afterwards. */
static err member(z_stream *z, size_t packed, struct buf *out, struct diag *why)
{
    for (int done = Z_OK; done != Z_STREAM_END;) {
        char spare; /* where the buffer is full: what would be written there is too much */
        size_t room = min_size(STEP_BYTES, out->max - out->n);
        z->next_out = (Bytef *)(room ? buf_room(out, room) : &spare);
        z->avail_out = room ? (uInt)room : 1;
        done = inflate(z, Z_NO_FLUSH);
        if (room == 0 && z->avail_out == 0)
            return refuse(why, ERR_TOO_LARGE, "it unpacks to more than is allowed");
        if (room) out->n += room - z->avail_out;
        if (done == Z_BUF_ERROR && z->avail_in == 0)
            return refuse(why, ERR_INVALID, "it is cut off");
        if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR)
            return refuse(why, ERR_INVALID, z->msg ? z->msg : "it is damaged");
        if (out->n > RATIO_FREE && out->n / RATIO_MAX > packed)
            return refuse(why, ERR_TOO_LARGE, "it unpacks to over 500 times its size");
        if (done == Z_OK && z->avail_in == 0 && z->avail_out)
            return refuse(why, ERR_INVALID, "it is cut off");
    }
    return ERR_OK;
}

err intake_inflate(str packed, struct buf *out, struct diag *why)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n};
    buf_reset(out);
    if (packed.n > UINT32_MAX) return refuse(why, ERR_TOO_LARGE, "it is too large");
    MUST(inflateInit2(&z, MAX_WBITS + 32) == Z_OK); /* + 32: gzip or zlib, by the header */
    err e = ERR_OK;
    do {
        e = member(&z, packed.n, out, why);
        if (e == ERR_OK && z.avail_in) MUST(inflateReset(&z) == Z_OK);
    } while (e == ERR_OK && z.avail_in);
    inflateEnd(&z);
    return e;
}
