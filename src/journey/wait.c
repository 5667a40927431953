/* wait.c — what steps wait for: a while, a time of the day, a date, something that becomes so.
 *
 * A wait's due moment is when time alone may end it; it is made again whenever something happens
 * that may move it. An until asks its condition then, and whenever something happens that it
 * reads. */
#include "journey/journey_internal.h"

#include "log/fixed.h"
#include "predicate/sentence.h"

static const struct instruction *at_step(const struct journeys *j, u32 row)
{
    const struct program *p = program_at(j, row);
    u32 step = row_at(j, row)->step;
    return step < p->instruction_count ? &p->instructions[step] : NULL;
}

static void set_due(struct journeys *j, u32 row, i64 due)
{
    const struct enrolment_row *r = row_at(j, row);
    if (r->state == ENROLMENT_WAITING && r->due_ms == due) return;
    struct enrolment_row *w = row_edit(j, row);
    w->state = ENROLMENT_WAITING;
    w->due_ms = due;
}

static bool is_held(const struct journeys *j, u32 row)
{
    return journey_at(j, program_at(j, row))->paused;
}

/* It is over: the next step stands in the row. */
static void pass(struct journeys *j, u32 row, const struct instruction *in, u32 next)
{
    step_done(j, row, in, &(struct done){0});
    step_move(j, row, next);
}

static void begin(struct journeys *j, u32 row, i64 since, i64 timeout)
{
    struct extra_row *x = extra_edit(j, row);
    x->since_ms = since;
    x->since_order = j->host.order(j->host.ctx);
    x->timeout_ms = timeout;
    x->met = 0;
}

/* ---- until the clock says ---- */

static const struct zone *zone_of(const struct instruction *in, const struct subject *who)
{
    const struct resolver *r = who->resolver;
    str name = in->text;
    if (str_eq(name, S("customer"))) {
        if (who->customer_zone) return who->customer_zone;
        value own = view_attribute(who->view, who->head, ATTRIBUTE_TIMEZONE);
        name = own.type == VALUE_TEXT ? own.text : (str){0};
    }
    const struct zone *named = name.n && r && r->zone ? r->zone(r->ctx, name) : NULL;
    return named ? named : who->zone;
}

/* Where the clock leads that is looked at now: the moment, and the step behind the wait. */
static i64 clock_due(struct journeys *j, u32 row, const struct instruction *in, i64 since,
                     u32 *next)
{
    struct subject who;
    j->host.subject(j->host.ctx, customer_head(j->customers, row_at(j, row)->persona), &who);
    const struct zone *z = zone_of(in, &who);
    i64 day = zone_day(z, since), due = dated_moment(z, day, in->clock_ms);
    *next = row_at(j, row)->step + 1u;
    if (due >= since) return due;
    if (in->passed == PASSED_NEXT) return dated_moment(z, day + 1, in->clock_ms);
    if (in->passed == PASSED_SKIP) *next = in->target;
    return since;
}

/* Looks again from where it began; true: it is over. */
static bool clock_over(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    u32 next;
    i64 due = clock_due(j, row, in, extra_at(j, row)->since_ms, &next);
    set_due(j, row, due);
    if (due > now || is_held(j, row)) return false;
    pass(j, row, in, next);
    return true;
}

/* ---- until a date ---- */

/* As above; a date that is missing ends the enrolment. */
static bool date_over(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    struct subject who;
    j->host.subject(j->host.ctx, customer_head(j->customers, row_at(j, row)->persona), &who);
    if (predicate_date(in->condition, &who).type == VALUE_MISSING) {
        journey_end(j, row, EXIT_NO_DATE, now, true);
        return false;
    }
    i64 since = extra_at(j, row)->since_ms;
    i64 due = dated_first(in->condition, &who, since, in->clock_ms);
    set_due(j, row, due == NEVER ? now : due);
    if (row_at(j, row)->due_ms > now || is_held(j, row)) return false;
    pass(j, row, in, row_at(j, row)->step + 1u);
    return true;
}

/* ---- until it is so ---- */

/* A bare `did` counts since the wait began. */
static void subject_of(struct journeys *j, u32 row, struct subject *who, struct event *trigger)
{
    const struct extra_row *x = extra_at(j, row);
    enrolment_subject(j, row, who, trigger);
    who->since_ms = x->since_ms;
    who->since_order = x->since_order;
}

static answer ask(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    struct subject who;
    struct event trigger;
    subject_of(j, row, &who, &trigger);
    j->asking = row;
    answer a = predicate_eval(in->condition, &who, now);
    j->asking = 0;
    return a;
}

static void finish(struct journeys *j, u32 row, const struct instruction *in, u32 result)
{
    if (in->kept) mark_result(j, row, in->step, result);
    step_done(j, row, in, &(struct done){.result = result == RESULT_met ? S("met") : S("timeout")});
    step_move(j, row, row_at(j, row)->step + 1u);
}

/* True: it is over. What came to be so while the journey was paused is kept until it is resumed;
 * what fell due in a pause, or while nothing ran, is asked as of its moment. */
static bool until_over(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    const struct extra_row *x = extra_at(j, row);
    i64 timeout = x->timeout_ms;
    bool met = x->met, held = is_held(j, row);
    answer a = {.until = NEVER};
    if (held && (met || now >= timeout)) return false;
    if (!met) a = ask(j, row, in, min_i64(now, timeout));
    met |= a.holds;
    if (!met && now < timeout) {
        set_due(j, row, min_i64(timeout, max_i64(a.until, now + 1)));
        return false;
    }
    if (held) {
        extra_edit(j, row)->met = 1;
        set_due(j, row, now);
        return false;
    }
    finish(j, row, in, met ? RESULT_met : RESULT_timeout);
    return true;
}

/* ---- all of them ---- */

static bool is_over(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    switch (in->op) {
    case OP_UNTIL_TIME: return clock_over(j, row, in, now);
    case OP_UNTIL_DATE: return date_over(j, row, in, now);
    case OP_UNTIL: return until_over(j, row, in, now);
    default: return false;
    }
}

/* A wait that begins with its enrolment counts from the trigger, as the enrolment does. */
static i64 since_of(const struct enrolment_row *r, i64 now)
{
    return now == r->started_ms ? min_i64(r->trigger_ms, now) : now;
}

bool wait_begin(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    struct subject who;
    bool lasts = in->wait.ms || in->wait.months;
    j->host.subject(j->host.ctx, customer_head(j->customers, row_at(j, row)->persona), &who);
    i64 end = zone_add(who.zone, now, in->wait);
    if (in->op == OP_WAIT) {
        set_due(j, row, end);
        return false;
    }
    set_due(j, row, NEVER);
    if (in->op == OP_UNTIL)
        begin(j, row, since_of(row_at(j, row), now), lasts ? end : NEVER);
    else
        begin(j, row, now, NEVER);
    return is_over(j, row, in, now);
}

void wait_due(struct journeys *j, u32 row, i64 now)
{
    const struct instruction *in = at_step(j, row);
    bool over = true;
    if (in && in->op == OP_WAIT)
        pass(j, row, in, row_at(j, row)->step + 1u);
    else if (in && (in->op == OP_UNTIL_TIME || in->op == OP_UNTIL_DATE || in->op == OP_UNTIL))
        over = is_over(j, row, in, now);
    if (over) journey_advance(j, row, now);
}

static bool is_read(const struct instruction *in, const struct cause *cause)
{
    const struct change *c = cause->change;
    if (in->op == OP_UNTIL) return journey_reads(in->condition, cause);
    if (!c || c->field != FIELD_ATTRIBUTE) return false;
    if (in->op == OP_UNTIL_TIME)
        return c->code == ATTRIBUTE_TIMEZONE && str_eq(in->text, S("customer"));
    return in->op == OP_UNTIL_DATE && dated_names(in->condition, c->code);
}

void wait_feed(struct journeys *j, u32 row, const struct cause *cause, i64 now)
{
    const struct instruction *in = at_step(j, row);
    if (in && is_read(in, cause) && is_over(j, row, in, now)) journey_advance(j, row, now);
}

void wait_look(struct journeys *j, u32 row, i64 now)
{
    const struct instruction *in = at_step(j, row);
    if (in && is_over(j, row, in, now)) journey_advance(j, row, now);
}

void wait_explain(struct journeys *j, u32 row, i64 now, struct buf *out)
{
    const struct instruction *in = at_step(j, row);
    struct subject who;
    struct event trigger;
    if (row_at(j, row)->state != ENROLMENT_WAITING || !in || in->op != OP_UNTIL) return;
    subject_of(j, row, &who, &trigger);
    j->asking = row;
    json_put_key(out, S("until"));
    predicate_explain(in->condition, &who, now, out);
    j->asking = 0;
}
