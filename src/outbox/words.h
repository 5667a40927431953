/* words.h — what the words of one message asked for: kept with its claim, and given again when
 * somebody wants to see what a customer got.
 *
 * A MAP {"customer.first_name": …}. What cannot be told apart from never asked (MISSING) is left
 * out, and so is what leads somewhere only for her: the links by which one unsubscribes. */
#pragma once
#include "base/mem.h"
#include "base/value.h"
#include "content/content.h"

/* What dates and amounts depended on, under names no template can ask for. */
#define WORDS_NOW "$now"
#define WORDS_ZONE "$zone"
#define WORDS_LANGUAGE "$language"
#define WORDS_CURRENCY "$currency"

struct words {
    struct buf keys, members;
    u32 count;
};
void words_begin(struct words *s);
void words_keep(struct words *s, str root, str member, value v);
/* The whole MAP's bytes in `arena`; empty if nothing was asked for, or more than a claim holds. */
str words_values(const struct words *s, struct arena *arena);
void words_end(struct words *s);
