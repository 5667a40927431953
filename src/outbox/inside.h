/* inside.h — the outbox's own: what it holds, and how its files divide the work. Of outbox only. */
#pragma once
#include "outbox/outbox.h"

enum {
    DELIVERIES_DEFAULT = 256,
    CHANNELS = 256,     /* codes of NAME_CHANNEL */
    WAITING_MAX = 1024, /* taken and waiting for a busy channel, per lane */
    STARTS_PER_STEP = 64,
    TAKES_PER_STEP = 1024,
    STALE_MAX = 16, /* renderings of one message before it goes back */
    TEMPLATES_MAX = 64
};

/* Where a delivery is. Those that say TO_ wait for room in the log. */
typedef enum {
    DELIVERY_FREE,
    DELIVERY_PREPARING, /* at the provider */
    DELIVERY_TO_CLAIM,
    DELIVERY_CLAIMING, /* its outcome is awaited */
    DELIVERY_GOING,    /* at the provider, claimed */
    DELIVERY_TO_ANSWER,
    DELIVERY_TO_FAIL, /* CLAIM and ANSWER in one append: it failed before a claim */
    DELIVERY_FAILING,
    DELIVERY_TO_JUDGE, /* CLAIM alone, without a connection: it will be refused */
    DELIVERY_JUDGING,
    DELIVERY_DROPPING,  /* the provider gives it up: it is over */
    DELIVERY_RETURNING, /* the provider gives it up: the message begins again */
    DELIVERY_TESTING    /* at the provider, outside the log (trial.c) */
} delivery_state;

/* A message taken for a channel that cannot have it yet. */
struct waiting {
    u64 id_low;
    u32 row;
};
struct waiting_queue {
    struct waiting *items; /* a ring, a power of two */
    u32 head, count, cap;
};

struct channel {
    const struct provider_type *type;
    void *provider;
    struct arena *arena;
    str from;
    struct channel_mail mail;
    u32 connections, in_flight, broadcasts;
    i64 rests_until;
    u64 sent, failed;
    char detail[208];
    struct waiting_queue waiting[LANE_COUNT];
};

/* A published template, compiled; or why it cannot be. */
struct compiled {
    str id;
    u32 version;
    u64 used;
    struct arena *arena;
    struct template *template;
    struct diag why;
};

struct outbox {
    struct engine *engine;
    struct env *env;
    struct reports *reports;
    struct delivery *deliveries;
    u32 deliveries_max, in_flight, broadcasts, connected;
    bool paused, stub_templates;
    bool (*staff)(void *ctx, str owner, struct staff *out);
    void *staff_ctx;
    str public_url;
    struct channel channels[CHANNELS];
    struct compiled templates[TEMPLATES_MAX];
    u64 uses;
    struct buf record; /* for records being written */
};

/* ---- render.c ---- */

/* Fills address, content, sender and fingerprint from the state as it is now. ERR: `why` says what
 * is wrong with the template; the address is set all the same. */
MUST_USE err delivery_render(struct outbox *o, struct delivery *d, struct diag *why);
void templates_free(struct outbox *o);

/* ---- records.c ---- */

/* Each appends, or leaves everything as it was: ERR_BUSY, ERR_FULL, ERR_IO. */
MUST_USE err append_claim(struct outbox *o, const struct delivery *d);
MUST_USE err append_answer(struct outbox *o, const struct delivery *d, i64 now);
MUST_USE err append_failure(struct outbox *o, const struct delivery *d, i64 now);

/* ---- take.c ---- */

/* Starts what is due and may be; true if anything was taken. */
bool outbox_take(struct outbox *o, i64 now);
void waiting_free(struct channel *c);

/* ---- trial.c ---- */

/* What the provider says of a delivery that is a test. */
void test_report(struct outbox *o, struct delivery *d, report_kind kind);

/* ---- outbox.c ---- */

struct delivery *outbox_find(struct outbox *o, u32 message, hash128 id);
/* Ends with what went wrong, by two records in one append. */
void delivery_fail(struct delivery *d, answer_class class, i64 retry_in_ms, str detail);
void delivery_release(struct outbox *o, struct delivery *d);
