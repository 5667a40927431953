/* compile_trigger.c — what starts a journey, checked and encoded. */
#include "journey/compiler.h"

#include "log/events.h"

enum { DATE_DAYS_MAX = 36525, REPEAT_DAYS_MAX = 366 };

/* ---- by an event ---- */

static bool is_word_of(str word, const char *words)
{
    str rest = str_of(words);
    while (rest.n) {
        ptrdiff_t space = str_index(rest, ' ');
        str first = space < 0 ? rest : str_slice(rest, 0, (size_t)space);
        if (str_eq(first, word)) return true;
        rest = space < 0 ? (str){0} : str_slice(rest, (size_t)space + 1, rest.n);
    }
    return false;
}

/* Refuses members that have no meaning: a word misspelt would be a rule forgotten. */
MUST_USE static err only(struct compiler *c, const struct json *t, const char *at,
                         const char *words)
{
    for (const struct json *m = t->child; m; m = m->next) {
        if (is_word_of(m->key, words)) continue;
        char sentence[200];
        snprintf(sentence, sizeof sentence, "\"%.*s\" has no meaning here; there may be: %s",
                 STR_ARG(str_slice(m->key, 0, 40)), words);
        return compiler_refuse(c, at, sentence);
    }
    return ERR_OK;
}

/* What the kind of trigger asks of the event: conditions on its properties. */
struct own {
    struct arena *arena;
    struct json *last;
    struct json all; /* a list of them */
};

static struct json *add(struct own *own, struct json *parent, struct json *last, const char *key,
                        const struct json *as)
{
    struct json *j = arena_alloc(own->arena, sizeof *j);
    *j = *as;
    j->key = str_of(key);
    j->next = NULL;
    parent->count++;
    if (last)
        last->next = j;
    else
        parent->child = j;
    return j;
}

static struct json *add_text(struct own *own, struct json *parent, struct json *last,
                             const char *key, str text)
{
    const struct json j = {.type = JSON_STRING, .text = text};
    return add(own, parent, last, key, &j);
}

/* {"property":…,"op":…,"value":…}; without a value its op is asked alone. */
static void put_own(struct own *own, const char *property, const char *how, const struct json *v)
{
    const struct json object = {.type = JSON_OBJECT};
    struct json *one = own->last = add(own, &own->all, own->last, "", &object);
    struct json *last = add_text(own, one, NULL, "property", str_of(property));
    last = add_text(own, one, last, "op", str_of(how));
    if (v) add(own, one, last, "value", v);
}

static void put_own_text(struct own *own, const char *property, const char *how, str text)
{
    const struct json v = {.type = JSON_STRING, .text = text};
    put_own(own, property, how, &v);
}

/* The author's `where` comes after them; it is compiled alone once, for its own refusals. */
MUST_USE static err where(struct compiler *c, const struct json *t, struct own *own,
                          struct buf *out)
{
    const struct json *theirs = json_get(t, "where");
    struct json top = {.type = JSON_OBJECT};
    struct buf unused;
    if (own->all.count == 0)
        return compiler_condition(c, theirs, PREDICATE_WHERE, "/trigger/where", out);
    buf_init(&unused, 1 << 20);
    err e = compiler_condition(c, theirs, PREDICATE_WHERE, "/trigger/where", &unused);
    buf_clear(&unused);
    if (theirs) add(own, &own->all, own->last, "", theirs);
    add(own, &top, NULL, "all", &own->all);
    return e == ERR_OK ? compiler_condition(c, &top, PREDICATE_WHERE, "/trigger", out) : e;
}

MUST_USE static err put_event(struct compiler *c, const struct json *t, trigger_kind kind, u32 code,
                              struct own *own, struct buf *out)
{
    u32 key = 0;
    i64 max_late = HOUR;
    const struct json *key_name = json_get(t, "key"), *late = json_get(t, "max_late");
    buf_byte(out, (u8)kind);
    buf_varint(out, code);
    buf_byte(out, str_eq(json_get_str(t, "on", S("")), S("leave")));
    TRY(where(c, t, own, out));
    if (key_name && (kind == TRIGGER_SEGMENT || !json_is(key_name, JSON_STRING)))
        return compiler_refuse(c, "/trigger/key",
                               "the key is the name of a property of the triggering event");
    if (key_name) TRY(compiler_code(c, NAME_PROPERTY, key_name->text, "/trigger/key", &key));
    buf_varint(out, key);
    if (late) TRY(compiler_duration(c, late, "/trigger/max_late", &max_late, NULL));
    buf_zigzag(out, max_late);
    return ERR_OK;
}

MUST_USE static err event_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                  struct own *own, struct buf *out)
{
    u32 code;
    if (!json_is(v, JSON_STRING))
        return compiler_refuse(c, "/trigger/event", "name the event: \"Order Completed\"");
    TRY(compiler_code(c, NAME_EVENT, v->text, "/trigger/event", &code));
    return put_event(c, t, TRIGGER_EVENT, code, own, out);
}

MUST_USE static err segment_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                    struct own *own, struct buf *out)
{
    u32 code;
    str on = json_get_str(t, "on", S("enter"));
    if (!json_is(v, JSON_STRING))
        return compiler_refuse(c, "/trigger/segment", "name the segment by its id");
    TRY(compiler_code(c, NAME_OBJECT, v->text, "/trigger/segment", &code));
    if (!str_eq(on, S("enter")) && !str_eq(on, S("leave")))
        return compiler_refuse(c, "/trigger/on", "\"on\" is \"enter\" or \"leave\"");
    return put_event(c, t, TRIGGER_SEGMENT, code, own, out);
}

static bool is_scalar(const struct json *j)
{
    return j->type == JSON_STRING || j->type == JSON_NUMBER || j->type == JSON_BOOL ||
           j->type == JSON_NULL;
}

/* A change of an attribute is an event with both sides; null is an attribute that is not there. */
MUST_USE static err attribute_trigger(struct compiler *c, const struct json *t,
                                      const struct json *v, struct own *own, struct buf *out)
{
    static const char *const SIDES[][3] = {{"from", "old", "/trigger/from"},
                                           {"to", "new", "/trigger/to"}};
    TRY(only(c, t, "/trigger", "attribute from to where key max_late"));
    if (!json_is(v, JSON_STRING) || v->text.n == 0)
        return compiler_refuse(c, "/trigger/attribute", "name the attribute");
    put_own(own, "name", "=", v);
    for (u32 i = 0; i < COUNT_OF(SIDES); i++) {
        const struct json *side = json_get(t, SIDES[i][0]);
        if (!side) continue;
        if (!is_scalar(side))
            return compiler_refuse(c, SIDES[i][2],
                                   "give one value: a text, a number, true, false, or null for "
                                   "none");
        bool none = side->type == JSON_NULL;
        put_own(own, SIDES[i][1], none ? "missing" : "=", none ? NULL : side);
    }
    return put_event(c, t, TRIGGER_EVENT, EVENT_ATTRIBUTE_CHANGED, own, out);
}

/* A tag that is written again with another expiry has an old side: it was not added. */
MUST_USE static err tag_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                struct own *own, struct buf *out)
{
    str on = json_get_str(t, "on", S("added"));
    bool removed = str_eq(on, S("removed"));
    TRY(only(c, t, "/trigger", "tag on max_late"));
    if (!json_is(v, JSON_STRING) || v->text.n == 0 || str_eq(v->text, S("/*")))
        return compiler_refuse(c, "/trigger/tag", "name the tag, or its subtree: \"Interest/*\"");
    if (!removed && !str_eq(on, S("added")))
        return compiler_refuse(c, "/trigger/on", "\"on\" is \"added\" or \"removed\"");
    if (str_ends(v->text, S("/*")))
        put_own_text(own, "name", "starts_with", str_slice(v->text, 0, v->text.n - 1));
    else
        put_own(own, "name", "=", v);
    if (!removed) put_own(own, "old", "missing", NULL);
    return put_event(c, t, TRIGGER_EVENT, removed ? EVENT_TAG_REMOVED : EVENT_TAG_ADDED, own, out);
}

/* Stage Changed says which model, and both sides. */
MUST_USE static err stage_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                  struct own *own, struct buf *out)
{
    const struct json *in = json_get(t, "in"), *from = json_get(t, "from");
    char name[NAME_BYTES_MAX + 1];
    TRY(only(c, t, "/trigger", "stage in from max_late"));
    if (!json_is(v, JSON_STRING)) return compiler_refuse(c, "/trigger/stage", "name the stage");
    if (in && !json_is(in, JSON_STRING))
        return compiler_refuse(c, "/trigger/in", "name the model of stages");
    str model = in ? in->text : S("default");
    str list = predicate_stage_list(model, v->text, name);
    if (list.n == 0 || (c->context.known && !c->context.known(c->context.ctx, "stage", list)))
        return compiler_refuse(c, "/trigger/stage", "there is no such stage in this model");
    if (from && !json_is(from, JSON_STRING) && !json_is(from, JSON_NULL))
        return compiler_refuse(c, "/trigger/from", "name the stage before, or null for none");
    put_own_text(own, "name", "=", model);
    put_own(own, "new", "=", v);
    if (from)
        put_own(own, "old", from->type == JSON_NULL ? "missing" : "=",
                from->type == JSON_NULL ? NULL : from);
    return put_event(c, t, TRIGGER_EVENT, EVENT_STAGE_CHANGED, own, out);
}

/* A crossing is the entering of a rule of its own, which publishing makes (engine/publish.c). */
MUST_USE static err score_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                  struct own *own, struct buf *out)
{
    char name[NAME_BYTES_MAX + 1];
    u32 code;
    TRY(only(c, t, "/trigger", "score op value max_late"));
    if (!json_is(v, JSON_STRING) ||
        (c->context.known && !c->context.known(c->context.ctx, "score", v->text)))
        return compiler_refuse(c, "/trigger/score", "there is no score of this id");
    str crossing = predicate_crossing(t, name);
    if (crossing.n == 0)
        return compiler_refuse(c, "/trigger",
                               "say which crossing: \"op\" is >=, >, <= or <, \"value\" a number");
    TRY(compiler_code(c, NAME_OBJECT, crossing, "/trigger/score", &code));
    return put_event(c, t, TRIGGER_SEGMENT, code, own, out);
}

MUST_USE static err api_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                struct own *own, struct buf *out)
{
    TRY(only(c, t, "/trigger", "api where key max_late"));
    if (!json_is(v, JSON_STRING) && v->type != JSON_BOOL)
        return compiler_refuse(c, "/trigger/api", "give it a name, for those who call it");
    put_own_text(own, "journey", "=", c->id);
    return put_event(c, t, TRIGGER_EVENT, EVENT_JOURNEY_REQUESTED, own, out);
}

MUST_USE static err form_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                 struct own *own, struct buf *out)
{
    TRY(only(c, t, "/trigger", "form where key max_late"));
    if (!json_is(v, JSON_STRING) || v->text.n == 0)
        return compiler_refuse(c, "/trigger/form", "name the form by its id");
    put_own(own, "form", "=", v);
    return put_event(c, t, TRIGGER_EVENT, EVENT_FORM_SUBMITTED, own, out);
}

MUST_USE static err inbound_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                    struct own *own, struct buf *out)
{
    str channel = json_get_str(v, "channel", S("")), word = json_get_str(v, "keyword", S(""));
    TRY(only(c, t, "/trigger", "inbound where key max_late"));
    if (!json_is(v, JSON_OBJECT))
        return compiler_refuse(c, "/trigger/inbound",
                               "say which messages: {\"channel\": \"sms\", \"keyword\": \"YES\"}");
    TRY(only(c, v, "/trigger/inbound", "channel keyword"));
    if (json_get(v, "channel") && !names_find(c->j->names, NAME_CHANNEL, channel))
        return compiler_refuse(c, "/trigger/inbound/channel",
                               "name the channel: email, sms, wechat, wecom…");
    if (json_get(v, "keyword") && str_trim(word).n == 0)
        return compiler_refuse(c, "/trigger/inbound/keyword",
                               "give the word they write, as a text");
    if (channel.n) put_own_text(own, "channel", "=", channel);
    TRY(put_event(c, t, TRIGGER_INBOUND, EVENT_MESSAGE_RECEIVED, own, out));
    buf_str_varint(out, str_trim(word));
    return ERR_OK;
}

MUST_USE static err journey_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                    struct own *own, struct buf *out)
{
    TRY(only(c, t, "/trigger", "journey"));
    if (v->type != JSON_BOOL || !json_get_bool(t, "journey", false))
        return compiler_refuse(c, "/trigger/journey",
                               "{\"journey\": true}: other journeys hand over to it");
    return put_event(c, t, TRIGGER_JOURNEY, 0, own, out);
}

/* ---- by the calendar ---- */

err compiler_days(struct compiler *c, const struct json *j, const char *at, i32 *days)
{
    if (!j || (json_is(j, JSON_STRING) && offset_parse(j->text, days) == ERR_OK &&
               *days >= -DATE_DAYS_MAX && *days <= DATE_DAYS_MAX))
        return ERR_OK;
    return compiler_refuse(
        c, at,
        "give calendar days before or after the date: \"-3d\", \"0d\", \"1w\"; at "
        "most 100 years");
}

err compiler_clock(struct compiler *c, const struct json *j, const char *at, i64 *ms)
{
    *ms = 9 * HOUR;
    if (j && (!json_is(j, JSON_STRING) || clock_parse(j->text, ms) != ERR_OK))
        return compiler_refuse(c, at, "give a time of the day: \"09:00\"");
    return ERR_OK;
}

MUST_USE static err date_members(struct compiler *c, const struct json *t)
{
    static const char *const MEMBERS[] = {"date", "anniversary", "lunar",       "offset",
                                          "at",   "zone",        "repeat_until"};
    for (const struct json *m = t->child; m; m = m->next) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(MEMBERS); i++) known |= str_eq(m->key, str_of(MEMBERS[i]));
        if (!known)
            return compiler_refuse(
                c, "/trigger",
                "a date has no more than \"anniversary\", \"lunar\", \"offset\", "
                "\"at\", \"zone\" and \"repeat_until\"");
        bool flag = str_eq(m->key, S("anniversary")) || str_eq(m->key, S("lunar"));
        if (flag && m->type != JSON_BOOL)
            return compiler_refuse(c, "/trigger",
                                   "\"anniversary\" and \"lunar\" are true or false");
    }
    return ERR_OK;
}

/* The moments lie on the days from `offset` to `repeat_until` after the date: those on which the
 * date, seen from the day, is so many days ahead. */
MUST_USE static err date_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                 struct own *own, struct buf *out)
{
    (void)own;
    if (!json_is(v, JSON_STRING))
        return compiler_refuse(c, "/trigger/date", "name the attribute that has the date");
    i32 from = 0, to;
    i64 clock_ms;
    TRY(date_members(c, t));
    TRY(compiler_days(c, json_get(t, "offset"), "/trigger/offset", &from));
    to = from;
    TRY(compiler_days(c, json_get(t, "repeat_until"), "/trigger/repeat_until", &to));
    if (to < from || to - from >= REPEAT_DAYS_MAX)
        return compiler_refuse(c, "/trigger/repeat_until",
                               "the last day comes after \"offset\", and within a year of it");
    TRY(compiler_clock(c, json_get(t, "at"), "/trigger/at", &clock_ms));
    struct buf days;
    struct diag inner = {0};
    buf_init(&days, 1 << 16);
    c->context.place = PREDICATE_SEGMENT;
    err e = predicate_compile_days(t, -to, -from, &c->context, &days, &inner);
    if (e != ERR_OK) {
        char path[240];
        snprintf(path, sizeof path, "/trigger%s", inner.path);
        e = diag_at(c->why, e, str_of(path), "%s", inner.message);
    }
    buf_byte(out, TRIGGER_DATE);
    buf_varint(out, 0);
    buf_byte(out, 0);
    buf_str_varint(out, buf_str(&days));
    buf_clear(&days);
    buf_varint(out, 0);
    buf_zigzag(out, NEVER);
    buf_str_varint(out, json_get_str(t, "date", S("")));
    buf_zigzag(out, clock_ms);
    return e;
}

MUST_USE static err schedule_zone(struct compiler *c, const struct json *v, struct schedule *s)
{
    const struct json *zone = json_get(v, "zone");
    if (!zone) return ERR_OK;
    s->of_customer = json_is(zone, JSON_STRING) && str_eq(zone->text, S("customer"));
    if (s->of_customer) return ERR_OK;
    if (!json_is(zone, JSON_STRING) || !zone_name_valid(zone->text))
        return compiler_refuse(c, "/trigger/schedule/zone",
                               "write \"customer\" or a zone like \"Asia/Shanghai\"");
    if (c->context.known && !c->context.known(c->context.ctx, "zone", zone->text))
        return compiler_refuse(c, "/trigger/schedule/zone", "there is no zone of this name");
    s->zone = zone->text;
    return ERR_OK;
}

MUST_USE static err schedule_time(struct compiler *c, const struct json *v, struct schedule *s)
{
    const struct json *at = json_get(v, "at"), *cron = json_get(v, "cron");
    iso_time t;
    struct diag why = {0};
    if (!at == !cron)
        return compiler_refuse(c, "/trigger/schedule",
                               "say when: {\"at\": \"2026-11-11T10:00\"} or {\"cron\": \"0 9 * * "
                               "mon\"}");
    if (cron) {
        s->is_cron = true;
        if (!json_is(cron, JSON_STRING) || cron_parse(cron->text, &s->cron, &why) != ERR_OK)
            return compiler_refuse(c, "/trigger/schedule/cron",
                                   why.message[0] ? why.message : "give the pattern as a text");
        return ERR_OK;
    }
    if (!json_is(at, JSON_STRING) || !iso_parse(at->text, &t) || !t.timed)
        return compiler_refuse(c, "/trigger/schedule/at",
                               "give the day and the time: \"2026-11-11T10:00\"");
    if (t.zoned && s->of_customer)
        return compiler_refuse(c, "/trigger/schedule/at",
                               "in the customer's zone the time has no offset of its own");
    s->is_local = !t.zoned;
    s->at_ms = t.zoned ? iso_ms(&t) : civil_ms(t.local);
    return ERR_OK;
}

MUST_USE static err schedule_trigger(struct compiler *c, const struct json *t, const struct json *v,
                                     struct own *own, struct buf *out)
{
    struct schedule s = {0};
    (void)own;
    TRY(only(c, t, "/trigger", "schedule audience missed"));
    if (!json_is(v, JSON_OBJECT))
        return compiler_refuse(c, "/trigger/schedule", "say when: {\"cron\": \"0 9 * * mon\"}");
    TRY(only(c, v, "/trigger/schedule", "at cron zone missed"));
    str missed = json_get_str(t, "missed", json_get_str(v, "missed", S("run")));
    s.skip_missed = str_eq(missed, S("skip"));
    if (!s.skip_missed && !str_eq(missed, S("run")))
        return compiler_refuse(c, "/trigger/missed", "\"missed\" is \"run\" or \"skip\"");
    TRY(schedule_zone(c, v, &s));
    TRY(schedule_time(c, v, &s));
    buf_byte(out, TRIGGER_SCHEDULE);
    buf_varint(out, 0);
    buf_byte(out, 0);
    TRY(compiler_condition(c, json_get(t, "audience"), PREDICATE_SEGMENT, "/trigger/audience",
                           out));
    buf_varint(out, 0);
    buf_zigzag(out, NEVER);
    schedule_put(out, &s);
    return ERR_OK;
}

/* ---- all of them ---- */

static const struct kind {
    const char *word;
    err (*compile)(struct compiler *c, const struct json *t, const struct json *v, struct own *own,
                   struct buf *out);
} KINDS[] = {
    {"event", event_trigger},       {"segment", segment_trigger},     {"date", date_trigger},
    {"schedule", schedule_trigger}, {"attribute", attribute_trigger}, {"tag", tag_trigger},
    {"api", api_trigger},           {"form", form_trigger},           {"inbound", inbound_trigger},
    {"journey", journey_trigger},   {"stage", stage_trigger},         {"score", score_trigger},
};

err compiler_trigger(struct compiler *c, const struct json *t, struct buf *out)
{
    const struct kind *kind = NULL;
    u32 kinds = 0;
    for (u32 i = 0; i < COUNT_OF(KINDS); i++)
        if (json_get(t, KINDS[i].word)) kind = &KINDS[i], kinds++;
    if (kinds != 1)
        return compiler_refuse(
            c, "/trigger",
            "say what starts the journey, with one of event, segment, attribute, tag, stage, "
            "score, date, schedule, api, form, inbound and journey");
    struct own own = {.arena = arena_new(), .all = {.type = JSON_ARRAY}};
    err e = kind->compile(c, t, json_get(t, kind->word), &own, out);
    arena_free(own.arena);
    return e;
}
