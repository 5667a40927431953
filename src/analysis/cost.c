/* cost.c — what a run would read, phase by phase as run.c goes through them. */
#include "analysis/feed.h"
#include "event/estimate.h"

#include <stdlib.h>

/* The work of a customer, in events of a plain scan. */
enum {
    WORK_ASKED = 2,   /* by a predicate */
    WORK_VALUES = 24, /* whose values of `by` are read */
    WORK_PERSON = 24, /* who is looked at apart from her events */
};

enum { FEW_SHARE = 4 /* from one of so many on all rows of a block are unpacked (scan_few.c) */ };

enum { HOW_PLAIN, HOW_BY, HOW_DRILL, HOW_BOTH, HOWS };

static u32 kind_of(const struct plan *p)
{
    u32 i = 0, how = p->drill ? HOW_DRILL : HOW_PLAIN;
    if (p->by.kind != BY_NOTHING) how |= HOW_BY;
    while (analysis_name(i).n && !str_eq(analysis_name(i), p->what->name)) i++;
    return min_u32(i * HOWS + how, ANALYSIS_KINDS - 1);
}

/* Rows of the events' scan, of the share of customers that is left. */
static u64 rows_of(const struct plan *p, const struct event_view *events,
                   const struct predicate_cost *who)
{
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    feed_marks(p, marks);
    u64 rows = event_estimate_scan(events, marks, p->since, p->reach, ESTIMATE_BLOCKS);
    free(marks);
    if (!p->who || who->asked == 0 || who->held * FEW_SHARE > who->asked) return rows;
    return (u64)((u128)rows * who->held / who->asked);
}

static void add_side(const struct plan *p, const struct analysis_source *s, bool is_other,
                     struct analysis_cost *out)
{
    struct predicate_cost who = {0};
    struct batch_subject all = {.view = &s->view,
                                .events = s->events,
                                .zone = s->zone,
                                .resolver = s->resolver,
                                .names = s->names};
    if (p->who) {
        predicate_cost(p->who, &all, s->end, p->as_of, &who);
        out->events += who.events;
        out->indexed += who.indexed;
        out->work += who.work + (u64)s->end * WORK_ASKED;
    }
    bool of_events = p->by.kind == BY_PROPERTY || p->by.kind == BY_SOURCE;
    u64 rows = p->what->add && s->events ? rows_of(p, s->events, &who) : 0;
    u32 times = of_events && !p->drill && !is_other ? 2 : 1; /* once to find the values */
    out->events += rows * times;
    out->work += rows * times;
    if (p->by.kind != BY_NOTHING && !of_events) out->work += (u64)s->end * WORK_VALUES;
    if (p->what->person) out->work += (u64)s->end * WORK_PERSON;
}

void analysis_cost(const struct plan *p, const struct analysis_source *source,
                   struct analysis_cost *out)
{
    *out = (struct analysis_cost){.kind = kind_of(p)};
    add_side(p, source, false, out);
    if (p->other) add_side(p->other, source, true, out);
}
