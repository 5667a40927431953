#include "server/show.h"

#include "segment/score.h"
#include "segment/standing.h"

#include "intake/normal.h"
#include "log/events.h"

#include <stdio.h>

void json_put_kv_text(struct buf *b, str key, str text)
{
    json_put_key(b, key);
    if (text.n)
        json_put_str(b, text);
    else
        buf_put(b, S("null"));
}

enum { TOPICS_SHOWN = 256, SEGMENTS_SHOWN = 1024, PERSONAS_SHOWN = 256 };

/* ---- events ---- */

static void put_open_map(struct buf *b, value map)
{
    struct reader r = reader_of(map.text);
    for (u32 i = 0; i < map.count && !r.bad; i++) {
        str key = read_str_varint(&r);
        value v = value_read(&r);
        if (r.bad) return;
        json_put_key(b, key);
        value_json(b, v);
    }
}

/* A code that stands twice counts once, with its last value, where it stood first. */
void show_props(struct buf *b, struct names *names, name_kind kind, str props)
{
    struct reader r = reader_of(props);
    value v;
    buf_byte(b, '{');
    for (u32 code; props_next(&r, &code, &v);) {
        if (code == 0)
            put_open_map(b, v);
        else if (kind != NAME_PROPERTY || code != PROPERTY_CONTEXT) {
            json_put_key(b, names_text(names, kind, code));
            value_json(b, v);
        }
    }
    buf_byte(b, '}');
}

static void put_customer_id(struct buf *b, struct engine *e, str key, persona p)
{
    char id[33];
    customer_id(engine_customers(e), customer_head(engine_customers(e), p), id);
    json_put_kv_str(b, key, (str){id, 32});
}

void show_event(struct buf *b, struct engine *e, const struct event *ev)
{
    struct names *names = engine_names(e);
    char id[24];
    snprintf(id, sizeof id, "%llu", (unsigned long long)ev->order);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(id));
    json_put_kv_str(b, S("event"), names_text(names, NAME_EVENT, ev->code));
    json_put_kv_time(b, S("occurred_at"), ev->occurred_ms);
    json_put_kv_time(b, S("received_at"), ev->received_ms);
    json_put_key(b, S("message_id"));
    if (ev->message_id.n)
        json_put_str(b, ev->message_id);
    else
        buf_put(b, S("null"));
    str source = names_text(names, NAME_SOURCE, ev->source);
    json_put_kv_str(b, S("source"), source.n ? source : S("beckon"));
    put_customer_id(b, e, S("customer"), ev->persona);
    json_put_key(b, S("properties"));
    show_props(b, names, NAME_PROPERTY, ev->props);
    value context = props_get(ev->props, PROPERTY_CONTEXT);
    if (context.type == VALUE_MAP) {
        json_put_key(b, S("context"));
        value_json(b, context);
    }
    buf_byte(b, '}');
}

/* ---- customers ---- */

static void put_identifiers(struct buf *b, struct engine *e, persona head)
{
    struct identifier_view id;
    buf_byte(b, '[');
    for (u32 cursor = 0; customer_identifier(engine_customers(e), head, &cursor, &id);) {
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("namespace"), names_text(engine_names(e), NAME_SPACE, id.space));
        json_put_kv_str(b, S("value"), id.value);
        if (id.raw.n) json_put_kv_str(b, S("raw"), id.raw);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static void put_attributes(struct buf *b, struct engine *e, const struct customer_view *v,
                           persona head)
{
    u32 attribute;
    value x;
    buf_byte(b, '{');
    for (u32 cursor = 0; view_next_attribute(v, head, &cursor, &attribute, &x);) {
        json_put_key(b, names_text(engine_names(e), NAME_ATTRIBUTE, attribute));
        value_json(b, x);
    }
    buf_byte(b, '}');
}

static void put_tags(struct buf *b, struct engine *e, const struct customer_view *v, persona head)
{
    u32 tag;
    i64 expires;
    buf_byte(b, '[');
    for (u32 cursor = 0; view_next_tag(v, head, engine_time(e), &cursor, &tag, &expires);) {
        json_put_comma(b);
        json_put_str(b, names_text(engine_names(e), NAME_TAG, tag));
    }
    buf_byte(b, ']');
}

static void put_consent(struct buf *b, struct engine *e, const struct customer_view *v,
                        persona head)
{
    struct names *names = engine_names(e);
    u32 channels = min_u32(names_count(names, NAME_CHANNEL), 32);
    u32 topics = min_u32(names_count(names, NAME_TOPIC), TOPICS_SHOWN);
    buf_byte(b, '{');
    for (u32 c = 1; c <= channels; c++)
        for (u32 t = 0; t <= topics; t++) {
            u8 state = view_consent(v, head, c, t);
            if (!state) continue;
            char key[2 * NAME_BYTES_MAX + 2];
            str channel = names_text(names, NAME_CHANNEL, c),
                topic = names_text(names, NAME_TOPIC, t);
            int n = snprintf(key, sizeof key, t ? "%.*s/%.*s" : "%.*s", STR_ARG(channel),
                             STR_ARG(topic));
            json_put_kv_bool(b, (str){key, (size_t)n}, state == 1);
        }
    buf_byte(b, '}');
}

/* The stage in each model, the points of each score, and the level of the first ladder. */
static void put_states(struct buf *b, struct engine *e, persona head)
{
    struct segments *sg = engine_segments(e);
    u32 codes[SCORES_MAX], n = engine_objects(e, OBJECT_SCORE, codes, SCORES_MAX);
    str level = {0};
    json_put_key(b, S("stages"));
    buf_byte(b, '{');
    for (u32 i = 0; i < standings_count(sg); i++) {
        const struct standing *st = standing_at(sg, i);
        i32 at = st->kind == STANDING_TAG ? -1 : standing_now(sg, st, head);
        if (at < 0) continue;
        if (st->kind == STANDING_LEVELS && level.n == 0) level = st->rungs[at].id;
        if (st->kind == STANDING_STAGES)
            json_put_kv_str(b, names_text(engine_names(e), NAME_OBJECT, st->code),
                            st->rungs[at].id);
    }
    buf_byte(b, '}');
    json_put_key(b, S("scores"));
    buf_byte(b, '{');
    for (u32 i = 0; i < n; i++) {
        json_put_key(b, names_text(engine_names(e), NAME_OBJECT, codes[i]));
        fixed_put(b, engine_score(e, head, codes[i]));
    }
    buf_byte(b, '}');
    json_put_key(b, S("level"));
    if (level.n)
        json_put_str(b, level);
    else
        buf_put(b, S("null"));
}

static void put_segments(struct buf *b, struct engine *e, const struct customer_view *v,
                         persona head)
{
    u32 codes[SEGMENTS_SHOWN], n = engine_objects(e, OBJECT_SEGMENT, codes, SEGMENTS_SHOWN);
    buf_byte(b, '[');
    for (u32 i = 0; i < n; i++)
        if (segment_holds(engine_segments(e), v, codes[i], head)) {
            json_put_comma(b);
            json_put_str(b, names_text(engine_names(e), NAME_OBJECT, codes[i]));
        }
    buf_byte(b, ']');
}

static void put_coupons(struct buf *b, struct engine *e, persona head)
{
    struct grant g;
    u32 cursor = 0;
    buf_byte(b, '[');
    for (u32 n = 0; n < 100 && offer_next(engine_offers(e), head, &cursor, &g); n++) {
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("coupon"), names_text(engine_names(e), NAME_OBJECT, g.coupon));
        json_put_kv_str(b, S("code"), g.code);
        json_put_kv_str(b, S("state"), grant_state_text(g.state));
        json_put_kv_time(b, S("granted_at"), g.granted_ms);
        json_put_kv_time(b, S("expires_at"), g.expires_ms);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static void put_personas(struct buf *b, struct engine *e, persona head)
{
    persona all[PERSONAS_SHOWN];
    char id[33];
    u32 n = customer_personas(engine_customers(e), head, all, PERSONAS_SHOWN);
    buf_byte(b, '[');
    for (u32 i = 0; i < n && i < PERSONAS_SHOWN; i++) {
        customer_id(engine_customers(e), all[i], id);
        json_put_comma(b);
        json_put_str(b, (str){id, 32});
    }
    buf_byte(b, ']');
}

void show_customer(struct buf *b, struct engine *e, persona head)
{
    struct customer_view v = {engine_customers(e), NULL};
    const struct customer_row *row = customer_at(engine_customers(e), head);
    buf_byte(b, '{');
    put_customer_id(b, e, S("id"), head);
    json_put_key(b, S("identifiers"));
    put_identifiers(b, e, head);
    json_put_key(b, S("attributes"));
    put_attributes(b, e, &v, head);
    json_put_key(b, S("tags"));
    put_tags(b, e, &v, head);
    put_states(b, e, head);
    json_put_kv_i64(b, S("points"), 0);
    json_put_key(b, S("segments"));
    put_segments(b, e, &v, head);
    json_put_key(b, S("coupons"));
    put_coupons(b, e, head);
    json_put_key(b, S("consent"));
    put_consent(b, e, &v, head);
    json_put_kv_time(b, S("created_at"), n48_get(row->first_seen));
    json_put_kv_time(b, S("first_seen_at"), n48_get(row->first_seen));
    json_put_kv_time(b, S("last_seen_at"), n48_get(row->last_seen));
    json_put_key(b, S("personas"));
    put_personas(b, e, head);
    buf_byte(b, '}');
}

/* ---- references ---- */

str phone_country(struct engine *e)
{
    value chosen = engine_setting(e, S("phone_country")), zone = engine_setting(e, S("zone"));
    if (chosen.type == VALUE_TEXT && chosen.text.n) return phone_country_named(chosen.text);
    return phone_country_of_zone(zone.type == VALUE_TEXT ? zone.text : (str){0});
}

str identifier_normal(struct engine *e, u32 space, str text, char room[NORMAL_BYTES_MAX])
{
    return space == SPACE_EMAIL   ? normal_email(text, room)
           : space == SPACE_PHONE ? normal_phone(text, phone_country(e), room)
                                  : normal_id(text, room);
}

static persona find_in(struct engine *e, u32 space, str text)
{
    char room[NORMAL_BYTES_MAX];
    str normal = identifier_normal(e, space, text, room);
    if (normal.n == 0) return 0;
    return customer_find(engine_customers(e), space, identifier_hash(engine_key(e), space, normal));
}

bool customer_own_identifier(struct customers *cs, persona head, struct identifier_view *out)
{
    struct identifier_view id;
    i32 best = -1;
    for (u32 cursor = 0; customer_identifier(cs, head, &cursor, &id);) {
        i32 rank = (i32)customer_space(cs, id.space).strength;
        if (id.value.n == 0 || rank <= best || customer_find(cs, id.space, id.hash) != head)
            continue;
        best = rank;
        *out = id;
    }
    return best >= 0;
}

persona customer_of_ref(struct engine *e, str ref)
{
    static const u32 SEARCHED[] = {SPACE_USER_ID, SPACE_EMAIL, SPACE_PHONE, SPACE_MEMBER_NO,
                                   SPACE_ANONYMOUS_ID};
    struct customers *c = engine_customers(e);
    if (ref.n == 32) {
        persona p = customer_by_id(c, ref);
        if (p) return customer_head(c, p);
    }
    u32 space = 0;
    size_t prefix = 0;
    for (size_t i = 0; i < ref.n; i++)
        if (ref.p[i] == ':') {
            u32 found = names_find(engine_names(e), NAME_SPACE, str_slice(ref, 0, i));
            if (!found) continue;
            space = found;
            prefix = i + 1;
        }
    if (space) return find_in(e, space, str_slice(ref, prefix, ref.n));
    for (u32 i = 0; i < COUNT_OF(SEARCHED); i++) {
        persona p = find_in(e, SEARCHED[i], ref);
        if (p) return p;
    }
    return 0;
}

err call_customer(struct call *c, persona *head)
{
    *head = customer_of_ref(c->server->engine, c->params[0]);
    if (*head) return ERR_OK;
    return diag_set(&c->why, ERR_NOT_FOUND, "no customer, or more than one, has this reference");
}

/* ---- links ---- */

/* The tree of a customer's links, seen from its head: who was reached, and by which link. */
struct link_tree {
    struct link_view *links;
    persona *far; /* of each link that holds: its end away from the head */
    u32 count;
};

static u32 count_links(struct customers *c, persona head)
{
    struct link_view l;
    u32 n = 0;
    for (u32 cursor = 0; customer_next_link(c, head, &cursor, &l);) n++;
    return n;
}

/* Level by level from the head: a link of somebody reached leads one further. */
static void find_ends(struct link_tree *t, persona head, struct arena *arena)
{
    persona *reached = arena_alloc(arena, (t->count + 1) * sizeof *reached);
    u32 n = 0;
    reached[n++] = head;
    for (u32 at = 0; at < n; at++)
        for (u32 i = 0; i < t->count; i++) {
            const struct link_view *l = &t->links[i];
            bool is_hers = l->a == reached[at] || l->b == reached[at];
            if (l->cut_number || t->far[i] || !is_hers) continue;
            t->far[i] = l->a == reached[at] ? l->b : l->a;
            reached[n++] = t->far[i];
        }
}

void show_links(struct buf *b, struct engine *e, persona head, struct arena *arena)
{
    struct customers *c = engine_customers(e);
    struct link_tree t = {.count = count_links(c, head)};
    u32 n = 0;
    char id[33];
    t.links = arena_alloc(arena, (t.count + 1) * sizeof *t.links);
    t.far = arena_zalloc(arena, (t.count + 1) * sizeof *t.far);
    for (u32 cursor = 0; n < t.count && customer_next_link(c, head, &cursor, &t.links[n]);) n++;
    find_ends(&t, head, arena);
    for (u32 i = 0; i < n; i++) {
        const struct link_view *l = &t.links[i];
        json_put_comma(b);
        buf_put(b, S("{\"personas\":["));
        customer_id(c, l->a, id);
        json_put_str(b, (str){id, 32});
        buf_byte(b, ',');
        customer_id(c, l->b, id);
        json_put_str(b, (str){id, 32});
        buf_byte(b, ']');
        json_put_kv_str(b, S("reason"), engine_link_text(l->why));
        json_put_kv_time(b, S("at"), l->when);
        json_put_kv_bool(b, S("cut"), l->cut_number != 0);
        if (t.far[i]) {
            customer_id(c, t.far[i], id);
            json_put_kv_str(b, S("persona"), (str){id, 32});
        }
        buf_byte(b, '}');
    }
}

/* ---- messages ---- */

void show_message_tally(struct buf *b, struct engine *e)
{
    struct message_tally t = message_tally(engine_messages(e));
    buf_byte(b, '{');
    json_put_kv_i64(b, S("total"), (i64)t.planned);
    for (u32 i = MESSAGE_PLANNED; i < MESSAGE_STATUS_COUNT; i++)
        if (t.now[i]) json_put_kv_i64(b, message_status_text((message_status)i), (i64)t.now[i]);
    buf_byte(b, '}');
}

/* From the customer's events that name this message. */
void show_message_history(struct buf *b, struct engine *e, persona head, str id,
                          struct arena *arena)
{
    persona all[PERSONAS_SHOWN];
    struct event ev;
    message_status status;
    u32 n =
        min_u32(customer_personas(engine_customers(e), head, all, PERSONAS_SHOWN), PERSONAS_SHOWN);
    struct event_iter *it =
        event_iter(event_view_live(engine_events(e)), all, n, INT64_MIN, NEVER, arena);
    buf_byte(b, '[');
    while (event_next(it, &ev)) {
        status = ev.flags & EVENT_SYSTEM ? engine_event_status(&ev) : MESSAGE_NONE;
        if (status == MESSAGE_NONE) continue;
        value which = props_get(ev.props, PROPERTY_MESSAGE);
        if (which.type != VALUE_TEXT || !str_eq(which.text, id)) continue;
        value detail = props_get(ev.props, PROPERTY_DETAIL),
              why = props_get(ev.props, PROPERTY_REASON);
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("status"), message_status_text(status));
        json_put_kv_time(b, S("at"), ev.occurred_ms);
        json_put_kv_str(b, S("detail"), detail.type == VALUE_TEXT ? detail.text : why.text);
        value url = props_get(ev.props, PROPERTY_URL);
        if (url.type == VALUE_TEXT) json_put_kv_str(b, S("url"), url.text);
        if (props_get(ev.props, PROPERTY_MACHINE).type == VALUE_TRUE)
            json_put_kv_bool(b, S("machine"), true);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

void show_message(struct buf *b, struct engine *e, u32 row, bool with_history, struct arena *arena)
{
    struct messages *m = engine_messages(e);
    const struct message_row *r = message_at(m, row);
    hash128 id = message_id(m, row);
    persona head = customer_head(engine_customers(e), r->persona);
    struct message_content c = {0};
    struct identifier_view to = {0};
    struct message_story story;
    char hex[33];
    hash128_hex(id, hex);
    bool has_content = engine_content(e, row, &c);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(hex));
    put_customer_id(b, e, S("customer"), head);
    if (has_content) {
        json_put_kv_text(b, S("journey"), c.journey_id);
        json_put_kv_text(b, S("step"), c.step_id);
        json_put_kv_str(b, S("template"), c.template_id);
    }
    json_put_kv_str(b, S("category"), category_text((category)r->category));
    json_put_kv_str(b, S("channel"), names_text(engine_names(e), NAME_CHANNEL, r->channel));
    if (r->status >= MESSAGE_CLAIMED && engine_message_story(e, head, id, arena, &story))
        to.value = story.to; /* where it went, whatever she has now */
    else if (c.to.n || !customer_address(engine_customers(e), head, r->channel, &to))
        to.value = c.to;
    if (to.value.n) json_put_kv_str(b, S("to"), to.value);
    json_put_kv_str(b, S("status"), message_status_text((message_status)r->status));
    bool refused = r->status < MESSAGE_CLAIMED || message_reached(r) == MESSAGE_NONE;
    json_put_kv_str(b, S("reason"), refused ? refusal_text((refusal)r->reason) : S(""));
    json_put_kv_time(b, S("at"), r->due_ms);
    if (with_history) {
        json_put_key(b, S("history"));
        show_message_history(b, e, head, str_of(hex), arena);
    }
    buf_byte(b, '}');
}
