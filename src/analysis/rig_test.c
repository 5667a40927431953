#include "analysis/rig_test.h"

#include "log/events.h"

#include <stdio.h>

static bool zone_of(void *ctx, str name, const struct zone **out)
{
    struct town *w = ctx;
    if (str_starts(name, S("Mars"))) return false;
    *out = town_zone(w->arena, arena_str(w->arena, name).p);
    return *out != NULL;
}

struct town *rig_town(struct arena *arena, const char *zone)
{
    struct town *w = town_new(arena, zone);
    for (u32 i = names_count(w->names, NAME_EVENT); i < EVENT_FIXED_END; i++) {
        char name[24];
        u32 code;
        snprintf(name, sizeof name, "Kept %u", i);
        CHECK_OK(names_code(w->names, NAME_EVENT, str_of(name), &code));
    }
    return w;
}

static struct analysis_context context(struct town *w)
{
    return (struct analysis_context){.names = w->names,
                                     .customers = w->customers,
                                     .zone = w->zone,
                                     .zone_of = zone_of,
                                     .ctx = w,
                                     .now = w->now};
}

static struct plan *plan_of(struct town *w, const char *name, str body)
{
    struct analysis_context cx = context(w);
    struct plan *plan;
    struct diag why = {0};
    const struct json *j = town_json(w->arena, arena_str(w->arena, body).p);
    if (analysis_compile(str_of(name), j, &cx, w->arena, &plan, &why) != ERR_OK)
        printf("%s %.*s: %s %s\n", name, STR_ARG(body), why.path, why.message);
    MUST(why.code == ERR_OK);
    return plan;
}

static struct analysis_source source_of(struct town *w)
{
    return (struct analysis_source){.view = w->view,
                                    .events = event_view_live(w->events),
                                    .end = customers_end(w->customers),
                                    .zone = w->zone,
                                    .names = w->names,
                                    .heads_end = customers_end(w->customers)};
}

void rig_cost(struct town *w, const char *name, const char *body, struct analysis_cost *out)
{
    struct analysis_source source = source_of(w);
    analysis_cost(plan_of(w, name, str_of(body)), &source, out);
}

static struct analysis_run *run(struct town *w, const char *name, str body, u32 workers)
{
    struct plan *plan = plan_of(w, name, body);
    struct analysis_source source = source_of(w);
    persona *heads = arena_zalloc(w->arena, (source.heads_end + 1) * sizeof *heads);
    for (persona p = 1; p < source.heads_end; p++) heads[p] = customer_head(w->customers, p);
    if (workers > 1) source.heads = heads;
    struct analysis_run *r = analysis_begin(plan, &source, workers);
    u32 before = 0;
    for (u32 n; (n = analysis_pieces(r)) > 0;)
        for (u32 i = 0; i < n; i++) {
            analysis_piece(r, i, i % workers);
            CHECK(analysis_progress(r) >= before);
            before = analysis_progress(r);
        }
    CHECK_EQ(before, 99); /* the rest is writing the answer */
    return r;
}

str rig_ask(struct town *w, const char *name, str body, u32 workers)
{
    struct buf out;
    struct diag why = {0};
    struct analysis_run *r = run(w, name, body, workers);
    buf_init(&out, 1 << 24);
    buf_byte(&out, '{');
    CHECK_OK(analysis_answer(r, &out, &why));
    buf_byte(&out, '}');
    str text = arena_str(w->arena, buf_str(&out));
    buf_clear(&out);
    analysis_end(r);
    return text;
}

const struct json *rig_answer(struct town *w, const char *name, const char *body)
{
    const struct json *j;
    struct diag why = {0};
    str one = rig_ask(w, name, str_of(body), 1), three = rig_ask(w, name, str_of(body), 3);
    CHECK_STR(three, one);
    CHECK_OK(json_parse(one, w->arena, &j, &why));
    return j;
}

u64 rig_drill(struct town *w, const char *name, str body)
{
    struct buf out;
    struct diag why = {0};
    struct analysis_run *r = run(w, name, body, 2);
    buf_init(&out, 1 << 20);
    CHECK_OK(analysis_answer(r, &out, &why));
    u64 n = analysis_count(r);
    buf_clear(&out);
    analysis_end(r);
    return n;
}

struct diag rig_refusal(struct town *w, const char *name, const char *body)
{
    struct analysis_context cx = context(w);
    struct plan *plan;
    struct diag why = {0};
    err e = analysis_compile(str_of(name), town_json(w->arena, body), &cx, w->arena, &plan, &why);
    CHECK(e != ERR_OK);
    return why;
}

const struct json *rig_row(const struct json *list, u32 i)
{
    const struct json *e = list ? list->child : NULL;
    while (e && i--) e = e->next;
    return e;
}

i64 rig_number(const struct json *j, const char *member)
{
    i64 n = INT64_MIN;
    const struct json *m = json_get(j, member);
    return m && json_to_i64(m, &n) == ERR_OK ? n : INT64_MIN;
}

i64 rig_fixed(const struct json *j, const char *member)
{
    fixed f = INT64_MIN;
    const struct json *m = json_get(j, member);
    if (!m || m->type != JSON_NUMBER) return INT64_MIN;
    return fixed_parse(m->text, &f) == ERR_OK ? f : (i64)(json_number(m->text) * 10000 + 0.5);
}
