/* hits.h — clicks and opens on their way into the log, and whether a person did them.
 *
 * A machine is known by its name, by a scanner's network, by HEAD, by the lack of what browsers
 * send, or by following several links of one message within two seconds. The last can be told only
 * afterwards, so a hit that looks like a person's waits those two seconds before it is written; it
 * is lost if the process dies meanwhile, which costs a count and nothing else. Loop thread. */
#pragma once
#include "server/inside.h"

struct hits;
struct hits *hits_new(void);
void hits_free(struct hits *h); /* NULL is allowed */

struct hit {
    char customer[33]; /* her opaque id */
    hash128 message;
    bool is_open;
    str target; /* of a click */
};
/* Takes note of it; `req` is what was asked. */
void hits_take(struct server *s, const struct http_request *req, const struct hit *hit);
/* Writes what has waited long enough; `all`: everything, the process ends. */
void hits_flush(struct server *s, bool all);

/* Do the request's own features show that no person sent it? `address` as web_address has it. */
bool hit_is_machine(const struct http_request *req, str address, bool is_open);
