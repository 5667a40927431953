/* optin.h — double opt-in: a yes counts once it was said again from the mailbox itself.
 *
 *   form or API ─► optin_send: a mail with {public_url}/c/{token} ─► GET: a page ─► POST: consent
 *
 * Until then nothing is recorded. The token names the customer, the channel and topic, and the
 * words that were agreed to; it is good for seven days. */
#pragma once
#include "server/call.h"

struct optin {
    persona head;
    u32 channel, topic; /* codes */
    u32 form;           /* NAME_OBJECT code; 0: the API asked */
    str text;           /* the words that were agreed to; cut to 300 bytes */
    str to;             /* where it goes; empty: her own address */
    bool zh;
};
#define OPTIN_VALID_MS (7 * DAY)
enum { OPTIN_TEXT_MAX = 300 };

/* Asks her to confirm, by a transactional mail (template "double-opt-in.zh" or ".en"; where nobody
 * published one, the built-in), and goes on once that is planned. Asked the same again within ten
 * minutes, one mail goes: whoever fills in a stranger's address shall not flood her. Engine thread.
 */
MUST_USE err optin_send(struct call *c, const struct optin *o, call_step then);
/* The link that the mail carries, into the call's arena. */
str optin_url(struct call *c, const struct optin *o);
/* The built-in template's JSON in one language. */
str optin_template(bool zh);
