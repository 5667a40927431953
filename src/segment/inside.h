/* inside.h — what the files of `segment` share.
 *
 *   segment.c  rules: publish, remove, indexes    ask.c      touch, due, bootstrap
 *   state.c    what is kept per customer          compile.c  JSON → bytes, cycles
 *   standing.c tags by rule, stages, levels       score.c    points out of the timeline
 *
 * Stored: membership bits of the first HOT_SLOTS slots in tables of 64 slots each; a row per
 * segment (indexed by its code), a row per slot (what its membership bit belongs to), a row per
 * kept leaf, and per customer a list of small rows with tagged words:
 *
 *   00 leaf      one to three words of a kept leaf, next to each other in one row
 *   01 slot      the rule's `until`, if it is not NEVER
 *   10 page      membership bits of slots 64 × page …
 *   11 0         the least `until` of all; always the first word of the first row
 *   11 slot + 1  `since` of the rule that judged her out of turn
 *
 * A removed segment's slot and an unused leaf's number are given again only when the sweep has
 * passed every customer, a few with each call. */
#pragma once
#include "segment/score.h"
#include "segment/standing.h"

enum {
    HOT_SLOTS = 256,
    STATE_WORDS = 5,
    LEAVES_MAX = (1 << 14) - 1,
    STATES_MAX = 1 << 28,
    SWEEP_STEP = 16,
    REBUILT_MAX = 64,
    MASK_WORDS = SEGMENT_RULES_MAX / 64,
};

typedef enum {
    TAG_LEAF = 0,
    TAG_UNTIL = 1 << 14,
    TAG_PAGE = 2 << 14,
    TAG_SPECIAL = 3 << 14
} tag_kind;
enum { TAG_NEXT = TAG_SPECIAL };

struct segment_row {
    u64 version;
    u32 program; /* string; 0: a list */
    u32 slot;    /* index of its slot row, so that 0 is none */
    u32 cursor;
    u32 count;
    u64 since; /* number of the record its bootstrap began with */
};

typedef enum { SLOT_USED = 1, SLOT_DYING } slot_use;
struct slot_row {
    u64 version;
    u32 code;
    u32 use;
};

struct leaf_row {
    u64 version;
    hash128 key;
    u32 users; /* 0: dying */
    u32 words;
};

struct state_row {
    u64 version;
    u32 next;
    u16 tags[STATE_WORDS], spare;
    u64 words[STATE_WORDS];
};
_Static_assert(sizeof(struct state_row) == 64, "a cache line");

/* Membership bits of 64 slots; a customer without any has no row. */
struct member_row {
    u64 version;
    u64 bits;
};

struct sweep_row {
    u64 version;
    u32 cursor; /* next customer; 0: nothing to do */
    u32 spare;
};

struct score_row {
    u64 version;
    u32 program, spare;
};

struct standing_row {
    u64 version;
    u32 kind, code, program, spare;
};

struct mask {
    u64 w[MASK_WORDS];
};

/* A live rule, loaded. */
struct rule {
    u32 code, rank;
    u16 slot;
    struct predicate *p;
    struct arena *arena;
    u32 leaf_count;
    u32 *leaves;       /* leaf rows, by the predicate's numbers */
    struct mask users; /* rules that name it */
};

/* Which rules read a thing; sorted by what. */
struct reader_of_thing {
    u64 thing; /* kind << 32 | code */
    struct mask rules;
};
typedef enum { THING_EVENT = 1, THING_ATTRIBUTE, THING_TAG, THING_SEGMENT } thing_kind;

/* Where a leaf row is fed. */
struct fed_leaf {
    u32 event, row, words;
    u32 rule, index; /* a rule that has it, and its number there */
    struct mask rules;
};

struct rebuilt {
    persona head;
    u64 order;
};

struct segments {
    struct store *store;
    struct customers *customers;
    struct events *events;
    struct names *names;
    struct table *rows, *slots, *leaves, *states, *sweep;
    struct table *members[HOT_SLOTS / 64]; /* struct member_row, by persona */
    struct heap *programs;
    struct rule *rules[SEGMENT_RULES_MAX]; /* in order of dependence */
    u32 rule_count;
    struct reader_of_thing *readers;
    u32 reader_count;
    struct mask any_event, any_tag, identifiers, consents, all;
    struct fed_leaf *fed; /* sorted by event */
    u32 fed_count;
    struct rebuilt rebuilt[REBUILT_MAX]; /* of the present record */
    u32 rebuilt_next;
    bool (*zone_known)(void *ctx, str name);
    void *zone_ctx;
    struct table *score_rows, *standing_rows;
    struct score *scores[SCORES_MAX];
    u32 score_count;
    struct standing *standings[STANDINGS_MAX];
    u32 standing_count;
    void (*effect)(void *ctx, const struct standing *st, persona head, bool fresh);
    void *effect_ctx;
};

static inline void mask_set(struct mask *m, u32 i)
{
    m->w[i / 64] |= (u64)1 << i % 64;
}

static inline bool mask_has(const struct mask *m, u32 i)
{
    return m->w[i / 64] >> i % 64 & 1;
}

static inline void mask_or(struct mask *to, const struct mask *from)
{
    for (u32 i = 0; i < MASK_WORDS; i++) to->w[i] |= from->w[i];
}

static inline const struct segment_row *segment_at(const struct segments *sg, u32 code)
{
    return code && table_has(sg->rows, code) ? table_at(sg->rows, code) : NULL;
}

/* The rule of a code; -1: none. */
i32 rule_index(const struct segments *sg, u32 code);
/* Rules that read a thing are added to `out`. */
void readers_add(const struct segments *sg, thing_kind kind, u32 code, struct mask *out);
bool rule_judged(const struct segments *sg, const struct rule *r, persona head);
beside_kind rule_beside(const struct rule *r);
/* Puts loaded rules in order of dependence and makes every index. False: there is a cycle. */
bool segments_order(struct segments *sg);
/* Whether all rules would have an order with these in the place of those of the same codes, which
 * are there again afterwards (but not in order). ERR_CONFLICT: there is a circle; ERR_LIMIT. */
MUST_USE err rules_try(struct segments *sg, const u32 *codes, const str *programs, u32 count);
/* Cleans a few customers after a removal. */
void segments_sweep(struct segments *sg);

/* ---- state.c ---- */

static inline u16 until_tag(u32 slot)
{
    return (u16)(TAG_UNTIL | slot);
}

static inline u16 served_tag(u32 slot)
{
    return (u16)(TAG_SPECIAL | (slot + 1));
}

/* The words under a tag, or NULL. Good until the customer's state changes. */
const u64 *state_find(const struct segments *sg, persona head, u16 tag);
/* Makes them what is given; zeros of leaves and pages take no room. */
void state_put(struct segments *sg, persona head, u16 tag, const u64 *words, u32 n);
void state_drop(struct segments *sg, persona head, u16 tag);
void state_clear(struct segments *sg, persona head);
/* Drops every entry that `dead` names, and what it held. */
void state_filter(struct segments *sg, persona head, bool (*dead)(void *ctx, u16 tag), void *ctx);
/* The least `until` again, after they changed. */
void state_next(struct segments *sg, persona head);
/* Calls `each` for every entry of one word. */
void state_each(const struct segments *sg, persona head, void (*each)(void *ctx, u16 tag, u64 word),
                void *ctx);
bool member_at(const struct segments *sg, const struct customer_view *v, u32 slot, persona head);
bool member_is(const struct segments *sg, u32 slot, persona head);
void member_set(struct segments *sg, u32 slot, persona head, bool in);

/* ---- compile.c ---- */

/* A condition that will be live, `path` being its place in what people wrote. */
MUST_USE err rule_compile(struct segments *sg, const struct json *j, const struct zone *zone,
                          const char *path, struct buf *out, struct diag *why);

/* ---- score.c, standing.c ---- */

void scores_clear(struct segments *sg);
void scores_rebuild(struct segments *sg);
/* The events a score reads, at most SCORE_RULES_MAX + 1; true: any of a client besides. */
bool score_events(const struct segments *sg, u32 code, u32 *events, u32 *count);
void standings_clear(struct segments *sg);
void standings_rebuild(struct segments *sg);
/* The place of the object a hidden rule or list belongs to; −1: a segment. */
i32 standing_index(const struct segments *sg, u32 code);
/* Whether a rule asks for what it writes; all that do. */
bool standing_read(const struct segments *sg, const struct standing *st, const struct rule *r);
void standing_readers(const struct segments *sg, const struct standing *st, struct mask *out);
