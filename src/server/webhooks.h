/* webhooks.h — events told to other systems, by Standard Webhooks 1.0.
 *
 *   engine: events after the position ─► matched, written as JSON ─► loop: webhooks.db (queue)
 *   loop: due ─► signed, sent by the connector ─► 2xx, or again: 5 s, 5 min, … 24 h later
 *
 * At least once: the position in the events is kept with what it brought, and what failed is tried
 * ten times over three days under the same id. Not in order. What is dropped: of one webhook more
 * than 100,000 that wait; events sealed away between a crash and the tick before it. */
#pragma once
#include "server/inside.h"
#include "server/webhook_store.h"

enum { WEBHOOK_ATTEMPTS_MAX = 10, WEBHOOKS_MAX = 100 };

/* Loop's thread: at the start, and at the end (what is under way is told again after the next
 * start). */
MUST_USE err webhooks_open(struct server *s, struct diag *why);
void webhooks_begin(struct server *s); /* the engine runs */
void webhooks_end(struct server *s);
void webhooks_free(struct server *s);
/* Engine's thread: the published webhooks are others now. */
void webhooks_changed(struct server *s);

/* Engine's thread, once they are erased: nothing of what was, or was to be, told about them stays.
 */
void webhooks_erase(struct server *s, const char (*ids)[33], u32 count);

/* Loop's thread. */
struct webhook_store *webhooks_store(struct server *s);
void webhooks_wake(struct server *s); /* something is due now */
/* A delivery that says nothing but that it works. 0 on failure. */
i64 webhooks_test(struct server *s, str id);
/* The wait before the attempt that follows `attempts` failed ones; −1: it was the last. */
i64 webhook_wait(u32 attempts, u64 seed);
/* "Message Sent" → "message.sent". */
void webhook_type(str event, struct buf *out);
