/* past.h — a customer's messages whose rows are gone (three days after they settled), out of her
 * timeline. */
#pragma once
#include "server/call.h"

struct past_filter {
    str journey, step, template, channel;
    u32 status, reason; /* message_status, refusal; 0: any */
};
/* Appends those planned before `below` (their events' order), newest first, `room` at most, as
 * items of a list; the order to go on below, 0: there are no more. O(her timeline). Engine thread.
 */
u64 past_put(struct call *c, persona head, const struct past_filter *f, u64 below, u32 room);
