/* cut.c — the tolerant scanner: a stack of open brackets, one bit each. */
#include "intake/cut.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static str trim(const char *p, const char *end)
{
    while (p < end && is_blank(*p)) p++;
    while (p < end && is_blank(end[-1])) end--;
    return (str){p, (size_t)(end - p)};
}

/* Past the quote that ends the string which begins at `p`, or NULL. */
static const char *string_end(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '"') return p + 1;
        if (*p == '\\') p++;
    }
    return NULL;
}

/* Past the element that begins at `p`: where a comma or bracket at its own level stands, or NULL.
 */
static const char *element_end(const char *p, const char *end)
{
    u64 square[CUT_DEPTH_MAX / 64] = {0};
    for (u32 depth = 0; p < end; p++) {
        switch (*p) {
        case '"':
            p = string_end(p, end);
            if (!p) return NULL;
            p--;
            break;
        case '[':
        case '{':
            if (depth == CUT_DEPTH_MAX) return NULL;
            square[depth / 64] &= ~(1ull << depth % 64);
            square[depth / 64] |= (u64)(*p == '[') << depth % 64;
            depth++;
            break;
        case ']':
        case '}':
            if (depth == 0) return p;
            depth--;
            if ((square[depth / 64] >> depth % 64 & 1) != (*p == ']')) return NULL;
            break;
        case ',':
            if (depth == 0) return p;
            break;
        default: break;
        }
    }
    return NULL;
}

struct cut cut_open(str text)
{
    str s = text.n ? trim(text.p, text.p + text.n) : text;
    if (s.n == 0 || (*s.p != '[' && *s.p != '{')) return (struct cut){.bad = true};
    char close = *s.p == '[' ? ']' : '}';
    return (struct cut){.p = s.p + 1, .end = s.p + s.n, .close = close, .first = true};
}

bool cut_next(struct cut *c, str *out)
{
    if (c->bad || c->close == 0) return false;
    const char *at = element_end(c->p, c->end);
    if (!at || (*at != ',' && *at != c->close)) {
        c->bad = true;
        return false;
    }
    *out = trim(c->p, at);
    bool empty = c->first && out->n == 0 && *at == c->close;
    if (*at == c->close) c->close = 0;
    c->p = at + 1;
    c->first = false;
    return !empty;
}

bool cut_closed(const struct cut *c)
{
    return !c->bad && c->close == 0 && trim(c->p, c->end).n == 0;
}

str cut_element(str text)
{
    const char *end = element_end(text.p, text.p + text.n);
    return end ? trim(text.p, end) : text;
}

bool cut_member(str member, str *key, str *value)
{
    const char *end = member.p + member.n;
    if (member.n == 0 || *member.p != '"') return false;
    const char *at = string_end(member.p, end);
    if (!at) return false;
    *key = (str){member.p + 1, (size_t)(at - member.p) - 2};
    while (at < end && is_blank(*at)) at++;
    if (at == end || *at != ':') return false;
    *value = trim(at + 1, end);
    return true;
}
