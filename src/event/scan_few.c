/* scan_few.c — blocks of which few customers are wanted: only their rows are read.
 *
 *   heads ─► the wanted of some blocks, with their rows ─► kinds, times (all fetched ahead) ─► the
 * rows that stay ─► their properties, one by one
 *
 * What comes is what scan_block.c would keep of the blocks and scan_lane.c list of them. Where the
 * wanted have more than a quarter of a block's rows, unpacking all of them is cheaper: then it says
 * so, and some blocks pass before it tries again. Most of the time goes into waiting for memory, so
 * a few blocks go together: while the first is read, the others' bytes are on their way. */
#include "event/scan_inside.h"

enum {
    CODES_LOOKED_AT = 256,
    FEW_SHARE = 4,        /* at most one row in so many is wanted */
    TOGETHER = FEW_SHARE, /* blocks: what they keep fits where one is decoded */
    FEW_CUSTOMERS = 512,  /* of a block */
    DENSE_BLOCKS = 7,     /* not looked at after one with more */
    AHEAD = 24,           /* wanted ones, fetched ahead */
    HEAD_LINES = 8,       /* of the blocks that come next, fetched ahead */
    NEAR = 8,             /* rows at a customer's end, looked at one by one */
    PASSED = 64,          /* blocks passed over at a time */
    LINE = 64,
    LOADED_BITS = 57, /* of the eight bytes in which a value begins, at least */
};

/* The bits from value i on. */
static inline u64 pack_load(const u8 *p, u32 width, u32 i)
{
    u64 bit = (u64)i * width, bits;
    memcpy(&bits, p + bit / 8, sizeof bits);
    return bits >> bit % 8;
}

static inline i64 time_of(const struct block *b, const struct packed *times, u32 i)
{
    return (i64)(times->base + b->head->time_unit * pack_get(b->p + times->at, times->width, i));
}

/* A wanted customer's rows of one block. */
struct few {
    event_persona head;
    u32 from, to;
};

struct scan_few {
    struct scan_slice *slice;
    struct scan_lane *lane;
    struct block blocks[TOGETHER];
    u32 block_count, ends[TOGETHER]; /* where those of each block end among: */
    struct few few[TOGETHER * FEW_CUSTOMERS];
    u32 count;
    struct block *block; /* the one that is read */
    bool all_after;      /* none of its rows is before the span */
    bool keep[256];
    u32 codes[256], marks[256];
    bool check_alive;
    struct erased_of gone;
    u32 kept;
    u16 rows[BLOCK_ROWS + 1]; /* of one customer, counted from the block's first */
    u8 kinds[BLOCK_ROWS + 1];
};

/* Fetches the places in `heads` of the next wanted ones, where they are if all numbers between are
 * heads that have events. */
static void fetch_heads(const struct scan_few *f, u32 next)
{
    const struct scan_lane *l = f->lane;
    const struct scan_want *w = &f->slice->scan->want;
    event_persona first = l->heads[next].key;
    u32 word = first / 64, end = (w->who_end + 63) / 64, n = 0;
    for (; n < AHEAD && word < end && word < first / 64 + AHEAD; word++)
        for (u64 left = w->who[word]; left && n < AHEAD; left &= left - 1, n++) {
            u64 at = next + (u64)word * 64 + (u32)__builtin_ctzll(left) - first;
            if (at < l->head_count) __builtin_prefetch(&l->heads[at]);
        }
}

/* Of the block that is open. False: they are not few, and nothing changed. */
static bool gather(struct scan_few *f)
{
    struct scan_lane *l = f->lane;
    const struct block *b = &l->block;
    u32 next = l->next, row = l->row, rows = 0, room = (b->end - b->first) / FEW_SHARE;
    u32 n = f->count, most = n + FEW_CUSTOMERS;
    bool goes_on = false;
    while (!goes_on && next < l->head_count && l->heads[next].key < f->slice->to &&
           l->heads[next].value < b->end) {
        u32 behind = l->heads[next + 1].value, to = min_u32(behind, b->end);
        u32 from = l->heads[next].value < row ? row : l->heads[next].value;
        rows += to - from;
        if (rows > room || n == most) return false;
        if (n % (AHEAD / 2) == 0) fetch_heads(f, next);
        f->few[n++] = (struct few){l->heads[next].key, from, to};
        goes_on = behind > b->end;
        if (!goes_on) next = scan_lane_skip(l, f->slice->scan, next + 1);
    }
    f->count = n;
    l->goes_on = goes_on;
    l->next = next;
    l->row = b->end;
    return true;
}

/* The block of a row, which mostly follows the one that is open. */
static u32 block_index(const struct scan_lane *l, u32 row)
{
    const struct block *b = &l->block;
    if (b->s != l->file) return sealed_find_block(l->file, row);
    if (row - b->first < b->end - b->first) return b->index;
    return row == b->end ? b->index + 1 : sealed_find_block(l->file, row);
}

bool scan_may_have(const struct scan_want *w, const struct sealed_block *e)
{
    if (e->occurred_max < w->from || e->occurred_min >= w->to) return false;
    if (!w->marks || e->code_max - e->code_min > CODES_LOOKED_AT) return true;
    for (u32 code = e->code_min; code <= e->code_max; code++)
        if (e->codes >> code % 64 & 1 && code < SCAN_CODES && w->marks[code]) return true;
    return false;
}

static bool wants_any(struct scan_few *f)
{
    const struct event_scan *scan = f->slice->scan;
    const struct block *b = f->block;
    bool any = false;
    memset(f->keep, 0, sizeof f->keep);
    for (u32 k = 0; k < b->head->kinds; k++) {
        f->codes[k] = block_kind(b, k)->code;
        f->keep[k] = scan_wants_code(scan, f->codes[k]);
        f->marks[k] = f->keep[k] && scan->want.marks ? scan->want.marks[f->codes[k]] : 0;
        any |= f->keep[k];
    }
    return any;
}

static void fetch(const struct block *b, const struct packed *c, u32 from, u32 to)
{
    const u8 *p = b->p + c->at + (u64)(from - b->first) * c->width / 8;
    const u8 *end = b->p + c->at + (u64)(to - b->first) * c->width / 8;
    for (u32 i = 0; i < HEAD_LINES && p <= end; i++, p += LINE) __builtin_prefetch(p);
}

static bool is_all_after(const struct scan_few *f, const struct block *b)
{
    return sealed_block_at(b->s, b->index)->occurred_min >= f->slice->scan->want.from;
}

/* Of the customers from `first` on, whose block it is: what is looked at first. */
static void fetch_rows(const struct scan_few *f, const struct block *b, u32 first)
{
    bool all = is_all_after(f, b);
    for (u32 i = first; i < f->count; i++) {
        u32 from = f->few[i].from, to = f->few[i].to;
        if (!all && to - from > NEAR) from = to - NEAR;
        fetch(b, &b->head->row[ROW_KIND], from, to);
        fetch(b, &b->head->row[ROW_TIME], from, to);
    }
}

static void fetch_block(const struct sealed *s, u32 index)
{
    u64 all;
    const u8 *rows = sealed_section(s, SECTION_ROWS, &all);
    if (index >= sealed_blocks(s)) return;
    const u8 *head = rows + sealed_block_at(s, index)->offset;
    for (u32 i = 0; i < HEAD_LINES; i++) __builtin_prefetch(head + (size_t)i * LINE);
}

static bool is_alive(struct scan_few *f, u32 row)
{
    const struct event_view *v = f->slice->scan->view;
    const struct crowd *crowd = f->slice->scan->crowd;
    struct block *b = f->block;
    event_persona p = block_persona(b, row);
    if (crowd->any_strayed && crowd_has_strayed(crowd, p)) return false;
    if (f->gone.persona != p) f->gone = erased_of(v->catalog->erased, v->erased, p);
    return !((f->gone.before || f->gone.set) && is_erased(&f->gone, block_order(b, row)));
}

static void put_rest(struct scan_few *f, u32 at, u32 row, u32 kind)
{
    const struct scan_want *w = &f->slice->scan->want;
    struct scan_columns *to = &f->lane->decoded->columns;
    struct block *b = f->block;
    if (w->codes) to->code[at] = f->codes[kind];
    if (w->orders) to->order[at] = block_order(b, row);
    if (w->sources)
        to->source[at] = (u32)packed_get(b, &b->head->run[RUN_SOURCE], block_run(b, row));
    if (!w->property_count) return;
    u32 rank = block_rank(b, row, kind);
    for (u32 p = 0; p < w->property_count; p++)
        scan_put_value(to, w, p, at, scan_value_of(b, kind, rank, w->properties[p].code),
                       f->slice->words);
}

/* The first of one's rows that is not before the span: rows ascend in time, and mostly few are in
 * it, the last ones. */
static u32 first_in_span(const struct scan_few *f, const struct few *who)
{
    const struct block *b = f->block;
    const struct packed *c = &b->head->row[ROW_TIME];
    i64 since = f->slice->scan->want.from;
    u32 low = who->from - b->first, high = who->to - b->first;
    if (f->all_after) return low;
    for (u32 i = 0; i < NEAR && low < high; i++, high--)
        if (time_of(b, c, high - 1) < since) return high;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (time_of(b, c, middle) < since)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Those of one's rows that are of a kind that is wanted, and their kinds: as many as a load holds
 * at a time. */
static u32 find_rows(struct scan_few *f, u32 from, u32 end)
{
    const struct block *b = f->block;
    const struct packed *c = &b->head->row[ROW_KIND];
    const u8 *p = b->p + c->at;
    u32 n = 0, width = c->width, mask = (u32)pack_mask(width);
    u32 in_load = width ? LOADED_BITS / width : end;
    for (u32 at = from; at < end;) {
        u64 bits = pack_load(p, width, at);
        for (u32 stop = min_u32(end, at + in_load); at < stop; at++, bits >>= width) {
            u32 kind = (u32)bits & mask;
            f->rows[n] = (u16)at;
            f->kinds[n] = (u8)kind;
            n += f->keep[kind];
        }
    }
    return n;
}

/* The rows of one that stay. */
static void read_rows(struct scan_few *f, const struct few *who)
{
    const struct scan_want *w = &f->slice->scan->want;
    struct scan_columns *to = &f->lane->decoded->columns;
    const struct block *b = f->block;
    const struct packed *c = &b->head->row[ROW_TIME];
    u32 n = find_rows(f, first_in_span(f, who), who->to - b->first), kept = f->kept;
    bool is_plain = !w->codes && !w->orders && !w->sources && !w->property_count;
    for (u32 i = 0; i < n; i++) {
        i64 time = time_of(b, c, f->rows[i]);
        if (time >= w->to) continue;
        if (f->check_alive && !is_alive(f, b->first + f->rows[i])) continue;
        to->time[kept] = time;
        to->mark[kept] = f->marks[f->kinds[i]];
        if (!is_plain) put_rest(f, kept, b->first + f->rows[i], f->kinds[i]);
        kept++;
    }
    f->kept = kept;
}

/* Those of a block, the i-th. Who goes on from the one before is listed once. */
static void list(struct scan_few *f, u32 i)
{
    struct scan_lane *l = f->lane;
    f->block = &f->blocks[i];
    f->gone = (struct erased_of){0};
    f->all_after = is_all_after(f, f->block);
    if (!wants_any(f)) return;
    for (u32 k = i ? f->ends[i - 1] : 0; k < f->ends[i]; k++) {
        u32 before = f->kept;
        read_rows(f, &f->few[k]);
        if (f->kept == before) continue;
        if (!l->count || l->listed[l->count - 1] != f->few[k].head) {
            l->listed[l->count] = f->few[k].head;
            l->from[l->count++] = (u16)before;
        }
        l->to[l->count - 1] = (u16)f->kept;
    }
}

/* Passes over blocks that have nothing, from `index` on. */
static void pass(struct scan_slice *s, struct scan_lane *l, u32 index)
{
    u32 count = sealed_blocks(l->file), next = index + 1, end = l->file->head.rows;
    while (next < count && next < index + PASSED &&
           !scan_may_have(&s->scan->want, sealed_block_at(l->file, next)))
        next++;
    if (next < count) end = sealed_block_at(l->file, next)->first_row;
    scan_lane_pass(l, sealed_block_at(l->file, index)->first_row, end);
}

/* To the block of the next customer; false: there is none, or the block may have nothing. */
static bool next_block(struct scan_few *f)
{
    struct scan_lane *l = f->lane;
    if (l->next >= l->head_count || l->heads[l->next].key >= f->slice->to) return false;
    u32 row = l->row < l->heads[l->next].value ? l->heads[l->next].value : l->row;
    if (!scan_may_have(&f->slice->scan->want, sealed_block_at(l->file, block_index(l, row))))
        return false;
    l->row = row;
    block_at(&l->block, l->file, row);
    return true;
}

/* Opens blocks and gathers their customers; false: not even the first has few. */
static bool open_blocks(struct scan_few *f)
{
    struct scan_lane *l = f->lane;
    block_at(&l->block, l->file, l->row);
    do {
        u32 first = f->count;
        if (!gather(f)) {
            l->dense = DENSE_BLOCKS;
            break;
        }
        f->ends[f->block_count] = f->count;
        f->blocks[f->block_count++] = l->block;
        fetch_block(l->file, l->block.index + TOGETHER);
        fetch_rows(f, &l->block, first);
    } while (f->block_count < TOGETHER && next_block(f));
    return f->block_count;
}

bool scan_few(struct scan_slice *s, struct scan_lane *l)
{
    const struct event_scan *scan = s->scan;
    if (!scan->want.who) return false;
    u32 index = block_index(l, l->row);
    if (!scan_may_have(&scan->want, sealed_block_at(l->file, index))) {
        pass(s, l, index);
        return true;
    }
    if (l->dense) {
        l->dense--;
        return false;
    }
    if (!s->few) s->few = mem_zalloc(sizeof *s->few);
    struct scan_few *f = s->few;
    f->slice = s, f->lane = l;
    f->count = f->kept = f->block_count = 0;
    f->check_alive = scan->view->erased || scan->crowd->any_strayed;
    if (!open_blocks(f)) return false;
    struct scan_block *out = scan_lane_room(l, s);
    out->same_count = 0;
    out->waits_time = out->waits_mark = false;
    l->is_joined = true;
    l->count = 0;
    for (u32 i = 0; i < f->block_count; i++) list(f, i);
    l->goes_on = l->goes_on && l->count && l->listed[l->count - 1] == f->few[f->count - 1].head;
    return true;
}
