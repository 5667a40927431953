/* route_preferences.c — the page on which a customer chooses what may come: channels she can be
 * reached by, and the topics of each. GET changes nothing, POST saves what was ticked or unticked
 * and leaves alone what nobody touched. */
#include "content/link.h"
#include "server/consents.h"
#include "server/web.h"

enum { CHOICES_MAX = 100, TOPICS_MAX = 256 };

struct choice {
    u32 channel, topic;
    u8 state;     /* as in the view: 0 nothing said, 1 yes, 2 no */
    bool is_on;   /* as the page shows it */
    str describe; /* a topic's own words; may be empty */
};

struct choosing {
    struct signed_link link;
    persona head;
    bool zh, saved;
    struct choice choices[CHOICES_MAX];
    u32 count;
};

/* ---- what there is to choose ---- */

static void add(struct choosing *p, struct engine *e, u32 channel, u32 topic, bool otherwise,
                str describe)
{
    struct customer_view v = {engine_customers(e), NULL};
    if (p->count == CHOICES_MAX) return;
    u8 state = view_consent(&v, p->head, channel, topic);
    p->choices[p->count++] =
        (struct choice){channel, topic, state, state == 1 || (state == 0 && otherwise), describe};
}

static bool is_sent_by(const struct json *topic, str channel)
{
    const struct json *list = json_get(topic, "channels");
    if (!list) return str_eq(channel, S("email"));
    for (const struct json *m = list->child; m; m = m->next)
        if (m->type == JSON_STRING && str_eq(m->text, channel)) return true;
    return false;
}

static void add_topics(struct call *c, struct choosing *p, u32 channel)
{
    struct engine *e = c->server->engine;
    struct names *names = engine_names(e);
    u32 codes[TOPICS_MAX], n = engine_objects(e, OBJECT_TOPIC, codes, TOPICS_MAX);
    for (u32 i = 0; i < n; i++) {
        const struct json *j;
        str id = names_text(names, NAME_OBJECT, codes[i]);
        u32 topic = names_find(names, NAME_TOPIC, id);
        if (!topic ||
            json_parse(engine_object(e, OBJECT_TOPIC, id, NULL), c->arena, &j, NULL) != ERR_OK ||
            !is_sent_by(j, names_text(names, NAME_CHANNEL, channel)))
            continue;
        add(p, e, channel, topic, json_get_bool(j, "default", false),
            web_words(json_get(j, "description"), p->zh));
    }
}

/* Channels by which this shop can reach her, or about which something was said. */
static void gather(struct call *c, struct choosing *p)
{
    struct engine *e = c->server->engine;
    struct customer_view v = {engine_customers(e), NULL};
    struct identifier_view id;
    for (u32 channel = 1; channel < CHANNEL_WEBHOOK; channel++) {
        struct channel_state state;
        outbox_channel_state(c->server->outbox, channel, &state);
        bool reaches =
            state.connected && customer_address(engine_customers(e), p->head, channel, &id);
        if (!reaches && !view_consent(&v, p->head, channel, 0) && channel != p->link.channel)
            continue;
        add(p, e, channel, 0, false, (str){0});
        add_topics(c, p, channel);
    }
}

/* ---- the page ---- */

static void put_choice(struct call *c, const struct choosing *p, const struct choice *one)
{
    str key = consents_key(c, one->channel, one->topic);
    buf_printf(&c->out, "<label class=\"choice%s\"><input type=\"checkbox\" name=\"on\" value=\"",
               one->topic ? " under" : "");
    web_put(&c->out, key);
    buf_printf(&c->out, "\"%s><span>", one->is_on ? " checked" : "");
    if (one->topic)
        web_put(&c->out, consents_topic_title(c, one->topic, p->zh));
    else
        buf_put(&c->out, p->zh ? S("接收优惠与新品消息") : S("Offers and news"));
    if (one->describe.n) {
        buf_put(&c->out, S("<small>"));
        web_put(&c->out, one->describe);
        buf_put(&c->out, S("</small>"));
    }
    buf_put(&c->out, S("</span></label><input type=\"hidden\" name=\"shown\" value=\""));
    web_put(&c->out, key);
    buf_put(&c->out, S("\">\n"));
    if (one->state != 1) return; /* what is ticked for her counts once she saves it */
    buf_put(&c->out, S("<input type=\"hidden\" name=\"was\" value=\""));
    web_put(&c->out, key);
    buf_put(&c->out, S("\">\n"));
}

static void put_choices(struct call *c, const struct choosing *p)
{
    for (u32 i = 0; i < p->count; i++) {
        const struct choice *one = &p->choices[i];
        if (!one->topic) {
            buf_put(&c->out, i ? S("</fieldset>\n<fieldset><legend>") : S("<fieldset><legend>"));
            web_put(&c->out, consents_channel_title(c, one->channel, p->zh));
            buf_put(&c->out, S("</legend>\n"));
        }
        put_choice(c, p, one);
    }
    if (p->count) buf_put(&c->out, S("</fieldset>\n"));
}

static void put_page(struct call *c, const struct choosing *p)
{
    str shop = consents_shop(c);
    web_begin(c, p->zh, p->zh ? S("消息设置") : S("Your messages"), (str){0});
    if (shop.n) {
        buf_put(&c->out, S("<p class=\"shop\">"));
        web_put(&c->out, shop);
        buf_put(&c->out, S("</p>\n"));
    }
    buf_put(&c->out,
            p->zh ? S("<h1>您想收到什么？</h1>\n") : S("<h1>What may we send you?</h1>\n"));
    if (p->saved)
        buf_put(&c->out, p->zh ? S("<p class=\"done\" role=\"status\">已保存。</p>\n")
                               : S("<p class=\"done\" role=\"status\">Saved.</p>\n"));
    else
        buf_put(&c->out, p->zh ? S("<p>勾选想收到的内容，随时可以更改。</p>\n")
                               : S("<p>Tick what you like to get. You can change it at any "
                                   "time.</p>\n"));
    buf_put(&c->out, S("<form method=\"post\">\n"));
    put_choices(c, p);
    buf_put(&c->out, p->zh ? S("<button name=\"do\" value=\"save\">保存</button>\n<button "
                               "class=\"plain\" name=\"do\" value=\"nothing\">全部退订</button>")
                           : S("<button name=\"do\" value=\"save\">Save</button>\n<button "
                               "class=\"plain\" name=\"do\" value=\"nothing\">Stop everything"
                               "</button>"));
    buf_put(&c->out,
            p->zh ? S("</form>\n<p class=\"note\">订单和账户方面的必要通知始终会发送。</p>\n")
                  : S("</form>\n<p class=\"note\">Messages about your orders and your "
                      "account always come.</p>\n"));
    web_end(c);
}

static struct choosing *begin(struct call *c)
{
    struct choosing *p = arena_zalloc(c->arena, sizeof *p);
    struct engine *e = c->server->engine;
    p->zh = web_is_zh(c);
    if (!signed_link_read(c->params[0], engine_key(e), SIGNED_PREFERENCES, c->arena, &p->link))
        return NULL;
    p->head = consents_customer(e, p->link.customer);
    if (!p->head) return NULL;
    gather(c, p);
    return p;
}

static err show(struct call *c)
{
    struct choosing *p = begin(c);
    if (!p) return web_unknown(c);
    put_page(c, p);
    return ERR_OK;
}

/* ---- saving ---- */

static err show_saved(struct call *c)
{
    struct choosing *p = c->data;
    p->count = 0;
    p->saved = true;
    gather(c, p);
    put_page(c, p);
    return ERR_OK;
}

/* What she changed against what she was shown: a choice of another page, made meanwhile, stays. */
static bool changed(const struct form_body *f, str key, bool nothing, u8 *state)
{
    if (!form_has(f, S("shown"), key)) return false;
    bool was = form_has(f, S("was"), key), on = !nothing && form_has(f, S("on"), key);
    *state = on ? CONSENT_YES : CONSENT_NO;
    return on != was || nothing;
}

/* A topic newly wanted is of no use without its channel, unless that was just refused. */
static bool wants_topic(struct call *c, const struct choosing *p, const struct form_body *f,
                        u32 channel)
{
    for (u32 i = 0; i < p->count; i++) {
        str key = consents_key(c, p->choices[i].channel, p->choices[i].topic);
        if (p->choices[i].channel == channel && p->choices[i].topic && form_has(f, S("on"), key) &&
            !form_has(f, S("was"), key))
            return true;
    }
    return false;
}

static void put_changes(struct call *c, const struct choosing *p, const struct form_body *f,
                        struct buf *out)
{
    bool nothing = form_has(f, S("do"), S("nothing"));
    for (u32 i = 0; i < p->count; i++) {
        const struct choice *one = &p->choices[i];
        u8 state;
        bool moved = changed(f, consents_key(c, one->channel, one->topic), nothing, &state);
        if (!moved && !one->topic && one->state != 1 && wants_topic(c, p, f, one->channel))
            state = CONSENT_YES, moved = true;
        if (!moved) continue;
        if (one->state == (state == CONSENT_YES ? 1 : 2)) continue;
        str title = one->topic ? consents_topic_title(c, one->topic, p->zh)
                    : p->zh    ? S("接收优惠与新品消息")
                               : S("Offers and news");
        str channel = consents_channel_title(c, one->channel, p->zh);
        struct consent_proof proof = {
            .reason = S("preference page"),
            .text = arena_printf(c->arena, "%.*s: %.*s", STR_ARG(channel), STR_ARG(title)),
            .by = S("customer")};
        item_consent_put(out, one->channel, one->topic, state, &proof);
    }
}

static err save(struct call *c)
{
    struct choosing *p = begin(c);
    struct form_body *f = arena_alloc(c->arena, sizeof *f);
    struct buf b;
    u64 number;
    if (!p) return web_unknown(c);
    err e = form_body_read(c->req->body, c->arena, f);
    if (e != ERR_OK) return diag_set(&c->why, ERR_INVALID, "the form cannot be read");
    c->data = p;
    buf_init(&b, RECORD_BYTES_MAX / 2);
    put_changes(c, p, f, &b);
    bool any = b.n > 0;
    if (any) e = consents_append(c, p->head, buf_str(&b), NULL, &number);
    buf_clear(&b);
    TRY(e);
    return any ? call_applied(c, number, show_saved) : show_saved(c);
}

extern const struct route ROUTES_PREFERENCES[];
const struct route ROUTES_PREFERENCES[] = {
    {METHOD_GET, "/p/{token}", OPEN_TO_ALL, SCOPE_ADMIN, ON_ENGINE, show},
    {METHOD_POST, "/p/{token}", OPEN_TO_FORMS, SCOPE_ADMIN, ON_ENGINE, save},
    {0}};
