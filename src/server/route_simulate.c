/* route_simulate.c — a journey in virtual time, on hand-made events: nothing of it is real. */
#include "script/script.h"
#include "server/call.h"

enum { SIMULATE_TEXT_MAX = 1 << 20 };

/* A page shows no more, and a yearly playbook fits in twice. */
static const struct script_limits LIMITS = {
    .span_ms = 1100 * DAY, .work_ms = 4 * SECOND, .events = 50000};

/* What the workspace has stands in; the journey at hand goes before one of its own id. */
struct simulation {
    struct script_base base;
    str script;
};

static err simulate(struct call *c)
{
    struct simulation *sim = c->data;
    struct script *s;
    struct script_report report = {0};
    struct buf happened;
    buf_init(&report.text, SIMULATE_TEXT_MAX);
    buf_init(&happened, CALL_OUT_MAX / 2);
    report.happened = &happened;
    err e = script_parse(c->server->env, sim->script, "script", &sim->base, c->arena, &s, &c->why);
    if (e == ERR_OK) script_limit(s, LIMITS);
    if (e == ERR_OK) e = script_run(s, 1, &report, &c->why);
    if (e == ERR_OK) {
        buf_byte(&c->out, '{');
        json_put_kv_bool(&c->out, S("ok"), report.met == report.expected);
        json_put_kv_i64(&c->out, S("expected"), report.expected);
        json_put_kv_i64(&c->out, S("met"), report.met);
        json_put_kv_str(&c->out, S("detail"), buf_str(&report.text));
        json_put_key(&c->out, S("happened"));
        buf_put(&c->out, buf_str(&happened));
        buf_byte(&c->out, '}');
    }
    buf_clear(&report.text);
    buf_clear(&happened);
    return e == ERR_OK ? ERR_OK : ERR_REFUSED;
}

/* The journey of the body: an object, or the id of one that is published. */
static err take_journey(struct call *c, struct simulation *sim, const struct json *journey)
{
    struct script_object *all = arena_alloc(c->arena, (sim->base.count + 1) * sizeof *all);
    if (!journey) return ERR_OK;
    if (json_is(journey, JSON_STRING)) {
        sim->base.journey = journey->text;
        return ERR_OK;
    }
    sim->base.journey = json_get_str(journey, "id", S(""));
    if (!sim->base.journey.n)
        return diag_at(&c->why, ERR_REFUSED, S("/journey/id"), "give the journey an id");
    all[0] = (struct script_object){OBJECT_JOURNEY, journey};
    memcpy(all + 1, sim->base.objects, sim->base.count * sizeof *all);
    sim->base.objects = all;
    sim->base.count++;
    return ERR_OK;
}

/* The script: text (YAML or JSON), or an object. */
static err begin(struct call *c)
{
    struct simulation *sim = arena_zalloc(c->arena, sizeof *sim);
    const struct json *script = json_get(c->body, "script");
    if (json_is(script, JSON_STRING)) {
        sim->script = script->text;
    } else if (json_is(script, JSON_OBJECT)) {
        struct buf text;
        buf_init(&text, SIMULATE_TEXT_MAX);
        json_put(&text, script);
        sim->script = arena_str(c->arena, buf_str(&text));
        buf_clear(&text);
    } else {
        return diag_at(&c->why, ERR_REFUSED, S("/script"),
                       "give the script: an object, or its text (docs/scripts.md)");
    }
    script_base_of(c->server->engine, c->arena, &sim->base);
    sim->base.no_files = true;
    TRY(take_journey(c, sim, json_get(c->body, "journey")));
    c->data = sim;
    return call_aside(c, simulate);
}

extern const struct route ROUTES_SIMULATE[];
const struct route ROUTES_SIMULATE[] = {
    {METHOD_POST, "/api/v1/journeys/simulate", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_ENGINE, begin},
    {0}};
