/* link.c — personas become one customer, and two again.
 *
 * Links tie personas, not heads, and each joins two customers, so a customer's links are a tree:
 * cutting any one of them parts it in two. A link that was cut stays, because what a person took
 * apart no record may put together again by itself. */
#include "customer/customer_internal.h"

static hash128 link_key(persona p)
{
    u64 mixed = (u64)p * 0x9E3779B97F4A7C15u;
    return (hash128){mixed, mixed};
}

static const struct link_row *link_at(const struct customers *c, u32 row)
{
    return table_at(c->links, row);
}

/* The links of a persona, cut ones too; begins with *row 0. In the index's order: whoever decides
 * by them must not depend on it. */
static bool next_link(const struct customers *c, persona p, u32 *row, struct map_cursor *at)
{
    *row = *row ? map_next(&c->by_link, link_key(p), at) : map_first(&c->by_link, link_key(p), at);
    while (*row && link_at(c, *row)->a != p && link_at(c, *row)->b != p)
        *row = map_next(&c->by_link, link_key(p), at);
    return *row != 0;
}

static persona other_end(const struct link_row *l, persona p)
{
    return l->a == p ? l->b : l->a;
}

static void add_link(struct customers *c, persona a, persona b, link_why why, i64 when, u64 number)
{
    u32 row = table_add(c->links);
    MUST(row);
    struct link_row *l = table_edit(c->links, row);
    l->a = a;
    l->b = b;
    l->why = why;
    l->when = when;
    l->number = number;
    map_put(&c->by_link, link_key(a), row);
    map_put(&c->by_link, link_key(b), row);
}

static void drop_link(struct customers *c, u32 row)
{
    const struct link_row *l = link_at(c, row);
    if (l->cut_number) meta_edit(c)->cuts--;
    MUST(map_remove(&c->by_link, link_key(l->a), row));
    MUST(map_remove(&c->by_link, link_key(l->b), row));
    table_drop(c->links, row);
}

void links_rebuild(struct customers *c)
{
    for (u32 row = 1; row < table_count(c->links); row++) {
        if (!table_has(c->links, row)) continue;
        map_put(&c->by_link, link_key(link_at(c, row)->a), row);
        map_put(&c->by_link, link_key(link_at(c, row)->b), row);
    }
}

/* ---- joining ---- */

static bool was_cut(const struct customers *c, persona head_a, persona head_b)
{
    if (!meta_at(c)->cuts) return false;
    persona p = head_a;
    do {
        struct map_cursor at;
        for (u32 row = 0; next_link(c, p, &row, &at);)
            if (link_at(c, row)->cut_number &&
                customer_head(c, other_end(link_at(c, row), p)) == head_b)
                return true;
        p = customer_at(c, p)->next_of_head;
    } while (p != head_a);
    return false;
}

static bool has_rivals(const struct customers *c, persona head_a, persona head_b)
{
    const struct customer_row *x = customer_at(c, head_a), *y = customer_at(c, head_b);
    if (!(x->flags & y->flags & CUSTOMER_KNOWN)) return false;
    for (u32 i = x->identifiers; i; i = identifier_at(c, i)->next) {
        const struct identifier_row *r = identifier_at(c, i);
        if (c->rules[space_of(r)].strength != STRENGTH_STRONG) continue;
        for (u32 k = y->identifiers; k; k = identifier_at(c, k)->next) {
            const struct identifier_row *s = identifier_at(c, k);
            if (s->space == r->space &&
                identifiers_rival(c, space_of(r), identifier_text(c, r), identifier_text(c, s)))
                return true;
        }
    }
    return false;
}

bool may_join(const struct customers *c, persona head_a, persona head_b)
{
    return !has_rivals(c, head_a, head_b) && !was_cut(c, head_a, head_b);
}

/* The strongest identifier survives, then the oldest. */
static bool survives(const struct customers *c, persona a, persona b)
{
    u32 x = identifier_rank(c, a, 0), y = identifier_rank(c, b, 0);
    return x != y ? x > y : a < b;
}

static void seen_join(struct customer_row *into, const struct customer_row *from)
{
    if (n48_get(from->first_seen) < n48_get(into->first_seen)) into->first_seen = from->first_seen;
    if (n48_get(from->last_seen) > n48_get(into->last_seen)) into->last_seen = from->last_seen;
}

void link_heads(struct customers *c, persona a, persona b, link_why why, i64 when, u64 number,
                struct resolved *out)
{
    persona to = customer_head(c, a), from = customer_head(c, b);
    MUST(to && from && to != from);
    if (!survives(c, to, from)) to = from, from = customer_head(c, a);
    if (c->on_join) c->on_join(c->on_join_ctx, from, to);
    add_link(c, a, b, why, when, number);
    u32 n = list_ring(c, from);
    c->moves++;
    for (u32 i = 0; i < n; i++) customer_edit(c, c->list[i])->head = to;
    struct customer_row *source = customer_edit(c, from), *into = customer_edit(c, to);
    persona next = source->next_of_head;
    source->next_of_head = into->next_of_head;
    into->next_of_head = next;
    seen_join(into, source);
    into->flags |= source->flags & (CUSTOMER_KNOWN | CUSTOMER_NO_PROFILE);
    into->changed = n48_of((i64)number);
    identifiers_join(c, from, to);
    tags_join(c, from, to);
    consents_join(c, from, to);
    attributes_join(c, from, to);
    attributes_clear(c, from);
    source->written = n48_of(0);
    meta_edit(c)->heads--;
    if (out->link_count == COUNT_OF(out->links)) return;
    out->links[out->link_count].from = from;
    out->links[out->link_count].to = to;
    out->links[out->link_count++].why = why;
}

err customer_link(struct customers *c, persona a, persona b, link_why why, i64 when, u64 number,
                  struct resolved *out)
{
    persona head_a = customer_head(c, a), head_b = customer_head(c, b);
    *out = (struct resolved){.persona = a, .head = head_a};
    if (!head_a || !head_b) return ERR_NOT_FOUND;
    if (head_a == head_b) return ERR_OK;
    bool by_person = why == LINK_ALIAS || why == LINK_MANUAL;
    if (!by_person && !may_join(c, head_a, head_b)) return ERR_CONFLICT;
    link_heads(c, a, b, why, when, number, out);
    out->head = customer_head(c, a);
    return ERR_OK;
}

bool customer_next_link(const struct customers *c, persona head, u32 *cursor, struct link_view *out)
{
    /* The least row above the cursor, among the links of all her personas. */
    u32 next = UINT32_MAX;
    persona p = head;
    do {
        struct map_cursor at;
        for (u32 row = 0; next_link(c, p, &row, &at);)
            if (row > *cursor && row < next) next = row;
        p = customer_at(c, p)->next_of_head;
    } while (p != head);
    if (next == UINT32_MAX) return false;
    *cursor = next;
    const struct link_row *l = link_at(c, next);
    *out = (struct link_view){l->a, l->b, (link_why)l->why, l->when, l->number, l->cut_number};
    return true;
}

void customers_on_join(struct customers *c, void (*before)(void *ctx, persona from, persona to),
                       void *ctx)
{
    c->on_join = before;
    c->on_join_ctx = ctx;
}

/* ---- cutting ---- */

/* The personas of a customer while it is being parted: ascending, and for each the link by which it
 * was reached. All in c->list. */
struct parting {
    struct customers *c;
    u32 *personas, *by, *queue, n;
};
enum { BY_NONE = 0, BY_START = UINT32_MAX };

static u32 place_of(const struct parting *pt, persona p)
{
    u32 low = 0, high = pt->n;
    while (high - low > 1) {
        u32 middle = (low + high) / 2;
        if (pt->personas[middle] <= p)
            low = middle;
        else
            high = middle;
    }
    MUST(pt->personas[low] == p);
    return low;
}

/* Marks all that links which hold tie to `start`. */
static void reach(struct parting *pt, persona start)
{
    u32 from = 0, to = 0;
    memset(pt->by, 0, pt->n * sizeof *pt->by);
    pt->by[place_of(pt, start)] = BY_START;
    pt->queue[to++] = start;
    while (from < to) {
        persona p = pt->queue[from++];
        struct map_cursor at;
        for (u32 row = 0; next_link(pt->c, p, &row, &at);) {
            persona other = other_end(link_at(pt->c, row), p);
            if (link_at(pt->c, row)->cut_number || pt->by[place_of(pt, other)]) continue;
            pt->by[place_of(pt, other)] = row;
            pt->queue[to++] = other;
        }
    }
}

/* The link to cut: of a head her newest one, of others the first on the way to the head. */
static u32 link_to_cut(struct parting *pt, persona p, persona head)
{
    u32 newest = 0;
    struct map_cursor at;
    if (p != head) {
        reach(pt, head);
        return pt->by[place_of(pt, p)];
    }
    for (u32 row = 0; next_link(pt->c, p, &row, &at);) {
        const struct link_row *l = link_at(pt->c, row);
        if (l->cut_number) continue;
        const struct link_row *best = newest ? link_at(pt->c, newest) : NULL;
        if (!best || l->number > best->number || (l->number == best->number && row > newest))
            newest = row;
    }
    return newest;
}

/* Who of the part becomes its head: the persona with the strongest identifier, then the oldest. */
static persona part_head(const struct parting *pt, persona head)
{
    persona best = 0;
    u32 best_rank = 0;
    for (u32 i = 0; i < pt->n; i++) {
        if (!pt->by[i]) continue;
        u32 rank = identifier_rank(pt->c, head, pt->personas[i]);
        if (!best || rank > best_rank) best = pt->personas[i], best_rank = rank;
    }
    return best;
}

/* Rings and heads of both: the part is what `reach` marked. */
static void deal_out(struct parting *pt, persona head, persona part)
{
    persona first[2] = {0}, last[2] = {0}, heads[2] = {head, part};
    pt->c->moves++;
    for (u32 i = 0; i < pt->n; i++) {
        int side = pt->by[i] != BY_NONE;
        persona p = pt->personas[i];
        customer_edit(pt->c, p)->head = heads[side];
        if (last[side])
            customer_edit(pt->c, last[side])->next_of_head = p;
        else
            first[side] = p;
        last[side] = p;
    }
    for (int side = 0; side < 2; side++)
        customer_edit(pt->c, last[side])->next_of_head = first[side];
}

static void clear_view(struct customers *c, persona head)
{
    tags_clear(c, head);
    attributes_clear(c, head);
    struct customer_row *row = customer_edit(c, head);
    consents_clear(c, row, head);
    row->written = n48_of(0);
}

/* What the rows of the part's personas still know of their time, and who is known by name. */
static void settle_part(struct parting *pt, persona head, persona part)
{
    const persona both[] = {head, part};
    struct customer_row *row = customer_edit(pt->c, part);
    for (u32 i = 0; i < pt->n; i++) {
        if (!pt->by[i]) continue;
        const struct customer_row *leaf = customer_at(pt->c, pt->personas[i]);
        seen_join(row, leaf);
    }
    for (int side = 0; side < 2; side++) {
        row = customer_edit(pt->c, both[side]);
        row->flags &= (u16)~CUSTOMER_KNOWN;
        if (identifier_rank(pt->c, both[side], 0) >> 16 > STRENGTH_STRONG)
            row->flags |= CUSTOMER_KNOWN;
    }
}

err customer_cut(struct customers *c, persona p, u64 number, persona *a, persona *b)
{
    persona head = customer_head(c, p);
    *a = *b = 0;
    if (!head) return ERR_NOT_FOUND;
    u32 n = list_ring(c, head);
    u32 *list = list_room(c, 3 * n);
    struct parting pt = {c, list, list + n, list + 2 * (size_t)n, n};
    sort_u32(pt.personas, n);
    u32 cut = link_to_cut(&pt, p, head);
    if (!cut) return ERR_NOT_FOUND;
    struct link_row *l = table_edit(c->links, cut);
    l->cut_number = number ? number : 1;
    struct meta_row *meta = meta_edit(c);
    meta->cuts++;
    meta->heads++;
    reach(&pt, p != head ? p : other_end(l, p));
    persona part = part_head(&pt, head);
    deal_out(&pt, head, part);
    identifiers_split(c, head, part);
    settle_part(&pt, head, part);
    clear_view(c, head);
    clear_view(c, part);
    customer_edit(c, head)->changed = customer_edit(c, part)->changed = n48_of((i64)number);
    *a = head;
    *b = part;
    return ERR_OK;
}

void customer_drop_identifier(struct customers *c, persona p, u32 space, hash128 hash)
{
    u32 of_head, row = identifier_of(c, space, hash, p, &of_head);
    if (row) identifier_drop(c, row);
}

void customer_unfold(struct customers *c, persona head, u64 number)
{
    clear_view(c, head);
    customer_edit(c, head)->changed = n48_of((i64)number);
}

void customer_fold(struct customers *c, persona p, const struct change *ch, i64 when)
{
    struct change none;
    switch (ch->field) {
    case FIELD_ATTRIBUTE: customer_set(c, p, ch->code, ch->new, when, &none); break;
    case FIELD_TAG:
        customer_tag(c, p, ch->code, ch->new.type == VALUE_TRUE, ch->expires_ms, when, &none);
        break;
    case FIELD_CONSENT: {
        u8 state = ch->new.type == VALUE_TRUE ? 1 : ch->new.type == VALUE_FALSE ? 2 : 0;
        customer_consent(c, p, ch->code, ch->topic, state, when, &none);
        break;
    }
    case FIELD_IDENTIFIER: break; /* identifiers stay with their personas */
    }
}

/* ---- forgetting ---- */

void customer_forget(struct customers *c, persona head)
{
    head = customer_head(c, head);
    if (!head) return;
    c->moves++;
    while (customer_at(c, head)->identifiers) identifier_drop(c, customer_at(c, head)->identifiers);
    clear_view(c, head);
    u32 n = list_ring(c, head), row;
    struct map_cursor at;
    for (u32 i = 0; i < n; i++) {
        while (row = 0, next_link(c, c->list[i], &row, &at)) drop_link(c, row);
        struct customer_row *r = customer_edit(c, c->list[i]);
        u16 lives = life_bits(r);
        memset((char *)r + sizeof r->version, 0, sizeof *r - sizeof r->version);
        r->flags = lives | CUSTOMER_ERASED;
    }
    meta_edit(c)->heads--;
}
