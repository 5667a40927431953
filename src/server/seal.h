/* seal.h — AES-256-GCM under a key file: secrets at rest. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "env/env.h"

struct seal_key {
    u8 bytes[32];
};

/* Reads `path`, or makes it (0600, durable) with a new key. ERR_IO; ERR_CORRUPT on a wrong size. */
MUST_USE err seal_key_load(struct env *env, const char *path, struct seal_key *out);
/* Nonce, sealed text, tag; `name` is bound in, so that one secret cannot stand in for another. */
void seal_put(struct env *env, const struct seal_key *key, str name, str secret, struct buf *out);
/* ERR_CORRUPT if the bytes are not what seal_put wrote for this key and name. */
MUST_USE err seal_get(const struct seal_key *key, str name, str sealed, struct arena *arena,
                      str *out);
