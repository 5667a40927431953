/* tasks_test.c — tasks over the API: given by hand, listed, done. */
#include "server/rig_test.h"

TEST("a task is given by hand, listed, done once, and told in her life")
{
    struct rig *rig = rig_new(arena, "tasks", (struct server_options){0});
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers",
                 "{\"identifiers\":[{\"namespace\":\"user_id\",\"value\":\"u1\"}]}")
                 .status,
             201);
    struct answer_text a =
        ask(rig, "POST", "/api/v1/tasks",
            "{\"customer\":\"user_id:u1\",\"kind\":\"call\",\"owner\":\"li\",\"due\":\"2d\","
            "\"note\":\"asked for a quote\",\"outcomes\":[\"reached\",\"no answer\"]}");
    CHECK_EQ(a.status, 201);
    CHECK_STR(json_get_str(a.json, "status", S("")), S("open"));
    CHECK_STR(json_get_str(a.json, "note", S("")), S("asked for a quote"));
    CHECK(!json_get(a.json, "journey"));
    CHECK(json_get_str(a.json, "due_at", S("")).n > 0);
    str id = arena_str(arena, json_get_str(a.json, "id", S("")));
    const char *one = arena_printf(arena, "/api/v1/tasks/%.*s", STR_ARG(id)).p;
    const char *end = arena_printf(arena, "%s/outcome", one).p;
    CHECK_EQ(ask(rig, "GET", one, "").status, 200);
    a = ask(rig, "GET", "/api/v1/tasks?owner=li", "");
    CHECK_EQ(item_count(&a), 1);
    CHECK_EQ(ask(rig, "POST", end, "{\"outcome\":\"perhaps\"}").status, 422);
    a = ask(rig, "POST", end, "{\"outcome\":\"reached\",\"note\":\"wants blue\"}");
    CHECK_EQ(a.status, 200);
    CHECK_STR(json_get_str(a.json, "outcome", S("")), S("reached"));
    CHECK_EQ(ask(rig, "POST", end, "{\"outcome\":\"reached\"}").status, 409);
    a = ask(rig, "GET", "/api/v1/tasks", "");
    CHECK_EQ(item_count(&a), 0);
    a = ask(rig, "GET", "/api/v1/tasks?status=done", "");
    CHECK_EQ(item_count(&a), 1);
    a = ask(rig, "GET", "/api/v1/customers/user_id:u1/timeline", "");
    CHECK(has(a.body, S("Task Opened")));
    CHECK(has(a.body, S("wants blue")));
    rig_stop(rig);
}

TEST("a task given by hand says what is wrong with it, and where")
{
    static const struct {
        const char *body, *path;
    } BAD[] = {
        {"{\"kind\":\"call\"}", "/customer"},
        {"{\"customer\":\"user_id:nobody\",\"kind\":\"call\"}", "/customer"},
        {"{\"customer\":\"user_id:u1\"}", "/kind"},
        {"{\"customer\":\"user_id:u1\",\"kind\":7}", "/kind"},
        {"{\"customer\":\"user_id:u1\",\"kind\":\"call\",\"due\":\"soon\"}", "/due"},
        {"{\"customer\":\"user_id:u1\",\"kind\":\"call\",\"due\":\"2001-01-01\"}", "/due"},
        {"{\"customer\":\"user_id:u1\",\"kind\":\"call\",\"outcomes\":[\"\"]}", "/outcomes"},
        {"{\"customer\":\"user_id:u1\",\"kind\":\"call\",\"outcomes\":\"yes\"}", "/outcomes"},
    };
    struct rig *rig = rig_new(arena, "bad tasks", (struct server_options){0});
    ask(rig, "POST", "/api/v1/customers",
        "{\"identifiers\":[{\"namespace\":\"user_id\",\"value\":\"u1\"}]}");
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        struct answer_text a = ask(rig, "POST", "/api/v1/tasks", BAD[i].body);
        CHECK_EQ(a.status, 422);
        CHECK(has(a.body, str_of(BAD[i].path)));
    }
    struct answer_text a = ask(rig, "GET", "/api/v1/tasks", "");
    CHECK_EQ(item_count(&a), 0);
    rig_stop(rig);
}
