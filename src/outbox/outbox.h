/* outbox.h — drains what is due: renders, connects, claims, hands over; keeps nothing.
 *
 *   message_take ─► render ─► provider.prepare … ready ─► CLAIM record ─► granted ─► provider.go
 *                                                              │                        │
 *                                        refused, deferred ◄───┘      ANSWER record ◄─ done
 *
 * What it holds is lost in a crash and need not be kept: a message without a claim is planned as
 * before, one with a claim and no answer is unknown. Claims in flight ≤ connections. One thread
 * calls outbox_step: the engine's. Providers work on threads of their own and report by
 * delivery_ready and delivery_done, from any thread. */
#pragma once
#include "content/content.h"
#include "engine/engine.h"

struct outbox;

/* One message on its way. The provider sees it from prepare until it called delivery_done or was
 * told to drop. All views live that long. */
struct delivery {
    u32 message;
    hash128 id;
    char to[320]; /* the address's normal form */
    struct rendered content;
    i64 date_ms;
    str from;
    /* outbox's own */
    struct outbox *outbox;
    struct arena *arena;
    struct delivery *next;
    hash128 address;
    u64 rendered_at, fingerprint;
    u8 state, outcome;
    bool ready_failed;
    i64 retry_ms;
    char detail[208];
    void *provider_data; /* the provider's own */
};

/* What every provider can do. Each call returns at once. */
struct provider_type {
    const char *name; /* "smtp" */
    /* Makes one of its settings (JSON of the channel). ERR_REFUSED with the setting's path. */
    MUST_USE err (*open)(const struct json *settings, void *loop, void **out, struct diag *why);
    void (*close)(void *provider);
    u32 (*connections)(void *provider); /* how many deliveries it takes at once */
    /* Brings the delivery to the point of no return (connected, recipient accepted), then calls
     * delivery_ready; or delivery_done with what went wrong: nothing was sent. */
    void (*prepare)(void *provider, struct delivery *d);
    /* The claim is durable: send, then delivery_done. */
    void (*go)(void *provider, struct delivery *d);
    /* The claim was not granted: forget it, then delivery_dropped. */
    void (*drop)(void *provider, struct delivery *d);
};

void delivery_ready(struct delivery *d);
/* `retry_in_ms` counts for ANSWER_RETRY; `detail` is copied. */
void delivery_done(struct delivery *d, answer_class class, i64 retry_in_ms, str detail);
void delivery_dropped(struct delivery *d);

struct outbox_options {
    u32 deliveries_max;      /* 0 = 256 */
    void (*wake)(void *ctx); /* from any thread: outbox_step has work; may be NULL */
    void *ctx;
    str public_url;
};
struct outbox *outbox_new(struct engine *e, struct env *env, const struct outbox_options *o);
void outbox_free(struct outbox *o); /* every delivery has been done or dropped */
/* Which provider carries a channel (code of NAME_CHANNEL); replaces, takes effect for new
 * deliveries. NULL: the channel is not connected, its messages wait. */
void outbox_channel(struct outbox *o, u32 channel, const struct provider_type *type, void *provider,
                    str from);
/* Does what there is to do; true if anything was done. `now` is wall time. */
bool outbox_step(struct outbox *o, i64 now);
u32 outbox_in_flight(const struct outbox *o);
void outbox_pause(struct outbox *o, bool paused); /* stops taking; what is in flight goes on */
