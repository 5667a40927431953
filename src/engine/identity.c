/* identity.c — two customers are one, and two again.
 *
 *   joined: messages, enrolments, lists ─► the survivor; her rules are asked from her whole
 * timeline cut:    both views are folded again; what each persona began goes back with it; both are
 * asked
 *
 * Crossings so made are written down and end what they must, but they start nothing: nobody did
 * anything (docs/semantics.md). */
#include "engine/engine_internal.h"

/* The event of both, with whom it was and why. */
static void tell(struct engine *e, persona who, u32 event, persona other, str reason)
{
    char id[33];
    struct buf b;
    buf_init(&b, 1024);
    customer_id(e->customers, other, id);
    text_property(&b, PROPERTY_CUSTOMER, (str){id, 32});
    text_property(&b, PROPERTY_REASON, reason);
    struct happened *h = engine_event(e, who, event, buf_str(&b), 0, false);
    if (h) h->quiet = true;
    buf_clear(&b);
}

void identity_look(struct engine *e, persona head)
{
    struct subject who;
    struct touch t = {.rebuild = true, .fresh = false};
    u64 order = event_order(e->number, e->place);
    engine_subject(e, head, &who);
    e->quiet = true;
    segment_touch(e->segments, &who, &t, e->now, e->edges);
    engine_edges(e, order, true);
    states_look(e, head);
    engine_arm(e, head);
}

/* ---- one ---- */

str engine_link_text(link_why why)
{
    static const char *const TEXTS[] = {[LINK_SAME_RECORD] = "same event",
                                        [LINK_WEAK_UNIQUE] = "same contact",
                                        [LINK_ALIAS] = "alias",
                                        [LINK_MANUAL] = "by hand"};
    return str_of(TEXTS[why]);
}

void identity_joined(struct engine *e, const struct resolved *out)
{
    for (u32 i = 0; i < out->link_count; i++) {
        persona from = out->links[i].from, to = out->links[i].to;
        message_moved(e->messages, from, to);
        journey_moved(e->journeys, from, to, e->now);
        segment_moved(e->segments, from, to);
        if (n48_get(customer_at(e->customers, from)->next_due))
            customer_edit(e->customers, from)->next_due = n48_of(0);
        tell(e, to, EVENT_MERGED, from, engine_link_text(out->links[i].why));
        if (customer_head(e->customers, to) == to) identity_look(e, to);
    }
}

persona engine_head_of(struct engine *e, str id)
{
    return customer_head(e->customers, customer_by_id(e->customers, id));
}

static persona named(struct engine *e, const struct record *r, u32 i)
{
    return customer_find(e->customers, r->ids[i].space, r->ids[i].hash);
}

/* Two customers are one, said by a person. */
void apply_merge(struct engine *e, const struct record *r)
{
    struct resolved out = {0};
    struct merge_record m = {0};
    bool by_header = r->payload.n == 0 && r->id_count == 2;
    if (!by_header && !merge_read(r->payload, &m)) return;
    persona a = by_header ? named(e, r, 0) : engine_head_of(e, m.a);
    persona b = by_header ? named(e, r, 1) : engine_head_of(e, m.b);
    if (!a || !b || a == b) return;
    engine_due(e, a);
    engine_due(e, b);
    if (customer_link(e->customers, a, b, LINK_MANUAL, e->now, e->number, &out) == ERR_OK)
        identity_joined(e, &out);
}

/* ---- two ---- */

void apply_unmerge(struct engine *e, const struct record *r)
{
    str id;
    if (!persona_read(r->payload, &id)) return;
    persona who = customer_by_id(e->customers, id), head = customer_head(e->customers, who), part;
    if (!head) return;
    engine_due(e, head);
    if (customer_cut(e->customers, who, e->number, &head, &part) != ERR_OK) return;
    change_refold(e, head);
    change_refold(e, part);
    message_cut(e->messages, head, part);
    journey_cut(e->journeys, head, part);
    tell(e, head, EVENT_UNMERGED, part, S("by hand"));
    tell(e, part, EVENT_UNMERGED, head, S("by hand"));
    identity_look(e, head);
    identity_look(e, part);
    journey_look(e->journeys, head, e->now);
    journey_look(e->journeys, part, e->now);
    engine_arm(e, head);
    engine_arm(e, part);
}
