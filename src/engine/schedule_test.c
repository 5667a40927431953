/* schedule_test.c — what starts a journey, through the engine. Ticks: each is judged as she was at
 * the tick, whatever comes in while the pass is under way; what was missed. Tags that expire,
 * messages that come in, forms, the API; versions that move or begin anew. */
#include "engine/rig_test.h"

static persona head_of(struct rig *r, u32 person)
{
    struct item item = {0};
    struct record_id rid = rig_id(r, person, &item, 0);
    return customer_find(engine_customers(r->engine), rid.space, rid.hash);
}

/* How often this is on her timeline; `journey` may be NULL. */
static u32 told(struct rig *r, u32 person, u32 code, const char *journey)
{
    struct subject who;
    struct event ev;
    u32 n = 0;
    persona head = head_of(r, person);
    if (!head) return 0;
    engine_subject(r->engine, head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, r->arena);
    while (event_next(it, &ev)) {
        value id = props_get(ev.props, PROPERTY_JOURNEY);
        n += ev.code == code &&
             (!journey || (id.type == VALUE_TEXT && str_eq(id.text, str_of(journey))));
    }
    return n;
}

static u32 all_told(struct rig *r, u32 people, u32 code, const char *journey)
{
    u32 n = 0;
    for (u32 i = 0; i < people; i++) n += told(r, i, code, journey);
    return n;
}

static void pass_time(struct rig *r, i64 ms)
{
    sim_advance(r->env, ms);
}

static void operate(struct rig *r, operate_what what, const char *journey)
{
    struct operate_record o = {.what = what, .code = rig_code(r, NAME_OBJECT, journey)};
    struct record record = {.kind = RECORD_OPERATE_};
    struct buf payload;
    buf_init(&payload, 64);
    operate_put(&payload, &o);
    record.payload = buf_str(&payload);
    rig_append(r, &record);
    buf_clear(&payload);
}

/* The rig starts at 08:00 UTC. */
#define AT_NINE                                                                                    \
    "{'id':'%s','trigger':{'schedule':{'at':'2026-06-01T09:00Z'}%s},'steps':["                     \
    "{'id':'m','send':{'channel':'email','template':'t'}}]}"

static void broadcast(struct rig *r, const char *id, const char *audience)
{
    rig_publishes(r, OBJECT_JOURNEY, arena_printf(r->arena, AT_NINE, id, audience).p);
}

TEST("at the tick everybody enters, once, and who comes later does not")
{
    struct rig *r = rig_open(arena, NULL);
    for (u32 i = 0; i < 700; i++) rig_has(r, i, "n", value_int(i));
    broadcast(r, "all", "");
    broadcast(r, "half", ",'audience':{'attribute':'n','op':'<','value':350}");
    rig_settle(r);
    pass_time(r, HOUR - 1);
    rig_settle(r);
    CHECK_EQ(all_told(r, 700, EVENT_JOURNEY_ENTERED, NULL), 0);
    CHECK_EQ(engine_next_due(r->engine), RIG_START + 10 * MINUTE * 6);
    pass_time(r, 1);
    rig_settle(r);
    rig_has(r, 800, "n", value_int(1));
    rig_settle(r);
    for (u32 i = 0; i < 700; i++) {
        CHECK_EQ(told(r, i, EVENT_JOURNEY_ENTERED, "all"), 1);
        CHECK_EQ(told(r, i, EVENT_JOURNEY_ENTERED, "half"), i < 350);
    }
    CHECK_EQ(told(r, 800, EVENT_JOURNEY_ENTERED, NULL), 0);
    CHECK_EQ(engine_stats(r->engine).messages_planned, 1050);
    rig_close(r);
}

TEST("while a tick's pass is under way each is judged as she was at the tick")
{
    enum { PEOPLE = 3000 };
    struct rig *r = rig_open(arena, NULL);
    struct rng rng = {test_seed()};
    bool was_in[PEOPLE], is_in[PEOPLE];
    for (u32 i = 0; i < PEOPLE; i++) {
        is_in[i] = rng_below(&rng, 2);
        rig_has(r, i, "in", value_bool(is_in[i]));
    }
    broadcast(r, "a", ",'audience':{'attribute':'in','op':'=','value':true}");
    broadcast(r, "b", ",'audience':{'attribute':'in','op':'!=','value':true}");
    rig_settle(r);
    memcpy(was_in, is_in, sizeof was_in);
    pass_time(r, HOUR);
    /* The tick begins with whatever record comes first; changes and joins come between slices. */
    for (u32 round = 0; round < 4000; round++) {
        u32 who = (u32)rng_below(&rng, PEOPLE);
        is_in[who] = !is_in[who];
        rig_has(r, who, "in", value_bool(is_in[who]));
        if (rng_below(&rng, 4) == 0) engine_propose(r->engine, env_wall_ms(r->env));
        if (rng_below(&rng, 3) == 0) rig_apply(r);
    }
    rig_settle(r);
    for (u32 i = 0; i < PEOPLE; i++) {
        CHECK_EQ(told(r, i, EVENT_JOURNEY_ENTERED, "a"), was_in[i]);
        CHECK_EQ(told(r, i, EVENT_JOURNEY_ENTERED, "b"), !was_in[i]);
    }
    rig_close(r);
}

TEST("a pass goes on after a restart in its middle, and replay gives the same state")
{
    struct rig *r = rig_open(arena, "data");
    for (u32 i = 0; i < 1000; i++) rig_has(r, i, "n", value_int(i));
    broadcast(r, "all", "");
    rig_settle(r);
    pass_time(r, HOUR);
    for (u32 i = 0; i < 2; i++) {
        engine_propose(r->engine, env_wall_ms(r->env));
        rig_apply(r);
    }
    u32 so_far = all_told(r, 1000, EVENT_JOURNEY_ENTERED, "all");
    CHECK(so_far > 0 && so_far < 1000);
    hash128 before = engine_hash(r->engine);
    engine_close(r->engine);
    r->options.inspect = true;
    rig_start(r);
    CHECK(hash128_eq(engine_hash(r->engine), before));
    engine_close(r->engine);
    r->options.inspect = false;
    rig_start(r);
    rig_settle(r);
    for (u32 i = 0; i < 1000; i++) CHECK_EQ(told(r, i, EVENT_JOURNEY_ENTERED, "all"), 1);
    rig_close(r);
}

/* Down over 09:00 until `back`; how many entered. */
static u32 missed(struct arena *arena, const char *trigger, i64 back)
{
    struct rig *r = rig_open(arena, arena_printf(arena, "d%u", (u32)test_seed()).p);
    rig_has(r, 1, "n", value_int(1));
    rig_publishes(
        r, OBJECT_JOURNEY,
        arena_printf(arena,
                     "{'id':'j','trigger':%s,'entry':{'again':'always','running':'parallel'},"
                     "'steps':[{'id':'w','wait':{'for':'9d'}}]}",
                     trigger)
            .p);
    rig_settle(r);
    engine_close(r->engine);
    pass_time(r, back - RIG_START);
    rig_start(r);
    rig_settle(r);
    u32 n = told(r, 1, EVENT_JOURNEY_ENTERED, "j");
    rig_close(r);
    return n;
}

TEST("what was missed while nothing ran comes once, if it is under an hour late")
{
    static const char *const TRIGGERS[] = {"{'schedule':{'cron':'0 9 * * *'}}",
                                           "{'schedule':{'cron':'0 9 * * *','zone':'customer'}}",
                                           "{'schedule':{'at':'2026-06-01T09:00'}}"};
    const i64 nine = RIG_START + HOUR;
    for (u32 i = 0; i < COUNT_OF(TRIGGERS); i++) {
        CHECK_EQ(missed(arena, TRIGGERS[i], nine), 1);
        CHECK_EQ(missed(arena, TRIGGERS[i], nine + HOUR - 1), 1);
        CHECK_EQ(missed(arena, TRIGGERS[i], nine + HOUR), 0);
    }
    /* Many are one; the first of these two came at 08:00, when it was published. */
    CHECK_EQ(missed(arena, "{'schedule':{'cron':'*/5 * * * *'}}", nine + 5 * HOUR), 2);
    CHECK_EQ(missed(arena, "{'schedule':{'cron':'0 9 * * *'}}", nine + DAY + MINUTE), 1);
}

TEST("late moments of schedules do not hold what is sent")
{
    struct rig *r = rig_open(arena, "data");
    rig_has(r, 1, "n", value_int(1));
    rig_publishes(r, OBJECT_JOURNEY,
                  "{'id':'j','trigger':{'schedule':{'cron':'0 9 * * *','zone':'customer'}},"
                  "'steps':[]}");
    rig_settle(r);
    engine_close(r->engine);
    pass_time(r, 5 * HOUR);
    rig_start(r);
    CHECK(!engine_sending_held(r->engine));
    rig_close(r);
}

TEST("what was missed is left out if that was said")
{
    static const char *const TRIGGERS[] = {
        "{'schedule':{'cron':'0 9 * * *'},'missed':'skip'}",
        "{'schedule':{'cron':'0 9 * * *','zone':'customer','missed':'skip'}}"};
    const i64 nine = RIG_START + HOUR;
    for (u32 i = 0; i < COUNT_OF(TRIGGERS); i++) {
        CHECK_EQ(missed(arena, TRIGGERS[i], nine + MINUTE), 0);
        CHECK_EQ(missed(arena, TRIGGERS[i], nine), 1); /* it comes as the process begins */
    }
}

TEST("a stopped journey's tick ends where it is, a paused one refuses")
{
    struct rig *r = rig_open(arena, NULL);
    for (u32 i = 0; i < 600; i++) rig_has(r, i, "n", value_int(i));
    broadcast(r, "stopped", "");
    broadcast(r, "held", "");
    rig_settle(r);
    operate(r, OPERATE_PAUSE, "held");
    rig_settle(r);
    pass_time(r, HOUR);
    for (u32 i = 0; i < 2; i++) {
        engine_propose(r->engine, env_wall_ms(r->env));
        rig_apply(r);
    }
    operate(r, OPERATE_STOP, "stopped");
    rig_settle(r);
    u32 entered = all_told(r, 600, EVENT_JOURNEY_ENTERED, "stopped");
    CHECK(entered < 600);
    CHECK_EQ(all_told(r, 600, EVENT_JOURNEY_EXITED, "stopped"), entered);
    CHECK_EQ(all_told(r, 600, EVENT_JOURNEY_ENTERED, "held"), 0);
    CHECK_EQ(all_told(r, 600, EVENT_JOURNEY_REFUSED, "held"), 600);
    rig_close(r);
}

TEST("a tag that expires starts what waits for its removal, once")
{
    struct rig *r = rig_open(arena, NULL);
    struct buf tags;
    buf_init(&tags, 64);
    buf_varint(&tags, rig_code(r, NAME_TAG, "Hot"));
    buf_byte(&tags, true);
    buf_zigzag(&tags, RIG_START + DAY);
    rig_publishes(r, OBJECT_JOURNEY,
                  "{'id':'cold','trigger':{'tag':'Hot','on':'removed'},'entry':{'again':'always'},"
                  "'steps':[{'id':'w','wait':{'for':'0s'}}]}");
    rig_item(r, 1, NULL, (struct item){.tags = buf_str(&tags)});
    buf_clear(&tags);
    rig_settle(r);
    pass_time(r, DAY - 1);
    rig_settle(r);
    CHECK_EQ(told(r, 1, EVENT_TAG_REMOVED, NULL), 0);
    pass_time(r, 1);
    rig_settle(r);
    CHECK_EQ(told(r, 1, EVENT_TAG_REMOVED, NULL), 1);
    CHECK_EQ(told(r, 1, EVENT_JOURNEY_ENTERED, "cold"), 1);
    rig_item(r, 1, "Seen", (struct item){0});
    pass_time(r, DAY);
    rig_settle(r);
    CHECK_EQ(told(r, 1, EVENT_TAG_REMOVED, NULL), 1);
    rig_close(r);
}

/* Text properties: name, value, name, value … NULL. */
static void happens(struct rig *r, u32 person, const char *event, const char *const *texts)
{
    struct buf props;
    buf_init(&props, 4096);
    for (; texts[0]; texts += 2)
        props_put(&props, rig_code(r, NAME_PROPERTY, texts[0]), value_text(str_of(texts[1])));
    rig_item(r, person, event, (struct item){.props = buf_str(&props)});
    buf_clear(&props);
    rig_settle(r);
}
#define HAPPENS(r, event, ...) happens(r, 1, event, (const char *const[]){__VA_ARGS__, NULL})

#define OFTEN(trigger)                                                                             \
    ",'trigger':" trigger ",'entry':{'again':'always','running':'parallel'},'steps':[{'id':'w',"   \
    "'wait':{'for':'1d'}}]}"

TEST("a keyword is the whole text or its first word, in any case")
{
    static const struct {
        const char *channel, *text;
        bool is_yes;
    } CASES[] = {
        {"sms", "YES", true},        {"sms", "  yes\n", true}, {"sms", "yes please", true},
        {"sms", "yesterday", false}, {"sms", "oh yes", false}, {"sms", "", false},
        {"email", "yes", false},
    };
    struct rig *r = rig_open(arena, NULL);
    rig_publishes(r, OBJECT_JOURNEY,
                  "{'id':'yes'" OFTEN("{'inbound':{'channel':'sms','keyword':' Yes '}}"));
    rig_publishes(r, OBJECT_JOURNEY, "{'id':'any'" OFTEN("{'inbound':{}}"));
    rig_settle(r);
    for (u32 i = 0, yes = 0; i < COUNT_OF(CASES); i++) {
        HAPPENS(r, "Message Received", "channel", CASES[i].channel, "text", CASES[i].text);
        yes += CASES[i].is_yes;
        CHECK_EQ(told(r, 1, EVENT_JOURNEY_ENTERED, "yes"), yes);
        CHECK_EQ(told(r, 1, EVENT_JOURNEY_ENTERED, "any"), i + 1);
    }
    rig_close(r);
}

TEST("a form and the API start the journeys they name")
{
    struct rig *r = rig_open(arena, NULL);
    rig_publishes(r, OBJECT_JOURNEY,
                  "{'id':'a'" OFTEN("{'form':'contact','where':{'property':'city','op':'=','value':"
                                    "'Bonn'}}"));
    rig_publishes(r, OBJECT_JOURNEY, "{'id':'b'" OFTEN("{'api':'signup','key':'n'}"));
    rig_publishes(r, OBJECT_JOURNEY, "{'id':'c'" OFTEN("{'journey':true}"));
    HAPPENS(r, "Form Submitted", "form", "contact", "city", "Bonn");
    HAPPENS(r, "Form Submitted", "form", "contact", "city", "Ulm");
    HAPPENS(r, "Form Submitted", "form", "other", "city", "Bonn");
    HAPPENS(r, "Journey Requested", "journey", "b", "n", "1");
    HAPPENS(r, "Journey Requested", "journey", "b");
    HAPPENS(r, "Journey Requested", "journey", "a");
    CHECK_EQ(told(r, 1, EVENT_JOURNEY_ENTERED, "a"), 1);
    CHECK_EQ(told(r, 1, EVENT_JOURNEY_ENTERED, "b"), 1);
    CHECK_EQ(told(r, 1, EVENT_JOURNEY_REFUSED, "b"), 1);
    CHECK_EQ(told(r, 1, EVENT_JOURNEY_ENTERED, "c"), 0);
    rig_close(r);
}

#define VERSION "{'id':'v','trigger':{'event':'Go'},'publish':{%s},'steps':[%s]}"

static void version(struct rig *r, const char *how, const char *steps)
{
    rig_publishes(r, OBJECT_JOURNEY, arena_printf(r->arena, VERSION, how, steps).p);
}

TEST("a new version moves or restarts many in slices, and what comes between finds them moved")
{
    enum { PEOPLE = 1500 };
    for (u32 restart = 0; restart < 2; restart++) {
        struct rig *r = rig_open(arena, NULL);
        version(r, "", "{'id':'w','wait':{'for':'9d'}}");
        for (u32 i = 0; i < PEOPLE; i++) rig_item(r, i, "Go", (struct item){0});
        rig_settle(r);
        rig_publishes(r, OBJECT_JOURNEY,
                      restart
                          ? "{'id':'v','trigger':{'event':'Go'},'publish':{'running':'restart'},"
                            "'exit':[{'did':'Stop'}],'steps':[{'id':'w','wait':{'for':'1d'}}]}"
                          : "{'id':'v','trigger':{'event':'Go'},'publish':{'running':'move',"
                            "'continue_at':'x'},'exit':[{'did':'Stop'}],'steps':[{'id':'x','wait':"
                            "{'for':'1d'}}]}");
        rig_apply(r);
        /* The last one's record comes before the pass does: she is moved first, and then exits. */
        rig_item(r, PEOPLE - 1, "Stop", (struct item){0});
        rig_apply(r);
        CHECK_EQ(told(r, PEOPLE - 1, EVENT_JOURNEY_EXITED, "v"), 1 + restart);
        rig_settle(r);
        pass_time(r, DAY);
        rig_settle(r);
        for (u32 i = 0; i < PEOPLE; i++) {
            CHECK_EQ(told(r, i, EVENT_JOURNEY_EXITED, "v"), 1 + restart);
            CHECK_EQ(told(r, i, EVENT_JOURNEY_ENTERED, "v"), 1 + restart);
        }
        rig_close(r);
    }
}

TEST("a version that looks back finds those whom an earlier one did not keep")
{
    struct rig *r = rig_open(arena, NULL);
    rig_publishes(r, OBJECT_JOURNEY, "{'id':'j','trigger':{'event':'Go'},'steps':[]}");
    rig_item(r, 1, "Go", (struct item){0});
    rig_settle(r);
    rig_publishes(r, OBJECT_JOURNEY,
                  "{'id':'j','trigger':{'event':'Go'},'entry':{'again':'never'},'steps':[]}");
    rig_item(r, 1, "Go", (struct item){0});
    rig_item(r, 2, "Go", (struct item){0});
    rig_settle(r);
    CHECK_EQ(told(r, 1, EVENT_JOURNEY_ENTERED, "j"), 1);
    CHECK_EQ(told(r, 1, EVENT_JOURNEY_REFUSED, "j"), 1);
    CHECK_EQ(told(r, 2, EVENT_JOURNEY_ENTERED, "j"), 1);
    rig_close(r);
}
