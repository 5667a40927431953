/* compile_value.c — paths, constants, and what a value is compared with. */
#include "predicate/compiler.h"

enum { NUMBERS_MAX = 16 /* in a list that a number of times is compared with */ };

/* ---- paths ---- */

/* a.b.c with no empty part. */
static bool is_dotted(str text)
{
    u32 parts = 1;
    size_t part = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '.') {
            part++;
            continue;
        }
        if (part == 0 || ++parts > PATH_PARTS_MAX) return false;
        part = 0;
    }
    return parts > 1 && part > 0;
}

/* The context of an event lies under a name that no client's property can have. */
static str head_name(str text, tree_kind kind)
{
    str head = str_slice(text, 0, (size_t)str_index(text, '.'));
    return kind == TREE_WHERE && str_eq(head, S("context")) ? S("$context") : head;
}

err compile_path(struct compiler *c, tree_kind kind, str text)
{
    name_kind names = kind == TREE_MAIN ? NAME_ATTRIBUTE : NAME_PROPERTY;
    u32 whole = 0, head = 0;
    if (text.n == 0 || text.n > NAME_BYTES_MAX)
        return REFUSE(c, "a name has 1 to %d bytes", NAME_BYTES_MAX);
    bool dotted = is_dotted(text);
    if (kind == TREE_ITEM) {
        dotted = false;
    } else if (dotted) {
        whole = names_find(c->pc->names, names, text);
        TRY(compile_code(c, names, head_name(text, kind), &head));
    } else {
        err e = names_code(c->pc->names, names, text, &whole);
        if (e == ERR_LIMIT && kind == TREE_WHERE)
            whole = 0;
        else if (e != ERR_OK)
            TRY(compile_code(c, names, text, &whole));
    }
    buf_str_varint(c->out, text);
    buf_varint(c->out, whole);
    buf_varint(c->out, head);
    return ERR_OK;
}

/* ---- constants ---- */

static struct constant instant(const struct compiler *c, const iso_time *t, str text)
{
    const struct zone *z = c->pc->zone;
    struct constant k = {.v = {.text = text}};
    if (t->timed) {
        k.v.type = VALUE_TIME;
        k.v.n = t->zoned ? iso_ms(t) : zone_resolve_iso(z, t);
        k.day = zone_day(z, k.v.n);
    } else {
        k.v.type = VALUE_DATE;
        k.v.n = k.day = days_of(t->local.year, t->local.month, t->local.day);
    }
    k.from_ms = zone_day_start(z, k.day);
    k.to_ms = zone_day_start(z, k.day + 1);
    return k;
}

MUST_USE static err constant_of(struct compiler *c, const struct json *j, struct constant *out)
{
    iso_time t;
    fixed f;
    i64 n;
    *out = (struct constant){0};
    switch (j->type) {
    case JSON_BOOL: out->v = value_bool(j->boolean); return ERR_OK;
    case JSON_STRING:
        if (j->text.n > CONSTANT_BYTES_MAX)
            return REFUSE(c, "a text to compare with has at most %d bytes", CONSTANT_BYTES_MAX);
        if (iso_parse(j->text, &t))
            *out = instant(c, &t, j->text);
        else
            out->v = value_text(j->text);
        return ERR_OK;
    case JSON_NUMBER:
        if (j->text.n > CONSTANT_BYTES_MAX) return REFUSE(c, "this number is too long");
        if (str_to_i64(j->text, &n) == ERR_OK)
            out->v = value_int(n);
        else if (fixed_parse(j->text, &f) == ERR_OK)
            out->v = f % FIXED_ONE ? value_fixed(f) : value_int(f / FIXED_ONE);
        else
            out->v = (value){.type = VALUE_NUMBER, .text = j->text};
        out->is_number = decimal_of(out->v, &out->number);
        return ERR_OK;
    case JSON_NULL:
        return REFUSE(c, "nothing equals null; ask with \"op\":\"missing\" or \"op\":\"exists\"");
    default: return REFUSE(c, "a value is a text, a number, true or false");
    }
}

static void put_constant(struct compiler *c, const struct constant *k)
{
    value_put(c->out, k->v);
    if (k->v.type != VALUE_DATE && k->v.type != VALUE_TIME) return;
    buf_zigzag(c->out, k->day);
    buf_zigzag(c->out, k->from_ms);
    buf_zigzag(c->out, k->to_ms);
}

MUST_USE static err check_wanted(struct compiler *c, const struct constant *k, test_want want)
{
    bool instant_like = k->v.type == VALUE_DATE || k->v.type == VALUE_TIME;
    if (want == WANT_NUMBER && !k->is_number) return REFUSE(c, "compare this with a number");
    if (want == WANT_ORDERED && !k->is_number && !instant_like)
        return REFUSE(c, "compare the least or greatest with a number or a date");
    if (want == WANT_COUNT && (!k->is_number || k->number < 0 || k->number % DECIMAL_ONE ||
                               k->number > COUNT_MAX * DECIMAL_ONE))
        return REFUSE(c, "a number of times is a whole number, 0 to %d", COUNT_MAX);
    return ERR_OK;
}

/* ---- tests ---- */

static bool takes_list(predicate_op op)
{
    return op == COMPARE_IN || op == COMPARE_NOT_IN || op == COMPARE_HAS_ANY ||
           op == COMPARE_HAS_ALL || op == COMPARE_BETWEEN;
}

static bool takes_text(predicate_op op)
{
    return op == COMPARE_STARTS_WITH || op == COMPARE_ENDS_WITH || op == COMPARE_MATCHES;
}

/* A `did` without an event is false whatever it counts, so some number from one on must satisfy. */
MUST_USE static err check_possible(struct compiler *c, const struct test *t)
{
    bool possible = test_count(t, 1) || test_count(t, COUNT_MAX);
    for (u32 i = 0; i < t->count; i++) {
        u64 n = (u64)(t->constants[i].number / DECIMAL_ONE);
        possible |=
            (n > 1 && test_count(t, n - 1)) || (n > 0 && test_count(t, n)) || test_count(t, n + 1);
    }
    if (possible) return ERR_OK;
    return REFUSE(
        c, "this can never hold: without the event a did is false; write {\"not\":{\"did\":…}} "
           "for customers who did not");
}

MUST_USE static err check_ends(struct compiler *c, const struct constant *from,
                               const struct constant *to)
{
    int order;
    if (!compare_value(from->v, to, &order))
        return REFUSE(c, "both ends of between must be of one kind: numbers, texts or dates");
    if (order > 0) return REFUSE(c, "the first end of between must not be above the second");
    return ERR_OK;
}

MUST_USE static err put_list(struct compiler *c, const struct json *list, predicate_op op,
                             test_want want)
{
    struct constant k[NUMBERS_MAX];
    u32 max = want == WANT_ANY ? CONSTANTS_MAX : NUMBERS_MAX;
    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        return REFUSE(c, "\"%.*s\" takes a list of values, [\"…\",\"…\"]", STR_ARG(op_text(op)));
    if (op == COMPARE_BETWEEN && list->count != 2)
        return REFUSE(c, "between takes two values, [from, to]");
    if (list->count > max) return REFUSE(c, "a list has at most %u values", max);
    buf_varint(c->out, list->count);
    u32 i = 0;
    for (const struct json *j = list->child; j; j = j->next, i++) {
        u32 mark = compile_index(c, i);
        struct constant *at = &k[want == WANT_ANY && op != COMPARE_BETWEEN ? 0 : i];
        TRY(constant_of(c, j, at));
        TRY(check_wanted(c, at, want));
        put_constant(c, at);
        compile_leave(c, mark);
    }
    if (op == COMPARE_BETWEEN) TRY(check_ends(c, &k[0], &k[1]));
    if (want != WANT_COUNT) return ERR_OK;
    return check_possible(c, &(struct test){.op = op, .count = i, .constants = k});
}

MUST_USE static err put_one(struct compiler *c, const struct json *j, predicate_op op,
                            test_want want)
{
    struct constant k;
    if (json_is(j, JSON_ARRAY))
        return REFUSE(c, "\"%.*s\" takes one value; for a list write \"in\"", STR_ARG(op_text(op)));
    TRY(constant_of(c, j, &k));
    TRY(check_wanted(c, &k, want));
    if (takes_text(op) && j->type != JSON_STRING)
        return REFUSE(c, "\"%.*s\" compares with a text", STR_ARG(op_text(op)));
    buf_varint(c->out, 1);
    put_constant(c, &k);
    if (want != WANT_COUNT) return ERR_OK;
    return check_possible(c, &(struct test){.op = op, .count = 1, .constants = &k});
}

err compile_test(struct compiler *c, const struct json *j, test_want want)
{
    str text;
    TRY(compile_text(c, j, "op", &text));
    predicate_op op = op_of(text);
    bool allowed = op != COMPARE_NONE_ && (want == WANT_ANY || op <= COMPARE_BETWEEN);
    if (!allowed) {
        compile_enter(c, "op");
        return REFUSE(
            c, "there is no operator \"%.*s\" here; there are %s", STR_ARG(str_slice(text, 0, 40)),
            want == WANT_ANY ? "= != < <= > >= in not_in between contains starts_with ends_with "
                               "matches exists missing has_any has_all"
                             : "= != < <= > >= in not_in between");
    }
    buf_byte(c->out, (u8)op);
    const struct json *v = json_get(j, "value");
    if (op == COMPARE_EXISTS || op == COMPARE_MISSING) {
        if (v) return REFUSE(c, "\"%.*s\" takes no value", STR_ARG(text));
        buf_varint(c->out, 0);
        return ERR_OK;
    }
    if (!v) return REFUSE(c, "\"value\" is missing: what to compare with");
    u32 mark = compile_enter(c, "value");
    if (takes_list(op))
        TRY(put_list(c, v, op, want));
    else
        TRY(put_one(c, v, op, want));
    compile_leave(c, mark);
    return ERR_OK;
}

err compile_moment(struct compiler *c, str text, bool end, i64 *ms)
{
    iso_time t;
    if (!iso_parse(text, &t))
        return REFUSE(c, "this is no date: write 2026-01-31 or 2026-01-31T09:00:00+08:00");
    struct constant k = instant(c, &t, text);
    *ms = t.timed ? k.v.n : end ? k.to_ms : k.from_ms;
    return ERR_OK;
}
