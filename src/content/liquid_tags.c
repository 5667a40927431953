/* liquid_tags.c — the table of tags. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_assign, liquid_tag_break, liquid_tag_capture,
    liquid_tag_case, liquid_tag_comment, liquid_tag_continue, liquid_tag_cycle,
    liquid_tag_decrement, liquid_tag_doc, liquid_tag_echo, liquid_tag_for, liquid_tag_if,
    liquid_tag_ifchanged, liquid_tag_include, liquid_tag_increment, liquid_tag_liquid,
    liquid_tag_raw, liquid_tag_render, liquid_tag_tablerow, liquid_tag_unless;

const struct liquid_tag *const liquid_tags[] = {
    &liquid_tag_assign,    &liquid_tag_break,     &liquid_tag_capture,
    &liquid_tag_case,      &liquid_tag_comment,   &liquid_tag_continue,
    &liquid_tag_cycle,     &liquid_tag_decrement, &liquid_tag_doc,
    &liquid_tag_echo,      &liquid_tag_for,       &liquid_tag_if,
    &liquid_tag_ifchanged, &liquid_tag_include,   &liquid_tag_increment,
    &liquid_tag_liquid,    &liquid_tag_raw,       &liquid_tag_render,
    &liquid_tag_tablerow,  &liquid_tag_unless,    NULL,
};
