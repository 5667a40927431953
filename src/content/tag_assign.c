/* tag_assign.c — {% assign name = expression %} and {% capture name %}…{% endcapture %}. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_assign, liquid_tag_capture;

struct assign_node {
    struct node node;
    str name;
    struct expression expression;
};

static err render_assigned(struct render *r, const struct node *n)
{
    const struct assign_node *a = (const struct assign_node *)n;
    datum d;
    TRY(render_expression(r, &a->expression, &d));
    return render_assign(r, a->name, d);
}

static err compile_assign(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct assign_node *n = liquid_node(c, sizeof *n, at, render_assigned);
    struct parser p = parser_of(c, markup);
    if (p.kind != WORD_NAME && p.kind != WORD_NUMBER)
        return liquid_refuse(c, at, "assign needs a name");
    n->node.blank = true;
    n->name = p.word;
    parser_next(&p);
    if (!parser_sign(&p, "=")) return liquid_refuse(c, at, "assign needs: name = value");
    TRY(parse_expression(&p, &n->expression));
    *out = &n->node;
    return parse_end(&p);
}

const struct liquid_tag liquid_tag_assign = {{"assign", 6}, compile_assign};

struct capture_node {
    struct node node;
    str name;
    const struct node *body;
};

/* The body is rendered into a text of its own. In HTML its values have been escaped there, so the
 * captured text is HTML. */
static err render_captured(struct render *r, const struct node *n)
{
    const struct capture_node *c = (const struct capture_node *)n;
    struct buf text, *outer = r->out;
    bool outer_own = r->own_captured;
    buf_init(&text, min_size(TEMPLATE_OUTPUT_MAX, r->scratch_left));
    r->out = &text;
    r->own_captured = false;
    err e = render_nodes(r, c->body);
    r->out = outer;
    datum d = {.safe = r->format == LIQUID_HTML, .own = r->own_captured};
    r->own_captured |= outer_own;
    char *copy = e == ERR_OK ? render_bytes(r, text.n) : NULL;
    if (copy) {
        if (text.n) memcpy(copy, text.p, text.n);
        d.v = value_text((str){copy, text.n});
        e = render_assign(r, c->name, d);
    } else if (e == ERR_OK) {
        e = render_fail(r, ERR_LIMIT, "the template makes too much text");
    }
    buf_clear(&text);
    return e;
}

static err compile_capture(struct compiler *c, str markup, u32 at, const struct node **out)
{
    static const str until[] = {{"endcapture", 10}};
    struct capture_node *n = liquid_node(c, sizeof *n, at, render_captured);
    struct parser p = parser_of(c, markup);
    u32 which;
    str tail;
    if (p.kind != WORD_NAME && p.kind != WORD_STRING)
        return liquid_refuse(c, at, "capture needs a name");
    n->name = p.word;
    n->node.blank = true;
    parser_next(&p);
    TRY(parse_end(&p));
    *out = &n->node;
    return liquid_block(c, &liquid_tag_capture, at, until, 1, &n->body, &which, &tail);
}

const struct liquid_tag liquid_tag_capture = {{"capture", 7}, compile_capture};
