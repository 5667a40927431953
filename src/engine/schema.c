/* schema.c — what people decided about attributes and namespaces. */
#include "engine/engine_internal.h"

/* Another type shows other values: the rules that read it ask everybody again, and dates that texts
 * have become arm their triggers. */
static void set_attribute(struct engine *e, const struct schema_record *s)
{
    struct attribute_rule rule;
    if (!names_text(e->names, NAME_ATTRIBUTE, s->code).n) return;
    bool known = customer_attribute(e->customers, s->code, &rule);
    attribute_type before = known ? rule.type : 0;
    if (s->type) rule.type = (attribute_type)s->type;
    rule.confirmed = s->confirmed;
    rule.personal = s->personal;
    customer_attribute_set(e->customers, s->code, rule);
    if (rule.type == before) return;
    segment_again(e->segments, s->code, e->number);
    journeys_retype(e->journeys, s->code);
}

void apply_schema(struct engine *e, const struct record *r)
{
    struct schema_record s;
    if (!schema_read(r->payload, &s)) return;
    if (s.what == SCHEMA_ATTRIBUTE)
        set_attribute(e, &s);
    else if (names_text(e->names, NAME_SPACE, s.code).n)
        customer_space_set(e->customers, s.code,
                           (struct space_rule){s.strength, s.unique, s.limit, s.priority});
}
