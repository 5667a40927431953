#include "analysis/shares.h"

#include <stdlib.h>

enum { FIRST_PLACES = 256 };

static struct share *place(const struct shares *s, str text, u64 hash)
{
    u64 at = hash & s->mask;
    for (; s->table[at].hash; at = (at + 1) & s->mask)
        if (s->table[at].hash == hash && str_eq(s->table[at].text, text)) break;
    return &s->table[at];
}

static void grow(struct shares *s)
{
    struct share *old = s->table;
    u64 places = old ? s->mask + 1 : 0;
    s->mask = places ? places * 2 - 1 : FIRST_PLACES - 1;
    s->table = mem_zalloc((s->mask + 1) * sizeof *s->table);
    for (u64 i = 0; i < places; i++)
        if (old[i].hash) *place(s, old[i].text, old[i].hash) = old[i];
    free(old);
}

struct share *shares_at(struct shares *s, str text)
{
    u64 hash = hash_xxh64(text) | 1;
    if (!s->table || (s->count + 1) * 2 > s->mask) grow(s);
    struct share *x = place(s, text, hash);
    if (x->hash) return x;
    if (s->count == SHARES_MAX) {
        s->full = true;
        return NULL;
    }
    if (!s->arena) s->arena = arena_new();
    s->count++;
    x->hash = hash;
    x->text = arena_str(s->arena, text);
    return x;
}

const struct share *shares_find(const struct shares *s, str text)
{
    if (!s->table) return NULL;
    const struct share *x = place(s, text, hash_xxh64(text) | 1);
    return x->hash ? x : NULL;
}

void shares_add(struct shares *s, const struct shares *other)
{
    s->full |= other->full;
    for (u64 i = 0; other->table && i <= other->mask; i++) {
        const struct share *from = &other->table[i];
        struct share *into = from->hash ? shares_at(s, from->text) : NULL;
        if (!into) continue;
        into->orders += from->orders;
        into->customers += from->customers;
        into->returns += from->returns;
        into->returners += from->returners;
        into->quantity = decimal_add(into->quantity, from->quantity);
        into->gross = decimal_add(into->gross, from->gross);
        into->returned = decimal_add(into->returned, from->returned);
        into->returned_quantity = decimal_add(into->returned_quantity, from->returned_quantity);
    }
}

void shares_clear(struct shares *s)
{
    free(s->table);
    arena_free(s->arena);
    *s = (struct shares){0};
}

/* ---- products ---- */

/* A product's text of the member, how many of it, and what they cost together. */
struct product {
    str text;
    char room[48];
    decimal quantity, money;
};

static bool next_product(struct reader *r, str member, struct product *p)
{
    const char *from = (const char *)r->p;
    value item = value_read(r);
    str name;
    if (r->bad) return false;
    value alone = {
        .type = VALUE_LIST, .count = 1, .text = {from, (size_t)((const char *)r->p - from)}};
    *p = (struct product){.quantity = DECIMAL_ONE};
    if (item.type != VALUE_MAP) return true;
    char key[64];
    size_t n = min_size(member.n, sizeof key);
    memcpy(key, member.p, n);
    if (value_as_text(value_member(item, (str){key, n}), p->room, &name)) p->text = name;
    decimal_said(value_member(item, S("quantity")), &p->quantity);
    if (p->quantity < 0) p->quantity = -p->quantity;
    (void)products_total(alone, &p->money);
    if (p->money < 0) p->money = -p->money;
    return true;
}

void shares_order(struct shares *s, const struct share_of *of, value products)
{
    struct reader r = reader_of(products.text);
    struct product p;
    for (u32 i = 0; products.type == VALUE_LIST && i < products.count; i++) {
        if (!next_product(&r, of->item, &p)) return;
        struct share *x = shares_at(s, p.text);
        if (!x) return;
        x->orders += x->act != of->act;
        x->customers += x->customer != of->customer;
        x->act = of->act;
        x->customer = of->customer;
        x->quantity = decimal_add(x->quantity, p.quantity);
        x->gross = decimal_add(x->gross, p.money);
    }
}

static void gave_back(struct share *x, const struct share_of *of)
{
    x->returns += x->act != of->act;
    x->returners += x->returner != of->customer;
    x->act = of->act;
    x->returner = of->customer;
}

void shares_return(struct shares *s, const struct share_of *of, value products)
{
    struct reader r = reader_of(products.text);
    struct product p;
    for (u32 i = 0; products.type == VALUE_LIST && i < products.count; i++) {
        if (!next_product(&r, of->item, &p)) return;
        struct share *x = shares_at(s, p.text);
        if (!x) return;
        gave_back(x, of);
        x->returned_quantity = decimal_add(x->returned_quantity, p.quantity);
        x->returned = decimal_add(x->returned, p.money);
    }
}

void shares_returned(struct shares *s, const struct share_of *of, str text, decimal amount)
{
    struct share *x = shares_at(s, text);
    if (!x) return;
    gave_back(x, of);
    x->returned = decimal_add(x->returned, amount);
}

/* ---- the answers ---- */

static int larger_first(const void *x, const void *y)
{
    const struct share *a = *(const struct share *const *)x, *b = *(const struct share *const *)y;
    decimal m = a->gross + a->returned, n = b->gross + b->returned;
    if (m != n) return m > n ? -1 : 1;
    if (a->returns != b->returns) return a->returns > b->returns ? -1 : 1;
    return str_cmp(a->text, b->text);
}

const struct share **shares_sorted(const struct shares *s, u64 *count)
{
    const struct share **all = mem_alloc((s->count + 1) * sizeof(void *));
    u64 n = 0;
    for (u64 i = 0; s->table && i <= s->mask; i++)
        if (s->table[i].hash) all[n++] = &s->table[i];
    qsort(all, n, sizeof(void *), larger_first);
    *count = n;
    return all;
}

static void put_item(const struct share *x, bool returns, struct buf *out)
{
    if (returns) {
        json_put_kv_i64(out, S("returns"), (i64)x->returns);
        json_put_kv_i64(out, S("customers"), (i64)x->returners);
        put_decimal(out, S("amount"), x->returned);
        put_decimal(out, S("items"), x->returned_quantity);
    } else {
        json_put_kv_i64(out, S("orders"), (i64)x->orders);
        json_put_kv_i64(out, S("customers"), (i64)x->customers);
        put_decimal(out, S("items"), x->quantity);
        put_decimal(out, S("gross"), x->gross);
        put_decimal(out, S("returns"), x->returned);
        put_decimal(out, S("net"), x->gross - x->returned);
    }
}

static void begin_group(struct buf *out, str text, const char *kind)
{
    json_put_comma(out);
    buf_byte(out, '{');
    json_put_key(out, S("group"));
    if (kind)
        buf_put(out, S("null"));
    else
        json_put_str(out, text);
    if (kind) json_put_kv_str(out, S("kind"), str_of(kind));
}

/* Of the rest only what adds up: an order may have products of two of them. */
static void put_rest(const struct share *sum, u64 values, bool returns, struct buf *out)
{
    begin_group(out, (str){0}, "rest");
    json_put_kv_i64(out, S("values"), (i64)values);
    put_decimal(out, S("items"), returns ? sum->returned_quantity : sum->quantity);
    put_decimal(out, returns ? S("amount") : S("gross"), returns ? sum->returned : sum->gross);
    buf_byte(out, '}');
}

void shares_put_items(const struct shares *s, bool returns, u32 limit, struct buf *out)
{
    u64 n, shown = 0, left = 0;
    const struct share **all = shares_sorted(s, &n), *missing = NULL;
    struct share rest = {0};
    json_put_key(out, S("groups"));
    buf_byte(out, '[');
    for (u64 i = 0; i < n; i++) {
        const struct share *x = all[i];
        if (!x->text.n) missing = x;
        if (!x->text.n || (returns ? !x->returns : !x->orders)) continue;
        if (shown < limit) {
            shown++;
            begin_group(out, x->text, NULL);
            put_item(x, returns, out);
            buf_byte(out, '}');
            continue;
        }
        left++;
        rest.quantity = decimal_add(rest.quantity, x->quantity);
        rest.gross = decimal_add(rest.gross, x->gross);
        rest.returned = decimal_add(rest.returned, x->returned);
        rest.returned_quantity = decimal_add(rest.returned_quantity, x->returned_quantity);
    }
    if (missing && (missing->returns || missing->orders)) {
        begin_group(out, (str){0}, "missing");
        put_item(missing, returns, out);
        buf_byte(out, '}');
    }
    if (left) put_rest(&rest, left, returns, out);
    buf_byte(out, ']');
    free(all);
}

void shares_put_reasons(const struct shares *s, struct buf *out)
{
    u64 n;
    const struct share **all = shares_sorted(s, &n);
    json_put_key(out, S("reasons"));
    buf_byte(out, '[');
    for (u64 i = 0; i < n; i++) {
        json_put_comma(out);
        buf_byte(out, '{');
        json_put_key(out, S("reason"));
        if (all[i]->text.n)
            json_put_str(out, all[i]->text);
        else
            buf_put(out, S("null"));
        json_put_kv_i64(out, S("returns"), (i64)all[i]->returns);
        json_put_kv_i64(out, S("customers"), (i64)all[i]->returners);
        put_decimal(out, S("amount"), all[i]->returned);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    free(all);
}
