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
           (code >= EVENT_JOURNEY_ENTERED && code <= EVENT_JOURNEY_REFUSED);
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

u32 observe(struct world *w, struct arena *arena, struct observed **out)
{
    struct engine *e = world_engine(w);
    struct observed *list = mem_reserve(OBSERVED_MAX * sizeof *list);
    u32 n = 0;
    for (persona p = 1; p < customers_end(engine_customers(e)); p++) {
        if (customer_head(engine_customers(e), p) != p) continue;
        struct subject who;
        struct event ev;
        engine_subject(e, p, &who);
        struct arena *scratch = arena_new();
        struct event_iter *it =
            event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, scratch);
        while (event_next(it, &ev))
            if (interesting(ev.code) && n < OBSERVED_MAX) take(arena, &ev, p, &list[n++]);
        arena_free(scratch);
    }
    qsort(list, n, sizeof *list, by_order);
    give_keys(list, n);
    *out = arena_alloc(arena, n * sizeof *list);
    memcpy(*out, list, n * sizeof *list);
    mem_release(list, OBSERVED_MAX * sizeof *list);
    return n;
}
