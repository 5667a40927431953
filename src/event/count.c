/* count.c — counting one event of many customers, by the index by day. */
#include "event/count.h"

#include "event/daily.h"
#include "event/scan_inside.h"

#include <stdlib.h>

enum { LOOK_EVERY = 16 /* days between looks whether it is cancelled */ };

void event_crowd_counts(struct event_crowd *c)
{
    for (u32 i = 0; i < c->crowd.view->catalog->count; i++)
        if (daily_is_there(c->crowd.view->catalog->files[i])) {
            crowd_doubt(&c->crowd);
            return;
        }
}

/* The customers of a file with heads in [first, end), by their numbers. */
static void numbers_of(struct sealed_keys heads, event_persona first, event_persona end, u32 *from,
                       u32 *to)
{
    *from = sealed_lower_key(&heads, first);
    *to = sealed_lower_key(&heads, end);
}

u64 event_count_rows(const struct event_crowd *c, const struct scan_want *want, u32 code,
                     event_persona first, event_persona end)
{
    const struct catalog *files = c->crowd.view->catalog;
    u64 rows = 0;
    for (u32 f = 0; f < files->count; f++) {
        struct daily_index x;
        struct sealed_keys heads = sealed_heads(files->files[f]);
        u32 from, to, day, days_end;
        numbers_of(heads, first, end, &from, &to);
        if (from == to) continue;
        if (!daily_open(&x, files->files[f])) {
            rows += heads.keys[to].value - heads.keys[from].value;
            continue;
        }
        daily_find(&x, code, want->from, want->to, &day, &days_end);
        for (; day < days_end; day++)
            rows += DAILY_ROWS + (u64)x.days[day].rows * (to - from) / heads.count;
    }
    return rows;
}

/* ---- one file ---- */

struct counting {
    const struct scan_want *want;
    event_persona first;
    u8 *counts;
    struct daily_index x;
    struct sealed_keys heads;
    u32 from, to;  /* customers, by their numbers */
    bool is_dense; /* their heads are neighbours */
    struct block block;
    u32 customers[DAILY_ROWS];
    i64 rows[DAILY_ROWS];
};

static inline void add(u8 *count, u32 n)
{
    u32 sum = *count + n;
    *count = (u8)(sum < EVENT_COUNT_MAX ? sum : EVENT_COUNT_MAX);
}

static inline u8 *count_of(const struct counting *k, u32 customer)
{
    return &k->counts[k->heads.keys[customer].key - k->first];
}

/* Of a day that is only partly in the span each row's time is looked at. */
static bool in_span(struct counting *k, u32 customer, i64 offset)
{
    u32 row = k->heads.keys[customer].value + (u32)offset;
    block_at(&k->block, k->x.s, row);
    i64 time = block_occurred(&k->block, row);
    return time >= k->want->from && time < k->want->to;
}

static void count_chunk(struct counting *k, const struct sealed_chunk *c, bool is_whole)
{
    const u32 *customers = k->customers;
    daily_read(&k->x, c, k->customers, is_whole ? NULL : k->rows);
    if (is_whole && k->is_dense && customers[0] >= k->from && customers[c->rows - 1] < k->to) {
        u8 *counts = count_of(k, k->from);
        for (u32 i = 0; i < c->rows; i++) add(&counts[customers[i] - k->from], 1);
        return;
    }
    for (u32 i = 0; i < c->rows; i++)
        if (customers[i] >= k->from && customers[i] < k->to &&
            (is_whole || in_span(k, customers[i], k->rows[i])))
            add(count_of(k, customers[i]), 1);
}

/* The chunk in which a customer's rows begin, or an earlier one. */
static u32 chunk_of(const struct daily_index *x, const struct sealed_day *d, u32 customer)
{
    u32 low = d->chunk, high = d[1].chunk;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (x->chunks[middle].first < customer)
            low = middle + 1;
        else
            high = middle;
    }
    return low > d->chunk ? low - 1 : low;
}

static void count_day(struct counting *k, const struct sealed_day *d)
{
    const struct sealed_header *h = &k->x.s->head;
    i64 begin = (i64)d->day * DAILY_MS, end = begin + DAILY_MS;
    bool is_whole = max_i64(begin, h->occurred_min) >= k->want->from &&
                    min_i64(end - 1, h->occurred_max) < k->want->to;
    for (u32 i = chunk_of(&k->x, d, k->from); i < d[1].chunk; i++) {
        const struct sealed_chunk *c = &k->x.chunks[i];
        if (c->first >= k->to) break;
        if (i + 1 < d[1].chunk) __builtin_prefetch(k->x.s->map + c[1].at);
        count_chunk(k, c, is_whole);
    }
}

MUST_USE static err count_file(struct counting *k, const struct sealed *s, u32 code,
                               event_persona end)
{
    const bool *stop = k->want->is_cancelled;
    u32 day, days_end;
    if (!daily_open(&k->x, s)) return ERR_NOT_FOUND;
    k->heads = sealed_heads(s);
    numbers_of(k->heads, k->first, end, &k->from, &k->to);
    if (k->from == k->to) return ERR_NOT_FOUND;
    const struct sealed_key *keys = k->heads.keys;
    k->is_dense = keys[k->to - 1].key - keys[k->from].key == k->to - 1 - k->from;
    daily_find(&k->x, code, k->want->from, k->want->to, &day, &days_end);
    for (u32 i = 0; day < days_end; day++, i++) {
        if (stop && i % LOOK_EVERY == 0 && __atomic_load_n(stop, __ATOMIC_RELAXED))
            return ERR_UNAVAILABLE;
        count_day(k, &k->x.days[day]);
    }
    return ERR_NOT_FOUND;
}

/* ---- what no index tells ---- */

MUST_USE static err count_scan(const struct event_crowd *c, const struct scan_want *want,
                               event_persona first, event_persona end, u8 *counts)
{
    struct scan_batch s;
    struct event_scan *scan = event_scan_of(c, want, first, end);
    err e;
    while ((e = event_scan_next(scan, 0, &s)) == ERR_OK)
        for (u32 i = 0; i < s.customers; i++)
            add(&counts[s.head[i] - first], s.start[i + 1] - s.start[i]);
    event_scan_free(scan);
    return e;
}

static u64 unsure_of(const struct crowd *c, u32 word)
{
    return c->unsure ? c->unsure[word] | c->moved[word] : 0;
}

/* Files without an index and the tail, of the sure; everything, of the others: what the index said
 * of those is forgotten. */
MUST_USE static err count_rest(const struct event_crowd *c, const struct scan_want *want,
                               event_persona first, event_persona end, u8 *counts)
{
    struct scan_want rest = *want;
    bool any_unsure = false, any_rest = c->crowd.tail_count;
    u32 low = first / 64, words = (end + 63) / 64 - low;
    u64 *sure = mem_zalloc(2 * words * sizeof *sure), *unsure = sure + words;
    for (u32 i = 0; i < c->crowd.view->catalog->count; i++)
        any_rest |= !daily_is_there(c->crowd.view->catalog->files[i]);
    for (u32 w = 0; w < words; w++) {
        bool is_past = want->who && (low + w) * 64 >= want->who_end;
        u64 asked = is_past ? 0 : want->who ? want->who[low + w] : ~0ull;
        unsure[w] = asked & unsure_of(&c->crowd, low + w);
        sure[w] = asked & ~unsure[w];
        any_unsure |= unsure[w] != 0;
    }
    if (any_unsure)
        for (event_persona head = first; head < end; head++)
            if (unsure[head / 64 - low] >> head % 64 & 1) counts[head - first] = 0;
    err e = ERR_NOT_FOUND;
    rest.who_end = want->who ? min_u32(want->who_end, end) : end;
    rest.who = any_unsure ? sure - low : want->who;
    rest.unindexed = true;
    if (any_rest) e = count_scan(c, &rest, first, end, counts);
    rest.who = unsure - low;
    rest.unindexed = false;
    if (any_unsure && e == ERR_NOT_FOUND) e = count_scan(c, &rest, first, end, counts);
    free(sure);
    return e;
}

err event_count(const struct event_crowd *c, const struct scan_want *want, u32 code,
                event_persona first, event_persona end, u8 *counts)
{
    const struct catalog *files = c->crowd.view->catalog;
    struct counting *k = mem_zalloc(sizeof *k);
    err e = ERR_NOT_FOUND;
    *k = (struct counting){.want = want, .first = first, .counts = counts};
    memset(counts, 0, end - first);
    for (u32 f = 0; f < files->count && e == ERR_NOT_FOUND; f++)
        e = count_file(k, files->files[f], code, end);
    free(k);
    return e == ERR_NOT_FOUND ? count_rest(c, want, first, end, counts) : e;
}
