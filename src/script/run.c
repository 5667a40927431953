/* run.c — a script in a world of its own: its entries at their moments, then what was expected. */
#include "script/script_internal.h"

#include "base/time.h"
#include "log/fixed.h"

#include <stdio.h>
#include <stdlib.h>

/* What is there at the end, and what was there of those who are gone. */
static u32 observe_all(struct run *r, struct observed **out)
{
    struct observed *list;
    u32 n = observe(r->world, r->arena, &list), all = n;
    for (u32 i = 0; i < r->erased_count; i++) all += r->erased[i].count;
    *out = arena_alloc(r->arena, all * sizeof **out);
    memcpy(*out, list, n * sizeof **out);
    for (u32 i = 0; i < r->erased_count; i++) {
        if (!r->erased[i].list) continue;
        memcpy(*out + n, r->erased[i].list, r->erased[i].count * sizeof **out);
        n += r->erased[i].count;
    }
    return n;
}

static void put_field(struct buf *b, str key, str text)
{
    if (text.n) json_put_kv_str(b, key, text);
}

/* By an identifier the script may have used: a user_id as it stands, others with their namespace.
 */
static void put_who(struct run *r, struct buf *b, persona head)
{
    struct engine *e = world_engine(r->world);
    struct identifier_view id;
    u32 cursor = 0;
    char text[400];
    if (!customer_identifier(engine_customers(e), head, &cursor, &id)) return;
    str space = names_text(engine_names(e), NAME_SPACE, id.space);
    snprintf(text, sizeof text, "%.*s:%.*s", STR_ARG(space), STR_ARG(id.value));
    json_put_kv_str(b, S("customer"), id.space == SPACE_USER_ID ? id.value : str_of(text));
}

static void put_happened(struct run *r, struct buf *b, const struct observed *o)
{
    json_put_comma(b);
    buf_put(b, S("{\"at\":\""));
    iso_put(b, o->at_ms);
    buf_byte(b, '"');
    json_put_kv_str(b, S("event"), str_of(expect_name(o->event)));
    put_who(r, b, o->head);
    put_field(b, S("journey"), o->journey);
    put_field(b, S("step"), o->step);
    put_field(b, S("channel"), o->channel);
    put_field(b, S("template"), o->template);
    put_field(b, S("reason"), o->reason);
    put_field(b, S("key"), o->key);
    put_field(b, S("kind"), o->kind);
    put_field(b, S("owner"), o->owner);
    put_field(b, S("to"), o->to);
    put_field(b, S("coupon"), o->coupon);
    put_field(b, S("tag"), o->tag);
    buf_byte(b, '}');
}

static void put_all(struct run *r, struct buf *b, const struct observed *list, u32 n)
{
    buf_byte(b, '[');
    for (u32 i = 0; i < n; i++) put_happened(r, b, &list[i]);
    buf_byte(b, ']');
}

/* Without policies a script has no caps and no quiet hours. */
MUST_USE static err no_policies(struct run *r)
{
    const struct json *none;
    for (u32 i = 0; i < r->s->source_count; i++)
        if (r->s->sources[i].kind == OBJECT_POLICY) return ERR_OK;
    TRY(json_parse(S("{\"id\":\"policies\",\"caps\":[],\"quiet\":[]}"), r->arena, &none, r->why));
    return world_publish(r->world, OBJECT_POLICY, none, r->why);
}

/* Expectations of a customer's state at moments before `to`, each after everything of its moment.
 */
MUST_USE static err states_before(struct run *r, i64 to, u32 *next)
{
    for (; *next < r->s->expectation_count; (*next)++) {
        const struct entry *e = &r->s->expectations[*next];
        if (e->kind != EXPECT_CUSTOMER) continue;
        if (e->at_ms >= to) return ERR_OK;
        world_until(r->world, e->at_ms);
        TRY(state_check(r, e));
    }
    return ERR_OK;
}

/* ---- limits ---- */

void script_limit(struct script *s, struct script_limits limits)
{
    s->limits = limits;
}

static bool enough(void *ctx)
{
    struct run *r = ctx;
    const struct script_limits *most = &r->s->limits;
    i64 took = env_mono_ns(r->s->files) - r->began_ns;
    if (r->over || !most->work_ms || !r->world) return r->over;
    if (took > most->work_ms * 1000000) r->over = OVER_WORK;
    if (events_count(engine_events(world_engine(r->world))) > most->events) r->over = OVER_EVENTS;
    return r->over;
}

/* What to do about a limit that was met; else what came of it. */
static err refuse_over(struct run *r, err e)
{
    const struct script_limits *most = &r->s->limits;
    if (r->over == OVER_WORK)
        return diag_set(r->why, ERR_REFUSED,
                        "this takes longer than %d s to work out: use fewer customers, or a "
                        "shorter time",
                        (int)(most->work_ms / SECOND));
    if (r->over == OVER_EVENTS)
        return diag_set(r->why, ERR_REFUSED,
                        "more than %u events happen: use fewer customers, or a shorter time",
                        most->events);
    return e;
}

MUST_USE static err span_allowed(const struct script *s, i64 first, struct diag *why)
{
    i64 last = s->until_ms, most = s->limits.span_ms;
    if (s->entry_count) last = max_i64(last, s->entries[s->entry_count - 1].at_ms);
    if (!most || last - first <= most) return ERR_OK;
    return diag_set(why, ERR_REFUSED,
                    "it goes from its first moment to its last through more than %d days: begin "
                    "later, or end sooner",
                    (int)(most / DAY));
}

/* ---- a run ---- */

MUST_USE static err begin(struct run *r)
{
    world_until(r->world, r->s->start_ms);
    TRY(no_policies(r));
    return play_publish(r, 0);
}

MUST_USE static err through(struct run *r)
{
    struct script *s = r->s;
    u32 state = 0;
    bool begun = false;
    TRY(world_zone(r->world, &s->workspace_zone));
    for (u32 i = 0; i <= s->entry_count; i++) {
        i64 at = i < s->entry_count ? s->entries[i].at_ms : s->until_ms;
        if (!begun && (i == s->entry_count || at >= s->start_ms)) {
            TRY(begin(r));
            begun = true;
        }
        TRY(states_before(r, at, &state));
        world_until(r->world, at);
        if (i < s->entry_count) TRY(play(r, &s->entries[i]));
        if (r->over) return ERR_REFUSED;
    }
    return states_before(r, NEVER, &state);
}

err script_run(struct script *s, u64 seed, struct script_report *report, struct diag *why)
{
    struct run *r = mem_zalloc(sizeof *r);
    *r = (struct run){
        .s = s, .env = env_sim(seed), .arena = arena_new(), .report = report, .why = why};
    i64 first =
        s->entry_count && s->entries[0].at_ms < s->start_ms ? s->entries[0].at_ms : s->start_ms;
    sim_set_wall(r->env, first);
    struct world_options o = {
        .env = r->env, .answer = play_answer, .ctx = r, .files = s->files, .enough = enough};
    err e = span_allowed(s, first, why);
    r->began_ns = env_mono_ns(s->files);
    if (e == ERR_OK) e = world_open(&o, &r->world, why);
    if (e == ERR_OK) e = through(r);
    e = refuse_over(r, e);
    if (e == ERR_OK) {
        struct observed *list;
        u32 n = observe_all(r, &list);
        e = expect_all(r, list, n);
        if (report->happened) put_all(r, report->happened, list, n);
    }
    if (r->world) world_close(r->world);
    env_free(r->env);
    arena_free(r->arena);
    free(r);
    return e;
}
