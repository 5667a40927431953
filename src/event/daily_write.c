/* daily_write.c — gathering a file's index by event and day while its blocks are written.
 *
 *   block ─► kinds, times ─► (code, day) ─► its chunk ──full──► packed, waits ──many──► the file
 *
 * Rows come customer by customer, so each chunk ascends by itself. Chunks that wait are written
 * event by event and day by day, so that one day's lie together in long stretches. */
#include "event/daily.h"

#include "base/mem.h"
#include "event/block.h"
#include "log/names.h"

#include <stdlib.h>

#define GROW_MAX ((size_t)1 << 40)

struct open_row {
    u32 customer, row;
};

/* One event's rows of one day. Rows come for any of them: what is looked at for each row lies here,
 * close together; into the chunk that fills it is only written. */
struct event_day {
    u32 code;
    i32 day;
    u32 rows, chunks;
    u32 n, last; /* of the chunk that fills: its rows, its last customer */
    struct open_row *open;
};

/* A chunk that was ended: `at` in the bytes that wait, then in the file. */
struct ended {
    u64 at;
    u32 group, first, bytes;
    u8 n, width, row_width;
};

/* An event's days: days first … first + count − 1; 0: it has no group, else its number + 1. */
struct code_days {
    i32 first;
    u32 count;
    u32 *groups;
};

struct daily {
    bool gave_up;
    struct code_days *codes; /* NAMES_MAX + 1 */
    struct event_day *groups;
    u32 group_count, group_room;
    struct ended *ended;
    u32 ended_count, ended_room, taken; /* from `taken` on they wait */
    struct buf waiting, out;
    u8 kinds[BLOCK_ROWS + 64];
    i64 times[BLOCK_ROWS];
    u64 values[DAILY_ROWS];
};

struct daily *daily_new(void)
{
    struct daily *d = mem_zalloc(sizeof *d);
    d->codes = mem_zalloc((NAMES_MAX + 1) * sizeof *d->codes);
    buf_init(&d->waiting, GROW_MAX);
    buf_init(&d->out, GROW_MAX);
    return d;
}

void daily_give_up(struct daily *d)
{
    for (u32 i = 0; i < d->group_count; i++) free(d->groups[i].open);
    for (u32 i = 0; i <= NAMES_MAX; i++) free(d->codes[i].groups);
    memset(d->codes, 0, (NAMES_MAX + 1) * sizeof *d->codes);
    free(d->groups);
    free(d->ended);
    d->groups = NULL;
    d->ended = NULL;
    d->group_count = d->group_room = d->ended_count = d->ended_room = d->taken = 0;
    buf_clear(&d->waiting);
    d->gave_up = true;
}

void daily_free(struct daily *d)
{
    if (!d) return;
    daily_give_up(d);
    free(d->codes);
    buf_clear(&d->out);
    free(d);
}

/* ---- an event's day ---- */

/* Makes room for a day of an event, with as many to come on its side. False: too many. */
static bool widen(struct code_days *c, i64 day)
{
    i64 first = c->count ? c->first : day, end = first + c->count, more = c->count + 8;
    if (day < first) first = min_i64(first, day - more);
    if (day >= end) end = max_i64(end, day + 1 + more);
    if (end - first > DAILY_DAYS_MAX || first < INT32_MIN || end > INT32_MAX) return false;
    u32 *groups = mem_zalloc((size_t)(end - first) * sizeof *groups);
    if (c->count) memcpy(groups + (c->first - first), c->groups, c->count * sizeof *groups);
    free(c->groups);
    *c = (struct code_days){(i32)first, (u32)(end - first), groups};
    return true;
}

/* The group of an event and a day, + 1; 0: there are too many. */
static u32 group_of(struct daily *d, u32 code, i64 day)
{
    struct code_days *c = &d->codes[code];
    if (code > NAMES_MAX) return 0;
    if (UNLIKELY(day < c->first || day - c->first >= c->count) && !widen(c, day)) return 0;
    u32 *group = &c->groups[day - c->first];
    if (LIKELY(*group)) return *group;
    if (d->group_count == DAILY_DAYS_MAX) return 0;
    if (d->group_count == d->group_room) {
        d->group_room = d->group_room ? 2 * d->group_room : 256;
        d->groups = mem_realloc(d->groups, d->group_room * sizeof *d->groups);
    }
    d->groups[d->group_count] = (struct event_day){.code = code, .day = (i32)day};
    d->groups[d->group_count].open = mem_alloc(DAILY_ROWS * sizeof(struct open_row));
    return *group = ++d->group_count;
}

/* ---- chunks ---- */

static u32 put_packed(struct daily *d, u32 n)
{
    u64 most = 0;
    for (u32 i = 0; i < n; i++) most |= d->values[i];
    u32 width = pack_width(most);
    size_t bytes = pack_bytes(width, n);
    char *p = buf_room(&d->waiting, bytes + PACK_SLACK);
    MUST(p);
    memset(p, 0, bytes + PACK_SLACK);
    pack_put((u8 *)p, width, d->values, 0, n);
    d->waiting.n += bytes;
    return width;
}

static void end_chunk(struct daily *d, u32 group)
{
    struct event_day *g = &d->groups[group];
    const struct open_row *o = g->open;
    u32 first = o[0].customer, n = g->n;
    if (d->ended_count == d->ended_room) {
        d->ended_room = d->ended_room ? d->ended_room + d->ended_room / 2 : 1024;
        d->ended = mem_realloc(d->ended, d->ended_room * sizeof *d->ended);
    }
    struct ended *e = &d->ended[d->ended_count++];
    *e = (struct ended){.at = d->waiting.n, .group = group, .first = first, .n = (u8)n};
    d->values[0] = 0;
    for (u32 i = 1; i < n; i++) d->values[i] = o[i].customer - o[i - 1].customer;
    e->width = (u8)put_packed(d, n);
    for (u32 i = 0; i < n; i++) d->values[i] = o[i].row;
    e->row_width = (u8)put_packed(d, n);
    e->bytes = (u32)(d->waiting.n - e->at);
    g->chunks++;
    g->rows += n;
    g->n = 0;
}

static void put(struct daily *d, u32 group, u32 customer, u32 row)
{
    struct event_day *g = &d->groups[group];
    if (UNLIKELY(g->n && customer - g->last >= DAILY_FAR)) end_chunk(d, group);
    g->open[g->n] = (struct open_row){customer, row};
    g->last = customer;
    if (++g->n == DAILY_ROWS) end_chunk(d, group);
}

/* ---- a block ---- */

/* The last customer who begins at a row or before it. */
static u32 customer_at(const struct sealed_key *heads, u32 count, u32 row)
{
    u32 at = count - 1;
    while (heads[at].value > row) at--;
    return at;
}

void daily_add(struct daily *d, str block, u32 first_row, const struct sealed_key *heads,
               u32 head_count)
{
    const struct block_head *h = (const void *)block.p;
    const struct block_kind *kinds = (const void *)(block.p + h->kinds_at);
    const struct packed *time = &h->row[ROW_TIME], *kind = &h->row[ROW_KIND];
    const u8 *p = (const u8 *)block.p;
    if (d->gave_up) return;
    unpack_u8(p + kind->at, kind->width, 0, h->rows, d->kinds);
    unpack_i64(p + time->at, time->width, 0, h->rows, (i64)time->base, h->time_unit, d->times);
    u32 customer = customer_at(heads, head_count, first_row);
    i64 day = 0, from = 0, end = 0; /* the day's */
    for (u32 i = 0; i < h->rows; i++) {
        while (customer + 1 < head_count && heads[customer + 1].value <= first_row + i) customer++;
        if (d->times[i] < from || d->times[i] >= end) {
            day = daily_day(d->times[i]);
            from = end = 0;
        }
        u32 group = group_of(d, kinds[d->kinds[i]].code, day);
        if (!group) {
            daily_give_up(d);
            return;
        }
        if (from == end) {
            from = day * DAILY_MS;
            end = from + DAILY_MS;
        }
        put(d, group - 1, customer, first_row + i - heads[customer].value);
    }
}

bool daily_is_full(const struct daily *d)
{
    return d->waiting.n >= DAILY_PENDING;
}

/* ---- in order ---- */

/* Each group's place in the order of codes and days. */
static u32 *ranks_of(const struct daily *d, u32 *order)
{
    u32 n = 0, *rank = mem_alloc((d->group_count + 1) * sizeof *rank);
    for (u32 code = 0; code <= NAMES_MAX; code++)
        for (u32 i = 0; i < d->codes[code].count; i++) {
            u32 group = d->codes[code].groups[i];
            if (!group) continue;
            rank[group - 1] = n;
            if (order) order[n] = group - 1;
            n++;
        }
    return rank;
}

/* Chunks [from, ended_count) by group; those of one stay in their order. */
static u32 *sort_ended(const struct daily *d, u32 from, const u32 *rank)
{
    u32 n = d->ended_count - from, *sorted = mem_alloc((n + 1) * sizeof *sorted);
    u32 *at = mem_zalloc((d->group_count + 1) * sizeof *at);
    for (u32 i = 0; i < n; i++) at[rank[d->ended[from + i].group] + 1]++;
    for (u32 g = 0; g < d->group_count; g++) at[g + 1] += at[g];
    for (u32 i = 0; i < n; i++) sorted[at[rank[d->ended[from + i].group]]++] = from + i;
    free(at);
    return sorted;
}

str daily_take(struct daily *d, u64 at, bool all)
{
    buf_reset(&d->out);
    if (d->gave_up) return S("");
    for (u32 g = 0; all && g < d->group_count; g++)
        if (d->groups[g].n) end_chunk(d, g);
    u32 *rank = ranks_of(d, NULL), *sorted = sort_ended(d, d->taken, rank);
    for (u32 i = 0; i < d->ended_count - d->taken; i++) {
        struct ended *e = &d->ended[sorted[i]];
        str bytes = {d->waiting.p + e->at, e->bytes};
        e->at = at + d->out.n;
        buf_put(&d->out, bytes);
    }
    free(sorted);
    free(rank);
    while (d->out.n % 8) buf_byte(&d->out, 0);
    d->taken = d->ended_count;
    buf_reset(&d->waiting);
    return buf_str(&d->out);
}

void daily_end(struct daily *d, u32 rows, struct buf *days, struct buf *chunks)
{
    if (d->gave_up || (u64)d->group_count * DAILY_SHARE > rows) return;
    u32 *order = mem_alloc((d->group_count + 1) * sizeof *order), *rank = ranks_of(d, order);
    u32 *sorted = sort_ended(d, 0, rank), chunk = 0;
    for (u32 i = 0; i < d->group_count; i++) {
        const struct event_day *g = &d->groups[order[i]];
        struct sealed_day day = {g->code, g->day, chunk, g->rows};
        buf_put(days, (str){(const char *)&day, sizeof day});
        chunk += g->chunks;
    }
    struct sealed_day last = {.code = UINT32_MAX, .chunk = chunk};
    buf_put(days, (str){(const char *)&last, sizeof last});
    for (u32 i = 0; i < d->ended_count; i++) {
        const struct ended *e = &d->ended[sorted[i]];
        struct sealed_chunk c = {e->at, e->first, e->n, e->width, e->row_width, 0};
        buf_put(chunks, (str){(const char *)&c, sizeof c});
    }
    free(sorted);
    free(order);
    free(rank);
}
