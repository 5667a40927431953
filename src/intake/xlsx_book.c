/* xlsx_book.c — a spreadsheet's workbook, shared strings and styles, each read once when it is
 * opened. */
#include "base/time.h"
#include "intake/xlsx.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- XML ---- */

static void on_doctype(void *user, const char *name, const char *system, const char *public, int in)
{
    (void)name, (void)system, (void)public, (void)in;
    XML_StopParser(*(XML_Parser *)user, XML_FALSE);
}

/* The first member behind `user` is the parser, so that handlers can stop it. */
XML_Parser xlsx_parser(void *user)
{
    XML_Parser p = XML_ParserCreate(NULL);
    MUST(p);
    *(XML_Parser *)user = p;
    XML_SetUserData(p, user);
    XML_SetStartDoctypeDeclHandler(p, on_doctype);
    return p;
}

const char *xlsx_local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; attributes[0]; attributes += 2)
        if (strcmp(xlsx_local(attributes[0]), name) == 0) return attributes[1];
    return NULL;
}

zip_file_t *xlsx_part(zip_t *zip, const char *name, u64 *size, struct diag *why)
{
    zip_stat_t st;
    if (*name == '/') name++;
    if (zip_stat(zip, name, ZIP_FL_NOCASE, &st) != 0) return NULL;
    u64 packed = st.comp_size > 4096 ? st.comp_size : 4096;
    if (st.size > XLSX_PART_MAX || st.size / packed > 1000) {
        diag_set(why, ERR_LIMIT, "the spreadsheet unpacks to more than is taken here");
        return NULL;
    }
    *size = st.size;
    return zip_fopen_index(zip, st.index, 0);
}

struct walk {
    XML_Parser parser; /* first: xlsx_parser */
    struct xlsx_book *book;
    /* workbook */
    str sheet;
    i64 sheet_number, seen;
    char relation[128], target[256];
    /* strings, styles */
    bool in_text, in_phonetic, in_formats;
    struct {
        u32 id;
        bool is_date;
    } * formats;
    u32 format_count;
    bool over;
};

/* Feeds a whole part to the parser. More bytes than the zip's directory promised end it. */
MUST_USE static err feed(struct walk *w, const char *name, bool needed, struct diag *why)
{
    char piece[16 << 10];
    u64 size = 0, taken = 0;
    struct diag limit = {0};
    zip_file_t *part = xlsx_part(w->book->zip, name, &size, &limit);
    if (limit.code) return diag_set(why, limit.code, "%s", limit.message);
    if (!part)
        return needed ? diag_set(why, ERR_INVALID, "this is no spreadsheet: %s is missing", name)
                      : ERR_OK;
    enum XML_Status ok = XML_STATUS_OK;
    for (zip_int64_t n = 1; n > 0 && ok == XML_STATUS_OK;) {
        n = zip_fread(part, piece, sizeof piece);
        taken += n > 0 ? (u64)n : 0;
        if (n < 0 || taken > size) ok = XML_STATUS_ERROR;
        if (ok == XML_STATUS_OK) ok = XML_Parse(w->parser, piece, n > 0 ? (int)n : 0, n == 0);
    }
    zip_fclose(part);
    if (w->over) return diag_set(why, ERR_LIMIT, "the spreadsheet has more than is taken here");
    return ok == XML_STATUS_OK
               ? ERR_OK
               : diag_set(why, ERR_INVALID, "the spreadsheet's %s is damaged", name);
}

MUST_USE static err read_part(struct walk *w, const char *name, XML_StartElementHandler start,
                              XML_EndElementHandler end, XML_CharacterDataHandler text, bool needed,
                              struct diag *why)
{
    XML_Parser p = xlsx_parser(w);
    XML_SetElementHandler(p, start, end);
    XML_SetCharacterDataHandler(p, text);
    err e = feed(w, name, needed, why);
    XML_ParserFree(p);
    return e;
}

/* ---- workbook ---- */

static void on_workbook(void *user, const char *name, const char **a)
{
    struct walk *w = user;
    name = xlsx_local(name);
    if (strcmp(name, "workbookPr") == 0) {
        const char *v = xlsx_attribute(a, "date1904");
        w->book->from_1904 = v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
    }
    if (strcmp(name, "sheet") != 0) return;
    const char *title = xlsx_attribute(a, "name"), *id = NULL;
    for (const char **x = a; x[0]; x += 2)
        if (strchr(x[0], ':') && strcmp(xlsx_local(x[0]), "id") == 0) id = x[1];
    w->seen++;
    bool wanted = w->sheet.n == 0
                      ? w->seen == 1
                      : (title && str_eq(w->sheet, str_of(title))) || w->seen == w->sheet_number;
    if (wanted && id && !w->relation[0]) snprintf(w->relation, sizeof w->relation, "%s", id);
}

static void on_relation(void *user, const char *name, const char **a)
{
    struct walk *w = user;
    const char *id = xlsx_attribute(a, "Id"), *target = xlsx_attribute(a, "Target");
    if (strcmp(xlsx_local(name), "Relationship") != 0 || !id || !target) return;
    if (strcmp(id, w->relation) != 0) return;
    const char *folder = *target == '/' || strncmp(target, "xl/", 3) == 0 ? "" : "xl/";
    snprintf(w->target, sizeof w->target, "%s%s", folder, *target == '/' ? target + 1 : target);
}

MUST_USE static err find_sheet(struct walk *w, struct diag *why)
{
    if (str_to_i64(w->sheet, &w->sheet_number) != ERR_OK) w->sheet_number = 0;
    TRY(read_part(w, "xl/workbook.xml", on_workbook, NULL, NULL, true, why));
    if (!w->relation[0])
        return diag_at(why, ERR_INVALID, S("/options/sheet"),
                       "there is no sheet \"%.*s\" in this spreadsheet",
                       (int)min_size(w->sheet.n, 60), w->sheet.p ? w->sheet.p : "");
    TRY(read_part(w, "xl/_rels/workbook.xml.rels", on_relation, NULL, NULL, true, why));
    if (!w->target[0]) return diag_set(why, ERR_INVALID, "the spreadsheet does not have its sheet");
    snprintf(w->book->sheet_path, sizeof w->book->sheet_path, "%s", w->target);
    return ERR_OK;
}

/* ---- shared strings ---- */

static void on_string(void *user, const char *name, const char **a)
{
    struct walk *w = user;
    (void)a;
    name = xlsx_local(name);
    if (strcmp(name, "rPh") == 0) w->in_phonetic = true;
    if (strcmp(name, "t") == 0) w->in_text = !w->in_phonetic;
}

static void on_string_end(void *user, const char *name)
{
    struct walk *w = user;
    struct xlsx_book *b = w->book;
    name = xlsx_local(name);
    if (strcmp(name, "t") == 0) w->in_text = false;
    if (strcmp(name, "rPh") == 0) w->in_phonetic = false;
    if (strcmp(name, "si") != 0) return;
    if (b->string_count == b->string_room) {
        b->string_room = b->string_room ? b->string_room * 2 : 1024;
        b->ends = mem_realloc(b->ends, b->string_room * sizeof *b->ends);
    }
    b->ends[b->string_count++] = b->text.n;
    if (b->text.full || b->string_count == XLSX_STRINGS_MAX) {
        w->over = true;
        XML_StopParser(w->parser, XML_FALSE);
    }
}

static void on_string_text(void *user, const char *text, int n)
{
    struct walk *w = user;
    if (w->in_text) buf_put(&w->book->text, (str){text, (size_t)n});
}

str xlsx_string(const struct xlsx_book *b, u32 i)
{
    if (i >= b->string_count) return (str){0};
    u64 from = i ? b->ends[i - 1] : 0;
    return (str){b->text.p + from, b->ends[i] - from};
}

/* ---- styles ---- */

/* Letters of dates outside of quotes and brackets; [h] counts hours and is a time too. */
bool xlsx_format_is_date(str code)
{
    for (size_t i = 0; i < code.n; i++) {
        char c = code.p[i];
        if (c == '"') {
            ptrdiff_t end = str_index(str_slice(code, i + 1, code.n), '"');
            if (end < 0) return false;
            i += (size_t)end + 1;
        } else if (c == '\\' || c == '_' || c == '*') {
            i++;
        } else if (c == '[') {
            ptrdiff_t end = str_index(str_slice(code, i, code.n), ']');
            if (end < 0) return false;
            str in = str_slice(code, i + 1, i + (size_t)end);
            if (in.n && strchr("hHmMsS", *in.p) && strspn(in.p, "hHmMsS") >= in.n) return true;
            i += (size_t)end;
        } else if (str_eq_nocase(str_slice(code, i, i + 7), S("General"))) {
            i += 6;
        } else if (strchr("yYmMdDhHsS", c)) {
            return true;
        } else if (c == ';') {
            return false; /* the first part is for numbers above zero */
        }
    }
    return false;
}

static bool built_in_is_date(u32 id)
{
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
           (id >= 50 && id <= 58);
}

static bool format_is_date(const struct walk *w, u32 id)
{
    for (u32 i = 0; i < w->format_count; i++)
        if (w->formats[i].id == id) return w->formats[i].is_date;
    return built_in_is_date(id);
}

static u32 number_of(const char *text)
{
    i64 n = 0;
    return text && str_to_i64(str_of(text), &n) == ERR_OK && n >= 0 && n < UINT32_MAX ? (u32)n : 0;
}

static void on_style(void *user, const char *name, const char **a)
{
    struct walk *w = user;
    struct xlsx_book *b = w->book;
    name = xlsx_local(name);
    if (strcmp(name, "cellXfs") == 0) w->in_formats = true;
    if (strcmp(name, "numFmt") == 0 && w->format_count < XLSX_STYLES_MAX) {
        const char *code = xlsx_attribute(a, "formatCode");
        w->formats = mem_realloc(w->formats, (w->format_count + 1) * sizeof *w->formats);
        w->formats[w->format_count].id = number_of(xlsx_attribute(a, "numFmtId"));
        w->formats[w->format_count++].is_date = code && xlsx_format_is_date(str_of(code));
    }
    if (!w->in_formats || strcmp(name, "xf") != 0 || b->style_count == XLSX_STYLES_MAX) return;
    bool date = format_is_date(w, number_of(xlsx_attribute(a, "numFmtId")));
    b->styles = mem_realloc(b->styles, b->style_count + 1);
    b->styles[b->style_count++] = date ? STYLE_DATE : STYLE_NUMBER;
}

static void on_style_end(void *user, const char *name)
{
    struct walk *w = user;
    if (strcmp(xlsx_local(name), "cellXfs") == 0) w->in_formats = false;
}

/* ---- opening ---- */

err xlsx_book_open(const char *path, str sheet, struct xlsx_book *b, struct diag *why)
{
    int code = 0;
    *b = (struct xlsx_book){0};
    buf_init(&b->text, XLSX_TEXT_MAX);
    b->zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code);
    if (!b->zip) b->zip = zip_open(path, ZIP_RDONLY, &code);
    if (!b->zip) return diag_set(why, ERR_INVALID, "this is no spreadsheet: it cannot be unpacked");
    struct walk w = {.book = b, .sheet = sheet};
    err e = find_sheet(&w, why);
    if (e == ERR_OK)
        e = read_part(&w, "xl/sharedStrings.xml", on_string, on_string_end, on_string_text, false,
                      why);
    if (e == ERR_OK) e = read_part(&w, "xl/styles.xml", on_style, on_style_end, NULL, false, why);
    free(w.formats);
    return e;
}

void xlsx_book_close(struct xlsx_book *b)
{
    if (b->zip) zip_discard(b->zip);
    buf_clear(&b->text);
    free(b->ends);
    free(b->styles);
}

/* ---- dates ---- */

/* Days and a fraction of a day since 1899-12-30 (Lotus counted a 29 February 1900, so days before
 * it are one off), or since 1904-01-01. */
bool xlsx_date(str serial, bool from_1904, struct buf *out)
{
    char text[64], *end;
    if (serial.n == 0 || serial.n >= sizeof text) return false;
    memcpy(text, serial.p, serial.n);
    text[serial.n] = 0;
    double d = strtod(text, &end);
    if (*end || !(d >= 0) || d > 2958466) return false;
    i64 seconds = (i64)(d * 86400 + 0.5), days = seconds / 86400;
    u32 rest = (u32)(seconds % 86400);
    bool dated = days > 0 || from_1904 || rest == 0;
    if (dated) {
        i64 epoch = from_1904 ? days_of(1904, 1, 1) : days_of(1899, 12, days < 60 ? 31 : 30);
        iso_put_date(out, epoch + days);
    }
    if (dated && rest) buf_byte(out, 'T');
    if (!dated || rest) buf_printf(out, "%02u:%02u:%02u", rest / 3600, rest / 60 % 60, rest % 60);
    return true;
}
