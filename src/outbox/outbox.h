/* outbox.h — drains what is due: renders, connects, claims, hands over; keeps nothing.
 *
 *   message_take ─► render ─► provider.prepare … ready ─► CLAIM record ─► granted ─► provider.go
 *                                  │                            │                        │
 *                     failed: CLAIM + ANSWER in one   refused, deferred: drop   ANSWER record ◄─
 * done
 *
 * What it holds is lost in a crash and need not be kept: a message without a claim is planned as
 * before, one with a claim and no answer is unknown. Claims in flight ≤ connections. What fails
 * before the point of no return is claimed and answered by two records of one append, so that its
 * back-off and its reason are durable and no crash can make it unknown; what is the channel's fault
 * and not the message's (delivery_held) is not recorded: the message goes back and the channel
 * rests.
 *
 * One thread calls outbox_…: the engine's. Providers work on threads of their own and report by
 * delivery_…, from any thread. */
#pragma once
#include "content/content.h"
#include "engine/engine.h"

struct outbox;
struct outbox_answer;
struct reports;
struct provider_health;
struct hook_request;
struct hook_items;

/* One message on its way. The provider sees it from prepare until it called delivery_done,
 * delivery_held or delivery_dropped. All views live that long; `content` may be replaced by a newer
 * rendering between delivery_ready and go, and only then. */
struct delivery {
    u32 message;
    hash128 id;
    char to[320]; /* the address's normal form */
    struct rendered content;
    i64 date_ms;
    str from, reply_to;  /* reply_to: empty, or a mailbox */
    str unsubscribe_url; /* empty: none */
    str template;        /* its id */
    char customer[33];   /* her opaque id: with `id` what a token carries */
    u8 category;         /* of message.h */
    bool opt_out;        /* set by the provider before delivery_done: the address wants no more */
    struct record_id holder; /* the identifier that the address is */
    u32 attempts;            /* claims granted before this one: for back-off */
    void *provider_data;     /* the provider's own */
    /* What it reported (delivery.c). */
    struct reports *reports;
    struct delivery *next;
    u8 report; /* report_kind; NONE unless it waits to be taken */
    u8 answer; /* answer_class */
    i64 retry_in_ms;
    char detail[208];
    /* The outbox's own. */
    struct arena *arena;
    const struct provider_type *type;
    void *provider;
    hash128 address;
    u64 rendered_at, fingerprint;
    u32 version; /* of its template */
    str values;  /* what its words asked for, as a claim keeps it */
    u32 channel;
    persona head; /* whose it is, as it was started */
    u8 state, lane, stale;
    void (*test_done)(void *ctx, const struct outbox_answer *a); /* NULL: it is no test */
    void *test_ctx;
    bool unsayable; /* its template failed */
};

/* What every provider can do. Each call returns at once; prepare, go and drop come from the engine
 * thread, open and close are called on the loop's thread. */
struct provider_type {
    const char *name; /* "smtp" */
    /* Makes one of its settings (JSON of the channel), which it does not keep. `loop` is a struct
     * curl_loop of channel/curl_loop.h. ERR_REFUSED with the setting's path. */
    MUST_USE err (*open)(const struct json *settings, void *loop, void **out, struct diag *why);
    void (*close)(void *provider);      /* once outbox_uses is false */
    u32 (*connections)(void *provider); /* how many deliveries it takes at once; constant */
    /* Brings the delivery to the point of no return (connected, recipient accepted), then calls
     * delivery_ready; or delivery_done or delivery_held with what went wrong: nothing was sent. */
    void (*prepare)(void *provider, struct delivery *d);
    /* The claim is durable: send, then delivery_done. */
    void (*go)(void *provider, struct delivery *d);
    /* The claim was not granted: forget it, then delivery_dropped. */
    void (*drop)(void *provider, struct delivery *d);
    /* May be NULL. How it is, for pages; any thread. */
    void (*health)(void *provider, struct provider_health *out);
    /* May be NULL. What a provider's call to us says (channel/hook.h); the loop's thread. ERR_AUTH,
     * ERR_INVALID. */
    err (*hook)(void *provider, const struct hook_request *q, struct hook_items *out,
                struct diag *why);
};

struct provider_health {
    bool paused; /* it takes nothing until… */
    i64 until_ms;
    char class[16]; /* …because of: "CONFIG", "BILLING", "AUTH", "RATE" */
    char detail[208];
};

void delivery_ready(struct delivery *d);
/* `retry_in_ms` counts for ANSWER_RETRY; `detail` is copied, cut to 200 bytes of whole characters.
 */
void delivery_done(struct delivery *d, answer_class class, i64 retry_in_ms, str detail);
/* Before go only: nothing was sent and the message is not to blame (no connection, a wrong
 * password). It goes back, and its channel rests for `retry_in_ms`. */
void delivery_held(struct delivery *d, i64 retry_in_ms, str detail);
void delivery_dropped(struct delivery *d);

/* Where reports wait until the outbox takes them: any thread in, one thread out. Also for the tests
 * of providers. */
typedef enum { REPORT_NONE, REPORT_READY, REPORT_DONE, REPORT_HELD, REPORT_DROPPED } report_kind;
struct reports *reports_new(void (*wake)(void *ctx), void *ctx);
void reports_free(struct reports *r);
/* The next delivery that reported, oldest first, with `kind`; NULL: none. */
struct delivery *reports_take(struct reports *r, report_kind *kind);

/* A colleague who is told something. `stands_in`: for somebody whom nobody is. */
struct staff {
    char email[320], language[8];
    bool stands_in;
};
struct outbox_options {
    u32 deliveries_max;      /* 0 = 256 */
    void (*wake)(void *ctx); /* from any thread: outbox_step has work; may be NULL */
    /* Who an owner of a step or task is, engine thread; false: nobody. May be NULL: then only
     * addresses are told. */
    bool (*staff)(void *ctx, str owner, struct staff *out);
    void *ctx;
    str public_url;
    bool stub_templates; /* scripts: a template nobody published says nothing, and is sent */
};
struct outbox *outbox_new(struct engine *e, struct env *env, const struct outbox_options *o);
void outbox_free(struct outbox *o); /* every delivery has been done or dropped */
/* Which provider carries a channel (code of NAME_CHANNEL); replaces, takes effect for new
 * deliveries. NULL: the channel is not connected, its messages wait. */
void outbox_channel(struct outbox *o, u32 channel, const struct provider_type *type, void *provider,
                    str from);
/* What a mail channel adds, after outbox_channel; without it: no reply_to, all tracked. Copied. */
struct channel_mail {
    str reply_to;
    bool no_clicks, no_opens; /* links as they were written, no pixel */
};
void outbox_channel_mail(struct outbox *o, u32 channel, const struct channel_mail *m);
/* Is a delivery still with this provider, or is it some channel's? Then it must not be closed. */
bool outbox_uses(const struct outbox *o, const void *provider);
/* Does what there is to do; true if anything was done. `now` is wall time. Bounded: at most a few
 * hundred renderings. */
bool outbox_step(struct outbox *o, i64 now);
/* The wall time at which a resting channel may be tried again; NEVER: none rests. */
i64 outbox_next_due(const struct outbox *o);
u32 outbox_in_flight(const struct outbox *o);
void outbox_pause(struct outbox *o, bool paused); /* stops taking; what is in flight goes on */

/* What a message said, once more: by the template and the values of then. ERR_NOT_FOUND: it was
 * never claimed, or its words are not kept any more; `why` says which. Views into `arena`. */
MUST_USE err outbox_again(struct engine *e, const struct message_story *story, struct arena *arena,
                          struct rendered *out, struct diag *why);

/* ---- a look, or a test: said as it would be, outside journeys and the log ---- */

struct outbox_trial {
    const struct template *template; /* compiled; its version goes with it */
    str id;                          /* the template's */
    u32 channel;
    category category;
    persona head; /* whose values; 0: nobody's */
    bool has_event;
    struct event event; /* what the journey would have begun with */
    value stand_in;     /* a MAP by first name, for what has no value: {"coupon": {"code": …}} */
    str language;       /* empty: hers */
    i64 now_ms;
    /* Names that were asked for and have no value; may be NULL. */
    void (*missing)(void *ctx, str root, str member);
    void (*stood_in)(void *ctx, str root, str member);
    void *ctx;
};
/* Her address of the channel goes into `to` (320 bytes) unless it is NULL. Links to leave lead to a
 * page that does nothing; links and pixel are not those of tracking. Engine thread; views into
 * `arena`. ERR_REFUSED, ERR_LIMIT: `why` says where. */
MUST_USE err outbox_say(struct outbox *o, const struct outbox_trial *t, struct arena *arena,
                        struct rendered *out, char *to, struct diag *why);
/* How many bytes its HTML has once links and pixel are those of tracking. */
size_t outbox_tracked_bytes(struct outbox *o, u32 channel, const struct template *t, str html);
/* Who the channel's mails come from, unless the template says otherwise. */
str outbox_from(const struct outbox *o, u32 channel);
bool outbox_connected(const struct outbox *o, u32 channel);

/* Sends it to `to` by the channel's provider at once, beside everything that is planned; nothing is
 * written to the log. `done` comes in a later step. ERR_NOT_FOUND: no provider; ERR_BUSY: all of
 * its connections are in use. */
struct outbox_answer {
    answer_class class; /* ANSWER_RETRY: it would be tried again, which a test is not */
    char detail[208];
};
MUST_USE err outbox_test_send(struct outbox *o, const struct outbox_trial *t, str to, hash128 id,
                              void (*done)(void *ctx, const struct outbox_answer *a), void *ctx,
                              struct diag *why);

/* What a channel is doing, for pages: "" while all is well, else why it rests. */
struct channel_state {
    bool connected;
    i64 rests_until_ms; /* 0: it does not rest */
    u32 in_flight, waiting;
    u64 sent, failed; /* answers since the start */
    char detail[208]; /* the last reason to rest */
};
void outbox_channel_state(const struct outbox *o, u32 channel, struct channel_state *out);
