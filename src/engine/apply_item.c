/* apply_item.c — an event, an identify, an edit: who it is, whether it was seen, what it changes.
 */
#include "engine/engine_internal.h"

struct item_state {
    struct item item;
    struct identifier ids[RECORD_IDS_MAX];
    u32 id_count;
    persona heads[RECORD_IDS_MAX]; /* customers its identifiers name now */
    u32 head_count;
    i64 occurred;
    bool fresh;
    persona persona, head;
};

static void find_heads(struct engine *e, struct item_state *s)
{
    for (u32 i = 0; i < s->id_count; i++) {
        persona head = customer_find(e->customers, s->ids[i].space, s->ids[i].hash);
        bool known = head == 0;
        for (u32 k = 0; k < s->head_count; k++) known |= s->heads[k] == head;
        if (!known) s->heads[s->head_count++] = head;
    }
}

/* ---- joining ---- */

static void joined(struct engine *e, const struct resolved *out)
{
    static const char *const WHY[] = {[LINK_SAME_RECORD] = "same event",
                                      [LINK_WEAK_UNIQUE] = "same contact",
                                      [LINK_ALIAS] = "alias",
                                      [LINK_MANUAL] = "by hand"};
    for (u32 i = 0; i < out->link_count; i++) {
        persona from = out->links[i].from, to = out->links[i].to;
        message_moved(e->messages, from, to);
        journey_moved(e->journeys, from, to, e->now);
        segment_moved(e->segments, from, to);
        char id[33];
        struct buf b;
        buf_init(&b, 1024);
        customer_id(e->customers, from, id);
        text_property(&b, PROPERTY_CUSTOMER, (str){id, 32});
        text_property(&b, PROPERTY_REASON, str_of(WHY[out->links[i].why]));
        engine_event(e, to, EVENT_MERGED, buf_str(&b), 0, false);
        buf_clear(&b);
        struct subject who;
        engine_subject(e, to, &who);
        struct touch t = {.rebuild = true, .fresh = false};
        segment_touch(e->segments, &who, &t, e->now, e->edges);
        e->edges->count = 0;
        engine_arm(e, to);
    }
}

/* ---- changes ---- */

static void put_if(struct buf *b, u32 property, value v)
{
    if (v.type != VALUE_MISSING) props_put(b, property, v);
}

static void write_change(struct engine *e, const struct change *c, bool fresh)
{
    static const struct {
        name_kind kind;
        u32 event;
    } FIELDS[] = {[FIELD_ATTRIBUTE] = {NAME_ATTRIBUTE, EVENT_ATTRIBUTE_CHANGED},
                  [FIELD_TAG] = {NAME_TAG, EVENT_TAG_ADDED},
                  [FIELD_CONSENT] = {NAME_CHANNEL, EVENT_CONSENT_CHANGED},
                  [FIELD_IDENTIFIER] = {NAME_SPACE, EVENT_IDENTIFIER_ADDED}};
    struct buf b;
    buf_init(&b, 4 << 20);
    u32 event = FIELDS[c->field].event;
    if (c->field == FIELD_TAG && c->new.type == VALUE_MISSING) event = EVENT_TAG_REMOVED;
    text_property(&b, PROPERTY_NAME, names_text(e->names, FIELDS[c->field].kind, c->code));
    if (c->topic) text_property(&b, PROPERTY_TOPIC, names_text(e->names, NAME_TOPIC, c->topic));
    put_if(&b, PROPERTY_OLD, c->old);
    put_if(&b, PROPERTY_NEW, c->new);
    if (c->field == FIELD_TAG && c->expires_ms != NEVER && c->expires_ms)
        props_put(&b, PROPERTY_EXPIRES, value_int(c->expires_ms));
    struct happened *h = engine_event(e, c->persona, event, buf_str(&b), EVENT_CHANGE, fresh);
    if (h) h->is_change = true, h->change = *c;
    buf_clear(&b);
}

static void note_zone(struct engine *e, value v)
{
    if (e->replaying || v.type != VALUE_TEXT || v.text.n >= sizeof e->zone_wanted) return;
    if (!zone_name_valid(v.text) || engine_zone_named(e, v.text)) return;
    memcpy(e->zone_wanted, v.text.p, v.text.n);
    e->zone_wanted[v.text.n] = 0;
}

static void set_traits(struct engine *e, const struct item_state *s)
{
    struct reader r = reader_of(s->item.traits);
    struct change change;
    value v;
    for (u32 code; props_next(&r, &code, &v);) {
        if (!customer_set(e->customers, s->persona, code, v, s->occurred, &change)) continue;
        if (code == ATTRIBUTE_TIMEZONE) note_zone(e, v);
        write_change(e, &change, s->fresh);
    }
}

static void set_consents(struct engine *e, const struct item_state *s)
{
    struct reader r = reader_of(s->item.consents);
    while (r.p < r.end && !r.bad) {
        u32 channel = (u32)read_varint(&r), topic = (u32)read_varint(&r);
        u8 said = read_byte(&r), state = said == 1 ? 1 : said == 0 ? 2 : 0;
        struct change change;
        if (!r.bad &&
            customer_consent(e->customers, s->persona, channel, topic, state, s->occurred, &change))
            write_change(e, &change, s->fresh);
    }
}

static void set_tags(struct engine *e, const struct item_state *s)
{
    struct reader r = reader_of(s->item.tags);
    while (r.p < r.end && !r.bad) {
        u32 tag = (u32)read_varint(&r);
        bool on = read_byte(&r);
        i64 expires = read_zigzag(&r);
        struct change change;
        if (!r.bad &&
            customer_tag(e->customers, s->persona, tag, on, expires, s->occurred, &change))
            write_change(e, &change, s->fresh);
    }
}

/* ---- the item ---- */

static u32 event_of(const struct item *item)
{
    if (item->event) return item->event;
    return item->what == ITEM_EDIT ? EVENT_EDITED : EVENT_IDENTIFIED;
}

static void write_event(struct engine *e, const struct item_state *s, const struct record *r)
{
    struct event ev = {
        .persona = s->persona,
        .code = event_of(&s->item),
        .source = r->source,
        .flags = r->flags & RECORD_HISTORY ? EVENT_HISTORY : 0,
        .occurred_ms = s->occurred,
        .received_ms = e->now,
        .order = event_order(e->number, e->place++),
        .dedupe = r->dedupe,
        .message_id = s->item.message_id,
        .props = s->item.props,
    };
    event_append(e->events, &ev);
    if (e->happened_count == CAUSES_MAX) return;
    struct happened *h = &e->happened[e->happened_count++];
    *h = (struct happened){.head = s->head, .fresh = s->fresh, .event = ev};
}

static void see(struct engine *e, const struct item_state *s, bool is_new)
{
    struct customer_row *row = customer_edit(e->customers, s->head);
    if (is_new) {
        e->stats.customers++;
        row->first_seen_ms = row->last_seen_ms = s->occurred;
    }
    if (s->occurred < row->first_seen_ms) row->first_seen_ms = s->occurred;
    if (s->occurred > row->last_seen_ms) row->last_seen_ms = s->occurred;
    row->changed = e->number;
}

/* The previous id may have been a user's or, as SDKs do it, an anonymous one (the third id):
 * whichever is known. */
static const struct identifier *previous_id(struct engine *e, const struct item_state *s)
{
    bool known = customer_find(e->customers, s->ids[0].space, s->ids[0].hash);
    return s->id_count > 2 && !known ? &s->ids[2] : &s->ids[0];
}

static void resolve_alias(struct engine *e, const struct item_state *s, struct resolved *out)
{
    struct resolved previous, linked;
    customer_resolve(e->customers, previous_id(e, s), 1, s->occurred, e->number, &previous);
    customer_resolve(e->customers, &s->ids[1], 1, s->occurred, e->number, out);
    if (previous.head == out->head) return;
    if (customer_link(e->customers, previous.head, out->head, LINK_ALIAS, s->occurred, e->number,
                      &linked) != ERR_OK)
        return;
    linked.persona = out->persona;
    linked.is_new = out->is_new;
    *out = linked;
}

void apply_item(struct engine *e, const struct record *r)
{
    struct item_state s;
    s.id_count = r->id_count;
    s.head_count = 0;
    if (!item_read(r->payload, r->id_count, &s.item) || r->id_count == 0) return;
    for (u32 i = 0; i < s.id_count; i++)
        s.ids[i] =
            (struct identifier){r->ids[i].space, r->ids[i].hash, s.item.values[i], s.item.raws[i]};
    s.occurred = r->occurred_ms == NEVER ? e->now : min_i64(r->occurred_ms, e->now);
    s.fresh = !(r->flags & RECORD_HISTORY);
    find_heads(e, &s);
    for (u32 i = 0; i < s.head_count; i++) engine_due(e, s.heads[i]);
    if (!hash128_is_zero(r->dedupe) && event_seen(e->events, r->dedupe, e->now)) {
        e->stats.duplicates++;
        return;
    }
    struct resolved out;
    if (s.item.what == ITEM_ALIAS && s.id_count > 1)
        resolve_alias(e, &s, &out);
    else
        customer_resolve(e->customers, s.ids, s.id_count, s.occurred, e->number, &out);
    s.persona = out.persona;
    s.head = out.head;
    see(e, &s, out.is_new);
    joined(e, &out);
    e->occurred = s.occurred;
    write_event(e, &s, r);
    if (s.item.traits.n) set_traits(e, &s);
    if (s.item.consents.n) set_consents(e, &s);
    if (s.item.tags.n) set_tags(e, &s);
    e->stats.accepted++;
}

/* Two customers are one, said by a person: the header names both. */
void apply_merge(struct engine *e, const struct record *r)
{
    struct resolved out = {0};
    if (r->id_count != 2) return;
    persona a = customer_find(e->customers, r->ids[0].space, r->ids[0].hash);
    persona b = customer_find(e->customers, r->ids[1].space, r->ids[1].hash);
    if (!a || !b || a == b) return;
    engine_due(e, a);
    engine_due(e, b);
    if (customer_link(e->customers, a, b, LINK_MANUAL, e->now, e->number, &out) == ERR_OK)
        joined(e, &out);
}
