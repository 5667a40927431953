/* owner.c — whose enrolments are whose: customers are joined, cut, forgotten. */
#include "journey/journey_internal.h"

/* ---- joined ---- */

static bool same_place(const struct journeys *j, u32 a, u32 b)
{
    return program_at(j, a)->code == program_at(j, b)->code &&
           row_at(j, a)->key == row_at(j, b)->key;
}

static bool older(const struct enrolment_row *a, const struct enrolment_row *b)
{
    return a->started_ms != b->started_ms ? a->started_ms < b->started_ms
                                          : a->trigger_order < b->trigger_order;
}

/* The oldest of a list that runs in the same journey with the same key; 0: none does. */
static u32 oldest_like(const struct journeys *j, u32 list, u32 row)
{
    u32 found = 0;
    for (u32 other = list; other; other = row_at(j, other)->next) {
        if (!enrolment_runs(row_at(j, other)) || !same_place(j, other, row)) continue;
        if (!found || older(row_at(j, other), row_at(j, found))) found = other;
    }
    return found;
}

/* Collects what of `list` yields to the other list: where the oldest of its journey and key is
 * there. Of equals the survivor's stays (`ties`: it is there). */
static u32 yielding(const struct journeys *j, u32 list, u32 other, bool ties, u32 *out)
{
    u32 n = 0;
    for (u32 row = list; row; row = row_at(j, row)->next) {
        if (!enrolment_runs(row_at(j, row))) continue;
        u32 there = oldest_like(j, other, row), here = oldest_like(j, list, row);
        if (!there) continue;
        if (ties ? !older(row_at(j, here), row_at(j, there))
                 : older(row_at(j, there), row_at(j, here)))
            out[n++] = row;
    }
    return n;
}

static u32 length_of(const struct journeys *j, u32 list)
{
    u32 n = 0;
    for (u32 row = list; row; row = row_at(j, row)->next) n++;
    return n;
}

static u32 last_of(const struct journeys *j, u32 list)
{
    while (row_at(j, list)->next) list = row_at(j, list)->next;
    return list;
}

void journey_moved(struct journeys *j, persona from, persona to, i64 now)
{
    u32 first = customer_at(j->customers, from)->enrolments;
    u32 own = customer_at(j->customers, to)->enrolments;
    if (first) {
        u32 *rows = mem_alloc((length_of(j, first) + length_of(j, own)) * sizeof *rows);
        u32 n = yielding(j, own, first, false, rows);
        n += yielding(j, first, own, true, rows + n);
        row_edit(j, last_of(j, first))->next = own;
        customer_edit(j->customers, to)->enrolments = first;
        customer_edit(j->customers, from)->enrolments = 0;
        for (u32 i = 0; i < n; i++) journey_cancel(j, rows[i], EXIT_MERGED, now, false);
        free(rows);
    }
}

/* ---- cut ---- */

void journey_cut(struct journeys *j, persona a, persona b)
{
    u32 list = customer_at(j->customers, a)->enrolments, ends[2] = {0, 0};
    const persona heads[2] = {a, b};
    for (u32 row = list, next; row; row = next) {
        next = row_at(j, row)->next;
        u32 side = customer_head(j->customers, row_at(j, row)->persona) == b;
        row_edit(j, row)->next = 0;
        if (ends[side])
            row_edit(j, ends[side])->next = row;
        else
            customer_edit(j->customers, heads[side])->enrolments = row;
        ends[side] = row;
    }
    if (list && !ends[0]) customer_edit(j->customers, a)->enrolments = 0;
}

/* ---- forgotten ---- */

void journey_forget(struct journeys *j, persona head)
{
    for (u32 row = customer_at(j->customers, head)->enrolments, next; row; row = next) {
        const struct enrolment_row *r = row_at(j, row);
        next = r->next;
        if (enrolment_runs(r)) {
            count_end(j, program_at(j, row), EXIT_ERASED);
            step_stands(j, row, -1);
        }
        extra_drop(j, row);
        table_drop(j->enrolments, row);
    }
    if (customer_at(j->customers, head)->enrolments)
        customer_edit(j->customers, head)->enrolments = 0;
    given_forget(j, head);
}
