/* session.h — signing in, for the routes that do it: hashing beside the loop, the cookie, and what
 * a page is told of its session. */
#pragma once
#include "server/call.h"
#include "server/users.h"

/* Computes on the helper's thread, then goes on at the loop. `then` finds the result in the struct,
 * which is also in c->data. ERR_BUSY: too many passwords are being looked at. */
struct hashing {
    str password;     /* to be hashed, or compared… */
    const char *with; /* …with this encoded hash; NULL: to be hashed */
    char encoded[PASSWORD_TEXT_MAX];
    bool fits;
    call_step then;
    void *data; /* the route's own */
};
MUST_USE err session_hash(struct call *c, struct hashing *h);

/* The password of the signed-in user, as a check before something serious: tries are counted. Goes
 * on at the loop if it is right. ERR_AUTH with the path of the member. */
MUST_USE err session_prove(struct call *c, const char *member, call_step then);

/* Counts a try to sign in as `account`; ERR_BUSY with Retry-After. */
MUST_USE err session_try(struct call *c, str account);
void session_right(struct call *c, str account);

/* Begins a session of this user: the cookie goes with the answer. Loop's thread. */
MUST_USE err session_open(struct call *c, const struct user *u);
/* The session document of c->who. From the loop; ends the call. */
MUST_USE err session_answer(struct call *c);
/* Is this directory's a demo shop? */
bool session_is_demo(const struct server *s);
/* "user":{…} of users' pages. */
void user_put(struct buf *b, const struct user *u);
