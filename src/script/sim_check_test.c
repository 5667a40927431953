/* sim_check_test.c — what must hold of the tables at every quiet moment. */
#include "script/sim_test.h"

#include <stdlib.h>

#define EACH_HEAD(s, head)                                                                         \
    for (persona head = 1; head < customers_end(engine_customers(world_engine((s)->world)));       \
         head++)                                                                                   \
        if (customer_head(engine_customers(world_engine((s)->world)), head) == head)

static const struct customer_row *row_of(const struct sim *s, persona head)
{
    return customer_at(engine_customers(world_engine(s->world)), head);
}

static const struct enrolment_row *enrolment(const struct sim *s, u32 row)
{
    return enrolment_at(engine_journeys(world_engine(s->world)), row);
}

/* Versions are numbered in the order of publishing, from 1. */
static bool may_be_paused(const struct sim *s, u32 program)
{
    return program - 1 < J_COUNT && s->journeys[program - 1].operated;
}

void check_punctual(struct sim *s)
{
    i64 now = world_now(s->world);
    struct engine *e = world_engine(s->world);
    struct messages *m = engine_messages(e);
    EACH_HEAD(s, head)
    for (u32 row = row_of(s, head)->enrolments; row; row = enrolment(s, row)->next) {
        const struct enrolment_row *r = enrolment(s, row);
        HOLDS(s, r->state != ENROLMENT_WAITING || r->due_ms > now || may_be_paused(s, r->program),
              "a wait is over, and nothing happened");
    }
    for (u32 row = 1; row < messages_end(m); row++) {
        const struct message_row *r = message_at(m, row);
        HOLDS(s,
              !r || r->status != MESSAGE_DEFERRED || r->due_ms > now ||
                  may_be_paused(s, r->program),
              "a deferred message is due, and nothing happened");
    }
    HOLDS(s, message_tally(m).now[MESSAGE_CLAIMED] <= outbox_in_flight(world_outbox(s->world)),
          "a message is claimed, and nobody hands it over");
}

static void compare_early(struct sim *s, const struct enrolment_row *r)
{
    for (u32 i = 0; i < s->seen_count; i++) {
        const struct seen_enrolment *was = &s->seen[i];
        if (was->trigger_order != r->trigger_order || was->program != r->program) continue;
        if (r->program > J_COUNT) continue; /* its waits end by what happens, too */
        bool moved = r->state == ENROLMENT_ENDED ? r->exit == EXIT_DONE : r->step != was->step;
        HOLDS(s,
              was->state != ENROLMENT_WAITING || !moved ||
                  engine_time(world_engine(s->world)) >= was->due_ms,
              "a wait ended before its time");
    }
}

void check_not_early(struct sim *s)
{
    EACH_HEAD(s, head)
    for (u32 row = row_of(s, head)->enrolments; row; row = enrolment(s, row)->next)
        compare_early(s, enrolment(s, row));
    s->seen_count = 0;
    EACH_HEAD(s, head)
    for (u32 row = row_of(s, head)->enrolments; row; row = enrolment(s, row)->next) {
        const struct enrolment_row *r = enrolment(s, row);
        if (s->seen_count == SEEN_MAX) return;
        s->seen[s->seen_count++] =
            (struct seen_enrolment){r->trigger_order, r->due_ms, r->program, r->step, r->state};
    }
}

/* Who stands at each step of each version, counted again. */
static void check_standing(struct sim *s)
{
    enum { VERSIONS = 512, STEPS = 64 };
    struct engine *e = world_engine(s->world);
    u32(*standing)[STEPS] = mem_zalloc(VERSIONS * sizeof *standing);
    EACH_HEAD(s, head)
    for (u32 row = row_of(s, head)->enrolments; row; row = enrolment(s, row)->next) {
        const struct enrolment_row *r = enrolment(s, row);
        MUST(r->program < VERSIONS && r->step < STEPS);
        standing[r->program][r->step] +=
            r->state == ENROLMENT_WAITING || r->state == ENROLMENT_SENDING;
    }
    for (u32 program = 1; program < VERSIONS; program++)
        for (u32 step = 0; step < STEPS; step++) {
            struct step_tally t;
            message_step(engine_messages(e), program, step, &t);
            HOLDS(s, t.standing == standing[program][step], "who stands at a step is no recount");
        }
    free(standing);
}

void check_lists(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    struct messages *m = engine_messages(e);
    struct journey_info info[64];
    u64 runs = 0, counted = 0, listed = 0, alive = 0;
    EACH_HEAD(s, head)
    {
        for (u32 row = row_of(s, head)->enrolments; row; row = enrolment(s, row)->next) {
            const struct enrolment_row *r = enrolment(s, row);
            runs += r->state == ENROLMENT_WAITING || r->state == ENROLMENT_SENDING;
            HOLDS(s, customer_head(engine_customers(e), r->persona) == head,
                  "an enrolment is in another customer's list");
        }
        for (u32 row = row_of(s, head)->messages; row; row = message_at(m, row)->next) {
            HOLDS(s, message_at(m, row), "a freed message is still in a list");
            HOLDS(s, customer_head(engine_customers(e), message_at(m, row)->persona) == head,
                  "a message is in another customer's list");
            listed++;
        }
    }
    u32 n = journey_list(engine_journeys(e), info, COUNT_OF(info));
    for (u32 i = 0; i < n; i++) counted += info[i].waiting;
    for (u32 row = 1; row < messages_end(m); row++) alive += message_at(m, row) != NULL;
    HOLDS(s, runs == counted, "an enrolment under way is in nobody's list");
    HOLDS(s, listed == alive, "a message is in nobody's list");
    check_standing(s);
}

void check_tally(struct sim *s)
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

/* A customer who is due at the time of the log, but not yet by the clock (it jumped back), is not
 * judged. */
static bool is_due(const struct sim *s, persona head)
{
    i64 due = n48_get(row_of(s, head)->next_due);
    return due && due <= engine_time(world_engine(s->world));
}

/* Everybody at once, in bits that are to be freed. */
static u64 *ask_all(const struct sim *s, const struct predicate *p)
{
    struct engine *e = world_engine(s->world);
    persona end = customers_end(engine_customers(e));
    u64 *bits = mem_zalloc((end / 64 + 1) * sizeof *bits);
    struct subject who;
    if (end <= 1) return bits;
    engine_subject(e, 1, &who);
    struct batch_subject all = {.view = who.view,
                                .events = who.events,
                                .zone = who.zone,
                                .resolver = who.resolver,
                                .names = who.names};
    MUST(predicate_batch(p, &all, 1, end, engine_time(e), bits));
    return bits;
}

void check_segments(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    struct segments *sg = engine_segments(e);
    u32 codes[16], n = engine_objects(e, OBJECT_SEGMENT, codes, COUNT_OF(codes));
    for (u32 i = 0; i < n; i++) {
        u64 *bits = ask_all(s, segment_predicate(sg, codes[i]));
        EACH_HEAD(s, head)
        {
            struct subject who;
            if (is_due(s, head) || !segment_judged(sg, codes[i], head)) continue;
            struct arena *a = arena_new();
            engine_subject(e, head, &who);
            who.scratch = a;
            bool is = segment_resolve(sg, head, codes[i], engine_time(e)).holds;
            bool should =
                predicate_eval(segment_predicate(sg, codes[i]), &who, engine_time(e)).holds;
            arena_free(a);
            bool at_once = bits[(head - 1) / 64] >> (head - 1) % 64 & 1;
            HOLDS(s, at_once == should, "asked together and asked alone, she is told apart");
            HOLDS(s, is || !should, "somebody is missing from a segment");
            HOLDS(s, !is || should, "somebody is in a segment whose rule does not hold");
        }
        free(bits);
    }
}

void check_erased(struct sim *s)
{
    struct erasure_info left[4];
    struct engine *e = world_engine(s->world);
    HOLDS(s, engine_erasures(e, left, COUNT_OF(left)) == 0,
          "a month passed, and the disk still holds something of who was erased");
    /* What an undone import leaves goes when files are merged, or with the next erasure. */
    HOLDS(s, !s->erasures || s->undos > s->undos_erased || events_deleted(engine_events(e)) == 0,
          "deleted events lie in a file still");
}

void check_moves(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    struct message_tally t = message_tally(engine_messages(e));
    HOLDS(s,
          engine_sending_held(e) ||
              t.now[MESSAGE_PLANNED] + t.now[MESSAGE_DEFERRED] + t.now[MESSAGE_CLAIMED] == 0,
          "a message neither went nor ended, although nothing failed for a month");
    EACH_HEAD(s, head)
    HOLDS(s,
          !n48_get(row_of(s, head)->next_due) ||
              n48_get(row_of(s, head)->next_due) > world_now(s->world),
          "somebody is due and not served");
}
