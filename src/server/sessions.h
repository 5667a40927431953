/* sessions.h — browsers that are signed in: a random token in a cookie, its hash in the office.
 *
 * A session ends 12 hours after its last request, 7 days after it began, when it is revoked, and
 * when its user is disabled or chooses another password. What it sends to change something carries
 * a second text, made of the token, which no foreign page can know (session_csrf). The thread that
 * has the office. */
#pragma once
#include "server/office.h"

struct user;

enum {
    SESSIONS_MAX = 10000,
    SESSIONS_OF_USER = 50, /* beyond it the oldest goes */
    SESSION_IDLE_MS = 12 * 3600 * 1000,
    SESSION_MS = 7 * 24 * 3600 * 1000,
    CSRF_BYTES = 32
};

struct session {
    char id[OFFICE_ID_MAX + 1], user[OFFICE_ID_MAX + 1], address[48], agent[161];
    u8 hash[32];
    i64 created_ms, seen_ms, expires_ms;
    bool seen_changed;
};

/* `token` gets what the cookie holds, the only time. */
MUST_USE err session_begin(struct office *o, str user, i64 now, str address, str agent,
                           char token[65], const struct session **out, struct diag *why);
/* The session with this token and whose it is; NULL: it is over. Remembers `now` as last used. */
const struct session *session_check(struct office *o, str token, i64 now, const struct user **who);
/* Whether it still is; without being used by that. */
bool session_lives(const struct office *o, str id, i64 now);
i64 session_ends(const struct session *s);
void session_csrf(str token, char out[CSRF_BYTES + 1]);
/* ERR_NOT_FOUND if the user has no session of this id. */
MUST_USE err session_end(struct office *o, str user, str id, struct diag *why);
/* All of a user's but `keep`; how many. */
u32 sessions_end(struct office *o, str user, str keep);
u32 sessions_all(const struct office *o, const struct session **out);
