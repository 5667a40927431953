/* password.h — passwords: what may be one, and their hashes (argon2id, RFC 9106).
 *
 * A hash takes 19 MiB and some 30 ms (OWASP's parameters), so it is computed beside the loop, on
 * the helper's thread. */
#pragma once
#include "env/env.h"

enum { PASSWORD_TEXT_MAX = 128, PASSWORD_MIN = 8, PASSWORD_MAX = 256 };

/* ERR_REFUSED: too short, too long, one of the most common, or the address itself. */
MUST_USE err password_check(str password, str email, struct diag *why);
/* The encoded hash with its parameters and a new salt, terminated. */
void password_hash(struct env *env, str password, char out[PASSWORD_TEXT_MAX]);
/* In constant time. An empty hash takes as long and fits nothing. */
bool password_fits(str password, const char *encoded);
