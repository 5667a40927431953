/* tls.h — TLS for the listener: OpenSSL between two memory buffers, so that the sockets stay
 * libuv's. The one file that knows SSL (tls.c).
 *
 *   socket ─► tls_feed ─► tls_read ─► HTTP
 *   socket ◄─ tls_pending ◄─ tls_write ◄─ HTTP
 *
 * TLS 1.2 and later; HTTP/1.1 by ALPN; no renegotiation. The certificate is read from files, and
 * again when they change: connections that are open keep the one they began with. Loop's thread. */
#pragma once
#include "base/base.h"

struct tls;
struct tls_link;

/* PEM files: a certificate with its chain, and its key. ERR_IO, ERR_INVALID with what is wrong. */
MUST_USE err tls_open(const char *cert, const char *key, struct tls **out, struct diag *why);
void tls_close(struct tls *t); /* NULL is allowed */
/* Reads the files again if they changed since (or `anyway`). ERR_OK: `*renewed` tells whether a new
 * one is in force; else the old one stays. */
MUST_USE err tls_renew(struct tls *t, bool anyway, bool *renewed, struct diag *why);

/* One connection, on the server's side. */
struct tls_link *tls_link_new(struct tls *t);
void tls_link_free(struct tls_link *l); /* NULL is allowed */
void tls_feed(struct tls_link *l, str bytes);
/* Plain bytes into `out`: how many; 0: more has to come; -1: the peer has ended, or broke the
 * rules.
 */
int tls_read(struct tls_link *l, char *out, size_t room);
MUST_USE bool tls_write(struct tls_link *l, str plain);
/* What is to be sent, good until the next call; tls_sent: it was taken. */
str tls_pending(struct tls_link *l);
void tls_sent(struct tls_link *l);
bool tls_is_up(const struct tls_link *l); /* the handshake is over */
void tls_end(struct tls_link *l);         /* says that nothing follows */
