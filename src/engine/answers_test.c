/* answers_test.c — a new rule's way through everybody, with answers computed beside: the members
 * are those that asking each of them would give, whatever comes in between. */
#include "engine/rig_test.h"

/* Every rule's members against the naive way: each customer is asked anew, from her own events. */
static void check_members(struct rig *r)
{
    struct engine *e = r->engine;
    struct customer_view v = {e->customers, NULL};
    for (u32 i = 1; i < table_count(e->objects); i++) {
        const struct object_row *row = table_at(e->objects, i);
        const struct predicate *p = segment_predicate(e->segments, row->code);
        u32 members = 0;
        if (row->kind != OBJECT_SEGMENT || row->gone || !p) continue;
        CHECK_EQ(segment_cursor(e->segments, row->code), PERSONAS_MAX);
        for (persona head = 1; head < customers_end(e->customers); head++) {
            struct subject who;
            if (customer_head(e->customers, head) != head) continue;
            engine_subject(e, head, &who);
            bool holds = predicate_eval(p, &who, e->now).holds;
            if (holds != segment_holds(e->segments, &v, row->code, head))
                fail_msg("segment %u, customer %u: %d", row->code, head, holds);
            members += holds;
        }
        CHECK_EQ(segment_count(e->segments, row->code), members);
    }
    arena_reset(e->scratch);
}

static void people(struct rig *r, u32 count)
{
    for (u32 n = 1; n <= count; n++) rig_has(r, n, "points", value_int(n));
    rig_apply(r);
}

/* Proposes and works beside until a slice stands in the log, not yet applied. */
static void until_proposed(struct rig *r)
{
    u64 before = r->engine->proposed;
    for (u32 turn = 0; r->engine->proposed == before; turn++) {
        MUST(turn < 100);
        if (!engine_propose(r->engine, env_wall_ms(r->env)))
            CHECK(engine_background(r->engine, 1000000));
    }
}

TEST("answers computed beside go into few slices, and end one where many would cross")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 3000);
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'few','if':{'attribute':'points','op':'<=','value':10}}");
    rig_apply(r);
    u64 before = engine_applied(r->engine);
    rig_settle(r);
    CHECK_EQ(engine_applied(r->engine) - before, 1);
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'all','if':{'attribute':'points','op':'>=','value':0}}");
    rig_apply(r);
    before = engine_applied(r->engine);
    rig_settle(r);
    CHECK_EQ(engine_applied(r->engine) - before, 3);
    /* those who leave count as well */
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'all','if':{'attribute':'points','op':'<','value':1}}");
    rig_apply(r);
    before = engine_applied(r->engine);
    rig_settle(r);
    CHECK_EQ(engine_applied(r->engine) - before, 3);
    check_members(r);
    rig_close(r);
}

TEST("a slice in which thousands cross leaves nothing of what follows out")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 1100);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'all','if':{'attribute':'points','op':'<','value':0}}");
    rig_apply(r);
    for (u32 i = 0; i < 5; i++) {
        char source[64];
        snprintf(source, sizeof source, "{'id':'same%u','if':{'segment':'all'}}", i);
        rig_publishes(r, OBJECT_SEGMENT, source);
    }
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'moved','if':{'did':'Segment Entered','count':{'op':'>=','value':6}}}");
    rig_apply(r);
    rig_settle(r);
    u64 before = engine_applied(r->engine);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'all','if':{'attribute':'points','op':'>','value':0}}");
    rig_settle(r);
    CHECK(engine_applied(r->engine) - before <= 3); /* more than CAUSES_MANY edges in one */
    CHECK_EQ(segment_count(r->engine->segments, rig_code(r, NAME_OBJECT, "moved")), 1100);
    check_members(r);
    rig_close(r);
}

TEST("a rule that counts the engine's own events, or asks about time, goes its way by being asked "
     "in apply")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 1025);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'did','if':{'did':'Segment Left'}}");
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'tagged','if':{'tag':'vip'}}");
    rig_apply(r);
    u64 before = engine_applied(r->engine);
    CHECK(engine_propose(r->engine, env_wall_ms(r->env)));
    CHECK(!engine_background(r->engine, 1000));
    rig_settle(r);
    CHECK_EQ(engine_applied(r->engine) - before, 6); /* 512, 512 and 1, twice */
    check_members(r);
    rig_close(r);
}

TEST("of a rule over a client's events, only who has some is asked with hers")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 3000);
    for (u32 n = 1; n <= 40; n++)
        for (u32 i = 0; i < n % 4; i++) rig_item(r, n, "Bought", (struct item){0});
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'often','if':{'did':'Bought','count':{'op':'>=','value':3}}}");
    rig_apply(r);
    u64 before = engine_applied(r->engine);
    rig_settle(r);
    CHECK_EQ(engine_applied(r->engine) - before, 1);
    CHECK_EQ(segment_count(r->engine->segments, rig_code(r, NAME_OBJECT, "often")), 10);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'never','if':{'not':{'did':'Bought'}}}");
    rig_settle(r);
    CHECK_EQ(segment_count(r->engine->segments, rig_code(r, NAME_OBJECT, "never")), 2970);
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'either','if':{'any':[{'attribute':'points','op':'=','value':2999},"
                  "{'did':'Bought'}]}}");
    rig_settle(r);
    CHECK_EQ(segment_count(r->engine->segments, rig_code(r, NAME_OBJECT, "either")), 31);
    /* What comes later counts from there on. */
    for (u32 i = 0; i < 3; i++) rig_item(r, 2500, "Bought", (struct item){0});
    rig_apply(r);
    CHECK(rig_is_member(r, "often", 2500));
    CHECK(!rig_is_member(r, "never", 2500));
    CHECK(rig_is_member(r, "either", 2500));
    check_members(r);
    rig_close(r);
}

TEST("where many must be read a slice is as short as one that is asked in apply")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 1100);
    for (u32 n = 1; n <= 1100; n++) rig_item(r, n, "Bought", (struct item){0});
    rig_apply(r);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'all','if':{'did':'Bought'}}");
    rig_apply(r);
    u64 before = engine_applied(r->engine);
    rig_settle(r);
    CHECK_EQ(engine_applied(r->engine) - before, 3); /* 512, 512 and 76 */
    CHECK_EQ(segment_count(r->engine->segments, rig_code(r, NAME_OBJECT, "all")), 1100);
    check_members(r);
    rig_close(r);
}

TEST("rules that share kept state with another window keep it")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 100);
    rig_item(r, 7, "Bought", (struct item){0});
    rig_apply(r);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'long','if':{'did':'Bought','within':'300d'}}");
    rig_settle(r);
    CHECK(rig_is_member(r, "long", 7));
    sim_advance(r->env, 30 * DAY);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'short','if':{'did':'Bought','within':'7d'}}");
    rig_settle(r);
    CHECK(rig_is_member(r, "long", 7));
    CHECK(!rig_is_member(r, "short", 7));
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'middle','if':{'did':'Bought','within':'60d'}}");
    rig_settle(r);
    CHECK(rig_is_member(r, "middle", 7));
    check_members(r);
    rig_close(r);
}

TEST("who did something after they were told to have done nothing is asked in apply")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 100);
    rig_item(r, 50, "Bought", (struct item){0});
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'did','if':{'did':'Bought'}}");
    rig_apply(r);
    CHECK(engine_propose(r->engine, env_wall_ms(r->env)));
    CHECK(engine_background(r->engine, 1000000));
    rig_item(r, 10, "Bought", (struct item){0}); /* after the epoch, before the slice */
    rig_merges(r, 50, 51);
    rig_apply(r);
    until_proposed(r);
    rig_item(r, 11, "Bought", (struct item){0}); /* after the slice in the log */
    rig_settle(r);
    CHECK(rig_is_member(r, "did", 10));
    CHECK(rig_is_member(r, "did", 11));
    check_members(r);
    rig_close(r);
}

TEST("nothing is proposed while the last proposal or the answers are on their way")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 2000);
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'all','if':{'attribute':'points','op':'>=','value':0}}");
    rig_apply(r);
    i64 now = env_wall_ms(r->env);
    CHECK(engine_propose(r->engine, now)); /* begins */
    CHECK(!engine_propose(r->engine, now));
    CHECK(engine_background(r->engine, 1000000));
    CHECK(!engine_background(r->engine, 1000000));
    CHECK(engine_propose(r->engine, now)); /* the slice */
    CHECK(!engine_propose(r->engine, now));
    rig_settle(r);
    check_members(r);
    rig_close(r);
}

TEST("who changed after the answers were computed is asked in apply")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 100);
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'low','if':{'attribute':'points','op':'<=','value':50}}");
    rig_apply(r);
    until_proposed(r);
    rig_has(r, 10, "points", value_int(99)); /* after the slice in the log: touched */
    rig_settle(r);
    CHECK(!rig_is_member(r, "low", 10));
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'low','if':{'attribute':'points','op':'<=','value':60}}");
    rig_apply(r);
    CHECK(engine_propose(r->engine, env_wall_ms(r->env)));
    CHECK(engine_background(r->engine, 1000000));
    rig_has(r, 11, "points", value_int(99)); /* before it, after the epoch */
    rig_has(r, 70, "points", value_int(1));
    rig_has(r, 101, "points", value_int(5)); /* nobody knew her then */
    rig_merges(r, 12, 13);
    rig_apply(r);
    rig_settle(r);
    CHECK(!rig_is_member(r, "low", 11));
    CHECK(rig_is_member(r, "low", 70));
    CHECK(rig_is_member(r, "low", 101));
    check_members(r);
    rig_close(r);
}

TEST("answers are void once their rule was edited, or removed and published again")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 100);
    for (u32 turn = 0; turn < 2; turn++) {
        rig_publishes(r, OBJECT_SEGMENT,
                      "{'id':'low','if':{'attribute':'points','op':'<=','value':50}}");
        rig_apply(r);
        CHECK(engine_propose(r->engine, env_wall_ms(r->env)));
        CHECK(engine_background(r->engine, 1000000));
        if (turn) rig_removes(r, OBJECT_SEGMENT, "low");
        rig_publishes(r, OBJECT_SEGMENT,
                      "{'id':'low','if':{'attribute':'points','op':'>','value':50}}");
        /* The slice comes behind the edit in the log, made before that was applied. */
        CHECK(engine_propose(r->engine, env_wall_ms(r->env)));
        CHECK(r->engine->proposed > r->number);
        rig_apply(r);
        rig_settle(r);
        CHECK(!rig_is_member(r, "low", 10));
        CHECK(rig_is_member(r, "low", 90));
        check_members(r);
    }
    rig_close(r);
}

TEST("answers of a rule that is removed meanwhile hold up nobody")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 100);
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'gone','if':{'attribute':'points','op':'<=','value':50}}");
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'stays','if':{'attribute':'points','op':'>','value':50}}");
    rig_apply(r);
    CHECK(engine_propose(r->engine, env_wall_ms(r->env)));
    rig_removes(r, OBJECT_SEGMENT, "gone");
    rig_apply(r);
    rig_settle(r);
    CHECK(rig_is_member(r, "stays", 51));
    check_members(r);
    rig_close(r);
}

TEST("after a restart a rule goes on from its cursor, and a replay gives the same state")
{
    struct rig *r = rig_open(arena, "data");
    struct engine *e = r->engine;
    people(r, 3000);
    rig_publishes(r, OBJECT_SEGMENT,
                  "{'id':'all','if':{'attribute':'points','op':'>=','value':0}}");
    rig_apply(r);
    u32 code = rig_code(r, NAME_OBJECT, "all");
    until_proposed(r);
    rig_apply(r);
    persona cursor = segment_cursor(e->segments, code);
    CHECK(cursor > 1 && cursor < 3000);
    until_proposed(r); /* in the log's memory, lost with the process */
    hash128 before = engine_hash(e);
    engine_close(e);
    sim_kill(r->env);
    rig_start(r);
    CHECK_EQ(segment_cursor(r->engine->segments, code), cursor);
    CHECK(hash128_eq(engine_hash(r->engine), before));
    rig_settle(r);
    check_members(r);
    before = engine_hash(r->engine);
    engine_close(r->engine);
    rig_start(r);
    CHECK(hash128_eq(engine_hash(r->engine), before));
    rig_close(r);
}

TEST("more than 64 new segments each pass everybody")
{
    struct rig *r = rig_open(arena, NULL);
    people(r, 20);
    for (u32 i = 0; i < 130; i++) {
        char source[200];
        snprintf(source, sizeof source,
                 i % 2 ? "{'id':'s%u','if':{'attribute':'points','op':'<=','value':%u}}"
                       : "{'id':'s%u','if':{'not':{'attribute':'points','op':'<=','value':%u}}}",
                 i, i % 20);
        rig_publishes(r, OBJECT_SEGMENT, source);
    }
    rig_apply(r);
    rig_settle(r);
    CHECK(rig_is_member(r, "s129", 9));
    CHECK(!rig_is_member(r, "s129", 10));
    check_members(r);
    rig_close(r);
}

/* ---- a random history ---- */

static void random_rule(struct rig *r, u32 which, char *out, size_t size)
{
    u32 n = 1 + (u32)rng_below(&r->rng, 40);
    switch (which) {
    case 0: snprintf(out, size, "{'attribute':'points','op':'<=','value':%u}", n); break;
    case 1: snprintf(out, size, "{'attribute':'points','op':'>','value':%u}", n); break;
    case 2:
        snprintf(out, size, "{'not':{'attribute':'city','op':'=','value':'c%u'}}", n % 4);
        break;
    case 3:
        snprintf(out, size,
                 "{'any':[{'attribute':'points','op':'=','value':%u},"
                 "{'attribute':'city','op':'exists'}]}",
                 n);
        break;
    case 4:
        snprintf(out, size, "{'all':[{'tag':'vip'},{'attribute':'points','op':'>','value':%u}]}",
                 n);
        break;
    case 5:
        snprintf(out, size, "{'did':'Bought','count':{'op':'>=','value':%u}}", n % 3 + 1);
        break;
    case 6: snprintf(out, size, "{'not':{'did':'Bought','within':'%ud'}}", n); break;
    case 7:
        snprintf(out, size, "{'all':[{'did':'Bought'},{'attribute':'points','op':'>','value':%u}]}",
                 n);
        break;
    case 8:
        snprintf(out, size,
                 "{'any':[{'tag':'vip'},{'did':'Bought','count':{'op':'<','value':%u}}]}",
                 n % 3 + 2);
        break;
    case 9:
        snprintf(out, size, "{'did':'Bought','count':{'op':'>=','value':%u},'within':'1mo'}",
                 n % 3 + 1);
        break;
    case 10: snprintf(out, size, "{'not':{'sequence':[{'did':'Bought'},{'did':'Bought'}]}}"); break;
    default: snprintf(out, size, "{'segment':'r0'}");
    }
}

static void publish_random(struct rig *r)
{
    char source[300], rule[200];
    u32 id = (u32)rng_below(&r->rng, 6);
    random_rule(r, (u32)rng_below(&r->rng, id ? 13 : 11), rule, sizeof rule);
    snprintf(source, sizeof source, "{'id':'r%u','if':%s}", id, rule);
    rig_publishes(r, OBJECT_SEGMENT, source);
}

static void step_random(struct rig *r, u32 persons)
{
    u32 person = 1 + (u32)rng_below(&r->rng, persons);
    char city[8];
    switch (rng_below(&r->rng, 12)) {
    case 0: publish_random(r); break;
    case 1: rig_tags(r, person, "vip", rng_percent(&r->rng, 50)); break;
    case 2: rig_item(r, person, "Bought", (struct item){0}); break;
    case 3: rig_merges(r, person, 1 + (u32)rng_below(&r->rng, persons)); break;
    case 4:
        snprintf(city, sizeof city, "c%u", (u32)rng_below(&r->rng, 4));
        rig_has(r, person, "city", value_text(str_of(city)));
        break;
    case 5: rig_has(r, person, "points", value_int((i64)rng_below(&r->rng, 40))); break;
    case 6: sim_advance(r->env, 1000); break;
    case 7: engine_step(r->engine); break;
    case 8: engine_background(r->engine, 0); break;
    case 9: engine_propose(r->engine, env_wall_ms(r->env)); break;
    default: {
        err e = log_step(engine_log(r->engine));
        CHECK(e == ERR_OK || e == ERR_AGAIN);
    }
    }
}

TEST("after any history a segment has the members that asking everybody gives, and so has a replay")
{
    struct rig *r = rig_open(arena, "data");
    people(r, 1100);
    rig_publishes(r, OBJECT_SEGMENT, "{'id':'r0','if':{'tag':'vip'}}");
    rig_apply(r);
    for (u32 round = 0; round < 8; round++) {
        for (u32 i = 0; i < 250; i++) step_random(r, 1100 + round);
        rig_settle(r);
        check_members(r);
        if (round % 4 != 3) continue;
        hash128 before = engine_hash(r->engine);
        engine_close(r->engine);
        rig_start(r);
        CHECK(hash128_eq(engine_hash(r->engine), before));
    }
    rig_close(r);
}
