/* webhook_store.h — what is to be told to webhooks: a queue in SQLite that survives a restart.
 *
 *   webhooks.db: position (in the events) ─ one transaction ─ deliveries pending
 *                                             │ due ─► an attempt ─► delivered, or due again
 *                                             └ at last failed; the oldest dropped beyond a bound
 *
 * The position moves in the same transaction as what it brought, and a delivery has an id made of
 * its event, so that an event collected twice is stored once. Loop's thread. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"

struct webhook_store;

enum { WEBHOOK_PENDING_MAX = 100000, WEBHOOK_KEPT_DAYS = 30, WEBHOOK_ID_MAX = 128 };

typedef enum { DELIVERY_PENDING, DELIVERY_DELIVERED, DELIVERY_FAILED, DELIVERY_DROPPED } told;
str told_text(told t);

struct webhook_delivery {
    i64 id;
    str webhook, message, event, body, detail, customer; /* customer: only on its way in */
    told state;
    u32 attempts;
    int status;
    i64 due_ms, created_ms, changed_ms;
};

MUST_USE err webhook_store_open(const char *dir, struct webhook_store **out, struct diag *why);
void webhook_store_close(struct webhook_store *s);

u64 webhook_position(struct webhook_store *s);
/* Everything between is one transaction. */
void webhook_begin(struct webhook_store *s);
MUST_USE err webhook_commit(struct webhook_store *s, u64 position);
/* Adds one, due now; one of this webhook and message is there already: nothing. 0 on failure. */
i64 webhook_add(struct webhook_store *s, const struct webhook_delivery *d);
/* What is due, oldest first, into `arena`; returns how many. */
u32 webhook_due(struct webhook_store *s, str webhook, i64 now, struct arena *arena,
                struct webhook_delivery *out, u32 max);
MUST_USE err webhook_tell(struct webhook_store *s, const struct webhook_delivery *d);
/* Newest first, with id < before (0: all). */
u32 webhook_list(struct webhook_store *s, str webhook, int state, i64 before, struct arena *arena,
                 struct webhook_delivery *out, u32 max);
/* Sends it again, now. ERR_NOT_FOUND. */
MUST_USE err webhook_replay(struct webhook_store *s, str webhook, i64 id, i64 now);
struct webhook_counts {
    i64 pending, delivered, failed, dropped;
};
struct webhook_counts webhook_counts(struct webhook_store *s, str webhook);
/* Drops the oldest that wait beyond the bound, and what was settled long ago. */
void webhook_trim(struct webhook_store *s, str webhook, i64 now);
void webhook_forget(struct webhook_store *s, str webhook);
void webhook_erase(struct webhook_store *s, str customer);
/* Why it is told no more ("410"), or empty. */
void webhook_disable(struct webhook_store *s, str webhook, str why, i64 now);
str webhook_disabled(struct webhook_store *s, str webhook, struct arena *arena, i64 *since);
