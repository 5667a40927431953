/* tagged.c — who has a tag, and who consented: what lists and rows say, the other way round.
 *
 * A customer's list of tags and the bits of her row (tag.c) are what counts; the sets here follow
 * them, change by change (members.c). Of a tag, `on` are those whose list has it and does not say
 * that it was removed, `ends` those of them whose tag ends by itself one day. Of a channel whose
 * consents lie in rows, `on` are those who said yes, `ends` those who said no. */
#include "customer/customer_internal.h"

struct tag_row {
    u64 version;
    struct tree on, ends; /* of a tag; of a channel: yes, no */
    u64 spare;
};
_Static_assert(sizeof(struct tag_row) == TAG_ROW_BYTES, "");

void tagged_put(struct customers *c, persona p, const struct field *f, bool keep)
{
    bool on = keep && !(f->flags & FIELD_GONE), ends = on && f->expires != NEVER;
    if (!table_has(c->tagged, f->key)) {
        if (!on) return;
        table_claim(c->tagged, f->key);
    }
    struct tag_row *row = table_edit(c->tagged, f->key);
    members_put(c, &row->on, p, on);
    if (ends || row->ends.root) members_put(c, &row->ends, p, ends);
}

void consented_put(struct customers *c, persona p, u32 channel, u8 state)
{
    if (!table_has(c->consented, channel)) {
        if (!state) return;
        table_claim(c->consented, channel);
    }
    struct tag_row *row = table_edit(c->consented, channel);
    if (state == CONSENT_YES || row->on.root) members_put(c, &row->on, p, state == CONSENT_YES);
    if (state == CONSENT_NO || row->ends.root) members_put(c, &row->ends, p, state == CONSENT_NO);
}

void consents_clear(struct customers *c, struct customer_row *row, persona p)
{
    for (u32 channel = 1; channel < CONSENT_BITS_END; channel++)
        if (row->consent >> 2 * channel & 3) consented_put(c, p, channel, 0);
    row->consent = 0;
}

static void rebuild_consents(struct customers *c)
{
    for (persona p = 1; p < table_count(c->rows); p++) {
        u64 consent = table_has(c->rows, p) ? customer_at(c, p)->consent : 0;
        for (u32 channel = 1; consent && channel < CONSENT_BITS_END; channel++)
            if (consent >> 2 * channel & 3)
                consented_put(c, p, channel, consent >> 2 * channel & 3);
    }
}

/* From lists and rows: after a snapshot that does not know of it. */
void tagged_rebuild(struct customers *c)
{
    struct field f;
    if (table_count(c->consented) <= 1) rebuild_consents(c);
    if (table_count(c->tagged) > 1) return;
    for (persona p = 1; p < table_count(c->rows); p++) {
        if (!table_has(c->rows, p) || !customer_at(c, p)->tags) continue;
        for (struct field_reader r = tags_of(c, customer_at(c, p)); field_next(&r, &f);)
            tagged_put(c, p, &f, true);
    }
}

/* ---- many customers ---- */

enum { AT_ONCE = 64 }; /* words */

struct tag_reader {
    const struct customer_view *v;
    u32 tag;
    struct tag_row row; /* zero: nobody ever had it */
};

struct tag_reader *tag_reader_new(const struct customer_view *v, u32 tag, struct arena *arena)
{
    struct tag_reader *r = arena_zalloc(arena, sizeof *r);
    struct tag_row copy;
    const struct tag_row *row =
        tag - 1 < TAGS_MAX - 1 ? view_in(v, v->c->tagged, tag, &copy) : NULL;
    r->v = v;
    r->tag = tag;
    if (row) r->row = *row;
    return r;
}

void tag_test(const struct tag_reader *r, persona from, u32 n, const u64 *in, u64 *out, i64 now)
{
    u64 ends[AT_ONCE];
    i64 expires;
    for (u32 first = 0; first < n; first += AT_ONCE * 64) {
        u32 some = min_u32(n - first, AT_ONCE * 64), words = (some + 63) / 64;
        u64 *to = out + first / 64;
        const u64 *of = in + first / 64;
        members_read(r->v, now == NEVER ? (struct tree){0} : r->row.on, from + first, some, to);
        for (u32 w = 0; w < words; w++) to[w] &= of[w];
        if (!r->row.ends.root) continue;
        members_read(r->v, r->row.ends, from + first, some, ends);
        for (u32 w = 0; w < words; w++)
            for (u64 ask = to[w] & ends[w]; ask; ask &= ask - 1) {
                persona head = from + first + w * 64 + (persona)__builtin_ctzll(ask);
                if (!view_tag(r->v, head, r->tag, now, &expires)) to[w] &= ~(ask & -ask);
            }
    }
}

/* ---- consents ---- */

static struct tag_row consents_of(const struct customer_view *v, u32 channel)
{
    struct tag_row copy;
    const struct tag_row *row = view_in(v, v->c->consented, channel, &copy);
    return row ? *row : (struct tag_row){0};
}

bool consent_test(const struct customer_view *v, u32 channel, u32 topic, u8 state, persona from,
                  u32 n, const u64 *in, u64 *out)
{
    u64 no[AT_ONCE];
    if (topic || channel - 1 >= CONSENT_BITS_END - 1) return false;
    struct tag_row row = consents_of(v, channel);
    for (u32 first = 0; first < n; first += AT_ONCE * 64) {
        u32 some = min_u32(n - first, AT_ONCE * 64), words = (some + 63) / 64;
        u64 *to = out + first / 64;
        const u64 *of = in + first / 64;
        members_read(v, state == CONSENT_NO ? row.ends : row.on, from + first, some, to);
        if (state == 0) members_read(v, row.ends, from + first, some, no);
        for (u32 w = 0; w < words; w++) to[w] = of[w] & (state ? to[w] : ~(to[w] | no[w]));
    }
    return true;
}

void reach_agreed(const struct customer_view *v, u64 channels, persona from, u32 n, u64 *out)
{
    u64 yes[AT_ONCE];
    memset(out, channels >> CONSENT_BITS_END ? 0xFF : 0, (n + 63) / 64 * sizeof *out);
    for (u64 left = channels & ((1ull << CONSENT_BITS_END) - 1); left; left &= left - 1) {
        struct tag_row row = consents_of(v, (u32)__builtin_ctzll(left));
        for (u32 first = 0; row.on.root && first < n; first += AT_ONCE * 64) {
            u32 some = min_u32(n - first, AT_ONCE * 64);
            members_read(v, row.on, from + first, some, yes);
            for (u32 w = 0; w < (some + 63) / 64; w++) out[first / 64 + w] |= yes[w];
        }
    }
}
