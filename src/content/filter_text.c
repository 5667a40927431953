/* filter_text.c — filters on texts. Lengths and cases are those of characters, not of bytes. */
#include "content/liquid.h"

#include <utf8proc.h>

static err set_text(datum *d, str s)
{
    datum_set(d, value_text(s));
    return ERR_OK;
}

/* Parts joined into one new text. */
MUST_USE static err set_joined(struct render *r, datum *d, str a, str b, str c)
{
    char *p = render_bytes(r, a.n + b.n + c.n);
    if (!p) return render_out_of_room(r);
    if (a.n) memcpy(p, a.p, a.n);
    if (b.n) memcpy(p + a.n, b.p, b.n);
    if (c.n) memcpy(p + a.n + b.n, c.p, c.n);
    return set_text(d, (str){p, a.n + b.n + c.n});
}

/* The bytes of the first `count` characters. */
static size_t bytes_of(str s, size_t count)
{
    size_t i = 0;
    for (; i < s.n; i++)
        if (((u8)s.p[i] & 0xC0) != 0x80 && count-- == 0) break;
    return i;
}

static err apply_default(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)r, (void)given;
    bool keep_false = datum_is_true(&args[1]) && d->kind == DATUM_PLAIN && d->v.type == VALUE_FALSE;
    if (keep_false || (datum_is_true(d) && !datum_is_empty(d))) return ERR_OK;
    *d = args[0];
    return ERR_OK;
}

/* ---- case ---- */

enum { CASE_UP, CASE_DOWN, CASE_TITLE };

static utf8proc_int32_t cased(utf8proc_int32_t ch, int how)
{
    return how == CASE_DOWN ? utf8proc_tolower(ch) : utf8proc_toupper(ch);
}

/* A character's other case may take more bytes: four are enough for each. */
MUST_USE static err set_cased(struct render *r, datum *d, int how)
{
    LIQUID_TEXT_OF(s, d);
    char *p = render_bytes(r, s.n * 2 + 4);
    size_t n = 0;
    if (!p) return render_out_of_room(r);
    for (size_t i = 0; i < s.n;) {
        if (LIKELY((u8)s.p[i] < 0x80)) {
            bool up = how == CASE_UP || (how == CASE_TITLE && i == 0);
            char ascii = s.p[i++];
            bool letter = up ? ascii >= 'a' && ascii <= 'z' : ascii >= 'A' && ascii <= 'Z';
            p[n++] = (char)(letter ? ascii ^ 0x20 : ascii);
            continue;
        }
        utf8proc_int32_t ch;
        utf8proc_ssize_t used =
            utf8proc_iterate((const u8 *)s.p + i, (utf8proc_ssize_t)(s.n - i), &ch);
        bool first = i == 0;
        if (used <= 0) {
            p[n++] = s.p[i++];
            continue;
        }
        i += (size_t)used;
        if (ch == 0xDF && how == CASE_UP) { /* ß is SS */
            p[n++] = 'S', p[n++] = 'S';
            continue;
        }
        ch = cased(ch, how == CASE_TITLE ? (first ? CASE_UP : CASE_DOWN) : how);
        u8 bytes[4];
        utf8proc_ssize_t made = utf8proc_encode_char(ch, bytes);
        if (n + (size_t)made > s.n * 2 + 4) break;
        memcpy(p + n, bytes, (size_t)made);
        n += (size_t)made;
    }
    return set_text(d, (str){p, n});
}

static err apply_upcase(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return set_cased(r, d, CASE_UP);
}

static err apply_downcase(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return set_cased(r, d, CASE_DOWN);
}

static err apply_capitalize(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return set_cased(r, d, CASE_TITLE);
}

/* ---- ends and pieces ---- */

static str strip_left(str s)
{
    str t = str_trim(s);
    return (str){t.n ? t.p : s.p + s.n, (size_t)(s.p + s.n - (t.n ? t.p : s.p + s.n))};
}

static err apply_strip(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    LIQUID_TEXT_OF(s, d);
    return set_text(d, str_trim(s));
}

static err apply_lstrip(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    LIQUID_TEXT_OF(s, d);
    return set_text(d, strip_left(s));
}

static err apply_rstrip(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    LIQUID_TEXT_OF(s, d);
    str t = str_trim(s);
    return set_text(d, (str){s.p, t.n ? (size_t)(t.p + t.n - s.p) : 0});
}

static err apply_strip_newlines(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    LIQUID_TEXT_OF(s, d);
    char *p = render_bytes(r, s.n);
    size_t n = 0;
    if (!p) return render_out_of_room(r);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\n' && s.p[i] != '\r') p[n++] = s.p[i];
    return set_text(d, (str){p, n});
}

static err apply_append(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    LIQUID_TEXT_OF(s, d);
    LIQUID_TEXT_OF(tail, &args[0]);
    return set_joined(r, d, s, tail, (str){0});
}

static err apply_prepend(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    LIQUID_TEXT_OF(s, d);
    LIQUID_TEXT_OF(head, &args[0]);
    return set_joined(r, d, head, s, (str){0});
}

MUST_USE static err whole(struct render *r, const datum *d, const char *filter, i64 *out)
{
    if (datum_integer(d, out)) return ERR_OK;
    return render_fail(r, ERR_INVALID, "%s needs a whole number", filter);
}

/* The length counts the ellipsis, as in Liquid. */
static err apply_truncate(struct render *r, datum *d, const datum *args, u32 given)
{
    str ellipsis = S("...");
    i64 length = 50;
    if (datum_is_nil(d)) return ERR_OK;
    LIQUID_TEXT_OF(s, d);
    if (given > 0) TRY(whole(r, &args[0], "truncate", &length));
    if (given > 1 && !datum_text(r, &args[1], &ellipsis)) return render_out_of_room(r);
    size_t dots = (size_t)text_length(ellipsis);
    size_t keep = length > 0 && (u64)length > dots ? (size_t)length - dots : 0;
    if (length >= 0 && text_length(s) <= length) return set_text(d, s);
    return set_joined(r, d, (str){s.p, bytes_of(s, keep)}, ellipsis, (str){0});
}

static bool is_space(char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r') || ch == 0;
}

/* The words that stay, with one space between each two. */
static str some_words(str s, i64 words, char *p)
{
    size_t n = 0, i = 0;
    for (i64 k = 0; k < words; k++) {
        while (i < s.n && is_space(s.p[i])) i++;
        if (k && i < s.n) p[n++] = ' ';
        while (i < s.n && !is_space(s.p[i])) p[n++] = s.p[i++];
    }
    return (str){p, n};
}

static i64 word_count(str s)
{
    i64 n = 0;
    for (size_t i = 0; i < s.n; i++) n += !is_space(s.p[i]) && (!i || is_space(s.p[i - 1]));
    return n;
}

static err apply_truncatewords(struct render *r, datum *d, const datum *args, u32 given)
{
    str ellipsis = S("...");
    i64 words = 15;
    if (datum_is_nil(d)) return ERR_OK;
    LIQUID_TEXT_OF(s, d);
    if (given > 0) TRY(whole(r, &args[0], "truncatewords", &words));
    if (given > 1 && !datum_text(r, &args[1], &ellipsis)) return render_out_of_room(r);
    if (words < 1) words = 1;
    if (word_count(s) <= words) return set_text(d, s);
    char *p = render_bytes(r, s.n);
    if (!p) return render_out_of_room(r);
    return set_joined(r, d, some_words(s, words, p), ellipsis, (str){0});
}

/* Characters of a text, or elements of a list; a negative start counts from the end. */
static bool slice_of(i64 count, i64 from, i64 length, i64 *first, i64 *n)
{
    if (from < 0) from += count;
    if (from < 0 || from > count || length < 0) return false;
    *first = from;
    *n = min_i64(length, count - from);
    return true;
}

MUST_USE static err slice_list(struct render *r, datum *d, i64 from, i64 length)
{
    struct elements e;
    i64 first, n;
    TRY(elements_of(r, d, &e));
    if (!slice_of(e.count, from, length, &first, &n)) first = n = 0;
    struct elements part = {e.at + first, (u32)n};
    return elements_set(r, &part, d);
}

static err apply_slice(struct render *r, datum *d, const datum *args, u32 given)
{
    i64 from, length = 1, first, n;
    TRY(whole(r, &args[0], "slice", &from));
    if (given > 1 && !datum_is_nil(&args[1])) TRY(whole(r, &args[1], "slice", &length));
    if ((d->kind == DATUM_PLAIN && d->v.type == VALUE_LIST) || d->kind == DATUM_RANGE)
        return slice_list(r, d, from, length);
    LIQUID_TEXT_OF(s, d);
    if (!slice_of(text_length(s), from, length, &first, &n)) return set_text(d, (str){0});
    s = str_slice(s, bytes_of(s, (size_t)first), s.n);
    return set_text(d, (str){s.p, bytes_of(s, (size_t)n)});
}

/* ---- replacing ---- */

typedef enum { REPLACE_ALL, REPLACE_FIRST, REPLACE_LAST } replacing;

/* An empty `from` stands between all characters, and at both ends. */
static void put_replaced(struct buf *b, str s, str from, str to)
{
    size_t i = 0;
    while (i <= s.n && !b->full) {
        ptrdiff_t found = str_find(str_slice(s, i, s.n), from);
        if (found < 0) break;
        buf_put(b, str_slice(s, i, i + (size_t)found));
        buf_put(b, to);
        i += (size_t)found + from.n;
        if (from.n) continue;
        size_t one = bytes_of(str_slice(s, i, s.n), 1);
        if (!one) return;
        buf_put(b, str_slice(s, i, i + one));
        i += one;
    }
    buf_put(b, str_slice(s, i, s.n));
}

static ptrdiff_t find_last(str s, str what)
{
    for (size_t i = s.n < what.n ? 0 : s.n - what.n + 1; i-- > 0;)
        if (memcmp(s.p + i, what.p, what.n) == 0) return (ptrdiff_t)i;
    return -1;
}

MUST_USE static err set_replaced(struct render *r, datum *d, str from, str to, replacing how)
{
    LIQUID_TEXT_OF(s, d);
    if (!from.p) from.p = "";
    if (!s.p) s.p = "";
    if (how != REPLACE_ALL) {
        /* Looking from the end compares at each place. */
        if (how == REPLACE_LAST) TRY(render_steps(r, (u64)s.n * from.n / 4096));
        ptrdiff_t at = how == REPLACE_FIRST ? str_find(s, from) : find_last(s, from);
        if (at < 0) return set_text(d, s);
        return set_joined(r, d, (str){s.p, (size_t)at}, to, str_slice(s, (size_t)at + from.n, s.n));
    }
    size_t start = r->out->n;
    put_replaced(r->out, s, from, to);
    if (r->out->full) return render_out_of_room(r);
    size_t n = r->out->n - start;
    char *p = render_bytes(r, n);
    if (!p) return render_out_of_room(r);
    if (n) memcpy(p, r->out->p + start, n);
    r->out->n = start;
    return set_text(d, (str){p, n});
}

#define REPLACING(name, how)                                                                       \
    static err apply_replace##name(struct render *r, datum *d, const datum *args, u32 given)       \
    {                                                                                              \
        (void)given;                                                                               \
        LIQUID_TEXT_OF(from, &args[0]);                                                            \
        LIQUID_TEXT_OF(to, &args[1]);                                                              \
        return set_replaced(r, d, from, to, how);                                                  \
    }                                                                                              \
    static err apply_remove##name(struct render *r, datum *d, const datum *args, u32 given)        \
    {                                                                                              \
        (void)given;                                                                               \
        LIQUID_TEXT_OF(from, &args[0]);                                                            \
        return set_replaced(r, d, from, (str){0}, how);                                            \
    }
REPLACING(, REPLACE_ALL)
REPLACING(_first, REPLACE_FIRST)
REPLACING(_last, REPLACE_LAST)

/* ---- sizes and parts ---- */

static err apply_size(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    i64 n = 0;
    TRY(render_steps(r, d->v.text.n / 64));
    if (d->kind == DATUM_RANGE)
        n = d->to < d->v.n ? 0 : d->to - d->v.n + 1;
    else if (d->v.type >= VALUE_TEXT && d->v.type <= VALUE_TIME)
        n = text_length(d->v.text);
    else if (d->v.type == VALUE_LIST || d->v.type == VALUE_MAP)
        n = d->v.count;
    datum_set(d, value_int(n));
    return ERR_OK;
}

/* White space as one, none at the ends. */
static u32 split_words(str s, value *out)
{
    u32 n = 0;
    for (size_t i = 0; i < s.n;) {
        while (i < s.n && is_space(s.p[i])) i++;
        size_t from = i;
        while (i < s.n && !is_space(s.p[i])) i++;
        if (i > from) out[n++] = value_text(str_slice(s, from, i));
    }
    return n;
}

static u32 split_at(str s, str by, value *out)
{
    u32 n = 0;
    for (size_t i = 0; i < s.n;) {
        str rest = str_slice(s, i, s.n);
        ptrdiff_t found = by.n ? str_find(rest, by) : (ptrdiff_t)bytes_of(rest, 1);
        size_t to = found < 0 ? s.n : i + (size_t)found;
        out[n++] = value_text(str_slice(s, i, to));
        i = to + by.n;
    }
    while (n && out[n - 1].text.n == 0) n--;
    return n;
}

static size_t parts_max(str s, str by)
{
    size_t n = 1;
    if (!by.n || str_eq(by, S(" "))) return s.n + 1;
    for (size_t i = 0; i < s.n; n++) {
        ptrdiff_t found = str_find(str_slice(s, i, s.n), by);
        if (found < 0) break;
        i += (size_t)found + by.n;
    }
    return n + 1;
}

/* Empty parts at the end are none; a space is any white space. */
static err apply_split(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    LIQUID_TEXT_OF(s, d);
    LIQUID_TEXT_OF(by, &args[0]);
    size_t most = parts_max(s, by);
    TRY(render_steps(r, most / 4));
    struct elements e = {(value *)(void *)render_bytes(r, most * sizeof(value)), 0};
    if (!e.at) return render_out_of_room(r);
    e.count = str_eq(by, S(" ")) ? split_words(s, e.at) : split_at(s, by, e.at);
    return elements_set(r, &e, d);
}

const struct liquid_filter liquid_text_filters[] = {
    {LIQUID_NAME("append"), 1, 1, SAFE_ENDS, {0}, apply_append},
    {LIQUID_NAME("capitalize"), 0, 0, SAFE_ENDS, {0}, apply_capitalize},
    {LIQUID_NAME("default"), 0, 1, SAFE_STAYS, LIQUID_NAME("allow_false"), apply_default},
    {LIQUID_NAME("downcase"), 0, 0, SAFE_ENDS, {0}, apply_downcase},
    {LIQUID_NAME("lstrip"), 0, 0, SAFE_STAYS, {0}, apply_lstrip},
    {LIQUID_NAME("prepend"), 1, 1, SAFE_ENDS, {0}, apply_prepend},
    {LIQUID_NAME("remove"), 1, 1, SAFE_ENDS, {0}, apply_remove},
    {LIQUID_NAME("remove_first"), 1, 1, SAFE_ENDS, {0}, apply_remove_first},
    {LIQUID_NAME("remove_last"), 1, 1, SAFE_ENDS, {0}, apply_remove_last},
    {LIQUID_NAME("replace"), 1, 2, SAFE_ENDS, {0}, apply_replace},
    {LIQUID_NAME("replace_first"), 1, 2, SAFE_ENDS, {0}, apply_replace_first},
    {LIQUID_NAME("replace_last"), 2, 2, SAFE_ENDS, {0}, apply_replace_last},
    {LIQUID_NAME("rstrip"), 0, 0, SAFE_STAYS, {0}, apply_rstrip},
    {LIQUID_NAME("size"), 0, 0, SAFE_ENDS, {0}, apply_size},
    {LIQUID_NAME("slice"), 1, 2, SAFE_ENDS, {0}, apply_slice},
    {LIQUID_NAME("split"), 1, 1, SAFE_ENDS, {0}, apply_split},
    {LIQUID_NAME("strip"), 0, 0, SAFE_STAYS, {0}, apply_strip},
    {LIQUID_NAME("strip_newlines"), 0, 0, SAFE_STAYS, {0}, apply_strip_newlines},
    {LIQUID_NAME("truncate"), 0, 2, SAFE_ENDS, {0}, apply_truncate},
    {LIQUID_NAME("truncatewords"), 0, 2, SAFE_ENDS, {0}, apply_truncatewords},
    {LIQUID_NAME("upcase"), 0, 0, SAFE_ENDS, {0}, apply_upcase},
    {{0}, 0, 0, 0, {0}, NULL},
};
