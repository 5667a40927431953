/* compile.c — JSON to a program: trees, and the forms that need few words. */
#include "predicate/compiler.h"

#include <stdio.h>

/* ---- where we are ---- */

u32 compile_enter(struct compiler *c, const char *member)
{
    u32 mark = c->path_n;
    int n = snprintf(c->path + mark, sizeof c->path - mark, "/%s", member);
    c->path_n = min_u32(mark + (u32)n, (u32)sizeof c->path - 1);
    return mark;
}

u32 compile_index(struct compiler *c, u32 i)
{
    char number[12];
    snprintf(number, sizeof number, "%u", i);
    return compile_enter(c, number);
}

void compile_leave(struct compiler *c, u32 mark)
{
    c->path_n = mark;
}

/* ---- what may stand here ---- */

static bool is_word_of(str word, const char *words)
{
    str rest = str_of(words);
    while (rest.n) {
        ptrdiff_t space = str_index(rest, ' ');
        str first = space < 0 ? rest : str_slice(rest, 0, (size_t)space);
        if (str_eq(first, word)) return true;
        rest = space < 0 ? (str){0} : str_slice(rest, (size_t)space + 1, rest.n);
    }
    return false;
}

err compile_only(struct compiler *c, const struct json *j, const char *keys)
{
    if (!json_is(j, JSON_OBJECT)) return REFUSE(c, "an object is expected here, {…}");
    for (const struct json *m = j->child; m; m = m->next) {
        if (!is_word_of(m->key, keys))
            return REFUSE(c, "\"%.*s\" has no meaning here; there may be: %s",
                          STR_ARG(str_slice(m->key, 0, 40)), keys);
        for (const struct json *other = m->next; other; other = other->next)
            if (str_eq(m->key, other->key))
                return REFUSE(c, "\"%.*s\" is there twice", STR_ARG(m->key));
    }
    return ERR_OK;
}

err compile_text(struct compiler *c, const struct json *j, const char *member, str *out)
{
    const struct json *m = json_get(j, member);
    *out = json_is(m, JSON_STRING) ? m->text : (str){0};
    if (out->n) return ERR_OK;
    compile_enter(c, member);
    return REFUSE(c, "\"%s\" must be there, as a text", member);
}

err compile_code(struct compiler *c, name_kind kind, str name, u32 *out)
{
    err e = names_code(c->pc->names, kind, name, out);
    if (e == ERR_INVALID) return REFUSE(c, "a name has 1 to %d bytes of UTF-8", NAME_BYTES_MAX);
    if (e == ERR_LIMIT)
        return diag_at(c->why, e, (str){c->path, c->path_n},
                       "there are too many different names of this kind");
    return e;
}

err compile_known(struct compiler *c, const char *kind, str id)
{
    if (!c->pc->known || c->pc->known(c->pc->ctx, kind, id)) return ERR_OK;
    return REFUSE(c, "there is no %s \"%.*s\"", kind, STR_ARG(str_slice(id, 0, 60)));
}

err compile_node(struct compiler *c, node_kind kind)
{
    if (c->nodes++ == PREDICATE_NODES_MAX)
        return diag_at(c->why, ERR_LIMIT, (str){c->path, c->path_n},
                       "a condition has at most %d parts", PREDICATE_NODES_MAX);
    buf_byte(c->out, (u8)kind);
    return ERR_OK;
}

/* ---- fields ---- */

static err type_of(struct compiler *c, str name, struct attribute_rule *rule)
{
    u32 code = names_find(c->pc->names, NAME_ATTRIBUTE, name);
    bool typed = c->pc->customers && code && customer_attribute(c->pc->customers, code, rule);
    return typed && rule->confirmed ? ERR_OK : ERR_NOT_FOUND;
}

/* What can never hold for the type people have confirmed. */
MUST_USE static err check_type(struct compiler *c, const struct json *j, str name)
{
    struct attribute_rule rule;
    const struct json *v = json_get(j, "value");
    if (type_of(c, name, &rule) != ERR_OK || !v) return ERR_OK;
    if (v->type == JSON_ARRAY && v->child) v = v->child;
    bool number = rule.type == ATTRIBUTE_INT || rule.type == ATTRIBUTE_DECIMAL;
    bool text = rule.type == ATTRIBUTE_TEXT;
    compile_enter(c, "value");
    if (number && v->type != JSON_NUMBER)
        return REFUSE(c, "\"%.*s\" is a number; compare it with one",
                      STR_ARG(str_slice(name, 0, 60)));
    if (text && v->type != JSON_STRING)
        return REFUSE(c, "\"%.*s\" is a text; compare it with one, in quotes",
                      STR_ARG(str_slice(name, 0, 60)));
    return ERR_OK;
}

MUST_USE static err put_field(struct compiler *c, const struct json *j, const char *member,
                              tree_kind kind)
{
    str name;
    TRY(compile_text(c, j, member, &name));
    TRY(compile_node(c, NODE_FIELD));
    u32 mark = compile_enter(c, member);
    TRY(compile_path(c, kind, name));
    compile_leave(c, mark);
    if (kind == TREE_MAIN) {
        TRY(check_type(c, j, name));
        compile_leave(c, mark);
    }
    return compile_test(c, j, WANT_ANY);
}

MUST_USE static err put_attribute(struct compiler *c, const struct json *j)
{
    return put_field(c, j, "attribute", TREE_MAIN);
}

MUST_USE static err put_property(struct compiler *c, const struct json *j)
{
    return put_field(c, j, "property", TREE_WHERE);
}

MUST_USE static err put_member(struct compiler *c, const struct json *j)
{
    return put_field(c, j, "property", TREE_ITEM);
}

MUST_USE static err put_item(struct compiler *c, const struct json *j)
{
    u32 mark = compile_enter(c, "item");
    TRY(compile_node(c, NODE_ITEM));
    TRY(compile_path(c, TREE_WHERE, S("products")));
    TRY(compile_tree(c, json_get(j, "item"), TREE_ITEM));
    compile_leave(c, mark);
    return ERR_OK;
}

/* ---- small forms ---- */

MUST_USE static err put_tag(struct compiler *c, const struct json *j)
{
    str path;
    u32 code;
    TRY(compile_text(c, j, "tag", &path));
    u32 mark = compile_enter(c, "tag");
    bool subtree = str_ends(path, S("/*"));
    str written = path;
    if (subtree) path.n -= 2;
    if (str_index(path, '*') >= 0)
        return REFUSE(c, "write \"A/B\" for one tag, or \"A/*\" for A and all below it");
    TRY(compile_node(c, NODE_TAG));
    TRY(compile_code(c, NAME_TAG, path, &code));
    compile_leave(c, mark);
    buf_varint(c->out, code);
    buf_byte(c->out, subtree);
    buf_str_varint(c->out, written);
    return ERR_OK;
}

/* A member's text as a code, if there is such a thing. */
MUST_USE static err put_named(struct compiler *c, const struct json *j, const char *member,
                              name_kind kind, const char *known)
{
    str name;
    u32 code;
    TRY(compile_text(c, j, member, &name));
    u32 mark = compile_enter(c, member);
    if (known) TRY(compile_known(c, known, name));
    TRY(compile_code(c, kind, name, &code));
    compile_leave(c, mark);
    buf_varint(c->out, code);
    return ERR_OK;
}

MUST_USE static err put_consent(struct compiler *c, const struct json *j)
{
    const struct json *is = json_get(j, "is");
    TRY(compile_node(c, NODE_CONSENT));
    TRY(put_named(c, j, "consent", NAME_CHANNEL, "channel"));
    if (json_get(j, "topic"))
        TRY(put_named(c, j, "topic", NAME_TOPIC, NULL));
    else
        buf_varint(c->out, 0);
    if (is && is->type != JSON_BOOL) {
        compile_enter(c, "is");
        return REFUSE(c, "consent is true or false; for not recorded join the two with \"not\"");
    }
    buf_byte(c->out, json_get_bool(j, "is", true) ? 1 : 2);
    return ERR_OK;
}

MUST_USE static err put_reachable(struct compiler *c, const struct json *j)
{
    TRY(compile_node(c, NODE_REACHABLE));
    return put_named(c, j, "reachable", NAME_CHANNEL, "channel");
}

MUST_USE static err put_segment(struct compiler *c, const struct json *j)
{
    TRY(compile_node(c, NODE_SEGMENT));
    return put_named(c, j, "segment", NAME_OBJECT, "segment");
}

str predicate_stage_list(str model, str stage, char out[NAME_BYTES_MAX + 1])
{
    int n = snprintf(out, NAME_BYTES_MAX + 1, "$stage:%.*s/%.*s", STR_ARG(model), STR_ARG(stage));
    return n > NAME_BYTES_MAX ? (str){0} : (str){out, (size_t)n};
}

str predicate_crossing(const struct json *t, char out[NAME_BYTES_MAX + 1])
{
    const struct json *n = json_get(t, "value");
    str score = json_get_str(t, "score", S("")), op = json_get_str(t, "op", S(">="));
    predicate_op how = op_of(op);
    fixed limit;
    struct buf b;
    if (score.n == 0 || how < COMPARE_LT || how > COMPARE_GE || !json_is(n, JSON_NUMBER) ||
        fixed_parse(n->text, &limit) != ERR_OK)
        return (str){0};
    buf_init(&b, 64);
    fixed_put(&b, limit);
    int length = snprintf(out, NAME_BYTES_MAX + 1, "$score:%.*s%.*s%.*s", STR_ARG(score),
                          STR_ARG(op), STR_ARG(buf_str(&b)));
    buf_clear(&b);
    return length > NAME_BYTES_MAX ? (str){0} : (str){out, (size_t)length};
}

MUST_USE static err put_stage(struct compiler *c, const struct json *j)
{
    str stage, model = S("default");
    char name[NAME_BYTES_MAX + 1];
    u32 code;
    TRY(compile_node(c, NODE_STAGE));
    TRY(compile_text(c, j, "stage", &stage));
    if (json_get(j, "in")) TRY(compile_text(c, j, "in", &model));
    u32 mark = compile_enter(c, "stage");
    str list = predicate_stage_list(model, stage, name);
    if (list.n == 0) return REFUSE(c, "the names of the model and of the stage are too long");
    if (c->pc->known && !c->pc->known(c->pc->ctx, "stage", list))
        return REFUSE(c, "there is no stage \"%.*s\" in \"%.*s\"", STR_ARG(stage), STR_ARG(model));
    TRY(compile_code(c, NAME_OBJECT, list, &code));
    compile_leave(c, mark);
    buf_varint(c->out, code);
    buf_byte(c->out, json_get(j, "in") != NULL);
    return ERR_OK;
}

MUST_USE static err put_score(struct compiler *c, const struct json *j)
{
    TRY(compile_node(c, NODE_SCORE));
    TRY(put_named(c, j, "score", NAME_OBJECT, "score"));
    predicate_op op = op_of(json_get_str(j, "op", S("")));
    if (op > COMPARE_GE) {
        compile_enter(c, "op");
        return REFUSE(c, "a score is compared by = != < <= > >=");
    }
    return compile_test(c, j, WANT_NUMBER);
}

MUST_USE static err in_journey(struct compiler *c, const char *member)
{
    if (c->pc->place == PREDICATE_ENTRY || c->pc->place == PREDICATE_SCOPED) return ERR_OK;
    compile_enter(c, member);
    return REFUSE(c, "\"%s\" looks at one enrolment; it can stand inside a journey only", member);
}

MUST_USE static err put_trigger(struct compiler *c, const struct json *j)
{
    TRY(in_journey(c, "trigger"));
    TRY(compile_node(c, NODE_TRIGGER));
    u32 mark = compile_enter(c, "trigger");
    TRY(compile_tree(c, json_get(j, "trigger"), TREE_WHERE));
    compile_leave(c, mark);
    return ERR_OK;
}

MUST_USE static err put_state(struct compiler *c, const struct json *j, const char *member,
                              u32 (*of)(str))
{
    str text;
    TRY(compile_text(c, j, member, &text));
    u32 mark = compile_enter(c, member), state = of(text);
    if (state == 0)
        return REFUSE(c, "there is no %s \"%.*s\"", member, STR_ARG(str_slice(text, 0, 40)));
    compile_leave(c, mark);
    buf_byte(c->out, (u8)state);
    return ERR_OK;
}

MUST_USE static err put_message(struct compiler *c, const struct json *j)
{
    TRY(in_journey(c, "message"));
    TRY(compile_node(c, NODE_MESSAGE));
    TRY(put_named(c, j, "message", NAME_OBJECT, "step"));
    return put_state(c, j, "status", status_of);
}

MUST_USE static err put_step(struct compiler *c, const struct json *j)
{
    TRY(in_journey(c, "step"));
    TRY(compile_node(c, NODE_STEP));
    TRY(put_named(c, j, "step", NAME_OBJECT, "step"));
    return put_state(c, j, "result", result_of);
}

MUST_USE static err put_task(struct compiler *c, const struct json *j)
{
    str outcome;
    TRY(in_journey(c, "task"));
    TRY(compile_node(c, NODE_TASK));
    TRY(put_named(c, j, "task", NAME_OBJECT, "step"));
    TRY(compile_text(c, j, "outcome", &outcome));
    u32 mark = compile_enter(c, "outcome");
    if (outcome.n > NAME_BYTES_MAX)
        return REFUSE(c, "an outcome has at most %d bytes", NAME_BYTES_MAX);
    compile_leave(c, mark);
    buf_str_varint(c->out, outcome);
    return ERR_OK;
}

/* ---- dates ---- */

MUST_USE static err day_offset(struct compiler *c, const struct json *j, i32 *days)
{
    if (json_is(j, JSON_STRING) && offset_parse(j->text, days) == ERR_OK && *days > -40000 &&
        *days < 40000)
        return ERR_OK;
    return REFUSE(c, "write calendar days: \"3d\", \"0d\", \"-1d\" (ago), \"2w\"");
}

MUST_USE static err date_range(struct compiler *c, const struct json *in, i32 *from, i32 *to,
                               u8 *flags)
{
    u32 mark = compile_enter(c, "in");
    if (!json_is(in, JSON_ARRAY)) {
        TRY(day_offset(c, in, from));
        *to = *from;
    } else {
        if (in->count != 2) return REFUSE(c, "a range has two ends, [\"0d\",\"3d\"]");
        TRY(day_offset(c, in->child, from));
        TRY(day_offset(c, in->child->next, to));
        if (*from > *to) return REFUSE(c, "the range ends before it begins");
        *flags |= DATE_RANGE;
    }
    compile_leave(c, mark);
    return ERR_OK;
}

MUST_USE static err put_date_zone(struct compiler *c, const struct json *j, u8 *flags,
                                  u32 *attribute, str *name)
{
    if (!json_get(j, "zone")) return ERR_OK;
    TRY(compile_text(c, j, "zone", name));
    u32 mark = compile_enter(c, "zone");
    if (str_eq(*name, S("customer"))) {
        *flags |= DATE_CUSTOMER_ZONE;
        *name = (str){0};
        TRY(compile_code(c, NAME_ATTRIBUTE, S("timezone"), attribute));
    } else {
        if (!zone_name_valid(*name))
            return REFUSE(c, "write \"customer\" or a zone like \"Asia/Shanghai\"");
        TRY(compile_known(c, "zone", *name));
        *flags |= DATE_NAMED_ZONE;
    }
    compile_leave(c, mark);
    return ERR_OK;
}

MUST_USE static err put_days(struct compiler *c, const struct json *j, i32 from, i32 to, u8 flags)
{
    str field, zone = {0};
    u32 attribute = 0;
    TRY(compile_text(c, j, "date", &field));
    if (json_get_bool(j, "lunar", false)) flags |= DATE_ANNIVERSARY | DATE_LUNAR;
    if (json_get_bool(j, "anniversary", false)) flags |= DATE_ANNIVERSARY;
    if (c->pc->leap_day_march) flags |= DATE_LEAP_MARCH;
    TRY(put_date_zone(c, j, &flags, &attribute, &zone));
    TRY(compile_node(c, NODE_DATE));
    TRY(compile_path(c, TREE_MAIN, field));
    buf_zigzag(c->out, from);
    buf_zigzag(c->out, to);
    buf_byte(c->out, flags);
    buf_varint(c->out, attribute);
    buf_str_varint(c->out, zone);
    return ERR_OK;
}

MUST_USE static err put_date(struct compiler *c, const struct json *j)
{
    i32 from, to;
    u8 flags = 0;
    TRY(date_range(c, json_get(j, "in"), &from, &to, &flags));
    return put_days(c, j, from, to, flags);
}

/* ---- trees ---- */

/* Every form is known by one member that no other has. `keys` empty: the form checks them itself.
 */
static const struct form {
    const char *name;
    tree_kind kind;
    err (*put)(struct compiler *c, const struct json *j);
    const char *keys;
} FORMS[] = {
    {"attribute", TREE_MAIN, put_attribute, "attribute op value"},
    {"tag", TREE_MAIN, put_tag, "tag"},
    {"stage", TREE_MAIN, put_stage, "stage in"},
    {"score", TREE_MAIN, put_score, "score op value"},
    {"segment", TREE_MAIN, put_segment, "segment"},
    {"date", TREE_MAIN, put_date, "date in anniversary lunar zone"},
    {"did", TREE_MAIN, compile_did, ""},
    {"sequence", TREE_MAIN, compile_sequence, ""},
    {"consent", TREE_MAIN, put_consent, "consent topic is"},
    {"reachable", TREE_MAIN, put_reachable, "reachable"},
    {"trigger", TREE_MAIN, put_trigger, "trigger"},
    {"message", TREE_MAIN, put_message, "message status"},
    {"step", TREE_MAIN, put_step, "step result"},
    {"formula", TREE_MAIN, compile_formula, "formula"},
    {"task", TREE_MAIN, put_task, "task outcome"},
    {"messages", TREE_MAIN, compile_messages, "messages status count within"},
    {"property", TREE_WHERE, put_property, "property op value"},
    {"item", TREE_WHERE, put_item, "item"},
    {"property", TREE_ITEM, put_member, "property op value"},
};
static const char *const FORM_NAMES[] = {
    ("attribute, tag, stage, score, segment, date, did, sequence, consent, reachable, trigger, "
     "message, step, task, messages, formula"),
    "property, item", "property"};

MUST_USE static err find_form(struct compiler *c, const struct json *j, tree_kind kind,
                              const struct form **out)
{
    *out = NULL;
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        if (FORMS[i].kind != kind || !json_get(j, FORMS[i].name)) continue;
        if (*out)
            return REFUSE(
                c, "a condition asks one thing; put \"%s\" and \"%s\" side by side in an \"all\"",
                (*out)->name, FORMS[i].name);
        *out = &FORMS[i];
    }
    if (*out) return ERR_OK;
    return REFUSE(c, "a condition is {\"all\":[…]}, {\"any\":[…]}, {\"not\":…} or has one of: %s",
                  FORM_NAMES[kind]);
}

MUST_USE static err put_nodes(struct compiler *c, const struct json *j, tree_kind kind);

MUST_USE static err put_operands(struct compiler *c, const struct json *list, node_kind op,
                                 tree_kind kind)
{
    u32 i = 0;
    if (!json_is(list, JSON_ARRAY)) return REFUSE(c, "a list of conditions is expected here, […]");
    if (list->count == 0 && op == NODE_ANY)
        return REFUSE(c, "\"any\" of no conditions never holds; add one");
    for (const struct json *j = list->child; j; j = j->next, i++) {
        u32 mark = compile_index(c, i);
        TRY(put_nodes(c, j, kind));
        compile_leave(c, mark);
    }
    TRY(compile_node(c, op));
    buf_varint(c->out, list->count);
    return ERR_OK;
}

MUST_USE static err put_operator(struct compiler *c, const struct json *j, const char *name,
                                 tree_kind kind)
{
    TRY(compile_only(c, j, name));
    u32 mark = compile_enter(c, name);
    if (++c->depth > PREDICATE_DEPTH_MAX)
        return diag_at(c->why, ERR_LIMIT, (str){c->path, c->path_n},
                       "conditions nest at most %d deep", PREDICATE_DEPTH_MAX);
    if (name[0] == 'n') {
        TRY(put_nodes(c, json_get(j, name), kind));
        TRY(compile_node(c, NODE_NOT));
    } else {
        TRY(put_operands(c, json_get(j, name), name[1] == 'l' ? NODE_ALL : NODE_ANY, kind));
    }
    c->depth--;
    compile_leave(c, mark);
    return ERR_OK;
}

MUST_USE static err put_nodes(struct compiler *c, const struct json *j, tree_kind kind)
{
    static const char *const OPERATORS[] = {"all", "any", "not"};
    const struct form *form;
    if (!json_is(j, JSON_OBJECT)) return REFUSE(c, "a condition is an object, {…}");
    for (size_t i = 0; i < COUNT_OF(OPERATORS); i++)
        if (json_get(j, OPERATORS[i])) return put_operator(c, j, OPERATORS[i], kind);
    TRY(find_form(c, j, kind, &form));
    if (form->keys[0]) TRY(compile_only(c, j, form->keys));
    return form->put(c, j);
}

err compile_tree(struct compiler *c, const struct json *j, tree_kind kind)
{
    TRY(put_nodes(c, j, kind));
    buf_byte(c->out, NODE_END);
    return ERR_OK;
}

err predicate_compile(const struct json *j, const struct predicate_context *pc, struct buf *out,
                      struct diag *why)
{
    struct compiler c = {.pc = pc, .out = out, .why = why};
    size_t start = out->n;
    buf_byte(out, PROGRAM_VERSION);
    buf_byte(out, (u8)pc->place);
    TRY(compile_tree(&c, j, pc->place == PREDICATE_WHERE ? TREE_WHERE : TREE_MAIN));
    if (!out->full && out->n - start <= PREDICATE_BYTES_MAX) return ERR_OK;
    return diag_set(why, ERR_LIMIT,
                    "this condition is too long; keep long lists as a segment or attribute");
}

err predicate_compile_days(const struct json *j, i32 from, i32 to,
                           const struct predicate_context *pc, struct buf *out, struct diag *why)
{
    struct compiler c = {.pc = pc, .out = out, .why = why};
    buf_byte(out, PROGRAM_VERSION);
    buf_byte(out, (u8)pc->place);
    TRY(put_days(&c, j, from, to, from == to ? 0 : DATE_RANGE));
    buf_byte(out, NODE_END);
    return ERR_OK;
}
