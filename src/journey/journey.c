/* journey.c — what runs meets what happens: exits, due moments, messages.
 *
 * A customer's enrolments hang in one list, newest first. What runs is found by walking it: it is
 * short, and everything about one customer is together. */
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

/* ---- what is written down ---- */

value journey_key(const struct program *p, const struct event *trigger)
{
    if (!trigger) return value_missing();
    if (is_hand(p, trigger)) return props_get(trigger->props, PROPERTY_VALUE);
    return p->trigger.key ? props_get(trigger->props, p->trigger.key) : value_missing();
}

/* The key of an entry, as the triggering event has it. */
static void put_key(struct buf *b, const struct program *p, const struct event *trigger)
{
    value key = journey_key(p, trigger);
    if (key.type != VALUE_MISSING) props_put(b, PROPERTY_KEY, key);
}

/* The journey that handed her over, or whose event began it. */
static void put_origin(struct buf *b, const struct program *p, const struct cause *cause)
{
    str source = journey_behind(p, cause);
    if (cause->event && is_hand(p, cause->event))
        props_put(b, PROPERTY_BY, props_get(cause->event->props, PROPERTY_JOURNEY));
    if (source.n) props_put(b, PROPERTY_SOURCE, value_text(source));
}

void journey_tell(struct journeys *j, persona who, u32 event, const struct program *p, str reason,
                  const struct cause *cause, bool fresh)
{
    struct buf *b = journey_text(j);
    props_put(b, PROPERTY_JOURNEY, value_text(p->id));
    if (reason.n) props_put(b, PROPERTY_REASON, value_text(reason));
    put_key(b, p, cause->event);
    if (event != EVENT_JOURNEY_EXITED) put_origin(b, p, cause);
    j->host.event(j->host.ctx, who, event, buf_str(b), fresh);
}

/* ---- conditions ---- */

/* A subject whose `event` is the one that began the enrolment. What came after it is told by when
 * both occurred: SDKs send in batches, so an order seconds after the cart may arrive with it
 * (docs/semantics.md). */
void enrolment_subject(struct journeys *j, u32 row, struct subject *who, struct event *trigger)
{
    const struct enrolment_row *r = row_at(j, row);
    j->host.subject(j->host.ctx, customer_head(j->customers, r->persona), who);
    who->since_ms = min_i64(r->trigger_ms, r->started_ms);
    who->since_order = r->trigger_order;
    who->event = NULL;
    if (!program_has_event(program_at(j, row)) && !r->key) return;
    if (event_get(who->events, who->personas, who->persona_count, r->trigger_order, r->trigger_ms,
                  trigger, who->scratch))
        who->event = trigger;
}

bool journey_holds(struct journeys *j, u32 row, const struct predicate *p, i64 now)
{
    struct subject who;
    struct event trigger;
    if (!p) return true;
    enrolment_subject(j, row, &who, &trigger);
    j->asking = row;
    bool is_so = predicate_eval(p, &who, now).holds;
    j->asking = 0;
    return is_so;
}

/* When time alone may end it; 0: never. */
static i64 exit_due(const struct journeys *j, const struct enrolment_row *r, u32 row)
{
    const struct program *p = &j->loaded[r->program];
    const struct extra_row *x = p->timed_exits && !p->over ? extra_at(j, row) : NULL;
    return x && enrolment_runs(r) ? x->exit_ms : 0;
}

/* Progress is cumulative: what was clicked was sent, also if it was a complaint that came then; an
 * end that is none of it counts as itself. */
static bool reached(const struct message_row *m, u32 asked)
{
    message_status now = (message_status)m->status, far = message_reached(m);
    if (asked == ASKED_read) return far >= MESSAGE_OPENED;
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
    return far >= want;
}

static void put_message_key(struct buf *b, const struct journeys *j, const struct enrolment_row *r,
                            const struct program *p, u32 step, const char customer[33])
{
    buf_str_varint(b, p->id);
    buf_str_varint(b, names_text(j->names, NAME_OBJECT, step));
    buf_put(b, (str){customer, 32});
    buf_u64(b, r->key);
    buf_u64(b, r->trigger_order);
    buf_u16(b, r->visit);
}

u64 journey_message_id(const struct journeys *j, const struct enrolment_row *r,
                       const struct program *p, u32 step)
{
    struct buf b;
    char customer[33];
    customer_id(j->customers, r->persona, customer);
    buf_init(&b, 4096);
    put_message_key(&b, j, r, p, step, customer);
    u64 id = hash_xxh64(buf_str(&b));
    buf_clear(&b);
    return id;
}

bool journey_asked(const struct journeys *j, u32 step, u32 status)
{
    if (!j->asking) return false;
    const struct enrolment_row *r = row_at(j, j->asking);
    u64 id = journey_message_id(j, r, program_at(j, j->asking), step);
    persona head = customer_head(j->customers, r->persona);
    for (u32 m = customer_at(j->customers, head)->messages; m; m = message_at(j->messages, m)->next)
        if (message_at(j->messages, m)->id_low == id)
            return reached(message_at(j->messages, m), status);
    return false;
}

/* ---- leaving and going on ---- */

static bool kept_for_again(const struct program *p)
{
    return p->again == AGAIN_NEVER || p->again == AGAIN_AFTER;
}

static bool has_open_message(const struct journeys *j, u32 row)
{
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    for (u32 m = customer_at(j->customers, head)->messages; m;
         m = message_at(j->messages, m)->next) {
        const struct message_row *msg = message_at(j->messages, m);
        if (msg->enrolment == row && msg->status < MESSAGE_SENT) return true;
    }
    return false;
}

void enrolment_drop(struct journeys *j, u32 row)
{
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    u32 next = row_at(j, row)->next, before = customer_at(j->customers, head)->enrolments;
    if (before == row) {
        customer_edit(j->customers, head)->enrolments = next;
    } else {
        while (row_at(j, before)->next != row) before = row_at(j, before)->next;
        row_edit(j, before)->next = next;
    }
    extra_drop(j, row);
    table_drop(j->enrolments, row);
}

static bool is_done(const struct journeys *j, u32 row)
{
    const struct enrolment_row *r = row_at(j, row);
    return r->state == ENROLMENT_ENDED && r->goal != GOAL_AFTER && !has_open_message(j, row) &&
           !tasks_open(j, row);
}

/* Another one of the same journey, key and persona that is kept for nothing but `again`; 0. */
static u32 kept_before(const struct journeys *j, u32 row)
{
    const struct enrolment_row *r = row_at(j, row);
    persona head = customer_head(j->customers, r->persona);
    for (u32 i = customer_at(j->customers, head)->enrolments; i; i = row_at(j, i)->next) {
        const struct enrolment_row *x = row_at(j, i);
        if (i != row && x->state == ENROLMENT_ENDED && x->key == r->key &&
            x->persona == r->persona && program_at(j, i)->code == program_at(j, row)->code &&
            is_done(j, i))
            return i;
    }
    return 0;
}

/* Of several that `again` looks back to, the one that started last says it all: it takes the place
 * of the one before. (Not the other way round: who walks her list holds the next row.) */
static void keep_one(struct journeys *j, u32 row)
{
    u32 before = kept_before(j, row);
    if (!before) return;
    if (row_at(j, row)->started_ms >= row_at(j, before)->started_ms) {
        struct enrolment_row *w = row_edit(j, before);
        u64 version = w->version;
        u32 next = w->next;
        *w = *row_at(j, row);
        w->version = version;
        w->next = next;
    }
    enrolment_drop(j, row);
}

/* An ended enrolment goes once nobody asks for it: no `again` rule looks back, no message renders
 * from it. */
void journey_drop_if_done(struct journeys *j, u32 row)
{
    if (!is_done(j, row)) return;
    extra_drop(j, row);
    if (kept_for_again(program_at(j, row)))
        keep_one(j, row);
    else
        enrolment_drop(j, row);
}

void journey_end(struct journeys *j, u32 row, exit_reason why, i64 now, bool fresh)
{
    const struct program *p = program_at(j, row);
    struct subject who = {0};
    struct event trigger;
    if (row_at(j, row)->key) enrolment_subject(j, row, &who, &trigger);
    step_stands(j, row, -1);
    struct enrolment_row *r = row_edit(j, row);
    r->state = ENROLMENT_ENDED;
    r->exit = why & 63;
    r->due_ms = now;
    goal_after(j, row, now);
    count_end(j, p, why);
    if (why != EXIT_DONE && why != EXIT_END) tasks_close(j, row, exit_reason_text(why), fresh);
    journey_tell(j, r->persona, EVENT_JOURNEY_EXITED, p, exit_reason_text(why),
                 &(struct cause){.event = who.event}, fresh);
    journey_drop_if_done(j, row);
}

/* An event of a message of this enrolment. */
static void tell_message(struct journeys *j, u32 row, u32 step, hash128 id, u32 event, bool fresh)
{
    const struct program *p = program_at(j, row);
    const struct instruction *in = &p->instructions[step];
    char hex[33];
    struct buf *b = journey_text(j);
    struct subject who;
    struct event trigger;
    if (row_at(j, row)->key) {
        enrolment_subject(j, row, &who, &trigger);
        put_key(b, p, who.event);
    }
    hash128_hex(id, hex);
    props_put(b, PROPERTY_MESSAGE, value_text((str){hex, 32}));
    buf_put(b, in->told);
    j->host.event(j->host.ctx, row_at(j, row)->persona, event, buf_str(b), fresh);
}

void journey_cancel_messages(struct journeys *j, u32 row, i64 now, bool fresh)
{
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    for (u32 m = customer_at(j->customers, head)->messages; m; m = message_at(j->messages, m)->next)
        if (message_at(j->messages, m)->enrolment == row && message_cancel(j->messages, m, now))
            tell_message(j, row, message_at(j->messages, m)->step, message_id(j->messages, m),
                         EVENT_MESSAGE_CANCELLED, fresh);
}

void journey_cancel(struct journeys *j, u32 row, exit_reason why, i64 now, bool fresh)
{
    journey_cancel_messages(j, row, now, fresh);
    journey_end(j, row, why, now, fresh);
}

void journey_plan(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    const struct program *p = program_at(j, row);
    struct enrolment_row *r = row_edit(j, row);
    char customer[33];
    customer_id(j->customers, r->persona, customer);
    r->state = ENROLMENT_SENDING;
    r->due_ms = NEVER;
    put_message_key(journey_text(j), j, r, p, in->step, customer);
    struct message_plan plan = {
        .persona = r->persona,
        .enrolment = row,
        .program = r->program,
        .step = r->step,
        .channel = (u8)in->channel,
        .lane = p->lane,
        .category = p->category,
        .fresh = true,
        .id_low = hash_xxh64(buf_str(&j->text)),
    };
    message_plan(j->messages, &plan, now);
    tell_message(j, row, r->step, message_id_of(j->messages, plan.id_low, customer),
                 EVENT_MESSAGE_PLANNED, true);
}

/* ---- while it runs ---- */

bool journey_reads(const struct predicate *p, const struct cause *cause)
{
    const struct predicate_inputs *in = predicate_inputs(p);
    if (!cause->event || in->any_event || in->own || in->others) return true;
    if (cause->event->code == EVENT_MERGED) return true; /* the other's history is hers */
    if (cause->event->code >= EVENT_MESSAGE_PLANNED &&
        cause->event->code <= EVENT_MESSAGE_CANCELLED)
        return true; /* a condition may ask for the status of a message */
    for (u32 i = 0; i < in->event_count; i++)
        if (in->events[i] == cause->event->code) return true;
    return in->attribute_count || in->any_tag || in->tag_count || in->segment_count ||
           in->consents || in->identifiers;
}

/* No record ends the enrolment it began; one that time began before the record's own doing is as
 * old as any. */
static bool began(const struct enrolment_row *r, const struct cause *cause)
{
    return event_record(r->trigger_order) == event_record(cause->order) &&
           r->trigger_order >= cause->own;
}

static answer ask_exit(struct journeys *j, u32 row, const struct predicate *exit, i64 now)
{
    struct subject who;
    struct event trigger;
    enrolment_subject(j, row, &who, &trigger);
    j->asking = row;
    answer a = predicate_eval(exit, &who, now);
    j->asking = 0;
    return a;
}

/* The exit's time in her row's extra; none where nothing has to be kept. */
void exits_follow(struct journeys *j, u32 row, i64 now)
{
    const struct program *p = program_at(j, row);
    i64 next = NEVER;
    if (!p->timed_exits) return;
    for (u32 i = 0; i < p->exit_count; i++)
        if (predicate_inputs(p->exits[i])->time)
            next = min_i64(next, max_i64(ask_exit(j, row, p->exits[i], now).until, now + 1));
    next = next == NEVER ? 0 : next;
    if (exit_due(j, row_at(j, row), row) != next) extra_edit(j, row)->exit_ms = next;
}

bool exits_look(struct journeys *j, u32 row, i64 now, bool fresh)
{
    const struct program *p = program_at(j, row);
    for (u32 i = 0; i < p->exit_count; i++) {
        if (!ask_exit(j, row, p->exits[i], now).holds) continue;
        journey_end(j, row, EXIT_EXIT, now, fresh);
        return true;
    }
    exits_follow(j, row, now);
    return false;
}

/* The first of its exits that holds ends it. */
static bool left(struct journeys *j, u32 row, const struct cause *cause, i64 now)
{
    const struct program *p = program_at(j, row);
    bool timed = false;
    for (u32 i = 0; i < p->exit_count; i++) {
        if (!journey_reads(p->exits[i], cause)) continue;
        timed |= predicate_inputs(p->exits[i])->time;
        if (!journey_holds(j, row, p->exits[i], now)) continue;
        journey_end(j, row, EXIT_EXIT, now, cause->fresh);
        return true;
    }
    if (timed) exits_follow(j, row, now);
    return false;
}

void journey_feed(struct journeys *j, persona head, const struct cause *cause, i64 now)
{
    u32 next;
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = next) {
        next = row_at(j, row)->next;
        const struct program *p = program_at(j, row);
        if (began(row_at(j, row), cause) || goal_feed(j, row, cause, now)) continue;
        if (!enrolment_runs(row_at(j, row)) || p->over) continue;
        if (!left(j, row, cause, now) && row_at(j, row)->state == ENROLMENT_WAITING)
            wait_feed(j, row, cause, now);
    }
    hands_over(j, now);
}

/* When time moves it: a wait while its journey is not held, an exit, a date's moment; NEVER. */
static i64 due_of(const struct journeys *j, u32 row)
{
    const struct enrolment_row *r = row_at(j, row);
    const struct program *p = &j->loaded[r->program];
    if (r->state == ENROLMENT_DATED) return r->due_ms;
    if (r->state == ENROLMENT_ENDED) return r->goal == GOAL_AFTER ? goal_end(p, r) : NEVER;
    bool waits = r->state == ENROLMENT_WAITING && !journey_at(j, p)->paused && !p->over;
    i64 due = waits ? r->due_ms : NEVER, exit = exit_due(j, r, row);
    return exit ? min_i64(due, exit) : due;
}

/* By (due, creation, journey id). */
static bool before(const struct journeys *j, u32 x, u32 y)
{
    const struct enrolment_row *a = row_at(j, x), *b = row_at(j, y);
    i64 first = due_of(j, x), second = due_of(j, y);
    if (first != second) return first < second;
    if (a->trigger_order != b->trigger_order) return a->trigger_order < b->trigger_order;
    return str_cmp(j->loaded[a->program].id, j->loaded[b->program].id) < 0;
}

static u32 first_due(const struct journeys *j, persona head, i64 now)
{
    u32 best = 0;
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next) {
        i64 due = due_of(j, row);
        if (due == NEVER || due > now) continue;
        if (!best || before(j, row, best)) best = row;
    }
    return best;
}

/* An exit of its instant comes first: it is what time changed. */
static void runs_due(struct journeys *j, u32 row, i64 now)
{
    i64 exit = exit_due(j, row_at(j, row), row);
    if (exit && exit == due_of(j, row))
        exits_look(j, row, now, true);
    else
        wait_due(j, row, now);
}

void journey_due(struct journeys *j, persona head, i64 now)
{
    u32 turn = 0;
    pass_turn(j, head, now);
    for (;;) {
        u32 row = first_due(j, head, now);
        if (schedule_turn(j, head, row ? due_of(j, row) : now, &turn, now)) continue;
        if (!row) break;
        switch (row_at(j, row)->state) {
        case ENROLMENT_DATED: dated_due(j, row, now); break;
        case ENROLMENT_ENDED: goal_over(j, row); break;
        default: runs_due(j, row, now); break;
        }
        hands_over(j, now);
    }
    if (turn) schedule_turns_taken(j, head);
}

i64 journey_next_due(const struct journeys *j, persona head)
{
    i64 next = 0;
    for (u32 row = customer_at(j->customers, head)->enrolments; row; row = row_at(j, row)->next) {
        i64 due = due_of(j, row);
        if (due != NEVER && (!next || due < next)) next = due;
    }
    return next;
}

/* ---- messages of enrolments ---- */

/* A message that a provider put off is tried again after its journey was through. */
static bool came_to_its_end(u8 exit)
{
    return exit == EXIT_DONE || exit == EXIT_END;
}

refusal journey_may_send(struct journeys *j, u32 message, i64 now)
{
    const struct message_row *m = message_at(j->messages, message);
    if (!table_has(j->enrolments, m->enrolment)) return REFUSAL_NONE;
    const struct enrolment_row *r = row_at(j, m->enrolment);
    const struct program *p = program_at(j, m->enrolment);
    if (r->state == ENROLMENT_ENDED && r->exit == EXIT_STOPPED) return REFUSAL_STOPPED;
    if (r->state == ENROLMENT_ENDED && !came_to_its_end(r->exit)) return REFUSAL_EXIT;
    if (p->over) return REFUSAL_STOPPED;
    return journey_holds(j, m->enrolment, p->instructions[m->step].condition, now)
               ? REFUSAL_NONE
               : REFUSAL_SEND_IF;
}

void journey_departed(struct journeys *j, u32 message, i64 now)
{
    const struct message_row *m = message_at(j->messages, message);
    if (!table_has(j->enrolments, m->enrolment)) return;
    const struct enrolment_row *r = row_at(j, m->enrolment);
    if (r->state == ENROLMENT_SENDING && r->step == m->step && r->program == m->program &&
        !program_at(j, m->enrolment)->over)
        journey_go_on(j, m->enrolment, now);
    hands_over(j, now);
}

void journey_settled(struct journeys *j, u32 message)
{
    const struct message_row *m = message_at(j->messages, message);
    if (table_has(j->enrolments, m->enrolment)) journey_drop_if_done(j, m->enrolment);
}

bool journey_enrolment_open(const struct journeys *j, u32 enrolment)
{
    return table_has(j->enrolments, enrolment) && enrolment_runs(row_at(j, enrolment));
}

bool journey_content(const struct journeys *j, u32 message, struct message_content *out)
{
    const struct message_row *m = message_at(j->messages, message);
    if (!m || !m->program || m->program >= j->loaded_count) return false;
    const struct program *p = &j->loaded[m->program];
    const struct instruction *in = &p->instructions[m->step];
    *out = (struct message_content){
        .journey = p->code,
        .journey_id = p->id,
        .step_id = names_text(j->names, NAME_OBJECT, in->step),
        .template_id = in->text,
        .topic = in->topic ? names_text(j->names, NAME_TOPIC, in->topic) : S(""),
        .topic_code = in->topic,
        .category = (category)m->category,
        .rules = {p->quiet, p->dedupe_ms, in->expires_ms},
        .version = p->version,
    };
    if (table_has(j->enrolments, m->enrolment)) {
        out->key = row_at(j, m->enrolment)->key;
        out->entry = row_at(j, m->enrolment)->trigger_order;
    }
    if (program_has_event(p) && table_has(j->enrolments, m->enrolment)) {
        out->trigger_order = row_at(j, m->enrolment)->trigger_order;
        out->trigger_ms = row_at(j, m->enrolment)->trigger_ms;
    }
    return true;
}

bool journey_is_held(const struct journeys *j, u32 program)
{
    return program && program < j->loaded_count && !j->loaded[program].over &&
           journey_at(j, &j->loaded[program])->paused;
}

i32 journey_priority(const struct journeys *j, u32 program)
{
    return program < j->loaded_count ? j->loaded[program].priority : 0;
}

str journey_id(const struct journeys *j, u32 program)
{
    return program < j->loaded_count ? j->loaded[program].id : (str){0};
}

const struct enrolment_row *enrolment_at(const struct journeys *j, u32 row)
{
    return row_at(j, row);
}
