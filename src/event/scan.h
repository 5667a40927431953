/* scan.h — everybody's events in columns: what an analysis reads.
 *
 *   view ─open─► scan ─┬─ slice 0 ─next─► batch, batch, …   each a run of whole customers
 *                      └─ slice k ─next─► …                 a range of heads of its own
 *
 * A scan hands out only what was asked for: some event codes, each with a mark of the asker's, a
 * span of time, some customers, some properties. A
 * customer's events come all together, in timeline order, merged over personas, files and the tail;
 * customers come in ascending heads, and each once; one with a persona whose head moved since
 * sealing comes at the end of its slice, again ascending; whoever has no event that matches does
 * not come. Slices share nothing that changes but the words, so each may have its own thread.
 *
 * Texts come as codes of the scan's own words: small numbers, dense from 1, the same in all slices;
 * 0 is none. They mean nothing outside this scan. */
#pragma once
#include "base/props.h"
#include "event/event.h"
#include "event/pack.h"

enum { SCAN_PROPERTIES_MAX = 16, SCAN_SLICES_MAX = 64 };

typedef enum {
    SCAN_FIXED =
        1,       /* a number that fits, in ten-thousandths (base/fixed.h); others are not valid */
    SCAN_TEXT,   /* a word: text as sent; numbers, dates, true and false as they are shown; lists
                  * and maps are not valid */
    SCAN_NUMBER, /* as FIXED, and whatever else is there, but NULL, as its value */
    SCAN_VALUE,  /* any value but NULL; its text is good until the slice's next batch */
} scan_kind;

struct scan_property {
    u32 code; /* NAME_PROPERTY */
    scan_kind kind;
};

/* Files of which every customer is who she was at sealing, by an array of heads that stands still:
 * kept beside it, so that who asks with it again need not compare them. Zero at first; any threads.
 */
enum { STAYED_FILES = 16 };
struct event_stayed {
    u64 files[STAYED_FILES];
};

struct scan_want {
    const u32 *marks; /* NAMES_MAX + 1, by event code: what its events are marked with; 0: they are
                       * not wanted. NULL: all are, with mark 0. Stays the caller's, unchanged. */
    i64 from, to;     /* from ≤ occurred < to */
    const struct scan_property *properties;
    u32 property_count;
    bool codes, orders, sources; /* whether those columns are wanted */
    bool packed_times, kinds;    /* a batch may have packed times, kinds and their marks instead */
    bool unindexed;              /* files with an index by day (daily.h) are left out */
    const u64 *who;              /* a bit for every head that is wanted; NULL: all */
    event_persona who_end;       /* …and none from here on */
    const event_persona *heads;  /* what head_of says of personas below heads_end, or NULL */
    event_persona heads_end;
    struct event_stayed *stayed; /* what is known of `heads` already; may be NULL */
    size_t bytes_max;            /* of one slice's memory; 0 = 256 MiB */
    const bool *is_cancelled;    /* may be NULL; set by any thread, looked at all the time */
};

/* What `valid` says of a SCAN_NUMBER. */
enum { SCAN_IS_NUMBER = 1, SCAN_IS_OTHER = 2 };

/* One property of a batch's events. An event without it, or with another kind of value, has valid 0
 * and number 0, text 0, value MISSING. The last of a repeated property counts. */
struct scan_column {
    const u8 *valid;
    const i64 *number;  /* SCAN_FIXED; SCAN_NUMBER where it is one */
    const u32 *text;    /* SCAN_TEXT */
    const value *value; /* SCAN_VALUE; SCAN_NUMBER where it is something else */
};

/* Views, good until the slice's next batch. Events of customer i: [start[i], start[i + 1]). */
struct scan_batch {
    u32 customers, events;
    const event_persona *head;
    const u32 *start;
    const i64 *time; /* NULL: packed */
    const u32 *mark; /* NULL: kind_marks[kind[i]] */
    struct packed_times packed;
    const u8 *kind;
    const u32 *kind_marks;
    u32 kinds;
    const u32 *code;   /* NULL unless wanted */
    const u64 *order;  /* NULL unless wanted */
    const u32 *source; /* NULL unless wanted */
    struct scan_column columns[SCAN_PROPERTIES_MAX];
};

/* Who is whose, asked once for several scans of a view, by any threads. Of `widest` its marks, span
 * and heads count: the scans ask for no more. */
struct event_crowd;
struct event_crowd *event_crowd_new(const struct event_view *v, const struct scan_want *widest,
                                    event_persona (*head_of)(void *ctx, event_persona p),
                                    void *ctx);
void event_crowd_free(struct event_crowd *c); /* NULL is allowed */

struct event_scan;
/* The customers with heads in [from, to), in one slice; `crowd` must outlive it. */
struct event_scan *event_scan_of(const struct event_crowd *crowd, const struct scan_want *want,
                                 event_persona from, event_persona to);
/* Asks head_of about all personas with events, here and never later. 0 leaves a persona's events
 * out. `want` is copied, but for what it points to; its properties are. The view stays pinned by
 * the caller until event_scan_free. */
struct event_scan *event_scan_new(const struct event_view *v, const struct scan_want *want,
                                  event_persona (*head_of)(void *ctx, event_persona p), void *ctx,
                                  u32 slices);
void event_scan_free(struct event_scan *s); /* NULL is allowed */
u32 event_scan_slices(const struct event_scan *s);
/* The next batch of a slice, by one thread at a time. ERR_NOT_FOUND: there are no more. ERR_LIMIT:
 * one customer's events go beyond the memory. ERR_UNAVAILABLE: cancelled. */
MUST_USE err event_scan_next(struct event_scan *s, u32 slice, struct scan_batch *out);

/* A word's text, and the word of a text, which gets a code if it has none. Any thread; the text is
 * good as long as the scan. */
str event_scan_text(const struct event_scan *s, u32 word);
u32 event_scan_word(struct event_scan *s, str text);
u32 event_scan_words(const struct event_scan *s); /* how many: codes are 1 … that */
