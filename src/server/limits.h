/* limits.h — how fast a key may ask: a token bucket per API key and per source key.
 *
 *   request ─► its key's bucket ─┬─ a token is there ─► goes on; RateLimit-* in the answer
 *     (filled by `rate` a second, └─ empty ─► 429, Retry-After
 *      up to `burst`)
 *
 * The limits are settings ("limits"); 0 is none. Buckets are kept by the hash of a key's id in a
 * table of fixed size: two keys that share a place find it full each time they take turns, so that
 * nobody is refused for another. Loop's thread. */
#pragma once
#include "server/call.h"

struct limits;
typedef enum { LIMIT_API, LIMIT_SOURCE, LIMIT_KIND_COUNT } limit_kind;

enum {
    LIMIT_RATE_MAX = 1000000,
    LIMIT_API_RATE = 5000, /* as long as nothing is set */
    LIMIT_API_BURST = 20000,
    LIMIT_SOURCE_RATE = 100000,
    LIMIT_SOURCE_BURST = 200000,
};

struct limit {
    u32 rate, burst; /* a second; rate 0: no limit */
};

struct limits *limits_new(void);
void limits_free(struct limits *l); /* NULL is allowed */
void limits_set(struct limits *l, limit_kind kind, struct limit limit);
struct limit limits_of(const struct limits *l, limit_kind kind);
/* Takes a token of this key. False: there is none for now, but one within a second. `left` gets how
 * many there are then. */
bool limits_take(struct limits *l, limit_kind kind, str id, i64 now_ns, u32 *left);

/* As the settings say. Engine thread. */
void settings_limits(struct engine *e, struct limit out[LIMIT_KIND_COUNT]);

/* A call whose key is known: ERR_BUSY, with its headers, or ERR_OK. */
MUST_USE err limits_admit(struct call *c);
/* Its answer says how much is left. */
void limits_answer(struct call *c);
