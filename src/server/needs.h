/* needs.h — what a playbook or a ready segment asks of the workspace, whether it is there, and what
 * mends it.
 *
 *   {"event": "Signed Up"} ─► {event, what, name, met, words {zh, en}, fix, customers, of} */
#pragma once
#include "server/call.h"

/* Is it there? {"event"|"property"|"attribute"|"identifier"|"channel": name} */
bool need_met(struct call *c, const struct json *need);
void need_put(struct call *c, struct buf *b, const struct json *need);
/* Has the workspace met this name? */
bool name_is_known(struct engine *e, name_kind kind, str name);
