/* eval.c — the answer of a tree, and how long it stands.
 *
 * A conjunction that holds stands until the first of its parts changes; one that does not stands at
 * least until the last of its false parts could turn, since any one of them keeps it false. For a
 * disjunction the other way round. Parts are asked cheapest first, and no further once one of them
 * settles the answer for ever (or at all, if nobody asks how long). */
#include "predicate/program.h"

static answer for_ever(bool holds)
{
    return (answer){holds, NEVER};
}

static answer node_answer(struct evaluation *e, const struct node *n);

static answer of_operands(struct evaluation *e, const struct node *n, bool settles)
{
    i64 all = NEVER, settled_until = INT64_MIN;
    for (u32 i = 0; i < n->count; i++) {
        answer a = node_answer(e, n->cheapest[i]);
        if (a.holds != settles) {
            all = min_i64(all, a.until);
            continue;
        }
        settled_until = max_i64(settled_until, a.until);
        if (a.until == NEVER || e->holds_only) break;
    }
    if (settled_until != INT64_MIN) return (answer){settles, settled_until};
    return (answer){!settles, all};
}

static bool in_tree(const struct node *n, const struct subject *who, u32 tag)
{
    str path = names_text(who->names, NAME_TAG, tag);
    return str_starts(path, n->text) && (path.n == n->text.n || path.p[n->text.n] == '/');
}

/* A tree holds while any tag in it does. */
static answer tag_answer(const struct node *n, const struct subject *who, i64 now)
{
    i64 expires = NEVER, until = INT64_MIN;
    u32 cursor = 0, tag;
    if (!n->state || !who->names) {
        bool on = view_tag(who->view, who->head, n->code, now, &expires);
        return (answer){on, on ? expires : NEVER};
    }
    while (view_next_tag(who->view, who->head, now, &cursor, &tag, &expires))
        if (in_tree(n, who, tag)) until = max_i64(until, expires);
    return (answer){until != INT64_MIN, until == INT64_MIN ? NEVER : until};
}

static bool trigger_holds(const struct node *n, const struct subject *who)
{
    if (!who->event) return false;
    struct scope s = {.kind = SCOPE_EVENT, .props = who->event->props};
    return where_holds(n->tree, &s);
}

static bool consents(const struct node *n, const struct subject *who)
{
    return view_consent(who->view, who->head, n->code, n->code2) == n->state;
}

/* What other modules answer. */
static answer resolved(const struct node *n, const struct subject *who, i64 now)
{
    const struct resolver *r = who->resolver;
    if (!r) return for_ever(false);
    switch (n->kind) {
    case NODE_REACHABLE: return for_ever(r->reachable && r->reachable(r->ctx, who->head, n->code));
    case NODE_SEGMENT:
    case NODE_STAGE:
        return r->segment ? r->segment(r->ctx, who->head, n->code, now) : for_ever(false);
    case NODE_TASK: return for_ever(r->task_outcome && r->task_outcome(r->ctx, n->code, n->text));
    case NODE_MESSAGE: return for_ever(r->message && r->message(r->ctx, n->code, n->state));
    case NODE_STEP: return for_ever(r->step_result && r->step_result(r->ctx, n->code, n->state));
    default: break;
    }
    if (!r->score) return for_ever(false);
    decimal limit = n->test.constants[0].number / (DECIMAL_ONE / FIXED_ONE);
    fixed points = limit > INT64_MAX ? INT64_MAX : limit < -INT64_MAX ? -INT64_MAX : (fixed)limit;
    return r->score(r->ctx, who->head, n->code, n->test.op, points, now);
}

static answer leaf_answer(struct evaluation *e, const struct leaf *leaf)
{
    static const u64 NOTHING[PREDICATE_LEAF_WORDS_MAX];
    if (!e->state || leaf->kept == KEPT_NOT) return tally_answer(e, leaf);
    const u64 *state = e->state(e->ctx, leaf->kept_index);
    return kept_answer(leaf->did, leaf, state ? state : NOTHING, e->now);
}

static answer node_answer(struct evaluation *e, const struct node *n)
{
    switch (n->kind) {
    case NODE_ALL: return of_operands(e, n, false);
    case NODE_ANY: return of_operands(e, n, true);
    case NODE_NOT: {
        answer a = node_answer(e, n->children[0]);
        return (answer){!a.holds, a.until};
    }
    case NODE_FIELD: {
        struct scope s = {.kind = SCOPE_CUSTOMER, .who = e->who};
        return for_ever(test_value(&n->test, field_of(&s, &n->path)));
    }
    case NODE_TRIGGER: return for_ever(trigger_holds(n, e->who));
    case NODE_TAG: return tag_answer(n, e->who, e->now);
    case NODE_CONSENT: return for_ever(consents(n, e->who));
    case NODE_DATE: return date_answer(n->date, e->who, e->now);
    case NODE_DID:
    case NODE_SEQUENCE:
    case NODE_FORMULA:
    case NODE_MESSAGES: return leaf_answer(e, n->leaf);
    default: return resolved(n, e->who, e->now);
    }
}

answer eval_node(struct evaluation *e, const struct node *n)
{
    return node_answer(e, n);
}

answer eval_root(struct evaluation *e)
{
    MUST(e->p->place != PREDICATE_WHERE);
    return node_answer(e, e->p->root);
}

answer predicate_eval(const struct predicate *p, const struct subject *who, i64 now)
{
    struct evaluation e = {.p = p, .who = who, .now = now};
    return eval_root(&e);
}

answer predicate_eval_kept(const struct predicate *p, const struct subject *who, i64 now,
                           const u64 *(*state)(void *ctx, u32 leaf), void *ctx)
{
    struct evaluation e = {.p = p, .who = who, .now = now, .state = state, .ctx = ctx};
    return eval_root(&e);
}
