/* demo_shop.h — an invented shop: its customers and ninety days of what they did, the same for a
 * seed. Half of them read Chinese, half English; some are about to expire, some have a birthday
 * this week, some have fallen silent, some carts are open: each playbook finds somebody. */
#pragma once
#include "base/buf.h"
#include "base/rng.h"

enum { DEMO_CUSTOMERS = 5000, DEMO_DAYS = 90, DEMO_ITEM_MAX = 1 << 14 };

/* Gives each item as JSON, as INTAKE_ITEM takes it (customers, then their events, each customer's
 * in order of time); nothing occurs after `now_ms`. False from `each` ends it. */
bool demo_shop(u64 seed, i64 now_ms, u32 customers, bool (*each)(void *ctx, str item), void *ctx);
