/* conditions.h — edits that hold only for the version they were made from (RFC 9110, 13).
 *
 *   GET ─► ETag "source-answer"                    If-None-Match: all of it ─► 304
 *   PUT, PATCH, DELETE ─ one at a time per address ─► If-Match: its first half ─► 412
 *
 * The first half is the hash of what somebody wrote, the second that of the whole answer with its
 * counters: so an edit is refused for another edit only, while a reader who asks again gets the
 * counters as they are. A resource that has no source (a customer, the settings) has one half: its
 * answer. Whether an edit may go on is asked of the resource's own GET, run ahead of it; since the
 * edits of an address wait for each other, nothing comes in between. Loop's thread, but for
 * conditions_looked. */
#pragma once
#include "server/call.h"

/* Before the route's own first step: `go_on` begins it, now or later. */
MUST_USE err conditions_begin(struct call *c, call_step go_on);
/* After the GET that was run ahead, which ended with `e`: goes on with the edit, or ERR_STALE. Any
 * thread. */
MUST_USE err conditions_looked(struct call *c, err e);
/* The answer is made: its ETag, or 304 in its place. */
void conditions_answer(struct call *c);
/* The call is over; the next edit of the same address, which has to be begun, or NULL. */
struct call *conditions_next(struct call *c);
