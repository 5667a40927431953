/* liquid_number.c — numbers of templates: from values and texts, and back. */
#include "content/liquid.h"

#include <stdio.h>
#include <stdlib.h>

static size_t digits_from(str s, size_t at)
{
    size_t n = at;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') n++;
    return n - at;
}

/* A text that is a decimal as a whole is one; of any other the whole number at its start counts:
 * "12 items" is 12, "1.5 kg" is 1, "abc" is 0. */
static struct number of_text(str s)
{
    s = str_trim(s);
    size_t sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
    size_t whole = digits_from(s, sign), n = sign + whole;
    struct number out = {NUMBER_INT, 0, 0.0};
    if (!whole) return out;
    if (n + 1 < s.n && s.p[n] == '.') {
        size_t places = digits_from(s, n + 1);
        if (places && n + 1 + places == s.n) n = s.n;
    }
    if (s.p[0] == '+') s.p++, s.n--, n--;
    str number = {s.p, n};
    if (str_to_i64(number, &out.i) == ERR_OK) return out;
    out.kind = NUMBER_FIXED;
    if (fixed_parse(number, &out.i) == ERR_OK) return out;
    return (struct number){NUMBER_DOUBLE, 0, json_number(number)};
}

struct number number_of(const datum *d)
{
    if (d->kind != DATUM_PLAIN) return (struct number){0};
    switch (d->v.type) {
    case VALUE_INT: return (struct number){NUMBER_INT, d->v.n, 0.0};
    case VALUE_FIXED: return (struct number){NUMBER_FIXED, d->v.n, 0.0};
    case VALUE_NUMBER: {
        fixed exact;
        if (fixed_parse(d->v.text, &exact) == ERR_OK)
            return (struct number){NUMBER_FIXED, exact, 0.0};
        return (struct number){NUMBER_DOUBLE, 0, json_number(d->v.text)};
    }
    case VALUE_TEXT: return of_text(d->v.text);
    default: return (struct number){0};
    }
}

double number_double(struct number n)
{
    if (n.kind == NUMBER_DOUBLE) return n.d;
    return n.kind == NUMBER_INT ? (double)n.i : (double)n.i / (double)FIXED_ONE;
}

static bool to_fixed(struct number n, fixed *out)
{
    *out = n.i;
    return n.kind == NUMBER_FIXED ||
           (n.kind == NUMBER_INT && !__builtin_mul_overflow(n.i, FIXED_ONE, out));
}

struct number number_add(struct number a, struct number b)
{
    struct number out = {NUMBER_INT, 0, 0.0};
    fixed x, y;
    if (a.kind == NUMBER_INT && b.kind == NUMBER_INT && !__builtin_add_overflow(a.i, b.i, &out.i))
        return out;
    out.kind = NUMBER_FIXED;
    if (to_fixed(a, &x) && to_fixed(b, &y) && !__builtin_add_overflow(x, y, &out.i)) return out;
    return (struct number){NUMBER_DOUBLE, 0, number_double(a) + number_double(b)};
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
