/* batch.h — the inside of asking everybody in a range. */
#pragma once
#include "event/scan.h"
#include "predicate/program.h"

struct ring {
    persona *p;
    u32 room;
};

struct asking {
    const struct predicate *p;
    const struct batch_subject *all;
    persona from, to;
    i64 now;
    u32 words; /* of a set */
    bool cancelled;
    struct columns columns;
    struct ring ring;
    struct arena *sets, *scratch;
    const u64 *everybody;
    u32 *marks;         /* by event code, all 0 between scans; NULL: there was none yet */
    u8 *counts;         /* of an event, for each of the range; NULL: there was none yet */
    u64 *known, **said; /* whose leaves were answered by a pass, and for which they hold */
};

/* Of an asking whose p, all, from, to and now are there: the rest; and its end. */
void batch_open(struct asking *b);
void batch_close(struct asking *b);
/* For whom of `in` a part of the tree holds. */
void batch_ask(struct asking *b, const struct node *n, const u64 *in, u64 *out);
/* How many are in a set. */
u64 batch_size(const struct asking *b, const u64 *set);
/* Whether a leaf is asked of `open` customers by a scan. */
bool batch_scans(const struct asking *b, const struct leaf *leaf, u64 open);
/* False: it could not be told this way. */
bool batch_scan(struct asking *b, const struct leaf *leaf, const u64 *in, u64 *out);

/* Plain enough to be told from times and one number, and then when its events occurred. */
bool batch_is_plain(const struct leaf *leaf);
void batch_plain_span(const struct did *d, i64 now, i64 *from, i64 *to);
/* Whether the index by day may count a plain leaf; whether for so many open of a range of n it is
 * cheaper than a scan that looks at rows of these. */
bool batch_may_count(const struct did *d);
bool batch_counts(u64 rows, u64 open, u64 n);

/* ---- batch_tell.c ---- */

/* Whether the rows of a scan tell the leaf; of which events, and from when to when. */
bool batch_tells(const struct leaf *leaf);
void batch_tell_marks(const struct leaf *leaf, u32 *marks);
void batch_tell_span(const struct leaf *leaf, i64 now, i64 *from, i64 *to);
/* For whom of `in` it holds. `want` says who is asked; the rest is filled in. The scan's end. */
err batch_tell(struct asking *b, const struct leaf *leaf, struct scan_want *want, const u64 *in,
               u64 *out);
