/* decay.h — halving by integer tables: what an amount is worth after a time. */
#pragma once
#include "base/base.h"

enum { DECAY_BITS = 48 };

/* `amount` × 2^(−age ÷ half_life) × 2^DECAY_BITS, towards zero; never more for a greater age, exact
 * at whole half-lives. |amount| < 2^78, age ≥ 0, half_life > 0. Relative error below 2^−40. */
__int128 decay(__int128 amount, i64 age_ms, i64 half_life_ms);
