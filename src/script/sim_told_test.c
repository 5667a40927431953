/* sim_told_test.c — the timelines read again, record by record, with the rules as SEMANTICS has
 * them: who had to enter, who had to be refused and why, and what may still be sent. */
#include "script/sim_test.h"

#include <stdlib.h>

enum { TOLD_MAX = 1 << 16 };

static str text_of(struct arena *a, str props, u32 property)
{
    value v = property ? props_get(props, property) : value_missing();
    struct buf b;
    if (v.type == VALUE_MISSING) return (str){0};
    buf_init(&b, 1 << 16);
    value_display(&b, v);
    str out = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return out;
}

static int by_order(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

u32 timeline(struct sim *s, persona head, struct arena *a, struct told **out)
{
    struct engine *e = world_engine(s->world);
    u32 key = names_find(engine_names(e), NAME_PROPERTY, S("n")), n = 0;
    struct subject who;
    struct event ev;
    engine_subject(e, head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, a);
    *out = arena_alloc(a, TOLD_MAX * sizeof **out);
    while (event_next(it, &ev)) {
        MUST(n < TOLD_MAX);
        (*out)[n++] = (struct told){.order = ev.order,
                                    .code = ev.code,
                                    .flags = ev.flags,
                                    .occurred_ms = ev.occurred_ms,
                                    .received_ms = ev.received_ms,
                                    .journey = text_of(a, ev.props, PROPERTY_JOURNEY),
                                    .reason = text_of(a, ev.props, PROPERTY_REASON),
                                    .key = text_of(a, ev.props, PROPERTY_KEY),
                                    .n = text_of(a, ev.props, key),
                                    .message = text_of(a, ev.props, PROPERTY_MESSAGE),
                                    .segment = text_of(a, ev.props, PROPERTY_SEGMENT),
                                    .step = text_of(a, ev.props, PROPERTY_STEP),
                                    .template_id = text_of(a, ev.props, PROPERTY_TEMPLATE),
                                    .name = text_of(a, ev.props, PROPERTY_NAME),
                                    .value = text_of(a, ev.props, PROPERTY_NEW),
                                    .coupon = text_of(a, ev.props, PROPERTY_COUPON),
                                    .coupon_code = text_of(a, ev.props, PROPERTY_CODE),
                                    .channel = text_of(a, ev.props, PROPERTY_CHANNEL),
                                    .result = text_of(a, ev.props, PROPERTY_RESULT),
                                    .machine = text_of(a, ev.props, PROPERTY_MACHINE).n != 0,
                                    .message_id = arena_str(a, ev.message_id)};
    }
    qsort(*out, n, sizeof **out, by_order);
    return n;
}

/* ---- I1 ---- */

void check_events(struct sim *s)
{
    u8 found[EVENTS_MAX] = {0};
    struct engine *e = world_engine(s->world);
    for (persona head = 1; head < customers_end(engine_customers(e)); head++) {
        if (customer_head(engine_customers(e), head) != head) continue;
        struct arena *a = arena_new();
        struct told *list;
        u32 n = timeline(s, head, a, &list);
        for (u32 i = 0; i < n; i++) {
            if (!str_starts(list[i].message_id, S("id-"))) continue;
            u64 number = strtoull(list[i].message_id.p + 3, NULL, 10);
            MUST(number < EVENTS_MAX);
            HOLDS(s, !found[number]++, "an event is there twice");
        }
        arena_free(a);
    }
    for (u32 i = 0; i < s->sent_count; i++)
        HOLDS(s, found[s->sent[i]] || s->gone[s->sent[i]], "an answered event is lost");
}

u64 count_events(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    u64 sum = 0;
    for (persona head = 1; head < customers_end(engine_customers(e)); head++) {
        if (customer_head(engine_customers(e), head) != head) continue;
        struct arena *a = arena_new();
        struct told *list;
        u32 n = timeline(s, head, a, &list);
        for (u32 i = 0; i < n; i++) sum += !(list[i].flags & EVENT_SYSTEM);
        arena_free(a);
    }
    return sum;
}

/* ---- journeys ---- */

struct twin {
    u32 entered, running;
    i64 last_ms;
    str keys[256];
    u32 key_count;
};

static bool is_late(const struct told *t)
{
    return t->flags & EVENT_HISTORY || t->received_ms - t->occurred_ms > HOUR;
}

static bool again_allows(const struct journey_plan *j, const struct twin *w, const struct told *t)
{
    switch (j->again) {
    case AGAIN_LIST_NEVER: return w->entered == 0;
    case AGAIN_LIST_AFTER_EXIT: return w->running == 0;
    case AGAIN_LIST_2H: return w->entered == 0 || t->received_ms - w->last_ms >= 2 * HOUR;
    case AGAIN_LIST_KEY:
        for (u32 i = 0; i < w->key_count; i++)
            if (str_eq(w->keys[i], t->key)) return false;
        return true;
    default: return true;
    }
}

/* What SEMANTICS answers: the first refusal that holds; empty: she enters. */
static str verdict(const struct journey_plan *j, const struct twin *w, const struct told *trigger,
                   const struct told *t, bool restarted)
{
    if (is_late(trigger)) return S("late");
    if (w->running && j->running == RUNNING_LIST_IGNORE) return S("running");
    if (restarted) return S("");
    return again_allows(j, w, t) ? S("") : S("again");
}

static void judge(struct sim *s, const struct journey_plan *j, struct twin *w,
                  const struct told *trigger, const struct told *t, bool restarted)
{
    bool entered = t->code == EVENT_JOURNEY_ENTERED;
    str should = verdict(j, w, trigger, t, restarted);
    bool held = str_eq(t->reason, S("paused")) || str_eq(t->reason, S("inactive"));
    if (!(held && j->operated)) {
        HOLDS(s, entered || should.n, "somebody who had to enter a journey was refused");
        HOLDS(s, !entered || !should.n, "somebody entered a journey that had to refuse her");
        HOLDS(s, str_eq(t->reason, should), "an entry was refused for another reason");
        HOLDS(s, j->running != RUNNING_LIST_RESTART || !w->running || !entered,
              "an enrolment under way was not ended by the restart");
    }
    if (!entered) return;
    w->entered++;
    w->running++;
    w->last_ms = t->received_ms;
    if (j->keyed && w->key_count < COUNT_OF(w->keys)) w->keys[w->key_count++] = t->key;
}

static void check_journey(struct sim *s, const struct journey_plan *j, const struct told *list,
                          u32 n)
{
    u32 code = names_find(engine_names(world_engine(s->world)), NAME_EVENT, str_of(j->event));
    const struct told *trigger = NULL;
    struct twin w = {0};
    bool restarted = false;
    for (u32 i = 0; i < n; i++) {
        const struct told *t = &list[i];
        if (t->code == code && code) {
            HOLDS(s, !trigger, "a trigger was not judged");
            trigger = t;
            restarted = false;
        }
        if (!str_eq(t->journey, str_of(j->id))) continue;
        if (t->code == EVENT_JOURNEY_EXITED) {
            HOLDS(s, w.running, "an enrolment ended that had not begun");
            w.running--;
            restarted |= trigger && str_eq(t->reason, S("restarted"));
        }
        if (t->code != EVENT_JOURNEY_ENTERED && t->code != EVENT_JOURNEY_REFUSED) continue;
        HOLDS(s, trigger && event_record(trigger->order) == event_record(t->order),
              "an entry was judged without its trigger");
        judge(s, j, &w, trigger, t, restarted);
        trigger = NULL;
    }
    HOLDS(s, !trigger, "a trigger was not judged");
}

/* What is late or history enters nobody, not even by a segment it changes. */
static void check_fresh(struct sim *s, const struct told *list, u32 n)
{
    const struct told *cause = NULL;
    bool crossed = false;
    for (u32 i = 0; i < n; i++) {
        const struct told *t = &list[i];
        if (!cause || event_record(cause->order) != event_record(t->order)) {
            cause = NULL;
            crossed &= i && event_record(t->order) == event_record(list[i - 1].order);
        }
        if (!(t->flags & EVENT_SYSTEM)) cause = t;
        crossed |= t->code == EVENT_SEGMENT_ENTERED && str_eq(t->segment, S("busy"));
        if (t->code != EVENT_JOURNEY_ENTERED) continue;
        HOLDS(s, !cause || !is_late(cause), "a journey was entered by what is late or history");
        HOLDS(s, crossed || !str_eq(t->journey, S("members")),
              "a segment's journey was entered without a crossing");
    }
}

/* ---- messages ---- */

static bool planned_before(const struct told *list, u32 at, str message, u64 order)
{
    for (u32 i = 0; i < at; i++)
        if (list[i].code == EVENT_MESSAGE_PLANNED && str_eq(list[i].message, message))
            return list[i].order < order;
    return false;
}

static bool is_basic(const struct sim *s, str journey)
{
    for (u32 i = 0; i < J_COUNT; i++)
        if (str_eq(journey, str_of(s->journeys[i].id))) return true;
    return false;
}

/* An order that has just happened ends every enrolment in the journeys that all runs have: what was
 * planned then, and not claimed, must not be claimed any more. */
static void check_exits(struct sim *s, const struct told *list, u32 n)
{
    u32 order = names_find(engine_names(world_engine(s->world)), NAME_EVENT, S("Order Completed"));
    for (u32 i = 0; order && i < n; i++) {
        if (list[i].code != order || list[i].occurred_ms != list[i].received_ms) continue;
        for (u32 k = i + 1; k < n; k++) {
            bool first = list[k].code == EVENT_MESSAGE_CLAIMED && is_basic(s, list[k].journey);
            for (u32 before = 0; first && before < k; before++)
                first = list[before].code != EVENT_MESSAGE_CLAIMED ||
                        !str_eq(list[before].message, list[k].message);
            HOLDS(s, !first || !planned_before(list, i, list[k].message, list[i].order),
                  "a message was sent after its journey's exit");
        }
    }
}

/* A message is refused for an exit only where its journey was left before it was through. */
static void check_refusals(struct sim *s, const struct told *list, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        bool left = false;
        if (list[i].code != EVENT_MESSAGE_REFUSED || !str_eq(list[i].reason, S("exit"))) continue;
        for (u32 k = 0; k < i; k++)
            left |= list[k].code == EVENT_JOURNEY_EXITED &&
                    str_eq(list[k].journey, list[i].journey) &&
                    !str_eq(list[k].reason, S("done")) &&
                    planned_before(list, k, list[i].message, list[k].order);
        HOLDS(s, left, "a message was refused for an exit that never was");
    }
}

bool claim_stood(const struct told *list, u32 n, u32 at)
{
    if (list[at].code != EVENT_MESSAGE_CLAIMED) return false;
    for (u32 i = at + 1; i < n; i++) {
        bool ended = list[i].code == EVENT_MESSAGE_REJECTED ||
                     list[i].code == EVENT_MESSAGE_BOUNCED ||
                     list[i].code == EVENT_MESSAGE_DEFERRED;
        if (ended && str_eq(list[i].message, list[at].message)) return false;
    }
    return true;
}

bool was_joined(const struct told *list, u32 n)
{
    for (u32 i = 0; i < n; i++)
        if (list[i].code == EVENT_MERGED || list[i].code == EVENT_UNMERGED) return true;
    return false;
}

static void check_alone(struct sim *s, const struct told *list, u32 n)
{
    for (u32 j = 0; j < J_COUNT; j++)
        if (s->journeys[j].event) check_journey(s, &s->journeys[j], list, n);
    check_fresh(s, list, n);
    check_exits(s, list, n);
    check_refusals(s, list, n);
}

void check_told(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    for (persona head = 1; head < customers_end(engine_customers(e)); head++) {
        if (customer_head(engine_customers(e), head) != head) continue;
        struct arena *a = arena_new();
        struct told *list;
        u32 n = timeline(s, head, a, &list);
        if (!was_joined(list, n)) {
            check_alone(s, list, n);
            check_swarm_alone(s, head, list, n);
        }
        arena_free(a);
    }
}
