/* content_test.c — previews, tests, pictures, playbooks and check lists over HTTP. */
#include "server/assets.h"
#include "server/rig_test.h"

static void bring_people(struct rig *rig)
{
    for (u32 i = 0; i < 6; i++) {
        str body =
            arena_printf(rig->arena,
                         "{\"batch\":[{\"type\":\"identify\",\"userId\":\"u%u\",\"traits\":{"
                         "\"email\":\"u%u@x.example\","
                         "\"phone\":\"+861390000000%u\",%s\"language\":\"%s\",\"consent\":{"
                         "\"email\":true,\"sms\":true}}},"
                         "{\"type\":\"track\",\"userId\":\"u%u\",\"event\":\"Product "
                         "Added\",\"properties\":{\"cart_id\":"
                         "\"c%u\",\"name\":\"Tea "
                         "%u\",\"price\":12.5}},{\"type\":\"track\",\"userId\":\"u%u\",\"event\":"
                         "\"%s\",\"properties\":{\"order_id\":\"o%u\",\"total\":100}}]}",
                         i, i, i, i % 2 ? "" : "\"name\":\"Ada\",", i == 0 ? "zh" : "en", i, i, i,
                         i, i < 3 ? "Order Completed" : "Logged In", i);
        CHECK_EQ(send_in(rig, "/v1/batch", body.p).status, 200);
    }
}

#define MAIL                                                                                         \
    "{\"channel\":\"email\",\"subject\":{\"zh\":\"你好\",\"en\":\"Hi {{ customer.name | default: " \
    "'you' }}\"},"                                                                                   \
    "\"blocks\":[{\"type\":\"heading\",\"text\":\"H\"},{\"type\":\"text\",\"text\":\"{{ "            \
    "event.name }} "                                                                                 \
    "**{{ coupon.code }}**\"},{\"type\":\"button\",\"text\":\"Go\",\"href\":\"/x\"}]}"

TEST("a preview is what a message says, in her language, with what is missing of others")
{
    struct rig *rig = rig_new(arena, "preview", (struct server_options){0});
    bring_people(rig);
    CHECK_EQ(
        ask(rig, "PATCH", "/api/v1/settings",
            "{\"url\":\"https://shop.example/\",\"brand\":{\"accent\":\"#ffd000\",\"width\":640}}")
            .status,
        200);
    struct answer_text a =
        ask(rig, "POST", "/api/v1/templates/preview",
            "{\"source\":" MAIL ",\"customer\":\"user_id:u0\",\"device\":\"dark\"}");
    CHECK_EQ(a.status, 200);
    CHECK_STR(member(&a, "subject"), S("你好"));
    CHECK(has(member(&a, "html"), S("https://shop.example/x")));
    CHECK(has(member(&a, "html"), S("background:#ffd000")) && has(member(&a, "html"), S("退订")));
    CHECK(has(member(&a, "html"), S("max-width:640px")));
    CHECK(has(member(&a, "shown_html"), S("@media all")));
    CHECK(has(a.body, S("{\"name\":\"coupon.code\",\"value\":\"SAMPLE-CODE\"}")));
    CHECK(json_get_bool(a.json, "unsubscribe", false));
    a = ask(rig, "POST", "/api/v1/templates/preview",
            "{\"source\":" MAIL
            ",\"customer\":\"user_id:u1\",\"data\":{\"event\":{\"name\":\"Cup\"}}}");
    CHECK_STR(member(&a, "subject"), S("Hi you"));
    CHECK(has(member(&a, "html"), S("Cup <strong>SAMPLE-CODE</strong>")));
    CHECK(has(a.body, S("\"name\":\"customer.name\",\"here\":true,\"customers\":2,\"of\":5")) ||
          has(a.body, S("\"name\":\"customer.name\",\"here\":true,\"customers\":3,\"of\":6")));
    a = ask(rig, "POST", "/api/v1/templates/preview",
            "{\"source\":{\"channel\":\"email\",\"subject\":\"s\",\"html\":\"<a "
            "href='https://x.example'>x</a><img "
            "src='https://x.example/1.png'>\"}}");
    CHECK(has(a.body, S("\"no_unsubscribe\"")) && has(a.body, S("\"image_without_alt\"")));
    static const char *const BAD[][2] = {
        {"{\"template\":\"none\"}", "/template"},
        {"{\"source\":\"x\"}", "/source"},
        {"{\"source\":{\"channel\":\"email\",\"blocks\":[{\"type\":\"no\"}]}}",
         "/source/blocks/0/type"},
        {"{\"source\":" MAIL ",\"customer\":\"user_id:nobody\"}", "/customer"},
        {"{\"source\":" MAIL ",\"device\":\"tv\"}", "/device"},
        {"{\"source\":" MAIL ",\"category\":\"x\"}", "/category"}};
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        a = ask(rig, "POST", "/api/v1/templates/preview", BAD[i][0]);
        CHECK_EQ(a.status, 422);
        CHECK(has(a.body, str_of(BAD[i][1])));
    }
    rig_stop(rig);
}

TEST("a short message is counted for those who would get it")
{
    struct rig *rig = rig_new(arena, "sms", (struct server_options){0});
    bring_people(rig);
    struct answer_text a =
        ask(rig, "POST", "/api/v1/templates/preview",
            "{\"source\":{\"channel\":\"sms\",\"text\":\"您好 {{ customer.name | default: "
            "'一位非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常长的名字"
            "的顾客朋友' }}，新茶到了，欢迎来店里喝一杯再走。\"}}");
    CHECK_EQ(a.status, 200);
    const struct json *sms = json_get(a.json, "sms"), *people = json_get(sms, "people");
    CHECK_STR(json_get_str(sms, "opt_out", S("")), S("拒收请回复R"));
    CHECK_STR(json_get(people, "of")->text, S("6"));
    CHECK_STR(json_get(people, "over")->text, S("3"));
    CHECK_STR(json_get(json_get(people, "by_parts"), "1")->text, S("3"));
    CHECK_STR(json_get(json_get(people, "by_parts"), "2")->text, S("3"));
    rig_stop(rig);
}

TEST("a test is sent by the channel, kept as a test, and is nobody's message")
{
    struct rig *rig = rig_new(arena, "test-send", (struct server_options){0});
    bring_people(rig);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/templates/m", MAIL).status, 200);
    static const char BODY[] =
        "{\"template\":\"m\",\"to\":\"Me@Shop.example\",\"customer\":\"user_id:u1\"}";
    CHECK_EQ(ask(rig, "POST", "/api/v1/templates/test-send", BODY).status, 409);
    CHECK_EQ(ask(rig, "POST", "/api/v1/channels",
                 "{\"id\":\"t\",\"channel\":\"email\",\"provider\":\"outbox\",\"settings\":{}}")
                 .status,
             201);
    struct answer_text a = ask(rig, "POST", "/api/v1/templates/test-send", BODY);
    CHECK_EQ(a.status, 200);
    CHECK_STR(member(&a, "status"), S("sent"));
    CHECK_STR(member(&a, "to"), S("me@shop.example"));
    CHECK(json_get_bool(a.json, "test", false) && has(member(&a, "html"), S("Unsubscribe")));
    CHECK_EQ(
        ask(rig, "POST", "/api/v1/templates/test-send", "{\"template\":\"m\",\"to\":\"x\"}").status,
        422);
    a = ask(rig, "GET", "/api/v1/templates/test-sends?template=m", "");
    CHECK_EQ(item_count(&a), 1);
    a = ask(rig, "GET", "/api/v1/messages", "");
    CHECK_EQ(item_count(&a), 0);
    a = ask(rig, "GET", "/api/v1/customers/email:me@shop.example", "");
    CHECK_EQ(a.status, 404);
    rig_stop(rig);
}

static const u8 PNG[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0,    0, 0, 13, 'I', 'H', 'D',
                         'R',  0,   0,   2,   0x58, 0,    0,    0x01, 0x2C, 8, 6, 0,  0,   0};

TEST("a picture is kept once, served for ever, and stays while a template shows it")
{
    struct rig *rig = rig_new(arena, "assets", (struct server_options){0});
    str auth = arena_printf(arena, "Authorization: Bearer %s\r\n", rig->key);
    str png = {(const char *)PNG, sizeof PNG};
    struct answer_text a = ask_with(rig, "POST", "/api/v1/assets?name=hill.png", auth.p, png);
    CHECK_EQ(a.status, 201);
    str path = member(&a, "path"), id = member(&a, "id");
    CHECK(str_starts(path, S("/a/")) && str_ends(path, S(".png")));
    CHECK(has(a.body, S("\"width\":600,\"height\":300")));
    str form = arena_printf(arena,
                            "--b\r\nContent-Disposition: form-data; name=\"file\"; "
                            "filename=\"x.png\"\r\n\r\n%.*s\r\n--b--\r\n",
                            0, "");
    struct buf whole;
    buf_init(&whole, 4096);
    ptrdiff_t at = str_find(form, S("\r\n\r\n"));
    buf_put(&whole, str_slice(form, 0, (size_t)at + 4));
    buf_put(&whole, png);
    buf_put(&whole, str_slice(form, (size_t)at + 4, form.n));
    str typed =
        arena_printf(arena, "%.*sContent-Type: multipart/form-data; boundary=b\r\n", STR_ARG(auth));
    a = ask_with(rig, "POST", "/api/v1/assets", typed.p, buf_str(&whole));
    buf_clear(&whole);
    CHECK_EQ(a.status, 201);
    CHECK_STR(member(&a, "id"), id);
    a = ask(rig, "GET", "/api/v1/assets", "");
    CHECK_EQ(item_count(&a), 1);
    const char *url = arena_printf(arena, "%.*s", STR_ARG(path)).p;
    a = ask_with(rig, "GET", url, "", (str){0});
    CHECK_EQ(a.status, 200);
    CHECK_STR(a.body, png);
    CHECK(has(a.head, S("immutable")) && has(a.head, S("nosniff")) && has(a.head, S("image/png")));
    CHECK_EQ(ask_with(rig, "GET", "/a/..%2Foffice.db", "", (str){0}).status, 404);
    CHECK_EQ(ask_with(rig, "POST", "/api/v1/assets", auth.p, S("<svg xmlns='x'/>")).status, 422);
    CHECK_EQ(ask_with(rig, "POST", "/api/v1/assets", auth.p, S("GIF89a")).status, 422);
    CHECK_EQ(
        ask(rig, "PUT", "/api/v1/templates/p",
            arena_printf(
                arena, "{\"channel\":\"email\",\"blocks\":[{\"type\":\"image\",\"src\":\"%.*s\"}]}",
                STR_ARG(path))
                .p)
            .status,
        200);
    const char *one = arena_printf(arena, "/api/v1/assets/%.*s", STR_ARG(id)).p;
    CHECK_EQ(ask(rig, "DELETE", one, "").status, 409);
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/templates/p", "").status, 204);
    CHECK_EQ(ask(rig, "DELETE", one, "").status, 204);
    CHECK_EQ(ask_with(rig, "GET", url, "", (str){0}).status, 404);
    rig_stop(rig);
}

TEST("the size of each kind of picture is read from its head, and nothing from what is cut off")
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *type;
        u32 width, height;
    } CASES[] = {
        {(const char *)PNG, sizeof PNG, "image/png", 600, 300},
        {"GIF89a\x10\x00\x20\x00", 10, "image/gif", 16, 32},
        {"\xFF\xD8\xFF\xE0\x00\x04\x00\x00\xFF\xC0\x00\x0B\x08\x00\x20\x00\x10\x03\x00", 19,
         "image/jpeg", 16, 32},
        {"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x0F\0\0\x1F\0\0", 30, "image/webp", 16, 32},
    };
    for (u32 i = 0; i < COUNT_OF(CASES); i++) {
        struct picture p;
        CHECK(picture_read((str){CASES[i].bytes, CASES[i].n}, &p));
        CHECK_STR(str_of(p.type), str_of(CASES[i].type));
        CHECK_EQ(p.width, CASES[i].width);
        CHECK_EQ(p.height, CASES[i].height);
        for (size_t n = 0; n < 9; n++) CHECK(!picture_read((str){CASES[i].bytes, n}, &p));
    }
}

TEST("segments are counted row by row, ready ones too, and nothing is made known by asking")
{
    struct rig *rig = rig_new(arena, "rows", (struct server_options){0});
    bring_people(rig);
    struct answer_text a = ask(rig, "POST", "/api/v1/segments/preview",
                               "{\"rows\":true,\"predicate\":{\"all\":[{\"did\":\"Product "
                               "Added\"},{\"not\":{\"did\":\"Order "
                               "Completed\"}},{\"attribute\":\"name\",\"op\":\"exists\"}]}}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"path\":\"/all/1\"")) && has(a.body, S("\"count\":1,\"alone\":3")));
    CHECK(has(a.body, S("\"count\":3,\"alone\":3")) && has(a.body, S("\"reachable_any\":1")));
    a = ask(rig, "GET", "/api/v1/segments/ready", "");
    CHECK_EQ(item_count(&a), 12);
    CHECK(has(a.body, S("\"id\":\"birthday\"")) && has(a.body, S("\"count\":null")));
    a = ask(rig, "GET", "/api/v1/schema/vocabulary", "");
    CHECK(has(a.body, S("\"name\":\"Order Completed\"")) && !has(a.body, S("Order Refunded")));
    CHECK(!has(a.body, S("\"birthday\"")));
    a = ask(rig, "POST", "/api/v1/predicates/sentence",
            "{\"rows\":[{\"tag\":\"a\"},{\"not\":{\"did\":\"X\"}}],\"mode\":\"any\"}");
    CHECK(has(a.body, S("\"path\":\"/any/1\",\"not\":true,\"kind\":\"did\"")));
    CHECK_EQ(ask(rig, "POST", "/api/v1/predicates/sentence", "{}").status, 422);
    rig_stop(rig);
}

TEST("playbooks come ranked by real people, are previewed with answers, and installed by a channel")
{
    struct rig *rig = rig_new(arena, "books", (struct server_options){0});
    bring_people(rig);
    struct answer_text a = ask(rig, "GET", "/api/v1/playbooks", "");
    const struct json *first = json_get(a.json, "items")->child;
    CHECK_STR(json_get_str(first, "id", S("")), S("abandoned-cart"));
    CHECK_STR(json_get(json_get(first, "people_month"), "count")->text, S("6"));
    for (const struct json *p = first; p; p = p->next)
        if (str_eq(json_get_str(p, "id", S("")), S("birthday"))) {
            CHECK(!json_get_bool(p, "ready", true));
            CHECK_EQ(json_get(json_get(p, "people_month"), "count")->type, JSON_NULL);
        }
    a = ask(rig, "GET", "/api/v1/playbooks/abandoned-cart", "");
    CHECK(has(a.body, S("\"question\":\"first_wait\"")) && has(a.body, S("\"bundle\"")));
    CHECK(has(
        a.body,
        S("{\"value\":\"Order Completed\",\"words\":{\"zh\":\"下单\",\"en\":\"placed an order\"}"
          ",\"customers\":3}")));
    a = ask(rig, "POST", "/api/v1/playbooks/abandoned-cart/preview",
            "{\"answers\":{\"first_wait\":\"2h\"},\"language\":\"en\",\"channel\":\"sms\","
            "\"customer\":\"user_id:u5\"}");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("has not ordered after 2 hours")) && has(a.body, S("after 2 hours")));
    CHECK(has(a.body, S("“Tea 5” is still in your cart")));
    CHECK_EQ(ask(rig, "POST", "/api/v1/playbooks/welcome/preview", "{\"channel\":\"fax\"}").status,
             422);
    /* What has not happened to her yet is made up; each message has the coupon before it. */
    a = ask(rig, "POST", "/api/v1/playbooks/order-confirmation/preview",
            "{\"language\":\"en\",\"customer\":\"user_id:u5\"}");
    CHECK(has(a.body, S("When somebody has “placed an order”")));
    CHECK(has(a.body, S("We have your order SAMPLE-1001 of")));
    a = ask(rig, "POST", "/api/v1/playbooks/win-back/preview",
            "{\"language\":\"en\",\"answers\":{\"amount\":30,\"amount_2\":40}}");
    CHECK(has(a.body, S("30.00 off your next order")) && has(a.body, S("40.00 off with")));
    a = ask(rig, "POST", "/api/v1/playbooks/abandoned-cart/install",
            "{\"channel\":\"sms\",\"language\":\"en\",\"publish\":true}");
    CHECK_EQ(a.status, 201);
    CHECK(has(a.body, S("\"template\":\"cart-1.sms\"")));
    CHECK_EQ(ask(rig, "GET", "/api/v1/templates/cart-1", "").status, 404);
    a = ask(rig, "GET", "/api/v1/templates/cart-1.sms", "");
    CHECK_EQ(a.status, 200);
    CHECK(!has(a.body, S("\"of\"")));
    rig_stop(rig);
}

TEST("a journey has a sentence for each step, and a check list that says what is missing")
{
    struct rig *rig = rig_new(arena, "checks", (struct server_options){0});
    bring_people(rig);
    CHECK_EQ(ask(rig, "POST", "/api/v1/playbooks/abandoned-cart/install", "{\"language\":\"en\"}")
                 .status,
             201);
    struct answer_text a = ask(rig, "GET", "/api/v1/journeys/abandoned-cart/sentence", "");
    CHECK_EQ(a.status, 200);
    CHECK(has(
        a.body,
        S("\"path\":\"/steps/0\",\"step\":\"w1\",\"kind\":\"wait\",\"depth\":0,\"text\":{\"zh\":"
          "\"等 1 小时\",\"en\":\"wait 1 hour\"}")));
    a = ask(rig, "GET", "/api/v1/journeys/abandoned-cart/checks", "");
    CHECK_EQ(a.status, 200);
    CHECK(!json_get_bool(a.json, "ready", true));
    CHECK(has(a.body, S("\"action\":\"connect_channel\",\"object\":\"email\"")));
    CHECK(has(a.body, S("\"action\":\"open_settings\""))); /* links without the shop's address */
    CHECK(has(a.body, S("\"action\":\"test_send\"")));
    CHECK_STR(json_get(a.json, "people")->text, S("6"));
    ask(rig, "PATCH", "/api/v1/settings", "{\"url\":\"https://shop.example\"}");
    ask(rig, "POST", "/api/v1/channels",
        "{\"id\":\"t\",\"channel\":\"email\",\"provider\":\"outbox\",\"settings\":{}}");
    for (u32 i = 1; i <= 3; i++)
        CHECK_EQ(ask(rig, "POST", "/api/v1/templates/test-send",
                     arena_printf(arena, "{\"template\":\"cart-%u\",\"to\":\"me@x.example\"}", i).p)
                     .status,
                 200);
    a = ask(rig, "GET", "/api/v1/journeys/abandoned-cart/checks", "");
    CHECK(json_get_bool(a.json, "ready", false));
    CHECK(!has(a.body, S("\"action\":\"test_send\"")));
    CHECK_EQ(ask(rig, "GET", "/api/v1/journeys/none/checks", "").status, 404);
    CHECK_EQ(ask(rig, "POST", "/api/v1/forms", "{\"preset\":\"birthday\"}").status, 201);
    rig_stop(rig);
}

/* ---- what journeys do to each other, and to colleagues ---- */

static void begin_journey(struct rig *rig, const char *id, const char *json)
{
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys", json).status, 201);
    CHECK_EQ(ask(rig, "POST", arena_printf(rig->arena, "/api/v1/journeys/%s/publish", id).p, "{}")
                 .status,
             200);
}

TEST("the check list names the circle in which a journey begins itself, and who is told by nobody")
{
    struct rig *rig = rig_new(arena, "circle", (struct server_options){0});
    struct answer_text a;
    begin_journey(rig, "back",
                  "{\"id\":\"back\",\"trigger\":{\"tag\":\"Bought/A\",\"on\":\"added\"},\"steps\":"
                  "[{\"id\":\"s\",\"set\":{\"round\":\"two\"}}]}");
    begin_journey(rig, "forth",
                  "{\"id\":\"forth\",\"trigger\":{\"attribute\":\"round\",\"to\":\"two\"},"
                  "\"steps\":[{\"id\":\"b\",\"branch\":[{\"else\":true,\"steps\":[{\"id\":\"t\","
                  "\"tag\":\"Bought/A\"}]}]},{\"id\":\"n\",\"notify\":{\"to\":\"li\",\"channel\":"
                  "\"email\",\"template\":\"x\"}}]}");
    begin_journey(rig, "ends",
                  "{\"id\":\"ends\",\"trigger\":{\"attribute\":\"round\",\"to\":\"three\"},"
                  "\"steps\":[{\"id\":\"t\",\"tag\":\"Bought/A\"}]}");
    a = ask(rig, "GET", "/api/v1/journeys/forth/checks", "");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"code\":\"loop\",\"severity\":\"warning\"")));
    CHECK(has(a.body, S("A step of it (tag Bought/A) begins it again, through back.")));
    CHECK(has(a.body, S("Nobody of the team is called “li”: nobody will hear of it.")));
    CHECK(has(a.body, S("Colleagues are told by e-mail, and that channel is not connected.")));
    a = ask(rig, "GET", "/api/v1/journeys/ends/checks", "");
    CHECK(!has(a.body, S("\"code\":\"loop\"")) && !has(a.body, S("\"code\":\"staff\"")));
    rig_stop(rig);
}

TEST("a mail to a colleague stands under messages with all it said")
{
    struct rig *rig = rig_new(arena, "notice", (struct server_options){0});
    struct answer_text a;
    CHECK_EQ(ask(rig, "POST", "/api/v1/channels",
                 "{\"id\":\"t\",\"channel\":\"email\",\"provider\":\"outbox\",\"settings\":{}}")
                 .status,
             201);
    begin_journey(rig, "tell",
                  "{\"id\":\"tell\",\"trigger\":{\"event\":\"Logged In\"},\"steps\":[{\"id\":\"n\","
                  "\"notify\":{\"to\":\"li@shop.test\",\"channel\":\"email\",\"template\":\"x\"}}]"
                  "}");
    bring_people(rig);
    for (u32 i = 0; i < 200; i++) {
        a = ask(rig, "GET", "/api/v1/messages?journey=tell&status=sent&limit=10", "");
        const struct json *items = json_get(a.json, "items");
        if (items && items->count == 3) break;
        usleep(20000);
    }
    const struct json *items = json_get(a.json, "items");
    CHECK(items && items->count == 3);
    CHECK_STR(json_get_str(items->child, "category", S("")), S("notice"));
    CHECK_STR(json_get_str(items->child, "to", S("")), S("li@shop.test"));
    CHECK_STR(json_get_str(items->child, "step", S("")), S("n"));
    str id = json_get_str(items->child, "id", S(""));
    a = ask(rig, "GET", arena_printf(arena, "/api/v1/messages/%.*s/content", STR_ARG(id)).p, "");
    CHECK_EQ(a.status, 200);
    CHECK(has(member(&a, "text"), S("/customers/")));
    CHECK(has(member(&a, "text"), S("From the journey “tell”.")));
    CHECK(has(member(&a, "html"), S("there is no such template")));
    a = ask(rig, "GET", "/api/v1/journeys/tell/report", "");
    CHECK(!has(a.body, S("\"sent\":3")));
    rig_stop(rig);
}
