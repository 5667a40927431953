/* village_test.c — people and what they did. */
#include "event/village_test.h"

event_persona village_head(void *ctx, event_persona p)
{
    struct village *t = ctx;
    return t->heads[p];
}

/* Two of them have more rows than others, so that they lie across blocks. Codes that hang on the
 * customer's number make blocks differ in what they have. */
void village_append(struct village *t, u32 i, u32 code)
{
    u64 dice = rng_below(&t->rng, 100);
    event_persona p = 1 + (u32)rng_below(&t->rng, dice < 3 ? 2 : PEOPLE);
    if (!code) code = 1 + (p / (PEOPLE / CODES) + (u32)rng_below(&t->rng, 2)) % CODES;
    struct buf props;
    buf_init(&props, 1 << 10);
    if (dice % 3) props_put(&props, 1, value_int((i64)rng_below(&t->rng, 500)));
    if (dice % 5 == 0) props_put(&props, 2, value_text(S("red")));
    if (dice % 5 == 1) props_put(&props, 2, value_fixed((i64)dice * 777));
    event_append(t->es, &(struct event){.persona = p,
                                        .code = code,
                                        .source = (u32)dice % 3,
                                        .occurred_ms = (i64)(i + rng_below(&t->rng, 500)) * t->step,
                                        .received_ms = (i64)i * t->step,
                                        .order = event_order(1 + i, 0),
                                        .props = buf_str(&props)});
    buf_clear(&props);
}

void village_seal(struct village *t)
{
    struct seal_job *job;
    do {
        err e;
        job = event_job(t->es, true);
        MUST(job);
        while ((e = event_job_step(job, village_head, t, 0)) == ERR_AGAIN) continue;
        CHECK_OK(e);
        event_install(t->es, job);
    } while (t->es->tail_rows);
}

struct village *village_new(struct arena *arena, i64 step, u32 tail)
{
    struct village *t = arena_zalloc(arena, sizeof *t);
    t->step = step;
    t->env = env_sim(test_seed());
    t->rng = (struct rng){test_seed()};
    t->es = events_new(t->env, &(struct events_options){.dir = "/few", .indexed_rows = 1});
    MUST(env_make_dir(t->env, "/few") == ERR_OK && env_sync_dir(t->env, "/") == ERR_OK);
    for (event_persona p = 0; p <= PEOPLE; p++) t->heads[p] = p % 50 == 7 ? p - 1 : p;
    for (u32 i = 0; i < ROWS; i++) village_append(t, i, SYSTEM);
    village_seal(t);
    for (u32 i = 0; i < ROWS; i++) village_append(t, ROWS + i, 0);
    village_seal(t);
    for (u32 i = 0; i < tail; i++) village_append(t, 2 * ROWS + i, 0);
    return t;
}

void village_free(struct village *t)
{
    events_free(t->es);
    env_free(t->env);
}
