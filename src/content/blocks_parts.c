/* blocks_parts.c — what each type of block looks like. A new type is one function and one line in
 * the table at the end. */
#include "content/blocks_inside.h"

#include <stdio.h>

/* ---- members that several have ---- */

MUST_USE static err align_of(struct emit *e, const struct json *block, const char *otherwise,
                             str *out)
{
    *out = json_get_str(block, "align", str_of(otherwise));
    if (str_eq(*out, S("left")) || str_eq(*out, S("center")) || str_eq(*out, S("right")))
        return ERR_OK;
    return block_refuse(e, "align", "align is left, center or right");
}

MUST_USE static err number_of(struct emit *e, const struct json *block, const char *member,
                              i64 least, i64 most, i64 *out)
{
    char sentence[64];
    const struct json *j = json_get(block, member);
    if (!j || j->type == JSON_NULL) return ERR_OK;
    if (json_to_i64(j, out) == ERR_OK && *out >= least && *out <= most) return ERR_OK;
    snprintf(sentence, sizeof sentence, "a whole number from %d to %d is needed", (int)least,
             (int)most);
    return block_refuse(e, member, sentence);
}

MUST_USE static err flag_of(struct emit *e, const struct json *block, const char *member, bool *out)
{
    const struct json *j = json_get(block, member);
    *out = j && j->boolean;
    if (!j || j->type == JSON_NULL || j->type == JSON_BOOL) return ERR_OK;
    return block_refuse(e, member, "true or false is needed");
}

/* The block's own colour; empty: it has none. */
MUST_USE static err color_of(struct emit *e, const struct json *block, str *out)
{
    *out = json_get_str(block, "color", (str){0});
    if (!json_get(block, "color") || blocks_is_color(*out)) return ERR_OK;
    return block_refuse(e, "color", "a colour is written #rrggbb");
}

MUST_USE static err text_member(struct emit *e, const struct json *block, const char *member,
                                str *out)
{
    const struct json *j = json_get(block, member);
    *out = json_is(j, JSON_STRING) ? j->text : (str){0};
    if (!j || j->type == JSON_NULL || j->type == JSON_STRING) return ERR_OK;
    return block_refuse(e, member, "a text is needed");
}

static void put_color(struct emit *e, str color, const char *otherwise)
{
    buf_put(e->out, color.n ? color : str_of(otherwise));
}

static void open_table(struct emit *e, const char *more)
{
    put(e, "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"");
    put(e, more);
    put(e, ">");
}

/* ---- words ---- */

MUST_USE static err put_heading(struct emit *e, const struct json *block)
{
    static const struct {
        const char *size, *line;
    } LEVELS[] = {{"30px", "1.25"}, {"22px", "1.3"}, {"18px", "1.4"}};
    i64 level = 1;
    str align, color;
    TRY(number_of(e, block, "level", 1, 3, &level));
    TRY(align_of(e, block, "left", &align));
    TRY(color_of(e, block, &color));
    buf_printf(e->out,
               "<h%d class=\"bk-h%d%s\" style=\"margin:0;font-size:%s;line-height:%s;"
               "font-weight:700;text-align:%.*s;color:",
               (int)level, (int)level, color.n ? "" : " bk-ink", LEVELS[level - 1].size,
               LEVELS[level - 1].line, STR_ARG(align));
    put_color(e, color, "#1b201e");
    put(e, "\">");
    TRY(text_line(e, block, "text", true));
    buf_printf(e->out, "</h%d>", (int)level);
    return ERR_OK;
}

MUST_USE static err put_text(struct emit *e, const struct json *block)
{
    str size = json_get_str(block, "size", S("normal")), align, color;
    bool small = str_eq(size, S("small")), large = str_eq(size, S("large"));
    if (!small && !large && !str_eq(size, S("normal")))
        return block_refuse(e, "size", "size is small, normal or large");
    TRY(align_of(e, block, "left", &align));
    TRY(color_of(e, block, &color));
    buf_printf(e->out, "<div style=\"font-size:%s;line-height:1.65;text-align:%.*s",
               small   ? "14px"
               : large ? "19px"
                       : "16px",
               STR_ARG(align));
    if (color.n) buf_printf(e->out, ";color:%.*s", STR_ARG(color));
    put(e, "\">");
    TRY(text_paragraphs(e, block, "text"));
    put(e, "</div>");
    return ERR_OK;
}

/* ---- pictures ---- */

static void put_picture_style(struct emit *e, i64 width, bool full, str align)
{
    const char *room = full ? "{{ bk_width }}" : "{{ bk_inner }}";
    bool center = str_eq(align, S("center")), right = str_eq(align, S("right"));
    if (width)
        buf_printf(e->out, "width=\"%d\" ", (int)width);
    else if (!e->in_column)
        buf_printf(e->out, "width=\"%s\" ", room);
    buf_printf(e->out, "style=\"display:block;border:0;width:100%%;height:auto;max-width:");
    if (width)
        buf_printf(e->out, "%dpx", (int)width);
    else if (e->in_column)
        put(e, "100%");
    else
        buf_printf(e->out, "%spx", room);
    put(e, center ? ";margin:0 auto" : right ? ";margin:0 0 0 auto" : "");
    put(e, full ? "\">" : ";border-radius:8px\">");
}

MUST_USE static err open_link(struct emit *e, const struct json *block, bool *linked)
{
    str href;
    TRY(text_member(e, block, "href", &href));
    *linked = href.n > 0;
    if (!*linked) return ERR_OK;
    put(e, "<a href=\"");
    TRY(put_href(e, href, "href"));
    put(e, "\" style=\"text-decoration:none\">");
    return ERR_OK;
}

MUST_USE static err put_image(struct emit *e, const struct json *block)
{
    i64 width = 0;
    bool full, linked;
    str align, src;
    TRY(number_of(e, block, "width", 20, BLOCKS_WIDTH_MAX, &width));
    TRY(flag_of(e, block, "full", &full));
    TRY(align_of(e, block, "center", &align));
    TRY(text_member(e, block, "src", &src));
    if (!src.n) return block_refuse(e, "src", "choose a picture");
    full &= !e->in_column;
    if (full) put(e, "<tr><td style=\"padding:0;font-size:0;line-height:0\">");
    TRY(open_link(e, block, &linked));
    put(e, "<img src=\"");
    TRY(put_src(e, src, "src"));
    put(e, "\" alt=\"");
    TRY(text_attribute(e, block, "alt"));
    put(e, "\" ");
    put_picture_style(e, width, full, align);
    if (linked) put(e, "</a>");
    if (full) put(e, "</td></tr>");
    return ERR_OK;
}

/* A picture from edge to edge has a row of its own; another stands in one as all blocks do. */
MUST_USE static err put_image_row(struct emit *e, const struct json *block)
{
    if (json_get_bool(block, "full", false) && !e->in_column) return put_image(e, block);
    put(e, e->in_column ? "<tr><td style=\"padding:0 8px 16px\">"
                        : "<tr><td class=\"bk-pad\" style=\"padding:12px 36px\">");
    TRY(put_image(e, block));
    put(e, "</td></tr>");
    return ERR_OK;
}

/* Nothing where there is no picture: the name in its place. */
MUST_USE static err put_logo(struct emit *e, const struct json *block)
{
    i64 width = 140;
    str align, src, href;
    TRY(number_of(e, block, "width", 20, 600, &width));
    TRY(align_of(e, block, "left", &align));
    TRY(text_member(e, block, "src", &src));
    TRY(text_member(e, block, "href", &href));
    if (!src.n) put(e, "{% if brand.logo %}");
    put(e, "<a href=\"");
    if (href.n)
        TRY(put_href(e, href, "href"));
    else
        put(e, "{{ brand.shop | default: \"#\" }}");
    put(e, "\" style=\"text-decoration:none\"><img src=\"");
    if (src.n)
        TRY(put_src(e, src, "src"));
    else
        put(e, "{{ brand.logo }}");
    put(e, "\" alt=\"");
    if (text_is_there(block, "alt"))
        TRY(text_attribute(e, block, "alt"));
    else
        put(e, "{{ brand.name }}");
    put(e, "\" ");
    put_picture_style(e, width, false, align);
    put(e, "</a>");
    if (!src.n)
        buf_printf(e->out,
                   "{%% else %%}<div class=\"bk-ink\" style=\"font-size:18px;font-weight:700;"
                   "text-align:%.*s;color:#1b201e\">{{ brand.name }}</div>{%% endif %%}",
                   STR_ARG(align));
    return ERR_OK;
}

/* ---- a button ---- */

/* The padding lies in the link, so that all of it can be pressed; Outlook has it from the cell. */
MUST_USE static err put_button(struct emit *e, const struct json *block)
{
    str look = json_get_str(block, "look", S("filled")), align, color, href;
    bool filled = str_eq(look, S("filled")), outline = str_eq(look, S("outline")), full;
    if (!filled && !outline && !str_eq(look, S("link")))
        return block_refuse(e, "look", "look is filled, outline or link");
    TRY(align_of(e, block, "left", &align));
    TRY(color_of(e, block, &color));
    TRY(flag_of(e, block, "full", &full));
    TRY(text_member(e, block, "href", &href));
    if (!href.n) return block_refuse(e, "href", "say which page the button opens");
    str paint = color.n ? color : S("{{ bk_accent }}"),
        ink = color.n ? blocks_ink(color) : S("{{ bk_on }}");
    put(e, "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"");
    buf_printf(e->out, " align=\"%.*s\"%s><tr><td align=\"center\"", STR_ARG(align),
               full ? " width=\"100%\"" : "");
    if (filled)
        buf_printf(e->out,
                   " bgcolor=\"%.*s\" style=\"background:%.*s;border-radius:8px;"
                   "mso-padding-alt:14px 28px\">",
                   STR_ARG(paint), STR_ARG(paint));
    else
        put(e, outline ? " style=\"border-radius:8px;mso-padding-alt:12px 26px\">" : ">");
    put(e, filled || color.n ? "<a href=\"" : "<a class=\"bk-out\" href=\"");
    TRY(put_href(e, href, "href"));
    put(e, "\" style=\"display:inline-block;font-size:16px;line-height:1.25;font-weight:600;");
    if (filled)
        buf_printf(e->out, "padding:14px 28px;border-radius:8px;text-decoration:none;color:%.*s\">",
                   STR_ARG(ink));
    else
        buf_printf(e->out,
                   outline ? "padding:12px 26px;border-radius:8px;text-decoration:none;"
                             "border:2px solid %.*s;color:%.*s\">"
                           : "text-decoration:underline;border-color:%.*s;color:%.*s\">",
                   STR_ARG(paint), STR_ARG(paint));
    TRY(text_line(e, block, "text", true));
    put(e, "</a></td></tr></table><div style=\"clear:both;font-size:0;line-height:0\"></div>");
    return ERR_OK;
}

/* ---- columns ---- */

/* Side by side where there is room for both, without asking how wide the reader's window is. */
static void open_column(struct emit *e, u32 of, u32 parts, bool first)
{
    buf_printf(e->out, "<!--[if mso]>%s<td width=\"%u%%\" valign=\"top\"><![endif]-->",
               first ? "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
                       "cellspacing=\"0\" border=\"0\"><tr>"
                     : "</td>",
               100 * parts / of);
    buf_printf(e->out,
               "<div class=\"bk-col\" style=\"display:inline-block;width:100%%;"
               "max-width:{{ bk_inner | times: %u | divided_by: %u }}px;"
               "vertical-align:top;font-size:16px\">",
               parts, of);
}

MUST_USE static err put_column(struct emit *e, const struct json *column)
{
    const struct json *blocks = json_get(column, "blocks");
    if (!json_is(column, JSON_OBJECT) || !json_is(blocks, JSON_ARRAY))
        return block_refuse(e, "blocks", "each column has a list of blocks");
    open_table(e, " width=\"100%\"");
    size_t n = path_push(e, "blocks");
    TRY(blocks_each(e, blocks));
    path_pop(e, n);
    put(e, "</table>");
    return ERR_OK;
}

MUST_USE static err put_columns(struct emit *e, const struct json *block)
{
    const struct json *columns = json_get(block, "columns");
    str split = json_get_str(block, "split", S("1:1"));
    u32 left = str_eq(split, S("2:1")) ? 2 : 1, right = str_eq(split, S("1:2")) ? 2 : 1, i = 0;
    if (e->in_column) return block_refuse(e, "type", "columns do not stand in columns");
    if (left + right == 2 && !str_eq(split, S("1:1")))
        return block_refuse(e, "split", "split is 1:1, 1:2 or 2:1");
    if (!json_is(columns, JSON_ARRAY) || columns->count != 2)
        return block_refuse(e, "columns", "two columns are needed");
    e->in_column = true;
    put(e, "<div style=\"margin:0 -8px;font-size:0\">");
    for (const struct json *column = columns->child; column; column = column->next, i++) {
        size_t n = path_push(e, "columns") + path_push_index(e, i);
        open_column(e, left + right, i ? right : left, i == 0);
        TRY(put_column(e, column));
        put(e, "</div>");
        path_pop(e, n);
    }
    put(e, "<!--[if mso]></td></tr></table><![endif]--></div>");
    e->in_column = false;
    return ERR_OK;
}

/* ---- products ---- */

static void open_cell(struct emit *e, i64 columns)
{
    buf_printf(e->out,
               "<!--[if mso]><td width=\"%d%%\" valign=\"top\"><![endif]--><div class=\"bk-col\" "
               "style=\"display:inline-block;width:100%%;max-width:{{ bk_inner | divided_by: %d "
               "}}px;vertical-align:top;font-size:16px\"><div style=\"padding:0 8px 16px\">",
               (int)(100 / columns), (int)columns);
}

static void close_cell(struct emit *e)
{
    put(e, "</div></div><!--[if mso]></td><![endif]-->");
}

/* Those of the event that began the journey, whatever of a product it tells. */
static void put_products_of_event(struct emit *e, i64 columns, i64 limit)
{
    buf_printf(e->out, "{%% for bk_p in products limit: %d %%}", (int)limit);
    open_cell(e, columns);
    put(e, "{% if bk_p.url %}<a href=\"{{ bk_p.url }}\" style=\"text-decoration:none\">{% endif %}"
           "{% if bk_p.image_url %}<img src=\"{{ bk_p.image_url }}\" alt=\"\" style=\"display:"
           "block;border:0;width:100%;height:auto;border-radius:8px\">{% endif %}<div "
           "class=\"bk-ink\" style=\"padding-top:8px;font-weight:600;color:#1b201e\">{{ bk_p.name "
           "| default: bk_p.product_name | default: bk_p.product_id }}</div>{% if bk_p.price %}"
           "<div class=\"bk-dim\" style=\"color:#59635e\">{{ bk_p.price | money }}</div>{% endif %}"
           "{% if bk_p.url %}</a>{% endif %}");
    close_cell(e);
    buf_printf(e->out,
               "{%% assign bk_r = forloop.index | modulo: %d %%}{%% if bk_r == 0 and "
               "forloop.last == false %%}<!--[if mso]></tr><tr><![endif]-->{%% endif %%}"
               "{%% endfor %%}",
               (int)columns);
}

MUST_USE static err put_item(struct emit *e, const struct json *item)
{
    str image, href;
    if (!json_is(item, JSON_OBJECT)) return block_refuse(e, "", "a product is an object");
    for (const struct json *m = item->child; m; m = m->next)
        if (!str_eq(m->key, S("name")) && !str_eq(m->key, S("image")) &&
            !str_eq(m->key, S("price")) && !str_eq(m->key, S("href")))
            return block_refuse(e, "", "a product has name, image, price and href");
    TRY(text_member(e, item, "image", &image));
    TRY(text_member(e, item, "href", &href));
    if (href.n) {
        put(e, "<a href=\"");
        TRY(put_href(e, href, "href"));
        put(e, "\" style=\"text-decoration:none\">");
    }
    if (image.n) {
        put(e, "<img src=\"");
        TRY(put_src(e, image, "image"));
        put(e, "\" alt=\"\" style=\"display:block;border:0;width:100%;height:auto;"
               "border-radius:8px\">");
    }
    put(e, "<div class=\"bk-ink\" style=\"padding-top:8px;font-weight:600;color:#1b201e\">");
    TRY(text_line(e, item, "name", true));
    put(e, "</div>");
    if (text_is_there(item, "price")) {
        put(e, "<div class=\"bk-dim\" style=\"color:#59635e\">");
        TRY(text_line(e, item, "price", false));
        put(e, "</div>");
    }
    if (href.n) put(e, "</a>");
    return ERR_OK;
}

MUST_USE static err put_items(struct emit *e, const struct json *items, i64 columns, i64 limit)
{
    u32 i = 0;
    if (items->type != JSON_ARRAY || items->count == 0 || items->count > 12)
        return block_refuse(e, "items", "a list of 1 to 12 products is needed");
    for (const struct json *item = items->child; item && i < limit; item = item->next, i++) {
        size_t n = path_push(e, "items") + path_push_index(e, i);
        if (i && i % columns == 0) put(e, "<!--[if mso]></tr><tr><![endif]-->");
        open_cell(e, columns);
        TRY(put_item(e, item));
        close_cell(e);
        path_pop(e, n);
    }
    return ERR_OK;
}

MUST_USE static err put_products(struct emit *e, const struct json *block)
{
    const struct json *items = json_get(block, "items");
    i64 columns = 3, limit = 3;
    bool listed = items && items->type != JSON_NULL;
    if (listed) limit = 12;
    TRY(number_of(e, block, "columns", 1, 3, &columns));
    TRY(number_of(e, block, "limit", 1, 12, &limit));
    if (!listed) put(e, "{% if products.size > 0 %}");
    if (text_is_there(block, "title")) {
        put(e, "<div class=\"bk-ink\" style=\"font-size:18px;font-weight:700;padding-bottom:12px;"
               "color:#1b201e\">");
        TRY(text_line(e, block, "title", false));
        put(e, "</div>");
    }
    put(e, "<div style=\"margin:0 -8px;font-size:0\"><!--[if mso]><table role=\"presentation\" "
           "width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><![endif]-->");
    if (listed)
        TRY(put_items(e, items, columns, limit));
    else
        put_products_of_event(e, columns, limit);
    put(e, "<!--[if mso]></tr></table><![endif]--></div>");
    if (!listed) put(e, "{% endif %}");
    return ERR_OK;
}

/* ---- a coupon ---- */

MUST_USE static err put_coupon(struct emit *e, const struct json *block)
{
    put(e, "{% if coupon.code %}<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
           "cellspacing=\"0\" border=\"0\"><tr><td class=\"bk-ink\" align=\"center\" "
           "style=\"padding:20px;border:2px dashed {{ bk_accent }};border-radius:12px;"
           "color:#1b201e\"><div style=\"font-size:14px\">");
    if (text_is_there(block, "title"))
        TRY(text_line(e, block, "title", false));
    else
        put(e, e->zh ? "您的优惠券" : "Your coupon");
    put(e, "</div><div style=\"font-size:28px;font-weight:700;line-height:1.4\">"
           "{{ coupon.value | money }}</div><div style=\"font-size:20px;font-weight:700;"
           "letter-spacing:1px\">{{ coupon.code }}</div>{% if coupon.expires %}<div "
           "class=\"bk-dim\" style=\"font-size:13px;padding-top:6px;color:#59635e\">");
    put(e, e->zh ? "有效期至 " : "Valid until ");
    put(e, "{{ coupon.expires | date: \"%Y-%m-%d\" }}</div>{% endif %}");
    if (text_is_there(block, "note")) {
        put(e, "<div class=\"bk-dim\" style=\"font-size:13px;padding-top:6px;color:#59635e\">");
        TRY(text_line(e, block, "note", false));
        put(e, "</div>");
    }
    put(e, "</td></tr></table>{% endif %}");
    return ERR_OK;
}

/* ---- lines and room ---- */

MUST_USE static err put_divider(struct emit *e, const struct json *block)
{
    str color;
    TRY(color_of(e, block, &color));
    put(e, "<div class=\"bk-line\" style=\"border-top:1px solid ");
    put_color(e, color, "#dfe3df");
    put(e, ";font-size:0;line-height:0\"></div>");
    return ERR_OK;
}

MUST_USE static err put_spacer(struct emit *e, const struct json *block)
{
    i64 height = 24;
    TRY(number_of(e, block, "height", 4, 200, &height));
    buf_printf(e->out,
               "<tr><td height=\"%d\" style=\"height:%dpx;line-height:%dpx;font-size:0\">"
               "</td></tr>",
               (int)height, (int)height, (int)height);
    return ERR_OK;
}

/* ---- where else we are ---- */

static const struct social {
    const char *kind, *zh, *en;
} SOCIAL[] = {{"wechat", "微信", "WeChat"},
              {"weibo", "微博", "Weibo"},
              {"xiaohongshu", "小红书", "RED"},
              {"douyin", "抖音", "Douyin"},
              {"instagram", "Instagram", "Instagram"},
              {"facebook", "Facebook", "Facebook"},
              {"x", "X", "X"},
              {"youtube", "YouTube", "YouTube"},
              {"tiktok", "TikTok", "TikTok"},
              {"linkedin", "LinkedIn", "LinkedIn"},
              {"website", "网站", "Website"}};

MUST_USE static err put_social_link(struct emit *e, const struct json *item)
{
    str kind = json_get_str(item, "kind", (str){0}), href = json_get_str(item, "href", (str){0});
    const struct social *s = NULL;
    for (u32 i = 0; i < COUNT_OF(SOCIAL); i++)
        if (str_eq(kind, str_of(SOCIAL[i].kind))) s = &SOCIAL[i];
    if (!s)
        return block_refuse(e, "kind",
                            "kind is wechat, weibo, xiaohongshu, douyin, instagram, facebook, x, "
                            "youtube, tiktok, linkedin or website");
    put(e, "<a class=\"bk-link\" href=\"");
    TRY(put_href(e, href, "href"));
    put(e, "\" style=\"color:{{ bk_accent }};text-decoration:none;font-weight:600\">");
    if (text_is_there(item, "text"))
        TRY(text_line(e, item, "text", false));
    else
        put(e, e->zh ? s->zh : s->en);
    put(e, "</a>");
    return ERR_OK;
}

MUST_USE static err put_social(struct emit *e, const struct json *block)
{
    const struct json *items = json_get(block, "items");
    str align;
    u32 i = 0;
    TRY(align_of(e, block, "center", &align));
    if (!json_is(items, JSON_ARRAY) || items->count == 0 || items->count > 12)
        return block_refuse(e, "items", "a list of 1 to 12 places is needed");
    buf_printf(e->out, "<div style=\"font-size:14px;text-align:%.*s\">", STR_ARG(align));
    for (const struct json *item = items->child; item; item = item->next, i++) {
        size_t n = path_push(e, "items") + path_push_index(e, i);
        if (i) put(e, " &nbsp;·&nbsp; ");
        TRY(put_social_link(e, item));
        path_pop(e, n);
    }
    put(e, "</div>");
    return ERR_OK;
}

/* ---- the foot of the mail ---- */

/* A link with the block's own words, or ours. */
MUST_USE static err put_way_out(struct emit *e, const struct json *block, const char *member,
                                const char *url, const char *words)
{
    buf_printf(e->out, "<a class=\"bk-link\" href=\"{{ %s }}\" style=\"color:#59635e\">", url);
    if (text_is_there(block, member))
        TRY(text_line(e, block, member, false));
    else
        put(e, words);
    put(e, "</a>");
    return ERR_OK;
}

MUST_USE static err put_footer(struct emit *e, const struct json *block)
{
    if (e->in_column) return block_refuse(e, "type", "the footer does not stand in a column");
    e->has_footer = true;
    put(e, "<div class=\"bk-line\" style=\"border-top:1px solid #dfe3df;padding-top:16px\">"
           "<div class=\"bk-dim\" style=\"font-size:13px;line-height:1.6;color:#59635e\">");
    if (text_is_there(block, "text")) {
        TRY(text_line(e, block, "text", false));
        put(e, "<br>");
    } else {
        put(e, "{% if brand.footer %}{{ brand.footer | newline_to_br }}<br>{% endif %}");
    }
    put(e, "{{ brand.name }}");
    if (text_is_there(block, "address")) {
        put(e, " · ");
        TRY(text_line(e, block, "address", false));
    } else {
        put(e, "{% if brand.address %} · {{ brand.address }}{% endif %}");
    }
    put(e, "{% unless message.category == \"transactional\" %}<br>");
    TRY(put_way_out(e, block, "unsubscribe", "unsubscribe_url", e->zh ? "退订" : "Unsubscribe"));
    put(e, " · ");
    TRY(put_way_out(e, block, "preferences", "preferences_url",
                    e->zh ? "选择想收到的内容" : "Choose what you receive"));
    put(e, "{% endunless %}</div></div>");
    return ERR_OK;
}

void footer_of_promotion(struct emit *e)
{
    put(e, "{% if message.category == \"promotion\" %}<tr><td class=\"bk-pad\" "
           "style=\"padding:12px 36px;font-family:{{ bk_fonts }}\">");
    MUST(put_footer(e, NULL) == ERR_OK);
    put(e, "</td></tr>{% endif %}");
}

/* ---- HTML as it stands ---- */

MUST_USE static err put_code(struct emit *e, const struct json *block)
{
    const struct json *j = json_get(block, "html");
    str html = content_words(j, e->zh);
    if (!html.n) return block_refuse(e, "html", "this block needs its HTML");
    if (html.n > BLOCKS_CODE_MAX)
        return block_refuse(e, "html", "the HTML of one block has at most 200,000 bytes");
    TRY(check_liquid(e, html, "html"));
    buf_put(e->out, html);
    return ERR_OK;
}

/* ---- all ---- */

static const struct block_kind KINDS[] = {
    {"logo", "src alt width href align", put_logo, false},
    {"heading", "text level align color", put_heading, false},
    {"text", "text size align color", put_text, false},
    {"image", "src alt href width align full", put_image_row, true},
    {"button", "text href look align full color", put_button, false},
    {"columns", "columns split", put_columns, false},
    {"products", "items columns limit title", put_products, false},
    {"coupon", "title note", put_coupon, false},
    {"divider", "color", put_divider, false},
    {"spacer", "height", put_spacer, true},
    {"social", "items align", put_social, false},
    {"footer", "text address unsubscribe preferences", put_footer, false},
    {"code", "html", put_code, false},
};

const struct block_kind *block_kind_of(str type)
{
    for (u32 i = 0; i < COUNT_OF(KINDS); i++)
        if (str_eq(type, str_of(KINDS[i].type))) return &KINDS[i];
    return NULL;
}
