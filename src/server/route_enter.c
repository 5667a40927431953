/* route_enter.c — a program asks for a customer to enter a journey.
 *
 *   check the body ─► the event "Journey Requested" through intake (loop) ─► append (engine) ─►
 *   applied: entered, or why not
 *
 * What the caller gives as properties are the event's, which the journey's texts and conditions
 * see. */
#include "log/events.h"
#include "server/show.h"

struct entry {
    str item;   /* for intake_batch */
    str record; /* what it made of it */
    u64 number;
};

static err check(struct call *c)
{
    static const char *const KNOWN[] = {"customer", "identifiers", "properties", "message_id"};
    const struct json *j;
    struct diag ignored = {0};
    str source = engine_object(c->server->engine, OBJECT_JOURNEY, c->params[0], NULL);
    if (source.n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no published journey of this id");
    TRY(json_parse(arena_str(c->arena, source), c->arena, &j, &ignored));
    if (!json_get(json_get(j, "trigger"), "api"))
        return diag_set(&c->why, ERR_CONFLICT,
                        "something else starts this journey: its trigger is not {\"api\": name}");
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    for (const struct json *m = c->body->child; m; m = m->next) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(KNOWN); i++) known |= str_eq(m->key, str_of(KNOWN[i]));
        if (!known)
            return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/%.*s", STR_ARG(m->key)),
                           "say who (\"customer\" or \"identifiers\") and give \"properties\"");
    }
    if (!json_get(c->body, "customer") == !json_get(c->body, "identifiers"))
        return diag_at(&c->why, ERR_REFUSED, S("/customer"),
                       "say who: either \"customer\", a reference, or \"identifiers\"");
    return ERR_OK;
}

static err put_customer(struct call *c, struct buf *b)
{
    struct engine *e = c->server->engine;
    struct identifier_view own;
    persona head = customer_of_ref(e, json_get_str(c->body, "customer", S("")));
    if (!head)
        return diag_at(&c->why, ERR_NOT_FOUND, S("/customer"), "there is no customer of this name");
    if (!customer_own_identifier(engine_customers(e), head, &own))
        return diag_at(&c->why, ERR_CONFLICT, S("/customer"),
                       "the customer has no identifier of their own by which to write it down");
    json_put_kv_str(b, names_text(engine_names(e), NAME_SPACE, own.space), own.value);
    return ERR_OK;
}

static err put_identifiers(struct call *c, struct buf *b)
{
    const struct json *ids = json_get(c->body, "identifiers");
    if (ids->type != JSON_OBJECT || ids->count == 0)
        return diag_at(&c->why, ERR_REFUSED, S("/identifiers"),
                       "an object of namespaces and values is needed: {\"user_id\": \"u1\"}");
    for (const struct json *m = ids->child; m; m = m->next) {
        str at = arena_printf(c->arena, "/identifiers/%.*s", STR_ARG(m->key));
        if (!names_find(engine_names(c->server->engine), NAME_SPACE, m->key))
            return diag_at(&c->why, ERR_REFUSED, at, "this is no namespace of identifiers");
        if (m->type != JSON_STRING || str_trim(m->text).n == 0)
            return diag_at(&c->why, ERR_REFUSED, at, "its value is needed, as a text");
        json_put_kv_str(b, m->key, m->text);
    }
    return ERR_OK;
}

static err put_properties(struct call *c, struct buf *b)
{
    const struct json *p = json_get(c->body, "properties");
    if (p && p->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/properties"), "an object of names and values");
    if (json_get(p, "journey"))
        return diag_at(&c->why, ERR_REFUSED, S("/properties/journey"),
                       "this name belongs to Beckon: it holds the journey's id");
    json_put_kv_str(b, S("journey"), c->params[0]);
    for (const struct json *m = p ? p->child : NULL; m; m = m->next) {
        json_put_key(b, m->key);
        json_put(b, m);
    }
    return ERR_OK;
}

static err make_item(struct call *c, struct buf *b)
{
    str id = json_get_str(c->body, "message_id", S(""));
    buf_put(b, S("{\"type\":\"track\",\"event\":\"Journey Requested\",\"identifiers\":{"));
    TRY(json_get(c->body, "customer") ? put_customer(c, b) : put_identifiers(c, b));
    buf_put(b, S("},\"properties\":{"));
    TRY(put_properties(c, b));
    buf_byte(b, '}');
    if (id.n) json_put_kv_str(b, S("messageId"), id);
    buf_byte(b, '}');
    return ERR_OK;
}

/* What became of it stands on her timeline, written by the same record. */
static void put_result(struct call *c, persona head, u64 number)
{
    struct engine *e = c->server->engine;
    struct subject who;
    struct event ev;
    str result = S("none"), reason = (str){0};
    engine_subject(e, head, &who);
    struct event_iter *it =
        event_iter_back(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, c->arena);
    while (event_next(it, &ev) && event_record(ev.order) >= number) {
        value journey = props_get(ev.props, PROPERTY_JOURNEY);
        bool ours = event_record(ev.order) == number && journey.type == VALUE_TEXT &&
                    str_eq(journey.text, c->params[0]);
        if (ours && ev.code == EVENT_JOURNEY_ENTERED) result = S("entered");
        if (!ours || ev.code != EVENT_JOURNEY_REFUSED) continue;
        result = S("refused");
        reason = arena_str(c->arena, props_get(ev.props, PROPERTY_REASON).text);
    }
    json_put_kv_str(&c->out, S("result"), result);
    if (reason.n) json_put_kv_str(&c->out, S("reason"), reason);
}

static err applied(struct call *c)
{
    const struct entry *x = c->data;
    struct engine *e = c->server->engine;
    struct reader in = reader_of(x->record);
    struct record r;
    persona head = 0;
    char id[33];
    if (record_next(&in, &r))
        for (u32 i = 0; i < r.id_count && !head; i++)
            head = customer_find(engine_customers(e), r.ids[i].space, r.ids[i].hash);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("journey"), c->params[0]);
    if (head) {
        customer_id(engine_customers(e), head, id);
        json_put_kv_str(&c->out, S("customer"), (str){id, 32});
        put_result(c, head, x->number);
    }
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err append_it(struct call *c)
{
    struct entry *x = c->data;
    err e = log_append(engine_log(c->server->engine), x->record, 1, true, &x->number);
    if (e != ERR_OK) return diag_set(&c->why, e, "it cannot be written to the log now");
    return call_applied(c, x->number, applied);
}

/* Loop thread: intake is its own. */
static err take_in(struct call *c)
{
    struct entry *x = c->data;
    struct server *s = c->server;
    struct intake_source from = {.ours = true};
    buf_reset(&s->records);
    TRY(intake_batch(s->intake, &from, INTAKE_ITEM, x->item, server_now(s), &s->records, s->result,
                     &c->why));
    if (s->result->accepted != 1)
        return diag_set(&c->why, ERR_REFUSED, "%s",
                        s->result->kept ? s->result->rejections[0].reason : "nothing was said");
    x->record = arena_str(c->arena, buf_str(&s->records));
    return call_engine(c, append_it);
}

static err enter(struct call *c)
{
    struct entry *x = arena_zalloc(c->arena, sizeof *x);
    struct buf b;
    c->data = x;
    TRY(check(c));
    buf_init(&b, 2 * API_BODY_MAX);
    err e = make_item(c, &b);
    x->item = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return e == ERR_OK ? call_loop(c, take_in) : e;
}

extern const struct route ROUTES_ENTER[];
const struct route ROUTES_ENTER[] = {{METHOD_POST, "/api/v1/journeys/{id}/enter", NEEDS_SCOPE,
                                      SCOPE_CUSTOMERS_WRITE, ON_ENGINE, enter},
                                     {0}};
