/* coupon.h — what the files of `offer` share. */
#pragma once
#include "offer/offer.h"

#include "base/map.h"
#include "store/store.h"

/* One coupon over all its versions. */
struct coupon_row {
    u64 version; /* the store's */
    u32 code, compiled, gone;
    u32 first, last, left; /* codes of its pool that are free, in order */
    u64 granted, claimed, used, expired, rejected, missed;
    u64 serial; /* of the last code made */
};

struct grant_row {
    u64 version; /* the store's */
    persona persona;
    u32 next; /* of the same persona, older */
    u32 coupon, step;
    u32 journey, spare;
    u64 enrolment;
    i64 granted_ms, expires_ms;
    u32 code;   /* handle */
    u8 state;   /* grant_state */
    u8 told;    /* that it expires soon */
    u8 claimed; /* before it ended */
    u8 indexed; /* its code is nobody else's */
};
_Static_assert(sizeof(struct grant_row) == 64, "a grant is one cache line");

struct code_row {
    u64 version;      /* the store's */
    u32 coupon, text; /* handle */
    u32 next, leased;
};

struct offers {
    struct table *coupons, *grants, *codes;
    struct heap *texts;
    struct customers *customers;
    struct names *names;
    struct offer_host host;
    struct sip_key key;
    struct map by_code;    /* hash of a code: grant row; derived */
    struct map by_pool;    /* hash of a code: code row; derived */
    struct map by_persona; /* newest grant row; derived */
};

/* A coupon as compiled. */
struct terms {
    duration valid;
    bool pool, percent;
    value value, min;
    str pattern;
};
bool terms_read(str compiled, struct terms *out);

u32 coupon_row_of(const struct offers *o, u32 code);
static inline const struct coupon_row *coupon_at(const struct offers *o, u32 row)
{
    return table_at(o->coupons, row);
}
static inline const struct grant_row *grant_at(const struct offers *o, u32 row)
{
    return table_at(o->grants, row);
}
/* Is there such a code, given or in a pool? */
bool code_exists(const struct offers *o, str code);
/* The next code of the pool, leased, as a handle; 0: it is empty. */
u32 code_lease(struct offers *o, u32 coupon);
/* A new one after the pattern, as a handle. */
u32 code_make(struct offers *o, u32 coupon, str pattern);
bool code_is_fixed(str pattern);
