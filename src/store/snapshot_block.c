/* snapshot_block.c — one block of a part.
 *
 *   offset  size
 *        0     8  XXH3-64 of everything from offset 8 to the block's end
 *        8     4  bytes that follow this head
 *       12     4  bytes after decompression
 *       16     4  ordinal in the file, from 0
 *       20     2  kind: 1 directory, 2 rows, 3 lines, 4 stream, 5 end
 *       22     2  object: place in the directory
 *       24     8  number of the part
 *       32     …  one zstd frame; nothing if there are no bytes
 *
 * Integers are little-endian. Number and ordinal are in the checksum, so that a block which is
 * whole but in the wrong place is found as well. Raw bytes:
 *
 *   rows       runs of { u32 first row, u32 count, rows }; word 0 of a row is 1 = live, 0 = dropped
 *   lines      runs of { u32 first line, u32 count, lines of 64 bytes }
 *   stream     u64 offset, bytes
 *   directory  snapshot.c */
#include "base/hash.h"
#include "store/snapshot_internal.h"

#include <stdlib.h>
#include <zstd.h>

enum { LEVEL = -2, KIND_MAX = BLOCK_END };

struct packer {
    ZSTD_CCtx *in;
    ZSTD_DCtx *out;
    struct buf bytes; /* packed */
    char *raw;        /* unpacked */
};

size_t block_bytes_max(void)
{
    return BLOCK_HEAD + ZSTD_compressBound(BLOCK_RAW_MAX);
}

struct packer *packer_new(void)
{
    struct packer *p = mem_zalloc(sizeof *p);
    p->in = ZSTD_createCCtx();
    p->out = ZSTD_createDCtx();
    p->raw = mem_alloc(BLOCK_RAW_MAX);
    buf_init(&p->bytes, block_bytes_max());
    MUST(p->in && p->out);
    return p;
}

void packer_free(struct packer *p)
{
    if (!p) return;
    ZSTD_freeCCtx(p->in);
    ZSTD_freeDCtx(p->out);
    buf_clear(&p->bytes);
    free(p->raw);
    free(p);
}

str block_pack(struct packer *p, const struct block *b, u64 *hash)
{
    struct buf *to = &p->bytes;
    size_t bound = ZSTD_compressBound(b->raw.n), packed = 0;
    buf_reset(to);
    MUST(b->raw.n <= BLOCK_RAW_MAX && buf_room(to, BLOCK_HEAD + bound));
    if (b->raw.n)
        packed = ZSTD_compressCCtx(p->in, to->p + BLOCK_HEAD, bound, b->raw.p, b->raw.n, LEVEL);
    MUST(!ZSTD_isError(packed));
    buf_u64(to, 0);
    buf_u32(to, (u32)packed);
    buf_u32(to, (u32)b->raw.n);
    buf_u32(to, b->ordinal);
    buf_u16(to, (u16)b->kind);
    buf_u16(to, (u16)b->object);
    buf_u64(to, b->number);
    to->n += packed;
    *hash = hash_xxh64((str){to->p + 8, to->n - 8});
    memcpy(to->p, hash, 8);
    return buf_str(to);
}

bool block_follows(const char head[BLOCK_HEAD], size_t *bytes)
{
    u32 packed;
    memcpy(&packed, head + 8, 4);
    *bytes = packed;
    return packed <= ZSTD_compressBound(BLOCK_RAW_MAX);
}

err block_unpack(struct packer *p, str bytes, struct block *out, u64 *hash)
{
    struct reader r = reader_of(bytes);
    u64 said = read_u64(&r);
    u32 packed = read_u32(&r), raw = read_u32(&r);
    *out = (struct block){.ordinal = read_u32(&r)};
    u16 kind = read_u16(&r);
    out->object = read_u16(&r);
    out->number = read_u64(&r);
    str frame = read_rest(&r);
    if (r.bad || frame.n != packed || raw > BLOCK_RAW_MAX || !kind || kind > KIND_MAX)
        return ERR_CORRUPT;
    *hash = hash_xxh64((str){bytes.p + 8, bytes.n - 8});
    if (*hash != said) return ERR_CORRUPT;
    if (packed && ZSTD_decompressDCtx(p->out, p->raw, BLOCK_RAW_MAX, frame.p, frame.n) != raw)
        return ERR_CORRUPT;
    if (!packed && raw) return ERR_CORRUPT;
    out->kind = (block_kind)kind;
    out->raw = (str){p->raw, raw};
    return ERR_OK;
}

u64 block_chain(u64 chain, u64 hash)
{
    u64 both[2] = {chain, hash};
    return hash_xxh64((str){(const char *)both, sizeof both});
}
