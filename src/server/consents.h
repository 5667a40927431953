/* consents.h — what customers allow, written from pages and shown with its proof. Engine thread. */
#pragma once
#include "server/show.h"

/* Appends an edit of her consents (item_consent_put's bytes) and, unless NULL, the receipt of the
 * message that led to it, as one append. A customer who shares every identifier cannot be named by
 * a record; then a withdrawal suppresses the address, for it must never fail: `number` is that of
 * the last record. ERR_CONFLICT: it cannot be written down. */
MUST_USE err consents_append(struct call *c, persona head, str consents,
                             const struct receipt_record *receipt, u64 *number);

/* The customer of an opaque id in a token; 0: she is gone. */
persona consents_customer(struct engine *e, const u8 id[16]);

/* "email", or "email/newsletter" with a topic, into the arena. */
str consents_key(struct call *c, u32 channel, u32 topic);
/* What people call a channel, and a topic: its title as published, else its name. */
str consents_channel_title(struct call *c, u32 channel, bool zh);
str consents_topic_title(struct call *c, u32 topic, bool zh);
/* The name of the shop, for pages; empty if it has none. */
str consents_shop(struct call *c);
