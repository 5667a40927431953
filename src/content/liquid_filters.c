/* liquid_filters.c — finding a filter by its name. */
#include "content/liquid.h"

static const struct liquid_filter *const tables[] = {
    liquid_text_filters, liquid_number_filters, liquid_html_filters, liquid_list_filters,
    liquid_pick_filters, liquid_code_filters,   liquid_date_filters, liquid_money_filters};

const struct liquid_filter *liquid_filter_find(str name)
{
    for (u32 t = 0; t < COUNT_OF(tables); t++)
        for (const struct liquid_filter *f = tables[t]; f->name.n; f++)
            if (str_eq(f->name, name)) return f;
    return NULL;
}

void liquid_filter_names(struct buf *out)
{
    for (u32 t = 0; t < COUNT_OF(tables); t++)
        for (const struct liquid_filter *f = tables[t]; f->name.n; f++) {
            if (out->n) buf_put(out, S(", "));
            buf_put(out, f->name);
        }
}
