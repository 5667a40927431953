#include "server/postbox.h"

#include "base/mem.h"

#include <stdlib.h>
#include <time.h>

struct letter {
    void (*run)(void *ctx);
    void *ctx;
    struct letter *next;
};

void postbox_init(struct postbox *m, void (*ring)(void *ctx), void *ctx)
{
    pthread_condattr_t attr;
    memset(m, 0, sizeof *m);
    m->ring = ring;
    m->ctx = ctx;
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&m->rang, &attr);
    pthread_condattr_destroy(&attr);
}

void postbox_clear(struct postbox *m)
{
    for (struct letter *l; (l = m->first);) {
        m->first = l->next;
        free(l);
    }
    m->last = NULL;
    pthread_cond_destroy(&m->rang);
    pthread_mutex_destroy(&m->lock);
}

/* The flag is raised under the lock too, so that a waiter between its look at the flag and its
 * sleep cannot miss it. */
void postbox_ring(struct postbox *m)
{
    if (m->ring) {
        m->ring(m->ctx);
        return;
    }
    if (atomic_load(&m->is_rung)) return;
    pthread_mutex_lock(&m->lock);
    atomic_store(&m->is_rung, true);
    pthread_cond_signal(&m->rang);
    pthread_mutex_unlock(&m->lock);
}

void postbox_post(struct postbox *m, void (*run)(void *ctx), void *ctx)
{
    struct letter *l = mem_alloc(sizeof *l);
    *l = (struct letter){run, ctx, NULL};
    pthread_mutex_lock(&m->lock);
    if (m->last)
        m->last->next = l;
    else
        m->first = l;
    m->last = l;
    atomic_store(&m->waiting_letters, true);
    pthread_mutex_unlock(&m->lock);
    postbox_ring(m);
}

bool postbox_run(struct postbox *m)
{
    if (!atomic_load(&m->waiting_letters)) return false;
    pthread_mutex_lock(&m->lock);
    struct letter *l = m->first;
    m->first = m->last = NULL;
    atomic_store(&m->waiting_letters, false);
    pthread_mutex_unlock(&m->lock);
    while (l) {
        struct letter *next = l->next;
        l->run(l->ctx);
        free(l);
        l = next;
    }
    return true;
}

void postbox_wait(struct postbox *m, i64 ms)
{
    if (ms > 0 && !atomic_load(&m->is_rung)) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_sec += ms / 1000;
        t.tv_nsec += ms % 1000 * 1000000;
        if (t.tv_nsec >= 1000000000) {
            t.tv_sec++;
            t.tv_nsec -= 1000000000;
        }
        pthread_mutex_lock(&m->lock);
        while (!atomic_load(&m->is_rung))
            if (pthread_cond_timedwait(&m->rang, &m->lock, &t) != 0) break;
        pthread_mutex_unlock(&m->lock);
    }
    atomic_store(&m->is_rung, false);
}
