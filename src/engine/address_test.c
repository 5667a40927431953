/* address_test.c — suppressing an address changes who can be reached, at once and for all who have
 * it.
 */
#include "engine/house_test.h"

static void suppress(struct house *h, const char *mail, suppression reason)
{
    struct identifier id = house_id(h, mail);
    hash128 key = address_key(engine_key(h->e), CHANNEL_EMAIL, id.value);
    struct buf b;
    buf_init(&b, 256);
    suppress_put(&b,
                 &(struct suppress_record){CHANNEL_EMAIL, key, (u8)reason, {id.hash, id.space}});
    house_say(h, RECORD_SUPPRESS_, buf_str(&b));
    buf_clear(&b);
}

static bool reachable(struct house *h, const char *who)
{
    struct customer_view now = {engine_customers(h->e), NULL};
    u32 code = names_find(engine_names(h->e), NAME_OBJECT, S("reach"));
    return segment_holds(engine_segments(h->e), &now, code, house_find(h, who));
}

TEST("who shares a suppressed address is reachable no more, and is again when it is released")
{
    struct house h;
    house_open(&h, test_seed(), NULL);
    house_publish(&h, OBJECT_SEGMENT, "{\"id\":\"reach\",\"if\":{\"reachable\":\"email\"}}");
    house_post(&h, &(struct post){.ids = {"user:a", "mail:one@x.cn"}, .consent = 1});
    house_post(&h, &(struct post){.ids = {"user:b", "mail:one@x.cn"}, .consent = 1});
    house_post(&h, &(struct post){.ids = {"user:c", "mail:two@x.cn"}, .consent = 1});
    CHECK(reachable(&h, "user:a") && reachable(&h, "user:b") && reachable(&h, "user:c"));
    suppress(&h, "mail:one@x.cn", SUPPRESSED_COMPLAINT);
    CHECK(!reachable(&h, "user:a"));
    CHECK(!reachable(&h, "user:b"));
    CHECK(reachable(&h, "user:c"));
    suppress(&h, "mail:one@x.cn", SUPPRESSED_NOT);
    CHECK(reachable(&h, "user:a") && reachable(&h, "user:b"));
    house_close(&h);
}

static u8 consent_of(struct house *h, const char *who)
{
    struct customer_view now = {engine_customers(h->e), NULL};
    return view_consent(&now, house_find(h, who), CHANNEL_EMAIL, 0);
}

TEST("who opts out says no for all that share the address, until one says yes again")
{
    struct house h;
    house_open(&h, test_seed(), NULL);
    house_publish(&h, OBJECT_SEGMENT, "{\"id\":\"reach\",\"if\":{\"reachable\":\"email\"}}");
    house_post(&h, &(struct post){.ids = {"user:a", "mail:one@x.cn"}, .consent = 1});
    house_post(&h, &(struct post){.ids = {"user:b", "mail:one@x.cn"}, .consent = 1});
    house_post(&h, &(struct post){.ids = {"user:c", "mail:two@x.cn"}, .consent = 1});
    CHECK(reachable(&h, "user:a") && reachable(&h, "user:b"));
    suppress(&h, "mail:one@x.cn", SUPPRESSED_OPTED_OUT);
    CHECK(!reachable(&h, "user:a") && !reachable(&h, "user:b") && reachable(&h, "user:c"));
    CHECK_EQ(consent_of(&h, "user:a"), 2);
    CHECK_EQ(consent_of(&h, "user:b"), 2);
    CHECK_EQ(consent_of(&h, "user:c"), 1);
    hash128 key = address_key(engine_key(h.e), CHANNEL_EMAIL, house_id(&h, "mail:one@x.cn").value);
    CHECK_EQ(address_of(engine_customers(h.e), key)->opted_out, 1);
    CHECK_EQ(address_of(engine_customers(h.e), key)->suppressed, SUPPRESSED_NOT);
    sim_set_wall(h.env, house_now(&h) + HOUR); /* at one moment the no is what counts */
    house_post(&h, &(struct post){.ids = {"user:a", "mail:one@x.cn"}, .consent = 1});
    CHECK_EQ(consent_of(&h, "user:a"), 1);
    CHECK_EQ(consent_of(&h, "user:b"), 2);
    CHECK_EQ(address_of(engine_customers(h.e), key)->opted_out, 0);
    CHECK(reachable(&h, "user:a") && !reachable(&h, "user:b"));
    house_close(&h);
}
