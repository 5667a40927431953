/* report.h — answers of analyses as people read them: a title, its words, figures with those of the
 * period before, a table; out as a page, a mail, a spreadsheet or CSV.
 *
 *   answer (JSON) ─report_read─► struct report_part ─┬─ report_html   page with pictures, or mail
 *                                                    ├─ report_xlsx   a sheet a part
 *                                                    └─ report_csv
 *
 * What a report says is in one language. Nothing here asks anything: it may run on any thread. */
#pragma once
#include "base/json.h"
#include "base/zone.h"

typedef enum {
    AS_TEXT,
    AS_EVENT, /* a name of an event; in answers a text, or a list of them */
    AS_NUMBER,
    AS_MONEY,
    AS_SHARE,
    AS_SECONDS,
    AS_MOMENT, /* ISO in answers; a local day, or day and hour */
    AS_WEEKDAY,
    AS_HOUR,
    AS_GROUP,     /* of RFM */
    AS_ATTRIBUTE, /* a name of one */
} report_as;

enum { REPORT_COLUMNS_MAX = 12, REPORT_FIGURES_MAX = 4, REPORT_ROWS_MAX = 20000 };

struct report_cell {
    str text;      /* as it is shown */
    double number; /* of what is a number or a moment (milliseconds, local) */
    bool counts;   /* it has one */
};
struct report_figure {
    str name;
    report_as as;
    double now, before;
    bool has_before;
};
struct report_part {
    str title, question, says, period;
    str refused; /* not empty: why there is no table */
    u32 columns, rows, figures;
    str heads[REPORT_COLUMNS_MAX];
    report_as as[REPORT_COLUMNS_MAX];
    const struct report_cell *cells; /* row by row */
    u32 bar;                         /* the column that is drawn; `columns`: none */
    u32 drawn;                       /* how many rows are: those of everybody */
    bool series;                     /* the rows follow each other in time */
    struct report_figure figure[REPORT_FIGURES_MAX];
};
struct report {
    str title, shop, link, note; /* link: where the board is; empty: nowhere to go */
    bool zh;
    i64 made_ms;
    const struct zone *zone;
    u32 count;
    struct report_part *parts;
};

/* Reads an answer of this analysis. Views into `arena`; `part` keeps title and period. */
void report_read(str analysis, const struct json *answer, bool zh, const struct zone *zone,
                 struct arena *arena, struct report_part *part);
/* Its question and definition alone. */
void report_words(str analysis, bool zh, struct report_part *part);
/* Does this analysis look at a period, can it be compared with the one before, and be told apart?
 */
bool report_has_period(str analysis);
bool report_compares(str analysis);
bool report_groups(str analysis);

/* A number as text of the report's language: 1,234 · 12.5% · 3.4 h. */
void report_number(struct buf *b, report_as as, double n, bool zh);
void report_day(struct buf *b, i64 ms, const struct zone *zone, bool with_hour);

/* ---- writers ---- */

/* The body of the page: classes of public.css, pictures as SVG. */
void report_page(struct buf *b, const struct report *r);
/* A whole HTML mail with its styles inline: nothing is fetched, no script. */
void report_mail(struct buf *b, const struct report *r);
/* The same in plain text. */
void report_text(struct buf *b, const struct report *r);
void report_csv(struct buf *b, const struct report *r);
/* ERR_IO, ERR_TOO_LARGE. */
MUST_USE err report_xlsx(struct buf *b, const struct report *r, struct diag *why);
