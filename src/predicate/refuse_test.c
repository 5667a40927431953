/* refuse_test.c — what is refused, where, and with which sentence; limits on both sides. */
#include "base/test.h"
#include "predicate/oracle.h"

#include <stdio.h>

static err compiled(struct town *w, const struct json *j, predicate_place place, struct diag *why)
{
    struct predicate_context pc = {.names = w->names, .customers = w->customers, .place = place};
    struct buf b;
    struct predicate *p;
    *why = (struct diag){0};
    buf_init(&b, 1 << 20);
    err e = predicate_compile(j, &pc, &b, why);
    if (e == ERR_OK) CHECK_OK(predicate_load(buf_str(&b), w->arena, &p));
    buf_clear(&b);
    return e;
}

static const struct {
    const char *text, *path, *says;
} REFUSALS[] = {
    {"7", "", "a condition is an object"},
    {"{}", "", "has one of: attribute, tag,"},
    {"{'all':{}}", "/all", "a list of conditions"},
    {"{'any':[]}", "/any", "never holds"},
    {"{'all':[{'tag':'x'}],'tag':'y'}", "", "\"tag\" has no meaning here"},
    {"{'tag':'x','segment':'y'}", "", "asks one thing"},
    {"{'not':[{'tag':'x'}]}", "/not", "a condition is an object"},
    {"{'all':[{'tag':'x'},{'tga':'y'}]}", "/all/1", "has one of:"},
    {"{'tag':'x','op':'='}", "", "\"op\" has no meaning here; there may be: tag"},
    {"{'tag':'x','tag':'y'}", "", "there twice"},
    {"{'tag':''}", "/tag", "must be there, as a text"},
    {"{'tag':'A/*/B'}", "/tag", "\"A/*\" for A and all below it"},
    {"{'attribute':'a'}", "/op", "must be there"},
    {"{'attribute':'a','op':'=='}", "/op", "there is no operator \"==\" here; there are = !="},
    {"{'attribute':'a','op':'='}", "", "\"value\" is missing"},
    {"{'attribute':'a','op':'=','value':null}", "/value", "\"op\":\"missing\""},
    {"{'attribute':'a','op':'=','value':['x']}", "/value", "for a list write \"in\""},
    {"{'attribute':'a','op':'in','value':'x'}", "/value", "takes a list"},
    {"{'attribute':'a','op':'in','value':[]}", "/value", "takes a list"},
    {"{'attribute':'a','op':'in','value':['x',{}]}", "/value/1", "a text, a number, true or false"},
    {"{'attribute':'a','op':'exists','value':1}", "", "takes no value"},
    {"{'attribute':'a','op':'matches','value':1}", "/value", "compares with a text"},
    {"{'attribute':'a','op':'between','value':[1]}", "/value", "two values"},
    {"{'attribute':'a','op':'between','value':[2,1]}", "/value", "must not be above"},
    {"{'attribute':'a','op':'between','value':[1,'x']}", "/value", "of one kind"},
    {"{'date':'d'}", "/in", "\"3d\""},
    {"{'date':'d','in':'3h'}", "/in", "calendar days"},
    {"{'date':'d','in':['3d','1d']}", "/in", "ends before it begins"},
    {"{'date':'d','in':'1d','zone':'../etc'}", "/zone", "Asia/Shanghai"},
    {"{'did':'A','within':'7'}", "/within", "write a duration"},
    {"{'did':'A','within':'0d'}", "/within", "write a duration"},
    {"{'did':'A','within':'1d','between':['2026-01-01','2026-01-02']}", "", "write one of them"},
    {"{'did':'A','between':['2026-01-02','2026-01-01']}", "/between", "ends before it begins"},
    {"{'did':'A','between':['2026-01-02','soon']}", "/between/1", "this is no date"},
    {"{'did':'A','since':'entry'}", "/since", "only a journey has them"},
    {"{'did':'A','match':'x'}", "/match", "there is none here"},
    {"{'did':'A','count':{'op':'>=','value':1.5}}", "/count/value", "a whole number"},
    {"{'did':'A','count':{'op':'=','value':0}}", "/count/value", "{\"not\":{\"did\":…}}"},
    {"{'did':'A','count':{'op':'<','value':1}}", "/count/value", "can never hold"},
    {"{'did':'A','count':{'op':'contains','value':1}}", "/count/op",
     "there are = != < <= > >= in not_in between"},
    {"{'did':'A','count':3}", "/count", "an object is expected"},
    {"{'did':'A','count':{'op':'=','value':1},'aggregate':{'sum':'n','op':'=','value':1}}", "",
     "not both"},
    {"{'did':'A','aggregate':{'op':'=','value':1}}", "/aggregate", "names one property"},
    {"{'did':'A','aggregate':{'sum':'a','max':'b','op':'=','value':1}}", "/aggregate",
     "names one property"},
    {"{'did':'A','aggregate':{'sum':'a','op':'=','value':'x'}}", "/aggregate/value",
     "with a number"},
    {"{'did':'A','aggregate':{'max':'a','op':'=','value':'x'}}", "/aggregate/value",
     "a number or a date"},
    {"{'did':'A','aggregate':{'last':'a','op':'missing'}}", "/aggregate",
     "among events that have the property"},
    {"{'did':'A','net':true}", "/net", "only orders are cancelled"},
    {"{'did':'Order Completed','net':1}", "/net", "true or false"},
    {"{'sequence':[{'did':'Order Completed','net':true},{'did':'B'}]}", "/sequence/0",
     "\"net\" has no meaning here"},
    {"{'did':'A','where':{'property':'x','op':'?'}}", "/where/op", "there is no operator"},
    {"{'did':'A','where':{'attribute':'x'}}", "/where", "has one of: property, item"},
    {"{'did':'A','where':{'item':{'item':{}}}}", "/where/item", "has one of: property"},
    {"{'sequence':[{'did':'A'}]}", "/sequence", "2 to 16 steps"},
    {"{'sequence':[{'did':'A'},{'did':'B','count':{}}]}", "/sequence/1",
     "\"count\" has no meaning here"},
    {"{'sequence':[{'did':'A'},{'did':'B'}],'within':'1mo'}", "/within", "is exact"},
    {"{'consent':'email','is':1}", "/is", "true or false"},
    {"{'score':'s','op':'in','value':[1]}", "/op", "= != < <= > >="},
    {"{'trigger':{'property':'x','op':'exists'}}", "/trigger", "inside a journey only"},
    {"{'message':'m1','status':'clicked'}", "/message", "inside a journey only"},
    {"{'formula':'1 > 0'}", "/formula", "asks for something she did"},
    {"{'formula':''}", "/formula", "must be there, as a text"},
    {"{'formula':'count(\\\"A\\\")'}", "/formula", "a comparison is expected"},
    {"{'formula':'count(\\\"A\\\") >'}", "/formula", "at character 13: a number, a function or"},
    {"{'formula':'count(A) > 1'}", "/formula", "in quotes"},
    {"{'formula':'count(\\\"A > 1'}", "/formula", "not closed"},
    {"{'formula':'kount(\\\"A\\\") > 1'}", "/formula", "there is no function \"kount\""},
    {"{'formula':'sum(\\\"A\\\") > 1'}", "/formula", "an event and a property"},
    {"{'formula':'median_interval(\\\"A\\\",\\\"n\\\") > 1'}", "/formula", "an event alone"},
    {"{'formula':'last(\\\"A\\\") > 1'}", "/formula", "do not compare"},
    {"{'formula':'last(\\\"A\\\") + 1 > 1'}", "/formula", "write days_since"},
    {"{'formula':'days_since(count(\\\"A\\\")) > 1'}", "/formula", "takes a moment"},
    {"{'formula':'days_since(\\\"A\\\") * days_since(\\\"B\\\") > 1'}", "/formula",
     "not multiplied or divided"},
    {"{'formula':'count(\\\"A\\\") > 1 > 0'}", "/formula", "one comparison and ends here"},
    {"{'formula':'count(\\\"A\\\") > 1.2.3'}", "/formula", "is no number"},
    {"{'task':'k1','outcome':'won'}", "/task", "inside a journey only"},
    {"{'messages':{},'status':'sunk'}", "/status", "there is no status"},
    {"{'messages':{'step':'x'}}", "/messages", "there may be: journey template channel"},
    {"{'messages':7}", "/messages", "an object is expected"},
    {"{'messages':{},'within':'session'}", "/within", "no session"},
    {"{'messages':{},'count':{'op':'=','value':0}}", "/count/value", "can never hold"},
};

TEST("every refusal names the place and says what to do")
{
    struct town *w = town_new(arena, NULL);
    for (size_t i = 0; i < COUNT_OF(REFUSALS); i++) {
        struct diag why;
        err e = compiled(w, town_json(arena, REFUSALS[i].text), PREDICATE_SEGMENT, &why);
        if (e != ERR_REFUSED || str_find(str_of(why.message), str_of(REFUSALS[i].says)) < 0 ||
            !str_eq(str_of(why.path), str_of(REFUSALS[i].path)))
            fprintf(stderr, "%s: %s: %s\n", REFUSALS[i].text, why.path, why.message);
        CHECK_EQ(e, ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(REFUSALS[i].path));
        CHECK(str_find(str_of(why.message), str_of(REFUSALS[i].says)) >= 0);
    }
    town_free(w);
}

TEST("inside a journey, statuses and results that do not exist are refused")
{
    struct town *w = town_new(arena, NULL);
    struct diag why;
    CHECK_OK(
        compiled(w, town_json(arena, "{'message':'m1','status':'read'}"), PREDICATE_ENTRY, &why));
    CHECK_OK(
        compiled(w, town_json(arena, "{'step':'w1','result':'timeout'}"), PREDICATE_SCOPED, &why));
    CHECK_EQ(
        compiled(w, town_json(arena, "{'message':'m1','status':'seen'}"), PREDICATE_ENTRY, &why),
        ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/status"));
    CHECK_EQ(compiled(w, town_json(arena, "{'step':'w1','result':'x'}"), PREDICATE_ENTRY, &why),
             ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/result"));
    town_free(w);
}

static const struct json *nested(struct town *w, u32 depth, bool in_where)
{
    struct buf b;
    const struct json *j;
    buf_init(&b, 1 << 16);
    if (in_where) buf_put(&b, S("{\"did\":\"A\",\"where\":"));
    for (u32 i = 0; i < depth; i++) buf_put(&b, S("{\"not\":"));
    buf_put(&b, in_where ? S("{\"property\":\"x\",\"op\":\"exists\"}") : S("{\"tag\":\"x\"}"));
    for (u32 i = 0; i < depth + in_where; i++) buf_byte(&b, '}');
    CHECK_OK(json_parse(arena_str(w->arena, buf_str(&b)), w->arena, &j, NULL));
    buf_clear(&b);
    return j;
}

static const struct json *wide(struct town *w, u32 parts)
{
    struct buf b;
    const struct json *j;
    buf_init(&b, 1 << 16);
    buf_put(&b, S("{\"all\":["));
    for (u32 i = 0; i < parts; i++) buf_put(&b, i ? S(",{\"tag\":\"x\"}") : S("{\"tag\":\"x\"}"));
    buf_put(&b, S("]}"));
    CHECK_OK(json_parse(arena_str(w->arena, buf_str(&b)), w->arena, &j, NULL));
    buf_clear(&b);
    return j;
}

TEST("conditions nest eight deep and no deeper, and have five hundred parts and no more")
{
    struct town *w = town_new(arena, NULL);
    struct diag why;
    for (u32 in_where = 0; in_where < 2; in_where++) {
        CHECK_OK(compiled(w, nested(w, PREDICATE_DEPTH_MAX, in_where), PREDICATE_SEGMENT, &why));
        CHECK_EQ(compiled(w, nested(w, PREDICATE_DEPTH_MAX + 1, in_where), PREDICATE_SEGMENT, &why),
                 ERR_LIMIT);
    }
    CHECK_OK(compiled(w, wide(w, PREDICATE_NODES_MAX - 1), PREDICATE_SEGMENT, &why));
    CHECK_EQ(compiled(w, wide(w, PREDICATE_NODES_MAX), PREDICATE_SEGMENT, &why), ERR_LIMIT);
    town_free(w);
}

TEST("a value of a kind that people have ruled out for an attribute is refused")
{
    struct town *w = town_new(arena, NULL);
    struct change c;
    struct diag why;
    persona ada = town_customer(w, "ada");
    town_set(w, ada, "age", town_json(arena, "7"), &c);
    u32 age = names_find(w->names, NAME_ATTRIBUTE, S("age"));
    const struct json *text = town_json(arena, "{'attribute':'age','op':'=','value':'7'}");
    CHECK_OK(compiled(w, text, PREDICATE_SEGMENT, &why));
    customer_attribute_set(w->customers, age,
                           (struct attribute_rule){.type = ATTRIBUTE_INT, .confirmed = true});
    CHECK_EQ(compiled(w, text, PREDICATE_SEGMENT, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/value"));
    CHECK_OK(compiled(w, town_json(arena, "{'attribute':'age','op':'in','value':[7,8]}"),
                      PREDICATE_SEGMENT, &why));
    CHECK_OK(compiled(w, town_json(arena, "{'attribute':'age','op':'exists'}"), PREDICATE_SEGMENT,
                      &why));
    town_free(w);
}

TEST("the class says what is kept: few times, ever, first and last; sums of all time; the rest is "
     "replayed")
{
    static const struct {
        const char *text;
        predicate_class class;
        u32 words;
    } CASES[] = {
        {"{'tag':'x'}", PREDICATE_KEPT, 0},
        {"{'did':'A','within':'7d'}", PREDICATE_KEPT, 1},
        {"{'did':'A','within':'7d','count':{'op':'>=','value':3}}", PREDICATE_KEPT, 3},
        {"{'did':'A','within':'7d','count':{'op':'>=','value':4}}", PREDICATE_REPLAYED, 0},
        {"{'did':'A','within':'7d','count':{'op':'=','value':2}}", PREDICATE_KEPT, 3},
        {"{'did':'A','within':'7d','count':{'op':'=','value':3}}", PREDICATE_REPLAYED, 0},
        {"{'did':'A','count':{'op':'>=','value':1000}}", PREDICATE_KEPT, 1},
        {"{'did':'A','between':['2026-01-01','2026-02-01']}", PREDICATE_KEPT, 1},
        {"{'did':'A','aggregate':{'sum':'n','op':'>=','value':5}}", PREDICATE_KEPT, 3},
        {"{'did':'A','aggregate':{'sum':'n','op':'>=','value':5},'within':'7d'}",
         PREDICATE_REPLAYED, 0},
        {"{'did':'A','aggregate':{'last':'n','op':'>=','value':5},'within':'7d'}", PREDICATE_KEPT,
         3},
        {"{'did':'A','aggregate':{'first':'n','op':'>=','value':5},'within':'7d'}",
         PREDICATE_REPLAYED, 0},
        {"{'did':'A','aggregate':{'distinct':'n','op':'>=','value':5}}", PREDICATE_REPLAYED, 0},
        {"{'did':'A','within':'1mo'}", PREDICATE_REPLAYED, 0},
        {"{'did':'A','within':'session'}", PREDICATE_REPLAYED, 0},
        {"{'did':'A','since_last':'B'}", PREDICATE_REPLAYED, 0},
        {"{'sequence':[{'did':'A'},{'did':'B'}]}", PREDICATE_REPLAYED, 0},
    };
    struct town *w = town_new(arena, NULL);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct predicate_leaf leaf = {0};
        const struct predicate *p =
            town_predicate(w, town_json(arena, CASES[i].text), PREDICATE_SEGMENT);
        CHECK_EQ(predicate_live_class(p), CASES[i].class);
        CHECK_EQ(predicate_leaves(p, &leaf, 1), CASES[i].words > 0);
        CHECK_EQ(leaf.state_words, CASES[i].words);
        CHECK_EQ(predicate_class_reason(p).n, 0);
    }
    town_free(w);
}

TEST("a predicate says what it reads, each once and in order")
{
    struct town *w = town_new(arena, NULL);
    const struct predicate *p = town_predicate(
        w,
        town_json(arena,
                  "{'all':[{'did':'B'},{'did':'A','since_last':'C'},{'did':'B','within':'1d'},"
                  "{'attribute':'x','op':'exists'},{'date':'y','in':'0d','zone':'customer'},"
                  "{'tag':'t'},{'segment':'s'},{'consent':'email'}]}"),
        PREDICATE_SEGMENT);
    const struct predicate_inputs *in = predicate_inputs(p);
    CHECK_EQ(in->event_count, 3);
    CHECK(in->events[0] < in->events[1] && in->events[1] < in->events[2]);
    CHECK_EQ(in->attribute_count, 3); /* x, y and the customer's time zone */
    CHECK_EQ(in->tag_count, 1);
    CHECK_EQ(in->segment_count, 1);
    CHECK(in->consents && in->time && !in->any_event && !in->any_tag && !in->identifiers &&
          !in->trigger);
    in = predicate_inputs(town_predicate(
        w,
        town_json(arena,
                  "{'any':[{'tag':'t/*'},{'did':'A','within':'session'},{'reachable':'sms'}]}"),
        PREDICATE_SEGMENT));
    CHECK(in->any_tag && in->any_event && in->identifiers);
    town_free(w);
}
