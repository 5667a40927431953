/* sim_test.c — the random simulator: histories with crashes, failing disks, bad providers and
 * jumping clocks, on the steps the server runs. One seed is one run, for ever.
 *
 * What must hold is RELIABILITY's list of invariants: I1 to I9, I11, I13 to I15, and the
 * entries and exits that a slow reading of the timelines gives (sim_test.h says where each is
 * checked). test/planted.sh proves that it finds what it should: it plants bugs and runs it.
 * BECKON_SEEDS sets how many seeds run, from BECKON_SEED on. */
#include "script/sim_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRAVES = 4096, STEPS = 80, NOTHING_HANDED = 3 };

/* Worlds left behind by a kill point in the middle of a step; kept reachable. */
static struct world *graves[GRAVES];
static u32 grave_count;

static pid_t parent; /* of this run's own process; 0: it is the test's */

_Noreturn void sim_failed(const struct sim *s, const char *sentence)
{
    print_error("seed %llu: %s\n", (unsigned long long)s->seed, sentence);
    if (parent) _exit(1);
    _fail(__FILE__, __LINE__);
    abort();
}

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
    else if (dice < 45)
        a.connect_ms = (i64)rng_below(&s->rng, (u64)HOUR);
    (void)d;
    return a;
}

static void note_customer(struct sim *s, u32 row, struct handed *h)
{
    struct engine *e = world_engine(s->world);
    const struct message_row *r = message_at(engine_messages(e), row);
    if (!r || !hash128_eq(message_id(engine_messages(e), row), h->id)) return;
    customer_id(engine_customers(e), r->persona, h->customer);
}

/* Each hand-over is looked at once: I3 and I4. */
static void check_handed(struct sim *s, u32 *from)
{
    u32 n;
    const struct delivered *list = world_delivered(s->world, &n);
    for (; *from < n; (*from)++) {
        const struct delivered *d = &list[*from];
        u32 person = person_of(d->to);
        bool bill = d->id.lo >> 32 == SEND_BILL || strstr(d->to, "@staff.test");
        HOLDS(s, bill || s->opted_out[person] == NEVER || s->mixed[person],
              "a message went out after the opt-out was answered");
        struct handed *h = NULL;
        for (u32 i = 0; i < s->handed_count; i++)
            if (hash128_eq(s->handed[i].id, d->id)) h = &s->handed[i];
        HOLDS(s, !h || h->again_allowed, "a message id was handed over twice");
        if (!h && s->handed_count < HANDED_MAX) h = &s->handed[s->handed_count++];
        if (h) *h = (struct handed){.id = d->id, .again_allowed = d->answer == ANSWER_RETRY};
        if (h && !s->dead) note_customer(s, d->message, h);
    }
}

/* ---- opening, crashing ---- */

#define JOURNEY                                                                                    \
    "{\"id\":\"%s\",\"trigger\":%s,\"entry\":{\"again\":%s,\"running\":\"%s\"},"                   \
    "\"exit\":[{\"did\":\"Order Completed\"}],\"steps\":["                                         \
    "{\"id\":\"w1\",\"wait\":{\"for\":\"%s\"}},{\"id\":\"m1\",\"send\":{\"channel\":\"email\","    \
    "\"template\":\"a\"}},"                                                                        \
    "{\"id\":\"w2\",\"wait\":{\"for\":\"%s\"}},{\"id\":\"m2\",\"send\":{\"channel\":\"email\","    \
    "\"template\":\"b\"}}]}"

/* Beside them, with every other kind of step; they send nothing, and change nothing that the others
 * read. */
static const char *const DEEDS[] = {
    "{\"id\":\"deeds\",\"trigger\":{\"event\":\"Search\"},\"entry\":{\"again\":\"always\","
    "\"running\":\"parallel\"},\"steps\":[{\"id\":\"t\",\"tag\":\"Deed/new\",\"expires\":\"40m\"},"
    "{\"id\":\"s\",\"set\":{\"day\":\"2999-01-01\"}},"
    "{\"id\":\"x\",\"split\":[{\"percent\":60,\"steps\":[{\"id\":\"e\",\"enter\":\"duties\"}]}]},"
    "{\"id\":\"w\",\"wait\":{\"until\":{\"did\":\"Cart\"},\"timeout\":\"3h\"}},"
    "{\"id\":\"b\",\"branch\":[{\"if\":{\"step\":\"w\",\"result\":\"met\"},\"steps\":["
    "{\"id\":\"n\",\"notify\":{\"to\":\"li@staff.test\",\"channel\":\"sms\",\"template\":\"a\"}}]}]"
    "},"
    "{\"id\":\"w2\",\"wait\":{\"until\":{\"not\":{\"did\":\"Page Viewed\",\"within\":\"50m\"}},"
    "\"timeout\":\"1d\"}},{\"id\":\"w3\",\"wait\":{\"until_time\":\"09:00\",\"zone\":\"customer\"}}"
    ","
    "{\"id\":\"u\",\"untag\":\"Deed/new\"},{\"id\":\"g\",\"set\":{\"day\":null}}]}",
    "{\"id\":\"duties\",\"trigger\":{\"event\":\"Nothing\"},\"entry\":{\"again\":\"always\","
    "\"running\":\"restart\"},\"exit\":[{\"did\":\"Cart\",\"count\":{\"op\":\">=\",\"value\":3},"
    "\"since\":\"k\"}],\"steps\":[{\"id\":\"k\",\"task\":{\"kind\":\"call\",\"owner\":"
    "{\"round_robin\":[\"li\",\"wu\",\"mei\"]},\"due\":\"1h\",\"outcomes\":[\"yes\",\"no\"]}},"
    "{\"id\":\"w\",\"wait\":{\"until_date\":\"day\",\"offset\":\"-1d\"}}]}",
};

static const char *const SEGMENTS[] = {
    "{\"id\":\"busy\",\"if\":{\"did\":\"Search\",\"within\":\"3h\",\"count\":{\"op\":\">=\","
    "\"value\":2}}}",
    "{\"id\":\"away\",\"if\":{\"not\":{\"did\":\"Page Viewed\",\"within\":\"90m\"}}}",
    "{\"id\":\"gold\",\"if\":{\"attribute\":\"plan\",\"op\":\"=\",\"value\":\"gold\"}}",
    "{\"id\":\"both\",\"if\":{\"all\":[{\"segment\":\"busy\"},{\"not\":{\"segment\":\"away\"}}]}}",
};

bool sim_publish(struct sim *s, object_kind kind, const char *text)
{
    struct arena *a = arena_new();
    const struct json *j;
    struct diag why = {0};
    CHECK_OK(json_parse(str_of(text), a, &j, &why));
    err e = world_publish(s->world, kind, j, &why);
    if (e != ERR_OK && !s->faults)
        fail_msg("seed %llu: %s %s", (unsigned long long)s->seed, why.path, why.message);
    arena_free(a);
    return e == ERR_OK;
}

static void plan_journeys(struct sim *s)
{
    s->journeys[J_EACH] = (struct journey_plan){.id = "each",
                                                .event = "Search",
                                                .again = AGAIN_LIST_ALWAYS,
                                                .running = RUNNING_LIST_PARALLEL};
    s->journeys[J_KEYED] = (struct journey_plan){.id = "keyed",
                                                 .event = "Cart",
                                                 .again = AGAIN_LIST_KEY,
                                                 .running = RUNNING_LIST_PARALLEL,
                                                 .keyed = true};
    s->journeys[J_FIRST] = (struct journey_plan){.id = "first", .event = "Page Viewed"};
    s->journeys[J_SECOND] = (struct journey_plan){.id = "second", .event = "Cart"};
    s->journeys[J_MEMBERS] = (struct journey_plan){.id = "members", .again = AGAIN_LIST_ALWAYS};
    for (u32 i = J_FIRST; i <= J_SECOND; i++) {
        s->journeys[i].again = (u32)rng_below(&s->rng, AGAIN_LIST_KEY);
        s->journeys[i].running = (u32)rng_below(&s->rng, RUNNING_LIST_PARALLEL + 1);
    }
}

static void publish(struct sim *s)
{
    static const char *const WAITS[] = {"1s", "5m", "1h", "1d"};
    static const char *const AGAIN[] = {"\"always\"", "\"after_exit\"", "\"never\"",
                                        "{\"after\":\"2h\"}", "\"per_key\""};
    static const char *const RUNNING[] = {"ignore", "restart", "parallel"};
    for (u32 i = 0; i < COUNT_OF(SEGMENTS); i++) (void)sim_publish(s, OBJECT_SEGMENT, SEGMENTS[i]);
    plan_journeys(s);
    for (u32 i = 0; i < J_COUNT; i++) {
        const struct journey_plan *j = &s->journeys[i];
        char text[1024], trigger[128];
        if (j->event)
            snprintf(trigger, sizeof trigger, "{\"event\":\"%s\"%s}", j->event,
                     j->keyed ? ",\"key\":\"n\"" : "");
        else
            snprintf(trigger, sizeof trigger, "{\"segment\":\"busy\",\"on\":\"enter\"}");
        snprintf(text, sizeof text, JOURNEY, j->id, trigger, AGAIN[j->again], RUNNING[j->running],
                 WAITS[rng_below(&s->rng, 4)], WAITS[rng_below(&s->rng, 4)]);
        (void)sim_publish(s, OBJECT_JOURNEY, text);
    }
    for (u32 i = 0; i < COUNT_OF(DEEDS); i++) (void)sim_publish(s, OBJECT_JOURNEY, DEEDS[i]);
    swarm_publish(s);
}

static void open_again(struct sim *s)
{
    struct diag why = {0};
    for (u32 tries = 0; tries < 50; tries++) {
        why = (struct diag){0};
        if (world_open(&s->options, &s->world, &why) == ERR_OK) {
            if (s->era_count) swarm_opened(s);
            return;
        }
        sim_faults(s->env, (struct sim_faults){0});
    }
    fail_msg("seed %llu: cannot open again: %s", (unsigned long long)s->seed, why.message);
}

static void crash(struct sim *s, u32 *seen)
{
    swarm_stalled(s, s->step_ms, env_wall_ms(s->env));
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

bool sim_call(struct sim *s, const char *body)
{
    struct intake_result result = {0};
    struct diag why = {0};
    return world_track(s->world, str_of(body), &result, &why) == ERR_OK && result.accepted == 1;
}

/* Whose it is: by her user id, by the device she holds, or by both, which joins them. The plain
 * ones have only a user id. */
static void name(struct sim *s, u32 person, char out[96])
{
    u64 dice = person < plain_people(s) ? 0 : rng_below(&s->rng, 100);
    u32 device = person < plain_people(s) ? 0 : s->device[person];
    if (dice >= 95 && person >= plain_people(s)) device = ++s->device[person];
    if (dice < 45)
        snprintf(out, 96, "\"userId\":\"u%u\"", person);
    else if (dice < 85)
        snprintf(out, 96, "\"anonymousId\":\"d%u-%u\"", person, device);
    else
        snprintf(out, 96, "\"userId\":\"u%u\",\"anonymousId\":\"d%u-%u\"", person, person, device);
}

static void put_time(struct sim *s, char out[64])
{
    struct buf b;
    buf_init(&b, 64);
    iso_put(&b, world_now(s->world) - (i64)rng_below(&s->rng, (u64)(2 * DAY)));
    snprintf(out, 64, ",\"timestamp\":\"%.*s\"", STR_ARG(buf_str(&b)));
    buf_clear(&b);
}

static void track(struct sim *s, bool history)
{
    static const char *const EVENTS[] = {"Page Viewed", "Cart", "Order Completed", "Search"};
    char body[512], when[64] = "", who[96];
    struct intake_result result = {0};
    struct diag why = {0};
    bool again = s->sent_count && rng_percent(&s->rng, 15);
    u32 id = again ? s->sent[rng_below(&s->rng, s->sent_count)] : s->next_id++;
    name(s, (u32)rng_below(&s->rng, PEOPLE), who);
    if (history || rng_percent(&s->rng, 20)) put_time(s, when);
    snprintf(body, sizeof body,
             "{\"type\":\"track\",%s,\"messageId\":\"id-%u\",\"event\":\"%s\","
             "\"properties\":{\"n\":%u}%s}",
             who, id, EVENTS[rng_below(&s->rng, 4)], (u32)rng_below(&s->rng, 3), when);
    err e = history ? world_import(s->world, str_of(body), &result, &why)
                    : world_track(s->world, str_of(body), &result, &why);
    if (e == ERR_OK && result.accepted == 1 && !again) s->sent[s->sent_count++] = id;
}

static void edit(struct sim *s)
{
    char body[256], who[96];
    name(s, (u32)rng_below(&s->rng, PEOPLE), who);
    snprintf(body, sizeof body, "{\"type\":\"identify\",%s,\"traits\":{\"plan\":\"%s\"}}", who,
             rng_percent(&s->rng, 50) ? "gold" : "tin");
    (void)!sim_call(s, body);
}

/* She logs in: the device's past is hers. */
static void alias(struct sim *s)
{
    char body[256];
    u32 person = PLAIN + (u32)rng_below(&s->rng, PEOPLE - PLAIN);
    if (!has(s, FEATURE_JOINS)) return;
    snprintf(body, sizeof body,
             "{\"type\":\"alias\",\"anonymousId\":\"d%u-%u\",\"userId\":\"u%u\"}", person,
             s->device[person], person);
    (void)!sim_call(s, body);
}

/* ---- who is one person ---- */

persona sim_find(struct sim *s, u32 space, const char *text)
{
    struct engine *e = world_engine(s->world);
    return customer_find(engine_customers(e), space,
                         identifier_hash(engine_key(e), space, str_of(text)));
}

/* A person's device that stands by itself joins her; now and then two people are one. */
static void join(struct sim *s)
{
    char a[32], b[32];
    u32 person = PLAIN + (u32)rng_below(&s->rng, PEOPLE - PLAIN);
    if (!has(s, FEATURE_JOINS)) return;
    bool twins = rng_percent(&s->rng, 25);
    if (twins) person = PEOPLE - 2;
    snprintf(a, sizeof a, "u%u", person);
    snprintf(b, sizeof b, twins ? "u%u" : "d%u-%u", twins ? PEOPLE - 1 : person,
             (u32)rng_below(&s->rng, s->device[person] + 1));
    persona x = sim_find(s, SPACE_USER_ID, a),
            y = sim_find(s, twins ? SPACE_USER_ID : SPACE_ANONYMOUS_ID, b);
    if (!x || !y) return;
    if (twins) s->mixed[PEOPLE - 2] = s->mixed[PEOPLE - 1] = true;
    (void)!world_merge(s->world, x, y);
}

static void part(struct sim *s)
{
    persona end = customers_end(engine_customers(world_engine(s->world)));
    if (!has(s, FEATURE_JOINS)) return;
    (void)!world_unmerge(s->world, 1 + (persona)rng_below(&s->rng, end));
}

/* What she sent may be gone from now on, whatever is answered. */
static void note_gone(struct sim *s, persona head)
{
    struct subject who;
    struct event ev;
    struct arena *a = arena_new();
    engine_subject(world_engine(s->world), head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, a);
    while (event_next(it, &ev)) {
        i64 id;
        if (str_starts(ev.message_id, S("id-")) &&
            str_to_i64(str_slice(ev.message_id, 3, ev.message_id.n), &id) == ERR_OK &&
            id < EVENTS_MAX)
            s->gone[id] = 1;
    }
    arena_free(a);
}

static void forget(struct sim *s)
{
    struct customers *c = engine_customers(world_engine(s->world));
    persona p = 1 + (persona)rng_below(&s->rng, customers_end(c)), head = customer_head(c, p);
    struct identifier_view id;
    bool hers[PEOPLE] = {0};
    if (!head || !has(s, FEATURE_ERASURES)) return;
    s->erasing = true;
    note_gone(s, head);
    for (u32 cursor = 0; customer_identifier(c, head, &cursor, &id);)
        if (id.space == SPACE_EMAIL) hers[(u32)(id.value.p[1] - '0') % PEOPLE] = true;
    if (world_erase(s->world, p) != ERR_OK) return;
    s->erasures++;
    s->undos_erased = s->undos;
    for (u32 i = 0; i < PEOPLE; i++)
        if (hers[i]) s->opted_out[i] = world_now(s->world);
}

static void operate(struct sim *s)
{
    struct names *names = engine_names(world_engine(s->world));
    u64 dice = rng_below(&s->rng, 10);
    u32 code = names_find(names, NAME_OBJECT, str_of(s->journeys[J_SECOND].id));
    operate_what what = dice < 4   ? OPERATE_PAUSE
                        : dice < 6 ? OPERATE_RESUME
                        : dice < 7 ? OPERATE_STOP
                        : dice < 8 ? OPERATE_SENDING_HOLD
                                   : OPERATE_SENDING_RELEASE;
    s->journeys[J_SECOND].operated |= dice < 7;
    (void)!world_operate(s->world, what, code, 0);
}

/* Somebody says what came of a task, perhaps of one that is none. */
static void outcome(struct sim *s)
{
    struct task_info t = {0};
    struct task_record said = {.outcome = rng_percent(&s->rng, 50) ? S("yes") : S("no")};
    u32 cursor = 0;
    u64 skip = rng_below(&s->rng, 3);
    while (task_next(engine_journeys(world_engine(s->world)), &cursor, &t) && skip--) continue;
    said.task = (str){t.id, strlen(t.id)};
    (void)!world_outcome(s->world, &said);
}

/* Everything that is due has happened, unless the log failed, which ends the process. */
static void pass_time(struct sim *s)
{
    world_until(s->world, world_now(s->world) + (i64)rng_below(&s->rng, (u64)(2 * HOUR)));
    if (log_step(engine_log(world_engine(s->world))) == ERR_IO) return;
    check_punctual(s);
    check_lists(s);
    check_segments(s);
}

static void consent(struct sim *s, u32 person, bool yes)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"type\":\"identify\",\"userId\":\"u%u\",\"traits\":{\"email\":\"p%u@x.test\","
             "\"consent\":{\"email\":%s}}}",
             person, person, yes ? "true" : "false");
    if (yes) s->opted_out[person] = NEVER; /* from now on it may be either, until answered */
    if (sim_call(s, body) && !yes) s->opted_out[person] = world_now(s->world);
}

static void misbehave(struct sim *s)
{
    struct sim_faults f = {0};
    switch (rng_below(&s->rng, 4)) {
    case 0: f.fail_call = 1 + rng_below(&s->rng, 20); break;
    case 1: f.write_error_per_million = 20000; break;
    case 2:
        if (!has(s, FEATURE_JUMPS)) break;
        sim_set_wall(s->env, world_now(s->world) + (i64)rng_below(&s->rng, (u64)DAY) - DAY / 4);
        swarm_stalled(s, s->step_ms, world_now(s->world));
        break;
    default: break;
    }
    sim_faults(s->env, f);
}

static void act(struct sim *s)
{
    if (rng_percent(&s->swarm, 30)) {
        swarm_act(s);
        return;
    }
    u64 dice = rng_below(&s->rng, 100);
    if (dice < 45)
        track(s, false);
    else if (dice < 49)
        track(s, true);
    else if (dice < 55)
        consent(s, (u32)rng_below(&s->rng, PEOPLE), rng_percent(&s->rng, 60));
    else if (dice < 60)
        edit(s);
    else if (dice < 63)
        alias(s);
    else if (dice < 65)
        operate(s);
    else if (dice < 68)
        join(s);
    else if (dice < 71)
        part(s);
    else if (dice < 72)
        forget(s);
    else if (dice < 88)
        pass_time(s);
    else if (dice < 92)
        engine_snapshot(world_engine(s->world));
    else if (dice >= 97)
        outcome(s);
    else if (s->faults)
        misbehave(s);
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
    i64 before = world_now(s->world);
    if (s->faults && rng_percent(&s->rng, 25))
        sim_kill_at(s->env, NULL, 1 + rng_below(&s->rng, 30));
    s->step_ms = before;
    act(s);
    sim_kill_at(s->env, NULL, 0);
    if (world_now(s->world) != before) check_statuses(s);
    check_handed(s, seen);
    check_not_early(s);
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

static void resume(struct sim *s, u32 journey)
{
    struct names *names = engine_names(world_engine(s->world));
    u32 code = names_find(names, NAME_OBJECT, str_of(s->journeys[journey].id));
    CHECK_OK(world_operate(s->world, OPERATE_RESUME, code, 0));
}

static u64 handed_over; /* messages, by this run; to the parent: runs that handed some over */

static void run(u64 seed)
{
    struct sim *s = mem_zalloc(sizeof *s);
    u32 seen = 0;
    u64 events;
    s->seed = seed;
    s->rng.state = seed;
    s->env = env_sim(seed);
    swarm_draw(s);
    sim_set_wall(s->env, s->start_ms);
    s->options = (struct world_options){.env = s->env,
                                        .dir = "/x",
                                        .answer = provider_says,
                                        .ctx = s,
                                        .files = env_real() /* of time zones */};
    if (seed % 3) s->options.events_tail_bytes = 1 + rng_below(&s->rng, 20000);
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
    events = count_events(s);
    for (u32 i = 0; i < J_COUNT; i++) /* what is paused may wait for ever */
        if (s->journeys[i].operated) resume(s, i);
    CHECK_OK(world_operate(s->world, OPERATE_SENDING_RELEASE, 0, 0));
    world_until(s->world, world_now(s->world) + 31 * DAY);
    check_handed(s, &seen);
    check_tally(s);
    check_moves(s);
    check_erased(s);
    check_punctual(s);
    check_lists(s);
    check_segments(s);
    HOLDS(s, count_events(s) == events, "an event went within a month");
    check_told(s);
    check_swarm(s);
    check_replay(s);
    handed_over += s->handed_count;
    world_abandon(s->world);
    env_free(s->env);
    free(s);
}

/* Each run has a process of its own: what a killed world had reserved goes with it, and a broken
 * MUST says of which seed it was. */
static bool run_apart(u64 seed)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        parent = getppid();
        handed_over = 0;
        run(seed);
        fflush(NULL);
        _exit(handed_over ? 0 : NOTHING_HANDED);
    }
    MUST(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) handed_over++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOTHING_HANDED) return true;
    if (WIFSIGNALED(status))
        print_error("seed %llu: the process ended itself\n", (unsigned long long)seed);
    return status == 0;
}

TEST("whatever happens, nothing answered is lost, nothing is doubled, and replay finds the same "
     "state")
{
    const char *wanted = getenv("BECKON_SEEDS");
    u64 seeds = wanted ? strtoull(wanted, NULL, 10) : 20, first = test_seed();
    for (u64 seed = first; seed < first + seeds; seed++)
        if (!run_apart(seed)) fail_msg("stopped at seed %llu", (unsigned long long)seed);
    CHECK(handed_over >= seeds / 2); /* else nothing was looked at */
}
