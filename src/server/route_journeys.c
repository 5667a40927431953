/* route_journeys.c — journeys: drafts in the back office, published versions in the log. */
#include "server/publish.h"
#include "server/show.h"

#define KIND S("journey")

static bool find(struct call *c, str id, struct journey_info *out)
{
    return journey_find(engine_journeys(c->server->engine), id, out);
}

static str status_of(const struct journey_info *i)
{
    return i->stopped ? S("stopped") : i->paused ? S("paused") : S("live");
}

static void put_tallies(struct buf *b, const struct journey_info *i)
{
    json_put_kv_i64(b, S("entered"), (i64)i->entered);
    json_put_kv_i64(b, S("refused"), (i64)i->refused);
    json_put_kv_i64(b, S("waiting"), (i64)i->waiting);
    json_put_kv_i64(b, S("done"), (i64)i->done);
}

void journey_put(struct call *c, str id, str draft)
{
    struct journey_info i = {0};
    struct engine *e = c->server->engine;
    bool live = find(c, id, &i);
    str source = live ? engine_object(e, OBJECT_JOURNEY, id, NULL) : (str){0};
    object_begin(c, draft.n ? draft : source);
    json_put_kv_str(&c->out, S("status"), live ? status_of(&i) : S("draft"));
    json_put_kv_i64(&c->out, S("version"), i.version);
    json_put_kv_bool(&c->out, S("changed"), draft.n > 0 && !str_eq(draft, source));
    if (live) {
        json_put_key(&c->out, S("percent"));
        fixed_put(&c->out, (fixed)i.percent * FIXED_ONE / 100);
    }
    put_tallies(&c->out, &i);
    buf_byte(&c->out, '}');
}

/* ---- reading ---- */

struct drafts {
    struct arena *arena;
    struct draft {
        struct draft *next;
        str id, source;
    } * first, **last;
};

static void collect(void *ctx, str id, str source)
{
    struct drafts *d = ctx;
    struct draft *x = arena_zalloc(d->arena, sizeof *x);
    x->id = arena_str(d->arena, id);
    x->source = arena_str(d->arena, source);
    *d->last = x;
    d->last = &x->next;
}

static bool is_draft(const struct drafts *d, str id)
{
    for (const struct draft *x = d->first; x; x = x->next)
        if (str_eq(x->id, id)) return true;
    return false;
}

static err list_all(struct call *c)
{
    enum { JOURNEYS = 4096 };
    struct drafts *d = c->data;
    struct engine *e = c->server->engine;
    u32 *codes = arena_alloc(c->arena, JOURNEYS * sizeof *codes);
    u32 n = engine_objects(e, OBJECT_JOURNEY, codes, JOURNEYS);
    call_items_begin(c);
    for (const struct draft *x = d->first; x; x = x->next) {
        json_put_comma(&c->out);
        journey_put(c, x->id, x->source);
    }
    for (u32 i = 0; i < n; i++) {
        str id = names_text(engine_names(e), NAME_OBJECT, codes[i]);
        if (is_draft(d, id)) continue;
        json_put_comma(&c->out);
        journey_put(c, id, (str){0});
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err list(struct call *c)
{
    struct drafts *d = arena_zalloc(c->arena, sizeof *d);
    d->arena = c->arena;
    d->last = &d->first;
    office_drafts(c->server->office, KIND, collect, d);
    c->data = d;
    return call_engine(c, list_all);
}

/* The draft lies in c->data, if there is one. */
static err show_one(struct call *c)
{
    str *draft = c->data, id = c->params[0];
    struct journey_info i;
    if ((!draft || draft->n == 0) && !find(c, id, &i))
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no journey of this id");
    journey_put(c, id, draft ? *draft : (str){0});
    return ERR_OK;
}

static void load_draft(struct call *c)
{
    str *draft = arena_alloc(c->arena, sizeof *draft);
    *draft = office_draft_get(c->server->office, KIND, c->params[0], c->arena);
    c->data = draft;
}

static err get_one(struct call *c)
{
    load_draft(c);
    return call_engine(c, show_one);
}

/* Names and numbers of those that are not 0. */
static void put_counts(struct buf *b, str key, const u64 *counts, u32 n, str (*text)(u32))
{
    json_put_key(b, key);
    buf_byte(b, '{');
    for (u32 i = 1; i < n; i++)
        if (counts[i]) json_put_kv_i64(b, text(i), (i64)counts[i]);
    buf_byte(b, '}');
}

static str refusal_name(u32 i)
{
    return entry_refusal_text((entry_refusal)i);
}

static str exit_name(u32 i)
{
    return exit_reason_text((exit_reason)i);
}

static str status_name(u32 i)
{
    return message_status_text((message_status)i);
}

/* How many of those who entered did what the journey is for. */
static void put_goal(struct buf *b, const struct version_info *v)
{
    fixed rate = v->entered ? (fixed)(v->reached * FIXED_ONE / v->entered) : 0;
    if (!v->has_goal) return;
    json_put_key(b, S("goal"));
    buf_byte(b, '{');
    json_put_kv_i64(b, S("reached"), (i64)v->reached);
    json_put_key(b, S("rate"));
    fixed_put(b, rate);
    json_put_key(b, S("target"));
    if (v->goal_target)
        fixed_put(b, v->goal_target);
    else
        buf_put(b, S("null"));
    buf_byte(b, '}');
}

static str refusal_name_of(u32 i)
{
    return refusal_text((refusal)i);
}

static void put_fates(struct buf *b, const struct version_info *v)
{
    put_goal(b, v);
    put_counts(b, S("refused_by"), v->refused, ENTRY_COUNT, refusal_name);
    put_counts(b, S("ended_by"), v->ended, EXIT_COUNT, exit_name);
    put_counts(b, S("messages"), v->messages, MESSAGE_STATUS_COUNT, status_name);
}

static void add_up(struct version_info *sum, const struct version_info *v)
{
    sum->entered += v->entered;
    sum->reached += v->reached;
    sum->has_goal |= v->has_goal;
    sum->goal_target = v->goal_target;
    for (u32 i = 0; i < ENTRY_COUNT; i++) sum->refused[i] += v->refused[i];
    for (u32 i = 0; i < EXIT_COUNT; i++) sum->ended[i] += v->ended[i];
    for (u32 i = 0; i < MESSAGE_STATUS_COUNT; i++) sum->messages[i] += v->messages[i];
}

/* ---- report ---- */

/* Cumulative: what was clicked was sent. An unsubscription or a complaint was sent, too. */
static u64 sent_of(const struct step_tally *t)
{
    u64 n = t->now[MESSAGE_BOUNCED] + t->now[MESSAGE_COMPLAINED] + t->now[MESSAGE_UNSUBSCRIBED];
    for (u32 s = MESSAGE_SENT; s <= MESSAGE_REPLIED; s++) n += t->now[s];
    return n;
}

static void put_messages(struct buf *b, const struct step_tally *t)
{
    json_put_kv_i64(b, S("planned"), (i64)t->planned);
    json_put_kv_i64(b, S("sent"), (i64)sent_of(t));
    put_counts(b, S("messages"), t->now, MESSAGE_STATUS_COUNT, status_name);
    put_counts(b, S("not_sent"), t->refused, REFUSAL_COUNT, refusal_name_of);
}

static void put_steps(struct call *c, const struct version_info *v)
{
    struct step_info step;
    u32 cursor = 0;
    json_put_key(&c->out, S("steps"));
    buf_byte(&c->out, '[');
    while (journey_next_step(engine_journeys(c->server->engine), v->index, &cursor, &step)) {
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("step"), step.step);
        json_put_kv_str(&c->out, S("kind"), step.kind);
        json_put_kv_i64(&c->out, S("came"), (i64)step.tally.came);
        json_put_kv_i64(&c->out, S("now"), (i64)step.tally.standing);
        if (step.template_id.n) {
            json_put_kv_str(&c->out, S("channel"), step.channel);
            json_put_kv_str(&c->out, S("template"), step.template_id);
            put_messages(&c->out, &step.tally);
        }
        buf_byte(&c->out, '}');
    }
    buf_byte(&c->out, ']');
}

/* From counters alone. */
static err report(struct call *c)
{
    struct journey_info i;
    struct version_info v, sum = {0};
    u32 cursor = 0;
    if (!find(c, c->params[0], &i))
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no published journey of this id");
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("id"), c->params[0]);
    json_put_kv_str(&c->out, S("status"), status_of(&i));
    json_put_kv_i64(&c->out, S("version"), i.version);
    put_tallies(&c->out, &i);
    json_put_key(&c->out, S("versions"));
    buf_byte(&c->out, '[');
    while (journey_next_version(engine_journeys(c->server->engine), i.code, &cursor, &v)) {
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_i64(&c->out, S("version"), v.number);
        json_put_kv_time(&c->out, S("published_at"), v.live_ms);
        json_put_kv_i64(&c->out, S("entered"), (i64)v.entered);
        put_fates(&c->out, &v);
        put_steps(c, &v);
        buf_byte(&c->out, '}');
        add_up(&sum, &v);
    }
    buf_byte(&c->out, ']');
    put_fates(&c->out, &sum);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* ---- writing drafts ---- */

static err keep_draft(struct call *c)
{
    str *draft = c->data;
    TRY(office_draft_put(c->server->office, KIND, c->params[0], *draft, server_now(c->server),
                         &c->why));
    return call_engine(c, show_one);
}

/* A draft is checked like a version, so that publishing it later meets no surprise. */
static err check_draft(struct call *c)
{
    str *draft = c->data;
    struct journey_info i;
    if (c->status == 201 && find(c, c->params[0], &i))
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a journey of this id");
    TRY(object_check(c, OBJECT_JOURNEY, *draft));
    return call_loop(c, keep_draft);
}

static err write_draft(struct call *c, str id)
{
    str *draft = arena_alloc(c->arena, sizeof *draft);
    c->params[0] = id;
    *draft = object_source(c, id);
    c->data = draft;
    return call_engine(c, check_draft);
}

static err create(struct call *c)
{
    str id;
    TRY(object_id(c, "journey", &id));
    if (office_draft_get(c->server->office, KIND, id, c->arena).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a draft of this id");
    c->status = 201;
    return write_draft(c, id);
}

static err replace(struct call *c)
{
    return write_draft(c, c->params[0]);
}

static err gone(struct call *c)
{
    err e = office_draft_delete(c->server->office, KIND, c->params[0], NULL);
    if (e == ERR_NOT_FOUND && !c->data)
        return diag_set(&c->why, e, "there is no journey of this id");
    return answer_nothing(c);
}

static err removed(struct call *c)
{
    c->data = c;
    return call_loop(c, gone);
}

static err drop(struct call *c)
{
    if (engine_object(c->server->engine, OBJECT_JOURNEY, c->params[0], NULL).n)
        return object_remove(c, OBJECT_JOURNEY, c->params[0], removed);
    return call_loop(c, gone);
}

/* ---- publishing and operating ---- */

static err publish_draft(struct call *c)
{
    str source = *(str *)c->data, id = c->params[0];
    if (source.n == 0) source = engine_object(c->server->engine, OBJECT_JOURNEY, id, NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no journey of this id");
    bool said = json_get(c->body, "running") || json_get(c->body, "continue_at");
    return object_publish_journey(c, arena_str(c->arena, source), said ? c->body : NULL, show_one);
}

static err publish(struct call *c)
{
    load_draft(c);
    return call_engine(c, publish_draft);
}

static err show_operated(struct call *c)
{
    c->data = NULL;
    return show_one(c);
}

static err operate(struct call *c, operate_what what, u32 percent)
{
    struct journey_info i;
    struct buf b;
    u64 number = 0;
    if (!find(c, c->params[0], &i))
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no published journey of this id");
    struct operate_record o = {.what = what, .code = i.code, .percent = percent};
    buf_init(&b, 256);
    operate_put(&b, &o);
    err e = call_append(c, RECORD_OPERATE_, buf_str(&b), &number);
    buf_clear(&b);
    return e == ERR_OK ? call_applied(c, number, show_operated) : e;
}

static err hold(struct call *c)
{
    return operate(c, OPERATE_PAUSE, 0);
}

static err resume(struct call *c)
{
    return operate(c, OPERATE_RESUME, 0);
}

static err stop(struct call *c)
{
    return operate(c, OPERATE_STOP, 0);
}

static err rollout(struct call *c)
{
    fixed percent;
    const struct json *j = json_get(c->body, "percent");
    if (!json_is(j, JSON_NUMBER) || fixed_parse(j->text, &percent) != ERR_OK || percent < 0 ||
        percent > 100 * FIXED_ONE)
        return diag_at(&c->why, ERR_REFUSED, S("/percent"), "percent is a number from 0 to 100");
    return operate(c, OPERATE_ROLLOUT, (u32)(percent / (FIXED_ONE / 100)));
}

extern const struct route ROUTES_JOURNEYS[];
const struct route ROUTES_JOURNEYS[] = {
    {METHOD_GET, "/api/v1/journeys", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, list},
    {METHOD_POST, "/api/v1/journeys", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, create},
    {METHOD_GET, "/api/v1/journeys/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, get_one},
    {METHOD_PUT, "/api/v1/journeys/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, replace},
    {METHOD_DELETE, "/api/v1/journeys/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop},
    {METHOD_GET, "/api/v1/journeys/{id}/report", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_ENGINE,
     report},
    {METHOD_POST, "/api/v1/journeys/{id}/publish", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP,
     publish},
    {METHOD_POST, "/api/v1/journeys/{id}/pause", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, hold},
    {METHOD_POST, "/api/v1/journeys/{id}/resume", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     resume},
    {METHOD_POST, "/api/v1/journeys/{id}/stop", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, stop},
    {METHOD_POST, "/api/v1/journeys/{id}/rollout", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     rollout},
    {0}};
