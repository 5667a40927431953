/* lists.h — customers put on a list that no rule changes: a segment's members as of now, or those
 * behind a figure. */
#pragma once
#include "server/call.h"

/* Appends the LIST records that put on list `to` every customer for whom `in` answers true; they
 * follow the list's own record, so that it is never seen half full. Engine thread. */
MUST_USE err list_fill(struct call *c, u32 to, bool (*in)(void *ctx, persona head), void *ctx);
