/* route_customers.c — customers: who they are, and what they did. */
#include "log/events.h"
#include "server/search.h"
#include "server/show.h"

#include <stdio.h>

static err get_one(struct call *c)
{
    persona head;
    TRY(call_customer(c, &head));
    show_customer(&c->out, c->server->engine, head);
    return ERR_OK;
}

/* The cursor is the place of the last event given: "occurred.order". */
static err read_cursor(struct call *c, i64 *occurred, u64 *order)
{
    str text = call_query(c, "cursor");
    ptrdiff_t dot = str_index(text, '.');
    i64 a = NEVER, b = NEVER;
    if (text.n && (dot < 0 || str_to_i64(str_slice(text, 0, (size_t)dot), &a) != ERR_OK ||
                   str_to_i64(str_slice(text, (size_t)dot + 1, text.n), &b) != ERR_OK))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    *occurred = a;
    *order = (u64)b;
    return ERR_OK;
}

static err get_timeline(struct call *c)
{
    struct engine *e = c->server->engine;
    persona head, all[256];
    struct event ev;
    u32 limit, n = 0;
    i64 occurred = NEVER;
    u64 order = 0;
    char next[64] = "";
    TRY(call_customer(c, &head));
    TRY(call_limit(c, &limit));
    TRY(read_cursor(c, &occurred, &order));
    u32 personas =
        min_u32(customer_personas(engine_customers(e), head, all, COUNT_OF(all)), COUNT_OF(all));
    struct event_iter *it =
        event_iter_back(event_view_live(engine_events(e)), all, personas, INT64_MIN,
                        occurred == NEVER ? NEVER : occurred + 1, c->arena);
    call_items_begin(c);
    while (event_next(it, &ev)) {
        if (ev.code == EVENT_FIELDS_KEPT) continue; /* kept for a cut, nothing happened */
        if (ev.occurred_ms == occurred && ev.order >= order) continue;
        if (n == limit) {
            call_items_end(c, str_of(next));
            return ERR_OK;
        }
        json_put_comma(&c->out);
        show_event(&c->out, e, &ev);
        snprintf(next, sizeof next, "%lld.%llu", (long long)ev.occurred_ms,
                 (unsigned long long)ev.order);
        n++;
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err get_messages(struct call *c)
{
    struct engine *e = c->server->engine;
    persona head;
    u32 limit, n = 0;
    TRY(call_customer(c, &head));
    TRY(call_limit(c, &limit));
    call_items_begin(c);
    u32 row = customer_at(engine_customers(e), head)->messages;
    for (; row && n < limit; row = message_at(engine_messages(e), row)->next, n++) {
        json_put_comma(&c->out);
        show_message(&c->out, e, row, true, c->arena);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

extern const struct route ROUTES_CUSTOMERS[];
const struct route ROUTES_CUSTOMERS[] = {
    {METHOD_GET, "/api/v1/customers", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, customers_list},
    {METHOD_GET, "/api/v1/customers/{ref}", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, get_one},
    {METHOD_GET, "/api/v1/customers/{ref}/timeline", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     get_timeline},
    {METHOD_GET, "/api/v1/customers/{ref}/messages", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     get_messages},
    {0}};
