/* serve.c — beckon serve: options to the server's, nothing else. */
#include "main/commands.h"
#include "server/server.h"

#include <sys/resource.h>

int command_serve(struct options *o)
{
    struct server_options so = {0};
    struct diag why = {0};
    char address[64];
    const char *listen = option_text(o, "listen");
    so.dir = option_text(o, "data");
    so.public_url = option_text(o, "public-url");
    so.tls_cert = option_text(o, "tls-cert");
    so.tls_key = option_text(o, "tls-key");
    so.zoneinfo = option_text(o, "zoneinfo");
    so.allow_private = option_flag(o, "allow-private-outbound");
    so.allow_nets = option_text(o, "allow-outbound");
    so.no_sync = option_flag(o, "unsafe-no-sync");
    if (option_size(o, "max-inflight-bytes", &so.inflight_bytes_max) != ERR_OK ||
        option_size(o, "max-memory", &so.memory_max) != ERR_OK ||
        option_size(o, "tail-bytes", &so.tail_bytes) != ERR_OK ||
        option_size(o, "snapshot-records", &so.snapshot_records) != ERR_OK)
        return 2;
    if (!options_done(o)) return 2;
    if (!so.dir) so.dir = "data";
    if (!so.tls_cert != !so.tls_key) return usage_error("--tls-cert and --tls-key go together");
    if (listen_parse(str_of(listen ? listen : "127.0.0.1:8080"), address, &so.port, &why) != ERR_OK)
        return usage_error("%s", why.message);
    so.address = address;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a core would hold customers' data */
    err e = server_run(env_real(), &so, &why);
    return e == ERR_OK ? 0 : failure(e, &why);
}
