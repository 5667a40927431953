/* sentence_test.c — the words of conditions in both languages, and how their parts stand. */
#include "base/test.h"
#include "predicate/oracle.h"
#include "predicate/sentence.h"

static const struct {
    const char *json, *en, *zh;
} SENTENCES[] = {
    {"{'attribute':'city','op':'=','value':'Bern'}", "city is Bern", "city 是 Bern"},
    {"{'attribute':'age','op':'between','value':[18,30]}", "age is between 18 and 30",
     "age 在 18 和 30 之间"},
    {"{'attribute':'city','op':'in','value':['a','b']}", "city is one of a, b",
     "city 是其中之一： a、b"},
    {"{'not':{'attribute':'city','op':'exists'}}", "not (city is known)", "并非（city 有值）"},
    {"{'tag':'VIP/*'}", "has the tag VIP/*", "有标签 VIP/*"},
    {"{'not':{'segment':'silent'}}", "is not in the segment silent", "不在人群 silent"},
    {"{'consent':'email','topic':'news'}", "agreed to email about news", "同意 email 的 news"},
    {"{'not':{'consent':'sms'}}", "has not agreed to sms", "没有同意 sms"},
    {"{'did':'Order Completed','within':'7d'}", "did Order Completed in the last 7 days",
     "近 7 天内做过 Order Completed"},
    {"{'not':{'did':'Order Completed','within':'1mo'}}",
     "did not do Order Completed in the last 1 month", "近 1 个月内没有做过 Order Completed"},
    {"{'did':'Product Viewed','where':{'property':'category','op':'=','value':'shoes'},"
     "'count':{'op':'>=','value':3},'within':'7d'}",
     "did Product Viewed (category is shoes) at least 3 times in the last 7 days",
     "近 7 天内做过 Product Viewed（category 是 shoes） 至少 3 次"},
    {"{'did':'Order Completed','aggregate':{'sum':'total','op':'>=','value':500},'within':'30d'}",
     "the sum total of Order Completed in the last 30 days is at least 500",
     "近 30 天内 Order Completed 的 total 之和 不小于 500"},
    {"{'sequence':[{'did':'A'},{'did':'B'}],'within':'1d'}", "did A, then B, all within 1 day",
     "先后做过 A，然后 B，相隔不到 1 天"},
    {"{'date':'expires_on','in':'3d'}", "expires_on is in 3 days", "expires_on 是 3 天后"},
    {"{'date':'birthday','anniversary':true,'in':'0d'}", "birthday (each year) is today",
     "birthday（每年） 是今天"},
    {"{'all':[{'tag':'A'},{'any':[{'tag':'B'},{'tag':'C'}]}]}",
     "has the tag A and (has the tag B or has the tag C)",
     "有标签 A，并且（有标签 B，或者有标签 C）"},
    {"{'date':'birthday','lunar':true,'in':'0d'}",
     "birthday (each year by the Chinese calendar) is today", "birthday（每年农历） 是今天"},
    {"{'did':'Order Completed','net':true,'within':'7d'}",
     "did Order Completed (net of refunds) in the last 7 days",
     "近 7 天内做过 Order Completed（扣除退款和取消）"},
    {"{'not':{'messages':{'journey':'j1','channel':'sms'},'status':'clicked','within':'7d'}}",
     "had no message (journey j1, channel sms) clicked in the last 7 days",
     "近 7 天内没有消息（journey j1，channel sms） 的状态是 clicked"},
    {"{'all':[]}", "everybody", "所有人"},
    {"{'did':'Coupon Claimed','since_last':'Order Completed'}",
     "did Coupon Claimed since the last Order Completed",
     "自上次 Order Completed 起做过 Coupon Claimed"},
};

TEST("a condition reads as a sentence in both languages")
{
    for (u32 i = 0; i < COUNT_OF(SENTENCES); i++) {
        struct buf b;
        const struct json *j = town_json(arena, SENTENCES[i].json);
        buf_init(&b, 4096);
        predicate_sentence(j, false, &b);
        CHECK_STR(buf_str(&b), str_of(SENTENCES[i].en));
        buf_reset(&b);
        predicate_sentence(j, true, &b);
        CHECK_STR(buf_str(&b), str_of(SENTENCES[i].zh));
        buf_clear(&b);
    }
}

TEST("each part of a condition says whether it holds, and what she has instead")
{
    struct town *w = town_new(arena, NULL);
    persona ada = town_customer(w, "ada");
    struct change c;
    town_record(w);
    town_set(w, ada, "city", town_json(arena, "'Basel'"), &c);
    const struct predicate *p =
        town_predicate(w,
                       town_json(arena, "{'all':[{'attribute':'city','op':'=','value':'Bern'},"
                                        "{'not':{'did':'A','within':'7d'}}]}"),
                       PREDICATE_SEGMENT);
    struct subject who = town_subject(w, ada);
    struct buf b;
    const struct json *j;
    struct diag why;
    buf_init(&b, 1 << 16);
    predicate_explain(p, &who, w->now, &b);
    CHECK_OK(json_parse(buf_str(&b), arena, &j, &why));
    const struct json *parts = json_get(j, "parts"), *first = parts->child, *second = first->next;
    CHECK(!json_get_bool(j, "holds", true));
    CHECK(!json_get_bool(first, "holds", true));
    CHECK_STR(json_get_str(first, "actual", S("")), S("Basel"));
    CHECK_STR(json_get_str(json_get(first, "condition"), "value", S("")), S("Bern"));
    CHECK(json_get_bool(second, "holds", false));
    buf_clear(&b);
    town_free(w);
}
