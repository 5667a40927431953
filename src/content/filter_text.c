/* filter_text.c — filters on texts. Lengths and cases are those of characters, not of bytes. */
#include "content/liquid.h"

#include <utf8proc.h>

MUST_USE static err out_of_room(struct render *r)
{
    return render_fail(r, ERR_LIMIT, "filters make more than %d bytes", LIQUID_SCRATCH_MAX);
}

/* The text of a value, of an argument. */
#define TEXT(name, from)                                                                           \
    str name;                                                                                      \
    if (!datum_text(r, from, &name)) return out_of_room(r)

static err set_text(datum *d, str s)
{
    datum_set(d, value_text(s));
    return ERR_OK;
}

/* Parts joined into one new text. */
MUST_USE static err set_joined(struct render *r, datum *d, str a, str b, str c)
{
    char *p = render_bytes(r, a.n + b.n + c.n);
    if (!p) return out_of_room(r);
    if (a.n) memcpy(p, a.p, a.n);
    if (b.n) memcpy(p + a.n, b.p, b.n);
    if (c.n) memcpy(p + a.n + b.n, c.p, c.n);
    return set_text(d, (str){p, a.n + b.n + c.n});
}

static size_t characters(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((u8)s.p[i] & 0xC0) != 0x80;
    return n;
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
    bool keep_false = datum_is_true(args[1]) && d->v.type == VALUE_FALSE;
    if (keep_false || (datum_is_true(*d) && !datum_is_empty(*d))) return ERR_OK;
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
    TEXT(s, *d);
    char *p = render_bytes(r, s.n * 2 + 4);
    size_t n = 0;
    if (!p) return out_of_room(r);
    for (size_t i = 0; i < s.n;) {
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
    TEXT(s, *d);
    return set_text(d, str_trim(s));
}

static err apply_lstrip(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    TEXT(s, *d);
    return set_text(d, strip_left(s));
}

static err apply_rstrip(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    TEXT(s, *d);
    str t = str_trim(s);
    return set_text(d, (str){s.p, t.n ? (size_t)(t.p + t.n - s.p) : 0});
}

static err apply_strip_newlines(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    TEXT(s, *d);
    char *p = render_bytes(r, s.n);
    size_t n = 0;
    if (!p) return out_of_room(r);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\n' && s.p[i] != '\r') p[n++] = s.p[i];
    return set_text(d, (str){p, n});
}

static err apply_append(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    TEXT(s, *d);
    TEXT(tail, args[0]);
    return set_joined(r, d, s, tail, (str){0});
}

static err apply_prepend(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    TEXT(s, *d);
    TEXT(head, args[0]);
    return set_joined(r, d, head, s, (str){0});
}

/* The length counts the ellipsis, as in Liquid. */
static err apply_truncate(struct render *r, datum *d, const datum *args, u32 given)
{
    TEXT(s, *d);
    str ellipsis = S("...");
    i64 length = 50;
    if (given > 0) {
        struct number n = number_of(args[0]);
        if (n.kind != NUMBER_INT || datum_is_nil(args[0]))
            return render_fail(r, ERR_INVALID, "truncate needs a whole number");
        length = n.i;
    }
    if (given > 1 && !datum_text(r, args[1], &ellipsis)) return out_of_room(r);
    size_t dots = characters(ellipsis);
    size_t keep = length > 0 && (u64)length > dots ? (size_t)length - dots : 0;
    if (length >= 0 && characters(s) <= (size_t)length) return set_text(d, s);
    return set_joined(r, d, (str){s.p, bytes_of(s, keep)}, ellipsis, (str){0});
}

/* ---- replacing ---- */

/* An empty `from` stands between all characters, and at both ends. */
MUST_USE static err set_replaced(struct render *r, datum *d, str from, str to, bool all)
{
    TEXT(s, *d);
    struct buf b;
    buf_init(&b, r->scratch_left);
    size_t i = 0;
    for (bool more = true; i <= s.n && more && !b.full; more = all) {
        ptrdiff_t found = str_find(str_slice(s, i, s.n), from);
        if (found < 0) break;
        buf_put(&b, str_slice(s, i, i + (size_t)found));
        buf_put(&b, to);
        i += (size_t)found + from.n;
        if (from.n || !all) continue;
        size_t one = bytes_of(str_slice(s, i, s.n), 1);
        if (!one) break;
        buf_put(&b, str_slice(s, i, i + one));
        i += one;
    }
    buf_put(&b, str_slice(s, i, s.n));
    bool full = b.full;
    char *p = full ? NULL : render_bytes(r, b.n);
    if (p && b.n) memcpy(p, b.p, b.n);
    size_t n = b.n;
    buf_clear(&b);
    return p ? set_text(d, (str){p, n}) : out_of_room(r);
}

static err apply_replace(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    TEXT(from, args[0]);
    TEXT(to, args[1]);
    return set_replaced(r, d, from, to, true);
}

static err apply_replace_first(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    TEXT(from, args[0]);
    TEXT(to, args[1]);
    return set_replaced(r, d, from, to, false);
}

static err apply_remove(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    TEXT(from, args[0]);
    return from.n ? set_replaced(r, d, from, (str){0}, true) : ERR_OK;
}

static err apply_size(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)r, (void)args, (void)given;
    i64 n = 0;
    if (d->v.type == VALUE_TEXT || d->v.type == VALUE_DATE || d->v.type == VALUE_TIME)
        n = (i64)characters(d->v.text);
    if (d->v.type == VALUE_LIST || d->v.type == VALUE_MAP) n = d->v.count;
    datum_set(d, value_int(n));
    return ERR_OK;
}

#define N(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
const struct liquid_filter liquid_text_filters[] = {
    {N("append"), 1, 1, SAFE_ENDS, {0}, apply_append},
    {N("capitalize"), 0, 0, SAFE_ENDS, {0}, apply_capitalize},
    {N("default"), 0, 1, SAFE_STAYS, N("allow_false"), apply_default},
    {N("downcase"), 0, 0, SAFE_ENDS, {0}, apply_downcase},
    {N("lstrip"), 0, 0, SAFE_STAYS, {0}, apply_lstrip},
    {N("prepend"), 1, 1, SAFE_ENDS, {0}, apply_prepend},
    {N("remove"), 1, 1, SAFE_ENDS, {0}, apply_remove},
    {N("replace"), 1, 2, SAFE_ENDS, {0}, apply_replace},
    {N("replace_first"), 1, 2, SAFE_ENDS, {0}, apply_replace_first},
    {N("rstrip"), 0, 0, SAFE_STAYS, {0}, apply_rstrip},
    {N("size"), 0, 0, SAFE_ENDS, {0}, apply_size},
    {N("strip"), 0, 0, SAFE_STAYS, {0}, apply_strip},
    {N("strip_newlines"), 0, 0, SAFE_STAYS, {0}, apply_strip_newlines},
    {N("truncate"), 0, 2, SAFE_ENDS, {0}, apply_truncate},
    {N("upcase"), 0, 0, SAFE_ENDS, {0}, apply_upcase},
    {{0}, 0, 0, 0, {0}, NULL},
};
