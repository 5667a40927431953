/* step_test.c — what steps do, in order and at once; what is refused before it can run. */
#include "journey/stage_test.h"

#define GO "'trigger':{'event':'Go'},'entry':{'again':'always','running':'parallel'}"

static str json_of(struct arena *arena, const char *id, const char *steps)
{
    return arena_printf(arena, "{'id':'%s'," GO ",'steps':[%s]}", id, steps);
}

static void publish(struct stage *s, const char *id, const char *steps)
{
    stage_publish(s, json_of(s->w->arena, id, steps).p);
}

static u32 steps_done(const struct stage *s, const char *step, const char *result)
{
    u32 n = 0;
    for (u32 i = 0; i < s->told_count; i++)
        n += s->told[i].event == EVENT_STEP_DONE && str_eq(s->told[i].step, str_of(step)) &&
             (!result || str_eq(s->told[i].result, str_of(result)));
    return n;
}

static u32 extras(const struct stage *s)
{
    u32 n = 0;
    for (u32 i = 1; i < table_count(s->journeys->extras); i++)
        n += table_has(s->journeys->extras, i);
    for (u32 i = 1; i < table_count(s->journeys->marks); i++) n += table_has(s->journeys->marks, i);
    for (u32 i = 1; i < table_count(s->journeys->tasks); i++) n += table_has(s->journeys->tasks, i);
    return n;
}

/* ---- splits ---- */

/* The rule as the page of semantics has it, written down once more. */
static u32 lot_of(struct stage *s, const char *journey, persona head, const char *step)
{
    char id[33];
    struct buf b;
    customer_id(s->w->customers, head, id);
    buf_init(&b, 256);
    buf_put(&b, (str){journey, strlen(journey) + 1});
    buf_put(&b, (str){id, 33});
    buf_put(&b, str_of(step));
    u32 lot = (u32)(hash_xxh64(buf_str(&b)) % 10000);
    buf_clear(&b);
    return lot;
}

TEST("a split goes by the lot of customer, journey and step; what the arms leave goes on behind")
{
    struct stage *s = stage_new(arena, NULL);
    u32 want[3] = {0}, got;
    publish(s, "halves",
            "{'id':'s','split':[{'percent':33.33,'steps':[{'id':'a','tag':'A'}]},"
            "{'percent':50,'steps':[{'id':'b','tag':'B'},{'id':'e','end':'x'}]}]},"
            "{'id':'rest','tag':'C'}");
    for (u32 i = 0; i < WORLD_PERSONAS_MAX; i++) {
        persona p = town_customer(s->w, arena_printf(arena, "u%u", i).p);
        u32 lot = lot_of(s, "halves", p, "s");
        want[lot < 3333 ? 0 : lot < 8333 ? 1 : 2]++;
        stage_event(s, p, "Go", NULL);
        CHECK_EQ(steps_done(s, "a", NULL), want[0]);
        CHECK_EQ(steps_done(s, "b", NULL), want[1]);
    }
    got = steps_done(s, "rest", NULL);
    CHECK_EQ(got, want[0] + want[2]);
    CHECK(want[0] && want[1] && want[2]);
    stage_free(s);
}

TEST("an arm goes up to its lot, which it leaves out")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada");
    for (u32 over = 0; over < 2; over++) {
        const char *id = over ? "in" : "out";
        u32 lot = lot_of(s, id, ada, "s") + over;
        publish(
            s, id,
            arena_printf(arena,
                         "{'id':'s','split':[{'percent':%u.%02u,'steps':[{'id':'%s','tag':'A'}]}]}",
                         lot / 100, lot % 100, over ? "yes" : "no")
                .p);
    }
    stage_event(s, ada, "Go", NULL);
    CHECK_EQ(steps_done(s, "no", NULL), 0);
    CHECK_EQ(steps_done(s, "yes", NULL), 1);
    stage_free(s);
}

TEST("steps without an id have one each, so their lots differ")
{
    struct stage *s = stage_new(arena, NULL);
    u32 same = 0;
    publish(s, "two",
            "{'split':[{'percent':50,'steps':[{'id':'a','tag':'A'}]}]},"
            "{'split':[{'percent':50,'steps':[{'id':'b','tag':'B'}]}]}");
    for (u32 i = 0; i < WORLD_PERSONAS_MAX; i++) {
        persona p = town_customer(s->w, arena_printf(arena, "u%u", i).p);
        u32 a = steps_done(s, "a", NULL), b = steps_done(s, "b", NULL);
        stage_event(s, p, "Go", NULL);
        same += (steps_done(s, "a", NULL) - a) == (steps_done(s, "b", NULL) - b);
    }
    CHECK(same > 0 && same < WORLD_PERSONAS_MAX);
    stage_free(s);
}

/* ---- at once ---- */

TEST("a hundred steps are done at one instant, the rest a millisecond later")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada");
    struct buf b;
    buf_init(&b, 1 << 20);
    for (u32 i = 0; i < 250; i++) buf_printf(&b, "%s{'id':'t%u','tag':'T'}", i ? "," : "", i);
    publish(s, "many", arena_str(arena, buf_str(&b)).p);
    buf_clear(&b);
    i64 start = s->w->now;
    stage_event(s, ada, "Go", NULL);
    u32 at[3] = {0};
    stage_until(s, start + SECOND);
    for (u32 i = 0; i < s->told_count; i++)
        if (s->told[i].event == EVENT_STEP_DONE) at[s->told[i].at_ms - start]++;
    CHECK_EQ(at[0], 100);
    CHECK_EQ(at[1], 100);
    CHECK_EQ(at[2], 50);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "many", "done"), 1);
    stage_free(s);
}

TEST("several attributes are one step, and what a step keeps goes with its enrolment")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada");
    publish(
        s, "sets",
        "{'id':'s','set':{'a':1,'b':[1,'x',{'c':true}],'day':'2026-02-29x'}},"
        "{'id':'w','wait':{'until':{'did':'Ping','since':'s'},'timeout':'1h'}},"
        "{'id':'b','branch':[{'if':{'step':'w','result':'met'},'steps':[{'id':'t','tag':'X'}]}]},"
        "{'id':'w2','wait':{'for':'1h'}}");
    stage_event(s, ada, "Go", NULL);
    CHECK_EQ(steps_done(s, "s", NULL), 1);
    CHECK(extras(s) > 0);
    stage_event(s, ada, "Ping", NULL);
    CHECK_EQ(steps_done(s, "w", "met"), 1);
    CHECK_EQ(steps_done(s, "t", NULL), 1);
    stage_until(s, s->w->now + 2 * HOUR);
    CHECK_EQ(steps_done(s, "w2", NULL), 1);
    CHECK_EQ(extras(s), 0);
    stage_free(s);
}

TEST("a merge ends a wait by what the other did after it began, and by nothing older")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve");
    persona bob = town_customer(s->w, "bob"), joe = town_customer(s->w, "joe");
    publish(s, "wait", "{'id':'w','wait':{'until':{'did':'Ping'}}},{'id':'t','tag':'X'}");
    stage_event(s, joe, "Ping", NULL);
    s->w->now += MINUTE;
    stage_event(s, ada, "Go", NULL);
    stage_event(s, bob, "Go", NULL);
    s->w->now += MINUTE;
    stage_event(s, eve, "Ping", NULL);
    stage_merge(s, ada, eve);
    CHECK_EQ(steps_done(s, "w", "met"), 1);
    stage_merge(s, bob, joe);
    CHECK_EQ(steps_done(s, "w", "met"), 1);
    stage_free(s);
}

TEST("a zone that comes later, or other rules of one, move the waits for a time and a date")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada");
    i64 day = s->w->now - s->w->now % DAY + DAY;
    s->w->now = day;
    publish(s, "time", "{'id':'w','wait':{'until_time':'20:00','zone':'customer'}}");
    publish(s, "date", "{'id':'w','wait':{'until_date':'d','at':'20:00','zone':'customer'}}");
    stage_set(s, ada, "timezone", "'Asia/Tokyo'");
    stage_set(s, ada, "d", "'2099-01-01'");
    stage_event(s, ada, "Go", NULL);
    CHECK_EQ(journey_next_due(s->journeys, ada), day + 20 * HOUR);
    stage_zone(s, "Asia/Tokyo");
    journeys_rezone(s->journeys, true, s->w->now);
    stage_pass(s);
    CHECK_EQ(journey_next_due(s->journeys, ada), day + 11 * HOUR);
    stage_until(s, day + 12 * HOUR);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "time", "done"), 1);
    CHECK_EQ(journey_next_due(s->journeys, ada), stage_ms("2099-01-01") + 11 * HOUR);
    stage_free(s);
}

TEST("what an enrolment waits for is explained as it stands since the wait began")
{
    struct stage *s = stage_new(arena, NULL);
    struct buf b;
    buf_init(&b, 1 << 16);
    publish(s, "wait",
            "{'id':'w0','wait':{'for':'1h'}},{'id':'w','wait':{'until':{'did':'Ping'}}}");
    persona ada = town_customer(s->w, "ada");
    stage_event(s, ada, "Go", NULL);
    stage_event(s, ada, "Ping", NULL);
    stage_until(s, s->w->now + HOUR);
    u32 code = names_find(s->w->names, NAME_OBJECT, S("wait"));
    CHECK(journey_explain(s->journeys, ada, code, 0, s->w->now, &b));
    i64 at = str_find(buf_str(&b), S("\"until\":"));
    CHECK(at > 0);
    CHECK(str_find(str_slice(buf_str(&b), (size_t)at, b.n), S("\"holds\":false")) > 0);
    buf_clear(&b);
    stage_free(s);
}

/* ---- tasks ---- */

static const struct told *last_told(const struct stage *s, u32 event)
{
    for (u32 i = s->told_count; i-- > 0;)
        if (s->told[i].event == event) return &s->told[i];
    return NULL;
}

static persona go(struct stage *s, const char *name)
{
    persona p = town_customer(s->w, name);
    stage_event(s, p, "Go", NULL);
    return p;
}

TEST("a round robin goes round over customers; a task belongs to an attribute, or to who stands in")
{
    struct stage *s = stage_new(arena, NULL);
    static const char *const NAMES[] = {"li", "wu", "li", "wu"};
    publish(s, "calls",
            "{'id':'k','task':{'kind':'call','owner':{'round_robin':['li','wu']},'due':'1d'}},"
            "{'id':'w','wait':{'for':'9d'}}");
    for (u32 i = 0; i < 4; i++) {
        go(s, arena_printf(arena, "u%u", i).p);
        CHECK_STR(last_told(s, EVENT_TASK_OPENED)->owner, str_of(NAMES[i]));
    }
    publish(s, "owned",
            "{'id':'k2','task':{'kind':'visit','owner':{'attribute':'seller','else':'boss'}}}");
    persona ada = go(s, "ada");
    CHECK_STR(last_told(s, EVENT_TASK_OPENED)->owner, S("boss"));
    stage_set(s, ada, "seller", "'mei'");
    stage_event(s, ada, "Go", NULL);
    CHECK_STR(last_told(s, EVENT_TASK_OPENED)->owner, S("mei"));
    stage_free(s);
}

TEST("a task outlives the end of its journey, takes one of its outcomes once, and is gone")
{
    struct stage *s = stage_new(arena, NULL);
    struct task_info t;
    publish(s, "calls", "{'id':'k','task':{'kind':'call','owner':'li','outcomes':['yes','no']}}");
    persona ada = go(s, "ada");
    str id = last_told(s, EVENT_TASK_OPENED)->task;
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "calls", "done"), 1);
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_ENDED), 1);
    CHECK(task_find(s->journeys, id, &t) && t.head == ada && t.due_ms == NEVER);
    town_record(s->w);
    CHECK_EQ(task_done(s->journeys, id, S("maybe"), S(""), S(""), s->w->now), 0);
    CHECK_EQ(
        task_done(s->journeys, S("00000001000000000000000000"), S("yes"), S(""), S(""), s->w->now),
        0);
    CHECK_EQ(
        task_done(s->journeys, S("0000000100000000000000zz"), S("yes"), S(""), S(""), s->w->now),
        0);
    CHECK_EQ(task_done(s->journeys, id, S("yes"), S("on Monday"), S("li"), s->w->now), ada);
    CHECK_EQ(stage_count(s, EVENT_TASK_DONE, "calls", NULL), 1);
    CHECK_EQ(task_done(s->journeys, id, S("no"), S(""), S(""), s->w->now), 0);
    CHECK(!task_find(s->journeys, id, &t));
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_ENDED), 0);
    CHECK_EQ(extras(s), 0);
    stage_free(s);
}

TEST("open tasks close on an exit, a restart, a stop, a merge and a lost date, and say why")
{
    struct stage *s = stage_new(arena, NULL);
    static const char *STEPS = "'steps':[{'id':'k','task':{'kind':'call'}},"
                               "{'id':'w','wait':{'until_date':'day','offset':'30d'}}]}";
    stage_publish(s, arena_printf(arena,
                                  "{'id':'j','trigger':{'event':'Go'},'entry':{'running':"
                                  "'restart'},'exit':[{'did':'Bye'}],%s",
                                  STEPS)
                         .p);
    persona p[5];
    for (u32 i = 0; i < 5; i++) {
        p[i] = town_customer(s->w, arena_printf(arena, "u%u", i).p);
        stage_set(s, p[i], "day", "'2099-01-01'");
        stage_event(s, p[i], "Go", NULL);
    }
    stage_event(s, p[0], "Bye", NULL);
    CHECK_EQ(stage_count(s, EVENT_TASK_CLOSED, "j", "exit"), 1);
    stage_event(s, p[1], "Go", NULL);
    CHECK_EQ(stage_count(s, EVENT_TASK_CLOSED, "j", "restarted"), 1);
    stage_set(s, p[2], "day", "null");
    CHECK_EQ(stage_count(s, EVENT_TASK_CLOSED, "j", "no_date"), 1);
    stage_merge(s, p[3], p[4]);
    CHECK_EQ(stage_count(s, EVENT_TASK_CLOSED, "j", "merged"), 1);
    town_record(s->w);
    CHECK(journey_stop(s->journeys, names_find(s->w->names, NAME_OBJECT, S("j"))));
    stage_pass(s);
    CHECK_EQ(stage_count(s, EVENT_TASK_CLOSED, "j", "stopped"), 2);
    CHECK_EQ(extras(s), 0);
    stage_free(s);
}

TEST("who is forgotten has no tasks left")
{
    struct stage *s = stage_new(arena, NULL);
    publish(s, "calls", "{'id':'k','task':{'kind':'call'}}");
    persona ada = go(s, "ada");
    CHECK(extras(s) > 0);
    journey_forget(s->journeys, ada);
    CHECK_EQ(extras(s), 0);
    stage_free(s);
}

/* ---- what is refused ---- */

TEST("a step that cannot run is refused at its place, with what to do")
{
    static const struct {
        const char *steps, *path, *says;
    } BAD[] = {
        {"{'id':'x','split':[{'percent':60},{'percent':50}]}", "/steps/0/split", "100"},
        {"{'id':'x','split':[{'percent':-1}]}", "/steps/0/split", "percent"},
        {"{'id':'x','split':[{'percent':33.333}]}", "/steps/0/split", "two decimals"},
        {"{'id':'x','split':[]}", "/steps/0/split", "1 to 64"},
        {"{'id':'x','wait':{}}", "/steps/0/wait", "until_time"},
        {"{'id':'x','wait':{'for':'1h','until':{'did':'A'}}}", "/steps/0/wait", "say what for"},
        {"{'id':'x','wait':{'until':{'did':'A'},'timeout':'0s'}}", "/steps/0/wait/timeout",
         "longer"},
        {"{'id':'x','wait':{'until':{'dud':'A'}}}", "/steps/0/wait/until", ""},
        {"{'id':'x','wait':{'until_segment':7}}", "/steps/0/wait/until_segment", "segment"},
        {"{'id':'x','wait':{'until_time':'25:00'}}", "/steps/0/wait/until_time", "time of the day"},
        {"{'id':'x','wait':{'until_time':'09:00','passed':'later'}}", "/steps/0/wait/passed",
         "next, now, skip"},
        {"{'id':'x','wait':{'until_date':'d','offset':'3h'}}", "/steps/0/wait/offset", "days"},
        {"{'id':'x','tag':7}", "/steps/0/tag", "tag"},
        {"{'id':'x','tag':'A','expires':'0s'}", "/steps/0/expires", "after a while"},
        {"{'id':'x','untag':'A','expires':'1h'}", "/steps/0/expires", "given"},
        {"{'id':'x','set':{}}", "/steps/0/set", "which attributes"},
        {"{'id':'x','set':{'email':'a@x.test'}}", "/steps/0/set", "identifiers"},
        {"{'id':'x','enter':{}}", "/steps/0/enter", "journey"},
        {"{'id':'x','task':{'owner':'li'}}", "/steps/0/task", "kind"},
        {"{'id':'x','task':{'kind':'call','owner':{'round_robin':[]}}}", "/steps/0/task/owner",
         "owner"},
        {"{'id':'x','task':{'kind':'call','outcomes':'yes'}}", "/steps/0/task/outcomes", "list"},
        {"{'id':'x','notify':{'to':'li','channel':'owl','template':'t'}}",
         "/steps/0/notify/channel", "channel"},
        {"{'id':'x','webhook':{}}", "/steps/0/webhook/endpoint", "webhook"},
        {"{'id':'x','coupon':'ten'}", "/steps/0/coupon", "no coupon of this id"},
        {"{'id':'x','experiment':'e','arms':[]}", "/steps/0/experiment", "split"},
        {"{'id':'x','reach':{'try':['sms']}}", "/steps/0/reach", "not there yet"},
        {"{'id':'x','points':{'add':3}}", "/steps/0/points", "not there yet"},
        {"{'id':'x','score':{'s':'much'}}", "/steps/0/score", "points"},
        {"{'id':'x','score':{}}", "/steps/0/score", "which score"},
        {"{'id':'x','stage':3}", "/steps/0/stage", "name the stage"},
        {"{'id':'x','stage':'s','in':3}", "/steps/0/in", "model"},
        {"{'id':'x','ad_audience':{}}", "/steps/0/ad_audience", "not there yet"},
        {"{'id':'x','dance':1}", "/steps/0", "none that this version knows"},
    };
    struct stage *s = stage_new(arena, NULL);
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        struct diag why = {0};
        CHECK_EQ(stage_compile(s, json_of(arena, "bad", BAD[i].steps).p, &why), ERR_REFUSED);
        if (!str_starts(str_of(why.path), str_of(BAD[i].path)) ||
            str_find(str_of(why.message), str_of(BAD[i].says)) < 0)
            fail_msg("%s: %s: %s", BAD[i].steps, why.path, why.message);
    }
    stage_free(s);
}

TEST("a version's bytes cut short anywhere are corrupt, and nothing else")
{
    struct stage *s = stage_new(arena, NULL);
    struct diag why = {0};
    struct buf b;
    str json = json_of(
        arena, "all",
        "{'id':'a','wait':{'until_time':'09:00','passed':'skip','zone':'customer'}},"
        "{'id':'b','wait':{'until_date':'d','anniversary':true}},"
        "{'id':'c','wait':{'until':{'did':'A','since':'a'},'timeout':'1mo'}},"
        "{'id':'d','split':[{'percent':50,'steps':[{'id':'e','tag':'A','expires':'1h'}]}]},"
        "{'id':'f','untag':'A'},{'id':'g','set':{'x':[1,2]}},{'id':'h','enter':'all','key':'k'},"
        "{'id':'i','task':{'kind':'call','owner':{'attribute':'o','else':'li'},'due':'1d'}},"
        "{'id':'k','notify':{'to':{'round_robin':['a','b']},'channel':'sms','template':'t'}},"
        "{'id':'l','webhook':{'endpoint':'e'}},{'id':'m','end':'x'}");
    buf_init(&b, 1 << 20);
    CHECK_OK(journey_compile(s->journeys, town_json(arena, json.p), s->w->zone, &b, &why));
    for (size_t n = 0; n <= b.n; n++) {
        struct arena *a = arena_new();
        struct program p;
        err e = program_load((str){(const char *)b.p, n}, a, &p);
        CHECK(n == b.n ? e == ERR_OK : e != ERR_OK);
        arena_free(a);
    }
    buf_clear(&b);
    stage_free(s);
}
