/* attempts.h — who tried a password too often has to wait.
 *
 *   an account from one address   5 tries, then a minute, two, four … at most 15
 *   one address                  30 tries, the same
 *   one account, from anywhere  100 tries, the same
 *
 * A try counts when it begins, so that many at once are no way around, and is taken back when it
 * was right. An hour without a try and all is forgotten. The tables have a fixed size; what is
 * looked at the longest ago makes room. Loop's thread. */
#pragma once
#include "env/env.h"

struct attempts;
struct attempts *attempts_new(struct env *env);
void attempts_free(struct attempts *a); /* NULL is allowed */
/* Counts a try; 0, or how many ms this one must wait: then it may not be made. */
i64 attempts_begin(struct attempts *a, str account, str address, i64 now_ms);
/* It was right. */
void attempts_right(struct attempts *a, str account, str address);
