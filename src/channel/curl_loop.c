/* curl_loop.c — libcurl asks for sockets to be watched and for one timer; libuv watches. */
#include "channel/curl_loop.h"

#include "base/mem.h"
#include "channel/connector.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct curl_loop {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    const struct outbound *outbound;
    bool closing;
};

/* One watched socket; known to curl by curl_multi_assign. */
struct watch {
    uv_poll_t poll;
    curl_socket_t socket;
    struct curl_loop *l;
};

static void tell_done(struct curl_loop *l)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(l->multi, &left));) {
        struct transfer *t = NULL;
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode result = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        t->done(t, result); /* `m` is gone when this removes the transfer */
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct curl_loop *l = w->l;
    int running, flags = 0;
    if (status < 0) flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE) flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(l->multi, w->socket, flags, &running);
    tell_done(l);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static int on_socket(CURL *easy, curl_socket_t s, int what, void *ctx, void *assigned)
{
    struct curl_loop *l = ctx;
    struct watch *w = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (!w) return 0;
        curl_multi_assign(l->multi, s, NULL);
        uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        return 0;
    }
    if (!w) {
        w = mem_zalloc(sizeof *w);
        w->l = l;
        w->socket = s;
        w->poll.data = w;
        if (uv_poll_init_socket(l->loop, &w->poll, s) != 0) {
            free(w);
            return -1;
        }
        curl_multi_assign(l->multi, s, w);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&w->poll, events, on_poll);
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct curl_loop *l = timer->data;
    int running;
    curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell_done(l);
}

/* A time of 0 means at once, but not from within curl's own call. */
static int on_timeout(CURLM *multi, long ms, void *ctx)
{
    struct curl_loop *l = ctx;
    (void)multi;
    if (l->closing) return 0;
    if (ms < 0)
        uv_timer_stop(&l->timer);
    else
        uv_timer_start(&l->timer, on_timer, (u64)ms, 0);
    return 0;
}

/* TLS writes to a socket whose other end has gone would end the process. */
static void init_once(void)
{
    signal(SIGPIPE, SIG_IGN);
    MUST(curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
}

struct curl_loop *curl_loop_new(uv_loop_t *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    enum { CONNECTIONS_KEPT = 4096 };
    pthread_once(&once, init_once);
    struct curl_loop *l = mem_zalloc(sizeof *l);
    l->loop = loop;
    l->multi = curl_multi_init();
    MUST(l->multi);
    MUST(uv_timer_init(loop, &l->timer) == 0);
    l->timer.data = l;
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    return l;
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void curl_loop_free(struct curl_loop *l)
{
    if (!l) return;
    l->closing = true;
    curl_multi_cleanup(l->multi);
    uv_close((uv_handle_t *)&l->timer, on_closed);
}

uv_loop_t *curl_loop_uv(struct curl_loop *l)
{
    return l->loop;
}

void curl_loop_allow(struct curl_loop *l, const struct outbound *o)
{
    l->outbound = o;
}

const struct outbound *curl_loop_outbound(const struct curl_loop *l)
{
    static const struct outbound PUBLIC_ONLY;
    return l->outbound ? l->outbound : &PUBLIC_ONLY;
}

void curl_loop_add(struct curl_loop *l, struct transfer *t)
{
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    MUST(curl_multi_add_handle(l->multi, t->easy) == CURLM_OK);
}

void curl_loop_remove(struct curl_loop *l, struct transfer *t)
{
    curl_multi_remove_handle(l->multi, t->easy);
}
