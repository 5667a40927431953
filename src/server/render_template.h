/* render_template.h — POST /api/v1/templates/render: a text or a published template with given data
 * or a customer's. */
#pragma once
#include "base/value.h"
#include "server/call.h"

/* Starts on the engine's thread, where it takes what it needs, and renders beside. */
err templates_render(struct call *c);
/* A JSON tree in the form of base/value.h, in `arena`. */
value value_of_json(struct arena *arena, const struct json *j);
