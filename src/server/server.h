/* server.h — the running process: HTTP in, JSON out, and the threads everything below takes steps
 * on.
 *
 *            loop                log                engine               helper
 *   HTTP, parse, append ─► log_step: write, sync ─► engine_step, outbox ─► snapshots, seals,
 *     ▲      answers ◄──────────────────────────────── applied              previews on an epoch
 *
 * An answer to what was sent in goes out once it is durable and applied. The port is open before
 * the log is replayed: /livez answers at once, /readyz when everything works. Nothing but the four
 * threads' own state is shared: closures go by postbox.h, the rest is the log. */
#pragma once
#include "base/base.h"
#include "env/env.h"

struct server;

struct server_options {
    const char *dir;        /* data directory; made if it is missing */
    const char *address;    /* NULL: "127.0.0.1" */
    int port;               /* 0: any free one */
    const char *public_url; /* NULL: http://address:port, https with a certificate */
    const char *tls_cert;   /* PEM files: the certificate with its chain… */
    const char *tls_key;    /* …and its key; NULL: plain HTTP */
    u64 inflight_bytes_max; /* what may wait for the log; 0 = its default */
    u64 memory_max;         /* budget of the state; 0 = none */
    u64 tail_bytes;         /* events in memory before they are sealed; 0: 64 MiB */
    u64 snapshot_records;   /* between snapshots; 0: 4,000,000 */
    const char *zoneinfo;   /* NULL: the system's */
    const char *program;    /* of the demo; NULL: this one */
    bool allow_private;     /* HTTP may go to addresses that are not public… */
    const char *allow_nets; /* …or to these: "10.0.0.0/8,fd00::/8"; NULL: none */
    bool no_sync;           /* positive control of crash tests only */
    bool quiet;             /* prints no greeting */
    bool for_command;       /* runs for one command: writes no log lines, and sends nothing */
    void (*on_ready)(void *ctx, struct server *s); /* on the loop's thread; may be NULL */
    void *ctx;
};

/* Serves until SIGTERM, SIGINT or server_stop; then drains, writes a snapshot, and comes back.
 * ERR_OK after a clean stop; else the reason why it could not start or go on. The calling thread
 * becomes the loop's. */
MUST_USE err server_run(struct env *env, const struct server_options *o, struct diag *why);
void server_stop(struct server *s); /* any thread, while server_run has not come back */
int server_port(const struct server *s);
/* Imports a file of this machine: `asked` as import.h's request, with its "path". `on_end` is
 * called on the imports' thread with what the API shows of it. Loop thread, from on_ready. */
MUST_USE err server_import(struct server *s, str asked,
                           void (*on_end)(void *ctx, bool done, str shown), void *ctx,
                           struct diag *why);
/* "0.0.0.0:8080", ":8080", "8080", "[::1]:80" → address and port. `address` has room for 64 bytes.
 */
MUST_USE err listen_parse(str text, char *address, int *port, struct diag *why);
