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
}

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

/* Waits for a time or a date may have moved; with `all`, any wait may be over. */
static void look_at_waits(struct journeys *j, persona head, u32 code, bool all, i64 now)
{
    for (u32 row = customer_at(j->customers, head)->enrolments, next; row; row = next) {
        const struct program *p = program_at(j, row);
        next = row_at(j, row)->next;
        if (p->code == code && !p->over && (all || p->reads_zone) &&
            row_at(j, row)->state == ENROLMENT_WAITING)
            wait_look(j, row, now);
    }
    hands_over(j, now);
}

static void look(struct journeys *j, u32 journey, persona head, bool unchanged, i64 since, i64 now)
{
    u32 code = ((const struct journey_row *)table_at(j->journeys, journey))->code;
    end_stopped(j, head, code, now);
    dated_follow(j, journey, head, unchanged, since, now);
    look_at_waits(j, head, code, !unchanged, now);
}

void journey_look(struct journeys *j, persona head, i64 now)
{
    for (u32 i = 1; i < table_count(j->journeys); i++) look(j, i, head, false, now, now);
}

void journeys_rezone(struct journeys *j, bool hers)
{
    const struct change zone = {.field = FIELD_ATTRIBUTE, .code = ATTRIBUTE_TIMEZONE};
    for (u32 i = 1; i < j->loaded_count; i++) {
        const struct program *p = &j->loaded[i];
        bool dated = p->live && p->trigger.kind == TRIGGER_DATE && (!hers || dated_reads(p, &zone));
        if (!p->over && (dated || (hers ? p->reads_her_zone : p->reads_zone)))
            pass_begin(j, p->journey, false);
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
}
