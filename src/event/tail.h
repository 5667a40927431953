/* tail.h — the newest events: one append-only run of bytes in memory, chained per persona.
 *
 *   … ┊ row blob ┊ row blob ┊ padding ┊ row blob ┊ …        offsets only grow; chunks never move
 *        ▲──prev──────────────────────────┘ ◄── heads[persona]
 *
 * A frame is a 64-byte row, its message id and its properties, rounded up to 8 bytes; it never
 * crosses a chunk. What lies in memory is what the snapshot's stream carries. A row is named by its
 * unit, the offset / 8 modulo 2^32: a window of 32 GiB, of which at most TAIL_WINDOW_MAX is kept.
 *
 * The engine thread appends. Readers know the end of their view, and follow a chain past what is
 * younger; a head is stored after its row (release) and loaded before it (acquire). */
#pragma once
#include "base/mem.h"
#include "event/event.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "streams and files are little-endian");

enum {
    TAIL_CHUNK = 4 << 20,
    TAIL_CHUNKS = 8192, /* × TAIL_CHUNK: the window that units span */
    TAIL_SPARES = 16,   /* chunks kept for reuse */
    TAIL_FIRST = 64,    /* where the first row of all lies: unit 0 means none */
};
#define TAIL_WINDOW_MAX ((u64)4 << 30)

struct row {
    u32 persona; /* 0: padding, and `bytes` to the next row */
    u32 bytes;   /* of the blob behind the row: message id, then properties */
    u32 message_bytes;
    u32 code;
    u32 source_flags; /* source << 8 | flags */
    u32 prev;         /* unit of this persona's row before; stale once that one is sealed */
    i64 occurred_ms, received_ms;
    u64 order;
    hash128 dedupe;
};
_Static_assert(sizeof(struct row) == 64, "a row is 64 bytes");

struct tail {
    u8 *chunks[TAIL_CHUNKS]; /* NULL where nothing is kept */
    u32 *heads;              /* by persona: its newest row, or something older than `kept` */
    u64 kept, end;
    event_persona top;   /* one past the highest persona seen */
    event_persona swept; /* how far the clearing of old heads has come */
    u8 *spares[TAIL_SPARES];
    u32 spare_count;
};

void tail_init(struct tail *t);
void tail_clear(struct tail *t);
u64 tail_bytes(const struct tail *t);

static inline u32 tail_unit(u64 offset)
{
    return (u32)(offset >> 3);
}

static inline void tail_prefetch_head(const struct tail *t, event_persona p)
{
    __builtin_prefetch(&t->heads[p], 1);
}

static inline const struct row *tail_row(const struct tail *t, u32 unit)
{
    const u8 *chunk = t->chunks[unit / (TAIL_CHUNK / 8)];
    return (const struct row *)(const void *)(chunk + (size_t)(unit % (TAIL_CHUNK / 8)) * 8);
}
static inline void tail_prefetch(const struct tail *t, u32 unit)
{
    const char *row = (const char *)tail_row(t, unit);
    __builtin_prefetch(row);
    __builtin_prefetch(row + 64);
}

/* What a row takes with a blob of so many bytes. */
static inline size_t tail_frame(size_t blob)
{
    return (sizeof(struct row) + blob + 7) & ~(size_t)7;
}

/* Adds a row and makes it its persona's newest; returns its unit. */
u32 tail_append(struct tail *t, const struct event *ev);
/* Frees what lies wholly before `from`, at most so many chunks: a system call takes long. */
void tail_keep(struct tail *t, u64 from, u32 chunks_max);
/* The row at or after *at, which moves behind it; NULL at `end`. In order of the log. */
const struct row *tail_next(const struct tail *t, u64 *at, u64 end);
/* The persona's newest row within [start, end), and the one before it; 0 if there is none. */
u32 tail_newest(const struct tail *t, event_persona p, u64 start, u64 end);
u32 tail_before(const struct tail *t, u32 unit, u64 start);
/* The event of a row: views into the tail. */
void tail_event(const struct row *row, struct event *out);

/* The stream: any bytes of [kept, end), and their return. An empty tail takes any first offset;
 * what lies before `kept` is passed over. ERR_CORRUPT: a gap. */
void tail_read(const struct tail *t, u64 offset, void *out, size_t n);
MUST_USE err tail_load(struct tail *t, u64 offset, str bytes);
/* The tail begins at `from`: what was loaded before it is not wanted. */
void tail_begin(struct tail *t, u64 from);
/* After loading: chains all rows anew. */
void tail_link(struct tail *t);
