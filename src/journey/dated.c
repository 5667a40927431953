/* dated.c — moments of her own: the morning of a birthday, three days before a trip, nine o'clock
 * where she is.
 *
 * A date trigger's days are those on which its condition holds (predicate.h); the moment of a day
 * is the trigger's time of it, in the condition's zone. A customer whose date is known has one row
 * a journey, which holds the place of the next moment. The row is made again from what she, the
 * newest version and the zones say whenever one of them changes, and once more when its moment has
 * come, so that one which is behind its time starts nothing. A schedule in the customer's zone is
 * the same with a pattern instead of days. */
#include "journey/journey_internal.h"

#include "log/fixed.h"

/* A moment that another zone moves behind us still counts for a day. No two zones are further apart
 * than 26 hours: a row that is kept three days after its last moment has seen all that can come. */
#define LATE_MS DAY
#define KEEP_MS (3 * DAY)

/* A date and what is known of it. */
struct dated {
    u64 key;
    i64 since; /* when it became known: no moment before */
    i64 dealt; /* the last day that is dealt with, or local minute, as if it were UTC; 0: none is */
    i64 due;   /* the next moment; NEVER: there is none */
};

i64 dated_moment(const struct zone *z, i64 day, i64 clock_ms)
{
    civil c = civil_of_days(day);
    c.hour = (u8)(clock_ms / HOUR);
    c.minute = (u8)(clock_ms / MINUTE % 60);
    c.second = (u8)(clock_ms / SECOND % 60);
    return zone_resolve(z, c, NULL);
}

/* The first day whose moment is not before `t`. */
static i64 day_from(const struct zone *z, i64 t, i64 clock_ms)
{
    i64 day = zone_day(z, t) - 1;
    while (dated_moment(z, day, clock_ms) < t) day++;
    return day;
}

i64 dated_first(const struct predicate *days, const struct subject *who, i64 from, i64 clock_ms)
{
    const struct zone *z = predicate_date_zone(days, who);
    i64 day;
    if (predicate_date_next(days, who, day_from(z, from, clock_ms) - 1, &day))
        return dated_moment(z, day, clock_ms);
    return NEVER;
}

static bool is_scheduled(const struct program *p)
{
    return p->trigger.kind == TRIGGER_SCHEDULE;
}

static i64 next_scheduled(const struct schedule *s, const struct zone *z, i64 since, i64 dealt)
{
    if (dealt) since = max_i64(since, zone_resolve(z, civil_of_ms(dealt), NULL));
    i64 next = schedule_next(s, z, since - 1);
    while (next != NEVER && local_of(z, next) <= dealt) next = schedule_next(s, z, next);
    return next;
}

static i64 next_moment(const struct program *p, const struct subject *who, i64 since, i64 dealt)
{
    if (is_scheduled(p))
        return next_scheduled(&p->trigger.schedule, who->customer_zone, since, dealt);
    const struct zone *z = predicate_date_zone(p->trigger.where, who);
    i64 after = max_i64(day_from(z, since, p->trigger.clock_ms) - 1, dealt / DAY), day;
    return predicate_date_next(p->trigger.where, who, after, &day)
               ? dated_moment(z, day, p->trigger.clock_ms)
               : NEVER;
}

/* Another value of the same attribute, or another attribute, is another date. */
static u64 key_of_date(const struct program *p, value date)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_str_varint(&b, p->trigger.field);
    value_display(&b, date);
    u64 key = hash_xxh64(buf_str(&b)) | 1;
    buf_clear(&b);
    return key;
}

/* Another schedule is another date. */
static u64 key_of_schedule(const struct program *p)
{
    struct buf b;
    buf_init(&b, 4096);
    schedule_put(&b, &p->trigger.schedule);
    u64 key = hash_xxh64(buf_str(&b)) | 1;
    buf_clear(&b);
    return key;
}

/* What the moments of the newest version are counted by; 0: she has none. */
static u64 key_for(struct journeys *j, const struct program *p, persona head, struct subject *who)
{
    if (!program_has_moments(p) || p->over) return 0;
    j->host.subject(j->host.ctx, head, who);
    if (is_scheduled(p)) return key_of_schedule(p);
    value date = predicate_date(p->trigger.where, who);
    return date.type == VALUE_MISSING ? 0 : key_of_date(p, date);
}

static bool knows(const struct journeys *j, u32 row, const struct program *p, const struct dated *d,
                  bool unchanged)
{
    return row_at(j, row)->key == d->key ||
           (unchanged && !is_scheduled(p) && !is_scheduled(program_at(j, row)) &&
            str_eq(program_at(j, row)->trigger.field, p->trigger.field));
}

/* Her row of this journey, or 0, and what it knows of the date. After a merge there may be two: one
 * goes, and what either knows is kept. */
static u32 her_row(struct journeys *j, persona head, const struct program *p, bool unchanged,
                   struct dated *d)
{
    u32 found = 0;
    i64 since = NEVER;
    for (u32 row = customer_at(j->customers, head)->enrolments, next; row; row = next) {
        const struct enrolment_row *r = row_at(j, row);
        next = r->next;
        if (r->state != ENROLMENT_DATED || program_at(j, row)->code != p->code) continue;
        if (knows(j, row, p, d, unchanged)) {
            since = min_i64(since, r->started_ms);
            d->dealt = max_i64(d->dealt, r->trigger_ms);
        }
        if (found)
            enrolment_drop(j, row);
        else
            found = row;
    }
    if (since != NEVER) d->since = since;
    return found;
}

static u32 add_row(struct journeys *j, persona head)
{
    u32 row = table_add(j->enrolments);
    MUST(row);
    struct customer_row *who = customer_edit(j->customers, head);
    struct enrolment_row *r = row_edit(j, row);
    r->persona = head;
    r->next = who->enrolments;
    r->state = ENROLMENT_DATED;
    who->enrolments = row;
    return row;
}

static u32 put_row(struct journeys *j, u32 row, persona head, u16 program, const struct dated *d)
{
    if (!row) row = add_row(j, head);
    const struct enrolment_row *r = row_at(j, row);
    if (r->program == program && r->key == d->key && r->due_ms == d->due &&
        r->started_ms == d->since && r->trigger_ms == d->dealt)
        return row;
    struct enrolment_row *w = row_edit(j, row);
    w->program = program;
    w->key = d->key;
    w->due_ms = d->due;
    w->started_ms = d->since;
    w->trigger_ms = d->dealt;
    return row;
}

/* Without a moment ahead the row stays while another zone could give its last day a new one; 0: no
 * zone could. */
static i64 kept_until(const struct program *p, const struct subject *who, i64 now)
{
    if (is_scheduled(p)) {
        i64 late = schedule_next(&p->trigger.schedule, who->customer_zone, now - KEEP_MS);
        return late == NEVER ? 0 : late + KEEP_MS;
    }
    const struct zone *z = predicate_date_zone(p->trigger.where, who);
    i64 first = zone_day(z, now) - KEEP_MS / DAY - 2, last = first;
    while (predicate_date_next(p->trigger.where, who, last, &last)) continue;
    return last == first ? 0 : dated_moment(z, last, p->trigger.clock_ms) + KEEP_MS;
}

u32 dated_follow(struct journeys *j, u32 journey, persona head, bool unchanged, i64 since, i64 now)
{
    u16 newest = ((const struct journey_row *)table_at(j->journeys, journey))->program;
    const struct program *p = &j->loaded[newest];
    struct dated d = {.since = since};
    struct subject who = {0};
    d.key = key_for(j, p, head, &who);
    u32 row = her_row(j, head, p, unchanged, &d);
    if (d.key) {
        d.since = max_i64(d.since, p->live_ms);
        bool has_come = row && row_at(j, row)->due_ms <= now;
        d.due = next_moment(p, &who, has_come ? d.since : max_i64(d.since, now - LATE_MS), d.dealt);
        bool wanted = d.due != NEVER;
        if (!wanted) {
            d.due = kept_until(p, &who, now);
            wanted = d.due > now;
        }
        if (wanted) return put_row(j, row, head, newest, &d);
    }
    if (row) enrolment_drop(j, row);
    return 0;
}

void dated_due(struct journeys *j, u32 row, i64 now)
{
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    u32 journey = program_at(j, row)->journey;
    row = dated_follow(j, journey, head, true, now, now);
    if (!row || row_at(j, row)->due_ms > now) return;
    const struct program *p = program_at(j, row);
    u32 index = row_at(j, row)->program;
    i64 moment = row_at(j, row)->due_ms;
    struct subject who;
    j->host.subject(j->host.ctx, head, &who);
    if (is_scheduled(p)) {
        moment = schedule_counts(j, &p->trigger.schedule, who.customer_zone, moment, false, now);
        row_edit(j, row)->trigger_ms = local_of(who.customer_zone, now);
        dated_follow(j, journey, head, true, now, now);
        if (moment != NEVER) schedule_offer(j, index, head, moment, now);
        return;
    }
    struct cause cause = {
        .order = j->host.order(j->host.ctx), .occurred_ms = moment, .fresh = true};
    const struct zone *z = predicate_date_zone(p->trigger.where, &who);
    row_edit(j, row)->trigger_ms = (day_from(z, now + 1, p->trigger.clock_ms) - 1) * DAY;
    dated_follow(j, journey, head, true, now, now);
    journey_try(j, index, head, &cause, now);
}

bool dated_names(const struct predicate *days, u32 attribute)
{
    const struct predicate_inputs *in = predicate_inputs(days);
    for (u32 i = 0; i < in->attribute_count; i++)
        if (in->attributes[i] == attribute) return true;
    return false;
}

bool dated_reads(const struct program *p, const struct change *change)
{
    if (!program_has_moments(p) || change->field != FIELD_ATTRIBUTE) return false;
    if (is_scheduled(p)) return change->code == ATTRIBUTE_TIMEZONE;
    return dated_names(p->trigger.where, change->code);
}
