/* watch.h — what became of channels and journeys lately: since when a channel rests and why, what
 * it sent within a day, which counters moved since somebody was told.
 *
 * Looked at once a second on the engine's thread, from counters alone. It lives as long as the
 * process: after a start it knows of nothing before. */
#pragma once
#include "server/inside.h"

struct watch_channel {
    const char *status; /* "ok", "paused", "unconnected"; NULL: there is no such channel */
    char detail[208];   /* why it is not ok */
    i64 since_ms;       /* of the status */
    char last_error[208];
    i64 last_error_ms; /* 0: none yet */
    u64 sent_24h, failed_24h;
};

void watch_begin(struct server *s);
void watch_end(struct server *s);
void watch_step(struct server *s, i64 now); /* does nothing within a second of the last time */
/* By channel (code of NAME_CHANNEL). False: nothing is known of it. */
bool watch_channel_of(const struct server *s, u32 channel, struct watch_channel *out);
/* A message past the outbox went wrong. */
void watch_error(struct server *s, u32 channel, const char *detail, i64 now);
/* What a provider took of a channel since then, by whole hours; a day back at most. */
u64 watch_sent_since(const struct server *s, u32 channel, i64 from_ms, i64 now);
/* What this journey (a code of NAME_OBJECT) sent today, in the workspace's zone; `sent`: since its
 * beginning. What was sent before the process began is not counted. */
u64 watch_sent_today(const struct server *s, u32 journey, u64 sent);
/* All its versions together: taken by a provider, whatever became of it. */
u64 watch_journey_sent(const struct journeys *js, u32 journey);
/* Events for those who listen: channels, journeys, the pause, alerts; what changed since, or all.
 */
void watch_put_live(struct server *s, struct buf *out, bool all, i64 now);
