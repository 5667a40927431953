/* route_sms.c — how long a short message is, of how many parts, and what it costs.
 *
 *   POST /api/v1/templates/sms-count {text, country?, to?, sign?, category?}
 *
 * Price and sign are those of the SMS channel that is published. */
#include "content/sms.h"
#include "server/look.h"

const struct json *sms_channel(struct call *c)
{
    enum { CHANNELS = 256 };
    struct engine *e = c->server->engine;
    u32 codes[CHANNELS], n = engine_objects(e, OBJECT_CHANNEL, codes, CHANNELS);
    for (u32 i = 0; i < n; i++) {
        const struct json *j;
        str id = names_text(engine_names(e), NAME_OBJECT, codes[i]);
        str source = arena_str(c->arena, engine_object(e, OBJECT_CHANNEL, id, NULL));
        if (json_parse(source, c->arena, &j, NULL) != ERR_OK) continue;
        if (str_eq(json_get_str(j, "channel", (str){0}), S("sms"))) return j;
    }
    return NULL;
}

/* Sent to the mainland: by its number, by its country, or because the provider sends nowhere else
 * by default. */
static bool is_mainland(const struct call *c, const struct json *channel)
{
    str to = json_get_str(c->body, "to", (str){0}), at = json_get_str(c->body, "country", (str){0});
    str provider = json_get_str(channel, "provider", (str){0});
    if (to.n) return sms_is_mainland(to);
    if (at.n) return str_eq_nocase(at, S("CN"));
    return str_eq(provider, S("aliyun")) || str_eq(provider, S("tencent"));
}

static void put_price(struct call *c, const struct json *settings, u32 parts)
{
    const struct json *price = json_get(settings, "price");
    fixed each;
    json_put_key(&c->out, S("price"));
    if (json_is(price, JSON_NUMBER) && fixed_parse(price->text, &each) == ERR_OK)
        value_json(&c->out, value_fixed(each * (i64)parts));
    else
        buf_put(&c->out, S("null"));
    str currency = json_get_str(settings, "currency", (str){0});
    if (currency.n) json_put_kv_str(&c->out, S("currency"), currency);
}

static err count(struct call *c)
{
    str text = json_get_str(c->body, "text", (str){0});
    const struct json *channel = sms_channel(c), *settings = json_get(channel, "settings");
    if (!json_is(json_get(c->body, "text"), JSON_STRING))
        return diag_at(&c->why, ERR_REFUSED, S("/text"), "\"text\" is needed, as a text");
    struct sms_wrap w = {.sign = json_get_str(c->body, "sign", (str){0}),
                         .promotion =
                             str_eq(json_get_str(c->body, "category", (str){0}), S("promotion")),
                         .mainland = is_mainland(c, channel)};
    struct buf whole;
    buf_init(&whole, 2 * API_BODY_MAX);
    sms_compose(text, &w, &whole);
    struct sms_count n = sms_count(buf_str(&whole), w.mainland);
    buf_byte(&c->out, '{');
    json_put_kv_i64(&c->out, S("length"), n.length);
    json_put_kv_i64(&c->out, S("parts"), n.parts);
    json_put_kv_str(&c->out, S("encoding"), sms_encoding_text(n.encoding));
    put_price(c, settings, n.parts);
    json_put_kv_str(&c->out, S("text"), buf_str(&whole));
    buf_byte(&c->out, '}');
    buf_clear(&whole);
    return ERR_OK;
}

extern const struct route ROUTES_SMS[];
const struct route ROUTES_SMS[] = {
    {METHOD_POST, "/api/v1/templates/sms-count", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, count},
    {0}};
