/* html.c — entities, tags and attributes as browsers forgive them: for reading mail's HTML in one
 * pass. */
#include "content/html.h"

#include <utf8proc.h>

/* ---- entities ---- */

static const struct {
    str name;
    u32 code;
} entities[] = {
    {{"amp", 3}, '&'},      {{"lt", 2}, '<'},        {{"gt", 2}, '>'},       {{"quot", 4}, '"'},
    {{"apos", 4}, '\''},    {{"nbsp", 4}, ' '},      {{"copy", 4}, 0xA9},    {{"reg", 3}, 0xAE},
    {{"trade", 5}, 0x2122}, {{"hellip", 6}, 0x2026}, {{"mdash", 5}, 0x2014}, {{"ndash", 5}, 0x2013},
    {{"lsquo", 5}, 0x2018}, {{"rsquo", 5}, 0x2019},  {{"ldquo", 5}, 0x201C}, {{"rdquo", 5}, 0x201D},
    {{"laquo", 5}, 0xAB},   {{"raquo", 5}, 0xBB},    {{"bull", 4}, 0x2022},  {{"middot", 6}, 0xB7},
    {{"euro", 4}, 0x20AC},  {{"pound", 5}, 0xA3},    {{"yen", 3}, 0xA5},     {{"cent", 4}, 0xA2},
    {{"times", 5}, 0xD7},   {{"deg", 3}, 0xB0},      {{"rarr", 4}, 0x2192},  {{"larr", 4}, 0x2190},
    {{"zwnj", 4}, 0},       {{"zwj", 3}, 0},         {{"shy", 3}, 0},
};

static bool digit_of(char ch, u32 base, u32 *out)
{
    char low = (char)(ch | 0x20);
    if (ch >= '0' && ch <= '9')
        *out = (u32)(ch - '0');
    else if (base == 16 && low >= 'a' && low <= 'f')
        *out = (u32)(low - 'a' + 10);
    else
        return false;
    return true;
}

static bool numeric(str name, u32 *code)
{
    u32 base = name.n > 1 && (name.p[1] | 0x20) == 'x' ? 16 : 10, digit;
    size_t i = base == 16 ? 2 : 1;
    if (i >= name.n) return false;
    for (*code = 0; i < name.n; i++) {
        if (!digit_of(name.p[i], base, &digit)) return false;
        *code = *code * base + digit;
        if (*code > 0x10FFFF) return false;
    }
    return *code != 0 && !(*code >= 0xD800 && *code < 0xE000);
}

/* The character of an entity at the start of `s`; returns how many bytes it took, 0: none. */
size_t html_entity(str s, u32 *code)
{
    ptrdiff_t end = str_index(str_slice(s, 0, 12), ';');
    if (end < 2) return 0;
    str name = str_slice(s, 1, (size_t)end);
    if (name.p[0] == '#') return numeric(name, code) ? (size_t)end + 1 : 0;
    for (u32 i = 0; i < COUNT_OF(entities); i++) {
        if (!str_eq(entities[i].name, name)) continue;
        *code = entities[i].code;
        return (size_t)end + 1;
    }
    return 0;
}

void html_put_code(struct buf *out, u32 code)
{
    u8 bytes[4];
    if (!code) return;
    utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)code, bytes);
    if (n > 0) buf_put(out, (str){(const char *)bytes, (size_t)n});
}

void html_decode(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n;) {
        u32 code;
        size_t used = s.p[i] == '&' ? html_entity(str_slice(s, i, s.n), &code) : 0;
        if (used)
            html_put_code(out, code);
        else
            buf_byte(out, (u8)s.p[i]);
        i += used ? used : 1;
    }
}

/* ---- tags ---- */

/* What lies between < and >, quotes respected; returns the bytes up to and with >. */
size_t html_read_tag(str s, struct tag *out)
{
    char quote = 0;
    size_t i = 1, name;
    *out = (struct tag){.closing = i < s.n && s.p[i] == '/'};
    i += out->closing;
    for (name = i; i < s.n && !html_is_space(s.p[i]) && s.p[i] != '>' && s.p[i] != '/';) i++;
    out->name = str_slice(s, name, i);
    size_t from = i;
    for (; i < s.n; i++) {
        if (quote ? s.p[i] == quote : s.p[i] == '>') {
            if (!quote) break;
            quote = 0;
        } else if (!quote && (s.p[i] == '"' || s.p[i] == '\'')) {
            quote = s.p[i];
        }
    }
    out->attributes = str_slice(s, from, i);
    out->empty = i > from && s.p[i - 1] == '/';
    return i < s.n ? i + 1 : s.n;
}

/* The value of an attribute as it stands; empty if there is none. */
str html_attribute(str s, str wanted)
{
    size_t i = 0;
    while (i < s.n) {
        while (i < s.n && (html_is_space(s.p[i]) || s.p[i] == '/')) i++;
        size_t name = i;
        while (i < s.n && !html_is_space(s.p[i]) && s.p[i] != '=' && s.p[i] != '/') i++;
        str key = str_slice(s, name, i);
        while (i < s.n && html_is_space(s.p[i])) i++;
        if (i >= s.n || s.p[i] != '=') {
            if (!key.n) i++;
            continue;
        }
        for (i++; i < s.n && html_is_space(s.p[i]);) i++;
        char quote = i < s.n && (s.p[i] == '"' || s.p[i] == '\'') ? s.p[i++] : 0;
        size_t from = i;
        while (i < s.n && (quote ? s.p[i] != quote : !html_is_space(s.p[i]))) i++;
        if (str_eq_nocase(key, wanted)) return str_slice(s, from, i);
        i += quote != 0;
    }
    return (str){0};
}
