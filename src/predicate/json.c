/* json.c — a program as JSON text again. What was left out when it was written stays out. */
#include "predicate/formula.h"
#include "predicate/program.h"

struct writer {
    struct names *names;
    struct buf *out;
};

static void tree_json(const struct writer *w, const struct node *n, tree_kind kind);

/* A code that has no name (in bytes nobody compiled) is an empty text. */
static str name_of_code(const struct writer *w, name_kind kind, u32 code)
{
    str text = names_text(w->names, kind, code);
    return text.n ? text : S("");
}

static void put_name(const struct writer *w, const char *key, name_kind kind, u32 code)
{
    json_put_kv_str(w->out, str_of(key), name_of_code(w, kind, code));
}

/* Members of a test, inside an open object. */
static void test_json(const struct writer *w, const struct test *t)
{
    json_put_kv_str(w->out, S("op"), op_text(t->op));
    if (t->count == 0) return;
    json_put_key(w->out, S("value"));
    bool list = t->op == COMPARE_IN || t->op == COMPARE_NOT_IN || t->op == COMPARE_HAS_ANY ||
                t->op == COMPARE_HAS_ALL || t->op == COMPARE_BETWEEN;
    if (list) buf_byte(w->out, '[');
    for (u32 i = 0; i < t->count; i++) {
        if (i) buf_byte(w->out, ',');
        value_json(w->out, t->constants[i].v);
    }
    if (list) buf_byte(w->out, ']');
}

static void filter_json(const struct writer *w, const struct filter *f)
{
    str any = S("*");
    json_put_kv_str(w->out, S("did"), f->event ? name_of_code(w, NAME_EVENT, f->event) : any);
    if (f->where) {
        json_put_key(w->out, S("where"));
        tree_json(w, f->where, TREE_WHERE);
    }
    if (f->has_match) json_put_kv_str(w->out, S("match"), f->match.text);
}

static void within_json(const struct writer *w, duration d)
{
    json_put_key(w->out, S("within"));
    buf_byte(w->out, '"');
    duration_put(w->out, d);
    buf_byte(w->out, '"');
}

static void window_json(const struct writer *w, const struct window *win)
{
    switch (win->kind) {
    case WINDOW_EVER: break;
    case WINDOW_WITHIN: within_json(w, (duration){.ms = win->ms}); break;
    case WINDOW_MONTHS: within_json(w, (duration){.months = win->months}); break;
    case WINDOW_SESSION: json_put_kv_str(w->out, S("within"), S("session")); break;
    case WINDOW_BETWEEN:
        json_put_key(w->out, S("between"));
        buf_byte(w->out, '[');
        json_put_str(w->out, win->from_text);
        buf_byte(w->out, ',');
        json_put_str(w->out, win->to_text);
        buf_byte(w->out, ']');
        break;
    }
    if (win->since == SINCE_STEP && win->since_step == 0)
        json_put_kv_str(w->out, S("since"), S("entry"));
    else if (win->since == SINCE_STEP)
        put_name(w, "since", NAME_OBJECT, win->since_step);
    if (!win->has_since_last) return;
    json_put_key(w->out, S("since_last"));
    if (win->since_last.event && !win->since_last.where) {
        json_put_str(w->out, name_of_code(w, NAME_EVENT, win->since_last.event));
        return;
    }
    buf_byte(w->out, '{');
    filter_json(w, &win->since_last);
    buf_byte(w->out, '}');
}

static bool is_plain(const struct did *d)
{
    return d->measure == MEASURE_COUNT && !d->has_path && d->test.op == COMPARE_GE &&
           d->test.constants[0].number == DECIMAL_ONE;
}

static void did_json(const struct writer *w, const struct did *d)
{
    filter_json(w, &d->filter);
    if (!is_plain(d)) {
        json_put_key(w->out, d->has_path ? S("aggregate") : S("count"));
        buf_byte(w->out, '{');
        if (d->has_path) json_put_kv_str(w->out, measure_text(d->measure), d->path.text);
        test_json(w, &d->test);
        buf_byte(w->out, '}');
    }
    window_json(w, &d->window);
    if (d->filter.net) json_put_kv_bool(w->out, S("net"), true);
}

static void messages_json(const struct writer *w, const struct asked_messages *m)
{
    json_put_key(w->out, S("messages"));
    buf_byte(w->out, '{');
    if (m->journey.n) json_put_kv_str(w->out, S("journey"), m->journey);
    if (m->template.n) json_put_kv_str(w->out, S("template"), m->template);
    if (m->channel.n) json_put_kv_str(w->out, S("channel"), m->channel);
    buf_byte(w->out, '}');
    json_put_kv_str(w->out, S("status"), status_text(m->status));
    if (!is_plain(&m->count)) {
        json_put_key(w->out, S("count"));
        buf_byte(w->out, '{');
        test_json(w, &m->count.test);
        buf_byte(w->out, '}');
    }
    window_json(w, &m->count.window);
}

static void sequence_json(const struct writer *w, const struct sequence *s)
{
    json_put_key(w->out, S("sequence"));
    buf_byte(w->out, '[');
    for (u32 i = 0; i < s->count; i++) {
        json_put_comma(w->out);
        buf_byte(w->out, '{');
        filter_json(w, &s->steps[i]);
        buf_byte(w->out, '}');
    }
    buf_byte(w->out, ']');
    if (s->span_ms) within_json(w, (duration){.ms = s->span_ms});
    window_json(w, &s->window);
}

static void put_days(const struct writer *w, i32 days)
{
    buf_byte(w->out, '"');
    buf_i64_text(w->out, days);
    buf_put(w->out, S("d\""));
}

static void date_json(const struct writer *w, const struct date *d)
{
    json_put_kv_str(w->out, S("date"), d->path.text);
    if (d->flags & DATE_ANNIVERSARY) json_put_kv_bool(w->out, S("anniversary"), true);
    if (d->flags & DATE_LUNAR) json_put_kv_bool(w->out, S("lunar"), true);
    json_put_key(w->out, S("in"));
    if (d->flags & DATE_RANGE) {
        buf_byte(w->out, '[');
        put_days(w, d->from);
        buf_byte(w->out, ',');
        put_days(w, d->to);
        buf_byte(w->out, ']');
    } else {
        put_days(w, d->from);
    }
    if (d->flags & DATE_CUSTOMER_ZONE) json_put_kv_str(w->out, S("zone"), S("customer"));
    if (d->flags & DATE_NAMED_ZONE) json_put_kv_str(w->out, S("zone"), d->zone);
}

/* The text is a view that goes on with what makes it a tree. */
static void tag_json(const struct writer *w, const struct node *n)
{
    str written = {n->text.p, n->text.n + (n->state ? 2 : 0)};
    json_put_kv_str(w->out, S("tag"), written);
}

/* The list behind it is named $stage:MODEL/STAGE. */
static void stage_json(const struct writer *w, const struct node *n)
{
    str list = names_text(w->names, NAME_OBJECT, n->code);
    str name = str_slice(list, min_size(list.n, sizeof "$stage:" - 1), list.n);
    ptrdiff_t slash = str_index(name, '/');
    size_t at = slash < 0 ? 0 : (size_t)slash;
    json_put_kv_str(w->out, S("stage"), str_slice(name, min_size(at + 1, name.n), name.n));
    if (n->state) json_put_kv_str(w->out, S("in"), str_slice(name, 0, at));
}

static void consent_json(const struct writer *w, const struct node *n)
{
    put_name(w, "consent", NAME_CHANNEL, n->code);
    if (n->code2) put_name(w, "topic", NAME_TOPIC, n->code2);
    if (n->state == 2) json_put_kv_bool(w->out, S("is"), false);
}

static void leaf_json(const struct writer *w, const struct node *n, tree_kind kind)
{
    switch (n->kind) {
    case NODE_FIELD:
        json_put_kv_str(w->out, kind == TREE_MAIN ? S("attribute") : S("property"), n->path.text);
        test_json(w, &n->test);
        break;
    case NODE_ITEM:
        json_put_key(w->out, S("item"));
        tree_json(w, n->tree, TREE_ITEM);
        break;
    case NODE_TRIGGER:
        json_put_key(w->out, S("trigger"));
        tree_json(w, n->tree, TREE_WHERE);
        break;
    case NODE_TAG: tag_json(w, n); break;
    case NODE_CONSENT: consent_json(w, n); break;
    case NODE_REACHABLE: put_name(w, "reachable", NAME_CHANNEL, n->code); break;
    case NODE_SEGMENT: put_name(w, "segment", NAME_OBJECT, n->code); break;
    case NODE_STAGE: stage_json(w, n); break;
    case NODE_SCORE:
        put_name(w, "score", NAME_OBJECT, n->code);
        test_json(w, &n->test);
        break;
    case NODE_MESSAGE:
        put_name(w, "message", NAME_OBJECT, n->code);
        json_put_kv_str(w->out, S("status"), status_text(n->state));
        break;
    case NODE_STEP:
        put_name(w, "step", NAME_OBJECT, n->code);
        json_put_kv_str(w->out, S("result"), result_text(n->state));
        break;
    case NODE_TASK:
        put_name(w, "task", NAME_OBJECT, n->code);
        json_put_kv_str(w->out, S("outcome"), n->text);
        break;
    case NODE_FORMULA: json_put_kv_str(w->out, S("formula"), n->leaf->formula->text); break;
    case NODE_MESSAGES: messages_json(w, n->leaf->messages); break;
    case NODE_DATE: date_json(w, n->date); break;
    case NODE_DID: did_json(w, n->leaf->did); break;
    default: sequence_json(w, n->leaf->sequence);
    }
}

static void tree_json(const struct writer *w, const struct node *n, tree_kind kind)
{
    buf_byte(w->out, '{');
    if (n->kind == NODE_NOT) {
        json_put_key(w->out, S("not"));
        tree_json(w, n->children[0], kind);
    } else if (n->kind == NODE_ALL || n->kind == NODE_ANY) {
        json_put_key(w->out, n->kind == NODE_ALL ? S("all") : S("any"));
        buf_byte(w->out, '[');
        for (u32 i = 0; i < n->count; i++) {
            json_put_comma(w->out);
            tree_json(w, n->children[i], kind);
        }
        buf_byte(w->out, ']');
    } else {
        leaf_json(w, n, kind);
    }
    buf_byte(w->out, '}');
}

void predicate_json(const struct predicate *p, struct names *names, struct buf *out)
{
    struct writer w = {names, out};
    tree_json(&w, p->root, p->place == PREDICATE_WHERE ? TREE_WHERE : TREE_MAIN);
}

void part_json(const struct node *n, struct names *names, struct buf *out)
{
    struct writer w = {names, out};
    tree_json(&w, n, TREE_MAIN);
}
