/* digest.c — the canonical hash: equal for equal states, however they came to be and wherever they
 * lie.
 *
 * The sum of the hashes of small objects, each named in full: a customer, one field of her, one of
 * her identifiers, a link, an address, an attribute's rule. Sums need no order, so none is made. An
 * identifier stands by its text, and by its hash only where the text is gone: so the directory's
 * key does not show. A time is written where it can still decide something: with every field, also
 * one that was removed. */
#include "customer/customer_internal.h"
#include "log/names.h"

struct digest {
    const struct customers *c;
    i64 now;
    name_of name;
    void *ctx;
    struct buf b;
    hash128 sum;
};

static void begin(struct digest *d, str what)
{
    buf_reset(&d->b);
    buf_str_varint(&d->b, what);
}

static void put_name(struct digest *d, u32 kind, u32 code)
{
    buf_str_varint(&d->b, d->name(d->ctx, kind, code));
}

static void add(struct digest *d)
{
    MUST(!d->b.full);
    d->sum = hash_add(d->sum, hash_xxh(buf_str(&d->b)));
}

static void add_attributes(struct digest *d, persona p, const struct customer_row *row)
{
    struct customer_view now = live(d->c);
    struct field aside;
    struct stored s;
    for (u32 k = 1; k < table_count(d->c->attributes); k++) {
        if (!table_has(d->c->attributes, k)) continue;
        const struct attribute_row *a = table_at(d->c->attributes, k);
        stored_get(&now, row, p, k, a, &s);
        if (s.when == INT64_MIN) continue;
        begin(d, S("attribute"));
        buf_u32(&d->b, p);
        put_name(d, NAME_ATTRIBUTE, k);
        buf_u64(&d->b, (u64)s.when);
        value_put(&d->b, s.value);
        add(d);
    }
    for (struct field_reader r = values_of(d->c, row); field_next(&r, &aside);) {
        if (aside.key < KEY_MISFIT(0) || aside.key >= KEY_CONSENT(0, 0)) continue;
        begin(d, S("aside"));
        buf_u32(&d->b, p);
        put_name(d, NAME_ATTRIBUTE, aside.key - KEY_MISFIT(0));
        buf_u64(&d->b, (u64)aside.when);
        buf_put(&d->b,
                aside.flags & FIELD_STRING ? heap_view(d->c->text, aside.handle) : aside.bytes);
        add(d);
    }
}

static void add_tags(struct digest *d, persona p, const struct customer_row *row)
{
    struct field f;
    for (struct field_reader r = tags_of(d->c, row); field_next(&r, &f);) {
        begin(d, S("tag"));
        buf_u32(&d->b, p);
        put_name(d, NAME_TAG, f.key);
        buf_byte(&d->b, f.flags & FIELD_GONE ? 0 : f.expires <= d->now ? 2 : 1);
        buf_u64(&d->b, (u64)f.when);
        buf_u64(&d->b, (u64)f.expires);
        add(d);
    }
}

static void add_consent(struct digest *d, persona p, const struct customer_row *row, u32 channel,
                        u32 topic)
{
    i64 when;
    u8 state = consent_get(d->c, row, channel, topic, &when);
    if (when == INT64_MIN) return;
    begin(d, S("consent"));
    buf_u32(&d->b, p);
    put_name(d, NAME_CHANNEL, channel);
    put_name(d, NAME_TOPIC, topic);
    buf_byte(&d->b, state);
    buf_u64(&d->b, (u64)when);
    add(d);
}

static void add_consents(struct digest *d, persona p, const struct customer_row *row)
{
    struct field f;
    for (u32 channel = 0; channel < 32; channel++)
        if (row->consent >> 2 * channel & 3) add_consent(d, p, row, channel, 0);
    for (struct field_reader r = values_of(d->c, row); field_next(&r, &f);) {
        if (f.key < KEY_CONSENT(0, 0)) continue;
        u32 channel = (f.key - KEY_CONSENT(0, 0)) >> 17, topic = f.key & ((1u << 17) - 1);
        if (topic || channel >= 32 || !(row->consent >> 2 * channel & 3))
            add_consent(d, p, row, channel, topic);
    }
}

static void add_identifiers(struct digest *d, const struct customer_row *row)
{
    for (u32 at = row->identifiers; at; at = identifier_at(d->c, at)->next) {
        const struct identifier_row *r = identifier_at(d->c, at);
        str text = identifier_text(d->c, r);
        begin(d, S("identifier"));
        buf_u32(&d->b, r->persona);
        put_name(d, NAME_SPACE, space_of(r));
        buf_u64(&d->b, (u64)since_of(r));
        buf_byte(&d->b, r->form & (FORM_FORMER | FORM_CLAIMED));
        buf_str_varint(&d->b, text);
        if (!text.n) buf_hash(&d->b, r->hash);
        if (r->form & FORM_STRINGS) buf_put(&d->b, heap_view(d->c->text, r->raw));
        add(d);
    }
}

static void add_rows(struct digest *d)
{
    const struct customers *c = d->c;
    for (persona p = 1; p < customers_end(c); p++) {
        const struct customer_row *row = customer_at(c, p);
        begin(d, S("persona"));
        buf_u32(&d->b, p);
        buf_u32(&d->b, row->head);
        buf_u16(&d->b, row->flags & (u16)~CUSTOMER_MET);
        buf_u64(&d->b, (u64)n48_get(row->first_seen));
        buf_u64(&d->b, (u64)n48_get(row->last_seen));
        add(d);
        if (row->head != p) continue;
        add_attributes(d, p, row);
        add_tags(d, p, row);
        add_consents(d, p, row);
        add_identifiers(d, row);
    }
}

static void add_links(struct digest *d)
{
    for (u32 row = 1; row < table_count(d->c->links); row++) {
        const struct link_row *l = table_at(d->c->links, row);
        if (!table_has(d->c->links, row)) continue;
        begin(d, S("link"));
        buf_u32(&d->b, l->a);
        buf_u32(&d->b, l->b);
        buf_u32(&d->b, l->why);
        buf_u64(&d->b, (u64)l->when);
        buf_u64(&d->b, l->number);
        buf_u64(&d->b, l->cut_number);
        add(d);
    }
}

static void add_rules(struct digest *d)
{
    for (u32 k = 1; k < table_count(d->c->attributes); k++) {
        struct attribute_rule rule;
        if (!customer_attribute(d->c, k, &rule)) continue;
        begin(d, S("attribute rule"));
        put_name(d, NAME_ATTRIBUTE, k);
        buf_byte(&d->b, (u8)rule.type);
        buf_byte(&d->b, (u8)(rule.confirmed | rule.personal << 1));
        buf_u64(&d->b, rule.misfits);
        add(d);
    }
    for (u32 k = 1; k < table_count(d->c->spaces); k++) {
        if (!table_has(d->c->spaces, k)) continue;
        struct space_rule rule = customer_space(d->c, k);
        begin(d, S("namespace rule"));
        put_name(d, NAME_SPACE, k);
        buf_byte(&d->b, (u8)rule.strength);
        buf_byte(&d->b, rule.unique);
        buf_u16(&d->b, rule.limit);
        buf_u16(&d->b, rule.priority);
        add(d);
    }
}

static void add_addresses(struct digest *d)
{
    for (u32 row = 1; row < table_count(d->c->addresses); row++) {
        const struct address_row *r = table_at(d->c->addresses, row);
        if (!table_has(d->c->addresses, row)) continue;
        begin(d, S("address"));
        buf_hash(&d->b, r->key);
        put_name(d, NAME_CHANNEL, r->channel);
        buf_byte(&d->b, r->suppressed);
        buf_byte(&d->b, r->opted_out);
        buf_u16(&d->b, r->soft_bounces);
        buf_u64(&d->b, (u64)r->since_ms);
        add(d);
    }
}

hash128 customers_digest(const struct customers *c, i64 now, name_of name, void *ctx)
{
    struct digest d = {.c = c, .now = now, .name = name, .ctx = ctx};
    buf_init(&d.b, HEAP_STRING_MAX * 2);
    add_rows(&d);
    add_links(&d);
    add_rules(&d);
    add_addresses(&d);
    buf_clear(&d.b);
    return d.sum;
}
