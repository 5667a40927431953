/* imports.c — the thread of imports: what is asked for becomes a job, jobs become records. */
#include "server/crew.h"
#include "server/imports_inside.h"
#include "server/show.h"

#include <stdlib.h>

enum { JOBS_MAX = 4096, AHEAD = 4 /* chunks in the log that are not applied yet */ };

/* ---- the list ---- */

static void add(void *ctx, struct import_job *j)
{
    struct imports *x = ctx;
    if (x->count == JOBS_MAX) {
        import_job_free(j);
        return;
    }
    x->jobs[x->count++] = j;
}

static int by_age(const void *a, const void *b)
{
    const struct import_job *x = *(struct import_job *const *)a,
                            *y = *(struct import_job *const *)b;
    return (x->created_ms > y->created_ms) - (x->created_ms < y->created_ms);
}

void imports_begin(struct server *s)
{
    struct imports *x = mem_zalloc(sizeof *x);
    x->server = s;
    x->jobs = mem_zalloc(JOBS_MAX * sizeof *x->jobs);
    pthread_mutex_init(&x->lock, NULL);
    buf_init(&x->records, APPEND_BYTES_MAX);
    if (import_jobs_list(s->env, s->options.dir, add, x) != ERR_OK)
        server_log(s, "imports cannot be listed", "dir=%s/imports", s->options.dir);
    qsort(x->jobs, x->count, sizeof(struct import_job *), by_age);
    s->imports = x;
    postbox_ring(&s->import_post);
}

void imports_clear(struct server *s)
{
    struct imports *x = s->imports;
    if (!x) return;
    for (u32 i = 0; i < x->count; i++) import_job_free(x->jobs[i]);
    pthread_mutex_destroy(&x->lock);
    buf_clear(&x->records);
    free(x->jobs);
    free(x);
    s->imports = NULL;
}

struct import_job *imports_find(struct imports *x, str id)
{
    for (u32 i = 0; i < x->count; i++)
        if (str_eq(str_of(x->jobs[i]->id), id)) return x->jobs[i];
    return NULL;
}

bool imports_add(struct imports *x, struct import_job *j)
{
    pthread_mutex_lock(&x->lock);
    bool room = x->count < JOBS_MAX;
    if (room) x->jobs[x->count++] = j;
    pthread_mutex_unlock(&x->lock);
    return room;
}

void imports_put_live(struct server *s, struct buf *out)
{
    struct imports *x = s->imports;
    if (!x) return;
    pthread_mutex_lock(&x->lock);
    for (u32 i = 0; i < x->count; i++) {
        struct import_job *j = x->jobs[i];
        u32 now = (u32)(j->progress.position * 8) + (u32)j->status * 2 + j->undone;
        if (j->live_seen == now || (!j->live_seen && j->ended_ms)) continue;
        j->live_seen = now;
        buf_put(out, S("event: import\ndata: "));
        import_job_put(j, out, false);
        buf_put(out, S("\n\n"));
    }
    pthread_mutex_unlock(&x->lock);
}

/* ---- asking the engine ---- */

struct asking {
    struct server *server;
    str source;
    struct import_record record;
    u32 undone, end;
    bool found, tidying;
    const struct zone *zone; /* the workspace's, and where its phone numbers are from */
    str country;
    atomic_bool answered;
};

static void tell(void *ctx)
{
    struct asking *a = ctx;
    struct engine *e = a->server->engine;
    u32 code = names_find(engine_names(e), NAME_SOURCE, a->source);
    a->found = code && engine_import(e, code, &a->record, &a->undone);
    a->tidying = engine_tidying(e);
    a->end = customers_end(engine_customers(e));
    a->zone = engine_zone(e);
    a->country = phone_country(e);
    atomic_store(&a->answered, true);
    postbox_ring(&a->server->import_post);
}

/* What the engine knows of an import; false while the server stops. */
static bool ask(struct server *s, const struct import_job *j, struct asking *a)
{
    char source[IMPORT_ID_MAX + 16] = "import:";
    strncat(source, j->id, IMPORT_ID_MAX);
    *a = (struct asking){.server = s, .source = str_of(source)};
    postbox_post(&s->engine_post, tell, a);
    while (!atomic_load(&a->answered)) postbox_wait(&s->import_post, 5);
    a->source = (str){0};
    return true;
}

static bool stops(const struct server *s)
{
    return atomic_load(&s->stop_import);
}

/* Appends, and again while there is no room; false: the server stops, or the log cannot be written.
 */
static bool append(struct server *s, str records, u32 count, u64 *last)
{
    for (;;) {
        err e = log_append(engine_log(s->engine), records, count, false, last);
        if (e == ERR_OK) return true;
        if ((e != ERR_BUSY && e != ERR_FULL) || stops(s)) return false;
        postbox_wait(&s->import_post, e == ERR_FULL ? 500 : 5);
    }
}

static bool wait_applied(struct server *s, u64 number)
{
    while (engine_applied(s->engine) < number && !stops(s)) postbox_wait(&s->import_post, 5);
    return engine_applied(s->engine) >= number;
}

/* ---- a job ---- */

static bool on_zone(void *ctx, str name)
{
    struct server *s = ctx;
    u64 number;
    return engine_add_zone(s->engine, name, &number) == ERR_OK;
}

static void set_status(struct imports *x, struct import_job *j, job_status status)
{
    pthread_mutex_lock(&x->lock);
    j->status = status;
    pthread_mutex_unlock(&x->lock);
}

static void end(struct imports *x, struct import_job *j, job_status status, const struct diag *why)
{
    struct server *s = x->server;
    pthread_mutex_lock(&x->lock);
    import_job_end(j, s->env, s->options.dir, status, why);
    pthread_mutex_unlock(&x->lock);
    server_log(s, status == JOB_DONE ? "import done" : "import failed",
               "id=%s accepted=%llu rejected=%llu", j->id, (unsigned long long)j->progress.accepted,
               (unsigned long long)j->progress.rejected);
    x->at = NULL;
    if (!j->on_end) return;
    struct buf b;
    buf_init(&b, JOB_TEXT_MAX * 2);
    import_job_put(j, &b, true);
    j->on_end(j->on_end_ctx, status == JOB_DONE, buf_str(&b));
    buf_clear(&b);
}

err server_import(struct server *s, str asked, void (*on_end)(void *ctx, bool done, str shown),
                  void *ctx, struct diag *why)
{
    struct import_job *j;
    char id[IMPORT_ID_MAX + 1];
    import_job_id(s->env, id);
    TRY(import_job_new(s->env, s->options.dir, str_of(id), asked, &j, why));
    j->on_end = on_end;
    j->on_end_ctx = ctx;
    if (!imports_add(s->imports, j)) {
        import_job_free(j);
        return diag_set(why, ERR_LIMIT, "there are too many imports");
    }
    postbox_ring(&s->import_post);
    return ERR_OK;
}

/* A command has all cores; beside live traffic a file is read by one thread. */
static void share(void *ctx, u32 n, void (*run)(void *work, u32 piece, u32 worker), void *work)
{
    struct server *s = ctx;
    crew_each(s->crew, n, run, work);
}

MUST_USE static err begin_run(struct imports *x, struct import_job *j, struct diag *why)
{
    struct server *s = x->server;
    struct asking a;
    struct import_world w = {.env = s->env,
                             .names = engine_names(s->engine),
                             .key = s->key,
                             .zoneinfo = s->options.zoneinfo,
                             .on_zone = on_zone,
                             .chunk_rows = s->options.for_command ? IMPORT_CHUNK_ROWS_ALONE : 0,
                             .share = s->options.for_command ? share : NULL,
                             .workers = crew_size(s->crew),
                             .ctx = s};
    ask(s, j, &a);
    w.zone = a.zone;
    w.phone_country = a.country;
    pthread_mutex_lock(&x->lock);
    j->status = JOB_RUNNING;
    err e = ERR_OK;
    if (!a.found || a.record.state == IMPORT_RUNNING)
        e = import_job_begin(j, &w, s->options.dir, a.found ? &a.record : NULL, why);
    if (a.found) j->progress = a.record;
    pthread_mutex_unlock(&x->lock);
    memset(x->ahead, 0, sizeof x->ahead);
    return e;
}

static struct import_job *next_job(struct imports *x)
{
    struct import_job *found = NULL;
    pthread_mutex_lock(&x->lock);
    for (u32 i = 0; i < x->count && !found; i++)
        if (x->jobs[i]->status == JOB_QUEUED) found = x->jobs[i];
    pthread_mutex_unlock(&x->lock);
    return found;
}

/* A command has nothing else to do, and nobody does it later: it waits until what was brought lies
 * as it stays, and a snapshot has it. */
static void wait_tidy(struct server *s, const struct import_job *j)
{
    struct asking a = {.tidying = s->options.for_command && !j->request.dry_run};
    while (a.tidying && !stops(s)) {
        ask(s, j, &a);
        if (a.tidying) postbox_wait(&s->import_post, 10);
    }
}

/* One chunk. Not more than AHEAD of them wait for the engine, so that what is sent in live finds a
 * short queue. */
static void step(struct imports *x, struct import_job *j)
{
    struct server *s = x->server;
    struct diag why = {0};
    u32 count = 0;
    u64 last = x->ahead[(x->chunk + AHEAD - 1) % AHEAD];
    if (!wait_applied(s, x->ahead[x->chunk % AHEAD])) return;
    err e = j->run ? import_step(j->run, &x->records, &count, &why) : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND) {
        if (!wait_applied(s, last)) return;
        wait_tidy(s, j);
        end(x, j, JOB_DONE, NULL);
        return;
    }
    if (e != ERR_OK) {
        end(x, j, JOB_FAILED, &why);
        return;
    }
    if (count && !append(s, buf_str(&x->records), count, &x->ahead[x->chunk % AHEAD])) {
        x->at = NULL; /* the next start goes on with it */
        return;
    }
    if (count) x->chunk++;
    KILL_POINT(s->env, "import.chunk");
    pthread_mutex_lock(&x->lock);
    j->progress = *import_progress(j->run);
    pthread_mutex_unlock(&x->lock);
}

void imports_tidy(struct imports *x, i64 now)
{
    if (now < x->tidy_ms) return;
    x->tidy_ms = now + HOUR;
    pthread_mutex_lock(&x->lock);
    for (u32 i = 0; i < x->count; i++) {
        struct import_job *j = x->jobs[i];
        if (!j->ended_ms || now - j->ended_ms < IMPORT_CELLS_KEPT) continue;
        import_job_forget(j, x->server->env, x->server->options.dir);
    }
    pthread_mutex_unlock(&x->lock);
}

bool imports_step(struct server *s)
{
    struct imports *x = s->imports;
    struct diag why = {0};
    if (stops(s)) return false;
    if (!x->at) {
        imports_tidy(x, server_now(s));
        x->at = next_job(x);
        if (!x->at) return imports_undo_on(x);
        err e = begin_run(x, x->at, &why);
        if (e != ERR_OK) end(x, x->at, JOB_FAILED, &why);
        return true;
    }
    step(x, x->at);
    return true;
}

/* ---- taking back ---- */

enum { UNDO_PERSONAS = 1000 };

/* A range of personas at a time, each applied before the next. */
static bool undo_slice(struct imports *x, struct import_job *j, bool *done)
{
    struct server *s = x->server;
    struct asking a;
    struct buf b, payload;
    u64 last = 0;
    ask(s, j, &a);
    *done = !a.found || a.record.state == IMPORT_UNDONE;
    if (*done) return true;
    struct undo_record u = {a.record.source, a.undone ? a.undone : 1, 0};
    if (u.from + UNDO_PERSONAS < a.end) u.to = u.from + UNDO_PERSONAS;
    buf_init(&payload, 64);
    undo_put(&payload, &u);
    struct record r = {.kind = RECORD_UNDO_,
                       .level = ENGINE_LEVEL,
                       .occurred_ms = NEVER,
                       .payload = buf_str(&payload)};
    buf_init(&b, 4096);
    record_put(&b, &r);
    bool ok = append(s, buf_str(&b), 1, &last) && wait_applied(s, last);
    KILL_POINT(s->env, "import.undo");
    buf_clear(&b);
    buf_clear(&payload);
    return ok;
}

bool imports_undo(struct imports *x, struct import_job *j, i64 budget_ms)
{
    struct server *s = x->server;
    i64 until = env_mono_ns(s->env) + budget_ms * 1000000;
    bool done = false;
    while (!done && !stops(s) && env_mono_ns(s->env) < until)
        if (!undo_slice(x, j, &done)) break;
    if (!done) return false;
    pthread_mutex_lock(&x->lock);
    j->undoing = false;
    j->undone = true;
    j->status = JOB_DONE;
    import_job_save(j, s->env, s->options.dir);
    pthread_mutex_unlock(&x->lock);
    return true;
}

bool imports_undo_on(struct imports *x)
{
    struct import_job *found = NULL;
    for (u32 i = 0; i < x->count && !found; i++)
        if (x->jobs[i]->undoing) found = x->jobs[i];
    if (!found) return false;
    set_status(x, found, JOB_RUNNING);
    imports_undo(x, found, 50);
    return true;
}
