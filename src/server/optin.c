#include "server/optin.h"

#include "content/link.h"
#include "engine/publish.h"
#include "server/sends.h"

#define AGAIN_MS (10 * MINUTE)

static str cut(str s)
{
    size_t n = min_size(s.n, OPTIN_TEXT_MAX);
    while (n && n < s.n && ((u8)s.p[n] & 0xC0) == 0x80) n--;
    return str_slice(s, 0, n);
}

str optin_url(struct call *c, const struct optin *o)
{
    struct signed_link link = {.channel = o->channel,
                               .topic = o->topic,
                               .object = o->form,
                               .language = o->zh,
                               .at_ms = server_now(c->server),
                               .target = cut(o->text)};
    char id[33];
    struct buf b;
    customer_id(engine_customers(c->server->engine), o->head, id);
    MUST(signed_customer(str_of(id), link.customer));
    buf_init(&b, 4096);
    buf_put(&b, str_of(c->server->public_url));
    buf_put(&b, S("/c/"));
    signed_link_put(&b, engine_key(c->server->engine), SIGNED_CONFIRM, &link);
    str url = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return url;
}

str optin_template(bool zh)
{
    return zh ? S("{\"id\":\"double-opt-in.zh\",\"channel\":\"email\",\"track_clicks\":false,"
                  "\"track_opens\":false,\"subject\":\"请确认您的邮箱\",\"html\":\"<p>您好，</p>"
                  "<p>请点击下面的按钮确认接收我们的消息：</p><p><a href=\\\"{{ event.confirm_url "
                  "}}"
                  "\\\">确认</a></p><p>如果不是您本人操作，请忽略这封邮件，我们不会再发送。</p>\"}")
              : S("{\"id\":\"double-opt-in.en\",\"channel\":\"email\",\"track_clicks\":false,"
                  "\"track_opens\":false,\"subject\":\"Please confirm your address\",\"html\":"
                  "\"<p>Hello,</p><p>please confirm that you want to hear from us:</p><p><a "
                  "href=\\\"{{ event.confirm_url }}\\\">Confirm</a></p><p>If this was not you, "
                  "ignore this mail: nothing more will come.</p>\"}");
}

static err publish_template(struct call *c, str id, bool zh)
{
    const struct json *j;
    struct buf b;
    u64 number;
    if (engine_object(c->server->engine, OBJECT_TEMPLATE, id, NULL).n) return ERR_OK;
    TRY(json_parse(optin_template(zh), c->arena, &j, &c->why));
    buf_init(&b, RECORD_BYTES_MAX);
    err e = publish_object(c->server->engine, OBJECT_TEMPLATE, j, &b, &c->why);
    if (e == ERR_OK) e = call_append(c, RECORD_PUBLISH_, buf_str(&b), &number);
    buf_clear(&b);
    return e;
}

/* {"confirm_url": …}, which the template reads as event.confirm_url. */
static str values_of(struct call *c, const struct optin *o)
{
    struct buf map, b;
    buf_init(&map, 8192);
    buf_init(&b, 8192);
    buf_str_varint(&map, S("confirm_url"));
    value_put(&map, value_text(optin_url(c, o)));
    value_put(&b, (value){.type = VALUE_MAP, .count = 1, .text = buf_str(&map)});
    str values = arena_str(c->arena, buf_str(&b));
    buf_clear(&map);
    buf_clear(&b);
    return values;
}

/* The message's id, the same for the same question within ten minutes. */
static u64 id_of(struct call *c, const struct optin *o, str customer)
{
    struct sip_key secret = engine_key(c->server->engine);
    secret.k0 ^= 0x0D010000; /* another family than identifiers' hashes and idempotency keys */
    return hash_sip(secret,
                    arena_printf(c->arena, "%.*s %u %u %u %lld %.*s", STR_ARG(customer), o->channel,
                                 o->topic, o->form, (long long)(server_now(c->server) / AGAIN_MS),
                                 STR_ARG(o->to)))
        .lo;
}

err optin_send(struct call *c, const struct optin *o, call_step then)
{
    struct send_asked *a = arena_zalloc(c->arena, sizeof *a);
    u64 number;
    str id = o->zh ? S("double-opt-in.zh") : S("double-opt-in.en");
    TRY(publish_template(c, id, o->zh));
    send_to(c, a, o->head);
    a->record.channel = CHANNEL_EMAIL;
    a->record.category = CATEGORY_TRANSACTIONAL;
    a->record.template_id = id;
    a->record.to = o->to;
    a->record.values = values_of(c, o);
    a->record.id_low = id_of(c, o, a->record.customer);
    TRY(send_append(c, a, &number));
    return call_applied(c, number, then);
}
