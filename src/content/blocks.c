/* blocks.c — the document of a mail made of blocks: its frame, and one row for each block.
 *
 * The frame is what mail clients need and no writer should see: a centred card of one width, the
 * preheader behind a wall of blanks, dark colours for readers in the dark, a table of fixed width
 * for Outlook. Widths and colours are Liquid variables set at the top (bk_width, bk_accent …), so
 * that the workspace's brand is looked up when the mail is rendered. */
#include "content/blocks_inside.h"
#include "content/content.h"

#include <stdio.h>

/* ---- words, colours, fonts ---- */

str content_words(const struct json *text, bool zh)
{
    str one = {0};
    if (json_is(text, JSON_STRING)) return text->text;
    one = json_get_str(text, zh ? "zh" : "en", (str){0});
    return one.n ? one : json_get_str(text, zh ? "en" : "zh", (str){0});
}

bool content_is_zh(str language)
{
    return language.n >= 2 && str_eq_nocase(str_slice(language, 0, 2), S("zh")) &&
           (language.n == 2 || language.p[2] == '-' || language.p[2] == '_');
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    char low = (char)(c | 32);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool blocks_is_color(str s)
{
    bool good = s.n == 7 && s.p[0] == '#';
    for (size_t i = 1; i < s.n && good; i++) good = hex_digit(s.p[i]) >= 0;
    return good;
}

/* By perceived brightness, in parts of 1000. */
str blocks_ink(str color)
{
    int part[3];
    if (!blocks_is_color(color)) return S("#ffffff");
    for (int i = 0; i < 3; i++)
        part[i] = hex_digit(color.p[1 + 2 * i]) * 16 + hex_digit(color.p[2 + 2 * i]);
    return part[0] * 299 + part[1] * 587 + part[2] * 114 > 160 * 1000 ? S("#1b201e") : S("#ffffff");
}

str blocks_fonts(str name)
{
    if (str_eq(name, S("sans")))
        return S("-apple-system,BlinkMacSystemFont,Segoe UI,PingFang SC,Hiragino Sans GB,Microsoft "
                 "YaHei,Noto Sans CJK SC,Helvetica,Arial,sans-serif");
    if (str_eq(name, S("serif")))
        return S("Georgia,Songti SC,SimSun,Noto Serif CJK SC,Times New Roman,serif");
    if (str_eq(name, S("mono")))
        return S("ui-monospace,SFMono-Regular,Menlo,Consolas,PingFang SC,Microsoft "
                 "YaHei,monospace");
    return (str){0};
}

/* ---- places ---- */

static size_t path_add(struct emit *e, str part)
{
    size_t n = min_size(part.n, sizeof e->path - 1 - e->path_n);
    memcpy(e->path + e->path_n, part.p, n);
    e->path_n += n;
    e->path[e->path_n] = 0;
    return n;
}

size_t path_push(struct emit *e, const char *name)
{
    return path_add(e, S("/")) + path_add(e, str_of(name));
}

size_t path_push_index(struct emit *e, u32 index)
{
    char text[16];
    snprintf(text, sizeof text, "%u", index);
    return path_push(e, text);
}

void path_pop(struct emit *e, size_t n)
{
    e->path_n -= n;
    e->path[e->path_n] = 0;
}

err block_refuse(struct emit *e, const char *member, const char *sentence)
{
    char path[BLOCKS_PATH_MAX * 2];
    snprintf(path, sizeof path, "%.*s%s%s", (int)e->path_n, e->path, member[0] ? "/" : "", member);
    return diag_at(e->why, ERR_REFUSED, str_of(path), "%s", sentence);
}

/* ---- one block ---- */

/* Is `name` one of the blank-separated `list`? */
static bool is_listed(const char *list, str name)
{
    for (str rest = str_of(list); rest.n;) {
        ptrdiff_t end = str_index(rest, ' ');
        str one = str_slice(rest, 0, end < 0 ? rest.n : (size_t)end);
        if (str_eq(one, name)) return true;
        rest = str_slice(rest, one.n + 1, rest.n);
    }
    return false;
}

MUST_USE static err check_members(struct emit *e, const struct json *block,
                                  const struct block_kind *kind)
{
    for (const struct json *m = block->child; m; m = m->next) {
        char name[64];
        if (is_listed("id type background padding", m->key) || is_listed(kind->members, m->key))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)min_size(m->key.n, 60), m->key.p);
        return block_refuse(e, name, "a block of this type has no such member");
    }
    return ERR_OK;
}

/* The cell that a block stands in. */
MUST_USE static err open_row(struct emit *e, const struct json *block)
{
    str background = json_get_str(block, "background", (str){0}),
        padding = json_get_str(block, "padding", S("normal"));
    bool none = str_eq(padding, S("none")), small = str_eq(padding, S("small"));
    if (background.n && !blocks_is_color(background))
        return block_refuse(e, "background", "a colour is written #rrggbb");
    if (!none && !small && !str_eq(padding, S("normal")))
        return block_refuse(e, "padding", "padding is none, small or normal");
    put(e, background.n ? "<tr><td class=\"bk-pad\"" : "<tr><td class=\"bk-pad bk-ink\"");
    if (background.n) buf_printf(e->out, " bgcolor=\"%.*s\"", STR_ARG(background));
    put(e, e->in_column ? " style=\"padding:0 8px 16px"
           : none       ? " style=\"padding:0"
           : small      ? " style=\"padding:4px 36px"
                        : " style=\"padding:12px 36px");
    if (background.n)
        buf_printf(e->out, ";background:%.*s", STR_ARG(background));
    else
        put(e, ";color:#1b201e");
    put(e, ";font-family:{{ bk_fonts }};font-size:16px;line-height:1.6\">");
    if (background.n) /* its ink fits its paper, in the dark too */
        buf_printf(e->out, "<div class=\"bk-own\" style=\"color:%.*s\">",
                   STR_ARG(blocks_ink(background)));
    return ERR_OK;
}

MUST_USE static err put_block(struct emit *e, const struct json *block)
{
    if (!json_is(block, JSON_OBJECT)) return block_refuse(e, "", "a block is an object");
    if (++e->count > BLOCKS_MAX)
        return diag_at(e->why, ERR_LIMIT, str_of(e->path), "a mail has at most %d blocks",
                       BLOCKS_MAX);
    const struct block_kind *kind = block_kind_of(json_get_str(block, "type", (str){0}));
    if (!kind)
        return block_refuse(e, "type",
                            "a block is logo, heading, text, image, button, columns, products, "
                            "coupon, divider, spacer, social, footer or code");
    TRY(check_members(e, block, kind));
    if (kind->bare) return kind->put(e, block);
    TRY(open_row(e, block));
    TRY(kind->put(e, block));
    put(e, json_get_str(block, "background", (str){0}).n ? "</div></td></tr>" : "</td></tr>");
    return ERR_OK;
}

err blocks_each(struct emit *e, const struct json *list)
{
    u32 i = 0;
    if (!json_is(list, JSON_ARRAY)) return block_refuse(e, "", "a list of blocks is needed");
    for (const struct json *b = list->child; b; b = b->next) {
        size_t n = path_push_index(e, i++);
        TRY(put_block(e, b));
        path_pop(e, n);
    }
    return ERR_OK;
}

/* ---- style ---- */

MUST_USE static err put_color(struct emit *e, const struct json *style, const char *member,
                              const char *plain)
{
    const struct json *j = json_get(style, member);
    if (!j || j->type == JSON_NULL) {
        buf_printf(e->out, "{%% assign bk_%s = brand.%s | default: \"%s\" %%}", member, member,
                   plain);
        return ERR_OK;
    }
    if (j->type != JSON_STRING || !blocks_is_color(j->text))
        return block_refuse(e, member, "a colour is written #rrggbb");
    buf_printf(e->out, "{%% assign bk_%s = \"%.*s\" %%}", member, STR_ARG(j->text));
    return ERR_OK;
}

MUST_USE static err put_width(struct emit *e, const struct json *style)
{
    const struct json *j = json_get(style, "width");
    i64 width = BLOCKS_WIDTH;
    if (!j || j->type == JSON_NULL) {
        buf_printf(e->out, "{%% assign bk_width = brand.width | default: %d %%}", BLOCKS_WIDTH);
    } else {
        if (json_to_i64(j, &width) != ERR_OK || width < BLOCKS_WIDTH_MIN ||
            width > BLOCKS_WIDTH_MAX)
            return block_refuse(e, "width", "a mail is 480 to 720 wide");
        buf_printf(e->out, "{%% assign bk_width = %d %%}", (int)width);
    }
    put(e, "{% assign bk_inner = bk_width | minus: 72 %}");
    return ERR_OK;
}

MUST_USE static err put_fonts(struct emit *e, const struct json *style)
{
    const struct json *j = json_get(style, "font");
    str plain = blocks_fonts(S("sans")), own = blocks_fonts(json_get_str(style, "font", (str){0}));
    if (!j || j->type == JSON_NULL) {
        buf_printf(e->out, "{%% assign bk_fonts = brand.fonts | default: \"%.*s\" %%}",
                   STR_ARG(plain));
        return ERR_OK;
    }
    if (!own.n) return block_refuse(e, "font", "the font is sans, serif or mono");
    buf_printf(e->out, "{%% assign bk_fonts = \"%.*s\" %%}", STR_ARG(own));
    return ERR_OK;
}

/* The variables that all blocks use. */
MUST_USE static err put_style(struct emit *e, const struct json *source)
{
    const struct json *style = json_get(source, "style");
    size_t n = path_push(e, "style");
    if (style && style->type != JSON_NULL && style->type != JSON_OBJECT)
        return block_refuse(e, "", "style is an object");
    for (const struct json *m = style ? style->child : NULL; m; m = m->next)
        if (!is_listed("accent background font width", m->key))
            return block_refuse(e, "", "style has accent, background, font and width");
    TRY(put_color(e, style, "accent", "#0b6e63"));
    TRY(put_color(e, style, "background", "#f1f2ef"));
    str accent = json_get_str(style, "accent", (str){0});
    if (accent.n)
        buf_printf(e->out, "{%% assign bk_on = \"%.*s\" %%}", STR_ARG(blocks_ink(accent)));
    else
        put(e, "{% assign bk_on = brand.on_accent | default: \"#ffffff\" %}");
    TRY(put_width(e, style));
    TRY(put_fonts(e, style));
    path_pop(e, n);
    return ERR_OK;
}

/* ---- the frame ---- */

static const char HEAD[] =
    "<meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width,initial-scale=1\">"
    "<meta name=\"x-apple-disable-message-reformatting\"><meta name=\"format-detection\" "
    "content=\"telephone=no,date=no,address=no,email=no\"><meta name=\"color-scheme\" "
    "content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">"
    "<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96"
    "</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript><style>td,p,a,h1,h2,h3,li,div"
    "{font-family:Arial,'Microsoft YaHei',sans-serif!important}</style><![endif]-->"
    "<style>:root{color-scheme:light dark;supported-color-schemes:light dark}"
    "body{margin:0;padding:0;width:100%!important;-webkit-text-size-adjust:100%;"
    "-ms-text-size-adjust:100%}table{border-collapse:separate}img{-ms-interpolation-mode:bicubic}"
    "@media only screen and (max-width:480px){.bk-pad{padding-left:20px!important;"
    "padding-right:20px!important}.bk-col{max-width:100%!important}.bk-col .bk-pad{"
    "padding-left:0!important;padding-right:0!important}.bk-h1{font-size:26px!important}}"
    "@media (prefers-color-scheme:dark){.bk-page{background:#121614!important}"
    ".bk-card{background:#1b201e!important}.bk-ink,.bk-ink p,.bk-ink li{color:#edf1ee!important}"
    ".bk-dim{color:#a9b3ad!important}.bk-line{border-color:#39413d!important}"
    ".bk-link{color:inherit!important}.bk-out{color:#edf1ee!important;border-color:#edf1ee!"
    "important}"
    ".bk-own p,.bk-own li,.bk-own .bk-ink,.bk-own .bk-dim{color:inherit!important}}"
    "[data-ogsc] .bk-ink{color:#edf1ee!important}[data-ogsc] .bk-dim{color:#a9b3ad!important}"
    "[data-ogsb] .bk-card{background:#1b201e!important}</style>";

MUST_USE static err put_preheader(struct emit *e, const struct json *source)
{
    if (!text_is_there(source, "preheader")) return ERR_OK;
    put(e, "<div style=\"display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;"
           "mso-hide:all;font-size:1px;line-height:1px\">");
    TRY(text_attribute(e, source, "preheader"));
    for (int i = 0; i < 60; i++) put(e, "&#847;&zwnj;&nbsp;");
    put(e, "</div>");
    return ERR_OK;
}

static void open_card(struct emit *e)
{
    put(e, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
           "border=\"0\" class=\"bk-page\" style=\"background:{{ bk_background }}\"><tr>"
           "<td align=\"center\" style=\"padding:24px 8px\">"
           "<!--[if mso]><table role=\"presentation\" width=\"{{ bk_width }}\" cellpadding=\"0\" "
           "cellspacing=\"0\" border=\"0\"><tr><td><![endif]-->"
           "<div style=\"max-width:{{ bk_width }}px;margin:0 auto\">"
           "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
           "border=\"0\" bgcolor=\"#ffffff\" class=\"bk-card\" style=\"background:#ffffff;"
           "border-radius:12px;text-align:left\"><tr><td height=\"20\" style=\"height:20px;"
           "line-height:20px;font-size:0\"></td></tr>");
}

static void close_card(struct emit *e)
{
    put(e, "<tr><td height=\"20\" style=\"height:20px;line-height:20px;font-size:0\"></td>"
           "</tr></table></div><!--[if mso]></td></tr></table><![endif]--></td></tr></table>");
}

MUST_USE static err put_document(struct emit *e, const struct json *source)
{
    buf_printf(
        e->out,
        "<!doctype html><html lang=\"%s\" xmlns:o=\"urn:schemas-microsoft-com:office:office\""
        "><head>",
        e->zh ? "zh" : "en");
    TRY(put_style(e, source));
    put(e, HEAD);
    put(e, "<title>{{ brand.name }}</title></head><body class=\"bk-page\" style=\"margin:0;"
           "padding:0;background:{{ bk_background }}\">");
    TRY(put_preheader(e, source));
    open_card(e);
    size_t n = path_push(e, "blocks");
    TRY(blocks_each(e, json_get(source, "blocks")));
    path_pop(e, n);
    if (!e->has_footer) footer_of_promotion(e);
    close_card(e);
    put(e, "</body></html>");
    return ERR_OK;
}

err blocks_html(const struct json *source, bool zh, struct buf *out, struct diag *why)
{
    struct emit e = {.out = out, .zh = zh, .why = why, .scratch = arena_new()};
    size_t start = out->n;
    err r = put_document(&e, source);
    arena_free(e.scratch);
    if (r == ERR_OK && (out->full || out->n - start > BLOCKS_HTML_MAX))
        r = diag_at(why, ERR_LIMIT, S("/blocks"), "the mail grows beyond %d bytes",
                    BLOCKS_HTML_MAX);
    if (r != ERR_OK) out->n = start;
    return r;
}
