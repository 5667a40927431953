/* live.h — what happens now, pushed to pages: server-sent events with counters and new events.
 *
 * Once a second, if anybody listens, the engine's thread is asked for the counters and for the
 * events since the last time (at most 50); the same text goes to every listener. One that reads too
 * slowly is let go. */
#pragma once
#include "server/inside.h"

void live_begin(struct server *s);
void live_clear(struct server *s); /* after the loop has ended */
void live_add(struct server *s, struct http_request *req);
void live_gone(struct server *s, struct http_request *req); /* its connection went */
void live_tick(struct server *s);
void live_end(struct server *s); /* the server stops: all streams end */
