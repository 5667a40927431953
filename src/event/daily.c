/* daily.c — reading the index of a file by event and day, and proving it. */
#include "event/daily.h"

#include "event/block.h"

bool daily_open(struct daily_index *x, const struct sealed *s)
{
    u64 days, chunks;
    *x = (struct daily_index){.s = s};
    x->days = (const void *)sealed_section(s, SECTION_DAYS, &days);
    x->chunks = (const void *)sealed_section(s, SECTION_CHUNKS, &chunks);
    if (!days) return false;
    x->count = (u32)(days / sizeof *x->days) - 1;
    x->chunk_count = (u32)(chunks / sizeof *x->chunks);
    sealed_touch(s, x->days, days);
    return true;
}

/* The first entry that is not below (code, day). */
static u32 lower(const struct daily_index *x, u32 code, i64 day)
{
    u32 low = 0, high = x->count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        const struct sealed_day *d = &x->days[middle];
        if (d->code < code || (d->code == code && d->day < day))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void daily_find(const struct daily_index *x, u32 code, i64 from, i64 to, u32 *first, u32 *end)
{
    i64 low = from > x->s->head.occurred_min ? from : x->s->head.occurred_min;
    i64 high = to - 1 < x->s->head.occurred_max ? to - 1 : x->s->head.occurred_max;
    *first = *end = 0;
    if (from >= to || low > high) return;
    *first = lower(x, code, daily_day(low));
    *end = lower(x, code, daily_day(high) + 1);
    sealed_touch(x->s, &x->chunks[x->days[*first].chunk],
                 (u64)(x->days[*end].chunk - x->days[*first].chunk) * sizeof *x->chunks);
}

static u64 chunk_bytes(const struct sealed_chunk *c)
{
    return pack_bytes(c->width, c->rows) + pack_bytes(c->row_width, c->rows);
}

static bool lies_inside(const struct sealed *s, const struct sealed_chunk *c)
{
    u64 end = s->head.sections[SECTION_CHECKS].offset, bytes = chunk_bytes(c) + PACK_SLACK;
    return c->rows && c->rows <= DAILY_ROWS && c->zero == 0 && c->width <= PACK_NARROW &&
           pack_width_valid(c->row_width) && c->at >= SEALED_HEADER && c->at < s->head.bytes &&
           bytes <= s->head.bytes - c->at && c->at + chunk_bytes(c) <= end;
}

void daily_read(const struct daily_index *x, const struct sealed_chunk *c, u32 *customers,
                i64 *rows)
{
    const u8 *p = x->s->map + c->at;
    MUST(lies_inside(x->s, c));
    sealed_touch(x->s, p, chunk_bytes(c));
    if (customers) {
        u32 at = c->first;
        unpack_u32(p, c->width, 0, c->rows, customers);
        for (u32 i = 0; i < c->rows; i++) customers[i] = at += customers[i];
    }
    if (rows) unpack_i64(p + pack_bytes(c->width, c->rows), c->row_width, 0, c->rows, 0, 1, rows);
}

/* ---- proof ---- */

/* A day's rows: whose they are, in order, of that code and day. */
static bool day_is_sound(const struct daily_index *x, u32 i, struct block *b)
{
    const struct sealed_day *d = &x->days[i];
    struct sealed_keys heads = sealed_heads(x->s);
    u32 customers[DAILY_ROWS], rows = 0;
    i64 offsets[DAILY_ROWS], last = -1;
    for (u32 k = d->chunk; k < d[1].chunk; k++) {
        const struct sealed_chunk *c = &x->chunks[k];
        sealed_touch(x->s, c, sizeof *c);
        if (!lies_inside(x->s, c)) return false;
        daily_read(x, c, customers, offsets);
        for (u32 r = 0; r < c->rows; r++) {
            if (customers[r] >= heads.count || offsets[r] < 0) return false;
            i64 row = heads.keys[customers[r]].value + offsets[r];
            if (row <= last || row >= heads.keys[customers[r] + 1].value) return false;
            block_at(b, x->s, (u32)row);
            if (block_code(b, (u32)row) != d->code ||
                daily_day(block_occurred(b, (u32)row)) != d->day)
                return false;
            last = row;
        }
        rows += c->rows;
    }
    return rows == d->rows;
}

bool daily_is_sound(const struct sealed *s)
{
    struct daily_index x;
    struct block b = {0};
    u64 rows = 0;
    if (!daily_open(&x, s)) return true;
    const struct sealed_day *last = &x.days[x.count];
    if (x.days[0].chunk || last->chunk != x.chunk_count || last->code != UINT32_MAX || last->day ||
        last->rows)
        return false;
    for (u32 i = 0; i < x.count; i++) {
        const struct sealed_day *d = &x.days[i];
        if (d[1].chunk < d->chunk || d[1].chunk > x.chunk_count) return false;
        bool ascends =
            i == 0 || d[-1].code < d->code || (d[-1].code == d->code && d[-1].day < d->day);
        if (!ascends || !day_is_sound(&x, i, &b)) return false;
        rows += d->rows;
    }
    return rows == s->head.rows;
}
