/* liquid_tags.c — the table of tags. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_assign, liquid_tag_capture, liquid_tag_comment,
    liquid_tag_if, liquid_tag_raw, liquid_tag_unless;

const struct liquid_tag *const liquid_tags[] = {
    &liquid_tag_assign,
    &liquid_tag_capture,
    &liquid_tag_comment,
    &liquid_tag_if,
    &liquid_tag_raw,
    &liquid_tag_unless,
    NULL,
};
