/* postbox.h — how threads ask each other for something: closures posted by any, run by the owner.
 *
 *   any thread: postbox_post(box, run, ctx) ──► owner: postbox_run(box)      in the order of
 * posting any thread: postbox_ring(box)           ──► owner: postbox_wait(box, ms) comes back
 *
 * An owner that sleeps elsewhere (a libuv loop) gives a `ring` of its own. */
#pragma once
#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>

struct letter;

struct postbox {
    pthread_mutex_t lock;
    pthread_cond_t rang;
    struct letter *first, *last;
    atomic_bool waiting_letters, is_rung;
    void (*ring)(void *ctx);
    void *ctx;
};

/* `ring` NULL: the owner sleeps in postbox_wait. */
void postbox_init(struct postbox *m, void (*ring)(void *ctx), void *ctx);
void postbox_clear(struct postbox *m); /* drops what was not run */
void postbox_post(struct postbox *m, void (*run)(void *ctx), void *ctx);
void postbox_ring(
    struct postbox *m); /* nearly free while the owner has not come back since the last */
/* Runs what has been posted; true if there was anything. */
bool postbox_run(struct postbox *m);
/* Sleeps until the next ring, at most `ms`. A ring since the last wait counts. */
void postbox_wait(struct postbox *m, i64 ms);
