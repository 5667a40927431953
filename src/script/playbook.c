/* playbook.c — answers checked, and put into the bundle. */
#include "script/playbook.h"

#include "base/fixed.h"
#include "base/time.h"

#include <stdio.h>

struct expansion {
    const struct json *questions, *answers;
    bool zh;
    struct arena *arena;
    struct diag *why;
};

/* ---- answers ---- */

static const struct json *question_of(const struct expansion *x, str id)
{
    for (const struct json *q = x->questions ? x->questions->child : NULL; q; q = q->next)
        if (str_eq(json_get_str(q, "id", S("")), id)) return q;
    return NULL;
}

static bool is_clock(str text)
{
    i64 ms;
    return clock_parse(text, &ms) == ERR_OK;
}

static bool is_duration(str text)
{
    duration d;
    return duration_parse(text, &d) == ERR_OK;
}

static bool is_offset(str text)
{
    i32 days;
    return offset_parse(text, &days) == ERR_OK;
}

static bool is_name(str text)
{
    return text.n > 0 && text.n <= 255;
}

/* Is it outside of what the question allows? */
static bool beyond(const struct json *q, fixed n)
{
    const struct json *least = json_get(q, "minimum"), *most = json_get(q, "maximum");
    fixed bound;
    if (json_is(least, JSON_NUMBER) && fixed_parse(least->text, &bound) == ERR_OK && n < bound)
        return true;
    return json_is(most, JSON_NUMBER) && fixed_parse(most->text, &bound) == ERR_OK && n > bound;
}

/* Why an answer does not fit its question; NULL: it does. */
static const char *misfit(const struct json *q, const struct json *answer)
{
    static const struct {
        const char *type;
        bool (*fits)(str text);
        const char *sentence;
    } TEXTS[] = {{"time", is_clock, "give a time of the day: \"09:00\""},
                 {"duration", is_duration, "give a duration such as \"1h\" or \"3d\""},
                 {"offset", is_offset, "give calendar days before or after: \"-3d\", \"0d\""},
                 {"event", is_name, "name the event"},
                 {"attribute", is_name, "name the attribute"},
                 {"channel", is_name, "name the channel"},
                 {"text", is_name, "give a text of 1 to 255 bytes"}};
    str type = json_get_str(q, "type", S("text"));
    fixed n;
    if (str_eq(type, S("number")) || str_eq(type, S("percent"))) {
        bool number = json_is(answer, JSON_NUMBER) && fixed_parse(answer->text, &n) == ERR_OK;
        bool fits = number && n >= 0 && (str_eq(type, S("number")) || n <= 100 * FIXED_ONE);
        if (fits && beyond(q, n)) return "the number is beyond \"minimum\" or \"maximum\"";
        return fits ? NULL : "give a number, not below 0 (a percentage: not above 100)";
    }
    if (str_eq(type, S("boolean")))
        return json_is(answer, JSON_BOOL) ? NULL : "answer true or false";
    for (u32 i = 0; i < COUNT_OF(TEXTS); i++)
        if (str_eq(type, str_of(TEXTS[i].type)))
            return json_is(answer, JSON_STRING) && TEXTS[i].fits(answer->text) ? NULL
                                                                               : TEXTS[i].sentence;
    return "this version does not know the type of the question";
}

static bool among(const struct json *choices, const struct json *answer)
{
    if (!choices) return true;
    for (const struct json *c = choices->child; c; c = c->next)
        if (c->type == answer->type && str_eq(c->text, answer->text)) return true;
    return false;
}

MUST_USE static err check_answers(struct expansion *x)
{
    const struct json *answers = x->answers;
    if (answers && !json_is(answers, JSON_OBJECT))
        return diag_at(x->why, ERR_REFUSED, S("/answers"), "answers are an object");
    for (const struct json *a = answers ? answers->child : NULL; a; a = a->next) {
        char path[160];
        snprintf(path, sizeof path, "/answers/%.*s", STR_ARG(a->key));
        if (str_eq(a->key, S("language"))) {
            x->zh = !(json_is(a, JSON_STRING) && str_eq(a->text, S("en")));
            continue;
        }
        const struct json *q = question_of(x, a->key);
        const char *sentence = q ? misfit(q, a) : "no question of this playbook has this id";
        if (!sentence && !among(json_get(q, "choices"), a)) sentence = "choose one of \"choices\"";
        if (sentence) return diag_at(x->why, ERR_REFUSED, str_of(path), "%s", sentence);
    }
    return ERR_OK;
}

static const struct json *answer_of(const struct expansion *x, str id)
{
    for (const struct json *a = x->answers ? x->answers->child : NULL; a; a = a->next)
        if (str_eq(a->key, id)) return a;
    const struct json *q = question_of(x, id);
    return q ? json_get(q, "default") : NULL;
}

/* ---- putting them in ---- */

/* The id of "${id}" at the beginning of `text`; 0 bytes if there is none. */
static size_t opening(str text, str *id)
{
    size_t n = 2;
    if (!str_starts(text, S("${"))) return 0;
    while (n < text.n && text.p[n] != '}') n++;
    if (n == text.n) return 0;
    *id = str_slice(text, 2, n);
    return n + 1;
}

MUST_USE static err unanswered(struct expansion *x, str id)
{
    return diag_at(x->why, ERR_REFUSED, S("/bundle"), "nothing answers ${%.*s}", STR_ARG(id));
}

MUST_USE static err written_out(struct expansion *x, str text, str *out)
{
    struct buf b;
    str id;
    err e = ERR_OK;
    buf_init(&b, 1 << 20);
    while (text.n && e == ERR_OK) {
        size_t n = opening(text, &id);
        const struct json *a = n ? answer_of(x, id) : NULL;
        if (n && !a) e = unanswered(x, id);
        if (a) buf_put(&b, a->type == JSON_BOOL ? (a->boolean ? S("true") : S("false")) : a->text);
        if (!n) buf_byte(&b, (u8)text.p[0]);
        text = str_slice(text, n ? n : 1, text.n);
    }
    *out = arena_str(x->arena, buf_str(&b));
    buf_clear(&b);
    return e;
}

static const struct json *in_language(const struct expansion *x, const struct json *j)
{
    const struct json *zh = json_get(j, "zh"), *en = json_get(j, "en");
    return json_is(j, JSON_OBJECT) && j->count == 2 && zh && en ? (x->zh ? zh : en) : j;
}

MUST_USE static err put_in(struct expansion *x, const struct json *from, bool template,
                           struct json *to);

MUST_USE static err put_in_members(struct expansion *x, const struct json *from, bool template,
                                   struct json *to)
{
    const struct json **last = &to->child;
    to->child = NULL;
    for (const struct json *m = from->child; m; m = m->next) {
        struct json *copy = arena_zalloc(x->arena, sizeof *copy);
        TRY(put_in(x, m, template || str_eq(m->key, S("templates")), copy));
        *last = copy;
        last = &copy->next;
    }
    return ERR_OK;
}

MUST_USE static err put_in(struct expansion *x, const struct json *from, bool template,
                           struct json *to)
{
    str key = from->key, id;
    if (template) from = in_language(x, from);
    *to = *from;
    to->key = key;
    to->next = NULL;
    if (from->type == JSON_ARRAY || from->type == JSON_OBJECT)
        return put_in_members(x, from, template, to);
    if (from->type != JSON_STRING) return ERR_OK;
    if (opening(from->text, &id) != from->text.n || from->text.n == 0)
        return written_out(x, from->text, &to->text);
    const struct json *a = answer_of(x, id);
    if (!a) return unanswered(x, id);
    *to = *a;
    to->key = key;
    to->next = NULL;
    return ERR_OK;
}

err playbook_expand(const struct json *playbook, const char *member, const struct json *answers,
                    struct arena *arena, const struct json **out, struct diag *why)
{
    struct expansion x = {.questions = json_get(playbook, "questions"),
                          .answers = answers,
                          .zh = true,
                          .arena = arena,
                          .why = why};
    const struct json *from = json_get(playbook, member);
    struct json *to = arena_zalloc(arena, sizeof *to);
    if (!from) return diag_set(why, ERR_REFUSED, "a playbook has a \"%s\"", member);
    TRY(check_answers(&x));
    TRY(put_in(&x, from, false, to));
    *out = to;
    return ERR_OK;
}

/* ---- another channel ---- */

struct rechannel {
    const struct json *templates, *variants; /* lists */
    str channel;
    struct arena *arena;
    struct diag *why;
};

static const struct json *item_with(const struct json *list, const char *member, str value)
{
    for (const struct json *t = list ? list->child : NULL; t; t = t->next)
        if (str_eq(json_get_str(t, member, (str){0}), value)) return t;
    return NULL;
}

/* The words for the channel that say what this template says. */
static const struct json *variant_of(const struct rechannel *r, str id)
{
    for (const struct json *t = r->variants ? r->variants->child : NULL; t; t = t->next)
        if (str_eq(json_get_str(t, "of", (str){0}), id) &&
            str_eq(json_get_str(t, "channel", (str){0}), r->channel))
            return t;
    return NULL;
}

/* A send by the channel, with the template that has words for it. */
MUST_USE static err resend(struct rechannel *r, struct json *send)
{
    str id = json_get_str(send, "template", (str){0});
    const struct json *own = item_with(r->templates, "id", id), *other = variant_of(r, id);
    const struct json **last = &send->child;
    bool fits = own && str_eq(json_get_str(own, "channel", (str){0}), r->channel);
    if (!fits && !other)
        return diag_at(r->why, ERR_REFUSED, S("/channel"),
                       "the message \"%.*s\" has no words for %.*s", STR_ARG(id),
                       STR_ARG(r->channel));
    for (const struct json *m = send->child; m; m = m->next) {
        struct json *copy = arena_alloc(r->arena, sizeof *copy);
        *copy = *m;
        if (str_eq(m->key, S("channel"))) copy->text = r->channel;
        if (!fits && str_eq(m->key, S("template")))
            copy->text = json_get_str(other, "id", (str){0});
        *last = copy;
        last = &copy->next;
    }
    *last = NULL;
    return ERR_OK;
}

MUST_USE static err recopy(struct rechannel *r, const struct json *from, struct json *to)
{
    *to = *from;
    to->next = NULL;
    if (from->type == JSON_OBJECT && str_eq(from->key, S("send"))) return resend(r, to);
    if (from->type != JSON_ARRAY && from->type != JSON_OBJECT) return ERR_OK;
    const struct json **last = &to->child;
    to->child = NULL;
    for (const struct json *m = from->child; m; m = m->next) {
        struct json *copy = arena_alloc(r->arena, sizeof *copy);
        TRY(recopy(r, m, copy));
        *last = copy;
        last = &copy->next;
    }
    return ERR_OK;
}

/* A variant stands in for the template that it is `of`, without saying so. */
static struct json *template_for(const struct rechannel *r, const struct json *t)
{
    const struct json *other = variant_of(r, json_get_str(t, "id", (str){0}));
    struct json *copy = arena_alloc(r->arena, sizeof *copy);
    *copy = other && !str_eq(json_get_str(t, "channel", (str){0}), r->channel) ? *other : *t;
    const struct json **last = &copy->child;
    for (const struct json *m = copy->child; m; m = m->next) {
        struct json *member = arena_alloc(r->arena, sizeof *member);
        if (str_eq(m->key, S("of"))) continue;
        *member = *m;
        *last = member;
        last = &member->next;
    }
    *last = NULL;
    copy->next = NULL;
    return copy;
}

err playbook_channel(const struct json *bundle, const struct json *variants, str channel,
                     struct arena *arena, const struct json **out, struct diag *why)
{
    struct rechannel r = {.templates = json_get(bundle, "templates"),
                          .variants = json_get(variants, "templates"),
                          .channel = channel,
                          .arena = arena,
                          .why = why};
    struct json *to = arena_alloc(arena, sizeof *to);
    TRY(recopy(&r, bundle, to));
    for (const struct json *m = to->child; m; m = m->next) {
        if (!str_eq(m->key, S("templates"))) continue;
        struct json *list = arena_alloc(arena, sizeof *list);
        const struct json **last = &list->child;
        *list = *m;
        for (const struct json *t = m->child; t; t = t->next) {
            struct json *one = template_for(&r, t);
            *last = one;
            last = &one->next;
        }
        *last = NULL;
        /* in the place of the list that was there */
        const struct json **at = &to->child;
        while (*at != m) at = (const struct json **)(uintptr_t) & (*at)->next;
        *at = list;
        m = list;
    }
    *out = to;
    return ERR_OK;
}
