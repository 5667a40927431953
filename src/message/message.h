/* message.h — what is said: every intended contact, from planned to settled.
 *
 *   message.c  rows and their states   queue.c  which is next     check.c  may it be sent
 *   claims.c   what was sent, for caps and duplicates             policy.c caps, quiet hours
 *   send.c     those that a program asked for                     tally.c  what came of steps
 *   due.c      what is known of when they are due
 *
 *   plan ─► PLANNED ─claim─► CLAIMED ─answer─► SENT ─receipts─► DELIVERED, OPENED, CLICKED…
 *              │  ▲              │ ├─► REJECTED, BOUNCED
 *          DEFERRED┘             │ └─► UNKNOWN   (a crash, a lost answer: counted, never folded
 * into sent) └─► REFUSED, EXPIRED, CANCELLED
 *
 * A row is 48 bytes and holds no content. Lost never: planned = settled + waiting + unknown, at
 * every moment (message_tally). The ready queues are derived. Nothing here reads a clock or
 * renders. */
#pragma once
#include "base/zone.h"
#include "customer/customer.h"
#include "log/names.h"
#include "message/policy.h"

/* In the order of progress: the furthest one is shown. */
#define MESSAGE_STATUS_LIST(X)                                                                     \
    X(NONE, "")                                                                                    \
    X(PLANNED, "planned")                                                                          \
    X(DEFERRED, "deferred")                                                                        \
    X(CLAIMED, "claimed")                                                                          \
    X(SENT, "sent")                                                                                \
    X(DELIVERED, "delivered")                                                                      \
    X(OPENED, "opened")                                                                            \
    X(CLICKED, "clicked")                                                                          \
    X(REPLIED, "replied")                                                                          \
    X(REJECTED, "rejected")                                                                        \
    X(BOUNCED, "bounced")                                                                          \
    X(COMPLAINED, "complained")                                                                    \
    X(UNSUBSCRIBED, "unsubscribed")                                                                \
    X(REFUSED, "refused")                                                                          \
    X(UNKNOWN, "unknown")                                                                          \
    X(EXPIRED, "expired")                                                                          \
    X(CANCELLED, "cancelled")

typedef enum {
#define X(name, text) MESSAGE_##name,
    MESSAGE_STATUS_LIST(X)
#undef X
        MESSAGE_STATUS_COUNT
} message_status;

/* Why a claim was not granted, in the order of SEMANTICS "Messages": the first that holds. STALE is
 * not a refusal: the customer changed since the rendering, render again. */
#define REFUSAL_LIST(X)                                                                            \
    X(NONE, "")                                                                                    \
    X(STALE, "stale")                                                                              \
    X(EPOCH, "epoch")                                                                              \
    X(STOPPED, "stopped")                                                                          \
    X(EXIT, "exit")                                                                                \
    X(SEND_IF, "send_if")                                                                          \
    X(SUPPRESSED, "suppressed")                                                                    \
    X(CONSENT, "consent")                                                                          \
    X(NO_ADDRESS, "no_address")                                                                    \
    X(DUPLICATE, "duplicate")                                                                      \
    X(QUIET, "quiet")                                                                              \
    X(CAPPED, "capped")                                                                            \
    X(BUDGET, "budget")                                                                            \
    X(EXPIRED, "expired")

typedef enum {
#define X(name, text) REFUSAL_##name,
    REFUSAL_LIST(X)
#undef X
        REFUSAL_COUNT
} refusal;

str message_status_text(message_status s);
str refusal_text(refusal r);

typedef enum { LANE_TRANSACTIONAL, LANE_TRIGGERED, LANE_BROADCAST, LANE_COUNT } lane;

enum { MESSAGE_STEPS_MAX = 1 << 12, MESSAGE_ATTEMPTS_MAX = 15 };

struct message_row {
    u64 version;      /* the store's */
    u64 id_low;       /* low half of the stable id */
    persona persona;  /* as planned; follow customer_head */
    u32 enrolment;    /* journey's row; 0: asked for by a program (message_send) */
    u32 next;         /* the customer's next message, newest first */
    u32 program : 16; /* journey's version index; 0: none */
    u32 step : 12;    /* in its program */
    u32 attempts : 4; /* claims granted so far */
    i64 due_ms;       /* PLANNED, DEFERRED: when; later: when the status was reached */
    u64 planned : 42; /* ms since 1970, good until 2109: what `expires` counts from */
    u64 channel : 8;  /* code of NAME_CHANNEL */
    u64 status : 5;   /* message_status */
    u64 reason : 4;   /* refusal, for REFUSED and DEFERRED; of an end after the claim: how far it
                       * had come (message_reached) */
    u64 lane : 2, category : 2, fresh : 1;
};
_Static_assert(sizeof(struct message_row) == 48, "a planned message is 48 bytes");

struct messages;
struct messages *messages_new(struct store *s, struct customers *c, struct sip_key key);
void messages_free(struct messages *m);
void messages_set_key(struct messages *m, struct sip_key key);
/* What messages ask of the layers above, set before the first of them is planned; all NULL: no
 * priorities, no zones but the customer's. */
struct message_host {
    void *ctx;
    i32 (*priority)(void *ctx, u32 program);         /* of a journey's version: higher first */
    str (*journey)(void *ctx, u32 program);          /* its id */
    const struct zone *(*zone)(void *ctx, str name); /* NULL: unknown */
    bool (*held)(void *ctx, u32 program);            /* its journey is paused */
};
void messages_host(struct messages *m, struct message_host host);
/* After a snapshot was loaded, and the journeys: ready queues, indexes. */
void messages_rebuild(struct messages *m);
/* The policies in force: the bytes of policy_compile, copied; empty: the defaults. ERR_CORRUPT
 * leaves everything as it was. */
MUST_USE err messages_policy(struct messages *m, str compiled);
const struct policy *messages_policies(const struct messages *m);

const struct message_row *message_at(const struct messages *m, u32 row); /* NULL if there is none */
u32 messages_end(const struct messages *m);
/* How far it came since its claim, whatever happened then: CLAIMED … REPLIED; NONE: it was never
 * claimed, or waits again. */
message_status message_reached(const struct message_row *r);

/* What the stable id is made of: equal inputs are one message for ever. */
struct message_plan {
    persona persona; /* whose enrolment it is of: after a cut both go the same way */
    u32 enrolment;
    u16 program, step;
    u8 channel;
    lane lane;
    category category;
    bool fresh;
    u64 id_low; /* message_id_low of the journey's id, step id, customer, entry and visit */
};
/* Plans one, ready now. Never refuses: caps and consent are the claim's business. */
u32 message_plan(struct messages *m, const struct message_plan *plan, i64 now);
/* The whole stable id, which also stands in Message-ID headers and in the API. */
hash128 message_id(const struct messages *m, u32 row);
/* From its low half and the id of its persona's. */
hash128 message_id_of(const struct messages *m, u64 id_low, const char customer[33]);
/* The row of a stable id if it is alive; `head` narrows the search to her list. */
u32 message_find(const struct messages *m, persona head, hash128 id);
/* The same of whoever it is, and by the low half alone. O(1). */
u32 message_by_id(const struct messages *m, hash128 id);
u32 message_by_low(const struct messages *m, u64 id_low);

/* ---- asked for by a program (send.c): what a journey's program says of its messages; also notices
 * to the staff, for whom `to` is the owner and `values` what journey/notice.c writes ---- */

struct message_send {
    persona persona;
    u64 id_low; /* of the idempotency key */
    u64 body;   /* hash of what was asked: the same key for something else is refused */
    u8 channel;
    category category;
    str template_id, to; /* `to` empty: her address at the claim */
    u32 topic;
    str values; /* a MAP's value bytes, or empty */
};
/* Plans it; the row, or that of the same id_low if there is one. */
u32 message_send(struct messages *m, const struct message_send *what, i64 now);
/* What was asked; false for a message of a journey. Views until the next change. */
bool message_sending(const struct messages *m, u32 row, struct message_send *out);

/* The next ready message of a lane: those that became due first; of one instant by priority of
 * their journeys, then by when they were planned, then by the journeys' ids. Marked taken until it
 * is put back, claimed or cancelled; 0 if none. Taken is not state: a restart forgets it. */
u32 message_take(struct messages *m, lane l);
void message_put_back(struct messages *m, u32 row);
/* While promotion is held, message_take gives none of it, and the rest goes on. Derived: whoever
 * knows it says so after each load. How many wait in the queues, about. */
void messages_hold_promotion(struct messages *m, bool held);
u32 messages_promotion_ready(const struct messages *m);
/* PLANNED and due rows waiting in the lane, not taken. */
u32 message_ready(const struct messages *m, lane l);

/* What a journey's version, or who asked for it, says about sending it. */
struct message_rules {
    quiet_choice quiet;
    i64 dedupe_ms;  /* 0: the same words may come again at once */
    i64 expires_ms; /* it is not sent when it waited longer */
};
struct message_rules message_rules_of(category c); /* unless something else is said */

/* Does consent let a message of this kind go: promotion needs a yes to the channel and the topic
 * (0: none), service no "no", transactional nothing. A reply of STOP closes the address for whoever
 * has it, also those who were not told of it; `address` NULL: nothing is known of it. */
bool message_consented(const struct customers *c, persona head, category kind, u32 channel,
                       u32 topic_code, const struct address_row *address);

/* The checks from the sixth on (suppressed … expired) for a claim on this address at `now`; the
 * earlier ones are journey's. A refusal that comes with `*until` other than NEVER is a deferral to
 * then. What has waited longer than it may expires where it would be sent or deferred again.
 * O(her claims of the longest cap). */
struct claim_check {
    hash128 address; /* zero: the customer has none */
    u64 fingerprint;
    u32 topic;
    i64 now;
    const struct zone *zone; /* the customer's */
    struct message_rules rules;
};
refusal message_check(const struct messages *m, u32 row, const struct claim_check *check,
                      i64 *until);

/* What waits and is due before `until`: of a customer; and of all that are ready, `max` at most,
 * which the queues have at hand. False: there are more. Its version (0: a program's) and channel.
 */
void messages_ahead(const struct messages *m, persona head, i64 until,
                    void (*each)(void *ctx, u32 program, u32 channel, i64 at), void *ctx);
bool messages_ready_ahead(const struct messages *m, u32 max,
                          void (*each)(void *ctx, u32 program, u32 channel, i64 at), void *ctx);

/* State changes; each returns false (and changes nothing) if the row is not in a state that allows
 * it. */
/* Claiming takes its place in every cap and duplicate window, in the same record; being rejected,
 * bounced or put off gives it back. */
bool message_claim(struct messages *m, u32 row, const struct claim_check *check);
bool message_refuse(struct messages *m, u32 row, refusal why, i64 now);
bool message_defer(struct messages *m, u32 row, refusal why,
                   i64 until); /* also a provider's "later" */
bool message_settle(struct messages *m, u32 row, message_status status, i64 now);
bool message_cancel(struct messages *m, u32 row, i64 now);
/* Every deferred message of the customer that is due: ready again. */
void message_wake(struct messages *m, persona head, i64 now);
/* The customer's earliest deferral or retirement, or end of what caps remember; 0: none. O(1) while
 * it is known: what becomes due first makes it look at all that is hers. */
i64 message_next_due(struct messages *m, persona head);
/* A journey was paused or goes on (message_host.held): what is due is another. */
void messages_held_changed(struct messages *m);
/* Rows 72 h after their last status whose enrolment is over (`open` asks): freed. And what no cap
 * looks back to any more. */
void message_retire(struct messages *m, persona head, i64 now,
                    bool (*open)(void *ctx, u32 enrolment), void *ctx);
/* At START: CLAIMED without an answer become UNKNOWN; `each` is told. */
void message_unknowns(struct messages *m, i64 now, void (*each)(void *ctx, u32 row), void *ctx);
void message_moved(struct messages *m, persona from, persona to); /* after a merge */
/* After customer_cut: each message goes to the head that its persona has now. */
void message_cut(struct messages *m, persona a, persona b);
/* Before customer_forget: her rows are freed. What waited counts as cancelled, what was claimed as
 * unknown: its answer will find no row. */
void message_forget(struct messages *m, persona head);

/* Messages per status ever reached last: Σ = planned ever. Retired rows keep counting. */
struct message_tally {
    u64 planned;
    u64 now[MESSAGE_STATUS_COUNT]; /* by present (or last) status */
};
struct message_tally message_tally(const struct messages *m);
/* The same of one program (journey's version index) and status; NONE: ever planned. O(1). */
u64 message_count(const struct messages *m, u32 program, message_status s);

/* What came of one step of a version: its messages by present (or last) status, the refused also by
 * reason; and what journeys count beside them. */
struct step_tally {
    u64 came;     /* how often somebody came to it */
    u64 standing; /* how many are under way there now */
    u64 planned;  /* messages, ever */
    u64 now[MESSAGE_STATUS_COUNT], refused[REFUSAL_COUNT];
};
void message_step_came(struct messages *m, u32 program, u32 step);
void message_step_stands(struct messages *m, u32 program, u32 step, i64 by);
/* False: nobody ever came to it. O(1), about 30 look-ups. */
bool message_step(const struct messages *m, u32 program, u32 step, struct step_tally *out);

hash128 messages_digest(const struct messages *m, name_of name, void *ctx);
