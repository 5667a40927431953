/* content.h — templates to text: rendering only.
 *
 *   source ─compile─► template ─render(values)─► parts (subject, html, text), fingerprint
 *
 * The language is Liquid, whole; docs/templates.md says what of it. Customers' values are
 * HTML-escaped in HTML parts; a missing value uses its `default` or declared fallback, or is empty.
 * A render error gives no output at all. Steps, size and depth are limited. No clock, no I/O, no
 * locale. */
#pragma once
#include "base/json.h"
#include "base/value.h"
#include "base/zone.h"

enum { TEMPLATE_SOURCE_MAX = 1 << 20, TEMPLATE_OUTPUT_MAX = 1 << 20, TEMPLATE_STEPS_MAX = 1000000 };

struct liquid; /* one compiled text */

/* What {% render %} and {% include %} find by name, and what stands in for missing values. */
struct liquid_partial {
    str name, source;
};
struct liquid_options {
    const struct liquid_partial *partials;
    u32 partial_count;
    const struct json *fallbacks; /* {"customer.first_name": "there"}; NULL: none */
};
/* Compiles; views into `source` are kept, all lives in `arena`. ERR_REFUSED with line:column in
 * why->path ("/partials/NAME:line:column" in a partial), ERR_LIMIT. */
MUST_USE err liquid_compile(str source, struct arena *arena, struct liquid **out, struct diag *why);
MUST_USE err liquid_compile_with(str source, const struct liquid_options *options,
                                 struct arena *arena, struct liquid **out, struct diag *why);

/* Where names get their values: "customer", "event", … then members. The callback answers the first
 * name and the path after it, e.g. ("customer", "first_name"), and with an empty member the whole.
 * MISSING for what is not there. The rest is what the language's filters know of the world. */
struct liquid_values {
    value (*lookup)(void *ctx, str root, str member);
    void *ctx;
    i64 now_ms;              /* "now" and "today" of `date`; 0: these have no value */
    const struct zone *zone; /* the customer's, for dates; NULL: UTC */
    str language;            /* "zh", "en", "pt-BR": of `t` and `money`; empty: "en" */
    str currency;            /* the workspace's, "CNY"; empty: amounts have no sign */
};
/* value_member without its distrust of every byte: for a lookup over value bytes. */
value liquid_member(value map, str key);
typedef enum { LIQUID_TEXT, LIQUID_HTML } liquid_format;
/* Appends to `out`, all of it or nothing. Takes no memory for what is usual. */
MUST_USE err liquid_render(const struct liquid *l, const struct liquid_values *values,
                           liquid_format format, struct buf *out, struct diag *why);

/* A published template {id, channel, subject?, html? | blocks?, text?, from?, fallbacks?,
 * provider_template?}: its parts compiled. Subject, html, text and the words of blocks may be
 * {"zh", "en"}. */
enum { TEMPLATE_PARAMS_MAX = 32 };
struct template
{
    str id, channel;
    struct liquid *subject, *html, *text, *from, *reply_to; /* NULL: not there */
    bool no_clicks, no_opens;  /* "track_clicks", "track_opens": false */
    const struct template *zh; /* what readers of Chinese get; NULL: the same */
    /* provider_template {code, params: {name: Liquid}}: a text that a provider has approved. */
    str provider_code;
    u32 param_count;
    struct {
        str name;
        struct liquid *value;
    } params[TEMPLATE_PARAMS_MAX];
};
/* `source` and its texts must live as long as the template. ERR_REFUSED with why->path
 * "/html:3:14". */
MUST_USE err template_compile(const struct json *source, struct arena *arena, struct template **out,
                              struct diag *why);

/* What comes out; views into `arena` given to template_render. `text` is made from `html` when the
 * template has none. `fingerprint` is that of channel, template and content without the values that
 * differ per message (unsubscribe_url, preferences_url, message.…). */
struct rendered {
    str subject, html, text, from, reply_to;
    str provider_code, params; /* params: a JSON object of texts, in the template's order */
    u64 fingerprint;
    str file, file_name, file_type; /* an attachment; file empty: none. Mail takes it only */
};
MUST_USE err template_render(const struct template *t, const struct liquid_values *values,
                             struct arena *arena, struct rendered *out, struct diag *why);

/* HTML as a reader of plain text would have it: blocks on lines of their own, links as
 * "text (url)", entities decoded, nothing of scripts, styles and what is hidden. O(html). */
void html_text(str html, struct buf *out);

/* A whole mail as RFC 5322/2045 bytes: CRLF lines ≤ 998, no header can be injected into. */
struct mail {
    str from, to; /* "Name <a@b>" or "a@b" */
    str reply_to; /* the same, or empty */
    hash128 id;   /* the Message-ID is <id@host>, stable over retries */
    str host;
    i64 date_ms;
    const struct rendered *content;
    str unsubscribe_url; /* empty: no List-Unsubscribe headers */
};
/* ERR_REFUSED: an address, host or URL that cannot stand in a header; nothing is written. Control
 * characters in names and subjects become spaces. */
MUST_USE err mail_write(const struct mail *m, struct buf *out, struct diag *why);
/* The address of "Name <a@b>" or "a@b": a view. ERR_REFUSED if it is none that may stand in a
 * header and an SMTP command: no spaces, control characters or brackets, one @ outside quotes,
 * ASCII. */
MUST_USE err mail_address(str mailbox, str *address, struct diag *why);
