/* server_test.c — the whole server over its socket. */
#include "server/call.h"
#include "server/embed.h"
#include "server/rig_test.h"

/* ---- the tests ---- */

TEST("what was answered 200 is there at once, and after a stop and a start")
{
    struct rig *rig = rig_new(arena, "whole", (struct server_options){0});
    struct answer_text a =
        send_in(rig, "/v1/track",
                "{\"userId\":\"u1\",\"event\":\"Product Viewed\",\"properties\":{\"名\":\"鞋\"}}");
    CHECK_EQ(a.status, 200);
    CHECK_STR(a.body, S("{\"success\":true}"));
    for (int round = 0; round < 3; round++) {
        a = ask(rig, "GET", "/api/v1/customers/user_id:u1/timeline", "");
        CHECK_EQ(a.status, 200);
        CHECK_EQ(item_count(&a), 1);
        CHECK(has(a.body, S("\"properties\":{\"名\":\"鞋\"}")));
        if (round == 2) break;
        rig_stop(rig);
        rig_start(rig);
    }
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers/user_id:u2", "").status, 404);
    rig_stop(rig);
}

TEST("an ingest request is refused as the wire demands")
{
    struct rig *rig = rig_new(arena, "refusals", (struct server_options){0});
    CHECK_EQ(send_in(rig, "/v1/track", "{bad").status, 400);
    CHECK_EQ(ask_with(rig, "POST", "/v1/track", "", S("{\"userId\":\"u\",\"event\":\"e\"}")).status,
             401);
    CHECK_EQ(ask_with(rig, "GET", "/v1/track", "", (str){0}).status, 400);
    str by_body = arena_printf(arena, "{\"writeKey\":\"%s\",\"userId\":\"u\",\"event\":\"e\"}",
                               rig->write_key);
    struct answer_text a =
        ask_with(rig, "POST", "/v1/t",
                 "Origin: https://shop.example\r\nContent-Type: text/plain\r\n", by_body);
    CHECK_EQ(a.status, 200);
    CHECK(has(a.head, S("Access-Control-Allow-Origin: https://shop.example\r\n")));
    a = ask_with(rig, "OPTIONS", "/v1/t", "Origin: https://shop.example\r\n", (str){0});
    CHECK_EQ(a.status, 204);
    CHECK(has(a.head, S("authorization,content-type")) && has(a.head, S("Max-Age: 86400")));
    a = send_in(rig, "/v1/batch",
                "{\"batch\":[{\"type\":\"track\",\"userId\":\"u\"},{\"type\":\"track\","
                "\"event\":\"e\",\"userId\":\"u\"}]}");
    CHECK_EQ(a.status, 200);
    a = ask(rig, "GET", "/api/v1/events/rejected", "");
    CHECK_EQ(item_count(&a), 1);
    char *big = arena_alloc(arena, 5 << 20);
    memset(big, ' ', 5 << 20);
    CHECK_EQ(ask_with(rig, "POST", "/v1/batch", "", (str){big, 5 << 20}).status, 413);
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/sources/shop", "").status, 204);
    CHECK_EQ(send_in(rig, "/v1/track", "{\"userId\":\"u\",\"event\":\"e\"}").status, 401);
    rig_stop(rig);
}

TEST("overload is answered 429 with the time to come again")
{
    struct rig *rig = rig_new(arena, "busy", (struct server_options){.inflight_bytes_max = 600});
    str long_text = arena_printf(
        arena, "{\"userId\":\"u\",\"event\":\"e\",\"properties\":{\"x\":\"%0*d\"}}", 2000, 7);
    struct answer_text a = send_in(rig, "/v1/track", long_text.p);
    CHECK_EQ(a.status, 429);
    CHECK(has(a.head, S("Retry-After: 1\r\n")));
    CHECK_EQ(send_in(rig, "/v1/track", "{\"userId\":\"u\",\"event\":\"e\"}").status, 200);
    rig_stop(rig);
}

static const char *const NAMES[METHOD_COUNT] = {"GET",   "HEAD",   "POST",   "PUT",
                                                "PATCH", "DELETE", "OPTIONS"};

/* The route's path with something in the place of its parameters. */
static str filled(const char *path, struct arena *a)
{
    struct buf b;
    buf_init(&b, 1000);
    for (; *path; path++) {
        if (*path != '{') {
            buf_byte(&b, (u8)*path);
            continue;
        }
        buf_byte(&b, 'x');
        while (*path != '}') path++;
    }
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

/* Where people prove who they are, or find out that they have to. */
static bool is_open_api(const struct route *r)
{
    static const char *const OPEN[] = {"/api/v1/setup", "/api/v1/invitation",
                                       "/api/v1/invitation/accept"};
    for (size_t i = 0; i < COUNT_OF(OPEN); i++)
        if (strcmp(r->path, OPEN[i]) == 0) return true;
    return strcmp(r->path, "/api/v1/session") == 0 && r->verb == METHOD_POST;
}

TEST("every route that needs a key refuses those without one, and keys without its scope")
{
    struct rig *rig = rig_new(arena, "matrix", (struct server_options){0});
    str weak = arena_printf(arena, "Authorization: Bearer %s\r\n", rig->reader);
    str source = arena_printf(arena, "Authorization: Bearer %s\r\n", rig->write_key);
    u32 checked = 0;
    for (u32 t = 0; t < routes_count(); t++)
        for (const struct route *r = ROUTES[t]; r->path; r++) {
            str path = filled(r->path, arena);
            bool is_api = str_starts(path, S("/api/"));
            bool is_open = r->access == OPEN_TO_ALL || r->access == OPEN_TO_FORMS;
            CHECK_EQ(is_api && !is_open_api(r), !is_open);
            if (is_open) continue;
            CHECK_EQ(ask_with(rig, NAMES[r->verb], path.p, "", (str){0}).status, 401);
            CHECK_EQ(ask_with(rig, NAMES[r->verb], path.p, "Authorization: Bearer x\r\n", (str){0})
                         .status,
                     401);
            CHECK_EQ(ask_with(rig, NAMES[r->verb], path.p, source.p, (str){0}).status, 401);
            int known = ask_with(rig, NAMES[r->verb], path.p, weak.p, (str){0}).status;
            CHECK_EQ(known, r->access == NEEDS_CALLER ? 200 : 403);
            checked++;
        }
    CHECK(checked > 30);
    rig_stop(rig);
}

static const struct json *openapi_paths(struct arena *a)
{
    const struct json *j;
    CHECK_OK(json_parse(embed_bytes(S("/openapi.json")), a, &j, NULL));
    return json_get(j, "paths");
}

static bool is_served(str path, str verb)
{
    for (u32 t = 0; t < routes_count(); t++)
        for (const struct route *r = ROUTES[t]; r->path; r++)
            if (str_eq(path, str_of(r->path)) && str_eq_nocase(verb, str_of(NAMES[r->verb])))
                return true;
    return false;
}

TEST("the description of the API names every route, and no other")
{
    const struct json *paths = openapi_paths(arena);
    CHECK(json_is(paths, JSON_OBJECT));
    for (const struct json *p = paths->child; p; p = p->next)
        for (const struct json *v = p->child; v; v = v->next) {
            bool sdk = str_starts(p->key, S("/v1/{call}")) || str_starts(p->key, S("/v1/pixel")) ||
                       str_starts(p->key, S("/pixel")) || str_starts(p->key, S("/beacon")) ||
                       str_starts(p->key, S("/rsaMetrics"));
            if (!sdk && !is_served(p->key, v->key)) {
                print_error("described, not served: %.*s %.*s\n", STR_ARG(v->key), STR_ARG(p->key));
                CHECK(false);
            }
        }
    for (u32 t = 0; t < routes_count(); t++)
        for (const struct route *r = ROUTES[t]; r->path; r++) {
            const struct json *p = json_get(paths, r->path), *v = NULL;
            bool page = str_find(str_of(r->path), S(".")) >= 0 || strcmp(r->path, "/") == 0;
            bool twin = str_starts(str_of(r->path), S("/sourceConfig"));
            if ((page || twin) && !p) continue;
            if (r->verb == METHOD_OPTIONS) continue;
            for (const struct json *m = p ? p->child : NULL; m; m = m->next)
                if (str_eq_nocase(m->key, str_of(NAMES[r->verb]))) v = m;
            if (!v) {
                print_error("served, not described: %s %s\n", NAMES[r->verb], r->path);
                CHECK(false);
            }
        }
}

static bool directory_holds(const char *dir, str needle, struct arena *a)
{
    DIR *d = opendir(dir);
    bool found = false;
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' && strcmp(e->d_name, "lock") != 0)
            found |= has(test_file(a, arena_printf(a, "%s/%s", dir, e->d_name).p), needle);
    closedir(d);
    return found;
}

TEST("a channel's secret goes in and never comes out again")
{
    struct rig *rig = rig_new(arena, "secrets", (struct server_options){0});
    struct answer_text a =
        ask(rig, "POST", "/api/v1/channels",
            "{\"id\":\"mail\",\"channel\":\"email\",\"provider\":\"smtp\",\"settings\":{\"host\":"
            "\"127.0.0.1\","
            "\"port\":2525,\"security\":\"none\",\"username\":\"me\",\"password\":\"tr0ub4dor\","
            "\"from\":\"a@b.example\"}}");
    CHECK_EQ(a.status, 201);
    CHECK(!has(a.body, S("tr0ub4dor")) && has(a.body, S("\"username\":\"me\"")));
    a = ask(rig, "GET", "/api/v1/channels", "");
    CHECK(!has(a.body, S("tr0ub4dor")) && item_count(&a) == 1);
    a = ask(rig, "POST", "/api/v1/channels",
            "{\"id\":\"x\",\"channel\":\"email\",\"provider\":\"pigeon\",\"settings\":{}}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("/provider")));
    rig_stop(rig);
    CHECK(!directory_holds(rig->dir, S("tr0ub4dor"), arena));
    CHECK(directory_holds(rig->dir, S("127.0.0.1"), arena));
    rig_start(rig);
    CHECK(has(ask(rig, "GET", "/api/v1/channels/mail", "").body, S("\"connected\":true")));
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/channels/mail", "").status, 204);
    CHECK_EQ(ask(rig, "GET", "/api/v1/channels/mail", "").status, 404);
    rig_stop(rig);
}

/* Asks until the answer holds the text, for at most five seconds. */
static bool becomes(struct rig *rig, const char *path, str text)
{
    for (int i = 0; i < 100; i++) {
        if (has(ask(rig, "GET", path, "").body, text)) return true;
        usleep(50000);
    }
    return false;
}

TEST("a journey that is published sends to the test outbox")
{
    struct rig *rig = rig_new(arena, "journey", (struct server_options){0});
    ask(rig, "PUT", "/api/v1/policies", "{\"caps\":[],\"quiet\":[]}"); /* whatever the hour */
    CHECK_EQ(ask(rig, "POST", "/api/v1/channels",
                 "{\"id\":\"email\",\"channel\":\"email\",\"provider\":\"outbox\",\"settings\":{}}")
                 .status,
             201);
    CHECK_EQ(ask(rig, "POST", "/api/v1/templates",
                 "{\"id\":\"hi\",\"channel\":\"email\",\"from\":\"a@b.example\",\"subject\":\"Hi\","
                 "\"html\":\"<p>Hi</p>\"}")
                 .status,
             201);
    static const char DRAFT[] =
        "{\"id\":\"welcome\",\"trigger\":{\"event\":\"Signed Up\"},\"steps\":["
        "{\"id\":\"m1\",\"send\":{\"channel\":\"email\",\"template\":\"hi\"}}]}";
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys", DRAFT).status, 201);
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys", DRAFT).status, 409);
    CHECK(has(ask(rig, "GET", "/api/v1/journeys/welcome", "").body, S("\"status\":\"draft\"")));
    CHECK_EQ(
        ask(rig, "POST", "/api/v1/journeys", "{\"id\":\"bad\",\"steps\":[{\"what\":1}]}").status,
        422);
    CHECK(has(ask(rig, "POST", "/api/v1/journeys/welcome/publish", "").body,
              S("\"status\":\"live\"")));
    CHECK_EQ(send_in(rig, "/v1/batch",
                     "{\"batch\":[{\"type\":\"identify\",\"userId\":\"u1\",\"traits\":{\"email\":"
                     "\"a@x.example\","
                     "\"consent\":{\"email\":true}}},{\"type\":\"track\",\"event\":\"Signed "
                     "Up\",\"userId\":\"u1\"}]}")
                 .status,
             200);
    CHECK(becomes(rig, "/api/v1/messages?customer=user_id:u1", S("\"status\":\"sent\"")));
    CHECK(becomes(rig, "/api/v1/journeys/welcome/report", S("\"messages\":{\"sent\":1}")));
    CHECK(has(ask(rig, "POST", "/api/v1/journeys/welcome/pause", "").body,
              S("\"status\":\"paused\"")));
    CHECK(has(ask(rig, "POST", "/api/v1/journeys/welcome/resume", "").body,
              S("\"status\":\"live\"")));
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/journeys/welcome", "").status, 204);
    rig_stop(rig);
}

TEST("a program asks for a customer to enter, and a new version says what becomes of her")
{
    static const char ENTER[] = "/api/v1/journeys/hello/enter";
    static const char PUBLISH[] = "/api/v1/journeys/hello/publish";
    struct rig *rig = rig_new(arena, "enter", (struct server_options){0});
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys",
                 "{\"id\":\"hello\",\"trigger\":{\"api\":\"signup\"},\"goal\":{\"did\":"
                 "\"Bought\",\"target\":0.5},\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"1d\"}}]}")
                 .status,
             201);
    static const char ADA[] = "{\"identifiers\":{\"user_id\":\"ada\"},\"message_id\":\"1\"}";
    CHECK_EQ(ask(rig, "POST", ENTER, ADA).status, 404);
    CHECK_EQ(ask(rig, "POST", PUBLISH, "").status, 200);
    CHECK(has(ask(rig, "POST", ENTER, ADA).body, S("\"result\":\"entered\"")));
    CHECK(has(ask(rig, "POST", ENTER, ADA).body, S("\"result\":\"none\"")));
    CHECK(has(ask(rig, "POST", ENTER, "{\"customer\":\"user_id:ada\"}").body,
              S("\"result\":\"refused\",\"reason\":\"running\"")));
    CHECK_EQ(ask(rig, "POST", ENTER, "{\"customer\":\"user_id:eve\"}").status, 404);
    CHECK_EQ(ask(rig, "POST", ENTER, "{}").status, 422);
    CHECK_EQ(ask(rig, "POST", ENTER, "{\"identifiers\":{\"shoe\":\"9\"}}").status, 422);
    CHECK_EQ(ask(rig, "POST", PUBLISH, "{\"running\":\"move\"}").status, 422);
    CHECK_EQ(ask(rig, "POST", PUBLISH, "{\"running\":\"restart\"}").status, 200);
    CHECK(becomes(rig, "/api/v1/journeys/hello/report", S("\"ended_by\":{\"restarted\":1}")));
    CHECK(has(ask(rig, "GET", "/api/v1/journeys/hello/report", "").body,
              S("\"goal\":{\"reached\":0,\"rate\":0,\"target\":0.5}")));
    rig_stop(rig);
}

TEST("a segment is counted before it exists and complete when it does")
{
    struct rig *rig = rig_new(arena, "segment", (struct server_options){0});
    for (int i = 0; i < 5; i++) {
        str body = arena_printf(arena, "{\"userId\":\"u%d\",\"event\":\"%s\"}", i,
                                i < 3 ? "Viewed" : "Left");
        CHECK_EQ(send_in(rig, "/v1/track", body.p).status, 200);
    }
    struct answer_text a =
        ask(rig, "POST", "/api/v1/segments/preview", "{\"predicate\":{\"did\":\"Viewed\"}}");
    CHECK(has(a.body, S("\"count\":3,")));
    a = ask(rig, "POST", "/api/v1/segments/preview", "{\"predicate\":{\"dod\":\"Viewed\"}}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/predicate")));
    a = ask(rig, "POST", "/api/v1/segments", "{\"id\":\"v\",\"predicate\":{\"did\":\"Viewed\"}}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/predicate\"")));
    a = ask(rig, "POST", "/api/v1/segments", "{\"id\":\"v\",\"if\":{\"did\":\"Viewed\"}}");
    CHECK_EQ(a.status, 201);
    CHECK(has(a.body, S("\"members\":3,\"complete\":true")));
    a = ask(rig, "GET", "/api/v1/segments/v/members?limit=2", "");
    CHECK_EQ(item_count(&a), 2);
    str next = arena_printf(arena, "/api/v1/segments/v/members?limit=2&cursor=%.*s",
                            STR_ARG(member(&a, "next")));
    a = ask(rig, "GET", next.p, "");
    CHECK_EQ(item_count(&a), 1);
    CHECK_EQ(member(&a, "next").n, 0);
    a = ask(rig, "POST", "/api/v1/segments", "{\"id\":\"w\",\"if\":{\"dod\":\"Viewed\"}}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/if")));
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/segments/v", "").status, 204);
    CHECK_EQ(ask(rig, "GET", "/api/v1/segments/v", "").status, 404);
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/segments/v", "").status, 404);
    rig_stop(rig);
}

TEST("a segment that another asks for is not taken away, and the answer names that one")
{
    struct rig *rig = rig_new(arena, "used", (struct server_options){0});
    struct answer_text a =
        ask(rig, "POST", "/api/v1/segments",
            "{\"id\":\"base\",\"if\":{\"attribute\":\"city\",\"op\":\"exists\"}}");
    CHECK_EQ(a.status, 201);
    a = ask(rig, "POST", "/api/v1/segments",
            "{\"id\":\"others\",\"if\":{\"not\":{\"segment\":\"base\"}}}");
    CHECK_EQ(a.status, 201);
    a = ask(rig, "DELETE", "/api/v1/segments/base", "");
    CHECK_EQ(a.status, 409);
    CHECK(has(a.body, S("others")));
    CHECK_EQ(ask(rig, "GET", "/api/v1/segments/base", "").status, 200);
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/segments/others", "").status, 204);
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/segments/base", "").status, 204);
    rig_stop(rig);
}

TEST("the live stream begins with the counters")
{
    struct rig *rig = rig_new(arena, "live", (struct server_options){0});
    int fd = dial(rig);
    str head = arena_printf(
        arena, "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
        rig->key);
    CHECK_EQ(send(fd, head.p, head.n, MSG_NOSIGNAL), head.n);
    char part[4096];
    size_t n = 0;
    while (n < sizeof part && !has((str){part, n}, S("event: counters"))) {
        ssize_t got = recv(fd, part + n, sizeof part - n, 0);
        if (got <= 0) break;
        n += (size_t)got;
    }
    CHECK(has((str){part, n}, S("Content-Type: text/event-stream")));
    CHECK(has((str){part, n}, S("event: counters")));
    rig_stop(rig); /* with the stream open */
    close(fd);
}

TEST("where to listen is read in every usual form")
{
    static const struct {
        const char *text, *address;
        int port;
    } GOOD[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
                {":80", "0.0.0.0", 80},
                {"0", "127.0.0.1", 0},
                {"localhost:1", "127.0.0.1", 1},
                {"[::1]:9", "::1", 9}};
    static const char *const BAD[] = {"", ":", "a:b", "1.2.3.4:99999", "1.2.3.4:-1"};
    char address[64];
    int port;
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        CHECK_OK(listen_parse(str_of(GOOD[i].text), address, &port, NULL));
        CHECK_STR(str_of(address), str_of(GOOD[i].address));
        CHECK_EQ(port, GOOD[i].port);
    }
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        CHECK_EQ(listen_parse(str_of(BAD[i]), address, &port, NULL), ERR_INVALID);
}

TEST("addresses are decoded, and broken ones refused")
{
    str out;
    CHECK_OK(url_decode(S("user_id%3Aa%20b+c"), false, arena, &out));
    CHECK_STR(out, S("user_id:a b+c"));
    CHECK_OK(url_decode(S("a+b"), true, arena, &out));
    CHECK_STR(out, S("a b"));
    static const char *const BAD[] = {"%", "a%2", "%zz", "%00", "%ff", "%c3"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        CHECK_EQ(url_decode(str_of(BAD[i]), true, arena, &out), ERR_INVALID);
}

TEST("the user of a basic header is read, with and without its colon")
{
    char room[128];
    str user;
    CHECK(auth_basic_user(S("Basic YWJjOg=="), room, &user));
    CHECK_STR(user, S("abc"));
    CHECK(auth_basic_user(S("basic YWJj"), room, &user));
    CHECK_STR(user, S("abc"));
    CHECK(auth_basic_user(S("Basic YWJjOnBhc3M="), room, &user));
    CHECK_STR(user, S("abc"));
    CHECK(!auth_basic_user(S("Bearer YWJj"), room, &user));
    CHECK(!auth_basic_user(S("Basic \x80"), room, &user));
    char long_one[300] = "Basic ";
    memset(long_one + 6, 'Y', 290);
    CHECK(!auth_basic_user((str){long_one, 296}, room, &user));
}

/* ---- customers by hand, identity, schema ---- */

static bool gone(struct rig *rig, const char *path)
{
    return ask(rig, "GET", path, "").status == 404;
}

TEST("a customer is made and changed by hand, and what cannot be is refused with its place")
{
    struct rig *rig = rig_new(arena, "edit", (struct server_options){0});
    struct answer_text a =
        ask(rig, "POST", "/api/v1/customers",
            "{\"identifiers\":{\"user_id\":\"u1\",\"email\":\"Ada@X.test\"},\"attributes\":{"
            "\"city\":\"Shanghai\"},\"tags\":[\"vip\"],\"consent\":{\"email\":true}}");
    CHECK_EQ(a.status, 201);
    CHECK(has(a.body, S("ada@x.test")) && has(a.body, S("\"city\":\"Shanghai\"")));
    CHECK(has(a.body, S("\"vip\"")) && has(a.body, S("\"email\":true")));
    a = ask(rig, "POST", "/api/v1/customers", "{\"identifiers\":{\"user_id\":\"u1\"}}");
    CHECK_EQ(a.status, 200);
    a = ask(rig, "PATCH", "/api/v1/customers/user_id:u1",
            "{\"attributes\":{\"city\":null,\"plan\":\"gold\"},\"tags\":[\"-vip\",\"new\"],"
            "\"consent\":{\"email\":false},\"identifiers\":[{\"namespace\":\"member_no\","
            "\"value\":\"m1\"}]}");
    CHECK_EQ(a.status, 200);
    CHECK(!has(a.body, S("city")) && has(a.body, S("\"plan\":\"gold\"")));
    CHECK(has(a.body, S("\"tags\":[\"new\"]")) && has(a.body, S("\"email\":false")));
    CHECK(!gone(rig, "/api/v1/customers/member_no:m1"));
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers", "{\"identifiers\":{\"user_id\":\"u2\"}}").status,
             201);
    static const struct {
        const char *body, *path;
        int status;
    } BAD[] = {
        {"{\"name\":\"x\"}", "\"/name\"", 422},
        {"{\"attributes\":[]}", "\"/attributes\"", 422},
        {"{\"attributes\":{\"email\":\"x\"}}", "\"/attributes/email\"", 422},
        {"{\"tags\":[\"a\",\"-\"]}", "\"/tags/1\"", 422},
        {"{\"consent\":{\"fax\":true}}", "\"/consent/fax\"", 422},
        {"{\"consent\":{\"email\":1}}", "\"/consent/email\"", 422},
        {"{\"identifiers\":{\"badge\":\"1\"}}", "\"/identifiers/badge\"", 422},
        {"{\"identifiers\":[{\"namespace\":\"email\"}]}", "\"/identifiers/0\"", 422},
        {"{\"identifiers\":{\"user_id\":\"u2\"}}", "\"/identifiers/user_id\"", 409},
        {"{\"identifiers\":{\"user_id\":\"u3\"}}", "\"/identifiers/user_id\"", 409},
    };
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        a = ask(rig, "PATCH", "/api/v1/customers/user_id:u1", BAD[i].body);
        CHECK_EQ(a.status, BAD[i].status);
        CHECK(has(a.body, str_of(BAD[i].path)));
    }
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers", "{\"identifiers\":{}}").status, 422);
    a = ask(rig, "POST", "/api/v1/customers", "{\"identifiers\":{\"email\":\"no mail\"}}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("this is no email")));
    CHECK_EQ(ask(rig, "PATCH", "/api/v1/customers/user_id:u9", "{}").status, 404);
    rig_stop(rig);
}

TEST("two customers are merged, explained, parted, given out and forgotten")
{
    struct rig *rig = rig_new(arena, "identity", (struct server_options){0});
    for (int i = 1; i <= 2; i++) {
        str body = arena_printf(
            arena, "{\"identifiers\":{\"user_id\":\"u%d\"},\"attributes\":{\"n\":%d}}", i, i);
        CHECK_EQ(ask(rig, "POST", "/api/v1/customers", body.p).status, 201);
    }
    struct answer_text a = ask(rig, "POST", "/api/v1/customers/merge",
                               "{\"customers\":[\"user_id:u1\",\"user_id:u2\"]}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"n\":2")));
    CHECK_EQ(json_get(a.json, "personas")->count, 2);
    a = ask(rig, "GET", "/api/v1/customers/user_id:u2/links", "");
    CHECK_EQ(item_count(&a), 1);
    CHECK(has(a.body, S("by hand")) && has(a.body, S("\"cut\":false")));
    str far = json_get_str(json_get(a.json, "items")->child, "persona", S(""));
    CHECK_EQ(far.n, 32);
    str body = arena_printf(arena, "{\"persona\":\"%.*s\"}", STR_ARG(far));
    a = ask(rig, "POST", "/api/v1/customers/user_id:u1/unmerge", body.p);
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"n\":1")) && has(a.body, S("\"n\":2")));
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers/user_id:u1/unmerge", "").status, 409);
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers/user_id:u1/unmerge", body.p).status, 422);
    a = ask(rig, "GET", "/api/v1/customers/user_id:u1/export", "");
    CHECK_EQ(a.status, 200);
    CHECK(json_get(a.json, "events")->count > 2);
    CHECK(has(a.body, S("Customers Unmerged")) && has(a.body, S("\"cut\":true")));
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers/merge", "{\"customers\":[\"user_id:u1\"]}").status,
             422);
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers/merge",
                 "{\"customers\":[\"user_id:u1\",\"user_id:u9\"]}")
                 .status,
             404);
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers/user_id:u1/erase", "").status, 200);
    CHECK(gone(rig, "/api/v1/customers/user_id:u1"));
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/customers/user_id:u2", "").status, 204);
    CHECK(gone(rig, "/api/v1/customers/user_id:u2"));
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/customers/user_id:u2", "").status, 404);
    a = ask(rig, "GET", "/api/v1/erasures", "");
    for (int i = 0; i < 250 && item_count(&a); i++) { /* the disk follows by itself */
        usleep(20000);
        a = ask(rig, "GET", "/api/v1/erasures", "");
    }
    CHECK_EQ(item_count(&a), 0);
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers", "{\"identifiers\":{\"user_id\":\"u1\"}}").status,
             201);
    rig_stop(rig);
}

TEST("the schema that grew is shown, and changed whole or not at all")
{
    struct rig *rig = rig_new(arena, "schema", (struct server_options){0});
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers",
                 "{\"identifiers\":{\"user_id\":\"u1\"},\"attributes\":{\"age\":\"50\"}}")
                 .status,
             201);
    struct answer_text a = ask(rig, "GET", "/api/v1/schema/attributes", "");
    CHECK(has(a.body, S("{\"name\":\"age\",\"type\":\"text\",\"confirmed\":false")));
    a = ask(rig, "PATCH", "/api/v1/schema/attributes",
            "{\"items\":[{\"name\":\"age\",\"type\":\"int\",\"personal\":true}]}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"name\":\"age\",\"type\":\"int\",\"confirmed\":true,\"personal\":true")));
    CHECK(has(ask(rig, "GET", "/api/v1/customers/user_id:u1", "").body, S("\"age\":50")));
    a = ask(rig, "PATCH", "/api/v1/schema/identifiers",
            "{\"items\":[{\"namespace\":\"member_no\",\"strength\":\"weak\"},{\"namespace\":"
            "\"badge\",\"unique\":true}]}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"/items/1/namespace\"")));
    a = ask(rig, "GET", "/api/v1/schema/identifiers", "");
    CHECK(has(a.body, S("{\"namespace\":\"member_no\",\"strength\":\"strong\"")));
    a = ask(rig, "PATCH", "/api/v1/schema/identifiers",
            "{\"items\":[{\"namespace\":\"member_no\",\"strength\":\"weak\",\"unique\":false,"
            "\"limit\":3,\"priority\":70}]}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("{\"namespace\":\"member_no\",\"strength\":\"weak\",\"unique\":false,"
                        "\"limit\":3,\"priority\":70}")));
    static const char *const BAD[] = {
        "{}",
        "{\"items\":[]}",
        "{\"items\":[7]}",
        "{\"items\":[{\"namespace\":\"email\",\"strength\":\"odd\"}]}",
        "{\"items\":[{\"namespace\":\"email\",\"limit\":-1}]}",
        "{\"items\":[{\"namespace\":\"email\",\"colour\":1}]}"};
    for (u32 i = 0; i < COUNT_OF(BAD); i++)
        CHECK_EQ(ask(rig, "PATCH", "/api/v1/schema/identifiers", BAD[i]).status, 422);
    a = ask(rig, "GET", "/api/v1/schema/events?limit=3", "");
    CHECK_EQ(item_count(&a), 3);
    CHECK(has(a.body, S("\"event\":\"Customer Identified\",\"system\":true")));
    rig_stop(rig);
}
