/* compiler.h — what the files that check a journey's JSON share.
 *
 *   compile.c  the whole, entry, exits      compile_trigger.c  what starts it
 *   compile_step.c  its steps, flattened    compile_wait.c     what they wait for
 *   compile_effect.c  what they do to the customer and for the staff
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
    u32 id_count, step_count;
    const struct json *source; /* the whole journey */
    size_t skip; /* where the last step wants the place behind the next one written; 0: nowhere */
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
/* One of these words as its number; the first for nothing, else `count` is refused. */
MUST_USE err compiler_word(struct compiler *c, const struct json *j, const char *const *words,
                           u32 count, const char *at, u8 *out);
/* An offset in calendar days; nothing is 0. A time of the day; nothing is 09:00. */
MUST_USE err compiler_days(struct compiler *c, const struct json *j, const char *at, i32 *days);
MUST_USE err compiler_clock(struct compiler *c, const struct json *j, const char *at, i64 *ms);
/* Begins an instruction: its operands follow in c->body. */
MUST_USE err compiler_emit(struct compiler *c, op o, u32 step);
/* A condition of the journey asks how this step ended. */
bool compiler_asks_result(const struct compiler *c, str id);
MUST_USE err compiler_wait(struct compiler *c, const struct json *wait, str id, u32 step);
/* A step that does something at once; `found`: it is one of those. */
MUST_USE err compiler_effect(struct compiler *c, const struct json *s, u32 step, bool *found);

/* Adds the steps to c->body. */
MUST_USE err compiler_steps(struct compiler *c, const struct json *list, u32 depth);
