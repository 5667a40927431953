/* compiler.h — what the files that check a journey's JSON share.
 *
 *   compile.c  the whole, entry, exits      compile_trigger.c  what starts it
 *   compile_step.c  its steps, flattened
 *
 * Every function refuses with the place as a JSON pointer and says what to do. */
#pragma once
#include "journey/journey_internal.h"

struct compiler {
    struct journeys *j;
    struct predicate_context context;
    struct buf body; /* the instructions */
    u32 count;
    str id;          /* the journey's */
    str continue_at; /* the step that enrolments move to; empty: they do not */
    char path[160];
    struct diag *why;
    const struct json *ids[INSTRUCTIONS_MAX]; /* of steps seen: doubled ids are refused */
    u32 id_count;
};

/* A refusal at `at`, below the path so far. */
err compiler_refuse(struct compiler *c, const char *at, const char *sentence);
/* The code of a name, given where it is new. */
MUST_USE err compiler_code(struct compiler *c, name_kind kind, str text, const char *at, u32 *out);
/* A duration; `months` NULL: months are refused. */
MUST_USE err compiler_duration(struct compiler *c, const struct json *j, const char *at, i64 *ms,
                               u32 *months);
/* A predicate as a text with its length before it; nothing gives the empty text. */
MUST_USE err compiler_condition(struct compiler *c, const struct json *j, predicate_place place,
                                const char *at, struct buf *out);

MUST_USE err compiler_trigger(struct compiler *c, const struct json *t, struct buf *out);
/* Adds the steps to c->body. */
MUST_USE err compiler_steps(struct compiler *c, const struct json *list, u32 depth);
