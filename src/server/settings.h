/* settings.h — the workspace's settings, for whoever else sets them: all are looked at before any
 * is written. Engine thread. */
#pragma once
#include "server/call.h"

/* ERR_REFUSED with the place. May append what a setting needs: `number` is of the last record. */
MUST_USE err settings_check(struct call *c, const struct json *wanted, u64 *number);
MUST_USE err settings_write(struct call *c, const struct json *wanted, u64 *number);
/* Once they are applied: the loop hears what it reads of them, and goes on there. */
MUST_USE err settings_heed(struct call *c, call_step then);
