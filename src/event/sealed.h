/* sealed.h — one sealed file: an immutable range of the log's events, clustered by customer.
 *
 *   header │ rows, in blocks │ blocks │ heads + fences │ moved + fences │ dedupe, filter │ texts │
 * days, chunks │ checks
 *
 * Rows lie in the order (head as of sealing, occurred, log order), in blocks of up to 8,192
 * (block.h). `heads` says where a customer begins, `moved` under which head a persona lies if not
 * under itself; one key in 512 is repeated in the fences, which stay hot, so that a search touches
 * one page more. `dedupe` and `filter` are there while the file is younger than the window. `texts`
 * are those that repeat, by number. `days` and `chunks` say what happened when (daily.h). `checks`
 * has an XXH3-64 for every 64 KiB of all before it; a page is checked when first touched. The table
 * of sections grows without changing what stands. The bytes: the tables in sealed_write.c, block.h
 * and docs/formats.md. */
#pragma once
#include "env/env.h"
#include "event/event.h"
#include "event/pack.h"
#include "event/place.h"

enum {
    SEALED_VERSION = 2,
    SEALED_HEADER = 4096,
    SEALED_PAGE = 64 << 10, /* what one checksum covers */
    SEALED_FENCE = 512,     /* keys for one fence */
    SEALED_PATH_MAX = 512,
    SEALED_ROWS_MAX = 1u << 31,
    SEALED_TEXTS_MAX = 1 << 18, /* and their bytes: */
    SEALED_TEXTS_BYTES = 16 << 20,
};

typedef enum {
    SECTION_ROWS,
    SECTION_BLOCKS,
    SECTION_HEADS,
    SECTION_HEAD_FENCES,
    SECTION_MOVED,
    SECTION_MOVED_FENCES,
    SECTION_DEDUPE,
    SECTION_FILTER,
    SECTION_TEXT_ENDS, /* u32: where text 0 begins (0), where each ends */
    SECTION_TEXTS,
    SECTION_CHECKS,
    SECTION_DAYS, /* daily.h */
    SECTION_CHUNKS,
    SECTION_COUNT,
    SECTIONS_FIRST = SECTION_CHECKS + 1 /* as many had the first files of this version */
} section_kind;

struct sealed_header {
    char magic[8];
    u32 version, section_count;
    u64 bytes; /* of the file */
    u64 generation;
    u64 first_order, last_order; /* the range of the log it stands for */
    u32 rows, reserved;
    i64 occurred_min, occurred_max, received_min, received_max;
    u64 checks_hash; /* XXH3-64 of the section of checks */
    struct {
        u64 offset, bytes;
    } sections[SECTION_COUNT];
};

/* One entry of SECTION_BLOCKS: where a block lies, and what is in it, for passing over it. */
struct sealed_block {
    u64 offset; /* in SECTION_ROWS */
    u32 bytes, first_row;
    i64 occurred_min, occurred_max;
    u64 order_min, order_max;
    u64 codes; /* bit (code mod 64) for every event code */
    u32 code_min, code_max;
};

struct sealed_key {
    u32 key,
        value; /* heads: head, first row; the last is (UINT32_MAX, rows). moved: persona, head */
};

struct sealed_hash {
    hash128 dedupe;
    u32 persona;
    u8 order[6], received[6]; /* the event's order, less the file's first; its time, ms */
};

/* An event's day: its chunks are [chunk, the next day's chunk). The last is (UINT32_MAX, 0, count
 * of chunks, 0). */
struct sealed_day {
    u32 code;
    i32 day; /* since 1970, UTC */
    u32 chunk, rows;
};

struct sealed_chunk {
    u64 at;    /* in the file: customers' distances, then which row of the customer's */
    u32 first; /* customer, by its number in HEADS */
    u8 rows, width, row_width, zero;
};

_Static_assert(sizeof(struct sealed_block) == 64 && sizeof(struct sealed_hash) == 32 &&
                   sizeof(struct sealed_day) == 16 && sizeof(struct sealed_chunk) == 16,
               "as written");

struct sealed {
    struct env *env;
    struct file *file;
    const u8 *map;
    u64 mapped;
    struct sealed_header head;
    u64 *checked; /* a bit for every page found sound */
    u64 page_count;
    char path[SEALED_PATH_MAX];
    /* The engine's: */
    u64 applied; /* deletions numbered below this were left out of the file */
    u32 dead;    /* rows deleted since */
    u64 gone_at; /* first list of files without it; 0 = in use */
    struct sealed *next_gone;
};

/* Maps a file and proves its header and table. ERR_CORRUPT, ERR_UNSUPPORTED, ERR_NOT_FOUND, ERR_IO.
 */
MUST_USE err sealed_open(struct env *env, const char *path, struct sealed **out, struct diag *why);
void sealed_close(struct sealed *s); /* NULL is allowed */
/* Reads all of it. ERR_CORRUPT names the place. */
MUST_USE err sealed_check(const struct sealed *s, struct diag *why);

/* A section's items, or NULL. The bytes are the caller's to touch before reading. */
static inline const u8 *sealed_section(const struct sealed *s, section_kind kind, u64 *bytes)
{
    *bytes = s->head.sections[kind].bytes;
    return s->map + s->head.sections[kind].offset;
}
/* Proves the pages of [p, p + n), once each; ends the process if one is damaged. Any thread. */
void sealed_touch(const struct sealed *s, const void *p, u64 n);
/* The same, answered. */
bool sealed_is_sound(const struct sealed *s, const void *p, u64 n);

/* Sorted keys with fences: heads or moved. */
struct sealed_keys {
    const struct sealed *s;
    const struct sealed_key *keys;
    const u32 *fences;
    u32 count, fence_count;
};
struct sealed_keys sealed_heads(const struct sealed *s); /* the last one left out */
struct sealed_keys sealed_moved(const struct sealed *s);
/* The first whose key is not below `key`; the keys are the caller's to touch. */
u32 sealed_lower_key(const struct sealed_keys *k, u32 key);
/* The index of a key, or `count`. */
u32 sealed_find(const struct sealed_keys *k, u32 key);
/* The head under which a persona's rows lie, if it has any. */
event_persona sealed_head_of(const struct sealed_keys *moved, event_persona p);
/* The rows of a head: [*from, *to), empty if it has none. */
void sealed_rows(const struct sealed *s, event_persona head, u32 *from, u32 *to);

/* The entries of blocks: how many, and the one that holds a row. */
u32 sealed_blocks(const struct sealed *s);
const struct sealed_block *sealed_block_at(const struct sealed *s, u32 index);
u32 sealed_find_block(const struct sealed *s, u32 row);
/* A text by its number; false if there is none. */
bool sealed_text(const struct sealed *s, u32 number, str *out);

/* ---- dedupe ---- */

static inline u64 read_u48(const u8 p[6])
{
    u64 v = 0;
    memcpy(&v, p, 6);
    return v;
}
static inline u64 sealed_hash_order(const struct sealed *s, const struct sealed_hash *h)
{
    return s->head.first_order + read_u48(h->order);
}
const struct sealed_hash *sealed_hashes(const struct sealed *s, u64 *count);
static inline int hash128_cmp(hash128 a, hash128 b)
{
    if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}
/* The filter: eight-word blocks, of which a hash sets seven bits. 12 bits a hash: 0.7 % false hits.
 */
enum { FILTER_BITS = 12, FILTER_BLOCK = 64 };
u64 filter_bytes(u64 hashes);
void filter_add(u64 *words, u64 bytes, hash128 h);
bool filter_has(const u64 *words, u64 bytes, hash128 h);
static inline u64 filter_block(u64 bytes, hash128 h)
{
    return (u64)((u128)h.lo * (bytes / FILTER_BLOCK) >> 64) * (FILTER_BLOCK / sizeof(u64));
}
/* The first entry of a hash, if the filter lets it pass; *count gets how many follow in all. */
const struct sealed_hash *sealed_seen(const struct sealed *s, hash128 dedupe, u64 *count);
void sealed_seen_prefetch(const struct sealed *s, hash128 dedupe);

/* ---- writing ---- */

/* What a file stands for; its name follows from it. */
struct sealed_place {
    u64 generation, first_order, last_order;
};
struct sealed_writer;
MUST_USE err sealed_writer_new(struct env *env, const char *path, struct sealed_place place,
                               struct sealed_writer **out);
/* Before the first row: without an index by event and day. */
void sealed_writer_brief(struct sealed_writer *w);
/* Removes the file unless it was finished. NULL is allowed. */
void sealed_writer_free(struct sealed_writer *w);
/* The next row, in the order of the file. `head` is its key. */
MUST_USE err sealed_add(struct sealed_writer *w, event_persona head, const struct event *ev);
/* The same of a row that lies in a file: its columns are taken over as they are. The message id
 * only if it came after young_from. `from` is the caller's number of where
 * it comes from, below BUILDER_SOURCES. */
struct block;
MUST_USE err sealed_add_row(struct sealed_writer *w, event_persona head, struct block *b, u32 row,
                            u32 from, i64 young_from);
/* A whole block of another file, all of whose rows come next: each under the head it has there, one
 * of `heads`, which begins with the block's first. *taken false: row by row it has to be. */
MUST_USE err sealed_add_block(struct sealed_writer *w, const struct block *b,
                              const struct sealed_key *heads, u32 *numbers, bool *taken);
u32 sealed_added(const struct sealed_writer *w);
/* After the rows: the dedupe entries, at most `most`, ascending. */
MUST_USE err sealed_begin_hashes(struct sealed_writer *w, u64 most);
MUST_USE err sealed_add_hash(struct sealed_writer *w, const struct sealed_hash *h);
struct sealed_hash sealed_hash_of(const struct sealed_place *place, hash128 dedupe,
                                  event_persona persona, u64 order, i64 received_ms);
/* Writes what is left, syncs the file and its directory. */
MUST_USE err sealed_finish(struct sealed_writer *w, const char *dir);
