/* stage_test.c — the stage of this module's tests. */
#include "journey/stage_test.h"

/* ---- the host ---- */

static str text_of(struct stage *s, str props, u32 property)
{
    struct buf b;
    value v = props_get(props, property);
    if (v.type == VALUE_MISSING) return (str){0};
    buf_init(&b, 1 << 16);
    value_display(&b, v);
    str out = arena_str(s->w->arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

static u64 host_order(void *ctx)
{
    struct stage *s = ctx;
    return event_order(s->w->number, (u32)s->w->place++);
}

/* Listed, and on her timeline; nobody is told. */
static u64 host_event(void *ctx, persona head, u32 code, str props, bool fresh)
{
    struct stage *s = ctx;
    MUST(s->told_count < TOLD_MAX);
    s->told[s->told_count++] = (struct told){.at_ms = s->w->now,
                                             .head = head,
                                             .event = code,
                                             .journey = text_of(s, props, PROPERTY_JOURNEY),
                                             .step = text_of(s, props, PROPERTY_STEP),
                                             .reason = text_of(s, props, PROPERTY_REASON),
                                             .result = text_of(s, props, PROPERTY_RESULT),
                                             .key = text_of(s, props, PROPERTY_KEY),
                                             .owner = text_of(s, props, PROPERTY_OWNER),
                                             .task = text_of(s, props, PROPERTY_TASK),
                                             .to = text_of(s, props, PROPERTY_TO),
                                             .fresh = fresh};
    struct event ev = {.persona = head,
                       .code = code,
                       .flags = EVENT_SYSTEM,
                       .occurred_ms = s->w->now,
                       .received_ms = s->w->now,
                       .order = host_order(s),
                       .props = props};
    event_append(s->w->events, &ev);
    return ev.order;
}

static void host_subject(void *ctx, persona head, struct subject *out)
{
    struct stage *s = ctx;
    *out = town_subject(s->w, head);
    out->resolver = &s->resolver;
}

static bool resolve_message(void *ctx, u32 step, u32 status)
{
    return journey_asked(((struct stage *)ctx)->journeys, step, status);
}

static bool resolve_result(void *ctx, u32 step, u32 result)
{
    return journey_result(((struct stage *)ctx)->journeys, step, result);
}

static bool resolve_task(void *ctx, u32 step, str outcome)
{
    return journey_task_is(((struct stage *)ctx)->journeys, step, outcome);
}

static bool resolve_since(void *ctx, u32 step, i64 *ms, u64 *order)
{
    return journey_since(((struct stage *)ctx)->journeys, step, ms, order);
}

static void host_tag(void *ctx, persona who, u32 tag, bool on, i64 expires_ms, str place)
{
    struct stage *s = ctx;
    struct change c;
    (void)place;
    (void)customer_tag(s->w->customers, who, tag, on, expires_ms, s->w->now, &c);
}

static void host_set(void *ctx, persona who, u32 attribute, value v, str place)
{
    struct stage *s = ctx;
    struct change c;
    (void)place;
    (void)customer_set(s->w->customers, who, attribute, v, s->w->now, &c);
}

static const struct zone *resolve_zone(void *ctx, str name)
{
    struct stage *s = ctx;
    for (u32 i = 0; i < s->zone_count; i++)
        if (str_eq(name, str_of(s->zone_names[i]))) return s->zones[i];
    return NULL;
}

/* ---- life ---- */

struct stage *stage_new(struct arena *arena, const char *zone)
{
    struct stage *s = arena_zalloc(arena, sizeof *s);
    s->w = town_new(arena, zone);
    s->slice = 3;
    s->segments = segments_new(s->w->store, s->w->customers, s->w->events, s->w->names);
    s->messages = messages_new(s->w->store, s->w->customers, (struct sip_key){1, 2});
    s->resolver = (struct resolver){.ctx = s,
                                    .message = resolve_message,
                                    .step_result = resolve_result,
                                    .task_outcome = resolve_task,
                                    .since = resolve_since,
                                    .zone = resolve_zone};
    s->journeys = journeys_new(s->w->store, s->w->customers, s->messages, s->segments, s->w->names,
                               (struct journey_host){.ctx = s,
                                                     .event = host_event,
                                                     .subject = host_subject,
                                                     .order = host_order,
                                                     .tag = host_tag,
                                                     .set = host_set});
    return s;
}

void stage_free(struct stage *s)
{
    journeys_free(s->journeys);
    messages_free(s->messages);
    segments_free(s->segments);
    town_free(s->w);
}

void stage_zone(struct stage *s, const char *name)
{
    MUST(s->zone_count < STAGE_ZONES);
    s->zone_names[s->zone_count] = name;
    s->zones[s->zone_count++] = town_zone(s->w->arena, name);
}

/* ---- journeys ---- */

err stage_compile(struct stage *s, const char *json, struct diag *why)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    err e = journey_compile(s->journeys, town_json(s->w->arena, json), s->w->zone, &b, why);
    buf_clear(&b);
    return e;
}

void stage_pass(struct stage *s)
{
    u32 code;
    persona from;
    while (journey_pass_next(s->journeys, &code, &from)) {
        town_record(s->w);
        journey_pass(s->journeys, code, from, from + s->slice, s->w->now);
    }
}

u32 stage_publish(struct stage *s, const char *json)
{
    const struct json *j = town_json(s->w->arena, json);
    struct diag why = {0};
    struct buf b;
    u32 code;
    buf_init(&b, 1 << 20);
    err e = journey_compile(s->journeys, j, s->w->zone, &b, &why);
    if (e != ERR_OK) print_error("%s: %s\n", why.path, why.message);
    CHECK_OK(e);
    CHECK_OK(names_code(s->w->names, NAME_OBJECT, json_get_str(j, "id", S("")), &code));
    town_record(s->w);
    CHECK_OK(journey_publish(s->journeys, code, buf_str(&b), s->w->now));
    buf_clear(&b);
    stage_pass(s);
    return code;
}

/* ---- what happens ---- */

static u32 code_of(struct stage *s, name_kind kind, str name)
{
    u32 code;
    CHECK_OK(names_code(s->w->names, kind, name, &code));
    return code;
}

void stage_due(struct stage *s, persona head)
{
    town_record(s->w);
    journey_due(s->journeys, head, s->w->now);
}

static void caused(struct stage *s, persona head, struct event *ev, struct change *change)
{
    struct cause c = {.event = ev,
                      .change = change,
                      .order = ev->order,
                      .own = ev->order,
                      .occurred_ms = ev->occurred_ms,
                      .fresh = true};
    event_append(s->w->events, ev);
    journey_feed(s->journeys, head, &c, s->w->now);
    journey_offer(s->journeys, head, &c, s->w->now);
}

static struct event event_now(struct stage *s, persona p, u32 code, str props)
{
    return (struct event){.persona = p,
                          .code = code,
                          .occurred_ms = s->w->now,
                          .received_ms = s->w->now,
                          .order = host_order(s),
                          .props = props};
}

void stage_event(struct stage *s, persona p, const char *name, const char *props)
{
    struct buf b;
    persona head = customer_head(s->w->customers, p);
    stage_due(s, head);
    buf_init(&b, 1 << 16);
    for (const struct json *c = props ? town_json(s->w->arena, props)->child : NULL; c; c = c->next)
        props_put(&b, code_of(s, NAME_PROPERTY, c->key), town_value(s->w->arena, c));
    struct event ev =
        event_now(s, p, code_of(s, NAME_EVENT, str_of(name)), arena_str(s->w->arena, buf_str(&b)));
    buf_clear(&b);
    caused(s, head, &ev, NULL);
}

void stage_set(struct stage *s, persona p, const char *attribute, const char *json)
{
    struct change change;
    persona head = customer_head(s->w->customers, p);
    stage_due(s, head);
    if (!town_set(s->w, p, attribute, town_json(s->w->arena, json), &change)) return;
    struct event ev = event_now(s, p, EVENT_ATTRIBUTE_CHANGED, (str){0});
    caused(s, head, &ev, &change);
}

persona stage_merge(struct stage *s, persona a, persona b)
{
    struct resolved out;
    stage_due(s, customer_head(s->w->customers, a));
    stage_due(s, customer_head(s->w->customers, b));
    CHECK_OK(customer_link(s->w->customers, a, b, LINK_MANUAL, s->w->now, s->w->number, &out));
    message_moved(s->messages, out.links[0].from, out.links[0].to);
    journey_moved(s->journeys, out.links[0].from, out.links[0].to, s->w->now);
    journey_look(s->journeys, out.links[0].to, s->w->now);
    return out.links[0].to;
}

void stage_until(struct stage *s, i64 to)
{
    for (;;) {
        persona first = 0;
        i64 due = to;
        for (persona p = 1; p < customers_end(s->w->customers); p++) {
            if (customer_head(s->w->customers, p) != p) continue;
            i64 next = journey_next_due(s->journeys, p);
            if (next && (first ? next < due : next <= due)) due = next, first = p;
        }
        s->w->now = max_i64(s->w->now, due);
        if (!first) return;
        stage_due(s, first);
    }
}

/* ---- asking ---- */

u32 stage_count(const struct stage *s, u32 event, const char *journey, const char *reason)
{
    u32 n = 0;
    for (u32 i = 0; i < s->told_count; i++)
        n += s->told[i].event == event && str_eq(s->told[i].journey, str_of(journey)) &&
             (!reason || str_eq(s->told[i].reason, str_of(reason)));
    return n;
}

u32 stage_rows(const struct stage *s, persona head, enrolment_state state)
{
    u32 n = 0;
    for (u32 row = customer_at(s->w->customers, head)->enrolments; row;
         row = row_at(s->journeys, row)->next)
        n += row_at(s->journeys, row)->state == state;
    return n;
}

i64 stage_ms(const char *text)
{
    iso_time t;
    MUST(iso_parse(str_of(text), &t));
    return iso_ms(&t);
}
