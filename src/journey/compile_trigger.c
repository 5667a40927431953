/* compile_trigger.c — what starts a journey, checked and encoded. */
#include "journey/compiler.h"

enum { DATE_DAYS_MAX = 36525, REPEAT_DAYS_MAX = 366 };

MUST_USE static err event_trigger(struct compiler *c, const struct json *t, struct buf *out)
{
    u32 code = 0, key = 0;
    i64 max_late = HOUR;
    const struct json *event = json_get(t, "event"), *segment = json_get(t, "segment");
    if (event)
        TRY(compiler_code(c, NAME_EVENT, event->text, "/trigger/event", &code));
    else
        TRY(compiler_code(c, NAME_OBJECT, segment->text, "/trigger/segment", &code));
    str on = json_get_str(t, "on", S("enter"));
    if (!str_eq(on, S("enter")) && !str_eq(on, S("leave")))
        return compiler_refuse(c, "/trigger/on", "\"on\" is \"enter\" or \"leave\"");
    buf_byte(out, event ? TRIGGER_EVENT : TRIGGER_SEGMENT);
    buf_varint(out, code);
    buf_byte(out, str_eq(on, S("leave")));
    TRY(compiler_condition(c, json_get(t, "where"), PREDICATE_WHERE, "/trigger/where", out));
    const struct json *key_name = json_get(t, "key");
    if (key_name && (!event || !json_is(key_name, JSON_STRING)))
        return compiler_refuse(c, "/trigger/key",
                               "the key is the name of a property of the triggering event");
    if (key_name) TRY(compiler_code(c, NAME_PROPERTY, key_name->text, "/trigger/key", &key));
    buf_varint(out, key);
    const struct json *late = json_get(t, "max_late");
    if (late) TRY(compiler_duration(c, late, "/trigger/max_late", &max_late, NULL));
    buf_zigzag(out, max_late);
    return ERR_OK;
}

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
MUST_USE static err date_trigger(struct compiler *c, const struct json *t, struct buf *out)
{
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

err compiler_trigger(struct compiler *c, const struct json *t, struct buf *out)
{
    static const char *const KINDS[] = {"event", "segment", "date"};
    const struct json *kind = NULL;
    u32 kinds = 0;
    for (u32 i = 0; i < COUNT_OF(KINDS); i++) {
        if (!json_get(t, KINDS[i])) continue;
        kind = json_get(t, KINDS[i]);
        kinds++;
    }
    if (kinds != 1 || !json_is(kind, JSON_STRING))
        return compiler_refuse(
            c, "/trigger",
            "say what starts the journey: {\"event\": …}, {\"segment\": …, \"on\": …} "
            "or {\"date\": …, \"offset\": …, \"at\": …}");
    return json_get(t, "date") ? date_trigger(c, t, out) : event_trigger(c, t, out);
}
