/* script.h — scripts in virtual time: what customers do, and what must follow, to the millisecond.
 *
 *   file (YAML or JSON) ─parse─► entries, expectations ─run in a world─► report
 *
 * Format: docs/scripts.md. What is not known is refused by name, with its place. */
#pragma once
#include "script/node.h"
#include "script/world.h"

struct script;

/* A configuration object. */
struct script_object {
    object_kind kind;
    const struct json *json;
};

/* What a script finds there: objects of a workspace. Journeys that it names by their id run; of all
 * else everything is there that the script does not bring itself. */
struct script_base {
    const struct script_object *objects;
    u32 count;
    str journey;   /* the one that runs if the script names none; empty: it has to */
    bool no_files; /* of others' scripts: a name is that of an object, never of a file */
};
/* The objects published in an engine, in `arena`. Engine thread. */
void script_base_of(struct engine *e, struct arena *arena, struct script_base *out);

/* Reads `path` and the files it names (relative to it) through `files`, which script_run reads
 * time zones from. Lives in `arena`; `base` may be NULL. */
MUST_USE err script_load(struct env *files, const char *path, const struct script_base *base,
                         struct arena *arena, struct script **out, struct diag *why);
/* The same of a text; `name` stands in errors. */
MUST_USE err script_parse(struct env *files, str text, const char *name,
                          const struct script_base *base, struct arena *arena, struct script **out,
                          struct diag *why);

/* How much a script of somebody else's may be: what is more is refused, with what to do. */
struct script_limits {
    i64 span_ms; /* from its first moment to its last */
    i64 work_ms; /* by the clock */
    u32 events;  /* that happen */
};
/* Without it a script may take what it takes. */
void script_limit(struct script *s, struct script_limits limits);

struct script_report {
    u32 expected, met;
    struct buf text;      /* what was missed, and what happened instead; init by the caller */
    struct buf *happened; /* NULL, or gets all that happened as a JSON list, by time */
};
/* Runs it in a world of its own; the seed only feeds keys. ERR_OK also when expectations were
 * missed. Any thread. */
MUST_USE err script_run(struct script *s, u64 seed, struct script_report *report, struct diag *why);
