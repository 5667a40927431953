/* rows.c — which reader a file needs, and what all readers share: names of columns. */
#include "intake/rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- which format ---- */

static bool ends_nocase(str name, const char *ending)
{
    size_t n = strlen(ending);
    return name.n >= n && str_eq_nocase(str_slice(name, name.n - n, name.n), str_of(ending));
}

MUST_USE static err head_of(struct env *env, const char *path, char *out, size_t room, size_t *n)
{
    struct file *f;
    TRY(env_open(env, path, FILE_READ, &f));
    err e = file_read(f, 0, out, room, n);
    file_close(f);
    return e;
}

/* By the first bytes; the name decides only what they leave open. */
static rows_format guess(str head, str name)
{
    if (str_starts(head, S("PK\3\4"))) return ROWS_XLSX;
    if (ends_nocase(name, ".ndjson") || ends_nocase(name, ".jsonl") || ends_nocase(name, ".json"))
        return ROWS_NDJSON;
    if (str_starts(head, S("\xEF\xBB\xBF"))) head = str_slice(head, 3, head.n);
    head = str_trim(head);
    bool object = str_starts(head, S("{")) && str_find(str_slice(head, 0, 512), S("\"")) > 0;
    return object && !ends_nocase(name, ".csv") ? ROWS_NDJSON : ROWS_CSV;
}

err rows_open(struct env *env, const char *path, const struct rows_options *o, struct rows **out,
              struct diag *why)
{
    char head[4096];
    size_t n = 0;
    err e = head_of(env, path, head, sizeof head, &n);
    if (e != ERR_OK) return diag_set(why, e, "the file cannot be read");
    rows_format format = o->format ? o->format : guess((str){head, n}, o->name);
    switch (format) {
    case ROWS_XLSX: return xlsx_open(path, o, out, why);
    case ROWS_NDJSON: return ndjson_open(env, path, o, out, why);
    default: return csv_open(env, path, o, out, why);
    }
}

void rows_close(struct rows *r)
{
    if (!r) return;
    struct arena *arena = r->arena;
    free(r->names);
    r->reader->close(r);
    arena_free(arena);
}

err rows_next(struct rows *r, struct row *out, struct diag *why)
{
    out->problem = NULL;
    return r->reader->next(r, out, why);
}

/* ---- columns ---- */

u32 rows_columns(const struct rows *r)
{
    return r->name_count;
}

str rows_column(const struct rows *r, u32 i)
{
    return i < r->name_count ? r->names[i] : (str){0};
}

str rows_describe(const struct rows *r)
{
    return str_of(r->description);
}

static bool is_taken(const struct rows *r, str name)
{
    for (u32 i = 0; i < r->name_count; i++)
        if (str_eq(r->names[i], name)) return true;
    return false;
}

u32 rows_add_column(struct rows *r, str name)
{
    if (r->name_count == ROWS_COLUMNS_MAX) return ROWS_COLUMNS_MAX;
    name = str_slice(str_trim(name), 0, 128);
    while (name.n && !str_is_utf8(name)) name.n--;
    if (name.n == 0) name = arena_printf(r->arena, "column_%u", r->name_count + 1);
    str unique = arena_str(r->arena, name);
    for (u32 i = 2; is_taken(r, unique); i++)
        unique = arena_printf(r->arena, "%.*s_%u", STR_ARG(name), i);
    if (r->name_count == r->name_room) {
        r->name_room = r->name_room ? r->name_room * 2 : 32;
        r->names = mem_realloc(r->names, r->name_room * sizeof *r->names);
    }
    r->names[r->name_count] = unique;
    return r->name_count++;
}

bool rows_is_blank(const struct cell *cells, u32 count)
{
    for (u32 i = 0; i < count; i++)
        if (cells[i].bytes.n || str_trim(cells[i].text).n) return false;
    return true;
}

/* A number, a date or an e-mail address: values, not names. */
static bool is_value(str s)
{
    u32 digits = 0, others = 0;
    s = str_trim(s);
    if (str_index(s, '@') > 0) return true;
    for (size_t i = 0; i < s.n; i++)
        if (isdigit((u8)s.p[i]))
            digits++;
        else if (!strchr(" .,:-+/%T", s.p[i]))
            others++;
    return digits && !others;
}

bool rows_looks_like_header(const struct cell *cells, u32 count)
{
    for (u32 i = 0; i < count; i++)
        if (is_value(cells[i].text)) return false;
    return true;
}

static u32 filled(const struct cell *cells, u32 count)
{
    u32 n = 0;
    for (u32 i = 0; i < count; i++) n += str_trim(cells[i].text).n > 0;
    return n;
}

bool rows_may_be_title(const struct cell *cells, u32 count)
{
    return filled(cells, count) == 1 && rows_looks_like_header(cells, count);
}

bool rows_names_columns(const struct cell *cells, u32 count)
{
    return filled(cells, count) >= 2 && rows_looks_like_header(cells, count);
}
