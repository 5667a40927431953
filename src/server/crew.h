/* crew.h — threads for long reading: analyses and previews, off the engine's thread and the
 * helper's.
 *
 *   any thread: crew_post(run, ctx) ──► some member runs it
 *   a member:   crew_each(n, run, ctx) ──► pieces 0 … n − 1, by itself and by whoever is free
 *
 * A piece knows which worker it is given to, so that workers keep what they gather apart. Members
 * run at a lower priority than the other threads. */
#pragma once
#include "base/base.h"

struct crew;

enum { CREW_WAITING_MAX = 64 };

struct crew *crew_new(u32 threads);
void crew_free(struct crew *c); /* waits for what is under way; NULL is allowed */
u32 crew_size(const struct crew *c);
/* False: too much is waiting already; never if it `must`. */
bool crew_post(struct crew *c, void (*run)(void *ctx), void *ctx, bool must);
bool crew_has_room(struct crew *c);
/* From a member: returns once all pieces are done. Workers are numbered below crew_size. */
void crew_each(struct crew *c, u32 pieces, void (*run)(void *ctx, u32 piece, u32 worker),
               void *ctx);
/* The thread that asks goes on at that lower priority. */
void crew_give_way(void);
