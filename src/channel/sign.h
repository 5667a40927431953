/* sign.h — how requests prove who sends them: digests, encodings, and the signatures of each house.
 *
 *   Aliyun ACS3, Tencent TC3, Twilio's X-Twilio-Signature, Standard Webhooks 1.0
 *
 * Everything is a function of its arguments: times and nonces are given, so that what a vendor's
 * own SDK signs can be signed again and compared. */
#pragma once
#include "base/buf.h"

enum { SHA256_BYTES = 32, SHA1_BYTES = 20, WEBHOOK_SECRET_MAX = 64 };

void sign_sha256(str s, u8 out[SHA256_BYTES]);
void sign_hmac_sha256(str key, str s, u8 out[SHA256_BYTES]);
void sign_hmac_sha1(str key, str s, u8 out[SHA1_BYTES]);
void put_hex(struct buf *b, const u8 *p, size_t n); /* lower case */
void put_base64(struct buf *b, const u8 *p, size_t n);
/* Standard base64 with its padding; false on anything else or more than `max` bytes. */
bool read_base64(str text, u8 *out, size_t max, size_t *n);
/* All but letters, digits and -._~ as %XX. */
void put_percent(struct buf *b, str s);
/* Compares secrets in a time that depends on the length of `b` alone. */
bool sign_equal(str a, str b);

struct sign_pair {
    str name, value;
};
/* Sorts by name, then value, bytewise. */
void sign_sort(struct sign_pair *pairs, u32 n);

/* Aliyun: the Authorization header of a request. `query` and `headers` (lower-case names) are
 * sorted here; the headers are those that are signed. */
struct acs3 {
    str method, path, body, key_id, key_secret;
    struct sign_pair *query, *headers;
    u32 query_count, header_count;
};
void sign_acs3(struct acs3 *a, struct buf *out);
/* The sorted, encoded query, as it stands in the URL. */
void sign_query(const struct sign_pair *sorted, u32 n, struct buf *out);

/* Tencent: the Authorization header for a JSON body. */
struct tc3 {
    str host, service, content_type, body, id, key;
    i64 timestamp; /* s */
};
void sign_tc3(const struct tc3 *t, struct buf *out);

/* Twilio: base64 HMAC-SHA1 over the URL and the sorted parameters, which are sorted here. */
void sign_twilio(str token, str url, struct sign_pair *params, u32 n, struct buf *out);

/* Standard Webhooks: "v1,<base64>" over id.timestamp.body. ERR_REFUSED: the secret is not "whsec_"
 * and the base64 of 24 to 64 bytes. */
MUST_USE err sign_webhook(str secret, str id, i64 timestamp_s, str body, struct buf *out,
                          struct diag *why);
