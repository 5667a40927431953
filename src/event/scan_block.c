/* scan_block.c — decoding a block for a scan: the columns asked for, of the rows asked for.
 *
 *   kinds ─► which rows ─► times, codes │ a property's columns of all kinds, one after another ─►
 * by rank
 *
 * Where all rows are wanted the loops are over whole columns; else a list of the rows that stay is
 * made first. A property of one kind is a column of its own: it is unpacked whole, and row after
 * row takes the next value of its kind's. */
#include "event/keep.h"
#include "event/scan_inside.h"

#include <stdlib.h>

enum {
    FEW_KINDS = 16, /* compared one by one */
    WORDS = BLOCK_ROWS / 64 + 1,
    SPARSE = 20,     /* fewer than one row in so many: its time is read alone… */
    AHEAD = 24,      /* …and fetched so many rows ahead */
    HEAD_LINES = 12, /* of the block that comes next */
};

struct scan_decoder {
    const struct event_scan *scan;
    u8 kinds[BLOCK_ROWS + 64];
    bool keep[256];
    u32 codes[256], marks[256], kinds_count, kept_kinds;
    u8 kept_kind[256];
    bool one_mark; /* all kept kinds have the same */
    u32 kept;
    const u8 *kind; /* of the kept, where kinds differ in what is wanted */
    u8 picked[BLOCK_ROWS + KEEP_SLACK];
    const u16 *rows; /* of the kept, where they are needed */
    const u16 *rank; /* which of its kind each is, if properties are wanted */
    u16 ranks[BLOCK_ROWS + 1];
    u64 among[WORDS], in_span[WORDS]; /* a bit for each row */
    /* of one property */
    i64 *flat; /* values of all kinds; [0] is none */
    u32 *flat_words;
    u32 from[256], mask[256]; /* where a kind's begin; 0 if it has none */
    bool slow[256];           /* looked up row by row */
    u32 flat_n;
    u16 every_row[BLOCK_ROWS + 1];
};

struct scan_decoder *scan_decoder_new(const struct event_scan *s)
{
    struct scan_decoder *d = mem_zalloc(sizeof *d);
    d->scan = s;
    d->flat = mem_zalloc((BLOCK_ROWS + 1) * sizeof *d->flat);
    d->flat_words = mem_zalloc((BLOCK_ROWS + 1) * sizeof *d->flat_words);
    for (u32 i = 0; i < BLOCK_ROWS; i++) d->every_row[i] = (u16)i;
    return d;
}

void scan_decoder_free(struct scan_decoder *d)
{
    if (!d) return;
    free(d->flat);
    free(d->flat_words);
    free(d);
}

/* ---- which rows ---- */

/* Takes away rows of personas that strayed, and what was deleted. */
static void drop_dead(const struct scan_decoder *d, struct block *b, u64 *bits)
{
    const struct event_view *v = d->scan->view;
    const struct crowd *crowd = d->scan->crowd;
    struct erased_of gone = {0};
    for (u32 row = b->first; row < b->end; row++) {
        event_persona p = block_persona(b, row);
        if (gone.persona != p) gone = erased_of(v->catalog->erased, v->erased, p);
        bool dead = (crowd->any_strayed && crowd_has_strayed(crowd, p)) ||
                    ((gone.before || gone.set) && is_erased(&gone, block_order(b, row)));
        u32 at = row - b->first;
        bits[at / 64] &= ~((u64)dead << at % 64);
    }
}

/* Whether all kinds are wanted. */
static bool read_kinds(struct scan_decoder *d, const struct block *b)
{
    d->kinds_count = b->head->kinds;
    d->kept_kinds = 0;
    d->one_mark = true;
    for (u32 k = 0; k < b->head->kinds; k++) {
        u32 code = block_kind(b, k)->code;
        d->codes[k] = code;
        d->keep[k] = scan_wants_code(d->scan, code);
        d->marks[k] = d->scan->want.marks && d->keep[k] ? d->scan->want.marks[code] : 0;
        if (!d->keep[k]) continue;
        d->kept_kind[d->kept_kinds++] = (u8)k;
        d->one_mark = d->one_mark && d->marks[k] == d->marks[d->kept_kind[0]];
    }
    return d->kept_kinds == b->head->kinds;
}

static void all_bits(u64 *bits, u32 n)
{
    memset(bits, 0xFF, n / 64 * sizeof *bits);
    bits[n / 64] = (1ull << n % 64) - 1;
}

/* A bit for each row whose kind is wanted. */
static void find_among(struct scan_decoder *d, u32 n)
{
    if (d->kept_kinds <= FEW_KINDS) {
        bytes_among(d->kinds, n, d->kept_kind, d->kept_kinds, d->among);
        return;
    }
    for (u32 i = 0; i <= n / 64; i++) {
        u64 word = 0;
        for (u32 k = 0; k < 64; k++) word |= (u64)d->keep[d->kinds[i * 64 + k]] << k;
        d->among[i] = word;
    }
    d->among[n / 64] &= (1ull << n % 64) - 1;
}

/* A bit for each row of the span. */
static void find_in_span(struct scan_decoder *d, const struct block *b)
{
    const struct scan_want *w = &d->scan->want;
    const struct packed *c = &b->head->row[ROW_TIME];
    i64 base = (i64)c->base, unit = b->head->time_unit;
    u64 low = 0, high = UINT64_MAX; /* packed times of [low, high) are in it */
    if (w->from > base) low = ((u64)w->from - (u64)base + (u64)unit - 1) / (u64)unit;
    if (w->to <= base)
        high = 0;
    else
        high = ((u64)w->to - (u64)base + (u64)unit - 1) / (u64)unit;
    packed_between(b->p + c->at, c->width, b->head->rows, low, high, d->in_span);
}

static void list_rows(const u64 *bits, u32 n, u16 *rows)
{
    u32 kept = 0;
    for (u32 i = 0; i <= n / 64; i++)
        for (u64 word = bits[i]; word; word &= word - 1)
            rows[kept++] = (u16)(i * 64 + (u32)__builtin_ctzll(word));
}

/* The rows among the kinds, with their ranks, of which those in `bits` stay. */
static void list_ranked(struct scan_decoder *d, const u64 *bits, u32 n, u16 *rows)
{
    u32 kept = 0;
    u16 met[256] = {0};
    for (u32 i = 0; i <= n / 64; i++)
        for (u64 word = d->among[i]; word; word &= word - 1) {
            u32 row = i * 64 + (u32)__builtin_ctzll(word);
            rows[kept] = (u16)row;
            d->ranks[kept] = met[d->kinds[row]]++;
            kept += (u32)(bits[i] >> row % 64 & 1);
        }
}

static void rank_all(struct scan_decoder *d)
{
    u16 met[256] = {0};
    d->rank = d->ranks;
    for (u32 i = 0; i < d->kept; i++) d->ranks[i] = met[d->kinds[i]]++;
}

/* Whether kinds have to be told apart. */
static bool needs_kinds(const struct scan_decoder *d)
{
    return !d->one_mark || d->scan->want.codes || d->scan->want.property_count;
}

static bool is_sparse(const struct scan_decoder *d, const struct block *b)
{
    return d->kept <= b->head->rows / SPARSE;
}

/* Lists the kept rows, where something will be looked up row by row, and their kinds. */
static void list_kept(struct scan_decoder *d, const struct block *b, struct scan_block *out)
{
    const struct scan_want *w = &d->scan->want;
    u32 n = b->head->rows;
    bool sparse = is_sparse(d, b);
    /* of one kind, and all of it: the first is its first */
    bool in_order = d->kept_kinds == 1 && d->kept == block_kind(b, d->kept_kind[0])->rows;
    d->rank = in_order ? d->every_row : d->ranks;
    if (w->property_count && !in_order)
        list_ranked(d, out->bits, n, out->rows);
    else if (w->orders || w->sources || sparse)
        list_rows(out->bits, n, out->rows);
    d->rows = out->rows;
    d->kind = d->picked;
    if (!needs_kinds(d)) return;
    if (!sparse)
        keep_u8(d->kinds, n, out->bits, d->picked);
    else
        for (u32 i = 0; i < d->kept; i++) d->picked[i] = d->kinds[d->rows[i]];
}

static void choose_rows(struct scan_decoder *d, struct block *b, struct scan_block *out, bool all,
                        bool in_span, bool check_alive)
{
    u32 n = b->head->rows;
    u64 *stay = out->bits;
    if (all)
        all_bits(d->among, n);
    else
        find_among(d, n);
    memcpy(stay, d->among, (n / 64 + 1) * sizeof *stay);
    if (!in_span) {
        find_in_span(d, b);
        for (u32 i = 0; i <= n / 64; i++) stay[i] &= d->in_span[i];
    }
    if (check_alive) drop_dead(d, b, stay);
    d->kept = keep_count(stay, n / 64 + 1, out->before);
    list_kept(d, b, out);
}

/* ---- times ---- */

static void put_times(const struct scan_decoder *d, const struct block *b, struct scan_block *out)
{
    const struct packed *c = &b->head->row[ROW_TIME];
    const u8 *p = b->p + c->at;
    i64 *time = out->columns.time;
    u32 unit = b->head->time_unit, n = b->head->rows;
    if (out->is_whole) {
        unpack_i64(p, c->width, 0, n, (i64)c->base, unit, time);
    } else if (!is_sparse(d, b)) {
        keep_i64(p, c->width, n, (i64)c->base, unit, out->bits, time);
    } else {
        for (u32 i = 0; i < d->kept; i++) {
            u32 ahead = d->rows[min_u32(i + AHEAD, d->kept - 1)];
            __builtin_prefetch(p + (size_t)ahead * c->width / 8);
            time[i] = (i64)(c->base + unit * pack_get(p, c->width, d->rows[i]));
        }
    }
}

/* ---- properties ---- */

/* The field of a property in a kind, the last of them, and its first column. */
static const struct block_field *find_field(const struct block *b, const struct block_kind *k,
                                            u32 property, const struct packed **column)
{
    const struct block_field *f = block_fields(b, k), *found = NULL;
    const struct packed *c = block_columns(b, k);
    for (u32 i = 0; i < k->field_count; c += field_columns(f[i++].type))
        if (f[i].property == property && f[i].type != FIELD_BYTES) {
            found = &f[i];
            *column = c;
        }
    return found;
}

static value value_at(const struct block *b, const struct block_field *f, const struct packed *c,
                      u32 rank)
{
    value v = {.type = f->type};
    switch (f->type) {
    case FIELD_BOOL: v.type = packed_get(b, c, rank) ? VALUE_TRUE : VALUE_FALSE; break;
    case VALUE_NULL: break;
    case VALUE_INT:
    case VALUE_FIXED: v.n = (i64)packed_get(b, c, rank); break;
    case VALUE_DATE:
    case VALUE_TIME:
        v.n = (i64)packed_get(b, c, rank);
        v.text = block_text(b, c + 1, rank);
        break;
    case VALUE_LIST:
    case VALUE_MAP: {
        struct reader r = reader_of(block_text(b, c, rank));
        v.count = (u32)read_varint(&r);
        v.text = read_rest(&r);
        break;
    }
    default: v.text = block_text(b, c, rank);
    }
    return v;
}

/* Whether all numbers of a column fit, in ten-thousandths. */
static bool all_fit(const struct block_field *f, const struct packed *c)
{
    i64 ignored;
    if (f->type == VALUE_FIXED) return true;
    return c->width < 48 && !__builtin_mul_overflow((i64)c->base, FIXED_ONE, &ignored) &&
           !__builtin_mul_overflow((i64)(c->base + pack_mask(c->width)), FIXED_ONE, &ignored);
}

/* Behind those of other kinds. */
static void add_numbers(struct scan_decoder *d, const struct block *b, const struct block_field *f,
                        const struct packed *c, u32 rows)
{
    u64 unit = f->type == VALUE_FIXED ? 1 : (u64)FIXED_ONE;
    unpack_i64(b->p + c->at, c->width, 0, rows, (i64)(c->base * unit), unit, d->flat + d->flat_n);
}

static void add_words(struct scan_slice *s, struct scan_lane *l, const struct block_field *f,
                      const struct packed *c, u32 rows)
{
    struct scan_decoder *d = l->decoder;
    const struct block *b = &l->block;
    u32 *out = d->flat_words + d->flat_n;
    if (c->mode != COLUMN_TEXTS || f->type != VALUE_TEXT) {
        for (u32 i = 0; i < rows; i++) out[i] = word_cache_code(s->words, value_at(b, f, c, i));
        return;
    }
    u64 bytes;
    sealed_section(l->file, SECTION_TEXT_ENDS, &bytes);
    if (!l->words) l->words = mem_zalloc(bytes + sizeof *l->words);
    i64 *numbers = d->flat + 1; /* [0] stays 0 */
    unpack_i64(b->p + c->at, c->width, 0, rows, (i64)c->base, 1, numbers);
    for (u32 i = 0; i < rows; i++) {
        u64 number = (u64)numbers[i];
        MUST(number < bytes / sizeof(u32));
        if (UNLIKELY(!l->words[number]))
            l->words[number] = word_cache_code(s->words, value_text(block_text(b, c, i))) + 1;
        out[i] = l->words[number] - 1;
    }
}

static bool is_quick(scan_kind kind, const struct block_field *f, const struct packed *c)
{
    if (kind == SCAN_FIXED || kind == SCAN_NUMBER)
        return (f->type == VALUE_INT || f->type == VALUE_FIXED) && all_fit(f, c);
    return kind == SCAN_TEXT && f->type != VALUE_NULL && f->type != VALUE_LIST &&
           f->type != VALUE_MAP;
}

/* Lays out the property's values of all kinds. False if no kept row can have it. */
static bool lay_out(struct scan_slice *s, struct scan_lane *l, u32 property)
{
    struct scan_decoder *d = l->decoder;
    const struct scan_property *p = &s->scan->want.properties[property];
    const struct block *b = &l->block;
    bool any = false;
    d->flat_n = 1;
    memset(d->slow, 0, sizeof d->slow);
    memset(d->mask, 0, sizeof d->mask);
    memset(d->from, 0, sizeof d->from);
    for (u32 i = 0; i < b->head->kinds; i++) {
        const struct block_kind *k = block_kind(b, i);
        const struct packed *c = NULL;
        if (!d->keep[i] || k->field_count == 0) continue;
        const struct block_field *f = find_field(b, k, p->code, &c);
        bool is_bytes = block_fields(b, k)[0].type == FIELD_BYTES;
        if (!f && !is_bytes) continue;
        any = true;
        if (is_bytes || !is_quick(p->kind, f, c)) {
            d->slow[i] = is_bytes || p->kind != SCAN_TEXT;
            continue;
        }
        MUST(d->flat_n + k->rows <= BLOCK_ROWS + 1);
        d->from[i] = d->flat_n;
        d->mask[i] = UINT32_MAX;
        if (p->kind != SCAN_TEXT)
            add_numbers(d, b, f, c, k->rows);
        else
            add_words(s, l, f, c, k->rows);
        d->flat_n += k->rows;
    }
    return any;
}

value scan_value_of(const struct block *b, u32 kind, u32 rank, u32 property)
{
    const struct block_kind *k = block_kind(b, kind);
    const struct packed *c = block_columns(b, k);
    MUST(rank < k->rows);
    if (block_fields(b, k)[0].type == FIELD_BYTES)
        return props_get(block_text(b, c, rank), property);
    const struct block_field *f = find_field(b, k, property, &c);
    return f ? value_at(b, f, c, rank) : (value){0};
}

/* To the rows that stay, by rank. */
static void gather_numbers(const struct scan_decoder *d, i64 *number, u8 *valid)
{
    for (u32 i = 0; i < d->kept; i++) {
        u8 k = d->kind[i];
        number[i] = d->flat[d->from[k] + (d->rank[i] & d->mask[k])];
        valid[i] = d->mask[k] & 1;
    }
}

static void gather_words(const struct scan_decoder *d, u32 *text, u8 *valid)
{
    for (u32 i = 0; i < d->kept; i++) {
        u8 k = d->kind[i];
        text[i] = d->flat_words[d->from[k] + (d->rank[i] & d->mask[k])];
        valid[i] = text[i] != 0;
    }
}

/* To all rows: each takes the next of its kind's. */
static void gather_whole_numbers(const struct scan_decoder *d, i64 *number, u8 *valid)
{
    u32 next[256], step[256];
    memcpy(next, d->from, sizeof next);
    for (u32 k = 0; k < 256; k++) step[k] = d->mask[k] & 1;
    for (u32 i = 0; i < d->kept; i++) {
        u8 k = d->kinds[i];
        number[i] = d->flat[next[k]];
        valid[i] = (u8)step[k];
        next[k] += step[k];
    }
}

static void gather_whole_words(const struct scan_decoder *d, u32 *text, u8 *valid)
{
    u32 next[256], step[256];
    memcpy(next, d->from, sizeof next);
    for (u32 k = 0; k < 256; k++) step[k] = d->mask[k] & 1;
    for (u32 i = 0; i < d->kept; i++) {
        u8 k = d->kinds[i];
        text[i] = d->flat_words[next[k]];
        valid[i] = text[i] != 0;
        next[k] += step[k];
    }
}

static void put_property(struct scan_slice *s, struct scan_lane *l, u32 property)
{
    struct scan_decoder *d = l->decoder;
    const struct scan_want *w = &s->scan->want;
    struct scan_columns *out = &l->decoded->columns;
    u8 *valid = out->properties[property].valid;
    scan_kind kind = w->properties[property].kind;
    bool any = lay_out(s, l, property), any_slow = false;
    for (u32 k = 0; k < l->block.head->kinds; k++) any_slow |= d->slow[k];
    if (kind == SCAN_VALUE) memset(out->properties[property].value, 0, d->kept * sizeof(value));
    bool is_number = kind == SCAN_FIXED || kind == SCAN_NUMBER;
    if (is_number && l->decoded->is_whole)
        gather_whole_numbers(d, out->properties[property].number, valid);
    else if (is_number)
        gather_numbers(d, out->properties[property].number, valid);
    if (kind == SCAN_TEXT && l->decoded->is_whole)
        gather_whole_words(d, out->properties[property].text, valid);
    else if (kind == SCAN_TEXT)
        gather_words(d, out->properties[property].text, valid);
    if (any && any_slow && l->decoded->is_whole) rank_all(d);
    if (kind == SCAN_VALUE && d->kept) memset(valid, 0, d->kept);
    for (u32 i = 0; any && any_slow && i < d->kept; i++) {
        u8 k = d->kind[i];
        if (d->slow[k])
            scan_put_value(out, w, property, i,
                           scan_value_of(&l->block, k, d->rank[i], w->properties[property].code),
                           s->words);
    }
}

/* ---- the block ---- */

/* Where all have the same, what an earlier block left stands. */
static void put_marks(const struct scan_decoder *d, struct scan_block *out)
{
    u32 *mark = out->columns.mark, one = d->kept_kinds ? d->marks[d->kept_kind[0]] : 0;
    if (!d->one_mark) {
        if (d->kinds_count <= KEEP_TABLE)
            keep_look_up(d->kind, d->kept, d->marks, mark);
        else
            for (u32 i = 0; i < d->kept; i++) mark[i] = d->marks[d->kind[i]];
        out->same_count = 0;
        return;
    }
    if (out->same_mark != one) out->same_count = 0;
    for (u32 i = out->same_count; i < d->kept; i++) mark[i] = one;
    out->same_mark = one;
    if (out->same_count < d->kept) out->same_count = d->kept;
}

static void put_codes(const struct scan_decoder *d, struct scan_columns *to)
{
    if (d->kinds_count <= KEEP_TABLE)
        keep_look_up(d->kind, d->kept, d->codes, to->code);
    else
        for (u32 i = 0; i < d->kept; i++) to->code[i] = d->codes[d->kind[i]];
}

static void put_rest(struct scan_decoder *d, struct block *b, struct scan_block *out)
{
    const struct scan_want *w = &d->scan->want;
    struct scan_columns *to = &out->columns;
    if (!out->waits_mark) put_marks(d, out);
    if (w->codes) put_codes(d, to);
    for (u32 i = 0; w->orders && i < d->kept; i++)
        to->order[i] = block_order(b, b->first + d->rows[i]);
    for (u32 i = 0; w->sources && i < d->kept; i++)
        to->source[i] =
            (u32)packed_get(b, &b->head->run[RUN_SOURCE], block_run(b, b->first + d->rows[i]));
}

static void choose(struct scan_slice *s, struct scan_lane *l)
{
    struct scan_block *out = l->decoded;
    struct scan_decoder *d = l->decoder;
    struct block *b = &l->block;
    const struct scan_want *w = &s->scan->want;
    const struct sealed_block *entry = sealed_block_at(l->file, b->index);
    bool in_span = entry->occurred_min >= w->from && entry->occurred_max < w->to;
    bool check_alive = s->scan->view->erased || s->scan->crowd->any_strayed;
    bool all = read_kinds(d, b);
    d->kept = out->kept = 0;
    if (!d->kept_kinds) return;
    if (!all || needs_kinds(d)) {
        const struct packed *c = &b->head->row[ROW_KIND];
        unpack_u8(b->p + c->at, c->width, 0, b->head->rows, d->kinds);
    }
    out->is_whole = all && in_span && !check_alive;
    d->kept = b->head->rows;
    d->rows = d->every_row;
    d->kind = d->kinds;
    if (!out->is_whole) choose_rows(d, b, out, all, in_span, check_alive);
    out->waits_time = w->packed_times && out->is_whole;
    if (!out->waits_time) put_times(d, b, out);
    out->kept = d->kept;
}

/* What is read first of the block behind this one. */
static void fetch_next(const struct block *b)
{
    for (u32 i = 0; i < HEAD_LINES; i++) __builtin_prefetch(b->p + b->bytes + i * 64);
}

void scan_decode(struct scan_slice *s, struct scan_lane *l, u32 row)
{
    struct scan_block *out = scan_lane_room(l, s);
    const struct scan_want *w = &s->scan->want;
    if (!l->decoder) l->decoder = scan_decoder_new(s->scan);
    block_at(&l->block, l->file, row);
    fetch_next(&l->block);
    out->first = l->block.first;
    out->end = l->block.end;
    choose(s, l);
    if (!out->kept) return;
    out->waits_mark = w->kinds && !l->decoder->one_mark;
    put_rest(l->decoder, &l->block, out);
    for (u32 p = 0; p < w->property_count; p++) put_property(s, l, p);
}

void scan_unpack(struct scan_lane *l)
{
    struct scan_block *out = l->decoded;
    if (out->waits_time) put_times(l->decoder, &l->block, out);
    if (out->waits_mark) put_marks(l->decoder, out);
    out->waits_time = out->waits_mark = false;
}

void scan_hand_packed(const struct scan_lane *l, u32 at, struct scan_batch *out)
{
    const struct block *b = &l->block;
    const struct packed *c = &b->head->row[ROW_TIME];
    if (l->decoded->waits_time) {
        out->time = NULL;
        out->packed =
            (struct packed_times){b->p + c->at, c->width, at, (i64)c->base, b->head->time_unit};
    }
    if (l->decoded->waits_mark) {
        out->mark = NULL;
        out->kind = l->decoder->kind + at;
        out->kind_marks = l->decoder->marks;
        out->kinds = l->decoder->kinds_count;
    }
}
