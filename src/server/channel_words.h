/* channel_words.h — what a provider's answer means, and what to do about it, in plain words. */
#pragma once
#include "base/buf.h"

/* `status` as a trial has it, or "paused", "unconnected"; `detail`: the provider's own words. */
struct said {
    const char *zh, *en;
};
struct said channel_words(const char *status, str detail);
/* "key":{"zh":…,"en":…} */
void said_put(struct buf *b, str key, struct said s);
