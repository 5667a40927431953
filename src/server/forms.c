#include "server/forms.h"

#include "content/link.h"
#include "server/embed.h"
#include "server/web.h"

#include <stdio.h>

/* ---- reading ---- */

static err refuse(struct diag *why, u32 at, const char *member, const char *sentence)
{
    char path[64];
    snprintf(path, sizeof path, "/fields/%u/%s", at, member);
    return diag_at(why, ERR_REFUSED, str_of(path), "%s", sentence);
}

static bool is_type(str type)
{
    static const char *const TYPES[] = {"text", "email",    "tel",    "number",   "date",
                                        "url",  "textarea", "select", "checkbox", "hidden"};
    for (size_t i = 0; i < COUNT_OF(TYPES); i++)
        if (str_eq(type, str_of(TYPES[i]))) return true;
    return false;
}

static void set_target(struct form_field *f, str said, struct names *names)
{
    f->to = TARGET_ATTRIBUTE;
    f->target = f->name;
    if (str_starts(said, S("attribute:"))) {
        f->target = str_slice(said, 10, said.n);
    } else if (str_starts(said, S("property:"))) {
        f->to = TARGET_PROPERTY;
        f->target = str_slice(said, 9, said.n);
    } else {
        str space = said.n                        ? said
                    : str_eq(f->type, S("email")) ? S("email")
                    : str_eq(f->type, S("tel"))   ? S("phone")
                                                  : f->name;
        if (names_find(names, NAME_SPACE, space))
            f->to = TARGET_IDENTIFIER, f->target = space;
        else if (said.n)
            f->target = said;
    }
}

/* Names that mean something in every post of ours. */
static bool is_reserved(str name)
{
    return str_starts(name, S("bk_")) || str_eq(name, S("form"));
}

static err read_field(const struct json *j, u32 at, struct names *names, struct form *out,
                      struct diag *why)
{
    struct form_field *f = &out->fields[at];
    u32 space;
    *f = (struct form_field){.name = json_get_str(j, "name", (str){0}),
                             .type = json_get_str(j, "type", S("text")),
                             .label = json_get(j, "label"),
                             .options = json_get(j, "options"),
                             .required = json_get_bool(j, "required", false)};
    if (!f->name.n || f->name.n > 100 || is_reserved(f->name))
        return refuse(why, at, "name", "a name is needed that does not begin with bk_");
    for (u32 i = 0; i < at; i++)
        if (str_eq(out->fields[i].name, f->name))
            return refuse(why, at, "name", "another field has this name");
    if (!is_type(f->type))
        return refuse(why, at, "type",
                      "the type is text, email, tel, number, date, url, textarea, select, checkbox "
                      "or hidden");
    if (str_eq(f->type, S("select")) && (!json_is(f->options, JSON_ARRAY) || !f->options->count ||
                                         f->options->count > FORM_OPTIONS_MAX))
        return refuse(why, at, "options", "a list of 1 to 100 options is needed");
    set_target(f, json_get_str(j, "target", (str){0}), names);
    if (!f->target.n || f->target.n > NAME_BYTES_MAX)
        return refuse(why, at, "target", "this is no target");
    space = f->to == TARGET_IDENTIFIER ? names_find(names, NAME_SPACE, f->target) : 0;
    if (space == SPACE_USER_ID || space == SPACE_MEMBER_NO)
        return refuse(why, at, "target",
                      "a form is open to everybody: it may not say who somebody "
                      "is by this");
    return ERR_OK;
}

static err read_consent(struct form *out, struct names *names, struct diag *why)
{
    if (!out->consent) return ERR_OK;
    str channel = json_get_str(out->consent, "channel", (str){0});
    if (!channel.n || !names_find(names, NAME_CHANNEL, channel))
        return diag_at(why, ERR_REFUSED, S("/consent/channel"), "there is no channel of this name");
    if (!web_words(json_get(out->consent, "text"), false).n)
        return diag_at(why, ERR_REFUSED, S("/consent/text"),
                       "the words that are agreed to are needed");
    if (json_get_bool(out->consent, "double_opt_in", false) && !str_eq(channel, S("email")))
        return diag_at(why, ERR_REFUSED, S("/consent/double_opt_in"),
                       "only a mail's address can be confirmed by mail");
    return ERR_OK;
}

static bool is_web_url(str s)
{
    bool fine = s.n <= 2000 && (str_starts(s, S("https://")) || str_starts(s, S("http://")));
    for (size_t i = 0; fine && i < s.n; i++) fine = s.p[i] > ' ' && s.p[i] < 127 && s.p[i] != ';';
    return fine;
}

err form_of_json(const struct json *j, struct names *spaces, struct form *out, struct diag *why)
{
    const struct json *fields = json_get(j, "fields");
    bool named = false;
    *out = (struct form){.id = json_get_str(j, "id", (str){0}),
                         .redirect = json_get_str(j, "redirect", (str){0}),
                         .name = json_get(j, "name"),
                         .button = json_get(j, "button"),
                         .thanks = json_get(j, "thanks"),
                         .consent = json_get(j, "consent"),
                         .origins = json_get(j, "origins")};
    if (!json_is(fields, JSON_ARRAY) || !fields->count || fields->count > FORM_FIELDS_MAX)
        return diag_at(why, ERR_REFUSED, S("/fields"), "a form has 1 to %d fields",
                       FORM_FIELDS_MAX);
    for (const struct json *m = fields->child; m; m = m->next, out->count++) {
        TRY(read_field(m, out->count, spaces, out, why));
        named |= out->fields[out->count].to == TARGET_IDENTIFIER;
    }
    if (!named)
        return diag_at(why, ERR_REFUSED, S("/fields"),
                       "one field has to be an address or number by which the customer is known");
    if (out->redirect.n && !is_web_url(out->redirect))
        return diag_at(why, ERR_REFUSED, S("/redirect"), "an address of a page is needed");
    if (out->origins && out->origins->type != JSON_ARRAY)
        return diag_at(why, ERR_REFUSED, S("/origins"),
                       "a list of origins is needed: \"https://shop.example\"");
    return read_consent(out, spaces, why);
}

/* "https://a.b/c" → "https://a.b" */
static str origin_of(str url)
{
    ptrdiff_t at = str_find(url, S("://"));
    if (at < 0) return (str){0};
    ptrdiff_t slash = str_index(str_slice(url, (size_t)at + 3, url.n), '/');
    return slash < 0 ? url : str_slice(url, 0, (size_t)at + 3 + (size_t)slash);
}

bool form_admits(struct call *c, const struct form *f, str origin)
{
    str site = http_header(c->req, S("sec-fetch-site")), host = http_header(c->req, S("host"));
    ptrdiff_t at = str_find(origin, S("://"));
    if (!origin.n || str_eq(site, S("same-origin"))) return true;
    if (str_eq_nocase(origin, origin_of(str_of(c->server->public_url)))) return true;
    if (at >= 0 && str_eq_nocase(str_slice(origin, (size_t)at + 3, origin.n), host)) return true;
    for (const struct json *m = f->origins ? f->origins->child : NULL; m; m = m->next)
        if (m->type == JSON_STRING && (str_eq_nocase(m->text, origin) || str_eq(m->text, S("*"))))
            return true;
    return false;
}

/* ---- showing ---- */

str form_token(struct call *c, const struct form *f)
{
    struct signed_link link = {.object = f->code, .at_ms = server_now(c->server)};
    struct buf b;
    buf_init(&b, 256);
    signed_link_put(&b, engine_key(c->server->engine), SIGNED_FORM, &link);
    str token = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return token;
}

static str label_of(const struct form_field *f, bool zh)
{
    str label = web_words(f->label, zh);
    return label.n ? label : f->name;
}

static void put_value_attribute(struct call *c, str name, str text)
{
    buf_put(&c->out, S(" "));
    buf_put(&c->out, name);
    buf_put(&c->out, S("=\""));
    web_put(&c->out, text);
    buf_put(&c->out, S("\""));
}

static void put_options(struct call *c, const struct form_field *f, str chosen, bool zh)
{
    buf_put(&c->out, S("<option value=\"\"></option>"));
    for (const struct json *o = f->options->child; o; o = o->next) {
        str key = json_get_str(o, "value", web_words(o, zh));
        str label = web_words(json_get(o, "label"), zh);
        buf_put(&c->out, S("<option"));
        put_value_attribute(c, S("value"), key);
        buf_put(&c->out, str_eq(key, chosen) ? S(" selected>") : S(">"));
        web_put(&c->out, label.n ? label : key);
        buf_put(&c->out, S("</option>"));
    }
}

/* What lets a phone or a browser fill it in. */
static str autocomplete(const struct form_field *f)
{
    if (str_eq(f->target, S("email"))) return S("email");
    if (str_eq(f->target, S("phone"))) return S("tel");
    if (str_eq(f->target, S("first_name"))) return S("given-name");
    if (str_eq(f->target, S("last_name"))) return S("family-name");
    if (str_eq(f->target, S("name"))) return S("name");
    return str_eq(f->target, S("birthday")) ? S("bday") : (str){0};
}

static void put_input(struct call *c, const struct form_field *f, str filled, bool zh)
{
    bool select = str_eq(f->type, S("select")), area = str_eq(f->type, S("textarea"));
    buf_put(&c->out, select ? S("<select") : area ? S("<textarea rows=\"4\"") : S("<input"));
    put_value_attribute(c, S("name"), f->name);
    if (autocomplete(f).n) put_value_attribute(c, S("autocomplete"), autocomplete(f));
    if (f->required) buf_put(&c->out, S(" required"));
    if (select) {
        buf_byte(&c->out, '>');
        put_options(c, f, filled, zh);
        buf_put(&c->out, S("</select>"));
    } else if (area) {
        buf_put(&c->out, S(" maxlength=\"2000\">"));
        web_put(&c->out, filled);
        buf_put(&c->out, S("</textarea>"));
    } else {
        put_value_attribute(c, S("type"), f->type);
        buf_put(&c->out, S(" maxlength=\"1000\""));
        if (filled.n) put_value_attribute(c, S("value"), filled);
        buf_byte(&c->out, '>');
    }
}

static void put_checkbox(struct call *c, const struct form_field *f, bool on, bool zh)
{
    buf_put(&c->out, S("<label class=\"choice agree\"><input type=\"checkbox\" value=\"true\""));
    put_value_attribute(c, S("name"), f->name);
    buf_put(&c->out, on ? S(" checked") : S(""));
    buf_put(&c->out, f->required ? S(" required><span>") : S("><span>"));
    web_put(&c->out, label_of(f, zh));
    buf_put(&c->out, S("</span></label>\n"));
}

static void put_field(struct call *c, const struct form_field *f, const struct form_shown *s)
{
    str filled = s->filled ? form_value(s->filled, f->name) : (str){0};
    if (str_eq(f->type, S("hidden"))) {
        put_input(c, f, filled, s->zh);
        return;
    }
    if (str_eq(f->type, S("checkbox"))) {
        put_checkbox(c, f, filled.n > 0, s->zh);
        return;
    }
    buf_put(&c->out, S("<label class=\"field\"><span>"));
    web_put(&c->out, label_of(f, s->zh));
    if (f->required) buf_put(&c->out, S(" <i aria-hidden=\"true\">*</i>"));
    buf_put(&c->out, S("</span>"));
    put_input(c, f, filled, s->zh);
    buf_put(&c->out, S("</label>\n"));
}

/* The trap that people do not see, and the hour. */
static void put_hidden(struct call *c, const struct form *f)
{
    buf_put(&c->out,
            S("<div class=\"hp\" aria-hidden=\"true\"><label>Website<input name=\"bk_url\" "
              "tabindex=\"-1\" autocomplete=\"off\"></label></div>"
              "<input type=\"hidden\" name=\"bk_t\""));
    put_value_attribute(c, S("value"), form_token(c, f));
    buf_put(&c->out, S(">\n"));
}

static void put_agree(struct call *c, const struct form_shown *s)
{
    const struct json *consent = s->form->consent;
    if (!consent) return;
    bool on = s->filled && form_value(s->filled, S("bk_agree")).n;
    buf_put(&c->out, S("<label class=\"choice agree\"><input type=\"checkbox\" name=\"bk_agree\" "
                       "value=\"true\""));
    buf_put(&c->out, on ? S(" checked") : S(""));
    buf_put(&c->out,
            json_get_bool(consent, "required", false) ? S(" required><span>") : S("><span>"));
    web_put(&c->out, web_words(json_get(consent, "text"), s->zh));
    buf_put(&c->out, S("</span></label>\n"));
}

void form_page(struct call *c, const struct form_shown *s)
{
    const struct form *f = s->form;
    str title = web_words(f->name, s->zh), button = web_words(f->button, s->zh);
    web_begin(c, s->zh, title.n ? title : f->id, origin_of(f->redirect));
    buf_put(&c->out, S("<h1>"));
    web_put(&c->out, title.n ? title : f->id);
    buf_put(&c->out, S("</h1>\n"));
    if (s->problem.n) {
        buf_put(&c->out, S("<p class=\"bad\" role=\"alert\">"));
        web_put(&c->out, s->problem);
        buf_put(&c->out, S("</p>\n"));
    }
    buf_put(&c->out, S("<form method=\"post\">\n"));
    for (u32 i = 0; i < f->count; i++) put_field(c, &f->fields[i], s);
    put_agree(c, s);
    put_hidden(c, f);
    buf_put(&c->out, S("<button>"));
    web_put(&c->out, button.n ? button : s->zh ? S("提交") : S("Send"));
    buf_put(&c->out, S("</button></form>\n"));
    web_end(c);
}

str form_thanks(const struct form *f, bool zh, bool confirm)
{
    str own = web_words(f->thanks, zh);
    if (confirm)
        return zh ? S("请查收邮件，并点击其中的确认链接。")
                  : S("Please look into your mailbox and confirm by the link we sent.");
    return own.n ? own : zh ? S("谢谢，我们已经收到。") : S("Thank you, we have it.");
}

void form_thanks_page(struct call *c, const struct form *f, bool zh, bool confirm)
{
    str own = web_words(f->thanks, zh);
    web_begin(c, zh, zh ? S("谢谢") : S("Thank you"), (str){0});
    buf_put(&c->out, zh ? S("<h1>谢谢</h1>\n") : S("<h1>Thank you</h1>\n"));
    if (own.n && confirm) {
        buf_put(&c->out, S("<p>"));
        web_put(&c->out, own);
        buf_put(&c->out, S("</p>\n"));
    }
    buf_put(&c->out, S("<p class=\"done\" role=\"status\">"));
    web_put(&c->out, form_thanks(f, zh, confirm));
    buf_put(&c->out, S("</p>\n"));
    web_end(c);
}

/* ---- in a shop's page ---- */

static void put_json_member(struct buf *b, const char *key, const struct json *j)
{
    if (!j) return;
    json_put_key(b, str_of(key));
    json_put(b, j);
}

/* </script> cannot end it where the shop inlines what it fetched: < is written as an escape. */
static void put_safely(struct buf *out, str json)
{
    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '<')
            buf_put(out, S("\\u003c"));
        else
            buf_byte(out, (u8)json.p[i]);
    }
}

void form_script(struct call *c, const struct form *f)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("action"),
                    arena_printf(c->arena, "%s/f/%.*s", c->server->public_url, STR_ARG(f->id)));
    json_put_kv_str(&b, S("token"), form_token(c, f));
    put_json_member(&b, "name", f->name);
    put_json_member(&b, "button", f->button);
    put_json_member(&b, "consent", f->consent);
    json_put_key(&b, S("fields"));
    buf_byte(&b, '[');
    for (u32 i = 0; i < f->count; i++) {
        json_put_comma(&b);
        buf_byte(&b, '{');
        json_put_kv_str(&b, S("name"), f->fields[i].name);
        json_put_kv_str(&b, S("type"), f->fields[i].type);
        json_put_kv_bool(&b, S("required"), f->fields[i].required);
        json_put_kv_str(&b, S("autocomplete"), autocomplete(&f->fields[i]));
        put_json_member(&b, "label", f->fields[i].label);
        put_json_member(&b, "options", f->fields[i].options);
        buf_byte(&b, '}');
    }
    buf_put(&b, S("]}"));
    buf_put(&c->out, embed_bytes(S("/form.js")));
    buf_put(&c->out, S("(document.currentScript,"));
    put_safely(&c->out, buf_str(&b));
    buf_put(&c->out, S(");\n"));
    buf_clear(&b);
    c->type = S("text/javascript; charset=utf-8");
    call_header(c, "Cache-Control", S("no-store"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    call_header(c, "Cross-Origin-Resource-Policy", S("cross-origin"));
}
