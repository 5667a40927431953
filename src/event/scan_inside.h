/* scan_inside.h — the inside of a scan: its words, its slices and what they read. */
#pragma once
#include "event/crowd.h"
#include "event/scan.h"

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
u32 word_cache_code(struct word_cache *c, str text);
u32 word_cache_number(struct word_cache *c, value v); /* of a number, a date, true, false */

/* ---- slices ---- */

/* What a slice hands out, growing; `room` in events. */
struct scan_out {
    u32 room, events, customers, customer_room;
    event_persona *head;
    u32 *start;
    i64 *time;
    u32 *code;
    u64 *order;
    u32 *source;
    struct {
        u8 *valid;
        i64 *number;
        u32 *text;
        value *value;
    } columns[SCAN_PROPERTIES_MAX];
};

struct scan_lane {
    const struct sealed *file; /* NULL: the tail */
    const struct sealed_key *heads;
    u32 head_at, head_count;
    event_persona head;  /* the customer at hand or next; UINT32_MAX: none left */
    u32 row, end;        /* what is left of it */
    struct place next;   /* the row at hand */
    event_persona asked; /* whom `here` and `gone` are about */
    bool here;
    struct erased_of gone;
    struct block block;
};

struct scan_slice {
    struct event_scan *scan;
    event_persona from, to; /* heads */
    struct scan_lane *lanes, **at_hand;
    u32 lane_count;
    u32 pair, pair_end; /* of the crowd's, when the lanes are done */
    struct scan_out out;
    struct word_cache *words;
    struct arena *scratch;
    event_persona *personas;
    bool is_over;
};

struct event_scan {
    const struct event_view *view;
    struct scan_want want;
    struct crowd crowd;
    struct words *words;
    u64 *code_bits; /* of codes below NAMES_MAX that are wanted; NULL: all */
    u32 *codes;
    struct scan_property *properties;
    u32 slice_count;
    struct scan_slice *slices;
};

void scan_slice_open(struct scan_slice *s, struct event_scan *scan, event_persona from,
                     event_persona to);
void scan_slice_close(struct scan_slice *s);
MUST_USE err scan_slice_next(struct scan_slice *s, struct scan_batch *out);
