/* block_write.c — putting a block together.
 *
 *   row ─► its own columns; kind; cells ──block's end──► runs, a column for each kind's field ─►
 * bytes
 *
 * A cell is a number, or a text: a number among the file's texts (TEXT_BIT), or where it lies in
 * `heap` and how long it is. */
#include "event/block_write.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum {
    FIELDS_MAX = 64,    /* of a row; one with more keeps its properties as they are */
    SHAPES_ROOM = 4096, /* fields of all kinds of a block */
    HEAP_FULL = 192 << 10,
    KIND_SLOTS = 1024,
    KINDS_KEPT = 256,
    LENGTH_BITS = 22,
    KIND_NONE = UINT16_MAX,
};
#define TEXT_BIT (1ull << 63)
#define GROW_MAX ((size_t)1 << 40)
_Static_assert(EVENT_BYTES_MAX < 1 << LENGTH_BITS, "a cell holds the length of any text");

struct shape {
    u64 hash;
    struct block_kind kind; /* its `column` is the number of its columns until the end */
};

/* What is known of the block of a source that rows were taken from last. */
struct taken {
    const struct sealed *file;
    u32 index;       /* of its block */
    u32 next, block; /* the row that `ranks` are of; the number of the block being built */
    bool is_set;
    u16 kinds_to[BLOCK_KINDS + 1]; /* kinds there to kinds here */
    u32 ranks[BLOCK_KINDS + 1];
    const struct packed *columns[BLOCK_KINDS + 1];
    u8 kinds[BLOCK_ROWS];
    u32 *numbers; /* texts there to numbers here, + 1 */
};

struct builder {
    struct texts *texts;
    u32 rows, block;
    u64 time[BLOCK_ROWS], order[BLOCK_ROWS], received[BLOCK_ROWS], message[BLOCK_ROWS];
    u32 persona[BLOCK_ROWS], source[BLOCK_ROWS], flags[BLOCK_ROWS];
    u8 kind[BLOCK_ROWS];
    u32 cell_at[BLOCK_ROWS + 1];
    struct buf cells, heap; /* u64 each; bytes */
    u64 message_bytes;
    struct shape kinds[BLOCK_KINDS];
    u32 kind_count, field_count, column_count;
    u16 kind_slots[KIND_SLOTS]; /* kind + 1 */
    u16 kinds_of[KINDS_KEPT];   /* by code: the kind of its last row, if it still is one */
    struct block_field fields[SHAPES_ROOM];
    struct taken *taken[BUILDER_SOURCES];
    /* while it ends */
    struct packed columns[2 * SHAPES_ROOM];
    u64 values[BLOCK_ROWS + 1], starts[2 * SHAPES_ROOM + 1];
    struct buf sorted, packed, texts_out;
    u32 runs;
    u64 run[RUN_COLUMNS][BLOCK_ROWS];
    u64 bits[BLOCK_ROWS / 64];
};

struct builder *builder_new(struct texts *texts)
{
    struct builder *b = mem_zalloc(sizeof *b);
    b->texts = texts;
    struct buf *bufs[] = {&b->cells, &b->heap, &b->sorted, &b->packed, &b->texts_out};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_init(bufs[i], GROW_MAX);
    return b;
}

void builder_free(struct builder *b)
{
    if (!b) return;
    struct buf *bufs[] = {&b->cells, &b->heap, &b->sorted, &b->packed, &b->texts_out};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_clear(bufs[i]);
    for (u32 i = 0; i < BUILDER_SOURCES; i++) {
        if (b->taken[i]) free(b->taken[i]->numbers);
        free(b->taken[i]);
    }
    free(b);
}

u32 builder_rows(const struct builder *b)
{
    return b->rows;
}

bool builder_is_full(const struct builder *b)
{
    return b->rows == BLOCK_ROWS || b->heap.n >= HEAP_FULL;
}

/* ---- kinds ---- */

/* The kind of a code and fields, a new one if need be; KIND_NONE: the block has too many. */
static u32 kind_of(struct builder *b, u32 code, const struct block_field *fields, u32 n)
{
    u64 hash = (code + 1) * 0x9E3779B97F4A7C15u;
    for (u32 i = 0; i < n; i++)
        hash = (hash ^ ((u64)fields[i].property << 8 | fields[i].type)) * 0x9E3779B97F4A7C15u,
        hash ^= hash >> 29;
    u32 at = (u32)(hash >> 40) % KIND_SLOTS;
    for (u32 k; (k = b->kind_slots[at]); at = (at + 1) % KIND_SLOTS) {
        const struct shape *s = &b->kinds[k - 1];
        if (s->hash == hash && s->kind.code == code && s->kind.field_count == n &&
            (n == 0 || memcmp(&b->fields[s->kind.field], fields, n * sizeof *fields) == 0))
            return k - 1;
    }
    /* The last places are for kinds whose properties stay as they are. */
    bool is_plain = n == 1 && fields[0].type == FIELD_BYTES;
    if (b->kind_count >= (is_plain ? BLOCK_KINDS : BLOCK_KINDS / 2) ||
        b->field_count + n > SHAPES_ROOM - (is_plain ? 0 : 2 * BLOCK_KINDS))
        return KIND_NONE;
    struct shape *s = &b->kinds[b->kind_count];
    *s = (struct shape){hash, {.code = code, .field = (u16)b->field_count, .field_count = (u16)n}};
    for (u32 i = 0; i < n; i++) s->kind.column += field_columns(fields[i].type);
    if (n) memcpy(&b->fields[b->field_count], fields, n * sizeof *fields);
    b->field_count += n;
    b->column_count += s->kind.column;
    b->kind_slots[at] = (u16)++b->kind_count;
    return b->kind_count - 1;
}

/* ---- a row from an event ---- */

static u64 text_keep(struct builder *b, str text)
{
    u64 cell = (u64)b->heap.n << LENGTH_BITS | text.n;
    buf_put(&b->heap, text);
    return cell;
}

static u64 text_cell(struct builder *b, u32 property, str text)
{
    u32 number = texts_number(b->texts, property, text);
    return number == TEXT_NONE ? text_keep(b, text) : TEXT_BIT | number;
}

/* One property: its field, and one or two cells. False if it would not come back byte for byte. */
static bool take_field(struct builder *b, struct reader *r, struct block_field *f, u64 *cells,
                       u32 *n)
{
    const u8 *from = r->p;
    u32 property = (u32)read_varint(r);
    u8 type = read_byte(r);
    size_t bytes = bytes_varint_size(property) + 1;
    i64 number = 0;
    str text = {0};
    bool has_number =
        type == VALUE_INT || type == VALUE_FIXED || type == VALUE_DATE || type == VALUE_TIME;
    bool has_text = type >= VALUE_NUMBER && type <= VALUE_MAP;
    if (type < VALUE_NULL || type > VALUE_MAP) return false;
    if (has_number) {
        number = read_zigzag(r);
        bytes += bytes_varint_size(((u64)number << 1) ^ (u64)(number >> 63));
    }
    if (has_text) {
        text = read_str_varint(r);
        bytes += bytes_varint_size(text.n) + text.n;
    }
    if (r->bad || (size_t)(r->p - from) != bytes) return false;
    bool is_bool = type == VALUE_TRUE || type == VALUE_FALSE;
    *f = (struct block_field){property, is_bool ? FIELD_BOOL : type};
    if (is_bool) cells[(*n)++] = type == VALUE_TRUE;
    if (has_number) cells[(*n)++] = (u64)number;
    if (has_text) cells[(*n)++] = text_cell(b, property, text);
    return true;
}

/* A varint that is as short as it can be, or NULL. */
static const u8 *quick_varint(const u8 *p, const u8 *end, u64 *out)
{
    u64 v = 0;
    for (u32 shift = 0; p < end && shift < 63; shift += 7) {
        u8 c = *p++;
        v |= (u64)(c & 0x7F) << shift;
        if (c < 0x80) {
            *out = v;
            return c || shift == 0 ? p : NULL;
        }
    }
    return NULL;
}

/* A value of the type that the field has, if it is of the common ones; NULL: it is not. */
static const u8 *quick_field(struct builder *b, const struct block_field *f, const u8 *p,
                             const u8 *end, u64 *cell)
{
    u64 n;
    if (!(p = quick_varint(p, end, &n)) || n != f->property || p == end) return NULL;
    u8 type = *p++;
    if (f->type == FIELD_BOOL) {
        *cell = type == VALUE_TRUE;
        return type == VALUE_TRUE || type == VALUE_FALSE ? p : NULL;
    }
    if (type != f->type || !(p = quick_varint(p, end, &n))) return NULL;
    if (type == VALUE_INT || type == VALUE_FIXED) {
        *cell = n >> 1 ^ (0 - (n & 1));
        return p;
    }
    if (type != VALUE_TEXT || n > (u64)(end - p)) return NULL;
    *cell = text_cell(b, f->property, (str){(const char *)p, n});
    return p + n;
}

/* As the last row of this code: KIND_NONE if it is not of that row's kind. */
static u32 quick_props(struct builder *b, u32 code, str props)
{
    u32 kind = b->kinds_of[code % KINDS_KEPT];
    if (kind >= b->kind_count || b->kinds[kind].kind.code != code) return KIND_NONE;
    const struct block_kind *k = &b->kinds[kind].kind;
    const u8 *p = (const u8 *)props.p, *end = p + props.n;
    size_t heap = b->heap.n;
    u64 *cells = (u64 *)(void *)buf_room(&b->cells, k->field_count * sizeof *cells + 1);
    u32 n = 0;
    for (; p && n < k->field_count; n++)
        p = quick_field(b, &b->fields[k->field + n], p, end, &cells[n]);
    if (p != end) {
        b->heap.n = heap;
        return KIND_NONE;
    }
    b->cells.n += n * sizeof *cells;
    return kind;
}

/* A row that is not as the last one: apart, so that the others have no large stack to clear. */
__attribute__((noinline)) static u32 slow_props(struct builder *b, u32 code, str props)
{
    struct block_field fields[FIELDS_MAX];
    u64 cells[2 * FIELDS_MAX];
    size_t heap = b->heap.n;
    u32 n = 0, cell_n = 0, kind = KIND_NONE;
    struct reader r = reader_of(props);
    bool whole = true;
    for (; whole && r.p != r.end; n += whole)
        whole = n < FIELDS_MAX && take_field(b, &r, &fields[n], cells, &cell_n);
    if (whole) kind = kind_of(b, code, fields, n);
    if (kind == KIND_NONE) {
        b->heap.n = heap;
        fields[0] = (struct block_field){0, FIELD_BYTES};
        cells[0] = text_keep(b, props);
        cell_n = 1;
        kind = kind_of(b, code, fields, 1);
    }
    if (kind != KIND_NONE) b->kinds_of[code % KINDS_KEPT] = (u16)kind;
    if (kind != KIND_NONE) buf_put(&b->cells, (str){(const char *)cells, cell_n * sizeof *cells});
    return kind;
}

/* The kind of the row and its cells, behind those there are. */
static u32 take_props(struct builder *b, u32 code, str props)
{
    u32 quick = quick_props(b, code, props);
    return quick != KIND_NONE ? quick : slow_props(b, code, props);
}

static void end_row(struct builder *b, u32 kind, str message)
{
    u32 i = b->rows++;
    b->kind[i] = (u8)kind;
    b->kinds[kind].kind.rows++;
    b->message[i] = text_keep(b, message);
    b->message_bytes += message.n;
    b->cell_at[b->rows] = (u32)(b->cells.n / sizeof(u64));
}

bool builder_add(struct builder *b, const struct event *ev)
{
    u32 i = b->rows, kind = take_props(b, ev->code, ev->props);
    if (kind == KIND_NONE) return false;
    b->time[i] = (u64)ev->occurred_ms;
    b->order[i] = ev->order;
    b->received[i] = (u64)ev->received_ms;
    b->persona[i] = ev->persona;
    b->source[i] = ev->source;
    b->flags[i] = ev->flags;
    end_row(b, kind, ev->message_id);
    return true;
}

/* ---- a row from a block ---- */

static struct taken *taken_from(struct builder *b, const struct block *block, u32 from)
{
    MUST(from < BUILDER_SOURCES);
    struct taken *t = b->taken[from];
    if (!t) t = b->taken[from] = mem_zalloc(sizeof *t);
    if (t->file != block->s) {
        u64 bytes;
        free(t->numbers);
        sealed_section(block->s, SECTION_TEXT_ENDS, &bytes);
        t->numbers = mem_zalloc(bytes + sizeof(u32));
        t->file = block->s;
        t->is_set = false;
    }
    if (!t->is_set || t->index != block->index) {
        const struct packed *c = &block->head->row[ROW_KIND];
        unpack_u8(block->p + c->at, c->width, 0, block->head->rows, t->kinds);
        t->index = block->index;
        t->next = block->first;
        t->is_set = true;
        t->block = UINT32_MAX;
        memset(t->ranks, 0, sizeof t->ranks);
        memset(t->columns, 0, sizeof t->columns);
    }
    if (t->block != b->block) {
        memset(t->kinds_to, 0xFF, sizeof t->kinds_to);
        t->block = b->block;
    }
    return t;
}

static u32 rank_of(struct taken *t, struct block *block, u32 row, u32 kind)
{
    if (UNLIKELY(row < t->next)) return block_rank(block, row, kind);
    for (; t->next < row; t->next++) t->ranks[t->kinds[t->next - block->first]]++;
    return t->ranks[kind];
}

static u64 text_from(struct builder *b, struct taken *t, const struct block *block, u32 property,
                     const struct packed *c, u32 rank)
{
    if (c->mode == COLUMN_HEAP) return text_cell(b, property, block_text(block, c, rank));
    u64 number = packed_get(block, c, rank);
    if (number < SEALED_TEXTS_MAX) {
        u64 bytes;
        sealed_section(block->s, SECTION_TEXT_ENDS, &bytes);
        MUST(number + 1 < bytes / sizeof(u32));
        if (LIKELY(t->numbers[number])) {
            texts_note(b->texts, property);
            return TEXT_BIT | (t->numbers[number] - 1);
        }
    }
    u64 cell = text_cell(b, property, block_text(block, c, rank));
    if (cell & TEXT_BIT) t->numbers[number] = (u32)cell + 1;
    return cell;
}

static void take_cells(struct builder *b, struct taken *t, const struct block *block, u32 kind,
                       u32 rank)
{
    const struct block_kind *k = block_kind(block, kind);
    const struct block_field *f = block_fields(block, k);
    const struct packed *c = t->columns[kind];
    if (!c) c = t->columns[kind] = block_columns(block, k);
    u64 *out = (u64 *)(void *)buf_room(&b->cells, 2 * (size_t)k->field_count * sizeof(u64) + 1);
    u32 n = 0;
    MUST(rank < k->rows && out);
    for (u32 i = 0; i < k->field_count; i++) {
        u32 type = f[i].type;
        if (type == VALUE_NULL) continue;
        bool is_number = type == FIELD_BOOL || type == VALUE_INT || type == VALUE_FIXED ||
                         type == VALUE_DATE || type == VALUE_TIME;
        if (is_number) out[n++] = packed_get(block, c++, rank);
        if (type == FIELD_BYTES)
            out[n++] = text_keep(b, block_text(block, c++, rank));
        else if (!is_number || type == VALUE_DATE || type == VALUE_TIME)
            out[n++] = text_from(b, t, block, f[i].property, c++, rank);
    }
    b->cells.n += n * sizeof(u64);
}

bool builder_add_row(struct builder *b, struct block *block, u32 row, u32 from, i64 young_from)
{
    struct taken *t = taken_from(b, block, from);
    u32 i = b->rows, kind = t->kinds[row - block->first], to = t->kinds_to[kind];
    if (to == KIND_NONE) {
        const struct block_kind *k = block_kind(block, kind);
        to = kind_of(b, k->code, block_fields(block, k), k->field_count);
        if (to == KIND_NONE) return false;
        t->kinds_to[kind] = (u16)to;
    }
    if (block_kind(block, kind)->field_count)
        take_cells(b, t, block, kind, rank_of(t, block, row, kind));
    u32 run = block_run(block, row);
    const struct packed *c = block->head->run;
    b->time[i] = (u64)block_occurred(block, row);
    b->order[i] = block_order(block, row);
    b->received[i] = (u64)block_received(block, row);
    b->persona[i] = (u32)packed_get(block, &c[RUN_PERSONA], run);
    b->source[i] = (u32)packed_get(block, &c[RUN_SOURCE], run);
    b->flags[i] = (u32)packed_get(block, &c[RUN_FLAGS], run);
    bool is_young = (i64)b->received[i] > young_from;
    end_row(b, to, is_young ? block_message(block, row) : (str){0});
    return true;
}

/* ---- the end: columns ---- */

/* The least value, and the width that the largest difference from it takes. */
static struct packed describe(const u64 *values, u32 n, bool is_signed)
{
    u64 turn = is_signed ? 1ull << 63 : 0, low = UINT64_MAX, high = 0;
    for (u32 i = 0; i < n; i++) {
        u64 v = values[i] ^ turn;
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    if (n == 0) low = high = turn;
    return (struct packed){.base = low ^ turn, .width = (u16)pack_width(high - low)};
}

/* Appends packed numbers to the block. */
static void put_column(struct builder *b, struct packed *c, const u64 *values, u32 n)
{
    size_t bytes = pack_bytes(c->width, n);
    c->at = (u32)b->packed.n;
    char *p = buf_room(&b->packed, bytes + 2 * PACK_SLACK);
    MUST(p);
    memset(p, 0, bytes + 2 * PACK_SLACK);
    pack_put((u8 *)p, c->width, values, c->base, n);
    b->packed.n += bytes;
}

static str cell_text(const struct builder *b, u64 cell)
{
    if (cell & TEXT_BIT) return texts_at(b->texts, (u32)cell);
    return (str){b->heap.p + (cell >> LENGTH_BITS), cell & ((1u << LENGTH_BITS) - 1)};
}

/* Texts that are not all among the file's: to the heap, with where the first begins and each ends.
 */
static void put_heap_column(struct builder *b, struct packed *c, const u64 *cells, u32 n)
{
    b->values[0] = b->texts_out.n;
    for (u32 i = 0; i < n; i++) {
        buf_put(&b->texts_out, cell_text(b, cells[i]));
        b->values[i + 1] = b->texts_out.n;
    }
    *c = describe(b->values, n + 1, false);
    c->mode = COLUMN_HEAP;
    put_column(b, c, b->values, n + 1);
}

static void put_text_column(struct builder *b, struct packed *c, u64 *cells, u32 n)
{
    bool all = true;
    for (u32 i = 0; i < n; i++) all = all && cells[i] & TEXT_BIT;
    if (!all) {
        put_heap_column(b, c, cells, n);
        return;
    }
    for (u32 i = 0; i < n; i++) cells[i] &= ~TEXT_BIT;
    *c = describe(cells, n, false);
    c->mode = COLUMN_TEXTS;
    put_column(b, c, cells, n);
}

static void put_number_column(struct builder *b, struct packed *c, const u64 *cells, u32 n)
{
    *c = describe(cells, n, true);
    put_column(b, c, cells, n);
}

/* Deals the cells out: those of one column after another, each in the order of rows. */
static u64 *deal_cells(struct builder *b)
{
    u64 at = 0;
    u32 column = 0, first[BLOCK_KINDS], met[BLOCK_KINDS] = {0};
    const u64 *cells = (const u64 *)(const void *)b->cells.p;
    buf_reset(&b->sorted);
    u64 *out = (u64 *)(void *)buf_room(&b->sorted, b->cells.n + 1);
    for (u32 k = 0; k < b->kind_count; k++) {
        struct block_kind *kind = &b->kinds[k].kind;
        u32 n = kind->column;
        first[k] = kind->column = column;
        for (; n; n--, at += kind->rows) b->starts[column++] = at;
    }
    b->starts[column] = at;
    for (u32 i = 0; i < b->rows; i++) {
        u32 kind = b->kind[i], rank = met[kind]++, n = b->cell_at[i + 1] - b->cell_at[i];
        const u64 *from = cells + b->cell_at[i];
        for (u32 c = 0; c < n; c++) out[b->starts[first[kind] + c] + rank] = from[c];
    }
    return out;
}

static void put_kind_columns(struct builder *b, const struct block_kind *k, u64 *sorted)
{
    u32 at = k->column;
    for (u32 i = 0; i < k->field_count; i++) {
        u32 type = b->fields[k->field + i].type;
        bool is_number = type == FIELD_BOOL || type == VALUE_INT || type == VALUE_FIXED ||
                         type == VALUE_DATE || type == VALUE_TIME;
        if (type == VALUE_NULL) continue;
        if (is_number) {
            put_number_column(b, &b->columns[at], sorted + b->starts[at], k->rows);
            at++;
        }
        if (!is_number || type == VALUE_DATE || type == VALUE_TIME) {
            put_text_column(b, &b->columns[at], sorted + b->starts[at], k->rows);
            at++;
        }
    }
}

/* ---- the end: rows and runs ---- */

static void find_runs(struct builder *b)
{
    const u64 places = (1ull << BLOCK_PLACES) - 1;
    b->runs = 0;
    memset(b->bits, 0, sizeof b->bits);
    for (u32 i = 0; i < b->rows; i++) {
        bool goes_on = i && b->order[i] == b->order[i - 1] + 1 &&
                       b->received[i] == b->received[i - 1] && b->persona[i] == b->persona[i - 1] &&
                       b->source[i] == b->source[i - 1] && b->flags[i] == b->flags[i - 1];
        if (goes_on) continue;
        b->bits[i / 64] |= 1ull << i % 64;
        u64 run[RUN_COLUMNS] = {[RUN_RECORD] = b->order[i] >> BLOCK_PLACES,
                                [RUN_PLACE] = b->order[i] & places,
                                [RUN_RECEIVED] = b->received[i],
                                [RUN_PERSONA] = b->persona[i],
                                [RUN_SOURCE] = b->source[i],
                                [RUN_FLAGS] = b->flags[i]};
        for (u32 c = 0; c < RUN_COLUMNS; c++) b->run[c][b->runs] = run[c];
        b->runs++;
    }
}

/* Received: as it is, or after the run's first row occurred; what takes fewer bits. */
static void put_received(struct builder *b, struct block_head *h)
{
    struct packed *c = &h->run[RUN_RECEIVED];
    u32 run = 0;
    for (u32 i = 0; i < b->rows; i++)
        if (b->bits[i / 64] >> i % 64 & 1) {
            b->values[run] = b->received[i] - b->time[i];
            run++;
        }
    *c = describe(b->run[RUN_RECEIVED], b->runs, true);
    struct packed lag = describe(b->values, b->runs, true);
    h->is_lag = lag.width < c->width;
    if (h->is_lag) *c = lag;
    put_column(b, c, h->is_lag ? b->values : b->run[RUN_RECEIVED], b->runs);
}

static void put_runs(struct builder *b, struct block_head *h)
{
    for (u32 c = 0; c < RUN_COLUMNS; c++) {
        if (c == RUN_RECEIVED) continue;
        h->run[c] = describe(b->run[c], b->runs, false);
        put_column(b, &h->run[c], b->run[c], b->runs);
    }
    put_received(b, h);
}

/* The time in whole seconds where all are. */
static void put_time(struct builder *b, struct block_head *h)
{
    struct packed c = describe(b->time, b->rows, true);
    bool whole = true;
    for (u32 i = 0; i < b->rows; i++) whole &= (b->time[i] - c.base) % 1000 == 0;
    h->time_unit = whole ? 1000 : 1;
    u64 most = 0;
    for (u32 i = 0; i < b->rows; i++) {
        b->values[i] = (b->time[i] - c.base) / h->time_unit;
        most = b->values[i] > most ? b->values[i] : most;
    }
    h->row[ROW_TIME] = (struct packed){.width = (u16)pack_width(most)};
    put_column(b, &h->row[ROW_TIME], b->values, b->rows);
    h->row[ROW_TIME].base = c.base;
}

static void put_rows(struct builder *b, struct block_head *h)
{
    put_time(b, h);
    for (u32 i = 0; i < b->rows; i++) b->values[i] = b->kind[i];
    h->row[ROW_KIND] = (struct packed){.width = (u16)pack_width(b->kind_count - 1)};
    put_column(b, &h->row[ROW_KIND], b->values, b->rows);
    h->has_messages = b->message_bytes > 0;
    h->row[ROW_MESSAGE] = (struct packed){.mode = COLUMN_HEAP};
    if (h->has_messages) put_heap_column(b, &h->row[ROW_MESSAGE], b->message, b->rows);
}

/* ---- the end: the frame ---- */

static u32 put_part(struct builder *b, const void *p, size_t n, u32 align)
{
    static const char ZEROS[8];
    buf_put(&b->packed, (str){ZEROS, (0 - b->packed.n) % align});
    u32 at = (u32)b->packed.n;
    if (n) buf_put(&b->packed, (str){p, n});
    return at;
}

static void put_counts(struct builder *b, struct block_head *h)
{
    u16 ranks[BLOCK_ROWS / 64], counts[BLOCK_KINDS] = {0};
    u32 words = (b->rows + 63) / 64, runs = 0;
    for (u32 i = 0; i < words; i++) {
        ranks[i] = (u16)runs;
        runs += (u32)__builtin_popcountll(b->bits[i]);
    }
    h->bits_at = put_part(b, b->bits, words * sizeof(u64), 8);
    h->ranks_at = put_part(b, ranks, words * sizeof(u16), 2);
    h->counts_at = put_part(b, NULL, 0, 2);
    for (u32 i = 0; i <= b->rows; i++) {
        if (i % BLOCK_COUNTED == 0) put_part(b, counts, b->kind_count * sizeof(u16), 2);
        if (i < b->rows) counts[b->kind[i]]++;
    }
}

static void put_frame(struct builder *b, struct block_head *h)
{
    h->kinds_at = put_part(b, NULL, 0, 8);
    for (u32 k = 0; k < b->kind_count; k++)
        put_part(b, &b->kinds[k].kind, sizeof(struct block_kind), 8);
    h->fields_at = put_part(b, b->fields, b->field_count * sizeof b->fields[0], 8);
    h->columns_at = put_part(b, b->columns, b->column_count * sizeof b->columns[0], 8);
    put_counts(b, h);
    h->heap_at = put_part(b, b->texts_out.p, b->texts_out.n, 1);
    static const char ZEROS[2 * PACK_SLACK];
    buf_put(&b->packed, (str){ZEROS, PACK_SLACK});
    buf_put(&b->packed, (str){ZEROS, (0 - b->packed.n) % 8});
    MUST(!b->packed.full && b->packed.n <= UINT32_MAX);
    memcpy(b->packed.p, h, sizeof *h);
}

static void describe_block(const struct builder *b, struct sealed_block *e)
{
    *e = (struct sealed_block){.bytes = (u32)b->packed.n,
                               .occurred_min = INT64_MAX,
                               .occurred_max = INT64_MIN,
                               .order_min = UINT64_MAX,
                               .code_min = UINT32_MAX};
    for (u32 i = 0; i < b->rows; i++) {
        e->occurred_min = min_i64(e->occurred_min, (i64)b->time[i]);
        e->occurred_max = max_i64(e->occurred_max, (i64)b->time[i]);
        e->order_min = b->order[i] < e->order_min ? b->order[i] : e->order_min;
        e->order_max = b->order[i] > e->order_max ? b->order[i] : e->order_max;
    }
    for (u32 k = 0; k < b->kind_count; k++) {
        u32 code = b->kinds[k].kind.code;
        if (code < e->code_min) e->code_min = code;
        if (code > e->code_max) e->code_max = code;
        e->codes |= 1ull << code % 64;
    }
}

static void empty(struct builder *b)
{
    buf_reset(&b->cells), buf_reset(&b->heap), buf_reset(&b->texts_out);
    memset(b->kind_slots, 0, sizeof b->kind_slots);
    b->rows = b->kind_count = b->field_count = b->column_count = 0;
    b->message_bytes = 0;
    b->block++;
}

str builder_end(struct builder *b, struct sealed_block *entry)
{
    struct block_head h = {.rows = b->rows,
                           .kinds = b->kind_count,
                           .fields = b->field_count,
                           .columns = b->column_count};
    MUST(b->rows);
    buf_reset(&b->packed);
    put_part(b, &h, sizeof h, 8);
    find_runs(b);
    h.runs = b->runs;
    put_rows(b, &h);
    put_runs(b, &h);
    u64 *sorted = deal_cells(b);
    for (u32 k = 0; k < b->kind_count; k++) put_kind_columns(b, &b->kinds[k].kind, sorted);
    put_frame(b, &h);
    describe_block(b, entry);
    empty(b);
    return buf_str(&b->packed);
}
