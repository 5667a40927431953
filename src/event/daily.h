/* daily.h — a file's index by event and by day: all rows once more, by (code, UTC day, customer,
 * row).
 *
 *   days: (code, day) → chunks ─► chunk: up to 128 rows, (customer's number in the file, which row
 * of hers)
 *
 * So how often each of many customers did something in some days is counted from those days alone,
 * whatever else she ever did. Both numbers of a row are packed
 * (pack.h): those of customers as the distance from the one before. Chunks lie between the file's
 * blocks, since they are written as they fill; their list and that of days are sections. A file of
 * too many events or days for its rows has no index.
 *
 * 2.4 bytes an event of peerbench's. */
#pragma once
#include "base/buf.h"
#include "event/sealed.h"

enum {
    DAILY_ROWS = 128,         /* of a chunk */
    DAILY_SHARE = 32,         /* there are at least so many rows for each event and day */
    DAILY_DAYS_MAX = 1 << 16, /* events' days, in all; and days between an event's first and last */
    DAILY_FAR = 1 << 24,      /* between two customers of a chunk, at most */
    DAILY_PENDING = 4 << 20,  /* bytes of chunks that wait to be written together */
    DAILY_MS = 24 * 3600 * 1000,
};

static inline i64 daily_day(i64 ms)
{
    return ms / DAILY_MS - (ms % DAILY_MS < 0);
}

/* ---- writing: daily_write.c ---- */

struct daily;
struct daily *daily_new(void);
void daily_free(struct daily *d); /* NULL is allowed */
/* There will be no index. */
void daily_give_up(struct daily *d);
/* The rows of a finished block, the first of which is `first_row`. `heads`: the customers so far.
 */
void daily_add(struct daily *d, str block, u32 first_row, const struct sealed_key *heads,
               u32 head_count);
bool daily_is_full(const struct daily *d);
/* The bytes of the chunks that wait, which will lie at `at` in the file; `all`: of those begun too,
 * so that nothing is left. Good until the next call; a multiple of 8. */
str daily_take(struct daily *d, u64 at, bool all);
/* After all were taken: the sections' bytes. Empty: there is no index. */
void daily_end(struct daily *d, u32 rows, struct buf *days, struct buf *chunks);

/* ---- reading: daily.c ---- */

struct daily_index {
    const struct sealed *s;
    const struct sealed_day *days;
    const struct sealed_chunk *chunks;
    u32 count, chunk_count; /* the last day left out */
};
static inline bool daily_is_there(const struct sealed *s)
{
    return s->head.sections[SECTION_DAYS].bytes;
}
/* False: the file has none. */
bool daily_open(struct daily_index *x, const struct sealed *s);
/* The days of an event that touch [from, to): [*first, *end) of them. */
void daily_find(const struct daily_index *x, u32 code, i64 from, i64 to, u32 *first, u32 *end);
/* A chunk's customers by their numbers, and their rows counted from each one's first; either may be
 * NULL. Room for DAILY_ROWS. */
void daily_read(const struct daily_index *x, const struct sealed_chunk *c, u32 *customers,
                i64 *rows);
/* Whether it holds together: for who does not trust the file's writer. */
bool daily_is_sound(const struct sealed *s);
