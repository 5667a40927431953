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
