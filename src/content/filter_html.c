/* filter_html.c — filters of HTML and URLs. In an HTML part every value is escaped once, at the
 * end, unless it says that it is HTML already. */
#include "content/liquid.h"

static const char *entity(char ch)
{
    switch (ch) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* &name; or &#digits; stands here. */
static bool is_entity(str s)
{
    size_t i = 1;
    if (i < s.n && s.p[i] == '#') {
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';) i++;
        return i > 2 && i < s.n && s.p[i] == ';';
    }
    while (i < s.n && ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')) i++;
    return i > 1 && i < s.n && s.p[i] == ';';
}

void html_escape(struct buf *out, str s, bool once)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *e = entity(s.p[i]);
        if (LIKELY(!e) || (once && s.p[i] == '&' && is_entity(str_slice(s, i, s.n)))) continue;
        buf_put(out, str_slice(s, from, i));
        buf_put(out, str_of(e));
        from = i + 1;
    }
    buf_put(out, str_slice(s, from, s.n));
}

/* Runs `put` over the value's text and makes its output the value. */
MUST_USE static err made(struct render *r, datum *d, void (*put)(struct buf *out, str s))
{
    str s;
    struct buf b;
    char *p = NULL;
    buf_init(&b, r->scratch_left);
    if (datum_text(r, *d, &s)) {
        put(&b, s);
        p = b.full ? NULL : render_bytes(r, b.n);
    }
    if (p && b.n) memcpy(p, b.p, b.n);
    if (p) datum_set(d, value_text((str){p, b.n}));
    buf_clear(&b);
    if (p) return ERR_OK;
    return render_fail(r, ERR_LIMIT, "filters make more than %d bytes", LIQUID_SCRATCH_MAX);
}

static void put_escaped(struct buf *out, str s)
{
    html_escape(out, s, false);
}

static void put_escaped_once(struct buf *out, str s)
{
    html_escape(out, s, true);
}

static void put_url_encoded(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        u8 ch = (u8)s.p[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                     (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.' || ch == '~';
        if (plain)
            buf_byte(out, ch);
        else if (ch == ' ')
            buf_byte(out, '+');
        else
            buf_printf(out, "%%%02X", ch);
    }
}

/* Escapes first what was not HTML, since its own tags must stay. */
static void put_breaks(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') continue;
        if (s.p[i] == '\n') buf_put(out, S("<br />"));
        buf_byte(out, (u8)s.p[i]);
    }
}

static err apply_escape(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return datum_is_nil(*d) ? ERR_OK : made(r, d, put_escaped);
}

static err apply_escape_once(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return datum_is_nil(*d) ? ERR_OK : made(r, d, put_escaped_once);
}

static err apply_url_encode(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return datum_is_nil(*d) ? ERR_OK : made(r, d, put_url_encoded);
}

static err apply_newline_to_br(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    if (r->format == LIQUID_HTML && !d->safe) TRY(made(r, d, put_escaped));
    return made(r, d, put_breaks);
}

static err apply_safe(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)r, (void)d, (void)args, (void)given;
    return ERR_OK;
}

#define N(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
const struct liquid_filter liquid_html_filters[] = {
    {N("escape"), 0, 0, SAFE_BEGINS, {0}, apply_escape},
    {N("escape_once"), 0, 0, SAFE_BEGINS, {0}, apply_escape_once},
    {N("newline_to_br"), 0, 0, SAFE_BEGINS, {0}, apply_newline_to_br},
    {N("raw"), 0, 0, SAFE_BEGINS, {0}, apply_safe},
    {N("safe"), 0, 0, SAFE_BEGINS, {0}, apply_safe},
    {N("url_encode"), 0, 0, SAFE_BEGINS, {0}, apply_url_encode},
    {{0}, 0, 0, 0, {0}, NULL},
};
