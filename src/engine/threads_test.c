/* threads_test.c — the threads of a server around one engine: one writes the log, one does
 * background work, one reads pinned views, and the engine's own appends, applies and proposes. */
#include "engine/rig_test.h"

#include <pthread.h>
#include <sched.h>

enum { ROUNDS = 60, ROUNDS_LOADED = 6000, PEOPLE = 400 };

struct company {
    struct engine *engine;
    _Atomic bool over;
    _Atomic(struct engine_view *) offered, returned;
    _Atomic u64 read;
    i64 counts[PEOPLE + 1]; /* what each has sent */
};

static void *write_log(void *ctx)
{
    struct company *c = ctx;
    while (!atomic_load(&c->over) || log_pending_bytes(engine_log(c->engine)) > 0)
        if (log_step(engine_log(c->engine)) != ERR_OK) sched_yield();
    return NULL;
}

static void *work(void *ctx)
{
    struct company *c = ctx;
    while (!atomic_load(&c->over))
        if (!engine_background(c->engine, 200) && log_prepare_step(engine_log(c->engine)) != ERR_OK)
            sched_yield();
    return NULL;
}

/* Everybody's points and events as of the view: she never has fewer events than the points she said
 * she has, since both are of one moment. */
static void read_all(struct company *c, const struct engine_view *v)
{
    struct arena *a = arena_new();
    u32 points = names_find(engine_names(c->engine), NAME_ATTRIBUTE, S("points"));
    struct customer_row row;
    for (persona p = 1; p < 4 * PEOPLE; p++) { /* who comes again after an erasure is another one */
        if (!view_row(&v->customers, p, &row) || row.head != p) continue;
        value n = view_attribute(&v->customers, p, points);
        struct event ev;
        struct event_iter *it = event_iter(v->events, &p, 1, INT64_MIN, NEVER, a);
        i64 events = 0;
        while (event_next(it, &ev)) events += !(ev.flags & EVENT_SYSTEM);
        MUST(n.type != VALUE_INT || events >= n.n);
        c->read++;
        arena_reset(a);
    }
    arena_free(a);
}

static void *read_views(void *ctx)
{
    struct company *c = ctx;
    while (!atomic_load(&c->over)) {
        struct engine_view *v = atomic_exchange(&c->offered, NULL);
        if (!v) {
            sched_yield();
            continue;
        }
        read_all(c, v);
        atomic_store(&c->returned, v);
    }
    return NULL;
}

static void between(struct company *c, struct engine_view *view, bool *lent)
{
    struct engine_view *back = atomic_exchange(&c->returned, NULL);
    if (back) {
        engine_unpin(back);
        *lent = false;
    }
    if (*lent) return;
    engine_pin(c->engine, view);
    *lent = true;
    atomic_store(&c->offered, view);
}

static void erases(struct rig *r, struct company *c, u32 person)
{
    struct record record = {.kind = RECORD_ERASE_};
    struct item item = {0};
    struct buf payload;
    struct record_id id = rig_id(r, person, &item, 0);
    persona p = customer_find(engine_customers(r->engine), id.space, id.hash);
    if (!p) return;
    c->counts[person] = 0;
    buf_init(&payload, 64);
    char id_text[33];
    customer_id(engine_customers(r->engine), p, id_text);
    persona_put(&payload, (str){id_text, 32});
    record.payload = buf_str(&payload);
    rig_append(r, &record);
    buf_clear(&payload);
}

static void round_of(struct rig *r, struct company *c, u32 round)
{
    static const char *const RULES[] = {
        "{'id':'many','if':{'attribute':'points','op':'>=','value':10}}",
        "{'id':'many','if':{'attribute':'points','op':'<','value':20}}",
        "{'id':'kept','if':{'did':'Bought','count':{'op':'>','value':2}}}",
    };
    for (u32 i = 0; i < PEOPLE / 8; i++) {
        u32 person = 1 + (u32)rng_below(&r->rng, PEOPLE);
        rig_item(r, person, "Bought", (struct item){0});
        c->counts[person]++;
        if (i % 4 == 0) rig_has(r, person, "points", value_int(++c->counts[person]));
    }
    rig_publishes(r, OBJECT_SEGMENT, RULES[round % COUNT_OF(RULES)]);
    if (round % 7 == 0) erases(r, c, 1 + (u32)rng_below(&r->rng, PEOPLE));
}

static void step(struct rig *r, struct company *c, struct engine_view *view, bool *lent)
{
    bool moved = engine_step(r->engine);
    moved |= engine_propose(r->engine, env_wall_ms(r->env));
    if (moved)
        between(c, view, lent);
    else
        sched_yield();
}

/* Everybody has had something to do; on a busy machine that takes its time. */
static bool has_seen_all(struct rig *r, struct company *c)
{
    return atomic_load(&c->read) > PEOPLE && engine_stats(r->engine).segment_bytes > 0 &&
           engine_snapshots(r->engine) > 0;
}

/* Until all is applied and every segment has passed everybody. */
static bool is_quiet(struct rig *r)
{
    struct engine *e = r->engine;
    if (log_pending_bytes(e->log) || engine_applied(e) < r->number) return false;
    for (u32 i = 1; i < table_count(e->objects); i++)
        if (segment_cursor(e->segments,
                           ((const struct object_row *)table_at(e->objects, i))->code) <
            PERSONAS_MAX)
            return false;
    return e->proposed <= engine_applied(e);
}

TEST(
    "views are whole and a replay gives the same while the log, a helper and a reader have threads")
{
    struct rig *r = arena_zalloc(arena, sizeof *r);
    struct engine_view view;
    bool lent = false;
    r->arena = arena;
    r->env = env_real();
    r->rng = (struct rng){test_seed()};
    r->options = (struct engine_options){.dir = test_dir(),
                                         .events_tail_bytes = 100 << 10,
                                         .snapshot_records = 500,
                                         .unsafe_no_sync = true};
    rig_start(r);
    struct company c = {.engine = r->engine};
    void *(*const BODIES[])(void *) = {write_log, work, read_views};
    pthread_t threads[COUNT_OF(BODIES)];
    for (u32 i = 0; i < COUNT_OF(BODIES); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, BODIES[i], &c), 0);
    u32 round = 0;
    for (; round < ROUNDS || (round < ROUNDS_LOADED && !has_seen_all(r, &c)); round++) {
        round_of(r, &c, round);
        for (u32 i = 0; i < 20; i++) step(r, &c, &view, &lent);
    }
    while (!is_quiet(r)) step(r, &c, &view, &lent);
    atomic_store(&c.over, true);
    for (u32 i = 0; i < COUNT_OF(BODIES); i++) pthread_join(threads[i], NULL);
    if (lent) engine_unpin(&view);
    CHECK(has_seen_all(r, &c));
    hash128 before = engine_hash(r->engine);
    engine_close(r->engine);
    r->options.inspect = true; /* a START would end what is claimed, and be a record more */
    rig_start(r);
    CHECK(hash128_eq(engine_hash(r->engine), before));
    engine_close(r->engine);
}
