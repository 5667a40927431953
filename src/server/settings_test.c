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
    CHECK_EQ(send_in(rig, "/v1/identify",
                     "{\"userId\":\"a\",\"traits\":{\"phone\":\"13800138000\"}}")
                 .status,
             200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B8613800138000", "").status, 200);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"zone\":\"Europe/Berlin\"}").status, 200);
    CHECK_EQ(send_in(rig, "/v1/identify",
                     "{\"userId\":\"b\",\"traits\":{\"phone\":\"030 123456\"}}")
                 .status,
             200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B4930123456", "").status, 200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:030123456", "").status, 200);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"phone_country\":\"SG\"}").status, 200);
    CHECK_EQ(send_in(rig, "/v1/identify",
                     "{\"userId\":\"c\",\"traits\":{\"phone\":\"61234567\"}}")
                 .status,
             200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B6561234567", "").status, 200);
    rig_stop(rig);
    rig_start(rig);
    CHECK_EQ(send_in(rig, "/v1/identify",
                     "{\"userId\":\"d\",\"traits\":{\"phone\":\"61234568\"}}")
                 .status,
             200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/phone:%2B6561234568", "").status, 200);
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/settings", "{\"phone_country\":\"\"}").status, 200);
    struct answer_text a = ask(rig, "GET", "/api/v1/settings", "");
    CHECK_STR(member(&a, "phone_country"), S("DE"));
    rig_stop(rig);
}
