/* offer.h — coupons: what one is worth and how long, who was given which code, and what became of
 * it.
 *
 *   JSON ─compile─► coupon ─grant─► GRANTED ─► CLAIMED ─► USED       (a client says so)
 *   codes of a pool ──┘                └── time ──► EXPIRED
 *
 * A grant is a row that hangs on the persona it was given to; a customer's are those of her
 * personas, so joining and cutting customers moves nothing. Codes are made from the directory's key
 * and the coupon's count of grants, or leased from a pool in the order in which they were brought.
 * It is given once per (enrolment, step, coupon) and valid while now < expires. Nothing here reads
 * a clock. */
#pragma once
#include "base/json.h"
#include "base/zone.h"
#include "customer/customer.h"
#include "log/names.h"

struct offers;

enum {
    OFFER_CODE_MAX = 64,       /* bytes of a code */
    OFFER_RANDOM_MIN = 6,      /* characters to make up in a pattern… */
    OFFER_RANDOM_MAX = 20,     /* …and at most */
    OFFER_CODES_MAX = 1 << 22, /* of all pools */
};

struct offer_host {
    void *ctx;
    /* A system event of the customer: code of log/events.h, props in base/props.h form. */
    void (*event)(void *ctx, persona who, u32 code, str props);
};

struct offers *offers_new(struct store *s, struct customers *c, struct names *names,
                          struct offer_host host);
void offers_free(struct offers *o);
void offers_set_key(struct offers *o, struct sip_key key);
/* After a snapshot was loaded: what is looked up by code and by persona. */
void offers_rebuild(struct offers *o);

/* ---- configuration ---- */

/* Checks {"id","name"?,"value":{"amount"|"percent","min"?},"valid":D,"pool"?,"code"?} and compiles
 * it. ERR_REFUSED with a JSON pointer and a sentence. */
MUST_USE err offer_compile(const struct json *source, struct buf *compiled, struct diag *why);
/* `code` is the coupon's of NAME_OBJECT. What was granted keeps its end. ERR_CORRUPT. */
MUST_USE err offer_publish(struct offers *o, u32 code, str compiled);
/* Grants nothing any more; what was granted stays good. */
void offer_remove(struct offers *o, u32 code);

/* Codes for its pool, {varint length, code}…; those that are there already are left out. */
void offer_codes(struct offers *o, u32 coupon, str list);

struct offer_info {
    u64 granted, claimed, used, expired, rejected, missed; /* missed: the pool was empty */
    u32 left;                                              /* codes of the pool */
    bool pool;
};
bool offer_info(const struct offers *o, u32 code, struct offer_info *out);

/* ---- what happens ---- */

/* What gives one. Journeys that one record started have the same order, so all three name it. */
struct offer_giver {
    u32 journey, step; /* NAME_OBJECT */
    u64 enrolment;     /* its order */
};
/* Gives one, and tells Coupon Granted. True also if this enrolment's step has given it already;
 * false, with Coupon Rejected told, if there is none to give. */
bool offer_grant(struct offers *o, persona head, u32 coupon, const struct offer_giver *by,
                 const struct zone *zone, i64 now);
/* Coupon Used and Coupon Claimed, as a client says: takes note, and answers why it is rejected
 * ("expired", "used", "other_customer", "unknown"); empty if it is not, or of no coupon of ours. */
str offer_said(struct offers *o, persona head, u32 event, str props, i64 occurred);
/* The next moment at which time alone tells something of hers; 0: none. */
i64 offer_next_due(const struct offers *o, persona head);
/* Tells Coupon Expiring (a day before) and Coupon Expired. */
void offer_due(struct offers *o, persona head, i64 now);
/* Before customer_forget. */
void offer_forget(struct offers *o, const persona *personas, u32 n);

/* ---- reading ---- */

typedef enum { GRANT_NONE, GRANT_GRANTED, GRANT_CLAIMED, GRANT_USED, GRANT_EXPIRED } grant_state;
str grant_state_text(grant_state s);
struct grant {
    u32 coupon; /* NAME_OBJECT */
    struct offer_giver by;
    str code;
    grant_state state;
    i64 granted_ms, expires_ms;
    bool percent; /* what `value` is */
    value value, min;
};
/* Hers, newest first; *cursor starts at 0. */
bool offer_next(const struct offers *o, persona head, u32 *cursor, struct grant *out);
/* The latest of a journey's enrolment. */
bool offer_latest(const struct offers *o, persona head, u32 journey, u64 enrolment,
                  struct grant *out);

hash128 offers_digest(const struct offers *o, name_of name, void *ctx);
