/* tag_comment.c — {% comment %}…{% endcomment %} and {% doc %}…{% enddoc %}: nothing. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_comment, liquid_tag_doc;

static err compile_comment(struct compiler *c, str markup, u32 at, const struct node **out)
{
    str body;
    (void)markup, (void)out;
    return liquid_skip(c, &liquid_tag_comment, at, S("endcomment"), SKIP_COMMENT, &body);
}

static err compile_doc(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct parser p = parser_of(c, markup);
    str body;
    (void)out;
    TRY(parse_end(&p));
    return liquid_skip(c, &liquid_tag_doc, at, S("enddoc"), SKIP_DOC, &body);
}

const struct liquid_tag liquid_tag_comment = {LIQUID_NAME("comment"), compile_comment};
const struct liquid_tag liquid_tag_doc = {LIQUID_NAME("doc"), compile_doc};
