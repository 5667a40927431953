/* report_files.c — a report as CSV and as a workbook: numbers and dates are numbers and dates. */
#include "server/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { SHEET_NAME_MAX = 31, XLSX_MAX = 16 << 20, COLUMN_WIDTH = 16, FIRST_WIDTH = 28 };

/* ---- CSV ---- */

/* What a spreadsheet would take for a formula stays a text. */
static void put_field(struct buf *b, str s)
{
    bool formula = s.n && strchr("=+-@\t\r", s.p[0]) != NULL, quoted = false;
    for (size_t i = 0; i < s.n; i++) quoted |= strchr("\",\r\n", s.p[i]) != NULL;
    if (quoted) buf_byte(b, '"');
    if (formula) buf_byte(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_byte(b, '"');
        buf_byte(b, (u8)s.p[i]);
    }
    if (quoted) buf_byte(b, '"');
}

static bool is_plain_number(report_as as)
{
    return as == AS_NUMBER || as == AS_MONEY || as == AS_SHARE || as == AS_SECONDS || as == AS_HOUR;
}

static void put_cell(struct buf *b, const struct report_cell *c, report_as as)
{
    if (c->counts && is_plain_number(as))
        buf_printf(b, "%.15g", c->number);
    else
        put_field(b, c->text);
}

static void put_line_end(struct buf *b)
{
    buf_put(b, S("\r\n"));
}

/* One table after the other, each under its title; the mark in front tells that it is UTF-8. */
void report_csv(struct buf *b, const struct report *r)
{
    buf_put(b, S("\xEF\xBB\xBF"));
    for (u32 i = 0; i < r->count; i++) {
        const struct report_part *p = &r->parts[i];
        if (i) put_line_end(b);
        if (r->count > 1) {
            put_field(b, p->title.n ? p->title : p->question);
            put_line_end(b);
        }
        for (u32 k = 0; k < p->columns; k++) {
            if (k) buf_byte(b, ',');
            put_field(b, p->heads[k]);
        }
        put_line_end(b);
        for (u32 row = 0; row < p->rows; row++) {
            for (u32 k = 0; k < p->columns; k++) {
                if (k) buf_byte(b, ',');
                put_cell(b, &p->cells[(size_t)row * p->columns + k], p->as[k]);
            }
            put_line_end(b);
        }
    }
}

/* ---- XLSX ---- */

struct book {
    lxw_workbook *of;
    lxw_format *title, *head, *note, *as[AS_ATTRIBUTE + 1];
    char text[8192];
};

static const char *text_of(struct book *k, str s)
{
    size_t n = min_size(s.n, sizeof k->text - 1);
    while (n && n < s.n && ((u8)s.p[n] & 0xC0) == 0x80) n--;
    memcpy(k->text, s.p, n);
    k->text[n] = 0;
    return k->text;
}

static lxw_format *format_of(struct book *k, const char *numbers)
{
    lxw_format *f = workbook_add_format(k->of);
    if (f && numbers) format_set_num_format(f, numbers);
    return f;
}

static void make_formats(struct book *k, bool hours)
{
    k->title = format_of(k, NULL);
    format_set_bold(k->title);
    format_set_font_size(k->title, 14);
    k->head = format_of(k, NULL);
    format_set_bold(k->head);
    format_set_bottom(k->head, LXW_BORDER_THIN);
    k->note = format_of(k, NULL);
    format_set_font_color(k->note, 0x5B6863);
    k->as[AS_NUMBER] = format_of(k, "#,##0.##");
    k->as[AS_MONEY] = format_of(k, "#,##0.00");
    k->as[AS_SHARE] = format_of(k, "0.0%");
    k->as[AS_SECONDS] = format_of(k, "[h]:mm:ss");
    k->as[AS_MOMENT] = format_of(k, hours ? "yyyy-mm-dd hh:mm" : "yyyy-mm-dd");
    k->as[AS_HOUR] = format_of(k, "0");
}

/* A name that a sheet may have, and none has yet: "2 Who comes back". */
static void name_sheet(struct book *k, u32 n, str title, char out[SHEET_NAME_MAX * 4 + 8])
{
    size_t at = (size_t)snprintf(out, 16, "%u ", n + 1), letters = at;
    (void)k;
    for (size_t i = 0; i < title.n && letters < SHEET_NAME_MAX - 1;) {
        size_t size = 1;
        while (i + size < title.n && ((u8)title.p[i + size] & 0xC0) == 0x80) size++;
        bool bad = strchr("[]:*?/\\'", title.p[i]) != NULL || (u8)title.p[i] < 32;
        if (!bad && size <= 4) {
            memcpy(out + at, title.p + i, size);
            at += size;
            letters += size == 4 ? 2 : 1;
        }
        i += size;
    }
    while (at && out[at - 1] == ' ') at--;
    out[at] = 0;
}

/* Days since 1899-12-30, of the local time; durations are parts of a day. */
static double serial(report_as as, double n)
{
    if (as == AS_MOMENT) return n / (double)DAY + 25569;
    return as == AS_SECONDS ? n / 86400 : n;
}

static void write_cell(struct book *k, lxw_worksheet *ws, u32 row, u32 col,
                       const struct report_cell *c, report_as as)
{
    if (c->counts && k->as[as])
        worksheet_write_number(ws, row, (lxw_col_t)col, serial(as, c->number), k->as[as]);
    else if (c->text.n)
        worksheet_write_string(ws, row, (lxw_col_t)col, text_of(k, c->text), NULL);
}

static u32 write_figures(struct book *k, lxw_worksheet *ws, u32 row, const struct report_part *p,
                         bool zh)
{
    if (!p->figures) return row;
    worksheet_write_string(ws, row, 1, zh ? "这段时间" : "This period", k->head);
    worksheet_write_string(ws, row, 2, zh ? "之前" : "The one before", k->head);
    for (u32 i = 0; i < p->figures; i++) {
        const struct report_figure *f = &p->figure[i];
        worksheet_write_string(ws, ++row, 0, text_of(k, f->name), NULL);
        worksheet_write_number(ws, row, 1, serial(f->as, f->now), k->as[f->as]);
        if (f->has_before)
            worksheet_write_number(ws, row, 2, serial(f->as, f->before), k->as[f->as]);
    }
    return row + 2;
}

static void write_part(struct book *k, u32 n, const struct report *r)
{
    const struct report_part *p = &r->parts[n];
    char name[SHEET_NAME_MAX * 4 + 8];
    u32 row = 0;
    name_sheet(k, n, p->title.n ? p->title : p->question, name);
    lxw_worksheet *ws = workbook_add_worksheet(k->of, name);
    if (!ws) ws = workbook_add_worksheet(k->of, NULL);
    if (!ws) return;
    worksheet_set_column(ws, 0, 0, FIRST_WIDTH, NULL);
    worksheet_set_column(ws, 1, REPORT_COLUMNS_MAX, COLUMN_WIDTH, NULL);
    worksheet_set_landscape(ws);
    worksheet_set_paper(ws, 9); /* A4 */
    worksheet_fit_to_pages(ws, 1, 0);
    worksheet_write_string(ws, row++, 0, text_of(k, p->title.n ? p->title : p->question), k->title);
    if (p->period.n) worksheet_write_string(ws, row++, 0, text_of(k, p->period), k->note);
    if (p->says.n) worksheet_write_string(ws, row++, 0, text_of(k, p->says), k->note);
    if (p->refused.n) worksheet_write_string(ws, row++, 0, text_of(k, p->refused), k->note);
    row = write_figures(k, ws, row + 1, p, r->zh);
    if (!p->rows) return;
    u32 head = row++;
    for (u32 i = 0; i < p->columns; i++)
        worksheet_write_string(ws, head, (lxw_col_t)i, text_of(k, p->heads[i]), k->head);
    for (u32 i = 0; i < p->rows; i++, row++)
        for (u32 c = 0; c < p->columns; c++)
            write_cell(k, ws, row, c, &p->cells[(size_t)i * p->columns + c], p->as[c]);
    worksheet_autofilter(ws, head, 0, row - 1, (lxw_col_t)(p->columns - 1));
}

static err read_back(int fd, struct buf *b, struct diag *why)
{
    off_t size = lseek(fd, 0, SEEK_END), at = 0;
    if (size <= 0) return diag_set(why, ERR_IO, "the workbook could not be written");
    if (size > XLSX_MAX) return diag_set(why, ERR_TOO_LARGE, "the workbook is too large");
    char *p = buf_room(b, (size_t)size);
    if (!p) return diag_set(why, ERR_TOO_LARGE, "the workbook is too large");
    while (at < size) {
        ssize_t n = pread(fd, p + at, (size_t)(size - at), at);
        if (n <= 0) return diag_set(why, ERR_IO, "the workbook could not be read back");
        at += n;
    }
    b->n += (size_t)size;
    return ERR_OK;
}

static bool shows_hours(const struct report *r)
{
    for (u32 i = 0; i < r->count; i++)
        for (u32 c = 0; r->parts[i].rows && c < r->parts[i].columns; c++)
            if (r->parts[i].as[c] == AS_MOMENT && r->parts[i].cells[c].text.n > 10) return true;
    return false;
}

/* The library writes to a file: here one that is in memory only. */
err report_xlsx(struct buf *b, const struct report *r, struct diag *why)
{
    char path[64];
    int fd = memfd_create("report", MFD_CLOEXEC);
    if (fd < 0) return diag_set(why, ERR_IO, "there is no room for a workbook");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct book *k = mem_zalloc(sizeof *k);
    k->of = workbook_new(path);
    make_formats(k, shows_hours(r));
    for (u32 i = 0; i < r->count; i++) write_part(k, i, r);
    if (!r->count) (void)workbook_add_worksheet(k->of, NULL);
    lxw_error e = workbook_close(k->of);
    free(k);
    err result = e == LXW_NO_ERROR ? read_back(fd, b, why)
                                   : diag_set(why, ERR_IO, "the workbook could not be written");
    close(fd);
    return result;
}
