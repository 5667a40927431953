/* edges_test.c — what pages need besides: today, the pause, tests of channels, secrets inside
 * settings, versions and enrolments, the live stream. */
#include "server/channel_mask.h"
#include "server/channel_words.h"
#include "server/json_diff.h"
#include "server/rig_test.h"

static struct answer_text soon(struct rig *rig, const char *path, str wanted)
{
    struct answer_text a = {0};
    for (int i = 0; i < 100; i++) {
        a = ask(rig, "GET", path, "");
        if (has(a.body, wanted)) return a;
        usleep(50000);
    }
    print_error("%.*s\nlacks %.*s\n", STR_ARG(a.body), STR_ARG(wanted));
    CHECK(false);
    return a;
}

static const char JOURNEY[] =
    "{\"id\":\"w\",\"name\":{\"zh\":\"欢迎\",\"en\":\"Welcome\"},\"trigger\":{\"event\":\"Signed "
    "Up\"},\"goal\":{\"did\":\"Order Completed\",\"within\":\"7d\",\"target\":0.2},\"steps\":[{"
    "\"id\":\"w1\",\"wait\":{\"for\":\"%s\"}},{\"id\":\"m1\",\"send\":{\"channel\":\"email\","
    "\"template\":\"hello\"}}%s]}";

static void journey(struct rig *rig, const char *wait, const char *more)
{
    char text[1000];
    snprintf(text, sizeof text, JOURNEY, wait, more);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/templates/hello",
                 "{\"channel\":\"email\",\"subject\":\"Hi\",\"html\":\"<p>Hi</p>\"}")
                 .status,
             200);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/journeys/w", text).status, 200);
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/w/publish", "{}").status, 200);
}

static void outbox(struct rig *rig)
{
    CHECK_EQ(ask(rig, "PUT", "/api/v1/channels/email",
                 "{\"channel\":\"email\",\"provider\":\"outbox\",\"settings\":{}}")
                 .status,
             200);
}

TEST("today tells what is to be done first, what goes out, and what waits for a person")
{
    struct rig *rig = rig_new(arena, "today", (struct server_options){0});
    struct answer_text a = ask(rig, "GET", "/api/v1/today", "");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"data\":{\"done\":false,\"customers\":0,\"sources\":1}")));
    CHECK(has(a.body, S("\"channels\":[],\"done\":false")) && has(a.body, S("\"needs\":[]")));
    CHECK(has(a.body, S("\"playbook\":{\"done\":false,\"drafts\":0,\"live\":0}")));
    rig_stop(rig);
    rig_start(rig);
    journey(rig, "2h", "");
    for (int i = 0; i < 3; i++) {
        char event[100];
        snprintf(event, sizeof event, "{\"event\":\"Signed Up\",\"userId\":\"u%d\"}", i);
        CHECK_EQ(send_in(rig, "/v1/track", event).status, 200);
    }
    CHECK_EQ(send_in(rig, "/v1/track", "{\"event\":\"\",\"userId\":\"u1\"}").status, 200);
    a = ask(rig, "GET", "/api/v1/today", "");
    CHECK(has(a.body, S("\"next_24h\":{\"total\":3,")) && has(a.body, S("\"email\":3")));
    CHECK(has(a.body, S("\"journeys\":[{\"id\":\"w\",\"count\":3}],\"complete\":true")));
    CHECK(has(a.body, S("\"goal\":{\"reached\":0,\"rate\":0,\"target\":0.2}")));
    CHECK(has(a.body, S("\"waiting\":3,\"entered\":3")));
    CHECK(has(a.body, S("\"kind\":\"channel_missing\"")));
    CHECK(has(a.body, S("\"kind\":\"events_rejected\"")));
    CHECK(has(a.body, S("\"done\":true,\"customers\":3")));
    outbox(rig);
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/w/pause", "").status, 200);
    CHECK_EQ(ask(rig, "POST", "/api/v1/pause", "{}").status, 200);
    a = ask(rig, "GET", "/api/v1/today", "");
    CHECK(!has(a.body, S("channel_missing")) && has(a.body, S("\"kind\":\"journey_paused\"")));
    CHECK(has(a.body, S("\"kind\":\"paused\"")) && has(a.body, S("\"real\":false")));
    rig_stop(rig);
}

TEST("the pause holds promotion, lets the rest go, and lets nothing be lost")
{
    struct rig *rig = rig_new(arena, "pause", (struct server_options){0});
    static const char *const SENDS[] = {
        "{\"to\":\"a@x.test\",\"channel\":\"email\",\"template\":\"hello\"}",
        "{\"to\":\"b@x.test\",\"channel\":\"email\",\"template\":\"hello\",\"category\":"
        "\"service\"}",
        "{\"to\":\"c@x.test\",\"channel\":\"email\",\"template\":\"hello\",\"category\":"
        "\"promotion\"}"};
    ask(rig, "PUT", "/api/v1/policies", "{\"caps\":[],\"quiet\":[]}"); /* whatever the hour */
    journey(rig, "2h", "");
    outbox(rig);
    CHECK_EQ(ask(rig, "POST", "/api/v1/customers",
                 "{\"identifiers\":{\"email\":\"c@x.test\"},\"consent\":{\"email\":true}}")
                 .status,
             201);
    CHECK_EQ(ask(rig, "POST", "/api/v1/pause", "{}").status, 200);
    for (size_t i = 0; i < COUNT_OF(SENDS); i++)
        CHECK(ask(rig, "POST", "/api/v1/messages", SENDS[i]).status < 300);
    soon(rig, "/api/v1/customers/email:a@x.test/messages", S("\"status\":\"sent\""));
    soon(rig, "/api/v1/customers/email:b@x.test/messages", S("\"status\":\"sent\""));
    usleep(300000);
    struct answer_text a = ask(rig, "GET", "/api/v1/customers/email:c@x.test/messages", "");
    CHECK(has(a.body, S("\"status\":\"planned\"")));
    a = ask(rig, "GET", "/api/v1/pause", "");
    CHECK(has(a.body, S("\"paused\":true,\"waiting\":1")));
    rig_stop(rig);
    rig_start(rig);
    usleep(300000);
    a = ask(rig, "GET", "/api/v1/customers/email:c@x.test/messages", "");
    CHECK(has(a.body, S("\"status\":\"planned\"")));
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/pause", "").status, 200);
    soon(rig, "/api/v1/customers/email:c@x.test/messages", S("\"status\":\"sent\""));
    rig_stop(rig);
}

TEST("a channel is tried by one message, and what the provider said is told in words")
{
    struct rig *rig = rig_new(arena, "trial", (struct server_options){0});
    outbox(rig);
    struct answer_text a =
        ask(rig, "POST", "/api/v1/channels/email/test", "{\"to\":\"li@example.com\"}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"ok\":true,\"status\":\"sent\"")));
    CHECK_EQ(ask(rig, "POST", "/api/v1/channels/email/test", "{\"to\":\"nobody\"}").status, 422);
    CHECK_EQ(ask(rig, "POST", "/api/v1/channels/none/test", "{\"to\":\"a@b.c\"}").status, 404);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/channels/email",
                 "{\"channel\":\"email\",\"provider\":\"smtp\",\"settings\":{\"host\":"
                 "\"127.0.0.1\",\"port\":1,\"security\":\"none\",\"from\":\"a@shop.cn\"}}")
                 .status,
             200);
    a = ask(rig, "POST", "/api/v1/channels/email/test", "{\"to\":\"li@example.com\"}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"ok\":false,\"status\":\"held\"")));
    CHECK(has(a.body, S("The server cannot be reached")));
    a = soon(rig, "/api/v1/channels/email", S("\"last_error\""));
    CHECK(has(a.body, S("\"failed_24h\":0")));
    rig_stop(rig);
}

TEST("words for what providers say")
{
    CHECK(has(str_of(channel_words("held", S("535 5.7.8 Authentication failed")).en),
              S("password is wrong")));
    CHECK(has(str_of(channel_words("sent", S("250 535")).en), S("Sent")));
    CHECK(has(str_of(channel_words("rejected", S("something else")).en), S("rejected")));
}

#define HTTP_CHANNEL(url, header, more)                                                            \
    "{\"channel\":\"sms\",\"provider\":\"http\",\"settings\":{\"url\":\"" url                      \
    "\",\"headers\":{\"X-Api-Key\":\"" header "\",\"X-App\":\"7\"},\"body\":{\"to\":\"{{ to "      \
    "}}\"}" more "}}"

TEST("secrets inside a URL and headers are shown to nobody, kept as they were, and not moved")
{
    struct rig *rig = rig_new(arena, "masks", (struct server_options){0});
    static const char FIRST[] = HTTP_CHANNEL("https://u:hunter2@sms.example/send?app=7&key=abc123",
                                             "k-secret-1", ",\"api_key\":\"s3cr3t\"");
    struct answer_text a = ask(rig, "PUT", "/api/v1/channels/sms", FIRST);
    CHECK_EQ(a.status, 200);
    a = ask(rig, "GET", "/api/v1/channels/sms", "");
    CHECK(has(a.body, S("https://••••••@sms.example/send?app=7&key=••••••")));
    CHECK(has(a.body, S("\"X-Api-Key\":\"••••••\",\"X-App\":\"7\"")));
    static const char *const SECRETS[] = {"hunter2", "abc123", "k-secret-1", "s3cr3t"};
    for (size_t i = 0; i < COUNT_OF(SECRETS); i++) CHECK(!has(a.body, str_of(SECRETS[i])));
    /* as it was shown, with another method: taken */
    a = ask(rig, "PUT", "/api/v1/channels/sms",
            HTTP_CHANNEL("https://••••••@sms.example/send?app=7&key=••••••", "••••••",
                         ",\"method\":\"PUT\""));
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"method\":\"PUT\"")) && has(a.body, S("key=••••••")));
    /* another path or server: its secrets are to be written again */
    a = ask(rig, "PUT", "/api/v1/channels/sms",
            HTTP_CHANNEL("https://••••••@evil.example/send?app=7&key=••••••", "••••••",
                         ",\"api_key\":\"again\""));
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/settings/url\"")));
    a = ask(rig, "PUT", "/api/v1/channels/sms",
            HTTP_CHANNEL("https://evil.example/send", "mine", ""));
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/settings/api_key\"")));
    a = ask(rig, "PUT", "/api/v1/channels/new",
            HTTP_CHANNEL("https://sms.example/send", "••••••", ""));
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/settings/headers/X-Api-Key\"")));
    rig_stop(rig);
}

TEST("a password goes to no other mail server")
{
    struct rig *rig = rig_new(arena, "host", (struct server_options){0});
#define SMTP(host, more)                                                                           \
    "{\"channel\":\"email\",\"provider\":\"smtp\",\"settings\":{\"host\":\"" host                  \
    "\",\"port\":587,\"username\":\"u\",\"from\":\"a@shop.cn\"" more "}}"
    CHECK_EQ(
        ask(rig, "PUT", "/api/v1/channels/m", SMTP("mx.shop.cn", ",\"password\":\"p\"")).status,
        200);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/channels/m", SMTP("MX.shop.cn", "")).status, 200);
    struct answer_text a = ask(rig, "PUT", "/api/v1/channels/m", SMTP("evil.example", ""));
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/settings/password\"")) && has(a.body, S("again")));
    CHECK_EQ(
        ask(rig, "PUT", "/api/v1/channels/m", SMTP("mx2.shop.cn", ",\"password\":\"q\"")).status,
        200);
    rig_stop(rig);
}

TEST("what a URL hides")
{
    static const char *const CASES[][2] = {
        {"https://a.b/c", "https://a.b/c"},
        {"https://a.b/c?x=1&access_token=t", "https://a.b/c?x=1&access_token=••••••"},
        {"https://u@a.b", "https://••••••@a.b"},
        {"https://a.b/?key={{ settings.api_key }}&to={{ to }}",
         "https://a.b/?key={{ settings.api_key }}&to={{ to }}"},
        {"https://a.b/?key=", "https://a.b/?key="},
        {"https://a.b?sign=1&", "https://a.b?sign=••••••&"},
        {"no url", "no url"}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        CHECK_STR(mask_url(str_of(CASES[i][0]), arena), str_of(CASES[i][1]));
    CHECK_STR(mask_host(S("https://u:p@a.b:8443/x@y?z")), S("a.b:8443"));
}

TEST("versions tell what each changed, and enrolments where everybody is")
{
    struct rig *rig = rig_new(arena, "versions", (struct server_options){0});
    journey(rig, "2h", "");
    journey(rig, "3h", ",{\"id\":\"w2\",\"wait\":{\"for\":\"1d\"}}");
    for (int i = 0; i < 5; i++) {
        char event[100];
        snprintf(event, sizeof event, "{\"event\":\"Signed Up\",\"userId\":\"u%d\"}", i);
        CHECK_EQ(send_in(rig, "/v1/track", event).status, 200);
    }
    struct answer_text a = ask(rig, "GET", "/api/v1/journeys/w/versions", "");
    CHECK_EQ(item_count(&a), 2);
    CHECK(has(a.body, S("{\"path\":\"/steps/w1/wait/for\",\"what\":\"changed\",\"from\":\"2h\","
                        "\"to\":\"3h\"}")));
    CHECK(has(a.body, S("{\"path\":\"/steps/w2\",\"what\":\"added\",\"to\":{")));
    CHECK(has(a.body, S("\"version\":2,")) && has(a.body, S("\"live\":true,\"entered\":5")));
    a = ask(rig, "GET", "/api/v1/journeys/w/versions/1", "");
    CHECK(a.status == 200 && has(a.body, S("\"for\":\"2h\"")) && !has(a.body, S("w2")));
    CHECK_EQ(ask(rig, "GET", "/api/v1/journeys/w/versions/9", "").status, 404);

    str cursor = {0};
    u32 all = 0;
    for (int page = 0; page < 5; page++) {
        str path = arena_printf(arena, "/api/v1/journeys/w/enrolments?step=w1&limit=2&cursor=%.*s",
                                STR_ARG(cursor));
        a = ask(rig, "GET", path.p, "");
        CHECK_EQ(a.status, 200);
        all += item_count(&a);
        cursor = member(&a, "next");
        if (!cursor.n) break;
    }
    CHECK_EQ(all, 5);
    CHECK(has(a.body, S("\"status\":\"waiting\",\"step\":\"w1\"")));
    a = ask(rig, "GET", "/api/v1/journeys/w/enrolments?status=ended", "");
    CHECK_EQ(item_count(&a), 0);
    CHECK_EQ(ask(rig, "GET", "/api/v1/journeys/none/enrolments", "").status, 404);
    rig_stop(rig);
}

TEST("differences of documents, place by place")
{
    static const char FROM[] = "{\"a\":1,\"b\":[1,2],\"l\":[{\"id\":\"x\",\"v\":1},{\"id\":\"y\"}],"
                               "\"n\":1.0,\"o\":{}}";
    static const char TO[] =
        "{\"a\":2,\"b\":[1,2,3],\"l\":[{\"id\":\"y\"},{\"id\":\"x\",\"v\":true}"
        "],\"n\":1,\"o\":[]}";
    const struct json *from, *to;
    struct buf b;
    CHECK_OK(json_parse(str_of(FROM), arena, &from, NULL));
    CHECK_OK(json_parse(str_of(TO), arena, &to, NULL));
    buf_init(&b, 10000);
    CHECK_EQ(json_diff(from, to, &b), 4);
    CHECK_STR(buf_str(&b), S("[{\"path\":\"/a\",\"what\":\"changed\",\"from\":1,\"to\":2},"
                             "{\"path\":\"/b/2\",\"what\":\"added\",\"to\":3},"
                             "{\"path\":\"/l/x/v\",\"what\":\"changed\",\"from\":1,\"to\":true},"
                             "{\"path\":\"/o\",\"what\":\"changed\",\"from\":{},\"to\":[]}]"));
    buf_reset(&b);
    CHECK_EQ(json_diff(from, from, &b), 0);
    buf_clear(&b);
}

/* What comes within a time, on a connection of its own. */
static str listen_to(struct rig *rig, const char *more, int ms)
{
    struct buf b;
    int fd = dial(rig);
    str head = arena_printf(rig->arena,
                            "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                            "%s\r\n%s\r\n",
                            rig->key, more);
    CHECK_EQ(send(fd, head.p, head.n, MSG_NOSIGNAL), head.n);
    buf_init(&b, 8 << 20);
    i64 end = env_mono_ns(env_real()) / 1000000 + ms;
    for (i64 now; (now = env_mono_ns(env_real()) / 1000000) < end;) {
        struct pollfd p = {fd, POLLIN, 0};
        char part[65536];
        if (poll(&p, 1, (int)(end - now)) <= 0) break;
        ssize_t n = recv(fd, part, sizeof part, 0);
        if (n <= 0) break;
        buf_put(&b, (str){part, (size_t)n});
    }
    close(fd);
    str s = arena_str(rig->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

TEST("the live stream tells all at first, goes on where it broke off, and has its limit")
{
    struct rig *rig = rig_new(arena, "live", (struct server_options){0});
    outbox(rig);
    journey(rig, "2h", "");
    CHECK_EQ(send_in(rig, "/v1/track", "{\"event\":\"Signed Up\",\"userId\":\"u1\"}").status, 200);
    usleep(1200000);
    str s = listen_to(rig, "", 1500);
    static const char *const EVENTS[] = {"event: version",  "event: counters", "event: channels",
                                         "event: journeys", "event: pause",    "event: event"};
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) CHECK(has(s, str_of(EVENTS[i])));
    CHECK(has(s, S("\"id\":\"w\",\"status\":\"live\",\"version\":1,\"entered\":1,\"waiting\":1")));
    ptrdiff_t at = str_find(s, S("id: "));
    CHECK(at >= 0);
    str id = str_slice(s, (size_t)at + 4, s.n);
    id = str_slice(id, 0, (size_t)str_index(id, '\n'));
    str more = arena_printf(arena, "Last-Event-ID: %.*s\r\n", STR_ARG(id));
    s = listen_to(rig, more.p, 500);
    CHECK(!has(s, arena_printf(arena, "id: %.*s\n", STR_ARG(id))));
    CHECK(!has(s, S("event: gap")));
    s = listen_to(rig, "Last-Event-ID: 0\r\n", 500);
    CHECK(has(s, arena_printf(arena, "id: %.*s\n", STR_ARG(id))));
    int open[21];
    for (int i = 0; i < 20; i++) {
        open[i] = dial(rig);
        str head = arena_printf(arena,
                                "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                                "Bearer %s\r\n\r\n",
                                rig->key);
        CHECK_EQ(send(open[i], head.p, head.n, MSG_NOSIGNAL), head.n);
    }
    usleep(300000);
    CHECK_EQ(ask(rig, "GET", "/api/v1/live", "").status, 429);
    for (int i = 0; i < 20; i++) close(open[i]);
    rig_stop(rig);
}

TEST("the API is described on a page, as text")
{
    struct rig *rig = rig_new(arena, "docs", (struct server_options){0});
    struct answer_text a = ask_with(rig, "GET", "/docs", "", (str){0});
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("<h3><code>POST /api/v1/session</code></h3>")));
    CHECK(has(a.body, S("X-CSRF-Token")) && !has(a.body, S("<script")));
    rig_stop(rig);
}
