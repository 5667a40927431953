/* route_consents.c — what a customer allows, with how it came about; and addresses that must not be
 * used, whoever has them. */
#include "intake/normal.h"
#include "log/events.h"
#include "server/consents.h"
#include "server/optin.h"
#include "server/publish.h"

enum { CONSENTS_MAX = 1024, PERSONAS_MAX_SHOWN = 256 };

/* ---- GET /customers/{ref}/consents ---- */

struct shown {
    u32 channel, topic;
};

static void put_text(struct buf *b, const struct event *ev, const char *key, u32 property)
{
    value v = props_get(ev->props, property);
    if (v.type == VALUE_TEXT) json_put_kv_str(b, str_of(key), v.text);
}

static void put_consent(struct call *c, const struct event *ev, u32 channel, u32 topic, u8 state)
{
    struct buf *b = &c->out;
    struct names *names = engine_names(c->server->engine);
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("channel"), names_text(names, NAME_CHANNEL, channel));
    if (topic) json_put_kv_str(b, S("topic"), names_text(names, NAME_TOPIC, topic));
    json_put_kv_bool(b, S("value"), state == 1);
    json_put_kv_time(b, S("since"), ev->occurred_ms);
    put_text(b, ev, "reason", PROPERTY_REASON);
    put_text(b, ev, "text", PROPERTY_TEXT);
    put_text(b, ev, "source", PROPERTY_SOURCE);
    put_text(b, ev, "by", PROPERTY_BY);
    buf_byte(b, '}');
}

static u32 code_in(struct names *names, name_kind kind, const struct event *ev, u32 property)
{
    value v = props_get(ev->props, property);
    return v.type == VALUE_TEXT ? names_find(names, kind, v.text) : 0;
}

/* Newest first: the last change of each channel and topic is the proof of what holds now. */
static err consents(struct call *c)
{
    struct engine *e = c->server->engine;
    struct customer_view v = {engine_customers(e), NULL};
    struct shown *seen = arena_alloc(c->arena, CONSENTS_MAX * sizeof *seen);
    struct event ev;
    persona head, all[PERSONAS_MAX_SHOWN];
    u32 count = 0;
    TRY(call_customer(c, &head));
    u32 n =
        min_u32(customer_personas(engine_customers(e), head, all, COUNT_OF(all)), COUNT_OF(all));
    struct event_iter *it =
        event_iter_back(event_view_live(engine_events(e)), all, n, INT64_MIN, NEVER, c->arena);
    call_items_begin(c);
    while (count < CONSENTS_MAX && event_next(it, &ev)) {
        if (ev.code != EVENT_CONSENT_CHANGED) continue;
        struct shown one = {code_in(engine_names(e), NAME_CHANNEL, &ev, PROPERTY_CHANNEL),
                            code_in(engine_names(e), NAME_TOPIC, &ev, PROPERTY_TOPIC)};
        bool again = !one.channel;
        for (u32 i = 0; i < count; i++)
            again |= seen[i].channel == one.channel && seen[i].topic == one.topic;
        if (again) continue;
        seen[count++] = one;
        u8 state = view_consent(&v, head, one.channel, one.topic);
        if (state) put_consent(c, &ev, one.channel, one.topic, state);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* ---- POST /customers/{ref}/confirmations: double opt-in for whoever has forms of their own ----
 */

static err ask_to_confirm(struct call *c)
{
    struct names *names = engine_names(c->server->engine);
    struct optin o = {0};
    u32 topic = 0;
    TRY(call_customer(c, &o.head));
    str name = json_get_str(c->body, "topic", (str){0});
    o.channel = names_find(names, NAME_CHANNEL, json_get_str(c->body, "channel", S("email")));
    if (o.channel != CHANNEL_EMAIL)
        return diag_at(&c->why, ERR_REFUSED, S("/channel"),
                       "only a mail's address can be confirmed by mail");
    TRY(call_text(c, "text", &o.text));
    if (name.n && (!(topic = names_find(names, NAME_TOPIC, name))))
        return diag_at(&c->why, ERR_REFUSED, S("/topic"), "there is no topic of this name");
    o.topic = topic;
    o.zh = str_starts(json_get_str(c->body, "language", S("en")), S("zh"));
    TRY(optin_send(c, &o));
    c->status = 202;
    buf_put(&c->out, S("{\"status\":\"pending\"}"));
    return ERR_OK;
}

/* ---- /suppressions ---- */

static const struct {
    suppression why;
    const char *text;
} REASONS[] = {{SUPPRESSED_BOUNCE, "bounce"},
               {SUPPRESSED_COMPLAINT, "complaint"},
               {SUPPRESSED_MANUAL, "manual"}};

static str reason_text(u8 why)
{
    for (size_t i = 0; i < COUNT_OF(REASONS); i++)
        if (REASONS[i].why == why) return str_of(REASONS[i].text);
    return S("");
}

struct named {
    u32 channel;
    str address;
    struct suppress_record record;
};

static u32 space_of_channel(u32 channel)
{
    static const u8 SPACES[CHANNEL_FIXED_COUNT] = {
        [CHANNEL_EMAIL] = SPACE_EMAIL,          [CHANNEL_SMS] = SPACE_PHONE,
        [CHANNEL_CALL] = SPACE_PHONE,           [CHANNEL_PUSH] = SPACE_DEVICE_TOKEN,
        [CHANNEL_WECHAT] = SPACE_WECHAT_OPENID, [CHANNEL_WECOM] = SPACE_WECOM,
        [CHANNEL_ALIPAY] = SPACE_ALIPAY};
    return channel < CHANNEL_FIXED_COUNT ? SPACES[channel] : 0;
}

/* From the body, or the query of a DELETE and a GET. */
static err read_named(struct call *c, struct named *out)
{
    struct engine *e = c->server->engine;
    char *room = arena_alloc(c->arena, NORMAL_BYTES_MAX);
    str channel = c->body ? json_get_str(c->body, "channel", (str){0}) : call_query(c, "channel");
    str sent = c->body ? json_get_str(c->body, "address", (str){0}) : call_query(c, "address");
    out->channel = names_find(engine_names(e), NAME_CHANNEL, channel);
    u32 space = space_of_channel(out->channel);
    if (!space)
        return diag_at(&c->why, ERR_REFUSED, S("/channel"),
                       "a channel with addresses is needed: email, sms, push…");
    out->address = space == SPACE_EMAIL   ? normal_email(sent, room)
                   : space == SPACE_PHONE ? normal_phone(sent, phone_country(e), room)
                                          : normal_id(sent, room);
    if (!out->address.n)
        return diag_at(&c->why, ERR_REFUSED, S("/address"), "this is no address of that channel");
    out->record = (struct suppress_record){
        .channel = out->channel,
        .address = address_key(engine_key(e), out->channel, out->address),
        .holder = {identifier_hash(engine_key(e), space, out->address), space}};
    return ERR_OK;
}

static void put_row(struct call *c, const struct address_row *row, str address)
{
    struct names *names = engine_names(c->server->engine);
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("channel"), names_text(names, NAME_CHANNEL, row->channel));
    if (address.n) json_put_kv_str(&c->out, S("address"), address);
    json_put_kv_str(&c->out, S("reason"), reason_text(row->suppressed));
    json_put_kv_time(&c->out, S("since"), row->since_ms);
    buf_byte(&c->out, '}');
}

/* Addresses are kept as keyed hashes, so that the list outlives those who are erased; it names only
 * the one that was asked for. */
static err list(struct call *c)
{
    struct customers *cs = engine_customers(c->server->engine);
    struct named which;
    u32 limit, n = 0;
    i64 from = 0;
    str cursor = call_query(c, "cursor");
    TRY(call_limit(c, &limit));
    if (cursor.n && (str_to_i64(cursor, &from) != ERR_OK || from < 0 || from > UINT32_MAX))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    if (call_query(c, "address").n) {
        TRY(read_named(c, &which));
        const struct address_row *row = address_of(cs, which.record.address);
        call_items_begin(c);
        if (row && row->suppressed) put_row(c, row, which.address);
        call_items_end(c, (str){0});
        return ERR_OK;
    }
    call_items_begin(c);
    u32 at = (u32)from;
    for (const struct address_row *row; (row = address_next(cs, &at));) {
        if (!row->suppressed) continue;
        if (n++ == limit) {
            call_items_end(c, arena_printf(c->arena, "%u", at - 1));
            return ERR_OK;
        }
        put_row(c, row, (str){0});
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err shown(struct call *c)
{
    const struct named *which = c->data;
    const struct address_row *row =
        address_of(engine_customers(c->server->engine), which->record.address);
    c->status = 201;
    if (row) put_row(c, row, which->address);
    return ERR_OK;
}

static err write_down(struct call *c, const struct named *which, call_step then)
{
    struct buf b;
    u64 number;
    buf_init(&b, 256);
    suppress_put(&b, &which->record);
    err e = call_append(c, RECORD_SUPPRESS_, buf_str(&b), &number);
    buf_clear(&b);
    TRY(e);
    return call_applied(c, number, then);
}

static err suppress(struct call *c)
{
    struct named *which = arena_zalloc(c->arena, sizeof *which);
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    str why = json_get_str(c->body, "reason", S("manual"));
    TRY(read_named(c, which));
    for (size_t i = 0; i < COUNT_OF(REASONS); i++)
        if (str_eq(why, str_of(REASONS[i].text))) which->record.reason = (u8)REASONS[i].why;
    if (!which->record.reason)
        return diag_at(&c->why, ERR_REFUSED, S("/reason"),
                       "the reason is manual, bounce or complaint");
    c->data = which;
    return write_down(c, which, shown);
}

static err release(struct call *c)
{
    struct named which;
    TRY(read_named(c, &which));
    const struct address_row *row =
        address_of(engine_customers(c->server->engine), which.record.address);
    if (!row || !row->suppressed)
        return diag_set(&c->why, ERR_NOT_FOUND, "this address is not suppressed");
    return write_down(c, &which, answer_nothing);
}

extern const struct route ROUTES_CONSENTS[];
const struct route ROUTES_CONSENTS[] = {
    {METHOD_GET, "/api/v1/customers/{ref}/consents", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     consents},
    {METHOD_POST, "/api/v1/customers/{ref}/confirmations", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE,
     ON_ENGINE, ask_to_confirm},
    {METHOD_GET, "/api/v1/suppressions", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/suppressions", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE, suppress},
    {METHOD_DELETE, "/api/v1/suppressions", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE, release},
    {0}};
