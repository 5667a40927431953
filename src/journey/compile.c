/* compile.c — a journey's JSON checked and encoded: its head, who may enter, when they leave. */
#include "journey/compiler.h"

enum { GOAL_MEMBERS_MAX = 64, PRIORITY_MAX = 1000000 };
/* How long a goal counts that does not say. */
#define GOAL_WITHIN (30 * DAY)

err compiler_refuse(struct compiler *c, const char *at, const char *sentence)
{
    char path[240];
    snprintf(path, sizeof path, "%s%s", c->path, at);
    return diag_at(c->why, ERR_REFUSED, str_of(path), "%s", sentence);
}

err compiler_code(struct compiler *c, name_kind kind, str text, const char *at, u32 *out)
{
    err e = names_code(c->j->names, kind, text, out);
    return e == ERR_OK ? ERR_OK
                       : compiler_refuse(c, at, "this name is empty, too long or one too many");
}

err compiler_word(struct compiler *c, const struct json *j, const char *const *words, u32 count,
                  const char *at, u8 *out)
{
    char list[160] = "use one of";
    *out = 0;
    if (!j) return ERR_OK;
    for (u32 i = 0; i < count; i++) {
        *out = (u8)i;
        if (json_is(j, JSON_STRING) && str_eq(j->text, str_of(words[i]))) return ERR_OK;
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s %s", i ? "," : "", words[i]);
    }
    return compiler_refuse(c, at, list);
}

err compiler_duration(struct compiler *c, const struct json *j, const char *at, i64 *ms,
                      u32 *months)
{
    duration d;
    if (!json_is(j, JSON_STRING) || duration_parse(j->text, &d) != ERR_OK)
        return compiler_refuse(
            c, at, "give a duration such as \"90s\", \"5m\", \"24h\", \"7d\", \"2w\" or \"3mo\"");
    if (d.months && !months) return compiler_refuse(c, at, "months cannot be used here, give days");
    *ms = d.ms;
    if (months) *months = d.months;
    return ERR_OK;
}

err compiler_condition(struct compiler *c, const struct json *j, predicate_place place,
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

/* ---- entry and exits ---- */

/* {"per_key": R} asks R of the entries with the same key only. */
MUST_USE static err again_rule(struct compiler *c, const struct json *again, bool keyed,
                               struct buf *out)
{
    static const char *const WORDS[] = {"after_exit", "never", "always"};
    enum { PER_KEY = 1 << 7 };
    const struct json *of_key = json_get(again, "per_key"), *rule = of_key ? of_key : again;
    bool per_key = of_key != NULL;
    again_kind kind = rule ? AGAIN_PER_KEY : AGAIN_AFTER_EXIT; /* PER_KEY: no such word */
    i64 after = 0;
    const char *at = of_key ? "/entry/again/per_key" : "/entry/again";
    if (!of_key && json_is(again, JSON_STRING) && str_eq(again->text, S("per_key"))) {
        per_key = true;
        kind = AGAIN_NEVER;
    } else if (json_is(rule, JSON_OBJECT)) {
        kind = AGAIN_AFTER;
        TRY(compiler_duration(c, json_get(rule, "after"), at, &after, NULL));
    } else if (json_is(rule, JSON_STRING)) {
        for (u32 i = 0; i < COUNT_OF(WORDS); i++)
            if (str_eq(rule->text, str_of(WORDS[i]))) kind = (again_kind)i;
    }
    if (kind == AGAIN_PER_KEY)
        return compiler_refuse(c, at,
                               "use never, always, after_exit, {\"after\": \"30d\"}, per_key or "
                               "{\"per_key\": one of these}");
    if (per_key && !keyed)
        return compiler_refuse(c, "/entry/again", "per_key needs a trigger with a \"key\"");
    buf_byte(out, (u8)(kind | (per_key ? PER_KEY : 0)));
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
        return compiler_refuse(c, "/entry/running", "use ignore, restart or parallel");
    TRY(compiler_condition(c, json_get(e, "if"), PREDICATE_ENTRY, "/entry/if", out));
    TRY(again_rule(c, json_get(e, "again"), keyed, out));
    buf_byte(out, (u8)kind);
    return ERR_OK;
}

MUST_USE static err exits(struct compiler *c, const struct json *list, struct buf *out)
{
    if (list && !json_is(list, JSON_ARRAY))
        return compiler_refuse(c, "/exit", "\"exit\" is a list of conditions");
    if (list && list->count > EXITS_MAX)
        return compiler_refuse(c, "/exit", "give 16 exit conditions at most");
    buf_varint(out, list ? list->count : 0);
    u32 i = 0;
    for (const struct json *e = list ? list->child : NULL; e; e = e->next, i++) {
        char at[32];
        snprintf(at, sizeof at, "/exit/%u", i);
        TRY(compiler_condition(c, e, PREDICATE_SCOPED, at, out));
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
        return compiler_refuse(c, "/release", "a percentage is a number from 0 to 100");
    *out = (u32)(f / 100);
    return ERR_OK;
}

/* What its messages do in quiet hours, and with the same words said twice. */
MUST_USE static err policy(struct compiler *c, const struct json *j, category kind, struct buf *out)
{
    const struct json *policy = json_get(j, "policy"), *dedupe = json_get(policy, "dedupe");
    i64 dedupe_ms = message_rules_of(kind).dedupe_ms;
    quiet_choice choice = QUIET_DEFER;
    str quiet = json_get_str(policy, "quiet", json_get(policy, "quiet") ? S("?") : S("defer"));
    if (str_eq(quiet, S("drop")))
        choice = QUIET_DROP;
    else if (str_eq(quiet, S("ignore")))
        choice = QUIET_IGNORE;
    else if (!str_eq(quiet, S("defer")))
        return compiler_refuse(c, "/policy/quiet", "use defer, drop or ignore");
    if (choice == QUIET_IGNORE && kind == CATEGORY_PROMOTION)
        return compiler_refuse(c, "/policy/quiet",
                               "promotion keeps to quiet hours: use defer or drop");
    if (dedupe) TRY(compiler_duration(c, dedupe, "/policy/dedupe", &dedupe_ms, NULL));
    if (dedupe_ms > CAP_WINDOW_MAX)
        return compiler_refuse(c, "/policy/dedupe", "at most \"31d\" can be looked back");
    buf_byte(out, (u8)choice);
    buf_zigzag(out, dedupe_ms);
    return ERR_OK;
}

MUST_USE static err active_at(struct compiler *c, const struct json *active, const char *name,
                              const char *at, i64 otherwise, i64 *out)
{
    const struct json *m = json_get(active, name);
    iso_time t;
    *out = otherwise;
    if (!m) return ERR_OK;
    if (!json_is(m, JSON_STRING) || !iso_parse(m->text, &t))
        return compiler_refuse(c, at, "give a time: \"2026-06-01T00:00:00+08:00\"");
    *out = t.zoned ? iso_ms(&t) : zone_resolve_iso(c->context.zone, &t);
    return ERR_OK;
}

MUST_USE static err active(struct compiler *c, const struct json *j, struct buf *out)
{
    i64 from, to;
    TRY(active_at(c, j, "from", "/active/from", INT64_MIN, &from));
    TRY(active_at(c, j, "to", "/active/to", NEVER, &to));
    if (from >= to) return compiler_refuse(c, "/active/to", "it ends after it begins");
    buf_zigzag(out, from);
    buf_zigzag(out, to);
    return ERR_OK;
}

/* What becomes of enrolments that run; the step they continue at is checked once all are known. */
MUST_USE static err on_publish(struct compiler *c, const struct json *p, struct buf *out)
{
    static const char *const WORDS[] = {"stay", "move", "restart"};
    str running = json_get_str(p, "running", S("stay")),
        step = json_get_str(p, "continue_at", S(""));
    u32 kind = COUNT_OF(WORDS), code = 0;
    for (u32 i = 0; i < COUNT_OF(WORDS); i++)
        if (str_eq(running, str_of(WORDS[i]))) kind = i;
    if (kind == COUNT_OF(WORDS) || (p && !json_is(p, JSON_OBJECT)))
        return compiler_refuse(c, "/publish/running",
                               "enrolments that run \"stay\", \"move\" or \"restart\"");
    if (kind == PUBLISH_MOVE && step.n == 0)
        return compiler_refuse(c, "/publish/continue_at",
                               "name the step of the new version at which they continue");
    if (kind != PUBLISH_MOVE && json_get(p, "continue_at"))
        return compiler_refuse(c, "/publish/continue_at", "only \"running\": \"move\" asks for it");
    if (step.n) TRY(compiler_code(c, NAME_OBJECT, step, "/publish/continue_at", &code));
    buf_byte(out, (u8)kind);
    buf_varint(out, code);
    c->continue_at = step;
    return ERR_OK;
}

/* `within` of a goal is its time from the enrolment on, `target` the share that is hoped for; what
 * is left is the condition. */
MUST_USE static err goal(struct compiler *c, const struct json *g, struct buf *out)
{
    struct json copy[GOAL_MEMBERS_MAX], top;
    i64 within = GOAL_WITHIN;
    fixed target = 0;
    u32 n = 0;
    if (g && !json_is(g, JSON_OBJECT))
        return compiler_refuse(c, "/goal", "a goal is a condition: {\"did\": \"Order Completed\"}");
    for (const struct json *m = g ? g->child : NULL; m; m = m->next) {
        if (str_eq(m->key, S("within"))) {
            TRY(compiler_duration(c, m, "/goal/within", &within, NULL));
        } else if (str_eq(m->key, S("target"))) {
            if (m->type != JSON_NUMBER || fixed_parse(m->text, &target) != ERR_OK || target < 0 ||
                target > FIXED_ONE)
                return compiler_refuse(c, "/goal/target", "the target is a share from 0 to 1");
        } else if (n < GOAL_MEMBERS_MAX) {
            copy[n++] = *m;
        }
    }
    for (u32 i = 0; i < n; i++) copy[i].next = i + 1 < n ? &copy[i + 1] : NULL;
    if (g) top = *g, top.child = copy, top.count = n;
    if (g && n == 0) return compiler_refuse(c, "/goal", "say what they are to do: {\"did\": …}");
    TRY(compiler_condition(c, g ? &top : NULL, PREDICATE_SCOPED, "/goal", out));
    buf_zigzag(out, within);
    buf_zigzag(out, target);
    return ERR_OK;
}

MUST_USE static err rest(struct compiler *c, const struct json *j, const struct json *how,
                         struct buf *out)
{
    i64 priority = 0;
    const struct json *p = json_get(j, "priority"), *owner = json_get(j, "owner");
    if (p && (p->type != JSON_NUMBER || str_to_i64(p->text, &priority) != ERR_OK ||
              priority < -PRIORITY_MAX || priority > PRIORITY_MAX))
        return compiler_refuse(c, "/priority",
                               "the priority is a whole number; the higher comes first");
    if (owner && !json_is(owner, JSON_STRING))
        return compiler_refuse(c, "/owner", "the owner is named by their id, a text");
    buf_zigzag(out, priority);
    TRY(active(c, json_get(j, "active"), out));
    buf_str_varint(out, owner ? owner->text : S(""));
    TRY(on_publish(c, how ? how : json_get(j, "publish"), out));
    return goal(c, json_get(j, "goal"), out);
}

/* A schedule's messages wait behind those that somebody's doing asked for. */
static lane lane_of(u32 kind, const struct json *trigger)
{
    if (kind == CATEGORY_TRANSACTIONAL) return LANE_TRANSACTIONAL;
    return json_get(trigger, "schedule") ? LANE_BROADCAST : LANE_TRIGGERED;
}

MUST_USE static err head(struct compiler *c, const struct json *j, const struct json *how,
                         struct buf *out)
{
    const struct json *trigger = json_get(j, "trigger");
    category kind;
    u32 percent, holdout;
    c->id = json_get_str(j, "id", S(""));
    if (c->id.n == 0) return compiler_refuse(c, "/id", "a journey needs an id");
    if (!category_named(json_get_str(json_get(j, "policy"), "category", S("promotion")), &kind))
        return compiler_refuse(c, "/policy/category", "use promotion, service or transactional");
    buf_byte(out, 2);
    buf_str_varint(out, c->id);
    buf_byte(out, (u8)kind);
    buf_byte(out, (u8)lane_of(kind, trigger));
    TRY(compiler_trigger(c, trigger, out));
    TRY(entry(c, json_get(j, "entry"), json_get(trigger, "key"), out));
    TRY(exits(c, json_get(j, "exit"), out));
    const struct json *release = json_get(j, "release");
    TRY(percent_at(c, release, "percent", 10000, &percent));
    TRY(percent_at(c, release, "holdout", 0, &holdout));
    buf_varint(out, percent);
    buf_varint(out, holdout);
    TRY(policy(c, j, kind, out));
    return rest(c, j, how, out);
}

/* Is there the step at which enrolments are to continue? */
static bool has_step(const struct compiler *c)
{
    for (u32 i = 0; i < c->id_count; i++)
        if (str_eq(c->ids[i]->text, c->continue_at)) return true;
    return c->continue_at.n == 0;
}

err journey_compile_as(struct journeys *j, const struct json *source, const struct json *how,
                       const struct zone *zone, struct buf *compiled, struct diag *why)
{
    struct compiler *c = mem_zalloc(sizeof *c);
    *c = (struct compiler){.j = j, .why = why, .source = source};
    c->context = (struct predicate_context){.names = j->names,
                                            .customers = j->customers,
                                            .zone = zone,
                                            .known = j->host.known,
                                            .ctx = j->host.ctx};
    buf_init(&c->body, 1 << 20);
    err e = json_is(source, JSON_OBJECT) ? head(c, source, how, compiled)
                                         : compiler_refuse(c, "", "a journey is a JSON object");
    if (e == ERR_OK && !json_is(json_get(source, "steps"), JSON_ARRAY))
        e = compiler_refuse(c, "/steps", "a journey needs steps");
    if (e == ERR_OK) e = compiler_steps(c, json_get(source, "steps"), 0);
    if (e == ERR_OK && !has_step(c))
        e = compiler_refuse(c, "/publish/continue_at", "the new version has no step of this id");
    buf_varint(compiled, c->count);
    buf_put(compiled, buf_str(&c->body));
    buf_clear(&c->body);
    free(c);
    return e == ERR_OK && compiled->full ? diag_set(why, ERR_LIMIT, "the journey is too large") : e;
}

err journey_compile(struct journeys *j, const struct json *source, const struct zone *zone,
                    struct buf *compiled, struct diag *why)
{
    return journey_compile_as(j, source, NULL, zone, compiled, why);
}
