/* mailer.h — sends boards by mail as mailing.h says: asks the board, writes the mail, hands it to
 * the workspace's e-mail channel, one recipient after the other.
 *
 *   every 5 s: is one due? ─► board_ask ─► mail + workbook ─► claim on disk ─► channel ─► settled
 *
 * These mails are the workspace's own affair: of no customer, past caps and quiet hours. They wait
 * while everything is held. One board at a time. Loop thread. */
#pragma once
#include "server/call.h"
#include "server/mailing.h"

void mailer_tick(struct server *s, i64 now);
/* Sends the mailing `m` to all its recipients now, beside its slots; the answer tells what came of
 * each. Loop thread, from a route. */
MUST_USE err mailer_send(struct call *c, const struct mailing *m);

/* How far the mailing of this id is. Loop thread. */
void mailer_state(struct server *s, str id, struct arena *arena, struct mailing_state *out);
MUST_USE err mailer_keep(struct server *s, str id, const struct mailing_state *st,
                         struct diag *why);
