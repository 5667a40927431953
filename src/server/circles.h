/* circles.h — journeys that may begin themselves by what their own steps do, also through others:
 *
 *   journey ─tag, attribute, stage, score, hand-over─► trigger of a journey ─► …─► itself
 *
 * Read from what is published; conditions are not looked at, so it says what may be, not what is.
 * While it runs such a circle stops after three rounds a customer and day (journey/loop.c). */
#pragma once
#include "server/call.h"

enum { CIRCLE_LENGTH_MAX = 16 };
struct circle {
    str ids[CIRCLE_LENGTH_MAX]; /* the others on the way, in order */
    u32 count;
    str by; /* what this journey does that leads there: "tag Own" */
};
/* Engine thread. False: it does not come back to itself. */
bool circle_find(struct call *c, const struct json *journey, struct circle *out);
/* Every step, also those in arms; `each` ends it with false. */
void steps_each(const struct json *steps, bool (*each)(void *ctx, const struct json *step),
                void *ctx);
