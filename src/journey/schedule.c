/* schedule.c — ticks: at a moment of the calendar everybody in the audience enters.
 *
 *   tick ─► the audience is judged customer by customer, in slices: the cursor stands in the row
 *           └ before a record of hers, or what is due for her later, comes her turn out of order
 *
 * So each customer is judged as she was at the tick, whatever comes in meanwhile. That her turn was
 * taken is told by her row: the number of the last record that changed her (`changed`) is not older
 * than the tick's. A journey's next tick waits until the one under way is through, and ticks that
 * passed meanwhile, or while nothing ran, are one.
 *
 * Schedules in the customer's own zone have no ticks but moments (dated.c). */
#include "journey/journey_internal.h"

/* What came an hour ago or more while nothing ran is over. */
#define MISSED_MS HOUR

static const struct schedule_row *schedule_at(const struct journeys *j, u32 journey)
{
    return table_has(j->schedules, journey) ? table_at(j->schedules, journey) : NULL;
}

static struct schedule_row *schedule_edit(struct journeys *j, u32 journey)
{
    return table_edit(j->schedules, journey);
}

static i64 *clock_edit(struct journeys *j)
{
    struct clock_row *row =
        table_has(j->clock, 1) ? table_edit(j->clock, 1) : table_claim(j->clock, 1);
    return &row->started_ms;
}

static i64 started(const struct journeys *j)
{
    return table_has(j->clock, 1) ? ((const struct clock_row *)table_at(j->clock, 1))->started_ms
                                  : INT64_MIN;
}

/* ---- moments ---- */

i64 schedule_next(const struct schedule *s, const struct zone *z, i64 after)
{
    if (s->is_cron) return cron_next(&s->cron, z, after);
    i64 at = s->is_local ? zone_resolve(z, civil_of_ms(s->at_ms), NULL) : s->at_ms;
    return at > after ? at : NEVER;
}

i64 schedule_counts(const struct journeys *j, const struct schedule *s, const struct zone *z,
                    i64 due, bool late, i64 now)
{
    i64 from = due;
    bool missed = late || due < started(j);
    if (missed) from = max_i64(from, now - MISSED_MS + 1);
    if (missed && s->skip_missed) from = max_i64(from, started(j));
    if (from == due) return due;
    i64 moment = schedule_next(s, z, from - 1);
    return moment <= now ? moment : NEVER;
}

i64 local_of(const struct zone *z, i64 ms)
{
    return civil_ms(zone_local(z, ms));
}

static const struct zone *zone_of(const struct journeys *j, const struct schedule *s)
{
    return j->host.zone ? j->host.zone(j->host.ctx, s->zone) : NULL;
}

/* ---- what is derived ---- */

void schedules_rebuild(struct journeys *j)
{
    j->next_tick = NEVER;
    j->ticking = 0;
    for (u32 i = 1; i < table_count(j->schedules); i++) {
        const struct schedule_row *r = schedule_at(j, i);
        if (!r) continue;
        if (r->tick_ms)
            j->ticking++;
        else
            j->next_tick = min_i64(j->next_tick, r->next_ms);
    }
}

i64 journeys_next_tick(const struct journeys *j)
{
    return j->next_tick;
}

bool journey_is_scheduled(const struct journeys *j, persona head, i64 due)
{
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next) {
        const struct enrolment_row *r = row_at(j, row);
        if (r->state == ENROLMENT_DATED && r->due_ms == due &&
            program_at(j, row)->trigger.kind == TRIGGER_SCHEDULE)
            return true;
    }
    return false;
}

/* ---- set ---- */

static bool has_ticks(const struct program *p)
{
    return p->trigger.kind == TRIGGER_SCHEDULE && !p->trigger.schedule.of_customer;
}

void schedule_follow(struct journeys *j, u32 journey, i64 now)
{
    const struct program *p =
        &j->loaded[((const struct journey_row *)table_at(j->journeys, journey))->program];
    if (!schedule_at(j, journey)) {
        if (!has_ticks(p)) return;
        table_claim(j->schedules, journey);
    }
    struct schedule_row *r = schedule_edit(j, journey);
    r->dealt_ms = INT64_MIN;
    r->next_ms = NEVER;
    if (p->over)
        r->tick_ms = 0;
    else if (has_ticks(p))
        r->next_ms = schedule_next(&p->trigger.schedule, zone_of(j, &p->trigger.schedule), now - 1);
    schedules_rebuild(j);
}

/* Another zone: what has come does not come again by the clock it had. */
void schedules_rezone(struct journeys *j, i64 now)
{
    for (u32 i = 1; i < table_count(j->schedules); i++) {
        const struct schedule_row *r = schedule_at(j, i);
        if (!r || r->next_ms == NEVER || r->next_ms <= now) continue;
        const struct program *p =
            &j->loaded[((const struct journey_row *)table_at(j->journeys, i))->program];
        const struct zone *z = zone_of(j, &p->trigger.schedule);
        i64 next = schedule_next(&p->trigger.schedule, z, now - 1);
        while (next != NEVER && local_of(z, next) <= r->dealt_ms)
            next = schedule_next(&p->trigger.schedule, z, next);
        if (next != r->next_ms) schedule_edit(j, i)->next_ms = next;
    }
    schedules_rebuild(j);
}

void journeys_started(struct journeys *j, i64 now)
{
    *clock_edit(j) = now;
}

/* ---- ticks ---- */

static void begin(struct journeys *j, u32 journey, i64 now)
{
    u32 newest = ((const struct journey_row *)table_at(j->journeys, journey))->program;
    const struct program *p = &j->loaded[newest];
    const struct schedule *s = &p->trigger.schedule;
    const struct zone *z = zone_of(j, s);
    struct schedule_row *r = schedule_edit(j, journey);
    bool late = now - r->next_ms >= MISSED_MS; /* the machine slept, or stood still */
    i64 moment = schedule_counts(j, s, z, r->next_ms, late, now);
    r->next_ms = schedule_next(s, z, now);
    if (moment == NEVER) return;
    r->dealt_ms = local_of(z, moment);
    if (customers_end(j->customers) <= 1) return; /* nobody is there: it is over */
    r->tick_ms = moment;
    r->begun = event_record(j->host.order(j->host.ctx));
    r->cursor = 1;
    r->end = customers_end(j->customers);
    r->program = newest;
}

void journeys_tick(struct journeys *j, i64 now)
{
    if (j->next_tick > now) return;
    for (u32 i = 1; i < table_count(j->schedules); i++) {
        const struct schedule_row *r = schedule_at(j, i);
        if (r && !r->tick_ms && r->next_ms <= now) begin(j, i, now);
    }
    schedules_rebuild(j);
}

/* ---- turns ---- */

static bool is_open(const struct journeys *j, const struct schedule_row *r, persona head)
{
    return r && r->tick_ms && head >= r->cursor && head < r->end &&
           n48_get(customer_at(j->customers, head)->changed) < (i64)r->begun;
}

bool journey_has_turn(const struct journeys *j, persona head)
{
    if (!j->ticking && !j->moving) return false;
    for (u32 i = 1; j->ticking && i < table_count(j->schedules); i++)
        if (is_open(j, schedule_at(j, i), head)) return true;
    return j->moving && pass_waits_for(j, head);
}

/* In the audience she enters, or is told why not. */
void schedule_offer(struct journeys *j, u32 program, persona head, i64 moment, i64 now)
{
    const struct program *p = &j->loaded[program];
    if (p->trigger.where) {
        struct subject who;
        j->host.subject(j->host.ctx, head, &who);
        if (!predicate_eval(p->trigger.where, &who, now).holds) return;
    }
    struct cause cause = {
        .order = j->host.order(j->host.ctx), .occurred_ms = moment, .fresh = true};
    journey_try(j, program, head, &cause, now);
}

static bool earlier(const struct journeys *j, u32 a, u32 b)
{
    const struct schedule_row *x = schedule_at(j, a), *y = schedule_at(j, b);
    if (x->tick_ms != y->tick_ms) return x->tick_ms < y->tick_ms;
    return str_cmp(j->loaded[x->program].id, j->loaded[y->program].id) < 0;
}

bool schedule_turn(struct journeys *j, persona head, i64 upto, u32 *last, i64 now)
{
    u32 found = 0;
    if (!j->ticking) return false;
    for (u32 i = 1; i < table_count(j->schedules); i++) {
        if (!is_open(j, schedule_at(j, i), head) || schedule_at(j, i)->tick_ms > upto) continue;
        if (*last && (i == *last || earlier(j, i, *last))) continue;
        if (!found || earlier(j, i, found)) found = i;
    }
    if (!found) return false;
    *last = found;
    schedule_offer(j, schedule_at(j, found)->program, head, schedule_at(j, found)->tick_ms, now);
    return true;
}

void schedule_turns_taken(struct journeys *j, persona head)
{
    u64 number = event_record(j->host.order(j->host.ctx));
    customer_edit(j->customers, head)->changed = n48_of((i64)number);
}

/* ---- slices ---- */

bool journey_tick_next(const struct journeys *j, u32 *code, persona *from, persona *end)
{
    for (u32 i = 1; j->ticking && i < table_count(j->schedules); i++) {
        const struct schedule_row *r = schedule_at(j, i);
        if (!r || !r->tick_ms) continue;
        *code = ((const struct journey_row *)table_at(j->journeys, i))->code;
        *from = r->cursor;
        *end = r->end;
        return true;
    }
    return false;
}

void journey_tick_slice(struct journeys *j, u32 code, persona from, persona to,
                        void (*each)(void *ctx, persona head, bool taken), void *ctx, i64 now)
{
    u32 journey = journey_row_of(j, code);
    const struct schedule_row *r = journey ? schedule_at(j, journey) : NULL;
    if (!r || !r->tick_ms || r->cursor != from || to <= from) return;
    bool alone = j->ticking == 1 && !j->moving;
    u32 program = r->program;
    i64 moment = r->tick_ms;
    to = min_u32(to, r->end);
    for (persona head = from; head < to; head++) {
        const struct customer_row *row = customer_at(j->customers, head);
        if (customer_head(j->customers, head) != head || !is_open(j, r, head)) continue;
        i64 due = n48_get(row->next_due);
        bool taken = alone && (!due || due > now);
        if (taken) schedule_offer(j, program, head, moment, now);
        each(ctx, head, taken);
    }
    struct schedule_row *w = schedule_edit(j, journey);
    w->cursor = to;
    if (to >= w->end) {
        w->tick_ms = 0;
        schedules_rebuild(j);
    }
}
