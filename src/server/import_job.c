/* import_job.c — files of imports, and what is shown. */
#include "server/import_job.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const STATUSES[] = {"queued", "running", "done", "failed"};
static const char *const KINDS[] = {"", "customers", "events", "orders"};

/* ---- paths ---- */

void import_job_path(const char *dir, const char *id, const char *name, char out[4096])
{
    if (name)
        snprintf(out, 4096, "%s/imports/%s/%s", dir, id, name);
    else
        snprintf(out, 4096, "%s/imports/%s", dir, id);
}

static void side_path(const char *dir, const char *id, const char *ending, char out[4096])
{
    snprintf(out, 4096, "%s/imports/%s.%s", dir, id, ending);
}

void import_job_upload(const char *dir, const char *id, char out[4096])
{
    side_path(dir, id, "upload", out);
}

err import_jobs_make_dir(struct env *env, const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/imports", dir);
    return env_make_dir(env, path);
}

static err make_job_dir(struct env *env, const char *dir, const char *id)
{
    char path[4096];
    TRY(import_jobs_make_dir(env, dir));
    import_job_path(dir, id, NULL, path);
    return env_make_dir(env, path);
}

void import_job_id(struct env *env, char out[IMPORT_ID_MAX + 1])
{
    u64 r;
    env_random(env, &r, sizeof r);
    snprintf(out, IMPORT_ID_MAX + 1, "imp_%012llx", (unsigned long long)(r >> 16));
}

/* ---- files ---- */

/* Beside, then renamed: either the old text or the new one is there. */
MUST_USE static err write_text(struct env *env, const char *dir, const char *id, const char *ending,
                               str text)
{
    char path[4096], beside[4096];
    struct file *f;
    side_path(dir, id, ending, path);
    side_path(dir, id, "new", beside);
    TRY(env_open(env, beside, FILE_CREATE, &f));
    err e = file_resize(f, 0);
    if (e == ERR_OK) e = file_write(f, 0, text.p, text.n);
    if (e == ERR_OK) e = file_sync(f);
    file_close(f);
    if (e == ERR_OK) e = env_rename(env, beside, path);
    snprintf(path, sizeof path, "%s/imports", dir);
    return e == ERR_OK ? env_sync_dir(env, path) : e;
}

MUST_USE static err read_text(struct env *env, const char *dir, const char *id, const char *ending,
                              struct arena *arena, str *out)
{
    char path[4096];
    struct file *f;
    size_t n = 0;
    side_path(dir, id, ending, path);
    TRY(env_open(env, path, FILE_READ, &f));
    u64 size = 0;
    err e = file_size(f, &size);
    if (e == ERR_OK && size > JOB_TEXT_MAX * 2) e = ERR_TOO_LARGE;
    char *p = e == ERR_OK ? arena_alloc(arena, size) : NULL;
    if (p) e = file_read(f, 0, p, size, &n);
    file_close(f);
    *out = (str){p, n};
    return e;
}

/* ---- making and loading ---- */

static struct import_job *make(str id)
{
    struct import_job *j = mem_zalloc(sizeof *j);
    memcpy(j->id, id.p, min_size(id.n, IMPORT_ID_MAX));
    j->arena = arena_new();
    buf_init(&j->preview, JOB_TEXT_MAX);
    return j;
}

MUST_USE static err take_request(struct import_job *j, str asked, struct diag *why)
{
    TRY(json_parse(arena_str(j->arena, asked), j->arena, &j->asked, why));
    TRY(import_request_read(j->asked, &j->request, why));
    j->request.id = str_of(j->id);
    j->created_ms = j->request.created_ms;
    j->path = json_get_str(j->asked, "path", (str){0});
    if (j->path.n) j->path = arena_str(j->arena, j->path);
    return ERR_OK;
}

err import_job_new(struct env *env, const char *dir, str id, str asked, struct import_job **out,
                   struct diag *why)
{
    struct import_job *j = make(id);
    err e = take_request(j, asked, why);
    if (e == ERR_OK) e = make_job_dir(env, dir, j->id);
    if (e == ERR_OK) e = write_text(env, dir, j->id, "json", asked);
    if (e != ERR_OK) {
        import_job_free(j);
        return diag_set(why, e, "the import cannot be kept in %s/imports", dir);
    }
    *out = j;
    return ERR_OK;
}

static u64 count_of(const struct json *j, const char *name)
{
    i64 n = 0;
    return json_get(j, name) && json_to_i64(json_get(j, name), &n) == ERR_OK && n > 0 ? (u64)n : 0;
}

static void take_result(struct import_job *j, const struct json *r)
{
    str detail = json_get_str(r, "detail", (str){0}),
        read_as = json_get_str(r, "read_as", (str){0});
    j->status = str_eq(json_get_str(r, "status", (str){0}), S("done")) ? JOB_DONE : JOB_FAILED;
    j->progress.accepted = count_of(r, "accepted");
    j->progress.rejected = count_of(r, "rejected");
    j->progress.warnings = count_of(r, "warnings");
    j->ended_ms = (i64)count_of(r, "ended_at_ms");
    j->undone = json_get_bool(r, "undone", false);
    j->undoing = json_get_bool(r, "undoing", false);
    if (j->undoing) j->status = JOB_RUNNING;
    snprintf(j->detail, sizeof j->detail, "%.*s", STR_ARG(detail));
    snprintf(j->read_as, sizeof j->read_as, "%.*s", STR_ARG(read_as));
    for (u32 i = 0; i < 2; i++) {
        const struct json *m = json_get(r, i ? "mapping" : "preview");
        if (!m) continue;
        json_put_key(&j->preview, m->key);
        json_put(&j->preview, m);
    }
}

err import_job_load(struct env *env, const char *dir, str id, struct import_job **out)
{
    struct import_job *j = make(id);
    const struct json *r;
    str text;
    err e = read_text(env, dir, j->id, "json", j->arena, &text);
    if (e == ERR_OK) e = take_request(j, text, NULL);
    if (e != ERR_OK) {
        import_job_free(j);
        return e;
    }
    if (read_text(env, dir, j->id, "result", j->arena, &text) == ERR_OK &&
        json_parse(text, j->arena, &r, NULL) == ERR_OK)
        take_result(j, r);
    *out = j;
    return ERR_OK;
}

void import_job_free(struct import_job *j)
{
    if (!j) return;
    import_close(j->run);
    buf_clear(&j->preview);
    arena_free(j->arena);
    free(j);
}

struct listing {
    struct env *env;
    const char *dir;
    void (*each)(void *ctx, struct import_job *j);
    void *ctx;
};

/* An upload that a crash cut short has no job: it goes. */
static void drop_orphan(const struct listing *l, str id)
{
    char plain[IMPORT_ID_MAX + 1] = "", path[4096];
    struct file *f;
    memcpy(plain, id.p, id.n);
    side_path(l->dir, plain, "json", path);
    if (env_open(l->env, path, FILE_READ, &f) == ERR_OK) {
        file_close(f);
        return;
    }
    side_path(l->dir, plain, "upload", path);
    if (env_remove(l->env, path) != ERR_OK) fprintf(stderr, "%s cannot be removed\n", path);
}

static void on_name(void *ctx, str name)
{
    struct listing *l = ctx;
    struct import_job *j;
    if (str_ends(name, S(".upload")) && name.n <= IMPORT_ID_MAX + 7)
        drop_orphan(l, str_slice(name, 0, name.n - 7));
    if (!str_ends(name, S(".json")) || name.n > IMPORT_ID_MAX + 5) return;
    if (import_job_load(l->env, l->dir, str_slice(name, 0, name.n - 5), &j) == ERR_OK)
        l->each(l->ctx, j);
}

err import_jobs_list(struct env *env, const char *dir,
                     void (*each)(void *ctx, struct import_job *j), void *ctx)
{
    struct listing l = {env, dir, each, ctx};
    char path[4096];
    snprintf(path, sizeof path, "%s/imports", dir);
    err e = env_list(env, path, on_name, &l);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- running ---- */

err import_job_begin(struct import_job *j, struct import_world *w, const char *dir,
                     const struct import_record *at, struct diag *why)
{
    char file[4096], work[4096];
    import_job_path(dir, j->id, NULL, work);
    side_path(dir, j->id, "upload", file);
    w->dir = work;
    TRY(import_open(w, &j->request, j->path.n ? j->path.p : file, &j->run, why));
    snprintf(j->read_as, sizeof j->read_as, "%.*s", STR_ARG(import_describe(j->run)));
    buf_reset(&j->preview);
    import_put_preview(j->run, &j->preview);
    return at && at->position ? import_resume(j->run, at, why) : ERR_OK;
}

static void put_result(const struct import_job *j, struct buf *b)
{
    buf_byte(b, '{');
    json_put_kv_str(b, S("status"), str_of(STATUSES[j->status]));
    json_put_kv_i64(b, S("accepted"), (i64)j->progress.accepted);
    json_put_kv_i64(b, S("rejected"), (i64)j->progress.rejected);
    json_put_kv_i64(b, S("warnings"), (i64)j->progress.warnings);
    json_put_kv_i64(b, S("ended_at_ms"), j->ended_ms);
    json_put_kv_bool(b, S("undone"), j->undone);
    json_put_kv_bool(b, S("undoing"), j->undoing);
    json_put_kv_str(b, S("detail"), str_of(j->detail));
    json_put_kv_str(b, S("read_as"), str_of(j->read_as));
    if (j->preview.n && !j->preview.full) {
        json_put_comma(b);
        buf_put(b, str_slice(buf_str(&j->preview), *j->preview.p == ',', j->preview.n));
    }
    buf_byte(b, '}');
}

void import_job_save(const struct import_job *j, struct env *env, const char *dir)
{
    struct buf b;
    buf_init(&b, JOB_TEXT_MAX * 2);
    put_result(j, &b);
    err e = write_text(env, dir, j->id, "result", buf_str(&b));
    if (e != ERR_OK) fprintf(stderr, "the result of import %s cannot be kept\n", j->id);
    buf_clear(&b);
}

static bool has_preview(const struct import_job *j)
{
    str shown = buf_str(&j->preview);
    return str_find(str_slice(shown, 0, 16), S("\"preview\":")) >= 0;
}

void import_job_forget(struct import_job *j, struct env *env, const char *dir)
{
    struct arena *arena = arena_new();
    const struct json *all, *mapping = NULL;
    struct buf b;
    char path[4096];
    import_job_path(dir, j->id, "errors.csv", path);
    (void)!env_remove(env, path); /* most have none */
    buf_init(&b, JOB_TEXT_MAX + 2);
    buf_byte(&b, '{');
    buf_put(&b, str_slice(buf_str(&j->preview), j->preview.n && *j->preview.p == ',', SIZE_MAX));
    buf_byte(&b, '}');
    if (has_preview(j)) {
        if (json_parse(buf_str(&b), arena, &all, NULL) == ERR_OK)
            mapping = json_get(all, "mapping");
        buf_reset(&j->preview);
        if (mapping) json_put_key(&j->preview, mapping->key), json_put(&j->preview, mapping);
        import_job_save(j, env, dir);
    }
    buf_clear(&b);
    arena_free(arena);
}

static void set_detail(struct import_job *j, const struct diag *why)
{
    struct buf b;
    buf_init(&b, sizeof j->detail - 1);
    if (why->path[0]) buf_printf(&b, "%s: ", why->path);
    buf_put(&b, str_of(why->message));
    str text = b.full ? str_of(why->message) : buf_str(&b);
    size_t n = min_size(text.n, sizeof j->detail - 1);
    memcpy(j->detail, text.p, n);
    j->detail[n] = 0;
    buf_clear(&b);
}

void import_job_end(struct import_job *j, struct env *env, const char *dir, job_status status,
                    const struct diag *why)
{
    char path[4096];
    import_close(j->run);
    j->run = NULL;
    j->status = status;
    j->ended_ms = env_wall_ms(env);
    if (why && why->message[0]) set_detail(j, why);
    import_job_save(j, env, dir);
    import_job_path(dir, j->id, NULL, path);
    import_clean(env, path);
    side_path(dir, j->id, "upload", path);
    if (env_remove(env, path) != ERR_OK) return; /* the command line reads the file where it is */
}

/* ---- showing ---- */

static void put_time(struct buf *b, str key, i64 ms)
{
    if (!ms) return;
    json_put_key(b, key);
    buf_byte(b, '"');
    iso_put(b, ms);
    buf_byte(b, '"');
}

void import_job_put(const struct import_job *j, struct buf *b, bool whole)
{
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(j->id));
    json_put_kv_str(b, S("status"), str_of(STATUSES[j->status]));
    json_put_kv_str(b, S("kind"), str_of(KINDS[j->request.kind]));
    json_put_kv_str(b, S("mode"), j->request.live ? S("live") : S("history"));
    json_put_kv_bool(b, S("dry_run"), j->request.dry_run);
    json_put_kv_str(b, S("file"), j->request.file_name);
    json_put_kv_i64(b, S("rows"), (i64)(j->progress.accepted + j->progress.rejected));
    json_put_kv_i64(b, S("accepted"), (i64)j->progress.accepted);
    json_put_kv_i64(b, S("rejected"), (i64)j->progress.rejected);
    json_put_kv_i64(b, S("warnings"), (i64)j->progress.warnings);
    json_put_kv_str(b, S("detail"), str_of(j->detail));
    json_put_kv_bool(b, S("undone"), j->undone);
    put_time(b, S("created_at"), j->created_ms);
    put_time(b, S("ended_at"), j->ended_ms);
    if (j->read_as[0]) json_put_kv_str(b, S("read_as"), str_of(j->read_as));
    if (whole && j->preview.n && !j->preview.full) {
        json_put_comma(b);
        buf_put(b, str_slice(buf_str(&j->preview), *j->preview.p == ',', j->preview.n));
    }
    buf_byte(b, '}');
}
