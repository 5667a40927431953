/* html_text.c — HTML as a reader of plain text would have it.
 *
 * One pass, no tree: tags of blocks ask for line breaks, text asks for at most one space, and both
 * are written only when something visible follows. Broken HTML gives some text, never a failure. */
#include "content/content.h"
#include "content/html.h"

enum { LINKS_MAX = 8, HIDDEN_NAME_MAX = 16 };

struct text {
    struct buf *out;
    u32 breaks;        /* wanted before the next visible byte */
    bool space, fresh; /* a space is wanted; nothing was written yet */
    u32 pre;           /* depth of <pre> */
    /* Inside something hidden: its element's name and depth. */
    char hidden[HIDDEN_NAME_MAX];
    u32 hidden_depth;
    u32 links;
    struct {
        str href;
        size_t from;
    } link[LINKS_MAX];
};

static void visible(struct text *t)
{
    if (!t->fresh && t->breaks)
        for (u32 i = 0; i < t->breaks; i++) buf_byte(t->out, '\n');
    else if (!t->fresh && t->space)
        buf_byte(t->out, ' ');
    t->breaks = 0;
    t->space = t->fresh = false;
}

static void want_breaks(struct text *t, u32 n)
{
    if (t->breaks < n) t->breaks = n;
}

/* ---- elements ---- */

/* What the elements we know want: line breaks around them, no text of theirs at all, no end tag. */
struct element {
    str name;
    u8 breaks;
    bool never, empty;
};
#define N(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
static const struct element elements[] = {
    {N("p"), 2},
    {N("div"), 1},
    {N("tr"), 1},
    {N("li"), 1},
    {N("h1"), 2},
    {N("h2"), 2},
    {N("h3"), 2},
    {N("h4"), 2},
    {N("h5"), 2},
    {N("h6"), 2},
    {N("ul"), 2},
    {N("ol"), 2},
    {N("table"), 2},
    {N("pre"), 2},
    {N("section"), 2},
    {N("article"), 2},
    {N("header"), 2},
    {N("footer"), 2},
    {N("blockquote"), 2},
    {N("dl"), 2},
    {N("dt"), 1},
    {N("dd"), 1},
    {N("form"), 2},
    {N("center"), 1},
    {N("address"), 1},
    {N("caption"), 1},
    {N("figure"), 2},
    {N("style"), 0, true},
    {N("script"), 0, true},
    {N("head"), 0, true},
    {N("title"), 0, true},
    {N("template"), 0, true},
    {N("noscript"), 0, true},
    {N("object"), 0, true},
    {N("svg"), 0, true},
    {N("hr"), 1, .empty = true},
    {N("br"), .empty = true},
    {N("img"), .empty = true},
    {N("meta"), .empty = true},
    {N("link"), .empty = true},
    {N("input"), .empty = true},
    {N("col"), .empty = true},
    {N("area"), .empty = true},
    {N("base"), .empty = true},
    {N("wbr"), .empty = true},
    {N("source"), .empty = true},
};
#undef N

static const struct element *element_of(str name)
{
    static const struct element other;
    if (!name.n) return &other;
    char first = (char)(name.p[0] | 0x20);
    for (u32 i = 0; i < COUNT_OF(elements); i++) {
        const struct element *e = &elements[i];
        if (e->name.n == name.n && e->name.p[0] == first && str_eq_nocase(e->name, name)) return e;
    }
    return &other;
}

static bool is_hidden(const struct tag *tag)
{
    if (tag->element->never) return true;
    if (str_find(tag->attributes, S("display")) < 0) return false;
    str style = html_attribute(tag->attributes, S("style"));
    ptrdiff_t at = str_find(style, S("display"));
    if (at < 0) return false;
    str rest = str_trim(str_slice(style, (size_t)at + 7, style.n));
    return rest.n && rest.p[0] == ':' &&
           str_starts(str_trim(str_slice(rest, 1, rest.n)), S("none"));
}

/* The URL follows the link's text, unless it says no more than that. */
static void end_link(struct text *t)
{
    if (!t->links || --t->links >= LINKS_MAX) return;
    str href = str_trim(t->link[t->links].href);
    size_t from = t->link[t->links].from;
    if (!href.n || href.p[0] == '#' || str_starts(href, S("javascript:")) || t->out->full) return;
    struct buf url;
    buf_init(&url, 4096);
    html_decode(&url, href);
    str target = buf_str(&url);
    str bare = str_starts(target, S("mailto:")) ? str_slice(target, 7, target.n)
               : str_starts(target, S("tel:"))  ? str_slice(target, 4, target.n)
                                                : target;
    str said = from < t->out->n ? str_trim((str){t->out->p + from, t->out->n - from}) : (str){0};
    if (!url.full && !str_eq(said, bare)) {
        t->space = said.n > 0;
        visible(t);
        if (said.n) buf_byte(t->out, '(');
        buf_put(t->out, bare);
        if (said.n) buf_byte(t->out, ')');
    }
    buf_clear(&url);
}

static void begin_link(struct text *t, const struct tag *tag)
{
    if (t->links < LINKS_MAX) {
        t->link[t->links].href = html_attribute(tag->attributes, S("href"));
        t->link[t->links].from = t->out->n;
    }
    t->links++;
}

static void put_text(struct text *t, str s);

static void on_tag(struct text *t, const struct tag *tag)
{
    str name = tag->name;
    if (str_eq_nocase(name, S("br"))) {
        t->breaks = t->breaks < 2 ? t->breaks + 1 : 2;
        return;
    }
    if (str_eq_nocase(name, S("a"))) {
        if (tag->closing)
            end_link(t);
        else
            begin_link(t, tag);
    }
    want_breaks(t, tag->element->breaks);
    if (str_eq_nocase(name, S("td")) || str_eq_nocase(name, S("th"))) t->space = true;
    if (str_eq_nocase(name, S("pre")))
        t->pre = tag->closing ? (t->pre ? t->pre - 1 : 0) : t->pre + 1;
    if (tag->closing) return;
    if (str_eq_nocase(name, S("li"))) {
        visible(t);
        buf_put(t->out, S("- "));
    } else if (str_eq_nocase(name, S("hr"))) {
        visible(t);
        buf_put(t->out, S("---"));
        want_breaks(t, 1);
    } else if (str_eq_nocase(name, S("img"))) {
        put_text(t, html_attribute(tag->attributes, S("alt")));
    }
}

/* Ends a word, or is no text as it stands. */
static bool ends_word(char c)
{
    return c == '&' || html_is_space(c);
}

/* How many bytes from `i` stay as they are: words with one space between. */
static size_t words_end(str s, size_t i)
{
    for (i++; i < s.n; i++) {
        if (!ends_word(s.p[i])) continue;
        if (s.p[i] != ' ' || i + 1 == s.n || ends_word(s.p[i + 1])) break;
    }
    return i;
}

/* Words are copied whole; white space between them asks for one space. */
static void put_text(struct text *t, str s)
{
    for (size_t i = 0; i < s.n;) {
        u32 code = 0;
        size_t from = i, used = s.p[i] == '&' ? html_entity(str_slice(s, i, s.n), &code) : 0;
        if (used) {
            if (code) visible(t);
            html_put_code(t->out, code);
            i += used;
        } else if (html_is_space(s.p[i])) {
            if (t->pre && s.p[i] == '\n')
                t->breaks++;
            else
                t->space = true;
            i++;
        } else {
            i = words_end(s, i);
            visible(t);
            buf_put(t->out, str_slice(s, from, i));
        }
    }
}

/* Inside something hidden only its own tags count. */
static void on_hidden(struct text *t, const struct tag *tag)
{
    if (!str_eq_nocase(tag->name, str_of(t->hidden))) return;
    if (tag->closing)
        t->hidden_depth--;
    else if (!tag->empty && !tag->element->empty)
        t->hidden_depth++;
}

static bool hide(struct text *t, const struct tag *tag)
{
    if (tag->closing || tag->name.n >= HIDDEN_NAME_MAX || !is_hidden(tag)) return false;
    if (tag->empty || tag->element->empty) return true;
    memcpy(t->hidden, tag->name.p, tag->name.n);
    t->hidden[tag->name.n] = 0;
    t->hidden_depth = 1;
    return true;
}

/* A tag begins here. Scripts and styles are no HTML: in them only their own end does. */
static bool begins_tag(const struct text *t, str s)
{
    if (s.n < 2 || s.p[0] != '<' || html_is_space(s.p[1]) || s.p[1] == '<') return false;
    str hidden = str_of(t->hidden);
    if (!t->hidden_depth ||
        !(str_eq_nocase(hidden, S("script")) || str_eq_nocase(hidden, S("style"))))
        return true;
    return s.p[1] == '/' && str_eq_nocase(str_slice(s, 2, 2 + hidden.n), hidden);
}

void html_text(str html, struct buf *out)
{
    struct text t = {.out = out, .fresh = true};
    for (size_t i = 0; i < html.n && !out->full;) {
        str rest = str_slice(html, i, html.n);
        if (str_starts(rest, S("<!--"))) {
            ptrdiff_t end = str_find(rest, S("-->"));
            i += end < 0 ? rest.n : (size_t)end + 3;
        } else if (begins_tag(&t, rest)) {
            struct tag tag;
            i += html_read_tag(rest, &tag);
            tag.element = element_of(tag.name);
            if (t.hidden_depth)
                on_hidden(&t, &tag);
            else if (!hide(&t, &tag))
                on_tag(&t, &tag);
        } else {
            const char *next = memchr(rest.p + 1, '<', rest.n - 1);
            size_t n = next ? (size_t)(next - rest.p) : rest.n;
            if (!t.hidden_depth) put_text(&t, str_slice(rest, 0, n));
            i += n;
        }
    }
    if (!t.fresh) buf_byte(out, '\n');
}
