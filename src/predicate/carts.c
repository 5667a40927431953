/* carts.c — the fold of carts. */
#include "predicate/carts.h"

#include "log/fixed.h"
#include "predicate/program.h"

struct item {
    str product; /* its id, else sku, else name, as text */
    value map;
    decimal quantity;
};

struct open_cart {
    str id;
    i64 at;
    u64 touched; /* its last event's place in the pass */
    struct item *items;
    u32 count;
};

struct fold {
    struct names *names;
    struct arena *arena;
    struct open_cart carts[CARTS_MAX];
    u32 count, cart_id, products;
    u64 touches;
};

/* ---- items ---- */

static str product_of(const struct fold *f, value map)
{
    static const char *const NAMES[] = {"product_id", "sku", "name", "product_name"};
    char room[48];
    str text;
    for (u32 i = 0; i < COUNT_OF(NAMES); i++)
        if (value_as_text(value_member(map, str_of(NAMES[i])), room, &text) && text.n)
            return arena_str(f->arena, text);
    return (str){0};
}

value props_map(str props, struct names *names, u32 but, struct arena *arena)
{
    struct reader r = reader_of(props);
    struct buf b;
    value v, map = {.type = VALUE_MAP};
    buf_init(&b, EVENT_BYTES_MAX);
    for (u32 code; props_next(&r, &code, &v);) {
        if (code == but || code <= PROPERTY_CONTEXT) continue;
        buf_str_varint(&b, names_text(names, NAME_PROPERTY, code));
        value_put(&b, v);
        map.count++;
    }
    map.text = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return map;
}

static value map_of(const struct fold *f, str props)
{
    return props_map(props, f->names, f->cart_id, f->arena);
}

static void put_in(struct fold *f, struct open_cart *c, value map, bool set)
{
    decimal quantity;
    str product = product_of(f, map);
    if (!decimal_said(value_member(map, S("quantity")), &quantity)) quantity = DECIMAL_ONE;
    if (!product.n || quantity <= 0) return;
    for (u32 i = 0; i < c->count; i++) {
        if (!str_eq(c->items[i].product, product)) continue;
        c->items[i].quantity = set ? quantity : decimal_add(c->items[i].quantity, quantity);
        c->items[i].map = map;
        return;
    }
    if (c->count == CART_ITEMS_MAX) return;
    if (!c->items) c->items = arena_alloc(f->arena, CART_ITEMS_MAX * sizeof *c->items);
    c->items[c->count++] = (struct item){product, map, quantity};
}

static void take_out(struct fold *f, struct open_cart *c, value map)
{
    decimal quantity;
    str product = product_of(f, map);
    bool some = decimal_said(value_member(map, S("quantity")), &quantity);
    for (u32 i = 0; i < c->count; i++) {
        if (!str_eq(c->items[i].product, product)) continue;
        if (some && quantity < c->items[i].quantity) {
            c->items[i].quantity -= quantity;
            return;
        }
        memmove(&c->items[i], &c->items[i + 1], (--c->count - i) * sizeof *c->items);
        return;
    }
}

/* ---- carts ---- */

static struct open_cart *find(struct fold *f, str id)
{
    for (u32 i = 0; i < f->count; i++)
        if (str_eq(f->carts[i].id, id)) return &f->carts[i];
    return NULL;
}

static u32 latest(const struct fold *f)
{
    u32 found = 0;
    for (u32 i = 1; i < f->count; i++)
        if (f->carts[i].touched > f->carts[found].touched) found = i;
    return found;
}

static void drop(struct fold *f, u32 at)
{
    memmove(&f->carts[at], &f->carts[at + 1], (--f->count - at) * sizeof f->carts[0]);
}

/* The cart, perhaps a new one; the one that was left alone longest makes room. */
static struct open_cart *cart_of(struct fold *f, str id)
{
    struct open_cart *c = find(f, id);
    if (c) return c;
    if (f->count == CARTS_MAX) {
        u32 oldest = 0;
        for (u32 i = 1; i < f->count; i++)
            if (f->carts[i].touched < f->carts[oldest].touched) oldest = i;
        drop(f, oldest);
    }
    f->carts[f->count] = (struct open_cart){.id = arena_str(f->arena, id)};
    return &f->carts[f->count++];
}

static void set_all(struct fold *f, struct open_cart *c, value list)
{
    struct reader r = reader_of(list.text);
    c->count = 0;
    for (u32 i = 0; i < list.count && !r.bad; i++) {
        value map = value_read(&r);
        if (map.type != VALUE_MAP) continue;
        map.text = arena_str(f->arena, map.text);
        put_in(f, c, map, true);
    }
}

typedef enum { CART_NOTHING, CART_ADDED, CART_REMOVED, CART_SAID, CART_ORDERED } cart_what;

static void take(struct fold *f, const struct event *ev, cart_what what)
{
    char room[48];
    str id = {0};
    value list = f->products ? props_get(ev->props, f->products) : value_missing();
    if (f->cart_id) value_as_text(props_get(ev->props, f->cart_id), room, &id);
    if (what == CART_ORDERED) {
        struct open_cart *c = find(f, id);
        if (!c && !id.n && f->count) c = &f->carts[latest(f)];
        if (c) drop(f, (u32)(c - f->carts));
        return;
    }
    if (what == CART_SAID && list.type != VALUE_LIST) return;
    struct open_cart *c = cart_of(f, id);
    c->at = ev->occurred_ms;
    c->touched = ++f->touches;
    if (what == CART_SAID)
        set_all(f, c, list);
    else if (what == CART_ADDED)
        put_in(f, c, map_of(f, ev->props), false);
    else
        take_out(f, c, map_of(f, ev->props));
}

/* ---- the answer ---- */

static void put_item(struct buf *b, const struct item *item, struct arena *arena)
{
    struct reader r = reader_of(item->map.text);
    struct buf members;
    u32 count = 0;
    buf_init(&members, EVENT_BYTES_MAX);
    for (u32 i = 0; i < item->map.count && !r.bad; i++) {
        str name = read_str_varint(&r);
        value v = value_read(&r);
        if (str_eq(name, S("quantity"))) continue;
        buf_str_varint(&members, name);
        value_put(&members, v);
        count++;
    }
    buf_str_varint(&members, S("quantity"));
    value_put(&members, decimal_value(item->quantity, arena));
    value_put(b, (value){.type = VALUE_MAP, .count = count + 1, .text = buf_str(&members)});
    buf_clear(&members);
}

static void finish(const struct open_cart *c, struct arena *arena, struct cart *out)
{
    struct buf b;
    buf_init(&b, EVENT_BYTES_MAX);
    for (u32 i = 0; i < c->count; i++) put_item(&b, &c->items[i], arena);
    *out = (struct cart){.id = c->id, .at = c->at};
    out->items =
        (value){.type = VALUE_LIST, .count = c->count, .text = arena_str(arena, buf_str(&b))};
    out->has_total = products_total(out->items, &out->total);
    buf_clear(&b);
}

bool cart_open(const struct event_view *events, const event_persona *personas, u32 n, i64 to,
               const str *id, struct names *names, struct arena *arena, struct cart *out)
{
    static const struct {
        const char *name;
        cart_what what;
    } EVENTS[] = {{"Product Added", CART_ADDED},
                  {"Product Removed", CART_REMOVED},
                  {"Cart Viewed", CART_SAID},
                  {"Checkout Started", CART_SAID},
                  {"Order Completed", CART_ORDERED}};
    u32 codes[COUNT_OF(EVENTS)];
    struct event ev;
    struct fold *f = arena_zalloc(arena, sizeof *f);
    f->names = names;
    f->arena = arena;
    f->cart_id = names_find(names, NAME_PROPERTY, S("cart_id"));
    f->products = names_find(names, NAME_PROPERTY, S("products"));
    for (u32 i = 0; i < COUNT_OF(EVENTS); i++)
        codes[i] = names_find(names, NAME_EVENT, str_of(EVENTS[i].name));
    struct event_iter *it = event_iter(events, personas, n, INT64_MIN, to, arena);
    while (event_skim(it, &ev))
        for (u32 i = 0; i < COUNT_OF(EVENTS); i++)
            if (codes[i] && ev.code == codes[i]) {
                event_fill(it, &ev);
                take(f, &ev, EVENTS[i].what);
            }
    const struct open_cart *c = id ? find(f, *id) : f->count ? &f->carts[latest(f)] : NULL;
    if (!c || c->count == 0) return false;
    finish(c, arena, out);
    return true;
}
