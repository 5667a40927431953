/* groups.h — the values of `by`: which there are, the most frequent apart, and who or what has
 * which.
 *
 *   customers or events ─tally─► values and counts, per worker ─choose─► groups ─► masks, words */
#pragma once
#include "analysis/feed.h"

enum { VALUES_MAX = 1 << 20 };

struct counted_text {
    str text;
    u64 hash, count;
};

/* One worker's: values met, and how often. */
struct tally_of {
    struct counted_text *table;
    u64 count, mask;
    bool full;
    struct arena *arena;
};

struct groups {
    u32 count; /* values; then come "missing" and "rest" */
    str texts[ANALYSIS_GROUPS_MAX];
    u64 rest;         /* how many values are in the rest */
    u64 *of_customer; /* a bit for each group, by persona; NULL: groups are of events */
    u8 *of_word;
    u32 words;
};

void tally_begin(struct tally_of *t);
void tally_end(struct tally_of *t);
void tally_put(struct tally_of *t, str text, u64 times);

/* Every value of `by` that a customer has; of an attribute out of its reader. */
struct value_reader {
    const struct plan *p;
    const struct analysis_source *source;
    struct attribute_reader *attribute;
    u32 *stages; /* lists of the model… */
    str *stage_names;
    u32 stage_count;
    struct arena *arena;
};
void value_reader_begin(struct value_reader *v, const struct plan *p,
                        const struct analysis_source *source);
void value_reader_end(struct value_reader *v);
/* Calls `each` for each of her values; false: she has none. */
bool value_reader_each(struct value_reader *v, persona head, void (*each)(void *ctx, str text),
                       void *ctx);

/* The `limit` most frequent of all tallies, equals by their text. */
void groups_choose(struct groups *g, struct tally_of *tallies, u32 n, u32 limit,
                   struct arena *arena);
/* The bit of a value. */
u32 groups_find(const struct groups *g, str text);
static inline u32 groups_missing(const struct groups *g)
{
    return g->count;
}
static inline u32 groups_rest(const struct groups *g)
{
    return g->count + 1;
}
