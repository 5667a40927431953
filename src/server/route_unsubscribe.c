/* route_unsubscribe.c — one click out (RFC 8058).
 *
 *   POST {public_url}/u/{token}   no more of this channel and topic; at once, without a question
 *   GET                           the page with the button, and nothing changes
 *
 * The token is the authority: no cookie, no login. Whose consent is withdrawn already, and who is
 * gone, gets the same answer. */
#include "content/link.h"
#include "server/consents.h"
#include "server/web.h"

struct leaving {
    struct signed_link link;
    bool zh;
};

static err read_token(struct call *c, struct leaving *l)
{
    l->zh = web_is_zh(c);
    bool ours = signed_link_read(c->params[0], engine_key(c->server->engine), SIGNED_UNSUBSCRIBE,
                                 c->arena, &l->link);
    return ours ? ERR_OK : ERR_NOT_FOUND;
}

/* "e-mails about “New arrivals”", "短信" */
static void put_what(struct call *c, const struct leaving *l)
{
    str channel = consents_channel_title(c, l->link.channel, l->zh);
    if (l->link.topic) {
        buf_put(&c->out, l->zh ? S("“") : S("“"));
        web_put(&c->out, consents_topic_title(c, l->link.topic, l->zh));
        buf_put(&c->out, l->zh ? S("”（") : S("” ("));
        web_put(&c->out, channel);
        buf_put(&c->out, l->zh ? S("）") : S(")"));
    } else {
        web_put(&c->out, channel);
    }
}

static void put_shop(struct call *c)
{
    str shop = consents_shop(c);
    if (!shop.n) return;
    buf_put(&c->out, S("<p class=\"shop\">"));
    web_put(&c->out, shop);
    buf_put(&c->out, S("</p>\n"));
}

/* From here to the page with everything that can be chosen. */
static void put_more(struct call *c, const struct leaving *l)
{
    buf_put(&c->out, S("<p class=\"note\"><a href=\"../p/"));
    signed_link_put(&c->out, engine_key(c->server->engine), SIGNED_PREFERENCES, &l->link);
    buf_put(&c->out, l->zh ? S("\">选择想收到的内容</a></p>\n")
                           : S("\">Choose what you want to receive</a></p>\n"));
}

static err show(struct call *c)
{
    struct leaving l;
    if (read_token(c, &l) != ERR_OK) return web_unknown(c);
    web_begin(c, l.zh, l.zh ? S("退订") : S("Unsubscribe"), (str){0});
    put_shop(c);
    buf_put(&c->out, l.zh ? S("<h1>不想再收到这些消息？</h1>\n<p>点击后将不再发送：")
                          : S("<h1>Stop these messages?</h1>\n<p>You will no longer get: "));
    put_what(c, &l);
    buf_put(&c->out, l.zh ? S("。</p>\n") : S(".</p>\n"));
    buf_put(&c->out, S("<form method=\"post\"><input type=\"hidden\" name=\"from\" value=\"page\">"
                       "<button>"));
    buf_put(&c->out, l.zh ? S("退订") : S("Unsubscribe"));
    buf_put(&c->out, S("</button></form>\n"));
    put_more(c, &l);
    web_end(c);
    return ERR_OK;
}

static err done(struct call *c)
{
    const struct leaving *l = c->data;
    web_begin(c, l->zh, l->zh ? S("已退订") : S("Unsubscribed"), (str){0});
    put_shop(c);
    buf_put(&c->out, l->zh
                         ? S("<h1>已退订</h1>\n<p class=\"done\">不再发送：")
                         : S("<h1>You are unsubscribed</h1>\n<p class=\"done\">You will no longer "
                             "get: "));
    put_what(c, l);
    buf_put(&c->out, l->zh ? S("。</p>\n<p>订单和账户方面的必要通知仍会发送。</p>\n")
                           : S(".</p>\n<p>Messages about your orders and your account still "
                               "come.</p>\n"));
    put_more(c, l);
    web_end(c);
    return ERR_OK;
}

static bool has_left(struct engine *e, persona head, const struct signed_link *link)
{
    struct customer_view v = {engine_customers(e), NULL};
    return view_consent(&v, head, link->channel, link->topic) == 2;
}

static err leave(struct call *c)
{
    struct leaving *l = arena_zalloc(c->arena, sizeof *l);
    struct engine *e = c->server->engine;
    char customer[33];
    u64 number;
    if (read_token(c, l) != ERR_OK) return web_unknown(c);
    c->data = l;
    persona head = consents_customer(e, l->link.customer);
    if (!head || has_left(e, head, &l->link)) return done(c);
    bool page = str_find(c->req->body, S("from=page")) >= 0;
    struct consent_proof proof = {.reason = page ? S("unsubscribe page") : S("one-click"),
                                  .by = S("customer")};
    struct buf b;
    buf_init(&b, 4096);
    item_consent_put(&b, l->link.channel, l->link.topic, CONSENT_NO, &proof);
    signed_customer_text(l->link.customer, customer);
    struct receipt_record receipt = {
        .customer = {customer, 32}, .id = l->link.message, .status = MESSAGE_UNSUBSCRIBED};
    bool of_message = !hash128_is_zero(l->link.message);
    err r = consents_append(c, head, buf_str(&b), of_message ? &receipt : NULL, &number);
    buf_clear(&b);
    TRY(r);
    return call_applied(c, number, done);
}

extern const struct route ROUTES_UNSUBSCRIBE[];
const struct route ROUTES_UNSUBSCRIBE[] = {
    {METHOD_GET, "/u/{token}", OPEN_TO_ALL, SCOPE_ADMIN, ON_ENGINE, show},
    {METHOD_POST, "/u/{token}", OPEN_TO_FORMS, SCOPE_ADMIN, ON_ENGINE, leave},
    {0}};
