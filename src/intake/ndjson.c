/* ndjson.c — a JSON object a line: its members are the columns, met as they come. */
#include "base/bytes.h"
#include "intake/body.h"
#include "intake/rows.h"
#include "intake/text_encoding.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 << 20, WORDS_MAX = 4 << 20 };

struct ndjson {
    struct rows rows;
    struct text_in *in;
    struct buf text, words; /* words: texts of what is no text */
    size_t at;
    bool at_end;
    struct body *body;
    struct cell *cells; /* one a column */
    u32 hint;           /* where the next member is looked for first */
    const char *problem;
};

/* ---- lines ---- */

MUST_USE static err more(struct ndjson *x)
{
    if (x->at) memmove(x->text.p, x->text.p + x->at, x->text.n - x->at);
    x->text.n -= x->at;
    x->at = 0;
    err e = text_more(x->in, &x->text);
    if (e != ERR_NOT_FOUND) return e;
    x->at_end = true;
    return ERR_OK;
}

static const char *line_end(const struct ndjson *x)
{
    size_t n = x->text.n - x->at;
    return n ? memchr(x->text.p + x->at, '\n', n) : NULL;
}

/* The next line that is not blank. A line of more than ROWS_ROW_MAX bytes is given cut. */
MUST_USE static err next_line(struct ndjson *x, str *line)
{
    do {
        const char *end;
        while (!(end = line_end(x)) && !x->at_end && x->text.n - x->at < 8 * (size_t)ROWS_ROW_MAX)
            TRY(more(x));
        if (!end && x->at == x->text.n) return ERR_NOT_FOUND;
        size_t to = end ? (size_t)(end - x->text.p) : x->text.n;
        *line = str_trim((str){x->text.p + x->at, to - x->at});
        x->at = end ? to + 1 : to;
    } while (line->n == 0);
    return ERR_OK;
}

/* ---- members ---- */

/* Members come in the same order line after line: the next one is nearly always where the last
 * line had it. */
static u32 column_of(struct ndjson *x, str name)
{
    struct rows *r = &x->rows;
    for (u32 i = 0; i < r->name_count; i++) {
        u32 at = (x->hint + i) % r->name_count;
        if (!str_eq(r->names[at], name)) continue;
        x->hint = at + 1;
        return at;
    }
    return rows_add_column(r, name);
}

static void set_cell(struct ndjson *x, str name, str bytes)
{
    struct reader in = reader_of(bytes);
    value v = value_read(&in);
    u32 i = column_of(x, name);
    if (i >= ROWS_COLUMNS_MAX || in.bad) return;
    struct cell *c = &x->cells[i];
    *c = (struct cell){0};
    if (v.type == VALUE_NULL) return;
    c->bytes = bytes;
    c->text = v.text;
    if (v.type == VALUE_TEXT) return;
    size_t from = x->words.n;
    value_json(&x->words, v);
    c->text.n = x->words.n - from;
    c->text.p = (const char *)(uintptr_t)from; /* an offset until all are written */
}

static err on_item(void *ctx, const struct body_item *item)
{
    struct ndjson *x = ctx;
    if (item->broken) {
        x->problem = item->broken;
        return ERR_OK;
    }
    const u8 *p = (const u8 *)item->map.members.p;
    for (u32 i = 0; i < item->map.count; i++) {
        str name = bytes_str(&p);
        const u8 *end = bytes_skip_value(p);
        set_cell(x, name, (str){(const char *)p, (size_t)(end - p)});
        p = end;
    }
    return ERR_OK;
}

/* Offsets into `words` become views, now that it grows no more. */
static void place_words(struct ndjson *x)
{
    for (u32 i = 0; i < x->rows.name_count; i++) {
        struct cell *c = &x->cells[i];
        if (c->bytes.n && *c->bytes.p != VALUE_TEXT) c->text.p = x->words.p + (uintptr_t)c->text.p;
    }
}

static err next(struct rows *r, struct row *out, struct diag *why)
{
    struct ndjson *x = (struct ndjson *)r;
    struct body_reader reader = {NULL, on_item, x};
    struct diag broken = {0};
    str line;
    err e = next_line(x, &line);
    if (e == ERR_NOT_FOUND) return e;
    if (e != ERR_OK) return diag_set(why, e, "the file cannot be read to its end");
    memset(x->cells, 0, r->name_count * sizeof *x->cells);
    buf_reset(&x->words);
    x->problem = NULL;
    x->hint = 0;
    if (line.n > ROWS_ROW_MAX)
        x->problem = "it is longer than 1 MiB";
    else if (body_read_item(x->body, line, &reader, &broken) != ERR_OK && !x->problem)
        x->problem = "it is no JSON object";
    place_words(x);
    *out = (struct row){++r->number, x->problem ? 0 : r->name_count, x->cells, x->problem};
    return ERR_OK;
}

static void close_ndjson(struct rows *r)
{
    struct ndjson *x = (struct ndjson *)r;
    text_close(x->in);
    body_free(x->body);
    buf_clear(&x->text);
    buf_clear(&x->words);
    free(x->cells);
    free(x);
}

static const struct rows_reader READER = {next, close_ndjson};

err ndjson_open(struct env *env, const char *path, const struct rows_options *o, struct rows **out,
                struct diag *why)
{
    struct ndjson *x = mem_zalloc(sizeof *x);
    x->rows.reader = &READER;
    x->rows.arena = arena_new();
    x->body = body_new();
    x->cells = mem_zalloc(ROWS_COLUMNS_MAX * sizeof *x->cells);
    buf_init(&x->text, TEXT_MAX);
    buf_init(&x->words, WORDS_MAX);
    err e = text_open(env, path, o->encoding, &x->in, why);
    if (e == ERR_OK) e = more(x);
    if (e != ERR_OK) {
        rows_close(&x->rows);
        return diag_set(why, e, "the file cannot be read");
    }
    x->rows.encoding = text_encoding(x->in);
    snprintf(x->rows.description, sizeof x->rows.description, "ndjson, %s", text_encoding(x->in));
    *out = &x->rows;
    return ERR_OK;
}
