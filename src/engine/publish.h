/* publish.h — configuration on its way in: checked and compiled outside apply, for the record that
 * will be applied. The one way in for the API and for scripts. Engine thread. */
#pragma once
#include "base/json.h"
#include "engine/engine.h"

/* The payload of a PUBLISH record for the object's JSON ({"id", …}); journeys and segments are
 * compiled, all else is taken as it stands. ERR_REFUSED with the JSON pointer and a sentence,
 * ERR_LIMIT; ERR_TOO_LARGE: no record holds it. */
MUST_USE err publish_object(struct engine *e, object_kind kind, const struct json *source,
                            struct buf *payload, struct diag *why);
/* The same for a journey; what becomes of enrolments that run is said by `how`, {"running": …,
 * "continue_at": …}; NULL: by its own member "publish". */
MUST_USE err publish_journey(struct engine *e, const struct json *source, const struct json *how,
                             struct buf *payload, struct diag *why);
/* What publish_object would answer, for a draft. */
MUST_USE err publish_check(struct engine *e, object_kind kind, const struct json *source,
                           struct diag *why);
/* The payload of a REMOVE record. ERR_NOT_FOUND; ERR_CONFLICT: another object asks for it, which
 * the sentence names. */
MUST_USE err publish_removal(struct engine *e, object_kind kind, str id, struct buf *payload,
                             struct diag *why);
