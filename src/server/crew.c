#include "server/crew.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10 };

struct task {
    void (*run)(void *ctx);
    void *ctx;
    struct task *next;
};

/* Pieces that members share; lives on the stack of who asked. */
struct share {
    void (*run)(void *ctx, u32 piece, u32 worker);
    void *ctx;
    u32 pieces;
    atomic_uint taken;
    u32 workers, active; /* under the lock */
    struct share *next;
};

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t work, over;
    struct task *first, *last;
    struct share *shares;
    u32 waiting, count;
    bool stopping;
    pthread_t threads[];
};

static void work_on(struct share *s, u32 worker)
{
    for (u32 piece; (piece = atomic_fetch_add(&s->taken, 1)) < s->pieces;)
        s->run(s->ctx, piece, worker);
}

static struct share *open_share(struct crew *c)
{
    for (struct share *s = c->shares; s; s = s->next)
        if (atomic_load(&s->taken) < s->pieces && s->workers < c->count) return s;
    return NULL;
}

/* With the lock held, which is let go meanwhile. */
static void join_share(struct crew *c, struct share *s)
{
    u32 worker = s->workers++;
    s->active++;
    pthread_mutex_unlock(&c->lock);
    work_on(s, worker);
    pthread_mutex_lock(&c->lock);
    if (--s->active == 0) pthread_cond_broadcast(&c->over);
}

static void run_task(struct crew *c)
{
    struct task *t = c->first;
    c->first = t->next;
    if (!c->first) c->last = NULL;
    c->waiting--;
    pthread_mutex_unlock(&c->lock);
    t->run(t->ctx);
    free(t);
    pthread_mutex_lock(&c->lock);
}

/* Who reads for long gives way to the threads that take events in and answer, wherever cores are
 * few. Of Linux, where each thread has a priority of its own; it may be refused. */
void crew_give_way(void)
{
    id_t self = (id_t)gettid();
    (void)!setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + NICE);
}

static void *member(void *arg)
{
    struct crew *c = arg;
    crew_give_way();
    pthread_mutex_lock(&c->lock);
    for (;;) {
        struct share *s = open_share(c);
        if (s)
            join_share(c, s);
        else if (c->first)
            run_task(c);
        else if (c->stopping)
            break;
        else
            pthread_cond_wait(&c->work, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct crew *crew_new(u32 threads)
{
    struct crew *c = mem_zalloc(sizeof *c + threads * sizeof c->threads[0]);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    pthread_cond_init(&c->over, NULL);
    for (; c->count < threads; c->count++) {
        MUST(pthread_create(&c->threads[c->count], NULL, member, c) == 0);
        pthread_setname_np(c->threads[c->count], "crew");
    }
    return c;
}

void crew_free(struct crew *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    for (u32 i = 0; i < c->count; i++) pthread_join(c->threads[i], NULL);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->work);
    pthread_cond_destroy(&c->over);
    free(c);
}

u32 crew_size(const struct crew *c)
{
    return c->count;
}

bool crew_has_room(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    bool room = c->waiting < CREW_WAITING_MAX;
    pthread_mutex_unlock(&c->lock);
    return room;
}

bool crew_post(struct crew *c, void (*run)(void *ctx), void *ctx, bool must)
{
    pthread_mutex_lock(&c->lock);
    bool room = must || c->waiting < CREW_WAITING_MAX;
    if (room) {
        struct task *t = mem_alloc(sizeof *t);
        *t = (struct task){run, ctx, NULL};
        if (c->last)
            c->last->next = t;
        else
            c->first = t;
        c->last = t;
        c->waiting++;
        pthread_cond_signal(&c->work);
    }
    pthread_mutex_unlock(&c->lock);
    return room;
}

void crew_each(struct crew *c, u32 pieces, void (*run)(void *ctx, u32 piece, u32 worker), void *ctx)
{
    struct share s = {.run = run, .ctx = ctx, .pieces = pieces, .workers = 1};
    pthread_mutex_lock(&c->lock);
    s.next = c->shares;
    c->shares = &s;
    if (pieces > 1) pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    work_on(&s, 0);
    pthread_mutex_lock(&c->lock);
    while (s.active) pthread_cond_wait(&c->over, &c->lock);
    struct share **at = &c->shares;
    while (*at != &s) at = &(*at)->next;
    *at = s.next;
    pthread_mutex_unlock(&c->lock);
}
