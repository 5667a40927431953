/* blocks_text.c — the words of blocks: marks to HTML, Liquid left alone, addresses judged. */
#include "content/blocks_inside.h"
#include "content/content.h"

#include <stdio.h>

enum { NESTED_MAX = 6 };

void put_escaped(struct buf *out, str text)
{
    for (size_t i = 0; i < text.n; i++) switch (text.p[i]) {
        case '&': buf_put(out, S("&amp;")); break;
        case '<': buf_put(out, S("&lt;")); break;
        case '>': buf_put(out, S("&gt;")); break;
        case '"': buf_put(out, S("&quot;")); break;
        case '\'': buf_put(out, S("&#39;")); break;
        default: buf_byte(out, (u8)text.p[i]); break;
        }
}

/* ---- Liquid within words ---- */

/* The bytes of the {{ … }} or {% … %} that the text begins with; 0: it begins with none. */
static size_t liquid_span(str s)
{
    if (s.n < 4 || s.p[0] != '{' || (s.p[1] != '{' && s.p[1] != '%')) return 0;
    ptrdiff_t end = str_find(str_slice(s, 2, s.n), s.p[1] == '{' ? S("}}") : S("%}"));
    return end < 0 ? 0 : (size_t)end + 4;
}

err check_liquid(struct emit *e, str text, const char *member)
{
    struct liquid *ignored;
    struct diag inner = {0};
    if (str_find(text, S("{{")) < 0 && str_find(text, S("{%")) < 0) return ERR_OK;
    err r = liquid_compile(text, e->scratch, &ignored, &inner);
    arena_reset(e->scratch);
    if (r == ERR_OK) return ERR_OK;
    char path[BLOCKS_PATH_MAX * 2];
    snprintf(path, sizeof path, "%.*s/%s%s%s", (int)e->path_n, e->path, member,
             inner.path[0] ? ":" : "", inner.path);
    return diag_at(e->why, r, str_of(path), "%s", inner.message);
}

/* Escapes what is words and leaves what is Liquid. */
static void put_mixed(struct emit *e, str s)
{
    while (s.n) {
        size_t n = liquid_span(s);
        if (n)
            buf_put(e->out, str_slice(s, 0, n));
        else
            put_escaped(e->out, str_slice(s, 0, n = 1));
        s = str_slice(s, n, s.n);
    }
}

/* ---- addresses ---- */

static bool is_clean(str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = liquid_span(str_slice(s, i, s.n));
        if (!n && (u8)s.p[i] <= ' ') return false;
        i += n ? n : 1;
    }
    return true;
}

static bool begins_with_one(str s, const char *const *schemes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        str scheme = str_of(schemes[i]);
        if (s.n > scheme.n && str_eq_nocase(str_slice(s, 0, scheme.n), scheme)) return true;
    }
    return false;
}

MUST_USE static err put_address(struct emit *e, str s, const char *member, bool picture)
{
    static const char *const SCHEMES[] = {"https://", "http://", "mailto:", "tel:"};
    s = str_trim(s);
    bool rooted = s.n && s.p[0] == '/' && !str_starts(s, S("//")),
         known = begins_with_one(s, SCHEMES, picture ? 2 : 4) || liquid_span(s) || rooted ||
                 (!picture && str_eq(s, S("#")));
    if (!known || !is_clean(s) || s.n > 2000)
        return block_refuse(
            e, member,
            picture ? "a picture is at https://…, at /a/… of an uploaded one, or a "
                      "variable"
                    : "an address begins with https://, http://, mailto:, tel:, / for a "
                      "page of the shop, or is a variable");
    TRY(check_liquid(e, s, member));
    if (str_starts(s, S("/a/")))
        put(e, "{{ brand.assets }}");
    else if (rooted)
        put(e, "{{ brand.shop }}");
    put_mixed(e, s);
    return ERR_OK;
}

err put_href(struct emit *e, str address, const char *member)
{
    return put_address(e, address, member, false);
}

err put_src(struct emit *e, str address, const char *member)
{
    return put_address(e, address, member, true);
}

/* ---- marks ---- */

/* Where `needle` next stands outside of Liquid and not behind a backslash; -1: nowhere. */
static ptrdiff_t find_mark(str s, str needle)
{
    for (size_t i = 0; i < s.n;) {
        str rest = str_slice(s, i, s.n);
        size_t n = liquid_span(rest);
        if (!n && str_starts(rest, needle)) return (ptrdiff_t)i;
        i += n ? n : s.p[i] == '\\' ? 2 : 1;
    }
    return -1;
}

static bool is_marked(char c)
{
    return c == '*' || c == '[' || c == ']' || c == '\\' || c == '-';
}

MUST_USE static err put_marked(struct emit *e, str s, const char *member, u32 depth);

/* [words](address); 0 bytes: it is none. */
MUST_USE static err put_link(struct emit *e, str s, const char *member, u32 depth, size_t *used)
{
    ptrdiff_t middle = find_mark(s, S("](")), end;
    *used = 0;
    if (middle < 2) return ERR_OK;
    str rest = str_slice(s, (size_t)middle + 2, s.n);
    if ((end = find_mark(rest, S(")"))) < 1) return ERR_OK;
    put(e, "<a class=\"bk-link\" href=\"");
    TRY(put_href(e, str_slice(rest, 0, (size_t)end), member));
    put(e, "\" style=\"color:{{ bk_accent }};text-decoration:underline\">");
    TRY(put_marked(e, str_slice(s, 1, (size_t)middle), member, depth + 1));
    put(e, "</a>");
    *used = (size_t)middle + 2 + (size_t)end + 1;
    return ERR_OK;
}

/* **words** or *words*; 0 bytes: it is none. */
MUST_USE static err put_strong(struct emit *e, str s, const char *member, u32 depth, size_t *used)
{
    bool strong = str_starts(s, S("**"));
    str mark = strong ? S("**") : S("*"), rest = str_slice(s, mark.n, s.n);
    ptrdiff_t end = find_mark(rest, mark);
    *used = 0;
    if (end < 1 || rest.p[0] == ' ' || rest.p[end - 1] == ' ') return ERR_OK;
    put(e, strong ? "<strong>" : "<em>");
    TRY(put_marked(e, str_slice(rest, 0, (size_t)end), member, depth + 1));
    put(e, strong ? "</strong>" : "</em>");
    *used = (size_t)end + 2 * mark.n;
    return ERR_OK;
}

MUST_USE static err put_marked(struct emit *e, str s, const char *member, u32 depth)
{
    while (s.n) {
        size_t n = liquid_span(s);
        if (n) {
            buf_put(e->out, str_slice(s, 0, n));
        } else if (s.n > 1 && s.p[0] == '\\' && is_marked(s.p[1])) {
            put_escaped(e->out, str_slice(s, 1, n = 2));
        } else if (s.p[0] == '[' && depth < NESTED_MAX) {
            TRY(put_link(e, s, member, depth, &n));
        } else if (s.p[0] == '*' && depth < NESTED_MAX) {
            TRY(put_strong(e, s, member, depth, &n));
        } else if (s.p[0] == '\n') {
            put(e, "<br>");
            n = 1;
        }
        if (!n) put_escaped(e->out, str_slice(s, 0, n = 1));
        s = str_slice(s, n, s.n);
    }
    return ERR_OK;
}

/* ---- texts of blocks ---- */

bool text_is_there(const struct json *block, const char *member)
{
    const struct json *j = json_get(block, member);
    return j && content_words(j, true).n > 0;
}

/* The text for the reader's language, judged. */
MUST_USE static err take(struct emit *e, const struct json *block, const char *member, bool needed,
                         str *out)
{
    const struct json *j = json_get(block, member);
    *out = (str){0};
    if (j && j->type != JSON_STRING && j->type != JSON_OBJECT && j->type != JSON_NULL)
        return block_refuse(e, member, "a text is needed, or {\"zh\": …, \"en\": …}");
    for (const struct json *m = json_is(j, JSON_OBJECT) ? j->child : NULL; m; m = m->next)
        if (m->type != JSON_STRING || !(str_eq(m->key, S("zh")) || str_eq(m->key, S("en"))))
            return block_refuse(e, member, "a text is needed, or {\"zh\": …, \"en\": …}");
    *out = content_words(j, e->zh);
    if (!out->n && needed) return block_refuse(e, member, "this block needs its words");
    if (out->n > BLOCKS_TEXT_MAX) return block_refuse(e, member, "a text has at most 20,000 bytes");
    return check_liquid(e, *out, member);
}

err text_line(struct emit *e, const struct json *block, const char *member, bool needed)
{
    str s;
    TRY(take(e, block, member, needed, &s));
    return put_marked(e, str_trim(s), member, 0);
}

err text_attribute(struct emit *e, const struct json *block, const char *member)
{
    str s;
    TRY(take(e, block, member, false, &s));
    put_mixed(e, s);
    return ERR_OK;
}

/* The next line, without its end; false: there is none. */
static bool next_line(str *rest, str *line)
{
    if (!rest->n) return false;
    ptrdiff_t end = str_index(*rest, '\n');
    *line = str_slice(*rest, 0, end < 0 ? rest->n : (size_t)end);
    *rest = str_slice(*rest, line->n + 1, rest->n);
    if (line->n && line->p[line->n - 1] == '\r') line->n--;
    return true;
}

/* What a run of lines is. */
typedef enum { RUN_NONE, RUN_WORDS, RUN_LIST } run;

static void change(struct emit *e, run *now, run then, bool *first)
{
    if (*now == RUN_WORDS) put(e, "</p>");
    if (*now == RUN_LIST) put(e, "</ul>");
    if (then == RUN_WORDS)
        put(e, *first ? "<p style=\"margin:0\">" : "<p style=\"margin:16px 0 0\">");
    if (then == RUN_LIST)
        put(e, *first ? "<ul style=\"margin:0;padding:0 0 0 22px\">"
                      : "<ul style=\"margin:12px 0 0;padding:0 0 0 22px\">");
    if (then != RUN_NONE) *first = false;
    *now = then;
}

err text_paragraphs(struct emit *e, const struct json *block, const char *member)
{
    str s, line;
    run now = RUN_NONE;
    bool first = true;
    TRY(take(e, block, member, true, &s));
    while (next_line(&s, &line)) {
        bool item = str_starts(line, S("- ")), blank = str_trim(line).n == 0;
        run then = blank ? RUN_NONE : item ? RUN_LIST : RUN_WORDS;
        bool goes_on = then == now && then == RUN_WORDS;
        if (then != now) change(e, &now, then, &first);
        if (blank) continue;
        if (goes_on) put(e, "<br>");
        if (item) put(e, "<li style=\"margin:0 0 4px\">");
        TRY(put_marked(e, item ? str_slice(line, 2, line.n) : line, member, 0));
        if (item) put(e, "</li>");
    }
    change(e, &now, RUN_NONE, &first);
    return ERR_OK;
}
