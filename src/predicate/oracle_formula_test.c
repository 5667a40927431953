/* oracle_formula_test.c — the oracle's formulas: the text evaluated at one moment, in fractions. */
#include "base/test.h"
#include "predicate/oracle.h"

#include <stdlib.h>

typedef __int128 whole;
typedef struct {
    enum { NONE, FRACTION, MOMENT, UNDEFINED } is;
    whole top, bottom;
    i64 ms;
} fraction;

struct reading {
    const struct town *w;
    const char *at, *end;
    const struct past_event *const *e;
    u32 n;
    i64 now;
};

static fraction made(whole top, whole bottom)
{
    whole a = top < 0 ? -top : top, b = bottom < 0 ? -bottom : bottom;
    while (b) {
        whole rest = a % b;
        a = b;
        b = rest;
    }
    if (a == 0) a = 1;
    return (fraction){.is = FRACTION, .top = top / a, .bottom = bottom / a};
}

static char peek(struct reading *r)
{
    while (r->at < r->end && *r->at == ' ') r->at++;
    return r->at < r->end ? *r->at : 0;
}

static str name_in_quotes(struct reading *r)
{
    MUST(peek(r) == '\'');
    const char *from = ++r->at;
    while (*r->at != '\'') r->at++;
    return (str){from, (size_t)(r->at++ - from)};
}

static fraction expression(struct reading *r);

static const struct json *property_of(const struct past_event *e, str path)
{
    char name[64];
    ptrdiff_t dot = str_index(path, '.');
    str head = dot < 0 ? path : str_slice(path, 0, (size_t)dot);
    memcpy(name, head.p, head.n);
    name[head.n] = 0;
    const struct json *j = json_get(e->props, name);
    if (dot < 0 || !j) return j;
    memcpy(name, path.p + dot + 1, path.n - (size_t)dot - 1);
    name[path.n - (size_t)dot - 1] = 0;
    return json_get(j, name);
}

static whole millionths(str s)
{
    fixed f;
    whole n = 0, scale = 1000000;
    if (fixed_parse(s, &f) == ERR_OK) return (whole)f * 100;
    for (size_t i = s.p[0] == '-', point = 0; i < s.n; i++) {
        if (s.p[i] == '.')
            point = 1;
        else
            n = n * 10 + (s.p[i] - '0'), scale = point ? scale / 10 : scale;
    }
    return (s.p[0] == '-' ? -n : n) * scale;
}

static fraction value_of(const struct town *w, const struct json *j)
{
    iso_time t;
    if (j && j->type == JSON_NUMBER) return made(millionths(j->text), 1000000);
    if (!j || j->type != JSON_STRING || !iso_parse(j->text, &t)) return (fraction){.is = NONE};
    i64 day = days_of(t.local.year, t.local.month, t.local.day);
    return (fraction){.is = MOMENT, .ms = t.timed ? iso_ms(&t) : zone_day_start(w->zone, day)};
}

static int by_size(const void *a, const void *b)
{
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

static fraction median(const i64 *times, u32 n)
{
    i64 gaps[WORLD_EVENTS_MAX];
    u32 count = 0;
    for (u32 i = 1; i < n; i++)
        if (times[i] != times[i - 1]) gaps[count++] = times[i] - times[i - 1];
    if (count == 0) return (fraction){.is = NONE};
    qsort(gaps, count, sizeof *gaps, by_size);
    if (count % 2) return made(gaps[count / 2], DAY);
    return made((whole)gaps[count / 2] + gaps[count / 2 - 1], (whole)2 * DAY);
}

static fraction function(struct reading *r, str name)
{
    i64 times[WORLD_EVENTS_MAX];
    str event = name_in_quotes(r), property = {0};
    u32 n = 0, numbers = 0;
    whole total = 0, least = 0, most = 0;
    fraction first = {0}, last = {0};
    if (peek(r) == ',') r->at++, property = name_in_quotes(r);
    MUST(peek(r) == ')');
    r->at++;
    for (u32 i = 0; i < r->n; i++) {
        const struct past_event *e = r->e[i];
        if (str_eq(event, S("*")) ? e->system : !str_eq(event, e->name)) continue;
        const struct json *j = property.n ? property_of(e, property) : NULL;
        if (property.n && (!j || j->type == JSON_NULL)) continue;
        fraction v = property.n ? value_of(r->w, j) : (fraction){.is = MOMENT, .ms = e->at};
        if (n == 0) first = v;
        last = v;
        times[n++] = e->at;
        if (v.is != FRACTION) continue;
        whole number = v.top * (1000000 / v.bottom);
        total += number;
        if (!numbers || number < least) least = number;
        if (!numbers++ || number > most) most = number;
    }
    if (str_eq(name, S("median_interval"))) return median(times, n);
    if (str_eq(name, S("count"))) return n ? made(n, 1) : (fraction){.is = NONE};
    if (str_eq(name, S("first"))) return first;
    if (str_eq(name, S("last")) || str_eq(name, S("days_since"))) return last;
    if (!numbers) return (fraction){.is = NONE};
    if (str_eq(name, S("sum"))) return made(total, 1000000);
    if (str_eq(name, S("avg"))) return made(total, (whole)1000000 * numbers);
    return made(str_eq(name, S("min")) ? least : most, 1000000);
}

static fraction since(const struct reading *r, fraction moment)
{
    if (moment.is != MOMENT) return (fraction){.is = NONE};
    return made((whole)r->now - moment.ms, DAY);
}

static fraction called(struct reading *r)
{
    const char *from = r->at;
    while ((*r->at >= 'a' && *r->at <= 'z') || *r->at == '_') r->at++;
    str name = {from, (size_t)(r->at - from)};
    MUST(*r->at == '(');
    r->at++;
    if (str_eq(name, S("coalesce"))) {
        fraction found = {.is = NONE};
        do {
            fraction v = expression(r);
            if (found.is == NONE) found = v;
        } while (*r->at++ == ',');
        return found;
    }
    if (!str_eq(name, S("days_since")) || peek(r) == '\'') {
        fraction v = function(r, name);
        return str_eq(name, S("days_since")) ? since(r, v) : v;
    }
    fraction v = expression(r);
    r->at++;
    return since(r, v);
}

static fraction primary(struct reading *r)
{
    char c = peek(r);
    if (c == '-') {
        r->at++;
        fraction v = primary(r);
        v.top = -v.top;
        return v;
    }
    if (c == '(') {
        r->at++;
        fraction v = expression(r);
        MUST(peek(r) == ')');
        r->at++;
        return v;
    }
    if (c < '0' || c > '9') return called(r);
    const char *from = r->at;
    while (r->at < r->end && ((*r->at >= '0' && *r->at <= '9') || *r->at == '.')) r->at++;
    return made(millionths((str){from, (size_t)(r->at - from)}), 1000000);
}

static fraction reckoned(fraction a, char op, fraction b)
{
    if (a.is != FRACTION || b.is != FRACTION) return (fraction){.is = NONE};
    if (op == '/') {
        if (b.top == 0) return (fraction){.is = NONE};
        return made(a.top * b.bottom, a.bottom * b.top);
    }
    if (op == '*') return made(a.top * b.top, a.bottom * b.bottom);
    whole right = b.top * a.bottom;
    return made(a.top * b.bottom + (op == '-' ? -right : right), a.bottom * b.bottom);
}

static fraction product(struct reading *r)
{
    fraction v = primary(r);
    for (char op = peek(r); op == '*' || op == '/'; op = peek(r)) {
        r->at++;
        v = reckoned(v, op, primary(r));
    }
    return v;
}

static fraction expression(struct reading *r)
{
    fraction v = product(r);
    for (char op = peek(r); op == '+' || op == '-'; op = peek(r)) {
        r->at++;
        v = reckoned(v, op, product(r));
    }
    peek(r);
    return v;
}

bool oracle_formula(const struct town *w, str text, const struct past_event *const *events, u32 n,
                    i64 now)
{
    struct reading r = {w, text.p, text.p + text.n, events, n, now};
    fraction a = expression(&r);
    char op = *r.at++;
    bool equal = *r.at == '=';
    r.at += equal;
    fraction b = expression(&r);
    MUST(r.at == r.end);
    if (a.is != b.is || a.is == NONE) return false;
    fraction d = reckoned(a, '-', b);
    int order = a.is == MOMENT ? (a.ms > b.ms) - (a.ms < b.ms)
                               : (d.bottom < 0 ? -1 : 1) * ((d.top > 0) - (d.top < 0));
    if (op == '=') return order == 0;
    if (op == '!') return order != 0;
    return op == '<' ? order < 0 || (equal && order == 0) : order > 0 || (equal && order == 0);
}
