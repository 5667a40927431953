/* scan_lane.c — who has events that are wanted, block by block: heads and kept rows both ascend,
 * and go side by side. */
#include "event/keep.h"
#include "event/scan_inside.h"

#include <stdlib.h>

static bool is_wanted(const struct event_scan *scan, event_persona head)
{
    return scan_wants_head(scan, head) && !crowd_has_moved(scan->crowd, head);
}

/* The place among the kept of the first that is not below a row, which may be the block's end. */
static inline __attribute__((always_inline)) u32 kept_before(const struct scan_block *d, u32 at)
{
    return d->before[at / 64] +
           (u32)__builtin_popcountll(d->bits[at / 64] & ((1ull << at % 64) - 1));
}

static inline u32 place_of(const struct scan_block *d, u32 row)
{
    return d->is_whole ? row - d->first : kept_before(d, row - d->first);
}

/* The first wanted head from `key` on; UINT32_MAX: there is none. */
static event_persona next_wanted(const struct scan_want *w, event_persona key)
{
    u32 word = key / 64, end = (w->who_end + 63) / 64;
    if (key >= w->who_end) return UINT32_MAX;
    u64 left = w->who[word] & ~0ull << key % 64;
    while (left == 0)
        if (++word >= end)
            return UINT32_MAX;
        else
            left = w->who[word];
    event_persona head = word * 64 + (u32)__builtin_ctzll(left);
    return head < w->who_end ? head : UINT32_MAX;
}

/* Past those who are not wanted, who may be most. Heads ascend, and each is there once: so the next
 * wanted one is no further than the numbers between, and just there if all of those are there. Else
 * in steps that double. */
u32 scan_lane_skip(const struct scan_lane *l, const struct event_scan *scan, u32 next)
{
    while (next < l->head_count) {
        event_persona key = l->heads[next].key;
        event_persona head = scan->want.who ? next_wanted(&scan->want, key) : key;
        if (head == key && !crowd_has_moved(scan->crowd, head)) break;
        if (head == key) {
            next++;
            continue;
        }
        u32 low = next, step = 1, most = head - key;
        if (most < l->head_count - next && l->heads[next + most].key == head) {
            next += most;
            continue;
        }
        while (low + step < l->head_count && l->heads[low + step].key < head) {
            low += step;
            step *= 2;
        }
        u32 high = min_u32(low + step, l->head_count);
        while (high - low > 1) {
            u32 middle = low + (high - low) / 2;
            if (l->heads[middle].key < head)
                low = middle;
            else
                high = middle;
        }
        next = high;
    }
    return next;
}

/* Nothing of the block is wanted: to the customer who has rows behind it. */
void scan_lane_pass(struct scan_lane *l, u32 first, u32 end)
{
    u32 low = l->next, high = min_u32(l->head_count, l->next + end - first);
    while (low < high) { /* the first whose rows end behind it */
        u32 middle = low + (high - low) / 2;
        if (l->heads[middle + 1].value <= end)
            low = middle + 1;
        else
            high = middle;
    }
    l->next = low;
    l->row = end;
    l->count = 0;
}

/* ---- everybody of a block ---- */

/* The first customer from `next` on who begins behind the block or beyond the slice. */
static u32 behind_block(const struct scan_lane *l, const struct scan_slice *s)
{
    const struct sealed_key *heads = l->heads;
    u32 next = l->next, end = l->decoded->end;
    event_persona to = s->to;
    /* one by one: they will all be read, and jumping ahead would wait for memory */
    while (next < l->head_count && heads[next].value < end && heads[next].key < to) next++;
    return next;
}

/* Lists those of n customers who have rows that were kept, the first of whom has them from `place`
 * on. */
static inline __attribute__((always_inline)) u32 list_kept(struct scan_lane *l, u32 n, u32 place)
{
    const struct scan_block *d = l->decoded;
    const struct sealed_key *heads = l->heads + l->next;
    event_persona *listed = l->listed;
    u16 *from = l->from, *behind = l->to;
    u32 count = 0, first = d->first, end = d->end;
    for (u32 i = 0; i < n; i++) {
        u32 to = kept_before(d, min_u32(heads[i + 1].value, end) - first);
        listed[count] = heads[i].key;
        from[count] = (u16)place;
        behind[count] = (u16)to;
        count += to != place;
        place = to;
    }
    return count;
}

/* All rows were kept: everybody has some. */
static inline u32 list_whole(struct scan_lane *l, u32 n, u32 place)
{
    const struct scan_block *d = l->decoded;
    const struct sealed_key *heads = l->heads + l->next;
    for (u32 i = 0; i < n; i++) {
        l->listed[i] = heads[i].key;
        l->from[i] = (u16)(heads[i].value - d->first);
        l->to[i] = (u16)(heads[i + 1].value - d->first);
    }
    l->from[0] = (u16)place;
    l->to[n - 1] = (u16)(min_u32(heads[n].value, d->end) - d->first);
    return n;
}

static inline __attribute__((always_inline)) void list_all(struct scan_lane *l,
                                                           const struct scan_slice *s)
{
    const struct scan_block *d = l->decoded;
    u32 place = place_of(d, l->row), next = behind_block(l, s), n = next - l->next;
    bool ends = l->heads[next].value <= d->end; /* the last one, with the block */
    l->count = d->is_whole ? list_whole(l, n, place) : list_kept(l, n, place);
    l->is_joined = true;
    l->goes_on = !ends && l->count && l->listed[l->count - 1] == l->heads[next - 1].key;
    l->next = ends ? next : next - 1;
    l->row = d->end;
}

/* ---- some of a block ---- */

static inline __attribute__((always_inline)) void list_some(struct scan_lane *l,
                                                            const struct scan_slice *s)
{
    const struct event_scan *scan = s->scan;
    const struct scan_block *d = l->decoded;
    u32 place = place_of(d, l->row), n = 0, next = l->next;
    l->is_joined = true;
    l->goes_on = false;
    for (;; next++) {
        u32 before = next;
        next = scan_lane_skip(l, scan, next);
        if (next >= l->head_count || l->heads[next].key >= s->to || l->heads[next].value >= d->end)
            break;
        if (next != before) place = place_of(d, l->heads[next].value);
        u32 behind = l->heads[next + 1].value, to = place_of(d, min_u32(behind, d->end));
        l->listed[n] = l->heads[next].key;
        l->from[n] = (u16)place;
        l->to[n] = (u16)to;
        l->is_joined = l->is_joined && (n == 0 || l->to[n - 1] == place);
        n += to != place;
        place = to;
        if (behind > d->end) {
            l->goes_on = n && l->listed[n - 1] == l->heads[next].key;
            break;
        }
    }
    l->next = next;
    l->row = d->end;
    l->count = n;
}

static inline __attribute__((always_inline)) void list_rows(struct scan_lane *l,
                                                            const struct scan_slice *s)
{
    if (s->scan->want.who || s->scan->crowd->any_moved)
        list_some(l, s);
    else
        list_all(l, s);
}

#ifdef __x86_64__
/* The same with the processor's own count of bits, which is not in every one of its family. */
__attribute__((target("popcnt,bmi,bmi2"))) static void list_fast(struct scan_lane *l,
                                                                 const struct scan_slice *s)
{
    list_rows(l, s);
}
static bool is_fast(void)
{
    return __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}
#else
static void list_fast(struct scan_lane *l, const struct scan_slice *s)
{
    list_rows(l, s);
}
static bool is_fast(void)
{
    return false;
}
#endif

static void list_block(struct scan_lane *l, const struct scan_slice *s)
{
    if (is_fast())
        list_fast(l, s);
    else
        list_rows(l, s);
}

static void list_tail(struct scan_lane *l, const struct scan_slice *s)
{
    const struct crowd *c = s->scan->crowd;
    while (l->end < c->tail_count && !is_wanted(s->scan, c->tail[l->end].key)) l->end++;
    l->head =
        l->end < c->tail_count && c->tail[l->end].key < s->to ? c->tail[l->end].key : UINT32_MAX;
    l->at = 0;
    l->count = 1; /* it is the customer at hand until its rows were read */
}

void scan_lane_list(struct scan_lane *l, struct scan_slice *s)
{
    if (!l->file) {
        list_tail(l, s);
        return;
    }
    l->at = l->count = 0;
    while (l->count == 0) {
        l->next = scan_lane_skip(l, s->scan, l->next);
        if (l->next >= l->head_count || l->heads[l->next].key >= s->to) {
            l->head = UINT32_MAX;
            l->count = 1; /* of nobody: it is not asked again */
            return;
        }
        if (l->row < l->heads[l->next].value) l->row = l->heads[l->next].value;
        if (scan_few(s, l)) continue;
        scan_decode(s, l, l->row);
        if (l->decoded->kept)
            list_block(l, s);
        else
            scan_lane_pass(l, l->decoded->first, l->decoded->end);
    }
    l->head = l->listed[0];
}

void scan_lane_open(struct scan_lane *l, struct scan_slice *s, const struct sealed *file)
{
    const struct crowd *c = s->scan->crowd;
    *l = (struct scan_lane){.file = file};
    if (!file) {
        l->end = place_lower(c->tail, c->tail_count, s->from);
        return;
    }
    struct sealed_keys heads = sealed_heads(file);
    l->heads = heads.keys;
    l->head_count = heads.count;
    l->next = sealed_lower_key(&heads, s->from);
    l->listed = mem_alloc((BLOCK_ROWS + 1) * sizeof *l->listed);
    l->from = mem_alloc((BLOCK_ROWS + 1) * sizeof *l->from);
    l->to = mem_alloc((BLOCK_ROWS + 1) * sizeof *l->to);
}

struct scan_block *scan_lane_room(struct scan_lane *l, const struct scan_slice *s)
{
    if (l->decoded) return l->decoded;
    l->decoded = mem_zalloc(sizeof *l->decoded);
    scan_columns_grow(&l->decoded->columns, &s->scan->want, BLOCK_ROWS + KEEP_SLACK);
    return l->decoded;
}

void scan_lane_close(struct scan_lane *l)
{
    if (l->decoded) scan_columns_free(&l->decoded->columns);
    scan_decoder_free(l->decoder);
    free(l->decoded);
    free(l->words);
    free(l->listed), free(l->from), free(l->to);
}
