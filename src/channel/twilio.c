/* twilio.c — short messages by Twilio: a form out, forms back, both proven by the auth token.
 *
 * The address for receipts carries our token in its query, which Twilio's signature covers. */
#include "channel/http.h"

#include <stdio.h>

static err open_twilio(struct http_settings *s, struct arena *arena, struct diag *why)
{
    (void)arena;
    s->app_id = json_get_str(s->json, "account_sid", (str){0});
    s->key_id = json_get_str(s->json, "api_key", (str){0});
    s->key_secret = json_get_str(s->json, "api_secret", (str){0});
    s->signature_secret = json_get_str(s->json, "auth_token", (str){0});
    s->service_id = json_get_str(s->json, "messaging_service_sid", (str){0});
    s->endpoint = json_get_str(s->json, "endpoint", S("https://api.twilio.com"));
    bool plain = s->app_id.n > 0;
    for (size_t i = 0; i < s->app_id.n; i++) {
        char c = s->app_id.p[i];
        plain &= (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    }
    if (!plain)
        return diag_at(why, ERR_REFUSED, S("/account_sid"), "account_sid is needed, as ACxxxx");
    if (!s->signature_secret.n)
        return diag_at(why, ERR_REFUSED, S("/auth_token"),
                       "auth_token is needed: Twilio signs receipts and replies with it");
    if (s->key_id.n && !s->key_secret.n)
        return diag_at(why, ERR_REFUSED, S("/api_secret"), "api_key needs its api_secret");
    if (!s->from.n && !s->service_id.n)
        return diag_at(why, ERR_REFUSED, S("/from"), "from or messaging_service_sid is needed");
    return ERR_OK;
}

static err ask(struct asking *a, struct diag *why)
{
    enum { TEXT_MAX = 1600 };
    const struct http_settings *s = a->settings;
    const struct delivery *d = a->delivery;
    struct exchange *x = a->exchange;
    struct sign_pair form[8];
    struct buf b;
    u32 n = 0;
    str text = sms_text_of(a);
    if (d->content.provider_code.n) {
        form[n++] = (struct sign_pair){S("ContentSid"), d->content.provider_code};
        if (d->content.params.n > 2)
            form[n++] = (struct sign_pair){S("ContentVariables"), d->content.params};
    } else if (!text.n || text.n > TEXT_MAX * 4) {
        return diag_set(why, ERR_REFUSED, "a message needs a text of at most %d characters",
                        TEXT_MAX);
    } else {
        form[n++] = (struct sign_pair){S("Body"), text};
    }
    form[n++] = (struct sign_pair){S("To"), str_of(d->to)};
    form[n++] = s->service_id.n ? (struct sign_pair){S("MessagingServiceSid"), s->service_id}
                                : (struct sign_pair){S("From"), s->from};
    if (s->hook_url.n)
        form[n++] = (struct sign_pair){
            S("StatusCallback"),
            arena_printf(a->arena, "%.*s?t=%.*s", STR_ARG(s->hook_url), STR_ARG(token_of(a)))};
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    sign_query(form, n, &b);
    x->body = arena_str(a->arena, buf_str(&b));
    buf_clear(&b);
    x->method = S("POST");
    x->url = arena_printf(a->arena, "%.*s/2010-04-01/Accounts/%.*s/Messages.json",
                          STR_ARG(s->endpoint), STR_ARG(s->app_id));
    x->user = s->key_id.n ? s->key_id : s->app_id;
    x->password = s->key_id.n ? s->key_secret : s->signature_secret;
    exchange_header(x, S("Content-Type"), S("application/x-www-form-urlencoded"));
    return ERR_OK;
}

static const struct code_class CODES[] = {
    {"20003", OUTCOME_AUTH},     {"20429", OUTCOME_RATE},       {"21211", OUTCOME_BAD_ADDR},
    {"21612", OUTCOME_BAD_ADDR}, {"21614", OUTCOME_BAD_ADDR},   {"30005", OUTCOME_BAD_ADDR},
    {"30006", OUTCOME_BAD_ADDR}, {"21610", OUTCOME_NO_CONSENT}, {"30003", OUTCOME_RETRY},
    {"30001", OUTCOME_RATE},     {"30004", OUTCOME_CONTENT},    {"30007", OUTCOME_CONTENT},
    {"21617", OUTCOME_CONTENT},  {"21606", OUTCOME_CONFIG},     {"21408", OUTCOME_CONFIG},
    {"30034", OUTCOME_CONFIG},   {"21212", OUTCOME_CONFIG},     {"30002", OUTCOME_BILLING},
    {"30008", OUTCOME_RETRY},
};

static void judge(const struct http_settings *s, const struct exchange *x, const struct json *json,
                  struct verdict *v)
{
    outcome by_status = outcome_of_status(x->status);
    char status[32];
    str code = path_text(json, S("code")), sid = path_text(json, S("sid"));
    (void)s;
    snprintf(status, sizeof status, "HTTP %d", x->status);
    if (by_status == OUTCOME_OK && sid.n) {
        str failed = path_text(json, S("error_code"));
        verdict_set(v,
                    failed.n ? class_of_code(CODES, COUNT_OF(CODES), failed, OUTCOME_CONTENT)
                             : OUTCOME_OK,
                    failed.n ? failed : S("accepted"), path_text(json, S("error_message")));
        verdict_id(v, sid);
    } else if (by_status == OUTCOME_OK) {
        verdict_set(v, OUTCOME_RETRY, str_of(status), S("not Twilio's answer"));
    } else {
        outcome class = class_of_code(CODES, COUNT_OF(CODES), code, by_status);
        verdict_set(v, class, code.n ? code : str_of(status), path_text(json, S("message")));
    }
    v->account = v->class == OUTCOME_RATE;
    if (str_eq(code, S("30003"))) v->retry_ms = HOUR;
}

static u8 status_of(str said, str code)
{
    bool dead = str_eq(code, S("30005")) || str_eq(code, S("30006")) || str_eq(code, S("21211")) ||
                str_eq(code, S("21614"));
    if (str_eq(said, S("delivered"))) return MESSAGE_DELIVERED;
    if (str_eq(said, S("read"))) return MESSAGE_OPENED;
    if (str_eq(said, S("undelivered")) || str_eq(said, S("failed")))
        return dead ? MESSAGE_BOUNCED : MESSAGE_REJECTED;
    return MESSAGE_NONE;
}

static err hook(const struct http_settings *s, const struct hook_request *q, struct hook_items *out,
                struct diag *why)
{
    enum { FIELDS_MAX = 100 };
    struct sign_pair form[FIELDS_MAX];
    struct buf b;
    u32 n;
    if (form_read(q->body, q->arena, form, FIELDS_MAX, &n) != ERR_OK)
        return diag_set(why, ERR_INVALID, "the form cannot be read");
    buf_init(&b, 64);
    sign_twilio(s->signature_secret, q->url, form, n, &b);
    bool same = sign_equal(q->header(q->ctx, S("x-twilio-signature")), buf_str(&b));
    buf_clear(&b);
    if (!same)
        return diag_set(why, ERR_AUTH,
                        "X-Twilio-Signature does not fit: does --public-url name the address that "
                        "Twilio calls?");
    struct hook_item *item = hook_add(out);
    if (!item) return ERR_OK;
    str said = form_get(form, n, "MessageStatus");
    if (!said.n) {
        item->kind = HOOK_REPLY;
        item->address = form_get(form, n, "From");
        item->text = form_get(form, n, "Body");
        item->unique = form_get(form, n, "MessageSid");
        return ERR_OK;
    }
    str code = form_get(form, n, "ErrorCode");
    item->kind = HOOK_RECEIPT;
    item->status = status_of(said, code);
    item->detail = code.n ? code : said;
    item->vendor_id = form_get(form, n, "MessageSid");
    item->address = form_get(form, n, "To");
    (void)token_read(query_get(q->query, "t", q->arena), item);
    return ERR_OK;
}

const struct gateway gateway_twilio = {
    .name = "twilio",
    .open = open_twilio,
    .ask = ask,
    .judge = judge,
    .hook = hook,
    .hook_type = CONSTANT("text/xml"),
    .hook_answer = CONSTANT("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>"),
};
