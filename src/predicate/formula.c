/* formula.c — expressions evaluated as ratios of linear functions of time.
 *
 * τ is the time from now in ms. A value is (a1·τ + a0) ÷ (b1·τ + b0) in whole numbers of 128 bits,
 * kept in lowest terms; what does not fit is missing, and a comparison with what is missing is
 * false. Between now and the first zero of a divisor nothing changes but the sign of one linear
 * function, whose zero is where the answer turns. */
#include "predicate/formula.h"

#include <stdlib.h>

/* ---- types ---- */

static u8 max_u8(int a, int b)
{
    return (u8)(a > b ? a : b);
}

str function_text(function_kind f)
{
    static const char *const TEXTS[] = {
#define X(name, text) text,
        FUNCTION_LIST(X)
#undef X
    };
    return str_of(TEXTS[f]);
}

struct operand function_type(function_kind f, bool has_path)
{
    if (f != FUNCTION_FIRST && f != FUNCTION_LAST) return (struct operand){OPERAND_NUMBER, 0, 0};
    return (struct operand){has_path ? OPERAND_VALUE : OPERAND_MOMENT, 0, 0};
}

static operand_fault combine(struct operand *a, struct operand b, step_kind kind)
{
    u8 across = max_u8(a->above + b.below, b.above + a->below);
    if (kind == STEP_COMPARE) {
        bool mixed = a->type != b.type && a->type != OPERAND_VALUE && b.type != OPERAND_VALUE;
        if (mixed) return OPERAND_MIXED;
        a->above = across;
        a->below = 0;
        return across > FORMULA_DEGREE ? OPERAND_TOO_STEEP : OPERAND_FITS;
    }
    if (a->type == OPERAND_MOMENT || b.type == OPERAND_MOMENT) return OPERAND_WANTS_NUMBER;
    a->type = OPERAND_NUMBER;
    if (kind == STEP_DIVIDE)
        *a = (struct operand){OPERAND_NUMBER, (u8)(a->above + b.below), (u8)(a->below + b.above)};
    else if (kind == STEP_MULTIPLY)
        *a = (struct operand){OPERAND_NUMBER, (u8)(a->above + b.above), (u8)(a->below + b.below)};
    else
        *a = (struct operand){OPERAND_NUMBER, across, (u8)(a->below + b.below)};
    bool linear = a->above <= FORMULA_DEGREE && a->below <= FORMULA_DEGREE;
    return linear ? OPERAND_FITS : OPERAND_TOO_STEEP;
}

static operand_fault coalesced(struct operand *first, u32 count)
{
    for (u32 i = 1; i < count; i++) {
        struct operand b = first[i];
        if (first->type == OPERAND_VALUE) first->type = b.type;
        if (b.type != OPERAND_VALUE && b.type != first->type) return OPERAND_MIXED;
        first->above = max_u8(first->above, b.above);
        first->below = max_u8(first->below, b.below);
    }
    return OPERAND_FITS;
}

operand_fault operand_apply(struct operand *stack, u32 *height, step_kind kind, u32 operands)
{
    u32 need = kind == STEP_COALESCE                            ? operands
               : kind == STEP_DAYS_SINCE || kind == STEP_NEGATE ? 1
                                                                : 2;
    if (need == 0 || *height < need) return OPERAND_STACK_DAMAGED;
    struct operand *a = &stack[*height - need];
    *height -= need - 1;
    switch (kind) {
    case STEP_DAYS_SINCE:
        if (a->type == OPERAND_NUMBER) return OPERAND_WANTS_MOMENT;
        *a = (struct operand){OPERAND_NUMBER, 1, 0};
        return OPERAND_FITS;
    case STEP_NEGATE:
        if (a->type == OPERAND_MOMENT) return OPERAND_WANTS_NUMBER;
        a->type = OPERAND_NUMBER;
        return OPERAND_FITS;
    case STEP_COALESCE: return coalesced(a, need);
    default: return combine(a, a[1], kind);
    }
}

/* ---- gathering ---- */

static void take_number(const struct function *f, struct gathered *g, value v)
{
    decimal number;
    if (!decimal_of(v, &number)) return;
    bool better = f->kind == FUNCTION_MIN ? number < g->best : number > g->best;
    if (g->count == 0 || better) g->best = number;
    g->sum = decimal_add(g->sum, number);
    g->count++;
}

static void take_time(struct gathered *g, i64 t, struct arena *arena)
{
    if (g->stored && g->times[g->stored - 1] == t) return;
    if (g->stored == g->room) {
        g->room = g->room ? g->room * 2 : 16;
        i64 *p = arena_alloc(arena, g->room * sizeof *p);
        if (g->stored) memcpy(p, g->times, g->stored * sizeof *p);
        g->times = p;
    }
    g->times[g->stored++] = t;
}

void function_take(const struct function *f, struct gathered *g, const struct event *ev,
                   const struct scope *s, struct arena *arena)
{
    if (f->event ? ev->code != f->event : (ev->flags & EVENT_SYSTEM) != 0) return;
    value v = f->has_path ? field_of(s, &f->path) : value_bool(true);
    if (v.type == VALUE_MISSING || v.type == VALUE_NULL) return;
    switch (f->kind) {
    case FUNCTION_SUM:
    case FUNCTION_MIN:
    case FUNCTION_MAX:
    case FUNCTION_AVG: take_number(f, g, v); return;
    case FUNCTION_MEDIAN_INTERVAL: take_time(g, ev->occurred_ms, arena); return;
    default: break;
    }
    if (f->kind != FUNCTION_FIRST || g->count == 0) {
        g->edge = v;
        g->at = ev->occurred_ms;
    }
    g->count++;
}

/* ---- numbers ---- */

typedef __int128 whole;

struct line {
    whole slope, at; /* slope·τ + at */
};
enum ratio_kind { RATIO_MISSING, RATIO_NUMBER, RATIO_MOMENT };
struct ratio {
    enum ratio_kind kind;
    struct line above, below; /* NUMBER */
    i64 ms;                   /* MOMENT */
};
struct sum {
    i64 now;
    i64 limit; /* in τ: up to it no divisor is zero */
    const struct zone *zone;
};

static const struct ratio MISSING_RATIO = {.kind = RATIO_MISSING};

static u128 size_of(whole a)
{
    return a < 0 ? 0 - (u128)a : (u128)a;
}

static u128 common(u128 a, u128 b)
{
    while (b) {
        u128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static struct ratio lowest(struct ratio r)
{
    u128 by = common(common(size_of(r.above.slope), size_of(r.above.at)),
                     common(size_of(r.below.slope), size_of(r.below.at)));
    if (by <= 1 || by >> 127) return r;
    r.above.slope /= (whole)by;
    r.above.at /= (whole)by;
    r.below.slope /= (whole)by;
    r.below.at /= (whole)by;
    return r;
}

static struct ratio number(whole above, whole below)
{
    return lowest((struct ratio){RATIO_NUMBER, {0, above}, {0, below}, 0});
}

static bool line_times(struct line a, struct line b, struct line *out)
{
    whole x, y;
    if (a.slope && b.slope) return false;
    return !__builtin_mul_overflow(a.slope, b.at, &x) &&
           !__builtin_mul_overflow(a.at, b.slope, &y) &&
           !__builtin_add_overflow(x, y, &out->slope) &&
           !__builtin_mul_overflow(a.at, b.at, &out->at);
}

static bool line_add(struct line a, struct line b, bool minus, struct line *out)
{
    if (minus)
        return !__builtin_sub_overflow(a.slope, b.slope, &out->slope) &&
               !__builtin_sub_overflow(a.at, b.at, &out->at);
    return !__builtin_add_overflow(a.slope, b.slope, &out->slope) &&
           !__builtin_add_overflow(a.at, b.at, &out->at);
}

/* The first whole τ > 0 at or after the zero of a line; NEVER: it has none ahead. */
static i64 zero_of(struct line l)
{
    if (l.slope == 0 || l.at == 0 || (l.at > 0) == (l.slope > 0)) return NEVER;
    u128 top = size_of(l.at), step = size_of(l.slope), at = top / step + (top % step != 0);
    return at > (u128)INT64_MAX ? NEVER : (i64)at;
}

static struct ratio divided(struct sum *s, struct ratio a, struct ratio b)
{
    struct ratio r = {.kind = RATIO_NUMBER};
    if (b.above.at == 0) {
        if (b.above.slope) s->limit = 1;
        return MISSING_RATIO;
    }
    s->limit = min_i64(s->limit, zero_of(b.above));
    if (!line_times(a.above, b.below, &r.above) || !line_times(a.below, b.above, &r.below))
        return MISSING_RATIO;
    return lowest(r);
}

static struct ratio combined(struct sum *s, step_kind kind, struct ratio a, struct ratio b)
{
    struct ratio r = {.kind = RATIO_NUMBER};
    struct line left, right;
    if (a.kind != RATIO_NUMBER || b.kind != RATIO_NUMBER) return MISSING_RATIO;
    if (kind == STEP_DIVIDE) return divided(s, a, b);
    if (!line_times(a.below, b.below, &r.below)) return MISSING_RATIO;
    if (kind == STEP_MULTIPLY)
        return line_times(a.above, b.above, &r.above) ? lowest(r) : MISSING_RATIO;
    if (!line_times(a.above, b.below, &left) || !line_times(b.above, a.below, &right) ||
        !line_add(left, right, kind == STEP_SUBTRACT, &r.above))
        return MISSING_RATIO;
    return lowest(r);
}

/* ---- functions ---- */

static int by_size(const void *a, const void *b)
{
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

static struct ratio median_interval(struct gathered *g)
{
    if (g->stored < 2) return MISSING_RATIO;
    u64 n = g->stored - 1;
    for (u64 i = 0; i < n; i++) g->times[i] = g->times[i + 1] - g->times[i];
    qsort(g->times, n, sizeof *g->times, by_size);
    whole two = (whole)g->times[(n - 1) / 2] + g->times[n / 2];
    g->stored = 0;
    return number(two, (whole)2 * DAY);
}

static struct ratio of_value(const struct sum *s, value v)
{
    decimal n;
    if (decimal_of(v, &n)) return number(n, DECIMAL_ONE);
    if (v.type == VALUE_TIME) return (struct ratio){.kind = RATIO_MOMENT, .ms = v.n};
    if (v.type == VALUE_DATE && v.n > -4000000 && v.n < 4000000)
        return (struct ratio){.kind = RATIO_MOMENT, .ms = zone_day_start(s->zone, v.n)};
    return MISSING_RATIO;
}

static struct ratio called(const struct sum *s, const struct function *f, struct gathered *g)
{
    if (f->kind == FUNCTION_MEDIAN_INTERVAL) return median_interval(g);
    if (g->count == 0) return MISSING_RATIO;
    switch (f->kind) {
    case FUNCTION_COUNT: return number((whole)g->count, 1);
    case FUNCTION_SUM: return number(g->sum, DECIMAL_ONE);
    case FUNCTION_MIN:
    case FUNCTION_MAX: return number(g->best, DECIMAL_ONE);
    case FUNCTION_AVG: return number(g->sum, DECIMAL_ONE * (whole)g->count);
    default: break;
    }
    if (f->has_path) return of_value(s, g->edge);
    return (struct ratio){.kind = RATIO_MOMENT, .ms = g->at};
}

static struct ratio days_since(const struct sum *s, struct ratio a)
{
    if (a.kind != RATIO_MOMENT) return MISSING_RATIO;
    return (struct ratio){RATIO_NUMBER, {1, (whole)s->now - a.ms}, {0, DAY}, 0};
}

/* ---- the comparison ---- */

static bool order_holds(u32 op, int order)
{
    switch (op) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    default: return order >= 0;
    }
}

static int sign(whole a)
{
    return (a > 0) - (a < 0);
}

static int sign_at(struct line l, i64 tau)
{
    whole rise;
    if (__builtin_mul_overflow(l.slope, (whole)tau, &rise) ||
        __builtin_add_overflow(rise, l.at, &rise))
        return sign(l.slope);
    return sign(rise);
}

static answer turned(const struct sum *s, bool holds, i64 tau)
{
    i64 until;
    tau = min_i64(tau, s->limit);
    if (tau == NEVER || __builtin_add_overflow(s->now, tau, &until)) until = NEVER;
    return (answer){holds, until};
}

static answer compared(const struct sum *s, u32 op, struct ratio a, struct ratio b)
{
    struct line left, right, difference;
    if (a.kind == RATIO_MOMENT && b.kind == RATIO_MOMENT)
        return turned(s, order_holds(op, (a.ms > b.ms) - (a.ms < b.ms)), NEVER);
    bool numbers = a.kind == RATIO_NUMBER && b.kind == RATIO_NUMBER;
    if (!numbers || !line_times(a.above, b.below, &left) || !line_times(b.above, a.below, &right) ||
        !line_add(left, right, true, &difference))
        return turned(s, false, NEVER);
    int below = sign(a.below.at) * sign(b.below.at);
    bool holds = order_holds(op, below * sign(difference.at));
    i64 zero = zero_of(difference);
    if (difference.at == 0 && difference.slope) zero = 1;
    for (u32 i = 0; zero < NEVER - 1 && i < 2; i++, zero++)
        if (order_holds(op, below * sign_at(difference, zero)) != holds)
            return turned(s, holds, zero);
    return turned(s, holds, NEVER);
}

answer formula_answer(const struct formula *f, struct gathered *g, const struct zone *zone, i64 now)
{
    struct ratio stack[FORMULA_DEPTH_MAX + 1], *values;
    struct sum s = {.now = now, .limit = NEVER, .zone = zone};
    u32 height = 0;
    struct ratio results[FORMULA_FUNCTIONS_MAX];
    for (u32 i = 0; i < f->function_count; i++) results[i] = called(&s, &f->functions[i], &g[i]);
    for (u32 i = 0; i < f->step_count; i++) {
        const struct formula_step *step = &f->steps[i];
        switch (step->kind) {
        case STEP_NUMBER: stack[height++] = number(step->number, DECIMAL_ONE); break;
        case STEP_CALL: stack[height++] = results[step->n]; break;
        case STEP_DAYS_SINCE: stack[height - 1] = days_since(&s, stack[height - 1]); break;
        case STEP_NEGATE:
            stack[height - 1] = combined(&s, STEP_SUBTRACT, number(0, 1), stack[height - 1]);
            break;
        case STEP_COALESCE:
            height -= step->n - 1;
            values = &stack[height - 1];
            for (u32 k = 1; k < step->n && values->kind == RATIO_MISSING; k++) *values = values[k];
            break;
        case STEP_COMPARE: return compared(&s, step->n, stack[0], stack[1]);
        default:
            height--;
            stack[height - 1] = combined(&s, step->kind, stack[height - 1], stack[height]);
        }
    }
    return (answer){false, NEVER};
}
