/* estimate_test.c — what a question will take, told before it runs and while it does. */
#include "server/crew.h"
#include "server/inside.h"
#include "server/rig_test.h"

enum { PEOPLE = 3 };

static void fill(struct rig *rig)
{
    for (u32 i = 0; i < PEOPLE; i++) {
        send_in(rig, "/v1/identify",
                arena_printf(rig->arena, "{\"userId\":\"u%u\",\"traits\":{\"n\":%u}}", i, i).p);
        send_in(rig, "/v1/track",
                arena_printf(rig->arena, "{\"userId\":\"u%u\",\"event\":\"Seen\"}", i).p);
    }
}

static i64 told(const struct answer_text *a, const char *member)
{
    i64 n = -1;
    const struct json *e = json_get(a->json, "estimate");
    CHECK(e && json_to_i64(json_get(e, member), &n) == ERR_OK);
    return n;
}

TEST("an estimate says what would be read and about how long, and nothing runs")
{
    struct rig *rig = rig_new(arena, "estimate", (struct server_options){0});
    fill(rig);
    struct answer_text a =
        ask(rig, "POST", "/api/v1/analyses/trend", "{\"event\":\"Seen\",\"interval\":\"day\"}");
    CHECK(a.status == 200 && json_get(a.json, "rows") && !json_get(a.json, "estimate"));
    a = ask(rig, "POST", "/api/v1/analyses/trend",
            "{\"event\":\"Seen\",\"interval\":\"day\",\"estimate\":true}");
    CHECK_EQ(a.status, 200);
    CHECK_EQ(a.json->count, 1); /* the estimate and nothing else */
    i64 events = told(&a, "events");
    CHECK(events >= PEOPLE);
    CHECK(told(&a, "indexed") == 0 && told(&a, "customers") == PEOPLE && told(&a, "ms") >= 1);
    a = ask(rig, "POST", "/api/v1/analyses/trend",
            "{\"event\":\"Seen\",\"interval\":\"day\",\"by\":\"source\",\"estimate\":true}");
    CHECK_EQ(told(&a, "events"), 2 * events); /* once more, for the groups there are */
    a = ask(rig, "POST", "/api/v1/segments/preview",
            "{\"predicate\":{\"did\":\"Seen\"},\"estimate\":true}");
    CHECK(a.status == 200 && a.json->count == 1);
    CHECK_EQ(told(&a, "events"), events);
    a = ask(rig, "POST", "/api/v1/segments/preview",
            "{\"predicate\":{\"attribute\":\"n\",\"op\":\"=\",\"value\":1},\"estimate\":true}");
    CHECK(told(&a, "events") == 0 && told(&a, "customers") == PEOPLE && told(&a, "ms") >= 1);
    a = ask(rig, "POST", "/api/v1/segments/preview",
            "{\"predicate\":{\"did\":\"Seen\"},\"estimate\":false}");
    CHECK(json_get(a.json, "count") && !json_get(a.json, "estimate"));
    rig_stop(rig);
}

TEST("an estimate of what would be refused is refused, and there is none where an answer is needed")
{
    struct rig *rig = rig_new(arena, "refuse", (struct server_options){0});
    static const char *const BAD[][3] = {
        {"analyses/trend", "{\"estimate\":\"yes\"}", "\"path\":\"/estimate\""},
        {"analyses/trend", "{\"interval\":\"eon\",\"estimate\":true}", "\"path\":\"/interval\""},
        {"analyses/trend", "{\"drill\":{},\"save_as\":{\"id\":\"x\"},\"estimate\":true}",
         "\"path\":\"/save_as\""},
        {"analyses/trend/export", "{\"estimate\":true}", "\"path\":\"/estimate\""},
        {"segments/preview", "{\"predicate\":{\"did\":\"X\"},\"estimate\":1}",
         "\"path\":\"/estimate\""},
        {"segments/preview", "{\"predicate\":{\"dod\":\"X\"},\"estimate\":true}", "/predicate"},
        {"saved-analyses",
         "{\"name\":\"x\",\"analysis\":\"trend\",\"request\":{\"estimate\":true}}",
         "\"path\":\"/request/estimate\""},
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        str path = arena_printf(arena, "/api/v1/%s", BAD[i][0]);
        struct answer_text a = ask(rig, "POST", path.p, BAD[i][1]);
        CHECK_EQ(a.status, 422);
        CHECK(has(a.body, str_of(BAD[i][2])));
    }
    CHECK_EQ(ask(rig, "POST", "/api/v1/analyses/none", "{\"estimate\":true}").status, 404);
    CHECK_EQ(ask(rig, "POST", "/api/v1/saved-analyses",
                 "{\"id\":\"s\",\"name\":\"x\",\"analysis\":\"trend\",\"request\":{}}")
                 .status,
             201);
    struct answer_text a = ask(rig, "POST", "/api/v1/saved-analyses/s/run", "{\"estimate\":true}");
    CHECK(a.status == 200 && told(&a, "ms") >= 1); /* of what is kept, when it is asked */
    rig_stop(rig);
}

static void hold(void *ctx)
{
    uv_sem_wait(ctx);
}

/* Its list of those under way once it has `n`. */
static struct answer_text until_running(struct rig *rig, u32 n)
{
    struct answer_text a = {0};
    for (u32 i = 0; i < 2000; i++, usleep(5000)) {
        a = ask(rig, "GET", "/api/v1/analyses", "");
        if (item_count(&a) == n) break;
    }
    CHECK_EQ(item_count(&a), n);
    return a;
}

/* A question that cannot begin, since all threads are held; then she who asked goes. */
static void check_running(struct rig *rig, const char *path, const char *name, str body)
{
    struct crew *crew = rig->server->crew;
    uv_sem_t go;
    CHECK_EQ(uv_sem_init(&go, 0), 0);
    for (u32 i = 0; i < crew_size(crew); i++) CHECK(crew_post(crew, hold, &go, false));
    int fd = dial(rig);
    str text = arena_printf(rig->arena,
                            "POST /api/v1/%s?run=mine HTTP/1.1\r\nHost: localhost\r\n"
                            "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n%.*s",
                            path, rig->key, body.n, STR_ARG(body));
    CHECK_EQ(send(fd, text.p, text.n, MSG_NOSIGNAL), text.n);
    struct answer_text a = until_running(rig, 1);
    const struct json *one = json_get(a.json, "items")->child;
    CHECK_STR(json_get_str(one, "run", (str){0}), S("mine"));
    CHECK_STR(json_get_str(one, "analysis", (str){0}), str_of(name));
    const struct json *e = json_get(one, "estimate");
    i64 events = 0, ms = 0, percent = -1;
    CHECK_OK(json_to_i64(json_get(one, "percent"), &percent));
    CHECK_OK(json_to_i64(json_get(e, "events"), &events));
    CHECK_OK(json_to_i64(json_get(e, "ms"), &ms));
    CHECK(events >= PEOPLE && ms >= 1 && percent == 0);
    /* all threads are held, and still everybody is told what hers would take */
    a = ask(rig, "POST", "/api/v1/analyses/trend", "{\"event\":\"Seen\",\"estimate\":true}");
    CHECK_EQ(told(&a, "events"), events);
    shutdown(fd, SHUT_WR); /* as a close looks from there; here it can be seen what became of it */
    until_running(rig, 1); /* who is answered now was met after that */
    until_running(rig, 1);
    for (u32 i = 0; i < crew_size(crew); i++) uv_sem_post(&go);
    str became = receive(fd, rig->arena);
    CHECK(str_starts(became, S("HTTP/1.1 429 ")));
    close(fd);
    until_running(rig, 0);
    str long_name = arena_printf(rig->arena, "/api/v1/%s?run=%065d", path, 1);
    CHECK_EQ(ask(rig, "POST", long_name.p, body.p).status, 400);
    uv_sem_destroy(&go);
}

TEST("what is under way tells its estimate by the asker's own name, and ends when she is gone")
{
    struct rig *rig = rig_new(arena, "running", (struct server_options){0});
    fill(rig);
    check_running(rig, "analyses/trend", "trend", S("{\"event\":\"Seen\"}"));
    check_running(rig, "segments/preview", "preview", S("{\"predicate\":{\"did\":\"Seen\"}}"));
    rig_stop(rig);
}

TEST("a kind of work takes on the speed of its runs, one far off changes little")
{
    struct speeds s = {0};
    enum { WORK = 20000000, MS = 1000000 };
    i64 first = speeds_ms(&s, 3, WORK);
    CHECK(first > 5 && first < 200);
    CHECK_EQ(speeds_ms(&s, 3, 0), 1);
    CHECK_EQ(speeds_ms(&s, 3, 1), 1);
    speeds_learn(&s, 3, 1000, 3600000LL * MS); /* too little to tell */
    CHECK_EQ(speeds_ms(&s, 3, WORK), first);
    for (u32 i = 0; i < 40; i++) speeds_learn(&s, 3, WORK, 400LL * MS);
    CHECK(speeds_ms(&s, 3, WORK) > 390 && speeds_ms(&s, 3, WORK) <= 400);
    CHECK(speeds_ms(&s, 3, 2 * WORK) > 780);
    speeds_learn(&s, 3, WORK, 40LL * MS); /* a quarter of the way */
    CHECK(speeds_ms(&s, 3, WORK) > 300 && speeds_ms(&s, 3, WORK) < 320);
    speeds_learn(&s, 3, WORK, INT64_MAX);
    CHECK(speeds_ms(&s, 3, WORK) < 64 * first);
    CHECK_EQ(speeds_ms(&s, 4, WORK), first); /* others learn nothing of it */
    CHECK(speeds_ms(&s, SPEED_COUNT, UINT64_MAX) > 0);
}
