/* memo.h — what the server remembers for a while, in SQLite: the answers given under an
 * Idempotency-Key, and the events that were refused.
 *
 *   answers   sealed with the office's key, 24 hours   at most MEMO_ANSWERS_MAX, oldest first out
 *   rejected  MEMO_REJECTED_DAYS days                  at most MEMO_REJECTED_MAX, oldest first out
 *
 * memo.db stands beside office.db and not in it, since it may be lost: nothing here is the only
 * copy of anything. Each answer is written before it goes out and is there after a crash of the
 * process; a crash of the machine may cost the last seconds (WAL, synchronous = NORMAL), so that no
 * answer waits for the disk. One thread. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "env/env.h"
#include "server/seal.h"

struct memo;

enum {
    MEMO_ANSWERS_MAX = 100000,
    MEMO_ANSWER_BYTES_MAX = 256 << 10, /* a larger one is not kept */
    MEMO_BYTES_MAX = 256 << 20,        /* of all answers */
    MEMO_HOURS = 24,
    MEMO_REJECTED_MAX = 10000,
    MEMO_REJECTED_SECOND_MAX = 1000, /* that are written down in one second */
    MEMO_REJECTED_DAYS = 7,
};

/* Opens or creates `dir`/memo.db. ERR_IO, ERR_CORRUPT, ERR_UNSUPPORTED (a later version's). */
MUST_USE err memo_open(struct env *env, const char *dir, const struct seal_key *key,
                       struct memo **out, struct diag *why);
void memo_close(struct memo *m); /* NULL is allowed */
/* Once a second: what was refused is committed, what is old goes. */
void memo_tick(struct memo *m, i64 now);

struct memo_answer {
    u8 request[32]; /* SHA-256 of what was asked */
    int status;
    str type, headers, body;
};
/* The answer given to this caller under this key within MEMO_HOURS, into `arena`. */
bool memo_answer_get(struct memo *m, str caller, str key, i64 now, struct arena *arena,
                     struct memo_answer *out);
/* Keeps it. ERR_TOO_LARGE, ERR_IO, ERR_FULL: it is not kept. */
MUST_USE err memo_answer_put(struct memo *m, str caller, str key, const struct memo_answer *a,
                             i64 now);

struct memo_rejected {
    i64 id, at_ms;
    str source, reason, sample;
};
void memo_rejected_put(struct memo *m, const struct memo_rejected *r);
/* Newest first, ids below `before`, times in [from, to); empty source: all. Views are good during
 * `each`, which ends the list with false. */
void memo_rejected_each(struct memo *m, i64 before, i64 from, i64 to, str source,
                        bool (*each)(void *ctx, const struct memo_rejected *r), void *ctx);
