/* liquid_value.c — what values mean to templates: truth, comparison, text, arithmetic. */
#include "content/liquid.h"

#include <stdio.h>
#include <stdlib.h>

datum datum_of(value v)
{
    return (datum){.v = v};
}

void datum_set(datum *d, value v)
{
    d->v = v;
    d->kind = DATUM_PLAIN;
}

bool datum_is_nil(datum d)
{
    return d.kind == DATUM_PLAIN && (d.v.type == VALUE_MISSING || d.v.type == VALUE_NULL);
}

bool datum_is_true(datum d)
{
    return !datum_is_nil(d) && d.v.type != VALUE_FALSE;
}

bool datum_is_empty(datum d)
{
    switch (d.v.type) {
    case VALUE_TEXT: return d.v.text.n == 0;
    case VALUE_LIST:
    case VALUE_MAP: return d.v.count == 0;
    default: return d.kind == DATUM_EMPTY;
    }
}

bool datum_is_blank(datum d)
{
    if (d.kind != DATUM_PLAIN) return d.kind == DATUM_BLANK;
    if (datum_is_nil(d) || d.v.type == VALUE_FALSE || datum_is_empty(d)) return true;
    return d.v.type == VALUE_TEXT && str_trim(d.v.text).n == 0;
}

static bool contains(datum a, datum b)
{
    if (a.v.type == VALUE_TEXT) {
        if (b.v.type == VALUE_TEXT) return str_find(a.v.text, b.v.text) >= 0;
        char digits[32];
        if (b.v.type != VALUE_INT) return false;
        int n = snprintf(digits, sizeof digits, "%lld", (long long)b.v.n);
        return str_find(a.v.text, (str){digits, (size_t)n}) >= 0;
    }
    if (a.v.type == VALUE_MAP)
        return b.v.type == VALUE_TEXT && value_member(a.v, b.v.text).type != VALUE_MISSING;
    if (a.v.type != VALUE_LIST || datum_is_nil(b)) return false;
    struct reader r = reader_of(a.v.text);
    for (u32 i = 0; i < a.v.count && !r.bad; i++)
        if (value_eq(value_read(&r), b.v)) return true;
    return false;
}

static bool equal(datum a, datum b)
{
    if (b.kind == DATUM_EMPTY) return a.kind == DATUM_EMPTY || datum_is_empty(a);
    if (a.kind == DATUM_EMPTY) return datum_is_empty(b);
    if (b.kind == DATUM_BLANK) return datum_is_blank(a);
    if (a.kind == DATUM_BLANK) return datum_is_blank(b);
    if (datum_is_nil(a) || datum_is_nil(b)) return datum_is_nil(a) && datum_is_nil(b);
    return value_eq(a.v, b.v);
}

/* An order with nil is false, whichever way one asks. */
err datum_compare(datum a, datum b, comparison c, bool *out)
{
    int order;
    *out = false;
    if (c == IS_EQ || c == IS_NE) {
        *out = equal(a, b) == (c == IS_EQ);
        return ERR_OK;
    }
    if (c == IS_CONTAINS) {
        *out = contains(a, b);
        return ERR_OK;
    }
    if (a.kind != DATUM_PLAIN || b.kind != DATUM_PLAIN || datum_is_nil(a) || datum_is_nil(b))
        return ERR_OK;
    TRY(value_cmp(a.v, b.v, &order));
    switch (c) {
    case IS_LT: *out = order < 0; break;
    case IS_LE: *out = order <= 0; break;
    case IS_GT: *out = order > 0; break;
    default: *out = order >= 0; break;
    }
    return ERR_OK;
}

/* A list's elements follow each other; a decimal keeps one place, so that 3.0 is told from 3. */
static void put(struct buf *out, value v, u32 depth)
{
    size_t from = out->n;
    switch (v.type) {
    case VALUE_LIST: {
        struct reader r = reader_of(v.text);
        for (u32 i = 0; i < v.count && !r.bad && depth < JSON_DEPTH_MAX; i++)
            put(out, value_read(&r), depth + 1);
        break;
    }
    case VALUE_FIXED:
        value_display(out, v);
        if (!out->full && str_index((str){out->p + from, out->n - from}, '.') < 0)
            buf_put(out, S(".0"));
        break;
    default: value_display(out, v);
    }
}

void datum_put(struct buf *out, datum d)
{
    put(out, d.v, 0);
}

bool datum_text(struct render *r, datum d, str *out)
{
    if (d.v.type == VALUE_TEXT || d.v.type == VALUE_DATE || d.v.type == VALUE_TIME) {
        *out = d.v.text;
        return true;
    }
    struct buf b;
    buf_init(&b, r->scratch_left);
    datum_put(&b, d);
    char *copy = b.full ? NULL : render_bytes(r, b.n);
    if (copy) {
        if (b.n) memcpy(copy, b.p, b.n);
        *out = (str){copy, b.n};
    }
    buf_clear(&b);
    return copy;
}

/* ---- numbers ---- */

/* The number at the start of a text: "12 items" is 12, "abc" is 0. */
static struct number leading(str s)
{
    s = str_trim(s);
    size_t n = 0, digits = 0;
    if (n < s.n && (s.p[n] == '-' || s.p[n] == '+')) n++;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') n++, digits++;
    if (!digits) return (struct number){0};
    if (n + 1 < s.n && s.p[n] == '.' && s.p[n + 1] >= '0' && s.p[n + 1] <= '9')
        for (n++; n < s.n && s.p[n] >= '0' && s.p[n] <= '9';) n++;
    if (s.p[0] == '+') s = str_slice(s, 1, n), n = s.n;
    str number = {s.p, n};
    struct number out = {NUMBER_INT, 0, 0.0};
    if (str_to_i64(number, &out.i) == ERR_OK) return out;
    out.kind = NUMBER_FIXED;
    if (fixed_parse(number, &out.i) == ERR_OK) return out;
    return (struct number){NUMBER_DOUBLE, 0, json_number(number)};
}

struct number number_of(datum d)
{
    switch (d.v.type) {
    case VALUE_INT: return (struct number){NUMBER_INT, d.v.n, 0.0};
    case VALUE_FIXED: return (struct number){NUMBER_FIXED, d.v.n, 0.0};
    case VALUE_NUMBER: {
        fixed exact;
        if (fixed_parse(d.v.text, &exact) == ERR_OK)
            return (struct number){NUMBER_FIXED, exact, 0.0};
        return (struct number){NUMBER_DOUBLE, 0, json_number(d.v.text)};
    }
    case VALUE_TEXT: return leading(d.v.text);
    default: return (struct number){0};
    }
}

double number_double(struct number n)
{
    if (n.kind == NUMBER_DOUBLE) return n.d;
    return n.kind == NUMBER_INT ? (double)n.i : (double)n.i / (double)FIXED_ONE;
}

enum { NUMBER_TEXT_MAX = 40 };

/* As few digits as give the same number back; an exponent only where the digits would be many. */
static int shortest(char *text, double d)
{
    int used = 0, digits = 1;
    for (; digits <= 17; digits++) {
        used = snprintf(text, NUMBER_TEXT_MAX, "%.*e", digits - 1, d);
        if (strtod(text, NULL) == d) break;
    }
    const char *e = strchr(text, 'e');
    int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0, places = digits - 1 - exponent;
    if (!e || exponent < -5 || exponent > 15) return used;
    return snprintf(text, NUMBER_TEXT_MAX, "%.*f", places > 1 ? places : 1, d);
}

bool number_value(struct render *r, struct number n, value *out)
{
    if (n.kind == NUMBER_INT) *out = value_int(n.i);
    if (n.kind == NUMBER_FIXED) *out = value_fixed(n.i);
    if (n.kind != NUMBER_DOUBLE) return true;
    char *text = render_bytes(r, NUMBER_TEXT_MAX);
    if (!text) return false;
    int used = shortest(text, n.d);
    *out = (value){.type = VALUE_NUMBER, .text = {text, (size_t)used}};
    return true;
}
