/* journey_checks.h — before a journey starts: what is in order, what is not, and what mends it. */
#pragma once
#include "server/call.h"

/* "conflicts": [{journey, name, words, customers}] of live journeys that begin with the same thing.
 * Engine thread. Returns how many. */
u32 conflicts_put(struct call *c, struct buf *b, const struct json *journey);
