/* token.h — the texts of keys: prefix, 24 random characters, 6 of checksum.
 *
 *   bk_live_7Qw…  an API key      bk_src_mB4…  a source's write key
 *
 * The checksum lets a mistyped or invented key be refused without a look-up, and lets scanners of
 * public code recognise a leaked one. */
#pragma once
#include "env/env.h"

enum { TOKEN_RANDOM = 24, TOKEN_CHECK = 6 };

/* Writes prefix, random characters (143 bits) and checksum, terminated; 64 bytes hold it. */
void token_make(struct env *env, str prefix, char out[65]);
bool token_valid(str prefix, str token);
