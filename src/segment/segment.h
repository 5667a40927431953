/* segment.h — who is in a segment, kept true while customers change and time passes.
 *
 *   publish ─► rule ─bootstrap slices─► memberships
 *   event, change, due ─► segment_touch / segment_due ─► edges (entered, left) ─► engine
 *
 * A rule is asked only for the customer at hand, when something it reads changed or its `until`
 * came. Memberships of the first 256 rules and lists are bits of the hot row, further ones lie,
 * with the kept state of leaves and each rule's `until`, in a list of small rows per customer. A
 * customer met for the first time is asked everything. This module sends nothing and never looks at
 * a clock. Engine thread, but for what takes a `customer_view` of an epoch. */
#pragma once
#include "predicate/predicate.h"

struct segments;
struct segments *segments_new(struct store *s, struct customers *c, struct events *es,
                              struct names *names);
void segments_free(struct segments *sg);
/* Asked for every zone a condition names, before it is published: whether there is such a zone by
 * then. Without it any is taken. */
void segments_zones(struct segments *sg, bool (*known)(void *ctx, str name), void *ctx);
/* After a snapshot was loaded: programs and indexes from the stored bytes. O(rules). */
void segments_rebuild(struct segments *sg);

enum {
    SEGMENTS_MAX = 16000,    /* rules and lists together */
    SEGMENT_RULES_MAX = 512, /* live rules */
};

/* One crossing; `fresh` is the cause's. */
struct edge {
    u32 segment; /* NAME_OBJECT code */
    persona head;
    bool entered;
    bool fresh;
};
/* No rule crosses twice in one touch, so they always fit. Calls append. */
enum { EDGES_MAX = SEGMENT_RULES_MAX };
struct edges {
    u32 count;
    struct edge items[EDGES_MAX];
};

/* Checks and compiles {"id","name"?,"if":P}; without "if" it is a list that people keep by hand.
 * ERR_REFUSED with the place: a condition that cannot be live (with the reason), a segment that is
 * not there, a cycle (with its path). Outside apply. */
MUST_USE err segment_compile(struct segments *sg, const struct json *j, const struct zone *zone,
                             struct buf *compiled, struct diag *why);
/* Applies a published rule (bytes of segment_compile): from now on live; nobody is a member before
 * the bootstrap has passed her. An edited rule's members stay until then. ERR_CONFLICT: it would
 * close a cycle; ERR_LIMIT; ERR_CORRUPT; then nothing has changed. `number` is the record's, here
 * and below: answers computed before it are void. */
MUST_USE err segment_publish(struct segments *sg, u32 code, str compiled, u64 number);
/* Its members and state go, a few customers with each later call. Rules that name it begin their
 * bootstrap again, without it. */
void segment_remove(struct segments *sg, u32 code, u64 number);
/* An attribute's values are read otherwise than before (another type): the rules that read it pass
 * everybody again; members stay until then. */
void segment_again(struct segments *sg, u32 attribute, u64 number);
bool segment_exists(const struct segments *sg, u32 code);
/* The i-th rule's code, in order of dependence; 0: there are no more. */
u32 segment_rule(const struct segments *sg, u32 i);
/* A rule whose condition names this segment; 0: none. */
u32 segment_user(const struct segments *sg, u32 code);
/* A list that people keep by hand, or a snapshot, has no rule: members come by this. True if it
 * changed; rules that name the list are asked by a touch with `segments`. */
bool segment_put(struct segments *sg, u32 code, persona head, bool in);

/* What happened to one customer, for the rules that read it. */
struct touch {
    const struct event *event;    /* or NULL */
    const struct change *changes; /* attribute, tag, consent, identifier changes */
    u32 change_count;
    bool rebuild; /* merged, cut, rows erased: all kept state from her events again */
    bool fresh;
    bool born; /* the record made her: she was in nothing before, so no bootstrap has to pass her */
    const u32 *segments; /* lists that segment_put changed */
    u32 segment_count;
};
/* Asks the rules that read what changed, in order of dependence; `who` is the live subject, its
 * `event`, `since` and `names` are not read. The event is in her history already. Events of the
 * same record that a rebuild has seen may be touched afterwards; they are not counted twice. */
void segment_touch(struct segments *sg, const struct subject *who, const struct touch *t, i64 now,
                   struct edges *out);
/* Whether a touch would do anything: there are rules, or something removed is being cleaned up. */
bool segments_watch(const struct segments *sg);
/* What time alone changed by `now`; and the next such moment (NEVER: none; one row is read). */
void segment_due(struct segments *sg, const struct subject *who, i64 now, struct edges *out);
i64 segment_next(const struct segments *sg, persona head);

/* Bootstrap of one rule over [from, to): `answers` (bits, computed at record number `at` on an
 * epoch; or NULL) are taken for customers unchanged since (customer_row.changed ≤ at) if there is
 * something that segment_beside names; the others are evaluated here. `subject_of` fills a
 * live subject, of those who are evaluated or cross. Edges so made, also of rules that name this
 * one, are not fresh. A range that does not begin at the cursor serves its customers out of turn.
 */
void segment_bootstrap(struct segments *sg, u32 code, persona from, persona to, const u64 *answers,
                       u64 at, void (*subject_of)(void *ctx, persona head, struct subject *out),
                       void *ctx, i64 now, void (*on_edge)(void *ctx, const struct edge *e));
/* What may be computed beside for a rule. ANSWERS: it keeps no state, and asks neither time nor
 * what other modules know. STIRRED (predicate_stirs): who has events that it counts at all. */
typedef enum { BESIDE_NOTHING, BESIDE_ANSWERS, BESIDE_STIRRED } beside_kind;
beside_kind segment_beside(const struct segments *sg, u32 code);
/* Number of the record with which the rule's bootstrap began; 0: no rule. Answers that are older
 * are void. */
u64 segment_since(const struct segments *sg, u32 code);
/* The rule as compiled; empty: a list, or nothing. Good until the next publish or remove. */
str segment_program(const struct segments *sg, u32 code);
/* Is this customer already judged by the rule (its bootstrap passed her)? */
bool segment_judged(const struct segments *sg, u32 code, persona head);
void segment_cursor_set(struct segments *sg, u32 code, persona next); /* PERSONAS_MAX: done */
persona segment_cursor(const struct segments *sg, u32 code); /* PERSONAS_MAX: done, or no rule */

bool segment_holds(const struct segments *sg, const struct customer_view *v, u32 code,
                   persona head);
u32 segment_count(const struct segments *sg, u32 code);                         /* members now */
const struct predicate *segment_predicate(const struct segments *sg, u32 code); /* NULL: a list */
/* After a merge: lists follow to the survivor, everything else of `from` goes; then the survivor is
 * touched with `rebuild`. */
void segment_moved(struct segments *sg, persona from, persona to);
/* Before customer_forget: memberships and state of this customer go, without edges. */
void segment_forget(struct segments *sg, persona head);
/* For struct resolver.segment, live: `segments` is the struct segments. */
answer segment_resolve(void *segments, persona head, u32 code, i64 now);
/* The same at an epoch, any thread: `at` is a struct segments_at. */
struct segments_at {
    const struct segments *sg;
    const struct customer_view *view;
};
answer segment_resolve_at(void *at, persona head, u32 code, i64 now);
hash128 segments_digest(const struct segments *sg, name_of name, void *ctx);
