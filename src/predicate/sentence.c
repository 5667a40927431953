/* sentence.c — a deterministic grammar from a condition's JSON to words. */
#include "predicate/sentence.h"

#include "base/time.h"

struct words {
    struct buf *out;
    bool zh;
};

static void say(const struct words *w, const char *zh, const char *en)
{
    buf_put(w->out, str_of(w->zh ? zh : en));
}

static void condition(const struct words *w, const struct json *j, bool no);

/* ---- values, durations, comparisons ---- */

static void put_value(const struct words *w, const struct json *v)
{
    if (!v) return;
    if (v->type == JSON_STRING || v->type == JSON_NUMBER)
        buf_put(w->out, v->text);
    else
        json_put(w->out, v);
}

static void put_values(const struct words *w, const struct json *list)
{
    if (!json_is(list, JSON_ARRAY)) {
        put_value(w, list);
        return;
    }
    for (const struct json *v = list->child; v; v = v->next) {
        if (v != list->child) say(w, "、", ", ");
        put_value(w, v);
    }
}

/* "7d" as "7 days"; what is no duration stays as it is. */
static void put_duration(const struct words *w, str text)
{
    static const struct {
        const char *unit, *zh, *one, *many;
    } UNITS[] = {{"mo", " 个月", " month", " months"},  {"s", " 秒", " second", " seconds"},
                 {"m", " 分钟", " minute", " minutes"}, {"h", " 小时", " hour", " hours"},
                 {"d", " 天", " day", " days"},         {"w", " 周", " week", " weeks"}};
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9') digits++;
    str number = str_slice(text, 0, digits), unit = str_slice(text, digits, text.n);
    buf_put(w->out, number);
    for (u32 i = 0; i < COUNT_OF(UNITS); i++)
        if (str_eq(unit, str_of(UNITS[i].unit))) {
            say(w, UNITS[i].zh, str_eq(number, S("1")) ? UNITS[i].one : UNITS[i].many);
            return;
        }
    buf_put(w->out, unit);
}

/* " is at least 3", " 不小于 3" */
static void put_test(const struct words *w, const struct json *test)
{
    static const struct {
        const char *op, *zh, *en;
    } OPS[] = {{"=", "是", "is"},
               {"!=", "不是", "is not"},
               {"<", "小于", "is below"},
               {"<=", "不大于", "is at most"},
               {">", "大于", "is above"},
               {">=", "不小于", "is at least"},
               {"in", "是其中之一：", "is one of"},
               {"not_in", "不是其中任何一个：", "is none of"},
               {"contains", "包含", "contains"},
               {"starts_with", "开头是", "begins with"},
               {"ends_with", "结尾是", "ends with"},
               {"matches", "形如", "matches"},
               {"has_any", "含有其中之一：", "has one of"},
               {"has_all", "含有全部：", "has all of"}};
    str op = json_get_str(test, "op", S("="));
    const struct json *v = json_get(test, "value");
    buf_byte(w->out, ' ');
    if (str_eq(op, S("exists"))) {
        say(w, "有值", "is known");
    } else if (str_eq(op, S("missing"))) {
        say(w, "没有值", "is not known");
    } else if (str_eq(op, S("between")) && v && v->child && v->child->next) {
        say(w, "在 ", "is between ");
        put_value(w, v->child);
        say(w, " 和 ", " and ");
        put_value(w, v->child->next);
        say(w, " 之间", "");
    } else {
        for (u32 i = 0; i < COUNT_OF(OPS); i++)
            if (str_eq(op, str_of(OPS[i].op))) say(w, OPS[i].zh, OPS[i].en);
        buf_byte(w->out, ' ');
        put_values(w, v);
    }
}

/* ---- what she did ---- */

static void put_window(const struct words *w, const struct json *j)
{
    str within = json_get_str(j, "within", S(""));
    const struct json *between = json_get(j, "between");
    if (str_eq(within, S("session"))) {
        say(w, "本次访问中", " in this visit");
    } else if (within.n) {
        say(w, "近 ", " in the last ");
        put_duration(w, within);
        say(w, "内", "");
    }
    if (!json_is(between, JSON_ARRAY) || between->count != 2) return;
    say(w, "在 ", " between ");
    put_value(w, between->child);
    say(w, " 至 ", " and ");
    put_value(w, between->child->next);
    say(w, " 期间", "");
}

static void put_since(const struct words *w, const struct json *j)
{
    const struct json *last = json_get(j, "since_last");
    str since = json_get_str(j, "since", S(""));
    if (since.n) {
        say(w, "自", " since ");
        if (str_eq(since, S("entry")))
            say(w, "进入旅程起", "the journey began");
        else
            buf_put(w->out, since);
    }
    if (!last) return;
    say(w, "自上次 ", " since the last ");
    buf_put(w->out, json_is(last, JSON_STRING) ? last->text : json_get_str(last, "did", S("")));
    say(w, " 起", "");
}

static void put_event(const struct words *w, const struct json *j)
{
    str event = json_get_str(j, "did", S(""));
    if (str_eq(event, S("*")))
        say(w, "任何事", "anything");
    else
        buf_put(w->out, event);
    if (json_get(j, "where")) {
        say(w, "（", " (");
        condition(w, json_get(j, "where"), false);
        say(w, "）", ")");
    }
    if (json_get_bool(j, "net", false)) say(w, "（扣除退款和取消）", " (net of refunds)");
    str match = json_get_str(j, "match", S(""));
    if (!match.n) return;
    say(w, "（同一 ", " of the same ");
    buf_put(w->out, match);
    say(w, "）", "");
}

static void put_times(const struct words *w, const struct json *count)
{
    static const struct {
        const char *op, *zh, *en;
    } OPS[] = {{">=", "至少", "at least"},  {">", "多于", "more than"}, {"<=", "至多", "at most"},
               {"<", "少于", "fewer than"}, {"=", "正好", "exactly"},   {"!=", "不是", "not"}};
    str op = json_get_str(count, "op", S(">="));
    if (!count) return;
    buf_byte(w->out, ' ');
    for (u32 i = 0; i < COUNT_OF(OPS); i++)
        if (str_eq(op, str_of(OPS[i].op))) say(w, OPS[i].zh, OPS[i].en);
    buf_byte(w->out, ' ');
    put_values(w, json_get(count, "value"));
    say(w, " 次", " times");
}

/* "近 7 天内做过 A 至少 2 次", "did A at least 2 times in the last 7 days" */
static void did(const struct words *w, const struct json *j, bool no)
{
    if (w->zh) {
        put_since(w, j);
        put_window(w, j);
    }
    say(w, no ? "没有做过 " : "做过 ", no ? "did not do " : "did ");
    put_event(w, j);
    put_times(w, json_get(j, "count"));
    if (w->zh) return;
    put_window(w, j);
    put_since(w, j);
}

static void aggregate(const struct words *w, const struct json *j, const struct json *a)
{
    static const struct {
        const char *word, *zh, *en;
    } MEASURES[] = {{"sum", "之和", "sum"},
                    {"min", "最小值", "smallest"},
                    {"max", "最大值", "largest"},
                    {"avg", "平均值", "average"},
                    {"distinct", "的种数", "number of different"},
                    {"count", "个数", "number"},
                    {"first", "第一个值", "first"},
                    {"last", "最后一个值", "last"}};
    for (u32 i = 0; i < COUNT_OF(MEASURES); i++) {
        const struct json *path = json_get(a, MEASURES[i].word);
        if (!path) continue;
        if (w->zh) {
            put_since(w, j);
            put_window(w, j);
            if (json_get(j, "within") || json_get(j, "between")) buf_byte(w->out, ' ');
            put_event(w, j);
            buf_put(w->out, S(" 的 "));
            put_value(w, path);
            buf_printf(w->out, " %s", MEASURES[i].zh);
        } else {
            buf_printf(w->out, "the %s ", MEASURES[i].en);
            put_value(w, path);
            buf_put(w->out, S(" of "));
            put_event(w, j);
            put_window(w, j);
            put_since(w, j);
        }
    }
    put_test(w, a);
}

static void sequence(const struct words *w, const struct json *j)
{
    const struct json *steps = json_get(j, "sequence");
    say(w, "先后做过 ", "did ");
    for (const struct json *s = steps->child; s; s = s->next) {
        if (s != steps->child) say(w, "，然后 ", ", then ");
        put_event(w, s);
    }
    str within = json_get_str(j, "within", S(""));
    if (!within.n) return;
    say(w, "，相隔不到 ", ", all within ");
    put_duration(w, within);
}

/* "近 7 天内有消息（journey j1） 的状态是 clicked", "had a message (journey j1) clicked …" */
static void messages(const struct words *w, const struct json *j, bool no)
{
    const struct json *of = json_get(j, "messages");
    if (w->zh) put_window(w, j);
    say(w, no ? "没有消息" : "有消息", no ? "had no message" : "had a message");
    if (of->child) say(w, "（", " (");
    for (const struct json *m = of->child; m; m = m->next) {
        if (m != of->child) say(w, "，", ", ");
        buf_printf(w->out, "%.*s ", STR_ARG(m->key));
        put_value(w, m);
    }
    if (of->child) say(w, "）", ")");
    say(w, " 的状态是 ", " ");
    buf_put(w->out, json_get_str(j, "status", S("sent")));
    put_times(w, json_get(j, "count"));
    if (!w->zh) put_window(w, j);
}

/* ---- dates ---- */

static void put_day(const struct words *w, str offset)
{
    i32 days = 0;
    if (offset_parse(offset, &days) != ERR_OK || days == 0) {
        say(w, "今天", "today");
        return;
    }
    u32 n = (u32)(days < 0 ? -days : days);
    if (w->zh)
        buf_printf(w->out, " %u 天%s", n, days < 0 ? "前" : "后");
    else if (days < 0)
        buf_printf(w->out, "%u day%s ago", n, n == 1 ? "" : "s");
    else
        buf_printf(w->out, "in %u day%s", n, n == 1 ? "" : "s");
}

static void date(const struct words *w, const struct json *j)
{
    const struct json *in = json_get(j, "in");
    buf_put(w->out, json_get_str(j, "date", S("")));
    if (json_get_bool(j, "lunar", false))
        say(w, "（每年农历）", " (each year by the Chinese calendar)");
    else if (json_get_bool(j, "anniversary", false))
        say(w, "（每年）", " (each year)");
    if (json_is(in, JSON_ARRAY) && in->count == 2) {
        say(w, " 在", " is between ");
        put_day(w, in->child->text);
        say(w, "到", " and ");
        put_day(w, in->child->next->text);
        say(w, "之间", "");
        return;
    }
    say(w, " 是", " is ");
    put_day(w, json_is(in, JSON_STRING) ? in->text : S("0d"));
}

/* ---- all forms ---- */

static void joined(const struct words *w, const struct json *list, bool all)
{
    bool some = list->count > 1;
    if (list->count == 0) say(w, all ? "所有人" : "没有人", all ? "everybody" : "nobody");
    for (const struct json *j = list->child; j; j = j->next) {
        bool nested = some && (json_get(j, "all") || json_get(j, "any"));
        if (j != list->child) say(w, all ? "，并且" : "，或者", all ? " and " : " or ");
        if (nested) say(w, "（", "(");
        condition(w, j, false);
        if (nested) say(w, "）", ")");
    }
}

static void consent(const struct words *w, const struct json *j, bool no)
{
    str topic = json_get_str(j, "topic", S(""));
    bool refused = json_get(j, "is") && !json_get_bool(j, "is", true);
    say(w,
        refused ? "拒绝了 "
        : no    ? "没有同意 "
                : "同意 ",
        refused ? "refused "
        : no    ? "has not agreed to "
                : "agreed to ");
    buf_put(w->out, json_get_str(j, "consent", S("")));
    if (topic.n) {
        say(w, " 的 ", " about ");
        buf_put(w->out, topic);
    }
}

struct form {
    const char *member, *zh, *no_zh, *en, *no_en;
};

/* One name after fixed words. */
static bool named(const struct words *w, const struct json *j, bool no)
{
    static const struct form FORMS[] = {
        {"tag", "有标签 ", "没有标签 ", "has the tag ", "does not have the tag "},
        {"segment", "在人群 ", "不在人群 ", "is in the segment ", "is not in the segment "},
        {"reachable", "可以通过此渠道联系：", "不能通过此渠道联系：", "can be reached by ",
         "cannot be reached by "},
        {"stage", "处于阶段 ", "不处于阶段 ", "is at the stage ", "is not at the stage "},
        {"formula", "满足 ", "不满足 ", "", "not: "}};
    for (u32 i = 0; i < COUNT_OF(FORMS); i++) {
        const struct json *name = json_get(j, FORMS[i].member);
        if (!name) continue;
        say(w, no ? FORMS[i].no_zh : FORMS[i].zh, no ? FORMS[i].no_en : FORMS[i].en);
        put_value(w, name);
        return true;
    }
    return false;
}

/* What a journey did. */
static bool in_journey(const struct words *w, const struct json *j)
{
    static const struct form FORMS[] = {{"message", "消息 ", " 的状态是 ", "the message ", " is "},
                                        {"step", "步骤 ", " 的结果是 ", "the step ", " came to "},
                                        {"task", "任务 ", " 的结果是 ", "the task ", " came to "}};
    static const char *const WORDS[] = {"status", "result", "outcome"};
    for (u32 i = 0; i < COUNT_OF(FORMS); i++) {
        const struct json *name = json_get(j, FORMS[i].member);
        if (!name) continue;
        say(w, FORMS[i].zh, FORMS[i].en);
        put_value(w, name);
        say(w, FORMS[i].no_zh, FORMS[i].no_en);
        put_value(w, json_get(j, WORDS[i]));
        return true;
    }
    return false;
}

/* Forms that have words of their own for "not". */
static bool with_negative(const struct words *w, const struct json *j, bool no)
{
    if (named(w, j, no)) return true;
    if (json_get(j, "consent"))
        consent(w, j, no);
    else if (json_is(json_get(j, "messages"), JSON_OBJECT))
        messages(w, j, no);
    else if (json_get(j, "did") && !json_get(j, "aggregate"))
        did(w, j, no);
    else
        return false;
    return true;
}

static bool without_negative(const struct words *w, const struct json *j)
{
    static const char *const FIELDS[] = {"attribute", "property", "score"};
    if (in_journey(w, j)) return true;
    for (u32 i = 0; i < COUNT_OF(FIELDS); i++) {
        if (!json_get(j, FIELDS[i])) continue;
        put_value(w, json_get(j, FIELDS[i]));
        put_test(w, j);
        return true;
    }
    if (json_get(j, "aggregate"))
        aggregate(w, j, json_get(j, "aggregate"));
    else if (json_get(j, "sequence"))
        sequence(w, j);
    else if (json_get(j, "date"))
        date(w, j);
    else if (json_get(j, "all"))
        joined(w, json_get(j, "all"), true);
    else if (json_get(j, "any"))
        joined(w, json_get(j, "any"), false);
    else
        return false;
    return true;
}

static void condition(const struct words *w, const struct json *j, bool no)
{
    const struct json *inner = json_get(j, "not");
    if (inner) {
        condition(w, inner, !no);
        return;
    }
    if (with_negative(w, j, no)) return;
    if (no) say(w, "并非（", "not (");
    if (json_get(j, "trigger") || json_get(j, "item")) {
        say(w, json_get(j, "item") ? "其中一件商品的 " : "触发事件的 ",
            json_get(j, "item") ? "one of the items: " : "in the triggering event ");
        condition(w, json_get(j, json_get(j, "item") ? "item" : "trigger"), false);
    } else if (!without_negative(w, j)) {
        json_put(w->out, j);
    }
    if (no) say(w, "）", ")");
}

void predicate_sentence(const struct json *j, bool chinese, struct buf *out)
{
    struct words w = {out, chinese};
    condition(&w, j, false);
}
