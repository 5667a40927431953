/* Few customers out of many blocks: what a scan of some tells is what one of everybody says of
 * them, from files of many blocks, with customers who lie across them, erased and strayed rows. */
#include "base/test.h"
#include "env/sim.h"
#include "event/catalog.h"
#include "event/scan.h"
#include "log/names.h"

#include <stdlib.h>

enum { PEOPLE = 900, ROWS = 60000, CODES = 6, PROPERTIES = 3, SYSTEM = 40 };

struct town {
    struct env *env;
    struct events *es;
    struct rng rng;
    event_persona heads[PEOPLE + 1];
    u32 packed_times, kinds; /* batches that had them */
};

static event_persona head_of(void *ctx, event_persona p)
{
    struct town *t = ctx;
    return t->heads[p];
}

/* Two of them have more rows than others, so that they lie across blocks; code 0: one of two that
 * hang on the customer's number, so that blocks differ in what they have. */
static void append(struct town *t, u32 i, u32 code)
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
                                        .occurred_ms = (i64)(i + rng_below(&t->rng, 500)) * 1000,
                                        .received_ms = (i64)i * 1000,
                                        .order = event_order(1 + i, 0),
                                        .props = buf_str(&props)});
    buf_clear(&props);
}

static void seal(struct town *t)
{
    struct seal_job *job;
    do {
        err e;
        job = event_job(t->es, true);
        MUST(job);
        while ((e = event_job_step(job, head_of, t, 0)) == ERR_AGAIN) continue;
        CHECK_OK(e);
        event_install(t->es, job);
    } while (t->es->tail_rows);
}

static struct town *town_new(struct arena *arena, u32 tail)
{
    struct town *t = arena_zalloc(arena, sizeof *t);
    t->env = env_sim(test_seed());
    t->rng = (struct rng){test_seed()};
    t->es = events_new(t->env, &(struct events_options){.dir = "/few"});
    MUST(env_make_dir(t->env, "/few") == ERR_OK && env_sync_dir(t->env, "/") == ERR_OK);
    for (event_persona p = 0; p <= PEOPLE; p++) t->heads[p] = p % 50 == 7 ? p - 1 : p;
    for (u32 i = 0; i < ROWS; i++) append(t, i, SYSTEM);
    seal(t);
    for (u32 i = 0; i < ROWS; i++) append(t, ROWS + i, 0);
    seal(t);
    for (u32 i = 0; i < tail; i++) append(t, 2 * ROWS + i, 0);
    return t;
}

/* All that a scan says, customer by customer, as text. */
static u64 told(struct town *t, const struct scan_want *w, str *of, struct arena *arena)
{
    struct scan_batch s;
    struct buf b;
    u64 events = 0;
    struct event_scan *scan = event_scan_new(event_view_live(t->es), w, head_of, t, 3);
    buf_init(&b, 1 << 26);
    memset(of, 0, (PEOPLE + 1) * sizeof *of);
    for (u32 slice = 0; slice < event_scan_slices(scan); slice++)
        while (event_scan_next(scan, slice, &s) == ERR_OK) {
            t->packed_times += !s.time;
            t->kinds += !s.mark;
            for (u32 c = 0; c < s.customers; c++) {
                buf_reset(&b);
                for (u32 i = s.start[c]; i < s.start[c + 1]; i++, events++) {
                    i64 time = s.time ? s.time[i] : packed_time(&s.packed, i);
                    buf_printf(&b, "%lld %u", (long long)time,
                               s.mark ? s.mark[i] : s.kind_marks[s.kind[i]]);
                    if (w->codes) buf_printf(&b, " %u", s.code[i]);
                    if (w->orders) buf_printf(&b, " %llu", (unsigned long long)s.order[i]);
                    if (w->sources) buf_printf(&b, " %u", s.source[i]);
                    for (u32 p = 0; p < w->property_count; p++) {
                        const struct scan_column *k = &s.columns[p];
                        buf_printf(&b, " %u", k->valid[i]);
                        if (k->valid[i] == SCAN_IS_NUMBER && k->number)
                            buf_printf(&b, ":%lld", (long long)k->number[i]);
                        if (k->valid[i] && k->text) buf_put(&b, event_scan_text(scan, k->text[i]));
                        if (k->valid[i] && k->value && (!k->number || k->valid[i] == SCAN_IS_OTHER))
                            value_put(&b, k->value[i]);
                    }
                    buf_byte(&b, '\n');
                }
                CHECK(s.head[c] <= PEOPLE && !of[s.head[c]].n);
                of[s.head[c]] = arena_str(arena, buf_str(&b));
            }
        }
    event_scan_free(scan);
    buf_clear(&b);
    return events;
}

static void check_few(struct town *t, u32 round, u32 *marks, struct arena *arena)
{
    static const struct scan_property WANTED[PROPERTIES] = {
        {1, SCAN_NUMBER}, {2, SCAN_TEXT}, {2, SCAN_VALUE}};
    u64 who[PEOPLE / 64 + 1] = {0};
    str *all = arena_alloc(arena, (PEOPLE + 1) * sizeof *all),
        *few = arena_alloc(arena, (PEOPLE + 1) * sizeof *few);
    u32 share = round % 4 == 3 ? 2 : 4u << round % 8; /* one customer in so many */
    i64 from = (i64)rng_below(&t->rng, 2 * ROWS) * 1000;
    struct scan_want w = {.marks = round % 3 ? marks : NULL,
                          .from = round % 2 ? from : INT64_MIN,
                          .to = round % 2 ? from + 20000000 : INT64_MAX,
                          .properties = WANTED,
                          .property_count = round % (PROPERTIES + 1),
                          .codes = round % 5 == 0,
                          .orders = round % 7 == 0,
                          .sources = round % 5 == 1};
    memset(marks, 0, (SYSTEM + 1) * sizeof *marks);
    for (u32 i = 0; i <= round % 3; i++) marks[1 + rng_below(&t->rng, CODES)] = 3 + i;
    for (event_persona p = 1; p <= PEOPLE; p++)
        who[p / 64] |= (u64)(rng_below(&t->rng, share) == 0) << p % 64;
    told(t, &w, all, arena);
    w.who = who;
    w.who_end = PEOPLE + 1;
    u64 events = told(t, &w, few, arena);
    CHECK(events < ROWS || share == 2);
    for (event_persona p = 1; p <= PEOPLE; p++) {
        bool wanted = who[p / 64] >> p % 64 & 1;
        CHECK(str_eq(few[p], wanted ? all[p] : (str){0}));
    }
}

TEST("of few customers a scan tells what it tells of them among everybody, from many blocks")
{
    struct town *t = town_new(arena, 500);
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    CHECK(sealed_blocks(t->es->catalog->files[0]) > 5);
    for (u32 round = 0; round < 48; round++) {
        struct arena *scratch = arena_new();
        if (round == 16)
            for (event_persona p = 3; p < PEOPLE; p += 41)
                event_forget(t->es, p, event_order(ROWS + 9000, 0));
        if (round == 32) {
            t->heads[101] = t->heads[102] = 100;
            t->heads[500] = 0;
        }
        check_few(t, round, marks, scratch);
        arena_free(scratch);
    }
    free(marks);
    events_free(t->es);
    env_free(t->env);
}

TEST("what a scan leaves packed is what it would have unpacked")
{
    for (u32 tail = 0; tail < 2; tail++) {
        struct town *t = town_new(arena, tail * 3);
        u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
        str *plain = arena_alloc(arena, (PEOPLE + 1) * sizeof *plain),
            *packed = arena_alloc(arena, (PEOPLE + 1) * sizeof *packed);
        for (u32 round = 0; round < 8; round++) {
            i64 from = (i64)rng_below(&t->rng, 2 * ROWS) * 1000;
            struct scan_want w = {.marks = marks,
                                  .from = round % 4 == 3 ? from : INT64_MIN,
                                  .to = INT64_MAX,
                                  .codes = round % 4 == 2};
            for (u32 code = 1; code <= CODES; code++)
                marks[code] = round % 2 && rng_percent(&t->rng, 40) ? 0 : 1 + code % 3;
            if (round == 6) event_forget(t->es, 3, event_order(ROWS + 30000, 0));
            u32 before = t->packed_times + t->kinds;
            told(t, &w, plain, arena);
            CHECK_EQ(t->packed_times + t->kinds, before);
            w.packed_times = w.kinds = true;
            told(t, &w, packed, arena);
            for (event_persona p = 1; p <= PEOPLE; p++) CHECK(str_eq(plain[p], packed[p]));
        }
        CHECK(t->packed_times > 2 && t->kinds > 8);
        free(marks);
        events_free(t->es);
        env_free(t->env);
    }
}
