/* trigger_test.c — what is refused of a journey's head, what starts one, goals. */
#include "journey/stage_test.h"

#define STEPS ",'steps':[{'id':'w','wait':{'for':'1d'}}]}"

TEST("a trigger that cannot be is refused with its place")
{
    static const struct {
        const char *head, *path, *says;
    } CASES[] = {
        {"'trigger':{}", "/trigger", "say what starts"},
        {"'trigger':{'stage':3}", "/trigger/stage", "name the stage"},
        {"'trigger':{'stage':'x','in':3}", "/trigger/in", "model"},
        {"'trigger':{'stage':'x','to':'y'}", "/trigger", "no meaning"},
        {"'trigger':{'score':'x','op':'>='}", "/trigger", "crossing"},
        {"'trigger':{'score':'x','op':'=','value':1}", "/trigger", "crossing"},
        {"'trigger':{'event':'E','tag':'T'}", "/trigger", "say what starts"},
        {"'trigger':{'attribute':''}", "/trigger/attribute", "name the attribute"},
        {"'trigger':{'attribute':'a','form':'b'}", "/trigger", "say what starts"},
        {"'trigger':{'attribute':'a','too':'b'}", "/trigger", "no meaning here"},
        {"'trigger':{'attribute':'a','from':[1]}", "/trigger/from", "one value"},
        {"'trigger':{'tag':'T','on':'off'}", "/trigger/on", "added"},
        {"'trigger':{'tag':'/*'}", "/trigger/tag", "subtree"},
        {"'trigger':{'api':1}", "/trigger/api", "name"},
        {"'trigger':{'form':''}", "/trigger/form", "name the form"},
        {"'trigger':{'inbound':'sms'}", "/trigger/inbound", "which messages"},
        {"'trigger':{'inbound':{'channel':'pigeon'}}", "/trigger/inbound/channel",
         "name the channel"},
        {"'trigger':{'inbound':{'keyword':' '}}", "/trigger/inbound/keyword", "word"},
        {"'trigger':{'inbound':{'word':'x'}}", "/trigger/inbound", "no meaning here"},
        {"'trigger':{'journey':false}", "/trigger/journey", "hand over"},
        {"'trigger':{'schedule':{}}", "/trigger/schedule", "say when"},
        {"'trigger':{'schedule':{'at':'2026-01-01T10:00','cron':'* * * * *'}}", "/trigger/schedule",
         "say when"},
        {"'trigger':{'schedule':{'at':'2026-01-01'}}", "/trigger/schedule/at", "the time"},
        {"'trigger':{'schedule':{'at':'2026-01-01T10:00Z','zone':'customer'}}",
         "/trigger/schedule/at", "offset"},
        {"'trigger':{'schedule':{'cron':'61 * * * *'}}", "/trigger/schedule/cron", "the minute is"},
        {"'trigger':{'schedule':{'cron':'* * * * *','zone':'a b'}}", "/trigger/schedule/zone",
         "Asia/Shanghai"},
        {"'trigger':{'schedule':{'cron':'* * * * *'},'missed':'twice'}", "/trigger/missed", "skip"},
        {"'trigger':{'schedule':{'cron':'* * * * *'},'key':'k'}", "/trigger", "no meaning here"},
        {"'trigger':{'schedule':{'cron':'* * * * *'},'where':{}}", "/trigger", "no meaning here"},
        {"'trigger':{'schedule':{'cron':'* * * * *'},'max_late':'1h'}", "/trigger",
         "no meaning here"},
        {"'trigger':{'event':'E'},'entry':{'again':'per_key'}", "/entry/again", "key"},
        {"'trigger':{'event':'E','key':'k'},'entry':{'again':{'per_key':'per_key'}}",
         "/entry/again/per_key", "one of these"},
        {"'trigger':{'event':'E'},'entry':{'again':'sometimes'}", "/entry/again", "never"},
        {"'trigger':{'event':'E'},'active':{'from':'soon'}", "/active/from", "time"},
        {"'trigger':{'event':'E'},'active':{'from':'2026-02-01','to':'2026-02-01'}", "/active/to",
         "after"},
        {"'trigger':{'event':'E'},'priority':1.5", "/priority", "whole number"},
        {"'trigger':{'event':'E'},'owner':7", "/owner", "text"},
        {"'trigger':{'event':'E'},'publish':{'running':'jump'}", "/publish/running", "stay"},
        {"'trigger':{'event':'E'},'publish':{'running':'move'}", "/publish/continue_at", "step"},
        {"'trigger':{'event':'E'},'publish':{'running':'move','continue_at':'x'}",
         "/publish/continue_at", "no step"},
        {"'trigger':{'event':'E'},'publish':{'continue_at':'w'}", "/publish/continue_at", "only"},
        {"'trigger':{'event':'E'},'goal':{'within':'1d'}", "/goal", "what they are to do"},
        {"'trigger':{'event':'E'},'goal':{'did':'B','target':2}", "/goal/target", "share"},
        {"'trigger':{'event':'E'},'goal':{'did':'B','within':'soon'}", "/goal/within", "duration"},
    };
    struct stage *s = stage_new(arena, NULL);
    for (u32 i = 0; i < COUNT_OF(CASES); i++) {
        struct diag why = {0};
        str json = arena_printf(arena, "{'id':'x',%s" STEPS, CASES[i].head);
        if (stage_compile(s, json.p, &why) != ERR_REFUSED ||
            !str_eq(str_of(why.path), str_of(CASES[i].path)) ||
            str_find(str_of(why.message), str_of(CASES[i].says)) < 0)
            fail_msg("%s: at %s: %s", CASES[i].head, why.path, why.message);
    }
    stage_free(s);
}

static u64 reached(struct stage *s, const char *id)
{
    u32 code, cursor = 0;
    struct version_info v;
    CHECK_OK(names_code(s->w->names, NAME_OBJECT, str_of(id), &code));
    CHECK(journey_next_version(s->journeys, code, &cursor, &v));
    CHECK(v.has_goal);
    return v.reached;
}

TEST("a goal counts once each, after the entry, until its time is over, also after the end")
{
    struct stage *s = stage_new(arena, NULL);
    persona early = town_customer(s->w, "early"), last = town_customer(s->w, "last"),
            late = town_customer(s->w, "late"), before = town_customer(s->w, "before");
    stage_publish(s, "{'id':'j','trigger':{'event':'Go'},'goal':{'did':'Bought','within':'7d',"
                     "'target':0.15},'steps':[{'id':'w','wait':{'for':'1d'}}]}");
    i64 start = s->w->now;
    stage_event(s, before, "Bought", NULL);
    stage_event(s, early, "Go", NULL);
    stage_event(s, last, "Go", NULL);
    stage_event(s, late, "Go", NULL);
    stage_event(s, before, "Go", NULL);
    stage_until(s, start + HOUR);
    stage_event(s, early, "Bought", NULL);
    stage_event(s, early, "Bought", NULL);
    CHECK_EQ(reached(s, "j"), 1);
    stage_until(s, start + 2 * DAY);
    CHECK_EQ(stage_rows(s, early, ENROLMENT_ENDED), 0);
    CHECK_EQ(stage_rows(s, last, ENROLMENT_ENDED), 1); /* its goal's time is not over */
    stage_until(s, start + 7 * DAY - 1);
    stage_event(s, last, "Bought", NULL);
    CHECK_EQ(reached(s, "j"), 2);
    stage_until(s, start + 7 * DAY);
    stage_event(s, late, "Bought", NULL);
    CHECK_EQ(reached(s, "j"), 2);
    CHECK_EQ(stage_rows(s, late, ENROLMENT_ENDED), 0);
    CHECK_EQ(stage_rows(s, before, ENROLMENT_ENDED), 0);
    stage_free(s);
}

TEST("with one under way only `running` is asked for restart, and refused entries do not count")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada");
    stage_publish(s, "{'id':'j','trigger':{'event':'Go'},'entry':{'again':'never','running':"
                     "'restart','if':{'attribute':'ok','op':'=','value':true}}" STEPS);
    stage_event(s, ada, "Go", NULL);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_REFUSED, "j", "entry_if"), 1);
    stage_set(s, ada, "ok", "true");
    s->w->now += MINUTE;
    stage_event(s, ada, "Go", NULL);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_ENTERED, "j", NULL), 1);
    s->w->now += MINUTE;
    stage_event(s, ada, "Go", NULL);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_ENTERED, "j", NULL), 2);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "j", "restarted"), 1);
    stage_until(s, s->w->now + 2 * DAY);
    stage_event(s, ada, "Go", NULL);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_REFUSED, "j", "again"), 1);
    stage_free(s);
}

TEST("priority and owner are known of a journey")
{
    struct stage *s = stage_new(arena, NULL);
    struct journey_info info;
    stage_publish(s, "{'id':'j','trigger':{'event':'Go'},'priority':-3,'owner':'li'" STEPS);
    CHECK(journey_find(s->journeys, S("j"), &info));
    CHECK_EQ(info.priority, -3);
    CHECK_STR(info.owner, S("li"));
    stage_free(s);
}
