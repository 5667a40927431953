/* live.h — what happens now, pushed to pages: server-sent events.
 *
 * Once a second, if anybody listens, the engine's thread is asked for the counters, for the events
 * since the last time (at most 50) and for what moved elsewhere (watch.h, imports.h, exports.h);
 * the same text goes to every listener. Who just came is told everything. Events have ids, and the
 * last 50 are kept for those who come again (Last-Event-ID). One that reads too slowly is let go,
 * and so is one whose session is over. */
#pragma once
#include "server/inside.h"

struct caller;

void live_begin(struct server *s);
void live_clear(struct server *s); /* after the loop has ended */
/* Takes over the request. ERR_BUSY, and it is not taken: 100 listen, or 20 of this caller. */
MUST_USE err live_add(struct server *s, struct http_request *req, const struct caller *who,
                      struct diag *why);
void live_gone(struct server *s, struct http_request *req); /* its connection went */
void live_tick(struct server *s);
void live_end(struct server *s); /* the server stops: all streams end */
