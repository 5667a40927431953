/* stage_test.h — for tests: journeys with customers, messages and a clock, and all that they told.
 *
 * A stage does what the engine does around journeys, in its order: what is due, the change, exits
 * and waits, triggers. Events of the journeys are listed, and given back to nobody. */
#pragma once
#include "base/test.h"
#include "journey/journey_internal.h"
#include "log/events.h"
#include "log/fixed.h"
#include "predicate/oracle.h"

enum { TOLD_MAX = 16384, STAGE_ZONES = 8 };

struct told {
    i64 at_ms;
    persona head;
    u32 event;
    str journey, step, reason, result, key, owner, task, to;
    bool fresh;
};

struct stage {
    struct town *w;
    struct segments *segments;
    struct messages *messages;
    struct journeys *journeys;
    struct resolver resolver;
    const char *zone_names[STAGE_ZONES];
    const struct zone *zones[STAGE_ZONES];
    u32 zone_count;
    struct told told[TOLD_MAX];
    u32 told_count;
    u32 slice; /* customers a pass takes at once */
};

struct stage *stage_new(struct arena *arena, const char *zone);
void stage_free(struct stage *s);
/* Customers may name this zone from now on. */
void stage_zone(struct stage *s, const char *name);

/* JSON with ' for ". Published now; passes are made at once. */
u32 stage_publish(struct stage *s, const char *json);
err stage_compile(struct stage *s, const char *json, struct diag *why);
void stage_pass(struct stage *s);

/* A record of hers, now: an event with JSON properties (or NULL), an attribute (JSON). */
void stage_event(struct stage *s, persona p, const char *name, const char *props);
void stage_set(struct stage *s, persona p, const char *attribute, const char *json);
/* `from` joins `to`, or the other way: what the survivor is. */
persona stage_merge(struct stage *s, persona a, persona b);
/* Time passes up to and including `to`; what is due is served at its moment. */
void stage_until(struct stage *s, i64 to);
/* What is due for her now. */
void stage_due(struct stage *s, persona head);
/* How often this was told so far; `reason` may be NULL. */
u32 stage_count(const struct stage *s, u32 event, const char *journey, const char *reason);
/* Rows of hers in that state. */
u32 stage_rows(const struct stage *s, persona head, enrolment_state state);
/* 2026-03-01, or with a time of day, UTC. */
i64 stage_ms(const char *text);
