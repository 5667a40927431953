/* compile.c — a segment as people write it, checked: what it names is there, no cycle, live. */
#include "segment/inside.h"

#include <stdio.h>

static bool known(void *ctx, const char *kind, str id)
{
    const struct segments *sg = ctx;
    if (strcmp(kind, "zone") == 0) return !sg->zone_known || sg->zone_known(sg->zone_ctx, id);
    u32 code = names_find(sg->names, NAME_OBJECT, id);
    if (strcmp(kind, "score") == 0) return score_exists(sg, code);
    if (strcmp(kind, "segment") != 0 && strcmp(kind, "stage") != 0) return true;
    return segment_exists(sg, code);
}

struct search {
    const struct segments *sg;
    u32 target;
    bool seen[SEGMENT_RULES_MAX];
    u32 path[SEGMENT_RULES_MAX + 1];
    u32 length;
};

/* Leads what rule `code` names, directly or not, to the target? The path stays in `s`. */
static bool leads_back(struct search *s, u32 code)
{
    s->path[s->length++] = code;
    if (code == s->target) return true;
    i32 i = rule_index(s->sg, code);
    if (i >= 0 && !s->seen[i]) {
        s->seen[i] = true;
        const struct predicate_inputs *in = predicate_inputs(s->sg->rules[i]->p);
        for (u32 k = 0; k < in->segment_count; k++)
            if (leads_back(s, in->segments[k])) return true;
    }
    s->length--;
    return false;
}

MUST_USE static err refuse_cycle(const struct search *s, struct diag *why)
{
    char text[200];
    size_t n = 0;
    for (u32 i = 0; i < s->length; i++) {
        str name = names_text(s->sg->names, NAME_OBJECT, s->path[i]);
        int more = snprintf(text + n, sizeof text - n, " → %.*s", STR_ARG(name));
        n = min_size(n + (size_t)more, sizeof text - 1);
    }
    str first = names_text(s->sg->names, NAME_OBJECT, s->target);
    return diag_at(why, ERR_REFUSED, S("/if"),
                   "the segments would name each other in a circle: %.*s%s", STR_ARG(first), text);
}

MUST_USE static err check_cycle(const struct segments *sg, u32 code, const struct predicate *p,
                                struct diag *why)
{
    const struct predicate_inputs *in = predicate_inputs(p);
    struct search s = {.sg = sg, .target = code};
    for (u32 i = 0; i < in->segment_count; i++)
        if (leads_back(&s, in->segments[i])) return refuse_cycle(&s, why);
    return ERR_OK;
}

MUST_USE static err check_rule(struct segments *sg, u32 code, str bytes, struct diag *why)
{
    struct arena *arena = arena_new();
    struct predicate *p;
    err e = predicate_load(bytes, arena, &p);
    MUST(e == ERR_OK);
    if (predicate_live_class(p) == PREDICATE_DAILY)
        e = diag_at(why, ERR_REFUSED, S("/if"), "%.*s", STR_ARG(predicate_class_reason(p)));
    else
        e = check_cycle(sg, code, p, why);
    arena_free(arena);
    if (e != ERR_OK) return e;
    e = rules_try(sg, &code, &bytes, 1);
    MUST(segments_order(sg));
    return e == ERR_OK ? e
                       : diag_at(why, ERR_REFUSED, S("/if"),
                                 "a tag, stage or level it asks for depends on this segment");
}

MUST_USE static err condition(struct segments *sg, const struct json *j, const struct zone *zone,
                              const char *at, struct buf *out, struct diag *why)
{
    struct diag inner = {0};
    struct predicate_context pc = {.names = sg->names,
                                   .customers = sg->customers,
                                   .zone = zone,
                                   .place = PREDICATE_SEGMENT,
                                   .known = known,
                                   .ctx = sg};
    err e = predicate_compile(j, &pc, out, &inner);
    if (e == ERR_OK || inner.code == ERR_OK) return e;
    char path[sizeof inner.path + 64];
    snprintf(path, sizeof path, "%s%s", at, inner.path);
    return diag_at(why, e, str_of(path), "%s", inner.message);
}

err rule_compile(struct segments *sg, const struct json *j, const struct zone *zone,
                 const char *path, struct buf *out, struct diag *why)
{
    struct arena *arena = arena_new();
    struct predicate *p;
    size_t start = out->n;
    err e = condition(sg, j, zone, path, out, why);
    if (e == ERR_OK) {
        MUST(predicate_load((str){out->p + start, out->n - start}, arena, &p) == ERR_OK);
        if (predicate_live_class(p) == PREDICATE_DAILY)
            e = diag_at(why, ERR_REFUSED, str_of(path), "%.*s", STR_ARG(predicate_class_reason(p)));
    }
    arena_free(arena);
    return e;
}

err segment_compile(struct segments *sg, const struct json *j, const struct zone *zone,
                    struct buf *compiled, struct diag *why)
{
    u32 code;
    size_t start = compiled->n;
    str id = json_get_str(j, "id", (str){0});
    if (!json_is(j, JSON_OBJECT))
        return diag_set(why, ERR_REFUSED, "a segment is an object, {\"id\":…,\"if\":…}");
    if (id.n == 0 || id.n > NAME_BYTES_MAX)
        return diag_at(why, ERR_REFUSED, S("/id"), "a segment has an id of 1 to %d bytes",
                       NAME_BYTES_MAX);
    TRY(names_code(sg->names, NAME_OBJECT, id, &code));
    const struct json *rule = json_get(j, "if");
    if (!rule) return ERR_OK;
    if (!segment_predicate(sg, code) && sg->rule_count == SEGMENT_RULES_MAX)
        return diag_set(why, ERR_LIMIT,
                        "there are %d live segments already; remove one, or keep this as a list",
                        SEGMENT_RULES_MAX);
    TRY(condition(sg, rule, zone, "/if", compiled, why));
    return check_rule(sg, code, (str){compiled->p + start, compiled->n - start}, why);
}
