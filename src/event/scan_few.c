/* scan_few.c — a block of which few customers are wanted: only their rows are read.
 *
 *   heads ─► the wanted, with their rows ─► kinds, times (fetched ahead) ─► the rows that stay ─►
 * their properties, one by one
 *
 * What comes is what scan_block.c would keep of the block and scan_lane.c list of it. Where the
 * wanted have more than a quarter of the rows, unpacking all of them is cheaper: then it says so,
 * and some blocks pass before it tries again. */
#include "event/scan_inside.h"

enum {
    CODES_LOOKED_AT = 256,
    FEW_SHARE = 4,       /* at most one row in so many is wanted */
    FEW_CUSTOMERS = 512, /* of a block */
    DENSE_BLOCKS = 7,    /* not looked at after one with more */
    AHEAD = 24,          /* wanted ones, fetched ahead */
    HEAD_LINES = 8,      /* of the block after the next, fetched ahead */
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

/* A wanted customer's rows of this block. */
struct few {
    event_persona head;
    u32 from, to;
};

struct scan_few {
    struct scan_slice *slice;
    struct scan_lane *lane;
    struct few few[FEW_CUSTOMERS];
    u32 count;
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

/* False: they are not few. */
static bool gather(struct scan_few *f)
{
    struct scan_lane *l = f->lane;
    const struct block *b = &l->block;
    u32 next = l->next, row = l->row, rows = 0, room = (b->end - b->first) / FEW_SHARE;
    l->goes_on = false;
    while (next < l->head_count && l->heads[next].key < f->slice->to &&
           l->heads[next].value < b->end) {
        u32 behind = l->heads[next + 1].value, to = min_u32(behind, b->end);
        u32 from = l->heads[next].value < row ? row : l->heads[next].value;
        rows += to - from;
        if (rows > room || f->count == FEW_CUSTOMERS) return false;
        if (f->count % (AHEAD / 2) == 0) fetch_heads(f, next);
        f->few[f->count++] = (struct few){l->heads[next].key, from, to};
        l->goes_on = behind > b->end;
        if (l->goes_on) break;
        next = scan_lane_skip(l, f->slice->scan, next + 1);
    }
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

/* What the list of blocks says of one: whether it may have what is wanted. */
static bool may_have(const struct event_scan *scan, const struct sealed_block *e)
{
    const struct scan_want *w = &scan->want;
    if (e->occurred_max < w->from || e->occurred_min >= w->to) return false;
    if (!w->marks || e->code_max - e->code_min > CODES_LOOKED_AT) return true;
    for (u32 code = e->code_min; code <= e->code_max; code++)
        if (e->codes >> code % 64 & 1 && scan_wants_code(scan, code)) return true;
    return false;
}

static bool wants_any(struct scan_few *f)
{
    const struct event_scan *scan = f->slice->scan;
    const struct block *b = &f->lane->block;
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

static void fetch_ahead(const struct scan_few *f)
{
    const struct block *b = &f->lane->block;
    for (u32 i = 0; i < f->count; i++) {
        fetch(b, &b->head->row[ROW_KIND], f->few[i].from, f->few[i].to);
        fetch(b, &b->head->row[ROW_TIME], f->few[i].from, f->few[i].to);
    }
    u64 all;
    const u8 *rows = sealed_section(b->s, SECTION_ROWS, &all);
    if (b->index + 2 >= sealed_blocks(b->s)) return;
    const u8 *head = rows + sealed_block_at(b->s, b->index + 2)->offset;
    for (u32 i = 0; i < HEAD_LINES; i++) __builtin_prefetch(head + (size_t)i * LINE);
}

static bool is_alive(struct scan_few *f, u32 row)
{
    const struct event_view *v = f->slice->scan->view;
    const struct crowd *crowd = f->slice->scan->crowd;
    struct block *b = &f->lane->block;
    event_persona p = block_persona(b, row);
    if (crowd->any_strayed && crowd_has_strayed(crowd, p)) return false;
    if (f->gone.persona != p) f->gone = erased_of(v->catalog->erased, v->erased, p);
    return !((f->gone.before || f->gone.set) && is_erased(&f->gone, block_order(b, row)));
}

static void put_rest(struct scan_few *f, u32 at, u32 row, u32 kind)
{
    const struct scan_want *w = &f->slice->scan->want;
    struct scan_columns *to = &f->lane->decoded->columns;
    struct block *b = &f->lane->block;
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

/* Those of one's rows that are of a kind that is wanted, and their kinds: as many as a load holds
 * at a time. */
static u32 find_rows(struct scan_few *f, const struct few *who)
{
    const struct block *b = &f->lane->block;
    const struct packed *c = &b->head->row[ROW_KIND];
    const u8 *p = b->p + c->at;
    u32 n = 0, width = c->width, mask = (u32)pack_mask(width);
    u32 end = who->to - b->first, in_load = width ? LOADED_BITS / width : end;
    for (u32 at = who->from - b->first; at < end;) {
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
    const struct block *b = &f->lane->block;
    const struct packed *c = &b->head->row[ROW_TIME];
    const u8 *p = b->p + c->at;
    u32 n = find_rows(f, who), width = c->width, kept = f->kept;
    u64 base = c->base, unit = b->head->time_unit;
    bool is_plain = !w->codes && !w->orders && !w->sources && !w->property_count;
    for (u32 i = 0; i < n; i++) {
        i64 time = (i64)(base + unit * pack_get(p, width, f->rows[i]));
        if (time < w->from || time >= w->to) continue;
        if (f->check_alive && !is_alive(f, b->first + f->rows[i])) continue;
        to->time[kept] = time;
        to->mark[kept] = f->marks[f->kinds[i]];
        if (!is_plain) put_rest(f, kept, b->first + f->rows[i], f->kinds[i]);
        kept++;
    }
    f->kept = kept;
}

static void list(struct scan_few *f)
{
    struct scan_lane *l = f->lane;
    fetch_ahead(f);
    for (u32 i = 0; i < f->count; i++) {
        u32 before = f->kept;
        read_rows(f, &f->few[i]);
        if (f->kept == before) continue;
        l->listed[l->count] = f->few[i].head;
        l->from[l->count] = (u16)before;
        l->to[l->count] = (u16)f->kept;
        l->count++;
    }
}

bool scan_few(struct scan_slice *s, struct scan_lane *l)
{
    const struct event_scan *scan = s->scan;
    if (!scan->want.who) return false;
    u32 index = block_index(l, l->row);
    const struct sealed_block *entry = sealed_block_at(l->file, index);
    if (!may_have(scan, entry)) {
        u32 end = l->file->head.rows;
        if (index + 1 < sealed_blocks(l->file)) end = sealed_block_at(l->file, index + 1)->first_row;
        scan_lane_pass(l, entry->first_row, end);
        return true;
    }
    if (l->dense) {
        l->dense--;
        return false;
    }
    if (!s->few) s->few = mem_zalloc(sizeof *s->few);
    struct scan_few *f = s->few;
    block_at(&l->block, l->file, l->row);
    f->slice = s, f->lane = l;
    f->count = f->kept = 0;
    f->check_alive = scan->view->erased || scan->crowd->any_strayed;
    f->gone = (struct erased_of){0};
    if (!gather(f)) {
        l->dense = DENSE_BLOCKS;
        return false;
    }
    scan_lane_room(l, s)->same_count = 0;
    l->is_joined = true;
    l->count = 0;
    if (wants_any(f)) list(f);
    l->goes_on = l->goes_on && l->count && l->listed[l->count - 1] == f->few[f->count - 1].head;
    return true;
}
