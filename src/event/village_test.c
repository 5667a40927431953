/* village_test.c — people and what they did. */
#include "event/village_test.h"

#include "base/hash.h"

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
    event_persona p = 1 + (u32)rng_below(&t->rng, dice < 3 ? 2 : VILLAGE_PEOPLE);
    if (!code)
        code =
            1 + (p / (VILLAGE_PEOPLE / VILLAGE_CODES) + (u32)rng_below(&t->rng, 2)) % VILLAGE_CODES;
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
    for (event_persona p = 0; p <= VILLAGE_PEOPLE; p++) t->heads[p] = p % 50 == 7 ? p - 1 : p;
    for (u32 i = 0; i < VILLAGE_ROWS; i++) village_append(t, i, VILLAGE_SYSTEM);
    village_seal(t);
    for (u32 i = 0; i < VILLAGE_ROWS; i++) village_append(t, VILLAGE_ROWS + i, 0);
    village_seal(t);
    for (u32 i = 0; i < tail; i++) village_append(t, 2 * VILLAGE_ROWS + i, 0);
    return t;
}

void village_free(struct village *t)
{
    events_free(t->es);
    env_free(t->env);
}

void sealed_sign(char *bytes)
{
    struct sealed_header h;
    memcpy(&h, bytes, sizeof h);
    u64 checks = h.sections[SECTION_CHECKS].offset, count = 0;
    for (u64 at = SEALED_HEADER; at < checks; at += SEALED_PAGE, count++) {
        u64 hash = hash_xxh64((str){bytes + at, min_size(SEALED_PAGE, checks - at)});
        memcpy(bytes + checks + count * sizeof hash, &hash, sizeof hash);
    }
    h.checks_hash = hash_xxh64((str){bytes + checks, count * sizeof(u64)});
    memcpy(bytes, &h, sizeof h);
    u64 hash = hash_xxh64((str){bytes, SEALED_HEADER - sizeof hash});
    memcpy(bytes + SEALED_HEADER - sizeof hash, &hash, sizeof hash);
}

/* What a process finds that comes upon these bytes: refused, or damaged, or sound. */
err sealed_found(struct env *env, str bytes)
{
    struct file *f;
    struct sealed *s;
    struct diag why = {0};
    CHECK_OK(env_open(env, "/file", FILE_CREATE, &f));
    CHECK_OK(file_resize(f, 0));
    CHECK_OK(file_write(f, 0, bytes.p, bytes.n));
    file_close(f);
    err e = sealed_open(env, "/file", &s, &why);
    if (e == ERR_OK) {
        e = sealed_check(s, &why);
        sealed_close(s);
    }
    CHECK_EQ(why.code, e);
    CHECK(e == ERR_OK || str_find(str_of(why.message), S("/file")) >= 0);
    return e;
}
