/* import_order.c — orders out of rows that may stand anywhere in the file.
 *
 *   pass 1: rows ─hash of the order─► one of up to 256 files, each small enough for memory
 *   pass 2: a file ─sorted by order, row─► orders, in the order of their first rows
 *
 * Both depend on the file alone, so a place in pass 2 is the same after a crash. A file of a few
 * MiB is dealt out in memory. Rows of one order are those of one order_id; without such a column,
 * those of one customer at one moment. */
#include "base/hash.h"
#include "intake/import_inside.h"

#include <stdio.h>

enum { PARTS_MAX = 256, FLUSH_BYTES = 256 << 10, PRODUCTS_BYTES = 512 << 10 };
static const u64 PART_BYTES = 8 << 20;
static const u64 PART_BYTES_MAX = (u64)1 << 30;

struct part {
    struct file *file;
    struct buf text;
    u64 size;
};

/* A row in a part's bytes. */
struct place {
    str key;
    u64 number;
    u64 first; /* of its order */
    size_t at;
};

struct orders {
    struct import *im;
    struct part *parts;
    u32 part_count, part;
    /* the part at hand */
    struct buf bytes;
    struct place *places;
    size_t place_count, at;
    struct row *rows;
    struct cell *cells;
    size_t row_room, cell_room;
};

/* ---- pass 1 ---- */

/* What its rows have in common; a row without it is an order of its own. */
static void put_key(struct import *im, const struct row *row, struct buf *key)
{
    const struct mapping *m = im->mapping;
    u32 order = mapping_find(m, TARGET_ORDER), at = mapping_find(m, TARGET_AT);
    buf_reset(key);
    if (order < row->count) {
        buf_put(key, str_trim(row->cells[order].text));
    } else if (order == ROWS_COLUMNS_MAX && at < row->count) {
        for (u32 i = 0; i < row->count && i < m->count; i++)
            if (m->columns[i].target == TARGET_IDENTIFIER)
                buf_str_varint(key, str_trim(row->cells[i].text));
        if (key->n) buf_put(key, str_trim(row->cells[at].text));
    }
    if (key->n == 0) buf_u64(key, row->number);
}

MUST_USE static err flush(struct part *p)
{
    if (!p->file || !p->text.n) return ERR_OK;
    TRY(file_write(p->file, p->size, p->text.p, p->text.n));
    p->size += p->text.n;
    buf_reset(&p->text);
    return ERR_OK;
}

MUST_USE static err deal(struct orders *o, const struct row *row, struct buf *key)
{
    put_key(o->im, row, key);
    struct part *p = &o->parts[hash_xxh64(buf_str(key)) % o->part_count];
    buf_str_varint(&p->text, buf_str(key));
    buf_varint(&p->text, row->number);
    buf_str_varint(&p->text, row->problem ? str_of(row->problem) : (str){0});
    buf_varint(&p->text, row->count);
    for (u32 i = 0; i < row->count; i++) {
        buf_str_varint(&p->text, row->cells[i].text);
        buf_str_varint(&p->text, row->cells[i].bytes);
    }
    if (p->text.full) return ERR_TOO_LARGE;
    return p->text.n > FLUSH_BYTES ? flush(p) : ERR_OK;
}

MUST_USE static err make_parts(struct orders *o, struct diag *why)
{
    struct import *im = o->im;
    struct file *f;
    u64 size;
    TRY(env_open(im->world.env, im->path, FILE_READ, &f));
    err e = file_size(f, &size);
    file_close(f);
    TRY(e);
    bool packed = str_find(rows_describe(im->rows), S("xlsx")) >= 0;
    u64 parts = size * (packed ? 10 : 1) / PART_BYTES + 1;
    o->part_count = parts > PARTS_MAX ? PARTS_MAX : (u32)parts;
    o->parts = mem_zalloc(o->part_count * sizeof *o->parts);
    for (u32 i = 0; i < o->part_count; i++) {
        buf_init(&o->parts[i].text, PART_BYTES_MAX);
        if (o->part_count == 1) break;
        TRY(import_part_open(im, i, &o->parts[i].file, why));
    }
    return ERR_OK;
}

MUST_USE static err deal_all(struct orders *o, struct diag *why)
{
    struct row row;
    struct buf key;
    err e;
    buf_init(&key, ROWS_ROW_MAX);
    while ((e = rows_next(o->im->rows, &row, why)) == ERR_OK) {
        for (u32 i = o->im->mapping->count; i < rows_columns(o->im->rows); i++)
            mapping_add(o->im->mapping, rows_column(o->im->rows, i));
        e = deal(o, &row, &key);
        if (e != ERR_OK) break;
    }
    for (u32 i = 0; i < o->part_count && e == ERR_NOT_FOUND; i++) {
        err f = flush(&o->parts[i]);
        if (f != ERR_OK) e = f;
    }
    buf_clear(&key);
    return e == ERR_NOT_FOUND ? ERR_OK : diag_set(why, e, "the orders cannot be sorted");
}

err orders_open(struct import *im, struct orders **out, struct diag *why)
{
    struct orders *o = mem_zalloc(sizeof *o);
    o->im = im;
    buf_init(&o->bytes, PART_BYTES_MAX);
    err e = make_parts(o, why);
    if (e == ERR_OK) e = deal_all(o, why);
    if (e != ERR_OK) {
        orders_close(o);
        return e;
    }
    *out = o;
    return ERR_OK;
}

void orders_close(struct orders *o)
{
    if (!o) return;
    for (u32 i = 0; i < o->part_count; i++) {
        buf_clear(&o->parts[i].text);
        if (o->parts[i].file) import_part_close(o->im, i, o->parts[i].file);
    }
    free(o->parts);
    buf_clear(&o->bytes);
    free(o->places);
    free(o->rows);
    free(o->cells);
    free(o);
}

/* ---- pass 2 ---- */

static str skip_row(struct reader *r, u64 *number)
{
    str key = read_str_varint(r);
    *number = read_varint(r);
    read_str_varint(r);
    u64 n = read_varint(r);
    for (u64 i = 0; i < n && !r->bad; i++) read_str_varint(r), read_str_varint(r);
    return key;
}

static int by_key(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int c = str_cmp(x->key, y->key);
    return c ? c : (x->number > y->number) - (x->number < y->number);
}

static int by_first(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void index_part(struct orders *o)
{
    struct reader r = reader_of(buf_str(&o->bytes));
    size_t room = 0;
    o->place_count = o->at = 0;
    free(o->places);
    o->places = NULL;
    while (r.p < r.end) {
        size_t at = (size_t)(r.p - (const u8 *)o->bytes.p);
        u64 number;
        str key = skip_row(&r, &number);
        MUST(!r.bad);
        if (o->place_count == room) {
            room = room ? room * 2 : 1024;
            o->places = mem_realloc(o->places, room * sizeof *o->places);
        }
        o->places[o->place_count++] = (struct place){key, number, 0, at};
    }
    qsort(o->places, o->place_count, sizeof *o->places, by_key);
    for (size_t i = 0; i < o->place_count; i++) {
        bool same = i && str_eq(o->places[i].key, o->places[i - 1].key);
        o->places[i].first = same ? o->places[i - 1].first : o->places[i].number;
    }
    qsort(o->places, o->place_count, sizeof *o->places, by_first);
}

MUST_USE static err load_part(struct orders *o)
{
    struct part *p = &o->parts[o->part++];
    buf_reset(&o->bytes);
    if (!p->file) {
        struct buf swap = o->bytes;
        o->bytes = p->text;
        p->text = swap;
    } else {
        size_t got = 0;
        char *to = buf_room(&o->bytes, p->size);
        if (!to) return ERR_TOO_LARGE;
        TRY(file_read(p->file, 0, to, p->size, &got));
        if (got != p->size) return ERR_IO;
        o->bytes.n = got;
    }
    index_part(o);
    return ERR_OK;
}

static size_t count_cells(const struct orders *o, size_t from, size_t to)
{
    size_t cells = 0;
    for (size_t i = from; i < to; i++) {
        struct reader r = reader_of(str_slice(buf_str(&o->bytes), o->places[i].at, o->bytes.n));
        read_str_varint(&r), read_varint(&r), read_str_varint(&r);
        cells += read_varint(&r);
    }
    return cells;
}

static struct cell *read_row(struct orders *o, size_t at, struct row *row, struct cell *cells)
{
    struct reader r = reader_of(str_slice(buf_str(&o->bytes), at, o->bytes.n));
    read_str_varint(&r);
    *row = (struct row){.number = read_varint(&r), .cells = cells};
    str problem = read_str_varint(&r);
    if (problem.n) row->problem = arena_str(o->im->arena, problem).p;
    row->count = (u32)read_varint(&r);
    for (u32 i = 0; i < row->count; i++) {
        cells[i].text = read_str_varint(&r);
        cells[i].bytes = read_str_varint(&r);
    }
    MUST(!r.bad);
    return cells + row->count;
}

err orders_next(struct orders *o, const struct row **rows, u32 *count, struct diag *why)
{
    while (o->at == o->place_count) {
        if (o->part == o->part_count) return ERR_NOT_FOUND;
        err e = load_part(o);
        if (e != ERR_OK) return diag_set(why, e, "the sorted orders cannot be read");
    }
    size_t to = o->at + 1;
    while (to < o->place_count && o->places[to].first == o->places[o->at].first) to++;
    size_t n = to - o->at, cells = count_cells(o, o->at, to);
    if (n > o->row_room) o->rows = mem_realloc(o->rows, (o->row_room = n * 2) * sizeof *o->rows);
    if (cells + 1 > o->cell_room)
        o->cells = mem_realloc(o->cells, (o->cell_room = cells * 2 + 1) * sizeof *o->cells);
    struct cell *next = o->cells;
    for (size_t i = 0; i < n; i++) next = read_row(o, o->places[o->at + i].at, &o->rows[i], next);
    o->at = to;
    *rows = o->rows;
    *count = (u32)n;
    return ERR_OK;
}

/* ---- an order ---- */

/* What becomes of an order's rows of one sign. */
struct half {
    i64 at;
    fixed sum;   /* Σ quantity × price */
    fixed total; /* as the rows say it */
    bool has_total, totals_differ;
    fixed total_sum;
    u32 rows, products;
    const struct row *first;
};

struct line {
    fixed quantity, price, total;
    bool has_quantity, has_price, has_total, returned;
    i64 at;
};

static bool take_number(struct taking *t, target what, fixed *out, bool *has)
{
    u32 column;
    str text = cell_of(t, what, &column);
    *has = text.n > 0;
    if (!text.n || import_money(text, out)) return true;
    return import_refuse(t, column, "this is no number");
}

static bool is_return(str text)
{
    static const char *const WORDS[] = {"return", "refund", "returned", "refunded",
                                        "退货",   "退款",   "退单"};
    for (u32 i = 0; i < COUNT_OF(WORDS); i++)
        if (str_eq_nocase(text, str_of(WORDS[i]))) return true;
    return false;
}

static bool take_line(struct taking *t, struct line *l)
{
    u32 column;
    *l = (struct line){.quantity = FIXED_ONE};
    if (!take_number(t, TARGET_QUANTITY, &l->quantity, &l->has_quantity)) return false;
    if (!l->has_quantity) l->quantity = FIXED_ONE;
    if (!take_number(t, TARGET_PRICE, &l->price, &l->has_price)) return false;
    if (!take_number(t, TARGET_TOTAL, &l->total, &l->has_total)) return false;
    if (!item_take_time(t, t->im->request.created_ms, &l->at)) return false;
    l->returned = l->quantity < 0 || (l->has_total && l->total < 0) ||
                  is_return(cell_of(t, TARGET_RETURN, &column));
    return true;
}

static void put_text_member(struct buf *b, const struct taking *t, target what, const char *key,
                            u32 *members)
{
    u32 column;
    str text = cell_of(t, what, &column);
    if (!text.n) return;
    buf_str_varint(b, str_of(key));
    value_put(b, value_text(text));
    ++*members;
}

static fixed magnitude(fixed n)
{
    return n < 0 ? -n : n;
}

static void add_product(struct taking *t, const struct line *l, struct half *h)
{
    struct import *im = t->im;
    u32 members = 0;
    buf_reset(&im->product);
    put_text_member(&im->product, t, TARGET_PRODUCT, "product_id", &members);
    put_text_member(&im->product, t, TARGET_PRODUCT_NAME, "name", &members);
    put_text_member(&im->product, t, TARGET_CATEGORY, "category", &members);
    if (l->has_quantity) {
        buf_str_varint(&im->product, S("quantity"));
        fixed q = magnitude(l->quantity);
        value_put(&im->product, q % FIXED_ONE ? value_fixed(q) : value_int(q / FIXED_ONE));
        members++;
    }
    if (l->has_price) {
        buf_str_varint(&im->product, S("price"));
        value_put(&im->product, value_fixed(magnitude(l->price)));
        members++;
    }
    if (!members || im->products.n > PRODUCTS_BYTES) return;
    value_put(&im->products,
              (value){.type = VALUE_MAP, .count = members, .text = buf_str(&im->product)});
    h->products++;
}

static void add_line(struct taking *t, const struct line *l, struct half *h)
{
    fixed amount = 0;
    if (l->has_price && fixed_mul(magnitude(l->quantity), magnitude(l->price), &amount) == ERR_OK)
        h->sum += amount;
    if (l->has_total) {
        fixed total = magnitude(l->total);
        if (h->has_total && total != h->total) h->totals_differ = true;
        if (!h->has_total) h->total = total;
        h->has_total = true;
        h->total_sum += total;
    }
    if (!h->rows++ || l->at < h->at) h->at = l->at;
    if (!h->first) h->first = t->row;
    add_product(t, l, h);
}

/* A total that stands with each row alike is the order's; where they differ within orders they are
 * the rows' own, and so are all where rows are joined only by customer and time. */
static fixed total_of(const struct import *im, const struct half *h)
{
    bool by_row = im->line_totals || h->totals_differ ||
                  mapping_find(im->mapping, TARGET_ORDER) == ROWS_COLUMNS_MAX;
    return !h->has_total ? h->sum : by_row ? h->total_sum : h->total;
}

static void put_half(struct import *im, const struct half *h, u32 event, bool who,
                     struct buf *records, u32 *count)
{
    struct taking t = {.im = im, .row = h->first};
    u32 column;
    item_begin(im);
    if (!item_take_who(&t)) return;
    if (!who) buf_reset(&im->traits), buf_reset(&im->consents), buf_reset(&im->tags);
    str id = cell_of(&t, TARGET_ORDER, &column);
    if (id.n) props_put(&im->prop_list, im->props[PROP_ORDER], value_text(id));
    fixed total = total_of(im, h);
    props_put(&im->prop_list, im->props[PROP_TOTAL], value_fixed(total));
    if (h->products)
        props_put(
            &im->prop_list, im->props[PROP_PRODUCTS],
            (value){.type = VALUE_LIST, .count = h->products, .text = buf_str(&im->products)});
    item_take_properties(&t);
    item_end(im, ITEM_TRACK, event, h->at, records);
    ++*count;
}

/* The rows of one sign: the first pass over them says which are good, so each is settled once. */
static void take_half(struct import *im, const struct row *rows, u32 count, bool returned,
                      struct half *h)
{
    *h = (struct half){0};
    buf_reset(&im->products);
    for (u32 i = 0; i < count; i++) {
        struct taking t = {.im = im, .row = &rows[i], .column = ROWS_COLUMNS_MAX};
        struct line l;
        item_begin(im);
        if (rows[i].problem || !import_fits(&t) || !item_take_who(&t) || !take_line(&t, &l))
            continue;
        if (l.returned == returned) add_line(&t, &l, h);
    }
}

static void settle_rows(struct import *im, const struct row *rows, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        struct taking t = {.im = im, .row = &rows[i], .column = ROWS_COLUMNS_MAX};
        struct line l;
        item_begin(im);
        bool good = !rows[i].problem && import_fits(&t) && item_take_who(&t);
        if (good) take_line(&t, &l);
        import_settle_row(&t);
    }
}

void orders_take(struct import *im, const struct row *rows, u32 count, struct buf *records,
                 u32 *record_count)
{
    struct half bought, returned;
    settle_rows(im, rows, count);
    take_half(im, rows, count, false, &bought);
    if (bought.rows) put_half(im, &bought, im->order_event, true, records, record_count);
    if (bought.rows && bought.totals_differ && !im->line_totals &&
        mapping_find(im->mapping, TARGET_ORDER) < ROWS_COLUMNS_MAX)
        im->progress.warnings++;
    take_half(im, rows, count, true, &returned);
    if (returned.rows)
        put_half(im, &returned, im->refund_event, !bought.rows, records, record_count);
}
