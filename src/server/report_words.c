/* report_words.c — what each analysis is called, what its figures mean, and which of its members
 * are columns and headline figures. */
#include "server/report_spec.h"

#include "base/mem.h"

#define EVENTS "次数", "Times"
#define PEOPLE "人数", "Customers"
#define AMOUNT "金额", "Amount"
#define SHARE "占比", "Share"

static const struct report_spec SPECS[] = {
    {"trend",
     "他们多久做一次？",
     "How often do they do it?",
     "每段时间里发生了多少次，有多少位不同的客户。",
     "How many times it happened, and how many different customers did it, in each unit of time.",
     "rows",
     "events",
     PERIOD_ | COMPARE_ | GROUPS_ | SERIES_,
     {{"at", "时间", "When", AS_MOMENT},
      {"events", EVENTS, AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER},
      {"sum", "合计", "Sum", AS_MONEY},
      {"avg", "平均", "Average", AS_MONEY},
      {"min", "最小", "Least", AS_MONEY},
      {"max", "最大", "Most", AS_MONEY}},
     {{"total/events", EVENTS, AS_NUMBER},
      {"total/customers", PEOPLE, AS_NUMBER},
      {"total/sum", "合计", "Sum", AS_MONEY}}},
    {"heatmap",
     "他们什么时候做？",
     "When do they do it?",
     "一周里每个小时发生了多少次，按店铺所在时区。",
     "How many times it happened in each hour of the week, in the shop’s time zone.",
     "rows",
     "events",
     PERIOD_ | COMPARE_ | GROUPS_ | LARGEST_,
     {{"weekday", "星期", "Day", AS_WEEKDAY},
      {"hour", "小时", "Hour", AS_HOUR},
      {"events", EVENTS, AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER}},
     {{0}}},
    {"funnel",
     "他们停在哪一步？",
     "Where do they drop out?",
     "从第一步算起，在规定时间内按顺序做完前面各步，才算走到这一步。",
     "A customer counts for a step if she did all steps up to it, one after another, in the time "
     "allowed from the first.",
     "steps",
     "customers",
     PERIOD_ | COMPARE_ | GROUPS_,
     {{"step", "序号", "Step", AS_NUMBER},
      {"name", "步骤", "What", AS_EVENT},
      {"customers", PEOPLE, AS_NUMBER},
      {"share", SHARE, AS_SHARE},
      {"lost", "之前流失", "Lost before", AS_NUMBER},
      {"median_s", "通常用时", "Usual time", AS_SECONDS}},
     {{"steps/0/customers", "开始", "Began", AS_NUMBER},
      {"steps/-1/customers", "走到最后", "Got to the end", AS_NUMBER},
      {"steps/-1/share", "走完占比", "Share that got there", AS_SHARE}}},
    {"path",
     "他们接着做什么？",
     "What do they do next?",
     "连着做的三件事，每两件最多隔 30 分钟。",
     "Things done in a row, each at most 30 minutes after the one before.",
     "rows",
     "count",
     PERIOD_ | COMPARE_,
     {{"path", "先后", "One after another", AS_EVENT},
      {"count", EVENTS, AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER}},
     {{"total/count", EVENTS, AS_NUMBER}}},
    {"interval",
     "他们要花多久？",
     "How long do they take?",
     "从每次开始，到之后第一次结束。建议等待的时间，是做了的人里 100 位有 80 "
     "位自己做完的最短整数时间。",
     "From each beginning to the first end after it. The proposed wait is the shortest round time "
     "by which 80 of 100 of those who do it have done it by themselves.",
     "histogram",
     "count",
     PERIOD_ | COMPARE_,
     {{"from_s", "从", "From", AS_SECONDS},
      {"to_s", "到", "To", AS_SECONDS},
      {"count", EVENTS, AS_NUMBER}},
     {{"percentiles/50", "一半的人不超过", "Half take no longer than", AS_SECONDS},
      {"wait/share", "建议等待后已做的占比", "Done after the proposed wait", AS_SHARE},
      {"count", EVENTS, AS_NUMBER}}},
    {"retention",
     "谁会回来？",
     "Who comes back?",
     "按第一次的时间分组；第 1 期是下一个时间段，第 2 期是再下一个。",
     "Customers are put together by the time of their first; period 1 is the next unit, 2 the one "
     "after.",
     "rows",
     "share",
     PERIOD_,
     {{"cohort", "第一次在", "First in", AS_TEXT},
      {"size", "最初人数", "Customers at first", AS_NUMBER},
      {"period", "第几期", "Period", AS_NUMBER},
      {"customers", "回来的人数", "Came back", AS_NUMBER},
      {"share", SHARE, AS_SHARE}},
     {{"total/customers", PEOPLE, AS_NUMBER}}},
    {"orders",
     "我们卖了多少？",
     "What do we sell?",
     "净额是下单金额减去退回的。退货算在发生的时候。",
     "Net is what was ordered less what came back. A return counts when it happens.",
     "rows",
     "net",
     PERIOD_ | COMPARE_ | GROUPS_ | SERIES_,
     {{"at", "时间", "When", AS_MOMENT},
      {"group", "商品", "Product", AS_TEXT},
      {"orders", "订单", "Orders", AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER},
      {"items", "件数", "Items", AS_NUMBER},
      {"gross", "下单金额", "Ordered", AS_MONEY},
      {"returns", "退回", "Came back", AS_MONEY},
      {"net", "净额", "Net", AS_MONEY},
      {"average", "每单", "Per order", AS_MONEY}},
     {{"total/net", "净额", "Net", AS_MONEY},
      {"total/orders", "订单", "Orders", AS_NUMBER},
      {"total/customers", "买家", "Buyers", AS_NUMBER},
      {"total/average", "每单", "Per order", AS_MONEY}}},
    {"returns",
     "退了多少？",
     "What comes back to us?",
     "退货率是同一时间里退货数除以订单数。",
     "The rate is returns by orders of the same time.",
     "rows",
     "returns",
     PERIOD_ | COMPARE_ | GROUPS_ | SERIES_,
     {{"at", "时间", "When", AS_MOMENT},
      {"group", "商品", "Product", AS_TEXT},
      {"returns", "退货", "Returns", AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER},
      {"amount", AMOUNT, AS_MONEY},
      {"orders", "订单", "Orders", AS_NUMBER},
      {"rate", "比率", "Rate", AS_SHARE}},
     {{"total/returns", "退货", "Returns", AS_NUMBER},
      {"total/amount", AMOUNT, AS_MONEY},
      {"total/rate", "比率", "Rate", AS_SHARE}}},
    {"rfm",
     "谁是最好的客户？",
     "Who are our best customers?",
     "按最近一次、次数、金额，各分五组，再按组取名。",
     "Last order, number of orders and money, each in five groups of customers; names go by the "
     "groups.",
     "names",
     "amount",
     LARGEST_,
     {{"name", "分组", "Group", AS_GROUP},
      {"customers", PEOPLE, AS_NUMBER},
      {"amount", AMOUNT, AS_MONEY}},
     {{"total/customers", PEOPLE, AS_NUMBER}, {"total/amount", AMOUNT, AS_MONEY}}},
    {"rfm_moves", /* rfm with `since` */
     "谁变了组？",
     "Who moved between groups?",
     "把每位客户当时的数字放进今天的分组里看：变的是客户，不是分组。",
     "Each customer’s figures of then are put into the groups of today: so it is the customer who "
     "moved, not the groups.",
     "moves",
     "customers",
     LARGEST_,
     {{"from", "从", "From", AS_GROUP},
      {"to", "到", "To", AS_GROUP},
      {"customers", PEOPLE, AS_NUMBER}},
     {{"total/customers", PEOPLE, AS_NUMBER}}},
    {"repurchase",
     "谁会再买？",
     "Who buys again?",
     "按第一次下单的时间，看 30、60、90 天内多少人再买。",
     "Customers by the time of their first order, and how many ordered again within 30, 60 and 90 "
     "days.",
     "rows",
     "repeat_customers",
     SERIES_,
     {{"cohort", "第一次在", "First in", AS_TEXT},
      {"customers", PEOPLE, AS_NUMBER},
      {"repeat_customers", "再买", "Bought again", AS_NUMBER},
      {"within/30d", "30 天内", "In 30 days", AS_NUMBER},
      {"within/60d", "60 天内", "In 60 days", AS_NUMBER},
      {"within/90d", "90 天内", "In 90 days", AS_NUMBER}},
     {{"customers", "买家", "Buyers", AS_NUMBER}, {"rate", "再买占比", "Bought again", AS_SHARE}}},
    {"lifecycle",
     "谁是新来的、活跃的、沉默的？",
     "Who is new, active or gone quiet?",
     "新来：第一次。留下：上一段时间也活跃。回来：更早时活跃过。沉默：上一段时间活跃，这一段没有。",
     "New: first time ever. Stayed: also active in the unit before. Back again: active earlier. "
     "Gone quiet: active in the unit before, not in this one.",
     "rows",
     "active",
     PERIOD_ | SERIES_,
     {{"at", "时间", "When", AS_MOMENT},
      {"stage", "阶段", "Stage", AS_TEXT},
      {"active", "活跃", "Active", AS_NUMBER},
      {"new", "新来", "New", AS_NUMBER},
      {"returning", "留下", "Stayed", AS_NUMBER},
      {"resurrected", "回来", "Back again", AS_NUMBER},
      {"dormant", "沉默", "Gone quiet", AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER},
      {"share", SHARE, AS_SHARE},
      {"entered", "进入", "Came in", AS_NUMBER},
      {"left", "离开", "Went", AS_NUMBER}},
     {{"rows/-2/active", "最近一个完整时段活跃", "Active in the last whole unit", AS_NUMBER},
      {"rows/-2/new", "新来", "New", AS_NUMBER},
      {"rows/-2/dormant", "沉默", "Gone quiet", AS_NUMBER}}},
    {"attribution",
     "是什么带来的？",
     "What led to it?",
     "每个结果归给它之前触达客户的事。这只是先后，不证明因果。",
     "Each result is credited to what reached the customer before it. This is order in time, not "
     "proof of cause.",
     "rows",
     "share",
     PERIOD_ | COMPARE_,
     {{"touch", "触达", "What reached them", AS_EVENT},
      {"conversions", "结果", "Results", AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER},
      {"credit", "归因", "Credit", AS_NUMBER},
      {"share", SHARE, AS_SHARE},
      {"amount", AMOUNT, AS_MONEY}},
     {{"total/conversions", "结果", "Results", AS_NUMBER}, {"total/amount", AMOUNT, AS_MONEY}}},
    {"profile",
     "这些人是谁？",
     "Who are these people?",
     "TGI：这里的占比除以全部客户的占比，再乘 100。超过 100 就是比一般多。",
     "TGI: the share here by the share of all customers, times 100. Above 100 is more than usual.",
     "rows",
     "share",
     LARGEST_,
     {{"attribute", "资料", "Detail", AS_ATTRIBUTE},
      {"tag", "标签", "Tag", AS_TEXT},
      {"value", "值", "Value", AS_TEXT},
      {"from", "从", "From", AS_NUMBER},
      {"to", "到", "To", AS_NUMBER},
      {"customers", PEOPLE, AS_NUMBER},
      {"share", SHARE, AS_SHARE},
      {"against_share", "全部客户", "Of everybody", AS_SHARE},
      {"tgi", "TGI", "TGI", AS_NUMBER}},
     {{"customers", PEOPLE, AS_NUMBER}}},
    {"sources",
     "他们从哪里来？",
     "Where do they come from?",
     "客户算在这些天里第一次行为的来源上。",
     "A customer belongs to the source of her first deed in these days.",
     "rows",
     "customers",
     PERIOD_ | COMPARE_,
     {{"source", "来源", "Source", AS_TEXT},
      {"customers", PEOPLE, AS_NUMBER},
      {"buyers", "买过", "Bought", AS_NUMBER},
      {"orders", "订单", "Orders", AS_NUMBER},
      {"amount", AMOUNT, AS_MONEY},
      {"rate", "比率", "Rate", AS_SHARE},
      {"follows", "关注", "Followed", AS_NUMBER},
      {"unfollows", "取关", "Unfollowed", AS_NUMBER},
      {"net_follows", "净关注", "Net", AS_NUMBER}},
     {{0}}},
};

const struct report_spec *report_spec(str analysis)
{
    for (u32 i = 0; i < COUNT_OF(SPECS); i++)
        if (str_eq(analysis, str_of(SPECS[i].name))) return &SPECS[i];
    return NULL;
}

static bool does(str analysis, u32 what)
{
    const struct report_spec *s = report_spec(analysis);
    return s && (s->does & what) != 0;
}

bool report_has_period(str analysis)
{
    return does(analysis, PERIOD_);
}

bool report_compares(str analysis)
{
    return does(analysis, COMPARE_);
}

bool report_groups(str analysis)
{
    return does(analysis, GROUPS_);
}

void report_words(str analysis, bool zh, struct report_part *part)
{
    const struct report_spec *s = report_spec(analysis);
    if (!s) return;
    part->question = str_of(zh ? s->zh : s->en);
    part->says = str_of(zh ? s->zh_says : s->en_says);
}

static const struct {
    const char *name, *zh, *en;
} GROUP_NAMES[] = {
    {"champions", "最好的客户", "Best customers"},
    {"loyal", "忠实", "Loyal"},
    {"potential_loyal", "快要忠实", "On the way to loyal"},
    {"new", "新客户", "New"},
    {"promising", "有希望", "Promising"},
    {"need_attention", "需要关心", "Need attention"},
    {"about_to_sleep", "快要沉默", "Going quiet"},
    {"at_risk", "有流失风险", "At risk"},
    {"cannot_lose", "不能失去", "Must not be lost"},
    {"hibernating", "沉睡", "Asleep"},
};

str report_group_name(str name, bool zh)
{
    for (u32 i = 0; i < COUNT_OF(GROUP_NAMES); i++)
        if (str_eq(name, str_of(GROUP_NAMES[i].name)))
            return str_of(zh ? GROUP_NAMES[i].zh : GROUP_NAMES[i].en);
    return name;
}

str report_weekday(u32 day, bool zh)
{
    static const char *const ZH[] = {"周一", "周二", "周三", "周四", "周五", "周六", "周日"},
                             *const EN[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    return day < 1 || day > 7 ? S("") : str_of((zh ? ZH : EN)[day - 1]);
}
