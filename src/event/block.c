/* block.c — reading a block: opening it, finding a row's run and rank, putting properties together
 * again. */
#include "event/block.h"

#include "base/bytes.h"
#include "base/mem.h"

/* ---- opening ---- */

static bool lies_in(const struct block *b, u64 at, u64 bytes)
{
    return at <= b->bytes - PACK_SLACK && bytes <= b->bytes - PACK_SLACK - at;
}

static bool column_lies_in(const struct block *b, const struct packed *c, u64 n)
{
    return pack_width_valid(c->width) && c->mode < COLUMN_MODES &&
           lies_in(b, c->at, pack_bytes(c->width, n));
}

static u32 word_count(u32 rows)
{
    return (rows + 63) / 64;
}

static bool frame_holds(const struct block *b)
{
    const struct block_head *h = b->head;
    u32 words = word_count(h->rows), counted = h->rows / BLOCK_COUNTED + 1;
    if (h->rows != b->end - b->first || h->rows > BLOCK_ROWS || h->runs == 0 || h->runs > h->rows ||
        h->kinds == 0 || h->kinds > BLOCK_KINDS || h->kinds_at % 8 || h->fields_at % 8 ||
        h->columns_at % 8 || h->bits_at % 8 || h->ranks_at % 2 || h->counts_at % 2)
        return false;
    if (!lies_in(b, h->kinds_at, (u64)h->kinds * sizeof(struct block_kind)) ||
        !lies_in(b, h->fields_at, (u64)h->fields * sizeof(struct block_field)) ||
        !lies_in(b, h->columns_at, (u64)h->columns * sizeof(struct packed)) ||
        !lies_in(b, h->bits_at, (u64)words * sizeof(u64)) ||
        !lies_in(b, h->ranks_at, (u64)words * sizeof(u16)) ||
        !lies_in(b, h->counts_at, (u64)counted * h->kinds * sizeof(u16)) ||
        !lies_in(b, h->heap_at, 0))
        return false;
    for (u32 c = 0; c < ROW_COLUMNS; c++)
        if (!column_lies_in(b, &h->row[c], h->rows + (c == ROW_MESSAGE))) return false;
    for (u32 c = 0; c < RUN_COLUMNS; c++)
        if (!column_lies_in(b, &h->run[c], h->runs)) return false;
    return h->row[ROW_KIND].width <= 8;
}

bool block_open(struct block *b, const struct sealed *s, u32 index)
{
    u64 all;
    const u8 *rows = sealed_section(s, SECTION_ROWS, &all);
    const struct sealed_block *e = sealed_block_at(s, index);
    *b = (struct block){.s = s, .index = index, .first = e->first_row, .end = s->head.rows};
    if (index + 1 < sealed_blocks(s)) b->end = sealed_block_at(s, index + 1)->first_row;
    if (e->offset % 8 || e->offset > all || e->bytes > all - e->offset || b->end <= b->first ||
        e->bytes < sizeof *b->head + PACK_SLACK)
        return false;
    b->p = rows + e->offset;
    b->bytes = e->bytes;
    b->head = (const void *)b->p;
    b->run_row = b->first - 1;
    b->run = b->group = UINT32_MAX;
    sealed_touch(s, b->p, e->bytes);
    return frame_holds(b);
}

void block_at(struct block *b, const struct sealed *s, u32 row)
{
    if (LIKELY(b->s == s && row - b->first < b->end - b->first)) return;
    bool is_next = b->s == s && row == b->end;
    u32 index = is_next ? b->index + 1 : sealed_find_block(s, row);
    MUST(row < s->head.rows && block_open(b, s, index) && row - b->first < b->end - b->first);
}

/* ---- runs and ranks ---- */

u32 block_find_run(struct block *b, u32 row)
{
    u32 at = row - b->first;
    u16 rank;
    memcpy(&rank, b->p + b->head->ranks_at + at / 64 * sizeof rank, sizeof rank);
    u64 upto = block_bits(b)[at / 64] & ~0ull >> (63 - at % 64);
    b->run_row = row;
    b->run = rank + (u32)__builtin_popcountll(upto) - 1;
    MUST(b->run < b->head->runs);
    return b->run;
}

u32 block_run_first(const struct block *b, u32 row)
{
    u32 at = row - b->first, word = at / 64;
    u64 upto = block_bits(b)[word] & ~0ull >> (63 - at % 64);
    while (!upto && word) upto = block_bits(b)[--word];
    return b->first + word * 64 + (upto ? 63 - (u32)__builtin_clzll(upto) : 0);
}

u64 block_order(struct block *b, u32 row)
{
    u32 run = block_run(b, row);
    u64 record = packed_get(b, &b->head->run[RUN_RECORD], run),
        place = packed_get(b, &b->head->run[RUN_PLACE], run);
    return (record << BLOCK_PLACES | place) + (row - block_run_first(b, row));
}

i64 block_received(struct block *b, u32 row)
{
    u64 received = packed_get(b, &b->head->run[RUN_RECEIVED], block_run(b, row));
    if (b->head->is_lag) received += (u64)block_occurred(b, block_run_first(b, row));
    return (i64)received;
}

/* How many of n bytes are `wanted`; up to 15 behind them are read. */
static u32 count_of(const u8 *p, u32 n, u8 wanted)
{
    typedef u8 lanes __attribute__((vector_size(16)));
    lanes sum = {0}, all;
    u32 i = 0, count = 0;
    for (; i + sizeof all <= n; i += sizeof all) {
        memcpy(&all, p + i, sizeof all);
        sum -= (lanes)(all == wanted); /* at most BLOCK_COUNTED / 16 in a lane */
    }
    for (u32 k = 0; k < sizeof sum; k++) count += sum[k];
    for (; i < n; i++) count += p[i] == wanted;
    return count;
}

u32 block_rank(struct block *b, u32 row, u32 kind)
{
    const struct block_head *h = b->head;
    u32 at = row - b->first, group = at / BLOCK_COUNTED, first = group * BLOCK_COUNTED;
    u16 count;
    memcpy(&count, b->p + h->counts_at + (group * h->kinds + kind) * sizeof count, sizeof count);
    if (b->group != group) {
        const struct packed *c = &h->row[ROW_KIND];
        unpack_u8(b->p + c->at, c->width, first, min_u32(BLOCK_COUNTED, h->rows - first), b->kinds);
        b->group = group;
    }
    return count + count_of(b->kinds, at - first, (u8)kind);
}

/* ---- values ---- */

const struct block_kind *block_kind(const struct block *b, u32 kind)
{
    MUST(kind < b->head->kinds);
    return (const struct block_kind *)(const void *)(b->p + b->head->kinds_at) + kind;
}

const struct block_field *block_fields(const struct block *b, const struct block_kind *k)
{
    MUST((u32)k->field + k->field_count <= b->head->fields);
    return (const struct block_field *)(const void *)(b->p + b->head->fields_at) + k->field;
}

const struct packed *block_columns(const struct block *b, const struct block_kind *k)
{
    const struct block_field *f = block_fields(b, k);
    u32 n = 0;
    for (u32 i = 0; i < k->field_count; i++) n += field_columns(f[i].type);
    MUST(k->column <= b->head->columns && n <= b->head->columns - k->column);
    const struct packed *c =
        (const struct packed *)(const void *)(b->p + b->head->columns_at) + k->column;
    for (u32 i = 0; i < n; i++)
        MUST(column_lies_in(b, &c[i], k->rows + (c[i].mode == COLUMN_HEAP)));
    return c;
}

/* The same, looked at once while the block is open. */
static const struct packed *columns_of(struct block *b, const struct block_kind *k, u32 kind)
{
    u64 *proved = &b->proved[kind / 64], bit = 1ull << kind % 64;
    if (LIKELY(*proved & bit))
        return (const struct packed *)(const void *)(b->p + b->head->columns_at) + k->column;
    *proved |= bit;
    return block_columns(b, k);
}

static bool heap_text(const struct block *b, const struct packed *c, u64 i, str *out)
{
    u64 from = packed_get(b, c, i), to = packed_get(b, c, i + 1);
    u64 room = b->bytes - PACK_SLACK - b->head->heap_at;
    if (from > to || to > room) return false;
    *out = (str){(const char *)b->p + b->head->heap_at + from, to - from};
    return true;
}

static bool find_text(const struct block *b, const struct packed *c, u64 i, str *out)
{
    if (c->mode == COLUMN_HEAP) return heap_text(b, c, i, out);
    u64 number = packed_get(b, c, i);
    return c->mode == COLUMN_TEXTS && number < SEALED_TEXTS_MAX &&
           sealed_text(b->s, (u32)number, out);
}

str block_text(const struct block *b, const struct packed *c, u64 i)
{
    str text;
    MUST(find_text(b, c, i, &text));
    return text;
}

str block_message(const struct block *b, u32 row)
{
    if (!b->head->has_messages) return (str){0};
    str text;
    MUST(heap_text(b, &b->head->row[ROW_MESSAGE], row - b->first, &text));
    return text;
}

/* ---- a row put together ---- */

enum {
    SMALL = 512,
    NUMBER_BYTES = 1 + 3 * BYTES_VARINT_MAX /* type, code, number and length of a text, at most */
};

static const struct packed *text_column(const struct block_field *f, const struct packed *c)
{
    switch (f->type) {
    case FIELD_BOOL:
    case VALUE_NULL:
    case VALUE_INT:
    case VALUE_FIXED: return NULL;
    case VALUE_DATE:
    case VALUE_TIME: return c + 1;
    default: return c;
    }
}

/* Writes the field's value from its columns, of which `c` is the first. */
static u8 *put_field(const struct block *b, u8 *p, const struct block_field *f,
                     const struct packed *c, u32 rank, str text)
{
    p = bytes_put_varint(p, f->property);
    switch (f->type) {
    case FIELD_BOOL: *p++ = packed_get(b, c, rank) ? VALUE_TRUE : VALUE_FALSE; break;
    case VALUE_NULL: *p++ = VALUE_NULL; break;
    case VALUE_INT:
    case VALUE_FIXED:
        *p++ = (u8)f->type;
        p = bytes_put_zigzag(p, (i64)packed_get(b, c, rank));
        break;
    case VALUE_DATE:
    case VALUE_TIME:
        *p++ = (u8)f->type;
        p = bytes_put_zigzag(p, (i64)packed_get(b, c, rank));
        p = bytes_put_str(p, text);
        break;
    default: *p++ = (u8)f->type; p = bytes_put_str(p, text);
    }
    return p;
}

/* The properties, at `to` if they fit into `room`; else only what they take, about. */
static size_t try_props(const struct block *b, const struct block_kind *k, const struct packed *c,
                        u32 rank, u8 *to, size_t room)
{
    const struct block_field *f = block_fields(b, k);
    size_t need = 0;
    u8 *p = to;
    for (u32 i = 0; i < k->field_count; c += field_columns(f[i++].type)) {
        const struct packed *from = text_column(&f[i], c);
        str text = from ? block_text(b, from, rank) : (str){0};
        need += NUMBER_BYTES + text.n;
        if (need <= room) p = put_field(b, p, &f[i], c, rank, text);
    }
    return need <= room ? (size_t)(p - to) : need;
}

static str put_props(struct block *b, u32 row, struct arena *arena)
{
    u32 kind = block_row_kind(b, row);
    const struct block_kind *k = block_kind(b, kind);
    if (k->field_count == 0) return (str){0};
    const struct packed *c = columns_of(b, k, kind);
    u32 rank = block_rank(b, row, kind);
    MUST(rank < k->rows);
    if (block_fields(b, k)[0].type == FIELD_BYTES) return block_text(b, c, rank);
    u8 small[SMALL], *to;
    size_t n = try_props(b, k, c, rank, small, sizeof small);
    if (n <= sizeof small) return arena_str(arena, (str){(const char *)small, n});
    to = arena_alloc(arena, n);
    return (str){(const char *)to, try_props(b, k, c, rank, to, n)};
}

void block_event_bare(struct block *b, u32 row, event_persona persona, i64 occurred, u64 order,
                      struct event *out)
{
    u32 run = block_run(b, row);
    *out = (struct event){.persona = persona,
                          .code = block_code(b, row),
                          .source = (u32)packed_get(b, &b->head->run[RUN_SOURCE], run),
                          .flags = (u32)packed_get(b, &b->head->run[RUN_FLAGS], run),
                          .occurred_ms = occurred,
                          .received_ms = block_received(b, row),
                          .order = order};
}

void block_event(struct block *b, u32 row, struct arena *arena, struct event *out)
{
    event_persona persona = block_persona(b, row);
    block_event_bare(b, row, persona, block_occurred(b, row), block_order(b, row), out);
    block_fill(b, row, arena, out);
}

void block_fill(struct block *b, u32 row, struct arena *arena, struct event *out)
{
    out->message_id = block_message(b, row);
    out->props = put_props(b, row, arena);
}

u32 sealed_lower(struct block *b, const struct sealed *s, u32 from, u32 to, i64 when)
{
    while (from < to) {
        u32 middle = from + (to - from) / 2;
        block_at(b, s, middle);
        if (block_occurred(b, middle) < when)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* ---- proving all of it ---- */

static bool texts_are_sound(const struct block *b, const struct packed *c, u32 n)
{
    str text;
    for (u32 i = 0; i < n; i++)
        if (!find_text(b, c, i, &text)) return false;
    return true;
}

static bool field_is_sound(const struct block *b, const struct block_field *f,
                           const struct packed *c, u32 rows, bool is_alone)
{
    u32 n = field_columns(f->type);
    for (u32 i = 0; i < n; i++)
        if (!column_lies_in(b, &c[i], rows + (c[i].mode == COLUMN_HEAP))) return false;
    switch (f->type) {
    case VALUE_NULL: return true;
    case FIELD_BOOL:
    case VALUE_INT:
    case VALUE_FIXED: return c->mode == COLUMN_NUMBERS;
    case VALUE_DATE:
    case VALUE_TIME: return c->mode == COLUMN_NUMBERS && texts_are_sound(b, c + 1, rows);
    case VALUE_NUMBER:
    case VALUE_TEXT:
    case VALUE_LIST:
    case VALUE_MAP: return texts_are_sound(b, c, rows);
    case FIELD_BYTES: return is_alone && texts_are_sound(b, c, rows);
    default: return false;
    }
}

static bool kind_is_sound(const struct block *b, const struct block_kind *k, u32 *rows)
{
    const struct block_head *h = b->head;
    *rows += k->rows;
    if ((u32)k->field + k->field_count > h->fields || k->rows > h->rows) return false;
    const struct block_field *f = block_fields(b, k);
    u32 column = k->column;
    for (u32 i = 0; i < k->field_count; i++) {
        u32 n = field_columns(f[i].type);
        if (column > h->columns || n > h->columns - column) return false;
        const struct packed *c =
            (const struct packed *)(const void *)(b->p + h->columns_at) + column;
        if (!field_is_sound(b, &f[i], c, k->rows, k->field_count == 1)) return false;
        column += n;
    }
    return true;
}

static bool runs_are_sound(const struct block *b)
{
    u32 runs = 0, rows = b->head->rows;
    if (!(block_bits(b)[0] & 1)) return false;
    for (u32 i = 0; i < word_count(rows); i++) {
        u64 word = block_bits(b)[i];
        u16 rank;
        memcpy(&rank, b->p + b->head->ranks_at + i * sizeof rank, sizeof rank);
        if (rank != runs) return false;
        if (i == rows / 64 && word >> rows % 64) return false;
        runs += (u32)__builtin_popcountll(word);
    }
    return runs == b->head->runs;
}

static bool ranks_are_sound(const struct block *b)
{
    const struct block_head *h = b->head;
    u32 seen[BLOCK_KINDS + 1] = {0};
    for (u32 i = 0; i < h->rows; i++) {
        u64 kind = packed_get(b, &h->row[ROW_KIND], i);
        for (u32 k = 0; i % BLOCK_COUNTED == 0 && k < h->kinds; k++) {
            u16 count;
            memcpy(&count, b->p + h->counts_at + (i / BLOCK_COUNTED * h->kinds + k) * sizeof count,
                   sizeof count);
            if (count != seen[k]) return false;
        }
        if (kind >= h->kinds) return false;
        seen[kind]++;
    }
    for (u32 k = 0; k < h->kinds; k++)
        if (seen[k] != block_kind(b, k)->rows) return false;
    return true;
}

bool block_is_sound(struct block *b)
{
    const struct block_head *h = b->head;
    u32 rows = 0;
    str text;
    for (u32 k = 0; k < h->kinds; k++)
        if (!kind_is_sound(b, block_kind(b, k), &rows)) return false;
    for (u32 i = 0; h->has_messages && i < h->rows; i++)
        if (!heap_text(b, &h->row[ROW_MESSAGE], i, &text)) return false;
    return rows == h->rows && runs_are_sound(b) && ranks_are_sound(b);
}
