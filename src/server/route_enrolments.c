/* route_enrolments.c — a journey's versions with what each changed, and who is in it. */
#include "server/json_diff.h"
#include "server/publish.h"
#include "server/show.h"

enum { ROWS_A_CALL = 200000, VERSIONS_MAX = 1000 };

static err find(struct call *c, struct journey_info *out)
{
    if (journey_find(engine_journeys(c->server->engine), c->params[0], out)) return ERR_OK;
    return diag_set(&c->why, ERR_NOT_FOUND, "there is no published journey of this id");
}

/* ---- versions ---- */

static const struct json *source_of(struct call *c, u32 version)
{
    const struct json *j = NULL;
    str source =
        version ? engine_object_version(c->server->engine, OBJECT_JOURNEY, c->params[0], version)
                : (str){0};
    if (source.n && json_parse(arena_str(c->arena, source), c->arena, &j, NULL) != ERR_OK) j = NULL;
    return j;
}

static u64 ended_of(const struct version_info *v)
{
    u64 n = 0;
    for (u32 i = 0; i < EXIT_COUNT; i++) n += v->ended[i];
    return n;
}

static void put_version(struct call *c, const struct version_info *v, bool live)
{
    struct buf *b = &c->out;
    const struct json *now = source_of(c, v->number), *before = source_of(c, v->number - 1);
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_i64(b, S("version"), v->number);
    json_put_kv_time(b, S("published_at"), v->live_ms);
    json_put_kv_bool(b, S("live"), live);
    json_put_kv_i64(b, S("entered"), (i64)v->entered);
    json_put_kv_i64(b, S("running"), max_i64((i64)v->entered - (i64)ended_of(v), 0));
    json_put_kv_bool(b, S("changes_known"), now && before);
    json_put_key(b, S("changes"));
    if (now && before)
        json_diff(before, now, b);
    else
        buf_put(b, S("[]"));
    buf_byte(b, '}');
}

static err versions(struct call *c)
{
    struct journey_info i;
    struct version_info *all = arena_alloc(c->arena, VERSIONS_MAX * sizeof *all), v;
    u32 n = 0, cursor = 0;
    TRY(find(c, &i));
    while (journey_next_version(engine_journeys(c->server->engine), i.code, &cursor, &v))
        all[n++ % VERSIONS_MAX] = v;
    call_items_begin(c);
    for (u32 k = 0; k < min_u32(n, VERSIONS_MAX); k++) {
        const struct version_info *x = &all[(n - 1 - k) % VERSIONS_MAX];
        put_version(c, x, x->number == i.version && !i.stopped);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err one_version(struct call *c)
{
    i64 number;
    if (str_to_i64(c->params[1], &number) != ERR_OK || number < 1 || number > UINT32_MAX)
        return diag_set(&c->why, ERR_NOT_FOUND, "a version is a number");
    str source =
        engine_object_version(c->server->engine, OBJECT_JOURNEY, c->params[0], (u32)number);
    if (!source.n)
        return diag_set(&c->why, ERR_NOT_FOUND, "this version is not kept; the last 50 are");
    object_begin(c, source);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* ---- enrolments ---- */

struct wanted {
    u32 journey;
    str step;
    i64 version; /* 0: any */
    bool running, ended;
};

static bool is_wanted(const struct wanted *w, const struct enrolment_info *x)
{
    bool ended = x->state == ENROLMENT_ENDED;
    return x->journey == w->journey && (ended ? w->ended : w->running) &&
           (!w->version || w->version == x->version) &&
           (!w->step.n || (!ended && str_eq(w->step, x->step)));
}

static str name_of_customer(struct call *c, persona head)
{
    struct identifier_view own;
    return customer_own_identifier(engine_customers(c->server->engine), head, &own) ? own.value
                                                                                    : (str){0};
}

static void put_enrolment(struct call *c, u32 row, const struct enrolment_info *x)
{
    static const char *const STATES[] = {"", "waiting", "sending", "ended"};
    struct buf *b = &c->out;
    char id[33];
    customer_id(engine_customers(c->server->engine), x->head, id);
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), arena_printf(c->arena, "%u", row));
    json_put_kv_str(b, S("customer"), (str){id, 32});
    json_put_kv_str(b, S("name"), name_of_customer(c, x->head));
    json_put_kv_i64(b, S("version"), x->version);
    json_put_kv_str(b, S("status"), str_of(STATES[x->state]));
    json_put_kv_str(b, S("step"), x->step);
    json_put_kv_time(b, S("entered_at"), x->entered_ms);
    json_put_kv_time(b, S("due_at"), x->due_ms);
    json_put_kv_time(b, S("ended_at"), x->ended_ms);
    if (x->exit) json_put_kv_str(b, S("ended_by"), exit_reason_text((exit_reason)x->exit));
    json_put_kv_bool(b, S("goal_reached"), x->reached);
    buf_byte(b, '}');
}

static err read_wanted(struct call *c, struct wanted *w)
{
    str status = call_query(c, "status"), version = call_query(c, "version");
    w->step = call_query(c, "step");
    w->running = !status.n || str_eq(status, S("running"));
    w->ended = !status.n || str_eq(status, S("ended"));
    if (!w->running && !w->ended)
        return diag_at(&c->why, ERR_INVALID, S("status"), "status is running or ended");
    if (version.n && (str_to_i64(version, &w->version) != ERR_OK || w->version < 1))
        return diag_at(&c->why, ERR_INVALID, S("version"), "a version is a number");
    return ERR_OK;
}

/* So many rows a call, whoever they are of: a page may be short, or empty, with more behind it. */
static err enrolments(struct call *c)
{
    struct wanted w = {0};
    struct journey_info i;
    struct enrolment_info x;
    struct journeys *js = engine_journeys(c->server->engine);
    i64 before;
    u32 limit, found = 0, looked = 0;
    TRY(find(c, &i));
    TRY(read_wanted(c, &w));
    TRY(call_limit(c, &limit));
    TRY(call_number_cursor(c, &before));
    w.journey = i.code;
    u32 row = (u32)min_i64(before, journeys_enrolments(js));
    call_items_begin(c);
    while (row > 1 && found < limit && looked++ < ROWS_A_CALL)
        if (enrolment_read(js, --row, &x) && is_wanted(&w, &x)) {
            put_enrolment(c, row, &x);
            found++;
        }
    call_items_end(c, row > 1 ? arena_printf(c->arena, "%u", row) : (str){0});
    return ERR_OK;
}

#define PATH "/api/v1/journeys/{id}"
extern const struct route ROUTES_ENROLMENTS[];
const struct route ROUTES_ENROLMENTS[] = {
    {METHOD_GET, PATH "/versions", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, versions},
    {METHOD_GET, PATH "/versions/{version}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     one_version},
    {METHOD_GET, PATH "/enrolments", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, enrolments},
    {0}};
