/* script_internal.h — a script as parsed: what the loader hands to the runner. */
#pragma once
#include "script/script.h"

enum { ENTRIES_MAX = 100000, SOURCES_MAX = 256 };

typedef enum {
    ENTRY_CUSTOMER,
    ENTRY_TRACK,
    ENTRY_PAGE,
    ENTRY_UNSUBSCRIBE,
    ENTRY_PROVIDER,
    ENTRY_OPERATE,
    ENTRY_MERGE,
    ENTRY_UNMERGE,
    ENTRY_ERASE,
    EXPECT_MESSAGE,
    EXPECT_REFUSED,
    EXPECT_ENTER,
    EXPECT_EXIT,
    EXPECT_COUNT,
    EXPECT_NOTHING_ELSE,
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

struct source {
    object_kind kind;
    const struct json *json;
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
    struct source sources[SOURCES_MAX];
    u32 source_count;
    bool nothing_else;
};

/* The time under `key` in the script's zone. ERR_INVALID with the place. */
MUST_USE err script_time(const struct script *s, const struct node *n, i64 *out, struct diag *why);
