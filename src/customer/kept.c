/* kept.c — a customer's fields as they are stored, with their times: what unmerge folds again. */
#include "customer/customer_internal.h"

enum { BITS_END = 32 }; /* channels whose consent lies in the row (tag.c) */

struct telling {
    const struct customers *c;
    void (*each)(void *ctx, const struct change *ch, i64 when);
    void *ctx;
};

static void tell(const struct telling *t, struct change ch, i64 when)
{
    t->each(t->ctx, &ch, when);
}

static void tell_attributes(const struct telling *t, persona head, const struct customer_row *row)
{
    struct customer_view now = live(t->c);
    struct stored s;
    for (u32 k = 1; k < table_count(t->c->attributes); k++) {
        if (!table_has(t->c->attributes, k)) continue;
        stored_get(&now, row, head, k, table_at(t->c->attributes, k), &s);
        if (s.when == INT64_MIN) continue;
        struct change ch = {.field = FIELD_ATTRIBUTE, .code = k, .new = s.value};
        ch.expires_ms = NEVER;
        tell(t, ch, s.when);
    }
}

static void tell_consent(const struct telling *t, const struct customer_row *row, u32 channel,
                         u32 topic)
{
    i64 when;
    u8 state = consent_get(t->c, row, channel, topic, &when);
    if (when == INT64_MIN) return;
    struct change ch = {.field = FIELD_CONSENT, .code = channel, .topic = topic};
    ch.expires_ms = NEVER;
    if (state) ch.new = value_bool(state == 1);
    tell(t, ch, when);
}

/* What is kept aside, and the consents that do not lie in the row's bits. */
static void tell_list(const struct telling *t, const struct customer_row *row)
{
    struct field f;
    for (struct field_reader r = values_of(t->c, row); field_next(&r, &f);) {
        if (f.key >= KEY_CONSENT(0, 0)) {
            u32 channel = (f.key - KEY_CONSENT(0, 0)) >> 17, topic = f.key & ((1u << 17) - 1);
            if (topic || channel >= BITS_END || !(row->consent >> 2 * channel & 3))
                tell_consent(t, row, channel, topic);
        } else if (f.key >= KEY_MISFIT(0)) {
            str bytes = f.flags & FIELD_STRING ? heap_view(t->c->text, f.handle) : f.bytes;
            struct change ch = {.field = FIELD_ATTRIBUTE, .code = f.key - KEY_MISFIT(0)};
            ch.new = value_of(bytes);
            ch.expires_ms = NEVER;
            tell(t, ch, f.when);
        }
    }
}

static void tell_tags(const struct telling *t, const struct customer_row *row)
{
    struct field f;
    for (struct field_reader r = tags_of(t->c, row); field_next(&r, &f);) {
        struct change ch = {.field = FIELD_TAG, .code = f.key, .expires_ms = f.expires};
        if (!(f.flags & FIELD_GONE)) ch.new = value_bool(true);
        tell(t, ch, f.when);
    }
}

void customer_each_field(const struct customers *c, persona head,
                         void (*each)(void *ctx, const struct change *ch, i64 when), void *ctx)
{
    const struct customer_row *row = customer_at(c, head);
    const struct telling t = {c, each, ctx};
    if (row->head != head) return;
    tell_attributes(&t, head, row);
    for (u32 channel = 0; channel < BITS_END; channel++)
        if (row->consent >> 2 * channel & 3) tell_consent(&t, row, channel, 0);
    tell_list(&t, row);
    tell_tags(&t, row);
}
