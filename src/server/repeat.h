/* repeat.h — Idempotency-Key: a POST that is sent again is answered again, and done once.
 *
 *   POST, key ─┬─ new ─► the route ─► answer ─► memo (24 h, per API key) ─► out
 *              ├─ known, same request ─► the same status and body, nothing is done
 *              ├─ known, another request ─► 409
 *              └─ still on its way ─► 409, Retry-After
 *
 * Kept is what a repetition could not change: 2xx and 4xx, but not 429 and not what the server
 * itself failed at. A process that dies between doing and answering has kept nothing; the request
 * is then done again (a message has its own remedy: its id is made of the key). Loop's thread. */
#pragma once
#include "server/call.h"

/* Answers from memory, refuses, or goes on with the route. */
MUST_USE err repeat_begin(struct call *c, call_step go_on);
/* The answer is made and goes out next; or the call ends without one. */
void repeat_answered(struct call *c);
