/* visitors_test.c — who goes, who stays, and that nothing of the one is the other's. */
#include "engine/house_test.h"

static void page(struct house *h, u32 space, const char *id, i64 occurred, u16 flags, u64 dedupe)
{
    struct item item = {.what = ITEM_PAGE, .event = 60000};
    struct record r = {.kind = RECORD_ITEM_,
                       .level = ENGINE_LEVEL,
                       .id_count = 1,
                       .flags = flags,
                       .occurred_ms = occurred,
                       .dedupe = {1, dedupe}};
    struct buf b;
    buf_init(&b, 4096);
    item.values[0] = str_of(id);
    item_put(&b, &item, 1);
    r.payload = buf_str(&b);
    r.ids[0] = (struct record_id){identifier_hash(engine_key(h->e), space, str_of(id)), space};
    house_put(h, &r);
    buf_clear(&b);
}

static persona who(struct house *h, u32 space, const char *id)
{
    return customer_find(engine_customers(h->e), space,
                         identifier_hash(engine_key(h->e), space, str_of(id)));
}

static void days_pass(struct house *h, i64 days)
{
    for (i64 i = 0; i < days * 24; i++) {
        sim_set_wall(h->env, house_now(h) + HOUR);
        house_settle(h);
    }
}

TEST("a visitor goes after ninety days without an event, and not a day before")
{
    struct house h;
    house_open(&h, test_seed(), NULL);
    page(&h, SPACE_ANONYMOUS_ID, "visitor", house_now(&h), 0, 1);
    page(&h, SPACE_USER_ID, "ada", house_now(&h), 0, 2);
    page(&h, SPACE_EMAIL, "letters@x.cn", house_now(&h), 0, 3);
    page(&h, SPACE_DEVICE_TOKEN, "phone", house_now(&h), 0, 4);
    days_pass(&h, 89);
    CHECK(who(&h, SPACE_ANONYMOUS_ID, "visitor"));
    days_pass(&h, 2);
    CHECK(!who(&h, SPACE_ANONYMOUS_ID, "visitor"));
    CHECK(who(&h, SPACE_USER_ID, "ada"));
    CHECK(who(&h, SPACE_EMAIL, "letters@x.cn"));
    CHECK(who(&h, SPACE_DEVICE_TOKEN, "phone"));
    CHECK_EQ(engine_stats(h.e).visitors_forgotten, 1);
    CHECK_EQ(engine_stats(h.e).customers, 3);
    house_close(&h);
}

TEST("who takes a visitor's number has none of her events, and another id")
{
    struct house h;
    char first[33], second[33];
    struct event ev;
    house_open(&h, test_seed(), NULL);
    page(&h, SPACE_ANONYMOUS_ID, "one", house_now(&h), 0, 1);
    page(&h, SPACE_ANONYMOUS_ID, "one", house_now(&h), 0, 2);
    persona p = who(&h, SPACE_ANONYMOUS_ID, "one");
    customer_id(engine_customers(h.e), p, first);
    days_pass(&h, 91);
    page(&h, SPACE_ANONYMOUS_ID, "two", house_now(&h), 0, 3);
    CHECK_EQ(who(&h, SPACE_ANONYMOUS_ID, "two"), p);
    customer_id(engine_customers(h.e), p, second);
    CHECK_EQ(customer_by_id(engine_customers(h.e), (str){first, 32}), 0);
    CHECK_EQ(customer_by_id(engine_customers(h.e), (str){second, 32}), p);
    struct event_iter *it =
        event_iter(event_view_live(engine_events(h.e)), &p, 1, INT64_MIN, NEVER, arena);
    CHECK(event_next(it, &ev));
    CHECK_EQ(ev.occurred_ms, house_now(&h));
    CHECK(!event_next(it, &ev));
    page(&h, SPACE_ANONYMOUS_ID, "one", house_now(&h), 0, 4); /* she comes again: somebody new */
    CHECK(who(&h, SPACE_ANONYMOUS_ID, "one") != p);
    house_close(&h);
}

TEST("an old history is kept ninety days from its import; the setting keeps visitors for ever")
{
    struct house h;
    house_open(&h, test_seed(), NULL);
    page(&h, SPACE_ANONYMOUS_ID, "old", house_now(&h) - 400 * DAY, RECORD_HISTORY, 1);
    days_pass(&h, 89);
    CHECK(who(&h, SPACE_ANONYMOUS_ID, "old"));
    struct setting_record s = {S("visitor_days"), value_int(0)};
    struct buf b;
    buf_init(&b, 256);
    setting_put(&b, &s);
    house_say(&h, RECORD_SETTING_, buf_str(&b));
    days_pass(&h, 10);
    CHECK(who(&h, SPACE_ANONYMOUS_ID, "old"));
    buf_reset(&b);
    s.value = value_int(90);
    setting_put(&b, &s);
    house_say(&h, RECORD_SETTING_, buf_str(&b));
    days_pass(&h, 1);
    CHECK(!who(&h, SPACE_ANONYMOUS_ID, "old"));
    buf_clear(&b);
    house_close(&h);
}
