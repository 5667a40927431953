/* compile_did.c — conditions over what a customer did: events, windows, measures, sequences. */
#include "predicate/compiler.h"

/* The names that a fold of orders reads. */
MUST_USE static err put_orders(struct compiler *c)
{
    static const struct {
        name_kind kind;
        const char *name;
    } READ[] = {{NAME_EVENT, "Order Refunded"},
                {NAME_EVENT, "Order Cancelled"},
                {NAME_PROPERTY, "total"},
                {NAME_PROPERTY, "revenue"},
                {NAME_PROPERTY, "products"}};
    for (size_t i = 0; i < COUNT_OF(READ); i++) {
        u32 code;
        TRY(compile_code(c, READ[i].kind, str_of(READ[i].name), &code));
        buf_varint(c->out, code);
    }
    return ERR_OK;
}

MUST_USE static err check_net(struct compiler *c, const struct json *j, bool *net)
{
    const struct json *m = json_get(j, "net");
    *net = json_is(m, JSON_BOOL) && m->boolean;
    if (!m) return ERR_OK;
    u32 mark = compile_enter(c, "net");
    if (m->type != JSON_BOOL) return REFUSE(c, "\"net\" is true or false");
    if (*net && !str_eq(json_get_str(j, "did", S("")), S("Order Completed")))
        return REFUSE(c, "only orders are cancelled and refunded: \"net\" stands beside "
                         "{\"did\":\"Order Completed\"}");
    compile_leave(c, mark);
    return ERR_OK;
}

MUST_USE static err put_filter(struct compiler *c, const struct json *j)
{
    bool net;
    str event;
    u32 code = 0;
    TRY(compile_text(c, j, "did", &event));
    u32 mark = compile_enter(c, "did");
    if (!str_eq(event, S("*"))) TRY(compile_code(c, NAME_EVENT, event, &code));
    compile_leave(c, mark);
    const struct json *where = json_get(j, "where"), *match = json_get(j, "match");
    TRY(check_net(c, j, &net));
    buf_varint(c->out, code);
    buf_byte(c->out, (u8)((where ? FILTER_WHERE : 0) | (match ? FILTER_MATCH : 0) |
                          (net ? FILTER_NET : 0)));
    if (net) TRY(put_orders(c));
    if (where) {
        mark = compile_enter(c, "where");
        TRY(compile_tree(c, where, TREE_WHERE));
        compile_leave(c, mark);
    }
    if (!match) return ERR_OK;
    mark = compile_enter(c, "match");
    if (c->pc->place == PREDICATE_SEGMENT)
        return REFUSE(
            c, "\"match\" compares with the event that started a journey; there is none here");
    if (!json_is(match, JSON_STRING)) return REFUSE(c, "\"match\" names a property");
    TRY(compile_path(c, TREE_WHERE, match->text));
    compile_leave(c, mark);
    return ERR_OK;
}

/* ---- windows ---- */

MUST_USE static err put_within(struct compiler *c, const struct json *j)
{
    duration d;
    if (json_is(j, JSON_STRING) && str_eq(j->text, S("session"))) {
        buf_byte(c->out, WINDOW_SESSION);
        return ERR_OK;
    }
    if (!json_is(j, JSON_STRING) || duration_parse(j->text, &d) != ERR_OK ||
        (d.ms == 0 && d.months == 0))
        return REFUSE(
            c,
            "write a duration: \"90s\", \"5m\", \"24h\", \"7d\", \"2w\", \"3mo\", or \"session\"");
    buf_byte(c->out, d.months ? WINDOW_MONTHS : WINDOW_WITHIN);
    if (d.months)
        buf_varint(c->out, d.months);
    else
        buf_zigzag(c->out, d.ms);
    return ERR_OK;
}

MUST_USE static err put_between(struct compiler *c, const struct json *j)
{
    str text[2];
    i64 ms[2];
    if (!json_is(j, JSON_ARRAY) || j->count != 2)
        return REFUSE(c, "\"between\" takes two dates, [\"2026-01-01\", \"2026-06-30\"]");
    const struct json *at = j->child;
    for (u32 i = 0; i < 2; i++, at = at->next) {
        u32 mark = compile_index(c, i);
        if (at->type != JSON_STRING || at->text.n > 64) return REFUSE(c, "write a date as text");
        text[i] = at->text;
        TRY(compile_moment(c, text[i], i == 1, &ms[i]));
        compile_leave(c, mark);
    }
    if (ms[0] >= ms[1]) return REFUSE(c, "the window ends before it begins");
    buf_byte(c->out, WINDOW_BETWEEN);
    buf_zigzag(c->out, ms[0]);
    buf_zigzag(c->out, ms[1]);
    buf_str_varint(c->out, text[0]);
    buf_str_varint(c->out, text[1]);
    return ERR_OK;
}

MUST_USE static err put_since(struct compiler *c, const struct json *since)
{
    u32 code = 0, mark = compile_enter(c, "since");
    if (c->pc->place == PREDICATE_SEGMENT)
        return REFUSE(
            c, "\"since\" names the beginning of an enrolment or step; only a journey has them");
    if (!json_is(since, JSON_STRING)) return REFUSE(c, "write \"entry\" or the id of a step");
    if (!str_eq(since->text, S("entry"))) {
        TRY(compile_known(c, "step", since->text));
        TRY(compile_code(c, NAME_OBJECT, since->text, &code));
    }
    compile_leave(c, mark);
    buf_byte(c->out, SINCE_STEP);
    buf_varint(c->out, code);
    return ERR_OK;
}

MUST_USE static err put_since_last(struct compiler *c, const struct json *last)
{
    u32 mark = compile_enter(c, "since_last");
    buf_byte(c->out, 1);
    if (json_is(last, JSON_STRING)) {
        u32 code;
        TRY(compile_code(c, NAME_EVENT, last->text, &code));
        buf_varint(c->out, code);
        buf_byte(c->out, 0);
    } else {
        TRY(compile_only(c, last, "did where"));
        TRY(put_filter(c, last));
    }
    compile_leave(c, mark);
    return ERR_OK;
}

/* `span`: "within" belongs to a sequence and is no window. */
MUST_USE static err put_window(struct compiler *c, const struct json *j, bool span)
{
    const struct json *within = span ? NULL : json_get(j, "within"),
                      *between = json_get(j, "between");
    const struct json *since = json_get(j, "since"), *last = json_get(j, "since_last");
    if (within && between)
        return REFUSE(c, "\"within\" slides and \"between\" stands still: write one of them");
    if (since && last) return REFUSE(c, "write one of \"since\" and \"since_last\"");
    if (within) {
        u32 mark = compile_enter(c, "within");
        TRY(put_within(c, within));
        compile_leave(c, mark);
    } else if (between) {
        u32 mark = compile_enter(c, "between");
        TRY(put_between(c, between));
        compile_leave(c, mark);
    } else {
        buf_byte(c->out, WINDOW_EVER);
    }
    bool bare = !within && !between && !since && !last;
    if (since)
        TRY(put_since(c, since));
    else
        buf_byte(c->out, bare && c->pc->place == PREDICATE_SCOPED ? SINCE_SCOPE : SINCE_NONE);
    if (last) return put_since_last(c, last);
    buf_byte(c->out, 0);
    return ERR_OK;
}

/* ---- measures ---- */

MUST_USE static err put_once_or_more(struct compiler *c)
{
    buf_byte(c->out, MEASURE_COUNT);
    buf_byte(c->out, 0);
    buf_byte(c->out, COMPARE_GE);
    buf_varint(c->out, 1);
    value_put(c->out, value_int(1));
    return ERR_OK;
}

MUST_USE static err put_count(struct compiler *c, const struct json *count)
{
    u32 mark = compile_enter(c, "count");
    TRY(compile_only(c, count, "op value"));
    buf_byte(c->out, MEASURE_COUNT);
    buf_byte(c->out, 0);
    TRY(compile_test(c, count, WANT_COUNT));
    compile_leave(c, mark);
    return ERR_OK;
}

static test_want wanted(measure_kind m)
{
    switch (m) {
    case MEASURE_COUNT:
    case MEASURE_DISTINCT: return WANT_COUNT;
    case MEASURE_MIN:
    case MEASURE_MAX: return WANT_ORDERED;
    case MEASURE_SUM:
    case MEASURE_AVG: return WANT_NUMBER;
    default: return WANT_ANY;
    }
}

MUST_USE static err put_aggregate(struct compiler *c, const struct json *j)
{
    u32 mark = compile_enter(c, "aggregate"), found = 0;
    const struct json *property = NULL;
    measure_kind measure = MEASURE_COUNT;
    TRY(compile_only(c, j, "count sum min max avg distinct first last op value"));
    for (u32 m = 0; m < MEASURE_KIND_COUNT; m++) {
        char name[16];
        str text = measure_text(m);
        memcpy(name, text.p, text.n + 1);
        if (!json_get(j, name)) continue;
        property = json_get(j, name);
        measure = m;
        found++;
    }
    if (found != 1 || !json_is(property, JSON_STRING))
        return REFUSE(c, "an aggregate names one property: "
                         "{\"sum\":\"total\",\"op\":\">=\",\"value\":500}; there "
                         "are count, sum, min, max, avg, distinct, first, last");
    buf_byte(c->out, (u8)measure);
    if (measure == MEASURE_COUNT) buf_byte(c->out, 1);
    TRY(compile_path(c, TREE_WHERE, property->text));
    TRY(compile_test(c, j, wanted(measure)));
    if (measure == MEASURE_FIRST || measure == MEASURE_LAST) {
        predicate_op op = op_of(json_get_str(j, "op", S("")));
        if (op == COMPARE_EXISTS || op == COMPARE_MISSING)
            return REFUSE(c, "the first and last are taken among events that have the property");
    }
    compile_leave(c, mark);
    return ERR_OK;
}

err compile_did(struct compiler *c, const struct json *j)
{
    const struct json *count = json_get(j, "count"), *aggregate = json_get(j, "aggregate");
    TRY(compile_only(c, j, "did where match count aggregate within between since since_last net"));
    if (count && aggregate)
        return REFUSE(c, "write \"count\" or \"aggregate\", not both; join them with \"all\"");
    TRY(compile_node(c, NODE_DID));
    TRY(put_filter(c, j));
    TRY(put_window(c, j, false));
    if (count) return put_count(c, count);
    if (aggregate) return put_aggregate(c, aggregate);
    return put_once_or_more(c);
}

MUST_USE static err span_of(struct compiler *c, const struct json *within, i64 *ms)
{
    duration d;
    *ms = 0;
    if (!within) return ERR_OK;
    u32 mark = compile_enter(c, "within");
    if (!json_is(within, JSON_STRING) || duration_parse(within->text, &d) != ERR_OK || d.ms == 0)
        return REFUSE(c, "the time a sequence may take is exact: \"30m\", \"24h\", \"7d\", \"2w\"");
    *ms = d.ms;
    compile_leave(c, mark);
    return ERR_OK;
}

err compile_sequence(struct compiler *c, const struct json *j)
{
    i64 span;
    TRY(compile_only(c, j, "sequence within between since"));
    const struct json *steps = json_get(j, "sequence");
    u32 mark = compile_enter(c, "sequence"), i = 0;
    if (!json_is(steps, JSON_ARRAY) || steps->count < 2 || steps->count > STEPS_MAX)
        return REFUSE(c, "a sequence has 2 to %d steps, [{\"did\":…},{\"did\":…}]", STEPS_MAX);
    TRY(compile_node(c, NODE_SEQUENCE));
    buf_varint(c->out, steps->count);
    for (const struct json *step = steps->child; step; step = step->next, i++) {
        u32 at = compile_index(c, i);
        TRY(compile_only(c, step, "did where match"));
        TRY(put_filter(c, step));
        compile_leave(c, at);
    }
    compile_leave(c, mark);
    TRY(span_of(c, json_get(j, "within"), &span));
    buf_zigzag(c->out, span);
    return put_window(c, j, true);
}

/* ---- messages ---- */

MUST_USE static err put_message_names(struct compiler *c, const struct json *of)
{
    static const char *const NAMES[] = {"journey", "template", "channel"};
    u32 mark = compile_enter(c, "messages");
    TRY(compile_only(c, of, "journey template channel"));
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        str name = {0};
        if (json_get(of, NAMES[i])) TRY(compile_text(c, of, NAMES[i], &name));
        if (name.n > NAME_BYTES_MAX) return REFUSE(c, "a name has 1 to %d bytes", NAME_BYTES_MAX);
        buf_str_varint(c->out, name);
    }
    compile_leave(c, mark);
    return ERR_OK;
}

err compile_messages(struct compiler *c, const struct json *j)
{
    const struct json *count = json_get(j, "count"), *within = json_get(j, "within");
    str status = S("sent");
    TRY(compile_node(c, NODE_MESSAGES));
    TRY(put_message_names(c, json_get(j, "messages")));
    if (json_get(j, "status")) TRY(compile_text(c, j, "status", &status));
    u32 mark = compile_enter(c, "status"), asked = status_of(status);
    if (!asked) return REFUSE(c, "there is no status \"%.*s\"", STR_ARG(str_slice(status, 0, 40)));
    compile_leave(c, mark);
    buf_byte(c->out, (u8)asked);
    mark = compile_enter(c, "within");
    if (within && json_is(within, JSON_STRING) && str_eq(within->text, S("session")))
        return REFUSE(c, "messages belong to no session; write a duration: \"24h\", \"7d\"");
    if (within)
        TRY(put_within(c, within));
    else
        buf_byte(c->out, WINDOW_EVER);
    compile_leave(c, mark);
    buf_byte(c->out, SINCE_NONE);
    buf_byte(c->out, 0);
    return count ? put_count(c, count) : put_once_or_more(c);
}
