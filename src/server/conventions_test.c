#include "server/rig_test.h"

static struct answer_text ask_more(struct rig *rig, const char *verb, const char *path,
                                   const char *headers, const char *body)
{
    str all = arena_printf(rig->arena, "Authorization: Bearer %s\r\n%s", rig->key, headers);
    return ask_with(rig, verb, path, all.p, str_of(body));
}

static str field(struct rig *rig, const struct answer_text *a, const char *name)
{
    str key = arena_printf(rig->arena, "\r\n%s: ", name);
    ptrdiff_t at = str_find(a->head, key);
    if (at < 0) return (str){0};
    str rest = str_slice(a->head, (size_t)at + key.n, a->head.n);
    return str_slice(rest, 0, (size_t)str_find(rest, S("\r\n")));
}

static const char *match(struct rig *rig, const char *name, str tag)
{
    return arena_printf(rig->arena, "%s: %.*s\r\n", name, STR_ARG(tag)).p;
}

#define SEGMENT "/api/v1/segments/young"
#define RULE(n) "{\"if\":{\"attribute\":\"age\",\"op\":\"<\",\"value\":" #n "}}"

TEST("an edit from an older version is refused, one from this version or without one is not")
{
    struct rig *rig = rig_new(arena, "etag", (struct server_options){0});
    struct answer_text a = ask(rig, "PUT", SEGMENT, RULE(30));
    CHECK_EQ(a.status, 200);
    str first = field(rig, &a, "ETag");
    CHECK(first.n > 2 && first.p[0] == '"');
    a = ask(rig, "GET", SEGMENT, "");
    CHECK(str_eq(field(rig, &a, "ETag"), first));
    CHECK_EQ(ask_more(rig, "GET", SEGMENT, match(rig, "If-None-Match", first), "").status, 304);
    CHECK_EQ(ask_more(rig, "GET", SEGMENT, "If-None-Match: \"x\"\r\n", "").status, 200);

    a = ask_more(rig, "PUT", SEGMENT, match(rig, "If-Match", first), RULE(31));
    CHECK_EQ(a.status, 200);
    str second = field(rig, &a, "ETag");
    CHECK(!str_eq(first, second));
    a = ask_more(rig, "PUT", SEGMENT, match(rig, "If-Match", first), RULE(32));
    CHECK_EQ(a.status, 412);
    CHECK(has(a.body, S("read it again")));
    a = ask(rig, "GET", SEGMENT, "");
    CHECK(has(a.body, S("31")));
    CHECK_EQ(ask_more(rig, "DELETE", SEGMENT, match(rig, "If-Match", first), "").status, 412);

    CHECK_EQ(ask_more(rig, "PUT", SEGMENT, "If-Match: *\r\n", RULE(33)).status, 200);
    CHECK_EQ(ask_more(rig, "PUT", SEGMENT, "If-None-Match: *\r\n", RULE(34)).status, 412);
    CHECK_EQ(ask(rig, "PUT", SEGMENT, RULE(35)).status, 200);
    a = ask(rig, "GET", SEGMENT, "");
    str last = field(rig, &a, "ETag");
    CHECK_EQ(ask_more(rig, "DELETE", SEGMENT, match(rig, "If-Match", last), "").status, 204);
    CHECK_EQ(ask_more(rig, "PUT", SEGMENT, match(rig, "If-Match", last), RULE(36)).status, 412);
    CHECK_EQ(ask_more(rig, "PUT", SEGMENT, "If-None-Match: *\r\n", RULE(36)).status, 200);
    rig_stop(rig);
}

TEST("counters make a reader's copy old and no edit stale")
{
    struct rig *rig = rig_new(arena, "counters", (struct server_options){0});
    CHECK_EQ(ask(rig, "PUT", SEGMENT, RULE(30)).status, 200);
    struct answer_text a = ask(rig, "GET", SEGMENT, "");
    str before = field(rig, &a, "ETag");
    CHECK_EQ(send_in(rig, "/v1/identify", "{\"userId\":\"u1\",\"traits\":{\"age\":20}}").status,
             200);
    a = ask_more(rig, "GET", SEGMENT, match(rig, "If-None-Match", before), "");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"members\":1")));
    CHECK_EQ(ask_more(rig, "PUT", SEGMENT, match(rig, "If-Match", before), RULE(31)).status, 200);
    rig_stop(rig);
}

TEST("drafts, settings and customers have tags too")
{
    struct rig *rig = rig_new(arena, "tags", (struct server_options){0});
    static const char JOURNEY[] = "{\"id\":\"j\",\"trigger\":{\"event\":\"A\"},\"steps\":[{\"id\":"
                                  "\"w\",\"wait\":{\"for\":\"1h\"}}]}";
    struct answer_text a = ask(rig, "POST", "/api/v1/journeys", JOURNEY);
    CHECK_EQ(a.status, 201);
    str tag = field(rig, &a, "ETag");
    CHECK_EQ(ask(rig, "POST", "/api/v1/journeys/j/publish", "").status, 200);
    CHECK_EQ(ask_more(rig, "PUT", "/api/v1/journeys/j", match(rig, "If-Match", tag),
                      "{\"trigger\":{\"event\":\"B\"},\"steps\":[]}")
                 .status,
             200);
    CHECK_EQ(ask_more(rig, "PUT", "/api/v1/journeys/j", match(rig, "If-Match", tag),
                      "{\"trigger\":{\"event\":\"C\"},\"steps\":[]}")
                 .status,
             412);
    a = ask(rig, "GET", "/api/v1/settings", "");
    tag = field(rig, &a, "ETag");
    CHECK_EQ(ask_more(rig, "PATCH", "/api/v1/settings", match(rig, "If-Match", tag),
                      "{\"name\":\"One\"}")
                 .status,
             200);
    CHECK_EQ(ask_more(rig, "PATCH", "/api/v1/settings", match(rig, "If-Match", tag),
                      "{\"name\":\"Two\"}")
                 .status,
             412);
    CHECK_EQ(send_in(rig, "/v1/identify", "{\"userId\":\"u1\",\"traits\":{\"age\":20}}").status,
             200);
    a = ask(rig, "GET", "/api/v1/customers/user_id:u1", "");
    tag = field(rig, &a, "ETag");
    a = ask_more(rig, "PATCH", "/api/v1/customers/user_id:u1", match(rig, "If-Match", tag),
                 "{\"attributes\":{\"age\":21}}");
    CHECK_EQ(a.status, 200);
    CHECK_EQ(ask_more(rig, "PATCH", "/api/v1/customers/user_id:u1", match(rig, "If-Match", tag),
                      "{\"attributes\":{\"age\":22}}")
                 .status,
             412);
    rig_stop(rig);
}

struct editor {
    struct rig *rig;
    str tag;
    int status;
    struct arena *arena;
};

static void *edit(void *arg)
{
    struct editor *e = arg;
    struct rig own = *e->rig;
    own.arena = e->arena;
    e->status = ask_more(&own, "PUT", SEGMENT, match(&own, "If-Match", e->tag),
                         arena_printf(e->arena, "{\"name\":\"%p\",\"if\":{\"tag\":\"a\"}}", arg).p)
                    .status;
    return NULL;
}

TEST("of many who edit the same version at once one is taken")
{
    enum { EDITORS = 8 };
    struct rig *rig = rig_new(arena, "race", (struct server_options){0});
    struct editor editors[EDITORS];
    pthread_t threads[EDITORS];
    u32 taken = 0, stale = 0;
    CHECK_EQ(ask(rig, "PUT", SEGMENT, RULE(30)).status, 200);
    struct answer_text a = ask(rig, "GET", SEGMENT, "");
    for (u32 i = 0; i < EDITORS; i++) {
        editors[i] = (struct editor){rig, field(rig, &a, "ETag"), 0, arena_new()};
        CHECK_EQ(pthread_create(&threads[i], NULL, edit, &editors[i]), 0);
    }
    for (u32 i = 0; i < EDITORS; i++) {
        pthread_join(threads[i], NULL);
        taken += editors[i].status == 200;
        stale += editors[i].status == 412;
        arena_free(editors[i].arena);
    }
    CHECK_EQ(taken, 1);
    CHECK_EQ(stale, EDITORS - 1);
    rig_stop(rig);
}

/* ---- Idempotency-Key ---- */

#define KEY_A "Idempotency-Key: a\r\n"

TEST("a POST under a key is done once and answered alike, also after a restart")
{
    struct rig *rig = rig_new(arena, "repeat", (struct server_options){0});
    struct answer_text a =
        ask_more(rig, "POST", "/api/v1/segments", KEY_A, "{\"if\":{\"tag\":\"x\"}}");
    CHECK_EQ(a.status, 201);
    CHECK_EQ(field(rig, &a, "Idempotency-Replayed").n, 0);
    struct answer_text b =
        ask_more(rig, "POST", "/api/v1/segments", KEY_A, "{\"if\":{\"tag\":\"x\"}}");
    CHECK_EQ(b.status, 201);
    CHECK(str_eq(a.body, b.body));
    CHECK(str_eq(field(rig, &a, "ETag"), field(rig, &b, "ETag")));
    CHECK(str_eq(field(rig, &b, "Idempotency-Replayed"), S("true")));
    rig_stop(rig);
    rig_start(rig);
    b = ask_more(rig, "POST", "/api/v1/segments", KEY_A, "{\"if\":{\"tag\":\"x\"}}");
    CHECK_EQ(b.status, 201);
    CHECK(str_eq(a.body, b.body));
    a = ask(rig, "GET", "/api/v1/segments", "");
    CHECK_EQ(item_count(&a), 1);
    rig_stop(rig);
}

TEST("a key belongs to one request of one API key; refusals are remembered too")
{
    struct rig *rig = rig_new(arena, "repeat-other", (struct server_options){0});
    CHECK_EQ(
        ask_more(rig, "POST", "/api/v1/segments", KEY_A, "{\"id\":\"s\",\"if\":{\"tag\":\"x\"}}")
            .status,
        201);
    struct answer_text a =
        ask_more(rig, "POST", "/api/v1/segments", KEY_A, "{\"id\":\"t\",\"if\":{\"tag\":\"x\"}}");
    CHECK_EQ(a.status, 409);
    CHECK(has(a.body, S("a new request needs a new key")));
    CHECK_EQ(
        ask_more(rig, "POST", "/api/v1/coupons", KEY_A, "{\"id\":\"s\",\"if\":{\"tag\":\"x\"}}")
            .status,
        409);
    struct answer_text k = ask(rig, "POST", "/api/v1/keys", "{\"name\":\"second\"}");
    CHECK_EQ(k.status, 201);
    str head = arena_printf(rig->arena, "Authorization: Bearer %.*s\r\n" KEY_A,
                            STR_ARG(member(&k, "key")));
    a = ask_with(rig, "POST", "/api/v1/segments", head.p,
                 S("{\"id\":\"t\",\"if\":{\"tag\":\"x\"}}"));
    CHECK_EQ(a.status, 201);

    a = ask_more(rig, "POST", "/api/v1/segments", "Idempotency-Key: b\r\n", "{\"if\":{\"no\":1}}");
    CHECK_EQ(a.status, 422);
    struct answer_text b =
        ask_more(rig, "POST", "/api/v1/segments", "Idempotency-Key: b\r\n", "{\"if\":{\"no\":1}}");
    CHECK_EQ(b.status, 422);
    CHECK(str_eq(a.body, b.body) && has(b.head, S("problem+json")));
    char long_key[400];
    memset(long_key, 'k', sizeof long_key);
    memcpy(long_key, "Idempotency-Key: ", 17);
    memcpy(long_key + sizeof long_key - 3, "\r\n", 3);
    CHECK_EQ(ask_more(rig, "POST", "/api/v1/segments", long_key, "{}").status, 400);
    rig_stop(rig);
}

static void *create_once(void *arg)
{
    struct editor *e = arg;
    struct rig own = *e->rig;
    own.arena = e->arena;
    e->status =
        ask_more(&own, "POST", "/api/v1/segments", KEY_A, "{\"if\":{\"tag\":\"x\"}}").status;
    return NULL;
}

TEST("of many of one key at once one is done; the others are told, or told to wait")
{
    enum { SENDERS = 8 };
    struct rig *rig = rig_new(arena, "repeat-race", (struct server_options){0});
    struct editor senders[SENDERS];
    pthread_t threads[SENDERS];
    for (u32 i = 0; i < SENDERS; i++) {
        senders[i] = (struct editor){rig, {0}, 0, arena_new()};
        CHECK_EQ(pthread_create(&threads[i], NULL, create_once, &senders[i]), 0);
    }
    for (u32 i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(senders[i].status == 201 || senders[i].status == 409);
        arena_free(senders[i].arena);
    }
    struct answer_text a = ask(rig, "GET", "/api/v1/segments", "");
    CHECK_EQ(item_count(&a), 1);
    rig_stop(rig);
}

/* ---- refused events ---- */

TEST("refused events are paged, filtered, and there after a restart")
{
    struct rig *rig = rig_new(arena, "refused", (struct server_options){0});
    for (u32 i = 0; i < 5; i++)
        CHECK_EQ(send_in(rig, "/v1/batch", "{\"batch\":[{\"type\":\"nonsense\"}]}").status, 200);
    struct answer_text a = ask(rig, "GET", "/api/v1/events/rejected?limit=3", "");
    CHECK_EQ(item_count(&a), 3);
    str next = member(&a, "next");
    CHECK(next.n > 0);
    rig_stop(rig);
    rig_start(rig);
    a = ask(rig, "GET",
            arena_printf(arena, "/api/v1/events/rejected?limit=3&cursor=%.*s", STR_ARG(next)).p,
            "");
    CHECK_EQ(item_count(&a), 2);
    CHECK_EQ(member(&a, "next").n, 0);
    CHECK(has(a.body, S("nonsense")) && has(a.body, S("\"source\":\"shop\"")));
    a = ask(rig, "GET", "/api/v1/events/rejected?source=shop", "");
    CHECK_EQ(item_count(&a), 5);
    a = ask(rig, "GET", "/api/v1/events/rejected?source=other", "");
    CHECK_EQ(item_count(&a), 0);
    a = ask(rig, "GET", "/api/v1/events/rejected?from=2020-01-01&to=2021-01-01T00:00:00Z", "");
    CHECK_EQ(item_count(&a), 0);
    a = ask(rig, "GET", "/api/v1/events/rejected?from=2020-01-01", "");
    CHECK_EQ(item_count(&a), 5);
    CHECK_EQ(ask(rig, "GET", "/api/v1/events/rejected?from=yesterday", "").status, 400);
    CHECK_EQ(ask(rig, "GET", "/api/v1/events/rejected?cursor=x", "").status, 400);
    rig_stop(rig);
}
