/* ahead.c — what is due soon, read from the timers and queues without a pass over anybody else. */
#include "engine/engine_internal.h"

/* Down the heap, where whoever is due too late has only later ones below. */
static void walk(const struct timers *t, u32 at, i64 until, persona *out, u32 max, u32 *n)
{
    if (at >= t->count || t->items[at].due_ms >= until || *n >= max) return;
    out[(*n)++] = t->items[at].persona;
    for (u32 i = 1; i <= 4; i++) walk(t, at * 4 + i, until, out, max, n);
}

u32 engine_due_before(const struct engine *e, i64 until, persona *out, u32 max, bool *more)
{
    u32 n = 0;
    walk(&e->timers, 0, until, out, max, &n);
    *more = n == max;
    return n;
}

struct of_versions {
    struct engine *engine;
    const struct ahead *to;
};

static void each_message(void *ctx, u32 program, u32 channel, i64 at)
{
    const struct of_versions *v = ctx;
    str id = program ? journey_id(v->engine->journeys, program) : (str){0};
    u32 code = id.n ? names_find(v->engine->names, NAME_OBJECT, id) : 0;
    v->to->each(v->to->ctx, code, channel, at);
}

void engine_ahead(struct engine *e, persona head, i64 until, const struct ahead *a)
{
    struct of_versions v = {e, a};
    if (head >= customers_end(e->customers)) return;
    const struct customer_row *row = customer_at(e->customers, head);
    if (!row || customer_head(e->customers, head) != head) return;
    journey_ahead(e->journeys, head, until, a->each, a->ctx);
    messages_ahead(e->messages, head, until, each_message, &v);
}

bool engine_ready_ahead(struct engine *e, u32 max, const struct ahead *a)
{
    struct of_versions v = {e, a};
    return messages_ready_ahead(e->messages, max, each_message, &v);
}
