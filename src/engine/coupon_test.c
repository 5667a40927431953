/* coupon_test.c — coupons in the engine: given once, said by clients, ended by time, following
 * their customers, and the same after a replay and a snapshot. */
#include "engine/house_test.h"

static void publish(struct house *h, const char *terms)
{
    char json[512];
    snprintf(json, sizeof json, "{\"id\":\"c\",%s}", terms);
    house_publish(h, OBJECT_COUPON, json);
}

static u32 coupon_code(struct house *h)
{
    return house_name(h, NAME_OBJECT, "c");
}

/* A CODES record of up to three. */
static void brings(struct house *h, const char *const codes[3])
{
    struct buf list, b;
    buf_init(&list, 4096), buf_init(&b, 4096);
    for (u32 i = 0; i < 3 && codes[i]; i++) buf_str_varint(&list, str_of(codes[i]));
    codes_put(&b, &(struct codes_record){coupon_code(h), buf_str(&list)});
    house_say(h, RECORD_CODES_, buf_str(&b));
    buf_clear(&list), buf_clear(&b);
}

/* Within a record of its own: a journey's step would do so. */
static bool grant(struct house *h, persona p, u64 enrolment)
{
    house_say(h, RECORD_HEARTBEAT_, (str){0});
    h->e->place = 1000; /* as if the heartbeat had done it */
    const struct offer_giver by = {house_name(h, NAME_OBJECT, "j"),
                                   house_name(h, NAME_OBJECT, "step"), enrolment};
    bool given = engine_coupon(h->e, customer_head(engine_customers(h->e), p), coupon_code(h), &by);
    engine_settle(h->e);
    return given;
}

static void says(struct house *h, const char *who, const char *event, str code)
{
    struct record r = {.kind = RECORD_ITEM_, .level = ENGINE_LEVEL, .id_count = 1};
    struct item item = {.what = ITEM_TRACK, .event = house_name(h, NAME_EVENT, event)};
    struct identifier id = house_id(h, who);
    struct buf props, payload;
    buf_init(&props, 4096), buf_init(&payload, 4096);
    r.ids[0] = (struct record_id){id.hash, id.space};
    item.values[0] = id.value;
    text_property(&props, PROPERTY_COUPON, S("c"));
    if (code.n) text_property(&props, PROPERTY_CODE, code);
    item.props = buf_str(&props);
    r.occurred_ms = house_now(h);
    item_put(&payload, &item, 1);
    r.payload = buf_str(&payload);
    house_put(h, &r);
    buf_clear(&props), buf_clear(&payload);
}

static void pass(struct house *h, i64 ms)
{
    sim_advance(h->env, ms);
    house_settle(h);
}

/* How often she had this event; `reason`, if it is there, must be as said. */
static u32 told(struct house *h, persona p, u32 code, const char *reason)
{
    struct subject who;
    struct event ev;
    u32 n = 0;
    struct arena *a = arena_new();
    engine_subject(h->e, customer_head(engine_customers(h->e), p), &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, a);
    while (event_next(it, &ev)) {
        str why = props_get(ev.props, PROPERTY_REASON).text;
        n += ev.code == code && (!reason || str_eq(why, str_of(reason)));
    }
    arena_free(a);
    return n;
}

static struct offer_info info(struct house *h)
{
    struct offer_info i;
    CHECK(offer_info(engine_offers(h->e), coupon_code(h), &i));
    return i;
}

static struct grant latest(struct house *h, persona p, u64 enrolment)
{
    struct grant g = {0};
    CHECK(offer_latest(engine_offers(h->e), customer_head(engine_customers(h->e), p),
                       house_name(h, NAME_OBJECT, "j"), enrolment, &g));
    return g;
}

static persona comes(struct house *h, const char *who)
{
    return house_post(h, &(struct post){.ids = {who}, .event = "Search"});
}

#define TERMS "\"value\":{\"amount\":10},\"valid\":\"3d\""

TEST("a coupon is given once for each enrolment's step, with a code of its own")
{
    struct house h;
    house_open(&h, 1, NULL);
    publish(&h, TERMS ",\"code\":\"SPRING-######\"");
    persona a = comes(&h, "user:ada"), b = comes(&h, "user:bob");
    CHECK(grant(&h, a, 7) && grant(&h, a, 7) && grant(&h, a, 8) && grant(&h, b, 7));
    CHECK_EQ(info(&h).granted, 3);
    CHECK_EQ(told(&h, a, EVENT_COUPON_GRANTED, NULL), 2);
    struct grant one = latest(&h, a, 7), two = latest(&h, a, 8);
    CHECK(str_starts(one.code, S("SPRING-")) && one.code.n == 13);
    CHECK(!str_eq(one.code, two.code) && !str_eq(one.code, latest(&h, b, 7).code));
    for (size_t i = 7; i < one.code.n; i++) CHECK(str_index(S("01OIL"), one.code.p[i]) < 0);
    CHECK_EQ(one.expires_ms - one.granted_ms, 3 * DAY);
    CHECK(!engine_coupon(h.e, a, house_name(&h, NAME_OBJECT, "none"),
                         &(struct offer_giver){1, 1, 1}));
    house_close(&h);
}

TEST("a coupon is told a day before its end and at its end, to the millisecond")
{
    struct house h;
    house_open(&h, 1, NULL);
    publish(&h, TERMS);
    persona a = comes(&h, "user:ada");
    CHECK(grant(&h, a, 7));
    pass(&h, 2 * DAY - 1);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRING, NULL), 0);
    pass(&h, 1);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRING, NULL), 1);
    pass(&h, DAY - 1);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRED, NULL), 0);
    pass(&h, 1);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRED, NULL), 1);
    CHECK_EQ(latest(&h, a, 7).state, GRANT_EXPIRED);
    CHECK_EQ(info(&h).expired, 1);
    says(&h, "user:ada", "Coupon Used", latest(&h, a, 7).code);
    CHECK_EQ(told(&h, a, EVENT_COUPON_USED, NULL), 0);
    CHECK_EQ(told(&h, a, EVENT_COUPON_REJECTED, "expired"), 1);
    pass(&h, 30 * DAY);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRED, NULL), 1);
    house_close(&h);
}

TEST("one that ends within a day is not told before, and a used one is not told at all")
{
    struct house h;
    house_open(&h, 1, NULL);
    publish(&h, "\"value\":{\"percent\":15},\"valid\":\"1d\"");
    persona a = comes(&h, "user:ada"), b = comes(&h, "user:bob");
    CHECK(grant(&h, a, 7) && grant(&h, b, 7));
    says(&h, "user:bob", "Coupon Claimed", latest(&h, b, 7).code);
    CHECK_EQ(latest(&h, b, 7).state, GRANT_CLAIMED);
    pass(&h, DAY - 1);
    says(&h, "user:bob", "Coupon Used", latest(&h, b, 7).code);
    CHECK_EQ(told(&h, b, EVENT_COUPON_USED, NULL), 1);
    says(&h, "user:bob", "Coupon Used", latest(&h, b, 7).code);
    CHECK_EQ(told(&h, b, EVENT_COUPON_USED, NULL), 1);
    CHECK_EQ(told(&h, b, EVENT_COUPON_REJECTED, "used"), 1);
    pass(&h, DAY);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRING, NULL), 0);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRED, NULL), 1);
    CHECK_EQ(told(&h, b, EVENT_COUPON_EXPIRED, NULL), 0);
    struct offer_info i = info(&h);
    CHECK(i.used == 1 && i.claimed == 1 && i.expired == 1 && i.rejected == 1);
    house_close(&h);
}

TEST("somebody else's code, and one nobody was given, are rejected; of no coupon of ours, taken")
{
    struct house h;
    house_open(&h, 1, NULL);
    publish(&h, TERMS);
    persona a = comes(&h, "user:ada"), b = comes(&h, "user:bob");
    CHECK(grant(&h, a, 7));
    says(&h, "user:bob", "Coupon Used", latest(&h, a, 7).code);
    CHECK_EQ(told(&h, b, EVENT_COUPON_REJECTED, "other_customer"), 1);
    says(&h, "user:bob", "Coupon Used", S("NEVER-WAS"));
    CHECK_EQ(told(&h, b, EVENT_COUPON_REJECTED, "unknown"), 1);
    says(&h, "user:ada", "Coupon Used", (str){0});
    CHECK_EQ(latest(&h, a, 7).state, GRANT_USED);
    house_close(&h);
    house_open(&h, 1, NULL);
    a = comes(&h, "user:ada");
    says(&h, "user:ada", "Coupon Used", S("X1"));
    CHECK_EQ(told(&h, a, EVENT_COUPON_USED, NULL), 1);
    house_close(&h);
}

TEST("a pool gives its codes in the order in which they came, once, and says when it is empty")
{
    struct house h;
    house_open(&h, 1, NULL);
    publish(&h, TERMS ",\"pool\":true");
    brings(&h, (const char *const[3]){"B2", "A1", "B2"});
    brings(&h, (const char *const[3]){"B2", "A1"});
    CHECK_EQ(info(&h).left, 2);
    persona a = comes(&h, "user:ada"), bob = comes(&h, "user:bob");
    CHECK(grant(&h, a, 7) && grant(&h, bob, 7));
    CHECK_STR(latest(&h, a, 7).code, S("B2"));
    CHECK_STR(latest(&h, bob, 7).code, S("A1"));
    CHECK(!grant(&h, a, 8));
    CHECK_EQ(told(&h, a, EVENT_COUPON_REJECTED, "pool_empty"), 1);
    struct offer_info i = info(&h);
    CHECK(i.left == 0 && i.missed == 1 && i.granted == 2);
    house_close(&h);
}

TEST("coupons follow who has them when customers join and part, and go when she is erased")
{
    struct house h;
    house_open(&h, 1, NULL);
    publish(&h, TERMS);
    persona a = comes(&h, "user:ada"), b = comes(&h, "user:bob");
    CHECK(grant(&h, a, 7) && grant(&h, b, 8));
    house_merge(&h, a, b);
    persona head = customer_head(engine_customers(h.e), a);
    CHECK(latest(&h, head, 7).code.n && latest(&h, head, 8).code.n);
    says(&h, "user:ada", "Coupon Used", latest(&h, head, 8).code);
    CHECK_EQ(latest(&h, head, 8).state, GRANT_USED);
    house_persona(&h, RECORD_UNMERGE_, head == a ? b : a);
    struct grant g;
    CHECK(!offer_latest(engine_offers(h.e), a, house_name(&h, NAME_OBJECT, "j"), 8, &g) &&
          offer_latest(engine_offers(h.e), b, house_name(&h, NAME_OBJECT, "j"), 8, &g));
    pass(&h, 3 * DAY);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRED, NULL), 1);
    CHECK_EQ(told(&h, b, EVENT_COUPON_EXPIRED, NULL), 0);
    house_persona(&h, RECORD_ERASE_, b);
    CHECK(!offer_latest(engine_offers(h.e), b, house_name(&h, NAME_OBJECT, "j"), 8, &g));
    house_close(&h);
}

/* Real journeys wire the step later; records alone must make the same state. */
TEST("codes, uses and configuration are the same after a replay and after a snapshot")
{
    char dir[] = "/coupons";
    struct house h;
    house_open(&h, 3, dir);
    publish(&h, TERMS ",\"pool\":true");
    brings(&h, (const char *const[3]){"A1", "A2"});
    says(&h, "user:ada", "Coupon Used", S("A1"));
    publish(&h, TERMS ",\"pool\":true,\"name\":\"x\"");
    hash128 before = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(before, engine_hash(h.e)));
    engine_snapshot(h.e);
    house_settle(&h);
    house_again(&h);
    CHECK(hash128_eq(before, engine_hash(h.e)));
    CHECK_EQ(info(&h).left, 2);
    brings(&h, (const char *const[3]){"A2", "A1"}); /* known by the index made anew */
    CHECK_EQ(info(&h).left, 2);
    house_close(&h);
}

TEST("grants come out of a snapshot as they were: by code, by customer, and with their end")
{
    struct house h;
    house_open(&h, 4, "/grants");
    publish(&h, TERMS);
    persona a = comes(&h, "user:ada"), b = comes(&h, "user:bob");
    CHECK(grant(&h, a, 7) && grant(&h, a, 8) && grant(&h, b, 7));
    house_merge(&h, a, b);
    house_persona(&h, RECORD_UNMERGE_, b);
    struct grant one = latest(&h, a, 7), two = latest(&h, b, 7);
    char code[OFFER_CODE_MAX], other[OFFER_CODE_MAX];
    memcpy(code, one.code.p, one.code.n), memcpy(other, two.code.p, two.code.n);
    u64 before = engine_snapshots(h.e);
    engine_snapshot(h.e);
    house_settle(&h);
    CHECK_EQ(engine_snapshots(h.e), before + 1);
    hash128 hash = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(hash, engine_hash(h.e)));
    CHECK_EQ(info(&h).granted, 3);
    says(&h, "user:bob", "Coupon Used", (str){code, one.code.n});
    CHECK_EQ(told(&h, b, EVENT_COUPON_REJECTED, "other_customer"), 1);
    says(&h, "user:bob", "Coupon Used", (str){other, two.code.n});
    CHECK_EQ(told(&h, b, EVENT_COUPON_USED, NULL), 1);
    pass(&h, 3 * DAY);
    CHECK_EQ(told(&h, a, EVENT_COUPON_EXPIRED, NULL), 2);
    CHECK_EQ(told(&h, b, EVENT_COUPON_EXPIRED, NULL), 0);
    house_close(&h);
}

TEST("a coupon that cannot be is refused with its place")
{
    static const struct {
        const char *json, *path, *says;
    } CASES[] = {
        {"{\"valid\":\"3d\"}", "/value", "what it is worth"},
        {"{\"value\":{\"amount\":1,\"percent\":2},\"valid\":\"3d\"}", "/value", "what it is"},
        {"{\"value\":{\"percent\":101},\"valid\":\"3d\"}", "/value/percent", "at most 100"},
        {"{\"value\":{\"amount\":0},\"valid\":\"3d\"}", "/value/amount", "above 0"},
        {"{\"value\":{\"amount\":1,\"min\":-1},\"valid\":\"3d\"}", "/value/min", "above 0"},
        {"{\"value\":{\"amount\":1,\"max\":1},\"valid\":\"3d\"}", "/value", "no meaning"},
        {"{\"value\":{\"amount\":1}}", "/valid", "how long"},
        {"{\"value\":{\"amount\":1},\"valid\":\"0d\"}", "/valid", "how long"},
        {"{\"value\":{\"amount\":1},\"valid\":\"3d\",\"pool\":1}", "/pool", "brought"},
        {"{\"value\":{\"amount\":1},\"valid\":\"3d\",\"code\":\"A##\"}", "/code", "6 to 20"},
        {"{\"value\":{\"amount\":1},\"valid\":\"3d\",\"code\":\"A B\"}", "/code", "without spaces"},
        {"{\"value\":{\"amount\":1},\"valid\":\"3d\",\"pool\":true,\"code\":\"A\"}", "/code",
         "pool"},
        {"{\"value\":{\"amount\":1},\"valid\":\"3d\",\"colour\":1}", "", "no meaning"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const struct json *j;
        struct diag why = {0};
        struct buf b;
        buf_init(&b, 4096);
        CHECK_OK(json_parse(str_of(CASES[i].json), arena, &j, &why));
        CHECK_EQ(offer_compile(j, &b, &why), ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(CASES[i].path));
        if (str_find(str_of(why.message), str_of(CASES[i].says)) < 0) fail_msg("%s", why.message);
        buf_clear(&b);
    }
}

static bool may_go(struct house *h, object_kind kind, const char *id)
{
    struct buf b;
    struct diag why = {0};
    buf_init(&b, 256);
    err e = publish_removal(h->e, kind, str_of(id), &b, &why);
    buf_clear(&b);
    CHECK(e == ERR_OK || e == ERR_CONFLICT);
    return e == ERR_OK;
}

TEST("what a live journey names stays; a version without it lets it go")
{
    struct house h;
    house_open(&h, 5, "/named");
    publish(&h, "\"value\":{\"amount\":1},\"valid\":\"1d\"");
    house_publish(&h, OBJECT_SEGMENT, "{\"id\":\"s\",\"if\":{\"tag\":\"A\"}}");
    CHECK(may_go(&h, OBJECT_COUPON, "c") && may_go(&h, OBJECT_SEGMENT, "s"));
    house_publish(&h, OBJECT_JOURNEY,
                  "{\"id\":\"j\",\"trigger\":{\"event\":\"E\"},\"exit\":[{\"segment\":\"s\"}],"
                  "\"steps\":[{\"id\":\"g\",\"coupon\":\"c\"}]}");
    CHECK(!may_go(&h, OBJECT_COUPON, "c") && !may_go(&h, OBJECT_SEGMENT, "s"));
    house_publish(&h, OBJECT_JOURNEY,
                  "{\"id\":\"j\",\"trigger\":{\"event\":\"E\"},"
                  "\"steps\":[{\"id\":\"g\",\"end\":\"over\"}]}");
    CHECK(may_go(&h, OBJECT_COUPON, "c") && may_go(&h, OBJECT_SEGMENT, "s"));
    house_close(&h);
}
