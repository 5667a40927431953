/* demo_shop.h — an invented shop: its customers and ninety days of what they did, the same for a
 * seed. Half of them read Chinese, half English; some are about to expire, some have a birthday
 * this week, some have fallen silent, some carts are open: each playbook finds somebody. */
#pragma once
#include "base/buf.h"
#include "base/rng.h"

enum { DEMO_CUSTOMERS = 5000, DEMO_DAYS = 90, DEMO_ROW_MAX = 1 << 14 };
typedef enum { DEMO_CUSTOMER, DEMO_EVENT } demo_kind;

/* Gives each row as a line of NDJSON for an import of that kind (a customer, then her events in
 * order of time); nothing occurs after `now_ms`. False from `each` ends it. */
bool demo_shop(u64 seed, i64 now_ms, u32 customers,
               bool (*each)(void *ctx, demo_kind kind, str row), void *ctx);
/* What the columns of such a file are, as imports take it. */
const char *demo_mapping(demo_kind kind);
