/* formula.h — a comparison of two expressions over what she did, exact in time.
 *
 *   text ─compile_formula.c─► functions and postfix bytes ─load─► formula ─formula.c─► answer
 *
 * Every value is a ratio of two expressions that are linear in time (only days_since moves), of
 * whole numbers: so comparing rounds nothing, and the moment at which an answer turns is computed,
 * not searched. What would not stay linear is refused when it is written. */
#pragma once
#include "predicate/program.h"

enum {
    FORMULA_BYTES_MAX = 1000,
    FORMULA_FUNCTIONS_MAX = 16,
    FORMULA_STEPS_MAX = 200,
    FORMULA_DEPTH_MAX = 32, /* of the stack, and of brackets */
    FORMULA_DEGREE = 1,
};

#define FUNCTION_LIST(X)                                                                           \
    X(COUNT, "count")                                                                              \
    X(SUM, "sum")                                                                                  \
    X(MIN, "min")                                                                                  \
    X(MAX, "max")                                                                                  \
    X(AVG, "avg")                                                                                  \
    X(FIRST, "first")                                                                              \
    X(LAST, "last")                                                                                \
    X(MEDIAN_INTERVAL, "median_interval")
typedef enum {
#define X(name, text) FUNCTION_##name,
    FUNCTION_LIST(X)
#undef X
        FUNCTION_KIND_COUNT
} function_kind;

/* Postfix. NUMBER: a constant; CALL: a function; the others take operands off the stack. */
typedef enum {
    STEP_NUMBER, /* value bytes */
    STEP_CALL,   /* varint function */
    STEP_DAYS_SINCE,
    STEP_ADD,
    STEP_SUBTRACT,
    STEP_MULTIPLY,
    STEP_DIVIDE,
    STEP_NEGATE,
    STEP_COALESCE, /* varint operands */
    STEP_COMPARE,  /* u8 op: the last step */
    STEP_KIND_COUNT
} step_kind;

/* What may stand on the stack: a number, a moment, or what the first or last value of a property
 * turns out to be. Degrees in time of numerator and denominator. */
typedef enum { OPERAND_NUMBER, OPERAND_MOMENT, OPERAND_VALUE } operand_type;
struct operand {
    operand_type type;
    u8 above, below;
};
typedef enum {
    OPERAND_FITS,
    OPERAND_WANTS_NUMBER,  /* a moment where a number must be */
    OPERAND_WANTS_MOMENT,  /* the other way round */
    OPERAND_MIXED,         /* a number with a moment */
    OPERAND_TOO_STEEP,     /* not linear in time any more */
    OPERAND_STACK_DAMAGED, /* bytes nobody compiled */
} operand_fault;
/* The effect of a step on the types; for the compiler and the loader alike. */
operand_fault operand_apply(struct operand *stack, u32 *height, step_kind kind, u32 operands);
struct operand function_type(function_kind f, bool has_path);

struct function {
    function_kind kind;
    u32 event; /* 0: any of a client's */
    bool has_path;
    struct path path;
};

struct formula_step {
    step_kind kind;
    u32 n;          /* CALL: function; COALESCE: operands; COMPARE: op */
    decimal number; /* NUMBER */
};

struct formula {
    str text; /* as written */
    u32 function_count, step_count;
    const struct function *functions;
    const struct formula_step *steps;
};

/* What the pass over her events gathers for one function. */
struct gathered {
    u64 count;
    decimal sum, best;
    value edge;
    i64 at;     /* of the first or last event */
    i64 *times; /* distinct, ascending */
    u64 stored, room;
};
void function_take(const struct function *f, struct gathered *g, const struct event *ev,
                   const struct scope *s, struct arena *arena); /* s: its fields */
answer formula_answer(const struct formula *f, struct gathered *g, const struct zone *zone,
                      i64 now);
str function_text(function_kind f);
