/* script_internal.h — a script as parsed, and while it runs.
 *
 *   load.c   files into entries, expectations, configuration
 *   run.c    the loop          play.c   what entries do
 *   told.c   what providers and operators say
 *   expect.c expectations of things that happen
 *   state.c  expectations of how a customer stands */
#pragma once
#include "script/observe.h"
#include "script/script.h"

enum { ENTRIES_MAX = 100000, SOURCES_MAX = 8192 };

/* X(constant, word, members its body may have; "" takes any, NULL: it is no map) */
#define ENTRY_LIST(X)                                                                              \
    X(ENTRY_CUSTOMER, "customer", "")                                                              \
    X(ENTRY_TRACK, "track", NULL)                                                                  \
    X(ENTRY_PAGE, "page", NULL)                                                                    \
    X(ENTRY_IMPORT, "import", "customers events")                                                  \
    X(ENTRY_RECEIPT, "receipt", "to step journey key channel status bot")                          \
    X(ENTRY_OUTCOME, "outcome", "task of outcome key")                                             \
    X(ENTRY_UNSUBSCRIBE, "unsubscribe", "who channel topic method")                                \
    X(ENTRY_PROVIDER, "provider", "to channel answer times")                                       \
    X(ENTRY_OPERATE, "operate", "publish pause resume stop rollout")                               \
    X(ENTRY_MERGE, "merge", NULL)                                                                  \
    X(ENTRY_UNMERGE, "unmerge", NULL)                                                              \
    X(ENTRY_ERASE, "erase", NULL)

#define EXPECT_LIST(X)                                                                             \
    X(EXPECT_MESSAGE, "message", "to channel template key step journey status address reason")     \
    X(EXPECT_REFUSED, "refused", "of to journey step key reason channel template")                 \
    X(EXPECT_ENTER, "enter", "of journey key")                                                     \
    X(EXPECT_EXIT, "exit", "of journey key reason")                                                \
    X(EXPECT_TASK, "task", "of kind owner due journey step key")                                   \
    X(EXPECT_TASK_CLOSED, "task_closed", "of task kind journey key")                               \
    X(EXPECT_NOTIFY, "notify", "to about channel template journey step key")                       \
    X(EXPECT_COUPON, "coupon", "to coupon journey step key")                                       \
    X(EXPECT_POINTS, "points", "to add journey step key")                                          \
    X(EXPECT_TAG, "tag", "of tag")                                                                 \
    X(EXPECT_UNTAG, "untag", "of tag")                                                             \
    X(EXPECT_CUSTOMER, "customer",                                                                 \
      "ref tags not_tags segments not_segments attributes scores stages")                          \
    X(EXPECT_COUNT, "count",                                                                       \
      "message refused enter exit task notify coupon is between as includes same_customers_as")    \
    X(EXPECT_NOTHING_ELSE, "nothing_else", NULL)

typedef enum {
#define X(constant, word, members) constant,
    ENTRY_LIST(X) EXPECT_LIST(X)
#undef X
        ENTRY_KINDS
} entry_kind;

/* One line of `script:`, `before:` or `expect:`. */
struct entry {
    entry_kind kind;
    i64 at_ms;
    u32 place;               /* order in the file: ties keep it */
    u32 number;              /* 1…repeat, for {n} */
    const struct node *node; /* the whole entry */
    const struct node *body; /* what stands under the entry's word */
};

struct script {
    struct arena *arena;
    struct env *files;
    str file;
    const struct zone *zone;
    struct zone_record workspace_zone;
    i64 start_ms, until_ms;
    struct entry *entries, *expectations;
    u32 entry_count, expectation_count;
    struct script_object sources[SOURCES_MAX];
    u32 source_count;
    const struct script_base *base;
    bool nothing_else;
    struct script_limits limits; /* zero: none */
};

/* The time under `key` in the script's zone. ERR_INVALID with the place. */
MUST_USE err script_time(const struct script *s, const struct node *n, i64 *out, struct diag *why);
/* The sources of a file named as script_load was given its name, or of an object written in place;
 * for what is published on the way. */
MUST_USE err script_sources(struct script *s, const struct node *n, u32 *first, struct diag *why);

/* What `provider:` entries said: for this address and channel, the next `times` deliveries get it.
 */
struct provider_rule {
    str to, channel;
    answer_class class;
    bool before_claim;
    i64 times;
};

enum { RULES_MAX = 256, ERASED_MAX = 1024, NAMED_MAX = 256 };

/* Who was erased, by the reference the script had for her; and what had happened to her until then,
 * which her timeline no longer tells. */
struct erased {
    str ref;
    persona head;
    struct observed *list; /* of the first reference to her; NULL: another one has it */
    u32 count;
};

/* The customers that a count counted, ascending. */
struct named_set {
    str name;
    persona *heads;
    u32 count;
};

struct run {
    struct script *s;
    struct env *env;
    struct world *world;
    struct arena *arena;
    struct script_report *report;
    struct diag *why;
    struct provider_rule rules[RULES_MAX];
    u32 rule_count;
    struct erased erased[ERASED_MAX];
    u32 erased_count;
    struct named_set sets[NAMED_MAX];
    u32 set_count;
    i64 began_ns;
    enum { OVER_NOTHING, OVER_WORK, OVER_EVENTS } over; /* the limit that was met */
};

/* ---- play.c ---- */

MUST_USE err play(struct run *r, const struct entry *e);
/* Whom a reference means now; 0: nobody. A reference is "namespace:value" by the longest namespace
 * that is known, else a user_id. */
persona play_who(struct run *r, str ref);
/* {n} becomes the number of the repetition. */
str play_numbered(struct run *r, str text, u32 number);

/* ---- told.c ---- */

struct world_answer play_answer(void *ctx, const struct delivered *d);
/* Publishes sources [first, s->source_count): in an order in which each finds what it names. */
MUST_USE err play_publish(struct run *r, u32 first);
MUST_USE err play_provider(struct run *r, const struct entry *e);
MUST_USE err play_receipt(struct run *r, const struct entry *e);
MUST_USE err play_operate(struct run *r, const struct entry *e);

/* ---- expect.c, state.c ---- */

/* Holds all expectations but those of a customer's state against what happened. */
MUST_USE err expect_all(struct run *r, struct observed *list, u32 n);
/* The name of an event that scripts see. */
const char *expect_name(u32 event);
/* Of a customer's state, at this instant. */
MUST_USE err state_check(struct run *r, const struct entry *e);
void report_time(struct run *r, i64 ms);
void report_missed(struct run *r, const struct entry *e, const char *what);
