/* sim_test.c — the random simulator: histories with crashes, failing disks, bad providers and
 * jumping clocks, on the steps the server runs. One seed is one run, for ever.
 *
 * What must hold (RELIABILITY's invariants): every answered event is there once (I1); planned =
 * settled + waiting + unknown (I2); no message id is handed over twice, but after an answer that
 * asked for it (I3); nothing is sent after an opt-out was answered (I4); once faults end,
 * everything moves on (I8); nothing fires early (I9); replay gives the live state's hash (I13).
 * BECKON_SEEDS sets how many seeds run. */
#include "base/test.h"
#include "log/events.h"
#include "script/observe.h"

#include <stdio.h>
#include <stdlib.h>

enum { PEOPLE = 6, EVENTS_MAX = 4096, HANDED_MAX = 4096, GRAVES = 4096, STEPS = 60 };
#define START 1780300800000 /* 2026-06-01T08:00Z */

struct handed {
    hash128 id;
    bool again_allowed; /* the provider asked to try again */
};

struct sim {
    u64 seed;
    struct rng rng;
    struct env *env;
    struct world *world;
    struct world_options options;
    char sent_ids[EVENTS_MAX][24]; /* message ids of events that were answered */
    u32 sent_by[EVENTS_MAX];
    u32 sent_count, next_id;
    i64 opted_out[PEOPLE]; /* when the answer to an opt-out came; NEVER: is in */
    struct handed handed[HANDED_MAX];
    u32 handed_count;
    bool faults, published;
    u32 crashes;
    bool dead; /* a kill point fired: the world must not be touched */
};

/* Worlds left behind by a kill point in the middle of a step; kept reachable. */
static struct world *graves[GRAVES];
static u32 grave_count;

#define HOLDS(s, cond, sentence)                                                                   \
    do {                                                                                           \
        if (!(cond)) fail_msg("seed %llu: %s", (unsigned long long)(s)->seed, sentence);           \
    } while (0)

/* ---- the provider ---- */

static u32 person_of(const char *address)
{
    return (u32)(address[1] - '0') % PEOPLE;
}

static struct world_answer provider_says(void *ctx, const struct delivered *d)
{
    struct sim *s = ctx;
    struct world_answer a = {.class = ANSWER_SENT};
    if (!s->faults) return a;
    u64 dice = rng_below(&s->rng, 100);
    if (dice < 10)
        a = (struct world_answer){
            .class = ANSWER_RETRY, .retry_ms = 5 * MINUTE, .before_claim = true};
    else if (dice < 15)
        a = (struct world_answer){.class = ANSWER_RETRY, .retry_ms = 5 * MINUTE};
    else if (dice < 20)
        a.class = ANSWER_REJECTED;
    else if (dice < 25)
        a.class = ANSWER_UNKNOWN;
    else if (dice < 35)
        a.delay_ms = (i64)rng_below(&s->rng, 10000);
    (void)d;
    return a;
}

/* Each hand-over is looked at once: I3 and I4. */
static void check_handed(struct sim *s, u32 *from)
{
    u32 n;
    const struct delivered *list = world_delivered(s->world, &n);
    for (; *from < n; (*from)++) {
        const struct delivered *d = &list[*from];
        u32 person = person_of(d->to);
        HOLDS(s, s->opted_out[person] == NEVER,
              "a message went out after the opt-out was answered");
        struct handed *h = NULL;
        for (u32 i = 0; i < s->handed_count; i++)
            if (hash128_eq(s->handed[i].id, d->id)) h = &s->handed[i];
        HOLDS(s, !h || h->again_allowed, "a message id was handed over twice");
        if (!h && s->handed_count < HANDED_MAX) h = &s->handed[s->handed_count++];
        if (h) *h = (struct handed){d->id, d->answer == ANSWER_RETRY};
    }
}

/* ---- opening, crashing ---- */

#define JOURNEY                                                                                    \
    "{\"id\":\"%s\",\"trigger\":{\"event\":\"%s\"%s},\"entry\":{\"again\":%s,\"running\":\"%s\"}," \
    "\"exit\":[{\"did\":\"Order Completed\"}],\"steps\":["                                         \
    "{\"id\":\"w1\",\"wait\":{\"for\":\"%s\"}},{\"id\":\"m1\",\"send\":{\"channel\":\"email\","    \
    "\"template\":\"a\"}},"                                                                        \
    "{\"id\":\"w2\",\"wait\":{\"for\":\"%s\"}},{\"id\":\"m2\",\"send\":{\"channel\":\"email\","    \
    "\"template\":\"b\"}}]}"

static void publish(struct sim *s)
{
    static const char *const WAITS[] = {"1s", "5m", "1h", "1d"};
    static const char *const AGAIN[] = {"\"always\"", "\"after_exit\"", "\"never\"",
                                        "{\"after\":\"2h\"}"};
    static const char *const RUNNING[] = {"ignore", "restart", "parallel"};
    for (u32 i = 0; i < 2; i++) {
        struct arena *a = arena_new();
        const struct json *j;
        struct diag why = {0};
        str text = arena_printf(a, JOURNEY, i ? "second" : "first", i ? "Cart" : "Page Viewed",
                                i && rng_percent(&s->rng, 50) ? ",\"key\":\"n\"" : "",
                                AGAIN[rng_below(&s->rng, 4)], RUNNING[rng_below(&s->rng, 3)],
                                WAITS[rng_below(&s->rng, 4)], WAITS[rng_below(&s->rng, 4)]);
        CHECK_OK(json_parse(text, a, &j, &why));
        err e = world_publish(s->world, OBJECT_JOURNEY, j, &why);
        if (e != ERR_OK && !s->faults)
            fail_msg("seed %llu: %s %s", (unsigned long long)s->seed, why.path, why.message);
        arena_free(a);
    }
}

static void open_again(struct sim *s)
{
    struct diag why = {0};
    for (u32 tries = 0; tries < 50; tries++) {
        why = (struct diag){0};
        if (world_open(&s->options, &s->world, &why) == ERR_OK) return;
        sim_faults(s->env, (struct sim_faults){0});
    }
    fail_msg("seed %llu: cannot open again: %s", (unsigned long long)s->seed, why.message);
}

static void crash(struct sim *s, u32 *seen)
{
    if (!s->dead) check_handed(s, seen);
    if (rng_percent(&s->rng, 50))
        sim_crash(s->env);
    else
        sim_kill(s->env);
    if (s->dead) {
        MUST(grave_count < GRAVES);
        graves[grave_count++] = s->world;
    } else {
        world_abandon(s->world);
    }
    s->dead = false;
    s->world = NULL;
    *seen = 0;
    s->crashes++;
    sim_faults(s->env, (struct sim_faults){0});
    open_again(s);
}

/* ---- what people do ---- */

static bool call(struct sim *s, const char *body)
{
    struct intake_result result = {0};
    struct diag why = {0};
    return world_track(s->world, str_of(body), &result, &why) == ERR_OK && result.accepted == 1;
}

static void track(struct sim *s)
{
    static const char *const EVENTS[] = {"Page Viewed", "Cart", "Order Completed", "Search"};
    char body[512], when[64] = "", id[24];
    u32 person = (u32)rng_below(&s->rng, PEOPLE);
    bool again = s->sent_count && rng_percent(&s->rng, 15);
    u32 which = again ? (u32)rng_below(&s->rng, s->sent_count) : 0;
    if (again) person = s->sent_by[which];
    snprintf(id, sizeof id, "%s", again ? s->sent_ids[which] : "");
    if (!again) snprintf(id, sizeof id, "id-%u", s->next_id++);
    if (rng_percent(&s->rng, 20)) {
        struct buf b;
        buf_init(&b, 64);
        iso_put(&b, world_now(s->world) - (i64)rng_below(&s->rng, (u64)(2 * DAY)));
        snprintf(when, sizeof when, ",\"timestamp\":\"%.*s\"", STR_ARG(buf_str(&b)));
        buf_clear(&b);
    }
    snprintf(body, sizeof body,
             "{\"type\":\"track\",\"userId\":\"u%u\",\"messageId\":\"%s\",\"event\":\"%s\","
             "\"properties\":{\"n\":%u}%s}",
             person, id, EVENTS[rng_below(&s->rng, 4)], (u32)rng_below(&s->rng, 3), when);
    if (!call(s, body) || again || s->sent_count == EVENTS_MAX) return;
    s->sent_by[s->sent_count] = person;
    memcpy(s->sent_ids[s->sent_count++], id, sizeof id);
}

static void consent(struct sim *s, u32 person, bool yes)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"type\":\"identify\",\"userId\":\"u%u\",\"traits\":{\"email\":\"p%u@x.test\","
             "\"consent\":{\"email\":%s}}}",
             person, person, yes ? "true" : "false");
    if (yes) s->opted_out[person] = NEVER; /* from now on it may be either, until answered */
    if (call(s, body) && !yes) s->opted_out[person] = world_now(s->world);
}

static void misbehave(struct sim *s)
{
    struct sim_faults f = {0};
    switch (rng_below(&s->rng, 4)) {
    case 0: f.fail_call = 1 + rng_below(&s->rng, 20); break;
    case 1: f.write_error_per_million = 20000; break;
    case 2:
        sim_set_wall(s->env, world_now(s->world) + (i64)rng_below(&s->rng, (u64)DAY) - DAY / 4);
        break;
    default: break;
    }
    sim_faults(s->env, f);
}

static void act(struct sim *s)
{
    u64 dice = rng_below(&s->rng, 100);
    if (dice < 50)
        track(s);
    else if (dice < 58)
        consent(s, (u32)rng_below(&s->rng, PEOPLE), rng_percent(&s->rng, 60));
    else if (dice < 85)
        world_until(s->world, world_now(s->world) + (i64)rng_below(&s->rng, (u64)(2 * HOUR)));
    else if (dice < 88)
        engine_snapshot(world_engine(s->world));
    else if (s->faults && dice < 92)
        misbehave(s);
}

/* ---- invariants at rest ---- */

static void check_events(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    for (u32 i = 0; i < s->sent_count; i++) {
        char user[8];
        u32 found = 0;
        struct subject who;
        struct event ev;
        snprintf(user, sizeof user, "u%u", s->sent_by[i]);
        persona head = customer_find(engine_customers(e), SPACE_USER_ID,
                                     identifier_hash(engine_key(e), SPACE_USER_ID, str_of(user)));
        HOLDS(s, head, "a customer whose event was answered is gone");
        engine_subject(e, head, &who);
        struct arena *a = arena_new();
        struct event_iter *it =
            event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, a);
        while (event_next(it, &ev)) found += str_eq(ev.message_id, str_of(s->sent_ids[i]));
        arena_free(a);
        HOLDS(s, found >= 1, "an answered event is lost");
        HOLDS(s, found <= 1, "an event is there twice");
    }
}

static void check_tally(struct sim *s)
{
    struct message_tally t = message_tally(engine_messages(world_engine(s->world)));
    u64 sum = 0, rows[MESSAGE_STATUS_COUNT] = {0};
    for (u32 i = 1; i < MESSAGE_STATUS_COUNT; i++) sum += t.now[i];
    HOLDS(s, sum == t.planned, "planned is not the sum of what became of it");
    struct messages *m = engine_messages(world_engine(s->world));
    for (u32 row = 1; row < messages_end(m); row++)
        if (message_at(m, row)) rows[message_at(m, row)->status]++;
    for (u32 i = MESSAGE_PLANNED; i <= MESSAGE_CLAIMED; i++)
        HOLDS(s, rows[i] == t.now[i], "a tally is not what the rows say");
}

static void check_moves(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    struct message_tally t = message_tally(engine_messages(e));
    HOLDS(s,
          engine_sending_held(e) ||
              t.now[MESSAGE_PLANNED] + t.now[MESSAGE_DEFERRED] + t.now[MESSAGE_CLAIMED] == 0,
          "a message neither went nor ended, although nothing failed for a month");
    for (persona p = 1; p < customers_end(engine_customers(e)); p++) {
        const struct customer_row *row = customer_at(engine_customers(e), p);
        HOLDS(s, row->head != p || !row->next_due_ms || row->next_due_ms > world_now(s->world),
              "somebody is due and not served");
    }
}

static void check_replay(struct sim *s)
{
    hash128 live = engine_hash(world_engine(s->world));
    world_abandon(s->world);
    open_again(s);
    /* START and what it changes are new: compare with what a third process finds. */
    hash128 second = engine_hash(world_engine(s->world));
    world_abandon(s->world);
    open_again(s);
    hash128 third = engine_hash(world_engine(s->world));
    HOLDS(s, hash128_eq(second, third), "replay gives another state");
    HOLDS(s, hash128_eq(live, second), "the state after a restart is another one");
}

/* ---- a run ---- */

static void one_step(struct sim *s, u32 *seen)
{
    if (s->faults && rng_percent(&s->rng, 25))
        sim_kill_at(s->env, NULL, 1 + rng_below(&s->rng, 30));
    act(s);
    sim_kill_at(s->env, NULL, 0);
    check_handed(s, seen);
    if (s->faults && rng_percent(&s->rng, 6)) crash(s, seen);
}

static void steps(struct sim *s, u32 *seen)
{
    volatile u32 step = 0;
    if (sim_kill_here(s->env)) {
        s->dead = true;
        crash(s, seen);
    }
    while (step < STEPS) {
        step++;
        one_step(s, seen);
        /* A log whose sync failed answers nothing any more: the process ends. */
        if (log_step(engine_log(world_engine(s->world))) == ERR_IO) crash(s, seen);
    }
}

static void run(u64 seed)
{
    struct sim *s = mem_zalloc(sizeof *s);
    u32 seen = 0;
    s->seed = seed;
    s->rng.state = seed;
    s->env = env_sim(seed);
    sim_set_wall(s->env, START);
    s->options = (struct world_options){.env = s->env, .dir = "/x", .answer = provider_says, .ctx = s};
    for (u32 i = 0; i < PEOPLE; i++) s->opted_out[i] = NEVER;
    open_again(s);
    publish(s);
    for (u32 i = 0; i < PEOPLE; i++) consent(s, i, true);
    s->faults = seed % 4 != 0;
    steps(s, &seen);
    s->faults = false;
    sim_faults(s->env, (struct sim_faults){0});
    crash(s, &seen);
    check_events(s);
    check_tally(s);
    CHECK_OK(world_operate(s->world, OPERATE_SENDING_RELEASE, 0, 0));
    world_until(s->world, world_now(s->world) + 31 * DAY);
    check_handed(s, &seen);
    check_tally(s);
    check_moves(s);
    check_events(s);
    check_replay(s);
    world_abandon(s->world);
    env_free(s->env);
    free(s);
}

TEST("whatever happens, nothing answered is lost, nothing is doubled, and replay finds the same "
     "state")
{
    const char *wanted = getenv("BECKON_SEEDS");
    u64 seeds = wanted ? strtoull(wanted, NULL, 10) : 20, first = test_seed();
    for (u64 seed = first; seed < first + seeds; seed++) run(seed);
}
