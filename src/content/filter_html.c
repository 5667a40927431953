/* filter_html.c — filters of HTML and URLs. In an HTML part every value is escaped once, at the
 * end, unless it says that it is HTML already. */
#include "content/liquid.h"

#include "content/html.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { ENTITY_ROOM = 8 };
static const struct {
    char text[ENTITY_ROOM];
    u8 n;
} entities[256] = {['&'] = {"&amp;", 5},
                   ['<'] = {"&lt;", 4},
                   ['>'] = {"&gt;", 4},
                   ['"'] = {"&quot;", 6},
                   ['\''] = {"&#39;", 5}};

/* &name; or &#digits; or &#xhex; stands here. */
static bool is_entity(str s)
{
    size_t i = 1;
    if (i < s.n && s.p[i] == '#') {
        bool hex = i + 1 < s.n && (s.p[i + 1] | 0x20) == 'x';
        size_t from = i += hex ? 2 : 1;
        for (; i < s.n; i++) {
            char ch = (char)(s.p[i] | 0x20);
            if (!((s.p[i] >= '0' && s.p[i] <= '9') || (hex && ch >= 'a' && ch <= 'f'))) break;
        }
        return i > from && i < s.n && s.p[i] == ';';
    }
    while (i < s.n && ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')) i++;
    return i > 1 && i < s.n && s.p[i] == ';';
}

typedef u8 bytes16 __attribute__((vector_size(16)));
typedef u64 halves16 __attribute__((vector_size(16)));

/* A bit for each byte that has to be escaped: & and ', < and > are apart by one bit. */
static inline u32 hits_of(bytes16 b)
{
    bytes16 hit = (bytes16)(((b | 1) == '\'') | ((b | 2) == '>') | (b == '"'));
#ifdef __SSE2__
    return (u32)_mm_movemask_epi8((__m128i)hit);
#else
    u32 bits = 0;
    for (u32 i = 0; i < sizeof b; i++) bits |= (u32)(hit[i] & 1) << i;
    return bits;
#endif
}

/* Of two halves that lie at the ends of n bytes and may overlap: the first hit's place; none: n. */
static inline size_t first_hit(u64 low, u64 high, size_t half, size_t n)
{
    halves16 both = {half == 4 ? low | high << 32 : low, half == 4 ? 0 : high};
    u32 hits = hits_of((bytes16)both);
    if (!hits) return n;
    size_t at = (size_t)__builtin_ctz(hits);
    return at < half ? at : at + n - 2 * half;
}

/* Copies `n` bytes and returns how many of them stand before the first that has to be escaped. */
static inline size_t put_plain(char *to, const char *p, size_t n)
{
    u64 low = 0, high = 0;
    for (size_t i = 0; n >= 16; i = min_size(i + 16, n - 16)) {
        bytes16 b;
        memcpy(&b, p + i, 16);
        memcpy(to + i, &b, 16);
        u32 hits = hits_of(b);
        if (hits) return i + (size_t)__builtin_ctz(hits);
        if (i + 16 == n) return n;
    }
    if (n >= 8) {
        memcpy(&low, p, 8), memcpy(&high, p + n - 8, 8);
        memcpy(to, &low, 8), memcpy(to + n - 8, &high, 8);
        return first_hit(low, high, 8, n);
    }
    if (n >= 4) {
        memcpy(&low, p, 4), memcpy(&high, p + n - 4, 4);
        memcpy(to, &low, 4), memcpy(to + n - 4, &high, 4);
        return first_hit(low, high, 4, n);
    }
    size_t i = 0;
    for (; i < n && !entities[(u8)p[i]].n; i++) to[i] = p[i];
    return i;
}

/* Byte by byte: the limit is near, or passed. */
static void escape_tightly(struct buf *out, str s, bool once)
{
    for (; s.n && !out->full; s.p++, s.n--) {
        u8 n = entities[(u8)s.p[0]].n;
        if (n && !(once && s.p[0] == '&' && is_entity(s)))
            buf_put(out, (str){entities[(u8)s.p[0]].text, n});
        else
            buf_byte(out, (u8)s.p[0]);
    }
}

/* What begins with a byte that has to be escaped; apart, since most texts hold none. */
__attribute__((noinline)) static void escape_rest(struct buf *out, str s, bool once)
{
    while (s.n) {
        size_t room = s.n + ENTITY_ROOM;
        if (UNLIKELY(room > out->cap - out->n || out->full)) {
            if (room > out->max - out->n || !buf_room(out, room)) {
                escape_tightly(out, s, once);
                return;
            }
        }
        char *to = out->p + out->n;
        if (once && s.p[0] == '&' && is_entity(s)) {
            to[0] = '&';
            out->n++;
        } else {
            memcpy(to, entities[(u8)s.p[0]].text, ENTITY_ROOM);
            out->n += entities[(u8)s.p[0]].n;
        }
        s.p++, s.n--;
        size_t n = put_plain(out->p + out->n, s.p, s.n);
        out->n += n;
        s.p += n, s.n -= n;
    }
}

void html_escape(struct buf *out, str s, bool once)
{
    size_t n = 0;
    bool fits = s.n <= out->cap - out->n && !out->full;
    if (LIKELY(fits) || (s.n <= out->max - out->n && buf_room(out, s.n))) {
        n = put_plain(out->p + out->n, s.p, s.n);
        out->n += n;
        if (n == s.n) return;
    }
    escape_rest(out, (str){s.p + n, s.n - n}, once);
}

/* Runs `put` over the value's text, behind the output, and makes what it wrote the value. */
MUST_USE static err made(struct render *r, datum *d, void (*put)(struct buf *out, str s))
{
    LIQUID_TEXT_OF(s, d);
    size_t from = r->out->n;
    put(r->out, s);
    if (r->out->full) return render_out_of_room(r);
    size_t n = r->out->n - from;
    char *p = render_bytes(r, n);
    if (!p) return render_out_of_room(r);
    if (n) memcpy(p, r->out->p + from, n);
    r->out->n = from;
    datum_set(d, value_text((str){p, n}));
    return ERR_OK;
}

static void put_escaped(struct buf *out, str s)
{
    html_escape(out, s, false);
}

static void put_escaped_once(struct buf *out, str s)
{
    html_escape(out, s, true);
}

static bool closes(str s, size_t at, const char *end)
{
    return str_starts(str_slice(s, at, s.n), str_of(end));
}

/* Past what opens at `at`: a script, a style, a remark or a tag; 0: nothing of these is closed.
 * What was not closed once is not looked for again. */
static size_t tag_length(str s, size_t at, bool *never)
{
    static const struct {
        const char *opens, *closes;
    } blocks[] = {{"<script", "</script>"}, {"<style", "</style>"}, {"<!--", "-->"}, {"<", ">"}};
    for (u32 i = 0; i < COUNT_OF(blocks); i++) {
        if (never[i] || !closes(s, at, blocks[i].opens)) continue;
        ptrdiff_t end = str_find(str_slice(s, at, s.n), str_of(blocks[i].closes));
        if (end >= 0) return (size_t)end + strlen(blocks[i].closes);
        never[i] = true;
    }
    return 0;
}

/* A < that is never closed is text, and so is all behind it. */
static void put_stripped(struct buf *out, str s)
{
    bool never[4] = {0};
    for (size_t at = 0; at < s.n;) {
        const char *open = memchr(s.p + at, '<', s.n - at);
        size_t to = open ? (size_t)(open - s.p) : s.n, n = open ? tag_length(s, to, never) : 0;
        if (!n) to = s.n;
        buf_put(out, str_slice(s, at, to));
        at = to + n;
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
    return datum_is_nil(d) ? ERR_OK : made(r, d, put_escaped);
}

static err apply_escape_once(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return datum_is_nil(d) ? ERR_OK : made(r, d, put_escaped_once);
}

static err apply_newline_to_br(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    if (r->format == LIQUID_HTML && !d->safe) TRY(made(r, d, put_escaped));
    return made(r, d, put_breaks);
}

static err apply_strip_html(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return made(r, d, put_stripped);
}

static err apply_safe(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)r, (void)d, (void)args, (void)given;
    return ERR_OK;
}

const struct liquid_filter liquid_html_filters[] = {
    {LIQUID_NAME("escape"), 0, 0, SAFE_BEGINS, {0}, apply_escape},
    {LIQUID_NAME("h"), 0, 0, SAFE_BEGINS, {0}, apply_escape},
    {LIQUID_NAME("escape_once"), 0, 0, SAFE_BEGINS, {0}, apply_escape_once},
    {LIQUID_NAME("newline_to_br"), 0, 0, SAFE_BEGINS, {0}, apply_newline_to_br},
    {LIQUID_NAME("raw"), 0, 0, SAFE_BEGINS, {0}, apply_safe},
    {LIQUID_NAME("safe"), 0, 0, SAFE_BEGINS, {0}, apply_safe},
    {LIQUID_NAME("strip_html"), 0, 0, SAFE_ENDS, {0}, apply_strip_html},
    {LIQUID_NAME("xml_escape"), 0, 0, SAFE_BEGINS, {0}, apply_escape},
    {{0}, 0, 0, 0, {0}, NULL},
};
