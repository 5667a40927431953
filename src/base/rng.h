/* rng.h — reproducible chance: SplitMix64 (Steele, Lea, Flood 2014), 8 bytes of state. For tests,
 * the simulator and jitter; never for secrets (env_random is). */
#pragma once
#include "base/base.h"

struct rng {
    u64 state;
};

static inline u64 rng_next(struct rng *r)
{
    u64 z = r->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Uniform in [0, below); 0 if below is 0. */
static inline u64 rng_below(struct rng *r, u64 below)
{
    return (u64)(((u128)rng_next(r) * below) >> 64);
}

/* True `percent` times in a hundred. */
static inline bool rng_percent(struct rng *r, u64 percent)
{
    return rng_below(r, 100) < percent;
}
