/* load.c — the tree of a program, out of bytes that anybody may have written.
 *
 * Postfix: each node is pushed, an operator takes its operands off the stack. Everything evaluation
 * relies on is proved here: scopes, counts of constants, numbers where numbers are compared, depth.
 */
#include "log/events.h"
#include "predicate/formula.h"
#include "predicate/program.h"

#include <stdlib.h>

struct codes {
    u32 *p;
    u32 count, room;
};

struct loader {
    struct reader r;
    struct arena *arena;
    struct predicate *p;
    struct codes events, attributes, tags, segments, scores;
    struct leaf *found[PREDICATE_NODES_MAX];
    u32 nodes, nesting;
};

static const struct node *load_tree(struct loader *l, tree_kind kind);

static void *bad(struct loader *l)
{
    l->r.bad = true;
    return NULL;
}

static void note(struct loader *l, struct codes *c, u32 code)
{
    if (c->count == c->room) {
        u32 room = c->room ? c->room * 2 : 8;
        u32 *p = arena_alloc(l->arena, room * sizeof *p);
        if (c->count) memcpy(p, c->p, c->count * sizeof *p);
        c->p = p;
        c->room = room;
    }
    c->p[c->count++] = code;
}

static u32 load_code(struct loader *l)
{
    u64 code = read_varint(&l->r);
    if (code > UINT32_MAX) bad(l);
    return (u32)code;
}

static struct path load_path(struct loader *l)
{
    struct path p = {.text = read_str_varint(&l->r)};
    p.whole = load_code(l);
    p.head = load_code(l);
    if (p.text.n == 0 || p.text.n > NAME_BYTES_MAX) bad(l);
    return p;
}

static struct path load_attribute(struct loader *l)
{
    struct path p = load_path(l);
    if (p.whole) note(l, &l->attributes, p.whole);
    if (p.head) note(l, &l->attributes, p.head);
    return p;
}

/* ---- tests ---- */

static void load_constant(struct loader *l, struct constant *c)
{
    *c = (struct constant){.v = value_read(&l->r)};
    switch (c->v.type) {
    case VALUE_NUMBER:
        if (fixed_parse(c->v.text, &(fixed){0}) == ERR_INVALID) bad(l);
        return;
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_INT:
    case VALUE_FIXED:
    case VALUE_TEXT: return;
    case VALUE_DATE:
    case VALUE_TIME:
        c->day = read_zigzag(&l->r);
        c->from_ms = read_zigzag(&l->r);
        c->to_ms = read_zigzag(&l->r);
        return;
    default: bad(l);
    }
}

static bool constants_fit(predicate_op op, u32 count)
{
    switch (op) {
    case COMPARE_EXISTS:
    case COMPARE_MISSING: return count == 0;
    case COMPARE_IN:
    case COMPARE_NOT_IN:
    case COMPARE_HAS_ANY:
    case COMPARE_HAS_ALL: return count >= 1 && count <= CONSTANTS_MAX;
    case COMPARE_BETWEEN: return count == 2;
    default: return count == 1;
    }
}

static struct test load_test(struct loader *l)
{
    struct test t = {.op = read_byte(&l->r), .count = load_code(l)};
    if (l->r.bad || t.op == COMPARE_NONE_ || t.op >= COMPARE_COUNT_ ||
        !constants_fit(t.op, t.count)) {
        bad(l);
        return (struct test){.op = COMPARE_EXISTS};
    }
    struct constant *c = arena_alloc(l->arena, t.count * sizeof *c);
    for (u32 i = 0; i < t.count; i++) {
        load_constant(l, &c[i]);
        if (!l->r.bad) c[i].is_number = decimal_of(c[i].v, &c[i].number);
    }
    t.constants = c;
    return t;
}

static void must_be_numeric(struct loader *l, const struct test *t)
{
    if (t->op > COMPARE_BETWEEN) bad(l);
    for (u32 i = 0; i < t->count; i++)
        if (!t->constants[i].is_number) bad(l);
}

/* From which count on the answer stays the same. */
static u32 load_saturation(struct loader *l, const struct test *t)
{
    u32 n = 0;
    for (u32 i = 0; i < t->count; i++) {
        decimal c = t->constants[i].number;
        if (!t->constants[i].is_number || c < 0 || c > COUNT_MAX * DECIMAL_ONE || c % DECIMAL_ONE) {
            bad(l);
            return 1;
        }
        u32 above = (u32)(c / DECIMAL_ONE) + 1;
        if (above > n) n = above;
    }
    if (t->op == COMPARE_BETWEEN && t->constants[0].number > t->constants[1].number) bad(l);
    while (!l->r.bad && n > 1 && test_count(t, n - 1) == test_count(t, n)) n--;
    return n > 1 ? n : 1;
}

/* ---- leaves over events ---- */

static void load_orders(struct loader *l, struct filter *f)
{
    f->net = true;
    f->orders.completed = f->event;
    f->orders.refunded = load_code(l);
    f->orders.cancelled = load_code(l);
    f->orders.total = load_code(l);
    f->orders.revenue = load_code(l);
    f->orders.products = load_code(l);
    if (!f->event || !f->orders.refunded || !f->orders.cancelled) bad(l);
    note(l, &l->events, f->orders.refunded);
    note(l, &l->events, f->orders.cancelled);
}

static void load_filter(struct loader *l, struct filter *f)
{
    const u8 *from = l->r.p;
    *f = (struct filter){.event = load_code(l)};
    u8 flags = read_byte(&l->r);
    if (flags & FILTER_NET) load_orders(l, f);
    if (flags & FILTER_WHERE) f->where = load_tree(l, TREE_WHERE);
    if (flags & FILTER_MATCH) {
        f->has_match = true;
        f->match = load_path(l);
        l->p->inputs.trigger = true;
    }
    if (flags > (FILTER_WHERE | FILTER_MATCH | FILTER_NET)) bad(l);
    if (f->event)
        note(l, &l->events, f->event);
    else
        l->p->inputs.any_event = true;
    f->bytes = (str){(const char *)from, (size_t)(l->r.p - from)};
}

static void load_window(struct loader *l, struct window *w)
{
    *w = (struct window){.kind = read_byte(&l->r)};
    struct predicate_inputs *in = &l->p->inputs;
    switch (w->kind) {
    case WINDOW_EVER: break;
    case WINDOW_WITHIN: w->ms = read_zigzag(&l->r); break;
    case WINDOW_MONTHS: w->months = load_code(l); break;
    case WINDOW_SESSION: in->any_event = true; break;
    case WINDOW_BETWEEN:
        w->from = read_zigzag(&l->r);
        w->to = read_zigzag(&l->r);
        w->from_text = read_str_varint(&l->r);
        w->to_text = read_str_varint(&l->r);
        break;
    default: bad(l);
    }
    if (w->kind == WINDOW_WITHIN && (w->ms <= 0 || w->ms > DURATION_MS_MAX)) bad(l);
    if (w->kind == WINDOW_MONTHS && (w->months == 0 || w->months > DURATION_MONTHS_MAX)) bad(l);
    in->time |= w->kind != WINDOW_EVER && w->kind != WINDOW_BETWEEN;
    w->since = read_byte(&l->r);
    if (w->since > SINCE_STEP) bad(l);
    if (w->since == SINCE_STEP) w->since_step = load_code(l);
    u8 last = read_byte(&l->r);
    if (last > 1) bad(l);
    w->has_since_last = last == 1 && !l->r.bad;
    if (w->has_since_last) load_filter(l, &w->since_last);
}

static struct leaf *add_leaf(struct loader *l)
{
    struct leaf *leaf = arena_zalloc(l->arena, sizeof *leaf);
    leaf->slot = l->p->leaf_count;
    l->found[l->p->leaf_count++] = leaf;
    return leaf;
}

static void load_did(struct loader *l, struct node *n)
{
    struct did *d = arena_zalloc(l->arena, sizeof *d);
    n->leaf = add_leaf(l);
    n->leaf->did = d;
    n->leaf->window = &d->window;
    load_filter(l, &d->filter);
    if (d->filter.net) l->p->net = &d->filter.orders;
    load_window(l, &d->window);
    d->measure = read_byte(&l->r);
    if (d->measure >= MEASURE_KIND_COUNT) bad(l);
    d->has_path = d->measure != MEASURE_COUNT || read_byte(&l->r) == 1;
    if (d->has_path) d->path = load_path(l);
    d->test = load_test(l);
    d->saturation = 1;
    if (d->measure == MEASURE_COUNT) d->saturation = load_saturation(l, &d->test);
    if (d->measure != MEASURE_FIRST && d->measure != MEASURE_LAST && d->measure != MEASURE_MIN &&
        d->measure != MEASURE_MAX)
        must_be_numeric(l, &d->test);
    if (d->test.op == COMPARE_MISSING || d->test.op == COMPARE_EXISTS) bad(l);
}

static void load_sequence(struct loader *l, struct node *n)
{
    struct sequence *s = arena_zalloc(l->arena, sizeof *s);
    n->leaf = add_leaf(l);
    n->leaf->sequence = s;
    n->leaf->window = &s->window;
    s->count = load_code(l);
    if (s->count < 1 || s->count > STEPS_MAX) {
        bad(l);
        return;
    }
    struct filter *steps = arena_zalloc(l->arena, s->count * sizeof *steps);
    for (u32 i = 0; i < s->count; i++) load_filter(l, &steps[i]);
    s->steps = steps;
    s->span_ms = read_zigzag(&l->r);
    if (s->span_ms < 0 || s->span_ms > DURATION_MS_MAX) bad(l);
    load_window(l, &s->window);
    if (s->window.kind != WINDOW_EVER && s->window.kind != WINDOW_BETWEEN) bad(l);
}

/* ---- messages ---- */

static void load_messages(struct loader *l, struct node *n)
{
    struct asked_messages *m = arena_zalloc(l->arena, sizeof *m);
    n->leaf = add_leaf(l);
    n->leaf->messages = m;
    n->leaf->window = &m->count.window;
    m->journey = read_str_varint(&l->r);
    m->template = read_str_varint(&l->r);
    m->channel = read_str_varint(&l->r);
    m->status = read_byte(&l->r);
    if (m->status == ASKED_NONE_ || m->status >= ASKED_COUNT_) bad(l);
    load_window(l, &m->count.window);
    bool slides = m->count.window.kind == WINDOW_WITHIN || m->count.window.kind == WINDOW_MONTHS;
    if ((!slides && m->count.window.kind != WINDOW_EVER) || m->count.window.since ||
        m->count.window.has_since_last)
        bad(l);
    if (read_byte(&l->r) != MEASURE_COUNT || read_byte(&l->r) != 0) bad(l);
    m->count.test = load_test(l);
    m->count.saturation = load_saturation(l, &m->count.test);
    must_be_numeric(l, &m->count.test);
    for (u32 code = EVENT_MESSAGE_PLANNED; code <= EVENT_MESSAGE_CANCELLED; code++)
        if (message_event_says(code, m->status)) note(l, &l->events, code);
}

/* ---- formulas ---- */

static void load_function(struct loader *l, struct function *f)
{
    f->kind = read_byte(&l->r);
    f->event = load_code(l);
    u8 has = read_byte(&l->r);
    f->has_path = has == 1;
    if (f->has_path) f->path = load_path(l);
    bool numeric = f->kind >= FUNCTION_SUM && f->kind <= FUNCTION_AVG;
    if (f->kind >= FUNCTION_KIND_COUNT || has > 1 || (numeric && !f->has_path)) bad(l);
    if (f->event)
        note(l, &l->events, f->event);
    else
        l->p->inputs.any_event = true;
}

static void load_step(struct loader *l, const struct formula *f, struct formula_step *s,
                      struct operand *stack, u32 *height)
{
    s->kind = read_byte(&l->r);
    if (s->kind >= STEP_KIND_COUNT) bad(l);
    if (s->kind == STEP_NUMBER) {
        struct constant c;
        load_constant(l, &c);
        if (l->r.bad || !decimal_of(c.v, &s->number)) bad(l);
    } else if (s->kind == STEP_CALL || s->kind == STEP_COALESCE) {
        s->n = load_code(l);
    } else if (s->kind == STEP_COMPARE) {
        s->n = read_byte(&l->r);
        if (s->n < COMPARE_EQ || s->n > COMPARE_GE) bad(l);
    }
    if (s->kind == STEP_CALL && s->n >= f->function_count) bad(l);
    if (l->r.bad) return;
    if (s->kind > STEP_CALL) {
        if (operand_apply(stack, height, s->kind, s->n) != OPERAND_FITS) bad(l);
    } else if (*height == FORMULA_DEPTH_MAX) {
        bad(l);
    } else {
        stack[(*height)++] = s->kind == STEP_NUMBER ? (struct operand){OPERAND_NUMBER, 0, 0}
                                                    : function_type(f->functions[s->n].kind,
                                                                    f->functions[s->n].has_path);
    }
}

static void load_formula(struct loader *l, struct node *n)
{
    static const struct window EVER;
    struct formula *f = arena_zalloc(l->arena, sizeof *f);
    struct operand stack[FORMULA_DEPTH_MAX];
    u32 height = 0;
    n->leaf = add_leaf(l);
    n->leaf->formula = f;
    n->leaf->window = &EVER;
    f->text = read_str_varint(&l->r);
    f->function_count = load_code(l);
    if (f->function_count == 0 || f->function_count > FORMULA_FUNCTIONS_MAX) {
        bad(l);
        return;
    }
    struct function *functions = arena_zalloc(l->arena, f->function_count * sizeof *functions);
    for (u32 i = 0; i < f->function_count; i++) load_function(l, &functions[i]);
    f->functions = functions;
    f->step_count = load_code(l);
    if (l->r.bad || f->step_count < 3 || f->step_count > FORMULA_STEPS_MAX) {
        bad(l);
        return;
    }
    struct formula_step *steps = arena_zalloc(l->arena, f->step_count * sizeof *steps);
    for (u32 i = 0; i < f->step_count && !l->r.bad; i++) {
        load_step(l, f, &steps[i], stack, &height);
        bool last = i + 1 == f->step_count;
        if (last != (steps[i].kind == STEP_COMPARE) || (last && height != 1)) bad(l);
    }
    f->steps = steps;
    l->p->inputs.time = true;
}

static void load_date(struct loader *l, struct node *n)
{
    struct date *d = arena_zalloc(l->arena, sizeof *d);
    d->path = load_attribute(l);
    i64 from = read_zigzag(&l->r), to = read_zigzag(&l->r);
    d->flags = read_byte(&l->r);
    d->zone_attribute = load_code(l);
    d->zone = read_str_varint(&l->r);
    if (from > to || from < -40000 || to > 40000) bad(l);
    if (d->flags & DATE_LUNAR && !(d->flags & DATE_ANNIVERSARY)) bad(l);
    d->from = (i32)from;
    d->to = (i32)to;
    if (d->flags & DATE_CUSTOMER_ZONE) note(l, &l->attributes, d->zone_attribute);
    l->p->inputs.time = true;
    n->date = d;
}

/* ---- nodes ---- */

static void load_plain(struct loader *l, struct node *n)
{
    struct predicate_inputs *in = &l->p->inputs;
    n->code = load_code(l);
    switch (n->kind) {
    case NODE_TAG:
        n->state = read_byte(&l->r);
        n->text = read_str_varint(&l->r);
        note(l, &l->tags, n->code);
        in->any_tag |= n->state;
        in->time = true;
        if (n->state > 1 || (n->state && n->text.n < 2))
            bad(l);
        else if (n->state)
            n->text.n -= 2;
        break;
    case NODE_CONSENT:
        n->code2 = load_code(l);
        n->state = read_byte(&l->r);
        in->consents = true;
        break;
    case NODE_REACHABLE: in->identifiers = in->consents = in->others = true; break;
    case NODE_SEGMENT: note(l, &l->segments, n->code); break;
    case NODE_STAGE:
        n->state = read_byte(&l->r);
        note(l, &l->segments, n->code);
        break;
    case NODE_SCORE:
        n->test = load_test(l);
        must_be_numeric(l, &n->test);
        if (n->test.op > COMPARE_GE) bad(l);
        in->time = in->others = true;
        note(l, &l->scores, n->code);
        break;
    case NODE_TASK:
        in->own = true;
        n->text = read_str_varint(&l->r);
        break;
    default: /* MESSAGE, STEP */
        in->own = true;
        n->state = read_byte(&l->r);
        if (n->state == 0 ||
            n->state >= (n->kind == NODE_STEP ? (u8)RESULT_COUNT_ : (u8)ASKED_COUNT_))
            bad(l);
    }
}

static void load_leaf(struct loader *l, struct node *n, tree_kind kind)
{
    bool where = kind != TREE_MAIN;
    if (where && n->kind != NODE_FIELD && !(n->kind == NODE_ITEM && kind == TREE_WHERE)) {
        bad(l);
        return;
    }
    switch (n->kind) {
    case NODE_FIELD:
        n->path = where ? load_path(l) : load_attribute(l);
        n->test = load_test(l);
        break;
    case NODE_ITEM:
        n->path = load_path(l);
        n->tree = load_tree(l, TREE_ITEM);
        if (!where) bad(l);
        break;
    case NODE_TRIGGER:
        l->p->inputs.trigger = true;
        n->tree = load_tree(l, TREE_WHERE);
        break;
    case NODE_DATE: load_date(l, n); break;
    case NODE_DID: load_did(l, n); break;
    case NODE_SEQUENCE: load_sequence(l, n); break;
    case NODE_FORMULA: load_formula(l, n); break;
    case NODE_MESSAGES: load_messages(l, n); break;
    default: load_plain(l, n);
    }
}

static u8 cost_of(const struct node *n)
{
    switch (n->kind) {
    case NODE_DID:
    case NODE_SEQUENCE:
    case NODE_FORMULA:
    case NODE_MESSAGES: return 9;
    case NODE_SCORE:
    case NODE_STAGE: return 4;
    case NODE_SEGMENT:
    case NODE_REACHABLE: return 3;
    case NODE_DATE:
    case NODE_ITEM:
    case NODE_TRIGGER: return 2;
    case NODE_CONSENT: return 0;
    default: return 1;
    }
}

static void sort_by_cost(struct node *n)
{
    for (u32 i = 1; i < n->count; i++) {
        const struct node *moved = n->cheapest[i];
        u32 at = i;
        for (; at > 0 && n->cheapest[at - 1]->cost > moved->cost; at--)
            n->cheapest[at] = n->cheapest[at - 1];
        n->cheapest[at] = moved;
    }
}

/* Takes the operands of `n` off the stack; the new height. */
static u32 load_operator(struct loader *l, struct node *n, const struct node **stack, u32 height)
{
    u64 count = n->kind == NODE_NOT ? 1 : read_varint(&l->r);
    if (l->r.bad || count > height) {
        bad(l);
        return height;
    }
    n->count = (u32)count;
    n->children = arena_alloc(l->arena, count * sizeof *n->children);
    n->cheapest = arena_alloc(l->arena, count * sizeof *n->cheapest);
    for (u32 i = 0; i < n->count; i++) {
        const struct node *child = stack[height - n->count + i];
        n->children[i] = n->cheapest[i] = child;
        if (child->cost > n->cost) n->cost = child->cost;
        if (child->depth > n->depth) n->depth = child->depth;
    }
    sort_by_cost(n);
    if (++n->depth > PREDICATE_DEPTH_MAX) bad(l);
    return height - n->count;
}

static const struct node *load_nodes(struct loader *l, tree_kind kind)
{
    const struct node *stack[PREDICATE_NODES_MAX];
    u32 height = 0;
    for (;;) {
        u8 byte = read_byte(&l->r);
        if (l->r.bad) return NULL;
        if (byte == NODE_END) return height == 1 ? stack[0] : bad(l);
        if (byte >= NODE_KIND_COUNT || l->nodes == PREDICATE_NODES_MAX) return bad(l);
        l->nodes++;
        struct node *n = arena_zalloc(l->arena, sizeof *n);
        n->kind = byte;
        if (n->kind <= NODE_NOT) {
            height = load_operator(l, n, stack, height);
        } else {
            n->cost = cost_of(n);
            load_leaf(l, n, kind);
        }
        if (l->r.bad) return NULL;
        stack[height++] = n;
    }
}

static const struct node *load_tree(struct loader *l, tree_kind kind)
{
    if (l->nesting == NESTING_MAX) return bad(l);
    l->nesting++;
    const struct node *root = load_nodes(l, kind);
    l->nesting--;
    return root;
}

/* ---- the whole ---- */

static int by_code(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;
    return (x > y) - (x < y);
}

static const u32 *sorted(struct codes *c, u32 *count)
{
    *count = 0;
    if (c->count == 0) return NULL;
    qsort(c->p, c->count, sizeof *c->p, by_code);
    for (u32 i = 0; i < c->count; i++)
        if (*count == 0 || c->p[*count - 1] != c->p[i]) c->p[(*count)++] = c->p[i];
    return c->p;
}

static void finish(struct loader *l)
{
    struct predicate *p = l->p;
    p->leaves = arena_alloc(l->arena, p->leaf_count * sizeof(struct leaf *));
    if (p->leaf_count) memcpy(p->leaves, l->found, p->leaf_count * sizeof(struct leaf *));
    p->inputs.events = sorted(&l->events, &p->inputs.event_count);
    p->inputs.attributes = sorted(&l->attributes, &p->inputs.attribute_count);
    p->inputs.tags = sorted(&l->tags, &p->inputs.tag_count);
    p->inputs.segments = sorted(&l->segments, &p->inputs.segment_count);
    p->inputs.scores = sorted(&l->scores, &p->inputs.score_count);
    live_classify(p, l->arena);
}

err predicate_load(str bytes, struct arena *arena, struct predicate **out)
{
    struct loader l = {.r = reader_of(bytes), .arena = arena};
    if (bytes.n > PREDICATE_BYTES_MAX) return ERR_CORRUPT;
    u8 version = read_byte(&l.r), place = read_byte(&l.r);
    if (version != PROGRAM_VERSION || place > PREDICATE_SCOPED) return ERR_CORRUPT;
    l.p = arena_zalloc(arena, sizeof *l.p);
    l.p->place = place;
    l.p->root = load_tree(&l, place == PREDICATE_WHERE ? TREE_WHERE : TREE_MAIN);
    if (l.r.bad || l.r.p != l.r.end) return ERR_CORRUPT;
    finish(&l);
    *out = l.p;
    return ERR_OK;
}

const struct predicate_inputs *predicate_inputs(const struct predicate *p)
{
    return &p->inputs;
}
