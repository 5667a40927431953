/* pass.c — everybody's events, customer by customer: one sequential reading of all files and the
 * tail.
 *
 * Every file, and the tail once sorted, is a lane of customers in ascending heads; the lanes go
 * side by side. A lane's customers are those of its sealing. So first the lists of customers are
 * read: wherever a persona's head is another now, the customer it came to is marked, passed over,
 * and served at the end by the iterator; rows of a persona that left are passed over where they
 * lie. */
#include "event/crowd.h"

#include <stdlib.h>

struct lane {
    const struct sealed *file; /* NULL: the tail */
    const struct sealed_key *heads;
    u32 head_at, head_count;
    event_persona head;  /* the customer at hand or next; UINT32_MAX: none left */
    u32 row, end;        /* what is left of it */
    struct place next;   /* the row at hand */
    event_persona asked; /* whom `here` and `gone` are about */
    bool here;           /* has not strayed */
    struct erased_of gone;
    struct block block;
};

struct pass {
    const struct event_view *view;
    struct crowd crowd;
    bool (*each)(void *ctx, event_persona head, const struct event *ev);
    void *ctx;
    struct lane *lanes;
    u32 lane_count;
    struct arena *scratch; /* of the event at hand, or the customer */
    struct event event;    /* the one handed out */
};

enum { AHEAD = 8 /* rows fetched early */ };

static void open_lanes(struct pass *p, struct arena *arena)
{
    const struct catalog *c = p->view->catalog;
    p->lane_count = c->count + 1;
    p->lanes = arena_zalloc(arena, p->lane_count * sizeof *p->lanes);
    for (u32 i = 0; i < c->count; i++) {
        struct sealed_keys heads = sealed_heads(c->files[i]);
        p->lanes[i].file = c->files[i];
        p->lanes[i].heads = heads.keys;
        p->lanes[i].head_count = heads.count;
        p->lanes[i].head = heads.keys[0].key;
    }
    struct lane *tail = &p->lanes[c->count];
    tail->head = p->crowd.tail_count ? p->crowd.tail[0].key : UINT32_MAX;
}

/* ---- the lanes ---- */

static bool advance(struct pass *p, struct lane *l)
{
    if (!l->file) {
        if (l->row == l->end) return false;
        l->next = p->crowd.tail[l->row++];
        if (l->row + AHEAD < p->crowd.tail_count)
            tail_prefetch(&p->view->es->tail, p->crowd.tail[l->row + AHEAD].at);
        return true;
    }
    while (l->row < l->end) {
        u32 row = l->row++;
        block_at(&l->block, l->file, row);
        event_persona persona = block_persona(&l->block, row);
        u64 order = block_order(&l->block, row);
        if (persona != l->asked) {
            l->asked = persona;
            l->here = !crowd_has_strayed(&p->crowd, persona);
            l->gone = erased_of(p->view->catalog->erased, p->view->erased, persona);
        }
        if (!l->here || is_erased(&l->gone, order)) continue;
        l->next = (struct place){block_occurred(&l->block, row), order, 0, row};
        return true;
    }
    return false;
}

/* Sets the lane before its customer's rows. */
static void enter(struct pass *p, struct lane *l)
{
    l->asked = 0;
    if (l->file) {
        l->row = l->heads[l->head_at].value;
        l->end = l->heads[l->head_at + 1].value;
        return;
    }
    for (l->row = l->end; l->end < p->crowd.tail_count && p->crowd.tail[l->end].key == l->head;)
        l->end++;
}

static void leave(struct pass *p, struct lane *l)
{
    if (l->file)
        l->head = ++l->head_at < l->head_count ? l->heads[l->head_at].key : UINT32_MAX;
    else
        l->head = l->end < p->crowd.tail_count ? p->crowd.tail[l->end].key : UINT32_MAX;
}

static bool emit(struct pass *p, struct lane *l, event_persona head)
{
    arena_reset(p->scratch);
    if (l->file)
        block_event(&l->block, l->next.at, p->scratch, &p->event);
    else
        tail_event(tail_row(&p->view->es->tail, l->next.at), &p->event);
    return p->each(p->ctx, head, &p->event);
}

/* One customer: its lanes merged. They are few, so the least is looked for. */
static bool serve(struct pass *p, event_persona head, struct lane **lanes, u32 n)
{
    for (u32 i = 0; i < n;) {
        enter(p, lanes[i]);
        if (advance(p, lanes[i]))
            i++;
        else
            lanes[i] = lanes[--n];
    }
    while (n) {
        u32 least = 0;
        for (u32 i = 1; i < n; i++) {
            struct place a = lanes[i]->next, b = lanes[least]->next;
            a.key = b.key = 0;
            if (place_cmp(&a, &b) < 0) least = i;
        }
        if (!emit(p, lanes[least], head)) return false;
        if (!advance(p, lanes[least])) lanes[least] = lanes[--n];
    }
    return true;
}

static bool run(struct pass *p, struct lane **at_hand)
{
    for (;;) {
        event_persona head = UINT32_MAX;
        u32 n = 0;
        for (u32 i = 0; i < p->lane_count; i++)
            if (p->lanes[i].head < head) head = p->lanes[i].head;
        if (head == UINT32_MAX) return true;
        for (u32 i = 0; i < p->lane_count; i++)
            if (p->lanes[i].head == head) at_hand[n++] = &p->lanes[i];
        if (crowd_has_moved(&p->crowd, head)) {
            for (u32 i = 0; i < n; i++) enter(p, at_hand[i]);
        } else if (!serve(p, head, at_hand, n)) {
            return false;
        }
        for (u32 i = 0; i < p->lane_count; i++)
            if (p->lanes[i].head == head) leave(p, &p->lanes[i]);
    }
}

/* ---- after: those who moved ---- */

static void run_moved(const struct pass *p)
{
    event_persona *personas = mem_alloc(p->crowd.pair_count * sizeof *personas);
    bool go_on = true;
    for (u32 at = 0; go_on && at < p->crowd.pair_count;) {
        event_persona head = p->crowd.pairs[at].key;
        u32 count = crowd_personas(&p->crowd, &at, personas);
        arena_reset(p->scratch);
        struct event ev;
        struct event_iter *it =
            event_iter(p->view, personas, count, INT64_MIN, INT64_MAX, p->scratch);
        while (go_on && event_next(it, &ev)) go_on = p->each(p->ctx, head, &ev);
    }
    free(personas);
}

void event_pass(const struct event_view *v, event_persona (*head_of)(void *ctx, event_persona p),
                bool (*each)(void *ctx, event_persona head, const struct event *ev), void *ctx,
                struct arena *arena)
{
    struct pass p = {.view = v, .each = each, .ctx = ctx};
    p.crowd = (struct crowd){
        .view = v, .head_of = head_of, .ctx = ctx, .from = INT64_MIN, .to = INT64_MAX};
    p.scratch = arena_new();
    crowd_open(&p.crowd);
    open_lanes(&p, arena);
    struct lane **at_hand = arena_alloc(arena, p.lane_count * sizeof(struct lane *));
    if (run(&p, at_hand) && p.crowd.any_moved) run_moved(&p);
    crowd_close(&p.crowd);
    arena_free(p.scratch);
}
