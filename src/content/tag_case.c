/* tag_case.c — {% case x %}{% when a, b or c %}…{% else %}…{% endcase %}. Every `when` that holds
 * is rendered, and an `else` where none before it did. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_case;

struct choice {
    const struct choice *next;
    struct operand value;
};
struct arm {
    const struct arm *next;
    const struct choice *choices; /* NULL: else */
    const struct node *body;
};
struct case_node {
    struct node node;
    struct operand subject;
    const struct arm *arms;
};

MUST_USE static err matches(struct render *r, const struct choice *choices, const datum *subject,
                            bool *out)
{
    *out = false;
    for (const struct choice *c = choices; c && !*out; c = c->next) {
        datum d;
        render_operand(r, &c->value, &d);
        TRY(render_steps(r, 1 + d.v.text.n / 64));
        *out = datum_equal(subject, &d);
    }
    return ERR_OK;
}

static err render(struct render *r, const struct node *n)
{
    const struct case_node *c = (const struct case_node *)n;
    bool any = false;
    datum subject;
    render_operand(r, &c->subject, &subject);
    for (const struct arm *a = c->arms; a && !r->interrupt; a = a->next) {
        bool holds = !any;
        if (a->choices) TRY(matches(r, a->choices, &subject, &holds));
        if (!holds) continue;
        any |= a->choices != NULL;
        TRY(render_nodes(r, a->body));
    }
    return ERR_OK;
}

MUST_USE static err parse_choices(struct compiler *c, str markup, const struct choice **out)
{
    struct parser p = parser_of(c, markup);
    do {
        struct choice *choice = arena_zalloc(c->arena, sizeof *choice);
        TRY(parse_operand(&p, &choice->value));
        *out = choice;
        out = &choice->next;
    } while (parser_sign(&p, ",") || parser_word(&p, "or"));
    return parse_end(&p);
}

static err compile(struct compiler *c, str markup, u32 at, const struct node **out)
{
    static const str until[] = {LIQUID_NAME("when"), LIQUID_NAME("else"), LIQUID_NAME("endcase")};
    struct case_node *n = liquid_node(c, sizeof *n, at, render);
    const struct arm **tail = &n->arms;
    const struct node *before;
    struct parser p = parser_of(c, markup);
    u32 which;
    *out = &n->node;
    n->node.blank = true;
    TRY(parse_operand(&p, &n->subject));
    TRY(parse_end(&p));
    /* What stands before the first `when` is never rendered. */
    TRY(liquid_block(c, &liquid_tag_case, at, until, 3, &before, &which, &markup));
    while (which != 2) {
        struct arm *a = arena_zalloc(c->arena, sizeof *a);
        if (which == 0) TRY(parse_choices(c, markup, &a->choices));
        *tail = a;
        tail = &a->next;
        TRY(liquid_block(c, &liquid_tag_case, at, until, 3, &a->body, &which, &markup));
        n->node.blank &= liquid_blank(a->body);
    }
    return ERR_OK;
}

const struct liquid_tag liquid_tag_case = {LIQUID_NAME("case"), compile};
