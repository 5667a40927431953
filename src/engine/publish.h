/* publish.h — configuration on its way in: checked and compiled outside apply, for the record that
 * will be applied. Callers: the API, scripts. Engine thread. */
#pragma once
#include "base/json.h"
#include "engine/engine.h"

/* The payload of a PUBLISH record for the object's JSON ({"id", …}); journeys and segments are
 * compiled. ERR_REFUSED with the JSON pointer and a sentence, ERR_LIMIT. */
MUST_USE err publish_object(struct engine *e, object_kind kind, const struct json *source,
                            struct buf *payload, struct diag *why);
