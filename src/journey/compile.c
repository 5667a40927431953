/* compile.c — a journey's JSON checked and encoded: its head, who may enter, when they leave. */
#include "journey/compiler.h"

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

MUST_USE static err again_rule(struct compiler *c, const struct json *again, struct buf *out)
{
    static const char *WORDS[] = {"after_exit", "never", "always", NULL, "per_key"};
    again_kind kind = AGAIN_AFTER_EXIT;
    i64 after = 0;
    if (json_is(again, JSON_OBJECT)) {
        kind = AGAIN_AFTER;
        TRY(compiler_duration(c, json_get(again, "after"), "/entry/again/after", &after, NULL));
    } else if (again) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(WORDS); i++)
            if (WORDS[i] && json_is(again, JSON_STRING) && str_eq(again->text, str_of(WORDS[i])))
                kind = i, known = true;
        if (!known)
            return compiler_refuse(
                c, "/entry/again",
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
        return compiler_refuse(c, "/entry/running", "use ignore, restart or parallel");
    if (!keyed && str_eq(json_get_str(e, "again", S("")), S("per_key")))
        return compiler_refuse(c, "/entry/again", "per_key needs a trigger with a \"key\"");
    TRY(compiler_condition(c, json_get(e, "if"), PREDICATE_ENTRY, "/entry/if", out));
    TRY(again_rule(c, json_get(e, "again"), out));
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

MUST_USE static err head(struct compiler *c, const struct json *j, struct buf *out)
{
    static const char *CATEGORIES[] = {"promotion", "service", "transactional"};
    str id = json_get_str(j, "id", S(""));
    str category_name = json_get_str(json_get(j, "policy"), "category", S("promotion"));
    u32 kind = COUNT_OF(CATEGORIES), percent, holdout;
    for (u32 i = 0; i < COUNT_OF(CATEGORIES); i++)
        if (str_eq(category_name, str_of(CATEGORIES[i]))) kind = i;
    if (id.n == 0) return compiler_refuse(c, "/id", "a journey needs an id");
    if (kind == COUNT_OF(CATEGORIES))
        return compiler_refuse(c, "/policy/category", "use promotion, service or transactional");
    buf_byte(out, 1);
    buf_str_varint(out, id);
    buf_byte(out, (u8)kind);
    buf_byte(out, kind == CATEGORY_TRANSACTIONAL ? LANE_TRANSACTIONAL : LANE_TRIGGERED);
    TRY(compiler_trigger(c, json_get(j, "trigger"), out));
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
    *c = (struct compiler){.j = j, .why = why, .source = source};
    c->context = (struct predicate_context){.names = j->names,
                                            .customers = j->customers,
                                            .zone = zone,
                                            .known = j->host.known,
                                            .ctx = j->host.ctx};
    buf_init(&c->body, 1 << 20);
    err e = json_is(source, JSON_OBJECT) ? head(c, source, compiled)
                                         : compiler_refuse(c, "", "a journey is a JSON object");
    if (e == ERR_OK && !json_is(json_get(source, "steps"), JSON_ARRAY))
        e = compiler_refuse(c, "/steps", "a journey needs steps");
    if (e == ERR_OK) e = compiler_steps(c, json_get(source, "steps"), 0);
    buf_varint(compiled, c->count);
    buf_put(compiled, buf_str(&c->body));
    buf_clear(&c->body);
    free(c);
    return e == ERR_OK && compiled->full ? diag_set(why, ERR_LIMIT, "the journey is too large") : e;
}
