/* trial.h — one message sent through a channel to see whether it works: past queues, claims and
 * rules, and of no customer.
 *
 *   begin ─► provider.prepare ─ ready ─► go ─ done ─► the call goes on, and tells what was said
 *
 * It waits 30 seconds at most; a provider that is slower finishes by itself, and its answer is
 * dropped. Engine's thread. */
#pragma once
#include "server/call.h"

enum { TRIALS_MAX = 8, TRIAL_MS = 30000 };

struct trials;
struct trials *trials_new(struct server *s);
void trials_free(struct trials *t); /* NULL is allowed */

struct trial_outcome {
    const char *status; /* "sent", "rejected", "bounced", "retry", "held", "unknown", "timeout" */
    char detail[208];
    i64 took_ms;
};
/* `to` in normal form. `then` finds the outcome, which lies in the call's arena, in c->data. Runs
 * on the engine's thread. ERR_CONFLICT: the channel is not connected; ERR_BUSY. */
MUST_USE err trial_begin(struct call *c, u32 channel, str to, const struct rendered *content,
                         call_step then);
bool trials_step(struct server *s, i64 now); /* true: something was done */
