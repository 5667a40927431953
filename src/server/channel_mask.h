/* channel_mask.h — secrets that stand inside other settings: a header's value, a part of a URL.
 *
 *   {"url": "https://u:pass@sms.example/send?key=abc", "headers": {"X-Api-Key": "abc"}}
 *   {"url": "https://••••••@sms.example/send?key=••••••", "headers": {"X-Api-Key": "••••••"}}
 *
 * The first is sealed, the second published and shown; written back as it was shown, it means what
 * it was. A value that only names a setting ("Bearer {{ settings.api_key }}") hides nothing. */
#pragma once
#include "base/buf.h"
#include "base/json.h"

#define MASK S("••••••")

/* The same text if there is nothing to hide. */
str mask_url(str url, struct arena *a);
bool mask_hides_header(str name, str value);
/* The settings as they may be shown, as members of an object, each with its comma. */
void mask_put_settings(struct buf *b, const struct json *settings, struct arena *a);
/* Does this setting ("url", "headers") hide something, or bring back a mask? */
bool mask_concerns(const struct json *member, struct arena *a);
/* One of those as it is meant: masks replaced by what `before` (sealed; may be NULL) has there.
 * ERR_REFUSED with the path where there is nothing to put back. */
MUST_USE err mask_restore(struct buf *b, const struct json *member, const struct json *before,
                          struct arena *a, struct diag *why);
/* "name:port" of a URL. */
str mask_host(str url);
