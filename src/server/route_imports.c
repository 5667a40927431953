/* route_imports.c — /imports: files in, their progress, their errors, and back out again. */
#include "server/auth.h"
#include "server/imports_inside.h"
#include "server/multipart.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIELDS_MAX = 16, FIELD_BYTES_MAX = 1 << 20, ERRORS_MAX = 48 << 20, UNDO_WAIT_MS = 8000 };

/* ---- what is being sent ---- */

struct upload {
    struct server *server;
    struct multipart body;
    bool is_form, in_file, has_file;
    struct file *file;
    u64 size;
    err trouble;
    char id[IMPORT_ID_MAX + 1], file_name[256];
    struct arena *arena;
    struct {
        str name;
        size_t from;
    } fields[FIELDS_MAX];
    u32 count;
    struct buf texts; /* of the fields, one after the other */
};

bool imports_takes(const struct http_request *req)
{
    return req->verb == METHOD_POST && str_eq(req->path, S("/api/v1/imports"));
}

static void on_part(void *ctx, const struct multipart_part *part)
{
    struct upload *u = ctx;
    char path[4096];
    u->in_file = str_eq(part->name, S("file"));
    if (!u->in_file) {
        if (u->count == FIELDS_MAX) return;
        u->fields[u->count].name = arena_str(u->arena, part->name);
        u->fields[u->count++].from = u->texts.n;
        return;
    }
    if (u->has_file) {
        u->trouble = u->trouble ? u->trouble : ERR_INVALID;
        return;
    }
    u->has_file = true;
    size_t n = min_size(part->file_name.n, sizeof u->file_name - 1);
    while (n && n < part->file_name.n && (part->file_name.p[n] & 0xC0) == 0x80) n--;
    if (n) memcpy(u->file_name, part->file_name.p, n);
    err e = import_jobs_make_dir(u->server->env, u->server->options.dir);
    import_job_upload(u->server->options.dir, u->id, path);
    if (e == ERR_OK) e = env_open(u->server->env, path, FILE_NEW, &u->file);
    if (u->trouble == ERR_OK) u->trouble = e;
}

static void on_data(void *ctx, str data)
{
    struct upload *u = ctx;
    if (!u->in_file) {
        if (u->count) buf_put(&u->texts, data);
        return;
    }
    if (u->trouble != ERR_OK || !u->file) return;
    u->trouble = file_write(u->file, u->size, data.p, data.n);
    u->size += data.n;
}

void *imports_sink(void *server, const struct http_request *req)
{
    struct server *s = server;
    if (!imports_takes(req)) return NULL;
    struct upload *u = mem_zalloc(sizeof *u);
    struct multipart_handler h = {u, on_part, on_data};
    u->server = s;
    u->arena = arena_new();
    import_job_id(s->env, u->id);
    buf_init(&u->texts, FIELD_BYTES_MAX);
    bool allowed =
        s->state == SERVER_READY && auth_check(s, req, SCOPE_CUSTOMERS_WRITE, NULL) == ERR_OK;
    u->is_form = allowed && multipart_begin(&u->body, http_header(req, S("content-type")), &h);
    return u;
}

void imports_body(void *server, void *sink, str piece)
{
    struct upload *u = sink;
    (void)server;
    if (u->is_form && !u->body.problem) multipart_feed(&u->body, piece);
}

/* Frees it; what was written of its file goes, unless a job has it. */
static void drop(struct upload *u, bool keep)
{
    char path[4096];
    bool written = u->file != NULL;
    file_close(u->file);
    import_job_upload(u->server->options.dir, u->id, path);
    if (written && !keep && env_remove(u->server->env, path) != ERR_OK)
        server_log(u->server, "an upload cannot be removed", "id=%s", u->id);
    if (u->is_form) multipart_clear(&u->body);
    buf_clear(&u->texts);
    arena_free(u->arena);
    free(u);
}

void imports_body_gone(void *server, void *sink)
{
    (void)server;
    drop(sink, false);
}

/* ---- POST /imports ---- */

static str field(const struct upload *u, const char *name)
{
    for (u32 i = u->count; i-- > 0;) {
        size_t to = i + 1 < u->count ? u->fields[i + 1].from : u->texts.n;
        if (str_eq(u->fields[i].name, str_of(name)))
            return str_trim(str_slice(buf_str(&u->texts), u->fields[i].from, to));
    }
    return (str){0};
}

MUST_USE static err put_object(struct call *c, const struct upload *u, const char *name,
                               struct buf *b)
{
    const struct json *j;
    str text = field(u, name);
    char path[32];
    snprintf(path, sizeof path, "/%s", name);
    if (!text.n) return ERR_OK;
    if (json_parse(text, c->arena, &j, NULL) != ERR_OK || j->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, str_of(path), "%s has to be a JSON object", name);
    json_put_key(b, str_of(name));
    json_put(b, j);
    return ERR_OK;
}

/* The parts as the one document that is kept of the job. */
MUST_USE static err put_request(struct call *c, const struct upload *u, struct buf *b)
{
    str dry = field(u, "dry_run");
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(u->id));
    json_put_kv_str(b, S("kind"), field(u, "kind"));
    if (field(u, "mode").n) json_put_kv_str(b, S("mode"), field(u, "mode"));
    json_put_kv_bool(b, S("dry_run"), str_eq_nocase(dry, S("true")) || str_eq(dry, S("1")));
    json_put_kv_str(b, S("file_name"), str_of(u->file_name));
    json_put_kv_i64(b, S("created_at_ms"), server_now(c->server));
    TRY(put_object(c, u, "mapping", b));
    TRY(put_object(c, u, "options", b));
    buf_byte(b, '}');
    return b->full ? ERR_TOO_LARGE : ERR_OK;
}

MUST_USE static err check(struct call *c, const struct upload *u)
{
    if (!u->is_form)
        return diag_set(&c->why, ERR_INVALID,
                        "send multipart/form-data with the parts file and kind");
    if (u->body.problem)
        return diag_set(&c->why, ERR_INVALID, "the form cannot be read: %s", u->body.problem);
    if (!multipart_is_whole(&u->body))
        return diag_set(&c->why, ERR_INVALID, "the form ends too soon");
    if (u->trouble == ERR_INVALID) return diag_set(&c->why, ERR_INVALID, "there are two files");
    if (u->trouble != ERR_OK) return diag_set(&c->why, u->trouble, "the file cannot be kept");
    if (!u->has_file)
        return diag_at(&c->why, ERR_REFUSED, S("/file"), "a part named file is needed");
    return u->texts.full ? diag_set(&c->why, ERR_TOO_LARGE, "the fields are too large") : ERR_OK;
}

static void put_job(struct call *c, struct import_job *j, bool whole)
{
    struct imports *x = c->server->imports;
    pthread_mutex_lock(&x->lock);
    import_job_put(j, &c->out, whole);
    pthread_mutex_unlock(&x->lock);
}

/* What was answered is kept: the file is synced before its job is there. */
static err keep(struct call *c)
{
    struct upload *u = c->data;
    struct server *s = c->server;
    struct import_job *j;
    struct buf b;
    buf_init(&b, JOB_TEXT_MAX);
    err e = file_sync(u->file);
    if (e != ERR_OK) diag_set(&c->why, e, "the file cannot be kept");
    if (e == ERR_OK) e = put_request(c, u, &b);
    if (e == ERR_OK)
        e = import_job_new(s->env, s->options.dir, str_of(u->id), buf_str(&b), &j, &c->why);
    buf_clear(&b);
    drop(u, e == ERR_OK);
    if (e != ERR_OK) return e;
    if (!imports_add(s->imports, j))
        return diag_set(&c->why, ERR_LIMIT, "there are too many imports");
    put_job(c, j, false);
    c->status = 202;
    return ERR_OK;
}

static err create_import(struct call *c)
{
    struct upload *u = c->req->sink;
    if (!u) return diag_set(&c->why, ERR_INVALID, "send multipart/form-data");
    TRY(check(c, u));
    c->req->sink = NULL;
    c->data = u;
    return call_import(c, keep);
}

/* ---- looking ---- */

MUST_USE static err find(struct call *c, struct import_job **out)
{
    struct imports *x = c->server->imports;
    pthread_mutex_lock(&x->lock);
    *out = imports_find(x, c->params[0]);
    pthread_mutex_unlock(&x->lock);
    return *out ? ERR_OK : diag_set(&c->why, ERR_NOT_FOUND, "there is no import of this id");
}

static err list_imports(struct call *c)
{
    struct imports *x = c->server->imports;
    u32 limit, from = 0;
    str cursor = call_query(c, "cursor"), next = {0};
    TRY(call_limit(c, &limit));
    call_items_begin(c);
    pthread_mutex_lock(&x->lock);
    while (cursor.n && from < x->count && !str_eq(str_of(x->jobs[x->count - 1 - from]->id), cursor))
        from++;
    for (u32 i = from; i < x->count; i++) {
        const struct import_job *j = x->jobs[x->count - 1 - i];
        if (i - from == limit) {
            next = arena_str(c->arena, str_of(j->id));
            break;
        }
        json_put_comma(&c->out);
        import_job_put(j, &c->out, false);
    }
    pthread_mutex_unlock(&x->lock);
    call_items_end(c, next);
    return ERR_OK;
}

static err get_import(struct call *c)
{
    struct import_job *j;
    TRY(find(c, &j));
    put_job(c, j, true);
    return ERR_OK;
}

/* The file of errors, as far as it is whole. */
static err get_errors(struct call *c)
{
    struct import_job *j;
    struct file *f;
    char path[4096];
    u64 size = 0;
    size_t got = 0;
    TRY(find(c, &j));
    if (j->ended_ms && server_now(c->server) - j->ended_ms >= IMPORT_CELLS_KEPT)
        return diag_set(&c->why, ERR_NOT_FOUND,
                        "the rows that were refused are kept for thirty days");
    c->type = S("text/csv; charset=utf-8");
    call_header(c, "Content-Disposition", S("attachment; filename=\"errors.csv\""));
    import_job_path(c->server->options.dir, j->id, "errors.csv", path);
    if (env_open(c->server->env, path, FILE_READ, &f) == ERR_OK) {
        err e = file_size(f, &size);
        char *to = e == ERR_OK ? buf_room(&c->out, min_size(size, ERRORS_MAX)) : NULL;
        if (to) e = file_read(f, 0, to, min_size(size, ERRORS_MAX), &got);
        if (to && e == ERR_OK) c->out.n += got;
        file_close(f);
    }
    if (!c->out.n) buf_put(&c->out, S("row,column,reason\r\n"));
    return ERR_OK;
}

/* ---- taking back ---- */

static err undo(struct call *c)
{
    struct imports *x = c->server->imports;
    struct import_job *j = c->data;
    pthread_mutex_lock(&x->lock);
    bool busy = j->status == JOB_QUEUED || j->status == JOB_RUNNING;
    bool nothing = j->request.dry_run;
    if (!busy && !nothing && !j->undone) {
        j->undoing = true;
        j->status = JOB_RUNNING;
        import_job_save(j, c->server->env, c->server->options.dir);
    }
    pthread_mutex_unlock(&x->lock);
    if (busy) return diag_set(&c->why, ERR_CONFLICT, "the import is still under way");
    if (nothing) return diag_set(&c->why, ERR_CONFLICT, "a dry run brought nothing");
    if (!j->undone && !imports_undo(x, j, UNDO_WAIT_MS)) c->status = 202;
    put_job(c, j, true);
    return ERR_OK;
}

static err undo_import(struct call *c)
{
    struct import_job *j;
    TRY(find(c, &j));
    c->data = j;
    return call_import(c, undo);
}

extern const struct route ROUTES_IMPORTS[];
const struct route ROUTES_IMPORTS[] = {
    {METHOD_POST, "/api/v1/imports", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_LOOP, create_import},
    {METHOD_GET, "/api/v1/imports", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_LOOP, list_imports},
    {METHOD_GET, "/api/v1/imports/{id}", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_LOOP, get_import},
    {METHOD_GET, "/api/v1/imports/{id}/errors", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_LOOP,
     get_errors},
    {METHOD_POST, "/api/v1/imports/{id}/undo", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_LOOP,
     undo_import},
    {0}};
