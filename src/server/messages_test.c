/* messages_test.c — messages asked for over HTTP, policies, and what a message said. */
#include "server/rig_test.h"

#define TEMPLATE                                                                                   \
    "{\"id\":\"order\",\"channel\":\"email\",\"subject\":\"Order {{ values.no }}\","               \
    "\"html\":\"<b>{{ event.no }}</b> {{ unsubscribe_url }}\"}"
#define CHANNEL "{\"id\":\"email\",\"channel\":\"email\",\"provider\":\"outbox\",\"settings\":{}}"
#define ORDER                                                                                      \
    "{\"to\":\" Ada@X.test\",\"channel\":\"email\",\"template\":\"order\",\"values\":{\"no\":7}}"

static struct rig *shop(struct arena *arena, const char *name)
{
    struct rig *rig = rig_new(arena, name, (struct server_options){0});
    CHECK_EQ(ask(rig, "POST", "/api/v1/templates", TEMPLATE).status, 201);
    CHECK_EQ(ask(rig, "POST", "/api/v1/channels", CHANNEL).status, 201);
    return rig;
}

static struct answer_text post(struct rig *rig, const char *key, const char *body)
{
    str headers = arena_printf(rig->arena, "Authorization: Bearer %s\r\n%s%s%s", rig->key,
                               key[0] ? "Idempotency-Key: " : "", key, key[0] ? "\r\n" : "");
    return ask_with(rig, "POST", "/api/v1/messages", headers.p, str_of(body));
}

/* Until the test outbox has it: 5 s at most. */
static struct answer_text settled(struct rig *rig, str id)
{
    str path = arena_printf(rig->arena, "/api/v1/messages/%.*s", STR_ARG(id));
    struct answer_text a = ask(rig, "GET", path.p, "");
    for (int i = 0; i < 500 && !str_eq(member(&a, "status"), S("sent")); i++) {
        usleep(10000);
        a = ask(rig, "GET", path.p, "");
    }
    CHECK_STR(member(&a, "status"), S("sent"));
    return a;
}

TEST("asked twice under one key a message is sent once, also over a restart; another body is "
     "refused")
{
    struct rig *rig = shop(arena, "twice");
    struct answer_text first = post(rig, "k-1", ORDER);
    CHECK_EQ(first.status, 201);
    CHECK_STR(member(&first, "to"), S("ada@x.test"));
    CHECK_STR(member(&first, "category"), S("transactional"));
    settled(rig, member(&first, "id"));
    for (int round = 0; round < 2; round++) {
        struct answer_text again = post(rig, "k-1", ORDER);
        CHECK_EQ(again.status, 201);
        CHECK_STR(again.body, first.body);
        CHECK_EQ(post(rig, "k-1",
                      "{\"to\":\"ada@x.test\",\"channel\":\"email\","
                      "\"template\":\"order\"}")
                     .status,
                 409);
        if (round == 1) break;
        rig_stop(rig);
        rig_start(rig);
    }
    struct answer_text all = ask(rig, "GET", "/api/v1/messages?customer=ada@x.test", "");
    CHECK_EQ(item_count(&all), 1);
    struct answer_text other = post(rig, "", ORDER);
    CHECK_EQ(other.status, 201);
    CHECK(!str_eq(member(&other, "id"), member(&first, "id")));
    rig_stop(rig);
}

TEST("what cannot be sent is refused with the member that is wrong")
{
    static const struct {
        const char *body, *path;
    } WRONG[] = {
        {"{\"channel\":\"email\",\"template\":\"order\"}", "/customer"},
        {"{\"to\":\"a@x.test\",\"customer\":\"a\",\"channel\":\"email\",\"template\":\"order\"}",
         "/customer"},
        {"{\"customer\":\"nobody\",\"channel\":\"email\",\"template\":\"order\"}", "/customer"},
        {"{\"to\":\"no mail\",\"channel\":\"email\",\"template\":\"order\"}", "/to"},
        {"{\"to\":7,\"channel\":\"email\",\"template\":\"order\"}", "/to"},
        {"{\"to\":\"a@x.test\",\"channel\":\"fax\",\"template\":\"order\"}", "/channel"},
        {"{\"to\":\"a@x.test\",\"channel\":\"email\",\"template\":\"none\"}", "/template"},
        {"{\"to\":\"+8613800000001\",\"channel\":\"sms\",\"template\":\"order\"}", "/template"},
        {"{\"to\":\"a@x.test\",\"channel\":\"email\",\"template\":\"order\",\"values\":[]}",
         "/values"},
        {"{\"to\":\"a@x.test\",\"channel\":\"email\",\"template\":\"order\",\"category\":\"ad\"}",
         "/category"},
        {"{\"to\":\"a@x.test\",\"channel\":\"email\",\"template\":\"order\",\"topic\":\"none\"}",
         "/topic"},
        {"{\"to\":\"a@x.test\",\"channel\":\"email\",\"template\":\"order\",\"valeus\":{}}",
         "/valeus"},
        {"{\"identifiers\":{\"shoe\":\"41\"},\"channel\":\"email\",\"template\":\"order\"}",
         "/identifiers/shoe"},
    };
    struct rig *rig = shop(arena, "wrong");
    for (u32 i = 0; i < COUNT_OF(WRONG); i++) {
        struct answer_text a = post(rig, "", WRONG[i].body);
        const struct json *errors = json_get(a.json, "errors");
        CHECK_EQ(a.status, 422);
        CHECK(errors && errors->child);
        CHECK_STR(json_get_str(errors->child, "path", S("")), str_of(WRONG[i].path));
    }
    CHECK_EQ(post(rig, "", "[]").status, 400);
    rig_stop(rig);
}

TEST("what a customer got is shown by the words and values of then")
{
    struct rig *rig = shop(arena, "words");
    struct answer_text sent =
        post(rig, "",
             "{\"identifiers\":{\"user_id\":\"u1\",\"email\":\"ada@x.test\"},\"channel\":"
             "\"email\",\"template\":\"order\",\"values\":{\"no\":\"A<1\"}}");
    CHECK_EQ(sent.status, 201);
    str id = member(&sent, "id");
    settled(rig, id);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/templates/order",
                 "{\"id\":\"order\",\"channel\":\"email\",\"text\":\"other\"}")
                 .status,
             200);
    struct answer_text words =
        ask(rig, "GET", arena_printf(arena, "/api/v1/messages/%.*s/content", STR_ARG(id)).p, "");
    CHECK_EQ(words.status, 200);
    CHECK_STR(member(&words, "subject"), S("Order A<1"));
    CHECK_STR(member(&words, "html"), S("<b>A&lt;1</b> #"));
    CHECK_STR(member(&words, "to"), S("ada@x.test"));
    CHECK_EQ(ask(rig, "GET", "/api/v1/messages/0123456789abcdef0123456789abcdef", "").status, 404);
    CHECK_EQ(ask(rig, "GET", "/api/v1/messages/x/content", "").status, 404);
    struct answer_text promotion =
        post(rig, "",
             "{\"customer\":\"u1\",\"channel\":\"email\",\"template\":\"order\","
             "\"category\":\"promotion\"}");
    CHECK_EQ(promotion.status, 201);
    rig_stop(rig);
}

TEST("policies are shown with their defaults, as they were written, and kept")
{
    struct rig *rig = rig_new(arena, "policies", (struct server_options){0});
    struct answer_text a = ask(rig, "GET", "/api/v1/policies", "");
    CHECK_EQ(a.status, 200);
    CHECK_EQ(json_get(a.json, "caps")->count, 3);
    CHECK_EQ(json_get(a.json, "quiet")->count, 3);
    CHECK(has(a.body, S("\"per\":\"24h\"")));
    a = ask(rig, "PUT", "/api/v1/policies", "{\"caps\":[{\"channel\":\"sms\",\"max\":1}]}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("/caps/0/per")));
    a = ask(rig, "PUT", "/api/v1/policies",
            "{\"caps\":[{\"channel\":\"sms\",\"max\":1,\"per\":\"24h\"}],\"holidays\":"
            "[\"2026-10-01\"]}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.head, S("\r\nETag: \"")));
    str stale = arena_printf(arena, "Authorization: Bearer %s\r\nIf-Match: \"0\"\r\n", rig->key);
    CHECK_EQ(ask_with(rig, "PUT", "/api/v1/policies", stale.p, S("{}")).status, 412);
    rig_stop(rig);
    rig_start(rig);
    struct answer_text b = ask(rig, "GET", "/api/v1/policies", "");
    CHECK_STR(b.body, a.body);
    CHECK(has(b.body, S("{\"caps\":[{\"channel\":\"sms\",\"max\":1,\"per\":\"24h\"}]")));
    CHECK(has(b.body, S("\"to\":\"08:00\"")));
    rig_stop(rig);
}

TEST("messages of one step are asked for by its id, those refused by their reason, and a journey "
     "says "
     "how many it lets in")
{
    struct rig *rig = shop(arena, "steps");
    const char *journey =
        "{\"id\":\"j\",\"trigger\":{\"event\":\"Go\"},\"steps\":["
        "{\"id\":\"m1\",\"send\":{\"channel\":\"email\",\"template\":\"order\"}},"
        "{\"id\":\"m2\",\"send\":{\"channel\":\"email\",\"template\":\"order\"}}]}";
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys", journey).status, 201);
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/j/publish", "{}").status, 200);
    CHECK_EQ(send_in(rig, "/v1/track", "{\"event\":\"Go\",\"userId\":\"u\"}").status, 200);
    struct answer_text one = {0};
    for (int i = 0; i < 500 && (i == 0 || item_count(&one) == 0); i++) {
        usleep(10000);
        one = ask(rig, "GET", "/api/v1/messages?journey=j&step=m2&reason=consent", "");
    }
    CHECK_EQ(item_count(&one), 1);
    struct answer_text all = ask(rig, "GET", "/api/v1/messages?journey=j", "");
    CHECK_EQ(item_count(&all), 2);
    struct answer_text none = ask(rig, "GET", "/api/v1/messages?journey=j&reason=capped", "");
    CHECK_EQ(item_count(&none), 0);
    CHECK_EQ(ask(rig, "GET", "/api/v1/messages?reason=bad%20luck", "").status, 400);
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/j/rollout", "{\"percent\":12.5}").status, 200);
    struct answer_text shown = ask(rig, "GET", "/api/v1/journeys/j", "");
    CHECK(str_find(shown.body, S("\"percent\":12.5,")) > 0);
    rig_stop(rig);
}
