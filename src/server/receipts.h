/* receipts.h — what became of a message, told by whoever hears of it: a provider's webhook, a
 * click, a pixel, a reply. */
#pragma once
#include "server/call.h"

/* For a call that answers once it is durable: appends, then call_applied(c, *number, …). Engine
 * thread. */
MUST_USE err receipt_append(struct call *c, const struct receipt_record *r, u64 *number);
/* For what waits for nobody (a pixel, a redirect): any thread. While the log is full it is tried
 * again for some seconds. */
void receipt_post(struct server *s, const struct receipt_record *r);
