/* route_exports.c — a board, or one question, as a file: XLSX, CSV, or a page to print. */
#include "server/board.h"

typedef enum { FILE_XLSX, FILE_CSV, FILE_HTML } file_kind;

static err read_kind(struct call *c, file_kind *out)
{
    static const char *const NAMES[] = {"xlsx", "csv", "html"};
    str text = call_query(c, "format");
    *out = FILE_XLSX;
    if (!text.n) return ERR_OK;
    for (u32 i = 0; i < COUNT_OF(NAMES); i++)
        if (str_eq(text, str_of(NAMES[i]))) {
            *out = (file_kind)i;
            return ERR_OK;
        }
    return diag_at(&c->why, ERR_INVALID, S("format"), "a file is xlsx, csv or html");
}

static bool asked_zh(struct call *c)
{
    return str_starts(call_query(c, "lang"), S("zh"));
}

static err write_file(struct call *c)
{
    static const char *const ENDS[] = {"xlsx", "csv", "html"};
    const struct board *b = c->outer;
    const struct report *r = board_report(c, b);
    file_kind kind;
    TRY(read_kind(c, &kind));
    if (kind == FILE_XLSX) TRY(report_xlsx(&c->out, r, &c->why));
    if (kind == FILE_CSV) report_csv(&c->out, r);
    if (kind == FILE_HTML) report_mail(&c->out, r);
    c->type = kind == FILE_XLSX
                  ? S("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
              : kind == FILE_CSV ? S("text/csv; charset=utf-8")
                                 : S("text/html; charset=utf-8");
    struct buf day;
    buf_init(&day, 32);
    report_day(&day, b->now, b->zone, false);
    call_header(c, "Content-Disposition",
                arena_printf(c->arena, "attachment; filename=\"beckon-%.*s.%s\"",
                             STR_ARG(buf_str(&day)), ENDS[kind]));
    buf_clear(&day);
    call_header(c, "Cache-Control", S("no-store"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    return ERR_OK;
}

static err write_aside(struct call *c)
{
    const struct board *b = c->outer;
    if (b->count == 1 && !b->id.n && b->items[0].result != ERR_OK) {
        c->why = b->items[0].why;
        return b->items[0].result;
    }
    return call_crew(c, write_file);
}

static err export_board(struct call *c)
{
    struct board_look look = {.zh = asked_zh(c), .compare = true};
    str days = call_query(c, "days");
    struct board *b;
    file_kind kind;
    i64 n = 0;
    TRY(read_kind(c, &kind));
    if (days.n && (str_to_i64(days, &n) != ERR_OK || n < 1 || n > BOARD_DAYS_MAX))
        return diag_at(&c->why, ERR_INVALID, S("days"), "days are 1 to %d", BOARD_DAYS_MAX);
    look.days = (u32)n;
    look.segment = call_query(c, "segment");
    look.by = call_query(c, "by");
    TRY(board_read(c, c->params[0], &look, &b));
    return board_ask(c, b, write_aside);
}

static err export_one(struct call *c)
{
    file_kind kind;
    TRY(read_kind(c, &kind));
    struct board *b = board_of_one(c, c->params[0], c->body);
    b->look.zh = asked_zh(c);
    b->look.compare = false;
    b->items[0].title = call_query(c, "title");
    return board_ask(c, b, write_aside);
}

extern const struct route ROUTES_EXPORTS[];
const struct route ROUTES_EXPORTS[] = {{METHOD_GET, "/api/v1/dashboards/{id}/export", NEEDS_SCOPE,
                                        SCOPE_REPORTS_READ, ON_LOOP, export_board},
                                       {METHOD_POST, "/api/v1/analyses/{name}/export", NEEDS_SCOPE,
                                        SCOPE_REPORTS_READ, ON_LOOP, export_one},
                                       {0}};
