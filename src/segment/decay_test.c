/* decay_test.c — halving beside long doubles. */
#include "base/test.h"
#include "segment/decay.h"

#include <math.h>

static const __int128 ONE = (__int128)1 << DECAY_BITS;

TEST("what decays is halved exactly at each half life, and nothing is left in the end")
{
    __int128 amount = (__int128)1 << 60;
    for (i64 n = 0; n <= 60; n++) {
        CHECK(decay(amount, n * DAY, DAY) == (amount >> n) * ONE);
        CHECK(decay(-amount, n * DAY, DAY) == -((amount >> n) * ONE));
    }
    CHECK(decay(amount, 200 * DAY, DAY) == 0);
    CHECK(decay(0, 5, DAY) == 0);
}

TEST("decay never grows with age, and is right to forty bits")
{
    static const i64 LIVES[] = {SECOND, HOUR + 1, DAY, 30 * DAY, 36525 * DAY};
    struct rng rng = {test_seed()};
    for (u32 i = 0; i < 20000; i++) {
        i64 life = LIVES[rng_below(&rng, COUNT_OF(LIVES))];
        i64 age = (i64)rng_below(&rng, (u64)(life * 10));
        __int128 amount = (__int128)1 << 76;
        __int128 worth = decay(amount, age, life), later = decay(amount, age + 1, life);
        long double share = (long double)worth / (long double)amount / (long double)ONE;
        long double right = exp2l(-(long double)age / (long double)life);
        CHECK(later <= worth);
        CHECK(fabsl(share - right) <= right * 0x1p-39L);
    }
}
