/* observe.c — a pass over every customer's timeline. */
#include "script/observe.h"

#include "log/events.h"
#include "log/fixed.h"

#include <stdlib.h>

enum { OBSERVED_MAX = 1 << 20 };

static str text_of(struct arena *arena, str props, u32 property)
{
    struct buf b;
    value v = props_get(props, property);
    if (v.type == VALUE_MISSING) return (str){0};
    buf_init(&b, 1 << 16);
    value_display(&b, v);
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

static void take(struct arena *arena, const struct event *ev, persona head, struct observed *o)
{
    *o = (struct observed){
        .at_ms = ev->received_ms, .order = ev->order, .event = ev->code, .head = head};
    o->journey = text_of(arena, ev->props, PROPERTY_JOURNEY);
    o->step = text_of(arena, ev->props, PROPERTY_STEP);
    o->template = text_of(arena, ev->props, PROPERTY_TEMPLATE);
    o->channel = text_of(arena, ev->props, PROPERTY_CHANNEL);
    o->reason = text_of(arena, ev->props, PROPERTY_REASON);
    o->key = text_of(arena, ev->props, PROPERTY_KEY);
    o->message_id = text_of(arena, ev->props, PROPERTY_MESSAGE);
    if (ev->code == EVENT_TAG_ADDED || ev->code == EVENT_TAG_REMOVED)
        o->tag = text_of(arena, ev->props, PROPERTY_NAME);
    if (ev->code == EVENT_POINTS_ADDED) o->add = text_of(arena, ev->props, PROPERTY_VALUE);
    if (ev->code < EVENT_TASK_OPENED) return;
    o->kind = text_of(arena, ev->props, PROPERTY_KIND);
    o->owner = text_of(arena, ev->props, PROPERTY_OWNER);
    o->task = text_of(arena, ev->props, PROPERTY_TASK);
    o->to = text_of(arena, ev->props, PROPERTY_TO);
    o->coupon = text_of(arena, ev->props, PROPERTY_COUPON);
    value due = props_get(ev->props, PROPERTY_DUE);
    o->due_ms = due.type == VALUE_TIME || due.type == VALUE_INT ? due.n : 0;
}

static int by_order(const void *a, const void *b)
{
    const struct observed *x = a, *y = b;
    if (x->at_ms != y->at_ms) return x->at_ms < y->at_ms ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static bool interesting(u32 code)
{
    return (code >= EVENT_MESSAGE_PLANNED && code <= EVENT_MESSAGE_CANCELLED) ||
           (code >= EVENT_JOURNEY_ENTERED && code <= EVENT_JOURNEY_REFUSED) ||
           (code >= EVENT_TASK_OPENED && code <= EVENT_WEBHOOK_CALLED) ||
           code == EVENT_COUPON_GRANTED || code == EVENT_POINTS_ADDED || code == EVENT_TAG_ADDED ||
           code == EVENT_TAG_REMOVED;
}

/* Only the planning of a message knows its key: the later events get it by the message's id. */
static void give_keys(struct observed *list, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        if (list[i].event != EVENT_MESSAGE_PLANNED || list[i].key.n == 0) continue;
        for (u32 k = i + 1; k < n; k++)
            if (str_eq(list[k].message_id, list[i].message_id)) list[k].key = list[i].key;
    }
}

/* Her events onto the end of a list that has room for all. */
static u32 add_one(struct world *w, struct arena *arena, persona head, struct observed *list, u32 n)
{
    struct subject who;
    struct event ev;
    engine_subject(world_engine(w), head, &who);
    struct arena *scratch = arena_new();
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, scratch);
    while (event_next(it, &ev))
        if (interesting(ev.code) && n < OBSERVED_MAX) take(arena, &ev, head, &list[n++]);
    arena_free(scratch);
    return n;
}

static void give_out(struct observed *list, u32 n, struct arena *arena, struct observed **out)
{
    qsort(list, n, sizeof *list, by_order);
    give_keys(list, n);
    *out = arena_alloc(arena, n * sizeof *list);
    memcpy(*out, list, n * sizeof *list);
    mem_release(list, OBSERVED_MAX * sizeof *list);
}

u32 observe_one(struct world *w, struct arena *arena, persona head, struct observed **out)
{
    struct observed *list = mem_reserve(OBSERVED_MAX * sizeof *list);
    u32 n = add_one(w, arena, head, list, 0);
    give_out(list, n, arena, out);
    return n;
}

static bool has_ended(const struct observed *list, u32 n, u32 from)
{
    for (u32 i = from + 1; i < n; i++)
        if (list[i].event == EVENT_JOURNEY_EXITED && str_eq(list[i].journey, list[from].journey) &&
            str_eq(list[i].key, list[from].key))
            return true;
    return false;
}

u32 observe_ends(const struct observed *list, u32 n, i64 now, str reason, struct arena *arena,
                 struct observed **out)
{
    u32 ends = 0;
    *out = arena_alloc(arena, n * sizeof **out);
    for (u32 i = 0; i < n; i++) {
        if (list[i].event != EVENT_JOURNEY_ENTERED || has_ended(list, n, i)) continue;
        struct observed *end = &(*out)[ends++];
        *end = list[i];
        end->event = EVENT_JOURNEY_EXITED;
        end->at_ms = now;
        end->order = UINT64_MAX;
        end->reason = reason;
    }
    return ends;
}

u32 observe(struct world *w, struct arena *arena, struct observed **out)
{
    struct customers *c = engine_customers(world_engine(w));
    struct observed *list = mem_reserve(OBSERVED_MAX * sizeof *list);
    u32 n = 0;
    for (persona p = 1; p < customers_end(c); p++)
        if (customer_head(c, p) == p) n = add_one(w, arena, p, list, n);
    give_out(list, n, arena, out);
    return n;
}
