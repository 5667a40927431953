#include "server/journey_words.h"

#include "base/time.h"
#include "predicate/sentence.h"
#include "server/words.h"

#include <stdio.h>

enum { WORDS_MAX = 1 << 20, DEPTH_MAX = 16, PATH_BYTES = 200 };

/* ---- both languages at once ---- */

void said_init(struct said *s)
{
    buf_init(&s->zh, WORDS_MAX);
    buf_init(&s->en, WORDS_MAX);
}

void said_clear(struct said *s)
{
    buf_clear(&s->zh);
    buf_clear(&s->en);
}

void said_reset(struct said *s)
{
    buf_reset(&s->zh);
    buf_reset(&s->en);
}

void say_words(struct said *s, str zh, str en)
{
    buf_put(&s->zh, zh);
    buf_put(&s->en, en);
}

void say_both(struct said *s, const char *zh, const char *en)
{
    say_words(s, str_of(zh), str_of(en));
}

void say_text(struct said *s, str text)
{
    say_words(s, text, text);
}

void said_put(const struct said *s, struct buf *b, const char *key)
{
    json_put_key(b, str_of(key));
    buf_byte(b, '{');
    json_put_kv_str(b, S("zh"), buf_str(&s->zh));
    json_put_kv_str(b, S("en"), buf_str(&s->en));
    buf_byte(b, '}');
}

void say_duration(struct said *s, str text)
{
    static const struct {
        const char *unit, *zh, *one, *many;
    } UNITS[] = {{"mo", " 个月", " month", " months"},  {"s", " 秒", " second", " seconds"},
                 {"m", " 分钟", " minute", " minutes"}, {"h", " 小时", " hour", " hours"},
                 {"d", " 天", " day", " days"},         {"w", " 周", " week", " weeks"}};
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9') digits++;
    str number = str_slice(text, 0, digits), unit = str_slice(text, digits, text.n);
    say_text(s, number);
    for (u32 i = 0; i < COUNT_OF(UNITS); i++)
        if (digits && str_eq(unit, str_of(UNITS[i].unit))) {
            say_both(s, UNITS[i].zh, str_eq(number, S("1")) ? UNITS[i].one : UNITS[i].many);
            return;
        }
    say_text(s, unit);
}

void say_offset(struct said *s, str text)
{
    i32 days;
    if (offset_parse(text, &days) != ERR_OK) {
        say_text(s, text);
        return;
    }
    u32 n = (u32)(days < 0 ? -days : days);
    if (n == 0) {
        say_both(s, "当天", "on the day");
        return;
    }
    buf_printf(&s->zh, days < 0 ? "提前 %u 天" : "%u 天后", n);
    buf_printf(&s->en, days < 0 ? "%u day%s before" : "%u day%s after", n, n == 1 ? "" : "s");
}

void say_name(struct said *s, const struct json *name, str id)
{
    if (json_is(name, JSON_STRING))
        say_text(s, name->text);
    else if (json_is(name, JSON_OBJECT))
        say_words(s, json_get_str(name, "zh", id), json_get_str(name, "en", id));
    else
        say_text(s, id);
}

static void say_named(struct said *s, words_kind kind, str name)
{
    struct name_words w = words_of(kind, name);
    say_words(s, w.zh, w.en);
}

static void say_predicate(struct said *s, const struct json *p)
{
    predicate_sentence(p, true, &s->zh);
    predicate_sentence(p, false, &s->en);
}

/* ---- what starts it ---- */

static void say_date(struct said *s, const struct json *t)
{
    say_both(s, "在“", "On the day of “");
    say_named(s, WORDS_ATTRIBUTE, json_get_str(t, "date", (str){0}));
    say_both(s, "”", "”");
    str offset = json_get_str(t, "offset", S("0d")),
        until = json_get_str(t, "repeat_until", (str){0});
    say_both(s, "（", " (");
    say_offset(s, offset);
    if (until.n) {
        say_both(s, "起，到", ", each day until ");
        say_offset(s, until);
        say_both(s, "每天", "");
    }
    say_both(s, "）", ")");
    say_both(s, "的 ", " at ");
    say_text(s, json_get_str(t, "at", S("09:00")));
    if (json_get_bool(t, "anniversary", false)) say_both(s, "，每年", ", each year");
}

static void say_schedule(struct said *s, const struct json *t)
{
    const struct json *schedule = json_get(t, "schedule");
    str at = json_get_str(schedule, "at", (str){0});
    say_both(s, at.n ? "在 " : "按计划 ", at.n ? "At " : "By the timetable ");
    say_text(s, at.n ? at : json_get_str(schedule, "cron", (str){0}));
    if (!json_get(t, "audience")) return;
    say_both(s, "，面向：", ", for those who: ");
    say_predicate(s, json_get(t, "audience"));
}

void say_trigger(struct said *s, const struct json *t)
{
    static const struct {
        const char *member, *zh, *en, *zh_end;
    } NAMED[] = {{"tag", "当顾客被打上标签 ", "When somebody gets the tag ", ""},
                 {"attribute", "当顾客的这一项改变：", "When this changes: ", ""},
                 {"stage", "当顾客到达阶段 ", "When somebody comes to the stage ", ""},
                 {"score", "当分数越过界线：", "When the score crosses the line: ", ""},
                 {"form", "当顾客提交表单 ", "When somebody sends the form ", ""},
                 {"api", "当程序要求时：", "When a program asks for it: ", ""}};
    str event = json_get_str(t, "event", (str){0}), segment = json_get_str(t, "segment", (str){0});
    if (event.n) {
        say_both(s, "当顾客“", "When somebody “");
        say_named(s, WORDS_EVENT, event);
        say_both(s, "”", "”");
        if (json_get(t, "where")) {
            say_both(s, "，且 ", " and ");
            say_predicate(s, json_get(t, "where"));
        }
    } else if (segment.n) {
        bool leaves = str_eq(json_get_str(t, "on", S("enter")), S("leave"));
        say_both(s, leaves ? "当顾客离开人群 " : "当顾客进入人群 ",
                 leaves ? "When somebody leaves the segment "
                        : "When somebody enters the segment ");
        say_text(s, segment);
    } else if (json_get(t, "date")) {
        say_date(s, t);
    } else if (json_get(t, "schedule")) {
        say_schedule(s, t);
    } else {
        for (u32 i = 0; i < COUNT_OF(NAMED); i++) {
            str name = json_get_str(t, NAMED[i].member, (str){0});
            if (!name.n) continue;
            say_both(s, NAMED[i].zh, NAMED[i].en);
            say_text(s, name);
            return;
        }
        if (json_get(t, "inbound")) say_both(s, "当顾客发来消息", "When somebody writes to us");
        if (json_get(t, "journey"))
            say_both(s, "由另一个旅程转入", "When another journey hands somebody over");
    }
}

/* ---- steps ---- */

struct lines {
    struct buf *out;
    struct said said, all;
    bool text;
};

static void end_line(struct lines *l, const char *path, const struct json *step, const char *kind,
                     u32 depth)
{
    struct buf *b = l->out;
    const struct json *send = json_get(step, "send");
    str id = json_get_str(step, "id", (str){0});
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("path"), str_of(path));
    if (id.n) json_put_kv_str(b, S("step"), id);
    json_put_kv_str(b, S("kind"), str_of(kind));
    json_put_kv_i64(b, S("depth"), depth);
    said_put(&l->said, b, "text");
    if (send) {
        json_put_kv_str(b, S("channel"), json_get_str(send, "channel", (str){0}));
        json_put_kv_str(b, S("template"), json_get_str(send, "template", (str){0}));
    }
    buf_byte(b, '}');
    if (l->text) {
        if (l->all.zh.n) say_both(&l->all, "；", "; ");
        say_words(&l->all, buf_str(&l->said.zh), buf_str(&l->said.en));
    }
    said_reset(&l->said);
}

static void say_wait(struct said *s, const struct json *w)
{
    str length = json_get_str(w, "for", (str){0}), time = json_get_str(w, "until_time", (str){0}),
        date = json_get_str(w, "until_date", (str){0}),
        segment = json_get_str(w, "until_segment", (str){0}),
        timeout = json_get_str(w, "timeout", (str){0});
    if (length.n) {
        say_both(s, "等 ", "wait ");
        say_duration(s, length);
    } else if (time.n) {
        say_both(s, "等到 ", "wait until ");
        say_text(s, time);
    } else if (date.n) {
        say_both(s, "等到“", "wait until “");
        say_named(s, WORDS_ATTRIBUTE, date);
        say_both(s, "”", "”, ");
        say_offset(s, json_get_str(w, "offset", S("0d")));
        say_both(s, " ", " at ");
        say_text(s, json_get_str(w, "at", S("09:00")));
    } else if (segment.n) {
        say_both(s, "等她进入人群 ", "wait until she is in the segment ");
        say_text(s, segment);
    } else {
        say_both(s, "等到", "wait until: ");
        say_predicate(s, json_get(w, "until"));
    }
    if (!timeout.n) return;
    say_both(s, "，最多等 ", ", at most ");
    say_duration(s, timeout);
}

static void say_send(struct said *s, const struct json *send)
{
    say_both(s, "发", "send ");
    say_named(s, WORDS_CHANNEL, json_get_str(send, "channel", (str){0}));
    say_both(s, "“", " “");
    say_text(s, json_get_str(send, "template", (str){0}));
    say_both(s, "”", "”");
    if (!json_get(send, "if")) return;
    say_both(s, "，如果 ", ", if ");
    say_predicate(s, json_get(send, "if"));
}

/* One name after fixed words. */
static const char *say_effect(struct said *s, const struct json *step)
{
    static const struct {
        const char *member, *zh, *en, *kind;
    } NAMED[] = {{"tag", "打标签 ", "give the tag ", "tag"},
                 {"untag", "去掉标签 ", "take away the tag ", "untag"},
                 {"coupon", "送优惠券 ", "give the coupon ", "coupon"},
                 {"enter", "转入旅程 ", "hand over to the journey ", "enter"},
                 {"stage", "设为阶段 ", "put at the stage ", "stage"},
                 {"end", "结束：", "end: ", "end"}};
    for (u32 i = 0; i < COUNT_OF(NAMED); i++) {
        const struct json *j = json_get(step, NAMED[i].member);
        if (!j) continue;
        say_both(s, NAMED[i].zh, NAMED[i].en);
        if (j->type == JSON_STRING) say_text(s, j->text);
        return NAMED[i].kind;
    }
    return NULL;
}

static void say_owner(struct said *s, const struct json *owner)
{
    str attribute = json_get_str(owner, "attribute", (str){0});
    if (json_is(owner, JSON_STRING)) say_text(s, owner->text);
    if (attribute.n) say_named(s, WORDS_ATTRIBUTE, attribute);
    if (json_get(owner, "round_robin")) say_both(s, "轮流的同事", "colleagues in turn");
}

static const char *say_other(struct said *s, const struct json *step)
{
    const struct json *task = json_get(step, "task"), *notify = json_get(step, "notify");
    const char *kind = say_effect(s, step);
    if (kind) return kind;
    if (task) {
        say_both(s, "给 ", "a task for ");
        say_owner(s, json_get(task, "owner"));
        say_both(s, " 派任务：", ": ");
        say_text(s, json_get_str(task, "kind", (str){0}));
        return "task";
    }
    if (notify) {
        say_both(s, "提醒 ", "tell ");
        say_owner(s, json_get(notify, "to"));
        return "notify";
    }
    if (json_get(step, "set")) {
        say_both(s, "修改资料", "set her data");
        return "set";
    }
    if (json_get(step, "score")) {
        say_both(s, "加分", "give points");
        return "score";
    }
    if (json_get(step, "webhook")) {
        say_both(s, "通知外部系统", "call another system");
        return "webhook";
    }
    json_put(&s->zh, step), json_put(&s->en, step);
    return "other";
}

static void put_steps(struct lines *l, const struct json *steps, const char *path, u32 depth);

static void put_arms(struct lines *l, const struct json *arms, const char *path, u32 depth,
                     bool split)
{
    u32 i = 0;
    for (const struct json *arm = arms->child; arm; arm = arm->next, i++) {
        char place[PATH_BYTES], inner[PATH_BYTES + 8];
        int n = snprintf(place, sizeof place, "%s/%s/%u", path, split ? "split" : "branch", i);
        if (n < 0 || (size_t)n >= sizeof place) return; /* deeper than a journey may be */
        const struct json *condition = json_get(arm, "if"), *percent = json_get(arm, "percent");
        if (split) {
            say_text(&l->said, percent ? percent->text : (str){0});
            say_both(&l->said, "% 的人", "% of them");
        } else if (condition) {
            say_both(&l->said, "如果 ", "if ");
            say_predicate(&l->said, condition);
        } else {
            say_both(&l->said, "否则", "otherwise");
        }
        const struct json *steps = json_get(arm, "steps");
        if (!steps || !steps->child) say_both(&l->said, "：什么也不做", ": nothing");
        end_line(l, place, NULL, "arm", depth + 1);
        snprintf(inner, sizeof inner, "%s/steps", place);
        if (steps && depth < DEPTH_MAX) put_steps(l, steps, inner, depth + 2);
    }
}

static void put_step(struct lines *l, const struct json *step, const char *path, u32 depth)
{
    const struct json *branch = json_get(step, "branch"), *split = json_get(step, "split");
    const char *kind;
    if (json_get(step, "wait")) {
        say_wait(&l->said, json_get(step, "wait"));
        kind = "wait";
    } else if (json_get(step, "send")) {
        say_send(&l->said, json_get(step, "send"));
        kind = "send";
    } else if (branch || split) {
        say_both(&l->said, branch ? "看情况" : "随机分流",
                 branch ? "it depends" : "split by chance");
        kind = branch ? "branch" : "split";
    } else {
        kind = say_other(&l->said, step);
    }
    end_line(l, path, step, kind, depth);
    if (branch || split) put_arms(l, branch ? branch : split, path, depth, split != NULL);
}

static void put_steps(struct lines *l, const struct json *steps, const char *path, u32 depth)
{
    u32 i = 0;
    for (const struct json *s = steps->child; s; s = s->next) {
        char place[PATH_BYTES];
        snprintf(place, sizeof place, "%s/%u", path, i++);
        put_step(l, s, place, depth);
    }
}

/* ---- what holds for all of it ---- */

static void say_again(struct said *s, const struct json *again)
{
    if (json_is(again, JSON_OBJECT)) {
        say_both(s, "过 ", "again after ");
        say_duration(s, json_get_str(again, "after", (str){0}));
        say_both(s, "可以再次进入", "");
        return;
    }
    str word = json_is(again, JSON_STRING) ? again->text : S("after_exit");
    if (str_eq(word, S("never"))) say_both(s, "每人只进入一次", "everybody enters once");
    if (str_eq(word, S("always"))) say_both(s, "每次都进入", "everybody enters each time");
    if (str_eq(word, S("after_exit")))
        say_both(s, "走完之后可以再次进入", "may enter again after it has ended");
    if (str_eq(word, S("per_key")))
        say_both(s, "每件事各走一次", "once for each thing it is about");
}

static void put_rules(struct lines *l, const struct json *j)
{
    const struct json *entry = json_get(j, "entry"), *exit = json_get(j, "exit"),
                      *goal = json_get(j, "goal"), *release = json_get(j, "release");
    u32 i = 0;
    for (const struct json *e = exit ? exit->child : NULL; e; e = e->next) {
        char place[32];
        snprintf(place, sizeof place, "/exit/%u", i++);
        say_both(&l->said, "停止：", "stop as soon as: ");
        say_predicate(&l->said, e);
        end_line(l, place, NULL, "exit", 0);
    }
    if (goal) {
        say_both(&l->said, "目标：", "the goal: ");
        say_predicate(&l->said, goal);
        end_line(l, "/goal", NULL, "goal", 0);
    }
    say_again(&l->said, json_get(entry, "again"));
    end_line(l, "/entry/again", NULL, "again", 0);
    const struct json *percent = json_get(release, "percent"),
                      *holdout = json_get(release, "holdout");
    if (!percent && !holdout) return;
    if (percent) {
        say_both(&l->said, "先放量 ", "released to ");
        say_text(&l->said, percent->text);
        say_both(&l->said, "%", "%");
    }
    if (holdout) {
        say_both(&l->said, percent ? "，留 " : "留 ", percent ? ", " : "");
        say_text(&l->said, holdout->text);
        say_both(&l->said, "% 作对照", "% kept out to compare");
    }
    end_line(l, "/release", NULL, "release", 0);
}

void journey_lines_put(struct buf *b, const struct json *j, bool text)
{
    struct lines l = {.out = b, .text = text};
    const struct json *steps = json_get(j, "steps"), *entry = json_get(json_get(j, "entry"), "if");
    said_init(&l.said), said_init(&l.all);
    json_put_key(b, S("lines"));
    buf_byte(b, '[');
    say_trigger(&l.said, json_get(j, "trigger"));
    end_line(&l, "/trigger", NULL, "trigger", 0);
    if (entry) {
        say_both(&l.said, "只有：", "only if: ");
        say_predicate(&l.said, entry);
        end_line(&l, "/entry/if", NULL, "entry", 0);
    }
    if (json_is(steps, JSON_ARRAY)) put_steps(&l, steps, "/steps", 0);
    put_rules(&l, j);
    buf_byte(b, ']');
    if (text) said_put(&l.all, b, "text");
    said_clear(&l.said), said_clear(&l.all);
}

/* ---- sends ---- */

struct walk {
    bool (*each)(void *ctx, const struct send_place *p);
    void *ctx;
    i64 at;
    bool open, over;
};

static i64 length_of(str text)
{
    duration d;
    if (duration_parse(text, &d) != ERR_OK) return 0;
    return d.ms + d.months * 30 * DAY;
}

static void walk_steps(struct walk *w, const struct json *steps, u32 depth)
{
    for (const struct json *s = steps ? steps->child : NULL; s && !w->over; s = s->next) {
        const struct json *wait = json_get(s, "wait"), *branch = json_get(s, "branch"),
                          *arms = branch ? branch : json_get(s, "split");
        i64 before = w->at, longest = before;
        if (wait) {
            str length = json_get_str(wait, "for", json_get_str(wait, "timeout", (str){0}));
            w->at += length_of(length);
            w->open |= !json_get(wait, "for");
        }
        if (json_get(s, "send")) {
            struct send_place p = {s, w->at, w->open};
            w->over = !w->each(w->ctx, &p);
        }
        for (const struct json *arm = arms ? arms->child : NULL; arm && depth < DEPTH_MAX;
             arm = arm->next) {
            w->at = before;
            walk_steps(w, json_get(arm, "steps"), depth + 1);
            longest = max_i64(longest, w->at);
        }
        if (arms) w->at = longest;
    }
}

void journey_sends(const struct json *journey, bool (*each)(void *ctx, const struct send_place *p),
                   void *ctx)
{
    struct walk w = {.each = each, .ctx = ctx};
    walk_steps(&w, json_get(journey, "steps"), 0);
}
