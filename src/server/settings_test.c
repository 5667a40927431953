#include "server/rig_test.h"

TEST("settings are kept, and each is refused at its place")
{
    struct rig *rig = rig_new(arena, "settings", (struct server_options){0});
    static const struct {
        const char *body, *path;
    } BAD[] = {
        {"{\"zone\":\"Mars/Base\"}", "/zone"},
        {"{\"zone\":\"\"}", "/zone"},
        {"{\"currency\":\"yuan\"}", "/currency"},
        {"{\"currency\":\"cny\"}", "/currency"},
        {"{\"language\":\"Chinese\"}", "/language"},
        {"{\"language\":\"z\"}", "/language"},
        {"{\"language\":\"zh-\"}", "/language"},
        {"{\"url\":\"shop.example\"}", "/url"},
        {"{\"url\":\"javascript:alert(1)\"}", "/url"},
        {"{\"url\":\"https://\"}", "/url"},
        {"{\"name\":7}", "/name"},
        {"{\"phone_country\":\"XX\"}", "/phone_country"},
        {"{\"phone_country\":\"cn\"}", "/phone_country"},
        {"{\"visitor_days\":-1}", "/visitor_days"},
        {"{\"visitor_days\":\"30\"}", "/visitor_days"},
        {"{\"name\":\"kept out\",\"colour\":\"red\"}", "/colour"},
    };
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        struct answer_text a = ask(rig, "PATCH", "/api/v1/settings", BAD[i].body);
        CHECK_EQ(a.status, 422);
        CHECK(has(a.body, arena_printf(arena, "\"path\":\"%s\"", BAD[i].path)));
    }
    struct answer_text a = ask(
        rig, "PATCH", "/api/v1/settings",
        "{\"name\":\"Tea\",\"url\":\"https://tea.example\",\"zone\":\"Asia/Tokyo\","
        "\"currency\":\"JPY\",\"language\":\"zh-Hant\",\"visitor_days\":30,\"public_url\":\"x\"}");
    CHECK_EQ(a.status, 200);
    rig_stop(rig);
    rig_start(rig);
    a = ask(rig, "GET", "/api/v1/settings", "");
    CHECK_STR(member(&a, "name"), S("Tea"));
    CHECK_STR(member(&a, "url"), S("https://tea.example"));
    CHECK_STR(member(&a, "zone"), S("Asia/Tokyo"));
    CHECK_STR(member(&a, "currency"), S("JPY"));
    CHECK_STR(member(&a, "language"), S("zh-Hant"));
    CHECK_STR(member(&a, "phone_country"), S("JP"));
    CHECK(has(a.body, S("\"visitor_days\":30")));
    a = ask(rig, "POST", "/api/v1/templates/render",
            "{\"source\":\"{{ workspace.name }} {{ workspace.url }} {{ workspace.currency }}\"}");
    CHECK_EQ(a.status, 200);
    CHECK_STR(member(&a, "output"), S("Tea https://tea.example JPY"));
    rig_stop(rig);
}

TEST("phone numbers are of the workspace's country, by its zone if none is set")
{
    struct rig *rig = rig_new(arena, "country", (struct server_options){0});
    CHECK_EQ(
        send_in(rig, "/v1/identify", "{\"userId\":\"a\",\"traits\":{\"phone\":\"13800138000\"}}")
            .status,
        200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B8613800138000", "").status, 200);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"zone\":\"Europe/Berlin\"}").status, 200);
    CHECK_EQ(
        send_in(rig, "/v1/identify", "{\"userId\":\"b\",\"traits\":{\"phone\":\"030 123456\"}}")
            .status,
        200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B4930123456", "").status, 200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:030123456", "").status, 200);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"phone_country\":\"SG\"}").status, 200);
    CHECK_EQ(send_in(rig, "/v1/identify", "{\"userId\":\"c\",\"traits\":{\"phone\":\"61234567\"}}")
                 .status,
             200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B6561234567", "").status, 200);
    rig_stop(rig);
    rig_start(rig);
    CHECK_EQ(send_in(rig, "/v1/identify", "{\"userId\":\"d\",\"traits\":{\"phone\":\"61234568\"}}")
                 .status,
             200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B6561234568", "").status, 200);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"phone_country\":\"\"}").status, 200);
    struct answer_text a = ask(rig, "GET", "/api/v1/settings", "");
    CHECK_STR(member(&a, "phone_country"), S("DE"));
    rig_stop(rig);
}

TEST("a key that asks too often is told to wait, and nobody else is")
{
    struct rig *rig = rig_new(arena, "limits", (struct server_options){0});
    struct answer_text a = ask(rig, "PATCH", "/api/v1/settings",
                               "{\"limits\":{\"key_rate\":1,\"key_burst\":5,\"source_rate\":1,"
                               "\"source_burst\":3}}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"key_burst\":5")));
    struct answer_text other = ask(rig, "GET", "/livez", "");
    u32 refused = 0, taken = 0;
    for (u32 i = 0; i < 12; i++) {
        a = ask(rig, "GET", "/api/v1/settings", "");
        CHECK(a.status == 200 || a.status == 429);
        CHECK(has(a.head, S("RateLimit-Limit: 5\r\n")) && has(a.head, S("RateLimit-Remaining: ")));
        if (a.status == 429) CHECK(has(a.head, S("Retry-After: 1\r\n")));
        refused += a.status == 429;
    }
    CHECK(refused >= 5);
    refused = 0;
    for (u32 i = 0; i < 8; i++) {
        a = send_in(rig, "/v1/track", "{\"userId\":\"u\",\"event\":\"A\"}");
        CHECK(a.status == 200 || a.status == 429);
        if (a.status == 429) CHECK(has(a.head, S("Retry-After: 1\r\n")));
        refused += a.status == 429;
        taken += a.status == 200;
    }
    CHECK(refused >= 3 && taken >= 3);
    CHECK_EQ(other.status, 200);
    rig_stop(rig);
    rig_start(rig);
    str head = arena_printf(arena, "Authorization: Bearer %s\r\n", rig->reader);
    CHECK_EQ(ask_with(rig, "GET", "/api/v1/settings", head.p, S("")).status, 403);
    a = ask(rig, "PATCH", "/api/v1/settings", "{\"limits\":{\"key_rate\":0,\"source_rate\":0}}");
    CHECK_EQ(a.status, 200);
    for (u32 i = 0; i < 12; i++) CHECK_EQ(ask(rig, "GET", "/api/v1/settings", "").status, 200);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"limits\":{\"key_burst\":0}}").status, 422);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"limits\":{\"speed\":1}}").status, 422);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"limits\":7}").status, 422);
    rig_stop(rig);
}

TEST("every change of configuration is in the audit trail, with its key and versions")
{
    struct rig *rig = rig_new(arena, "audit", (struct server_options){0});
    CHECK_EQ(ask(rig, "PUT", "/api/v1/segments/s", "{\"if\":{\"tag\":\"a\"}}").status, 200);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/segments/s", "{\"if\":{\"tag\":\"b\"}}").status, 200);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/segments/s", "{\"if\":{\"no\":1}}").status, 422);
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/segments/s", "").status, 204);
    CHECK_EQ(ask(rig, "POST", "/api/v1/segments/preview", "{\"predicate\":{\"tag\":\"a\"}}").status,
             200);
    rig_stop(rig);
    rig_start(rig);
    struct answer_text a = ask(rig, "GET", "/api/v1/audit?limit=3", "");
    CHECK_EQ(a.status, 200);
    CHECK_EQ(item_count(&a), 3);
    CHECK(has(a.body, S("\"action\":\"DELETE\",\"path\":\"/api/v1/segments/s\",\"object\":\"s\","
                        "\"from_version\":2,\"to_version\":0")));
    CHECK(has(a.body, S("\"from_version\":1,\"to_version\":2")));
    CHECK(has(a.body, S("\"from_version\":0,\"to_version\":1")));
    CHECK(has(a.body, S("\"name\":\"a\"")));
    str next = member(&a, "next");
    a = ask(rig, "GET", arena_printf(arena, "/api/v1/audit?cursor=%.*s", STR_ARG(next)).p, "");
    CHECK_EQ(item_count(&a), 1);
    CHECK(has(a.body, S("/api/v1/sources")));
    str head = arena_printf(arena, "Authorization: Bearer %s\r\n", rig->reader);
    CHECK_EQ(ask_with(rig, "GET", "/api/v1/audit", head.p, S("")).status, 403);
    rig_stop(rig);
}

TEST("keys are made, listed without their text, and taken away")
{
    struct rig *rig = rig_new(arena, "keys", (struct server_options){0});
    struct answer_text a =
        ask(rig, "POST", "/api/v1/keys", "{\"name\":\"shop\",\"scopes\":[\"configuration:read\"]}");
    CHECK_EQ(a.status, 201);
    str key = member(&a, "key"), id = member(&a, "id");
    CHECK(str_starts(key, S("bk_live_")));
    str head = arena_printf(arena, "Authorization: Bearer %.*s\r\n", STR_ARG(key));
    CHECK_EQ(ask_with(rig, "GET", "/api/v1/segments", head.p, S("")).status, 200);
    CHECK_EQ(ask_with(rig, "PUT", "/api/v1/segments/s", head.p, S("{}")).status, 403);
    a = ask(rig, "GET", "/api/v1/keys", "");
    CHECK(has(a.body, id) && !has(a.body, key));
    CHECK_EQ(ask(rig, "DELETE", arena_printf(arena, "/api/v1/keys/%.*s", STR_ARG(id)).p, "").status,
             204);
    CHECK_EQ(ask_with(rig, "GET", "/api/v1/segments", head.p, S("")).status, 401);
    rig_stop(rig);
}
