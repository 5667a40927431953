/* explain.c — how a journey's conditions stand for one customer now, and her places in it. */
#include "journey/journey_internal.h"

#include "base/time.h"
#include "predicate/sentence.h"

static void put_explained(struct journeys *j, persona head, const struct predicate *p,
                          const struct event *trigger, i64 now, struct buf *out)
{
    struct subject who;
    if (!p) {
        buf_put(out, S("null"));
        return;
    }
    j->host.subject(j->host.ctx, head, &who);
    who.event = trigger;
    predicate_explain(p, &who, now, out);
}

/* Her latest event that could have been the trigger. */
static const struct event *latest_trigger(struct journeys *j, persona head, const struct program *p,
                                          struct event *out)
{
    struct subject who;
    struct event ev;
    const struct event *found = NULL;
    if (p->trigger.kind != TRIGGER_EVENT) return NULL;
    j->host.subject(j->host.ctx, head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, who.scratch);
    while (event_next(it, &ev)) {
        if (ev.code != p->trigger.code) continue;
        if (p->trigger.where && !predicate_where(p->trigger.where, &ev)) continue;
        *out = ev;
        out->props = arena_str(who.scratch, ev.props);
        found = out;
    }
    return found;
}

static void put_time(struct buf *out, str key, i64 ms)
{
    if (ms == NEVER) return;
    json_put_key(out, key);
    buf_byte(out, '"');
    iso_put(out, ms);
    buf_byte(out, '"');
}

static str state_text(u8 state)
{
    return state == ENROLMENT_WAITING   ? S("waiting")
           : state == ENROLMENT_SENDING ? S("sending")
                                        : S("ended");
}

static void put_exits(struct journeys *j, u32 row, i64 now, struct buf *out)
{
    const struct program *p = program_at(j, row);
    json_put_key(out, S("exits"));
    buf_byte(out, '[');
    for (u32 i = 0; i < p->exit_count; i++) {
        struct subject who;
        struct event trigger;
        json_put_comma(out);
        enrolment_subject(j, row, &who, &trigger);
        j->asking = row;
        predicate_explain(p->exits[i], &who, now, out);
        j->asking = 0;
    }
    buf_byte(out, ']');
}

static void put_enrolment(struct journeys *j, u32 row, i64 now, struct buf *out)
{
    const struct enrolment_row *r = row_at(j, row);
    const struct program *p = program_at(j, row);
    json_put_comma(out);
    buf_byte(out, '{');
    json_put_kv_str(out, S("state"), state_text(r->state));
    json_put_kv_i64(out, S("version"), p->version);
    put_time(out, S("started_at"), r->started_ms);
    if (r->step < p->instruction_count)
        json_put_kv_str(out, S("step"),
                        names_text(j->names, NAME_OBJECT, p->instructions[r->step].step));
    if (r->state == ENROLMENT_WAITING) put_time(out, S("due_at"), r->due_ms);
    if (r->state == ENROLMENT_ENDED) {
        json_put_kv_str(out, S("exit"), exit_reason_text((exit_reason)r->exit));
        put_time(out, S("ended_at"), r->due_ms);
    } else {
        wait_explain(j, row, now, out);
        put_exits(j, row, now, out);
    }
    buf_byte(out, '}');
}

/* When her date, or her own schedule, comes next. */
static void put_moment(struct journeys *j, persona head, u32 code, struct buf *out)
{
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next)
        if (program_at(j, row)->code == code && row_at(j, row)->state == ENROLMENT_DATED)
            put_time(out, S("next_at"), row_at(j, row)->due_ms);
}

static void put_enrolments(struct journeys *j, persona head, u32 code, i64 now, struct buf *out)
{
    json_put_key(out, S("enrolments"));
    buf_byte(out, '[');
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next)
        if (program_at(j, row)->code == code && row_at(j, row)->state != ENROLMENT_DATED)
            put_enrolment(j, row, now, out);
    buf_byte(out, ']');
}

/* Of the send step `step`: what else it asks, and by which rules its messages go. */
static void put_send(struct journeys *j, persona head, const struct program *p, u32 step, i64 now,
                     struct buf *out)
{
    for (u32 i = 0; step && i < p->instruction_count; i++) {
        const struct instruction *in = &p->instructions[i];
        if (in->op != OP_SEND || in->step != step) continue;
        json_put_key(out, S("send_if"));
        put_explained(j, head, in->condition, NULL, now, out);
        json_put_kv_str(out, S("channel"), names_text(j->names, NAME_CHANNEL, in->channel));
        if (in->topic)
            json_put_kv_str(out, S("topic"), names_text(j->names, NAME_TOPIC, in->topic));
    }
}

bool journey_explain(struct journeys *j, persona head, u32 code, u32 step, i64 now, struct buf *out)
{
    static const char *const CATEGORIES[] = {"promotion", "service", "transactional"};
    u32 journey = journey_row_of(j, code);
    struct event trigger;
    if (!journey) return false;
    const struct journey_row *row = table_at(j->journeys, journey);
    const struct program *p = &j->loaded[row->program];
    buf_byte(out, '{');
    json_put_kv_str(out, S("status"),
                    row->stopped  ? S("stopped")
                    : row->paused ? S("paused")
                                  : S("live"));
    json_put_kv_i64(out, S("version"), p->version);
    put_time(out, S("live_since"), p->live_ms);
    json_put_kv_str(out, S("category"), str_of(CATEGORIES[p->category]));
    json_put_kv_bool(out, S("held_out"), journey_lot(j, p, head, S("holdout")) < row->holdout);
    json_put_kv_bool(out, S("released"), journey_lot(j, p, head, S("gray")) < row->percent);
    const struct event *latest = latest_trigger(j, head, p, &trigger);
    if (p->trigger.kind == TRIGGER_EVENT) json_put_kv_bool(out, S("triggered"), latest != NULL);
    if (latest) put_time(out, S("triggered_at"), latest->occurred_ms);
    if (p->trigger.kind == TRIGGER_SEGMENT && segment_predicate(j->segments, p->trigger.code)) {
        json_put_key(out, S("segment"));
        put_explained(j, head, segment_predicate(j->segments, p->trigger.code), NULL, now, out);
    }
    json_put_key(out, S("entry_if"));
    put_explained(j, head, p->entry_if, latest, now, out);
    put_send(j, head, p, step, now, out);
    put_moment(j, head, code, out);
    put_enrolments(j, head, code, now, out);
    buf_byte(out, '}');
    return true;
}
