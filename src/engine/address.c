/* address.c — an address must not be used, or may be again: those who have it are told, and rules
 * about reaching them are asked. */
#include "engine/engine_internal.h"

enum { TOLD_MAX = 16 /* of those who share an address */ };

static void tell_holder(struct engine *e, persona head, u32 event, u32 channel, str why)
{
    struct buf b;
    buf_init(&b, 256);
    text_property(&b, PROPERTY_CHANNEL, names_text(e->names, NAME_CHANNEL, channel));
    text_property(&b, PROPERTY_REASON, why);
    struct happened *h = engine_event(e, head, event, buf_str(&b), 0, true);
    buf_clear(&b);
    if (!h) return;
    h->is_change = true; /* for rules it is as if consent had changed */
    h->change = (struct change){.field = FIELD_CONSENT, .code = channel, .persona = head};
}

/* She said no for the whole channel: her consent, as if she had changed it herself. */
static void deny(struct engine *e, persona head, u32 channel)
{
    struct change c,
        said = {
            .field = FIELD_CONSENT, .code = channel, .new = value_bool(false), .expires_ms = NEVER};
    static const struct consent_proof REPLY = {.reason = {"reply", 5}};
    said_begin(e, head, e->now);
    e->proof = &REPLY;
    if (customer_consent(e->customers, head, channel, 0, 2, e->now, &c))
        change_write(e, &c, e->now, true);
    else
        said_add(e, &said);
    e->proof = NULL;
    said_end(e);
}

/* The address itself is marked too, for those who share it beyond the ones that are told, and for
 * who will have it later. */
static void opt_out(struct engine *e, u32 channel, hash128 address, const struct record_id *holder)
{
    persona heads[TOLD_MAX];
    struct address_row *row = address_edit(e->customers, channel, address);
    row->opted_out = 1;
    row->since_ms = e->now;
    u32 n = customer_holders(e->customers, holder->space, holder->hash, heads, TOLD_MAX);
    for (u32 i = 0; i < min_u32(n, TOLD_MAX); i++) {
        engine_due(e, heads[i]);
        customer_edit(e->customers, heads[i])->changed = n48_of((i64)e->number);
        deny(e, heads[i], channel);
    }
}

void address_welcome(struct engine *e, const struct change *c)
{
    struct identifier_view id;
    if (c->field != FIELD_CONSENT || c->topic || c->new.type != VALUE_TRUE) return;
    if (!customer_address(e->customers, customer_head(e->customers, c->persona), c->code, &id))
        return;
    hash128 key = address_key(engine_key(e), c->code, id.value);
    const struct address_row *row = address_of(e->customers, key);
    if (row && row->opted_out) address_edit(e->customers, c->code, key)->opted_out = 0;
}

void engine_suppress(struct engine *e, u32 channel, hash128 address, suppression reason,
                     const struct record_id *holder)
{
    static const char *const WHY[] = {[SUPPRESSED_NOT] = "by hand",
                                      [SUPPRESSED_BOUNCE] = "bounced",
                                      [SUPPRESSED_COMPLAINT] = "complained",
                                      [SUPPRESSED_MANUAL] = "by hand"};
    u32 event = reason == SUPPRESSED_NOT ? EVENT_ADDRESS_RELEASED : EVENT_ADDRESS_SUPPRESSED;
    persona heads[TOLD_MAX];
    struct address_row *row = address_edit(e->customers, channel, address);
    row->suppressed = (u8)reason;
    row->since_ms = e->now;
    u32 n = customer_holders(e->customers, holder->space, holder->hash, heads, TOLD_MAX);
    for (u32 i = 0; i < min_u32(n, TOLD_MAX); i++) {
        engine_due(e, heads[i]);
        customer_edit(e->customers, heads[i])->changed = n48_of((i64)e->number);
        tell_holder(e, heads[i], event, channel, str_of(WHY[reason]));
    }
}

void apply_suppress(struct engine *e, const struct record *r)
{
    struct suppress_record s;
    if (!suppress_read(r->payload, &s) || s.reason > SUPPRESSED_OPTED_OUT) return;
    if (s.reason == SUPPRESSED_OPTED_OUT) {
        opt_out(e, s.channel, s.address, &s.holder);
        return;
    }
    engine_suppress(e, s.channel, s.address, (suppression)s.reason, &s.holder);
}
