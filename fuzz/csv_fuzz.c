/* csv_fuzz.c — any bytes as a table, by text or a JSON object a line: rows come, with cells within
 * their bounds that are UTF-8, until the end; what columns mean is decided; dates are read.
 *
 * The first byte chooses the format, the delimiter and the encoding. A text is read a second time
 * in pieces, cut wherever they may be: the same rows come. */
#include "base/hash.h"
#include "intake/mapping.h"
#include "intake/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *path, str bytes)
{
    struct file *f;
    MUST(env_open(env_real(), path, FILE_CREATE, &f) == ERR_OK);
    MUST(file_resize(f, 0) == ERR_OK && file_write(f, 0, bytes.p, bytes.n) == ERR_OK);
    file_close(f);
}

static bool is_namespace(void *ctx, str name)
{
    (void)ctx;
    return str_eq(name, S("email")) || str_eq(name, S("user_id"));
}

static void look_at(struct mapping *m, const struct row *row)
{
    struct when w;
    i64 ms;
    for (u32 i = 0; i < row->count; i++) {
        MUST(row->cells[i].text.n <= ROWS_ROW_MAX * 3 && str_is_utf8(row->cells[i].text));
        if (when_parse(row->cells[i].text, DATES_UNSURE, &w)) (void)!when_ms(&w, NULL, &ms);
    }
    mapping_look(m, row);
}

static u64 mix(u64 seen, const struct row *row)
{
    seen = seen * 31 + row->number * 2 + (row->problem != NULL);
    for (u32 i = 0; i < row->count; i++) seen = seen * 31 + hash_xxh64(row->cells[i].text) + 1;
    return seen;
}

/* What all rows make, a piece where one can be cut from here on, else a row by itself. */
static u64 read_in_pieces(struct rows *r, u64 step)
{
    u64 seen = 0, from, to, size = 0;
    struct rows *piece = NULL;
    struct row row;
    for (;;) {
        if (rows_place(r, &from, &size) && from < size) {
            u64 place = from, number = r->number;
            if (!piece) piece = rows_piece(r);
            to = from + step;
            if (rows_cut(piece, &from, &to, false) && from == place) {
                MUST(to > from && to <= size);
                while (rows_next(piece, &row, NULL) == ERR_OK) {
                    row.number = ++number;
                    seen = mix(seen, &row);
                }
                rows_seek(r, to, number);
                continue;
            }
        }
        if (rows_next(r, &row, NULL) != ERR_OK) break;
        seen = mix(seen, &row);
    }
    rows_close(piece);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ENCODINGS[] = {"", "utf-8", "utf-16le", "gb18030"};
    static const char *const DELIMITERS[] = {"", ",", "space", "\t"};
    char path[64];
    struct rows *r;
    struct row row;
    struct diag why = {0};
    if (!size) return 0;
    snprintf(path, sizeof path, "/tmp/beckon-fuzz-csv-%d", (int)getpid());
    write_file(path, (str){(const char *)data + 1, size - 1});
    struct rows_options o = {.format = data[0] & 1 ? ROWS_NDJSON : ROWS_CSV,
                             .delimiter = str_of(DELIMITERS[data[0] >> 1 & 3]),
                             .encoding = str_of(ENCODINGS[data[0] >> 3 & 3])};
    if (rows_open(env_real(), path, &o, &r, &why) == ERR_OK) {
        struct mapping *m = mem_zalloc(sizeof *m);
        m->kind = (import_kind)(1 + (data[0] >> 5) % 3);
        m->is_namespace = is_namespace;
        m->arena = arena_new();
        u64 last = 0, seen = 0;
        while (rows_next(r, &row, &why) == ERR_OK) {
            MUST(row.number == ++last && row.count <= ROWS_COLUMNS_MAX);
            look_at(m, &row);
            seen = mix(seen, &row);
        }
        rows_close(r);
        MUST(rows_open(env_real(), path, &o, &r, &why) == ERR_OK);
        MUST(read_in_pieces(r, 1 + (u64)data[size / 2] * size / 512) == seen);
        MUST(mapping_decide(m, r, NULL, &why) == ERR_OK);
        arena_free(m->arena);
        free(m);
        rows_close(r);
    }
    unlink(path);
    return 0;
}
