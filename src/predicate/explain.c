/* explain.c — how each part of a condition stands for one customer. */
#include "base/time.h"
#include "predicate/program.h"
#include "predicate/sentence.h"

struct explaining {
    struct evaluation *e;
    struct buf *out;
};

/* What she has where the condition looks at one value. */
static void put_actual(struct explaining *x, const struct node *n)
{
    struct scope s = {.kind = SCOPE_CUSTOMER, .who = x->e->who};
    if (n->kind != NODE_FIELD && n->kind != NODE_DATE) return;
    value v = field_of(&s, n->kind == NODE_FIELD ? &n->path : &n->date->path);
    json_put_key(x->out, S("actual"));
    if (v.type == VALUE_MISSING)
        buf_put(x->out, S("null"));
    else
        value_json(x->out, v);
}

static void put_node(struct explaining *x, const struct node *n)
{
    answer a = eval_node(x->e, n);
    buf_byte(x->out, '{');
    json_put_kv_bool(x->out, S("holds"), a.holds);
    if (a.until != NEVER) {
        json_put_key(x->out, S("until"));
        buf_byte(x->out, '"');
        iso_put(x->out, a.until);
        buf_byte(x->out, '"');
    }
    json_put_key(x->out, S("condition"));
    part_json(n, x->e->who->names, x->out);
    put_actual(x, n);
    if (n->kind == NODE_ALL || n->kind == NODE_ANY || n->kind == NODE_NOT) {
        json_put_key(x->out, S("parts"));
        buf_byte(x->out, '[');
        for (u32 i = 0; i < n->count; i++) {
            json_put_comma(x->out);
            put_node(x, n->children[i]);
        }
        buf_byte(x->out, ']');
    }
    buf_byte(x->out, '}');
}

void predicate_explain(const struct predicate *p, const struct subject *who, i64 now,
                       struct buf *out)
{
    struct evaluation e = {.p = p, .who = who, .now = now};
    struct explaining x = {&e, out};
    put_node(&x, p->root);
}
