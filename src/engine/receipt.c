/* receipt.c — what became of a message after it was handed over: receipts of providers, opens,
 * clicks, replies, complaints.
 *
 * A receipt names the customer and the message, not a row: rows go after three days, her timeline
 * stays. What a person did moves the status forward and is an event of hers; what a machine did is
 * an event alone. Opens, clicks and replies may come again and again, the rest is said once. */
#include "engine/engine_internal.h"

#include <stdio.h>

_Static_assert(EVENT_MESSAGE_CANCELLED - EVENT_MESSAGE_PLANNED ==
                   (int)MESSAGE_CANCELLED - (int)MESSAGE_PLANNED,
               "events of messages stand in the order of their statuses");

static u32 event_of(message_status s)
{
    return EVENT_MESSAGE_PLANNED + (u32)s - MESSAGE_PLANNED;
}

message_status engine_event_status(const struct event *ev)
{
    if (ev->code >= EVENT_MESSAGE_PLANNED && ev->code <= EVENT_MESSAGE_CANCELLED)
        return ev->code - EVENT_MESSAGE_PLANNED + MESSAGE_PLANNED;
    if (ev->code != EVENT_STAFF_NOTICE) return MESSAGE_NONE;
    value result = props_get(ev->props, PROPERTY_RESULT);
    for (u32 s = MESSAGE_PLANNED; result.type == VALUE_TEXT && s < MESSAGE_STATUS_COUNT; s++)
        if (str_eq(result.text, message_status_text(s))) return s;
    return MESSAGE_NONE;
}

static bool may_be_said(u8 status)
{
    return status >= MESSAGE_SENT && status <= MESSAGE_UNSUBSCRIBED;
}

static bool comes_again(message_status s)
{
    return s == MESSAGE_OPENED || s == MESSAGE_CLICKED || s == MESSAGE_REPLIED;
}

/* ---- the past ---- */

static str text_in(str props, u32 property, struct arena *arena)
{
    value v = props_get(props, property);
    return v.type == VALUE_TEXT ? arena_str(arena, v.text) : (str){0};
}

static void take_claim(const struct event *ev, struct arena *arena, struct message_past *out)
{
    value values = props_get(ev->props, PROPERTY_VALUES),
          content = props_get(ev->props, PROPERTY_CONTENT);
    out->persona = ev->persona;
    out->notice = ev->code == EVENT_STAFF_NOTICE;
    out->claimed_ms = ev->occurred_ms;
    out->journey = text_in(ev->props, PROPERTY_JOURNEY, arena);
    out->step = text_in(ev->props, PROPERTY_STEP, arena);
    out->template_id = text_in(ev->props, PROPERTY_TEMPLATE, arena);
    out->channel = text_in(ev->props, PROPERTY_CHANNEL, arena);
    out->topic = text_in(ev->props, PROPERTY_TOPIC, arena);
    out->to = text_in(ev->props, PROPERTY_TO, arena);
    out->content = content.type == VALUE_INT ? (u32)content.n : 0;
    out->values = values.type == VALUE_MAP ? arena_str(arena, values.text) : (str){0};
}

void message_past(struct engine *e, persona head, hash128 id, i64 from, struct arena *arena,
                  struct message_past *out)
{
    struct subject who;
    struct event ev;
    char hex[33];
    hash128_hex(id, hex);
    *out = (struct message_past){0};
    engine_subject(e, head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, from, NEVER, arena);
    while (event_next(it, &ev)) {
        message_status status = engine_event_status(&ev);
        if (status == MESSAGE_NONE) continue;
        value which = props_get(ev.props, PROPERTY_MESSAGE);
        if (which.type != VALUE_TEXT || !str_eq(which.text, (str){hex, 32})) continue;
        if (props_get(ev.props, PROPERTY_MACHINE).type != VALUE_TRUE) out->said |= 1u << status;
        if (status == MESSAGE_CLAIMED) take_claim(&ev, arena, out);
    }
}

bool engine_message_story(struct engine *e, persona head, hash128 id, struct arena *arena,
                          struct message_story *out)
{
    struct message_past past;
    message_past(e, head, id, INT64_MIN, arena, &past);
    *out = (struct message_story){.head = head,
                                  .journey = past.journey,
                                  .step = past.step,
                                  .template_id = past.template_id,
                                  .channel = past.channel,
                                  .to = past.to,
                                  .values = past.values,
                                  .content = past.content};
    for (u32 s = MESSAGE_CLAIMED; s < MESSAGE_STATUS_COUNT; s++)
        if (past.said & 1u << s) out->status = (message_status)s;
    return past.claimed_ms != 0;
}

/* ---- what follows ---- */

void message_suppress(struct engine *e, u32 channel, persona head, str to, suppression reason)
{
    struct identifier_view id;
    struct record_id holder = {0};
    if (!to.n) return;
    for (u32 cursor = 0; customer_identifier(e->customers, head, &cursor, &id);)
        if (str_eq(id.value, to)) holder = (struct record_id){id.hash, id.space};
    engine_suppress(e, channel, address_key(engine_key(e), channel, to), reason, &holder);
}

static void opt_out(struct engine *e, persona who, u32 channel, u32 topic, str message)
{
    struct change change, said = {.field = FIELD_CONSENT,
                                  .code = channel,
                                  .topic = topic,
                                  .new = value_bool(false),
                                  .expires_ms = NEVER};
    struct buf more;
    buf_init(&more, 256);
    text_property(&more, PROPERTY_REASON, S("unsubscribed"));
    text_property(&more, PROPERTY_MESSAGE, message);
    said_begin(e, who, e->now);
    if (customer_consent(e->customers, who, channel, topic, 2, e->now, &change))
        change_write_with(e, &change, e->now, true, buf_str(&more));
    else
        said_add(e, &said);
    said_end(e);
    buf_clear(&more);
}

/* Of a message whose row is gone: what the row's would say, from its claim. */
static void tell_past(struct engine *e, const struct receipt_record *r,
                      const struct message_past *past, str hex)
{
    struct buf b;
    buf_init(&b, 8192);
    text_property(&b, PROPERTY_MESSAGE, hex);
    if (past->journey.n) text_property(&b, PROPERTY_JOURNEY, past->journey);
    if (past->step.n) text_property(&b, PROPERTY_STEP, past->step);
    text_property(&b, PROPERTY_TEMPLATE, past->template_id);
    if (past->topic.n) text_property(&b, PROPERTY_TOPIC, past->topic);
    text_property(&b, PROPERTY_CHANNEL, past->channel);
    if (r->detail.n)
        text_property(&b, r->status == MESSAGE_CLICKED ? PROPERTY_URL : PROPERTY_DETAIL, r->detail);
    if (r->machine) props_put(&b, PROPERTY_MACHINE, value_bool(true));
    u32 event = event_of((message_status)r->status);
    if (past->notice) {
        text_property(&b, PROPERTY_RESULT, message_status_text((message_status)r->status));
        event = EVENT_STAFF_NOTICE;
    }
    engine_event(e, past->persona, event, buf_str(&b), 0, true);
    buf_clear(&b);
}

static void tell_row(struct engine *e, u32 row, const struct receipt_record *r)
{
    bool click = r->status == MESSAGE_CLICKED;
    message_tell(e, row,
                 &(struct message_event){.event = event_of((message_status)r->status),
                                         .detail = click ? (str){0} : r->detail,
                                         .url = click ? r->detail : (str){0},
                                         .machine = r->machine});
}

static void follow(struct engine *e, persona head, const struct receipt_record *r,
                   const struct message_past *past, str hex)
{
    u32 channel = names_find(e->names, NAME_CHANNEL, past->channel);
    u32 topic = past->topic.n ? names_find(e->names, NAME_TOPIC, past->topic) : 0;
    if (r->status == MESSAGE_BOUNCED)
        message_suppress(e, channel, head, past->to, SUPPRESSED_BOUNCE);
    if (r->status == MESSAGE_COMPLAINED)
        message_suppress(e, channel, head, past->to, SUPPRESSED_COMPLAINT);
    if (r->status == MESSAGE_UNSUBSCRIBED && !past->notice)
        opt_out(e, past->persona, channel, topic, hex);
}

void apply_receipt(struct engine *e, const struct record *rec)
{
    struct receipt_record r;
    struct message_past past;
    char hex[33];
    if (!receipt_read(rec->payload, &r) || !may_be_said(r.status)) return;
    persona head = engine_head_of(e, r.customer);
    if (!head) return;
    engine_due(e, head);
    u32 row = message_find(e->messages, head, r.id);
    i64 from = row ? (i64)message_at(e->messages, row)->planned : INT64_MIN;
    message_past(e, head, r.id, from, e->scratch, &past);
    if (!past.claimed_ms) return; /* never handed over: nobody can have had it */
    bool moved =
        row && !r.machine && message_settle(e->messages, row, (message_status)r.status, e->now);
    bool again = past.said & 1u << r.status;
    if (!moved && again && !r.machine && !comes_again((message_status)r.status)) return;
    hash128_hex(r.id, hex);
    customer_edit(e->customers, head)->changed = n48_of((i64)e->number);
    if (row)
        tell_row(e, row, &r);
    else
        tell_past(e, &r, &past, (str){hex, 32});
    if (!r.machine) follow(e, head, &r, &past, (str){hex, 32});
    if (moved) journey_settled(e->journeys, row);
    engine_arm(e, head);
}
