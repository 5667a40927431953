/* oracle.h — for tests: a world kept twice, and what must be true in it.
 *
 *   world_…  ─┬─► customers, events, names                     the modules under test
 *             └─► plain arrays of what happened ─► oracle_…    a slow, obvious reading of the JSON
 *
 * The oracle shares nothing with the compiled form but the tree it walks: it collects a customer's
 * events, sorts them, and counts. */
#pragma once
#include "base/rng.h"
#include "predicate/predicate.h"

enum { WORLD_PERSONAS_MAX = 64, WORLD_EVENTS_MAX = 4096, WORLD_CHANGES_MAX = 4096 };

struct past_event {
    persona persona;
    str name;
    i64 at;
    u64 order;
    const struct json *props; /* an object, or NULL */
    bool system, gone;
};

/* One write of a field of a persona; NULL value: removed. */
struct past_change {
    persona persona;
    field_kind field;
    str name;                 /* of a consent: its channel */
    const struct json *value; /* attributes */
    bool on;
    i64 expires, when;
};

struct town {
    struct arena *arena, *scratch;
    struct env *env;
    struct store *store;
    struct customers *customers;
    struct events *events;
    struct names *names;
    struct customer_view view;
    const struct zone *zone; /* the workspace's; NULL: UTC */
    i64 now;
    u64 number, place;
    struct past_event past[WORLD_EVENTS_MAX];
    struct past_change changes[WORLD_CHANGES_MAX];
    u32 past_count, change_count;
    persona personas[WORLD_PERSONAS_MAX]; /* every one ever made */
    u32 persona_count;
    persona of_subject[WORLD_PERSONAS_MAX];
    /* What a segment's id stands for, for one customer: its condition; NULL: the membership given.
     */
    const struct json *(*segment)(void *ctx, str id, persona head, bool *member);
    void *ctx;
};

struct town *town_new(struct arena *arena, const char *zone);
void town_free(struct town *w);
/* The zone of that name, out of the system's files; NULL is UTC. */
const struct zone *town_zone(struct arena *arena, const char *name);
/* JSON with ' for ". */
const struct json *town_json(struct arena *arena, const char *text);
value town_value(struct arena *arena, const struct json *j);

/* A new record begins: events and changes after it share its number. */
void town_record(struct town *w);
persona town_customer(struct town *w, const char *user);
/* Appended now, occurred at `at`; the copy is in `past`. */
struct event town_event(struct town *w, persona p, const char *name, i64 at,
                        const struct json *props);
bool town_set(struct town *w, persona p, const char *attribute, const struct json *j,
              struct change *out);
bool town_tag(struct town *w, persona p, const char *tag, bool on, i64 expires, struct change *out);
bool town_consent(struct town *w, persona p, const char *channel, bool on, struct change *out);
/* Folds what was written to the personas of a head again, after a cut. */
void town_refold(struct town *w, persona head);
/* A live subject; its scratch is emptied by town_record. */
struct subject town_subject(struct town *w, persona head);

/* Compiles and loads; refusal fails the test. */
struct predicate *town_predicate(struct town *w, const struct json *j, predicate_place place);

/* Does the condition hold for this customer at `now`? `scope`: how a bare did is limited, or NULL.
 */
struct oracle_scope {
    const struct past_event *trigger;
    bool limited; /* SCOPED */
    i64 since_ms;
    u64 since_order;
};
bool oracle_holds(const struct town *w, persona head, const struct json *j, i64 now,
                  const struct oracle_scope *scope);
/* Of a formula's text, as of `now`, over events in timeline order. */
bool oracle_formula(const struct town *w, str text, const struct past_event *const *events, u32 n,
                    i64 now);
bool oracle_where(const struct json *j, const struct json *props, const struct zone *zone);

/* A condition drawn at random, as JSON; names of `segments` may stand in it. */
const struct json *random_predicate(struct town *w, struct rng *rng, const char *const *segments,
                                    u32 segment_count);
/* Properties drawn at random. */
const struct json *random_props(struct town *w, struct rng *rng);
