/* look_parts.c — what stands in a mail's HTML: its links and its pictures. */
#include "content/html.h"
#include "server/look.h"

/* The next tag of this name after `*at`; false: there is none. Comments are passed over. */
static bool next_tag(str html, size_t *at, const char *name, struct tag *out)
{
    while (*at < html.n) {
        str rest = str_slice(html, *at, html.n);
        if (str_starts(rest, S("<!--"))) {
            ptrdiff_t end = str_find(rest, S("-->"));
            *at += end < 0 ? rest.n : (size_t)end + 3;
            continue;
        }
        if (rest.p[0] != '<') {
            const char *next = memchr(rest.p, '<', rest.n);
            *at = next ? (size_t)(next - html.p) : html.n;
            continue;
        }
        *at += html_read_tag(rest, out);
        if (!out->closing && str_eq_nocase(out->name, str_of(name))) return true;
    }
    return false;
}

static str decoded(struct buf *b, str text)
{
    buf_reset(b);
    html_decode(b, text);
    return buf_str(b);
}

static const char *kind_of(str url)
{
    if (str_find(url, S("/u/")) >= 0 && str_ends(url, S("/u/test"))) return "unsubscribe";
    if (str_ends(url, S("/p/test"))) return "preferences";
    if (str_starts(url, S("http://")) || str_starts(url, S("https://"))) return "web";
    if (str_starts(url, S("mailto:"))) return "mail";
    return str_starts(url, S("tel:")) ? "phone" : "other";
}

void look_put_links(struct buf *b, str html)
{
    struct buf text, url;
    struct tag tag;
    size_t at = 0;
    buf_init(&text, 1 << 20), buf_init(&url, 1 << 20);
    json_put_key(b, S("links"));
    buf_byte(b, '[');
    while (next_tag(html, &at, "a", &tag)) {
        str href = html_attribute(tag.attributes, S("href"));
        if (!href.n) continue;
        ptrdiff_t end = str_find(str_slice(html, at, html.n), S("</a>"));
        buf_reset(&text);
        if (end >= 0) html_text(str_slice(html, at, at + (size_t)end), &text);
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("url"), decoded(&url, href));
        json_put_kv_str(b, S("kind"), str_of(kind_of(buf_str(&url))));
        json_put_kv_str(b, S("text"), str_trim(buf_str(&text)));
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
    buf_clear(&text), buf_clear(&url);
}

u32 look_put_images(struct buf *b, str html)
{
    struct buf url;
    struct tag tag;
    size_t at = 0;
    u32 silent = 0;
    buf_init(&url, 1 << 20);
    json_put_key(b, S("images"));
    buf_byte(b, '[');
    while (next_tag(html, &at, "img", &tag)) {
        str alt = html_attribute(tag.attributes, S("alt"));
        silent += alt.n == 0;
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("src"), decoded(&url, html_attribute(tag.attributes, S("src"))));
        json_put_kv_str(b, S("alt"), decoded(&url, alt));
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
    buf_clear(&url);
    return silent;
}

bool look_has_link(str html, str page)
{
    struct tag tag;
    size_t at = 0;
    while (next_tag(html, &at, "a", &tag))
        if (str_ends(html_attribute(tag.attributes, S("href")), page)) return true;
    return false;
}
