/* aliyun.c — short messages by Alibaba Cloud (Dysms 2017-05-25), signed as ACS3.
 *
 * Our token goes out as OutId and comes back with the receipt. A text is what Alibaba approved: the
 * template's provider_template {code, params}. */
#include "channel/http.h"

#include "base/time.h"

#include <stdio.h>

static err open_aliyun(struct http_settings *s, struct arena *arena, struct diag *why)
{
    (void)arena;
    TRY(setting_needed(s->json, "access_key_id", &s->key_id, why));
    TRY(setting_needed(s->json, "access_key_secret", &s->key_secret, why));
    if (!s->sign.n)
        return diag_at(why, ERR_REFUSED, S("/sign"),
                       "sign is needed: the signature that Alibaba Cloud has approved");
    s->endpoint = json_get_str(s->json, "endpoint", S("https://dysmsapi.aliyuncs.com"));
    s->extend_code = json_get_str(s->json, "extend_code", (str){0});
    if (!str_starts(s->endpoint, S("http")) || str_find(s->endpoint, S("?")) >= 0)
        return diag_at(why, ERR_REFUSED, S("/endpoint"), "endpoint is a URL without a path");
    return ERR_OK;
}

/* They want mainland numbers bare, and others with their country but no plus. */
static str number_of(const struct asking *a)
{
    str to = str_of(a->delivery->to);
    if (str_starts(to, S("+86"))) return str_slice(to, 3, to.n);
    return str_starts(to, S("+")) ? str_slice(to, 1, to.n) : to;
}

static str utc(struct asking *a)
{
    civil c = civil_of_ms(a->now_ms);
    return arena_printf(a->arena, "%04d-%02u-%02uT%02u:%02u:%02uZ", c.year, c.month, c.day, c.hour,
                        c.minute, c.second);
}

static void add(struct sign_pair *pairs, u32 *n, const char *name, str text)
{
    if (text.n) pairs[(*n)++] = (struct sign_pair){str_of(name), text};
}

static err ask(struct asking *a, struct diag *why)
{
    enum { PAIRS = 8 };
    const struct http_settings *s = a->settings;
    const struct rendered *c = &a->delivery->content;
    struct exchange *x = a->exchange;
    struct sign_pair query[PAIRS], headers[PAIRS];
    struct acs3 sig = {.method = S("POST"),
                       .path = S("/"),
                       .key_id = s->key_id,
                       .key_secret = s->key_secret,
                       .query = query,
                       .headers = headers};
    u8 empty[SHA256_BYTES];
    struct buf b;
    if (!c->provider_code.n)
        return diag_set(why, ERR_REFUSED,
                        "the template has no provider_template.code, which Alibaba Cloud needs");
    add(query, &sig.query_count, "PhoneNumbers", number_of(a));
    add(query, &sig.query_count, "SignName", s->sign);
    add(query, &sig.query_count, "TemplateCode", c->provider_code);
    if (c->params.n > 2) add(query, &sig.query_count, "TemplateParam", c->params);
    add(query, &sig.query_count, "OutId", token_of(a));
    add(query, &sig.query_count, "SmsUpExtendCode", s->extend_code);
    sign_sha256((str){0}, empty);
    buf_init(&b, 64 << 10);
    put_hex(&b, empty, sizeof empty);
    str hash = arena_str(a->arena, buf_str(&b));
    add(headers, &sig.header_count, "host", url_host(s->endpoint));
    add(headers, &sig.header_count, "x-acs-action", S("SendSms"));
    add(headers, &sig.header_count, "x-acs-version", S("2017-05-25"));
    add(headers, &sig.header_count, "x-acs-date", utc(a));
    add(headers, &sig.header_count, "x-acs-signature-nonce", arena_str(a->arena, str_of(a->nonce)));
    add(headers, &sig.header_count, "x-acs-content-sha256", hash);
    buf_reset(&b);
    sign_acs3(&sig, &b);
    for (u32 i = 0; i < sig.header_count; i++)
        if (!str_eq(headers[i].name, S("host")))
            exchange_header(x, headers[i].name, headers[i].value);
    exchange_header(x, S("Authorization"), arena_str(a->arena, buf_str(&b)));
    buf_reset(&b);
    buf_put(&b, s->endpoint);
    buf_put(&b, str_ends(s->endpoint, S("/")) ? S("?") : S("/?"));
    sign_query(query, sig.query_count, &b);
    x->url = arena_str(a->arena, buf_str(&b));
    x->method = S("POST");
    buf_clear(&b);
    return ERR_OK;
}

static const struct code_class CODES[] = {
    {"isp.SYSTEM_ERROR", OUTCOME_RETRY},
    {"isp.GATEWAY_ERROR", OUTCOME_RETRY},
    {"isp.UNKNOWN", OUTCOME_RETRY},
    {"isv.BUSINESS_LIMIT_CONTROL", OUTCOME_RATE},
    {"isv.DAY_LIMIT_CONTROL", OUTCOME_RATE},
    {"isv.MONTH_LIMIT_CONTROL", OUTCOME_RATE},
    {"Throttling*", OUTCOME_RATE},
    {"isv.MOBILE_NUMBER_ILLEGAL", OUTCOME_BAD_ADDR},
    {"isv.DOMESTIC_NUMBER_NOT_SUPPORTED", OUTCOME_BAD_ADDR},
    {"isv.BLACK_KEY_CONTROL_LIMIT", OUTCOME_CONTENT},
    {"isv.SMS_CONTENT_ILLEGAL", OUTCOME_CONTENT},
    {"isv.TEMPLATE_MISSING_PARAMETERS", OUTCOME_CONTENT},
    {"isv.INVALID_JSON_PARAM", OUTCOME_CONTENT},
    {"isv.PARAM_LENGTH_LIMIT", OUTCOME_CONTENT},
    {"isv.PARAM_NOT_SUPPORT_URL", OUTCOME_CONTENT},
    {"isv.TEMPLATE_PARAMS_ILLEGAL", OUTCOME_CONTENT},
    {"isv.SMS_TEMPLATE_ILLEGAL", OUTCOME_CONFIG},
    {"isv.SMS_SIGNATURE_ILLEGAL", OUTCOME_CONFIG},
    {"isv.SMS_SIGNATURE_SCENE_ILLEGAL", OUTCOME_CONFIG},
    {"isv.SMS_SIGN_ILLEGAL", OUTCOME_CONFIG},
    {"isv.EXTEND_CODE_ERROR", OUTCOME_CONFIG},
    {"isp.RAM_PERMISSION_DENY", OUTCOME_CONFIG},
    {"isv.DENY_IP_RANGE", OUTCOME_CONFIG},
    {"SignatureDoesNotMatch", OUTCOME_CONFIG},
    {"InvalidAccessKeyId*", OUTCOME_CONFIG},
    {"isv.AMOUNT_NOT_ENOUGH", OUTCOME_BILLING},
    {"isv.OUT_OF_SERVICE", OUTCOME_BILLING},
    {"isv.ACCOUNT_ABNORMAL", OUTCOME_BILLING},
    {"isv.PRODUCT_UN_SUBSCRIPT", OUTCOME_BILLING},
};

/* Which limit it was stands in the message: 触发分钟级流控Permits:1 and so on. Their day is
 * China's. */
static void judge_rate(struct verdict *v, str code, str words, i64 now)
{
    i64 day_left = DAY - (now + 8 * HOUR) % DAY;
    bool number = str_eq(code, S("isv.BUSINESS_LIMIT_CONTROL"));
    v->account = !number;
    if (str_eq(code, S("isv.MONTH_LIMIT_CONTROL")) || str_eq(code, S("isv.DAY_LIMIT_CONTROL")))
        v->retry_ms = day_left;
    else if (!number || str_find(words, S("分钟")) >= 0)
        v->retry_ms = MINUTE;
    else if (str_find(words, S("小时")) >= 0)
        v->retry_ms = HOUR;
    else
        v->retry_ms = str_find(words, S("天")) >= 0 ? day_left : HOUR;
}

static void judge(const struct http_settings *s, const struct exchange *x, const struct json *json,
                  struct verdict *v)
{
    str code = path_text(json, S("Code")), words = path_text(json, S("Message"));
    outcome by_status = outcome_of_status(x->status);
    (void)s;
    if (str_eq(code, S("OK"))) {
        verdict_set(v, OUTCOME_OK, code, (str){0});
        verdict_id(v, path_text(json, S("BizId")));
        return;
    }
    if (!code.n) {
        char status[32];
        snprintf(status, sizeof status, "HTTP %d", x->status);
        verdict_set(v, by_status == OUTCOME_OK ? OUTCOME_RETRY : by_status, str_of(status),
                    S("not Alibaba Cloud's answer"));
        return;
    }
    outcome class = class_of_code(CODES, COUNT_OF(CODES), code,
                                  by_status == OUTCOME_OK ? OUTCOME_CONTENT : by_status);
    verdict_set(v, class, code, words);
    if (class == OUTCOME_RATE) judge_rate(v, code, words, x->now_ms);
}

/* [{phone_number, success, err_code, biz_id, out_id …}] or [{phone_number, content …}] */
static err hook(const struct http_settings *s, const struct hook_request *q, struct hook_items *out,
                struct diag *why)
{
    const struct json *body;
    (void)s;
    TRY(json_parse(q->body, q->arena, &body, why));
    if (body->type != JSON_ARRAY) return diag_set(why, ERR_INVALID, "a list is expected");
    for (const struct json *j = body->child; j; j = j->next) {
        struct hook_item *item = hook_add(out);
        if (!item) break;
        item->address = path_text(j, S("phone_number"));
        if (path_get(j, S("content"))) {
            item->kind = HOOK_REPLY;
            item->text = path_text(j, S("content"));
            item->unique = path_text(j, S("sequence_id"));
            continue;
        }
        item->kind = HOOK_RECEIPT;
        bool reached = str_eq(path_text(j, S("success")), S("true"));
        item->status = reached ? MESSAGE_DELIVERED : MESSAGE_REJECTED;
        item->detail = path_text(j, S("err_code"));
        item->vendor_id = path_text(j, S("biz_id"));
        (void)token_read(path_text(j, S("out_id")), item);
    }
    return ERR_OK;
}

const struct gateway gateway_aliyun = {
    .name = "aliyun",
    .open = open_aliyun,
    .ask = ask,
    .judge = judge,
    .hook = hook,
    .hook_type = CONSTANT("application/json"),
    .hook_answer = CONSTANT("{\"code\":0,\"msg\":\"ok\"}"),
};
