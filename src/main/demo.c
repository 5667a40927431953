/* demo.c — beckon demo: an invented shop to look at, by the API of the server that has the
 * directory, else of one that runs for this command alone.
 *
 *   demo_shop ─► two imports of history (they trigger nothing) ─► playbooks as drafts, segments
 *   DIR/demo.json says what was made; --remove takes exactly that away. */
#include "base/json.h"
#include "main/api.h"
#include "main/commands.h"
#include "main/demo_shop.h"
#include "server/server.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

enum { ROWS_BYTES_MAX = 512 << 20, LIST_MAX = 4096, PARTS = 4 };
#define DEMO_SEED 20260101

static const char *const SEGMENTS[][2] = {
    {"demo-regulars",
     "{\"id\":\"demo-regulars\",\"name\":{\"zh\":\"常客：买过三单\",\"en\":\"Regulars: three "
     "orders\"},\"if\":{\"did\":\"Order "
     "Completed\",\"net\":true,\"count\":{\"op\":\">=\",\"value\":"
     "3}}}"},
    {"demo-open-cart",
     "{\"id\":\"demo-open-cart\",\"name\":{\"zh\":\"三天内加购未下单\",\"en\":\"A cart of the last "
     "three days, no order\"},\"if\":{\"all\":[{\"did\":\"Product Added\",\"within\":\"3d\"},"
     "{\"not\":{\"did\":\"Order Completed\",\"within\":\"3d\"}}]}}"}};

struct demo {
    struct api api;
    const char *dir, *base;
    bool remove;
    struct server *server; /* of our own, or NULL */
    struct arena *arena;
    /* What was made: lists of quoted texts, as they stand in demo.json. */
    struct buf imports, playbooks, segments;
    bool named; /* the workspace got its name from us */
    u32 kept;   /* of what is in use */
    i64 customers, events;
    err result;
    struct diag why;
};

/* ---- what was made ---- */

static void note_path(const struct demo *d, char out[4096])
{
    snprintf(out, 4096, "%s/demo.json", d->dir);
}

static void put_list(struct buf *b, const char *name, const struct buf *list)
{
    json_put_key(b, str_of(name));
    buf_byte(b, '[');
    buf_put(b, buf_str(list));
    buf_byte(b, ']');
}

static void add_to(struct buf *list, str text)
{
    json_put_comma(list);
    json_put_str(list, text);
}

static err write_file(const char *path, str text)
{
    struct file *f;
    TRY(env_open(env_real(), path, FILE_CREATE, &f));
    err e = file_write(f, 0, text.p, text.n); /* it only ever grows */
    if (e == ERR_OK) e = file_sync(f);
    file_close(f);
    return e;
}

/* After each step, so that what a crash leaves can be removed. */
static err note(struct demo *d)
{
    char path[4096];
    struct buf b;
    note_path(d, path);
    buf_init(&b, 4 * LIST_MAX);
    buf_byte(&b, '{');
    put_list(&b, "imports", &d->imports);
    put_list(&b, "playbooks", &d->playbooks);
    put_list(&b, "segments", &d->segments);
    json_put_kv_bool(&b, S("named"), d->named);
    buf_put(&b, S("}\n"));
    err e = write_file(path, buf_str(&b));
    buf_clear(&b);
    return e == ERR_OK ? e : diag_set(&d->why, e, "%s cannot be written", path);
}

static err read_note(struct demo *d, const struct json **out)
{
    char path[4096], *text = arena_alloc(d->arena, 4 * LIST_MAX);
    struct file *f;
    size_t n = 0;
    note_path(d, path);
    err e = env_open(env_real(), path, FILE_READ, &f);
    if (e != ERR_OK) return diag_set(&d->why, ERR_NOT_FOUND, "there is no demo in %s", d->dir);
    e = file_read(f, 0, text, 4 * LIST_MAX, &n);
    file_close(f);
    TRY(e);
    return json_parse((str){text, n}, d->arena, out, &d->why);
}

static err call(struct demo *d, const char *method, str path, str body)
{
    return api_call(&d->api, method, arena_str(d->arena, path).p, body, &d->why);
}

static err answer(struct demo *d, const struct json **out)
{
    return api_answer(&d->api, d->arena, out, &d->why);
}

/* ---- filling ---- */

struct written {
    struct buf rows[2]; /* by demo_kind */
    i64 count[2];
};

static bool take(void *ctx, demo_kind kind, str row)
{
    struct written *w = ctx;
    buf_put(&w->rows[kind], row);
    buf_byte(&w->rows[kind], '\n');
    w->count[kind]++;
    return !w->rows[kind].full;
}

static err import(struct demo *d, demo_kind kind, const struct buf *rows)
{
    const struct json *j;
    curl_mime *form = curl_mime_init(d->api.curl);
    curl_mimepart *p = curl_mime_addpart(form);
    curl_mime_name(p, "file");
    curl_mime_filename(p, kind == DEMO_CUSTOMER ? "demo-customers.ndjson" : "demo-events.ndjson");
    curl_mime_data(p, rows->p, rows->n);
    form_add(form, "kind", kind == DEMO_CUSTOMER ? "customers" : "events");
    form_add(form, "mode", "history");
    form_add(form, "mapping", demo_mapping(kind));
    err e = api_import(&d->api, form, &d->why);
    curl_mime_free(form);
    TRY(e);
    TRY(answer(d, &j));
    add_to(&d->imports, json_get_str(j, "id", (str){0}));
    TRY(note(d));
    if (str_eq(json_get_str(j, "status", (str){0}), S("done"))) return ERR_OK;
    return diag_set(&d->why, ERR_REFUSED, "the import failed: %.*s",
                    STR_ARG(json_get_str(j, "detail", (str){0})));
}

static err fill_customers(struct demo *d)
{
    struct written w = {0};
    for (u32 i = 0; i < COUNT_OF(w.rows); i++) buf_init(&w.rows[i], ROWS_BYTES_MAX);
    err e = ERR_OK;
    if (!demo_shop(DEMO_SEED, env_wall_ms(env_real()), DEMO_CUSTOMERS, take, &w))
        e = diag_set(&d->why, ERR_TOO_LARGE, "the demo's rows take too much memory");
    for (u32 kind = 0; kind < COUNT_OF(w.rows) && e == ERR_OK; kind++)
        e = import(d, (demo_kind)kind, &w.rows[kind]);
    d->customers = w.count[DEMO_CUSTOMER];
    d->events = w.count[DEMO_EVENT];
    for (u32 i = 0; i < COUNT_OF(w.rows); i++) buf_clear(&w.rows[i]);
    return e;
}

/* Name, zone and currency, unless the workspace has its own. Before anything is imported, since
 * days are cut in its zone. */
static err fill_settings(struct demo *d)
{
    const struct json *j;
    TRY(call(d, "GET", S("/api/v1/settings"), (str){0}));
    TRY(answer(d, &j));
    if (json_get_str(j, "name", S("")).n || json_get_str(j, "currency", S("")).n) return ERR_OK;
    d->named = true;
    TRY(call(d, "PATCH", S("/api/v1/settings"),
             S("{\"name\":\"清茶小铺 Clear "
               "Tea\",\"zone\":\"Asia/Shanghai\",\"currency\":\"CNY\",\"url\":"
               "\"https://shop.example\"}")));
    return note(d);
}

/* A journey that somebody has already, as a draft or live, stays as it is. */
static err install(struct demo *d, str id)
{
    err e = call(d, "GET", arena_printf(d->arena, "/api/v1/journeys/%.*s", STR_ARG(id)), (str){0});
    if (e != ERR_NOT_FOUND) return e;
    add_to(&d->playbooks, id);
    TRY(note(d));
    return call(d, "POST", arena_printf(d->arena, "/api/v1/playbooks/%.*s/install", STR_ARG(id)),
                S("{}"));
}

static err fill_playbooks(struct demo *d)
{
    const struct json *list, *items;
    TRY(call(d, "GET", S("/api/v1/playbooks"), (str){0}));
    TRY(answer(d, &list));
    items = json_get(list, "items");
    for (const struct json *p = items ? items->child : NULL; p; p = p->next)
        TRY(install(d, json_get_str(p, "id", (str){0})));
    return ERR_OK;
}

static err fill_segments(struct demo *d)
{
    for (size_t i = 0; i < COUNT_OF(SEGMENTS); i++) {
        err e = call(d, "POST", S("/api/v1/segments"), str_of(SEGMENTS[i][1]));
        if (e == ERR_CONFLICT) continue;
        TRY(e);
        add_to(&d->segments, str_of(SEGMENTS[i][0]));
        TRY(note(d));
    }
    return ERR_OK;
}

static err fill(struct demo *d)
{
    const struct json *j;
    if (read_note(d, &j) == ERR_OK)
        return diag_set(&d->why, ERR_CONFLICT,
                        "the demo is in %s already; beckon demo --remove takes it out", d->dir);
    d->why = (struct diag){0};
    TRY(fill_settings(d));
    TRY(fill_customers(d));
    TRY(fill_playbooks(d));
    return fill_segments(d);
}

/* ---- removing ---- */

/* What is gone is gone; what something else uses by now is kept. */
static err drop(struct demo *d, const char *kind, str id)
{
    err e =
        call(d, "DELETE", arena_printf(d->arena, "/api/v1/%s/%.*s", kind, STR_ARG(id)), (str){0});
    d->kept += e == ERR_CONFLICT;
    return e == ERR_CONFLICT || e == ERR_NOT_FOUND ? ERR_OK : e;
}

static err drop_all(struct demo *d, const char *kind, const struct json *objects)
{
    for (const struct json *o = objects ? objects->child : NULL; o; o = o->next)
        TRY(drop(d, kind, o->type == JSON_OBJECT ? json_get_str(o, "id", (str){0}) : o->text));
    return ERR_OK;
}

/* A journey that was published since is its publisher's, with all that it needs. */
static err uninstall(struct demo *d, str id)
{
    static const char *const KINDS[] = {"templates", "coupons", "segments"};
    const struct json *journey, *playbook;
    err e = call(d, "GET", arena_printf(d->arena, "/api/v1/journeys/%.*s", STR_ARG(id)), (str){0});
    if (e == ERR_OK) {
        TRY(answer(d, &journey));
        if (!str_eq(json_get_str(journey, "status", (str){0}), S("draft"))) {
            d->kept++;
            return ERR_OK;
        }
        TRY(drop(d, "journeys", id));
    } else if (e != ERR_NOT_FOUND) {
        return e;
    }
    TRY(call(d, "GET", arena_printf(d->arena, "/api/v1/playbooks/%.*s", STR_ARG(id)), (str){0}));
    TRY(answer(d, &playbook));
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        TRY(drop_all(d, KINDS[i], json_get(json_get(playbook, "bundle"), KINDS[i])));
    return ERR_OK;
}

/* The last first: events before the customers whose they are. */
static err undo_imports(struct demo *d, const struct json *id)
{
    if (!id) return ERR_OK;
    TRY(undo_imports(d, id->next));
    err e = api_import_undo(&d->api, id->text, &d->why);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static err take_out(struct demo *d)
{
    const struct json *made, *list;
    char path[4096];
    TRY(read_note(d, &made));
    list = json_get(made, "imports");
    TRY(undo_imports(d, list ? list->child : NULL));
    list = json_get(made, "playbooks");
    for (const struct json *p = list ? list->child : NULL; p; p = p->next)
        TRY(uninstall(d, p->text));
    TRY(drop_all(d, "segments", json_get(made, "segments")));
    if (json_get_bool(made, "named", false))
        TRY(call(d, "PATCH", S("/api/v1/settings"),
                 S("{\"name\":\"\",\"currency\":\"\",\"url\":\"\"}")));
    note_path(d, path);
    return env_remove(env_real(), path);
}

/* ---- the command ---- */

static void work(struct demo *d)
{
    d->arena = arena_new();
    buf_init(&d->imports, LIST_MAX);
    buf_init(&d->playbooks, LIST_MAX);
    buf_init(&d->segments, LIST_MAX);
    d->result = api_open(&d->api, d->dir, d->base, "beckon demo", scope_bit(SCOPE_ADMIN), &d->why);
    if (d->result == ERR_OK) d->result = d->remove ? take_out(d) : fill(d);
    api_close(&d->api);
    buf_clear(&d->imports);
    buf_clear(&d->playbooks);
    buf_clear(&d->segments);
    arena_free(d->arena);
}

static void *run_beside(void *ctx)
{
    struct demo *d = ctx;
    work(d);
    server_stop(d->server);
    return NULL;
}

struct beside {
    struct demo *demo;
    pthread_t thread;
    bool runs;
    char base[64];
};

static void on_ready(void *ctx, struct server *s)
{
    struct beside *b = ctx;
    snprintf(b->base, sizeof b->base, "http://127.0.0.1:%d", server_port(s));
    b->demo->base = b->base;
    b->demo->server = s;
    b->runs = pthread_create(&b->thread, NULL, run_beside, b->demo) == 0;
    if (b->runs) return;
    b->demo->result = diag_set(&b->demo->why, ERR_FULL, "no thread can be started");
    server_stop(s);
}

static err run(struct demo *d)
{
    struct beside b = {.demo = d};
    struct server_options so = {
        .dir = d->dir, .for_command = true, .on_ready = on_ready, .ctx = &b};
    struct diag why = {0};
    err e = server_run(env_real(), &so, &why);
    if (b.runs) pthread_join(b.thread, NULL);
    if (e == ERR_CONFLICT) {
        work(d);
        return d->result;
    }
    if (e == ERR_OK) return d->result;
    d->why = why;
    return e;
}

static void tell(const struct demo *d)
{
    bool served = d->server == NULL;
    if (d->remove) {
        printf("The demo is gone: its customers, events, drafts and segments.\n");
        if (d->kept) printf("%u of its parts are in use by now and were kept.\n", d->kept);
        return;
    }
    printf("%lld customers and %lld events of 90 days are in %s, as imports; nothing was sent.\n"
           "The six playbooks are drafts: publish the one you like.\n\n",
           (long long)d->customers, (long long)d->events, d->dir);
    if (served)
        printf("  open the page of the server that runs, or ask its API:\n");
    else
        printf("  beckon serve --data %s        then open http://127.0.0.1:8080\n", d->dir);
    printf("  KEY=$(beckon key create --data %s --name me)\n"
           "  curl -H \"Authorization: Bearer $KEY\" 127.0.0.1:8080/api/v1/customers?limit=5\n"
           "  beckon demo --remove --data %s        takes it all out again\n",
           d->dir, d->dir);
}

int command_demo(struct options *o)
{
    struct demo d = {0};
    d.dir = option_text(o, "data");
    d.remove = option_flag(o, "remove");
    if (!options_done(o)) return 2;
    if (!d.dir) d.dir = "data";
    umask(0077);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    err e = run(&d);
    curl_global_cleanup();
    if (e != ERR_OK) return failure(e, &d.why);
    tell(&d);
    return 0;
}
