#include "server/attempts.h"

#include "base/hash.h"

#include <stdlib.h>

enum { PLACES = 1 << 12, PROBES = 8, WAIT_FIRST = 60 * 1000, WAIT_MAX = 15 * 60 * 1000 };
typedef enum { BY_BOTH, BY_ADDRESS, BY_ACCOUNT, BY_COUNT } attempts_by;
static const u32 FREE[BY_COUNT] = {5, 30, 100};

struct tries {
    u64 key; /* 0: nobody's */
    i64 last_ms, until_ms;
    u32 count;
};

struct attempts {
    struct sip_key key;
    struct tries tries[BY_COUNT][PLACES];
};

struct attempts *attempts_new(struct env *env)
{
    struct attempts *a = mem_zalloc(sizeof *a);
    env_random(env, &a->key, sizeof a->key);
    return a;
}

void attempts_free(struct attempts *a)
{
    free(a);
}

static u64 key_of(const struct attempts *a, attempts_by by, str account, str address)
{
    char text[400], low[256];
    size_t n = min_size(account.n, sizeof low), m = min_size(address.n, 64);
    for (size_t i = 0; i < n; i++)
        low[i] =
            account.p[i] >= 'A' && account.p[i] <= 'Z' ? (char)(account.p[i] | 32) : account.p[i];
    if (by == BY_ADDRESS) n = 0;
    if (by == BY_ACCOUNT) m = 0;
    if (n) memcpy(text, low, n);
    text[n] = 0;
    if (m) memcpy(text + n + 1, address.p, m);
    return hash_sip(a->key, (str){text, n + 1 + m}).lo | 1;
}

/* Its place, or the one of its row that was looked at the longest ago, taken over. */
static struct tries *find(struct attempts *a, attempts_by by, u64 key)
{
    struct tries *oldest = NULL;
    for (u32 i = 0; i < PROBES; i++) {
        struct tries *t = &a->tries[by][(key >> 1 & (PLACES - 1)) ^ i];
        if (t->key == key) return t;
        if (!oldest || t->last_ms < oldest->last_ms) oldest = t;
    }
    *oldest = (struct tries){.key = key};
    return oldest;
}

static void count(struct tries *t, u32 free_tries, i64 now)
{
    if (now - t->last_ms > HOUR) t->count = 0;
    t->last_ms = now;
    if (++t->count < free_tries) return;
    u32 beyond = min_u32(t->count - free_tries, 10);
    t->until_ms = now + min_i64((i64)WAIT_FIRST << beyond, WAIT_MAX);
}

i64 attempts_begin(struct attempts *a, str account, str address, i64 now_ms)
{
    struct tries *t[BY_COUNT];
    i64 wait = 0;
    for (u32 by = 0; by < BY_COUNT; by++) {
        t[by] = find(a, (attempts_by)by, key_of(a, (attempts_by)by, account, address));
        wait = max_i64(wait, t[by]->until_ms - now_ms);
    }
    if (wait > 0) return wait;
    for (u32 by = 0; by < BY_COUNT; by++) count(t[by], FREE[by], now_ms);
    return 0;
}

void attempts_right(struct attempts *a, str account, str address)
{
    for (u32 by = 0; by < BY_COUNT; by++) {
        struct tries *t = find(a, (attempts_by)by, key_of(a, (attempts_by)by, account, address));
        if (by == BY_BOTH) *t = (struct tries){.key = t->key};
        if (by != BY_BOTH && t->count) t->count--;
        if (by != BY_BOTH && t->count < FREE[by]) t->until_ms = 0;
    }
}
