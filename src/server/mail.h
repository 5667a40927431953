/* mail.h — how threads ask each other for something: closures posted by any, run by the owner.
 *
 *   any thread: mail_post(box, run, ctx) ──► owner: mail_run(box)      in the order of posting
 *   any thread: mail_ring(box)           ──► owner: mail_wait(box, ms) comes back
 *
 * An owner that sleeps elsewhere (a libuv loop) gives a `ring` of its own. */
#pragma once
#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>

struct letter;

struct mail {
    pthread_mutex_t lock;
    pthread_cond_t rang;
    struct letter *first, *last;
    atomic_bool waiting_letters, is_rung;
    void (*ring)(void *ctx);
    void *ctx;
};

/* `ring` NULL: the owner sleeps in mail_wait. */
void mail_init(struct mail *m, void (*ring)(void *ctx), void *ctx);
void mail_clear(struct mail *m); /* drops what was not run */
void mail_post(struct mail *m, void (*run)(void *ctx), void *ctx);
void mail_ring(struct mail *m); /* nearly free while the owner has not come back since the last */
/* Runs what has been posted; true if there was anything. */
bool mail_run(struct mail *m);
/* Sleeps until the next ring, at most `ms`. A ring since the last wait counts. */
void mail_wait(struct mail *m, i64 ms);
