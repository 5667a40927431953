/* reach.c — who can be written to, read at an epoch: the addresses that must not be used are few,
 * and are gathered once; then a customer costs one look at each of their identifiers. */
#include "customer/customer_internal.h"

#include <stdlib.h>

struct reach {
    const struct customer_view *view;
    struct sip_key key;
    hash128 *blocked; /* ascending */
    size_t n;
};

static int by_key(const void *a, const void *b)
{
    const hash128 *x = a, *y = b;
    if (x->hi != y->hi) return x->hi < y->hi ? -1 : 1;
    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static bool is_blocked(const struct customer_view *v, u32 row, hash128 *key)
{
    struct address_row copy;
    const struct address_row *a = view_in(v, v->c->addresses, row, &copy);
    if (!a || (!a->suppressed && !a->opted_out)) return false;
    *key = a->key;
    return true;
}

struct reach *reach_open(const struct customer_view *v, struct sip_key key, struct arena *arena)
{
    struct reach *r = arena_zalloc(arena, sizeof *r);
    u32 end = v->epoch ? epoch_count(v->epoch, v->c->addresses) : table_count(v->c->addresses);
    hash128 one;
    *r = (struct reach){.view = v, .key = key};
    for (u32 i = 1; i < end; i++) r->n += is_blocked(v, i, &one);
    r->blocked = arena_alloc(arena, (r->n + 1) * sizeof *r->blocked);
    r->n = 0;
    for (u32 i = 1; i < end; i++)
        if (is_blocked(v, i, &one)) r->blocked[r->n++] = one;
    qsort(r->blocked, r->n, sizeof *r->blocked, by_key);
    return r;
}

static bool is_one_blocked(const struct reach *r, hash128 key)
{
    size_t from = 0, to = r->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int c = by_key(&r->blocked[middle], &key);
        if (!c) return true;
        if (c < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

/* Of the channels, those whose addresses are of this namespace and which this text may be used by.
 */
static u64 usable(const struct reach *r, u64 channels, u32 space, str text)
{
    u64 may = 0;
    for (u64 left = channels; left; left &= left - 1) {
        u32 channel = (u32)__builtin_ctzll(left);
        if (channel_space(channel) != space) continue;
        if (!r->n || !is_one_blocked(r, address_key(r->key, channel, text))) may |= 1ull << channel;
    }
    return may;
}

static u64 of_space(u64 channels, u32 space)
{
    u64 of = 0;
    for (u64 left = channels; left; left &= left - 1)
        if (channel_space((u32)__builtin_ctzll(left)) == space) of |= left & -left;
    return of;
}

/* As customer_address: the newest of those that are not merely claimed, else the newest. */
static u64 by_addresses(const struct reach *r, u32 at, u64 channels)
{
    struct identifier_row copy;
    u64 may = 0, met = 0, sure = 0;
    while (at && sure != channels) {
        const struct identifier_row *id = view_in(r->view, r->view->c->identifiers, at, &copy);
        if (!id) break;
        at = id->next;
        u64 of = of_space(channels, space_of(id)) & ~sure;
        if (!of || id->form & FORM_FORMER) continue;
        if (id->form & FORM_CLAIMED) of &= ~met;
        str text = identifier_text(r->view->c, id);
        if (!of || !text.n) continue;
        may = (may & ~of) | usable(r, of, space_of(id), text);
        met |= of;
        if (!(id->form & FORM_CLAIMED)) sure |= of;
    }
    return may;
}

u64 reach_of(const struct reach *r, persona head, u64 channels)
{
    struct customer_row copy;
    const struct customer_row *row = view_in(r->view, r->view->c->rows, head, &copy);
    u64 agreed = 0;
    i64 when;
    if (!row || row->head != head) return 0;
    for (u64 left = channels; left; left &= left - 1)
        if (consent_get(r->view->c, row, (u32)__builtin_ctzll(left), 0, &when) == 1)
            agreed |= left & -left;
    return agreed ? by_addresses(r, row->identifiers, agreed) : 0;
}
