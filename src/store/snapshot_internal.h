/* snapshot_internal.h — the files of a snapshot, and who reads and writes them. For this folder
 * only.
 *
 *   snapshot_block.c   one block: head, checksum, compression
 *   snapshot.c         the manifest, the directory, what belongs to it
 *   snapshot_write.c   snapshot_begin, snapshot_step
 *   snapshot_read.c    snapshot_load
 *
 * A part is one file, snap-<number>-<n>.bsn: the base (n = 0) or an increment. Every attempt has a
 * number of its own, so that a name the manifest may hold is never written again. */
#pragma once
#include "base/buf.h"
#include "store/snapshot.h"
#include "store/store_internal.h"

enum {
    BLOCK_HEAD = 32,
    BLOCK_RAW = 256 << 10,   /* what writers fill a block to */
    BLOCK_RAW_MAX = 1 << 20, /* the directory may be longer */
    PARTS_MAX = 65,
    STREAMS_MAX = 16,
    PATH_BYTES = 1024,
    EXTRA_MAX = 64 << 20,
};

/* ---- blocks ---- */

typedef enum { BLOCK_DIRECTORY = 1, BLOCK_ROWS, BLOCK_LINES, BLOCK_STREAM, BLOCK_END } block_kind;

struct block {
    block_kind kind;
    u32 object;  /* which table, heap or stream of the directory */
    u32 ordinal; /* in the file, from 0 */
    u64 number;  /* of the part */
    str raw;
};

struct packer; /* compresses and decompresses; has the memory for one block each way */
struct packer *packer_new(void);
void packer_free(struct packer *p);
/* The block's bytes as the file holds them, good until the next call; `*hash` is its checksum. */
str block_pack(struct packer *p, const struct block *b, u64 *hash);
size_t block_bytes_max(void); /* of a packed block */
/* Bytes that follow this head; false if it cannot be one. */
bool block_follows(const char head[BLOCK_HEAD], size_t *bytes);
/* Reads a block of head and what follows; its raw bytes, 8-aligned, are good until the next call.
 * ERR_CORRUPT: damaged. */
MUST_USE err block_unpack(struct packer *p, str bytes, struct block *out, u64 *hash);
/* A part's checksum is the chain of its blocks'. */
u64 block_chain(u64 chain, u64 hash);

/* ---- the manifest ---- */

struct part {
    u64 number;
    u64 bytes;
    u64 chain;
};

struct kept {
    struct manifest m; /* m.extra lies in `extra` */
    struct part parts[PARTS_MAX];
    u32 part_count; /* 0: nothing was ever written */
    struct buf extra;
};

void manifest_encode(struct buf *b, const struct kept *k);
MUST_USE err manifest_decode(str bytes, struct kept *out);
void kept_set_extra(struct kept *k, str extra);
u64 kept_bytes(const struct kept *k);

/* ---- a snapshot that is being written ---- */

struct writing {
    u32 phase;
    bool all;          /* a base */
    bool wanted;       /* because somebody asked for one */
    bool may_be_named; /* the manifest that names this part may be on the disk */
    struct epoch *epoch;
    struct kept *next;
    struct file *file;
    u64 bytes, chain;
    u32 ordinal;
    u32 object; /* the table, heap or stream being written, and how far */
    u64 at;
    struct table **tables;
    struct heap **heaps;
    u32 table_count, heap_count;
    u64 heap_end[HEAPS_MAX];
    u64 stream_from[STREAMS_MAX], stream_end[STREAMS_MAX];
    struct buf directory;
    char *raw;
    size_t raw_n;
    struct packer *packer;
};

struct snapshot {
    struct env *env;
    struct store *store;
    u32 full_every;
    bool want_full;
    u64 next_number;
    struct stream streams[STREAMS_MAX];
    u32 stream_count;
    u64 stream_end[STREAMS_MAX]; /* how far each is on the disk */
    struct kept slots[2], *now;  /* now: atomic; the other slot is the next one's */
    bool running;                /* atomic */
    struct writing w;
    char dir[PATH_BYTES];
};

/* dir/name, in `out`. */
const char *snapshot_path(const struct snapshot *sn, str name, char out[PATH_BYTES]);
const char *snapshot_part_path(const struct snapshot *sn, u64 number, u32 n, char out[PATH_BYTES]);
struct kept *snapshot_now(const struct snapshot *sn);
struct kept *snapshot_other(struct snapshot *sn); /* the slot that is free to be filled */
void snapshot_publish(struct snapshot *sn, struct kept *k);
/* Writes the manifest beside the old one and renames it. `*renamed` is set before the old one may
 * go. */
MUST_USE err snapshot_commit(struct snapshot *sn, const struct kept *k, bool *renamed);
/* Removes what `k` does not name: parts, and if `others`, other modules' files. */
MUST_USE err snapshot_clean(struct snapshot *sn, const struct kept *k, bool others);
