/* delivery.c — what providers report, from their threads to the engine's. */
#include "outbox/outbox.h"

#include <pthread.h>
#include <stdlib.h>

struct reports {
    pthread_mutex_t lock;
    struct delivery *first, **tail;
    void (*wake)(void *ctx);
    void *ctx;
};

struct reports *reports_new(void (*wake)(void *ctx), void *ctx)
{
    struct reports *r = mem_zalloc(sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    r->tail = &r->first;
    r->wake = wake;
    r->ctx = ctx;
    return r;
}

void reports_free(struct reports *r)
{
    if (!r) return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* One report at a time is all a delivery has: after it, the provider waits for go or drop, or is
 * done with it. Woken outside the lock, and only when nobody was woken before. */
static void report(struct delivery *d, report_kind kind)
{
    struct reports *r = d->reports;
    pthread_mutex_lock(&r->lock);
    MUST(d->report == REPORT_NONE);
    bool first = !r->first;
    d->report = (u8)kind;
    d->next = NULL;
    *r->tail = d;
    r->tail = &d->next;
    pthread_mutex_unlock(&r->lock);
    if (first && r->wake) r->wake(r->ctx);
}

struct delivery *reports_take(struct reports *r, report_kind *kind)
{
    pthread_mutex_lock(&r->lock);
    struct delivery *d = r->first;
    if (d) {
        r->first = d->next;
        if (!r->first) r->tail = &r->first;
        d->next = NULL;
        *kind = (report_kind)d->report;
        d->report = REPORT_NONE;
    }
    pthread_mutex_unlock(&r->lock);
    return d;
}

/* The provider's words: whole characters, no control characters. */
static void set_detail(struct delivery *d, str detail)
{
    enum { DETAIL_MAX = 200 };
    size_t n = min_size(detail.n, DETAIL_MAX);
    while (n && n < detail.n && ((u8)detail.p[n] & 0xC0) == 0x80) n--;
    if (!str_is_utf8(str_slice(detail, 0, n))) {
        for (size_t i = 0; i < n; i++) d->detail[i] = (u8)detail.p[i] < 128 ? detail.p[i] : '?';
    } else if (n) {
        memcpy(d->detail, detail.p, n);
    }
    for (size_t i = 0; i < n; i++)
        if ((u8)d->detail[i] < 32 || d->detail[i] == 127) d->detail[i] = ' ';
    d->detail[n] = 0;
}

void delivery_ready(struct delivery *d)
{
    report(d, REPORT_READY);
}

void delivery_done(struct delivery *d, answer_class class, i64 retry_in_ms, str detail)
{
    d->answer = (u8) class;
    d->retry_in_ms = retry_in_ms;
    set_detail(d, detail);
    report(d, REPORT_DONE);
}

void delivery_held(struct delivery *d, i64 retry_in_ms, str detail)
{
    d->retry_in_ms = retry_in_ms;
    set_detail(d, detail);
    report(d, REPORT_HELD);
}

void delivery_dropped(struct delivery *d)
{
    report(d, REPORT_DROPPED);
}
