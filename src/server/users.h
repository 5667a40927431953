/* users.h — people who sign in: who they are, what they may do, how they prove it.
 *
 *   invited ─ link, used once ─► active ─┬─ password (argon2id)
 *                                        └─ and, if they want, a second factor (totp.h)
 *
 * A role stands for scopes of keys (office.h), so that a page may do what a key may and nothing
 * else. Kept in the back office's tables; the thread that has the office. */
#pragma once
#include "server/office.h"
#include "server/password.h"
#include "server/totp.h"

/* In the order of what they may do. */
#define ROLE_LIST(X)                                                                               \
    X(OWNER, "owner")                                                                              \
    X(ADMIN, "admin")                                                                              \
    X(MARKETER, "marketer")                                                                        \
    X(APPROVER, "approver")                                                                        \
    X(ANALYST, "analyst")

typedef enum {
#define X(name, text) ROLE_##name,
    ROLE_LIST(X)
#undef X
        ROLE_COUNT
} role;

u32 role_scopes(role r);
str role_text(role r);
bool role_parse(str text, role *out);

enum {
    USERS_MAX = 1000,
    EMAIL_MAX = 254,
    RECOVERY_CODES = 10,
    RECOVERY_BYTES = 10, /* of one code: two groups of five */
    INVITATION_MS = 7 * 24 * 3600 * 1000
};

struct user {
    char id[OFFICE_ID_MAX + 1], email[EMAIL_MAX + 1], name[OFFICE_NAME_MAX + 1], language[8];
    char password[PASSWORD_TEXT_MAX]; /* encoded hash; empty: none was chosen yet */
    role role;
    bool disabled, totp_on;
    u8 totp[TOTP_SECRET]; /* in force if totp_on; else as begun, or zero */
    i64 totp_step;        /* of the last code that was taken: none is taken twice */
    u8 invitation[32];    /* hash of the link's token */
    i64 invited_until_ms; /* 0: none */
    i64 created_ms, seen_ms;
};

u32 users_all(const struct office *o, const struct user **out); /* in order of creation */
const struct user *user_by_id(const struct office *o, str id);
const struct user *user_by_email(const struct office *o, str email); /* any case */

struct user_new {
    str email, name, password; /* password: encoded, or empty */
    role role;
    bool only_first; /* ERR_CONFLICT if there is a user */
};
/* ERR_REFUSED with the member's path, ERR_CONFLICT: the address is taken. */
MUST_USE err user_create(struct office *o, const struct user_new *u, i64 now,
                         const struct user **out, struct diag *why);
MUST_USE err user_check_new(str email, str name, struct diag *why);
/* `role` ROLE_COUNT, `disabled` -1, texts NULL: as they are. The last owner who may sign in stays
 * one: ERR_CONFLICT. Who is disabled has no session any more. */
struct user_change {
    const str *name, *language;
    role role;
    int disabled;
};
MUST_USE err user_change(struct office *o, str id, const struct user_change *ch, struct diag *why);
MUST_USE err user_delete(struct office *o, str id, struct diag *why);
/* Ends every session of hers but `keep` (may be empty), and any invitation. */
MUST_USE err user_set_password(struct office *o, str id, str encoded, str keep, struct diag *why);
void user_seen(struct office *o, str id, i64 now);

/* ---- the link that works once ---- */

MUST_USE err user_invite(struct office *o, str id, i64 now, char token[65], struct diag *why);
/* NULL: unknown, used, or too old. */
const struct user *user_by_invitation(const struct office *o, str token, i64 now);

/* ---- the second factor ---- */

MUST_USE err user_totp_begin(struct office *o, str id, const u8 secret[TOTP_SECRET],
                             struct diag *why);
/* In force, with these recovery codes; step: of the code that proved it. */
MUST_USE err user_totp_on(struct office *o, str id, i64 step, char codes[][RECOVERY_BYTES + 2],
                          struct diag *why);
MUST_USE err user_totp_off(struct office *o, str id, struct diag *why);
/* New recovery codes in the place of the old ones; each "abcde-fghjk". */
void recovery_make(struct env *env, char codes[RECOVERY_CODES][RECOVERY_BYTES + 2]);
MUST_USE err user_recovery(struct office *o, str id, char codes[][RECOVERY_BYTES + 2],
                           struct diag *why);
/* A code of the authenticator, or a recovery code, which is used up. False: it is neither, or was
 * taken before. */
bool user_code_take(struct office *o, str id, str code, i64 now);
