/* scan_inside.h — the inside of a scan: its words, its slices, and blocks decoded for them. */
#pragma once
#include "event/crowd.h"
#include "event/scan.h"
#include "log/names.h"

enum { SCAN_CODES = NAMES_MAX + 1 };

/* ---- words: scan_words.c ---- */

struct words;
struct words *words_new(void);
void words_free(struct words *w);
/* A code, or 0 when there are too many. Any thread. */
u32 words_code(struct words *w, str text);
str words_text(const struct words *w, u32 code);
u32 words_count(const struct words *w);

/* A thread's own memory of words it met, so that it seldom waits for others. */
struct word_cache;
struct word_cache *word_cache_new(struct words *w);
void word_cache_free(struct word_cache *c);
/* The word of a value: 0 of one that has no text. */
u32 word_cache_code(struct word_cache *c, value v);

/* ---- columns ---- */

/* Room for events: what a batch is made of, and what a block is decoded into. */
struct scan_values {
    u8 *valid;
    i64 *number;
    u32 *text;
    value *value;
};
struct scan_columns {
    u32 room;
    i64 *time;
    u32 *mark, *code, *source;
    u64 *order;
    struct scan_values properties[SCAN_PROPERTIES_MAX];
};

void scan_columns_grow(struct scan_columns *c, const struct scan_want *w, u32 room);
void scan_columns_free(struct scan_columns *c);
/* Copies n events. */
void scan_columns_copy(struct scan_columns *to, u32 at, const struct scan_columns *from, u32 first,
                       u32 n, const struct scan_want *w);
/* Puts the value of a property, MISSING too, in its place. */
void scan_put_value(struct scan_columns *c, const struct scan_want *w, u32 property, u32 at,
                    value v, struct word_cache *words);

/* ---- a block decoded: scan_block.c ---- */

/* Of a block's rows those that are wanted and alive, in their order. */
struct scan_decoder;
struct scan_block {
    u32 first, end; /* rows */
    u32 kept;
    bool is_whole;                   /* every row is there; else those of the list: */
    u64 bits[BLOCK_ROWS / 64 + 1];   /* a bit for each of them, rows counted from `first`… */
    u16 before[BLOCK_ROWS / 64 + 1]; /* …how many there are before each word… */
    u16 rows[BLOCK_ROWS];            /* …and they themselves, ascending */
    u32 same_mark, same_count;       /* so many marks are this one, from the blocks before */
    bool waits_time, waits_mark;     /* not unpacked yet */
    struct scan_columns columns;
};
/* ---- slices ---- */

struct event_crowd {
    struct crowd crowd;
};

struct event_scan {
    const struct event_view *view;
    struct scan_want want;
    const struct crowd *crowd;
    struct event_crowd *own_crowd; /* NULL: it is another's */
    struct words *words;
    struct scan_property *properties;
    u32 slice_count;
    struct scan_slice *slices;
};

static inline bool scan_wants_code(const struct event_scan *s, u32 code)
{
    return !s->want.marks || (code < SCAN_CODES && s->want.marks[code]);
}
static inline bool scan_wants_head(const struct event_scan *s, event_persona head)
{
    const u64 *who = s->want.who;
    return !who || (head < s->want.who_end && who[head / 64] >> head % 64 & 1);
}

/* What the list of blocks says of one: whether it may have what is wanted, by code and time. */
bool scan_may_have(const struct scan_want *w, const struct sealed_block *e);

/* ---- a lane: one file's customers, or the tail's, in ascending heads: scan_lane.c ---- */

/* A lane lists the customers of a block who are wanted, have not moved and have rows that were
 * kept: customer i has the kept [from[i], to[i]) of the block decoded. */
struct scan_lane {
    const struct sealed *file; /* NULL: the tail */
    event_persona head;        /* the customer at hand; UINT32_MAX: none left */
    u32 at, count;  /* of those listed, the one at hand; at = count: the next are to be listed */
    bool goes_on;   /* the last one listed has more rows in the next block */
    bool is_joined; /* each begins where the one before ends */
    u32 dense;      /* so many blocks are unpacked whole before few rows are tried again */
    event_persona *listed;
    u16 *from, *to;
    const struct sealed_key *heads;
    u32 next, head_count, row; /* whom to list next, from that row on */
    u32 end;                   /* of the tail's places: behind the customer at hand */
    struct block block;
    struct scan_block *decoded;
    struct scan_decoder *decoder;
    u32 *words; /* of the file's texts, + 1 */
};

struct scan_decoder *scan_decoder_new(const struct event_scan *s);
void scan_decoder_free(struct scan_decoder *d); /* NULL is allowed */

struct scan_slice;
/* `file` NULL: the tail. */
void scan_lane_open(struct scan_lane *l, struct scan_slice *s, const struct sealed *file);
void scan_lane_close(struct scan_lane *l);
/* Where at = count: lists the next customers. What was decoded goes. */
void scan_lane_list(struct scan_lane *l, struct scan_slice *s);
/* From the customer heads[next] on the first who is wanted, or head_count. */
u32 scan_lane_skip(const struct scan_lane *l, const struct event_scan *scan, u32 next);
/* Past a block, of rows [first, end), of which nothing is wanted. */
void scan_lane_pass(struct scan_lane *l, u32 first, u32 end);
/* Where its blocks are decoded. */
struct scan_block *scan_lane_room(struct scan_lane *l, const struct scan_slice *s);
/* Lists the next customers where few of a block are wanted, maybe none: scan_few.c. False: they are
 * not few, or this is no time to ask; nothing was listed. */
bool scan_few(struct scan_slice *s, struct scan_lane *l);
/* On to the next customer, who may have to be listed. */
static inline void scan_lane_step(struct scan_lane *l)
{
    if (++l->at < l->count) l->head = l->listed[l->at];
}

struct scan_slice {
    struct event_scan *scan;
    event_persona from, to; /* heads */
    struct scan_lane *lanes;
    u32 lane_count;
    u32 pair, pair_end; /* of the crowd's, when the lanes are done */
    event_persona *head;
    u32 *start;
    u32 customers, events;
    struct scan_columns out;
    const struct scan_lane *direct; /* the batch lies there as it was decoded, from: */
    u32 direct_at;
    struct word_cache *words; /* NULL: no texts are wanted */
    struct scan_few *few;     /* NULL: not needed yet */
    struct arena *scratch;
    event_persona *personas;
    bool is_over;
};

/* A property of the row that has this rank of its kind; MISSING: it has none. */
value scan_value_of(const struct block *b, u32 kind, u32 rank, u32 property);
/* Decodes the block that holds `row` into the lane's. */
void scan_decode(struct scan_slice *s, struct scan_lane *l, u32 row);
/* Unpacks what waits. */
void scan_unpack(struct scan_lane *l);
/* Says what waits, of the rows kept from `at` on. */
void scan_hand_packed(const struct scan_lane *l, u32 at, struct scan_batch *out);

void scan_slice_open(struct scan_slice *s, struct event_scan *scan, event_persona from,
                     event_persona to);
void scan_slice_close(struct scan_slice *s);
MUST_USE err scan_slice_next(struct scan_slice *s, struct scan_batch *out);
