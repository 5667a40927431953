#include "server/crew.h"
#include "server/inside.h"
#include "server/rig_test.h"

static str page_of(struct rig *rig, const char *query)
{
    struct answer_text a =
        ask(rig, "GET", arena_printf(rig->arena, "/api/v1/customers?%s", query).p, "");
    CHECK_EQ(a.status, 200);
    return a.body;
}

static u32 count_of(struct rig *rig, const char *query)
{
    struct answer_text a =
        ask(rig, "GET", arena_printf(rig->arena, "/api/v1/customers?%s", query).p, "");
    CHECK_EQ(a.status, 200);
    return item_count(&a);
}

static void add(struct rig *rig, u32 i)
{
    str body = arena_printf(rig->arena,
                            "{\"userId\":\"user-%u\",\"traits\":{\"email\":\"Mail%u@Example.com\","
                            "\"phone\":\"+86138000%05u\",\"name\":\"Ada %s\",\"n\":%u}}",
                            i, i, i, i % 2 ? "Lovelace" : "\xe7\x8e\x8b\xe4\xba\x94", i);
    CHECK_EQ(send_in(rig, "/v1/identify", body.p).status, 200);
}

TEST("customers are found by what their name, mail, phone or user id begins with")
{
    struct rig *rig = rig_new(arena, "search", (struct server_options){0});
    for (u32 i = 0; i < 20; i++) add(rig, i);
    CHECK_EQ(count_of(rig, ""), 20);
    CHECK_EQ(count_of(rig, "q=USER-1"), 11);
    CHECK_EQ(count_of(rig, "q=user-"), 20);
    CHECK_EQ(count_of(rig, "q=mail3@"), 1);
    CHECK_EQ(count_of(rig, "q=mail3%40example.com"), 1);
    CHECK_EQ(count_of(rig, "q=%2B86138000"), 20);
    CHECK_EQ(count_of(rig, "q=13800000019"), 1);
    CHECK_EQ(count_of(rig, "q=138%200000%20001"), 10);
    CHECK_EQ(count_of(rig, "q=love"), 10);
    CHECK_EQ(count_of(rig, "q=ada"), 20);
    CHECK_EQ(count_of(rig, "q=%E7%8E%8B"), 10);
    CHECK_EQ(count_of(rig, "q=elace"), 0);
    CHECK_EQ(
        send_in(rig, "/v1/identify", "{\"userId\":\"oneil\",\"traits\":{\"name\":\"Anna O'Neil\"}}")
            .status,
        200);
    CHECK_EQ(count_of(rig, "q=neil"), 1);
    CHECK_EQ(count_of(rig, "q=nobody%40example.com"), 0);
    /* Named exactly she is the first, though others are newer. */
    str page = page_of(rig, "q=user-1&limit=1");
    CHECK(has(page, S("mail1@example.com")));
    CHECK_EQ(count_of(rig, "q=user_id:user-1"), 1);
    rig_stop(rig);
}

TEST("a filter is a condition; it narrows segment and text, page after page")
{
    struct rig *rig = rig_new(arena, "filter", (struct server_options){0});
    for (u32 i = 0; i < 20; i++) add(rig, i);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/segments/low",
                 "{\"if\":{\"attribute\":\"n\",\"op\":\"<\",\"value\":12}}")
                 .status,
             200);
#define FILTER "filter=%7B%22attribute%22%3A%22n%22%2C%22op%22%3A%22%3E%3D%22%2C%22value%22%3A5%7D"
    CHECK_EQ(count_of(rig, FILTER), 15);
    CHECK_EQ(count_of(rig, "segment=low"), 12);
    CHECK_EQ(count_of(rig, "segment=low&" FILTER), 7);
    CHECK_EQ(count_of(rig, "q=love&segment=low&" FILTER), 4);
    CHECK_EQ(count_of(rig, "q=user-3&" FILTER), 0);
    CHECK_EQ(count_of(rig, "q=user-7&" FILTER), 1);
    u32 seen = 0, pages = 0;
    str cursor = {0};
    do {
        str path = arena_printf(arena, "/api/v1/customers?limit=2&segment=low&%s%s%.*s", FILTER,
                                cursor.n ? "&cursor=" : "", STR_ARG(cursor));
        struct answer_text a = ask(rig, "GET", path.p, "");
        CHECK_EQ(a.status, 200);
        seen += item_count(&a);
        cursor = member(&a, "next");
        pages++;
    } while (cursor.n);
    CHECK_EQ(seen, 7);
    CHECK_EQ(pages, 4);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers?filter=%7B%22nonsense%22%3A1%7D", "").status, 422);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers?filter=%7B", "").status, 400);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers?segment=none", "").status, 404);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers?limit=1001", "").status, 400);
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers?cursor=-1", "").status, 400);
    rig_stop(rig);
}

TEST("a filter asks what customers did, and how many points they have, as counts do")
{
    struct rig *rig = rig_new(arena, "did", (struct server_options){0});
    for (u32 i = 0; i < 20; i++) add(rig, i);
    for (u32 i = 0; i < 20; i++) {
        for (u32 k = 0; k < i % 4; k++) {
            str body = arena_printf(arena,
                                    "{\"userId\":\"user-%u\",\"event\":\"Bought\",\"properties\":"
                                    "{\"amount\":%u}}",
                                    i, 10 * i + k);
            CHECK_EQ(send_in(rig, "/v1/track", body.p).status, 200);
        }
    }
#define DID "filter=%7B%22did%22%3A%22Bought%22"
    CHECK_EQ(count_of(rig, DID "%7D"), 15);
    CHECK_EQ(count_of(rig, DID ",%22count%22%3A%7B%22op%22%3A%22%3D%22,%22value%22%3A3%7D%7D"), 5);
    CHECK_EQ(count_of(rig, DID ",%22within%22%3A%222mo%22%7D"), 15);
    CHECK_EQ(count_of(rig, DID ",%22where%22%3A%7B%22property%22%3A%22amount%22,%22op%22%3A%22%3E"
                               "%22,%22value%22%3A100%7D%7D"),
             8);
    CHECK_EQ(count_of(rig, "q=user-3&" DID "%7D"), 1);
    CHECK_EQ(count_of(rig, "q=user-4&" DID "%7D"), 0);
    CHECK_EQ(ask(rig, "PUT", "/api/v1/scores/points",
                 "{\"name\":\"P\",\"rules\":[{\"did\":\"Bought\",\"points\":5}]}")
                 .status,
             200);
    CHECK_EQ(count_of(rig, "filter=%7B%22score%22%3A%22points%22,%22op%22%3A%22%3E%3D%22,%22value"
                           "%22%3A10%7D"),
             10);
    rig_stop(rig);
}

struct jam {
    uv_sem_t go;
};

static void hold(void *ctx)
{
    uv_sem_wait(&((struct jam *)ctx)->go);
}

TEST("where too many wait for the crew a filter is refused before it holds anything")
{
    struct rig *rig = rig_new(arena, "busy", (struct server_options){0});
    struct jam jam;
    u32 held = 0;
    for (u32 i = 0; i < 3; i++) add(rig, i);
    CHECK_EQ(uv_sem_init(&jam.go, 0), 0);
    while (held < CREW_WAITING_MAX + crew_size(rig->server->crew))
        held += crew_post(rig->server->crew, hold, &jam, false);
    CHECK(!crew_has_room(rig->server->crew));
    CHECK_EQ(ask(rig, "GET", "/api/v1/customers?" FILTER, "").status, 429);
    CHECK_EQ(ask(rig, "POST", "/api/v1/segments/preview",
                 "{\"predicate\":{\"attribute\":\"n\",\"op\":\"<\",\"value\":2}}")
                 .status,
             429);
    struct answer_text a = ask(rig, "POST", "/api/v1/analyses/trend", "{\"interval\":\"day\"}");
    CHECK_EQ(a.status, 429);
    a = ask(rig, "GET", "/api/v1/analyses", "");
    CHECK_EQ(item_count(&a), 0);
    CHECK_EQ(count_of(rig, ""), 3); /* nobody has to wait for a list without a condition */
    for (u32 i = 0; i < held; i++) uv_sem_post(&jam.go);
    while (!crew_has_room(rig->server->crew)) usleep(1000);
    CHECK_EQ(count_of(rig, FILTER), 0);
    rig_stop(rig);
    uv_sem_destroy(&jam.go);
}
