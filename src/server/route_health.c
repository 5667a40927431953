/* route_health.c — is it alive, is it ready, how is it doing. */
#include "server/call.h"
#include "server/version.h"

static err livez(struct call *c)
{
    c->type = S("text/plain");
    buf_put(&c->out, S("ok\n"));
    return ERR_OK;
}

static err readyz(struct call *c)
{
    static const char *const STATES[] = {"starting\n", "ready\n", "stopping\n"};
    c->type = S("text/plain");
    c->status = c->server->state == SERVER_READY ? 200 : 503;
    if (c->status == 503) call_header(c, "Retry-After", S("1"));
    buf_put(&c->out, str_of(STATES[c->server->state]));
    u32 failing = atomic_load(&c->server->failing);
    if (failing)
        buf_printf(&c->out,
                   "background work (seal, merge, snapshot) has failed %u times in a row\n",
                   failing);
    return ERR_OK;
}

static err version(struct call *c)
{
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("name"), S("beckon"));
    json_put_kv_str(&c->out, S("version"), S(BECKON_VERSION));
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* ---- Prometheus text ---- */

static void put_metric(struct buf *b, const char *name, const char *type, const char *help, u64 v)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name,
               (unsigned long long)v);
}

static void put_latency(struct buf *b, const struct counters *n)
{
    static const char NAME[] = "beckon_ingest_seconds";
    u64 sum = 0;
    double edge = 0.00025;
    buf_printf(b, "# HELP %s From receiving an ingest request to its durable, applied answer\n",
               NAME);
    buf_printf(b, "# TYPE %s histogram\n", NAME);
    for (u32 i = 0; i <= LATENCY_BUCKETS; i++, edge *= 2) {
        sum += n->latency[i];
        if (i < LATENCY_BUCKETS)
            buf_printf(b, "%s_bucket{le=\"%g\"} %llu\n", NAME, edge, (unsigned long long)sum);
    }
    buf_printf(b, "%s_bucket{le=\"+Inf\"} %llu\n", NAME, (unsigned long long)sum);
    buf_printf(b, "%s_sum %g\n", NAME, (double)n->latency_ns / 1e9);
    buf_printf(b, "%s_count %llu\n", NAME, (unsigned long long)sum);
}

static err loop_metrics(struct call *c)
{
    const struct server *s = c->server;
    const struct counters *n = &s->counters;
    struct buf *b = &c->out;
    c->type = S("text/plain; version=0.0.4");
    put_metric(b, "beckon_up", "gauge", "1 when the server is ready", s->state == SERVER_READY);
    put_metric(b, "beckon_http_requests_total", "counter", "Requests received", n->requests);
    buf_put(b, S("# HELP beckon_http_answers_total Answers by class of status\n"
                 "# TYPE beckon_http_answers_total counter\n"));
    for (u32 i = 2; i < 6; i++)
        buf_printf(b, "beckon_http_answers_total{status=\"%uxx\"} %llu\n", i,
                   (unsigned long long)n->answers[i]);
    put_metric(b, "beckon_http_connections", "gauge", "Open connections",
               http_connections(s->http));
    put_metric(b, "beckon_ingest_requests_total", "counter", "Requests of SDKs",
               n->ingest_requests);
    put_metric(b, "beckon_ingest_items_total", "counter", "Events accepted at the edge",
               n->ingest_items);
    put_metric(b, "beckon_ingest_rejected_total", "counter", "Events refused at the edge",
               n->ingest_rejected);
    put_metric(b, "beckon_ingest_busy_total", "counter", "Ingest requests answered 429",
               n->ingest_busy);
    put_metric(b, "beckon_ingest_waiting", "gauge", "Ingest requests waiting for the log",
               s->waiting.count);
    put_latency(b, n);
    return ERR_OK;
}

static err engine_metrics(struct call *c)
{
    struct engine *e = c->server->engine;
    struct engine_stats st = engine_stats(e);
    struct message_tally t = message_tally(engine_messages(e));
    struct buf *b = &c->out;
    put_metric(b, "beckon_records_applied_total", "counter", "Number of the last applied record",
               st.applied);
    put_metric(b, "beckon_records_durable_total", "counter", "Number of the last durable record",
               log_durable(engine_log(e)));
    put_metric(b, "beckon_visitors_forgotten_total", "counter",
               "Visitors without a name whose time was up", st.visitors_forgotten);
    put_metric(b, "beckon_events_duplicate_total", "counter", "Events seen before", st.duplicates);
    put_metric(b, "beckon_events_late_total", "counter", "Events too late to trigger", st.late);
    put_metric(b, "beckon_causes_dropped_total", "counter",
               "What followed from a record and was cut off: too much, or more than eight deep",
               st.causes_dropped);
    put_metric(b, "beckon_customers", "gauge", "Customers", st.customers);
    put_metric(b, "beckon_events", "gauge", "Events kept", st.events);
    put_metric(b, "beckon_store_bytes", "gauge", "Memory of tables and strings", st.store_bytes);
    put_metric(b, "beckon_event_bytes", "gauge", "Memory of the event tail", st.event_bytes);
    put_metric(b, "beckon_index_bytes", "gauge", "Memory of indexes and timers", st.derived_bytes);
    put_metric(b, "beckon_log_bytes", "gauge", "Log on disk", st.log_bytes);
    put_metric(b, "beckon_sealed_bytes", "gauge", "Sealed events on disk", st.segment_bytes);
    put_metric(b, "beckon_log_pending_bytes", "gauge", "Bytes waiting for the log",
               log_pending_bytes(engine_log(e)));
    put_metric(b, "beckon_messages_planned_total", "counter", "Messages planned", t.planned);
    buf_put(b,
            S("# HELP beckon_messages Messages by present status\n# TYPE beckon_messages gauge\n"));
    for (u32 i = MESSAGE_PLANNED; i < MESSAGE_STATUS_COUNT; i++)
        buf_printf(b, "beckon_messages{status=\"%.*s\"} %llu\n",
                   STR_ARG(message_status_text((message_status)i)), (unsigned long long)t.now[i]);
    put_metric(b, "beckon_background_failures_total", "counter",
               "Seals, merges and snapshots that failed", st.background_failures);
    put_metric(b, "beckon_background_failing", "gauge",
               "Failures in a row; 0: the last piece of background work went well",
               engine_failing(e));
    put_metric(b, "beckon_sending_held", "gauge", "1 while sending is paused for a person",
               engine_sending_held(e));
    return ERR_OK;
}

static err metrics(struct call *c)
{
    TRY(loop_metrics(c));
    return c->server->state == SERVER_STARTING ? ERR_OK : call_engine(c, engine_metrics);
}

extern const struct route ROUTES_HEALTH[];
const struct route ROUTES_HEALTH[] = {
    {METHOD_GET, "/livez", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, livez},
    {METHOD_GET, "/readyz", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, readyz},
    {METHOD_GET, "/health", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, livez},
    {METHOD_GET, "/healthz", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, livez},
    {METHOD_GET, "/version", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, version},
    {METHOD_GET, "/metrics", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, metrics},
    {0}};
