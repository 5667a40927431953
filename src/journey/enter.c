/* enter.c — who enters: triggers, and the entry rules in SEMANTICS' order. */
#include "journey/journey_internal.h"

#include "log/events.h"

struct earlier {
    u32 running; /* one under way, of the same key if there is one */
    bool any, same_key;
    i64 last_started;
};

static struct earlier look_back(const struct journeys *j, persona head, const struct program *p,
                                u64 key)
{
    struct earlier e = {.last_started = INT64_MIN};
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next) {
        const struct enrolment_row *r = row_at(j, row);
        if (j->loaded[r->program].code != p->code || r->state == ENROLMENT_DATED) continue;
        e.any = true;
        e.same_key |= r->key == key;
        e.last_started = max_i64(e.last_started, r->started_ms);
        if (enrolment_runs(r) && !j->loaded[r->program].over && r->key == key && !e.running)
            e.running = row;
    }
    return e;
}

static bool again_allows(const struct program *p, const struct earlier *e, i64 now)
{
    switch (p->again) {
    case AGAIN_NEVER: return !e->any;
    case AGAIN_PER_KEY: return !e->same_key;
    case AGAIN_AFTER: return !e->any || now - e->last_started >= p->again_ms;
    case AGAIN_AFTER_EXIT:
    case AGAIN_ALWAYS: return true;
    }
    return false;
}

/* SEMANTICS "Journeys", Gray and hold-out: XXH3-64 of journey \0 customer \0 salt, mod 10,000. */
u32 journey_lot(const struct journeys *j, const struct program *p, persona head, str salt)
{
    struct buf b;
    char customer[33];
    customer_id(j->customers, head, customer);
    buf_init(&b, 1024);
    buf_put(&b, p->id);
    buf_byte(&b, 0);
    buf_put(&b, (str){customer, 32});
    buf_byte(&b, 0);
    buf_put(&b, salt);
    u32 drawn = (u32)(hash_xxh64(buf_str(&b)) % 10000);
    buf_clear(&b);
    return drawn;
}

u64 journey_key_hash(str text)
{
    return hash_xxh64(text) | 1;
}

/* The key is the text of the triggering event's property: 7 and "7" are the same. */
static bool key_of(const struct program *p, const struct event *ev, u64 *key)
{
    struct buf b;
    bool handed = ev && is_hand(p, ev);
    value v = journey_key(p, ev);
    *key = 0;
    if (!p->trigger.key && (!handed || v.type == VALUE_MISSING)) return true;
    if (v.type == VALUE_MISSING || v.type == VALUE_NULL) return false;
    buf_init(&b, 64 * 1024);
    value_display(&b, v);
    *key = journey_key_hash(buf_str(&b));
    bool empty = b.n == 0;
    buf_clear(&b);
    return !empty;
}

static entry_refusal judge(struct journeys *j, const struct program *p, persona head,
                           const struct cause *cause, u64 *key, u32 *restart, i64 now)
{
    const struct journey_row *journey = journey_at(j, p);
    *restart = 0;
    if (!cause->fresh || now - cause->occurred_ms > p->trigger.max_late_ms) return ENTRY_LATE;
    if (journey->paused) return ENTRY_PAUSED;
    if (journey->stopped) return ENTRY_INACTIVE;
    if (!key_of(p, cause->event, key)) return ENTRY_NO_KEY;
    struct earlier e = look_back(j, head, p, *key);
    if (e.running && p->running == RUNNING_IGNORE) return ENTRY_RUNNING;
    if (e.running && p->running == RUNNING_RESTART)
        *restart = e.running;
    else if (!again_allows(p, &e, now))
        return ENTRY_AGAIN;
    if (p->entry_if) {
        struct subject who;
        j->host.subject(j->host.ctx, head, &who);
        who.event = cause->event;
        if (!predicate_eval(p->entry_if, &who, now).holds) return ENTRY_ENTRY_IF;
    }
    if (journey_lot(j, p, head, S("holdout")) < journey->holdout) return ENTRY_HOLDOUT;
    if (journey_lot(j, p, head, S("gray")) >= journey->percent) return ENTRY_GRAY;
    if (cause->event && is_hand(p, cause->event) && hand_loops(j, p, head, now)) return ENTRY_LOOP;
    return ENTRY_NONE;
}

static void enrol(struct journeys *j, u32 index, persona head, const struct cause *cause, u64 key,
                  i64 now)
{
    const struct program *p = &j->loaded[index];
    u32 row = table_add(j->enrolments);
    MUST(row);
    struct customer_row *who = customer_edit(j->customers, head);
    struct enrolment_row *r = row_edit(j, row);
    *r = (struct enrolment_row){.version = r->version, .persona = head, .next = who->enrolments};
    r->program = (u16)index;
    r->started_ms = now;
    r->trigger_order = cause->order;
    r->trigger_ms = cause->occurred_ms;
    r->key = key;
    r->state = ENROLMENT_WAITING;
    r->due_ms = now;
    who->enrolments = row;
    count_entry(j, p, ENTRY_NONE);
    journey_tell(j, head, EVENT_JOURNEY_ENTERED, p, S(""), cause->event, true);
    journey_advance(j, row, now);
}

void journey_try(struct journeys *j, u32 program, persona head, const struct cause *cause, i64 now)
{
    const struct program *p = &j->loaded[program];
    u64 key;
    u32 restart;
    entry_refusal why = judge(j, p, head, cause, &key, &restart, now);
    if (why != ENTRY_NONE) {
        count_entry(j, p, why);
        journey_tell(j, head, EVENT_JOURNEY_REFUSED, p, entry_refusal_text(why), cause->event,
                     true);
        return;
    }
    if (restart) journey_end(j, restart, EXIT_RESTARTED, now, true);
    enrol(j, program, head, cause, key, now);
    hands_over(j, now);
}

static bool triggered_by(const struct program *p, const struct cause *cause)
{
    switch (p->trigger.kind) {
    case TRIGGER_SEGMENT:
        return cause->edge && cause->edge->segment == p->trigger.code &&
               cause->edge->entered != p->trigger.on_leave;
    case TRIGGER_EVENT:
        return cause->event && cause->event->code == p->trigger.code &&
               (!p->trigger.where || predicate_where(p->trigger.where, cause->event));
    case TRIGGER_DATE: return false;
    }
    return false;
}

void journey_offer(struct journeys *j, persona head, const struct cause *cause, i64 now)
{
    for (u32 i = 1; i < j->loaded_count; i++) {
        const struct program *p = &j->loaded[i];
        if (!p->live) continue;
        if (cause->change && dated_reads(p, cause->change))
            dated_follow(j, p->journey, head, false, now, now);
        else if (triggered_by(p, cause))
            journey_try(j, i, head, cause, now);
    }
}
