/* change.c — fields of customers as events, and back.
 *
 *   customer_set … ─► change ─► Attribute Changed, Consent Changed …   at the time that was said
 *   same again, or older than what is known, of several personas ─► Fields Kept
 *   two become one ─► Fields Kept, for each side that is one persona
 *
 *   cut: view of a head = all of these, of her personas, folded in timeline order
 *
 * So a cut gives what each side would be if they had never met. A customer of one persona needs no
 * more than her changes: what she is stands in her row, and is kept when she joins somebody. */
#include "engine/engine_internal.h"

enum { FIELDS_BYTES = 256 << 10 /* of one event; a customer with more gets several */ };

static const struct {
    name_kind kind;
    u32 event;
    const char *text;
    u32 named; /* the property that says which */
} KINDS[] = {
    [FIELD_ATTRIBUTE] = {NAME_ATTRIBUTE, EVENT_ATTRIBUTE_CHANGED, "attribute", PROPERTY_NAME},
    [FIELD_TAG] = {NAME_TAG, EVENT_TAG_ADDED, "tag", PROPERTY_NAME},
    [FIELD_CONSENT] = {NAME_CHANNEL, EVENT_CONSENT_CHANGED, "consent", PROPERTY_CHANNEL},
    [FIELD_IDENTIFIER] = {NAME_SPACE, EVENT_IDENTIFIER_ADDED, "identifier", PROPERTY_NAMESPACE},
};

/* ---- changes ---- */

static void put_if(struct buf *b, u32 property, value v)
{
    if (v.type != VALUE_MISSING) props_put(b, property, v);
}

static void put_proof(struct buf *b, const struct consent_proof *p)
{
    if (p->reason.n) text_property(b, PROPERTY_REASON, p->reason);
    if (p->text.n) text_property(b, PROPERTY_TEXT, p->text);
    if (p->source.n) text_property(b, PROPERTY_SOURCE, p->source);
    if (p->by.n) text_property(b, PROPERTY_BY, p->by);
}

void change_write(struct engine *e, const struct change *c, i64 when, bool fresh)
{
    change_write_with(e, c, when, fresh, (str){0});
}

struct happened *change_write_with(struct engine *e, const struct change *c, i64 when, bool fresh,
                                   str more)
{
    struct buf b;
    buf_init(&b, 4 << 20);
    u32 event = KINDS[c->field].event;
    if (c->field == FIELD_TAG && c->new.type == VALUE_MISSING) event = EVENT_TAG_REMOVED;
    text_property(&b, KINDS[c->field].named, names_text(e->names, KINDS[c->field].kind, c->code));
    if (c->topic) text_property(&b, PROPERTY_TOPIC, names_text(e->names, NAME_TOPIC, c->topic));
    put_if(&b, PROPERTY_OLD, c->old);
    put_if(&b, PROPERTY_NEW, c->new);
    if (c->field == FIELD_TAG && c->expires_ms != NEVER && c->expires_ms)
        props_put(&b, PROPERTY_EXPIRES, value_int(c->expires_ms));
    if (c->field == FIELD_CONSENT && e->proof) put_proof(&b, e->proof);
    buf_put(&b, more);
    if (c->field == FIELD_TAG) states_by_hand(e, c);
    struct happened *h =
        engine_event_at(e, c->persona, event, when, buf_str(&b), EVENT_CHANGE, fresh);
    if (h) h->is_change = true, h->change = *c;
    address_welcome(e, c);
    buf_clear(&b);
    return h;
}

/* ---- kept fields: a list of [field, name, topic, value, when, expires] ---- */

static void put_or_null(struct buf *b, value v)
{
    if (v.type == VALUE_MISSING) v = (value){.type = VALUE_NULL};
    value_put(b, v);
}

static value list_of(const struct buf *members, u32 count)
{
    return (value){.type = VALUE_LIST, .count = count, .text = buf_str(members)};
}

static void write_kept(struct engine *e, struct said *s)
{
    struct buf b;
    if (!s->count) return;
    buf_init(&b, 4 << 20);
    props_put(&b, PROPERTY_FIELDS, list_of(&s->entries, s->count));
    engine_note(e, s->persona, EVENT_FIELDS_KEPT, s->when, buf_str(&b), EVENT_CHANGE);
    buf_clear(&b);
    buf_reset(&s->entries);
    s->count = 0;
}

static void put_kept(struct engine *e, struct said *s, const struct change *c, i64 when)
{
    struct buf b;
    bool topic = c->topic != 0, expires = c->expires_ms != NEVER && c->expires_ms;
    buf_init(&b, 2 << 20);
    value_put(&b, value_text(str_of(KINDS[c->field].text)));
    value_put(&b, value_text(names_text(e->names, KINDS[c->field].kind, c->code)));
    put_or_null(&b,
                topic ? value_text(names_text(e->names, NAME_TOPIC, c->topic)) : value_missing());
    put_or_null(&b, c->new);
    value_put(&b, value_int(when));
    put_or_null(&b, expires ? value_int(c->expires_ms) : value_missing());
    value_put(&s->entries, list_of(&b, 6));
    buf_clear(&b);
    s->count++;
    if (s->entries.n > FIELDS_BYTES) write_kept(e, s);
}

void said_begin(struct engine *e, persona who, i64 when)
{
    const struct customer_row *row = customer_at(e->customers, customer_head(e->customers, who));
    buf_reset(&e->said.entries);
    e->said.count = 0;
    e->said.persona = who;
    e->said.when = when;
    e->said.wanted = row->next_of_head != row->head;
}

void said_add(struct engine *e, const struct change *c)
{
    if (e->said.wanted) put_kept(e, &e->said, c, e->said.when);
}

void said_end(struct engine *e)
{
    write_kept(e, &e->said);
}

struct keeping {
    struct engine *e;
    struct said said;
};

static void keep_field(void *ctx, const struct change *c, i64 when)
{
    struct keeping *k = ctx;
    if (states_own(k->e, k->said.persona, c)) return;
    put_kept(k->e, &k->said, c, when);
}

static void keep_view(struct engine *e, persona head)
{
    struct keeping k = {e, {.persona = head, .when = e->now}};
    if (customer_at(e->customers, head)->next_of_head != head) return;
    buf_init(&k.said.entries, SAID_BYTES_MAX);
    customer_each_field(e->customers, head, keep_field, &k);
    write_kept(e, &k.said);
    buf_clear(&k.said.entries);
}

void change_on_join(void *ctx, persona from, persona to)
{
    keep_view(ctx, to);
    keep_view(ctx, from);
}

/* ---- what steps of journeys do ---- */

static void made(struct engine *e, persona who, const struct change *seen,
                 const struct change *said, str place)
{
    if (seen) {
        change_write_with(e, seen, e->now, true, place);
        return;
    }
    said_begin(e, who, e->now);
    said_add(e, said);
    said_end(e);
}

void change_tag(void *ctx, persona who, u32 tag, bool on, i64 expires_ms, str place)
{
    struct engine *e = ctx;
    struct change c, said = {.field = FIELD_TAG, .code = tag, .expires_ms = expires_ms};
    if (on) said.new = value_bool(true);
    bool seen = customer_tag(e->customers, who, tag, on, expires_ms, e->now, &c);
    made(e, who, seen ? &c : NULL, &said, place);
}

void change_set(void *ctx, persona who, u32 attribute, value v, str place)
{
    struct engine *e = ctx;
    struct change c, said = {.field = FIELD_ATTRIBUTE, .code = attribute, .expires_ms = NEVER};
    if (v.type != VALUE_NULL) said.new = v;
    bool seen = customer_set(e->customers, who, attribute, v, e->now, &c);
    made(e, who, seen ? &c : NULL, &said, place);
}

/* ---- and back ---- */

static u32 code_of(struct engine *e, name_kind kind, value name)
{
    return name.type == VALUE_TEXT ? names_find(e->names, kind, name.text) : 0;
}

static bool field_named(str text, field_kind *out)
{
    for (u32 i = FIELD_ATTRIBUTE; i <= FIELD_CONSENT; i++)
        if (str_eq(text, str_of(KINDS[i].text))) {
            *out = (field_kind)i;
            return true;
        }
    return false;
}

static void fold_kept(struct engine *e, persona head, value list)
{
    struct reader r = reader_of(list.text);
    for (u32 i = 0; list.type == VALUE_LIST && i < list.count; i++) {
        value entry = value_read(&r), part[6];
        struct reader parts = reader_of(entry.text);
        struct change c = {0};
        for (u32 k = 0; k < 6; k++) part[k] = value_read(&parts);
        if (r.bad || parts.bad || !field_named(part[0].text, &c.field)) return;
        c.code = code_of(e, KINDS[c.field].kind, part[1]);
        c.topic = code_of(e, NAME_TOPIC, part[2]);
        c.new = part[3].type == VALUE_NULL ? value_missing() : part[3];
        c.expires_ms = part[5].type == VALUE_INT ? part[5].n : NEVER;
        if (c.code) customer_fold(e->customers, head, &c, part[4].n);
    }
}

static void fold_change(struct engine *e, persona head, const struct event *ev)
{
    value expires = props_get(ev->props, PROPERTY_EXPIRES);
    value reason = props_get(ev->props, PROPERTY_REASON);
    if (reason.type == VALUE_TEXT && str_eq(reason.text, S("rule"))) return;
    for (u32 i = FIELD_ATTRIBUTE; i <= FIELD_CONSENT; i++) {
        bool removed = i == FIELD_TAG && ev->code == EVENT_TAG_REMOVED;
        if (KINDS[i].event != ev->code && !removed) continue;
        struct change c = {
            .field = (field_kind)i,
            .code = code_of(e, KINDS[i].kind, props_get(ev->props, KINDS[i].named)),
            .topic = code_of(e, NAME_TOPIC, props_get(ev->props, PROPERTY_TOPIC)),
            .new = props_get(ev->props, PROPERTY_NEW),
            .expires_ms = expires.type == VALUE_INT ? expires.n : NEVER,
        };
        if (c.code) customer_fold(e->customers, head, &c, ev->occurred_ms);
    }
}

void change_refold(struct engine *e, persona head)
{
    i64 first = NEVER, last = INT64_MIN;
    struct event ev;
    u32 n = customer_personas(e->customers, head, NULL, 0);
    persona *personas = arena_alloc(e->scratch, n * sizeof *personas);
    customer_personas(e->customers, head, personas, n);
    struct event_iter *it = event_iter(e->live_events, personas, n, INT64_MIN, NEVER, e->scratch);
    while (event_next(it, &ev)) {
        if (!(ev.flags & EVENT_SYSTEM)) {
            first = min_i64(first, ev.occurred_ms);
            last = max_i64(last, ev.occurred_ms);
        }
        if (!(ev.flags & EVENT_CHANGE)) continue;
        if (ev.code == EVENT_FIELDS_KEPT)
            fold_kept(e, head, props_get(ev.props, PROPERTY_FIELDS));
        else
            fold_change(e, head, &ev);
    }
    if (first == NEVER) return;
    struct customer_row *row = customer_edit(e->customers, head);
    row->first_seen = n48_of(first);
    row->last_seen = n48_of(last);
}
