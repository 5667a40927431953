/* liquid_expr.c — the words of a tag, and expressions and conditions made of them. */
#include "content/liquid.h"

/* ---- words ---- */

/* Names may be of any script: customers' attributes are. */
static bool is_name_start(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || (u8)ch >= 0x80;
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool is_space(char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

static void take(struct parser *p, word_kind kind, size_t n)
{
    p->kind = kind;
    p->word = (str){p->p, n};
    p->p += n;
}

static void take_string(struct parser *p)
{
    char quote = *p->p++;
    const char *end = memchr(p->p, quote, (size_t)(p->end - p->p));
    if (!end) {
        p->p--;
        take(p, WORD_BAD, 1);
        return;
    }
    take(p, WORD_STRING, (size_t)(end - p->p));
    p->p++;
}

static void take_number(struct parser *p)
{
    const char *q = p->p + (*p->p == '-');
    while (q < p->end && is_digit(*q)) q++;
    if (q + 1 < p->end && *q == '.' && is_digit(q[1]))
        for (q++; q < p->end && is_digit(*q);) q++;
    take(p, WORD_NUMBER, (size_t)(q - p->p));
}

static void take_sign(struct parser *p)
{
    static const char *const two[] = {"==", "!=", "<>", "<=", ">=", ".."};
    for (u32 i = 0; i < COUNT_OF(two); i++) {
        if (p->end - p->p < 2 || memcmp(p->p, two[i], 2) != 0) continue;
        take(p, WORD_SIGN, 2);
        return;
    }
    take(p, memchr("|:,.[]()=<>", *p->p, 11) ? WORD_SIGN : WORD_BAD, 1);
}

void parser_next(struct parser *p)
{
    while (p->p < p->end && is_space(*p->p)) p->p++;
    if (p->p == p->end) {
        take(p, WORD_END, 0);
    } else if (is_name_start(*p->p)) {
        const char *q = p->p;
        while (q < p->end && (is_name_start(*q) || is_digit(*q) || *q == '-')) q++;
        if (q < p->end && *q == '?') q++;
        take(p, WORD_NAME, (size_t)(q - p->p));
    } else if (*p->p == '"' || *p->p == '\'') {
        take_string(p);
    } else if (is_digit(*p->p) || (*p->p == '-' && p->p + 1 < p->end && is_digit(p->p[1]))) {
        take_number(p);
    } else {
        take_sign(p);
    }
}

struct parser parser_of(struct compiler *c, str markup)
{
    struct parser p = {.c = c, .p = markup.p, .end = markup.p + markup.n};
    parser_next(&p);
    return p;
}

u32 parser_at(const struct parser *p)
{
    return (u32)(p->word.p - p->c->source.p);
}

bool parser_is(const struct parser *p, const char *sign)
{
    return p->kind == WORD_SIGN && str_eq(p->word, str_of(sign));
}

bool parser_sign(struct parser *p, const char *sign)
{
    if (!parser_is(p, sign)) return false;
    parser_next(p);
    return true;
}

bool parser_word(struct parser *p, const char *name)
{
    if (p->kind != WORD_NAME || !str_eq(p->word, str_of(name))) return false;
    parser_next(p);
    return true;
}

err parser_unexpected(struct parser *p, const char *wanted)
{
    if (p->kind == WORD_END) return liquid_refuse(p->c, parser_at(p), "%s is missing here", wanted);
    if (p->kind == WORD_BAD && (*p->word.p == '"' || *p->word.p == '\''))
        return liquid_refuse(p->c, parser_at(p), "this quotation mark is never closed");
    return liquid_refuse(p->c, parser_at(p), "\"%.*s\" stands where %s is expected",
                         (int)min_size(p->word.n, 40), p->word.p, wanted);
}

err parse_end(struct parser *p)
{
    return p->kind == WORD_END ? ERR_OK : parser_unexpected(p, "the end");
}

/* ---- operands ---- */

/* Names whose values differ from message to message: they do not make the content another. */
static bool is_own(str root)
{
    return str_eq(root, S("unsubscribe_url")) || str_eq(root, S("preferences_url")) ||
           str_eq(root, S("message"));
}

static bool constant_word(str name, datum *out)
{
    static const struct {
        str name;
        value_type type;
        datum_kind kind;
    } words[] = {{{"true", 4}, VALUE_TRUE, DATUM_PLAIN},  {{"false", 5}, VALUE_FALSE, DATUM_PLAIN},
                 {{"nil", 3}, VALUE_NULL, DATUM_PLAIN},   {{"null", 4}, VALUE_NULL, DATUM_PLAIN},
                 {{"empty", 5}, VALUE_NULL, DATUM_EMPTY}, {{"blank", 5}, VALUE_NULL, DATUM_BLANK}};
    for (u32 i = 0; i < COUNT_OF(words); i++) {
        if (!str_eq(words[i].name, name)) continue;
        *out = (datum){.v = {.type = words[i].type}, .kind = (u8)words[i].kind};
        return true;
    }
    return false;
}

static value number_constant(str text)
{
    i64 whole;
    fixed decimal;
    if (str_to_i64(text, &whole) == ERR_OK) return value_int(whole);
    if (fixed_parse(text, &decimal) == ERR_OK) return value_fixed(decimal);
    return (value){.type = VALUE_NUMBER, .text = text};
}

/* Brackets and ranges may hold values that hold brackets and ranges. */
MUST_USE static err parse_inner(struct parser *p, const struct operand **out)
{
    if (p->c->depth == LIQUID_DEPTH_MAX)
        return diag_set(p->c->why, ERR_LIMIT, "brackets may be nested at most %d deep",
                        LIQUID_DEPTH_MAX);
    struct operand *inner = arena_zalloc(p->c->arena, sizeof *inner);
    p->c->depth++;
    err e = parse_operand(p, inner);
    p->c->depth--;
    *out = inner;
    return e;
}

/* What stands in brackets: a fixed text is as good as a name. */
MUST_USE static err parse_index(struct parser *p, str *name, const struct operand **out)
{
    const struct operand *index;
    TRY(parse_inner(p, &index));
    if (index->kind == OPERAND_CONSTANT && index->constant.v.type == VALUE_TEXT)
        *name = index->constant.v.text;
    else
        *out = index;
    return parser_sign(p, "]") ? ERR_OK : parser_unexpected(p, "]");
}

MUST_USE static err parse_members(struct parser *p, struct operand *out)
{
    const struct member **tail = &out->members;
    while (parser_is(p, ".") || parser_is(p, "[")) {
        struct member *m = arena_zalloc(p->c->arena, sizeof *m);
        if (parser_sign(p, "[")) {
            TRY(parse_index(p, &m->name, &m->index));
        } else {
            parser_next(p);
            if (p->kind != WORD_NAME) return parser_unexpected(p, "a name");
            m->name = p->word;
            m->kind = liquid_field_kind(p->word);
            parser_next(p);
        }
        m->field = FIELD_AT_NONE;
        *tail = m;
        tail = &m->next;
    }
    return ERR_OK;
}

MUST_USE static err use_name(struct parser *p, str name, struct operand *out)
{
    out->kind = OPERAND_NAME;
    out->root = name;
    out->own = is_own(name);
    out->slot = liquid_slot(p->c, name);
    if (out->slot != UINT32_MAX) return ERR_OK;
    return diag_set(p->c->why, ERR_LIMIT, "a template may use at most %d different names",
                    LIQUID_NAMES_MAX);
}

/* A name and its members; the first of them is a field. */
MUST_USE static err parse_named(struct parser *p, str name, struct operand *out)
{
    TRY(use_name(p, name, out));
    TRY(parse_members(p, out));
    /* The member was made here and is ours to change. */
    struct member *m = (struct member *)(uintptr_t)out->members;
    if (!m || m->index || !m->name.n) return ERR_OK;
    m->field = liquid_field_at(p->c, out->slot, m->name, m->kind);
    if (!m->next && !out->own) out->field = m->field;
    return ERR_OK;
}

MUST_USE static err parse_bracketed(struct parser *p, struct operand *out)
{
    str name = {0};
    TRY(parse_index(p, &name, &out->index));
    if (!out->index) return parse_named(p, name, out);
    out->kind = OPERAND_COMPUTED;
    return parse_members(p, out);
}

MUST_USE static err parse_range(struct parser *p, struct operand *out)
{
    out->kind = OPERAND_RANGE;
    TRY(parse_inner(p, &out->index));
    if (!parser_sign(p, "..")) return parser_unexpected(p, "..");
    TRY(parse_inner(p, &out->end));
    return parser_sign(p, ")") ? ERR_OK : parser_unexpected(p, ")");
}

/* nil.x is no constant: a word of the language with members is a name like any other. */
static bool has_members(const struct parser *p)
{
    struct parser ahead = *p;
    parser_next(&ahead);
    return parser_is(&ahead, ".") || parser_is(&ahead, "[");
}

err parse_operand(struct parser *p, struct operand *out)
{
    str name;
    *out = (struct operand){.field = FIELD_AT_NONE};
    if (parser_sign(p, "[")) return parse_bracketed(p, out);
    if (parser_sign(p, "(")) return parse_range(p, out);
    switch (p->kind) {
    case WORD_STRING: out->constant = datum_of(value_text(p->word)); break;
    case WORD_NUMBER: out->constant = datum_of(number_constant(p->word)); break;
    case WORD_NAME:
        if (constant_word(p->word, &out->constant) && !has_members(p)) break;
        out->constant = (datum){0};
        name = p->word;
        parser_next(p);
        return parse_named(p, name, out);
    default: return parser_unexpected(p, "a value");
    }
    parser_next(p);
    return ERR_OK;
}

err parse_target(struct parser *p, str *name, u32 *slot)
{
    struct operand o;
    if (p->kind != WORD_NAME && p->kind != WORD_STRING && p->kind != WORD_NUMBER)
        return parser_unexpected(p, "a name");
    *name = p->word;
    TRY(use_name(p, p->word, &o));
    *slot = o.slot;
    parser_next(p);
    return ERR_OK;
}

/* The declared fallback of customer.first_name, if there is one. */
static void set_fallback(struct parser *p, struct operand *o)
{
    const struct liquid_options *options = p->c->program->options;
    const struct json *j = NULL;
    char path[200];
    size_t n = 0;
    if (o->kind != OPERAND_NAME || !options || !json_is(options->fallbacks, JSON_OBJECT)) return;
    for (const struct member *m = NULL;;) {
        str name = m ? m->name : o->root;
        if (name.n > sizeof path - 2 - n || (m && m->index)) return;
        if (m) path[n++] = '.';
        memcpy(path + n, name.p, name.n);
        n += name.n;
        m = m ? m->next : o->members;
        if (!m) break;
    }
    path[n] = 0;
    j = json_get(options->fallbacks, path);
    if (!json_is(j, JSON_STRING)) return;
    struct operand *otherwise = arena_zalloc(p->c->arena, sizeof *otherwise);
    otherwise->constant = datum_of(value_text(j->text));
    o->otherwise = otherwise;
    o->field = FIELD_AT_NONE;
}

/* ---- filters ---- */

MUST_USE static err unknown_filter(struct parser *p)
{
    struct buf known;
    buf_init(&known, 240);
    liquid_filter_names(&known);
    err e = liquid_refuse(p->c, parser_at(p), "there is no filter \"%.*s\"; known: %.*s",
                          (int)min_size(p->word.n, 40), p->word.p, STR_ARG(buf_str(&known)));
    buf_clear(&known);
    return e;
}

/* A named argument stands where the filter's table says: behind the others. */
MUST_USE static err parse_argument(struct parser *p, struct call *c, u32 *count)
{
    const struct liquid_filter *f = c->filter;
    struct operand *arg = arena_zalloc(p->c->arena, sizeof *arg);
    u32 at = parser_at(p), place = *count;
    struct parser ahead = *p;
    parser_next(&ahead);
    if (p->kind == WORD_NAME && parser_is(&ahead, ":")) {
        if (!f->named.n || !str_eq(f->named, p->word))
            return liquid_refuse(p->c, at, "%.*s has no argument \"%.*s\"", STR_ARG(f->name),
                                 (int)min_size(p->word.n, 40), p->word.p);
        place = f->args_max;
        parser_next(p);
        parser_next(p);
    } else if (++*count > f->args_max) {
        return liquid_refuse(p->c, at, "%.*s takes at most %u values", STR_ARG(f->name),
                             f->args_max);
    }
    TRY(parse_operand(p, arg));
    c->args[place] = arg;
    return ERR_OK;
}

/* Constants are values already when a template is rendered. */
static void fix_arguments(struct parser *p, struct call *c)
{
    const struct liquid_filter *f = c->filter;
    c->apply = f->apply;
    c->safety = f->safety;
    c->count = (u8)(f->args_max + (f->named.n > 0));
    bool all = true;
    for (u8 i = 0; i < c->count; i++) {
        if (!c->args[i]) continue;
        if (i < f->args_max) c->given = (u8)(i + 1);
        all &= c->args[i]->kind == OPERAND_CONSTANT;
    }
    if (!all) return;
    datum *args = arena_zalloc(p->c->arena, LIQUID_ARGS_MAX * sizeof *args);
    for (u8 i = 0; i < c->count; i++)
        if (c->args[i]) args[i] = c->args[i]->constant;
    c->constants = args;
}

MUST_USE static err parse_call(struct parser *p, struct call *c)
{
    u32 count = 0;
    if (p->kind != WORD_NAME) return parser_unexpected(p, "a filter");
    c->at = parser_at(p);
    c->filter = liquid_filter_find(p->word);
    if (!c->filter) return unknown_filter(p);
    parser_next(p);
    if (parser_sign(p, ":")) {
        do TRY(parse_argument(p, c, &count));
        while (parser_sign(p, ","));
    }
    if (count < c->filter->args_min)
        return liquid_refuse(p->c, c->at, "%.*s needs %u value%s after a colon",
                             STR_ARG(c->filter->name), c->filter->args_min,
                             c->filter->args_min == 1 ? "" : "s");
    fix_arguments(p, c);
    return ERR_OK;
}

err parse_expression(struct parser *p, struct expression *out)
{
    const struct call **tail = &out->calls;
    *out = (struct expression){0};
    TRY(parse_operand(p, &out->head));
    set_fallback(p, &out->head);
    while (parser_sign(p, "|")) {
        struct call *c = arena_zalloc(p->c->arena, sizeof *c);
        TRY(parse_call(p, c));
        *tail = c;
        tail = &c->next;
    }
    return ERR_OK;
}

/* ---- conditions ---- */

static bool parse_comparison(struct parser *p, u8 *out)
{
    static const struct {
        const char *sign;
        comparison is;
    } signs[] = {{"==", IS_EQ}, {"!=", IS_NE}, {"<>", IS_NE}, {"<", IS_LT},
                 {"<=", IS_LE}, {">", IS_GT},  {">=", IS_GE}};
    for (u32 i = 0; i < COUNT_OF(signs); i++) {
        if (!parser_sign(p, signs[i].sign)) continue;
        *out = (u8)signs[i].is;
        return true;
    }
    if (p->kind != WORD_NAME || !str_eq(p->word, S("contains"))) return false;
    *out = IS_CONTAINS;
    parser_next(p);
    return true;
}

err parse_condition(struct parser *p, const struct condition **out)
{
    for (;;) {
        struct condition *c = arena_zalloc(p->c->arena, sizeof *c);
        *out = c;
        out = &c->rest;
        TRY(parse_operand(p, &c->a));
        if (parse_comparison(p, &c->comparison)) TRY(parse_operand(p, &c->b));
        if (p->kind == WORD_END) return ERR_OK;
        c->rest_is_or = p->kind == WORD_NAME && str_eq(p->word, S("or"));
        if (!c->rest_is_or && !(p->kind == WORD_NAME && str_eq(p->word, S("and"))))
            return parser_unexpected(p, "and, or, or a comparison");
        parser_next(p);
    }
}
