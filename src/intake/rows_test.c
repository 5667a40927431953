/* rows_test.c — tables as the world writes them: small ones here, and two collections of files that
 * others made, where they are there. */
#include "base/json.h"
#include "base/test.h"
#include "intake/rows.h"
#include "intake/text_encoding.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void write_file(const char *path, str bytes)
{
    struct file *f;
    CHECK_EQ(env_open(env_real(), path, FILE_CREATE, &f), ERR_OK);
    CHECK_EQ(file_resize(f, 0), ERR_OK);
    CHECK_EQ(file_write(f, 0, bytes.p, bytes.n), ERR_OK);
    file_close(f);
}

/* All of a table as one text: columns, then rows; cells in brackets, problems by a "!". */
static str shown(struct arena *arena, str bytes, const struct rows_options *o)
{
    char path[64];
    struct rows *r;
    struct row row;
    struct diag why = {0};
    struct buf b;
    buf_init(&b, 64 << 20);
    snprintf(path, sizeof path, "/tmp/beckon-rows-%d", (int)getpid());
    write_file(path, bytes);
    err e = rows_open(env_real(), path, o, &r, &why);
    if (e != ERR_OK) return arena_printf(arena, "%s: %s", err_name(e), why.message);
    for (u32 i = 0; i < rows_columns(r); i++)
        buf_printf(&b, "%s%.*s", i ? "," : "", STR_ARG(rows_column(r, i)));
    while ((e = rows_next(r, &row, &why)) == ERR_OK) {
        buf_printf(&b, "\n%llu%s", (unsigned long long)row.number, row.problem ? "!" : "");
        for (u32 i = 0; i < row.count; i++) buf_printf(&b, "[%.*s]", STR_ARG(row.cells[i].text));
    }
    if (e != ERR_NOT_FOUND) buf_printf(&b, "\n%s: %s", err_name(e), why.message);
    rows_close(r);
    unlink(path);
    str s = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

#define SHOWN(bytes, ...)                                                                          \
    shown(arena, (str){bytes, sizeof(bytes) - 1}, &(struct rows_options){__VA_ARGS__})

TEST("a table of text: quotes, line ends within them, and after a quote")
{
    CHECK_STR(SHOWN("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n2,\"q\"r\r\n"),
              S("a,b\n1[1][x, \"y\"\nz]\n2[2][qr]"));
    CHECK_STR(SHOWN("a,b\r1,2\r3,4"), S("a,b\n1[1][2]\n2[3][4]"));
    CHECK_STR(SHOWN("a,b\n\n,\n1,2\n"), S("a,b\n1[1][2]"));
    CHECK_STR(SHOWN("a,,a\n1,2,3,4\n5\n"), S("a,column_2,a_2\n1[1][2][3][4]\n2[5]"));
}

TEST("what parts the cells is guessed, or said")
{
    CHECK_STR(SHOWN("a;b\n1,5;2\n2,5;3\n"), S("a,b\n1[1,5][2]\n2[2,5][3]"));
    CHECK_STR(SHOWN("a\tb\n1\t2\n"), S("a,b\n1[1][2]"));
    CHECK_STR(SHOWN("a|b\n1|2\n"), S("a,b\n1[1][2]"));
    CHECK_STR(SHOWN(" id  day n\n 1  19970101 3\n 2  19970102 4\n"),
              S("id,day,n\n1[1][19970101][3]\n2[2][19970102][4]"));
    CHECK_STR(SHOWN("a#b\n1#2\n", .delimiter = S("#")), S("a,b\n1[1][2]"));
    CHECK_STR(SHOWN("a,b\n", .delimiter = S("##")),
              S("INVALID: the delimiter is one character, or tab, space"));
    CHECK_STR(SHOWN("a,b c\n1,2\n", .delimiter = S("tab")), S("a,b c\n1[1,2]"));
}

TEST("a first row of values names no columns")
{
    CHECK_STR(SHOWN("1,2026-01-05\n2,x\n"), S("column_1,column_2\n1[1][2026-01-05]\n2[2][x]"));
    CHECK_STR(SHOWN("a@b.c,x\n"), S("column_1,column_2\n1[a@b.c][x]"));
    CHECK_STR(SHOWN("1,2\n3,4\n", .header = 1), S("1,2\n1[3][4]"));
    CHECK_STR(SHOWN("a,b\n1,2\n", .header = -1), S("column_1,column_2\n1[a][b]\n2[1][2]"));
    CHECK_STR(SHOWN(""), S(""));
}

TEST("the title of a list above the names of its columns is passed over")
{
    CHECK_STR(SHOWN("Members of November,,\nname,e-mail,city\nLi,li@x.test,Bath\n"),
              S("name,e-mail,city\n1[Li][li@x.test][Bath]"));
    CHECK_STR(SHOWN("会员名单 2026年11月\n\n姓名,手机\n李,13800138000\n"),
              S("姓名,手机\n1[李][13800138000]"));
    /* One column, or a header with one name: as ever. */
    CHECK_STR(SHOWN("name\nLi\nWang\n"), S("name\n1[Li]\n2[Wang]"));
    CHECK_STR(SHOWN("name,\nLi,5\n"), S("name,column_2\n1[Li][5]"));
    CHECK_STR(SHOWN("Name of the customer,,\n"), S("Name of the customer,column_2,column_3"));
    CHECK_STR(SHOWN("Members,,\nname,e-mail,city\n", .header = 1),
              S("Members,column_2,column_3\n1[name][e-mail][city]"));
}

TEST("a lost quote costs its line, not the file")
{
    struct buf b;
    buf_init(&b, 8 << 20);
    buf_put(&b, S("a,b\n1,\"x\n"));
    for (u32 i = 0; i < 400000; i++) buf_put(&b, S("2,y\n"));
    str s = shown(arena, buf_str(&b), &(struct rows_options){0});
    CHECK(str_starts(s, S("a,b\n1!\n2[2][y]\n3[2][y]")));
    CHECK(str_ends(s, S("\n400001[2][y]")));
    buf_clear(&b);
}

TEST("encodings are known by their marks and their bytes, or said")
{
    CHECK_STR(SHOWN("\xEF\xBB\xBF"
                    "a,b\n1,é\n"),
              S("a,b\n1[1][é]"));
    CHECK_STR(SHOWN("\xFF\xFE"
                    "a\0,\0b\0\n\0\x31\0,\0\x2d\x4e\n\0"),
              S("a,b\n1[1][中]"));
    CHECK_STR(SHOWN("\xFE\xFF"
                    "\0a\0,\0b\0\n\0\x31\0,\x4e\x2d\0\n"),
              S("a,b\n1[1][中]"));
    CHECK_STR(SHOWN("a\0,\0b\0\n\0\x31\0,\0\x32\0\n\0"), S("a,b\n1[1][2]"));
    CHECK_STR(SHOWN("\xd0\xd5\xc3\xfb,b\n\xd6\xd0\xce\xc4,2\n"), S("姓名,b\n1[中文][2]"));
    CHECK_STR(SHOWN("a,b\ncaf\xe9,2\n", .encoding = S("latin1")), S("a,b\n1[café][2]"));
    CHECK_STR(SHOWN("a,b\n\xd6\xd0,2\n", .encoding = S("utf-8")), S("a,b\n1!"));
    CHECK(
        str_starts(SHOWN("a\n", .encoding = S("ebcdic")), S("INVALID: \"ebcdic\" is no encoding")));
}

TEST("a JSON object a line: columns as they come, types kept")
{
    CHECK_STR(SHOWN("{\"a\":1,\"b\":\"x\"}\n\n{\"b\":null,\"c\":[1,{\"d\":true}]}\nnonsense\n{"
                    "\"a\":1.50}\n"),
              S("\n1[1][x]\n2[][][[1,{\"d\":true}]]\n3!\n4[1.5][][]"));
}

/* ---- files of others ---- */

static bool unpack(const char *archive, char dir[64])
{
    char command[512];
    snprintf(dir, 64, "/tmp/beckon-files-%d", (int)getpid());
    if (access(archive, R_OK) != 0) return false;
    snprintf(command, sizeof command, "rm -rf %s && mkdir -p %s && tar xzf %s -C %s", dir, dir,
             archive, dir);
    return system(command) == 0;
}

static void clean(const char *dir)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK_EQ(system(command), 0);
}

struct spectrum {
    const char *dir;
    struct arena *arena;
    u32 files;
};

static void compare_json(struct spectrum *x, const char *name)
{
    char path[512];
    struct rows *r;
    struct row row;
    struct diag why = {0};
    const struct json *want;
    static char text[1 << 16];
    size_t n;
    struct file *f;
    snprintf(path, sizeof path, "%s/json/%s.json", x->dir, name);
    CHECK_EQ(env_open(env_real(), path, FILE_READ, &f), ERR_OK);
    CHECK_EQ(file_read(f, 0, text, sizeof text, &n), ERR_OK);
    file_close(f);
    CHECK_EQ(json_parse((str){text, n}, x->arena, &want, &why), ERR_OK);
    snprintf(path, sizeof path, "%s/csvs/%s.csv", x->dir, name);
    CHECK_EQ(rows_open(env_real(), path, &(struct rows_options){.header = 1}, &r, &why), ERR_OK);
    for (const struct json *o = want->child; o; o = o->next) {
        CHECK_EQ(rows_next(r, &row, &why), ERR_OK);
        u32 i = 0;
        for (const struct json *m = o->child; m; m = m->next, i++) {
            CHECK(str_eq(rows_column(r, i), m->key));
            CHECK(i < row.count && str_eq(row.cells[i].text, m->text));
        }
        CHECK_EQ(row.count, i);
    }
    CHECK_EQ(rows_next(r, &row, &why), ERR_NOT_FOUND);
    rows_close(r);
    x->files++;
}

static void each_csv(void *ctx, str name)
{
    char plain[128];
    snprintf(plain, sizeof plain, "%.*s", (int)name.n - 4, name.p);
    compare_json(ctx, plain);
}

TEST("every file of csv-spectrum reads as its JSON says")
{
    char dir[64], csvs[128];
    struct spectrum x = {dir, arena, 0};
    if (!unpack("../shared/data/csv/csv-spectrum.tar.gz", dir))
        TEST_SKIP("no files of csv-spectrum");
    snprintf(csvs, sizeof csvs, "%s/csvs", dir);
    CHECK_EQ(env_list(env_real(), csvs, each_csv, &x), ERR_OK);
    CHECK_EQ(x.files, 11);
    clean(dir);
}

enum { LINES_DIFFER = 6 /* dates in the format of their cells, and a line end written as \\n */ };

struct pairs {
    const char *dir;
    u32 files, cells, differing;
};

/* The same text, the same number, or a date that the other tool writes in the sheet's own format:
 * those are counted, not compared. */
static bool same_cell(str a, str b)
{
    char x[64], y[64], *xe, *ye;
    a = str_trim(a), b = str_trim(b);
    if (str_starts(b, S("<a href")) && str_find(b, a) > 0) return true;
    if (str_eq_nocase(a, b)) return true;
    if (!a.n || !b.n || a.n > 60 || b.n > 60) return false;
    snprintf(x, sizeof x, "%.*s", STR_ARG(a));
    snprintf(y, sizeof y, "%.*s", STR_ARG(b));
    double m = strtod(x, &xe), n = strtod(y, &ye);
    if (*xe || (*ye && *ye != '%')) return false;
    if (*ye == '%') n /= 100;
    double d = m > n ? m - n : n - m;
    return d <= 0.006 * (n > 1 || n < -1 ? (n < 0 ? -n : n) : 1);
}

static void each_pair(void *ctx, str name)
{
    struct pairs *p = ctx;
    char sheet[512], table[512];
    struct rows *a, *b;
    struct row x, y;
    struct diag why = {0};
    /* Made with options: several sheets in one table, other formats of times. */
    if (str_starts(name, S("sheets")) || str_starts(name, S("variousdelim"))) return;
    if (str_find(name, S(".xls")) < 0 || str_starts(name, S("timeformat"))) return;
    ptrdiff_t dot = str_find(name, S(".xls"));
    snprintf(sheet, sizeof sheet, "%s/test/%.*s", p->dir, STR_ARG(name));
    snprintf(table, sizeof table, "%s/test/%.*s.csv", p->dir, (int)dot, name.p);
    CHECK_EQ(rows_open(env_real(), sheet, &(struct rows_options){.header = -1}, &a, &why), ERR_OK);
    CHECK_EQ(rows_open(env_real(), table, &(struct rows_options){.header = -1, .format = ROWS_CSV},
                       &b, &why),
             ERR_OK);
    p->files++;
    for (;;) {
        err e = rows_next(a, &x, &why), f = rows_next(b, &y, &why);
        if (e != f && getenv("VERBOSE")) printf("%.*s: rows end %d %d\n", STR_ARG(name), e, f);
        if (e != ERR_OK || f != ERR_OK) break;
        for (u32 i = 0; i < x.count || i < y.count; i++) {
            str s = i < x.count ? x.cells[i].text : (str){0},
                t = i < y.count ? y.cells[i].text : (str){0};
            p->cells++;
            bool same = same_cell(s, t);
            p->differing += !same;
            if (!same && getenv("VERBOSE"))
                printf("%.*s %llu/%u: ours [%.*s] theirs [%.*s]\n", STR_ARG(name),
                       (unsigned long long)x.number, i, STR_ARG(s), STR_ARG(t));
        }
    }
    rows_close(a);
    rows_close(b);
}

TEST("spreadsheets read as another program reads them")
{
    char dir[64], test[128];
    struct pairs p = {.dir = dir};
    if (!unpack("../shared/data/xlsx/xlsx2csv_pairs.tar.gz", dir)) TEST_SKIP("no spreadsheets");
    snprintf(test, sizeof test, "%s/test", dir);
    CHECK_EQ(env_list(env_real(), test, each_pair, &p), ERR_OK);
    CHECK_EQ(p.files, 20);
    CHECK(p.cells > 400 && p.differing <= LINES_DIFFER);
    clean(dir);
}
