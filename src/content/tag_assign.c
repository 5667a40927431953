/* tag_assign.c — {% assign a = expression %} and {% capture a %}…{% endcapture %}. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_assign, liquid_tag_capture;

struct assign_node {
    struct node node;
    u32 slot;
    struct expression expression;
};

static err render_assigned(struct render *r, const struct node *n)
{
    const struct assign_node *a = (const struct assign_node *)n;
    datum d;
    TRY(render_expression(r, &a->expression, &d));
    render_assign(r, a->slot, &d);
    return ERR_OK;
}

static err compile_assign(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct assign_node *n = liquid_node(c, sizeof *n, at, render_assigned);
    struct parser p = parser_of(c, markup);
    str name;
    n->node.blank = true;
    *out = &n->node;
    TRY(parse_target(&p, &name, &n->slot));
    if (!parser_sign(&p, "=")) return parser_unexpected(&p, "=");
    TRY(parse_expression(&p, &n->expression));
    return parse_end(&p);
}

const struct liquid_tag liquid_tag_assign = {LIQUID_NAME("assign"), compile_assign};

struct capture_node {
    struct node node;
    u32 slot;
    const struct node *body;
};

/* What was captured in HTML was escaped where it had to be. */
static err render_capture(struct render *r, const struct node *n)
{
    const struct capture_node *c = (const struct capture_node *)n;
    str text;
    bool own;
    TRY(render_captured(r, c->body, &text, &own));
    datum d = {.v = value_text(text), .safe = r->format == LIQUID_HTML, .own = own};
    render_assign(r, c->slot, &d);
    return ERR_OK;
}

static err compile_capture(struct compiler *c, str markup, u32 at, const struct node **out)
{
    static const str until[] = {LIQUID_NAME("endcapture")};
    struct capture_node *n = liquid_node(c, sizeof *n, at, render_capture);
    struct parser p = parser_of(c, markup);
    u32 which;
    str name;
    n->node.blank = true;
    *out = &n->node;
    TRY(parse_target(&p, &name, &n->slot));
    TRY(parse_end(&p));
    return liquid_block(c, &liquid_tag_capture, at, until, 1, &n->body, &which, &name);
}

const struct liquid_tag liquid_tag_capture = {LIQUID_NAME("capture"), compile_capture};
