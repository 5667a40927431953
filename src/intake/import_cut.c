/* import_cut.c — the first pass over a file of plain text, in pieces that several threads read.
 *
 *   file ─cut at line ends─► pieces ─a hand each, side by side─► rows in bins, by part
 *                                └─in the order of the file─► the parts (import_deal.c)
 *
 * What comes of a file is what comes of reading it row by row: rows stand in their parts in the
 * order of the file, and whatever needs that order (a name that has no code yet, a quote, behind
 * which a line end may be no row's end) leaves the piece to the file's own reader. Rows that are
 * refused are noted, and told when their piece's turn comes, when their numbers are known. */
#include "intake/import_inside.h"

enum {
    PIECE_BYTES = 256 << 10,
    PIECES_EACH = 16, /* for each thread, before they are put together */
    PIECES_MAX = DEAL_BINS_MAX,
    PARTS_AT_ONCE = 8,
    REFUSED_MAX = 200, /* in a piece: a file full of them is for its reader */
    SAMPLE_PLACES = 256,
    SAMPLE_BYTES = 8 << 10,
    SAMPLE_ROWS = 16, /* of each place */
};

struct refused {
    u64 from, to; /* in the file */
    u64 number;   /* in its piece */
    u32 column;
    const char *reason;
};

struct piece {
    u64 from, to; /* in the file */
    bool is_clean;
    bool wants_names; /* it met one that had no code */
    u64 rows, warnings;
    struct deal_bin *bins;
    struct refused refused[REFUSED_MAX];
    u32 refused_count;
};

/* What a thread needs for itself: an import of its own, but for what all only read. */
struct hand {
    struct import *im;
    struct rows *rows;
};

struct cutter {
    struct import *im;
    struct hand *hands;
    u32 hand_count;
    struct quick *quick; /* NULL: no row may be taken so */
    struct piece *pieces;
    u32 piece_room, count, next;
    u32 width;          /* pieces of the next turn: more while all are clean */
    u64 began;          /* where the last turn did */
    struct rows *again; /* rows that are refused */
};

/* ---- hands ---- */

static void hand_open(struct hand *h, struct import *im)
{
    struct import *mine = mem_alloc(sizeof *mine);
    *mine = *im;
    mine->by = im;
    struct buf *bufs[] = {&mine->traits, &mine->prop_list, &mine->consents, &mine->tags};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_init(bufs[i], 8 << 20);
    h->im = mine;
    h->rows = rows_piece(im->rows);
}

static void hand_close(struct hand *h)
{
    if (!h->im) return;
    struct buf *bufs[] = {&h->im->traits, &h->im->prop_list, &h->im->consents, &h->im->tags};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_clear(bufs[i]);
    free(h->im);
    rows_close(h->rows);
}

struct cutter *cutter_new(struct import *im)
{
    u64 place, size;
    u32 parts = deal_parts(im->dealt);
    if (!rows_place(im->rows, &place, &size)) return NULL;
    struct cutter *c = mem_zalloc(sizeof *c);
    c->im = im;
    c->hand_count = im->world.share && im->world.workers ? im->world.workers : 1;
    c->hands = mem_zalloc(c->hand_count * sizeof *c->hands);
    for (u32 i = 0; i < c->hand_count; i++) hand_open(&c->hands[i], im);
    c->width = c->hand_count;
    /* Alone there is nothing to wait for: short turns. */
    c->piece_room = c->hand_count > 1 ? min_u32(c->hand_count * PIECES_EACH, PIECES_MAX) : 1;
    c->pieces = mem_zalloc(c->piece_room * sizeof *c->pieces);
    for (u32 i = 0; i < c->piece_room; i++) {
        c->pieces[i].bins = mem_zalloc(parts * sizeof(struct deal_bin));
        for (u32 k = 0; k < parts; k++) buf_init(&c->pieces[i].bins[k].rows, (size_t)1 << 30);
    }
    c->again = rows_piece(im->rows);
    c->quick = quick_new(im);
    return c;
}

void cutter_free(struct cutter *c)
{
    if (!c) return;
    for (u32 i = 0; i < c->hand_count; i++) hand_close(&c->hands[i]);
    for (u32 i = 0; i < c->piece_room; i++) {
        for (u32 k = 0; k < deal_parts(c->im->dealt); k++) buf_clear(&c->pieces[i].bins[k].rows);
        free(c->pieces[i].bins);
    }
    rows_close(c->again);
    free(c->quick);
    free(c->pieces);
    free(c->hands);
    free(c);
}

static void share(struct cutter *c, u32 n, void (*run)(void *work, u32 piece, u32 worker))
{
    const struct import_world *w = &c->im->world;
    if (c->hand_count > 1) {
        w->share(w->ctx, n, run, c);
        return;
    }
    for (u32 i = 0; i < n; i++) run(c, i, 0);
}

/* ---- reading a piece ---- */

static void note_refused(struct piece *p, const struct taking *t, u64 from, u64 to)
{
    if (p->refused_count == REFUSED_MAX) {
        p->is_clean = false;
        return;
    }
    p->refused[p->refused_count++] =
        (struct refused){from, to, t->row->number, t->column, t->reason};
}

static void take_row(struct piece *p, struct hand *h, const struct row *row, u64 from)
{
    struct taking t = {.im = h->im, .row = row, .column = ROWS_COLUMNS_MAX};
    u64 to, size;
    import_take_row(&t, NULL, NULL);
    if (row->problem) t.reason = row->problem;
    p->warnings += !t.reason && t.warned;
    if (!t.reason) return;
    if (rows_place(h->rows, &to, &size)) note_refused(p, &t, from, to);
}

static void read_piece(void *work, u32 number, u32 worker)
{
    struct cutter *c = work;
    struct piece *p = &c->pieces[number];
    struct hand *h = &c->hands[worker];
    struct row row;
    u64 from, size;
    for (u32 i = 0; i < deal_parts(c->im->dealt); i++) {
        buf_reset(&p->bins[i].rows);
        p->bins[i].count = 0;
    }
    p->rows = p->warnings = p->refused_count = 0;
    p->is_clean = rows_cut(h->rows, &p->from, &p->to, false);
    h->im->bins = p->bins;
    h->im->trouble = ERR_OK;
    while (p->is_clean && rows_place(h->rows, &from, &size) &&
           rows_next(h->rows, &row, NULL) == ERR_OK) {
        p->rows = row.number;
        if (c->quick && quick_take(c->quick, h->im, &row)) continue;
        take_row(p, h, &row, from);
        p->is_clean &= h->im->trouble == ERR_OK;
    }
    p->wants_names = h->im->trouble == ERR_AGAIN;
}

static bool read_pieces(struct cutter *c, u64 place, u64 size)
{
    c->next = c->count = 0;
    c->began = place;
    for (u64 at = place; at < size && c->count < c->width; at += PIECE_BYTES) {
        struct piece *p = &c->pieces[c->count++];
        p->from = at;
        p->to = at + PIECE_BYTES < size ? at + PIECE_BYTES : size;
    }
    if (c->count) share(c, c->count, read_piece);
    return c->count > 0;
}

/* ---- putting them together ---- */

static void tell_refused(struct cutter *c, const struct piece *p)
{
    struct import *im = c->im;
    for (u32 i = 0; i < p->refused_count; i++) {
        struct refused r = p->refused[i];
        struct row row;
        struct taking t = {.im = im, .row = &row, .column = r.column, .reason = r.reason};
        if (!rows_cut(c->again, &r.from, &r.to, true) ||
            rows_next(c->again, &row, NULL) != ERR_OK) {
            im->trouble = ERR_IO;
            return;
        }
        row.number = im->rows->number + r.number;
        import_settle_row(&t);
    }
}

static void gather_parts(void *work, u32 number, u32 worker)
{
    struct cutter *c = work;
    struct deal_bin *bins[PIECES_MAX];
    u32 n = 0, from = number * PARTS_AT_ONCE, parts = deal_parts(c->im->dealt);
    (void)worker;
    for (u32 i = c->next; i < c->count && c->pieces[i].is_clean; i++) bins[n++] = c->pieces[i].bins;
    deal_gather(c->im->dealt, from, min_u32(from + PARTS_AT_ONCE, parts), bins, n);
}

/* All clean ones from the next on. */
MUST_USE static err put_together(struct cutter *c, struct diag *why)
{
    struct import *im = c->im;
    u64 from = im->rows->number;
    u32 parts = deal_parts(im->dealt);
    share(c, (parts + PARTS_AT_ONCE - 1) / PARTS_AT_ONCE, gather_parts);
    for (; c->next < c->count && c->pieces[c->next].is_clean; c->next++) {
        const struct piece *p = &c->pieces[c->next];
        tell_refused(c, p);
        if (deal_counts(im->dealt)) im->progress.warnings += p->warnings;
        rows_seek(im->rows, p->to, im->rows->number + p->rows);
    }
    if (c->next == c->count) c->width = min_u32(2 * c->width, c->piece_room);
    return deal_gathered(im->dealt, im->rows->number - from, why);
}

/* Leaves out what the file's reader has passed. False: it stands within a piece that was read as if
 * a row began elsewhere: the pieces are worth nothing then. */
static bool catch_up(struct cutter *c, u64 place)
{
    while (c->next < c->count && place >= c->pieces[c->next].to) c->next++;
    if (c->next == c->count) return true;
    const struct piece *p = &c->pieces[c->next];
    return !p->is_clean || place <= p->from;
}

bool cutter_waits(const struct cutter *c)
{
    u64 place, size;
    if (!rows_place(c->im->rows, &place, &size)) return true;
    if (c->next == c->count) return false;
    const struct piece *p = &c->pieces[c->next];
    return p->is_clean ? place < p->from : place < p->to;
}

err cutter_take(struct cutter *c, bool *took, struct diag *why)
{
    u64 place, size;
    *took = false;
    if (!rows_place(c->im->rows, &place, &size)) return ERR_OK;
    if (!catch_up(c, place)) c->next = c->count = 0;
    if (c->next == c->count && !read_pieces(c, place, size)) return ERR_OK;
    const struct piece *p = &c->pieces[c->next];
    if (!p->is_clean) c->width = c->hand_count;
    /* The names may be known by now: rows before this piece were read since it was. */
    if (p->wants_names && p->from == place && c->began != place && read_pieces(c, place, size))
        p = &c->pieces[c->next];
    *took = p->is_clean && p->from == place;
    return *took ? put_together(c, why) : ERR_OK;
}

/* ---- the sample ---- */

void cutter_sample(struct cutter *c)
{
    struct hand *h = &c->hands[0];
    struct buf values;
    struct row row;
    u64 place, size;
    u32 count = 0;
    if (!rows_place(c->im->rows, &place, &size)) return;
    buf_init(&values, 4 << 20);
    for (u64 i = 0; i < SAMPLE_PLACES; i++) {
        u64 from = place + (size - place) / SAMPLE_PLACES * i, to = from + SAMPLE_BYTES;
        if (!rows_cut(h->rows, &from, &to, false)) continue;
        for (u32 n = 0; n < SAMPLE_ROWS && rows_next(h->rows, &row, NULL) == ERR_OK; n++) {
            struct taking t = {.im = h->im, .row = &row, .column = ROWS_COLUMNS_MAX};
            item_begin(h->im);
            if (row.problem || !import_fits(&t) || !item_take_who(&t)) continue;
            buf_str_varint(&values, h->im->item.values[0]);
            count++;
        }
    }
    deal_sample(c->im->dealt, &values, count);
    buf_clear(&values);
}
