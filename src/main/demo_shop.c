/* demo_shop.c — chance within bounds: who visits, looks, fills a cart, buys, comes back or not. */
#include "main/demo_shop.h"

#include "base/json.h"
#include "base/time.h"

struct product {
    const char *id, *category, *zh, *en;
    u32 cents;
};

static const struct product PRODUCTS[] = {
    {"p01", "茶具|Tea ware", "手作紫砂壶", "Hand-made clay teapot", 39800},
    {"p02", "茶具|Tea ware", "白瓷盖碗", "White porcelain gaiwan", 12900},
    {"p03", "茶具|Tea ware", "竹制茶盘", "Bamboo tea tray", 18900},
    {"p04", "茶具|Tea ware", "旅行茶具套装", "Travel tea set", 15900},
    {"p05", "茶叶|Tea", "明前龙井 100 克", "Longjing, early spring, 100 g", 28800},
    {"p06", "茶叶|Tea", "正山小种 150 克", "Lapsang souchong, 150 g", 9800},
    {"p07", "茶叶|Tea", "白毫银针 50 克", "Silver needle, 50 g", 16800},
    {"p08", "茶叶|Tea", "茉莉花茶 200 克", "Jasmine tea, 200 g", 6900},
    {"p09", "茶叶|Tea", "陈年普洱饼", "Aged pu'er cake", 32800},
    {"p10", "茶叶|Tea", "冷泡茶 12 包", "Cold brew, 12 bags", 4900},
    {"p11", "点心|Sweets", "绿豆糕礼盒", "Mung bean cakes, gift box", 8800},
    {"p12", "点心|Sweets", "桂花糕", "Osmanthus cakes", 3900},
    {"p13", "点心|Sweets", "坚果酥", "Nut biscuits", 4500},
    {"p14", "点心|Sweets", "黑芝麻丸", "Black sesame balls", 5200},
    {"p15", "家居|Home", "香薰蜡烛", "Scented candle", 11800},
    {"p16", "家居|Home", "亚麻桌旗", "Linen table runner", 13800},
    {"p17", "家居|Home", "手工陶杯", "Hand-thrown cup", 7900},
    {"p18", "家居|Home", "藤编收纳篮", "Rattan basket", 9900},
    {"p19", "家居|Home", "羊毛毯", "Wool blanket", 45900},
    {"p20", "家居|Home", "木质托盘", "Wooden tray", 10900},
};

static const char *const SURNAMES[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"};
static const char *const GIVEN[] = {"芳", "伟", "娜", "秀英", "敏", "静", "丽", "强",
                                    "磊", "洋", "艳", "勇",   "杰", "涛", "明", "霞"};
static const char *const NAMES[] = {"Anna",  "Ben",   "Clara", "David", "Emma", "Felix",
                                    "Grace", "Henry", "Iris",  "Jack",  "Kate", "Liam",
                                    "Maria", "Noah",  "Olive", "Peter"};
static const char *const ZH_CITIES[] = {"上海", "北京", "杭州", "成都", "广州", "武汉"};
static const char *const EN_CITIES[] = {"London",  "Boston", "Sydney",
                                        "Toronto", "Berlin", "Zurich"};
static const char *const OWNERS[] = {"li", "wang", "chen"};
static const char *const SOURCES[] = {"wechat", "search", "newsletter", "xiaohongshu", "direct"};

struct person {
    u32 number;
    bool zh, silent;
    u32 eager; /* of 1000: how likely a visit leads on */
    i64 first_ms;
    char id[16];
};

struct shop {
    struct rng rng;
    i64 now_ms;
    struct buf row;
    u32 carts, orders;
    bool (*each)(void *ctx, demo_kind kind, str row);
    void *ctx;
    bool ended;
};

static u32 below(struct shop *s, u32 n)
{
    return (u32)rng_below(&s->rng, n);
}

static bool chance(struct shop *s, u32 of_thousand)
{
    return below(s, 1000) < of_thousand;
}

#define PICK(list) (list)[below(s, COUNT_OF(list))]

/* ---- rows ---- */

static void put_time(struct buf *b, str key, i64 ms)
{
    json_put_key(b, key);
    buf_byte(b, '"');
    iso_put(b, ms);
    buf_byte(b, '"');
}

static void put_day(struct buf *b, str key, i64 ms)
{
    civil c = civil_of_ms(ms);
    json_put_key(b, key);
    buf_printf(b, "\"%04d-%02d-%02d\"", c.year, c.month, c.day);
}

static void hand_over(struct shop *s, demo_kind kind)
{
    buf_byte(&s->row, '}');
    if (!s->ended && !s->each(s->ctx, kind, buf_str(&s->row))) s->ended = true;
}

static struct buf *event_begin(struct shop *s, const struct person *p, const char *event, i64 at)
{
    struct buf *b = &s->row;
    buf_reset(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("user_id"), str_of(p->id));
    json_put_kv_str(b, S("event"), str_of(event));
    put_time(b, S("occurred_at"), at);
    return b;
}

static void event_end(struct shop *s)
{
    hand_over(s, DEMO_EVENT);
}

static str category_of(const struct product *p, bool zh)
{
    str all = str_of(p->category);
    ptrdiff_t bar = str_index(all, '|');
    return zh ? str_slice(all, 0, (size_t)bar) : str_slice(all, (size_t)bar + 1, all.n);
}

static void put_money(struct buf *b, str key, u32 cents)
{
    json_put_key(b, key);
    buf_printf(b, "%u.%02u", cents / 100, cents % 100);
}

static void put_product(struct buf *b, const struct person *who, const struct product *p)
{
    json_put_kv_str(b, S("product_id"), str_of(p->id));
    json_put_kv_str(b, S("name"), str_of(who->zh ? p->zh : p->en));
    json_put_kv_str(b, S("category"), category_of(p, who->zh));
    put_money(b, S("price"), p->cents);
}

/* One in forty has it within a week. */
static void put_birthday(struct shop *s, const struct person *p)
{
    u32 year = 1960 + below(s, 45);
    i64 day = s->now_ms / DAY + (p->number % 40 == 0 ? p->number / 40 % 7 : below(s, 365));
    civil c = civil_of_days(day);
    json_put_key(&s->row, S("birthday"));
    buf_printf(&s->row, "\"%04u-%02d-%02d\"", year, c.month,
               c.month == 2 && c.day == 29 ? 28 : c.day);
}

static void customer(struct shop *s, const struct person *p)
{
    struct buf *b = &s->row;
    u32 ahead = below(s, 300);
    buf_reset(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("user_id"), str_of(p->id));
    json_put_key(b, S("email"));
    buf_printf(b, "\"%s@demo.example\"", p->id);
    json_put_key(b, S("phone"));
    if (p->zh)
        buf_printf(b, "\"+86139%08u\"", p->number);
    else
        buf_printf(b, "\"+447700%06u\"", p->number);
    if (p->zh) {
        json_put_key(b, S("name"));
        buf_printf(b, "\"%s%s\"", PICK(SURNAMES), PICK(GIVEN));
        json_put_kv_str(b, S("city"), str_of(PICK(ZH_CITIES)));
    } else {
        json_put_kv_str(b, S("name"), str_of(PICK(NAMES)));
        json_put_kv_str(b, S("city"), str_of(PICK(EN_CITIES)));
    }
    json_put_kv_str(b, S("language"), p->zh ? S("zh") : S("en"));
    json_put_kv_str(b, S("owner"), str_of(PICK(OWNERS)));
    put_birthday(s, p);
    put_day(b, S("expires_on"), s->now_ms + (i64)ahead * DAY);
    json_put_kv_bool(b, S("email_consent"), chance(s, 720));
    json_put_kv_bool(b, S("sms_consent"), chance(s, 540));
    put_time(b, S("occurred_at"), p->first_ms);
    hand_over(s, DEMO_CUSTOMER);
}

/* ---- a visit ---- */

static i64 later(struct shop *s, i64 at, u32 seconds)
{
    return at + SECOND + (i64)below(s, seconds * 1000);
}

static void viewed(struct shop *s, const struct person *p, const struct product *what, i64 at)
{
    put_product(event_begin(s, p, "Product Viewed", at), p, what);
    event_end(s);
}

static void added(struct shop *s, const struct person *p, const struct product *what, u32 cart,
                  i64 at)
{
    struct buf *b = event_begin(s, p, "Product Added", at);
    json_put_key(b, S("cart_id"));
    buf_printf(b, "\"c%u\"", cart);
    put_product(b, p, what);
    json_put_kv_i64(b, S("quantity"), 1);
    event_end(s);
}

static void named(struct shop *s, const struct person *p, const char *event, const char *key,
                  const char *letter, u32 number, i64 at)
{
    struct buf *b = event_begin(s, p, event, at);
    json_put_key(b, str_of(key));
    buf_printf(b, "\"%s%u\"", letter, number);
    event_end(s);
}

static void refunded(struct shop *s, const struct person *p, u32 order, u32 cents, i64 at)
{
    struct buf *b = event_begin(s, p, "Order Refunded", at);
    json_put_key(b, S("order_id"));
    buf_printf(b, "\"d%u\"", order);
    put_money(b, S("total"), cents);
    event_end(s);
}

static void ordered(struct shop *s, const struct person *p, const struct product **what, u32 n,
                    u32 cart, i64 at)
{
    u32 total = 0, order = ++s->orders;
    struct buf *b = event_begin(s, p, "Order Completed", at);
    json_put_key(b, S("order_id"));
    buf_printf(b, "\"d%u\"", order);
    json_put_key(b, S("cart_id"));
    buf_printf(b, "\"c%u\"", cart);
    json_put_key(b, S("products"));
    buf_byte(b, '[');
    for (u32 i = 0; i < n; i++) {
        u32 quantity = 1 + (chance(s, 200) ? 1 : 0);
        total += what[i]->cents * quantity;
        json_put_comma(b);
        buf_byte(b, '{');
        put_product(b, p, what[i]);
        json_put_kv_i64(b, S("quantity"), quantity);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
    put_money(b, S("total"), total);
    json_put_kv_str(b, S("currency"), S("CNY"));
    event_end(s);
    i64 back = at + (i64)(1 + below(s, 9)) * DAY;
    if (chance(s, 45) && back < s->now_ms) refunded(s, p, order, total, back);
}

static void came(struct shop *s, const struct person *p, bool first, i64 at)
{
    struct buf *b = event_begin(s, p, first ? "Signed Up" : "Logged In", at);
    json_put_kv_str(b, S("source"), str_of(PICK(SOURCES)));
    event_end(s);
}

/* Look, put into the cart, check out, buy: each with its odds. */
static void visit(struct shop *s, const struct person *p, bool first, i64 at)
{
    const struct product *what[4];
    u32 looks = 1 + below(s, 4), n = 0, cart = ++s->carts;
    came(s, p, first, at);
    for (u32 i = 0; i < looks; i++) {
        const struct product *it = &PICK(PRODUCTS);
        at = later(s, at, 180);
        viewed(s, p, it, at);
        if (!chance(s, p->eager)) continue;
        at = later(s, at, 60);
        added(s, p, it, cart, at);
        what[n++] = it;
    }
    if (n == 0 || !chance(s, 700)) return;
    at = later(s, at, 240);
    named(s, p, "Checkout Started", "cart_id", "c", cart, at);
    if (chance(s, 650)) ordered(s, p, what, n, cart, later(s, at, 300));
}

/* Days are busy at noon and in the evening, a little more at the weekend. */
static i64 moment_of(struct shop *s, i64 day)
{
    static const u8 HOURS[] = {9, 10, 11, 12, 12, 13, 15, 17, 19, 20, 20, 21, 21, 22};
    return day * DAY + (i64)PICK(HOURS) * HOUR - 8 * HOUR + below(s, HOUR);
}

static void live(struct shop *s, struct person *p)
{
    i64 today = s->now_ms / DAY, day = today - 1 - below(s, DEMO_DAYS - 1);
    u32 gap = 3 + below(s, 25);
    p->first_ms = moment_of(s, day);
    customer(s, p);
    for (bool first = true; !s->ended; first = false) {
        i64 at = moment_of(s, day);
        if (at > s->now_ms - HOUR) return;
        visit(s, p, first, at);
        if (p->silent && chance(s, 600)) return;
        day += 1 + below(s, gap * 2);
    }
}

const char *demo_mapping(demo_kind kind)
{
    return kind == DEMO_CUSTOMER
               ? "{\"user_id\":\"user_id\",\"email\":\"email\",\"phone\":\"phone\","
                 "\"name\":\"attribute:name\",\"city\":\"attribute:city\","
                 "\"language\":\"attribute:language\",\"owner\":\"attribute:owner\","
                 "\"birthday\":\"attribute:birthday\",\"expires_on\":\"attribute:expires_on\","
                 "\"email_consent\":\"consent:email\",\"sms_consent\":\"consent:sms\","
                 "\"occurred_at\":\"occurred_at\"}"
               : "{\"user_id\":\"user_id\",\"event\":\"event\",\"occurred_at\":\"occurred_at\","
                 "\"source\":\"property:source\",\"product_id\":\"property:product_id\","
                 "\"name\":\"property:name\",\"category\":\"property:category\","
                 "\"price\":\"property:price\",\"quantity\":\"property:quantity\","
                 "\"cart_id\":\"property:cart_id\",\"order_id\":\"property:order_id\","
                 "\"products\":\"property:products\",\"total\":\"property:total\","
                 "\"currency\":\"property:currency\"}";
}

bool demo_shop(u64 seed, i64 now_ms, u32 customers,
               bool (*each)(void *ctx, demo_kind kind, str row), void *ctx)
{
    struct shop s = {.rng = {seed}, .now_ms = now_ms, .each = each, .ctx = ctx};
    buf_init(&s.row, DEMO_ROW_MAX);
    for (u32 i = 1; i <= customers && !s.ended; i++) {
        struct person p = {.number = i};
        p.zh = chance(&s, 550);
        p.silent = chance(&s, 350);
        p.eager = 150 + below(&s, 450);
        struct buf id;
        buf_init(&id, sizeof p.id - 1);
        buf_printf(&id, "demo%u", i);
        memcpy(p.id, id.p, id.n);
        buf_clear(&id);
        live(&s, &p);
    }
    buf_clear(&s.row);
    return !s.ended;
}
