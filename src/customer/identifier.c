/* identifier.c — identifiers: rows, the index over their hashes, each customer's list.
 *
 *   (namespace, hash) ─index─► rows ─persona─► head ─► its list, newest first
 *
 * A strong identifier and a device have one row each (a device also a former one); a weak one has a
 * row for every persona that brought it, so that a cut knows who did. The index may give rows in
 * any order; whatever is decided from several of them takes the least persona. */
#include "customer/customer_internal.h"

/* ---- namespaces ---- */

/* A namespace nobody has told anything of is an id some system gave: strong. Groups are no persons.
 */
void spaces_default(struct customers *c)
{
    static const struct space_rule OWN[SPACE_FIXED_COUNT] = {
        [SPACE_USER_ID] = {STRENGTH_STRONG, true, 16, 10},
        [SPACE_MEMBER_NO] = {STRENGTH_STRONG, true, 16, 20},
        [SPACE_WECHAT_UNIONID] = {STRENGTH_STRONG, true, 16, 30},
        [SPACE_WECHAT_OPENID] = {STRENGTH_STRONG, true, 32, 40},
        [SPACE_WECOM] = {STRENGTH_STRONG, true, 16, 50},
        [SPACE_ALIPAY] = {STRENGTH_STRONG, true, 16, 60},
        [SPACE_PHONE] = {STRENGTH_WEAK, false, 8, 10},
        [SPACE_EMAIL] = {STRENGTH_WEAK, false, 8, 20},
        [SPACE_GROUP_ID] = {STRENGTH_WEAK, false, 0, 90},
        [SPACE_ANONYMOUS_ID] = {STRENGTH_DEVICE, false, 64, 10},
        [SPACE_DEVICE_TOKEN] = {STRENGTH_DEVICE, false, 16, 20},
    };
    for (u32 space = 0; space <= SPACES_MAX; space++)
        c->rules[space] = space && space < SPACE_FIXED_COUNT
                              ? OWN[space]
                              : (struct space_rule){STRENGTH_STRONG, true, 16, 100};
    for (u32 space = 1; space < table_count(c->spaces); space++) {
        if (!table_has(c->spaces, space)) continue;
        const struct space_row *r = table_at(c->spaces, space);
        c->rules[space] =
            (struct space_rule){r->strength, r->unique, (u16)r->limit, (u16)r->priority};
    }
}

struct space_rule customer_space(const struct customers *c, u32 space)
{
    return c->rules[space <= SPACES_MAX ? space : 0];
}

void customer_space_set(struct customers *c, u32 space, struct space_rule rule)
{
    MUST(space && space <= SPACES_MAX);
    struct space_row *r =
        table_has(c->spaces, space) ? table_edit(c->spaces, space) : table_claim(c->spaces, space);
    r->strength = rule.strength;
    r->unique = rule.unique;
    r->limit = rule.limit;
    r->priority = rule.priority;
    c->rules[space] = rule;
}

/* Each namespace has a key of its own: equal texts of two namespaces have unrelated hashes. */
hash128 identifier_hash(struct sip_key key, u32 space, str normal_form)
{
    key.k1 ^= 0x1D000000000000ull | space;
    return hash_sip(key, normal_form);
}

/* ---- rows ---- */

static bool is_row_of(const struct identifier_row *r, u32 space, hash128 hash)
{
    return hash128_eq(r->hash, hash) && space_of(r) == space;
}

/* Contact points tell when they were last given: the newest is the one to use. */
static bool is_contact(const struct customers *c, u32 space)
{
    return space == SPACE_DEVICE_TOKEN || c->rules[space].strength == STRENGTH_WEAK;
}

u32 identifier_row(const struct customers *c, u32 space, hash128 hash, bool former)
{
    struct map_cursor at;
    for (u32 row = map_first(&c->by_identifier, hash, &at); row;
         row = map_next(&c->by_identifier, hash, &at)) {
        const struct identifier_row *r = identifier_at(c, row);
        if (is_row_of(r, space, hash) && !(r->form & FORM_FORMER) == !former) return row;
    }
    return 0;
}

u32 identifier_of(const struct customers *c, u32 space, hash128 hash, persona p, u32 *of_head)
{
    u32 found = 0;
    *of_head = 0;
    u32 at = customer_at(c, customer_head(c, p))->identifiers;
    for (; at; at = identifier_at(c, at)->next) {
        const struct identifier_row *r = identifier_at(c, at);
        if (!is_row_of(r, space, hash) || r->form & FORM_FORMER) continue;
        if (r->persona == p) found = at;
        ++*of_head;
    }
    return found;
}

u32 customer_holders(const struct customers *c, u32 space, hash128 hash, persona *out, u32 max)
{
    struct map_cursor at;
    persona heads[HOLDERS_MAX];
    u32 n = 0;
    for (u32 row = map_first(&c->by_identifier, hash, &at); row;
         row = map_next(&c->by_identifier, hash, &at)) {
        const struct identifier_row *r = identifier_at(c, row);
        if (!is_row_of(r, space, hash) || r->form & FORM_FORMER || n == HOLDERS_MAX) continue;
        persona head = customer_head(c, r->persona);
        u32 place = n;
        while (place && heads[place - 1] > head) place--;
        if (place && heads[place - 1] == head) continue;
        memmove(heads + place + 1, heads + place, (n++ - place) * sizeof *heads);
        heads[place] = head;
    }
    memcpy(out, heads, min_u32(n, max) * sizeof *out);
    return n;
}

persona customer_find(const struct customers *c, u32 space, hash128 hash)
{
    persona found = 0;
    struct map_cursor at;
    for (u32 row = map_first(&c->by_identifier, hash, &at); row;
         row = map_next(&c->by_identifier, hash, &at)) {
        const struct identifier_row *r = identifier_at(c, row);
        if (!is_row_of(r, space, hash) || r->form & FORM_FORMER) continue;
        persona head = customer_head(c, r->persona);
        if (found && head != found) return 0;
        found = head;
    }
    return found;
}

str identifier_text(const struct customers *c, const struct identifier_row *r)
{
    if (r->form & FORM_STRINGS) return heap_view(c->text, r->value);
    return (str){r->text, r->form & FORM_LENGTH};
}

static void set_text(struct customers *c, struct identifier_row *r, const struct identifier *id)
{
    bool raw = id->raw.n && !str_eq(id->raw, id->value);
    r->form &= (u8) ~(FORM_LENGTH | FORM_STRINGS);
    if (id->value.n > IDENTIFIER_BYTES_MAX || id->raw.n > IDENTIFIER_BYTES_MAX) return;
    if (id->value.n <= sizeof r->text && !raw) {
        if (id->value.n) memcpy(r->text, id->value.p, id->value.n);
        r->form |= (u8)id->value.n;
        return;
    }
    r->form |= FORM_STRINGS;
    r->value = heap_put(c->text, id->value);
    r->raw = raw ? heap_put(c->text, id->raw) : 0;
}

/* ---- the list of a customer ---- */

static bool comes_before(const struct identifier_row *a, const struct identifier_row *b)
{
    if (since_of(a) != since_of(b)) return since_of(a) > since_of(b);
    if (a->hash.hi != b->hash.hi) return a->hash.hi > b->hash.hi;
    return a->hash.lo != b->hash.lo ? a->hash.lo > b->hash.lo : a->persona < b->persona;
}

static void list_insert(struct customers *c, u32 row)
{
    struct identifier_row *r = table_edit(c->identifiers, row);
    persona head = customer_head(c, r->persona);
    u32 before = 0, at = customer_at(c, head)->identifiers;
    while (at && comes_before(identifier_at(c, at), r)) {
        before = at;
        at = identifier_at(c, at)->next;
    }
    r->next = at;
    if (before)
        ((struct identifier_row *)table_edit(c->identifiers, before))->next = row;
    else
        customer_edit(c, head)->identifiers = row;
}

static void list_remove(struct customers *c, u32 row)
{
    const struct identifier_row *r = identifier_at(c, row);
    persona head = customer_head(c, r->persona);
    u32 before = 0, at = customer_at(c, head)->identifiers;
    while (at != row) {
        MUST(at);
        before = at;
        at = identifier_at(c, at)->next;
    }
    if (before)
        ((struct identifier_row *)table_edit(c->identifiers, before))->next = r->next;
    else
        customer_edit(c, head)->identifiers = r->next;
}

static void set_since(struct identifier_row *r, i64 when)
{
    i64 since = when < 0 ? 0 : when >> 48 ? ((i64)1 << 48) - 1 : when;
    r->since_low = (u32)since;
    r->since_high = (u16)(since >> 32);
}

void identifier_since(struct customers *c, u32 row, i64 when)
{
    list_remove(c, row);
    set_since(table_edit(c->identifiers, row), when);
    list_insert(c, row);
}

void identifier_drop(struct customers *c, u32 row)
{
    const struct identifier_row *r = identifier_at(c, row);
    list_remove(c, row);
    if (!(r->form & FORM_UNINDEXED)) MUST(map_remove(&c->by_identifier, r->hash, row));
    if (r->form & FORM_STRINGS) {
        heap_retire(c->text, r->value);
        heap_retire(c->text, r->raw);
    }
    table_drop(c->identifiers, row);
}

/* Whether a newer row of the list has the same identifier. */
static bool is_again(const struct customers *c, persona head, u32 row)
{
    const struct identifier_row *r = identifier_at(c, row);
    u32 at = customer_at(c, head)->identifiers;
    for (; at != row; at = identifier_at(c, at)->next)
        if (is_row_of(identifier_at(c, at), space_of(r), r->hash)) return true;
    return false;
}

static void drop_all(struct customers *c, persona head, u32 space, hash128 hash)
{
    for (u32 at = customer_at(c, head)->identifiers, next; at; at = next) {
        next = identifier_at(c, at)->next;
        if (is_row_of(identifier_at(c, at), space, hash)) identifier_drop(c, at);
    }
}

/* Beyond the namespace's limit the oldest of a customer's values goes. */
static void keep_limit(struct customers *c, persona head, u32 space)
{
    u32 rows = 0, values = 0, oldest = 0;
    u32 limit = c->rules[space].limit ? c->rules[space].limit : 1;
    u32 first = customer_at(c, head)->identifiers;
    for (u32 at = first; at; at = identifier_at(c, at)->next)
        rows += space_of(identifier_at(c, at)) == space;
    if (rows <= limit) return;
    for (u32 at = first; at; at = identifier_at(c, at)->next) {
        const struct identifier_row *r = identifier_at(c, at);
        if (space_of(r) != space || r->form & FORM_FORMER || is_again(c, head, at)) continue;
        /* What is merely claimed goes first: nobody can push out what is known. */
        if (!oldest || r->form & FORM_CLAIMED || !(identifier_at(c, oldest)->form & FORM_CLAIMED))
            oldest = at;
        values++;
    }
    if (values > limit) drop_all(c, head, space, identifier_at(c, oldest)->hash);
}

/* A number that thousands have (a shop's, a placeholder) would make one endless run of the index.
 */
static bool is_crowded(const struct customers *c, const struct identifier *id)
{
    struct map_cursor at;
    u32 n = 0, row = map_first(&c->by_identifier, id->hash, &at);
    for (; row && n < HOLDERS_MAX; row = map_next(&c->by_identifier, id->hash, &at)) n++;
    return n == HOLDERS_MAX;
}

void identifier_add(struct customers *c, persona p, const struct identifier *id, i64 when, u8 form)
{
    u32 row = table_add(c->identifiers);
    MUST(row);
    struct identifier_row *r = table_edit(c->identifiers, row);
    r->hash = id->hash;
    r->persona = p;
    r->space = (u8)(id->space - 1);
    r->form = form;
    if (id->claimed && c->rules[id->space].strength != STRENGTH_DEVICE) r->form |= FORM_CLAIMED;
    set_since(r, when);
    set_text(c, r, id);
    if (is_crowded(c, id))
        r->form |= FORM_UNINDEXED;
    else
        map_put(&c->by_identifier, id->hash, row);
    persona head = customer_head(c, p);
    list_insert(c, row);
    if (c->rules[id->space].strength == STRENGTH_STRONG)
        customer_edit(c, head)->flags |= CUSTOMER_KNOWN;
    keep_limit(c, head, id->space);
}

void identifier_again(struct customers *c, u32 row, const struct identifier *id, i64 when)
{
    const struct identifier_row *r = identifier_at(c, row);
    if (id->value.n && !identifier_text(c, r).n) set_text(c, table_edit(c->identifiers, row), id);
    if (r->form & FORM_CLAIMED && !id->claimed)
        ((struct identifier_row *)table_edit(c->identifiers, row))->form &= (u8)~FORM_CLAIMED;
    i64 since = since_of(r);
    if (is_contact(c, id->space) ? when > since : when < since) identifier_since(c, row, when);
}

void identifier_set_former(struct customers *c, u32 row)
{
    ((struct identifier_row *)table_edit(c->identifiers, row))->form |= FORM_FORMER;
}

void identifiers_join(struct customers *c, persona from, persona to)
{
    struct customer_row *source = customer_edit(c, from);
    u32 row = source->identifiers;
    source->identifiers = 0;
    for (u32 next; row; row = next) {
        next = identifier_at(c, row)->next;
        list_insert(c, row);
    }
    MUST(customer_at(c, to)->head == to);
}

void identifiers_split(struct customers *c, persona from, persona to)
{
    struct customer_row *source = customer_edit(c, from);
    u32 row = source->identifiers;
    source->identifiers = 0;
    customer_edit(c, to)->identifiers = 0;
    for (u32 next; row; row = next) {
        next = identifier_at(c, row)->next;
        list_insert(c, row);
    }
}

u32 identifier_rank(const struct customers *c, persona head, persona leaf)
{
    u32 best = 0;
    for (u32 at = customer_at(c, head)->identifiers; at; at = identifier_at(c, at)->next) {
        const struct identifier_row *r = identifier_at(c, at);
        const struct space_rule *rule = &c->rules[space_of(r)];
        if ((leaf && r->persona != leaf) || r->form & FORM_FORMER) continue;
        u32 rank = ((u32)rule->strength + 1) << 16 | (u32)(UINT16_MAX - rule->priority);
        if (rank > best) best = rank;
    }
    return best;
}

bool identifiers_rival(const struct customers *c, u32 space, str a, str b)
{
    if (c->rules[space].strength != STRENGTH_STRONG || !c->rules[space].unique) return false;
    if (space != SPACE_WECHAT_OPENID) return true;
    ptrdiff_t n = str_index(a, ':'), m = str_index(b, ':');
    return n == m && n >= 0 && memcmp(a.p, b.p, (size_t)n) == 0;
}

/* ---- what others see ---- */

static void view(const struct customers *c, u32 row, struct identifier_view *out)
{
    const struct identifier_row *r = identifier_at(c, row);
    persona two[2];
    *out = (struct identifier_view){
        .space = space_of(r),
        .persona = r->persona,
        .hash = r->hash,
        .value = identifier_text(c, r),
        .raw = r->form & FORM_STRINGS ? heap_view(c->text, r->raw) : (str){"", 0},
        .since_ms = since_of(r),
        .shared = customer_holders(c, space_of(r), r->hash, two, 2) > 1,
    };
}

bool customer_identifier(const struct customers *c, persona head, u32 *cursor,
                         struct identifier_view *out)
{
    u32 at = *cursor ? identifier_at(c, *cursor)->next : customer_at(c, head)->identifiers;
    while (at && (identifier_at(c, at)->form & FORM_FORMER || is_again(c, head, at)))
        at = identifier_at(c, at)->next;
    if (!at) return false;
    *cursor = at;
    view(c, at, out);
    return true;
}

u32 channel_space(u32 channel)
{
    static const u8 SPACE[CHANNEL_FIXED_COUNT] = {
        [CHANNEL_EMAIL] = SPACE_EMAIL,          [CHANNEL_SMS] = SPACE_PHONE,
        [CHANNEL_CALL] = SPACE_PHONE,           [CHANNEL_PUSH] = SPACE_DEVICE_TOKEN,
        [CHANNEL_WECHAT] = SPACE_WECHAT_OPENID, [CHANNEL_WECOM] = SPACE_WECOM,
        [CHANNEL_ALIPAY] = SPACE_ALIPAY,
    };
    return channel < CHANNEL_FIXED_COUNT ? SPACE[channel] : 0;
}

bool customer_address(const struct customers *c, persona head, u32 channel,
                      struct identifier_view *out)
{
    u32 space = channel_space(channel), claimed = 0, at = customer_at(c, head)->identifiers;
    if (!space) return false;
    for (; at; at = identifier_at(c, at)->next) {
        const struct identifier_row *r = identifier_at(c, at);
        if (space_of(r) != space || r->form & FORM_FORMER) continue;
        if (!identifier_text(c, r).n) continue;
        if (!(r->form & FORM_CLAIMED)) break;
        if (!claimed) claimed = at;
    }
    if (!at) at = claimed;
    if (at) view(c, at, out);
    return at != 0;
}
