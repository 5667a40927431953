/* column.c — where attributes lie that many customers have: cells of equal width, 448 to a chunk.
 *
 *   attribute ─tree─► chunk of 448 personas: kind, first line ─► lines of 56 bytes of cells
 *                     or, while few have it: how many lists hold a value
 *
 * A value begins in its customer's packed list. When a sixteenth of a chunk's personas have one,
 * the chunk gets cells and takes them over: dense attributes cost their cell, sparse ones only
 * those who have them, and no attribute needs to be declared as either. Each chunk has the kind of
 * cell its values need, from one byte of dictionary code to eight of number or time; one that does
 * not fit widens the chunk (448 cells at most, never the column) or, if no kind suits, lies in its
 * customer's list: the cell then says ELSEWHERE. A cell is 0 where there is no value. */
#include "customer/customer_internal.h"

typedef enum {
    KIND_NONE, /* no cells: the entry counts values in lists */
    KIND_CODE8,
    KIND_CODE16,
    KIND_STRING,
    KIND_INT32,
    KIND_INT64,
    KIND_FIXED32,
    KIND_FIXED64,
    KIND_TIME,
    KIND_COUNT
} kind;

static const u8 WIDTH[KIND_COUNT] = {0, 1, 2, 4, 4, 8, 4, 8, 8};
/* Small numbers are shifted, so that 0 and the highest cell stay free and a few negative ones fit.
 */
enum { INT_SHIFT = 1 << 24, FIXED_SHIFT = 1 << 28 };

enum { LINE_BYTES = 56, DENSE = CHUNK / 16, ENTRY_KIND = 28 };

struct line_row {
    u64 version;
    u8 cells[LINE_BYTES];
};
_Static_assert(CHUNK == 8 * LINE_BYTES && sizeof(struct line_row) == 64, "");

/* The cells of one chunk of one attribute. */
struct chunk {
    kind kind;
    u32 first; /* line; of KIND_NONE: the count */
};

static struct chunk chunk_of(const struct customer_view *v, const struct attribute_row *a, u32 at)
{
    u32 entry = tree_get(v, a->chunks, at);
    return (struct chunk){entry >> ENTRY_KIND, entry & ((1u << ENTRY_KIND) - 1)};
}

static void set_chunk(struct customers *c, struct attribute_row *a, u32 at, struct chunk chunk)
{
    tree_set(c, &a->chunks, at, (u32)chunk.kind << ENTRY_KIND | chunk.first);
}

static u64 elsewhere(kind k)
{
    return ~0ull >> (64 - 8 * WIDTH[k]);
}

/* ---- lines ---- */

static u64 cell_read(const struct customer_view *v, struct chunk chunk, u32 i)
{
    struct line_row copy;
    u32 width = WIDTH[chunk.kind], per_line = LINE_BYTES / width;
    const struct line_row *line = view_in(v, v->c->lines, chunk.first + i / per_line, &copy);
    u64 cell = 0;
    if (line) memcpy(&cell, line->cells + i % per_line * width, width);
    return cell;
}

static void cell_write(struct customers *c, struct chunk chunk, u32 i, u64 cell)
{
    u32 width = WIDTH[chunk.kind], per_line = LINE_BYTES / width;
    struct line_row *line = table_edit(c->lines, chunk.first + i / per_line);
    memcpy(line->cells + i % per_line * width, &cell, width);
}

static u32 size_class(kind k)
{
    return (u32)__builtin_ctz(WIDTH[k]);
}

/* Free extents of a size are chained through the first cells of their first lines. */
static u32 take_extent(struct customers *c, kind k)
{
    u32 first = meta_at(c)->extents[size_class(k)], next;
    if (first) {
        struct line_row *line = table_edit(c->lines, first);
        memcpy(&next, line->cells, sizeof next);
        memset(line->cells, 0, sizeof next);
        meta_edit(c)->extents[size_class(k)] = next;
        return first;
    }
    first = table_count(c->lines);
    MUST(first + 8u * WIDTH[k] < LINES_MAX);
    for (u32 i = 0; i < 8u * WIDTH[k]; i++) table_claim(c->lines, first + i);
    return first;
}

static void give_extent(struct customers *c, struct chunk chunk)
{
    for (u32 i = 0; i < 8u * WIDTH[chunk.kind]; i++) {
        struct line_row *line = table_edit(c->lines, chunk.first + i);
        memset(line->cells, 0, LINE_BYTES);
    }
    struct meta_row *meta = meta_edit(c);
    u32 *head = &meta->extents[size_class(chunk.kind)];
    struct line_row *line = table_edit(c->lines, chunk.first);
    memcpy(line->cells, head, sizeof *head);
    *head = chunk.first;
}

/* ---- values as cells ---- */

static value decode(const struct customer_view *v, const struct attribute_row *a, kind k, u64 cell)
{
    i64 n;
    switch (k) {
    case KIND_CODE8:
    case KIND_CODE16: return value_of(word_view(v, a, (u32)cell));
    case KIND_STRING: return value_of(heap_view(v->c->text, (u32)cell));
    case KIND_INT32: return value_int((i64)cell - INT_SHIFT - 1);
    case KIND_INT64: return value_int((i64)(cell ^ 1ull << 63));
    case KIND_FIXED32:
    case KIND_FIXED64:
        n = k == KIND_FIXED32 ? (i64)cell - FIXED_SHIFT - 1 : (i64)(cell ^ 1ull << 63);
        return n % FIXED_ONE ? value_fixed(n) : value_int(n / FIXED_ONE);
    case KIND_TIME:
        return (value){
            .type = VALUE_TIME, .n = moment_ms(cell), .text = moment_text(cell, scratch_text())};
    default: return value_missing();
    }
}

static bool number_cell(kind k, i64 n, i64 shift, u64 *cell)
{
    if (WIDTH[k] == 8) {
        *cell = (u64)n ^ 1ull << 63;
    } else {
        if (n < -shift || n >= UINT32_MAX - shift - 1) return false;
        *cell = (u64)(n + shift + 1);
    }
    return *cell != 0 && *cell != elsewhere(k);
}

/* The cell of a value; false if this kind does not hold it. What it takes (a word, a string) is
 * given back by release. */
static bool encode(struct customers *c, u32 attribute, struct attribute_row *a, kind k, value v,
                   u64 *cell)
{
    i64 n = v.n;
    switch (k) {
    case KIND_CODE8:
        return (*cell = word_take(c, attribute, a, value_bytes(c, v), UINT8_MAX - 1)) != 0;
    case KIND_CODE16:
        return (*cell = word_take(c, attribute, a, value_bytes(c, v), WORDS_MAX)) != 0;
    case KIND_STRING:
        *cell = heap_put(c->text, value_bytes(c, v));
        MUST(*cell != elsewhere(k));
        return true;
    case KIND_INT32:
    case KIND_INT64: return v.type == VALUE_INT && number_cell(k, n, INT_SHIFT, cell);
    case KIND_FIXED32:
    case KIND_FIXED64:
        if (v.type == VALUE_INT && __builtin_mul_overflow(n, FIXED_ONE, &n)) return false;
        return (v.type == VALUE_INT || v.type == VALUE_FIXED) &&
               number_cell(k, n, FIXED_SHIFT, cell);
    case KIND_TIME: return v.type == VALUE_TIME && moment_pack(v.n, v.text, cell);
    default: return false;
    }
}

static void release(struct customers *c, u32 attribute, struct attribute_row *a, kind k, u64 cell)
{
    if (cell == 0 || cell == elsewhere(k)) return;
    if (k == KIND_CODE8 || k == KIND_CODE16) word_drop(c, attribute, a, (u32)cell);
    if (k == KIND_STRING) heap_retire(c->text, (u32)cell);
}

/* The kind for values of the attribute's type when a dictionary does not pay. */
static kind kind_of_type(const struct attribute_row *a)
{
    switch (a->type) {
    case ATTRIBUTE_INT: return KIND_INT32;
    case ATTRIBUTE_DECIMAL: return KIND_FIXED32;
    case ATTRIBUTE_TIME: return KIND_TIME;
    default: return KIND_STRING;
    }
}

static bool has_words(u32 attribute, const struct attribute_row *a)
{
    return attribute >> 16 == 0 && !(a->flags & (COLUMN_NO_WORDS | COLUMN_PERSONAL));
}

static kind first_kind(u32 attribute, const struct attribute_row *a)
{
    if (!has_words(attribute, a)) return kind_of_type(a);
    return a->word_count < UINT8_MAX - 1 ? KIND_CODE8 : KIND_CODE16;
}

/* The next kind to try for a value this one does not hold; the same if there is none better. */
static kind wider(struct customers *c, u32 attribute, const struct attribute_row *a, kind k,
                  value v)
{
    bool number = v.type == VALUE_INT || v.type == VALUE_FIXED;
    switch (k) {
    case KIND_CODE8:
    case KIND_CODE16:
        if (!has_words(attribute, a)) return kind_of_type(a);
        return value_bytes(c, v).n > WORD_BYTES_MAX ? k : KIND_CODE16;
    case KIND_INT32:
        if (v.type == VALUE_INT) return KIND_INT64;
        return number ? KIND_FIXED64 : k;
    case KIND_INT64: return v.type == VALUE_FIXED ? KIND_FIXED64 : k;
    case KIND_FIXED32: return number ? KIND_FIXED64 : k;
    default: return k;
    }
}

/* ---- between lists and cells ---- */

/* Into the list of a customer whose cell cannot hold it; her entry keeps its time. */
static void put_in_list(struct customers *c, u32 attribute, persona p, value v)
{
    struct customer_row *row = customer_edit(c, p);
    struct field f;
    if (!field_find(values_of(c, row), attribute, &f))
        f = (struct field){.key = attribute, .when = written(row), .expires = NEVER};
    str bytes = value_bytes(c, v);
    if (bytes.n > INLINE_MAX || !values_have_room(c, row)) {
        f.flags = FIELD_STRING;
        f.handle = heap_put(c->text, bytes);
    } else {
        f.flags = FIELD_INLINE;
        f.bytes = bytes;
    }
    values_put(c, row, &f, true);
}

/* The value in a customer's list goes into her cell, if it can. */
static void take_from_list(struct customers *c, u32 attribute, struct attribute_row *a,
                           struct chunk chunk, persona p)
{
    struct field f;
    u64 cell;
    if (!table_has(c->rows, p)) return;
    const struct customer_row *row = customer_at(c, p);
    if (row->head != p || !row->values || !field_find(values_of(c, row), attribute, &f)) return;
    if (!(f.flags & (FIELD_INLINE | FIELD_STRING))) return;
    value v = value_of(f.flags & FIELD_INLINE ? f.bytes : heap_view(c->text, f.handle));
    if (!encode(c, attribute, a, chunk.kind, v, &cell)) {
        cell_write(c, chunk, p % CHUNK, elsewhere(chunk.kind));
        return;
    }
    cell_write(c, chunk, p % CHUNK, cell);
    f.flags = 0, f.handle = 0;
    values_put(c, customer_edit(c, p), &f, f.own_time);
}

/* Gives a chunk cells of another kind. */
static struct chunk convert(struct customers *c, u32 attribute, struct attribute_row *a, u32 at,
                            struct chunk old, kind to)
{
    struct customer_view now = live(c);
    struct chunk chunk = {to, take_extent(c, to)};
    set_chunk(c, a, at, chunk);
    for (u32 i = 0; i < CHUNK; i++) {
        u64 was = cell_read(&now, old, i), cell = elsewhere(to);
        if (was == 0) continue;
        if (was != elsewhere(old.kind)) {
            value v = decode(&now, a, old.kind, was);
            if (!encode(c, attribute, a, to, v, &cell)) {
                cell = elsewhere(to);
                put_in_list(c, attribute, at * CHUNK + i, v);
            }
            release(c, attribute, a, old.kind, was);
        }
        cell_write(c, chunk, i, cell);
    }
    give_extent(c, old);
    return chunk;
}

/* ---- what attribute.c sees ---- */

cell_state cell_get(const struct customer_view *v, const struct attribute_row *a, persona p,
                    value *out)
{
    *out = value_missing();
    struct chunk chunk = chunk_of(v, a, p / CHUNK);
    if (chunk.kind == KIND_NONE) return CELL_NOWHERE;
    u64 cell = cell_read(v, chunk, p % CHUNK);
    if (cell == 0) return CELL_EMPTY;
    if (cell == elsewhere(chunk.kind)) return CELL_ELSEWHERE;
    *out = decode(v, a, chunk.kind, cell);
    return CELL_VALUE;
}

/* The new cell is made before the old one is released, so that a word both use stays. */
bool cell_put(struct customers *c, u32 attribute, struct attribute_row *a, persona p, value v)
{
    struct customer_view now = live(c);
    struct chunk chunk = chunk_of(&now, a, p / CHUNK);
    if (chunk.kind == KIND_NONE) return false;
    u64 cell = 0;
    while (v.type != VALUE_MISSING && !encode(c, attribute, a, chunk.kind, v, &cell)) {
        kind to = wider(c, attribute, a, chunk.kind, v);
        if (to == chunk.kind) {
            cell = elsewhere(chunk.kind);
            break;
        }
        chunk = convert(c, attribute, a, p / CHUNK, chunk, to);
    }
    u64 was = cell_read(&now, chunk, p % CHUNK);
    if (was != cell) cell_write(c, chunk, p % CHUNK, cell);
    release(c, attribute, a, chunk.kind, was);
    return cell != 0 && cell != elsewhere(chunk.kind);
}

void cell_count(struct customers *c, u32 attribute, struct attribute_row *a, persona p, int change)
{
    struct customer_view now = live(c);
    u32 at = p / CHUNK;
    struct chunk chunk = chunk_of(&now, a, at);
    if (chunk.kind != KIND_NONE) return;
    chunk.first += (u32)change;
    set_chunk(c, a, at, chunk);
    if (change < 0 || chunk.first < DENSE) return;
    chunk.kind = first_kind(attribute, a);
    chunk.first = take_extent(c, chunk.kind);
    set_chunk(c, a, at, chunk);
    for (u32 i = 0; i < CHUNK; i++) take_from_list(c, attribute, a, chunk, at * CHUNK + i);
}

/* ---- many customers ---- */

/* The row, the chunk's place, one line and the words decoded so far are kept from call to call. */
struct attribute_reader {
    const struct customer_view *v;
    u32 attribute;
    bool is_there;
    struct attribute_row row;
    struct chunk chunk;
    struct chunk ahead;
    u32 chunk_at, line_at, ahead_at; /* which these are of; UINT32_MAX, 0: none yet */
    struct line_row line;
    value *words; /* by code; MISSING: not decoded yet */
    struct arena *arena;
};

struct attribute_reader *attribute_reader_new(const struct customer_view *v, u32 attribute,
                                              struct arena *arena)
{
    struct attribute_reader *r = arena_zalloc(arena, sizeof *r);
    struct attribute_row copy;
    const struct attribute_row *row = view_in(v, v->c->attributes, attribute, &copy);
    r->v = v;
    r->attribute = attribute;
    r->chunk_at = r->ahead_at = UINT32_MAX;
    r->arena = arena;
    if (!row) return r;
    r->is_there = true;
    r->row = *row;
    r->words = arena_zalloc(arena, (row->word_end + 1) * sizeof *r->words);
    return r;
}

static u64 reader_cell(struct attribute_reader *r, u32 i)
{
    u32 width = WIDTH[r->chunk.kind], per_line = LINE_BYTES / width;
    u32 at = r->chunk.first + i / per_line;
    u64 cell = 0;
    if (r->line_at != at) {
        const struct line_row *line = view_in(r->v, r->v->c->lines, at, &r->line);
        if (!line)
            r->line = (struct line_row){0};
        else if (line != &r->line)
            r->line = *line;
        r->line_at = at;
    }
    memcpy(&cell, r->line.cells + i % per_line * width, width);
    return cell;
}

/* A word is decoded once; text made for it must outlive the scratch it was made in. */
static value reader_word(struct attribute_reader *r, u64 code)
{
    value word = value_of(word_view(r->v, &r->row, (u32)code)), as = value_fit(r->row.type, word);
    if (code >= r->row.word_end) return as;
    if (as.type != word.type && as.text.n) as.text = arena_str(r->arena, as.text);
    return r->words[code] = as;
}

value attribute_next(struct attribute_reader *r, persona head)
{
    if (!r->is_there) return value_missing();
    if (r->row.misfits) return view_attribute(r->v, head, r->attribute);
    if (r->chunk_at != head / CHUNK) {
        r->chunk_at = head / CHUNK;
        r->chunk = chunk_of(r->v, &r->row, r->chunk_at);
    }
    kind k = r->chunk.kind;
    if (k == KIND_NONE)
        return r->chunk.first ? view_attribute(r->v, head, r->attribute) : value_missing();
    u64 cell = reader_cell(r, head % CHUNK);
    if (cell == 0) return value_missing();
    if (cell == elsewhere(k)) return view_attribute(r->v, head, r->attribute);
    if (k != KIND_CODE8 && k != KIND_CODE16)
        return value_fit(r->row.type, decode(r->v, &r->row, k, cell));
    value word = cell < r->row.word_end ? r->words[cell] : value_missing();
    return word.type != VALUE_MISSING ? word : reader_word(r, cell);
}

/* ---- what many customers' values say ---- */

/* One line of cells, and what was said of values met before, by cell. */
enum { ASKED = 256, ASKED_SHIFT = 56, SAID_NO = 1, SAID_YES = 2, LINES_AHEAD = 8 };
struct run {
    persona from, to;  /* heads whose cells these are; plain: they are read one by one */
    bool plain, empty; /* empty: nobody of them has a value */
    kind kind;
    u32 width;
    u64 mask;
    u8 cells[LINE_BYTES + 8];
    u64 cell[ASKED];
    u8 verdict[ASKED];          /* 0: not asked yet */
    struct byte_set known, yes; /* the same of dictionary codes of a byte */
    bool (*passes)(void *ctx, value v);
    void *ctx;
};

/* To a chunk; the lines of the one behind it are fetched ahead. */
static void go_to_chunk(struct attribute_reader *r, u32 at)
{
    if (r->chunk_at == at) return;
    r->chunk = r->ahead_at == at ? r->ahead : chunk_of(r->v, &r->row, at);
    r->chunk_at = at;
    r->ahead = chunk_of(r->v, &r->row, at + 1);
    r->ahead_at = at + 1;
    for (u32 i = 0; r->ahead.kind != KIND_NONE && i < LINES_AHEAD; i++)
        __builtin_prefetch(table_at(r->v->c->lines, r->ahead.first + i));
}

/* To the line of a head; chunks without cells are plain. */
static void run_to(struct run *run, struct attribute_reader *r, persona head)
{
    u32 at = head / CHUNK, i = head % CHUNK;
    run->plain = !r->is_there || r->row.misfits;
    run->empty = !r->is_there;
    run->from = 0, run->to = UINT32_MAX;
    if (run->plain) return;
    go_to_chunk(r, at);
    run->plain = r->chunk.kind == KIND_NONE;
    run->empty = run->plain && r->chunk.first == 0;
    run->from = at * CHUNK, run->to = run->from + CHUNK;
    if (run->plain) return;
    if (r->chunk.kind != run->kind) memset(run->verdict, 0, sizeof run->verdict);
    run->kind = r->chunk.kind;
    run->width = WIDTH[run->kind];
    run->mask = elsewhere(run->kind);
    u32 per_line = LINE_BYTES / run->width, line = i / per_line;
    struct line_row copy;
    const struct line_row *row = view_in(r->v, r->v->c->lines, r->chunk.first + line, &copy);
    memset(run->cells, 0, sizeof run->cells);
    if (row) memcpy(run->cells, row->cells, LINE_BYTES);
    run->from += line * per_line;
    run->to = run->from + per_line;
}

static inline bool run_ask(struct run *run, struct attribute_reader *r, persona head)
{
    u64 cell;
    if (run->plain) return run->passes(run->ctx, attribute_next(r, head));
    memcpy(&cell, run->cells + (head - run->from) * run->width, sizeof cell);
    cell &= run->mask;
    u32 at = (u32)(cell * 0x9E3779B97F4A7C15u >> ASKED_SHIFT);
    if (LIKELY(run->verdict[at] && run->cell[at] == cell)) return run->verdict[at] == SAID_YES;
    bool yes = run->passes(run->ctx, attribute_next(r, head));
    if (cell == run->mask) return yes; /* it lies elsewhere: that says nothing of others */
    run->cell[at] = cell;
    run->verdict[at] = yes ? SAID_YES : SAID_NO;
    return yes;
}

/* The same of a line of dictionary codes at once. */
static u64 ask_codes(struct run *run, struct attribute_reader *r, u64 open)
{
    u64 own = 0;
    for (u64 ask = open & ~bytes_in(&run->known, run->cells); ask; ask &= ask - 1) {
        u32 i = (u32)__builtin_ctzll(ask);
        u8 code = run->cells[i];
        if (byte_set_has(&run->known, code)) continue; /* since a moment ago */
        bool holds = run->passes(run->ctx, attribute_next(r, run->from + i));
        if (code == run->mask) {
            own |= (u64)holds << i;
            continue;
        }
        byte_set_add(&run->known, code);
        if (holds) byte_set_add(&run->yes, code);
    }
    return open & (own | bytes_in(&run->yes, run->cells));
}

/* Up to 64 bits of a set of n, from bit `at` on; behind them it is 0. */
static u64 bits_from(const u64 *set, u32 n, u32 at)
{
    u64 bits = set[at / 64] >> at % 64;
    if (at % 64 && at / 64 + 1 < (n + 63) / 64) bits |= set[at / 64 + 1] << (64 - at % 64);
    return n - at < 64 ? bits & ((1ull << (n - at)) - 1) : bits;
}

static void add_bits(u64 *set, u32 n, u32 at, u64 bits)
{
    set[at / 64] |= bits << at % 64;
    if (at % 64 && at / 64 + 1 < (n + 63) / 64) set[at / 64 + 1] |= bits >> (64 - at % 64);
}

void attribute_test(struct attribute_reader *r, persona from, u32 n, const u64 *in, u64 *out,
                    bool (*passes)(void *ctx, value v), void *ctx)
{
    struct run run = {.kind = KIND_NONE, .passes = passes, .ctx = ctx};
    memset(out, 0, (n + 63) / 64 * sizeof *out);
    for (u32 at = 0, some; at < n; at += some) {
        u64 open = bits_from(in, n, at), yes = 0;
        some = min_u32(n - at, 64);
        if (open == 0) continue;
        if (from + at >= run.to) run_to(&run, r, from + at);
        some = min_u32(some, run.to - (from + at));
        if (some < 64) open &= (1ull << some) - 1;
        if (run.empty) {
            yes = passes(ctx, value_missing()) ? open : 0;
        } else if (!run.plain && run.kind == KIND_CODE8) {
            u32 skip = from + at - run.from;
            yes = ask_codes(&run, r, open << skip) >> skip;
        } else {
            for (u64 left = open; left; left &= left - 1)
                if (run_ask(&run, r, from + at + (u32)__builtin_ctzll(left))) yes |= left & -left;
        }
        add_bits(out, n, at, yes);
    }
}
