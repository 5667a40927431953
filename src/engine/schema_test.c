/* What people decide about attributes and namespaces, and whom it concerns. */
#include "engine/house_test.h"

static void decide(struct house *h, const struct schema_record *s)
{
    struct buf b;
    buf_init(&b, 64);
    schema_put(&b, s);
    house_say(h, RECORD_SCHEMA_, buf_str(&b));
    buf_clear(&b);
}

static bool is_in(struct house *h, const char *reference)
{
    u32 code = names_find(engine_names(h->e), NAME_OBJECT, S("old"));
    return segment_resolve(engine_segments(h->e), house_find(h, reference), code, engine_time(h->e))
        .holds;
}

TEST("a confirmed type is kept, shows values that were texts, and rules that read it ask again")
{
    struct house h;
    struct attribute_rule rule;
    house_open(&h, 1, "/x");
    house_publish(&h, OBJECT_SEGMENT,
                  "{\"id\":\"old\",\"if\":{\"attribute\":\"age\",\"op\":\">\",\"value\":40}}");
    house_post(&h, &(struct post){.ids = {"user:a"}, .attribute = "age", .v = value_text(S("50"))});
    house_post(&h, &(struct post){.ids = {"user:b"}, .attribute = "age", .v = value_text(S("?"))});
    CHECK(!is_in(&h, "user:a"));
    u32 age = house_name(&h, NAME_ATTRIBUTE, "age");
    decide(&h,
           &(struct schema_record){
               .what = SCHEMA_ATTRIBUTE, .code = age, .type = ATTRIBUTE_INT, .confirmed = true});
    CHECK(customer_attribute(engine_customers(h.e), age, &rule));
    CHECK(rule.type == ATTRIBUTE_INT && rule.confirmed && !rule.personal);
    CHECK(is_in(&h, "user:a") && !is_in(&h, "user:b"));
    house_post(&h,
               &(struct post){.ids = {"user:b"}, .attribute = "age", .v = value_text(S("old"))});
    customer_attribute(engine_customers(h.e), age, &rule);
    CHECK(rule.type == ATTRIBUTE_INT && rule.misfits == 1);
    house_again(&h);
    CHECK(customer_attribute(engine_customers(h.e), age, &rule));
    CHECK(rule.type == ATTRIBUTE_INT && rule.confirmed && is_in(&h, "user:a"));
    house_close(&h);
}

static u64 entered(struct house *h, const char *id)
{
    struct journey_info info;
    CHECK(journey_find(engine_journeys(h->e), str_of(id), &info));
    return info.entered;
}

TEST("an attribute that becomes a date arms the triggers that wait for it, and one that was stays")
{
    struct house h;
    house_open(&h, 1, "/x");
    i64 day = 24 * HOUR, today = env_wall_ms(h.env) / day * day;
    char text[2][16];
    for (u32 i = 0; i < 2; i++) {
        struct buf b;
        buf_init(&b, 64);
        iso_put(&b, today + (i ? 2 : -2) * day);
        snprintf(text[i], sizeof text[i], "%.10s", b.p);
        buf_clear(&b);
    }
    house_publish(&h, OBJECT_JOURNEY,
                  "{\"id\":\"due\",\"trigger\":{\"date\":\"ends_on\",\"at\":\"09:00\"},\"steps\":["
                  "{\"id\":\"t\",\"tag\":\"Ended\"}]}");
    /* First it is a number: what does not fit is put aside, and no date is known. */
    house_post(&h, &(struct post){.ids = {"user:c"}, .attribute = "ends_on", .v = value_int(7)});
    u32 code = house_name(&h, NAME_ATTRIBUTE, "ends_on");
    decide(&h,
           &(struct schema_record){
               .what = SCHEMA_ATTRIBUTE, .code = code, .type = ATTRIBUTE_INT, .confirmed = true});
    house_post(&h, &(struct post){.ids = {"user:a"},
                                  .attribute = "ends_on",
                                  .v = value_text(str_of(text[1]))});
    house_post(&h, &(struct post){.ids = {"user:b"},
                                  .attribute = "ends_on",
                                  .v = value_text(str_of(text[0]))});
    house_settle(&h);
    decide(&h,
           &(struct schema_record){
               .what = SCHEMA_ATTRIBUTE, .code = code, .type = ATTRIBUTE_DATE, .confirmed = true});
    house_settle(&h);
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    sim_advance(h.env, 3 * day);
    house_settle(&h);
    CHECK_EQ(entered(&h, "due"), 1);
    house_close(&h);
}

TEST("a namespace that is said to be weak joins nobody who has another strong one")
{
    struct house h;
    house_open(&h, 1, NULL);
    decide(&h, &(struct schema_record){.what = SCHEMA_NAMESPACE,
                                       .code = SPACE_MEMBER_NO,
                                       .strength = STRENGTH_WEAK,
                                       .limit = 4,
                                       .priority = 50});
    house_post(&h, &(struct post){.ids = {"user:a", "member:7"}, .event = "Search"});
    house_post(&h, &(struct post){.ids = {"user:b", "member:7"}, .event = "Search"});
    CHECK(house_find(&h, "user:a") != house_find(&h, "user:b"));
    CHECK_EQ(house_find(&h, "member:7"), 0); /* shared, as a contact point is */
    house_close(&h);
}

TEST("what nobody has named has no schema")
{
    struct house h;
    struct attribute_rule rule;
    house_open(&h, 1, NULL);
    decide(&h, &(struct schema_record){
                   .what = SCHEMA_ATTRIBUTE, .code = 3000, .type = 1, .confirmed = true});
    CHECK(!customer_attribute(engine_customers(h.e), 3000, &rule));
    house_close(&h);
}
