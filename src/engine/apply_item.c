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
    bool fresh, import, open; /* open: of a public key or form */
    bool unheard;             /* nothing asks about events: they are written down, no more */
    hash128 dedupe;
    persona persona, head;
    bool born; /* the record made her customer */
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

/* ---- fields ---- */

static void took(struct engine *e, const struct item_state *s, bool seen, const struct change *c,
                 const struct change *said)
{
    if (seen)
        change_write(e, c, s->occurred, s->fresh);
    else
        said_add(e, said);
}

/* A form is filled in by whoever knows an address: of somebody who is known by a strong identifier
 * it adds what is missing and changes nothing. */
static bool may_set(struct engine *e, const struct item_state *s, u32 attribute)
{
    struct customer_view v = {e->customers, NULL};
    if (!s->open || s->item.event != EVENT_FORM_SUBMITTED) return true;
    if (!(customer_at(e->customers, s->head)->flags & CUSTOMER_KNOWN)) return true;
    return view_attribute(&v, s->head, attribute).type == VALUE_MISSING;
}

static void set_traits(struct engine *e, const struct item_state *s)
{
    struct reader r = reader_of(s->item.traits);
    value v;
    for (u32 code; props_next(&r, &code, &v);) {
        if (!may_set(e, s, code)) continue;
        struct change change, said = {.field = FIELD_ATTRIBUTE, .code = code, .expires_ms = NEVER};
        if (v.type != VALUE_NULL) said.new = v;
        if (states_own(e, 0, &said)) continue;
        bool seen = customer_set(e->customers, s->persona, code, v, s->occurred, &change);
        took(e, s, seen, &change, &said);
    }
}

/* What stands for a reason where none was given: the kind of record says as much. */
static str usual_reason(const struct item_state *s)
{
    if (s->import) return S("import");
    return s->item.what == ITEM_EDIT ? S("api") : S("sdk");
}

/* Who is known and said no is not asked by the public: her own link, a confirmed address or a
 * key says yes again. Anybody may say no. */
static bool may_consent(struct engine *e, const struct item_state *s, const struct item_consent *c)
{
    struct customer_view v = {e->customers, NULL};
    if (c->state == CONSENT_UNLESS_NO) return view_consent(&v, s->head, c->channel, c->topic) != 2;
    if (!s->open || c->state == CONSENT_NO) return true;
    if (!(customer_at(e->customers, s->head)->flags & CUSTOMER_KNOWN)) return true;
    return view_consent(&v, s->head, c->channel, c->topic) != 2;
}

static void set_consents(struct engine *e, const struct item_state *s)
{
    struct reader r = reader_of(s->item.consents);
    struct item_consent c;
    while (item_consent_next(&r, &c)) {
        u8 state = c.state == CONSENT_YES || c.state == CONSENT_UNLESS_NO ? 1
                   : c.state == CONSENT_NO                                ? 2
                                                                          : 0;
        struct change change, said = {.field = FIELD_CONSENT, .code = c.channel, .topic = c.topic};
        if (!may_consent(e, s, &c)) continue;
        if (!c.proof.reason.n) c.proof.reason = usual_reason(s);
        said.expires_ms = NEVER;
        if (state) said.new = value_bool(state == 1);
        e->proof = &c.proof;
        bool seen = customer_consent(e->customers, s->persona, c.channel, c.topic, state,
                                     s->occurred, &change);
        took(e, s, seen, &change, &said);
    }
    e->proof = NULL;
}

static void set_tags(struct engine *e, const struct item_state *s)
{
    struct reader r = reader_of(s->item.tags);
    while (r.p < r.end && !r.bad) {
        u32 tag = (u32)read_varint(&r);
        bool on = read_byte(&r);
        i64 expires = read_zigzag(&r);
        struct change change, said = {.field = FIELD_TAG, .code = tag, .expires_ms = expires};
        if (r.bad) break;
        if (on) said.new = value_bool(true);
        bool seen = customer_tag(e->customers, s->persona, tag, on, expires, s->occurred, &change);
        took(e, s, seen, &change, &said);
    }
}

/* ---- the item ---- */

static u32 event_of(const struct item *item)
{
    if (item->event) return item->event;
    return item->what == ITEM_EDIT ? EVENT_EDITED : EVENT_IDENTIFIED;
}

/* What a client says of a coupon that is not so is written down as rejected, with the reason. */
static u32 judged(struct engine *e, const struct item_state *s, u32 event, str *props)
{
    struct buf b;
    if (event != EVENT_COUPON_USED && event != EVENT_COUPON_CLAIMED) return event;
    str reason = offer_said(e->offers, s->head, event, *props, s->occurred);
    if (!reason.n) return event;
    buf_init(&b, EVENT_BYTES_MAX);
    buf_put(&b, *props);
    text_property(&b, PROPERTY_REASON, reason);
    *props = arena_str(e->scratch, buf_str(&b));
    buf_clear(&b);
    return EVENT_COUPON_REJECTED;
}

static void write_event(struct engine *e, const struct item_state *s, const struct record *r)
{
    str props = s->item.props;
    u32 code = judged(e, s, event_of(&s->item), &props);
    struct event ev = {
        .persona = s->persona,
        .code = code,
        .source = r->source,
        .flags = r->flags & RECORD_HISTORY ? EVENT_HISTORY : 0,
        .occurred_ms = s->occurred,
        .received_ms = e->now,
        .order = event_order(e->number, e->place++),
        .dedupe = s->dedupe,
        .message_id = s->item.message_id,
        .props = props,
    };
    event_append(e->events, &ev);
    if (s->unheard) return;
    struct happened *h = engine_happened(e, s->head, s->fresh);
    if (!h) return;
    h->event = ev;
    h->born = s->born;
}

static void see(struct engine *e, const struct item_state *s, bool is_new)
{
    struct customer_row *row = customer_edit(e->customers, s->head);
    if (is_new) {
        e->stats.customers++;
        row->first_seen = row->last_seen = n48_of(s->occurred);
    }
    if (s->occurred < n48_get(row->first_seen)) row->first_seen = n48_of(s->occurred);
    if (s->occurred > n48_get(row->last_seen)) row->last_seen = n48_of(s->occurred);
    row->changed = n48_of((i64)e->number);
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
    /* A public key names devices; it does not make one of two who are known. */
    bool known = customer_at(e->customers, previous.head)->flags &
                 customer_at(e->customers, out->head)->flags & CUSTOMER_KNOWN;
    if (s->open && known && !previous.is_new) return;
    if (customer_link(e->customers, previous.head, out->head, LINK_ALIAS, s->occurred, e->number,
                      &linked) != ERR_OK)
        return;
    linked.persona = out->persona;
    linked.is_new = out->is_new;
    *out = linked;
}

static void resolve(struct engine *e, struct item_state *s, bool alias, struct resolved *out)
{
    if (alias && s->id_count > 1)
        resolve_alias(e, s, out);
    else
        customer_resolve(e->customers, s->ids, s->id_count, s->occurred, e->number, out);
    s->persona = out->persona;
    s->head = out->head;
}

/* A record that was blanked says no more than whose it was: personas keep their numbers, which
 * later records name. Only a start without a snapshot meets one; it must not send by itself what
 * was sent before. */
static void apply_blank(struct engine *e, struct item_state *s, const struct record *r)
{
    struct resolved out;
    for (u32 i = 0; i < s->id_count; i++)
        s->ids[i] = (struct identifier){
            .space = r->ids[i].space, .hash = r->ids[i].hash, .claimed = s->open};
    resolve(e, s, r->flags & RECORD_ALIAS, &out);
    if (s->head) see(e, s, out.is_new);
    identity_joined(e, &out);
    e->blanked = true;
}

static void set_fields(struct engine *e, const struct item_state *s)
{
    if (!s->item.traits.n && !s->item.consents.n && !s->item.tags.n) return;
    said_begin(e, s->persona, s->occurred);
    if (s->item.traits.n) set_traits(e, s);
    if (s->item.consents.n) set_consents(e, s);
    if (s->item.tags.n) set_tags(e, s);
    said_end(e);
}

/* An import can be taken back: so it leaves a note of each identifier that it gives to somebody
 * who was there before. */
static void note_identifiers(struct engine *e, const struct item_state *s, u32 known)
{
    struct buf b;
    buf_init(&b, 4096);
    for (u32 i = 0; i < s->id_count; i++) {
        if (known & 1u << i) continue;
        buf_reset(&b);
        text_property(&b, PROPERTY_NAMESPACE, names_text(e->names, NAME_SPACE, s->ids[i].space));
        text_property(&b, PROPERTY_VALUE, s->ids[i].value);
        engine_note(e, s->persona, EVENT_IDENTIFIER_ADDED, s->occurred, buf_str(&b), 0);
    }
    buf_clear(&b);
}

/* Which of its identifiers somebody has, a bit each. */
static u32 known_ids(struct engine *e, const struct item_state *s)
{
    u32 known = 0;
    persona one;
    for (u32 i = 0; i < s->id_count; i++)
        if (customer_holders(e->customers, s->ids[i].space, s->ids[i].hash, &one, 1) ||
            customer_find(e->customers, s->ids[i].space, s->ids[i].hash))
            known |= 1u << i;
    return known;
}

void apply_item(struct engine *e, const struct record *r)
{
    struct item_state s;
    struct resolved out;
    s.id_count = r->id_count;
    s.head_count = 0;
    s.unheard = false;
    s.dedupe = r->dedupe;
    s.occurred = r->occurred_ms == NEVER ? e->now : min_i64(r->occurred_ms, e->now);
    s.fresh = !(r->flags & RECORD_HISTORY);
    s.import = r->flags & RECORD_IMPORT;
    s.open = r->flags & RECORD_BROWSER;
    if (r->id_count && r->payload.n == 0) apply_blank(e, &s, r);
    if (!item_read(r->payload, r->id_count, &s.item) || r->id_count == 0) return;
    for (u32 i = 0; i < s.id_count; i++)
        s.ids[i] = (struct identifier){r->ids[i].space, r->ids[i].hash, s.item.values[i],
                                       s.item.raws[i], s.open};
    find_heads(e, &s);
    for (u32 i = 0; i < s.head_count; i++) engine_due(e, s.heads[i]);
    if (!hash128_is_zero(r->dedupe) && event_seen(e->events, r->dedupe, e->now)) {
        e->stats.duplicates++;
        return;
    }
    bool noted = r->flags & RECORD_FILE && s.id_count > 1 && s.head_count;
    u32 known = noted ? known_ids(e, &s) : 0;
    resolve(e, &s, s.item.what == ITEM_ALIAS, &out);
    s.born = out.is_new && out.link_count == 0;
    see(e, &s, out.is_new);
    identity_joined(e, &out);
    e->occurred = s.occurred;
    write_event(e, &s, r);
    if (noted && !out.is_new) note_identifiers(e, &s, known);
    set_fields(e, &s);
    e->stats.accepted++;
}

/* ---- rows of a file ---- */

/* As apply_item with the row as its item. `out` is the caller's: clearing one for each row would
 * cost more than most of this; and where nothing comes between, it still says whose the next is. */
static void apply_row(struct engine *e, struct item_state *s, const struct record *r,
                      const struct bulk_row *row, struct resolved *out)
{
    persona before = s->head;
    s->occurred = min_i64(row->occurred_ms, e->now);
    s->dedupe = row->dedupe;
    s->item.event = row->event;
    s->item.message_id = row->message_id;
    s->item.props = row->props;
    if (!hash128_is_zero(s->dedupe) && event_seen(e->events, s->dedupe, e->now)) {
        e->stats.duplicates++;
        return;
    }
    if (s->unheard && out->known_from <= s->occurred) {
        customer_seen(e->customers, s->head, s->occurred);
        e->occurred = s->occurred;
        write_event(e, s, r);
        e->stats.accepted++;
        return;
    }
    resolve(e, s, false, out);
    if (!s->head) return;
    s->born = out->is_new && out->link_count == 0;
    if (s->head != before || out->is_new) see(e, s, out->is_new);
    identity_joined(e, out);
    e->occurred = s->occurred;
    write_event(e, s, r);
    e->stats.accepted++;
}

/* Her due items come before each row, and what a row causes before the next one, as if each had its
 * own record. Where no rule and no journey is there to hear of them, the rows are written down one
 * after the other. A device may change hands between two rows: then each is looked at. */
void apply_bulk(struct engine *e, const struct record *r)
{
    struct item_state s = {.id_count = r->id_count, .import = true};
    struct bulk_record b;
    struct bulk_row row;
    struct resolved out;
    out.known_from = NEVER;
    if (r->id_count && r->payload.n == 0) apply_blank(e, &s, r);
    if (r->id_count != 1 || !bulk_read(r->payload, r->occurred_ms, &b)) return;
    background_import(e, false);
    s.ids[0] = (struct identifier){r->ids[0].space, r->ids[0].hash, b.value, b.raw};
    s.item.what = ITEM_TRACK;
    s.fresh = !(r->flags & RECORD_HISTORY);
    s.unheard = !s.fresh && !segments_watch(e->segments) && !journeys_any(e->journeys) &&
                r->ids[0].space != SPACE_DEVICE_TOKEN;
    for (bool first = true; bulk_next(&b, &row); first = false) {
        if (!s.unheard && !first) engine_settle(e);
        if (first || !s.unheard) {
            s.head_count = 0;
            e->own = e->place;
            find_heads(e, &s);
            for (u32 i = 0; i < s.head_count; i++) engine_due(e, s.heads[i]);
        }
        apply_row(e, &s, r, &row, &out);
    }
    if (s.unheard && s.head) engine_arm(e, s.head);
}
