#include "server/live.h"

#include "server/imports.h"
#include "server/show.h"

#include <stdlib.h>

enum { LISTENERS_MAX = 100, EVENTS_A_TICK = 50, TEXT_MAX = 1 << 20 };

struct live {
    struct server *server;
    struct http_request *listeners[LISTENERS_MAX];
    u32 count;
    bool asked; /* the engine's thread has it */
    u64 seen;   /* order of the newest event that was sent; the engine's thread's while asked */
    struct buf text;
};

void live_begin(struct server *s)
{
    s->live = mem_zalloc(sizeof *s->live);
    s->live->server = s;
    buf_init(&s->live->text, TEXT_MAX);
}

void live_clear(struct server *s)
{
    if (!s->live) return;
    buf_clear(&s->live->text);
    free(s->live);
    s->live = NULL;
}

static void drop(struct live *l, u32 i)
{
    struct http_request *req = l->listeners[i];
    l->listeners[i] = l->listeners[--l->count];
    http_stream_end(req);
}

void live_gone(struct server *s, struct http_request *req)
{
    struct live *l = s->live;
    for (u32 i = 0; l && i < l->count; i++)
        if (l->listeners[i] == req) {
            drop(l, i);
            return;
        }
}

void live_add(struct server *s, struct http_request *req)
{
    struct live *l = s->live;
    if (l->count == LISTENERS_MAX) drop(l, 0);
    http_stream(req, S("text/event-stream"),
                S("Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n"));
    http_stream_write(req, S("retry: 2000\n\n"));
    l->listeners[l->count++] = req;
    live_tick(s);
}

void live_end(struct server *s)
{
    struct live *l = s->live;
    while (l->count > 0) drop(l, l->count - 1);
}

/* Loop: the text to everybody. */
static void broadcast(void *ctx)
{
    struct live *l = ctx;
    l->asked = false;
    for (u32 i = l->count; i-- > 0;)
        if (!http_stream_write(l->listeners[i], buf_str(&l->text))) drop(l, i);
}

static void put_counters(struct live *l)
{
    struct buf *b = &l->text;
    struct engine *e = l->server->engine;
    struct engine_stats st = engine_stats(e);
    buf_put(b, S("event: counters\ndata: {"));
    json_put_kv_time(b, S("at"), server_now(l->server));
    json_put_kv_i64(b, S("customers"), (i64)st.customers);
    json_put_kv_i64(b, S("events"), (i64)st.events);
    json_put_kv_i64(b, S("accepted"), (i64)st.accepted);
    json_put_kv_i64(b, S("duplicates"), (i64)st.duplicates);
    json_put_kv_bool(b, S("sending_held"), engine_sending_held(e));
    json_put_key(b, S("messages"));
    show_message_tally(b, e);
    buf_put(b, S("}\n\n"));
}

/* Engine's thread. */
static void collect(void *ctx)
{
    struct live *l = ctx;
    struct engine *e = l->server->engine;
    struct event events[EVENTS_A_TICK];
    buf_reset(&l->text);
    put_counters(l);
    struct arena *arena = arena_new();
    u32 n = event_latest(event_view_live(engine_events(e)), events, EVENTS_A_TICK, arena);
    for (u32 i = n; i-- > 0;) {
        if (events[i].order <= l->seen) continue;
        l->seen = events[i].order;
        buf_put(&l->text, S("event: event\ndata: "));
        show_event(&l->text, e, &events[i]);
        buf_put(&l->text, S("\n\n"));
    }
    arena_free(arena);
    imports_put_live(l->server, &l->text);
    if (l->text.full) buf_reset(&l->text);
    postbox_post(&l->server->loop_post, broadcast, l);
}

void live_tick(struct server *s)
{
    struct live *l = s->live;
    if (l->count == 0 || l->asked) return;
    l->asked = true;
    postbox_post(&s->engine_post, collect, l);
}
