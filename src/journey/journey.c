/* journey.c — enrolling, waiting, leaving.
 *
 * A customer's enrolments hang in one list, newest first. What runs is found by walking it: it is
 * short, and everything about one customer is together. advance() is the only place that moves a
 * step on. */
#include "journey/journey_internal.h"

#include "log/events.h"
#include "log/fixed.h"

static const char *ENTRY_REFUSAL[] = {
#define X(name, text) text,
    ENTRY_REFUSAL_LIST(X)
#undef X
};
static const char *EXIT_REASON[] = {
#define X(name, text) text,
    EXIT_LIST(X)
#undef X
};

str entry_refusal_text(entry_refusal r)
{
    return str_of(ENTRY_REFUSAL[r]);
}

str exit_reason_text(exit_reason r)
{
    return str_of(EXIT_REASON[r]);
}

static const struct enrolment_row *at(const struct journeys *j, u32 row)
{
    return table_at(j->enrolments, row);
}

static struct enrolment_row *edit(struct journeys *j, u32 row)
{
    return table_edit(j->enrolments, row);
}

static const struct program *program_of(const struct journeys *j, u32 row)
{
    return &j->loaded[at(j, row)->program];
}

static bool runs(const struct enrolment_row *r)
{
    return r->state == ENROLMENT_WAITING || r->state == ENROLMENT_SENDING;
}

static struct journey_row *journey_edit(struct journeys *j, const struct program *p)
{
    return table_edit(j->journeys, p->journey);
}

static const struct journey_row *journey_at(const struct journeys *j, const struct program *p)
{
    return table_at(j->journeys, p->journey);
}

/* ---- what is written down ---- */

/* The key of an entry, as the triggering event has it. */
static void put_key(struct buf *b, const struct program *p, const struct event *trigger)
{
    value key =
        trigger && p->trigger.key ? props_get(trigger->props, p->trigger.key) : value_missing();
    if (key.type != VALUE_MISSING) props_put(b, PROPERTY_KEY, key);
}

/* An event of the journey, with its reason where there is one. */
static void tell(struct journeys *j, persona head, u32 event, const struct program *p, str reason,
                 const struct event *trigger)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    props_put(&b, PROPERTY_JOURNEY, value_text(p->id));
    if (reason.n) props_put(&b, PROPERTY_REASON, value_text(reason));
    put_key(&b, p, trigger);
    j->host.event(j->host.ctx, head, event, buf_str(&b));
    buf_clear(&b);
}

/* ---- conditions ---- */

/* A subject whose `event` is the one that began the enrolment. What came after it is told by when
 * both occurred: SDKs send in batches, so an order seconds after the cart may arrive with it
 * (docs/semantics.md). */
static void subject_of(struct journeys *j, u32 row, struct subject *who, struct event *trigger)
{
    const struct enrolment_row *r = at(j, row);
    j->host.subject(j->host.ctx, customer_head(j->customers, r->persona), who);
    who->since_ms = min_i64(r->trigger_ms, r->started_ms);
    who->since_order = r->trigger_order;
    who->event = NULL;
    if (event_get(who->events, who->personas, who->persona_count, r->trigger_order, r->trigger_ms,
                  trigger, who->scratch))
        who->event = trigger;
}

static bool holds(struct journeys *j, u32 row, const struct predicate *p, i64 now)
{
    struct subject who;
    struct event trigger;
    if (!p) return true;
    subject_of(j, row, &who, &trigger);
    j->asking = row;
    bool is_so = predicate_eval(p, &who, now).holds;
    j->asking = 0;
    return is_so;
}

/* Progress is cumulative: what was clicked was sent; an end that is none of it counts as itself. */
static bool reached(message_status now, u32 asked)
{
    if (asked == ASKED_read)
        return now == MESSAGE_OPENED || now == MESSAGE_CLICKED || now == MESSAGE_REPLIED;
    static const message_status WANT[ASKED_COUNT_] = {
        [ASKED_planned] = MESSAGE_PLANNED,       [ASKED_deferred] = MESSAGE_DEFERRED,
        [ASKED_claimed] = MESSAGE_CLAIMED,       [ASKED_sent] = MESSAGE_SENT,
        [ASKED_delivered] = MESSAGE_DELIVERED,   [ASKED_opened] = MESSAGE_OPENED,
        [ASKED_clicked] = MESSAGE_CLICKED,       [ASKED_replied] = MESSAGE_REPLIED,
        [ASKED_rejected] = MESSAGE_REJECTED,     [ASKED_bounced] = MESSAGE_BOUNCED,
        [ASKED_complained] = MESSAGE_COMPLAINED, [ASKED_unsubscribed] = MESSAGE_UNSUBSCRIBED,
        [ASKED_refused] = MESSAGE_REFUSED,       [ASKED_unknown] = MESSAGE_UNKNOWN,
        [ASKED_expired] = MESSAGE_EXPIRED,       [ASKED_cancelled] = MESSAGE_CANCELLED};
    message_status want = asked < ASKED_COUNT_ ? WANT[asked] : MESSAGE_NONE;
    if (want == MESSAGE_NONE) return false;
    if (want == MESSAGE_PLANNED) return true;
    if (want == MESSAGE_DEFERRED || want > MESSAGE_REPLIED) return now == want;
    return now >= want && now <= MESSAGE_REPLIED;
}

bool journey_asked(const struct journeys *j, u32 step, u32 status)
{
    if (!j->asking) return false;
    const struct program *p = program_of(j, j->asking);
    persona head = customer_head(j->customers, at(j, j->asking)->persona);
    for (u32 m = customer_at(j->customers, head)->messages; m;
         m = message_at(j->messages, m)->next) {
        const struct message_row *row = message_at(j->messages, m);
        if (row->enrolment == j->asking && p->instructions[row->step].step == step)
            return reached(row->status, status);
    }
    return false;
}

/* ---- leaving and going on ---- */

static bool kept_for_again(const struct program *p)
{
    return p->again == AGAIN_NEVER || p->again == AGAIN_AFTER || p->again == AGAIN_PER_KEY;
}

static bool has_open_message(const struct journeys *j, u32 row)
{
    persona head = customer_head(j->customers, at(j, row)->persona);
    for (u32 m = customer_at(j->customers, head)->messages; m;
         m = message_at(j->messages, m)->next) {
        const struct message_row *msg = message_at(j->messages, m);
        if (msg->enrolment == row && msg->status < MESSAGE_SENT) return true;
    }
    return false;
}

/* An ended enrolment goes once nobody asks for it: no `again` rule looks back, no message renders
 * from it. */
static void drop_if_done(struct journeys *j, u32 row)
{
    const struct enrolment_row *r = at(j, row);
    if (r->state != ENROLMENT_ENDED || kept_for_again(program_of(j, row)) ||
        has_open_message(j, row))
        return;
    struct customer_row *who = customer_edit(j->customers, customer_head(j->customers, r->persona));
    u32 next = r->next;
    if (who->enrolments == row) {
        who->enrolments = next;
    } else {
        u32 before = who->enrolments;
        while (at(j, before)->next != row) before = at(j, before)->next;
        edit(j, before)->next = next;
    }
    table_drop(j->enrolments, row);
}

void journey_end(struct journeys *j, u32 row, exit_reason why, i64 now)
{
    const struct program *p = program_of(j, row);
    struct enrolment_row *r = edit(j, row);
    struct journey_row *journey = journey_edit(j, p);
    r->state = ENROLMENT_ENDED;
    r->exit = (u8)why;
    r->due_ms = now;
    journey->running--;
    journey->ended++;
    tell(j, customer_head(j->customers, r->persona), EVENT_JOURNEY_EXITED, p, exit_reason_text(why),
         NULL);
    drop_if_done(j, row);
}

/* Stable over versions and restarts: the journey, the step, the customer, the entry, the visit. */
static u64 stable_id(const struct journeys *j, const struct enrolment_row *r,
                     const struct program *p, u32 step)
{
    struct buf b;
    char customer[33];
    customer_id(j->customers, r->persona, customer);
    buf_init(&b, 4096);
    buf_str_varint(&b, p->id);
    buf_str_varint(&b, names_text(j->names, NAME_OBJECT, step));
    buf_put(&b, (str){customer, 32});
    buf_u64(&b, r->key);
    buf_u64(&b, r->trigger_order);
    buf_u16(&b, r->visit);
    u64 id = hash_xxh64(buf_str(&b));
    buf_clear(&b);
    return id;
}

static void plan_message(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    const struct program *p = program_of(j, row);
    struct enrolment_row *r = edit(j, row);
    r->state = ENROLMENT_SENDING;
    r->due_ms = NEVER;
    struct message_plan plan = {
        .head = customer_head(j->customers, r->persona),
        .enrolment = row,
        .program = r->program,
        .step = r->step,
        .channel = (u8)in->channel,
        .lane = p->lane,
        .category = p->category,
        .fresh = true,
        .id_low = stable_id(j, r, p, in->step),
    };
    hash128 id = message_id(j->messages, message_plan(j->messages, &plan, now));
    char hex[33];
    struct buf b;
    struct subject who;
    struct event trigger;
    buf_init(&b, 64 * 1024);
    if (p->trigger.key) {
        subject_of(j, row, &who, &trigger);
        put_key(&b, p, who.event);
    }
    snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)id.hi,
             (unsigned long long)id.lo);
    props_put(&b, PROPERTY_MESSAGE, value_text((str){hex, 32}));
    props_put(&b, PROPERTY_JOURNEY, value_text(p->id));
    props_put(&b, PROPERTY_STEP, value_text(names_text(j->names, NAME_OBJECT, in->step)));
    props_put(&b, PROPERTY_CHANNEL, value_text(names_text(j->names, NAME_CHANNEL, in->channel)));
    props_put(&b, PROPERTY_TEMPLATE, value_text(in->text));
    j->host.event(j->host.ctx, plan.head, EVENT_MESSAGE_PLANNED, buf_str(&b));
    buf_clear(&b);
}

static void begin_wait(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    struct enrolment_row *r = edit(j, row);
    struct subject who;
    j->host.subject(j->host.ctx, customer_head(j->customers, r->persona), &who);
    r->state = ENROLMENT_WAITING;
    r->due_ms = zone_add(who.zone, now, in->wait);
}

/* Runs from the present step to the next wait, send or end. Jumps only go forward, so it ends. */
static void advance(struct journeys *j, u32 row, i64 now)
{
    const struct program *p = program_of(j, row);
    for (;;) {
        u32 step = at(j, row)->step;
        if (step >= p->instruction_count) {
            journey_end(j, row, EXIT_DONE, now);
            return;
        }
        const struct instruction *in = &p->instructions[step];
        switch (in->op) {
        case OP_WAIT: begin_wait(j, row, in, now); return;
        case OP_SEND: plan_message(j, row, in, now); return;
        case OP_END: journey_end(j, row, EXIT_END, now); return;
        case OP_JUMP: edit(j, row)->step = (u16)in->target; break;
        case OP_BRANCH: {
            u32 next = holds(j, row, in->condition, now) ? step + 1 : in->target;
            edit(j, row)->step = (u16)next;
            break;
        }
        }
    }
}

static void go_on(struct journeys *j, u32 row, i64 now)
{
    edit(j, row)->step++;
    advance(j, row, now);
}

/* ---- entering ---- */

struct earlier {
    u32 running; /* one under way, of the same key if there is one */
    bool any, same_key;
    i64 last_started;
};

static struct earlier look_back(const struct journeys *j, persona head, const struct program *p,
                                u64 key)
{
    struct earlier e = {.last_started = INT64_MIN};
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = at(j, row)->next) {
        const struct enrolment_row *r = at(j, row);
        if (j->loaded[r->program].code != p->code) continue;
        e.any = true;
        e.same_key |= r->key == key;
        e.last_started = max_i64(e.last_started, r->started_ms);
        if (runs(r) && r->key == key && !e.running) e.running = row;
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
static u32 lot(const struct journeys *j, const struct program *p, persona head, str salt)
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

/* The key is the text of the triggering event's property: 7 and "7" are the same. */
static bool key_of(const struct program *p, const struct event *ev, u64 *key)
{
    struct buf b;
    *key = 0;
    if (!p->trigger.key) return true;
    value v = ev ? props_get(ev->props, p->trigger.key) : value_missing();
    if (v.type == VALUE_MISSING || v.type == VALUE_NULL) return false;
    buf_init(&b, 64 * 1024);
    value_display(&b, v);
    *key = hash_xxh64(buf_str(&b)) | 1;
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
    if (lot(j, p, head, S("holdout")) < journey->holdout) return ENTRY_HOLDOUT;
    if (lot(j, p, head, S("gray")) >= journey->percent) return ENTRY_GRAY;
    return ENTRY_NONE;
}

static void enrol(struct journeys *j, u32 index, persona head, const struct cause *cause, u64 key,
                  i64 now)
{
    const struct program *p = &j->loaded[index];
    u32 row = table_add(j->enrolments);
    MUST(row);
    struct customer_row *who = customer_edit(j->customers, head);
    struct enrolment_row *r = edit(j, row);
    *r = (struct enrolment_row){.version = r->version, .persona = head, .next = who->enrolments};
    r->program = (u16)index;
    r->started_ms = now;
    r->trigger_order = cause->order;
    r->trigger_ms = cause->occurred_ms;
    r->key = key;
    r->state = ENROLMENT_WAITING;
    r->due_ms = now;
    who->enrolments = row;
    struct journey_row *journey = journey_edit(j, p);
    journey->entered++;
    journey->running++;
    tell(j, head, EVENT_JOURNEY_ENTERED, p, S(""), cause->event);
    advance(j, row, now);
}

static bool triggered_by(const struct program *p, const struct cause *cause)
{
    if (p->trigger.kind == TRIGGER_SEGMENT)
        return cause->edge && cause->edge->segment == p->trigger.code &&
               cause->edge->entered != p->trigger.on_leave;
    return cause->event && cause->event->code == p->trigger.code &&
           (!p->trigger.where || predicate_where(p->trigger.where, cause->event));
}

void journey_offer(struct journeys *j, persona head, const struct cause *cause, i64 now)
{
    for (u32 i = 1; i < j->loaded_count; i++) {
        const struct program *p = &j->loaded[i];
        u64 key;
        u32 restart;
        if (!p->live || !triggered_by(p, cause)) continue;
        entry_refusal why = judge(j, p, head, cause, &key, &restart, now);
        if (why != ENTRY_NONE) {
            journey_edit(j, p)->refused++;
            tell(j, head, EVENT_JOURNEY_REFUSED, p, entry_refusal_text(why), cause->event);
            continue;
        }
        if (restart) journey_end(j, restart, EXIT_RESTARTED, now);
        enrol(j, i, head, cause, key, now);
    }
}

/* ---- while it runs ---- */

static bool reads(const struct predicate *p, const struct cause *cause)
{
    const struct predicate_inputs *in = predicate_inputs(p);
    if (!cause->event || in->any_event) return true;
    for (u32 i = 0; i < in->event_count; i++)
        if (in->events[i] == cause->event->code) return true;
    return in->attribute_count || in->tag_count || in->segment_count || in->consents ||
           in->identifiers;
}

void journey_feed(struct journeys *j, persona head, const struct cause *cause, i64 now)
{
    u32 next;
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = next) {
        next = at(j, row)->next;
        const struct program *p = program_of(j, row);
        if (!runs(at(j, row)) ||
            event_record(at(j, row)->trigger_order) == event_record(cause->order))
            continue;
        for (u32 i = 0; i < p->exit_count; i++) {
            if (!reads(p->exits[i], cause) || !holds(j, row, p->exits[i], now)) continue;
            journey_end(j, row, EXIT_EXIT, now);
            break;
        }
    }
}

/* The waiting enrolment that is due first, by (due, creation, journey id); 0: none. */
static u32 first_due(const struct journeys *j, persona head, i64 now)
{
    u32 best = 0;
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = at(j, row)->next) {
        const struct enrolment_row *r = at(j, row), *b = best ? at(j, best) : NULL;
        if (r->state != ENROLMENT_WAITING || r->due_ms > now ||
            journey_at(j, program_of(j, row))->paused)
            continue;
        bool earlier = !b || r->due_ms < b->due_ms ||
                       (r->due_ms == b->due_ms &&
                        (r->trigger_order < b->trigger_order ||
                         (r->trigger_order == b->trigger_order &&
                          str_cmp(program_of(j, row)->id, program_of(j, best)->id) < 0)));
        if (earlier) best = row;
    }
    return best;
}

void journey_due(struct journeys *j, persona head, i64 now)
{
    for (u32 row; (row = first_due(j, head, now));) go_on(j, row, now);
}

i64 journey_next_due(const struct journeys *j, persona head)
{
    i64 next = 0;
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = at(j, row)->next) {
        const struct enrolment_row *r = at(j, row);
        if (r->state != ENROLMENT_WAITING || r->due_ms == NEVER ||
            journey_at(j, program_of(j, row))->paused)
            continue;
        if (!next || r->due_ms < next) next = r->due_ms;
    }
    return next;
}

/* ---- messages of enrolments ---- */

/* A message that a provider put off is tried again after its journey was through. */
static bool came_to_its_end(u8 exit)
{
    return exit == EXIT_DONE || exit == EXIT_END || exit == EXIT_MERGED;
}

refusal journey_may_send(struct journeys *j, u32 message, i64 now)
{
    const struct message_row *m = message_at(j->messages, message);
    if (!table_has(j->enrolments, m->enrolment)) return REFUSAL_NONE;
    const struct enrolment_row *r = at(j, m->enrolment);
    const struct program *p = program_of(j, m->enrolment);
    if (r->state == ENROLMENT_ENDED && r->exit == EXIT_STOPPED) return REFUSAL_STOPPED;
    if (r->state == ENROLMENT_ENDED && !came_to_its_end(r->exit)) return REFUSAL_EXIT;
    if (journey_at(j, p)->stopped) return REFUSAL_STOPPED;
    return holds(j, m->enrolment, p->instructions[m->step].condition, now) ? REFUSAL_NONE
                                                                           : REFUSAL_SEND_IF;
}

void journey_departed(struct journeys *j, u32 message, i64 now)
{
    const struct message_row *m = message_at(j->messages, message);
    if (!table_has(j->enrolments, m->enrolment)) return;
    const struct enrolment_row *r = at(j, m->enrolment);
    if (r->state == ENROLMENT_SENDING && r->step == m->step) go_on(j, m->enrolment, now);
}

void journey_settled(struct journeys *j, u32 message)
{
    const struct message_row *m = message_at(j->messages, message);
    if (table_has(j->enrolments, m->enrolment)) drop_if_done(j, m->enrolment);
}

bool journey_enrolment_open(const struct journeys *j, u32 enrolment)
{
    return table_has(j->enrolments, enrolment) && runs(at(j, enrolment));
}

bool journey_content(const struct journeys *j, u32 message, struct message_content *out)
{
    const struct message_row *m = message_at(j->messages, message);
    if (!m || m->program >= j->loaded_count) return false;
    const struct program *p = &j->loaded[m->program];
    const struct instruction *in = &p->instructions[m->step];
    *out = (struct message_content){
        .journey = p->code,
        .journey_id = p->id,
        .step_id = names_text(j->names, NAME_OBJECT, in->step),
        .template_id = in->text,
        .topic = in->topic ? names_text(j->names, NAME_TOPIC, in->topic) : S(""),
        .topic_code = in->topic,
        .category = m->category,
        .version = p->version,
    };
    if (table_has(j->enrolments, m->enrolment)) {
        out->trigger_order = at(j, m->enrolment)->trigger_order;
        out->trigger_ms = at(j, m->enrolment)->trigger_ms;
    }
    return true;
}

const struct enrolment_row *enrolment_at(const struct journeys *j, u32 row)
{
    return at(j, row);
}
