/* crowd.c — asking about everybody: the lists of customers of all files, and the tail. */
#include "event/crowd.h"

#include "event/scan.h"

#include <stdlib.h>

#define BITS_BYTES ((size_t)EVENT_PERSONAS_MAX / 8)

static event_persona head_now(const struct crowd *c, event_persona persona)
{
    event_persona head = persona < c->heads_end ? c->heads[persona] : c->head_of(c->ctx, persona);
    MUST(head < EVENT_PERSONAS_MAX);
    return head;
}

static void mark(struct crowd *c, event_persona persona, event_persona head_then)
{
    event_persona head = head_now(c, persona);
    if (LIKELY(head == head_then)) return;
    c->strayed[persona / 64] |= 1ull << persona % 64;
    c->any_strayed = true;
    if (head == 0) return;
    c->moved[head / 64] |= 1ull << head % 64;
    c->any_moved = true;
}

/* Every persona that has rows in a file, with the head it has there. A head of whom only followers
 * have rows is met too. Both lists ascend, and go side by side. */
static void each_sealed(struct crowd *c, const struct sealed *file,
                        void (*each)(struct crowd *c, event_persona p, event_persona head))
{
    struct sealed_keys heads = sealed_heads(file), moved = sealed_moved(file);
    for (u32 i = 0; i < moved.count; i++) each(c, moved.keys[i].key, moved.keys[i].value);
    for (u32 i = 0, m = 0; i < heads.count; i++) {
        event_persona p = heads.keys[i].key;
        while (m < moved.count && moved.keys[m].key < p) m++;
        if (m == moved.count || moved.keys[m].key != p) each(c, p, p);
    }
}

static bool is_wanted(const struct crowd *c, const struct row *row)
{
    return row->occurred_ms >= c->from && row->occurred_ms < c->to &&
           (!c->marks || c->marks[row->code]);
}

static void sort_tail(struct crowd *c)
{
    const struct event_view *v = c->view;
    u64 at = v->catalog->tail_start;
    u32 n = 0, room = 0;
    for (const struct row *row; (row = tail_next(&v->es->tail, &at, v->end));) {
        if (!is_wanted(c, row)) continue;
        event_persona head = head_now(c, row->persona);
        if (head == 0) continue;
        struct erased_of gone = erased_of(v->catalog->erased, v->erased, row->persona);
        if (is_erased(&gone, row->order)) continue;
        if (n == room) {
            room = room ? room * 2 : 1024;
            c->tail = mem_realloc(c->tail, room * sizeof *c->tail);
        }
        u32 unit = tail_unit(at - tail_frame(row->bytes));
        c->tail[n++] = (struct place){row->occurred_ms, row->order, head, unit};
    }
    c->tail_count = n;
    if (n < 2) return;
    struct place *spare = mem_alloc(n * sizeof *spare);
    place_sort(c->tail, spare, n);
    free(spare);
}

static void add_pair(struct crowd *c, event_persona persona, event_persona head_then)
{
    event_persona head = head_now(c, persona);
    (void)head_then;
    if (head == 0 || !crowd_has_moved(c, head)) return;
    if ((c->pair_count & (c->pair_count - 1)) == 0) /* full at every power of two */
        c->pairs = mem_realloc(c->pairs,
                               (c->pair_count ? 2 * (size_t)c->pair_count : 1) * sizeof *c->pairs);
    c->pairs[c->pair_count++] = (struct place){.key = head, .order = persona};
}

static void pair_all(struct crowd *c)
{
    const struct catalog *catalog = c->view->catalog;
    for (u32 f = 0; f < catalog->count; f++) each_sealed(c, catalog->files[f], add_pair);
    for (u32 i = 0; i < c->tail_count; i++)
        if (crowd_has_moved(c, c->tail[i].key))
            add_pair(c, tail_row(&c->view->es->tail, c->tail[i].at)->persona, 0);
    if (!c->pair_count) return;
    struct place *spare = mem_alloc(c->pair_count * sizeof *spare);
    place_sort(c->pairs, spare, c->pair_count);
    free(spare);
}

/* Mostly nobody moved: then a look at the array says so, key by key. */
static bool is_as_sealed(const struct crowd *c, struct sealed_keys heads, struct sealed_keys moved)
{
    u32 differ = 0;
    if (heads.count && heads.keys[heads.count - 1].key >= c->heads_end) return false;
    if (moved.count && moved.keys[moved.count - 1].key >= c->heads_end) return false;
    for (u32 i = 0; i < heads.count; i++) differ |= c->heads[heads.keys[i].key] ^ heads.keys[i].key;
    for (u32 i = 0; i < moved.count; i++)
        differ |= c->heads[moved.keys[i].key] ^ moved.keys[i].value;
    return differ == 0;
}

static bool all_stayed(const struct crowd *c, const struct sealed *file)
{
    struct sealed_keys heads = sealed_heads(file), moved = sealed_moved(file);
    u64 id = file->head.checks_hash, *known = c->stayed ? c->stayed->files : NULL, *none = NULL;
    sealed_touch(file, heads.keys, (heads.count + 1) * sizeof *heads.keys);
    sealed_touch(file, moved.keys, moved.count * sizeof *moved.keys);
    for (u32 i = 0; known && i < STAYED_FILES; i++) {
        u64 one = __atomic_load_n(&known[i], __ATOMIC_RELAXED);
        if (one == id && id) return true;
        if (!one && !none) none = &known[i];
    }
    if (!is_as_sealed(c, heads, moved)) return false;
    if (known) __atomic_store_n(none ? none : &known[id % STAYED_FILES], id, __ATOMIC_RELAXED);
    return true;
}

void crowd_open(struct crowd *c)
{
    const struct catalog *catalog = c->view->catalog;
    c->moved = mem_reserve(BITS_BYTES);
    c->strayed = mem_reserve(BITS_BYTES);
    for (u32 f = 0; f < catalog->count; f++)
        if (!all_stayed(c, catalog->files[f])) each_sealed(c, catalog->files[f], mark);
    sort_tail(c);
    if (c->any_moved) pair_all(c);
}

/* Of those who lie under another's head: a head that strayed itself is no customer any more. */
static void doubt_file(struct crowd *c, const struct sealed *file)
{
    struct sealed_keys moved = sealed_moved(file);
    for (u32 i = 0; i < moved.count; i++) {
        event_persona head = moved.keys[i].value;
        if (crowd_has_strayed(c, moved.keys[i].key)) c->unsure[head / 64] |= 1ull << head % 64;
    }
}

void crowd_doubt(struct crowd *c)
{
    const struct catalog *catalog = c->view->catalog;
    if (c->unsure || (!c->any_strayed && !c->view->erased)) return;
    c->unsure = mem_reserve(BITS_BYTES);
    for (u32 f = 0; f < catalog->count && c->any_strayed; f++) doubt_file(c, catalog->files[f]);
    for (u32 i = 0; i < c->view->erased; i++) {
        event_persona head = head_now(c, erased_at(catalog->erased, i)->persona);
        c->unsure[head / 64] |= 1ull << head % 64;
    }
}

u32 crowd_personas(const struct crowd *c, u32 *at, event_persona *out)
{
    u32 n = 0;
    for (event_persona head = c->pairs[*at].key; *at < c->pair_count && c->pairs[*at].key == head;
         ++*at) {
        event_persona p = (event_persona)c->pairs[*at].order;
        if (n == 0 || out[n - 1] != p) out[n++] = p;
    }
    return n;
}

void crowd_close(struct crowd *c)
{
    free(c->tail);
    free(c->pairs);
    mem_release(c->moved, BITS_BYTES);
    mem_release(c->strayed, BITS_BYTES);
    if (c->unsure) mem_release(c->unsure, BITS_BYTES);
}
