/* engine_internal.h — what the files of the engine share. */
#pragma once
#include "engine/engine.h"
#include "engine/timers.h"
#include "log/events.h"
#include "segment/score.h"
#include "segment/standing.h"
#include "store/snapshot.h"

#include <stdatomic.h>

enum {
    CAUSES_MAX = 1 << 16,  /* events and crossings of one record */
    CAUSES_EACH = 1 << 12, /* …are kept in pieces of so many */
    CAUSES_MANY =
        256, /* where they are of many customers, they are settled then: they stay in the cache */
    ROUNDS_MAX = 8,         /* how deep effects may cause effects */
    SUBJECTS = 8,           /* subjects in use at once */
    ERASURES_MAX = 1 << 20, /* under way at once */
    PERSONAS_OF_ONE = 64,   /* personas of one customer that rules look at */
    TICK_CUSTOMERS = 2000,  /* customers served by one TICK: some milliseconds */
    OUTCOMES = 4096,
    ZONES_MAX = 1024,
    ATTEMPTS_MAX = 8
};

/* The job of a SLICE: a segment's code, or a journey's with this bit. */
#define SLICE_JOURNEY ((u32)1 << 31)
/* …with this one: of the pass of its schedule's tick. */
#define SLICE_TICK ((u32)1 << 30)

/* One thing that happened to a customer within the record being applied. */
struct happened {
    persona head;
    bool is_edge, is_change, fresh;
    bool born;    /* this record made the customer */
    bool quiet;   /* of an identity, a rule or an erasure: it starts no journey, not even as late */
    u32 lists[2]; /* of hidden lists that she left and came to; 0: none */
    struct event event; /* its props lie in the scratch arena, or in the record */
    struct edge edge;
    str behind; /* of an edge: the journey whose doing led to it */
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
    persona visitor; /* whose turn it is (visitors.c) */
    u32 spare;
};

enum hold {
    HOLD_NONE,
    HOLD_CLONE = 1,
    HOLD_LATE = 2,
    HOLD_ASKED = 4,
    HOLD_BLANKED = 8,
    HOLD_PROMOTION = 16 /* not all sending: what is promotional waits */
};

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

/* What an object said in a version that is not the newest: templates, to show what was sent. */
struct kept_row {
    u64 version;
    u32 kind, code, number;
    u32 source;
};

/* An import: how far it came, as its records say; and how far it was taken back. */
struct import_row {
    u64 version;
    u32 source; /* NAME_SOURCE */
    u32 state;  /* enum import_state */
    u64 position, accepted, rejected, warnings, error_bytes;
    u32 undone; /* personas below it */
    u32 spare;
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
enum work { WORK_NONE, WORK_SEAL, WORK_SNAPSHOT, WORK_BLANK };

struct background {
    _Atomic int state; /* 0 idle, 1 to do (helper's), 2 done (engine's) */
    enum work work;
    struct seal_job *job;
    struct epoch *epoch;
    _Atomic bool park; /* asked of the helper: a merge that is to wait ends with ERR_AGAIN */
    struct manifest manifest;
    struct buf extra;
    err result;
    bool snapshot_wanted;
    bool snapshot_forced; /* also where nothing was applied since the last one */
    u64 snapshots, last_position;
    u32 seals;   /* since the last snapshot */
    u32 failing; /* times in a row that work failed, and why */
    err failure;
    i64 not_before_ns; /* then it waits */
    /* of an import that brings much at once; not state: a start has forgotten it */
    u64 import_first, import_last; /* records of it, as far as they are known; 0: there is none */
    u32 import_seals;
    u64 tidy_from, tidy_to; /* one is over: this range of orders becomes one file; 0: it is */
};

/* A customer who was erased, while the disk still holds something of hers. */
struct erasure_row {
    u64 version;
    u64 number; /* of her ERASE record */
    i64 asked_ms;
    u32 ids; /* handle: identifiers nobody else has, {u32 space, hash}… */
    u32 spare;
};

/* How far the disk is rid of the erased. Not state: a start begins anew, and finds it done. */
enum erasing_stage {
    ERASING_NOTHING,
    ERASING_SEAL,  /* until no sealed file has their events, and no memory their strings */
    ERASING_FULL,  /* a whole snapshot without them */
    ERASING_AGAIN, /* a second one: the files that the first replaced go */
    ERASING_LOG,   /* payloads of the log */
    ERASING_SAY,   /* a JOB record says so */
    ERASING_SAID
};
struct erasing {
    enum erasing_stage stage;
    u32 open;      /* erasures there are; derived */
    u64 upto;      /* of the erasures at hand */
    u64 deletions; /* of events, up to theirs */
    u64 moment;    /* of the store: their strings were retired before it */
    u64 snapshots;
    struct blank_id *ids;
    u32 id_count;
    u64 cursor;
};

/* Slices of a tick's pass that were proposed: some are under way at once, so that the log's sync of
 * one goes on beside the work on another. More where the engine had to wait for the log, fewer
 * where they come in heaps, since events wait behind them. Not state. */
enum { TICKS_AHEAD = 4, TICKS_AHEAD_LEAST = 2 };
struct ticking {
    u32 job;
    persona next; /* up to whom they go */
    u64 numbers[TICKS_AHEAD];
    u32 ahead;     /* how many may be under way */
    u32 customers; /* of the next slice: what takes about SLICE_NS */
};
#define SLICE_NS 1500000

enum { SAID_BYTES_MAX = 2 << 20 };
/* What a record said and nothing is seen of (change.c). */
struct said {
    struct buf entries;
    u32 count;
    persona persona;
    i64 when;
    bool wanted;
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
    struct table *meta, *names_rows, *objects, *kept, *settings, *zones, *erasures, *imports;
    struct table *erase_jobs, *erase_members; /* erase_many.c */
    struct table *crossings, *crossings_of;   /* crossings.c */
    struct offers *offers;
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

    /* while a record is applied */
    i64 now;
    i64 occurred; /* of what it tells: lateness goes on to the segments it changes */
    u64 number;
    u32 place; /* of the next event among the record's */
    u32 own;   /* the first place that is the record's own doing, not what was due before it */
    struct arena *scratch;
    struct happened *happened[CAUSES_MAX / CAUSES_EACH]; /* pieces, made when needed */
    u32 happened_count;
    struct edges *edges;
    persona subject_personas[SUBJECTS][PERSONAS_OF_ONE];
    u32 subject_next;
    struct said said;
    bool quiet; /* of what the rules being asked follow from (struct happened) */
    str behind; /* the journey whose own doing that was; empty: none's */
    const struct consent_proof *proof; /* of the consent being written; NULL: none */

    /* after it */
    _Atomic u64 applied;
    u64 proposed; /* number of the last proposal; nothing is proposed before it is applied */
    struct ticking ticking;
    u32 slices, sliced; /* of the batch, and their customers */
    struct claim_outcome outcomes[OUTCOMES];
    u32 outcome_head, outcome_count;
    bool replaying;
    bool blanked; /* records were met that an erasure had emptied */
    struct background background;
    struct answers *answers;
    struct erasing erasing;
    struct engine_stats stats;
};

/* ---- engine.c ---- */
/* Appends one urgent record of the engine's own; `number` may be NULL. Outside apply. */
MUST_USE err engine_append(struct engine *e, u16 kind, str payload, u64 *number);

/* ---- apply.c ---- */
void apply_record(struct engine *e, const struct record *r, u64 number);
/* A row for one more thing that happened; NULL: too much did. */
struct happened *engine_happened(struct engine *e, persona head, bool fresh);
/* Writes an event of the customer down, and keeps it as something that happened (NULL: too much
 * did, it is only written down). */
struct happened *engine_event(struct engine *e, persona who, u32 code, str props, u32 flags,
                              bool fresh);
struct happened *engine_event_at(struct engine *e, persona who, u32 code, i64 occurred, str props,
                                 u32 flags, bool fresh);
/* Whose timeline tells of what this persona began. */
persona engine_teller(const struct engine *e, persona who);
/* Only writes it down. */
struct event engine_note(struct engine *e, persona who, u32 code, i64 occurred, str props,
                         u32 flags);
/* Writes the crossings down that the segments have just found, as things that happened. */
void engine_edges(struct engine *e, u64 order, bool quiet);
/* Everything that happened so far: rules asked, exits and waits, triggers; and what that causes. */
void engine_settle(struct engine *e);
/* The customer's own due items ≤ now. */
void engine_due(struct engine *e, persona head);
/* Sets her one timer to the least of all. */
void engine_arm(struct engine *e, persona head);
struct journey_host engine_host(struct engine *e);
struct offer_host engine_offer_host(struct engine *e);
/* For journey_host.coupon: gives one, once for each enrolment's step. */
bool engine_coupon(void *ctx, persona head, u32 coupon, const struct offer_giver *by);

/* ---- change.c: fields, as events and back ---- */

/* The event of a change that came by `when`; the rules and journeys hear of it. */
void change_write(struct engine *e, const struct change *c, i64 when, bool fresh);
/* The same, with `more` properties: why, by whom (what has the reason "rule" is never folded).
 * NULL: too much happened. */
struct happened *change_write_with(struct engine *e, const struct change *c, i64 when, bool fresh,
                                   str more);
/* What a record said of a customer of several personas and nothing is seen of: kept with the
 * persona who said it, so that a cut finds it. Begins empty; `end` writes it down. */
void said_begin(struct engine *e, persona who, i64 when);
void said_add(struct engine *e, const struct change *c);
void said_end(struct engine *e);
/* A change that a step of a journey makes now (struct journey_host); `ctx` is the engine. */
void change_tag(void *ctx, persona who, u32 tag, bool on, i64 expires_ms, str place);
void change_set(void *ctx, persona who, u32 attribute, value v, str place);
/* Before two become one: what each is, if it is one persona, is written down. For
 * customers_on_join. */
void change_on_join(void *ctx, persona from, persona to);
/* Fills a head's empty view from the timelines of its personas. */
void change_refold(struct engine *e, persona head);

/* ---- states.c: tags by rule, stages, levels, scores ---- */

/* For standings_hook. */
void states_effect(void *ctx, const struct standing *st, persona head, bool fresh);
/* After a merge or a cut: what does not fit her rules any more is set right, quietly. */
void states_look(struct engine *e, persona head);
/* Whether a field is the engine's own to write: the attribute of a ladder; with a head, a tag she
 * has by its rule. */
bool states_own(const struct engine *e, persona head, const struct change *c);
/* A tag was put or taken by somebody: it is no longer the rule's. */
void states_by_hand(struct engine *e, const struct change *c);
/* PUBLISH and REMOVE of tags, models, ladders and scores. */
err states_publish(struct engine *e, object_kind kind, u32 code, str compiled);
void states_remove(struct engine *e, object_kind kind, u32 code);

/* ---- identity.c ---- */
void apply_merge(struct engine *e, const struct record *r);
void apply_unmerge(struct engine *e, const struct record *r);
/* The customer of an opaque id, also of one that joined another; 0: nobody. */
persona engine_head_of(struct engine *e, str id);
/* What follows from links that were made: all that hangs on a customer follows to the survivor. */
void identity_joined(struct engine *e, const struct resolved *out);

/* ---- erase.c ---- */
/* Takes a customer away from everything that runs and from the timeline, within this record. */
void engine_forget(struct engine *e, persona head);
/* visitors.c: at a heartbeat. */
void visitors_look(struct engine *e);
/* address.c: those who have the address by this identifier (≤ 16) are told. */
void engine_suppress(struct engine *e, u32 channel, hash128 address, suppression reason,
                     const struct record_id *holder);
void apply_suppress(struct engine *e, const struct record *r);
/* Consent given anew takes back that the address was opted out. */
void address_welcome(struct engine *e, const struct change *c);
void apply_erase(struct engine *e, const struct record *r);
/* These customers (who are known no more, or stand there twice, are passed over); their disk is
 * cleared later. */
void erase_these(struct engine *e, const persona *heads, u32 n);
/* erase_many.c: everybody of a segment, some at a time. */
void erase_many_build(struct engine *e);
void erase_many_begin(struct engine *e, u32 segment);
void erase_many_go_on(struct engine *e);
bool erase_many_propose(struct engine *e);
hash128 erase_many_digest(struct engine *e);
void apply_job(struct engine *e, const struct record *r);
/* What the disk still holds of the erased, a step at a time: decides what background work is next.
 * Engine thread, while no work runs. */
void erasing_next(struct engine *e);
struct seal_job *erasing_job(struct engine *e); /* NULL: none is needed */
bool erasing_wants_blank(const struct engine *e);
err erasing_blank(struct engine *e); /* helper: one file of the log */
void erasing_clear(struct engine *e);
void erasing_rebuild(struct engine *e); /* after a load */

/* ---- task.c ---- */
void apply_task(struct engine *e, const struct record *r);
void apply_task_open(struct engine *e, const struct record *r);

/* ---- schema.c ---- */
void apply_schema(struct engine *e, const struct record *r);

/* Rules that read her are asked from her whole timeline; what they find starts nothing. */
void identity_look(struct engine *e, persona head);

/* ---- import.c ---- */
void apply_import(struct engine *e, const struct record *r);
void apply_undo(struct engine *e, const struct record *r);
hash128 imports_digest(struct engine *e);

/* ---- apply_item.c, claim.c, receipt.c, send.c, config.c ---- */
void apply_item(struct engine *e, const struct record *r);
void apply_bulk(struct engine *e, const struct record *r);
void apply_receipt(struct engine *e, const struct record *r);
void apply_send(struct engine *e, const struct record *r);
/* claim.c: an event of the message, with where it came from. */
struct message_event {
    u32 event;
    str reason, detail, to, url, values;
    u32 content;
    bool machine;
};
void message_tell(struct engine *e, u32 message, const struct message_event *what);
/* receipt.c: what her timeline says of a message. Views until the engine's next step. */
struct message_past {
    persona persona;
    str journey, step, template_id, channel, topic, to, values;
    u32 content;
    bool notice;    /* it was to the staff */
    i64 claimed_ms; /* 0: there is no such claim */
    u32 said;       /* 1 << message_status of each that was written down, but by machines */
};
void message_past(struct engine *e, persona head, hash128 id, i64 from, struct arena *arena,
                  struct message_past *out);
/* The address that it was claimed for must not be used any more. */
void message_suppress(struct engine *e, u32 channel, persona head, str to, suppression reason);
/* kept.c: the newest source goes to those kept, when another takes its place. */
void objects_keep(struct engine *e, const struct object_row *r);
hash128 objects_kept_digest(struct engine *e);
void apply_claim(struct engine *e, const struct record *r);
void apply_answer(struct engine *e, const struct record *r);
void apply_start(struct engine *e, const struct record *r);
void apply_config(struct engine *e,
                  const struct record *r); /* NAME … SETTING, PUBLISH, OPERATE, SLICE */
void config_rebuild(struct engine *e);
void text_property(struct buf *b, u32 property, str text);
struct engine_row *engine_meta_edit(struct engine *e);
const struct engine_row *engine_meta(const struct engine *e);

/* ---- propose.c ---- */
/* So long took a batch with slices of so many customers: the next is of that size. */
void propose_learn(struct engine *e, i64 took_ns);
/* There was nothing to apply. */
void propose_idle(struct engine *e);

/* ---- answers.c ---- */
enum { SLICE_WORDS_MAX = 512, SLICE_PIECE = 256 };
struct answers;
struct answers *answers_new(void);
void answers_free(struct answers *a);
/* Works for about budget_us; false: nothing is to do. Helper's thread. */
bool answers_step(struct engine *e, i64 budget_us);
/* The slice of a rule from s->from on, its cursor: gets its answers and length from what was
 * computed beside, or stays as it is, to be asked in apply. False: it has to wait; `began` if the
 * helper has something to do now. Between batches. */
bool answers_for(struct engine *e, struct slice_record *s, bool *began);
/* Applies a slice of a segment's bootstrap. */
void answers_apply(struct engine *e, const struct slice_record *s);

/* ---- background.c ---- */
void background_install(struct engine *e); /* engine thread, between batches */
void background_start(struct engine *e);   /* engine thread: picks work if something is due */
/* A record of an import of history was applied, or its last one. */
void background_import(struct engine *e, bool is_over);
void background_end(struct engine *e); /* on close: what runs is finished, a merge abandoned */

static inline persona engine_of_head(void *ctx, persona p)
{
    return customer_head(((struct engine *)ctx)->customers, p);
}

/* ---- crossings.c ---- */

void crossings_build(struct engine *e);
/* Somebody crossed this segment's border now. O(1), but once a day. */
void crossings_count(struct engine *e, u32 code, bool entered);
void crossings_forget(struct engine *e, u32 code);
hash128 crossings_digest(struct engine *e);
