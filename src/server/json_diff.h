/* json_diff.h — what is different between two documents, place by place.
 *
 *   {"path": "/steps/w1/wait/for", "what": "changed", "from": "1h", "to": "2h"}
 *
 * Members are compared by name. Elements of a list that have an "id" are compared by it and their
 * path has it; others by their place. Whatever only one of the two has is told whole, once. */
#pragma once
#include "base/json.h"

enum { JSON_DIFF_MAX = 200 };
/* Writes a list; at most JSON_DIFF_MAX items. Returns how many. */
u32 json_diff(const struct json *from, const struct json *to, struct buf *out);
