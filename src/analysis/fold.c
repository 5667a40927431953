/* fold.c — the beginning and the end of a fold's state, alike for all questions. */
#include "analysis/fold.h"

#include <stdlib.h>

/* Every state begins with these two; their types are its own. */
struct head {
    const struct plan *plan;
    const void *args;
};

void *fold_begin(const struct plan *p)
{
    struct head head = {p, p->args};
    void *state = mem_zalloc(p->what->state_size);
    memcpy(state, &head, sizeof head);
    if (p->what->open) p->what->open(state, p);
    return state;
}

void fold_end(const struct analysis *what, void *state)
{
    if (what->close) what->close(state);
    free(state);
}
