/* http_generic.c — the gateway that is described in configuration.
 *
 * What a value becomes depends on where it stands: in the URL and in forms it is percent-encoded,
 * in JSON escaped, so that a customer's name cannot end a text. A body given as a tree is rendered
 * text by text, one given as a text as a whole. */
#include "channel/http.h"

#include <stdio.h>

typedef enum { AS_IS, AS_URL, AS_JSON } escaping;

struct scene {
    struct asking *a;
    const struct json *params;
    escaping how;
};

static value escaped(struct scene *s, str text)
{
    struct buf b;
    if (s->how == AS_IS) return value_text(text);
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    if (s->how == AS_URL)
        put_percent(&b, text);
    else
        json_put_str(&b, text);
    str out = arena_str(s->a->arena, buf_str(&b));
    buf_clear(&b);
    if (s->how == AS_JSON && out.n >= 2) out = str_slice(out, 1, out.n - 1);
    return value_text(out);
}

static value lookup(void *ctx, str root, str name)
{
    struct scene *s = ctx;
    const struct delivery *d = s->a->delivery;
    const struct http_settings *set = s->a->settings;
    char hex[33];
    if (name.n) {
        bool params = str_eq(root, S("params"));
        if (!params && !str_eq(root, S("settings"))) return value_missing();
        return escaped(s, path_text(params ? s->params : set->json, name));
    }
    hash128_hex(d->id, hex);
    const struct {
        str name, text;
    } NAMES[] = {{S("to"), str_of(d->to)},
                 {S("subject"), d->content.subject},
                 {S("html"), d->content.html},
                 {S("template"), d->template},
                 {S("provider_template"), d->content.provider_code},
                 {S("message_id"), str_of(hex)},
                 {S("from"), d->from},
                 {S("sign"), set->sign}};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (str_eq(root, NAMES[i].name)) return escaped(s, NAMES[i].text);
    if (str_eq(root, S("text"))) return escaped(s, sms_text_of(s->a));
    if (str_eq(root, S("token"))) return escaped(s, token_of(s->a));
    if (str_eq(root, S("hook_url"))) return escaped(s, set->hook_url);
    return value_missing();
}

MUST_USE static err render(struct scene *s, const struct liquid *l, escaping how, struct buf *out,
                           struct diag *why)
{
    struct liquid_values values = {lookup, s};
    s->how = how;
    err e = liquid_render(l, &values, LIQUID_TEXT, out, why);
    return e == ERR_OK && out->full ? diag_set(why, ERR_LIMIT, "the request is too large") : e;
}

MUST_USE static err render_str(struct scene *s, const struct liquid *l, escaping how, str *out,
                               struct diag *why)
{
    struct buf b;
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = render(s, l, how, &b, why);
    *out = arena_str(s->a->arena, buf_str(&b));
    buf_clear(&b);
    return e;
}

/* The tree again, its texts rendered. */
MUST_USE static err put_tree(struct scene *s, const struct json *j, struct liquid ***at,
                             struct buf *out, struct diag *why)
{
    if (j->type == JSON_STRING) {
        str text;
        TRY(render_str(s, *(*at)++, AS_IS, &text, why));
        json_put_str(out, text);
        return ERR_OK;
    }
    if (j->type != JSON_OBJECT && j->type != JSON_ARRAY) {
        json_put(out, j);
        return ERR_OK;
    }
    buf_byte(out, j->type == JSON_OBJECT ? '{' : '[');
    for (const struct json *m = j->child; m; m = m->next) {
        if (j->type == JSON_OBJECT)
            json_put_key(out, m->key);
        else
            json_put_comma(out);
        TRY(put_tree(s, m, at, out, why));
    }
    buf_byte(out, j->type == JSON_OBJECT ? '}' : ']');
    return ERR_OK;
}

MUST_USE static err put_form(struct scene *s, const struct json *j, struct buf *out,
                             struct diag *why)
{
    struct liquid **at = s->a->settings->body_liquids;
    for (const struct json *m = j->child; m; m = m->next) {
        str text = path_text(m, (str){0});
        if (m->type == JSON_STRING) TRY(render_str(s, *at++, AS_IS, &text, why));
        if (out->n) buf_byte(out, '&');
        put_percent(out, m->key);
        buf_byte(out, '=');
        put_percent(out, text);
    }
    return ERR_OK;
}

MUST_USE static err put_body(struct scene *s, struct buf *out, struct diag *why)
{
    const struct http_settings *set = s->a->settings;
    bool form = str_find(set->content_type, S("form")) >= 0;
    bool json = str_find(set->content_type, S("json")) >= 0;
    struct liquid **at = set->body_liquids;
    if (set->body_text)
        return render(s, set->body_text, form ? AS_URL : json ? AS_JSON : AS_IS, out, why);
    if (!set->body) return ERR_OK;
    return form ? put_form(s, set->body, out, why) : put_tree(s, set->body, &at, out, why);
}

static err ask(struct asking *a, struct diag *why)
{
    const struct http_settings *set = a->settings;
    struct exchange *x = a->exchange;
    struct scene s = {.a = a};
    struct buf b;
    str params = a->delivery->content.params;
    if (params.n) TRY(json_parse(params, a->arena, &s.params, why));
    x->method = set->method;
    TRY(render_str(&s, set->url, AS_URL, &x->url, why));
    for (u32 i = 0; i < set->header_count; i++) {
        str text;
        TRY(render_str(&s, set->headers[i].value, AS_IS, &text, why));
        exchange_header(x, set->headers[i].name, text);
    }
    if (set->content_type.n) exchange_header(x, S("Content-Type"), set->content_type);
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = put_body(&s, &b, why);
    if (e == ERR_OK && b.full) e = diag_set(why, ERR_LIMIT, "the request is too large");
    x->body = arena_str(a->arena, buf_str(&b));
    buf_clear(&b);
    x->user = set->user;
    x->password = set->password;
    return e;
}

/* ---- answers ---- */

static bool rule_holds(const struct outcome_rule *r, const struct exchange *x,
                       const struct json *json)
{
    if (r->status_from && (x->status < r->status_from || x->status > r->status_to)) return false;
    if (!r->has_equals && !r->matches) return !r->path.n || path_get(json, r->path) != NULL;
    str text = r->path.n ? path_text(json, r->path) : buf_str(&x->answer);
    if (r->path.n && !path_get(json, r->path)) return false;
    if (r->has_equals && !str_eq(text, r->equals)) return false;
    return !r->matches || rule_matches(r->matches, text);
}

static void judge(const struct http_settings *s, const struct exchange *x, const struct json *json,
                  struct verdict *v)
{
    char status[16];
    outcome class = outcome_of_status(x->status);
    snprintf(status, sizeof status, "HTTP %d", x->status);
    for (u32 i = 0; i < s->rule_count; i++)
        if (rule_holds(&s->rules[i], x, json)) {
            class = s->rules[i].class;
            v->retry_ms = s->rules[i].retry_ms;
            break;
        }
    v->account = class == OUTCOME_RATE;
    verdict_set(v, class, str_of(status),
                class == OUTCOME_OK ? (str){0} : str_slice(buf_str(&x->answer), 0, 120));
    if (s->id_path.n) verdict_id(v, path_text(json, s->id_path));
}

/* ---- receipts and replies ---- */

static bool is_signed(const struct http_settings *s, const struct hook_request *q)
{
    u8 mac[SHA256_BYTES];
    str said = q->header(q->ctx, s->signature_header);
    struct buf b;
    if (s->signature_sha1)
        sign_hmac_sha1(s->signature_secret, q->body, mac);
    else
        sign_hmac_sha256(s->signature_secret, q->body, mac);
    size_t n = s->signature_sha1 ? SHA1_BYTES : SHA256_BYTES;
    buf_init(&b, 256);
    buf_put(&b, s->signature_prefix);
    if (s->signature_base64)
        put_base64(&b, mac, n);
    else
        put_hex(&b, mac, n);
    bool same = sign_equal(said, buf_str(&b));
    buf_clear(&b);
    return same;
}

static void add_receipt(const struct hook_paths *p, const struct json *j, struct hook_items *out)
{
    str said = path_text(j, p->status);
    struct hook_item *item = hook_add(out);
    if (!item) return;
    item->kind = HOOK_RECEIPT;
    for (u32 i = 0; i < p->status_count; i++)
        if (str_eq(said, p->statuses[i].said)) item->status = p->statuses[i].status;
    if (p->message.n) (void)token_read(path_text(j, p->message), item);
    if (p->id.n) item->vendor_id = path_text(j, p->id);
    if (p->to.n) item->address = path_text(j, p->to);
    item->detail = p->detail.n ? path_text(j, p->detail) : said;
}

static void add_reply(const struct hook_paths *p, const struct json *j, struct hook_items *out)
{
    struct hook_item *item = hook_add(out);
    if (!item) return;
    item->kind = HOOK_REPLY;
    item->address = path_text(j, p->from);
    item->text = path_text(j, p->text);
    if (p->id.n) item->unique = path_text(j, p->id);
}

/* A form as an object of texts, so that paths serve both. */
MUST_USE static err form_as_json(const struct hook_request *q, const struct json **out,
                                 struct diag *why)
{
    struct sign_pair pairs[200];
    struct buf b;
    u32 n;
    if (form_read(q->body, q->arena, pairs, COUNT_OF(pairs), &n) != ERR_OK)
        return diag_set(why, ERR_INVALID, "the form cannot be read");
    buf_init(&b, 4 << 20);
    buf_byte(&b, '{');
    for (u32 i = 0; i < n; i++) json_put_kv_str(&b, pairs[i].name, pairs[i].value);
    buf_byte(&b, '}');
    str text = arena_str(q->arena, buf_str(&b));
    buf_clear(&b);
    return json_parse(text, q->arena, out, why);
}

static void each_item(const struct hook_paths *p, const struct json *body, bool reply,
                      struct hook_items *out)
{
    const struct json *list = path_get(body, p->items);
    if (!p->used || !list) return;
    const struct json *first = list->type == JSON_ARRAY ? list->child : list;
    for (const struct json *j = first; j; j = list->type == JSON_ARRAY ? j->next : NULL) {
        if (reply && path_get(j, p->text))
            add_reply(p, j, out);
        else if (!reply && path_get(j, p->status))
            add_receipt(p, j, out);
    }
}

static err hook(const struct http_settings *s, const struct hook_request *q, struct hook_items *out,
                struct diag *why)
{
    const struct json *body;
    if (s->signature_header.n && !is_signed(s, q))
        return diag_set(why, ERR_AUTH, "the signature does not fit");
    if (str_find(q->content_type, S("form")) >= 0)
        TRY(form_as_json(q, &body, why));
    else
        TRY(json_parse(q->body, q->arena, &body, why));
    str kind = query_get(q->query, "kind", q->arena);
    if (!str_eq(kind, S("receipt"))) each_item(&s->inbound, body, true, out);
    if (!str_eq(kind, S("inbound")) && !out->count) each_item(&s->receipts, body, false, out);
    return ERR_OK;
}

const struct gateway gateway_generic = {
    .name = "http",
    .open = generic_open,
    .ask = ask,
    .judge = judge,
    .hook = hook,
    .hook_type = CONSTANT("application/json"),
    .hook_answer = CONSTANT("{\"success\":true}"),
};
