/* orders.c — the fold: every order_id has a row from the first event that names it, which becomes
 * an order when its Order Completed comes; so the order of arrival makes no difference. */
#include "predicate/orders.h"

#include "log/fixed.h"
#include "predicate/program.h"

#include <stdlib.h>

struct order_names order_names_of(struct names *names)
{
    return (struct order_names){
        .completed = names_find(names, NAME_EVENT, S("Order Completed")),
        .refunded = names_find(names, NAME_EVENT, S("Order Refunded")),
        .cancelled = names_find(names, NAME_EVENT, S("Order Cancelled")),
        .total = names_find(names, NAME_PROPERTY, S("total")),
        .revenue = names_find(names, NAME_PROPERTY, S("revenue")),
        .products = names_find(names, NAME_PROPERTY, S("products")),
    };
}

str order_state_text(order_state s)
{
    static const char *const TEXTS[] = {"completed", "partly_refunded", "refunded", "cancelled"};
    return str_of(TEXTS[s]);
}

/* ---- money ---- */

bool decimal_said(value v, decimal *out)
{
    fixed f;
    if (v.type != VALUE_TEXT) return decimal_of(v, out);
    if (v.text.n == 0 || v.text.n > 60 || fixed_parse(v.text, &f) == ERR_INVALID) return false;
    return decimal_of((value){.type = VALUE_NUMBER, .text = v.text}, out);
}

void decimal_put(struct buf *b, decimal d)
{
    char room[48];
    size_t at = sizeof room;
    u128 size = d < 0 ? 0 - (u128)d : (u128)d;
    bool started = false;
    for (u32 place = 0; place < 12 || size > 0 || place == 12; place++) {
        char digit = (char)('0' + (u32)(size % 10));
        size /= 10;
        if (place == 12 && started) room[--at] = '.';
        started |= digit != '0' || place >= 12;
        if (started) room[--at] = digit;
    }
    if (d < 0) buf_byte(b, '-');
    buf_put(b, (str){room + at, sizeof room - at});
}

value decimal_value(decimal d, struct arena *arena)
{
    decimal places = DECIMAL_ONE / FIXED_ONE, quarter = d / places;
    if (d % places == 0 && quarter <= INT64_MAX && quarter >= INT64_MIN) {
        fixed f = (fixed)quarter;
        return f % FIXED_ONE ? value_fixed(f) : value_int(f / FIXED_ONE);
    }
    struct buf b;
    buf_init(&b, 64);
    decimal_put(&b, d);
    value v = {.type = VALUE_NUMBER, .text = arena_str(arena, buf_str(&b))};
    buf_clear(&b);
    return v;
}

/* a × b; beyond 26 digits six places are enough. */
static decimal times(decimal a, decimal b)
{
    decimal product;
    if (!__builtin_mul_overflow(a, b, &product)) return product / DECIMAL_ONE;
    if (__builtin_mul_overflow(a / 1000000, b / 1000000, &product)) return DECIMAL_MAX;
    return product;
}

bool products_total(value list, decimal *out)
{
    bool some = false;
    *out = 0;
    if (list.type != VALUE_LIST) return false;
    struct reader r = reader_of(list.text);
    for (u32 i = 0; i < list.count && !r.bad; i++) {
        value item = value_read(&r);
        decimal price, quantity = DECIMAL_ONE;
        if (item.type != VALUE_MAP || !decimal_said(value_member(item, S("price")), &price))
            continue;
        decimal_said(value_member(item, S("quantity")), &quantity);
        if (quantity < 0) quantity = -quantity;
        *out = decimal_add(*out, times(price, quantity));
        some = true;
    }
    return some;
}

bool order_money(str props, const struct order_names *n, decimal *out)
{
    if (n->total && decimal_said(props_get(props, n->total), out)) return true;
    if (n->revenue && decimal_said(props_get(props, n->revenue), out)) return true;
    return n->products && products_total(props_get(props, n->products), out);
}

/* ---- the fold ---- */

struct fold {
    struct orders all;
    u32 room;
    const struct order_names *names;
    struct arena *arena;
};

static void place(struct orders *o, u32 at)
{
    u32 slot = (u32)o->at[at].key.lo & o->mask;
    while (o->index[slot]) slot = (slot + 1) & o->mask;
    o->index[slot] = at + 1;
}

static struct order *found(const struct orders *o, hash128 key)
{
    if (!o->index) return NULL;
    for (u32 slot = (u32)key.lo & o->mask; o->index[slot]; slot = (slot + 1) & o->mask) {
        struct order *at = &o->at[o->index[slot] - 1];
        if (hash128_eq(at->key, key)) return at;
    }
    return NULL;
}

static void reindex(struct fold *f, u32 slots)
{
    f->all.mask = slots - 1;
    f->all.index = arena_zalloc(f->arena, slots * sizeof *f->all.index);
    for (u32 i = 0; i < f->all.count; i++)
        if (f->all.at[i].id.n) place(&f->all, i);
}

static struct order *added(struct fold *f, str id, hash128 key)
{
    if (f->all.count == f->room) {
        u32 room = f->room ? f->room * 2 : 8;
        struct order *p = arena_alloc(f->arena, room * sizeof *p);
        if (f->all.count) memcpy(p, f->all.at, f->all.count * sizeof *p);
        f->all.at = p;
        f->room = room;
    }
    f->all.at[f->all.count++] = (struct order){.id = arena_str(f->arena, id), .key = key};
    if (!f->all.index || f->all.count * 2 > f->all.mask)
        reindex(f, f->all.index ? (f->all.mask + 1) * 2 : 16);
    else if (id.n)
        place(&f->all, f->all.count - 1);
    return &f->all.at[f->all.count - 1];
}

static str id_of(str props, char room[48])
{
    str id;
    return value_as_text(props_get(props, PROPERTY_ORDER), room, &id) ? id : (str){0};
}

static void complete(struct fold *f, struct order *o, const struct event *ev)
{
    if (o->order) return;
    o->order = ev->order;
    o->at = ev->occurred_ms;
    o->props = ev->props;
    o->has_total = order_money(ev->props, f->names, &o->total);
}

static void refund(struct fold *f, struct order *o, const struct event *ev)
{
    decimal back;
    if (!order_money(ev->props, f->names, &back))
        o->wholly = true;
    else
        o->refunded = decimal_add(o->refunded, back < 0 ? -back : back);
}

static bool is_of_order(const struct order_names *n, u32 code)
{
    return code && (code == n->completed || code == n->refunded || code == n->cancelled);
}

static void take(struct fold *f, const struct event *ev)
{
    const struct order_names *n = f->names;
    char room[48];
    bool completed = ev->code == n->completed;
    str id = id_of(ev->props, room);
    if (!id.n && !completed) return;
    hash128 key = id.n ? hash_xxh(id) : (hash128){0};
    struct order *o = id.n ? found(&f->all, key) : NULL;
    if (!o) o = added(f, id, key);
    if (completed)
        complete(f, o, ev);
    else if (ev->code == n->refunded)
        refund(f, o, ev);
    else
        o->state = ORDER_CANCELLED;
}

static void settle(struct order *o)
{
    bool all = o->wholly || (o->refunded > 0 && o->has_total && o->refunded >= o->total);
    if (all) o->refunded = o->has_total ? o->total : o->refunded;
    if (o->state == ORDER_CANCELLED) return;
    if (all)
        o->state = ORDER_REFUNDED;
    else if (o->refunded > 0)
        o->state = ORDER_PARTLY_REFUNDED;
}

static int by_time(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

void orders_fold(const struct event_view *events, const event_persona *personas, u32 n, i64 to,
                 const struct order_names *names, struct arena *arena, struct orders *out)
{
    struct fold f = {.names = names, .arena = arena};
    struct event ev;
    u32 kept = 0;
    if (names->completed && n) {
        struct event_iter *it = event_iter(events, personas, n, INT64_MIN, to, arena);
        while (event_skim(it, &ev)) {
            if (!is_of_order(names, ev.code)) continue;
            event_fill(it, &ev);
            take(&f, &ev);
        }
    }
    for (u32 i = 0; i < f.all.count; i++) {
        settle(&f.all.at[i]);
        if (f.all.at[i].order) f.all.at[kept++] = f.all.at[i];
    }
    f.all.count = kept;
    if (kept) qsort(f.all.at, kept, sizeof *f.all.at, by_time);
    if (kept) reindex(&f, f.all.mask + 1);
    *out = f.all;
}

const struct order *orders_find(const struct orders *all, const struct event *ev)
{
    char room[48];
    str id = id_of(ev->props, room);
    if (id.n) {
        const struct order *o = found(all, hash_xxh(id));
        return o && o->order == ev->order ? o : NULL;
    }
    u32 low = 0, high = all->count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        const struct order *o = &all->at[middle];
        if (o->at < ev->occurred_ms || (o->at == ev->occurred_ms && o->order < ev->order))
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->count && all->at[low].order == ev->order ? &all->at[low] : NULL;
}
