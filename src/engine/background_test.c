/* background_test.c — sealing and snapshots while the disk is full: tried again, later each time.
 */
#include "engine/rig_test.h"
#include "event/catalog.h"

static void events(struct rig *r, u32 count)
{
    char text[4000];
    memset(text, 'x', sizeof text);
    struct buf props;
    buf_init(&props, 8192);
    props_put(&props, rig_code(r, NAME_PROPERTY, "note"), value_text((str){text, sizeof text}));
    for (u32 i = 0; i < count; i++)
        rig_item(r, 1, "Page Read", (struct item){.props = buf_str(&props)});
    buf_clear(&props);
    rig_apply(r);
}

static struct rig *rig_of_small_seals(struct arena *arena)
{
    struct rig *r = arena_zalloc(arena, sizeof *r);
    r->arena = arena;
    r->env = env_sim(test_seed());
    sim_set_wall(r->env, RIG_START);
    r->options = (struct engine_options){
        .dir = "data", .events_tail_bytes = 256 << 10, .log_file_bytes = 1 << 20};
    rig_start(r);
    return r;
}

/* Lets that time pass in small steps; gives the failures so far. */
static u32 failures_after(struct rig *r, i64 seconds)
{
    for (i64 i = 0; i < seconds * 10; i++) {
        sim_advance(r->env, 100);
        rig_settle(r);
    }
    return (u32)engine_stats(r->engine).background_failures;
}

TEST("a seal that fails on a full disk is tried again after 1 s, 2 s, 4 s … 60 s, and then goes "
     "well")
{
    struct rig *r = rig_of_small_seals(arena);
    events(r, 60);
    rig_settle(r); /* the log's file has room; the tail is not large enough yet */
    CHECK_EQ(engine_stats(r->engine).segment_bytes, 0);
    sim_faults(r->env, (struct sim_faults){.space_bytes = 1});
    events(r, 10);
    rig_settle(r);
    CHECK_EQ(engine_failing(r->engine), 1);
    CHECK(engine_failure(r->engine) == ERR_FULL);
    for (u32 i = 0; i < 3; i++) rig_settle(r); /* nothing is tried at once */
    CHECK_EQ(engine_failing(r->engine), 1);
    static const u32 EXPECTED[] = {1, 2, 2, 3, 3, 3, 3, 4}; /* after 0.9, 1.9 … s */
    sim_advance(r->env, 800);
    for (u32 i = 0; i < COUNT_OF(EXPECTED); i++) {
        sim_advance(r->env, i ? 900 : 100);
        rig_settle(r);
        CHECK_EQ(engine_failing(r->engine), EXPECTED[i]);
        sim_advance(r->env, 100);
        rig_settle(r);
    }
    u32 before = failures_after(r, 200);
    CHECK_EQ(failures_after(r, 120) - before, 2); /* once a minute */
    sim_faults(r->env, (struct sim_faults){0});
    failures_after(r, 61);
    CHECK_EQ(engine_failing(r->engine), 0);
    CHECK(engine_stats(r->engine).segment_bytes > 0);
    CHECK(engine_snapshots(r->engine) > 0); /* as each seal wants one */
    rig_close(r);
}

/* Events until the helper has a merge, of which it does one step. */
static void until_merge(struct rig *r)
{
    for (u32 i = 0; i < 200; i++) {
        events(r, 10);
        const struct background *b = &r->engine->background;
        if (b->work == WORK_SEAL && event_job_parks(b->job)) break;
        while (engine_background(r->engine, 1000000)) continue;
    }
    CHECK(event_job_parks(r->engine->background.job));
    CHECK(engine_background(r->engine, 0));
}

TEST("a seal that is due during a merge, and its snapshot, come before the rest of the merge")
{
    struct rig *r = rig_of_small_seals(arena);
    until_merge(r);
    const struct background *b = &r->engine->background;
    const struct seal_job *merge = b->job;
    u64 snapshots = b->snapshots, seals = b->seals;
    while (!event_seal_due(r->engine->events)) events(r, 10);
    CHECK(b->job == merge);
    engine_step(r->engine);
    CHECK(engine_background(r->engine, 0)); /* the step after which it is left */
    engine_step(r->engine);
    CHECK(r->engine->events->parked == merge && b->work == WORK_SEAL && !event_job_parks(b->job));
    while (engine_background(r->engine, 1000000)) continue;
    engine_step(r->engine);
    CHECK(b->work == WORK_SNAPSHOT && b->seals == seals + 1);
    while (engine_background(r->engine, 1000000)) continue;
    engine_step(r->engine);
    CHECK_EQ(b->snapshots, snapshots + 1);
    CHECK(b->work == WORK_SEAL && b->job == merge && b->epoch);
    while (engine_background(r->engine, 1000000)) continue;
    engine_step(r->engine);
    CHECK(b->job != merge && engine_failing(r->engine) == 0);
    rig_close(r);
}

TEST("a merge under way is left at the end, parked or not, and the next start knows nothing of it")
{
    for (u32 parked = 0; parked < 2; parked++) {
        struct rig *r = rig_of_small_seals(arena);
        until_merge(r);
        while (parked && !event_seal_due(r->engine->events)) events(r, 10);
        u64 count = events_count(r->engine->events);
        if (parked) {
            engine_step(r->engine);
            CHECK(engine_background(r->engine, 0));
            engine_step(r->engine);
            CHECK(r->engine->events->parked);
        }
        engine_close(r->engine);
        rig_start(r);
        CHECK_EQ(events_count(r->engine->events), count);
        CHECK(!r->engine->events->parked);
        rig_close(r);
    }
}

TEST("who asks for a snapshot does not wait for the next try")
{
    struct rig *r = rig_open(arena, "data");
    events(r, 2);
    sim_faults(r->env, (struct sim_faults){.space_bytes = 1});
    for (u32 i = 0; i < 10; i++) {
        engine_snapshot(r->engine);
        while (engine_background(r->engine, 1000000)) continue;
        engine_step(r->engine);
    }
    CHECK_EQ(engine_failing(r->engine), 10);
    sim_faults(r->env, (struct sim_faults){0});
    CHECK(engine_snapshot(r->engine));
    while (engine_background(r->engine, 1000000)) continue;
    engine_step(r->engine);
    CHECK_EQ(engine_failing(r->engine), 0);
    CHECK_EQ(engine_stats(r->engine).background_failures, 10);
    rig_close(r);
}

TEST("no snapshot is to come where the last one has all there is")
{
    struct rig *r = rig_open(arena, "data");
    events(r, 2);
    CHECK(engine_snapshot(r->engine));
    CHECK(engine_snapshot(r->engine)); /* it is under way */
    while (engine_background(r->engine, 1000000)) continue;
    engine_step(r->engine);
    u64 made = engine_snapshots(r->engine);
    CHECK(made > 0);
    CHECK(!engine_snapshot(r->engine));
    CHECK(!engine_background(r->engine, 1000000));
    events(r, 1);
    CHECK(engine_snapshot(r->engine));
    while (engine_background(r->engine, 1000000)) continue;
    engine_step(r->engine);
    CHECK_EQ(engine_snapshots(r->engine), made + 1);
    rig_close(r);
}
