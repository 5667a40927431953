/* xlsx.h — what a spreadsheet says besides its rows: shared strings, and which styles are dates.
 * Private to xlsx*.c. */
#pragma once
#include "intake/rows.h"

#include <expat.h>
#include <zip.h>

enum { XLSX_STYLES_MAX = 1 << 16, XLSX_STRINGS_MAX = 1 << 24 };
/* What the parts of a file may unpack to: a bomb ends here. */
#define XLSX_PART_MAX ((u64)4 << 30)
#define XLSX_TEXT_MAX ((u64)512 << 20)

/* How a style shows its number. */
typedef enum { STYLE_NUMBER, STYLE_DATE } style_kind;

struct xlsx_book {
    zip_t *zip;
    struct buf text; /* shared strings, one after the other */
    u64 *ends;       /* where each ends in `text` */
    u32 string_count, string_room;
    u8 *styles; /* style_kind by cell format */
    u32 style_count;
    bool from_1904;
    char sheet_path[256];
};

/* Opens the parts that all sheets share, and finds the sheet: by name or number, empty is the
 * first. ERR_INVALID, ERR_LIMIT. */
MUST_USE err xlsx_book_open(const char *path, str sheet, struct xlsx_book *b, struct diag *why);
void xlsx_book_close(struct xlsx_book *b);
str xlsx_string(const struct xlsx_book *b, u32 i);
/* Does a number format show dates or times of day? */
bool xlsx_format_is_date(str code);
/* A serial number as ISO text: a date, a time of day, or both; false where it is none. */
bool xlsx_date(str serial, bool from_1904, struct buf *out);

/* A parser that takes no document type, so that nothing expands. `user` is what handlers get. */
XML_Parser xlsx_parser(void *user);
/* Local name of an element or attribute: what stands behind the last colon. */
const char *xlsx_local(const char *name);
const char *xlsx_attribute(const char **attributes, const char *name);
/* Opens a part; NULL if there is none. ERR_LIMIT by its declared size is told by `why`. */
zip_file_t *xlsx_part(zip_t *zip, const char *name, u64 *size, struct diag *why);
