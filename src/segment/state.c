/* state.c — tagged words per customer, in a list of rows, and membership bits. */
#include "segment/inside.h"

static struct state_row *edit(struct segments *sg, u32 row)
{
    return table_edit(sg->states, row);
}

static const struct state_row *at(const struct segments *sg, u32 row)
{
    return table_at(sg->states, row);
}

static u32 first_row(const struct segments *sg, persona head)
{
    const struct customer_row *c = customer_at(sg->customers, head);
    return c ? c->leaves : 0;
}

static bool find(const struct segments *sg, persona head, u16 tag, u32 *row, u32 *place)
{
    if (tag == 0) return false;
    for (*row = first_row(sg, head); *row; *row = at(sg, *row)->next)
        for (*place = 0; *place < STATE_WORDS; ++*place)
            if (at(sg, *row)->tags[*place] == tag) return true;
    return false;
}

const u64 *state_find(const struct segments *sg, persona head, u16 tag)
{
    u32 row, place;
    return find(sg, head, tag, &row, &place) ? &at(sg, row)->words[place] : NULL;
}

/* ---- room ---- */

/* The first of `n` free places next to each other; STATE_WORDS: none. */
static u32 free_places(const struct state_row *r, u32 n)
{
    u32 run = 0;
    for (u32 i = 0; i < STATE_WORDS; i++) {
        run = r->tags[i] ? 0 : run + 1;
        if (run == n) return i + 1 - n;
    }
    return STATE_WORDS;
}

static u32 add_row(struct segments *sg, persona head)
{
    u32 row = table_add(sg->states), first = first_row(sg, head);
    MUST(row);
    if (first == 0) {
        u64 never = (u64)NEVER;
        customer_edit(sg->customers, head)->leaves = row;
        edit(sg, row)->tags[0] = TAG_NEXT;
        edit(sg, row)->words[0] = never;
        return row;
    }
    edit(sg, row)->next = at(sg, first)->next;
    edit(sg, first)->next = row;
    return row;
}

static u32 room_for(struct segments *sg, persona head, u32 n, u32 *place)
{
    u32 row = first_row(sg, head);
    if (row == 0) row = add_row(sg, head);
    for (; row; row = at(sg, row)->next) {
        *place = free_places(at(sg, row), n);
        if (*place < STATE_WORDS) return row;
    }
    row = add_row(sg, head);
    *place = free_places(at(sg, row), n);
    return row;
}

static bool is_empty(const struct state_row *r)
{
    for (u32 i = 0; i < STATE_WORDS; i++)
        if (r->tags[i] && r->tags[i] != TAG_NEXT) return false;
    return true;
}

/* Takes a row out of the list; the first one, which has the least `until`, only as the last. */
static void unlink_row(struct segments *sg, persona head, u32 row)
{
    u32 first = first_row(sg, head);
    if (row == first) {
        if (at(sg, row)->next) return;
        customer_edit(sg->customers, head)->leaves = 0;
    } else {
        u32 before = first;
        while (at(sg, before)->next != row) before = at(sg, before)->next;
        edit(sg, before)->next = at(sg, row)->next;
        table_drop(sg->states, row);
        if (!at(sg, first)->next && is_empty(at(sg, first))) unlink_row(sg, head, first);
        return;
    }
    table_drop(sg->states, row);
}

static void drop_at(struct segments *sg, persona head, u32 row, u16 tag)
{
    struct state_row *r = edit(sg, row);
    for (u32 i = 0; i < STATE_WORDS; i++) {
        if (r->tags[i] != tag) continue;
        r->tags[i] = 0;
        r->words[i] = 0;
    }
    if (is_empty(r)) unlink_row(sg, head, row);
}

/* ---- entries ---- */

void state_drop(struct segments *sg, persona head, u16 tag)
{
    u32 row, place;
    if (find(sg, head, tag, &row, &place)) drop_at(sg, head, row, tag);
}

void state_put(struct segments *sg, persona head, u16 tag, const u64 *words, u32 n)
{
    u32 row, place;
    bool zero = true;
    for (u32 i = 0; i < n; i++) zero &= words[i] == 0;
    bool implied = zero && ((tag & TAG_SPECIAL) == TAG_LEAF || (tag & TAG_SPECIAL) == TAG_PAGE);
    if (find(sg, head, tag, &row, &place)) {
        if (implied) {
            drop_at(sg, head, row, tag);
            return;
        }
        if (memcmp(&at(sg, row)->words[place], words, n * sizeof *words) == 0) return;
    } else {
        if (implied) return;
        row = room_for(sg, head, n, &place);
    }
    struct state_row *r = edit(sg, row);
    for (u32 i = 0; i < n; i++) {
        r->tags[place + i] = tag;
        r->words[place + i] = words[i];
    }
}

void state_clear(struct segments *sg, persona head)
{
    u32 row = first_row(sg, head);
    if (row == 0) return;
    customer_edit(sg->customers, head)->leaves = 0;
    while (row) {
        u32 next = at(sg, row)->next;
        table_drop(sg->states, row);
        row = next;
    }
}

void state_filter(struct segments *sg, persona head, bool (*dead)(void *ctx, u16 tag), void *ctx)
{
    for (u32 row = first_row(sg, head); row;) {
        u32 next = at(sg, row)->next;
        bool first = row == first_row(sg, head);
        for (u32 i = 0; i < STATE_WORDS; i++) {
            u16 tag = at(sg, row)->tags[i];
            if (!tag || tag == TAG_NEXT || !dead(ctx, tag)) continue;
            edit(sg, row)->tags[i] = 0;
            edit(sg, row)->words[i] = 0;
        }
        if (!first && is_empty(at(sg, row))) unlink_row(sg, head, row);
        row = next;
    }
    u32 first = first_row(sg, head);
    if (first && is_empty(at(sg, first))) unlink_row(sg, head, first);
}

void state_each(const struct segments *sg, persona head, void (*each)(void *ctx, u16 tag, u64 word),
                void *ctx)
{
    for (u32 row = first_row(sg, head); row; row = at(sg, row)->next)
        for (u32 i = 0; i < STATE_WORDS; i++)
            if (at(sg, row)->tags[i]) each(ctx, at(sg, row)->tags[i], at(sg, row)->words[i]);
}

static void least(void *ctx, u16 tag, u64 word)
{
    i64 *next = ctx;
    if ((tag & TAG_SPECIAL) == TAG_UNTIL) *next = min_i64(*next, (i64)word);
}

void state_next(struct segments *sg, persona head)
{
    i64 next = NEVER;
    u32 first = first_row(sg, head);
    if (first == 0) return;
    state_each(sg, head, least, &next);
    if ((i64)at(sg, first)->words[0] != next) edit(sg, first)->words[0] = (u64)next;
}

i64 segment_next(const struct segments *sg, persona head)
{
    u32 first = first_row(sg, head);
    return first ? (i64)at(sg, first)->words[0] : NEVER;
}

/* ---- memberships; a slot counts from 0 ---- */

bool member_is(const struct segments *sg, u32 slot, persona head)
{
    if (slot < HOT_SLOTS) {
        const struct member_row *m =
            table_has(sg->members[slot / 64], head) ? table_at(sg->members[slot / 64], head) : NULL;
        return m && m->bits >> slot % 64 & 1;
    }
    const u64 *page = state_find(sg, head, (u16)(TAG_PAGE | slot / 64));
    return page && *page >> slot % 64 & 1;
}

void member_set(struct segments *sg, u32 slot, persona head, bool in)
{
    u64 bit = (u64)1 << slot % 64;
    if (slot < HOT_SLOTS) {
        struct table *t = sg->members[slot / 64];
        bool there = table_has(t, head);
        if (!there && !in) return;
        struct member_row *m = there ? table_edit(t, head) : table_claim(t, head);
        m->bits = in ? m->bits | bit : m->bits & ~bit;
        if (!m->bits) table_drop(t, head);
        return;
    }
    u16 tag = (u16)(TAG_PAGE | slot / 64);
    const u64 *page = state_find(sg, head, tag);
    u64 word = page ? *page : 0;
    word = in ? word | bit : word & ~bit;
    state_put(sg, head, tag, &word, 1);
}

/* At an epoch the list is followed in the rows as they were. */
bool member_at(const struct segments *sg, const struct customer_view *v, u32 slot, persona head)
{
    struct customer_row c;
    struct member_row m;
    if (!v->epoch) return member_is(sg, slot, head);
    if (slot < HOT_SLOTS)
        return epoch_row(v->epoch, sg->members[slot / 64], head, &m) && m.bits >> slot % 64 & 1;
    if (!view_row(v, head, &c)) return false;
    u16 tag = (u16)(TAG_PAGE | slot / 64);
    struct state_row r;
    for (u32 row = c.leaves; row && epoch_row(v->epoch, sg->states, row, &r); row = r.next)
        for (u32 i = 0; i < STATE_WORDS; i++)
            if (r.tags[i] == tag) return r.words[i] >> slot % 64 & 1;
    return false;
}
