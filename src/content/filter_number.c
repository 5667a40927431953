/* filter_number.c — arithmetic: whole where both are whole, else decimal with four places, so that
 * money adds up; binary only where a result does not fit those. */
#include "content/liquid.h"

typedef enum { PLUS, MINUS, TIMES, DIVIDED_BY, MODULO } operation;

MUST_USE static err set_number(struct render *r, datum *d, struct number n)
{
    value v;
    if (!number_value(r, n, &v)) return render_out_of_room(r);
    datum_set(d, v);
    return ERR_OK;
}

/* Floors, as Liquid does: -7 / 2 is -4, and -7 modulo 2 is 1. */
static bool divide(i64 a, i64 b, i64 *quotient, i64 *rest)
{
    if (b == -1) {
        *rest = 0;
        return !__builtin_sub_overflow((i64)0, a, quotient);
    }
    *quotient = a / b;
    *rest = a % b;
    if (*rest != 0 && (*rest < 0) != (b < 0)) {
        *quotient -= 1;
        *rest += b;
    }
    return true;
}

static bool whole(operation op, i64 a, i64 b, i64 *out)
{
    i64 other;
    switch (op) {
    case PLUS: return !__builtin_add_overflow(a, b, out);
    case MINUS: return !__builtin_sub_overflow(a, b, out);
    case TIMES: return !__builtin_mul_overflow(a, b, out);
    case DIVIDED_BY: return divide(a, b, out, &other);
    default: return divide(a, b, &other, out);
    }
}

static bool to_fixed(struct number n, fixed *out)
{
    if (n.kind == NUMBER_DOUBLE) return false;
    *out = n.i;
    return n.kind == NUMBER_FIXED || !__builtin_mul_overflow(n.i, FIXED_ONE, out);
}

/* False where four places do not hold the result exactly. */
static bool decimal(operation op, fixed a, fixed b, fixed *out)
{
    i64 other, narrow;
    switch (op) {
    case PLUS: return !__builtin_add_overflow(a, b, out);
    case MINUS: return !__builtin_sub_overflow(a, b, out);
    case MODULO: return divide(a, b, &other, out);
    default: break;
    }
    i64 by = op == TIMES ? FIXED_ONE : b;
    if (LIKELY(!__builtin_mul_overflow(a, op == TIMES ? b : FIXED_ONE, &narrow) && by > 0)) {
        *out = op == TIMES ? narrow / FIXED_ONE : narrow / by;
        return *out * by == narrow;
    }
    __int128 wide = (__int128)a * (op == TIMES ? b : FIXED_ONE);
    if (wide % by != 0 || wide / by > INT64_MAX || wide / by < INT64_MIN) return false;
    *out = (i64)(wide / by);
    return true;
}

static double binary(operation op, double a, double b)
{
    switch (op) {
    case PLUS: return a + b;
    case MINUS: return a - b;
    case TIMES: return a * b;
    default: return a / b;
    }
}

static bool is_zero(struct number n)
{
    double d = number_double(n);
    return !(d < 0.0) && !(d > 0.0);
}

/* What nearly all numbers are, without the detour over `struct number`; false: it is needed. */
static bool compute_plainly(datum *d, operation op, const datum *by)
{
    i64 a = d->v.n, b = by->v.n, out;
    bool decimals = d->v.type == VALUE_FIXED || by->v.type == VALUE_FIXED;
    if (d->kind != DATUM_PLAIN || by->kind != DATUM_PLAIN || (op >= DIVIDED_BY && b == 0) ||
        (d->v.type != VALUE_INT && d->v.type != VALUE_FIXED) ||
        (by->v.type != VALUE_INT && by->v.type != VALUE_FIXED))
        return false;
    if (decimals && d->v.type == VALUE_INT && __builtin_mul_overflow(a, FIXED_ONE, &a))
        return false;
    if (decimals && by->v.type == VALUE_INT && __builtin_mul_overflow(b, FIXED_ONE, &b))
        return false;
    if (!(decimals ? decimal(op, a, b, &out) : whole(op, a, b, &out))) return false;
    datum_set(d, decimals ? value_fixed(out) : value_int(out));
    return true;
}

MUST_USE static err compute(struct render *r, datum *d, operation op, const datum *argument)
{
    if (LIKELY(compute_plainly(d, op, argument))) return ERR_OK;
    struct number a = number_of(d), b = number_of(argument), out = {NUMBER_INT, 0, 0.0};
    fixed x, y;
    if (op >= DIVIDED_BY && is_zero(b)) return render_fail(r, ERR_INVALID, "divided by 0");
    if (a.kind == NUMBER_INT && b.kind == NUMBER_INT && whole(op, a.i, b.i, &out.i))
        return set_number(r, d, out);
    out.kind = NUMBER_FIXED;
    if (to_fixed(a, &x) && to_fixed(b, &y) && decimal(op, x, y, &out.i))
        return set_number(r, d, out);
    if (op == MODULO) return render_fail(r, ERR_INVALID, "modulo of a number out of range");
    out = (struct number){NUMBER_DOUBLE, 0, binary(op, number_double(a), number_double(b))};
    return set_number(r, d, out);
}

#define ARITHMETIC(name, op)                                                                       \
    static err apply_##name(struct render *r, datum *d, const datum *args, u32 given)              \
    {                                                                                              \
        (void)given;                                                                               \
        return compute(r, d, op, &args[0]);                                                        \
    }
ARITHMETIC(plus, PLUS)
ARITHMETIC(minus, MINUS)
ARITHMETIC(times, TIMES)
ARITHMETIC(divided_by, DIVIDED_BY)
ARITHMETIC(modulo, MODULO)

/* ---- rounding ---- */

typedef enum { ROUND_NEAR, ROUND_UP, ROUND_DOWN } rounding;

/* To a multiple of `unit`; near is half away from zero. */
static i64 rounded(i64 n, i64 unit, rounding how)
{
    i64 floor, rest;
    if (!divide(n, unit, &floor, &rest)) return n;
    bool up = how == ROUND_UP
                  ? rest > 0
                  : how == ROUND_NEAR && (n >= 0 ? rest >= unit - rest : rest > unit - rest);
    i64 out;
    return __builtin_mul_overflow(floor + up, unit, &out) ? n : out;
}

static i64 power_of_ten(i64 n)
{
    i64 unit = 1;
    for (i64 i = 0; i < n && i < 18; i++) unit *= 10;
    return unit;
}

MUST_USE static err round_to(struct render *r, datum *d, i64 places, rounding how)
{
    static const i64 units[] = {10000, 1000, 100, 10};
    struct number n = number_of(d);
    if (n.kind == NUMBER_INT && places < 0) n.i = rounded(n.i, power_of_ten(-places), how);
    if (n.kind == NUMBER_INT) return set_number(r, d, n);
    if (n.kind == NUMBER_DOUBLE) {
        /* Past ±2^53 every binary number is whole; below, it fits the decimal once cut. */
        double cut = n.d * (double)FIXED_ONE;
        if (!(cut < 9e18 && cut > -9e18) || places >= 4) return set_number(r, d, n);
        n = (struct number){NUMBER_FIXED, (i64)cut, 0.0};
    }
    if (places < 0 && places >= -14) n.i = rounded(n.i, FIXED_ONE * power_of_ten(-places), how);
    if (places < -14) n.i = 0;
    if (places >= 0 && places < 4) n.i = rounded(n.i, units[places], how);
    if (places <= 0) n = (struct number){NUMBER_INT, n.i / FIXED_ONE, 0.0};
    return set_number(r, d, n);
}

static err apply_round(struct render *r, datum *d, const datum *args, u32 given)
{
    struct number places = number_of(&args[0]);
    if (places.kind == NUMBER_FIXED) places.i /= FIXED_ONE;
    return round_to(r, d, given && places.kind != NUMBER_DOUBLE ? places.i : 0, ROUND_NEAR);
}

static err apply_ceil(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return round_to(r, d, 0, ROUND_UP);
}

static err apply_floor(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    return round_to(r, d, 0, ROUND_DOWN);
}

static err apply_abs(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    struct number n = number_of(d);
    if (n.i < 0 && __builtin_sub_overflow((i64)0, n.i, &n.i)) n.i = INT64_MAX;
    if (n.d < 0.0) n.d = -n.d;
    return set_number(r, d, n);
}

static err apply_at_least(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    struct number a = number_of(d), b = number_of(&args[0]);
    return set_number(r, d, number_double(a) < number_double(b) ? b : a);
}

static err apply_at_most(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    struct number a = number_of(d), b = number_of(&args[0]);
    return set_number(r, d, number_double(a) > number_double(b) ? b : a);
}

const struct liquid_filter liquid_number_filters[] = {
    {LIQUID_NAME("abs"), 0, 0, SAFE_ENDS, {0}, apply_abs},
    {LIQUID_NAME("at_least"), 1, 1, SAFE_ENDS, {0}, apply_at_least},
    {LIQUID_NAME("at_most"), 1, 1, SAFE_ENDS, {0}, apply_at_most},
    {LIQUID_NAME("ceil"), 0, 0, SAFE_ENDS, {0}, apply_ceil},
    {LIQUID_NAME("divided_by"), 1, 1, SAFE_ENDS, {0}, apply_divided_by},
    {LIQUID_NAME("floor"), 0, 0, SAFE_ENDS, {0}, apply_floor},
    {LIQUID_NAME("minus"), 1, 1, SAFE_ENDS, {0}, apply_minus},
    {LIQUID_NAME("modulo"), 1, 1, SAFE_ENDS, {0}, apply_modulo},
    {LIQUID_NAME("plus"), 1, 1, SAFE_ENDS, {0}, apply_plus},
    {LIQUID_NAME("round"), 0, 1, SAFE_ENDS, {0}, apply_round},
    {LIQUID_NAME("times"), 1, 1, SAFE_ENDS, {0}, apply_times},
    {{0}, 0, 0, 0, {0}, NULL},
};
