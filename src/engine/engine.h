/* engine.h — apply(): the deterministic state machine over the log.
 *
 *   log ─► engine_step ─► for each record: her own due items, the change, edges, exits and waits,
 *            │            triggers, effects ─► events written, messages planned, timers
 *            ├─► engine_applied: requests up to here may be answered
 *            ├─► claim outcomes: the outbox goes on
 *            └─► proposals outside apply: TICK when something is due, SLICE while a rule is new
 *
 * One thread owns an engine (the caller's of engine_step). Others read a pinned `engine_view` and
 * send records. A process may hold several engines. */
#pragma once
#include "base/fixed.h"
#include "base/zone.h"
#include "engine/record.h"
#include "journey/journey.h"
#include "offer/offer.h"

struct engine;

struct engine_options {
    const char *dir;       /* data directory; NULL: in memory */
    u64 memory_max;        /* budget of the state; 0: none */
    u64 pending_bytes_max; /* of the log */
    u64 log_file_bytes;
    u64 events_tail_bytes;         /* a seal is due beyond this; 0: the events' own */
    u64 snapshot_records;          /* records between snapshots nobody asked for; 0: 4,000,000 */
    const char *zoneinfo;          /* folder of TZif files; NULL: /usr/share/zoneinfo */
    struct env *files;             /* where that folder is, NULL: in the engine's own world */
    bool unsafe_no_sync;           /* positive control of crash tests */
    bool inspect;                  /* only looks: writes no START, begins no background work */
    bool from_log_alone;           /* inspect, as if there were no snapshot: needs the log whole */
    void (*on_append)(void *ctx);  /* from any thread: the log has work */
    void (*on_durable)(void *ctx); /* from the log's thread: the engine has work */
    void (*on_background)(void *ctx); /* from the engine's thread: engine_background has work */
    void *ctx;
};

/* Opens or creates a directory: lock, log, newest snapshot, replay to the end; then appends START.
 * The engine is at the log's end when it returns. ERR_CORRUPT, ERR_UNSUPPORTED (a later level),
 * ERR_CONFLICT (another process), with the reason. */
MUST_USE err engine_open(struct env *env, const struct engine_options *o, struct engine **out,
                         struct diag *why);
void engine_close(struct engine *e);

struct log *engine_log(struct engine *e);
struct names *engine_names(struct engine *e);
struct customers *engine_customers(struct engine *e);
struct events *engine_events(struct engine *e);
struct messages *engine_messages(struct engine *e);
struct journeys *engine_journeys(struct engine *e);
struct segments *engine_segments(struct engine *e);
struct offers *engine_offers(struct engine *e);
struct sip_key engine_key(const struct engine *e);
const struct zone *engine_zone(struct engine *e); /* the workspace's */
/* A zone the log has a record of, by its name; NULL. Engine thread. */
const struct zone *engine_zone_named(const struct engine *e, str name);
u64 engine_applied(const struct engine *e); /* any thread */
i64 engine_time(const struct engine *e);    /* of the last batch */

/* Applies at most one durable batch; false if there was none. */
bool engine_step(struct engine *e);
/* Proposes what time has made due: appends at most one TICK (or SLICE of a new rule's way through
 * everybody) when the wall clock `now` has come and the last proposal was applied; or has answers
 * for a slice computed by engine_background. True if it did either. */
bool engine_propose(struct engine *e, i64 now);
/* The wall time at which engine_propose next has something to do; NEVER: nothing. */
i64 engine_next_due(const struct engine *e);
/* A step of background work: answers for slices, sealing, merging, snapshot. True while there is
 * work. Helper thread, or the engine's own in tests; what it finished is taken up by the next
 * engine_step or engine_propose. Work that failed (a full disk) is begun again after a second,
 * then after twice as long, up to a minute. */
bool engine_background(struct engine *e, i64 budget_us);
/* How often in a row background work has failed; 0: the last piece went well. And why it did. */
u32 engine_failing(const struct engine *e);
err engine_failure(const struct engine *e);
/* Asks for a snapshot, made by engine_background; done when engine_snapshots() has grown. False:
 * the last one has all there is. */
bool engine_snapshot(struct engine *e);
/* Whether background work runs, or is left to do after an import. Engine thread. */
bool engine_tidying(const struct engine *e);
u64 engine_snapshots(const struct engine *e);

/* ---- the outbox's side (engine thread) ---- */

struct claim_outcome {
    u32 message;
    hash128 id;
    refusal why; /* NONE: granted; STALE: render again; else refused or deferred */
};
/* The next outcome of an applied CLAIM of this process, in order; false if none. */
bool engine_outcome(struct engine *e, struct claim_outcome *out);
/* What apply would say to a claim now, without applying: spares connecting for what will be
 * refused. */
refusal engine_would_refuse(struct engine *e, u32 message, hash128 address, u64 fingerprint,
                            i64 now);
/* What a message says and by which rules, a journey's or a program's. */
bool engine_content(struct engine *e, u32 message, struct message_content *out);
bool engine_sending_held(const struct engine *e);   /* everything: a clone, a clock jump */
bool engine_promotion_held(const struct engine *e); /* the global pause of promotion */

/* ---- states ---- */

/* Within apply: puts her at a stage by hand, named by the code of its list; gives points by hand.
 * False: there is no such stage or score, or `only_forward` forbids it. `place`: properties of the
 * event besides. */
bool engine_stage_set(struct engine *e, persona head, u32 list, str place, bool fresh);
bool engine_score_add(struct engine *e, persona head, u32 score, fixed points, str place,
                      bool fresh);
/* Her points of a score by the clock, rounded to four places. Engine thread, outside apply. */
fixed engine_score(struct engine *e, persona head, u32 score);

/* ---- ahead ---- */

/* Customers for whom something is due before `until`, `max` at most, in no order: how many.
 * `*more`: there are others. O(those). */
u32 engine_due_before(const struct engine *e, i64 until, persona *out, u32 max, bool *more);
/* What is likely to be sent to her before `until`: by journey (code; 0: a program's) and channel.
 */
struct ahead {
    void (*each)(void *ctx, u32 journey, u32 channel, i64 at);
    void *ctx;
};
void engine_ahead(struct engine *e, persona head, i64 until, const struct ahead *a);
/* What is ready to be sent now, `max` at most; false: there is more. */
bool engine_ready_ahead(struct engine *e, u32 max, const struct ahead *a);

/* ---- reading ---- */

/* A live subject of a customer (engine thread, until the next step). */
void engine_subject(struct engine *e, persona head, struct subject *out);
/* Reads the zone's TZif file and appends its ZONE record: whoever writes a customer's `timezone`
 * calls it first, so that the record stands before every use. ERR_INVALID: no name of a zone;
 * ERR_NOT_FOUND: there is none on this system. Any thread. */
MUST_USE err engine_add_zone(struct engine *e, str name, u64 *number);
/* A zone that is named has to be in the log before what names it: if it is not, its record is
 * appended. False: there is no such zone. */
bool engine_zone_known(struct engine *e, str name);
/* Published configuration: the JSON source of an object; empty if there is none. */
str engine_object(struct engine *e, object_kind kind, str id, u32 *version);
/* The source of that very version, as long as it is kept; empty if it is not. */
str engine_object_version(struct engine *e, object_kind kind, str id, u32 version);
u32 engine_objects(struct engine *e, object_kind kind, u32 *codes, u32 max);
/* How a segment's members came and went, newest day first: the days (of the workspace's zone, since
 * 1970) on which somebody did, of the last SEGMENT_DAYS_MAX such. Returns how many (≤ max). */
enum { SEGMENT_DAYS_MAX = 400 };
struct segment_day {
    i64 day;
    u32 entered, left, members; /* members: after the day's last crossing */
};
u32 engine_segment_days(struct engine *e, u32 code, struct segment_day *out, u32 max);
/* A workspace setting as text ("zone", "name"…). */
value engine_setting(struct engine *e, str name);
/* How long visitors without an event are kept: the setting, or what it is without one; 0: for ever.
 */
i64 engine_visitor_days(struct engine *e);

/* journey_explain for her, with the scratch memory it needs. False: no such journey. */
bool engine_journey_explain(struct engine *e, persona head, u32 journey, u32 step, i64 now,
                            struct buf *out);

/* Why two personas were joined, as the timeline says it: "same event", "alias", "by hand"… */
str engine_link_text(link_why why);
/* How far an import came (position, counts), and how far it was taken back: state, and in `undone`
 * the persona at which to go on. False: there are no records of it. Engine thread. */
bool engine_import(struct engine *e, u32 source, struct import_record *out, u32 *undone);
/* Erasures of which the disk still holds something, oldest first; returns how many (≤ max). */
struct erasure_info {
    u64 number; /* of the ERASE record */
    i64 asked_ms;
};
u32 engine_erasures(const struct engine *e, struct erasure_info *out, u32 max);
/* Everybody of a segment being erased, by the number of the JOB record that asked for it. False:
 * there is none, or it was over long ago. */
struct erase_job_info {
    str segment;
    u32 total, erased;
    bool running;
    i64 asked_ms, done_ms;
};
bool engine_erase_job(const struct engine *e, u64 number, struct erase_job_info *out);
/* Whether it was read from records that an erasure had emptied: then its hash is not the one a
 * snapshot has. */
bool engine_is_blanked(const struct engine *e);

/* What became of one message, as her timeline has it; also when its row is gone. */
struct message_story {
    persona head;
    str journey, step, template_id, channel, to; /* of its claim; empty before */
    str values;  /* a MAP's value bytes, as they stood in its words */
    u32 content; /* version of the template; 0: it was not claimed, or says nothing of it */
    message_status status; /* the furthest */
};
/* What an event says that became of a message, or of a notice to the staff; NONE: it tells of none.
 */
message_status engine_event_status(const struct event *ev);
/* False: she has no claim of it. Views until the next step. */
bool engine_message_story(struct engine *e, persona head, hash128 id, struct arena *arena,
                          struct message_story *out);

/* Epoch for other threads: pinned and unpinned on the engine thread, used anywhere. */
struct engine_view {
    u64 position;
    i64 time_ms;
    struct epoch *epoch;
    struct event_view *events;
    struct customer_view customers;
};
void engine_pin(struct engine *e, struct engine_view *out);
void engine_unpin(struct engine_view *v);

/* The canonical state hash: equal after any replay of the same log. Engine thread; O(state). */
hash128 engine_hash(struct engine *e);

struct engine_stats {
    u64 applied, accepted, duplicates, late, visitors_forgotten, customers, events,
        messages_planned;
    u64 store_bytes, event_bytes, derived_bytes, log_bytes, segment_bytes;
    i64 replay_ms;
    u64 replayed;
    u64 background_failures;
    u64 causes_dropped; /* what followed from one record, and nobody heard of: too much, too deep */
};
struct engine_stats engine_stats(struct engine *e);
