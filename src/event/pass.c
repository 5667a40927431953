/* pass.c — everybody's events, customer by customer: one sequential reading of all files and the
 * tail.
 *
 * Every file, and the tail once sorted, is a lane of customers in ascending heads; the lanes go
 * side by side. A lane's customers are those of its sealing. So first the lists of customers are
 * read: wherever a persona's head is another now, the customer it came to is marked, passed over,
 * and served at the end by the iterator; rows of a persona that left are passed over where they
 * lie. */
#include "event/catalog.h"

#include "base/buf.h"

#include <stdlib.h>

struct lane {
    const struct sealed *file; /* NULL: the tail */
    const struct sealed_key *heads;
    u32 head_at, head_count;
    event_persona head;  /* the customer at hand or next; UINT32_MAX: none left */
    u32 row, end;        /* what is left of it */
    struct place next;   /* the row at hand */
    event_persona asked; /* whom `here` and `gone` are about */
    bool here;           /* is still this customer's */
    struct erased_of gone;
    struct block block;
};

struct pass {
    const struct event_view *view;
    event_persona (*head_of)(void *ctx, event_persona p);
    bool (*each)(void *ctx, event_persona head, const struct event *ev);
    void *ctx;
    struct lane *lanes;
    u32 lane_count;
    struct place *tail; /* its rows alive, by customer */
    u32 tail_count;
    u64 *moved; /* a bit for every head that gained a persona since some sealing */
    bool any_moved;
    struct event event; /* the one handed out */
};

enum { MOVED_BYTES = EVENT_PERSONAS_MAX / 8, AHEAD = 8 /* rows fetched early */ };

static bool has_moved(const struct pass *p, event_persona head)
{
    return p->any_moved && p->moved[head / 64] >> head % 64 & 1;
}

/* ---- before: who moved ---- */

static event_persona head_now(const struct pass *p, event_persona persona)
{
    event_persona head = p->head_of(p->ctx, persona);
    MUST(head < EVENT_PERSONAS_MAX);
    return head;
}

static void mark(struct pass *p, event_persona persona, event_persona head_then)
{
    event_persona head = head_now(p, persona);
    if (head == head_then || head == 0) return;
    p->moved[head / 64] |= 1ull << head % 64;
    p->any_moved = true;
}

static void mark_moved(struct pass *p)
{
    for (u32 f = 0; f < p->view->catalog->count; f++) {
        struct sealed_keys heads = sealed_heads(p->view->catalog->files[f]);
        struct sealed_keys moved = sealed_moved(p->view->catalog->files[f]);
        sealed_touch(heads.s, heads.keys, (heads.count + 1) * sizeof *heads.keys);
        sealed_touch(moved.s, moved.keys, moved.count * sizeof *moved.keys);
        for (u32 i = 0; i < heads.count; i++) mark(p, heads.keys[i].key, heads.keys[i].key);
        for (u32 i = 0; i < moved.count; i++) mark(p, moved.keys[i].key, moved.keys[i].value);
    }
}

/* The rows of the tail that are alive and somebody's, sorted. */
static void sort_tail(struct pass *p)
{
    const struct event_view *v = p->view;
    u64 start = v->catalog->tail_start, at = start;
    u32 n = 0, most = 0;
    while (tail_next(&v->es->tail, &at, v->end)) most++;
    p->tail = mem_alloc(2 * (size_t)most * sizeof *p->tail);
    at = start;
    for (const struct row *row; (row = tail_next(&v->es->tail, &at, v->end));) {
        struct erased_of gone = erased_of(v->catalog->erased, v->erased, row->persona);
        event_persona head = head_now(p, row->persona);
        if (head == 0 || is_erased(&gone, row->order)) continue;
        u32 unit = tail_unit(at - tail_frame(row->bytes));
        p->tail[n++] = (struct place){row->occurred_ms, row->order, head, unit};
    }
    place_sort(p->tail, p->tail + most, n);
    p->tail_count = n;
}

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
    tail->head = p->tail_count ? p->tail[0].key : UINT32_MAX;
}

/* ---- the lanes ---- */

static bool advance(struct pass *p, struct lane *l)
{
    if (!l->file) {
        if (l->row == l->end) return false;
        l->next = p->tail[l->row++];
        if (l->row + AHEAD < p->tail_count)
            tail_prefetch(&p->view->es->tail, p->tail[l->row + AHEAD].at);
        return true;
    }
    while (l->row < l->end) {
        u32 row = l->row++;
        block_at(&l->block, l->file, row);
        event_persona persona = (u32)block_value(&l->block, COLUMN_PERSONA, row);
        u64 order = block_value(&l->block, COLUMN_ORDER, row);
        if (persona != l->asked) {
            l->asked = persona;
            l->here = p->head_of(p->ctx, persona) == l->head;
            l->gone = erased_of(p->view->catalog->erased, p->view->erased, persona);
        }
        if (!l->here || is_erased(&l->gone, order)) continue;
        l->next = (struct place){(i64)block_value(&l->block, COLUMN_OCCURRED, row), order, 0, row};
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
    for (l->row = l->end; l->end < p->tail_count && p->tail[l->end].key == l->head;) l->end++;
}

static void leave(struct pass *p, struct lane *l)
{
    if (l->file)
        l->head = ++l->head_at < l->head_count ? l->heads[l->head_at].key : UINT32_MAX;
    else
        l->head = l->end < p->tail_count ? p->tail[l->end].key : UINT32_MAX;
}

static bool emit(struct pass *p, const struct lane *l, event_persona head)
{
    if (l->file)
        block_event(&l->block, l->next.at, &p->event);
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
        if (has_moved(p, head)) {
            for (u32 i = 0; i < n; i++) enter(p, at_hand[i]);
        } else if (!serve(p, head, at_hand, n)) {
            return false;
        }
        for (u32 i = 0; i < p->lane_count; i++)
            if (p->lanes[i].head == head) leave(p, &p->lanes[i]);
    }
}

/* ---- after: those who moved ---- */

static void note(const struct pass *p, struct buf *pairs, event_persona persona)
{
    event_persona head = head_now(p, persona);
    struct place pair = {.key = head, .order = persona};
    if (head && has_moved(p, head)) buf_put(pairs, (str){(const char *)&pair, sizeof pair});
}

/* Every persona with rows whose customer was passed over, as (key: head, order: persona). */
static void collect(const struct pass *p, struct buf *pairs)
{
    for (u32 f = 0; f < p->view->catalog->count; f++) {
        struct sealed_keys heads = sealed_heads(p->view->catalog->files[f]);
        struct sealed_keys moved = sealed_moved(p->view->catalog->files[f]);
        for (u32 i = 0; i < heads.count; i++) note(p, pairs, heads.keys[i].key);
        for (u32 i = 0; i < moved.count; i++) note(p, pairs, moved.keys[i].key);
    }
    for (u32 i = 0; i < p->tail_count; i++)
        if (has_moved(p, p->tail[i].key))
            note(p, pairs, tail_row(&p->view->es->tail, p->tail[i].at)->persona);
}

static bool serve_moved(const struct pass *p, const struct place *pairs, u32 n)
{
    struct arena *scratch = arena_new();
    bool go_on = true;
    for (u32 from = 0, to; go_on && from < n; from = to) {
        event_persona head = pairs[from].key, *personas;
        u32 count = 0;
        for (to = from; to < n && pairs[to].key == head;) to++;
        arena_reset(scratch);
        personas = arena_alloc(scratch, (to - from) * sizeof *personas);
        for (u32 i = from; i < to; i++)
            if (i == from || pairs[i].order != pairs[i - 1].order)
                personas[count++] = (event_persona)pairs[i].order;
        struct event ev;
        struct event_iter *it = event_iter(p->view, personas, count, INT64_MIN, INT64_MAX, scratch);
        while (go_on && event_next(it, &ev)) go_on = p->each(p->ctx, head, &ev);
    }
    arena_free(scratch);
    return go_on;
}

static void run_moved(const struct pass *p)
{
    struct buf pairs;
    buf_init(&pairs, (size_t)1 << 40);
    collect(p, &pairs);
    u32 n = (u32)(pairs.n / sizeof(struct place));
    struct place *all = (void *)pairs.p, *spare = mem_alloc(pairs.n);
    if (n) place_sort(all, spare, n);
    serve_moved(p, all, n);
    free(spare);
    buf_clear(&pairs);
}

void event_pass(const struct event_view *v, event_persona (*head_of)(void *ctx, event_persona p),
                bool (*each)(void *ctx, event_persona head, const struct event *ev), void *ctx,
                struct arena *arena)
{
    struct pass p = {.view = v, .head_of = head_of, .each = each, .ctx = ctx};
    p.moved = mem_reserve(MOVED_BYTES);
    mark_moved(&p);
    sort_tail(&p);
    open_lanes(&p, arena);
    struct lane **at_hand = arena_alloc(arena, p.lane_count * sizeof(struct lane *));
    if (run(&p, at_hand) && p.any_moved) run_moved(&p);
    free(p.tail);
    mem_release(p.moved, MOVED_BYTES);
}
