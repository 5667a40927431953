/* hand.c — one journey hands its customer over to another.
 *
 *   enter step ─► Step Done {to, value} ─► queue ─► journey_try of the target, once nobody is in
 *                                                   the middle of a step
 *
 * The Step Done is the trigger of what it begins, so the key can be read from it for ever. Only so
 * many are taken in one go: journeys that enter each other in a circle end. */
#include "journey/journey_internal.h"

#include "log/events.h"
#include "log/fixed.h"

bool is_hand(const struct program *p, const struct event *ev)
{
    if (ev->code != EVENT_STEP_DONE) return false;
    value to = props_get(ev->props, PROPERTY_TO);
    return to.type == VALUE_TEXT && str_eq(to.text, p->id);
}

void hand_put(struct journeys *j, u32 row, const struct instruction *in)
{
    struct subject who;
    struct event trigger;
    struct done d = {.to = in->code};
    if (!journey_row_of(j, in->code)) d.reason = S("no_journey");
    if (j->hand_count == HANDS_MAX) d.reason = S("loop");
    if (in->key) {
        enrolment_subject(j, row, &who, &trigger);
        if (who.event) d.key = props_get(who.event->props, in->key);
    }
    u64 order = step_done(j, row, in, &d);
    if (d.reason.n) return;
    j->hands[j->hand_count++] =
        (struct hand){.head = customer_head(j->customers, row_at(j, row)->persona),
                      .journey = in->code,
                      .order = order};
}

static void hand_over(struct journeys *j, struct hand h, i64 now)
{
    struct subject who;
    struct event ev;
    persona head = customer_head(j->customers, h.head);
    u32 row = journey_row_of(j, h.journey);
    j->host.subject(j->host.ctx, head, &who);
    if (!event_get(who.events, who.personas, who.persona_count, h.order, now, &ev, who.scratch))
        return;
    ev.props = arena_str(who.scratch, ev.props);
    struct cause cause = {.event = &ev, .order = h.order, .occurred_ms = now, .fresh = true};
    journey_try(j, ((const struct journey_row *)table_at(j->journeys, row))->program, head, &cause,
                now);
}

/* What begins by it may hand over again: that comes last. */
void hands_over(struct journeys *j, i64 now)
{
    if (j->handing) return;
    j->handing = true;
    for (u32 i = 0; i < j->hand_count; i++) hand_over(j, j->hands[i], now);
    j->hand_count = 0;
    j->handing = false;
}
