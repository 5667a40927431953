/* tag_if.c — {% if %}, {% unless %}, with {% elsif %} and {% else %}. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_if, liquid_tag_unless;

struct arm {
    const struct arm *next;
    const struct condition *condition; /* NULL: else */
    const struct node *body;
    bool inverted;
};
struct if_node {
    struct node node;
    const struct arm *arms;
};

static err render(struct render *r, const struct node *n)
{
    for (const struct arm *a = ((const struct if_node *)n)->arms; a; a = a->next) {
        bool holds = true;
        if (a->condition) TRY(render_condition(r, a->condition, &holds));
        if (holds != a->inverted) return render_nodes(r, a->body);
    }
    return ERR_OK;
}

/* Each turn compiles one arm; the tag that ends it says what the next one is. After an else,
 * further arms can never be reached and are compiled all the same, so that mistakes in them are
 * found. */
static err compile_arms(struct compiler *c, const struct liquid_tag *tag, str end, str markup,
                        u32 at, const struct node **out)
{
    const str until[] = {S("elsif"), S("else"), end};
    struct if_node *n = liquid_node(c, sizeof *n, at, render);
    const struct arm **tail = &n->arms;
    n->node.blank = true;
    bool has_condition = true, inverted = tag == &liquid_tag_unless;
    for (;;) {
        struct arm *a = arena_zalloc(c->arena, sizeof *a);
        struct parser p = parser_of(c, markup);
        u32 which;
        if (has_condition) TRY(parse_condition(&p, &a->condition));
        a->inverted = inverted;
        *tail = a;
        tail = &a->next;
        TRY(liquid_block(c, tag, at, until, 3, &a->body, &which, &markup));
        n->node.blank &= liquid_blank(a->body);
        inverted = false;
        has_condition = which == 0;
        if (which == 2) break;
    }
    *out = &n->node;
    return ERR_OK;
}

static err compile_if(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile_arms(c, &liquid_tag_if, S("endif"), markup, at, out);
}

static err compile_unless(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile_arms(c, &liquid_tag_unless, S("endunless"), markup, at, out);
}

const struct liquid_tag liquid_tag_if = {LIQUID_NAME("if"), compile_if};
const struct liquid_tag liquid_tag_unless = {LIQUID_NAME("unless"), compile_unless};
