/* route_states.c — tags by rule, lifecycle stages, scores and levels as configuration objects: one
 * set of handlers, the address says which. */
#include "server/publish.h"

#include "segment/score.h"
#include "segment/standing.h"

/* What is different between them. */
static const struct resource {
    const char *path, *word;
    object_kind kind;
} RESOURCES[] = {{"/api/v1/tags", "tag", OBJECT_TAG},
                 {"/api/v1/stages", "stages", OBJECT_STAGES},
                 {"/api/v1/scores", "score", OBJECT_SCORE},
                 {"/api/v1/levels", "levels", OBJECT_LEVELS}};

static const struct resource *resource_of(const struct call *c)
{
    for (u32 i = 0; i < COUNT_OF(RESOURCES); i++)
        if (str_starts(c->req->path, str_of(RESOURCES[i].path))) return &RESOURCES[i];
    return &RESOURCES[0];
}

static standing_kind standing_kind_of(object_kind kind)
{
    return kind == OBJECT_TAG      ? STANDING_TAG
           : kind == OBJECT_STAGES ? STANDING_STAGES
                                   : STANDING_LEVELS;
}

/* How many are at each stage or level, or have the tag by its rule; and whether every rule has
 * passed everybody. */
static void put_standing(struct call *c, const struct standing *st)
{
    struct segments *sg = engine_segments(c->server->engine);
    bool complete = true;
    for (u32 i = 0; i < st->count; i++)
        complete &= !st->rungs[i].rule || segment_cursor(sg, st->rungs[i].rule) >= PERSONAS_MAX;
    if (st->kind == STANDING_TAG) {
        json_put_kv_i64(&c->out, S("members"), segment_count(sg, st->rungs[0].list));
    } else {
        json_put_key(&c->out, S("members"));
        buf_byte(&c->out, '{');
        for (u32 i = 0; i < st->count; i++)
            json_put_kv_i64(&c->out, st->rungs[i].id, segment_count(sg, st->rungs[i].list));
        buf_byte(&c->out, '}');
    }
    json_put_kv_bool(&c->out, S("complete"), complete);
}

static void put_object(struct call *c, u32 code, str source)
{
    const struct resource *r = resource_of(c);
    const struct standing *st =
        r->kind == OBJECT_SCORE
            ? NULL
            : standing_find(engine_segments(c->server->engine), standing_kind_of(r->kind), code);
    object_open(&c->out, source);
    if (st) put_standing(c, st);
    buf_byte(&c->out, '}');
}

static err list(struct call *c)
{
    object_list(c, resource_of(c)->kind, put_object);
    return ERR_OK;
}

static err show_one(struct call *c)
{
    struct engine *e = c->server->engine;
    const struct resource *r = resource_of(c);
    str source = engine_object(e, r->kind, c->params[0], NULL);
    if (source.n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no %s of this id", r->word);
    put_object(c, names_find(engine_names(e), NAME_OBJECT, c->params[0]), source);
    return ERR_OK;
}

/* The answer waits until its rules have passed everybody; not for ever. */
static err show_complete(struct call *c)
{
    struct engine *e = c->server->engine;
    const struct resource *r = resource_of(c);
    u32 code = names_find(engine_names(e), NAME_OBJECT, c->params[0]);
    const struct standing *st =
        r->kind == OBJECT_SCORE
            ? NULL
            : standing_find(engine_segments(e), standing_kind_of(r->kind), code);
    bool complete = true;
    const i64 *until = c->data;
    for (u32 i = 0; st && i < st->count; i++)
        complete &= !st->rungs[i].rule ||
                    segment_cursor(engine_segments(e), st->rungs[i].rule) >= PERSONAS_MAX;
    if (complete || env_mono_ns(c->server->env) > *until) return show_one(c);
    return call_applied(c, engine_applied(e) + 1, show_complete);
}

static err store(struct call *c, str id)
{
    i64 *until = arena_alloc(c->arena, sizeof *until);
    *until = env_mono_ns(c->server->env) + 2000000000;
    c->data = until;
    c->params[0] = id;
    return object_publish(c, resource_of(c)->kind, object_source(c, id), show_complete);
}

/* A tag's id is its path, which has slashes and may have spaces. */
static err tag_id(struct call *c, str *out)
{
    *out = json_get_str(c->body, "id", (str){0});
    bool good = out->n > 0 && out->n <= 128 && !str_ends(*out, S("/*")) && out->p[0] != '-';
    for (size_t i = 0; good && i < out->n; i++) good &= (u8)out->p[i] >= ' ';
    return good ? ERR_OK
                : diag_at(&c->why, ERR_REFUSED, S("/id"),
                          "a tag's id is its path, \"Value/High\": 1 to 128 bytes");
}

static err create(struct call *c)
{
    const struct resource *r = resource_of(c);
    str id;
    if (r->kind == OBJECT_TAG)
        TRY(tag_id(c, &id));
    else
        TRY(object_id(c, r->word, &id));
    if (engine_object(c->server->engine, r->kind, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already one of this id");
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err drop(struct call *c)
{
    return object_remove(c, resource_of(c)->kind, c->params[0], answer_nothing);
}

#define ROUTES_OF(path)                                                                            \
    {METHOD_GET, path, NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},                           \
        {METHOD_POST, path, NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, create},                   \
        {METHOD_GET, path "/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},           \
        {METHOD_PUT, path "/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, replace},           \
    {                                                                                              \
        METHOD_DELETE, path "/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop              \
    }

extern const struct route ROUTES_STATES[];
const struct route ROUTES_STATES[] = {ROUTES_OF("/api/v1/tags"),
                                      ROUTES_OF("/api/v1/stages"),
                                      ROUTES_OF("/api/v1/scores"),
                                      ROUTES_OF("/api/v1/levels"),
                                      {0}};
