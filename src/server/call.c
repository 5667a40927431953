#include "server/call.h"

#include "server/assets.h"
#include "server/audit.h"
#include "server/conditions.h"
#include "server/crew.h"
#include "server/imports.h"
#include "server/limits.h"
#include "server/pages.h"
#include "server/repeat.h"

#include <stdlib.h>

/* ---- going from thread to thread ---- */

static void advance(struct call *c);
static void run_next(struct call *c);

static void free_call(struct call *c)
{
    struct server *s = c->server;
    buf_clear(&c->out);
    buf_clear(&c->headers);
    arena_free(c->arena);
    free(c);
    s->calls--;
}

/* "/html:3:14" is a place in a text: its line and column are told apart from the pointer. */
static str place_of(str path, i64 *line, i64 *column)
{
    size_t second = path.n, first;
    *line = *column = 0;
    while (second && path.p[second - 1] != ':') second--;
    for (first = second ? second - 1 : 0; first && path.p[first - 1] != ':'; first--) {
    }
    if (!first || str_to_i64(str_slice(path, second, path.n), column) != ERR_OK ||
        str_to_i64(str_slice(path, first, second - 1), line) != ERR_OK)
        return path;
    return str_slice(path, 0, first - 1);
}

static void put_error(struct buf *b, const struct diag *why)
{
    i64 line, column;
    str path = place_of(str_of(why->path), &line, &column);
    buf_byte(b, '{');
    json_put_kv_str(b, S("path"), path);
    json_put_kv_str(b, S("message"), str_of(why->message));
    if (line) json_put_kv_i64(b, S("line"), line);
    if (line) json_put_kv_i64(b, S("column"), column);
    buf_byte(b, '}');
}

void problem_put(struct buf *b, int status, err code, const struct diag *why)
{
    buf_put(b, S("{\"type\":\"about:blank\""));
    json_put_kv_str(b, S("title"), str_of(err_title(code)));
    json_put_kv_i64(b, S("status"), status);
    if (why && why->message[0]) json_put_kv_str(b, S("detail"), str_of(why->message));
    json_put_key(b, S("errors"));
    buf_byte(b, '[');
    if (why && why->path[0]) put_error(b, why);
    buf_put(b, S("]}"));
}

/* Overload is told by 429 to everybody, with the time after which to come again. */
static void put_problem(struct call *c, err e)
{
    int status = err_status(e);
    if (e == ERR_FULL || e == ERR_UNAVAILABLE || e == ERR_AGAIN) status = 503;
    if ((status == 429 || status == 503) && str_find(buf_str(&c->headers), S("Retry-After")) < 0)
        call_header(c, "Retry-After", S("1"));
    if (e == ERR_AUTH) call_header(c, "WWW-Authenticate", S("Bearer"));
    buf_reset(&c->out);
    problem_put(&c->out, status, e, &c->why);
    c->status = status;
    c->type = S("application/problem+json");
}

static void answer_it(struct call *c)
{
    conditions_answer(c);
    if (!c->replayed) audit_answered(c);
    repeat_answered(c);
    limits_answer(c);
    if (c->who.session[0] && str_find(buf_str(&c->headers), S("Cache-Control")) < 0)
        call_header(c, "Cache-Control", S("private, no-cache"));
    int status = c->status ? c->status : 200;
    str type = status == 204 || status == 304 ? (str){0}
               : c->type.n                    ? c->type
                                              : S("application/json");
    c->server->counters.answers[min_u32((u32)status / 100, 5)]++;
    http_answer_buf(c->req, status, type, buf_str(&c->headers), &c->out);
}

static void at_loop(void *ctx);

/* Loop thread: the answer goes out, and the next edit of the same address may begin. */
static void finish(void *ctx)
{
    struct call *c = ctx, *next = conditions_next(c);
    if (c->on_end) {
        c->on_end(c);
        free_call(c);
        return;
    }
    c->req->user = NULL;
    if (c->req->sink) imports_body_gone(c->server, c->req->sink);
    if (c->streams)
        repeat_answered(c);
    else
        answer_it(c);
    if (next) postbox_post(&c->server->loop_post, at_loop, next);
    free_call(c);
}

static void run_next(struct call *c)
{
    call_step step = c->next;
    c->go = GO_NOWHERE;
    c->next = NULL;
    err e = step(c);
    if (e == ERR_OK && c->out.full) {
        e = diag_set(&c->why, ERR_TOO_LARGE, "the answer is too large; ask for less");
    }
    if (c->looking && (e != ERR_OK || c->go == GO_NOWHERE)) e = conditions_looked(c, e);
    if (e != ERR_OK) {
        put_problem(c, e);
        c->go = GO_NOWHERE;
    }
    advance(c);
}

static void at_loop(void *ctx)
{
    struct call *c = ctx;
    c->at = AT_LOOP;
    run_next(c);
}

static void at_engine(void *ctx)
{
    struct call *c = ctx;
    c->at = AT_ENGINE;
    run_next(c);
}

static void at_helper(void *ctx)
{
    struct call *c = ctx;
    c->at = AT_HELPER;
    run_next(c);
}

static void at_import(void *ctx)
{
    struct call *c = ctx;
    c->at = AT_IMPORT;
    run_next(c);
}

/* Work on one of libuv's threads. */
struct aside {
    uv_work_t work;
    struct server *server;
    struct call *call;
};

static void on_aside(uv_work_t *work)
{
    struct call *c = ((struct aside *)work->data)->call;
    c->at = AT_ASIDE;
    run_next(c);
}

static void after_aside(uv_work_t *work, int status)
{
    struct aside *a = work->data;
    (void)status;
    a->server->aside = false;
    free(a);
}

static void at_aside(void *ctx)
{
    struct call *c = ctx;
    struct server *s = c->server;
    c->at = AT_LOOP;
    if (s->aside) {
        put_problem(c,
                    diag_set(&c->why, ERR_UNAVAILABLE, "another one runs; try again in a moment"));
        finish(c);
        return;
    }
    struct aside *a = mem_zalloc(sizeof *a);
    *a = (struct aside){.work.data = a, .server = s, .call = c};
    s->aside = true;
    MUST(uv_queue_work(&s->loop, &a->work, on_aside, after_aside) == 0);
}

/* Numbers only rise within the list: one thread puts calls there, in the order it appended. */
static void wait_applied(struct call *c)
{
    struct server *s = c->server;
    MUST(c->at == AT_ENGINE);
    if (c->number <= engine_applied(s->engine)) { /* nothing was to be written */
        run_next(c);
        return;
    }
    c->link = NULL;
    if (s->applied_last)
        s->applied_last->link = c;
    else
        s->applied_first = c;
    s->applied_last = c;
}

void calls_applied(struct server *s)
{
    u64 applied = engine_applied(s->engine);
    for (struct call *c; (c = s->applied_first) && c->number <= applied;) {
        s->applied_first = c->link;
        if (!s->applied_first) s->applied_last = NULL;
        run_next(c);
    }
}

static void at_crew(void *ctx)
{
    struct call *c = ctx;
    c->at = AT_CREW;
    run_next(c);
}

static void too_busy(struct call *c)
{
    (void)diag_set(&c->why, ERR_BUSY, "too many analyses at once; ask again soon");
    put_problem(c, ERR_BUSY);
    postbox_post(&c->server->loop_post, finish, c);
}

static void advance(struct call *c)
{
    struct server *s = c->server;
    switch (c->go) {
    case GO_LOOP: postbox_post(&s->loop_post, at_loop, c); break;
    case GO_ENGINE: postbox_post(&s->engine_post, at_engine, c); break;
    case GO_HELPER: postbox_post(&s->helper_post, at_helper, c); break;
    case GO_IMPORT: postbox_post(&s->import_post, at_import, c); break;
    case GO_CREW:
        if (!crew_post(s->crew, at_crew, c, c->pinned)) too_busy(c);
        break;
    case GO_ASIDE: postbox_post(&s->loop_post, at_aside, c); break;
    case GO_APPLIED: wait_applied(c); break;
    case GO_WAIT: break;
    case GO_NOWHERE:
        if (c->at == AT_LOOP)
            finish(c);
        else
            postbox_post(&s->loop_post, finish, c);
        break;
    }
}

err call_loop(struct call *c, call_step next)
{
    c->go = GO_LOOP;
    c->next = next;
    return ERR_OK;
}

err call_engine(struct call *c, call_step next)
{
    c->go = GO_ENGINE;
    c->next = next;
    return ERR_OK;
}

err call_helper(struct call *c, call_step next)
{
    c->go = GO_HELPER;
    c->next = next;
    return ERR_OK;
}

err call_import(struct call *c, call_step next)
{
    c->go = GO_IMPORT;
    c->next = next;
    return ERR_OK;
}

err call_crew(struct call *c, call_step next)
{
    c->go = GO_CREW;
    c->next = next;
    return ERR_OK;
}

err call_aside(struct call *c, call_step next)
{
    c->go = GO_ASIDE;
    c->next = next;
    return ERR_OK;
}

err call_applied(struct call *c, u64 number, call_step next)
{
    c->go = GO_APPLIED;
    c->number = number;
    c->next = next;
    return ERR_OK;
}

void call_gone(struct http_request *req)
{
    struct call *c = req->user;
    if (c) atomic_store(&c->gone, true);
}

err call_park(struct call *c)
{
    c->go = GO_WAIT;
    return ERR_OK;
}

void call_wake(struct call *c, call_step next)
{
    c->next = next;
    postbox_post(&c->server->engine_post, at_engine, c);
}

/* ---- routing ---- */

static str next_part(str *path)
{
    *path = str_slice(*path, 1, path->n); /* the slash */
    ptrdiff_t slash = str_index(*path, '/');
    size_t n = slash < 0 ? path->n : (size_t)slash;
    str part = str_slice(*path, 0, n);
    *path = str_slice(*path, n, path->n);
    return part;
}

/* Does the path fit the pattern? Parts in braces go to `params` as they were sent. */
static bool fits(str pattern, str path, str params[ROUTE_PARAMS_MAX])
{
    u32 n = 0;
    while (pattern.n > 0 && path.n > 0) {
        str want = next_part(&pattern), have = next_part(&path);
        if (want.n > 0 && want.p[0] == '{') {
            if (have.n == 0) return false;
            MUST(n < ROUTE_PARAMS_MAX);
            params[n++] = have;
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    return pattern.n == 0 && path.n == 0;
}

/* The route, or NULL with the verbs that the path would take. */
static const struct route *find_route(const struct http_request *req, http_verb verb,
                                      str params[ROUTE_PARAMS_MAX], u32 *verbs)
{
    if (verb == METHOD_HEAD) verb = METHOD_GET;
    *verbs = 0;
    for (u32 t = 0; t < routes_count(); t++)
        for (const struct route *r = ROUTES[t]; r->path; r++) {
            if (!fits(str_of(r->path), req->path, params)) continue;
            if (r->verb == verb) return r;
            *verbs |= 1u << r->verb;
        }
    return NULL;
}

const struct route *call_route_of(const struct call *c, http_verb verb)
{
    str params[ROUTE_PARAMS_MAX];
    u32 verbs;
    return find_route(c->req, verb, params, &verbs);
}

static const char *const VERBS[METHOD_COUNT] = {"GET",   "HEAD",   "POST",   "PUT",
                                                "PATCH", "DELETE", "OPTIONS"};

static err wrong_verb(struct call *c, u32 verbs)
{
    struct buf b;
    if (!verbs) return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    buf_init(&b, 256);
    for (u32 i = 0; i < METHOD_COUNT; i++)
        if (verbs & 1u << i) buf_printf(&b, "%s%s", b.n ? ", " : "", VERBS[i]);
    call_header(c, "Allow", buf_str(&b));
    buf_clear(&b);
    diag_set(&c->why, ERR_INVALID, "this address does not take that method");
    buf_reset(&c->out);
    problem_put(&c->out, 405, ERR_INVALID, &c->why);
    c->status = 405;
    c->type = S("application/problem+json");
    return ERR_OK;
}

static err read_body(struct call *c)
{
    if (c->req->body.n == 0) return ERR_OK;
    if (str_ends(str_of(c->route->path), S("/codes"))) return ERR_OK; /* may be text */
    if (assets_takes(c->req)) return ERR_OK;                          /* a picture */
    TRY(json_parse(c->req->body, c->arena, &c->body, &c->why));
    if (c->body->type == JSON_OBJECT) return ERR_OK;
    return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
}

static err begin_route(struct call *c)
{
    const struct route *r = c->route;
    return r->place == ON_ENGINE ? call_engine(c, r->run) : call_loop(c, r->run);
}

static err begin_edit(struct call *c)
{
    return conditions_begin(c, begin_route);
}

static bool is_open(const struct route *r)
{
    return r->access == OPEN_TO_ALL || r->access == OPEN_TO_FORMS;
}

static err let_in(struct call *c)
{
    struct server *s = c->server;
    if (is_open(c->route)) return ERR_OK;
    if (c->route->access == NEEDS_SCOPE)
        TRY(auth_caller(s, c->req, c->route->scope, &c->who, &c->why));
    else
        TRY(auth_who(s, c->req, &c->who, &c->why));
    if (c->route->access == NEEDS_SESSION && !c->who.session[0])
        return diag_set(&c->why, ERR_FORBIDDEN,
                        "this is for people who have signed in, not for keys");
    return limits_admit(c);
}

static err admit(struct call *c, str raw[ROUTE_PARAMS_MAX])
{
    struct server *s = c->server;
    const struct route *r = c->route;
    TRY(let_in(c));
    for (u32 i = 0; i < ROUTE_PARAMS_MAX; i++)
        if (raw[i].n) {
            err e = url_decode(raw[i], false, c->arena, &c->params[i]);
            if (e != ERR_OK) return diag_set(&c->why, e, "the address is not well encoded");
        }
    if (r->access != OPEN_TO_FORMS) TRY(read_body(c));
    if (s->state != SERVER_READY && (r->place == ON_ENGINE || !is_open(r)))
        return diag_set(&c->why, ERR_UNAVAILABLE, "the server is starting or stopping");
    return repeat_begin(c, begin_edit);
}

static struct call *new_call(struct server *s, struct http_request *req)
{
    struct call *c = mem_zalloc(sizeof *c);
    c->server = s;
    c->req = req;
    c->arena = arena_new();
    buf_init(&c->out, CALL_OUT_MAX);
    buf_init(&c->headers, 16 << 10);
    s->calls++;
    return c;
}

void call_inside(struct server *s, call_step run, void *end_data, void (*on_end)(struct call *c))
{
    struct call *c = new_call(s, NULL);
    c->end_data = end_data;
    c->on_end = on_end;
    (void)call_loop(c, run);
    advance(c);
}

void call_begin(struct server *s, struct http_request *req)
{
    str raw[ROUTE_PARAMS_MAX] = {0};
    struct call *c = new_call(s, req);
    u32 verbs;
    req->user = c;
    http_keep(req);
    c->route = find_route(req, req->verb, raw, &verbs);
    err e = c->route                 ? admit(c, raw)
            : !verbs && pages_fit(c) ? pages_send(c)
                                     : wrong_verb(c, verbs);
    if (e != ERR_OK) {
        put_problem(c, e);
        c->go = GO_NOWHERE;
    }
    if (c->go == GO_LOOP)
        run_next(c);
    else
        advance(c);
}

/* ---- for steps ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    char low = (char)(c | 32);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

err url_decode(str s, bool plus_is_space, struct arena *arena, str *out)
{
    char *p = arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            if (i + 2 >= s.n) return ERR_INVALID;
            int a = hex(s.p[i + 1]), b = hex(s.p[i + 2]);
            if (a < 0 || b < 0) return ERR_INVALID;
            c = (char)(a << 4 | b);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        p[n++] = c;
    }
    *out = (str){p, n};
    return memchr(p, 0, n) || !str_is_utf8(*out) ? ERR_INVALID : ERR_OK;
}

str call_query(struct call *c, const char *name)
{
    str rest = c->req->query, key = str_of(name), text = {0};
    while (rest.n > 0) {
        ptrdiff_t and = str_index(rest, '&');
        str pair = str_slice(rest, 0, and < 0 ? rest.n : (size_t) and);
        rest = str_slice(rest, pair.n + 1, rest.n);
        ptrdiff_t eq = str_index(pair, '=');
        if (eq < 0 || !str_eq(str_slice(pair, 0, (size_t)eq), key)) continue;
        if (url_decode(str_slice(pair, (size_t)eq + 1, pair.n), true, c->arena, &text) == ERR_OK)
            return text;
    }
    return (str){0};
}

err call_limit(struct call *c, u32 *out)
{
    str text = call_query(c, "limit");
    i64 n = 100;
    if (text.n && (str_to_i64(text, &n) != ERR_OK || n < 1 || n > PAGE_ROWS_MAX))
        return diag_at(&c->why, ERR_INVALID, S("limit"), "limit is a number from 1 to %d",
                       PAGE_ROWS_MAX);
    *out = (u32)n;
    return ERR_OK;
}

err call_number_cursor(struct call *c, i64 *out)
{
    str text = call_query(c, "cursor");
    *out = INT64_MAX;
    if (!text.n || (str_to_i64(text, out) == ERR_OK && *out >= 0)) return ERR_OK;
    return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
}

err call_time(struct call *c, const char *name, i64 otherwise, i64 *out)
{
    str text = call_query(c, name);
    iso_time t;
    *out = otherwise;
    if (!text.n) return ERR_OK;
    if (!iso_parse(text, &t))
        return diag_at(&c->why, ERR_INVALID, str_of(name),
                       "a moment is needed, such as 2026-06-01T00:00:00Z");
    *out = zone_resolve_iso(c->server->zone, &t);
    return ERR_OK;
}

err call_text(struct call *c, const char *name, str *out)
{
    *out = json_get_str(c->body, name, (str){0});
    if (out->n) return ERR_OK;
    char path[64] = "/";
    strncat(path, name, sizeof path - 2);
    return diag_at(&c->why, ERR_REFUSED, str_of(path), "\"%s\" is needed, as a text", name);
}

err call_append(struct call *c, u16 kind, str payload, u64 *number)
{
    struct record r = {
        .kind = kind, .level = ENGINE_LEVEL, .occurred_ms = NEVER, .payload = payload};
    struct buf b;
    MUST(c->at == AT_ENGINE);
    buf_init(&b, RECORD_BYTES_MAX + 4096);
    record_put(&b, &r);
    err e = b.full ? ERR_TOO_LARGE
                   : log_append(engine_log(c->server->engine), buf_str(&b), 1, false, number);
    buf_clear(&b);
    if (e != ERR_OK) diag_set(&c->why, e, "it cannot be written to the log now");
    return e;
}

void call_items_begin(struct call *c)
{
    buf_put(&c->out, S("{\"items\":["));
}

void call_items_end(struct call *c, str next)
{
    buf_byte(&c->out, ']');
    if (next.n) json_put_kv_str(&c->out, S("next"), next);
    buf_byte(&c->out, '}');
}

void call_header(struct call *c, const char *name, str text)
{
    buf_put(&c->headers, str_of(name));
    buf_put(&c->headers, S(": "));
    buf_put(&c->headers, text);
    buf_put(&c->headers, S("\r\n"));
}

void json_put_kv_time(struct buf *b, str key, i64 ms)
{
    if (ms == 0 || ms == NEVER || ms == INT64_MIN) return;
    json_put_key(b, key);
    buf_byte(b, '"');
    iso_put(b, ms);
    buf_byte(b, '"');
}
