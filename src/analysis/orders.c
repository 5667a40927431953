/* orders.c — turnover: orders, what came back, what is left; and the returns by themselves.
 *
 * The first Order Completed of an order_id is the order. A return counts on the day it happens: a
 * refund's own amount, up to what is left of its order; one that says no amount, and a
 * cancellation, give back what is left. So all before the period is read too. */
#include "analysis/fold.h"
#include "analysis/shares.h"

#include "log/fixed.h"

#include <stdlib.h>

enum { COMPLETED, REFUNDED, CANCELLED, EVENTS };

struct orders_args {
    u32 filters[EVENTS];
    bool has_interval;
    unit_kind unit;
    u32 products, quantity, reason; /* codes; reason 0: not asked for */
    bool reasons;
    bool of_events; /* `by` goes by the order: a refund whose order is not seen is another's */
};

struct row {
    decimal gross, returns, items;
    u64 orders, customers, returned, returners; /* returned: acts of return */
};
enum { ROW_WORDS = sizeof(struct row) / sizeof(u64) };

struct bill {
    hash128 key;
    decimal left;
    bool known, told; /* its Order Completed was seen; it said what it is of */
    bool opened;      /* something of it was given back */
    u32 event;        /* the Order Completed, in the batch */
};

struct state {
    const struct plan *p;
    const struct orders_args *a;
    struct clock clock;
    struct series rows;
    struct row total;
    struct bill *bills; /* of the customer at hand, by key */
    u64 mask;
    i64 bought, gave_back; /* the unit she was counted in last */
    struct shares items, reasons;
    u64 act, customer; /* numbers of what is at hand */
};

struct cell {
    i64 at;
    bool returned; /* who gave back, not who ordered */
    bool has_item, has_reason;
    str item, reason;
};

/* ---- the request ---- */

static err read_event(struct ask *a, const char *name, u32 *filter)
{
    struct json did = {.type = JSON_STRING, .key = S("did"), .text = str_of(name)};
    struct json *o = ask_room(a, sizeof *o), *d = ask_room(a, sizeof *d);
    *d = did;
    *o = (struct json){.type = JSON_OBJECT, .count = 1, .child = d};
    return ask_filter(a, o, a->at, filter);
}

/* `true`: the property "reason"; or the name of another. Only returns have the member. */
static err read_reasons(struct ask *a, struct orders_args *x)
{
    const struct json *j = json_get(a->body, "reasons");
    str name = json_is(j, JSON_STRING) ? j->text : S("reason");
    if (!j) return ERR_OK;
    if (j->type != JSON_STRING && j->type != JSON_BOOL)
        return REFUSE_AT(a, "reasons", "write true, or the name of the property that says why");
    x->reasons = j->type == JSON_STRING || j->boolean;
    x->reason = x->reasons ? names_find(a->plan->names, NAME_PROPERTY, name) : 0;
    return ask_property(a, x->reason);
}

static err parse(struct ask *a)
{
    struct orders_args *x = ask_room(a, sizeof *x);
    struct plan *p = a->plan;
    u32 unit;
    TRY(read_event(a, "Order Completed", &x->filters[COMPLETED]));
    TRY(read_event(a, "Order Refunded", &x->filters[REFUNDED]));
    TRY(read_event(a, "Order Cancelled", &x->filters[CANCELLED]));
    x->has_interval = json_get(a->body, "interval") != NULL;
    TRY(ask_word(a, "interval", UNIT_WORDS, UNIT_MONTH, &unit));
    x->unit = (unit_kind)unit;
    TRY(ask_orders(a));
    x->products = p->order_names.products;
    x->quantity = names_find(p->names, NAME_PROPERTY, S("quantity"));
    TRY(ask_property(a, PROPERTY_ORDER));
    TRY(ask_property(a, x->quantity));
    TRY(read_reasons(a, x));
    x->of_events = p->by.kind == BY_PROPERTY || p->by.kind == BY_SOURCE;
    p->props = true;
    p->since = INT64_MIN;
    p->args = x;
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    clock_init(&s->clock, p->days, s->a->unit, 0, 0);
    s->rows.words = ROW_WORDS;
    s->mask = 63;
    s->bills = mem_zalloc((s->mask + 1) * sizeof *s->bills);
}

/* ---- one customer ---- */

static struct bill *bill_of(struct state *s, str props)
{
    char room[48];
    str id;
    if (!value_as_text(props_get(props, PROPERTY_ORDER), room, &id) || !id.n) return NULL;
    hash128 key = hash_xxh(id);
    key.lo |= hash128_is_zero(key);
    u64 at = key.lo & s->mask;
    for (; !hash128_is_zero(s->bills[at].key); at = (at + 1) & s->mask)
        if (hash128_eq(s->bills[at].key, key)) return &s->bills[at];
    s->bills[at].key = key;
    return &s->bills[at];
}

static void empty_bills(struct state *s, u32 events)
{
    if (events * 2 > s->mask) {
        while (events * 2 > s->mask) s->mask = s->mask * 2 + 1;
        free(s->bills);
        s->bills = mem_alloc((s->mask + 1) * sizeof *s->bills);
    }
    memset(s->bills, 0, (s->mask + 1) * sizeof *s->bills);
}

/* Σ quantities of its products, each one if it says none; without products its own quantity. */
static decimal items_of(const struct state *s, str props)
{
    value list = s->a->products ? props_get(props, s->a->products) : value_missing();
    decimal sum = 0, quantity;
    if (list.type != VALUE_LIST)
        return s->a->quantity && decimal_said(props_get(props, s->a->quantity), &quantity)
                   ? (quantity < 0 ? -quantity : quantity)
                   : 0;
    struct reader r = reader_of(list.text);
    for (u32 i = 0; i < list.count && !r.bad; i++) {
        value item = value_read(&r);
        quantity = DECIMAL_ONE;
        if (item.type == VALUE_MAP) decimal_said(value_member(item, S("quantity")), &quantity);
        sum = decimal_add(sum, quantity < 0 ? -quantity : quantity);
    }
    return sum;
}

static bool in_period(const struct state *s, i64 at)
{
    return at >= s->p->from && at < s->p->to;
}

static struct share_of act_of(struct state *s)
{
    return (struct share_of){.act = ++s->act, .customer = s->customer, .item = s->p->item};
}

static value products_of(const struct state *s, str props)
{
    return s->a->products ? props_get(props, s->a->products) : value_missing();
}

static void count_order(struct state *s, const struct timelines *b, u32 i)
{
    struct share_of of = act_of(s);
    if (s->p->item.n) shares_order(&s->items, &of, products_of(s, b->props[i]));
    i64 unit = clock_unit(&s->clock, b->at[i]);
    struct row *rows[2] = {(struct row *)series_at(&s->rows, unit), &s->total};
    decimal items = items_of(s, b->props[i]);
    bool first[2] = {unit != s->bought, s->bought == INT64_MIN};
    for (u32 k = 0; k < 2 && rows[0]; k++) {
        rows[k]->gross = decimal_add(rows[k]->gross, b->amount[i]);
        rows[k]->items = decimal_add(rows[k]->items, items);
        rows[k]->orders++;
        rows[k]->customers += first[k];
    }
    s->bought = unit;
}

static void count_return(struct state *s, i64 at, decimal amount)
{
    i64 unit = clock_unit(&s->clock, at);
    struct row *rows[2] = {(struct row *)series_at(&s->rows, unit), &s->total};
    bool first[2] = {unit != s->gave_back, s->gave_back == INT64_MIN};
    for (u32 k = 0; k < 2 && rows[0]; k++) {
        rows[k]->returns = decimal_add(rows[k]->returns, amount);
        rows[k]->returned++;
        rows[k]->returners += first[k];
    }
    s->gave_back = unit;
}

/* Which products came back: those it lists; all of its order's, if it is of all of that at once;
 * else nobody can say. */
static void share_return(struct state *s, const struct timelines *b, u32 i, const struct bill *bill,
                         bool whole, decimal back)
{
    struct share_of of = act_of(s);
    value listed = products_of(s, b->props[i]);
    char room[48];
    str why;
    if (s->a->reasons) {
        bool says = s->a->reason && value_as_text(props_get(b->props[i], s->a->reason), room, &why);
        shares_returned(&s->reasons, &of, says ? why : (str){0}, back);
    }
    if (!s->p->item.n) return;
    if ((listed.type != VALUE_LIST || !listed.count) && bill && bill->known && whole)
        listed = products_of(s, b->props[bill->event]);
    if (listed.type == VALUE_LIST && listed.count)
        shares_return(&s->items, &of, listed);
    else
        shares_returned(&s->items, &of, (str){0}, back);
}

/* Orders first, also those whose refund came before them; each Order Completed once. */
static void take_orders(struct state *s, const struct timelines *b, u32 from, u32 to)
{
    for (u32 i = from; i < to; i++) {
        if (!(b->hits[i] >> s->a->filters[COMPLETED] & 1)) continue;
        struct bill *bill = bill_of(s, b->props[i]);
        if (bill && bill->known) continue;
        if (bill) {
            bill->known = true;
            bill->told = (b->hits[i] & HIT_AMOUNT) != 0;
            bill->left = b->amount[i];
            bill->event = i;
        }
        if (in_period(s, b->at[i])) count_order(s, b, i);
    }
}

static void take_returns(struct state *s, const struct timelines *b, u32 from, u32 to)
{
    for (u32 i = from; i < to; i++) {
        bool refund = b->hits[i] >> s->a->filters[REFUNDED] & 1;
        if (!refund && !(b->hits[i] >> s->a->filters[CANCELLED] & 1)) continue;
        struct bill *bill = bill_of(s, b->props[i]);
        bool known = bill && bill->known, says = refund && b->hits[i] & HIT_AMOUNT;
        if (!known && (s->a->of_events || !says)) continue;
        decimal back = b->amount[i] < 0 ? -b->amount[i] : b->amount[i];
        if (known && (!says || (bill->told && back > bill->left))) back = bill->left;
        bool whole = known && !bill->opened && (!bill->told || back == bill->left);
        if (known && bill->told) bill->left -= back;
        if (known && !refund && back == 0) continue; /* it was given back already */
        if (known) bill->opened = true;
        if (!in_period(s, b->at[i])) continue;
        count_return(s, b->at[i], back);
        if (s->p->item.n || s->a->reasons) share_return(s, b, i, bill, whole, back);
    }
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    for (u32 c = 0; c < b->customers; c++) {
        u32 from = b->start[c], to = b->start[c + 1];
        empty_bills(s, to - from);
        s->bought = s->gave_back = INT64_MIN;
        s->customer++;
        take_orders(s, b, from, to);
        take_returns(s, b, from, to);
    }
}

static void join(struct row *into, const struct row *from)
{
    into->gross = decimal_add(into->gross, from->gross);
    into->returns = decimal_add(into->returns, from->returns);
    into->items = decimal_add(into->items, from->items);
    into->orders += from->orders;
    into->customers += from->customers;
    into->returned += from->returned;
    into->returners += from->returners;
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    s->rows.full |= o->rows.full;
    for (u64 i = 0; i < o->rows.places; i++) {
        const struct row *from = (const struct row *)(o->rows.cells + i * ROW_WORDS);
        if (!from->orders && !from->returned) continue;
        struct row *into = (struct row *)series_at(&s->rows, o->rows.first + (i64)i);
        if (into) join(into, from);
    }
    join(&s->total, &o->total);
    shares_add(&s->items, &o->items);
    shares_add(&s->reasons, &o->reasons);
}

/* ---- the answers ---- */

static void put_orders(const struct row *r, struct buf *out)
{
    put_decimal(out, S("gross"), r->gross);
    put_decimal(out, S("returns"), r->returns);
    put_decimal(out, S("net"), r->gross - r->returns);
    json_put_kv_i64(out, S("orders"), (i64)r->orders);
    json_put_kv_i64(out, S("customers"), (i64)r->customers);
    put_decimal(out, S("items"), r->items);
    put_decimal(out, S("average"), r->orders ? r->gross / (decimal)r->orders : 0);
    json_put_kv_i64(out, S("returned"), (i64)r->returned);
}

static void put_returns(const struct row *r, struct buf *out)
{
    json_put_kv_i64(out, S("returns"), (i64)r->returned);
    json_put_kv_i64(out, S("customers"), (i64)r->returners);
    put_decimal(out, S("amount"), r->returns);
    json_put_kv_i64(out, S("orders"), (i64)r->orders);
    put_decimal(out, S("gross"), r->gross);
    put_ratio(out, S("rate"), r->returned, r->orders);
}

static err put_all(struct state *s, void (*put)(const struct row *, struct buf *), struct buf *out,
                   struct diag *why)
{
    static const struct row NOTHING;
    if (s->rows.full) return diag_set(why, ERR_LIMIT, "too many intervals; choose a longer one");
    if (s->items.full || s->reasons.full)
        return diag_set(why, ERR_LIMIT, "there are more than %d different ones", SHARES_MAX);
    json_put_key(out, S("total"));
    buf_byte(out, '{');
    put(&s->total, out);
    buf_byte(out, '}');
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u64 i = 0; s->a->has_interval && i < s->rows.places; i++) {
        const struct row *r = (const struct row *)(s->rows.cells + i * ROW_WORDS);
        if (!memcmp(r, &NOTHING, sizeof NOTHING)) continue;
        json_put_comma(out);
        buf_byte(out, '{');
        put_moment(out, S("at"), clock_start(&s->clock, s->rows.first + (i64)i));
        put(r, out);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    return ERR_OK;
}

static err finish_orders(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    TRY(put_all(s, put_orders, out, why));
    if (s->p->item.n) shares_put_items(&s->items, false, s->p->by.limit, out);
    return ERR_OK;
}

static err finish_returns(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    TRY(put_all(s, put_returns, out, why));
    if (s->p->item.n) shares_put_items(&s->items, true, s->p->by.limit, out);
    if (s->a->reasons) shares_put_reasons(&s->reasons, out);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    series_clear(&s->rows);
    free(s->bills);
    shares_clear(&s->items);
    shares_clear(&s->reasons);
}

/* ---- who ordered, who gave back ---- */

/* {"item": text or null}, {"reason": text or null}: of one group, or reason. */
static err read_shared(struct ask *a, struct cell *c)
{
    const struct json *item = json_get(a->body, "item"), *reason = json_get(a->body, "reason");
    const struct orders_args *x = a->plan->args;
    c->has_item = item != NULL;
    c->has_reason = reason != NULL;
    if (item && !a->plan->item.n)
        return REFUSE_AT(a, "item", "ask \"by\" {\"item\":…} to have its customers");
    if (reason && !x->reasons) return REFUSE_AT(a, "reason", "ask for \"reasons\" as well");
    if (item && item->type != JSON_NULL) TRY(ask_text(a, "item", (str){0}, &c->item));
    if (reason && reason->type != JSON_NULL) TRY(ask_text(a, "reason", (str){0}, &c->reason));
    return ERR_OK;
}

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_moment(a, "at", INT64_MIN, &c->at));
    TRY(read_shared(a, c));
    TRY(ask_flag(a, "returned", &c->returned));
    a->plan->cell = c;
    return ERR_OK;
}

static err cell_of_returns(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_moment(a, "at", INT64_MIN, &c->at));
    TRY(read_shared(a, c));
    c->returned = true;
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    s->total = (struct row){0};
    shares_clear(&s->items);
    shares_clear(&s->reasons);
    series_zero(&s->rows);
}

static bool has_share(const struct shares *in, str text, bool returned)
{
    const struct share *x = shares_find(in, text);
    return x && (returned ? x->returns : x->orders) > 0;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    if (c->has_item) return has_share(&s->items, c->item, c->returned);
    if (c->has_reason) return has_share(&s->reasons, c->reason, true);
    struct clock clock = s->clock;
    const struct row *r = &s->total;
    if (c->at != INT64_MIN) {
        u64 i = (u64)(clock_unit(&clock, c->at) - s->rows.first);
        if (i >= s->rows.places) return false;
        r = (const struct row *)(s->rows.cells + i * ROW_WORDS);
    }
    return c->returned ? r->returned > 0 : r->orders > 0;
}

const struct analysis ORDERS = {
    .name = S("orders"),
    .keys = " interval ",
    .by_item = true,
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish_orders,
    .close = close,
    .cell_keys = " at returned item ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};

const struct analysis RETURNS = {
    .name = S("returns"),
    .keys = " interval reasons ",
    .by_item = true,
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish_returns,
    .close = close,
    .cell_keys = " at item reason ",
    .cell = cell_of_returns,
    .reset = reset,
    .counts = counts,
};
