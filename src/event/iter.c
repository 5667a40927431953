/* iter.c — one customer's events: the tail's rows, sorted, merged with a run of rows from each
 * file.
 *
 * Each place where the customer has events is a source that knows its next row's time and order.
 * The sources lie in a binary heap, the next event on top. In a file a persona lies under the head
 * it had at sealing, beside personas that may be somebody else's now: a source passes over those.
 */
#include "event/catalog.h"

struct source {
    struct place next;         /* by which the heap is ordered; its `at` is a row or a unit */
    const struct sealed *file; /* NULL: the tail */
    const struct place *rows;  /* the tail's, ascending */
    u32 low, high;             /* what is left: [low, high) of the file's rows or of `rows` */
    event_persona asked;       /* whom `mine` and `gone` are about */
    bool mine;
    struct erased_of gone;
    struct block block;
};

struct event_iter {
    const struct event_view *view;
    const event_persona *personas; /* ascending */
    u32 persona_count, count;
    bool back;
    bool shown; /* the event on top was handed out */
    i64 from, to;
    struct arena *arena;
    struct source **heap;
};

static bool is_mine(const struct event_iter *it, event_persona p)
{
    u32 low = 0, high = it->persona_count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (it->personas[middle] == p) return true;
        if (it->personas[middle] < p)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Moves to the next row of a file that is this customer's and alive. */
static bool advance_file(const struct event_iter *it, struct source *s)
{
    while (s->low < s->high) {
        u32 row = it->back ? --s->high : s->low++;
        block_at(&s->block, s->file, row);
        event_persona p = block_persona(&s->block, row);
        u64 order = block_order(&s->block, row);
        if (p != s->asked) {
            s->asked = p;
            s->mine = is_mine(it, p);
            s->gone = erased_of(it->view->catalog->erased, it->view->erased, p);
        }
        if (!s->mine || is_erased(&s->gone, order)) continue;
        s->next = (struct place){block_occurred(&s->block, row), order, 0, row};
        return true;
    }
    return false;
}

static bool advance(const struct event_iter *it, struct source *s)
{
    if (s->file) return advance_file(it, s);
    if (s->low == s->high) return false;
    s->next = s->rows[it->back ? --s->high : s->low++];
    return true;
}

static bool comes_first(const struct event_iter *it, const struct source *a, const struct source *b)
{
    int order = place_cmp(&a->next, &b->next);
    return it->back ? order > 0 : order < 0;
}

static void sift_down(struct event_iter *it)
{
    struct source *s = it->heap[0];
    u32 at = 0;
    for (u32 child; (child = 2 * at + 1) < it->count; at = child) {
        if (child + 1 < it->count && comes_first(it, it->heap[child + 1], it->heap[child])) child++;
        if (!comes_first(it, it->heap[child], s)) break;
        it->heap[at] = it->heap[child];
    }
    it->heap[at] = s;
}

static void add_source(struct event_iter *it, struct source *s)
{
    if (!advance(it, s)) return;
    u32 at = it->count++;
    for (u32 parent; at && comes_first(it, s, it->heap[parent = (at - 1) / 2]); at = parent)
        it->heap[at] = it->heap[parent];
    it->heap[at] = s;
}

/* The tail's rows in the span that are alive, counted or written. */
static u32 tail_rows(const struct event_iter *it, struct place *out)
{
    const struct event_view *v = it->view;
    u64 start = v->catalog->tail_start;
    u32 n = 0;
    for (u32 i = 0; i < it->persona_count; i++) {
        struct erased_of gone = erased_of(v->catalog->erased, v->erased, it->personas[i]);
        u32 unit = tail_newest(&v->es->tail, it->personas[i], start, v->end);
        for (; unit; unit = tail_before(&v->es->tail, unit, start)) {
            const struct row *row = tail_row(&v->es->tail, unit);
            if (row->occurred_ms < it->from || row->occurred_ms >= it->to ||
                is_erased(&gone, row->order))
                continue;
            if (out) out[n] = (struct place){row->occurred_ms, row->order, 0, unit};
            n++;
        }
    }
    return n;
}

/* A chain goes from new to old; turned round it is nearly sorted already. */
static void add_tail(struct event_iter *it)
{
    u32 n = tail_rows(it, NULL);
    if (n == 0) return;
    struct place *rows = arena_alloc(it->arena, 2 * (size_t)n * sizeof *rows);
    tail_rows(it, rows);
    for (u32 i = 0; i < n / 2; i++) {
        struct place swap = rows[i];
        rows[i] = rows[n - 1 - i];
        rows[n - 1 - i] = swap;
    }
    place_sort(rows, rows + n, n);
    struct source *s = arena_zalloc(it->arena, sizeof *s);
    s->rows = rows;
    s->high = n;
    add_source(it, s);
}

static void add_rows(struct event_iter *it, const struct sealed *file, event_persona head)
{
    struct block b = {0};
    u32 from, to;
    sealed_rows(file, head, &from, &to);
    if (it->from > file->head.occurred_min) from = sealed_lower(&b, file, from, to, it->from);
    if (it->to <= file->head.occurred_max) to = sealed_lower(&b, file, from, to, it->to);
    if (from == to) return;
    struct source *s = arena_alloc(it->arena, sizeof *s);
    *s = (struct source){.file = file, .low = from, .high = to, .block = b};
    add_source(it, s);
}

/* The heads under which the customer's personas lie in this file, each once. */
static void add_file(struct event_iter *it, const struct sealed *file, event_persona *heads)
{
    struct sealed_keys moved = sealed_moved(file);
    u32 n = 0;
    if (file->head.occurred_max < it->from || file->head.occurred_min >= it->to) return;
    for (u32 i = 0; i < it->persona_count; i++) {
        event_persona head = sealed_head_of(&moved, it->personas[i]);
        u32 k = n;
        while (k && heads[k - 1] > head) k--;
        if (k && heads[k - 1] == head) continue;
        memmove(heads + k + 1, heads + k, (n - k) * sizeof *heads);
        heads[k] = head;
        n++;
    }
    for (u32 i = 0; i < n; i++) add_rows(it, file, heads[i]);
}

static const event_persona *sorted(const event_persona *personas, u32 n, struct arena *arena)
{
    event_persona *out = arena_alloc(arena, n * sizeof *out);
    for (u32 i = 0; i < n; i++) {
        u32 k = i;
        for (; k && out[k - 1] > personas[i]; k--) out[k] = out[k - 1];
        out[k] = personas[i];
    }
    return out;
}

static struct event_iter *open_iter(const struct event_view *v, const event_persona *personas,
                                    u32 n, i64 from, i64 to, bool back, struct arena *arena)
{
    const struct catalog *c = v->catalog;
    struct event_iter *it = arena_alloc(arena, sizeof *it);
    *it = (struct event_iter){.view = v,
                              .personas = sorted(personas, n, arena),
                              .persona_count = n,
                              .back = back,
                              .from = from,
                              .to = to,
                              .arena = arena};
    it->heap = arena_alloc(arena, ((size_t)c->count * n + 1) * sizeof(struct source *));
    event_persona *heads = arena_alloc(arena, n * sizeof *heads);
    for (u32 i = 0; i < c->count; i++) add_file(it, c->files[i], heads);
    add_tail(it);
    return it;
}

struct event_iter *event_iter(const struct event_view *v, const event_persona *personas, u32 n,
                              i64 from, i64 to, struct arena *arena)
{
    return open_iter(v, personas, n, from, to, false, arena);
}

struct event_iter *event_iter_back(const struct event_view *v, const event_persona *personas, u32 n,
                                   i64 from, i64 to, struct arena *arena)
{
    return open_iter(v, personas, n, from, to, true, arena);
}

bool event_skim(struct event_iter *it, struct event *out)
{
    if (it->shown) {
        it->shown = false;
        if (!advance(it, it->heap[0])) it->heap[0] = it->heap[--it->count];
        if (it->count) sift_down(it);
    }
    if (it->count == 0) return false;
    struct source *s = it->heap[0];
    if (s->file)
        block_event_bare(&s->block, s->next.at, s->asked, s->next.occurred_ms, s->next.order, out);
    else
        tail_event(tail_row(&it->view->es->tail, s->next.at), out);
    it->shown = true;
    return true;
}

void event_fill(struct event_iter *it, struct event *out)
{
    struct source *s = it->heap[0];
    MUST(it->shown);
    if (s->file) block_fill(&s->block, s->next.at, it->arena, out);
}

bool event_next(struct event_iter *it, struct event *out)
{
    if (!event_skim(it, out)) return false;
    event_fill(it, out);
    return true;
}

bool event_get(const struct event_view *v, const event_persona *personas, u32 n, u64 order,
               i64 occurred, struct event *out, struct arena *arena)
{
    if (occurred == INT64_MAX) return false;
    struct event_iter *it = event_iter(v, personas, n, occurred, occurred + 1, arena);
    while (event_next(it, out))
        if (out->order == order) return true;
    return false;
}
