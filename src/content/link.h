/* link.h — links that leave in messages: signed, so that what comes back is known to be ours.
 *
 *   {public_url}/l/{token}   a click        o/{token}.gif   an open      u/{token}   unsubscribe
 *   {public_url}/p/{token}   preferences    c/{token}       confirm      (f: a form's page was
 * shown)
 *
 * A token is base64url of a version, what it says, and a tag of 128 bits: SipHash-2-4-128 under a
 * key that is made of the directory's key for this one purpose. SipHash is a keyed function made
 * for short texts and takes a thirtieth of HMAC-SHA256's time: a mail of ten links is signed on the
 * engine's thread. A tag for one purpose is worth nothing for another. The
 * target of a click stands in its token: a redirect needs no store, survives every change of the
 * template, and leads nowhere that no message of ours has led. */
#pragma once
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"

enum { SIGNED_TARGET_MAX = 2048, SIGNED_TEXT_MAX = 3072 };

typedef enum {
    SIGNED_CLICK = 1,
    SIGNED_OPEN,
    SIGNED_UNSUBSCRIBE,
    SIGNED_PREFERENCES,
    SIGNED_CONFIRM,
    SIGNED_FORM,
    SIGNED_COUNT
} signed_purpose;

/* What stands in one; the purpose says which members count. */
struct signed_link {
    u8 customer[16];    /* all but FORM: the bytes of her opaque id */
    hash128 message;    /* CLICK, OPEN, UNSUBSCRIBE, PREFERENCES; zero: of no message */
    u32 channel, topic; /* UNSUBSCRIBE, PREFERENCES, CONFIRM: codes; topic 0: the channel itself */
    u32 object;         /* CONFIRM, FORM: the form's NAME_OBJECT code; 0: none */
    u8 language;        /* CONFIRM: 1 = Chinese */
    i64 at_ms;          /* CONFIRM, FORM: when it was made */
    str target;         /* CLICK: where it leads; CONFIRM: the words that were agreed to; at most
                         * SIGNED_TARGET_MAX */
};

/* Appends the token's text. */
void signed_link_put(struct buf *out, struct sip_key key, signed_purpose purpose,
                     const struct signed_link *link);
/* False: not one of ours, or not for this. Views lie in `arena`. */
bool signed_link_read(str text, struct sip_key key, signed_purpose purpose, struct arena *arena,
                      struct signed_link *out);
/* The 32 hex digits of an opaque id as 16 bytes, and back (terminated). False: it is none. */
bool signed_customer(str id, u8 out[16]);
void signed_customer_text(const u8 customer[16], char out[33]);

/* Which of a mail's links are followed, and whether its opening is. */
struct tracking {
    struct sip_key key;
    str public_url; /* without a slash at its end */
    u8 customer[16];
    hash128 message;
    bool clicks, opens;
};
/* Appends the HTML with its http(s) links led over /l/ and a pixel before the end of its body. Left
 * as they are: mailto:, tel:, anchors, our own pages, what lies in comments, links of more than
 * SIGNED_TARGET_MAX bytes, and those with data-track="off". O(html). */
void track_html(const struct tracking *t, str html, struct buf *out);
