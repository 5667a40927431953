/* import_inside.h — what the files of an import share. */
#pragma once
#include "intake/import.h"
#include "intake/normal.h"
#include "log/events.h"

#include <stdlib.h>

enum { IDS_MAX = 8 /* of one row */, LIST_MAX = 1 << 20, CODES_KEPT = 256 };

/* Whether n bytes are the same: of short texts by two looks that overlap. */
static inline bool import_same(const char *a, const char *b, size_t n)
{
    u64 x[4];
    u32 y[4];
    if (n > 16) return memcmp(a, b, n) == 0;
    if (n >= 8) {
        memcpy(&x[0], a, 8), memcpy(&x[1], a + n - 8, 8);
        memcpy(&x[2], b, 8), memcpy(&x[3], b + n - 8, 8);
        return ((x[0] ^ x[2]) | (x[1] ^ x[3])) == 0;
    }
    if (n >= 4) {
        memcpy(&y[0], a, 4), memcpy(&y[1], a + n - 4, 4);
        memcpy(&y[2], b, 4), memcpy(&y[3], b + n - 4, 4);
        return ((y[0] ^ y[2]) | (y[1] ^ y[3])) == 0;
    }
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) return false;
    return true;
}

/* A text and its code, so that names which repeat are asked for once. */
struct known_code {
    const char *text;
    u32 n, code;
};

enum { IMPORT_AGREED_MAX = 8 };

struct import {
    struct import_world world;
    struct import_request request;
    struct arena *arena;
    struct mapping *mapping;
    struct rows *rows;
    struct orders *orders;
    char *path;
    const struct zone *zone;
    struct import_record progress;
    u32 source;
    struct file *errors;
    struct buf error_text;
    struct buf preview;
    u32 order_event, refund_event, given_event;
    u32 agreed[IMPORT_AGREED_MAX], agreed_count; /* channels, of all rows */
    u32 props[8];                                /* codes of the orders' own properties: PROP_* */
    /* the item at hand */
    struct record record;
    struct item item;
    char rooms[IDS_MAX][NORMAL_BYTES_MAX];
    struct buf traits, prop_list, consents, tags, payload, products, product;
    struct known_code events[CODES_KEPT];
    u32 *who, *properties; /* columns: of who it is (identifiers … tags), of properties */
    u32 who_count, property_count;
    struct bulk *bulk;       /* NULL: each row is a record */
    struct dealt *dealt;     /* NULL: rows are taken as they stand */
    struct cutter *cutter;   /* NULL: rows are read one after the other */
    struct deal_bin *bins;   /* of a hand: where rows are dealt to, one for each part */
    const struct import *by; /* of a hand (import_cut.c): whose it is; it gives no codes */
    bool began, ended;
    bool line_totals; /* orders: a total is its row's, not its order's */
    err trouble;      /* of names_code: nothing of this chunk counts */
};

enum { PROP_ORDER, PROP_TOTAL, PROP_PRODUCTS, PROP_COUNT };

/* A row as it is being taken: what is wrong with it, and where. */
struct taking {
    struct import *im;
    const struct row *row;
    u32 column;         /* of the reason; ROWS_COLUMNS_MAX: the row as a whole */
    const char *reason; /* NULL: it is good */
    bool warned;
};

/* ---- import_item.c: cells to the item at hand ---- */

/* What rows are read by; again where columns came. */
void item_plan(struct import *im);
void item_begin(struct import *im);
/* Identifiers, attributes, consents and tags of the row; false with a reason. */
bool item_take_who(struct taking *t);
/* Properties that no target of its own takes; those that were put before stay. */
void item_take_properties(struct taking *t);
/* The moment in the column of that target; `otherwise` where there is no such column. */
bool item_take_time(struct taking *t, i64 otherwise, i64 *ms);
/* Ends the item and appends its record. */
void item_end(struct import *im, item_what what, u32 event, i64 at, struct buf *records);
bool import_refuse(struct taking *t, u32 column, const char *reason);
str cell_of(const struct taking *t, target what, u32 *column);
u32 import_name(struct import *im, name_kind kind, str text);
/* The code of an event that clients may send; 0 with a reason. */
u32 import_event(struct taking *t, u32 column, str name);
/* The same, of a name that came lately; else 0. */
u32 import_event_known(const struct import *im, str name);
/* A price, an amount: signs of currencies and thousands are taken. */
bool import_money(str text, fixed *out);

/* ---- import_bulk.c ---- */

struct bulk *bulk_new(void);
void bulk_free(struct bulk *b);
size_t bulk_bytes(const struct bulk *b); /* of the records to come, about */
/* Takes the item at hand, an event, if it is no more than that; false: it needs a record. */
bool bulk_add(struct import *im, u32 event, i64 at);
/* Appends the records of all that was taken. */
void bulk_flush(struct import *im, struct buf *records, u32 *count);

/* ---- import_deal.c ---- */

/* Files of rows that are being sorted, up to 256: opened empty; closed, they are gone. */
MUST_USE err import_part_open(const struct import *im, u32 i, struct file **out, struct diag *why);
void import_part_close(const struct import *im, u32 i, struct file *f);
/* Whether the file's rows may be taken by customer instead of as they stand. */
bool deal_fits(const struct import *im);
MUST_USE err deal_open(struct import *im, struct dealt **out, struct diag *why);
void deal_close(struct dealt *d);
/* So many rows of pass 2 are in the log: nothing is counted or told again. */
void deal_resume(struct dealt *d, u64 taken);
bool deal_counts(const struct dealt *d);
/* Pass 1: takes the item at hand; after each row deal_took, after the last one deal_end. */
void deal_add(struct import *im, u32 event, i64 at);
MUST_USE err deal_took(struct dealt *d, struct diag *why);
MUST_USE err deal_end(struct dealt *d, struct diag *why);
u64 deal_read(const struct dealt *d); /* rows of pass 1 so far */
bool deal_is_over(const struct dealt *d);
/* Pass 2: one record of so many rows, 0 if the log has them. ERR_NOT_FOUND at the end. */
MUST_USE err deal_next(struct dealt *d, struct buf *records, u32 *rows, struct diag *why);

/* Rows of a part, one after the other. */
struct deal_bin {
    struct buf rows;
    u32 count;
};
u32 deal_parts(const struct dealt *d);
/* Puts what the bins have behind the parts from `from` to `to`: others may be another thread's. Not
 * more than DEAL_BINS_MAX at once. */
enum { DEAL_BINS_MAX = 64 };
void deal_gather(struct dealt *d, u32 from, u32 to, struct deal_bin *const *bins, u32 count);
/* After all parts: so many rows came. */
MUST_USE err deal_gathered(struct dealt *d, u64 rows, struct diag *why);
/* Values of identifiers from all over the file: parts are to hold those that are near. */
void deal_sample(struct dealt *d, const struct buf *values, u32 count);
/* Some part has got far too large: all is dealt anew from the file's first row. */
bool deal_is_uneven(const struct dealt *d);
MUST_USE err deal_again(struct dealt *d, struct diag *why);

/* A row of a hand that is being put together in its bin. */
struct deal_row_place {
    struct deal_bin *bin;
    u8 *start;
    u32 hash;
};
/* Writes whose it is; where its properties go, so many bytes of them at most and BYTES_SLACK more;
 * NULL: there is no room. Nothing has happened until deal_put, which has their end. */
u8 *deal_room(struct import *im, str who, size_t bytes, struct deal_row_place *place);
void deal_put(const struct deal_row_place *place, u32 event, i64 at, str who, const u8 *end);

/* ---- import_quick.c ---- */

struct quick *quick_new(const struct import *im); /* NULL: its columns have more to be looked at */
/* Deals a row of a hand if it is a plain one; false: nothing has happened. */
bool quick_take(const struct quick *q, struct import *im, const struct row *row);

/* ---- import_cut.c ---- */

struct cutter *cutter_new(struct import *im);
void cutter_free(struct cutter *c);
/* Takes rows from where the file's reader stands, and sets it behind them; if not, the rows there
 * have to be read plainly, until cutter_waits says no. */
MUST_USE err cutter_take(struct cutter *c, bool *took, struct diag *why);
bool cutter_waits(const struct cutter *c);
/* Looks at identifiers all over the file, for deal_sample. */
void cutter_sample(struct cutter *c);

/* ---- import_order.c ---- */

/* Deals the rows out by order. ERR_IO, ERR_FULL. */
MUST_USE err orders_open(struct import *im, struct orders **out, struct diag *why);
void orders_close(struct orders *o);
/* The rows of the next order, in the file's order; ERR_NOT_FOUND at the end. */
MUST_USE err orders_next(struct orders *o, const struct row **rows, u32 *count, struct diag *why);
/* One order's rows become one or two records; bad rows have been told. */
void orders_take(struct import *im, const struct row *rows, u32 count, struct buf *records,
                 u32 *record_count);

/* ---- import.c ---- */
/* Makes an item of a row, and deals it or appends its record; a reason is in `t`. */
void import_take_row(struct taking *t, struct buf *records, u32 *count);
/* Notes what became of a row: counts it, and tells the file of errors. */
void import_settle_row(struct taking *t);
/* Rows that are too wide or too narrow. */
bool import_fits(struct taking *t);
