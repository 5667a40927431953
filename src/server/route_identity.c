/* route_identity.c — who is one person: joined, parted, forgotten, and given out whole. */
#include "server/show.h"
#include "server/webhooks.h"

/* What a step must know of the one before; in the call's arena. */
struct identity {
    persona a, b;
    char id[33];           /* of `a`, who may be nobody by then */
    const char (*ids)[33]; /* ERASE: of all her personas */
    u32 id_count;
};

static struct identity *keep(struct call *c, persona a, persona b)
{
    struct identity *kept = arena_alloc(c->arena, sizeof *kept);
    *kept = (struct identity){.a = a, .b = b};
    customer_id(engine_customers(c->server->engine), a, kept->id);
    c->data = kept;
    return kept;
}

static persona head_now(struct call *c, persona p)
{
    return customer_head(engine_customers(c->server->engine), p);
}

/* ---- merge ---- */

static err merged(struct call *c)
{
    const struct identity *kept = c->data;
    persona head = head_now(c, kept->a);
    if (!head || head != head_now(c, kept->b))
        return diag_set(&c->why, ERR_CONFLICT, "one of the two has been erased meanwhile");
    show_customer(&c->out, c->server->engine, head);
    return ERR_OK;
}

static err one_of(struct call *c, u32 i, persona *out)
{
    const struct json *list = json_get(c->body, "customers"), *ref;
    str path = arena_printf(c->arena, "/customers/%u", i);
    if (!json_is(list, JSON_ARRAY) || list->count != 2)
        return diag_at(&c->why, ERR_REFUSED, S("/customers"),
                       "\"customers\" is a list of two references");
    ref = i ? list->child->next : list->child;
    if (!json_is(ref, JSON_STRING))
        return diag_at(&c->why, ERR_REFUSED, path,
                       "a reference is an id, or a text as namespace:value");
    *out = customer_of_ref(c->server->engine, ref->text);
    if (*out) return ERR_OK;
    return diag_at(&c->why, ERR_NOT_FOUND, path,
                   "no customer, or more than one, has this reference");
}

static err merge(struct call *c)
{
    struct customers *cs = engine_customers(c->server->engine);
    persona p, q;
    char ids[2][33];
    struct buf b;
    u64 number;
    TRY(one_of(c, 0, &p));
    TRY(one_of(c, 1, &q));
    keep(c, p, q);
    if (p == q) return merged(c);
    customer_id(cs, p, ids[0]);
    customer_id(cs, q, ids[1]);
    struct merge_record m = {{ids[0], 32}, {ids[1], 32}};
    buf_init(&b, 128);
    merge_put(&b, &m);
    err e = call_append(c, RECORD_MERGE_, buf_str(&b), &number);
    buf_clear(&b);
    TRY(e);
    return call_applied(c, number, merged);
}

/* ---- unmerge, erase: one persona each ---- */

static err append_persona(struct call *c, u16 kind, persona p, u64 *number)
{
    char id[33];
    struct buf b;
    buf_init(&b, 128);
    customer_id(engine_customers(c->server->engine), p, id);
    persona_put(&b, (str){id, 32});
    err e = call_append(c, kind, buf_str(&b), number);
    buf_clear(&b);
    return e;
}

static err parted(struct call *c)
{
    const struct identity *kept = c->data;
    persona a = head_now(c, kept->a), b = head_now(c, kept->b);
    if (!a || !b || a == b)
        return diag_set(&c->why, ERR_CONFLICT, "there is nothing to part: no link ties this one");
    buf_put(&c->out, S("{\"customers\":["));
    show_customer(&c->out, c->server->engine, a);
    buf_byte(&c->out, ',');
    show_customer(&c->out, c->server->engine, b);
    buf_put(&c->out, S("]}"));
    return ERR_OK;
}

/* Of the survivor's own links the newest, by its other end; 0: none holds. */
static persona joined_last(struct customers *cs, persona head)
{
    struct link_view l;
    persona other = 0;
    u64 newest = 0;
    for (u32 cursor = 0; customer_next_link(cs, head, &cursor, &l);) {
        if (l.cut_number || (l.a != head && l.b != head) || l.number < newest) continue;
        newest = l.number;
        other = l.a == head ? l.b : l.a;
    }
    return other;
}

static err unmerge(struct call *c)
{
    struct customers *cs = engine_customers(c->server->engine);
    str id = json_get_str(c->body, "persona", (str){0});
    persona head, part;
    u64 number;
    TRY(call_customer(c, &head));
    part = id.n ? customer_by_id(cs, id) : joined_last(cs, head);
    if (id.n && (!part || customer_head(cs, part) != head))
        return diag_at(&c->why, ERR_REFUSED, S("/persona"),
                       "this is none of the customer's personas");
    if (part == head) part = joined_last(cs, head);
    if (!part)
        return diag_set(&c->why, ERR_CONFLICT, "there is nothing to part: the customer is one");
    keep(c, head, part);
    TRY(append_persona(c, RECORD_UNMERGE_, part, &number));
    return call_applied(c, number, parted);
}

static err forgotten(struct call *c)
{
    const struct identity *kept = c->data;
    webhooks_erase(c->server, kept->ids, kept->id_count);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("erased"), (str){kept->id, 32});
    json_put_kv_time(&c->out, S("at"), engine_time(c->server->engine));
    buf_byte(&c->out, '}');
    if (c->route->verb == METHOD_DELETE) {
        buf_reset(&c->out);
        c->status = 204;
    }
    return ERR_OK;
}

/* What webhooks were told about her names her by any of these. */
static void keep_ids(struct call *c, persona head)
{
    enum { PERSONAS = 256 };
    struct customers *cs = engine_customers(c->server->engine);
    struct identity *kept = c->data;
    persona all[PERSONAS];
    kept->id_count = min_u32(customer_personas(cs, head, all, PERSONAS), PERSONAS);
    char(*ids)[33] = arena_alloc(c->arena, PERSONAS * sizeof *ids);
    for (u32 i = 0; i < kept->id_count; i++) customer_id(cs, all[i], ids[i]);
    kept->ids = (const char(*)[33])ids;
}

static err erase(struct call *c)
{
    persona head;
    u64 number;
    TRY(call_customer(c, &head));
    keep(c, head, 0);
    keep_ids(c, head);
    TRY(append_persona(c, RECORD_ERASE_, head, &number));
    return call_applied(c, number, forgotten);
}

/* Those of whom the disk still holds something. */
static err erasures(struct call *c)
{
    struct erasure_info list[PAGE_ROWS_MAX];
    u32 limit;
    TRY(call_limit(c, &limit));
    u32 n = engine_erasures(c->server->engine, list, limit);
    call_items_begin(c);
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_i64(&c->out, S("record"), (i64)list[i].number);
        json_put_kv_time(&c->out, S("asked_at"), list[i].asked_ms);
        buf_byte(&c->out, '}');
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* ---- reading ---- */

static err links(struct call *c)
{
    persona head;
    TRY(call_customer(c, &head));
    call_items_begin(c);
    show_links(&c->out, c->server->engine, head, c->arena);
    call_items_end(c, (str){0});
    return ERR_OK;
}

static void put_events(struct call *c, persona head)
{
    struct engine *e = c->server->engine;
    struct event ev;
    u32 n = customer_personas(engine_customers(e), head, NULL, 0);
    persona *personas = arena_alloc(c->arena, n * sizeof *personas);
    customer_personas(engine_customers(e), head, personas, n);
    struct event_iter *it =
        event_iter(event_view_live(engine_events(e)), personas, n, INT64_MIN, NEVER, c->arena);
    while (event_next(it, &ev)) {
        json_put_comma(&c->out);
        show_event(&c->out, e, &ev);
    }
}

static void put_messages(struct call *c, persona head)
{
    struct engine *e = c->server->engine;
    u32 row = customer_at(engine_customers(e), head)->messages;
    for (; row; row = message_at(engine_messages(e), row)->next) {
        json_put_comma(&c->out);
        show_message(&c->out, e, row, false, c->arena);
    }
}

/* Everything that is known of her, for her. */
static err export(struct call *c)
{
    persona head;
    TRY(call_customer(c, &head));
    buf_put(&c->out, S("{\"customer\":"));
    show_customer(&c->out, c->server->engine, head);
    buf_put(&c->out, S(",\"links\":["));
    show_links(&c->out, c->server->engine, head, c->arena);
    buf_put(&c->out, S("],\"events\":["));
    put_events(c, head);
    buf_put(&c->out, S("],\"messages\":["));
    put_messages(c, head);
    buf_put(&c->out, S("]"));
    json_put_kv_time(&c->out, S("exported_at"), engine_time(c->server->engine));
    buf_byte(&c->out, '}');
    call_header(c, "Content-Disposition", S("attachment; filename=\"customer.json\""));
    return ERR_OK;
}

extern const struct route ROUTES_IDENTITY[];
const struct route ROUTES_IDENTITY[] = {
    {METHOD_POST, "/api/v1/customers/merge", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE, merge},
    {METHOD_POST, "/api/v1/customers/{ref}/unmerge", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE,
     unmerge},
    {METHOD_POST, "/api/v1/customers/{ref}/erase", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE,
     erase},
    {METHOD_DELETE, "/api/v1/customers/{ref}", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE,
     erase},
    {METHOD_GET, "/api/v1/customers/{ref}/links", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     links},
    {METHOD_GET, "/api/v1/customers/{ref}/export", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     export},
    {METHOD_GET, "/api/v1/erasures", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, erasures},
    {0}};
