/* engine_internal.h — what the files of the engine share. */
#pragma once
#include "engine/engine.h"
#include "engine/timers.h"
#include "log/events.h"
#include "store/snapshot.h"

#include <stdatomic.h>

enum {
    CAUSES_MAX = 4096,      /* events and crossings of one record */
    ROUNDS_MAX = 8,         /* how deep effects may cause effects */
    SUBJECTS = 8,           /* subjects in use at once */
    PERSONAS_OF_ONE = 64,   /* personas of one customer that rules look at */
    TICK_CUSTOMERS = 10000, /* customers served by one TICK */
    OUTCOMES = 4096,
    ZONES_MAX = 1024,
    ATTEMPTS_MAX = 8
};

/* One thing that happened to a customer within the record being applied. */
struct happened {
    persona head;
    bool is_edge, is_change, fresh;
    struct event event; /* its props lie in the scratch arena, or in the record */
    struct edge edge;
    struct change change;
};

/* Row 1 of the table "engine": what the log said about the directory itself. */
struct engine_row {
    u64 version; /* the store's */
    u64 k0, k1;
    u32 level;
    u32 held; /* sending waits for a person: enum hold */
    u64 identity[2];
    i64 heartbeat_ms;
    u64 starts;
};
_Static_assert(sizeof(struct engine_row) == 64, "one line");

enum hold { HOLD_NONE, HOLD_CLONE = 1, HOLD_LATE = 2, HOLD_ASKED = 4 };

struct name_row {
    u64 version;
    u32 kind, code, text, spare;
};

struct object_row {
    u64 version;
    u32 kind, code;
    u32 number; /* version of the object */
    u32 source, compiled;
    u32 gone;
};

struct setting_row {
    u64 version;
    u32 name, bytes; /* handles */
};

struct zone_row {
    u64 version;
    u32 name, tzif; /* handles */
};

/* Background work: one thing at a time, handed between the engine's thread and the helper's. */
enum work { WORK_NONE, WORK_SEAL, WORK_SNAPSHOT };

struct background {
    _Atomic int state; /* 0 idle, 1 to do (helper's), 2 done (engine's) */
    enum work work;
    struct seal_job *job;
    struct epoch *epoch;
    struct manifest manifest;
    struct buf extra;
    err result;
    bool snapshot_wanted;
    u64 snapshots, last_position;
};

struct engine {
    struct env *env;
    struct engine_options options;
    struct file *lock;
    struct log *log;
    struct names *names;
    struct store *store;
    struct snapshot *snapshot;
    struct customers *customers;
    struct events *events;
    struct segments *segments;
    struct messages *messages;
    struct journeys *journeys;
    struct table *meta, *names_rows, *objects, *settings, *zones;
    struct heap *texts;
    struct timers timers;
    struct event_view *live_events;
    struct customer_view live_customers;
    struct resolver resolver;

    /* derived from zones */
    const struct zone *zone_loaded[ZONES_MAX];
    u32 zone_count;
    const struct zone *workspace_zone;
    struct arena *zone_arena;
    char zone_wanted[64]; /* a zone a customer named and the log does not know yet */

    /* while a record is applied */
    i64 now;
    i64 occurred; /* of what it tells: lateness goes on to the segments it changes */
    u64 number;
    u32 place; /* of the next event among the record's */
    struct arena *scratch;
    struct happened *happened;
    u32 happened_count;
    struct edges *edges;
    persona subject_personas[SUBJECTS][PERSONAS_OF_ONE];
    u32 subject_next;

    /* after it */
    _Atomic u64 applied;
    u64 proposed; /* number of the last proposal; nothing is proposed before it is applied */
    struct claim_outcome outcomes[OUTCOMES];
    u32 outcome_head, outcome_count;
    bool replaying;
    struct background background;
    struct engine_stats stats;
};

/* ---- apply.c ---- */
void apply_record(struct engine *e, const struct record *r, u64 number);
/* Writes an event of the customer down, and keeps it as something that happened (NULL: too much
 * did, it is only written down). */
struct happened *engine_event(struct engine *e, persona who, u32 code, str props, u32 flags,
                              bool fresh);
/* Everything that happened so far: rules asked, exits and waits, triggers; and what that causes. */
void engine_settle(struct engine *e);
/* The customer's own due items ≤ now. */
void engine_due(struct engine *e, persona head);
/* Sets her one timer to the least of all. */
void engine_arm(struct engine *e, persona head);
struct journey_host engine_host(struct engine *e);

/* ---- apply_item.c, claim.c, config.c ---- */
void apply_item(struct engine *e, const struct record *r);
void apply_merge(struct engine *e, const struct record *r);
void apply_claim(struct engine *e, const struct record *r);
void apply_answer(struct engine *e, const struct record *r);
void apply_start(struct engine *e, const struct record *r);
void apply_config(struct engine *e,
                  const struct record *r); /* NAME … SETTING, PUBLISH, OPERATE, SLICE */
void config_rebuild(struct engine *e);
const struct zone *engine_zone_named(const struct engine *e, str name);
void text_property(struct buf *b, u32 property, str text);
struct engine_row *engine_meta_edit(struct engine *e);
const struct engine_row *engine_meta(const struct engine *e);

/* ---- background.c ---- */
void background_install(struct engine *e); /* engine thread, between batches */
void background_start(struct engine *e);   /* engine thread: picks work if something is due */
void background_wait(struct engine *e);    /* on close: what runs is finished or abandoned */

static inline persona engine_of_head(void *ctx, persona p)
{
    return customer_head(((struct engine *)ctx)->customers, p);
}
