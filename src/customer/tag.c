/* tag.c — tags and consent: small fields that come and go by themselves.
 *
 * A tag is an entry of the packed list `tags`. The consent of a channel below 32 is two bits of the
 * hot row; of others, and per topic, an entry of `values`. What was removed leaves an entry with
 * its time, so that an older write that comes late finds it. */
#include "customer/customer_internal.h"

/* ---- tags ---- */

static bool is_on(const struct field *f, i64 now)
{
    return !(f->flags & FIELD_GONE) && f->expires > now;
}

bool customer_tag(struct customers *c, persona p, u32 tag, bool on, i64 expires_ms, i64 when,
                  struct change *out)
{
    struct field old;
    persona head = customer_head(c, p);
    *out = (struct change){0};
    if (!head || tag - 1 >= TAGS_MAX - 1) return false;
    struct customer_row *row = customer_edit(c, head);
    bool is_there = field_find(tags_of(c, row), tag, &old);
    if (is_there && when < old.when) return false;
    if (!is_there && !tags_have_room(c, row)) return false;
    written_at(row, when);
    struct field f = {
        .key = tag, .flags = on ? 0 : FIELD_GONE, .when = when, .expires = on ? expires_ms : NEVER};
    tags_put(c, head, &f, true);
    bool was_on = is_there && is_on(&old, when);
    if (was_on == on && (!on || old.expires == expires_ms)) return false;
    *out = (struct change){.field = FIELD_TAG,
                           .code = tag,
                           .persona = p,
                           .old = was_on ? value_bool(true) : value_missing(),
                           .new = on ? value_bool(true) : value_missing(),
                           .expires_ms = f.expires};
    return true;
}

bool view_tag(const struct customer_view *v, persona head, u32 tag, i64 now, i64 *expires_ms)
{
    struct customer_row copy;
    struct field f;
    const struct customer_row *row = view_in(v, v->c->rows, head, &copy);
    *expires_ms = NEVER;
    if (!row || row->head != head || !row->tags) return false;
    if (!field_find(tags_of(v->c, row), tag, &f) || !is_on(&f, now)) return false;
    *expires_ms = f.expires;
    return true;
}

bool view_next_tag(const struct customer_view *v, persona head, i64 now, u32 *cursor, u32 *tag,
                   i64 *expires_ms)
{
    struct customer_row copy;
    struct field f;
    const struct customer_row *row = view_in(v, v->c->rows, head, &copy);
    if (!row || row->head != head || !row->tags) return false;
    for (struct field_reader r = tags_of(v->c, row); field_next(&r, &f);) {
        if (f.key <= *cursor || !is_on(&f, now)) continue;
        *cursor = *tag = f.key;
        *expires_ms = f.expires;
        return true;
    }
    return false;
}

i64 customer_until(const struct customers *c, persona head, i64 now)
{
    i64 first = NEVER;
    struct field f;
    const struct customer_row *row = customer_at(c, head);
    for (struct field_reader r = tags_of(c, row); field_next(&r, &f);)
        if (is_on(&f, now)) first = min_i64(first, f.expires);
    return first;
}

bool customer_next_expired(const struct customers *c, persona head, i64 from, i64 now, u32 *cursor,
                           u32 *tag, i64 *expired)
{
    struct field f;
    for (struct field_reader r = tags_of(c, customer_at(c, head)); field_next(&r, &f);) {
        if (f.key <= *cursor || f.flags & FIELD_GONE || f.expires < from || f.expires > now)
            continue;
        *cursor = *tag = f.key;
        *expired = f.expires;
        return true;
    }
    return false;
}

/* At the same time: on before off, and the later expiry; whoever joins whom. */
static bool tag_wins(const struct field *a, const struct field *b)
{
    if (a->when != b->when) return a->when > b->when;
    bool on = !(a->flags & FIELD_GONE), other = !(b->flags & FIELD_GONE);
    return on != other ? on : a->expires > b->expires;
}

void tags_join(struct customers *c, persona from, persona to)
{
    struct field f, theirs;
    struct customer_row *row = customer_edit(c, from), *into = customer_edit(c, to);
    for (struct field_reader r = tags_of(c, row); field_next(&r, &f);) {
        if (field_find(tags_of(c, into), f.key, &theirs) && !tag_wins(&f, &theirs)) continue;
        written_at(into, f.when);
        tags_put(c, to, &f, true);
    }
    tags_clear(c, from);
}

void tags_clear(struct customers *c, persona head)
{
    struct field f;
    struct customer_row *row = customer_edit(c, head);
    for (struct field_reader r = tags_of(c, row); field_next(&r, &f);)
        tagged_put(c, head, &f, false);
    heap_retire(c->text, row->tags);
    row->tags = 0;
}

/* ---- consent ---- */

static bool in_bits(u32 channel, u32 topic)
{
    return topic == 0 && channel < CONSENT_BITS_END;
}

u8 consent_get(const struct customers *c, const struct customer_row *row, u32 channel, u32 topic,
               i64 *when)
{
    struct field f;
    u8 state = 0;
    *when = INT64_MIN;
    if (in_bits(channel, topic)) {
        state = row->consent >> 2 * channel & 3;
        if (state) *when = written(row);
    }
    if (!row->values || !field_find(values_of(c, row), KEY_CONSENT(channel, topic), &f))
        return state;
    *when = f.when;
    return in_bits(channel, topic) ? state : f.state;
}

/* Bits go to the hot row; an entry stands where it must: for a state that is not in the bits, for a
 * time of its own, for a consent that is no longer recorded. */
static void consent_put(struct customers *c, persona p, u32 channel, u32 topic, u8 state, i64 when)
{
    struct customer_row *row = customer_edit(c, p);
    written_at(row, when);
    struct field f = {.key = KEY_CONSENT(channel, topic),
                      .flags = state ? 0 : FIELD_GONE,
                      .when = when,
                      .expires = NEVER};
    if (in_bits(channel, topic)) {
        row->consent &= ~(3ull << 2 * channel);
        row->consent |= (u64)state << 2 * channel;
        consented_put(c, p, channel, state);
        values_put(c, row, &f, !state || when != written(row));
        return;
    }
    f.state = state;
    values_put(c, row, &f, true);
}

/* The later one; at the same time the stricter: no, then yes, then not recorded. */
static bool consent_wins(u8 state, i64 when, u8 other, i64 other_when)
{
    return when != other_when ? when > other_when : state >= other;
}

bool customer_consent(struct customers *c, persona p, u32 channel, u32 topic, u8 state, i64 when,
                      struct change *out)
{
    static const value AS_VALUE[] = {{VALUE_MISSING}, {VALUE_TRUE}, {VALUE_FALSE}};
    i64 old_when;
    persona head = customer_head(c, p);
    *out = (struct change){0};
    if (!head || channel - 1 >= CHANNELS_MAX || topic >= TOPICS_MAX || state > CONSENT_NO)
        return false;
    struct customer_row *row = customer_edit(c, head);
    u8 old = consent_get(c, row, channel, topic, &old_when);
    if (!consent_wins(state, when, old, old_when)) return false;
    if (old_when == INT64_MIN && !in_bits(channel, topic) && !values_have_room(c, row))
        return false;
    consent_put(c, head, channel, topic, state, when);
    if (state == old) return false;
    *out = (struct change){.field = FIELD_CONSENT,
                           .code = channel,
                           .topic = topic,
                           .persona = p,
                           .old = AS_VALUE[old],
                           .new = AS_VALUE[state],
                           .expires_ms = NEVER};
    return true;
}

u8 view_consent(const struct customer_view *v, persona head, u32 channel, u32 topic)
{
    i64 when;
    struct customer_row copy;
    const struct customer_row *row = view_in(v, v->c->rows, head, &copy);
    if (!row || row->head != head || channel - 1 >= CHANNELS_MAX || topic >= TOPICS_MAX) return 0;
    return consent_get(v->c, row, channel, topic, &when);
}

static void join_one(struct customers *c, persona from, persona to, u32 channel, u32 topic)
{
    const struct customer_row *row = customer_at(c, from), *into = customer_at(c, to);
    i64 when, other_when;
    u8 state = consent_get(c, row, channel, topic, &when);
    u8 other = consent_get(c, into, channel, topic, &other_when);
    if (when == INT64_MIN || !consent_wins(state, when, other, other_when)) return;
    consent_put(c, to, channel, topic, state, when);
}

void consents_join(struct customers *c, persona from, persona to)
{
    struct field f;
    struct customer_row *row = customer_edit(c, from);
    for (u32 channel = 0; channel < CONSENT_BITS_END; channel++)
        if (row->consent >> 2 * channel & 3) join_one(c, from, to, channel, 0);
    for (struct field_reader r = values_of(c, row); field_next(&r, &f);) {
        u32 key = f.key - KEY_CONSENT(0, 0);
        if (f.key >= KEY_CONSENT(0, 0)) join_one(c, from, to, key >> 17, key & ((1u << 17) - 1));
    }
    consents_clear(c, row, from);
}
