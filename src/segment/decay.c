/* decay.c — 2^−x as a product over the bits of x's fraction; shifts do the whole part. */
#include "segment/decay.h"

enum { FRACTION_BITS = 40, ONE_BITS = 62 };

/* 2^(−2^−i) for i = 1 …, times 2^62. */
static const u64 ROOTS[FRACTION_BITS] = {
    0x2d413cccfe779921u, 0x35d13f32b5a75abdu, 0x3ab031b9f7490e4cu, 0x3d495f454921b30bu,
    0x3ea0ecb6dc8a80cfu, 0x3f4f83033d21b05du, 0x3fa784571ee3e213u, 0x3fd3b2d65447b229u,
    0x3fe9d59487236bb4u, 0x3ff4e9d4703df843u, 0x3ffa74acbdf6c9d5u, 0x3ffd3a46ffc6e30fu,
    0x3ffe9d1fa8010199u, 0x3fff4e8ede053ad5u, 0x3fffa747318376acu, 0x3fffd3a38961e6ffu,
    0x3fffe9d1c0d8fd14u, 0x3ffff4e8df7680c5u, 0x3ffffa746f7dc0ecu, 0x3ffffd3a37af8098u,
    0x3ffffe9d1bd3e854u, 0x3fffff4e8de8fe2cu, 0x3fffffa746f44197u, 0x3fffffd3a37a116bu,
    0x3fffffe9d1bd04deu, 0x3ffffff4e8de8179u, 0x3ffffffa746f407fu, 0x3ffffffd3a37a030u,
    0x3ffffffe9d1bd014u, 0x3fffffff4e8de809u, 0x3fffffffa746f404u, 0x3fffffffd3a37a02u,
    0x3fffffffe9d1bd01u, 0x3ffffffff4e8de81u, 0x3ffffffffa746f40u, 0x3ffffffffd3a37a0u,
    0x3ffffffffe9d1bd0u, 0x3fffffffff4e8de8u, 0x3fffffffffa746f4u, 0x3fffffffffd3a37au,
};

/* 2^−(fraction ÷ 2^40), times 2^62. Two neighbours differ by 2^−41 of it, the rounding of all
 * products is below 2^−55: so a greater fraction never gives more. */
static u64 power(u64 fraction)
{
    u64 p = (u64)1 << ONE_BITS;
    for (u32 i = 0; i < FRACTION_BITS; i++)
        if (fraction >> (FRACTION_BITS - 1 - i) & 1) p = (u64)((u128)p * ROOTS[i] >> ONE_BITS);
    return p;
}

__int128 decay(__int128 amount, i64 age_ms, i64 half_life_ms)
{
    u64 halvings = (u64)(age_ms / half_life_ms);
    u64 rest = (u64)(age_ms % half_life_ms);
    u64 fraction = (u64)(((u128)rest << FRACTION_BITS) / (u64)half_life_ms);
    u128 size = amount < 0 ? -(u128)amount : (u128)amount;
    if (halvings > 126) return 0;
    size = size * (power(fraction) >> (ONE_BITS - DECAY_BITS)) >> halvings;
    return amount < 0 ? -(__int128)size : (__int128)size;
}
