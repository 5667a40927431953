#include "server/server.h"

#include "channel/connector.h"
#include "channel/curl_loop.h"
#include "server/assets.h"
#include "server/attempts.h"
#include "server/auth.h"
#include "server/call.h"
#include "server/channels.h"
#include "server/demo.h"
#include "server/hits.h"
#include "server/imports.h"
#include "server/limits.h"
#include "server/live.h"
#include "server/mailer.h"
#include "server/memo.h"
#include "server/rates.h"
#include "server/staff.h"
#include "server/tls.h"
#include "server/token.h"
#include "server/trial.h"
#include "server/users.h"
#include "server/watch.h"
#include "server/webhooks.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STOP_TICK_MS = 5, STOP_MAX_MS = 13000, DRAIN_MAX_MS = 5000, SEND_MAX_MS = 3000 };

void server_log(const struct server *s, const char *event, const char *format, ...)
{
    char text[512], when[40];
    struct buf b;
    if (s->options.for_command) return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&b, sizeof when);
    iso_put(&b, env_wall_ms(s->env));
    fprintf(stderr, "%.*s %s %s\n", STR_ARG(buf_str(&b)), event, text);
    buf_clear(&b);
}

err listen_parse(str text, char *address, int *port, struct diag *why)
{
    ptrdiff_t at = -1;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ':') at = (ptrdiff_t)i;
    str host = at < 0 ? (str){0} : str_slice(text, 0, (size_t)at);
    str number = str_slice(text, (size_t)(at + 1), text.n);
    i64 n;
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_slice(host, 1, host.n - 1);
    if (host.n == 0) host = at < 0 ? S("127.0.0.1") : S("0.0.0.0");
    if (str_eq(host, S("localhost"))) host = S("127.0.0.1");
    if (host.n > 63 || str_to_i64(number, &n) != ERR_OK || n < 0 || n > 65535)
        return diag_set(why, ERR_INVALID,
                        "\"%.*s\" is no address to listen on; write 127.0.0.1:8080", STR_ARG(text));
    memcpy(address, host.p, host.n);
    address[host.n] = 0;
    *port = (int)n;
    return ERR_OK;
}

/* ---- requests ---- */

static u64 body_max(void *ctx, const struct http_request *req)
{
    if (imports_takes(req)) return IMPORT_BODY_MAX;
    if (assets_takes(req)) return ASSET_BYTES_MAX + (64 << 10); /* and what is around it */
    return ingest_is(req) ? ingest_body_max(ctx) : API_BODY_MAX;
}

static void on_request(void *ctx, struct http_request *req)
{
    struct server *s = ctx;
    s->counters.requests++;
    if (ingest_is(req))
        ingest_request(s, req);
    else
        call_begin(s, req);
}

static void on_silent(void *ctx, struct http_request *req)
{
    (void)ctx;
    call_gone(req);
}

static void on_gone(void *ctx, struct http_request *req)
{
    struct server *s = ctx;
    live_gone(s, req);
    call_gone(req);
}

/* ---- the loop ---- */

/* Something happened on another thread: mail came, or records were applied. */
static void on_wake(uv_async_t *a)
{
    struct server *s = a->data;
    postbox_run(&s->loop_post);
    if (s->state != SERVER_STARTING) ingest_applied(s);
}

static void ring_loop(void *ctx)
{
    struct server *s = ctx;
    uv_async_send(&s->wake);
}

static void on_prepare(uv_prepare_t *p)
{
    struct server *s = p->data;
    if (!s->log_wanted) return;
    s->log_wanted = false;
    postbox_ring(&s->log_post);
}

/* The files may have been replaced: a certificate that cannot be used leaves the old one in force.
 */
static void renew_certificate(struct server *s, bool anyway)
{
    struct diag why = {0};
    bool renewed = false;
    if (!s->tls) return;
    if (tls_renew(s->tls, anyway, &renewed, &why) != ERR_OK)
        server_log(s, "certificate not renewed", "%s; the one before stays", why.message);
    else if (renewed)
        server_log(s, "certificate renewed", "file=%s", s->options.tls_cert);
}

static void on_second(uv_timer_t *t)
{
    struct server *s = t->data;
    renew_certificate(s, false);
    office_refresh(s->office);
    staff_refresh(s->staff, s->office);
    memo_tick(s->memo, server_now(s));
    if (s->state == SERVER_READY) live_tick(s);
    if (s->state == SERVER_READY) hits_flush(s, false);
    if (s->state == SERVER_READY) mailer_tick(s, server_now(s));
    channels_tick(s);
}

/* ---- starting ---- */

/* Intake met a zone's name: its record, ahead of all that names it, if the system knows it. Once a
 * process: what the system says of it now is what the log has from here on. */
static bool on_zone(void *ctx, str name)
{
    struct server *s = ctx;
    u64 number;
    for (u32 i = 0; i < s->zone_count; i++)
        if (str_eq(str_of(s->zones[i]), name)) return true;
    if (engine_add_zone(s->engine, name, &number) != ERR_OK) return false;
    if (s->zone_count < ZONES_KEPT) memcpy(s->zones[s->zone_count++], name.p, name.n);
    return true;
}

/* Where commands on this machine find the process that has the directory. */
static void write_address(const struct server *s)
{
    char path[4096], text[128];
    struct file *f;
    bool v6 = strchr(s->address, ':');
    bool all = strcmp(s->address, "0.0.0.0") == 0 || strcmp(s->address, "::") == 0;
    int n = snprintf(text, sizeof text, v6 && !all ? "%s://[%s]:%d" : "%s://%s:%d",
                     s->tls ? "https" : "http", all ? "127.0.0.1" : s->address, http_port(s->http));
    snprintf(path, sizeof path, "%s/address", s->options.dir);
    if (env_open(s->env, path, FILE_CREATE, &f) != ERR_OK) return;
    if (file_resize(f, 0) != ERR_OK || file_write(f, 0, text, (size_t)n) != ERR_OK)
        server_log(s, "the address cannot be written down", "path=%s", path);
    file_close(f);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* Who reaches this server from elsewhere proves by a token that it is theirs. */
static void make_setup_token(struct server *s)
{
    const struct user *all;
    bool is_local = is_loopback(s->address) && !s->options.public_url;
    if (!is_local && users_all(s->office, &all) == 0)
        token_make(s->env, S("bk_setup_"), s->setup_token);
}

static void greet(const struct server *s)
{
    if (s->options.quiet || s->options.for_command) return;
    printf("Beckon is ready: open %s in a browser  (data in %s)\n", s->public_url, s->options.dir);
    if (s->setup_token[0])
        printf(
            "There is no administrator yet. From another machine the first one needs this one-time "
            "token: %s\n",
            s->setup_token);
    if (!s->options.tls_cert && !is_loopback(s->address))
        printf(
            "WARNING: %s is open to the network without TLS: passwords and customers' data can be "
            "read on the way.\n  Use --tls-cert and --tls-key, or listen on 127.0.0.1 behind a "
            "proxy that speaks TLS.\n",
            s->address);
    fflush(stdout);
}

void server_ready(void *ctx)
{
    struct server *s = ctx;
    struct intake_options o = {.env = s->env,
                               .names = engine_names(s->engine),
                               .key = s->key,
                               .zone = s->zone,
                               .phone_country = str_of(s->start_country),
                               .on_zone = on_zone,
                               .ctx = s};
    s->intake = intake_new(&o);
    struct limit limits[LIMIT_KIND_COUNT];
    memcpy(limits, s->start_limits, sizeof limits);
    for (u32 i = 0; i < LIMIT_KIND_COUNT; i++) limits_set(s->limits, (limit_kind)i, limits[i]);
    imports_begin(s);
    threads_start(s);
    channels_begin(s);
    webhooks_begin(s);
    if (s->state == SERVER_STARTING) s->state = SERVER_READY;
    write_address(s);
    make_setup_token(s);
    greet(s);
    if (s->options.on_ready) s->options.on_ready(s->options.ctx, s);
}

/* ---- stopping ---- */

static void close_handle(uv_handle_t *h)
{
    if (h->data && !uv_is_closing(h)) uv_close(h, NULL);
}

/* The threads have ended; what is left belongs to the loop. */
static void close_loop(struct server *s)
{
    if (s->http) http_close(s->http, NULL, NULL);
    webhooks_end(s);
    demo_end(s);
    if (s->curl) curl_loop_free(s->curl);
    close_handle((uv_handle_t *)&s->wake);
    close_handle((uv_handle_t *)&s->prepare);
    close_handle((uv_handle_t *)&s->every_second);
    close_handle((uv_handle_t *)&s->stop_timer);
    close_handle((uv_handle_t *)&s->signals[0]);
    close_handle((uv_handle_t *)&s->signals[1]);
    close_handle((uv_handle_t *)&s->signals[2]);
}

void server_failed(void *ctx)
{
    close_loop(ctx);
}

static void pause_outbox(void *ctx)
{
    struct server *s = ctx;
    outbox_pause(s->outbox, true);
}

static void ask_snapshot(void *ctx)
{
    struct server *s = ctx;
    atomic_store(&s->snapshots, engine_snapshots(s->engine));
    if (!engine_snapshot(s->engine)) atomic_store(&s->needs_no_snapshot, true);
    postbox_ring(&s->helper_post);
}

/* A provider that will not let go of its deliveries holds nobody up: their outcome is unknown,
 * which the next start finds by itself. */
static void end_all(struct server *s)
{
    uv_timer_stop(&s->stop_timer);
    threads_stop(s);
    postbox_run(&s->loop_post);
    if (!channels_gone(s)) {
        server_log(s, "stopped", "in_flight=%u", atomic_load(&s->in_flight));
        _exit(0);
    }
    close_loop(s);
}

/* A snapshot is on its way as long as the helper has something to do; or there is nothing new. */
static bool snapshot_is_over(struct server *s, i64 now)
{
    u64 turns = atomic_load(&s->helper_turns);
    if (turns != s->stop_turns) s->stop_progress_ms = now;
    s->stop_turns = turns;
    return atomic_load(&s->needs_no_snapshot) || atomic_load(&s->snapshots) != s->stop_snapshots ||
           now - s->stop_progress_ms > SECOND;
}

/* Each phase waits for its condition, and for no longer than its time. */
static void on_stop_tick(uv_timer_t *t)
{
    struct server *s = t->data;
    i64 now = env_mono_ns(s->env) / 1000000, passed = now - s->stop_began_ms;
    if (s->state == SERVER_STARTING) return;
    switch (s->stop_phase) {
    case 0:
        s->state = SERVER_STOPPING;
        hits_flush(s, true);
        postbox_post(&s->engine_post, pause_outbox, s);
        s->stop_phase = 1;
        break;
    case 1:
        if ((s->waiting.count > 0 || s->calls > 0) && passed < DRAIN_MAX_MS) return;
        if (atomic_load(&s->in_flight) > 0 && passed < DRAIN_MAX_MS + SEND_MAX_MS) return;
        channels_end(s);
        s->stop_phase = 2;
        break;
    case 2:
        channels_tick(s);
        if (!channels_gone(s) && passed < DRAIN_MAX_MS + SEND_MAX_MS + SECOND) return;
        s->stop_snapshots = atomic_load(&s->snapshots);
        s->stop_turns = atomic_load(&s->helper_turns);
        s->stop_progress_ms = now;
        postbox_post(&s->engine_post, ask_snapshot, s);
        s->stop_phase = 3;
        break;
    default:
        if (snapshot_is_over(s, now) || passed > STOP_MAX_MS) end_all(s);
        break;
    }
}

static void begin_stop(void *ctx)
{
    struct server *s = ctx;
    if (s->stop_began_ms) return;
    server_log(s, "stopping", "connections=%u waiting=%u", http_connections(s->http),
               s->waiting.count);
    s->stop_began_ms = env_mono_ns(s->env) / 1000000;
    live_end(s);
    webhooks_end(s);
    http_drain(s->http);
    uv_timer_start(&s->stop_timer, on_stop_tick, 0, STOP_TICK_MS);
}

void server_stop(struct server *s)
{
    postbox_post(&s->loop_post, begin_stop, s);
}

/* The second time at once: the log keeps what was acknowledged. */
static void on_signal(uv_signal_t *h, int number)
{
    struct server *s = h->data;
    if (number == SIGHUP) {
        renew_certificate(s, true);
        return;
    }
    if (s->stop_began_ms) _exit(1);
    begin_stop(s);
}

/* ---- running ---- */

static void raise_file_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

static void start_loop(struct server *s)
{
    MUST(uv_loop_init(&s->loop) == 0);
    s->loop_thread = pthread_self();
    uv_async_init(&s->loop, &s->wake, on_wake);
    uv_prepare_init(&s->loop, &s->prepare);
    uv_timer_init(&s->loop, &s->every_second);
    uv_timer_init(&s->loop, &s->stop_timer);
    s->wake.data = s->prepare.data = s->every_second.data = s->stop_timer.data = s;
    uv_prepare_start(&s->prepare, on_prepare);
    uv_timer_start(&s->every_second, on_second, 1000, 1000);
    static const int NUMBERS[3] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < 3; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, NUMBERS[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

static struct server *make(struct env *env, const struct server_options *o, struct diag *why)
{
    struct server *s = mem_zalloc(sizeof *s);
    s->env = env;
    s->options = *o;
    s->why = why;
    snprintf(s->address, sizeof s->address, "%s", o->address ? o->address : "127.0.0.1");
    s->result = mem_zalloc(sizeof *s->result);
    s->limits = limits_new();
    s->scratch = arena_new();
    buf_init(&s->records, APPEND_BYTES_MAX);
    buf_init(&s->ahead, 1 << 20);
    buf_init(&s->unpacked, 4 << 20);
    s->attempts = attempts_new(env);
    s->staff = staff_new();
    postbox_init(&s->loop_post, ring_loop, s);
    postbox_init(&s->engine_post, NULL, NULL);
    postbox_init(&s->log_post, NULL, NULL);
    postbox_init(&s->helper_post, NULL, NULL);
    postbox_init(&s->import_post, NULL, NULL);
    postbox_init(&s->sweeper_post, NULL, NULL);
    return s;
}

static void destroy(struct server *s)
{
    if (s->outbox) outbox_free(s->outbox);
    trials_free(s->trials);
    watch_end(s);
    intake_free(s->intake);
    engine_close(s->engine);
    memo_close(s->memo);
    limits_free(s->limits);
    office_close(s->office);
    webhooks_free(s);
    postbox_clear(&s->loop_post);
    postbox_clear(&s->engine_post);
    postbox_clear(&s->log_post);
    postbox_clear(&s->helper_post);
    postbox_clear(&s->import_post);
    postbox_clear(&s->sweeper_post);
    imports_clear(s);
    waiting_clear(&s->waiting);
    arena_free(s->scratch);
    arena_free(s->start_arena);
    buf_clear(&s->records);
    buf_clear(&s->ahead);
    buf_clear(&s->unpacked);
    free(s->result);
    hits_free(s->hits);
    rates_free(s->rates);
    attempts_free(s->attempts);
    staff_free(s->staff);
    tls_close(s->tls);
    free(s->demo);
    free(s->outbound);
    free(s);
}

static err open_all(struct server *s, struct diag *why)
{
    struct http_options o = {.address = s->address, .port = s->options.port};
    struct http_handler h = {.ctx = s,
                             .body_max = body_max,
                             .on_request = on_request,
                             .sink = imports_sink,
                             .on_body = imports_body,
                             .on_body_gone = imports_body_gone,
                             .on_gone = on_gone,
                             .on_silent = on_silent};
    umask(0077);
    err e = env_make_dir(s->env, s->options.dir);
    if (e != ERR_OK) return diag_set(why, e, "the directory %s cannot be made", s->options.dir);
    TRY(office_open(s->env, s->options.dir, &s->office, why));
    staff_refresh(s->staff, s->office);
    TRY(memo_open(s->env, s->options.dir, office_seal(s->office), &s->memo, why));
    if (s->options.tls_cert) {
        TRY(tls_open(s->options.tls_cert, s->options.tls_key, &s->tls, why));
        o.tls = s->tls;
    }
    TRY(http_listen(&s->loop, s->env, &o, &h, &s->http, why));
    bool v6 = strchr(s->address, ':');
    bool all = strcmp(s->address, "0.0.0.0") == 0 || strcmp(s->address, "::") == 0;
    if (s->options.public_url)
        snprintf(s->public_url, sizeof s->public_url, "%s", s->options.public_url);
    else
        snprintf(s->public_url, sizeof s->public_url, v6 && !all ? "%s://[%s]:%d" : "%s://%s:%d",
                 s->tls ? "https" : "http", all ? "localhost" : s->address, http_port(s->http));
    for (size_t n = strlen(s->public_url); n > 1 && s->public_url[n - 1] == '/';)
        s->public_url[--n] = 0; /* paths are put behind it */
    if (str_starts(str_of(s->options.public_url), S("https://")))
        http_always(s->http, "Strict-Transport-Security: max-age=31536000\r\n");
    s->hits = hits_new();
    s->rates = rates_new();
    s->curl = curl_loop_new(&s->loop);
    s->outbound = mem_zalloc(sizeof *s->outbound);
    s->outbound->allow_private = s->options.allow_private;
    TRY(outbound_nets(s->outbound, str_of(s->options.allow_nets), why));
    curl_loop_allow(s->curl, s->outbound);
    live_begin(s);
    TRY(webhooks_open(s, why));
    threads_start(s);
    return ERR_OK;
}

int server_port(const struct server *s)
{
    return http_port(s->http);
}

err server_run(struct env *env, const struct server_options *o, struct diag *why)
{
    struct server *s = make(env, o, why);
    raise_file_limit();
    start_loop(s);
    err e = open_all(s, why);
    if (e != ERR_OK) {
        s->result_of_run = e;
        close_loop(s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    threads_stop(s);
    MUST(uv_loop_close(&s->loop) == 0);
    live_clear(s);
    e = s->result_of_run;
    destroy(s);
    return e;
}
