/* route_topics.c — what messages are about, as customers choose among it: {id, name {zh, en},
 * description, channels, default}. A topic's id is its name in consents: "email/newsletter". */
#include "server/publish.h"

static void put_topic(struct call *c, u32 code, str source)
{
    (void)code;
    buf_put(&c->out, source);
}

static err list(struct call *c)
{
    object_list(c, OBJECT_TOPIC, put_topic);
    return ERR_OK;
}

static err show_one(struct call *c)
{
    str source = engine_object(c->server->engine, OBJECT_TOPIC, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no topic of this id");
    put_topic(c, 0, source);
    return ERR_OK;
}

static bool is_words(const struct json *j)
{
    if (!j) return true;
    if (j->type == JSON_STRING) return j->text.n <= 1000;
    return j->type == JSON_OBJECT &&
           (json_get_str(j, "zh", (str){0}).n || json_get_str(j, "en", (str){0}).n);
}

static err check(struct call *c)
{
    const struct json *channels = json_get(c->body, "channels"), *d = json_get(c->body, "default");
    u32 at = 0;
    if (!json_get(c->body, "name") || !is_words(json_get(c->body, "name")))
        return diag_at(&c->why, ERR_REFUSED, S("/name"),
                       "a name that customers read is needed: a text, or {\"zh\": …, \"en\": …}");
    if (!is_words(json_get(c->body, "description")))
        return diag_at(&c->why, ERR_REFUSED, S("/description"),
                       "a text is needed, or {\"zh\": …, \"en\": …}");
    if (channels && channels->type != JSON_ARRAY)
        return diag_at(&c->why, ERR_REFUSED, S("/channels"), "a list of channels is needed");
    for (const struct json *m = channels ? channels->child : NULL; m; m = m->next, at++)
        if (m->type != JSON_STRING ||
            !names_find(engine_names(c->server->engine), NAME_CHANNEL, m->text))
            return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/channels/%u", at),
                           "there is no channel of this name");
    if (d && d->type != JSON_BOOL)
        return diag_at(&c->why, ERR_REFUSED, S("/default"), "true or false is needed");
    return ERR_OK;
}

static err store(struct call *c, str id)
{
    u32 code;
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    TRY(check(c));
    c->params[0] = id;
    err e = names_code(engine_names(c->server->engine), NAME_TOPIC, id, &code);
    if (e != ERR_OK) return diag_set(&c->why, e, "no more topics can be kept now");
    return object_publish(c, OBJECT_TOPIC, object_source(c, id), show_one);
}

static err create(struct call *c)
{
    str id;
    TRY(object_id(c, "topic", &id));
    if (engine_object(c->server->engine, OBJECT_TOPIC, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a topic of this id");
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err drop(struct call *c)
{
    return object_remove(c, OBJECT_TOPIC, c->params[0], answer_nothing);
}

extern const struct route ROUTES_TOPICS[];
const struct route ROUTES_TOPICS[] = {
    {METHOD_GET, "/api/v1/topics", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/topics", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, create},
    {METHOD_GET, "/api/v1/topics/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/topics/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/topics/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop},
    {0}};
