/* dates_test.c — date triggers in a whole Beckon: through slices, stops and starts. */
#include "base/test.h"
#include "log/events.h"
#include "script/observe.h"

#include <stdio.h>

#define START 1780300800000 /* 2026-06-01T08:00Z */

struct dates {
    struct env *env;
    struct world *world;
    struct world_options options;
};

static void open_world(struct dates *d)
{
    struct diag why = {0};
    CHECK_OK(world_open(&d->options, &d->world, &why));
}

static struct dates *begin(struct arena *arena)
{
    struct dates *d = arena_zalloc(arena, sizeof *d);
    d->env = env_sim(test_seed());
    sim_set_wall(d->env, START);
    d->options = (struct world_options){.env = d->env, .dir = "data"};
    open_world(d);
    return d;
}

static void end(struct dates *d)
{
    world_close(d->world);
    env_free(d->env);
}

/* The process ends, and another begins some time later; the log is all there is. */
static void restart(struct dates *d, i64 later)
{
    world_close(d->world);
    sim_advance(d->env, later);
    open_world(d);
}

static void publish(struct dates *d, const char *text)
{
    struct arena *a = arena_new();
    const struct json *j;
    struct diag why = {0};
    CHECK_OK(json_parse(str_of(text), a, &j, &why));
    CHECK_OK(world_publish(d->world, OBJECT_JOURNEY, j, &why));
    arena_free(a);
}

static void customer(struct dates *d, const char *id, const char *date)
{
    char body[256];
    struct intake_result result = {0};
    struct diag why = {0};
    snprintf(body, sizeof body,
             "{\"type\":\"customer\",\"identifiers\":{\"user_id\":\"%s\",\"email\":\"%s@x.test\"},"
             "\"attributes\":{\"due\":\"%s\"}}",
             id, id, date);
    CHECK_OK(world_item(d->world, str_of(body), &result, &why));
    CHECK_EQ(result.accepted, 1);
}

static u32 entered(struct dates *d, i64 at)
{
    struct observed *list;
    struct arena *a = arena_new();
    u32 found = 0, n = observe(d->world, a, &list);
    for (u32 i = 0; i < n; i++)
        found += list[i].event == EVENT_JOURNEY_ENTERED && (at == 0 || list[i].at_ms == at);
    arena_free(a);
    return found;
}

static void track(struct dates *d, const char *id, const char *event)
{
    char body[256];
    struct intake_result result = {0};
    struct diag why = {0};
    snprintf(body, sizeof body,
             "{\"type\":\"track\",\"event\":\"%s\",\"identifiers\":{\"user_id\":\"%s\"}}", event,
             id);
    CHECK_OK(world_item(d->world, str_of(body), &result, &why));
}

static u32 exited(struct dates *d, str reason)
{
    struct observed *list;
    struct arena *a = arena_new();
    u32 found = 0, n = observe(d->world, a, &list);
    for (u32 i = 0; i < n; i++)
        found += list[i].event == EVENT_JOURNEY_EXITED && str_eq(list[i].reason, reason);
    arena_free(a);
    return found;
}

#define JOURNEY(more)                                                                              \
    "{\"id\":\"due\",\"trigger\":{\"date\":\"due\"" more                                           \
    "},\"policy\":{\"category\":\"service\"},"                                                     \
    "\"steps\":[{\"id\":\"m\",\"send\":{\"channel\":\"email\",\"template\":\"t\"}}]}"

TEST("a moment that came while the process was down fires once when it starts; mail waits for a "
     "word")
{
    struct dates *d = begin(arena);
    u32 handed;
    publish(d, JOURNEY(",\"repeat_until\":\"1d\""));
    customer(d, "a", "2026-06-03");
    world_until(d->world, START + DAY);
    restart(d, 3 * DAY);
    world_until(d->world, START + 4 * DAY);
    CHECK_EQ(entered(d, START + 4 * DAY), 1);
    CHECK_EQ(entered(d, 0), 1);
    CHECK(engine_sending_held(world_engine(d->world)));
    CHECK_OK(world_operate(d->world, OPERATE_SENDING_RELEASE, 0, 0));
    world_until(d->world, START + 10 * DAY);
    world_delivered(d->world, &handed);
    CHECK_EQ(handed, 1);
    CHECK_EQ(entered(d, 0), 1);
    end(d);
}

TEST("starts change nothing about moments, whenever they are")
{
    struct dates *d = begin(arena);
    publish(d, JOURNEY(",\"offset\":\"-2d\",\"repeat_until\":\"-1d\""));
    customer(d, "a", "2026-06-05");
    customer(d, "b", "2026-06-06");
    for (u32 i = 0; i < 120; i++) {
        hash128 before = engine_hash(world_engine(d->world));
        i64 now = world_now(d->world);
        restart(d, 0);
        CHECK(hash128_eq(before, engine_hash(world_engine(d->world))));
        world_until(d->world, now + HOUR);
        if (i == 20) engine_snapshot(world_engine(d->world));
    }
    CHECK_EQ(entered(d, 0), 4);
    CHECK_EQ(entered(d, START + 2 * DAY + HOUR), 1);
    CHECK_EQ(entered(d, START + 3 * DAY + HOUR), 2);
    CHECK_EQ(entered(d, START + 4 * DAY + HOUR), 1);
    end(d);
}

TEST("publishing finds everybody whose date is known, however many slices that takes")
{
    struct dates *d = begin(arena);
    enum { MANY = 1100 };
    for (u32 i = 0; i < MANY; i++) {
        char id[16];
        snprintf(id, sizeof id, "c%u", i);
        customer(d, id, i % 2 ? "2026-06-02" : "2026-06-01");
    }
    publish(d, JOURNEY(""));
    customer(d, "later", "2026-06-02");
    u32 code;
    persona from;
    CHECK(!journey_pass_next(engine_journeys(world_engine(d->world)), &code, &from));
    world_until(d->world, START + 2 * DAY);
    CHECK_EQ(entered(d, START + HOUR), MANY / 2);
    CHECK_EQ(entered(d, START + DAY + HOUR), MANY / 2 + 1);
    CHECK_EQ(entered(d, 0), MANY + 1);
    CHECK_OK(world_operate(d->world, OPERATE_STOP,
                           names_find(engine_names(world_engine(d->world)), NAME_OBJECT, S("due")),
                           0));
    CHECK_EQ(engine_next_due(world_engine(d->world)) > world_now(d->world), 1);
    end(d);
}

TEST("an event that comes before the tick of the same moment ends what that moment began")
{
    struct dates *d = begin(arena);
    publish(d, "{\"id\":\"due\",\"trigger\":{\"date\":\"due\"},\"exit\":[{\"did\":\"Bought\"}],"
               "\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"1h\"}}]}");
    publish(d,
            "{\"id\":\"bought\",\"trigger\":{\"event\":\"Bought\"},\"exit\":[{\"did\":"
            "\"Bought\",\"within\":\"1h\"}],\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"1h\"}}]}");
    customer(d, "a", "2026-06-01");
    sim_advance(d->env, HOUR);
    track(d, "a", "Bought");
    CHECK_EQ(entered(d, START + HOUR), 2);
    CHECK_EQ(exited(d, S("exit")), 1);
    world_until(d->world, START + 2 * HOUR);
    CHECK_EQ(exited(d, S("done")), 1);
    end(d);
}
