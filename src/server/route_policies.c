/* route_policies.c — frequency caps, quiet hours, holidays: what is in force, and its change. */
#include "server/publish.h"

static err show(struct call *c)
{
    struct engine *e = c->server->engine;
    const struct json *source = NULL;
    str text = engine_object(e, OBJECT_POLICY, S(POLICIES_ID), NULL);
    if (text.n) TRY(json_parse(text, c->arena, &source, &c->why));
    policy_show(messages_policies(engine_messages(e)), source, engine_names(e), &c->out);
    return ERR_OK;
}

static err change(struct call *c)
{
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    return object_publish(c, OBJECT_POLICY, object_source(c, S(POLICIES_ID)), show);
}

extern const struct route ROUTES_POLICIES[];
const struct route ROUTES_POLICIES[] = {
    {METHOD_GET, "/api/v1/policies", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show},
    {METHOD_PUT, "/api/v1/policies", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, change},
    {0}};
