#include "server/live.h"

#include "server/auth.h"
#include "server/imports.h"
#include "server/sessions.h"
#include "server/show.h"
#include "server/version.h"
#include "server/watch.h"

#include <stdlib.h>

enum { LISTENERS_MAX = 100, OF_CALLER_MAX = 20, EVENTS_A_TICK = 50, TEXT_MAX = 1 << 20 };

struct listener {
    struct http_request *req;
    char caller[OFFICE_ID_MAX + 1], session[OFFICE_ID_MAX + 1]; /* session: empty, a key's */
};

/* What was sent of events, for those who come again: the loop's. */
struct sent_event {
    u64 order;
    char *text;
    size_t n;
};

struct live {
    struct server *server;
    struct listener listeners[LISTENERS_MAX];
    u32 count;
    bool asked; /* the engine's thread has it */
    bool
        fresh; /* somebody came since: everything is told; given to the engine's thread by asking */
    bool all;
    struct sent_event ring[EVENTS_A_TICK];
    u32 ring_at;
    u64 seen; /* order of the newest event that was sent; the engine's thread's while asked */
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
    for (u32 i = 0; i < EVENTS_A_TICK; i++) free(s->live->ring[i].text);
    free(s->live);
    s->live = NULL;
}

static void drop(struct live *l, u32 i)
{
    struct http_request *req = l->listeners[i].req;
    l->listeners[i] = l->listeners[--l->count];
    http_stream_end(req);
}

void live_gone(struct server *s, struct http_request *req)
{
    struct live *l = s->live;
    for (u32 i = 0; l && i < l->count; i++)
        if (l->listeners[i].req == req) {
            drop(l, i);
            return;
        }
}

static bool is_full(const struct live *l, const struct caller *who)
{
    u32 own = 0;
    for (u32 i = 0; i < l->count; i++) own += strcmp(l->listeners[i].caller, who->id) == 0;
    return l->count == LISTENERS_MAX || own == OF_CALLER_MAX;
}

/* What the peer missed since the event it names; more than is kept is told as a gap. */
static void catch_up(struct live *l, struct http_request *req, str last)
{
    i64 id = 0;
    u64 oldest = UINT64_MAX;
    if (!last.n || str_to_i64(last, &id) != ERR_OK || id < 0) return;
    for (u32 i = 0; i < EVENTS_A_TICK; i++)
        if (l->ring[i].text && l->ring[i].order < oldest) oldest = l->ring[i].order;
    if (oldest > (u64)id) http_stream_write(req, S("event: gap\ndata: {}\n\n"));
    for (u32 i = 0; i < EVENTS_A_TICK; i++) {
        const struct sent_event *e = &l->ring[(l->ring_at + i) % EVENTS_A_TICK];
        if (e->text && e->order > (u64)id) http_stream_write(req, (str){e->text, e->n});
    }
}

err live_add(struct server *s, struct http_request *req, const struct caller *who, struct diag *why)
{
    struct live *l = s->live;
    if (is_full(l, who))
        return diag_set(why, ERR_BUSY, "too many pages listen already; close some");
    str last = http_header(req, S("last-event-id"));
    http_stream(req, S("text/event-stream"),
                S("Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n"));
    http_stream_write(
        req, S("retry: 2000\n\nevent: version\ndata: {\"version\":\"" BECKON_VERSION "\"}\n\n"));
    catch_up(l, req, last);
    struct listener *x = &l->listeners[l->count++];
    x->req = req;
    memcpy(x->caller, who->id, sizeof x->caller);
    memcpy(x->session, who->session, sizeof x->session);
    l->fresh = true;
    live_tick(s);
    return ERR_OK;
}

void live_end(struct server *s)
{
    struct live *l = s->live;
    while (l->count > 0) drop(l, l->count - 1);
}

/* Each block that has an id is kept. */
static void remember(struct live *l, str text)
{
    while (text.n) {
        ptrdiff_t end = str_find(text, S("\n\n"));
        str block = str_slice(text, 0, end < 0 ? text.n : (size_t)end + 2);
        text = str_slice(text, block.n, text.n);
        i64 id;
        if (!str_starts(block, S("id: "))) continue;
        str line = str_slice(block, 4, (size_t)str_index(block, '\n'));
        if (str_to_i64(line, &id) != ERR_OK) continue;
        struct sent_event *e = &l->ring[l->ring_at++ % EVENTS_A_TICK];
        l->ring_at %= EVENTS_A_TICK;
        free(e->text);
        e->text = mem_alloc(block.n);
        memcpy(e->text, block.p, block.n);
        *e = (struct sent_event){(u64)id, e->text, block.n};
    }
}

/* Loop: the text to everybody. */
static void broadcast(void *ctx)
{
    struct live *l = ctx;
    l->asked = false;
    remember(l, buf_str(&l->text));
    for (u32 i = l->count; i-- > 0;)
        if (!http_stream_write(l->listeners[i].req, buf_str(&l->text))) drop(l, i);
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
        buf_printf(&l->text, "id: %llu\nevent: event\ndata: ", (unsigned long long)l->seen);
        show_event(&l->text, e, &events[i]);
        buf_put(&l->text, S("\n\n"));
    }
    arena_free(arena);
    imports_put_live(l->server, &l->text);
    watch_put_live(l->server, &l->text, l->all, server_now(l->server));
    if (l->text.full) buf_reset(&l->text);
    postbox_post(&l->server->loop_post, broadcast, l);
}

void live_tick(struct server *s)
{
    struct live *l = s->live;
    i64 now = server_now(s);
    for (u32 i = l->count; i-- > 0;)
        if (l->listeners[i].session[0] &&
            !session_lives(s->office, str_of(l->listeners[i].session), now))
            drop(l, i);
    if (l->count == 0 || l->asked) return;
    l->asked = true;
    l->all = l->fresh;
    l->fresh = false;
    postbox_post(&s->engine_post, collect, l);
}
