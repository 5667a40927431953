/* show.h — the engine's things as JSON, as API.md describes them. All on the engine's thread. */
#pragma once
#include "intake/normal.h"
#include "server/call.h"

/* Values of a property list under their names; a MAP without a name lies open among them. */
void show_props(struct buf *b, struct names *names, name_kind kind, str props);
/* {id, event, occurred_at, received_at, message_id, source, customer, properties, context} */
void show_event(struct buf *b, struct engine *e, const struct event *ev);
/* The whole customer; `head` is one. */
void show_customer(struct buf *b, struct engine *e, persona head);
/* {"planned": n, "sent": n …}: messages by their present status, without those that are 0. */
void show_message_tally(struct buf *b, struct engine *e);
/* One message; with_history adds what happened to it, from the customer's events. */
void show_message(struct buf *b, struct engine *e, u32 row, bool with_history, struct arena *arena);

/* [{status, at, detail, url?, machine?}]: what happened to the message of this id (hex). */
void show_message_history(struct buf *b, struct engine *e, persona head, str id,
                          struct arena *arena);

/* One item for each link of the customer, oldest first: {personas, reason, at, persona?, cut}. What
 * holds has the `persona` by which it is cut: its end that is further from the survivor. */
void show_links(struct buf *b, struct engine *e, persona head, struct arena *arena);
/* The customer of a reference: an internal id, "namespace:value", or a value alone in the
 * namespaces people search by. 0: nobody, or several. */
persona customer_of_ref(struct engine *e, str ref);
/* The customer's own name for an item: her strongest identifier that nobody shares. */
bool customer_own_identifier(struct customers *cs, persona head, struct identifier_view *out);
/* The country whose phone numbers are read where none is said: the workspace's setting, else its
 * zone's; empty: none. */
str phone_country(struct engine *e);
/* The normal form of an identifier, as intake has it; empty: it cannot be one. */
str identifier_normal(struct engine *e, u32 space, str text, char room[NORMAL_BYTES_MAX]);
/* The customer of the call's first parameter. ERR_NOT_FOUND, with the sentence. */
MUST_USE err call_customer(struct call *c, persona *head);
