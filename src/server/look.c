/* look.c — finding what a look needs, and telling what it shows. */
#include "server/look.h"

#include "base/time.h"
#include "server/render_template.h"
#include "server/show.h"

enum {
    EVENTS_LOOKED_AT = 2000,
    GMAIL_CLIPS = 102 << 10,
    SUBJECT_LONG = 60,
    CUSTOMERS_SEEN = 50000
};

void put_both(struct buf *b, str key, str zh, str en)
{
    json_put_key(b, key);
    buf_byte(b, '{');
    json_put_kv_str(b, S("zh"), zh);
    json_put_kv_str(b, S("en"), en);
    buf_byte(b, '}');
}

void put_warning(struct buf *b, const char *code, const char *severity, str zh, str en,
                 const char *path)
{
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("code"), str_of(code));
    json_put_kv_str(b, S("severity"), str_of(severity));
    put_both(b, S("words"), zh, en);
    if (path) json_put_kv_str(b, S("path"), str_of(path));
    buf_byte(b, '}');
}

/* ---- customers ---- */

static str text_attribute(struct call *c, persona head, const char *name)
{
    struct customer_view view = {engine_customers(c->server->engine), NULL};
    u32 code = names_find(engine_names(c->server->engine), NAME_ATTRIBUTE, str_of(name));
    value v = code ? view_attribute(&view, head, code) : value_missing();
    return v.type == VALUE_TEXT ? v.text : (str){0};
}

str customer_name(struct call *c, persona head)
{
    static const char *const NAMES[] = {"name", "full_name", "姓名", "first_name", "nickname"};
    for (u32 i = 0; i < COUNT_OF(NAMES); i++) {
        str s = text_attribute(c, head, NAMES[i]);
        if (s.n) return s;
    }
    return (str){0};
}

void look_put_customer(struct call *c, struct buf *b, persona head, u32 channel)
{
    struct customers *cs = engine_customers(c->server->engine);
    struct identifier_view id = {0};
    char text[33];
    customer_id(cs, head, text);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), (str){text, 32});
    json_put_kv_text(b, S("name"), customer_name(c, head));
    bool has = channel && customer_address(cs, head, channel, &id);
    json_put_kv_text(b, S("to"), has ? id.value : (str){0});
    buf_byte(b, '}');
}

/* Newest first; `each` ends it with false. */
static void each_reachable(struct call *c, u32 channel, bool (*each)(void *ctx, persona head),
                           void *ctx)
{
    struct customers *cs = engine_customers(c->server->engine);
    struct identifier_view id;
    persona end = customers_end(cs);
    u32 seen = 0;
    for (persona head = end; head-- > 1 && seen++ < CUSTOMERS_SEEN;)
        if (customer_head(cs, head) == head &&
            (!channel || customer_address(cs, head, channel, &id)) && !each(ctx, head))
            return;
}

struct listing {
    struct call *c;
    struct buf *b;
    u32 channel, n;
};

static bool list_one(void *ctx, persona head)
{
    struct listing *l = ctx;
    json_put_comma(l->b);
    look_put_customer(l->c, l->b, head, l->channel);
    return ++l->n < LOOK_CUSTOMERS;
}

void look_put_customers(struct call *c, struct buf *b, u32 channel)
{
    struct listing l = {c, b, channel, 0};
    json_put_key(b, S("customers"));
    buf_byte(b, '[');
    each_reachable(c, channel, list_one, &l);
    buf_byte(b, ']');
}

static bool take_first(void *ctx, persona head)
{
    *(persona *)ctx = head;
    return false;
}

MUST_USE static err find_customer(struct look *l)
{
    struct call *c = l->c;
    str ref = l->asked->customer;
    if (!ref.n) {
        each_reachable(c, l->trial.channel, take_first, &l->trial.head);
        return ERR_OK;
    }
    l->trial.head = customer_of_ref(c->server->engine, ref);
    if (l->trial.head) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/customer"),
                   "there is no customer of this reference, or there are several");
}

/* ---- what the journey would have begun with ---- */

static void find_event(struct look *l)
{
    struct engine *e = l->c->server->engine;
    u32 code = names_find(engine_names(e), NAME_EVENT, l->event), seen = 0;
    struct subject who;
    struct event ev;
    if (!code || !l->trial.head) return;
    engine_subject(e, l->trial.head, &who);
    struct event_iter *it =
        event_iter_back(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, l->c->arena);
    while (seen++ < EVENTS_LOOKED_AT && event_next(it, &ev)) {
        if (ev.code != code) continue;
        l->trial.event = ev;
        l->trial.event.props = arena_str(l->c->arena, ev.props);
        l->trial.has_event = true;
        return;
    }
}

/* The coupon that the steps give last before they send the template, or else first; empty: none. */
struct coupon_before {
    str template, last, first;
    bool found;
};

static void coupon_walk(const struct json *j, struct coupon_before *c)
{
    str id = json_get_str(j, "coupon", (str){0});
    if (id.n) c->last = id;
    if (id.n && !c->first.n) c->first = id;
    str sent = json_get_str(j, "template", (str){0});
    c->found |= sent.n && str_eq(sent, c->template);
    for (const struct json *m = j ? j->child : NULL; m && !c->found; m = m->next)
        if (m->type == JSON_ARRAY || m->type == JSON_OBJECT) coupon_walk(m, c);
}

static str coupon_of(const struct json *steps, str template)
{
    struct coupon_before c = {.template = template};
    coupon_walk(steps, &c);
    return c.found && c.last.n ? c.last : c.first;
}

/* {"coupon": {"code": …}}: as the journey's coupon will be, under a code that is none. */
static void put_coupon(struct look *l, struct buf *b)
{
    struct call *c = l->c;
    str id = coupon_of(json_get(l->asked->journey, "steps"), l->template->id);
    const struct json *coupon = NULL, *worth;
    duration valid;
    if (l->asked->journey && !id.n) return;
    for (const struct json *one = l->asked->coupons ? l->asked->coupons->child : NULL; one;
         one = one->next)
        if (str_eq(json_get_str(one, "id", (str){0}), id)) coupon = one;
    if (id.n && !coupon) {
        str source = engine_object(c->server->engine, OBJECT_COUPON, id, NULL);
        if (json_parse(arena_str(c->arena, source), c->arena, &coupon, NULL) != ERR_OK)
            coupon = NULL;
    }
    json_put_key(b, S("coupon"));
    buf_put(b, S("{\"code\":\"SAMPLE-CODE\""));
    worth = json_get(coupon, "value");
    const struct json *amount = json_get(worth, "amount"), *percent = json_get(worth, "percent");
    if (amount) {
        json_put_key(b, S("value"));
        json_put(b, amount);
    } else if (percent) {
        json_put_kv_str(b, S("value"), arena_printf(c->arena, "%.*s%%", STR_ARG(percent->text)));
    }
    str text = json_get_str(coupon, "valid", (str){0});
    if (text.n && duration_parse(text, &valid) == ERR_OK)
        json_put_kv_time(b, S("expires"),
                         zone_add(engine_zone(c->server->engine), l->trial.now_ms, valid));
    buf_byte(b, '}');
}

/* What a shop's event brings, made up: as long as it has not happened to her. The names are those
 * of Segment's e-commerce events. */
static void put_event(struct look *l, struct buf *b)
{
    const struct json *data = l->asked->data;
    bool zh = str_starts(l->trial.language.n ? l->trial.language : S("zh"), S("zh"));
    str items =
        zh ? S("[{\"product_id\":\"p1\",\"name\":\"示例商品\",\"price\":88,\"quantity\":1},"
               "{\"product_id\":\"p2\",\"name\":\"另一件商品\",\"price\":40,\"quantity\":1}]")
           : S("[{\"product_id\":\"p1\",\"name\":\"Sample product\",\"price\":88,\"quantity\":1},"
               "{\"product_id\":\"p2\",\"name\":\"Another one\",\"price\":40,\"quantity\":1}]");
    if (l->trial.has_event || (l->asked->journey && !l->wants_event)) return;
    if (!json_get(data, "event")) {
        json_put_key(b, S("event"));
        buf_printf(b,
                   "{\"order_id\":\"SAMPLE-1001\",\"cart_id\":\"SAMPLE-CART\",\"name\":\"%s\","
                   "\"total\":128,\"price\":88,\"quantity\":1,\"products\":%.*s}",
                   zh ? "示例商品" : "Sample product", STR_ARG(items));
    }
    if (!json_get(data, "products")) {
        json_put_key(b, S("products"));
        buf_put(b, items);
    }
    if (!json_get(data, "order")) {
        json_put_key(b, S("order"));
        buf_printf(b, "{\"id\":\"SAMPLE-1001\",\"total\":128,\"items\":%.*s}", STR_ARG(items));
    }
}

/* The day that the journey counts from, for who has none: a week from now. */
static void put_day(struct look *l, struct buf *b)
{
    enum { DAYS_AHEAD = 7 };
    char day[16];
    str date = json_get_str(json_get(l->asked->journey, "trigger"), "date", (str){0});
    if (!date.n || json_get(l->asked->data, "customer")) return;
    civil at = civil_of_ms(l->trial.now_ms + (i64)DAYS_AHEAD * 86400000);
    snprintf(day, sizeof day, "%04d-%02d-%02d", (int)at.year, (int)at.month, (int)at.day);
    json_put_key(b, S("customer"));
    buf_byte(b, '{');
    json_put_kv_str(b, date, str_of(day));
    buf_byte(b, '}');
}

static void set_stand_in(struct look *l)
{
    struct call *c = l->c;
    const struct json *j;
    struct buf b;
    buf_init(&b, API_BODY_MAX);
    buf_byte(&b, '{');
    const struct json *data = l->asked->data;
    for (const struct json *m = data ? data->child : NULL; m; m = m->next) {
        json_put_key(&b, m->key);
        json_put(&b, m);
    }
    if (!json_get(data, "coupon")) put_coupon(l, &b);
    put_event(l, &b);
    put_day(l, &b);
    buf_byte(&b, '}');
    str text = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    if (json_parse(text, c->arena, &j, NULL) == ERR_OK)
        l->trial.stand_in = value_of_json(c->arena, j);
}

/* ---- names without a value ---- */

static bool is_asked_of_people(str root, str member)
{
    static const char *const ROOTS[] = {"customer", "event",  "order",
                                        "products", "coupon", "values"};
    if (str_eq(root, S("workspace"))) return str_eq(member, S("name")) || str_eq(member, S("url"));
    for (u32 i = 0; i < COUNT_OF(ROOTS); i++)
        if (str_eq(root, str_of(ROOTS[i]))) return member.n || (i >= 2 && i <= 4);
    return false;
}

static str full_name(struct arena *a, str root, str member)
{
    return member.n ? arena_printf(a, "%.*s.%.*s", STR_ARG(root), STR_ARG(member)) : root;
}

/* Noted once for each customer: `counting` is hers. */
static void note_missing(void *ctx, str root, str member)
{
    struct look *l = ctx;
    if (!is_asked_of_people(root, member)) return;
    if (l->counting && !str_eq(root, S("customer"))) return;
    str name = full_name(l->c->arena, root, member);
    struct look_name *n = NULL;
    for (u32 i = 0; i < l->name_count; i++)
        if (str_eq(l->names[i].name, name)) n = &l->names[i];
    if (!n) {
        if (l->name_count == LOOK_NAMES_MAX) return;
        n = &l->names[l->name_count++];
        *n = (struct look_name){.name = name};
    }
    if (!l->counting)
        n->here = true;
    else if (n->example != l->counting)
        n->customers++, n->example = l->counting;
}

static void note_value(struct look *l, str name, value v)
{
    struct buf text;
    for (u32 i = 0; i < l->stood_count; i++)
        if (str_eq(l->stood[i].name, name)) return;
    if (l->stood_count == LOOK_NAMES_MAX) return;
    buf_init(&text, 4096);
    value_display(&text, v);
    l->stood[l->stood_count].name = name;
    l->stood[l->stood_count++].value = arena_str(l->c->arena, buf_str(&text));
    buf_clear(&text);
}

static void note_stood(void *ctx, str root, str member)
{
    struct look *l = ctx;
    struct arena *a = l->c->arena;
    value v = value_member(l->trial.stand_in, root);
    if (l->counting) return;
    if (member.n) {
        note_value(l, full_name(a, root, member), value_member(v, member));
        return;
    }
    struct reader r = reader_of(v.type == VALUE_MAP ? v.text : (str){0});
    while (r.p < r.end && !r.bad) {
        str key = read_str_varint(&r);
        note_value(l, full_name(a, root, key), value_read(&r));
    }
    if (v.type != VALUE_MAP) note_value(l, root, v);
}

/* ---- rendering ---- */

MUST_USE static err at_template(struct look *l, err e, const struct diag *inner)
{
    str path = arena_printf(l->c->arena, "%s%s", l->asked->place, inner->path);
    return diag_at(&l->c->why, e == ERR_INVALID ? ERR_REFUSED : e, path, "%s", inner->message);
}

static str zero_ended(struct arena *a, str s)
{
    return arena_printf(a, "%.*s", STR_ARG(s));
}

err look_begin(struct call *c, const struct look_asked *asked, struct look *out)
{
    struct diag inner = {0};
    struct engine *e = c->server->engine;
    const struct json *policy = json_get(asked->journey, "policy");
    *out = (struct look){.c = c, .asked = asked};
    err r = template_compile(asked->template, c->arena, &out->template, &inner);
    if (r != ERR_OK) return at_template(out, r, &inner);
    str wanted =
        asked->category.n ? asked->category : json_get_str(policy, "category", S("promotion"));
    category kind;
    if (!category_named(wanted, &kind))
        return diag_at(&c->why, ERR_REFUSED, S("/category"),
                       "use transactional, service or promotion");
    out->trial = (struct outbox_trial){
        .template = out->template,
        .id = out->template->id,
        .channel = names_find(engine_names(e), NAME_CHANNEL, out->template->channel),
        .category = kind,
        .language = asked->language.n ? zero_ended(c->arena, asked->language) : (str){0},
        .now_ms = server_now(c->server),
        .missing = note_missing,
        .stood_in = note_stood,
        .ctx = out};
    if (!out->trial.channel)
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "%s/channel", asked->place),
                       "there is no channel of this name");
    TRY(find_customer(out));
    out->event = json_get_str(json_get(asked->journey, "trigger"), "event", (str){0});
    out->wants_event = out->event.n > 0;
    if (out->wants_event) find_event(out);
    set_stand_in(out);
    return ERR_OK;
}

err look_say(struct look *l)
{
    struct diag inner = {0};
    err e = outbox_say(l->c->server->outbox, &l->trial, l->c->arena, &l->words, l->to, &inner);
    return e == ERR_OK ? ERR_OK : at_template(l, e, &inner);
}

/* How many of a sample lack what the template asks of them. Returns how many were asked. */
static u32 count_missing(struct look *l)
{
    struct customers *cs = engine_customers(l->c->server->engine);
    struct outbox_trial t = l->trial;
    struct arena *arena = arena_new();
    persona end = customers_end(cs);
    u32 want = l->asked->sample, of = 0;
    i64 until = env_mono_ns(l->c->server->env) + LOOK_BUDGET_NS;
    t.has_event = false;
    if (!l->asked->data) t.stand_in = value_missing(); /* what others lack is to be seen */
    for (u32 i = 0; i + 1 < end && of < want; i++) {
        if (i >= LOOK_LEAST && env_mono_ns(l->c->server->env) > until) break;
        struct identifier_view id;
        struct rendered ignored;
        struct diag why = {0};
        persona head = look_pick(i, end);
        if (customer_head(cs, head) != head || !customer_address(cs, head, t.channel, &id))
            continue;
        of++;
        t.head = l->counting = head;
        arena_reset(arena);
        if (outbox_say(l->c->server->outbox, &t, arena, &ignored, NULL, &why) != ERR_OK) continue;
    }
    l->counting = 0;
    arena_free(arena);
    return of;
}

/* ---- telling ---- */

static void put_missing(struct look *l, struct buf *b, u32 of)
{
    json_put_key(b, S("missing"));
    buf_byte(b, '[');
    for (u32 i = 0; i < l->name_count; i++) {
        const struct look_name *n = &l->names[i];
        bool hers = str_starts(n->name, S("customer."));
        char id[33];
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("name"), n->name);
        json_put_kv_bool(b, S("here"), n->here);
        if (hers) json_put_kv_i64(b, S("customers"), n->customers);
        if (hers) json_put_kv_i64(b, S("of"), of);
        if (n->example) {
            customer_id(engine_customers(l->c->server->engine), n->example, id);
            json_put_kv_str(b, S("example"), (str){id, 32});
        }
        buf_byte(b, '}');
    }
    buf_put(b, S("],\"stand_ins\":["));
    for (u32 i = 0; i < l->stood_count; i++) {
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(b, S("name"), l->stood[i].name);
        json_put_kv_str(b, S("value"), l->stood[i].value);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static u32 characters(str s)
{
    u32 n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((u8)s.p[i] & 0xC0) != 0x80;
    return n;
}

static void warn_of_mail(struct look *l, struct buf *b, size_t html_bytes, u32 silent)
{
    struct arena *a = l->c->arena;
    const struct rendered *w = &l->words;
    bool promotes = l->trial.category == CATEGORY_PROMOTION;
    if (promotes && !look_has_link(w->html, S("/u/test")) && str_find(w->text, S("/u/test")) < 0)
        put_warning(b, "no_unsubscribe", "error",
                    S("正文里没有退订链接；营销邮件必须有。请加上页脚，或 {{ unsubscribe_url }}。"),
                    S("There is no way out in it; a mail that promotes needs one. Add a footer, or "
                      "{{ unsubscribe_url }}."),
                    NULL);
    if (html_bytes > GMAIL_CLIPS)
        put_warning(b, "gmail_clip", "warning",
                    arena_printf(a, "HTML 有 %zu KB，超过 102 KB，Gmail 会截断后面的内容。",
                                 html_bytes >> 10),
                    arena_printf(a, "Its HTML has %zu KB; beyond 102 KB Gmail cuts off the rest.",
                                 html_bytes >> 10),
                    NULL);
    if (!str_trim(w->subject).n)
        put_warning(b, "no_subject", "error", S("邮件没有主题。"), S("It has no subject."),
                    "/subject");
    else if (characters(w->subject) > SUBJECT_LONG)
        put_warning(b, "long_subject", "info", S("主题超过 60 个字符，手机上会显示不全。"),
                    S("The subject has more than 60 characters; phones show a part of it."),
                    "/subject");
    if (silent)
        put_warning(
            b, "image_without_alt", "info",
            arena_printf(a, "%u 张图片没有替代文字，图片不显示时看不到内容。", silent),
            arena_printf(a, "%u pictures have no words for readers who do not load them.", silent),
            NULL);
}

static void warn_of_names(struct look *l, struct buf *b, u32 of)
{
    struct arena *a = l->c->arena;
    for (u32 i = 0; i < l->name_count; i++) {
        const struct look_name *n = &l->names[i];
        if (!n->customers) continue;
        put_warning(b, "missing_value", "info",
                    arena_printf(a, "%u 位客户里有 %u 位没有 %.*s，会看到备用文字或空白。", of,
                                 n->customers, STR_ARG(n->name)),
                    arena_printf(a,
                                 "%u of %u customers have no %.*s: they see the words in its "
                                 "place, or nothing.",
                                 n->customers, of, STR_ARG(n->name)),
                    NULL);
    }
    if (l->wants_event && !l->trial.has_event && l->trial.head)
        put_warning(b, "no_event", "info",
                    arena_printf(a, "这位客户还没有“%.*s”事件，邮件里来自事件的内容是空的。",
                                 STR_ARG(l->event)),
                    arena_printf(a,
                                 "This customer has no event %.*s yet: what comes from it is "
                                 "empty here.",
                                 STR_ARG(l->event)),
                    NULL);
    if (!l->trial.head)
        put_warning(b, "no_customer", "info",
                    S("还没有能通过这个渠道联系到的客户，个人信息都是空的。"),
                    S("There is no customer yet whom this channel reaches: everything personal is "
                      "empty."),
                    NULL);
}

/* What a reader in the dark sees, whatever the browser of who looks is set to. */
static void put_dark(struct buf *b, str html)
{
    static const str DARK = {"@media (prefers-color-scheme:dark)", 34}, ALL = {"@media all", 10};
    struct buf out;
    buf_init(&out, 2 * TEMPLATE_OUTPUT_MAX);
    for (ptrdiff_t at; (at = str_find(html, DARK)) >= 0;) {
        buf_put(&out, str_slice(html, 0, (size_t)at));
        buf_put(&out, ALL);
        html = str_slice(html, (size_t)at + DARK.n, html.n);
    }
    buf_put(&out, html);
    json_put_kv_str(b, S("shown_html"), buf_str(&out));
    buf_clear(&out);
}

/* The whole mail as it goes to the server, without a signature. */
static size_t mail_bytes(struct look *l, str from)
{
    struct buf out;
    struct mail m = {.from = from.n ? from : S("a@example.com"),
                     .to = l->to[0] ? str_of(l->to) : S("a@example.com"),
                     .host = S("example.com"),
                     .date_ms = l->trial.now_ms,
                     .content = &l->words};
    buf_init(&out, 8 << 20);
    err e = mail_write(&m, &out, NULL);
    size_t n = e == ERR_OK ? out.n : l->words.html.n + l->words.text.n;
    buf_clear(&out);
    return n;
}

static void put_mail(struct look *l, struct buf *b, u32 of, str from)
{
    const struct rendered *w = &l->words;
    size_t html =
        outbox_tracked_bytes(l->c->server->outbox, l->trial.channel, l->template, w->html);
    json_put_kv_str(b, S("html"), w->html);
    if (str_eq(l->asked->device, S("dark"))) put_dark(b, w->html);
    json_put_kv_i64(b, S("bytes"), (i64)(mail_bytes(l, from) + html - w->html.n));
    json_put_kv_i64(b, S("html_bytes"), (i64)html);
    json_put_kv_bool(b, S("unsubscribe"),
                     look_has_link(w->html, S("/u/test")) || str_find(w->text, S("/u/test")) >= 0);
    look_put_links(b, w->html);
    u32 silent = look_put_images(b, w->html);
    json_put_key(b, S("warnings"));
    buf_byte(b, '[');
    warn_of_mail(l, b, html, silent);
    warn_of_names(l, b, of);
    buf_byte(b, ']');
}

static void put_others(struct look *l, struct buf *b, u32 of)
{
    json_put_kv_i64(b, S("bytes"), (i64)l->words.text.n);
    if (l->template->provider_code.n) {
        json_put_kv_str(b, S("provider_template"), l->words.provider_code);
        json_put_key(b, S("params"));
        buf_put(b, l->words.params);
    }
    json_put_key(b, S("warnings"));
    buf_byte(b, '[');
    warn_of_names(l, b, of);
    buf_byte(b, ']');
    if (str_eq(l->template->channel, S("sms"))) look_put_sms(l, b);
}

static void put_head(struct look *l, struct buf *b, str from)
{
    struct call *c = l->c;
    json_put_kv_str(b, S("channel"), l->template->channel);
    json_put_kv_str(b, S("category"), category_text(l->trial.category));
    json_put_kv_str(b, S("subject"), l->words.subject);
    json_put_kv_str(b, S("text"), l->words.text);
    json_put_kv_text(b, S("from"), from);
    json_put_kv_text(b, S("to"), str_of(l->to));
    json_put_key(b, S("customer"));
    if (l->trial.head)
        look_put_customer(c, b, l->trial.head, l->trial.channel);
    else
        buf_put(b, S("null"));
    json_put_key(b, S("event"));
    if (!l->trial.has_event) {
        buf_put(b, S("null"));
        return;
    }
    buf_byte(b, '{');
    json_put_kv_str(b, S("event"), l->event);
    json_put_kv_time(b, S("at"), l->trial.event.occurred_ms);
    buf_byte(b, '}');
}

void look_put(struct look *l, struct buf *b)
{
    struct engine *e = l->c->server->engine;
    u32 of = count_missing(l);
    str from =
        l->words.from.n ? l->words.from : outbox_from(l->c->server->outbox, l->trial.channel);
    put_head(l, b, from);
    if (l->words.html.n || str_eq(l->template->channel, S("email")))
        put_mail(l, b, of, from);
    else
        put_others(l, b, of);
    put_missing(l, b, of);
    json_put_key(b, S("sample"));
    buf_byte(b, '{');
    json_put_kv_i64(b, S("of"), (i64)engine_stats(e).customers);
    json_put_kv_i64(b, S("taken"), of);
    buf_byte(b, '}');
}
