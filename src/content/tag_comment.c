/* tag_comment.c — {% comment %}…{% endcomment %}: nothing. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_comment;

static err compile(struct compiler *c, str markup, u32 at, const struct node **out)
{
    str body;
    (void)markup, (void)out;
    return liquid_skip(c, &liquid_tag_comment, at, S("endcomment"), true, &body);
}

const struct liquid_tag liquid_tag_comment = {{"comment", 7}, compile};
