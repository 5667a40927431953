/* audit.h — what people and programs changed, and by which key.
 *
 * Every request that may change configuration and was taken is one line in the back office, written
 * before its answer goes out. Versions are those of published objects; a draft, a key or a setting
 * has none. Loop's thread. */
#pragma once
#include "server/call.h"

void audit_answered(struct call *c);
