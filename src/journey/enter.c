/* enter.c — who enters: triggers, and the entry rules in SEMANTICS' order. */
#include "journey/journey_internal.h"

#include "log/events.h"
#include "log/fixed.h"

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_white(char c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}

struct earlier {
    u32 running; /* one under way, of the same key if there is one */
    bool any;
    i64 last_started;
};

/* Does `again` ask for enrolments that have ended? */
static bool looks_back(const struct program *p)
{
    return p->again == AGAIN_NEVER || p->again == AGAIN_AFTER;
}

u64 journey_key_hash(str text)
{
    return hash_xxh64(text) | 1;
}

/* The text of a value, hashed: 7 and "7" are the same. False: there is none. */
static bool text_key(value v, u64 *key)
{
    struct buf b;
    if (v.type == VALUE_MISSING || v.type == VALUE_NULL) return false;
    buf_init(&b, 64 * 1024);
    value_display(&b, v);
    *key = journey_key_hash(buf_str(&b));
    bool empty = b.n == 0;
    buf_clear(&b);
    return !empty;
}

/* The key of an entry is the triggering event's property, or what a hand-over says. */
static bool key_of(const struct program *p, const struct event *ev, u64 *key)
{
    bool handed = ev && is_hand(p, ev);
    value v = journey_key(p, ev);
    *key = 0;
    if (!p->trigger.key && (!handed || v.type == VALUE_MISSING)) return true;
    return text_key(v, key);
}

static void count_earlier(struct earlier *e, const struct program *p, u64 of_key, u64 key,
                          i64 started)
{
    if (p->again_per_key && of_key != key) return;
    e->any = true;
    e->last_started = max_i64(e->last_started, started);
}

/* Versions whose rule did not look back have kept no enrolments: what they admitted stands on her
 * timeline alone. */
static bool is_remembered(const struct journeys *j, const struct program *p)
{
    for (u32 i = 1; i < j->loaded_count; i++)
        if (j->loaded[i].code == p->code && !looks_back(&j->loaded[i])) return false;
    return true;
}

static void read_back(struct journeys *j, persona head, const struct program *p, u64 key,
                      struct earlier *e)
{
    struct subject who;
    struct event ev;
    j->host.subject(j->host.ctx, head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, who.scratch);
    while (event_skim(it, &ev)) {
        if (ev.code != EVENT_JOURNEY_ENTERED) continue;
        event_fill(it, &ev);
        value id = props_get(ev.props, PROPERTY_JOURNEY);
        u64 of_key = 0;
        if (id.type != VALUE_TEXT || !str_eq(id.text, p->id)) continue;
        text_key(props_get(ev.props, PROPERTY_KEY), &of_key);
        count_earlier(e, p, of_key, key, ev.received_ms);
    }
}

static struct earlier look_back(struct journeys *j, persona head, const struct program *p, u64 key)
{
    struct earlier e = {.last_started = INT64_MIN};
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next) {
        const struct enrolment_row *r = row_at(j, row);
        if (j->loaded[r->program].code != p->code || r->state == ENROLMENT_DATED) continue;
        count_earlier(&e, p, r->key, key, r->started_ms);
        if (enrolment_runs(r) && !j->loaded[r->program].over && r->key == key && !e.running)
            e.running = row;
    }
    if (looks_back(p) && !is_remembered(j, p)) read_back(j, head, p, key, &e);
    return e;
}

static bool again_allows(const struct program *p, const struct earlier *e, i64 now)
{
    switch (p->again) {
    case AGAIN_NEVER: return !e->any;
    case AGAIN_AFTER: return !e->any || now - e->last_started >= p->again_ms;
    case AGAIN_AFTER_EXIT: return !e->running; /* asked of `parallel` only */
    case AGAIN_ALWAYS: return true;
    case AGAIN_PER_KEY: break;
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

static entry_refusal judge(struct journeys *j, const struct program *p, persona head,
                           const struct cause *cause, u64 *key, u32 *restart, i64 now)
{
    const struct journey_row *journey = journey_at(j, p);
    *restart = 0;
    if (!cause->fresh || now - cause->occurred_ms > p->trigger.max_late_ms) return ENTRY_LATE;
    if (journey->paused) return ENTRY_PAUSED;
    if (journey->stopped || now < p->active_from || now >= p->active_to) return ENTRY_INACTIVE;
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
    if (journey->holdout && journey_lot(j, p, head, S("holdout")) < journey->holdout)
        return ENTRY_HOLDOUT;
    if (journey->percent < 10000 && journey_lot(j, p, head, S("gray")) >= journey->percent)
        return ENTRY_GRAY;
    if (journey_loops(j, p, head, cause, now)) return ENTRY_LOOP;
    return ENTRY_NONE;
}

static void enrol(struct journeys *j, u32 index, persona head, const struct cause *cause, u64 key,
                  u16 visit, i64 now)
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
    r->visit = visit;
    r->state = ENROLMENT_WAITING;
    r->due_ms = now;
    who->enrolments = row;
    step_stands(j, row, 1);
    count_entry(j, p, ENTRY_NONE);
    journey_tell(j, head, EVENT_JOURNEY_ENTERED, p, S(""), cause, true);
    exits_follow(j, row, now);
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
        journey_tell(j, head, EVENT_JOURNEY_REFUSED, p, entry_refusal_text(why), cause, true);
        return;
    }
    if (restart) journey_end(j, restart, EXIT_RESTARTED, now, true);
    enrol(j, program, head, cause, key, 0, now);
    hands_over(j, now);
}

/* Her messages are others than those of the enrolment before: its visit goes on. */
void journey_begin_again(struct journeys *j, u32 row, u32 program, i64 now)
{
    const struct enrolment_row was = *row_at(j, row);
    persona head = customer_head(j->customers, was.persona);
    struct cause cause = {.order = was.trigger_order, .occurred_ms = was.trigger_ms, .fresh = true};
    struct subject who;
    struct event trigger;
    j->host.subject(j->host.ctx, head, &who);
    if (program_has_event(program_at(j, row)) &&
        event_get(who.events, who.personas, who.persona_count, was.trigger_order, was.trigger_ms,
                  &trigger, who.scratch))
        cause.event = &trigger;
    journey_cancel(j, row, EXIT_RESTARTED, now, true);
    enrol(j, program, head, &cause, was.key, (u16)(was.visit + 1), now);
}

/* The keyword is the whole text or its first word; case and white space do not count. */
static bool says(const struct event *ev, str keyword)
{
    value v = props_get(ev->props, PROPERTY_TEXT);
    str text = v.type == VALUE_TEXT ? str_trim(v.text) : (str){0};
    if (keyword.n == 0) return true;
    if (text.n < keyword.n) return false;
    for (size_t i = 0; i < keyword.n; i++)
        if (ascii_lower(text.p[i]) != ascii_lower(keyword.p[i])) return false;
    return text.n == keyword.n || is_white(text.p[keyword.n]);
}

/* That it refused somebody, and why, is nothing for it to begin with. */
static bool own_refusal(const struct program *p, const struct event *ev)
{
    return ev->code == EVENT_JOURNEY_REFUSED && str_eq(journey_doing(ev), p->id);
}

static bool triggered_by(const struct program *p, const struct cause *cause)
{
    switch (p->trigger.kind) {
    case TRIGGER_SEGMENT:
        return cause->edge && cause->edge->segment == p->trigger.code &&
               cause->edge->entered != p->trigger.on_leave;
    case TRIGGER_EVENT:
        return cause->event && cause->event->code == p->trigger.code &&
               !own_refusal(p, cause->event) &&
               (!p->trigger.where || predicate_where(p->trigger.where, cause->event));
    case TRIGGER_INBOUND:
        return cause->event && cause->event->code == p->trigger.code &&
               (!p->trigger.where || predicate_where(p->trigger.where, cause->event)) &&
               says(cause->event, p->trigger.field);
    case TRIGGER_DATE:
    case TRIGGER_SCHEDULE:
    case TRIGGER_JOURNEY: return false;
    }
    return false;
}

bool journeys_any(const struct journeys *j)
{
    return j->loaded_count > 1;
}

void journey_offer(struct journeys *j, persona head, const struct cause *cause, i64 now)
{
    for (u32 i = 1; i < j->loaded_count; i++) {
        const struct program *p = &j->loaded[i];
        if (!p->live) continue;
        if ((cause->change && dated_reads(p, cause->change)) ||
            (cause->born && p->trigger.kind == TRIGGER_SCHEDULE && p->trigger.schedule.of_customer))
            dated_follow(j, p->journey, head, false, now, now);
        else if (triggered_by(p, cause))
            journey_try(j, i, head, cause, now);
    }
}
