/* channels.h — which provider carries which channel: published settings plus the secrets kept
 * aside.
 *
 *   POST /channels ─► settings ──► the log (no secret ever)      ─┐
 *                 └─► secrets ───► office.db, sealed             ─┴─► provider.open ─►
 * outbox_channel
 */
#pragma once
#include "server/inside.h"

/* Engine's thread, before anything is sent: connects what is published. What cannot be connected is
 * logged, and its messages wait. */
void channels_open(struct server *s);
/* The providers are closed; the threads have ended. */
void channels_close(struct server *s);
/* Engine's thread. Connects one channel anew; `secrets` is a JSON object, or empty. */
MUST_USE err channel_connect(struct server *s, str id, str source, str secrets, struct diag *why);
void channel_disconnect(struct server *s, str id);
/* Opens a provider with these settings and closes it again: are they any good? */
MUST_USE err channel_try(str source, str secrets, struct diag *why);

/* A member of this name is a secret. */
bool channel_is_secret(str name);
