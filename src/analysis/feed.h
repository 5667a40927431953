/* feed.h — batches of timelines for the folds, out of a scan: filters asked, amounts exact. */
#pragma once
#include "analysis/fold.h"

struct feed;

/* `who`: a bit for every head that counts; NULL: everybody. ERR… never: what is wrong shows at the
 * first batch. Slices are as many as asked for, at most. */
struct feed *feed_new(const struct plan *p, const struct analysis_source *source, const u64 *who,
                      u32 slices, const bool *is_cancelled);
void feed_free(struct feed *f); /* NULL is allowed */
u32 feed_slices(const struct feed *f);
/* By event code (NAMES_MAX + 1): not 0 of those that a plan's scan wants. */
void feed_marks(const struct plan *p, u32 *marks);
/* The next batch of a slice; ERR_NOT_FOUND: there are no more; ERR_LIMIT; ERR_UNAVAILABLE:
 * cancelled. */
MUST_USE err feed_next(struct feed *f, u32 slice, struct timelines *out);

/* ---- of a plan whose `by` is a property or the source: what each event of the batch says ---- */

/* Words of the batch, 0: none. NULL: `by` is something else. */
const u32 *feed_words(struct feed *f, u32 slice);
/* The text of a word, and the word of a text. Words are dense from 1. */
str feed_text(const struct feed *f, u32 word);
u32 feed_word(struct feed *f, str text);
