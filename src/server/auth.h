/* auth.h — who calls: a program by its key, a person by the session of a browser.
 *
 *   Authorization: Bearer bk_live_…   a key: nothing rides along, so nothing more is asked
 *   Cookie: __Host-beckon=bk_ses_…    a session; what changes something also needs
 *                                     X-CSRF-Token and no foreign Origin
 *
 * The cookie is out of reach of scripts (HttpOnly), comes with no foreign post (SameSite=Lax), and
 * over TLS can be set by no neighbouring name (__Host-). Over plain HTTP, which is for this
 * machine, browsers do not take that name: there it is beckon_PORT. Loop's thread. */
#pragma once
#include "server/inside.h"

struct caller {
    char id[OFFICE_ID_MAX + 1], name[OFFICE_NAME_MAX + 1]; /* the key's, or the user's */
    char session[OFFICE_ID_MAX + 1];                       /* empty: a key */
    char csrf[33];
    u32 scopes;
};

/* ERR_AUTH: no key, or one that is not known; ERR_FORBIDDEN: it lacks the scope. */
MUST_USE err auth_check(struct server *s, const struct http_request *req, scope wanted,
                        struct diag *why);
/* The same, telling whose key it is; `who` is left alone when refused. */
MUST_USE err auth_caller(struct server *s, const struct http_request *req, scope wanted,
                         struct caller *who, struct diag *why);
/* Whoever it is. ERR_AUTH: nobody; ERR_FORBIDDEN: a session whose request may be a foreign page's.
 */
MUST_USE err auth_who(struct server *s, const struct http_request *req, struct caller *who,
                      struct diag *why);
/* Whether this request comes from this very machine, by its own name, and from no foreign page:
 * loopback on both sides, no proxy between. */
bool auth_is_local(const struct server *s, const struct http_request *req);
/* Whether it came over TLS, here or at a proxy on this machine. */
bool auth_is_secure(const struct server *s, const struct http_request *req);
/* The Set-Cookie line for this token; an empty one takes the cookie away. */
void auth_cookie(const struct server *s, const struct http_request *req, str token,
                 struct buf *out);
/* Host without its port names this machine, or the public address. */
bool auth_host_is_ours(const struct server *s, str host);
/* The text after "Basic " decoded, up to its colon; `out` has room for 128. False: no such header.
 */
bool auth_basic_user(str header, char out[128], str *user);
