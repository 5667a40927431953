/* inside.h — what the files of this folder share: the server's parts and who may touch them. */
#pragma once
#include "engine/engine.h"
#include "intake/intake.h"
#include "outbox/outbox.h"
#include "server/http.h"
#include "server/office.h"
#include "server/postbox.h"
#include "server/server.h"
#include "server/speeds.h"

#include <uv.h>

struct under_way;
struct call;
struct crew;
struct heads;
struct limits;
struct memo;
struct repeat;
struct live;
struct connected;
struct published_channel;
struct curl_loop;
struct hits;
struct rates;
struct outbound;
struct webhooks;
struct attempts;
struct tls;
struct trials;
struct watch;
struct demo;

typedef enum { SERVER_STARTING, SERVER_READY, SERVER_STOPPING } server_state;

/* A request whose records are in the log: answered when they are applied. */
struct waiting {
    u64 number;
    i64 since_ns;
    struct http_request *req;
};

/* First in, first out: numbers only rise, since one thread appends. */
struct waiting_list {
    struct waiting *items;
    u32 mask, first, count;
};

enum { LATENCY_BUCKETS = 12, ZONES_KEPT = 1024 };

/* Counted by the loop only. */
struct counters {
    u64 requests, answers[6]; /* by the first digit of the status */
    u64 ingest_requests, ingest_items, ingest_rejected, ingest_busy;
    u64 latency[LATENCY_BUCKETS + 1], latency_ns;
};

enum { THREAD_LOG, THREAD_ENGINE, THREAD_HELPER, THREAD_IMPORT, THREAD_SWEEPER, THREAD_COUNT };

struct server {
    struct env *env;
    struct server_options options;
    char address[64], public_url[256];

    /* the loop's thread */
    uv_loop_t loop;
    bool aside; /* a call's work runs on a thread of libuv's */
    pthread_t loop_thread;
    uv_async_t wake;
    uv_prepare_t prepare;
    uv_timer_t every_second, stop_timer;
    uv_signal_t signals[3];
    struct http_server *http;
    struct tls *tls; /* NULL: plain HTTP */
    struct office *office;
    struct staff_list *staff; /* the office's users, for any thread */
    struct intake *intake;
    struct intake_result *result;
    struct buf records, unpacked;
    struct arena *scratch; /* of the request at hand */
    struct waiting_list waiting;
    struct counters counters;
    char zones[ZONES_KEPT][64]; /* whose records this process wrote */
    u32 zone_count;
    struct live *live;
    struct hits *hits;
    struct rates *rates;
    struct curl_loop *curl;
    struct outbound *outbound; /* where HTTP may go */
    struct webhooks *webhooks;
    struct connected *connected; /* providers that are open */
    struct arena *start_arena;   /* channels_collect to channels_begin */
    struct published_channel *start_channels;
    char setup_token[65]; /* lets the first administrator be made from elsewhere; empty: no need */
    struct attempts *attempts;
    struct demo *demo; /* NULL: nobody has asked for it */
    u32 hashings;      /* of passwords, under way */
    bool mails;        /* a board goes out by mail */
    i64 mails_ms;      /* when it was last asked whether one is due */
    server_state state;
    u32 calls;              /* on their way */
    struct call *edits;     /* those that change what is at their address, first come first */
    struct repeat *repeats; /* those with an Idempotency-Key */
    struct memo *memo;
    struct limits *limits;
    i64 stop_began_ms, stop_progress_ms;
    u64 stop_snapshots, stop_turns; /* as they were then */
    u8 stop_phase;
    bool log_wanted; /* something was appended in this turn */
    err result_of_run;
    struct diag *why;
    struct postbox loop_post;

    /* the engine's thread; the pointers are set before SERVER_READY and read by all after it */
    struct engine *engine;
    struct outbox *outbox;
    struct postbox engine_post;
    struct connected *attached[256];           /* by channel: what the outbox has */
    struct trials *trials;                     /* messages sent to see whether a channel works */
    struct buf ahead;                          /* what /today says of the next 24 hours… */
    i64 ahead_ms;                              /* …as of then */
    struct watch *watch;                       /* what became of channels and journeys lately */
    struct call *applied_first, *applied_last; /* wait for their record */
    atomic_uint in_flight;                     /* of the outbox */
    atomic_ullong snapshots;                   /* engine_snapshots */
    atomic_bool needs_no_snapshot;             /* at the end: the last one has all there is */
    atomic_uint failing;                       /* engine_failing */
    const struct zone *zone;                   /* of the workspace; the loop's, once ready */
    u32 start_limits[4];                       /* of limits.h: rate and burst, as of the start */
    char start_country[3];                     /* of phone numbers, as of the start */
    struct sip_key key;

    struct postbox log_post, helper_post, import_post, sweeper_post;
    struct imports *imports;
    struct crew *crew;
    struct heads *heads;         /* beside.h's; the engine's thread */
    struct speeds speeds;        /* of analyses and counts; the engine's thread */
    struct under_way *under_way; /* newest first; the engine's thread */
    atomic_ullong helper_turns;  /* that did something */
    pthread_t threads[THREAD_COUNT];
    bool thread_runs[THREAD_COUNT];
    atomic_bool stop_engine, stop_log, stop_helper, stop_import, stop_sweeper;
};

static inline i64 server_now(const struct server *s)
{
    return env_wall_ms(s->env);
}

/* threads.c */
void threads_start(struct server *s); /* the engine's, which opens the directory */
void threads_stop(struct server *s);  /* ends and joins all; the engine is closed after it */
void server_fatal(struct server *s, err e, const char *what); /* any thread: ends the process */

/* server.c, on the loop's thread */
void server_ready(void *server);
void server_failed(void *server); /* the engine could not be opened; s->why says why */

/* ingest.c */
bool ingest_is(const struct http_request *req); /* is this path one of the SDKs'? */
u64 ingest_body_max(const struct server *s);
void ingest_request(struct server *s, struct http_request *req);
void ingest_applied(struct server *s); /* answers what is applied by now */
void waiting_clear(struct waiting_list *w);

/* log lines */
void server_log(const struct server *s, const char *event, const char *format, ...)
    PRINTF_LIKE(3, 4);
