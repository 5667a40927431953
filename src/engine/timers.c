/* timers.c — a 4-ary heap: half the depth of a binary one, and children share a cache line. */
#include "engine/timers.h"

#include <stdlib.h>

static bool before(struct timer a, struct timer b)
{
    return a.due_ms != b.due_ms ? a.due_ms < b.due_ms : a.persona < b.persona;
}

void timers_clear(struct timers *t)
{
    free(t->items);
    *t = (struct timers){0};
}

void timers_push(struct timers *t, struct timer item)
{
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->items = mem_realloc(t->items, t->cap * sizeof *t->items);
    }
    u32 at = t->count++;
    while (at && before(item, t->items[(at - 1) / 4])) {
        t->items[at] = t->items[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    t->items[at] = item;
}

bool timers_peek(const struct timers *t, struct timer *out)
{
    if (t->count == 0) return false;
    *out = t->items[0];
    return true;
}

void timers_pop(struct timers *t)
{
    if (t->count == 0) return;
    struct timer item = t->items[--t->count];
    u32 at = 0;
    for (;;) {
        u32 first = at * 4 + 1, best = first;
        if (first >= t->count) break;
        for (u32 c = first + 1; c < first + 4 && c < t->count; c++)
            if (before(t->items[c], t->items[best])) best = c;
        if (!before(t->items[best], item)) break;
        t->items[at] = t->items[best];
        at = best;
    }
    if (t->count) t->items[at] = item;
}
