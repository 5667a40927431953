/* resolve.c — from a record's identifiers to the persona its events belong to.
 *
 *   identifiers, strongest first ─► who holds each ─► the first that is held decides (`at`);
 *   each later holder joins it, or must stay apart ─► identifiers nobody held are added to `at`
 *
 * The strongest identifiers decide first, so that a weaker one can only add to what they said. An
 * identifier that is new, strong and unique says something too: whoever has another value of its
 * namespace is somebody else. */
#include "customer/customer_internal.h"

enum { BACK_DAYS = 7 };

struct resolving {
    struct customers *c;
    const struct identifier *ids; /* the record's, strongest first */
    u32 n;
    i64 when;
    u64 number;
    struct resolved *out;
    persona at; /* 0: nobody yet */
    const struct identifier
        *fresh[RECORD_IDS_MAX]; /* strong ones nobody holds, until `at` is known */
    u32 fresh_count;
};

/* ---- who must stay apart ---- */

/* Whether this customer has another value where one only may be. */
static bool has_rival(const struct customers *c, persona head, const struct identifier *id)
{
    if (!(customer_at(c, head)->flags & CUSTOMER_KNOWN)) return false;
    for (u32 at = customer_at(c, head)->identifiers; at; at = identifier_at(c, at)->next) {
        const struct identifier_row *r = identifier_at(c, at);
        if (space_of(r) != id->space || hash128_eq(r->hash, id->hash)) continue;
        if (identifiers_rival(c, id->space, identifier_text(c, r), id->value)) return true;
    }
    return false;
}

/* Whether the record's new strong identifiers forbid that it is about this customer. */
static bool is_other(const struct resolving *r, persona head)
{
    for (u32 i = 0; i < r->fresh_count; i++)
        if (has_rival(r->c, head, r->fresh[i])) return true;
    return false;
}

static bool may_be(const struct resolving *r, persona head)
{
    if (is_other(r, head)) return false;
    persona now = r->at ? customer_head(r->c, r->at) : 0;
    return !now || now == head || may_join(r->c, now, head);
}

/* A held identifier: its customer becomes the record's, joins it, or stays apart (false). */
static bool take(struct resolving *r, persona holder, link_why why)
{
    struct customers *c = r->c;
    if (!may_be(r, customer_head(c, holder))) return false;
    if (!r->at)
        r->at = holder;
    else if (customer_head(c, r->at) != customer_head(c, holder))
        link_heads(c, r->at, holder, why, r->when, r->number, r->out);
    return true;
}

/* ---- who holds what ---- */

/* The persona a device belonged to at `when`. The one before answers for what was late, for a week.
 */
static u32 device_row(struct resolving *r, const struct identifier *id)
{
    u32 row = identifier_row(r->c, id->space, id->hash, false);
    if (!row) return 0;
    u32 before = identifier_row(r->c, id->space, id->hash, true);
    if (!before) return row;
    i64 since = since_of(identifier_at(r->c, row));
    if (r->when >= since + BACK_DAYS * DAY)
        identifier_drop(r->c, before);
    else if (r->when < since)
        return before;
    return row;
}

/* The one customer that holds a weak identifier, by its least persona; 0 if none or several do. */
static persona only_holder(const struct customers *c, const struct identifier *id)
{
    persona least = 0, head = customer_find(c, id->space, id->hash);
    if (!head) return 0;
    for (u32 at = customer_at(c, head)->identifiers; at; at = identifier_at(c, at)->next) {
        const struct identifier_row *r = identifier_at(c, at);
        if (space_of(r) == id->space && hash128_eq(r->hash, id->hash) && !(r->form & FORM_FORMER) &&
            (!least || r->persona < least))
            least = r->persona;
    }
    return least;
}

/* Of those who share a contact point, the one that nothing else is known of. */
static persona nameless_holder(const struct customers *c, const struct identifier *id)
{
    persona heads[HOLDERS_MAX];
    u32 n = min_u32(customer_holders(c, id->space, id->hash, heads, HOLDERS_MAX), HOLDERS_MAX);
    for (u32 i = 0; i < n; i++)
        if (!(customer_at(c, heads[i])->flags & CUSTOMER_KNOWN)) return heads[i];
    return 0;
}

static void add_strong(struct resolving *r, const struct identifier *id)
{
    u32 row = identifier_row(r->c, id->space, id->hash, false);
    if (row)
        identifier_again(r->c, row, id, r->when);
    else if (has_rival(r->c, customer_head(r->c, r->at), id))
        r->out->conflict_count++;
    else
        identifier_add(r->c, r->at, id, r->when, 0);
}

/* A persona of the record's own, with the strong identifiers nobody holds; false if there is no
 * room. */
static bool begin(struct resolving *r)
{
    r->at = persona_add(r->c, r->when, r->number);
    if (!r->at) return false;
    r->out->is_new = true;
    for (u32 i = 0; i < r->fresh_count; i++) add_strong(r, r->fresh[i]);
    r->fresh_count = 0;
    return true;
}

static void ask_strong(struct resolving *r, const struct identifier *id)
{
    u32 row = identifier_row(r->c, id->space, id->hash, false);
    if (!row)
        r->fresh[r->fresh_count++] = id;
    else if (!take(r, identifier_at(r->c, row)->persona, LINK_SAME_RECORD))
        r->out->conflict_count++;
}

/* Who is known by a strong identifier already is joined by a persona of the record's own, so that
 * the guess can be taken back. */
static void ask_weak(struct resolving *r, const struct identifier *id)
{
    persona holder = only_holder(r->c, id);
    if (!holder || !may_be(r, customer_head(r->c, holder))) return;
    bool known = customer_at(r->c, customer_head(r->c, holder))->flags & CUSTOMER_KNOWN;
    if (!r->at && r->fresh_count && known && !begin(r)) return;
    take(r, holder, LINK_WEAK_UNIQUE);
}

static void ask_device(struct resolving *r, const struct identifier *id)
{
    u32 row = device_row(r, id);
    if (row) take(r, identifier_at(r->c, row)->persona, LINK_SAME_RECORD);
}

/* A record of shared contact points only goes to one of its own, not to somebody who has a name. */
static void ask_nameless(struct resolving *r)
{
    for (u32 i = 0; i < r->n && !r->at && !r->fresh_count; i++)
        if (r->c->rules[r->ids[i].space].strength == STRENGTH_WEAK)
            r->at = nameless_holder(r->c, &r->ids[i]);
}

/* ---- adding ---- */

/* A device was seen with somebody else: hers from then on; the other's until then. */
static void move_device(struct resolving *r, const struct identifier *id, u32 row)
{
    struct customers *c = r->c;
    u32 before = identifier_row(c, id->space, id->hash, true);
    bool late = r->when < since_of(identifier_at(c, row));
    if (late && before && r->when < since_of(identifier_at(c, before))) return;
    if (before) identifier_drop(c, before);
    if (!late) identifier_set_former(c, row);
    identifier_add(c, r->at, id, r->when, late ? FORM_FORMER : 0);
}

static void add_device(struct resolving *r, const struct identifier *id)
{
    struct customers *c = r->c;
    persona head = customer_head(c, r->at);
    u32 row = identifier_row(c, id->space, id->hash, false), then = device_row(r, id);
    if (!row)
        identifier_add(c, r->at, id, r->when, 0);
    else if (customer_head(c, identifier_at(c, row)->persona) == head)
        identifier_again(c, row, id, r->when);
    else if (customer_head(c, identifier_at(c, then)->persona) != head)
        move_device(r, id, row);
}

static void add_weak(struct resolving *r, const struct identifier *id)
{
    u32 of_head, row = identifier_of(r->c, id->space, id->hash, r->at, &of_head);
    if (row)
        identifier_again(r->c, row, id, r->when);
    else if (of_head < ROWS_PER_HEAD)
        identifier_add(r->c, r->at, id, r->when, 0);
}

/* ---- the record ---- */

static u32 rank(const struct customers *c, const struct identifier *id)
{
    const struct space_rule *rule = &c->rules[id->space];
    return ((u32)rule->strength + 1) << 16 | (u32)(UINT16_MAX - rule->priority);
}

/* The identifiers that count, strongest first; those of one rank in the record's order. A namespace
 * with limit 0 names no person; a record of nothing else is taken by it all the same. */
static u32 order(const struct customers *c, const struct identifier *ids, u32 n,
                 struct identifier *out)
{
    u32 count = 0;
    bool persons = false;
    for (u32 i = 0; i < n; i++) persons |= customer_space(c, ids[i].space).limit > 0;
    for (u32 i = 0; i < n && count < RECORD_IDS_MAX; i++) {
        if (ids[i].space - 1 >= SPACES_MAX) continue;
        bool again = persons && !c->rules[ids[i].space].limit;
        for (u32 k = 0; k < count; k++)
            again |= out[k].space == ids[i].space && hash128_eq(out[k].hash, ids[i].hash);
        if (again) continue;
        u32 at = count++;
        for (; at && rank(c, &out[at - 1]) < rank(c, &ids[i]); at--) out[at] = out[at - 1];
        out[at] = ids[i];
    }
    return count;
}

void customer_seen(struct customers *c, persona head, i64 when)
{
    const struct customer_row *row = customer_at(c, head);
    if (when >= n48_get(row->first_seen) && when <= n48_get(row->last_seen)) return;
    struct customer_row *edit = customer_edit(c, head);
    if (when < n48_get(edit->first_seen)) edit->first_seen = n48_of(when);
    if (when > n48_get(edit->last_seen)) edit->last_seen = n48_of(when);
}

/* Most records name one customer by one identifier that is known: nothing to decide or to add. A
 * device must have had no other owner. */
static bool resolve_known(struct customers *c, const struct identifier *id, i64 when,
                          struct resolved *out)
{
    struct map_cursor at;
    u32 row = map_first(&c->by_identifier, id->hash, &at);
    if (!row || customer_space(c, id->space).strength == STRENGTH_WEAK ||
        id->space == SPACE_DEVICE_TOKEN)
        return false;
    const struct identifier_row *r = identifier_at(c, row);
    if (!hash128_eq(r->hash, id->hash) || space_of(r) != id->space) return false;
    if (r->form & FORM_CLAIMED && !id->claimed) return false;
    if (r->form & FORM_FORMER || map_next(&c->by_identifier, id->hash, &at)) return false;
    if (when < since_of(r) || (id->value.n && !(r->form & (FORM_LENGTH | FORM_STRINGS))))
        return false;
    out->persona = r->persona;
    out->head = customer_at(c, r->persona)->head;
    out->known_from = since_of(r);
    customer_seen(c, out->head, when);
    return true;
}

/* Apart from the usual way, which then has none of this on its stack to clear. */
__attribute__((noinline)) static void resolve_all(struct customers *c, const struct identifier *ids,
                                                  u32 n, i64 when, u64 number, struct resolved *out)
{
    struct identifier sorted[RECORD_IDS_MAX];
    struct resolving r = {.c = c, .ids = sorted, .when = when, .number = number, .out = out};
    r.n = order(c, ids, n, sorted);
    if (!r.n) return;
    for (u32 i = 0; i < r.n; i++) {
        switch (c->rules[sorted[i].space].strength) {
        case STRENGTH_STRONG: ask_strong(&r, &sorted[i]); break;
        case STRENGTH_WEAK: ask_weak(&r, &sorted[i]); break;
        case STRENGTH_DEVICE: ask_device(&r, &sorted[i]); break;
        }
    }
    ask_nameless(&r);
    if (!r.at && !begin(&r)) return;
    for (u32 i = 0; i < r.n; i++) {
        switch (c->rules[sorted[i].space].strength) {
        case STRENGTH_STRONG: add_strong(&r, &sorted[i]); break;
        case STRENGTH_WEAK: add_weak(&r, &sorted[i]); break;
        case STRENGTH_DEVICE: add_device(&r, &sorted[i]); break;
        }
    }
    out->persona = r.at;
    out->head = customer_head(c, r.at);
    customer_seen(c, out->head, when);
}

void customer_resolve(struct customers *c, const struct identifier *ids, u32 n, i64 when,
                      u64 number, struct resolved *out)
{
    MUST(n >= 1);
    out->persona = out->head = 0;
    out->is_new = false;
    out->link_count = out->conflict_count = 0;
    out->known_from = NEVER;
    c->kept_used = 0;
    if (n == 1 && resolve_known(c, ids, when, out)) return;
    resolve_all(c, ids, n, when, number, out);
}

persona customer_prefetch(const struct customers *c, hash128 id, u32 stage)
{
    struct map_cursor at;
    if (stage == 0) {
        map_prefetch(&c->by_identifier, id);
        return 0;
    }
    u32 row = map_first(&c->by_identifier, id, &at);
    if (!row) return 0;
    if (stage == 1) {
        table_prefetch(c->identifiers, row);
        return 0;
    }
    persona p = identifier_at(c, row)->persona;
    table_prefetch(c->rows, p);
    return p;
}
