/* script.h — scripts in virtual time: what customers do, and what must follow, to the millisecond.
 *
 *   file (YAML or JSON) ─parse─► entries, expectations ─run in a world─► report
 *
 * Format: SEMANTICS "Scripts in virtual time" (docs/scripts.md of this project). Now: customer,
 * track, page, unsubscribe, provider, operate; message, refused, enter, exit, count, nothing_else.
 * Others are refused by name, with their place. */
#pragma once
#include "script/node.h"
#include "script/world.h"

struct script;

/* Reads `path` and the files it names (relative to it) through `files`, which script_run reads
 * time zones from. Lives in `arena`. */
MUST_USE err script_load(struct env *files, const char *path, struct arena *arena,
                         struct script **out, struct diag *why);

struct script_report {
    u32 expected, met;
    struct buf text; /* what was missed, and what happened instead; init by the caller */
};
/* Runs it in a world of its own; the seed only feeds keys. ERR_OK also when expectations were
 * missed. */
MUST_USE err script_run(const struct script *s, u64 seed, struct script_report *report,
                        struct diag *why);
