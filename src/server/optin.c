#include "server/optin.h"

#include "content/link.h"

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

/* The engine takes single messages by SEND records; until this server writes them, nobody is asked,
 * and the log says so. */
err optin_send(struct call *c, const struct optin *o)
{
    char id[33];
    customer_id(engine_customers(c->server->engine), o->head, id);
    server_log(c->server, "a confirmation is due", "customer=%s", id);
    return ERR_OK;
}
