/* route_tasks.c — what journeys ask people to do, and what came of it. */
#include "server/show.h"

static str id_of(struct call *c, persona head)
{
    char id[33];
    customer_id(engine_customers(c->server->engine), head, id);
    return arena_str(c->arena, (str){id, 32});
}

/* `outcome` stands in for one that has not been written into `t`. */
static void put_task(struct call *c, const struct task_info *t, str outcome)
{
    struct buf *b = &c->out;
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), (str){t->id, TASK_ID_BYTES});
    json_put_kv_str(b, S("status"), t->done || outcome.n ? S("done") : S("open"));
    json_put_kv_str(b, S("kind"), t->kind);
    json_put_kv_str(b, S("customer"), id_of(c, t->head));
    json_put_kv_str(b, S("journey"), t->journey);
    json_put_kv_str(b, S("step"), t->step);
    if (t->owner.n) json_put_kv_str(b, S("owner"), t->owner);
    json_put_key(b, S("outcomes"));
    buf_byte(b, '[');
    for (u32 i = 0; i < t->outcome_count; i++) {
        json_put_comma(b);
        json_put_str(b, t->outcomes[i]);
    }
    buf_byte(b, ']');
    if (outcome.n || t->outcome.n)
        json_put_kv_str(b, S("outcome"), outcome.n ? outcome : t->outcome);
    json_put_kv_time(b, S("opened_at"), t->opened_ms);
    json_put_kv_time(b, S("due_at"), t->due_ms);
    buf_byte(b, '}');
}

/* ---- reading ---- */

static bool is_asked(struct call *c, const struct task_info *t)
{
    str status = call_query(c, "status"), owner = call_query(c, "owner");
    if (owner.n && !str_eq(owner, t->owner)) return false;
    return status.n == 0 ? !t->done
                         : str_eq(status, S("all")) || t->done == str_eq(status, S("done"));
}

static err list(struct call *c)
{
    struct task_info t;
    str status = call_query(c, "status"), from = call_query(c, "cursor"), next = {0};
    i64 start = 0;
    u32 limit, n = 0;
    TRY(call_limit(c, &limit));
    if (status.n && !str_eq(status, S("open")) && !str_eq(status, S("done")) &&
        !str_eq(status, S("all")))
        return diag_at(&c->why, ERR_INVALID, S("/status"), "status is open, done or all");
    if (from.n && (str_to_i64(from, &start) != ERR_OK || start < 0 || start > TASKS_OPEN_MAX))
        return diag_at(&c->why, ERR_INVALID, S("/cursor"), "this cursor is none of ours");
    u32 cursor = (u32)start, last = cursor;
    call_items_begin(c);
    for (; task_next(engine_journeys(c->server->engine), &cursor, &t); last = cursor) {
        if (!is_asked(c, &t)) continue;
        if (n++ == limit) {
            next = arena_printf(c->arena, "%u", last);
            break;
        }
        json_put_comma(&c->out);
        put_task(c, &t, (str){0});
    }
    call_items_end(c, next);
    return ERR_OK;
}

static err find(struct call *c, struct task_info *t)
{
    if (task_find(engine_journeys(c->server->engine), c->params[0], t)) return ERR_OK;
    return diag_set(&c->why, ERR_NOT_FOUND, "there is no task of this id, or it was closed");
}

static err get_one(struct call *c)
{
    struct task_info t;
    TRY(find(c, &t));
    put_task(c, &t, (str){0});
    return ERR_OK;
}

/* ---- the outcome ---- */

struct asked {
    struct task_info task; /* as it was */
    str outcome;
};

static err show_outcome(struct call *c)
{
    const struct asked *a = c->data;
    struct task_info now;
    if (task_find(engine_journeys(c->server->engine), c->params[0], &now) &&
        !str_eq(now.outcome, a->outcome))
        return diag_set(&c->why, ERR_CONFLICT,
                        "somebody else was faster: the task is done already");
    put_task(c, &a->task, a->outcome);
    return ERR_OK;
}

static err keep(struct call *c, const struct task_info *t, str outcome)
{
    struct asked *a = arena_alloc(c->arena, sizeof *a);
    str *outcomes = arena_alloc(c->arena, t->outcome_count * sizeof *outcomes);
    *a = (struct asked){.task = *t, .outcome = outcome};
    for (u32 i = 0; i < t->outcome_count; i++) outcomes[i] = arena_str(c->arena, t->outcomes[i]);
    a->task.outcomes = outcomes;
    a->task.journey = arena_str(c->arena, t->journey);
    a->task.step = arena_str(c->arena, t->step);
    a->task.kind = arena_str(c->arena, t->kind);
    a->task.owner = arena_str(c->arena, t->owner);
    c->data = a;
    return ERR_OK;
}

static str joined_outcomes(struct call *c, const struct task_info *t)
{
    str all = S("");
    for (u32 i = 0; i < t->outcome_count; i++)
        all = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "",
                           STR_ARG(t->outcomes[i]));
    return all;
}

static err outcome(struct call *c)
{
    struct task_info t;
    struct task_record r = {.task = c->params[0], .note = json_get_str(c->body, "note", S(""))};
    struct buf b;
    u64 number;
    TRY(find(c, &t));
    TRY(call_text(c, "outcome", &r.outcome));
    if (t.done) return diag_set(&c->why, ERR_CONFLICT, "the task is done already");
    if (!task_allows(&t, r.outcome))
        return diag_at(&c->why, ERR_REFUSED, S("/outcome"),
                       "an outcome of this task is one of: %.*s", STR_ARG(joined_outcomes(c, &t)));
    if (r.outcome.n > TASK_OUTCOME_MAX)
        return diag_at(&c->why, ERR_REFUSED, S("/outcome"), "an outcome has 256 bytes at most");
    if (r.note.n > TASK_NOTE_MAX)
        return diag_at(&c->why, ERR_REFUSED, S("/note"), "a note has 4096 bytes at most");
    TRY(keep(c, &t, r.outcome));
    buf_init(&b, 8192);
    task_put(&b, &r);
    err e = call_append(c, RECORD_TASK_, buf_str(&b), &number);
    buf_clear(&b);
    return e == ERR_OK ? call_applied(c, number, show_outcome) : e;
}

extern const struct route ROUTES_TASKS[];
const struct route ROUTES_TASKS[] = {
    {METHOD_GET, "/api/v1/tasks", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, list},
    {METHOD_GET, "/api/v1/tasks/{id}", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, get_one},
    {METHOD_POST, "/api/v1/tasks/{id}/outcome", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE,
     outcome},
    {0}};
