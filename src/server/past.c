#include "server/past.h"

#include "base/map.h"
#include "log/events.h"
#include "log/fixed.h"

struct past {
    hash128 id;
    u64 order; /* of the first event that tells of it */
    str journey, step, template, channel, to, reason, detail;
    message_status status; /* the furthest */
    i64 at_ms;             /* of it */
    bool notice;
};
struct pasts {
    struct arena *arena;
    struct past *all;
    u32 count, room;
    struct map by_id;
};

static str kept(struct pasts *s, const struct event *ev, u32 property)
{
    value v = props_get(ev->props, property);
    return v.type == VALUE_TEXT ? arena_str(s->arena, v.text) : (str){0};
}

static struct past *add(struct pasts *s, const struct event *ev, hash128 id)
{
    if (s->count == s->room) {
        u32 room = s->room ? 2 * s->room : 64;
        struct past *more = arena_alloc(s->arena, room * sizeof *more);
        if (s->count) memcpy(more, s->all, s->count * sizeof *more);
        s->all = more;
        s->room = room;
    }
    struct past *p = &s->all[s->count++];
    *p = (struct past){.id = id,
                       .order = ev->order,
                       .journey = kept(s, ev, PROPERTY_JOURNEY),
                       .step = kept(s, ev, PROPERTY_STEP),
                       .template = kept(s, ev, PROPERTY_TEMPLATE),
                       .channel = kept(s, ev, PROPERTY_CHANNEL),
                       .notice = ev->code == EVENT_STAFF_NOTICE};
    map_put(&s->by_id, id, s->count);
    return p;
}

static struct past *find(struct pasts *s, const struct event *ev)
{
    struct map_cursor cursor;
    hash128 id;
    value text = props_get(ev->props, PROPERTY_MESSAGE);
    if (text.type != VALUE_TEXT || !hash128_of_hex(text.text, &id)) return NULL;
    for (u32 i = map_first(&s->by_id, id, &cursor); i; i = map_next(&s->by_id, id, &cursor))
        if (hash128_eq(s->all[i - 1].id, id)) return &s->all[i - 1];
    return add(s, ev, id);
}

static void collect(struct pasts *s, struct engine *e, persona head)
{
    struct event ev;
    u32 n = customer_personas(engine_customers(e), head, NULL, 0);
    persona *personas = arena_alloc(s->arena, n * sizeof *personas);
    customer_personas(engine_customers(e), head, personas, n);
    struct event_iter *it =
        event_iter(event_view_live(engine_events(e)), personas, n, INT64_MIN, NEVER, s->arena);
    while (event_skim(it, &ev)) {
        bool tells = ev.code == EVENT_STAFF_NOTICE ||
                     (ev.code >= EVENT_MESSAGE_PLANNED && ev.code <= EVENT_MESSAGE_CANCELLED);
        if (!tells || !(ev.flags & EVENT_SYSTEM)) continue;
        event_fill(it, &ev);
        message_status status = engine_event_status(&ev);
        struct past *p = status == MESSAGE_NONE ? NULL : find(s, &ev);
        bool machine = props_get(ev.props, PROPERTY_MACHINE).type == VALUE_TRUE;
        if (!p || machine) continue;
        if (status == MESSAGE_CLAIMED) p->to = kept(s, &ev, PROPERTY_TO);
        if (status < p->status) continue;
        p->status = status;
        p->at_ms = ev.occurred_ms;
        p->reason = kept(s, &ev, PROPERTY_REASON);
        p->detail = kept(s, &ev, PROPERTY_DETAIL);
    }
}

static bool fits(const struct past *p, const struct past_filter *f)
{
    return (!f->journey.n || str_eq(p->journey, f->journey)) &&
           (!f->step.n || str_eq(p->step, f->step)) &&
           (!f->template.n || str_eq(p->template, f->template)) &&
           (!f->channel.n || str_eq(p->channel, f->channel)) &&
           (!f->status || p->status == (message_status)f->status) &&
           (!f->reason ||
            (p->status == MESSAGE_REFUSED && str_eq(p->reason, refusal_text((refusal)f->reason))));
}

/* What happened last stands for its history: the message itself has all of it. */
static void put(struct call *c, persona head, const struct past *p)
{
    char hex[33], customer[33];
    struct buf *b = &c->out;
    hash128_hex(p->id, hex);
    customer_id(engine_customers(c->server->engine), head, customer);
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(hex));
    json_put_kv_str(b, S("customer"), (str){customer, 32});
    if (p->journey.n) json_put_kv_str(b, S("journey"), p->journey);
    if (p->step.n) json_put_kv_str(b, S("step"), p->step);
    json_put_kv_str(b, S("template"), p->template);
    if (p->notice) json_put_kv_str(b, S("category"), category_text(CATEGORY_NOTICE));
    json_put_kv_str(b, S("channel"), p->channel);
    if (p->to.n) json_put_kv_str(b, S("to"), p->to);
    json_put_kv_str(b, S("status"), message_status_text(p->status));
    json_put_kv_str(b, S("reason"), p->status == MESSAGE_REFUSED ? p->reason : (str){0});
    json_put_kv_time(b, S("at"), p->at_ms);
    json_put_key(b, S("history"));
    buf_put(b, S("[{"));
    json_put_kv_str(b, S("status"), message_status_text(p->status));
    json_put_kv_time(b, S("at"), p->at_ms);
    json_put_kv_str(b, S("detail"), p->detail.n ? p->detail : p->reason);
    buf_put(b, S("}]}"));
}

u64 past_put(struct call *c, persona head, const struct past_filter *f, u64 below, u32 room)
{
    struct engine *e = c->server->engine;
    struct pasts s = {.arena = c->arena};
    u64 next = 0;
    map_init(&s.by_id);
    collect(&s, e, head);
    for (u32 i = s.count; i-- > 0;) {
        const struct past *p = &s.all[i];
        if (p->order >= below || !fits(p, f) || message_find(engine_messages(e), head, p->id))
            continue;
        if (!room--) break;
        put(c, head, p);
        next = p->order;
        if (!room) break;
    }
    bool more = false;
    for (u32 i = 0; next && i < s.count && !more; i++)
        more = s.all[i].order < next && fits(&s.all[i], f) &&
               !message_find(engine_messages(e), head, s.all[i].id);
    map_clear(&s.by_id);
    return more ? next : 0;
}
