/* hook_fuzz.c — any bytes as what a provider calls us with: refused, or items whose texts are text.
 * The first byte chooses the provider and how the body is labelled. */
#include "channel/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const struct gateway *gateway;
    const char *settings;
} GATEWAYS[] = {
    {&gateway_generic,
     "{\"url\":\"https://x.example/\",\"receipts\":{\"items\":\"a[0].b\",\"message_path\":\"m\","
     "\"id_path\":\"i\",\"to_path\":\"t\",\"status_path\":\"s\",\"statuses\":{\"1\":\"delivered\"}}"
     ","
     "\"inbound\":{\"items\":\"r\",\"from_path\":\"f\",\"text_path\":\"x\"}}"},
    {&gateway_aliyun, "{\"access_key_id\":\"a\",\"access_key_secret\":\"b\",\"sign\":\"c\"}"},
    {&gateway_tencent, "{\"secret_id\":\"a\",\"secret_key\":\"b\",\"sdk_app_id\":\"c\"}"},
    {&gateway_twilio, "{\"account_sid\":\"AC1\",\"auth_token\":\"t\",\"from\":\"+1\"}"},
};

/* Twilio's signature as it would be, so that what lies behind it is reached. */
static str header_of(void *ctx, str name)
{
    const struct hook_request *q = ctx;
    struct sign_pair form[100];
    struct buf b;
    u32 n;
    (void)name;
    if (form_read(q->body, q->arena, form, 100, &n) != ERR_OK) return (str){0};
    buf_init(&b, 64);
    sign_twilio(S("t"), q->url, form, n, &b);
    str out = arena_str(q->arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

static void check(const struct hook_items *items)
{
    for (u32 i = 0; i < items->count; i++) {
        const struct hook_item *item = &items->items[i];
        MUST(item->kind == HOOK_RECEIPT || item->kind == HOOK_REPLY);
        MUST(str_is_utf8(item->text) && str_is_utf8(item->address) && str_is_utf8(item->detail));
        MUST(item->customer.n == 0 || item->customer.n == 32);
        MUST(item->status < MESSAGE_STATUS_COUNT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ITEMS = 50 };
    if (size == 0) return 0;
    struct arena *arena = arena_new();
    struct http_settings s;
    const struct json *j;
    struct hook_items items = {.items = arena_alloc(arena, ITEMS * sizeof *items.items),
                               .max = ITEMS};
    struct diag why = {0};
    u32 which = data[0] % COUNT_OF(GATEWAYS);
    MUST(json_parse(str_of(GATEWAYS[which].settings), arena, &j, NULL) == ERR_OK);
    MUST(http_settings_read(j, GATEWAYS[which].gateway, arena, &s, &why) == ERR_OK);
    struct hook_request q = {.body = {(const char *)data + 1, size - 1},
                             .content_type = data[0] & 64 ? S("application/x-www-form-urlencoded")
                                                          : S("application/json"),
                             .query = {(const char *)data + 1, size > 80 ? 79 : size - 1},
                             .url = S("https://shop.example/hooks/sms/x"),
                             .header = header_of,
                             .arena = arena};
    q.ctx = &q;
    err e = s.gateway->hook(&s, &q, &items, &why);
    MUST(e == ERR_OK || why.message[0]);
    MUST(items.count <= ITEMS);
    check(&items);
    http_settings_clear(&s);
    arena_free(arena);
    return 0;
}
