/* channel_words.h — what a provider's answer means, and what to do about it, in plain words. */
#pragma once
#include "base/buf.h"

/* `status` as a trial has it, or "paused", "unconnected"; `detail`: the provider's own words. */
struct wording {
    const char *zh, *en;
};
struct wording channel_words(const char *status, str detail);
/* "key":{"zh":…,"en":…} */
void wording_put(struct buf *b, str key, struct wording s);
