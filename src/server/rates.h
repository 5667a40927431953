/* rates.h — how often somebody did something lately: for what is open to everybody. Loop thread. */
#pragma once
#include "base/hash.h"

struct rates;
struct rates *rates_new(void);
void rates_free(struct rates *r); /* NULL is allowed */
/* Counts one more by `who`; false if there were more than `max` in this stretch of `span_ms`. What
 * is remembered is bounded: among many, a new one takes the place of an old one. */
bool rates_take(struct rates *r, str who, u32 max, i64 span_ms, i64 now_ms);
