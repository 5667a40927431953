/* tag_raw.c — {% raw %}…{% endraw %}: as it stands, braces and all. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_raw;

struct raw_node {
    struct node node;
    str text;
};

static err render(struct render *r, const struct node *n)
{
    buf_put(r->out, ((const struct raw_node *)n)->text);
    return ERR_OK;
}

static err compile(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct raw_node *n = liquid_node(c, sizeof *n, at, render);
    struct parser p = parser_of(c, markup);
    TRY(parse_end(&p));
    *out = &n->node;
    return liquid_skip(c, &liquid_tag_raw, at, S("endraw"), SKIP_RAW, &n->text);
}

const struct liquid_tag liquid_tag_raw = {LIQUID_NAME("raw"), compile};
