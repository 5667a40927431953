/* tag_counter.c — {% increment %}, {% decrement %}, {% cycle %} and {% ifchanged %}: what remembers
 * from one time to the next. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_increment, liquid_tag_decrement, liquid_tag_cycle,
    liquid_tag_ifchanged;

/* ---- counters ---- */

struct counter_node {
    struct node node;
    str name;
    u32 slot;
    bool down;
};

/* Increments after it has printed, decrements before. */
static err render_counter(struct render *r, const struct node *n)
{
    const struct counter_node *c = (const struct counter_node *)n;
    struct state *s;
    TRY(render_state(r, STATE_COUNTER, c->name, &s));
    render_counts(r, c->slot);
    if (c->down) s->n--;
    buf_i64_text(r->out, s->n);
    if (!c->down) s->n++;
    return ERR_OK;
}

MUST_USE static err compile_counter(struct compiler *c, str markup, u32 at, bool down,
                                    const struct node **out)
{
    struct counter_node *n = liquid_node(c, sizeof *n, at, render_counter);
    struct parser p = parser_of(c, markup);
    n->down = down;
    *out = &n->node;
    TRY(parse_target(&p, &n->name, &n->slot));
    return parse_end(&p);
}

static err compile_increment(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile_counter(c, markup, at, false, out);
}

static err compile_decrement(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile_counter(c, markup, at, true, out);
}

const struct liquid_tag liquid_tag_increment = {LIQUID_NAME("increment"), compile_increment};
const struct liquid_tag liquid_tag_decrement = {LIQUID_NAME("decrement"), compile_decrement};

/* ---- cycle ---- */

struct choice {
    const struct choice *next;
    struct operand value;
};
struct cycle_node {
    struct node node;
    bool named;
    struct operand group; /* its value is the key */
    str key;              /* of one without a name: its words */
    const struct choice *choices;
    u32 count;
};

/* Cycles of one key go on where another has stopped, even if they have other values. */
static err render_cycle(struct render *r, const struct node *n)
{
    const struct cycle_node *c = (const struct cycle_node *)n;
    const struct choice *choice = c->choices;
    struct state *s;
    str key = c->key;
    datum d;
    if (c->named) {
        render_operand(r, &c->group, &d);
        if (!datum_text(r, &d, &key)) return render_out_of_room(r);
    }
    TRY(render_state(r, STATE_CYCLE, key, &s));
    for (i64 i = 0; i < s->n && choice; i++) choice = choice->next;
    if (++s->n >= c->count) s->n = 0;
    if (!choice) return ERR_OK;
    render_operand(r, &choice->value, &d);
    size_t from = r->out->n;
    render_put(r, &d);
    if (d.own) render_mark_own(r, from);
    return ERR_OK;
}

/* Words by one space each, behind one that no name begins with. */
static str words_of(struct compiler *c, struct parser p)
{
    struct buf b;
    buf_init(&b, TEMPLATE_SOURCE_MAX * 2);
    for (; p.kind != WORD_END && p.kind != WORD_BAD; parser_next(&p)) {
        buf_byte(&b, (u8)(p.kind == WORD_STRING ? 2 : 1));
        buf_put(&b, p.word);
    }
    str words = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return words;
}

static err compile_cycle(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct cycle_node *n = liquid_node(c, sizeof *n, at, render_cycle);
    struct parser p = parser_of(c, markup);
    const struct choice **tail = &n->choices;
    struct operand first;
    bool fixed_values = true;
    *out = &n->node;
    n->key = words_of(c, p);
    TRY(parse_operand(&p, &first));
    n->named = parser_sign(&p, ":");
    if (n->named) {
        n->group = first;
        TRY(parse_operand(&p, &first));
    }
    for (;;) {
        struct choice *choice = arena_zalloc(c->arena, sizeof *choice);
        choice->value = first;
        *tail = choice;
        tail = &choice->next;
        n->count++;
        fixed_values &= first.kind == OPERAND_CONSTANT;
        if (!parser_sign(&p, ",") || p.kind == WORD_END) break;
        TRY(parse_operand(&p, &first));
    }
    /* One whose values are names goes on by itself, whatever others say. */
    if (!n->named && !fixed_values)
        n->key = arena_printf(c->arena, "\003%u", c->program->node_count);
    return parse_end(&p);
}

const struct liquid_tag liquid_tag_cycle = {LIQUID_NAME("cycle"), compile_cycle};

/* ---- ifchanged ---- */

struct changed_node {
    struct node node;
    const struct node *body;
};

static err render_changed(struct render *r, const struct node *n)
{
    str text;
    bool own;
    TRY(render_captured(r, ((const struct changed_node *)n)->body, &text, &own));
    if (str_eq(text, r->changed)) return ERR_OK;
    size_t from = r->out->n;
    r->changed = text;
    buf_put(r->out, text);
    if (own) render_mark_own(r, from);
    return ERR_OK;
}

static err compile_changed(struct compiler *c, str markup, u32 at, const struct node **out)
{
    static const str until[] = {LIQUID_NAME("endifchanged")};
    struct changed_node *n = liquid_node(c, sizeof *n, at, render_changed);
    struct parser p = parser_of(c, markup);
    u32 which;
    *out = &n->node;
    TRY(parse_end(&p));
    return liquid_block(c, &liquid_tag_ifchanged, at, until, 1, &n->body, &which, &markup);
}

const struct liquid_tag liquid_tag_ifchanged = {LIQUID_NAME("ifchanged"), compile_changed};
