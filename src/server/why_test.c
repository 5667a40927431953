/* why_test.c — why she got it or did not, over the API. */
#include "server/rig_test.h"
#include "server/why_words.h"

#include "journey/journey.h"

static const struct json *why_of(struct rig *rig, const char *user)
{
    str path = arena_printf(rig->arena, "/api/v1/customers/user_id:%s/why?journey=w&step=m1", user);
    struct answer_text a = ask(rig, "GET", path.p, "");
    CHECK_EQ(a.status, 200);
    return a.json;
}

static bool wants(const struct json *why, const char *member, const char *text)
{
    const struct json *list = json_get(why, "to_change");
    for (const struct json *c = list ? list->child : NULL; c; c = c->next)
        if (str_eq(json_get_str(c, member, S("")), str_of(text))) return true;
    return false;
}

TEST("why says what happened, how conditions stand, and what would have to be different")
{
    struct rig *rig = rig_new(arena, "why", (struct server_options){0});
    ask(rig, "POST", "/api/v1/journeys",
        "{\"id\":\"w\",\"trigger\":{\"event\":\"Signed "
        "Up\"},\"entry\":{\"if\":{\"all\":[{\"attribute\":"
        "\"city\",\"op\":\"=\",\"value\":\"Bern\"},{\"not\":{\"did\":\"Order "
        "Completed\",\"within\":"
        "\"7d\"}}]}},\"steps\":[{\"id\":\"m1\",\"send\":{\"channel\":\"email\",\"template\":\"t\"}}"
        "]}");
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/w/publish", "{}").status, 200);
    struct answer_text told =
        send_in(rig, "/v1/batch",
                "{\"batch\":[{\"type\":\"identify\",\"userId\":\"a\",\"traits\":{\"city\":\"Bern\","
                "\"email\":"
                "\"a@x.test\"}},{\"type\":\"track\",\"userId\":\"a\",\"event\":\"Signed Up\"},"
                "{\"type\":\"identify\",\"userId\":\"b\",\"traits\":{\"city\":\"Basel\"}},"
                "{\"type\":\"track\",\"userId\":\"b\",\"event\":\"Signed Up\"},"
                "{\"type\":\"identify\",\"userId\":\"c\",\"traits\":{\"city\":\"Bern\"}}]}");
    CHECK_EQ(told.status, 200);
    const struct json *a = why_of(rig, "a"), *b = why_of(rig, "b"), *c = why_of(rig, "c");
    CHECK_STR(json_get_str(a, "outcome", S("")), S("planned"));
    CHECK(wants(a, "reason", "no_channel"));
    CHECK(wants(a, "reason", "consent"));
    CHECK_STR(json_get_str(b, "outcome", S("")), S("not_entered"));
    CHECK_STR(json_get_str(b, "reason", S("")), S("entry_if"));
    CHECK(wants(b, "en", "city is Bern"));
    CHECK(wants(b, "actual", "Basel"));
    CHECK(wants(b, "reason", "no_address"));
    CHECK_STR(json_get_str(c, "outcome", S("")), S("never_triggered"));
    CHECK(wants(c, "reason", "trigger"));
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/user_id:a/why?journey=none", "").status, 404);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/user_id:a/why", "").status, 400);
    rig_stop(rig);
}

TEST("every reason and every status has its words")
{
    for (u32 r = ENTRY_NONE + 1; r < ENTRY_COUNT; r++)
        CHECK(why_reason(entry_refusal_text((entry_refusal)r), true) != NULL);
    for (u32 r = REFUSAL_EPOCH; r < REFUSAL_COUNT; r++)
        CHECK(why_reason(refusal_text((refusal)r), false) != NULL);
    for (u32 s = MESSAGE_PLANNED; s < MESSAGE_STATUS_COUNT; s++)
        CHECK(why_outcome(message_status_text((message_status)s)) != NULL);
}
