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

/* A member of the step's line in the report's newest version. */
static const struct json *of_step(const struct json *report, const char *step, const char *member)
{
    const struct json *versions = json_get(report, "versions");
    const struct json *steps = json_get(versions ? versions->child : NULL, "steps");
    for (const struct json *s = steps ? steps->child : NULL; s; s = s->next)
        if (str_eq(json_get_str(s, "step", S("")), str_of(step))) return json_get(s, member);
    return NULL;
}

static i64 number_of(const struct json *j)
{
    i64 n = -1;
    return json_is(j, JSON_NUMBER) && json_to_i64(j, &n) == ERR_OK ? n : -1;
}

TEST("why a date has not come says when it will")
{
    struct rig *rig = rig_new(arena, "why-date", (struct server_options){0});
    ask(rig, "POST", "/api/v1/journeys",
        "{\"id\":\"w\",\"trigger\":{\"date\":\"day\",\"at\":\"09:00\"},\"steps\":[{\"id\":\"m1\","
        "\"send\":"
        "{\"channel\":\"email\",\"template\":\"t\"}}]}");
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/w/publish", "{}").status, 200);
    CHECK_EQ(send_in(rig, "/v1/identify", "{\"userId\":\"a\",\"traits\":{\"day\":\"2099-05-01\"}}")
                 .status,
             200);
    const struct json *a = why_of(rig, "a");
    CHECK_STR(json_get_str(a, "outcome", S("")), S("never_triggered"));
    CHECK(str_starts(json_get_str(json_get(a, "now"), "next_at", S("")), S("2099-0")));
    CHECK(str_starts(json_get_str(json_get(a, "to_change")->child, "not_before", S("")),
                     S("2099-0")));
    rig_stop(rig);
}

TEST("a report says of each step who came, who stands there, what was sent, and why not")
{
    struct rig *rig = rig_new(arena, "report", (struct server_options){0});
    ask(rig, "POST", "/api/v1/templates",
        "{\"id\":\"t\",\"channel\":\"email\",\"subject\":\"s\",\"html\":\"<p>h</p>\"}");
    ask(rig, "POST", "/api/v1/channels",
        "{\"id\":\"e\",\"channel\":\"email\",\"provider\":\"outbox\",\"settings\":{}}");
    ask(rig, "PUT", "/api/v1/policies", "{\"caps\":[],\"quiet\":[]}");
    ask(rig, "POST", "/api/v1/journeys",
        "{\"id\":\"w\",\"trigger\":{\"event\":\"Go\"},\"steps\":[{\"id\":\"m1\",\"send\":{"
        "\"channel\":"
        "\"email\",\"template\":\"t\"}},{\"id\":\"w1\",\"wait\":{\"for\":\"1d\"}}]}");
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/w/publish", "{}").status, 200);
    CHECK_EQ(send_in(rig, "/v1/batch",
                     "{\"batch\":[{\"type\":\"identify\",\"userId\":\"a\",\"traits\":{\"email\":"
                     "\"a@x.test\",\"consent\":{\"email\":true}}},{\"type\":\"track\",\"userId\":"
                     "\"a\",\"event\":\"Go\"},{\"type\":\"identify\",\"userId\":\"b\",\"traits\":"
                     "{\"email\":\"b@x.test\"}},{\"type\":\"track\",\"userId\":\"b\",\"event\":"
                     "\"Go\"}]}")
                 .status,
             200);
    const struct json *report = NULL;
    for (u32 i = 0; i < 200; i++) {
        report = ask(rig, "GET", "/api/v1/journeys/w/report", "").json;
        if (number_of(of_step(report, "w1", "now")) == 2 &&
            number_of(of_step(report, "m1", "sent")) == 1)
            break;
        usleep(20000);
    }
    CHECK_EQ(number_of(of_step(report, "m1", "came")), 2);
    CHECK_EQ(number_of(of_step(report, "m1", "planned")), 2);
    CHECK_EQ(number_of(of_step(report, "m1", "sent")), 1);
    CHECK_EQ(number_of(json_get(of_step(report, "m1", "not_sent"), "consent")), 1);
    CHECK_EQ(number_of(of_step(report, "m1", "now")), 0);
    CHECK_EQ(number_of(of_step(report, "w1", "came")), 2);
    CHECK_EQ(number_of(of_step(report, "w1", "now")), 2);
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
