/* web.h — pages for customers, who know nothing of us: small, whole in one answer, in their
 * language; and what their browsers post.
 *
 * No script, no foreign request, nothing kept (no-store), no word of where they came from. The
 * style is the one thing that lies inline, allowed by its hash. */
#pragma once
#include "server/call.h"

/* Does this browser rather read Chinese? By ?lang=, else by its list of languages. */
bool web_is_zh(struct call *c);
/* A text of configuration that is plain, or {"zh": …, "en": …}: the one wanted, else the other. */
str web_words(const struct json *text, bool zh);
/* Text as HTML shows it; also for attributes in double quotes. */
void web_put(struct buf *b, str text);

/* The page up to its first element, and its end; headers and type too. `posts_to`: an origin that
 * a form's answer may lead to, besides this one; empty: none. */
void web_begin(struct call *c, bool zh, str title, str posts_to);
void web_end(struct call *c);
/* The page for a link that is none of ours or is over: 404. */
err web_unknown(struct call *c);

/* ---- what is posted ---- */

enum { FORM_PAIRS_MAX = 128, FORM_BYTES_MAX = 64 << 10 };
struct form_pair {
    str name, value;
};
struct form_body {
    struct form_pair pairs[FORM_PAIRS_MAX];
    u32 count;
};
/* application/x-www-form-urlencoded. ERR_INVALID: not well encoded; ERR_LIMIT: beyond the above. */
MUST_USE err form_body_read(str body, struct arena *arena, struct form_body *out);
/* The last value of that name; empty if it is not there. */
str form_value(const struct form_body *f, str name);
bool form_has(const struct form_body *f, str name, str wanted);

/* The address that asks: the peer's, or what a proxy on this machine says it was (the last of
 * X-Forwarded-For, which is the proxy's own word). */
str web_address(const struct http_request *req, char room[64]);
/* The same without its last part (IPv4: 8 bits, IPv6: 80), as a proof of consent keeps it. */
str web_address_short(str address, struct arena *arena);
