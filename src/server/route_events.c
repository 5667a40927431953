/* route_events.c — the newest events of everybody, those that were refused, and the live stream. */
#include "server/live.h"
#include "server/memo.h"
#include "server/show.h"

static err latest(struct call *c)
{
    struct engine *e = c->server->engine;
    u32 limit;
    TRY(call_limit(c, &limit));
    struct event *events = arena_alloc(c->arena, limit * sizeof *events);
    u32 n = event_latest(event_view_live(engine_events(e)), events, limit, c->arena);
    call_items_begin(c);
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        show_event(&c->out, e, &events[i]);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* ---- what was refused ---- */

struct rejected_page {
    struct call *call;
    u32 limit, count;
    i64 last; /* the id that was shown last */
    bool more;
};

static bool put_rejected(void *ctx, const struct memo_rejected *r)
{
    struct rejected_page *p = ctx;
    struct buf *b = &p->call->out;
    p->more = p->count == p->limit;
    if (p->more) return false;
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_time(b, S("received_at"), r->at_ms);
    json_put_kv_str(b, S("source"), r->source);
    json_put_kv_str(b, S("reason"), r->reason);
    json_put_kv_str(b, S("sample"), r->sample);
    buf_byte(b, '}');
    p->last = r->id;
    p->count++;
    return true;
}

/* Newest first. */
static err rejected(struct call *c)
{
    struct rejected_page p = {.call = c};
    i64 before, from, to;
    TRY(call_limit(c, &p.limit));
    TRY(call_number_cursor(c, &before));
    TRY(call_time(c, "from", 0, &from));
    TRY(call_time(c, "to", NEVER, &to));
    call_items_begin(c);
    memo_rejected_each(c->server->memo, before, from, to, call_query(c, "source"), put_rejected,
                       &p);
    call_items_end(c, p.more ? arena_printf(c->arena, "%lld", (long long)p.last) : (str){0});
    return ERR_OK;
}

static err live(struct call *c)
{
    TRY(live_add(c->server, c->req, &c->who, &c->why));
    c->streams = true;
    return ERR_OK;
}

extern const struct route ROUTES_EVENTS[];
const struct route ROUTES_EVENTS[] = {
    {METHOD_GET, "/api/v1/events", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, latest},
    {METHOD_GET, "/api/v1/events/rejected", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_LOOP, rejected},
    {METHOD_GET, "/api/v1/live", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_LOOP, live},
    {0}};
