/* claim.c — claims, answers, and what a new process finds: the send protocol's half inside the log.
 */
#include "engine/engine_internal.h"

#include <stdio.h>

static void outcome(struct engine *e, const struct claim_record *c, refusal why)
{
    if (e->replaying || e->outcome_count == OUTCOMES) return;
    e->outcomes[(e->outcome_head + e->outcome_count++) % OUTCOMES] =
        (struct claim_outcome){c->message, c->id, why};
}

bool engine_outcome(struct engine *e, struct claim_outcome *out)
{
    if (e->outcome_count == 0) return false;
    *out = e->outcomes[e->outcome_head];
    e->outcome_head = (e->outcome_head + 1) % OUTCOMES;
    e->outcome_count--;
    return true;
}

bool engine_content(struct engine *e, u32 message, struct message_content *out)
{
    struct message_send asked;
    if (journey_content(e->journeys, message, out)) return true;
    if (!message_at(e->messages, message) || !message_sending(e->messages, message, &asked))
        return false;
    if (asked.category == CATEGORY_NOTICE) return notice_content(e->journeys, &asked, out);
    *out = (struct message_content){
        .template_id = asked.template_id,
        .topic = asked.topic ? names_text(e->names, NAME_TOPIC, asked.topic) : S(""),
        .topic_code = asked.topic,
        .category = asked.category,
        .rules = message_rules_of(asked.category),
        .to = asked.to,
        .values = asked.values,
    };
    return true;
}

static void put_if(struct buf *b, u32 property, str text)
{
    if (text.n) text_property(b, property, text);
}

static void put_values(struct buf *b, const struct message_event *what)
{
    struct reader r = reader_of(what->values);
    if (what->content) props_put(b, PROPERTY_CONTENT, value_int(what->content));
    if (what->values.n) props_put(b, PROPERTY_VALUES, value_read(&r));
}

void message_tell(struct engine *e, u32 message, const struct message_event *what)
{
    const struct message_row *m = message_at(e->messages, message);
    struct message_content c = {0};
    hash128 id = message_id(e->messages, message);
    u32 event = what->event;
    char hex[33];
    struct buf b;
    buf_init(&b, 8192 + CLAIM_VALUES_MAX);
    hash128_hex(id, hex);
    text_property(&b, PROPERTY_MESSAGE, (str){hex, 32});
    if (engine_content(e, message, &c)) {
        put_if(&b, PROPERTY_JOURNEY, c.journey_id);
        put_if(&b, PROPERTY_STEP, c.step_id);
        text_property(&b, PROPERTY_TEMPLATE, c.template_id);
        put_if(&b, PROPERTY_TOPIC, c.topic);
    }
    text_property(&b, PROPERTY_CHANNEL, names_text(e->names, NAME_CHANNEL, m->channel));
    put_if(&b, PROPERTY_TO, what->to);
    put_if(&b, PROPERTY_REASON, what->reason);
    put_if(&b, PROPERTY_DETAIL, what->detail);
    put_if(&b, PROPERTY_URL, what->url);
    if (what->machine) props_put(&b, PROPERTY_MACHINE, value_bool(true));
    put_values(&b, what);
    if (m->category == CATEGORY_NOTICE) {
        /* It is no message to her, and is not counted as one. */
        put_if(&b, PROPERTY_RESULT,
               message_status_text(event - EVENT_MESSAGE_PLANNED + MESSAGE_PLANNED));
        event = EVENT_STAFF_NOTICE;
    }
    engine_event(e, engine_teller(e, m->persona), event, buf_str(&b), 0, true);
    buf_clear(&b);
}

static void tell(struct engine *e, u32 message, u32 event, str reason, str detail)
{
    message_tell(e, message,
                 &(struct message_event){.event = event, .reason = reason, .detail = detail});
}

static value value_of_claim(const struct claim_record *c, str name)
{
    struct reader r = reader_of(c->values);
    value all = c->values.n ? value_read(&r) : value_missing();
    return all.type == VALUE_MAP && !r.bad ? value_member(all, name) : value_missing();
}

/* Where it goes: an address that was asked for, else hers as it is now. Zero: she has none. Who
 * works here only the outbox knows: a notice goes where its claim says. */
static hash128 address_now(struct engine *e, const struct message_row *m,
                           const struct message_content *c, const struct claim_record *claim,
                           str *text)
{
    struct identifier_view id = {.value = c->to};
    persona head = customer_head(e->customers, m->persona);
    *text = (str){0};
    if (m->category == CATEGORY_NOTICE) {
        value sent_to = value_of_claim(claim, S(CLAIM_NOTICE_TO));
        *text = sent_to.type == VALUE_TEXT ? sent_to.text : c->to;
        return claim->address;
    }
    if (!c->to.n && !customer_address(e->customers, head, m->channel, &id)) return (hash128){0};
    *text = id.value;
    return address_key(engine_key(e), m->channel, id.value);
}

/* Everything that a claim is judged by. */
static struct claim_check check_of(struct engine *e, u32 message, const struct message_content *c,
                                   hash128 address, u64 fingerprint, i64 now)
{
    struct subject who;
    const struct message_row *m = message_at(e->messages, message);
    engine_subject(e, customer_head(e->customers, m->persona), &who);
    return (struct claim_check){
        .address = address,
        .fingerprint = fingerprint,
        .topic = c->topic_code,
        .now = now,
        .zone = who.customer_zone,
        .rules = c->template_id.n ? c->rules : message_rules_of((category)m->category)};
}

static refusal judge(struct engine *e, u32 message, const struct claim_check *check, i64 *until)
{
    refusal why = journey_may_send(e->journeys, message, check->now);
    *until = NEVER;
    return why != REFUSAL_NONE ? why : message_check(e->messages, message, check, until);
}

refusal engine_would_refuse(struct engine *e, u32 message, hash128 address, u64 fingerprint,
                            i64 now)
{
    i64 until;
    struct message_content content = {0};
    (void)!engine_content(e, message, &content);
    struct claim_check check = check_of(e, message, &content, address, fingerprint, now);
    refusal why = judge(e, message, &check, &until);
    arena_reset(e->scratch);
    return why;
}

/* All promotion is paused: it stays planned, and in its queue, until that is over. */
static bool waits_for_all(const struct engine *e, u32 message)
{
    return engine_promotion_held(e) &&
           message_at(e->messages, message)->category == CATEGORY_PROMOTION;
}

/* What the judgement means for the message. `to`: where it goes. */
static void decide(struct engine *e, const struct claim_record *c, const struct claim_check *check,
                   str to)
{
    i64 until;
    refusal why = judge(e, c->message, check, &until);
    bool held = journey_is_held(e->journeys, message_at(e->messages, c->message)->program);
    if (waits_for_all(e, c->message) && why != REFUSAL_EXIT && why != REFUSAL_STOPPED) {
        why = REFUSAL_STOPPED;
        message_put_back(e->messages, c->message);
    } else if (held && why != REFUSAL_EXIT && why != REFUSAL_STOPPED) {
        /* Until the journey is resumed: then it is due at once. */
        why = REFUSAL_STOPPED;
        message_defer(e->messages, c->message, REFUSAL_NONE, e->now);
        tell(e, c->message, EVENT_MESSAGE_DEFERRED, S("paused"), S(""));
    } else if (why == REFUSAL_NONE) {
        message_claim(e->messages, c->message, check);
        message_tell(e, c->message,
                     &(struct message_event){.event = EVENT_MESSAGE_CLAIMED,
                                             .to = to,
                                             .values = c->values,
                                             .content = c->content});
        journey_departed(e->journeys, c->message, e->now);
    } else if (until != NEVER) {
        message_defer(e->messages, c->message, why, until);
        tell(e, c->message, EVENT_MESSAGE_DEFERRED, refusal_text(why), S(""));
    } else {
        bool late = why == REFUSAL_EXPIRED;
        message_refuse(e->messages, c->message, why, e->now);
        tell(e, c->message, late ? EVENT_MESSAGE_EXPIRED : EVENT_MESSAGE_REFUSED, refusal_text(why),
             S(""));
        journey_departed(e->journeys, c->message, e->now);
        journey_settled(e->journeys, c->message);
    }
    outcome(e, c, why);
}

void apply_claim(struct engine *e, const struct record *r)
{
    struct claim_record c;
    if (r->payload.n == 0) e->blanked = true; /* who has been erased since */
    if (!claim_read(r->payload, &c)) return;
    const struct message_row *m = message_at(e->messages, c.message);
    if (!m || m->status != MESSAGE_PLANNED ||
        !hash128_eq(message_id(e->messages, c.message), c.id)) {
        outcome(e, &c, REFUSAL_STOPPED);
        return;
    }
    persona head = customer_head(e->customers, m->persona);
    engine_due(e, head);
    if (message_at(e->messages, c.message)->status != MESSAGE_PLANNED) {
        outcome(e, &c, REFUSAL_STOPPED);
        return;
    }
    struct message_content content = {0};
    str to;
    (void)!engine_content(e, c.message, &content);
    hash128 address = address_now(e, m, &content, &c, &to);
    if (n48_get(customer_at(e->customers, head)->changed) > (i64)c.rendered_at ||
        !hash128_eq(address, c.address)) {
        outcome(e, &c, REFUSAL_STALE);
        return;
    }
    struct claim_check check = check_of(e, c.message, &content, address, c.fingerprint, e->now);
    decide(e, &c, &check, to);
    engine_arm(e, head);
}

static void bounced(struct engine *e, u32 message)
{
    const struct message_row *m = message_at(e->messages, message);
    struct message_past past;
    persona head = customer_head(e->customers, m->persona);
    message_past(e, head, message_id(e->messages, message), (i64)m->planned, e->scratch, &past);
    message_suppress(e, m->channel, head, past.to, SUPPRESSED_BOUNCE);
}

static void settle(struct engine *e, u32 message, message_status status, u32 event, str detail)
{
    if (!message_settle(e->messages, message, status, e->now)) return;
    tell(e, message, event, S(""), detail);
    if (status == MESSAGE_BOUNCED) bounced(e, message);
    journey_settled(e->journeys, message);
}

void apply_answer(struct engine *e, const struct record *r)
{
    struct answer_record a;
    if (!answer_read(r->payload, &a)) return;
    const struct message_row *m = message_at(e->messages, a.message);
    if (!m || !hash128_eq(message_id(e->messages, a.message), a.id)) return;
    persona head = customer_head(e->customers, m->persona);
    engine_due(e, head);
    bool tired = a.class == ANSWER_RETRY && m->attempts >= ATTEMPTS_MAX;
    switch (tired ? ANSWER_REJECTED : a.class) {
    case ANSWER_SENT: settle(e, a.message, MESSAGE_SENT, EVENT_MESSAGE_SENT, a.detail); break;
    case ANSWER_REJECTED:
        settle(e, a.message, MESSAGE_REJECTED, EVENT_MESSAGE_REJECTED, a.detail);
        break;
    case ANSWER_BOUNCED:
        settle(e, a.message, MESSAGE_BOUNCED, EVENT_MESSAGE_BOUNCED, a.detail);
        break;
    case ANSWER_UNKNOWN:
        settle(e, a.message, MESSAGE_UNKNOWN, EVENT_MESSAGE_UNKNOWN, a.detail);
        break;
    case ANSWER_RETRY:
    case ANSWER_RETURNED:
        if (m->status == MESSAGE_CLAIMED &&
            message_defer(e->messages, a.message, REFUSAL_NONE, max_i64(a.retry_at_ms, e->now + 1)))
            tell(e, a.message, EVENT_MESSAGE_DEFERRED, S("retry"), a.detail);
        break;
    }
    engine_arm(e, head);
}

/* ---- a process begins ---- */

static void unknown(void *ctx, u32 message)
{
    struct engine *e = ctx;
    persona head = customer_head(e->customers, message_at(e->messages, message)->persona);
    tell(e, message, EVENT_MESSAGE_UNKNOWN, S("restart"), S(""));
    journey_settled(e->journeys, message);
    engine_settle(e);
    engine_arm(e, head);
}

/* Moments of schedules are missed by then. */
static bool something_waited(const struct engine *e)
{
    for (u32 i = 0; i < e->timers.count; i++) {
        struct timer t = e->timers.items[i];
        if (t.due_ms < e->now - HOUR &&
            n48_get(customer_at(e->customers, t.persona)->next_due) == t.due_ms &&
            !journey_is_scheduled(e->journeys, t.persona, t.due_ms))
            return true;
    }
    return false;
}

/* Something waited for more than an hour past its time: a person decides whether it still goes out.
 */
static bool much_is_late(const struct engine *e)
{
    struct timer t;
    return (timers_peek(&e->timers, &t) && t.due_ms < e->now - HOUR && something_waited(e)) ||
           (message_tally(e->messages).now[MESSAGE_PLANNED] &&
            engine_meta(e)->heartbeat_ms < e->now - HOUR);
}

void apply_start(struct engine *e, const struct record *r)
{
    struct start_record s;
    if (!start_read(r->payload, &s)) return;
    struct engine_row *row = engine_meta_edit(e);
    bool known = row->starts > 0;
    bool moved = row->identity[0] != s.identity[0] || row->identity[1] != s.identity[1];
    if (known && moved) row->held |= HOLD_CLONE;
    if (known && much_is_late(e)) row->held |= HOLD_LATE;
    if (e->blanked) row->held |= HOLD_BLANKED;
    row->identity[0] = s.identity[0];
    row->identity[1] = s.identity[1];
    row->heartbeat_ms = e->now;
    row->starts++;
    journeys_started(e->journeys, e->now);
    message_unknowns(e->messages, e->now, unknown, e);
}

bool engine_sending_held(const struct engine *e)
{
    return (engine_meta(e)->held & ~(u32)HOLD_PROMOTION) != HOLD_NONE;
}

bool engine_promotion_held(const struct engine *e)
{
    return (engine_meta(e)->held & HOLD_PROMOTION) != 0;
}

bool engine_journey_explain(struct engine *e, persona head, u32 journey, u32 step, i64 now,
                            struct buf *out)
{
    bool found = journey_explain(e->journeys, head, journey, step, now, out);
    arena_reset(e->scratch);
    return found;
}
