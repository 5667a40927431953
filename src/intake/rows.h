/* rows.h — a file of rows: CSV, NDJSON and XLSX read the same way, one row at a time, in bounded
 * memory.
 *
 *   bytes ─text_encoding─► UTF-8 ─csv / ndjson─┐
 *   zip   ─xlsx: sheet, strings, styles────────┴─► rows_next: cells of texts, in order
 *
 * Whoever reads knows nothing of what columns mean (mapping.h). A row that cannot be read is a row
 * with a `problem`, and the next one is read; a file that cannot be read at all is an error. */
#pragma once
#include "base/mem.h"
#include "base/value.h"
#include "env/env.h"

enum {
    ROWS_COLUMNS_MAX = 4096,
    ROWS_CELL_MAX = 256 << 10, /* bytes of a spreadsheet's cell */
    ROWS_ROW_MAX = 1 << 20,    /* bytes of one row */
};

struct cell {
    str text;  /* what people see; dates of a spreadsheet in ISO form */
    str bytes; /* value bytes (base/value.h), where the file says types: NDJSON; else empty */
};

struct row {
    u64 number; /* 1 is the first below the header; blank rows have none */
    u32 count;
    const struct cell *cells; /* good until the next row */
    const char *problem;      /* NULL, or why it cannot be read: the end of a sentence */
};

typedef enum { ROWS_GUESS, ROWS_CSV, ROWS_NDJSON, ROWS_XLSX } rows_format;

struct rows_options {
    rows_format format;
    str name;      /* of the file: its ending helps to guess the format */
    str delimiter; /* ",", ";", "tab", "|", "space" or one character; empty: guessed */
    str encoding;  /* "utf-8", "utf-16le", "utf-16be", "gb18030" …; empty: guessed */
    str sheet;     /* a spreadsheet's: name, or number from 1; empty: the first */
    i8 header;     /* 1: the first row names the columns; -1: it does not; 0: guessed */
};

struct rows;

/* Opens the file and reads what it needs to know about it. ERR_INVALID: it is not such a file, or
 * has no such sheet; ERR_LIMIT: it unpacks to too much; ERR_NOT_FOUND, ERR_IO. */
MUST_USE err rows_open(struct env *env, const char *path, const struct rows_options *o,
                       struct rows **out, struct diag *why);
void rows_close(struct rows *r);
/* The next row. ERR_NOT_FOUND at the end; ERR_INVALID, ERR_IO: no more can be read, `why` says it.
 */
MUST_USE err rows_next(struct rows *r, struct row *out, struct diag *why);
/* The columns met so far: those of the header, or of NDJSON's objects, which may bring more as they
 * come. Names are unique and not empty. */
u32 rows_columns(const struct rows *r);
str rows_column(const struct rows *r, u32 i);
/* In words: "csv, utf-8, ','". */
str rows_describe(const struct rows *r);

/* ---- a file in pieces (csv.c): rows of a text in UTF-8 may be read from any line end on, as long
 * as no quote stands before the next ---- */

enum {
    ROWS_LINE_MAX = 16 << 10, /* of the row that a cut falls into */
    ROWS_SLACK = 64,          /* bytes behind a piece's text that may be read */
};

/* Where the next row begins in the file, and the file's size; false: its rows can only be read one
 * after the other. */
bool rows_place(const struct rows *r, u64 *place, u64 *size);
/* Goes on at that place, behind so many rows. */
void rows_seek(struct rows *r, u64 place, u64 number);
/* A reader of pieces of that file, which `r` outlives; it has no rows yet. Its rows are numbered
 * from 1 in each piece. */
struct rows *rows_piece(const struct rows *r);
/* The rows that begin between the first line end at or behind *from and the first at or behind *to,
 * which become those places. With `exact`, *from and *to are places already. False: a line end is
 * too far, a quote stands there, or it cannot be read; nothing can be said of these rows. */
bool rows_cut(struct rows *piece, u64 *from, u64 *to, bool exact);

/* ---- for the readers ---- */

/* What a format does. A reader keeps its own state behind `rows`. */
struct rows_reader {
    err (*next)(struct rows *r, struct row *out, struct diag *why);
    void (*close)(struct rows *r);
};

struct rows {
    const struct rows_reader *reader;
    struct arena *arena; /* names */
    str *names;
    u32 name_count, name_room;
    u64 number; /* of the last row */
    char description[96];
    const char *encoding; /* of a text, as its options may say it; NULL: it has none */
};

/* Adds a column, with its name made unique; its place. ROWS_COLUMNS_MAX: no more are taken. */
u32 rows_add_column(struct rows *r, str name);
bool rows_is_blank(const struct cell *cells, u32 count);

MUST_USE err csv_open(struct env *env, const char *path, const struct rows_options *o,
                      struct rows **out, struct diag *why);
MUST_USE err ndjson_open(struct env *env, const char *path, const struct rows_options *o,
                         struct rows **out, struct diag *why);
MUST_USE err xlsx_open(const char *path, const struct rows_options *o, struct rows **out,
                       struct diag *why);
/* Whether a first row names columns, by what it looks like: no numbers, dates or addresses in it.
 */
bool rows_looks_like_header(const struct cell *cells, u32 count);
/* Whether a row above the columns' names may be the list's own: one cell alone says something, and
 * that is no value. It is, where the row below names columns: two at least. */
bool rows_may_be_title(const struct cell *cells, u32 count);
bool rows_names_columns(const struct cell *cells, u32 count);
