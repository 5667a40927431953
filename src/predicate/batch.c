/* batch.c — everybody in a range, at an epoch.
 *
 * Trees ask their cheapest parts first, and the pass over a customer's events is made only when a
 * leaf over events is reached: most customers are decided by rows and columns. Events of
 * neighbouring heads lie together in sealed files, so the passes that are made go forward through
 * them; and so do the readers of attributes through their columns. */
#include "predicate/program.h"

#include <stdlib.h>

enum { PERSONAS_FIRST = 16, CANCEL_EVERY = 256 };

struct crowd {
    persona *p;
    u32 room;
    struct columns columns;
    struct arena *arena; /* of the readers */
    struct arena *scratch;
};

static void crowd_init(struct crowd *c, const struct predicate *p, const struct customer_view *v)
{
    *c = (struct crowd){.p = mem_alloc(PERSONAS_FIRST * sizeof(persona)),
                        .room = PERSONAS_FIRST,
                        .arena = arena_new(),
                        .scratch = arena_new()};
    c->columns.count = p->inputs.attribute_count;
    c->columns.codes = p->inputs.attributes;
    c->columns.readers = arena_alloc(c->arena, c->columns.count * sizeof *c->columns.readers);
    for (u32 i = 0; i < c->columns.count; i++)
        c->columns.readers[i] = attribute_reader_new(v, c->columns.codes[i], c->arena);
}

static void crowd_clear(struct crowd *c)
{
    arena_free(c->scratch);
    arena_free(c->arena);
    free(c->p);
}

/* The personas of a customer as of the epoch: the ring that begins at the head. */
static u32 personas_of(const struct batch_subject *all, persona head,
                       const struct customer_row *row, struct crowd *crowd)
{
    struct customer_row next = *row;
    u32 n = 0;
    crowd->p[n++] = head;
    for (persona p = row->next_of_head; p && p != head; p = next.next_of_head) {
        if (n == crowd->room) {
            crowd->room *= 2;
            crowd->p = mem_realloc(crowd->p, crowd->room * sizeof *crowd->p);
        }
        crowd->p[n++] = p;
        if (!view_row(all->view, p, &next)) break;
    }
    return n;
}

static bool is_cancelled(const struct batch_subject *all)
{
    if (all->cancel && __atomic_load_n(all->cancel, __ATOMIC_RELAXED)) return true;
    return all->view->epoch && epoch_cancelled(all->view->epoch);
}

static bool holds(const struct predicate *p, const struct batch_subject *all, persona head,
                  const struct customer_row *row, struct crowd *crowd, i64 now)
{
    struct subject who = {
        .view = all->view,
        .head = head,
        .events = all->events,
        .zone = all->zone,
        .resolver = all->resolver,
        .scratch = crowd->scratch,
        .names = all->names,
        .columns = &crowd->columns,
    };
    struct evaluation e = {.p = p, .who = &who, .now = now, .holds_only = true};
    if (p->leaf_count) who.persona_count = personas_of(all, head, row, crowd);
    who.personas = crowd->p;
    return eval_root(&e).holds;
}

bool predicate_batch(const struct predicate *p, const struct batch_subject *all, persona from,
                     persona to, i64 now, u64 *bits)
{
    struct crowd crowd;
    struct customer_row row;
    bool done = true;
    crowd_init(&crowd, p, all->view);
    memset(bits, 0, ((size_t)(to - from) + 63) / 64 * 8);
    for (persona head = from; head < to; head++) {
        if ((head - from) % CANCEL_EVERY == 0 && is_cancelled(all)) {
            done = false;
            break;
        }
        if (!view_row(all->view, head, &row) || row.head != head) continue;
        if (holds(p, all, head, &row, &crowd, now))
            bits[(head - from) / 64] |= (u64)1 << (head - from) % 64;
        if (p->leaf_count) arena_reset(crowd.scratch);
    }
    if (done && is_cancelled(all)) done = false;
    crowd_clear(&crowd);
    return done;
}
