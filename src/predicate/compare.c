/* compare.c — constants and values: numbers, order, the operators, patterns. */
#include "predicate/program.h"

/* ---- words ---- */

static const char *const OPS[] = {"",
#define X(name, text) text,
                                  PREDICATE_OP_LIST(X)
#undef X
};
static const char *const STATUSES[] = {"",
#define X(name) #name,
                                       PREDICATE_STATUS_LIST(X)
#undef X
};
static const char *const RESULTS[] = {"",
#define X(name) #name,
                                      PREDICATE_RESULT_LIST(X)
#undef X
};
static const char *const MEASURES[] = {
#define X(name, text) text,
    MEASURE_LIST(X)
#undef X
};

static u32 word_of(const char *const *words, u32 count, str text)
{
    for (u32 i = 1; i < count; i++)
        if (str_eq(str_of(words[i]), text)) return i;
    return 0;
}

str op_text(predicate_op op)
{
    return str_of(OPS[op]);
}

predicate_op op_of(str text)
{
    return (predicate_op)word_of(OPS, COMPARE_COUNT_, text);
}

str measure_text(measure_kind m)
{
    return str_of(MEASURES[m]);
}

str status_text(u32 status)
{
    return str_of(STATUSES[status]);
}

u32 status_of(str text)
{
    return word_of(STATUSES, ASKED_COUNT_, text);
}

str result_text(u32 result)
{
    return str_of(RESULTS[result]);
}

u32 result_of(str text)
{
    return word_of(RESULTS, RESULT_COUNT_, text);
}

/* ---- numbers ---- */

decimal decimal_add(decimal a, decimal b)
{
    decimal sum;
    if (__builtin_add_overflow(a, b, &sum)) return a < 0 ? -DECIMAL_MAX : DECIMAL_MAX;
    return sum;
}

static decimal multiplied(decimal a, decimal b)
{
    decimal product;
    if (__builtin_mul_overflow(a, b, &product))
        return (a < 0) == (b < 0) ? DECIMAL_MAX : -DECIMAL_MAX;
    return product;
}

/* A JSON number's text, checked at the edge. Digits beyond what fits only move the exponent. */
static decimal parsed(str s)
{
    bool negative = s.n && s.p[0] == '-', after_point = false;
    u128 digits = 0;
    i64 exponent = 12;
    size_t i = negative;
    for (; i < s.n && s.p[i] != 'e' && s.p[i] != 'E'; i++) {
        if (s.p[i] == '.') {
            after_point = true;
            continue;
        }
        bool room = digits < (u128)DECIMAL_MAX / 100;
        if (room) digits = digits * 10 + (u32)(s.p[i] - '0');
        exponent += !room - after_point;
    }
    if (i < s.n) {
        i64 e = 0;
        bool minus = ++i < s.n && s.p[i] == '-';
        for (i += i < s.n && (s.p[i] == '-' || s.p[i] == '+'); i < s.n; i++)
            if (e < 100000) e = e * 10 + (s.p[i] - '0');
        exponent += minus ? -e : e;
    }
    for (; exponent > 0 && digits; exponent--) {
        if (digits > (u128)DECIMAL_MAX / 10) return negative ? -DECIMAL_MAX : DECIMAL_MAX;
        digits *= 10;
    }
    for (; exponent < -1 && digits; exponent++) digits /= 10;
    if (exponent == -1) digits = (digits + 5) / 10;
    return negative ? -(decimal)digits : (decimal)digits;
}

bool decimal_of(value v, decimal *out)
{
    switch (v.type) {
    case VALUE_INT: *out = (decimal)v.n * DECIMAL_ONE; return true;
    case VALUE_FIXED: *out = (decimal)v.n * (DECIMAL_ONE / FIXED_ONE); return true;
    case VALUE_NUMBER: *out = parsed(v.text); return true;
    default: return false;
    }
}

/* ---- order ---- */

static int order_of(decimal a, decimal b)
{
    return (a > b) - (a < b);
}

static bool is_bool(value v)
{
    return v.type == VALUE_TRUE || v.type == VALUE_FALSE;
}

static bool is_instant(value v)
{
    return v.type == VALUE_DATE || v.type == VALUE_TIME;
}

/* A date that is a constant stands for its whole day: a moment within it is equal to it. A date
 * that is a value stands for the first moment of its day. */
static int instant_order(value v, const struct constant *c)
{
    if (v.type == c->v.type) return order_of(v.n, c->v.n);
    if (v.type == VALUE_TIME) return v.n < c->from_ms ? -1 : v.n >= c->to_ms;
    return v.n == c->day ? order_of(c->from_ms, c->v.n) : order_of(v.n, c->day);
}

bool compare_value(value v, const struct constant *c, int *order)
{
    decimal number;
    if (c->is_number && decimal_of(v, &number)) {
        *order = order_of(number, c->number);
    } else if (is_instant(v) && is_instant(c->v)) {
        *order = instant_order(v, c);
    } else if (v.type == VALUE_TEXT && (c->v.type == VALUE_TEXT || is_instant(c->v))) {
        *order = str_cmp(v.text, c->v.text);
    } else if (is_bool(v) && is_bool(c->v)) {
        *order = order_of(v.type, c->v.type);
    } else {
        return false;
    }
    return true;
}

/* ---- patterns ---- */

static size_t character(str s, size_t at)
{
    size_t n = 1;
    while (at + n < s.n && ((u8)s.p[at + n] & 0xC0) == 0x80) n++;
    return n;
}

/* Greedy with one way back: on a mismatch the last `*` takes one character more. An earlier `*`
 * need never be tried again, so the cost is at most text × pattern. */
bool pattern_matches(str text, str pattern)
{
    size_t t = 0, p = 0, star = SIZE_MAX, from = 0;
    while (t < text.n) {
        bool literal = p < pattern.n && pattern.p[p] == '\\' && p + 1 < pattern.n;
        size_t at = p + literal;
        if (p < pattern.n && !literal && pattern.p[p] == '*') {
            star = ++p;
            from = t;
        } else if (p < pattern.n && !literal && pattern.p[p] == '?') {
            t += character(text, t);
            p++;
        } else if (at < pattern.n && pattern.p[at] == text.p[t]) {
            t++;
            p = at + 1;
        } else if (star != SIZE_MAX) {
            p = star;
            t = from += character(text, from);
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') p++;
    return p == pattern.n;
}

/* ---- tests ---- */

static bool equals_some(const struct test *t, value v)
{
    int order;
    for (u32 i = 0; i < t->count; i++)
        if (compare_value(v, &t->constants[i], &order) && order == 0) return true;
    return false;
}

/* A value that is no list is taken as a list of one. */
static bool has_constant(value v, const struct constant *c)
{
    int order;
    if (v.type != VALUE_LIST) return compare_value(v, c, &order) && order == 0;
    struct reader r = reader_of(v.text);
    for (u32 i = 0; i < v.count && !r.bad; i++)
        if (compare_value(value_read(&r), c, &order) && order == 0) return true;
    return false;
}

static bool has(const struct test *t, value v, bool all)
{
    for (u32 i = 0; i < t->count; i++)
        if (has_constant(v, &t->constants[i]) != all) return !all;
    return all;
}

static bool text_test(predicate_op op, value v, str asked)
{
    if (v.type != VALUE_TEXT && !is_instant(v)) return false;
    switch (op) {
    case COMPARE_CONTAINS: return str_find(v.text, asked) >= 0;
    case COMPARE_STARTS_WITH: return str_starts(v.text, asked);
    case COMPARE_ENDS_WITH: return str_ends(v.text, asked);
    default: return pattern_matches(v.text, asked);
    }
}

static bool order_test(const struct test *t, value v)
{
    int order, upper;
    if (!compare_value(v, &t->constants[0], &order)) return t->op == COMPARE_NE;
    switch (t->op) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    case COMPARE_GE: return order >= 0;
    default: return order >= 0 && compare_value(v, &t->constants[1], &upper) && upper <= 0;
    }
}

bool test_value(const struct test *t, value v)
{
    bool missing = v.type == VALUE_MISSING || v.type == VALUE_NULL;
    if (missing || t->op == COMPARE_MISSING) return missing && t->op == COMPARE_MISSING;
    switch (t->op) {
    case COMPARE_EXISTS: return true;
    case COMPARE_IN: return equals_some(t, v);
    case COMPARE_NOT_IN: return !equals_some(t, v);
    case COMPARE_HAS_ANY: return has(t, v, false);
    case COMPARE_HAS_ALL: return has(t, v, true);
    case COMPARE_CONTAINS:
        if (v.type == VALUE_LIST) return has(t, v, true);
        return text_test(t->op, v, t->constants[0].v.text);
    case COMPARE_STARTS_WITH:
    case COMPARE_ENDS_WITH:
    case COMPARE_MATCHES: return text_test(t->op, v, t->constants[0].v.text);
    default: return order_test(t, v);
    }
}

/* a ÷ n against c, as a against c × n. */
bool test_ratio(const struct test *t, decimal sum, u64 n)
{
    bool some = false;
    int order = 0;
    for (u32 i = 0; i < t->count; i++) {
        int o = order_of(sum, multiplied(t->constants[i].number, (decimal)n));
        if (i == 0)
            order = o;
        else if (t->op == COMPARE_BETWEEN)
            return order >= 0 && o <= 0;
        some |= o == 0;
    }
    switch (t->op) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    case COMPARE_GE: return order >= 0;
    case COMPARE_IN: return some;
    default: return !some;
    }
}

bool test_count(const struct test *t, u64 n)
{
    return test_ratio(t, (decimal)n * DECIMAL_ONE, 1);
}
