/* sentence.h — conditions as people read them, in Chinese and English, and how each part of one
 * stands for a customer.
 *
 * A sentence is made from the JSON form, so that a draft has one too; the same JSON gives the same
 * sentence. What the grammar does not know is shown as its JSON. */
#pragma once
#include "predicate/predicate.h"

/* Appends the sentence of a condition, without a full stop. O(its size). */
void predicate_sentence(const struct json *condition, bool chinese, struct buf *out);

/* Appends how each part stands as a JSON object: {"holds", "until"?, "condition", "actual"?,
 * "parts"?: […]}; "actual" is what she has where the condition looks at one value. */
void predicate_explain(const struct predicate *p, const struct subject *who, i64 now,
                       struct buf *out);
