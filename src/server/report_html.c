/* report_html.c — a report as the inside of a page, as a mail, and as plain text.
 *
 * A page has classes (page/public.css; its policy allows no style of an element) and pictures of
 * SVG. A mail has neither: what it draws are cells of a table with a colour and a width, which all
 * mail programs show, and each element says its style itself. */
#include "server/report.h"

#include "server/web.h"

#include <math.h>
#include <stdio.h>

enum { ROWS_SHOWN = 12, ROWS_MAILED = 7, BARS_MAX = 120, PICTURE_HEIGHT = 60 };

/* What an element is; in a page the class, in a mail the style. */
typedef enum {
    X_PART,
    X_H2,
    X_SAYS,
    X_FIGURES,
    X_FIGURE,
    X_NAME,
    X_VALUE,
    X_CHANGE,
    X_TABLE,
    X_TH,
    X_TH_NUM,
    X_TD,
    X_NUM,
    X_BAR,
    X_NOTE,
    X_COUNT
} look;

static const struct {
    const char *class, *style;
} LOOKS[X_COUNT] = {
    [X_PART] = {"part", "padding:24px 0 8px;border-top:1px solid #e2e6e2"},
    [X_H2] = {"", "margin:0 0 4px;font-size:18px;line-height:26px;color:#15211d"},
    [X_SAYS] = {"says", "margin:0 0 12px;font-size:13px;line-height:20px;color:#5b6863"},
    [X_FIGURES] = {"figures", "border-collapse:collapse;margin:0 0 12px"},
    [X_FIGURE] = {"figure", "padding:0 28px 8px 0;vertical-align:top"},
    [X_NAME] = {"name", "font-size:13px;line-height:20px;color:#5b6863"},
    [X_VALUE] = {"value", "font-size:24px;line-height:32px;font-weight:600;color:#15211d"},
    [X_CHANGE] = {"change", "font-size:13px;line-height:20px;color:#46534e"},
    [X_TABLE] = {"rows", "border-collapse:collapse;width:100%;font-size:14px;line-height:20px"},
    [X_TH] = {"", "padding:6px 12px 6px 0;text-align:left;font-weight:500;font-size:13px;"
                  "color:#5b6863;border-bottom:1px solid #e2e6e2"},
    [X_TH_NUM] = {"num", "padding:6px 12px 6px 0;text-align:right;font-weight:500;font-size:13px;"
                         "color:#5b6863;border-bottom:1px solid #e2e6e2"},
    [X_TD] = {"", "padding:6px 12px 6px 0;text-align:left;color:#15211d;"
                  "border-bottom:1px solid #eef1ee"},
    [X_NUM] = {"num", "padding:6px 12px 6px 0;text-align:right;color:#15211d;white-space:nowrap;"
                      "border-bottom:1px solid #eef1ee"},
    [X_BAR] = {"bar", "padding:6px 0;width:28%;border-bottom:1px solid #eef1ee"},
    [X_NOTE] = {"note", "margin:12px 0 0;font-size:13px;line-height:20px;color:#5b6863"},
};

struct writing {
    struct buf *b;
    const struct report *r;
    bool mail;
};

static void open_as(const struct writing *w, const char *tag, look how)
{
    const char *text = w->mail ? LOOKS[how].style : LOOKS[how].class;
    buf_printf(w->b, "<%s", tag);
    if (text[0]) buf_printf(w->b, " %s=\"%s\"", w->mail ? "style" : "class", text);
    if (w->mail && strcmp(tag, "table") == 0)
        buf_put(w->b, S(" role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\""));
    buf_byte(w->b, '>');
}

static void element(const struct writing *w, const char *tag, look how, str text)
{
    open_as(w, tag, how);
    web_put(w->b, text);
    buf_printf(w->b, "</%s>\n", tag);
}

static bool is_number(report_as as)
{
    return as == AS_NUMBER || as == AS_MONEY || as == AS_SHARE || as == AS_SECONDS;
}

/* ---- figures ---- */

/* "+12.3 %, 1,020 before"; of shares the difference in points. */
static void put_change(struct buf *b, const struct report_figure *f, bool zh)
{
    double by = f->as == AS_SHARE ? (f->now - f->before) * 100
                : f->before != 0  ? (f->now - f->before) / fabs(f->before) * 100
                                  : (double)NAN;
    if (isfinite(by) && fabs(by) >= 0.05)
        buf_printf(b, "%s%.1f%s", by > 0 ? "+" : "−", fabs(by),
                   f->as != AS_SHARE ? "%"
                   : zh              ? " 个百分点"
                                     : " points");
    else if (isfinite(by) || f->now == f->before)
        buf_put(b, zh ? S("没有变化") : S("no change"));
    buf_put(b, b->n ? (zh ? S("，之前 ") : S("; before ")) : (zh ? S("之前 ") : S("before ")));
    report_number(b, f->as, f->before, zh);
}

static void put_figures(const struct writing *w, const struct report_part *p)
{
    const char *row = w->mail ? "tr" : "div", *one = w->mail ? "td" : "div";
    if (!p->figures) return;
    open_as(w, w->mail ? "table" : "div", X_FIGURES);
    if (w->mail) buf_printf(w->b, "<%s>", row);
    for (u32 i = 0; i < p->figures; i++) {
        struct buf text;
        buf_init(&text, 256);
        report_number(&text, p->figure[i].as, p->figure[i].now, w->r->zh);
        open_as(w, one, X_FIGURE);
        element(w, "div", X_NAME, p->figure[i].name);
        element(w, "div", X_VALUE, buf_str(&text));
        buf_reset(&text);
        if (p->figure[i].has_before) put_change(&text, &p->figure[i], w->r->zh);
        if (text.n) element(w, "div", X_CHANGE, buf_str(&text));
        buf_clear(&text);
        buf_printf(w->b, "</%s>", one);
    }
    buf_put(w->b, w->mail ? S("</tr></table>\n") : S("</div>\n"));
}

/* ---- pictures ---- */

static double largest(const struct report_part *p, u32 rows)
{
    double most = 0;
    for (u32 i = 0; i < rows; i++) {
        const struct report_cell *c = &p->cells[(size_t)i * p->columns + p->bar];
        if (c->counts && fabs(c->number) > most) most = fabs(c->number);
    }
    return most;
}

static u32 percent(const struct report_part *p, u32 row, double most)
{
    const struct report_cell *c = &p->cells[(size_t)row * p->columns + p->bar];
    double part = c->counts && most > 0 && c->number > 0 ? c->number / most * 100 : 0;
    return part > 0 && part < 1 ? 1 : (u32)(part + 0.5);
}

/* Columns over time: in a page SVG that stretches, in a mail cells that stand on one line. */
static void put_series(const struct writing *w, const struct report_part *p)
{
    u32 n = min_u32(p->drawn, BARS_MAX), first = p->drawn - n;
    double most = p->bar < p->columns ? largest(p, p->drawn) : 0;
    if (!p->series || n < 2 || most <= 0) return;
    if (w->mail && n > 40) first += n - 40, n = 40;
    if (w->mail)
        buf_put(w->b, S("<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" "
                        "style=\"width:100%;table-layout:fixed;border-bottom:1px solid #c9d2cd;"
                        "margin:0 0 12px\"><tr>"));
    else
        buf_printf(w->b,
                   "<svg class=\"series\" viewBox=\"0 0 %u 100\" preserveAspectRatio=\"none\" "
                   "aria-hidden=\"true\">",
                   n * 10);
    for (u32 i = 0; i < n; i++) {
        u32 high = percent(p, first + i, most);
        if (w->mail)
            buf_printf(w->b,
                       "<td style=\"vertical-align:bottom;padding:0 1px;font-size:0;line-height:0;"
                       "height:%upx\"><div style=\"height:%upx;background:#0b6e63\"></div></td>",
                       PICTURE_HEIGHT, high * PICTURE_HEIGHT / 100);
        else
            buf_printf(w->b, "<rect x=\"%u\" y=\"%u\" width=\"8\" height=\"%u\"/>", i * 10 + 1,
                       100 - high, high);
    }
    buf_put(w->b, w->mail ? S("</tr></table>\n") : S("</svg>\n"));
}

static void put_bar(const struct writing *w, u32 share)
{
    open_as(w, "td", X_BAR);
    if (w->mail && share)
        buf_printf(w->b,
                   "<div style=\"width:%u%%;height:10px;background:#0b6e63;border-radius:3px;"
                   "font-size:0;line-height:0\">&nbsp;</div>",
                   share);
    if (!w->mail)
        buf_printf(w->b,
                   "<svg width=\"100%%\" height=\"10\" aria-hidden=\"true\"><rect width=\"%u%%\" "
                   "height=\"10\" rx=\"3\"/></svg>",
                   share);
    buf_put(w->b, S("</td>"));
}

/* ---- the table ---- */

static void put_head(const struct writing *w, const struct report_part *p, bool bars)
{
    buf_put(w->b, S("<tr>"));
    for (u32 i = 0; i < p->columns; i++)
        element(w, "th", is_number(p->as[i]) ? X_TH_NUM : X_TH, p->heads[i]);
    if (bars) element(w, "th", X_TH, (str){0});
    buf_put(w->b, S("</tr>\n"));
}

/* In time the latest rows are shown, else the first. */
static void put_table(const struct writing *w, const struct report_part *p)
{
    u32 n = min_u32(p->rows, w->mail ? ROWS_MAILED : ROWS_SHOWN);
    bool latest = p->series && p->drawn == p->rows;
    u32 first = latest ? p->rows - n : 0;
    bool bars = !p->series && p->bar < p->columns;
    double most = bars ? largest(p, p->rows) : 0;
    buf_put(w->b, w->mail ? S("") : S("<div class=\"scroll\">"));
    open_as(w, "table", X_TABLE);
    put_head(w, p, bars);
    for (u32 i = first; i < first + n; i++) {
        buf_put(w->b, S("<tr>"));
        for (u32 k = 0; k < p->columns; k++)
            element(w, "td", is_number(p->as[k]) ? X_NUM : X_TD,
                    p->cells[(size_t)i * p->columns + k].text);
        if (bars) put_bar(w, percent(p, i, most));
        buf_put(w->b, S("</tr>\n"));
    }
    buf_put(w->b, w->mail ? S("</table>\n") : S("</table></div>\n"));
    if (p->rows <= n) return;
    char note[160];
    snprintf(note, sizeof note,
             w->r->zh ? (latest ? "最近 %u 行，共 %u 行" : "前 %u 行，共 %u 行")
                      : (latest ? "The latest %u of %u rows" : "The first %u of %u rows"),
             n, p->rows);
    element(w, "p", X_NOTE, str_of(note));
}

static void put_part(const struct writing *w, const struct report_part *p)
{
    open_as(w, w->mail ? "div" : "section", X_PART);
    element(w, "h2", X_H2, p->title.n ? p->title : p->question);
    open_as(w, "p", X_SAYS);
    web_put(w->b, p->period);
    if (p->period.n && p->says.n) buf_put(w->b, w->r->zh ? S("。") : S(". "));
    web_put(w->b, p->says);
    buf_put(w->b, S("</p>\n"));
    if (p->refused.n) {
        element(w, "p", X_NOTE, p->refused);
    } else if (!p->rows) {
        element(w, "p", X_NOTE,
                w->r->zh ? S("这段时间没有发生过") : S("Nothing like that happened in this time"));
    } else {
        put_figures(w, p);
        put_series(w, p);
        put_table(w, p);
    }
    buf_put(w->b, w->mail ? S("</div>\n") : S("</section>\n"));
}

static void put_made(const struct report *r, struct buf *b)
{
    buf_put(b, r->zh ? S("数字截至 ") : S("Figures as of "));
    report_day(b, r->made_ms, r->zone, true);
}

void report_page(struct buf *b, const struct report *r)
{
    struct writing w = {.b = b, .r = r};
    buf_put(b, S("<p class=\"shop\">"));
    web_put(b, r->shop);
    if (r->shop.n) buf_put(b, S(" · "));
    put_made(r, b);
    buf_put(b, S("</p>\n<h1>"));
    web_put(b, r->title);
    buf_put(b, S("</h1>\n"));
    for (u32 i = 0; i < r->count; i++) put_part(&w, &r->parts[i]);
    if (r->note.n) element(&w, "p", X_NOTE, r->note);
}

static void put_link(const struct writing *w)
{
    buf_put(w->b, S("<p style=\"margin:24px 0 8px\"><a style=\"display:inline-block;padding:11px "
                    "22px;border-radius:10px;background:#0b6e63;color:#ffffff;font-weight:600;"
                    "text-decoration:none\" href=\""));
    web_put(w->b, w->r->link);
    buf_put(w->b, w->r->zh ? S("\">打开看板</a></p>\n") : S("\">Open the board</a></p>\n"));
}

void report_mail(struct buf *b, const struct report *r)
{
    struct writing w = {.b = b, .r = r, .mail = true};
    buf_printf(b,
               "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
               "<meta name=\"color-scheme\" content=\"light\"><title>",
               r->zh ? "zh-CN" : "en");
    web_put(b, r->title);
    buf_put(b, S("</title></head>\n<body style=\"margin:0;padding:0;background:#f6f7f5\">"
                 "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
                 "style=\"background:#f6f7f5\"><tr><td style=\"padding:24px 12px\">"
                 "<div style=\"max-width:680px;margin:0 auto;padding:28px;background:#ffffff;"
                 "border:1px solid #e2e6e2;border-radius:14px;color:#15211d;font-size:15px;"
                 "line-height:24px;font-family:-apple-system,'Segoe UI',Roboto,'PingFang SC',"
                 "'Microsoft YaHei','Noto Sans CJK SC',sans-serif\">\n"
                 "<p style=\"margin:0 0 4px;font-size:13px;color:#5b6863\">"));
    web_put(b, r->shop);
    if (r->shop.n) buf_put(b, S(" · "));
    put_made(r, b);
    buf_put(b, S("</p>\n<h1 style=\"margin:0 0 16px;font-size:24px;line-height:32px\">"));
    web_put(b, r->title);
    buf_put(b, S("</h1>\n"));
    for (u32 i = 0; i < r->count; i++) put_part(&w, &r->parts[i]);
    if (r->link.n) put_link(&w);
    if (r->note.n) element(&w, "p", X_NOTE, r->note);
    buf_put(b, S("</div></td></tr></table></body></html>\n"));
}

void report_text(struct buf *b, const struct report *r)
{
    buf_put(b, r->title);
    buf_put(b, S("\n"));
    put_made(r, b);
    buf_put(b, S("\n"));
    for (u32 i = 0; i < r->count; i++) {
        const struct report_part *p = &r->parts[i];
        buf_put(b, S("\n"));
        buf_put(b, p->title.n ? p->title : p->question);
        buf_put(b, S("\n"));
        buf_put(b, p->refused.n ? p->refused : p->period);
        buf_put(b, S("\n"));
        for (u32 k = 0; k < p->figures; k++) {
            struct buf change;
            buf_init(&change, 256);
            buf_put(b, S("  "));
            buf_put(b, p->figure[k].name);
            buf_put(b, r->zh ? S("：") : S(": "));
            report_number(b, p->figure[k].as, p->figure[k].now, r->zh);
            if (p->figure[k].has_before) put_change(&change, &p->figure[k], r->zh);
            if (change.n) buf_printf(b, r->zh ? "（%.*s）" : " (%.*s)", STR_ARG(buf_str(&change)));
            buf_clear(&change);
            buf_put(b, S("\n"));
        }
    }
    if (!r->link.n) return;
    buf_put(b, r->zh ? S("\n打开看板：") : S("\nOpen the board: "));
    buf_put(b, r->link);
    buf_put(b, S("\n"));
}
