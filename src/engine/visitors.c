/* visitors.c — who never said who they are, and was not seen for long, is forgotten.
 *
 * A visitor is a customer of whom devices are known and nothing else: no strong identifier, no
 * address, nothing under way. At every heartbeat some customers are looked at, so that each one's
 * turn comes about once a day; what is decided depends on the log alone. Her number may be given
 * again, under another id. It is no erasure: sealed files lose her events when they are merged. */
#include "engine/engine_internal.h"

enum {
    VISITOR_DAYS = 90,  /* without an event; the setting "visitor_days" says otherwise, 0 = never */
    TURNS_A_DAY = 144,  /* heartbeats */
    LOOK_LEAST = 1000,  /* customers at one heartbeat */
    LOOK_MOST = 200000, /* some milliseconds */
    ASK_MOST = 2000,    /* of them who look idle: each is read from the timeline */
};

i64 engine_visitor_days(struct engine *e)
{
    value v = engine_setting(e, S("visitor_days"));
    return v.type == VALUE_INT && v.n >= 0 ? v.n : VISITOR_DAYS;
}

static bool something_runs(struct engine *e, const struct customer_row *row)
{
    u32 at = row->enrolments;
    while (at && (enrolment_at(e->journeys, at)->state == ENROLMENT_ENDED ||
                  enrolment_at(e->journeys, at)->state == ENROLMENT_DATED))
        at = enrolment_at(e->journeys, at)->next;
    return at || row->messages;
}

static bool has_only_devices(struct engine *e, persona head)
{
    struct identifier_view id;
    for (u32 cursor = 0; customer_identifier(e->customers, head, &cursor, &id);)
        if (id.space == SPACE_DEVICE_TOKEN ||
            customer_space(e->customers, id.space).strength != STRENGTH_DEVICE)
            return false;
    return true;
}

static bool looks_idle(struct engine *e, persona p, i64 before)
{
    const struct customer_row *row = customer_at(e->customers, p);
    return row->head == p && row->next_of_head == p && !(row->flags & CUSTOMER_KNOWN) &&
           n48_get(row->last_seen) < before && has_only_devices(e, p) && !something_runs(e, row);
}

/* An old history that was imported yesterday is not to go today. */
static bool came_lately(struct engine *e, persona p, i64 before)
{
    struct event ev;
    struct event_iter *it = event_iter_back(e->live_events, &p, 1, INT64_MIN, NEVER, e->scratch);
    return event_next(it, &ev) && ev.received_ms >= before;
}

void visitors_look(struct engine *e)
{
    i64 days = engine_visitor_days(e);
    persona end = customers_end(e->customers);
    u32 look = min_u32(end / TURNS_A_DAY + LOOK_LEAST, LOOK_MOST), asked = 0;
    i64 before = e->now - days * DAY;
    if (days == 0 || end <= 1) return;
    persona at = engine_meta(e)->visitor;
    for (; look && asked < ASK_MOST; look--, at++) {
        if (at == 0 || at >= end) at = 1;
        if (!looks_idle(e, at, before)) continue;
        asked++;
        if (came_lately(e, at, before)) continue;
        engine_forget(e, at);
        customer_give_back(e->customers, at);
        e->stats.visitors_forgotten++;
    }
    engine_meta_edit(e)->visitor = at;
}
