/* channels.h — which provider carries which channel: published settings plus the secrets kept
 * aside.
 *
 *   POST /channels ─► settings ──► the log (no secret ever)  ─┐
 *                 └─► secrets ───► office.db, sealed         ─┴─► provider.open ─► outbox_channel
 *
 * Providers are opened and closed on the loop's thread and handed to the outbox on the engine's.
 * One that was replaced is closed once no delivery is with it. */
#pragma once
#include "server/inside.h"

struct connected;

/* A member of this name is a secret. */
bool channel_is_secret(str name);

/* Loop's thread. Opens a provider by the channel's published JSON and its secrets (a JSON object,
 * or empty); not in use before channel_attach. ERR_REFUSED with the path of what is wrong. */
MUST_USE err channel_open(struct server *s, str id, str source, str secrets, struct connected **out,
                          struct diag *why);
/* Engine's thread: from now on it carries its channel, in the place of what did. */
void channel_attach(struct server *s, struct connected *x);
/* Any thread: it was not wanted after all. */
void channel_abandon(struct server *s, struct connected *x);
/* Engine's thread: nothing carries this one's channel any more. */
void channel_detach(struct server *s, str id);

/* What carries a channel, for one message past the outbox. It is not closed before channel_return.
 * Engine's thread. False: nothing carries it. */
struct channel_loan {
    struct connected *of;
    const struct provider_type *type;
    void *provider;
    str from, reply_to;
};
bool channel_lend(struct server *s, u32 channel, struct channel_loan *out);
void channel_return(struct server *s, struct connected *x);

struct hook_request;
struct hook_items;
/* Loop's thread. Has the provider of this channel read what came in. ERR_NOT_FOUND: no such channel
 * is connected, or its provider calls nobody; ERR_AUTH, ERR_INVALID: it is none of theirs. */
MUST_USE err channel_hook(struct server *s, str id, const struct hook_request *q,
                          struct hook_items *out, u32 *channel, struct diag *why);
/* Engine's thread. False: nothing carries it, or it does not tell. */
bool channel_health(struct server *s, u32 channel, struct provider_health *out);
/* The secret in the address at which a provider calls us. It is made from the directory's key, so
 * that it stays the same. Any thread, once the server is ready. */
void channel_hook_secret(const struct server *s, str id, char out[33]);

void channels_collect(struct server *s); /* engine's thread, at the start: what is published */
void channels_begin(struct server *s);   /* loop's thread, after it: opens and attaches that */
void channels_tick(struct server *s);    /* loop's thread: closes what is no longer used */
void channels_end(struct server *s);     /* loop's thread: all are to go */
bool channels_gone(const struct server *s);
