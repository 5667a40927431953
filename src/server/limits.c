#include "server/limits.h"

#include "base/hash.h"

#include <stdlib.h>

enum { PLACES = 1 << 14, MICRO = 1000000 };

struct bucket {
    u64 key; /* hash of the id; 0: nobody yet */
    i64 at_us;
    i64 micro; /* millionths of tokens */
};

struct limits {
    struct limit limits[LIMIT_KIND_COUNT];
    struct bucket buckets[LIMIT_KIND_COUNT][PLACES];
};

struct limits *limits_new(void)
{
    struct limits *l = mem_zalloc(sizeof *l);
    l->limits[LIMIT_API] = (struct limit){LIMIT_API_RATE, LIMIT_API_BURST};
    l->limits[LIMIT_SOURCE] = (struct limit){LIMIT_SOURCE_RATE, LIMIT_SOURCE_BURST};
    return l;
}

void limits_free(struct limits *l)
{
    free(l);
}

void limits_set(struct limits *l, limit_kind kind, struct limit limit)
{
    l->limits[kind] = limit;
}

struct limit limits_of(const struct limits *l, limit_kind kind)
{
    return l->limits[kind];
}

bool limits_take(struct limits *l, limit_kind kind, str id, i64 now_ns, u32 *left)
{
    struct limit limit = l->limits[kind];
    u64 key = hash_xxh64(id) | 1;
    struct bucket *b = &l->buckets[kind][key >> 1 & (PLACES - 1)];
    i64 now_us = now_ns / 1000, full = (i64)limit.burst * MICRO;
    *left = limit.burst;
    if (limit.rate == 0) return true;
    if (b->key != key) *b = (struct bucket){key, now_us, full};
    i64 passed = min_i64(max_i64(now_us - b->at_us, 0), (i64)3600 * MICRO);
    b->micro = min_i64(full, b->micro + passed * limit.rate);
    b->at_us = now_us;
    bool taken = b->micro >= MICRO;
    if (taken) b->micro -= MICRO;
    *left = (u32)(b->micro / MICRO);
    return taken;
}

/* ---- calls ---- */

err limits_admit(struct call *c)
{
    struct server *s = c->server;
    c->limited = c->who.id[0] && s->limits->limits[LIMIT_API].rate;
    if (!c->limited ||
        limits_take(s->limits, LIMIT_API, str_of(c->who.id), env_mono_ns(s->env), &c->tokens_left))
        return ERR_OK;
    return diag_set(&c->why, ERR_BUSY, "this key asks more than %u times a second; wait a moment",
                    s->limits->limits[LIMIT_API].rate);
}

static void put_number(struct call *c, const char *name, u64 n)
{
    call_header(c, name, arena_printf(c->arena, "%llu", (unsigned long long)n));
}

/* Reset: seconds until the bucket is full again. */
void limits_answer(struct call *c)
{
    if (!c->limited) return;
    const struct limit *l = &c->server->limits->limits[LIMIT_API];
    put_number(c, "RateLimit-Limit", l->burst);
    put_number(c, "RateLimit-Remaining", c->tokens_left);
    put_number(c, "RateLimit-Reset",
               l->rate ? (l->burst - c->tokens_left + l->rate - 1) / l->rate : 0);
}
