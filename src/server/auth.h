/* auth.h — who may call: API keys, and the page on this very machine.
 *
 * A request's key is "Authorization: Bearer bk_live_…". The page that this server itself serves to
 * a browser on the same machine gets a token of its own for the life of the process: it must be
 * asked for by POST, over loopback on both sides, under a Host that names this machine (so that a
 * foreign name pointed at 127.0.0.1 gets nothing) and with no foreign Origin. It is held in the
 * page's memory and sent like a key: no cookie, so nothing rides along on other sites' requests. */
#pragma once
#include "server/inside.h"

struct caller {
    char id[OFFICE_ID_MAX + 1], name[OFFICE_NAME_MAX + 1];
};

/* ERR_AUTH: no key, or one that is not known; ERR_FORBIDDEN: it lacks the scope. */
MUST_USE err auth_check(struct server *s, const struct http_request *req, scope wanted,
                        struct diag *why);
/* The same, telling whose key it is; `who` is left alone when refused. */
MUST_USE err auth_caller(struct server *s, const struct http_request *req, scope wanted,
                         struct caller *who, struct diag *why);
/* Whether this request comes from this server's page on this machine. */
bool auth_is_local_page(const struct server *s, const struct http_request *req);
/* Host without its port names this machine, or the public address. */
bool auth_host_is_ours(const struct server *s, str host);
/* The text after "Basic " decoded, up to its colon; `out` has room for 128. False: no such header.
 */
bool auth_basic_user(str header, char out[128], str *user);
