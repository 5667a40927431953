/* route_forms.c — forms: their configuration, their pages, and what people send by them.
 *
 *   POST /f/{id} ─► rate (loop) ─► read, judge (engine) ─► intake (loop) ─► append (engine) ─►
 * thanks
 *
 * A form is open to everybody, so nothing it brings overrules what is confirmed, and three things
 * stand against robots: a field that people do not see, the time it takes to fill in, and a number
 * of posts an address has a minute. What is sent becomes one record: Form Submitted, with what it
 * says about the customer and, unless it is to be confirmed by mail first, the consent. */
#include "content/link.h"
#include "log/events.h"
#include "server/consents.h"
#include "server/forms.h"
#include "server/optin.h"
#include "server/publish.h"
#include "server/rates.h"
#include "server/web.h"

/* ---- configuration ---- */

static void put_form(struct call *c, u32 code, str source)
{
    (void)code;
    object_begin(c, source);
    const struct json *j;
    if (json_parse(source, c->arena, &j, NULL) == ERR_OK) {
        str id = json_get_str(j, "id", (str){0});
        json_put_kv_str(&c->out, S("url"),
                        arena_printf(c->arena, "%s/f/%.*s", c->server->public_url, STR_ARG(id)));
        json_put_kv_str(&c->out, S("script"),
                        arena_printf(c->arena, "<script src=\"%s/f/%.*s.js\" async></script>",
                                     c->server->public_url, STR_ARG(id)));
    }
    buf_byte(&c->out, '}');
}

static err list(struct call *c)
{
    object_list(c, OBJECT_FORM, put_form);
    return ERR_OK;
}

static err show_one(struct call *c)
{
    str source = engine_object(c->server->engine, OBJECT_FORM, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no form of this id");
    put_form(c, 0, source);
    return ERR_OK;
}

static err store(struct call *c, str id)
{
    struct form *f = arena_alloc(c->arena, sizeof *f);
    const struct json *j;
    c->params[0] = id;
    str source = object_source(c, id);
    TRY(json_parse(source, c->arena, &j, &c->why));
    TRY(form_of_json(j, engine_names(c->server->engine), f, &c->why));
    str topic = json_get_str(f->consent, "topic", (str){0});
    u32 code;
    if (topic.n) TRY(names_code(engine_names(c->server->engine), NAME_TOPIC, topic, &code));
    return object_publish(c, OBJECT_FORM, source, show_one);
}

/* Forms that playbooks ask for, whole: {"preset": "birthday"}. */
static err take_preset(struct call *c)
{
    static const char BIRTHDAY[] =
        "{\"id\":\"birthday\",\"name\":{\"zh\":\"告诉我们您的生日\",\"en\":\"When is your "
        "birthday?\"},"
        "\"fields\":[{\"name\":\"email\",\"type\":\"email\",\"required\":true,\"label\":{\"zh\":"
        "\"邮箱\","
        "\"en\":\"Email\"}},{\"name\":\"birthday\",\"type\":\"date\",\"required\":true,\"target\":"
        "\"attribute:birthday\",\"label\":{\"zh\":\"生日\",\"en\":\"Birthday\"}}],\"button\":{"
        "\"zh\":"
        "\"提交\",\"en\":\"Send\"},\"thanks\":{\"zh\":\"谢谢，生日那天见！\",\"en\":\"Thank you. "
        "See you on "
        "the day!\"}}";
    str preset = json_get_str(c->body, "preset", (str){0});
    if (!preset.n) return ERR_OK;
    if (!str_eq(preset, S("birthday")))
        return diag_at(&c->why, ERR_REFUSED, S("/preset"), "the preset is birthday");
    return json_parse(str_of(BIRTHDAY), c->arena, &c->body, &c->why);
}

static err create(struct call *c)
{
    str id;
    TRY(take_preset(c));
    TRY(object_id(c, "form", &id));
    if (engine_object(c->server->engine, OBJECT_FORM, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a form of this id");
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err drop(struct call *c)
{
    return object_remove(c, OBJECT_FORM, c->params[0], answer_nothing);
}

/* ---- showing ---- */

static struct form *find_form(struct call *c, str id)
{
    struct engine *e = c->server->engine;
    struct form *f = arena_alloc(c->arena, sizeof *f);
    const struct json *j;
    str source = engine_object(e, OBJECT_FORM, id, NULL);
    if (!source.n || json_parse(arena_str(c->arena, source), c->arena, &j, NULL) != ERR_OK ||
        form_of_json(j, engine_names(e), f, NULL) != ERR_OK)
        return NULL;
    f->code = names_find(engine_names(e), NAME_OBJECT, id);
    return f;
}

static err page(struct call *c)
{
    str id = c->params[0];
    bool script = str_ends(id, S(".js"));
    struct form *f = find_form(c, script ? str_slice(id, 0, id.n - 3) : id);
    struct form_shown s = {.form = f, .zh = web_is_zh(c)};
    if (!f) return web_unknown(c);
    if (script)
        form_script(c, f);
    else
        form_page(c, &s);
    return ERR_OK;
}

/* ---- what was sent ---- */

struct sent {
    struct form *form;
    struct form_body *body;
    bool zh, wants_json, robot, agreed, confirm;
    str address, origin, item, record, proof;
};

static bool says_json(str type)
{
    return str_find(type, S("application/json")) >= 0;
}

static err read_json(struct call *c, struct form_body *out)
{
    const struct json *j;
    out->count = 0;
    TRY(json_parse(c->req->body, c->arena, &j, &c->why));
    if (!json_is(j, JSON_OBJECT) || j->count > FORM_PAIRS_MAX) return ERR_INVALID;
    for (const struct json *m = j->child; m; m = m->next) {
        bool is_true = m->type == JSON_BOOL && m->boolean;
        if (m->type > JSON_STRING) return ERR_INVALID;
        str text = m->type == JSON_BOOL ? (is_true ? S("true") : S("")) : m->text;
        out->pairs[out->count++] = (struct form_pair){m->key, text};
    }
    return ERR_OK;
}

static str say(const struct sent *s, str zh, str en)
{
    return s->zh ? zh : en;
}

/* Told on the page, with what was filled in, or as a problem document. */
static err wrong(struct call *c, struct sent *s, str field, str sentence)
{
    struct form_shown shown = {s->form, s->body, field, sentence, s->zh};
    if (s->wants_json)
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/%.*s", STR_ARG(field)),
                       "%.*s", STR_ARG(sentence));
    form_page(c, &shown);
    c->status = 422;
    return ERR_OK;
}

static err thank(struct call *c)
{
    const struct sent *s = c->data;
    str to = s->form->redirect;
    if (s->wants_json) {
        buf_byte(&c->out, '{');
        json_put_kv_bool(&c->out, S("ok"), true);
        json_put_kv_bool(&c->out, S("confirm"), s->confirm);
        json_put_kv_str(&c->out, S("message"), form_thanks(s->form, s->zh, s->confirm));
        if (to.n) json_put_kv_str(&c->out, S("redirect"), to);
        buf_byte(&c->out, '}');
        call_header(c, "Cache-Control", S("no-store"));
        return ERR_OK;
    }
    if (to.n) {
        call_header(c, "Location", to);
        call_header(c, "Cache-Control", S("no-store"));
        c->status = 303;
        return ERR_OK;
    }
    form_thanks_page(c, s->form, s->zh, s->confirm);
    return ERR_OK;
}

static bool took_time(struct call *c, const struct sent *s)
{
    struct signed_link shown;
    if (!signed_link_read(form_value(s->body, S("bk_t")), engine_key(c->server->engine),
                          SIGNED_FORM, c->arena, &shown) ||
        shown.object != s->form->code)
        return false;
    i64 passed = server_now(c->server) - shown.at_ms;
    return passed >= FORM_FILL_MS && passed < 7 * DAY;
}

/* "form newsletter, https://shop.example/page, 203.0.113.0" */
static str source_of(struct call *c, const struct sent *s)
{
    str at = form_value(s->body, S("bk_page")), address = web_address_short(s->address, c->arena);
    bool web = str_starts(at, S("https://")) || str_starts(at, S("http://"));
    if (!web) at = arena_printf(c->arena, "%s/f/%.*s", c->server->public_url, STR_ARG(s->form->id));
    at = str_slice(at, 0, 500);
    return arena_printf(c->arena, "form %.*s, %.*s%s%.*s", STR_ARG(s->form->id), STR_ARG(at),
                        address.n ? ", " : "", STR_ARG(address));
}

static void put_members(struct call *c, const struct sent *s, form_target to, struct buf *b)
{
    for (u32 i = 0; i < s->form->count; i++) {
        const struct form_field *f = &s->form->fields[i];
        str text = form_value(s->body, f->name);
        if (f->to != to || (!text.n && !str_eq(f->type, S("checkbox")))) continue;
        i64 n;
        json_put_key(b, f->target);
        if (str_eq(f->type, S("checkbox")) && to == TARGET_ATTRIBUTE)
            buf_put(b, text.n ? S("true") : S("false"));
        else if (str_eq(f->type, S("number")) && to == TARGET_ATTRIBUTE &&
                 str_to_i64(str_trim(text), &n) == ERR_OK)
            buf_i64_text(b, n);
        else
            json_put_str(b, str_slice(text, 0, FORM_TEXT_MAX));
    }
    str anonymous = form_value(s->body, S("bk_anonymous"));
    if (to == TARGET_IDENTIFIER && anonymous.n && anonymous.n <= 128)
        json_put_kv_str(b, S("anonymous_id"), anonymous);
    (void)c;
}

static void put_consent(struct call *c, struct sent *s, struct buf *b)
{
    const struct json *consent = s->form->consent;
    str channel = json_get_str(consent, "channel", (str){0});
    str topic = json_get_str(consent, "topic", (str){0});
    json_put_key(b, S("consent"));
    buf_put(b, S("{"));
    /* A topic alone says nothing: messages about it go by the channel. */
    for (int both = topic.n > 0; both >= 0; both--) {
        json_put_key(b, both ? arena_printf(c->arena, "%.*s/%.*s", STR_ARG(channel), STR_ARG(topic))
                             : channel);
        buf_put(b, S("{\"value\":true"));
        json_put_kv_str(b, S("reason"), S("form"));
        json_put_kv_str(b, S("text"), web_words(json_get(consent, "text"), s->zh));
        json_put_kv_str(b, S("source"), source_of(c, s));
        json_put_kv_str(b, S("by"), S("customer"));
        buf_byte(b, '}');
    }
    buf_byte(b, '}');
}

static void make_item(struct call *c, struct sent *s)
{
    struct buf b;
    buf_init(&b, 4 * FORM_BYTES_MAX);
    buf_put(&b, S("{\"type\":\"customer\",\"identifiers\":{"));
    put_members(c, s, TARGET_IDENTIFIER, &b);
    buf_put(&b, S("},\"attributes\":{"));
    put_members(c, s, TARGET_ATTRIBUTE, &b);
    buf_byte(&b, '}');
    if (s->agreed && !s->confirm) put_consent(c, s, &b);
    buf_byte(&b, '}');
    s->item = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
}

/* ---- into the log ---- */

/* Whoever has the mailbox that was written down, and its address. */
static persona holder_of(struct call *c, const struct sent *s, str *address)
{
    struct reader in = reader_of(s->record);
    struct record r;
    struct item item;
    if (!record_next(&in, &r) || !item_read(r.payload, r.id_count, &item)) return 0;
    for (u32 i = 0; i < r.id_count; i++) {
        if (r.ids[i].space != SPACE_EMAIL) continue;
        *address = item.values[i];
        return customer_find(engine_customers(c->server->engine), r.ids[i].space, r.ids[i].hash);
    }
    return 0;
}

static err applied(struct call *c)
{
    struct sent *s = c->data;
    struct names *names = engine_names(c->server->engine);
    const struct json *consent = s->form->consent;
    struct optin o = {.form = s->form->code, .zh = s->zh};
    if (!s->confirm || !(o.head = holder_of(c, s, &o.to))) return thank(c);
    o.channel = names_find(names, NAME_CHANNEL, json_get_str(consent, "channel", (str){0}));
    o.topic = names_find(names, NAME_TOPIC, json_get_str(consent, "topic", (str){0}));
    o.text = web_words(json_get(consent, "text"), s->zh);
    if (optin_send(c, &o, thank) == ERR_OK) return ERR_OK;
    c->why = (struct diag){0}; /* what was sent in is kept already: she can be asked again */
    return thank(c);
}

static err put_property(struct call *c, struct buf *b, const char *name, str text)
{
    u32 code;
    err e = names_code(engine_names(c->server->engine), NAME_PROPERTY, str_of(name), &code);
    if (e == ERR_OK) props_put(b, code, value_text(text));
    return e;
}

/* Every field under its name, as it was filled in. */
static err put_properties(struct call *c, const struct sent *s, struct buf *b)
{
    TRY(put_property(c, b, "form", s->form->id));
    for (u32 i = 0; i < s->form->count; i++) {
        u32 code;
        str text = form_value(s->body, s->form->fields[i].name);
        if (!text.n) continue;
        err e = names_code(engine_names(c->server->engine), NAME_PROPERTY, s->form->fields[i].name,
                           &code);
        if (e == ERR_LIMIT || e == ERR_INVALID) continue;
        TRY(e);
        props_put(b, code, value_text(str_slice(text, 0, FORM_TEXT_MAX)));
    }
    props_put(b, PROPERTY_SOURCE, value_text(source_of(c, s)));
    if (s->agreed)
        props_put(b, PROPERTY_TEXT,
                  value_text(web_words(json_get(s->form->consent, "text"), s->zh)));
    return ERR_OK;
}

/* What intake made of it, as the event that it is: from the public, so that it adds and does not
 * overrule. */
static err append_it(struct call *c)
{
    struct sent *s = c->data;
    struct reader in = reader_of(s->record);
    struct record r;
    struct item item;
    struct buf props, payload, whole;
    u64 number = 0;
    MUST(record_next(&in, &r) && item_read(r.payload, r.id_count, &item));
    buf_init(&props, 2 * FORM_BYTES_MAX);
    buf_init(&payload, RECORD_BYTES_MAX);
    buf_init(&whole, RECORD_BYTES_MAX + 4096);
    err e = put_properties(c, s, &props);
    item.what = ITEM_TRACK;
    item.event = EVENT_FORM_SUBMITTED;
    item.props = buf_str(&props);
    item_put(&payload, &item, r.id_count);
    r.flags |= RECORD_BROWSER;
    r.payload = buf_str(&payload);
    record_put(&whole, &r);
    if (e == ERR_OK && (whole.full || payload.full)) e = ERR_TOO_LARGE;
    if (e == ERR_OK)
        e = log_append(engine_log(c->server->engine), buf_str(&whole), 1, true, &number);
    buf_clear(&props), buf_clear(&payload), buf_clear(&whole);
    if (e != ERR_OK) return diag_set(&c->why, e, "it cannot be written to the log now");
    return call_applied(c, number, applied);
}

/* Loop thread: intake is its own. */
static err take_in(struct call *c)
{
    struct sent *s = c->data;
    struct server *server = c->server;
    struct intake_source from = {0};
    buf_reset(&server->records);
    TRY(intake_batch(server->intake, &from, INTAKE_ITEM, s->item, server_now(server),
                     &server->records, server->result, &c->why));
    if (server->result->accepted != 1)
        return wrong(c, s, (str){0},
                     say(s, S("请检查填写的内容，例如邮箱或手机号。"),
                         S("Please check what you wrote, such as the address or the number.")));
    s->record = arena_str(c->arena, buf_str(&server->records));
    return call_engine(c, append_it);
}

/* ---- judging ---- */

static void allow_origin(struct call *c, str origin)
{
    if (!origin.n) return;
    call_header(c, "Access-Control-Allow-Origin", origin);
    call_header(c, "Vary", S("Origin"));
}

static err check_fields(struct call *c, struct sent *s, bool *told)
{
    bool named = false;
    *told = true;
    for (u32 i = 0; i < s->form->count; i++) {
        const struct form_field *f = &s->form->fields[i];
        str text = str_trim(form_value(s->body, f->name));
        named |= f->to == TARGET_IDENTIFIER && text.n;
        str label = web_words(f->label, s->zh).n ? web_words(f->label, s->zh) : f->name;
        if (f->required && !text.n)
            return wrong(c, s, f->name,
                         arena_printf(c->arena, s->zh ? "请填写“%.*s”。" : "“%.*s” is needed.",
                                      STR_ARG(label)));
    }
    if (!named)
        return wrong(c, s, (str){0},
                     say(s, S("请填写邮箱或手机号。"), S("An address or a number is needed.")));
    if (s->form->consent && json_get_bool(s->form->consent, "required", false) && !s->agreed)
        return wrong(c, s, S("bk_agree"),
                     say(s, S("请先勾选同意。"), S("Please tick that you agree.")));
    *told = false;
    return ERR_OK;
}

static err judge(struct call *c)
{
    struct sent *s = c->data;
    bool told;
    s->form = find_form(c, c->params[0]);
    if (!s->form) return web_unknown(c);
    if (!form_admits(c, s->form, s->origin))
        return diag_set(&c->why, ERR_FORBIDDEN, "pages of %.*s may not send this form",
                        STR_ARG(s->origin));
    allow_origin(c, s->origin);
    str lang = form_value(s->body, S("bk_lang"));
    s->zh = lang.n ? str_eq(lang, S("zh")) : web_is_zh(c);
    s->agreed = s->form->consent && form_value(s->body, S("bk_agree")).n > 0;
    s->confirm = s->agreed && json_get_bool(s->form->consent, "double_opt_in", false);
    /* Who fills in what cannot be seen gets the answer it hopes for. */
    if (form_value(s->body, S("bk_url")).n) return thank(c);
    if (!took_time(c, s))
        return wrong(c, s, (str){0},
                     say(s, S("提交得太快或页面已过期，请再点一次提交。"),
                         S("That was very quick, or the page is old. Please send it once more.")));
    TRY(check_fields(c, s, &told));
    if (told) return ERR_OK;
    make_item(c, s);
    return call_loop(c, take_in);
}

static err submit(struct call *c)
{
    struct sent *s = arena_zalloc(c->arena, sizeof *s);
    char room[64];
    str type = http_header(c->req, S("content-type"));
    s->body = arena_alloc(c->arena, sizeof *s->body);
    c->data = s;
    if (c->server->state != SERVER_READY)
        return diag_set(&c->why, ERR_UNAVAILABLE, "the server is starting or stopping");
    s->address = arena_str(c->arena, web_address(c->req, room));
    s->origin = http_header(c->req, S("origin"));
    s->wants_json = says_json(type) || says_json(http_header(c->req, S("accept")));
    if (!rates_take(c->server->rates, s->address, FORM_POSTS_MAX, MINUTE, server_now(c->server))) {
        call_header(c, "Retry-After", S("60"));
        return diag_set(&c->why, ERR_BUSY, "too many forms were sent from here: wait a minute");
    }
    err e =
        says_json(type) ? read_json(c, s->body) : form_body_read(c->req->body, c->arena, s->body);
    if (e != ERR_OK) return diag_set(&c->why, ERR_INVALID, "the form cannot be read");
    return call_engine(c, judge);
}

static err preflight(struct call *c)
{
    struct form *f = find_form(c, c->params[0]);
    str origin = http_header(c->req, S("origin"));
    c->status = 204;
    if (!f || !form_admits(c, f, origin)) return ERR_OK;
    allow_origin(c, origin);
    call_header(c, "Access-Control-Allow-Methods", S("POST"));
    call_header(c, "Access-Control-Allow-Headers", S("content-type"));
    call_header(c, "Access-Control-Max-Age", S("86400"));
    return ERR_OK;
}

/* ---- the second yes ---- */

struct confirming {
    struct signed_link link;
    bool zh;
};

static struct confirming *read_token(struct call *c)
{
    struct confirming *k = arena_zalloc(c->arena, sizeof *k);
    k->zh = web_is_zh(c);
    if (!signed_link_read(c->params[0], engine_key(c->server->engine), SIGNED_CONFIRM, c->arena,
                          &k->link))
        return NULL;
    i64 age = server_now(c->server) - k->link.at_ms;
    return age < OPTIN_VALID_MS ? k : NULL;
}

static void put_shop(struct call *c)
{
    str shop = consents_shop(c);
    if (!shop.n) return;
    buf_put(&c->out, S("<p class=\"shop\">"));
    web_put(&c->out, shop);
    buf_put(&c->out, S("</p>\n"));
}

static err show_confirm(struct call *c)
{
    const struct confirming *k = read_token(c);
    if (!k) return web_unknown(c);
    web_begin(c, k->zh, k->zh ? S("确认") : S("Please confirm"), (str){0});
    put_shop(c);
    buf_put(&c->out, k->zh ? S("<h1>确认接收我们的消息</h1>\n<p>")
                           : S("<h1>Confirm that you want to hear from us</h1>\n<p>"));
    web_put(&c->out, k->link.target);
    buf_put(&c->out, S("</p>\n<form method=\"post\"><button>"));
    buf_put(&c->out, k->zh ? S("确认") : S("Confirm"));
    buf_put(&c->out, S("</button></form>\n"));
    web_end(c);
    return ERR_OK;
}

static err confirmed(struct call *c)
{
    const struct confirming *k = c->data;
    web_begin(c, k->zh, k->zh ? S("已确认") : S("Confirmed"), (str){0});
    put_shop(c);
    buf_put(&c->out, k->zh
                         ? S("<h1>已确认</h1>\n<p class=\"done\" role=\"status\">"
                             "谢谢！您可以随时通过邮件中的链接退订。</p>\n")
                         : S("<h1>Confirmed</h1>\n<p class=\"done\" role=\"status\">Thank you! You "
                             "can unsubscribe at any time by a link in every mail.</p>\n"));
    web_end(c);
    return ERR_OK;
}

static err confirm(struct call *c)
{
    struct engine *e = c->server->engine;
    struct confirming *k = read_token(c);
    struct buf b;
    u64 number;
    if (!k) return web_unknown(c);
    c->data = k;
    persona head = consents_customer(e, k->link.customer);
    if (!head) return web_unknown(c);
    str form = names_text(engine_names(e), NAME_OBJECT, k->link.object);
    struct consent_proof proof = {
        .reason = S("double opt-in"),
        .text = k->link.target,
        .source = form.n ? arena_printf(c->arena, "form %.*s", STR_ARG(form)) : S("api"),
        .by = S("customer")};
    buf_init(&b, 8192);
    item_consent_put(&b, k->link.channel, 0, CONSENT_YES, &proof);
    if (k->link.topic) item_consent_put(&b, k->link.channel, k->link.topic, CONSENT_YES, &proof);
    err r = consents_append(c, head, buf_str(&b), NULL, &number);
    buf_clear(&b);
    TRY(r);
    return call_applied(c, number, confirmed);
}

extern const struct route ROUTES_FORMS[];
const struct route ROUTES_FORMS[] = {
    {METHOD_GET, "/api/v1/forms", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/forms", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, create},
    {METHOD_GET, "/api/v1/forms/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/forms/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/forms/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop},
    {METHOD_GET, "/f/{id}", OPEN_TO_ALL, SCOPE_ADMIN, ON_ENGINE, page},
    {METHOD_POST, "/f/{id}", OPEN_TO_FORMS, SCOPE_ADMIN, ON_LOOP, submit},
    {METHOD_OPTIONS, "/f/{id}", OPEN_TO_FORMS, SCOPE_ADMIN, ON_ENGINE, preflight},
    {METHOD_GET, "/c/{token}", OPEN_TO_ALL, SCOPE_ADMIN, ON_ENGINE, show_confirm},
    {METHOD_POST, "/c/{token}", OPEN_TO_FORMS, SCOPE_ADMIN, ON_ENGINE, confirm},
    {0}};
