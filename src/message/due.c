/* due.c — what is known of when her messages and claims are due next, without walking her lists. */
#include "message/message_internal.h"

struct due *due_of(struct messages *m, persona head)
{
    struct due *d = &m->dues[head % DUES];
    if (d->head != head) *d = (struct due){.head = head};
    return d;
}

/* Nothing is written where somebody else's is known. */
static struct due *known(struct messages *m, persona head)
{
    struct due *d = &m->dues[head % DUES];
    return d->head == head ? d : NULL;
}

static void shift(bool *is_known, i64 *earliest, i64 before, i64 now)
{
    if (before && before == *earliest) *is_known = false;
    if (now && (!*earliest || now < *earliest)) *earliest = now;
}

void due_of_rows(struct messages *m, persona head, i64 before, i64 now)
{
    struct due *d = known(m, head);
    if (d && d->rows_known) shift(&d->rows_known, &d->rows, before, now);
}

void due_of_claims(struct messages *m, persona head, i64 before, i64 now)
{
    struct due *d = known(m, head);
    if (d && d->claims_known) shift(&d->claims_known, &d->claims, before, now);
}

void due_forget(struct messages *m, persona head)
{
    struct due *d = known(m, head);
    if (d) *d = (struct due){0};
}

void dues_forget(struct messages *m)
{
    memset(m->dues, 0, sizeof m->dues);
}
