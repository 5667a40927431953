/* live_test.c — memberships kept live are what the oracle says, for everybody, after every step. */
#include "base/test.h"
#include "predicate/oracle.h"
#include "segment/segment.h"
#include "store/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

enum { RULES = 9, STEPS = 260 };
static const char *const IDS[RULES] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "list"};

struct live {
    struct town *w;
    struct segments *sg;
    struct rng rng;
    const struct json *rules[RULES];        /* what is published; the last is a list */
    bool mirror[RULES][WORLD_PERSONAS_MAX]; /* by the edges */
    struct edges edges;
    u32 customers, turned;
};

static u32 code_of(const struct live *l, const char *id)
{
    return names_find(l->w->names, NAME_OBJECT, str_of(id));
}

static u32 index_of(const struct live *l, u32 code)
{
    u32 i = 0;
    while (code_of(l, IDS[i]) != code) i++;
    return i;
}

/* The oracle's view of a segment: its rule where that has judged her, else what stands. */
static const struct json *rule_of(void *ctx, str id, persona head, bool *member)
{
    const struct live *l = ctx;
    u32 code = names_find(l->w->names, NAME_OBJECT, id);
    if (!code || !segment_exists(l->sg, code)) return NULL;
    *member = segment_holds(l->sg, &l->w->view, code, head);
    return segment_judged(l->sg, code, head) ? l->rules[index_of(l, code)] : NULL;
}

static bool is_head(const struct live *l, persona p)
{
    return customer_head(l->w->customers, p) == p;
}

/* ---- edges ---- */

static void take_edge(void *ctx, const struct edge *e)
{
    struct live *l = ctx;
    bool *is = &l->mirror[index_of(l, e->segment)][e->head];
    CHECK_EQ(*is, !e->entered);
    *is = e->entered;
    l->turned++;
}

static void take_slow_edge(void *ctx, const struct edge *e)
{
    CHECK(!e->fresh);
    take_edge(ctx, e);
}

static void take_edges(struct live *l, bool fresh)
{
    for (u32 i = 0; i < l->edges.count; i++) {
        CHECK_EQ(l->edges.items[i].fresh, fresh);
        take_edge(l, &l->edges.items[i]);
    }
    l->edges.count = 0;
}

static void touch(struct live *l, persona p, struct touch t)
{
    persona head = customer_head(l->w->customers, p);
    struct subject who = town_subject(l->w, head);
    t.fresh = rng_percent(&l->rng, 50);
    customer_edit(l->w->customers, head)->changed = n48_of((i64)l->w->number);
    segment_touch(l->sg, &who, &t, l->w->now, &l->edges);
    take_edges(l, t.fresh);
}

/* Time passes: each moment at which something is due is served at that moment. */
static void advance(struct live *l, i64 to)
{
    struct town *w = l->w;
    for (;;) {
        i64 next = NEVER;
        for (u32 i = 0; i < w->persona_count; i++)
            next = min_i64(next, segment_next(l->sg, w->personas[i]));
        if (next > to) break;
        CHECK(next >= w->now);
        w->now = next;
        town_record(w);
        for (u32 i = 0; i < w->persona_count; i++) {
            if (segment_next(l->sg, w->personas[i]) > next) continue;
            CHECK(is_head(l, w->personas[i]));
            struct subject who = town_subject(w, w->personas[i]);
            segment_due(l->sg, &who, next, &l->edges);
            take_edges(l, true);
            CHECK(segment_next(l->sg, w->personas[i]) > next);
        }
    }
    w->now = to;
}

/* ---- steps ---- */

static persona anybody(struct live *l)
{
    return l->w->personas[rng_below(&l->rng, l->w->persona_count)];
}

static void step_event(struct live *l, persona p)
{
    static const char *const EVENTS[] = {"A",
                                         "B",
                                         "C",
                                         "Order Completed",
                                         "#x",
                                         "Order Refunded",
                                         "Order Cancelled",
                                         "Message Sent",
                                         "Message Clicked"};
    struct town *w = l->w;
    struct event ev[3];
    u64 n = 1 + rng_below(&l->rng, 3);
    town_record(w);
    for (u64 i = 0; i < n; i++) {
        i64 late = rng_percent(&l->rng, 70) ? 0 : (i64)rng_below(&l->rng, 3 * (u64)DAY);
        ev[i] = town_event(w, p, EVENTS[rng_below(&l->rng, COUNT_OF(EVENTS))], w->now - late,
                           random_props(w, &l->rng));
    }
    for (u64 i = 0; i < n; i++) touch(l, p, (struct touch){.event = &ev[i]});
}

static void step_change(struct live *l, persona p)
{
    static const struct {
        const char *name, *values[3];
    } FIELDS[] = {{"city", {"'red'", "'blue'", "null"}},
                  {"age", {"7", "10.5", "null"}},
                  {"birthday", {"'2024-02-29'", "'1990-03-15'", "null"}},
                  {"bday", {"'02-29'", "'03-15'", "'03-01'"}},
                  {"expires", {"'2026-03-08'", "'2026-03-20'", "null"}},
                  {"seen", {"'2026-03-08T06:30:00Z'", "'2026-03-29T01:00:00Z'", "null"}}};
    static const char *const TAGS[] = {"A", "A/B", "A/B/C", "AB", "D"};
    struct town *w = l->w;
    struct change c;
    bool changed;
    town_record(w);
    u64 dice = rng_below(&l->rng, 10), f = rng_below(&l->rng, COUNT_OF(FIELDS));
    if (dice < 5) {
        changed = town_set(w, p, FIELDS[f].name,
                           town_json(w->arena, FIELDS[f].values[rng_below(&l->rng, 3)]), &c);
    } else if (dice < 8) {
        i64 expires =
            rng_percent(&l->rng, 50) ? NEVER : w->now + 1 + (i64)rng_below(&l->rng, 3 * (u64)DAY);
        changed =
            town_tag(w, p, TAGS[rng_below(&l->rng, 5)], rng_percent(&l->rng, 70), expires, &c);
    } else {
        changed = town_consent(w, p, dice == 8 ? "email" : "sms", rng_percent(&l->rng, 60), &c);
    }
    if (changed) touch(l, p, (struct touch){.changes = &c, .change_count = 1});
}

static void step_delete(struct live *l)
{
    struct town *w = l->w;
    if (!w->past_count) return;
    struct past_event *e = &w->past[rng_below(&l->rng, w->past_count)];
    town_record(w);
    e->gone = true;
    event_delete(w->events, e->persona, e->order);
    touch(l, e->persona, (struct touch){.rebuild = true});
}

static void move_mirror(struct live *l, persona from, persona to)
{
    for (u32 i = 0; i < RULES; i++) {
        if (!l->rules[i] && l->mirror[i][from]) l->mirror[i][to] = true;
        l->mirror[i][from] = false;
    }
}

/* As the engine does: joined, moved, an event about it, rebuilt, and then the event is touched too.
 */
static void step_merge(struct live *l)
{
    struct town *w = l->w;
    struct resolved out = {0};
    persona a = anybody(l), b = anybody(l);
    town_record(w);
    if (customer_head(w->customers, a) == customer_head(w->customers, b)) return;
    if (customer_link(w->customers, a, b, LINK_MANUAL, w->now, w->number, &out) != ERR_OK) return;
    for (u32 i = 0; i < out.link_count; i++) {
        segment_moved(l->sg, out.links[i].from, out.links[i].to);
        move_mirror(l, out.links[i].from, out.links[i].to);
        struct event ev = town_event(w, out.links[i].to, "#x", w->now, NULL);
        touch(l, out.links[i].to, (struct touch){.rebuild = true});
        touch(l, out.links[i].to, (struct touch){.event = &ev});
    }
}

static void step_cut(struct live *l)
{
    struct town *w = l->w;
    persona a, b;
    town_record(w);
    if (customer_cut(w->customers, anybody(l), w->number, &a, &b) != ERR_OK) return;
    town_refold(w, a);
    town_refold(w, b);
    touch(l, a, (struct touch){.rebuild = true});
    touch(l, b, (struct touch){.rebuild = true});
}

static void step_new(struct live *l)
{
    char name[16];
    if (l->w->persona_count == 14) return;
    snprintf(name, sizeof name, "u%u", l->customers++);
    step_event(l, town_customer(l->w, name));
}

static const struct json *as_segment(struct live *l, u32 i, const struct json *rule)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_printf(&b, "{\"id\":\"%s\"", IDS[i]);
    if (rule) {
        buf_put(&b, S(",\"if\":"));
        json_put(&b, rule);
    }
    buf_byte(&b, '}');
    const struct json *j;
    CHECK_OK(json_parse(arena_str(l->w->arena, buf_str(&b)), l->w->arena, &j, NULL));
    buf_clear(&b);
    return j;
}

static void publish(struct live *l, u32 i, const struct json *rule)
{
    struct diag why = {0};
    struct buf b;
    buf_init(&b, 1 << 16);
    town_record(l->w);
    if (segment_compile(l->sg, as_segment(l, i, rule), l->w->zone, &b, &why) == ERR_OK) {
        CHECK_OK(segment_publish(l->sg, code_of(l, IDS[i]), buf_str(&b), l->w->number));
        l->rules[i] = rule;
    }
    buf_clear(&b);
}

static void step_publish(struct live *l)
{
    publish(l, (u32)rng_below(&l->rng, RULES - 1), random_predicate(l->w, &l->rng, IDS, RULES));
}

static void step_remove(struct live *l)
{
    u32 i = (u32)rng_below(&l->rng, RULES - 1);
    town_record(l->w);
    segment_remove(l->sg, code_of(l, IDS[i]), l->w->number);
    l->rules[i] = NULL;
    memset(l->mirror[i], 0, sizeof l->mirror[i]);
}

static void step_put(struct live *l)
{
    u32 list = code_of(l, "list");
    persona p = customer_head(l->w->customers, anybody(l));
    bool in = rng_percent(&l->rng, 60);
    town_record(l->w);
    if (!segment_put(l->sg, list, p, in)) return;
    l->mirror[RULES - 1][p] = in;
    touch(l, p, (struct touch){.segments = &list, .segment_count = 1});
}

static void subject_of(void *ctx, persona head, struct subject *out)
{
    *out = town_subject(((struct live *)ctx)->w, head);
}

/* A slice in turn, sometimes with answers computed beside, or one customer out of turn. */
static void step_bootstrap(struct live *l)
{
    struct town *w = l->w;
    u32 code = code_of(l, IDS[rng_below(&l->rng, RULES - 1)]);
    persona from = segment_cursor(l->sg, code), end = customers_end(w->customers);
    if (from == PERSONAS_MAX) return;
    u64 bits[2], at = w->number;
    bool beside = rng_percent(&l->rng, 50), one = rng_percent(&l->rng, 25);
    town_record(w);
    if (one) from = (persona)(1 + rng_below(&l->rng, end - 1));
    persona to = one ? from + 1 : from + 4;
    bool in_turn = from == segment_cursor(l->sg, code);
    if (beside && !one) {
        struct segments_at sa = {l->sg, &w->view};
        struct resolver r = {.ctx = &sa, .segment = segment_resolve_at};
        struct batch_subject all = {.view = &w->view,
                                    .events = event_view_live(w->events),
                                    .zone = w->zone,
                                    .resolver = &r,
                                    .names = w->names};
        CHECK(predicate_batch(segment_predicate(l->sg, code), &all, from, to, w->now, bits));
        if (rng_percent(&l->rng, 50)) step_change(l, customer_head(w->customers, anybody(l)));
    }
    segment_bootstrap(l->sg, code, from, to, beside && !one ? bits : NULL, at, subject_of, l,
                      w->now, take_slow_edge);
    if (in_turn) segment_cursor_set(l->sg, code, to >= end ? PERSONAS_MAX : to);
}

/* ---- starting again ---- */

static void load_snapshot(struct town *w, const char *dir, bool write)
{
    struct snapshot *sn;
    struct diag why = {0};
    bool found;
    struct manifest m = {.position = w->number, .time_ms = w->now};
    CHECK_OK(
        snapshot_open(w->env, w->store, &(struct snapshot_options){.dir = dir}, &sn, &found, &why));
    if (write) {
        struct epoch *e = epoch_pin(w->store);
        err step;
        CHECK_OK(snapshot_begin(sn, e, &m));
        epoch_drop(e);
        while ((step = snapshot_step(sn, 0)) == ERR_AGAIN) continue;
        CHECK_OK(step);
    } else {
        CHECK(found);
        CHECK_OK(snapshot_load(sn, &why));
    }
    snapshot_close(sn);
}

/* The process ends; tables come back from a snapshot, everything derived is made again. */
static void step_restart(struct live *l, u32 number)
{
    struct town *w = l->w;
    char dir[16];
    snprintf(dir, sizeof dir, "/d%u", number);
    CHECK_OK(env_make_dir(w->env, dir));
    town_record(w);
    load_snapshot(w, dir, true);
    segments_free(l->sg);
    customers_free(w->customers);
    store_free(w->store);
    w->store = store_new(&(struct store_options){0});
    load_snapshot(w, dir, false);
    w->customers = customers_new(w->store, (struct sip_key){1, 2});
    l->sg = segments_new(w->store, w->customers, w->events, w->names);
    customers_rebuild(w->customers);
    segments_rebuild(l->sg);
    w->view = (struct customer_view){w->customers, NULL};
}

/* ---- the property ---- */

static void complain(const struct live *l, u32 i, persona p, u32 step)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    json_put(&b, l->rules[i]);
    fprintf(stderr, "step %u, persona %u, now %lld, %s: %.*s\n", step, p, (long long)l->w->now,
            IDS[i], STR_ARG(buf_str(&b)));
    buf_clear(&b);
}

static void check_all(struct live *l, u32 step)
{
    struct town *w = l->w;
    for (u32 i = 0; i < RULES; i++) {
        u32 code = code_of(l, IDS[i]), members = 0;
        if (!code || !segment_exists(l->sg, code)) continue;
        for (u32 k = 0; k < w->persona_count; k++) {
            persona p = w->personas[k];
            bool is = segment_holds(l->sg, &w->view, code, p);
            CHECK_EQ(is, l->mirror[i][p]);
            members += is;
            if (!is_head(l, p)) CHECK(!is);
            if (!is_head(l, p) || !l->rules[i] || !segment_judged(l->sg, code, p)) continue;
            bool oracle = oracle_holds(w, p, l->rules[i], w->now, NULL);
            if (is != oracle) complain(l, i, p, step);
            CHECK_EQ(is, oracle);
        }
        CHECK_EQ(segment_count(l->sg, code), members);
    }
}

static void one_step(struct live *l, u32 step)
{
    u64 dice = rng_below(&l->rng, 100);
    i64 pause = dice % 10 == 0 ? (i64)rng_below(&l->rng, 3 * (u64)DAY)
                               : (i64)rng_below(&l->rng, 40 * (u64)MINUTE);
    advance(l, l->w->now + 1 + pause);
    town_record(l->w);
    if (dice < 42)
        step_event(l, anybody(l));
    else if (dice < 58)
        step_change(l, anybody(l));
    else if (dice < 63)
        step_new(l);
    else if (dice < 66)
        step_delete(l);
    else if (dice < 70)
        step_merge(l);
    else if (dice < 73)
        step_cut(l);
    else if (dice < 78)
        step_publish(l);
    else if (dice < 80)
        step_remove(l);
    else if (dice < 84)
        step_put(l);
    else if (dice < 85)
        step_restart(l, step);
    for (u32 i = 0; i < 3; i++) step_bootstrap(l);
}

static u32 run(u64 seed, const char *zone)
{
    struct arena *arena = arena_new();
    struct live *l = arena_zalloc(arena, sizeof *l);
    struct town *w = town_new(arena, zone);
    l->w = w;
    l->rng.state = seed;
    l->sg = segments_new(w->store, w->customers, w->events, w->names);
    w->segment = rule_of;
    w->ctx = l;
    publish(l, RULES - 1, NULL);
    for (u32 i = 0; i < 6; i++) step_new(l);
    for (u32 i = 0; i < 7; i++) step_publish(l);
    for (u32 step = 0; step < STEPS; step++) {
        one_step(l, step);
        town_record(w);
        check_all(l, step);
    }
    u32 turned = l->turned;
    segments_free(l->sg);
    town_free(w);
    arena_free(arena);
    return turned;
}

TEST("live equals the oracle for every customer and rule after every step of any history")
{
    static const char *const ZONES[] = {NULL, "America/New_York", "Asia/Shanghai", "Europe/Berlin"};
    const char *n = getenv("BECKON_ROUNDS");
    u64 rounds = 6 * (n ? strtoull(n, NULL, 10) : 1);
    u64 turned = 0;
    for (u64 i = 0; i < rounds; i++) turned += run(test_seed() * 1000 + i, ZONES[i % 4]);
    CHECK(turned > 40 * rounds);
}
