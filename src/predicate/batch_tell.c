/* batch_tell.c — conditions over events that a number alone does not tell: `where`, months,
 * measures of all kinds, sequences, formulas, messages. One scan brings the events that a leaf
 * reads, with their fields in columns; each customer's rows go through the tally that her own
 * events would. */
#include "log/events.h"
#include "log/fixed.h"
#include "predicate/batch.h"
#include "predicate/formula.h"

#include <stdlib.h>

/* What a leaf reads. */
struct reading {
    u32 *marks; /* NULL: events are only looked at, not gathered */
    struct scan_property properties[SCAN_PROPERTIES_MAX];
    u32 count;
};

static bool add_property(struct reading *r, u32 code)
{
    for (u32 i = 0; i < r->count; i++)
        if (r->properties[i].code == code) return true;
    if (r->count == SCAN_PROPERTIES_MAX) return false;
    r->properties[r->count++] = (struct scan_property){code, SCAN_NUMBER};
    return true;
}

/* A name without a code lies among the rest of an event's, which have no column. */
static bool add_path(struct reading *r, const struct path *p)
{
    return p->whole && add_property(r, p->whole) && (!p->head || add_property(r, p->head));
}

static bool add_tree(struct reading *r, const struct node *n)
{
    switch (n->kind) {
    case NODE_ALL:
    case NODE_ANY:
    case NODE_NOT:
        for (u32 i = 0; i < n->count; i++)
            if (!add_tree(r, n->children[i])) return false;
        return true;
    case NODE_FIELD:
    case NODE_ITEM: return add_path(r, &n->path);
    default: return false;
    }
}

static bool add_event(struct reading *r, u32 code)
{
    if (code && r->marks) r->marks[code] = 1;
    return code != 0;
}

static bool add_filter(struct reading *r, const struct filter *f)
{
    return !f->has_match && !f->net && add_event(r, f->event) &&
           (!f->where || add_tree(r, f->where));
}

static bool add_formula(struct reading *r, const struct formula *f)
{
    for (u32 i = 0; i < f->function_count; i++) {
        const struct function *one = &f->functions[i];
        if (!add_event(r, one->event) || (one->has_path && !add_path(r, &one->path))) return false;
    }
    return true;
}

static bool add_messages(struct reading *r, const struct asked_messages *m)
{
    for (u32 code = EVENT_MESSAGE_PLANNED; code <= EVENT_MESSAGE_CANCELLED; code++)
        if (message_event_says(code, m->status)) add_event(r, code);
    return add_property(r, PROPERTY_MESSAGE) && add_property(r, PROPERTY_MACHINE) &&
           add_property(r, PROPERTY_JOURNEY) && add_property(r, PROPERTY_TEMPLATE) &&
           add_property(r, PROPERTY_CHANNEL);
}

/* False: there is something in it that rows do not tell. */
static bool read_leaf(struct reading *r, const struct leaf *leaf)
{
    const struct window *w = leaf->window;
    r->count = 0;
    if (w->kind == WINDOW_SESSION || w->since != SINCE_NONE) return false;
    if (w->has_since_last && !add_filter(r, &w->since_last)) return false;
    if (leaf->formula) return add_formula(r, leaf->formula);
    if (leaf->messages) return add_messages(r, leaf->messages);
    if (leaf->did)
        return add_filter(r, &leaf->did->filter) &&
               (!leaf->did->has_path || add_path(r, &leaf->did->path));
    for (u32 i = 0; i < leaf->sequence->count; i++)
        if (!add_filter(r, &leaf->sequence->steps[i])) return false;
    return true;
}

bool batch_tells(const struct leaf *leaf)
{
    struct reading r = {0};
    return read_leaf(&r, leaf);
}

/* Messages count by the first moment that shows them, and what forgets all may come after the
 * window. */
void batch_tell_span(const struct leaf *leaf, i64 now, i64 *from, i64 *to)
{
    const struct window *w = leaf->window;
    *from = INT64_MIN;
    *to = now == NEVER ? NEVER : now + 1;
    if (leaf->messages) return;
    if (w->kind == WINDOW_WITHIN) *from = now - w->ms + 1;
    if (w->kind == WINDOW_MONTHS) *from = window_months_from(w, now);
    if (w->kind != WINDOW_BETWEEN) return;
    *from = w->from;
    if (!w->has_since_last) *to = min_i64(*to, w->to);
}

void batch_tell_marks(const struct leaf *leaf, u32 *marks)
{
    struct reading r = {.marks = marks};
    (void)read_leaf(&r, leaf);
}

static void take_batch(struct asking *b, struct evaluation *e, const struct leaf *leaf,
                       const struct scan_batch *s, u64 *out)
{
    for (u32 c = 0; c < s->customers; c++) {
        persona at = s->head[c] - b->from;
        bool holds = tally_told(e, leaf, s->start[c], s->start[c + 1]);
        out[at / 64] = (out[at / 64] & ~(1ull << at % 64)) | (u64)holds << at % 64;
        arena_reset(b->scratch);
    }
}

/* Who has none of its events does not come: for her a formula is what it is of nothing. */
static void tell_nothing(struct asking *b, struct evaluation *e, const struct leaf *leaf,
                         const u64 *in, u64 *out)
{
    memset(out, 0, b->words * sizeof *out);
    if (!leaf->formula) return;
    if (tally_told(e, leaf, 0, 0)) memcpy(out, in, b->words * sizeof *out);
    arena_reset(b->scratch);
}

err batch_tell(struct asking *b, const struct leaf *leaf, struct scan_want *want, const u64 *in,
               u64 *out)
{
    struct reading r = {.marks = mem_zalloc((NAMES_MAX + 1) * sizeof *r.marks)};
    struct scan_batch s = {0};
    struct subject who = {.view = b->all->view,
                          .events = b->all->events,
                          .zone = b->all->zone,
                          .scratch = b->scratch,
                          .names = b->all->names};
    struct told told = {.batch = &s, .properties = r.properties};
    struct evaluation e = {
        .p = b->p, .who = &who, .now = b->now, .holds_only = true, .told = &told};
    err result = ERR_NOT_FOUND;
    (void)read_leaf(&r, leaf);
    told.property_count = r.count;
    want->marks = r.marks;
    want->properties = r.properties;
    want->property_count = r.count;
    want->codes = true;
    batch_tell_span(leaf, b->now, &want->from, &want->to);
    tell_nothing(b, &e, leaf, in, out);
    if (want->from < want->to) {
        struct event_scan *scan = event_scan_of(b->all->crowd, want, b->from, b->to);
        while ((result = event_scan_next(scan, 0, &s)) == ERR_OK) take_batch(b, &e, leaf, &s, out);
        event_scan_free(scan);
    }
    free(r.marks);
    return result;
}
