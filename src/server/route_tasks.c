/* route_tasks.c — what journeys and people ask people to do, and what came of it. */
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
    if (t->journey.n) json_put_kv_str(b, S("journey"), t->journey);
    if (t->step.n) json_put_kv_str(b, S("step"), t->step);
    if (t->owner.n) json_put_kv_str(b, S("owner"), t->owner);
    if (t->note.n) json_put_kv_str(b, S("note"), t->note);
    if (t->by.n) json_put_kv_str(b, S("by"), t->by);
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
    if (from.n && (str_to_i64(from, &start) != ERR_OK || start < 0 || start > UINT32_MAX))
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
    a->task.note = arena_str(c->arena, t->note);
    a->task.by = arena_str(c->arena, t->by);
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
    struct task_record r = {.task = c->params[0],
                            .note = json_get_str(c->body, "note", S("")),
                            .by = str_of(c->who.name)};
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

/* ---- by hand ---- */

static err refuse(struct call *c, const char *path, const char *sentence)
{
    return diag_at(&c->why, ERR_REFUSED, str_of(path), "%s", sentence);
}

/* A text of the body within its limit; empty where there is none. */
static err short_text(struct call *c, const char *name, u32 max, str *out)
{
    const struct json *m = json_get(c->body, name);
    const char *path = arena_printf(c->arena, "/%s", name).p;
    *out = S("");
    if (!m || m->type == JSON_NULL) return ERR_OK;
    if (!json_is(m, JSON_STRING)) return refuse(c, path, "a text is needed");
    if (m->text.n > max)
        return diag_at(&c->why, ERR_REFUSED, str_of(path), "it has %u bytes at most", max);
    *out = m->text;
    return ERR_OK;
}

/* "due": "2d" from now, or a moment. */
static err read_due(struct call *c, i64 *due)
{
    struct engine *e = c->server->engine;
    i64 now = server_now(c->server);
    str text;
    duration d;
    iso_time at;
    *due = NEVER;
    TRY(short_text(c, "due", 64, &text));
    if (!text.n) return ERR_OK;
    if (duration_parse(text, &d) == ERR_OK) {
        *due = zone_add(engine_zone(e), now, d);
    } else if (iso_parse(text, &at)) {
        *due = zone_resolve_iso(engine_zone(e), &at);
    } else {
        return refuse(c, "/due", "a duration such as \"2d\" is needed, or a moment");
    }
    return *due >= now - DAY ? ERR_OK : refuse(c, "/due", "this moment is over");
}

static err read_outcomes(struct call *c, struct task_open_record *r)
{
    const struct json *list = json_get(c->body, "outcomes");
    if (!list || list->type == JSON_NULL) return ERR_OK;
    if (list->type != JSON_ARRAY) return refuse(c, "/outcomes", "a list of texts is needed");
    for (const struct json *m = list->child; m; m = m->next) {
        if (!json_is(m, JSON_STRING) || !m->text.n || m->text.n > TASK_OUTCOME_MAX)
            return refuse(c, "/outcomes", "each is a text of 1 to 256 bytes");
        if (r->outcome_count == TASK_OUTCOMES_MAX) return refuse(c, "/outcomes", "give 8 at most");
        r->outcomes[r->outcome_count++] = m->text;
    }
    return ERR_OK;
}

static err read_task(struct call *c, struct task_open_record *r)
{
    TRY(short_text(c, "kind", TASK_KIND_MAX, &r->kind));
    if (!r->kind.n) return refuse(c, "/kind", "what is to be done is needed, such as \"call\"");
    TRY(short_text(c, "owner", TASK_OWNER_MAX, &r->owner));
    TRY(short_text(c, "note", TASK_NOTE_MAX, &r->note));
    TRY(read_due(c, &r->due_ms));
    r->by = str_of(c->who.name);
    return read_outcomes(c, r);
}

/* With her identifiers in the header, so that the record is emptied when she is erased. */
static err append(struct call *c, const struct task_open_record *t, persona head, u64 *number)
{
    struct customers *cs = engine_customers(c->server->engine);
    struct record r = {.kind = RECORD_GIVE_, .level = ENGINE_LEVEL, .occurred_ms = NEVER};
    struct identifier_view id;
    struct buf payload, whole;
    for (u32 cursor = 0;
         r.id_count < RECORD_IDS_MAX && customer_identifier(cs, head, &cursor, &id);)
        if (!id.shared) r.ids[r.id_count++] = (struct record_id){id.hash, id.space};
    buf_init(&payload, RECORD_BYTES_MAX);
    buf_init(&whole, RECORD_BYTES_MAX + 4096);
    task_open_put(&payload, t);
    r.payload = buf_str(&payload);
    record_put(&whole, &r);
    err e = log_append(engine_log(c->server->engine), buf_str(&whole), 1, false, number);
    buf_clear(&payload);
    buf_clear(&whole);
    if (e != ERR_OK) diag_set(&c->why, e, "it cannot be written to the log now");
    return e;
}

static err show_opened(struct call *c)
{
    const u64 *number = c->data;
    struct task_info t;
    if (!task_given_within(engine_journeys(c->server->engine), event_order(*number, 0),
                           event_order(*number + 1, 0), &t))
        return diag_set(&c->why, ERR_CONFLICT,
                        "the customer is gone, or there are too many tasks: finish some first");
    c->status = 201;
    call_header(c, "Location", arena_printf(c->arena, "/api/v1/tasks/%.*s", TASK_ID_BYTES, t.id));
    put_task(c, &t, (str){0});
    return ERR_OK;
}

static err give(struct call *c)
{
    const struct json *who = json_get(c->body, "customer");
    struct engine *e = c->server->engine;
    struct task_open_record r = {0};
    u64 *number = arena_alloc(c->arena, sizeof *number);
    char id[CUSTOMER_ID_BYTES + 1];
    persona head = json_is(who, JSON_STRING) ? customer_of_ref(e, who->text) : 0;
    if (!head) return refuse(c, "/customer", "no customer, or more than one, has this reference");
    customer_id(engine_customers(e), head, id);
    r.customer = (str){id, CUSTOMER_ID_BYTES};
    TRY(read_task(c, &r));
    TRY(append(c, &r, head, number));
    c->data = number;
    return call_applied(c, *number, show_opened);
}

extern const struct route ROUTES_TASKS[];
const struct route ROUTES_TASKS[] = {
    {METHOD_GET, "/api/v1/tasks", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/tasks", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE, give},
    {METHOD_GET, "/api/v1/tasks/{id}", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, get_one},
    {METHOD_POST, "/api/v1/tasks/{id}/outcome", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE,
     outcome},
    {0}};
