/* import.c — beckon import FILE: by the API of the server that has the directory, else on the
 * directory itself. */
#include "base/json.h"
#include "intake/text_encoding.h"
#include "main/api.h"
#include "main/commands.h"
#include "server/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct asked {
    const char *file, *kind, *mode, *mapping, *dir;
    const char *delimiter, *encoding, *sheet, *date_format, *zone, *event;
    bool dry_run, json;
};

/* ---- what is asked for ---- */

static void put_if(struct buf *b, const char *key, const char *text)
{
    if (text) json_put_kv_str(b, str_of(key), str_of(text));
}

static void put_options(struct buf *b, const struct asked *a)
{
    buf_byte(b, '{');
    put_if(b, "delimiter", a->delimiter);
    put_if(b, "encoding", a->encoding);
    put_if(b, "sheet", a->sheet);
    put_if(b, "date_format", a->date_format);
    put_if(b, "zone", a->zone);
    put_if(b, "event", a->event);
    buf_byte(b, '}');
}

/* A mapping stands on the command line, or in a file: @FILE. */
static err read_mapping(struct asked *a, struct arena *arena, struct diag *why)
{
    struct file *f;
    size_t n = 0;
    if (!a->mapping || *a->mapping != '@') return ERR_OK;
    char *text = arena_alloc(arena, (1 << 20) + 1);
    err e = env_open(env_real(), a->mapping + 1, FILE_READ, &f);
    if (e != ERR_OK) return diag_set(why, e, "%s cannot be read", a->mapping + 1);
    e = file_read(f, 0, text, 1 << 20, &n);
    file_close(f);
    text[n] = 0;
    a->mapping = text;
    return e;
}

static err put_request(const struct asked *a, struct arena *arena, struct buf *b, struct diag *why)
{
    const struct json *mapping = NULL;
    char path[4096];
    if (!realpath(a->file, path)) return diag_set(why, ERR_NOT_FOUND, "%s is not there", a->file);
    if (a->mapping && json_parse(str_of(a->mapping), arena, &mapping, why) != ERR_OK)
        return ERR_INVALID;
    const char *name = strrchr(path, '/');
    buf_byte(b, '{');
    put_if(b, "kind", a->kind);
    put_if(b, "mode", a->mode);
    json_put_kv_bool(b, S("dry_run"), a->dry_run);
    json_put_kv_str(b, S("file_name"), str_of(name ? name + 1 : path));
    json_put_kv_str(b, S("path"), str_of(path));
    json_put_kv_i64(b, S("created_at_ms"), env_wall_ms(env_real()));
    if (mapping) json_put_key(b, S("mapping")), json_put(b, mapping);
    json_put_key(b, S("options"));
    put_options(b, a);
    buf_byte(b, '}');
    return ERR_OK;
}

/* What the API shows, for a person or a program; the exit code. */
static int tell(const struct asked *a, str shown)
{
    struct arena *arena = arena_new();
    const struct json *j;
    int code = 1;
    if (json_parse(arena_str(arena, shown), arena, &j, NULL) == ERR_OK) {
        code = str_eq(json_get_str(j, "status", (str){0}), S("done")) ? 0 : 1;
        str detail = json_get_str(j, "detail", (str){0});
        const struct json *rows = json_get(j, "rows"), *bad = json_get(j, "rejected");
        if (!a->json && rows && bad)
            printf("%.*s: %.*s rows, %.*s rejected%s%.*s  (%.*s)\n",
                   STR_ARG(json_get_str(j, "status", (str){0})), STR_ARG(rows->text),
                   STR_ARG(bad->text), detail.n ? ": " : "", STR_ARG(detail),
                   STR_ARG(json_get_str(j, "id", (str){0})));
    }
    if (a->json) printf("%.*s\n", STR_ARG(shown));
    arena_free(arena);
    return code;
}

/* ---- on the directory itself ---- */

struct direct {
    const struct asked *asked;
    struct server *server;
    struct arena *arena;
    struct buf *request;
    pthread_t looker;
    bool looks, is_utf8;
    struct diag why;
    int code;
};

/* A file in UTF-8 is looked at to its first byte that is not ASCII, often to its end: meanwhile the
 * directory is opened. What else it is, or that it cannot be read, the import finds by itself. */
static void *look(void *ctx)
{
    struct direct *d = ctx;
    struct text_in *text;
    if (text_open(env_real(), d->asked->file, (str){0}, &text, NULL) != ERR_OK) return NULL;
    d->is_utf8 = strcmp(text_encoding(text), "UTF-8") == 0;
    text_close(text);
    return NULL;
}

static void look_end(struct direct *d)
{
    if (d->looks) pthread_join(d->looker, NULL);
    d->looks = false;
}

MUST_USE static err say_encoding(struct direct *d)
{
    struct asked a = *d->asked;
    look_end(d);
    if (!d->is_utf8) return ERR_OK;
    a.encoding = "utf-8";
    buf_reset(d->request);
    return put_request(&a, d->arena, d->request, &d->why);
}

static void on_end(void *ctx, bool done, str shown)
{
    struct direct *d = ctx;
    (void)done;
    d->code = tell(d->asked, shown);
    server_stop(d->server);
}

static void on_ready(void *ctx, struct server *s)
{
    struct direct *d = ctx;
    d->server = s;
    if (say_encoding(d) != ERR_OK ||
        server_import(s, buf_str(d->request), on_end, d, &d->why) != ERR_OK) {
        d->code = failure(d->why.code, &d->why);
        server_stop(s);
    }
}

static err run_direct(const struct asked *a, struct arena *arena, struct buf *request, int *code,
                      struct diag *why)
{
    struct direct d = {.asked = a, .arena = arena, .request = request, .code = 1};
    struct server_options so = {
        .dir = a->dir, .for_command = true, .on_ready = on_ready, .ctx = &d};
    d.looks = !a->encoding && pthread_create(&d.looker, NULL, look, &d) == 0;
    err e = server_run(env_real(), &so, why);
    look_end(&d);
    *code = d.code;
    return e;
}

/* ---- by the API ---- */

static curl_mime *form_of(const struct asked *a, CURL *owner)
{
    struct buf options;
    curl_mime *form = curl_mime_init(owner);
    curl_mimepart *p = curl_mime_addpart(form);
    curl_mime_name(p, "file");
    curl_mime_filedata(p, a->file);
    buf_init(&options, 4096);
    put_options(&options, a);
    buf_byte(&options, 0);
    form_add(form, "kind", a->kind);
    form_add(form, "mode", a->mode);
    form_add(form, "mapping", a->mapping);
    form_add(form, "dry_run", a->dry_run ? "true" : NULL);
    form_add(form, "options", options.p);
    buf_clear(&options);
    return form;
}

static err run_by_api(const struct asked *a, int *code, struct diag *why)
{
    struct api api;
    u32 scopes = scope_bit(SCOPE_CUSTOMERS_READ) | scope_bit(SCOPE_CUSTOMERS_WRITE);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    err e = api_open(&api, a->dir, NULL, "beckon import", scopes, why);
    if (e == ERR_OK) {
        curl_mime *form = form_of(a, api.curl);
        e = api_import(&api, form, why);
        curl_mime_free(form);
    }
    if (e == ERR_OK) *code = tell(a, buf_str(&api.answer));
    api_close(&api);
    curl_global_cleanup();
    return e;
}

/* ---- the command ---- */

static int run(struct asked *a)
{
    struct arena *arena = arena_new();
    struct diag why = {0}, taken = {0};
    struct buf request;
    int code = 1;
    buf_init(&request, 2 << 20);
    err e = read_mapping(a, arena, &why);
    if (e == ERR_OK) e = put_request(a, arena, &request, &why);
    if (e == ERR_OK) {
        e = run_direct(a, arena, &request, &code, &taken);
        if (e == ERR_CONFLICT)
            e = run_by_api(a, &code, &why);
        else
            why = taken;
    }
    if (e != ERR_OK) code = failure(e, &why);
    buf_clear(&request);
    arena_free(arena);
    return code;
}

int command_import(struct options *o)
{
    struct asked a = {.file = option_word(o)};
    a.kind = option_text(o, "kind");
    a.mode = option_text(o, "mode");
    a.mapping = option_text(o, "mapping");
    a.delimiter = option_text(o, "delimiter");
    a.encoding = option_text(o, "encoding");
    a.sheet = option_text(o, "sheet");
    a.date_format = option_text(o, "date-format");
    a.zone = option_text(o, "zone");
    a.event = option_text(o, "event");
    a.dir = option_text(o, "data");
    a.dry_run = option_flag(o, "dry-run");
    a.json = option_flag(o, "json");
    if (!options_done(o)) return 2;
    if (!a.file || !a.kind)
        return usage_error("import FILE --kind customers|events|orders [--mode history|live] "
                           "[--mapping JSON|@FILE] [--dry-run] [--delimiter C] [--encoding E] "
                           "[--sheet S] [--date-format F] [--zone Z] [--event NAME] [--data DIR]");
    if (!a.dir) a.dir = "data";
    umask(0077);
    return run(&a);
}
