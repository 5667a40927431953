#include "server/circles.h"

enum { JOURNEYS_MAX = 2000, ARMS_DEEP_MAX = 32 };

/* ---- steps ---- */

struct walk {
    bool (*each)(void *ctx, const struct json *step);
    void *ctx;
};

static bool walk_steps(const struct walk *w, const struct json *steps, u32 deep)
{
    static const char *const ARMS[] = {"branch", "split", "arms"};
    for (const struct json *s = steps ? steps->child : NULL; s; s = s->next) {
        if (!json_is(s, JSON_OBJECT)) continue;
        if (!w->each(w->ctx, s)) return false;
        for (u32 i = 0; i < COUNT_OF(ARMS) && deep < ARMS_DEEP_MAX; i++) {
            const struct json *arms = json_get(s, ARMS[i]);
            for (const struct json *a = json_is(arms, JSON_ARRAY) ? arms->child : NULL; a;
                 a = a->next)
                if (!walk_steps(w, json_get(a, "steps"), deep + 1)) return false;
        }
    }
    return true;
}

void steps_each(const struct json *steps, bool (*each)(void *ctx, const struct json *step),
                void *ctx)
{
    struct walk w = {each, ctx};
    if (json_is(steps, JSON_ARRAY)) (void)walk_steps(&w, steps, 0);
}

/* ---- what begins what ---- */

struct published {
    str id;
    const struct json *journey;
    u32 from; /* whose step leads here; UINT32_MAX: not reached */
    str by;
};
struct search {
    struct call *c;
    struct published *all;
    u32 count;
    /* of the pair at hand */
    const struct json *trigger;
    str id, by;
};

/* "A" is A alone; with a slash and a star behind it, what is below it. */
static bool tag_fits(str pattern, str tag)
{
    size_t n = pattern.n;
    if (n < 2 || pattern.p[n - 1] != '*' || pattern.p[n - 2] != '/') return str_eq(pattern, tag);
    return str_starts(tag, str_slice(pattern, 0, n - 1));
}

static bool same_value(const struct json *wanted, const struct json *given)
{
    return !wanted || (given && wanted->type == given->type && str_eq(wanted->text, given->text) &&
                       wanted->boolean == given->boolean);
}

/* Does the condition ask this anywhere? */
static bool asks(const struct json *rule, const char *member, str name, u32 deep)
{
    if (!rule || deep > ARMS_DEEP_MAX) return false;
    str asked = json_get_str(rule, member, (str){0});
    if (asked.n && (member[0] == 't' ? tag_fits(asked, name) : str_eq(asked, name))) return true;
    for (const struct json *x = rule->child; x; x = x->next)
        if (asks(x, member, name, deep + 1)) return true;
    return false;
}

/* The trigger hears of it: as such, or by a segment whose rule asks for it. */
static bool hears(struct search *s, const char *member, str name)
{
    struct call *c = s->c;
    const struct json *segment;
    str own = json_get_str(s->trigger, member, (str){0}),
        id = json_get_str(s->trigger, "segment", (str){0});
    if (own.n) return member[0] == 't' ? tag_fits(own, name) : str_eq(own, name);
    if (!id.n) return false;
    str source = engine_object(c->server->engine, OBJECT_SEGMENT, id, NULL);
    if (!source.n || json_parse(arena_str(c->arena, source), c->arena, &segment, NULL) != ERR_OK)
        return false;
    return asks(json_get(segment, "if"), member, name, 0);
}

static void note(struct search *s, const char *kind, str name)
{
    if (!s->by.n) s->by = arena_printf(s->c->arena, "%s %.*s", kind, STR_ARG(name));
}

static void look_at_maps(struct search *s, const struct json *step)
{
    const struct json *set = json_get(step, "set"), *score = json_get(step, "score");
    for (const struct json *m = json_is(set, JSON_OBJECT) ? set->child : NULL; m; m = m->next)
        if (hears(s, "attribute", m->key) && same_value(json_get(s->trigger, "to"), m))
            note(s, "attribute", m->key);
    for (const struct json *m = json_is(score, JSON_OBJECT) ? score->child : NULL; m; m = m->next)
        if (hears(s, "score", m->key)) note(s, "score", m->key);
}

static bool leads_there(void *ctx, const struct json *step)
{
    struct search *s = ctx;
    str tag = json_get_str(step, "tag", (str){0}), untag = json_get_str(step, "untag", (str){0}),
        stage = json_get_str(step, "stage", (str){0}), to = json_get_str(step, "enter", (str){0}),
        on = json_get_str(s->trigger, "on", S("added"));
    bool of_segment = json_get(s->trigger, "segment") != NULL;
    if (tag.n && (of_segment || !str_eq(on, S("removed"))) && hears(s, "tag", tag))
        note(s, "tag", tag);
    if (untag.n && (of_segment || str_eq(on, S("removed"))) && hears(s, "tag", untag))
        note(s, "tag", untag);
    if (stage.n && hears(s, "stage", stage)) note(s, "stage", stage);
    if (to.n && str_eq(to, s->id)) note(s, "enter", to);
    look_at_maps(s, step);
    return !s->by.n;
}

/* By what `from` begins `to`; empty: it does not. */
static str link_of(struct search *s, const struct json *from, str id, const struct json *to)
{
    s->trigger = json_get(to, "trigger");
    s->id = id;
    s->by = (str){0};
    steps_each(json_get(from, "steps"), leads_there, s);
    return s->by;
}

/* ---- the way round ---- */

static void collect(struct search *s, const struct json *own)
{
    struct engine *e = s->c->server->engine;
    u32 *codes = arena_alloc(s->c->arena, JOURNEYS_MAX * sizeof *codes);
    u32 n = min_u32(engine_objects(e, OBJECT_JOURNEY, codes, JOURNEYS_MAX), JOURNEYS_MAX);
    str own_id = json_get_str(own, "id", (str){0});
    s->all = arena_alloc(s->c->arena, (n + 1) * sizeof *s->all);
    s->all[s->count++] = (struct published){own_id, own, UINT32_MAX, {0}};
    for (u32 i = 0; i < n; i++) {
        struct journey_info info;
        struct published p = {.id = names_text(engine_names(e), NAME_OBJECT, codes[i]),
                              .from = UINT32_MAX};
        str source = arena_str(s->c->arena, engine_object(e, OBJECT_JOURNEY, p.id, NULL));
        if (str_eq(p.id, own_id) || !journey_find(engine_journeys(e), p.id, &info) ||
            info.stopped || json_parse(source, s->c->arena, &p.journey, NULL) != ERR_OK)
            continue;
        s->all[s->count++] = p;
    }
}

/* From the last one back to the first, turned round; the first is the journey itself. */
static void give_out(const struct search *s, u32 last, str by, struct circle *out)
{
    u32 way[CIRCLE_LENGTH_MAX], n = 0;
    *out = (struct circle){.by = by};
    for (u32 i = last; i && n < CIRCLE_LENGTH_MAX; i = s->all[i].from) way[n++] = i;
    if (n) out->by = s->all[way[n - 1]].by;
    while (n) out->ids[out->count++] = s->all[way[--n]].id;
}

bool circle_find(struct call *c, const struct json *journey, struct circle *out)
{
    struct search s = {.c = c};
    collect(&s, journey);
    u32 *reached = arena_alloc(c->arena, s.count * sizeof *reached), n = 0;
    reached[n++] = 0;
    for (u32 at = 0; at < n; at++) {
        const struct json *from = s.all[reached[at]].journey;
        str back = link_of(&s, from, s.all[0].id, journey);
        if (back.n) {
            give_out(&s, reached[at], back, out);
            return true;
        }
        for (u32 i = 1; i < s.count; i++) {
            if (s.all[i].from != UINT32_MAX) continue;
            str by = link_of(&s, from, s.all[i].id, s.all[i].journey);
            if (!by.n) continue;
            s.all[i].from = reached[at];
            s.all[i].by = by;
            reached[n++] = i;
        }
    }
    return false;
}
