#include "server/rig_test.h"

static struct answer_text identify(struct rig *rig, u32 i, u32 age)
{
    return send_in(
        rig, "/v1/identify",
        arena_printf(rig->arena, "{\"userId\":\"u%u\",\"traits\":{\"age\":%u}}", i, age).p);
}

#define YOUNG "/api/v1/segments/young"

TEST("a segment tells how many entered and left on which day, also after a restart")
{
    struct rig *rig = rig_new(arena, "days", (struct server_options){0});
    CHECK_EQ(identify(rig, 0, 20).status, 200);
    CHECK_EQ(
        ask(rig, "PUT", YOUNG, "{\"if\":{\"attribute\":\"age\",\"op\":\"<\",\"value\":30}}").status,
        200);
    for (u32 i = 1; i < 5; i++) CHECK_EQ(identify(rig, i, 20).status, 200);
    CHECK_EQ(identify(rig, 1, 40).status, 200);
    struct answer_text a = ask(rig, "GET", YOUNG "/history", "");
    CHECK_EQ(a.status, 200);
    CHECK_EQ(item_count(&a), 1);
    CHECK(has(a.body, S("\"entered\":5,\"left\":1,\"members\":4")));
    rig_stop(rig);
    rig_start(rig);
    CHECK_EQ(identify(rig, 2, 40).status, 200);
    a = ask(rig, "GET", YOUNG "/history", "");
    CHECK(has(a.body, S("\"entered\":5,\"left\":2,\"members\":3")));
    CHECK_EQ(ask(rig, "DELETE", YOUNG, "").status, 204);
    CHECK_EQ(ask(rig, "GET", YOUNG "/history", "").status, 404);
    rig_stop(rig);
}

TEST("a snapshot keeps who was in a segment, whoever comes and goes")
{
    struct rig *rig = rig_new(arena, "snapshot", (struct server_options){0});
    CHECK_EQ(
        ask(rig, "PUT", YOUNG, "{\"if\":{\"attribute\":\"age\",\"op\":\"<\",\"value\":30}}").status,
        200);
    for (u32 i = 0; i < 5; i++) CHECK_EQ(identify(rig, i, 20).status, 200);
    struct answer_text a = ask(rig, "POST", YOUNG "/snapshot", "{\"name\":\"Then\"}");
    CHECK_EQ(a.status, 201);
    CHECK(has(a.body, S("\"members\":5")) && has(a.body, S("\"snapshot_of\":\"young\"")));
    str id = member(&a, "id");
    CHECK(str_starts(id, S("segment_")));
    CHECK_EQ(identify(rig, 1, 40).status, 200);
    CHECK_EQ(identify(rig, 7, 20).status, 200);
    str path = arena_printf(arena, "/api/v1/segments/%.*s/members", STR_ARG(id));
    a = ask(rig, "GET", path.p, "");
    CHECK_EQ(item_count(&a), 5);
    u32 seen = 0;
    str cursor = {0};
    do {
        a = ask(rig, "GET",
                arena_printf(arena, "%s?limit=2%s%.*s", path.p, cursor.n ? "&cursor=" : "",
                             STR_ARG(cursor))
                    .p,
                "");
        seen += item_count(&a);
        cursor = member(&a, "next");
    } while (cursor.n);
    CHECK_EQ(seen, 5);
    CHECK_EQ(ask(rig, "POST", YOUNG "/snapshot", "{\"id\":\"mine\"}").status, 201);
    CHECK_EQ(ask(rig, "POST", YOUNG "/snapshot", "{\"id\":\"mine\"}").status, 409);
    CHECK_EQ(ask(rig, "POST", "/api/v1/segments/none/snapshot", "").status, 404);
    CHECK_EQ(ask(rig, "POST", "/api/v1/segments/mine/snapshot", "").status, 201);
    a = ask(rig, "GET", "/api/v1/customers?segment=mine", "");
    CHECK_EQ(item_count(&a), 5);
    rig_stop(rig);
    rig_start(rig);
    a = ask(rig, "GET", path.p, "");
    CHECK_EQ(item_count(&a), 5);
    rig_stop(rig);
}

TEST("who can be reached has agreed, and has an address that is not suppressed")
{
    struct rig *rig = rig_new(arena, "reach", (struct server_options){0});
    static const char *const TRAITS[] = {
        "\"email\":\"a@x.example\",\"consent\":{\"email\":true}",
        "\"email\":\"b@x.example\",\"consent\":{\"email\":true}", /* suppressed below */
        "\"email\":\"c@x.example\"", "\"consent\":{\"email\":true}"};
    for (u32 i = 0; i < COUNT_OF(TRAITS); i++)
        CHECK_EQ(
            send_in(rig, "/v1/identify",
                    arena_printf(arena, "{\"userId\":\"r%u\",\"traits\":{%s}}", i, TRAITS[i]).p)
                .status,
            200);
    CHECK_EQ(ask(rig, "POST", "/api/v1/suppressions",
                 "{\"channel\":\"email\",\"address\":\"b@x.example\",\"reason\":\"manual\"}")
                 .status,
             201);
    struct answer_text a =
        ask(rig, "POST", "/api/v1/segments/preview", "{\"predicate\":{\"reachable\":\"email\"}}");
    CHECK(has(a.body, S("\"count\":1,")));
    a = ask(rig, "POST", "/api/v1/segments/preview", "{\"predicate\":{\"all\":[]}}");
    CHECK(has(a.body, S("\"count\":4,")) && has(a.body, S("\"reachable\":{\"email\":1}")));
    a = ask(rig, "GET", "/api/v1/customers?filter=%7B%22reachable%22%3A%22email%22%7D", "");
    CHECK_EQ(item_count(&a), 1);
    CHECK(has(a.body, S("a@x.example")));
    rig_stop(rig);
}

TEST("everybody of a segment is erased once their number is said, and it is told how far that is")
{
    struct rig *rig = rig_new(arena, "erasemany", (struct server_options){0});
    struct answer_text a;
    for (u32 i = 0; i < 8; i++)
        CHECK_EQ(send_in(rig, "/v1/identify",
                         arena_printf(arena, "{\"userId\":\"u%u\",\"traits\":{\"age\":%u}}", i,
                                      i < 5 ? 50 : 20)
                             .p)
                     .status,
                 200);
    CHECK_EQ(ask(rig, "POST", "/api/v1/segments",
                 "{\"id\":\"old\",\"if\":{\"attribute\":\"age\",\"op\":\">\",\"value\":40}}")
                 .status,
             201);
    CHECK_EQ(ask(rig, "POST", "/api/v1/segments/none/erase", "{\"customers\":1}").status, 404);
    for (u32 i = 0; i < 200; i++) { /* until it has been counted */
        a = ask(rig, "POST", "/api/v1/segments/old/erase", "{\"customers\":4}");
        CHECK_EQ(a.status, 409);
        if (has(a.body, S("5 customers now"))) break;
        usleep(20000);
    }
    CHECK(has(a.body, S("5 customers now")));
    CHECK_EQ(ask(rig, "POST", "/api/v1/segments/old/erase", "{}").status, 422);
    a = ask(rig, "POST", "/api/v1/segments/old/erase", "{\"customers\":5}");
    CHECK_EQ(a.status, 202);
    CHECK_STR(json_get(a.json, "customers")->text, S("5"));
    str id = json_get_str(a.json, "id", S(""));
    for (u32 i = 0; i < 200; i++) {
        a = ask(rig, "GET", arena_printf(arena, "/api/v1/erasures/%.*s", STR_ARG(id)).p, "");
        CHECK_EQ(a.status, 200);
        if (has(a.body, S("\"status\":\"done\""))) break;
        usleep(20000);
    }
    CHECK_STR(json_get(a.json, "erased")->text, S("5"));
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/user_id:u1", "").status, 404);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/user_id:u6", "").status, 200);
    CHECK_EQ(ask(rig, "GET", "/api/v1/erasures/7777777", "").status, 404);
    rig_stop(rig);
}
