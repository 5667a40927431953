/* timers.h — who is due when: a heap of (due, persona), rebuilt on start from
 * customer_row.next_due.
 *
 * An entry whose customer has another next_due by now is stale and skipped by the caller; entries
 * come out in order of (due, persona), which is the order SEMANTICS gives. */
#pragma once
#include "base/mem.h"

struct timer {
    i64 due_ms;
    u32 persona;
};

struct timers {
    struct timer *items;
    u32 count, cap;
};

void timers_clear(struct timers *t);
void timers_push(struct timers *t, struct timer item); /* O(log n) */
bool timers_peek(const struct timers *t, struct timer *out);
void timers_pop(struct timers *t);
