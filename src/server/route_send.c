/* route_send.c — one message asked for by a program: POST /api/v1/messages.
 *
 *   body ─► whom, by which channel, what ─► SEND record ─► applied: planned, and on its way
 *
 * With an idempotency key the message's id is made of it: asked twice it is planned once, whatever
 * crashed in between, for as long as the message's row is there (three days after it settled). The
 * answer to both is the same; another body under the same key is refused. */
#include "server/sends.h"
#include "server/show.h"

#include <stdio.h>

enum { KEY_BYTES_MAX = 256, VALUES_DEPTH_MAX = 16 };

struct asked {
    struct send_asked send;
    bool keyed;
};

static err refuse(struct call *c, const char *path, const char *sentence)
{
    return diag_at(&c->why, ERR_REFUSED, str_of(path), "%s", sentence);
}

/* ---- values: JSON to bytes ---- */

static bool put_value(struct buf *b, const struct json *j, u32 depth);

static bool put_members(struct buf *b, const struct json *j, u32 depth)
{
    struct buf inner;
    bool good = true;
    buf_init(&inner, CLAIM_VALUES_MAX);
    for (const struct json *m = j->child; m && good; m = m->next) {
        if (j->type == JSON_OBJECT) buf_str_varint(&inner, m->key);
        good = put_value(&inner, m, depth + 1);
    }
    value_put(b, (value){.type = j->type == JSON_OBJECT ? VALUE_MAP : VALUE_LIST,
                         .count = j->count,
                         .text = buf_str(&inner)});
    good &= !inner.full;
    buf_clear(&inner);
    return good;
}

static void put_number(struct buf *b, const struct json *j)
{
    i64 whole;
    fixed decimal;
    if (json_to_i64(j, &whole) == ERR_OK)
        value_put(b, value_int(whole));
    else if (fixed_parse(j->text, &decimal) == ERR_OK)
        value_put(b, value_fixed(decimal));
    else
        value_put(b, (value){.type = VALUE_NUMBER, .text = j->text});
}

/* False: nested too deep, or too large. */
static bool put_value(struct buf *b, const struct json *j, u32 depth)
{
    if (depth > VALUES_DEPTH_MAX) return false;
    switch (j->type) {
    case JSON_NULL: value_put(b, (value){.type = VALUE_NULL}); break;
    case JSON_BOOL: value_put(b, value_bool(j->boolean)); break;
    case JSON_NUMBER: put_number(b, j); break;
    case JSON_STRING: value_put(b, value_text(j->text)); break;
    case JSON_ARRAY:
    case JSON_OBJECT: return put_members(b, j, depth);
    }
    return !b->full;
}

static err read_values(struct call *c, struct asked *a)
{
    const struct json *values = json_get(c->body, "values");
    struct buf b;
    if (!values) return ERR_OK;
    if (values->type != JSON_OBJECT)
        return refuse(c, "/values", "an object of names and values is needed");
    buf_init(&b, CLAIM_VALUES_MAX);
    bool good = put_value(&b, values, 0);
    a->send.record.values = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    if (good) return ERR_OK;
    return refuse(c, "/values", "they may take 64 KB, and be nested 16 deep");
}

/* ---- to whom ---- */

static err add_identifier(struct call *c, struct asked *a, u32 space, str text, const char *path)
{
    char *room = arena_alloc(c->arena, NORMAL_BYTES_MAX);
    struct engine *e = c->server->engine;
    str normal = identifier_normal(e, space, text, room);
    if (!normal.n) return refuse(c, path, "this cannot be one: look at its form");
    if (a->send.id_count == RECORD_IDS_MAX) return refuse(c, path, "give 16 at most");
    a->send.record.values_of[a->send.id_count] = arena_str(c->arena, normal);
    a->send.ids[a->send.id_count++] =
        (struct record_id){identifier_hash(engine_key(e), space, normal), space};
    return ERR_OK;
}

static err by_reference(struct call *c, struct asked *a, const struct json *who)
{
    persona head = json_is(who, JSON_STRING) ? customer_of_ref(c->server->engine, who->text) : 0;
    if (!head) return refuse(c, "/customer", "no customer, or more than one, has this reference");
    send_to(c, &a->send, head);
    return ERR_OK;
}

static err by_address(struct call *c, struct asked *a, const struct json *to)
{
    u32 space = channel_space(a->send.record.channel);
    if (!space) return refuse(c, "/to", "this channel has no addresses: name the customer");
    if (!json_is(to, JSON_STRING)) return refuse(c, "/to", "an address is needed, as a text");
    TRY(add_identifier(c, a, space, to->text, "/to"));
    a->send.record.to = a->send.record.values_of[0];
    return ERR_OK;
}

static err by_identifiers(struct call *c, struct asked *a, const struct json *list)
{
    if (list->type != JSON_OBJECT || !list->child)
        return refuse(c, "/identifiers", "an object of namespaces and values is needed");
    for (const struct json *m = list->child; m; m = m->next) {
        char path[64];
        snprintf(path, sizeof path, "/identifiers/%.*s", (int)min_size(m->key.n, 40), m->key.p);
        u32 space = names_find(engine_names(c->server->engine), NAME_SPACE, m->key);
        if (!space || space == SPACE_GROUP_ID)
            return refuse(c, path, "this is no namespace of identifiers");
        if (!json_is(m, JSON_STRING)) return refuse(c, path, "its value is needed, as a text");
        TRY(add_identifier(c, a, space, m->text, path));
    }
    return ERR_OK;
}

static err read_recipient(struct call *c, struct asked *a)
{
    const struct json *customer = json_get(c->body, "customer"), *to = json_get(c->body, "to"),
                      *ids = json_get(c->body, "identifiers");
    if ((customer != NULL) + (to != NULL) + (ids != NULL) != 1)
        return refuse(c, "/customer",
                      "say to whom by one of \"customer\", \"to\" and \"identifiers\"");
    if (customer) return by_reference(c, a, customer);
    return to ? by_address(c, a, to) : by_identifiers(c, a, ids);
}

/* ---- what ---- */

static err check_members(struct call *c)
{
    static const char *const KNOWN[] = {"customer", "to",       "identifiers",
                                        "channel",  "template", "values",
                                        "category", "topic",    "idempotency_key"};
    for (const struct json *m = c->body->child; m; m = m->next) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(KNOWN); i++) known |= str_eq(m->key, str_of(KNOWN[i]));
        if (known) continue;
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/%.*s", STR_ARG(m->key)),
                       "there is no member of this name");
    }
    return ERR_OK;
}

static err read_template(struct call *c, struct asked *a, str channel)
{
    const struct json *j;
    TRY(call_text(c, "template", &a->send.record.template_id));
    str source =
        engine_object(c->server->engine, OBJECT_TEMPLATE, a->send.record.template_id, NULL);
    if (!source.n) return refuse(c, "/template", "there is no template of this id");
    TRY(json_parse(source, c->arena, &j, &c->why));
    str is_for = json_get_str(j, "channel", channel);
    if (str_eq(is_for, channel)) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/template"), "this template is for %.*s",
                   STR_ARG(is_for));
}

static err read_what(struct call *c, struct asked *a)
{
    struct names *names = engine_names(c->server->engine);
    str channel, category_name = json_get_str(c->body, "category", S("transactional")),
                 topic = json_get_str(c->body, "topic", S(""));
    category kind;
    TRY(call_text(c, "channel", &channel));
    a->send.record.channel = names_find(names, NAME_CHANNEL, channel);
    if (!a->send.record.channel) return refuse(c, "/channel", "there is no channel of this name");
    if (!category_named(category_name, &kind))
        return refuse(c, "/category", "use transactional, service or promotion");
    a->send.record.category = (u8)kind;
    if (topic.n && !(a->send.record.topic = names_find(names, NAME_TOPIC, topic)))
        return refuse(c, "/topic", "nobody has said anything of a topic of this name yet");
    return read_template(c, a, channel);
}

/* ---- the key ---- */

static str body_text(struct call *c)
{
    struct buf b;
    buf_init(&b, 2 * API_BODY_MAX);
    for (const struct json *m = c->body->child; m; m = m->next) {
        if (str_eq(m->key, S("idempotency_key"))) continue;
        buf_str_varint(&b, m->key);
        json_put(&b, m);
    }
    str text = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return text;
}

static err read_key(struct call *c, struct asked *a)
{
    str header = http_header(c->req, S("idempotency-key")),
        member = json_get_str(c->body, "idempotency_key", S("")), key = header.n ? header : member;
    if (header.n && member.n && !str_eq(header, member))
        return refuse(c, "/idempotency_key", "it differs from the header Idempotency-Key");
    if (key.n > KEY_BYTES_MAX) return refuse(c, "/idempotency_key", "a key has at most 256 bytes");
    a->keyed = key.n != 0;
    a->send.record.body = hash_xxh64(body_text(c));
    if (a->keyed) {
        struct sip_key secret = engine_key(c->server->engine);
        secret.k0 ^= 0x5E7D0000; /* another family than identifiers' hashes */
        a->send.record.id_low = hash_sip(secret, key).lo;
    } else {
        env_random(c->server->env, &a->send.record.id_low, sizeof a->send.record.id_low);
    }
    return ERR_OK;
}

/* ---- the answer ---- */

/* What was taken over, the same however often it is asked. */
static err show_sent(struct call *c)
{
    const struct asked *a = c->data;
    struct engine *e = c->server->engine;
    struct messages *m = engine_messages(e);
    struct message_send sent;
    struct message_content content;
    char customer[33];
    u32 row = message_by_low(m, a->send.record.id_low);
    if (!row || !message_sending(m, row, &sent))
        return diag_set(&c->why, ERR_CONFLICT,
                        "several customers share these identifiers: name one by their id");
    if (sent.body != a->send.record.body)
        return diag_set(&c->why, ERR_CONFLICT,
                        "this idempotency key has been used for another message");
    const struct message_row *r = message_at(m, row);
    char hex[33];
    hash128 id = message_id(m, row);
    (void)!engine_content(e, row, &content);
    customer_id(engine_customers(e), customer_head(engine_customers(e), r->persona), customer);
    c->status = 201;
    buf_byte(&c->out, '{');
    hash128_hex(id, hex);
    json_put_kv_str(&c->out, S("id"), (str){hex, 32});
    json_put_kv_str(&c->out, S("customer"), (str){customer, 32});
    json_put_kv_text(&c->out, S("journey"), (str){0});
    json_put_kv_text(&c->out, S("step"), (str){0});
    json_put_kv_str(&c->out, S("channel"), names_text(engine_names(e), NAME_CHANNEL, r->channel));
    if (content.to.n) json_put_kv_str(&c->out, S("to"), content.to);
    json_put_kv_str(&c->out, S("template"), content.template_id);
    json_put_kv_str(&c->out, S("category"), category_text((category)r->category));
    json_put_kv_str(&c->out, S("status"), message_status_text(MESSAGE_PLANNED));
    json_put_kv_time(&c->out, S("at"), (i64)r->planned);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err take_in(struct call *c)
{
    struct asked *a = arena_zalloc(c->arena, sizeof *a);
    u64 number;
    c->data = a;
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    TRY(check_members(c));
    TRY(read_key(c, a));
    if (a->keyed && message_by_low(engine_messages(c->server->engine), a->send.record.id_low))
        return show_sent(c);
    TRY(read_what(c, a));
    TRY(read_recipient(c, a));
    TRY(read_values(c, a));
    TRY(send_append(c, &a->send, &number));
    return call_applied(c, number, show_sent);
}

extern const struct route ROUTES_SEND[];
const struct route ROUTES_SEND[] = {
    {METHOD_POST, "/api/v1/messages", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE, take_in}, {0}};
