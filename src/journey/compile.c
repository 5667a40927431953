/* compile.c — a journey's JSON checked and flattened into instructions. Branches rejoin: each arm
 * ends in a jump behind the last. Every refusal names the place as a JSON pointer and says what to
 * do. */
#include "journey/journey_internal.h"

enum { DATE_DAYS_MAX = 36525, REPEAT_DAYS_MAX = 366 };

struct compiler {
    struct journeys *j;
    struct predicate_context context;
    struct buf body; /* the instructions */
    u32 count;
    char path[160];
    struct diag *why;
    const struct json *ids[INSTRUCTIONS_MAX]; /* of steps seen: doubled ids are refused */
    u32 id_count;
};

static err refuse(struct compiler *c, const char *at, const char *sentence)
{
    char path[240];
    snprintf(path, sizeof path, "%s%s", c->path, at);
    return diag_at(c->why, ERR_REFUSED, str_of(path), "%s", sentence);
}

MUST_USE static err code_of(struct compiler *c, name_kind kind, str text, const char *at, u32 *out)
{
    err e = names_code(c->j->names, kind, text, out);
    return e == ERR_OK ? ERR_OK : refuse(c, at, "this name is empty, too long or one too many");
}

MUST_USE static err duration_at(struct compiler *c, const struct json *j, const char *at, i64 *ms,
                                u32 *months)
{
    duration d;
    if (!json_is(j, JSON_STRING) || duration_parse(j->text, &d) != ERR_OK)
        return refuse(
            c, at, "give a duration such as \"90s\", \"5m\", \"24h\", \"7d\", \"2w\" or \"3mo\"");
    if (d.months && !months) return refuse(c, at, "months cannot be used here, give days");
    *ms = d.ms;
    if (months) *months = d.months;
    return ERR_OK;
}

/* A predicate as a text with its length before it; nothing gives the empty text. */
MUST_USE static err condition(struct compiler *c, const struct json *j, predicate_place place,
                              const char *at, struct buf *out)
{
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    err e = ERR_OK;
    if (j) {
        struct diag inner = {0};
        c->context.place = place;
        e = predicate_compile(j, &c->context, &bytes, &inner);
        if (e != ERR_OK) {
            char path[400];
            snprintf(path, sizeof path, "%s%s%s", c->path, at, inner.path);
            e = diag_at(c->why, e, str_of(path), "%s", inner.message);
        }
    }
    buf_str_varint(out, buf_str(&bytes));
    buf_clear(&bytes);
    return e;
}

/* ---- triggers ---- */

MUST_USE static err event_trigger(struct compiler *c, const struct json *t, struct buf *out)
{
    u32 code = 0, key = 0;
    i64 max_late = HOUR;
    const struct json *event = json_get(t, "event"), *segment = json_get(t, "segment");
    if (event)
        TRY(code_of(c, NAME_EVENT, event->text, "/trigger/event", &code));
    else
        TRY(code_of(c, NAME_OBJECT, segment->text, "/trigger/segment", &code));
    str on = json_get_str(t, "on", S("enter"));
    if (!str_eq(on, S("enter")) && !str_eq(on, S("leave")))
        return refuse(c, "/trigger/on", "\"on\" is \"enter\" or \"leave\"");
    buf_byte(out, event ? TRIGGER_EVENT : TRIGGER_SEGMENT);
    buf_varint(out, code);
    buf_byte(out, str_eq(on, S("leave")));
    TRY(condition(c, json_get(t, "where"), PREDICATE_WHERE, "/trigger/where", out));
    const struct json *key_name = json_get(t, "key");
    if (key_name && (!event || !json_is(key_name, JSON_STRING)))
        return refuse(c, "/trigger/key",
                      "the key is the name of a property of the triggering event");
    if (key_name) TRY(code_of(c, NAME_PROPERTY, key_name->text, "/trigger/key", &key));
    buf_varint(out, key);
    const struct json *late = json_get(t, "max_late");
    if (late) TRY(duration_at(c, late, "/trigger/max_late", &max_late, NULL));
    buf_zigzag(out, max_late);
    return ERR_OK;
}

MUST_USE static err days_at(struct compiler *c, const struct json *j, const char *at, i32 *days)
{
    if (!j || (json_is(j, JSON_STRING) && offset_parse(j->text, days) == ERR_OK &&
               *days >= -DATE_DAYS_MAX && *days <= DATE_DAYS_MAX))
        return ERR_OK;
    return refuse(c, at,
                  "give calendar days before or after the date: \"-3d\", \"0d\", \"1w\"; at "
                  "most 100 years");
}

MUST_USE static err date_members(struct compiler *c, const struct json *t)
{
    static const char *const MEMBERS[] = {"date", "anniversary", "lunar",       "offset",
                                          "at",   "zone",        "repeat_until"};
    for (const struct json *m = t->child; m; m = m->next) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(MEMBERS); i++) known |= str_eq(m->key, str_of(MEMBERS[i]));
        if (!known)
            return refuse(c, "/trigger",
                          "a date has no more than \"anniversary\", \"lunar\", \"offset\", "
                          "\"at\", \"zone\" and \"repeat_until\"");
        bool flag = str_eq(m->key, S("anniversary")) || str_eq(m->key, S("lunar"));
        if (flag && m->type != JSON_BOOL)
            return refuse(c, "/trigger", "\"anniversary\" and \"lunar\" are true or false");
    }
    return ERR_OK;
}

/* The moments lie on the days from `offset` to `repeat_until` after the date: those on which the
 * date, seen from the day, is so many days ahead. */
MUST_USE static err date_trigger(struct compiler *c, const struct json *t, struct buf *out)
{
    i32 from = 0, to;
    i64 clock_ms = 9 * HOUR;
    const struct json *at = json_get(t, "at");
    TRY(date_members(c, t));
    TRY(days_at(c, json_get(t, "offset"), "/trigger/offset", &from));
    to = from;
    TRY(days_at(c, json_get(t, "repeat_until"), "/trigger/repeat_until", &to));
    if (to < from || to - from >= REPEAT_DAYS_MAX)
        return refuse(c, "/trigger/repeat_until",
                      "the last day comes after \"offset\", and within a year of it");
    if (at && (!json_is(at, JSON_STRING) || clock_parse(at->text, &clock_ms) != ERR_OK))
        return refuse(c, "/trigger/at", "give a time of the day: \"09:00\"");
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

MUST_USE static err trigger(struct compiler *c, const struct json *t, struct buf *out)
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
        return refuse(c, "/trigger",
                      "say what starts the journey: {\"event\": …}, {\"segment\": …, \"on\": …} "
                      "or {\"date\": …, \"offset\": …, \"at\": …}");
    return json_get(t, "date") ? date_trigger(c, t, out) : event_trigger(c, t, out);
}

/* ---- entry and exits ---- */

MUST_USE static err again_rule(struct compiler *c, const struct json *again, struct buf *out)
{
    static const char *WORDS[] = {"after_exit", "never", "always", NULL, "per_key"};
    again_kind kind = AGAIN_AFTER_EXIT;
    i64 after = 0;
    if (json_is(again, JSON_OBJECT)) {
        kind = AGAIN_AFTER;
        TRY(duration_at(c, json_get(again, "after"), "/entry/again/after", &after, NULL));
    } else if (again) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(WORDS); i++)
            if (WORDS[i] && json_is(again, JSON_STRING) && str_eq(again->text, str_of(WORDS[i])))
                kind = i, known = true;
        if (!known)
            return refuse(c, "/entry/again",
                          "use never, always, after_exit, per_key or {\"after\": \"30d\"}");
    }
    buf_byte(out, (u8)kind);
    buf_zigzag(out, after);
    return ERR_OK;
}

MUST_USE static err entry(struct compiler *c, const struct json *e, bool keyed, struct buf *out)
{
    str running = json_get_str(e, "running", S("ignore"));
    running_kind kind = RUNNING_IGNORE;
    if (str_eq(running, S("restart")))
        kind = RUNNING_RESTART;
    else if (str_eq(running, S("parallel")))
        kind = RUNNING_PARALLEL;
    else if (!str_eq(running, S("ignore")))
        return refuse(c, "/entry/running", "use ignore, restart or parallel");
    if (!keyed && str_eq(json_get_str(e, "again", S("")), S("per_key")))
        return refuse(c, "/entry/again", "per_key needs a trigger with a \"key\"");
    TRY(condition(c, json_get(e, "if"), PREDICATE_ENTRY, "/entry/if", out));
    TRY(again_rule(c, json_get(e, "again"), out));
    buf_byte(out, (u8)kind);
    return ERR_OK;
}

MUST_USE static err exits(struct compiler *c, const struct json *list, struct buf *out)
{
    if (list && !json_is(list, JSON_ARRAY))
        return refuse(c, "/exit", "\"exit\" is a list of conditions");
    if (list && list->count > EXITS_MAX)
        return refuse(c, "/exit", "give 16 exit conditions at most");
    buf_varint(out, list ? list->count : 0);
    u32 i = 0;
    for (const struct json *e = list ? list->child : NULL; e; e = e->next, i++) {
        char at[32];
        snprintf(at, sizeof at, "/exit/%u", i);
        TRY(condition(c, e, PREDICATE_SCOPED, at, out));
    }
    return ERR_OK;
}

/* ---- steps ---- */

MUST_USE static err emit(struct compiler *c, op o, u32 step)
{
    if (c->count == INSTRUCTIONS_MAX) return refuse(c, "", "the journey has too many steps");
    c->count++;
    buf_byte(&c->body, (u8)o);
    buf_varint(&c->body, step);
    return ERR_OK;
}

MUST_USE static err steps(struct compiler *c, const struct json *list, u32 depth);

MUST_USE static err wait_step(struct compiler *c, const struct json *w, u32 step)
{
    i64 ms;
    u32 months;
    if (!json_get(w, "for")) return refuse(c, "/wait", "say how long: {\"for\": \"2d\"}");
    TRY(duration_at(c, json_get(w, "for"), "/wait/for", &ms, &months));
    TRY(emit(c, OP_WAIT, step));
    buf_zigzag(&c->body, ms);
    buf_varint(&c->body, months);
    return ERR_OK;
}

MUST_USE static err send_step(struct compiler *c, const struct json *s, u32 step)
{
    u32 channel, topic = 0;
    const struct json *ch = json_get(s, "channel"), *template = json_get(s, "template");
    if (!json_is(ch, JSON_STRING) || names_find(c->j->names, NAME_CHANNEL, ch->text) == 0)
        return refuse(c, "/send/channel",
                      "name the channel: email, sms, push, wechat, wecom, alipay…");
    channel = names_find(c->j->names, NAME_CHANNEL, ch->text);
    if (!json_is(template, JSON_STRING) || template->text.n == 0)
        return refuse(c, "/send/template", "name the template that is sent");
    str topic_name = json_get_str(s, "topic", S(""));
    if (topic_name.n) TRY(code_of(c, NAME_TOPIC, topic_name, "/send/topic", &topic));
    TRY(emit(c, OP_SEND, step));
    buf_varint(&c->body, channel);
    buf_str_varint(&c->body, template->text);
    buf_varint(&c->body, topic);
    return condition(c, json_get(s, "if"), PREDICATE_ENTRY, "/send/if", &c->body);
}

static void patch(struct compiler *c, size_t at, u32 target)
{
    if (!c->body.full) memcpy(c->body.p + at, &target, sizeof target);
}

/* if A else next: arm A, jump end; if B else next: arm B, jump end; last arm; end. Targets are four
 * bytes, written when the place they mean has been reached. */
MUST_USE static err branch_step(struct compiler *c, const struct json *arms, u32 step, u32 depth)
{
    size_t to_end[64];
    u32 jumps = 0;
    if (!json_is(arms, JSON_ARRAY) || arms->count == 0 || arms->count > COUNT_OF(to_end))
        return refuse(c, "/branch", "a branch is a list of 1 to 64 arms {\"if\", \"steps\"}");
    for (const struct json *a = arms->child; a; a = a->next) {
        const struct json *test = json_get(a, "if");
        if (!test && (a->next || !json_get_bool(a, "else", false)))
            return refuse(c, "/branch",
                          "every arm but the last has an \"if\"; the last may be {\"else\": true}");
        size_t otherwise = 0;
        if (test) {
            TRY(emit(c, OP_BRANCH, step));
            TRY(condition(c, test, PREDICATE_ENTRY, "/branch/if", &c->body));
            otherwise = c->body.n;
            buf_u32(&c->body, 0);
        }
        TRY(steps(c, json_get(a, "steps"), depth + 1));
        if (!test) continue;
        TRY(emit(c, OP_JUMP, step));
        to_end[jumps++] = c->body.n;
        buf_u32(&c->body, 0);
        patch(c, otherwise, c->count);
    }
    for (u32 i = 0; i < jumps; i++) patch(c, to_end[i], c->count);
    return ERR_OK;
}

MUST_USE static err step_id(struct compiler *c, const struct json *s, u32 index, u32 *code)
{
    const struct json *id = json_get(s, "id");
    char made[32];
    str text = id && id->type == JSON_STRING ? id->text : (str){0};
    for (u32 i = 0; id && i < c->id_count; i++)
        if (str_eq(c->ids[i]->text, text))
            return refuse(c, "/id", "another step has this id already");
    if (id && c->id_count < COUNT_OF(c->ids)) c->ids[c->id_count++] = id;
    snprintf(made, sizeof made, "step-%u", index + 1);
    return code_of(c, NAME_OBJECT, text.n ? text : str_of(made), "/id", code);
}

MUST_USE static err one_step(struct compiler *c, const struct json *s, u32 index, u32 depth)
{
    u32 step;
    TRY(step_id(c, s, index, &step));
    if (json_get(s, "wait")) return wait_step(c, json_get(s, "wait"), step);
    if (json_get(s, "send")) return send_step(c, json_get(s, "send"), step);
    if (json_get(s, "branch")) return branch_step(c, json_get(s, "branch"), step, depth);
    if (json_get(s, "end")) {
        TRY(emit(c, OP_END, step));
        buf_str_varint(&c->body, json_get_str(s, "end", S("")));
        return ERR_OK;
    }
    return refuse(c, "", "this step is none that this version knows: wait, send, branch, end");
}

MUST_USE static err steps(struct compiler *c, const struct json *list, u32 depth)
{
    if (depth > STEPS_DEPTH_MAX) return refuse(c, "", "branches are nested too deep");
    if (list && !json_is(list, JSON_ARRAY)) return refuse(c, "/steps", "\"steps\" is a list");
    size_t here = strlen(c->path);
    u32 i = 0;
    for (const struct json *s = list ? list->child : NULL; s; s = s->next, i++) {
        snprintf(c->path + here, sizeof c->path - here, "/steps/%u", i);
        TRY(one_step(c, s, c->id_count, depth));
        c->path[here] = 0;
    }
    return ERR_OK;
}

/* ---- the whole ---- */

MUST_USE static err percent_at(struct compiler *c, const struct json *release, const char *name,
                               u32 otherwise, u32 *out)
{
    const struct json *p = json_get(release, name);
    fixed f;
    *out = otherwise;
    if (!p) return ERR_OK;
    if (p->type != JSON_NUMBER || fixed_parse(p->text, &f) != ERR_OK || f < 0 ||
        f > 100 * FIXED_ONE)
        return refuse(c, "/release", "a percentage is a number from 0 to 100");
    *out = (u32)(f / 100);
    return ERR_OK;
}

MUST_USE static err head(struct compiler *c, const struct json *j, struct buf *out)
{
    static const char *CATEGORIES[] = {"promotion", "service", "transactional"};
    str id = json_get_str(j, "id", S(""));
    str category_name = json_get_str(json_get(j, "policy"), "category", S("promotion"));
    u32 kind = COUNT_OF(CATEGORIES), percent, holdout;
    for (u32 i = 0; i < COUNT_OF(CATEGORIES); i++)
        if (str_eq(category_name, str_of(CATEGORIES[i]))) kind = i;
    if (id.n == 0) return refuse(c, "/id", "a journey needs an id");
    if (kind == COUNT_OF(CATEGORIES))
        return refuse(c, "/policy/category", "use promotion, service or transactional");
    buf_byte(out, 1);
    buf_str_varint(out, id);
    buf_byte(out, (u8)kind);
    buf_byte(out, kind == CATEGORY_TRANSACTIONAL ? LANE_TRANSACTIONAL : LANE_TRIGGERED);
    TRY(trigger(c, json_get(j, "trigger"), out));
    TRY(entry(c, json_get(j, "entry"), json_get(json_get(j, "trigger"), "key"), out));
    TRY(exits(c, json_get(j, "exit"), out));
    const struct json *release = json_get(j, "release");
    TRY(percent_at(c, release, "percent", 10000, &percent));
    TRY(percent_at(c, release, "holdout", 0, &holdout));
    buf_varint(out, percent);
    buf_varint(out, holdout);
    return ERR_OK;
}

err journey_compile(struct journeys *j, const struct json *source, const struct zone *zone,
                    struct buf *compiled, struct diag *why)
{
    struct compiler *c = mem_zalloc(sizeof *c);
    *c = (struct compiler){.j = j, .why = why};
    c->context = (struct predicate_context){.names = j->names,
                                            .customers = j->customers,
                                            .zone = zone,
                                            .known = j->host.known,
                                            .ctx = j->host.ctx};
    buf_init(&c->body, 1 << 20);
    err e = json_is(source, JSON_OBJECT) ? head(c, source, compiled)
                                         : refuse(c, "", "a journey is a JSON object");
    if (e == ERR_OK && !json_is(json_get(source, "steps"), JSON_ARRAY))
        e = refuse(c, "/steps", "a journey needs steps");
    if (e == ERR_OK) e = steps(c, json_get(source, "steps"), 0);
    buf_varint(compiled, c->count);
    buf_put(compiled, buf_str(&c->body));
    buf_clear(&c->body);
    free(c);
    return e == ERR_OK && compiled->full ? diag_set(why, ERR_LIMIT, "the journey is too large") : e;
}
