/* track.c — a mail's HTML with its links led over ours, and a pixel.
 *
 * One pass over the tags; everything else is copied as it stands. Only the value of an href is
 * replaced, so that a template's HTML keeps its form to the byte. */
#include "content/html.h"
#include "content/link.h"

/* ---- a target: what the reader's browser would ask for ---- */

static bool is_web(str url)
{
    return (url.n > 7 && str_eq_nocase(str_slice(url, 0, 7), S("http://"))) ||
           (url.n > 8 && str_eq_nocase(str_slice(url, 0, 8), S("https://")));
}

/* Our own pages count for themselves: a click on them need not be led over another. */
static bool is_ours(const struct tracking *t, str url)
{
    static const char PAGES[] = "lopucf";
    if (!t->public_url.n || !str_starts(url, t->public_url)) return false;
    str rest = str_slice(url, t->public_url.n, url.n);
    return rest.n >= 3 && rest.p[0] == '/' && rest.p[2] == '/' && strchr(PAGES, rest.p[1]);
}

/* Decoded, without what browsers drop, and as it may stand in a Location header. */
static void put_target(struct buf *out, str href)
{
    static const char HEX[] = "0123456789ABCDEF";
    struct buf b;
    buf_init(&b, 4 * SIGNED_TARGET_MAX);
    html_decode(&b, href);
    str url = str_trim(buf_str(&b));
    for (size_t i = 0; i < url.n; i++) {
        u8 c = (u8)url.p[i];
        if (c == '\t' || c == '\n' || c == '\r') continue;
        if (c <= ' ' || c >= 127 || memchr("\"<>\\^`{|}", c, 9)) {
            const char coded[3] = {'%', HEX[c >> 4], HEX[c & 15]};
            buf_put(out, (str){coded, 3});
        } else {
            buf_byte(out, c);
        }
    }
    out->full |= b.full;
    buf_clear(&b);
}

static bool wanted(const struct tracking *t, const struct tag *tag, str href, struct buf *target)
{
    if (!href.n || str_eq_nocase(html_attribute(tag->attributes, S("data-track")), S("off")))
        return false;
    buf_reset(target);
    target->full = false;
    put_target(target, href);
    str url = buf_str(target);
    return !target->full && url.n <= SIGNED_TARGET_MAX && is_web(url) && !is_ours(t, url);
}

/* ---- the pass ---- */

static void put_link(const struct tracking *t, const char *page, signed_purpose purpose, str target,
                     struct buf *out)
{
    struct signed_link link = {.message = t->message, .target = target};
    memcpy(link.customer, t->customer, sizeof link.customer);
    buf_put(out, t->public_url);
    buf_put(out, str_of(page));
    signed_link_put(out, t->key, purpose, &link);
}

static void put_pixel(const struct tracking *t, struct buf *out)
{
    buf_put(out, S("<img src=\""));
    put_link(t, "/o/", SIGNED_OPEN, (str){0}, out);
    buf_put(out, S(".gif\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;border:0\">"));
}

static bool leads(const struct tag *tag)
{
    return !tag->closing &&
           (str_eq_nocase(tag->name, S("a")) || str_eq_nocase(tag->name, S("area")));
}

/* A tag as it stands, but for the href of one that leads somewhere. */
static void put_tag(const struct tracking *t, str whole, const struct tag *tag, struct buf *target,
                    struct buf *out)
{
    str href = t->clicks && leads(tag) ? html_attribute(tag->attributes, S("href")) : (str){0};
    if (whole.p[whole.n - 1] != '>' || !wanted(t, tag, href, target)) {
        buf_put(out, whole);
        return;
    }
    size_t from = (size_t)(href.p - whole.p), to = from + href.n;
    bool quoted = whole.p[from - 1] == '"' || whole.p[from - 1] == '\'';
    buf_put(out, str_slice(whole, 0, from));
    if (!quoted) buf_byte(out, '"');
    put_link(t, "/l/", SIGNED_CLICK, buf_str(target), out);
    if (!quoted) buf_byte(out, '"');
    buf_put(out, str_slice(whole, to, whole.n));
}

/* The bytes of a comment, or of an element in which tags are no tags; 0: neither begins here. */
static size_t opaque(str rest)
{
    static const char *const ENDS[][2] = {
        {"<!--", "-->"}, {"<style", "</style"}, {"<script", "</script"}, {"<title", "</title"}};
    for (u32 i = 0; i < COUNT_OF(ENDS); i++) {
        str begin = str_of(ENDS[i][0]), end = str_of(ENDS[i][1]);
        if (!str_eq_nocase(str_slice(rest, 0, begin.n), begin)) continue;
        for (size_t k = begin.n; k + end.n <= rest.n; k++) {
            const char *at = memchr(rest.p + k, end.p[0], rest.n - k);
            if (!at) break;
            k = (size_t)(at - rest.p);
            if (str_eq_nocase(str_slice(rest, k, k + end.n), end)) return k + end.n;
        }
        return rest.n;
    }
    return 0;
}

/* Where the pixel goes: before the last </body>, else at the end. */
static size_t body_end(str html)
{
    for (size_t i = html.n; i-- > 0;)
        if (html.p[i] == '<' && str_eq_nocase(str_slice(html, i, i + 6), S("</body"))) return i;
    return html.n;
}

void track_html(const struct tracking *t, str html, struct buf *out)
{
    struct buf target;
    size_t pixel = body_end(html);
    bool owed = t->opens;
    buf_init(&target, 4 * SIGNED_TARGET_MAX);
    for (size_t i = 0; i < html.n && !out->full;) {
        str rest = str_slice(html, i, html.n);
        if (owed && i == pixel) put_pixel(t, out), owed = false;
        size_t n = opaque(rest);
        if (n) {
            buf_put(out, str_slice(rest, 0, n));
        } else if (rest.p[0] == '<' && rest.n > 1 && !html_is_space(rest.p[1])) {
            struct tag tag;
            n = html_read_tag(rest, &tag);
            put_tag(t, str_slice(rest, 0, n), &tag, &target, out);
        } else {
            const char *next = memchr(rest.p + 1, '<', rest.n - 1);
            n = next ? (size_t)(next - rest.p) : rest.n;
            buf_put(out, str_slice(rest, 0, n));
        }
        i += n;
    }
    if (owed) put_pixel(t, out);
    buf_clear(&target);
}
