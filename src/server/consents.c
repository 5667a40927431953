#include "server/consents.h"

#include "content/link.h"
#include "server/web.h"

static void put_item(struct buf *out, const struct identifier_view *own, str consents)
{
    struct item item = {.what = ITEM_EDIT, .consents = consents};
    struct record r = {
        .kind = RECORD_ITEM_, .level = ENGINE_LEVEL, .occurred_ms = NEVER, .id_count = 1};
    struct buf payload;
    buf_init(&payload, RECORD_BYTES_MAX);
    item.values[0] = own->value;
    item_put(&payload, &item, 1);
    r.ids[0] = (struct record_id){own->hash, own->space};
    r.payload = buf_str(&payload);
    record_put(out, &r);
    buf_clear(&payload);
}

static void put_receipt(struct buf *out, const struct receipt_record *receipt)
{
    struct record r = {.kind = RECORD_RECEIPT_, .level = ENGINE_LEVEL, .occurred_ms = NEVER};
    struct buf payload;
    buf_init(&payload, 4096);
    receipt_put(&payload, receipt);
    r.payload = buf_str(&payload);
    record_put(out, &r);
    buf_clear(&payload);
}

/* The addresses of the channels that were refused. */
static u32 put_suppressions(struct call *c, persona head, str consents, struct buf *out)
{
    struct engine *e = c->server->engine;
    struct reader r = reader_of(consents);
    struct item_consent one;
    struct identifier_view id;
    u32 n = 0;
    while (item_consent_next(&r, &one)) {
        if (one.state != CONSENT_NO || one.topic ||
            !customer_address(engine_customers(e), head, one.channel, &id))
            continue;
        struct suppress_record s = {one.channel, address_key(engine_key(e), one.channel, id.value),
                                    SUPPRESSED_MANUAL, (struct record_id){id.hash, id.space}};
        struct record whole = {
            .kind = RECORD_SUPPRESS_, .level = ENGINE_LEVEL, .occurred_ms = NEVER};
        struct buf payload;
        buf_init(&payload, 4096);
        suppress_put(&payload, &s);
        whole.payload = buf_str(&payload);
        record_put(out, &whole);
        buf_clear(&payload);
        n++;
    }
    return n;
}

err consents_append(struct call *c, persona head, str consents,
                    const struct receipt_record *receipt, u64 *number)
{
    struct engine *e = c->server->engine;
    struct identifier_view own;
    struct buf b;
    u32 count = 1;
    buf_init(&b, APPEND_BYTES_MAX);
    if (customer_own_identifier(engine_customers(e), head, &own))
        put_item(&b, &own, consents);
    else
        count = put_suppressions(c, head, consents, &b);
    if (receipt) put_receipt(&b, receipt), count++;
    err r = count == 0 || b.full ? ERR_CONFLICT
                                 : log_append(engine_log(e), buf_str(&b), count, true, number);
    buf_clear(&b);
    if (r != ERR_OK) diag_set(&c->why, r, "it cannot be written down now");
    return r;
}

persona consents_customer(struct engine *e, const u8 id[16])
{
    char text[33];
    signed_customer_text(id, text);
    persona p = customer_by_id(engine_customers(e), (str){text, 32});
    return p ? customer_head(engine_customers(e), p) : 0;
}

str consents_key(struct call *c, u32 channel, u32 topic)
{
    struct names *names = engine_names(c->server->engine);
    str a = names_text(names, NAME_CHANNEL, channel);
    if (!topic) return a;
    return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(a),
                        STR_ARG(names_text(names, NAME_TOPIC, topic)));
}

str consents_channel_title(struct call *c, u32 channel, bool zh)
{
    static const struct {
        u32 channel;
        str zh, en;
    } TITLES[] = {{CHANNEL_EMAIL, {"电子邮件", 12}, {"E-mail", 6}},
                  {CHANNEL_SMS, {"短信", 6}, {"Text messages", 13}},
                  {CHANNEL_PUSH, {"手机通知", 12}, {"Notifications on the phone", 26}},
                  {CHANNEL_WECHAT, {"微信", 6}, {"WeChat", 6}},
                  {CHANNEL_WECOM, {"企业微信", 12}, {"WeCom", 5}},
                  {CHANNEL_ALIPAY, {"支付宝", 9}, {"Alipay", 6}},
                  {CHANNEL_CALL, {"电话", 6}, {"Phone calls", 11}}};
    for (size_t i = 0; i < COUNT_OF(TITLES); i++)
        if (TITLES[i].channel == channel) return zh ? TITLES[i].zh : TITLES[i].en;
    return names_text(engine_names(c->server->engine), NAME_CHANNEL, channel);
}

str consents_topic_title(struct call *c, u32 topic, bool zh)
{
    const struct json *j;
    str id = names_text(engine_names(c->server->engine), NAME_TOPIC, topic);
    str source = engine_object(c->server->engine, OBJECT_TOPIC, id, NULL);
    if (source.n && json_parse(source, c->arena, &j, NULL) == ERR_OK) {
        str title = web_words(json_get(j, "name"), zh);
        if (title.n) return title;
    }
    return id;
}

str consents_shop(struct call *c)
{
    value name = engine_setting(c->server->engine, S("name"));
    return name.type == VALUE_TEXT ? name.text : (str){0};
}
