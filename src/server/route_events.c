/* route_events.c — the newest events of everybody, those that were refused, and the live stream. */
#include "server/live.h"
#include "server/show.h"

static err latest(struct call *c)
{
    struct engine *e = c->server->engine;
    u32 limit;
    TRY(call_limit(c, &limit));
    struct event *events = arena_alloc(c->arena, limit * sizeof *events);
    u32 n = event_latest(event_view_live(engine_events(e)), events, limit);
    call_items_begin(c);
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        show_event(&c->out, e, &events[i]);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* Newest first; the last REJECTED_KEPT are kept, in memory. */
static err rejected(struct call *c)
{
    struct server *s = c->server;
    u32 limit, n = 0;
    TRY(call_limit(c, &limit));
    call_items_begin(c);
    for (u64 i = s->rejected_count; i > 0 && n < limit && s->rejected_count - i < REJECTED_KEPT;
         i--) {
        const struct rejected_item *x = &s->rejected[(i - 1) % REJECTED_KEPT];
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_time(&c->out, S("received_at"), x->at_ms);
        json_put_kv_str(&c->out, S("source"), str_of(x->source));
        json_put_kv_str(&c->out, S("reason"), str_of(x->what.reason));
        json_put_kv_str(&c->out, S("sample"), (str){x->what.sample, x->what.sample_bytes});
        buf_byte(&c->out, '}');
        n++;
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err live(struct call *c)
{
    c->streams = true;
    live_add(c->server, c->req);
    return ERR_OK;
}

extern const struct route ROUTES_EVENTS[];
const struct route ROUTES_EVENTS[] = {
    {METHOD_GET, "/api/v1/events", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, latest},
    {METHOD_GET, "/api/v1/events/rejected", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_LOOP, rejected},
    {METHOD_GET, "/api/v1/live", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_LOOP, live},
    {0}};
