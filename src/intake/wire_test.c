/* wire_test.c — bodies of real SDKs, and the collections of hard JSON and hard strings. */
#include "intake/fixture_test.h"

#include "base/json.h"

#include <dirent.h>
#include <stdlib.h>

static const struct json *parsed(struct arena *arena, str text)
{
    const struct json *j;
    struct diag why = {0};
    CHECK_OK(json_parse(text, arena, &j, &why));
    return j;
}

/* Unpacks an archive of the shared data into test_dir(); false where it is not there. */
static bool unpacked(const char *path)
{
    char command[1024];
    const char *archive = test_shared(path);
    if (!archive) return false;
    snprintf(command, sizeof command, "tar xzf '%s' -C '%s'", archive, test_dir());
    FILE *f = popen(command, "r");
    return f && pclose(f) == 0;
}

/* Calls `each` for every file in a folder below test_dir(), in the order of their names. */
static u32 each_file(struct arena *arena, const char *folder,
                     void (*each)(void *ctx, struct arena *arena, const char *name, str text),
                     void *ctx)
{
    char path[512], file[1024];
    struct dirent **names;
    snprintf(path, sizeof path, "%s/%s", test_dir(), folder);
    int n = scandir(path, &names, NULL, alphasort);
    u32 count = 0;
    for (int i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            each(ctx, arena, names[i]->d_name, test_file(arena, file));
            count++;
        }
        free(names[i]);
    }
    free(names);
    return count;
}

/* The call that the path of a recorded request names. */
static bool call_of(const struct json *request, intake_call *call)
{
    str url = json_get_str(request, "url", S(""));
    while (str_ends(url, S("/"))) url.n--;
    size_t at = url.n;
    while (at && url.p[at - 1] != '/') at--;
    return intake_call_of(str_slice(url, at, url.n), call);
}

TEST("what real SDKs sent becomes the records it should")
{
    const char *path = test_shared("data/sdk-payloads/captured_sdk_requests.json");
    if (!path) TEST_SKIP("no shared data");
    static const char *const WANT[] = {
        /* @segment/analytics-node */
        "identify user_id=u1 email=a@example.com at=2026-06-01T11:59:59.981Z "
        "traits={name:\"张三\"}\n"
        "track \"Order Completed\" user_id=u1 at=2026-06-01T11:59:59.982Z "
        "props={order_id:\"o1\",revenue:12.5,"
        "products:[{\"sku\":\"s1\",\"price\":12.5,\"quantity\":1}]}\n"
        "page \"Page Viewed\" anonymous_id=an1 at=2026-06-01T11:59:59.982Z props={name:\"Home\"}\n"
        "screen \"Screen Viewed\" anonymous_id=an1 at=2026-06-01T11:59:59.982Z props={name:\"S\"}\n"
        "group \"Group Joined\" user_id=u1 at=2026-06-01T11:59:59.982Z "
        "props={group_id:\"g1\",name:\"Acme\"} "
        "traits={group_id:\"g1\"}\n"
        "alias user_id=an1 user_id=u1 anonymous_id=an1 at=2026-06-01T11:59:59.982Z\n",
        /* analytics-node 6 */
        "track \"E\" user_id=u1 at=2026-06-01T11:59:59.998Z\n",
        /* rudder-sdk-node */
        "track \"E\" user_id=u1 at=2026-06-01T12:00:00.000Z props={a:1}\n",
        "identify user_id=u1 at=2026-06-01T11:59:59.982Z traits={x:1}\n",
        /* posthog-node speaks another language on a path of the same name */
        "refused 0: its type is none of track, identify, page, screen, group, alias\n"
        "refused 1: its type is none of track, identify, page, screen, group, alias\n"
        "refused 2: its type is none of track, identify, page, screen, group, alias\n",
        /* @customerio/cdp-analytics-node sends no sentAt */
        "track \"E\" user_id=u1 at=2026-11-22T01:04:53.902Z\n",
        /* @jitsu/js */
        "identify user_id=u1 anonymous_id=f1841f14-b7f6-4fc0-b580-b8a1c920342f email=a@example.com "
        "at=2026-06-01T12:00:00.000Z "
        "props={$context:{\"page\":{},\"clientIds\":{},\"campaign\":{}}}\n",
        "track \"E\" user_id=u1 anonymous_id=f1841f14-b7f6-4fc0-b580-b8a1c920342f "
        "at=2026-06-01T12:00:00.000Z "
        "props={a:1,$context:{\"page\":{},\"clientIds\":{},\"campaign\":{}}}\n",
        "page \"Page Viewed\" user_id=u1 anonymous_id=f1841f14-b7f6-4fc0-b580-b8a1c920342f "
        "at=2026-06-01T12:00:00.000Z "
        "props={$context:{\"page\":{},\"clientIds\":{},\"campaign\":{}}}\n",
    };
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    const struct json *all = json_get(parsed(arena, test_file(arena, path)), "requests");
    u32 taken = 0;
    for (const struct json *request = all->child; request; request = request->next) {
        intake_call call;
        struct buf body;
        if (!call_of(request, &call)) continue; /* snowplow */
        buf_init(&body, 1 << 20);
        json_put(&body, json_get(request, "body"));
        CHECK_OK(desk_body(d, call, buf_str(&body)));
        CHECK(taken < COUNT_OF(WANT));
        CHECK_STR(buf_str(&d->text), str_of(WANT[taken++]));
        buf_clear(&body);
    }
    CHECK_EQ(taken, COUNT_OF(WANT));
    desk_free(d);
}

static void go_body(void *ctx, struct arena *arena, const char *name, str text)
{
    struct desk *d = ctx;
    CHECK_OK(desk_body(d, INTAKE_BATCH, text));
    const struct json *body = parsed(arena, text);
    if (d->result.accepted != json_get(body, "batch")->count) print_error("%s\n", name);
    CHECK_EQ(d->result.accepted, json_get(body, "batch")->count);
    CHECK_EQ(d->result.rejected, 0);
    /* Sent at the moment at which they happened, so they happened now; but one that was set by
     * hand. */
    bool by_hand = strcmp(name, "test-timestamp-track.json") == 0;
    str now = by_hand ? S(" at=2032-") : S(" at=2026-06-01T12:00:00.000Z");
    CHECK(str_find(buf_str(&d->text), now) > 0);
}

TEST("the bodies that the Go SDK must send are taken whole")
{
    if (!unpacked("data/sdk-payloads/segment_analytics-go_fixtures.tar.gz"))
        TEST_SKIP("no shared data");
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    CHECK_EQ(each_file(arena, "fixtures", go_body, d), 12);
    CHECK_STR(
        desk_take(d, arena, INTAKE_BATCH,
                  "{'batch':[{'messageId':'x','previousId':'A','timestamp':'2009-11-10T23:00:00Z',"
                  "'type':'alias','userId':'B'}],'sentAt':'2009-11-10T23:00:00Z'}"),
        S("alias user_id=A user_id=B anonymous_id=A at=2026-06-01T12:00:00.000Z\n"));
    desk_free(d);
}

/* RudderStack's browser payloads, by the endpoint of their type and as a batch. */
static void rudder_body(void *ctx, struct arena *arena, const char *name, str text)
{
    struct desk *d = ctx;
    const struct json *message = json_get(parsed(arena, text), "message");
    if (!message) return; /* a source's configuration */
    struct buf body;
    intake_call call;
    str type = json_get_str(message, "type", S("")), alone;
    bool refused = str_eq(type, S("group")) && !json_get(message, "groupId");
    buf_init(&body, 1 << 20);
    CHECK(intake_call_of(type, &call));
    json_put(&body, message);
    CHECK_OK(desk_body(d, call, buf_str(&body)));
    alone = arena_str(arena, buf_str(&d->text));
    if (d->result.accepted != !refused) print_error("%s: %.*s\n", name, STR_ARG(alone));
    CHECK_EQ(d->result.accepted, !refused);
    buf_reset(&body);
    buf_put(&body, S("{\"batch\":["));
    json_put(&body, message);
    buf_put(&body, S("]}"));
    CHECK_OK(desk_body(d, INTAKE_BATCH, buf_str(&body)));
    CHECK_STR(buf_str(&d->text), alone);
    if (strcmp(name, "identify7.json") == 0)
        CHECK(str_starts(alone, S("identify user_id=customUserID anonymous_id=custom-anonymousId "
                                  "email=name.surname@domain.com phone=1234567890(123-456-7890) "
                                  "at=2026-06-05T06:02:44.233Z")));
    buf_clear(&body);
}

TEST("RudderStack's browser payloads are taken, one by one and in a batch alike")
{
    if (!unpacked("data/sdk-payloads/rudder-sdk-js_sanity_fixtures.tar.gz"))
        TEST_SKIP("no shared data");
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    CHECK_EQ(each_file(arena, "packages/sanity-suite/__fixtures__", rudder_body, d), 46);
    desk_free(d);
}

/* ---- hard JSON ---- */

struct suite {
    struct desk *desk;
    u32 accepted, refused, whole, free;
};

/* Each file stands as a property's value between two good events. */
static void json_case(void *ctx, struct arena *arena, const char *name, str text)
{
    struct suite *s = ctx;
    struct buf body;
    (void)arena;
    buf_init(&body, 8 << 20);
    buf_put(
        &body,
        S("{\"batch\":[{\"type\":\"track\",\"userId\":\"a\",\"event\":\"A\"},{\"type\":\"track\","
          "\"userId\":\"u\",\"event\":\"E\",\"properties\":{\"v\":"));
    buf_put(&body, text);
    buf_put(&body, S("}},{\"type\":\"track\",\"userId\":\"b\",\"event\":\"B\"}],\"sentAt\":null}"));
    err e = desk_body(s->desk, INTAKE_BATCH, buf_str(&body));
    u32 accepted = s->desk->result.accepted, rejected = s->desk->result.rejected;
    bool taken = e == ERR_OK && accepted == 3 && rejected == 0;
    bool alone = e == ERR_OK && accepted == 2 && rejected == 1;
    bool right = name[0] == 'y'   ? taken
                 : name[0] == 'n' ? alone || e == ERR_INVALID
                                  : taken || alone || e == ERR_INVALID;
    if (!right) print_error("%s: %s, %u and %u\n", name, err_name(e), accepted, rejected);
    CHECK(right);
    s->accepted += name[0] == 'y' && taken;
    s->refused += name[0] == 'n' && alone;
    s->whole += name[0] == 'n' && e == ERR_INVALID;
    s->free += name[0] == 'i';
    buf_clear(&body);
}

TEST("JSONTestSuite: what must parse is taken, what must not is refused, and neighbours stay")
{
    if (!unpacked("data/json/JSONTestSuite.tar.gz")) TEST_SKIP("no shared data");
    struct suite s = {
        .desk = desk_new(arena, (struct intake_options){.item_bytes_max = 1 << 20}, false)};
    CHECK_EQ(each_file(arena, "test_parsing", json_case, &s), 318);
    CHECK_EQ(s.accepted, 95);
    CHECK_EQ(s.refused + s.whole, 188);
    CHECK_EQ(s.free, 35);
    CHECK(s.refused > 120); /* most of them without harm to the others */
    desk_free(s.desk);
}

TEST("naughty strings come back from a property byte for byte")
{
    const char *path = test_shared("data/strings/blns.json");
    if (!path) TEST_SKIP("no shared data");
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    const struct json *list = parsed(arena, test_file(arena, path));
    struct buf body, back;
    u32 count = 0;
    buf_init(&body, 1 << 20), buf_init(&back, 1 << 20);
    for (const struct json *j = list->child; j; j = j->next, count++) {
        struct record r;
        struct item item;
        buf_reset(&body), buf_reset(&back);
        buf_put(&body, S("{\"userId\":\"u\",\"event\":\"E\",\"properties\":{\"s\":"));
        json_put_str(&body, j->text);
        buf_put(&body, S(",\"l\":["));
        json_put_str(&body, j->text);
        buf_put(&body, S("]}}"));
        CHECK_OK(desk_body(d, INTAKE_TRACK, buf_str(&body)));
        struct reader in = reader_of(buf_str(&d->records));
        CHECK(record_next(&in, &r) && item_read(r.payload, r.id_count, &item));
        value s = props_get(item.props, names_find(d->names, NAME_PROPERTY, S("s")));
        CHECK_STR(s.text, j->text);
        value_json(&back, s);
        CHECK_STR(parsed(arena, buf_str(&back))->text, j->text);
        value l =
            value_element(props_get(item.props, names_find(d->names, NAME_PROPERTY, S("l"))), 0);
        CHECK_STR(l.text, j->text);
    }
    CHECK_EQ(count, 515);
    buf_clear(&body), buf_clear(&back);
    desk_free(d);
}
