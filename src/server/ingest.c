/* ingest.c — what SDKs send: parsed on the loop's thread, appended, answered when applied.
 *
 * Segment's and RudderStack's clients as they are. Whatever is overloaded, full or not yet ready is
 * answered 429 with Retry-After: their SDKs keep events then, and drop them at any other 4xx. */
#include "server/call.h"

#include "server/auth.h"
#include "server/limits.h"
#include "server/memo.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { INGEST_BODY_MAX = 4 << 20, UNPACKED_MAX = 4 << 20 };

/* How a path is served. */
typedef enum { SERVES_CALL, SERVES_PIXEL, SERVES_NOTHING } serves;

static const struct {
    const char *path;
    intake_call call;
    serves how;
} PATHS[] = {
    {"/v1/batch", INTAKE_BATCH, SERVES_CALL},
    {"/v1/track", INTAKE_TRACK, SERVES_CALL},
    {"/v1/identify", INTAKE_IDENTIFY, SERVES_CALL},
    {"/v1/page", INTAKE_PAGE, SERVES_CALL},
    {"/v1/screen", INTAKE_SCREEN, SERVES_CALL},
    {"/v1/group", INTAKE_GROUP, SERVES_CALL},
    {"/v1/alias", INTAKE_ALIAS, SERVES_CALL},
    {"/v1/import", INTAKE_IMPORT, SERVES_CALL},
    {"/v1/t", INTAKE_TRACK, SERVES_CALL},
    {"/v1/i", INTAKE_IDENTIFY, SERVES_CALL},
    {"/v1/p", INTAKE_PAGE, SERVES_CALL},
    {"/v1/s", INTAKE_SCREEN, SERVES_CALL},
    {"/v1/g", INTAKE_GROUP, SERVES_CALL},
    {"/v1/a", INTAKE_ALIAS, SERVES_CALL},
    {"/v1/b", INTAKE_BATCH, SERVES_CALL},
    {"/v1/merge", INTAKE_ALIAS, SERVES_CALL},
    {"/beacon/v1/batch", INTAKE_BATCH, SERVES_CALL},
    {"/v1/m", INTAKE_BATCH, SERVES_NOTHING},
    {"/rsaMetrics", INTAKE_BATCH, SERVES_NOTHING},
    {"/v1/pixel/track", INTAKE_TRACK, SERVES_PIXEL},
    {"/v1/pixel/page", INTAKE_PAGE, SERVES_PIXEL},
    {"/v1/pixel/identify", INTAKE_IDENTIFY, SERVES_PIXEL},
    {"/v1/pixel/screen", INTAKE_SCREEN, SERVES_PIXEL},
    {"/v1/pixel/group", INTAKE_GROUP, SERVES_PIXEL},
    {"/v1/pixel/alias", INTAKE_ALIAS, SERVES_PIXEL},
    {"/pixel/v1/track", INTAKE_TRACK, SERVES_PIXEL},
    {"/pixel/v1/page", INTAKE_PAGE, SERVES_PIXEL},
};

#define JSON S("application/json")
static const char GIF[] =
    "GIF89a\1\0\1\0\200\0\0\0\0\0\0\0\0!\371\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

static int path_index(str path)
{
    for (size_t i = 0; i < COUNT_OF(PATHS); i++)
        if (str_eq(path, str_of(PATHS[i].path))) return (int)i;
    return -1;
}

bool ingest_is(const struct http_request *req)
{
    return path_index(req->path) >= 0;
}

u64 ingest_body_max(const struct server *s)
{
    (void)s;
    return INGEST_BODY_MAX;
}

/* ---- answering ---- */

static void count(struct server *s, int status)
{
    s->counters.answers[min_u32((u32)status / 100, 5)]++;
}

/* With the lines a browser on another site needs to see the answer. */
static void reply(struct server *s, struct http_request *req, int status, str type, str more,
                  str body)
{
    str origin = http_header(req, S("origin"));
    count(s, status);
    if (origin.n == 0) {
        http_answer(req, status, type, more, body);
        return;
    }
    struct buf h;
    buf_init(&h, HEAD_BYTES_MAX + 1024);
    buf_put(&h, more);
    buf_put(&h, S("Access-Control-Allow-Origin: "));
    buf_put(&h, origin);
    buf_put(&h, S("\r\nVary: Origin\r\n"));
    http_answer(req, status, type, buf_str(&h), body);
    buf_clear(&h);
}

static void refuse(struct server *s, struct http_request *req, err e, const struct diag *why)
{
    struct buf b;
    int status = err_status(e);
    bool busy = e == ERR_BUSY || e == ERR_FULL || e == ERR_UNAVAILABLE;
    if (busy) status = 429;
    s->counters.ingest_busy += busy;
    buf_init(&b, 4096);
    problem_put(&b, status, busy ? ERR_BUSY : e, why);
    reply(s, req, status, S("application/problem+json"), busy ? S("Retry-After: 1\r\n") : (str){0},
          buf_str(&b));
    buf_clear(&b);
}

static void preflight(struct server *s, struct http_request *req)
{
    reply(
        s, req, 204, (str){0},
        S("Access-Control-Allow-Methods: POST, GET, OPTIONS\r\n"
          "Access-Control-Allow-Headers: authorization,content-type,content-encoding,x-retry-count,"
          "anonymousid\r\n"
          "Access-Control-Max-Age: 86400\r\n"),
        (str){0});
}

/* `from_page`: a page of another site asks, and its request's header fields can still be read. */
static void succeed(struct server *s, struct http_request *req, bool from_page)
{
    bool pixel = req->verb == METHOD_GET;
    str body = pixel ? (str){GIF, sizeof GIF - 1} : S("{\"success\":true}");
    str type = pixel ? S("image/gif") : JSON;
    str more = pixel ? S("Cache-Control: no-store\r\n") : (str){0};
    if (from_page) {
        reply(s, req, 200, type, more, body);
        return;
    }
    count(s, 200);
    http_answer_constant(req, 200, type, more, body);
}

/* ---- waiting for the records to be applied ---- */

static void wait_for(struct server *s, struct http_request *req, u64 number, i64 since_ns)
{
    struct waiting_list *w = &s->waiting;
    if (!w->items || w->count > w->mask) {
        u32 size = w->items ? (w->mask + 1) * 2 : 1024;
        struct waiting *items = mem_alloc(size * sizeof *items);
        for (u32 i = 0; i < w->count; i++) items[i] = w->items[(w->first + i) & w->mask];
        free(w->items);
        *w = (struct waiting_list){items, size - 1, 0, w->count};
    }
    w->items[(w->first + w->count++) & w->mask] = (struct waiting){number, since_ns, req};
}

void waiting_clear(struct waiting_list *w)
{
    free(w->items);
    *w = (struct waiting_list){0};
}

static void count_latency(struct counters *c, i64 ns)
{
    u32 bucket = 0;
    for (i64 edge = 250000; bucket < LATENCY_BUCKETS && ns > edge; edge *= 2) bucket++;
    c->latency[bucket]++;
    c->latency_ns += (u64)ns;
}

void ingest_applied(struct server *s)
{
    struct waiting_list *w = &s->waiting;
    if (w->count == 0) return;
    u64 applied = engine_applied(s->engine);
    i64 now = env_mono_ns(s->env);
    while (w->count > 0 && w->items[w->first & w->mask].number <= applied) {
        struct waiting *x = &w->items[w->first & w->mask];
        count_latency(&s->counters, now - x->since_ns);
        succeed(s, x->req, x->req->kept);
        w->first = (w->first + 1) & w->mask;
        w->count--;
    }
}

/* ---- who sends ---- */

/* The key: by Basic or Bearer, in the query (beacons), or in the body, which is read for it only
 * then. */
static str write_key(struct server *s, const struct http_request *req, str body, char room[128])
{
    str header = http_header(req, S("authorization")), key;
    if (auth_basic_user(header, room, &key)) return key;
    if (header.n > 7 && str_eq_nocase(str_slice(header, 0, 7), S("bearer ")))
        return str_trim(str_slice(header, 7, header.n));
    ptrdiff_t at = str_find(req->query, S("writeKey="));
    if (at >= 0) {
        str rest = str_slice(req->query, (size_t)at + 9, req->query.n);
        ptrdiff_t and = str_index(rest, '&');
        return and < 0 ? rest : str_slice(rest, 0, (size_t) and);
    }
    const struct json *j;
    if (json_parse(body, s->scratch, &j, NULL) != ERR_OK) return (str){0};
    return json_get_str(j, "writeKey", (str){0});
}

static err source_code(struct server *s, struct office_source *source)
{
    if (source->code) return ERR_OK;
    return names_code(engine_names(s->engine), NAME_SOURCE, str_of(source->id), &source->code);
}

static void keep_rejections(struct server *s, const struct office_source *source)
{
    const struct intake_result *r = s->result;
    s->counters.ingest_rejected += r->rejected;
    for (u32 i = 0; i < r->kept; i++) {
        const struct rejection *x = &r->rejections[i];
        struct memo_rejected kept = {.at_ms = server_now(s),
                                     .source = str_of(source->id),
                                     .reason = str_of(x->reason),
                                     .sample = {x->sample, x->sample_bytes}};
        memo_rejected_put(s->memo, &kept);
    }
}

/* ---- taking in ---- */

static err unpack(struct server *s, const struct http_request *req, str *body, struct diag *why)
{
    str coding = http_header(req, S("content-encoding"));
    *body = req->body;
    if (coding.n == 0 || str_eq_nocase(coding, S("identity"))) return ERR_OK;
    if (!str_eq_nocase(coding, S("gzip")) && !str_eq_nocase(coding, S("deflate")))
        return diag_set(why, ERR_INVALID, "only gzip is unpacked here");
    TRY(intake_inflate(req->body, &s->unpacked, why));
    *body = buf_str(&s->unpacked);
    return ERR_OK;
}

static err take(struct server *s, struct http_request *req, intake_call call, str body,
                struct diag *why)
{
    char room[128];
    u32 left;
    i64 since = env_mono_ns(s->env);
    if (s->state == SERVER_STARTING)
        return diag_set(why, ERR_UNAVAILABLE, "the server is starting, send it again");
    str key = write_key(s, req, body, room);
    struct office_source *source = office_source_by_key(s->office, key);
    if (!source) return diag_set(why, ERR_AUTH, "the write key is missing or wrong");
    if (!limits_take(s->limits, LIMIT_SOURCE, str_of(source->id), since, &left))
        return diag_set(why, ERR_BUSY, "this source sends more often than it may");
    TRY(source_code(s, source));
    struct intake_source from = {source->code, source->kind != SOURCE_SERVER};
    buf_reset(&s->records);
    TRY(intake_batch(s->intake, &from, call, body, server_now(s), &s->records, s->result, why));
    if (s->result->rejected) keep_rejections(s, source);
    s->counters.ingest_items += s->result->accepted;
    bool from_page = http_header(req, S("origin")).n > 0;
    if (s->result->accepted == 0) {
        succeed(s, req, from_page);
        return ERR_OK;
    }
    u64 last;
    TRY(log_append(engine_log(s->engine), buf_str(&s->records), s->result->accepted, false, &last));
    req->body = (str){0};
    if (from_page) http_keep(req);
    wait_for(s, req, last, since);
    return ERR_OK;
}

/* RudderStack's pixel: members of the query, "context.x" and "properties.x" one deep. */
static str query_as_json(struct server *s, str query)
{
    static const char *const INNER[] = {"context.", "properties.", "traits."};
    struct buf b;
    buf_init(&b, HEAD_BYTES_MAX * 4);
    buf_byte(&b, '{');
    for (u32 group = 0; group <= COUNT_OF(INNER); group++) {
        str prefix = group ? str_of(INNER[group - 1]) : (str){0};
        if (group) json_put_key(&b, str_slice(prefix, 0, prefix.n - 1));
        if (group) buf_byte(&b, '{');
        for (str rest = query; rest.n > 0;) {
            ptrdiff_t and = str_index(rest, '&');
            str pair = str_slice(rest, 0, and < 0 ? rest.n : (size_t) and), name, text;
            rest = str_slice(rest, pair.n + 1, rest.n);
            ptrdiff_t eq = str_index(pair, '=');
            if (eq <= 0 || !str_starts(pair, prefix)) continue;
            name = str_slice(pair, prefix.n, (size_t)eq);
            if (str_index(name, '.') >= 0) continue;
            if (url_decode(str_slice(pair, (size_t)eq + 1, pair.n), true, s->scratch, &text) ==
                ERR_OK)
                json_put_kv_str(&b, name, text);
        }
        if (group) buf_byte(&b, '}');
    }
    buf_byte(&b, '}');
    str json = arena_str(s->scratch, buf_str(&b));
    buf_clear(&b);
    return json;
}

static str base64_as_json(struct server *s, str text)
{
    char *p = arena_alloc(s->scratch, text.n + 1);
    size_t n = 0;
    u32 bits = 0, have = 0;
    static const char SET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
        char c = text.p[i] == '-'   ? '+'
                 : text.p[i] == '_' ? '/'
                 : text.p[i] == ' ' ? '+'
                                    : text.p[i];
        const char *at = memchr(SET, c, 64);
        if (!at) return (str){0};
        bits = bits << 6 | (u32)(at - SET);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        p[n++] = (char)(bits >> have);
    }
    return (str){p, n};
}

static err pixel_body(struct server *s, const struct http_request *req, str *body, struct diag *why)
{
    str decoded;
    if (!str_starts(req->query, S("data=")) && str_find(req->query, S("&data=")) < 0) {
        *body = query_as_json(s, req->query);
        return ERR_OK;
    }
    ptrdiff_t at = str_find(req->query, S("data="));
    str data = str_slice(req->query, (size_t)at + 5, req->query.n);
    ptrdiff_t and = str_index(data, '&');
    if (and >= 0) data = str_slice(data, 0, (size_t) and);
    if (url_decode(data, false, s->scratch, &decoded) == ERR_OK) *body = base64_as_json(s, decoded);
    return body->n ? ERR_OK : diag_set(why, ERR_INVALID, "data has to be JSON in base64");
}

void ingest_request(struct server *s, struct http_request *req)
{
    int i = path_index(req->path);
    struct diag why = {0};
    str body = {0};
    err e = ERR_OK;
    s->counters.ingest_requests++;
    if (req->verb == METHOD_OPTIONS) {
        preflight(s, req);
        return;
    }
    if (PATHS[i].how == SERVES_NOTHING) {
        succeed(s, req, http_header(req, S("origin")).n > 0);
        return;
    }
    bool pixel = PATHS[i].how == SERVES_PIXEL;
    if (req->verb != (pixel ? METHOD_GET : METHOD_POST))
        e = diag_set(&why, ERR_INVALID, "this address takes %s", pixel ? "GET" : "POST");
    if (e == ERR_OK) e = pixel ? pixel_body(s, req, &body, &why) : unpack(s, req, &body, &why);
    if (e == ERR_OK) e = take(s, req, PATHS[i].call, body, &why);
    if (e != ERR_OK) refuse(s, req, e, &why);
    arena_reset(s->scratch);
}
