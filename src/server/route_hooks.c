/* route_hooks.c — what providers call us with: receipts, and what customers answer.
 *
 *   POST /hooks/{channel}/{secret} ─► the provider reads it (loop) ─► items
 *     receipt ─► whose message? its token, or the phone's messages ─► RECEIPT
 *     reply ─┬─► R, TD, STOP … ─► SUPPRESS (opted out), RECEIPT unsubscribed      (engine)
 *            └─► anything else ─► ITEM "Message Received", RECEIPT replied
 *   all of one call in one append; answered once it is applied, so that nothing told is lost
 *
 * The secret in the address is what proves the caller where the provider signs nothing. */
#include "channel/hook.h"
#include "content/sms.h"
#include "intake/normal.h"
#include "log/events.h"
#include "server/channels.h"
#include "server/show.h"

#include "channel/sign.h"

#include <stdio.h>

enum {
    HOOK_ITEMS = 1000,
    LOOKED_BACK_DAYS = 7,
    HOLDERS_MAX = 16,
    LOOKED_AT_MAX = 2000, /* events of one customer */
    TEXT_BYTES_MAX = 4000
};

struct hook {
    struct hook_items items;
    u32 channel;
    struct buf records;
    u32 count;
};

/* ---- whose message ---- */

struct found {
    persona head;
    hash128 id;
    i64 at;
};

/* Is this the sending we look for: on this channel, and of this name if the vendor gave one? */
static bool is_sending(struct engine *e, const struct event *ev, u32 channel, str vendor_id)
{
    if (ev->code != EVENT_MESSAGE_SENT) return false;
    value on = props_get(ev->props, PROPERTY_CHANNEL), said = props_get(ev->props, PROPERTY_DETAIL);
    if (!str_eq(on.text, names_text(engine_names(e), NAME_CHANNEL, channel))) return false;
    if (!vendor_id.n) return true;
    return str_starts(said.text, S("id:")) &&
           str_eq(str_slice(said.text, 3, said.text.n), vendor_id);
}

static void look_at(struct call *c, const struct hook *h, persona head, str vendor_id,
                    struct found *best)
{
    struct engine *e = c->server->engine;
    struct subject who;
    struct event ev;
    engine_subject(e, head, &who);
    struct event_iter *it =
        event_iter_back(who.events, who.personas, who.persona_count,
                        engine_time(e) - LOOKED_BACK_DAYS * DAY, NEVER, c->arena);
    for (u32 i = 0; i < LOOKED_AT_MAX && event_next(it, &ev); i++) {
        hash128 id;
        if (!is_sending(e, &ev, h->channel, vendor_id)) continue;
        if (!hash128_of_hex(props_get(ev.props, PROPERTY_MESSAGE).text, &id)) continue;
        if (!best->head || ev.occurred_ms > best->at)
            *best = (struct found){head, id, ev.occurred_ms};
        return;
    }
}

/* The newest message that went to this phone, or the one of that name. */
static struct found message_to(struct call *c, const struct hook *h, hash128 phone, str vendor_id)
{
    persona heads[HOLDERS_MAX];
    struct found best = {0};
    struct customers *cs = engine_customers(c->server->engine);
    u32 n = customer_holders(cs, SPACE_PHONE, phone, heads, HOLDERS_MAX);
    for (u32 i = 0; i < min_u32(n, HOLDERS_MAX); i++) look_at(c, h, heads[i], vendor_id, &best);
    return best;
}

/* ---- records ---- */

static void add_record(struct hook *h, struct record *r)
{
    r->level = ENGINE_LEVEL;
    r->occurred_ms = NEVER;
    record_put(&h->records, r);
    h->count++;
}

static void add_receipt(struct hook *h, str customer, hash128 id, message_status status, str detail)
{
    struct receipt_record said = {.customer = customer, .id = id, .status = (u8)status};
    struct buf b;
    said.detail = str_slice(detail, 0, 200);
    while (said.detail.n && said.detail.n < detail.n &&
           ((u8)detail.p[said.detail.n] & 0xC0) == 0x80)
        said.detail.n--;
    buf_init(&b, 1024);
    receipt_put(&b, &said);
    add_record(h, &(struct record){.kind = RECORD_RECEIPT_, .payload = buf_str(&b)});
    buf_clear(&b);
}

static void add_opt_out(struct hook *h, hash128 address, hash128 phone)
{
    struct suppress_record said = {h->channel, address, SUPPRESSED_OPTED_OUT, {phone, SPACE_PHONE}};
    struct buf b;
    buf_init(&b, 256);
    suppress_put(&b, &said);
    add_record(h, &(struct record){.kind = RECORD_SUPPRESS_, .payload = buf_str(&b)});
    buf_clear(&b);
}

static void add_event(struct call *c, struct hook *h, const struct hook_item *item, str number,
                      hash128 phone)
{
    struct server *s = c->server;
    struct buf props, payload;
    struct item said = {.what = ITEM_TRACK, .event = EVENT_MESSAGE_RECEIVED};
    struct record r = {.kind = RECORD_ITEM_, .id_count = 1};
    buf_init(&props, 2 * TEXT_BYTES_MAX);
    buf_init(&payload, 4 * TEXT_BYTES_MAX);
    props_put(&props, PROPERTY_CHANNEL,
              value_text(names_text(engine_names(s->engine), NAME_CHANNEL, h->channel)));
    props_put(&props, PROPERTY_TEXT, value_text(item->text));
    said.props = buf_str(&props);
    said.values[0] = number;
    if (item->unique.n) {
        said.message_id = arena_printf(c->arena, "reply/%.*s/%.*s", STR_ARG(c->params[0]),
                                       (int)min_size(item->unique.n, 100), item->unique.p);
        r.dedupe = hash_sip(s->key, said.message_id);
    }
    r.ids[0] = (struct record_id){phone, SPACE_PHONE};
    item_put(&payload, &said, 1);
    r.payload = buf_str(&payload);
    add_record(h, &r);
    buf_clear(&props);
    buf_clear(&payload);
}

static void hear_receipt(struct call *c, struct hook *h, const struct hook_item *item)
{
    char room[NORMAL_BYTES_MAX], id[33];
    struct engine *e = c->server->engine;
    if (!item->status) return;
    if (item->customer.n) {
        add_receipt(h, item->customer, item->id, (message_status)item->status, item->detail);
        return;
    }
    str number = normal_phone(item->address, S("CN"), room);
    if (!number.n || !item->vendor_id.n) return;
    struct found f =
        message_to(c, h, identifier_hash(c->server->key, SPACE_PHONE, number), item->vendor_id);
    if (!f.head) return;
    customer_id(engine_customers(e), f.head, id);
    add_receipt(h, (str){id, 32}, f.id, (message_status)item->status, item->detail);
}

static void hear_reply(struct call *c, struct hook *h, const struct hook_item *item)
{
    char room[NORMAL_BYTES_MAX], id[33];
    struct server *s = c->server;
    str number = normal_phone(item->address, S("CN"), room);
    if (!number.n || item->text.n > TEXT_BYTES_MAX) return;
    hash128 phone = identifier_hash(s->key, SPACE_PHONE, number);
    struct found f = message_to(c, h, phone, (str){0});
    bool stop = sms_is_stop(item->text);
    if (stop)
        add_opt_out(h, address_key(s->key, h->channel, number), phone);
    else
        add_event(c, h, item, number, phone);
    if (!f.head) return;
    customer_id(engine_customers(s->engine), f.head, id);
    add_receipt(h, (str){id, 32}, f.id, stop ? MESSAGE_UNSUBSCRIBED : MESSAGE_REPLIED, item->text);
}

/* ---- the call ---- */

static err tell(struct call *c)
{
    const struct hook *h = c->data;
    c->type = h->items.answer_type;
    buf_put(&c->out, h->items.answer);
    return ERR_OK;
}

/* Engine's thread. */
static err write_down(struct call *c)
{
    struct hook *h = c->data;
    u64 number;
    buf_init(&h->records, APPEND_BYTES_MAX);
    for (u32 i = 0; i < h->items.count; i++)
        if (h->items.items[i].kind == HOOK_RECEIPT)
            hear_receipt(c, h, &h->items.items[i]);
        else
            hear_reply(c, h, &h->items.items[i]);
    err e = ERR_OK;
    if (h->records.full) e = ERR_TOO_LARGE;
    if (e == ERR_OK && h->count)
        e = log_append(engine_log(c->server->engine), buf_str(&h->records), h->count, true,
                       &number);
    bool any = h->count > 0;
    buf_clear(&h->records);
    if (e != ERR_OK) return diag_set(&c->why, e, "it cannot be written to the log now");
    return any ? call_applied(c, number, tell) : tell(c);
}

static str header_of(void *ctx, str name)
{
    return http_header(ctx, name);
}

static err take(struct call *c)
{
    struct server *s = c->server;
    struct hook *h = arena_zalloc(c->arena, sizeof *h);
    char secret[33];
    c->data = h;
    if (s->state != SERVER_READY)
        return diag_set(&c->why, ERR_UNAVAILABLE, "the server is starting or stopping");
    channel_hook_secret(s, c->params[0], secret);
    if (!sign_equal(c->params[1], str_of(secret)))
        return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    struct hook_request q = {.body = c->req->body,
                             .content_type = http_header(c->req, S("content-type")),
                             .query = c->req->query,
                             .url = arena_printf(c->arena, "%s%.*s%s%.*s", s->public_url,
                                                 STR_ARG(c->req->path), c->req->query.n ? "?" : "",
                                                 STR_ARG(c->req->query)),
                             .header = header_of,
                             .ctx = c->req,
                             .arena = c->arena};
    h->items.max = HOOK_ITEMS;
    h->items.items = arena_alloc(c->arena, HOOK_ITEMS * sizeof *h->items.items);
    TRY(channel_hook(s, c->params[0], &q, &h->items, &h->channel, &c->why));
    return h->items.count ? call_engine(c, write_down) : tell(c);
}

extern const struct route ROUTES_HOOKS[];
const struct route ROUTES_HOOKS[] = {
    {METHOD_POST, "/hooks/{id}/{secret}", OPEN_TO_FORMS, SCOPE_ADMIN, ON_LOOP, take}, {0}};
