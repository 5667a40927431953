/* predicate_test.c — every form, both sides of its edges; then all at once, at random, by the
 * oracle. */
#include "base/test.h"
#include "event/scan.h"
#include "predicate/oracle.h"

#include <stdio.h>
#include <stdlib.h>

#define PREDICATE(text) town_predicate(w, town_json(arena, text), PREDICATE_SEGMENT)

static answer ask_at(struct town *w, persona p, const struct predicate *of, i64 now)
{
    struct subject who = town_subject(w, p);
    return predicate_eval(of, &who, now);
}

static bool holds_at(struct town *w, persona p, const char *text, i64 now)
{
    return ask_at(w, p, town_predicate(w, town_json(w->arena, text), PREDICATE_SEGMENT), now).holds;
}

#define HOLDS(text) CHECK(holds_at(w, ada, text, w->now))
#define FAILS(text) CHECK(!holds_at(w, ada, text, w->now))

static void does(struct town *w, persona p, const char *name, i64 at, const char *props)
{
    town_record(w);
    town_event(w, p, name, at, town_json(w->arena, props));
}

static void has(struct town *w, persona p, const char *name, const char *json)
{
    struct change c;
    town_record(w);
    w->now++;
    town_set(w, p, name, town_json(w->arena, json), &c);
}

/* ---- attributes ---- */

TEST("comparisons with what is missing are false, also != and not_in; missing alone holds")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    FAILS("{'attribute':'city','op':'=','value':'x'}");
    FAILS("{'attribute':'city','op':'!=','value':'x'}");
    FAILS("{'attribute':'city','op':'not_in','value':['x']}");
    FAILS("{'attribute':'city','op':'exists'}");
    HOLDS("{'attribute':'city','op':'missing'}");
    has(w, ada, "city", "'x'");
    HOLDS("{'attribute':'city','op':'exists'}");
    FAILS("{'attribute':'city','op':'missing'}");
    has(w, ada, "city", "null");
    FAILS("{'attribute':'city','op':'!=','value':'y'}");
    HOLDS("{'attribute':'city','op':'missing'}");
    town_free(w);
}

TEST("text is compared by code point, and searched as it stands")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    has(w, ada, "city", "'蓝色-Zoo'");
    HOLDS("{'attribute':'city','op':'=','value':'蓝色-Zoo'}");
    FAILS("{'attribute':'city','op':'=','value':'蓝色-zoo'}");
    HOLDS("{'attribute':'city','op':'>','value':'z'}");
    HOLDS("{'attribute':'city','op':'contains','value':'色-Z'}");
    HOLDS("{'attribute':'city','op':'starts_with','value':'蓝'}");
    HOLDS("{'attribute':'city','op':'ends_with','value':'oo'}");
    HOLDS("{'attribute':'city','op':'matches','value':'?\?-Z*'}");
    FAILS("{'attribute':'city','op':'matches','value':'?-Z*'}");
    FAILS("{'attribute':'city','op':'matches','value':'Z*'}");
    HOLDS("{'attribute':'city','op':'in','value':['a','蓝色-Zoo']}");
    HOLDS("{'attribute':'city','op':'between','value':['a','蓝色-Zoo']}");
    FAILS("{'attribute':'city','op':'=','value':7}");
    HOLDS("{'attribute':'city','op':'!=','value':7}");
    FAILS("{'attribute':'city','op':'>','value':7}");
    town_free(w);
}

TEST("numbers are compared as decimals, to the twelfth place, whatever their form")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    has(w, ada, "age", "10.5");
    HOLDS("{'attribute':'age','op':'=','value':10.5}");
    HOLDS("{'attribute':'age','op':'=','value':1.05e1}");
    HOLDS("{'attribute':'age','op':'between','value':[10.5,11]}");
    HOLDS("{'attribute':'age','op':'between','value':[10,10.5]}");
    FAILS("{'attribute':'age','op':'between','value':[10,10.4999]}");
    HOLDS("{'attribute':'age','op':'>','value':10.499999999999}");
    FAILS("{'attribute':'age','op':'>','value':10.500000000001}");
    HOLDS("{'attribute':'age','op':'<','value':1e300}");
    HOLDS("{'attribute':'age','op':'>','value':-1e300}");
    HOLDS("{'attribute':'age','op':'>','value':1e-300}");
    town_free(w);
}

TEST("a bare date is its whole day in the workspace's zone, also against a moment")
{
    struct town *w = town_new(arena, "Asia/Shanghai");
    persona ada = town_customer(w, "ada");
    has(w, ada, "seen", "'2026-03-01T15:59:59.999Z'"); /* 23:59:59.999 in Shanghai */
    HOLDS("{'attribute':'seen','op':'=','value':'2026-03-01'}");
    HOLDS("{'attribute':'seen','op':'<=','value':'2026-03-01'}");
    FAILS("{'attribute':'seen','op':'<','value':'2026-03-01'}");
    FAILS("{'attribute':'seen','op':'>','value':'2026-03-01'}");
    HOLDS("{'attribute':'seen','op':'<','value':'2026-03-02'}");
    has(w, ada, "seen", "'2026-03-01T16:00:00Z'");
    HOLDS("{'attribute':'seen','op':'=','value':'2026-03-02'}");
    HOLDS("{'attribute':'seen','op':'between','value':['2026-03-02','2026-03-02']}");
    has(w, ada, "expires", "'2026-03-02'");
    HOLDS("{'attribute':'expires','op':'=','value':'2026-03-01T16:00:00Z'}");
    HOLDS("{'attribute':'expires','op':'<','value':'2026-03-01T16:00:00.001Z'}");
    HOLDS("{'attribute':'expires','op':'=','value':'2026-03-02'}");
    HOLDS("{'attribute':'expires','op':'starts_with','value':'2026-'}");
    town_free(w);
}

TEST("lists have any or all of some values, and a single value is a list of one")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    has(w, ada, "likes", "['tea',7]");
    HOLDS("{'attribute':'likes','op':'has_any','value':['x','tea']}");
    FAILS("{'attribute':'likes','op':'has_any','value':['x','7']}");
    HOLDS("{'attribute':'likes','op':'has_all','value':[7.0,'tea']}");
    FAILS("{'attribute':'likes','op':'has_all','value':['tea','x']}");
    HOLDS("{'attribute':'likes','op':'contains','value':'tea'}");
    has(w, ada, "city", "'tea'");
    HOLDS("{'attribute':'city','op':'has_any','value':['x','tea']}");
    HOLDS("{'attribute':'city','op':'has_all','value':['tea']}");
    town_free(w);
}

TEST("a pattern is read in characters: any text, one character, the next one literally")
{
    CHECK(holds_at != NULL);
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    has(w, ada, "city", "'a*b?c'");
    HOLDS("{'attribute':'city','op':'matches','value':'a\\\\*b\\\\?c'}");
    HOLDS("{'attribute':'city','op':'matches','value':'*'}");
    HOLDS("{'attribute':'city','op':'matches','value':'a**c'}");
    HOLDS("{'attribute':'city','op':'matches','value':'?\?\?\?\?'}");
    FAILS("{'attribute':'city','op':'matches','value':'?\?\?\?'}");
    FAILS("{'attribute':'city','op':'matches','value':'a*b'}");
    FAILS("{'attribute':'city','op':'matches','value':''}");
    town_free(w);
}

/* ---- tags, consent, resolved ---- */

TEST("a tag is that tag alone, a tree is the tag and all below it, and both end when they expire")
{
    struct town *w = town_new(arena, NULL);
    struct change c;
    persona ada = town_customer(w, "ada");
    const struct predicate *one = PREDICATE("{'tag':'A'}"), *tree = PREDICATE("{'tag':'A/*'}");
    town_tag(w, ada, "AB", true, NEVER, &c);
    CHECK(!ask_at(w, ada, tree, w->now).holds);
    i64 soon = w->now + 10, late = w->now + 20;
    town_tag(w, ada, "A/B/C", true, late, &c);
    CHECK(!ask_at(w, ada, one, w->now).holds);
    CHECK(ask_at(w, ada, tree, w->now).holds);
    town_tag(w, ada, "A", true, soon, &c);
    CHECK_EQ(ask_at(w, ada, one, w->now).until, soon);
    CHECK(ask_at(w, ada, one, soon - 1).holds);
    CHECK(!ask_at(w, ada, one, soon).holds);
    CHECK_EQ(ask_at(w, ada, tree, w->now).until, late);
    CHECK(ask_at(w, ada, tree, late - 1).holds);
    CHECK(!ask_at(w, ada, tree, late).holds);
    town_free(w);
}

TEST("consent that was not recorded is neither true nor false")
{
    struct town *w = town_new(arena, NULL);
    struct change c;
    persona ada = town_customer(w, "ada");
    FAILS("{'consent':'email'}");
    FAILS("{'consent':'email','is':false}");
    town_consent(w, ada, "email", true, &c);
    HOLDS("{'consent':'email'}");
    FAILS("{'consent':'sms'}");
    w->now++;
    town_consent(w, ada, "email", false, &c);
    HOLDS("{'consent':'email','is':false}");
    FAILS("{'consent':'email'}");
    town_free(w);
}

static answer yes_until_9(void *ctx, persona head, u32 code, i64 now)
{
    (void)ctx, (void)head, (void)code, (void)now;
    return (answer){true, 9};
}

static bool is_sms(void *ctx, persona head, u32 channel)
{
    (void)ctx, (void)head;
    return channel == 2;
}

static bool clicked_7(void *ctx, u32 step, u32 status)
{
    return step == *(u32 *)ctx && status == ASKED_clicked;
}

static bool step_met(void *ctx, u32 step, u32 result)
{
    return step == *(u32 *)ctx && result == RESULT_met;
}

static answer score_of_50(void *ctx, persona head, u32 score, predicate_op op, fixed limit, i64 now)
{
    (void)ctx, (void)head, (void)score, (void)now;
    return (answer){op == COMPARE_GE && 50 * FIXED_ONE >= limit, 77};
}

TEST("what other modules know comes through the resolver, and is false without one")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    u32 step;
    CHECK_OK(names_code(w->names, NAME_OBJECT, S("m1"), &step));
    struct resolver r = {.ctx = &step,
                         .segment = yes_until_9,
                         .reachable = is_sms,
                         .message = clicked_7,
                         .step_result = step_met,
                         .score = score_of_50};
    static const struct {
        const char *text;
        bool holds;
        i64 until;
    } CASES[] = {{"{'segment':'vip'}", true, 9},
                 {"{'not':{'segment':'vip'}}", false, 9},
                 {"{'reachable':'sms'}", true, NEVER},
                 {"{'reachable':'email'}", false, NEVER},
                 {"{'message':'m1','status':'clicked'}", true, NEVER},
                 {"{'message':'m1','status':'opened'}", false, NEVER},
                 {"{'message':'m2','status':'clicked'}", false, NEVER},
                 {"{'step':'m1','result':'met'}", true, NEVER},
                 {"{'score':'lead','op':'>=','value':50}", true, 77},
                 {"{'score':'lead','op':'>=','value':50.0001}", false, 77},
                 {"{'stage':'member','in':'default'}", true, 9}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const struct predicate *p =
            town_predicate(w, town_json(arena, CASES[i].text), PREDICATE_ENTRY);
        struct subject who = town_subject(w, ada);
        CHECK_EQ(predicate_eval(p, &who, 1).holds, CASES[i].text[2] == 'n');
        who.resolver = &r;
        answer a = predicate_eval(p, &who, 1);
        CHECK_EQ(a.holds, CASES[i].holds);
        CHECK_EQ(a.until, CASES[i].until);
    }
    town_free(w);
}

/* ---- events ---- */

TEST("an event at t counts within W while now - t < W, and `until` is the moment it leaves")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    does(w, ada, "A", t, "{}");
    const struct predicate *p = PREDICATE("{'did':'A','within':'7d'}");
    CHECK(ask_at(w, ada, p, t).holds);
    CHECK_EQ(ask_at(w, ada, p, t).until, t + 7 * DAY);
    CHECK(ask_at(w, ada, p, t + 7 * DAY - 1).holds);
    CHECK(!ask_at(w, ada, p, t + 7 * DAY).holds);
    CHECK_EQ(ask_at(w, ada, p, t + 7 * DAY).until, NEVER);
    FAILS("{'did':'B','within':'7d'}");
    town_free(w);
}

TEST("a number of times turns at the leaving that changes it, and at no other")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    for (i64 i = 4; i >= 0; i--) does(w, ada, "A", t - i * HOUR, "{}");
    CHECK_EQ(ask_at(w, ada, PREDICATE("{'did':'A','within':'1d','count':{'op':'>=','value':3}}"), t)
                 .until,
             t - 2 * HOUR + DAY);
    CHECK_EQ(ask_at(w, ada, PREDICATE("{'did':'A','within':'1d','count':{'op':'=','value':2}}"), t)
                 .until,
             t - 2 * HOUR + DAY);
    CHECK_EQ(ask_at(w, ada, PREDICATE("{'did':'A','within':'1d','count':{'op':'<=','value':5}}"), t)
                 .until,
             t + DAY);
    FAILS("{'did':'A','within':'1d','count':{'op':'=','value':4}}");
    HOLDS("{'did':'A','within':'1d','count':{'op':'between','value':[5,9]}}");
    HOLDS("{'did':'A','within':'1h','count':{'op':'=','value':1}}");
    town_free(w);
}

TEST("without an event a did is false whatever it counts")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    FAILS("{'did':'A'}");
    FAILS("{'did':'A','count':{'op':'<','value':3}}");
    FAILS("{'did':'A','aggregate':{'sum':'n','op':'<','value':3}}");
    FAILS("{'did':'A','aggregate':{'distinct':'n','op':'<=','value':3}}");
    HOLDS("{'not':{'did':'A'}}");
    does(w, ada, "A", w->now, "{'n':'text'}");
    FAILS("{'did':'A','aggregate':{'sum':'n','op':'<','value':3}}");
    HOLDS("{'did':'A','aggregate':{'distinct':'n','op':'<=','value':3}}");
    town_free(w);
}

TEST("money is summed exactly: ten times 0.1 is 1, and the mean of 1, 1 and 2 is no third more")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    for (u32 i = 0; i < 10; i++) does(w, ada, "A", w->now, "{'n':0.1,'m':{'x':0.123456}}");
    HOLDS("{'did':'A','aggregate':{'sum':'n','op':'=','value':1}}");
    HOLDS("{'did':'A','aggregate':{'sum':'m.x','op':'=','value':1.23456}}");
    FAILS("{'did':'A','aggregate':{'sum':'n','op':'>','value':1}}");
    does(w, ada, "B", w->now, "{'n':1}");
    does(w, ada, "B", w->now, "{'n':1}");
    does(w, ada, "B", w->now, "{'n':2}");
    HOLDS("{'did':'B','aggregate':{'avg':'n','op':'>','value':1.333333333333}}");
    HOLDS("{'did':'B','aggregate':{'avg':'n','op':'<','value':1.333333333334}}");
    HOLDS("{'did':'B','aggregate':{'min':'n','op':'=','value':1}}");
    HOLDS("{'did':'B','aggregate':{'max':'n','op':'=','value':2}}");
    HOLDS("{'did':'B','aggregate':{'distinct':'n','op':'=','value':2}}");
    HOLDS("{'did':'B','aggregate':{'last':'n','op':'=','value':2}}");
    HOLDS("{'did':'B','aggregate':{'first':'n','op':'=','value':1}}");
    town_free(w);
}

TEST("the least and greatest may be dates")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    does(w, ada, "A", w->now, "{'d':'2026-03-05'}");
    does(w, ada, "A", w->now, "{'d':'2026-04-05'}");
    does(w, ada, "A", w->now, "{'d':5}");
    HOLDS("{'did':'A','aggregate':{'max':'d','op':'>=','value':'2026-04-01'}}");
    FAILS("{'did':'A','aggregate':{'min':'d','op':'>=','value':'2026-04-01'}}");
    town_free(w);
}

TEST("between two dates is half open, and a bare date as its end is the whole day")
{
    struct town *w = town_new(arena, "Asia/Shanghai");
    persona ada = town_customer(w, "ada");
    i64 start = days_of(2026, 1, 5) * DAY - 8 * HOUR, end = start + 2 * DAY;
    does(w, ada, "A", start - 1, "{}");
    FAILS("{'did':'A','between':['2026-01-05','2026-01-06']}");
    does(w, ada, "A", end, "{}");
    FAILS("{'did':'A','between':['2026-01-05','2026-01-06']}");
    does(w, ada, "A", end - 1, "{}");
    HOLDS("{'did':'A','between':['2026-01-05','2026-01-06']}");
    FAILS("{'did':'A','between':['2026-01-05','2026-01-06T23:59:59.999+08:00']}");
    FAILS("{'did':'A','between':['2026-01-05','2026-01-06'],'count':{'op':'>=','value':2}}");
    does(w, ada, "A", start, "{}");
    HOLDS("{'did':'A','between':['2026-01-05','2026-01-06'],'count':{'op':'>=','value':2}}");
    town_free(w);
}

TEST("a month is a calendar month: what happened on the 31st counts until the last of the next")
{
    struct town *w = town_new(arena, "Asia/Shanghai");
    persona ada = town_customer(w, "ada");
    i64 t = days_of(2026, 1, 31) * DAY + 2 * HOUR, end = days_of(2026, 2, 28) * DAY + 2 * HOUR;
    does(w, ada, "A", t, "{}");
    const struct predicate *p = PREDICATE("{'did':'A','within':'1mo'}");
    CHECK_EQ(ask_at(w, ada, p, t).until, end);
    CHECK(ask_at(w, ada, p, end - 1).holds);
    CHECK(!ask_at(w, ada, p, end).holds);
    town_free(w);
}

TEST("since the last of another event counts what came after it, and everything if there was none")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    does(w, ada, "A", t - 10, "{}");
    HOLDS("{'did':'A','since_last':'B'}");
    does(w, ada, "B", t - 10, "{'n':1}");
    FAILS("{'did':'A','since_last':'B'}");
    HOLDS("{'did':'A','since_last':{'did':'B','where':{'property':'n','op':'=','value':2}}}");
    does(w, ada, "A", t - 10, "{}"); /* the same moment, later in the log */
    HOLDS("{'did':'A','since_last':'B'}");
    does(w, ada, "A", t - 11, "{}"); /* late */
    FAILS("{'did':'A','since_last':'B','count':{'op':'>=','value':2}}");
    HOLDS("{'did':'A','since_last':'B','within':'1h'}");
    CHECK(!holds_at(w, ada, "{'did':'A','since_last':'B','within':'1h'}", t - 10 + HOUR));
    town_free(w);
}

TEST("a sequence is strictly in order of the timeline, its last less than the span after its first")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    does(w, ada, "B", t - HOUR, "{}");
    does(w, ada, "A", t - HOUR, "{}");
    FAILS("{'sequence':[{'did':'A'},{'did':'B'}]}");
    does(w, ada, "B", t, "{}");
    HOLDS("{'sequence':[{'did':'A'},{'did':'B'}]}");
    HOLDS("{'sequence':[{'did':'A'},{'did':'B'}],'within':'61m'}");
    FAILS("{'sequence':[{'did':'A'},{'did':'B'}],'within':'1h'}");
    HOLDS("{'sequence':[{'did':'B'},{'did':'B'}]}");
    FAILS("{'sequence':[{'did':'A'},{'did':'A'}]}");
    FAILS("{'sequence':[{'did':'B'},{'did':'B'},{'did':'B'}]}");
    does(w, ada, "A", t - 10 * MINUTE, "{}"); /* late, nearer to the B */
    HOLDS("{'sequence':[{'did':'A'},{'did':'B'}],'within':'1h'}");
    town_free(w);
}

TEST("a session has gaps under 30 minutes, is of one device, and ends 30 minutes after its last "
     "event")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    const struct predicate *p =
        PREDICATE("{'did':'A','within':'session','count':{'op':'>=','value':2}}");
    does(w, ada, "A", t - 60 * MINUTE, "{}");
    does(w, ada, "B", t - 30 * MINUTE, "{}");
    does(w, ada, "A", t, "{}");
    CHECK(!ask_at(w, ada, p, t).holds);
    does(w, ada, "B", t - 30 * MINUTE + 1, "{}");
    CHECK(!ask_at(w, ada, p, t).holds);
    does(w, ada, "C", t - 59 * MINUTE, "{}"); /* late: joins the two */
    CHECK(ask_at(w, ada, p, t).holds);
    CHECK_EQ(ask_at(w, ada, p, t).until, t + 30 * MINUTE);
    CHECK(ask_at(w, ada, p, t + 30 * MINUTE - 1).holds);
    CHECK(!ask_at(w, ada, p, t + 30 * MINUTE).holds);
    town_free(w);
}

TEST("conditions on an event read nested properties, the context, and the items of an order")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    does(w, ada, "Order Completed", w->now,
         "{'m':{'y':{'z':'deep'}},'$context':{'device':{'type':'ios'}},"
         "'products':[{'name':'shoe','price':10,'quantity':1},{'product_name':'hat','price':99}]}");
    HOLDS("{'did':'Order Completed','where':{'property':'m.y.z','op':'=','value':'deep'}}");
    HOLDS("{'did':'Order "
          "Completed','where':{'property':'context.device.type','op':'=','value':'ios'}}");
    HOLDS("{'did':'Order "
          "Completed','where':{'item':{'property':'product_name','op':'=','value':'shoe'}}}");
    HOLDS("{'did':'Order "
          "Completed','where':{'item':{'all':[{'property':'product_name','op':'=','value':'hat'},"
          "{'property':'price','op':'>','value':50}]}}}");
    FAILS("{'did':'Order "
          "Completed','where':{'item':{'all':[{'property':'product_name','op':'=','value':'shoe'},"
          "{'property':'price','op':'>','value':50}]}}}");
    HOLDS("{'did':'Order "
          "Completed','where':{'all':[{'item':{'property':'price','op':'=','value':10}},"
          "{'not':{'property':'x','op':'exists'}}]}}");
    FAILS("{'did':'Order Completed','where':{'property':'m.y','op':'=','value':'deep'}}");
    FAILS("{'did':'Order Completed','where':{'property':'m.y.z.q','op':'exists'}}");
    town_free(w);
}

TEST("any event is any of a client's, not what the engine writes")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    does(w, ada, "#Segment Entered", w->now, "{}");
    FAILS("{'did':'*'}");
    HOLDS("{'did':'#Segment Entered'}");
    does(w, ada, "B", w->now, "{}");
    HOLDS("{'did':'*'}");
    town_free(w);
}

/* ---- inside a journey ---- */

TEST(
    "in an exit a bare did counts what was applied after the enrolment and did not occur before it")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    does(w, ada, "A", t - 5, "{}");
    town_record(w);
    struct event trigger = town_event(w, ada, "A", t - 1, town_json(arena, "{'cart':7}"));
    const struct json *j = town_json(arena, "{'did':'A'}");
    const struct predicate *p = town_predicate(w, j, PREDICATE_SCOPED);
    const struct predicate *ever = town_predicate(w, j, PREDICATE_ENTRY);
    const struct predicate *since =
        town_predicate(w, town_json(arena, "{'did':'A','since':'entry'}"), PREDICATE_ENTRY);
    const struct predicate *match = town_predicate(
        w, town_json(arena, "{'did':'A','match':'cart','within':'1h'}"), PREDICATE_SCOPED);
    struct subject who = town_subject(w, ada);
    who.since_ms = t;
    who.since_order = trigger.order;
    who.event = &trigger;
    CHECK(!predicate_eval(p, &who, t).holds);
    CHECK(!predicate_eval(since, &who, t).holds);
    CHECK(predicate_eval(ever, &who, t).holds);
    CHECK(predicate_eval(match, &who, t).holds); /* itself: a window is given */
    does(w, ada, "A", t - 1, "{'cart':8}");
    who = town_subject(w, ada);
    who.since_ms = t;
    who.since_order = trigger.order;
    CHECK(!predicate_eval(p, &who, t).holds);     /* applied after, but occurred before */
    CHECK(!predicate_eval(match, &who, t).holds); /* no trigger */
    does(w, ada, "A", t, "{'cart':'7'}");
    who = town_subject(w, ada);
    who.since_ms = t;
    who.since_order = trigger.order;
    who.event = &trigger;
    CHECK(predicate_eval(p, &who, t).holds);
    CHECK(predicate_eval(since, &who, t).holds);
    p = town_predicate(w, town_json(arena, "{'did':'A','match':'cart'}"), PREDICATE_SCOPED);
    CHECK(predicate_eval(p, &who, t).holds); /* 7 = "7" */
    p = town_predicate(w, town_json(arena, "{'did':'A','match':'other'}"), PREDICATE_SCOPED);
    CHECK(!predicate_eval(p, &who, t).holds);
    p = town_predicate(w, town_json(arena, "{'trigger':{'property':'cart','op':'=','value':7}}"),
                       PREDICATE_ENTRY);
    CHECK(predicate_eval(p, &who, t).holds);
    who.event = NULL;
    CHECK(!predicate_eval(p, &who, t).holds);
    town_free(w);
}

TEST("a session in an entry condition is the triggering event's")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    does(w, ada, "A", t - 2 * HOUR, "{}");
    town_record(w);
    struct event trigger = town_event(w, ada, "B", t - 2 * HOUR, NULL);
    does(w, ada, "A", t, "{}");
    const struct json *j =
        town_json(arena, "{'did':'A','within':'session','count':{'op':'=','value':1}}");
    const struct predicate *p = town_predicate(w, j, PREDICATE_ENTRY);
    struct subject who = town_subject(w, ada);
    who.event = &trigger;
    CHECK(predicate_eval(p, &who, t).holds);
    does(w, ada, "A", t - 2 * HOUR + 1, "{}");
    who = town_subject(w, ada);
    who.event = &trigger;
    CHECK(!predicate_eval(p, &who, t).holds);
    town_free(w);
}

TEST("a condition on one event needs nothing but its properties")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    const struct json *j = town_json(
        arena,
        "{'any':[{'property':'n','op':'>','value':1},{'property':'s','op':'=','value':'x'}]}");
    const struct predicate *p = town_predicate(w, j, PREDICATE_WHERE);
    town_record(w);
    struct event one = town_event(w, ada, "A", w->now, town_json(arena, "{'n':1,'s':'x'}"));
    struct event two = town_event(w, ada, "A", w->now, town_json(arena, "{'n':1}"));
    CHECK(predicate_where(p, &one));
    CHECK(!predicate_where(p, &two));
    town_free(w);
}

/* ---- dates ---- */

TEST("in three days is that calendar day exactly, in the workspace's zone")
{
    struct town *w = town_new(arena, "America/New_York");
    persona ada = town_customer(w, "ada");
    has(w, ada, "expires", "'2026-03-10'");
    const struct predicate *p = PREDICATE("{'date':'expires','in':'3d'}");
    i64 from = days_of(2026, 3, 7) * DAY + 5 * HOUR, to = days_of(2026, 3, 8) * DAY + 5 * HOUR;
    CHECK(!ask_at(w, ada, p, from - 1).holds);
    CHECK_EQ(ask_at(w, ada, p, from - 1).until, from);
    CHECK(ask_at(w, ada, p, from).holds);
    CHECK_EQ(ask_at(w, ada, p, from).until, to);
    CHECK(!ask_at(w, ada, p, to).holds);
    CHECK_EQ(ask_at(w, ada, p, to).until, NEVER);
    p = PREDICATE("{'date':'expires','in':['-1d','2d']}"); /* 8th, which has 23 hours, to 11th */
    to = days_of(2026, 3, 12) * DAY + 4 * HOUR;
    CHECK_EQ(ask_at(w, ada, p, from + DAY).until, to);
    town_free(w);
}

TEST("the 29th of February is the 28th in ordinary years, or 1 March where that is set, then the "
     "offset")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    has(w, ada, "birthday", "'2000-02-29'");
    has(w, ada, "bday", "'02-29'");
    has(w, ada, "bday2", "'--02-29'");
    static const char *const FIELDS[] = {"birthday", "bday", "bday2"};
    for (u32 i = 0; i < 3; i++) {
        char text[120];
        snprintf(text, sizeof text, "{'date':'%s','anniversary':true,'in':'1d'}", FIELDS[i]);
        CHECK(holds_at(w, ada, text, days_of(2026, 2, 27) * DAY));
        CHECK(!holds_at(w, ada, text, days_of(2026, 2, 28) * DAY));
        CHECK(holds_at(w, ada, text, days_of(2028, 2, 28) * DAY));
        CHECK(!holds_at(w, ada, text, days_of(2028, 2, 27) * DAY));
    }
    struct predicate_context pc = {.names = w->names, .leap_day_march = true};
    struct predicate *p;
    struct buf b;
    struct diag why = {0};
    buf_init(&b, 1000);
    CHECK_OK(predicate_compile(town_json(arena, "{'date':'bday','anniversary':true,'in':'0d'}"),
                               &pc, &b, &why));
    CHECK_OK(predicate_load(buf_str(&b), arena, &p));
    CHECK(!ask_at(w, ada, p, days_of(2026, 2, 28) * DAY).holds);
    CHECK(ask_at(w, ada, p, days_of(2026, 3, 1) * DAY).holds);
    CHECK(ask_at(w, ada, p, days_of(2028, 2, 29) * DAY).holds);
    CHECK(!ask_at(w, ada, p, days_of(2028, 3, 1) * DAY).holds);
    buf_clear(&b);
    town_free(w);
}

static const struct zone *named_zone(void *ctx, str name)
{
    return str_eq(name, S("Asia/Tokyo")) ? ctx : NULL;
}

TEST("a date may be judged in the customer's zone, or in a zone by its name")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    has(w, ada, "expires", "'2026-03-10'");
    i64 tokyo = days_of(2026, 3, 10) * DAY - 9 * HOUR;
    const struct predicate *named = PREDICATE("{'date':'expires','in':'0d','zone':'Asia/Tokyo'}");
    const struct predicate *own = PREDICATE("{'date':'expires','in':'0d','zone':'customer'}");
    const struct zone *z = town_zone(arena, "Asia/Tokyo");
    union {
        const struct zone *in;
        void *out;
    } as = {z};
    struct resolver r = {.ctx = as.out, .zone = named_zone};
    struct subject who = town_subject(w, ada);
    CHECK(!predicate_eval(named, &who, tokyo).holds); /* nobody knows the zone: the workspace's */
    who.resolver = &r;
    CHECK(predicate_eval(named, &who, tokyo).holds);
    CHECK(!predicate_eval(named, &who, tokyo - 1).holds);
    CHECK(!predicate_eval(own, &who, tokyo).holds);
    who.customer_zone = z;
    CHECK(predicate_eval(own, &who, tokyo).holds);
    who.customer_zone = NULL;
    has(w, ada, "timezone", "'Asia/Tokyo'");
    CHECK(predicate_eval(own, &who, tokyo).holds);
    town_free(w);
}

TEST("where clocks go back over midnight, today does not go back")
{
    struct town *w = town_new(arena, "America/St_Johns"); /* 2010-11-07 00:01 → 2010-11-06 23:01 */
    persona ada = town_customer(w, "ada");
    has(w, ada, "expires", "'2010-11-07'");
    const struct predicate *p = PREDICATE("{'date':'expires','in':'0d'}");
    i64 start = zone_day_start(w->zone, days_of(2010, 11, 7));
    CHECK(!ask_at(w, ada, p, start - 1).holds);
    for (i64 t = start; t < start + 2 * HOUR; t += 30 * SECOND) CHECK(ask_at(w, ada, p, t).holds);
    town_free(w);
}

/* ---- all at once ---- */

static u64 rounds(void)
{
    const char *n = getenv("BECKON_ROUNDS");
    return n ? strtoull(n, NULL, 10) : 1;
}

static void fill(struct town *w, struct rng *rng)
{
    static const char *const EVENTS[] = {"A",
                                         "B",
                                         "C",
                                         "Order Completed",
                                         "#x",
                                         "Order Refunded",
                                         "Order Completed",
                                         "Order Cancelled",
                                         "Message Sent",
                                         "Message Opened",
                                         "Message Clicked",
                                         "Message Bounced"};
    static const char *const CITIES[] = {"'red'",        "'blue'", "'Red'",
                                         "'green-blue'", "'蓝色'", "null"};
    static const char *const DATES[] = {"'2024-02-29'", "'1990-03-15'", "'2026-03-08'",
                                        "'2026-02-28'"};
    static const char *const BDAYS[] = {"'02-29'", "'03-15'", "'02-28'", "'12-31'", "'03-01'"};
    static const char *const TAGS[] = {"A", "A/B", "A/B/C", "AB", "D"};
    struct change c;
    struct resolved joined;
    for (u32 i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "u%u", i);
        persona p = town_customer(w, name);
        w->now++;
        if (rng_percent(rng, 60)) has(w, p, "city", CITIES[rng_below(rng, 6)]);
        if (rng_percent(rng, 60)) has(w, p, "age", rng_percent(rng, 50) ? "7" : "10.5");
        if (rng_percent(rng, 60)) has(w, p, "birthday", DATES[rng_below(rng, 4)]);
        if (rng_percent(rng, 60)) has(w, p, "expires", DATES[rng_below(rng, 4)]);
        if (rng_percent(rng, 60)) has(w, p, "bday", BDAYS[rng_below(rng, 5)]);
        if (rng_percent(rng, 60)) has(w, p, "seen", "'2026-03-08T06:30:00Z'");
        for (u32 k = 0; k < 3; k++) {
            i64 expires = rng_percent(rng, 50) ? NEVER : w->now + (i64)rng_below(rng, 5 * (u64)DAY);
            w->now++;
            town_tag(w, p, TAGS[rng_below(rng, 5)], rng_percent(rng, 80), expires, &c);
        }
        if (rng_percent(rng, 60))
            town_consent(w, p, rng_percent(rng, 60) ? "email" : "sms", rng_percent(rng, 70), &c);
        u64 n = rng_below(rng, 40), reach = rng_percent(rng, 50) ? 2 * (u64)HOUR : 40 * (u64)DAY;
        for (u64 k = 0; k < n; k++) {
            town_record(w);
            town_event(w, p, EVENTS[rng_below(rng, COUNT_OF(EVENTS))],
                       w->now - (i64)rng_below(rng, reach), random_props(w, rng));
        }
    }
    town_record(w);
    w->now++;
    CHECK_OK(customer_link(w->customers, w->personas[0], w->personas[1], LINK_MANUAL, w->now,
                           w->number, &joined));
}

static str text_of(struct town *w, const struct json *j)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    json_put(&b, j);
    str s = arena_str(w->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

static void check_same(bool a, bool b, struct town *w, const struct json *j, persona p, i64 now,
                       const char *what)
{
    if (a != b)
        fprintf(stderr, "%s: persona %u, now %lld: %.*s\n", what, p, (long long)now,
                STR_ARG(text_of(w, j)));
    CHECK_EQ(a, b);
}

/* The same from 0 on, by heads as bits, and with what an earlier question found of the files. */
static void check_known_heads(const struct predicate *p, struct batch_subject all, persona end,
                              i64 now, const u64 *bits)
{
    struct event_stayed stayed = {0};
    u64 is_head[3] = {0}, again[3];
    for (persona i = 1; i < end; i++) is_head[i / 64] |= (u64)(all.heads[i] == i) << i % 64;
    all.head_bits = is_head;
    all.stayed = &stayed;
    for (u32 round = 0; round < 2; round++) {
        struct event_crowd *crowd = predicate_crowd(&p, 1, &all, now);
        all.crowd = crowd;
        CHECK(predicate_batch(p, &all, 0, end, now, again));
        event_crowd_free(crowd);
        CHECK_EQ(again[0] & 1, 0);
        for (persona i = 1; i < end; i++)
            CHECK_EQ(again[i / 64] >> i % 64 & 1, bits[(i - 1) / 64] >> (i - 1) % 64 & 1);
    }
}

/* Of so few everybody is looked at: the estimate may not leave out any for whom it holds, and where
 * nothing is asked of events or of others it is exact. */
static void check_cost(const struct predicate *p, const struct batch_subject *all, persona end,
                       i64 now, const u64 *bits)
{
    struct predicate_cost cost;
    u64 heads = 0, held = bits_count(bits[0]) + (end - 1 > 64 ? bits_count(bits[1]) : 0);
    for (persona i = 1; i < end; i++) heads += all->heads[i] == i;
    predicate_cost(p, all, end, now, &cost);
    CHECK_EQ(cost.asked, heads);
    CHECK(cost.held >= held && cost.held <= heads && cost.indexed == 0);
    const struct predicate_inputs *in = predicate_inputs(p);
    if (in->any_event || in->event_count || in->own) return;
    CHECK_EQ(cost.events, 0);
    if (!in->others && !in->score_count) CHECK_EQ(cost.held, held);
}

/* Customer by customer, and by scans over everybody's events: the same. */
static bool batch_holds(struct town *w, const struct predicate *p, persona head, i64 now)
{
    u64 bits[2], scanned[2];
    persona end = customers_end(w->customers), heads[128] = {0};
    struct batch_subject all = {
        .view = &w->view, .events = event_view_live(w->events), .zone = w->zone, .names = w->names};
    CHECK(end <= COUNT_OF(heads));
    CHECK(predicate_batch(p, &all, 1, end, now, bits));
    for (persona i = 1; i < end; i++) heads[i] = customer_head(w->customers, i);
    all.heads = heads;
    all.heads_end = end;
    check_cost(p, &all, end, now, bits);
    struct event_crowd *crowd = predicate_crowd(&p, 1, &all, now);
    all.crowd = crowd;
    CHECK(predicate_batch(p, &all, 1, end, now, scanned));
    event_crowd_free(crowd);
    CHECK_EQ(memcmp(bits, scanned, ((size_t)end - 1 + 63) / 64 * sizeof *bits), 0);
    check_known_heads(p, all, end, now, bits);
    return bits[(head - 1) / 64] >> (head - 1) % 64 & 1;
}

struct kept {
    u64 words[64][PREDICATE_LEAF_WORDS_MAX];
    u32 count;
};

static const u64 *kept_words(void *ctx, u32 leaf)
{
    return ((struct kept *)ctx)->words[leaf];
}

/* Leaves fed with her events in any order. */
static void feed_all(struct town *w, const struct predicate *p, persona head, struct kept *k,
                     struct rng *rng)
{
    struct predicate_leaf leaves[64];
    struct subject who = town_subject(w, head);
    struct event ev[256];
    u32 n = 0;
    *k = (struct kept){.count = predicate_leaves(p, leaves, 64)};
    CHECK(k->count <= 64);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, w->scratch);
    while (event_next(it, &ev[n])) n++;
    for (; n; n--) {
        u64 at = rng_below(rng, n);
        for (u32 i = 0; i < k->count; i++) {
            CHECK(leaves[i].state_words <= PREDICATE_LEAF_WORDS_MAX && leaves[i].index == i);
            if (leaves[i].event && leaves[i].event != ev[at].code) continue;
            predicate_leaf_feed(p, i, k->words[i], &ev[at], w->now);
        }
        ev[at] = ev[n - 1];
    }
}

/* What stands at `now` stands until `until`, and the oracle says the same before, in between, at
 * it. */
static void check_moment(struct town *w, const struct json *j, const struct predicate *p,
                         persona head, i64 now, struct rng *rng)
{
    arena_reset(w->scratch);
    answer a = ask_at(w, head, p, now);
    CHECK(a.until > now);
    struct kept k;
    struct subject who = town_subject(w, head);
    feed_all(w, p, head, &k, rng);
    answer b = predicate_eval_kept(p, &who, now, kept_words, &k);
    check_same(b.holds, a.holds, w, j, head, now, "kept");
    CHECK(b.until > now);
    a.until = max_i64(a.until, b.until);
    check_same(a.holds, oracle_holds(w, head, j, now, NULL), w, j, head, now, "eval");
    check_same(a.holds, batch_holds(w, p, head, now), w, j, head, now, "batch");
    i64 end = min_i64(a.until, now + 60 * DAY);
    i64 times[] = {end - 1, now + (i64)rng_below(rng, (u64)(end - now))};
    for (u32 i = 0; i < COUNT_OF(times); i++)
        check_same(a.holds, oracle_holds(w, head, j, times[i], NULL), w, j, head, times[i],
                   "until");
}

TEST("eval, batch and the oracle agree on random conditions over random histories, until `until`")
{
    static const char *const ZONES[] = {NULL, "Asia/Shanghai", "America/New_York", "Europe/Berlin"};
    struct rng rng = {test_seed()};
    for (u64 round = 0; round < 40 * rounds(); round++) {
        struct arena *own = arena_new();
        struct town *w = town_new(own, ZONES[round % 4]);
        fill(w, &rng);
        for (u32 i = 0; i < 40; i++) {
            const struct json *j = random_predicate(w, &rng, NULL, 0);
            const struct predicate *p = town_predicate(w, j, PREDICATE_SEGMENT);
            persona head =
                customer_head(w->customers, w->personas[rng_below(&rng, w->persona_count)]);
            i64 now = w->now;
            for (u32 hop = 0; hop < 4 && now != NEVER; hop++) {
                check_moment(w, j, p, head, now, &rng);
                now = ask_at(w, head, p, now).until;
            }
        }
        town_free(w);
        arena_free(own);
    }
}

TEST("a program as JSON compiles to the same program, and damaged bytes are refused or harmless")
{
    struct rng rng = {test_seed() + 1};
    struct town *w = town_new(arena, "Europe/Berlin");
    fill(w, &rng);
    for (u32 i = 0; i < 200; i++) {
        struct predicate_context pc = {.names = w->names, .zone = w->zone};
        struct diag why = {0};
        struct buf one, two, text;
        struct predicate *p;
        const struct json *again;
        arena_reset(w->scratch);
        buf_init(&one, 1 << 16), buf_init(&two, 1 << 16), buf_init(&text, 1 << 16);
        CHECK_OK(predicate_compile(random_predicate(w, &rng, NULL, 0), &pc, &one, &why));
        CHECK_OK(predicate_load(buf_str(&one), arena, &p));
        predicate_json(p, w->names, &text);
        CHECK_OK(json_parse(buf_str(&text), arena, &again, &why));
        CHECK_OK(predicate_compile(again, &pc, &two, &why));
        if (!str_eq(buf_str(&two), buf_str(&one)))
            fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&text)));
        CHECK(str_eq(buf_str(&two), buf_str(&one)));
        for (u32 k = 0; k < 20; k++) {
            size_t at = rng_below(&rng, two.n);
            char before = two.p[at];
            two.p[at] = (char)rng_next(&rng);
            str bytes =
                str_slice(buf_str(&two), 0, rng_percent(&rng, 80) ? two.n : rng_below(&rng, two.n));
            if (predicate_load(bytes, arena, &p) == ERR_OK) ask_at(w, w->personas[0], p, w->now);
            two.p[at] = before;
        }
        buf_clear(&one), buf_clear(&two), buf_clear(&text);
    }
    town_free(w);
}
