/* compile_formula.c — the text of a formula to functions and postfix steps.
 *
 *   comparison  sum (= != < <= > >=) sum
 *   sum         product { (+ -) product }
 *   product     signed { (* /) signed }
 *   signed      - signed | number | ( sum ) | function ( … ) | coalesce ( sum , sum … )
 *               | days_since ( sum | 'event' [, 'property'] )
 *
 * Recursive descent, as deep as FORMULA_DEPTH_MAX; every step is checked as it is written. */
#include "predicate/compiler.h"
#include "predicate/formula.h"

struct parser {
    struct compiler *c;
    str text;
    size_t at;
    u32 depth, function_count, step_count, height;
    struct operand stack[FORMULA_DEPTH_MAX + 1];
    struct buf functions, steps;
    str function_bytes[FORMULA_FUNCTIONS_MAX];
    struct arena *arena;
};

MUST_USE static err sum(struct parser *p);

#define REFUSE_HERE(p, text, ...)                                                                  \
    REFUSE((p)->c, "at character %zu: " text, (p)->at + 1 __VA_OPT__(, ) __VA_ARGS__)

/* ---- words ---- */

static char next(struct parser *p)
{
    while (p->at < p->text.n && (p->text.p[p->at] == ' ' || p->text.p[p->at] == '\t' ||
                                 p->text.p[p->at] == '\n' || p->text.p[p->at] == '\r'))
        p->at++;
    return p->at < p->text.n ? p->text.p[p->at] : 0;
}

static bool takes(struct parser *p, char ch)
{
    if (next(p) != ch) return false;
    p->at++;
    return true;
}

MUST_USE static err expect(struct parser *p, char ch)
{
    if (takes(p, ch)) return ERR_OK;
    return REFUSE_HERE(p, "\"%c\" is expected here", ch);
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static str word(struct parser *p)
{
    size_t from = p->at;
    while (p->at < p->text.n &&
           ((p->text.p[p->at] >= 'a' && p->text.p[p->at] <= 'z') ||
            (p->text.p[p->at] >= 'A' && p->text.p[p->at] <= 'Z') || p->text.p[p->at] == '_'))
        p->at++;
    return str_slice(p->text, from, p->at);
}

/* 'Order Completed' or "Order Completed"; a backslash takes the next character as it is. */
MUST_USE static err quoted(struct parser *p, char room[NAME_BYTES_MAX], str *out)
{
    char mark = next(p);
    size_t n = 0;
    if (mark != '\'' && mark != '"')
        return REFUSE_HERE(p, "the name of an event or property is expected here, in quotes");
    for (p->at++; p->at < p->text.n && p->text.p[p->at] != mark; p->at++) {
        if (p->text.p[p->at] == '\\' && p->at + 1 < p->text.n) p->at++;
        if (n == NAME_BYTES_MAX) return REFUSE_HERE(p, "a name has 1 to %d bytes", NAME_BYTES_MAX);
        room[n++] = p->text.p[p->at];
    }
    if (p->at == p->text.n) return REFUSE_HERE(p, "the quotes are not closed");
    p->at++;
    *out = (str){room, n};
    return ERR_OK;
}

/* ---- steps ---- */

MUST_USE static err began(struct parser *p, step_kind kind)
{
    if (p->step_count++ == FORMULA_STEPS_MAX)
        return REFUSE_HERE(p, "a formula has at most %d parts", FORMULA_STEPS_MAX);
    buf_byte(&p->steps, (u8)kind);
    return ERR_OK;
}

MUST_USE static err pushed(struct parser *p, struct operand o)
{
    if (p->height == FORMULA_DEPTH_MAX)
        return REFUSE_HERE(p, "this is nested too deep; a formula has at most %d open parts",
                           FORMULA_DEPTH_MAX);
    p->stack[p->height++] = o;
    return ERR_OK;
}

MUST_USE static err applied(struct parser *p, step_kind kind, u32 operands)
{
    switch (operand_apply(p->stack, &p->height, kind, operands)) {
    case OPERAND_FITS: return ERR_OK;
    case OPERAND_WANTS_NUMBER:
        return REFUSE_HERE(p, "a moment is no number to reckon with: write days_since(…)");
    case OPERAND_WANTS_MOMENT:
        return REFUSE_HERE(p, "days_since takes a moment: days_since(last('Order Completed'))");
    case OPERAND_MIXED: return REFUSE_HERE(p, "a number and a moment do not compare");
    default:
        return REFUSE_HERE(p, "two things that change with time may be added and compared, but "
                              "not multiplied or divided here");
    }
}

/* ---- functions ---- */

MUST_USE static err put_function(struct parser *p, function_kind kind, str event,
                                 const str *property)
{
    struct buf b;
    u32 code = 0, i = 0;
    err e = ERR_OK;
    buf_init(&b, 4096);
    buf_byte(&b, (u8)kind);
    if (!str_eq(event, S("*"))) e = compile_code(p->c, NAME_EVENT, event, &code);
    buf_varint(&b, code);
    buf_byte(&b, property != NULL);
    if (e == ERR_OK && property) {
        struct compiler inner = *p->c;
        inner.out = &b;
        e = compile_path(&inner, TREE_WHERE, *property);
    }
    str bytes = arena_str(p->arena, buf_str(&b));
    buf_clear(&b);
    TRY(e);
    while (i < p->function_count && !str_eq(p->function_bytes[i], bytes)) i++;
    if (i == FORMULA_FUNCTIONS_MAX)
        return REFUSE_HERE(p, "a formula asks for at most %d different things",
                           FORMULA_FUNCTIONS_MAX);
    if (i == p->function_count) {
        p->function_bytes[p->function_count++] = bytes;
        buf_put(&p->functions, bytes);
    }
    TRY(began(p, STEP_CALL));
    buf_varint(&p->steps, i);
    return pushed(p, function_type(kind, property != NULL));
}

/* 'event' [, 'property'] ) */
MUST_USE static err arguments(struct parser *p, function_kind kind)
{
    char event_room[NAME_BYTES_MAX], property_room[NAME_BYTES_MAX];
    str event, property;
    bool numeric = kind >= FUNCTION_SUM && kind <= FUNCTION_AVG, has_property = false;
    TRY(quoted(p, event_room, &event));
    if (takes(p, ',')) {
        has_property = true;
        TRY(quoted(p, property_room, &property));
    }
    str name = function_text(kind);
    if (numeric && !has_property)
        return REFUSE_HERE(p,
                           "%.*s takes an event and a property: %.*s('Order Completed', 'total')",
                           STR_ARG(name), STR_ARG(name));
    if (kind == FUNCTION_MEDIAN_INTERVAL && has_property)
        return REFUSE_HERE(p, "median_interval takes an event alone");
    TRY(expect(p, ')'));
    return put_function(p, kind, event, has_property ? &property : NULL);
}

MUST_USE static err days_since(struct parser *p)
{
    char ch = next(p);
    if (ch == '\'' || ch == '"') {
        TRY(arguments(p, FUNCTION_LAST));
    } else {
        TRY(sum(p));
        TRY(expect(p, ')'));
    }
    TRY(began(p, STEP_DAYS_SINCE));
    return applied(p, STEP_DAYS_SINCE, 1);
}

MUST_USE static err coalesce(struct parser *p)
{
    u32 n = 0;
    do {
        TRY(sum(p));
        n++;
    } while (takes(p, ','));
    TRY(expect(p, ')'));
    TRY(began(p, STEP_COALESCE));
    buf_varint(&p->steps, n);
    return applied(p, STEP_COALESCE, n);
}

MUST_USE static err call(struct parser *p)
{
    str name = word(p);
    TRY(expect(p, '('));
    if (str_eq(name, S("days_since"))) return days_since(p);
    if (str_eq(name, S("coalesce"))) return coalesce(p);
    for (u32 f = 0; f < FUNCTION_KIND_COUNT; f++)
        if (str_eq(name, function_text(f))) return arguments(p, f);
    return REFUSE_HERE(p,
                       "there is no function \"%.*s\"; there are count, sum, min, max, avg, first, "
                       "last, days_since, median_interval, coalesce",
                       STR_ARG(str_slice(name, 0, 40)));
}

/* ---- expressions ---- */

MUST_USE static err constant(struct parser *p)
{
    size_t from = p->at;
    while (p->at < p->text.n && (is_digit(p->text.p[p->at]) || p->text.p[p->at] == '.')) p->at++;
    str text = str_slice(p->text, from, p->at);
    fixed f;
    if (text.n > 38 || fixed_parse(text, &f) == ERR_INVALID)
        return REFUSE_HERE(p, "\"%.*s\" is no number", STR_ARG(str_slice(text, 0, 40)));
    TRY(began(p, STEP_NUMBER));
    value_put(&p->steps, (value){.type = VALUE_NUMBER, .text = text});
    return pushed(p, (struct operand){OPERAND_NUMBER, 0, 0});
}

MUST_USE static err primary(struct parser *p)
{
    char ch = next(p);
    if (is_digit(ch)) return constant(p);
    if (takes(p, '(')) {
        TRY(sum(p));
        return expect(p, ')');
    }
    if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')) return call(p);
    return REFUSE_HERE(p, "a number, a function or \"(\" is expected here");
}

MUST_USE static err negated(struct parser *p)
{
    bool minus = false;
    while (takes(p, '-')) minus = !minus;
    TRY(primary(p));
    if (!minus) return ERR_OK;
    TRY(began(p, STEP_NEGATE));
    return applied(p, STEP_NEGATE, 1);
}

MUST_USE static err product(struct parser *p)
{
    TRY(negated(p));
    for (char ch = next(p); ch == '*' || ch == '/'; ch = next(p)) {
        step_kind kind = ch == '*' ? STEP_MULTIPLY : STEP_DIVIDE;
        p->at++;
        TRY(negated(p));
        TRY(began(p, kind));
        TRY(applied(p, kind, 2));
    }
    return ERR_OK;
}

MUST_USE static err sum(struct parser *p)
{
    if (p->depth++ == FORMULA_DEPTH_MAX)
        return REFUSE_HERE(p, "brackets nest at most %d deep", FORMULA_DEPTH_MAX);
    TRY(product(p));
    for (char ch = next(p); ch == '+' || ch == '-'; ch = next(p)) {
        step_kind kind = ch == '+' ? STEP_ADD : STEP_SUBTRACT;
        p->at++;
        TRY(product(p));
        TRY(began(p, kind));
        TRY(applied(p, kind, 2));
    }
    p->depth--;
    return ERR_OK;
}

static predicate_op comparison_op(struct parser *p)
{
    char ch = next(p);
    if (ch != '=' && ch != '!' && ch != '<' && ch != '>') return COMPARE_NONE_;
    p->at++;
    bool equal = p->at < p->text.n && p->text.p[p->at] == '=';
    p->at += equal;
    if (ch == '=') return COMPARE_EQ;
    if (ch == '!') return equal ? COMPARE_NE : COMPARE_NONE_;
    if (ch == '<') return equal ? COMPARE_LE : COMPARE_LT;
    return equal ? COMPARE_GE : COMPARE_GT;
}

MUST_USE static err comparison(struct parser *p)
{
    TRY(sum(p));
    predicate_op op = comparison_op(p);
    if (op == COMPARE_NONE_) return REFUSE_HERE(p, "a comparison is expected here: = != < <= > >=");
    TRY(sum(p));
    if (next(p))
        return REFUSE_HERE(p, "a formula is one comparison and ends here; join several with "
                              "{\"all\":[…]}");
    if (p->function_count == 0)
        return REFUSE_HERE(p, "a formula asks for something she did: count('Order Completed')");
    TRY(began(p, STEP_COMPARE));
    buf_byte(&p->steps, (u8)op);
    return applied(p, STEP_COMPARE, 2);
}

err compile_formula(struct compiler *c, const struct json *j)
{
    str text;
    TRY(compile_text(c, j, "formula", &text));
    u32 mark = compile_enter(c, "formula");
    if (text.n > FORMULA_BYTES_MAX)
        return REFUSE(c, "a formula has at most %d bytes", FORMULA_BYTES_MAX);
    TRY(compile_node(c, NODE_FORMULA));
    struct parser p = {.c = c, .text = text, .arena = arena_new()};
    buf_init(&p.functions, PREDICATE_BYTES_MAX);
    buf_init(&p.steps, PREDICATE_BYTES_MAX);
    err e = comparison(&p);
    if (e == ERR_OK) {
        buf_str_varint(c->out, text);
        buf_varint(c->out, p.function_count);
        buf_put(c->out, buf_str(&p.functions));
        buf_varint(c->out, p.step_count);
        buf_put(c->out, buf_str(&p.steps));
    }
    buf_clear(&p.functions);
    buf_clear(&p.steps);
    arena_free(p.arena);
    compile_leave(c, mark);
    return e;
}
