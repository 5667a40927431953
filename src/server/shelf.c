#include "server/shelf.h"

#include "log/events.h"
#include "script/playbook.h"
#include "server/embed.h"
#include "server/journey_words.h"
#include "server/look.h"
#include "server/needs.h"
#include "server/show.h"
#include "server/words.h"

#include <stdlib.h>

enum { EVENTS_READ = 5000, FLOW_MAX = 6, MONTH_DAYS = 30 };

const struct json *shelf_find(struct call *c, str id)
{
    for (const struct embedded *f = PLAYBOOKS; f->path; f++) {
        const struct json *j;
        str text = {(const char *)f->bytes, f->size};
        if (id.n && !str_eq(id, str_of(f->path))) continue;
        return json_parse(text, c->arena, &j, &c->why) == ERR_OK ? j : NULL;
    }
    return NULL;
}

/* ---- counting ---- */

/* Events of clients that the newest events have, the most frequent first. */
static u32 frequent_events(struct call *c, u32 out[CHOICES_MAX])
{
    struct engine *e = c->server->engine;
    struct event *all = arena_alloc(c->arena, EVENTS_READ * sizeof *all);
    u32 n = event_latest(event_view_live(engine_events(e)), all, EVENTS_READ, c->arena), found = 0,
        names = names_count(engine_names(e), NAME_EVENT);
    u32 *times = arena_zalloc(c->arena, (names + 1) * sizeof *times);
    for (u32 i = 0; i < n; i++)
        if (!(all[i].flags & EVENT_SYSTEM) && all[i].code <= names) times[all[i].code]++;
    while (found < CHOICES_MAX) {
        u32 best = 0;
        for (u32 code = 1; code <= names; code++)
            if (times[code] > times[best]) best = code;
        if (!best || !times[best]) break;
        times[best] = 0;
        out[found++] = best;
    }
    return found;
}

MUST_USE static err count_events(struct shelf *s, struct call *c, struct shown_playbook *p)
{
    u32 codes[CHOICES_MAX], n = frequent_events(c, codes);
    for (u32 i = 0; i < n; i++) {
        struct buf b;
        const struct json *j;
        str name = names_text(engine_names(c->server->engine), NAME_EVENT, codes[i]);
        buf_init(&b, 4096);
        buf_byte(&b, '{');
        json_put_kv_str(&b, S("did"), name);
        json_put_kv_str(&b, S("within"), S("30d"));
        buf_byte(&b, '}');
        str text = arena_str(c->arena, buf_str(&b));
        buf_clear(&b);
        TRY(json_parse(text, c->arena, &j, &c->why));
        struct counted *one = counts_add(&s->counts);
        TRY(counts_compile(&s->counts, one, j, "/predicate"));
        p->choices[p->choice_count].name = name;
        p->choices[p->choice_count++].counted = one;
    }
    return ERR_OK;
}

/* Names that nobody has met are not asked for: that would make them known. */
static bool names_are_known(struct call *c, const struct json *j)
{
    struct engine *e = c->server->engine;
    bool known = true;
    for (const struct json *m = j->child; m && known; m = m->next) {
        if (m->type == JSON_ARRAY || m->type == JSON_OBJECT) known = names_are_known(c, m);
        if (m->type != JSON_STRING) continue;
        if (str_eq(m->key, S("did"))) known = name_is_known(e, NAME_EVENT, m->text);
        if (str_eq(m->key, S("date")) || str_eq(m->key, S("attribute")))
            known = name_is_known(e, NAME_ATTRIBUTE, m->text);
    }
    return known;
}

/* Not counted: nothing asks for it, a name of it is new here, or it cannot be a condition. */
static struct counted *count_of(struct shelf *s, struct call *c, const struct json *predicate)
{
    if (!predicate || !names_are_known(c, predicate)) return NULL;
    struct counted *n = counts_add(&s->counts);
    n->with_reach = true;
    if (counts_compile(&s->counts, n, predicate, "/answers") == ERR_OK) return n;
    c->why = (struct diag){0};
    return NULL;
}

err shelf_add(struct shelf *s, struct call *c, const struct json *playbook,
              const struct json *answers, bool choices)
{
    struct shown_playbook *p = &s->items[s->n];
    MUST(s->n++ < SHELF_MAX);
    *p = (struct shown_playbook){.playbook = playbook, .ready = true};
    TRY(playbook_expand(playbook, "bundle", answers, c->arena, &p->bundle, &c->why));
    TRY(playbook_expand(playbook, "needs", answers, c->arena, &p->needs, &c->why));
    TRY(playbook_expand(playbook, "meets", answers, c->arena, &p->meets, &c->why));
    for (const struct json *need = p->needs->child; need; need = need->next)
        p->ready &= need_met(c, need);
    p->month = count_of(s, c, json_get(p->meets, "month"));
    p->now = count_of(s, c, json_get(p->meets, "now"));
    return choices ? count_events(s, c, p) : ERR_OK;
}

err shelf_add_all(struct shelf *s, struct call *c)
{
    for (const struct embedded *f = PLAYBOOKS; f->path; f++) {
        const struct json *playbook = shelf_find(c, str_of(f->path));
        if (!playbook) return ERR_CORRUPT;
        TRY(shelf_add(s, c, playbook, NULL, false));
    }
    return ERR_OK;
}

static int by_use(const void *a, const void *b)
{
    const struct shown_playbook *x = a, *y = b;
    u64 p = x->month ? x->month->count : 0, q = y->month ? y->month->count : 0;
    if (x->ready != y->ready) return x->ready ? -1 : 1;
    return p != q ? (p > q ? -1 : 1) : 0;
}

void shelf_sort(struct shelf *s)
{
    qsort(s->items, s->n, sizeof *s->items, by_use);
}

/* ---- people ---- */

static void put_people(struct call *c, const char *key, const struct counted *n, bool month,
                       bool future)
{
    i64 now = server_now(c->server), span = MONTH_DAYS * DAY;
    json_put_key(&c->out, str_of(key));
    buf_byte(&c->out, '{');
    json_put_key(&c->out, S("count"));
    if (n)
        buf_i64_text(&c->out, (i64)n->count);
    else
        buf_put(&c->out, S("null"));
    if (n && month) {
        json_put_kv_time(&c->out, S("from"), future ? now : now - span);
        json_put_kv_time(&c->out, S("to"), future ? now + span : now);
    }
    if (n) counts_put_reach(c, n);
    if (!n && month)
        put_both(&c->out, S("words"), S("还没有这类数据，算不出来"),
                 S("There is no such data yet, so nobody can tell"));
    else if (!n)
        put_both(&c->out, S("words"), S("事情一发生就进入，不看现在有谁"),
                 S("They come in as it happens, whoever is there now"));
    else if (month && future)
        put_both(&c->out, S("words"), S("按客户资料里的日期，今后 30 天"),
                 S("By the dates of your customers, in the next 30 days"));
    else if (month)
        put_both(&c->out, S("words"), S("按您最近 30 天的真实数据"),
                 S("By your own data of the last 30 days"));
    else
        put_both(&c->out, S("words"), S("现在符合的客户"), S("Customers it fits now"));
    buf_byte(&c->out, '}');
}

void shelf_put_people(struct call *c, const struct shown_playbook *p)
{
    bool future = str_eq(json_get_str(p->meets, "when", S("past")), S("future"));
    put_people(c, "people_month", p->month, true, future);
    put_people(c, "people_now", p->now, false, false);
}

/* ---- questions ---- */

static const struct json *question_of(const struct json *playbook, str id)
{
    const struct json *list = json_get(playbook, "questions");
    for (const struct json *q = list ? list->child : NULL; q; q = q->next)
        if (str_eq(json_get_str(q, "id", (str){0}), id)) return q;
    return NULL;
}

/* An answer as people say it. */
static void say_answer(struct said *s, const struct json *q, const struct json *given)
{
    str type = json_get_str(q, "type", S("text")), text = given ? given->text : (str){0};
    bool event = str_eq(type, S("event")), channel = str_eq(type, S("channel"));
    if (event || channel || str_eq(type, S("attribute"))) {
        struct name_words w = words_of(event     ? WORDS_EVENT
                                       : channel ? WORDS_CHANNEL
                                                 : WORDS_ATTRIBUTE,
                                       text);
        say_words(s, w.zh, w.en);
    } else if (str_eq(type, S("duration"))) {
        say_duration(s, text);
    } else if (str_eq(type, S("offset"))) {
        say_offset(s, text);
    } else if (given && given->type == JSON_BOOL) {
        say_both(s, given->boolean ? "是" : "否", given->boolean ? "yes" : "no");
    } else {
        say_text(s, text);
    }
}

static void put_choice(struct call *c, const struct json *q, const struct json *v,
                       const struct counted *n)
{
    struct said words;
    said_init(&words);
    say_answer(&words, q, v);
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_key(&c->out, S("value"));
    json_put(&c->out, v);
    said_put(&words, &c->out, "words");
    json_put_key(&c->out, S("customers"));
    if (n)
        buf_i64_text(&c->out, (i64)n->count);
    else
        buf_put(&c->out, S("null"));
    buf_byte(&c->out, '}');
    said_clear(&words);
}

/* Attributes that are dates, or texts, by what the default is. */
static void put_attribute_choices(struct call *c, const struct json *q, bool dates)
{
    struct names *names = engine_names(c->server->engine);
    for (u32 code = 1; code <= names_count(names, NAME_ATTRIBUTE); code++) {
        struct attribute_rule rule;
        str name = names_text(names, NAME_ATTRIBUTE, code);
        bool known = customer_attribute(engine_customers(c->server->engine), code, &rule);
        bool is_date = rule.type == ATTRIBUTE_DATE || rule.type == ATTRIBUTE_TIME;
        if (!name.n || name.p[0] == '$' || !known || is_date != dates) continue;
        struct json v = {.type = JSON_STRING, .text = name};
        put_choice(c, q, &v, NULL);
    }
}

static void put_choices(struct call *c, const struct shown_playbook *p, const struct json *q)
{
    str type = json_get_str(q, "type", S("text"));
    const struct json *closed = json_get(q, "choices"),
                      *list = closed ? closed : json_get(q, "suggestions");
    json_put_kv_bool(&c->out, S("free"), !closed); /* others may be given, too */
    json_put_key(&c->out, S("choices"));
    buf_byte(&c->out, '[');
    for (const struct json *v = list ? list->child : NULL; v; v = v->next)
        put_choice(c, q, v, NULL);
    if (str_eq(type, S("event")))
        for (u32 i = 0; i < p->choice_count; i++) {
            struct json v = {.type = JSON_STRING, .text = p->choices[i].name};
            put_choice(c, q, &v, p->choices[i].counted);
        }
    if (str_eq(type, S("attribute")))
        put_attribute_choices(c, q, str_eq(json_get_str(q, "id", (str){0}), S("date")));
    buf_byte(&c->out, ']');
}

static void put_questions(struct call *c, const struct shown_playbook *p)
{
    const struct json *list = json_get(p->playbook, "questions");
    json_put_key(&c->out, S("questions"));
    buf_byte(&c->out, '[');
    for (const struct json *q = list ? list->child : NULL; q; q = q->next) {
        struct said words;
        said_init(&words);
        say_answer(&words, q, json_get(q, "default"));
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        for (const struct json *m = q->child; m; m = m->next) {
            if (str_eq(m->key, S("choices")) || str_eq(m->key, S("suggestions"))) continue;
            json_put_key(&c->out, m->key);
            json_put(&c->out, m);
        }
        said_put(&words, &c->out, "default_words");
        put_choices(c, p, q);
        buf_byte(&c->out, '}');
        said_clear(&words);
    }
    buf_byte(&c->out, ']');
}

/* ---- the sentence ---- */

static void put_text_part(struct call *c, str text)
{
    if (!text.n) return;
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("text"), text);
    buf_byte(&c->out, '}');
}

/* "when ${event} after ${wait}" as parts, and as a text with the answers in it. */
static void put_parts(struct call *c, const struct json *playbook, const struct json *answers,
                      str text, bool zh, struct buf *whole)
{
    while (text.n) {
        ptrdiff_t at = str_find(text, S("${")), end = at < 0 ? -1 : str_index(text, '}');
        str words = str_slice(text, 0, end < at || at < 0 ? text.n : (size_t)at);
        put_text_part(c, words);
        buf_put(whole, words);
        if (at < 0 || end < at) return;
        str id = str_slice(text, (size_t)at + 2, (size_t)end);
        const struct json *q = question_of(playbook, id), *given = NULL;
        for (const struct json *a = answers ? answers->child : NULL; a; a = a->next)
            if (str_eq(a->key, id)) given = a;
        struct said said;
        said_init(&said);
        say_answer(&said, q, given ? given : json_get(q, "default"));
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("question"), id);
        json_put_kv_str(&c->out, S("text"), buf_str(zh ? &said.zh : &said.en));
        buf_byte(&c->out, '}');
        buf_put(whole, buf_str(zh ? &said.zh : &said.en));
        said_clear(&said);
        text = str_slice(text, (size_t)end + 1, text.n);
    }
}

static void put_language(struct call *c, const struct json *playbook, const struct json *answers,
                         const struct json *line, const char *language, struct buf *whole)
{
    json_put_key(&c->out, str_of(language));
    buf_byte(&c->out, '[');
    put_parts(c, playbook, answers, json_get_str(line, language, (str){0}), language[0] == 'z',
              whole);
    buf_byte(&c->out, ']');
}

void shelf_put_sentence(struct call *c, const struct json *playbook, const struct json *answers)
{
    const struct json *lines = json_get(playbook, "sentence");
    struct buf zh, en;
    buf_init(&zh, 1 << 16), buf_init(&en, 1 << 16);
    json_put_key(&c->out, S("sentence"));
    buf_byte(&c->out, '[');
    for (const struct json *line = lines ? lines->child : NULL; line; line = line->next) {
        buf_reset(&zh), buf_reset(&en);
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("block"), json_get_str(line, "block", (str){0}));
        json_put_key(&c->out, S("parts"));
        buf_byte(&c->out, '{');
        put_language(c, playbook, answers, line, "zh", &zh);
        put_language(c, playbook, answers, line, "en", &en);
        buf_byte(&c->out, '}');
        put_both(&c->out, S("text"), buf_str(&zh), buf_str(&en));
        buf_byte(&c->out, '}');
    }
    buf_byte(&c->out, ']');
    buf_clear(&zh), buf_clear(&en);
}

/* ---- the card ---- */

static void put_flow_item(struct call *c, const char *kind, str icon)
{
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("kind"), str_of(kind));
    json_put_kv_str(&c->out, S("icon"), icon);
    buf_byte(&c->out, '}');
}

/* The steps of the first way through. */
static void put_flow_steps(struct call *c, const struct json *steps, u32 *left)
{
    static const struct {
        const char *kind, *icon;
    } KINDS[] = {{"wait", "clock"},   {"send", "message"}, {"coupon", "coupon"},
                 {"tag", "tag"},      {"task", "task"},    {"notify", "bell"},
                 {"branch", "split"}, {"split", "split"},  {"set", "pencil"}};
    for (const struct json *s = steps ? steps->child : NULL; s && *left; s = s->next)
        for (u32 i = 0; i < COUNT_OF(KINDS) && *left; i++) {
            const struct json *j = json_get(s, KINDS[i].kind);
            if (!j) continue;
            str channel = json_get_str(j, "channel", (str){0});
            put_flow_item(c, KINDS[i].kind, channel.n ? channel : str_of(KINDS[i].icon));
            --*left;
            if (j->type == JSON_ARRAY && j->child)
                put_flow_steps(c, json_get(j->child, "steps"), left);
        }
}

struct channels {
    str names[16];
    u32 n;
};

static void note_channel(struct channels *all, str name)
{
    for (u32 i = 0; i < all->n; i++)
        if (str_eq(all->names[i], name)) return;
    if (name.n && all->n < COUNT_OF(all->names)) all->names[all->n++] = name;
}

/* Those it uses as it is, and those it has words for. */
static void put_channels(struct call *c, const struct shown_playbook *p)
{
    const struct json *lists[] = {json_get(p->bundle, "templates"),
                                  json_get(json_get(p->playbook, "variants"), "templates")};
    struct channels all = {.n = 0};
    json_put_key(&c->out, S("channels"));
    buf_byte(&c->out, '[');
    for (u32 l = 0; l < COUNT_OF(lists); l++)
        for (const struct json *t = lists[l] ? lists[l]->child : NULL; t; t = t->next)
            note_channel(&all, json_get_str(t, "channel", (str){0}));
    for (u32 i = 0; i < all.n; i++) {
        json_put_comma(&c->out);
        json_put_str(&c->out, all.names[i]);
    }
    buf_byte(&c->out, ']');
}

/* The journeys it installs that are live already. */
static bool is_installed(struct call *c, const struct json *bundle)
{
    const struct json *journeys = json_get(bundle, "journeys");
    bool live = false;
    for (const struct json *j = journeys ? journeys->child : NULL; j; j = j->next) {
        str id = json_get_str(j, "id", S(""));
        live |= engine_object(c->server->engine, OBJECT_JOURNEY, id, NULL).n > 0;
    }
    return live;
}

static void put_needs(struct call *c, const struct json *needs)
{
    json_put_key(&c->out, S("needs"));
    buf_byte(&c->out, '[');
    for (const struct json *n = needs->child; n; n = n->next) {
        json_put_comma(&c->out);
        need_put(c, &c->out, n);
    }
    buf_put(&c->out, S("],\"missing\":["));
    for (const struct json *n = needs->child; n; n = n->next) {
        if (need_met(c, n)) continue;
        json_put_comma(&c->out);
        json_put(&c->out, n);
    }
    buf_byte(&c->out, ']');
}

void shelf_put(struct call *c, const struct shown_playbook *p, bool whole)
{
    static const char *const PLAIN[] = {"id", "scenario", "name", "story", "goal", "icon"};
    const struct json *journeys = json_get(p->bundle, "journeys");
    u32 left = FLOW_MAX - 1;
    buf_byte(&c->out, '{');
    for (u32 i = 0; i < COUNT_OF(PLAIN); i++) {
        const struct json *m = json_get(p->playbook, PLAIN[i]);
        if (!m) continue;
        json_put_key(&c->out, str_of(PLAIN[i]));
        json_put(&c->out, m);
    }
    put_needs(c, p->needs);
    json_put_kv_bool(&c->out, S("ready"), p->ready);
    json_put_kv_bool(&c->out, S("installed"), is_installed(c, p->bundle));
    put_channels(c, p);
    json_put_key(&c->out, S("flow"));
    buf_byte(&c->out, '[');
    put_flow_item(c, "trigger", json_get_str(p->playbook, "icon", S("event")));
    put_flow_steps(c, json_get(journeys ? journeys->child : NULL, "steps"), &left);
    buf_byte(&c->out, ']');
    shelf_put_people(c, p);
    put_questions(c, p);
    shelf_put_sentence(c, p->playbook, NULL);
    if (whole) {
        json_put_key(&c->out, S("bundle"));
        json_put(&c->out, p->bundle);
    }
    buf_byte(&c->out, '}');
}
