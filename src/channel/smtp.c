/* smtp.c — the SMTP provider: orders from the engine's thread, jobs and connections on the loop's.
 */
#include "channel/smtp.h"

#include <stdlib.h>

/* ---- jobs ---- */

static void forget(struct job *job)
{
    MUST(!job->link);
    job->d->provider_data = NULL;
    free(job);
}

void smtp_done(struct job *job, answer_class class, i64 retry_ms, str detail)
{
    struct delivery *d = job->d;
    forget(job);
    delivery_done(d, class, retry_ms, detail);
}

void smtp_held(struct job *job, i64 retry_ms, str detail)
{
    struct delivery *d = job->d;
    forget(job);
    delivery_held(d, retry_ms, detail);
}

/* The channel is to blame, and rests longer each time: from a minute, or five for a refused
 * password, which servers count against us, to an hour. */
void smtp_failed(struct smtp *s, struct job *job, bool credentials, str detail)
{
    i64 first = credentials ? 5 * MINUTE : MINUTE;
    bool news = job->round == s->round;
    u32 before = s->failures - (news || !s->failures ? 0 : 1);
    if (news) s->round++, s->failures++;
    smtp_held(job, smtp_backoff(first, HOUR, before, job->d->id.lo), detail);
}

static void enqueue(struct smtp *s, struct job *job)
{
    job->next = NULL;
    *s->waiting_tail = job;
    s->waiting_tail = &job->next;
}

void smtp_requeue(struct smtp *s, struct job *job)
{
    job->again = true;
    enqueue(s, job);
}

/* An idle connection is better than a new one, but for a job that has just met a dead one. */
static struct link *spare_link(struct smtp *s, bool fresh)
{
    struct link *closed = NULL, *idle = NULL;
    for (u32 i = 0; i < s->settings.connections; i++) {
        if (s->links[i].job) continue;
        if (s->links[i].state == LINK_IDLE) idle = &s->links[i];
        if (s->links[i].state == LINK_CLOSED) closed = &s->links[i];
    }
    if (fresh && !closed && idle) link_close(closed = idle);
    return fresh || !idle ? closed : idle;
}

static void serve_waiting(struct smtp *s)
{
    for (struct link *l; s->waiting && (l = spare_link(s, s->waiting->again));) {
        struct job *job = s->waiting;
        s->waiting = job->next;
        if (!s->waiting) s->waiting_tail = &s->waiting;
        link_serve(l, job);
    }
}

/* What waits is served from the loop's top, not from the depth of a reply. */
void smtp_free_link(struct smtp *s)
{
    if (s->waiting && !s->closing) uv_async_send(&s->async);
}

/* ---- orders ---- */

void smtp_unsent(struct job *job)
{
    smtp_done(job, ANSWER_RETRY, smtp_backoff(MINUTE, HOUR, job->d->attempts, job->d->id.lo),
              S("the connection was lost before the mail was sent"));
}

static void go_now(struct job *job)
{
    if (job->link)
        link_go(job->link);
    else
        smtp_unsent(job);
}

static void drop_now(struct job *job)
{
    struct delivery *d = job->d;
    struct link *l = job->link;
    job->link = NULL;
    if (l) {
        l->job = NULL;
        link_close(l);
        smtp_free_link(l->smtp);
    }
    forget(job);
    delivery_dropped(d);
}

static struct job *take_orders(struct smtp *s)
{
    pthread_mutex_lock(&s->lock);
    struct job *all = s->queue;
    s->queue = NULL;
    s->queue_tail = &s->queue;
    pthread_mutex_unlock(&s->lock);
    return all;
}

static void on_async(uv_async_t *async)
{
    struct smtp *s = async->data;
    for (struct job *job = take_orders(s), *next; job; job = next) {
        next = job->next;
        switch (job->order) {
        case JOB_PREPARE:
            job->round = s->round;
            enqueue(s, job);
            break;
        case JOB_GO: go_now(job); break;
        case JOB_DROP: drop_now(job); break;
        }
    }
    serve_waiting(s);
}

static void order(struct smtp *s, struct job *job, job_order what)
{
    pthread_mutex_lock(&s->lock);
    job->order = what;
    job->next = NULL;
    *s->queue_tail = job;
    s->queue_tail = &job->next;
    pthread_mutex_unlock(&s->lock);
    uv_async_send(&s->async);
}

static void prepare(void *provider, struct delivery *d)
{
    struct job *job = mem_zalloc(sizeof *job);
    str address;
    struct diag why = {0};
    if (mail_address(str_of(d->to), &address, &why) != ERR_OK || !str_eq(address, str_of(d->to))) {
        free(job);
        delivery_done(d, ANSWER_REJECTED, 0,
                      why.message[0] ? str_of(why.message) : S("this is no mail address"));
        return;
    }
    job->d = d;
    d->provider_data = job;
    order(provider, job, JOB_PREPARE);
}

static void go(void *provider, struct delivery *d)
{
    order(provider, d->provider_data, JOB_GO);
}

static void drop(void *provider, struct delivery *d)
{
    order(provider, d->provider_data, JOB_DROP);
}

/* ---- life ---- */

static u32 connections(void *provider)
{
    return ((struct smtp *)provider)->settings.connections;
}

static err open_smtp(const struct json *settings, void *loop, void **out, struct diag *why)
{
    struct arena *arena = arena_new();
    struct smtp_settings o;
    struct dkim *dkim = NULL;
    err e = smtp_settings_read(settings, arena, &o, why);
    if (e == ERR_OK && o.dkim_domain.n)
        e = dkim_open(o.dkim_domain, o.dkim_selector, o.dkim_key, &dkim, why);
    if (e != ERR_OK) {
        arena_free(arena);
        return e;
    }
    struct smtp *s = mem_zalloc(sizeof *s);
    s->settings = o;
    s->dkim = dkim;
    s->arena = arena;
    s->loop = loop;
    s->queue_tail = &s->queue;
    s->waiting_tail = &s->waiting;
    pthread_mutex_init(&s->lock, NULL);
    MUST(uv_async_init(curl_loop_uv(s->loop), &s->async, on_async) == 0);
    s->async.data = s;
    s->links = mem_zalloc(o.connections * sizeof *s->links);
    for (u32 i = 0; i < o.connections; i++) link_init(&s->links[i], s);
    *out = s;
    return ERR_OK;
}

/* The last of its handles is closed: nothing of libuv points here any more. */
void smtp_link_gone(struct smtp *s)
{
    if (--s->handles) return;
    pthread_mutex_destroy(&s->lock);
    dkim_close(s->dkim);
    arena_free(s->arena);
    free(s->links);
    free(s);
}

static void on_async_closed(uv_handle_t *handle)
{
    smtp_link_gone(handle->data);
}

static void close_smtp(void *provider)
{
    struct smtp *s = provider;
    MUST(!s->waiting && !s->queue);
    s->closing = true;
    s->handles = s->settings.connections + 1;
    for (u32 i = 0; i < s->settings.connections; i++) link_end(&s->links[i]);
    uv_close((uv_handle_t *)&s->async, on_async_closed);
}

const struct provider_type provider_smtp = {
    "smtp", open_smtp, close_smtp, connections, prepare, go, drop,
};
