/* sign_test.c — signatures equal those that the vendors' own SDKs made (shared vectors.json). */
#include "base/json.h"
#include "base/test.h"
#include "channel/sign.h"

static const struct json *vectors(struct arena *arena, const char *part)
{
    const char *path = test_shared("data/channels/vectors.json");
    const struct json *j;
    if (!path) return NULL;
    CHECK_OK(json_parse(test_file(arena, path), arena, &j, NULL));
    const struct json *found = json_get(j, part);
    CHECK(found != NULL);
    return found;
}

static u32 pairs_of(const struct json *object, struct sign_pair *out)
{
    u32 n = 0;
    for (const struct json *m = object->child; m; m = m->next)
        out[n++] = (struct sign_pair){m->key, m->text};
    return n;
}

static str text_of(const struct json *j, const char *name)
{
    return json_get_str(j, name, S("?"));
}

TEST("a Standard Webhook is signed as the specification's library signs it")
{
    const struct json *v = vectors(arena, "standard_webhooks");
    struct buf out;
    i64 at;
    if (!v) TEST_SKIP("the shared data is not there");
    CHECK_OK(json_to_i64(json_get(v, "webhook_timestamp"), &at));
    buf_init(&out, 1024);
    CHECK_OK(sign_webhook(text_of(v, "secret"), text_of(v, "webhook_id"), at, text_of(v, "body"),
                          &out, NULL));
    CHECK_STR(buf_str(&out), text_of(v, "webhook_signature"));
    buf_clear(&out);
}

TEST("a webhook's secret has its prefix and 24 to 64 bytes")
{
    struct buf out;
    struct diag why = {0};
    buf_init(&out, 1024);
    CHECK_EQ(sign_webhook(S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"), S("i"), 1, S("b"), &out, &why),
             ERR_REFUSED);
    CHECK_EQ(sign_webhook(S("whsec_AAEC"), S("i"), 1, S("b"), &out, &why), ERR_REFUSED);
    CHECK_EQ(
        sign_webhook(S("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY*"), S("i"), 1, S("b"), &out, &why),
        ERR_REFUSED);
    CHECK_EQ(out.n, 0);
    buf_clear(&out);
}

TEST("Aliyun's ACS3 signature is that of their SDK")
{
    const struct json *v = vectors(arena, "aliyun_acs3");
    struct sign_pair query[16], headers[16];
    struct buf out;
    if (!v) TEST_SKIP("the shared data is not there");
    struct acs3 a = {.method = text_of(v, "method"),
                     .path = text_of(v, "path"),
                     .body = text_of(v, "body"),
                     .key_id = text_of(v, "access_key_id"),
                     .key_secret = text_of(v, "access_key_secret"),
                     .query = query,
                     .headers = headers,
                     .query_count = pairs_of(json_get(v, "query"), query),
                     .header_count = pairs_of(json_get(v, "headers"), headers)};
    buf_init(&out, 4096);
    sign_acs3(&a, &out);
    CHECK_STR(buf_str(&out), text_of(v, "authorization"));
    buf_clear(&out);
}

TEST("Tencent's TC3 signature is that of their SDK")
{
    const struct json *v = vectors(arena, "tencent_tc3");
    struct buf out;
    i64 at;
    if (!v) TEST_SKIP("the shared data is not there");
    CHECK_OK(json_to_i64(json_get(v, "timestamp"), &at));
    struct tc3 t = {.host = S("sms.tencentcloudapi.com"),
                    .service = S("sms"),
                    .content_type = S("application/json"),
                    .body = text_of(v, "payload_json"),
                    .id = text_of(v, "secret_id"),
                    .key = text_of(v, "secret_key"),
                    .timestamp = at};
    buf_init(&out, 4096);
    sign_tc3(&t, &out);
    CHECK_STR(buf_str(&out), text_of(v, "authorization"));
    buf_clear(&out);
}

TEST("Twilio's signature is that of their SDK")
{
    const struct json *v = vectors(arena, "twilio_signature");
    struct sign_pair params[16];
    struct buf out;
    if (!v) TEST_SKIP("the shared data is not there");
    u32 n = pairs_of(json_get(v, "params"), params);
    buf_init(&out, 256);
    sign_twilio(text_of(v, "auth_token"), text_of(v, "url"), params, n, &out);
    CHECK_STR(buf_str(&out), text_of(v, "x_twilio_signature"));
    buf_clear(&out);
}

TEST("base64 comes back as it went, and what is none is refused")
{
    struct rng r = {test_seed()};
    for (u32 i = 0; i < 200; i++) {
        u8 in[64], back[64];
        size_t n = 1 + rng_below(&r, sizeof in), got;
        struct buf b;
        for (size_t k = 0; k < n; k++) in[k] = (u8)rng_next(&r);
        buf_init(&b, 256);
        put_base64(&b, in, n);
        CHECK(read_base64(buf_str(&b), back, sizeof back, &got));
        CHECK(got == n && memcmp(in, back, n) == 0);
        CHECK(!read_base64(buf_str(&b), back, n - 1, &got));
        buf_clear(&b);
    }
    u8 back[8];
    size_t got;
    CHECK(!read_base64(S("AAA"), back, 8, &got));
    CHECK(!read_base64(S("AA=A"), back, 8, &got));
    CHECK(!read_base64(S("A==="), back, 8, &got));
    CHECK(!read_base64(S("AA-A"), back, 8, &got));
    CHECK(!read_base64(S(""), back, 8, &got));
}
