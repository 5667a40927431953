/* csv.c — tables of text: RFC 4180, and what else is called CSV.
 *
 *   text ─► one row's end, quotes seen ─► cells: views into the text, quotes taken out in place
 *
 * Delimiters , ; tab | or runs of blanks; lines end by LF, CR LF or CR; a quoted cell may hold all
 * of them. What stands behind a closing quote belongs to the cell. A row of more than ROWS_ROW_MAX
 * bytes has lost its closing quote: it is a problem, and reading goes on at the next line. */
#include "intake/rows.h"
#include "intake/text_encoding.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 << 20, SAMPLE_ROWS = 100, BLANKS = 1 /* runs of blanks part cells */ };

struct csv {
    struct rows rows;
    struct text_in *in;
    const struct csv *whole; /* of a piece: the file's reader, whose text it looks into */
    u64 base;                /* of a piece: where its text begins in the file */
    struct buf text;
    size_t at; /* of what is not read yet */
    bool at_end;
    char delimiter;
    bool stops[256]; /* bytes that end a plain cell */
    struct cell cells[ROWS_COLUMNS_MAX];
    u32 count;
    bool pending; /* the first row turned out to be no header: it is still to be given */
    bool quoted[ROWS_COLUMNS_MAX];
    bool has_quotes, is_ascii; /* of the row at hand; is_ascii: its bytes need no second look */
};

/* ---- one row ---- */

typedef enum { FOUND, MORE, OVERFLOW } outcome;

static bool is_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Past a quoted cell's closing quote; `limit` if it is not there. */
static size_t skip_quoted(const char *p, size_t at, size_t limit)
{
    for (at++; at < limit; at++) {
        const char *q = memchr(p + at, '"', limit - at);
        if (!q) return limit;
        at = (size_t)(q - p);
        if (at + 1 < limit && p[at + 1] == '"')
            at++;
        else
            return at + 1;
    }
    return limit;
}

static void set_stops(struct csv *c)
{
    memset(c->stops, 0, sizeof c->stops);
    c->stops['\n'] = c->stops['\r'] = true;
    if (c->delimiter == BLANKS)
        c->stops[' '] = c->stops['\t'] = true;
    else
        c->stops[(u8)c->delimiter] = true;
}

static inline size_t skip_plain(const struct csv *c, const char *p, size_t at, size_t limit)
{
    while (at < limit && !c->stops[(u8)p[at]]) at++;
    return at;
}

static size_t skip_blanks(const char *p, size_t at, size_t limit)
{
    while (at < limit && (p[at] == ' ' || p[at] == '\t')) at++;
    return at;
}

static void add_cell(struct csv *c, const char *from, size_t n, bool quoted)
{
    if (c->count == ROWS_COLUMNS_MAX) return;
    c->quoted[c->count] = quoted;
    c->cells[c->count++].text = (str){from, n}; /* no cell has `bytes` here */
}

/* Of 64 bytes, a bit each: where cells end, and where rows do; quotes; what is not ASCII. */
struct window {
    u64 stops, ends, quotes, foreign;
};

#ifdef __SSE2__
static inline struct window look_at_64(const char *p, char delimiter)
{
    struct window w = {0};
    for (u32 i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                                    _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
        __m128i stops = _mm_or_si128(ends, _mm_cmpeq_epi8(v, _mm_set1_epi8(delimiter)));
        w.ends |= (u64)(u32)_mm_movemask_epi8(ends) << i;
        w.stops |= (u64)(u32)_mm_movemask_epi8(stops) << i;
        w.quotes |= (u64)(u32)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('"'))) << i;
        w.foreign |= (u64)(u32)_mm_movemask_epi8(v) << i;
    }
    return w;
}
#else
static inline struct window look_at_64(const char *p, char delimiter)
{
    struct window w = {0};
    for (u32 i = 0; i < 64; i++) {
        u64 end = p[i] == '\n' || p[i] == '\r';
        w.ends |= end << i;
        w.stops |= (end | (p[i] == delimiter)) << i;
        w.quotes |= (u64)(p[i] == '"') << i;
        w.foreign |= (u64)((u8)p[i] >> 7) << i;
    }
    return w;
}
#endif

/* A row without quotes that ends well before the limit, 64 bytes at a time; false: it is to be
 * looked at closely. Most rows are one window, and have as many cells as the one before: then all
 * branches are foreseen. */
static bool find_plain_row(struct csv *c, size_t at, size_t limit, size_t *next)
{
    const char *p = c->text.p;
    size_t start = at;
    u64 foreign = 0;
    u32 count = 0;
    const char delimiter = c->delimiter;
    c->has_quotes = false;
    for (; at + 64 < limit; at += 64) {
        struct window w = look_at_64(p + at, delimiter);
        u64 row = w.ends ^ (w.ends - 1); /* up to its end; all bits if that is not here */
        if (w.quotes & row) return false;
        foreign |= w.foreign & row;
        for (u64 hits = w.stops & row; hits; hits &= hits - 1) {
            size_t end = at + (u32)__builtin_ctzll(hits);
            if (LIKELY(count < ROWS_COLUMNS_MAX))
                c->cells[count++].text = (str){p + start, end - start};
            start = end + 1;
        }
        if (!w.ends) continue;
        c->count = count;
        *next = start + (p[start - 1] == '\r' && p[start] == '\n');
        c->is_ascii = !foreign;
        return true;
    }
    return false;
}

/* Finds the row from `at` to `limit`; *next is behind its line end. Changes nothing, since more
 * text may be needed. */
static outcome find_row(struct csv *c, size_t at, size_t limit, size_t *next)
{
    const char *p = c->text.p;
    bool blanks = c->delimiter == BLANKS;
    if (!blanks && find_plain_row(c, at, limit, next)) return FOUND;
    c->count = 0;
    c->has_quotes = c->is_ascii = false;
    for (;;) {
        if (blanks) at = skip_blanks(p, at, limit);
        if (blanks && c->count && (at == limit || is_end(p[at]))) break;
        size_t start = at;
        bool quoted = at < limit && p[at] == '"';
        c->has_quotes |= quoted;
        if (quoted) at = skip_quoted(p, at, limit);
        at = skip_plain(c, p, at, limit);
        if (at == limit && !c->at_end) return at - start > ROWS_ROW_MAX ? OVERFLOW : MORE;
        add_cell(c, p + start, at - start, quoted);
        if (at == limit || is_end(p[at])) break;
        at++;
    }
    if (at == limit && !c->at_end) return MORE;
    if (at + 1 == limit && p[at] == '\r' && !c->at_end) return MORE;
    if (at + 1 < limit && p[at] == '\r' && p[at + 1] == '\n') at++;
    *next = at < limit ? at + 1 : at;
    return FOUND;
}

/* "a ""b""" → a "b"; the closing quote may have text behind it. */
static void unquote(struct cell *cell)
{
    char *p = (char *)(uintptr_t)cell->text.p;
    size_t n = cell->text.n, out = 0;
    bool inside = true;
    for (size_t i = 1; i < n; i++) {
        if (inside && p[i] == '"' && i + 1 < n && p[i + 1] == '"')
            p[out++] = p[i++];
        else if (inside && p[i] == '"')
            inside = false;
        else
            p[out++] = p[i];
    }
    cell->text.n = out;
}

MUST_USE static err more(struct csv *c)
{
    size_t left = c->text.n - c->at;
    if (c->at) {
        memmove(c->text.p, c->text.p + c->at, left);
        c->text.n = left;
        c->at = 0;
    }
    err e = text_more(c->in, &c->text);
    if (e != ERR_NOT_FOUND) return e;
    c->at_end = true;
    return ERR_OK;
}

/* Past the first line end from here on. */
static size_t line_end(const struct csv *c)
{
    size_t at = c->at;
    while (at < c->text.n && !is_end(c->text.p[at])) at++;
    while (at < c->text.n && is_end(c->text.p[at])) at++;
    return at;
}

/* The next row's cells; `problem` is set where it has none. ERR_NOT_FOUND at the end. */
MUST_USE static err read_row(struct csv *c, const char **problem)
{
    size_t next = 0;
    outcome found;
    *problem = NULL;
    for (;;) {
        if (c->at == c->text.n && c->at_end) return ERR_NOT_FOUND;
        found = c->text.n > c->at ? find_row(c, c->at, c->text.n, &next) : MORE;
        if (found == MORE && c->text.n - c->at > 2 * ROWS_ROW_MAX) found = OVERFLOW;
        if (found != MORE) break;
        TRY(more(c));
    }
    if (found == FOUND && next - c->at > ROWS_ROW_MAX) found = OVERFLOW;
    if (found == OVERFLOW) {
        *problem = "it is longer than 1 MiB; is a closing quote missing?";
        c->at = line_end(c);
        c->count = 0;
        return ERR_OK;
    }
    for (u32 i = 0; i < c->count && c->has_quotes; i++)
        if (c->quoted[i]) unquote(&c->cells[i]);
    c->at = next;
    return ERR_OK;
}

static inline bool is_blank(const struct csv *c)
{
    bool begins = c->count && c->cells[0].text.n && (u8)*c->cells[0].text.p > ' ';
    return !begins && rows_is_blank(c->cells, c->count);
}

static err next(struct rows *r, struct row *out, struct diag *why)
{
    struct csv *c = (struct csv *)r;
    const char *problem = NULL;
    do {
        err e = c->pending ? ERR_OK : read_row(c, &problem);
        if (e == ERR_IO) return diag_set(why, e, "the file cannot be read to its end");
        if (e != ERR_OK) return e;
        c->pending = false;
    } while (!problem && is_blank(c));
    for (u32 i = 0; i < c->count && !problem && !c->is_ascii; i++) {
        if (!str_is_utf8(c->cells[i].text)) problem = "its bytes are no UTF-8";
    }
    *out = (struct row){++r->number, problem ? 0 : c->count, c->cells, problem};
    return ERR_OK;
}

static void close_csv(struct rows *r)
{
    struct csv *c = (struct csv *)r;
    text_close(c->in);
    buf_clear(&c->text);
    free(c);
}

static const struct rows_reader READER = {next, close_csv};

/* ---- what parts the cells ---- */

/* How well a delimiter fits the first rows: how many of them have as many cells as the first, and
 * how many that is. */
static u32 fit(struct csv *c, char delimiter, size_t limit)
{
    u32 wide = 0, same = 0, all = 0;
    bool at_end = c->at_end;
    c->delimiter = delimiter;
    set_stops(c);
    for (size_t at = c->at, next; at < limit && all < SAMPLE_ROWS; at = next) {
        if (find_row(c, at, limit, &next) != FOUND) break;
        if (rows_is_blank(c->cells, c->count)) continue;
        if (!wide) wide = c->count;
        same += c->count == wide;
        all++;
    }
    c->at_end = at_end;
    if (wide < 2 || !all) return 0;
    return same * 1000 / all * 16 + min_u32(wide, 15);
}

/* Blanks part cells where nothing else does, and then in every row. */
static char guess_delimiter(struct csv *c)
{
    static const char CANDIDATES[] = {',', '\t', ';', '|'};
    char best = ',';
    u32 most = 0;
    for (u32 i = 0; i < COUNT_OF(CANDIDATES); i++) {
        u32 f = fit(c, CANDIDATES[i], c->text.n);
        if (f > most) most = f, best = CANDIDATES[i];
    }
    if (most == 0 && fit(c, BLANKS, c->text.n) >= 1000 * 16 && c->count > 2) best = BLANKS;
    return best;
}

MUST_USE static err set_delimiter(struct csv *c, str said, struct diag *why)
{
    static const struct {
        const char *word;
        char c;
    } WORDS[] = {{"tab", '\t'}, {"\\t", '\t'},     {"comma", ','}, {"semicolon", ';'},
                 {"pipe", '|'}, {"space", BLANKS}, {" ", BLANKS}};
    if (!said.n) {
        c->delimiter = guess_delimiter(c);
        return ERR_OK;
    }
    if (said.n == 1) c->delimiter = *said.p;
    for (u32 i = 0; i < COUNT_OF(WORDS); i++)
        if (str_eq_nocase(said, str_of(WORDS[i].word))) c->delimiter = WORDS[i].c;
    if (c->delimiter && c->delimiter != '"' && !is_end(c->delimiter) && !(c->delimiter & 0x80))
        return ERR_OK;
    return diag_at(why, ERR_INVALID, S("/options/delimiter"),
                   "the delimiter is one character, or tab, space");
}

/* ---- opening ---- */

MUST_USE static err read_filled(struct csv *c)
{
    const char *problem = NULL;
    err e;
    do {
        e = read_row(c, &problem);
    } while (e == ERR_OK && (problem || rows_is_blank(c->cells, c->count)));
    return e;
}

static void name_columns(struct csv *c, bool named)
{
    for (u32 i = 0; i < c->count; i++)
        rows_add_column(&c->rows,
                        named && str_is_utf8(c->cells[i].text) ? c->cells[i].text : (str){0});
}

/* "Members, November" above the names of the columns is the list's title: passed over. */
MUST_USE static err read_header(struct csv *c, i8 header)
{
    err e = read_filled(c);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (header == 0 && rows_may_be_title(c->cells, c->count)) {
        name_columns(c, true);
        e = read_filled(c);
        if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_OK : e;
        c->pending = !rows_names_columns(c->cells, c->count);
        if (c->pending) return ERR_OK;
        c->rows.name_count = 0;
        name_columns(c, true);
        return ERR_OK;
    }
    bool named = header ? header > 0 : rows_looks_like_header(c->cells, c->count);
    c->pending = !named;
    name_columns(c, named);
    return ERR_OK;
}

static void describe(struct csv *c)
{
    const char *delimiter = c->delimiter == '\t'     ? "tab"
                            : c->delimiter == BLANKS ? "space"
                                                     : (char[2]){c->delimiter, 0};
    c->rows.encoding = text_encoding(c->in);
    snprintf(c->rows.description, sizeof c->rows.description, "csv, %s, delimiter %s",
             text_encoding(c->in), delimiter);
}

err csv_open(struct env *env, const char *path, const struct rows_options *o, struct rows **out,
             struct diag *why)
{
    struct csv *c = mem_zalloc(sizeof *c);
    c->rows.reader = &READER;
    c->rows.arena = arena_new();
    buf_init(&c->text, TEXT_MAX);
    err e = text_open(env, path, o->encoding, &c->in, why);
    if (e == ERR_OK) e = more(c);
    if (e == ERR_OK && c->text.n < TEXT_PIECE) e = more(c);
    if (e == ERR_OK) e = set_delimiter(c, o->delimiter, why);
    set_stops(c);
    if (e == ERR_OK) e = read_header(c, o->header);
    if (e != ERR_OK) {
        rows_close(&c->rows);
        return diag_set(why, e, "the file cannot be read");
    }
    describe(c);
    *out = &c->rows;
    return ERR_OK;
}

/* ---- pieces ---- */

bool rows_place(const struct rows *r, u64 *place, u64 *size)
{
    const struct csv *c = (const struct csv *)r;
    if (r->reader != &READER || c->delimiter == BLANKS || c->pending) return false;
    if (c->whole) {
        *place = c->base + c->at;
        return true;
    }
    if (!text_is_plain(c->in)) return false;
    *place = text_at(c->in) - (c->text.n - c->at);
    *size = text_size(c->in);
    return true;
}

void rows_seek(struct rows *r, u64 place, u64 number)
{
    struct csv *c = (struct csv *)r;
    c->at_end = false;
    c->at = 0;
    buf_reset(&c->text);
    text_seek(c->in, place);
    r->number = number;
}

struct rows *rows_piece(const struct rows *r)
{
    const struct csv *whole = (const struct csv *)r;
    struct csv *c = mem_zalloc(sizeof *c);
    c->rows.reader = &READER;
    c->rows.arena = arena_new();
    c->whole = whole;
    c->delimiter = whole->delimiter;
    c->at_end = true; /* what it is given is all */
    buf_init(&c->text, TEXT_MAX);
    set_stops(c);
    return &c->rows;
}

/* Behind the first line end of `text` from `at` on; 0: there is none. */
static size_t behind_line(str text, size_t at)
{
    const char *p = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
    return p ? (size_t)(p - text.p) + 1 : 0;
}

/* The text from a byte before *from, in which the line end that stands right there is found, to a
 * line behind *to. */
bool rows_cut(struct rows *piece, u64 *from, u64 *to, bool exact)
{
    struct csv *c = (struct csv *)piece;
    const struct text_in *in = c->whole->in;
    u64 size = text_size(in), base = exact ? *from : *from - 1;
    u64 until = exact ? *to : *to + ROWS_LINE_MAX;
    size_t n = 0, got = 0, begin = 0;
    if (until > size) until = size;
    buf_reset(&c->text);
    char *p = base < until ? buf_room(&c->text, (n = (size_t)(until - base)) + ROWS_SLACK) : NULL;
    if (!p || text_peek(in, base, p, n, &got) != ERR_OK || got != n) return false;
    if (!exact) {
        size_t end = *to < size ? behind_line((str){p, n}, (size_t)(*to - base) - 1) : n;
        begin = behind_line((str){p, n}, 0);
        if (!begin || begin > end) return false;
        n = end;
    }
    if (memchr(p + begin, '"', n - begin)) return false;
    c->base = base;
    c->at = begin;
    c->text.n = n;
    piece->number = 0;
    *from = base + begin;
    *to = base + n;
    return true;
}
