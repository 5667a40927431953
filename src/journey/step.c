/* step.c — from step to step: what is done at once is done until a wait, a send or the end.
 *
 * journey_advance is the only place that moves a step on. Programs only go forward, so it ends;
 * what a customer is handed over to begins once the steps at hand are done (hand.c). */
#include "journey/journey_internal.h"

#include "log/events.h"
#include "log/fixed.h"

static void put_text(struct buf *b, u32 property, str text)
{
    if (text.n) props_put(b, property, value_text(text));
}

void step_put(struct journeys *j, u32 row, const struct instruction *in, struct buf *b)
{
    const struct program *p = program_at(j, row);
    struct subject who;
    struct event trigger;
    put_text(b, PROPERTY_JOURNEY, p->id);
    put_text(b, PROPERTY_STEP, names_text(j->names, NAME_OBJECT, in->step));
    if (!row_at(j, row)->key) return;
    enrolment_subject(j, row, &who, &trigger);
    value key = journey_key(p, who.event);
    if (key.type != VALUE_MISSING) props_put(b, PROPERTY_KEY, key);
}

u64 step_done(struct journeys *j, u32 row, const struct instruction *in, const struct done *d)
{
    struct buf *b = journey_text(j);
    step_put(j, row, in, b);
    put_text(b, PROPERTY_RESULT, d->result);
    put_text(b, PROPERTY_REASON, d->reason);
    if (d->to) put_text(b, PROPERTY_TO, names_text(j->names, NAME_OBJECT, d->to));
    if (d->key.type != VALUE_MISSING) props_put(b, PROPERTY_VALUE, d->key);
    u64 order =
        j->host.event(j->host.ctx, row_at(j, row)->persona, EVENT_STEP_DONE, buf_str(b), true);
    return order;
}

/* ---- what steps do ---- */

static void tag(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    struct subject who;
    struct buf place;
    persona p = row_at(j, row)->persona;
    bool expires = in->wait.ms || in->wait.months;
    if (!j->host.tag) return;
    j->host.subject(j->host.ctx, customer_head(j->customers, p), &who);
    buf_init(&place, 128 * 1024);
    step_put(j, row, in, &place);
    j->host.tag(j->host.ctx, p, in->code, in->op == OP_TAG,
                expires ? zone_add(who.zone, now, in->wait) : NEVER, buf_str(&place));
    buf_clear(&place);
}

static void set(struct journeys *j, u32 row, const struct instruction *in)
{
    struct reader r = reader_of(in->text);
    struct buf place;
    if (!j->host.set) return;
    buf_init(&place, 128 * 1024);
    step_put(j, row, in, &place);
    j->host.set(j->host.ctx, row_at(j, row)->persona, in->code, value_read(&r), buf_str(&place));
    buf_clear(&place);
}

static bool grant(struct journeys *j, u32 row, const struct instruction *in)
{
    const struct enrolment_row *r = row_at(j, row);
    const struct offer_giver by = {program_at(j, row)->code, in->step, r->trigger_order};
    return j->host.coupon &&
           j->host.coupon(j->host.ctx, customer_head(j->customers, r->persona), in->code, &by);
}

static bool stand(struct journeys *j, u32 row, const struct instruction *in)
{
    const struct journey_host *h = &j->host;
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    struct buf place;
    bool done = false;
    buf_init(&place, 128 * 1024);
    step_put(j, row, in, &place);
    if (in->op == OP_STAGE && h->stage) done = h->stage(h->ctx, head, in->code, buf_str(&place));
    if (in->op == OP_SCORE && h->score)
        done = h->score(h->ctx, head, in->code, in->points, buf_str(&place));
    buf_clear(&place);
    return done;
}

/* An event for the staff, who get a mail, or for another system. */
static void tell(struct journeys *j, u32 row, const struct instruction *in, u32 event, i64 now)
{
    struct subject who;
    struct buf b;
    str to = {0};
    persona of = row_at(j, row)->persona;
    j->host.subject(j->host.ctx, customer_head(j->customers, of), &who);
    buf_init(&b, 128 * 1024);
    step_put(j, row, in, &b);
    if (event == EVENT_WEBHOOK_CALLED) {
        put_text(&b, PROPERTY_TO, names_text(j->names, NAME_OBJECT, in->code));
    } else {
        to = owner_read(j, row, in, who.scratch);
        put_text(&b, PROPERTY_TO, to);
        put_text(&b, PROPERTY_CHANNEL, names_text(j->names, NAME_CHANNEL, in->channel));
        put_text(&b, PROPERTY_TEMPLATE, in->text);
    }
    j->host.event(j->host.ctx, of, event, buf_str(&b), true);
    if (event == EVENT_OWNER_NOTIFIED) notice_plan(j, row, in, to, now);
    buf_clear(&b);
}

static void effect(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    struct done d = {0};
    switch (in->op) {
    case OP_TAG:
    case OP_UNTAG: tag(j, row, in, now); break;
    case OP_SET: set(j, row, in); break;
    case OP_TASK:
        if (!task_open(j, row, in, now)) d.reason = S("too_many");
        break;
    case OP_NOTIFY: tell(j, row, in, EVENT_OWNER_NOTIFIED, now); break;
    case OP_WEBHOOK: tell(j, row, in, EVENT_WEBHOOK_CALLED, now); break;
    case OP_COUPON:
        if (!grant(j, row, in)) d.reason = S("no_coupon");
        break;
    case OP_STAGE:
        if (!stand(j, row, in)) d.reason = S("no_stage");
        break;
    case OP_SCORE:
        if (!stand(j, row, in)) d.reason = S("no_score");
        break;
    default: hand_put(j, row, in); return;
    }
    /* Several attributes, or scores, are one step. */
    bool several = in->op == OP_SET || in->op == OP_SCORE;
    if (!several || in[1].op != in->op || in[1].step != in->step) step_done(j, row, in, &d);
}

/* ---- from one to the next ---- */

static bool is_in_arm(const struct journeys *j, u32 row, const struct instruction *in)
{
    str salt = names_text(j->names, NAME_OBJECT, in->step);
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    return journey_lot(j, program_at(j, row), head, salt) < in->code;
}

/* More than so many at one instant: the rest a moment later, so that nobody else waits. */
static void put_off(struct journeys *j, u32 row, i64 now)
{
    struct enrolment_row *r = row_edit(j, row);
    r->state = ENROLMENT_WAITING;
    r->due_ms = now + 1;
}

void step_stands(struct journeys *j, u32 row, i64 by)
{
    message_step_stands(j->messages, row_at(j, row)->program, row_at(j, row)->step, by);
}

void step_move(struct journeys *j, u32 row, u32 step)
{
    step_stands(j, row, -1);
    row_edit(j, row)->step = (u16)step;
    step_stands(j, row, 1);
}

static bool is_effect(op o)
{
    return o >= OP_TAG;
}

void journey_advance(struct journeys *j, u32 row, i64 now)
{
    const struct program *p = program_at(j, row);
    for (u32 done = 0;;) {
        u32 step = row_at(j, row)->step;
        if (step >= p->instruction_count) {
            journey_end(j, row, EXIT_DONE, now, true);
            return;
        }
        const struct instruction *in = &p->instructions[step];
        if (is_effect(in->op) && done++ == STEPS_AT_ONCE) {
            put_off(j, row, now);
            return;
        }
        if (in->op != OP_JUMP && in->op != OP_MARK) message_step_came(j->messages, p->index, step);
        switch (in->op) {
        case OP_SEND: journey_plan(j, row, in, now); return;
        case OP_END:
            step_done(j, row, in, &(struct done){.reason = in->text});
            journey_end(j, row, EXIT_END, now, true);
            return;
        case OP_WAIT:
        case OP_UNTIL_TIME:
        case OP_UNTIL_DATE:
        case OP_UNTIL:
            if (!wait_begin(j, row, in, now)) return;
            break;
        case OP_JUMP: step_move(j, row, in->target); break;
        case OP_BRANCH:
            step_move(j, row, journey_holds(j, row, in->condition, now) ? step + 1 : in->target);
            break;
        case OP_SPLIT: step_move(j, row, is_in_arm(j, row, in) ? step + 1 : in->target); break;
        case OP_MARK:
            mark_begin(j, row, in->step, now);
            step_move(j, row, step + 1);
            break;
        default: effect(j, row, in, now); step_move(j, row, step + 1);
        }
    }
}

void journey_go_on(struct journeys *j, u32 row, i64 now)
{
    step_move(j, row, row_at(j, row)->step + 1u);
    journey_advance(j, row, now);
}
