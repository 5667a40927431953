/* pass.c — what a change to a journey means for everybody, a piece at a time.
 *
 * A pass goes over the customers in the order of their numbers; where it is stands in the journey's
 * row. What it does for one customer is always the same, so it may begin again, serve somebody out
 * of turn, and be overtaken by the next change. */
#include "journey/journey_internal.h"

#include "log/fixed.h"

static struct journey_row *edit(struct journeys *j, u32 journey)
{
    return table_edit(j->journeys, journey);
}

void pass_begin(struct journeys *j, u32 journey, bool published)
{
    struct journey_row *row = edit(j, journey);
    row->cursor = 1 | (published ? PASS_PUBLISHED : row->cursor & PASS_PUBLISHED);
    passes_rebuild(j);
}

/* Does the pass move what runs to another version? */
static bool moves(const struct journeys *j, const struct journey_row *row)
{
    const struct program *p = &j->loaded[row->program];
    return row->cursor && p->on_publish != PUBLISH_STAY && !p->over;
}

void passes_rebuild(struct journeys *j)
{
    j->moving = 0;
    for (u32 i = 1; i < table_count(j->journeys); i++)
        j->moving += moves(j, table_at(j->journeys, i));
}

/* ---- versions ---- */

/* Was this enrolment's message of the step handed over? A new version does not send it again. Told
 * by its id: rows of enrolments are used again. */
static bool was_sent(const struct journeys *j, u32 row, u32 step)
{
    u64 id = journey_message_id(j, row_at(j, row), program_at(j, row), step);
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    for (u32 i = customer_at(j->customers, head)->messages; i;) {
        const struct message_row *m = message_at(j->messages, i);
        i = m->next;
        if (m->id_low == id) return message_reached(m) != MESSAGE_NONE;
    }
    return false;
}

static void move_row(struct journeys *j, u32 row, u32 newest, i64 now)
{
    const struct program *p = &j->loaded[newest];
    u32 at = program_find(p, p->continue_at);
    journey_cancel_messages(j, row, now, true);
    while (at < p->instruction_count && p->instructions[at].op == OP_SEND &&
           was_sent(j, row, p->instructions[at].step))
        at++;
    step_stands(j, row, -1);
    struct enrolment_row *r = row_edit(j, row);
    r->program = (u16)newest;
    r->step = (u16)at;
    step_stands(j, row, 1);
    r->state = ENROLMENT_WAITING;
    r->due_ms = now;
    exits_follow(j, row, now);
    journey_advance(j, row, now);
}

/* Enrolments of earlier versions follow to the newest, if that was asked for. While the journey is
 * paused nothing moves: resuming begins the pass again. */
static void follow_version(struct journeys *j, u32 journey, persona head, i64 now)
{
    const struct journey_row *row = table_at(j->journeys, journey);
    u32 newest = row->program;
    const struct program *p = &j->loaded[newest];
    if (p->on_publish == PUBLISH_STAY || p->over || row->paused) return;
    for (u32 i = customer_at(j->customers, head)->enrolments, next; i; i = next) {
        const struct program *old = program_at(j, i);
        next = row_at(j, i)->next;
        if (old->code != p->code || old->index == newest || old->over ||
            !enrolment_runs(row_at(j, i)))
            continue;
        if (p->on_publish == PUBLISH_MOVE)
            move_row(j, i, newest, now);
        else
            journey_begin_again(j, i, newest, now);
    }
}

bool pass_waits_for(const struct journeys *j, persona head)
{
    for (u32 i = 1; j->moving && i < table_count(j->journeys); i++) {
        const struct journey_row *row = table_at(j->journeys, i);
        if (moves(j, row) && !row->paused && pass_at(row) <= head) return true;
    }
    return false;
}

void pass_turn(struct journeys *j, persona head, i64 now)
{
    for (u32 i = 1; j->moving && i < table_count(j->journeys); i++) {
        const struct journey_row *row = table_at(j->journeys, i);
        if (moves(j, row) && pass_at(row) <= head) follow_version(j, i, head, now);
    }
}

/* ---- everybody ---- */

/* Enrolments of versions that were stopped end. */
static void end_stopped(struct journeys *j, persona head, u32 code, i64 now)
{
    for (u32 row = customer_at(j->customers, head)->enrolments, next; row; row = next) {
        const struct program *p = program_at(j, row);
        next = row_at(j, row)->next;
        if (p->code == code && p->over && enrolment_runs(row_at(j, row)))
            journey_cancel(j, row, EXIT_STOPPED, now, true);
    }
}

/* Waits for a time or a date may have moved, and exits that time brings; with `all`, any exit or
 * wait may have come true. Exits come first. */
static void look_at_running(struct journeys *j, persona head, u32 code, bool all, i64 now)
{
    for (u32 row = customer_at(j->customers, head)->enrolments, next; row; row = next) {
        const struct program *p = program_at(j, row);
        next = row_at(j, row)->next;
        if (p->code != code || p->over || !enrolment_runs(row_at(j, row))) continue;
        if ((all || p->timed_exits) && exits_look(j, row, now, !all)) continue;
        if ((all || p->reads_zone) && row_at(j, row)->state == ENROLMENT_WAITING)
            wait_look(j, row, now);
    }
    hands_over(j, now);
}

static void look(struct journeys *j, u32 journey, persona head, bool unchanged, i64 since, i64 now)
{
    u32 code = ((const struct journey_row *)table_at(j->journeys, journey))->code;
    end_stopped(j, head, code, now);
    follow_version(j, journey, head, now);
    dated_follow(j, journey, head, unchanged, since, now);
    look_at_running(j, head, code, !unchanged, now);
}

void journey_look(struct journeys *j, persona head, i64 now)
{
    for (u32 i = 1; i < table_count(j->journeys); i++) look(j, i, head, false, now, now);
}

void journeys_rezone(struct journeys *j, bool hers, i64 now)
{
    schedules_rezone(j, now);
    const struct change zone = {.field = FIELD_ATTRIBUTE, .code = ATTRIBUTE_TIMEZONE};
    for (u32 i = 1; i < j->loaded_count; i++) {
        const struct program *p = &j->loaded[i];
        bool moments = p->live && program_has_moments(p) && (!hers || dated_reads(p, &zone));
        if (!p->over && (moments || (hers ? p->reads_her_zone : p->reads_zone) || p->timed_exits))
            pass_begin(j, p->journey, false);
    }
}

/* Waits for its date look again as for a zone: one that is no date any more ends them. */
void journeys_retype(struct journeys *j, u32 attribute)
{
    for (u32 i = 1; i < j->loaded_count; i++) {
        const struct program *p = &j->loaded[i];
        bool moments =
            p->live && p->trigger.kind == TRIGGER_DATE && dated_names(p->trigger.where, attribute);
        if (!p->over && (moments || p->reads_zone)) pass_begin(j, p->journey, false);
    }
}

bool journey_pass_next(const struct journeys *j, u32 *code, persona *from)
{
    for (u32 i = 1; i < table_count(j->journeys); i++) {
        const struct journey_row *row = table_at(j->journeys, i);
        if (!row->cursor) continue;
        *code = row->code;
        *from = pass_at(row);
        return true;
    }
    return false;
}

void journey_pass(struct journeys *j, u32 code, persona from, persona to, i64 now)
{
    u32 journey = journey_row_of(j, code);
    const struct journey_row *row = journey ? table_at(j->journeys, journey) : NULL;
    if (!row || !row->cursor || pass_at(row) != from || to <= from) return;
    persona end = customers_end(j->customers);
    i64 since = row->cursor & PASS_PUBLISHED ? j->loaded[row->program].live_ms : now;
    for (persona head = from; head < to && head < end; head++)
        if (customer_head(j->customers, head) == head) look(j, journey, head, true, since, now);
    edit(j, journey)->cursor = to < end ? to | (row->cursor & PASS_PUBLISHED) : 0;
    if (to >= end) passes_rebuild(j);
}
