/* demo.c — /api/v1/demo: an invented shop to look at, put in and taken out by a page.
 *
 *   POST, DELETE ─► `beckon demo [--remove]` as a child, which asks this server like any caller
 *   GET          ─► how it stands; what the child said last, if it failed */
#include "server/demo.h"

#include "server/call.h"
#include "server/session.h"

#include <stdio.h>
#include <string.h>

enum { DEMO_SAID_MAX = 1024 };

/* Lives as long as the server once a page has asked; its handles are closed between two runs. */
struct demo {
    struct server *server;
    uv_process_t process;
    uv_pipe_t says;
    bool runs, removes, failed;
    u32 open; /* handles */
    u32 said_n;
    char said[DEMO_SAID_MAX], part[256];
};

static void closed(uv_handle_t *h)
{
    struct demo *d = h->data;
    d->open--;
}

static void on_exit_(uv_process_t *p, int64_t status, int signal)
{
    struct demo *d = p->data;
    d->failed = status != 0 || signal != 0;
    d->runs = false;
    uv_close((uv_handle_t *)p, closed);
}

static void room(uv_handle_t *h, size_t want, uv_buf_t *out)
{
    struct demo *d = h->data;
    (void)want;
    *out = uv_buf_init(d->part, sizeof d->part);
}

static void on_said(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct demo *d = stream->data;
    if (n < 0) {
        uv_close((uv_handle_t *)stream, closed);
        return;
    }
    size_t take = (size_t)n < DEMO_SAID_MAX - d->said_n ? (size_t)n : DEMO_SAID_MAX - d->said_n;
    memcpy(d->said + d->said_n, bytes->base, take);
    d->said_n += (u32)take;
}

static err start(struct demo *d, bool removes, struct diag *why)
{
    struct server *s = d->server;
    const char *program = s->options.program ? s->options.program : "/proc/self/exe";
    char name[] = "beckon", command[] = "demo", data[] = "--data", remove[] = "--remove", dir[4096];
    char *args[] = {name, command, data, dir, removes ? remove : NULL, NULL};
    uv_stdio_container_t io[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&d->says}};
    uv_process_options_t o = {.file = program,
                              .args = args,
                              .exit_cb = on_exit_,
                              .stdio = io,
                              .stdio_count = COUNT_OF(io)};
    snprintf(dir, sizeof dir, "%s", s->options.dir);
    uv_pipe_init(&s->loop, &d->says, 0);
    d->says.data = d->process.data = d;
    d->open = 2;
    d->said_n = 0;
    d->removes = removes;
    d->failed = false;
    int e = uv_spawn(&s->loop, &d->process, &o);
    d->runs = e == 0;
    if (e == 0) {
        uv_read_start((uv_stream_t *)&d->says, room, on_said);
        return ERR_OK;
    }
    uv_close((uv_handle_t *)&d->says, closed);
    uv_close((uv_handle_t *)&d->process, closed);
    return diag_set(why, ERR_IO, "the demo cannot be started: %s", uv_strerror(e));
}

void demo_end(struct server *s)
{
    if (!s->demo) return;
    if (s->demo->runs) uv_process_kill(&s->demo->process, SIGTERM);
}

/* ---- what a page is told ---- */

static bool goes_on(const struct demo *d)
{
    return d && (d->runs || d->open > 0);
}

static err show(struct call *c)
{
    const struct demo *d = c->server->demo;
    bool there = session_is_demo(c->server);
    str said = d ? (str){d->said, d->said_n} : (str){0};
    while (said.n && (said.p[said.n - 1] == '\n' || said.p[said.n - 1] == ' ')) said.n--;
    if (str_starts(said, S("beckon: "))) said = str_slice(said, 8, said.n);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("status"),
                    goes_on(d)       ? d->removes ? S("removing") : S("filling")
                          : d && d->failed ? S("failed")
                    : there          ? S("ready")
                                     : S("none"));
    json_put_kv_bool(&c->out, S("there"), there);
    if (d && d->failed && !goes_on(d) && said.n) json_put_kv_str(&c->out, S("detail"), said);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err run(struct call *c, bool removes)
{
    struct server *s = c->server;
    if (!s->demo) {
        s->demo = mem_zalloc(sizeof *s->demo);
        s->demo->server = s;
    }
    if (goes_on(s->demo)) return show(c);
    s->demo->failed = false;
    if (session_is_demo(s) == removes) {
        TRY(start(s->demo, removes, &c->why));
        c->status = 202;
    }
    return show(c);
}

static err fill(struct call *c)
{
    return run(c, false);
}

static err take_out(struct call *c)
{
    return run(c, true);
}

extern const struct route ROUTES_DEMO[];
const struct route ROUTES_DEMO[] = {
    {METHOD_GET, "/api/v1/demo", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, show},
    {METHOD_POST, "/api/v1/demo", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, fill},
    {METHOD_DELETE, "/api/v1/demo", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, take_out},
    {0}};
