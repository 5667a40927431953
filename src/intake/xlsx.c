/* xlsx.c — a sheet, row by row: the parser is held at each row's end and goes on when the next one
 * is asked for, so that a sheet of any length takes the memory of a row. */
#include "intake/xlsx.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 32 << 10, WORDS_MAX = 8 << 20 };

typedef enum { KIND_NUMBER, KIND_SHARED, KIND_TEXT, KIND_BOOL } cell_kind;

/* A cell's text in `words`, until its row is whole. */
struct place {
    u32 from, n;
};

struct xlsx {
    XML_Parser parser; /* first: xlsx_parser */
    struct rows rows;
    struct xlsx_book book;
    zip_file_t *part;
    u64 size, taken;
    char piece[PIECE];
    bool at_end, held, failed;
    /* the row at hand */
    struct buf words;
    struct place places[ROWS_COLUMNS_MAX];
    struct cell cells[ROWS_COLUMNS_MAX];
    u32 count;
    bool whole, pending;
    /* the cell at hand */
    u32 column;
    cell_kind kind;
    u32 style;
    bool in_value, in_phonetic;
    struct buf text;
};

static struct xlsx *of(struct rows *r)
{
    return (struct xlsx *)((char *)r - offsetof(struct xlsx, rows));
}

/* ---- cells ---- */

/* "BC12" → 54, from 0; the place behind the last one where there is no reference. */
static u32 column_of(const char *reference, u32 otherwise)
{
    u32 n = 0, letters = 0;
    for (; reference && *reference >= 'A' && *reference <= 'Z' && letters < 4; reference++)
        n = n * 26 + (u32)(*reference - 'A' + 1), letters++;
    return n ? n - 1 : otherwise;
}

static void begin_cell(struct xlsx *x, const char **a)
{
    const char *type = xlsx_attribute(a, "t"), *style = xlsx_attribute(a, "s");
    i64 n = 0;
    x->column = column_of(xlsx_attribute(a, "r"), x->count);
    x->kind = !type                    ? KIND_NUMBER
              : strcmp(type, "s") == 0 ? KIND_SHARED
              : strcmp(type, "b") == 0 ? KIND_BOOL
              : strcmp(type, "n") == 0 ? KIND_NUMBER
                                       : KIND_TEXT;
    x->style = style && str_to_i64(str_of(style), &n) == ERR_OK && n >= 0 ? (u32)n : 0;
    buf_reset(&x->text);
}

/* 0.30000000000000004 is what a program wrote who meant 0.3: fifteen digits are what people see. */
static void put_number(struct buf *b, str text)
{
    char room[64], shown[64];
    if (text.n < 16 || text.n >= sizeof room ||
        (str_index(text, '.') < 0 && str_index(text, 'E') < 0)) {
        buf_put(b, text);
        return;
    }
    memcpy(room, text.p, text.n);
    room[text.n] = 0;
    char *end;
    double d = strtod(room, &end);
    snprintf(shown, sizeof shown, "%.15g", d);
    buf_put(b, *end ? text : str_of(shown));
}

static void put_value(struct xlsx *x)
{
    str text = buf_str(&x->text);
    i64 i;
    switch (x->kind) {
    case KIND_SHARED:
        if (str_to_i64(str_trim(text), &i) == ERR_OK && i >= 0)
            buf_put(&x->words, xlsx_string(&x->book, (u32)min_i64(i, UINT32_MAX)));
        break;
    case KIND_BOOL: buf_put(&x->words, str_eq(text, S("1")) ? S("true") : S("false")); break;
    case KIND_NUMBER: {
        bool date = x->style < x->book.style_count && x->book.styles[x->style] == STYLE_DATE;
        if (!text.n) break;
        if (!date || !xlsx_date(text, x->book.from_1904, &x->words)) put_number(&x->words, text);
        break;
    }
    case KIND_TEXT: buf_put(&x->words, text); break;
    }
}

static void end_cell(struct xlsx *x)
{
    if (x->column >= ROWS_COLUMNS_MAX || x->column < x->count) return;
    while (x->count < x->column) x->places[x->count++] = (struct place){0};
    u32 from = (u32)x->words.n;
    put_value(x);
    x->places[x->count++] = (struct place){from, (u32)x->words.n - from};
}

/* ---- the sheet ---- */

static void on_start(void *user, const char *name, const char **a)
{
    struct xlsx *x = user;
    name = xlsx_local(name);
    if (strcmp(name, "row") == 0) {
        x->count = 0;
        buf_reset(&x->words);
    } else if (strcmp(name, "c") == 0) {
        begin_cell(x, a);
    } else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0) {
        x->in_value = !x->in_phonetic;
    } else if (strcmp(name, "rPh") == 0) {
        x->in_phonetic = true;
    }
}

static void on_end(void *user, const char *name)
{
    struct xlsx *x = user;
    name = xlsx_local(name);
    if (strcmp(name, "c") == 0) {
        end_cell(x);
    } else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0) {
        x->in_value = false;
    } else if (strcmp(name, "rPh") == 0) {
        x->in_phonetic = false;
    } else if (strcmp(name, "row") == 0) {
        x->whole = true;
        XML_StopParser(x->parser, XML_TRUE);
    }
}

static void on_text(void *user, const char *text, int n)
{
    struct xlsx *x = user;
    if (x->in_value) buf_put(&x->text, (str){text, (size_t)n});
}

/* One piece more, or on from where the parser was held. */
MUST_USE static err go_on(struct xlsx *x)
{
    enum XML_Status s;
    if (x->held) {
        x->held = false;
        s = XML_ResumeParser(x->parser);
    } else {
        zip_int64_t n = zip_fread(x->part, x->piece, PIECE);
        x->taken += n > 0 ? (u64)n : 0;
        if (n < 0 || x->taken > x->size) return ERR_INVALID;
        s = XML_Parse(x->parser, x->piece, (int)n, n == 0);
        x->at_end = n == 0;
    }
    x->held = s == XML_STATUS_SUSPENDED;
    return s == XML_STATUS_ERROR ? ERR_INVALID : ERR_OK;
}

/* The next row with something in it. */
MUST_USE static err read_row(struct xlsx *x)
{
    do {
        x->whole = false;
        while (!x->whole) {
            if (x->at_end && !x->held) return ERR_NOT_FOUND;
            TRY(go_on(x));
        }
        for (u32 i = 0; i < x->count; i++)
            x->cells[i] = (struct cell){.text = {x->words.p + x->places[i].from, x->places[i].n}};
    } while (rows_is_blank(x->cells, x->count));
    return ERR_OK;
}

static err next(struct rows *r, struct row *out, struct diag *why)
{
    struct xlsx *x = of(r);
    err e = x->pending ? ERR_OK : read_row(x);
    x->pending = false;
    if (e == ERR_INVALID)
        return diag_set(why, e, "the spreadsheet is damaged behind row %llu",
                        (unsigned long long)r->number);
    if (e != ERR_OK) return e;
    const char *problem = x->words.full || x->text.full ? "its cells are too long" : NULL;
    x->words.full = x->text.full = false;
    *out = (struct row){++r->number, problem ? 0 : x->count, x->cells, problem};
    return ERR_OK;
}

static void close_xlsx(struct rows *r)
{
    struct xlsx *x = of(r);
    if (x->parser) XML_ParserFree(x->parser);
    if (x->part) zip_fclose(x->part);
    xlsx_book_close(&x->book);
    buf_clear(&x->words);
    buf_clear(&x->text);
    free(x);
}

static const struct rows_reader READER = {next, close_xlsx};

static void name_columns(struct xlsx *x, bool named)
{
    for (u32 i = 0; i < x->count; i++)
        rows_add_column(&x->rows, named ? x->cells[i].text : (str){0});
}

/* The first row is the list's title if the second names columns; else it names the only one. */
MUST_USE static err begin_below_title(struct xlsx *x, struct diag *why)
{
    name_columns(x, true);
    err e = read_row(x);
    if (e == ERR_INVALID) return diag_set(why, e, "the spreadsheet's sheet is damaged");
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_OK : e;
    x->pending = !rows_names_columns(x->cells, x->count);
    if (x->pending) return ERR_OK;
    x->rows.name_count = 0;
    name_columns(x, true);
    return ERR_OK;
}

MUST_USE static err begin(struct xlsx *x, const struct rows_options *o, struct diag *why)
{
    x->part = xlsx_part(x->book.zip, x->book.sheet_path, &x->size, why);
    if (!x->part) return diag_set(why, ERR_INVALID, "the spreadsheet does not have its sheet");
    xlsx_parser(x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    err e = read_row(x);
    if (e == ERR_INVALID) return diag_set(why, e, "the spreadsheet's sheet is damaged");
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (o->header == 0 && rows_may_be_title(x->cells, x->count)) return begin_below_title(x, why);
    bool named = o->header ? o->header > 0 : rows_looks_like_header(x->cells, x->count);
    x->pending = !named;
    name_columns(x, named);
    return ERR_OK;
}

err xlsx_open(const char *path, const struct rows_options *o, struct rows **out, struct diag *why)
{
    struct xlsx *x = mem_zalloc(sizeof *x);
    x->rows.reader = &READER;
    x->rows.arena = arena_new();
    buf_init(&x->words, WORDS_MAX);
    buf_init(&x->text, ROWS_CELL_MAX);
    err e = xlsx_book_open(path, o->sheet, &x->book, why);
    if (e == ERR_OK) e = begin(x, o, why);
    if (e != ERR_OK) {
        rows_close(&x->rows);
        return e;
    }
    snprintf(x->rows.description, sizeof x->rows.description, "xlsx");
    *out = &x->rows;
    return ERR_OK;
}
