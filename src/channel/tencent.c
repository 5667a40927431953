/* tencent.c — short messages by Tencent Cloud (SendSms 2021-01-11), signed as TC3.
 *
 * It answers 200 also when it refuses, with an error of the request or of the number. Its receipts
 * carry the serial number alone, by which the message is found among those of the phone. */
#include "channel/http.h"

#include "base/time.h"

#include <stdio.h>

static err open_tencent(struct http_settings *s, struct arena *arena, struct diag *why)
{
    (void)arena;
    TRY(setting_needed(s->json, "secret_id", &s->key_id, why));
    TRY(setting_needed(s->json, "secret_key", &s->key_secret, why));
    TRY(setting_needed(s->json, "sdk_app_id", &s->app_id, why));
    s->region = json_get_str(s->json, "region", S("ap-guangzhou"));
    s->endpoint = json_get_str(s->json, "endpoint", S("https://sms.tencentcloudapi.com"));
    s->extend_code = json_get_str(s->json, "extend_code", (str){0});
    s->service_id = json_get_str(s->json, "sender_id", (str){0});
    if (!str_starts(s->endpoint, S("http")) || str_find(s->endpoint, S("?")) >= 0)
        return diag_at(why, ERR_REFUSED, S("/endpoint"), "endpoint is a URL without a path");
    return ERR_OK;
}

static str number_of(const struct asking *a)
{
    str to = str_of(a->delivery->to);
    if (str_starts(to, S("+"))) return to;
    return arena_printf(a->arena, to.n == 11 && to.p[0] == '1' ? "+86%.*s" : "+%.*s", STR_ARG(to));
}

static void put_param(struct buf *b, const char *name, str text)
{
    if (text.n) json_put_kv_str(b, str_of(name), text);
}

MUST_USE static err put_request(struct asking *a, struct buf *b, struct diag *why)
{
    const struct http_settings *s = a->settings;
    const struct rendered *c = &a->delivery->content;
    const struct json *params = NULL;
    if (c->params.n) TRY(json_parse(c->params, a->arena, &params, why));
    buf_put(b, S("{\"PhoneNumberSet\":["));
    json_put_str(b, number_of(a));
    buf_byte(b, ']');
    json_put_kv_str(b, S("SmsSdkAppId"), s->app_id);
    json_put_kv_str(b, S("TemplateId"), c->provider_code);
    put_param(b, "SignName", s->sign);
    if (params && params->child) {
        json_put_key(b, S("TemplateParamSet"));
        buf_byte(b, '[');
        for (const struct json *m = params->child; m; m = m->next) {
            json_put_comma(b);
            json_put_str(b, m->text);
        }
        buf_byte(b, ']');
    }
    put_param(b, "ExtendCode", s->extend_code);
    put_param(b, "SenderId", s->service_id);
    json_put_kv_str(b, S("SessionContext"), token_of(a));
    buf_byte(b, '}');
    return ERR_OK;
}

static err ask(struct asking *a, struct diag *why)
{
    const struct http_settings *s = a->settings;
    struct exchange *x = a->exchange;
    struct buf b;
    if (!a->delivery->content.provider_code.n)
        return diag_set(why, ERR_REFUSED,
                        "the template has no provider_template.code, which Tencent Cloud needs");
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = put_request(a, &b, why);
    x->body = arena_str(a->arena, buf_str(&b));
    x->method = S("POST");
    x->url = str_ends(s->endpoint, S("/")) ? s->endpoint
                                           : arena_printf(a->arena, "%.*s/", STR_ARG(s->endpoint));
    struct tc3 t = {.host = url_host(s->endpoint),
                    .service = S("sms"),
                    .content_type = S("application/json"),
                    .body = x->body,
                    .id = s->key_id,
                    .key = s->key_secret,
                    .timestamp = a->now_ms / SECOND};
    buf_reset(&b);
    sign_tc3(&t, &b);
    exchange_header(x, S("Authorization"), arena_str(a->arena, buf_str(&b)));
    exchange_header(x, S("Content-Type"), t.content_type);
    exchange_header(x, S("X-TC-Action"), S("SendSms"));
    exchange_header(x, S("X-TC-Version"), S("2021-01-11"));
    exchange_header(x, S("X-TC-Region"), s->region);
    exchange_header(x, S("X-TC-Timestamp"), arena_printf(a->arena, "%lld", (long long)t.timestamp));
    buf_clear(&b);
    return e;
}

#define LIMIT "LimitExceeded."
#define FAILED "FailedOperation."
#define VALUE "InvalidParameterValue."
static const struct code_class CODES[] = {
    {"InternalError*", OUTCOME_RETRY},
    {"RequestTimeout*", OUTCOME_RETRY},
    {"RequestLimitExceeded*", OUTCOME_RATE},
    {"LimitExceeded*", OUTCOME_RATE},
    {FAILED "MarketingSendTimeConstraint", OUTCOME_RATE},
    {VALUE "IncorrectPhoneNumber", OUTCOME_BAD_ADDR},
    {FAILED "PhoneNumberInBlacklist", OUTCOME_NO_CONSENT},
    {FAILED "ContainSensitiveWord", OUTCOME_CONTENT},
    {VALUE "ContentLengthLimit", OUTCOME_CONTENT},
    {VALUE "TemplateParameterFormatError", OUTCOME_CONTENT},
    {FAILED "SignatureIncorrectOrUnapproved", OUTCOME_CONFIG},
    {FAILED "TemplateIncorrectOrUnapproved", OUTCOME_CONFIG},
    {FAILED "TemplateUnapprovedOrNotExist", OUTCOME_CONFIG},
    {"UnauthorizedOperation*", OUTCOME_CONFIG},
    {"AuthFailure*", OUTCOME_CONFIG},
    {FAILED "InsufficientBalanceInSmsPackage", OUTCOME_BILLING},
};

/* What slows the account down, and when it may go on; the rest is about this number. */
static void judge_rate(struct verdict *v, str code, i64 now)
{
    i64 china = (now + 8 * HOUR) % DAY;
    bool daily = str_find(code, S("Daily")) >= 0;
    v->account = str_starts(code, S("RequestLimitExceeded")) ||
                 str_eq(code, S(LIMIT "AppDailyLimit")) ||
                 str_eq(code, S(LIMIT "AppMainlandChinaMobileDailyLimit"));
    v->retry_ms = daily ? DAY - china : 30 * SECOND;
    if (str_eq(code, S(LIMIT "PhoneNumberOneHourLimit"))) v->retry_ms = HOUR;
    if (str_starts(code, S("RequestLimitExceeded"))) v->retry_ms = SECOND;
    if (!str_eq(code, S(FAILED "MarketingSendTimeConstraint"))) return;
    v->account = true;
    v->retry_ms = china < 8 * HOUR ? 8 * HOUR - china : DAY + 8 * HOUR - china;
}

static void judge(const struct http_settings *s, const struct exchange *x, const struct json *json,
                  struct verdict *v)
{
    const struct json *error = path_get(json, S("Response.Error"));
    const struct json *number = path_get(json, S("Response.SendStatusSet[0]"));
    str code = path_text(error ? error : number, S("Code"));
    str words = path_text(error ? error : number, S("Message"));
    outcome by_status = outcome_of_status(x->status);
    (void)s;
    if (!code.n) {
        char status[32];
        snprintf(status, sizeof status, "HTTP %d", x->status);
        verdict_set(v, by_status == OUTCOME_OK ? OUTCOME_RETRY : by_status, str_of(status),
                    S("not Tencent Cloud's answer"));
        return;
    }
    if (!error && str_eq(code, S("Ok"))) {
        verdict_set(v, OUTCOME_OK, code, (str){0});
        verdict_id(v, path_text(number, S("SerialNo")));
        return;
    }
    outcome class = class_of_code(CODES, COUNT_OF(CODES), code, OUTCOME_CONTENT);
    verdict_set(v, class, code, words);
    if (class == OUTCOME_RATE) judge_rate(v, code, x->now_ms);
}

/* Receipts: a list of {nationcode, mobile, report_status, errmsg, sid}. Replies: {nationcode,
 * mobile, text, …} alone or in a list. */
static err hook(const struct http_settings *s, const struct hook_request *q, struct hook_items *out,
                struct diag *why)
{
    const struct json *body;
    (void)s;
    TRY(json_parse(q->body, q->arena, &body, why));
    bool list = body->type == JSON_ARRAY;
    for (const struct json *j = list ? body->child : body; j; j = list ? j->next : NULL) {
        struct hook_item *item = hook_add(out);
        if (!item) break;
        str nation = path_text(j, S("nationcode")), mobile = path_text(j, S("mobile"));
        item->address = str_starts(mobile, S("+")) || !nation.n
                            ? mobile
                            : arena_printf(q->arena, "+%.*s%.*s", STR_ARG(nation), STR_ARG(mobile));
        if (path_get(j, S("text"))) {
            item->kind = HOOK_REPLY;
            item->text = path_text(j, S("text"));
            continue;
        }
        bool reached = str_eq(path_text(j, S("report_status")), S("SUCCESS"));
        item->kind = HOOK_RECEIPT;
        item->status = reached ? MESSAGE_DELIVERED : MESSAGE_REJECTED;
        item->detail = path_text(j, S("errmsg"));
        item->vendor_id = path_text(j, S("sid"));
        (void)token_read(path_text(j, S("session_context")), item);
        if (!item->customer.n) (void)token_read(path_text(j, S("ext")), item);
    }
    return ERR_OK;
}

const struct gateway gateway_tencent = {
    .name = "tencent",
    .open = open_tencent,
    .ask = ask,
    .judge = judge,
    .hook = hook,
    .hook_type = CONSTANT("application/json"),
    .hook_answer = CONSTANT("{\"result\":0,\"errmsg\":\"OK\"}"),
};
