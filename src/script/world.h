/* world.h — a whole Beckon in virtual time: engine, outbox and a provider on one thread.
 *
 *   world_until(t): the clock steps from one due moment to the next; at each, records are written,
 *   applied, proposed, sent and answered until nothing moves. The steps are the server's own.
 *
 * Used by scripts, by playbooks' fixtures and by the random simulator. A world may live in memory,
 * or on the simulated disk, and be opened again there after a crash. */
#pragma once
#include "env/sim.h"
#include "intake/intake.h"
#include "outbox/outbox.h"

struct world;

/* One hand-over to the provider, as it saw it. */
struct delivered {
    i64 at_ms;
    hash128 id;
    char to[320];
    u32 message;
    answer_class answer; /* what was answered; set once the provider has decided */
};

/* What the provider answers, asked at each delivery. `retry_ms` counts for RETRY. */
struct world_answer {
    answer_class class;
    i64 retry_ms;
    i64 connect_ms;    /* it takes so long to connect */
    i64 delay_ms;      /* the answer comes this much later */
    bool before_claim; /* it fails while connecting: nothing was handed over */
};

struct world_options {
    struct env *env; /* simulated; the caller's */
    const char *dir; /* on it; NULL: in memory */
    struct world_answer (*answer)(void *ctx, const struct delivered *d); /* NULL: accepts at once */
    void *ctx;
    bool (*enough)(void *ctx); /* asked now and then; true: nothing goes on. NULL: never */
    u64 events_tail_bytes;     /* as in engine_options: small ones make seals frequent */
    struct env *files;         /* where /usr/share/zoneinfo is; NULL: on the simulated disk */
};

MUST_USE err world_open(const struct world_options *o, struct world **out, struct diag *why);
/* Clean end; after sim_kill or sim_crash world_abandon instead. */
void world_close(struct world *w);
void world_abandon(struct world *w);

struct engine *world_engine(struct world *w);
struct outbox *world_outbox(struct world *w);
i64 world_now(struct world *w);

/* Appends records (record_put bytes) and lets everything settle at the present moment. ERR_OK: they
 * are durable and applied, as a request is answered; ERR_IO: nobody knows. `last` may be NULL. */
MUST_USE err world_append(struct world *w, str records, u32 count, u64 *last);
/* A call of an SDK, as if it came in now. */
MUST_USE err world_track(struct world *w, str body, struct intake_result *result, struct diag *why);
/* One item as the API has it (customer, track or page, with "identifiers"), as if it came in now.
 */
MUST_USE err world_item(struct world *w, str body, struct intake_result *result, struct diag *why);
/* The same as history. */
MUST_USE err world_past(struct world *w, str body, struct intake_result *result, struct diag *why);
/* One record of any kind, and all that follows from it at this moment. */
MUST_USE err world_record(struct world *w, u16 kind, str payload);
/* A call of an SDK that is imported as history. */
MUST_USE err world_import(struct world *w, str body, struct intake_result *result,
                          struct diag *why);
/* The same as part of an import that can be undone: `source` is its NAME_SOURCE code. */
MUST_USE err world_import_as(struct world *w, u32 source, str body, struct intake_result *result,
                             struct diag *why);
/* Publishes a configuration object from its JSON: compiled, appended, applied. */
MUST_USE err world_publish(struct world *w, object_kind kind, const struct json *source,
                           struct diag *why);
/* The workspace's zone, with its TZif bytes. */
MUST_USE err world_zone(struct world *w, const struct zone_record *zone);
/* Pause, resume, stop or roll out (hundredths of a percent) a journey by its NAME_OBJECT code. */
MUST_USE err world_operate(struct world *w, operate_what what, u32 code, u32 percent);
/* A person says what came of a task. */
MUST_USE err world_outcome(struct world *w, const struct task_record *t);
/* What the API does with customers: two are one, one is parted at the link this persona hangs by,
 * one is forgotten. */
MUST_USE err world_merge(struct world *w, persona a, persona b);
MUST_USE err world_unmerge(struct world *w, persona p);
MUST_USE err world_erase(struct world *w, persona p);
/* Lets virtual time pass up to and including `until_ms`. */
void world_until(struct world *w, i64 until_ms);

/* Everything handed over so far, in order; `count` is set. */
const struct delivered *world_delivered(const struct world *w, u32 *count);
