/* tag_liquid.c — {% liquid %}, a tag on each line; {% echo %}, which is {{ }} as a tag. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_liquid, liquid_tag_echo;

struct lines_node {
    struct node node;
    const struct node *body;
};

static err render_lines(struct render *r, const struct node *n)
{
    return render_nodes(r, ((const struct lines_node *)n)->body);
}

static err compile_lines(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct lines_node *n = liquid_node(c, sizeof *n, at, render_lines);
    TRY(liquid_lines(c, markup, &n->body));
    n->node.blank = liquid_blank(n->body);
    *out = &n->node;
    return ERR_OK;
}

const struct liquid_tag liquid_tag_liquid = {LIQUID_NAME("liquid"), compile_lines};
const struct liquid_tag liquid_tag_echo = {LIQUID_NAME("echo"), parse_output};
